"""What is open: results pending, controls due or overdue, values that a cited statement says to act on, orders to check.

Everything here stands in the record, in a quoted note, or follows from a dated entry and an interval that the record or a
packaged statement gives. It names what is due; it never says what to do about it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.facts import Evidence
from tools.context import ToolContext, cite, dated, day, plain_name
from tools.drugs.checks.engine import of_list
from tools.drugs.medications import courses
from tools.drugs.safety import with_source
from tools.story.drugs import Drug, duplicates, in_force_past_its_end
from tools.story.model import Basis, Sentence, tell
from tools.story.planned import planned_repeats
from tools.story.results import Series
from tools.story.wording import both, quoted, regimen, small, table

if TYPE_CHECKING:
    from tools.story.picture import Picture

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "a": 1,
}  # fmt: skip
_COUNT = r"\d{1,3}|" + "|".join(_WORDS)
_AGAIN = re.compile(
    rf"\b(?:repeat|follow[- ]?up|recheck|re-?image|surveillance|next|return|\bCT|MRI|colonoscopy|scan|ultrasound)\b[^.;]{{0,40}}?\b(?:in|after|at|within)\s+"
    rf"(?:(?P<low>{_COUNT})(?:\s*(?:to|-)\s*(?P<n>{_COUNT}))?\s*(?P<unit>days?|weeks?|months?|years?)|(?P<year>20\d\d))\b",
    re.IGNORECASE,
)
_EVERY = re.compile(
    rf"\b(?:every\s+(?:(?P<n>{_COUNT})\s+)?(?P<unit>days?|weeks?|months?|years?)|(?P<word>weekly|monthly|yearly|annual(?:ly)?))\b",
    re.IGNORECASE,
)
_DAYS = {"day": 1, "week": 7, "month": 30.44, "year": 365.25}
_WORD_DAYS = {"weekly": 7.0, "monthly": 30.44, "yearly": 365.25, "annual": 365.25, "annually": 365.25}
_SLACK, _OLD_PLAN_DAYS = 1.25, 3653
_PRELIMINARY = frozenset({"registered", "preliminary", "partial"})
_FRAIL = re.compile(r"\b(?:hospice|comfort measures only|comfort care)\b", re.IGNORECASE)


def open_items(picture: Picture, screening: bool = True) -> list[Sentence]:
    """Every open item, the pressing first; none for someone who has died."""
    if picture.chart.deceased_on is not None:
        return []
    found = [*safety_items(picture), *pending_items(picture), *due_items(picture)]
    frail = any(_FRAIL.search(n.text) for n in picture.testimony.notes[:6])
    return found + (screening_items(picture) if screening and not frail else [])


def grave_findings(picture: Picture) -> list[Sentence]:
    """What the checks of drug safety find grave among the drugs that are taken now; none for someone who has died."""
    if picture.chart.deceased_on is not None:
        return []
    found = of_list(picture.ctx, [c for c in courses(picture.ctx) if c.is_active])
    return [tell(with_source(f), *f.evidence, basis=Basis.GUIDANCE, item=True) for f in found]


def safety_items(picture: Picture) -> list[Sentence]:
    """What the checks of drug safety find grave, double orders, orders past their end, and what older people should not take."""
    ctx, found = picture.ctx, grave_findings(picture)
    for drug in duplicates(picture.drugs):
        orders = both([regimen(c.latest, drug.names) for c in drug.now])
        text = f"{len(drug.now)} active orders contain {drug.name}: {orders}."
        found.append(tell(text, *[cite(c.latest) for c in drug.now], item=True))
    for drug in picture.drugs:
        if drug.is_active and (end := in_force_past_its_end(ctx, drug)):
            text = f"The order of {regimen(drug.newest, drug.names)} is still active although its validity ended {end}."
            found.append(tell(text, cite(drug.newest), item=True))
    return found + _concerns(picture)


def _concerns(picture: Picture) -> list[Sentence]:
    """Active drugs beside a value, age or problem that a packaged statement names; the strictest rule of a drug speaks."""
    found: list[Sentence] = []
    told: set[str] = set()
    for rule in table("checks")["concerns"]:
        drugs = [d for d in picture.drugs if d.is_active and _is_of(picture.ctx, d, rule["drug"])]
        age = picture.chart.age
        if not drugs or (rule.get("from_age") and (age is None or age < rule["from_age"])):
            continue
        seen = _what_speaks(picture, rule)
        if seen is None or any(d.name in told for d in drugs):
            continue
        what, evidence = seen
        for drug in drugs:
            told.add(drug.name)
            words, guide = _guidance(rule)
            text = f"{drug.name[:1].upper()}{drug.name[1:]} is active{what}. Guidance: {words}"
            found.append(tell(text, cite(drug.newest), *evidence, guide, basis=Basis.GUIDANCE, item=True))
    return found


def _what_speaks(picture: Picture, rule: dict[str, Any]) -> tuple[str, tuple[Evidence, ...]] | None:
    if "result" in rule:
        one = picture.results.get(rule["result"])
        if one is None or not one.points or one.latest.number is None or one.latest.number >= rule["below"]:
            return None
        return f" and the latest {small(one.label)} is {one.latest.shown} ({one.latest.date})", (one.latest.evidence,)
    if "conditions" in rule:
        wanted = {d for c in rule["conditions"] for d in picture.ctx.lexicon.vocabulary.descendants("condition", c)}
        hit = next((p for p in picture.problems if p.is_active and p.ids & wanted), None)
        return (f" with {hit.name} (since {hit.onset})", (cite(hit.row),)) if hit else None
    if picture.chart.age is None or picture.chart.patient.birth_date is None:
        return None
    return f" at the age of {picture.chart.age}", (picture.patient_evidence,)


def _guidance(rule: dict[str, Any]) -> tuple[str, Evidence]:
    """The words of a packaged statement that a rule rests on, with its source."""
    from knowledge_base.guidelines import statement

    item = statement(rule["knowledge"])
    return f"{quoted(rule.get('says') or item.text)} ({item.source}, {item.year}).", Evidence(
        ref=item.ref, quote=item.text
    )


def _is_of(ctx: ToolContext, drug: Drug, name: str) -> bool:
    return name in drug.ids or any(name in ctx.lexicon.vocabulary.classes_of(i) for i in drug.ids)


def pending_items(picture: Picture) -> list[Sentence]:
    """Results and reports that are not final, and what recent notes call pending."""
    chart, found = picture.chart, []
    for row in (*chart.observations, *chart.reports):
        if row.status in _PRELIMINARY and "#" not in row.ref:
            text = f"{plain_name(row.display)} of {dated(row)} is {row.status}, not final."
            found.append(tell(text, cite(row), item=True))

    def has_later(concept_id: str, moment: datetime | None) -> bool:
        one = picture.results.get(concept_id)
        return one is not None and bool(one.points) and moment is not None and bool(one.after(moment))

    return found[-5:] + picture.testimony.pending(has_later)


def due_items(picture: Picture) -> list[Sentence]:
    """Planned steps of active care plans, repeats that are due, and controls that a drug calls for."""
    return [*_repeats(picture), *planned_repeats(picture), *_plans(picture), *_monitoring(picture)]


def _repeats(picture: Picture) -> list[Sentence]:
    """Repeats that a procedure's outcome or a report's conclusion asked for, when due within three months or past."""
    found = []
    chart = picture.chart
    for row, words in (
        *((r, r.outcome) for r in chart.procedures if r.outcome), *((r, r.conclusion) for r in chart.reports if r.conclusion),
    ):  # fmt: skip
        match = _AGAIN.search(words)
        if match is None or row.time is None:
            continue
        due, label = _due(match, row.time)
        later = [
            r
            for r in (*chart.procedures, *chart.reports)
            if _same(picture.ctx, r, row) and r.time and r.time > row.time
        ]
        if later or due - picture.ctx.as_of > timedelta(days=92):
            continue
        state = "was due" if due < picture.ctx.as_of else "is due"
        text = (
            f"{plain_name(row.display)} of {dated(row)}: {quoted(words)}; a repeat {state} {label} "
            "and no later one is recorded."
        )
        found.append(tell(text, cite(row), basis=Basis.DERIVED, item=True))
    return found


def _same(ctx: ToolContext, a: Any, b: Any) -> bool:
    ids = ctx.lexicon.concept_ids("procedure", a) & ctx.lexicon.concept_ids("procedure", b)
    return bool(ids) or a.display.casefold() == b.display.casefold()


def _due(match: re.Match[str], start: datetime) -> tuple[datetime, str]:
    if match["year"]:
        return start.replace(year=int(match["year"]), month=12, day=31), f"in {match['year']}"
    count = _number(match["n"] or match["low"])
    unit = match["unit"].lower().rstrip("s")
    due = start + timedelta(days=count * _DAYS[unit])
    return due, f"by {day(due, 'month' if unit in {'month', 'year'} else 'day')}"


def _number(text: str | None) -> int:
    lowered = (text or "1").lower()
    return int(lowered) if lowered.isdigit() else _WORDS[lowered]


def _plans(picture: Picture) -> list[Sentence]:
    """The steps of care plans in force; a step with an interval says when the test it names was last done."""
    found = []
    for plan in picture.chart.care_plans:
        over = plan.end is not None and plan.end < picture.ctx.as_of
        old = plan.start is not None and picture.ctx.as_of - plan.start > timedelta(days=_OLD_PLAN_DAYS)
        if plan.status not in {"active", ""} or over or old:
            continue
        overdue = [s for a in plan.activities if (s := _interval(picture, plan, a)) is not None]
        found += overdue
        steps = both([quoted(plain_name(a)) for a in plan.activities]) if plan.activities else ""
        title = plain_name(plan.title or plan.display)
        until = f" to {day(plan.end)}" if plan.end else ""
        start = f" ({day(plan.start, plan.time_precision)}{until})" if plan.start else ""
        text = f"Care plan in force, {quoted(title)}{start}" + (f": {steps}." if steps else ", without listed steps.")
        found.append(tell(text, cite(plan, title), item=True))
    return found


def _interval(picture: Picture, plan: Any, activity: str) -> Sentence | None:
    match = _EVERY.search(activity)
    if match is None:
        return None
    days = (
        _WORD_DAYS[match["word"].lower()]
        if match["word"]
        else _number(match["n"]) * _DAYS[match["unit"].lower().rstrip("s")]
    )
    mentions = picture.ctx.lexicon.find_mentions(activity, ("observation",), fuzzy=False)
    late = []
    for target in (t for m in mentions for t in m.targets):
        for one in _members(picture, target.id):
            last = one.latest.time
            began = max((t for t in (last, plan.start) if t is not None), key=lambda t: t.timestamp(), default=None)
            if last is not None and began is not None and (picture.ctx.as_of - began).days > days * _SLACK:
                late.append(one)
    if not late:
        return None
    lasts = both([f"{small(one.label)} {one.latest.date}" for one in late])
    text = f"The care plan asks for {quoted(plain_name(activity))}; last recorded: {lasts}."
    return tell(text, cite(plan, activity), *[one.latest.evidence for one in late], basis=Basis.DERIVED, item=True)


def _members(picture: Picture, concept_id: str) -> list[Series]:
    """The series a name stands for: itself, or for a panel its telling members."""
    own = picture.results.get(concept_id)
    if own is not None and own.points:
        return [own]
    ids = picture.ctx.lexicon.vocabulary.descendants("observation", concept_id) - {concept_id}
    core = table("results")["core"]
    return [picture.results[i] for i in core if i in ids and i in picture.results and picture.results[i].points][:3]


def _monitoring(picture: Picture) -> list[Sentence]:
    """Controls that a packaged statement asks for with an active drug, when the record has none in time."""
    found = []
    for rule in table("checks")["monitoring"]:
        drugs = [d for d in picture.drugs if d.is_active and _is_of(picture.ctx, d, rule["drug"])]
        series = [picture.results[i] for i in rule["results"] if i in picture.results and picture.results[i].points]
        for drug in drugs[:1]:
            if (line := _control(picture, rule, drug, series)) is not None:
                found.append(line)
    return found


def _control(picture: Picture, rule: dict[str, Any], drug: Drug, series: Sequence[Series]) -> Sentence | None:
    words, guide = _guidance(rule)
    now = picture.ctx.as_of
    if "every_days" in rule:
        newest = max((s.latest for s in series), key=lambda p: p.stamp, default=None)
        if newest is not None and newest.time is not None and (now - newest.time).days <= rule["every_days"] * 1.1:
            return None
        last = f"the last {newest.name} is of {newest.date}" if newest else "no such result is recorded"
        evidence = (
            (newest.evidence,) if newest else (picture.absence("Observation", f"0 {both(rule['results'])} results"),)
        )
        text = f"{drug.name[:1].upper()}{drug.name[1:]} is active and {last}. Guidance: {words}"
        return tell(text, cite(drug.newest), *evidence, guide, basis=Basis.GUIDANCE, item=True)
    started = max(drug.now, key=lambda c: c.first.timestamp() if c.first else 0.0)
    start = started.first
    due = start + timedelta(days=rule["after_start_days"]) if start else None
    if (
        start is None
        or due is None
        or (now - start).days > 120
        or any(s.latest.time and s.latest.time > start for s in series)
    ):
        return None
    text = (
        f"{drug.name[:1].upper()}{drug.name[1:]} was first ordered in this dose {dated(started.rows[0])} and no {both(list(rule['results']))} "
        f"result is recorded since. Guidance: {words}"
    )
    return tell(text, cite(started.rows[0]), guide, basis=Basis.GUIDANCE, item=True)


def screening_items(picture: Picture) -> list[Sentence]:
    """Screening and vaccination that a packaged statement names for this age and sex and the record has none of in time."""
    chart, found = picture.chart, []
    age = chart.age
    if age is None:
        return []
    for rule in table("checks")["screening"]:
        wrong_sex = rule.get("sex") and rule["sex"] != chart.patient.gender
        if (
            wrong_sex
            or not rule["from_age"] <= age <= rule.get("to_age", 200)
            or _has_any(picture, rule.get("unless", ()))
        ):
            continue
        done = _done(picture, rule)
        if any((picture.ctx.as_of - one.at).days <= one.holds_days for one in done):
            continue
        words, guide = _guidance(rule)
        if done:
            last = max(done, key=lambda one: one.at)
            lead, evidence = f"The last recorded {rule['name']} is of {last.said}", last.evidence
        else:
            lead, evidence = f"No {rule['name']} is recorded", picture.absence("Procedure", f"no {rule['name']}")
        found.append(tell(f"{lead}. Guidance: {words}", evidence, guide, basis=Basis.GUIDANCE, item=True))
    return found


def _has_any(picture: Picture, concepts: Sequence[str]) -> bool:
    wanted = {d for c in concepts for d in picture.ctx.lexicon.vocabulary.descendants("condition", c)}
    return any(p.ids & wanted for p in picture.problems)


class _Done(NamedTuple):
    """When a screening or vaccination was done, its citation, the date in words, and for how many days it holds."""

    at: datetime
    evidence: Evidence
    said: str
    holds_days: int


def _done(picture: Picture, rule: dict[str, Any]) -> list[_Done]:
    """All that the record has of what a rule asks for; a procedure or result may hold for less long than the others."""
    ctx, vocabulary = picture.ctx, picture.ctx.lexicon.vocabulary
    holds = {d: rule["every_days"] for p in rule.get("done", ()) for d in vocabulary.descendants("procedure", p)}
    holds |= rule.get("done_for_days", {})
    vaccines = set(rule.get("vaccines", ()))
    found = [
        _Done(r.time, cite(r), dated(r), max(holds[c] for c in named))
        for r in (*ctx.chart.procedures, *ctx.chart.reports)
        if r.time is not None and (named := ctx.lexicon.concept_ids("procedure", r) & holds.keys())
    ]
    found += [
        _Done(r.time, cite(r), dated(r), rule["every_days"])
        for r in ctx.chart.immunizations
        if r.time is not None and ctx.lexicon.concept_ids("immunization", r) & vaccines
    ]
    for concept_id in rule.get("results", ()):
        one = picture.results.get(concept_id)
        if one is not None and one.points and one.latest.time is not None:
            span = rule.get("result_every_days", rule["every_days"])
            found.append(_Done(one.latest.time, one.latest.evidence, one.latest.date, span))
    return found
