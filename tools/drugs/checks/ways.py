"""The way a drug is ordered: a route it has no product for, a unit it is not measured in."""

from __future__ import annotations

from collections.abc import Iterable

from domain.facts import MedicationSig
from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.drugs.checks.rules import opening, rules, rules_for
from tools.measurements.readings import unit_label


def ways(drug: Target, kinds: frozenset[str], sig: MedicationSig | None) -> Iterable[Finding]:
    """A route or unit of an order that cannot be right for the drug."""
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
    for rule in rules_for("measured_in", kinds):
        if sig.dose is not None and _is_mass(sig.dose.unit) != _is_mass(rule["unit"]):
            text = (
                f"{opening(drug.label)} is measured in {rule['text']}, and the order says {unit_label(sig.dose.unit)}."
            )
            yield Finding(check="dose", severity=Severity.CRITICAL, text=text, source=rule["source"])


def _is_mass(unit: str) -> bool:
    return unit.partition("/")[0] in {"kg", "g", "mg", "ug", "ng"}
