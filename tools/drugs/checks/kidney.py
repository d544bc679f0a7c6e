"""Limits by kidney function and by laboratory values: the newest value decides, in the measure that the source states."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.errors import ChartTwinError, MissingCovariate
from domain.facts import Evidence, Frozen
from domain.quantities import convert
from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite, dated, day, number, plain_name
from tools.drugs.checks.rules import Rule, opening, rules_for
from tools.measurements.readings import Reading, readings, unit_label
from tools.times.periods import wall_clock
from tools.twin import calculators

_OLD = timedelta(days=365)
_DIALYSIS_LASTS = timedelta(days=90)  # after one that was done
_ON_DIALYSIS = re.compile(r"(?<!not on )(?<!without )(?<!no )\b(?:ha?emo)?dialysis\b", re.IGNORECASE)
# The first output of a run is its result.
_MEASURES = {
    "egfr": ("ckd_epi_2021_creatinine", "eGFR", "mL/min/1.73 m²"),
    "crcl": ("cockcroft_gault", "creatinine clearance", "mL/min"),
}


class KidneyValue(Frozen):
    """Kidney function in one measure: as reported, or calculated from the newest creatinine; none on dialysis."""

    amount: float
    shown: str  # "eGFR 29 mL/min/1.73 m² (2026-10-19)"
    measured: datetime | None
    evidence: tuple[Evidence, ...]


def kidney_value(ctx: ToolContext, measure: str) -> KidneyValue | str:
    """Kidney function in a measure (egfr, mL/min/1.73 m²; crcl, mL/min), or why it cannot be told.

    On dialysis a creatinine tells nothing of the kidneys. A reported eGFR is followed unless a creatinine is newer. A run
    is not kept in the record: a check writes nothing.
    """
    if (dialysed := _dialysis(ctx)) is not None:
        return dialysed
    reported = _reported_egfr(ctx) if measure == "egfr" else None
    return reported or _calculated(ctx, measure)


def _dialysis(ctx: ToolContext) -> KidneyValue | None:
    """An active problem that says so, or one that was done of late."""
    problems = [r for r in ctx.chart.conditions if ctx.chart.is_active(r)]
    done = [r for r in ctx.chart.procedures if r.time is not None and ctx.as_of - r.time < _DIALYSIS_LASTS]
    row = next((r for r in reversed((*done, *problems)) if _ON_DIALYSIS.search(r.display)), None)
    if row is None:
        return None
    shown = f"dialysis on record ({plain_name(row.display)}, {dated(row)})"
    return KidneyValue(amount=0.0, shown=shown, measured=None, evidence=(cite(row),))


def _reported_egfr(ctx: ToolContext) -> KidneyValue | None:
    """The newest eGFR that a laboratory reported; None where there is none with a date, or a creatinine came after it."""
    newest = next((r for r in reversed(_values(ctx, "egfr")) if r.time is not None), None)
    if newest is None or newest.value is None or newest.time is None:
        return None
    reported = wall_clock(newest.time)
    if any(r.time is not None and wall_clock(r.time) > reported for r in _values(ctx, "creatinine")):
        return None
    shown = f"eGFR {newest.shown} ({day(newest.time)})"
    return KidneyValue(amount=newest.value, shown=shown, measured=newest.time, evidence=(newest.evidence,))


def _values(ctx: ToolContext, concept: str) -> list[Reading]:
    target = ctx.lexicon.resolve(concept, "observation")
    return [r for r in readings(ctx, target) if r.value is not None] if target else []


def _calculated(ctx: ToolContext, measure: str) -> KidneyValue | str:
    model, label, unit = _MEASURES[measure]
    if not ctx.twin:  # a story runs no model: whoever may read may have one
        return f"{label} was not calculated: no model is run here"
    try:
        card = ctx.twin.describe(model)
        run = ctx.twin.predict(card.id, calculators.gather(ctx, card, {}))
    except MissingCovariate as error:
        return f"not documented: {_named(error.details.get('missing'))}"
    except ChartTwinError as error:
        return error.message
    main = run.outputs[0]
    if not isinstance(main.value, int | float):
        return "the model gave no number"
    creatinine = next((i for i in run.inputs if i.name.startswith("creatinine")), None)
    measured = creatinine.time if creatinine is not None else None
    when = f" (creatinine of {day(measured)})" if measured else ""
    evidence = {i.evidence.ref: i.evidence for i in run.inputs if i.evidence is not None}
    shown = f"calculated {label} {number(float(main.value), 0)} {unit}{when}"
    return KidneyValue(amount=float(main.value), shown=shown, measured=measured, evidence=tuple(evidence.values()))


def _named(inputs: object) -> str:
    """Inputs of a model as a reader calls them: "creatinine, weight"."""
    names = inputs if isinstance(inputs, list) else []
    return ", ".join(re.sub(r"_(?:mg_dl|kg|cm|years)$", "", name) for name in names)


def is_below(rule: Rule, amount: float) -> bool:
    """Whether a value breaks a limit; some sources count the limit itself in."""
    return amount < rule["below"] if "below" in rule else amount <= rule["at_most"]


def limit_of(rule: Rule) -> str:
    """A limit in words: "below 30 mL/min"."""
    unit = _MEASURES[rule["measure"]][2]
    if "below" in rule:
        return f"below {number(rule['below'])} {unit}"
    return f"at {number(rule['at_most'])} {unit} or less"


def kidney(ctx: ToolContext, drug: Target, kinds: frozenset[str]) -> Iterable[Finding]:
    """The gravest kidney limit of a drug that is broken; else how far the limits on file reach."""
    found = rules_for("kidney", kinds)
    if not found:
        text = f"No kidney rule for {drug.label} is on file: not checked."
        yield Finding(check="kidney", severity=Severity.NOT_CHECKED, text=text)
        return
    values = {measure: kidney_value(ctx, measure) for measure in sorted({r["measure"] for r in found})}
    known = {m: v for m, v in values.items() if isinstance(v, KidneyValue)}
    broken = [r for r in found if r["measure"] in known and is_below(r, known[r["measure"]].amount)]
    if broken:
        rule = min(broken, key=lambda r: (list(Severity).index(Severity(r["severity"])), r.get("below", r.get("at_most"))))  # fmt: skip
        value = known[rule["measure"]]
        text = f"{opening(drug.label)} with {value.shown}: {rule['text']} {limit_of(rule)}."
        yield Finding(check="kidney", severity=Severity(rule["severity"]), text=text, evidence=value.evidence, source=rule["source"])  # fmt: skip
        yield from _age_of(ctx, value)
        return
    for measure, told in values.items():
        label = _MEASURES[measure][1]
        if isinstance(told, str):
            text = f"{label if measure == 'egfr' else opening(label)} cannot be told ({told.rstrip('.')}), and {drug.label} depends on it: not checked."
            yield Finding(check="kidney", severity=Severity.NOT_CHECKED, text=text)
            continue
        text = f"With {told.shown} no limit on file for {drug.label} is reached."
        source = next(r["source"] for r in found if r["measure"] == measure)
        yield Finding(check="kidney", severity=Severity.INFO, text=text, evidence=told.evidence, source=source)
        yield from _age_of(ctx, told)


def _age_of(ctx: ToolContext, value: KidneyValue) -> Iterable[Finding]:
    if value.measured is not None and ctx.as_of - value.measured > _OLD:
        text = f"The kidney function is of {day(value.measured)}, more than a year old."
        yield Finding(check="kidney", severity=Severity.WARNING, text=text, evidence=value.evidence)


def laboratory(ctx: ToolContext, kinds: frozenset[str]) -> Iterable[Finding]:
    """Limits by a lab value: the newest one decides; of a limit that only a recent value can break, nothing else is said."""
    for rule in rules_for("laboratory", kinds):
        target = ctx.lexicon.resolve(rule["concept"], "observation")
        values = _values(ctx, rule["concept"])
        label = target.label if target else rule["concept"]
        if "within_days" in rule and not (values and _is_within(ctx, values[-1], rule["within_days"])):
            continue
        if not values:
            text = f"{label} is not documented: not checked."
            yield Finding(check="laboratory", severity=Severity.NOT_CHECKED, text=text)
            continue
        newest = values[-1]
        try:
            value = convert(newest.value or 0.0, newest.unit, rule["unit"]) if rule["unit"] else newest.value or 0.0
        except ChartTwinError:
            text = f"{label} is in {newest.unit or 'no unit'}: not checked."
            yield Finding(check="laboratory", severity=Severity.NOT_CHECKED, text=text, evidence=(newest.evidence,))
            continue
        side = "above" if "above" in rule else "below"
        limit = f"{side} {number(rule[side])} {unit_label(rule['unit'])}".strip()
        if value > rule["above"] if side == "above" else value < rule["below"]:
            text = f"{label} is {newest.shown} on {day(newest.time)}, {limit}. {rule['text']}"
            yield Finding(check="laboratory", severity=Severity(rule["severity"]), text=text, evidence=(newest.evidence,), source=rule["source"])  # fmt: skip
        elif "within_days" not in rule:
            text = f"{label} is {newest.shown} on {day(newest.time)}, not {limit}."
            yield Finding(check="laboratory", severity=Severity.INFO, text=text, evidence=(newest.evidence,))


def _is_within(ctx: ToolContext, reading: Reading, days: int) -> bool:
    return reading.time is not None and ctx.as_of - reading.time < timedelta(days=days)
