"""The twin under callers who make mistakes: every model, every input, and the slips that people make with units."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidInput, MissingCovariate, UnknownModel
from domain.predictions import ModelCard, ModelInput, Scenario
from domain.quantities import convert
from twin_backend import build_twin, run_case

TWIN = build_twin()
CARDS = TWIN.catalogue()
NUMBERS = [(card, spec) for card in CARDS for spec in card.inputs if spec.kind in ("number", "integer")]
WORDS = [(card, spec) for card in CARDS for spec in card.inputs if spec.kind in ("boolean", "choice")]
EGFR = {"creatinine_mg_dl": 1.2, "age_years": 55, "sex": "male"}
NEWS2 = {"respiratory_rate_per_min": 18, "spo2_percent": 96, "supplemental_oxygen": False, "systolic_bp_mmhg": 120,
         "heart_rate_bpm": 80, "consciousness": "alert", "temperature_c": 37}  # fmt: skip


def _refusal(model: str, inputs: dict[str, Any]) -> str:
    answer = run_case(TWIN, {"id": 1, "model": model, "inputs": inputs})
    assert answer["error"]["kind"] == "invalid_input", answer
    return str(answer["error"]["message"])


@pytest.mark.parametrize(("card", "spec"), NUMBERS, ids=lambda one: one.id if isinstance(one, ModelCard) else one.name)
def test_no_number_is_taken_that_is_not_one_or_that_no_patient_has(card: ModelCard, spec: ModelInput) -> None:
    assert spec.plausible is not None
    low, high = spec.plausible
    for wrong in (low - 1 - abs(low) / 100, 1.01 * high + 1, -1e6, float("nan"), "5", "abc", True, [1, 2],
                  {"value": "5", "unit": spec.unit}, {"value": 1, "unit": "kat"}, {"value": 1, "unit": "furlong"}):  # fmt: skip
        assert spec.name in _refusal(card.id, {spec.name: wrong})


@pytest.mark.parametrize(("card", "spec"), WORDS, ids=lambda one: one.id if isinstance(one, ModelCard) else one.name)
def test_no_word_is_guessed(card: ModelCard, spec: ModelInput) -> None:
    wrong: list[Any] = [1, 0, 2.5, "neither", ["yes"]]
    wrong += [True] if spec.kind == "choice" else ["true", "yes", "false"]
    for one in wrong:
        assert spec.name in _refusal(card.id, {spec.name: one})


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_nothing_required_is_filled(card: ModelCard) -> None:
    required = {spec.name for spec in card.inputs if spec.required}
    answer = run_case(TWIN, {"id": 1, "model": card.id, "inputs": {}})
    assert answer["error"]["kind"] in ("missing_input", "outside_model_domain", "invalid_input")
    assert required <= set(answer["error"]["details"].get("missing", [])) or not required


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        ("corrected_calcium", "calcium_mg_dl", 2.2),  # mmol/L
        ("corrected_calcium", "albumin_g_dl", 40),  # g/L
        ("alveolar_gas", "paco2_mmhg", 5.3),  # kPa
        ("alveolar_gas", "fio2", 40),  # percent
        ("cockcroft_gault", "creatinine_mg_dl", 88),  # umol/L
        ("cockcroft_gault", "weight_kg", -70),
        ("bmi", "height_cm", 1.75),  # m
        ("news2", "temperature_c", 98.6),  # Fahrenheit
        ("news2", "spo2_percent", 0.96),  # a fraction
        ("winters", "ph", 74),
        ("qtc", "qt_ms", 0.4),  # s
        ("friedewald_ldl", "total_cholesterol_mg_dl", 5.2),  # mmol/L
        ("meld_3_0", "bilirubin_mg_dl", 120),  # umol/L
        ("ckd_epi_2021_creatinine", "sex", "other"),
    ],
)
def test_values_of_another_unit_are_refused(model: str, name: str, value: object) -> None:
    assert name in _refusal(model, {name: value})


@pytest.mark.parametrize(
    ("model", "inputs", "other"),
    [
        ("serum_osmolality", {"sodium_meq_l": 140, "glucose_mg_dl": 25, "bun_mg_dl": 14}, "mmol/L"),
        ("bsa", {"weight_kg": 70, "height_cm": 70}, "in"),
        ("pf_ratio", {"pao2_mmhg": 20, "fio2": 0.5}, "kPa"),
        ("serum_osmolality", {"sodium_meq_l": 140, "glucose_mg_dl": 90, "bun_mg_dl": 5}, "mmol/L"),
    ],
)
def test_what_may_be_of_another_unit_is_said(model: str, inputs: dict[str, Any], other: str) -> None:
    said = f"is unusually low; if it is in {other}, give its unit with it."
    assert any(warning.endswith(said) for warning in TWIN.predict(model, inputs).warnings)
    stated = {spec.name: {"value": inputs[spec.name], "unit": spec.unit} for spec in TWIN.describe(model).inputs
              if spec.name in inputs}  # fmt: skip
    assert not any(said in warning for warning in TWIN.predict(model, stated).warnings)


def test_a_small_child_is_not_taken_for_an_adult_in_inches() -> None:
    child = {"weight_kg": 10, "height_cm": 76, "age_years": 1, "sex": "male", "opioid": False, "bolus_mg": 20}
    assert not any("unusually low" in warning for warning in TWIN.predict("propofol_eleveld2018", child).warnings)


@pytest.mark.parametrize(
    ("named", "value"),
    [("creatinine_umol_l", 106.08), ("scr_mg_dl", 1.2), ("serum_creatinine_mg_dl", 1.2), ("creatinine_mg_l", 12)],
)
def test_an_input_may_carry_another_unit_in_its_name(named: str, value: float) -> None:
    given = {named: value, "age_years": 55, "gender": "M"}
    run = TWIN.predict("egfr", given)
    assert run.output("egfr").display == TWIN.predict("egfr", EGFR).output("egfr").display
    assert [item.name for item in run.inputs] == ["creatinine_mg_dl", "age_years", "sex"]


def test_other_names_of_vital_signs_and_counts() -> None:
    given = {"respiratory_rate_per_minute": 25, "oxygen_saturation_percent": 96, "supplemental_oxygen": False,
             "sbp_mmhg": 120, "pulse_per_min": 80, "consciousness": "A", "temperature_f": 98.6}  # fmt: skip
    assert TWIN.predict("news2", given).output("news2").value == 3
    counts = {"age_years": 50, "ast_iu_l": 40, "alt_u_l": 36, "platelets_10_9_l": 200}
    assert TWIN.predict("fib4", counts).output("fib4").value == pytest.approx(5 / 3)
    urea = {"sodium_mmol_l": 140, "glucose_mmol_l": 5, "urea_mmol_l": 5}
    assert TWIN.predict("serum_osmolality", urea).output("serum_osmolality").value == pytest.approx(290, abs=0.05)


@pytest.mark.parametrize("name", ["creatinine", "age", "weight", "urea_mg_dl", "hemoglobin", "creatinine_kpas"])
def test_a_name_without_a_unit_is_not_guessed(name: str) -> None:
    assert f"unknown input {name}" in _refusal("cockcroft_gault", {name: 1})


def test_the_nearest_name_is_offered_and_one_input_is_not_given_twice() -> None:
    message = _refusal("egfr", {"creatinine": 1.2, "age": 55, "sex": "male"})
    assert "creatinine (did you mean creatinine_mg_dl?)" in message and "age (did you mean age_years?)" in message
    assert "given twice" in _refusal("egfr", {**EGFR, "creatinine_umol_l": 106})


def test_a_scenario_may_use_the_other_names_too() -> None:
    comparison = TWIN.compare("egfr", EGFR, [Scenario(name="worse", changes={"creatinine_umol_l": 212.16})])
    assert comparison.runs[1].inputs[0].value == pytest.approx(2.4, abs=1e-3)
    with pytest.raises(InvalidInput):
        TWIN.compare("egfr", EGFR, [Scenario(name="more", changes={"creatinine_umol_l": {"add": 10}})])


GUESSES = {
    "ckd_epi_2021": "ckd_epi_2021_creatinine", "cha2ds2vasc": "cha2ds2_vasc", "cha2ds2_vasc_score": "cha2ds2_vasc",
    "curb65": "curb_65", "wells_score_pe": "wells_pe", "wells_dvt_score": "wells_dvt", "meld": "meld_3_0",
    "kfre": "kfre_4_variable", "prevent": "prevent_2023_base", "grace": "grace_in_hospital", "heart": "heart_score",
    "timi": "timi_nstemi", "psi_port": "psi", "glasgow_coma_scale": "gcs", "corrected_qt": "qtc", "mdrd_gfr": "mdrd",
    "bsa_mosteller": "bsa", "ibw": "ideal_body_weight", "abw": "adjusted_body_weight",
    "fena": "fractional_excretion_sodium", "a_a_gradient": "alveolar_gas", "anion_gap_corrected": "anion_gap",
    "carboplatin": "carboplatin_calvert", "maintenance_fluid": "maintenance_fluids",
    "mme": "opioid_morphine_equivalents", "qtc_bazett": "qtc", "qtc_fridericia": "qtc", "qtc_hodges": "qtc",
    "ldl_friedewald": "friedewald_ldl", "map": "mean_arterial_pressure", "egfr_ckd_epi_2021": "ckd_epi_2021_creatinine",
    "ibw_devine": "ideal_body_weight", "calcium_corrected": "corrected_calcium", "ascvd_2013": "pce_2013",
    "due_date": "gestational_dates", "heparin": "heparin_raschke", "framingham_cvd_2008": "framingham_2008",
    "apache_ii_score": "apache_ii", "winters_equation": "winters", "news2_score": "news2", "has_bled_score": "has_bled",
    "sampson_nih": "ldl_sampson_nih", "crcl_cockcroft_gault": "cockcroft_gault", "WELLS CRITERIA PE": "wells_pe",
}  # fmt: skip


@pytest.mark.parametrize(("guess", "model"), GUESSES.items())
def test_a_reasonable_guess_finds_the_model(guess: str, model: str) -> None:
    assert TWIN.describe(guess).id == model


@pytest.mark.parametrize(
    ("guess", "offered"),
    [
        ("wells", ["wells_dvt", "wells_pe"]),
        ("phenytoin", ["phenytoin_michaelis_menten", "phenytoin_sheiner_tozer"]),
        ("warfarin", ["iwpc_warfarin_dose", "warfarin_inr_hamberg2010"]),
    ],
)
def test_a_name_of_two_models_offers_both(guess: str, offered: list[str]) -> None:
    with pytest.raises(UnknownModel) as error:
        TWIN.describe(guess)
    assert error.value.details["accepted"] == offered


@pytest.mark.parametrize("name", ["", " ", "score", "index", "crb_65", "rockall", "🫀"])
def test_no_model_is_made_up(name: str) -> None:
    with pytest.raises(UnknownModel):
        TWIN.describe(name)


@pytest.mark.parametrize(
    ("words", "points"),
    [("A", 0), ("alert and oriented", 0), ("C", 3), ("new confusion", 3), ("V", 3), ("P", 3), ("U", 3),
     ("Responds to voice", 3), ("unresponsive", 3)],
)  # fmt: skip
def test_words_for_consciousness(words: str, points: int) -> None:
    assert TWIN.predict("news2", {**NEWS2, "consciousness": words}).output("news2").value == points


def test_a_word_between_two_grades_is_refused() -> None:
    assert "consciousness must be one of" in _refusal("news2", {**NEWS2, "consciousness": "drowsy"})


def test_celsius_is_written_as_on_a_chart() -> None:
    assert "temperature_c 98.6 °C is outside 20 to 46" in _refusal("news2", {**NEWS2, "temperature_c": 98.6})
    with pytest.raises(MissingCovariate, match=r"temperature_c \(Body temperature, °C\)"):
        TWIN.predict("news2", {name: value for name, value in NEWS2.items() if name != "temperature_c"})


def test_roman_grades_of_encephalopathy() -> None:
    given = {"bilirubin_mg_dl": 1, "albumin_g_dl": 4, "inr": 1, "ascites": "none", "encephalopathy": "Grade II"}
    assert TWIN.predict("child_pugh", given).output("child_pugh").value == 6


@pytest.mark.parametrize(
    ("given", "unit", "substance"),
    [("IU/L", "U/L", "enzyme"), ("mU/L", "u[IU]/mL", "insulin"), ("U", "[IU]", "insulin")],
)
def test_units_of_activity_are_one(given: str, unit: str, substance: str) -> None:
    assert convert(12, given, unit, substance) == pytest.approx(12)


def test_units_of_activity_stay_apart_where_the_substance_is_not_named() -> None:
    with pytest.raises(InvalidInput):
        convert(12, "IU/L", "U/L")


@pytest.mark.parametrize("unit", ["cells/mm3", "/mm^3", "/uL"])
def test_cell_counts(unit: str) -> None:
    assert convert(4500, unit, "10*9/L") == pytest.approx(4.5)
    assert convert(4.5, "×10⁹/L", "10*9/L") == pytest.approx(4.5)  # as this twin writes it


def test_more_excreted_than_filtered_is_said() -> None:
    given = {"bun_mg_dl": 10, "creatinine_mg_dl": 10, "urine_urea_nitrogen_mg_dl": 2000, "urine_creatinine_mg_dl": 20}
    assert "More than all that was filtered" in TWIN.predict("feurea", given).warnings[0]
    usual = {**given, "creatinine_mg_dl": 1.0, "urine_creatinine_mg_dl": 100, "urine_urea_nitrogen_mg_dl": 300}
    assert TWIN.predict("feurea", usual).warnings == ()


def test_winters_says_that_the_sample_contradicts_itself() -> None:
    """pH = 6.1 + log10(12 / (0.0307 x 26)) = 6.1 + log10(15.03) = 7.28."""
    one = {"bicarbonate_meq_l": 12, "paco2_mmhg": 26}
    assert TWIN.predict("winters", {**one, "ph": 7.28}).warnings == ()
    assert "imply a pH of 7.28, not 7.1" in TWIN.predict("winters", {**one, "ph": 7.1}).warnings[0]


def test_a_small_chance_of_survival_is_not_written_as_none() -> None:
    ill = {"age_years": 55, "bilirubin_mg_dl": 1.5, "albumin_g_dl": 3, "prothrombin_time_s": 32.4, "edema": "none"}
    assert TWIN.predict("mayo_pbc", ill).output("survival_6y").display == "0.2%"


def test_grace_lists_its_points_in_words() -> None:
    ill = {"age_years": 65, "heart_rate_bpm": 100, "systolic_bp_mmhg": 99, "creatinine_mg_dl": 1.0, "killip_class": 2,
           "cardiac_arrest_at_admission": False, "st_deviation": True, "elevated_cardiac_markers": True}  # fmt: skip
    said = TWIN.predict("grace", ill).output("grace_in_hospital").interpretation
    assert "Age 58, Heart rate 15" in said and "Killip class 2 20, ST segment deviation 28" in said
