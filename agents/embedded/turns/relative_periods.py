"""Time that leans on the period of the turn before: "since then?", "the year before?", "ever?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from agents.embedded.planner import Call
from tools.times.periods import Period, find_periods, subtract

EVER = re.compile(
    r"\b(?:ever|overall|in total|altogether|all[- ]time|of all time|at any time|over all (?:the )?(?:years|time)|in (?:his|her|the|their) (?:whole |entire )?(?:record|life(?:time)?|chart))\b",
    re.IGNORECASE,
)
_SINCE_THEN = re.compile(
    r"\b(?:since|after|from) (?:then|that)(?: on(?:wards?)?)?\b|\bafterwards?\b|\blater on\b", re.IGNORECASE
)
_BEFORE_THEN = re.compile(
    r"\b(?:before|until|prior to|up to) then\b|\bbeforehand\b|\bearlier than that\b", re.IGNORECASE
)
_SHIFT = re.compile(
    r"\b(?:in |during |for )?the (?:(?P<to>previous|prior|preceding|following|next|same) (?P<unit>year|month)|(?P<unit2>year|month) (?P<to2>before|after|earlier|later)(?: that)?)\b"
    r"|\b(?:in |during |for |over |from )?that (?:same )?(?:year|month)\b|\b(?:in|during|for|at|over|from) that (?:same )?(?:time|period)\b",
    re.IGNORECASE,
)


_ON_THAT_DAY = re.compile(
    r"\b(?:at (?:that|the same|this) (?:time|point|visit|encounter)|(?:on|at) that (?:day|date|visit)|on the same (?:day|date)|that day|(?<!since )(?<!before )(?<!after )(?<!until )(?<!from )(?<!by )(?<!back )(?<!and )(?<!ok )then)\s*\W*$",
    re.IGNORECASE,
)
_EARLIER_BY = re.compile(
    r"\b(?P<n>an?|one|two|three|four|five|six|\d{1,2})\s+(?P<unit>years?|months?|weeks?|days?)\s+(?:before|earlier|prior)(?: (?:that|to that|it|this))?\W*$",
    re.IGNORECASE,
)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


def with_day(text: str, day: date | None, as_of: datetime, names_result: bool) -> str:
    """The text with "then" and "a year before" as dates, where the turn before showed one day.

    "Then" only beside a result that the question names (`names_result`): "and then?" asks for what came next.
    """
    if day is None:
        return text
    if names_result and (match := _ON_THAT_DAY.search(text)) is not None:
        return _put(text, match, f"on {day}")
    if (match := _EARLIER_BY.search(text)) is not None:
        count = _NUMBERS.get(match["n"].lower()) or int(match["n"])
        at = datetime(day.year, day.month, day.day, tzinfo=as_of.tzinfo)
        return _put(text, match, f"until {subtract(at, count, match['unit'].lower().rstrip('s')).date()}")
    return text


def without_period(call: Call) -> Call:
    """The call over all time."""
    return call.model_copy(update={"arguments": {k: v for k, v in call.arguments.items() if k != "period"}})


def with_dates(text: str, last: Sequence[Call], as_of: datetime) -> str:
    """The text with "since then", "the year before" written out, where the calls before it had a period."""
    label = next((str(c.arguments["period"]) for c in last if c.arguments.get("period")), "")
    found = find_periods(label, as_of) if label else []
    if not found:
        return text
    period = found[0]
    if (match := _SINCE_THEN.search(text)) is not None and period.until is not None:
        return _put(text, match, f"since {period.until.date()}")
    if (match := _BEFORE_THEN.search(text)) is not None and period.since is not None:
        return _put(text, match, f"before {period.since.date()}")
    if (match := _SHIFT.search(text)) is not None and (shifted := _shifted(match, period, label)):
        return _put(text, match, shifted)
    return text


def _put(text: str, match: re.Match[str], words: str) -> str:
    return f"{text[: match.start()]}{words}{text[match.end() :]}"


def _shifted(match: re.Match[str], period: Period, label: str) -> str:
    unit, to = match["unit"] or match["unit2"], (match["to"] or match["to2"] or "same").lower()
    if unit is None or to == "same":
        return label
    if period.since is None or period.until is None:
        return ""
    back = to in {"previous", "prior", "preceding", "before", "earlier"}
    if unit.lower() == "year":
        return f"in {period.since.year - 1 if back else (period.until - timedelta(days=1)).year + 1}"
    month = period.since - timedelta(days=1) if back else period.until
    return f"in {month:%B %Y}"
