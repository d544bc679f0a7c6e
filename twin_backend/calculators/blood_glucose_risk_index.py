"""Low and high blood glucose index (Kovatchev 1997, doi:10.2337/diacare.20.11.1655)."""

from __future__ import annotations

from math import log

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form

_FEW = 14  # under two weeks of one reading a day the indices wander
_LOW_BANDS = (
    (1.1001, "minimal risk of hypoglycaemia (1.1 or less)"), (2.5001, "low risk of hypoglycaemia (over 1.1 to 2.5)"),
    (5.0001, "moderate risk of hypoglycaemia (over 2.5 to 5)"),
)  # fmt: skip
_HIGH_BANDS = (
    (4.5, "low risk of hyperglycaemia (under 4.5)"), (9.0001, "moderate risk of hyperglycaemia (4.5 to 9)"),
)  # fmt: skip

CARD = ModelCard(
    id="blood_glucose_risk_index",
    version="1.0.0",
    title="Blood glucose risk index (LBGI and HBGI)",
    aliases=("lbgi", "hbgi", "bgri", "low blood glucose index", "high blood glucose index", "glucose risk index"),
    kind="calculator",
    summary="Mean risk of low and of high glucose over a series of readings, on Kovatchev's symmetrised scale.",
    inputs=(
        inputs.numbers("glucose_values_mg_dl", "Glucose readings", "mg/dL", (10, 1000), substance="glucose",
                       description="A list of readings, all in one unit."),
    ),
    outputs=(
        ("lbgi", "{index}", "Low blood glucose index"),
        ("hbgi", "{index}", "High blood glucose index"),
        ("bgri", "{index}", "Blood glucose risk index (LBGI + HBGI)"),
    ),
    source="Kovatchev BP, et al. Symmetrization of the blood glucose measurement scale and its applications. "
    "Diabetes Care 1997;20:1655-8; bands of risk: Kovatchev BP, et al. Diabetes Technol Ther 2003;5:817-28 "
    "(doi:10.1089/152091503322527021).",
    doi="10.2337/diacare.20.11.1655",
    population="Adults with type 1 diabetes measuring their own glucose; later also type 2 and sensors.",
    context_of_use="Risk of hypo- and hyperglycaemia from two weeks or more of readings.",
    limitations=(
        "Depends on when readings are taken; fingersticks and sensors are not interchangeable.",
        "Uses the scale for mg/dL; that for mmol/L has other, nearly equal constants.",
    ),
)  # fmt: skip


def risk(glucose_mg_dl: float) -> float:
    """Signed risk of one reading: 0 near 112.5 mg/dL, -100 at 20 and 100 at 600 mg/dL."""
    scaled = 1.509 * (log(glucose_mg_dl) ** 1.084 - 5.381)
    return 10 * scaled * abs(scaled)


def compute(values: Values) -> Result:
    """Means over all readings of the risk below and above the centre of the scale."""
    risks = [risk(glucose) for glucose in values.numbers("glucose_values_mg_dl")]
    low, high = (sum(max(sign * r, 0.0) for r in risks) / len(risks) for sign in (-1, 1))
    few = (f"Only {len(risks)} readings: the indices are meant for two weeks or more.",) if len(risks) < _FEW else ()
    return Result(
        (
            measured("lbgi", "Low blood glucose index", low, "{index}", 2,
                     band(low, _LOW_BANDS, "high risk of hypoglycaemia (over 5)")),
            measured("hbgi", "High blood glucose index", high, "{index}", 2,
                     band(high, _HIGH_BANDS, "high risk of hyperglycaemia (over 9)")),
            measured("bgri", "Blood glucose risk index (LBGI + HBGI)", low + high, "{index}", 2),
        ),
        warnings=few,
    )  # fmt: skip


MODEL = Model(CARD, closed_form(compute))
