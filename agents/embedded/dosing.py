"""A dose that a question states for a drug whose exposure the twin computes ("amikacin 1 g daily, what peak?")."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from agents.embedded.reader import Variant
from tools.dosing_rules import rules_for

_EXPOSURE = re.compile(
    r"\b(?:auc\w*|peaks?|troughs?|c ?max|c ?min|levels?|exposure|concentrations?|steady[- ]state|pk|kinetics)\b", re.I
)
_SIMULATES = re.compile(
    r"\b(?:simulat\w+|predict\w*|model(?:l?ed|l?ing)?|what if|if (?:we|i|he|she) g[ai]ve|what would|vs\.?|versus)\b",
    re.I,
)
DOSE = re.compile(
    r"(?P<value>(?:(?<=\s)-)?\d+(?:,\d{3})*(?:\.\d+)?)\s*(?P<unit>mg|mcg|[µμu]g|micrograms?|milligrams?|g|grams?)\b(?!\s*/)",
    re.IGNORECASE,
)
_MG = {"mg": 1.0, "milligram": 1.0, "g": 1000.0, "gram": 1000.0, "mcg": 0.001, "ug": 0.001, "microgram": 0.001}
INTERVAL = re.compile(
    r"\b(?:q|every)\s*(?P<hours>\d{1,2})(?:\s*(?:h|hr|hrs|hours?|hourly)|(?<=q\d)|(?<=q\d\d))\b|\b(?P<n>\d{1,2})[- ]?hourly\b|\b(?P<twice>bd|bid|twice (?:a day|daily))\b"
    r"|\b(?P<thrice>tds|tid|(?:three times|thrice) (?:a day|daily))\b|\b(?P<once>daily|once (?:a day|daily)|every day|qd|od|(?:a|per) day)\b",
    re.IGNORECASE,
)


class Dosed(NamedTuple):
    """A drug with its model, and the doses and intervals that a question states, in mg and hours."""

    drug: str
    rules: dict[str, Any]
    doses: list[float]
    intervals: list[float]


def stated_doses(text: str, variant: Variant) -> Dosed | None:
    """The drug of a question whose exposure can be computed, with what is stated of its dosing; None without one."""
    drug = next((s for s in variant.slots if s.kind == "medication" and s.known and rules_for(s.id)), None)
    if drug is None:
        return None
    rules = dict(rules_for(drug.id) or {})
    if not rules.get("dose") or rules.get("unit") not in {"mg", "ug"}:
        return None
    doses = [milligrams(m) for m in DOSE.finditer(text)]
    return Dosed(drug.id, rules, doses, [hours_of(m) for m in INTERVAL.finditer(text)])


def asks_exposure(text: str, dosed: Dosed) -> bool:
    """Whether a stated dose is asked about as something to run, not as an order in the record."""
    return bool(dosed.doses) and (_EXPOSURE.search(text) is not None or _SIMULATES.search(text) is not None)


def dosing_run(dosed: Dosed, stated: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The run of the stated dosing; without any, what the charted order gives under the stated conditions."""
    rules, per_day = dosed.rules, bool(dosed.rules.get("per_day"))
    own = {rules["dose"], rules.get("interval"), "infusion_h"}
    base = {k: v for k, v in stated.items() if k not in own}
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
    factor = 1000.0 if dosed.rules["unit"] == "ug" else 1.0
    if dose is not None:
        inputs[dosed.rules["dose"]] = dose * factor * (24.0 / hours if per_day and hours else 1.0)
    if hours is not None and dosed.rules.get("interval"):
        inputs[dosed.rules["interval"]] = hours
    words = [f"{dose:g} mg" if dose is not None else "", f"every {hours:g} h" if hours is not None else ""]
    return " ".join(w for w in words if w), inputs


def milligrams(match: re.Match[str]) -> float:
    """The dose of a match of `DOSE`, in mg."""
    word = match["unit"].lower().replace("µ", "u").replace("μ", "u").removesuffix("s")
    return float(match["value"].replace(",", "")) * _MG[word]


def hours_of(match: re.Match[str]) -> float:
    """The dosing interval of a match of `INTERVAL`, in hours."""
    if match["hours"] or match["n"]:
        return float(match["hours"] or match["n"])
    return 12.0 if match["twice"] else 8.0 if match["thrice"] else 24.0
