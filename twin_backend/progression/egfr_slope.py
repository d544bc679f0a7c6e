"""Decline of eGFR from repeated values, shrunk towards a cohort (random slopes, Laird and Ware 1982, doi:10.2307/2529876)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean

from domain.predictions import Calibration, ModelCard, Numerics, Output, Residual, Series
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# Slopes over 3 years in 249,977 people of 12 kidney-disease cohorts: 12 % under -5 and 7 % over +5 mL/min/1.73 m2/year
# (Naimark 2016). A normal distribution with these tails has mean -0.57 and SD 3.77; seven values over three years with
# an error of 3 mL/min/1.73 m2 add a variance of 9/7 to it, and 3.77^2 - 9/7 = 3.60^2.
_PRIOR_MEAN, _PRIOR_SD = -0.57, 3.60
# Reference change value of eGFR 16.5 % = 1.96 sqrt(2) CV (meta-analysis of 37 studies, 2022)
_WITHIN_PERSON_CV = 0.165 / (1.96 * sqrt(2))
_THRESHOLDS = (45, 30, 15)
_HORIZONS = (2, 5)
_LONGEST_YEARS = 30.0
_UNIT, _SLOPE_UNIT = "mL/min/{1.73_m2}", "mL/min/{1.73_m2}/a"
_Z95 = NormalDist().inv_cdf(0.975)


def _outputs() -> tuple[tuple[str, str, str], ...]:
    rows = [
        ("egfr_slope", _SLOPE_UNIT, "Slope of eGFR, shrunk"),
        ("egfr_slope_low", _SLOPE_UNIT, "Slope of eGFR, 2.5th percentile"),
        ("egfr_slope_high", _SLOPE_UNIT, "Slope of eGFR, 97.5th percentile"),
        ("observed_slope", _SLOPE_UNIT, "Slope of eGFR, least squares of the values alone"),
        ("current_egfr", _UNIT, "eGFR at the last value, smoothed"),
    ]
    for years in _HORIZONS:
        rows.append((f"egfr_in_{years}_years", _UNIT, f"eGFR {years} years after the last value"))
        rows += [
            (f"probability_below_{t}_in_{years}_years", "%", f"Probability that eGFR is under {t} in {years} years")
            for t in _THRESHOLDS
        ]
    for t in _THRESHOLDS:
        rows += [
            (f"years_to_egfr_{t}", "a", f"Years to eGFR {t}, from the last value"),
            (f"years_to_egfr_{t}_low", "a", f"Years to eGFR {t}, 5th percentile"),
            (f"years_to_egfr_{t}_high", "a", f"Years to eGFR {t}, 95th percentile"),
        ]
    return tuple(rows)


CARD = ModelCard(
    id="egfr_slope",
    version="1.0.0",
    title="eGFR slope and time to thresholds",
    aliases=(
        "egfr decline", "egfr trajectory", "gfr slope", "slope of egfr", "ckd progression", "kidney function decline",
        "time to egfr 15", "egfr projection",
    ),
    kind="simulation",
    summary="Yearly change of eGFR from repeated values, with its uncertainty, and when 45, 30 and 15 are reached.",
    inputs=(
        inputs.numbers("egfr_values_ml_min_1_73m2", "eGFR values", _UNIT, (1, 250),
                       description="Two or more, by one equation, outside acute kidney injury."),
        inputs.numbers("egfr_times_years", "Times of the values", "a", (-60, 60),
                       description="One for each value, in years from any common day; months or days with their unit."),
        inputs.number("prior_slope_mean", "Mean slope of people like this one", _SLOPE_UNIT, (-20, 10), required=False,
                      default=_PRIOR_MEAN, default_source="Naimark 2016, kidney-disease cohorts."),
        inputs.number("prior_slope_sd", "Standard deviation of their slopes", _SLOPE_UNIT, (0.1, 20), required=False,
                      default=_PRIOR_SD, default_source="Naimark 2016, without measurement error."),
        inputs.number("within_person_cv_percent", "Variation of eGFR within a person", "%", (1, 30), required=False,
                      default=round(100 * _WITHIN_PERSON_CV, 2),
                      default_source="Reference change value 16.5 %, meta-analysis 2022."),
        inputs.OPTIONAL_AGE,
    ),
    outputs=_outputs(),
    source="Laird NM, Ware JH. Random-effects models for longitudinal data. Biometrics 1982;38:963-74 (method); Naimark "
    "DMJ, et al. Past decline versus current eGFR and subsequent mortality risk. J Am Soc Nephrol 2016;27:2456-66 "
    "(distribution of slopes); Biological variation and reference change value of the estimated glomerular filtration "
    "rate in humans. Front Med 2022;9:1009358 (doi:10.3389/fmed.2022.1009358; variation within a person).",
    doi="10.2307/2529876",
    population="Prior: 249,977 people of 12 kidney-disease cohorts with slopes over three years, mean age about 75, nine "
    "in ten men.",
    context_of_use="Adults with chronic kidney disease and stable treatment: how fast, how sure, and how soon.",
    model_risk="medium",
    limitations=(
        "A straight line, ended at zero: no acceleration, no acute injury, no effect of starting treatment (SGLT2 inhibitors and RAS "
        "blockers lower eGFR at once and slow its decline later).",
        "Death before the threshold is not taken into account.",
        "The prior's mean and spread are inferred from two published tail shares, taking slopes as normal.",
        "Probabilities are of the underlying eGFR; a single measured value scatters about 6 % around it.",
        "Not kidney failure risk: use KFRE for that.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class _Line:
    """The posterior of level and slope: eGFR years after the last value is normal with this mean and variance."""

    level: float
    slope: float
    level_variance: float
    covariance: float
    slope_variance: float

    def at(self, years: float) -> NormalDist:
        variance = self.level_variance + 2 * years * self.covariance + years**2 * self.slope_variance
        return NormalDist(self.level + self.slope * years, sqrt(variance))

    def below(self, threshold: float, years: float) -> float:
        """The probability that eGFR is under the threshold then."""
        return self.at(years).cdf(threshold)

    def years_until(self, threshold: float, probability: float) -> float | None:
        """When the probability of being under the threshold first reaches this; None where it does not in 30 years."""
        step, before = 0.02, self.below(threshold, 0.0)
        if before >= probability:
            return 0.0
        for k in range(1, round(_LONGEST_YEARS / step) + 1):
            after = self.below(threshold, k * step)
            if after >= probability:
                return step * (k - 1 + (probability - before) / (after - before))
            before = after
        return None


def posterior(times: list[float], values: list[float], mean: float, sd: float, error_sd: float) -> _Line:
    """Best linear unbiased prediction of level (flat prior) and slope (normal prior); `times` end at 0."""
    weight = 1 / error_sd**2
    n, st, stt = len(times) * weight, sum(times) * weight, sum(t * t for t in times) * weight + 1 / sd**2
    sy = sum(values) * weight
    sty = sum(t * y for t, y in zip(times, values, strict=True)) * weight + mean / sd**2
    determinant = n * stt - st**2
    return _Line(
        level=(stt * sy - st * sty) / determinant,
        slope=(n * sty - st * sy) / determinant,
        level_variance=stt / determinant,
        covariance=-st / determinant,
        slope_variance=n / determinant,
    )


def compute(values: Values) -> Result:
    """The line, its uncertainty, and where it meets the thresholds."""
    egfr, given = list(values.numbers("egfr_values_ml_min_1_73m2")), values.numbers("egfr_times_years")
    times = [t - max(given) for t in given]
    error_sd = values.number("within_person_cv_percent") / 100 * fmean(egfr)
    prior_sd = values.number("prior_slope_sd")
    line = posterior(times, egfr, values.number("prior_slope_mean"), prior_sd, error_sd)
    shrinkage = line.slope_variance / prior_sd**2
    return Result(
        outputs=(*_slopes(line, times, egfr, shrinkage), *_horizons(line), *_arrivals(line)),
        series=(_series(line),),
        warnings=tuple(_warnings(times, egfr, line)),
        solver="closed form (best linear unbiased prediction)",
        numerics=Numerics(step="0.02 years in the search for percentiles of the time to a threshold"),
        calibration=Calibration(
            method="random slope with a normal prior, empirical Bayes",
            residuals=tuple(
                Residual(name=f"eGFR at {t:+.2f} years", measured=y, predicted=line.level + line.slope * t, unit=_UNIT,
                         standardised=(y - line.level - line.slope * t) / error_sd)
                for t, y in zip(times, egfr, strict=True)
            ),
            shrinkage={"slope": shrinkage},
        ),
    )  # fmt: skip


def _slopes(line: _Line, times: list[float], egfr: list[float], shrinkage: float) -> Iterator[Output]:
    half = _Z95 * sqrt(line.slope_variance)
    middle, mean = fmean(times), fmean(egfr)
    observed = sum((t - middle) * (y - mean) for t, y in zip(times, egfr, strict=True)) / sum(
        (t - middle) ** 2 for t in times
    )
    labels = {name: label for name, _, label in CARD.outputs}
    speed = "rapid progression (KDIGO: a sustained fall of more than 5 a year)" if line.slope < -5 else ""
    weight = f"the values carry {100 * (1 - shrinkage):.0f} % of the weight, the cohort the rest"
    for name, value, note in (
        ("egfr_slope", line.slope, "; ".join(part for part in (speed, weight) if part)),
        ("egfr_slope_low", line.slope - half, ""),
        ("egfr_slope_high", line.slope + half, ""),
        ("observed_slope", observed, "not shrunk; for comparison"),
    ):
        yield measured(name, labels[name], value, _SLOPE_UNIT, 1, note)
    yield measured("current_egfr", labels["current_egfr"], line.level, _UNIT, 0)


def _horizons(line: _Line) -> Iterator[Output]:
    for years in _HORIZONS:
        then = line.at(years)
        low, high = (max(then.mean + side * _Z95 * then.stdev, 0.0) for side in (-1, 1))
        note = "the line has reached zero by then: kidney failure" if then.mean <= 0 else ""
        note = note or f"95 % interval {low:.0f} to {high:.0f}"
        label = f"eGFR {years} years after the last value"
        yield measured(f"egfr_in_{years}_years", label, max(then.mean, 0.0), _UNIT, 0, note)
        for threshold in _THRESHOLDS:
            yield measured(
                f"probability_below_{threshold}_in_{years}_years",
                f"Probability that eGFR is under {threshold} in {years} years",
                100 * line.below(threshold, years),
                "%",
                0,
                "already under it" if line.level < threshold else "",
            )


def _arrivals(line: _Line) -> Iterator[Output]:
    """When thresholds still ahead are reached; what is not reached within 30 years is left out."""
    for threshold in _THRESHOLDS:
        if line.level < threshold:
            continue
        for suffix, probability, which in (
            ("", 0.5, ", from the last value"),
            ("_low", 0.05, ", 5th percentile"),
            ("_high", 0.95, ", 95th percentile"),
        ):
            years = line.years_until(threshold, probability)
            if years is not None:
                yield measured(f"years_to_egfr_{threshold}{suffix}", f"Years to eGFR {threshold}{which}", years, "a", 1)


def _series(line: _Line) -> Series:
    times = [k / 4 for k in range(41)]
    courses = [line.at(t) for t in times]
    return Series(
        name="egfr", label="eGFR after the last value", unit=_UNIT, time_unit="a", times=tuple(times),
        values=tuple(max(c.mean, 0.0) for c in courses),
        lower=tuple(max(c.inv_cdf(0.05), 0.0) for c in courses),
        upper=tuple(max(c.inv_cdf(0.95), 0.0) for c in courses), band="5th to 95th percentile of the underlying eGFR",
    )  # fmt: skip


def _warnings(times: list[float], egfr: list[float], line: _Line) -> Iterator[str]:
    if -min(times) < 1:
        yield f"The values span {-min(times):.1f} years only; the slope rests mostly on the cohort."
    if fmean(egfr) > 60:
        yield "The cohort of the prior had chronic kidney disease; these values are mostly over 60."
    late = [t for t in _THRESHOLDS if line.level >= t and line.years_until(t, 0.5) is None]
    if late:
        yield f"On the estimated line eGFR {' and '.join(map(str, late))} is not reached within 30 years."


def _contradict(values: Values) -> list[str]:
    egfr, times = values.numbers("egfr_values_ml_min_1_73m2"), values.numbers("egfr_times_years")
    if len(egfr) != len(times):
        return [f"egfr_values_ml_min_1_73m2 has {len(egfr)} values and egfr_times_years {len(times)}"]
    if max(times) - min(times) < 1 / 365:
        return ["egfr_times_years needs two or more different times"]
    return []


MODEL = Model(CARD, closed_form(compute), refuse=adults_only, contradict=_contradict)
