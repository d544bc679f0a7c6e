"""How much was smoked: pack-years, packs or cigarettes a day and years, each as the note states it, none derived."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.facts import FactKind
from domain.quantities import Quantity
from nlp_pipeline.layers import Finding

_WORDS = {
    "half": 0.5, "a half": 0.5, "a": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "ten": 10.0, "fifteen": 15.0,
    "twenty": 20.0, "twenty-five": 25.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0,
}  # fmt: skip
_NUMBER = (
    r"(?P<n>\d{1,3}(?:\.\d{1,2})?(?:\s1/2)?|\.\d{1,2}|\d/\d|½|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")"
)
_STEMS = re.compile(r"p(?:ack|k[\s-]y|pd)|cig")
_BEFORE = re.compile(
    rf"(?<![\w./-])(?:\d{{1,3}}(?:\.\d)?\s?(?:-|–|to|or)\s?)?{_NUMBER}\s?\+?(?:\s?(?:to|-|–)\s?)?(?:\s?(?:a|of\s+an?))?[\s-]*$"
)
_PACK_YEARS = re.compile(r"p(?:ac)?ks?[\s.-]*(?:/\s?)?(?:years?|yrs?|yr)\b(?:\s+(?:smoking\s+)?history)?")
_PACK_YEARS_AFTER = re.compile(rf"\s*(?:history)?\s*(?:[:=]|\bof\b|\bis\b)\s*{_NUMBER}(?![\w.])")
_A_DAY = re.compile(
    r"(?:ppd\b|p(?:ac)?ks?(?:\s+of\s+cig\w*)?\s*(?:(?:per|a|each|every|/)\s*(?:day|d)\b|daily\b)|(?P<cig>cig(?:arette)?s?\s*(?:(?:per|a|each|every|/)\s*"
    r"(?:day|d)\b|daily\b)))"
)
_YEARS_AFTER = re.compile(
    r"[\s,]*(?:(?:x|×|for)\s*)(?:about\s+|approximately\s+|over\s+|more\s+than\s+|the\s+(?:past|last)\s+|~\s?)?(?P<n>\d{1,2})\s?\+?[\s-]*(?:years?|yrs?|y)\b"
)
_KIN = re.compile(r"\b(?:mother|father|husband|wife|brother|sister|parents?|partner|spouse|mom|dad)\b[^,.;]{0,60}$")


def smoking_amounts(low: str) -> list[Finding]:
    """Amounts of a folded text, in order."""
    return [finding for stem in _STEMS.finditer(low) for finding in _amounts(low, stem.start())]


def _amounts(low: str, at: int) -> Iterator[Finding]:
    window = low[max(0, at - 30) : at]
    number = _BEFORE.search(window)
    start = at - (len(window) - number.start("n")) if number else at
    if _KIN.search(low, max(0, start - 80), start):
        return
    if match := _PACK_YEARS.match(low, at):
        if number:
            yield _finding("pack_years", start, match.end(), _value(number["n"]), "{pack-years}")
        elif after := _PACK_YEARS_AFTER.match(low, match.end()):
            yield _finding("pack_years", at, after.end(), _value(after["n"]), "{pack-years}")
    elif number and (match := _A_DAY.match(low, at)):
        name, unit = ("cigarettes_per_day", "{cigarettes}/d") if match["cig"] else ("packs_per_day", "{packs}/d")
        yield _finding(name, start, match.end(), _value(number["n"]), unit)
        if years := _YEARS_AFTER.match(low, match.end()):
            yield _finding("smoking_duration", years.start("n"), years.end(), float(years["n"]), "a")


def _value(number: str) -> float:
    if number in _WORDS:
        return _WORDS[number]
    if number == "½":
        return 0.5
    if "/" in number and " " not in number:
        above, below = (float(part) for part in number.split("/"))
        return above / below if below else 0.0
    return float(number.split()[0]) + (0.5 if number.endswith("1/2") else 0.0)


def _finding(name: str, start: int, end: int, value: float, unit: str) -> Finding:
    return Finding(start, end, FactKind.SOCIAL_HISTORY, name, Quantity(value=value, unit=unit))
