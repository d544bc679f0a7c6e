"""Names in a question: exact before misspelt, long before short, everyday words never, the record's own words last."""

from __future__ import annotations

import pytest

from knowledge_base.rows import Row
from tests.conftest import LOINC, Bench
from tools.concepts import (
    KINDS,
    Lexicon,
    Target,
    common_words,
    content_words,
    default_lexicon,
    normalise_name,
    tokenize,
)
from tools.drugs.medications import find_drug
from tools.measurements.readings import find_target


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return default_lexicon()


def named(lexicon: Lexicon, text: str, **more: object) -> list[tuple[str, str]]:
    """The phrase and first concept of every mention."""
    return [(m.text, m.targets[0].id) for m in lexicon.find_mentions(text, **more)]  # type: ignore[arg-type]


NAMES = [
    # exact, in any case, number and form
    ("Latest CREATININE?", [("CREATININE", "creatinine")]),
    ("weights over time", [("weights", "body_weight")]),
    ("the patient's potassium", [("potassium", "potassium")]),
    ("K+ and Na", [("K", "potassium"), ("Na", "sodium")]),
    ("coumadin", [("coumadin", "warfarin")]),
    # the longest name wins
    ("hemoglobin a1c", [("hemoglobin a1c", "hba1c")]),
    ("heart failure, not heart rate", [("heart failure", "heart_failure"), ("heart rate", "heart_rate")]),
    ("urine glucose", [("urine glucose", "urine_glucose")]),
    ("type 2 diabetes", [("type 2 diabetes", "type_2_diabetes")]),
    # misspelt
    ("creatnine", [("creatnine", "creatinine")]),
    ("lisinipril", [("lisinipril", "lisinopril")]),
    ("metfromin", [("metfromin", "metformin")]),
    ("apixiban vs warfrin", [("apixiban", "apixaban"), ("warfrin", "warfarin")]),
    # look-alikes are each their own
    ("hydroxyzine hydralazine", [("hydroxyzine", "hydroxyzine"), ("hydralazine", "hydralazine")]),
    ("clonidine or clonazepam", [("clonidine", "clonidine"), ("clonazepam", "clonazepam")]),
    ("prednisone, prednisolone", [("prednisone", "prednisone"), ("prednisolone", "prednisolone")]),
    # nothing is named
    ("what was the last one she had", []),
    ("can he have it today", []),
    ("", []),
    ("xyzzy", []),
    ("how is her ambulation", []),
]


@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_names_in_text(lexicon: Lexicon, text: str, expected: list[tuple[str, str]]) -> None:
    assert named(lexicon, text) == expected


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("iron", {("observation", "iron"), ("medication", "ferrous_sulfate")}),
        ("estradiol", {("observation", "estradiol_level"), ("medication", "estradiol")}),
        ("Zestoretic", {("medication", "lisinopril"), ("medication", "hydrochlorothiazide")}),
        ("neutrophils", {("observation", "neutrophils_percent"), ("observation", "neutrophils_absolute")}),
    ],
)
def test_an_ambiguous_name_offers_every_reading(lexicon: Lexicon, text: str, targets: set[tuple[str, str]]) -> None:
    [mention] = lexicon.find_mentions(text)
    assert targets <= {(t.kind, t.id) for t in mention.targets}
    for kind in {k for k, _ in targets}:
        found = mention.of_kind(kind)
        assert found is not None and found.kind == kind


def test_a_reading_is_offered_once(lexicon: Lexicon) -> None:
    for text in ("ACE inhibitors", "beta blockers", "neutrophils"):
        [mention] = lexicon.find_mentions(text)
        assert len(mention.targets) == len({(t.kind, t.id) for t in mention.targets})


def test_everyday_words_are_never_names(lexicon: Lexicon) -> None:
    read = {w: named(lexicon, w) for w in common_words() - {"vitals"}}
    assert len(read) > 900
    assert {w: n for w, n in read.items() if n} == {}
    assert named(lexicon, "vitals") == [("vitals", "vital_signs")]


def test_a_misspelling_is_not_read_when_told_not_to(lexicon: Lexicon) -> None:
    assert named(lexicon, "creatnine", fuzzy=False) == []
    [mention] = lexicon.find_mentions("creatnine")
    assert 0.85 < mention.score < 1.0


def test_kinds_narrow_the_names(lexicon: Lexicon) -> None:
    assert named(lexicon, "iron and aspirin", kinds=("medication",)) == [
        ("iron", "ferrous_sulfate"),
        ("aspirin", "aspirin"),
    ]
    assert named(lexicon, "iron and aspirin", kinds=("observation",)) == [("iron", "iron")]


@pytest.mark.parametrize(
    ("name", "kinds", "ids"),
    [
        (
            "statins",
            ("drug_class",),
            {"atorvastatin", "pitavastatin", "fluvastatin", "rosuvastatin", "pravastatin", "simvastatin", "lovastatin"},
        ),
        ("insect venom", ("allergen",), {"insect_venom", "bee_venom", "wasp_venom", "fire_ant"}),
        ("lisinopril", ("medication", "drug_class"), {"lisinopril"}),
    ],
)
def test_a_group_stands_for_its_members(lexicon: Lexicon, name: str, kinds: tuple[str, ...], ids: set[str]) -> None:
    target = lexicon.resolve(name, *kinds)
    assert target is not None and target.ids == ids


def test_a_broad_condition_holds_the_narrow(lexicon: Lexicon) -> None:
    diabetes, type_2 = lexicon.resolve("diabetes", "condition"), lexicon.resolve("T2DM", "condition")
    assert diabetes is not None and type_2 is not None
    assert type_2.ids < diabetes.ids
    row = Row(
        ref="Condition/c", patient_id="p", resource_type="Condition", display="Diabetes mellitus type 2 (disorder)"
    )
    assert lexicon.matches(diabetes, row) and lexicon.matches(type_2, row)


@pytest.mark.parametrize(
    ("name", "kinds"), [("", ()), ("the and of", ()), ("xyzzy", ()), ("creatinine", ("medication",)), ("🙂", ())]
)
def test_unknown_names_resolve_to_nothing(lexicon: Lexicon, name: str, kinds: tuple[str, ...]) -> None:
    assert lexicon.resolve(name, *kinds) is None


@pytest.mark.parametrize(
    ("display", "code", "asked", "expected"),
    [
        ("Creatinine [Mass/volume] in Serum or Plasma", "2160-0", "creatinine", True),
        ("Local code CREA", "2160-0", "creatinine", True),  # by code whatever it is called
        ("Glucose [Presence] in Urine by Test strip", "25428-4", "glucose", False),
        ("glucose in urine", "x-1", "glucose", False),  # part of a display is not the display
        ("Creatinine", "x-2", "creatinine", True),
    ],
)
def test_rows_by_code_or_whole_display(lexicon: Lexicon, display: str, code: str, asked: str, expected: bool) -> None:
    target = lexicon.resolve(asked, "observation")
    assert target is not None
    row = Row(ref="Observation/o", patient_id="p", resource_type="Observation", display=display, codes=((LOINC, code),))
    assert lexicon.matches(target, row) is expected


def test_names_only_the_record_has(cohort: Bench, lexicon: Lexicon) -> None:
    chart = cohort.context(1).chart
    found = lexicon.from_record("spine cervical", chart.reports, "report")
    assert found is None  # every word must stand there
    found = lexicon.from_record("the lumbarr spine one", chart.reports, "report")
    assert found is not None and found.displays == {"mri lumbar spine with and without contrast"}
    assert lexicon.from_record("it", chart.reports, "report") is None
    assert lexicon.from_record("zebra", chart.reports, "report") is None


def test_a_drug_by_its_id_in_the_record(cohort: Bench) -> None:
    target = find_drug(cohort.context(1), "record:some local product")
    assert (target.id, target.displays) == ("record:some local product", {"some local product"})


def test_an_observation_by_its_id_in_the_record(cohort: Bench) -> None:
    assert find_target(cohort.context(1), "record:body weight without clothes").displays == {
        "body weight without clothes"
    }


@pytest.mark.parametrize(
    ("text", "norms"),
    [
        ("Pt's K+/Na: 4.1", ["pt", "k", "na", "4", "1"]),
        ("O’Brien’s  β-blocker", ["obrien", "s", "blocker"]),
        ("Sjögren's", ["sjögren"]),
        ("\n\t \u200b", []),
    ],
)
def test_words(text: str, norms: list[str]) -> None:
    tokens = tokenize(text)
    assert [t.norm for t in tokens] == norms
    assert all(text[t.start : t.end] for t in tokens)


def test_display_without_semantic_tag() -> None:
    assert normalise_name("Appendectomy (procedure)") == "appendectomy"
    assert normalise_name("Diabetes mellitus type 2 (disorder)") == "diabetes mellitus type 2"


def test_content_words() -> None:
    assert content_words("when was the last colonoscopies done?") == ["colonoscopy"]
    assert content_words("what is it") == []


def test_every_kind_is_searched(lexicon: Lexicon) -> None:
    found = lexicon.find_mentions("creatinine, statins, aspirin, asthma, colonoscopy, flu shot, peanuts")
    assert {t.kind for m in found for t in m.targets} == set(KINDS)
    assert all(isinstance(t, Target) and t.ids for m in found for t in m.targets)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("start 5 mg daily", []), ("500 mg bid", []), ("lisinopril 5 mg", ["lisinopril"]), ("creatinine 1.2 mg/dL", ["creatinine"]),
        ("latest mg", ["mg"]), ("K 4.1 Mg 1.8", ["K", "Mg"]), ("k 4.1 mg 1.8", ["k", "mg"]), ("last 3 mg values", ["mg"]), ("Mg", ["Mg"]),
    ],
)  # fmt: skip
def test_a_unit_behind_its_number_names_no_lab(text: str, names: list[str]) -> None:
    assert [m.text for m in default_lexicon().find_mentions(text)] == names


def test_a_drug_in_two_strengths_that_no_vocabulary_knows_is_one_drug(lexicon: Lexicon) -> None:
    rows = [
        Row(ref=f"MedicationRequest/{dose}", patient_id="p", resource_type="MedicationRequest", display=display)
        for dose, display in ((150, "zorbatinib 150 MG Oral Capsule"), (100, "zorbatinib 100 MG Oral Capsule"))
    ]
    found = lexicon.from_record("zorbatinb", rows, "medication")
    assert found is not None and (found.id, len(found.displays)) == ("record:zorbatinib", 2)
    assert lexicon.of_record(found.id, rows, "medication") == found
    assert lexicon.of_record("zorbatinib", rows, "medication") is None
