"""Vectors of single sentences and of their word pieces are kept when a note is taken in, per patient, and go with their note."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from domain.facts import Note
from knowledge_base.embedding import Embedder, Vectors, build_embedder
from knowledge_base.sentence_vectors import FILE, SentenceVectors
from knowledge_base.vectors import FOLDER, VectorIndex
from knowledge_base.word_pieces import InDetail

TEXT = "Keeps two parrots. Walks without a stick."


class Counting:
    """The real embedder, with what it was given to compute."""

    def __init__(self, inner: Embedder) -> None:
        self._inner, self.name, self.dimension = inner, inner.name, inner.dimension
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._inner.embed(texts)

    def in_detail(self, texts: Sequence[str]) -> list[InDetail]:
        self.asked += texts
        return self._inner.in_detail(texts)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return build_embedder()


def sentences(note: Note) -> list[str]:
    return [f"{part.strip()}." for part in note.text.split(".") if part.strip()]


def note(patient: str = "p1", name: str = "n1", text: str = TEXT) -> tuple[str, str, Note]:
    return patient, name, Note(id=name, patient_id=patient, text=text)


def test_what_was_kept_at_ingest_is_not_computed_again(tmp_path: Path, embedder: Embedder) -> None:
    VectorIndex(tmp_path, embedder, sentences).replace([note()])
    later = Counting(embedder)
    asked = [("n1", "Keeps two parrots."), ("n1", "Walks without a stick.")]
    found = VectorIndex(tmp_path, later).in_detail("p1", asked)
    assert later.asked == []
    computed = embedder.in_detail([text for _, text in asked])
    for kept, one in zip(found, computed, strict=True):
        assert np.array_equal(kept.vector, one.vector) and np.array_equal(kept.codes, one.codes)


def test_without_ingest_the_first_question_keeps_them(tmp_path: Path, embedder: Embedder) -> None:
    first, second = Counting(embedder), Counting(embedder)
    for counting in (first, second):
        VectorIndex(tmp_path, counting).in_detail("p1", [("n1", "a"), ("n1", "b"), ("n1", "a")])
    assert first.asked == ["a", "b"] and second.asked == []


def test_a_patient_never_reads_what_was_kept_of_another(tmp_path: Path, embedder: Embedder) -> None:
    VectorIndex(tmp_path, embedder, sentences).replace([note()])
    kept = SentenceVectors(tmp_path / FOLDER, embedder.name, embedder.dimension)
    assert set(kept.of("p1", ["Keeps two parrots."])) == {"Keeps two parrots."}
    assert kept.of("p2", ["Keeps two parrots."]) == {}
    assert SentenceVectors(tmp_path / FOLDER, "another model", 384).of("p1", ["Keeps two parrots."]) == {}


def test_they_go_with_their_note(tmp_path: Path, embedder: Embedder) -> None:
    index = VectorIndex(tmp_path, embedder, sentences)
    index.replace([note(), note(name="n2", text="Keeps two parrots.")])
    index.replace([note(text="Sold the parrots.")])
    kept = SentenceVectors(tmp_path / FOLDER, embedder.name, embedder.dimension)
    assert set(kept.of("p1", ["Keeps two parrots.", "Walks without a stick.", "Sold the parrots."])) == {
        "Keeps two parrots.", "Sold the parrots.",
    }  # fmt: skip
    index.delete("p1", ["n1", "n2"])
    with sqlite3.connect(tmp_path / FOLDER / FILE) as connection:
        assert connection.execute("SELECT count(*) FROM detailed").fetchone() == (0,)


def test_no_text_is_kept(tmp_path: Path, embedder: Embedder) -> None:
    index = VectorIndex(tmp_path, embedder, sentences)
    index.replace([note()])
    index.close()
    assert b"parrot" not in (tmp_path / FOLDER / FILE).read_bytes()


def test_a_damaged_file_costs_time_and_no_answer(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / FILE).write_bytes(b"not a database at all, whatever its name says" * 50)
    index = VectorIndex(tmp_path, embedder, sentences)
    assert index.replace([note()]) == 1
    assert np.array_equal(index.in_detail("p1", [("n1", "a")])[0].vector, embedder.in_detail(["a"])[0].vector)
