"""Single sentences about a patient, right and wrong ones, held against the whole record or against the results of a turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from agents.verification import Support, verify, verify_answer
from evals.report import CaseResult, Figure, Outcome, proportion
from evals.suites.verifier_answers import read_calls
from tools.catalogue import run_tool
from tools.context import ToolContext

_RIGHT, _WRONG = "right sentence", "wrong sentence"


class Sentence(NamedTuple):
    """A claim about a patient. Without `calls` it is held against the whole record."""

    patient_id: str
    calls: str
    is_right: bool
    kind: str
    text: str


def read_sentences(path: Path) -> list[Sentence]:
    """The marked sentences of a file, as its first lines describe them."""
    found: list[Sentence] = []
    patient = calls = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            patient, _, calls = line[3:].partition(":")
        elif line[:2] in {"+ ", "- "}:
            kind, _, text = line[2:].partition(":")
            found.append(Sentence(f"demo-ct-{patient.strip()}", calls.strip(), line[0] == "+", kind, text.strip()))
    return found


def run_sentences(sentences: Sequence[Sentence], store: Any, twin: Any, moment: datetime) -> list[CaseResult]:
    """Each sentence kept where it is right and taken out where it is wrong."""
    return list(_cases(sentences, store, twin, moment))


def _cases(sentences: Sequence[Sentence], store: Any, twin: Any, moment: datetime) -> Iterator[CaseResult]:
    supports: dict[tuple[str, str], Support] = {}
    contexts: dict[str, ToolContext] = {}
    for number, sentence in enumerate(sentences, 1):
        ctx = contexts.setdefault(sentence.patient_id, ToolContext(store, sentence.patient_id, moment, twin))
        key = (sentence.patient_id, sentence.calls)
        if sentence.calls and key not in supports:
            supports[key] = _support(sentence.calls, ctx)
        started = process_time()
        if sentence.calls:
            checked = verify(sentence.text, supports[key])
            kept, why = checked.is_grounded, [f"{u.kind} {u.value}: {u.reason}" for u in checked.unsupported]
        else:
            answer = verify_answer(sentence.text, context=ctx)
            kept, why = answer.is_grounded, [f"{c.kind} {c.text}: {c.verdict} {c.reason}" for c in answer.claims]
        yield CaseResult(
            id=f"{sentence.patient_id}-sentence-{number}",
            category=_RIGHT if sentence.is_right else _WRONG,
            outcome=Outcome.PASSED if kept == sentence.is_right else Outcome.FAILED,
            question=sentence.text,
            answer=f"{sentence.kind}; {'held against ' + sentence.calls if sentence.calls else 'whole record'}",
            reasons=tuple(why),
            latency_s=process_time() - started,
        )


def _support(calls: str, ctx: ToolContext) -> Support:
    results = [run_tool(ctx, name, arguments) for name, arguments in read_calls(calls)]
    texts = ["\n".join(f"- {s.text}" if s.item else s.text for s in r.statements) for r in results]
    return Support(
        texts, [r.data for r in results], ctx.lexicon, 0, results=results, as_of=ctx.as_of.date(), record=ctx
    )


def sentence_figures(cases: Sequence[CaseResult]) -> list[Figure]:
    """The share of right sentences kept and of wrong ones taken out."""
    if not cases:
        return []
    right = [c.outcome for c in cases if c.category == _RIGHT]
    wrong = [c.outcome for c in cases if c.category == _WRONG]
    return [
        proportion("right sentences kept", "sentences", right),
        proportion("wrong sentences found", "sentences", wrong),
    ]
