"""Amounts of drug in running text: number and unit, ranges, combination strengths and counted units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from domain.quantities import Quantity
from nlp_pipeline.folding import lowered

NUMBER = r"(?:0,\d+|[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+,\d{1,2}(?![\d,])|\d+(?:[.·]\d+)?|\.\d+)"
_MASS = (
    r"mgs?|milligrams?|mcgs?|[µμ]gs?|ug|micro\s?g(?:r?ams?)?|microgr|ng|nanograms?|gms?|grams?|gr?|meqs?|m?mols?"
    r"|millimoles?|milliequivalents?"
)
_ACTIVITY = (
    r"(?:million|mega|lakh)\s?-?(?:international\s+)?(?:units?|iu|u)|international\s+units?|units?|i\.?u\.?|ui|miu|mu|u"
    r"|mci|mbq|gbq"
)
_VOLUME = r"mls?|cc|millilit(?:er|re)s?|l|lit(?:er|re)s?"
_COUNTED = (
    r"tab(?:let)?s?|caps?(?:ules?)?|pills?|puffs?|sprays?|drops?|gtts?|patch(?:es)?|vials?|amp(?:oule|ule)?s?"
    r"|sachets?|packets?|suppositor(?:y|ies)|teaspoon(?:ful)?s?|tsp|tbsp|tablespoons?|inhalations?|lozenges?"
    r"|applications?"
)
UNIT = rf"(?:{_MASS}|{_ACTIVITY}|{_VOLUME}|{_COUNTED})"
_PER = (
    r"(?:\s?(?:/|\bper\b)\s?(?:kg|kilograms?|m\s?(?:2|²|\^2)|24\s?-?h(?:ours?|rs?)?|h(?:rs?|ours?)?|min(?:utes?)?|d(?:ay|aily|ie)?|doses?"
    r"|w(?:ee)?ks?|mo(?:nth)?s?|puffs?|actuations?|inhalations?|sprays?|tab(?:let)?s?|caps?(?:ules?)?|patch)(?![^\W\d_])"
    r"|\s?[·.*⋅]?\s?(?:kg|min|h|d(?:ay)?|m)\s?[-−–⁻]\s?[12¹²](?!\d))"
)
_LINK = r"\s?(?:-|–|—|‐|‑|~|\bto\b|\bor\b|\band\b|/|[x×])\s?"
_AMOUNT = re.compile(
    rf"(?P<lead>(?:{NUMBER}\s?(?:{UNIT})?{_LINK}){{0,3}})(?P<number>{NUMBER})\s{{0,4}}[-‐‑]?\s?(?P<unit>{UNIT})(?![^\W_])"
    rf"(?P<per>{_PER}{{0,3}})"
)
# How a unit or a range begins behind a number; a cheap test before the expression for both.
_OPENINGS = (
    "mg mc µg μg ug mi ng na gm gr me mm mo un iu i. ui in mu gb mb ml cc li ta ca pi pu sp dr gt pa vi am sa su te ts tb"
    " lo ap to or an la".split()
)
_RUN = re.compile(
    rf"\d[\d.,]*+(?P<opens>\s{{0,5}}(?:{'|'.join(map(re.escape, _OPENINGS))}|[-–—‐‑~/x×½]|[gul](?![^ .,;:)\]/\-–·*\n⋅])))?"
)
_WORD_COUNT = re.compile(
    rf"(?P<number>one\s+and\s+(?:a|one)\s+half|1\s?½|one|two|three|four|half|½|1/2)\s+(?:\([\d.½/]+\)\s*)?(?:of\s+)?(?:an?\s+)?(?P<unit>{_COUNTED})(?![^\W_])"
)
NUMBER_WORDS = frozenset({"one", "two", "three", "four", "half", "½", "1½"})
# A unit that goes on as a concentration, a ratio or a rate of something else is a result, not a dose.
_NOT_A_DOSE = re.compile(
    r"\s?[/:]\s?(?!\d+\s?(?:-\s?\d+\s?)?(?:h|d|w)|(?:day|dose)\b)"
    r"(?:\d*\s?(?:[dmcµμu]?[lL]\b|lit(?:er|re)|deciliter|milliliter|cc\b|HPF)|[A-Za-zµμ])"
    r"|\s?\bper\s+(?:\d*\s?(?:[dmµμ]?[lL]\b|lit(?:er|re)|deciliter|decilitre|milli|cc\b|g\b|gram|high|cubic)|\d+\s?g\b)"
    r"|%|\s?(?:[dmµμ]?[lL]|mmol|mol)\s?[-−–⁻]\s?[1¹]|\s?d[lL]\b"
    r"|\s*[(\[,;]\s*(?:normal|reference|ref\b|NR\b|RR\b|cutoff|control)",
)
_PART = re.compile(rf"(?P<number>{NUMBER})\s?(?P<unit>{UNIT})?\s?(?P<link>to|or|and|x|[^\w\s.,])?")
_BETWEEN = re.compile(r"\bbetween\s+$")
_UNITS = {
    "mg": "mg", "milligram": "mg", "mcg": "ug", "µg": "ug", "μg": "ug", "ug": "ug", "ng": "ng", "nanogram": "ng",
    "g": "g", "gm": "g", "gr": "g", "gram": "g", "meq": "meq", "milliequivalent": "meq", "mmol": "mmol",
    "millimole": "mmol", "mol": "mol", "unit": "[IU]", "international unit": "[IU]", "iu": "[IU]", "ui": "[IU]",
    "u": "[IU]", "mci": "mCi", "mbq": "MBq", "gbq": "GBq", "ml": "mL", "cc": "mL", "milliliter": "mL",
    "millilitre": "mL", "l": "L", "liter": "L", "litre": "L", "tab": "{tablet}", "tablet": "{tablet}",
    "cap": "{capsule}", "capsule": "{capsule}", "pill": "{tablet}", "puff": "{puff}", "spray": "{spray}",
    "drop": "{drop}", "gtt": "{drop}", "patch": "{patch}", "patche": "{patch}", "vial": "{vial}", "amp": "{ampule}",
    "ampoule": "{ampule}", "ampule": "{ampule}", "sachet": "{packet}", "packet": "{packet}",
    "suppository": "{suppository}", "suppositorie": "{suppository}", "teaspoon": "{tsp}", "teaspoonful": "{tsp}",
    "tsp": "{tsp}", "tbsp": "{tbsp}", "tablespoon": "{tbsp}", "inhalation": "{inhalation}", "lozenge": "{lozenge}",
    "application": "{application}",
}  # fmt: skip
_DENOMINATORS = {
    "kg": "kg", "kilogram": "kg", "daily": "d", "m": "m2", "h": "h", "hr": "h", "hour": "h", "24h": "d", "min": "min", "minute": "min", "d": "d",
    "day": "d", "die": "d", "dose": "{dose}", "week": "wk", "wk": "wk", "month": "mo", "mo": "mo", "puff": "{puff}",
    "actuation": "{actuation}", "inhalation": "{inhalation}", "spray": "{spray}", "tab": "{tablet}",
    "tablet": "{tablet}", "cap": "{capsule}", "capsule": "{capsule}", "patch": "{patch}",
}  # fmt: skip
_WORD_VALUES = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "half": 0.5, "½": 0.5, "1/2": 0.5}
_SCALES = {"million": 1e6, "mega": 1e6, "lakh": 1e5, "mu": 1e6, "miu": 1e6}
_FREQUENCIES = {"d": "daily", "wk": "weekly", "mo": "monthly"}


class Amount(NamedTuple):
    """A number with the unit of a dose; `units` is how many units of this strength ("2 x 5 mg", "two 500-mg tablets").

    `frequency` is what "per day" in words says; "mg/day" keeps its unit.
    """

    start: int
    end: int
    dose: Quantity
    high: Quantity | None = None
    strength: tuple[Quantity, ...] = ()
    units: float | None = None
    frequency: str = ""

    @property
    def is_counted(self) -> bool:
        """Whether whole units are counted (tablets, puffs), which says the dose only with their strength."""
        return self.dose.unit.startswith("{")

    @property
    def is_volume(self) -> bool:
        """Whether it is a volume, which is as often a drain's or a bleeding's as a drug's."""
        return self.dose.unit in {"mL", "L"}


def amounts_in(text: str, low: int, high: int, lower: str = "", has_words: bool = True) -> list[Amount]:
    """The doses written in text[low:high], in order; laboratory values and concentrations are left out.

    `lower` is the text in lower case, made here where the caller has none; `has_words` says whether one of
    `NUMBER_WORDS` is there, "one tablet".
    """
    lower = lower or lowered(text)
    found = list(_numbered(text, lower, low, high))
    if has_words:
        for match in _WORD_COUNT.finditer(lower, low, high):
            if not any(a.start < match.end() and match.start() < a.end for a in found):
                word = match["number"]
                value = 1.5 if len(word) > 5 or word.startswith("1 ") or word == "1½" else _WORD_VALUES[word]
                found.append(Amount(match.start(), match.end(), Quantity(value=value, unit=unit_of(match["unit"])[0])))
        found.sort(key=lambda a: a.start)
    return found


def _numbered(text: str, lower: str, low: int, high: int) -> Iterator[Amount]:
    position = low
    while run := _RUN.search(lower, position, high):
        start, before = run.start(), position
        position = run.start("opens")
        if position < 0:
            position = run.end()
            continue
        if start > before and lower[start - 1] in ".·":
            start -= 1
        match = _AMOUNT.match(lower, start, high) if _starts_number(lower, start) else None
        if match is None:
            continue
        position = match.end()
        if _NOT_A_DOSE.match(text, position, min(high + 12, len(text))) is None:
            amount = _amount(match, text)
            if amount.dose.unit == "L/min" or _is_concentration(amount):
                continue
            if match["lead"] and amount.start == match.start("number"):
                yield from _earlier(match)
            yield amount


def _earlier(match: re.Match[str]) -> Iterator[Amount]:
    """The doses in front of the last that make no range with it: "(from) 80 to 40 mg", "5 mg and 10 mg"."""
    begin = match.start()
    for part in _PART.finditer(match["lead"]):
        link = part["link"]
        if part["unit"] or link == "to":
            unit, scale = unit_of(part["unit"] or match["unit"])
            end = begin + part.end("unit" if part["unit"] else "number")
            yield Amount(begin + part.start(), end, _quantity(part["number"], unit, scale))


def _is_concentration(amount: Amount) -> bool:
    """Whether it is a mass per volume written with a number for both ("250 mg/5 mL")."""
    if not amount.strength or amount.strength[-1].unit != "mL" or amount.dose.unit == "mL":
        return False
    return amount.strength[-1].value >= 1  # "40 mg/0.4 mL" is a syringe


def _starts_number(text: str, start: int) -> bool:
    if start == 0:
        return True
    before = text[start - 1]
    if before == "." and start > 1 and text[start - 2].isalpha():
        return True  # "tab.5 mg"
    if before == "," and start > 1:
        return not text[start - 2].isdigit()
    return not (before.isalnum() or before in "._·")


def _amount(match: re.Match[str], text: str) -> Amount:
    start, lead = match.start(), match["lead"]
    is_between = bool(lead) and _BETWEEN.search(match.string, max(0, start - 10), start) is not None
    read = _read(lead, match["number"], text[slice(*match.span("unit"))], match["per"], is_between)
    return Amount(start + read.start, match.end(), *read[2:])


@lru_cache(maxsize=4096)
def _read(lead: str, number: str, written: str, per: str, is_between: bool) -> Amount:
    """The amount that is written so, counted from the first character; notes repeat few of them over and over."""
    unit, scale = ("m[IU]", 1.0) if written == "mU" else unit_of(written)
    denominator, frequency = _per(per)
    unit += denominator
    last = _quantity(number, unit, scale)
    alone = Amount(len(lead), 0, last, frequency=frequency)
    parts = list(_PART.finditer(lead))
    if not parts:
        return alone._replace(start=0)
    link = parts[-1]["link"]
    if link == "and" and not is_between:
        return alone
    if link in {"x", "×"}:
        return Amount(0, 0, last, units=number_of(parts[-1]["number"]), frequency=frequency)
    own = [_quantity(p["number"], *_part_unit(p["unit"], unit, scale)) for p in parts]
    if link == "/":
        return Amount(0, 0, own[0], strength=(*own, last), frequency=frequency)
    first = own[-1]
    if first.value < last.value or first.unit != last.unit:
        return Amount(parts[-1].start(), 0, first, high=last, frequency=frequency)
    return alone


def _part_unit(written: str | None, unit: str, scale: float) -> tuple[str, float]:
    return unit_of(written) if written else (unit, scale)


def _quantity(number: str, unit: str, scale: float = 1.0) -> Quantity:
    return Quantity(value=number_of(number) * scale, unit=unit)


def number_of(written: str) -> float:
    """The value of a written number: "1,000" is a thousand, "0,04" and "2,5" have a decimal comma."""
    is_decimal = "," in written and (written.startswith("0,") or len(written.rpartition(",")[2]) != 3)
    return float(written.replace(",", "." if is_decimal else "").replace("·", "."))


def unit_of(written: str) -> tuple[str, float]:
    """The UCUM unit of a written one and the factor it carries ("million units"); countable forms are annotations."""
    text = " ".join(written.lower().replace(".", "").replace("-", " ").split())
    head = text.partition(" ")[0]
    if head in {"million", "mega", "lakh"} or text in _SCALES:
        return "[IU]", _SCALES[head]
    if text.startswith("micro"):
        return "ug", 1.0
    singular = text[:-1] if text.endswith("s") and len(text) > 2 else text
    return _UNITS[singular], 1.0


def _per(written: str) -> tuple[str, str]:
    """The denominators of a unit, and the frequency that "per day" in words says after a plain amount."""
    if not written:
        return "", ""
    names = [n for n in re.findall(r"[^\W\d_]+|24", written.lower()) if n != "per"]
    units: list[str] = []
    for name in names:
        name = "d" if name == "24" else name
        known = _DENOMINATORS.get(name) or _DENOMINATORS.get(name.removesuffix("s"), "")
        if known and not (known == "h" and units[-1:] == ["d"]):
            units.append(known)
    if len(units) == 1 and units[0] in _FREQUENCIES and "per" in written.lower():
        return "", _FREQUENCIES[units[0]]
    return "".join(f"/{unit}" for unit in units), ""
