"""Amounts in words put in figures: "a litre", "one and a quarter grams", "two point four", "seven hundred and fifty mils"."""

from __future__ import annotations

import re

_SMALL = {
    word: float(n)
    for n, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split()
    )
} | {"thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "seventy": 70.0, "eighty": 80.0, "ninety": 90.0}
_SCALES = {"hundred": 100.0, "thousand": 1000.0}
_PARTS = {"half": 0.5, "quarter": 0.25, "third": 1 / 3}
_WORD = "|".join(sorted([*_SMALL, *_SCALES], key=len, reverse=True))
_UNIT = (
    r"(?:(?:milli)?lit(?:re|er)s?|mils?|mls?|cc|l|(?:milli|micro|kilo)?grams?|mg|mcg|g|kgs?|kilos?|pounds?|lbs?|stones?"
    r"|units?|hours?|hrs?|hourly|h|percent|per cent|%)"
)
_RUN = re.compile(
    rf"\b(?P<first>(?:{_WORD}|an?|\d+(?:\.\d+)?)\b)(?P<more>(?:[\s-]+(?:and[\s-]+)?(?:{_WORD})\b)*)"
    rf"(?:\s+point\b(?P<point>(?:\s+(?:{_WORD})\b)+))?(?P<part>\s+and\s+a\s+(?:half|quarter|third)\b)?"
    rf"(?=(?P<unit>[\s-]*{_UNIT}(?!\w))?)",
    re.IGNORECASE,
)
_PART_OF = re.compile(
    r"\b(?P<part>half|quarter)(?:\s+of)?\s+an?\s+(?P<unit>lit(?:re|er)|gram|kilo|stone|pound)\b", re.IGNORECASE
)
_AND_A_HALF = re.compile(
    r"\ban?\s+(?P<unit>lit(?:re|er)|gram|kilo|stone|pound)\s+and\s+a\s+(?P<part>half|quarter)\b", re.IGNORECASE
)
_ONE_OF = re.compile(r"[\s-]*(?:lit(?:re|er)|gram|kilo(?:gram)?|stone|pound)\b(?!s)", re.IGNORECASE)


def in_figures(text: str) -> str:
    """The text with its amounts in figures. A number word alone ("two visits", "one more") stays as it is."""
    text = _PART_OF.sub(lambda m: f"{_PARTS[m['part'].lower()]:g} {m['unit']}", text)
    text = _AND_A_HALF.sub(lambda m: f"{1 + _PARTS[m['part'].lower()]:g} {m['unit']}", text)
    return _RUN.sub(_figures, text)


def _figures(match: re.Match[str]) -> str:
    first = match["first"].lower()
    words = re.findall(_WORD, match["more"], re.IGNORECASE)
    if first[0].isdigit() and not words and not match["part"]:
        return match[0]
    if first in {"a", "an"}:
        scaled = bool(words) and words[0].lower() in _SCALES
        if not scaled and (words or match["unit"] is None or not _ONE_OF.match(match["unit"])):
            return match[0]
    scaled = any(w.lower() in _SCALES for w in [first, *words])
    if not (match["unit"] or match["point"] or scaled):
        return match[0]
    value = _value([first, *(w.lower() for w in words)])
    digits = "".join(f"{_SMALL[w.lower()]:g}" for w in (match["point"] or "").split() if w.lower() in _SMALL)
    part = _PARTS[match["part"].split()[-1].lower()] if match["part"] else 0.0
    return f"{value + part:g}.{digits}" if digits else f"{value + part:.10g}"


def _value(words: list[str]) -> float:
    """The number of a run of number words; "fifteen hundred" and "seven hundred and fifty" both."""
    total = current = 0.0
    for word in words:
        if word in _SCALES:
            current = (current or 1.0) * _SCALES[word]
            if word == "thousand":
                total, current = total + current, 0.0
        elif word in {"a", "an"}:
            current += 1.0
        else:
            current += _SMALL[word] if word in _SMALL else float(word)
    return total + current
