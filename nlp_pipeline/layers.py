"""What the components leave on a Doc for each other and for `facts.py`: one `Chart` object in `Doc._.chart`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from domain.facts import FactKind, MedicationSig
from domain.quantities import Quantity
from nlp_pipeline.folding import lowered, plain
from nlp_pipeline.structure.line_breaks import hard_breaks

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from nlp_pipeline.structure.sections import Section
    from nlp_pipeline.times.dates import DateMention
    from nlp_pipeline.vocabulary import Concept


class Value(NamedTuple):
    """A measurement with the characters it was read from; `target` is the index of its entity in `doc.ents`, or -1."""

    start: int
    end: int
    concept_id: str
    concept: Concept | None
    value: Quantity | str
    comparator: str = ""
    target: int = -1
    is_baseline: bool = False
    is_goal: bool = False
    high: float | None = None  # the upper bound of a range, in the unit of the value
    flag: str = ""  # H, L, critical, abnormal, implausible; joined by commas
    number: int = -1  # where its number begins, since the name before it may hold a date


class Sig(NamedTuple):
    """How one drug mention is taken; `target` is the index of its entity."""

    start: int
    end: int
    target: int
    sig: MedicationSig


class Finding(NamedTuple):
    """A statement read by rule rather than by a vocabulary entry: smoking status, age, no known allergies."""

    start: int
    end: int
    kind: FactKind
    concept_id: str
    value: Quantity | str | None = None
    is_negated: bool = False
    is_historical: bool = False


class Relative(NamedTuple):
    """The family member a target is about; `target` is the index of its entity."""

    target: int
    member: str


class Reaction(NamedTuple):
    """An allergy: the index of the allergen's entity and the reaction, where it is named."""

    target: int
    reaction: str


class Entities(NamedTuple):
    """First characters, ends and labels of the entities of a Doc, in the order of `doc.ents`."""

    starts: list[int]
    ends: list[int]
    labels: list[str]

    def between(self, low: int, high: int) -> range:
        """Indices of the entities that start in [low, high)."""
        return range(bisect_left(self.starts, low), bisect_left(self.starts, high))


@dataclass
class Chart:
    """Everything read from one note, before it becomes facts.

    `text` is `doc.text` once and for all: spaCy puts it together again from the tokens at every access.
    """

    text: str = ""
    sections: list[Section] = field(default_factory=list)
    sentences: list[tuple[int, int]] = field(default_factory=list)
    concepts: list[tuple[Concept, ...]] = field(default_factory=list)  # candidates per entity, in doc.ents order
    values: list[Value] = field(default_factory=list)
    sigs: list[Sig] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    relatives: list[Relative] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    suppressed: set[int] = field(default_factory=set)  # entities that are part of another statement
    dates: list[DateMention] = field(default_factory=list)
    entities: Entities | None = None  # see `entities`

    @cached_property
    def lowered(self) -> str:
        """The text in lower case, character for character: rules for it are faster than case-blind ones."""
        return lowered(self.text)

    @cached_property
    def folded(self) -> str:
        """The text in lower case and with plain spaces, character for character, made once for all components."""
        return plain(self.lowered)

    @cached_property
    def line_breaks(self) -> list[int]:
        """Where a line begins a new sentence, which headers and sentences both ask."""
        return hard_breaks(self.text)


def register() -> None:
    """Register the Doc extension; medspaCy registers its own on import."""
    from spacy.tokens import Doc

    if not Doc.has_extension("chart"):
        Doc.set_extension("chart", default=None)


def begin(doc: Doc, text: str) -> Doc:
    """The Doc with a fresh chart of its text."""
    doc._.chart = Chart(text=text)
    return doc


def chart(doc: Doc) -> Chart:
    """The chart of a Doc, made on first use."""
    found = doc._.chart
    if found is None:
        found = Chart(text=doc.text)
        doc._.chart = found
    return found  # type: ignore[no-any-return]


def sentence_of(layer: Chart, position: int) -> tuple[int, int]:
    """Character span of the sentence that holds a position."""
    index = bisect_right(layer.sentences, (position, 1 << 60)) - 1
    return layer.sentences[max(index, 0)] if layer.sentences else (0, 1 << 60)


def entities(doc: Doc) -> Entities:
    """The entities that the concepts of the chart belong to; else those of the Doc, read from it once.

    spaCy makes the Spans of `doc.ents` anew at every access, which takes longer than most of what is asked of them.
    """
    layer = chart(doc)
    if layer.entities is None:
        layer.entities = _read_entities(doc)
    return layer.entities


def label_names(doc: Doc, numbers: list[int]) -> list[str]:
    """The labels that the string store has under these numbers."""
    strings = doc.vocab.strings
    names = {number: strings[number] for number in set(numbers)}
    return [names[number] for number in numbers]


def _read_entities(doc: Doc) -> Entities:
    from spacy.attrs import ENT_IOB, ENT_TYPE, IDX, LENGTH

    if not len(doc):
        return Entities([], [], [])
    tags, types, starts, lengths = doc.to_array([ENT_IOB, ENT_TYPE, IDX, LENGTH]).T
    first = (tags == 3).nonzero()[0]
    if not len(first):
        return Entities([], [], [])
    others = (tags != 1).nonzero()[0]  # an entity ends before the next token that does not continue it
    ends = starts + lengths
    last = others.searchsorted(first, side="right")
    after = [*others.tolist(), len(doc)]
    closes = ends[[after[i] - 1 for i in last.tolist()]]
    return Entities(starts[first].tolist(), closes.tolist(), label_names(doc, types[first].tolist()))


def attributes(doc: Doc) -> dict[tuple[int, int], set[str]]:
    """The ConText attributes ("is_negated", ...) of the entities that have any, by their characters.

    spaCy keeps them in `user_data`; one walk through it costs a fraction of asking each entity for each attribute.
    """
    found: dict[tuple[int, int], set[str]] = {}
    for key, value in doc.user_data.items():
        if value is True and isinstance(key, tuple) and key[0] == "._.":
            found.setdefault((key[2], key[3]), set()).add(key[1])
    return found


class IntervalSet:
    """Character intervals, for asking whether one of them holds a position."""

    def __init__(self, intervals: Iterable[tuple[int, int]]) -> None:
        self._intervals = sorted(intervals)
        self._reach: list[int] = []
        for _, end in self._intervals:
            self._reach.append(max(end, self._reach[-1] if self._reach else 0))

    def holds(self, position: int) -> bool:
        """Whether an interval [start, end) covers the position."""
        index = bisect_right(self._intervals, (position, 1 << 60)) - 1
        return index >= 0 and self._reach[index] > position
