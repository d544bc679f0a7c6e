"""The vocabulary's data are well formed, its groups resolve, and clinicians' short forms find what they mean."""

from __future__ import annotations

import csv
import json

import pytest

from domain.codes import code_of
from domain.quantities import MOLAR_MASS_G_PER_MOL, VALENCE, convert, normalise_unit
from nlp_pipeline.vocabulary import ATC, LOINC, RXNORM, SNOMED, Concept, Vocabulary, load_vocabulary, normalise_surface
from nlp_pipeline.vocabulary.compile.cleaning import (
    clinical_phrases,
    is_drug_name,
    is_usable,
    names_a_measurement,
    rejected,
)
from nlp_pipeline.vocabulary.loader import DATA, FILES, DataFile, read_concepts
from nlp_pipeline.vocabulary.open_terms import SHORT, read_open_terms

KINDS = tuple(file.kind for file in FILES)

# Fixed products with one RxNorm code for the combination, vaccines against several diseases.
SHARED_CODES = {
    "medication": {"10831"},
    "immunization": {
        *("09", "113", "115", "138", "139", "196"),  # tetanus, and diphtheria with or without pertussis
        *("20", "106", "107", "22", "50", "51", "94", "104", "110", "120", "130", "146"),
    },
}
# A brand or product name that stands for every ingredient it holds; other surfaces name one concept of a kind.
PRODUCT_NAMES_ARE_SHARED = "medication"

STOP_WORDS = frozenset(
    """
    a about above action act add after age again all alert also am an and any are arm as at axis back bad ball be because
    been before being below best better between big body book both but by call can cap caps care case cast cat change chart
    check child clear close cold come count cover cut daily dark date day deep did diet dig do does dog doing done down drop
    due during each ear early eat end eye face fall false far fast few find fine fire first fit five flat follow foot for
    form four free from full gave get give go good great had hand hard has have he head hear held help her here high him his
    hit hold home hot hour how if ill in index into is it its job just keep kind last late lead left less let level light
    line list long look low made make man many map mark mass max may me mean met mid mild min miss month more most much must
    my name near need new next night no none normal not note now of off often old on once one only open or order other our
    out over own part past per phase pin place plan point poor put race range rate read ready ref rest result right room
    round run said same saw say see seen self send set she short show side sign since sit sits site six size skin slow small
    so some soon stable stand start state status stay still stop such sure take talk tall ten test than that the their them
    then there these they this those three time to today told too took top total true try turn two type under unit until up
    upon us use used very via view visit walk was way we week well went were what when where which while who whole why wide
    will with work year yes yet you young your
    """.split()
)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def surfaces_of(vocabulary: Vocabulary, kind: str, text: str) -> set[str]:
    return {c.id for c in vocabulary.by_surface.get(normalise_surface(text), ()) if c.kind == kind}


@pytest.mark.parametrize("file", FILES, ids=KINDS)
def test_ids_are_unique_snake_case_and_rows_are_rectangular(file: DataFile) -> None:
    with (DATA / file.name).open(encoding="utf-8", newline="") as rows:
        header, *body = csv.reader(rows)
    ids = [row[0] for row in body]
    assert len(body) > 30
    assert {len(row) for row in body} == {len(header)}
    assert len(set(ids)) == len(ids)
    assert [i for i in ids if not i.replace("_", "").isalnum() or i != i.lower() or i[0] == "_"] == []
    assert [row[0] for row in body if not row[1].strip()] == []


@pytest.mark.parametrize("file", FILES, ids=KINDS)
def test_cells_are_trimmed_and_hold_no_repeats(file: DataFile) -> None:
    faults = []
    with (DATA / file.name).open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            for column, cell in row.items():
                items = cell.split("|") if cell else []
                if any(item != item.strip() or not item for item in items) or len(items) != len(set(items)):
                    faults.append((row["id"], column, cell))
    assert faults == []


def test_every_group_resolves_without_a_cycle(vocabulary: Vocabulary) -> None:
    unknown, cyclic = [], []
    for (kind, concept_id), concept in vocabulary.concepts.items():
        group = "drug_class" if kind == "medication" else kind
        unknown += [(kind, concept_id, p) for p in concept.parents if vocabulary.get(group, p) is None]
        if kind != "medication" and concept_id in vocabulary.ancestors(kind, concept_id):
            cyclic.append((kind, concept_id))
    assert unknown == []
    assert cyclic == []


def test_every_allergen_member_resolves(vocabulary: Vocabulary) -> None:
    def known(member: str) -> bool:
        return any(vocabulary.get(kind, member) for kind in ("medication", "drug_class", "allergen"))

    allergens = vocabulary.of_kind("allergen")
    assert [(a.id, m) for a in allergens for m in a.members if not known(m)] == []
    assert sum(bool(a.members) for a in allergens) > 20


def test_every_drug_class_has_an_ingredient(vocabulary: Vocabulary) -> None:
    assert [c.id for c in vocabulary.of_kind("drug_class") if not vocabulary.ingredients(c.id)] == []


def test_codes_have_the_form_of_their_system(vocabulary: Vocabulary) -> None:
    codes = {key for concept in vocabulary.concepts.values() for key in concept.codes}
    assert len(codes) > 4000
    for system, code in codes:
        code_of(system, code)  # raises UnknownCode where the form is wrong


def test_check_digits(vocabulary: Vocabulary) -> None:
    codes = sorted({key for concept in vocabulary.concepts.values() for key in concept.codes})
    assert [c for system, c in codes if system == LOINC and not loinc_check_digit_holds(c)] == []
    assert [c for system, c in codes if system == SNOMED and not verhoeff_check_digit_holds(c)] == []


def test_check_digit_functions_notice_a_changed_digit() -> None:
    assert loinc_check_digit_holds("2160-0") and not loinc_check_digit_holds("2161-0")
    assert verhoeff_check_digit_holds("22298006") and not verhoeff_check_digit_holds("22298007")


@pytest.mark.parametrize("kind", KINDS)
def test_a_code_names_one_concept_of_a_kind(vocabulary: Vocabulary, kind: str) -> None:
    allowed = SHARED_CODES.get(kind, set())
    shared = {
        key: [c.id for c in concepts]
        for key, concepts in vocabulary.by_code.items()
        # A broad ICD-10, HPO or ATC code may cover several of our concepts.
        if key[0] in {LOINC, SNOMED, RXNORM} and key[1] not in allowed and sum(c.kind == kind for c in concepts) > 1
    }
    assert shared == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_surface_names_one_concept_of_a_kind(vocabulary: Vocabulary, kind: str) -> None:
    shared: dict[str, set[str]] = {}
    for surface, concepts in vocabulary.by_surface.items():
        named = [c for c in concepts if c.kind == kind and not is_product_name(c, surface)]
        if len(named) > 1:
            shared[surface] = {c.id for c in named}
    assert shared == {}


def is_product_name(concept: Concept, surface: str) -> bool:
    brands = {normalise_surface(b) for b in concept.extra.get("brands", "").split("|")}
    return concept.kind == PRODUCT_NAMES_ARE_SHARED and surface in brands


def test_no_surface_is_an_ordinary_word_or_too_short(vocabulary: Vocabulary) -> None:
    # "cat" and "dog" are looked for among allergies only; "race" is what the record calls it.
    allowed = {("allergen", "cat"), ("allergen", "dog"), ("observation", "race")}
    faults = [
        (c.kind, c.id, surface)
        for surface, concepts in vocabulary.by_surface.items()
        for c in concepts
        if (len(surface) < 2 or surface in STOP_WORDS or surface.isdigit()) and (c.kind, surface) not in allowed
    ]
    assert faults == []


def test_no_cell_of_names_holds_a_remark(vocabulary: Vocabulary) -> None:
    remarks = [s for s in vocabulary.by_surface if '"' in s or " should " in f" {s} "]
    assert remarks == []


def test_units_of_measurement_and_organs_name_nothing(vocabulary: Vocabulary) -> None:
    for text in ("bpm", "beats per minute", "thyroid", "got"):
        assert vocabulary.by_surface.get(text, []) == []


def test_ambiguous_forms_are_not_plain_surfaces_of_the_same_concept(vocabulary: Vocabulary) -> None:
    assert "mi" in vocabulary.by_ambiguous and "mi" not in vocabulary.by_surface
    faults = [
        (c.kind, c.id, form)
        for form, concepts in vocabulary.by_ambiguous.items()
        for c in concepts
        if form in c.surfaces
    ]
    assert faults == []


def test_observations_have_units_ranges_and_substances_that_hold(vocabulary: Vocabulary) -> None:
    categories = {"lab", "vital", "score", "social", "micro", "device"}
    substances = {*MOLAR_MASS_G_PER_MOL, *VALENCE, "hba1c", ""}
    faults = []
    for concept in vocabulary.of_kind("observation"):
        low, high = concept.number("low"), concept.number("high")
        unit = concept.extra["unit"]
        sound = (
            concept.extra["category"] in categories
            and concept.extra["substance"] in substances
            and (low is None or high is None or low <= high)
            and normalise_unit(unit) in {unit, "1"}
        )
        faults += [] if sound else [concept.id]
    assert faults == []


def test_conditions_have_a_known_kind(vocabulary: Vocabulary) -> None:
    kinds = {c.extra["kind"] for c in vocabulary.of_kind("condition")}
    assert kinds == {"disorder", "symptom", "social", "pregnancy", "injury"}


@pytest.mark.parametrize(
    ("text", "kind", "concept_id"),
    [
        ("creat", "observation", "creatinine"),
        ("UACR", "observation", "uacr"),
        ("A1c", "observation", "hba1c"),
        ("sats", "observation", "oxygen_saturation"),
        ("LDL", "observation", "ldl"),
        ("K+", "observation", "potassium"),
        ("plts", "observation", "platelets"),
        ("H&H", "observation", "hemoglobin_hematocrit"),
        ("BMP", "observation", "bmp"),
        ("haemoglobin", "observation", "hemoglobin"),
        ("blood sugars", "observation", "glucose"),
        ("direct bili", "observation", "bilirubin_direct"),
        ("vanc trough", "observation", "vancomycin_trough"),
        ("smoking status", "observation", "tobacco_status"),
        ("afib", "condition", "atrial_fibrillation"),
        ("HTN", "condition", "hypertension"),
        ("T2DM", "condition", "type_2_diabetes"),
        ("HFrEF", "condition", "hfref"),
        ("anaemia", "condition", "anemia"),
        ("oedema", "condition", "edema"),
        ("CKD", "condition", "chronic_kidney_disease"),
        ("ESRD", "condition", "esrd"),
        ("PNA", "condition", "pneumonia"),
        ("SOB", "condition", "dyspnea"),
        ("lisinopril", "medication", "lisinopril"),
        ("HCTZ", "medication", "hydrochlorothiazide"),
        ("ASA", "medication", "aspirin"),
        ("APAP", "medication", "acetaminophen"),
        ("MTX", "medication", "methotrexate"),
        ("vanco", "medication", "vancomycin"),
        ("NTG", "medication", "nitroglycerin"),
        ("paracetamol", "medication", "acetaminophen"),
        ("ACE inhibitor", "drug_class", "ace_inhibitor"),
        ("blood thinner", "drug_class", "antithrombotic"),
        ("SGLT2i", "drug_class", "sglt2_inhibitor"),
        ("colonoscopy", "procedure", "colonoscopy"),
        ("CABG", "procedure", "coronary_artery_bypass_grafting"),
        ("cxr", "procedure", "plain_chest_x_ray"),
        ("flu shot", "immunization", "influenza_vaccine"),
        ("PCN", "allergen", "penicillin"),
        ("shellfish", "allergen", "shellfish"),
    ],
)
def test_short_forms_find_their_concept(vocabulary: Vocabulary, text: str, kind: str, concept_id: str) -> None:
    assert surfaces_of(vocabulary, kind, text) == {concept_id}


@pytest.mark.parametrize("brand", ["Bactrim", "Augmentin", "Zosyn", "Percocet", "Entresto", "Adderall"])
def test_a_combination_brand_names_each_ingredient(vocabulary: Vocabulary, brand: str) -> None:
    assert len(surfaces_of(vocabulary, "medication", brand)) == 2


def test_one_observation_gathers_the_loinc_codes_a_clinician_reads_as_one(vocabulary: Vocabulary) -> None:
    families = {
        "creatinine": {"2160-0", "38483-4"},
        "glucose": {"2345-7", "2339-0"},
        "bun": {"3094-0", "6299-2"},
        "sodium": {"2951-2", "2947-0"},
        "potassium": {"2823-3", "6298-4"},
        "chloride": {"2075-0", "2069-3"},
        "bicarbonate": {"2028-9", "20565-8"},
        "calcium": {"17861-6", "49765-1"},
        "hba1c": {"4548-4", "17856-6"},
        "egfr": {"33914-3", "48642-3", "48643-1", "62238-1", "69405-9", "77147-7", "98979-8"},
        "uacr": {"14959-1", "9318-7", "30000-4"},
        "oxygen_saturation": {"2708-6", "59408-5"},
        "ldl": {"18262-6", "2089-1", "13457-7"},
        "troponin": {"89579-7", "6598-7", "10839-9"},
        "body_temperature": {"8310-5", "8331-1"},
    }
    for concept_id, expected in families.items():
        concept = vocabulary.get("observation", concept_id)
        assert concept is not None and expected <= set(concept.codes_of(LOINC)), concept_id


def test_things_a_clinician_distinguishes_stay_apart(vocabulary: Vocabulary) -> None:
    codes = [
        "2345-7",
        "5792-7",
        "1975-2",
        "1968-7",
        "8480-6",
        "8462-4",
        "85354-9",
        "2160-0",
        "2161-8",
        "2744-1",
        "2746-6",
    ]
    ids = [c.id for code in codes for c in vocabulary.by_code[LOINC, code]]
    assert len(ids) == len(set(ids)) == len(codes)


def test_groups_reach_their_members(vocabulary: Vocabulary) -> None:
    assert {"lung_cancer", "nsclc", "leukemia"} <= vocabulary.descendants("condition", "cancer")
    assert {"ckd_stage_3", "esrd", "aki"} <= vocabulary.descendants("condition", "kidney_disease")
    assert "hypertension" not in vocabulary.descendants("condition", "heart_disease")
    assert {"sodium", "creatinine", "bmp"} <= vocabulary.descendants("observation", "bmp")
    assert "alt" not in vocabulary.descendants("observation", "bmp")
    assert vocabulary.descendants("condition", "no_such_id") == set()


def test_albumin_creatinine_ratio_converts_between_the_units_in_use(vocabulary: Vocabulary) -> None:
    uacr = vocabulary.get("observation", "uacr")
    assert uacr is not None
    assert convert(30.0, uacr.extra["unit"], "mg/mmol", uacr.extra["substance"]) == pytest.approx(3.39, abs=0.01)


def test_ingredients_of_a_class(vocabulary: Vocabulary) -> None:
    ace = vocabulary.ingredients("ace_inhibitor")
    assert {"lisinopril", "enalapril", "ramipril"} <= ace
    assert "losartan" not in ace
    assert ace | vocabulary.ingredients("arb") <= vocabulary.ingredients("antihypertensive")
    assert {"apixaban", "warfarin", "enoxaparin"} <= vocabulary.ingredients("anticoagulant")
    assert "apixaban" not in vocabulary.ingredients("antiplatelet")
    assert {"insulin_glargine", "metformin"} <= vocabulary.ingredients("antidiabetic")
    assert {"amoxicillin", "cephalexin"} <= vocabulary.ingredients("beta_lactam")
    assert {"loop_diuretic", "diuretic"} <= vocabulary.classes_of("furosemide")


def test_concepts_carry_their_columns(vocabulary: Vocabulary) -> None:
    potassium = vocabulary.get("observation", "potassium")
    assert potassium is not None
    assert (potassium.extra["unit"], potassium.number("low"), potassium.number("high")) == ("mmol/L", 3.5, 5.1)
    assert potassium.number("unit_that_is_no_column") is None
    lisinopril = vocabulary.get("medication", "lisinopril")
    assert lisinopril is not None
    assert (RXNORM, "29046") in lisinopril.codes and (ATC, "C09AA03") in lisinopril.codes
    assert "Zestril" in lisinopril.synonyms


def test_loading_again_gives_the_same_vocabulary_and_validates(vocabulary: Vocabulary) -> None:
    assert load_vocabulary() is vocabulary
    for file in FILES:
        for concept in read_concepts(file):  # built without validation for speed, so validated here
            assert Concept.model_validate(concept.model_dump()) == concept


@pytest.mark.parametrize(
    ("title", "phrases"),
    [
        ("Pneumonia, bacterial, NOS", ["bacterial pneumonia"]),
        ("Pneumonia, bacterial", ["bacterial pneumonia"]),
        ("Cholera, unspecified", ["Cholera"]),
        ("Human immunodeficiency virus [HIV] disease", ["Human immunodeficiency virus disease"]),
        ("Malignant neoplasm of stomach, unspecified", ["stomach cancer", "cancer of the stomach", "malignant neoplasm of stomach"]),
        ("Abscess of liver", ["Abscess of liver", "liver Abscess"]),
        ("Unspecified asthma", ["asthma"]),
        ("Sepsis, unspecified organism", ["Sepsis"]),
        ("Cataract, right eye", ["Cataract"]),
    ],
)  # fmt: skip
def test_titles_become_the_phrases_of_notes(title: str, phrases: list[str]) -> None:
    assert list(clinical_phrases(title)) == phrases


def test_residual_classes_and_ordinary_words_are_not_usable() -> None:
    usable = ["miliary tuberculosis", "Sandhoff disease"]
    junk = [
        "Other specified disorders",
        "axis",
        "taco",
        "a",
        "fever and chills and rigors",
        "one two three four five six seven",
    ]
    assert [p for p in [*usable, *junk] if is_usable(p)] == usable


def test_changes_of_what_is_measured_are_not_taken() -> None:
    measured = {"creatinine", "blood pressure"}
    assert names_a_measurement("Elevated serum creatinine", measured) and names_a_measurement(
        "blood pressure", measured
    )
    assert not names_a_measurement("Elevated hemidiaphragm", measured)


def test_substances_that_are_no_medicines_are_not_taken() -> None:
    assert is_drug_name("teicoplanin", marketed=False) and is_drug_name("valproate sodium", marketed=True)
    for name in ("valproate sodium", "2-propanol", "cod liver oil", "honey", "silver"):
        assert not is_drug_name(name, marketed=False)


def test_the_open_terms_are_as_their_counts_and_filters_say() -> None:
    terms, report = read_open_terms(DATA), json.loads((DATA / "open_terms.json").read_text(encoding="utf-8"))
    surfaces = [s for i in range(len(terms)) for s in terms[i].surfaces]
    assert (len(terms), len(surfaces)) == (report["total"]["rows"], report["total"]["surfaces"])
    assert {terms[i].kind for i in range(len(terms))} == {"condition", "medication", "procedure"}
    assert [s for s in surfaces if s.removeprefix(SHORT).lower() in rejected()] == []
    for i in range(len(terms)):
        for system, code in terms[i].codes:
            code_of(system, code)  # raises UnknownCode where the form is wrong


def test_the_concepts_that_open_terms_are_exist(vocabulary: Vocabulary) -> None:
    terms = read_open_terms(DATA)
    same = [(terms[i].kind, terms[i].same) for i in range(len(terms)) if terms[i].same]
    assert len(same) > 1000
    assert [key for key in same if key not in vocabulary.concepts] == []


def loinc_check_digit_holds(code: str) -> bool:
    """Modulus 10 over the number, as LOINC's users' guide describes it."""
    number, _, check = code.removeprefix("LP").removeprefix("LA").partition("-")
    doubled = (int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(number)))
    return (10 - sum(d - 9 if d > 9 else d for d in doubled) % 10) % 10 == int(check)


def verhoeff_check_digit_holds(code: str) -> bool:
    """Verhoeff's dihedral check over the digits, as the SNOMED CT identifier is defined."""

    def multiply(a: int, b: int) -> int:
        turned = (a + b) % 5 if a < 5 and b < 5 else (a - b) % 5 if b >= 5 and a >= 5 else 5 + (a + b) % 5
        if a >= 5 and b < 5:
            turned = 5 + (a - 5 - b) % 5
        return turned

    def permute(digit: int, times: int) -> int:
        for _ in range(times % 8):
            digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
        return digit

    total = 0
    for position, digit in enumerate(reversed(code)):
        total = multiply(total, permute(int(digit), position))
    return total == 0
