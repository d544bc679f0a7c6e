"""The manifest of an outside model: who published it, what goes in and comes out in which units, how it is run."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import InvalidInput, UnitMismatch, UnknownUnit
from domain.predictions import ModelCard, ModelInput
from domain.quantities import convert


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class About(_Part):
    """Identity and source; nothing here has a default that could pass for a fact."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str
    title: str
    summary: str
    source: str
    doi: str = Field(pattern=r"^10\.\S+/\S+$")
    population: str
    context_of_use: str
    limitations: tuple[str, ...] = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    model_risk: Literal["low", "medium", "high"] = "medium"


class Engine(_Part):
    """How it is run: `file` for fmu, sbml and modelica, `command` for a process; paths are relative to the manifest."""

    kind: Literal["fmu", "sbml", "modelica", "process"]
    stop: float = Field(gt=0)
    points: int = Field(default=101, ge=2, le=100_000)
    time_unit: Literal["s", "min", "h", "d"] = "h"
    file: Path | None = None
    class_name: str = ""  # of the Modelica model, where its file holds several
    sha256: str = ""
    command: tuple[str, ...] = ()
    timeout_s: float = Field(default=60.0, gt=0)
    tolerance: float = Field(default=1e-8, gt=0, lt=1)
    recording: Path | None = None
    replay_only: bool = False


class _Variable(_Part):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    unit: str
    variable: str


class Input(_Variable):
    """An input of the card and the variable it sets."""

    plausible: tuple[float, float]
    kind: Literal["number", "integer"] = "number"
    derivation: tuple[float, float] | None = None
    substance: str | None = None
    default: float | None = None
    default_source: str = ""
    description: str = ""


class Output(_Variable):
    """A result: one number of a variable's course."""

    take: Literal["last", "max", "min", "mean", "time_of_max", "time_of_min"] = "last"
    decimals: int = Field(default=2, ge=0, le=12)


class Shown(_Variable):
    """A variable shown over time."""


class Manifest(_Part):
    """The whole manifest."""

    model: About
    engine: Engine
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...] = Field(min_length=1)
    series: tuple[Shown, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """What the engine must report, each once."""
        parts: tuple[_Variable, ...] = (*self.outputs, *self.series)
        return tuple(dict.fromkeys(part.variable for part in parts))

    def card(self) -> ModelCard:
        """The card of the catalogue."""
        return ModelCard(
            **self.model.model_dump(),
            kind="simulation",
            inputs=tuple(_spec(part) for part in self.inputs),
            outputs=tuple((part.name, part.unit, part.label) for part in self.outputs),
        )


def _spec(part: Input) -> ModelInput:
    return ModelInput(**part.model_dump(exclude={"variable"}), required=part.default is None)


def read_manifest(path: Path) -> Manifest:
    """The manifest in a TOML or JSON file, with its paths resolved and its model file checked.

    Raises:
        InvalidInput: the file is missing or malformed, a unit is none, or the model file is not the one meant; every
            fault of the form is listed.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content: Any = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        manifest = Manifest.model_validate(content)
    except OSError as error:
        raise InvalidInput(f"{path.name}: the manifest cannot be read ({error.strerror})") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise InvalidInput(f"{path.name}: {faults}") from None
    except ValueError as error:
        raise InvalidInput(f"{path.name}: {error}") from None
    if wrong := _fault_texts(manifest):
        raise InvalidInput(f"{path.name}: {'; '.join(wrong)}")
    return _resolved(manifest, path)


def _fault_texts(manifest: Manifest) -> list[str]:
    kinds: list[tuple[_Variable, ...]] = [manifest.inputs, manifest.outputs, manifest.series]
    faults = [
        f"{part.name}: {part.unit!r} is not a UCUM unit" for kind in kinds for part in kind if not _is_unit(part.unit)
    ]
    for part in manifest.inputs:
        if part.plausible[0] >= part.plausible[1]:
            faults.append(f"{part.name}: plausible rises from low to high")
        if part.default is not None and not part.default_source:
            faults.append(f"{part.name}: a default names its source")
    engine = manifest.engine
    for out in manifest.outputs:
        if out.take.startswith("time_of") and out.unit != engine.time_unit:
            faults.append(f"{out.name}: a time is in the engine's unit, {engine.time_unit}")
    for names in ([part.name for part in kind] for kind in kinds):
        faults += [f"{name} stands there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if (engine.kind == "process") != bool(engine.command) or (engine.kind != "process") != (engine.file is not None):
        faults.append("engine: a process has a command; fmu, sbml and modelica have a file")
    return faults


def _is_unit(unit: str) -> bool:
    try:
        convert(1.0, unit, "1" if unit != "1" else "%")
    except UnitMismatch:
        return True
    except UnknownUnit:
        return False
    return True


def _resolved(manifest: Manifest, path: Path) -> Manifest:
    folder, engine = path.absolute().parent, manifest.engine
    file = folder / engine.file if engine.file else None
    if file is not None:
        if not file.is_file():
            raise InvalidInput(f"{path.name}: there is no model file {engine.file}")
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if engine.sha256 and found != engine.sha256.lower():
            raise InvalidInput(f"{path.name}: {engine.file} is not the file meant; its sha256 begins {found[:12]}")
        engine = engine.model_copy(update={"sha256": found})
    recording = folder / engine.recording if engine.recording else None
    command = tuple(str(folder / one) if (folder / one).is_file() else one for one in engine.command)
    engine = engine.model_copy(update={"file": file, "recording": recording, "command": command})
    return manifest.model_copy(update={"engine": engine})
