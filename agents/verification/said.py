"""What the evidence of a run says, indexed for questions such as "did anything say 2.1 mg/dL of creatinine?".

Evidence is read by the reader of drafts (`agents.verification.sentences`); typed results of tools add what words leave
open: the whole series of a quantity, which lists are complete, and what was searched for without being found.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from agents.verification.dates import DateSpan, find_dates
from agents.verification.evidence import (
    SPOKEN_OF_AS,
    Lookup,
    Point,
    SaidDate,
    SaidName,
    SaidNumber,
    Source,
    union_of,
)
from agents.verification.names import Name, Setting, State, find_names, setting_of
from agents.verification.pieces import split
from agents.verification.readings import Before, Reading, plain
from agents.verification.sentences import read
from agents.verification.units import in_unit
from domain.quantities import normalise_unit
from tools.concepts import Lexicon

_DAY = r"\d{4}(?:-\d\d){0,2}"  # a date as precise as the record has it
_OVER = re.compile(rf"\({_DAY} to {_DAY}")  # as lists of problems give what has resolved
_NEOPLASM = re.compile(
    r"(?:primary )?malignant (?:epithelial )?neoplasm of (?:the )?(?:left |right )?([a-z]+)", re.IGNORECASE
)
_STILL = re.compile(r"\((?:since|recorded) \d{4}|\bactive (?:since|recorded) \d{4}|\blast ordered \d{4}-")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_DIED = re.compile(r"\b(?:died|deceased|death)\b\W+(?:on )?(\d{4}-\d\d-\d\d)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-zÀ-ÿ]{4,}")
_NO_CONCEPT: frozenset[str] = frozenset()


class Said:
    """Everything that the evidence says."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.numbers: list[SaidNumber] = []
        self.names: list[SaidName] = []
        self.dates: list[SaidDate] = []
        self.frequencies: list[tuple[float, frozenset[str], frozenset[str], Source]] = []
        self.series: dict[str, list[Point]] = defaultdict(list)
        self.trends: list[tuple[str, frozenset[str], frozenset[str], Source]] = []
        self.levels: list[tuple[str, frozenset[str], frozenset[str], Source]] = []
        self.ranges: dict[str, tuple[float | None, float | None, str]] = {}
        self.lookups: list[Lookup] = []
        self.codes: set[str] = set()
        self.times: set[str] = set()
        self.labels: set[str] = set()
        self.births: list[date] = []
        self.deaths: list[date] = []
        self.denials: list[frozenset[str]] = []  # content words of sentences that say that something is not there
        self.words: set[str] = set()
        self.items: list[str] = []  # list items, in lower case
        self.item_counts: list[tuple[int, str]] = []
        self._by_unit: dict[str, tuple[list[float], list[SaidNumber]]] | None = None

    # --- adding --------------------------------------------------------------------------------------------------

    def add_text(self, text: str, source: Source = Source(), heading: str = "") -> None:
        """The lines of a tool's words, a note or a given text."""
        before, head, items = Before(setting_of(heading)), heading, 0
        for line in text.split("\n"):
            if not line.strip():
                continue
            is_item = _BULLET.match(line) is not None
            body = _BULLET.sub("", line)
            here = replace(source, quote=body.strip()[:300]) if not source.quote else source
            made = read(body, self.lexicon, before if is_item or before.owners else Before())
            self.add_reading(made, here, before if is_item else Before())
            if "neoplasm" in body.lower():  # a patient's "breast cancer" is the record's "malignant neoplasm of breast"
                renamed = read(_NEOPLASM.sub(r"\1 cancer", body), self.lexicon, before if is_item else Before())
                self.names += [SaidName(n, here) for n in renamed.names if "cancer" in n.text.lower()]
            items += is_item
            if is_item:
                self.items.append(body.lower())
            owners = tuple(n for n in made.names if "observation" in n.kinds or "medication" in n.kinds)
            if not is_item:
                self._close_list(items, head)
                head, items = body, 0
                before = Before(setting_of(body) if _is_heading(body) else Setting(), owners or before.owners, True)
        self._close_list(items, head)

    def add_passages(self, text: str, ref: str) -> None:
        """A given text, sentence by sentence, each quoted on its own."""
        before = Before()
        for piece in split(text):
            if piece.kind in {"rule", "header"}:
                continue
            reading = read(
                piece.text,
                self.lexicon,
                before if piece.kind in {"item", "row"} else Before(Setting(), before.owners, False),
            )
            self.add_reading(
                reading, Source(ref, piece.text[:300], "given"), before if piece.kind == "item" else Before()
            )
            owners = tuple(n for n in reading.names if "observation" in n.kinds or "medication" in n.kinds)
            if piece.kind in {"sentence", "heading"} and (owners or _is_heading(piece.text)):
                before = Before(setting_of(piece.text) if _is_heading(piece.text) else Setting(), owners, True)

    def _close_list(self, items: int, heading: str) -> None:
        if items:
            self.item_counts.append((items, heading.lower()))

    def add_reading(self, reading: Reading, source: Source, before: Before = Before()) -> None:
        """One read line."""
        text = plain(reading.text)
        own, ids = union_of(reading.names) if reading.names else union_of(before.owners)
        days = tuple(d.date.first for d in reading.dates if d.date.is_day and d.date.first is not None)
        self.deaths += [date.fromisoformat(m[1]) for m in _DIED.finditer(text) if m[1] in {d.isoformat() for d in days}]
        still = source.origin == "tool" and _STILL.search(text) is not None
        over = source.origin == "tool" and _OVER.search(text) is not None
        for name in reading.names:
            if over and not name.is_explicit and "condition" in name.kinds and name.state is State.PRESENT:
                name = replace(name, state=State.PAST, is_explicit=True, is_ended=True)
            elif still and not name.kinds.isdisjoint({"condition", "medication"}) and name.state is State.PRESENT:
                name = replace(name, is_explicit=True)
            self.names.append(SaidName(name, source, days))
        for amount in reading.amounts:
            number = amount.number
            if number.label:
                self.labels.add(number.label)
                continue
            number_own, number_ids = union_of(amount.owners)
            day = amount.date.first if amount.date is not None and amount.date.is_day else None
            said = SaidNumber(
                number.value, number.unit, number_own, number_ids, source, number.second, day, number.counts, number.sign,
                comparator=number.comparator, is_age=number.is_age, is_change=amount.is_change,
                extreme=amount.extreme, is_strength=amount.is_strength,
                state=_state_of(amount.owners, reading), phrase=number.phrase,
            )  # fmt: skip
            self._add_number(said)
            if day is not None and not amount.is_change and not amount.is_limit and not number.counts:
                self._add_point(amount.owners, day, day.isoformat(), number.value, number.unit, source)
        for dated in reading.dates:
            self.dates.append(SaidDate(dated.date, own, ids, source))
        if re.search(r"\b(?:born|birth|DOB)\b", text, re.IGNORECASE):
            self.births += days
        for frequency, owners in reading.frequencies:
            self.frequencies.append((frequency.per_day, *union_of(owners), source))
        for moved in reading.trends:
            self.trends.append((moved.kind, *union_of(moved.owners), source))
        for moved in reading.levels:
            self.levels.append((moved.kind, *union_of(moved.owners), source))
        if not reading.levels and before.owners and (level := _level_of(text)):
            self.levels.append((level, *union_of(before.owners), source))
        self.codes |= {c for _, _, c in reading.codes}
        self.times |= {t for _, _, t in reading.times}
        words = frozenset(w.lower() for w in _WORD.findall(text))
        self.words |= words
        if re.search(r"\b(?:no|not|none|never|nothing|denies|without)\b", text, re.IGNORECASE):
            self.denials.append(words)

    def _add_number(self, said: SaidNumber) -> None:
        self.numbers.append(said)
        self._by_unit = None

    def _add_point(
        self, owners: Sequence[Name], day: date, order: str, value: float, unit: str, source: Source
    ) -> None:
        if len({o.own for o in owners}) == 1:
            for key in owners[0].own:
                if key.startswith("observation:"):
                    self.series[key].append(Point(day, order, value, unit, source))

    def add_number(
        self, label: str, value: float, unit: str, when: str = "", source: Source = Source(), **more: Any
    ) -> None:
        """A typed value: a reading with its concept or label."""
        own, ids = self.keys_of(label)
        day = _day_of(when)
        self._add_number(
            SaidNumber(
                abs(value),
                normalise_unit(unit) if unit else "",
                own,
                ids,
                source,
                day=day,
                unit_unknown=not unit,
                **more,
            )
        )
        if day is not None:
            self.add_day(day, own, ids, source)
            for key in own:
                if key.startswith("observation:"):
                    self.series[key].append(Point(day, when, value, normalise_unit(unit) if unit else "", source))

    def add_count(self, value: float, counts: str, source: Source, *, is_age: bool = False) -> None:
        """How many of something a complete list holds, or an age in years."""
        unit = "a" if is_age else ""
        self._add_number(SaidNumber(value, unit, _NO_CONCEPT, _NO_CONCEPT, source, counts=counts, is_age=is_age))

    def add_day(self, day: date, own: frozenset[str], ids: frozenset[str], source: Source) -> None:
        """A date with the keys of what it is of."""
        self.dates.append(SaidDate(DateSpan(0, 0, day.isoformat(), day, day), own, ids, source))

    def keys_of(self, label: str) -> tuple[frozenset[str], frozenset[str]]:
        """What a concept id, or the name of a record's own display, stands for."""
        if not label:
            return _NO_CONCEPT, _NO_CONCEPT
        concept = self.lexicon.vocabulary.get("observation", label)
        if concept is not None:
            target = self.lexicon.target(concept)
            own = frozenset({f"observation:{target.id}"})
            return own, own | {f"observation:{i}" for i in target.ids}
        return union_of(find_names(label.removeprefix("record:"), self.lexicon))

    def add_data(
        self, value: Any, label: str = "", source: Source = Source(), counts: str = "any", phrase: str = ""
    ) -> None:
        """The typed data of a tool result: readings, counts (of what `counts` names) and times."""
        if isinstance(value, Mapping):
            here = str(
                value.get("concept") or value.get("drug") or value.get("condition") or value.get("label") or label
            )
            reading = value.get("value")
            time = str(value.get("time") or "")
            if isinstance(reading, int | float) and not isinstance(reading, bool):
                second = value.get("second")
                second = abs(float(second)) if isinstance(second, int | float) else None
                self.add_number(here, float(reading), str(value.get("unit") or ""), time, source, second=second)
            for key, item in value.items():
                if (key in {"value", "second", "unit"} and "value" in value) or key in _NOT_SAID:
                    continue
                if isinstance(item, bool) or item is None:
                    continue
                if isinstance(item, int | float):
                    own, ids = self.keys_of(here) if key in {"difference", "n", "of"} else (_NO_CONCEPT, _NO_CONCEPT)
                    loose = key not in {"n", "of", "age", "count", *_COUNTED}
                    said = SaidNumber(
                        abs(float(item)),
                        "",
                        own,
                        ids,
                        source,
                        counts="" if loose else _COUNTED.get(key, counts),
                        unit_unknown=loose,
                        is_age=key == "age",
                        is_change=key == "difference",
                        phrase=key if loose else phrase,
                    )
                    self._add_number(said)
                elif isinstance(item, str):
                    self._add_string(item, here, source)
                else:
                    self.add_data(
                        item, key if self.lexicon.vocabulary.get("observation", key) else here, source, counts, phrase
                    )
        elif isinstance(value, list | tuple):
            for item in value:
                if isinstance(item, str):
                    self._add_string(item, label, source)
                elif isinstance(item, int | float) and not isinstance(item, bool):
                    self._add_number(
                        SaidNumber(abs(float(item)), "", _NO_CONCEPT, _NO_CONCEPT, source, unit_unknown=True)
                    )
                else:
                    self.add_data(item, label, source, counts, phrase)

    def _add_string(self, text: str, label: str, source: Source) -> None:
        for found in find_dates(text):
            if found.is_day:
                own, ids = self.keys_of(label)
                self.dates.append(SaidDate(found, own, ids, source))

    def add_artifact(self, artifact: Mapping[str, Any], source: Source = Source()) -> None:
        """The points of a plotted series."""
        if artifact.get("kind") != "trend":
            return
        label, unit = str(artifact.get("title", "")), _plot_unit(str(artifact.get("unit", "")))
        for point in artifact.get("points") or ():
            if isinstance(point.get("value"), int | float):
                here = replace(source, ref=str(point.get("ref") or source.ref))
                second = point.get("second")
                self.add_number(label, float(point["value"]), unit, str(point.get("time") or ""), here, second=second)
        limits = artifact.get("reference_range")
        if limits:
            for key in self.keys_of(label)[0]:
                self.ranges[key] = (limits[0], limits[1], unit)

    # --- asking --------------------------------------------------------------------------------------------------

    def near(self, value: float, unit: str, slack: float, substance: str) -> Iterable[tuple[SaidNumber, bool]]:
        """Numbers within `slack` of a value once in the same unit, with whether a conversion was needed."""
        for there, (values, numbers) in self._index().items():
            low, high, converted = value - slack, value + slack, False
            if unit and there and there != unit:
                a, b = in_unit(value - slack, unit, there, substance), in_unit(value + slack, unit, there, substance)
                if a is None or b is None:
                    continue
                low, high, converted = min(a, b), max(a, b), True
                margin = 1e-9 + 1e-6 * abs(high)
                low, high = low - margin, high + margin
            for index in range(bisect_left(values, low - 1e-9), bisect_right(values, high + 1e-9)):
                yield numbers[index], converted

    def _index(self) -> dict[str, tuple[list[float], list[SaidNumber]]]:
        if self._by_unit is None:
            groups: dict[str, list[SaidNumber]] = defaultdict(list)
            for number in self.numbers:
                groups[number.unit].append(number)
            self._by_unit = {}
            for unit, members in groups.items():
                members.sort(key=lambda n: n.value)
                self._by_unit[unit] = ([n.value for n in members], members)
        return self._by_unit

    def points(self, owners: Sequence[Name]) -> list[Point]:
        """The dated values of a quantity, oldest first, each once."""
        own, ids = union_of(owners)
        chosen: dict[tuple[date, float], Point] = {}
        keys = [k for k in self.series if k in own] or [
            k for k in self.series if k in ids or SPOKEN_OF_AS.get(k) in own
        ]
        if len(keys) != 1:  # two quantities have no common course
            return []
        for point in self.series[keys[0]]:
            kept = chosen.get((point.day, point.value))
            if kept is None or len(point.order) > len(kept.order):
                chosen[point.day, point.value] = point
        typed = [p for p in chosen.values() if len(p.order) > 10]
        # The words of a tool show its values rounded: where the typed value is known, they are the same reading.
        kept_points = [
            p
            for p in chosen.values()
            if len(p.order) > 10 or not any(t.day == p.day and abs(t.value - p.value) <= 0.0051 for t in typed)
        ]
        return self._in_one_unit(sorted(kept_points, key=lambda p: (p.day, p.order)), keys[0])

    def _in_one_unit(self, points: list[Point], key: str) -> list[Point]:
        """The points in the unit of the newest, where they convert."""
        if len({p.unit for p in points}) < 2:
            return points
        home, substance = points[-1].unit, self.substance([key])
        converted = []
        for point in points:
            value = in_unit(point.value, point.unit, home, substance) if point.unit and home else None
            converted.append(point if value is None else replace(point, value=round(value, 6), unit=home))
        return converted

    def substance(self, keys: Iterable[str]) -> str:
        """The substance whose molar mass converts a quantity, empty where there is none."""
        for key in keys:
            kind, _, concept_id = key.partition(":")
            concept = self.lexicon.vocabulary.get(kind, concept_id)
            if concept is not None and concept.extra.get("substance"):
                return concept.extra["substance"]
            if concept_id == "hemoglobin_a1c" or concept_id == "hba1c":
                return "hba1c"
        return ""


_COUNTED = {"notes": "note", "observations": "value"}  # keys of numbers that count these
_NOT_SAID = frozenset(
    {"ref", "id", "offset", "first", "model_version", "version", "seed", "start", "end", "query", "unit", "told",
     "wall_time_ms", "confidence", "mass_balance_relative_error"}
)  # fmt: skip


def _state_of(owners: Sequence[Name], reading: Reading) -> State | None:
    states = {n.state for n in reading.names for o in owners if n.start == o.start and "medication" in n.kinds}
    return states.pop() if len(states) == 1 else None


def _is_heading(text: str) -> bool:
    return plain(text).rstrip().endswith(":")


def _day_of(when: str) -> date | None:
    try:
        return date.fromisoformat(when[:10])
    except ValueError:
        return None


def _level_of(text: str) -> str:
    lowered = text.lower()
    if lowered.startswith(("above the reported", "high:")):
        return "high"
    if lowered.startswith(("below the reported", "low:")):
        return "low"
    return "normal" if lowered.startswith(("normal: within", "within the reported")) else ""


def _plot_unit(label: str) -> str:
    from agents.verification.units import unit_at

    return unit_at(f"1 {label}", 1)[1] or label
