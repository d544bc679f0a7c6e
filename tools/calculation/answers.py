"""What a calculation over a note returns: the answer with every input and criterion, or an abstention that says why."""

from __future__ import annotations

from domain.facts import Frozen

ASSUMED_NORMAL = "assumed_normal"  # a measurement that nobody made, by the convention of the scores
ASSUMED_ABSENT, NOTE, QUESTION, DERIVED, RECORD = "assumed_absent", "note", "question", "derived", "record"


class Used(Frozen):
    """An input as the note states it, and as the calculator took it.

    `value` and `unit` are those of the note; `converted` is the value in the calculator's unit, where that is another one.
    `span` and `quote` are the characters of the note that hold it; an input that was derived or assumed has none of its own,
    and `note` says from what. `origin` is note, question, derived, record, assumed_absent or assumed_normal.
    """

    name: str
    value: float | bool | str
    unit: str = ""
    span: tuple[int, int] | None = None
    quote: str = ""
    origin: str = NOTE
    note: str = ""
    converted: float | None = None
    others: tuple[str, ...] = ()  # further values of the note for the same input, which were not taken

    @property
    def taken(self) -> float | bool | str:
        """The value in the calculator's unit."""
        return self.value if self.converted is None else self.converted


class Criterion(Frozen):
    """A yes/no criterion: whether it is met, and the words of the note that say so."""

    name: str
    met: bool
    evidence: str = ""
    span: tuple[int, int] | None = None
    assertion: str = ""  # present, negated, historical, ...; "not mentioned" where it is assumed
    note: str = ""


class Calculated(Frozen):
    """The answer to one question over one note; `answer` is None where it abstains."""

    calculator: str = ""
    output: str = ""
    answer: float | int | str | None = None
    unit: str = ""
    display: str = ""
    inputs: tuple[Used, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    missing: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    confidence: float = 0.0
    reason: str = ""  # why there is no answer
    source: str = ""  # the publication of the calculator, with its DOI
