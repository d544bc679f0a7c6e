"""When drugs and treatments ended, what came before and after, what reports say: over one dense chart of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from knowledge_base.demo.charts import Chart
from tests.conftest import Bench
from tools.events.findings import asked_of_report, is_yes_no, verdict
from tools.initials import are_initials, names_meant

WHO = "demo-ct-901"
MRI = "17 T2 lesions, unchanged. No enhancing lesion. No new cord lesion. One cavernoma, possibly old."
CT = "Right lower lobe nodule 13 mm, not cavitating. No adenopathy, no effusion. Aorta: aneurysm excluded."


def _chart() -> Chart:
    chart = Chart(WHO, given=["Ada"], family="Quill", gender="female", born="1980-02-03")
    chart.encounter(
        "ms",
        "AMB",
        "MS clinic visit",
        "2026-08-25 09:00",
        "2026-08-25 09:40",
        reason="Multiple sclerosis",
        practitioner="Dr. Rohan Blake",
        place="Northside MS Clinic",
    )
    chart.encounter(
        "uro",
        "AMB",
        "Urology clinic visit",
        "2026-10-06 09:00",
        "2026-10-06 09:30",
        practitioner="Dr. Hugo Brank",
        place="Northside Hospital",
    )
    chart.encounter(
        "icu",
        "IMP",
        "Intensive care admission",
        "2026-05-02 20:00",
        "2026-05-07 11:00",
        reason="Infective exacerbation of asthma",
        practitioner="Dr. Wanda Osei",
        place="Northside Hospital",
    )
    chart.drug(
        "interferon beta-1a",
        "44 mcg",
        "44 mcg three times a week",
        "2012-12-04",
        end="2014-03-11",
        status="stopped",
        stop_reason="Low mood",
    )
    chart.drug(
        "fingolimod",
        "0.5 mg",
        "1 capsule daily",
        "2014-04-08",
        end="2019-06-18",
        status="stopped",
        stop_reason="Lymphopenia",
    )
    chart.drug(
        "natalizumab",
        "300 mg",
        "300 mg every 4 weeks",
        "2019-08-12",
        end="2024-05-14",
        status="stopped",
        stop_reason="Rising JC virus index",
    )
    chart.drug("ocrelizumab", "600 mg", "600 mg every 6 months", "2024-07-02")
    chart.drug(
        "metoprolol",
        "50 mg",
        "1 tablet daily",
        "2018-03-01",
        end="2024-09-01",
        status="stopped",
        stop_reason="Dose increased",
    )
    chart.drug("metoprolol", "100 mg", "1 tablet daily", "2024-09-01")
    chart.drug("tamsulosin", "400 mcg", "1 capsule daily", "2025-01-10", status="stopped")
    chart.drug("goserelin", "10.8 mg", "every 12 weeks", "2020-01-14", end="2021-07-13", status="completed")
    chart.drug("goserelin", "10.8 mg", "every 12 weeks", "2026-07-14")
    chart.procedure(
        "Continuous veno-venous haemodiafiltration", "2026-05-02 22:00", "2026-05-06 18:00", reason="Hyperkalaemia"
    )
    chart.procedure("External beam radiotherapy to breast", "2020-03-02", "2020-04-30", outcome="40 Gy in 15 fractions")
    chart.procedure("Percutaneous tracheostomy", "2026-05-05", status="not-done", reason="Deferred, then extubated")
    chart.condition("Allergic bronchopulmonary aspergillosis", "2026-09-16", recorded="2026-09-16")
    chart.condition(
        "hepatitis_c",
        "2024-03",
        verification="entered-in-error",
        recorded="2024-03-14",
        note="Antibody false positive, RNA negative.",
    )
    chart.procedure("paracentesis", "2026-09-09 10:00", outcome="6.8 L drained")
    chart.report("mri-24", "MRI brain", "2024-04-23", "17 T2 lesions.", category="RAD")
    chart.report("mri-26", "MRI brain", "2026-08-11", MRI, category="RAD")
    chart.report("ct", "CT chest", "2026-09-08", CT, category="RAD")
    chart.report("bc", "Blood culture", "2026-05-03", "Streptococcus pneumoniae in both sets, ceftriaxone susceptible.")
    chart.note(
        "outpatient",
        "2026-10-06 09:20",
        "UROLOGY brief. Flow fine. PSA not for her. See 27 Jan with a residual.",
        title="Urology clinic",
        author="Hugo Brank",
    )
    return chart


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, twin: Any) -> Iterator[Bench]:
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore

    folder: Path = tmp_path_factory.mktemp("spans")
    (folder / "chart.json").write_text(json.dumps(_chart().bundle()))
    store = RecordStore(folder / "data")
    assert ingest_paths([folder / "chart.json"], store).rejected == ()
    yield Bench(store, None, twin)
    store.close()


SAID: list[Any] = [
    ("medication", {"drug": "natalizumab", "aspect": "stop"}, ("**stopped** on **2024-05-14**, reason: Rising JC virus index",)),
    ("medication", {"drug": "tamsulosin", "aspect": "stop"}, ("the record gives no stop date",)),
    ("medication", {"drug": "goserelin", "aspect": "stop"}, ("Not stopped", "An earlier order, of 2020-01-14, ended on 2021-07-13")),
    ("medication", {"drug": "interferon", "aspect": "stop"}, ("interferon beta-1a 44 mcg: **stopped** on **2014-03-11**",)),
    ("medication", {"drug": "natalizumab", "aspect": "before"}, ("**fingolimod 0.5 mg** before natalizumab", "!metoprolol", "!interferon")),
    ("medication", {"drug": "natalizumab", "aspect": "after"}, ("**ocrelizumab 600 mg** after natalizumab", "!metoprolol")),
    ("medication", {"drug": "natalizumab", "aspect": "before", "of_class": "ms drugs"}, ("**fingolimod 0.5 mg**",)),
    ("medication", {"drug": "natalizumab", "aspect": "before", "of_class": "statins"}, ("Not documented: none of the statins",)),
    ("medication", {"drug": "metoprolol", "aspect": "before"}, ("Not documented", "first ordered 2018-03-01")),
    ("medication", {"drug": "fingolimod", "aspect": "duration"}, ("from 2014-04-08 to 2019-06-18, **1897 days (about 5.2 years)**",)),
    ("medication", {"drug": "metoprolol", "aspect": "duration"}, ("metoprolol 50 mg, later metoprolol 100 mg: from 2018-03-01 to 2026-11-10, still active",)),
    ("medication", {"drug": "goserelin", "aspect": "duration"}, ("from 2020-01-14 to 2021-07-13", "from 2026-07-14 to 2026-11-10, still active")),
    ("medication", {"drug": "tamsulosin", "aspect": "duration"}, ("when it ended is not recorded",)),
    ("list_medications", {"status": "stopped"}, ("fingolimod 0.5 mg (1 capsule daily; stopped 2019-06-18",)),
    ("procedures", {"name": "cvvhdf", "aspect": "end"}, ("Ended **2026-05-06**", "begun 2026-05-02")),
    ("procedures", {"name": "continuous dialysis", "aspect": "last"}, ("on 2026-05-02 to 2026-05-06",)),
    ("procedures", {"name": "radiotherapy", "aspect": "has"}, ("Yes: **External beam radiotherapy to breast**", "outcome: 40 Gy in 15 fractions")),
    ("procedures", {"name": "trache", "aspect": "has"}, ("No tracheostomy is recorded as done", "2026-05-05", "Deferred, then extubated")),
    ("procedures", {"name": "mri", "aspect": "count"}, ("**2** MRI entries are recorded: 2024-04-23, 2026-08-11",)),
    ("procedures", {"name": "ct chest", "aspect": "last"}, ("**CT chest** on 2026-09-08", "nodule 13 mm")),
    ("procedures", {"name": "colonoscopy", "aspect": "last"}, ("No colonoscopy is recorded",)),
    ("procedure_result", {"name": "mri", "question": "any new active lesions on the"}, ("No: MRI brain, 2026-08-11",)),
    ("procedure_result", {"name": "mri", "question": "any cavernoma"}, ("MRI brain, 2026-08-11", "!Yes: ", "!No: ")),
    ("latest", {"concept": "blood culture"}, ("Blood culture, 2026-05-03: Streptococcus pneumoniae", "!Not documented")),
    ("look_up", {"name": "nodule", "question": "is the right lower lobe nodule cavitating"}, ("No: CT chest, 2026-09-08",)),
    ("look_up", {"name": "blood culture", "question": "what grew in the blood culture"}, ("Streptococcus pneumoniae",)),
    ("condition", {"name": "hepatitis c"}, ("No hepatitis C is recorded: the entry", "**entered in error**: Antibody false positive, RNA negative.")),
    ("condition", {"name": "hepatitis b"}, ("No hepatitis B is recorded", "!entered in error")),
    ("look_up", {"name": "drained", "question": "how many litres were drained on 2026-09-09", "period": "on 2026-09-09"}, ("2026-09-09: 6.8 L drained",)),
    ("look_up", {"name": "drained", "question": "how many litres were drained", "period": "in 2024"}, ("not documented", "!6.8")),
    ("encounters", {"aspect": "next", "seen_by": "urology"}, ("See 27 Jan", "the last was on 2026-10-06")),
    ("encounters", {"aspect": "discharge", "seen_by": "icu"}, ("Discharged **2026-05-07**",)),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments", "phrases"), SAID)
def test_what_a_dense_chart_says(bench: Bench, tool: str, arguments: dict[str, Any], phrases: tuple[str, ...]) -> None:
    said = bench.run(WHO, tool, arguments).summary
    for phrase in phrases:
        assert (phrase[1:] not in said) if phrase.startswith("!") else (phrase in said), said


def test_what_a_note_plans_comes_before_that_the_record_has_no_appointment(bench: Bench) -> None:
    said = bench.run(WHO, "encounters", {"aspect": "next", "seen_by": "urology"}).summary
    assert said.index("See 27 Jan") < said.index("No visit with urology to come")


VERDICTS: list[Any] = [
    # question, report, yes / no / not said
    ("any enhancing lesion", MRI, False),
    ("were there new active lesions", MRI, False),
    ("did the lesions change", MRI, None),
    ("were the lesions changed", "C4 cord lesions unchanged.", False),
    ("any pleural effusion", "Small pleural effusion on the left. No pneumothorax.", True),
    ("was there a pneumothorax", "Small pleural effusion on the left. No pneumothorax.", False),
    ("any aneurysm", CT, False),
    ("is the nodule cavitating", CT, False),
    ("any nodule", CT, True),
    ("any new lesion", "One new 5 mm lesion, not enhancing.", True),
    ("any enhancing lesion", "One new 5 mm lesion, not enhancing.", False),
    ("any enhancing lesion", "One new non-enhancing lesion.", False),
    ("any fracture of the hip", "No rib fracture.", None),
    ("any metastases", "Possible metastases in the liver.", None),
    ("any mass", "Mass in the liver. No mass in the spleen.", None),
    ("any abscess", "Bowel wall thickening.", None),
]


@pytest.mark.parametrize(("question", "report", "expected"), VERDICTS)
def test_a_report_says_yes_no_or_neither(question: str, report: str, expected: bool | None) -> None:
    assert verdict(report, asked_of_report(question, "MRI brain")) is expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("any effusion on the CT", True), ("was there a shunt?", True), ("did the scan show a mass", True), ("is the nodule avid", True),
        ("what did the CT show", False), ("how big is the nodule", False), ("MRI result", False), ("when was the CT", False),
        ("was the nodule bigger or which size", False),
    ],
)  # fmt: skip
def test_only_a_yes_no_question_is_answered_so(question: str, expected: bool) -> None:
    assert is_yes_no(question) is expected


@pytest.mark.parametrize(
    ("letters", "name", "expected"),
    [
        ("ABPA", "allergic bronchopulmonary aspergillosis", True), ("abpa", "allergic bronchopulmonary aspergillosis", True),
        ("FEES", "fibreoptic endoscopic evaluation of swallowing", True), ("EBRT", "external beam radiotherapy to prostate", True),
        ("CVVHDF", "continuous veno venous haemodiafiltration", True), ("ICC", "right intercostal catheter insertion", True),
        ("icc", "right intercostal catheter insertion", False), ("move", "moles volume in serum", False), ("ABPA", "allergic rhinitis", False), ("PE", "pneumoencephalitis", False),
        ("HAND", "hypertension and no disease", False), ("ABA", "allergic bronchopulmonary aspergillosis", True), ("BPAX", "bronchopulmonary aspergillosis", False),
    ],
)  # fmt: skip
def test_initials_stand_for_the_words_of_a_name(letters: str, name: str, expected: bool) -> None:
    assert are_initials(letters, name) is expected


@pytest.mark.parametrize(
    ("short", "kind", "expected"),
    [
        ("oxali", "medication", {"oxaliplatin 85 mg m2"}), ("oxal", "medication", set()), ("oxali", "condition", set()),
        ("carbo", "medication", set()),  # carboplatin and carbocisteine
        ("gemci", "medication", set()),
    ],
)  # fmt: skip
def test_a_name_cut_short_means_the_one_drug_that_begins_so(short: str, kind: str, expected: set[str]) -> None:
    names = {"oxaliplatin 85 mg m2", "carboplatin 450 mg", "carbocisteine 375 mg"}
    assert names_meant(short, names, kind) == expected
