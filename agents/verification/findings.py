"""How a claim stands to the evidence: supported, contradicted, unsupported, or nothing that can be checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from agents.verification.evidence import Source
from agents.verification.said import Said


class Verdict(StrEnum):
    """How a claim stands to the evidence."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"
    NOT_CHECKABLE = "not_checkable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim of a sentence with its verdict; `start` and `end` count the sentence's characters."""

    kind: str
    value: str
    start: int
    end: int
    verdict: Verdict
    unit: str = ""
    reason: str = ""
    sources: tuple[Source, ...] = ()

    @property
    def is_fault(self) -> bool:
        """Whether the sentence cannot stay."""
        return self.verdict in {Verdict.UNSUPPORTED, Verdict.CONTRADICTED}


def supported(
    kind: str, value: str, span: tuple[int, int], *sources: Source, unit: str = "", reason: str = ""
) -> Finding:
    """A claim that the evidence bears out."""
    return Finding(kind, value, *span, Verdict.SUPPORTED, unit, reason, sources[:3])


def unsupported(kind: str, value: str, span: tuple[int, int], reason: str, *, unit: str = "") -> Finding:
    """A claim that nothing in the evidence says."""
    return Finding(kind, value, *span, Verdict.UNSUPPORTED, unit, reason)


def contradicted(
    kind: str, value: str, span: tuple[int, int], reason: str, *sources: Source, unit: str = ""
) -> Finding:
    """A claim that the evidence says otherwise of."""
    return Finding(kind, value, *span, Verdict.CONTRADICTED, unit, reason, sources[:3])


@dataclass(frozen=True, slots=True)
class Against:
    """What claims are held against: the evidence, how many citations there are, and the date that counts as today."""

    said: Said
    citations: int
    as_of: date | None = None


def shifted(found: Sequence[Finding], by: int) -> list[Finding]:
    """Findings with their spans moved."""
    return [replace(f, start=f.start + by, end=f.end + by) for f in found]


def content_words(text: str) -> frozenset[str]:
    """Words of four letters and more, in lower case."""
    return frozenset(re.findall(r"[a-zà-ÿ]{4,}", text.lower()))


# Words that say nothing of what a sentence is about.
COMMON = frozenset(
    {"record", "recorded", "records", "documented", "found", "available", "chart", "there", "patient", "this", "that", "have", "been", "with", "from", "were", "does"}
)  # fmt: skip
LIGHT = COMMON | frozenset({"continues", "also", "currently", "takes", "following", "history", "some", "more", "other", "well", "very", "both", "during", "while", "after", "before", "since", "last", "latest", "most", "recent", "seen", "visited", "presented", "came", "evaluated", "followed", "underwent", "received", "given", "started", "remained", "admitted", "doing", "year", "years", "months", "days", "below", "above", "shown", "listed", "here", "follows", "discharged", "home", "hospital", "readmitted", "today"})  # fmt: skip


def stems_of(text: str) -> frozenset[str]:
    """The words that say what a text is about, without their plural s."""
    return frozenset(w.rstrip("s") for w in content_words(text) - LIGHT - MONTH_WORDS)


MONTH_WORDS = frozenset("january february march april june july august september october november december".split())
