"""Questions are compared with sentences word piece by word piece."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge_base.embedding import Embedder, build_embedder
from knowledge_base.word_pieces import Directions, InDetail, likeness


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return build_embedder()


def ranked(embedder: Embedder, question: str, sentences: list[str]) -> list[str]:
    order = np.argsort(-likeness(embedder.in_detail([question])[0], embedder.in_detail(sentences)))
    return [sentences[n] for n in order]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what should staff do if the tracheostomy falls out", "If tube lost in the first week: oral intubation."),
        ("why was the beta blocker not given", "Bisoprolol withheld because of bradycardia."),
        ("who does she live with", "Shares a flat with her sister and two cats."),
    ],
)
def test_the_nearest_in_meaning_comes_first(embedder: Embedder, question: str, answer: str) -> None:
    others = ["Chest clear, no oedema.", "Bloods to be repeated on Friday.", "Wound dry, clips out on day 10."]
    assert ranked(embedder, question, [*others, answer])[0] == answer


def test_codes_of_a_text_do_not_depend_on_what_is_read_beside_it(embedder: Embedder) -> None:
    alone = build_embedder().in_detail(["Keeps two parrots."])[0]
    among = build_embedder().in_detail(["Keeps two parrots.", "A much longer sentence about something else again."])[0]
    assert np.abs(alone.codes.astype(int) - among.codes.astype(int)).max() <= 1
    assert alone.weights.sum() == pytest.approx(1)
    assert alone.codes.shape == (len(alone.weights), Directions().count)


def test_a_rare_piece_counts_more_than_a_frequent_one(embedder: Embedder) -> None:
    weights = embedder.in_detail(["the sildenafil"])[0].weights
    assert weights[0] < weights[1:].sum()


def test_without_word_pieces_nothing_is_said(embedder: Embedder) -> None:
    bare = InDetail(np.zeros(384, np.float32), np.zeros((0, 0), np.int8), np.zeros(0, np.float32))
    asked = embedder.in_detail(["who does she live with"])[0]
    assert likeness(asked, [bare, bare]).tolist() == [0, 0]
    assert likeness(bare, embedder.in_detail(["Keeps two parrots."])).tolist() == [0]
    assert likeness(asked, embedder.in_detail(["", "Keeps two parrots."]))[0] == 0
    assert len(likeness(asked, [])) == 0
