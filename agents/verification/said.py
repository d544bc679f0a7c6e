"""What the evidence of a run says, indexed for questions such as "did anything say 2.1 mg/dL of creatinine?".

Evidence is read by the reader of drafts (`agents.verification.sentences`); typed results of tools add what words leave
open: the whole series of a quantity, which lists are complete, and what was searched for without being found.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from agents.verification.dates import DateSpan
from agents.verification.evidence import (
    SPOKEN_OF_AS,
    Lookup,
    Person,
    Point,
    SaidDate,
    SaidName,
    SaidNumber,
    SaidOrder,
    SaidRelative,
    Source,
    Stay,
    are_kin,
    union_of,
)
from agents.verification.headings import setting_of
from agents.verification.names import HERE, Name, Setting, State, find_names
from agents.verification.orders import manners_of, orders_of
from agents.verification.outcomes import Outcome, outcomes_of, reach_of, specimens_of
from agents.verification.pieces import split
from agents.verification.readings import Before, Reading, plain
from agents.verification.sentences import read
from agents.verification.sides import given_sides, sides_of_names
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
        self.orders: list[SaidOrder] = []
        self.stays: list[Stay] = []
        self.relatives: list[SaidRelative] = []
        self.sides: dict[str, set[str]] = defaultdict(set)  # what of the body, and on which sides it is spoken of
        self.sides_of: dict[str, set[str]] = defaultdict(set)  # what is named, and on which sides it lies
        self.outcomes: list[tuple[Outcome, Source]] = []
        self.specimens: set[tuple[str, str]] = set()  # with what was measured in each
        self.resistances: set[tuple[str, bool]] = set()  # drugs, and whether a germ is resistant to them
        self.manners: dict[tuple[str, str], set[str]] = defaultdict(set)  # drug and group, and how it is given
        self.in_error: list[SaidNumber] = []  # values that the record itself calls a mistake
        self.person = Person()
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
            if not is_item:
                self._close_list(items, head)
                head, items = body, 0
                setting = setting_of(body) if _is_heading(body) else Setting()
                before = Before(setting, made.spoken_of or before.owners, True)
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
            owners = reading.spoken_of
            if piece.kind in {"sentence", "heading"} and (owners or _is_heading(piece.text)):
                before = Before(setting_of(piece.text) if _is_heading(piece.text) else Setting(), owners, True)

    def _close_list(self, items: int, heading: str) -> None:
        if items:
            self.item_counts.append((items, heading.lower()))

    def add_reading(
        self, reading: Reading, source: Source, before: Before = Before(), days_of_order: Sequence[date] = ()
    ) -> None:
        """One read line; `days_of_order` are those of the row that it renders."""
        text = reading.plain
        own, ids = union_of(reading.names) if reading.names else union_of(before.owners)
        days = (*days_of_order, *reading.days)
        self.deaths += [date.fromisoformat(m[1]) for m in _DIED.finditer(text) if m[1] in {d.isoformat() for d in days}]
        still = source.origin == "tool" and _STILL.search(text) is not None
        over = source.origin == "tool" and _OVER.search(text) is not None
        for name in reading.names:
            if over and not name.is_explicit and "condition" in name.kinds and name.state is State.PRESENT:
                name = replace(name, state=State.PAST, is_explicit=True, is_ended=True)
            elif still and not name.kinds.isdisjoint({"condition", "medication"}) and name.state is State.PRESENT:
                name = replace(name, is_explicit=True)
            self.names.append(SaidName(name, source, days))
        self._add_amounts(reading, source)
        self._add_dates(reading, source, (own, ids))
        if re.search(r"\b(?:born|birth|DOB)\b", text, re.IGNORECASE):
            self.births += days
        self.orders += orders_of(reading, source, days_of_order)
        self.add_sides(reading)
        self._add_results(reading, source, days_of_order)
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
        if re.search(r"\bNKD?A\b", text):
            self.denials.append(words | {"allergies"})

    def _add_amounts(self, reading: Reading, source: Source) -> None:
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
                extreme=amount.extreme, is_strength=amount.is_strength, is_part=amount.is_part, phrase=number.phrase,
                is_considered=source.origin == "note" and any(o.state is State.CONSIDERED for o in amount.owners),
            )  # fmt: skip
            self.add_said(said)
            if day is not None and not amount.is_change and not amount.is_limit and not number.counts:
                self._add_point(amount.owners, day, day.isoformat(), number.value, number.unit, source)

    def _add_dates(self, reading: Reading, source: Source, keys: tuple[frozenset[str], frozenset[str]]) -> None:
        """The dates of a line; `keys` say what the line is of."""
        if source.origin == "note":  # the day of what is due, or was cancelled, is no day on which it was
            keys = union_of([n for n in reading.names if n.state in HERE])
        for dated in reading.dates:  # of several days in a note's line, each is of what stands beside it
            beside = keys
            if len(reading.dates) > 1 and dated.owners and source.origin == "note":
                beside = union_of([o for o in dated.owners if o.state in HERE])
            self.dates.append(SaidDate(dated.date, *beside, source))

    def add_sides(self, reading: Reading) -> None:
        """On which sides a line has what of the body, and what it names there."""
        for part, side in given_sides(reading.plain):
            self.sides[part].add(side)
        for name, sided in sides_of_names(reading):
            for key in name.own:
                self.sides_of[key].add(sided.side)

    def _add_results(self, reading: Reading, source: Source, days: Sequence[date]) -> None:
        """Which way tests came out, in what specimens, and how drugs are given."""
        spans = tuple(DateSpan(0, 0, d.isoformat(), d, d) for d in days)
        self.outcomes += [(o._replace(days=o.days + spans), source) for o in outcomes_of(reading)]
        self.specimens |= {(specimen, key) for specimen, key, *_ in specimens_of(reading)}
        self.resistances |= {(key, is_resistant) for name, is_resistant in reach_of(reading) for key in name.own}
        for manner in manners_of(reading):
            for key in manner.drug.own:
                self.manners[key, manner.group].add(manner.value)

    def add_said(self, said: SaidNumber) -> None:
        """One number."""
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
        self.add_said(
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
        self.add_said(SaidNumber(value, unit, _NO_CONCEPT, _NO_CONCEPT, source, counts=counts, is_age=is_age))

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

    def is_its_unit(self, unit: str, bare: SaidNumber, owners: Sequence[Name]) -> bool:
        """Whether a number without a unit is in this one: in the evidence's own for the quantity, else in the usual one."""
        own, ids = union_of(owners)
        known = {
            n.unit for n in self.numbers
            if n.unit and n.own and not n.counts and not n.is_change and are_kin(own, ids, n.own, n.ids)
        } or {
            normalise_unit(concept.extra["unit"])
            for kind, _, concept_id in (key.partition(":") for key in bare.own | own)
            if (concept := self.lexicon.vocabulary.get(kind, concept_id)) is not None and concept.extra.get("unit")
        }  # fmt: skip
        same = (in_unit(1.0, unit, other, "") for other in known)
        return not known or any(v is not None and abs(v - 1) < 1e-9 for v in same)

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
