"""How surely sentences of notes are told to answer a question: precision and recall over the limits, and the fit.

    python benchmarks/note_answers.py [--cases FILE] [--fit]

Reads charts of notes with questions and the places that answer them (none for what no note tells). Prints how often the
best sentence answers, and over the likelihood how many questions get a right quote and how many of the others get any.
With `--fit` the numbers of `tools/data/note_judgement.json` are fitted anew and written; the limits stay as they are.
Nothing in it is drawn at random: the fit is the maximum of a penalised likelihood, reached from the same start.
"""

from __future__ import annotations

import argparse
import base64
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.assembly import Services
from app.settings import load_settings
from evals.gold import CASES, read_rows
from knowledge_base.ingest import ingest_paths
from tools.context import ToolContext
from tools.notes.judgement import Signs, judgement
from tools.notes.passages import Found, rank_sentences
from tools.notes.search import notes_in

PACKAGED = Path(__file__).parent.parent / "tools" / "data" / "note_judgement.json"
_CONSIDERED = 12  # the best sentences of each question
_QUOTED = 3
_PENALTY = 1.0
Array = npt.NDArray[np.float64]
Ranked = list[tuple[Found, bool]]


def main() -> None:
    """Rank, print and, where asked, fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, default=CASES / "note_passages" / "tune.jsonl")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ranked = list(_ranked(read_rows(options.cases), Path(folder)))
    if options.fit:
        _write(*_fitted(ranked))
        judgement.cache_clear()
    _print(ranked)


def _ranked(charts: list[dict[str, Any]], folder: Path) -> Iterator[tuple[bool, Ranked]]:
    """Each question: whether a note tells it, and its sentences, best first, with whether they do."""
    services = Services(load_settings(data_dir=folder / "data"))
    bundles = []
    for chart in charts:
        path = folder / f"{chart['id']}.json"
        path.write_text(json.dumps(_bundle(chart)), encoding="utf-8")
        bundles.append(path)
    ingest_paths(bundles, services.store, services.index, services.nlp)
    for chart in charts:
        ctx = ToolContext(services.store, chart["id"], datetime(2030, 1, 1, tzinfo=UTC), services.twin, services.index)
        notes = notes_in(ctx, None)
        for asked in chart["asked"]:
            told = [(f"{chart['id']}-{n}", start, end) for n, start, end in asked["told"]]
            found = rank_sentences(ctx, asked["question"], notes)
            yield (
                bool(told),
                [(f, any(f.note_id == n and f.start < b and a < f.end for n, a, b in told)) for f in found],
            )


def _bundle(chart: dict[str, Any]) -> dict[str, Any]:
    patient: dict[str, Any] = {"resourceType": "Patient", "id": chart["id"]}
    notes = [
        {
            "resourceType": "DocumentReference", "id": f"{chart['id']}-{n}", "status": "current",
            "subject": {"reference": f"Patient/{chart['id']}"}, "date": note["date"], "type": {"text": note["title"]},
            "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "title": note["title"],
                                        "data": base64.b64encode(note["text"].encode()).decode()}}],
        }
        for n, note in enumerate(chart["notes"])
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (patient, *notes)]}


def _fitted(ranked: list[tuple[bool, Ranked]]) -> tuple[float, dict[str, float], int]:
    """The maximum of the penalised likelihood, by Newton's method on the standardised signs."""
    rows = [(f.signs, right) for is_told, found in ranked if _fair(is_told, found) for f, right in found[:_CONSIDERED]]
    signs: Array = np.array([[float(value) for value in s] for s, _ in rows])
    wanted: Array = np.array([float(right) for _, right in rows])
    mean, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-9
    inputs = np.column_stack([np.ones(len(rows)), (signs - mean) / spread])
    penalty = np.diag([0.0, *[_PENALTY] * signs.shape[1]])
    found = np.zeros(inputs.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-inputs @ found))
        slope = inputs.T @ (wanted - likely) - penalty @ found
        step = np.linalg.solve((inputs * (likely * (1 - likely))[:, None]).T @ inputs + penalty, slope)
        found += step
        if np.abs(step).max() < 1e-9:
            break
    weights = found[1:] / spread
    return float(found[0] - weights @ mean), dict(zip(Signs._fields, weights.round(4), strict=True)), len(rows)


def _fair(is_told: bool, found: Ranked) -> bool:
    """A question whose answer the splitting of sentences lost teaches nothing."""
    return bool(found) and (not is_told or any(right for _, right in found))


def _write(intercept: float, weights: dict[str, float], rows: int) -> None:
    kept = json.loads(PACKAGED.read_text(encoding="utf-8"))
    kept |= {"fitted": f"{rows} sentences of evals/cases/note_passages/tune.jsonl", "intercept": round(intercept, 4)}
    PACKAGED.write_text(json.dumps(kept | {"weights": weights}, indent=1) + "\n", encoding="utf-8")


def _print(ranked: list[tuple[bool, Ranked]]) -> None:
    told = [found for is_told, found in ranked if is_told and _fair(is_told, found)]
    untold = [found for is_told, found in ranked if not is_told]
    print(f"{len(told)} questions that a note tells, {len(untold)} that none does")
    first = np.mean([found[0][1] for found in told])
    among = np.mean([any(right for _, right in found[:_QUOTED]) for found in told])
    print(f"best sentence right {first:.1%}, among the best {_QUOTED} {among:.1%}")
    print("likelihood    right quote    any quote where none tells")
    for limit in (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5):
        right = np.mean([any(r and _likely(f) >= limit for f, r in found[:_QUOTED]) for found in told])
        wrong = np.mean([any(_likely(f) >= limit for f, _ in found[:_QUOTED]) for found in untold])
        print(f"{limit:10.2f} {right:13.1%} {wrong:21.1%}")


def _likely(found: Found) -> float:
    return judgement().likelihood(found.signs)


if __name__ == "__main__":
    main()
