"""Inputs shared by several models, each with the bounds outside which a value is a mistake rather than a patient.

Plausible bounds are wide on purpose: survivors of extremes have been reported near most of them, while a value in the
wrong unit (creatinine 88 "mg/dL", FiO2 40, pH 74) falls outside. Derivation ranges belong to each model's own card.
"""

from __future__ import annotations

from typing import Any

from domain.predictions import ModelInput


def number(name: str, label: str, unit: str, plausible: tuple[float, float], **more: Any) -> ModelInput:
    """A measured input in `unit`, refused outside `plausible`."""
    return ModelInput(name=name, label=label, unit=unit, kind="number", plausible=plausible, **more)


def numbers(name: str, label: str, unit: str, plausible: tuple[float, float], **more: Any) -> ModelInput:
    """A series of measurements in `unit`, refused where one of them is outside `plausible`."""
    return ModelInput(name=name, label=label, unit=unit, kind="numbers", plausible=plausible, **more)


def integer(name: str, label: str, unit: str, plausible: tuple[float, float], **more: Any) -> ModelInput:
    """A counted input."""
    return ModelInput(name=name, label=label, unit=unit, kind="integer", plausible=plausible, **more)


def flag(name: str, label: str, **more: Any) -> ModelInput:
    """A yes/no input; missing is an error of its own, never "no"."""
    return ModelInput(name=name, label=label, kind="boolean", **more)


def choice(name: str, label: str, choices: tuple[str, ...], **more: Any) -> ModelInput:
    """An input that takes one of a few words."""
    return ModelInput(name=name, label=label, kind="choice", choices=choices, **more)


def day(name: str, label: str, **more: Any) -> ModelInput:
    """A calendar day, written YYYY-MM-DD."""
    return ModelInput(name=name, label=label, kind="date", **more)


def changed(base: ModelInput, **update: Any) -> ModelInput:
    """The shared input with a model's own derivation range, default or description."""
    return base.model_copy(update=update)


AGE = number("age_years", "Age", "a", (0, 120))
SEX = choice("sex", "Sex", ("female", "male"), description="Sex as the published equation uses it.")
WEIGHT = number("weight_kg", "Body weight", "kg", (1, 650))
HEIGHT = number("height_cm", "Height", "cm", (30, 272))
CREATININE = number("creatinine_mg_dl", "Serum creatinine", "mg/dL", (0.1, 30), substance="creatinine")
SODIUM = number("sodium_meq_l", "Serum sodium", "meq/L", (90, 200), substance="sodium")
CHLORIDE = number("chloride_meq_l", "Serum chloride", "meq/L", (50, 170), substance="chloride")
BICARBONATE = number("bicarbonate_meq_l", "Serum bicarbonate", "meq/L", (1, 70), substance="bicarbonate")
ALBUMIN = number("albumin_g_dl", "Serum albumin", "g/dL", (0.5, 7), substance="albumin")
GLUCOSE = number("glucose_mg_dl", "Glucose", "mg/dL", (10, 2500), substance="glucose")
BUN = number(
    "bun_mg_dl", "Blood urea nitrogen", "mg/dL", (1, 300), substance="urea_nitrogen",
    description="Urea in mmol/L is accepted with its unit (1 mmol/L = 2.80 mg/dL of urea nitrogen).",
)  # fmt: skip
BILIRUBIN = number("bilirubin_mg_dl", "Total bilirubin", "mg/dL", (0.05, 80), substance="bilirubin")
CALCIUM = number("calcium_mg_dl", "Total serum calcium", "mg/dL", (3, 25), substance="calcium")
TOTAL_CHOLESTEROL = number("total_cholesterol_mg_dl", "Total cholesterol", "mg/dL", (50, 1000), substance="cholesterol")
HDL = number("hdl_mg_dl", "HDL cholesterol", "mg/dL", (5, 200), substance="cholesterol")
TRIGLYCERIDES = number("triglycerides_mg_dl", "Triglycerides", "mg/dL", (10, 12000), substance="triglycerides")
INR = number("inr", "INR", "1", (0.5, 20))
SYSTOLIC = number("systolic_bp_mmhg", "Systolic blood pressure", "mm[Hg]", (40, 300))
DIASTOLIC = number("diastolic_bp_mmhg", "Diastolic blood pressure", "mm[Hg]", (10, 200))
HEART_RATE = number("heart_rate_bpm", "Heart rate", "/min", (20, 300))
DIABETES = flag("diabetes", "Diabetes mellitus")
HYPERTENSION = flag("hypertension", "Hypertension")
POTASSIUM = number("potassium_meq_l", "Serum potassium", "meq/L", (1, 12), substance="potassium")
HEMOGLOBIN = number("hemoglobin_g_dl", "Hemoglobin", "g/dL", (1, 27), substance="hemoglobin")
HEMATOCRIT = number("hematocrit_percent", "Hematocrit", "%", (5, 80))
PAO2 = number("pao2_mmhg", "Arterial oxygen tension (PaO2)", "mm[Hg]", (15, 700))
PACO2 = number("paco2_mmhg", "Arterial carbon dioxide tension (PaCO2)", "mm[Hg]", (7, 200))
FIO2 = number(
    "fio2", "Inspired oxygen fraction (FiO2)", "1", (0.21, 1.0),
    description="A fraction; percent is accepted with its unit.",
)  # fmt: skip
URINE_SODIUM = number("urine_sodium_meq_l", "Urine sodium", "meq/L", (1, 400), substance="sodium")
URINE_POTASSIUM = number("urine_potassium_meq_l", "Urine potassium", "meq/L", (1, 300), substance="potassium")
URINE_CREATININE = number("urine_creatinine_mg_dl", "Urine creatinine", "mg/dL", (1, 600), substance="creatinine")
BSA = number("bsa_m2", "Body surface area", "m2", (0.1, 4))
EGFR = number("egfr_ml_min_1_73m2", "Estimated GFR", "mL/min/{1.73_m2}", (1, 250))
BMI = number("bmi_kg_m2", "Body mass index", "kg/m2", (8, 120))
LDL = number("ldl_mg_dl", "LDL cholesterol", "mg/dL", (5, 800), substance="cholesterol")
PHOSPHATE = number("phosphate_mg_dl", "Serum phosphate, as phosphorus", "mg/dL", (0.3, 25), substance="phosphate")
CYSTATIN_C = number("cystatin_c_mg_l", "Serum cystatin C", "mg/L", (0.2, 12))
UACR = number(
    "uacr_mg_g", "Urine albumin-to-creatinine ratio", "mg/g", (0.1, 30000), substance="creatinine",
    description="mg/mmol is accepted with its unit (1 mg/mmol = 8.84 mg/g).",
)  # fmt: skip
HBA1C = number(
    "hba1c_percent", "HbA1c", "%", (3, 20), substance="hba1c",
    description="mmol/mol is accepted with its unit (NGSP/IFCC master equation).",
)  # fmt: skip
CURRENT_SMOKER = flag("current_smoker", "Current smoker")
ON_ANTIHYPERTENSIVE = flag("on_antihypertensive", "Treated for hypertension")
PRIOR_CVD = flag(
    "prior_cvd", "Previous heart attack, stroke, heart failure or other cardiovascular disease", required=False,
    description="The model is refused where this is true: it predicts a first event.",
)  # fmt: skip
KILLIP = integer("killip_class", "Killip class (1 to 4)", "1", (1, 4))
TEMPERATURE = number("temperature_c", "Body temperature", "Cel", (20, 46), description="Degrees Celsius.")
RESPIRATORY_RATE = number("respiratory_rate_per_min", "Respiratory rate", "/min", (3, 100))
SPO2 = number("spo2_percent", "Oxygen saturation (SpO2)", "%", (30, 100))
MEAN_PRESSURE = number("mean_arterial_pressure_mmhg", "Mean arterial pressure", "mm[Hg]", (20, 250))
GCS = integer("gcs", "Glasgow Coma Scale, total", "{score}", (3, 15))
ARTERIAL_PH = number("ph", "Arterial pH", "[pH]", (6.5, 8.0))
PLATELETS = number("platelets_10e9_l", "Platelets", "10*9/L", (1, 3000))
WHITE_CELLS = number("wbc_10e9_l", "White blood cells", "10*9/L", (0.05, 600))
ALTERED_MENTAL_STATUS = flag("altered_mental_status", "Altered mental status, new for this patient")
OPTIONAL_AGE = changed(AGE, required=False, description="Given only to refuse patients too young for the score.")
LENGTH_OF_STAY = number("length_of_stay_days", "Length of stay in hospital", "d", (0, 3650))
