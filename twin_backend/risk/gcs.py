"""Glasgow Coma Scale (Teasdale and Jennett 1974, doi:10.1016/S0140-6736(74)91639-0)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, score
from twin_backend.model import Model, Result, Values, closed_form

_SEVERITY = ((9, "8 or less: severe head injury"), (13, "9 to 12: moderate head injury"))

CARD = ModelCard(
    id="gcs",
    version="1.0.0",
    title="Glasgow Coma Scale",
    aliases=("glasgow coma scale", "glasgow coma score", "gcs score", "coma scale"),
    kind="risk_score",
    summary="Level of consciousness from eye, verbal and motor response.",
    inputs=(
        inputs.integer("eye_response", "Eye opening: 4 spontaneous, 3 to speech, 2 to pain, 1 none", "{score}", (1, 4)),
        inputs.integer("verbal_response", "Verbal response: 5 orientated, 4 confused, 3 words, 2 sounds, 1 none",
                       "{score}", (1, 5)),
        inputs.integer("motor_response", "Best motor response: 6 obeys, 5 localises, 4 withdraws, 3 abnormal flexion, "
                       "2 extension, 1 none", "{score}", (1, 6)),
    ),
    outputs=(("gcs", "{score}", "Glasgow Coma Scale"),),
    source="Teasdale G, Jennett B. Assessment of coma and impaired consciousness. Lancet 1974;2:81-4; sixth motor "
    "response and total: Teasdale G, Jennett B. Acta Neurochir 1976;34:45-55 (doi:10.1007/BF01405862).",
    doi="10.1016/S0140-6736(74)91639-0",
    population="A bedside scale; bands of severity are those used for traumatic brain injury.",
    context_of_use="Adults and older children with impaired consciousness: description and course.",
    limitations=(
        "Report the three responses with the total: equal totals hide different patients.",
        "Untestable responses (intubation, swollen eyes) are not 1; the total is then undefined. Sedation lowers it.",
        "Children under 5 need the paediatric version.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Eye + verbal + motor."""
    eye, verbal, motor = (int(values.number(f"{part}_response")) for part in ("eye", "verbal", "motor"))
    total = eye + verbal + motor
    severity = band(total, _SEVERITY, "13 to 15: mild head injury, where there is one")
    return Result(outputs=(score("gcs", "Glasgow Coma Scale", total, f"E{eye} V{verbal} M{motor}; {severity}"),))


MODEL = Model(CARD, closed_form(compute))
