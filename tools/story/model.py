"""A story as data: sections of sentences, each sentence with what supports it and on what kind of ground it stands."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.answers import Conflict
from domain.facts import Evidence, Frozen
from tools.outcome import Statement

KINDS = ("one_liner", "timeline", "problem_oriented", "since_last_visit", "sbar", "full")
AUDIENCES = ("clinician_short", "clinician_long", "handoff", "patient", "evaluator")


class Basis(StrEnum):
    """The ground of a sentence.

    `record` and `note` repeat what the cited source says, the latter as testimony; `absence` rests on an exhaustive
    search of the record, which its evidence names; `conflict` shows two sources that contradict each other;
    `guidance` sets the record beside a packaged guideline statement; `derived` is arithmetic over the cited values.
    """

    RECORD = "record"
    NOTE = "note"
    ABSENCE = "absence"
    CONFLICT = "conflict"
    GUIDANCE = "guidance"
    DERIVED = "derived"


class Sentence(Statement):
    """A statement of the story with the ground it stands on."""

    basis: Basis = Basis.RECORD


class Section(Frozen):
    """A titled run of sentences; `code` is the LOINC code of the section in a FHIR document."""

    id: str
    title: str
    code: str
    sentences: tuple[Sentence, ...] = ()


class Story(Frozen):
    """The narrative of one patient at one moment, for one audience."""

    kind: str
    audience: str
    patient_id: str
    title: str
    as_of: datetime
    period: str = ""
    sections: tuple[Section, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    warnings: tuple[str, ...] = ()
    looked_at: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence, in order."""
        return tuple(s for section in self.sections for s in section.sentences)

    @property
    def text(self) -> str:
        """The story without citations."""
        return "\n\n".join(
            "\n".join([section.title, *(f"- {s.text}" if s.item else s.text for s in section.sentences)])
            for section in self.sections
        )

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every piece of evidence once, in the order first used."""
        seen: dict[tuple[str, str], Evidence] = {}
        for sentence in self.sentences:
            for evidence in sentence.evidence:
                seen.setdefault((evidence.ref, evidence.quote), evidence)
        return tuple(seen.values())


def tell(text: str, *evidence: Evidence, basis: Basis = Basis.RECORD, item: bool = False) -> Sentence:
    """A sentence with its evidence, each piece once."""
    once = {e.ref: e for e in reversed(evidence)}
    ordered = tuple(once[ref] for ref in dict.fromkeys(e.ref for e in evidence))
    return Sentence(text=text, evidence=ordered, basis=basis, item=item)
