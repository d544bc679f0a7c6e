"""Gravidity, parity and gestational age as the note states them; at a birth the weeks are the child's."""

from __future__ import annotations

import re

from domain.facts import FactKind
from domain.quantities import Quantity
from nlp_pipeline.layers import Finding

_ABBREVIATED = re.compile(r"G[0-9]{1,2}[\s,]*P\s?[0-9]")
_GRAVIDA = re.compile(
    r"g(?<!\w[g])(?:ravida)?\s?(?P<g>\d{1,2})[\s,]*(?:p|para)\s?(?P<p>\d)(?:\d{3}|(?:[-,]\s?\d){3}|\+\d)?(?![\w/%]|\.\d)"
)
_WEEKS = re.compile(
    r"[0-9](?<![\d./+-][0-9])(?P<rest>\d?)(?:\s?\+\s?(?P<plus>[0-6])(?!\d)|\s(?P<sevenths>[0-6])/7)?[\s-]*(?:weeks?'?|wks?|w)"
    r"(?![a-z])(?:[\s,]*(?:and\s+)?(?P<days>[0-6])\s*(?:days?|d)(?![a-z]))?|[0-9](?<![\d./+-][0-9])(?P<rest2>\d)w(?P<days2>[0-6])d?\b"
)
_PREGNANT_AFTER = re.compile(
    r"[\s-]*(?:of\s+|into\s+(?:her\s+|the\s+)?)?(?:an?\s+)?(?:gestation|pregnan|e?ga\b|gravid|amenorrh|iup\b|intrauterine"
    r"|(?:singleton|twin)\s+pregnan|fetus|foetus)"
)
_PREGNANT_BEFORE = re.compile(
    r"(?:\b(?:gestational\s+age|gestation|e?ga|pregnan(?:t|cy))\s*(?:[:=]|\bof\b|\bat\b|\bwas\b|\bis\b|with|about|approximately|\s)*"
    r"|g\d{1,2}\s*p\d[\d-]*\s*(?:at|@|,|who\s+is|female|woman|presenting)?[\s,]*(?:at|with)?\s*)$"
)
_BORN = re.compile(
    r"\b(?:born|birth|delivered|delivery|c-?section|cesarean|caesarean|preterm|premature|prematurity)\b[^.;]{0,40}$"
)
_LATEST = 45


def pregnancy_findings(text: str, low: str) -> list[Finding]:
    """One gravidity and parity, one age of a pregnancy and one at birth; `low` is the folded text."""
    if not ("gestation" in low or "pregnan" in low or "gravid" in low or _ABBREVIATED.search(text)):
        return []
    return [*_gravidity(low), *_gestation(low)]


def _gravidity(low: str) -> list[Finding]:
    match = _GRAVIDA.search(low)
    if match is None:
        return []
    return [
        Finding(*match.span(), FactKind.DEMOGRAPHIC, name, Quantity(value=float(match[name[0]]), unit="1"))
        for name in ("gravidity", "parity")
    ]


def _gestation(low: str) -> list[Finding]:
    found: dict[str, Finding] = {}
    for match in _WEEKS.finditer(low):
        start, end = match.span()
        before = low[max(0, start - 60) : start]
        after = _PREGNANT_AFTER.match(low, end)
        if not (after or _PREGNANT_BEFORE.search(before)):
            continue
        weeks = float(low[start] + (match["rest"] or match["rest2"] or ""))
        days = float(match["plus"] or match["sevenths"] or match["days"] or match["days2"] or 0)
        name = "gestational_age_at_birth" if _BORN.search(before) else "gestational_age"
        if 3 <= weeks <= _LATEST and name not in found:
            value = Quantity(value=round(weeks + days / 7, 2), unit="wk")
            found[name] = Finding(start, end, FactKind.DEMOGRAPHIC, name, value)
    return list(found.values())
