"""The components in a pipeline of somebody else's, and the default pipeline over an endless stream."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.metadata import entry_points

import pytest

from domain.errors import InvalidInput
from domain.facts import Note
from nlp_pipeline import build_pipeline, extract, pipeline
from nlp_pipeline.components import ORDER

FOREIGN = """
import spacy
nlp = spacy.blank("en")
nlp.add_pipe("sentencizer")
nlp.add_pipe("entity_ruler").add_patterns([{"label": "CONDITION", "pattern": word} for word in ("fever", "cough")])
nlp.add_pipe("charttwin_context")
doc = nlp("He denies fever. He has a cough.")
print([(entity.text, entity._.is_negated) for entity in doc.ents])
"""


def test_spacy_finds_the_components_without_an_import_of_ours() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FOREIGN], check=True, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "[('fever', True), ('cough', False)]"


def test_every_component_is_announced_by_its_name() -> None:
    announced = {point.name for point in entry_points(group="spacy_factories") if point.name.startswith("charttwin_")}
    assert announced == set(ORDER) == set(build_pipeline().pipe_names)


def test_the_entities_profile_reads_entities_as_the_whole_does() -> None:
    text = "PMH: HTN. Denies chest pain, possible pneumonia. BP 120/80."
    read = [
        [(e.text, e.label_, e._.is_negated, e._.is_historical, e._.is_uncertain) for e in build_pipeline(p)(text).ents]
        for p in pipeline.PROFILES
    ]
    assert read[0] == read[1] and len(read[0]) >= 3
    assert build_pipeline("entities")(text)._.chart.values == []


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(InvalidInput, match="unknown profile"):
        build_pipeline("fast")


def test_the_default_pipeline_is_built_afresh_when_its_vocabulary_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    first = pipeline.default_pipeline()
    assert pipeline.default_pipeline() is first
    monkeypatch.setattr(pipeline, "_MAX_STRINGS", 10)
    notes = (Note(id=str(n), patient_id="p", text=f"Denies chest pain {n}.") for n in range(3))
    facts = list(extract(notes, batch_size=1))
    assert [[f.concept_id for f in of_note] for of_note in facts] == [["chest_pain"]] * 3
    assert pipeline.default_pipeline() is not first


def test_a_hostile_repetition_is_read_once_per_word() -> None:
    [facts] = extract([Note(id="n", patient_id="p", text="fever " * 3000)])
    assert len(facts) == 3000 and {fact.concept_id for fact in facts} == {"fever"}


@pytest.mark.parametrize(
    "phrase",
    ["eyes open to ", "T 37 P 80 R 20 ", "°C T 37 P 80 R 20 ", "no fever, ", "1. cough\n", "PMH:\n", "aspirin 81 mg daily ",
     "allergic to penicillin (rash), ", "father died of ", "smoked 1 ppd for 20 years ", "Na 140 K 4 ", "14 May ", "urea—",
     "3 days ago ", "no pain when walking or ", "(a [b ", "return or for "],
)  # fmt: skip
def test_a_repeated_phrase_takes_linear_time(phrase: str) -> None:
    text = phrase * (50_000 // len(phrase))
    list(extract([Note(id="n", patient_id="p", text=text[:100])]))  # builds the pipeline, which takes seconds
    start = time.process_time()
    list(extract([Note(id="n", patient_id="p", text=text)]))
    assert time.process_time() - start < 3.0
