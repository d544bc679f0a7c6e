"""Labs and vitals over a window: statistics, counts, how often a limit was passed, and how much a value changed."""

from __future__ import annotations

import statistics as stats
from collections.abc import Callable, Sequence
from datetime import datetime

from domain.quantities import Quantity, normalise_unit
from tools.concepts import Target
from tools.context import ToolContext, day, in_sentence, number
from tools.measurements.observations import in_period, latest, not_recorded, series, trend_artifact
from tools.measurements.readings import Reading, also_in, comparable, find_target, reading_data, readings, unit_label
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.times.periods import Period

_LISTED = 10  # so many values above or below a limit are listed one by one
_STATISTICS: dict[str, tuple[str, Callable[[Sequence[float]], float]]] = {
    "mean": ("Average", lambda v: stats.fmean(v)),
    "median": ("Median", lambda v: stats.median(v)),
    "min": ("Lowest", min),
    "max": ("Highest", max),
    "sum": ("Total", lambda v: float(sum(v))),
    "stdev": ("Standard deviation of", lambda v: stats.stdev(v) if len(v) > 1 else 0.0),
}

# Results of which less is worse; of those not listed in either set more is worse.
_WORSE_WHEN_LOW = frozenset({
    "egfr", "egfr_cystatin_c", "creatinine_clearance", "hemoglobin", "hematocrit", "rbc", "platelets", "neutrophils_absolute",
    "lymphocytes_absolute", "cd4_count", "hdl", "albumin", "prealbumin", "total_protein", "oxygen_saturation", "po2", "pf_ratio",
    "lvef", "fev1", "fvc", "fev1_fvc", "peak_expiratory_flow", "dlco", "ferritin", "iron", "transferrin_saturation", "folate",
    "vitamin_d", "vitamin_b12_level", "glasgow_coma_scale", "moca", "mmse", "urine_output", "fibrinogen", "dxa_t_score",
    "six_minute_walk_distance", "ankle_brachial_index",
})  # fmt: skip
_WORSE_BOTH_WAYS = frozenset({"sodium", "potassium", "calcium", "calcium_ionized", "magnesium", "phosphate", "blood_ph", "bicarbonate", "tsh", "free_t4"})  # fmt: skip


def statistics(
    ctx: ToolContext,
    concept: str,
    statistic: str = "mean",
    period: Period | None = None,
    limit: int | None = None,
    unit: str = "",
) -> ToolResult:
    """The mean, median, min, max, range, worst, best or count of a lab or vital; `limit` keeps the newest so many.

    The worst is the lowest of what is bad when low (eGFR, hemoglobin, saturation) and both ends of what is bad either
    way (potassium). `unit` adds the value in another unit.
    """
    known = (*_STATISTICS, "count", "range", "worst", "best")
    if statistic not in known:
        raise RetryableToolError(f"statistic is one of {', '.join(known)}")
    target = find_target(ctx, concept)
    statistic = _end_of_scale(target, statistic)
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
        artifacts=(trend_artifact(ctx, target, numeric),) if len(numeric) > 1 else (),
    )


def _end_of_scale(target: Target, statistic: str) -> str:
    """Which extreme "worst" and "best" are for a result; any other statistic is itself."""
    if statistic not in {"worst", "best"}:
        return statistic
    if target.ids & _WORSE_BOTH_WAYS:
        return "range"
    return "min" if bool(target.ids & _WORSE_WHEN_LOW) == (statistic == "worst") else "max"


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
        also = also_in(ctx, target, where, wanted)
        text = f"{word} {label}{in_period(period)}: **{where.shown}**{also} on {_moment(where, found)} (of {count})."
        return say(text, where.evidence)
    value = function([r.value for r in found if r.value is not None])
    shown = number(value)
    seconds = [r.second for r in found if r.second is not None]
    if seconds:
        shown += f"/{number(function(seconds))}"
    dates = f"{day(found[0].time)} to {day(found[-1].time)}"
    also = also_in(ctx, target, found[-1], wanted, value) if not seconds else ""
    text = f"{word} {label}{in_period(period)}: **{f'{shown} {unit}'.strip()}**{also} ({count}, {dates})."
    return say(text, *[r.evidence for r in _spread(found)])


def _moment(where: Reading, found: list[Reading]) -> str:
    """The day of a value, with the time where several were taken that day."""
    same_day = [
        r for r in found if r.time is not None and where.time is not None and r.time.date() == where.time.date()
    ]
    return f"{day(where.time)} {where.time:%H:%M}" if len(same_day) > 1 and where.time is not None else day(where.time)


def _spread(found: list[Reading], most: int = 6) -> list[Reading]:
    """The readings to cite for an aggregate: all of a few, else the first and the newest."""
    return found if len(found) <= most else [found[0], *found[-(most - 1) :]]


def _count(ctx: ToolContext, target: Target, found: list[Reading], period: Period | None) -> ToolResult:
    label = in_sentence(target)
    if not found:
        return not_recorded(ctx, target, period)
    text = f"**{len(found)}** {label} {'value is' if len(found) == 1 else 'values are'} recorded{in_period(period)}, "
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
    asked = ""  # the limit as it was named, where the values are in another unit
    if unit and normalise_unit(unit) != normalise_unit(found[-1].unit):
        concept_row = ctx.lexicon.vocabulary.get("observation", target.id)
        substance = (concept_row.extra.get("substance") or None) if concept_row else None
        asked = f"{number(value)} {unit_label(normalise_unit(unit))} = "
        value = Quantity(value=value, unit=unit).to(found[-1].unit, substance).value
    hits = [r for r in found if tests[comparison](r)]
    label, words = in_sentence(target), comparison.replace("_", " ")
    limit = f"{asked}{number(value)} {unit_label(found[-1].unit)}".strip()
    if not hits:
        highest = (
            max(found, key=lambda r: r.value or 0.0)
            if comparison in {"above", "at_least"}
            else min(found, key=lambda r: r.value or 0.0)
        )
        which = "highest" if comparison in {"above", "at_least"} else "lowest"
        text = (
            f"No: none of {len(found)} {label} values{in_period(period)} was {words} {limit}; "
            f"the {which} was {highest.shown} on {day(highest.time)}."
        )
        return ToolResult(
            tool="threshold",
            statements=(say(text, highest.evidence),),
            data={"concept": target.id, "n": 0, "of": len(found), "value": value},
            warnings=warnings,
        )
    text = (
        f"Yes: **{len(hits)}** of {len(found)} {label} values{in_period(period)} "
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
        artifacts=(trend_artifact(ctx, target, found),),
    )


def change(
    ctx: ToolContext,
    concept: str,
    period: Period | None = None,
    anchor: datetime | None = None,
    anchor_label: str = "",
    unit: str = "",
) -> ToolResult:
    """How a lab or vital differs now from before: over a period, against the reading before, or across an event."""
    target = find_target(ctx, concept)
    everything = readings(ctx, target)
    found, warnings = comparable(everything)
    label = in_sentence(target)
    if not found:
        return series(ctx, concept, period, unit=unit) if everything else not_recorded(ctx, target, period)
    now = found[-1]
    earlier = _earlier_reading(found, period, anchor)
    if earlier is None and anchor is not None and anchor_label and len(found) > 1:
        none = f"No {label} is documented before {anchor_label} ({day(anchor)}). "
        since = series(ctx, concept, unit=unit)
        first = since.statements[0]
        return since.model_copy(update={"statements": (say(none + first.text, *first.evidence), *since.statements[1:])})
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
        f"{label[:1].upper() + label[1:]} now: **{now.shown}**{also_in(ctx, target, now, unit)} on {day(now.time)}; "
        f"{before}: **{earlier.shown}**{also_in(ctx, target, earlier, unit)} on {day(earlier.time)} ({verb}{moved})."
    )
    return ToolResult(
        tool="change",
        statements=(say(text, now.evidence, earlier.evidence),),
        warnings=warnings,
        data={
            "concept": target.id,
            "now": reading_data(now),
            "earlier": reading_data(earlier),
            "difference": round(difference, 4),
        },
        artifacts=(trend_artifact(ctx, target, found),),
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
