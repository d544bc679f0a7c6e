"""Later values of the same name: "128 -> 131", "from 7.1 to 9.3 g/dL", "1.4 (baseline 0.9)", "1.4, 1.6 and 2.1"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.quantities import Quantity
from nlp_pipeline.layers import Value
from nlp_pipeline.measurements import grammar
from nlp_pipeline.measurements.grammar import Gap, NoteText, Written, gap_of, is_reference, written_at
from nlp_pipeline.measurements.names import Anchor
from nlp_pipeline.measurements.numbers import DIGIT
from nlp_pipeline.measurements.units import quantity_of, ucum
from nlp_pipeline.measurements.values import MOST, belongs_to, hull, make_value

if TYPE_CHECKING:
    from nlp_pipeline.measurements.reading import ValueReader

_OXYGEN = re.compile(
    r"\s*(?:\(|,)?\s*(?:on|at|with)\s+(?P<number>\d{1,2}(?:\.\d)?)\s?(?:L|liters?|LPM|l/min)\b(?:\s?/\s?min(?:ute)?)?(?:\s+(?:of\s+)?(?:O2|oxygen|NC|nasal\s+cannula))?",
    re.IGNORECASE,
)
_ROOM_AIR = re.compile(r"\s*\(?(?:on\s+|in\s+)?(?:RA\b|room\s+air|ambient\s+air)\)?", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"[.;\n]|\b(?:by|of\s+which|dose|given|ratio|gradient|index|score|pressure)\b|\bof\s+$", re.IGNORECASE
)
_LATER = re.compile(r"\b(?:to|and|then|from|was|at|after|while|but)\b|,", re.IGNORECASE)
_AFTER_LISTED = re.compile(r"\s*(?:[,;.)\]\n]|and\b|to\b|→|->|$|on\b|at\b|after|in\b|by\b|resp)", re.IGNORECASE)


def following_values(
    reader: ValueReader,
    note: NoteText,
    anchor: Anchor,
    values: list[Value],
    position: int,
    limit: int,
    unit: str | None,
    following: Anchor | None,
) -> list[Value]:
    """Later values of a trend ("128 -> 131"), a series or the baseline in brackets, each shown with the name."""
    text = note.text
    out: list[Value] = []
    first = values[0]
    if first.concept_id != "oxygen_saturation" and DIGIT.search(text, position, limit) is None:
        return out  # mostly
    if anchor.concept is not values[-1].concept:
        anchor = anchor._replace(concept=values[-1].concept)
    in_percent = isinstance(first.value, Quantity) and first.value.unit == "%"
    for _ in range(MOST):
        if first.concept_id == "oxygen_saturation":
            position = _oxygen(reader, text, position, out)
        position = grammar.skip_moment(text, grammar.skip_reference(text, position, limit), limit)
        digit = DIGIT.search(text, position, min(limit, position + 80))
        if digit is None:
            break
        start = digit.start()
        between = text[position:start]
        if date := grammar.end_of_date(text, start):  # ", repeated on 14 May 2020: 1.6"
            digit = DIGIT.search(text, date, min(limit, date + 40))
            if digit is None:
                break
            start = digit.start()
            between += text[date:start]
        gap = gap_of(between)
        earlier = grammar.EARLIER.match(text, start) if between.strip() == "(" else None
        if earlier:
            gap = gap_of(", " if earlier["share"] else " last ")
        elif is_reference(between) and not (gap and gap.baseline):
            break
        if gap is not None and (not gap.trend or gap.change):
            break
        if first.concept_id == "systolic_blood_pressure" and len(values) == 2:
            blood_pressure = anchor._replace(concept=reader.names.concept("blood_pressure"))
            pair = reader.pair(note, blood_pressure, start, first.is_goal) if gap else []
            if not pair:
                break
            out += pair
            position = pair[-1].end
            continue
        written = written_at(note, start, limit)
        if written is None or not _continues(text, written, gap, between, unit, first, following):
            break
        quantity = quantity_of(anchor.concept, written.number, written.unit or unit)
        if quantity is None or (not earlier and (quantity.unit == "%") != in_percent):
            break
        high = written.upper if written.upper and written.upper > written.number and not written.joined_by_to else None
        end = written.end if high is not None or written.upper is None else written.end_of_number
        value = make_value(
            anchor, hull(anchor.start, end, start), end, quantity, gap.comparator if gap else "", first.is_goal,
            high=high, baseline=gap.baseline if gap else "baseline" in between, at=start,
        )  # fmt: skip
        out.append(value)
        position = grammar.flag_at(text, end)[1]
    return out


def _continues(
    text: str,
    written: Written,
    gap: Gap | None,
    between: str,
    unit: str | None,
    first: Value,
    following: Anchor | None,
) -> bool:
    """Whether a further number is one more value of the same name."""
    if following is not None and written.unit and belongs_to(text, written.end, following):
        return False  # "WBC 12.4 with 85 % neutrophils"
    if not isinstance(first.value, Quantity):
        return False
    plain = between.strip() in {",", "and", ", and"}
    if gap is None:
        same = written.unit is not None and unit is not None and ucum(written.unit) == ucum(unit)
        return same and not _ELSEWHERE.search(between) and _LATER.search(between) is not None
    if plain and written.unit is None:
        ratio = written.number / first.value.value if first.value.value else 0.0
        is_listed = (
            _AFTER_LISTED.match(text, written.end) or grammar.skip_moment(text, written.end, len(text)) > written.end
        )
        return 0.125 < ratio < 8 and bool(is_listed)
    return True


def _oxygen(reader: ValueReader, text: str, position: int, out: list[Value]) -> int:
    """The flow of oxygen that a saturation was measured on; the position after it."""
    air = _ROOM_AIR.match(text, position)
    if air:
        return air.end()
    match, concept = _OXYGEN.match(text, position), reader.names.concept("inhaled_oxygen_flow")
    if match is None or concept is None:
        return position
    quantity = Quantity(value=float(match["number"]), unit="L/min")
    out.append(Value(match.start("number"), match.end(), concept.id, concept, quantity))
    return match.end()
