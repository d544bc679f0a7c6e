"""What the notes say: sections of a named note, and passages that answer a question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from domain.facts import Evidence, Note, Span, span_ref
from tools.context import ToolContext, day
from tools.notes.asks import is_formality, looks_like_answer
from tools.notes.codes import is_of_unheard_code
from tools.notes.days_told import of_another_time
from tools.notes.named import notes_named
from tools.notes.not_told import does_not_tell
from tools.notes.passages import Found, rank_sentences
from tools.notes.telling import telling_of
from tools.notes.to_come import is_only_to_come
from tools.outcome import Statement, ToolResult, say
from tools.times.periods import Period
from tools.untrusted import SET_ASIDE, inert_text

_QUOTE_LIMIT = 420
_FEW_NOTES = 4
_LOOKED_THROUGH = 8  # sentences of another time, for one that names the time asked about
_FEW_NAMED = 2  # notes of a time that "the note of" may mean
_NEAREST_SHOWN = 3
_AUTHORS_SHOWN = 6
_SHORT = 80  # characters; a shorter sentence is quoted with what follows it in its paragraph
_GOES_ON_FOR, _POINTS_BACK_FOR = 3, 2  # sentences at most
_OF_THE_EVENT = timedelta(days=2)
# To its end: a full stop, the line before a list item or an empty line, or the end of the next line.
_TO_ITS_END = r"[^\n]{3,}?(?:[.!?](?=\s|$)|(?=\n[ \t]*(?:\n|[-*•#]|\d{1,2}[.)] ))|$|\n[^\n]{3,200}?[.!?](?=\s|$))"
_ITEM = r"[-*•#\n]|\d{1,2}[.)] "
_NEXT = re.compile(rf"[ \t]*\n?[ \t]*(?!{_ITEM}|[A-Z][A-Za-z /&-]{{2,40}}:|[A-Z]{{4,}}){_TO_ITS_END}")
_NEXT_TOLD = re.compile(rf"[ \t]*\n?[ \t]*(?!{_ITEM}){_TO_ITS_END}")  # a reason may have a heading of its own
_POINTS_BACK = re.compile(
    r"\W*(?:(?:continue\w*|stop|repeat|hold|keep|resume|wait\w*|until|if|and|but|so|then|also)\W+){0,2}"
    r"(?:until then|then|this|that|these|those|it|its|both|he|she|they|same)\b",
    re.IGNORECASE,
)
_NAMES_A_NOTE = re.compile(r"\bnotes?\b|\bentry\b|\bletter\b|\bwrit|\bwrote\b|\bdocument|\bvisit\b", re.IGNORECASE)
_ASKS_OF_PLAN = re.compile(r"\bplan(?:s|ned)?\b|\bnext steps?\b", re.IGNORECASE)
_GOES_ON = re.compile(
    r"\bwhy\b|\bhow come\b|\bwhat made\b|\bwhat happen|\breason|\bplan|\bdecision|\boutcome|\bexplain|\bbecause|\bcause",
    re.IGNORECASE,
)


def suspicious_notes(ctx: ToolContext) -> list[Note]:
    """Visible notes of which something was set aside because it addresses software."""
    return [n for n in ctx.chart.notes if n.id in ctx.chart.set_aside]


def suspicion_warnings(notes: Sequence[Note]) -> tuple[str, ...]:
    """What the reader is told about such notes."""
    return tuple(
        f"The note of {day(n.time)} (Note/{n.id}) contains text addressed to software. It was set aside as untrusted "
        "data: not followed, not quoted, and not used as evidence."
        for n in notes
    )


def _describe(note: Note) -> str:
    return f"{note.title or note.note_type or 'note'} of {day(note.time)}"


def _author(note: Note) -> str:
    return f"was written by **{note.author}**" if note.author else "has no author on record"


def quoted(note: Note, start: int, end: int, limit: int = _QUOTE_LIMIT) -> tuple[str, Evidence]:
    """The text between two offsets without its margins, with the citation of exactly those characters.

    Of a passage around text that was set aside, the longest part that is left. The evidence quotes the note as it
    stands; what is shown of it is inert.
    """
    start, end = _longest_left(note.text, start, end)
    while start < end and note.text[start].isspace():
        start += 1
    while end > start and note.text[end - 1] in " \t\r\n#":
        end -= 1
    if note.text[start:end].endswith(":"):  # a lead-in says nothing without its list
        tail = re.match(r"(?:\s*\n\s*[-*•].*)+", note.text[end:])
        end += tail.end() if tail else 0
    if end - start > limit:
        cut = note.text.rfind(" ", start, start + limit)
        end = cut if cut > start else start + limit
    text = note.text[start:end]
    evidence = Evidence(
        ref=span_ref(Span(note_id=note.id, start=start, end=max(end, start + 1))), quote=text, time=note.time
    )
    # What a note has in brackets must not be read as a citation of ours.
    return re.sub(r"\[(\d{1,3})\]", r"(\1)", " ".join(inert_text(text).split())), evidence


def _longest_left(text: str, start: int, end: int) -> tuple[int, int]:
    parts = [m.span() for m in re.finditer(rf"[^{SET_ASIDE}]+", text[start:end])] or [(0, end - start)]
    left, right = max(parts, key=lambda part: len(text[start + part[0] : start + part[1]].strip()))
    return start + left, start + right


def sentence_around(ctx: ToolContext, evidence: Evidence) -> tuple[str, Evidence]:
    """The whole sentence in which a fact stands, with its citation; the fact's own words where the note is not visible."""
    span = evidence.span
    note = next((n for n in ctx.chart.notes if span is not None and n.id == span.note_id), None)
    if note is None or span is None:
        return evidence.quote, evidence
    before = [m.end() for m in re.finditer(r"[.!?;](?=\s)|\n", note.text[: span.start])]
    after = re.search(r"[.!?;](?=\s|$)|\n", note.text[span.end :])
    return quoted(note, before[-1] if before else 0, span.end + (after.end() if after else len(note.text)))


def notes_in(ctx: ToolContext, period: Period | None) -> list[Note]:
    """Notes of a period that describe care, oldest first."""
    return [
        n
        for n in ctx.chart.notes
        if n.id not in ctx.chart.suspicious_note_ids and (period is None or period.contains(n.time))
    ]


def search_notes(
    ctx: ToolContext,
    query: str,
    period: Period | None = None,
    limit: int = 3,
    near: bool = True,
    newest: bool = False,
    about: str = "",
    beside: bool = False,
) -> ToolResult:
    """Sentences of the notes that answer a question, quoted with their place. Use when the record has no field for it.

    When nothing speaks to it and `near` is set, the nearest sentences are shown as no more than that. `newest` looks
    into the last note alone. Of the words `about`, one or its like has to stand in what is quoted. `beside` an answer
    from the record, only what holds the name asked about is near.
    """
    if newest and (trusted := notes_in(ctx, period)) and (written := trusted[-1].time) is not None:
        period = Period(since=written, until=written + timedelta(seconds=1), label=f"of {day(written)}")
    reach = _with_the_event(period)
    warnings = suspicion_warnings([n for n in suspicious_notes(ctx) if reach is None or reach.contains(n.time)])
    notes = notes_in(ctx, reach)
    ranked = rank_sentences(ctx, query, notes, about)
    unheard = is_of_unheard_code(query, ctx.lexicon, (f"{n.title} {n.text}" for n in notes_in(ctx, None)))
    is_one_of_few = period is not None and len(notes) <= _FEW_NOTES
    is_of_plan = _ASKS_OF_PLAN.search(query) is not None
    telling = [] if unheard else telling_of(ranked, limit, is_one_of_few, is_of_plan)
    looked = (f"{len(notes)} notes{' ' + period.label if period and period.label else ''}",)
    by_id = {n.id: n for n in notes}
    statements: list[Statement] = []
    for found, end in _apart(telling, by_id, query):
        note = by_id[found.note_id]
        quote, evidence = quoted(note, found.start, end)
        section = f", {found.section}" if found.section else ""
        statements.append(say(f"The {_describe(note)}{section}, says: “{quote}”", evidence))
    to_come = is_only_to_come(query, [e.quote for s in statements for e in s.evidence])
    if to_come:
        statements.insert(0, say("No result is documented; of what was asked the notes only say that it is to come:"))
    if does_not_tell(query, [e.quote for s in statements for e in s.evidence]):
        telling, statements = [], []
    is_named = 0 < len(notes) <= _FEW_NAMED and _NAMES_A_NOTE.search(query) is not None
    if not telling and period is not None and near and not (beside and about) and not is_named:
        # What happened at a time is often told later, and the time may be that of what was asked.
        elsewhere = search_notes(ctx, query, limit=_LOOKED_THROUGH, near=False, about=about)
        if elsewhere.found:
            return of_another_time(elsewhere, period, limit, looked, warnings)
    nearest = not telling and near
    if nearest:
        close = [f for f in ranked[:_NEAREST_SHOWN] if (f.is_near_by_name if beside else f.is_near)]
        statements = _nearest(close, notes, by_id, period, looked[0], query)
    if not statements:
        statements = [say(f"Not documented: no note mentions it. Looked at {looked[0]}.")]
    return ToolResult(
        tool="search_notes",
        found=bool(telling) and not to_come,
        statements=tuple(statements),
        data={
            "query": query,
            "n": len(telling),
            "nearest": to_come or (nearest and any(s.evidence for s in statements)),
        },
        looked_at=looked,
        warnings=warnings,
    )


def _with_the_event(period: Period | None) -> Period | None:
    """A period with one open end, over its other end: what came before an admission, and what was to come after a
    discharge, is told in the note of that day.
    """
    if period is None or (period.since is None) == (period.until is None):
        return period
    if period.until is not None:
        return period.model_copy(update={"until": period.until + _OF_THE_EVENT})
    return period.model_copy(update={"since": period.since - _OF_THE_EVENT}) if period.since is not None else period


def _apart(found: Sequence[Found], by_id: Mapping[str, Note], query: str) -> list[tuple[Found, int]]:
    """Each sentence with the end of its quote, without those that overlap an earlier quote."""
    kept: list[tuple[Found, int]] = []
    for one in found:
        note = by_id[one.note_id]
        whole = one.model_copy(update={"start": _told_from(note, one)})
        # Beside a quote that goes over the next sentence, a sentence stands alone.
        for quoted, end in ((whole, _told_until(note, one, query)), (one, one.end)):
            if not any(f.note_id == one.note_id and f.start < end and quoted.start < until for f, until in kept):
                kept.append((quoted, end))
                break
    return kept


def _told_from(note: Note, found: Found) -> int:
    """Where the quote begins: sentences earlier where it points back ("Continue until then", "She would rather wait")."""
    start = found.start
    for _ in range(_POINTS_BACK_FOR):
        earlier = _sentence_before(note.text, start) if _POINTS_BACK.match(note.text, start, start + 40) else None
        if earlier is None:
            break
        start = earlier
    return start


def _sentence_before(text: str, place: int) -> int | None:
    """Where the sentence before a place begins, if its paragraph has one."""
    before = text[max(0, place - 240) : place]
    paragraph = re.split(r"\n[ \t]*(?:\n|(?=[-*•#]|\d{1,2}[.)] ))", before)[-1]
    sentences = [m.start() for m in re.finditer(r"(?:^|(?<=[.!?:])\s+)(?=\S)", paragraph)]
    earlier = [s for s in sentences if len(paragraph) - s > 3]
    if not paragraph.strip() or not earlier or len(paragraph) == 240:
        return None
    return place - len(paragraph) + earlier[-1]


def _told_until(note: Note, found: Found, query: str) -> int:
    """Where the quote ends. Telegraphic notes tell in the next sentence what the first one only opens ("On CPAP. Used 27/30
    nights."), a reason or a plan often stands behind the sentence that names its matter, and so does the date or the figure
    that is asked for and that this one lacks.
    """
    end, more = found.end, 1 if _GOES_ON.search(query) else 0
    wanted = looks_like_answer(query) if found.signs.lacks_form else None
    for _ in range(_GOES_ON_FOR):
        following = (_NEXT_TOLD if more > 0 else _NEXT).match(note.text, end)
        if following is None or following.end() - found.start > _QUOTE_LIMIT:
            break
        is_wanted = wanted is not None and wanted.search(following[0]) is not None
        if end - found.start >= _SHORT and more < 1 and not is_wanted:
            break
        if is_formality(note.text, following.start(), following.end()):
            break
        end, more, wanted = following.end(), more - 1, None
    return end


def _nearest(
    close: Sequence[Found],
    notes: Sequence[Note],
    by_id: Mapping[str, Note],
    period: Period | None,
    looked: str,
    query: str,
) -> list[Statement]:
    """What comes nearest to a question that no sentence answers, said to be no more than that."""
    if close:
        statements = [say(f"Not documented in those words. Looked at {looked}; the nearest passages are:")]
        for found, end in _apart(close, by_id, query):
            note = by_id[found.note_id]
            quote, evidence = quoted(note, found.start, end)
            statements.append(say(f"{_describe(note)}: “{quote}”", evidence, item=True))
        return statements
    if period is not None and 0 < len(notes) <= _FEW_NAMED and _NAMES_A_NOTE.search(query):
        # The reader named the note: what it says is shown, though nothing in it was recognised as the answer.
        quote, evidence = quoted(notes[-1], 0, len(notes[-1].text), 900)
        return [say(f"Not documented in those words; the {_describe(notes[-1])} reads:"), say(f"“{quote}”", evidence)]
    return []


_SECTIONS = {
    "chief complaint": ("chief complaint", "presenting complaint", "reason for visit", "cc"),
    "history of present illness": ("history of present illness", "hpi", "interval history", "subjective"),
    "social history": ("social history", "social hx", "sh"),
    "family history": ("family history", "fh"),
    "past medical history": ("past medical history", "pmh", "medical history"),
    "allergies": ("allergies", "allergy"),
    "medications": ("medications", "home medications", "current medications", "discharge medications", "meds"),
    "assessment": ("assessment and plan", "assessment", "impression", "a/p", "assessment/plan"),
    "plan": ("plan", "assessment and plan", "recommendations", "a/p", "disposition"),
    "exam": ("physical exam", "physical examination", "exam", "objective"),
    "hospital course": ("hospital course", "brief hospital course", "course"),
}


def section_of_note(ctx: ToolContext, section: str, period: Period | None = None) -> ToolResult:
    """One section (chief complaint, plan, social history, ...) of the note of a date, or of the newest that has it."""
    from nlp_pipeline import find_sections

    names = _SECTIONS.get(section.lower().strip(), (section.lower().strip(),))
    warnings = suspicion_warnings([n for n in suspicious_notes(ctx) if period is None or period.contains(n.time)])
    notes = notes_in(ctx, period)
    for note in reversed(notes):
        sections = find_sections(note.text)
        for name, found in ((n, f) for n in names for f in sections):
            title = found.title.strip(" #:*").lower()
            if title == name and note.text[found.start : found.end].strip():
                start = _after_title(note.text, found.start, found.end, found.title)
                if not note.text[start : found.end].strip(" \n-#*:"):
                    continue
                quote, evidence = quoted(note, start, found.end)
                text = f"{section.capitalize()} in the {_describe(note)}: “{quote}”"
                return ToolResult(
                    tool="section_of_note",
                    statements=(say(text, evidence),),
                    warnings=warnings,
                    data={"section": section, "note": note.id},
                )
    looked = (f"{len(notes)} notes{' ' + period.label if period and period.label else ''}",)
    text = f"Not documented: no {section} is written. Looked at {looked[0]}."
    return ToolResult(
        tool="section_of_note",
        found=False,
        statements=(say(text),),
        looked_at=looked,
        data={"section": section},
        warnings=warnings,
    )


def _after_title(text: str, start: int, end: int, title: str) -> int:
    head = text[start:end]
    position = head.lower().find(title.strip(" #:*").lower())
    if 0 <= position <= 6:
        start += position + len(title.strip(" #:*"))
        while start < end and text[start] in " :#*\n-\t":
            start += 1
    return start


def list_notes(ctx: ToolContext, period: Period | None = None, aspect: str = "list", about: str = "") -> ToolResult:
    """Which notes there are; `aspect`: list | count | last (its opening text) | author (who wrote the one `about`)."""
    notes = [n for n in ctx.chart.notes if period is None or period.contains(n.time)]
    looked = (f"{len(ctx.chart.notes)} notes up to {day(ctx.as_of)}",)
    if not notes:
        return ToolResult(
            tool="list_notes",
            found=False,
            looked_at=looked,
            data={"n": 0},
            statements=(
                say(
                    f"No note is documented{' ' + period.label if period and period.label else ''}. Looked at {looked[0]}."
                ),
            ),
        )
    warnings = suspicion_warnings([n for n in notes if n.id in ctx.chart.set_aside])
    if aspect == "last":
        trusted = [n for n in notes if n.id not in ctx.chart.suspicious_note_ids]
        note = (trusted or notes)[-1]
        quote, evidence = (
            quoted(note, 0, len(note.text))
            if trusted
            else ("", Evidence(ref=span_ref(Span(note_id=note.id, start=0, end=1))))
        )
        return ToolResult(
            tool="list_notes",
            statements=(say(f"Last note, the {_describe(note)}: “{quote}”", evidence),),
            warnings=warnings,
            data={"n": len(notes)},
        )
    if aspect == "author":
        named = [*reversed(notes_named(ctx, notes, about))][:_AUTHORS_SHOWN]
        by = [say(f"The {_describe(n)} {_author(n)}.", quoted(n, 0, len(n.text), 80)[1]) for n in named]
        none = say(f"Not documented: no note of that name. Looked at {looked[0]}.")
        data = {"n": len(by), "note": about}
        return ToolResult(tool="list_notes", found=bool(by), statements=(*by,) or (none,), looked_at=looked, data=data)
    lines: list[Statement] = []
    if aspect == "list":
        for note in reversed(notes[-15:]):
            lines.append(say(_describe(note), quoted(note, 0, len(note.text), 80)[1], item=True))
    when = f" {period.label}" if period and period.label else ""
    head = say(
        f"**{len(notes)}** {'note' if len(notes) == 1 else 'notes'}{when}, first {day(notes[0].time)}, last {day(notes[-1].time)}."
    )
    return ToolResult(tool="list_notes", statements=(head, *lines), data={"n": len(notes)}, warnings=warnings)
