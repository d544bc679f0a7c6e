"""Golden values and refusals of the liver, surgery, ward and dosing models."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp, log

import pytest

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from domain.predictions import ModelRun
from twin_backend import build_twin

TWIN = build_twin()
MELD = {"bilirubin_mg_dl": 1.5, "inr": 1.5, "creatinine_mg_dl": 1.0, "sodium_meq_l": 135, "dialysis": False}
PUGH = {
    "bilirubin_mg_dl": 1.0, "albumin_g_dl": 4.0, "inr": 1.0, "ascites": "none", "encephalopathy": "none",
}  # fmt: skip
PBC = {"age_years": 52, "bilirubin_mg_dl": 0.5, "albumin_g_dl": 4.5, "prothrombin_time_s": 10.1, "edema": "none"}
CHARLSON: dict[str, object] = {
    "age_years": 45,
    **{spec.name: False for spec in TWIN.describe("charlson").inputs if spec.kind == "boolean"},
}
LACE = {"length_of_stay_days": 0.5, "acute_admission": False, "charlson_index": 0, "ed_visits_6_months": 0}
HOSPITAL = {
    "hemoglobin_g_dl": 13, "oncology_discharge": False, "sodium_meq_l": 140, "procedure_during_stay": False,
    "urgent_admission": False, "admissions_previous_year": 0, "length_of_stay_days": 3,
}  # fmt: skip
CAPRINI: dict[str, object] = {
    "age_years": 35, "sex": "male", "bmi_kg_m2": 22, "surgery": "none", "mobility": "normal",
    **{s.name: False for s in TWIN.describe("caprini").inputs if s.kind == "boolean" and s.required},
}  # fmt: skip
WOMAN = {
    "sex": "female", "oral_contraceptive_or_hrt": False, "pregnancy_or_postpartum": False,
    "adverse_pregnancy_history": False,
}  # fmt: skip
WARFARIN = {
    "age_years": 65, "height_cm": 170, "weight_kg": 75, "race": "white", "enzyme_inducer": False, "amiodarone": False,
}  # fmt: skip
WILD = {"vkorc1_genotype": "gg", "cyp2c9_genotype": "*1/*1"}


def value(run: ModelRun, name: str) -> object:
    return run.output(name).value


# MELD


def test_original_meld_and_meld_na_by_hand() -> None:
    """10 x (0.957 ln 1 + 0.378 ln 1.5 + 1.120 ln 1.5 + 0.643) = 12.50 -> 13; 13 + 1.32 x 2 - 0.033 x 13 x 2 = 14.78.

    The step-by-step example of scoutmytool.com (MELD-Na, UNOS 2016) prints the same 13 and 15.
    """
    old = {name: given for name, given in MELD.items() if name != "sodium_meq_l"}
    run = TWIN.predict("meld_original", old)
    assert value(run, "meld_original") == 13 and value(run, "mortality_3_month") == 6.0
    assert value(TWIN.predict("meld_na", MELD), "meld_na") == 15


def test_meld_na_rounds_meld_before_sodium() -> None:
    """OPTN: bili 3.2, INR 1.8, Cr 1.4 give 20.63 -> 21; 21 + 1.32 x 3 - 0.033 x 21 x 3 = 22.88 -> 23 (20.63: 22.5)."""
    patient = {**MELD, "bilirubin_mg_dl": 3.2, "inr": 1.8, "creatinine_mg_dl": 1.4, "sodium_meq_l": 134}
    assert value(TWIN.predict("meld-na", patient), "meld_na") == 23


@pytest.mark.parametrize(("inr", "before", "points"), [(1.5, 11, 11), (1.6, 12, 23)])
def test_sodium_counts_only_above_11(inr: float, before: int, points: int) -> None:
    """INR 1.5: 11.2 ln 1.5 + 6.43 = 10.97; INR 1.6: 11.69 -> 12, 12 + 1.32 x 12 - 0.033 x 12 x 12 = 23.09."""
    run = TWIN.predict("meld_na", {**MELD, "bilirubin_mg_dl": 1, "inr": inr, "sodium_meq_l": 125})
    assert (value(run, "meld_original"), value(run, "meld_na")) == (before, points)


def test_meld_bounds_of_the_score() -> None:
    """UNOS: nothing under 1, creatinine at most 4.0 and 4.0 on dialysis, sodium 125 to 137, result 6 to 40."""
    normal = {**MELD, "bilirubin_mg_dl": 0.4, "inr": 0.9, "creatinine_mg_dl": 0.6, "sodium_meq_l": 140}
    run = TWIN.predict("meld_na", normal)
    assert value(run, "meld_na") == 6 and len(run.warnings) == 5
    assert value(TWIN.predict("meld_na", {**MELD, "sodium_meq_l": 120}), "meld_na") == value(
        TWIN.predict("meld_na", {**MELD, "sodium_meq_l": 125}), "meld_na"
    )
    four = value(TWIN.predict("meld_na", {**MELD, "creatinine_mg_dl": 4.0}), "meld_na")
    for changes in ({"dialysis": True}, {"creatinine_mg_dl": 9.0}):
        assert value(TWIN.predict("meld_na", {**MELD, **changes}), "meld_na") == four
    worst = {"bilirubin_mg_dl": 60, "inr": 9, "creatinine_mg_dl": 6}
    run = TWIN.predict("meld_na", {**MELD, **worst})
    assert (value(run, "meld_na"), value(run, "meld_original")) == (40, 40)


@pytest.mark.parametrize(
    ("bilirubin", "inr", "points", "mortality"),
    [(1.2, 1.2, 9, 1.9), (1.4, 1.2, 10, 6.0), (9.0, 2.2, 24, 19.6), (20, 3.7, 32, 52.6), (60, 9, 40, 71.3)],
)
def test_original_meld_mortality_groups(bilirubin: float, inr: float, points: int, mortality: float) -> None:
    """Wiesner 2003: 1.9 % up to 9, 6.0 % to 19, 19.6 % to 29, 52.6 % to 39, 71.3 % at 40; points by hand."""
    by_hand = 3.78 * log(bilirubin) + 11.2 * log(inr) + 6.43
    assert min(int(by_hand + 0.5), 40) == points
    given = {"bilirubin_mg_dl": bilirubin, "inr": inr, "creatinine_mg_dl": 1.0, "dialysis": False}
    run = TWIN.predict("meld_original", given)
    assert (value(run, "meld_original"), value(run, "mortality_3_month")) == (points, mortality)


def test_meld_names_units_and_refusals() -> None:
    assert [TWIN.describe(name).id for name in ("MELD", "MELD-Na", "MELD(i)")] == [
        "meld_3_0", "meld_na", "meld_original",
    ]  # fmt: skip
    si = {**MELD, "bilirubin_mg_dl": {"value": 25.65, "unit": "umol/L"},
          "creatinine_mg_dl": {"value": 88.4, "unit": "umol/L"}, "sodium_meq_l": {"value": 135, "unit": "mmol/L"}}  # fmt: skip
    assert value(TWIN.predict("meld_na", si), "meld_na") == 15
    with pytest.raises(MissingCovariate) as missing:
        TWIN.predict("meld_na", {"inr": 1.5})
    assert missing.value.details["missing"] == ["bilirubin_mg_dl", "creatinine_mg_dl", "sodium_meq_l", "dialysis"]
    with pytest.raises(OutsideModelDomain, match="adults"):
        TWIN.predict("meld_na", {**MELD, "age_years": 12})
    with pytest.raises(InvalidInput, match="creatinine_mg_dl 88"):
        TWIN.predict("meld_original", {"bilirubin_mg_dl": 1, "inr": 1, "creatinine_mg_dl": 88, "dialysis": False})


# Child-Pugh


@pytest.mark.parametrize(
    ("changes", "points", "letter"),
    [
        ({}, 5, "A"),
        ({"bilirubin_mg_dl": 1.9}, 5, "A"),
        ({"bilirubin_mg_dl": 2.0}, 6, "A"),
        ({"bilirubin_mg_dl": 3.0}, 6, "A"),
        ({"bilirubin_mg_dl": 3.1}, 7, "B"),
        ({"bilirubin_mg_dl": {"value": 60, "unit": "umol/L"}}, 7, "B"),
        ({"albumin_g_dl": 3.6}, 5, "A"),
        ({"albumin_g_dl": 3.5}, 6, "A"),
        ({"albumin_g_dl": {"value": 28, "unit": "g/L"}}, 6, "A"),
        ({"albumin_g_dl": 2.7}, 7, "B"),
        ({"inr": 1.69}, 5, "A"),
        ({"inr": 1.7}, 6, "A"),
        ({"inr": 2.3}, 6, "A"),
        ({"inr": 2.4}, 7, "B"),
        ({"inr": None, "pt_seconds_over_control": 3.9}, 5, "A"),
        ({"inr": None, "pt_seconds_over_control": 4}, 6, "A"),
        ({"inr": None, "pt_seconds_over_control": 6.1}, 7, "B"),
        ({"ascites": "mild"}, 6, "A"),
        ({"ascites": "refractory", "encephalopathy": "Grade 1-2"}, 8, "B"),
        ({"ascites": "moderate", "encephalopathy": "grade 3", "inr": 2.0, "albumin_g_dl": 3.0}, 11, "C"),
        ({"cholestatic_disease": True, "bilirubin_mg_dl": 3.9}, 5, "A"),
        ({"cholestatic_disease": True, "bilirubin_mg_dl": 10}, 6, "A"),
        ({"bilirubin_mg_dl": 8, "albumin_g_dl": 2, "inr": 3, "ascites": "tense", "encephalopathy": "4"}, 15, "C"),
    ],
)
def test_child_pugh_thresholds(changes: dict[str, object], points: int, letter: str) -> None:
    """Pugh 1973 with the INR limits of current textbooks (Cleveland Clinic J Med table): A 5-6, B 7-9, C 10-15."""
    run = TWIN.predict("child-pugh", {**PUGH, **changes})
    assert (value(run, "child_pugh"), value(run, "child_pugh_class")) == (points, letter)


def test_child_pugh_asks_for_clotting_and_refuses_other_words() -> None:
    with pytest.raises(MissingCovariate) as missing:
        TWIN.predict("child_pugh", {**PUGH, "inr": None})
    assert missing.value.details["missing"] == ["inr"]
    with pytest.raises(InvalidInput, match="encephalopathy must be one of none"):
        TWIN.predict("child_pugh", {**PUGH, "encephalopathy": "some"})
    assert any(
        "INR was used" in text for text in TWIN.predict("child_pugh", {**PUGH, "pt_seconds_over_control": 9}).warnings
    )


# Mayo


def test_mayo_pbc_by_hand() -> None:
    """0.871 ln 0.5 - 2.53 ln 4.5 + 0.039 x 52 + 2.38 ln 10.1 = -0.6037 - 3.8053 + 2.0280 + 5.5038 = 3.1228.

    exp(3.1228 - 5.07) = 0.14266; 0.774 ^ 0.14266 = 0.9641 at 5 years, 0.970 ^ 0.14266 = 0.9957 at 1 year.
    """
    run = TWIN.predict("mayo_pbc", PBC)
    assert value(run, "mayo_risk_score") == pytest.approx(3.1228, abs=1e-4)
    assert value(run, "survival_1y") == pytest.approx(99.57, abs=0.01)
    assert value(run, "survival_5y") == pytest.approx(96.41, abs=0.01)


def test_mayo_pbc_edema_and_baseline() -> None:
    """Oedema adds 0.859 or half of it; at R = 5.07 survival is the published baseline."""
    free = float(TWIN.predict("mayo_pbc", PBC).output("mayo_risk_score").value)
    for word, added in (("without_or_resolved_by_diuretics", 0.4295), ("despite diuretics", 0.859)):
        run = TWIN.predict("mayo_pbc", {**PBC, "edema": word})
        assert value(run, "mayo_risk_score") == pytest.approx(free + added)
    bilirubin = 0.5 * exp((5.07 - free) / 0.871)
    mean = TWIN.predict("mayo_pbc", {**PBC, "bilirubin_mg_dl": bilirubin})
    published = (97.0, 94.1, 88.3, 83.3, 77.4, 72.1, 65.1)
    assert [value(mean, f"survival_{year}y") for year in range(1, 8)] == pytest.approx(published)


def test_mayo_pbc_of_a_very_ill_patient() -> None:
    """First patient of the Mayo trial data (age 58.77, bilirubin 14.5, albumin 2.6, PT 12.2, oedema 1), by hand.

    2.3292 - 2.4174 + 2.2920 + 5.9534 + 0.859 = 9.0162; exp(3.9462) = 51.74; 0.970 ^ 51.74 = 0.207.
    """
    ill = {"age_years": 58.77, "bilirubin_mg_dl": 14.5, "albumin_g_dl": 2.6, "prothrombin_time_s": 12.2}
    run = TWIN.predict("mayo_pbc", {**ill, "edema": "despite_diuretics"})
    assert value(run, "mayo_risk_score") == pytest.approx(9.0162, abs=2e-3)
    assert value(run, "survival_1y") == pytest.approx(20.7, abs=0.1)


# Charlson


@pytest.mark.parametrize(
    ("points", "survival"),
    [(0, 98.30), (1, 95.87), (2, 90.15), (3, 77.48), (4, 53.39), (5, 21.36), (6, 2.25)],
)
def test_charlson_ten_year_survival(points: int, survival: float) -> None:
    """100 x 0.983 ^ exp(0.9 x points): Charlson 1994 as in common calculators (1 point: 95.87 %, 6 points: 2 %)."""
    by_points: dict[int, dict[str, object]] = {
        0: {}, 1: {"dementia": True}, 2: {"hemiplegia": True}, 3: {"moderate_severe_liver_disease": True},
        4: {"hemiplegia": True, "leukemia": True}, 5: {"hemiplegia": True, "leukemia": True, "dementia": True},
        6: {"aids": True},
    }  # fmt: skip
    run = TWIN.predict("charlson", {**CHARLSON, **by_points[points]})
    assert value(run, "charlson_age_adjusted") == points
    assert value(run, "survival_10y") == pytest.approx(survival, abs=0.01)


@pytest.mark.parametrize(("age", "points"), [(49.9, 0), (50, 1), (60, 2), (79, 3), (80, 4), (97, 4)])
def test_charlson_age(age: float, points: int) -> None:
    run = TWIN.predict("cci", {**CHARLSON, "age_years": age})
    assert value(run, "age_points") == value(run, "charlson_age_adjusted") == points


def test_charlson_worked_example_and_grades_of_one_disease() -> None:
    """65 years, heart failure, chronic lung disease, diabetes with organ damage: 2 + 1 + 1 + 2 = 6 (calculatorlib.com)."""
    patient = {
        **CHARLSON, "age_years": 65, "heart_failure": True, "chronic_pulmonary_disease": True, "diabetes": True,
        "diabetes_end_organ_damage": True,
    }  # fmt: skip
    run = TWIN.predict("charlson", patient)
    assert (value(run, "charlson_age_adjusted"), value(run, "charlson_comorbidity_index")) == (6, 4)
    metastatic = {**CHARLSON, "solid_tumor": True, "metastatic_solid_tumor": True}
    assert value(TWIN.predict("charlson", metastatic), "charlson_comorbidity_index") == 6
    liver = {**CHARLSON, "mild_liver_disease": True, "moderate_severe_liver_disease": True}
    assert value(TWIN.predict("charlson", liver), "charlson_comorbidity_index") == 3


def test_charlson_every_disease_at_once_and_missing_ones() -> None:
    """8 items of 1 point, 5 of 2 (organ damage, hemiplegia, kidney, leukaemia, lymphoma), then 3 + 6 + 6: 33."""
    everything = {name: True for name in CHARLSON if name != "age_years"}
    run = TWIN.predict("charlson", {**everything, "age_years": 45})
    assert value(run, "charlson_comorbidity_index") == 33
    with pytest.raises(MissingCovariate) as missing:
        TWIN.predict("charlson", {name: given for name, given in CHARLSON.items() if name not in ("aids", "diabetes")})
    assert missing.value.details["missing"] == ["diabetes", "aids"]
    with pytest.raises(OutsideModelDomain):
        TWIN.predict("charlson", {**CHARLSON, "age_years": 9})


# LACE and HOSPITAL


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({}, 0),
        ({"length_of_stay_days": 1}, 1),
        ({"length_of_stay_days": 3}, 3),
        ({"length_of_stay_days": 4}, 4),
        ({"length_of_stay_days": 6}, 4),
        ({"length_of_stay_days": 7}, 5),
        ({"length_of_stay_days": 13}, 5),
        ({"length_of_stay_days": 14}, 7),
        ({"length_of_stay_days": {"value": 2, "unit": "weeks"}}, 7),
        ({"acute_admission": True}, 3),
        ({"charlson_index": 3}, 3),
        ({"charlson_index": 4}, 5),
        ({"ed_visits_6_months": 3}, 3),
        ({"ed_visits_6_months": 9}, 4),
        ({"length_of_stay_days": 5, "acute_admission": True, "charlson_index": 5, "ed_visits_6_months": 2}, 14),
        ({"length_of_stay_days": 30, "acute_admission": True, "charlson_index": 9, "ed_visits_6_months": 5}, 19),
    ],
)
def test_lace_points(changes: dict[str, object], points: int) -> None:
    """van Walraven 2010; the case of 14 points is the example of the R package cliot."""
    assert value(TWIN.predict("lace", {**LACE, **changes}), "lace") == points


def test_lace_expected_risk_at_its_published_ends() -> None:
    """van Walraven 2010, abstract: 2.0 % at 0 points, 43.7 % at 19; 12.2 % at 10 points."""
    worst = {"length_of_stay_days": 30, "acute_admission": True, "charlson_index": 9, "ed_visits_6_months": 5}
    ten = {"length_of_stay_days": 4, "acute_admission": True, "charlson_index": 3}
    for changes, percent, level in (({}, 2.0, "low"), (ten, 12.2, "high"), (worst, 43.7, "high")):
        output = TWIN.predict("lace", {**LACE, **changes}).output("expected_risk_30_day")
        assert output.value == percent and output.interpretation.startswith(level)


def test_lace_refuses_what_cannot_be() -> None:
    with pytest.raises(InvalidInput, match="charlson_index must be a whole number"):
        TWIN.predict("lace", {**LACE, "charlson_index": 2.5})
    with pytest.raises(InvalidInput, match="length_of_stay_days -1"):
        TWIN.predict("lace", {**LACE, "length_of_stay_days": -1})
    with pytest.raises(OutsideModelDomain):
        TWIN.predict("lace", {**LACE, "age_years": 10})


@pytest.mark.parametrize(
    ("changes", "points", "risk"),
    [
        ({}, 0, 5.8),
        ({"hemoglobin_g_dl": 12}, 0, 5.8),
        ({"hemoglobin_g_dl": {"value": 119, "unit": "g/L"}}, 1, 5.8),
        ({"sodium_meq_l": 135}, 0, 5.8),
        ({"sodium_meq_l": 134}, 1, 5.8),
        ({"oncology_discharge": True}, 2, 5.8),
        ({"procedure_during_stay": True, "urgent_admission": True}, 2, 5.8),
        ({"admissions_previous_year": 1}, 0, 5.8),
        ({"admissions_previous_year": 2}, 2, 5.8),
        ({"admissions_previous_year": 5}, 2, 5.8),
        ({"admissions_previous_year": 6}, 5, 11.9),
        ({"length_of_stay_days": 4.9}, 0, 5.8),
        ({"length_of_stay_days": 5}, 2, 5.8),
        ({"admissions_previous_year": 6, "urgent_admission": True}, 6, 11.9),
        ({"admissions_previous_year": 6, "length_of_stay_days": 5}, 7, 22.8),
    ],
)
def test_hospital_score(changes: dict[str, object], points: int, risk: float) -> None:
    """Donzé 2016: 0-4 low 5.8 %, 5-6 intermediate 11.9 %, 7 or more high 22.8 %."""
    run = TWIN.predict("hospital_score", {**HOSPITAL, **changes})
    assert (value(run, "hospital_score"), value(run, "readmission_risk_30_day")) == (points, risk)


def test_hospital_score_says_where_versions_differ_and_names_what_is_missing() -> None:
    assert TWIN.predict("hospital_score", {**HOSPITAL, "admissions_previous_year": 1}).warnings
    assert not TWIN.predict("hospital_score", HOSPITAL).warnings
    with pytest.raises(MissingCovariate) as missing:
        TWIN.predict("hospital_score", {})
    assert missing.value.details["missing"] == list(HOSPITAL)


# Caprini


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({}, 0),
        ({"age_years": 40}, 0),
        ({"age_years": 41}, 1),
        ({"age_years": 60}, 1),
        ({"age_years": 61}, 2),
        ({"age_years": 74}, 2),
        ({"age_years": 75}, 3),
        ({"bmi_kg_m2": 25}, 0),
        ({"bmi_kg_m2": 25.1}, 1),
        ({"surgery": "minor"}, 1),
        ({"surgery": "arthroscopic"}, 2),
        ({"surgery": "laparoscopic_over_45_min"}, 2),
        ({"surgery": "major over 45 min"}, 2),
        ({"surgery": "lower_limb_arthroplasty"}, 5),
        ({"mobility": "bed_rest"}, 1),
        ({"mobility": "bed_over_72_h"}, 2),
        ({**WOMAN, "pregnancy_or_postpartum": True, "oral_contraceptive_or_hrt": True}, 2),
        ({"malignancy": True, "prior_vte": True, "recent_stroke": True, "copd": True}, 11),
    ],
)
def test_caprini_points(changes: dict[str, object], points: int) -> None:
    """Caprini 2005, as printed in Cancers of the Head & Neck 2016;1:14, table 2."""
    assert value(TWIN.predict("caprini", {**CAPRINI, **changes}), "caprini") == points


def test_caprini_sum_of_every_item() -> None:
    """10 items of 1, 3 of 2, 9 of 3 and 4 of 5 points make 10 + 6 + 27 + 20 = 63; women's items add 3."""
    everything = {name: True for name, given in CAPRINI.items() if given is False}
    assert value(TWIN.predict("caprini", {**CAPRINI, **everything}), "caprini") == 63
    woman = {**CAPRINI, **everything, **dict.fromkeys(WOMAN, True), "sex": "female"}
    assert value(TWIN.predict("caprini", woman), "caprini") == 66


@pytest.mark.parametrize(
    ("changes", "incidence", "level"),
    [
        ({"copd": True}, 0.0, "low"), ({"malignancy": True}, 0.70, "moderate"), ({"prior_vte": True}, 0.97, "high"),
        ({"prior_vte": True, "copd": True}, 0.97, "high"), ({"recent_stroke": True}, 1.94, "highest"),
    ],
)  # fmt: skip
def test_caprini_incidence(changes: dict[str, object], incidence: float, level: str) -> None:
    """Bahl 2010: 0 %, 0.70 %, 0.97 % and 1.94 % at low (0-1), moderate (2), high (3-4) and highest risk (5+)."""
    run = TWIN.predict("caprini", {**CAPRINI, **changes})
    assert value(run, "vte_risk_30_day") == incidence
    assert run.output("caprini").interpretation.startswith(f"{level} (")


def test_caprini_asks_women_more_and_refuses_pregnant_men() -> None:
    with pytest.raises(MissingCovariate) as missing:
        TWIN.predict("caprini", {**CAPRINI, "sex": "female"})
    assert missing.value.details["missing"] == [name for name in WOMAN if name != "sex"]
    with pytest.raises(InvalidInput, match="pregnancy_or_postpartum is true while sex is male"):
        TWIN.predict("caprini", {**CAPRINI, "pregnancy_or_postpartum": True})
    with pytest.raises(OutsideModelDomain):
        TWIN.predict("caprini", {**CAPRINI, "age_years": 12})


# Warfarin


def test_iwpc_by_hand() -> None:
    """White, 65 years (6 decades), 170 cm, 75 kg.

    Clinical: 4.0376 - 0.2546 x 6 + 0.0118 x 170 + 0.0134 x 75 = 5.5210, squared 30.481 mg/week.
    Pharmacogenetic, wild type: 5.6044 - 0.2614 x 6 + 0.0087 x 170 + 0.0128 x 75 = 6.4750, squared 41.926 mg/week.
    """
    run = TWIN.predict("iwpc_warfarin_dose", {**WARFARIN, **WILD})
    assert value(run, "clinical_dose_mg_per_week") == pytest.approx(30.481, abs=1e-3)
    assert value(run, "pharmacogenetic_dose_mg_per_week") == pytest.approx(41.926, abs=1e-3)
    assert "6.0 mg a day" in run.output("pharmacogenetic_dose_mg_per_week").interpretation


@pytest.mark.parametrize(
    ("changes", "clinical", "genetic"),
    [
        ({"vkorc1_genotype": "A/G"}, 0, -0.8677),
        ({"vkorc1_genotype": "AA"}, 0, -1.6974),
        ({"vkorc1_genotype": "unknown"}, 0, -0.4854),
        ({"cyp2c9_genotype": "*1/*2"}, 0, -0.5211),
        ({"cyp2c9_genotype": "1/3"}, 0, -0.9357),
        ({"cyp2c9_genotype": "*2/*2"}, 0, -1.0616),
        ({"cyp2c9_genotype": "*2/*3"}, 0, -1.9206),
        ({"cyp2c9_genotype": "*3/*3"}, 0, -2.3312),
        ({"cyp2c9_genotype": "unknown"}, 0, -0.2188),
        ({"race": "asian"}, -0.6752, -0.1092),
        ({"race": "Black"}, 0.4060, -0.2760),
        ({"race": "unknown"}, 0.0443, -0.1032),
        ({"enzyme_inducer": True}, 1.2799, 1.1816),
        ({"amiodarone": True}, -0.5695, -0.5503),
        ({"age_years": 69}, 0, 0),
        ({"age_years": 70}, -0.2546, -0.2614),
        ({"height_cm": {"value": 70.8661417, "unit": "in"}}, 0.118, 0.087),
        ({"weight_kg": {"value": 187.3929, "unit": "lb"}}, 0.134, 0.128),
    ],
)
def test_iwpc_terms(changes: dict[str, object], clinical: float, genetic: float) -> None:
    """Each term of the appendix of the paper, added to the square root of the reference doses."""
    run = TWIN.predict("iwpc", {**WARFARIN, **WILD, **changes})
    assert value(run, "clinical_dose_mg_per_week") == pytest.approx((5.5210 + clinical) ** 2, rel=1e-5)
    assert value(run, "pharmacogenetic_dose_mg_per_week") == pytest.approx((6.4750 + genetic) ** 2, rel=1e-5)


def test_iwpc_without_and_with_half_a_genotype() -> None:
    run = TWIN.predict("warfarin starting dose", WARFARIN)
    assert [output.name for output in run.outputs] == ["clinical_dose_mg_per_week"]
    assert any("No genotype" in text for text in run.warnings)
    with pytest.raises(MissingCovariate) as missing:
        TWIN.predict("warfarin starting dose", {**WARFARIN, "vkorc1_genotype": "AA"})
    assert missing.value.details["missing"] == ["cyp2c9_genotype"]


def test_iwpc_refuses_children_unknown_alleles_and_a_root_below_zero() -> None:
    """100 years, 35 kg, 100 cm, AA, *3/*3, amiodarone: 5.6044 - 2.614 + 0.87 + 0.448 - 1.6974 - 2.3312 - 0.5503 < 0."""
    with pytest.raises(OutsideModelDomain, match="adults"):
        TWIN.predict("iwpc", {**WARFARIN, "age_years": 15})
    with pytest.raises(InvalidInput, match="cyp2c9_genotype must be one of"):
        TWIN.predict("iwpc", {**WARFARIN, "vkorc1_genotype": "gg", "cyp2c9_genotype": "*1/*5"})
    tiny = {"age_years": 100, "height_cm": 100, "weight_kg": 35, "amiodarone": True}
    with pytest.raises(OutsideModelDomain, match="no positive dose"):
        TWIN.predict("iwpc", {**WARFARIN, **tiny, "vkorc1_genotype": "aa", "cyp2c9_genotype": "*3/*3"})


# Steroids, opioids


def test_steroid_equivalents_of_the_prednisolone_label() -> None:
    """US label of prednisolone sodium phosphate: 15 mg equals these doses."""
    run = TWIN.predict("steroid conversion", {"steroid": "prednisolone", "dose_mg": 15})
    label = {
        "cortisone": 75, "hydrocortisone": 60, "prednisone": 15, "methylprednisolone": 12, "triamcinolone": 12,
        "dexamethasone": 2.25, "betamethasone": 2.25,
    }  # fmt: skip
    assert {name: value(run, f"{name}_mg") for name in label} == pytest.approx(label)


@pytest.mark.parametrize(
    ("steroid", "dose", "target", "equal"),
    [
        ("dexamethasone", 6, "prednisone", 40),
        ("hydrocortisone", 100, "methylprednisolone", 20),
        ("methylprednisolone", {"value": 1, "unit": "g"}, "dexamethasone", 187.5),
        ("deflazacort", 6, "prednisolone", 5),
    ],
)
def test_steroid_target(steroid: str, dose: object, target: str, equal: float) -> None:
    """By hand: dexamethasone 6 mg x 5 / 0.75 = prednisone 40 mg."""
    run = TWIN.predict("steroid_equivalents", {"steroid": steroid, "dose_mg": dose, "target_steroid": target})
    assert value(run, "equivalent_dose_mg") == pytest.approx(equal)


def test_steroid_equivalents_refuse_other_drugs_and_no_dose() -> None:
    with pytest.raises(InvalidInput, match="steroid must be one of hydrocortisone"):
        TWIN.predict("steroid_equivalents", {"steroid": "budesonide", "dose_mg": 9})
    with pytest.raises(InvalidInput, match="dose_mg -5"):
        TWIN.predict("steroid_equivalents", {"steroid": "prednisone", "dose_mg": -5})


@pytest.mark.parametrize(
    ("doses", "mme"),
    [
        ({"hydrocodone_mg_per_day": 20}, 20),
        ({"oxycodone_mg_per_day": 20}, 30),
        ({"codeine_mg_per_day": 240}, 36),
        ({"hydromorphone_mg_per_day": 8}, 40),
        ({"methadone_mg_per_day": 10}, 47),
        ({"morphine_mg_per_day": 60}, 60),
        ({"oxymorphone_mg_per_day": 20}, 60),
        ({"tapentadol_mg_per_day": 200}, 80),
        ({"tramadol_mg_per_day": 400}, 80),
        ({"fentanyl_transdermal_mcg_per_h": {"value": 25, "unit": "mcg/hr"}}, 60),
        ({"morphine_mg_per_day": 30, "oxycodone_mg_per_day": 10}, 45),
    ],
)
def test_morphine_equivalents(doses: dict[str, object], mme: float) -> None:
    """CDC 2022, table: its own examples are hydrocodone 20 mg = 20 MME and oxycodone 20 mg = 30 MME."""
    assert value(TWIN.predict("mme", doses), "mme_per_day") == pytest.approx(mme)


def test_morphine_equivalents_threshold_of_50() -> None:
    for dose, text in ((49.9, "below 50"), (50, "50 or more")):
        output = TWIN.predict("mme", {"morphine_mg_per_day": dose}).output("mme_per_day")
        assert output.interpretation.startswith(text)


def test_morphine_equivalents_warn_of_methadone_and_refuse_conversion() -> None:
    methadone = {"methadone_mg_per_day": 30}
    assert any("never convert" in text for text in TWIN.predict("mme", methadone).warnings)
    assert not any("Methadone" in text for text in TWIN.predict("mme", {"morphine_mg_per_day": 30}).warnings)
    with pytest.raises(OutsideModelDomain, match="for_conversion"):
        TWIN.predict("mme", {**methadone, "for_conversion": True})
    with pytest.raises(MissingCovariate) as missing:
        TWIN.predict("mme", {})
    drugs = [spec.name for spec in TWIN.describe("mme").inputs if spec.kind == "number"]
    assert missing.value.details["missing"] == drugs and len(drugs) == 10
    with pytest.raises(InvalidInput, match="fentanyl_transdermal_mcg_per_h"):
        TWIN.predict("mme", {"fentanyl_transdermal_mcg_per_h": {"value": 600, "unit": "mg/d", "note": "", "x": 1}})


# Fluids


@pytest.mark.parametrize(
    ("weight", "daily", "hourly"),
    [(5, 500, 20), (10, 1000, 40), (15, 1250, 50), (20, 1500, 60), (26, 1620, 66), (30, 1700, 70), (70, 2500, 110)],
)
def test_maintenance_fluids(weight: float, daily: float, hourly: float) -> None:
    """Holliday and Segar 1957; 30 kg gives 70 mL/h in the pediatrics course of UTMB."""
    run = TWIN.predict("4-2-1 rule", {"weight_kg": weight})
    assert value(run, "daily_fluid_ml") == pytest.approx(daily)
    assert value(run, "hourly_rate_ml_h") == pytest.approx(hourly)
    assert value(run, "hourly_average_ml_h") == pytest.approx(daily / 24)


def test_maintenance_fluids_limits() -> None:
    heavy = TWIN.predict("maintenance_fluids", {"weight_kg": 90})
    assert any("weight_kg 90 kg is outside 3 to 70" in text for text in heavy.warnings)
    assert any("2400" in text for text in heavy.warnings)
    pounds = TWIN.predict("maintenance_fluids", {"weight_kg": {"value": 44.0924524, "unit": "lb"}})
    assert value(pounds, "daily_fluid_ml") == pytest.approx(1500)
    with pytest.raises(OutsideModelDomain, match="newborns"):
        TWIN.predict("maintenance_fluids", {"weight_kg": 3.5, "age_years": {"value": 10, "unit": "d"}})
    with pytest.raises(InvalidInput, match="weight_kg -10"):
        TWIN.predict("maintenance_fluids", {"weight_kg": -10})


# Pregnancy


@pytest.mark.parametrize(
    ("lmp", "due"),
    [("2024-01-01", "2024-10-07"), ("2023-05-10", "2024-02-14"), ("2023-12-25", "2024-09-30")],
)
def test_due_date_is_280_days_after_the_period(lmp: str, due: str) -> None:
    """By hand: 2024-01-01 is day 1 of a leap year, day 281 is 7 October."""
    run = TWIN.predict("edd", {"lmp_date": lmp})
    assert value(run, "edd") == value(run, "edd_lmp") == due
    assert date.fromisoformat(due) - date.fromisoformat(lmp) == timedelta(days=280)


def test_due_date_follows_the_cycle_length() -> None:
    run = TWIN.predict("edd", {"lmp_date": "2024-01-01", "cycle_length_days": 35})
    assert value(run, "edd") == "2024-10-14"
    usual = next(
        item for item in TWIN.predict("edd", {"lmp_date": "2024-01-01"}).inputs if item.name == "cycle_length_days"
    )
    assert (usual.value, usual.origin) == (28.0, "population_default")


@pytest.mark.parametrize(
    ("crl", "days", "shown"),
    [(45, 78.7, "11 weeks 2 days"), (84, 98.9, "14 weeks 1 days"), (10, 49.7, "7 weeks 1 days")],
)
def test_crown_rump_length(crl: float, days: float, shown: str) -> None:
    """Robinson and Fleming; the British chart (Loughna 2009) has 11+2 at 45 mm and 14+1 at 84 mm."""
    run = TWIN.predict("crl dating", {"ultrasound_date": "2024-03-20", "crl_mm": crl})
    output = run.output("crl_gestational_age_days")
    assert output.value == pytest.approx(days, abs=0.05) and output.display == shown
    zero = date(2024, 3, 20) - timedelta(days=round(days))
    assert value(run, "edd") == (zero + timedelta(days=280)).isoformat()


@pytest.mark.parametrize(
    ("scan", "crl", "method"),
    [
        ("2024-03-26", 45, "by last period"),  # 85 days by period, 79 by scan: 6 apart, up to 7 agree
        ("2024-03-28", 45, "by crown-rump length"),  # 87 days by period: 8 apart
        ("2024-02-25", 10, "by last period"),  # 55 days by period, 50 by scan: 5 apart, up to 5 agree
        ("2024-02-26", 10, "by crown-rump length"),  # 56 days by period: 6 apart
    ],
)
def test_acog_700_chooses_between_period_and_scan(scan: str, crl: float, method: str) -> None:
    """ACOG Committee Opinion 700: redate over 5 days up to 8+6 weeks, over 7 days from 9+0 weeks."""
    run = TWIN.predict("gestational_dates", {"lmp_date": "2024-01-01", "ultrasound_date": scan, "crl_mm": crl})
    assert run.output("edd").interpretation.startswith(method)
    chosen = "edd_lmp" if method == "by last period" else "edd_ultrasound"
    assert value(run, "edd") == value(run, chosen)


def test_gestational_age_on_a_day() -> None:
    run = TWIN.predict("naegele", {"lmp_date": "2024-01-01", "as_of_date": "2024-04-01"})
    assert value(run, "gestational_age") == "13 weeks 0 days" and value(run, "gestational_age_days") == 91


def test_gestational_dates_ask_for_what_is_needed() -> None:
    for given, wanted in (
        ({}, ["lmp_date", "ultrasound_date", "crl_mm"]),
        ({"crl_mm": 45}, ["ultrasound_date"]),
        ({"ultrasound_date": "2024-03-20", "lmp_date": "2024-01-01"}, ["crl_mm"]),
    ):
        with pytest.raises(MissingCovariate) as missing:
            TWIN.predict("gestational_dates", given)
        assert missing.value.details["missing"] == wanted


def test_gestational_dates_refuse_impossible_days() -> None:
    with pytest.raises(InvalidInput, match="as_of_date is before lmp_date"):
        TWIN.predict("gestational_dates", {"lmp_date": "2024-01-01", "as_of_date": "2023-12-01"})
    with pytest.raises(OutsideModelDomain, match="outside 0 to 308"):
        TWIN.predict("gestational_dates", {"lmp_date": "2024-01-01", "as_of_date": "2025-01-01"})
    with pytest.raises(OutsideModelDomain, match="crl_mm 90 mm is outside 5 to 84"):
        TWIN.predict("gestational_dates", {"ultrasound_date": "2024-03-20", "crl_mm": 90})


@pytest.mark.parametrize(
    "bad",
    [
        "04/05/2024", "2024-02-30", "20240105", "2024-W01-1", "2024-1-5", "0024-01-05", "1850-01-01", "tomorrow", "",
        20240105, True, ["2024-01-05"], {"value": "2024-01-05", "unit": "d"}, {"value": 3},
    ],
)  # fmt: skip
def test_days_are_written_one_way_only(bad: object) -> None:
    with pytest.raises(InvalidInput, match="lmp_date must be a date written YYYY-MM-DD"):
        TWIN.predict("gestational_dates", {"lmp_date": bad})


def test_a_day_keeps_its_provenance_and_is_described_when_missing() -> None:
    given = {"value": "2024-01-05", "origin": "resource", "evidence": {"ref": "Observation/9"}}
    used = next(i for i in TWIN.predict("edd", {"lmp_date": given}).inputs if i.name == "lmp_date")
    assert (used.value, used.origin) == ("2024-01-05", "resource")
    with pytest.raises(MissingCovariate, match=r"lmp_date \(First day of the last menstrual period: YYYY-MM-DD\)"):
        TWIN.predict("edd", {})
