"""Stays in hospital, and the side of the body, held against the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agents.verification.evidence import SaidName, Source
from agents.verification.judging import Finding, contradicted, unsupported
from agents.verification.names import Name
from agents.verification.readings import Reading, plain
from agents.verification.said import Said

_STAYED = re.compile(
    r"\b(?:was|were|been|got|being) (?:re)?(?:hospitali[sz]ed|admitted)\b|\b(?:his|her|their|the|an?) (?:hospital |inpatient )(?:stay|admission)\b",
    re.IGNORECASE,
)
_NOT_SAID = re.compile(
    r"\b(?:no|not|never|none|without|if|whether|should|could|would|may|might|consider)\b|n['’]t\b|\?", re.IGNORECASE
)
_STAY_WORDS = frozenset({"inpatient", "admission", "admissions", "admitted", "hospitalized", "hospitalised", "hospitalization", "hospitalisation"})  # fmt: skip
_SIDE = re.compile(r"\b(left|right|bilateral|both)\b", re.IGNORECASE)
_SIDE_BEFORE = re.compile(r"\b(left|right|bilateral|both)(?:[- ]sided)?(?: \w+){0,1} $", re.IGNORECASE)


def judge_stays(reading: Reading, said: Said) -> Iterator[Finding]:
    """A stay in hospital of which no result says anything."""
    text = plain(reading.text)
    stay = _STAYED.search(text)
    if stay is not None and not _NOT_SAID.search(text) and not _STAY_WORDS & said.words:
        yield unsupported("visit", stay[0], stay.span(), "no result speaks of a stay in hospital")


def has_no_stay(kind: str, said: Said) -> Source | None:
    """The complete list of visits in which none is a hospital stay ("inpatient") or an emergency visit ("emergency")."""
    whole = [k for k in said.lookups if k.kind == "encounter" and (k.ids is None or "encounter:any" in k.ids)]
    if not whole or not kind or any(kind in item or " more" in item for item in said.items):
        return None
    return whole[0].source


def wrong_side(name: Name, reading: Reading, here: Sequence[SaidName]) -> Finding | None:
    """The other side of the body than the one that the results give to the same name."""
    text = plain(reading.text)
    match = _SIDE_BEFORE.search(text, max(0, name.start - 24), name.start) or _SIDE.search(text, name.start, name.end)
    if match is None:
        return None
    given = {m[1].lower() for s in here for m in _SIDE.finditer(s.source.quote)}
    side = match[1].lower()
    if not given or side in given or given & {"bilateral", "both"}:
        return None
    if side in {"bilateral", "both"} and given >= {"left", "right"}:
        return None
    return contradicted(
        "side",
        f"{side} {name.text}",
        (match.start(), name.end),
        f"the results say {' and '.join(sorted(given))}",
        here[0].source,
    )
