"""The authors' charts: nothing in two halves, gold that stands in the chart and can be missed."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

import pytest

from evals.scorers.agents import score
from evals.suites.agent_charts import ChartAuthor, chart_authors

WRITTEN = {half: chart_authors(half) for half in ("tune", "held")}
AUTHORS = [author for authors in WRITTEN.values() for author in authors]
AUTHOR = pytest.mark.parametrize("author", AUTHORS, ids=lambda author: author.name)
# Two authors asked of allergies alone, over small charts of every form that an allergy is recorded in.
DENSE = [author for author in AUTHORS if author.name not in {"allergies", "reactions"}]


def _notes(author: ChartAuthor, patient_id: str) -> str:
    resources = (entry["resource"] for entry in author.bundles[patient_id]["entry"])
    notes = (r["content"][0]["attachment"]["data"] for r in resources if r["resourceType"] == "DocumentReference")
    return " ".join(base64.b64decode(data).decode() for data in notes).lower()


@AUTHOR
def test_every_question_is_of_one_of_the_charts_and_asked_in_two_ways(author: ChartAuthor) -> None:
    assert {row["patient_id"] for row in author.rows} == set(author.bundles)
    assert len({row["id"] for row in author.rows}) == len(author.rows) > 150
    assert set(Counter(row["pair"] for row in author.rows).values()) == {2}


@pytest.mark.parametrize("author", DENSE, ids=lambda author: author.name)
def test_the_charts_are_dense_and_their_notes_long(author: ChartAuthor) -> None:
    for patient_id, bundle in author.bundles.items():
        kinds = Counter(entry["resource"]["resourceType"] for entry in bundle["entry"])
        assert kinds["DocumentReference"] >= 6 and sum(kinds.values()) > 60
        assert len(_notes(author, patient_id)) > 4000


@AUTHOR
def test_the_charts_of_allergies_have_every_form_of_an_entry_and_of_none(author: ChartAuthor) -> None:
    if author in DENSE:
        pytest.skip("not about allergies")
    entries = [
        [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "AllergyIntolerance"]
        for bundle in author.bundles.values()
    ]
    assert min(map(len, entries)) == 0 and max(map(len, entries)) >= 4
    verified = {e.get("verificationStatus", {}).get("coding", [{}])[0].get("code") for rows in entries for e in rows}
    assert verified >= {"confirmed", "unconfirmed", "refuted"}


@AUTHOR
def test_what_a_note_tells_stands_in_one(author: ChartAuthor) -> None:
    for row in author.rows:
        if row["category"].startswith("note_"):
            text = _notes(author, row["patient_id"])
            assert all(any(w.lower() in text for w in group) for group in row["expect"].get("any_of", ())), row["id"]


@AUTHOR
@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ({"answer_text": "Not documented.", "abstained": True, "trace": [{"name": "look_up"}]}, 0.25),
        ({"answer_text": "I answer about the open patient only.", "refused": True, "trace": []}, 0.02),
        ({"answer_text": "Yes.", "trace": [{"name": "look_up"}]}, 0.1),
    ],
    ids=["abstains", "refuses", "agrees"],
)
def test_a_constant_answer_passes_few(author: ChartAuthor, answer: dict[str, Any], share: float) -> None:
    passed = sum(bool(score(row, answer)["passed"]) for row in author.rows)
    assert passed < share * len(author.rows)


def test_the_halves_share_no_patient() -> None:
    seen = {half: [row for author in authors for row in author.rows] for half, authors in WRITTEN.items()}
    for field in ("id", "patient_id"):
        assert not {row[field] for row in seen["tune"]} & {row[field] for row in seen["held"]}
