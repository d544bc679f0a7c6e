"""How surely sentences of notes are told to answer a question: precision and recall over the limits, and the fit.

    python benchmarks/note_answers.py [--cases FILE ...] [--fit | --fit-pieces]

Reads charts of notes with questions and the places that answer them (none for what no note tells). Prints how often the
best sentence answers, and over the likelihood how many questions get a right quote and how many of the others get any.
With `--fit` the numbers of `tools/data/note_judgement.json` are fitted anew and written; the limits stay as they are.
With `--fit-pieces` the directions and the rarity of word pieces (`knowledge_base/data/word_pieces.npz`) are worked out
anew from the sentences of the charts, after which the rest has to be fitted too.
Before that it prints what the fit gives for charts that were left out of it. Nothing is drawn at random: both fits are the
maximum of a penalised likelihood, reached from the same start.
"""

from __future__ import annotations

import argparse
import base64
import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from app.assembly import Services
from app.settings import load_settings
from domain.facts import Note
from evals.gold import CASES, read_rows
from knowledge_base import word_pieces
from knowledge_base.embedding import MiniLM, embedded_model
from knowledge_base.ingest import ingest_paths
from tools.context import ToolContext
from tools.notes.judgement import Judgement, Signs, judgement
from tools.notes.passages import Found, rank_sentences
from tools.notes.search import notes_in
from tools.notes.sentences import note_texts

PASSAGES = CASES / "note_passages"
PACKAGED = Path(__file__).parent.parent / "tools" / "data" / "note_judgement.json"
_QUOTED = 3
_PENALTY, _PENALTY_OF_ORDER = 1.0, 3.0
_WRONG_COUNT = 30.0  # the most that all wrong sentences of a question count together, as long charts have hundreds
_FOLDS = 6
_DIRECTIONS, _VOCABULARY = 128, 30_522
Array = npt.NDArray[Any]
Ranked = list[tuple[Found, bool]]


def main() -> None:
    """Rank, print and, where asked, fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, nargs="+", default=[PASSAGES / "tune.jsonl", PASSAGES / "charts.jsonl"])
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--fit-pieces", action="store_true")
    options = parser.parse_args()
    charts = [row for cases in options.cases for row in read_rows(cases)]
    if options.fit_pieces:
        return _write_pieces(charts)
    with tempfile.TemporaryDirectory() as folder:
        ranked = list(_ranked(charts, Path(folder)))
    if options.fit:
        _print_left_out(ranked)
        _write(_fitted(ranked))
        judgement.cache_clear()
    _print([(is_told, _ordered(found, judgement())) for _, is_told, found in ranked], judgement())


def _ranked(charts: list[dict[str, Any]], folder: Path) -> Iterator[tuple[str, bool, Ranked]]:
    """Each question: its chart, whether a note tells it, and its sentences with whether they do."""
    services = Services(load_settings(data_dir=folder / "data"))
    bundles = []
    for chart in charts:
        path = folder / f"{chart['id']}.json"
        path.write_text(json.dumps(_bundle(chart)), encoding="utf-8")
        bundles.append(path)
    ingest_paths(bundles, services.store, services.index, services.nlp)
    for chart in charts:
        ctx = ToolContext(services.store, chart["id"], _day_after(chart), services.twin, services.index)
        notes = notes_in(ctx, None)
        for asked in chart["asked"]:
            told = [(f"{chart['id']}-{n}", start, end) for n, start, end in asked["told"]]
            found = rank_sentences(ctx, asked["question"], notes)
            yield (
                chart["id"],
                bool(told),
                [(f, any(f.note_id == n and f.start < b and a < f.end for n, a, b in told)) for f in found],
            )


def _day_after(chart: dict[str, Any]) -> datetime:
    """The day after the last note: "in October" is asked of its year."""
    dates = (datetime.fromisoformat(note["date"]) for note in chart["notes"])
    return max(d if d.tzinfo else d.replace(tzinfo=UTC) for d in dates) + timedelta(days=1)


def _bundle(chart: dict[str, Any]) -> dict[str, Any]:
    patient: dict[str, Any] = {"resourceType": "Patient", "id": chart["id"]}
    notes = [
        {
            "resourceType": "DocumentReference", "id": f"{chart['id']}-{n}", "status": "current",
            "subject": {"reference": f"Patient/{chart['id']}"}, "date": note["date"], "type": {"text": note["title"]},
            "author": [{"display": note["author"]}] if note.get("author") else [],
            "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "title": note["title"],
                                        "data": base64.b64encode(note["text"].encode()).decode()}}],
        }
        for n, note in enumerate(chart["notes"])
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (patient, *notes)]}


def _fitted(ranked: Sequence[tuple[str, bool, Ranked]]) -> Judgement:
    """The judgement with both fits; its limits are the packaged ones."""
    asked = [
        (np.array([[float(value) for value in f.signs] for f, _ in found]), np.array([right for _, right in found]))
        for _, is_told, found in ranked
        if _fair(is_told, found)
    ]
    intercept, weights = _likelihood(asked)
    named = [dict(zip(Signs._fields, fit.round(4).tolist(), strict=True)) for fit in (weights, _order(asked))]
    return judgement().model_copy(update={"intercept": round(intercept, 4), "weights": named[0], "order": named[1]})


def _likelihood(asked: Sequence[tuple[Array, Array]]) -> tuple[float, Array]:
    """The maximum of the penalised likelihood of a logistic regression, by Newton's method on the standardised signs."""
    signs = np.vstack([x for x, _ in asked])
    wanted = np.concatenate([y for _, y in asked]).astype(float)
    count = np.concatenate([np.where(y, 1.0, min(1.0, _WRONG_COUNT / max(1, (~y).sum()))) for _, y in asked])
    mean = np.average(signs, axis=0, weights=count)
    spread = np.sqrt(np.average((signs - mean) ** 2, axis=0, weights=count)) + 1e-9
    inputs = np.column_stack([np.ones(len(signs)), (signs - mean) / spread])
    penalty = np.diag([0.0, *[_PENALTY] * signs.shape[1]])
    found = np.zeros(inputs.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-inputs @ found))
        slope = inputs.T @ (count * (wanted - likely)) - penalty @ found
        step = np.linalg.solve((inputs * (count * likely * (1 - likely))[:, None]).T @ inputs + penalty, slope)
        found += step
        if np.abs(step).max() < 1e-9:
            break
    weights = found[1:] / spread
    return float(found[0] - weights @ mean), weights


def _order(asked: Sequence[tuple[Array, Array]]) -> Array:
    """The maximum of the penalised likelihood that one of the right sentences comes first, over the questions that are told."""
    told = [(x, y) for x, y in asked if y.any()]
    spread = np.vstack([x for x, _ in told]).std(axis=0) + 1e-9

    def loss(weights: Array) -> tuple[float, Array]:
        value, slope = 0.5 * _PENALTY_OF_ORDER * weights @ weights, _PENALTY_OF_ORDER * weights
        for signs, right in told:
            inputs = signs / spread
            score = inputs @ weights
            chance = np.exp(score - score.max())
            among = chance * right
            value -= np.log(among.sum() / chance.sum())
            slope = slope - inputs.T @ (among / among.sum() - chance / chance.sum())
        return float(value), slope

    return np.asarray(minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B").x / spread)


def _print_left_out(ranked: Sequence[tuple[str, bool, Ranked]]) -> None:
    """What fits give for the charts that they did not see, a sixth of them at a time."""
    charts = sorted({chart for chart, _, _ in ranked})
    right: list[tuple[bool, bool]] = []
    for fold in range(_FOLDS):
        left = set(charts[fold::_FOLDS])
        fitted = _fitted([row for row in ranked if row[0] not in left])
        for chart, is_told, sentences in ranked:
            if chart in left and _fair(is_told, sentences):
                ordered = _ordered(sentences, fitted)
                right += [(ordered[0][1], any(r for _, r in ordered[:_QUOTED]))] if is_told else []
    first, among = np.mean(right, axis=0)
    print(f"left out: best sentence right {first:.1%}, among the best {_QUOTED} {among:.1%} of {len(right)}")


def _ordered(found: Ranked, by: Judgement) -> Ranked:
    return sorted(found, key=lambda one: by.score(one[0].signs), reverse=True)


def _fair(is_told: bool, found: Ranked) -> bool:
    """A question whose answer the splitting of sentences lost teaches nothing."""
    return bool(found) and (not is_told or any(right for _, right in found))


def _write(fitted: Judgement) -> None:
    kept = fitted.model_dump() | {"fitted": "evals/cases/note_passages"}
    PACKAGED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _write_pieces(charts: Sequence[dict[str, Any]]) -> None:
    """The principal directions of the vectors of word pieces, and how rare each piece is among the sentences."""
    notes = [Note(id="n", patient_id="p", **note) for chart in charts for note in chart["notes"]]
    texts = sorted({text for note in notes for text in note_texts(note)})
    total, products, count = np.zeros(MiniLM.dimension), np.zeros((MiniLM.dimension, MiniLM.dimension)), 0
    held, model = np.zeros(_VOCABULARY), embedded_model()

    def take(index: int, ids: list[int], pieces: Array) -> None:
        nonlocal count
        inside = pieces[1:-1].astype(np.float64)
        total[:] += inside.sum(axis=0)
        products[:] += inside.T @ inside
        count += len(inside)
        held[list(set(ids[1:-1]))] += 1

    for text in texts:  # one after the other: the sums come out the same on any number of cores
        model.pieces([text], take)
    mean = total / count
    spread, axes = np.linalg.eigh(products / count - np.outer(mean, mean))
    directions = axes[:, np.argsort(-spread)[:_DIRECTIONS]]
    directions *= np.sign(directions[np.abs(directions).argmax(axis=0), range(_DIRECTIONS)])
    rarity = np.log((len(texts) + 1) / (held + 0.5))
    np.savez_compressed(
        word_pieces.PACKAGED, mean=mean.astype(np.float16), directions=directions.astype(np.float16),
        rarity=rarity.astype(np.float16),
    )  # fmt: skip
    print(f"{len(texts)} sentences, {count} word pieces, {_DIRECTIONS} directions written")


def _print(ranked: list[tuple[bool, Ranked]], by: Judgement) -> None:
    told = [found for is_told, found in ranked if is_told and _fair(is_told, found)]
    untold = [found for is_told, found in ranked if not is_told]
    print(f"{len(told)} questions that a note tells, {len(untold)} that none does")
    first = np.mean([found[0][1] for found in told])
    among = np.mean([any(right for _, right in found[:_QUOTED]) for found in told])
    print(f"best sentence right {first:.1%}, among the best {_QUOTED} {among:.1%}")
    print("likelihood    right quote    any quote where none tells")
    for limit in (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5):
        right = np.mean([any(r and by.likelihood(f.signs) >= limit for f, r in found[:_QUOTED]) for found in told])
        wrong = np.mean([any(by.likelihood(f.signs) >= limit for f, _ in found[:_QUOTED]) for found in untold])
        print(f"{limit:10.2f} {right:13.1%} {wrong:21.1%}")


if __name__ == "__main__":
    main()
