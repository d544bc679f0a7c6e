"""What a question supposes: "if her creatinine came back at 140 micromol/L", "after losing 8 kg", "BMI at 75 kg".

A value that the question gives is never left out in favour of the chart's: what it supposes and nothing was made of is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.embedded.reading.reader import Question
from agents.embedded.reading.units_asked import NUMBER
from agents.embedded.supposing.stated_changes import names_volume, relative, states_volume, volumes, weight_change
from agents.embedded.supposing.stated_findings import findings
from agents.embedded.supposing.stated_values import OF_TIME, UREA, lone_number, stated, stated_age
from domain.predictions import ModelCard, ModelInput
from tools.concepts import Lexicon, tokenize
from tools.measurements.readings import unit_label

# Words that may introduce a supposition. With one of them a lone number may be meant for the only input that is asked for.
SUPPOSES = re.compile(
    r"\b(?:if|suppos\w+|assum\w+|imagin\w+|hypothe\w+|pretend\w*|say|simulat\w+|predict\w*|what would|would be|would (?:his|her|their|the|an?)\b|what happens|were|with (?:an? |the |his |her )?|after (?:los|gain)\w+"
    r"|at an?|for an?|given an?|of \d|mean|correspond\w*|equal\w*|convert\w*|when|once|should (?:his|her|the|it))\b",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:if (?!any\b|known\b|possible\b|available\b|recorded\b|documented\b|so\b|not\b)|suppos\w+|assum\w+|imagin\w+|hypothe\w+|pretend\w*|were to|recalculate|redo|with an? (?:\w+ ){1,3}?of \d)",
    re.IGNORECASE,
)
_WOULD = re.compile(
    r"\b(?:would|'d|will|what if|let(?:'s| us)?|say|plug|take|subtract|using|calculate|compute|work out|simulat\w+|predict\w*)\b",
    re.IGNORECASE,
)
_WOULD_BE = re.compile(
    r"\b(?:would|could|might|will)\b(?! (?:you|like|want)\b)|\bwhat if\b|\b(?:simulat|predict|project)\w*",
    re.IGNORECASE,
)
# Asked of what happened, and not of what would.
_OF_RECORD = re.compile(
    r"\bever\b|\bhow (?:many|often|long)\b|\bwhen\b|\b(?:what|how) (?:was|were|did)\b|^\W*(?:was|did|has|have|is|are)\b|\b(?:has|have|had) (?:he|she|it|they|the|his|her|been)\b"
    r"|\bhistory\b|\btrend\w*|\bfirst\b|\blast\b|\blatest\b|\bprevious\w*|\bsince\b|\bdocumented\b|\brecorded\b|\bon (?:file|record)\b|\bchart(?:ed)?\b",
    re.IGNORECASE,
)
_NOW = frozenset({"today", "now", "today's", "tomorrow", "currently", "next week", "next month"})


def is_hypothetical(text: str) -> bool:
    """Whether a text asks for a value under conditions that are not the chart's."""
    return _HYPOTHETICAL.search(text) is not None


def asks_what_would_be(text: str) -> bool:
    """Whether a clause asks for what would be, under a condition that may stand in another one."""
    return _WOULD_BE.search(text) is not None


def asks_of_record(text: str, question: Question) -> bool:
    """Whether values in a text are told of the past ("what was the eGFR when creatinine hit 2.3"), and none is supposed."""
    if is_hypothetical(text) or _WOULD.search(text):
        return False
    for slot in question.variants[0].slots:  # the "has" of HAS-BLED asks nothing
        text = text[: slot.start] + "~" * (slot.end - slot.start) + text[slot.end :]
    past = [p for p in question.periods if p.label.lower() not in _NOW and not re.fullmatch(r"[\d.\s]*", p.label)]
    return _OF_RECORD.search(text) is not None or bool(past)


def supposed(text: str, card: ModelCard, question: Question, lexicon: Lexicon) -> dict[str, Any]:
    """The inputs of a model that a text sets; a lone number counts as the only value that the model takes."""
    return supposed_outright(text, card, question, lexicon) or lone_number(text, card, question, lexicon)


def supposed_outright(text: str, card: ModelCard, question: Question, lexicon: Lexicon) -> dict[str, Any]:
    """The inputs of a model that a text sets: values at a name or of a unit, changes, volumes, findings, age, smoking."""
    inputs = {i.name: i for i in card.inputs}
    if "total_cholesterol_mg_dl" in inputs and "ldl_mg_dl" not in inputs:
        return _through_ldl(
            supposed_outright(text, card.model_copy(update={"inputs": (*card.inputs, _LDL)}), question, lexicon)
        )
    found: dict[str, Any] = volumes(text, inputs)
    if (change := weight_change(text)) is not None and "weight_kg" in inputs:
        found["weight_kg"] = change
    moved = relative(text, card, question, lexicon)
    found |= {k: v for k, v in moved.items() if k not in found and k not in {"age_years"}}
    found |= {k: v for k, v in stated(text, card, question, lexicon).items() if k not in found}
    supposes = SUPPOSES.search(text) is not None
    found |= findings(text, inputs, question, hypothetical=is_hypothetical(text), supposes=supposes)
    if "age_years" in inputs and "age_years" not in found and (age := stated_age(text)) is not None:
        found["age_years"] = age
    return found


_LDL = ModelInput(name="ldl_mg_dl", label="LDL cholesterol", unit="mg/dL", substance="cholesterol", plausible=(10, 500))


def _through_ldl(found: dict[str, Any]) -> dict[str, Any]:
    """A supposed LDL as the total cholesterol that it moves, for the models that take the total alone."""
    ldl = found.pop("ldl_mg_dl", None)
    if ldl is None or "total_cholesterol_mg_dl" in found or "times" in ldl:
        return found
    return {**found, "total_cholesterol_mg_dl": ldl if "add" in ldl else {"with": {"ldl_mg_dl": ldl}}}


# --- several values beside each other --------------------------------------------------------------------------------

_BESIDE = re.compile(
    r"\s*(?:,|\bvs?\.?(?=\s)|\bversus\b|\bor\b|\band\b|\bagainst\b|\bcompared (?:to|with)\b|\brather than\b|\binstead of\b)+\s*(?P<words>[\w\s]*)",
    re.IGNORECASE,
)
_JOINING = frozenset("and or vs versus at with of a an the if it is was were be then when for against".split())


def supposed_each(
    text: str, card: ModelCard, question: Question, lexicon: Lexicon, outright: bool = False
) -> list[dict[str, Any]]:
    """What a text supposes, once for each value of one input that stands beside another ("at creatinine 1.2 vs 1.8").

    `outright` leaves out a lone number that no name and no unit ties to an input.
    """
    read = supposed_outright if outright else supposed
    if any(i.name == "bun_mg_dl" for i in card.inputs) and (urea := UREA.search(text)) is not None and not urea["unit"]:
        both = [f"{text[: urea.end()]} {unit}{text[urea.end() :]}" for unit in ("mmol/L", "mg/dL")]
        return [read(one, card, question, lexicon) for one in both]  # reported in either: both are shown
    numbers = [m for m in NUMBER.finditer(text) if not OF_TIME.match(text, m.end("value"))]
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
            alone.append(read(rest, card, question, lexicon))
        differing = {key for one in alone for key in one if any(one.get(key) != other.get(key) for other in alone)}
        if len(differing) == 1 and all(differing <= one.keys() for one in alone):
            return alone
    found = read(text, card, question, lexicon)
    return [found] if found else []


def _stands_beside(text: str, one: re.Match[str], other: re.Match[str], start: int) -> bool:
    between = _BESIDE.fullmatch(text[one.end() : other.start()])
    if between is None:
        return False
    said = {t.norm for t in tokenize(text[max(0, start - 40) : start])} | _JOINING
    return all(t.norm in said for t in tokenize(between["words"]))


# --- volumes, names and what was not read ----------------------------------------------------------------------------

_SIMULATES = re.compile(r"\b(?:after|effects?|model|impact|response|giv(?:e|ing)|bolus)\b", re.IGNORECASE)
_CIRCULATION = re.compile(
    r"\b(?:bp|b/p|blood pressure|(?:the |his |her )?pressures?|map|mean arterial|heart rate|hr|pulse|circulation|h(?:a)?emodynamic\w*|cardiac output|shock|perfusion|what happens|cope|tolerate|respond|how low)\b",
    re.IGNORECASE,
)
_OTHER_SUBJECTS = frozenset({"medication", "drug_class", "immunization", "allergen"})
_CIRCULATING = frozenset(
    "blood_pressure systolic_blood_pressure diastolic_blood_pressure heart_rate mean_arterial_pressure hemoglobin "
    "hematocrit cardiac_output estimated_blood_loss body_weight blood_volume pulse_pressure vital_signs".split()
)


def implied_by_volume(text: str, question: Question | None = None) -> bool:
    """Whether a volume of blood or fluid is supposed, which is the circulation model's matter."""
    if not states_volume(text) or (question is not None and asks_of_record(text, question)):
        return False
    if question is not None and _names_other_subject(question):
        return False
    return any(pattern.search(text) for pattern in (SUPPOSES, _SIMULATES, _CIRCULATION))


def asks_of_circulation(text: str) -> bool:
    """Whether a text asks for the pressure, the heart rate or the circulation."""
    return _CIRCULATION.search(text) is not None


def _names_other_subject(question: Question) -> bool:
    """Whether a result is named that the circulation model says nothing of ("1.5 L fluid restriction: sodium?")."""
    return any(
        s.known
        and not names_volume(s.text)
        and (s.kind in _OTHER_SUBJECTS or (s.kind == "observation" and s.id not in _CIRCULATING))
        for s in question.variants[0].slots
    )


def scenario_name(changes: Mapping[str, Any], card: ModelCard) -> str:
    """What a scenario is called: "with creatinine 2.4 mg/dL"."""
    labels = {i.name: i.label for i in card.inputs}
    units = {i.name: i.unit for i in card.inputs}
    parts = []
    for name, value in changes.items():
        label = labels.get(name, name)
        label = label if sum(c.isupper() for c in label.split()[0]) > 1 else label[:1].lower() + label[1:]
        if isinstance(value, dict) and "add" in value:
            parts.append(f"{label} {value['add']:+.4g} {unit_label(units.get(name, ''))}".rstrip())
        elif isinstance(value, dict) and "times" in value:
            parts.append(f"{label} × {value['times']:.4g}")
        elif isinstance(value, dict) and "assumed" in value:
            continue
        elif isinstance(value, dict) and "said" in value:
            parts.append(str(value["said"]))
        elif isinstance(value, dict) and "with" in value:
            other, ldl = next(iter(value["with"].items()))
            parts.append(f"{other.split('_')[0].upper()} {ldl['value']:g} {unit_label(ldl['unit'])}")
        elif isinstance(value, dict):
            parts.append(f"{label} {value['value']:g} {unit_label(str(value.get('unit', '')))}".rstrip())
        else:
            parts.append(f"{label} {value if isinstance(value, str) else 'yes' if value else 'no'}")
    return "with " + ", ".join(parts)


UNREAD = (
    "The question supposes something that could not be matched to an input of {model}, so nothing was computed. "
    "Its inputs are {inputs}. Name one with the value to suppose."
)


def unread(text: str, tools: Sequence[tuple[str, Mapping[str, Any]]], cards: Mapping[str, ModelCard]) -> str | None:
    """What to say where a score is asked for under a condition that nothing was made of: the chart's value is no answer.

    `tools` are the calls that the question was read as, each with its arguments.
    """
    asked = [str(arguments.get("model", "")) for tool, arguments in tools if tool == "calculate"]
    if not asked or any(tool == "what_if" for tool, _ in tools) or not is_hypothetical(text):
        return None
    card = cards.get(asked[0])
    if card is None:
        return None
    labels = [i.label for i in card.inputs[:12]]
    small = [label[:1].lower() + label[1:] if label[1:2].islower() else label for label in labels]
    return UNREAD.format(model=card.title, inputs=", ".join(small))
