"""Visits, stays in hospital, death and the side of the body, held against the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

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
_DIED = re.compile(r"\b(?:died|passed away|deceased|death)\b", re.IGNORECASE)
_RELATED = re.compile(r"\b(?:mother|father|sister|brother|aunt|uncle|grand\w+|son|daughter|cousin)\b", re.IGNORECASE)
_LAST_VISIT = re.compile(
    r"\b(?P<end>last|latest|most recent|first|earliest)(?P<what>(?: [a-z]+){0,2}?) (?P<kind>visit|appointment|encounter|admission|stay)\b(?: (?:was|is|took|place|dates|dated|on|from|of|in)\b)*",
    re.IGNORECASE,
)
_SIDE = re.compile(r"\b(left|right|bilateral|both)\b", re.IGNORECASE)
_SIDE_BEFORE = re.compile(r"\b(left|right|bilateral|both)(?:[- ]sided)?(?: \w+){0,1} $", re.IGNORECASE)


def judge_stays(reading: Reading, said: Said) -> Iterator[Finding]:
    """A stay in hospital of which no result says anything."""
    text = plain(reading.text)
    stay = _STAYED.search(text)
    if stay is not None and not _NOT_SAID.search(text) and not _STAY_WORDS & said.words:
        yield unsupported("visit", stay[0], stay.span(), "no result speaks of a stay in hospital")


def judge_deaths(reading: Reading, said: Said) -> Iterator[Finding]:
    """Another day of death than the results give."""
    text = plain(reading.text)
    died = _DIED.search(text)
    if died is None or not said.deaths or _NOT_SAID.search(text) or _RELATED.search(text) or len(reading.dates) != 1:
        return
    day = reading.dates[0].date
    if not any(day.covers(d) for d in said.deaths):
        yield contradicted("date", day.label, (day.start, day.end), "the results give another day of death")


def judge_last_visits(reading: Reading, said: Said) -> Iterator[Finding]:
    """ "The last prenatal visit was on 5 October" where the complete list has a later one."""
    text = plain(reading.text)
    match = _LAST_VISIT.search(text)
    if match is None or not any(k.kind == "encounter" for k in said.lookups):
        return
    behind = [d.date for d in reading.dates if 0 <= d.date.start - match.end() <= 24]
    words = {w for w in match["what"].lower().split() if len(w) > 3 and w not in {"recorded", "documented", "known"}}
    words |= {"inpatient"} if match["kind"].lower() in {"admission", "stay"} else set()
    items = [item for item in said.items if all(w in item for w in words - {"hospital"})]
    days = _days(items)
    if not behind or not days:
        return
    right = days[0] if match["end"].lower() in {"first", "earliest"} else days[-1]
    if not behind[0].covers(right) and any(behind[0].covers(d) for d in _days(said.items)):
        yield contradicted(
            "date", behind[0].label, (behind[0].start, behind[0].end), f"it is not the {match['end'].lower()} one"
        )


def _days(items: Sequence[str]) -> list[date]:
    return sorted(date.fromisoformat(m[1]) for i in items if (m := re.match(r"(\d{4}-\d\d-\d\d): ", i)))


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
