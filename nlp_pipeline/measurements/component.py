"""Measurements: the numbers and results that belong to an observation's name, with unit, comparator, range and flag.

Names are read in text order. A name takes the value that follows it over a few link words, the value right before it
("71 mg/dL glucose"), its place in a list of values ("5.2 and 1.3, respectively"), or a result in words. Units that
cannot measure the observation (20 mEq, 3 days) end a reading, so that doses and durations are not taken for results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlp_pipeline.layers import IntervalSet, Value, chart, entities
from nlp_pipeline.measurements.grammar import NoteText
from nlp_pipeline.measurements.lists import is_list, is_run, listed_values
from nlp_pipeline.measurements.names import Anchor, NameFinder
from nlp_pipeline.measurements.numbers import next_digits, numbers_of
from nlp_pipeline.measurements.panels import panel_values
from nlp_pipeline.measurements.reading import ValueReader
from nlp_pipeline.measurements.results import result_after, result_before
from nlp_pipeline.measurements.unnamed import unnamed_values
from nlp_pipeline.measurements.values import MOST, REACH, hull, is_goal, make_value
from nlp_pipeline.measurements.worded import worded_values

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from nlp_pipeline.vocabulary import Vocabulary

_FLAG_OF = {"elevated": "H", "increased": "H", "high": "H", "low": "L", "decreased": "L", "reduced": "L"}
_DRUGS = frozenset({"MEDICATION", "DRUG_CLASS"})
_OF_VITALS = frozenset("normal abnormal elevated increased high low decreased reduced stable higher lower".split())


class QuantityReader:
    """spaCy component: the measurements of a note, in `Doc._.chart.values`."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._names = NameFinder(vocabulary)
        self._reader = ValueReader(self._names)

    def __call__(self, doc: Doc) -> Doc:
        layer = chart(doc)
        text = layer.text
        note = NoteText(text, layer.lowered)
        numbers = numbers_of(text)
        found = entities(doc)
        spans = list(zip(found.starts, found.ends, strict=True))
        anchors = self._names.find(layer.concepts, found.labels, spans, text, numbers)
        values = self._values(note, anchors)
        drugs = [spans[index] for index, label in enumerate(found.labels) if label in _DRUGS]
        procedures = [index for index, label in enumerate(found.labels) if label == "PROCEDURE"]
        panels = panel_values(text, self._names)
        if panels:
            grouped = IntervalSet(v[:2] for v in panels)
            values = [v for v in values if not grouped.holds(v.start) and not grouped.holds(v.end - 1)] + panels
        values += unnamed_values(note, numbers, values, anchors, drugs, self._names)
        values += worded_values(note, spans, layer.concepts, procedures, values, self._names)
        layer.values = sorted(values, key=lambda v: (v.start, v.end))
        layer.suppressed |= {v.target for v in values if v.target >= 0}
        if "depressed" in layer.lowered:  # of a value, not of a person: "sodium was depressed at 104 mmol/L"
            read = IntervalSet(v[:2] for v in values)
            layer.suppressed |= {
                index
                for index, (start, end) in enumerate(spans)
                if text[start:end] == "depressed" and read.holds(start)
            }
        return doc

    def _values(self, note: NoteText, anchors: list[Anchor]) -> list[Value]:
        text, lower = note
        values: list[Value] = []
        digits = next_digits(text, anchors)
        done, index, total = 0, 0, len(anchors)
        run: list[Anchor] = []  # the names of a list that have no result yet
        carried: tuple[str, int] | None = None  # the result before the first name of a list
        while index < total:
            anchor = anchors[index]
            if anchor.start < done:
                index += 1
                continue
            last = index
            while (
                last + 1 < total
                and last - index < MOST
                and digits[last] >= anchors[last + 1].start
                and is_list(text[anchors[last].end : anchors[last + 1].start])
            ):
                last += 1
            if last > index:
                listed = listed_values(self._reader, note, anchors, index, last)
                if listed:
                    values += listed.values
                    done, index, run, carried = listed.end, last + 1, [], None
                    continue
            if (
                not index
                or digits[index - 1] < anchor.start
                or not ((run or carried) and is_run(text[anchors[index - 1].end : anchor.start]))
            ):
                run, carried = [], None
            limit = max(anchors[index + 1].start, anchor.end) if index + 1 < total else len(text)
            reading = self._reader.after(note, anchors, index, digits[index], limit)
            if reading is None or reading.by_comma:
                reading = self._reader.before(note, anchor, done) or reading
            if reading is not None:
                if carried is None:
                    carried = result_before(lower, anchor.start)
                flag = _FLAG_OF.get(carried[0], "") if carried else ""
                first = reading.values[0]
                if flag and flag not in first.flag:
                    reading.values[0] = first._replace(flag=f"{flag},{first.flag}" if first.flag else flag)
                values += reading.values
                done = max(done, reading.end)
                index += 1
                continue
            index += 1
            category = anchor.concept.extra.get("category") if anchor.concept is not None else None
            if anchor.needs_unit or category == "score" or category == "device":
                continue
            after = result_after(lower, anchor.end, min(limit, anchor.end + REACH))
            if after and (category != "vital" or after[0] in _OF_VITALS):
                word, end = after
                for name in [*run, anchor]:
                    values.append(
                        make_value(
                            name, hull(name.start, end, anchor.start), end, word, goal=is_goal(lower, name.start)
                        )
                    )
                done, run, carried = end, [], None
                continue
            before = result_before(lower, anchor.start) or carried
            if before:
                word, start = before
                start = hull(start, anchor.end, anchor.start)
                values.append(make_value(anchor, start, anchor.end, word, goal=is_goal(lower, start)))
                carried = before
            else:
                run.append(anchor)
        return values
