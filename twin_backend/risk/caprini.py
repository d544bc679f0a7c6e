"""Caprini score of venous thromboembolism after surgery (Caprini 2005, doi:10.1016/j.disamonth.2005.02.003)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_SURGERY = {
    "none": 0, "minor": 1, "arthroscopic": 2, "laparoscopic_over_45_min": 2, "major_over_45_min": 2,
    "lower_limb_arthroplasty": 5,
}  # fmt: skip
_MOBILITY = {"normal": 0, "bed_rest": 1, "bed_over_72_h": 2}
_ITEMS: dict[str, tuple[int, str]] = {
    "recent_major_surgery": (1, "Other major surgery in the last month"),
    "varicose_veins": (1, "Varicose veins"),
    "inflammatory_bowel_disease": (1, "Inflammatory bowel disease"),
    "swollen_legs": (1, "Swollen legs now"),
    "acute_myocardial_infarction": (1, "Acute myocardial infarction"),
    "recent_heart_failure": (1, "Congestive heart failure in the last month"),
    "recent_sepsis": (1, "Sepsis in the last month"),
    "recent_serious_lung_disease": (1, "Serious lung disease, pneumonia included, in the last month"),
    "copd": (1, "Abnormal pulmonary function (COPD)"),
    "other_risk_factor": (1, "Another risk factor that the clinician counts"),
    "malignancy": (2, "Malignancy, present or previous"),
    "plaster_cast": (2, "Immobilising plaster cast in the last month"),
    "central_venous_access": (2, "Central venous access"),
    "prior_vte": (3, "Previous deep vein thrombosis or pulmonary embolism"),
    "family_history_vte": (3, "Family history of thrombosis"),
    "factor_v_leiden": (3, "Factor V Leiden"),
    "prothrombin_20210a": (3, "Prothrombin 20210A"),
    "elevated_homocysteine": (3, "Raised serum homocysteine"),
    "lupus_anticoagulant": (3, "Lupus anticoagulant"),
    "anticardiolipin_antibodies": (3, "Raised anticardiolipin antibodies"),
    "heparin_induced_thrombocytopenia": (3, "Heparin-induced thrombocytopenia"),
    "other_thrombophilia": (3, "Other congenital or acquired thrombophilia"),
    "hip_pelvis_leg_fracture": (5, "Hip, pelvis or leg fracture in the last month"),
    "recent_stroke": (5, "Stroke in the last month"),
    "multiple_trauma": (5, "Multiple trauma in the last month"),
    "acute_spinal_cord_injury": (5, "Acute spinal cord injury (paralysis) in the last month"),
}
_WOMEN: dict[str, tuple[int, str]] = {
    "oral_contraceptive_or_hrt": (1, "Oral contraceptive or hormone replacement"),
    "pregnancy_or_postpartum": (1, "Pregnancy, or birth in the last month"),
    "adverse_pregnancy_history": (1, "Unexplained stillbirth, 3 or more miscarriages, or premature birth with toxaemia "
                                     "or growth restriction"),
}  # fmt: skip
_LEVELS = ((2, "low (0 to 1)"), (3, "moderate (2)"), (5, "high (3 to 4)"))
# Venous thromboembolism within 30 days of surgery in percent, for a score under the limit (Bahl 2010)
_VTE = ((2, 0.0), (3, 0.70), (5, 0.97))
_VTE_HIGHEST = 1.94

CARD = ModelCard(
    id="caprini",
    version="1.0.0",
    title="Caprini score (2005)",
    aliases=("caprini score", "caprini 2005", "caprini vte", "surgical vte risk", "vte risk after surgery"),
    kind="risk_score",
    summary="Points for venous thromboembolism in surgical patients, with the 30-day incidence of the risk level.",
    inputs=(
        inputs.AGE,
        inputs.SEX,
        inputs.BMI,
        inputs.choice("surgery", "Surgery planned or just done", tuple(_SURGERY)),
        inputs.choice("mobility", "Mobility", tuple(_MOBILITY),
                      description="bed_rest: medical patient now at bed rest; bed_over_72_h: confined over 72 hours."),
        *(inputs.flag(name, label) for name, (_, label) in _ITEMS.items()),
        *(inputs.flag(name, label, required=False, description="Needed for women only.")
          for name, (_, label) in _WOMEN.items()),
    ),
    outputs=(
        ("caprini", "{score}", "Caprini score"),
        ("vte_risk_30_day", "%", "Venous thromboembolism within 30 days of surgery"),
    ),
    source="Caprini JA. Thrombosis risk assessment as a guide to quality patient care. Dis Mon 2005;51:70-8; incidence: "
    "Bahl V, et al. Ann Surg 2010;251:344-50 (doi:10.1097/SLA.0b013e3181b7fca6).",
    doi="10.1016/j.disamonth.2005.02.003",
    population="Points by expert review; incidence in 8,216 surgical inpatients of one US hospital.",
    context_of_use="Adults having surgery: choosing prophylaxis against thrombosis.",
    model_risk="medium",
    limitations=(
        "The incidence was seen with the prophylaxis of its time, so it is not the untreated risk.",
        "Weighs bleeding not at all.",
        "The 2013 version has other items and points.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Points of age, body mass index, surgery, mobility and each condition."""
    items = {**_ITEMS, **(_WOMEN if values.choice("sex") == "female" else {})}
    points = {
        "age": _age_points(values.number("age_years")),
        "BMI over 25": int(values.number("bmi_kg_m2") > 25 + 1e-9),
        "surgery": _SURGERY[values.choice("surgery")],
        "mobility": _MOBILITY[values.choice("mobility")],
        **{name.replace("_", " "): weight for name, (weight, _) in items.items() if values.flag(name)},
    }
    total = sum(points.values())
    level = band(total, _LEVELS, "highest (5 or more)")
    listed = ", ".join(f"{name} {value}" for name, value in points.items() if value) or "no items"
    incidence = next((rate for limit, rate in _VTE if total < limit), _VTE_HIGHEST)
    label = "Venous thromboembolism within 30 days of surgery"
    return Result(
        outputs=(
            score("caprini", "Caprini score", total, f"{level}; {listed}"),
            measured("vte_risk_30_day", label, incidence, "%", 2, f"risk level {level}"),
        )
    )


def _age_points(age: float) -> int:
    return 3 if age >= 75 else 2 if age >= 61 else 1 if age >= 41 else 0


def _asked_of_women(values: Values) -> list[str]:
    return [name for name in _WOMEN if values.choice("sex") == "female" and not values.has(name)]


def _contradict(values: Values) -> list[str]:
    if values.choice("sex") == "female":
        return []
    return [f"{name} is true while sex is male" for name in _WOMEN if values.has(name) and values.flag(name)]


MODEL = Model(CARD, closed_form(compute), refuse=adults_only, also_needed=_asked_of_women, contradict=_contradict)
