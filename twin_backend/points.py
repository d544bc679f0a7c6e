"""How scores turn measurements into points: bands, and comparisons that forgive the rounding of unit conversion."""

from __future__ import annotations

from collections.abc import Mapping

_TOLERANCE = 1e-9  # 100.4 °F must be 38.0 °C, not a hair beside it


def at_least(value: float, limit: float) -> bool:
    """Whether the value reaches the limit."""
    return value >= limit - _TOLERANCE


def over(value: float, limit: float) -> bool:
    """Whether the value exceeds the limit."""
    return value > limit + _TOLERANCE


def under(value: float, limit: float) -> bool:
    """Whether the value is below the limit."""
    return not at_least(value, limit)


def banded(value: float, bands: tuple[tuple[float, int], ...], below: int) -> int:
    """The points of the first (lower limit, points) that the value reaches, highest limit first; else `below`."""
    return next((points for limit, points in bands if at_least(value, limit)), below)


def listed(items: Mapping[str, float]) -> str:
    """The items that scored, each with its points."""
    return ", ".join(f"{name} {points:g}" for name, points in items.items() if points) or "no items"
