"""Ingest: what is taken in, what is refused and how it is said, and that it can be done again."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from domain.errors import InvalidRecord, UnknownPatient
from domain.facts import Note
from knowledge_base.ingest import ingest_note, ingest_paths
from knowledge_base.records import RecordStore
from knowledge_base.rows import IngestReport
from tests.unit.test_kb_fhir import attachment, bundle, concept, document, observation, patient, resource, write

SYNTHEA = Path(__file__).parents[1] / "data" / "synthea_fhir"
MARK = "ZQXWV"  # stands for patient data; it may appear in the record but in no report, error or log


@pytest.fixture
def store(tmp_path: Path) -> RecordStore:
    return RecordStore(tmp_path / "data")


def take(store: RecordStore, *paths: Path, **more: Any) -> IngestReport:
    return ingest_paths(paths, store, facts=False, **more)


def take_bundle(store: RecordStore, folder: Path, *resources: dict[str, Any], name: str = "b.json") -> IngestReport:
    return take(store, write(folder / name, bundle(*resources)))


def contents(store: RecordStore) -> dict[str, Any]:
    reads = ("observations", "conditions", "medications", "allergies", "procedures", "immunizations", "encounters", "reports",
             "care_plans", "devices", "family_history", "notes", "counts")  # fmt: skip
    return {p.id: [p, *(getattr(store, name)(p.id) for name in reads)] for p in store.patients()}


def test_synthea_bundle(store: RecordStore) -> None:
    [path] = SYNTHEA.glob("Maximo*.json.gz")
    report = take(store, path)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        entries = [entry["resource"] for entry in json.load(file)["entry"]]
    types = [r["resourceType"] for r in entries]
    assert report.rejected == () and report.files == 1
    assert report.resources | report.ignored == {name: types.count(name) for name in set(types)}
    [person] = store.patients()
    assert person.name == "Maximo817 Bartell116" and report.patients == (person.id,)
    assert len(store.allergies(person.id)) == 7
    components = sum(len(r.get("component", ())) for r in entries)
    assert len(store.observations(person.id)) == types.count("Observation") + components
    # Each note is in a DocumentReference and again in a DiagnosticReport.
    assert len(store.notes(person.id)) == report.notes == types.count("DocumentReference") == 8
    assert all(ref.startswith("Encounter/") for ref in {row.encounter_ref for row in store.observations(person.id)})


def test_twice_changes_nothing(store: RecordStore) -> None:
    [path] = SYNTHEA.glob("Maximo*.json.gz")
    first = take(store, path)
    before = contents(store)
    second = take(store, path)
    assert contents(store) == before
    assert first.changed == sum(first.resources.values()) + first.notes and second.changed == 0
    assert (second.resources, second.notes) == (first.resources, first.notes)


def test_same_id_replaces(store: RecordStore, tmp_path: Path) -> None:
    take_bundle(store, tmp_path, patient(), observation("o1", 1.0), observation("o2", 3.0), document("d", "Old text."))
    report = take_bundle(
        store, tmp_path, patient(), observation("o1", 2.0, status="corrected"), document("d", "New text.")
    )
    assert [(r.ref, r.value, r.status) for r in store.observations("p1")] == [
        ("Observation/o1", 2.0, "corrected"),
        ("Observation/o2", 3.0, "final"),
    ]
    assert [note.text for note in store.notes("p1")] == ["New text."]
    assert report.changed == 3  # the observation, the document and its note


@pytest.mark.parametrize("form", ["json", "json.gz", "ndjson", "ndjson.gz", "bundle per line"])
def test_formats(store: RecordStore, tmp_path: Path, form: str) -> None:
    resources = [patient(), observation("o1", 1.0)]
    lines = "\n".join(map(json.dumps, resources)) + "\n\n"
    text = {"ndjson": lines, "ndjson.gz": lines, "bundle per line": json.dumps(bundle(*resources))}.get(
        form, json.dumps(bundle(*resources))
    )
    path = tmp_path / ("x.ndjson" if form == "bundle per line" else f"x.{form}")
    path.write_bytes(gzip.compress(text.encode()) if form.endswith("gz") else b"\xef\xbb\xbf" + text.encode())
    report = take(store, path)
    assert report.rejected == () and report.resources == {"Observation": 1, "Patient": 1}
    assert [r.value for r in store.observations("p1")] == [1.0]


def test_bulk_export_over_several_files(store: RecordStore, tmp_path: Path) -> None:
    """Files of one folder are one record, whatever their order; shared resources go to those who refer to them."""
    drug = {"resourceType": "Medication", "id": "drug", "code": {"text": "Enoxaparin"}}
    unused = {"resourceType": "Medication", "id": "other", "code": {"text": "Aspirin"}}
    order = resource(
        "MedicationRequest",
        "m",
        "p2",
        status="active",
        intent="order",
        medicationReference={"reference": "Medication/drug"},
    )
    files = {"Medication": [drug, unused], "MedicationRequest": [order], "Observation": [observation("o", 1.0)], "Patient": [patient(), patient("p2")]}  # fmt: skip
    for name, resources in files.items():
        write(tmp_path / f"{name}.ndjson", "\n".join(map(json.dumps, resources)))
    report = take(store, tmp_path)
    assert report.files == 4 and report.rejected == () and report.ignored == {"Medication": 1}
    assert [m.display for m in store.medications("p2")] == ["Enoxaparin"] and store.medications("p1") == []
    assert store.counts("p1").get("Medication") is None and store.counts("p2")["Medication"] == 1
    assert len(store.observations("p1")) == 1 and store.observations("p2") == []


def test_urn_references_are_resolved(store: RecordStore, tmp_path: Path) -> None:
    u1, u2, u3, u4 = (f"{n}0000000-0000-4000-8000-000000000000" for n in (1, 2, 3, 4))
    entries = [
        {"fullUrl": f"urn:uuid:{u1}", "resource": patient(u1, identifier=[{"system": "s", "value": "mrn"}])},
        {"fullUrl": f"urn:uuid:{u2}", "resource": {"resourceType": "Medication", "id": u2, "code": {"text": "Enoxaparin"}}},
        {"fullUrl": f"urn:uuid:{u3}", "resource": {
            "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"reference": f"urn:uuid:{u1}"},
            "medicationReference": {"reference": f"urn:uuid:{u2}"}, "encounter": {"reference": f"https://ehr.example/fhir/Encounter/{u4}/_history/2"}}},
        {"resource": {"resourceType": "Condition", "subject": {"reference": "Patient?identifier=s|mrn"}, "code": {"text": "Gout"}}},
    ]  # fmt: skip
    path = write(tmp_path / "b.json", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert take(store, path).rejected == ()
    [order] = store.medications(u1)
    assert (order.ref, order.display) == (
        f"MedicationRequest/{u3}",
        "Enoxaparin",
    )  # no id of its own: that of its fullUrl
    assert order.encounter_ref == f"Encounter/{u4}"
    [gout] = store.conditions(u1)
    take(store, path)
    assert store.conditions(u1) == [gout]  # without id and fullUrl: named by what it says


# --- whose it is --------------------------------------------------------------------------------------------------------


def test_resources_never_change_hands(store: RecordStore, tmp_path: Path) -> None:
    take_bundle(store, tmp_path, patient("p1"), observation("o1", 1.0))
    report = take_bundle(
        store, tmp_path, patient("p2"), observation("o1", 9.0, subject={"reference": "Patient/p2"}),
        observation("o2", 5.0, subject={"reference": "Patient/p1"}), observation("o3", 7.0, subject={"reference": "Patient/stranger"}),
        {k: v for k, v in observation("o4", 7.0).items() if k != "subject"}, observation("o5", 7.0, subject={"reference": "Group/g"}),
    )  # fmt: skip
    # The id o1 is used by both; the observation about p1 is filed to p1 although it came in the bundle of p2.
    assert [(r.ref, r.value, r.patient_id) for r in store.observations("p1")] == [
        ("Observation/o1", 1.0, "p1"),
        ("Observation/o2", 5.0, "p1"),
    ]
    assert [(r.ref, r.value) for r in store.observations("p2")] == [("Observation/o1", 9.0)]
    assert [(r.path, r.reason) for r in report.rejected] == [
        ("entry[3].resource.subject.reference", "names a patient that is neither in this batch nor in the store"),
        ("entry[4].resource.subject", "names no patient as its subject"),
        ("entry[5].resource.subject.reference", "is not a patient"),
    ]


# --- what is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"valueQuantity": {"value": MARK}}, "valueQuantity.value"),
        ({"status": MARK}, "status"),
        ({"status": None}, "status"),
        ({"nonsense": MARK}, "nonsense"),
        ({MARK + " with space": 1}, "?"),
        ({"effectiveDateTime": "2020-13-40"}, "effectiveDateTime"),
        ({"effectiveDateTime": "2020-01-01T10:00:00"}, "effectiveDateTime"),
        ({"code": None}, "code"),
        ({"category": {"text": MARK}}, "category"),
        ({"component": [{"valueString": MARK}]}, "component[0].code"),
        ({"resourceType": "Observatio"}, "resourceType"),
        ({"resourceType": 7}, "resourceType"),
        ({"valueString": MARK}, ""),
        ({"note": [{"text": MARK + "\ud83d"}]}, "note[0].text"),
        ({"id": "../" + MARK}, "id"),
    ],
)
def test_bad_resource_is_named_and_the_rest_loads(store: RecordStore, tmp_path: Path, caplog: pytest.LogCaptureFixture, change: dict[str, Any], path: str) -> None:  # fmt: skip
    bad = {k: v for k, v in (observation("bad", 1.0) | change).items() if v is not None}
    report = take(store, write(tmp_path / "b.json", bundle(patient(), bad, observation("good", 2.0), full_urls=False)))
    assert [r.ref for r in store.observations("p1")] == ["Observation/good"]
    assert [r.path for r in report.rejected] == ["entry[1].resource" + ("." + path if path else "")]
    assert report.rejected[0].file == "b.json" and report.rejected[0].reason
    assert MARK not in str(report.rejected) and MARK not in caplog.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{'not json': " + MARK, "is not JSON"),
        ('{"resourceType": "Bundle", "entry": [NaN]}', "not finite"),
        ('{"resourceType": "Bundle", "entry": [1e999]}', "not finite"),
        ("", "is not JSON"),
        ("[]", "resourceType is not Bundle"),
        (json.dumps(patient()), "resourceType is not Bundle"),
        ('{"resourceType": "Bundle", "type": "collection"}', "entry the Bundle has no entries"),
        ('{"resourceType": "Bundle", "entry": []}', "entry the Bundle has no entries"),
        ('{"resourceType": "Bundle", "entry": {}}', "entry must be a list"),
        (json.dumps(bundle(observation("o", 1.0))), "entry the Bundle has no valid Patient"),
        (json.dumps(bundle(patient(gender=MARK), observation("o", 1.0))), "entry[0].resource.gender is not one of"),
        ("[" * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_refused_files(store: RecordStore, tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path / "b.json", text)
    with pytest.raises(InvalidRecord) as caught:
        take(store, path)
    assert "b.json" in str(caught.value) and said in str(caught.value)
    assert MARK not in str(caught.value) + str(caught.value.details)
    assert store.patients() == []


def test_unreadable_files(store: RecordStore, tmp_path: Path) -> None:
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(b"{}" * 100)[:-9])
    (tmp_path / "not.json.gz").write_bytes(b"{}")
    (tmp_path / "latin.json").write_bytes('{"a": "é"}'.encode("latin-1"))
    write(tmp_path / "page.html", "<p>")
    good = write(tmp_path / "good.json", bundle(patient()))
    report = take(
        store, *(tmp_path / n for n in ("cut.json.gz", "not.json.gz", "latin.json", "page.html", "absent.json")), good
    )
    assert report.patients == ("p1",) and report.files == 1
    assert {r.file: r.reason.split()[0] for r in report.rejected} == {
        "cut.json.gz": "is", "not.json.gz": "is", "latin.json": "is", "page.html": "is", "absent.json": "there",
    }  # fmt: skip


def test_nothing_given(store: RecordStore, tmp_path: Path) -> None:
    for paths in ([], [tmp_path / "absent"], [tmp_path]):
        with pytest.raises(InvalidRecord, match="nothing could be taken in"):
            take(store, *paths)


def test_bad_lines_of_ndjson(store: RecordStore, tmp_path: Path) -> None:
    lines = [
        json.dumps(patient()),
        "{" + MARK,
        "7",
        json.dumps(observation("o", 1.0)),
        json.dumps(observation("x", 1.0, status="new")),
    ]
    report = take(store, write(tmp_path / "all.ndjson", "\n".join(lines)))
    assert [r.path for r in report.rejected] == ["line[2]", "line[3]", "line[5].status"]
    assert len(store.observations("p1")) == 1 and MARK not in str(report)


def test_entries_without_resource(store: RecordStore, tmp_path: Path) -> None:
    value = bundle(patient())
    value["entry"] += [{"request": {"method": "DELETE", "url": "Patient/x"}}, 7]
    report = take(store, write(tmp_path / "b.json", value))
    assert [r.path for r in report.rejected] == ["entry[1].resource", "entry[2].resource"]


def test_entered_in_error_is_kept_with_its_status(store: RecordStore, tmp_path: Path) -> None:
    take_bundle(store, tmp_path, patient(), observation("o", 9.9, status="entered-in-error"))
    assert [(r.value, r.status) for r in store.observations("p1")] == [(9.9, "entered-in-error")]


# --- notes --------------------------------------------------------------------------------------------------------------


def test_one_text_in_document_and_report_is_one_note(store: RecordStore, tmp_path: Path) -> None:
    report = resource(
        "DiagnosticReport", "r", status="final", code={"text": "Note"}, effectiveDateTime="2024-03-05T10:00:00+01:00",
        presentedForm=[attachment("Seen today.")],
    )  # fmt: skip
    # The report stands first, and the text is copied forward a week later: that is a note of its own.
    later = document("d2", "Seen today.", when="2024-03-12T10:00:00+01:00")
    for _ in range(2):
        result = take_bundle(store, tmp_path, patient(), report, document("d1", "Seen today."), later)
        assert [note.id for note in store.notes("p1")] == ["d1", "d2"] and result.notes == 2
    other = report | {"id": "r2", "presentedForm": [attachment("Only here.")]}
    take_bundle(store, tmp_path, patient(), other)
    assert [note.id for note in store.notes("p1")] == ["d1", "r2", "d2"]


def test_note_details(store: RecordStore, tmp_path: Path) -> None:
    context = {"encounter": [{"reference": "Encounter/e1"}], "period": {"start": "2024-03-05T09:00:00-05:00"}}
    take_bundle(
        store,
        tmp_path,
        patient(),
        document("d", "\n# Plan\r\nRest – now.\n", author=[{"display": "Dr. Who"}], context=context),
    )
    [note] = store.notes("p1")
    assert note == store.note("p1", "d")
    assert note.text == "\n# Plan\r\nRest – now.\n"  # to the character, since spans count them
    assert (note.title, note.author, note.encounter_id) == ("History and physical note", "Dr. Who", "e1")
    assert note.time is not None and note.time.isoformat() == "2024-03-05T09:00:00-05:00"


@pytest.mark.parametrize(
    ("attached", "expected"),
    [
        (attachment("plain"), "plain"),
        (attachment("é", "text/plain"), "é"),
        ({"contentType": "text/plain; charset=iso-8859-1", "data": "6Q=="}, "é"),
        (attachment("<p>One &amp; two</p><script>x()</script>", "text/html"), "One & two"),
        ({"contentType": "application/pdf", "data": "JVBERg=="}, "contentType"),
        ({"contentType": "text/plain", "data": "6Q=="}, "data"),
        ({"contentType": "text/plain", "data": "!!!"}, "data"),
        ({"contentType": "text/plain", "data": "cGxh\r\naW4="}, "plain"),
        ({"contentType": "text/plain; charset=klingon", "data": "6Q=="}, "data"),
        ({"contentType": "text/plain", "url": "Binary/b1"}, "from the binary"),
        ({"contentType": "text/plain", "url": "https://elsewhere.example/x"}, "url"),
    ],
)
def test_attachments(store: RecordStore, tmp_path: Path, attached: dict[str, Any], expected: str) -> None:
    binary = {
        "resourceType": "Binary",
        "id": "b1",
        "contentType": "text/plain",
        "data": attachment("from the binary")["data"],
    }
    report = take_bundle(store, tmp_path, patient(), document("d", "", content=[{"attachment": attached}]), binary)
    if expected in {"contentType", "data", "url"}:
        assert [r.path for r in report.rejected] == [f"entry[1].resource.content[0].attachment.{expected}"]
        assert store.notes("p1") == [] and store.counts("p1")["DocumentReference"] == 1
    else:
        assert report.rejected == () and [n.text.strip() for n in store.notes("p1")] == [expected]


def test_document_entered_in_error_withdraws_its_note(store: RecordStore, tmp_path: Path) -> None:
    take_bundle(store, tmp_path, patient(), document("d", "Wrong patient."), document("e", "Right."))
    take_bundle(store, tmp_path, patient(), document("d", "Wrong patient.", status="entered-in-error"))
    assert [note.text for note in store.notes("p1")] == ["Right."]
    assert store.resource("p1", "DocumentReference/d")["status"] == "entered-in-error"


def test_text_notes(store: RecordStore, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "z.json", bundle(patient()))
    write(folder / "p1__2024-03-05T0830__Progress_note.txt", "Doing well.")
    write(folder / "p1__2024-03-06.txt", "Still well.")
    write(folder / "free text.txt", "Whose?")
    write(folder / "nobody__2024-03-05__x.txt", "Unknown.")
    write(folder / "p1__yesterday__x.txt", "When?")
    write(folder / "p1__2024-03-07__empty.txt", " \n")
    report = take(store, folder)
    found = [(n.title, n.text, n.time.isoformat() if n.time else None) for n in store.notes("p1")]
    assert found == [
        ("Progress note", "Doing well.", "2024-03-05T08:30:00+00:00"),
        ("", "Still well.", "2024-03-06T00:00:00+00:00"),
    ]
    assert sorted(r.file for r in report.rejected) == [
        "free text.txt", "nobody__2024-03-05__x.txt", "p1__2024-03-07__empty.txt", "p1__yesterday__x.txt",
    ]  # fmt: skip
    given = take(store, folder / "free text.txt", patient_id="p1")
    assert given.notes == 1 and [n.title for n in store.notes("p1") if n.time is None] == ["free text"]
    assert take(store, folder / "free text.txt", patient_id="p1").changed == 0
    with pytest.raises(InvalidRecord, match="another patient"):
        take(store, folder / "p1__2024-03-06.txt", patient_id="p2")


def test_ingest_note(store: RecordStore, tmp_path: Path) -> None:
    with pytest.raises(UnknownPatient):
        ingest_note(Note(id="n", patient_id="p1", text="x"), store, facts=False)
    take_bundle(store, tmp_path, patient())
    report = ingest_note(Note(id="n", patient_id="p1", text="One."), store, facts=False)
    assert report.notes == 1 and report.changed == 1
    ingest_note(Note(id="n", patient_id="p1", text="Two."), store, facts=False)
    assert [n.text for n in store.notes("p1")] == ["Two."]
    with pytest.raises(InvalidRecord):
        ingest_note(Note(id="n", patient_id="p1", text=" "), store, facts=False)


def test_progress(store: RecordStore, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{i}.json", bundle(patient(f"p{i}"))) for i in range(3)]
    seen: list[tuple[int, int, str]] = []
    take(store, *paths, write(tmp_path / "p1__2024-01-01.txt", "Fine."), progress=lambda *step: seen.append(step))
    assert seen == [(i, 4, "record") for i in (1, 2, 3, 4)]


def test_panel_members_name_their_panel(store: RecordStore, tmp_path: Path) -> None:
    panel = resource(
        "Observation",
        "panel",
        status="final",
        code=concept("24323-8", "CMP"),
        hasMember=[{"reference": "Observation/o1"}],
    )
    take_bundle(store, tmp_path, patient(), panel, observation("o1", 1.0), observation("o2", 2.0))
    assert {r.ref: r.parent_ref for r in store.observations("p1")} == {
        "Observation/panel": "", "Observation/o1": "Observation/panel", "Observation/o2": "",
    }  # fmt: skip
