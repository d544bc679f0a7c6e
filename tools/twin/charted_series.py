"""Inputs of the twin that are a course of results: the eGFR values of the chart with their times, for its slope."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.errors import ChartTwinError
from domain.predictions import ModelCard
from tools.context import ToolContext, day
from tools.events.visits import encounter_rows
from tools.measurements.readings import Reading, readings

_VALUES, _TIMES = "egfr_values_ml_min_1_73m2", "egfr_times_years"
_UNIT = "mL/min/{1.73_m2}"
_DAYS_OF_YEAR = 365.25
_SHORTEST_DAYS = 90  # KDIGO: what is to be chronic lasts three months
_FORMULA = "ckd_epi_2021_creatinine"


def series_inputs(ctx: ToolContext, card: ModelCard) -> dict[str, Any]:
    """The eGFR course for a model that takes one; empty where the chart has no two values, three months apart, outside hospital.

    Reported values go before those computed from creatinine (CKD-EPI 2021, the age at each), and the two are not mixed.
    """
    if not {_VALUES, _TIMES} <= {i.name for i in card.inputs}:
        return {}
    points, note = [(r, float(r.value)) for r in _of(ctx, "egfr") if r.value is not None], "as reported"
    if len(points) < 2:
        points, note = _computed(ctx), "CKD-EPI 2021 from each creatinine"
    steady = [(r, value) for r, value in points if r.time is not None and not _in_hospital(ctx, r.time)]
    days = {r.time.date(): (r, value) for r, value in steady if r.time is not None}
    if len(days) < 2 or (max(days) - min(days)).days < _SHORTEST_DAYS:
        return {}
    first, last = min(days), max(days)
    held = {"time": days[last][0].time, "origin": "resource" if note == "as reported" else "derived"}
    left_out = len(points) - len(steady)
    told = f"{len(days)} values from {day(days[first][0].time)} to {day(days[last][0].time)}, {note}"
    told += f"; {left_out} of hospital stays left out" if left_out else ""
    values = [days[d][1] for d in sorted(days)]
    times = [round((d - first).days / _DAYS_OF_YEAR, 3) for d in sorted(days)]
    return {
        _VALUES: {"value": values, "unit": _UNIT, "note": told, "evidence": days[last][0].evidence, **held},
        _TIMES: {"value": times, "unit": "a", "note": f"years after {day(days[first][0].time)}", **held},
    }


def _in_hospital(ctx: ToolContext, moment: datetime) -> bool:
    """Whether a result is of a hospital stay or an emergency: acute illness is no slope."""
    visits = [*encounter_rows(ctx, "inpatient"), *encounter_rows(ctx, "emergency")]
    stays = [(v.start or v.time, v.end or v.start or v.time) for v in visits]
    return any(s is not None and e is not None and s.date() <= moment.date() <= e.date() for s, e in stays)


def _of(ctx: ToolContext, name: str) -> list[Reading]:
    target = ctx.lexicon.resolve(name, "observation")
    return [r for r in readings(ctx, target) if r.value is not None and r.time is not None] if target else []


def _computed(ctx: ToolContext) -> list[tuple[Reading, float]]:
    """The eGFR of each creatinine, at the age that the patient had; none without a birth date and a sex."""
    born = ctx.chart.patient.birth_date
    sex = {"F": "female", "M": "male"}.get(ctx.chart.patient.birth_sex, ctx.chart.patient.gender)
    if born is None or sex not in {"female", "male"}:
        return []
    found = []
    for reading in _of(ctx, "creatinine"):
        if reading.time is None or reading.value is None:
            continue
        age = int((reading.time.date() - born).days / _DAYS_OF_YEAR)
        given = {"creatinine_mg_dl": {"value": reading.value, "unit": reading.unit}, "age_years": age, "sex": sex}
        try:
            run = ctx.twin.predict(_FORMULA, given)
        except ChartTwinError:  # a child's creatinine, or a value that the formula was not made for
            continue
        value = run.outputs[0].value
        if isinstance(value, int | float):
            found.append((reading, float(value)))
    return found
