"""What the builders of drafts return, and what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.facts import Evidence, Fact, Frozen, Note
from knowledge_base.drafts import Change, Finding

if TYPE_CHECKING:
    from tools.context import ToolContext

Json = dict[str, Any]


class Proposal(Frozen):
    """A change that could be made, in words and as resources, with what was found when it was checked."""

    title: str
    text: str
    changes: tuple[Change, ...]
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()


def subject(ctx: ToolContext) -> Json:
    """The reference to the patient."""
    return {"reference": f"Patient/{ctx.patient_id}"}


def read_text(text: str) -> list[Fact]:
    """The facts of a sentence that is no note; the pipeline loads when first asked."""
    from nlp_pipeline import extract

    return next(iter(extract([Note(id="request", patient_id="request", text=text)])))


def codings(codes: tuple[tuple[str, str], ...], label: str, *, most: int = 2) -> Json:
    """A CodeableConcept of the first codes of a concept, with its name."""
    coded = [{"system": system, "code": code, "display": label} for system, code in codes if system.startswith("http")]
    return {**({"coding": coded[:most]} if coded else {}), "text": label}
