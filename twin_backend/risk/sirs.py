"""SIRS criteria of the 1991 consensus conference (Bone et al. 1992, doi:10.1378/chest.101.6.1644)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import over, under

CARD = ModelCard(
    id="sirs",
    version="1.0.0",
    title="SIRS criteria",
    aliases=("systemic inflammatory response syndrome", "sirs score", "sepsis-1 criteria"),
    kind="risk_score",
    summary="How many of the four criteria of the systemic inflammatory response syndrome are met; SIRS from two.",
    inputs=(
        inputs.TEMPERATURE,
        inputs.HEART_RATE,
        inputs.RESPIRATORY_RATE,
        inputs.WHITE_CELLS,
        inputs.changed(inputs.PACO2, required=False, description="Under 32 mmHg meets the respiratory criterion too."),
        inputs.number("bands_percent", "Immature (band) forms among white cells", "%", (0, 100), required=False,
                      description="Over 10 % meets the white cell criterion too."),
        inputs.OPTIONAL_AGE,
    ),
    outputs=(("sirs", "{score}", "SIRS criteria met"),),
    source="Bone RC, et al. Definitions for sepsis and organ failure and guidelines for the use of innovative therapies "
    "in sepsis. Chest 1992;101:1644-55.",
    doi="10.1378/chest.101.6.1644",
    population="A consensus definition for adults; it was not derived from a cohort.",
    context_of_use="Adults with suspected infection or another acute insult.",
    limitations=(
        "Sensitive but unspecific: most patients on a ward meet two criteria at some time.",
        "Since 2016 sepsis is defined by organ dysfunction (SOFA), not by SIRS.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """A point each for temperature, heart rate, respiration and white cells out of range."""
    temperature, white_cells = values.number("temperature_c"), values.number("wbc_10e9_l")
    paco2, bands = values.optional("paco2_mmhg"), values.optional("bands_percent")
    present = {
        "temperature over 38 or under 36 °C": over(temperature, 38) or under(temperature, 36),
        "heart rate over 90": over(values.number("heart_rate_bpm"), 90),
        "respiratory rate over 20 or PaCO2 under 32 mmHg": over(values.number("respiratory_rate_per_min"), 20)
        or (paco2 is not None and under(paco2, 32)),
        "white cells over 12 or under 4, or over 10 % bands": over(white_cells, 12)
        or under(white_cells, 4)
        or (bands is not None and over(bands, 10)),
    }
    items = [name for name, there in present.items() if there]
    meaning = "SIRS (2 or more criteria)" if len(items) >= 2 else "no SIRS (under 2 criteria)"
    return Result(
        outputs=(score("sirs", "SIRS criteria met", len(items), f"{meaning}; {', '.join(items) or 'none met'}"),)
    )


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
