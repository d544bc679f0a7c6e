"""Units as notes write them: one pattern that finds them, their UCUM spelling, and what an observation can be in."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import ChartTwinError
from domain.quantities import Quantity, convert, normalise_unit

if TYPE_CHECKING:
    from nlp_pipeline.vocabulary import Concept

RULES = Path(__file__).parent.parent / "rules" / "measurements.json"
IMPLAUSIBLE = "implausible"

_MICRO = "uµμ"
_LITRE = rf"(?:[dmcn{_MICRO}]?l|mcl|{{deci|milli|micro}}lit(?:er|re)s?|lit(?:er|re)s?)".replace(
    "{deci|milli|micro}", "(?:deci|milli|micro)"
)
_PER_CELL = r"(?:mm\s?\^?\s?3|mm³|cu\.?\s?mm|cubic\s(?:mm|millimet(?:er|re)s?)|cmm|c\.mm)"
_INVERSE = rf"(?:mm\s?[⁻−-]\s?[3³]|[{_MICRO}]l\s?[⁻−-]\s?[1¹])"  # "14 800 mm⁻³"
_BELOW = (
    rf"(?:{_LITRE}|{_PER_CELL}|24\s?h(?:(?:ou)?rs?)?|1\.73\s?m(?:\^?2|²)|g(?:\s?cr)?|kg|mg|mmol|mol|h(?:(?:ou)?rs?)?"
    r"|min(?:ute)?s?|sec(?:ond)?|s|d(?:ay)?|week|m(?:\^?2|²)|[hl]pf|(?:high|low)[\s-]power(?:ed)?\sfields?|field)"
)
_ABOVE = (
    rf"(?:m\s(?:eq|mol)(?=\s?/)|[m{_MICRO}npfk]?(?:g|mols?|moles?|eq|osm(?:ol)?|iu|ui?|kat|m)|mcg|c?gm|milligrams?|micrograms?|grams?"
    r"|(?:milli|micro|nano|pico)?moles?|mill?iequivalents?|(?:international\s)?units?|cells?|leu[ck]ocytes|wbcs?|rbcs?"
    rf"|copies|beats|breaths|cycles|thou(?:sand)?|mil(?:lion)?|lakhs?|[kmgt]|mm|cm|m|[m{_MICRO}d]?l|cc|kcal|lit(?:er|re)s?)"
)
_POWER = (
    r"(?:[x×✕*]\s?10\s?(?:\^|\*\*?|e\+?|\()?\s?(?:[³⁴⁵⁶⁸⁹]|¹⁰|¹¹|¹²|1[0-2]|[3-6]|[89])\)?"
    r"|10(?:\s?(?:\^|\*\*?|e\+?|\()\s?(?:1[0-2]|[3-9])\)?|[³⁴⁵⁶⁸⁹]|¹⁰|¹¹|¹²|\s?(?:3|6|9|12)(?=\s?/\s?[a-zµμ]))"
    r"|[x×✕*]\s?1,?000\b)"
)
_COUNT = (
    rf"{_POWER}\s?(?:cells?|wbcs?|copies)?"
    rf"(?:\s?(?:/|\bper\b)\s?(?:{_LITRE}|{_PER_CELL})(?!\w)|\s?{_LITRE}\s?[⁻−-][1¹])?"
)
_RATIO = (
    rf"{_ABOVE}\s?(?:/|\bper\s)\s?{_BELOW}(?:\s?(?:/|\bper\b|[⁻−-][1¹]\s?)\s?{_BELOW})?(?![\w])"
    rf"|{_ABOVE}[\s·.]?{_BELOW}\s?[⁻−-][1¹]|(?:/|\bper\s)\s?{_BELOW}(?![\w])|(?:cells\s?)?{_INVERSE}(?![\w])"
)
_PLAIN = (
    r"mm\s?/?\s?\[?hg\]?|mg\s?%|gms?\s?%|g\s?%|kpa|cm\s?h2o|cmh₂o|%|percent|per\scent|°\s?[cf]?|º\s?[cf]?|℃|℉|deg(?:rees?|\.)?\s?(?:celsius|fahrenheit|centigrade|c|f)\b"
    r"|celsius|fahrenheit|b\.?p\.?m\.?|cycles|kilograms?|kilos?|kgs?|grams?|gm|pounds?|lbs?|ounces?|oz"
    r"|centimet(?:er|re)s?|millimet(?:er|re)s?|met(?:er|re)s?|inch(?:es)?|in(?=\s*(?:[,.;)]|$|tall))|feet|ft|cms?|mm|m"
    r"|msecs?|milliseconds?|ms|seconds?|secs?|s|fl|pg|lpm|ml|cc|lit(?:er|re)s?|mg|mcg|g|meq|iu|units?|thousand|million|lakhs?|[kcfl]"
    r"|mm|pack[\s-]years?|points?|pts|/\s?\d{1,3}"
)
# Units are in lower case here: match them in lower case, or without regard to case.
# The look at the first character spares most words after a number the long alternatives.
UNIT = (
    rf"(?=[bcdefgiklmnoprstuwx{_MICRO}%/°º℃℉×✕*1])"
    rf"(?:(?=[x×✕*1]){_COUNT}|(?=[bcdefgiklmnoprtuw{_MICRO}/])(?:{_RATIO})|(?:{_PLAIN})(?![\w/]))"
)
_COUNT_PARTS = re.compile(
    rf"[x×✕*]?\s?1,?(?P<thousands>000)?(?:0\D{{0,5}}(?P<power>[³⁴⁵⁶⁸⁹]|¹⁰|¹¹|¹²|1[0-2]|[3-9])\)?)?\s?(?:cells?|WBCs?|copies)?"
    rf"(?:\s?(?:/|\bper\b)?\s?(?P<below>{_LITRE}|{_PER_CELL})\s?(?:[⁻−-][1¹])?)?",
    re.IGNORECASE,
)
_IS_COUNT = re.compile(_COUNT, re.IGNORECASE)
_IS_INVERSE = re.compile(rf"(?:cells\s?)?{_INVERSE}", re.IGNORECASE)
_EXPONENT = str.maketrans("³⁴⁵⁶⁸⁹¹⁰²", "345689102")
_NAMES = {
    "mmhg": "mm[Hg]", "mm[hg]": "mm[Hg]", "mm/hg": "mm[Hg]", "kpa": "kPa", "cmh2o": "cm[H2O]", "cmh₂o": "cm[H2O]",
    "percent": "%", "percent.": "%", "℃": "Cel", "℉": "[degF]", "bpm": "/min", "b.p.m": "/min", "b.p.m.": "/min",
    "kilogram": "kg", "kilo": "kg", "kilos": "kg", "kgs": "kg", "kg": "kg", "kilograms": "kg", "gram": "g", "grams": "g", "gm": "g",
    "pound": "[lb_av]", "ounce": "[oz_av]", "ounces": "[oz_av]", "mg%": "mg/dL", "g%": "g/dL", "gm%": "g/dL", "gms%": "g/dL",
    "centimeter": "cm", "centimeters": "cm", "centimetre": "cm", "centimetres": "cm", "cms": "cm",
    "millimeter": "mm", "millimeters": "mm", "millimetre": "mm", "millimetres": "mm", "meter": "m", "meters": "m",
    "metre": "m", "metres": "m", "msec": "ms", "msecs": "ms", "millisecond": "ms", "milliseconds": "ms",
    "seconds": "s", "second": "s", "sec": "s", "secs": "s", "s": "s", "fl": "fL", "pg": "pg", "lpm": "L/min", "ml": "mL", "cc": "mL",
    "liter": "L", "liters": "L", "litre": "L", "litres": "L", "l": "L", "thousand": "10*3/uL", "k": "10*3/uL",
    "million": "10*6/uL", "lakh": "10*5/uL", "lakhs": "10*5/uL", "mm": "mm", "mM": "mmol/L", "percent ": "%",
    "points": "{score}", "point": "{score}", "pts": "{score}", "packyears": "{pack-years}", "packyear": "{pack-years}",
}  # fmt: skip
_ABOVE_NAMES = {
    "gm": "g", "cgm": "cg", "gram": "g", "grams": "g", "milligram": "mg", "milligrams": "mg", "microgram": "ug", "micrograms": "ug",
    "mcg": "ug", "mol": "mol", "mols": "mol", "mmols": "mmol", "moles": "mol", "mmole": "mmol", "mmoles": "mmol",
    "millimoles": "mmol", "millimole": "mmol", "micromole": "umol", "micromoles": "umol", "umols": "umol",
    "nanomoles": "nmol", "nanomole": "nmol", "picomoles": "pmol", "picomole": "pmol", "mm": "mm",
    "milliequivalents": "meq", "milliequivalent": "meq", "miliequivalents": "meq", "meq": "meq", "m eq": "meq", "m mol": "mmol", "mosm": "mosm",
    "mosmol": "mosm", "iu": "[IU]", "miu": "m[IU]", "uiu": "u[IU]", "kiu": "k[IU]", "ui": "U", "units": "U",
    "unit": "U", "international units": "[IU]", "international unit": "[IU]", "u": "U", "mu": "mU", "uu": "uU", "ku": "kU",
    "cells": "", "cell": "", "wbc": "", "wbcs": "", "rbc": "", "rbcs": "", "leukocytes": "", "leucocytes": "",
    "copies": "{copies}", "beats": "", "breaths": "", "cycles": "", "k": "10*3", "thou": "10*3", "thousand": "10*3",
    "million": "10*6", "mil": "10*6", "lakh": "10*5", "lakhs": "10*5", "l": "L", "ml": "mL", "cc": "mL", "dl": "dL",
    "liters": "L", "liter": "L", "litres": "L", "litre": "L",
}  # fmt: skip
_BELOW_NAMES = {
    "l": "L", "dl": "dL", "ml": "mL", "cl": "cL", "ul": "uL", "mcl": "uL", "nl": "nL", "liter": "L", "litre": "L",
    "liters": "L", "litres": "L", "deciliter": "dL", "decilitre": "dL", "milliliter": "mL", "millilitre": "mL",
    "microliter": "uL", "microlitre": "uL", "microliters": "uL", "mm3": "uL", "mm^3": "uL", "mm³": "uL", "cumm": "uL",
    "cu.mm": "uL", "cubicmm": "uL", "cubicmillimeter": "uL", "cubicmillimetre": "uL", "cubicmillimeters": "uL",
    "cubicmillimetres": "uL", "cmm": "uL", "c.mm": "uL", "24h": "d", "24hr": "d", "24hrs": "d", "24hours": "d", "24hour": "d",
    "1.73m2": "{1.73_m2}", "1.73m^2": "{1.73_m2}", "1.73m²": "{1.73_m2}", "gcr": "g", "hr": "h", "hrs": "h",
    "hour": "h", "hours": "h", "minute": "min", "minutes": "min", "mins": "min", "day": "d", "week": "wk",
    "sec": "s", "second": "s", "hpf": "[HPF]", "lpf": "[LPF]", "highpowerfield": "[HPF]", "high-powerfield": "[HPF]",
    "highpowerfields": "[HPF]", "high-poweredfield": "[HPF]", "lowpowerfield": "[LPF]", "field": "[HPF]",
    "m^2": "m2", "m²": "m2", "m2": "m2", "kg": "kg", "g": "g", "mg": "mg", "mmol": "mmol", "mol": "mol", "h": "h",
    "min": "min", "d": "d", "s": "s",
}  # fmt: skip
_SAMPLE = re.compile(r"/(?:d|m|u|n)?L(?:\{\w+\})?$|/\[[HL]PF\]$|/(?:g|mmol|mol|mg|d)$|^%$|^mm/h$|^10\*")
_LETTER = frozenset("LlHhCcFfKk")


@lru_cache(maxsize=1)
def rules() -> dict[str, Any]:
    """The packaged facts about observations: bounds, units of bare numbers, pairs, findings, fluids."""
    data: dict[str, Any] = json.loads(RULES.read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=4096)
def ucum(written: str) -> str:
    """The UCUM spelling of a unit as a note writes it; unknown text comes back as `domain.quantities` has it."""
    text = " ".join(written.split()).strip(" -")
    counted = _COUNT_PARTS.fullmatch(text) if _IS_COUNT.fullmatch(text) else None
    if counted:
        exponent = "3" if counted["thousands"] else counted["power"].translate(_EXPONENT)
        return f"10*{exponent}/{_below(counted['below']) if counted['below'] else 'uL'}"
    lowered = text.lower().replace("µ", "u").replace("μ", "u")
    tight = lowered.replace(" ", "")
    tight = tight if tight in _NAMES else tight.rstrip(".")
    if text == "mM" or tight in _NAMES:
        return _NAMES.get(text) or _NAMES[tight]
    if lowered[0] in "°º" or lowered.startswith("deg"):
        return "[degF]" if "f" in lowered.removeprefix("deg") else "Cel"
    if tight in {"celsius", "centigrade", "c"}:
        return "Cel"
    if _IS_INVERSE.fullmatch(text):
        return "/uL"
    if "/" in text or "per " in lowered or re.search(r"[⁻−-][1¹]$", text):
        return _ratio(text)
    return normalise_unit(text)


def _ratio(text: str) -> str:
    inverse = re.fullmatch(r"(?P<above>.+?)[\s·.]?(?P<below>\w+?)\s?[⁻−-][1¹]", text)
    if inverse and "/" not in text:
        above, below = inverse["above"], [inverse["below"]]
    else:
        above, *below = [
            part if "." in part or not k else part.strip(" ⁻−-1¹")
            for k, part in enumerate(re.split(r"\s?(?:/|\bper\b)\s?", text))
        ]
    top = _above(above.strip())
    return "/".join([top, *[_below(b) for b in below if b]])


def _above(text: str) -> str:
    if text in {"G", "T", "M"}:
        return {"G": "10*9", "T": "10*12", "M": "10*6"}[text]
    lowered = " ".join(text.lower().replace("µ", "u").replace("μ", "u").split())
    if text[-1:] == "M" and lowered in {"mm", "um", "nm", "pm"}:
        return lowered[0] + "mol"  # "mM/L": millimoles
    return _ABOVE_NAMES.get(lowered, lowered)


def _below(text: str) -> str:
    lowered = text.lower().replace("µ", "u").replace("μ", "u").replace(" ", "")
    return _BELOW_NAMES.get(lowered, lowered)


@lru_cache(maxsize=1024)
def _normal(unit: str) -> str:
    return normalise_unit(unit)


@lru_cache(maxsize=16384)
def quantity(value: float, unit: str) -> Quantity:
    """A quantity without the validation, which costs more than the reading: the number is finite, the unit is ours."""
    return Quantity.model_construct(value=value, unit=_normal(unit))


def quantity_of(concept: Concept | None, number: float, written: str | None) -> Quantity | None:
    """The number in its unit, or in the observation's usual one; None where the unit cannot measure it."""
    if concept is None:
        return Quantity(value=number, unit=ucum(written)) if written else None
    if written is None:
        return quantity(number, _bare_unit(concept, number))
    extra = concept.extra
    unit = _accepted(concept.id, extra.get("unit", ""), extra.get("substance", ""), extra.get("category", ""), written)
    return quantity(number, unit) if unit else None


@lru_cache(maxsize=8192)
def _accepted(concept_id: str, usual: str, substance: str, category: str, written: str) -> str:
    """The UCUM unit if this observation can be in it, else ""."""
    unit = ucum(written)
    if category == "score":
        return (usual or "{score}") if unit == "{score}" or written.lstrip().startswith("/") else ""
    if concept_id == "body_temperature" and written.strip("°º ").lower() in {"c", "f", ""}:
        return "[degF]" if written.strip("°º ").lower() == "f" else "Cel"
    if usual == "/min" and unit in {"", "/min", "{beats}/min", "1/min"}:
        return "/min"
    if usual == "U/L" and unit in {"[IU]/L", "U/L"}:
        return "U/L"
    if len(written.strip()) == 1 and written.strip() in _LETTER and usual not in {"L", "10*3/uL", "K"}:
        return ""
    if written.lstrip().startswith("/") and written.strip("/ ").isdigit():
        return ""  # "3/5" is a score
    if unit in rules()["also"].get(concept_id, ()):
        return unit
    try:
        convert(1.0, unit, usual or "1", substance or None)
        return unit if usual or unit in {"%", "1"} else ""
    except ChartTwinError:
        pass
    # A laboratory may report in a unit that does not convert (no molar mass, arbitrary units): keep it as written.
    sampled = _SAMPLE.search(unit) is not None and (
        unit != "%" or usual in {"", "{ratio}", "g/dL", "L", "mL/min/mm[Hg]"}
    )
    return unit if category in {"lab", "micro", "device"} and sampled else ""


def _bare_unit(concept: Concept, number: float) -> str:
    """The unit a bare number is in: the usual one, unless the number only makes sense in another."""
    usual = concept.extra.get("unit", "") or "1"
    for unit, low, high in rules()["bare"].get(concept.id, ()):
        if low <= number < high:
            return str(unit)
    return usual


def implausible(concept: Concept | None, quantity: Quantity) -> bool:
    """Whether the value lies outside what the observation can be in a living patient; it is flagged, never dropped."""
    bounds = rules()["bounds"].get(concept.id) if concept else None
    if concept is None or bounds is None:
        return False
    usual = concept.extra.get("unit", "") or "1"
    value = quantity.value
    if quantity.unit != usual:
        try:
            value = convert(value, quantity.unit, usual, concept.extra.get("substance") or None)
        except ChartTwinError:
            return False
    return not bounds[0] <= value <= bounds[1]
