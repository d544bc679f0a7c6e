"""Measurements of one patient as the inputs of a model that learns from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import InsufficientData, InvalidInput
from domain.predictions import ModelCard

# `level_1_mg_l`, `level_1_time_h`, `level_2_mg_l`, ...: measurements are groups of inputs with a number in their names.
_NUMBERED = re.compile(r"(?P<group>[a-z][a-z_]*)_(?P<n>[1-9]\d*)_(?P<field>[a-z]\w*)")


def measurement_fields(card: ModelCard) -> dict[str, dict[int, list[str]]]:
    """By group, the fields that the n-th measurement has; empty for a model that does not learn."""
    groups: dict[str, dict[int, list[str]]] = {}
    for spec in card.inputs:
        match = _NUMBERED.fullmatch(spec.name)
        if match and not spec.required:
            groups.setdefault(match["group"], {}).setdefault(int(match["n"]), []).append(match["field"])
    return groups


def with_measurements(
    card: ModelCard, inputs: Mapping[str, Any], measurements: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The inputs with the measurements in their places.

    Args:
        card: Of the model.
        inputs: Everything else the model needs.
        measurements: Each a mapping of field to value, the fields named as in the card without group and number:
            `{"mg_l": 12.1, "time_h": 11.5, "dose_number": 4}` for `level_1_mg_l`, `level_1_time_h`, ...; `group` names
            the group where a model has several.

    Raises:
        InvalidInput: the model does not learn from measurements, or a field, a group or their number is not its own.
        InsufficientData: there is no measurement.
    """
    groups = measurement_fields(card)
    if not groups:
        raise InvalidInput(f"{card.id} does not learn from measurements", model=card.id)
    if not measurements:
        raise InsufficientData("calibrate() needs one or more measurements", model=card.id)
    placed: dict[str, Any] = {}
    counted = dict.fromkeys(groups, 0)
    for measurement in measurements:
        if not isinstance(measurement, Mapping):
            raise InvalidInput("a measurement is an object of field to value")
        group = _group(groups, measurement)
        counted[group] += 1
        placed.update(_placed(groups, group, counted[group], measurement))
    if clash := sorted(set(placed) & set(inputs)):
        raise InvalidInput(f"given both as input and as measurement: {', '.join(clash)}")
    return {**inputs, **placed}


def _group(groups: Mapping[str, Any], measurement: Mapping[str, Any]) -> str:
    group = measurement.get("group", next(iter(groups)) if len(groups) == 1 else None)
    if group not in groups:
        raise InvalidInput(f"a measurement names its group: {', '.join(groups)}", accepted=list(groups))
    return str(group)


def _placed(
    groups: Mapping[str, Mapping[int, list[str]]], group: str, number: int, measurement: Mapping[str, Any]
) -> dict[str, Any]:
    if number not in groups[group]:
        raise InvalidInput(f"at most {len(groups[group])} {group} measurements are used; leave out the oldest")
    fields = groups[group][number]
    strange = sorted(str(name) for name in measurement if name not in (*fields, "group"))
    if strange:
        raise InvalidInput(f"a {group} measurement has no {', '.join(strange)}; it has {', '.join(fields)}")
    return {f"{group}_{number}_{name}": value for name, value in measurement.items() if name != "group"}
