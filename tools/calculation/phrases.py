"""Values that a note tells in a phrase of their own rather than as a name with a number: "130x82 mmHg", "saturating well (96 %)".

They are looked for last, where nothing else of the note gives the input.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from domain.errors import InvalidInput
from domain.predictions import ModelInput
from domain.quantities import convert
from tools.calculation.answers import DERIVED, NOTE, Used
from tools.calculation.reading import NoteReading

_N = r"(?P<n>\d{1,3}(?:[.,]\d{1,2})?)"
_PER_MINUTE = r"(?:(?:beats|breaths|times)\s?)?(?:/\s?|per\s?)?min(?:ute)?\s?(?:[⁻−-]\s?[1¹])?"
_THOUSANDS_OF_WHITE_CELLS, _THOUSANDS_OF_PLATELETS = 300.0, 2000.0  # from here on a count is per µL


class _Phrase(NamedTuple):
    """Words that hold a value, what it is in which unit, and whether it was computed from them."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], tuple[float, str]]
    derived: bool = False


def _as(unit: str) -> Callable[[re.Match[str]], tuple[float, str]]:
    return lambda match: (float(match["n"].replace(",", ".")), unit)


def _degrees(match: re.Match[str]) -> tuple[float, str]:
    return float(match["n"].replace(",", ".")), "Cel" if match["unit"].startswith("c") else "[degF]"


def _inches(match: re.Match[str]) -> tuple[float, str]:
    return 12 * float(match["feet"]) + float(match["n"] or 0), "[in_i]"


def _count(thousands: float) -> Callable[[re.Match[str]], tuple[float, str]]:
    """Cells in 10^9/L, whatever unit is written: 13,890/mL and 13.9/µL can only be the same count."""

    def read(match: re.Match[str]) -> tuple[float, str]:
        count = float(re.sub(r"[, ](?=\d{3})", "", match["n"]))  # 175.000 per mm³ is 175 x 10^9/L as it stands
        return (count, "/uL") if count >= thousands else (count, "10*9/L")

    return read


_CELLS = r",?[^.;:,\d/%]{0,25}[:=]?\s?(?P<n>\d{1,3}[,. ]\d{3}(?!\d)|\d{1,6}(?:\.\d{1,2})?)(?![\d%]|\s?%|\s?/\s?(?:hpf|high|field)|\s?[-–]\s?\d)"
_PHRASES = {
    "temperature_c": [
        _Phrase(re.compile(rf"\btemp(?:erature)?\b[^.;\d]{{0,30}}{_N}\s*(?:[°˚º]\s*|degrees?\s*|o(?=[cf]\b))?(?P<unit>c(?:elsius|entigrade)?|f(?:ahrenheit)?)\b"), _degrees),
    ],
    "spo2_percent": [
        _Phrase(re.compile(rf"\b(?<!transferrin )(?<!iron )(?<!cerebral oxygen )(?<!venous oxygen )(?:saturat(?:ing|ion)|sats|pulse oxy?\w*)\b(?![^.;%\d]{{0,20}}\b(?:iron|transferrin)\b)[^.;%\d<>]{{0,45}}?{_N}\s?%"), _as("%")),
    ],
    "systolic_bp_mmhg": [_Phrase(re.compile(rf"(?<![\d.]){_N}\s?[x×]\s?\d{{2,3}}\s?mm\s?hg"), _as("mm[Hg]"))],
    "diastolic_bp_mmhg": [_Phrase(re.compile(rf"(?<![\d.])\d{{2,3}}\s?[x×]\s?{_N}\s?mm\s?hg"), _as("mm[Hg]"))],
    "heart_rate_bpm": [
        _Phrase(re.compile(rf"\b(?:heart rate|hr|pulse(?: rate)?)\s(?:was |of |is )?{_N}\s?{_PER_MINUTE}"), _as("/min")),
        _Phrase(re.compile(rf"\b(?:pulse|heart|rhythm)\b[^.;\d]{{0,30}}\brate (?:of |was |is ){_N}\b"), _as("/min")),
    ],
    "respiratory_rate_per_min": [
        _Phrase(re.compile(rf"\b(?:respiratory rate|respirations?|rr)\b[:,]?\s(?:was |of |is |were )?{_N}\s?{_PER_MINUTE}"), _as("/min")),
        _Phrase(re.compile(rf"\bbreathing (?:at )?(?:a rate of )?{_N}\s?{_PER_MINUTE}"), _as("/min")),
        _Phrase(re.compile(rf"\bbreathing (?:at )?(?:a rate of )?{_N} (?:times |breaths )?(?:a|per|each) minute"), _as("/min")),
    ],
    "age_years": [
        _Phrase(re.compile(rf"\b(?:man|woman|male|female|patient|lady|gentleman|boy|girl)\s(?:of|is|was)\s{_N}\syears\b"), _as("a")),
        _Phrase(re.compile(r"(?<![\d.])(?P<n>\d{1,2})(?: 1/2|½)[\s-]years?[\s-]old"), lambda m: (float(m["n"]) + 0.5, "a"), True),
    ],
    "height_cm": [
        _Phrase(re.compile(r"(?<![\d.])(?P<metres>[12])\s?m(?:et(?:er|re)s?)?\s(?:and )?(?P<n>\d{1,2})\s?cm\b"), lambda m: (100 * float(m["metres"]) + float(m["n"]), "cm"), True),
        _Phrase(re.compile(r"(?<![\d.])(?P<feet>[3-7])\s?(?:feet|foot|ft\.?|['′])\s?(?P<n>\d{1,2})\s?(?:inch(?:es)?|in\b|[\"″”]|'')(?:\s?tall\b)?"), _inches, True),
    ],
    "weight_kg": [
        _Phrase(re.compile(r"\bweigh\w*[^.;\d]{0,25}(?P<stone>\d{1,2})\s?stones?\b(?:\s(?:and )?(?P<n>\d{1,2})\b(?:\s?(?:lbs?|pounds?))?)?"), lambda m: (14 * float(m["stone"]) + float(m["n"] or 0), "[lb_av]"), True),
    ],
    "bilirubin_mg_dl": [
        _Phrase(re.compile(r"\bbilirubin\b[^.;\d]{0,4}total\s?/\s?direct\b[^.;\d]{0,15}(?P<n>\d+(?:\.\d+)?)\s?/\s?\d+(?:\.\d+)?\s?mg/dl"), _as("mg/dL")),
        _Phrase(re.compile(r"\btotal(?:,|/| and)\s?(?:direct|conjugated)\b[^.;\d]{0,30}bilirubin\b[^.;\d]{0,20}(?P<n>\d+(?:\.\d+)?)\s?(?:mg/dl)"), _as("mg/dL")),
        _Phrase(re.compile(r"\btotal(?:,|/| and)\s?(?:direct|conjugated)\b[^.;\d]{0,30}bilirubin\b[^.;\d]{0,20}(?P<n>\d+(?:\.\d+)?)(?: and \d+(?:\.\d+)?)?\s?(?:[uµμ]mol/l)"), _as("umol/L")),
    ],
    "wbc_10e9_l": [
        _Phrase(re.compile(rf"\b(?<!urine )(?<!urinary )(?:wbcs?|white (?:blood )?cells?|leu[ck]ocytes?|leu[ck]ocytosis|leu[ck]opa?enia)\b(?:\s?\(wbc\))?(?: counts?)?{_CELLS}"), _count(_THOUSANDS_OF_WHITE_CELLS)),
    ],
    "platelets_10e9_l": [
        _Phrase(re.compile(rf"\b(?:plts?|platelets?|thrombocytes?|thrombocytosis|thrombocytopa?enia)\b(?:\s?\(plt\))?(?: counts?)?{_CELLS}"), _count(_THOUSANDS_OF_PLATELETS)),
    ],
}  # fmt: skip
_OTHER_FLUID = re.compile(r"\b(?:urin\w*|fluid|csf|ascit\w*|pleural|spot|peritoneal|dialysate|hpf|lumbar)\b[^.;]*$")
_BACK = 70


def told(reading: NoteReading, spec: ModelInput) -> Used | None:
    """The first possible value of an input that a phrase of the note tells, or None."""
    low, high = spec.plausible or (float("-inf"), float("inf"))
    for phrase in _PHRASES.get(spec.name, ()):
        for match in phrase.pattern.finditer(reading.lower):
            if _OTHER_FLUID.search(reading.lower, max(0, match.start() - _BACK), match.start()):
                continue
            stated, unit = phrase.read(match)
            try:
                value = convert(stated, unit, spec.unit, spec.substance)
            except InvalidInput:
                continue
            if low <= value <= high:
                start, end = match.span()
                return Used(
                    name=spec.name, value=stated, unit=unit, span=(start, end), quote=reading.text[start:end],
                    origin=DERIVED if phrase.derived else NOTE, converted=None if unit == spec.unit else value,
                )  # fmt: skip
    return None
