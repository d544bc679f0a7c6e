"""Any record, any moment: a story is told, every sentence has evidence, and no note speaks outside quotes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evals.scorers.story import faults_of
from evals.scorers.story_files import PatientFiles
from tests.conftest import NOW, Bench
from tools.context import ToolContext
from tools.story import AUDIENCES, KINDS, build_story

QUOTE = re.compile(r"“[^”]*”")
DAYS = st.integers(0, 365 * 30).map(lambda d: (datetime(1998, 1, 1, tzinfo=UTC) + timedelta(days=d)).date().isoformat())
DATES = st.one_of(DAYS, DAYS.map(lambda d: d[:7]), DAYS.map(lambda d: d[:4]), DAYS.map(lambda d: f"{d}T23:30:00+11:00"))
NAMES = st.one_of(
    st.sampled_from(["Essential hypertension", "Type 2 diabetes", "Stroke", "Fracture of forearm", "Body mass index 30+ - obesity (finding)"]),
    st.text(alphabet="abc XYZ-+()[]“”\"'.;:&<>\n\t0123456789éß🙂", min_size=1, max_size=30).filter(str.strip),
)  # fmt: skip


def coded(kind: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{kind}", "code": code}]}


CONDITIONS = st.builds(
    lambda name, state, doubt, onset, end: {
        "code": {"text": name},
        **({"clinicalStatus": coded("condition-clinical", state)} if state else {}),
        **({"verificationStatus": coded("condition-ver-status", doubt)} if doubt else {}),
        **({"onsetDateTime": onset} if onset else {}),
        **({"abatementDateTime": end} if end else {}),
    },
    NAMES,
    st.sampled_from(["active", "resolved", "remission", "inactive", "recurrence"]),
    st.sampled_from(["confirmed", "provisional", "refuted", "entered-in-error", ""]),
    st.one_of(st.none(), DATES),
    st.one_of(st.none(), DATES),
)
ORDERS = st.builds(
    lambda name, status, when, text: {
        "medicationCodeableConcept": {"text": name}, "status": status, "intent": "order", **({"authoredOn": when} if when else {}),
        **({"dosageInstruction": [{"text": text}]} if text else {}),
    },
    st.one_of(st.sampled_from(["metformin 500 mg", "naproxen 220 MG Oral Tablet", "warfarin 5 mg"]), NAMES),
    st.sampled_from(["active", "stopped", "completed", "on-hold", "draft"]),
    st.one_of(st.none(), DATES),
    st.one_of(st.none(), NAMES),
)  # fmt: skip
VALUES = st.builds(
    lambda code, value, unit, when: {
        "code": {"coding": [{"system": "http://loinc.org", "code": code[0], "display": code[1]}]}, "status": "final",
        "valueQuantity": {"value": value, "unit": unit}, **({"effectiveDateTime": when} if when else {}),
    },
    st.sampled_from([("2160-0", "Creatinine"), ("33914-3", "eGFR"), ("8480-6", "Systolic blood pressure"), ("0-0", "Nothing known")]),
    st.floats(-5, 1e6, allow_nan=False).map(lambda v: round(v, 4)),
    st.sampled_from(["mg/dL", "umol/L", "mm[Hg]", "wibble", ""]),
    st.one_of(st.none(), DATES),
)  # fmt: skip
ALLERGIES = st.builds(
    lambda name, state: {"code": {"text": name}, "clinicalStatus": coded("allergyintolerance-clinical", state)},
    st.one_of(st.sampled_from(["Allergy to penicillin", "No known allergy", "Latex allergy"]), NAMES),
    st.sampled_from(["active", "inactive", "resolved"]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    conditions=st.lists(CONDITIONS, max_size=5), orders=st.lists(ORDERS, max_size=5), values=st.lists(VALUES, max_size=6),
    allergies=st.lists(ALLERGIES, max_size=3), born=st.one_of(st.none(), DAYS), died=st.one_of(st.none(), st.none(), DAYS),
    kind=st.sampled_from(KINDS), audience=st.sampled_from(AUDIENCES), now=st.sampled_from([NOW, datetime(2005, 3, 1, tzinfo=UTC)]),
)  # fmt: skip
def test_any_record_has_a_story(
    twin: Any,
    conditions: Any,
    orders: Any,
    values: Any,
    allergies: Any,
    born: Any,
    died: Any,
    kind: str,
    audience: str,
    now: datetime,
) -> None:
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore
    from tests.unit.test_kb_fhir import bundle, patient, resource, write

    who = patient("any", **({"deceasedDateTime": died} if died else {}))
    who.pop("birthDate")
    if born:
        who["birthDate"] = born
    parts = [
        resource(name, f"{name.lower()}-{n}", "any", **fields)
        for name, rows in (("Condition", conditions), ("MedicationRequest", orders), ("Observation", values), ("AllergyIntolerance", allergies))
        for n, fields in enumerate(rows)
    ]  # fmt: skip
    with TemporaryDirectory() as folder:
        store = RecordStore(Path(folder) / "data")
        ingest_paths([write(Path(folder) / "any.json", bundle(who, *parts))], store)
        story = build_story(ToolContext(store, "any", now, twin), kind, audience)
        files = PatientFiles(store, "any", now, ToolContext(store, "any", now, twin).lexicon)
        assert story.sentences
        for sentence in story.sentences:
            assert sentence.text.strip() and sentence.evidence
            assert all(files.source(e) is not None for e in sentence.evidence)
        store.close()


PATIENTS = st.one_of(st.integers(1, 12), st.sampled_from(["status", "units", "notes", "east"]))
MOMENTS = st.integers(0, 1600).map(lambda d: NOW - timedelta(days=d))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patient=PATIENTS, moment=MOMENTS, kind=st.sampled_from(KINDS), audience=st.sampled_from(AUDIENCES))
def test_at_any_moment_all_is_supported_and_notes_stay_in_quotes(
    cohort: Bench, crafted: Bench, patient: int | str, moment: datetime, kind: str, audience: str
) -> None:
    bench = cohort if isinstance(patient, int) else crafted
    ctx = bench.context(patient, moment)
    story = build_story(ctx, kind, audience)
    files = PatientFiles(bench.store, ctx.patient_id, moment, ctx.lexicon)
    assert [f for s in story.sentences for f in faults_of(s.text, s.basis.value, s.evidence, files)] == []
    outside = words_of(" ".join(QUOTE.sub(" ¶ ", s.text) for s in story.sentences))
    recorded = words_of(
        " ".join(str(r.model_dump()) for r in (*ctx.chart.conditions, *ctx.chart.medications, *ctx.chart.encounters))
    )
    titles = words_of(" ".join(f"{n.title} {n.note_type}" for n in ctx.chart.notes))
    for note in ctx.chart.notes:
        copied = runs_of(words_of(note.text)) & runs_of(outside) - runs_of(recorded) - runs_of(titles)
        assert not copied


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9¶]+", text.lower())


def runs_of(words: list[str], length: int = 6) -> set[tuple[str, ...]]:
    """Runs of words; values that record and note both have ("79.8 kg, BMI 30.8") are no words."""
    runs = (tuple(words[i : i + length]) for i in range(len(words) - length + 1))
    return {run for run in runs if sum(word.isalpha() for word in run) >= length - 2}
