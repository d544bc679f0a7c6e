"""Measurements as the record has them: labs, vitals, scores and social observations, in one unit and with their range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.errors import UnitMismatch, UnknownUnit
from domain.facts import Evidence, Fact, FactKind, Frozen
from domain.quantities import convert, normalise_unit
from tools.concepts import Target
from tools.context import ToolContext, day, number, plain_name, within
from tools.outcome import RetryableToolError, Statement, say
from tools.times.periods import Period

if TYPE_CHECKING:
    from knowledge_base.rows import ObservationRow

_LOINC = "http://loinc.org"
_PRESSURE_PANELS = {(_LOINC, "85354-9"), (_LOINC, "55284-4")}
_SYSTOLIC, _DIASTOLIC = (_LOINC, "8480-6"), (_LOINC, "8462-4")
_UNIT_LABELS = {
    "mm[Hg]": "mmHg",
    "Cel": "°C",
    "[degF]": "°F",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "kg/m2": "kg/m²",
    "10*3/uL": "×10³/µL",
    "10*6/uL": "×10⁶/µL",
    "10*9/L": "×10⁹/L",
    "1": "",
    "[pH]": "",
    "pH": "",
    "{INR}": "",
    "{ratio}": "",
    "{nominal}": "",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "[ft_i]": "ft",
    "[oz_av]": "oz",
    "[stone_av]": "st",
    "a": "years",
    "m2": "m²",
    "{#}": "",
}


_ADULT = 18
_POUNDS_A_STONE = 14
_COARSE = 20.0  # from here on a converted value is given to one decimal: no result is known finer


class Reading(Frozen):
    """One measurement as answers use it; a blood pressure has both `value` (systolic) and `second` (diastolic)."""

    ref: str
    name: str
    time: datetime | None
    value: float | None = None
    second: float | None = None
    unit: str = ""
    text: str = ""
    comparator: str = ""
    low: float | None = None
    high: float | None = None
    as_recorded: str = ""  # the value as it stands in the record, where it is shown in another unit

    @property
    def shown(self) -> str:
        """The value with its unit as clinicians write it."""
        if self.second is not None and self.value is not None:
            return f"{number(self.value)}/{number(self.second)} {unit_label(self.unit)}".strip()
        if self.value is not None:
            return f"{self.comparator}{number(self.value)} {unit_label(self.unit)}".strip()
        return self.text or "no value"

    @property
    def evidence(self) -> Evidence:
        """The citation of this reading."""
        return Evidence(ref=self.ref, quote=f"{self.name}: {self.as_recorded or self.shown}", time=self.time)


def unit_label(unit: str) -> str:
    """A UCUM unit as clinicians write it."""
    if unit in _UNIT_LABELS:
        return _UNIT_LABELS[unit]
    return unit.strip("{}").replace("_", " ") if unit.startswith("{") else unit


_WRITTEN_OUT = re.compile(
    r"\s*(?P<comparator>[<>]=?|≤|≥)?\s*(?P<value>\d+(?:\.\d+)?)\s+(?P<unit>(?:10\*\d+/|[a-zµμ%])\S*)\s*", re.IGNORECASE
)


def _written_out(text: str) -> dict[str, Any]:
    """Value and unit of a result that came as words ("148 ug/g"); nothing where the words are not one number and its unit."""
    found = _WRITTEN_OUT.fullmatch(text)
    if found is None:
        return {}
    unit = normalise_unit(found["unit"])
    try:
        convert(1.0, unit, f"{unit}.1")  # parses the unit, which equal units would not
    except UnknownUnit:
        return {}
    except UnitMismatch:
        pass
    comparator = {"≤": "<=", "≥": ">="}.get(found["comparator"] or "", found["comparator"] or "")
    return {"value": float(found["value"]), "unit": unit, "comparator": comparator}


def reading_of(row: ObservationRow) -> Reading:
    """A row as a reading; a number with its unit that came as text is read as one."""
    if row.value is None and row.value_text and (written := _written_out(row.value_text)):
        row = row.model_copy(update=written)
    return Reading(
        ref=row.ref,
        name=plain_name(row.display),
        time=row.time,
        value=row.value,
        unit=row.unit,
        text=plain_name(row.value_text) if row.value_text else "",
        comparator=row.comparator,
        low=row.reference_low,
        high=row.reference_high,
    )


def readings(ctx: ToolContext, target: Target, period: Period | None = None) -> list[Reading]:
    """Every reading of a target, oldest first; a blood pressure is one reading, not two."""
    rows = within(ctx.chart.observations, period)
    if is_pressure(ctx, target):
        return _pressures(rows)
    matched = [r for r in rows if ctx.lexicon.matches(target, r, "observation")]
    found = [reading_of(r) for r in matched if r.value is not None or r.value_text]
    return _in_one_unit(found, ctx.lexicon, target)


def is_pressure(ctx: ToolContext, target: Target) -> bool:
    """Whether the target is the systolic/diastolic pair."""
    concept = ctx.lexicon.vocabulary.get("observation", target.id)
    return concept is not None and bool(_PRESSURE_PANELS.intersection(concept.codes))


def _pressures(rows: Sequence[ObservationRow]) -> list[Reading]:
    pairs: dict[str, dict[str, ObservationRow]] = {}
    for row in rows:
        side = "s" if _SYSTOLIC in row.codes else "d" if _DIASTOLIC in row.codes else ""
        if side and row.value is not None:
            key = row.parent_ref or f"{row.time}"
            pairs.setdefault(key, {})[side] = row
    found = []
    for pair in pairs.values():
        first = pair.get("s") or pair["d"]
        if len(pair) == 2:
            ref = first.parent_ref or first.ref
            found.append(
                Reading(
                    ref=ref.partition("#")[0],
                    name="Blood pressure",
                    time=first.time,
                    value=pair["s"].value,
                    second=pair["d"].value,
                    unit=first.unit,
                )
            )
    return sorted(found, key=lambda r: r.time.timestamp() if r.time else 0.0)


def _in_one_unit(found: list[Reading], lexicon: Any, target: Target) -> list[Reading]:
    """Readings in the unit of the newest, where older ones were reported in another (mg/dL, then umol/L)."""
    units = [normalise_unit(r.unit) for r in found if r.value is not None and r.unit]
    if len(set(units)) < 2:
        return found
    concept = lexicon.vocabulary.get("observation", target.id)
    substance = (concept.extra.get("substance") or None) if concept else None
    home, changed = units[-1], []
    for reading in found:
        if reading.value is not None and reading.unit and normalise_unit(reading.unit) != home:
            try:
                given = {k: v for k, v in (("low", reading.low), ("high", reading.high)) if v is not None}
                limits = {k: round(convert(v, reading.unit, home, substance), 4) for k, v in given.items()}
                value = round(convert(reading.value, reading.unit, home, substance), 4)
                changes = {"value": value, "unit": home, "as_recorded": reading.shown, **limits}
                reading = reading.model_copy(update=changes)
            except (UnitMismatch, UnknownUnit):
                pass  # shown in its own unit; statistics leave it out and say so
        changed.append(reading)
    return changed


def comparable(found: Sequence[Reading]) -> tuple[list[Reading], tuple[str, ...]]:
    """The numeric readings in the unit of the newest, and a warning that names how many had to be left out."""
    numeric = [r for r in found if r.value is not None]
    if not numeric:
        return [], ()
    home = normalise_unit(numeric[-1].unit)
    kept = [r for r in numeric if normalise_unit(r.unit) == home]
    left_out = len(numeric) - len(kept)
    warning = f"{left_out} values could not be expressed in the same unit and were left out."
    return kept, (warning,) if left_out else ()


def find_target(ctx: ToolContext, concept: str) -> Target:
    """The observation that a name means: from the vocabulary, else from the record's own names.

    Raises:
        RetryableToolError: neither knows the name; the message lists names that the record has.
    """
    if (own := ctx.lexicon.of_record(concept, ctx.chart.observations, "observation")) is not None:
        return own
    from_vocabulary = ctx.lexicon.resolve(concept, "observation")
    if from_vocabulary is not None:
        return from_vocabulary
    from_record = ctx.lexicon.from_record(concept, ctx.chart.observations, "observation")
    if from_record is not None:
        return from_record
    names = sorted({plain_name(r.display) for r in ctx.chart.observations})[:40]
    raise RetryableToolError(f"no observation is called that; this record has: {', '.join(names) or 'none'}")


def also_in(ctx: ToolContext, target: Target, reading: Reading, unit: str, value: float | None = None) -> str:
    """The value once more in the unit asked for, where it converts; `value` stands for a statistic of such readings."""
    value = reading.value if value is None else value
    wanted = unit_meant(ctx, target, unit, reading.unit)
    if not wanted or value is None or normalise_unit(wanted) == normalise_unit(reading.unit):
        return ""
    try:
        amount = convert(value, reading.unit, wanted, substance_of(ctx, target))
        converted = number(amount, 1 if abs(amount) >= _COARSE else 2)
        if normalise_unit(wanted) == "[stone_av]":  # as it is said where stones are used: whole stones and pounds
            pounds = round(amount * _POUNDS_A_STONE)
            return f" ({converted} st, {pounds // _POUNDS_A_STONE} st {pounds % _POUNDS_A_STONE} lb)"
        return f" ({converted} {unit_label(normalise_unit(wanted))})"
    except (UnitMismatch, UnknownUnit):
        return f" (not convertible to {unit_label(normalise_unit(wanted))})"


def substance_of(ctx: ToolContext, target: Target) -> str | None:
    """What a conversion between mass and amount needs to know of a result, None where the vocabulary names none."""
    concept = ctx.lexicon.vocabulary.get("observation", target.id)
    return (concept.extra.get("substance") or None) if concept else None


# What laboratories that report in SI units use; a result that is in neither list keeps its unit.
_SI_UNITS = ("mmol/L", "umol/L", "g/L", "mmol/mol", "Cel", "kg", "cm")
_MICROMOLAR = frozenset({"creatinine", "bilirubin", "uric_acid", "iron"})


def unit_meant(ctx: ToolContext, target: Target, unit: str, recorded: str) -> str:
    """The unit asked for; "SI" and "conventional" by what is usual for the result."""
    if unit == "conventional":
        concept = ctx.lexicon.vocabulary.get("observation", target.id)
        return {"Cel": "[degF]", "kg": "[lb_av]", "cm": "[in_i]"}.get(
            recorded, concept.extra.get("unit", "") if concept else ""
        )
    if unit != "SI":
        return unit
    substance = substance_of(ctx, target)
    order: tuple[str, ...] = ("umol/L", *_SI_UNITS) if substance in _MICROMOLAR else _SI_UNITS
    if substance in {"albumin", "hemoglobin"}:
        order = ("g/L",)
    for candidate in order:
        try:
            convert(1.0, recorded, candidate, substance)
        except (UnitMismatch, UnknownUnit):
            continue
        return candidate
    return ""


def reference_range(
    ctx: ToolContext, target: Target, reading: Reading | None = None
) -> tuple[float | None, float | None]:
    """The range reported with the reading, else the vocabulary's adult range when the units agree."""
    if reading is not None and (reading.low is not None or reading.high is not None):
        return reading.low, reading.high
    concept = ctx.lexicon.vocabulary.get("observation", target.id)
    age = ctx.chart.age_on(reading.time) if reading is not None and reading.time is not None else ctx.chart.age
    if age is None or age < _ADULT:  # the vocabulary's ranges are for adults
        return None, None
    if concept is None or (
        reading is not None and normalise_unit(reading.unit) != normalise_unit(concept.extra.get("unit", ""))
    ):
        return None, None
    return concept.number("low"), concept.number("high")


def note_values(ctx: ToolContext, target: Target, period: Period | None = None, limit: int = 3) -> list[Statement]:
    """Values of the target that only notes state, newest first: testimony, marked as such."""
    facts = [
        f
        for f in ctx.chart.facts
        if f.kind is FactKind.OBSERVATION
        and f.concept_id in target.ids
        and f.value is not None
        and not (f.assertion.is_negated or f.assertion.is_family or f.assertion.is_hypothetical)
    ]
    dated = [(fact_time(ctx, f), f) for f in facts]
    dated = [(t, f) for t, f in dated if period is None or period.contains(t)]
    dated.sort(key=lambda pair: pair[0].timestamp() if pair[0] else 0.0, reverse=True)
    return [
        say(
            f"A note of {day(ctx.chart.note_times.get(f.evidence.span.note_id if f.evidence.span else ''))} says "
            f"“{f.evidence.quote}” (note text only, not in the structured record).",
            f.evidence,
        )
        for _, f in dated[:limit]
    ]


def fact_time(ctx: ToolContext, fact: Fact) -> datetime | None:
    """When a note fact held: its own date, else its note's."""
    return fact.effective or ctx.chart.note_time(fact)


def reading_data(reading: Reading) -> dict[str, Any]:
    """A reading as a tool hands it on: numbers, unit, time in ISO form and where it stands in the record."""
    return {
        "value": reading.value,
        "second": reading.second,
        "unit": reading.unit,
        "text": reading.text,
        "time": reading.time.isoformat() if reading.time else None,
        "ref": reading.ref,
    }
