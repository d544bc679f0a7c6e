"""qSOFA, the quick screen for sepsis outside intensive care (Seymour et al. 2016, doi:10.1001/jama.2016.0288)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import at_least, over

CARD = ModelCard(
    id="qsofa",
    version="1.0.0",
    title="qSOFA",
    aliases=("quick sofa", "q-sofa", "qsofa score", "quick sequential organ failure assessment"),
    kind="risk_score",
    summary="Three bedside criteria for a poor outcome in suspected infection; positive from two.",
    inputs=(
        inputs.RESPIRATORY_RATE,
        inputs.SYSTOLIC,
        inputs.changed(inputs.GCS, required=False, description="This or altered_mental_status is needed."),
        inputs.changed(
            inputs.ALTERED_MENTAL_STATUS, required=False, description="Where the Glasgow Coma Scale was not scored."
        ),
        inputs.OPTIONAL_AGE,
    ),
    outputs=(("qsofa", "{score}", "qSOFA"),),
    source="Seymour CW, et al. Assessment of clinical criteria for sepsis. JAMA 2016;315:762-74; altered mentation as a "
    "Glasgow Coma Scale under 15: Singer M, et al. JAMA 2016;315:801-10 (doi:10.1001/jama.2016.0287).",
    doi="10.1001/jama.2016.0288",
    population="148,907 adult encounters with suspected infection at 12 hospitals in Pennsylvania, 2010-2012.",
    context_of_use="Adults with suspected infection outside intensive care: who needs a closer look.",
    model_risk="medium",
    limitations=(
        "Misses many patients with sepsis: the 2021 Surviving Sepsis guideline advises against it as the only screen.",
        "Prompts a search for organ dysfunction; it does not define sepsis (SOFA does).",
    ),
)


def compute(values: Values) -> Result:
    """A point each: rate >= 22, systolic <= 100, Glasgow Coma Scale < 15 or altered mental status."""
    gcs = values.optional("gcs")
    altered = (gcs is not None and gcs < 15) or (
        values.has("altered_mental_status") and values.flag("altered_mental_status")
    )
    present = {
        "respiratory rate 22 or over": at_least(values.number("respiratory_rate_per_min"), 22),
        "systolic pressure 100 or under": not over(values.number("systolic_bp_mmhg"), 100),
        "altered mentation": altered,
    }
    items = [name for name, there in present.items() if there]
    meaning = (
        "positive (2 or more): in-hospital mortality 3 to 14 times that below 2"
        if len(items) >= 2
        else "negative (under 2)"
    )
    return Result(outputs=(score("qsofa", "qSOFA", len(items), f"{meaning}; {', '.join(items) or 'no items'}"),))


def _also_needed(values: Values) -> list[str]:
    if values.has("gcs") or values.has("altered_mental_status"):
        return []
    return ["gcs", "altered_mental_status"]


def _contradict(values: Values) -> list[str]:
    gcs = values.optional("gcs")
    if gcs == 15 or gcs is None or not values.has("altered_mental_status") or values.flag("altered_mental_status"):
        return []
    return [f"gcs is {gcs:g} while altered_mental_status is false; under 15 is altered mentation here"]


MODEL = Model(CARD, closed_form(compute), refuse=adults_only, contradict=_contradict, also_needed=_also_needed)
