"""Chunks, vectors and ranked passages of one patient's notes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from domain.errors import StoreUnavailable, UnknownPatient
from domain.facts import Note
from knowledge_base.chunking import chunk_note, embedded_text
from knowledge_base.embedding import Embedder, build_embedder
from knowledge_base.ingest import ingest_paths
from knowledge_base.records import RecordStore
from knowledge_base.retrieval import Passage, search_notes
from knowledge_base.vectors import VectorIndex
from knowledge_base.words import WordIndex, stem, words_of
from nlp_pipeline.structure.sections import find_sections
from tests.unit.test_kb_fhir import bundle, document, patient, write

ROOT = Path(__file__).parents[2]
ADMISSION = """Chief Complaint:
Shortness of breath for three days.

Social History:
Former smoker, quit in 2010. Lives alone in a third-floor flat. Drinks two glasses of wine a week.

Medications:
- metoprolol 25 mg twice daily
- furosemide 40 mg daily

Assessment and Plan:
Acute decompensated heart failure. Start IV furosemide. Echo tomorrow.
"""
PROGRESS = """Subjective: Slept well. Breathing is easier.

Social History:
Former smoker, quit in 2010.

Plan: Her daughter will drive her home on Friday. Blood pressure goal below 130/80.
"""
CLINIC = """History: Fell at home last week, no head strike.

Social History:
Former smoker, quit in 2010.

Plan: Home physical therapy twice weekly. Discussed advance directive; she does not want CPR.
"""
OTHER = "Social History:\nCurrent smoker, one pack a day.\n\nPlan: Refer for colonoscopy."
NOW = datetime(2024, 12, 31, tzinfo=UTC)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return build_embedder()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> tuple[RecordStore, VectorIndex]:
    folder = tmp_path_factory.mktemp("data")
    store, index = RecordStore(folder), VectorIndex(folder, embedder)
    notes = [document("n1", ADMISSION, "2024-03-01T10:00:00Z"), document("n2", PROGRESS, "2024-03-03T10:00:00Z"), document("n3", CLINIC, "2024-06-01T10:00:00Z")]  # fmt: skip
    other = document("n1", OTHER, "2024-03-01T10:00:00Z", subject={"reference": "Patient/p2"})
    for name, resources in (("a", [patient(), *notes]), ("b", [patient("p2"), other]), ("c", [patient("p3")])):
        ingest_paths([write(folder / f"{name}.json", bundle(*resources))], store, index, facts=False)
    return store, index


# --- chunks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        ADMISSION,
        PROGRESS,
        CLINIC,
        OTHER,
        "",
        "  \n",
        "x",
        "word " * 2000,
        "a" * 5000,
        "# Plan\n\n## Next\n- one\n- two",
    ],
)
def test_chunks_hold_whole_sentences_of_one_section(text: str) -> None:
    chunks = chunk_note(text)
    for chunk in chunks:
        assert (
            chunk.start == chunk.sentences[0][0]
            and chunk.end == chunk.sentences[-1][1]
            and chunk.end - chunk.start <= 1000
        )
        for start, end in chunk.sentences:
            assert text[start:end] == text[start:end].strip() != ""
    spans = [span for chunk in chunks for span in chunk.sentences]
    assert all(a[1] <= b[0] for a, b in pairwise(spans))  # in order, none twice
    titles = {section.title for section in find_sections(text)} if text else set()
    kept = "".join(text[a:b] for a, b in spans)
    missing = set("".join(text.split())) - set("".join(kept.split()) + "".join(titles) + ":#-")
    assert missing == set()


def test_sections_of_chunks() -> None:
    sections = {chunk.section: ADMISSION[chunk.start : chunk.end] for chunk in chunk_note(ADMISSION)}
    assert sections["Social History"].startswith("Former smoker") and sections["Social History"].endswith("a week.")
    assert "furosemide 40 mg" in sections["Medications"] and "metoprolol" not in sections["Assessment and Plan"]
    first = chunk_note(OTHER)[0]
    assert embedded_text(OTHER, first) == "Social History: Current smoker, one pack a day."


# --- words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "expected"),
    [("falls", "fall"), ("allergies", "allergy"), ("smoking", "smok"), ("smoked", "smok"), ("diabetes", "diabete"), ("stenosis", "stenosis"),
     ("virus", "virus"), ("loss", "loss"), ("gas", "gas"), ("b12", "b12"), ("masses", "mass")],
)  # fmt: skip
def test_stem(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_words_of() -> None:
    assert words_of("What did the notes say about her A1c of 7.5%?") == ["a1c", "7.5"]


def test_rarer_words_count_more() -> None:
    index = WordIndex([["fever", "cough"], ["fever"], ["fever", "rash"]])
    assert index.rarity("rash") > index.rarity("fever") > 0
    scores = index.scores(["fever", "rash"])
    assert max(scores, key=lambda i: scores[i]) == 2 and set(scores) == {0, 1, 2}
    assert set(index.phrase_scores(["fever", "cough"])) == {0} and index.phrase_scores(["cough", "rash"]) == {}
    assert WordIndex([]).scores(["x"]) == {}


# --- the index ----------------------------------------------------------------------------------------------------------


def test_every_query_is_of_one_patient(place: tuple[RecordStore, VectorIndex]) -> None:
    store, index = place
    texts = {(p, n.id): n.text for p in ("p1", "p2") for n in store.notes(p)}
    for patient_id in ("p1", "p2"):
        hits = index.query(patient_id, "smoker", k=100)
        assert len(hits) == index.count(patient_id) > 0
        spans = {(c.start, c.end) for c in chunk_note(texts[patient_id, "n1"])}
        assert {(h.start, h.end) for h in hits if h.note_id == "n1"} == spans
    assert index.query("p3", "smoker") == [] and index.query("nobody", "smoker") == []


def test_nearest_first_and_up_to_a_date(place: tuple[RecordStore, VectorIndex]) -> None:
    _, index = place
    hits = index.query("p1", "cardiac insufficiency with fluid overload", k=3)
    assert hits[0].note_id == "n1" and ADMISSION[hits[0].start : hits[0].end].startswith("Acute decompensated")
    assert [h.similarity for h in hits] == sorted((h.similarity for h in hits), reverse=True)
    early = index.query("p1", "fall", as_of=datetime(2024, 3, 2, tzinfo=UTC), k=50)
    assert {h.note_id for h in early} == {"n1"}


def test_another_process_writes_the_index(tmp_path: Path, embedder: Embedder) -> None:
    """Chroma alone fails here: it looks for ids that its own memory does not hold."""
    index = VectorIndex(tmp_path, embedder)
    index.replace([("p1", "n1", Note(id="n1", patient_id="p1", text=ADMISSION))])
    assert len(index.query("p1", "smoker")) == 4
    code = (
        "import sys; from domain.facts import Note; from knowledge_base.vectors import VectorIndex\n"
        "from knowledge_base.embedding import build_embedder\n"
        "note = Note(id='n2', patient_id='p2', text='Plan: Refer for colonoscopy.')\n"
        "VectorIndex(sys.argv[1], build_embedder()).replace([('p2', 'n2', note)])"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=ROOT)
    assert [hit.note_id for hit in index.query("p2", "colonoscopy")] == ["n2"]
    index.replace([("p2", "n2", None)])
    assert index.query("p2", "colonoscopy") == [] and len(index.query("p1", "smoker")) == 4


def test_damaged_index_is_explained(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "chroma.sqlite3").write_bytes(b"not a database at all, whatever its name says" * 50)
    with pytest.raises(StoreUnavailable, match="rebuilt from the record"):
        VectorIndex(tmp_path, embedder).count("p1")
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailable):
        VectorIndex(tmp_path / "file", embedder)


# --- retrieval ----------------------------------------------------------------------------------------------------------

QUESTIONS = [
    ("does she smoke", "Former smoker, quit in 2010."),
    ("beta blocker", "- metoprolol 25 mg twice daily"),
    ("code status", "Discussed advance directive; she does not want CPR."),
    ("any falls?", "Fell at home last week, no head strike."),
    ("water pill dose", "- furosemide 40 mg daily"),
    ("BP target", "Blood pressure goal below 130/80."),
    ("who takes her home", "Her daughter will drive her home on Friday."),
    ("CHF", "Acute decompensated heart failure."),
]


@pytest.mark.parametrize(("question", "sentence"), QUESTIONS)
def test_questions_find_their_sentence(place: tuple[RecordStore, VectorIndex], question: str, sentence: str) -> None:
    store, index = place
    found = search_notes(store, index, "p1", question, NOW, k=3)
    assert sentence in [passage.text for passage in found]


def _check(store: RecordStore, passages: list[Passage]) -> None:
    for passage in passages:
        note = store.note("p1", passage.note_id)
        assert note.text[passage.start : passage.end] == passage.text == passage.evidence.quote
        assert passage.context_start <= passage.start < passage.end <= passage.context_end
        assert store.resolve("p1", passage.ref)["text"] == note.text
        assert passage.note_time == note.time
    assert [p.score for p in passages] == sorted((p.score for p in passages), reverse=True)


@pytest.mark.parametrize("with_index", [True, False])
def test_passages_are_quotes(place: tuple[RecordStore, VectorIndex], with_index: bool) -> None:
    store, index = place
    for question, _ in QUESTIONS:
        _check(store, search_notes(store, index if with_index else None, "p1", question, NOW))


def test_words_alone_without_an_index(place: tuple[RecordStore, VectorIndex]) -> None:
    store, _ = place
    [passage] = search_notes(store, None, "p1", "smoker", NOW)
    assert (
        passage.text == "Former smoker, quit in 2010." and passage.similarity is None and passage.matched == ("smoker",)
    )
    assert passage.note_id == "n3" and set(passage.also_in) == {"n1", "n2"}  # copied forward: told once, by the latest
    assert search_notes(store, None, "p1", "colonoscopy", NOW) == []  # of another patient


def test_other_names_are_found_by_words(place: tuple[RecordStore, VectorIndex]) -> None:
    store, _ = place
    assert [p.text for p in search_notes(store, None, "p1", "Lopressor", NOW)] == ["- metoprolol 25 mg twice daily"]


def test_later_notes_are_invisible(place: tuple[RecordStore, VectorIndex]) -> None:
    store, index = place
    early = search_notes(store, index, "p1", "smoker", datetime(2024, 3, 2, tzinfo=UTC))
    assert {p.note_id for p in early} == {"n1"} and not any(p.also_in for p in early)
    assert search_notes(store, index, "p1", "smoker", datetime(2020, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    "query", ["", "   ", "???", "the of and", "zzzzqqq", "x" * 50_000, "smoker " * 8000, "\x00", "Ω≈ç√"]
)
def test_odd_queries(place: tuple[RecordStore, VectorIndex], query: str) -> None:
    store, index = place
    _check(store, search_notes(store, index, "p1", query, NOW))


def test_no_notes_and_no_patient(place: tuple[RecordStore, VectorIndex]) -> None:
    store, index = place
    assert search_notes(store, index, "p3", "smoker", NOW) == []
    with pytest.raises(UnknownPatient):
        search_notes(store, index, "nobody", "smoker", NOW)


def test_a_broken_index_leaves_the_words(
    place: tuple[RecordStore, VectorIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, index = place

    def fail(*args: object, **more: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(index, "query", fail)
    assert [p.text for p in search_notes(store, index, "p1", "smoker", NOW)] == ["Former smoker, quit in 2010."]
