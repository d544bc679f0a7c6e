"""SOFA, organ dysfunction in intensive care (Vincent et al. 1996, doi:10.1007/BF01709751)."""

from __future__ import annotations

from domain.predictions import ModelCard, ModelInput
from twin_backend import inputs
from twin_backend.display import score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import banded, listed, over, under

# (lower limit, points). Vincent prints mg/dL and µmol/L side by side; where the two columns leave room, the limit
# is one that both agree with: bilirubin 20, 33, 102 and over 204 µmol/L, creatinine 171 and over 440 µmol/L.
_BILIRUBIN = ((11.94, 4), (5.963, 3), (1.929, 2), (1.169, 1))
_CREATININE = ((4.98, 4), (3.5, 3), (1.934, 2), (1.2, 1))
_PLATELETS = ((150, 0), (100, 1), (50, 2), (20, 3))
_GCS = ((15, 0), (13, 1), (10, 2), (6, 3))
_DRUGS = ("dopamine", "dobutamine", "epinephrine", "norepinephrine")
_ORGANS = ("respiration", "coagulation", "liver", "cardiovascular", "nervous_system", "kidney")


def _dose(drug: str, most: float) -> ModelInput:
    name = f"{drug}_ug_kg_min"
    return inputs.number(name, f"{drug.capitalize()} dose", "ug/kg/min", (0, most), required=False,
                         description="Given for at least an hour; not scored where absent.")  # fmt: skip


CARD = ModelCard(
    id="sofa",
    version="1.0.0",
    title="SOFA score",
    aliases=("sofa score 1996", "sequential organ failure assessment", "sepsis-related organ failure assessment"),
    kind="risk_score",
    summary="Dysfunction of six organ systems, 0 to 4 points each.",
    inputs=(
        inputs.PAO2,
        inputs.FIO2,
        inputs.flag("mechanical_ventilation", "Respiratory support (mechanical ventilation, CPAP)"),
        inputs.PLATELETS,
        inputs.BILIRUBIN,
        inputs.MEAN_PRESSURE,
        _dose("dopamine", 100),
        _dose("dobutamine", 100),
        _dose("epinephrine", 10),
        _dose("norepinephrine", 10),
        inputs.GCS,
        inputs.CREATININE,
        inputs.number("urine_output_ml_day", "Urine output", "mL/d", (0, 30000), required=False,
                      description="Not scored where absent."),
        inputs.OPTIONAL_AGE,
    ),
    outputs=(
        ("sofa", "{score}", "SOFA"),
        *((f"sofa_{organ}", "{score}", f"SOFA, {organ.replace('_', ' ')}") for organ in _ORGANS),
    ),
    source="Vincent JL, et al. The SOFA (Sepsis-related Organ Failure Assessment) score to describe organ "
    "dysfunction/failure. Intensive Care Med 1996;22:707-10; mortality by initial score: Ferreira FL, et al. "
    "JAMA 2001;286:1754-8 (doi:10.1001/jama.286.14.1754).",
    doi="10.1007/BF01709751",
    population="A consensus score of the European Society of Intensive Care Medicine; mortality from 352 adults of one "
    "Belgian intensive care unit.",
    context_of_use="Adults in intensive care, worst values of each 24 h; a rise of 2 or more with infection is sepsis.",
    model_risk="medium",
    limitations=(
        "Describes organ dysfunction; mortality at a score differs between units and years.",
        "Sedation and chronic kidney or liver disease raise points that are not acute: compare with the baseline score.",
        "Creatinine of 300-309 µmol/L counts as under 3.5 mg/dL (2 points), where the paper's two columns disagree.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """The sum of six organ scores."""
    organs = {
        "respiration": _respiration(values),
        "coagulation": banded(values.number("platelets_10e9_l"), _PLATELETS, 4),
        "liver": banded(values.number("bilirubin_mg_dl"), _BILIRUBIN, 0),
        "cardiovascular": _cardiovascular(values),
        "nervous_system": banded(values.number("gcs"), _GCS, 4),
        "kidney": _kidney(values),
    }
    total = sum(organs.values())
    readable = {organ.replace("_", " "): points for organ, points in organs.items()}
    outputs = [score("sofa", "SOFA", total, f"{_reading(total)}; {listed(readable)}")]
    outputs += [score(f"sofa_{organ}", f"SOFA, {organ.replace('_', ' ')}", points) for organ, points in organs.items()]
    return Result(outputs=tuple(outputs), warnings=_warnings(values))


def _respiration(values: Values) -> int:
    ratio = values.number("pao2_mmhg") / values.number("fio2")
    if values.flag("mechanical_ventilation") and under(ratio, 200):
        return 4 if under(ratio, 100) else 3
    return banded(ratio, ((400, 0), (300, 1)), 2)


def _cardiovascular(values: Values) -> int:
    dopamine, dobutamine, epinephrine, norepinephrine = (values.optional(f"{d}_ug_kg_min") or 0.0 for d in _DRUGS)
    if over(dopamine, 15) or over(max(epinephrine, norepinephrine), 0.1):
        return 4
    if over(dopamine, 5) or epinephrine or norepinephrine:
        return 3
    if dopamine or dobutamine:
        return 2
    return 1 if under(values.number("mean_arterial_pressure_mmhg"), 70) else 0


def _kidney(values: Values) -> int:
    creatinine = banded(values.number("creatinine_mg_dl"), _CREATININE, 0)
    urine = values.optional("urine_output_ml_day")
    return creatinine if urine is None else max(creatinine, banded(urine, ((500, 0), (200, 3)), 4))


def _reading(total: int) -> str:
    if total > 11:
        return "initial score over 11: mortality over 80 % (Ferreira 2001)"
    return "initial score up to 9: mortality under 33 % (Ferreira 2001)" if total <= 9 else "initial score 10 or 11"


def _warnings(values: Values) -> tuple[str, ...]:
    warnings = []
    if not any(values.has(f"{drug}_ug_kg_min") for drug in _DRUGS):
        warnings.append("No vasopressor or inotrope dose was given: cardiovascular points are from the pressure alone.")
    if not values.has("urine_output_ml_day"):
        warnings.append("Urine output was not given: kidney points are from creatinine alone.")
    return tuple(warnings)


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
