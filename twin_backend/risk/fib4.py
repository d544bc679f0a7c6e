"""FIB-4 index of liver fibrosis (Sterling et al. 2006, doi:10.1002/hep.21178)."""

from __future__ import annotations

from math import sqrt

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# AASLD 2023 cut-offs for fatty liver disease; the lower one is 2.0 from 65 years (doi:10.1038/ajg.2016.453)
_LOW, _LOW_FROM_65, _HIGH = 1.3, 2.0, 2.67

CARD = ModelCard(
    id="fib4",
    version="1.0.0",
    title="FIB-4 index",
    aliases=("fib-4", "fib 4", "liver fibrosis", "fibrosis score", "fibrosis-4"),
    kind="risk_score",
    summary="Index of advanced liver fibrosis from age, AST, ALT and platelets.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(35, 85)),
        inputs.number("ast_u_l", "Aspartate aminotransferase", "U/L", (1, 20000), substance="enzyme"),
        inputs.number("alt_u_l", "Alanine aminotransferase", "U/L", (1, 20000), substance="enzyme"),
        inputs.number("platelets_10e9_l", "Platelets", "10*9/L", (1, 3000)),
    ),
    outputs=(("fib4", "{index}", "FIB-4"),),
    source="Sterling RK, et al. Development of a simple noninvasive index to predict significant fibrosis in patients "
    "with HIV/HCV coinfection. Hepatology 2006;43:1317-25.",
    doi="10.1002/hep.21178",
    population="832 adults with HIV and hepatitis C; validated since in hepatitis C and fatty liver disease.",
    context_of_use="Adults with chronic liver disease: ruling advanced fibrosis out or sending for elastography.",
    limitations=(
        "Unreliable in acute hepatitis and below 35 years.",
        "Cut-offs differ by disease: 1.45 and 3.25 in hepatitis C.",
    ),
)


def compute(values: Values) -> Result:
    """age x AST / (platelets x sqrt(ALT))."""
    age = values.number("age_years")
    index = age * values.number("ast_u_l") / (values.number("platelets_10e9_l") * sqrt(values.number("alt_u_l")))
    low = _LOW_FROM_65 if age >= 65 else _LOW
    if index < low:
        reading = f"below {low:g}: advanced fibrosis unlikely"
    elif index <= _HIGH:
        reading = f"{low:g} to {_HIGH:g}: indeterminate, elastography advised"
    else:
        reading = f"above {_HIGH:g}: advanced fibrosis likely"
    return Result(outputs=(measured("fib4", "FIB-4", index, "{index}", 2, reading, written=f"{index:.2f}"),))


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
