"""Average glucose from HbA1c (Nathan 2008, doi:10.2337/dc08-0545) and the glucose management indicator (2018)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

_MG_DL_PER_MMOL_L = 18.0156

EAG_CARD = ModelCard(
    id="estimated_average_glucose",
    version="1.0.0",
    title="Estimated average glucose from HbA1c",
    aliases=("eag", "average glucose", "a1c to glucose", "hba1c to glucose", "adag"),
    kind="calculator",
    summary="Average glucose of the last two to three months, 28.7 x HbA1c - 46.7 mg/dL.",
    inputs=(inputs.changed(inputs.HBA1C, derivation=(4.5, 12)),),
    outputs=(("eag", "mg/dL", "Estimated average glucose"), ("eag_mmol_l", "mmol/L", "Estimated average glucose")),
    source="Nathan DM, et al. Translating the A1C assay into estimated average glucose values. "
    "Diabetes Care 2008;31:1473-8.",
    doi="10.2337/dc08-0545",
    population="507 adults: type 1, type 2 and no diabetes; stable control, few of African descent.",
    context_of_use="Explaining HbA1c to people with diabetes.",
    limitations=(
        "Wrong wherever HbA1c is: anaemia, haemolysis, transfusion, kidney failure, pregnancy, variants.",
        "People of equal HbA1c differ in average glucose by 15-20 %.",
    ),
)  # fmt: skip

GMI_CARD = ModelCard(
    id="gmi",
    version="1.0.0",
    title="Glucose management indicator",
    aliases=("glucose management indicator", "estimated a1c", "ea1c", "glucose to a1c"),
    kind="calculator",
    summary="The HbA1c expected from mean sensor glucose, 3.31 + 0.02392 x mean glucose in mg/dL.",
    inputs=(
        inputs.changed(inputs.GLUCOSE, name="mean_glucose_mg_dl", label="Mean sensor glucose", plausible=(40, 600)),
    ),
    outputs=(("gmi", "%", "Glucose management indicator"),),
    source="Bergenstal RM, et al. Glucose management indicator (GMI): a new term for estimating A1C from continuous "
    "glucose monitoring. Diabetes Care 2018;41:2275-80.",
    doi="10.2337/dc18-1581",
    population="528 adults, type 1 or type 2 diabetes, on continuous glucose monitoring.",
    context_of_use="Reports of continuous glucose monitoring of 14 days or more with 70 % of readings.",
    limitations=("Differs from the laboratory HbA1c by 0.5 % or more in a quarter of people.", "Not for fingersticks."),
)


INVERSE_CARD = ModelCard(
    id="a1c_from_average_glucose",
    version="1.0.0",
    title="HbA1c from average glucose",
    aliases=("average glucose to a1c", "a1c from average glucose", "hba1c from average glucose", "inverse eag"),
    kind="calculator",
    summary="The HbA1c of an average glucose, (mean glucose in mg/dL + 46.7) / 28.7: the line of HbA1c to glucose, read backwards.",
    inputs=(
        inputs.changed(inputs.GLUCOSE, name="mean_glucose_mg_dl", label="Average glucose", plausible=(40, 600), derivation=(82, 298)),
    ),
    outputs=(("hba1c", "%", "HbA1c"),),
    source=EAG_CARD.source,
    doi="10.2337/dc08-0545",
    population=EAG_CARD.population,
    context_of_use="Saying which HbA1c an average glucose of two to three months goes with.",
    limitations=(
        "The published line predicts glucose from HbA1c; read backwards it is no regression of its own.",
        "For sensor glucose use the glucose management indicator. A single glucose is no average.",
        *EAG_CARD.limitations,
    ),
)  # fmt: skip


def average_glucose(values: Values) -> Result:
    """28.7 x HbA1c - 46.7, mg/dL."""
    glucose = 28.7 * values.number("hba1c_percent") - 46.7
    return Result(
        (
            measured("eag", "Estimated average glucose", glucose, "mg/dL", 0),
            measured("eag_mmol_l", "Estimated average glucose", glucose / _MG_DL_PER_MMOL_L, "mmol/L", 1),
        )
    )


def management_indicator(values: Values) -> Result:
    """3.31 + 0.02392 x mean glucose (mg/dL), %."""
    indicator = 3.31 + 0.02392 * values.number("mean_glucose_mg_dl")
    return Result((measured("gmi", "Glucose management indicator", indicator, "%", 1),))


def from_average(values: Values) -> Result:
    """(mean glucose in mg/dL + 46.7) / 28.7, %."""
    percent = (values.number("mean_glucose_mg_dl") + 46.7) / 28.7
    return Result((measured("hba1c", "HbA1c", percent, "%", 1),))


MODELS = (
    Model(EAG_CARD, closed_form(average_glucose)),
    Model(GMI_CARD, closed_form(management_indicator)),
    Model(INVERSE_CARD, closed_form(from_average)),
)
