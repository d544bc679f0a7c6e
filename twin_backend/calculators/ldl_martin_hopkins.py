"""LDL cholesterol with an adjustable triglyceride factor (Martin et al. 2013, doi:10.1001/jama.2013.280532)."""

from __future__ import annotations

from bisect import bisect_right

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, closed_form

_NON_HDL_FROM = (100, 130, 160, 190, 220)
# Triglycerides from (mg/dL): median TG:VLDL-C ratio for non-HDL-C < 100, 100-129, 130-159, 160-189, 190-219, >= 220
_FACTORS = (
    (7, (3.5, 3.4, 3.3, 3.3, 3.2, 3.1)), (50, (4.0, 3.9, 3.7, 3.6, 3.6, 3.4)), (57, (4.3, 4.1, 4.0, 3.9, 3.8, 3.6)),
    (62, (4.5, 4.3, 4.1, 4.0, 3.9, 3.9)), (67, (4.7, 4.4, 4.3, 4.2, 4.1, 3.9)), (72, (4.8, 4.6, 4.4, 4.2, 4.2, 4.1)),
    (76, (4.9, 4.6, 4.5, 4.3, 4.3, 4.2)), (80, (5.0, 4.8, 4.6, 4.4, 4.3, 4.2)), (84, (5.1, 4.8, 4.6, 4.5, 4.4, 4.3)),
    (88, (5.2, 4.9, 4.7, 4.6, 4.4, 4.3)), (93, (5.3, 5.0, 4.8, 4.7, 4.5, 4.4)), (97, (5.4, 5.1, 4.8, 4.7, 4.5, 4.3)),
    (101, (5.5, 5.2, 5.0, 4.7, 4.6, 4.5)), (106, (5.6, 5.3, 5.0, 4.8, 4.6, 4.5)),
    (111, (5.7, 5.4, 5.1, 4.9, 4.7, 4.5)), (116, (5.8, 5.5, 5.2, 5.0, 4.8, 4.6)),
    (121, (6.0, 5.5, 5.3, 5.0, 4.8, 4.6)), (127, (6.1, 5.7, 5.3, 5.1, 4.9, 4.7)),
    (133, (6.2, 5.8, 5.4, 5.2, 5.0, 4.7)), (139, (6.3, 5.9, 5.6, 5.3, 5.0, 4.8)),
    (147, (6.5, 6.0, 5.7, 5.4, 5.1, 4.8)), (155, (6.7, 6.2, 5.8, 5.4, 5.2, 4.9)),
    (164, (6.8, 6.3, 5.9, 5.5, 5.3, 5.0)), (174, (7.0, 6.5, 6.0, 5.7, 5.4, 5.1)),
    (186, (7.3, 6.7, 6.2, 5.8, 5.5, 5.2)), (202, (7.6, 6.9, 6.4, 6.0, 5.6, 5.3)),
    (221, (8.0, 7.2, 6.6, 6.2, 5.9, 5.4)), (248, (8.5, 7.6, 7.0, 6.5, 6.1, 5.6)),
    (293, (9.5, 8.3, 7.5, 7.0, 6.5, 5.9)), (400, (11.9, 10.0, 8.8, 8.1, 7.5, 6.7)),
)  # fmt: skip

CARD = ModelCard(
    id="ldl_martin_hopkins",
    version="1.0.0",
    title="Martin-Hopkins LDL cholesterol",
    aliases=("martin hopkins", "martin/hopkins", "ldl martin", "martin ldl", "novel ldl"),
    kind="calculator",
    summary="LDL cholesterol as non-HDL cholesterol minus triglycerides over a factor from the 180-cell table.",
    inputs=(inputs.TOTAL_CHOLESTEROL, inputs.HDL, inputs.changed(inputs.TRIGLYCERIDES, derivation=(10, 399))),
    outputs=(
        ("ldl", "mg/dL", "LDL cholesterol (Martin-Hopkins)"),
        ("non_hdl", "mg/dL", "Non-HDL cholesterol"),
        ("triglyceride_factor", "{ratio}", "Triglycerides over VLDL cholesterol"),
    ),
    source="Martin SS, et al. Comparison of a novel method vs the Friedewald equation for estimating low-density "
    "lipoprotein cholesterol levels from the standard lipid profile. JAMA 2013;310:2061-8, figure 2.",
    doi="10.1001/jama.2013.280532",
    population="900,605 (derivation) and 450,250 (validation) lipid profiles by vertical spin in the USA.",
    context_of_use="Lipid panels without a direct LDL, above all with low LDL or raised triglycerides.",
    limitations=(
        "From 400 mg/dL of triglycerides the table has one row only; measure LDL directly.",
        "Not valid in type III hyperlipoproteinaemia.",
    ),
)


def triglyceride_factor(triglycerides_mg_dl: float, non_hdl_mg_dl: float) -> float:
    """The table's ratio of triglycerides to VLDL cholesterol for this stratum."""
    rows = [lower for lower, _ in _FACTORS]
    row = max(bisect_right(rows, triglycerides_mg_dl) - 1, 0)
    return _FACTORS[row][1][bisect_right(_NON_HDL_FROM, non_hdl_mg_dl)]


def compute(values: Values) -> Result:
    """non-HDL - TG/factor, mg/dL."""
    non_hdl = values.number("total_cholesterol_mg_dl") - values.number("hdl_mg_dl")
    factor = triglyceride_factor(values.number("triglycerides_mg_dl"), non_hdl)
    ldl = non_hdl - values.number("triglycerides_mg_dl") / factor
    return Result(
        (
            measured("ldl", "LDL cholesterol (Martin-Hopkins)", ldl, "mg/dL", 0, f"with factor {rounded(factor, 1)}"),
            measured("non_hdl", "Non-HDL cholesterol", non_hdl, "mg/dL", 0),
            measured("triglyceride_factor", "Triglycerides over VLDL cholesterol", factor, "{ratio}", 1),
        )
    )


def _refuse(values: Values) -> list[str]:
    ldl = float(compute(values).outputs[0].value)
    return ["these values give an LDL of zero or less; measure LDL directly"] if ldl <= 0 else []


def _contradict(values: Values) -> list[str]:
    if values.number("hdl_mg_dl") < values.number("total_cholesterol_mg_dl"):
        return []
    return ["hdl_mg_dl must be below total_cholesterol_mg_dl; are they swapped?"]


MODEL = Model(CARD, closed_form(compute), refuse=_refuse, contradict=_contradict)
