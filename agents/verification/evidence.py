"""What a piece of evidence says: numbers, names, dates and look-ups, each with its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from agents.verification.dates import DateSpan
from agents.verification.names import Name, State

# Kinds of one quantity that a clinician names by the shorter name.
SPOKEN_OF_AS = {
    "observation:cgm": "observation:glucose",
    "observation:glucose_fingerstick": "observation:glucose",
    "observation:glucose_fasting": "observation:glucose",
    "observation:hemoglobin_hematocrit": "observation:hemoglobin",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is said: a reference for people, the words, and whether it is the record, a note or given text."""

    ref: str = ""
    quote: str = ""
    origin: str = "tool"  # tool | record | note | given


@dataclass(frozen=True, slots=True)
class SaidNumber:
    """A number of the evidence. `own` and `ids` say what of; `day` when."""

    value: float
    unit: str
    own: frozenset[str]
    ids: frozenset[str]
    source: Source
    second: float | None = None
    day: date | None = None
    counts: str = ""
    sign: str = ""
    unit_unknown: bool = False
    comparator: str = ""
    is_age: bool = False
    is_change: bool = False
    extreme: str = ""
    is_strength: bool = False
    is_part: bool = False  # "2 of 2 sets"
    is_considered: bool = False  # "if A1c reaches 6.5", in a note
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class SaidName:
    """A clinical name of the evidence with what is said of it."""

    name: Name
    source: Source
    days: tuple[date, ...] = ()

    @property
    def is_testimony(self) -> bool:
        """Whether only a note says so."""
        return self.name.is_attributed or self.source.origin == "note"


@dataclass(frozen=True, slots=True)
class SaidDate:
    """A date of the evidence with the names that stand in its line."""

    date: DateSpan
    own: frozenset[str]
    ids: frozenset[str]
    source: Source


@dataclass(frozen=True, slots=True)
class SaidOrder:
    """How a drug is, was or is said to be taken: doses with units and doses a day that belong together."""

    own: frozenset[str]
    ids: frozenset[str]
    doses: frozenset[tuple[float, str]]
    rates: frozenset[float]
    state: State
    days: tuple[date, ...]
    source: Source
    is_testimony: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the record has it as taken now."""
        return self.state is State.PRESENT and not self.is_testimony


@dataclass(frozen=True, slots=True)
class Stay:
    """A visit with its first and last day; `kind` is inpatient, emergency or empty."""

    first: date
    last: date
    kind: str
    source: Source


@dataclass(frozen=True, slots=True)
class SaidRelative:
    """What one relative had, and at which ages, as the record's own list says."""

    relative: str
    own: frozenset[str]
    ids: frozenset[str]
    ages: frozenset[float]
    source: Source


@dataclass(frozen=True, slots=True)
class Person:
    """Who the patient is: the words of the name, the sex, and whether tobacco is smoked (never, former, current)."""

    names: frozenset[str] = frozenset()
    sex: str = ""
    smoking: str = ""
    around: frozenset[str] = frozenset()  # words of the names of those who treat them


@dataclass(frozen=True, slots=True)
class Lookup:
    """What was looked through completely. `ids` is None where a whole list was; `found` says whether anything was there."""

    kind: str
    ids: frozenset[str] | None
    found: bool
    active_only: bool = False
    words: frozenset[str] = frozenset()
    source: Source = Source()


@dataclass(frozen=True, slots=True)
class Point:
    """One dated value of a quantity."""

    day: date
    order: str
    value: float
    unit: str
    source: Source


def are_kin(own: frozenset[str], ids: frozenset[str], other_own: frozenset[str], other_ids: frozenset[str]) -> bool:
    """Whether two names are of one thing, or one of them is a kind of the other."""
    if not own.isdisjoint(other_ids) or not other_own.isdisjoint(ids):
        return True
    return any(SPOKEN_OF_AS.get(k) in other_own for k in own) or any(SPOKEN_OF_AS.get(k) in own for k in other_own)


def union_of(names: Iterable[Name]) -> tuple[frozenset[str], frozenset[str]]:
    """What names stand for, and that with everything narrower."""
    own: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    for name in names:
        own, ids = own | name.own, ids | name.ids
    return own, ids
