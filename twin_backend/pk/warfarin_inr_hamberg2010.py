"""INR of a warfarin regimen by CYP2C9, VKORC1 and age (Hamberg et al. 2010, doi:10.1038/clpt.2010.37)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.predictions import ModelCard, Numerics, Output, Series
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, adults_only

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.transit_response import Response

    Floats = NDArray[np.float64]

# Tables 2 and 4 (data set C): per allele clearance of S-warfarin in L/h and EC50 in mg/L; V in L; transit times in h.
_CLEARANCE_L_PER_H = {"1": 0.174, "2": 0.0879, "3": 0.0422}
_AGE_PER_YEAR, _REFERENCE_AGE = -0.00571, 71.0
_VOLUME_L = 14.3
_EC50_MG_PER_L = {"g": 2.05, "a": 0.96}
_STEEPNESS = 1.15
_TRANSIT_TIMES_H = (28.6, 118.3)
_COMPARTMENTS = 3
_GREATEST_RISE = 20.0
_S_WARFARIN_SHARE = 0.5
_HIGHEST_DOSE_MG = 60.0
_BANDS = ((2.0, "below 2-3"), (3.0001, "within 2-3"))

CARD = ModelCard(
    id="warfarin_inr_hamberg2010",
    version="1.0.0",
    title="INR course on warfarin (Hamberg 2010)",
    aliases=("hamberg", "warfarin inr", "warfarin simulation", "inr course", "warfarin kpd", "warfarin_inr_hamberg",
             "warfarin genotype inr"),
    kind="simulation",
    summary="INR from the first dose of warfarin, day by day, for a genotype and age; the dose for a target INR.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(18, 92)),
        inputs.choice("cyp2c9_genotype", "CYP2C9 genotype",
                      ("*1/*1", "*1/*2", "*1/*3", "*2/*2", "*2/*3", "*3/*3")),
        inputs.choice("vkorc1_genotype", "VKORC1 -1639 (rs9923231) genotype", ("gg", "ag", "aa")),
        inputs.number("baseline_inr", "INR before warfarin", "1", (0.7, 2), derivation=(0.8, 1.5)),
        inputs.number("dose_mg_day", "Warfarin a day", "mg/d", (0.1, _HIGHEST_DOSE_MG)),
        inputs.integer("days", "Days simulated", "d", (1, 120), required=False, default=30.0,
                       default_source="Long enough for the slower chain to settle."),
        inputs.number("loading_dose_mg_day", "Warfarin a day during loading", "mg/d", (0.1, _HIGHEST_DOSE_MG),
                      required=False),
        inputs.integer("loading_days", "Days of loading", "d", (1, 14), required=False),
        inputs.number("target_inr", "INR to reach", "1", (1.2, 5), required=False,
                      description="Gives the maintenance dose for it."),
    ),
    outputs=(
        ("inr_at_end", "1", "INR at the end of the days simulated"),
        ("inr_steady_state", "1", "Mean INR at steady state"),
        ("highest_inr", "1", "Highest INR of the course"),
        ("days_to_inr_2", "d", "Days until the INR reaches 2"),
        ("dose_for_target", "mg/d", "Maintenance dose for the INR asked for"),
        ("clearance", "L/h", "S-warfarin clearance"),
        ("ec50", "mg/L", "S-warfarin of half effect"),
    ),
    source="Hamberg AK, et al. A pharmacometric model describing the relationship between warfarin dose and INR "
    "response with respect to variations in CYP2C9, VKORC1, and age. Clin Pharmacol Ther 2010;87:727-34; parameters as "
    "two public implementations quote them.",
    doi="10.1038/clpt.2010.37",
    population="Swedish and Italian patients starting or on warfarin; ages around 71 years.",
    context_of_use="Teaching and discussion of how genotype, age and dose shape the INR over weeks.",
    model_risk="high",
    limitations=(
        "Typical patient, no band: half of patients differ by a third or more in the dose they need.",
        "The dose enters as its S-warfarin half, as one public implementation does; with the whole dose the same INR "
        "needs half the dose. The paper's own coding could not be confirmed: read courses and ratios, not doses.",
        "No interacting drugs, diet, liver disease, weight or CYP4F2; other CYP2C9 alleles are not known to it.",
        "Never a basis for a dose: the INR decides.",
    ),
)  # fmt: skip


def _response(values: Values) -> Response:
    from twin_backend.engines.transit_response import Response

    clearance, ec50 = _clearance(values), _ec50(values)
    fast, slow = (_COMPARTMENTS / hours for hours in _TRANSIT_TIMES_H)
    return Response(clearance / _VOLUME_L, clearance * ec50, _STEEPNESS, (fast, slow))


def _clearance(values: Values) -> float:
    alleles = [allele.lstrip("*") for allele in values.choice("cyp2c9_genotype").split("/")]
    age = 1 + _AGE_PER_YEAR * (values.number("age_years") - _REFERENCE_AGE)
    return sum(_CLEARANCE_L_PER_H[allele] for allele in alleles) * age


def _ec50(values: Values) -> float:
    return sum(_EC50_MG_PER_L[allele] for allele in values.choice("vkorc1_genotype"))


def _inr(values: Values, mean: Floats | float) -> Floats | float:
    return values.number("baseline_inr") + _GREATEST_RISE * (1 - mean)


def compute(values: Values, _seed: int) -> Result:
    """The INR hour by hour, shown day by day."""
    import numpy as np

    response, days = _response(values), int(values.number("days"))
    doses = np.full(days, values.number("dose_mg_day"))
    doses[: int(values.optional("loading_days") or 0)] = values.optional("loading_dose_mg_day") or doses[0]
    inr = np.asarray(_inr(values, response.mean_of_chains(_S_WARFARIN_SHARE * doses)))
    daily = inr[::24]
    return Result(
        outputs=tuple(_outputs(values, response, inr)),
        series=(
            Series(
                name="inr", label="INR from the first dose", unit="1", time_unit="d",
                times=tuple(float(day) for day in range(days + 1)), values=tuple(daily.tolist()),
            ),
        ),
        warnings=("The typical patient of this genotype and age: individuals differ widely.",),
        solver="Runge-Kutta 4, 1 h steps",
        numerics=Numerics(step="1 h", error_estimate=1e-5, error_basis="INR, against LSODA at 1e-10 (tested)"),
    )  # fmt: skip


def _outputs(values: Values, response: Response, inr: Floats) -> list[Output]:
    import numpy as np

    dose = values.number("dose_mg_day")
    steady = float(_inr(values, response.mean_at_steady_state(_S_WARFARIN_SHARE * dose)))
    end = float(inr[-1])
    rows = [
        measured("inr_at_end", "INR at the end of the days simulated", end, "1", 1, band(end, _BANDS, "above 2-3")),
        measured("inr_steady_state", "Mean INR at steady state", steady, "1", 1, band(steady, _BANDS, "above 2-3")),
        measured("highest_inr", "Highest INR of the course", float(inr.max()), "1", 1),
    ]
    reached = np.flatnonzero(inr >= 2)
    if len(reached):
        rows.append(measured("days_to_inr_2", "Days until the INR reaches 2", float(reached[0]) / 24, "d", 1))
    target = values.optional("target_inr")
    if target is not None:
        wanted = _dose_for(values, response, target)
        rows.append(measured("dose_for_target", "Maintenance dose for the INR asked for", wanted, "mg/d", 1))
    return [
        *rows,
        measured("clearance", "S-warfarin clearance", _clearance(values), "L/h", 3),
        measured("ec50", "S-warfarin of half effect", _ec50(values), "mg/L", 2),
    ]


def _dose_for(values: Values, response: Response, target: float) -> float:
    from scipy.optimize import brentq

    def miss(dose: float) -> float:
        return float(_inr(values, response.mean_at_steady_state(_S_WARFARIN_SHARE * dose))) - target

    found: float = brentq(miss, 1e-6, 20 * _HIGHEST_DOSE_MG)
    return found


def _contradict(values: Values) -> list[str]:
    faults = []
    if values.has("loading_dose_mg_day") != values.has("loading_days"):
        faults.append("loading_dose_mg_day and loading_days go together")
    target = values.optional("target_inr")
    if target is not None and target <= values.number("baseline_inr"):
        faults.append("target_inr must be above baseline_inr")
    return faults


MODEL = Model(CARD, compute, refuse=adults_only, contradict=_contradict)
