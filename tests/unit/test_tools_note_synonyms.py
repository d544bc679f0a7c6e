"""What a question calls by another name than the note: lay words, older names, short names; and what is no other name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from tests.conftest import Bench
from tools.notes.asks import asks_for_words, asks_of_plan, authors_in, is_of_plan, looks_like_answer
from tools.notes.words import synonyms_of, topical_phrases

NOTES = {
    ("stay", "Ward round, respiratory", "2026-03-03"): """WARD ROUND
A&E: GCS 14 (E4 V4 M6), CRT 4 s, RR 30.
Bronch 2/3: thick plugs LLL, washings sent, no mass. Pleural tap 600 mL straw, LDH 210.
Trache changed to size 7 uncuffed. ECG QTc 471.
Diet: pureed, thickened fluids per SLT.
Plan: Transfuse if Hb < 75. ILR if collapse recurs. Weight over 81: ring us.""",
    ("home", "Community nurse call", "2026-04-10"): """TEL - community nurse
Slept in chair since Sunday. Bowels open daily. Denies fits or falls.
Says "I would sooner crawl than use that frame".
Leaking round the SPC, changed 14 Fr. Moved in with his stepson on the farm.""",
}
TOLD = [
    ("how fast did the capillaries refill", "CRT 4 s"),
    ("coma score when he arrived", "GCS 14"),
    ("what did the camera into his lungs show", "thick plugs"),
    ("how much fluid was drained from the chest", "600 mL"),
    ("which trachy tube has he now", "size 7"),
    ("QT interval", "QTc 471"),
    ("at what haemoglobin should he be given blood", "Hb < 75"),
    ("what weight should prompt a call", "Weight over 81"),
    ("any seizures since discharge", "Denies fits"),
    ("his words about the walking aid", "sooner crawl"),
    ("suprapubic catheter problem", "Leaking round the SPC"),
    ("what do they plan if he blacks out again", "ILR if collapse"),
]  # fmt: skip
UNTOLD = ["laryngoscopy view", "which pets does he have", "result of the sleep study", "who is his therapist", "any hair loss", "MRC power of the legs"]  # fmt: skip


@pytest.fixture(scope="module")
def stay(tmp_path_factory: pytest.TempPathFactory, twin: Any) -> Iterator[Bench]:
    from knowledge_base.embedding import build_embedder
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore
    from knowledge_base.vectors import VectorIndex
    from tests.unit.test_kb_fhir import bundle, document, patient, write
    from tools.notes.sentences import note_texts

    folder = tmp_path_factory.mktemp("synonyms")
    notes = [document(name, text, f"{day}T10:00:00+00:00", patient_id="v") for (name, _, day), text in NOTES.items()]
    store = RecordStore(folder / "data")
    index = VectorIndex(folder, build_embedder(), note_texts)
    assert ingest_paths([write(folder / "v.json", bundle(patient("v"), *notes))], store, index).rejected == ()
    yield Bench(store, index, twin)
    store.close()


@pytest.mark.parametrize(("question", "told"), TOLD)
def test_another_name_finds_the_sentence(stay: Bench, question: str, told: str) -> None:
    result = stay.run("v", "search_notes", {"query": question})
    assert told in result.summary[:700], result.summary


@pytest.mark.parametrize("question", UNTOLD)
def test_what_no_note_tells_stays_unanswered(stay: Bench, question: str) -> None:
    assert not stay.run("v", "search_notes", {"query": question}).found


ALIKE = [
    ("coma score", "gcs"), ("gcs", "conscious level"), ("capillary refill", "crt"), ("tubed", "intubated"), ("tapped", "paracentesis"),
    ("trachy", "trache"), ("qt interval", "qtc"), ("performance status", "pps"), ("turned down", "declined"), ("eyesight", "haloes"),
    ("low", "hypo"), ("fit", "seizure"), ("acidotic", "ph"), ("laxatives", "senna"), ("waterworks", "urinary"), ("water tablet", "diuretic"),
    ("midstream", "msu"), ("senna", "laxative"), ("jak inhibitor", "baricitinib"), ("emptying study", "scintigraphy"), ("walks out", "ama"), ("smoker", "pack-yr"),
]  # fmt: skip
UNLIKE = [("senna", "lactulose"), ("tofacitinib", "baricitinib"), ("hip replacement", "tkr"), ("hypo", "low"), ("seizure", "fit"), ("pets", "pet scan"), ("doctor", "mr"), ("scan", "us"), ("clavicle", "sternum"), ("sister", "brother")]  # fmt: skip


@pytest.mark.parametrize(("asked", "written"), ALIKE)
def test_other_names(asked: str, written: str) -> None:
    assert written in synonyms_of(asked)


@pytest.mark.parametrize(("asked", "written"), UNLIKE)
def test_what_is_no_other_name(asked: str, written: str) -> None:
    assert written not in synonyms_of(asked)


def test_phrases_are_found_in_a_question() -> None:
    found = [phrase for phrase, _, _ in topical_phrases("what was his coma score on the phone call")]
    assert found == ["coma score", "phone call"]


def test_no_group_is_of_one_name_or_of_none_that_a_note_may_write() -> None:
    text = resources.files("tools").joinpath("data/note_synonyms.json").read_text(encoding="utf-8")
    groups = json.loads(text)
    assert len(groups) > 500
    assert [g for g in groups if len(set(g)) < 2 or all(name.endswith("?") for name in g)] == []


@pytest.mark.parametrize(
    ("question", "sentence", "has"),
    [
        ("what Hb would have triggered transfusion", "Transfuse only if Hb < 7.", True),
        ("what Hb would have triggered transfusion", "Transfusion for Hb 6.8 on Monday.", False),
        ("weight that should prompt a call to the nurse", "Call me if 57.5 or over.", True),
        ("what happens if she leaves against advice", "If she leaves -> detain.", True),
        ("when will he be seen again", "Review in 3 weeks.", True),
        ("why was it stopped", "Stopped because of a rash.", True),
        ("what time of night does the cough wake him", "Coughs from 2 or 3 am.", True),
        ("what time of night does the cough wake him", "Cough since 12 March.", False),
        ("which ear was discharging", "Pus in the L (left) canal.", True),
        ("which ear was discharging", "Pus in the canal, 2 L of saline.", False),
        ("which side is brisker", "Jerks 3+ R, 2+ L.", True),
        ("who collects his tablets", "His cousin Amir collects them.", True),
        ("who collects his tablets", "The tablets are collected weekly.", False),
        ("how many times a day", "Twice with meals.", True),
    ],
)
def test_what_an_answer_of_the_kind_looks_like(question: str, sentence: str, has: bool) -> None:
    form = looks_like_answer(question)
    assert form is not None and (form.search(sentence) is not None) is has


def test_a_time_is_not_asked_by_when_that_only_says_at_what_time() -> None:
    assert looks_like_answer("was he breathless when he came in") is None


def test_plans_words_and_authors() -> None:
    assert asks_of_plan("what is the next step") and not asks_of_plan("what did the scan show")
    assert (
        is_of_plan("Plan", "ENT in May.")
        and is_of_plan("", "If worse, ring the ward.")
        and not is_of_plan("O", "Chest clear.")
    )
    assert asks_for_words("her remark to psychiatry") and not asks_for_words("what words were on the list")
    assert authors_in("the educator's instructions") and not authors_in("the patient's instructions")
