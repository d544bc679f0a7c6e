"""Total iron deficit (Ganzoni 1970; formula in Koch et al. 2015, doi:10.1155/2015/763576)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, closed_form

_SMALL_KG = 35.0

CARD = ModelCard(
    id="iron_deficit_ganzoni",
    version="1.0.0",
    title="Iron deficit (Ganzoni)",
    aliases=("ganzoni", "ganzoni formula", "ganzoni iron deficit", "iron deficit", "total iron deficit"),
    kind="calculator",
    summary="Iron to restore hemoglobin and stores: weight x (target - actual Hb) x 2.4 + stores.",
    inputs=(
        inputs.WEIGHT,
        inputs.HEMOGLOBIN,
        inputs.changed(
            inputs.HEMOGLOBIN, name="target_hemoglobin_g_dl", label="Target hemoglobin", plausible=(8, 18),
            required=False, description="Where not given: 15 g/dL from 35 kg, 13 g/dL below, as in product labels.",
        ),
        inputs.number(
            "iron_stores_mg", "Iron for the stores", "mg", (0, 2000), required=False,
            description="Where not given: 500 mg from 35 kg, 15 mg/kg below, as published.",
        ),
    ),
    outputs=(
        ("iron_deficit", "mg", "Total iron deficit"),
        ("target_hemoglobin_used", "g/dL", "Target hemoglobin used"),
        ("iron_stores_used", "mg", "Iron for the stores used"),
    ),
    source="Ganzoni AM. Eisen-Dextran intravenös: therapeutische und experimentelle Möglichkeiten. Schweiz Med "
    "Wochenschr 1970;100:301-3 (no DOI); as stated by Koch TA, Myers J, Goodnough LT. Anemia 2015;2015:763576.",
    doi="10.1155/2015/763576",
    population="Adults and children with iron-deficiency anaemia.",
    context_of_use="Planning of intravenous iron.",
    model_risk="medium",
    limitations=(
        "In obesity use ideal weight.",
        "Underestimates the need in many adults; several products have simpler tables of their own.",
        "Says nothing of the largest single dose of a product.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """W x (target - Hb) x 2.4 + stores, mg."""
    weight = values.number("weight_kg")
    small = weight < _SMALL_KG
    target, stores = values.optional("target_hemoglobin_g_dl"), values.optional("iron_stores_mg")
    warnings = []
    if target is None:
        target = 13.0 if small else 15.0
        warnings.append(f"No target given: {rounded(target, 0)} g/dL is used, as in product labels at this weight.")
    if stores is None:
        stores = 15.0 * weight if small else 500.0
    deficit = weight * (target - values.number("hemoglobin_g_dl")) * 2.4 + stores
    return Result(
        (
            measured("iron_deficit", "Total iron deficit", deficit, "mg", 0),
            measured("target_hemoglobin_used", "Target hemoglobin used", target, "g/dL", 1),
            measured("iron_stores_used", "Iron for the stores used", stores, "mg", 0),
        ),
        warnings=tuple(warnings),
    )


def _refuse(values: Values) -> list[str]:
    target = values.optional("target_hemoglobin_g_dl") or (13.0 if values.number("weight_kg") < _SMALL_KG else 15.0)
    hemoglobin = values.number("hemoglobin_g_dl")
    return [f"hemoglobin_g_dl is {hemoglobin:g}, not below the target of {target:g}"] if hemoglobin >= target else []


MODEL = Model(CARD, closed_form(compute), refuse=_refuse)
