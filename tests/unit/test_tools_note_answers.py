"""Which sentence of telegraphic notes is taken to answer, in lay and clinical words, and when none is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from tests.conftest import Bench
from tools.notes.asks import asks_for_words, is_quoting
from tools.notes.judgement import Judgement, Signs, judgement
from tools.notes.matching import match, sought
from tools.notes.sentences import Sentence
from tools.notes.subjects import Subject
from tools.notes.words import meaning_of, related_to, written_out

NOTES = {
    "home": """HOME VISIT
NOK: stepson Piotr. Retd welder. Own flat, 2nd floor, no lift.
HH aide Tue + Fri for showers. Pantry empty, lives on tinned soup.
FR 1.2 L/d. Wt up >1.5 kg in 2 d: ring the HF nurse.
DNA echo in May: bus strike.
Smell and taste gone since Feb.""",
    "clinic": """CLINIC NOTE
PVR 290 mL. KJs brisk, AJs absent. VA 6/18 R, 6/9 L. Tandem gait impossible.
Cataract op cancelled: chest infection. ROS day 12 at the practice.
Vertigo on looking up at shelves. Asked about moving in with his sister: "I'd sooner sleep in the shed".
No PR bleeding. Drinks 2 glasses of water at lunch.""",
}
TOLD = [
    ("who is the emergency contact", "stepson Piotr"),
    ("what did he work as", "Retd welder"),
    ("is there an elevator where he lives", "no lift"),
    ("who helps him wash", "showers"),
    ("what does he eat", "tinned soup"),
    ("how much fluid may he have a day", "FR 1.2 L/d"),
    ("what should he do if he gains weight", "ring the HF nurse"),
    ("why did he miss the echo", "bus strike"),
    ("can he smell things", "Smell and taste"),
    ("post-void residual", "290 mL"),
    ("were the ankle jerks there", "AJs absent"),
    ("which eye is worse", "6/18"),
    ("how did he walk heel to toe", "Tandem gait impossible"),
    ("why was the eye operation called off", "chest infection"),
    ("when do the stitches come out", "ROS day 12"),
    ("what sets off the dizzy spells", "looking up"),
    ("his own words about living with his sister", "sooner sleep in the shed"),
    ("any blood from the back passage", "No PR bleeding"),
]  # fmt: skip
UNTOLD = [
    "what religion is he", "does he have a dog", "any tremor", "why was the biopsy postponed", "when is his hip operation",
    "is he deaf", "does he wear spectacles", "what did the dermatologist say", "any cancer in the family", "size of the neck lump",
]  # fmt: skip


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory, twin: Any) -> Iterator[Bench]:
    from knowledge_base.embedding import build_embedder
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore
    from knowledge_base.vectors import VectorIndex
    from tests.unit.test_kb_fhir import bundle, document, patient, write
    from tools.notes.sentences import note_texts

    folder = tmp_path_factory.mktemp("answers")
    notes = [document(name, text, "2026-05-01T10:00:00+00:00", patient_id="w") for name, text in NOTES.items()]
    store = RecordStore(folder / "data")
    index = VectorIndex(folder, build_embedder(), note_texts)
    assert ingest_paths([write(folder / "w.json", bundle(patient("w"), *notes))], store, index).rejected == ()
    yield Bench(store, index, twin)
    store.close()


@pytest.mark.parametrize(("question", "told"), TOLD)
def test_the_sentence_that_tells_it_is_quoted(visits: Bench, question: str, told: str) -> None:
    result = visits.run("w", "search_notes", {"query": question})
    assert told in result.summary[:700], result.summary


def test_most_of_them_are_taken_to_answer(visits: Bench) -> None:
    answered = [q for q, _ in TOLD if visits.run("w", "search_notes", {"query": q}).found]
    assert len(answered) >= 0.8 * len(TOLD), sorted({q for q, _ in TOLD} - set(answered))


@pytest.mark.parametrize("question", UNTOLD)
def test_what_no_note_tells_is_not_answered(visits: Bench, question: str) -> None:
    result = visits.run("w", "search_notes", {"query": question})
    assert not result.found and result.summary.startswith("Not documented"), result.summary


def test_a_note_of_another_time_is_said_to_be_one(visits: Bench) -> None:
    result = visits.run("w", "search_notes", {"query": "why did he miss the echo", "period": "in January 2020"})
    assert not result.found and "A note of another time does:" in result.summary and "bus strike" in result.summary


WRITTEN = [
    ("PVR 290 mL", "PVR (post-void residual, urine left in the bladder) 290 mL"),
    ("FR 1.2 L/d", "FR (fluid restriction) 1.2 L/d"),
    ("he told us of it", "he told us of it"),  # not "ultrasound"
    ("is he fit for it", "is he fit for it"),  # nor a bowel test, nor a spirometer
]


@pytest.mark.parametrize(("text", "read"), WRITTEN)
def test_forms_in_capitals_are_read_only_in_capitals(text: str, read: str) -> None:
    assert written_out(text) == read


def test_every_short_form_is_found_by_the_form_it_is_written_in() -> None:
    forms = json.loads(resources.files("tools").joinpath("data/note_short_forms.json").read_text(encoding="utf-8"))
    assert len(forms) > 700
    assert [form for form in forms if not form.isupper() and form != form.lower()] == []
    assert [form for form in forms if written_out(form) == form] == []


def test_what_belongs_together() -> None:
    assert "ultrasound" in meaning_of("US") and meaning_of("us") == ""
    assert "grocery" in related_to("shopping") and "pads" in related_to("incontinent")


@pytest.mark.parametrize(
    ("word", "text", "stands"),
    [("cancell", "father had cancer", False), ("cancell", "cancellation", True), ("physio", "physiotherapy", True),
     ("referral", "referred to podiatry", True), ("swim", "swimming", True)],
)  # fmt: skip
def test_other_forms_of_a_word(word: str, text: str, stands: bool) -> None:
    words = text.split()
    sentence = Sentence("n", 0, len(text), "", text, frozenset(words), f" {text} ")
    assert (match(sought(Subject((word,), (), ()), dict.fromkeys(words, 1.0)), sentence) == 1.0) is stands


def test_quotations() -> None:
    assert is_quoting('He said: "over my dead body".') and not is_quoting('Form says "NKDA".')
    assert asks_for_words("what were his exact words about it") and not asks_for_words("what did nephrology say")


def test_the_judgement_is_a_probability_that_grows_with_what_speaks_for_a_sentence() -> None:
    none = Signs(**dict.fromkeys(Signs._fields, 0.0) | {"lacks_form": True})
    full = none._replace(
        covered=1.0, own=1.0, meaning=0.8, likeness=0.3, names_it=True, has_form=True, lacks_form=False
    )
    packaged = judgement()
    assert packaged.likelihood(none) < packaged.near < packaged.close < packaged.answers < packaged.likelihood(full)
    even = Judgement(intercept=0.0, weights={}, order={}, answers=0.5, close=0.5, near=0.5)
    assert even.likelihood(full) == 0.5
    assert packaged.score(none) < packaged.score(full)
    assert set(packaged.weights) == set(packaged.order) == set(Signs._fields)
