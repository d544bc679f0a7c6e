"""A story as a FHIR document: valid R4, every citation inside, nothing of a note or a name that breaks XML."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from app.stories import story_document
from domain.facts import Evidence, Note
from knowledge_base.fhir_composition import Line, Part, document_of
from knowledge_base.validation import faults
from tests.conftest import NOW, Bench
from tools.story import KINDS, build_story


def document(bench: Bench, patient: int, kind: str, audience: str = "clinician_long") -> dict[str, Any]:
    return story_document(SimpleNamespace(store=bench.store), build_story(bench.context(patient), kind, audience), NOW)


def resources(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in made["entry"] if e["resource"]["resourceType"] == kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_story_is_a_valid_document(cohort: Bench, kind: str) -> None:
    for patient in (1, 2, 9, 12):
        made = document(cohort, patient, kind)
        assert faults(made) == [] and [f for e in made["entry"] for f in faults(e["resource"])] == []
        urls = [e["fullUrl"] for e in made["entry"]]
        assert len(urls) == len(set(urls)) and made["entry"][0]["resource"]["resourceType"] == "Composition"
        (composition,), (provenance,) = resources(made, "Composition"), resources(made, "Provenance")
        named = [r["reference"] for s in composition["section"] for r in s.get("entry", ())]
        named += [
            composition["subject"]["reference"],
            composition["author"][0]["reference"],
            provenance["target"][0]["reference"],
        ]
        named += [e["what"]["reference"] for e in provenance["entity"]]
        assert named and all(any(u.endswith(f"/{n}") for u in urls) for n in named)


def test_sections_have_loinc_codes_and_parsable_text(cohort: Bench) -> None:
    (composition,) = resources(document(cohort, 6, "full"), "Composition")
    assert composition["status"] == "preliminary" and {
        s["code"]["coding"][0]["code"] for s in composition["section"]
    } >= {"48765-2", "11450-4", "10160-0"}
    for part in composition["section"]:
        root = ElementTree.fromstring(part["text"]["div"])
        assert root.tag == "{http://www.w3.org/1999/xhtml}div" and "".join(root.itertext()).strip()


def test_markup_and_control_characters_in_a_record_stay_text() -> None:
    note = Note(id="odd id!", patient_id="p 1", text="a < b & \x00 c", time=datetime(2024, 1, 1, tzinfo=UTC))
    lines = (
        Line(
            text="<script>alert(1)</script> & \x0b",
            evidence=(Evidence(ref="Note/odd id!#0-5"), Evidence(ref="Knowledge/x")),
        ),
        Line(text="a", item=True),
    )
    made = document_of(
        {"resourceType": "Patient", "id": "p 1"}, "p 1", "T", [Part(title="S", code="11450-4", lines=lines), Part(title="Empty", code="30954-2")],
        look_up=lambda ref: None, note=lambda note_id: note, recorded=NOW, as_of=NOW, version="0",
    )  # fmt: skip
    assert faults(made) == [] and [f for e in made["entry"] for f in faults(e["resource"])] == []
    (composition,), (kept,) = resources(made, "Composition"), resources(made, "DocumentReference")
    root = ElementTree.fromstring(composition["section"][0]["text"]["div"])
    assert root.find(".//{http://www.w3.org/1999/xhtml}script") is None and (root[0].text or "").startswith("<script>")
    assert composition["section"][1]["emptyReason"]["coding"][0]["code"] == "unavailable"
    assert base64.b64decode(kept["content"][0]["attachment"]["data"]).decode() == note.text and " " not in kept["id"]
