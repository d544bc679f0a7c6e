"""Calculated answers over labelled notes, by MedCalc-Bench's official rule: its conventions and the textbook side by side.

Rows are `{id, calculator_id, calculator_name, category, output_type, version, fold, patient_note, question,
ground_truth_answer, lower_limit, upper_limit}`. The licence of that data does not let us ship it.
"""

from __future__ import annotations

import gzip
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import InvalidInput
from evals.medcalc import CONVENTIONS, RELEASES, MedCalcBench
from evals.report import CaseResult, Figure, Outcome, latency_figures, proportion
from evals.scorers.note_calculators import RULE_BASED, is_right, unquoted
from tools.calculation import Calculated, NoteCalculator
from tools.calculation.confidence import CONVENTION

Progress = Callable[[int, int, str], None]
FOLDS = {"tune": "012", "held": "34", "both": "01234"}
COVERAGES = (50, 60, 80)
_BINS = 10
_WORST = 10
_NEEDED = (
    "id", "calculator_id", "calculator_name", "category", "output_type", "version", "patient_note", "question",
    "ground_truth_answer",
)  # fmt: skip


class JudgedAnswer(NamedTuple):
    """One row: the answer under its release's conventions and whether it is right, the textbook's, and the case."""

    case: CaseResult
    answer: Calculated
    right: bool
    textbook: Calculated
    textbook_right: bool
    calculator: str
    unquoted: tuple[str, ...]

    @property
    def group(self) -> str:
        """Equations, or rule-based scores."""
        return "rule-based" if self.case.category in RULE_BASED else "equations"


def read_labelled(path: Path, split: str = "both", limit: int | None = None) -> list[dict[str, Any]]:
    """The rows of the wanted folds: `tune` (0 to 2), `held` (3 and 4), `both`, or digits of folds.

    Raises:
        InvalidInput: the file is missing or is not such rows, or the split is none.
    """
    folds = FOLDS.get(split, split)
    if not folds or not set(folds) <= set("01234"):
        raise InvalidInput(f"no split {split!r}; there are: tune, held, both, or folds such as 012")
    if not path.is_file():
        raise InvalidInput(f"there is no notes file {path.name}", file=path.name)
    opener = gzip.open if path.suffix == ".gz" else open
    rows = []
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row = _row(line)
            if row is None:
                raise InvalidInput(f"{path.name}, line {number}: not a labelled row", file=path.name, line=number)
            if str(row.get("fold", 0)) in folds:
                rows.append(row)
    return rows[:limit]


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    known = isinstance(row, dict) and all(name in row for name in _NEEDED) and row["version"] in RELEASES
    return row if known else None


def run_note_calculators(rows: Sequence[dict[str, Any]], progress: Progress | None = None) -> list[JudgedAnswer]:
    """Answers every row as the textbook has it and as the conventions of its release have it."""
    from twin_backend import build_twin

    twin = build_twin(keep_runs=1)
    textbook = NoteCalculator(twin)
    by_release = {name: NoteCalculator(twin, MedCalcBench(name)) for name in RELEASES}
    if rows:
        textbook(rows[0]["patient_note"], rows[0]["question"])  # loads the pipeline, which is no answer's time
    judged = []
    for number, row in enumerate(rows, 1):
        judged.append(_judge(row, textbook, by_release[row["version"]]))
        if progress:
            progress(number, len(rows), str(row["id"]))
    return judged


def _judge(row: dict[str, Any], textbook: NoteCalculator, conventions: NoteCalculator) -> JudgedAnswer:
    text, question, error = row["patient_note"], row["question"], ""
    plain = answer = Calculated()
    start = time.perf_counter()
    seconds = None
    try:
        plain = textbook(text, question)
        seconds = time.perf_counter() - start
        answer = conventions(text, question)
    except Exception as fault:  # one note that breaks must not end a run
        error = type(fault).__name__
    right, plain_right = is_right(row, answer.answer), is_right(row, plain.answer)
    missing = tuple(unquoted(text, answer))
    case = CaseResult(
        id=str(row["id"]), category=row["category"], outcome=Outcome.PASSED if right else Outcome.FAILED,
        question=question, answer=_shown(answer), reasons=() if right else (f"label {row['ground_truth_answer']}",),
        error=error, latency_s=seconds,
        detail={
            "calculator": row["calculator_name"], "release": row["version"], "confidence": answer.confidence,
            "textbook": _shown(plain), "inputs": [f"{i.name}: {i.quote}" for i in answer.inputs if i.span],
            "assumed": list(answer.assumptions), "not_quoted": list(missing),
        },
    )  # fmt: skip
    return JudgedAnswer(case, answer, right, plain, plain_right, row["calculator_name"], missing)


def _shown(answer: Calculated) -> str:
    return f"no answer: {answer.reason}" if answer.answer is None else str(answer.answer)


# --- figures ----------------------------------------------------------------------------------------------------------


def note_calculator_figures(judged: Sequence[JudgedAnswer], seed: int) -> list[Figure]:
    """Shares right and answered, quotes, precision by coverage, reliability, conventions, and times."""
    groups = _grouped(judged)
    named = list(groups.items())
    figures = [_share("accuracy", name, [j.right for j in items]) for name, items in named]
    figures += [_share("textbook accuracy", name, [j.textbook_right for j in items]) for name, items in named]
    kinds = [(name, groups[name]) for name in ("all", "equations", "rule-based") if name in groups]
    for name, items in kinds:
        given = [j for j in items if j.answer.answer is not None]
        figures.append(_share("answered", name, [j.answer.answer is not None for j in items]))
        figures.append(_share("every span quotes what was used", name, [not j.unquoted for j in given]))
    for coverage in COVERAGES:
        for name, items in kinds:
            kept = _surest(items, coverage)
            figures.append(_share(f"precision at {coverage} % coverage", name, [j.right for j in kept]))
    figures += _reliability(judged)
    figures += _by_convention(judged)
    figures += [
        _share("accuracy by calculator", name, [j.right for j in items])
        for name, items in sorted(_by(judged, lambda j: j.calculator).items())
    ]
    seconds = [j.case.latency_s for j in judged if j.case.latency_s is not None]
    return [*figures, *latency_figures(seconds, seed)]


def _grouped(judged: Sequence[JudgedAnswer]) -> dict[str, list[JudgedAnswer]]:
    return {
        "all": list(judged),
        **_by(judged, lambda j: j.group),
        **_by(judged, lambda j: j.case.category),
        **_by(judged, lambda j: f"labels {j.case.detail['release']}"),
    }


def _by(judged: Iterable[JudgedAnswer], key: Callable[[JudgedAnswer], str]) -> dict[str, list[JudgedAnswer]]:
    groups: dict[str, list[JudgedAnswer]] = defaultdict(list)
    for item in judged:
        groups[key(item)].append(item)
    return dict(sorted(groups.items()))


def _share(name: str, group: str, verdicts: Sequence[bool]) -> Figure:
    return proportion(name, group, [Outcome.PASSED if verdict else Outcome.FAILED for verdict in verdicts])


def _surest(items: Sequence[JudgedAnswer], coverage: int) -> list[JudgedAnswer]:
    """The surest answers, as many as that share of the questions; fewer where fewer were answered."""
    given = [item for item in items if item.answer.answer is not None]
    ranked = sorted(given, key=lambda item: (-item.answer.confidence, item.case.id))
    return ranked[: round(coverage * len(items) / 100)]


def _reliability(judged: Sequence[JudgedAnswer]) -> list[Figure]:
    """The share right in each tenth of confidence, and the mean distance of the two (expected calibration error)."""
    given = [item for item in judged if item.answer.answer is not None]
    bins: dict[int, list[JudgedAnswer]] = defaultdict(list)
    for item in given:
        bins[min(_BINS - 1, int(item.answer.confidence * _BINS))].append(item)
    figures, error = [], 0.0
    for place, items in sorted(bins.items()):
        stated = sum(item.answer.confidence for item in items) / len(items)
        figure = _share("reliability", f"confidence {place / _BINS:.1f} to {(place + 1) / _BINS:.1f}, mean {stated:.2f}",
                        [item.right for item in items])  # fmt: skip
        figures.append(figure)
        error += len(items) * abs(stated - (figure.value or 0.0))
    if given:
        figures.append(Figure(name="expected calibration error", value=error / len(given), n=len(given), unit="points"))
    return figures


def _by_convention(judged: Sequence[JudgedAnswer]) -> list[Figure]:
    """Of the answers that each convention changes: how many are right with it, and how many the textbook has right."""
    changed: dict[str, list[JudgedAnswer]] = {name: [] for name in CONVENTIONS}
    for item in judged:
        for name in _conventions_of(item):
            changed[name].append(item)
    return [
        _share(name, convention, [verdict(item) for item in items])
        for convention, items in changed.items()
        if items
        for name, verdict in (
            ("right with convention", lambda item: item.right),
            ("right by the textbook instead", lambda item: item.textbook_right),
        )
    ]


def _conventions_of(item: JudgedAnswer) -> list[str]:
    if item.answer.answer == item.textbook.answer:
        return []
    named = [name for name in CONVENTIONS if any(w.startswith(f"{CONVENTION} {name}:") for w in item.answer.warnings)]
    return named or ["no_domain"]


def worst_calculators(judged: Sequence[JudgedAnswer]) -> str:
    """The calculators with the most wrong answers, with counts."""
    wrong = {
        name: (sum(not item.right for item in items), len(items))
        for name, items in _by(judged, lambda j: j.calculator).items()
    }
    ranked = sorted(wrong.items(), key=lambda pair: (-pair[1][0], pair[0]))[:_WORST]
    return "Most wrong answers: " + "; ".join(f"{name} {missed} of {n}" for name, (missed, n) in ranked) + "."
