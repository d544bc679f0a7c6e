"""The drug-safety engine: one rule base for orders, questions and lists, each limit in the measure of its source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from domain.facts import MedicationSig
from domain.quantities import Quantity
from knowledge_base.ingest import ingest_paths
from knowledge_base.records import RecordStore
from nlp_pipeline.vocabulary import load_vocabulary
from tests.conftest import NOW, Bench
from tests.unit.test_kb_fhir import bundle, document, patient, write
from tests.unit.test_tools_drafts import allergy, lab, order, problem, state
from tools.catalogue import run_tool
from tools.concepts import default_lexicon
from tools.context import ToolContext
from tools.drafts.combinations import read_combination
from tools.drugs.checks.engine import check_order, of_list
from tools.drugs.checks.rules import rules
from tools.drugs.medications import courses
from tools.outcome import RetryableToolError
from twin_backend.service import TwinBackend

REFUTED = {"verificationStatus": state("allergyintolerance-verification", "refuted")}
RECORDS = [
    # eGFR 29 as reported beside a creatinine of the same day; a clearance of 41 or so by Cockcroft-Gault.
    patient("kim", gender="female", birthDate="1960-03-04"),
    order("k-met", "kim", "6809", "metformin 500 MG"),
    order("k-los", "kim", "52175", "losartan 100 MG"),
    order("k-ibu", "kim", "5640", "ibuprofen 600 MG", status="stopped", statusReason={"text": "Chronic kidney disease"}),
    order("k-ate", "kim", "83367", "atorvastatin 20 MG", status="stopped", statusReason={"text": "replaced by a new order"}),
    order("k-no", "kim", "7646", "omeprazole 20 MG", doNotPerform=True, reasonCode=[{"text": "Interstitial nephritis"}]),
    lab("k-egfr", "kim", "98979-8", "eGFR CKD-EPI 2021", 29, "mL/min/{1.73_m2}"),
    lab("k-cr", "kim", "2160-0", "Creatinine", 1.87, "mg/dL"),
    lab("k-k", "kim", "2823-3", "Potassium", 5.4, "mmol/L"),
    lab("k-w", "kim", "29463-7", "Body weight", 95, "kg"),
    lab("k-h", "kim", "8302-2", "Body height", 160, "cm"),
    allergy("k-pcn", "kim", "91936005", "Allergy to penicillin", recorder={"display": "Dr Rawlins"},
            note=[{"text": "Oral challenge negative."}], **REFUTED),
    document("k-n1", "Allergies: PCN (rash as a child).", "2026-01-19T10:00:00+01:00", patient_id="kim"),
    document("k-n2", "Plan: avoid aminoglycosides and contrast. No need to avoid clarithromycin. No naproxen use since May. No statin prescribed today.",
             "2026-02-19T10:00:00+01:00", patient_id="kim"),
    # Old methotrexate, ibuprofen beside it, and warfarin with aspirin.
    patient("lee", gender="male", birthDate="1950-03-04"),
    order("l-mtx", "lee", "6851", "methotrexate 15 MG"),
    order("l-ibu", "lee", "5640", "ibuprofen 400 MG"),
    order("l-zes", "lee", "0", "lisinopril / hydrochlorothiazide 20 MG / 12.5 MG"),
    allergy("l-sul", "lee", "387406002", "Allergy to sulfonamide"),
    # Pregnant, on two drugs that harm then.
    patient("pam", gender="female", birthDate="1995-03-04"),
    problem("p-preg", "pam", "77386006", "Pregnancy"),
    order("p-lis", "pam", "29046", "lisinopril 10 MG"),
    order("p-val", "pam", "40254", "valproate 500 MG"),
    # On dialysis, breastfeeding, with cirrhosis, with a long QT; a young child.
    patient("dia", gender="male", birthDate="1950-03-04"),
    problem("d-hd", "dia", "302497006", "Hemodialysis"),
    lab("d-cr", "dia", "2160-0", "Creatinine", 4.5, "mg/dL"),
    order("d-per", "dia", "0", "acetaminophen 325 MG / oxycodone 5 MG", dosageInstruction=[{"text": "2 tablets every 6 hours"}]),
    order("d-aml", "dia", "17767", "amlodipine 5 MG"),
    order("d-war", "dia", "11289", "warfarin 5 MG"),
    patient("mia", gender="female", birthDate="1996-03-04"),
    problem("i-bf", "mia", "169741004", "Breastfeeding"),
    problem("i-cir", "mia", "19943007", "Cirrhosis of liver"),
    problem("i-ast", "mia", "195967001", "Asthma", "resolved"),
    patient("qia", gender="female", birthDate="1950-03-04"),
    document("q-n1", "Allergies: amoxicillin (hives). Tolerated ciprofloxacin well.", "2026-02-19T10:00:00+01:00", patient_id="qia"),
    order("q-met", "qia", "6813", "methadone 10 MG"),
    order("q-lis", "qia", "29046", "lisinopril 10 MG"),
    lab("q-qtc", "qia", "8636-3", "QTc interval", 520, "ms"),
    lab("q-k", "qia", "2823-3", "Potassium", 2.9, "mmol/L"),
    allergy("q-phe", "qia", "8183", "Phenytoin"),
    patient("tot", gender="male", birthDate="2025-03-04"),
    # A child of 30 kg.
    patient("max", gender="male", birthDate="2017-03-04"),
    lab("m-w", "max", "29463-7", "Body weight", 30, "kg"),
    problem("m-a", "max", "195967001", "Asthma"),
]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordStore]:
    """The records above."""
    folder: Path = tmp_path_factory.mktemp("checks")
    made = RecordStore(folder / "data")
    assert ingest_paths([write(folder / "records.json", bundle(*RECORDS))], made).rejected == ()
    yield made
    made.close()


def ctx(store: RecordStore, twin: TwinBackend, who: str) -> ToolContext:
    """The tools of a patient."""
    return ToolContext(store, who, NOW, twin)


def found(
    store: RecordStore, twin: TwinBackend, who: str, drug: str, dose: str = "", route: str = "oral", per_day: float = 1
) -> list[tuple[str, str, str]]:
    """Check, severity and text of everything found about giving a drug."""
    value, _, unit = dose.partition(" ")
    quantity = Quantity(value=float(value), unit=unit) if dose else None
    tools = ctx(store, twin, who)
    target = tools.lexicon.resolve(drug, "medication")
    assert target is not None
    sig = MedicationSig(drug=drug, dose=quantity, route=route)
    return [(f.check, f.severity.value, f.text) for f in check_order(tools, target, sig, per_day)]


SPEAKS = [
    # who, drug, dose, route, a day, check, severity, words
    ("kim", "metformin", "500 mg", "oral", 2, "kidney", "critical", "eGFR 29 mL/min/1.73 m² (2026-10-19): contraindicated below 30"),
    ("kim", "spironolactone", "25 mg", "oral", 1, "kidney", "critical", "Spironolactone with eGFR 29"),
    ("kim", "spironolactone", "25 mg", "oral", 1, "laboratory", "critical", "Potassium is 5.4"),
    ("kim", "codeine", "30 mg", "oral", 4, "kidney", "warning", "metabolites build up below 30 mL/min/1.73 m²"),
    ("kim", "gabapentin", "300 mg", "oral", 3, "kidney", "warning", "calculated creatinine clearance"),
    ("kim", "ibuprofen", "600 mg", "oral", 3, "former", "warning", "was stopped: Chronic kidney disease"),
    ("kim", "naproxen", "500 mg", "oral", 2, "former", "warning", "ibuprofen 600 MG (ordered 2026-01-10) was stopped"),
    ("kim", "omeprazole", "20 mg", "oral", 1, "former", "critical", "says not to give omeprazole 20 MG: Interstitial nephritis"),
    ("kim", "gentamicin", "80 mg", "intravenous", 1, "former", "warning", "avoid aminoglycosides"),
    ("kim", "amoxicillin", "500 mg", "oral", 3, "allergy", "info", "has refuted an allergy by Dr Rawlins: Allergy to penicillin"),
    ("kim", "amoxicillin", "500 mg", "oral", 3, "allergy", "info", "still says “PCN"),
    ("kim", "heparin", "5000 [IU]", "oral", 2, "route", "critical", "products on file are injected"),
    ("kim", "lisinopril", "10 mg", "intravenous", 1, "route", "critical", "taken by mouth"),
    ("kim", "insulin glargine", "10 mg", "subcutaneous", 1, "dose", "critical", "measured in units, and the order says mg"),
    ("max", "acetaminophen", "5000 mg", "oral", 6, "dose", "critical", "30000 mg a day is more than the most that the label gives even to adults"),
    ("max", "acetaminophen", "600 mg", "oral", 4, "dose", "critical", "most for a child of this weight: 2250 mg a day"),
    ("max", "ibuprofen", "10 mg/kg", "oral", 4, "dose", "info", "1200 mg a day (10 mg/kg at 30 kg"),
    ("max", "ibuprofen", "15 mg/kg", "oral", 4, "dose", "critical", "1800 mg a day"),
    ("max", "metformin", "500 mg", "oral", 2, "dose", "not_checked", "No pediatric limit for metformin at 9 years is on file"),
    ("lee", "sulfasalazine", "500 mg", "oral", 2, "allergy", "critical", "contraindicated in hypersensitivity to sulfonamides"),
    ("lee", "alendronate", "70 mg", "oral", 1, "dose", "critical", "taken once a week"),
    ("lee", "losartan", "50 mg", "oral", 1, "interaction", "warning", "lisinopril / hydrochlorothiazide"),
    ("lee", "lithium", "300 mg", "oral", 2, "interaction", "warning", "hydrochlorothiazide 20 MG"),
    ("dia", "gabapentin", "300 mg", "oral", 3, "kidney", "warning", "with dialysis on record (Hemodialysis, 2026-05-01)"),
    ("dia", "metformin", "500 mg", "oral", 2, "kidney", "critical", "contraindicated below 30"),
    ("dia", "acetaminophen", "1000 mg", "oral", 4, "dose", "critical", "acetaminophen comes to 6600 mg a day"),
    ("dia", "amlodipine", "5 mg", "oral", 1, "dose", "not_checked", "How much amlodipine a day amlodipine 5 MG comes to cannot be told"),
    ("dia", "citalopram", "40 mg", "oral", 1, "dose", "critical", "20 mg a day; over the age of 60"),
    ("dia", "sertraline", "50 mg", "oral", 1, "interaction", "warning", "with warfarin 5 MG (active): bleeding"),
    ("dia", "lorazepam", "1 mg", "oral", 2, "age", "warning", "at 76 years: to be avoided in older adults"),
    ("dia", "fentanyl", "100 mg", "intravenous", 1, "dose", "critical", "measured in micrograms"),
    ("dia", "vincristine", "2 mg", "intrathecal", 1, "route", "critical", "fatal by other routes"),
    ("dia", "insulin glargine", "20 [IU]", "intravenous", 1, "route", "critical", "never into a vein"),
    ("mia", "codeine", "30 mg", "oral", 4, "condition", "critical", "Codeine with Breastfeeding (2026-05-01): not recommended"),
    ("mia", "duloxetine", "60 mg", "oral", 1, "condition", "critical", "Cirrhosis of liver (2026-05-01): to be avoided"),
    ("mia", "ibuprofen", "400 mg", "oral", 3, "condition", "critical", "to be avoided in cirrhosis"),
    ("qia", "ondansetron", "4 mg", "intravenous", 1, "laboratory", "critical", "QTc interval is 520 ms on 2026-10-19, above 500 ms"),
    ("qia", "ondansetron", "4 mg", "intravenous", 1, "laboratory", "warning", "Low potassium adds to the danger"),
    ("qia", "ondansetron", "4 mg", "intravenous", 1, "interaction", "warning", "methadone 10 MG (active): QT prolongation"),
    ("qia", "carbamazepine", "200 mg", "oral", 2, "allergy", "warning", "cross-react"),
    ("qia", "digoxin", "0.125 mg", "oral", 1, "dose", "info", "0.125 mg a day"),
    ("qia", "ampicillin", "1000 mg", "intravenous", 4, "allergy", "warning", "Only in notes, not in the structured record"),
    ("tot", "codeine", "5 mg", "oral", 4, "age", "critical", "under 12"),
    ("tot", "metformin", "500 mg", "oral", 1, "kidney", "not_checked", "not documented: creatinine"),
]  # fmt: skip
SILENT = [
    ("kim", "atorvastatin", "20 mg", "oral", 1, "former", "replaced by a new order"),
    ("kim", "clarithromycin", "500 mg", "oral", 2, "former", "No need to avoid"),
    ("kim", "amoxicillin", "500 mg", "oral", 3, "allergy", "Only in notes"),
    ("kim", "naproxen", "500 mg", "oral", 2, "former", "naproxen use"),
    ("kim", "simvastatin", "20 mg", "oral", 1, "former", "prescribed today"),
    ("kim", "acetaminophen", "500 mg", "oral", 4, "former", ""),
    ("kim", "spironolactone", "25 mg", "oral", 1, "kidney", "no limit on file"),
    ("kim", "insulin glargine", "10 [IU]", "subcutaneous", 1, "dose", "measured in"),
    ("kim", "heparin", "5000 [IU]", "subcutaneous", 2, "route", ""),
    ("kim", "metformin", "500 mg", "enteral", 2, "route", ""),
    ("lee", "alendronate", "70 mg", "oral", 1 / 7, "dose", "taken once a week"),
    ("lee", "alendronate", "10 mg", "oral", 1, "dose", "taken once a week"),
    ("lee", "mesalamine", "500 mg", "oral", 2, "allergy", "sulfonamides"),
    ("lee", "metformin", "500 mg", "oral", 2, "kidney", "contraindicated"),
    ("mia", "propranolol", "40 mg", "oral", 2, "condition", "asthma"),  # resolved
    ("mia", "amoxicillin", "500 mg", "oral", 3, "condition", ""),
    ("qia", "lorazepam", "1 mg", "oral", 1, "condition", ""),
    ("max", "lorazepam", "1 mg", "oral", 1, "age", ""),
    ("dia", "fentanyl", "100 ug", "intravenous", 1, "dose", "measured in"),
    ("qia", "lamotrigine", "25 mg", "oral", 1, "allergy", "cross-react"),
    ("qia", "furosemide", "40 mg", "oral", 1, "laboratory", "QTc"),
    ("qia", "ciprofloxacin", "500 mg", "oral", 2, "allergy", "Only in notes"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "drug", "dose", "route", "per_day", "check", "severity", "said"), SPEAKS)
def test_an_order_is_told_what_the_record_holds(
    store: RecordStore, twin: TwinBackend, who: str, drug: str, dose: str, route: str, per_day: float, check: str, severity: str, said: str
) -> None:  # fmt: skip
    findings = found(store, twin, who, drug, dose, route, per_day)
    assert any(c == check and s == severity and said in t for c, s, t in findings), findings


@pytest.mark.parametrize(("who", "drug", "dose", "route", "per_day", "check", "unsaid"), SILENT)
def test_what_does_not_speak_against_it_is_left_alone(
    store: RecordStore, twin: TwinBackend, who: str, drug: str, dose: str, route: str, per_day: float, check: str, unsaid: str
) -> None:  # fmt: skip
    findings = found(store, twin, who, drug, dose, route, per_day)
    assert findings and not [t for c, _, t in findings if c == check and unsaid in t]


@pytest.mark.parametrize("drug", ["metformin", "spironolactone", "codeine", "naproxen", "gabapentin", "omeprazole"])
def test_an_order_and_a_question_say_the_same_of_kidney_lab_and_history(
    store: RecordStore, twin: TwinBackend, drug: str
) -> None:
    order_says = {t.rstrip(".") for c, s, t in found(store, twin, "kim", drug) if s in {"critical", "warning"} and c in {"kidney", "laboratory", "former"}}  # fmt: skip
    answer = run_tool(ctx(store, twin, "kim"), "medication_safety", {"drug": drug}).summary
    assert order_says and all(said in answer for said in order_says)


@pytest.mark.parametrize(
    ("who", "drug", "said"),
    [
        ("dia", "apixaban", "warfarin 5 MG is active: two of the class anticoagulant"),
        ("pam", "enalapril", "The record says that the patient is pregnant. Fetal toxicity"),
        ("mia", "codeine", "with Breastfeeding"),
        ("tot", "codeine", "Codeine at 1 years"),
    ],
)
def test_a_question_is_told_what_an_order_is(
    store: RecordStore, twin: TwinBackend, who: str, drug: str, said: str
) -> None:
    answer = run_tool(ctx(store, twin, who), "medication_safety", {"drug": drug}).summary
    assert said in answer and "has none with" not in answer.partition(said)[2]


def test_a_newer_creatinine_is_followed_before_an_older_reported_egfr(tmp_path: Path, twin: TwinBackend) -> None:
    rows = [patient("nan", gender="female", birthDate="1960-03-04"),
            lab("n-e", "nan", "98979-8", "eGFR CKD-EPI 2021", 29, "mL/min/{1.73_m2}"), lab("n-c", "nan", "2160-0", "Creatinine", 0.8, "mg/dL")]  # fmt: skip
    rows[1]["effectiveDateTime"] = "2025-10-19T08:15:00-05:00"
    made = RecordStore(tmp_path / "data")
    assert ingest_paths([write(tmp_path / "r.json", bundle(*rows))], made, facts=False).rejected == ()
    kidney = [t for c, _, t in found(made, twin, "nan", "metformin") if c == "kidney"]
    assert len(kidney) == 1 and "calculated eGFR" in kidney[0] and "no limit on file" in kidney[0]
    made.close()


# --- everything that is taken ------------------------------------------------------------------------------------------


def test_a_list_is_told_what_is_grave_and_nothing_else(store: RecordStore, twin: TwinBackend) -> None:
    tools = ctx(store, twin, "kim")
    active = [c for c in courses(tools) if c.is_active]
    texts = [f.text for f in of_list(tools, active)]
    assert len(texts) == 1 and texts[0].startswith("Metformin with eGFR 29")
    tools = ctx(store, twin, "lee")
    texts = [f.text for f in of_list(tools, [c for c in courses(tools) if c.is_active])]
    assert len(texts) == 1 and "methotrexate 15 MG" in texts[0] and texts[0].startswith("Ibuprofen 400 MG with")


def test_a_look_for_all_interactions_tells_the_milder_pairs_too(store: RecordStore, twin: TwinBackend) -> None:
    answer = run_tool(ctx(store, twin, "lee"), "medication_safety", {}).summary
    assert "Ibuprofen 400 MG with lisinopril / hydrochlorothiazide 20 MG / 12.5 MG: NSAIDs with these" in answer


def test_each_drug_that_harms_in_pregnancy_is_named(store: RecordStore, twin: TwinBackend) -> None:
    tools = ctx(store, twin, "pam")
    texts = [f.text for f in of_list(tools, [c for c in courses(tools) if c.is_active])]
    assert {t.partition(":")[0] for t in texts} == {"lisinopril 10 MG", "valproate 500 MG"}, texts


def test_the_look_through_all_drugs_says_how_far_it_reached(store: RecordStore, twin: TwinBackend) -> None:
    answer = run_tool(ctx(store, twin, "kim"), "medication_safety", {})
    assert answer.summary.index("Metformin with eGFR 29") < answer.summary.index("Kidney function:")
    assert "No kidney rule is on file for losartan 100 MG: not checked" in answer.summary
    nothing = run_tool(ctx(store, twin, "max"), "medication_safety", {})
    assert not nothing.found and "none to check" in nothing.summary


# --- products of several drugs -----------------------------------------------------------------------------------------

PRODUCTS: list[tuple[str, dict[str, float | None]]] = [
    ("Bactrim DS 1 tab PO BID", {"sulfamethoxazole": 800, "trimethoprim": 160}),
    ("TMP-SMX SS daily", {"sulfamethoxazole": 400, "trimethoprim": 80}),
    ("Percocet 5/325 1 tab PO q6h prn pain", {"oxycodone": 5, "acetaminophen": 325}),
    ("Percocet 1 tab q6h", {"oxycodone": None, "acetaminophen": None}),
    ("hydrochlorothiazide-lisinopril 20/12.5 daily", {"lisinopril": 20, "hydrochlorothiazide": 12.5}),
    ("lisinopril-hydrochlorothiazide 20-25 mg daily", {"lisinopril": 20, "hydrochlorothiazide": 25}),
    ("losartan/HCTZ 100/25 daily", {"losartan": 100, "hydrochlorothiazide": 25}),
    ("amlodipine 5 mg/benazepril 10 mg daily", {"amlodipine": 5, "benazepril": 10}),
    ("Augmentin 875 mg BID", {"amoxicillin": 875, "clavulanate": 125}),
    ("Zosyn 3.375 g IV q6h", {"piperacillin": 3000, "tazobactam": 375}),
    ("Tylenol #3 1 tab q6h", {"codeine": 30, "acetaminophen": 300}),
]
ASKED_BACK = ["lisinopril/HCTZ 20 mg daily", "Norco 5 mg q6h", "Vytorin 10 mg daily", "Zestoretic 40/25 daily", "Caduet 5/10 daily"]  # fmt: skip
NO_PRODUCT = ["furosemide 40 mg daily", "aspirin 81 mg and clopidogrel 75 mg daily", "metoprolol 25-50 mg daily", "insulin 70/30 20 units BID"]  # fmt: skip


@pytest.mark.parametrize(("text", "strengths"), PRODUCTS)
def test_a_combination_keeps_every_drug_with_its_strength(text: str, strengths: dict[str, float | None]) -> None:
    product = read_combination(default_lexicon(), text)
    assert product is not None
    assert {t.id: q.value if q else None for t, q in product.parts} == strengths


@pytest.mark.parametrize("text", ASKED_BACK)
def test_a_strength_that_could_be_another_is_asked_back(text: str) -> None:
    with pytest.raises(RetryableToolError, match=r"which strength|not on file"):
        read_combination(default_lexicon(), text)


@pytest.mark.parametrize("text", NO_PRODUCT)
def test_one_drug_or_two_orders_are_no_combination(text: str) -> None:
    assert read_combination(default_lexicon(), text) is None


# --- the file ------------------------------------------------------------------------------------------------------------


def test_every_rule_is_of_a_known_drug_with_a_source_and_a_measure() -> None:
    vocabulary = load_vocabulary()
    loaded: dict[str, Any] = rules()

    def known(name: str) -> bool:
        kinds = ("drug_class", "medication", "immunization")
        return name in loaded["groups"] or any(vocabulary.get(k, name) for k in kinds)

    assert all(known(member) for members in loaded["groups"].values() for member in members)
    assert all(known(drug) for drug in loaded["most_per_day"])
    assert len(loaded["kidney"]) > 50 and len(loaded["interactions"]) > 40
    for rule in loaded["kidney"]:
        limit = rule.get("below", rule.get("at_most"))
        assert known(rule["drug"]) and rule["measure"] in {"egfr", "crcl"} and 10 <= limit <= 90 and rule["source"], (
            rule
        )
    for rule in loaded["interactions"]:
        assert rule["source"] and rule["text"] and all(map(known, (*rule["a"], *rule["b"]))), rule
    for rule in (*loaded["laboratory"], *loaded["pregnancy"], *loaded["not_daily"], *loaded["children"], *loaded["measured_in"], *loaded["never_as"], *loaded["ages"], *loaded["conditions"]):  # fmt: skip
        assert known(rule["drug"]) and rule["source"], rule
        assert all(vocabulary.get("condition", c) for c in rule.get("conditions", ())), rule
    for rule in loaded["only_routes"]:
        assert rule["source"] and all(map(known, rule["drugs"])), rule


def test_two_limits_of_one_drug_do_not_contradict_each_other() -> None:
    """At a lower kidney function a drug is never spoken of more mildly, in one measure."""
    order_of = {"critical": 0, "warning": 1}
    by_drug: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for rule in rules()["kidney"]:
        limit = float(rule.get("below", rule.get("at_most")))
        by_drug.setdefault((rule["drug"], rule["measure"]), []).append((limit, order_of[rule["severity"]]))
    for drug, limits in by_drug.items():
        ranked = [grave for _, grave in sorted(limits)]
        assert ranked == sorted(ranked), drug


def test_where_no_model_may_run_the_rest_is_still_checked(cohort: Bench) -> None:
    ctx = cohort.context(6)
    bare = ToolContext(ctx.store, ctx.patient_id, ctx.as_of, cast("TwinBackend", None))
    of_list(bare, [c for c in courses(bare) if c.is_active])  # the story's way: nothing is calculated, nothing fails
