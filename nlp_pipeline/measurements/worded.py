"""Results in words of examinations ("the electrocardiogram was normal") and of tests that only their noun gives away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nlp_pipeline.layers import IntervalSet, Value
from nlp_pipeline.measurements.grammar import NoteText
from nlp_pipeline.measurements.phrases import name_before
from nlp_pipeline.measurements.results import result_after, result_before

if TYPE_CHECKING:
    from nlp_pipeline.measurements.names import NameFinder
    from nlp_pipeline.vocabulary import Concept

_PLAIN = frozenset(
    {
        "normal",
        "negative",
        "positive",
        "abnormal",
        "unremarkable",
        "non-reactive",
        "reactive",
        "not detected",
        "undetectable",
        "no growth",
    }
)
_CLOSED = re.compile(
    r"\s*(?:[,.;:)\]\n–—]|$|and\b|with\b|except\b|for\b|on\b|at\b|in\b|but\b|as\b|without\b|apart\b|other\b|since\b|while\b|by\b|or\b|to\b|from\b|during\b|after\b|when\b)"
)
# The last word of an unknown test's name, and what may stand between it and its result.
_NOUN = re.compile(
    r"(?<![a-z])(?:antibod(?:y|ies)|antigens?|cultures?|pcr|serolog(?:y|ies)|tests?|testing|screen(?:ing)?|stain(?:ing)?|assays?|tit(?:er|re)s?|smears?|crossmatch"
    r"|findings|studies|chemistr(?:y|ies)|enzymes|markers|levels?|panel|profile|immunohistochemistry|cytology|investigations|work-?up|activity|swabs?)"
    r"(?:\s\([^()\n]{1,30}\))?(?=\s?[:=]?\s[^.;,]{0,36}$)",
)
_HEADS = (
    " positive",
    " normal",
    " unremarkable",
    "reactive",
    "detect",
    " elevated",
    " within",
    " neg",
    " abnormal",
)
_JOINED = re.compile(r"(?:\s(?:images?|scans?|findings|results))?\s*(?:,\s*and|,|and|or|/)\s*(?:[a-z0-9-]+\s)?")
_NO_TEST = frozenset(
    "physical neurological neurologic further other additional clinical general systemic examination exam all these".split()
)
_FILLER = re.compile(
    r"(?:\s[a-z][a-z-]{1,15}){1,6}?\s(?:was|were|showed|demonstrated|revealed|indicate[sd]|shows)(?=\s)"
)


def worded_values(
    note: NoteText,
    spans: list[tuple[int, int]],
    concepts: list[tuple[Concept, ...]],
    procedures: list[int],
    values: list[Value],
    names: NameFinder,
) -> list[Value]:
    """Results in words that no name of an observation took."""
    text, lower = note
    taken = IntervalSet(v[:2] for v in values)
    found: list[Value] = []
    carried: tuple[int, str] | None = None  # the result before the first of several examinations
    unread: list[int] = []  # examinations without a result yet: it may come after the last of their list
    for index in procedures:
        concept, (start, end) = concepts[index][0], spans[index]
        if concept.id.startswith("hospital") or taken.holds(start):
            continue
        limit = spans[index + 1][0] if index + 1 < len(spans) else len(text)
        if carried is None and not _may_have_result(text[max(0, start - 24) : min(limit, end + 90) + 30]):
            unread.append(index)
            continue
        read = _examined(note, start, end, min(limit, end + 90))
        if read is None and carried and _JOINED.fullmatch(text, spans[index - 1][1], start):
            read = carried[0], end, carried[1]
        carried = (read[0], read[2]) if read and read[0] < start else None
        if read is None:
            unread.append(index)
            continue
        if read[0] == start:
            found += [
                Value(spans[i][0], read[1], concepts[i][0].id, concepts[i][0], read[2])
                for i in _listed(text, spans, unread, index)
                if read[1] - spans[i][0] < 160
            ]
        unread = []
        found.append(Value(read[0], read[1], concept.id, concept, read[2]))
    nouns = _nouns(note)
    done = IntervalSet(v[:2] for v in [*values, *found]) if nouns else taken
    for match in nouns:
        start, end = match.span()
        after = None if done.holds(start) else result_after(lower, end, min(len(text), end + 60))
        if after is None or not _CLOSED.match(text, after[1]) or (after[0] in {"present", "absent", "stable", "clear"}):
            continue
        first = name_before(text, end + 1)
        if first is None or done.holds(first) or (first >= start and text[start:end].islower()):
            continue
        name = text[first:end]
        if lower[first:end].split()[0] in _NO_TEST:
            continue
        known = names.named(name)
        found.append(Value(first, after[1], known.id if known else "", known, after[0]))
    return found


def _may_have_result(around: str) -> bool:
    """Spelled out: a loop over the stems costs twice as much, for every examination."""
    return (
        "ormal" in around or "egative" in around or "ositive" in around or "nremarkable" in around
        or "eactive" in around or "detect" in around or "rhythm" in around or "NSR" in around or "neg" in around
        or "no growth" in around or "limits" in around
    )  # fmt: skip


def _listed(text: str, spans: list[tuple[int, int]], unread: list[int], last: int) -> list[int]:
    """The examinations that stand in one list with the last, which has the result."""
    found: list[int] = []
    for index in reversed(unread):
        if not _JOINED.fullmatch(text, spans[last - 1][1], spans[last][0]):
            break
        found.append(index)
        last = index
    return found[::-1]


def _nouns(note: NoteText) -> list[re.Match[str]]:
    """The nouns of tests that stand shortly before a result; results are rarer than nouns, so they lead."""
    text, lower = note
    found = {}
    for head in _HEADS:
        position = text.find(head)
        while position >= 0:
            low = max(0, position - 70)
            if "(" not in text[low:position]:  # nothing but brackets may hold a stop between noun and result
                low = max(low, *(text.rfind(stop, low, position) for stop in ".,;"))
            match = _NOUN.search(lower, low, position + 1)
            if match:
                found[match.start()] = match
            position = text.find(head, position + len(head))
    return [found[start] for start in sorted(found)]


def _examined(note: NoteText, start: int, end: int, limit: int) -> tuple[int, int, str] | None:
    """The result of an examination: where the evidence begins and ends, and the result."""
    text, lower = note
    filler = _FILLER.match(text, end, limit)
    for position in (end, filler.end() if filler else end):
        after = result_after(lower, position, min(limit + 30, len(text)))
        if after and ("rhythm" in after[0] or (after[0] in _PLAIN and _CLOSED.match(text, after[1]))):
            return start, after[1], after[0]
    before = result_before(lower, start)
    return (before[1], end, before[0]) if before and before[0] in _PLAIN else None
