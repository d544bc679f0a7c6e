"""Labs, vitals, scores and social observations: latest, series, statistics, change, thresholds."""

from __future__ import annotations

import statistics as stats
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.errors import UnitMismatch, UnknownUnit
from domain.facts import Evidence, Fact, FactKind, Frozen
from domain.quantities import Quantity, convert, normalise_unit
from tools.concepts import Target
from tools.context import ToolContext, day, in_sentence, number, plain_name, within
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.periods import Period

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
    "a": "years",
    "m2": "m²",
    "{#}": "",
}


_ADULT = 18
_COARSE = 20.0  # from here on a converted value is given to one decimal: no result is known finer
_LISTED = 10  # so many values above or below a limit are listed one by one


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


def reading_of(row: ObservationRow) -> Reading:
    """A row as a reading."""
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
    if concept.startswith("record:"):
        name = concept.removeprefix("record:")
        return Target(kind="observation", id=concept, label=name, displays=frozenset({name}))
    from_vocabulary = ctx.lexicon.resolve(concept, "observation")
    if from_vocabulary is not None:
        return from_vocabulary
    from_record = ctx.lexicon.from_record(concept, ctx.chart.observations, "observation")
    if from_record is not None:
        return from_record
    names = sorted({plain_name(r.display) for r in ctx.chart.observations})[:40]
    raise RetryableToolError(f"no observation is called that; this record has: {', '.join(names) or 'none'}")


# --- tools -------------------------------------------------------------------------------------------------------


def latest(
    ctx: ToolContext, concept: str, offset: int = 0, first: bool = False, period: Period | None = None, unit: str = ""
) -> ToolResult:
    """The most recent value of a lab, vital or score, or the one `offset` places before it (`first`: from the start)."""
    target = find_target(ctx, concept)
    found = readings(ctx, target, period)
    label = in_sentence(target)
    if not found:
        return not_recorded(ctx, target, period)
    position = offset if first else len(found) - 1 - offset
    if not 0 <= position < len(found):
        ends = found[0] if not first else found[-1]
        which = "earlier" if not first else "later"
        return ToolResult(
            tool="latest",
            found=False,
            statements=(
                say(
                    f"No {which} {label} is documented: the record has {len(found)} "
                    f"{'value' if len(found) == 1 else 'values'}{_in_period(period)}, the "
                    f"{'first' if not first else 'last'} on {day(ends.time)} ({ends.shown}).",
                    ends.evidence,
                ),
            ),
            looked_at=(_looked_at_observations(ctx),),
            data={"concept": target.id, "offset": offset, "n": len(found)},
        )
    chosen = found[position]
    lead = ("First" if offset == 0 else f"{_ordinal(offset + 1)}") if first else _lead(offset)
    shown = f"**{chosen.shown}**{_also_in(ctx, target, chosen, unit)}"
    statement = say(f"{lead} {label}{_in_period(period)}: {shown} on {day(chosen.time)}.", chosen.evidence)
    return ToolResult(
        tool="latest",
        statements=(statement, *_range_note(ctx, target, chosen)),
        data={"concept": target.id, "offset": offset, "first": first, "n": len(found), **_reading_data(chosen)},
        artifacts=(_trend(ctx, target, found),) if len(found) > 1 and chosen.value is not None else (),
    )


def _also_in(ctx: ToolContext, target: Target, reading: Reading, unit: str, value: float | None = None) -> str:
    """The value once more in the unit asked for, where it converts; `value` stands for a statistic of such readings."""
    value = reading.value if value is None else value
    wanted = _unit_meant(ctx, target, unit, reading.unit)
    if not wanted or value is None or normalise_unit(wanted) == normalise_unit(reading.unit):
        return ""
    try:
        amount = convert(value, reading.unit, wanted, _substance(ctx, target))
        converted = number(amount, 1 if abs(amount) >= _COARSE else 2)
        return f" ({converted} {unit_label(normalise_unit(wanted))})"
    except (UnitMismatch, UnknownUnit):
        return f" (not convertible to {unit_label(normalise_unit(wanted))})"


def _substance(ctx: ToolContext, target: Target) -> str | None:
    concept = ctx.lexicon.vocabulary.get("observation", target.id)
    return (concept.extra.get("substance") or None) if concept else None


# What laboratories that report in SI units use; a result that is in neither list keeps its unit.
_SI_UNITS = ("mmol/L", "umol/L", "g/L", "mmol/mol", "Cel", "kg", "cm")
_MICROMOLAR = frozenset({"creatinine", "bilirubin", "uric_acid", "iron"})


def _unit_meant(ctx: ToolContext, target: Target, unit: str, recorded: str) -> str:
    """The unit asked for; "SI" and "conventional" by what is usual for the result."""
    if unit == "conventional":
        concept = ctx.lexicon.vocabulary.get("observation", target.id)
        return {"Cel": "[degF]", "kg": "[lb_av]", "cm": "[in_i]"}.get(
            recorded, concept.extra.get("unit", "") if concept else ""
        )
    if unit != "SI":
        return unit
    substance = _substance(ctx, target)
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


def _lead(offset: int) -> str:
    return {0: "Latest", 1: "Previous"}.get(offset, f"{_ordinal(offset + 1)} most recent")


def _ordinal(n: int) -> str:
    suffix = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"


def _in_period(period: Period | None) -> str:
    return f" {_with_preposition(period.label)}" if period is not None and period.label else ""


def _with_preposition(label: str) -> str:
    head = label.split()[0].lower()
    known = {
        "in",
        "on",
        "over",
        "during",
        "within",
        "since",
        "after",
        "before",
        "between",
        "from",
        "the",
        "until",
        "through",
        "prior",
        "by",
        "as",
        "up",
        "for",
        "across",
        "at",
        "of",
        "around",
        "dated",
        "about",
    }
    if head in {"last", "past", "previous", "this", "current"}:
        return f"in the {label}" if head == "past" or any(c.isdigit() for c in label) else label
    if head in known:
        return label
    return f"on {label}" if len(head) == 10 and head[:4].isdigit() else f"in {label}" if head[:1].isdigit() else label


def _reading_data(reading: Reading) -> dict[str, Any]:
    return {
        "value": reading.value,
        "second": reading.second,
        "unit": reading.unit,
        "text": reading.text,
        "time": reading.time.isoformat() if reading.time else None,
        "ref": reading.ref,
    }


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


def _range_note(ctx: ToolContext, target: Target, reading: Reading) -> tuple[Statement, ...]:
    """A flag when the value lies outside the range that the laboratory reported with it."""
    if reading.value is None or (reading.low is None and reading.high is None):
        return ()
    if reading.low is not None and reading.value < reading.low:
        return (say(f"Below the reported range (low limit {number(reading.low)}).", reading.evidence),)
    if reading.high is not None and reading.value > reading.high:
        return (say(f"Above the reported range (high limit {number(reading.high)}).", reading.evidence),)
    return ()


def _looked_at_observations(ctx: ToolContext) -> str:
    return f"{len(ctx.chart.observations)} observations up to {day(ctx.as_of)}"


def not_recorded(ctx: ToolContext, target: Target, period: Period | None = None) -> ToolResult:
    """A plain "not documented" with what was searched, and what a note says if a note has it."""
    label = in_sentence(target)
    outside = readings(ctx, target) if period is not None else []
    statements = [say(f"Not documented: no {label} result is recorded{_in_period(period)}.")]
    if outside:
        last = outside[-1]
        statements.append(
            say(f"Outside that period the most recent was {last.shown} on {day(last.time)}.", last.evidence)
        )
    statements.extend(note_values(ctx, target, period))
    looked_at = (_looked_at_observations(ctx), f"{len(ctx.chart.notes)} notes")
    return ToolResult(
        tool="latest",
        found=False,
        statements=(*statements, say(f"Looked at {' and '.join(looked_at)}.")),
        looked_at=looked_at,
        data={"concept": target.id, "n": 0},
    )


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


def series(ctx: ToolContext, concept: str, period: Period | None = None, limit: int | None = None) -> ToolResult:
    """All values of a lab or vital over time with the trend; `limit` keeps the newest so many."""
    target = find_target(ctx, concept)
    found = readings(ctx, target, period)
    label = in_sentence(target)
    if not found:
        return not_recorded(ctx, target, period)
    _, warnings = comparable(found)
    if warnings:  # a direction across units that do not convert would mean nothing
        found = [r for r in found if r.value is None or normalise_unit(r.unit) == normalise_unit(found[-1].unit)]
    kept = found[-limit:] if limit else found
    statements = [_series_head(label, found, kept, period)]
    shown = kept if len(kept) <= 12 else [*kept[:2], *kept[-8:]]
    for index, reading in enumerate(shown):
        if len(shown) < len(kept) and index == 2:
            statements.append(say(f"… {len(kept) - len(shown)} more in between …", item=True))
        statements.append(say(f"{day(reading.time)}: {reading.shown}", reading.evidence, item=True))
    return ToolResult(
        tool="series",
        statements=tuple(statements),
        warnings=warnings,
        data={"concept": target.id, "n": len(kept), "readings": [_reading_data(r) for r in kept]},
        artifacts=(_trend(ctx, target, kept),) if any(r.value is not None for r in kept) else (),
    )


def _series_head(label: str, found: list[Reading], kept: list[Reading], period: Period | None) -> Statement:
    first, last = kept[0], kept[-1]
    if len(kept) == 1:
        return say(f"One {label} value{_in_period(period)}: **{last.shown}** on {day(last.time)}.", last.evidence)
    newest = f" (the newest {len(kept)} of {len(found)})" if len(kept) < len(found) else ""
    text = (
        f"{label[:1].upper() + label[1:]}, {len(kept)} values{newest}{_in_period(period)}: {_direction(kept)} from "
        f"{first.shown} on {day(first.time)} to **{last.shown}** on {day(last.time)}."
    )
    return say(text, first.evidence, last.evidence)


def _direction(kept: list[Reading]) -> str:
    values = [r.value for r in kept if r.value is not None]
    if len(values) < 2:
        return "went"
    change = values[-1] - values[0]
    spread = max(values) - min(values)
    if spread == 0 or abs(change) < 0.05 * max(abs(values[0]), 1e-9):
        return "about stable,"
    return "rose" if change > 0 else "fell"


def _trend(ctx: ToolContext, target: Target, found: list[Reading]) -> dict[str, Any]:
    points = [
        {"time": r.time.isoformat() if r.time else None, "value": r.value, "second": r.second, "ref": r.ref}
        for r in found
        if r.value is not None
    ]
    low, high = reference_range(ctx, target, found[-1])
    return {
        "kind": "trend",
        "title": target.label,
        "unit": unit_label(found[-1].unit),
        "points": points,
        "reference_range": [low, high] if low is not None or high is not None else None,
    }


_STATISTICS: dict[str, tuple[str, Callable[[Sequence[float]], float]]] = {
    "mean": ("Average", lambda v: stats.fmean(v)),
    "median": ("Median", lambda v: stats.median(v)),
    "min": ("Lowest", min),
    "max": ("Highest", max),
    "sum": ("Total", lambda v: float(sum(v))),
    "stdev": ("Standard deviation of", lambda v: stats.stdev(v) if len(v) > 1 else 0.0),
}


def statistics(
    ctx: ToolContext,
    concept: str,
    statistic: str = "mean",
    period: Period | None = None,
    limit: int | None = None,
    unit: str = "",
) -> ToolResult:
    """The mean, median, min, max, range or count of a lab or vital over a window; `limit` keeps the newest so many.

    `unit` adds the value in another unit.
    """
    if statistic not in {*_STATISTICS, "count", "range"}:
        raise RetryableToolError(f"statistic is one of {', '.join([*_STATISTICS, 'count', 'range'])}")
    target = find_target(ctx, concept)
    everything = readings(ctx, target, period)
    found = everything[-limit:] if limit else everything
    if statistic == "count":
        return _count(ctx, target, found, period)
    numeric, warnings = comparable(found)
    bounded = sum(1 for r in numeric if r.comparator)
    if bounded and statistic not in {"min", "max", "range"}:
        warnings += (f"{bounded} of the values are bounds such as '<0.01' and entered the {statistic} at their limit.",)
    if not numeric:  # a coded observation (smoking status) has no average: show it as it is
        return latest(ctx, concept, period=period) if found else not_recorded(ctx, target, period)
    statements = tuple(
        _statistic_statement(ctx, s, target, numeric, period, unit)
        for s in (("min", "max") if statistic == "range" else (statistic,))
    )
    return ToolResult(
        tool="statistics",
        statements=statements,
        data={
            "concept": target.id,
            "statistic": statistic,
            "n": len(numeric),
            "value": _rounded(statistic, [r.value for r in numeric if r.value is not None]),
        },
        warnings=warnings,
        artifacts=(_trend(ctx, target, numeric),) if len(numeric) > 1 else (),
    )


def _rounded(statistic: str, values: Sequence[float]) -> float | None:
    return round(_STATISTICS[statistic][1](values), 4) if statistic in _STATISTICS else None


def _statistic_statement(
    ctx: ToolContext, statistic: str, target: Target, found: list[Reading], period: Period | None, wanted: str = ""
) -> Statement:
    word, function = _STATISTICS[statistic]
    label, unit = in_sentence(target), unit_label(found[-1].unit)
    count = f"{len(found)} {'value' if len(found) == 1 else 'values'}"
    if statistic in {"min", "max"}:
        extreme = function([r.value for r in found if r.value is not None])
        where = next(r for r in reversed(found) if r.value == extreme)
        also = _also_in(ctx, target, where, wanted)
        text = f"{word} {label}{_in_period(period)}: **{where.shown}**{also} on {day(where.time)} (of {count})."
        return say(text, where.evidence)
    value = function([r.value for r in found if r.value is not None])
    shown = number(value)
    seconds = [r.second for r in found if r.second is not None]
    if seconds:
        shown += f"/{number(function(seconds))}"
    dates = f"{day(found[0].time)} to {day(found[-1].time)}"
    also = _also_in(ctx, target, found[-1], wanted, value) if not seconds else ""
    text = f"{word} {label}{_in_period(period)}: **{f'{shown} {unit}'.strip()}**{also} ({count}, {dates})."
    return say(text, *[r.evidence for r in _spread(found)])


def _spread(found: list[Reading], most: int = 6) -> list[Reading]:
    """The readings to cite for an aggregate: all of a few, else the first and the newest."""
    return found if len(found) <= most else [found[0], *found[-(most - 1) :]]


def _count(ctx: ToolContext, target: Target, found: list[Reading], period: Period | None) -> ToolResult:
    label = in_sentence(target)
    if not found:
        return not_recorded(ctx, target, period)
    text = f"**{len(found)}** {label} {'value is' if len(found) == 1 else 'values are'} recorded{_in_period(period)}, "
    text += f"first {day(found[0].time)}, last {day(found[-1].time)}."
    return ToolResult(
        tool="statistics",
        statements=(say(text, *[r.evidence for r in _spread(found)]),),
        data={"concept": target.id, "statistic": "count", "n": len(found), "value": len(found)},
    )


def _lowest(reading: Reading) -> float:
    """The least that a reading can mean: "<0.01" may be anything down to minus infinity."""
    return float("-inf") if reading.comparator in {"<", "<="} else reading.value or 0.0


def _highest(reading: Reading) -> float:
    return float("inf") if reading.comparator in {">", ">="} else reading.value or 0.0


def threshold(
    ctx: ToolContext, concept: str, comparison: str, value: float, unit: str = "", period: Period | None = None
) -> ToolResult:
    """How often, and when last, a lab or vital was above or below a value. `comparison`: above|below|at_least|at_most."""
    tests: dict[str, Callable[[Reading], bool]] = {
        "above": lambda r: _lowest(r) > value or (r.comparator in {">", ">="} and (r.value or 0.0) >= value),
        "below": lambda r: _highest(r) < value or (r.comparator in {"<", "<="} and (r.value or 0.0) <= value),
        "at_least": lambda r: _lowest(r) >= value,
        "at_most": lambda r: _highest(r) <= value,
    }
    if comparison not in tests:
        raise RetryableToolError(f"comparison is one of {', '.join(tests)}")
    target = find_target(ctx, concept)
    found, warnings = comparable(readings(ctx, target, period))
    if not found:
        return not_recorded(ctx, target, period)
    if not unit and any(r.as_recorded for r in found):
        # Values came in two units: a bare limit is meant in the usual one, and that is said.
        usual = ctx.lexicon.vocabulary.get("observation", target.id)
        unit = usual.extra.get("unit", "") if usual else ""
        if unit:
            warnings += (
                f"The limit was taken in {unit_label(normalise_unit(unit))}; values in other units were converted.",
            )
    if unit and normalise_unit(unit) != normalise_unit(found[-1].unit):
        concept_row = ctx.lexicon.vocabulary.get("observation", target.id)
        substance = (concept_row.extra.get("substance") or None) if concept_row else None
        value = Quantity(value=value, unit=unit).to(found[-1].unit, substance).value
    hits = [r for r in found if tests[comparison](r)]
    label, words = in_sentence(target), comparison.replace("_", " ")
    limit = f"{number(value)} {unit_label(found[-1].unit)}".strip()
    if not hits:
        highest = (
            max(found, key=lambda r: r.value or 0.0)
            if comparison in {"above", "at_least"}
            else min(found, key=lambda r: r.value or 0.0)
        )
        which = "highest" if comparison in {"above", "at_least"} else "lowest"
        text = (
            f"No: none of {len(found)} {label} values{_in_period(period)} was {words} {limit}; "
            f"the {which} was {highest.shown} on {day(highest.time)}."
        )
        return ToolResult(
            tool="threshold",
            statements=(say(text, highest.evidence),),
            data={"concept": target.id, "n": 0, "of": len(found), "value": value},
        )
    text = (
        f"Yes: **{len(hits)}** of {len(found)} {label} values{_in_period(period)} "
        f"{'was' if len(hits) == 1 else 'were'} {words} {limit}, most recently {hits[-1].shown} on {day(hits[-1].time)}."
    )
    listed = hits if 1 < len(hits) <= _LISTED else []
    return ToolResult(
        tool="threshold",
        statements=(
            say(text, *[r.evidence for r in _spread(hits)]),
            *(say(f"{day(r.time)}: {r.shown}", r.evidence, item=True) for r in listed),
        ),
        data={"concept": target.id, "n": len(hits), "of": len(found), "value": value},
        warnings=warnings,
        artifacts=(_trend(ctx, target, found),),
    )


def change(
    ctx: ToolContext, concept: str, period: Period | None = None, anchor: datetime | None = None, anchor_label: str = ""
) -> ToolResult:
    """How a lab or vital differs now from before: over a period, against the reading before, or across an event."""
    target = find_target(ctx, concept)
    everything = readings(ctx, target)
    found, warnings = comparable(everything)
    label = in_sentence(target)
    if not found:
        return series(ctx, concept, period) if everything else not_recorded(ctx, target, period)
    now = found[-1]
    earlier = _earlier_reading(found, period, anchor)
    if earlier is None or earlier.ref == now.ref:
        text = f"Only one comparable {label} is documented: **{now.shown}** on {day(now.time)}."
        return ToolResult(
            tool="change",
            found=False,
            statements=(say(text, now.evidence),),
            data={"concept": target.id, "n": len(found)},
        )
    difference = (now.value or 0.0) - (earlier.value or 0.0)
    percent = f", {difference / earlier.value:+.0%}" if earlier.value else ""
    verb = "unchanged" if difference == 0 else "up" if difference > 0 else "down"
    before = f"before {anchor_label}" if anchor_label else "earlier"
    moved = "" if difference == 0 else f" {number(abs(difference))} {unit_label(now.unit)}".rstrip() + percent
    text = (
        f"{label[:1].upper() + label[1:]} now: **{now.shown}** on {day(now.time)}; {before}: **{earlier.shown}** on "
        f"{day(earlier.time)} ({verb}{moved})."
    )
    return ToolResult(
        tool="change",
        statements=(say(text, now.evidence, earlier.evidence),),
        warnings=warnings,
        data={
            "concept": target.id,
            "now": _reading_data(now),
            "earlier": _reading_data(earlier),
            "difference": round(difference, 4),
        },
        artifacts=(_trend(ctx, target, found),),
    )


def _earlier_reading(found: list[Reading], period: Period | None, anchor: datetime | None) -> Reading | None:
    if anchor is not None:
        before = [r for r in found if r.time is not None and r.time < anchor]
        return before[-1] if before else None
    if period is not None:
        inside = [r for r in found if period.contains(r.time)]
        if inside and inside[0].ref != found[-1].ref:
            return inside[0]
        before = [r for r in found if r.time and period.since and r.time < period.since]
        return before[-1] if before else None
    return found[-2] if len(found) > 1 else None


def is_normal(ctx: ToolContext, concept: str, offset: int = 0, period: Period | None = None) -> ToolResult:
    """Whether the latest value lies in the reported range, else in the usual adult range (said which)."""
    result = latest(ctx, concept, offset, period=period)
    if not result.found or result.data.get("value") is None:
        return result
    target = find_target(ctx, concept)
    reading = readings(ctx, target, period)[-1 - offset]
    low, high = reference_range(ctx, target, reading)
    if low is None and high is None:
        note = "No reference range is documented for it, so it is not judged normal or abnormal here."
        return result.model_copy(update={"statements": (*result.statements[:1], say(note))})
    value = reading.value or 0.0
    place = "below" if low is not None and value < low else "above" if high is not None and value > high else "within"
    source = "reported with the result" if reading.low is not None or reading.high is not None else "usual for adults"
    limits = (
        f"{number(low)}–{number(high)}"
        if low is not None and high is not None
        else (f"≥ {number(low)}" if low is not None else f"≤ {number(high or 0.0)}")
    )
    verdict = {"within": "Normal: within", "below": "Low: below", "above": "High: above"}[place]
    text = f"{verdict} the range {limits} {unit_label(reading.unit)}".rstrip() + f" ({source})."
    return result.model_copy(update={"statements": (result.statements[0], say(text, reading.evidence))})


def panel(ctx: ToolContext, concepts: Sequence[str], title: str, period: Period | None = None) -> ToolResult:
    """The latest value of each of several observations, as a list (vital signs, a metabolic panel)."""
    lines, missing, data = [], [], {}
    for concept in concepts:
        target = ctx.lexicon.resolve(concept, "observation")
        found = readings(ctx, target, period) if target else []
        if target and found:
            last = found[-1]
            lines.append(say(f"{target.label}: {last.shown} on {day(last.time)}", last.evidence, item=True))
            data[target.id] = _reading_data(last)
        elif target:
            missing.append(target.label)
    if not lines:
        looked = (_looked_at_observations(ctx),)
        return ToolResult(
            tool="panel",
            found=False,
            looked_at=looked,
            statements=(say(f"Not documented: no {title} recorded{_in_period(period)}. Looked at {looked[0]}."),),
        )
    if missing:
        lines.append(say(f"Not documented: {', '.join(missing)}."))
    return ToolResult(tool="panel", statements=(say(f"Latest {title}{_in_period(period)}:"), *lines), data=data)
