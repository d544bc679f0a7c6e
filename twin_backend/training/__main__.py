"""Trains the survival model of one data set: `python -m twin_backend.training --dataset whas500 --seed 1`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from twin_backend.training.card import card_text
from twin_backend.training.datasets import LOADERS, load
from twin_backend.training.learners import LEARNERS, learners_for
from twin_backend.training.nested import Plan
from twin_backend.training.study import study


def main(arguments: list[str] | None = None) -> None:
    """Writes `figures.json`, `model.json` and `card.md` to the folder; the same seed writes the same files."""
    default = Plan()
    parser = argparse.ArgumentParser(prog="python -m twin_backend.training", description=__doc__)
    parser.add_argument("--dataset", required=True, choices=sorted(LOADERS))
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument(
        "--trials", type=int, default=default.trials, help="settings that are tried, per learner and fold"
    )
    parser.add_argument("--repeats", type=int, default=default.repeats, help="times that the outer folds are drawn")
    parser.add_argument("--outer-folds", type=int, default=default.outer_folds)
    parser.add_argument("--inner-folds", type=int, default=default.inner_folds)
    parser.add_argument("--tuning-rows", type=int, default=default.tuning_rows)
    parser.add_argument(
        "--learners",
        nargs="+",
        choices=list(LEARNERS),
        help="simplest first (default: all, without gradient_boosting for many patients)",
    )
    parser.add_argument("--patients", type=int, help="only so many, drawn by the seed: to try the command out")
    parser.add_argument("--out", type=Path, help="folder (default: reports/training/<dataset>)")
    given = parser.parse_args(arguments)
    out = given.out or Path("reports/training") / given.dataset
    data = load(given.dataset)
    if given.patients:
        data = data.sample(given.patients, given.seed)
    learners = tuple(given.learners or learners_for(len(data.event)))
    plan = Plan(
        given.seed, given.repeats, given.outer_folds, given.inner_folds, given.trials, given.tuning_rows, learners
    )  # fmt: skip
    figures, model = study(data, plan)
    out.mkdir(parents=True, exist_ok=True)
    (out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (out / "model.json").write_text(json.dumps(model) + "\n", encoding="utf-8")
    (out / "card.md").write_text(card_text(figures), encoding="utf-8")
    sys.stdout.write(f"{out}: {figures['chosen']} chosen, {figures['exported']} exported\n")


if __name__ == "__main__":
    main()
