"""Questions about one patient's record: each is asked of the assistant and its answer scored against the gold.

A row is `{id, patient_id, question, as_of, category, expect}`. A follow-up carries all its questions in `turns`; they
run in one thread and the last answer is scored. The notes in a row's `extra_notes` are in the chart for that row only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from time import perf_counter
from typing import Any, Protocol

from domain.answers import Answer
from domain.errors import ChartTwinError
from evals.gold import moment
from evals.report import CaseResult, Outcome

Row = dict[str, Any]
Progress = Callable[[int, int, str], None]
Planting = Callable[[Row], AbstractContextManager[Any]]  # the row's extra notes are in the chart inside it
Shape = Callable[[Row, Answer], Row]  # the answer to a row, as the scorer reads it


class AsksQuestions(Protocol):
    """The part of the assistant this suite needs."""

    def ask(
        self,
        patient_id: str,
        question: str,
        *,
        as_of: datetime | None = None,
        thread_id: str | None = None,
        owner: str = ...,
    ) -> Answer:
        """The answer to one question about one patient."""
        ...


class Scorer(Protocol):
    """Judges an answer in the shape of the batch door, so that it can judge other products too."""

    def __call__(self, row: Row, answer: Row) -> dict[str, Any]:
        """`{"passed": bool | None, "reasons": [...]}`; None where the gold cannot tell."""
        ...


def run_record_qa(
    rows: Sequence[Row],
    assistant: AsksQuestions,
    score: Scorer,
    run_id: str,
    progress: Progress | None = None,
    planting: Planting = nullcontext,
    shape: Shape | None = None,
) -> list[CaseResult]:
    """The result of each row, in order. One row that breaks never stops the rest.

    Args:
        rows: The gold.
        assistant: What answers.
        score: What judges an answer.
        run_id: The owner of the conversations of this run, whom nobody is; the caller deletes them.
        progress: Called after each row.
        planting: Puts a row's `extra_notes` into the chart and takes them out again.
        shape: Gives the scorer more of the answer than `batch_row`.
    """
    results = []
    for number, row in enumerate(rows, 1):
        results.append(run_case(row, assistant, score, run_id, planting, shape))
        if progress:
            progress(number, len(rows), str(row["id"]))
    return results


def warm_up(rows: Sequence[Row], assistant: AsksQuestions, run_id: str) -> None:
    """Asks the first question once, unscored, so that loading the models is not counted as answer time."""
    for row in rows[:1]:
        try:
            _ask(row, assistant, run_id, "warm-up")
        except Exception:  # the scored run meets the same fault and reports it
            return


def run_case(
    row: Row,
    assistant: AsksQuestions,
    score: Scorer,
    run_id: str,
    planting: Planting = nullcontext,
    shape: Shape | None = None,
) -> CaseResult:
    """Asks and scores one row. A crash while answering fails the case; a crash while scoring leaves it ungraded."""
    known: dict[str, Any] = {"id": str(row["id"]), "category": str(row.get("category", ""))}
    known["question"] = " → ".join(questions(row)) or ""
    try:
        with planting(row):
            answer, seconds = _ask(row, assistant, run_id, str(row["id"]))
    except Exception as error:
        kind = error.kind if isinstance(error, ChartTwinError) else type(error).__name__
        reason = f"answering raised {kind}"
        return CaseResult(**known, outcome=Outcome.FAILED, error=kind, reasons=(reason,))
    known |= {"answer": answer.text, "citations": tuple(c.evidence.ref for c in answer.citations), "latency_s": seconds}
    known["detail"] = _trace(answer)
    try:
        verdict = score(row, shape(row, answer) if shape else batch_row(answer))
        passed, reasons = verdict["passed"], tuple(str(reason) for reason in verdict["reasons"])
        if row["expect"].get("conflict") and not answer.conflicts:
            passed, reasons = False, (*reasons, "does not show the conflict")
    except Exception as error:
        fault = f"the scorer raised {type(error).__name__}"
        return CaseResult(**known, outcome=Outcome.UNGRADED, error=fault, reasons=(fault,))
    outcome = Outcome.UNGRADED if passed is None else Outcome.PASSED if passed else Outcome.FAILED
    return CaseResult(**known, outcome=outcome, reasons=reasons)


def batch_row(answer: Answer) -> Row:
    """The answer as a scorer reads it: the fields of the batch door, and what the answer says of itself."""
    return {
        "answer_text": answer.text,
        "citations": [citation.evidence.ref for citation in answer.citations],
        "warnings": list(answer.warnings),
        "conflicts": [conflict.model_dump(mode="json") for conflict in answer.conflicts],
        "tool_calls": [call.name for call in answer.tool_calls],
        "abstained": answer.abstained,
        "refused": answer.refused,
    }


def questions(row: Row) -> list[str]:
    """The questions of a row in the order they are asked; the last one is scored."""
    turns = [turn["question"] if isinstance(turn, dict) else turn for turn in row.get("turns") or ()]
    last = row.get("question")
    if last and (not turns or turns[-1] != last):
        turns.append(last)
    return [str(turn) for turn in turns]


def _ask(row: Row, assistant: AsksQuestions, run_id: str, thread_id: str) -> tuple[Answer, float]:
    asked = questions(row)
    if not asked:
        raise ValueError("the row has no question")
    as_of = moment(row["as_of"]) if row.get("as_of") else None
    # A thread only where there is something to remember.
    thread = thread_id if len(asked) > 1 else None
    for question in asked[:-1]:
        assistant.ask(row["patient_id"], question, as_of=as_of, thread_id=thread, owner=run_id)
    start = perf_counter()
    answer = assistant.ask(row["patient_id"], asked[-1], as_of=as_of, thread_id=thread, owner=run_id)
    return answer, perf_counter() - start


def _trace(answer: Answer) -> dict[str, Any]:
    calls = ", ".join(call.name for call in answer.tool_calls)
    flags = [name for name in ("abstained", "refused") if getattr(answer, name)]
    return {name: value for name, value in (("tools", calls), ("flags", ", ".join(flags))) if value}
