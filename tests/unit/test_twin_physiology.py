"""Physiology and chemistry calculators: golden values with their source, edges, and refusals.

Where a publication prints no worked example the expected value is the arithmetic of its formula, spelled out in place.
"""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from domain.predictions import ModelRun
from twin_backend import build_twin
from twin_backend.calculators.ldl_martin_hopkins import triglyceride_factor

TWIN = build_twin()


def run(model: str, **inputs: Any) -> ModelRun:
    return TWIN.predict(model, inputs)


def value(model: str, output: str, **inputs: Any) -> float:
    return float(run(model, **inputs).output(output).value)


def reading(model: str, output: str, **inputs: Any) -> str:
    return run(model, **inputs).output(output).interpretation


# Acid and base


def test_delta_gap_and_ratio_by_hand() -> None:
    """140 - 100 - 10 = 30; 30 - 12 = 18; 18 / (24 - 10) = 1.286; Wrenn 1990: 18 - 14 = 4."""
    got = run("delta_gap", sodium_meq_l=140, chloride_meq_l=100, bicarbonate_meq_l=10)
    assert got.output("anion_gap").value == 30
    assert got.output("delta_gap").value == 18
    assert got.output("delta_ratio").value == pytest.approx(18 / 14)
    assert got.output("delta_ratio").interpretation.startswith("1 to 2: high gap acidosis alone")
    assert got.output("delta_delta").value == 4


def test_delta_gap_with_albumin() -> None:
    """Albumin 2.0 adds 2.5 x 2 = 5 to the gap of 30: delta 23, ratio 23/14 = 1.64."""
    patient = {"sodium_meq_l": 140, "chloride_meq_l": 100, "bicarbonate_meq_l": 10, "albumin_g_dl": 2.0}
    assert value("delta ratio", "delta_gap_corrected", **patient) == pytest.approx(23)
    assert value("delta_ratio", "delta_ratio_corrected", **patient) == pytest.approx(23 / 14)


@pytest.mark.parametrize(
    ("chloride", "bicarbonate", "expected"),
    [
        (110, 14, "0.4 to under 1"),  # gap 16, 4/10 = 0.4
        (112, 14, "under 0.4"),  # gap 14, 2/10 = 0.2
        (94, 14, "1 to 2"),  # gap 32, 20/10 = 2.0
        (93, 14, "over 2"),  # gap 33, 21/10 = 2.1
    ],
)
def test_delta_ratio_bands(chloride: float, bicarbonate: float, expected: str) -> None:
    assert reading(
        "delta_gap", "delta_ratio", sodium_meq_l=140, chloride_meq_l=chloride, bicarbonate_meq_l=bicarbonate
    ).startswith(expected)


def test_delta_ratio_is_left_out_where_bicarbonate_did_not_fall() -> None:
    got = run("delta_gap", sodium_meq_l=140, chloride_meq_l=100, bicarbonate_meq_l=24)
    assert "delta_ratio" not in {output.name for output in got.outputs}
    assert any("no ratio" in warning for warning in got.warnings)
    assert any("gap" in w and "not raised" in w for w in run(
        "delta_gap", sodium_meq_l=140, chloride_meq_l=110, bicarbonate_meq_l=20).warnings)  # fmt: skip


@pytest.mark.parametrize(
    ("disorder", "given", "expected"),
    [
        ("metabolic_acidosis", {"bicarbonate_meq_l": 12}, 1.5 * 12 + 8),
        ("metabolic_alkalosis", {"bicarbonate_meq_l": 34}, 0.7 * 10 + 40),
        ("acute_respiratory_acidosis", {"paco2_mmhg": 60}, 24 + 2 * 1),
        ("chronic_respiratory_acidosis", {"paco2_mmhg": 60}, 24 + 2 * 4),
        ("acute_respiratory_alkalosis", {"paco2_mmhg": 20}, 24 - 2 * 2),
        ("chronic_respiratory_alkalosis", {"paco2_mmhg": 20}, 24 - 2 * 4),
    ],
)
def test_compensation_rules(disorder: str, given: dict[str, float], expected: float) -> None:
    """The rules of Berend, de Vries and Gans, N Engl J Med 2014;371:1434."""
    name = "expected_bicarbonate" if "paco2_mmhg" in given else "expected_paco2"
    assert value("acid_base_compensation", name, disorder=disorder, **given) == pytest.approx(expected)


def test_chronic_respiratory_rules_show_their_range() -> None:
    """4 to 5 mEq/L for each 10 mmHg: PaCO2 60 gives 32 to 34, PaCO2 20 gives 14 to 16."""
    up = run("acid_base_compensation", disorder="chronic_respiratory_acidosis", paco2_mmhg=60)
    assert [up.output(f"expected_bicarbonate_{end}").value for end in ("low", "high")] == pytest.approx([32, 34])
    down = run("acid_base_compensation", disorder="chronic respiratory alkalosis", paco2_mmhg=20)
    assert [down.output(f"expected_bicarbonate_{end}").value for end in ("low", "high")] == pytest.approx([14, 16])


@pytest.mark.parametrize(("paco2", "expected"), [(45, "appropriate compensation"), (49.1, "added respiratory acidosis"),
                                                 (44.9, "added respiratory alkalosis")])  # fmt: skip
def test_compensation_compares_the_measured_value(paco2: float, expected: str) -> None:
    """HCO3 34 in metabolic alkalosis: 47 +/- 2 mmHg."""
    inputs = {"disorder": "metabolic_alkalosis", "bicarbonate_meq_l": 34, "paco2_mmhg": paco2}
    assert reading("acid_base_compensation", "compensation", **inputs) == expected


def test_compensation_names_what_it_needs_and_refuses_the_other_disorder() -> None:
    with pytest.raises(MissingCovariate) as error:
        run("acid_base_compensation", disorder="acute_respiratory_acidosis", bicarbonate_meq_l=26)
    assert error.value.details["missing"] == ["paco2_mmhg"]
    with pytest.raises(OutsideModelDomain, match="above 40"):
        run("acid_base_compensation", disorder="acute_respiratory_acidosis", paco2_mmhg=30)
    with pytest.raises(OutsideModelDomain, match="below 24"):
        run("acid_base_compensation", disorder="metabolic_acidosis", bicarbonate_meq_l=28)


# Osmolality, water, urine


def test_osmolal_gap_with_ethanol() -> None:
    """2 x 140 + 90/18 + 14/2.8 = 290; ethanol 92 adds 92/4.6 = 20 (Purssell: 92/3.7 = 24.9); measured 330."""
    patient = {"sodium_meq_l": 140, "glucose_mg_dl": 90, "bun_mg_dl": 14, "measured_osmolality_mosm_kg": 330}
    assert value("osmolal_gap", "osmolal_gap", **patient) == pytest.approx(40)
    drunk = run("osmolal_gap", **patient, ethanol_mg_dl=92)
    assert drunk.output("osmolal_gap").value == pytest.approx(20)
    assert drunk.output("osmolal_gap_purssell").value == pytest.approx(40 - 92 / 3.7)
    assert value("osm gap", "osmolal_gap", **patient, ethanol_mg_dl={"value": 20, "unit": "mmol/L"}) == pytest.approx(
        20, abs=0.05
    )


def test_osmolal_gap_needs_the_measured_osmolality_and_has_a_threshold_of_ten() -> None:
    patient = {"sodium_meq_l": 140, "glucose_mg_dl": 90, "bun_mg_dl": 14}
    with pytest.raises(MissingCovariate) as error:
        run("osmolal_gap", **patient)
    assert error.value.details["missing"] == ["measured_osmolality_mosm_kg"]
    assert reading("osmolal_gap", "osmolal_gap", **patient, measured_osmolality_mosm_kg=300).startswith("not raised")
    assert reading("osmolal_gap", "osmolal_gap", **patient, measured_osmolality_mosm_kg=301).startswith("raised")


@pytest.mark.parametrize(
    ("sex", "age", "fraction"),
    [("male", 40, 0.6), ("female", 40, 0.5), ("male", 64.9, 0.6), ("male", 65, 0.5), ("female", 65, 0.45),
     ("female", 17, 0.6)],
)  # fmt: skip
def test_free_water_deficit(sex: str, age: float, fraction: float) -> None:
    """Adrogué and Madias 2000: 70 kg, sodium 160: fraction x 70 x (160/140 - 1); a man of 40 lacks 6.0 L."""
    got = value("free_water_deficit", "free_water_deficit", weight_kg=70, age_years=age, sex=sex, sodium_meq_l=160)
    assert got == pytest.approx(fraction * 70 * 20 / 140)


def test_free_water_deficit_is_refused_without_hypernatraemia() -> None:
    with pytest.raises(OutsideModelDomain, match="not above the target of 140"):
        run("free_water_deficit", weight_kg=70, age_years=40, sex="male", sodium_meq_l=140)


def test_sodium_deficit() -> None:
    """0.6 x 70 x (125 - 115) = 420 mEq, with a warning of the rise over 8 mEq/L."""
    patient = {"weight_kg": 70, "age_years": 40, "sex": "male", "sodium_meq_l": 115}
    got = run("sodium_deficit", **patient, target_sodium_meq_l=125)
    assert got.output("sodium_deficit").value == pytest.approx(420)
    assert any("over 8 mEq/L" in warning for warning in got.warnings)
    assert not run("sodium_deficit", **patient, target_sodium_meq_l=123).warnings
    with pytest.raises(MissingCovariate) as error:
        run("sodium_deficit", **patient)
    assert error.value.details["missing"] == ["target_sodium_meq_l"]
    with pytest.raises(OutsideModelDomain):
        run("sodium_deficit", **patient, target_sodium_meq_l=115)


@pytest.mark.parametrize(
    ("urine_sodium", "percent", "expected"),
    [(10, 0.142857, "under 1 %"), (70, 1.0, "1-2 %"), (140, 2.0, "1-2 %"), (150, 2.142857, "over 2 %")],
)
def test_fena(urine_sodium: float, percent: float, expected: str) -> None:
    """100 x UNa x 2 / (140 x 100) (Espinel 1976)."""
    serum = {"sodium_meq_l": 140, "creatinine_mg_dl": 2, "urine_creatinine_mg_dl": 100}
    got = run("fena", **serum, urine_sodium_meq_l=urine_sodium).output("fractional_excretion_sodium")
    assert got.value == pytest.approx(percent, abs=1e-5)
    assert got.interpretation.startswith(expected)


def test_fena_takes_si_units_and_notices_a_swap() -> None:
    """2 mg/dL of creatinine is 176.8 umol/L, 100 mg/dL in urine 8.84 mmol/L."""
    got = value(
        "fractional_excretion_sodium", "fractional_excretion_sodium", sodium_meq_l={"value": 140, "unit": "mmol/L"},
        urine_sodium_meq_l={"value": 10, "unit": "mmol/L"}, creatinine_mg_dl={"value": 176.8, "unit": "umol/L"},
        urine_creatinine_mg_dl={"value": 8.84, "unit": "mmol/L"},
    )  # fmt: skip
    assert got == pytest.approx(0.142857, abs=1e-4)
    with pytest.raises(InvalidInput, match="swapped"):
        run("fena", sodium_meq_l=140, urine_sodium_meq_l=10, creatinine_mg_dl=5, urine_creatinine_mg_dl=2)


@pytest.mark.parametrize(("urine", "percent", "expected"), [(700, 35, "35 % or less"), (720, 36, "35-50 %"),
                                                            (1020, 51, "over 50 %")])  # fmt: skip
def test_feurea(urine: float, percent: float, expected: str) -> None:
    """100 x UUN x 2 / (40 x 100) (Carvounis 2002: 35 % or less is prerenal)."""
    got = run("feurea", bun_mg_dl=40, creatinine_mg_dl=2, urine_creatinine_mg_dl=100, urine_urea_nitrogen_mg_dl=urine)
    assert got.output("fractional_excretion_urea").value == pytest.approx(percent)
    assert got.output("fractional_excretion_urea").interpretation.startswith(expected)


def test_urine_anion_gap() -> None:
    """60 + 30 - 110 = -20: ammonium is excreted; 60 + 30 - 60 = 30: it is not (Batlle 1988)."""
    patient = {"urine_sodium_meq_l": 60, "urine_potassium_meq_l": 30}
    assert value("urine_anion_gap", "urine_anion_gap", **patient, urine_chloride_meq_l=110) == -20
    assert reading("uag", "urine_anion_gap", **patient, urine_chloride_meq_l=110).startswith("negative")
    assert reading("uag", "urine_anion_gap", **patient, urine_chloride_meq_l=60).startswith("positive")
    assert reading("uag", "urine_anion_gap", **patient, urine_chloride_meq_l=90).startswith("zero")


def test_ttkg() -> None:
    """(40/2.5) / (600/300) = 8 in hypokalaemia: renal loss; (30/6) / 2 = 2.5 in hyperkalaemia: low aldosterone."""
    osm = {"urine_osmolality_mosm_kg": 600, "serum_osmolality_mosm_kg": 300}
    low = run("ttkg", potassium_meq_l=2.5, urine_potassium_meq_l=40, **osm).output("ttkg")
    assert low.value == pytest.approx(8) and "renal loss" in low.interpretation
    high = run("transtubular_potassium_gradient", potassium_meq_l=6, urine_potassium_meq_l=30, **osm).output("ttkg")
    assert high.value == pytest.approx(2.5) and "low aldosterone" in high.interpretation
    with pytest.raises(OutsideModelDomain, match="above serum osmolality"):
        run("ttkg", potassium_meq_l=4, urine_potassium_meq_l=40, urine_osmolality_mosm_kg=300,
            serum_osmolality_mosm_kg=300)  # fmt: skip


# Lipids and glucose


@pytest.mark.parametrize(
    ("triglycerides", "non_hdl", "factor"),
    [(7, 50, 3.5), (49, 99, 3.5), (50, 100, 3.9), (100, 150, 4.8), (150, 150, 5.7), (105, 250, 4.5), (350, 140, 7.5),
     (399, 220, 5.9), (400, 99, 11.9), (5000, 300, 6.7), (246.5, 189.9, 6.2), (247.5, 189.9, 6.2)],
)  # fmt: skip
def test_martin_hopkins_factors(triglycerides: float, non_hdl: float, factor: float) -> None:
    """Cells of figure 2 of Martin et al. 2013; a value between two printed strata belongs to the lower one."""
    assert triglyceride_factor(triglycerides, non_hdl) == factor


def test_martin_hopkins_table_is_whole() -> None:
    """The 180 printed factors add up to 949.4."""
    tops = (49, 56, 61, 66, 71, 75, 79, 83, 87, 92, 96, 100, 105, 110, 115, 120, 126, 132, 138, 146, 154, 163, 173, 185,
            201, 220, 247, 292, 399, 13975)  # fmt: skip
    cells = [triglyceride_factor(top, non_hdl) for top in tops for non_hdl in (99, 129, 159, 189, 219, 220)]
    assert len(cells) == 180 and sum(cells) == pytest.approx(949.4)


def test_martin_hopkins_ldl() -> None:
    """200 - 50 - 150/5.7 = 123.7; with triglycerides 350 and non-HDL 140, 140 - 350/7.5 = 93.3 mg/dL."""
    lipids = {"total_cholesterol_mg_dl": 200, "hdl_mg_dl": 50, "triglycerides_mg_dl": 150}
    assert value("ldl_martin_hopkins", "ldl", **lipids) == pytest.approx(150 - 150 / 5.7)
    got = run("ldl_martin_hopkins", total_cholesterol_mg_dl=180, hdl_mg_dl=40, triglycerides_mg_dl=350)
    assert got.output("ldl").display == "93 mg/dL" and not got.outside_derivation
    high = run("ldl_martin_hopkins", total_cholesterol_mg_dl=250, hdl_mg_dl=40, triglycerides_mg_dl=450)
    assert high.output("ldl").value == pytest.approx(210 - 450 / 7.5)
    assert high.outside_derivation == ("triglycerides_mg_dl 450 mg/dL is outside 10 to 399",)


def test_sampson_nih_ldl() -> None:
    """Sampson 2020, term by term for 200/50/150: 210.97 - 51.49 - (17.52 + 10.51 - 1.40) - 9.44 = 123.4.

    With triglycerides 800: 210.97 - 51.49 - (93.46 + 56.07 - 39.75) - 9.44 = 40.26.
    """
    expected = 200 / 0.948 - 50 / 0.971 - (150 / 8.56 + 150 * 150 / 2140 - 150**2 / 16100) - 9.44
    lipids = {"total_cholesterol_mg_dl": 200, "hdl_mg_dl": 50}
    got = run("ldl_sampson_nih", **lipids, triglycerides_mg_dl=150)
    assert got.output("ldl").value == pytest.approx(expected) == pytest.approx(123.40, abs=0.01)
    mmol = value(
        "sampson", "ldl", total_cholesterol_mg_dl={"value": 5.172, "unit": "mmol/L"},
        hdl_mg_dl={"value": 1.293, "unit": "mmol/L"}, triglycerides_mg_dl={"value": 1.6936, "unit": "mmol/L"},
    )  # fmt: skip
    assert mmol == pytest.approx(123.4, abs=0.1)
    assert value("sampson", "ldl", **lipids, triglycerides_mg_dl=800) == pytest.approx(40.26, abs=0.01)
    with pytest.raises(OutsideModelDomain, match="outside 10 to 800"):
        run("ldl_sampson_nih", **lipids, triglycerides_mg_dl=801)


@pytest.mark.parametrize("model", ["ldl_martin_hopkins", "ldl_sampson_nih"])
def test_ldl_needs_hdl_below_total_and_a_positive_result(model: str) -> None:
    with pytest.raises(InvalidInput, match="swapped"):
        run(model, total_cholesterol_mg_dl=60, hdl_mg_dl=150, triglycerides_mg_dl=100)
    with pytest.raises(OutsideModelDomain, match="zero or less"):
        run(model, total_cholesterol_mg_dl=60, hdl_mg_dl=55, triglycerides_mg_dl=300)


def test_homa() -> None:
    """Matthews 1985: glucose 4.5 mmol/L (81 mg/dL) and insulin 5 uU/mL are resistance 1 and function 100 %."""
    normal = run("homa_ir", fasting_glucose_mg_dl=81, fasting_insulin_uiu_ml=5)
    assert normal.output("homa_ir").value == pytest.approx(1) and normal.output("homa_beta").value == pytest.approx(100)
    mmol = {"fasting_glucose_mg_dl": {"value": 10, "unit": "mmol/L"}, "fasting_insulin_uiu_ml": 22.5}
    assert run("homa-ir", **mmol).output("homa_ir").display == "10.01"
    low = run("homa_ir", fasting_glucose_mg_dl=63, fasting_insulin_uiu_ml=5)
    assert [output.name for output in low.outputs] == ["homa_ir"] and "not defined" in low.warnings[0]
    with pytest.raises(InvalidInput, match="fasting_glucose_mg_dl 5"):
        run("homa_ir", fasting_glucose_mg_dl=5, fasting_insulin_uiu_ml=5)


@pytest.mark.parametrize(
    ("hba1c", "glucose"), [(5, 97), (6, 126), (7, 154), (8, 183), (9, 212), (10, 240), (11, 269), (12, 298)]
)
def test_estimated_average_glucose(hba1c: float, glucose: int) -> None:
    """Nathan et al. 2008, table 2."""
    assert run("estimated_average_glucose", hba1c_percent=hba1c).output("eag").display == f"{glucose} mg/dL"


@pytest.mark.parametrize(
    ("glucose", "hba1c"), [(97, 5.0), (126, 6.0), (154, 7.0), (183, 8.0), (240, 10.0), (298, 12.0)]
)
def test_hba1c_from_average_glucose_is_the_same_line_backwards(glucose: float, hba1c: float) -> None:
    """Nathan et al. 2008, table 2, read from glucose to HbA1c."""
    got = run("a1c_from_average_glucose", mean_glucose_mg_dl=glucose).output("hba1c").value
    assert got == pytest.approx(hba1c, abs=0.02)


def test_estimated_average_glucose_takes_mmol_per_mol() -> None:
    """53 mmol/mol is 7.0 %: 154 mg/dL, 8.6 mmol/L."""
    got = run("eag", hba1c_percent={"value": 53, "unit": "mmol/mol"})
    assert (got.output("eag").display, got.output("eag_mmol_l").display) == ("154 mg/dL", "8.6 mmol/L")
    with pytest.raises(InvalidInput, match="hba1c_percent 53"):
        run("eag", hba1c_percent=53)


@pytest.mark.parametrize(
    ("glucose", "gmi"),
    [(100, 5.7), (125, 6.3), (150, 6.9), (175, 7.5), (200, 8.1), (225, 8.7), (250, 9.3), (275, 9.9), (300, 10.5),
     (350, 11.7)],
)  # fmt: skip
def test_glucose_management_indicator(glucose: float, gmi: float) -> None:
    """Bergenstal et al. 2018, table 1."""
    assert run("gmi", mean_glucose_mg_dl=glucose).output("gmi").display == f"{gmi}%"


def test_blood_glucose_risk_is_a_hundred_at_the_ends_of_the_scale() -> None:
    """Kovatchev 1997: the scale takes 20 and 600 mg/dL to -sqrt(10) and +sqrt(10), so the risk there is 100."""
    for glucose, name, other in ((20, "lbgi", "hbgi"), (600, "hbgi", "lbgi")):
        got = run("blood_glucose_risk_index", glucose_values_mg_dl=[glucose])
        assert got.output(name).value == pytest.approx(100, abs=0.2)
        assert got.output(other).value == 0
    centre = run("bgri", glucose_values_mg_dl=[112.5])
    assert centre.output("bgri").value == pytest.approx(0, abs=1e-3)


def test_blood_glucose_risk_is_averaged_over_all_readings() -> None:
    """70 and 180 mg/dL, by hand: f = 1.509 (ln(BG)^1.084 - 5.381) = -0.881 and 0.879; 10 f^2 = 7.755, 7.729, halved."""
    got = run("lbgi", glucose_values_mg_dl=[70, 180])
    assert got.output("lbgi").value == pytest.approx(3.878, abs=1e-3)
    assert got.output("hbgi").value == pytest.approx(3.865, abs=1e-3)
    assert got.output("lbgi").interpretation.startswith("moderate")
    assert got.output("bgri").value == pytest.approx(got.output("lbgi").value + got.output("hbgi").value)
    assert any("Only 2 readings" in warning for warning in got.warnings)
    assert not run("lbgi", glucose_values_mg_dl=[100] * 14).warnings


def test_a_series_keeps_its_unit_and_its_readings() -> None:
    mmol = run("lbgi", glucose_values_mg_dl={"value": [3.9, 10.0], "unit": "mmol/L"})
    used = mmol.inputs[0]
    assert used.value == pytest.approx((70.26, 180.16), abs=0.01) and used.unit == "mg/dL"
    assert mmol.provenance()["inputs"][0]["value"] == pytest.approx([70.26, 180.16], abs=0.01)
    assert mmol.id != run("lbgi", glucose_values_mg_dl={"value": [3.9, 10.1], "unit": "mmol/L"}).id


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([], "list of one or more"), ("100", "list of one or more"), ("100, 120", "list of one or more"),
        ([100, "120"], "must be a number"), ([100, True], "must be a number"), ([100, float("nan")], "finite"),
        ([100, None], "must be a number"), ([5.5, 100], "glucose_values_mg_dl 5.5 mg/dL is outside 10 to 1000"),
        ([5.5, 6, 100], r"5.5 mg/dL \(and 1 more of 3\) is outside"), ({"value": [5], "unit": "kg"}, "cannot convert"),
        ([[100]], "must be a number"),
    ],
)  # fmt: skip
def test_a_series_with_a_fault_is_refused(bad: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        run("blood_glucose_risk_index", glucose_values_mg_dl=bad)


def test_a_missing_series_is_named() -> None:
    with pytest.raises(MissingCovariate) as error:
        run("lbgi")
    assert error.value.details["missing"] == ["glucose_values_mg_dl"]


# Weights, volumes, doses


def test_adjusted_body_weight() -> None:
    """Devine: a man of 177.8 cm (70 in) has 73 kg; 73 + 0.4 x (120 - 73) = 91.8 kg, with 0.25: 84.75 kg."""
    man = {"weight_kg": 120, "height_cm": 177.8, "sex": "male"}
    assert value("adjusted_body_weight", "adjusted_body_weight", **man) == pytest.approx(91.8)
    assert value("abw", "adjusted_body_weight", **man, adjustment_factor=0.25) == pytest.approx(84.75)
    imperial = {"weight_kg": {"value": 264.5547, "unit": "lb"}, "height_cm": {"value": 70, "unit": "in"}, "sex": "M"}
    assert value("abw", "adjusted_body_weight", **imperial) == pytest.approx(91.8, abs=1e-3)


def test_adjusted_body_weight_warns_below_ideal_and_names_what_is_missing() -> None:
    thin = run("adjusted_body_weight", weight_kg=60, height_cm=177.8, sex="male")
    assert thin.output("adjusted_body_weight").value == pytest.approx(73 - 0.4 * 13)
    assert "73.0 kg" in thin.warnings[0]
    with pytest.raises(MissingCovariate) as error:
        run("adjusted_body_weight", sex="male")
    assert error.value.details["missing"] == ["weight_kg", "height_cm"]


def test_lean_body_weight() -> None:
    """Janmahasatian 2005 by hand: 9270 x 80 / (6680 + 216 x 24.691) = 61.7 kg; 9270 x 100 / (8780 + 244 x 39.0625)."""
    assert value("lean_body_weight", "lean_body_weight", weight_kg=80, height_cm=180, sex="male") == pytest.approx(
        61.73, abs=0.01
    )
    assert value("lbw", "lean_body_weight", weight_kg=100, height_cm=160, sex="female") == pytest.approx(
        927000 / (8780 + 244 * 39.0625)
    )
    with pytest.raises(OutsideModelDomain, match="adults"):
        run("lbw", weight_kg=40, height_cm=140, sex="female", age_years=11)
    with pytest.raises(OutsideModelDomain, match="kg/m²"):
        run("lbw", weight_kg=80, height_cm=50, sex="male")


def test_body_surface_area_by_haycock_and_gehan_george() -> None:
    """70 kg, 170 cm: 0.024265 x 70^0.5378 x 170^0.3964 = 1.825; 0.0235 x 70^0.51456 x 170^0.42246 = 1.831 m2."""
    got = run("bsa", weight_kg=70, height_cm=170)
    assert got.output("bsa_haycock").value == pytest.approx(1.825, abs=1e-3)
    assert got.output("bsa_gehan_george").value == pytest.approx(1.831, abs=1e-3)


def test_blood_volume() -> None:
    """Nadler 1962 by hand: 0.3669 x 1.75^3 + 0.03219 x 70 + 0.6041 = 4.82; 0.3561 x 1.65^3 + 0.03308 x 60 + 0.1833."""
    man = run("blood_volume_nadler", weight_kg=70, height_cm=175, sex="male", hematocrit_percent=45)
    assert man.output("blood_volume").value == pytest.approx(4.8238, abs=1e-3)
    assert man.output("plasma_volume").value == pytest.approx(4.8238 * 0.55, abs=1e-3)
    assert value("nadler", "blood_volume", weight_kg=60, height_cm=165, sex="female") == pytest.approx(3.7677, abs=1e-3)
    fraction = {"value": 0.45, "unit": "fraction"}
    assert run("nadler", weight_kg=70, height_cm=175, sex="male", hematocrit_percent=fraction).output(
        "plasma_volume"
    ).value == pytest.approx(4.8238 * 0.55, abs=1e-3)
    with pytest.raises(InvalidInput, match="hematocrit_percent 0.45"):
        run("nadler", weight_kg=70, height_cm=175, sex="male", hematocrit_percent=0.45)


@pytest.mark.parametrize(("auc", "most"), [(6, 900), (5, 750), (4, 600)])
def test_carboplatin_at_the_cap(auc: float, most: int) -> None:
    """FDA, carboplatin dosing 2010: the largest doses at AUC 6, 5 and 4 are 900, 750 and 600 mg."""
    at = run("carboplatin_calvert", target_auc=auc, gfr_ml_min=125)
    assert at.output("carboplatin_dose").value == most and not at.warnings
    above = run("calvert", target_auc=auc, gfr_ml_min=130)
    assert above.output("carboplatin_dose").value == auc * 155
    assert above.output("carboplatin_dose_capped").value == most
    assert any(f"{most} mg" in warning for warning in above.warnings)


def test_carboplatin_refuses_an_indexed_rate_and_a_negative_one() -> None:
    """Calvert 1989: AUC 5, GFR 60: 5 x 85 = 425 mg."""
    assert value("calvert", "carboplatin_dose", target_auc=5, gfr_ml_min=60) == 425
    with pytest.raises(InvalidInput, match="body surface area"):
        run("calvert", target_auc=5, gfr_ml_min={"value": 60, "unit": "mL/min/1.73 m2"})
    with pytest.raises(InvalidInput, match="gfr_ml_min -60"):
        run("calvert", target_auc=5, gfr_ml_min=-60)


def test_ganzoni() -> None:
    """60 x (15 - 8) x 2.4 + 500 = 1508 mg; 30 kg: 30 x (13 - 7) x 2.4 + 15 x 30 = 882 mg; target 12: 1172."""
    adult = run("iron_deficit_ganzoni", weight_kg=60, hemoglobin_g_dl=8)
    assert adult.output("iron_deficit").value == pytest.approx(1508)
    assert "15 g/dL" in adult.warnings[0]
    assert value("ganzoni", "iron_deficit", weight_kg=30, hemoglobin_g_dl=7) == pytest.approx(882)
    assert value("ganzoni", "iron_deficit", weight_kg=35, hemoglobin_g_dl=7) == pytest.approx(35 * 8 * 2.4 + 500)
    chosen = run("ganzoni", weight_kg=70, hemoglobin_g_dl={"value": 80, "unit": "g/L"}, target_hemoglobin_g_dl=12)
    assert chosen.output("iron_deficit").value == pytest.approx(1172) and not chosen.warnings
    with pytest.raises(OutsideModelDomain, match="not below the target of 15"):
        run("ganzoni", weight_kg=70, hemoglobin_g_dl=15)


def test_parkland() -> None:
    """4 x 70 x 40 = 11,200 mL, half in 8 h (700 mL/h), then 350 mL/h; 2 h late: 5600/6 = 933 mL/h."""
    got = run("parkland", weight_kg=70, tbsa_percent=40)
    shown = {output.name: output.value for output in got.outputs}
    assert shown == pytest.approx(
        {"fluid_24h": 11200, "fluid_first_8h": 5600, "fluid_next_16h": 5600, "rate_first_8h": 700, "rate_next_16h": 350}
    )
    late = run("burn fluid", weight_kg=70, tbsa_percent=40, hours_since_burn=2)
    assert late.output("rate_first_8h").display == "933 mL/h"
    assert value("parkland", "fluid_24h", weight_kg=70, tbsa_percent=40, fluid_factor_ml=2) == 5600
    assert run("parkland", weight_kg=70, tbsa_percent=10).outside_derivation
    with pytest.raises(InvalidInput, match="hours_since_burn 9"):
        run("parkland", weight_kg=70, tbsa_percent=40, hours_since_burn=9)


# Gas exchange and circulation


def test_alveolar_gas() -> None:
    """0.21 x (760 - 47) - 40/0.8 = 99.7 mmHg; PaO2 90 leaves 9.7; at 40 years 40/4 + 4 = 14 and 2.5 + 8.4 = 10.9."""
    got = run("alveolar_gas", fio2=0.21, paco2_mmhg=40, pao2_mmhg=90, age_years=40)
    assert got.output("alveolar_oxygen").value == pytest.approx(99.73)
    assert got.output("a_a_gradient").value == pytest.approx(9.73)
    assert got.output("a_a_gradient").interpretation.startswith("not raised")
    assert got.output("expected_a_a_gradient").value == 14
    assert got.output("expected_a_a_gradient_mellemgaard").value == pytest.approx(10.9)


def test_alveolar_gas_at_altitude_on_oxygen_and_in_kilopascal() -> None:
    """0.4 x (630 - 47) - 40/1.0 = 193.2 mmHg; 5.333 kPa is 40 mmHg."""
    got = value(
        "a-a gradient", "alveolar_oxygen", fio2={"value": 40, "unit": "%"},
        paco2_mmhg={"value": 5.33289, "unit": "kPa"}, atmospheric_pressure_mmhg=630, respiratory_quotient=1.0,
    )  # fmt: skip
    assert got == pytest.approx(193.2, abs=1e-3)
    raised = run("a_a_gradient", fio2=0.4, paco2_mmhg=40, pao2_mmhg=80, age_years=40)
    assert raised.output("a_a_gradient").interpretation.startswith("raised") and "room air" in raised.warnings[0]


def test_alveolar_gas_refuses_what_no_lung_can_do() -> None:
    with pytest.raises(InvalidInput, match="above the alveolar 100 mmHg"):
        run("alveolar_gas", fio2=0.21, paco2_mmhg=40, pao2_mmhg=300)
    with pytest.raises(InvalidInput, match="no oxygen in the alveolus"):
        run("alveolar_gas", fio2=0.21, paco2_mmhg=150)
    with pytest.raises(MissingCovariate) as error:
        run("alveolar_gas", pao2_mmhg=80)
    assert error.value.details["missing"] == ["fio2", "paco2_mmhg"]


def test_oxygenation_index() -> None:
    """15 x 0.6 x 100 / 60 = 15; at 40 x 1.0 x 100 / 50 = 80."""
    assert value("oxygenation_index", "oxygenation_index", mean_airway_pressure_cmh2o=15, fio2=0.6, pao2_mmhg=60) == 15
    assert value("oi", "oxygenation_index", mean_airway_pressure_cmh2o=40, fio2=1.0, pao2_mmhg=50) == 80
    with pytest.raises(InvalidInput, match="40 % is 0.4"):
        run("oxygenation_index", mean_airway_pressure_cmh2o=15, fio2=40, pao2_mmhg=60)


def test_oxygen_content_and_delivery() -> None:
    """McLellan and Walsh 2004: about 20 mL/dL and 1000 mL/min; 1.34 x 15 x 0.98 + 0.003 x 100 = 19.998."""
    blood = {"hemoglobin_g_dl": 15, "sao2_percent": 98, "pao2_mmhg": 100}
    got = run("oxygen_content_delivery", **blood, cardiac_output_l_min=5, bsa_m2=2, svo2_percent=70, pvo2_mmhg=40)
    venous = 1.34 * 15 * 0.70 + 0.003 * 40
    assert got.output("cao2").value == pytest.approx(19.998)
    assert got.output("do2").display == "1000 mL/min" and got.output("do2i").value == pytest.approx(499.95)
    assert got.output("cvo2").value == pytest.approx(venous)
    assert got.output("vo2").value == pytest.approx(50 * (19.998 - venous))
    assert got.output("o2er").value == pytest.approx(100 * (19.998 - venous) / 19.998)
    assert [output.name for output in run("cao2", **blood).outputs] == ["cao2"]


def test_oxygen_content_takes_fractions_by_unit_only_and_notices_a_swap() -> None:
    blood = {"hemoglobin_g_dl": {"value": 150, "unit": "g/L"}, "pao2_mmhg": 100}
    assert value("cao2", "cao2", **blood, sao2_percent={"value": 0.98, "unit": "1"}) == pytest.approx(19.998)
    with pytest.raises(InvalidInput, match="sao2_percent 0.98"):
        run("cao2", **blood, sao2_percent=0.98)
    with pytest.raises(InvalidInput, match="swapped"):
        run("cao2", **blood, sao2_percent=70, svo2_percent=98)
    missing_tension = run("cao2", **blood, sao2_percent=98, svo2_percent=70)
    assert missing_tension.output("cvo2").value == pytest.approx(1.34 * 15 * 0.7)
    assert "dissolved" in missing_tension.warnings[0]


def test_shock_index() -> None:
    """120/80 = 1.5; mean pressure (80 + 2 x 50)/3 = 60, 120/60 = 2.0; 60 x 1.5 = 90; 90/100 = 0.9 is not above."""
    got = run("shock_index", heart_rate_bpm=120, systolic_bp_mmhg=80, diastolic_bp_mmhg=50, age_years=60)
    assert [output.value for output in got.outputs] == pytest.approx([1.5, 2.0, 90])
    assert got.output("shock_index").interpretation.startswith("above 0.9")
    assert reading("shock_index", "shock_index", heart_rate_bpm=90, systolic_bp_mmhg=100).startswith("0.9 or below")
    with pytest.raises(OutsideModelDomain):
        run("shock_index", heart_rate_bpm=120, systolic_bp_mmhg=80, age_years=5)
    with pytest.raises(InvalidInput, match="swapped"):
        run("shock_index", heart_rate_bpm=120, systolic_bp_mmhg=80, diastolic_bp_mmhg=90)


def test_fick_with_measured_and_assumed_uptake() -> None:
    """250 / (13.4 x 15 x 0.28) = 4.44 L/min; 180 cm and 80 kg are 2.0 m2, so 250 mL/min is assumed there too."""
    blood = {"hemoglobin_g_dl": 15, "sao2_percent": 98, "svo2_percent": 70}
    measured = run("fick_cardiac_output", **blood, vo2_ml_min=250, heart_rate_bpm=60)
    assert measured.output("cardiac_output").value == pytest.approx(250 / (13.4 * 15 * 0.28))
    assert measured.output("stroke_volume").value == pytest.approx(1000 * 4.4421 / 60, abs=0.01)
    assert not measured.warnings
    assumed = run("cardiac output", **blood, weight_kg=80, height_cm=180)
    assert assumed.output("cardiac_output").value == pytest.approx(measured.output("cardiac_output").value)
    assert assumed.output("cardiac_index").value == pytest.approx(4.4421 / 2, abs=1e-3)
    assert "assumed as 125" in assumed.warnings[0]
    with pytest.raises(MissingCovariate) as error:
        run("fick", **blood, height_cm=180)
    assert error.value.details["missing"] == ["weight_kg"]
    with pytest.raises(InvalidInput, match="swapped"):
        run("fick", hemoglobin_g_dl=15, sao2_percent=70, svo2_percent=70, vo2_ml_min=250)


def test_vascular_resistances() -> None:
    """80 x (90 - 5)/5 = 1360 dyn.s/cm5 (17 Wood units); (25 - 10)/5 = 3 Wood units, 240 dyn.s/cm5."""
    systemic = run(
        "svr", mean_arterial_pressure_mmhg=90, central_venous_pressure_mmhg=5, cardiac_output_l_min=5, bsa_m2=2
    )
    assert systemic.output("svr").display == "1360 dyn·s/cm⁵"
    assert systemic.output("svr_wood").value == pytest.approx(17) and systemic.output("svri").value == 2720
    lung = {"mean_pulmonary_artery_pressure_mmhg": 25, "wedge_pressure_mmhg": 10, "cardiac_output_l_min": 5}
    pulmonary = run("pulmonary_vascular_resistance", **lung)
    assert pulmonary.output("pvr_wood").display == "3.0 Wood units" and pulmonary.output("pvr").value == 240
    assert pulmonary.output("pvr_wood").interpretation.startswith("above 2")
    assert reading("pvr", "pvr_wood", **{**lung, "wedge_pressure_mmhg": 15}).startswith("2 Wood units or less")
    with pytest.raises(InvalidInput, match="swapped"):
        run("pvr", **{**lung, "wedge_pressure_mmhg": 30})
    with pytest.raises(InvalidInput, match="swapped"):
        run("svr", mean_arterial_pressure_mmhg=20, central_venous_pressure_mmhg=20, cardiac_output_l_min=5)


# Blood


@pytest.mark.parametrize(
    ("white", "expected"),
    [(4.3, "1500 or more"), (4.2, "mild"), (2.8, "moderate"), (1.4, "severe"), (0.25, "profound")],
)
def test_absolute_neutrophil_count(white: float, expected: str) -> None:
    """WBC x (30 + 5)/100: 4.3 gives 1505 /uL, 4.2 1470, 2.8 980, 1.4 490, 0.25 87.5."""
    got = run("anc", wbc_10e9_l=white, neutrophils_percent=30, bands_percent=5).output("absolute_neutrophil_count")
    assert got.value == pytest.approx(white * 350) and got.interpretation.startswith(expected)


def test_absolute_neutrophil_count_units_and_faults() -> None:
    thousand = {"value": 2.0, "unit": "K/uL"}
    assert value("anc", "absolute_neutrophil_count", wbc_10e9_l=thousand, neutrophils_percent=50) == pytest.approx(1000)
    with pytest.raises(InvalidInput, match="over 100"):
        run("anc", wbc_10e9_l=5, neutrophils_percent=90, bands_percent=11)


@pytest.mark.parametrize(
    ("hematocrit", "days"), [(45, 1.0), (36, 1.0), (35, 1.5), (26, 1.5), (25, 2.0), (16, 2.0), (15, 2.5)]
)
def test_reticulocyte_production_index(hematocrit: float, days: float) -> None:
    """Hillman 1969: reticulocytes x Hct/45 / maturation time of 1, 1.5, 2 and 2.5 days at Hct 45, 35, 25 and 15."""
    got = run("reticulocyte_production_index", reticulocytes_percent=9, hematocrit_percent=hematocrit)
    assert got.output("corrected_reticulocytes").value == pytest.approx(9 * hematocrit / 45)
    assert got.output("reticulocyte_production_index").value == pytest.approx(9 * hematocrit / 45 / days)


def test_reticulocyte_production_index_readings() -> None:
    """9 % at Hct 25: 9 x 25/45 / 2 = 2.5, borderline; 7 %: 1.94, inadequate; 12 %: 3.33, adequate."""
    for percent, expected in ((7, "under 2"), (9, "2-3"), (12, "over 3")):
        name = "reticulocyte_production_index"
        assert reading("rpi", name, reticulocytes_percent=percent, hematocrit_percent=25).startswith(expected)
