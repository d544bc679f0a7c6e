"""The inputs that a question states, as the twin takes them: values, moves from the chart's value, doses per kilogram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import MissingCovariate
from domain.patient import Covariate
from domain.predictions import ModelCard, ModelInput
from domain.quantities import Quantity
from tools.context import ToolContext, day, number
from tools.measurements.readings import unit_label
from tools.outcome import RetryableToolError
from tools.twin.covariates import covariate

_WEIGHT = ModelInput(name="weight_kg", label="Body weight", unit="kg")


def stated(name: str, value: Any, unit: str) -> Any:
    """A value that the question states, as an input; a bare number is in the input's own unit."""
    if isinstance(value, Mapping):
        assumed = str(value.get("assumed") or "")
        return Covariate(
            name=name,
            value=Quantity(value=float(value["value"]), unit=str(value.get("unit") or unit)),
            origin="population_default" if assumed else "user",
            note=assumed,
        )
    if isinstance(value, bool | str):
        return Covariate(name=name, value=value, origin="user")
    return Covariate(name=name, value=Quantity(value=float(value), unit=unit or "1"), origin="user")


def relative_to_chart(ctx: ToolContext, wanted: ModelInput, value: Any, given: Mapping[str, Any]) -> Covariate | None:
    """A stated value, where it is a dose per kilogram (`{"per_kg": 15}`) with the weight that is stated or charted.

    None where that weight is not documented: the dose is missing, then.
    """
    if not isinstance(value, Mapping) or "per_kg" not in value:
        held: Covariate = stated(wanted.name, value, wanted.unit)
        return held
    said = given.get("weight_kg")
    used = stated("weight_kg", said, "kg") if said is not None and not is_move(said) else covariate(ctx, _WEIGHT)
    if used is None or not isinstance(used.value, Quantity):
        return None
    kilograms, dose = used.value.to("kg").value, float(value["per_kg"])
    amount = Quantity(value=round(dose * kilograms, 1), unit=wanted.unit or "mg")
    unit = unit_label(amount.unit).split("/")[0]
    note = f"{number(dose)} {unit}/kg × {number(kilograms)} kg" + (f" of {day(used.time)}" if used.time else "")
    return Covariate(name=wanted.name, value=amount, origin="user", note=note, evidence=used.evidence)


def is_move(value: Any) -> bool:
    """Whether a stated value moves the charted one, by an amount or by a factor."""
    return isinstance(value, Mapping) and bool({"add", "times", "with"} & value.keys())


def as_value(held: Covariate) -> Any:
    """An input as a question would state it."""
    if not isinstance(held.value, Quantity):
        return held.value
    return {"value": round(held.value.value, 2), "unit": held.value.unit}


def changes_of(
    ctx: ToolContext, card: ModelCard, scenario: Mapping[str, Any], base: Mapping[str, Any]
) -> dict[str, Any]:
    """The scenario's inputs. `{"add": x}` changes the baseline's value by x in the input's own unit, `{"times": x}` by a
    factor, `{"with": {input: value}}` by as much as another result of the chart is to change, and `{"per_kg": x}` is a dose.

    Raises:
        RetryableToolError: the model has no such input.
        MissingCovariate: the chart has no value to move.
    """
    wanted = {i.name: i for i in card.inputs}
    stated_changes = dict(scenario.get("changes") or {})
    if unknown := sorted(set(stated_changes) - set(wanted)):
        raise RetryableToolError(f"{card.id} has no input {', '.join(unknown)}; it takes {', '.join(wanted)}")
    changes: dict[str, Any] = {}
    for name, value in stated_changes.items():
        if is_move(value):
            changes[name] = _moved(ctx, wanted[name], value, base.get(name))
        elif (found := relative_to_chart(ctx, wanted[name], value, stated_changes)) is not None:
            changes[name] = found
    return changes


def _moved(ctx: ToolContext, wanted: ModelInput, value: Mapping[str, Any], held: Any) -> Covariate:
    """The baseline's value of an input, moved.

    Raises:
        MissingCovariate: the chart has no value to move.
    """
    if not isinstance(held, Covariate) or not isinstance(held.value, Quantity):
        raise MissingCovariate(f"{wanted.name} has no value in the chart to change from", missing=[wanted.name])
    charted = held.value.to(wanted.unit, wanted.substance).value
    moved, note = charted * float(value.get("times", 1.0)) + float(value.get("add", 0.0)), ""
    for other, target in dict(value.get("with") or {}).items():
        like = wanted.model_copy(update={"name": other, "label": other})
        now = covariate(ctx, like)
        if now is None or not isinstance(now.value, Quantity):
            raise MissingCovariate(f"{other} has no value in the chart to change from", missing=[other])
        step = stated(other, target, wanted.unit).value.to(wanted.unit, wanted.substance).value
        step -= now.value.to(wanted.unit, wanted.substance).value
        moved += step
        unit = unit_label(wanted.unit)
        note = f"{number(charted)} {unit} moved by {number(step)} as {other.split('_')[0].upper()} does, the rest unchanged"
    amount = Quantity(value=round(moved, 6), unit=wanted.unit)
    return Covariate(name=wanted.name, value=amount, origin="user", note=note)
