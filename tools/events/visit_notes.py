"""What the notes tell of visits where the record has no field for it: contacts, complaints, follow-up, destination."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.facts import Evidence, Note, Span, span_ref
from tools.context import ToolContext, day
from tools.events.visits import specialties, specialty_names
from tools.outcome import Statement, say
from tools.times.periods import Period, wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow

_CONTACT = re.compile(
    r"\bvisit\b|\bencounter\b|\btelephone\b|\bphone\b|\bcall\b|\bconsult\w*\b|\bclinic\b|\bED\b|\bemergency\b",
    re.IGNORECASE,
)
_FOLLOW_UP = re.compile(
    r"\b(?:rtc|return to clinic|return(?:s|ing)? (?:in|to)\b|follow[- ]?up\b(?!\s+(?:of|imaging|from))|f/u|appts?\b|appointments?\b"
    r"|see (?:him |her |them )?(?:again|back)|review(?:ed)? in\b|recheck|come back|next (?:visit|review)|refer(?:red|ral)?\b)",
    re.IGNORECASE,
)
# When somebody is to be seen again, in the short words of a plan: "See 27 Jan", "Next: 6-8 wk", "Back February", "rv 3/12".
_A_TIME = (
    r"(?:in |on |at |by |for )?(?:about |around |approx\.? )?(?:\d|one\b|two\b|three\b|four\b|six\b|twelve\b|a (?:week|month|year|fortnight)|next (?:week|month|year)"
    r"|mon|tues?|wed|thur?s?|fri|sat|sun|jan|feb|mar|apr|may\b|june?\b|july?\b|aug|sep|oct|nov|dec|early|mid|late|spring|summer|autumn|winter)"
)
_SEEN_AGAIN = re.compile(
    rf"(?<!for )\b(?:see|back|next|next (?:appt|appointment|clinic|here)|review|reviewed|rv|r/v|rtc|clinic|tca|return|follow[- ]?up|f/?u|appt|appointment|booked)\b\s*[:,-]?\s*"
    rf"(?:(?:him|her|them|here|me|us|with me|to clinic|clinic|visit|(?<=next )[A-Za-z]+(?: clinic| visit| review| appt)?)\s+)?{_A_TIME}",
    re.IGNORECASE,
)
_FOLLOW_UP_SECTION = re.compile(r"follow[- ]?up|appointments?|disposition", re.IGNORECASE)
_DESTINATION = re.compile(
    r"\b(?:discharged?|dispo(?:sition)?|d/c(?:'?d)?|transfer(?:red)?|went)\b.{0,60}"
    r"\b(?:home|snf|rehab\w*|nursing|facility|hospice|skilled|ltac|hospital|self[- ]care)\b",
    re.IGNORECASE,
)
_TOLD_HOURS = 12  # how long before and after a visit a note still belongs to it
_LEAST = 3  # words of a sentence that says something
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)", re.IGNORECASE)
_QUOTED = 240  # characters of a sentence that are shown
_MOST = 3


def _heading(note: Note) -> str:
    return note.title or note.note_type


def _quoted(note: Note, start: int, end: int) -> Statement:
    if end - start > _QUOTED:
        cut = note.text.rfind(" ", start, start + _QUOTED)
        end = cut if cut > start else start + _QUOTED
    text = note.text[start:end]
    evidence = Evidence(ref=span_ref(Span(note_id=note.id, start=start, end=end)), quote=text, time=note.time)
    shown = re.sub(r"\[(\d{1,3})\]", r"(\1)", " ".join(text.split()))  # brackets of a note are no citation of ours
    return say(f"The {_heading(note)} of {day(note.time)} says: “{shown}”", evidence)


def _sentences(
    ctx: ToolContext,
    period: Period | None,
    pattern: re.Pattern[str],
    section: re.Pattern[str] | None = None,
    of: re.Pattern[str] | None = None,
) -> list[Statement]:
    """Sentences of a period's notes that hold a pattern or stand in a section of that name, newest note first.

    Only notes whose title, author or first line has `of`, where it is given.
    """
    from nlp_pipeline import find_sections, split_sentences
    from tools.notes.search import notes_in

    found: list[Statement] = []
    for note in reversed(notes_in(ctx, period)):
        if of is not None and not _is_of(note, of):
            continue
        inside = [(s.start, s.end) for s in find_sections(note.text) if section is not None and section.search(s.title)]
        for start, end in split_sentences(note.text):
            words = note.text[start:end].split()
            if (
                len(words) < _LEAST
                and not any(c.isdigit() for c in note.text[start:end])
                and not _MONTH.search(note.text, start, end)
            ):
                continue  # a heading
            named = pattern.search(note.text, start, end) is not None
            told = any(a <= start < b and len(words) > 2 for a, b in inside)
            if named or told:
                found.append(_quoted(note, start, end))
        if len(found) >= _MOST:
            break
    return found[:_MOST]


def _pattern_of(seen_by: str) -> re.Pattern[str]:
    specialty = specialty_names().get(seen_by.lower())
    names = (specialty, *specialties()[specialty]) if specialty is not None else (seen_by,)
    # Abbreviations in capitals ("ID", "PT") are meant as such only in capitals.
    said = (re.escape(n) if n.isupper() else f"(?i:{re.escape(n)})" for n in names)
    return re.compile(rf"\b(?:{'|'.join(said)})\b")


def mentions_of(ctx: ToolContext, seen_by: str) -> list[Statement]:
    """Notes by title, else sentences of notes, that name a specialty or clinician whom no visit of the record names."""
    from tools.notes.search import notes_in

    pattern = _pattern_of(seen_by)
    titled = [n for n in notes_in(ctx, None) if pattern.search(f"{_heading(n)} {n.author}")]
    if titled:
        newest = reversed(titled[-_MOST:])
        return [say(f"A note is there: {_heading(n)} of {day(n.time)}.", _start_of(n)) for n in newest]
    return _sentences(ctx, None, pattern)


def _start_of(note: Note) -> Evidence:
    end = min(len(note.text), _QUOTED // 2)
    return Evidence(ref=span_ref(Span(note_id=note.id, start=0, end=end)), quote=note.text[:end], time=note.time)


def later_contacts(ctx: ToolContext, row: EncounterRow) -> list[Statement]:
    """A note of a contact that is later than the last visit on record: a telephone call is often no encounter."""
    end = row.end or row.start or row.time
    if end is None:
        return []
    after = datetime.combine(wall_clock(end).date() + timedelta(days=1), datetime.min.time())
    return contacts_in(ctx, Period(since=after), "A later contact is in the notes only")


def contacts_in(ctx: ToolContext, period: Period, lead: str = "A contact is in the notes only") -> list[Statement]:
    """The newest note of a visit or call in a period in which the record has no visit."""
    from tools.notes.search import notes_in

    found = [n for n in notes_in(ctx, period) if n.time is not None and _CONTACT.search(_heading(n))]
    return [say(f"{lead}: {_heading(n)} of {day(n.time)}.", _start_of(n)) for n in found[-1:]]


def follow_up_planned(ctx: ToolContext, since: datetime | None, seen_by: str = "") -> list[Statement]:
    """What notes since the last visit say of follow-up; with a specialty or clinician, their own notes and what names them."""
    slack = timedelta(hours=_TOLD_HOURS)
    period = Period(since=since - slack, label="since the last visit") if since is not None else None
    if not seen_by:
        again = _sentences(ctx, period, _SEEN_AGAIN)
        return again or _sentences(ctx, period, _FOLLOW_UP, _FOLLOW_UP_SECTION)
    pattern = _pattern_of(seen_by)
    for within, planned in ((period, _SEEN_AGAIN), (period, _FOLLOW_UP), (_their_newest(ctx, pattern), _SEEN_AGAIN)):
        if own := _sentences(ctx, within, planned, of=pattern):
            return own
    told = [*_sentences(ctx, period, _SEEN_AGAIN), *_sentences(ctx, period, _FOLLOW_UP, _FOLLOW_UP_SECTION)]
    named = [s for s in told if pattern.search(s.text.partition(": “")[2])]
    return list({s.text: s for s in named}.values())


def _their_newest(ctx: ToolContext, pattern: re.Pattern[str]) -> Period:
    """The time since the newest note of a specialty or clinician: what an older one plans is over."""
    from tools.notes.search import notes_in

    own = [n.time for n in notes_in(ctx, None) if n.time is not None and _is_of(n, pattern)]
    return Period(since=own[-1] if own else ctx.as_of, label="since their newest note")


def _is_of(note: Note, pattern: re.Pattern[str]) -> bool:
    """Whether a note's title, author or first line names a specialty or clinician."""
    first_line = note.text.strip().partition("\n")[0]
    return pattern.search(f"{_heading(note)} {note.author} {first_line}") is not None


def destination_in_notes(ctx: ToolContext, row: EncounterRow) -> list[Statement]:
    """Where notes of the last days of a stay say that the patient went."""
    if row.end is None:
        return []
    around = timedelta(days=2)
    period = Period(since=row.end - around, until=row.end + around, label="around the discharge")
    return _sentences(ctx, period, _DESTINATION)


def _of_visit(row: EncounterRow) -> Period | None:
    start = row.start or row.time
    if start is None:
        return None
    slack = timedelta(hours=_TOLD_HOURS)
    return Period(since=start - slack, until=(row.end or start) + slack, label="of that visit")


def told_at(ctx: ToolContext, row: EncounterRow) -> list[Statement]:
    """What the notes of a visit conclude: their course, assessment and plan."""
    from tools.notes.search import section_of_note

    period = _of_visit(row)
    if period is None:
        return []
    found = [section_of_note(ctx, section, period) for section in ("hospital course", "assessment", "plan")]
    statements = {s.text.partition(": “")[2]: s for told in found if told.found for s in told.statements}
    return list(statements.values())


def complaint_in_notes(ctx: ToolContext, row: EncounterRow) -> list[Statement]:
    """What the notes of a visit give as the complaint, where the record has no reason for it."""
    from tools.notes.search import search_notes, section_of_note

    period = _of_visit(row)
    if period is None:
        return []
    for section in ("chief complaint", "history of present illness"):
        told = section_of_note(ctx, section, period)
        if told.found:
            return list(told.statements)
    told = search_notes(ctx, "presented with, came in for, reason for visit", period, limit=2, near=False)
    return list(told.statements) if told.found else []
