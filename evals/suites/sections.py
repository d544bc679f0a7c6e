"""Section headers of free-form notes: which were found, and under which category."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from evals.metrics.agreement import Counts
from evals.report import CaseResult, Figure, Outcome, proportion
from evals.suites.extraction import bootstrapped

FindSections = Callable[[str], Sequence[Any]]
Progress = Callable[[int, int, str], None]


# The gold was written with coarser categories than the product's: where ours is a part of one of them.
_COARSER = {
    "administrative": "other",
    "anesthesia": "other",
    "blood_loss_and_fluids": "other",
    "complications": "other",
    "consent": "other",
    "diet_and_activity": "other",
    "disposition": "discharge",
    "labs_and_studies": "laboratory",
    "operative_details": "other",
    "procedures": "procedure",
    "specimens": "laboratory",
    "technique": "procedure",
}


class JudgedNote(NamedTuple):
    """One note: its case for the report, its counts, and whether each header found has its category."""

    case: CaseResult
    counts: Counts
    categories: tuple[bool, ...]


def run_sections(
    rows: Sequence[dict[str, Any]], find_sections: FindSections, progress: Progress | None = None
) -> list[JudgedNote]:
    """Judges rows `{id, text, headers: [{start, end, category}]}` in order."""
    judged = []
    for number, row in enumerate(rows, 1):
        judged.append(_judge(row, find_sections))
        if progress:
            progress(number, len(rows), row["id"])
    return judged


def _judge(row: dict[str, Any], find_sections: FindSections) -> JudgedNote:
    text = row["text"]
    gold = {
        (header["start"], _normal(text[header["start"] : header["end"]])): header["category"]
        for header in row["headers"]
    }
    try:
        sections = [section for section in find_sections(text) if section.title]
    except Exception as fault:  # one note that breaks must not end a run
        case = CaseResult(id=row["id"], outcome=Outcome.FAILED, question=text, error=type(fault).__name__)
        return JudgedNote(case, Counts(0, 0, len(gold)), ())
    found = {(text.find(s.title, s.start), _normal(s.title)): _COARSER.get(s.category, s.category) for s in sections}
    right = gold.keys() & found.keys()
    counts = Counts(len(right), len(found) - len(right), len(gold) - len(right))
    reasons = [f"missed: {title}" for start, title in sorted(gold.keys() - right)]
    reasons += [f"not a header: {title}" for start, title in sorted(found.keys() - right)]
    outcome = Outcome.FAILED if reasons else Outcome.PASSED
    case = CaseResult(id=row["id"], outcome=outcome, question=text, reasons=tuple(reasons))
    return JudgedNote(case, counts, tuple(gold[header] == found[header] for header in sorted(right)))


def _normal(title: str) -> str:
    return re.sub(r"[\W_]+", " ", title).strip().lower()


def section_figures(judged: Sequence[JudgedNote], seed: int) -> list[Figure]:
    """Precision, recall and F1 of headers (same place, same title), and how many of those have the right category."""
    counts = [note.counts for note in judged]
    figures = [
        bootstrapped(f"header {metric}", "all", counts, metric, seed) for metric in ("precision", "recall", "f1")
    ]
    verdicts = [Outcome.PASSED if right else Outcome.FAILED for note in judged for right in note.categories]
    return [*figures, proportion("category accuracy", "all", verdicts)]
