"""Every model of the twin: each module of its packages that has a `MODEL`, or `MODELS`, in the order of their names."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from twin_backend.model import Model

_PACKAGES = ("calculators", "risk", "pk", "glucose", "haemodynamics", "progression", "survival")


@cache
def all_models() -> tuple[Model, ...]:
    """Every model of this package; a new module in one of its packages is a new model."""
    return tuple(model for package in _PACKAGES for module in _modules(package) for model in _models(module))


def _modules(package: str) -> list[str]:
    parent = import_module(f"twin_backend.{package}")
    return sorted(f"{parent.__name__}.{module.name}" for module in pkgutil.iter_modules(parent.__path__))


def _models(name: str) -> tuple[Model, ...]:
    module = import_module(name)
    several: tuple[Model, ...] = getattr(module, "MODELS", ())
    one: Model | None = getattr(module, "MODEL", None)
    return (*several, one) if one else several
