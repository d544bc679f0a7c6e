"""What a read sentence holds: amounts with their owners, dates, frequencies, movements, names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date as Day

from agents.verification.dates import DateSpan
from agents.verification.names import Name, Setting
from agents.verification.numbers import Frequency, Number

MARKER = re.compile(r"\[\d{1,3}\](?!\()")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<![\d\w])\*(?=\w)|(?<=\w)\*(?![\d\w/])")
_ABBREVIATED = re.compile(r"\b(?:i\.e\.|e\.g\.|vs\.|approx\.|ca\.|resp\.)", re.IGNORECASE)


@dataclass(slots=True)
class Amount:
    """A number with what it belongs to."""

    number: Number
    owners: tuple[Name, ...] = ()
    is_inherited: bool = False  # the owners stand in an earlier sentence or a heading
    date: DateSpan | None = None
    is_change: bool = False
    is_limit: bool = False  # of a reference range or a goal
    extreme: str = ""
    is_end: bool = False  # of a range that a course is said to have
    is_part: bool = False  # "3 of 7"
    is_strength: bool = False  # of one tablet, which need not be the dose
    may_be_change: bool = False  # "down 10 from 160" gives the change, "down 150 from 160" the value
    restates: Amount | None = None  # the change that this percentage says once more

    @property
    def is_time(self) -> bool:
        """Whether it is an amount of time, and not a clotting time or an interval of the heart."""
        return self.number.is_duration and not self.owners


@dataclass(slots=True)
class Dated:
    """A date with the names that it may belong to."""

    date: DateSpan
    owners: tuple[Name, ...] = ()


@dataclass(slots=True)
class Moved:
    """A trend, a level or a ratio with the quantity that it is said of."""

    start: int
    end: int
    text: str
    kind: str  # up | down | flat; high | low | normal | abnormal; ratio
    owners: tuple[Name, ...] = ()
    ratio: float = 0.0
    hedge: str = ""


@dataclass(slots=True)
class Reading:
    """A sentence as claims."""

    text: str
    plain: str = field(init=False)  # the text without markers and emphasis, every character in its place
    names: list[Name] = field(default_factory=list)
    amounts: list[Amount] = field(default_factory=list)
    dates: list[Dated] = field(default_factory=list)
    frequencies: list[tuple[Frequency, tuple[Name, ...]]] = field(default_factory=list)
    trends: list[Moved] = field(default_factory=list)
    levels: list[Moved] = field(default_factory=list)
    ratios: list[Moved] = field(default_factory=list)
    codes: list[tuple[int, int, str]] = field(default_factory=list)
    times: list[tuple[int, int, str]] = field(default_factory=list)
    markers: list[tuple[int, int, str]] = field(default_factory=list)
    days_before: tuple[Day, ...] = ()

    def __post_init__(self) -> None:
        self.plain = plain(self.text)

    @property
    def days(self) -> tuple[Day, ...]:
        """The single days that it names with their year."""
        return tuple(d.date.first for d in self.dates if d.date.is_day and d.date.first is not None)

    @property
    def spoken_of(self) -> tuple[Name, ...]:
        """The quantities and drugs that a next sentence may lean on."""
        return tuple(n for n in self.names if not n.kinds.isdisjoint({"observation", "medication"}))

    def extend(self, part: Reading) -> None:
        """Adds what a further part of the text holds; its places count from the part's own start."""
        self.names += part.names
        self.amounts += part.amounts
        self.dates += part.dates
        self.frequencies += part.frequencies
        self.trends += part.trends
        self.levels += part.levels
        self.ratios += part.ratios
        self.codes += part.codes
        self.times += part.times
        self.markers += part.markers


NO_SETTING = Setting()


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier lines leave open for a sentence: the heading's setting and the quantity spoken of."""

    setting: Setting = NO_SETTING
    owners: tuple[Name, ...] = ()
    is_heading: bool = False  # the owners come from a heading, so that any line may lean on them
    days: tuple[Day, ...] = ()  # that the sentence before names, for "three days later"


def plain(text: str) -> str:
    """The text with citation markers and emphasis blanked out, every character in its place."""
    bare = _EMPHASIS.sub(_blank, MARKER.sub(_blank, text))
    return _ABBREVIATED.sub(lambda m: m[0].replace(".", " "), bare)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
