"""The record store: reading, evidence, other processes, and folders that cannot be used."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.errors import StoreUnavailable, UnknownEvidence, UnknownPatient
from domain.predictions import ModelRun, Output
from knowledge_base.ingest import ingest_paths
from knowledge_base.records import RecordStore
from tests.unit.test_kb_fhir import bundle, document, observation, patient, resource, write

ROOT = Path(__file__).parents[2]
TEXT = "Assessment: creatinine is stable.\nPlan: recheck in a week."


def take(store: RecordStore, path: Path) -> None:
    ingest_paths([path], store, facts=False)


@pytest.fixture
def store(tmp_path: Path) -> RecordStore:
    made = RecordStore(tmp_path / "data")
    anna = bundle(patient(), observation("o1", 1.4), observation("early", 0.9, "2020-01-01"), document("n", TEXT))
    anne = bundle(patient("p2", "Other"), observation("o1", 7.0, subject={"reference": "Patient/p2"}))
    take(made, write(tmp_path / "1.json", anna))
    take(made, write(tmp_path / "2.json", anne))
    return made


def test_patients_in_order(store: RecordStore) -> None:
    assert [p.id for p in store.patients()] == ["p2", "p1"]
    assert store.patient("p2").family == "Other"


def test_counts(store: RecordStore) -> None:
    assert store.counts("p1") == {"DocumentReference": 1, "Observation": 2, "Patient": 1, "Note": 1, "Fact": 0}


READS = ("patient", "observations", "conditions", "medications", "allergies", "procedures", "immunizations", "encounters",
         "reports", "care_plans", "devices", "family_history", "notes", "facts", "counts")  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_unknown_patient(store: RecordStore, name: str) -> None:
    with pytest.raises(UnknownPatient):
        getattr(store, name)("p3")


def test_callers_cannot_change_what_is_cached(store: RecordStore) -> None:
    store.observations("p1").clear()
    store.counts("p1").clear()
    assert len(store.observations("p1")) == 2 and store.counts("p1")


def test_rows_are_in_order_of_time(store: RecordStore) -> None:
    assert [row.ref for row in store.observations("p1")] == ["Observation/early", "Observation/o1"]


# --- evidence -----------------------------------------------------------------------------------------------------------


def test_resolve_resource(store: RecordStore) -> None:
    found = store.resolve("p1", "Observation/o1")
    assert (found["ref"], found["title"], found["raw"]["id"]) == ("Observation/o1", "Creatinine", "o1")
    assert dict(found["rendered"]) == {
        "Type": "Observation", "Date": "2024-03-05 08:30+01:00", "Value": "1.4 mg/dL", "Status": "final", "Code": "LOINC 2160-0",
    }  # fmt: skip
    assert dict(store.resolve("p1", "Observation/early")["rendered"])["Date"] == "2020-01-01"
    assert dict(store.resolve("p1", "Patient/p1")["rendered"])["Birth date"] == "1950-04-30"


def test_resolve_note(store: RecordStore) -> None:
    found = store.resolve("p1", "Note/n#12-33")
    assert found["text"] == TEXT and found["text"][found["start"] : found["end"]] == "creatinine is stable."
    assert dict(found["rendered"])["Quote"] == "creatinine is stable."
    assert store.resolve("p1", "Note/n")["text"] == TEXT


def test_resolve_knowledge(store: RecordStore) -> None:
    assert (
        dict(store.resolve("p1", "Knowledge/vancomycin-auc")["rendered"])["Link"]
        == "https://doi.org/10.1093/ajhp/zxaa036"
    )


@pytest.mark.parametrize("ref", ["", "Observation", "Observation/x", "Observation/o1/", "Note/x#1-2", "Note/n#1-9999", "Note/n#5-5",
                                 "Note/n#b-c", "Run/x", "Knowledge/x", "urn:uuid:o1", "%/o1", "Observation/%"])  # fmt: skip
def test_unknown_evidence(store: RecordStore, ref: str) -> None:
    with pytest.raises(UnknownEvidence):
        store.resolve("p1", ref)


def test_evidence_never_crosses_patients(store: RecordStore) -> None:
    assert dict(store.resolve("p2", "Observation/o1")["rendered"])["Value"] == "7 mg/dL"
    store.save_run("p1", _run())
    for ref in ("Observation/early", "Note/n#0-5", "Patient/p1", "Run/r1", "DocumentReference/n"):
        store.resolve("p1", ref)
        with pytest.raises(UnknownEvidence):
            store.resolve("p2", ref)


def _run() -> ModelRun:
    output = Output(name="egfr", label="eGFR", value=55.2, unit="mL/min/{1.73_m2}", display="55 mL/min/1.73 m2")
    return ModelRun(
        id="r1", model_id="ckd_epi_2021", model_version="1", title="CKD-EPI 2021", outputs=(output,), inputs=(), source="Inker",
        doi="10.1056/NEJMoa2102953", population="adults",
    )  # fmt: skip


def test_runs(store: RecordStore) -> None:
    store.save_run("p1", _run())
    store.save_run("p1", _run())
    assert store.run("p1", "r1") == _run()
    assert ("eGFR", "55 mL/min/1.73 m2") in store.resolve("p1", "Run/r1")["rendered"]
    with pytest.raises(UnknownPatient):
        store.save_run("p3", _run())


# --- threads and processes ----------------------------------------------------------------------------------------------


def test_cache_holds_until_the_patient_is_written(store: RecordStore, tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert store.derived("p1", "x", make) == store.derived("p1", "x", make) == 1
    store.save_run("p1", _run())
    take(store, write(tmp_path / "3.json", bundle(patient("p2", "Renamed"))))
    assert store.derived("p1", "x", make) == 1  # neither a model run nor another patient's record touches it
    assert store.patient("p2").family == "Renamed" and [p.family for p in store.patients()] == ["Renamed", "Testperson"]
    take(store, write(tmp_path / "4.json", bundle(patient(), observation("o9", 3.0))))
    assert store.derived("p1", "x", make) == 2 and len(store.observations("p1")) == 3


def test_another_process_writes(store: RecordStore, tmp_path: Path) -> None:
    assert len(store.observations("p1")) == 2
    path = write(tmp_path / "5.json", bundle(patient(), observation("o9", 3.0), patient("p9", "Ninth")))
    code = (
        "import sys; from knowledge_base.records import RecordStore; from knowledge_base.ingest import ingest_paths\n"
        "ingest_paths([sys.argv[1]], RecordStore(sys.argv[2]), facts=False)"
    )
    subprocess.run([sys.executable, "-c", code, str(path), str(store.data_dir)], check=True, cwd=ROOT)
    assert len(store.observations("p1")) == 3 and store.patient("p9").family == "Ninth"


def test_threads_read_while_another_writes(store: RecordStore, tmp_path: Path) -> None:
    errors: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                assert {row.patient_id for row in store.observations("p1")} == {"p1"}
                store.patients()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for i in range(10):
        take(store, write(tmp_path / "w.json", bundle(patient(), observation(f"w{i}", 1.0))))
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == [] and len(store.observations("p1")) == 12


# --- folders that cannot be used ----------------------------------------------------------------------------------------


def test_missing_folder_is_made_or_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="charttwin demo"):
        RecordStore(tmp_path / "a" / "b", create=False)
    assert not (tmp_path / "a").exists()
    assert RecordStore(tmp_path / "a" / "b").patients() == []


def test_file_in_place_of_folder(tmp_path: Path) -> None:
    write(tmp_path / "file", "x")
    with pytest.raises(StoreUnavailable, match="--data-dir"):
        RecordStore(tmp_path / "file" / "data")


@pytest.mark.parametrize("content", [b"this is no database, but long enough to be looked at" * 20, b""])
def test_not_a_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "record.sqlite3").write_bytes(content)
    if content:
        with pytest.raises(StoreUnavailable, match="not a database"):
            RecordStore(tmp_path)
    else:
        assert RecordStore(tmp_path).patients() == []


def test_newer_format(tmp_path: Path) -> None:
    RecordStore(tmp_path).close()
    with sqlite3.connect(tmp_path / "record.sqlite3") as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(StoreUnavailable, match="format 99"):
        RecordStore(tmp_path)


def test_locked_by_another_process(store: RecordStore, tmp_path: Path) -> None:
    other = sqlite3.connect(store.data_dir / "record.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = RecordStore(store.data_dir, busy_timeout_s=0.1)
    assert len(impatient.observations("p1")) == 2  # readers never wait
    with pytest.raises(StoreUnavailable, match="in use by another process"):
        impatient.save_run("p1", _run())
    other.execute("ROLLBACK")
    impatient.save_run("p1", _run())


def _as_nobody(action: Callable[[], Any]) -> str:
    """What `action` returns or raises when run without the rights of root, as text."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            said = str(action())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(sending, said.encode())
        os._exit(0)
    os.close(sending)
    with os.fdopen(receiving) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs to give up the rights of root in a child process")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_read_only_folder(store: RecordStore, tmp_path: Path) -> None:
    store.close()
    folder = Path(tempfile.mkdtemp(prefix="charttwin-test-"))
    try:
        shutil.copy(store.data_dir / "record.sqlite3", folder)
        os.chmod(folder / "record.sqlite3", 0o444)
        os.chmod(folder, 0o555)
        assert _as_nobody(lambda: [row.value for row in RecordStore(folder).observations("p1")]) == "[0.9, 1.4]"
        said = _as_nobody(lambda: RecordStore(folder).save_run("p1", _run()))
        assert said.startswith("StoreUnavailable") and "read-only" in said and "--data-dir" in said
        said = _as_nobody(lambda: RecordStore(folder / "new"))
        assert said.startswith("StoreUnavailable") and "cannot be made" in said
        os.remove(folder / "record.sqlite3")
        said = _as_nobody(lambda: RecordStore(folder))
        assert said.startswith("StoreUnavailable") and "read-only" in said
    finally:
        os.chmod(folder, 0o755)
        shutil.rmtree(folder)


def test_errors_hold_no_patient_data(store: RecordStore) -> None:
    """SQLAlchemy prints the values of a failing statement unless told not to."""
    with sqlite3.connect(store.data_dir / "record.sqlite3") as connection:
        connection.execute("DROP TABLE runs")
    with pytest.raises(StoreUnavailable) as caught:
        store.run("p1", "ZQXWV")
    assert "ZQXWV" not in str(caught.value) and caught.value.__cause__ is None


def test_family_member_and_device_are_found(store: RecordStore, tmp_path: Path) -> None:
    family = resource("FamilyMemberHistory", "f", status="completed", relationship={"text": "mother"})
    device = resource("Device", "d", type={"text": "Pacemaker"})
    take(store, write(tmp_path / "6.json", bundle(patient(), family, device)))
    assert [r.relationship for r in store.family_history("p1")] == ["mother"]
    assert [r.type for r in store.devices("p1")] == ["Pacemaker"]
