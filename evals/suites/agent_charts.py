"""Questions over dense charts with long notes, both written by authors who never saw the product.

An author is a file of FHIR bundles (one a line, packed) and one of what is asked of them, in two wordings each, with gold. The
`tune` authors were tuned on after a first run; those of `held` never.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

from evals.gold import CASES, read_rows

FOLDER = CASES / "agent_charts"
AS_OF = "2026-11-23"


class ChartAuthor:
    """One author's charts, as bundles by patient id, and the rows that are asked of them."""

    def __init__(self, half: str, name: str) -> None:
        self.name = name
        with gzip.open(FOLDER / f"{half}_{name}.charts.jsonl.gz", "rt", encoding="utf-8") as lines:
            bundles = [json.loads(line) for line in lines]
        self.bundles: dict[str, dict[str, Any]] = {bundle["id"]: bundle for bundle in bundles}
        self.rows = [
            {
                "id": f"{asked['id']}{letter}",
                "patient_id": asked["patient_id"],
                "question": wording,
                "as_of": AS_OF,
                "category": asked["category"],
                "pair": asked["id"],
                "expect": asked["expect"],
            }
            for asked in read_rows(FOLDER / f"{half}_{name}.jsonl")
            for letter, wording in zip("ab", asked["wordings"], strict=True)
        ]


def chart_authors(half: str) -> list[ChartAuthor]:
    """The authors of a half, by name."""
    names = sorted(path.stem.removeprefix(f"{half}_") for path in FOLDER.glob(f"{half}_*.jsonl"))
    return [ChartAuthor(half, name) for name in names]
