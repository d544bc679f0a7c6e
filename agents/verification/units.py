"""Units as they are written after a number, and whether two numbers in their units are the same amount."""

from __future__ import annotations

import re
from functools import lru_cache

from domain.errors import UnitMismatch, UnknownUnit
from domain.quantities import convert, normalise_unit

_SUPERSCRIPTS = str.maketrans(
    {"⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁶": "6", "⁹": "9", "×": "x", "−": "-"}
)
_SPELLED = {
    "milligrams": "mg", "milligram": "mg", "micrograms": "ug", "microgram": "ug", "nanograms": "ng", "picograms": "pg",
    "grams": "g", "gram": "g", "kilograms": "kg", "kilogram": "kg", "kilos": "kg", "kilo": "kg", "millilitres": "mL",
    "milliliters": "mL", "litres": "L", "liters": "L", "litre": "L", "liter": "L", "millimoles": "mmol",
    "millimole": "mmol", "micromoles": "umol", "micromole": "umol", "milliequivalents": "meq", "millimetres": "mm",
    "millimeters": "mm", "centimetres": "cm", "centimeters": "cm", "deciliter": "dL", "decilitre": "dL",
    "milliliter": "mL", "millilitre": "mL", "percent": "%", "per cent": "%", "percentage points": "%", "percentage point": "%",
    "beats per minute": "/min", "beats a minute": "/min", "breaths per minute": "/min", "beats/min": "/min",
    "breaths/min": "/min", "millimeters of mercury": "mm[Hg]", "millimetres of mercury": "mm[Hg]",
    "degrees celsius": "Cel", "degrees fahrenheit": "[degF]", "°c": "Cel", "° c": "Cel", "°f": "[degF]", "° f": "[degF]",
    "pounds": "[lb_av]", "pound": "[lb_av]", "lbs": "[lb_av]", "lb": "[lb_av]", "inches": "[in_i]", "in": "[in_i]", "mmhg": "mm[Hg]",
    "mm hg": "mm[Hg]", "bpm": "/min", "rpm": "/min", "international units": "[IU]", "units": "[IU]", "unit": "[IU]",
    "iu": "[IU]", "msec": "ms", "pts": "{score}", "points": "{score}", "point": "{score}", "score": "{score}", "k/cumm": "10*3/uL",
    "pp": "%", "mcg": "ug", "kpa": "kPa",
}  # fmt: skip
# Time, which is also what a duration is counted in.
TIME_UNITS = {
    "years": "a", "year": "a", "yrs": "a", "yr": "a", "y": "a", "months": "mo", "month": "mo", "mos": "mo", "mo": "mo",
    "weeks": "wk", "week": "wk", "wks": "wk", "wk": "wk", "days": "d", "day": "d", "nights": "d", "hours": "h",
    "hour": "h", "hrs": "h", "hr": "h", "h": "h", "minutes": "min", "minute": "min", "mins": "min", "min": "min",
    "seconds": "s", "s": "s", "second": "s", "sec": "s", "decades": "decade", "decade": "decade",
}  # fmt: skip
_SIMPLE = (
    "mm\\[Hg\\]|mm ?Hg|kPa|mOsm|mosm|mEq|meq|mmol|[µμu]mol|nmol|pmol|mol|kg|mg|mcg|[µμu]g|ng|pg|g|fL|fl|mL|ml|dL|dl|L|cm|mm|ms"
    "|mIU|[µμu]IU|IU|kcal|kU|mU|MG|MCG|UG|ML|MEQ|UNT|GM|MM|CM|KG|U"
)
_PART = r"(?:mm ?Hg|mm\[Hg\]|[mµμun]?\[[A-Za-z]{2,3}\]|[A-Za-zµμ]{1,6}|10\s?[*^]\s?\d+)"
_COMPOUND = rf"(?:{_PART}(?:\s?[·.*]\s?{_PART})?)?\s?/\s?(?:\d{{1,2}}\s?h|1\.73\s?m(?:\^?2|²)|[A-Za-zµμ]{{1,6}}[23²³]?)(?:\s?/\s?(?:1\.73\s?m(?:\^?2|²)|\{{1\.73_m2\}}|[A-Za-zµμ]{{1,6}}\d?)(?:\s?m(?:\^?2|²))?)*"
_EXPONENT = r"[x×]?\s?10\s?(?:[\^*eE]\s?\d{1,2}|[³⁶⁹])\s?/\s?(?:[µμum]c?[lL]|L|mm3|mm³)"
_WORDS = "|".join(
    re.escape(w) for w in sorted({*_SPELLED, *TIME_UNITS} - {"in"}, key=len, reverse=True) if w[-1].isalpha()
)
_PER = re.compile(r"^\s?(?:per|a)\s+([a-z]+)\b", re.IGNORECASE)
_UNIT = re.compile(
    rf"(?:{_EXPONENT}|{_COMPOUND}|kg/m[²2]|%|(?:{_SIMPLE}|°\s?[CF]|{_WORDS}|[KM]/[µμum]c?[lL])(?![\w/])|in(?=\s*(?:[,;)|(–—]|\.?$|\.\s|tall|was\b|(?:on|from|at|as|when|reported|recorded|measured|and)\b)))"
)
_UNIT_WORDS = re.compile(rf"(?:{_WORDS})(?!\w)", re.IGNORECASE)
# What a dose is measured in, against what is measured in a sample.
MASS_UNITS = frozenset({"mg", "g", "ug", "[IU]", "mL", "meq", "ng", "kg", "mmol", "U"})


def unit_at(text: str, position: int) -> tuple[int, str]:
    """The unit that follows a number: where it ends, and its UCUM spelling; the position and "" where none does."""
    start = position
    while start < len(text) and start < position + 2 and text[start] in " -\u00a0\u202f":
        start += 1
    match = _UNIT.match(text, start) or _UNIT_WORDS.match(text, start)
    if match is None or (start == position and match[0][:1].isspace()):
        return position, ""
    written = match[0]
    unit = _spelled(written.strip())
    if not unit:
        if "/" in written:  # "5 mg/tablet" is 5 mg of something
            head = _UNIT.match(text[: match.start() + written.index("/")], start)
            unit = _spelled(head[0].strip()) if head else ""
            return (head.end(), unit) if head and unit else (position, "")
        return position, ""
    end = match.end()
    per = _PER.match(text[end : end + 24])
    if per is not None and unit not in TIME_UNITS.values():
        divisor = _SPELLED.get(per[1].lower()) or TIME_UNITS.get(per[1].lower())
        # "5 mg per day" stays a dose: the frequency is read apart.
        if divisor and divisor not in {"d", "wk", "mo", "a", "decade"}:
            joined = _spelled(f"{unit}/{divisor}")
            if joined:
                return end + per.end(), joined
    return end, unit


@lru_cache(maxsize=2048)
def _spelled(written: str) -> str:
    """The UCUM spelling of a written unit, empty where it is no unit."""
    lowered = " ".join(written.lower().split())
    if lowered in _SPELLED:
        return _SPELLED[lowered]
    if lowered in TIME_UNITS:
        return TIME_UNITS[lowered]
    plain = written.translate(_SUPERSCRIPTS)
    plain = re.sub(r"^x?\s?10\s?[\^*eE]?\s?(\d)", r"10^\1", plain).replace("mcl", "ul").replace("mcL", "uL")
    plain = re.sub(r"\s?/\s?", "/", plain).replace("µ", "u").replace("μ", "u")
    plain = re.sub(
        r"/(day|dose|hr|hour|minute|tablet)s?$",
        lambda m: {"day": "/d", "hr": "/h", "hour": "/h", "minute": "/min"}.get(m[1], m[0]),
        plain,
    )
    if re.fullmatch(r"mL/min/(?:1\.73\s?m\^?2|\{1\.73_m2\})", plain, re.IGNORECASE):
        return "mL/min/{1.73_m2}"
    for candidate in dict.fromkeys((normalise_unit(plain), normalise_unit(plain.lower()))):
        if is_unit(candidate):
            return candidate
    return ""


@lru_cache(maxsize=2048)
def is_unit(unit: str) -> bool:
    """Whether text is a UCUM unit that can be calculated with."""
    if not unit or unit.startswith("{"):
        return bool(unit)
    try:
        convert(1.0, unit, "1" if unit != "1" else "%")
    except UnknownUnit:
        return False
    except UnitMismatch:
        return True
    return True


@lru_cache(maxsize=8192)
def in_unit(value: float, unit: str, wanted: str, substance: str) -> float | None:
    """The value in another unit, None where the two measure different things."""
    if unit == wanted or normalise_unit(unit) == normalise_unit(wanted):
        return value
    pair = {_alike(unit), _alike(wanted)}
    if len(pair) == 1:
        return value
    if unit.startswith("{") or wanted.startswith("{"):
        return None
    for named in (substance or None, "insulin" if not substance else None):
        try:
            return convert(value, unit, wanted, named)
        except (UnitMismatch, UnknownUnit):
            continue
    return None


def _alike(unit: str) -> str:
    """Spellings that mean one unit though UCUM keeps them apart."""
    bare = re.sub(r"\{[^}]*\}", "", unit) or "1"
    return {"[IU]": "U", "[iU]": "U", "h.mg/L": "mg.h/L", "[pH]": "1", "bpm": "/min", "meq/L": "meq/L"}.get(bare, bare)
