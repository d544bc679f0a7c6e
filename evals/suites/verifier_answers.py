"""Whole answers in a language model's words, with the sentences marked that are wrong by the results of their turn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from agents.verification import Support, check
from evals.report import CaseResult, Figure, Outcome, proportion
from tools.catalogue import run_tool
from tools.context import ToolContext


class Answer(NamedTuple):
    """An answer with the calls of its turn; `wrong` are the spans of its text that must go."""

    patient_id: str
    calls: tuple[tuple[str, dict[str, str]], ...]
    text: str
    wrong: tuple[tuple[int, int], ...]


def read_answers(path: Path) -> list[Answer]:
    """The marked answers of a file."""
    found = []
    for block in re.split(r"(?m)^## ", path.read_text(encoding="utf-8"))[1:]:
        head, _, body = block.partition("\n")
        patient, _, calls = head.partition(":")
        text, wrong = _unmarked(body.strip())
        found.append(Answer(f"demo-ct-{patient.strip()}", read_calls(calls), text, wrong))
    return found


def read_calls(calls: str) -> tuple[tuple[str, dict[str, str]], ...]:
    """The tool calls of a heading, as "tool name=value; tool"."""
    return tuple(_call(c) for c in calls.split(";"))


def _call(text: str) -> tuple[str, dict[str, str]]:
    name, *arguments = text.split()
    return name, dict(a.split("=", 1) for a in arguments)


def _unmarked(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    wrong, text, start = [], "", -1
    for piece in re.split(r"([⟪⟫])", marked):
        if piece == "⟪":
            start = len(text)
        elif piece == "⟫":
            wrong.append((start, len(text)))
        else:
            text += piece
    return text, tuple(wrong)


def run_answers(answers: Sequence[Answer], store: Any, twin: Any, moment: datetime) -> list[CaseResult]:
    """Every sentence of every answer: kept where it is right, taken out where it is wrong."""
    cases = []
    for number, answer in enumerate(answers, 1):
        ctx = ToolContext(store, answer.patient_id, moment, twin)
        results = [run_tool(ctx, name, arguments) for name, arguments in answer.calls]
        texts = ["\n".join(f"- {s.text}" if s.item else s.text for s in r.statements) for r in results]
        support = Support(
            texts, [r.data for r in results], ctx.lexicon, 0, results=results, as_of=moment.date(), record=ctx
        )
        cases += list(_judged(answer, support, f"{answer.patient_id}-{number}"))
    return cases


def _judged(answer: Answer, support: Support, ident: str) -> Iterator[CaseResult]:
    for number, piece in enumerate(check(answer.text, support), 1):
        wrong = any(start < piece.end and piece.start < end for start, end in answer.wrong)
        passed = piece.is_faulty == wrong
        reasons = tuple(f"{f.kind} {f.value}: {f.reason}" for f in piece.findings if f.is_fault)
        yield CaseResult(
            id=f"{ident}-{number}",
            category="wrong sentence of an answer" if wrong else "right sentence of an answer",
            outcome=Outcome.PASSED if passed else Outcome.FAILED,
            question=piece.text,
            reasons=reasons or (() if passed else ("nothing was found wrong",)),
        )


def answer_figures(cases: Sequence[CaseResult]) -> list[Figure]:
    """The share of right sentences kept and of wrong ones found."""
    right = [c.outcome for c in cases if c.category.startswith("right")]
    wrong = [c.outcome for c in cases if c.category.startswith("wrong")]
    return [proportion("right sentences kept", "answers", right), proportion("wrong sentences found", "answers", wrong)]
