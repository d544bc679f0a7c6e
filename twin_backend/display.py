"""Values as clinicians read them: rounded to what the number can carry, with the unit as written on a chart."""

from __future__ import annotations

import math

from domain.predictions import InputUsed, Output

_WRITTEN = {
    "1": "", "{score}": "points", "a": "years", "Cel": "°C", "mo": "months", "mL/min/{1.73_m2}": "mL/min/1.73 m²", "mm[Hg]": "mmHg",
    "mg.h/L": "mg·h/L", "kg/m2": "kg/m²", "m2": "m²", "meq/L": "mEq/L", "mosm/kg": "mOsm/kg", "10*9/L": "×10⁹/L",
    "/min": "/min", "[pH]": "", "[IU]": "units", "[IU]/h": "units/h",
    "{index}": "", "m[IU]/L": "mU/L", "dL/m[IU]/min": "dL/mU/min",
    "{ratio}": "", "dyn.s/cm5": "dyn·s/cm⁵", "dyn.s.m2/cm5": "dyn·s·m²/cm⁵", "mm[Hg].min/L": "Wood units",
    "meq": "mEq", "L/min/m2": "L/min/m²", "mL/min/m2": "mL/min/m²", "u[IU]/mL": "µIU/mL", "mg.min/mL": "mg·min/mL",
    "cm[H2O]": "cmH2O", "mL/min/{1.73_m2}/a": "mL/min/1.73 m²/year",
}  # fmt: skip


def written_unit(unit: str) -> str:
    """The unit as a chart writes it ("mm[Hg]" is "mmHg")."""
    return _WRITTEN.get(unit, unit)


def shown_input(item: InputUsed) -> str:
    """The value of an input as a run used it, with its unit ("1.2 mg/dL", "yes")."""
    if isinstance(item.value, bool):
        return "yes" if item.value else "no"
    if isinstance(item.value, tuple):
        value = ", ".join(f"{one:g}" for one in item.value)
    else:
        value = f"{item.value:g}" if isinstance(item.value, float) else str(item.value)
    return f"{value} {written_unit(item.unit)}".strip()


def rounded(value: float, decimals: int) -> str:
    """The value with a fixed number of decimals, halves rounded away from zero as people do."""
    scale = 10.0**decimals
    nearest = math.copysign(math.floor(abs(value) * scale + 0.5 + 1e-9) / scale, value)
    return f"{nearest + 0.0:.{decimals}f}"


def measured(
    name: str, label: str, value: float, unit: str, decimals: int, interpretation: str = "", written: str = ""
) -> Output:
    """A numeric result with its rounded display."""
    suffix = written_unit(unit)
    joined = f"{rounded(value, decimals)}{'' if suffix in ('', '%') else ' '}{suffix}"
    return Output(
        name=name, label=label, value=value, unit=unit, display=written or joined, interpretation=interpretation
    )


def score(name: str, label: str, points: int, interpretation: str = "") -> Output:
    """A clinical score in points."""
    written = f"{points} point" if abs(points) == 1 else f"{points} points"
    return Output(name=name, label=label, value=points, unit="{score}", display=written, interpretation=interpretation)


def category(name: str, label: str, value: str, interpretation: str = "") -> Output:
    """A result that is a named category."""
    return Output(name=name, label=label, value=value, display=value, interpretation=interpretation)


def band(value: float, limits: tuple[tuple[float, str], ...], above: str) -> str:
    """The text of the first limit that the value is under, else `above`."""
    return next((text for limit, text in limits if value < limit), above)
