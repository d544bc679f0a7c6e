"""The story in everyday words, for the patient: short sentences, jargon explained, the record's own names kept beside them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from knowledge_base.drafts import Finding
from tools.context import cite, plain_name
from tools.drugs.checks.engine import of_list
from tools.drugs.medications import courses
from tools.story import sections
from tools.story.drugs import Drug, taking
from tools.story.model import Basis, Section, Sentence, tell
from tools.story.open_items import due_items, pending_items
from tools.story.picture import Picture
from tools.story.problems import Problem, families, family_of
from tools.story.results import Series
from tools.story.visits import Visit, last_contact
from tools.story.who import person, staleness, substance
from tools.story.wording import both, in_words, quoted, sentence, table

_NEWS = timedelta(days=365)
_WARNS = {
    "kidney": "the official information advises against {drugs} at kidney results like yours",
    "laboratory": "the official information advises against {drugs} at a test result like yours",
    "interaction": "the official information warns against taking {drugs} together",
    "allergy": "an entry on your allergy list concerns {drugs}",
    "pregnancy": "the official information advises against {drugs} in pregnancy",
    "condition": "the official information advises against {drugs} with one of your conditions",
    "age": "the official information advises care with {drugs} at your age",
}
_MOST = {"one_liner": 4, "full": 30}


def plain_story(picture: Picture, kind: str) -> list[Section]:
    """The sections of a patient's own summary; `kind` says which of them."""
    most = _MOST.get(kind, 12)
    about = Section(id="summary", title="About you", code=sections.HISTORY, sentences=tuple(_about(picture, kind)))
    parts = {
        "allergies": Section(id="allergies", title="Your allergies", code=sections.ALLERGIES, sentences=tuple(_allergies(picture))),
        "problems": Section(id="problems", title="Your health problems", code=sections.PROBLEMS, sentences=tuple(_problems(picture, most))),
        "past": Section(id="past", title="What is over", code=sections.PAST, sentences=tuple(_past(picture))),
        "drugs": Section(id="medications", title="Your medicines", code=sections.MEDICATIONS, sentences=tuple(_drugs(picture, most))),
        "stopped": Section(id="stopped", title="Medicines that were stopped", code=sections.MEDICATIONS, sentences=tuple(_stopped(picture))),
        "safety": Section(id="safety", title="Please ask about", code=sections.PLAN, sentences=tuple(_warnings(picture))),
        "results": Section(id="results", title="Your test results", code=sections.RESULTS, sentences=tuple(_results(picture))),
        "visits": Section(id="visits", title="Your visits", code=sections.ENCOUNTERS, sentences=tuple(_visits(picture, kind))),
        "next": Section(id="open", title="What is still open", code=sections.PLAN, sentences=tuple(_next(picture))),
    }  # fmt: skip
    chosen = {
        "one_liner": ("problems", "allergies", "safety"),
        "timeline": ("problems", "past", "visits"),
        "problem_oriented": ("problems", "drugs", "allergies", "results", "next"),
        "since_last_visit": ("visits", "results", "stopped", "safety", "next"),
        "sbar": ("problems", "drugs", "allergies", "results", "next"),
        "full": ("problems", "past", "drugs", "stopped", "allergies", "results", "visits", "next"),
    }[kind]
    return [about, *(parts[name] for name in chosen)]


def _about(picture: Picture, kind: str) -> list[Sentence]:
    died = picture.chart.deceased_on
    if died is not None:
        text = f"This is the record of a {person(picture)} who died on {in_words(died)}."
        return [tell(text, picture.patient_evidence)]
    lines = []
    if picture.chart.age is not None:
        age = (
            f"{picture.chart.age} years old"
            if picture.chart.age >= 2
            else person(picture).replace("-", " ", 2).rpartition(" ")[0]
        )
        lines.append(tell(f"You are {age}.", picture.patient_evidence))
    else:
        lines.append(tell("Your age is not in your record.", picture.patient_evidence, basis=Basis.ABSENCE))
    if picture.visits and kind != "since_last_visit":
        lines.append(_visit_line(picture.visits[-1], "Your last visit was on"))
    for stale in staleness(picture):
        last = last_contact(picture.ctx)
        if last is not None:
            text = f"Your record ends {_at(last.moment, last.precision)}. What is said here was true then."
            lines.append(tell(text, *stale.evidence, basis=Basis.DERIVED))
    return lines


def _visit_line(visit: Visit, lead: str) -> Sentence:
    start = in_words(visit.start, visit.rows[0].time_precision)
    stay = (
        visit.end is not None and visit.start is not None and visit.end.date() != visit.start.date() and visit.is_acute
    )
    when = f"from {start} to {in_words(visit.end)}" if stay else _at(visit.start, visit.rows[0].time_precision)
    lead = lead.removesuffix(" on")
    reason = f" The reason given was {quoted(visit.reason)}." if visit.reason else ""
    return tell(f"{lead} {when}.{reason}", *visit.evidence)


def plain_problem(picture: Picture, problem: Problem) -> str:
    """A problem in everyday words, with the record's own name where that is another."""
    words, family = table("plain")["conditions"], family_of(picture.ctx, problem.ids)
    known = next((words[i] for i in sorted(problem.ids) if i in words), "")
    if any(digit not in problem.name for digit in re.findall(r"\d", known)):
        known = families().get(family, {}).get("plain", "")  # a code may say more than the record's words do
    if not known:
        return problem.name
    bare = known.partition(" (")[0].removeprefix("a ").removeprefix("an ")
    return (
        known if bare in problem.name or problem.name in known else f"{known} (your record says {quoted(problem.name)})"
    )


def _problems(picture: Picture, most: int) -> list[Sentence]:
    active = [p for g in picture.current for p in g.active]
    if not active:
        text = "Your record lists no health problem that is active now."
        return [tell(text, picture.absence("Condition", "no active medical problem"), basis=Basis.ABSENCE)]
    verb = "The record lists" if picture.chart.deceased_on else "You have"
    lines = []
    for problem in active[:most]:
        row = problem.row
        began = row.onset or row.time
        since = f" This began {_at(began, row.time_precision if row.time == began else 'day')}." if began else ""
        doubt = " This is not certain yet." if problem.doubt else ""
        lines.append(tell(f"{verb} {plain_problem(picture, problem)}.{since}{doubt}", cite(row), item=True))
    if len(active) > most:
        rest = active[most:]
        text = f"Your record also lists {both([plain_problem(picture, p) for p in rest])}."
        lines.append(tell(text, *[cite(p.row) for p in rest], item=True))
    return lines


def _at(moment: datetime | None, precision: str) -> str:
    return f"{'in' if precision in {'year', 'month'} else 'on'} {in_words(moment, precision)}"


def _ended(problem: Problem) -> str:
    precision = {4: "year", 7: "month"}.get(len(problem.ended), "day")
    return _at(problem.row.abatement, precision)


def _past(picture: Picture) -> list[Sentence]:
    horizon = (picture.ctx.as_of - timedelta(days=1100)).timestamp()
    over = [p for g in picture.groups for p in g.past if p.row.abatement is not None and p.stamp >= horizon]
    over.sort(key=lambda p: -p.stamp)
    return [
        tell(f"{sentence(plain_problem(picture, p)).rstrip('.')} was over {_ended(p)}.", cite(p.row), item=True)
        for p in over[:6]
    ]


def _drugs(picture: Picture, most: int) -> list[Sentence]:
    active = [d for d in reversed(picture.drugs) if d.is_active]
    if not active:
        text = "Your record lists no medicine that you take now."
        return [tell(text, picture.absence("MedicationRequest", "no active medication"), basis=Basis.ABSENCE)]
    lines = _warnings(picture)
    for drug in active[: max(most, 12)]:
        lines.append(
            tell(sentence(f"{taking(drug)}{_purpose(picture, drug)}"), *[cite(c.latest) for c in drug.now], item=True)
        )
    return lines


def _warnings(picture: Picture) -> list[Sentence]:
    """What the checks of drug safety find grave: it is said, and whom to ask; what to do is not decided here."""
    dead = picture.chart.deceased_on is not None
    found = () if dead else of_list(picture.ctx, [c for c in courses(picture.ctx) if c.is_active])
    return [
        tell(
            f"Safety: {_WARNS.get(f.check, 'there is a warning about {drugs}').format(drugs=_drugs_in(picture, f))}"
            f"{f' ({f.source})' if f.source else ''}. Please ask your care team soon, and change nothing on your own.",
            *f.evidence,
            basis=Basis.GUIDANCE,
            item=True,
        )
        for f in found
    ]


def _drugs_in(picture: Picture, finding: Finding) -> str:
    refs = {e.ref for e in finding.evidence}
    named = [d.name for d in picture.drugs if any(c.latest.ref in refs for c in d.now)]
    return both(named) if named else "one of your medicines"


def _purpose(picture: Picture, drug: Drug) -> str:
    reason = drug.newest.reason_display
    if reason:
        mentions = picture.ctx.lexicon.find_mentions(reason, ("condition",), fuzzy=False)
        words = table("plain")["conditions"]
        known = next((words[t.id] for m in mentions for t in m.targets if t.id in words), "")
        return f", for {known}" if known else f", for {quoted(plain_name(reason))}"
    keys = set(drug.ids).union(*(picture.ctx.lexicon.vocabulary.classes_of(i) for i in drug.ids))
    use = next((text for key, text in table("plain")["drugs"].items() if key in keys), "")
    return f" (a drug of this kind is used {use})" if use else ""


def _stopped(picture: Picture) -> list[Sentence]:
    from tools.drugs.spans import ended_on

    found = []
    for drug in reversed(picture.drugs):
        if drug.is_active or not drug.past:
            continue
        row = drug.newest
        ended = ended_on(picture.ctx, row)[0]
        moment = ended or row.time
        if moment is None or picture.ctx.as_of - moment > _NEWS:
            continue
        why = f" The reason given was {quoted(row.status_reason)}." if row.status_reason else ""
        when = f" on {in_words(ended)}" if ended else ""
        found.append(tell(f"{sentence(drug.name).rstrip('.')} is no longer on your list. It ended{when}.{why}" if ended else
                          f"{sentence(drug.name).rstrip('.')} is no longer on your list.{why}", cite(row), item=True))  # fmt: skip
    return found[:8]


def _allergies(picture: Picture) -> list[Sentence]:
    rows = [r for r in picture.chart.allergies if r.clinical_status in {"active", ""}]
    words = table("plain")["reactions"]
    lines = []
    for row in rows:
        reactions = [words.get(r.lower(), r.lower()) for r in row.reactions]
        named = (
            f" ({', '.join(row.reactions).lower()})"
            if any(r.lower() in words and words[r.lower()] != r.lower() for r in row.reactions)
            else ""
        )
        what = f" It caused {both(reactions)}{named}." if reactions else " The record does not say what it caused."
        lines.append(tell(f"Allergy list: {substance(row.display)}.{what}", cite(row), item=True))
    if rows:
        return lines
    if picture.chart.no_known_allergies:
        return [tell("Your record says that you have no known allergies.", cite(picture.chart.no_known_allergies[-1]))]
    text = "Your record has no entry about allergies. That does not mean that you have none."
    return [tell(text, picture.absence("AllergyIntolerance", "no active entry"), basis=Basis.ABSENCE)]


def _results(picture: Picture) -> list[Sentence]:
    plain = table("plain")
    last = last_contact(picture.ctx)
    newest = last.moment if last else picture.ctx.as_of
    chosen: list[Series] = [
        picture.results[i] for i in plain["core"] if i in picture.results and picture.results[i].points
    ]
    chosen += [
        line.series
        for line in sections.abnormal_trends(picture, {s.id for s in chosen})[:4]
        if line.series.id in plain["results"]
    ]
    lines = []
    for one in chosen:
        if one.latest.time is None or newest - one.latest.time > _NEWS:
            continue
        point = one.latest
        flag = {"high": " This is higher than the usual range.", "low": " This is lower than the usual range."}.get(
            point.flag, ""
        )
        before = _before(one)
        label = plain["results"].get(one.id, one.label)
        text = f"{label}: {point.shown} {_at(point.time, point.precision)}.{flag}{before[0]}"
        lines.append(tell(text, point.evidence, *before[1], item=True))
    return lines


def _before(one: Series) -> tuple[str, tuple[Any, ...]]:
    point = one.latest
    earlier = [
        p
        for p in one.points[:-1]
        if p.number is not None and p.time is not None and point.time is not None and point.time - p.time <= _NEWS * 2
    ]
    if not earlier or point.number is None or not one.differs(earlier[0], point):
        return "", ()
    first = earlier[0]
    recorded = f" (written as {first.recorded})" if first.recorded else ""
    return f" It was {first.shown}{recorded} {_at(first.time, first.precision)}.", (first.evidence,)


def _visits(picture: Picture, kind: str) -> list[Sentence]:
    visits = [v for v in picture.visits if picture.period is None or picture.period.contains(v.start)]
    shown = list(reversed(visits))[: 2 if kind == "since_last_visit" else 10]
    if not shown:
        return [tell("No visit is in your record.", picture.absence("Encounter", "no visit"), basis=Basis.ABSENCE)]
    leads = ["Your last visit was on", "The one before was on", *(["Before that, you had a visit on"] * 20)]
    return [_visit_line(v, lead).model_copy(update={"item": True}) for v, lead in zip(shown, leads, strict=False)]


def _next(picture: Picture) -> list[Sentence]:
    """What is pending or due, in the words of the record; guidance texts are for clinicians and left out."""
    if picture.chart.deceased_on is not None:
        return []
    items = [*pending_items(picture), *due_items(picture)]
    kept = [i for i in items if i.basis is not Basis.GUIDANCE][:6]
    if kept:
        ask = tell(
            "Ask your care team about these points.", *[e for i in kept for e in i.evidence[:1]], basis=Basis.DERIVED
        )
        return [*kept, ask]
    return []
