"""Units in a question: where they stand, which one an answer is wanted in, and which one a number carries."""

from __future__ import annotations

import re

from domain.quantities import normalise_unit

_SCALE = r"(?:milli|micro|nano|pico|kilo|deci|centi)"
_AMOUNT = rf"(?:{_SCALE}?moles?|{_SCALE}?mols?|[mµμunp]mols?|mcmols?|{_SCALE}?equivalents?|m?eq|m?osm(?:ol)?|{_SCALE}?grams?|(?:m|mc|µ|μ|u|n|p|k)?g|[mµμu]?iu|[mµμu]?units?|mu|u|cells|ml|l|k)"
_PER = rf"(?:{_SCALE}?lit(?:re|er)s?|[dmµμu]?l|mcl|kilograms?|kg|grams?|g|mg|mm(?:ol|3)|mol|hours?|hrs?|h|minutes?|min|days?|d|24\s?h)"
# A compound unit means nothing else wherever it stands. "mg" and "in" do.
_COMPOUND = rf"(?<![A-Za-z/])(?:{_AMOUNT}\s?/\s?{_PER}(?:\s?/\s?(?:{_PER}|1\.73\s?m(?:2|\^2|²)))?|{_AMOUNT} per {_PER}|10\^?\d+/(?:l|[uµμ]l)|mm\s?hg|kpa|cm\s?h2o|kg/m(?:2|\^2|²))(?![A-Za-z])"
_SIMPLE = r"(?:kgs?|kilos?|kilograms?|lbs?|pounds?|celsius|centigrade|fahrenheit|°\s?[cf]|cms?|centimet(?:er|re)s?|met(?:er|re)s|inches|feet|ft|ounces|oz|percent|%)"
_BARE_AMOUNT = (
    rf"(?:mmols?|[uµμ]mols?|{_SCALE}mol(?:e?s)?)"  # "in mmol": per litre, as laboratories that use them report
)
_SYSTEM = r"(?:si(?: units?)?|international units|us units|american units|conventional units|metric(?: units)?|imperial(?: units)?)"
_NAMED_SYSTEM = (
    r"(?:si units?|international units|us units|american units|conventional units|metric units|imperial units)"
)

_ANYWHERE = re.compile(_COMPOUND, re.IGNORECASE)
_WANTED = re.compile(
    rf"(?:\b(?:expressed |reported |given |shown |stated |displayed )?(?:in|to|into|as|using)\s+(?:the )?(?P<in>{_COMPOUND}|{_SIMPLE}|stones?|mms?|millimet(?:er|re)s|{_BARE_AMOUNT}|{_SYSTEM}|[cf]\b(?=\W*$|\s+(?:when|please|pls|at|now|today|last|then)\b))(?![\w/])"
    rf"|\bhow many (?P<many>{_SIMPLE}|stones?)(?!\w)|\b(?P<rather>{_COMPOUND}|{_SIMPLE}|stones?)\s*,?\s*(?:and\s+)?(?:not|rather than|instead of|never)\s+(?:in\s+)?(?:{_COMPOUND}|{_SIMPLE}|stones?|metric|imperial)(?!\w)|^\W*(?:in )?(?P<front>kgs?|kilos?|kilograms?|lbs?|pounds?|stones?)(?:(?:\s+(?:please|pls|needed|wanted|this time))?\s*[,:;–-]\s*(?=[A-Za-z])| (?=(?:does|she|he|they|is|the|pt|patient|for)\b))|[,(:–-]\s*(?P<end>{_COMPOUND}|{_SIMPLE}|{_BARE_AMOUNT}|{_SYSTEM})\s*\)?\s*(?:please|pls)?\W*$"
    rf"|(?<=[A-Za-z)])\s+(?P<last>{_COMPOUND}|{_SIMPLE}|{_BARE_AMOUNT}|{_NAMED_SYSTEM})\s*(?:please|pls)?\W*$|[?.;]\s*(?P<then>{_COMPOUND}|{_SIMPLE}|{_SYSTEM})\s*(?:please|pls)?\W*$|\b(?:we|i) (?:use|work in|need|think in|want|report in|prefer)\s+(?:it in )?(?P<use>{_COMPOUND}|{_SIMPLE}|{_BARE_AMOUNT}|{_SYSTEM}))",
    re.IGNORECASE,
)
_AFTER_NUMBER = rf"(?:{_COMPOUND}|mg|mcg|µg|μg|g\b|grams?\b|units?\b|iu\b|u\b|mls?\b|mils?\b|ccs?\b|millilit(?:re|er)s?\b|l\b|lit(?:re|er)s?\b|meq\b|mmol\b|kg\b|kilos?\b|kilograms?\b|kgs\b|lbs?\b|pounds?\b|stones?\b|hours?\b|hrs?\b|h\b|cm\b|percent\b|%|bpm\b|°?\s?c\b(?!\w)|kpa\b)"
NUMBER = re.compile(
    rf"(?<![\w.])(?P<value>\d+(?:,\d{{3}})*(?:\.\d+)?)\s*(?P<unit>{_AFTER_NUMBER})?(?![\d])", re.IGNORECASE
)
_ALONE = re.compile(
    rf"(?:(?:give|show|report|use|want|need|state|answer)\s+(?:it |that |this )?)?(?:in |as )?(?:{_COMPOUND}|{_SIMPLE}|{_BARE_AMOUNT}|{_SYSTEM})(?:\s+(?:please|pls|thanks|if possible))?",
    re.IGNORECASE,
)
_WORDS = (
    (re.compile(r"[µμ]"), "u"), (re.compile(r"\bmc(?=g\b|mol)"), "u"), (re.compile(r"\s+per\s+|\s*/\s*"), "/"),
    (re.compile(r"deci"), "d"), (re.compile(r"centi"), "c"), (re.compile(r"milli"), "m"), (re.compile(r"micro"), "u"),
    (re.compile(r"nano"), "n"), (re.compile(r"pico"), "p"), (re.compile(r"kilo(?=gram|mol)"), "k"),
    (re.compile(r"moles?|mols"), "mol"), (re.compile(r"equivalents?"), "eq"), (re.compile(r"grams?"), "g"),
    (re.compile(r"lit(?:re|er)s?"), "l"), (re.compile(r"mcl"), "ul"), (re.compile(r"(?<=/)(?:hours?|hrs?)"), "h"), (re.compile(r"(?<=/)days?"), "d"),
)  # fmt: skip
_NAMES = {
    "stone": "[stone_av]", "stones": "[stone_av]", "kilo": "kg", "kilos": "kg", "kgs": "kg", "lb": "[lb_av]", "lbs": "[lb_av]", "pound": "[lb_av]", "pounds": "[lb_av]",
    "celsius": "Cel", "centigrade": "Cel", "c": "Cel", "°c": "Cel", "fahrenheit": "[degF]", "f": "[degF]", "°f": "[degF]",
    "cms": "cm", "centimeter": "cm", "centimeters": "cm", "centimetre": "cm", "centimetres": "cm", "cmeters": "cm", "cmetres": "cm", "cmeter": "cm", "cmetre": "cm",
    "meters": "m", "metres": "m", "inches": "[in_i]", "feet": "[ft_i]", "ft": "[ft_i]", "ounces": "[oz_av]", "oz": "[oz_av]",
    "mmol": "mmol/L", "mmols": "mmol/L", "umol": "umol/L", "umols": "umol/L", "cc": "mL", "ccs": "mL", "mls": "mL", "mil": "mL", "mils": "mL", "units": "[IU]", "unit": "[IU]", "u": "[IU]",
    "hours": "h", "hour": "h", "hrs": "h", "hr": "h", "kilograms": "kg", "kilogram": "kg",
}  # fmt: skip


def ucum(words: str) -> str:
    """The UCUM unit that words name: "micromoles per litre" is umol/L; SI and conventional stand for themselves."""
    text = " ".join(words.lower().split())
    if re.fullmatch(_SYSTEM, text):
        return "SI" if text.startswith(("si", "international", "metric")) else "conventional"
    if text.replace(" ", "") in _NAMES:
        return _NAMES[text.replace(" ", "")]
    for pattern, short in _WORDS:
        text = pattern.sub(short, text)
    return _NAMES.get(text) or normalise_unit(text)


def unit_spans(text: str) -> list[tuple[int, int]]:
    """Where compound units stand, and the words that say which unit is wanted: none of them names a result."""
    spans = [m.span() for m in _ANYWHERE.finditer(text)]
    wanted = _wanted(text)
    return [*spans, *([wanted.span()] if wanted is not None else [])]


def unit_of(text: str) -> str:
    """The unit that a question wants its answer in ("weight in kg", "we use mmol/L here"), or ''.

    A unit behind a number belongs to the number. Of "from umol/L to mg/dL" it is the second.
    """
    if (wanted := _wanted(text)) is not None:
        return ucum(next(v for v in wanted.groupdict().values() if v))
    free = [m[0] for m in _ANYWHERE.finditer(text) if not re.search(r"\d\s*$", text[: m.start()])]
    return ucum(free[-1]) if free else ""


def _wanted(text: str) -> re.Match[str] | None:
    """The phrase that says which unit is wanted; the last, and none that follows a number or a "not"."""
    found = [
        m
        for m in _WANTED.finditer(text)
        if (m["in"] or m["many"] or m["front"] or m["rather"] or not re.search(r"\d\s*$", text[: m.start()]))
        and not re.search(r"\bnot\s*$", text[: m.start()], re.IGNORECASE)
    ]
    return found[-1] if found else None


def is_unit_alone(text: str) -> bool:
    """Whether a text is no more than the unit that is wanted: "SI units please"."""
    return _ALONE.fullmatch(text.strip(" .,;:?!-()")) is not None
