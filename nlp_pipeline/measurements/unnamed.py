"""Readings whose name the vocabulary does not know, and vital signs written without a name."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING

from domain.quantities import Quantity
from nlp_pipeline.layers import IntervalSet, Value
from nlp_pipeline.measurements.grammar import PAIR, NoteText, Written, is_change, is_reference, written_at
from nlp_pipeline.measurements.numbers import TELLING, Number
from nlp_pipeline.measurements.phrases import LETTERS, name_before, name_span
from nlp_pipeline.measurements.units import quantity_of, rules, ucum

if TYPE_CHECKING:
    from nlp_pipeline.measurements.names import Anchor, NameFinder
    from nlp_pipeline.vocabulary import Concept

_WEIGHT = re.compile(r"(?P<number>\d[\d.,]*+)" + TELLING, re.IGNORECASE)
_CLUTTER = re.compile(
    r"^(?:(?:serum|plasma|blood|total|the|his|her)\s)+|\s(?:levels?|concentrations?|values?|counts?)\b|(?<=\w)[+-]?[\s:=,(<>~]+(?:(?:of|was|is|at|were)\s*)?$",
    re.IGNORECASE,
)
_HEIGHT_BEFORE = re.compile(
    r"(?<![\d.])(?P<cm>\d{2,3}(?:\.\d)?)(?:\s|-)?(?P<unit>cm)(?:\s\([^()]{1,14}\))?(?:\s?[,;/]\s?|\s(?:and\s)?)(?:and\s)?$",
    re.IGNORECASE,
)
_HEIGHT_AFTER = re.compile(
    r"\s?(?:[,;/]|and)\s?(?:and\s)?(?P<cm>\d{2,3}(?:\.\d)?)(?:\s|-)?(?P<unit>cm)\b(?!\s?(?:x|×|by|in\s(?:diam|size)))",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r",?\s(?:[\w-]+,?\s){0,3}?(?:man|woman|male|female|boy|girl|infant|neonate|patient|child|newborn)\b"
)
_BOUNDS = {
    "heart_rate": (20, 300),
    "respiratory_rate": (4, 90),
    "body_temperature": (30, 44),
    "oxygen_saturation": (50, 100),
}
_KINDS = {
    "pressure": "blood_pressure", "temperature": "body_temperature", "pulse": "heart_rate", "breaths": "respiratory_rate",
    "saturation": "oxygen_saturation",
}  # fmt: skip
_DESCRIBED = re.compile(
    r"(?<![A-Za-z])(?P<noun>scores?|index|scale|pressures?|gradients?|ratios?|tidal\svolumes?|output|fraction|interval|velocity|activity|PEEP|QTc?|duration)"
    r"(?:\s\([A-Za-z][\w/-]{0,11}\))?(?:\s?[=:,]\s?|\s(?:of|was|is|at|were|remained|measured)\s)(?:about\s|approximately\s)?(?P<comparator>[<>≤≥])?\s?$",
    re.IGNORECASE,
)
# The last letters of these nouns, a bracket after one, and the last letters of a link that follows without a space.
_LEADS = frozenset("ore res dex ale ure ent nts tio ios mes ume put ion val ity eep qt qtc out ely )".split())
_PHYSICAL = frozenset(
    {
        "mm[Hg]",
        "cm[H2O]",
        "kPa",
        "ms",
        "s",
        "mL",
        "mL/h",
        "mL/d",
        "mL/kg",
        "%",
        "L/min",
        "L/min/m2",
        "m/s",
        "cm/s",
        "mL/min",
        "U/L",
        "mL/kg/h",
    }
)
_NEAR = 90


def unnamed_values(
    note: NoteText,
    numbers: list[Number],
    values: list[Value],
    anchors: list[Anchor],
    drugs: list[tuple[int, int]],
    names: NameFinder,
) -> list[Value]:
    """The readings that no name took: vital signs by their unit, and tests that the vocabulary does not know."""
    likely = [number for number in numbers if number[2] or number[1] in _LEADS]
    if not likely:
        return []
    text = note.text
    taken = IntervalSet(v[:2] for v in values)
    drug_spans = IntervalSet(drugs)
    found: list[Value] = []
    done = 0
    ends = {v.end for v in values}
    for start, lead, kind in likely:
        if start < done or taken.holds(start):
            continue
        if kind is None:
            new = _described(note, start, drug_spans, taken, names)
        elif "(" in text[max(0, start - 2) : start] and ends & {start - 1, start - 2}:
            continue  # the same value in another unit: "38.6°C (101.5°F)"
        elif start and text[start - 1] in "-–<>/" and text[start - 2 : start - 1].isdigit():
            continue
        elif kind == "kilograms":
            new = _body_size(text, start, taken, names)
        elif kind == "sample":
            new = _uncoded(note, start, drug_spans, taken, anchors, names)
        else:
            new = _vital(note, start, kind, anchors, names)
        found += new or (
            _described(note, start, drug_spans, taken, names) if kind == "pressure" and lead in _LEADS else []
        )
        if new:
            done = max(v.end for v in new)
    return found


def _described(note: NoteText, start: int, drugs: IntervalSet, taken: IntervalSet, names: NameFinder) -> list[Value]:
    """Scores, pressures, ratios and the like under a name that the vocabulary does not know."""
    text = note.text
    match = _DESCRIBED.search(text, max(0, start - 44), start)
    if match is None or taken.holds(match.start("noun")):
        return []
    noun = match["noun"].lower()
    written = written_at(note, start, len(text))
    first = name_before(text, match.end("noun") + 1)
    bare = noun.startswith(("score", "index", "scale", "ratio"))
    if written is None or first is None or drugs.holds(first) or not (written.unit or bare):
        return []
    if written.unit and ucum(written.unit) not in _PHYSICAL and not (bare and written.unit.startswith("/")):
        return []
    concept = names.named(text[first : match.end("noun")])
    quantity = quantity_of(concept, written.number, written.unit)
    if quantity is None:
        concept, quantity = (
            None,
            Quantity(value=written.number, unit=ucum(written.unit) if written.unit and not bare else "1"),
        )
    return [_value(first, written, concept, quantity, match["comparator"] or "")]


def _body_size(text: str, start: int, taken: IntervalSet, names: NameFinder) -> list[Value]:
    """Height and weight of a person without their names: "(174 cm, 65 kg)", "a 63-kg man"."""
    match = _WEIGHT.match(text, start)
    if match is None:
        return []
    before = _HEIGHT_BEFORE.search(text, max(0, match.start() - 30), match.start())
    height = before or _HEIGHT_AFTER.match(text, match.end())
    if not height and not _PERSON.match(text, match.end()):
        return []
    read = [("body_weight", match["number"].rstrip("., "), "kg", match.start(), match.end())]
    if height and not taken.holds(height.start("cm")):
        read.append(("body_height", height["cm"], "cm", height.start("cm"), height.end("unit")))
    found = []
    for concept_id, number, unit, first, end in read:
        low, high = rules()["bounds"][concept_id]
        if number.count(".") < 2 and "," not in number and low <= float(number) <= high:
            found.append(
                Value(first, end, concept_id, names.concept(concept_id), Quantity(value=float(number), unit=unit))
            )
    return found


def _value(first: int, written: Written, concept: Concept | None, quantity: Quantity, comparator: str) -> Value:
    high = written.upper if written.upper and written.upper > written.number else None
    return Value(
        first, written.end, concept.id if concept else "", concept, quantity, comparator, -1, False, False, high
    )


def _vital(note: NoteText, start: int, kind: str, anchors: list[Anchor], names: NameFinder) -> list[Value]:
    text, concept_id = note.text, _KINDS[kind]
    name = _nearest(text, start, concept_id, anchors)
    begin = name.start if name else start
    target = name.target if name else -1
    if kind == "pressure":
        pair = PAIR.match(text, start)
        if pair is None or float(pair["first"]) <= float(pair["second"]):
            return []
        return [
            Value(
                begin,
                pair.end(),
                concept,
                names.concept(concept),
                Quantity(value=float(number), unit="mm[Hg]"),
                "",
                target,
            )
            for concept, number in (
                ("systolic_blood_pressure", pair["first"]),
                ("diastolic_blood_pressure", pair["second"]),
            )
        ]
    if kind == "pulse" and name is None and "rhythm" in text[max(0, start - 30) : start]:
        return []  # the rate of a tracing, not a pulse
    written, concept = written_at(note, start, len(text)), names.concept(concept_id)
    quantity = quantity_of(concept, written.number, written.unit) if written and concept else None
    if written is None or concept is None or quantity is None:
        return []
    low, high = _BOUNDS[concept_id]
    value = (quantity.value - 32) / 1.8 if quantity.unit == "[degF]" else quantity.value
    if not low <= value <= high:
        return []
    return [Value(begin, written.end, concept_id, concept, quantity, "", target)]


def _shortly_before(anchors: list[Anchor], start: int) -> Iterator[Anchor]:
    """The names that end shortly before a number, the nearest first."""
    for place in range(bisect_right(anchors, start, key=attrgetter("end")) - 1, -1, -1):
        if start - anchors[place].end > _NEAR:
            return
        yield anchors[place]


def _nearest(text: str, start: int, concept_id: str, anchors: list[Anchor]) -> Anchor | None:
    """The name of the same vital sign shortly before, in the same sentence."""
    for anchor in _shortly_before(anchors, start):
        if anchor.concept is not None and anchor.concept.id == concept_id and not anchor.is_finding:
            return None if re.search(r"[.;\n]\s", text[anchor.end : start]) else anchor
    return None


def _unread(text: str, start: int, written: Written, anchors: list[Anchor], taken: IntervalSet) -> Value | None:
    """The value as that of a name earlier in the clause which has none and can be measured in its unit."""
    for anchor in _shortly_before(anchors, start):
        if taken.holds(anchor.start) or anchor.needs_unit or anchor.concept is None:
            continue
        if re.search(r"[.;\n(]", text[anchor.end : start]):
            return None
        quantity = quantity_of(anchor.concept, written.number, written.unit)
        if quantity is not None and anchor.concept.extra.get("unit"):
            return _value(anchor.start, written, anchor.concept, quantity, "")._replace(target=anchor.target)
    return None


def _uncoded(
    note: NoteText, start: int, drugs: IntervalSet, taken: IntervalSet, anchors: list[Anchor], names: NameFinder
) -> list[Value]:
    """A test that the vocabulary does not know: up to five words, a few link words, a number and a laboratory unit."""
    text = note.text
    written = written_at(note, start, len(text))
    if (
        written is None
        or written.unit is None
        or "/" not in ucum(written.unit)
        or re.match(r"m?g/mL", ucum(written.unit))
        or is_change(note.lower[max(0, start - 30) : start])  # "dropped by 2 g/dL"
    ):
        return []
    unread = _unread(text, start, written, anchors, taken)
    if unread:
        return [unread]
    span = name_span(text, start)
    name = span[0] if span else 0
    if (
        span is None
        or len(text[name:start]) < 2
        or is_reference(text[name:start])
        or any(drugs.holds(p) or taken.holds(p) for p in (name, (name + start) // 2))
    ):
        return []
    gap = re.search(r"[<>≤≥]", text[name:start])
    concept = names.named(_CLUTTER.sub("", text[name : span[1]]))
    quantity = quantity_of(concept, written.number, written.unit)
    if quantity is None and not LETTERS.search(text[name:start]):
        return []
    if quantity is None:
        concept, quantity = None, Quantity(value=written.number, unit=ucum(written.unit))
    return [_value(name, written, concept, quantity, gap[0] if gap else "")]
