"""The value of one name: the number that follows it over link words, or the number with its unit right before it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.quantities import Quantity
from nlp_pipeline.layers import Value
from nlp_pipeline.measurements import grammar, units
from nlp_pipeline.measurements.grammar import Gap, NoteText, Written, gap_of, written_at
from nlp_pipeline.measurements.names import Anchor, NameFinder
from nlp_pipeline.measurements.numbers import DIGIT
from nlp_pipeline.measurements.trends import following_values
from nlp_pipeline.measurements.units import implausible, quantity_of, rules
from nlp_pipeline.measurements.values import (
    BEFORE,
    REACH,
    Reading,
    belongs_to,
    hull,
    is_goal,
    make_value,
    read_quantity,
    with_whole_unit,
)

if TYPE_CHECKING:
    from nlp_pipeline.vocabulary import Concept

_GCS = re.compile(r"[\s:=,(]*(?:of\s)?\(?E\s?(\d)[\s,+;]*V\s?(\d)[\s,+;]*M\s?(\d)\)?", re.IGNORECASE)
_NUMBER_START = re.compile(r"\d(?<![\w.,/-]\d)")
_NEXT_COLUMN = re.compile(r"[ \t]*[ \t|][ \t]*(?=\d+(?:\.\d+)?(?:[\s|;,]|$))")
_INR = re.compile(r"\s?INR\b")
_CHANGED = re.compile(r"\b(?:lost|gained|loss|gain|losing|gaining)\b[^.;\n]{0,16}$", re.IGNORECASE)
_AND = re.compile(r"\s?%?\s?\band\s+", re.IGNORECASE)
_SYSTOLIC = re.compile(r"\s*(?:mm\s?Hg\s*)?\(?systolic\)?|\s?/\s?(?:palp(?:able|ation)?|P\b|doppler)", re.IGNORECASE)
_SIGNED = frozenset({"base_excess", "dxa_t_score", "anion_gap", "intake_output"})


class ValueReader:
    """Reads the value of one name at a time."""

    def __init__(self, names: NameFinder) -> None:
        self.names = names
        self._pairs = {k: tuple(v) for k, v in rules()["pairs"].items()}

    def after(self, note: NoteText, anchors: list[Anchor], index: int, start: int, limit: int) -> Reading | None:
        """The value that follows a name, with the later values of its trend; `start` is where the next digit stands."""
        text, anchor = note.text, anchors[index]
        position = anchor.end
        reach = min(limit, position + REACH)
        if (
            anchor.concept is not None
            and anchor.concept.id == "glasgow_coma_scale"
            and (parts := _GCS.match(text, position))
        ):
            total = sum(int(p) for p in parts.groups())
            return Reading(
                [make_value(anchor, anchor.start, parts.end(), Quantity(value=total, unit="{score}"))], parts.end()
            )
        for _ in range(3):
            if start >= reach:
                return None
            if text[start - 1] == "." and not text[start - 2].isalnum():
                start -= 1
            between = text[position:start]
            if date := grammar.end_of_date(text, start):  # "Creatinine: 12-May-2020 1.4"
                digit = DIGIT.search(text, date, max(date, reach))
                if digit is None:
                    return None
                start = digit.start()
                between += text[date:start]
            gap = gap_of(between)
            if gap is not None:
                read = None if gap.change else self._interpreted(note, anchor, start, gap, limit)
                if read:
                    values, end, unit = read
                    following = anchors[index + 1] if index + 1 < len(anchors) else None
                    if gap.comma and unit and following and belongs_to(text, end, following):
                        return None  # "leukocytes, 64% lymphocytes"
                    values += following_values(self, note, anchor, values, end, limit, unit, following)
                    return Reading(values, max(end, values[-1].end), gap.comma)
            ahead = grammar.skip_ahead(text, position, limit)
            digit = DIGIT.search(text, ahead, reach) if ahead > position else None
            if digit is None:
                return None
            position, start = ahead, digit.start()
        return None

    def before(self, note: NoteText, anchor: Anchor, done: int) -> Reading | None:
        """The value with its unit that stands right before a name: "71 mg/dL glucose", "162 cm tall"."""
        text = note.text
        low = max(done, anchor.start - 40)
        for digit in _NUMBER_START.finditer(text, low, anchor.start):
            start = digit.start()
            if anchor.concept is not None and anchor.concept.id == "blood_pressure":
                pair = self.pair(note, anchor, start, is_goal(note.lower, start))
                if pair and BEFORE.fullmatch(text, pair[0].end, anchor.start):
                    return Reading([v._replace(start=start, end=anchor.end) for v in pair], anchor.end)
                continue
            written = written_at(note, start, anchor.start)
            if written is None or written.unit is None or not BEFORE.fullmatch(text, written.end, anchor.start):
                continue
            read = read_quantity(self.names, anchor, written)
            if (len(written.unit.strip()) == 1 and written.unit.strip() in "LHCFK") or _CHANGED.search(
                text, max(0, start - 30), start
            ):
                continue  # "0.5 L of glucose", "lost 5 kg in weight"
            if read and read[1].unit.endswith(("/g", "/mmol", "/mol")):
                continue  # "918 mg/g creatinine": what the test is related to
            if read and (not anchor.needs_unit or "/" in read[1].unit):
                high = written.upper if written.upper and written.upper > written.number else None
                value = make_value(
                    read[0], start, anchor.end, read[1], goal=is_goal(note.lower, start), high=high, at=start
                )
                return Reading([value], anchor.end)
        return None

    def pair(self, note: NoteText, anchor: Anchor, start: int, goal: bool) -> list[Value]:
        """The two values of a name that announces a pair: a blood pressure, "8.1/24" of hemoglobin and hematocrit."""
        match = grammar.PAIR.match(note.text, start)
        if match is None or anchor.concept is None or grammar.DATE.match(note.lower, start):
            return []
        found = []
        for concept_id, number in zip(self._pairs[anchor.concept.id], (match["first"], match["second"]), strict=True):
            concept = self.names.concept(concept_id)
            unit = "mm[Hg]" if anchor.concept.id == "blood_pressure" else ""
            read = units.quantity(float(number), unit) if unit else quantity_of(concept, float(number), None)
            if concept is None or read is None:
                return []
            end = match.end() if unit else match.end("second")
            found.append(
                make_value(
                    anchor._replace(concept=concept),
                    hull(anchor.start, end, start),
                    end,
                    read,
                    goal=goal,
                    at=start,
                )
            )
        if anchor.concept.id == "blood_pressure" and float(match["first"]) <= float(match["second"]):
            return []
        return found

    def _interpreted(
        self, note: NoteText, anchor: Anchor, start: int, gap: Gap, limit: int
    ) -> tuple[list[Value], int, str | None] | None:
        """The number at the position as a value of the name: values, where they end, and the unit written."""
        text, concept = note.text, anchor.concept
        goal = gap.goal or is_goal(note.lower, anchor.start)
        if concept is not None and concept.id in self._pairs:
            pair = self.pair(note, anchor, start, goal)
            if pair or concept.id != "blood_pressure":
                return (pair, pair[-1].end, None) if pair else None
            concept = self.names.concept("systolic_blood_pressure")
            anchor = anchor._replace(concept=concept)
        if concept is not None and concept.id == "body_height" and (height := grammar.HEIGHT.match(text, start, limit)):
            quantity = Quantity(value=float(height["feet"]) * 12 + float(height["inches"] or 0), unit="[in_i]")
            return [make_value(anchor, anchor.start, height.end(), quantity, goal=goal, at=start)], height.end(), None
        category = concept.extra.get("category") if concept else "lab"
        if text[start] == "1" and category in {"lab", "micro"} and (titre := grammar.TITRE.match(text, start, limit)):
            dilution = "1:" + re.split(r"[:/]", titre[0])[1].strip().replace(",", "")
            read_titre = make_value(anchor, anchor.start, titre.end(), dilution, gap.comparator, goal, at=start)
            return [read_titre], titre.end(), None
        written = written_at(note, start, limit)
        if written and written.upper and not written.unit and (column := _NEXT_COLUMN.match(text, written.end, limit)):
            written = written_at(note, column.end(), limit)  # a table with the normal range before the result
        if written is None or (
            not written.unit
            and (
                (anchor.needs_unit and not _bracketed(text, anchor, start, written))
                or ";" in text[max(anchor.end, start - 3) : start]
            )
        ):
            return None
        read = read_quantity(self.names, anchor, written)
        if read is None:
            whole = with_whole_unit(anchor, written, text)
            if whole is None:
                return None
            read = anchor, whole, written.end
        anchor, quantity, end = read
        if concept is not None and concept.id == "prothrombin_time" and _INR.match(text, end):
            anchor, quantity = (
                anchor._replace(concept=self.names.concept("inr")),
                Quantity(value=quantity.value, unit="{INR}"),
            )
        if (
            written.unit is None
            and 1950 <= written.number <= 2035
            and written.number.is_integer()
            and implausible(concept, Quantity(value=written.number, unit=_usual(concept)))
        ):
            return None  # a year
        if gap.negative and concept is not None and concept.id in _SIGNED:
            quantity = Quantity(value=-quantity.value, unit=quantity.unit)
        high, end = self._high(note, written, gap, end, limit)
        flag, flag_end = grammar.flag_at(text, end)
        if not flag and (after := grammar.skip_reference(text, end, limit)) > end:
            flag, later = grammar.flag_at(text, after)
            flag_end = later if flag else flag_end
        systolic = (
            _SYSTOLIC.match(text, end) if concept is not None and concept.id == "systolic_blood_pressure" else None
        )
        if (
            written.unit
            and anchor.target < 0
            and anchor.concept is not None
            and anchor.concept.id == "body_weight"
            and implausible(anchor.concept, quantity)
        ):
            return None  # "a gland weighing 2 g"
        value = make_value(
            anchor, anchor.start, systolic.end() if systolic else end, quantity, gap.comparator, goal, high=high,
            flag=flag or gap.flag, baseline=_says_baseline(note.lower, anchor.start, start), at=start,
        )  # fmt: skip
        return [value], flag_end, written.unit

    @staticmethod
    def _high(note: NoteText, written: Written, gap: Gap, end: int, limit: int) -> tuple[float | None, int]:
        """The upper bound of a range; two numbers joined by "to" are a trend unless something says range."""
        if gap.between and written.upper is None and (joined := _AND.match(note.text, end)):
            upper = written_at(note, joined.end(), limit)
            if upper and upper.number > written.number:
                return upper.number, upper.end
        if written.upper is None:
            spelled = grammar.UPPER.match(note.text, end, limit) if written.unit else None
            if spelled and grammar.number_of(spelled["upper"]) > written.number:
                return grammar.number_of(spelled["upper"]), spelled.end()
            return None, end
        is_range = written.upper > written.number and not (
            written.joined_by_to and (gap.rises or (written.unit or "") not in {"%", "percent"})
        )
        return (written.upper, end) if is_range else (None, written.end_of_number)


def _bracketed(text: str, anchor: Anchor, start: int, written: Written) -> bool:
    """Whether a finding gives its value alone in brackets, "leukocytosis (12.9)"; "(3)" may be a citation."""
    alone = text[anchor.end : start].strip() == "(" and text[written.end : written.end + 1] == ")"
    telling = not written.number.is_integer() or written.number >= 100
    return (
        anchor.is_finding
        and alone
        and telling
        and not implausible(anchor.concept, Quantity(value=written.number, unit=_usual(anchor.concept)))
    )


def _usual(concept: Concept | None) -> str:
    return (concept.extra.get("unit") if concept else "") or "1"


def _says_baseline(lower: str, start: int, number: int) -> bool:
    return "baseline" in lower[max(0, start - 12) : number]
