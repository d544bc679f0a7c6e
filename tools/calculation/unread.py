"""Laboratory values that the extraction pipeline does not read: other names, misspellings, lists under one heading.

They are looked for only where the note has no value that was extracted, and each is quoted with its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from domain.errors import InvalidInput
from domain.predictions import ModelInput
from domain.quantities import convert
from tools.calculation.answers import NOTE, Used
from tools.calculation.phrases import told
from tools.calculation.reading import NoteReading

_NAMES = {
    "sodium_meq_l": r"(?:serum\s+)?(?:sodium|(?:hypo|hyper)?natra?emia|na)\b",
    "potassium_meq_l": r"(?:serum\s+)?(?:potassium|(?:hypo|hyper)?kala?emia|k)\b",
    "chloride_meq_l": r"(?:serum\s+)?(?:chlorides?|chlorine|chlorida|clorida|(?:hypo|hyper)chlora?emia|cl)\b",
    "bicarbonate_meq_l": r"(?:bicarbonat\w*|bicarb|hco3|(?:total\s+|serum\s+)?co2|carbon\s+dioxide)\b",
    "albumin_g_dl": r"(?:serum\s+)?(?:(?:hypo)?albumin(?:a?emia)?|alb)\b",
    "calcium_mg_dl": r"(?<!ionized )(?<!ionised )(?:serum\s+|total\s+)?(?:calcium|(?:hypo|hyper)calca?emia|ca)\b",
    "creatinine_mg_dl": r"(?:serum\s+|s\.\s?)?(?:creatin(?:ine|in|e)|s?cr)\b(?!\s+(?:kinase|phospho|clearance|change))",
    "bun_mg_dl": r"(?:blood\s+ur(?:ea|ine|inary)\s+nitrogen|blood\s+urea|urea\s+nitrogen|urea|bun)\b",
    "bilirubin_mg_dl": r"(?<!direct )(?<!conjugated )(?:total\s+|serum\s+)*bilirubin\b",
    "fasting_insulin_uiu_ml": r"(?:(?:fasting|basal|serum|plasma)\s+(?:serum\s+|plasma\s+)?insulin\b(?!\s+(?:dose|therapy|glargine|aspart))|insulin\b(?=[^.;\d]{0,25}\d+(?:\.\d+)?\s?(?:[uµμ]i?u\s?/\s?ml|m?i?u/l|pmol)))",
    "hemoglobin_g_dl": r"(?:ha?emoglobin|hgb|hb)\b(?!\s*a1)",
    "glucose_mg_dl": r"(?:(?:blood|serum|plasma|random|finger\s?stick)\s+){0,2}(?:glucose|sugar|(?:hypo|hyper)?glyca?emia|gluca?emia)\b",
    "hdl_mg_dl": r"(?:hdl|high[\s-]density\s+lipoproteins?)(?:\s*\(hdl(?:-c)?\))?(?:[\s-]+(?:associated\s+)?cholesterol|-c)?\b",
    "total_cholesterol_mg_dl": r"(?:(?:total|serum)\s+cholesterol|hypercholesterola?emia)\b",
    "triglycerides_mg_dl": r"(?:triglycerides?|triacylglycerols?|tg)\b",
    "ast_u_l": r"(?:ast|sgot|got|aspartate\s+(?:amino)?trans(?:aminase|ferase))\b",
    "alt_u_l": r"(?:alt|sgpt|gpt|alanine\s+(?:amino)?trans(?:aminase|ferase))\b",
    "platelets_10e9_l": r"(?:platelets?|plts?|thrombocytes?)\b(?:\s+counts?)?",
}
_LINK = (
    r"(?:\s*\([a-z0-9 +/-]{1,12}\))?[+−-]{0,2}"
    r"(?:\s+(?:from|on|dated)\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2}(?:,?\s+\d{4})?)?"
    r"(?:\s*(?:levels?|concentrations?|values?|counts?|was|were|is|of|at|found|to|be|normal|low|high|elevated|[:=(,–-])){0,5}\s*"
)
_VALUE = (
    r"(?P<n>\d{1,6}(?:,\d{3})?(?:\.\d+)?)(?![\d/]|[.,]\d|\s?[-–]\s?\d)\s*(?:of\s+)?"
    r"(?P<unit>(?:mm?ol|m?eq|[mg]?gm?|[uμµp]mol|micro-?moles?|m?i?u|g)\s*/\s*(?:d?l|dl)\b|[uμµ]i?u\s*/\s*ml\b|%|/\s*(?:mm3|[uμµ]l|mcl)|[x×]\s*10\s*[\^]?\s*9\s*/\s*l)?"
)
_UNITS = {
    "micromole/l": "umol/L",
    "micromoles/l": "umol/L",
    "micromole/dl": "umol/dL",
    "uiu/ml": "mU/L",
    "uu/ml": "mU/L",
    "miu/l": "mU/L",
    "mu/l": "mU/L",
    "gm/dl": "g/dL",
    "gm/l": "g/L",
    "u/l": "U/L",
    "iu/l": "U/L",
    "/mm3": "/mm3",
    "/mcl": "/uL",
}
# What is meant where the written unit makes a value impossible: creatinine of 172 mmol/L, calcium of 8.9 g/dL.
_MEANT = {"mmol/L": ("umol/L",), "g/dL": ("mg/dL",), "umol/dL": ("umol/L",), "mmol/dL": ("mmol/L",)}
_HEADS = {"sodium_meq_l": ("na", "sodium"), "potassium_meq_l": ("k", "potassium"), "chloride_meq_l": ("cl", "chloride"),
          "bicarbonate_meq_l": ("hco3", "co2", "bicarbonate", "tco2"), "ast_u_l": ("ast", "aspartate", "got", "sgot"),
          "alt_u_l": ("alt", "alanine", "gpt", "sgpt")}  # fmt: skip
_HEAD_WORDS = "|".join(sorted({word for words in _HEADS.values() for word in words}, key=len, reverse=True))
_LIST = re.compile(
    rf"\b(?P<names>(?:{_HEAD_WORDS})[+−-]?(?:\s*(?:/|and)\s*(?:{_HEAD_WORDS})[+−-]?){{1,3}})\b"
    r"[a-z\s:,(=]{0,45}(?P<values>\d{1,4}(?:\.\d+)?(?:\s*[ui]*/l)?(?:\s*(?:/|and)\s*\d{1,4}(?:\.\d+)?(?:\s*[ui]*/l)?){1,3})"
)
_NUMBER = re.compile(r"\d{1,4}(?:\.\d+)?")
_OTHER_FLUID = re.compile(r"\b(?:urin\w*|fluid|csf|ascit\w*|pleural|spot)\b[^.;]*$")
_BACK = 60
_PMOL_PER_UIU = 6.0  # insulin, pmol/L in one uIU/mL (Knopp 2019, doi:10.1177/1932296818823720)


@lru_cache(maxsize=32)
def _pattern(name: str) -> re.Pattern[str] | None:
    return re.compile(rf"(?<![a-z0-9-]){_NAMES[name]}{_LINK}{_VALUE}") if name in _NAMES else None


def unread(reading: NoteReading, spec: ModelInput) -> Used | None:
    """The first possible value of an input that stands in the text after one of its names, or None."""
    for item in stated(reading, spec):
        if taken := _possible(item, spec):
            return taken
    return next(iter(_listed(reading, spec)), None) or told(reading, spec)


def _possible(item: Used, spec: ModelInput) -> Used | None:
    """The value in its written unit, else in the one that was meant; None where none makes it possible."""
    value = converted(float(item.value), item.unit, spec)
    if value is not None:
        return item.model_copy(update={"converted": None if item.unit == spec.unit else value})
    for unit in (*_MEANT.get(item.unit, ()), spec.unit):
        value = converted(float(item.value), unit, spec)
        if value is not None:
            note = f"{item.unit} is impossible; taken as {unit}"
            return item.model_copy(
                update={"unit": unit, "converted": None if unit == spec.unit else value, "note": note}
            )
    return None


def stated(reading: NoteReading, spec: ModelInput) -> Iterator[Used]:
    """Each value that stands after a name of the input, in its written unit, possible or not."""
    pattern = _pattern(spec.name)
    lower = lowered_of(reading)
    for match in pattern.finditer(lower) if pattern else ():
        if not _OTHER_FLUID.search(lower, max(0, match.start() - _BACK), match.start()):
            yield _quoted(reading, spec, float(match["n"].replace(",", "")), _unit(match["unit"], spec), *match.span())


def listed_around(reading: NoteReading, spec: ModelInput, start: int) -> Used | None:
    """The value that a list of names and a list of values pair with the input, where one of the lists holds `start`."""
    return next((item for item in _listed(reading, spec) if item.span and item.span[0] <= start < item.span[1]), None)


def _listed(reading: NoteReading, spec: ModelInput) -> Iterator[Used]:
    lower = lowered_of(reading) if spec.name in _HEADS else ""
    for match in _LIST.finditer(lower):
        names = re.split(r"\s*(?:/|\band\b)\s*", match["names"])
        values = list(_NUMBER.finditer(lower, *match.span("values")))
        if len(names) != len(values):
            continue
        for name, number in zip(names, values, strict=True):
            if name.rstrip("+−-") in _HEADS[spec.name]:
                value = converted(float(number[0]), spec.unit, spec)
                if value is not None:
                    yield _quoted(reading, spec, value, spec.unit, match.start(), number.end())


def lowered_of(reading: NoteReading) -> str:
    """The text in small letters with its brackets, character for character."""
    from nlp_pipeline.folding import lowered

    return lowered(reading.text)


def _quoted(
    reading: NoteReading,
    spec: ModelInput,
    value: float,
    unit: str,
    start: int,
    end: int,
    converted: float | None = None,
) -> Used:
    return Used(name=spec.name, value=value, unit=unit, span=(start, end), quote=reading.text[start:end], origin=NOTE,
                converted=converted)  # fmt: skip


def _unit(written: str | None, spec: ModelInput) -> str:
    """The unit as the twin spells it; the input's own where none is written."""
    if not written:
        return spec.unit
    plain = re.sub(r"\s+", "", written).replace("μ", "u").replace("µ", "u")
    if plain in _UNITS:
        return _UNITS[plain]
    return plain.replace("/l", "/L").replace("dl", "dL")


def converted(amount: float, unit: str, spec: ModelInput) -> float | None:
    """The amount in the input's unit; None where that is impossible."""
    if spec.name == "fasting_insulin_uiu_ml" and unit == "pmol/L":
        amount, unit = amount / _PMOL_PER_UIU, spec.unit
    try:
        value = convert(amount, unit, spec.unit, spec.substance)
    except InvalidInput:
        return None
    low, high = spec.plausible or (float("-inf"), float("inf"))
    return value if low <= value <= high else None
