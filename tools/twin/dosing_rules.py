"""Dosing plans as proposals: what is ordered, what a guideline says, what a target needs. Rules and limits are data."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from domain.errors import ChartTwinError, UnitMismatch, UnknownUnit
from domain.facts import Evidence, Frozen
from domain.predictions import ModelCard, ModelRun
from domain.quantities import convert
from tools.concepts import Target
from tools.context import ToolContext, cite, day, number, plain_name
from tools.drugs.medications import courses
from tools.measurements.changes import daily_amount, interval_hours

_RATIO = re.compile(r"\b1 unit (?:per|for(?: every| each)?|: ?|/) ?(\d+(?:\.\d+)?) ?g\b", re.IGNORECASE)


class Plan(Frozen):
    """One proposal: the inputs it sets, who proposes it and on what grounds."""

    name: str
    by: str  # the specialist whose side of the question it comes from
    changes: dict[str, Any]
    source: str
    evidence: tuple[Evidence, ...] = ()
    flags: tuple[str, ...] = ()


class Proposals(Frozen):
    """The plans, and what could not be proposed with the reason."""

    plans: tuple[Plan, ...] = ()
    left_out: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def _rules() -> dict[str, dict[str, Any]]:
    loaded = json.loads(resources.files("tools").joinpath("data/dosing_plans.json").read_text("utf-8"))["drugs"]
    return {name: loaded[spec["like"]] if "like" in spec else spec for name, spec in loaded.items()}


def drugs_with_plans() -> tuple[str, ...]:
    """The names that `rules_for` knows."""
    return tuple(_rules())


def rules_for(name: str) -> dict[str, Any] | None:
    """The rules of a drug id, None when there are none."""
    return _rules().get(name)


def current_plan(ctx: ToolContext, target: Target, rules: Mapping[str, Any]) -> tuple[Plan | None, str]:
    """The regimen that the record has: the active order, else the newest regular one, and it is said that it is not active."""
    if "ratio" in rules:
        return _ratio_plan(ctx, target, rules)
    if "dose" not in rules:
        return None, ""
    found = courses(ctx, target)
    ordered = [c for c in found if c.is_active] or sorted(
        found, key=lambda c: c.rows[-1].time.timestamp() if c.rows[-1].time else 0.0
    )
    for course in reversed(ordered):
        row = next((r for r in reversed(course.rows) if r.kind != "administration" and interval_hours(r)), None)
        if row is None:
            continue
        dose = _in_unit(daily_amount(row) if rules.get("per_day") else row.dose_value, row.dose_unit, rules["unit"])
        if dose is None:
            continue
        hours = interval_hours(row)
        held = {"time": row.time, "origin": "resource", "evidence": cite(row)}
        changes: dict[str, Any] = {rules["dose"]: {"value": dose, **held}}
        if "interval" in rules:
            changes[rules["interval"]] = {"value": hours, **held}
        state = "active" if course.is_active else f"{row.status}, not active now"
        amount = f"{number(row.dose_value or 0.0, 4)} {row.dose_unit} every {number(hours or 0)} h"
        plan = Plan(
            name="current order" if course.is_active else "last order", by="chart", changes=changes,
            source=f"{amount}, ordered {day(row.time)}, {state}", evidence=(cite(row),), flags=_out_of_range(rules, changes),
        )  # fmt: skip
        return plan, ""
    return None, f"current order: the record has no {target.label} order with dose and frequency"


def _ratio_plan(ctx: ToolContext, target: Target, rules: Mapping[str, Any]) -> tuple[Plan | None, str]:
    for course in courses(ctx, target):
        row = course.latest
        match = _RATIO.search(row.dosage_text or "")
        if match is not None and course.is_active:
            grams = float(match[1])
            plan = Plan(
                name="bolus by the ordered ratio", by="chart",
                changes={rules["dose"]: {"of": rules["ratio"]["input"], "divided_by": grams}},
                source=f"{plain_name(row.display)}: {rules['ratio']['words'].format(n=number(grams))}, ordered {day(row.time)}",
                evidence=(cite(row, row.dosage_text),),
            )  # fmt: skip
            return plan, ""
    return None, "bolus by ratio: no active order states units per gram of carbohydrate"


def _in_unit(value: float | None, unit: str, wanted: str) -> float | None:
    if value is None:
        return None
    try:
        return round(convert(value, unit, wanted), 6)
    except (UnitMismatch, UnknownUnit):
        return None


def guideline_plans(rules: Mapping[str, Any], weight_kg: float | None, crcl: float | None) -> Proposals:
    """The plans of the written rules for this weight and creatinine clearance."""
    plans: list[Plan] = []
    left_out: list[str] = []
    for rule in rules["rules"]:
        if ("crcl_from" in rule or "crcl_below" in rule) and not _for_this_kidney(rule, crcl, left_out):
            continue
        changes = _changes_of(rule, rules, weight_kg, crcl)
        if changes is None:
            left_out.append(f"{rule['name']}: no body weight is documented")
            continue
        plans.append(
            Plan(
                name=_named(rule["name"], rules, changes) if "per_kg" in rule or "daily_per_crcl" in rule else rule["name"],
                by=rule["by"], changes=changes, source=rule["source"], flags=_out_of_range(rules, changes),
            )
        )  # fmt: skip
    return Proposals(plans=tuple(plans), left_out=tuple(left_out))


def _for_this_kidney(rule: Mapping[str, Any], crcl: float | None, left_out: list[str]) -> bool:
    if crcl is None:
        left_out.append(f"{rule['name']}: no creatinine clearance can be calculated")
        return False
    fits: bool = rule.get("crcl_from", 0) <= crcl < rule.get("crcl_below", math.inf)
    if not fits and "why_not" in rule:
        left_out.append(f"{rule['name']}: {rule['why_not']}, here creatinine clearance is {crcl:.0f} mL/min")
    return fits


def _changes_of(
    rule: Mapping[str, Any], rules: Mapping[str, Any], weight_kg: float | None, crcl: float | None
) -> dict[str, Any] | None:
    if "fixed" in rule:
        return dict(rule["fixed"])
    if "per_kg" in rule:
        if weight_kg is None:
            return None
        dose = _rounded(rule["per_kg"] * weight_kg, rules["step"])
        return {rules["dose"]: dose, rules["interval"]: float(rule["interval_h"])}
    return _split(rule["daily_per_crcl"] * (crcl or 0.0), rules, None)


def _named(name: str, rules: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
    regimen = f"{number(changes[rules['dose']])} {rules['unit']} every {number(changes[rules['interval']])} h"
    return f"{name}, here {regimen}" if regimen.split(" every ")[1] not in name else f"{name} ({regimen})"


def _rounded(dose: float, step: float) -> float:
    return max(step, round(dose / step) * step)


def _split(daily: float, rules: Mapping[str, Any], half_life_h: float | None) -> dict[str, Any]:
    """A daily amount as a dose and an interval.

    The interval is the one of the standard ones nearest to the half-life (12 h without one) whose dose can be given.
    """
    low, high = rules["single"]
    wanted = min(max(half_life_h or 12.0, rules["intervals"][0]), rules["intervals"][-1])
    fitting = [h for h in rules["intervals"] if low <= daily * h / 24 <= high] or [rules["intervals"][-1]]
    hours = min(fitting, key=lambda h: abs(math.log(h / wanted)))
    return {rules["dose"]: _rounded(daily * hours / 24, rules["step"]), rules["interval"]: float(hours)}


def target_plan(
    ctx: ToolContext, card: ModelCard, base: Mapping[str, Any], rules: Mapping[str, Any], pilot: ModelRun
) -> tuple[Plan | None, str]:
    """The regimen that brings the model's own estimate to the target, or why none is proposed."""
    target = rules.get("target")
    if target is None:
        return None, ""
    daily = _daily_for(ctx, card, base, rules, pilot)
    if daily is None:
        return None, f"{target['label']}: the model gives no dose for it"
    limit = rules.get("limits", {}).get("daily_max")
    if limit is not None and daily > limit:
        return None, (
            f"{target['label']}: it would take {number(daily, 0)} {rules['unit']} a day, above the limit of "
            f"{number(limit)} ({rules['limits']['source']})"
        )
    if rules.get("per_day"):
        changes: dict[str, Any] = {rules["dose"]: _rounded(daily, rules["step"])}
        regimen = f"{number(changes[rules['dose']])} {rules['unit']} a day"
    else:
        half_life = next((float(o.value) for o in pilot.outputs if o.name == "half_life"), None)
        changes = _split(daily, rules, half_life)
        regimen = f"{number(changes[rules['dose']])} {rules['unit']} every {number(changes[rules['interval']])} h"
    return (
        Plan(
            name=f"aimed at {target['label']}, {regimen}", by="simulation", changes=changes, source=target["source"],
            flags=_out_of_range(rules, changes),
        ),
        "",
    )  # fmt: skip


def _daily_for(
    ctx: ToolContext, card: ModelCard, base: Mapping[str, Any], rules: Mapping[str, Any], pilot: ModelRun
) -> float | None:
    """The daily amount for the target: what the model itself gives, else in proportion, which holds for linear models."""
    target = rules["target"]
    if "input" in target:
        try:
            run = ctx.twin.predict(card.id, {**base, target["input"]: target["value"]})
            return float(run.output(target["dose_output"]).value)
        except (ChartTwinError, KeyError):
            return None
    used = {i.name: i.value for i in pilot.inputs}
    reached = pilot.output(target["output"]).value
    dose, hours = used.get(rules["dose"]), used.get(rules.get("interval", ""), 24.0)
    if not all(isinstance(v, int | float) and v > 0 for v in (reached, dose, hours)):
        return None
    return float(dose) * 24.0 / float(hours) * target["value"] / float(reached)  # type: ignore[arg-type]


def stated_plan(given: Mapping[str, Any], rules: Mapping[str, Any], number_: int) -> Plan:
    """A plan that the question states: `{"name", "dose", "interval_h"}` or inputs of the model by name."""
    changes = {k: v for k, v in given.items() if k not in {"name", "dose", "interval_h", "proposed_by"}}
    if "dose" in given and "dose" in rules:
        changes[rules["dose"]] = given["dose"]
    if "interval_h" in given and "interval" in rules:
        changes[rules["interval"]] = given["interval_h"]
    name = str(given.get("name") or f"plan {number_}")[:80]
    by = str(given.get("proposed_by") or "question")[:20]
    return Plan(name=name, by=by, changes=changes, source="as asked", flags=_out_of_range(rules, changes))


def _out_of_range(rules: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[str, ...]:
    """What a plan exceeds, or falls short of."""
    limits, dose = rules.get("limits", {}), _bare(changes.get(rules.get("dose", "")))
    if dose is None:
        return ()
    hours = _bare(changes.get(rules.get("interval", ""))) or 24.0
    daily = dose * 24.0 / hours
    flags = []
    for name, value in (("single", dose), ("daily", daily)):
        limit = limits.get(f"{name}_max")
        if limit is not None and value > limit:
            flags.append(
                f"{number(value)} {rules['unit']} {'a day' if name == 'daily' else 'a dose'} is above the usual maximum of "
                f"{number(limit)} ({limits['source']})"
            )
    low = rules.get("single", (0, 0))[0]
    if dose < low:
        flags.append(f"{number(dose)} {rules['unit']} is below the usual single dose of {number(low)}")
    return tuple(flags)


def _bare(value: Any) -> float | None:
    value = value.get("value") if isinstance(value, Mapping) else value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


def resolved(changes: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Changes with amounts that follow from another input worked out; None when that input is not given."""
    done: dict[str, Any] = {}
    for name, value in changes.items():
        if isinstance(value, Mapping) and "of" in value:
            base = given.get(value["of"])
            base = base.get("value") if isinstance(base, Mapping) else base
            if not isinstance(base, int | float):
                return None
            value = round(base / value.get("divided_by", 1.0), 2)
        done[name] = value
    return done


def names(plans: Sequence[Plan]) -> list[Plan]:
    """The plans with names that can be told apart."""
    seen: dict[str, int] = {}
    told = []
    for plan in plans:
        seen[plan.name] = seen.get(plan.name, 0) + 1
        told.append(
            plan if seen[plan.name] == 1 else plan.model_copy(update={"name": f"{plan.name} ({seen[plan.name]})"})
        )
    return told
