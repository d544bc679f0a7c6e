"""Results in words of examinations ("the electrocardiogram was normal") and of tests that only their noun gives away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nlp_pipeline.layers import IntervalSet, Value
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
    r"(?<![A-Za-z])(?:antibod(?:y|ies)|antigens?|cultures?|PCR|serolog(?:y|ies)|tests?|testing|screen(?:ing)?|stain(?:ing)?|assays?|tit(?:er|re)s?|smears?|crossmatch"
    r"|findings|studies|chemistr(?:y|ies)|enzymes|markers|levels?|panel|profile|immunohistochemistry|cytology|investigations|work-?up|activity|swabs?)"
    r"(?:\s\([^()\n]{1,30}\))?(?=\s?[:=]?\s[^.;,]{0,36}$)",
    re.IGNORECASE,
)
_EXAMINED = (
    "ormal",
    "egative",
    "ositive",
    "nremarkable",
    "eactive",
    "detect",
    "rhythm",
    "NSR",
    "neg",
    "no growth",
    "limits",
)
_HEADS = (
    " negative",
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
    text: str, spans: list[tuple[int, int]], concepts: list[tuple[Concept, ...]], values: list[Value], names: NameFinder
) -> list[Value]:
    """Results in words that no name of an observation took."""
    taken = IntervalSet((v.start, v.end) for v in values)
    found: list[Value] = []
    carried: tuple[int, str] | None = None  # the result before the first of several examinations
    waiting: list[int] = []  # examinations of a list whose result comes after the last
    for index, ((start, end), candidates) in enumerate(zip(spans, concepts, strict=True)):
        if candidates[0].kind != "procedure" or candidates[0].id.startswith("hospital") or taken.holds(start):
            continue
        limit = spans[index + 1][0] if index + 1 < len(spans) else len(text)
        if not (waiting and _JOINED.fullmatch(text, spans[index - 1][1], start)):
            waiting = []
        around = text[max(0, start - 24) : min(limit, end + 90) + 30]
        if carried is None and not any(head in around for head in _EXAMINED):
            waiting.append(index)
            continue
        read = _examined(text, start, end, min(limit, end + 90))
        if read is None and carried and _JOINED.fullmatch(text, spans[index - 1][1], start):
            read = carried[0], end, carried[1]
        carried = (read[0], read[2]) if read and read[0] < start else None
        if read is None:
            waiting.append(index)
        elif read[0] == start:
            found += [
                Value(spans[i][0], read[1], concepts[i][0].id, concepts[i][0], read[2])
                for i in waiting
                if read[1] - spans[i][0] < 160
            ]
        if read:
            waiting = []
            found.append(Value(read[0], read[1], candidates[0].id, candidates[0], read[2]))
    nouns = _nouns(text)
    done = IntervalSet((v.start, v.end) for v in [*values, *found]) if nouns else taken
    for match in nouns:
        start, end = match.span()
        after = None if done.holds(start) else result_after(text, end, min(len(text), end + 60))
        if after is None or not _CLOSED.match(text, after[1]) or (after[0] in {"present", "absent", "stable", "clear"}):
            continue
        first = name_before(text, end + 1)
        if first is None or done.holds(first) or (first >= start and match[0].islower()):
            continue
        name = text[first:end]
        if name.lower().split()[0] in _NO_TEST:
            continue
        concept = names.named(name)
        found.append(Value(first, after[1], concept.id if concept else "", concept, after[0]))
    return found


def _nouns(text: str) -> list[re.Match[str]]:
    """The nouns of tests that stand shortly before a result; results are rarer than nouns, so they lead."""
    found = {}
    for head in _HEADS:
        position = text.find(head)
        while position >= 0:
            match = _NOUN.search(text, max(0, position - 70), position + 1)
            if match:
                found[match.start()] = match
            position = text.find(head, position + len(head))
    return [found[start] for start in sorted(found)]


def _examined(text: str, start: int, end: int, limit: int) -> tuple[int, int, str] | None:
    """The result of an examination: where the evidence begins and ends, and the result."""
    filler = _FILLER.match(text, end, limit)
    for position in (end, filler.end() if filler else end):
        after = result_after(text, position, min(limit + 30, len(text)))
        if after and ("rhythm" in after[0] or (after[0] in _PLAIN and _CLOSED.match(text, after[1]))):
            return start, after[1], after[0]
    before = result_before(text, start)
    return (before[1], end, before[0]) if before and before[0] in _PLAIN else None
