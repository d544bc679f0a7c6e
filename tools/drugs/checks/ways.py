"""The way a drug is ordered: a route it has no product for, a unit it is not measured in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.facts import MedicationSig
from domain.quantities import Quantity, convert
from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.drugs.checks.rules import Rule, opening, rules, rules_for
from tools.measurements.readings import unit_label


def ways(drug: Target, kinds: frozenset[str], sig: MedicationSig | None, words: str = "") -> Iterable[Finding]:
    """A route, form or unit of an order that cannot be right for the drug; `words` are the order as it was written."""
    if sig is None:
        return
    for rule in rules()["only_routes"]:
        if (
            sig.route
            and kinds & set(rule["drugs"])
            and not kinds & set(rule.get("except", ()))
            and sig.route not in rule["routes"]
        ):
            text = f"{opening(drug.label)} by the {sig.route} route: the products on file are {rule['text']}."
            yield Finding(check="route", severity=Severity.CRITICAL, text=text, source=rule["source"])
    for rule in rules_for("never_as", kinds):
        said = "|".join(map(re.escape, rule["said"]))
        if re.search(rf"\b(?:{said})\b", words, re.IGNORECASE) and sig.route in rule.get("routes", (sig.route,)):
            yield Finding(check="route", severity=Severity.CRITICAL, text=rule["text"], source=rule["source"])
    for rule in rules_for("measured_in", kinds):
        if sig.dose is not None and not _is_measured_so(sig.dose, rule):
            text = (
                f"{opening(drug.label)} is measured in {rule['text']}, and the order says {unit_label(sig.dose.unit)}."
            )
            yield Finding(check="dose", severity=Severity.CRITICAL, text=text, source=rule["source"])


def _is_measured_so(dose: Quantity, rule: Rule) -> bool:
    """Whether a dose is in the kind of unit that a rule names, and not so large that milligrams were meant to be micrograms."""
    if "below" not in rule:
        return _is_mass(dose.unit) == _is_mass(rule["unit"])
    is_plain_mass = _is_mass(dose.unit) and "/" not in dose.unit
    return not is_plain_mass or convert(dose.value, dose.unit, rule["unit"]) < rule["below"]


def _is_mass(unit: str) -> bool:
    return unit.partition("/")[0] in {"kg", "g", "mg", "ug", "ng"}
