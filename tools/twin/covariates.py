"""What the twin needs, found in the chart: each input with the resource it was read from.

Which concept feeds which model input is data (`data/covariates.json`). A measurement that the chart lacks stays missing.
A yes/no criterion that no row mentions is passed as absent only with the origin "assumed_absent", which the run shows.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

from domain.patient import Covariate
from domain.predictions import ModelInput
from domain.quantities import Quantity
from tools.context import ToolContext, cite
from tools.measurements.readings import Reading, readings
from tools.problems import conditions_of

_NOT_STATED = {"", "unknown", "asked but unknown", "declined", "refused", "not stated"}


@lru_cache(maxsize=1)
def _sources() -> dict[str, Any]:
    text = resources.files("tools").joinpath("data/covariates.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def concept_of_input(name: str) -> str:
    """The result that feeds a model's input, empty for an input that no result feeds."""
    return str(_sources()["numbers"].get(name, ""))


def flags_of(condition: str) -> tuple[str, ...]:
    """The yes-or-no inputs that a condition fills, by its id."""
    return tuple(name for name, source in _sources()["flags"].items() if condition in source.get("conditions", ()))


def covariate(ctx: ToolContext, wanted: ModelInput) -> Covariate | None:
    """The input as the chart has it at `as_of`, or None when the chart does not say."""
    if wanted.name == "age_years":
        return _age(ctx)
    if wanted.name == "sex":
        return _sex(ctx)
    if wanted.name == "diabetes_type":
        return _diabetes_type(ctx, wanted)
    if wanted.name == "race":
        return _race(ctx, wanted)
    if wanted.name == "region" and "north_america" in wanted.choices:
        return _region(ctx)
    if wanted.name in _sources()["numbers"]:
        return _number(ctx, wanted)
    if wanted.name in _sources()["flags"]:
        return _flag(ctx, wanted.name)
    return None


def _age(ctx: ToolContext) -> Covariate | None:
    if ctx.chart.age is None:
        return None
    quote = f"born {ctx.chart.patient.birth_date}"
    return Covariate(
        name="age_years",
        value=Quantity(value=ctx.chart.age, unit="a"),
        time=ctx.as_of,
        origin="resource",
        evidence=cite(ctx.chart.patient, quote),
    )


def _sex(ctx: ToolContext) -> Covariate | None:
    patient = ctx.chart.patient
    value = {"F": "female", "M": "male"}.get(patient.birth_sex, patient.gender)
    if value not in {"female", "male"}:
        return None
    return Covariate(name="sex", value=value, origin="resource", evidence=cite(patient, f"sex {value}"))


def _diabetes_type(ctx: ToolContext, wanted: ModelInput) -> Covariate | None:
    for condition_id, value in (("type_1_diabetes", "type_1"), ("type_2_diabetes", "type_2")):
        target = ctx.lexicon.resolve(condition_id, "condition")
        rows = conditions_of(ctx, target) if target else []
        if rows and value in wanted.choices:
            return Covariate(
                name="diabetes_type", value=value, time=rows[-1].time, origin="resource", evidence=cite(rows[-1])
            )
    return None


def _race(ctx: ToolContext, wanted: ModelInput) -> Covariate | None:
    recorded = ctx.chart.patient.race.lower()
    for choice in wanted.choices:
        words = {"african_american": ("black", "african american"), "black": ("black",), "white": ("white",)}
        if any(w in recorded for w in words.get(choice, (choice.replace("_", " "),))):
            return Covariate(
                name="race", value=choice, origin="resource", evidence=cite(ctx.chart.patient, f"race {recorded}")
            )
    if recorded in _NOT_STATED:
        return None
    if "other" in wanted.choices and not wanted.default_source:
        return Covariate(
            name="race", value="other", origin="resource", evidence=cite(ctx.chart.patient, f"race {recorded}")
        )
    if "white" in wanted.choices and wanted.default_source:
        note = f"recorded race is {recorded}; {wanted.default_source}"
        return Covariate(
            name="race",
            value="white",
            origin="guideline_default",
            note=note,
            evidence=cite(ctx.chart.patient, f"race {recorded}"),
        )
    return None


_NORTH_AMERICA = frozenset({"us", "usa", "united states", "united states of america", "ca", "can", "canada"})


def _region(ctx: ToolContext) -> Covariate | None:
    """The calibration of a risk equation by the country of the address: the United States and Canada, or elsewhere."""
    country = ctx.chart.patient.address_country
    if not country.strip():
        return None
    value = "north_america" if country.strip().lower() in _NORTH_AMERICA else "non_north_america"
    evidence = cite(ctx.chart.patient, f"address in {country}")
    return Covariate(name="region", value=value, origin="resource", note=f"address in {country}", evidence=evidence)


def _number(ctx: ToolContext, wanted: ModelInput) -> Covariate | None:
    target = ctx.lexicon.resolve(_sources()["numbers"][wanted.name], "observation")
    found = [r for r in readings(ctx, target) if r.value is not None] if target else []
    return of_reading(wanted, found[-1]) if found else None


def of_reading(wanted: ModelInput, reading: Reading) -> Covariate:
    """An input as one result gives it; of a value that was only reported as beyond a limit, the limit."""
    unit = reading.unit or wanted.unit
    note = f"recorded as {reading.shown}; the limit was used" if reading.comparator else ""
    return Covariate(
        name=wanted.name,
        value=Quantity(value=reading.value or 0.0, unit=unit),
        time=reading.time,
        origin="resource",
        note=note,
        evidence=reading.evidence,
    )


def _flag(ctx: ToolContext, name: str) -> Covariate:
    source = _sources()["flags"][name]
    if source.get("smoking"):
        return _smoking(ctx, name)
    for condition_id in source.get("conditions", ()):
        target = ctx.lexicon.resolve(condition_id, "condition")
        rows = conditions_of(ctx, target) if target else []
        if rows:
            return _present(name, rows[-1])
    for drug in source.get("medications", ()):
        target = ctx.lexicon.resolve(drug, "drug_class", "medication")
        active = [
            r
            for r in ctx.chart.medications
            if target and r.status == "active" and ctx.lexicon.matches(target, r, "medication")
        ]
        if active:
            return _present(name, active[-1])
    for procedure in source.get("procedures", ()):
        target = ctx.lexicon.resolve(procedure, "procedure")
        done = [r for r in ctx.chart.procedures if target and ctx.lexicon.matches(target, r, "procedure")]
        if done:
            return _present(name, done[-1])
    if "observation_above" in source:
        concept, limit = source["observation_above"]
        target = ctx.lexicon.resolve(concept, "observation")
        found = [r for r in readings(ctx, target) if r.value is not None] if target else []
        if found and (found[-1].value or 0.0) > limit:
            last = found[-1]
            return Covariate(name=name, value=True, time=last.time, origin="resource", evidence=last.evidence)
    return _assumed_absent(name)


def _present(name: str, row: Any) -> Covariate:
    return Covariate(name=name, value=True, time=row.time, origin="resource", evidence=cite(row))


def _assumed_absent(name: str) -> Covariate:
    return Covariate(name=name, value=False, origin="assumed_absent", note="not mentioned in the record")


def _smoking(ctx: ToolContext, name: str) -> Covariate:
    target = ctx.lexicon.resolve("tobacco_status", "observation")
    found = [r for r in readings(ctx, target) if r.text] if target else []
    if not found:
        return _assumed_absent(name)
    last = found[-1]
    text = last.text.lower()
    smokes = not any(w in text for w in ("never", "former", "ex-smoker", "non-smoker", "nonsmoker", "not a"))
    return Covariate(name=name, value=smokes, time=last.time, origin="resource", evidence=last.evidence)
