"""Absolute neutrophil count (doi:10.1093/cid/cir073) and reticulocyte production index (Hillman 1969)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form

_NORMAL_HEMATOCRIT = 45.0
# Hematocrit under: days that a reticulocyte spends in the blood
_MATURATION_DAYS = ((16.0, 2.5), (26.0, 2.0), (36.0, 1.5))
_NEUTROPENIA = (
    (100, "profound neutropenia (under 100)"), (500, "severe neutropenia (under 500)"),
    (1000, "moderate neutropenia (500 to under 1000)"), (1500, "mild neutropenia (1000 to under 1500)"),
)  # fmt: skip

NEUTROPHIL_CARD = ModelCard(
    id="absolute_neutrophil_count",
    version="1.0.0",
    title="Absolute neutrophil count",
    aliases=("anc", "neutrophil count", "absolute neutrophils"),
    kind="calculator",
    summary="White cells x (segmented + band neutrophils in %) / 100.",
    inputs=(
        inputs.WHITE_CELLS,
        inputs.number("neutrophils_percent", "Segmented neutrophils", "%", (0, 100)),
        inputs.number("bands_percent", "Band neutrophils", "%", (0, 100), required=False,
                      description="Where the differential counts them apart."),
    ),
    outputs=(
        ("absolute_neutrophil_count", "/uL", "Absolute neutrophil count"),
        ("absolute_neutrophil_count_10e9_l", "10*9/L", "Absolute neutrophil count"),
    ),
    source="Freifeld AG, et al. Clinical practice guideline for the use of antimicrobial agents in neutropenic "
    "patients with cancer. Clin Infect Dis 2011;52:e56-93 (under 500 and under 100); mild and moderate by convention.",
    doi="10.1093/cid/cir073",
    population="Adults; normal values are lower in people with the Duffy-null type.",
    context_of_use="Neutropenia, chemotherapy, clozapine.",
    limitations=("Automated counts may already include bands in the neutrophils: then leave bands out.",),
)  # fmt: skip

RETICULOCYTE_CARD = ModelCard(
    id="reticulocyte_production_index",
    version="1.0.0",
    title="Reticulocyte production index",
    aliases=("rpi", "corrected reticulocyte", "corrected reticulocyte count", "reticulocyte index"),
    kind="calculator",
    summary="Reticulocytes corrected for hematocrit (over 45 %) and for their longer stay in the blood in anaemia.",
    inputs=(
        inputs.number("reticulocytes_percent", "Reticulocytes", "%", (0, 60)),
        inputs.HEMATOCRIT,
        inputs.changed(inputs.HEMATOCRIT, name="normal_hematocrit_percent", label="Normal hematocrit", required=False,
                       default=_NORMAL_HEMATOCRIT, plausible=(35, 50), default_source="45 %, as published."),
    ),
    outputs=(
        ("reticulocyte_production_index", "{index}", "Reticulocyte production index"),
        ("corrected_reticulocytes", "%", "Corrected reticulocytes"),
        ("maturation_days", "d", "Maturation time"),
    ),
    source="Hillman RS. Characteristics of marrow production and reticulocyte maturation in normal man in response to "
    "anemia. J Clin Invest 1969;48:443-53; steps at hematocrits of 36, 26 and 16 % by convention.",
    doi="10.1172/JCI106001",
    population="Healthy volunteers made anaemic by phlebotomy.",
    context_of_use="Anaemia: does the marrow respond?",
    limitations=(
        "Textbooks place the steps of the maturation time at slightly different hematocrits.",
        "Not after recent transfusion.",
    ),
)  # fmt: skip


def neutrophils(values: Values) -> Result:
    """1000 x WBC (10*9/L) x (segments + bands)/100, /uL."""
    share = values.number("neutrophils_percent") + (values.optional("bands_percent") or 0.0)
    count = values.number("wbc_10e9_l") * share / 100
    reading = band(1000 * count, _NEUTROPENIA, "1500 or more: no neutropenia")
    label = "Absolute neutrophil count"
    return Result(
        (
            measured("absolute_neutrophil_count", label, 1000 * count, "/uL", 0, reading),
            measured("absolute_neutrophil_count_10e9_l", label, count, "10*9/L", 2),
        )
    )


def reticulocytes(values: Values) -> Result:
    """Reticulocytes x (hematocrit/45) / maturation time."""
    hematocrit = values.number("hematocrit_percent")
    corrected = values.number("reticulocytes_percent") * hematocrit / values.number("normal_hematocrit_percent")
    days = next((days for limit, days in _MATURATION_DAYS if hematocrit < limit), 1.0)
    index = corrected / days
    limits = ((2.0, "under 2: the marrow's answer is inadequate"), (3.0001, "2-3: borderline"))
    return Result(
        (
            measured("reticulocyte_production_index", "Reticulocyte production index", index, "{index}", 2,
                     band(index, limits, "over 3: adequate answer (blood loss or haemolysis)")),
            measured("corrected_reticulocytes", "Corrected reticulocytes", corrected, "%", 2),
            measured("maturation_days", "Maturation time", days, "d", 1),
        )
    )  # fmt: skip


def _over_whole(values: Values) -> list[str]:
    total = values.number("neutrophils_percent") + (values.optional("bands_percent") or 0.0)
    return ["neutrophils_percent and bands_percent add up to over 100 %"] if total > 100 else []


MODELS = (
    Model(NEUTROPHIL_CARD, closed_form(neutrophils), contradict=_over_whole),
    Model(RETICULOCYTE_CARD, closed_form(reticulocytes)),
)
