"""One question over one note: the calculator is chosen, its inputs are read, and the twin computes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from domain.errors import ChartTwinError, MissingCovariate
from domain.predictions import ModelCard, ModelInput
from tools.calculation import body_size, criteria, values
from tools.calculation.answers import ASSUMED_ABSENT, ASSUMED_NORMAL, NOTE, RECORD, Calculated, Criterion, Used
from tools.calculation.confidence import confidence
from tools.calculation.panel import of_one_moment
from tools.calculation.questions import aliases_of, ask_of
from tools.calculation.reading import NoteReading
from tools.calculation.special import SPECIAL

if TYPE_CHECKING:
    from domain.predictions import ModelRun, Output
    from twin_backend import TwinBackend
    from twin_backend.model import Result

Reader = Callable[[NoteReading, ModelInput], Used | None]
Elsewhere = Callable[[ModelInput, str], Used | None]  # an input, and the model that wants it

# What is not measured scores no points, as the scores prescribe; an equation needs all of its inputs.
_POINTS = "{score}"
_DEMOGRAPHIC = frozenset({"age_years", "sex", "race"})
_READERS: Mapping[str, Reader] = {"sex": values.sex, "weight_kg": body_size.measured, "height_cm": body_size.measured}


class Conventions(Protocol):
    """Another way to compute and to write answers than the textbook's, as the labels of a benchmark ask for."""

    def run(self, card: ModelCard, inputs: Mapping[str, Any]) -> Result:
        """What the model gives."""
        ...

    def answer(self, base: Calculated, card: ModelCard, reading: NoteReading) -> Calculated:
        """The answer as the labels have it, also where the textbook gives none."""
        ...


class NoteCalculator:
    """Answers questions over notes with the models of a twin."""

    def __init__(self, twin: TwinBackend, conventions: Conventions | None = None) -> None:
        self._twin = twin
        self._conventions = conventions
        self._aliases = aliases_of(twin)

    def __call__(self, text: str, question: str, elsewhere: Elsewhere | None = None) -> Calculated:
        """The answer, or an abstention that names what is missing.

        Args:
            text: The note; spans count its characters.
            question: In any wording; it names or describes the calculator.
            elsewhere: Where an input that the note lacks may come from, as the patient's record.
        """
        ask = ask_of(question, self._aliases)
        if ask is None:
            return Calculated(reason="the question names no calculator that is known here")
        try:
            card = self._twin.describe(ask.model)
        except ChartTwinError as error:
            return Calculated(calculator=ask.model, reason=error.message)
        reading = NoteReading.of(text)
        done = self._answer(_Gathered(reading, card, question, elsewhere), card, ask.output, question)
        if self._conventions:
            done = self._conventions.answer(done, card, reading)
        return done if done.answer is None else done.model_copy(update={"confidence": confidence(done)})

    def _answer(self, gathered: _Gathered, card: ModelCard, output: str, question: str) -> Calculated:
        base = Calculated(
            calculator=card.id, output=output, inputs=tuple(gathered.used.values()), criteria=tuple(gathered.criteria),
            assumptions=tuple(gathered.assumptions), source=f"{card.source} doi:{card.doi}",
        )  # fmt: skip
        if not _has_evidence(gathered):
            return base.model_copy(update={
                "missing": tuple(i.name for i in card.inputs if i.required), "reason": "the note holds none of the inputs",
            })  # fmt: skip
        try:
            inputs = gathered.inputs()
            run: ModelRun | Result
            run = self._conventions.run(card, inputs) if self._conventions else self._twin.predict(card.id, inputs)
        except MissingCovariate as error:
            missing = tuple(str(name) for name in _listed(error.details.get("missing")))
            return base.model_copy(update={"missing": missing, "reason": f"missing: {', '.join(missing)}"})
        except ChartTwinError as error:
            return base.model_copy(update={"reason": error.message})
        wanted = next((o for o in run.outputs if o.name == output), None) if output else run.outputs[0]
        if wanted is None:
            return base.model_copy(
                update={"reason": f"{output} cannot be told from these inputs", "warnings": run.warnings}
            )
        return _with(base, run, wanted, question)


def _has_evidence(gathered: _Gathered) -> bool:
    """Whether the note or the record tells anything that the answer rests on.

    Age and sex alone are evidence only where all else are findings, which may be assumed absent: a MELD of nothing but a
    "he" would be a guess.
    """
    told = {item.name for item in gathered.used.values() if item.span or item.origin == RECORD}
    told |= {criterion.name for criterion in gathered.criteria if criterion.span}
    measured = any(
        item.name not in _DEMOGRAPHIC and not isinstance(item.value, bool) for item in gathered.used.values()
    )
    return bool(told - _DEMOGRAPHIC) or (bool(told) and not measured)


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _with(base: Calculated, run: ModelRun | Result, wanted: Output, question: str) -> Calculated:
    return base.model_copy(update={
        "output": wanted.name, "answer": _as_asked(wanted.value, question), "unit": wanted.unit,
        "display": wanted.display, "warnings": run.warnings,
    })  # fmt: skip


def _as_asked(value: float | int | str, question: str) -> float | int | str:
    """A date in the format that the question wants; everything else as it is."""
    if isinstance(value, str) and _ISO_DATE.fullmatch(value) and _WANTS_US_DATE.search(question):
        year, month, day = value.split("-")
        return f"{month}/{day}/{year}"
    return value


_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WANTS_US_DATE = re.compile(r"\bM{1,2}/D{1,2}/Y", re.IGNORECASE)


class _Gathered:
    """The inputs of one model, from one note and the question."""

    def __init__(
        self, reading: NoteReading, card: ModelCard, question: str, elsewhere: Elsewhere | None = None
    ) -> None:
        self.used: dict[str, Used] = {}
        self.criteria: list[Criterion] = []
        self.assumptions: list[str] = []
        criteria.prepare(reading, card.id, [spec.name for spec in card.inputs if spec.kind == "boolean"])
        for name, item in SPECIAL.get(card.id, lambda *_: {})(reading, card, question).items():
            self.used[name] = item
            if item.origin.startswith("assumed"):
                self.assumptions.append(f"{name}: {item.note}")
        for spec in card.inputs:
            if spec.name in self.used:
                continue
            if spec.kind == "boolean":
                self._judge(reading, card, spec)
            elif item := _READERS.get(spec.name, values.number)(reading, spec):
                self.used[spec.name] = item
            elif elsewhere and (item := elsewhere(spec, card.id)):
                self.used[spec.name] = item
            elif spec.required and card.outputs[0][1] == _POINTS:
                self._assume_normal(spec)

        self.used |= of_one_moment(reading, card, self.used)

    def _judge(self, reading: NoteReading, card: ModelCard, spec: ModelInput) -> None:
        judged = criteria.judge(reading, card.id, spec.name)
        if judged is None and not spec.required:
            return
        judged = judged or Criterion(name=spec.name, met=False, assertion=criteria.NOT_MENTIONED)
        self.criteria.append(judged)
        origin = NOTE if judged.span else ASSUMED_ABSENT
        if origin == ASSUMED_ABSENT:
            self.assumptions.append(f"{spec.label}: {judged.note or 'not mentioned, taken as absent'}")
        self.used[spec.name] = Used(
            name=spec.name, value=judged.met, span=judged.span, quote=judged.evidence, origin=origin, note=judged.note
        )

    def _assume_normal(self, spec: ModelInput) -> None:
        normal = values.normal(spec)
        if normal is not None:
            self.used[spec.name] = Used(
                name=spec.name,
                value=normal,
                unit=spec.unit,
                origin=ASSUMED_NORMAL,
                note="not in the note, taken as normal",
            )
            self.assumptions.append(f"{spec.label}: not in the note, taken as normal ({normal:g} {spec.unit})")

    def inputs(self) -> dict[str, Any]:
        """What the twin is given."""
        return {
            item.name: {"value": item.taken, "origin": item.origin, "note": item.note or item.quote,
                        **({"unit": item.unit} if item.unit and item.converted is None else {})}
            for item in self.used.values()
            if not item.name.startswith("_")
        }  # fmt: skip


@lru_cache(maxsize=1)
def _default() -> NoteCalculator:
    from twin_backend import build_twin

    return NoteCalculator(build_twin())


def calculate_from_note(text: str, question: str) -> Calculated:
    """The answer of a twin with every packaged model; see `NoteCalculator`."""
    return _default()(text, question)
