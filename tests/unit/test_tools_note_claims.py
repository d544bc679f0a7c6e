"""What a note claims: a drug taken or only told of, a problem denied or only narrowed; and dates no finer than recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import RXNORM, Bench
from tests.unit.test_tools_allergies import state

SNOMED = "http://snomed.info/sct"
DRUGS = {
    "levofloxacin": "82122",
    "nadolol": "7226",
    "naproxen": "7258",
    "lisinopril": "29046",
    "oxycodone": "7804",
    "prednisone": "8640",
}
PROBLEMS = {
    "Ascites": "389026000",
    "Type 2 diabetes mellitus": "44054006",
    "Gout": "90560007",
    "Heart failure": "84114007",
}

# Every drug above was ordered and has ended; a note of 2026-05-01 says this.
LISTED: list[tuple[str, str]] = [
    ("Meds: lisinopril 20 mg daily, aspirin 81 mg.", "lisinopril"),
    ("Home medications:\n- lisinopril 20 mg daily\n- oxycodone 5 mg q4h PRN", "lisinopril oxycodone"),
    ("He takes naproxen 500 mg twice daily for his knee.", "naproxen"),
    ("Continue nadolol 20 mg daily.", "nadolol"),
    # told of, not taken
    ("Treated with levofloxacin, 7 days; prednisone 5 days. Never intubated.", ""),
    ("Nadolol changed to carvedilol 6.25 mg BID.", ""),
    ("Asks\nwhether he can take naproxen for his knee - told NO.", ""),
    ("Naproxen finished in March. Doing well.", ""),
    ("Stop naproxen. Avoid NSAIDs.", ""),
    ("No longer takes lisinopril because of cough.", ""),
    ("Pharmacist flagged naproxen with lisinopril.", ""),
    ("S/p course of levofloxacin.", ""),
    ("Cough on lisinopril, switched to losartan.", ""),
    ("Would consider prednisone if he flares.", ""),
    ("Prednisone 40 mg daily x 5 days.", ""),  # over long ago
    ("Denies naproxen use.", ""),
    # a mere mention lists nothing
    ("Cold and wet after naproxen and missed salt.", ""),
    ("Alert for naproxen put on.", ""),
    ("Chosen over nadolol since the bowel upset on lisinopril was severe.", ""),
    ("Septic ATN, with naproxen plus lisinopril having taken away his reserve.", ""),
    ("[Copied] Meds: lisinopril 20 mg. -> actual: amlodipine 5 mg.", ""),
    ("On oxycodone 5 mg, aspirin.", "oxycodone"),
    ("Prednisone taper continues.", "prednisone"),
]
# Every problem above is active; the same note says this.
DENIED: list[tuple[str, str]] = [
    ("PMH: HTN. No history of diabetes.", "Type 2 diabetes mellitus"),
    ("No ascites on exam.", "Ascites"),
    ("He does not have heart failure.", "Heart failure"),
    ("Denies bleeding. No new ascites by exam, mild edema.", ""),
    ("No worsening ascites.", ""),
    ("No gout flare since 2022.", ""),
    ("No signs of heart failure exacerbation.", ""),
    ("ED chart said no DM: incorrect. She HAS type 2 diabetes.", ""),
    ("ED chart said no diabetes. She does have type 2 diabetes and takes metformin.", ""),
    ("Family history: no diabetes in his mother.", ""),
    # the problem is why something else is denied
    ("No NSAIDs (heart failure).", ""),
    ("No oral steroids given type 2 diabetes.", ""),
    ("Not on a thiazide because of gout.", ""),
    ("Contraception: coil, not combined pill: type 2 diabetes.", ""),
    ("Foot drop probably from the frame rather than from gout.", ""),
    ("No gout in the last 30 d.", ""),
]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, twin: Any) -> Iterator[Bench]:
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore
    from tests.unit.test_kb_fhir import bundle, document, patient, write

    def order(who: str, drug: str) -> dict[str, Any]:
        return {
            "resourceType": "MedicationRequest", "id": f"{who}-{drug}", "status": "stopped", "intent": "order", "authoredOn": "2025-01-10",
            "subject": {"reference": f"Patient/{who}"},
            "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": DRUGS[drug], "display": drug}], "text": drug},
        }  # fmt: skip

    def problem(who: str, name: str, **more: Any) -> dict[str, Any]:
        return {
            "resourceType": "Condition", "id": f"{who}-{name.split()[0]}", "subject": {"reference": f"Patient/{who}"},
            "clinicalStatus": state("condition-clinical", "active"), "verificationStatus": state("condition-ver-status", "confirmed"),
            "code": {"coding": [{"system": SNOMED, "code": PROBLEMS[name], "display": name}], "text": name},
            **({"onsetDateTime": "2008"} | more),
        }  # fmt: skip

    resources: list[dict[str, Any]] = []
    for kind, table in (("m", LISTED), ("p", DENIED)):
        for number, (text, _) in enumerate(table):
            who = f"{kind}{number}"
            rows = [order(who, d) for d in DRUGS] if kind == "m" else [problem(who, n) for n in PROBLEMS]
            resources += [patient(who), *rows, document(f"{who}-n", text, "2026-05-01T10:00:00+00:00", patient_id=who)]
    dates = [
        problem("dates", "Gout", onsetDateTime="2008-05"), problem("dates", "Ascites", onsetDateTime="2008", abatementDateTime="2010"),
        problem("dates", "Heart failure", onsetDateTime="2011-03-04T10:00:00+00:00"),
    ]  # fmt: skip
    unknown = problem("dates", "Type 2 diabetes mellitus", recordedDate="2015-06-07")
    del unknown["onsetDateTime"]
    procedure = {
        "resourceType": "Procedure", "id": "d-p", "status": "completed", "subject": {"reference": "Patient/dates"}, "performedDateTime": "1999",
        "code": {"coding": [{"system": SNOMED, "code": "80146002", "display": "Appendectomy"}]},
    }  # fmt: skip
    stay = {
        "resourceType": "Encounter", "id": "d-e", "status": "finished", "class": {"code": "IMP"}, "subject": {"reference": "Patient/dates"},
        "period": {"start": "2020-02-01", "end": "2020-02-04"},
    }  # fmt: skip
    resources += [patient("dates", birthDate="1960-08-01"), *dates, unknown, procedure, stay]
    folder = tmp_path_factory.mktemp("claims")
    store = RecordStore(folder / "data")
    assert ingest_paths([write(folder / "clinic.json", bundle(*resources))], store).rejected == ()
    yield Bench(store, None, twin)
    store.close()


@pytest.mark.parametrize("number", range(len(LISTED)), ids=[t for t, _ in LISTED])
def test_a_drug_is_a_contradiction_only_where_the_note_lists_it_as_taken(clinic: Bench, number: int) -> None:
    result = clinic.run(f"m{number}", "record_vs_notes", {"topic": "medications"})
    assert sorted(c.topic for c in result.conflicts) == sorted(LISTED[number][1].split())


@pytest.mark.parametrize("number", range(len(DENIED)), ids=[t for t, _ in DENIED])
def test_a_problem_is_contradicted_only_where_the_note_denies_it(clinic: Bench, number: int) -> None:
    result = clinic.run(f"p{number}", "record_vs_notes", {"topic": "problems"})
    wanted = DENIED[number][1]
    assert [c.topic for c in result.conflicts] == ([wanted] if wanted else [])
    asked = clinic.run(f"p{number}", "condition", {"name": wanted or "ascites"})
    assert bool(asked.conflicts) == bool(wanted) and "active since 2008" in asked.summary


DATED: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("condition", {"name": "gout"}, ("active since 2008-05.",)),
    ("condition", {"name": "gout", "aspect": "onset"}, ("onset **2008-05** (active)",)),
    ("condition", {"name": "ascites", "aspect": "resolved"}, ("resolved on **2010** (onset 2008)",)),
    ("condition", {"name": "heart failure"}, ("active since 2011-03-04.",)),
    ("condition", {"name": "diabetes"}, ("active recorded 2015-06-07",)),
    ("condition", {"name": "diabetes", "aspect": "onset"}, ("the date of onset is not recorded; recorded on **2015-06-07**",)),
    ("procedures", {"name": "appendectomy"}, ("in 1999",)),
    ("age_when", {"name": "appendectomy"}, ("**38 or 39 years** old", "in 1999")),
    ("age_when", {"name": "heart failure"}, ("**50 years** old", "on 2011-03-04")),
    ("encounters", {"kind": "inpatient", "aspect": "stay"}, ("2020-02-01 to 2020-02-04, **3 days**",)),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments", "phrases"), DATED)
def test_a_date_is_no_finer_than_the_record(
    clinic: Bench, tool: str, arguments: dict[str, Any], phrases: tuple[str, ...]
) -> None:
    summary = clinic.run("dates", tool, arguments).summary
    for phrase in phrases:
        assert phrase in summary
    assert "-01-01" not in summary and "00:00" not in summary
