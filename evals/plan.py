"""What a suite is run with, what it measures, and the halves of a gold side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import InvalidInput
from evals.report import CaseResult, Figure

Progress = Callable[[int, int, str], None]
HALVES = ("tune", "held")
CLOSED = "The cases of the held half are given by id only, so that nobody tunes to them."


class Plan(NamedTuple):
    """What one suite is run with."""

    services: Any
    seed: int
    limit: int | None
    progress: Progress | None
    bundles: Path | None
    split: str
    notes: Path | None = None


class Measured(NamedTuple):
    """What a suite gives to its report."""

    figures: list[Figure]
    cases: list[CaseResult]
    remarks: tuple[str, ...] = ()


def halves(plan: Plan) -> tuple[str, ...]:
    """The halves that are asked for.

    Raises:
        InvalidInput: there is no such half.
    """
    if plan.split not in (*HALVES, "both"):
        raise InvalidInput(f"no split {plan.split!r}; there are: tune, held, both", accepted=[*HALVES, "both"])
    return HALVES if plan.split == "both" else (plan.split,)


def closed(case: CaseResult) -> CaseResult:
    """The case without anything that could be tuned to."""
    return case.model_copy(update={"question": "", "answer": "", "citations": (), "reasons": (), "detail": {}})


def by_half(plan: Plan, run: Callable[[str], Measured]) -> Measured:
    """The halves side by side: each figure's group says whose it is, and the held cases stay closed."""
    figures: list[Figure] = []
    cases: list[CaseResult] = []
    for half in halves(plan):
        measured = run(half)
        figures += [
            figure.model_copy(update={"group": half if figure.group == "all" else f"{half}, {figure.group}"})
            for figure in measured.figures
        ]
        cases += [closed(case) if half == "held" else case for case in measured.cases]
    return Measured(figures, cases, (CLOSED,) if "held" in halves(plan) else ())


def unknown_patients(rows: Sequence[dict[str, Any]], store: Any) -> list[str]:
    """The patients of the rows that are not in the store."""
    known = {patient.id for patient in store.patients()}
    return sorted({str(row.get("patient_id")) for row in rows} - known)


def require_patients(rows: Sequence[dict[str, Any]], store: Any, remedy: str) -> None:
    """Pass when the patients of the rows are loaded.

    Raises:
        InvalidInput: some are not; the remedy is told.
    """
    missing = unknown_patients(rows, store)
    if missing:
        raise InvalidInput(f"{len(missing)} of the suite's patients are not in the record store; {remedy}")
