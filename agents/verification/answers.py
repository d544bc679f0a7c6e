"""Any system's answer checked claim by claim: against given texts, against one patient's whole stored record, or both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from agents.verification.evidence import Source
from agents.verification.findings import LIGHT, Against, Finding, Verdict, content_words
from agents.verification.lookups import add_result
from agents.verification.notes import Wanted, add_note_sentences
from agents.verification.pieces import split, without
from agents.verification.record import record_of
from agents.verification.said import Said
from agents.verification.sides import sides_of
from agents.verification.support import Checked, Support, check
from domain.errors import InvalidInput
from domain.facts import Evidence, Frozen
from tools.concepts import Lexicon, default_lexicon
from tools.context import ToolContext
from tools.outcome import ToolResult

TEXT_LIMIT = 50_000
EVIDENCE_LIMIT = 400_000
Mode = Literal["auto", "evidence", "record"]


class EvidenceText(Frozen):
    """A text that an answer rests on; `id` is how claims refer to it."""

    id: str = ""
    text: str


class Claim(Frozen):
    """One claim of an answer. `span` counts the characters of the text that was checked."""

    text: str = Field(description="The words of the claim.")
    span: tuple[int, int]
    sentence: str = Field(description="The sentence, list item or table row that it stands in.")
    kind: str
    value: str = ""
    unit: str = Field(default="", description="UCUM, where the claim is an amount.")
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""


class Summary(Frozen):
    """How many claims stand how."""

    claims: int = 0
    supported: int = 0
    unsupported: int = 0
    contradicted: int = 0
    not_checkable: int = 0
    removed: int = Field(default=0, description="Sentences, list items and rows that the cleaned text leaves out.")


class AnswerCheck(Frozen):
    """The claims of an answer with their verdicts, and the answer without what is not borne out."""

    claims: tuple[Claim, ...]
    text: str = Field(description="The answer without the pieces that hold an unsupported or contradicted claim.")
    summary: Summary
    looked_at: tuple[str, ...] = ()

    @property
    def is_grounded(self) -> bool:
        """Whether nothing had to go."""
        return not self.summary.removed


def verify_answer(
    text: str,
    *,
    evidence: Sequence[EvidenceText | ToolResult | Mapping[str, Any] | str] = (),
    context: ToolContext | None = None,
    as_of: datetime | None = None,
    mode: Mode = "auto",
    lexicon: Lexicon | None = None,
) -> AnswerCheck:
    """Every claim of an answer with its verdict, evidence and reason, and the answer without what does not hold.

    Args:
        text: The answer, plain or Markdown, at most `TEXT_LIMIT` characters.
        evidence: What it should rest on: texts (with an id, or bare) or tool results.
        context: The one patient's tools; their whole record is the evidence then. No other patient is read.
        as_of: The date that counts as today, for ages and "two years ago"; the context's by default.
        mode: `evidence` or `record` uses only that; `auto` uses what is given.
        lexicon: Names of clinical concepts; the packaged ones by default.

    Raises:
        InvalidInput: the text or the evidence is too long, or there is nothing to check against.
    """
    if len(text) > TEXT_LIMIT:
        raise InvalidInput(f"the text has {len(text)} characters; at most {TEXT_LIMIT} are checked", field="text")
    lexicon = lexicon or (context.lexicon if context is not None else default_lexicon())
    use_record = context is not None and mode != "evidence"
    use_evidence = bool(evidence) and mode != "record"
    if not use_record and not use_evidence:
        raise InvalidInput("give evidence texts, a patient, or both to check against", accepted=["evidence", "patient"])
    said = record_of(context) if use_record and context is not None else Said(lexicon)
    looked_at = [look.source.quote for look in said.lookups if look.source.quote]
    if use_evidence:
        looked_at.append(f"{len(evidence)} evidence texts")
        _add_evidence(said, evidence)
    today = as_of or (context.as_of if context is not None else None)
    support = Support.of(Against(said, 99_999, today and today.date()), lexicon)
    checked = check(text, support)
    if use_record and context is not None and add_note_sentences(said, context, _wanted(checked, lexicon)):
        looked_at.append(f"{len(context.chart.notes)} notes")
        checked = check(text, support)
    return _result(text, checked, tuple(looked_at))


def _add_evidence(said: Said, evidence: Iterable[EvidenceText | ToolResult | Mapping[str, Any] | str]) -> None:
    length = 0
    for number, item in enumerate(evidence, 1):
        if isinstance(item, Mapping):
            item = (
                ToolResult.model_validate(item)
                if "statements" in item or "tool" in item
                else EvidenceText.model_validate(item)
            )
        if isinstance(item, ToolResult):
            add_result(said, item, number)
            said.add_text(item.summary, Source(item.tool, origin="tool"))
            continue
        given = item if isinstance(item, EvidenceText) else EvidenceText(text=item)
        length += len(given.text)
        if length > EVIDENCE_LIMIT:
            raise InvalidInput(
                f"the evidence has more than {EVIDENCE_LIMIT} characters; send less at once", field="evidence"
            )
        said.add_passages(given.text, given.id or f"evidence-{number}")


def _wanted(checked: Iterable[Checked], lexicon: Lexicon) -> Wanted:
    """What to look for in notes: what the record does not bear out, and what it is said not to hold."""
    wanted = Wanted()
    for piece in checked:
        if not piece.findings or any(True for _ in sides_of(piece.text)):
            wanted.words |= content_words(piece.text) - LIGHT
            wanted.add_names(piece.text, lexicon)
        for finding in piece.findings:
            if (finding.is_fault or finding.kind == "absence") and finding.kind != "citation":
                wanted.add(finding.value, lexicon)
                wanted.add(piece.text[max(0, finding.start - piece.start) : finding.end - piece.start], lexicon)
                if finding.kind in {"date", "number", "duration"}:  # a note may write it in other words
                    wanted.add_names(piece.text, lexicon)
    return wanted


def _result(text: str, checked: Sequence[Checked], looked_at: tuple[str, ...]) -> AnswerCheck:
    claims = [claim for piece in checked for claim in _claims(text, piece)]
    gone = {index for index, piece in enumerate(checked) if piece.is_faulty}
    count = {v: sum(c.verdict is v for c in claims) for v in Verdict}
    summary = Summary(
        claims=len(claims),
        supported=count[Verdict.SUPPORTED],
        unsupported=count[Verdict.UNSUPPORTED],
        contradicted=count[Verdict.CONTRADICTED],
        not_checkable=count[Verdict.NOT_CHECKABLE],
        removed=len(gone),
    )
    return AnswerCheck(
        claims=tuple(claims), text=without(text, split(text), gone).strip(), summary=summary, looked_at=looked_at
    )


def _claims(text: str, piece: Checked) -> list[Claim]:
    if not piece.findings:
        if not any(c.isalpha() for c in piece.text):
            return []
        span = (piece.start, piece.end)
        return [Claim(text=piece.text, span=span, sentence=piece.text, kind="statement", verdict=Verdict.NOT_CHECKABLE, reason="it claims nothing that can be looked up")]  # fmt: skip
    return [_claim(text, piece, finding) for finding in piece.findings]


def _claim(text: str, piece: Checked, finding: Finding) -> Claim:
    start, end = max(piece.start, finding.start), min(piece.end, finding.end)
    if start >= end:
        start, end = piece.start, piece.end
    cited = {s.ref: Evidence(ref=s.ref, quote=s.quote) for s in finding.sources if s.ref}
    return Claim(
        text=text[start:end],
        span=(start, end),
        sentence=piece.text,
        kind=finding.kind,
        value=finding.value,
        unit=finding.unit,
        verdict=finding.verdict,
        evidence=tuple(cited.values()),
        reason=finding.reason,
    )
