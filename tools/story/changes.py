"""What changed: against the visit before, or since a date that is named."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.facts import Evidence
from tools.context import abated, began, cite, dated, day, plain_name
from tools.drugs.spans import ended_on
from tools.story.drugs import Drug, stopped, taking
from tools.story.model import Basis, Section, Sentence, tell
from tools.story.picture import Picture
from tools.story.results import Point, Series, crossed, worth_showing
from tools.story.sections import ENCOUNTERS, INTERVAL, Style, is_trivial
from tools.story.visits import Visit
from tools.story.wording import both, quoted, sentence, small
from tools.times.periods import wall_clock

if TYPE_CHECKING:
    from tools.drugs.medications import Course


class Span:
    """A stretch of time that changes are looked for in: after `start`, up to `end`."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start, self.end = start, end

    def holds(self, moment: datetime | None) -> bool:
        """Whether a moment lies in it."""
        return moment is not None and wall_clock(self.start) < wall_clock(moment) <= wall_clock(self.end)


def anchor_of(picture: Picture) -> tuple[Visit | None, Visit | None]:
    """The last visit and the one before it."""
    visits = [v for v in picture.visits if v.start is not None]
    return (visits[-1] if visits else None), (visits[-2] if len(visits) > 1 else None)


def since_last_visit(picture: Picture, style: Style) -> list[Section]:
    """At the last visit against the one before, then everything since; or everything in the period that was named."""
    now = picture.ctx.as_of
    if picture.period is not None and picture.period.since is not None:
        span = Span(picture.period.since, min(picture.period.until or now, now))
        return [_changes(picture, style, span, f"Since {day(span.start)}", "since", told=set())]
    last, before = anchor_of(picture)
    if last is None or last.start is None:
        text = "No visit is in the record, so there is none to compare with."
        line = tell(text, picture.absence("Encounter", "no visit"), basis=Basis.ABSENCE)
        return [Section(id="since", title="Since the last visit", code=INTERVAL, sentences=(line,))]
    start = last.start.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(seconds=1)
    end = (last.end or last.start).replace(hour=23, minute=59, second=59)
    told: set[str] = set()
    lines: list[Sentence] = [tell(sentence(f"last visit: {last.words()}"), *last.evidence)]
    if before is not None and before.start is not None:
        lines.append(tell(sentence(f"the one before: {before.words()}"), *before.evidence))
        from_before = (before.end or before.start).replace(hour=23, minute=59, second=59)
    else:
        from_before = start
    during = Span(min(from_before, start), min(end, now))
    found = _changes(
        picture,
        style,
        during,
        f"Up to and at the last visit ({day(last.start)})",
        "at-visit",
        told,
        quiet=before is None,
    )
    at_visit = found.model_copy(update={"sentences": (*lines, *found.sentences), "code": ENCOUNTERS})
    since = _changes(picture, style, Span(during.end, now), f"Since then (after {day(during.end)})", "since", told)
    return [since, at_visit] if any(s.basis is not Basis.ABSENCE for s in since.sentences) else [at_visit, since]


def _changes(
    picture: Picture, style: Style, span: Span, title: str, section_id: str, told: set[str], quiet: bool = False
) -> Section:
    lines = [
        *_problem_changes(picture, span), *_drug_changes(picture, span), *_result_changes(picture, style, span, told),
        *_done(picture, span), *_visits_in(picture, span, section_id), *_notes_in(picture, span, section_id),
    ]  # fmt: skip
    if not lines and not quiet:
        text = f"No new problem, order, result, procedure, visit or note is in the record between {day(span.start)} and {day(span.end)}."
        seen = [e for v in picture.visits[-1:] for e in v.evidence]
        lines = [tell(text, picture.absence("record", "nothing new"), *seen, basis=Basis.ABSENCE)]
    return Section(id=section_id, title=title, code=INTERVAL, sentences=tuple(lines))


def _problem_changes(picture: Picture, span: Span) -> list[Sentence]:
    new = [(p, r) for p in picture.problems for r in p.rows if span.holds(r.onset or r.time)]
    over = [(p, r) for p in picture.problems for r in p.rows if r.abatement is not None and span.holds(r.abatement)]
    found = []
    if new:
        names = both(
            [
                f"{p.name} ({began(r)}{', resolved ' + abated(picture.ctx, r) if r.abatement and picture.chart.is_known(r.abatement) else ''})"
                for p, r in new
            ]
        )
        found.append(tell(sentence(f"new diagnoses: {names}"), *[cite(r) for _, r in new]))
    earlier = [(p, r) for p, r in over if not any(r is n for _, n in new)]
    if earlier:
        names = both([f"{p.name} ({abated(picture.ctx, r)})" for p, r in earlier])
        found.append(tell(sentence(f"resolved: {names}"), *[cite(r) for _, r in earlier]))
    return found


def _drug_changes(picture: Picture, span: Span) -> list[Sentence]:
    """Started, changed, renewed or stopped, each drug once."""
    started: list[tuple[str, tuple[Evidence, ...]]] = []
    changed: list[tuple[str, tuple[Evidence, ...]]] = []
    stops: list[tuple[str, tuple[Evidence, ...]]] = []
    short: list[tuple[str, tuple[Evidence, ...]]] = []
    for drug in picture.drugs:
        new = [c for c in drug.now if span.holds(c.first)]
        older = [c for c in (*drug.past, *drug.now) if c.first is not None and not span.holds(c.first)]
        ended = [c for c in drug.past if span.holds(_end_of(picture, c))]
        if new and older:
            was = max(older, key=lambda c: c.first.timestamp() if c.first else 0.0)
            text = f"{taking(drug)} ({dated(new[-1].rows[0])}), before that {stopped(picture.ctx, was, drug.names) if not was.is_active else _name(was, drug)}"
            changed.append((text, (cite(new[-1].latest), cite(was.latest))))
        elif new:
            started.append((f"{taking(drug)} ({dated(new[-1].rows[0])})", tuple(cite(c.latest) for c in new)))
        elif ended and not drug.is_active:
            within = [c for c in ended if span.holds(c.first)]
            bucket = short if len(within) == len(ended) else stops
            bucket.append(
                ("; ".join(stopped(picture.ctx, c, drug.names) for c in ended), tuple(cite(c.latest) for c in ended))
            )
    labels = (("started", started), ("changed", changed), ("stopped", stops), ("started and ended again", short))
    return [
        tell(sentence(f"{label}: {'; '.join(t for t, _ in rows)}"), *[e for _, es in rows for e in es])
        for label, rows in labels
        if rows
    ]


def _name(course: Course, drug: Drug) -> str:
    from tools.story.wording import regimen

    return regimen(course.latest, drug.names)


def _end_of(picture: Picture, course: Course) -> datetime | None:
    return ended_on(picture.ctx, course.latest)[0] or course.latest.time


def _result_changes(picture: Picture, style: Style, span: Span, told: set[str]) -> list[Sentence]:
    """Values that crossed a limit, moved much, or are far out of range and new, against the last value before."""
    rows: list[tuple[int, float, str, tuple[Evidence, ...], str]] = []
    for one in picture.results.values():
        inside = [p for p in one.points if span.holds(p.time)]
        if not inside or one.id in told or not worth_showing(one):
            continue
        before = [p for p in one.points if p.time is not None and wall_clock(p.time) <= wall_clock(span.start)]
        line = _move(one, before[-1] if before else None, inside)
        if line is not None:
            rows.append((line[0], -inside[-1].distance, line[1], line[2], one.id))
    rows.sort(key=lambda r: r[:2])
    shown = rows[: style.other_results + 3]
    told.update(r[4] for r in shown)
    found = []
    for kind, label in (
        (0, "out of range now and not before"),
        (1, "back in range"),
        (2, "moved or crossed a limit"),
        (3, "out of range, no value before to compare with"),
        (4, "still out of range, little changed"),
    ):
        of_kind = [r for r in shown if r[0] == kind]
        if of_kind:
            found.append(
                tell(sentence(f"{label}: {'; '.join(r[2] for r in of_kind)}"), *[e for r in of_kind for e in r[3]])
            )
    return found


def _move(one: Series, before: Point | None, inside: list[Point]) -> tuple[int, str, tuple[Evidence, ...]] | None:
    last = inside[-1]
    if last.number is None:
        if before is not None and before.shown == last.shown:
            return None
        return 2, f"{small(one.label)} {quoted(last.shown)} ({last.date})", (last.evidence,)
    text = f"{small(one.label)} {last.shown} ({last.date}{', ' + last.flag if last.flag else ''})"
    worst = max(inside[:-1], key=lambda p: p.distance, default=None)
    evidence: tuple[Evidence, ...] = (last.evidence,)
    if worst is not None and worst.flag and worst.distance > last.distance * 1.5 and one.differs(worst, last):
        text += f", {worst.flag} at {worst.shown} on {worst.date}"
        evidence = (*evidence, worst.evidence)
    if before is None:
        return (3, text, evidence) if last.flag or len(evidence) > 1 else None
    recorded = f" (recorded as {before.recorded})" if before.recorded else ""
    text += f"; before {before.shown}{recorded} ({before.date})"
    evidence = (*evidence, before.evidence)
    if last.flag and not before.flag:
        return 0, text, evidence
    if before.flag and not last.flag and before.number is not None:
        return 1, text, evidence
    if limit := crossed(one, before, last):
        return 2, f"{text}, across {limit}", evidence
    if one.differs(before, last) or len(evidence) > 2:
        return 2, text, evidence
    return (4, text, evidence) if last.flag and last.distance > 0.05 else None


def _done(picture: Picture, span: Span) -> list[Sentence]:
    rows: list[tuple[Any, str]] = [
        (r, r.outcome) for r in picture.chart.procedures if span.holds(r.time) and not is_trivial(r.display)
    ]
    rows += [(r, r.conclusion) for r in picture.chart.reports if r.conclusion and span.holds(r.time)]
    found = []
    if rows:
        names = "; ".join(
            f"{small(plain_name(r.display))} ({dated(r)}{f': {quoted(w)}' if w else ''})" for r, w in rows[-8:]
        )
        found.append(tell(sentence(f"done: {names}"), *[cite(r) for r, _ in rows[-8:]]))
    given = [r for r in picture.chart.immunizations if span.holds(r.time)]
    if given:
        names = both([f"{small(plain_name(r.display))} ({dated(r)})" for r in given])
        found.append(tell(sentence(f"vaccinated: {names}"), *[cite(r) for r in given]))
    return found


def _visits_in(picture: Picture, span: Span, section_id: str) -> list[Sentence]:
    if section_id == "at-visit":
        return []
    seen = [v for v in picture.visits if span.holds(v.start)]
    return (
        [tell(sentence(f"visits: {both([v.words() for v in seen[-6:]])}"), *[e for v in seen[-6:] for e in v.evidence])]
        if seen
        else []
    )


def _notes_in(picture: Picture, span: Span, section_id: str) -> list[Sentence]:
    from tools.story.testimony import Line

    notes = [n for n in picture.testimony.notes if span.holds(n.time)]
    limit = 1 if section_id == "at-visit" else 3
    return [picture.testimony.say(Line(n, *picture.testimony.essence(n))) for n in notes[:limit]]
