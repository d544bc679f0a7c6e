"""The authors' wordings: the same rows each time, nothing in two halves, gold that stands in the chart and can be missed."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from evals.generators.golds import alternatives
from evals.scorers.agents import score
from evals.suites.agent_wordings import Author, authors

WRITTEN = {(half, name): Author(half, name) for half in ("tune", "held") for name in authors(half)}
ROWS = {key: author.rows() for key, author in WRITTEN.items()}
AUTHOR = pytest.mark.parametrize("key", WRITTEN, ids="-".join)


@AUTHOR
def test_the_rows_are_the_same_each_time(key: tuple[str, str]) -> None:
    again = Author(*key)
    assert again.rows() == ROWS[key] and len(ROWS[key]) > 1000
    assert len({row["id"] for row in ROWS[key]}) == len(ROWS[key])


@AUTHOR
def test_what_a_note_tells_stands_in_that_note(key: tuple[str, str]) -> None:
    for made in WRITTEN[key].made:
        notes = {r["id"]: r for r in made.resources if r["resourceType"] == "DocumentReference"}
        for told, note_id in made.told:
            text = base64.b64decode(notes[note_id]["content"][0]["attachment"]["data"]).decode().lower()
            if told.category != "note_denied":
                assert all(any(w.strip().lower() in text for w in group) for group in alternatives(told.gold)), (
                    told.asked
                )


@AUTHOR
@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ({"answer_text": "Not documented.", "abstained": True, "trace": [{"name": "look_up"}]}, 0.25),
        ({"answer_text": "I answer about the open patient only.", "refused": True, "trace": []}, 0.06),
        ({"answer_text": "Yes.", "trace": [{"name": "look_up"}]}, 0.1),
    ],
    ids=["abstains", "refuses", "agrees"],
)
def test_a_constant_answer_passes_few(key: tuple[str, str], answer: dict[str, Any], share: float) -> None:
    passed = sum(bool(score(row, answer)["passed"]) for row in ROWS[key])
    assert passed < share * len(ROWS[key])


def test_the_halves_share_neither_patient_nor_question() -> None:
    seen = {half: [row for (h, _), rows in ROWS.items() if h == half for row in rows] for half in ("tune", "held")}
    for field in ("id", "patient_id"):
        assert not {row[field] for row in seen["tune"]} & {row[field] for row in seen["held"]}
    people = {half: {p[:2] for (h, _), a in WRITTEN.items() if h == half for p in a.pool.people} for half in seen}
    assert not people["tune"] & people["held"]


def test_each_author_asks_every_kind_in_twelve_ways_at_least() -> None:
    kinds = [set(author._words.ASK) for author in WRITTEN.values()]
    assert all(kind == kinds[0] for kind in kinds) and len(kinds[0]) > 50
    assert all(len(forms) >= 12 for author in WRITTEN.values() for forms in author._words.ASK.values())
