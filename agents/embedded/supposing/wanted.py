"""Questions asked backwards: the weight for a body mass index, the creatinine for an eGFR; and what share of the blood a volume is."""

from __future__ import annotations

import re
from typing import Any

_BMI_VALUE = re.compile(
    r"\b(?:bmi|body mass index)\s*(?:of|to|at|=|under|below|is)?\s*(?P<bmi>[1-5]\d(?:\.\d+)?)\b(?!\s*(?:kgs?\b(?!\s*/)|kilo|lbs?\b|pound|stone|%))",
    re.IGNORECASE,
)
_WEIGHT_WANTED = re.compile(
    r"\b(?:how (?:heavy|light)|(?:what|which|target|goal|ideal) weight|how much weight|how (?:much|many) (?:\w+ ){0,3}?(?:would|should|must|does|do|to|has|have|needs?)\b.{0,25}\b(?:lose|gain|weigh|drop|shed)"
    r"|(?:need|have|has|want|aim|must|should|would)\w*\b.{0,25}\b(?:lose|gain|weigh|drop|shed))\b",
    re.IGNORECASE,
)
_EGFR_VALUE = re.compile(
    r"\b(?:e?gfr)\s*(?:of|to|at|=|under|below|above|is|be|about|around|reach(?:es)?|hits?|(?:drop|fall|go|get|sink)(?:s|es)? (?:to|below|under))?\s*(?P<egfr>\d{1,3}(?:\.\d+)?)\b(?!\s*(?:%|mg|umol))",
    re.IGNORECASE,
)
_CREATININE_WANTED = re.compile(
    r"\b(?:what|which|at what|at which|how high (?:a|would the|must the|does the|can the)?)\s*(?:serum |level of )?(?:creatinine|creat|cr|scr)\b(?!\s+(?:was|is|were|did|today|now|value was))|\b(?:creatinine|creat|scr)\s+(?:that |which )?(?:would )?(?:give|gives|giving|correspond\w*|equivalent|equals?|needed|for)\b",
    re.IGNORECASE,
)
_MEASURED_WITH = re.compile(r"\b(?:goes|went|came|belongs?|belonged) (?:with|to)\b", re.IGNORECASE)  # of the record
_SHARE = re.compile(
    r"\b(?:percent(?:age)?|%|per cent|fraction|share|proportion|how much)\b.{0,25}\bblood(?: volume)?\b|\bblood volume\b.{0,30}\b(?:percent(?:age)?|%|fraction|share|proportion)",
    re.IGNORECASE,
)
_MILLILITRES = re.compile(
    r"(?<![\w.])(?P<n>\d+(?:[.,]\d+)?)\s*(?P<u>ml|mls|millilit(?:re|er)s?|cc|l|lit(?:re|er)s?)\b", re.IGNORECASE
)


def wanted(text: str) -> tuple[str, dict[str, Any]] | None:
    """The calculator that a question asked backwards is for, with its inputs; None for any other question."""
    bmi, egfr = _BMI_VALUE.search(text), _EGFR_VALUE.search(text)
    if bmi is not None and _WEIGHT_WANTED.search(text):
        return "target_weight", {"target_bmi_kg_m2": float(bmi["bmi"])}
    if egfr is not None and _CREATININE_WANTED.search(text) and not _MEASURED_WITH.search(text):
        return "creatinine_for_egfr", {"target_egfr_ml_min_1_73m2": float(egfr["egfr"])}
    volume = _MILLILITRES.search(text)
    if volume is not None and _SHARE.search(text):
        amount = float(volume["n"].replace(",", ""))
        return "blood_volume_nadler", {"volume_ml": amount * 1000 if volume["u"].lower().startswith("l") else amount}
    return None
