"""A dose that a question states for a drug whose exposure the twin computes ("amikacin 1 g daily, what peak?")."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from agents.embedded.reading.reader import Variant
from tools.twin.dosing_rules import drugs_with_plans, rules_for

_EXPOSURE = re.compile(
    r"\b(?:auc\w*|peaks?|troughs?|c ?max|c ?min|levels?|exposure|concentrations?|steady[- ]state|pk|kinetics)\b", re.I
)
_SIMULATES = re.compile(
    r"\b(?:simulat\w+|predict\w*|project\w*|model(?:l?ed|l?ing)?|what if|if (?:we|i|he|she) (?:g[ai]ve|wrote|start\w*|dos\w+)|what would|were to|vs\.?|versus)\b",
    re.I,
)
_PLANS = re.compile(
    r"\b(?:dos(?:ing|e|age)|regimen|treatment) (?:plans?|options?|regimens?|strateg\w+|schemes?|scenarios?|alternatives?)\b"
    r"|\b(?:compare|contrast|weigh)\b.{0,40}\b(?:doses|dosing|regimens?|plans?)\b|\b(?:plans?|regimens?|options?) (?:of|for) (?:dosing|giving)\b"
    r"|\bwhat (?:dose|regimen)\b.{0,40}\b(?:target|auc|reach|aim)",
    re.IGNORECASE,
)
# Of the order that there is, or was: nothing to run.
_OF_ORDER = re.compile(
    r"\b(?:he|she|they|pt|patient)(?:'s| is|'re| are) (?:on|getting|taking|receiving)\b|\b(?:is|was|were|are) (?:he|she|they|the patient|pt|it|this|that)\b|\bwhen\b|\bhow long\b|\bsince\b|\border(?:ed|s)?\b|\bprescri\w+|\bwhy\b|\bwho\b|\b(?:did|does|has|had|have) (?:he|she|they|the patient|pt)\b|\b(?:right|correct|still|current(?:ly)?|documented|listed|chart(?:ed)?)\b",
    re.IGNORECASE,
)
_AMOUNT = r"(?P<value>(?:(?<=\s)-)?\d+(?:,\d{3})*(?:\.\d+)?)\s*(?P<unit>mg|mcg|[µμu]g|micrograms?|milligrams?|g|gm|gms|grams?)\b"
DOSE = re.compile(rf"{_AMOUNT}(?!\s*(?:/|per\b)(?!\s*(?:dose|d\b|day|24|\d|q\d)))", re.IGNORECASE)
_PER_KG = re.compile(
    rf"{_AMOUNT}\s*(?:/|per|a)\s*(?:kg|kilo(?:gram)?)\b(?P<daily>\s*(?:/|per|a)\s*(?:d|day)\b)?", re.IGNORECASE
)
_MG = {"mg": 1.0, "milligram": 1.0, "g": 1000.0, "gm": 1000.0, "gram": 1000.0, "mcg": 0.001, "ug": 0.001, "microgram": 0.001}  # fmt: skip
INTERVAL = re.compile(
    r"(?:\bq\.?\s*|\bevery\s*|\d\s*(?:mg|g)?\s*/\s*(?=\d+ ?h))(?P<hours>\d{1,2})(?:[\s-]*(?:h|hr|hrs|hours?|hrly|hourly)\b|(?<=\d)(?!\s*(?:d|day|wk|week|min)|[\w.]))|\b(?P<n>\d{1,2})[- ]?(?:hourly|hrly)\b"
    r"|\b(?P<twice>bd|bid|b\.i\.d|twice (?:a day|daily|per day))\b|\b(?P<thrice>tds|tid|(?:three times|thrice) (?:a day|daily|per day))\b|\b(?P<four>qds|qid|four times (?:a day|daily|per day))\b"
    r"|\b(?P<other>every other day|alternate days?|every (?:2|two|second) days?)\b|\b(?P<once>daily|once (?:a day|daily)|every (?:day|morning|night|evening)|nightly|qd|od|(?:a|per) day)\b|(?<!kg)(?<!kg )/\s*(?:d|day|24 ?h)\b",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?<![\d.,/])(?P<value>\d{1,4}(?:\.\d+)?)(?![\d.,/%]|\s*(?:mg|m?cg|g|kg|ml|h|hrs?|hours?)\b)")


class Dosed(NamedTuple):
    """A drug with its model, and the doses and intervals that a question states, in mg and hours.

    A dose in mg/kg stands as {"per_kg": mg}: the patient's weight makes milligrams of it.
    """

    drug: str
    rules: dict[str, Any]
    doses: list[float | dict[str, float]]
    intervals: list[float]


def stated_doses(text: str, variant: Variant) -> Dosed | None:
    """The drug of a question whose exposure can be computed, with what is stated of its dosing; None without one."""
    drug = _drug_of(variant)
    if drug is None:
        return None
    rules = dict(rules_for(drug) or {})
    if not rules.get("dose") or rules.get("unit") not in {"mg", "ug"}:
        return None
    intervals = [hours_of(m) for m in INTERVAL.finditer(text)]
    return Dosed(drug, rules, doses_in(text, rules, intervals), intervals)


def _drug_of(variant: Variant) -> str | None:
    """The drug that is named, or whose level is ("what would the vanc level be on 1 g bd")."""
    for slot in variant.slots:
        if slot.kind == "medication" and slot.known and rules_for(slot.id):
            return slot.id
    for slot in variant.slots:
        level = slot.id.split("_", 1) if slot.kind == "observation" else []
        if len(level) == 2 and level[0] in drugs_with_plans() and re.match(r"level|trough|peak|random", level[1]):
            return level[0]
    return None


def doses_in(text: str, rules: dict[str, Any], intervals: list[float]) -> list[float | dict[str, float]]:
    """The doses that a text states, in mg or as {"per_kg": mg}; a bare number is one only beside an interval."""
    found: list[tuple[int, float | dict[str, float]]] = [(m.start(), milligrams(m)) for m in DOSE.finditer(text)]
    for match in _PER_KG.finditer(text):
        parts = 24.0 / intervals[0] if match["daily"] and intervals and not rules.get("per_day") else 1.0
        found.append((match.start(), {"per_kg": milligrams(match) / parts}))
    if len(found) < len(intervals) and rules["unit"] == "mg" and not (found and len(intervals) == 1):
        found += _bare_doses(text, rules)[: len(intervals) - len(found)]
    return [dose for _, dose in sorted(found, key=lambda f: f[0])]


def _bare_doses(text: str, rules: dict[str, Any]) -> list[tuple[int, float | dict[str, float]]]:
    """Numbers before an interval that can be a dose of this drug in mg, or else in grams ("vanc 1250 q12", "1.25 q12")."""
    rest = without_dosing(text)
    found: list[tuple[int, float | dict[str, float]]] = []
    for match in _BARE.finditer(rest):
        if (dose := is_bare_dose(float(match["value"]), rules)) is not None:
            found.append((match.start(), dose))
    return found


def is_bare_dose(value: float, rules: dict[str, Any]) -> float | None:
    """A number without a unit as a dose in mg: of mg or else of g, whichever the drug is given in; None for neither."""
    low, high = rules.get("single", (0.0, 0.0))
    return next((v for v in (value, value * 1000.0) if low / 2 <= v <= 2 * high and v > 0), None)


def without_dosing(text: str) -> str:
    """The text with blanks for its doses and intervals, so that none of them is read as another value."""
    for pattern in (_PER_KG, INTERVAL, DOSE):
        text = pattern.sub(lambda m: " " * len(m[0]), text)
    return text


def asks_of_exposure(text: str) -> bool:
    """Whether a text asks for an AUC, a level, a peak or a trough."""
    return _EXPOSURE.search(text) is not None


def asks_for_plans(text: str) -> bool:
    """Whether a text asks for dosing plans beside each other, or for the dose that reaches a target."""
    return _PLANS.search(text) is not None


def asks_of_order(text: str) -> bool:
    """Whether a dose and an interval are told of an order that is or was in the record."""
    stated = DOSE.search(text) is not None and INTERVAL.search(text) is not None
    return stated and _OF_ORDER.search(text) is not None and not _SIMULATES.search(text)


def asks_exposure(text: str, dosed: Dosed) -> bool:
    """Whether a stated dose is asked about as something to run, not as an order in the record."""
    if not dosed.doses:
        return False
    if _EXPOSURE.search(text) or _SIMULATES.search(text):
        return True
    return bool(dosed.intervals) and not _OF_ORDER.search(text)


def dosing_run(dosed: Dosed, stated: dict[str, Any], *, wants_dose: bool = False) -> tuple[str, dict[str, Any]]:
    """The run of the stated dosing; without any, the dose that is wanted, or what the charted order gives under `stated`."""
    rules, per_day = dosed.rules, bool(dosed.rules.get("per_day"))
    own = {rules["dose"], rules.get("interval"), "infusion_h"}
    base = {k: v for k, v in stated.items() if k not in own}
    if not dosed.doses and not dosed.intervals and wants_dose:
        return "compare_plans", {"drug": dosed.drug, "propose": "all"} | ({"conditions": base} if base else {})
    if not dosed.doses and not dosed.intervals and base:
        return "compare_plans", {"drug": dosed.drug, "propose": "current", "conditions": base}
    count = max(len(dosed.doses), len(dosed.intervals), 1)
    plans = [_plan(dosed, number, per_day) for number in range(count)]
    if count == 1:
        return "what_if", {"model": rules["model"], "scenarios": [], "inputs": base | plans[0][1]}
    scenarios = [{"name": name, "changes": changes} for name, changes in plans]
    return "what_if", {"model": rules["model"], "scenarios": scenarios, "inputs": base}


def _plan(dosed: Dosed, number: int, per_day: bool) -> tuple[str, dict[str, Any]]:
    """Name and inputs of the plan of this number; the last dose or interval that is stated holds for the rest."""
    dose = dosed.doses[min(number, len(dosed.doses) - 1)] if dosed.doses else None
    hours = dosed.intervals[min(number, len(dosed.intervals) - 1)] if dosed.intervals else None
    several = max(len(dosed.doses), len(dosed.intervals)) > 1
    if hours is None and several and not per_day:
        hours = 12.0
    inputs: dict[str, Any] = {}
    factor = (1000.0 if dosed.rules["unit"] == "ug" else 1.0) * (24.0 / hours if per_day and hours else 1.0)
    if isinstance(dose, dict):
        inputs[dosed.rules["dose"]] = {"per_kg": dose["per_kg"] * factor}
    elif dose is not None:
        inputs[dosed.rules["dose"]] = dose * factor
    if hours is not None and dosed.rules.get("interval"):
        inputs[dosed.rules["interval"]] = hours
    amount = f"{dose['per_kg']:g} mg/kg" if isinstance(dose, dict) else f"{dose:g} mg" if dose is not None else ""
    return " ".join(w for w in (amount, f"every {hours:g} h" if hours is not None else "") if w), inputs


def milligrams(match: re.Match[str]) -> float:
    """The dose of a match of `DOSE`, in mg."""
    word = match["unit"].lower().replace("µ", "u").replace("μ", "u").removesuffix("s")
    return float(match["value"].replace(",", "")) * _MG[word]


def hours_of(match: re.Match[str]) -> float:
    """The dosing interval of a match of `INTERVAL`, in hours."""
    if match["hours"] or match["n"]:
        return float(match["hours"] or match["n"])
    named = {"twice": 12.0, "thrice": 8.0, "four": 6.0, "other": 48.0}
    return next((hours for group, hours in named.items() if match[group]), 24.0)
