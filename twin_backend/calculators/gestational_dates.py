"""Due date and gestational age by last period and by crown-rump length (ACOG Committee Opinion 700, 2017).

doi:10.1097/AOG.0000000000002046; crown-rump length: Robinson and Fleming 1975, doi:10.1111/j.1471-0528.1975.tb00710.x
"""

from __future__ import annotations

from datetime import date, timedelta
from math import sqrt

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import category, measured
from twin_backend.model import Model, Result, Values, closed_form

_TERM_DAYS, _USUAL_CYCLE_DAYS, _LONGEST_DAYS, _OVULATION_DAY = 280, 28, 308, 14
# ACOG 700: ultrasound dates instead of the period where they differ by more days than this
_EARLY_UP_TO_DAYS, _EARLY_DISAGREEMENT, _LATER_DISAGREEMENT = 62, 5, 7
_ULTRASOUND = ("ultrasound_date", "crl_mm")

CARD = ModelCard(
    id="gestational_dates",
    version="1.0.0",
    title="Due date and gestational age",
    aliases=(
        "estimated due date", "due date calculator", "edd", "expected date of delivery", "estimated date of delivery",
        "gestational age calculator", "pregnancy dating", "naegele", "naegele's rule", "naegele rule", "crl dating",
        "robinson crl",
    ),
    kind="calculator",
    summary="Due date by the last period, by crown-rump length and by ACOG's choice of the two, and the age on a day.",
    inputs=(
        inputs.day("lmp_date", "First day of the last menstrual period", required=False),
        inputs.integer("cycle_length_days", "Usual cycle length", "d", (20, 45), required=False, default=28.0,
                       default_source="Naegele's rule assumes a 28-day cycle."),
        inputs.day("ultrasound_date", "Day of the ultrasound", required=False),
        inputs.number("crl_mm", "Crown-rump length", "mm", (1, 120), required=False, derivation=(5, 84)),
        inputs.day("as_of_date", "Day for which the gestational age is wanted", required=False),
    ),
    outputs=(
        ("edd", "", "Due date"),
        ("conception_date", "", "Date of conception"),
        ("edd_lmp", "", "Due date by last period"),
        ("edd_ultrasound", "", "Due date by crown-rump length"),
        ("crl_gestational_age_days", "d", "Gestational age by crown-rump length, on the day of the ultrasound"),
        ("gestational_age", "", "Gestational age"),
        ("gestational_age_days", "d", "Gestational age in days"),
    ),
    source="American College of Obstetricians and Gynecologists. Committee Opinion 700: methods for estimating the due "
    "date. Obstet Gynecol 2017;129:e150-4; crown-rump length: Robinson HP, Fleming JE. Br J Obstet Gynaecol "
    "1975;82:702-10 (doi:10.1111/j.1471-0528.1975.tb00710.x), with its correction of the sound velocity (1.037).",
    doi="10.1097/AOG.0000000000002046",
    population="Crown-rump length: 334 measurements in pregnancies with a certain period, 6 to 14 weeks.",
    context_of_use="Singleton pregnancies, natural conception: dating, once, by period and first-trimester ultrasound.",
    model_risk="medium",
    limitations=(
        "Naegele's rule is used as 280 days, as ACOG does; counting calendar months can differ by two days.",
        "Assumes a certain period; cycle length other than 28 days moves the due date by the difference.",
        "Not for assisted conception, where the day of transfer dates the pregnancy.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Period + 280 days (+ cycle - 28); CRL: 8.052 x sqrt(1.037 x CRL) + 23.73 days on the day of the scan."""
    by_period = _zero_by_period(values) if values.has("lmp_date") else None
    by_scan = _zero_by_scan(values) if values.has("crl_mm") else None
    zero, method = _chosen(values, by_period, by_scan)
    outputs = [_due("edd", zero, method), _conception(zero)]
    if by_period:
        outputs.append(_due("edd_lmp", by_period, "280 days after the last period"))
    if by_scan:
        outputs.append(_due("edd_ultrasound", by_scan, "Robinson and Fleming 1975"))
        days = _crl_days(values.number("crl_mm"))
        outputs.append(_age("crl_gestational_age_days", days, "on the day of the ultrasound"))
    if values.has("as_of_date"):
        outputs += _ages((values.day("as_of_date") - zero).days, method)
    return Result(outputs=tuple(outputs))


def _crl_days(crl_mm: float) -> float:
    return 8.052 * sqrt(1.037 * crl_mm) + 23.73


def _zero_by_period(values: Values) -> date:
    """The day from which gestational age counts; a cycle over 28 days moves it later."""
    return values.day("lmp_date") + timedelta(days=values.number("cycle_length_days") - _USUAL_CYCLE_DAYS)


def _zero_by_scan(values: Values) -> date:
    return values.day("ultrasound_date") - timedelta(days=int(_crl_days(values.number("crl_mm")) + 0.5))


def _chosen(values: Values, by_period: date | None, by_scan: date | None) -> tuple[date, str]:
    if by_scan is None or by_period is None:
        single = ((by_period, "by last period"), (by_scan, "by crown-rump length"))
        return next((zero, how) for zero, how in single if zero)
    age_by_period = (values.day("ultrasound_date") - by_period).days
    limit = _EARLY_DISAGREEMENT if age_by_period <= _EARLY_UP_TO_DAYS else _LATER_DISAGREEMENT
    apart = abs((by_period - by_scan).days)
    if apart > limit:
        return by_scan, f"by crown-rump length: {apart} days from the period, over {limit}"
    return by_period, f"by last period: within {limit} days of the ultrasound"


def _label(name: str) -> str:
    return next(label for output, _, label in CARD.outputs if output == name)


def _due(name: str, zero: date, how: str) -> Output:
    return category(name, _label(name), (zero + timedelta(days=_TERM_DAYS)).isoformat(), how)


def _weeks_and_days(days: int) -> str:
    return f"{days // 7} weeks {days % 7} days"


def _conception(zero: date) -> Output:
    day = zero + timedelta(days=_OVULATION_DAY)
    return category(
        "conception_date", _label("conception_date"), day.isoformat(), "14 days into the pregnancy as dated"
    )


def _age(name: str, days: float, how: str) -> Output:
    return measured(name, _label(name), days, "d", 0, how, written=_weeks_and_days(int(days + 0.5)))


def _ages(days: int, method: str) -> list[Output]:
    return [
        category("gestational_age", _label("gestational_age"), _weeks_and_days(days), method),
        _age("gestational_age_days", days, method),
    ]


def _needed(values: Values) -> list[str]:
    if not any(values.has(name) for name in ("lmp_date", *_ULTRASOUND)):
        return ["lmp_date", *_ULTRASOUND]
    given = [name for name in _ULTRASOUND if values.has(name)]
    return [name for name in _ULTRASOUND if len(given) == 1 and name not in given]


def _contradict(values: Values) -> list[str]:
    reasons = []
    if values.has("lmp_date"):
        reasons += [
            f"{name} is before lmp_date"
            for name in ("ultrasound_date", "as_of_date")
            if values.has(name) and values.day(name) < values.day("lmp_date")
        ]
    return reasons


def _refuse(values: Values) -> list[str]:
    """Days on which this pregnancy has not begun or must have ended."""
    zeros = [_zero_by_period(values)] if values.has("lmp_date") else []
    zeros += [_zero_by_scan(values)] if values.has("crl_mm") else []
    return [
        f"{name} is {(values.day(name) - zero).days} days from the start of the pregnancy, outside 0 to {_LONGEST_DAYS}"
        for name in ("ultrasound_date", "as_of_date")
        for zero in zeros
        if values.has(name) and not 0 <= (values.day(name) - zero).days <= _LONGEST_DAYS
    ][:1]


MODEL = Model(
    CARD, closed_form(compute), declines=("crl_mm",), refuse=_refuse, also_needed=_needed, contradict=_contradict
)
