"""Medication sigs: doses and their drugs in both orders, terms, several doses, status, and what is no dose."""

from __future__ import annotations

import time

import pytest

from domain.facts import DoseStep, Fact, FactKind, MedicationSig, Note
from domain.quantities import Quantity
from nlp_pipeline import build_pipeline, extract
from nlp_pipeline.medications.doses import amounts_in
from nlp_pipeline.medications.terms import term_at


def drugs(text: str) -> list[Fact]:
    found = next(extract([Note(id="n1", patient_id="p1", text=text)]))
    return [f for f in found if f.kind is FactKind.MEDICATION]


def sig_of(text: str) -> MedicationSig:
    found = drugs(text)
    assert found and found[0].sig is not None
    return found[0].sig


AMOUNTS = [
    ("25 mg", ["25 mg"]),
    ("40mg", ["40 mg"]),
    ("1,000 mg", ["1000 mg"]),
    (".5 mg", ["0.5 mg"]),
    ("0,04 g", ["0.04 g"]),
    ("2,5 mg", ["2.5 mg"]),
    ("0,005 g", ["0.005 g"]),
    ("650 mg per rectum", ["650 mg"]),
    ("1 mg per kilogram", ["1 mg/kg"]),
    ("25  mg", ["25 mg"]),
    ("5 mg and 10 mg", ["5 mg", "10 mg"]),
    ("1 microgram per milliliter", []),
    ("50 microg", ["50 ug"]),
    ("50 µg and 60 μg", ["50 ug", "60 ug"]),
    ("750-mg", ["750 mg"]),
    ("5 grams", ["5 g"]),
    ("20 mEq", ["20 meq"]),
    ("5,000 IU", ["5000 [IU]"]),
    ("2.4 million units", ["2400000 [IU]"]),
    ("3 mU/min", ["3 m[IU]/min"]),
    ("2 puffs", ["2 {puff}"]),
    ("one tablet", ["1 {tablet}"]),
    ("One (1) Tablet", ["1 {tablet}"]),
    ("one and a half tablets", ["1.5 {tablet}"]),
    ("15 mg/kg", ["15 mg/kg"]),
    ("1 mg/kg/day", ["1 mg/kg/d"]),
    ("0.1 mcg/kg/min", ["0.1 ug/kg/min"]),
    ("60 mg/m2", ["60 mg/m2"]),
    ("0.5 μg·kg−1·h−1", ["0.5 ug/kg/h"]),
    ("1 g/day", ["1 g/d"]),
    ("200 units per kg", ["200 [IU]/kg"]),
    ("80 mg/24 h", ["80 mg/d"]),
    ("40 mg/0.4 mL", ["40 mg"]),
    ("glucose 200 mg/dL", []),
    ("18 mg/L", []),
    ("1.2 ng/mL", []),
    ("1.1 mg dL⁻¹", []),
    ("100 units/mL", []),
    ("250 mg/5 mL", []),
    ("12 gm%", []),
    ("63 µg/day (normal range 52 to 341)", []),
    ("2 L/min", []),
    ("12 days, 3 times, in 2014", []),
]


@pytest.mark.parametrize(("text", "expected"), AMOUNTS, ids=[t for t, _ in AMOUNTS])
def test_amounts(text: str, expected: list[str]) -> None:
    found = [a.dose for a in amounts_in(text, 0, len(text))]
    assert [f"{q.value:.10g} {q.unit}" for q in found] == expected


def test_ranges_combinations_and_counts() -> None:
    [amount] = amounts_in("40-80 mg", 0, 8)
    assert (str(amount.dose), str(amount.high)) == ("40 mg", "80 mg")
    [amount] = amounts_in("875/125 mg", 0, 10)
    assert [str(q) for q in amount.strength] == ["875 mg", "125 mg"]
    [amount] = amounts_in("160mg/800mg", 0, 11)
    assert [str(q) for q in amount.strength] == ["160 mg", "800 mg"]
    [amount] = amounts_in("2 x 500 mg", 0, 10)
    assert (str(amount.dose), amount.units) == ("500 mg", 2)
    [first, second] = amounts_in("5 mg, then 5 mg", 0, 15)
    assert (first.start, first.end, second.start, second.end) == (0, 4, 11, 15)
    [first, second] = amounts_in("from 80 mg to 40 mg", 0, 19)
    assert (str(first.dose), str(second.dose)) == ("80 mg", "40 mg")


LINKS = [
    # text, (drug, dose) of every drug mention
    ("metoprolol 25 mg PO BID", [("metoprolol", "25 mg")]),
    ("prednisone (40 mg daily)", [("prednisone", "40 mg")]),
    ("aspirin, 81 mg", [("aspirin", "81 mg")]),
    ("She received 2 g of ceftriaxone.", [("ceftriaxone", "2 g")]),
    ("1 mg/kg/day prednisolone", [("prednisolone", "1 mg/kg/d")]),
    ("500 mg/day of methylprednisolone for 3 days", [("methylprednisolone", "500 mg/d")]),
    ("intravenous vancomycin at 15 mg/kg every 12 hours", [("vancomycin", "15 mg/kg")]),
    ("A norepinephrine infusion was started at a rate of 0.1 mcg/kg/min.", [("norepinephrine", "0.1 ug/kg/min")]),
    ("heparin 5000 units SC", [("heparin", "5000 [IU]")]),
    ("doxorubicin 60 mg/m2", [("doxorubicin", "60 mg/m2")]),
    ("epinephrine 0.3 mL of 1:1000", [("epinephrine", "0.3 mL")]),
    ("9 mg of 0.5% hyperbaric bupivacaine", [("bupivacaine", "9 mg")]),
    ("prednisone (Deltasone, a maker, Springfield) 40 mg", [("prednisone", "40 mg")]),
    (
        "aspirin 81 mg, atorvastatin 40 mg and lisinopril 20 mg daily",
        [("aspirin", "81 mg"), ("atorvastatin", "40 mg"), ("lisinopril", "20 mg")],
    ),
    ("40 mg furosemide and 25 mg spironolactone", [("furosemide", "40 mg"), ("spironolactone", "25 mg")]),
    (
        "midazolam 2 mg fentanyl 100 mcg propofol 150 mg",
        [("midazolam", "2 mg"), ("fentanyl", "100 ug"), ("propofol", "150 mg")],
    ),
    (
        "propofol, 100 mg; fentanyl, 50 mcg; and rocuronium, 40 mg",
        [("propofol", "100 mg"), ("fentanyl", "50 ug"), ("rocuronium", "40 mg")],
    ),
    ("aspirin and clopidogrel 75 mg", [("aspirin", None), ("clopidogrel", "75 mg")]),
    ("aspirin and clopidogrel 75 mg each", [("aspirin", "75 mg"), ("clopidogrel", "75 mg")]),
    (
        "amlodipine, lisinopril and metoprolol (5, 10 and 25 mg, respectively)",
        [("amlodipine", "5 mg"), ("lisinopril", "10 mg"), ("metoprolol", "25 mg")],
    ),
    (
        "norepinephrine 4 mg in 250 mL normal saline at 5 mcg/min",
        [("norepinephrine", "4 mg"), ("sodium_chloride", "250 mL")],
    ),
    ("She got 20 mEq of potassium.", [("potassium_chloride", "20 meq")]),
    ("Insulin glargine 100 units/mL: inject 20 units at bedtime", [("insulin_glargine", "20 [IU]")]),
    ("metoprolol. Weight 80 kg, urine output 900 mL", [("metoprolol", None)]),
    ("After antibiotics the drain yielded only 120 mL.", [("antibiotic", None)]),
    ("digoxin level 1.2 ng/mL", []),
    ("vancomycin level 18 mg/L", []),
    ("aspirin and the novel agent plurazid 25 mg", [("aspirin", None)]),
    ("hydrocortisone 1% cream", [("hydrocortisone", "1 %")]),
    ("He takes zorvatinib 5 mg daily, aspirin 81 mg daily.", [("aspirin", "81 mg")]),
    ("5 mg daily of apixaban", [("apixaban", "5 mg")]),
]


@pytest.mark.parametrize(("text", "expected"), LINKS, ids=[t for t, _ in LINKS])
def test_each_dose_goes_to_its_drug(text: str, expected: list[tuple[str, str | None]]) -> None:
    found = [(f.concept_id, str(f.sig.dose) if f.sig and f.sig.dose else None) for f in drugs(text)]
    assert found == expected


SPANS = [
    ("He was given 2 g of ceftriaxone IV.", "2 g of ceftriaxone IV"),
    ("on prednisone (Deltasone) 40 mg daily.", "prednisone (Deltasone) 40 mg daily"),
    ("ceftriaxone (50 mg/kg/day) and topical cream", "ceftriaxone (50 mg/kg/day"),
    ("levothyroxine 100 mcg daily and a daily multivitamin", "levothyroxine 100 mcg daily"),
    (
        "She took hydroxychloroquine for 7 years. She was on 400 mg/day.",
        "hydroxychloroquine for 7 years. She was on 400 mg/day",
    ),
]


@pytest.mark.parametrize(("text", "quote"), SPANS, ids=[q for _, q in SPANS])
def test_the_span_reaches_from_the_first_to_the_last_part(text: str, quote: str) -> None:
    assert drugs(text)[0].text == quote


TERMS = [
    ("q6h", "frequency", "every 6 hours"),
    ("q4-6h", "frequency", "every 4 hours"),
    ("every other day", "frequency", "every other day"),
    ("8 hourly", "frequency", "every 8 hours"),
    ("b.i.d.", "frequency", "twice daily"),
    ("OD", "frequency", "daily"),
    ("TDS", "frequency", "three times daily"),
    ("three times a day", "frequency", "three times daily"),
    ("2 times per week", "frequency", "2 times per week"),
    ("once weekly", "frequency", "weekly"),
    ("at bedtime", "frequency", "nightly"),
    ("q24h", "frequency", "daily"),
    ("MWF", "frequency", "on Monday, Wednesday and Friday"),
    ("by mouth", "route", "oral"),
    ("i.v.", "route", "intravenous"),
    ("SQ", "route", "subcutaneous"),
    ("in both eyes", "route", "ophthalmic"),
    ("via NG", "route", "enteral"),
    ("for a total of 6 weeks", "duration", "6 weeks"),
    ("x3d", "duration", "3d"),
    ("7-day course", "duration", "7-day"),
    ("prn severe pain", "as_needed", "severe pain"),
    ("tablets", "form", "tablet"),
    ("last dose 8 am", "last_taken", "8 am"),
]


@pytest.mark.parametrize(("text", "kind", "value"), TERMS, ids=[t for t, _, _ in TERMS])
def test_terms(text: str, kind: str, value: str) -> None:
    word = text.lower().split()[0].rstrip(".")
    word = word.split("-")[0] if word[0].isdigit() or word.startswith("q4") else word
    term = term_at(word, text, 0, len(text))
    assert term is not None and (term.kind, term.value) == (kind, value)


@pytest.mark.parametrize("text", ["3 days ago", "ng", "po2", "for hypertension", "2014"])
def test_what_is_no_term(text: str) -> None:
    assert term_at(text.split()[0], text, 0, len(text)) is None


def test_a_full_prescription() -> None:
    sig = sig_of("Metoprolol Tartrate 25 mg Tablet Sig: One (1) Tablet PO BID as needed for palpitations for 10 days.")
    assert (str(sig.dose), str(sig.amount), sig.form, sig.route) == ("25 mg", "1 {tablet}", "tablet", "oral")
    assert (sig.frequency, sig.as_needed, sig.reason) == ("twice daily", True, "palpitations")
    assert sig.duration == "10 days"


def test_an_instruction_on_the_next_line_belongs_to_the_drug() -> None:
    first, second = drugs("1. Lisinopril 10 mg tablet\n   Sig: Take 1 tablet by mouth daily\n2. Aspirin 81 mg\n")
    assert first.sig and second.sig
    assert (first.sig.route, first.sig.frequency, str(first.sig.amount)) == ("oral", "daily", "1 {tablet}")
    assert (str(second.sig.dose), second.sig.frequency) == ("81 mg", "")


def test_counts_strengths_and_bare_numbers() -> None:
    percocet = sig_of("Percocet 5/325 1-2 tabs q4-6h prn pain")
    assert [str(q) for q in percocet.strength] == ["5 mg", "325 mg"] and str(percocet.amount) == "1 {tablet}"
    augmentin = sig_of("amoxicillin/clavulanate 875/125 mg BID")
    assert str(augmentin.dose) == "875 mg" and len(augmentin.strength) == 2
    assert str(sig_of("two 500-mg tablets of acetaminophen").amount) == "2 {tablet}"
    bare = sig_of("Lasix 40 IV BID")
    assert bare.dose == Quantity(value=40, unit="1") and bare.route == "intravenous"
    assert sig_of("metoprolol 3 days ago").dose is None


def step(value: float, frequency: str = "", duration: str = "", role: str = "", unit: str = "mg") -> DoseStep:
    return DoseStep(dose=Quantity(value=value, unit=unit), frequency=frequency, duration=duration, role=role)


STEPS = [
    # text, dose in force, steps
    ("taper prednisone 60 mg x3d, 40 mg x3d", 60, [step(60, duration="3d"), step(40, duration="3d")]),
    (
        "prednisone 40 mg daily for 5 days then 20 mg daily for 5 days",
        40,
        [step(40, "daily", "5 days"), step(20, "daily", "5 days")],
    ),
    ("Lisinopril dose was increased from 5 to 10 mg", 10, [step(5, role="previous"), step(10)]),
    ("Furosemide was reduced from 80 mg to 40 mg daily", 40, [step(80, role="previous"), step(40, "daily")]),
    ("clopidogrel 300 mg loading dose, then 75 mg daily", 300, [step(300, role="loading"), step(75, "daily")]),
    ("loading dose of 300 mg followed by 75 mg daily clopidogrel", 300, [step(300, role="loading"), step(75, "daily")]),
    ("bisoprolol 2.5 mg, increased to 5 mg", 5, [step(2.5), step(5)]),
    (
        "warfarin 5 mg MWF and 2.5 mg other days",
        5,
        [step(5, "on Monday, Wednesday and Friday"), step(2.5, "other days")],
    ),
    (
        "furosemide 40 mg in the morning and 20 mg in the evening",
        40,
        [step(40, "every morning"), step(20, "every evening")],
    ),
]


@pytest.mark.parametrize(("text", "dose", "steps"), STEPS, ids=[t for t, _, _ in STEPS])
def test_several_doses_stay_one_statement(text: str, dose: float, steps: list[DoseStep]) -> None:
    [fact] = drugs(text)
    assert fact.sig and fact.sig.dose and fact.sig.dose.value == dose
    assert list(fact.sig.steps) == steps
    assert [q.value for q in fact.sig.doses] == [s.dose.value for s in steps]


def test_doses_of_one_dose_and_of_none() -> None:
    assert [str(q) for q in sig_of("furosemide 40-80 mg").doses] == ["40 mg", "80 mg"]
    assert sig_of("furosemide").doses == () and sig_of("furosemide 40 mg").steps == ()


STATUS = [
    # text, status of every drug
    ("Started metoprolol 25 mg BID.", ["started"]),
    ("Levetiracetam 500 mg twice a day was started.", ["started"]),
    ("Continue metoprolol 25 mg BID, lisinopril 10 mg daily, and atorvastatin 40 mg.", ["active"] * 3),
    ("Stopped aspirin 81 mg and clopidogrel 75 mg.", ["stopped", "stopped"]),
    ("Aspirin and clopidogrel were stopped.", ["stopped", "stopped"]),
    ("Metoprolol discontinued due to bradycardia.", ["stopped"]),
    ("He was on warfarin until March.", ["stopped"]),
    ("No longer taking lisinopril.", ["stopped"]),
    ("STOPPED: naproxen", ["stopped"]),
    ("d/c heparin", ["stopped"]),
    ("lisinopril (held)", ["held"]),
    ("vancomycin 1 g q12h (started 3/4), cefepime 2 g q8h", ["started", ""]),
    ("hold losartan if systolic below 100", ["held"]),
    ("Warfarin was put on hold.", ["held"]),
    ("She ran out of lisinopril.", ["not taking"]),
    ("not taking metformin", ["not taking"]),
    ("Resumed apixaban 5 mg.", ["resumed"]),
    ("Furosemide was increased to 80 mg.", ["increased"]),
    ("Decreased lisinopril to 5 mg.", ["decreased"]),
    ("Switched from simvastatin 20 mg to atorvastatin 40 mg.", ["stopped", "started"]),
    ("Heparin was replaced with argatroban.", ["stopped", "started"]),
    ("received ceftriaxone 1 g", ["given"]),
    ("metoprolol for hypertension", [""]),
    ("lisinopril caused cough; aspirin was stopped", ["", "stopped"]),
]


@pytest.mark.parametrize(("text", "expected"), STATUS, ids=[t for t, _ in STATUS])
def test_status(text: str, expected: list[str]) -> None:
    found = drugs(text)
    assert [f.sig.status for f in found if f.sig] == expected
    stopped = [f.assertion for f in found if f.sig and f.sig.status == "stopped"]
    assert all(a.is_historical and not a.is_negated for a in stopped)


@pytest.mark.parametrize(
    "text",
    [
        "aspirin 81 mg " * 1500,
        "1 mg " * 5000,
        "aspirin " + "1," * 12_000,
        "aspirin " + "5 to " * 6000 + "mg",
        "aspirin " + "(" * 20_000,
        "stop " * 5000 + "aspirin",
        "aspirin and " * 2500 + "10 mg respectively",
        "x" * 50_000 + " mg aspirin",
    ],
    ids=["list", "doses", "digits", "ranges", "parens", "stops", "respectively", "letters"],
)
def test_time_is_linear(text: str) -> None:
    nlp = build_pipeline()
    doc = nlp.make_doc(text)
    for name, component in nlp.pipeline:
        if name == "charttwin_sigs":
            break
        if name in {"charttwin_sections", "charttwin_sentences", "charttwin_targets"}:
            doc = component(doc)
    started = time.process_time()
    dict(nlp.pipeline)["charttwin_sigs"](doc)
    assert time.process_time() - started < 2.0
