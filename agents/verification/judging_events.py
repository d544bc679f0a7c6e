"""Visits, stays in hospital, death and the side of the body, held against the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from agents.verification.evidence import Point, Source, Stay
from agents.verification.findings import Finding, contradicted, supported, unsupported
from agents.verification.names import RELATIVE
from agents.verification.readings import Reading
from agents.verification.said import Said
from agents.verification.sides import sides_of, sides_of_names

_STAYED = re.compile(
    r"\b(?:was|were|been|got|being) (?:re)?(?:hospitali[sz]ed|admitted)\b|\b(?:his|her|their|the|an?) (?:hospital |inpatient )(?:stay|admission)\b",
    re.IGNORECASE,
)
_NOT_SAID = re.compile(
    r"\b(?:no|not|never|none|without|if|whether|should|could|would|may|might|consider)\b|n['’]t\b|\?", re.IGNORECASE
)
_IN_HOSPITAL, _ANYWHERE = ("inpatient",), ("inpatient", "emergency")
_STAY_DAYS = (
    (re.compile(r"\bdischarged(?: \w+){0,2}?(?= (?:on|in)\b)|\bdischarged\b|\bwent home\b", re.IGNORECASE), _ANYWHERE, "last"),
    (re.compile(r"\b(?:was|been|got) (?:re)?(?:admitted|hospitali[sz]ed)(?: to (?:the )?(?:hospital|ward|medicine))?(?= (?:on|in)\b)", re.IGNORECASE), _ANYWHERE, "any"),
    (re.compile(r"\b(?:in|to|at|visited) (?:the |an )?(?:ED|ER|emergency (?:department|room))\b", re.IGNORECASE), _ANYWHERE, "any"),
)  # fmt: skip
_STAY_LENGTH = re.compile(
    r"\b(?:in (?:the )?hospital|admitted|hospitali[sz]ed|inpatient|stay(?:ed)?|admission|length of stay)\b",
    re.IGNORECASE,
)
_DURING_STAY = re.compile(
    r"\b(?:during|over|throughout|through) (?:the|this|that|his|her|their) (?:\w+ )?(?:admission|hospitali[sz]ation|stay)\b|\bin (?:the )?hospital\b|\bwhile (?:admitted|in hospital)\b",
    re.IGNORECASE,
)
_VISIT_ITEM = re.compile(r"(\d{4}-\d\d-\d\d)(?: to (\d{4}-\d\d-\d\d))?: .*(?:visit|admission|stay|encounter)")
_STAY_WORDS = frozenset({"inpatient", "admission", "admissions", "admitted", "hospitalized", "hospitalised", "hospitalization", "hospitalisation"})  # fmt: skip
_DIED = re.compile(r"\b(?:died|passed away|deceased|death)\b", re.IGNORECASE)
_LAST_VISIT = re.compile(
    r"\b(?P<end>last|latest|most recent|first|earliest)(?P<what>(?: [a-z]+){0,2}?) (?P<kind>visit|appointment|encounter|admission|stay)\b(?: (?:was|is|took|place|dates|dated|on|from|of|in)\b)*",
    re.IGNORECASE,
)


def judge_stays(reading: Reading, said: Said) -> Iterator[Finding]:
    """A stay in hospital of which no result says anything, or with other days than the results give it."""
    text = reading.plain
    if _NOT_SAID.search(text) or RELATIVE.search(text):
        return
    stays = stays_of(said)
    yield from _dated_stays(reading, text, stays)
    stay = _STAYED.search(text)
    if stay is not None and not any(s.kind == "inpatient" for s in stays) and not _STAY_WORDS & said.words:
        yield unsupported("visit", stay[0], stay.span(), "no result speaks of a stay in hospital")


def _dated_stays(reading: Reading, text: str, stays: Sequence[Stay]) -> Iterator[Finding]:
    """ "Discharged on 3 November", "in the ED on 13 February": the day must be that of a stay."""
    for pattern, kinds, end in _STAY_DAYS:
        match = pattern.search(text)
        there = [s for s in stays if s.kind in kinds]
        behind = [d.date for d in reading.dates if match is not None and 0 <= d.date.start - match.end() <= 24]
        if match is None or not there or not behind:
            continue
        day = behind[0]
        days = [s.last if end == "last" else s.first for s in there]
        if end == "any":
            days += [s.last for s in there]
        if any(day.covers(d) for d in days):
            yield supported("visit", match[0].strip(), match.span(), there[0].source)
        else:
            yield contradicted("date", day.label, (day.start, day.end), "the results give the stay other days", there[0].source)  # fmt: skip


def stays_of(said: Said) -> list[Stay]:
    """The visits of the evidence with their days, by the record or by a tool's list of visits."""
    found = list(said.stays)
    for item in said.items:
        match = _VISIT_ITEM.match(item)
        if match is not None:
            first = date.fromisoformat(match[1])
            kind = "inpatient" if "inpatient" in item else "emergency" if "emergency" in item else ""
            found.append(Stay(first, date.fromisoformat(match[2]) if match[2] else first, kind, Source("", item)))
    return found


def in_stay(points: list[Point], text: str, said: Said) -> list[Point]:
    """The points of a stay in hospital, where a sentence speaks of what was so during one."""
    stays = [s for s in stays_of(said) if s.kind]
    if not stays or not _DURING_STAY.search(text):
        return points
    return [p for p in points if any(s.first <= p.day <= s.last for s in stays)] or points


def stay_lengths(said: Said, text: str) -> list[int]:
    """How many days each hospital stay took, where a sentence is about the length of one."""
    if not _STAY_LENGTH.search(text):
        return []
    return [(s.last - s.first).days + more for s in stays_of(said) if s.kind for more in (0, 1)]


def judge_deaths(reading: Reading, said: Said) -> Iterator[Finding]:
    """Another day of death than the results give."""
    text = reading.plain
    died = _DIED.search(text)
    if died is None or not said.deaths or _NOT_SAID.search(text) or RELATIVE.search(text) or len(reading.dates) != 1:
        return
    day = reading.dates[0].date
    if not any(day.covers(d) for d in said.deaths):
        yield contradicted("date", day.label, (day.start, day.end), "the results give another day of death")


def judge_last_visits(reading: Reading, said: Said) -> Iterator[Finding]:
    """ "The last prenatal visit was on 5 October" where the complete list has a later one."""
    text = reading.plain
    match = _LAST_VISIT.search(text)
    if match is None or not any(k.kind == "encounter" for k in said.lookups):
        return
    behind = [d.date for d in reading.dates if 0 <= d.date.start - match.end() <= 24]
    words = {w for w in match["what"].lower().split() if len(w) > 3 and w not in {"recorded", "documented", "known"}}
    words |= {"inpatient"} if match["kind"].lower() in {"admission", "stay"} else set()
    items = [item for item in said.items if all(w in item for w in words - {"hospital"})]
    days = days_of_items(items)
    if not behind or not days:
        return
    right = days[0] if match["end"].lower() in {"first", "earliest"} else days[-1]
    if not behind[0].covers(right) and any(behind[0].covers(d) for d in days_of_items(said.items)):
        yield contradicted(
            "date", behind[0].label, (behind[0].start, behind[0].end), f"it is not the {match['end'].lower()} one"
        )


def days_of_items(items: Sequence[str]) -> list[date]:
    """The days of list items that begin with one, in order."""
    return sorted(date.fromisoformat(m[1]) for i in items if (m := re.match(r"(\d{4}-\d\d-\d\d): ", i)))


def has_no_stay(kind: str, said: Said) -> Source | None:
    """The complete list of visits in which none is a hospital stay ("inpatient") or an emergency visit ("emergency")."""
    whole = [k for k in said.lookups if k.kind == "encounter" and (k.ids is None or "encounter:any" in k.ids)]
    if not whole or not kind or any(kind in item or " more" in item for item in said.items):
        return None
    return whole[0].source


def judge_sides(reading: Reading, said: Said) -> Iterator[Finding]:
    """A side of the body, or a lobe, that the evidence never gives to what it gives the other one."""
    if any(n.is_attributed for n in reading.names):
        return
    text = reading.plain
    named = {
        (sided.start, sided.side): set().union(*(said.sides_of.get(key, ()) for key in name.ids))
        for name, sided in sides_of_names(reading)
        if sided.side in {"left", "right"}
    }
    for sided in sides_of(text):
        there = [said.sides[part] for part in sorted(sided.parts) if said.sides.get(part)]
        mine = named.get((sided.start, sided.side)) or set()
        of_name = bool(mine & {"left", "right"}) and not mine & {sided.side, "bilateral"}
        of_part = bool(there) and not any(sided.side in sides or "bilateral" in sides for sides in there)
        if sided.side == "bilateral" or not (of_name or of_part):
            continue
        other = " and ".join(sorted(mine if of_name else set().union(*there)))
        span = (sided.start, sided.end)
        yield contradicted("side", text[slice(*span)], span, f"the results say {other}")
