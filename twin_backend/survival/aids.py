"""AIDS or death in advanced HIV infection, fitted to ACTG 320 (Hammer et al. 1997, doi:10.1056/NEJM199709113371101)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.model import Model, Values
from twin_backend.survival.fitted import as_derived, fit_of, survival_equation, survival_outputs

_NAME = "aids"
_WORDS = ("aids_free_survival", "AIDS-free survival", (0.25, 0.5, 0.75))
_INPUTS = as_derived(
    _NAME,
    inputs.AGE,
    inputs.SEX,
    inputs.number("cd4_cells_ul", "CD4 count", "/uL", (0, 3000)),
    inputs.number("karnofsky_score", "Karnofsky performance score", "{score}", (0, 100)),
    inputs.number("prior_zidovudine_months", "Earlier zidovudine", "mo", (0, 480)),
    inputs.flag("indinavir", "Indinavir with zidovudine and lamivudine",
                description="False: the two nucleosides alone."),
    inputs.flag("injection_drug_use", "Injection drug use, now or before"),
    inputs.flag("hemophilia", "Haemophilia"),
)  # fmt: skip

CARD = ModelCard(
    id="survival_aids",
    version="1.0.0",
    title="AIDS-free survival in advanced HIV infection (ACTG 320)",
    aliases=(
        "actg 320", "actg320", "aids free survival", "hiv progression", "aids progression", "time to aids or death",
    ),
    kind="risk_score",
    summary="Probability of being alive without a new AIDS-defining event after 3, 6 and 9 months.",
    inputs=_INPUTS,
    outputs=survival_outputs(*_WORDS),
    source="Ridge Cox model fitted for this project to the data of ACTG 320. Trial: Hammer SM, et al. A controlled trial of "
    "two nucleoside analogues plus indinavir in persons with human immunodeficiency virus infection and CD4 cell counts of "
    "200 per cubic millimeter or less. N Engl J Med 1997;337:725-33.",
    doi="10.1056/NEJM199709113371101",
    population="1,151 patients aged 15-73 with HIV infection, CD4 of 200/µL or less at screening and three months or more of "
    "zidovudine, without protease inhibitor before, in a US trial of 1996-1997; 96 had AIDS or died within a year.",
    context_of_use="People with advanced HIV infection on the regimens of 1996: teaching and research.",
    model_risk="medium",
    limitations=(
        "Not validated outside the trial it was fitted to; 96 events are few for eight inputs.",
        "Follow-up ended within a year: nothing is said beyond 9 months.",
        "Regimens of 1996; survival on present antiretrovirals is far better.",
        "Race and ethnicity are not inputs. In cross-validation more events were predicted than seen in Black patients (7.5 "
        "against 6.0 % in six months) and fewer in white ones (6.9 against 7.6 %), within the error of so few events.",
    ),
    validation=fit_of(_NAME).validation,
)  # fmt: skip


def _refuse(values: Values) -> list[str]:
    """The trial's conditions of entry."""
    reasons = []
    if values.number("karnofsky_score") < 70:
        reasons.append(
            f"karnofsky_score is {values.number('karnofsky_score'):g}; the trial took patients with 70 or more"
        )
    if values.number("prior_zidovudine_months") < 3:
        reasons.append(
            f"prior_zidovudine_months is {values.number('prior_zidovudine_months'):g}; the trial took patients treated "
            "for 3 or more"
        )
    return reasons


MODEL = Model(CARD, survival_equation(_NAME, _INPUTS, *_WORDS), declines=("age_years", "cd4_cells_ul"), refuse=_refuse)
