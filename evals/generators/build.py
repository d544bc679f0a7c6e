"""Writes the questions of `agent_questions`: `python -m evals.generators.build --synthea FOLDER [--check]`.

Patients are split before anything is asked: each belongs to one half, and each half has wordings, note texts and
absences of its own. The same seeds give the same rows.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from evals.generators.asking import Asker
from evals.generators.chart import Chart, read_bundle
from evals.generators.patients import Made, generate
from evals.generators.whatifs import what_ifs

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "cases" / "agent_questions"
DEMO = HERE.parent.parent / "knowledge_base" / "demo" / "bundles"
SEEDS = {"tune": 20261101, "held": 20261102}
SYNTHEA = {"tune": ("Charisse42", "Eliseo499", "Edythe31"), "held": ("Delinda651", "Maximo817")}
# Items of each area for one patient: labs, vitals, drugs, problems, allergies, events, person, absent.
_PER_GENERATED = (7, 3, 4, 3, 2, 4, 1, 3)
_PER_SYNTHEA = (9, 3, 3, 4, 1, 4, 1, 4)


def made_patients(half: str) -> list[Made]:
    """The generated patients of a half."""
    name = {"tune": "pool_tune", "held": "held_pool"}[half]
    return generate(importlib.import_module(f"evals.generators.{name}").POOL, SEEDS[half])


def bundle_of(made: Made) -> dict[str, Any]:
    """A generated patient as the bundle that is ingested."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in made.resources]}


def build(half: str, synthea: Path) -> list[dict[str, Any]]:
    """Every row of a half, in the order of the ids."""
    words_module, demo_module = {"tune": ("wordings_tune", "demo_tune"), "held": ("held_wordings", "held_demo")}[half]
    words = importlib.import_module(f"evals.generators.{words_module}")
    pool = importlib.import_module(f"evals.generators.{'pool_tune' if half == 'tune' else 'held_pool'}").POOL
    asker = Asker(half, words, SEEDS[half])
    made = made_patients(half)
    charts = asker.generated(made, _PER_GENERATED)
    asker.others(charts, pool)
    for given in SYNTHEA[half]:
        asker.record(Chart(read_bundle(next(synthea.glob(f"{given}_*.json.gz"))), "2021-07-01"), _PER_SYNTHEA)
    _ask_what_ifs(asker, charts, words)
    demo: dict[str, Chart] = {}
    for number, category, wordings, expect in importlib.import_module(f"evals.generators.{demo_module}").ASKED:
        chart = demo.setdefault(number, Chart(read_bundle(DEMO / f"demo-ct-{number}.json"), "2026-11-23"))
        asker.add(chart, category, wordings, expect)
    return asker.rows


def _ask_what_ifs(asker: Asker, charts: list[Chart], words: Any) -> None:
    rng = random.Random(asker.half)
    for n, chart in enumerate(charts):
        found = list(what_ifs(chart, rng))
        for i in range(3):
            kind, slots, expect = found[(n * 3 + i) % len(found)]
            asker.add(chart, "what_if", asker.word(kind, chart, slots, 2 if i == 0 else 1), expect, kind=kind)


def main() -> None:
    """Build both halves and print counts alone, or with `--check` say whether the committed rows are current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--synthea", type=Path, required=True, help="Folder of the five Synthea bundles.")
    parser.add_argument("--half", choices=("tune", "held", "both"), default="both")
    parser.add_argument("--check", action="store_true", help="Write nothing; fail when the rows differ.")
    asked = parser.parse_args()
    stale = []
    for half in ("tune", "held") if asked.half == "both" else (asked.half,):
        rows = build(half, asked.synthea)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path = OUT / f"{half}.jsonl"
        if asked.check:
            stale += [half] if path.read_text(encoding="utf-8") != text else []
            continue
        path.write_text(text, encoding="utf-8")
        counts = Counter(row["category"] for row in rows)
        pairs = len({row["pair"] for row in rows if "pair" in row})
        lines = "".join(f"{name:16} {n:4}\n" for name, n in sorted(counts.items()))
        sys.stdout.write(f"{half}: {len(rows)} questions, {pairs} pairs\n{lines}")
    if stale:
        raise SystemExit(f"not current: {', '.join(stale)}")


if __name__ == "__main__":
    main()
