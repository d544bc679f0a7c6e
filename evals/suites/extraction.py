"""Facts read from notes, against marked spans. Resampling is by note: the spans of one note are not independent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from domain.errors import ChartTwinError, InvalidInput
from domain.facts import Assertion, Fact, Frozen, Note
from evals.gold import read_rows
from evals.metrics.agreement import Counts, total
from evals.metrics.intervals import bootstrap, wilson
from evals.report import CaseResult, Figure, Outcome, measured, proportion
from evals.scorers.extraction import ATTRIBUTES, GoldSpan, NoteScore, score_note

Extract = Callable[[Note], list[Fact]]
Progress = Callable[[int, int, str], None]


class GoldNote(Frozen):
    """A note with its marked spans; `complete` where every entity of the marked kinds was marked."""

    note: Note
    spans: tuple[GoldSpan, ...]
    category: str = ""
    complete: bool = True


class NoteRun(Frozen):
    """The outcome of one note: its case for the report, and its counts unless extraction or scoring broke."""

    case: CaseResult
    score: Any = None


def read_gold_notes(path: Path) -> list[GoldNote]:
    """The notes of a gold file: rows `{id, text, gold: [{start, end, text, kind, concept_id, is_..., value, unit}]}`.

    Raises:
        InvalidInput: the file cannot be read, or a span does not hold the characters it says; all are listed.
    """
    rows = read_rows(path)
    notes = [_gold_note(row) for row in rows]
    faults = [
        f"{note.note.id}: {span.text!r} does not stand at {span.start}"
        for note in notes
        for span in note.spans
        if note.note.text[span.start : span.end] != span.text
    ]
    if faults:
        raise InvalidInput(f"{path.name}: {'; '.join(faults[:10])}", file=path.name, faults=faults)
    return notes


def _gold_note(row: dict[str, Any]) -> GoldNote:
    spans = []
    for marked in row["gold"]:
        assertion = Assertion(**{name: marked[name] for name in ATTRIBUTES if name in marked})
        spans.append(GoldSpan(**{k: v for k, v in marked.items() if k in GoldSpan.model_fields}, assertion=assertion))
    note = Note(id=row["id"], patient_id=row.get("patient_id", "gold"), text=row["text"])
    return GoldNote(note=note, spans=tuple(spans), category=row.get("category", ""), complete=row.get("complete", True))


def run_extraction(notes: Sequence[GoldNote], extract: Extract, progress: Progress | None = None) -> list[NoteRun]:
    """Extracts and scores each note, in order. One note that breaks never stops the rest."""
    runs = []
    for number, gold in enumerate(notes, 1):
        runs.append(run_note(gold, extract))
        if progress:
            progress(number, len(notes), gold.note.id)
    return runs


def run_note(gold: GoldNote, extract: Extract) -> NoteRun:
    """One note. A crash while extracting misses every span; a crash while scoring leaves the note ungraded."""
    known: dict[str, Any] = {"id": gold.note.id, "category": gold.category, "question": gold.note.text}
    start = perf_counter()
    try:
        facts = extract(gold.note)
    except Exception as error:
        kind = error.kind if isinstance(error, ChartTwinError) else type(error).__name__
        reasons = (f"extraction raised {kind}",)
        case = CaseResult(**known, outcome=Outcome.FAILED, error=kind, reasons=reasons)
        return NoteRun(case=case, score=score_note(gold.spans, [], complete=gold.complete))
    known["latency_s"] = perf_counter() - start
    try:
        score = score_note(gold.spans, facts, complete=gold.complete)
    except Exception as error:
        fault = f"the scorer raised {type(error).__name__}"
        return NoteRun(case=CaseResult(**known, outcome=Outcome.UNGRADED, error=fault, reasons=(fault,)))
    outcome = Outcome.FAILED if score.faults else Outcome.PASSED
    detail = {"spans": len(gold.spans), "facts": len(facts)}
    return NoteRun(case=CaseResult(**known, outcome=outcome, reasons=score.faults, detail=detail), score=score)


def extraction_figures(runs: Sequence[NoteRun], seed: int, *, complete: bool = True) -> list[Figure]:
    """Entity precision, recall and F1 (exact and overlapping), F1 of each assertion, and accuracy of codes and values.

    Args:
        runs: The runs of `run_extraction`.
        seed: Seed of the bootstrap.
        complete: Whether the gold marks every entity of its kinds; if not, only recall is reported for entities.
    """
    scores: list[NoteScore] = [run.score for run in runs if run.score is not None]
    figures: list[Figure] = []
    for name in ("overlap", "exact"):
        counts = [getattr(score, name) for score in scores]
        for metric in ("precision", "recall", "f1") if complete else ("recall",):
            figures.append(bootstrapped(f"entity {metric}, {name}", "all", counts, metric, seed))
    for kind in sorted({kind for score in scores for kind in score.kinds}):
        counts = [score.kinds.get(kind, Counts()) for score in scores]
        figures.append(
            bootstrapped(
                f"entity {'f1' if complete else 'recall'}, overlap", kind, counts, "f1" if complete else "recall", seed
            )
        )
    for attribute in ATTRIBUTES:
        counts = [score.assertions[attribute] for score in scores]
        figures.append(bootstrapped("assertion f1", attribute, counts, "f1", seed))
    for label, field in (("concept accuracy", "concepts"), ("value accuracy", "values")):
        verdicts = [right for score in scores for right in getattr(score, field)]
        figures.append(proportion(label, "all", [Outcome.PASSED if right else Outcome.FAILED for right in verdicts]))
    return figures


def bootstrapped(name: str, group: str, counts: Sequence[Counts], metric: str, seed: int) -> Figure:
    """One figure of counts that add up: the interval resamples the units that they were counted in."""

    def statistic(sample: Sequence[Counts]) -> float | None:
        value: float | None = getattr(total(sample), metric)
        return value

    summed = total(counts)
    n = {"precision": summed.true_positive + summed.false_positive}.get(
        metric, summed.true_positive + summed.false_negative
    )
    value, interval = statistic(counts), bootstrap(counts, statistic, seed=seed)
    if value in (0.0, 1.0):
        # Resampling a flawless sample is flawless every time: Wilson's interval says what so many spans can show.
        return measured(name, value, wilson(int(value) * n, n), n, group=group).model_copy(
            update={"interval": "Wilson"}
        )
    return measured(name, value, interval, n, group=group)
