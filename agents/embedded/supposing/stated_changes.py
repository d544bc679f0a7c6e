"""The changes that a question states: weight lost, an input that doubles or falls by a fifth, blood lost and fluid given."""

from __future__ import annotations

import re
from typing import Any

from agents.embedded.reading.reader import Question
from agents.embedded.reading.units_asked import ucum
from agents.embedded.supposing.stated_values import fits, named_inputs
from domain.predictions import ModelCard, ModelInput
from domain.quantities import convert
from tools.concepts import Lexicon

LESS = r"minus|loss|los(?:e|es|t|ing)|slim(?:s|med|ming)?(?: down)?|trim(?:s|med|ming)?|down|drop(?:s|ped|ping)?|shed(?:s|ding)?|fall(?:s|en|ing)?|fell|decreas\w+|reduc\w+|lower\w*|go(?:es|ing)? down|went down|comes? down|came down|cut(?:s|ting)?|subtract\w*|diures\w+|tak(?:e|es|ing)(?: off)?|took(?: off)?|get(?:s|ting)? rid"
MORE = r"plus|gain(?:s|ed|ing)?|put(?:s|ting)?(?: on)?|ris(?:e|es|en|ing)|rose|increas\w+|go(?:es|ing)? up|went up|climb\w*|add(?:s|ed|ing)?|up"
_LESS_BEHIND = r"lighter|less|loss|reduction|decrease|drop|fall|thinner|down|off|gone|lost|lower"
_MORE_BEHIND = r"heavier|more|gain(?:ed)?|up|extra|increase|rise|higher"
_MASS = r"(?P<unit>kgs?|kilos?|kilograms?|lbs?|pounds?|stones?|%|percent|per cent)"
_AMOUNT = re.compile(rf"(?<![\d.])(?P<n>\d+(?:\.\d+)?)[\s-]*{_MASS}(?![\w/])", re.IGNORECASE)
# "Drops to 75 kg" is a value and no change, so "to" is none of the words between.
_MOVED_BEFORE = re.compile(
    rf"\b(?:(?P<less>{LESS})|(?P<more>{MORE}))(?:\s+(?:of|by|another|an?|about|around|some|roughly|maybe|further|extra|weight|wt|fluid|his|her|the|in|him|them|body)){{0,4}}\s*$",
    re.IGNORECASE,
)
_MOVED_BEHIND = re.compile(
    rf"[\s-]*(?:(?:of|in|worth|his|her|the|body|fluid|weight|wt|comes?|came|has|have|been|is|are|were|was|got|gets)\s+){{0,4}}(?:(?P<less>{_LESS_BEHIND})|(?P<more>{_MORE_BEHIND}))\b(?!\s+than\s+\d)",
    re.IGNORECASE,
)
_OF_WEIGHT = re.compile(
    r"\bweigh|\bweight|\bwt\b|\bbody\b|\bbmi\b|\blighter\b|\bheavier\b|\bslim|\bcrcl\b|\bcockcroft", re.IGNORECASE
)
_BY = re.compile(
    rf"\b(?:(?P<less>{LESS}|improv\w+)|(?P<more>{MORE}|worsen\w*))\s+(?:\w+ )?by\s+(?:about |another |a further )?(?P<n>\d+(?:\.\d+)?)\s*(?P<percent>%|percent|per cent)?(?P<unit>(?<=\d )?\s*[a-zµμ]+/d?l\b|\s*mm ?hg\b)?",
    re.IGNORECASE,
)
_HIGHER = re.compile(
    r"(?<![\d.])(?P<n>\d+(?:\.\d+)?)\s*(?:(?P<percent>%|percent|per cent)|(?P<unit>[a-zµμ]+/d?l|mm ?hg)|points?)?\s+(?:(?P<less>lower|less|drop|fall|reduction|decrease|better)|(?P<more>higher|more|rise|increase|worse))\b",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"\b(?:(?P<double>doubl(?:e|es|ed|ing)|twice)|(?P<half>halv(?:e|es|ed|ing)|half)|(?P<triple>tripl(?:e|es|ed|ing)|three ?fold))\b",
    re.IGNORECASE,
)
_KILOGRAMS = {"lb": 0.45359237, "po": 0.45359237, "st": 6.35029318}

VOLUME = re.compile(
    r"(?<![\d.])(?P<n>\d+(?:,\d{3})*(?:\.\d+)?)[\s-]*(?P<unit>mls?|mils?|ccs?|millilit(?:re|er)s?|l|lit(?:re|er)s?)\b(?!\s*/)",
    re.IGNORECASE,
)
_OF_VOLUME = {
    "blood_transfusion_ml": re.compile(r"\b(?:transfus\w+|packed (?:red )?cells|prbcs?|red cells)\b", re.I),
    "crystalloid_ml": re.compile(
        r"\b(?:saline|crystalloids?|fluids?|ringer\w*|hartmann\w*|fluid bolus|plasma-?lyte|normosol)\b", re.I
    ),
    "blood_loss_ml": re.compile(
        r"\b(?:bleed\w*|bled|h(?:a)?emorrhag\w*|blood loss|ebl|exsanguinat\w*|los(?:e|es|t|ing|s)|drop(?:s|ped|ping)?|gone|cell[- ]?saver|suction\w*|blood)\b",
        re.I,
    ),
}
_NEAR = 45  # characters between a volume and the word that says of what
_OVER = re.compile(r"\b(?:over|in|within) (\d+(?:\.\d+)?|an?|half an) (min\w*|h(?:ou)?rs?|h)\b", re.IGNORECASE)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*ml\s*(?:/|per)\s*min", re.IGNORECASE)
_USUAL_MINUTES = 15.0


def weight_change(text: str) -> dict[str, float] | None:
    """How a text changes the body weight, in kg or as a factor; None when it does not."""
    for amount in _AMOUNT.finditer(text):
        moved = _MOVED_BEFORE.search(text[: amount.start()]) or _MOVED_BEHIND.match(text, amount.end())
        if moved is None:
            continue
        size, unit = float(amount["n"]), amount["unit"].lower()
        sign = -1.0 if moved["less"] else 1.0
        if unit.startswith(("%", "per")):
            if not _OF_WEIGHT.search(text) or _BY.search(text):
                continue
            return {"times": 1.0 + sign * size / 100.0}
        return {"add": sign * size * _KILOGRAMS.get(unit[:2], 1.0)}
    return None


def relative(text: str, card: ModelCard, question: Question, lexicon: Lexicon) -> dict[str, Any]:
    """Inputs that are said to double, to halve, or to move by an amount."""
    found: dict[str, Any] = {}
    for start, end, item in named_inputs(text, card, question, lexicon):
        rest, ahead = text[end : end + 60], text[max(0, start - 20) : start]
        if moved := _BY.search(rest) or _HIGHER.search(rest):
            found[item.name] = _moved(moved, item)
        elif times := _TIMES.search(rest) or _TIMES.search(ahead):
            found[item.name] = {"times": 2.0 if times["double"] else 0.5 if times["half"] else 3.0}
    return found


def _moved(match: re.Match[str], item: ModelInput) -> dict[str, float]:
    sign, amount = (-1.0 if match["less"] else 1.0), float(match["n"])
    if match["percent"]:
        return {"times": 1.0 + sign * amount / 100.0}
    unit = ucum(match["unit"].strip()) if match["unit"] else item.unit
    if unit != item.unit and fits(unit, item):
        amount = convert(amount, unit, item.unit, item.substance)
    return {"add": sign * amount}


_BARE_LOSS = re.compile(
    r"\b(?P<name>ebl|(?:estimated )?blood loss)\s*(?:of|is|was|=|:)?\s*(?:about\s+)?(?P<n>\d{3,4})\b(?!\s*(?:m?l\b|mls|cc|mil|lit|[./:-]\d))",
    re.IGNORECASE,
)


def _in_millilitres(text: str) -> str:
    """A bare blood loss ("EBL 800") with its unit: it is charted in mL."""
    return _BARE_LOSS.sub(lambda m: f"{m[0]} mL", text)


def volumes(text: str, inputs: dict[str, ModelInput]) -> dict[str, Any]:
    """Volumes of blood lost or of fluid given, each with the nearest word that says of what."""
    found: dict[str, Any] = {}
    text = _in_millilitres(text)
    for match in VOLUME.finditer(text):
        name = _of_what(text, match, [n for n in _OF_VOLUME if n in inputs and n not in found])
        if name is None:
            continue
        amount = float(match["n"].replace(",", "")) * (1000.0 if match["unit"].lower().startswith("l") else 1.0)
        found[name] = {"value": amount, "unit": "mL"}
        if (rate := name.replace("_ml", "_rate_ml_min")) in inputs:
            found[rate] = _rate(amount, text)
    return found


def _of_what(text: str, volume: re.Match[str], names: list[str]) -> str | None:
    distances = [
        (max(word.start() - volume.end(), volume.start() - word.end()), order, name)
        for order, name in enumerate(names)
        for word in _OF_VOLUME[name].finditer(text)
        if word[0].lower() != "blood" or not _OF_VOLUME["blood_transfusion_ml"].search(text)
    ]
    nearest = min(distances, default=None)
    return nearest[2] if nearest is not None and nearest[0] <= _NEAR else None


def names_volume(words: str) -> bool:
    """Whether words name blood, a bleed or a fluid that is given."""
    return any(pattern.search(words) for pattern in _OF_VOLUME.values())


def states_volume(text: str) -> bool:
    """Whether a volume of blood or of fluid stands in a text."""
    text = _in_millilitres(text)
    return any(_of_what(text, match, list(_OF_VOLUME)) for match in VOLUME.finditer(text))


def _rate(amount: float, text: str) -> dict[str, Any]:
    """How fast: as stated, else within a quarter of an hour, which the answer calls assumed."""
    if rate := _RATE.search(text):
        return {"value": float(rate[1]), "unit": "mL/min"}
    if over := _OVER.search(text):
        count = {"a": 1.0, "an": 1.0, "half an": 0.5}.get(over[1].lower()) or float(over[1])
        return {"value": amount / (count * (60.0 if over[2].lower().startswith("h") else 1.0)), "unit": "mL/min"}
    assumed = f"assumed: no rate was given, so within {_USUAL_MINUTES:g} min"
    return {"value": amount / _USUAL_MINUTES, "unit": "mL/min", "assumed": assumed}
