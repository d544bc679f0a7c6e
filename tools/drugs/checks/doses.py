"""The dose of an order against the most that its label gives: to adults, and to children by their weight."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from domain.errors import ChartTwinError
from domain.facts import Evidence, Frozen, MedicationSig
from domain.quantities import convert
from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite, day, number
from tools.drugs.checks.others import ingredients
from tools.drugs.checks.rules import Rule, opening, rules, rules_for
from tools.drugs.medications import Course
from tools.measurements.changes import interval_hours
from tools.measurements.readings import readings, unit_label

_ADULT = 18
_WEEKLY = 0.5  # doses a day, above which a drug is taken more often than weekly
_FAR = 1.5  # times the limit: an order then needs a reason
_AMOUNT = r"(\d+(?:\.\d+)?)\s*(mg|mcg|ug|g)\b(?!/)"
_COUNT = re.compile(r"(?:\d+\s*(?:-|to)\s*)?(\d+(?:\.\d+)?)\s*(?:tab|cap|pill|caplet)", re.IGNORECASE)


class _Given(Frozen):
    """A dose as ordered, in the unit of the limit."""

    single: float
    total: float  # of a day, or one dose where the rhythm was not said
    unit: str
    said: str  # "30000 mg a day"
    evidence: tuple[Evidence, ...] = ()


def dose(
    ctx: ToolContext,
    drug: Target,
    kinds: frozenset[str],
    sig: MedicationSig | None,
    per_day: float | None,
    active: Sequence[Course] = (),
) -> Iterable[Finding]:
    """The day's dose against the limits on file, alone and with what other active orders hold; drugs not taken daily.

    A child is held to the limit by weight where one is on file, and to the adult limit in every case.
    """
    for warned in rules_for("not_daily", kinds):
        if (per_day is None or per_day > _WEEKLY) and _reaches(sig, warned):
            yield Finding(
                check="dose", severity=Severity(warned["severity"]), text=warned["text"], source=warned["source"]
            )
    if sig is None or sig.dose is None:
        yield _unchecked("No dose was given: not checked.")
        return
    age, route = ctx.chart.age, sig.route or "oral"
    assumed = "" if sig.route else ", taken as an oral dose"
    adult = _adult_limit(drug, route, age)
    if age is None:
        yield _unchecked("The age is not documented: whether limits of adults or of children hold is not known.")
    if age is not None and age < _ADULT:
        yield from _for_a_child(ctx, drug, sig, per_day, adult, age, route)
        return
    if adult is None:
        way = f" given by the {sig.route} route" if sig.route else ""
        yield _unchecked(f"No dose limit for {drug.label}{way} is on file: not checked.")
        return
    given = _given(ctx, sig, per_day, adult["unit"])
    if isinstance(given, str):
        yield _unchecked(given)
        return
    most = f"the most that the label gives to adults{assumed}"
    yield _held_against(given, adult, most, Severity.WARNING)
    yield from _together(ctx, drug, given, adult, most, active)


def _adult_limit(drug: Target, route: str, age: float | None) -> Rule | None:
    """The limit for a route; of several by age, the one that begins last."""
    limits = [r for r in rules()["most_per_day"].get(drug.id, ()) if route in r["routes"]]
    reached = [r for r in limits if (age or 0) >= r.get("from_age", 0)]
    return max(reached, key=lambda r: r.get("from_age", 0), default=None)


def _together(
    ctx: ToolContext, drug: Target, given: _Given, adult: Rule, most: str, active: Sequence[Course]
) -> Iterable[Finding]:
    """The order with what the other active orders of the same ingredient come to."""
    others = [c for c in active if drug.id in ingredients(ctx, c)]
    amounts = [_a_day_of(c, drug, adult["unit"]) for c in others]
    names = ", ".join(c.name for c in others)
    evidence = (*given.evidence, *(cite(c.latest) for c in others))
    if not others:
        return
    if None in amounts:
        text = f"How much {drug.label} a day {names} comes to cannot be told, so the sum with it was not checked."
        yield Finding(check="dose", severity=Severity.NOT_CHECKED, text=text, evidence=evidence)
        return
    total = given.total + sum(a for a in amounts if a is not None)
    said = f"With {names}, {drug.label} comes to {number(total, 4)} {shown_in(adult['unit'])} a day, which"
    summed = given.model_copy(update={"total": total, "said": said, "evidence": evidence})
    yield _held_against(summed, adult, most, Severity.WARNING)


def _a_day_of(course: Course, drug: Target, unit: str) -> float | None:
    """How much of a drug an active order comes to in a day, by the strength in its name or the dose in its words."""
    row = course.latest
    hours = interval_hours(row)
    in_name = re.search(rf"\b{re.escape(drug.label)}\b[^/\d]*{_AMOUNT}", row.display, re.IGNORECASE)
    in_words = re.search(_AMOUNT, row.dosage_text)
    counted = _COUNT.search(row.dosage_text)
    found = in_name if "/" in row.display or counted else in_words or in_name
    if found is None or not hours or (found is in_name and counted is None):
        return None
    amount = convert(float(found[1]), {"mcg": "ug"}.get(found[2].lower(), found[2].lower()), unit)
    return amount * (float(counted[1]) if counted and found is in_name else 1.0) * 24.0 / hours


def _reaches(sig: MedicationSig | None, rule: Rule) -> bool:
    """Whether a rule that speaks of large doses only is of this one; a dose that cannot be compared is not."""
    if "from" not in rule:
        return True
    try:
        return (
            sig is not None
            and sig.dose is not None
            and convert(sig.dose.value, sig.dose.unit, rule["unit"]) >= rule["from"]
        )
    except ChartTwinError:
        return False


def _for_a_child(
    ctx: ToolContext,
    drug: Target,
    sig: MedicationSig,
    per_day: float | None,
    adult: Rule | None,
    age: float,
    route: str,
) -> Iterable[Finding]:
    unit = adult["unit"] if adult else "mg"
    given = _given(ctx, sig, per_day, unit)
    if isinstance(given, str):
        yield _unchecked(given)
        return
    if adult is not None and _exceeds(given.total, adult["most_per_day"]):
        yield _held_against(given, adult, "the most that the label gives even to adults", Severity.CRITICAL)
        return
    listed = [r for r in rules_for("children", [drug.id]) if route in r["routes"]]
    rule = next((r for r in listed if r["years"][0] <= age < r["years"][1]), None)
    if rule is None:
        held = f" The dose is held to the limit for adults only, {_most(adult)}." if adult is not None else ""
        yield _unchecked(f"No pediatric limit for {drug.label} at {number(age)} years is on file: not checked.{held}")
        return
    weight = _weight(ctx)
    if weight is None:
        yield _unchecked(f"No body weight is documented, and the limit of {drug.label} for a child goes by it: not checked.")  # fmt: skip
        return
    kg, shown, evidence = weight
    most = min(rule["per_kg_day"] * kg, rule["most_per_day"])
    by_weight = {"most_per_day": most, "unit": rule["unit"], "source": rule["source"], "note": f"{number(rule['per_kg_day'])} {rule['unit']}/kg at {shown}"}  # fmt: skip
    found = _held_against(given, by_weight, "the most for a child of this weight", Severity.CRITICAL)
    yield found.model_copy(update={"evidence": (*given.evidence, evidence)})


def _given(ctx: ToolContext, sig: MedicationSig, per_day: float | None, unit: str) -> _Given | str:
    """The dose in the unit of the limit, or why it cannot be told; a dose by weight is multiplied out."""
    assert sig.dose is not None
    highest = sig.dose_high or sig.dose
    count = sig.amount.value if sig.amount and sig.amount.unit.startswith("{") else 1.0
    value, own_unit, evidence = highest.value, highest.unit, ()
    by_weight, a_day = "", False
    parts = own_unit.split("/")
    if len(parts) > 1 and parts[1] == "kg" and parts[2:] in ([], ["d"]):
        weight = _weight(ctx)
        if weight is None:
            return f"A dose in {own_unit} needs a body weight, and none is documented: not checked."
        kg, shown, cited = weight
        by_weight = f" ({number(value, 4)} {own_unit} at {shown})"
        value, own_unit, evidence, a_day = value * kg, parts[0], (cited,), len(parts) > 2  # type: ignore[assignment]
    elif len(parts) > 1:
        return f"A dose in {own_unit} is not checked."
    in_unit = shown_in(unit)
    try:
        single = convert(value, own_unit, unit) * count
    except ChartTwinError:
        return f"The dose is in {unit_label(highest.unit)}, the limit on file in {unit}: not checked."
    if a_day:
        total, said = single, f"{number(single, 4)} {in_unit} a day{by_weight}"
    elif per_day:
        total = single * max(per_day, 1.0)
        said = f"{number(total, 4)} {in_unit} a day{by_weight}"
    else:
        total, said = single, f"One dose of {number(single, 4)} {in_unit}{by_weight}"
    return _Given(single=single, total=total, unit=unit, said=said, evidence=evidence)


def _held_against(given: _Given, rule: Rule, what: str, above: Severity) -> Finding:
    note = f"; {rule['note']}" if rule.get("note") else ""
    if _exceeds(given.total, rule["most_per_day"]):
        far = given.total >= _FAR * rule["most_per_day"]
        text = f"{opening(given.said)} is more than {what}: {_most(rule)}{note}."
        severity = Severity.CRITICAL if far else above
        return Finding(check="dose", severity=severity, text=text, source=rule["source"], evidence=given.evidence)
    text = f"{opening(given.said)} is within {what}: {_most(rule)}{note}."
    return Finding(check="dose", severity=Severity.INFO, text=text, source=rule["source"], evidence=given.evidence)


def _exceeds(total: float, most: float) -> bool:
    return total > most * 1.0001


def _most(rule: Rule) -> str:
    return f"{number(rule['most_per_day'], 4)} {shown_in(rule['unit'])} a day"


def shown_in(unit: str) -> str:
    """A unit of dose as orders write it."""
    return {"[IU]": "units", "ug": "mcg"}.get(unit, unit_label(unit))


def _unchecked(text: str) -> Finding:
    return Finding(check="dose", severity=Severity.NOT_CHECKED, text=text)


def _weight(ctx: ToolContext) -> tuple[float, str, Evidence] | None:
    """The newest body weight in kg, as it is shown, with its evidence."""
    target = ctx.lexicon.resolve("weight", "observation")
    values = [r for r in readings(ctx, target) if r.value is not None] if target else []
    if not values:
        return None
    newest = values[-1]
    try:
        kg = convert(newest.value or 0.0, newest.unit, "kg")
    except ChartTwinError:
        return None
    return kg, f"{number(kg)} kg of {day(newest.time)}", newest.evidence
