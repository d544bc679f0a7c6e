"""The values that a question states for a model's inputs: "if her creatinine came back at 140 micromol/L", "after losing 8 kg".

Which words mean which input follows from the model's card and from the results that feed its inputs. A value that the
question gives is never left out in favour of the chart's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from agents.embedded.reader import Question, everyday_phrases
from agents.embedded.units_asked import NUMBER, ucum
from domain.errors import UnitMismatch, UnknownUnit
from domain.predictions import ModelCard, ModelInput
from domain.quantities import convert
from tools.catalogue import DERIVED_MODELS
from tools.concepts import Lexicon, normalise_name, tokenize
from tools.covariates import concept_of_input

SUPPOSES = re.compile(
    r"\b(?:if|suppos\w+|assum\w+|imagin\w+|hypothe\w+|pretend\w*|say|simulat\w+|predict\w*|what would|would be|would (?:his|her|their|the|an?)\b|what happens|were|with (?:an? |the |his |her )?|after (?:los|gain)\w+"
    r"|at an?|for an?|given an?|of \d|mean|correspond\w*|equal\w*|convert\w*|when|once|should (?:his|her|the|it))\b",
    re.IGNORECASE,
)
# "By 2" is a change, and "below 30" a limit.
_NO_VALUE = re.compile(
    r"(?:\b(?:by|above|below|over|under|less than|more than|greater than|lower than|higher than|exceed\w*|at least|at most)|[<>≥≤]=?)\s*$",
    re.IGNORECASE,
)
_GAP_WORDS = 7  # between a name and its value ("her creatinine came back up again at 2.4")
_LESS = r"minus|los(?:e|es|t|ing)|slim(?:s|med|ming)?(?: down)?|trim(?:s|med|ming)?|down|drop(?:s|ped|ping)?|shed(?:s|ding)?|fall(?:s|en|ing)?|fell|decreas\w+|reduc\w+|lower\w*|go(?:es|ing)? down|went down|comes? down|came down"
_MORE = r"plus|gain(?:s|ed|ing)?|put(?:s|ting)? on|ris(?:e|es|en|ing)|rose|increas\w+|go(?:es|ing)? up|went up|climb\w*|add(?:s|ed|ing)?|up"
_MASS = r"(?P<unit>kgs?|kilos?|kilograms?|lbs?|pounds?|%|percent)"
_WEIGHT_CHANGE = re.compile(
    rf"\b(?:(?P<less>{_LESS})|(?P<more>{_MORE}))\s+(?:another |about |around |some |by )?(?P<n>\d+(?:\.\d+)?)\s*{_MASS}(?![\w/])"
    rf"|(?P<n2>\d+(?:\.\d+)?)\s*{_MASS.replace('unit', 'unit2')}\s+(?:(?P<less2>lighter|less|weight loss|thinner|down)|(?P<more2>heavier|more|weight gain|up))\b"
    rf"|\bweight (?:(?P<less3>loss)|(?P<more3>gain)) of (?P<n3>\d+(?:\.\d+)?)\s*{_MASS.replace('unit', 'unit3')}",
    re.IGNORECASE,
)
_BY = re.compile(
    rf"\b(?:(?P<less>{_LESS}|improv\w+)|(?P<more>{_MORE}|worsen\w*))\s+(?:\w+ )?by\s+(?P<n>\d+(?:\.\d+)?)\s*(?P<percent>%|percent)?",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"\b(?:(?P<double>doubl(?:e|es|ed|ing)|twice)|(?P<half>halv(?:e|es|ed|ing)|half)|(?P<triple>tripl(?:e|es|ed|ing)|three ?fold))\b",
    re.IGNORECASE,
)
_VOLUMES = {
    "blood_loss_ml": re.compile(r"\b(?:bleed\w*|bled|h(?:a)?emorrhag\w*|blood loss|blood|exsanguinat\w*)\b", re.I),
    "crystalloid_ml": re.compile(
        r"\b(?:saline|crystalloids?|fluids?|ringer\w*|hartmann\w*|fluid bolus|plasma-?lyte)\b", re.I
    ),
    "blood_transfusion_ml": re.compile(r"\b(?:transfus\w+|packed (?:red )?cells|prbcs?|red cells)\b", re.I),
}
_VOLUME = re.compile(r"(?P<n>\d+(?:\.\d+)?)\s*(?P<unit>ml|cc|mls|l|lit(?:re|er)s?)\b(?!\s*/)", re.IGNORECASE)
_SMOKES_NOT = re.compile(
    r"\b(?:quit|quits|stop(?:s|ped|ping)?|without|never|non|gave up|giving up|give up)[- ]?\s*smok\w*", re.IGNORECASE
)
_SMOKES = re.compile(
    r"\b(?:(?:still|again|re)?\s*smok(?:ed|es|er|ing)|started smoking|took up smoking)\b", re.IGNORECASE
)
_WITHOUT = re.compile(
    r"(?:\bno\b|\bnot\b|n't\b|\bwithout\b|\bnever\b|\bif .{0,20}\bno longer\b)\W+(?:\w+\W+){0,3}$", re.IGNORECASE
)
_AGED = re.compile(
    r"\b(?:he|she|they|the patient|pt)(?: (?:were|was|is|turns?|turned|aged|be))+ (?P<age>\d{1,3})(?:\W*(?:years?(?: old)?|y/?o))?\b(?!\s*(?:kg|lb|%|mg|cm))|\b(?:aged|at (?:the )?age(?: of)?|age of|age were|age was|at(?= \d+(?: years| y/?o|\W*$))) (?P<age2>\d{1,3})(?: years(?: old)?)?\b(?!\s*(?:kg|lb|%|mg|cm|[./]\d))",
    re.IGNORECASE,
)
_PRESSURE = re.compile(
    r"(?<![\d/.])(?P<systolic>\d{2,3})\s*(?:/|\bover\b)\s*(?P<diastolic>\d{2,3})(?![\d/.])", re.IGNORECASE
)
_SPOKEN = {
    "creatinine_mg_dl": ("creat", "cr", "scr", "s cr"), "weight_kg": ("weight", "wt", "weighed", "weighs", "weighing", "weigh"),
    "height_cm": ("height", "tall"), "systolic_bp_mmhg": ("systolic", "sbp", "bp", "blood pressure", "systolic bp", "systolic pressure"),
    "diastolic_bp_mmhg": ("diastolic", "dbp"), "sodium_meq_l": ("na",), "potassium_meq_l": ("k",), "hba1c_percent": ("a1c", "hba1c", "hb a1c", "glycated haemoglobin", "glycated hemoglobin"),
    "total_cholesterol_mg_dl": ("total cholesterol", "cholesterol", "tc"), "hdl_mg_dl": ("hdl",), "albumin_g_dl": ("albumin", "alb"), "calcium_mg_dl": ("calcium", "ca"),
    "bilirubin_mg_dl": ("bili", "bilirubin"), "glucose_mg_dl": ("glucose", "sugar", "blood sugar"), "mean_glucose_mg_dl": ("average glucose", "mean glucose", "glucose", "average sugar"),
    "age_years": ("age", "aged"), "inr": ("inr",), "bun_mg_dl": ("bun",),
}  # fmt: skip


def supposed(text: str, card: ModelCard, question: Question, lexicon: Lexicon) -> dict[str, Any]:
    """The inputs of a model that a text sets: stated values, changes from the chart's value, findings, age, smoking."""
    inputs = {i.name: i for i in card.inputs}
    found: dict[str, Any] = {}
    found.update(_volumes(text, inputs))
    if "systolic_bp_mmhg" in inputs and (pressure := _PRESSURE.search(text)) is not None:
        found["systolic_bp_mmhg"] = {"value": float(pressure["systolic"]), "unit": "mm[Hg]"}
        if "diastolic_bp_mmhg" in inputs:
            found["diastolic_bp_mmhg"] = {"value": float(pressure["diastolic"]), "unit": "mm[Hg]"}
    if (change := weight_change(text)) is not None and "weight_kg" in inputs:
        found["weight_kg"] = change
    taken = [(p.start, p.end) for p in question.periods if p.start < p.end and not _is_value(text[p.start : p.end])]
    found.update({k: v for k, v in _stated(text, card, lexicon, taken).items() if k not in found})
    found.update({k: v for k, v in _relative(text, card, lexicon).items() if k not in found})
    found.update(_findings(text, inputs, question))
    if "age_years" in inputs and "age_years" not in found and (aged := _AGED.search(text)) is not None:
        found["age_years"] = {"value": float(aged["age"] or aged["age2"]), "unit": "a"}
    return found


_BESIDE = re.compile(
    r"\s*(?:,|\bvs?\.?(?=\s)|\bversus\b|\bor\b|\band\b|\bagainst\b|\bcompared (?:to|with)\b|\brather than\b|\binstead of\b)+\s*(?P<words>[\w\s]*)",
    re.IGNORECASE,
)
_OF_TIME = re.compile(r"[\s-]*(?:years?|yrs?|y|months?|mos?|weeks?|wks?|days?)\b", re.IGNORECASE)  # "10 year risk"
_TIME_UNITS = frozenset({"a", "mo", "wk", "d", "h", "min"})
_JOINING = frozenset("and or vs versus at with of a an the if it is was were be then when for against".split())


_HYPOTHETICAL = re.compile(
    r"\b(?:if (?!any\b|known\b|possible\b|available\b|recorded\b|documented\b|so\b|not\b)|suppos\w+|assum\w+|imagin\w+|hypothe\w+|pretend\w*|were to|recalculate|redo|with an? (?:\w+ ){1,3}?of \d)",
    re.IGNORECASE,
)


def is_hypothetical(text: str) -> bool:
    """Whether a text asks for a value under conditions that are not the chart's."""
    return _HYPOTHETICAL.search(text) is not None


def supposed_each(text: str, card: ModelCard, question: Question, lexicon: Lexicon) -> list[dict[str, Any]]:
    """What a text supposes, once for each value of one input that stands beside another ("at creatinine 1.2 vs 1.8")."""
    numbers = [m for m in NUMBER.finditer(text) if not _OF_TIME.match(text, m.end("value"))]
    for first in range(len(numbers)):
        last = first
        while last + 1 < len(numbers) and _stands_beside(
            text, numbers[last], numbers[last + 1], numbers[first].start()
        ):
            last += 1
        if last == first:
            continue
        alone = []
        for kept in numbers[first : last + 1]:
            rest = text
            for other in numbers[first : last + 1]:
                if other is not kept:
                    rest = rest[: other.start()] + " " * len(other[0]) + rest[other.end() :]
            alone.append(supposed(rest, card, question, lexicon))
        differing = {key for one in alone for key in one if any(one.get(key) != other.get(key) for other in alone)}
        if len(differing) == 1 and all(differing <= one.keys() for one in alone):
            return alone
    found = supposed(text, card, question, lexicon)
    return [found] if found else []


def _stands_beside(text: str, one: re.Match[str], other: re.Match[str], start: int) -> bool:
    between = _BESIDE.fullmatch(text[one.end() : other.start()])
    if between is None:
        return False
    said = {t.norm for t in tokenize(text[max(0, start - 40) : start])} | _JOINING
    return all(t.norm in said for t in tokenize(between["words"]))


def _is_value(words: str) -> bool:
    return re.fullmatch(r"\W*(?!(?:19|20)\d\d\b)\d+(?:\.\d+)?\W*", words) is not None  # a year is none


# --- stated values ---------------------------------------------------------------------------------------------------


def _stated(text: str, card: ModelCard, lexicon: Lexicon, taken: list[tuple[int, int]]) -> dict[str, Any]:
    """Each number with the input whose name stands nearest before it, or behind it, or whose unit alone it can have."""
    places = named_inputs(text, card, lexicon)
    aged = _AGED.search(text) if any(i.name == "age_years" for i in card.inputs) else None
    if aged is not None:  # "when he is 60": an age is no value of anything else
        taken = [*taken, aged.span()]
    numbers = [
        m
        for m in NUMBER.finditer(text)
        if not any(s <= m.start() < e for s, e in taken)
        and not any(s < m.end("value") and m.start() < e for s, e, _ in places)  # the digits of "A1c"
        and not _NO_VALUE.search(text[: m.start()])
    ]
    found: dict[str, Any] = {}
    for number, match in enumerate(numbers):
        start = numbers[number - 1].end() if number else 0
        item = _named_before(text, start, match.start(), places) or _named_behind(text, match.end(), places)
        item = item or _by_unit(match, card, found)
        if item is None or item.name in found:
            continue
        if item.unit not in _TIME_UNITS and _OF_TIME.match(text, match.end("value")):
            continue
        if (value := _value(match, item)) is not None:
            found[item.name] = value
    if not found and len(numbers) == 1 and not numbers[0]["unit"]:
        only = [i for i in card.inputs if i.kind == "number" and i.required and i.name != "age_years"]
        if len(only) == 1 and (value := _value(numbers[0], only[0])) is not None:
            found[only[0].name] = value
    return found


def named_inputs(text: str, card: ModelCard, lexicon: Lexicon) -> list[tuple[int, int, ModelInput]]:
    """Where a text names inputs of a card: by the result that feeds them, or by their own label."""
    numeric = [i for i in card.inputs if i.kind in {"number", "integer"}]
    places: list[tuple[int, int, ModelInput]] = []
    outputs = {k for k, m in DERIVED_MODELS.items() if m == card.id}
    for mention in lexicon.find_mentions(text, ("observation",)):
        for target in mention.targets:
            item = next((i for i in numeric if concept_of_input(i.name) in {target.id, *target.ids} - {""}), None)
            if item is not None and target.id not in outputs:
                places.append((mention.start, mention.end, item))
                break
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
                if not any(s < span[1] and span[0] < e for s, e, _ in places):
                    places.append((*span, item))
                break
    return sorted(places, key=lambda p: p[0])


def _names_of(item: ModelInput) -> set[str]:
    return {normalise_name(item.label), *_SPOKEN.get(item.name, ())}


def _named_before(
    text: str, start: int, number: int, places: Iterable[tuple[int, int, ModelInput]]
) -> ModelInput | None:
    before = [p for p in places if start <= p[0] and p[1] <= number]
    if not before:
        return None
    name = before[-1]
    between = text[name[1] : number]
    broken = re.search(r"[?;]|\b(?:what|how)\b", between, re.IGNORECASE)
    return None if broken or len(tokenize(between)) > _GAP_WORDS else name[2]


def _named_behind(text: str, end: int, places: Iterable[tuple[int, int, ModelInput]]) -> ModelInput | None:
    for start, _, item in places:
        if start >= end:
            between = text[end:start]
            return item if re.fullmatch(r"\W*(?:of |for |in |as )?(?:the |his |her )?\W*", between) else None
    return None


def _by_unit(match: re.Match[str], card: ModelCard, found: dict[str, Any]) -> ModelInput | None:
    """The one input that a quantity's unit fits."""
    if not match["unit"]:
        return None
    unit = ucum(match["unit"])
    fitting = [i for i in card.inputs if i.kind == "number" and i.name not in found and i.unit and _fits(unit, i)]
    exact = [i for i in fitting if i.unit == unit]
    for some in (exact, fitting):
        if len(some) == 1:
            return some[0]
    return None


def _fits(unit: str, item: ModelInput) -> bool:
    try:
        convert(1.0, unit, item.unit, item.substance)
    except (UnitMismatch, UnknownUnit):
        return False
    return True


def _value(match: re.Match[str], item: ModelInput) -> dict[str, Any] | None:
    """The number as a value of the input; a bare one is in the input's own unit. None where its unit cannot be."""
    value = float(match["value"].replace(",", ""))
    unit = ucum(match["unit"]) if match["unit"] else _bare_unit(value, item)
    if unit != item.unit and not _fits(unit, item):
        return None
    return {"value": value, "unit": unit or "1"}


def _bare_unit(value: float, item: ModelInput) -> str:
    """The unit of a bare number: the input's own, unless no patient can have that value and one in SI units is usual."""
    if item.plausible is None or item.substance is None or item.plausible[0] <= value <= item.plausible[1]:
        return item.unit
    for unit in ("mmol/L", "umol/L", "g/L"):
        if (
            _fits(unit, item)
            and item.plausible[0] <= convert(value, unit, item.unit, item.substance) <= item.plausible[1]
        ):
            return unit
    return item.unit


# --- changes ---------------------------------------------------------------------------------------------------------


def weight_change(text: str) -> dict[str, float] | None:
    """How a text changes the body weight, in kg or as a factor; None when it does not."""
    match = _WEIGHT_CHANGE.search(text)
    if match is None:
        return None
    amount = float(match["n"] or match["n2"] or match["n3"])
    unit = (match["unit"] or match["unit2"] or match["unit3"]).lower()
    sign = -1.0 if match["less"] or match["less2"] or match["less3"] else 1.0
    if unit in {"%", "percent"}:
        about_weight = re.search(r"\bweigh|\bweight|\bbody\b|\bbmi\b", text, re.IGNORECASE)
        return {"times": 1.0 + sign * amount / 100.0} if about_weight and not _BY.search(text) else None
    return {"add": sign * amount * (0.45359237 if unit.startswith(("lb", "pound")) else 1.0)}


def _relative(text: str, card: ModelCard, lexicon: Lexicon) -> dict[str, Any]:
    """Inputs that are said to double, to halve, or to move by an amount."""
    found: dict[str, Any] = {}
    for start, end, item in named_inputs(text, card, lexicon):
        rest = text[end : end + 60]
        if by := _BY.search(rest):
            sign, amount = (-1.0 if by["less"] else 1.0), float(by["n"])
            found[item.name] = {"times": 1.0 + sign * amount / 100.0} if by["percent"] else {"add": sign * amount}
        elif times := _TIMES.search(rest) or _TIMES.search(text[max(0, start - 20) : start]):
            found[item.name] = {"times": 2.0 if times["double"] else 0.5 if times["half"] else 3.0}
    return found


def _volumes(text: str, inputs: dict[str, ModelInput]) -> dict[str, Any]:
    """Volumes of blood lost or of fluid given."""
    found: dict[str, Any] = {}
    if not inputs.keys() & _VOLUMES.keys():
        return found
    for match in _VOLUME.finditer(text):
        amount = float(match["n"]) * (1000.0 if match["unit"].lower().startswith("l") else 1.0)
        near = text[max(0, match.start() - 40) : match.end() + 40]
        order = ("blood_transfusion_ml", "crystalloid_ml", "blood_loss_ml")
        name = next((n for n in order if n in inputs and n not in found and _VOLUMES[n].search(near)), None)
        if name is not None:
            found[name] = {"value": amount, "unit": "mL"}
            if (rate := name.replace("_ml", "_rate_ml_min")) in inputs:
                found[rate] = _rate(amount, text)
    return found


_OVER = re.compile(r"\b(?:over|in|within) (\d+(?:\.\d+)?|an?|half an) (min\w*|h(?:ou)?rs?|h)\b", re.IGNORECASE)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*ml\s*(?:/|per)\s*min", re.IGNORECASE)
_USUAL_MINUTES = 15.0


def _rate(amount: float, text: str) -> dict[str, Any]:
    """How fast: as stated, else within a quarter of an hour, which the answer calls assumed."""
    if rate := _RATE.search(text):
        return {"value": float(rate[1]), "unit": "mL/min"}
    if over := _OVER.search(text):
        count = {"a": 1.0, "an": 1.0, "half an": 0.5}.get(over[1].lower()) or float(over[1])
        return {"value": amount / (count * (60.0 if over[2].lower().startswith("h") else 1.0)), "unit": "mL/min"}
    assumed = f"assumed: no rate was given, so within {_USUAL_MINUTES:g} min"
    return {"value": amount / _USUAL_MINUTES, "unit": "mL/min", "assumed": assumed}


# --- findings --------------------------------------------------------------------------------------------------------

FLAGS_OF_CONDITION = {
    "type_2_diabetes": "diabetes", "type_1_diabetes": "diabetes", "stroke": "stroke_tia_thromboembolism", "transient_ischemic_attack": "stroke_tia_thromboembolism",
    "tia": "stroke_tia_thromboembolism", "peripheral_artery_disease": "vascular_disease", "myocardial_infarction": "vascular_disease",
}  # fmt: skip


_FLAGS_OF_DRUGS = {
    "antiplatelet_or_nsaid": re.compile(
        r"\b(?:nsaids?|ibuprofen|naproxen|diclofenac|celecoxib|ketorolac|indomethacin|meloxicam|advil|motrin|aleve|aspirin|asa|clopidogrel|plavix|prasugrel|ticagrelor|brilinta|antiplatelets?)\b",
        re.IGNORECASE,
    ),
}
_ENDED = re.compile(
    r"(?:\bstop(?:s|ped|ping)?|\bwithout|\boff|\bcame off|\bcomes off|\bno longer (?:on|takes?|taking)|\bquits?|\bholds?|\bheld|\bdiscontinu\w+|n't take|\bnot (?:on|taking)|\bdidn't|\bno)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)


def _findings(text: str, inputs: dict[str, ModelInput], question: Question) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variant in question.variants[:1]:
        for slot in variant.slots:
            name = slot.id if slot.id in inputs else FLAGS_OF_CONDITION.get(slot.id, slot.id)
            if slot.kind == "condition" and slot.known and name in inputs and inputs[name].kind == "boolean":
                found[name] = _WITHOUT.search(text[: slot.start]) is None
    for name, drugs in _FLAGS_OF_DRUGS.items():
        if name in inputs and (drug := drugs.search(text)) is not None and is_hypothetical(text):
            found[name] = _ENDED.search(text[: drug.start()]) is None
    if "current_smoker" in inputs:
        if _SMOKES_NOT.search(text):
            found["current_smoker"] = False
        elif _SMOKES.search(text) and SUPPOSES.search(text):
            found["current_smoker"] = True
    return found


_SIMULATES = re.compile(r"\b(?:after|effects?|model|impact|response|giv(?:e|ing)|bolus)\b", re.IGNORECASE)


def implied_by_volume(text: str) -> bool:
    """Whether a volume of blood or fluid is supposed, which is the circulation model's matter."""
    supposes = SUPPOSES.search(text) or _SIMULATES.search(text)
    return _VOLUME.search(text) is not None and supposes is not None and any(p.search(text) for p in _VOLUMES.values())


def scenario_name(changes: dict[str, Any], card: ModelCard) -> str:
    """What a scenario is called: "with creatinine 2.4"."""
    labels = {i.name: i.label for i in card.inputs}
    parts = []
    for name, value in changes.items():
        label = labels.get(name, name)
        label = label if sum(c.isupper() for c in label.split()[0]) > 1 else label[:1].lower() + label[1:]
        if isinstance(value, dict) and "add" in value:
            parts.append(f"{label} {value['add']:+g}")
        elif isinstance(value, dict) and "times" in value:
            parts.append(f"{label} × {value['times']:g}")
        elif isinstance(value, dict) and "assumed" in value:
            continue
        elif isinstance(value, dict):
            parts.append(f"{label} {value['value']:g}")
        else:
            parts.append(f"{label} {'yes' if value else 'no'}")
    return "with " + ", ".join(parts)
