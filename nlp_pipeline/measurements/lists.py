"""Names in a list, with their values in the same order: "AST/ALT 33/24", "5.2 g/dL and 1.3 mg/dL, respectively"."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from domain.quantities import Quantity
from nlp_pipeline.layers import Value
from nlp_pipeline.measurements import grammar
from nlp_pipeline.measurements.grammar import NoteText, Written, gap_of, written_at
from nlp_pipeline.measurements.names import Anchor
from nlp_pipeline.measurements.numbers import DIGIT
from nlp_pipeline.measurements.units import quantity_of
from nlp_pipeline.measurements.values import FLAGS, REACH, Reading, hull, is_goal, make_value

if TYPE_CHECKING:
    from nlp_pipeline.measurements.reading import ValueReader

_LIST = re.compile(
    r"(?:\s+(?:levels?|counts?|values?|rates?|concentrations?))?(?:\s*\([A-Za-zα-ω][^()\d\n]{0,14}\))?"
    r"\s*(?:,\s*and\b|,|/|\band\b|&|\+|\bor\b|\bas\s+well\s+as\b|;|\balong\s+with\b)\s*"
    r"(?:(?:the|his|her|their|a|an|serum|plasma|total|blood|of|also|both|levels?|elevated|raised)\s+){0,3}",
    re.IGNORECASE,
)
_RUN = re.compile(
    r"(?:\s(?:levels?|counts?|tests?|antibod(?:y|ies)))?(?:\s*\([^()]{0,30}\))?(?:\s*,\s*(?:and\s)?(?:[\w-]++\s?+){1,5}+(?:\([^()]{0,20}\))?){0,3}"
    r"\s*(?:,\s*and\b|,|/|\band\b|&|\bor\b|\bas\swell\sas\b)\s*(?:(?:the|his|her|serum|plasma|total|anti-?|of|also|both)\s?){0,3}",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:was|were|is|are|showed|revealed|had|with|which|normal|negative|positive|elevated|but)\b", re.IGNORECASE
)
_SEPARATOR = re.compile(
    r"\s*(?:,\s*and\b|,|/|\band\b|&|;|\bvs\.?)\s*(?:(?:of|at|to|an?|was|were)\s+)?(?:[<>≤≥]=?\s*)?", re.IGNORECASE
)
_SLASHED = re.compile(r"\d+(?:\.\d+)?(?:\s?/\s?\d+(?:\.\d+)?)+(?![\d/])")
_RATIO = re.compile(r"^ ratios?(?= )")


@lru_cache(maxsize=16384)
def is_list(between: str) -> bool:
    """Whether what stands between two names, without a digit, only joins them."""
    return len(between) < 60 and _LIST.fullmatch(between) is not None


@lru_cache(maxsize=16384)
def is_run(between: str) -> bool:
    """Whether two names, without a digit between them, stand in one list, perhaps with names that nobody knows."""
    return is_list(between) or (
        len(between) < 140 and _RUN.fullmatch(between) is not None and not _VERB.search(between)
    )


def listed_values(reader: ValueReader, note: NoteText, anchors: list[Anchor], first: int, last: int) -> Reading | None:
    """Names joined in a list with as many values: "AST/ALT 33/24", "5.2 g/dL and 1.3 mg/dL, respectively"."""
    text = note.text
    group = anchors[first : last + 1]
    limit = anchors[last + 1].start if last + 1 < len(anchors) else len(text)
    position = group[-1].end
    digit = DIGIT.search(text, position, min(limit, position + REACH))
    gap = gap_of(_RATIO.sub("", text[position : digit.start()])) if digit else None
    if digit is None or gap is None or gap.change or any(a.needs_unit for a in group):
        return None
    start, count, goal = digit.start(), len(group), is_goal(note.lower, group[0].start)
    slashed = _SLASHED.match(text, start, limit)
    pressure = any(a.concept is not None and a.concept.id == "blood_pressure" for a in group)
    if slashed and slashed[0].count("/") == count - 1 and not pressure:
        numbers = [(float(n), slashed.end()) for n in slashed[0].replace(" ", "").split("/")]
        tail = grammar.UNIT_AFTER.match(text, slashed.end(), limit)
        unit = tail["unit"] if tail else None
        end = tail.end() if tail else slashed.end()
        found = [_quantity(a, n, unit) for a, (n, _) in zip(group, numbers, strict=True)]
        values = [
            make_value(a, hull(group[0].start, end, a.start), end, q, goal=goal, at=start)
            for a, q in zip(group, found, strict=True)
            if q
        ]
        return Reading(values, end) if len(values) == count else None
    return _in_turn(reader, note, group, start, limit, goal)


def _in_turn(
    reader: ValueReader, note: NoteText, group: list[Anchor], start: int, limit: int, goal: bool
) -> Reading | None:
    """One value per name, in the order of the names; None where the counts differ or a unit does not fit."""
    rows: list[tuple[Anchor, Written | None, list[Value], int, int]] = []
    text, position = note.text, start
    for index, anchor in enumerate(group):
        if index:
            position = grammar.skip_reference(text, grammar.flag_at(text, position)[1], limit)
            separator = _SEPARATOR.match(text, position, limit)
            if separator is None:
                return None
            position = separator.end()
        at = position
        if anchor.concept is not None and anchor.concept.id == "blood_pressure":
            pair = reader.pair(note, anchor, position, goal)
            if not pair:
                return None
            position = pair[-1].end
            rows.append((anchor, None, pair, at, position))
            continue
        written = written_at(note, position, limit)
        if written is None:
            return None
        position = written.end
        rows.append((anchor, written, [], at, position))
    end = position
    values: list[Value] = []
    shared = next((w.unit for _, w, _, _, _ in reversed(rows) if w), None)
    for anchor, written, pair, at, stop in rows:
        if written is None:
            values += [v._replace(start=hull(anchor.start, stop, at), end=stop) for v in pair]
            continue
        quantity = _quantity(anchor, written.number, written.unit)
        if quantity is not None and written.unit is None and shared:
            quantity = _quantity(anchor, written.number, shared) or quantity
        if quantity is None:
            return None
        high = written.upper if written.upper and written.upper > written.number else None
        values.append(make_value(anchor, hull(anchor.start, stop, at), stop, quantity, goal=goal, high=high, at=at))
    return Reading(values, end)


def _quantity(anchor: Anchor, number: float, unit: str | None) -> Quantity | None:
    quantity = quantity_of(anchor.concept, number, unit)
    if quantity is None and unit in FLAGS:
        return quantity_of(anchor.concept, number, None)
    return quantity
