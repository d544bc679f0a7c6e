"""Inputs of one state of the patient: a score of acute illness is not put together from values of different months."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

from domain.patient import Covariate
from domain.predictions import ModelCard
from tools.context import ToolContext, day
from tools.measurements.readings import Reading, readings
from tools.outcome import Statement, say
from tools.times.periods import wall_clock
from tools.twin.covariates import concept_of_input, of_reading

# They change over months, and are taken as last measured.
_STEADY = frozenset({"height_cm", "weight_kg", "bmi_kg_m2"})


class OneState(NamedTuple):
    """The inputs that lie together, and the values that were left out because they are of another time."""

    inputs: dict[str, Any]
    left_out: tuple[tuple[str, Reading], ...] = ()
    hours: float | None = None
    newer: tuple[tuple[str, Reading], ...] = ()  # later values that have no counterparts of their time


@lru_cache(maxsize=1)
def _windows() -> dict[str, float]:
    text = resources.files("tools").joinpath("data/input_windows.json").read_text(encoding="utf-8")
    loaded: dict[str, float] = json.loads(text)["hours"]
    return loaded


def window_of(model: str) -> timedelta | None:
    """How far apart the measured inputs of a model may lie; None where it takes the newest of each."""
    hours = _windows().get(model)
    return timedelta(hours=hours) if hours is not None else None


def of_one_state(ctx: ToolContext, card: ModelCard, inputs: Mapping[str, Any]) -> OneState:
    """The inputs with those measured at different times brought to the newest time at which all that is needed was measured.

    Where there is none, the newest values that lie together stay and the others are left out, so that the model misses them.
    """
    window = window_of(card.id)
    measured = _measured(ctx, card, inputs)
    if window is None or not measured:
        return OneState(dict(inputs))
    required = {i.name for i in card.inputs if i.required} & set(measured)
    moments = sorted({wall_clock(r.time) for rows in measured.values() for r in rows if r.time}, reverse=True)
    chosen = [(m, {n: _near(rows, m, window) for n, rows in measured.items()}) for m in moments]
    together = next((c for _, c in chosen if all(c[n] is not None for n in required)), chosen[0][1])
    specs = {i.name: i for i in card.inputs}
    kept = {n: v for n, v in inputs.items() if n not in measured}
    kept |= {n: of_reading(specs[n], r) for n, r in together.items() if r is not None}
    left_out = tuple((specs[n].label, measured[n][-1]) for n, r in together.items() if r is None)
    newer = tuple((specs[n].label, measured[n][-1]) for n, r in together.items() if r and r is not measured[n][-1])
    return OneState(kept, left_out, window.total_seconds() / 3600, newer)


def _measured(ctx: ToolContext, card: ModelCard, inputs: Mapping[str, Any]) -> dict[str, Sequence[Reading]]:
    """The timed results behind the inputs that the chart gave, oldest first."""
    found: dict[str, Sequence[Reading]] = {}
    for spec in card.inputs:
        held, concept = inputs.get(spec.name), concept_of_input(spec.name)
        if not isinstance(held, Covariate) or held.origin != "resource" or not concept or spec.name in _STEADY:
            continue
        target = ctx.lexicon.resolve(concept, "observation")
        rows = [r for r in readings(ctx, target) if r.value is not None and r.time is not None] if target else []
        if rows:
            found[spec.name] = rows
    return found


def _near(rows: Sequence[Reading], moment: datetime, window: timedelta) -> Reading | None:
    """The newest result up to a moment that is no older than the window."""
    within = [r for r in rows if r.time is not None and moment - window <= wall_clock(r.time) <= moment]
    return within[-1] if within else None


def told_left_out(state: OneState) -> list[Statement]:
    """That values of another time exist and were not put together with the rest, each with its day."""
    if state.hours is None:
        return []
    span = f"{state.hours:g} h" if state.hours <= 72 else f"{state.hours / 24:g} days"
    told = []
    for why, values in (
        (f"Not used, because measured more than {span} from the rest", state.left_out),
        (f"Newer, but without the other values within {span}, and so not used", state.newer),
    ):
        if values:
            listed = ", ".join(f"{_small(label)} {r.shown} ({day(r.time)})" for label, r in values)
            told.append(say(f"{why}: {listed}.", *[r.evidence for _, r in values]))
    return told


def _small(label: str) -> str:
    return label if sum(c.isupper() for c in label.split()[0]) > 1 else label[:1].lower() + label[1:]
