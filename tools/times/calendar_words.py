"""The words that dates and spans of time are made of, and the calendar behind them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "couple of": 2,
    "couple": 2,
    "few": 3,
}
UNITS = {
    "d": "day",
    "day": "day",
    "w": "week",
    "wk": "week",
    "week": "week",
    "mo": "month",
    "mos": "month",
    "mth": "month",
    "month": "month",
    "m": "month",
    "y": "year",
    "yr": "year",
    "year": "year",
    "decade": "decade",
    "h": "hour",
    "hr": "hour",
    "hour": "hour",
}

MONTH_NAME = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + ")"
MONTH = MONTH_NAME + r"\.?"
YEAR = r"(?:19|20)\d\d"
COUNT = r"(?:\d{1,3}|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"
APART = r"(?:(?<=\d)\s*-?\s*|\s+|-)"  # "30d" is a count of days, "past and" is none
UNIT = "(?:" + "|".join(sorted(UNITS, key=len, reverse=True)) + ")s?"
DATE = (
    rf"(?:{YEAR}[-/]\d{{1,2}}[-/]\d{{1,2}}|\d{{1,2}}/\d{{1,2}}/(?:{YEAR}|\d\d)|\d{{1,2}}\.\d{{1,2}}\.{YEAR}"
    rf"|{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+{YEAR}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH},?\s+{YEAR}"
    rf"|{MONTH},?\s+(?:of\s+)?{YEAR}|{YEAR}[-/]\d{{1,2}}|\d{{1,2}}/{YEAR}|{YEAR})"
)


def midnight(day: date, as_of: datetime) -> datetime:
    """The start of a day in the zone of the moment that counts as now."""
    return datetime.combine(day, time(), tzinfo=as_of.tzinfo)


def next_month(day: date) -> date:
    """The first day of the month after."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


_AHEAD = 10  # years: "1/2/27" may be a plan's; "1/2/49" is an old date, not one of twenty years from now


def calendar_span(text: str, as_of: datetime) -> tuple[date, date] | None:
    """The day, month or year that a date names, as [first day, day after the last); two digits name the year nearest `as_of`."""
    found = text.strip().lower().replace(".", " ").replace(",", " ") if re.search("[a-z]", text.lower()) else text
    words = found.split()
    try:
        if re.fullmatch(YEAR, text.strip()):
            year = int(text)
            return date(year, 1, 1), date(year + 1, 1, 1)
        if any(w in MONTHS for w in words):
            month = next(MONTHS[w] for w in words if w in MONTHS)
            year = int(next(w for w in words if re.fullmatch(YEAR, w)))
            days = [int(m[1]) for w in words if (m := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", w))]
            first = date(year, month, days[0] if days else 1)
            return first, (first + timedelta(days=1) if days else next_month(first))
        parts = [int(p) for p in re.split(r"[-/.]", text.strip())]
        if len(parts) == 2:
            year, month = (parts[0], parts[1]) if parts[0] > 1000 else (parts[1], parts[0])
            return date(year, month, 1), next_month(date(year, month, 1))
        if parts[0] > 1000:
            first = date(parts[0], parts[1], parts[2])
        else:  # month first, as in the United States, unless that is impossible
            year = parts[2]
            if year < 100:
                year += 2000 if 2000 + year <= as_of.year + _AHEAD else 1900
            dotted = "." in text  # 7.3.2020 is written day first
            month, day = (parts[1], parts[0]) if parts[0] > 12 or (dotted and parts[1] <= 12) else (parts[0], parts[1])
            first = date(year, month, day)
        return first, first + timedelta(days=1)
    except (ValueError, StopIteration, IndexError):
        return None


def subtract(moment: datetime, count: int, unit: str) -> datetime:
    """The moment so many units earlier; the day is clipped to the month's length."""
    if unit == "hour":
        return moment - timedelta(hours=count)
    if unit in {"day", "week"}:
        return moment - timedelta(days=count * (7 if unit == "week" else 1))
    months = count * {"month": 1, "year": 12, "decade": 120}[unit]
    total = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(total, 12)
    if year < 1:
        return moment.replace(year=1, month=1, day=1)
    last = (next_month(date(year, month + 1, 1)) - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


def count_of(text: str | None) -> int:
    """A number in figures or words; one where there is none."""
    cleaned = (text or "1").strip().lower()
    return int(cleaned) if cleaned.isdigit() else NUMBERS.get(cleaned, 1)


def unit_of(text: str) -> str:
    """A unit of time by any of its names."""
    lowered = text.lower()
    return UNITS.get(lowered) or UNITS[lowered.removesuffix("s")]
