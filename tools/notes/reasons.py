"""Sentences of notes that give a reason for a result ("AKI attributed to vancomycin"), with their characters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.facts import Evidence, Frozen, Note, Span, span_ref
from tools.context import ToolContext
from tools.notes.search import notes_in
from tools.times.periods import Period

_REACH = 140  # characters between the name and the words that give the reason
_QUOTE = 400
_REASON = re.compile(
    r"\b(?:due to|secondary to|2/2|attribut(?:ed|able) to|because of|caused by|in (?:the )?setting of|related to"
    r"|(?:as a )?result of|resulting from|explained by|precipitated by|triggered by|provoked by|contribut(?:ed|ing|ory|or)s?"
    r"|likely from|probably from|presumed from|thought to be|felt to be|blamed on|culprit|consistent with"
    r"|after (?:starting|initiation of|initiating|increasing|stopping)|since (?:starting|stopping)|on account of|owing to"
    r"|from (?!\d|baseline|admission|yesterday|last|prior|previous|normal|the lab|outside|home|a baseline|her baseline|his baseline)(?=[a-z]))"
    r"|\b\w+[- ](?:induced|associated|related|mediated)\b",
    re.IGNORECASE,
)

_CONDITION = re.compile(
    r"[\s\d.)*•-]*(?:if|should|when|hold|stop|check|monitor)\b", re.IGNORECASE
)  # a plan, not a reason


class StatedReason(Frozen):
    """A sentence that speaks of the result and says why."""

    quote: str
    note_id: str
    evidence: Evidence


def stated_reasons(
    ctx: ToolContext, names: Sequence[str], suspects: Sequence[str], period: Period, limit: int = 4
) -> list[StatedReason]:
    """The sentences of a period's notes that name the result and give a reason, or name it with a suspect; oldest first.

    What a note says is its author's view, quoted as it stands; notes that give orders are left out.

    Args:
        ctx: The run's context.
        names: What notes may call the result and its change.
        suspects: Drugs, by name and class, that are known to move it.
        period: When the notes were written.
        limit: The most sentences.
    """
    pattern, drugs = any_of(names), any_of(suspects)
    found: dict[str, StatedReason] = {}
    for note in notes_in(ctx, period):
        if pattern.search(note.text) is None:
            continue
        for reason in _of_note(note, pattern, drugs):
            found.setdefault(reason.quote.casefold(), reason)
    return list(found.values())[:limit]


def any_of(names: Sequence[str]) -> re.Pattern[str]:
    """A pattern for any of the names as whole words; one that never matches when there is none."""
    # Short names are abbreviations: their capitals tell "HIT" from "hit".
    words = sorted({n for n in names if n}, key=len, reverse=True)
    parts = [re.escape(w) if w.isupper() and len(w) <= 4 else f"(?i:{re.escape(w)})" for w in words]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})s?(?![\w])" if parts else r"(?!)")


def _of_note(note: Note, pattern: re.Pattern[str], drugs: re.Pattern[str]) -> list[StatedReason]:
    from nlp_pipeline import split_sentences

    reasons = []
    for start, end in split_sentences(note.text):
        sentence = note.text[start:end]
        named = list(pattern.finditer(sentence))
        together = drugs.search(sentence) and not _CONDITION.match(sentence)
        if named and (together or any(_near(n, r) for n in named for r in _REASON.finditer(sentence))):
            reasons.append(_quoted(note, start, end))
    return reasons


def _near(name: re.Match[str], reason: re.Match[str]) -> bool:
    gap = max(reason.start() - name.end(), name.start() - reason.end())
    between = name.string[min(name.end(), reason.end()) : max(name.start(), reason.start())]
    return gap <= _REACH and ";" not in between


def _quoted(note: Note, start: int, end: int) -> StatedReason:
    if end - start > _QUOTE:
        cut = note.text.rfind(" ", start, start + _QUOTE)
        end = cut if cut > start else start + _QUOTE
    text = note.text[start:end]
    evidence = Evidence(ref=span_ref(Span(note_id=note.id, start=start, end=end)), quote=text, time=note.time)
    shown = re.sub(r"\[(\d{1,3})\]", r"(\1)", " ".join(text.split()))  # brackets of a note are no citation of ours
    return StatedReason(quote=shown, note_id=note.id, evidence=evidence)
