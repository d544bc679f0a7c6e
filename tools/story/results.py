"""Measurements as series: what is newest, what is out of range, what moved, what cannot be.

A value outside what a living patient can have is flagged and kept out of trends. Ranges are the laboratory's own where it
gave them, else the usual ranges of adults; without either a value is neither high nor low.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.errors import UnitMismatch, UnknownUnit
from domain.facts import Evidence
from domain.quantities import Quantity, convert, normalise_unit
from nlp_pipeline.measurements.units import implausible
from tools.context import ToolContext, day, plain_name
from tools.measurements.readings import unit_label
from tools.story.wording import quoted, small, table

if TYPE_CHECKING:
    from knowledge_base.rows import ObservationRow
    from nlp_pipeline.vocabulary import Concept

_SYSTOLIC, _DIASTOLIC = "systolic_blood_pressure", "diastolic_blood_pressure"
_ADULT = 18
_YEARS_BACK = 3
_MICRO = re.compile(r"\bu(?=(?:mol|g|U|IU)\b)")
_HIGH, _LOW = frozenset({"H", "HH", "HU", ">"}), frozenset({"L", "LL", "LU", "<"})


@dataclass(frozen=True)
class Point:
    """One value: `number` is comparable within its series, `shown` is how it is written, `flag` is high, low or empty."""

    ref: str
    name: str
    time: datetime | None
    precision: str
    shown: str
    number: float | None = None
    flag: str = ""
    limit: str = ""
    recorded: str = ""  # as it stands in the record where it is shown in another unit
    distance: float = 0.0  # how far beyond its limit, as a share of the limit

    @property
    def evidence(self) -> Evidence:
        """The citation of this value."""
        return Evidence(ref=self.ref, quote=f"{self.name}: {self.recorded or self.shown}", time=self.time)

    @property
    def date(self) -> str:
        """Its date as the record gave it."""
        return day(self.time, self.precision)

    @property
    def stamp(self) -> float:
        """Its place in time."""
        return self.time.timestamp() if self.time else 0.0


@dataclass(frozen=True)
class Series:
    """Every value of one thing, oldest first, and apart from them those that cannot be."""

    id: str
    label: str
    category: str
    points: tuple[Point, ...]
    impossible: tuple[Point, ...] = ()

    @property
    def latest(self) -> Point:
        """The newest value."""
        return self.points[-1]

    def until(self, moment: datetime) -> list[Point]:
        """The values up to a moment."""
        return [p for p in self.points if p.time is not None and p.time <= moment]

    def after(self, moment: datetime) -> list[Point]:
        """The values later than a moment."""
        return [p for p in self.points if p.time is not None and p.time > moment]

    def differs(self, a: Point, b: Point) -> bool:
        """Whether two values differ by more than the usual play of this measurement."""
        if a.number is None or b.number is None:
            return a.shown != b.shown
        share: float = table("results")["moved"].get(self.id, table("results")["default_moved"])
        return abs(a.number - b.number) > share * max(abs(a.number), 1e-9)


def crossed(one: Series, before: Point, after: Point) -> str:
    """The limit of clinical use that lies between two values, the one nearest the newer; empty when there is none."""
    limits = table("results")["limits"].get(one.id, ())
    if before.number is None or after.number is None:
        return ""
    low, high = sorted((before.number, after.number))
    between = [x for x in limits if low < x <= high]
    return shown_number(min(between, key=lambda x: abs(x - (after.number or 0.0)))) if between else ""


def shown_number(value: float) -> str:
    """A value with the digits that mean something: 12.008 is 12, 0.03538 is 0.035, 165 stays 165."""
    if value == round(value, 2) and len(f"{value:g}") <= 5:
        return f"{value:g}"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3
    text = f"{value:.{digits}f}"
    bare = text.rstrip("0") if "." in text else text
    return f"{bare}0" if bare.endswith(".") else bare  # 2.997 is 3.0: the nought says that it was rounded


def series_of(ctx: ToolContext) -> dict[str, Series]:
    """The series of a chart by concept; what the vocabulary does not know goes by its name."""
    groups: dict[str, list[ObservationRow]] = defaultdict(list)
    for row in ctx.chart.observations:
        if row.value is None and not row.value_text:
            continue
        known = ctx.lexicon.concept_ids("observation", row)
        for concept_id in known or {f"name:{plain_name(row.display).casefold()}"}:
            groups[concept_id].append(row)
    found = {key: _series(ctx, key, rows) for key, rows in groups.items()}
    pressure = _pressure(ctx, groups)
    if pressure is not None:
        found["blood_pressure"] = pressure
        found.pop(_SYSTOLIC, None), found.pop(_DIASTOLIC, None)
    return {key: one for key, one in found.items() if one.points or one.impossible}


def _series(ctx: ToolContext, key: str, rows: Sequence[ObservationRow]) -> Series:
    concept = ctx.lexicon.vocabulary.get("observation", key)
    home = next((normalise_unit(r.unit) for r in reversed(rows) if r.value is not None and r.unit), "")
    points: list[Point] = []
    impossible: list[Point] = []
    for row in rows:
        point = _point(ctx, key, concept, row, home)
        (impossible if _cannot_be(concept, row) else points).append(point)
    label = table("results")["labels"].get(key) or (concept.label if concept else plain_name(rows[-1].display))
    category = (concept.extra.get("category", "") if concept else "") or {"laboratory": "lab", "vital-signs": "vital"}.get(
        rows[-1].category, rows[-1].category
    )  # fmt: skip
    if category == "vital" and key == "body_temperature":
        points.sort(key=lambda p: p.stamp)
    return Series(key, label, category, tuple(points), tuple(impossible))


def _cannot_be(concept: Concept | None, row: ObservationRow) -> bool:
    if row.value is None or concept is None:
        return False
    try:
        return implausible(concept, Quantity(value=row.value, unit=row.unit or concept.extra.get("unit", "") or "1"))
    except (UnknownUnit, UnitMismatch, ValueError):
        return False


def _point(ctx: ToolContext, key: str, concept: Concept | None, row: ObservationRow, home: str) -> Point:
    name = plain_name(row.display)
    bare = Point(row.ref.partition("#")[0], name, row.time, row.time_precision, shown=plain_name(row.value_text))
    if row.value is None:
        return bare
    value, recorded, unit = row.value, "", row.unit
    own = _written(row.value, row.unit, row.comparator)
    if row.unit and home and normalise_unit(row.unit) != home:
        try:
            value = convert(row.value, row.unit, home, (concept.extra.get("substance") or None) if concept else None)
            recorded, unit = own, home
        except (UnitMismatch, UnknownUnit):
            return replace(bare, shown=own)  # shown in its own unit, compared with nothing
    flag, limit, distance = _flag(ctx, key, concept, row)
    shown = _written(value, unit, row.comparator)
    return replace(bare, shown=shown, number=value, flag=flag, limit=limit, recorded=recorded, distance=distance)


def _written(value: float, unit: str, comparator: str) -> str:
    label = _MICRO.sub("µ", unit_label(unit)).replace("[IU]", "IU").replace("[iU]", "IU")
    return f"{comparator}{shown_number(value)} {label}".strip() if label else f"{comparator}{shown_number(value)}"


def _flag(ctx: ToolContext, key: str, concept: Concept | None, row: ObservationRow) -> tuple[str, str, float]:
    """Whether a value is high or low, by which limit, and how far beyond it."""
    low, high = row.reference_low, row.reference_high
    value = row.value
    if value is None or key in table("results")["unranged"]:
        return "", "", 0.0
    if low is None and high is None:
        if row.interpretation.upper() in _HIGH | _LOW:
            return ("high" if row.interpretation.upper() in _HIGH else "low"), "", 0.1
        low, high = _usual_range(ctx, key, concept, row)
    if high is not None and value > high:
        return "high", f"up to {shown_number(high)}", (value - high) / abs(high) if high else 1.0
    if low is not None and value < low:
        return "low", f"from {shown_number(low)}", (low - value) / abs(low) if low else 1.0
    return "", "", 0.0


def _usual_range(
    ctx: ToolContext, key: str, concept: Concept | None, row: ObservationRow
) -> tuple[float | None, float | None]:
    age = ctx.chart.age_on(row.time) if row.time is not None else ctx.chart.age
    if concept is None or age is None or age < _ADULT:
        return None, None
    low, high = table("results")["ranges"].get(key, (concept.number("low"), concept.number("high")))
    factor = _factor(concept, row)
    return (
        None if low is None or factor is None else low * factor,
        None if high is None or factor is None else high * factor,
    )


def _factor(concept: Concept, row: ObservationRow) -> float | None:
    """What turns the vocabulary's limits into the unit of a row; None where the units cannot be compared."""
    usual = concept.extra.get("unit", "")
    if normalise_unit(row.unit) == normalise_unit(usual):
        return 1.0
    if concept.id == "egfr" and row.unit == "mL/min":
        return 1.0  # a rate "per 1.73 m2" whose report left the area out of its unit
    try:
        return convert(1.0, usual, row.unit, concept.extra.get("substance") or None) - convert(
            0.0, usual, row.unit, concept.extra.get("substance") or None
        )
    except (UnitMismatch, UnknownUnit):
        return None


def _pressure(ctx: ToolContext, groups: dict[str, list[ObservationRow]]) -> Series | None:
    """Blood pressures as pairs, each flagged when either side is out of range."""
    lower = {(r.parent_ref or str(r.time)): r for r in groups.get(_DIASTOLIC, ()) if r.value is not None}
    points: list[Point] = []
    impossible: list[Point] = []
    for row in groups.get(_SYSTOLIC, ()):
        other = lower.get(row.parent_ref or str(row.time))
        if row.value is None:
            continue
        upper = _flag(ctx, _SYSTOLIC, ctx.lexicon.vocabulary.get("observation", _SYSTOLIC), row)
        flag, limit = upper[0], ""
        if other is not None and not flag:
            flag = _flag(ctx, _DIASTOLIC, ctx.lexicon.vocabulary.get("observation", _DIASTOLIC), other)[0]
        shown = shown_number(row.value) + (f"/{shown_number(other.value)}" if other and other.value is not None else "")
        point = Point(
            ref=(row.parent_ref or row.ref).partition("#")[0],
            name="Blood pressure",
            time=row.time,
            precision=row.time_precision,
            shown=f"{shown} mmHg" if other is not None else f"{shown} mmHg systolic",
            number=row.value,
            flag=flag,
            limit=limit,
            distance=upper[2],
        )
        concepts = [(_SYSTOLIC, row), (_DIASTOLIC, other)]
        strange = any(
            r is not None and _cannot_be(ctx.lexicon.vocabulary.get("observation", c), r) for c, r in concepts
        )
        (impossible if strange else points).append(point)
    if not points and not impossible:
        return None
    return Series("blood_pressure", "BP", "vital", tuple(points), tuple(impossible))


@dataclass(frozen=True)
class Trend:
    """A series in one clause, with the values that the clause names."""

    text: str
    points: tuple[Point, ...]
    moved: bool
    series: Series

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The citations of the values named."""
        return tuple(p.evidence for p in self.points)


def trend(one: Series, as_of: datetime, since: datetime | None = None) -> Trend | None:
    """The newest value, what it came from, and the worst on the way.

    Args:
        one: The series.
        as_of: What counts as now.
        since: Values before are not looked at; without it three years before the newest.
    """
    if not one.points:
        return None
    last = one.latest
    if last.number is None:
        return _text_trend(one)
    start = since or ((last.time or as_of) - timedelta(days=365 * _YEARS_BACK))
    window = [p for p in one.points if p.number is not None and p.time is not None and p.time >= start] or [last]
    first = window[0]
    text = f"{small(one.label)} {last.shown} ({last.date}{', ' + last.flag if last.flag else ''})"
    named = [last]
    if len(window) == 1:
        return Trend(text, (last,), False, one)
    peak = _extreme(one, window)
    moved = one.differs(first, last)
    if peak is not None:
        calm = [p for p in window if p.stamp <= peak.stamp - 30 * 86400]
        first = calm[-1] if calm else first
        text += f", after {_extreme_word(peak, last)} of {_bare(peak, last)} ({peak.date})"
        named.append(peak)
        if first is not peak:
            text += f", from {_bare(first, last)} ({first.date})"
            named.append(first)
    elif moved:
        way = "up" if (last.number or 0) > (first.number or 0) else "down"
        middle = window[-2]
        if middle is not first and one.differs(first, middle) and middle.date not in {first.date, last.date}:
            text += f", {_bare(middle, last)} on {middle.date}"
            named.append(middle)
        text += f", {way} from {_bare(first, last)} ({first.date})"
        named.append(first)
    elif first.date != last.date:
        text += f", earlier {_bare(first, last)} ({first.date})"
        named.append(first)
    return Trend(text, tuple(named), moved or peak is not None, one)


def _text_trend(one: Series) -> Trend:
    """A finding in words: the newest, and what it said before where that was something else."""
    last = one.latest
    told, said = [last], [f"{quoted(last.shown)} ({last.date})"]
    for point in reversed(one.points[:-1]):
        if point.shown != told[-1].shown and len(told) < 3:
            told.append(point)
            said.append(f"before that {quoted(point.shown)} ({point.date})")
    return Trend(f"{small(one.label)} {', '.join(said)}", tuple(told), len(told) > 1, one)


def _extreme(one: Series, window: Sequence[Point]) -> Point | None:
    """The highest or lowest value between the ends, where it lies well beyond both."""
    first, last = window[0], window[-1]
    inner = [p for p in window[1:-1] if p.number is not None]
    if not inner:
        return None
    ends = sorted((first.number or 0.0, last.number or 0.0))
    top = max(inner, key=lambda p: p.number or 0.0)
    bottom = min(inner, key=lambda p: p.number or 0.0)
    over = (top.number or 0.0) - ends[1]
    under = ends[0] - (bottom.number or 0.0)
    chosen = top if over >= under else bottom
    beyond = (chosen.number or 0.0) > ends[1] or (chosen.number or 0.0) < ends[0]
    return chosen if beyond and one.differs(last, chosen) and one.differs(first, chosen) and chosen.flag else None


def _extreme_word(point: Point, last: Point) -> str:
    return "a peak" if (point.number or 0) > (last.number or 0) else "a low"


def _bare(point: Point, beside: Point) -> str:
    """A value without its unit where the value beside it has the same, and with the record's own where it was converted."""
    unit = beside.shown.partition(" ")[2]
    text = point.shown.removesuffix(f" {unit}") if unit else point.shown
    return f"{text} (recorded as {point.recorded})" if point.recorded else text


def worth_showing(one: Series, minor: bool = False) -> bool:
    """Whether a series belongs among results: tests and vital signs, not questionnaires; indices of blood counts only with `minor`."""
    tables: dict[str, Any] = table("results")
    return bool(one.points) and one.category in tables["categories"] and (minor or one.id not in tables["minor"])
