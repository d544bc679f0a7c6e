"""What was said against a drug before: orders that forbid it, orders that were stopped for a reason, notes that say to avoid it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from domain.facts import Evidence, Span, span_ref
from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite, dated, day, plain_name
from tools.drugs.checks.rules import kinds_of, narrow_classes, rules
from tools.notes.search import notes_in, sentence_around

if TYPE_CHECKING:
    from domain.facts import Note
    from knowledge_base.rows import MedicationRow

_SPOKEN_AGAINST = frozenset({"stopped", "on-hold", "not-taken"})
_MOST_NOTES = 2
_CLAUSE_END = re.compile(r"[.;:\n()]")


def former(ctx: ToolContext, drug: Target, kinds: frozenset[str]) -> Iterable[Finding]:
    """Forbidden, stopped with a recorded reason, or to be avoided as a note has it: the drug, or one of its narrow class."""
    yield from _stopped(ctx, _alike(drug, kinds))
    yield from spoken_against(ctx, drug, kinds)


def spoken_against(ctx: ToolContext, drug: Target, kinds: frozenset[str]) -> Iterable[Finding]:
    """Orders that forbid a drug, and notes that say to avoid it or its class: they hold of a drug that is taken, too."""
    yield from _forbidden(ctx, _alike(drug, kinds))
    yield from _told_to_avoid(ctx, frozenset({drug.id, *drug.ids, *kinds}))


def _alike(drug: Target, kinds: frozenset[str]) -> frozenset[str]:
    return frozenset({drug.id, *drug.ids, *(kinds & narrow_classes())})


def _forbidden(ctx: ToolContext, alike: frozenset[str]) -> Iterable[Finding]:
    for row in ctx.store.medications(ctx.patient_id):
        if (
            row.do_not_perform
            and row.status == "active"
            and ctx.chart.is_known(row.time)
            and _concerns(ctx, row, alike)
        ):
            why = f": {row.reason_display or row.note}" if row.reason_display or row.note else ""
            text = f"An order of {dated(row)} says not to give {plain_name(row.display)}{why}."
            yield Finding(check="former", severity=Severity.CRITICAL, text=text, evidence=(cite(row),))


def _stopped(ctx: ToolContext, alike: frozenset[str]) -> Iterable[Finding]:
    """The newest stop of each product with its reason; what only says that the order went on elsewhere is none."""
    newest: dict[str, MedicationRow] = {}
    for row in ctx.chart.medications:
        if row.status in _SPOKEN_AGAINST and _says_why(row.status_reason) and _concerns(ctx, row, alike):
            newest[plain_name(row.display)] = row
    for name, row in newest.items():
        when = f" (ordered {dated(row)})" if row.time else ""
        state = {"on-hold": "is on hold", "not-taken": "is not taken"}.get(row.status, "was stopped")
        text = f"{name}{when} {state}: {row.status_reason.rstrip('.')}."
        yield Finding(check="former", severity=Severity.WARNING, text=text, evidence=(cite(row),))


def _says_why(reason: str) -> bool:
    return bool(reason.strip()) and reason.strip().lower().rstrip(".") not in rules()["no_reason_against"]


def _concerns(ctx: ToolContext, row: MedicationRow, alike: frozenset[str]) -> bool:
    held = ctx.lexicon.concept_ids("medication", row)
    return any(alike & ({one} | (kinds_of(ctx.lexicon, one) & narrow_classes())) for one in held)


# --- notes -----------------------------------------------------------------------------------------------------------


def _told_to_avoid(ctx: ToolContext, names: frozenset[str]) -> Iterable[Finding]:
    found: dict[str, Finding] = {}
    for note in reversed(notes_in(ctx, None)):
        for start, end in _avoided(ctx, note, names):
            span = Span(note_id=note.id, start=start, end=end)
            evidence = Evidence(ref=span_ref(span), quote=note.text[start:end], time=note.time)
            quote, cited = sentence_around(ctx, evidence)
            text = f"A note of {day(note.time)} says: “{quote}”"
            found.setdefault(quote, Finding(check="former", severity=Severity.WARNING, text=text, evidence=(cited,)))
        if len(found) >= _MOST_NOTES:
            break
    yield from list(found.values())[:_MOST_NOTES]


def _avoided(ctx: ToolContext, note: Note, names: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where a note names the drug or a class of it in a clause that says not to give it."""
    for where, cue in _cues().items():
        for m in cue.finditer(note.text):
            start, end = _clause(note.text, m.start(), m.end())
            if _not_said().search(note.text[start : m.start()]):
                continue
            low, high = (start, m.start()) if where == "after" else (m.end(), end)
            for mention in ctx.lexicon.find_mentions(note.text[low:high], ("medication", "drug_class"), fuzzy=False):
                first, last = low + mention.start, low + mention.start + len(mention.text)
                if where == "right_before" and (mention.start > 1 or _only_told(note.text[last:high])):
                    break
                if any(t.id in names for t in mention.targets):
                    yield first, last
                    break


def _clause(text: str, start: int, end: int) -> tuple[int, int]:
    opened = [m.end() for m in _CLAUSE_END.finditer(text, max(0, start - 120), start)]
    closed = _CLAUSE_END.search(text, end, end + 120)
    return (opened[-1] if opened else max(0, start - 120)), (closed.start() if closed else min(len(text), end + 120))


def _only_told(behind: str) -> bool:
    """Whether "no NSAIDs" goes on as a report ("no NSAID use", "no naproxen since August")."""
    words = rules()["said_to_avoid"]["only_told"]
    return re.match(rf"\s*(?:{_any_of(words)})\b", behind, re.IGNORECASE) is not None


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))


@lru_cache(maxsize=1)
def _cues() -> dict[str, re.Pattern[str]]:
    said: dict[str, list[str]] = rules()["said_to_avoid"]
    return {
        where: re.compile(rf"\b(?:{_any_of(said[where])})\b", re.IGNORECASE)
        for where in ("before", "right_before", "after")
    }


@lru_cache(maxsize=1)
def _not_said() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_any_of(rules()['said_to_avoid']['not_said'])})\s+$", re.IGNORECASE)
