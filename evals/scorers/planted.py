"""Faults planted in sentences that are true: what a judge of stories must see."""

from __future__ import annotations

import re
from collections.abc import Callable

from evals.scorers.story_files import ISO

_QUOTE = re.compile(r"“([^”]*)”")
Mutation = Callable[[str], str | None]


def _shift_number(text: str) -> str | None:
    bare = [
        m
        for m in re.finditer(r"(?<![\w.,/-])(\d+(?:\.\d+)?)(?= (?:mg|g|mcg|mmol|µmol|%|mL|kg|U/L|×))", text)
        if not _in_quote(text, m.start())
    ]
    return _replaced(text, bare[-1], f"{float(bare[-1][1]) * 1.7 + 3:.1f}") if bare else None


def _shift_date(text: str) -> str | None:
    bare = [m for m in ISO.finditer(text) if not _in_quote(text, m.start()) and m[3]]
    return _replaced(text, bare[-1], f"{int(bare[-1][1]) - 7}-{bare[-1][2]}-{bare[-1][3]}") if bare else None


def _other_drug(text: str) -> str | None:
    match = re.search(
        r"\b(?:amlodipine|apixaban|losartan|metformin|atorvastatin|lisinopril|furosemide|insulin glargine|methotrexate|levothyroxine|warfarin)\b",
        _blank(text),
        re.IGNORECASE,
    )
    return _replaced(text, match, "rivaroxaban") if match else None


def _other_diagnosis(text: str) -> str | None:
    match = re.search(
        r"\b(?:essential hypertension|type [12] diabetes mellitus|gout|osteoporosis|atrial fibrillation|asthma|anemia|prediabetes|hyperlipidemia|obesity|pregnancy|hypertension)\b",
        _blank(text),
        re.IGNORECASE,
    )
    return _replaced(text, match, "multiple sclerosis") if match else None


def _other_quote(text: str) -> str | None:
    match = _QUOTE.search(text)
    return _replaced(text, match, "“metastases throughout both lungs”") if match else None


def _turned(text: str) -> str | None:
    for a, b in (
        (", down from", ", up from"),
        (", up from", ", down from"),
        (", high)", ", low)"),
        (", low)", ", high)"),
        ("Earlier drugs:", "Treatment:"),
    ):
        if a in _blank(text):
            return text.replace(a, b, 1)
    return None


MUTATIONS: dict[str, Mutation] = {
    "number": _shift_number, "date": _shift_date, "drug": _other_drug, "diagnosis": _other_diagnosis, "quote": _other_quote, "direction or status": _turned,
}  # fmt: skip


def _in_quote(text: str, position: int) -> bool:
    return any(m.start() < position < m.end() for m in _QUOTE.finditer(text))


def _blank(text: str) -> str:
    return _QUOTE.sub(lambda m: " " * len(m[0]), text)


def _replaced(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]
