"""Where the notes contradict the structured record. The record is followed; both sides are shown and cited."""

from __future__ import annotations

import re

from domain.answers import Conflict
from domain.facts import Fact, FactKind
from tools.context import ToolContext, cite, dated, day, plain_name
from tools.drugs.allergies import allergies, allergy_conflicts, unlisted_allergies
from tools.drugs.medications import courses
from tools.measurements.readings import readings
from tools.notes.claims import denies_problem, lists_as_taken, said_of, taken_until
from tools.outcome import Statement, ToolResult, say
from tools.problems import since_when

_STALE_DAYS = 730
# "Smokes 5 a day, advised to quit" is about a smoker.
_TO_QUIT = re.compile(
    r"\b(?:advi[sc]e\w*|counsel\w*|encourag\w*|urged?|told|asked|wants?|wish\w*|try\w*|trie[ds]|ready|unwilling|willing|plan\w*|not interested|declin\w*|refus\w*|offered)"
    r"\b[^.;]{0,30}?\b(?:quit\w*|stop\w*|cessation)\b"
)  # fmt: skip
_SMOKES_NOW = re.compile(r"\bsmokes\b|\b(?:current|active)(?:ly)? smok|\bstill smok|\bcontinues to smoke")


def record_vs_notes(ctx: ToolContext, topic: str = "all") -> ToolResult:
    """Contradictions between notes and record. `topic`: all | allergies | medications | problems | smoking."""
    finders = {
        "allergies": lambda c: (*allergy_conflicts(c), *unlisted_allergies(c)),
        "medications": medication_conflicts,
        "problems": problem_conflicts,
        "smoking": smoking_conflicts,
    }
    chosen = [finders[topic]] if topic in finders else list(finders.values())
    conflicts = tuple(c for finder in chosen for c in finder(ctx))
    looked = (f"{len(ctx.chart.notes)} notes against the structured record",)
    if not conflicts:
        about = f" about {topic}" if topic in finders else ""
        text = f"No contradiction{about} between notes and record was found. Looked at {looked[0]}."
        return ToolResult(
            tool="record_vs_notes",
            found=False,
            statements=(say(text), *_record_side(ctx, topic)),
            looked_at=looked,
            data={"n": 0},
        )
    head = say(
        f"**{len(conflicts)}** {'contradiction' if len(conflicts) == 1 else 'contradictions'} between notes and record:"
    )
    return ToolResult(
        tool="record_vs_notes",
        statements=(head, *[conflict_line(c) for c in conflicts]),
        conflicts=conflicts,
        data={"n": len(conflicts)},
    )


def _record_side(ctx: ToolContext, topic: str) -> tuple[Statement, ...]:
    """What the record itself says on the topic."""
    if topic == "allergies":
        return allergies(ctx).statements
    if topic == "smoking":
        target = ctx.lexicon.resolve("tobacco_status", "observation")
        recorded = [r for r in readings(ctx, target) if r.text] if target else []
        return tuple(say(f"The record says: **{r.text}** ({day(r.time)}).", r.evidence) for r in recorded[-1:])
    return ()


def conflict_line(conflict: Conflict) -> Statement:
    """A conflict as one cited line."""
    text = f"{conflict.topic}: the record says {conflict.record_says}; but {conflict.note_says}"
    return say(text, *conflict.evidence, item=True)


def medication_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """Drugs that the newest note naming them lists as taken although no order of them is active."""
    newest = max((n.time for n in ctx.chart.notes if n.time), default=None, key=lambda t: t.timestamp())
    found: dict[str, Conflict] = {}
    seen: set[str] = set()
    everything = courses(ctx)
    for fact in reversed(ctx.chart.facts):
        span = fact.evidence.span
        if fact.kind is not FactKind.MEDICATION or span is None or fact.concept_id in seen:
            continue
        seen.add(fact.concept_id)  # the newest note that names a drug speaks for the notes
        written = ctx.chart.note_times.get(span.note_id)
        if newest is None or written is None or (newest - written).days > _STALE_DAYS:
            continue
        if not lists_as_taken(ctx, fact):
            continue
        over = taken_until(fact, written)
        if over is not None and over <= ctx.as_of:  # a course that the note itself ends
            continue
        target = ctx.lexicon.resolve(fact.concept_id, "medication")
        same = [c for c in everything if target and any(ctx.lexicon.matches(target, r, "medication") for r in c.rows)]
        if same and not any(c.is_active for c in same):
            course = max(same, key=lambda c: c.latest.time.timestamp() if c.latest.time else 0.0)
            times = (course.latest.time, getattr(course.latest, "end", None))
            if any(t is not None and written.date() <= t.date() for t in times):
                continue
            found[fact.concept_id] = Conflict(
                topic=target.label if target else fact.text,
                record_says=f"{course.name} {course.status}, last ordered {dated(course.latest)}",
                note_says=f"note of {day(written)} lists “{fact.evidence.quote}”",
                evidence=(cite(course.latest), fact.evidence),
            )
    return tuple(found.values())


def problem_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """Active problems that a later note denies."""
    found: dict[str, Conflict] = {}
    active = [r for r in ctx.chart.conditions if ctx.chart.is_active(r)]
    for fact in reversed(ctx.chart.facts):
        when = ctx.chart.note_time(fact)
        if when is None or not denies_problem(ctx, fact):
            continue
        target = ctx.lexicon.resolve(fact.concept_id, "condition")
        for row in active:
            if target is None or row.time is None or when < row.time or row.ref in found:
                continue
            if ctx.lexicon.matches(target, row, "condition"):
                found[row.ref] = Conflict(
                    topic=plain_name(row.display),
                    record_says=f"active {since_when(row)}",
                    note_says=f"note of {day(when)}: “{said_of(ctx, fact)}”",
                    evidence=(cite(row), fact.evidence),
                )
    return tuple(found.values())


def smoking_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """A smoking status in the newest note that differs from the recorded one."""
    target = ctx.lexicon.resolve("tobacco_status", "observation")
    recorded = [r for r in readings(ctx, target) if r.text] if target else []
    facts = [
        f
        for f in ctx.chart.facts
        if f.kind is FactKind.SOCIAL_HISTORY and _smoking_state(str(f.value or f.text)) is not None
    ]
    if not recorded or not facts:
        return ()
    last, fact = recorded[-1], facts[-1]
    on_record, written = _smoking_state(last.text), ctx.chart.note_time(fact)
    told = _told_state(fact)
    if on_record == told:
        return ()
    # A status may have changed since the note; but who never smoked did not smoke before, nor does a smoker become one who never did.
    may_have_changed = on_record != "never" and (told != "never" or on_record == "current")
    if may_have_changed and written is not None and last.time is not None and written.date() < last.time.date():
        return ()
    return (
        Conflict(
            topic="smoking",
            record_says=f"{last.text} ({day(last.time)})",
            note_says=f"note of {day(written)}: “{fact.evidence.quote}”",
            evidence=(last.evidence, fact.evidence),
        ),
    )


def _told_state(fact: Fact) -> str | None:
    if not fact.assertion.is_negated and _SMOKES_NOW.search(fact.text.lower()):
        return "current"
    return _smoking_state(f"{'never ' if fact.assertion.is_negated else ''}{fact.value or fact.text}")


def _smoking_state(text: str) -> str | None:
    lowered = _TO_QUIT.sub("", text.lower())
    if "smok" not in lowered and "tobacco" not in lowered:
        return None
    if any(w in lowered for w in ("never", "non-smoker", "nonsmoker", "denies")):
        return "never"
    if any(w in lowered for w in ("former", "ex-", "quit", "stopped", "previous")):
        return "former"
    return "current"
