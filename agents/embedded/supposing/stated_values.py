"""The values that a question states for a model's inputs: "creatinine 2.4", "an albumin of 22 g/L", "85/50", "at 75 kg".

Which words mean which input follows from the model's card and from the results that feed its inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from agents.embedded.reading.reader import Question, everyday_phrases
from agents.embedded.reading.units_asked import NUMBER, ucum
from domain.errors import UnitMismatch, UnknownUnit
from domain.predictions import ModelCard, ModelInput
from domain.quantities import convert
from tools.catalogue import DERIVED_MODELS
from tools.concepts import Lexicon, normalise_name, tokenize
from tools.twin.covariates import concept_of_input

# "By 2" is a change, and "below 30" a limit.
_NO_VALUE = re.compile(
    r"(?:\b(?:by|above|below|over|under|less than|more than|greater than|lower than|higher than|exceed\w*|at least|at most)|[<>≥≤]=?)\s*$",
    re.IGNORECASE,
)
_OWN_VALUE = re.compile(r"\s*(?:\bof\b|\bis\b|=)\s*(?=\d)", re.IGNORECASE)
_GAP_WORDS = 7  # between a name and its value ("her creatinine came back up again at 2.4")
_AGED = re.compile(
    r"\b(?:(?:he|she|they|the patient|pt)(?:\s+(?:were|was|is|turns?|turned|aged|be))+|(?:he|she|pt)'s|they're)\s+(?P<age>\d{1,3})(?:\W*(?:years?(?: old)?|y/?o))?\b(?!\s*(?:kg|kilo|lb|pound|stone|%|mg|cm))|\b(?:aged|at (?:the )?age(?: of)?|age of|age were|age was|at(?= \d+(?: years| y/?o|\W*$))) (?P<age2>\d{1,3})(?: years(?: old)?)?\b(?!\s*(?:kg|kilo|lb|pound|stone|%|mg|cm|[./]\d))",
    re.IGNORECASE,
)
_PRESSURE = re.compile(
    r"(?<![\d/.])(?P<systolic>\d{2,3})\s*(?:/|\bover\b)\s*(?P<diastolic>\d{2,3})(?![\d/.])", re.IGNORECASE
)
_SPOKEN = {
    "creatinine_mg_dl": ("creatinine", "creat", "cr", "scr", "s cr", "sr creatinine"), "weight_kg": ("weight", "wt", "weighed", "weighs", "weighing", "weigh"),
    "height_cm": ("height", "tall"), "systolic_bp_mmhg": ("systolic", "sbp", "bp", "blood pressure", "systolic bp", "systolic pressure"),
    "diastolic_bp_mmhg": ("diastolic", "dbp"), "sodium_meq_l": ("na",), "potassium_meq_l": ("k",), "hba1c_percent": ("a1c", "hba1c", "hb a1c", "glycated haemoglobin", "glycated hemoglobin"),
    "total_cholesterol_mg_dl": ("total cholesterol", "cholesterol", "tc"), "hdl_mg_dl": ("hdl",), "albumin_g_dl": ("albumin", "alb"), "calcium_mg_dl": ("calcium", "ca"),
    "bilirubin_mg_dl": ("bili", "bilirubin"), "glucose_mg_dl": ("glucose", "sugar", "blood sugar"),
    "mean_glucose_mg_dl": ("average glucose", "mean glucose", "glucose", "average sugar", "sugar", "sugars", "average blood sugar", "mean sugar", "blood sugar"),
    "age_years": ("age", "aged"), "inr": ("inr",), "bun_mg_dl": ("bun", "urea nitrogen"), "target_auc": ("auc",), "gfr_ml_min": ("gfr", "egfr", "crcl"),
    "fasting_insulin_uiu_ml": ("insulin", "fasting insulin"), "phenytoin_mg_l": ("phenytoin", "level"),
}  # fmt: skip
OF_TIME = re.compile(r"[\s-]*(?:years?|yrs?|y|months?|mos?|weeks?|wks?|days?)\b", re.IGNORECASE)  # "10 year risk"
_TIME_UNITS = frozenset({"a", "mo", "wk", "d", "h", "min"})
_COPULAS = frozenset("of at is was were be to as level value result reading becomes comes came back up down".split())


def stated(text: str, card: ModelCard, question: Question, lexicon: Lexicon) -> dict[str, Any]:
    """The inputs with a value that stands at their name, or that no other input's unit could have."""
    inputs = {i.name: i for i in card.inputs}
    found: dict[str, Any] = {}
    if "systolic_bp_mmhg" in inputs and (pressure := _PRESSURE.search(text)) is not None:
        found["systolic_bp_mmhg"] = {"value": float(pressure["systolic"]), "unit": "mm[Hg]"}
        if "diastolic_bp_mmhg" in inputs:
            found["diastolic_bp_mmhg"] = {"value": float(pressure["diastolic"]), "unit": "mm[Hg]"}
    if "bun_mg_dl" in inputs and (urea := _urea(text)) is not None:
        found["bun_mg_dl"] = urea
    places = named_inputs(text, card, question, lexicon)
    numbers = _free_numbers(text, card, question, lexicon, places)
    for number, match in enumerate(numbers):
        start = numbers[number - 1].end() if number else 0
        item = _named(text, start, match, places) or _by_unit(text, match, card, found)
        if item is None or item.name in found:
            continue
        if item.unit not in _TIME_UNITS and OF_TIME.match(text, match.end("value")):
            continue
        if (value := _value(match, item)) is not None:
            found[item.name] = value
    return found


UREA = re.compile(
    r"\burea\b(?! nitrogen)(?:\W+(?:is|was|were|of|at|level|to|rose|rises|came|back|=)\b)*[\s:=]*(?P<value>\d+(?:\.\d+)?)(?P<unit>\s*(?:mmol|mg)(?:/d?l)?\b)?",
    re.IGNORECASE,
)
_NITROGEN_OF_UREA = 28.014 / 60.056  # the nitrogen's share of its mass


def _urea(text: str) -> dict[str, Any] | None:
    """Urea as the urea nitrogen that models take: of a litre the moles are the same, of mg/dL it is under a half."""
    match = UREA.search(text)
    if match is None or not match["unit"]:
        return None
    value, molar = float(match["value"]), match["unit"].strip().lower().startswith("mmol")
    said = f"urea {value:g} {'mmol/L' if molar else 'mg/dL'}"
    if molar:
        return {"value": value, "unit": "mmol/L", "said": said}
    return {"value": round(value * _NITROGEN_OF_UREA, 2), "unit": "mg/dL", "said": said}


def lone_number(text: str, card: ModelCard, question: Question, lexicon: Lexicon) -> dict[str, Any]:
    """The only number of a text as the only value that a model takes ("eAG for 8.5")."""
    numbers = _free_numbers(text, card, question, lexicon, named_inputs(text, card, question, lexicon))
    only = [i for i in card.inputs if i.kind == "number" and i.required and i.name != "age_years"]
    if len(numbers) != 1 or numbers[0]["unit"] or len(only) != 1 or OF_TIME.match(text, numbers[0].end("value")):
        return {}
    ahead, single = text[: numbers[0].start()].rstrip(" :=~"), sum(i.kind == "number" for i in card.inputs) == 1
    if not single and not _INTRODUCED.search(ahead):
        return {}  # "when will the eGFR reach 30": a number of something else
    others = {s.id for s in question.variants[0].slots if s.kind == "observation" and s.known and s.start < len(ahead)}
    if (
        others - {k for k, m in DERIVED_MODELS.items() if m == card.id} - {concept_of_input(only[0].name)}
        and not single
    ):
        return {}  # "cystatin C of 1.8, eGFR?"
    value = _value(numbers[0], only[0])
    return {only[0].name: value} if value is not None else {}


_INTRODUCED = re.compile(r"\b(?:for|at|with|of|if|is|were|was|using|given|be|a|an|=)$", re.IGNORECASE)


def stated_age(text: str) -> dict[str, Any] | None:
    """The age that a text gives the patient: "if she were 80"."""
    aged = _AGED.search(text)
    return {"value": float(aged["age"] or aged["age2"]), "unit": "a"} if aged is not None else None


def _free_numbers(
    text: str, card: ModelCard, question: Question, lexicon: Lexicon, places: list[tuple[int, int, ModelInput]]
) -> list[re.Match[str]]:
    """The numbers that can be a value: not of a date, an age, a name ("A1c") or a limit."""
    taken = [(p.start, p.end) for p in question.periods if p.start < p.end and not is_value(text[p.start : p.end])]
    aged = _AGED.search(text) if any(i.name == "age_years" for i in card.inputs) else None
    if aged is not None:  # "when he is 60": an age is no value of anything else
        taken.append(aged.span())
    ends = {e for _, e in _asked_for(text, card, question, lexicon)} - {e for _, e, _ in places}
    own = [m.end() for e in ends if (m := _OWN_VALUE.match(text, e)) is not None]  # "the eGFR of 65"
    return [
        m
        for m in NUMBER.finditer(text)
        if not any(s <= m.start() < e for s, e in taken)
        and not (m.start() in own and not m["unit"])
        and not any(s < m.end("value") and m.start() < e for s, e, _ in places)
        and not _NO_VALUE.search(text[: m.start()])
    ]


def is_value(words: str) -> bool:
    """Whether words that were read as a time are a bare number, and no year."""
    return re.fullmatch(r"\W*(?!(?:19|20)\d\d\b)\d+(?:\.\d+)?\W*", words) is not None


def named_inputs(text: str, card: ModelCard, question: Question, lexicon: Lexicon) -> list[tuple[int, int, ModelInput]]:
    """Where a text names inputs of a card: by the result that feeds them, or by their own label.

    The name of what is asked for ("albumin adjusted calcium") names no input.
    """
    numeric = [i for i in card.inputs if i.kind in {"number", "integer"}]
    places: list[tuple[int, int, ModelInput]] = []
    asked = _asked_for(text, card, question, lexicon)
    for mention in lexicon.find_mentions(text, ("observation",)):
        if (mention.start, mention.end) in asked:
            continue
        for target in mention.targets:
            item = next((i for i in numeric if concept_of_input(i.name) in {target.id, *target.ids} - {""}), None)
            if item is not None:
                places.append((mention.start, mention.end, item))
                break
    longer = [(s, e) for s, e in asked if len(text[s:e].split()) > 1]
    places = [p for p in places if not _is_inside(text, p[0], p[1], longer)]
    tokens = tokenize(text)
    for index in range(len(tokens)):
        for length in (3, 2, 1):
            words = " ".join(t.norm for t in tokens[index : index + length])
            item = next((i for i in numeric if words in _names_of(i)), None)
            if item is None and words in everyday_phrases():
                meant = everyday_phrases()[words][1]
                item = next((i for i in numeric if concept_of_input(i.name) == meant), None)
            if item is not None and index + length <= len(tokens):
                span = (tokens[index].start, tokens[index + length - 1].end)
                if not _is_inside(text, *span, longer) and not any(s < span[1] and span[0] < e for s, e, _ in places):
                    places.append((*span, item))
                break
    return sorted(places, key=lambda p: p[0])


def _asked_for(text: str, card: ModelCard, question: Question, lexicon: Lexicon) -> list[tuple[int, int]]:
    """Where a text names what a model gives: the score, or the result that it computes."""
    outputs = {k for k, m in DERIVED_MODELS.items() if m == card.id}
    found = [(s.start, s.end) for v in question.variants[:1] for s in v.slots if s.kind == "model" and s.end > s.start]
    mentions = lexicon.find_mentions(text, ("observation",)) if outputs else []
    return found + [(m.start, m.end) for m in mentions if any(t.id in outputs for t in m.targets)]


def _is_inside(text: str, start: int, end: int, names: list[tuple[int, int]]) -> bool:
    """Whether a name is a word of a longer one, and no value follows it ("calcium corrected for albumin 2.4")."""
    within = next((e for s, e in names if s <= start and end <= e), None)
    return within is not None and not (end == within and re.match(r"\s*(?:of|=|:|is)?\s*\d", text[end:]))


def _names_of(item: ModelInput) -> set[str]:
    return {normalise_name(item.label), *_SPOKEN.get(item.name, ())}


def _named(
    text: str, start: int, number: re.Match[str], places: Iterable[tuple[int, int, ModelInput]]
) -> ModelInput | None:
    """The input that a number belongs to: the name right before it, else the one right behind, else one further before."""
    before, gap = _before(text, start, number.start(), places)
    if before is not None and gap <= _COPULAS:
        return before
    return _behind(text, number.end(), places) or before


def _before(
    text: str, start: int, number: int, places: Iterable[tuple[int, int, ModelInput]]
) -> tuple[ModelInput | None, frozenset[str]]:
    """The nearest name before a number, and the words between them."""
    before = [p for p in places if start <= p[0] and p[1] <= number]
    if not before:
        return None, frozenset()
    name = before[-1]
    between = text[name[1] : number]
    words = [t.norm for t in tokenize(between)]
    broken = re.search(r"[?;]|\b(?:what|how)\b", between, re.IGNORECASE)
    return (None if broken or len(words) > _GAP_WORDS else name[2]), frozenset(words)


def _behind(text: str, end: int, places: Iterable[tuple[int, int, ModelInput]]) -> ModelInput | None:
    for start, _, item in places:
        if start >= end:
            between = text[end:start]
            return (
                item if re.fullmatch(r"[^\w,;?.]*(?:of |for |in |as )?(?:the |his |her )?[^\w,;?.]*", between) else None
            )
    return None


def _by_unit(text: str, match: re.Match[str], card: ModelCard, found: dict[str, Any]) -> ModelInput | None:
    """The one input that a quantity's unit fits; a share "of" something is no value."""
    if not match["unit"] or (match["unit"] in {"%", "percent"} and re.match(r"\s*of\b", text[match.end() :])):
        return None
    unit = ucum(match["unit"])
    fitting = [i for i in card.inputs if i.kind == "number" and i.name not in found and i.unit and fits(unit, i)]
    exact = [i for i in fitting if i.unit == unit]
    for some in (exact, fitting):
        if len(some) == 1:
            return some[0]
    return None


def fits(unit: str, item: ModelInput) -> bool:
    """Whether a value in this unit can be the input's."""
    try:
        convert(1.0, unit, item.unit, item.substance)
    except (UnitMismatch, UnknownUnit):
        return False
    return True


def _value(match: re.Match[str], item: ModelInput) -> dict[str, Any] | None:
    """The number as a value of the input; a bare one is in the input's own unit. None where its unit cannot be."""
    value = float(match["value"].replace(",", ""))
    unit = ucum(match["unit"]) if match["unit"] else _bare_unit(value, item)
    if unit != item.unit and not fits(unit, item):
        return None
    return {"value": value, "unit": unit or "1"}


def _bare_unit(value: float, item: ModelInput) -> str:
    """The unit of a bare number: the input's own, unless no patient can have that value and one in SI units is usual."""
    if item.plausible is None or item.substance is None or item.plausible[0] <= value <= item.plausible[1]:
        return item.unit
    for unit in ("mmol/L", "umol/L", "g/L"):
        if (
            fits(unit, item)
            and item.plausible[0] <= convert(value, unit, item.unit, item.substance) <= item.plausible[1]
        ):
            return unit
    return item.unit
