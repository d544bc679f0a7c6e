"""The typed data and plots of tool results as what the evidence says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents.verification.dates import find_dates
from agents.verification.evidence import SaidDate, SaidNumber, Source
from agents.verification.said import Said
from agents.verification.units import unit_at

_NO_CONCEPT: frozenset[str] = frozenset()
_COUNTED = {"notes": "note", "observations": "value"}  # keys of numbers that count these
_NOT_SAID = frozenset(
    {"ref", "id", "offset", "first", "model_version", "version", "seed", "start", "end", "query", "unit", "told",
     "wall_time_ms", "confidence", "mass_balance_relative_error"}
)  # fmt: skip


def add_data(
    said: Said, value: Any, label: str = "", source: Source = Source(), counts: str = "any", phrase: str = ""
) -> None:
    """The typed data of a tool result: readings, counts (of what `counts` names) and times."""
    if isinstance(value, Mapping):
        here = str(value.get("concept") or value.get("drug") or value.get("condition") or value.get("label") or label)
        reading = value.get("value")
        time = str(value.get("time") or "")
        if isinstance(reading, int | float) and not isinstance(reading, bool):
            second = value.get("second")
            second = abs(float(second)) if isinstance(second, int | float) else None
            said.add_number(here, float(reading), str(value.get("unit") or ""), time, source, second=second)
        for key, item in value.items():
            if (key in {"value", "second", "unit"} and "value" in value) or key in _NOT_SAID:
                continue
            if item is not None and not isinstance(item, bool):
                _add_field(said, key, item, here, source, counts, phrase)
    elif isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, str):
                _add_string(said, item, label, source)
            elif isinstance(item, int | float) and not isinstance(item, bool):
                said.add_said(SaidNumber(abs(float(item)), "", _NO_CONCEPT, _NO_CONCEPT, source, unit_unknown=True))
            else:
                add_data(said, item, label, source, counts, phrase)


def _add_field(said: Said, key: str, item: Any, here: str, source: Source, counts: str, phrase: str) -> None:
    if isinstance(item, int | float):
        own, ids = said.keys_of(here) if key in {"difference", "n", "of"} else (_NO_CONCEPT, _NO_CONCEPT)
        loose = key not in {"n", "of", "age", "count", *_COUNTED}
        counted = SaidNumber(
            abs(float(item)),
            "",
            own,
            ids,
            source,
            counts="" if loose else _COUNTED.get(key, counts),
            unit_unknown=loose,
            is_age=key == "age",
            is_change=key == "difference",
            phrase=key if loose else phrase,
        )
        said.add_said(counted)
    elif isinstance(item, str):
        _add_string(said, item, here, source)
    else:
        add_data(said, item, key if said.lexicon.vocabulary.get("observation", key) else here, source, counts, phrase)


def _add_string(said: Said, text: str, label: str, source: Source) -> None:
    for found in find_dates(text):
        if found.is_day:
            own, ids = said.keys_of(label)
            said.dates.append(SaidDate(found, own, ids, source))


def add_artifact(said: Said, artifact: Mapping[str, Any], source: Source = Source()) -> None:
    """The points of a plotted series."""
    if artifact.get("kind") != "trend":
        return
    label, unit = str(artifact.get("title", "")), _plot_unit(str(artifact.get("unit", "")))
    for point in artifact.get("points") or ():
        if isinstance(point.get("value"), int | float):
            here = replace(source, ref=str(point.get("ref") or source.ref))
            second = point.get("second")
            said.add_number(label, float(point["value"]), unit, str(point.get("time") or ""), here, second=second)
    limits = artifact.get("reference_range")
    if limits:
        for key in said.keys_of(label)[0]:
            said.ranges[key] = (limits[0], limits[1], unit)


def _plot_unit(label: str) -> str:
    return unit_at(f"1 {label}", 1)[1] or label
