"""One pass over a model's inputs: units converted, every fault found, nothing guessed and nothing clamped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from domain.facts import Evidence
from domain.patient import Covariate
from domain.predictions import InputUsed, ModelInput
from domain.quantities import Quantity, convert
from twin_backend.display import written_unit
from twin_backend.model import Model, Value, Values
from twin_backend.names import card_names, nearest

ASSUMED_ABSENT = "assumed_absent"
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_DICT_KEYS = {"value", "unit", "time", "origin", "evidence", "note", "name"}
# Words met in records and requests for the choices of the cards; what is not listed is refused.
_CHOICE_WORDS: dict[str, dict[str, str]] = {
    "sex": {"f": "female", "woman": "female", "m": "male", "man": "male"},
    "race": {
        "caucasian": "white", "black": "african_american", "black or african american": "african_american",
        "african american": "african_american", "aa": "african_american", "asian": "other", "hispanic": "other",
        "american indian or alaska native": "other", "native hawaiian or other pacific islander": "other",
        "other race": "other", "mixed": "other", "unknown": "other",
    },
    "diabetes_type": {
        "type 1": "type_1", "t1d": "type_1", "t1dm": "type_1", "1": "type_1",
        "type 2": "type_2", "t2d": "type_2", "t2dm": "type_2", "2": "type_2",
    },
    "ascites": {
        "absent": "none", "no": "none", "mild": "slight", "controlled": "slight", "moderate to severe": "moderate",
        "severe": "moderate", "large": "moderate", "tense": "moderate", "refractory": "moderate",
    },
    "encephalopathy": {
        "absent": "none", "no": "none", "grade 1": "grade_1_2", "grade 2": "grade_1_2", "1": "grade_1_2",
        "2": "grade_1_2", "grade 1 to 2": "grade_1_2", "grade 3": "grade_3_4", "grade 4": "grade_3_4",
        "3": "grade_3_4", "4": "grade_3_4", "grade 3 to 4": "grade_3_4", "grade i": "grade_1_2",
        "grade ii": "grade_1_2", "grade i ii": "grade_1_2", "i": "grade_1_2", "ii": "grade_1_2", "mild": "grade_1_2",
        "grade iii": "grade_3_4", "grade iv": "grade_3_4", "grade iii iv": "grade_3_4", "iii": "grade_3_4",
        "iv": "grade_3_4", "1 2": "grade_1_2", "3 4": "grade_3_4", "coma": "grade_3_4",
    },
    "consciousness": {
        "a": "alert", "awake": "alert", "awake and alert": "alert", "alert and oriented": "alert", "c": "confusion",
        "confused": "confusion", "new confusion": "confusion", "new onset confusion": "confusion",
        "newly confused": "confusion", "acute confusion": "confusion", "delirium": "confusion", "v": "voice",
        "verbal": "voice", "responds to voice": "voice", "responsive to voice": "voice", "responds to verbal": "voice",
        "p": "pain", "painful": "pain", "responds to pain": "pain", "responsive to pain": "pain", "u": "unresponsive",
    },
    "vkorc1_genotype": {
        "g/g": "gg", "a/g": "ag", "g/a": "ag", "ga": "ag", "a/a": "aa", "c/c": "gg", "c/t": "ag", "t/c": "ag",
        "t/t": "aa", "not tested": "unknown",
    },
    "cyp2c9_genotype": {
        "1/1": "*1/*1", "1/2": "*1/*2", "1/3": "*1/*3", "2/2": "*2/*2", "2/3": "*2/*3", "3/3": "*3/*3",
        "*2/*1": "*1/*2", "*3/*1": "*1/*3", "*3/*2": "*2/*3", "not tested": "unknown",
    },
}  # fmt: skip

# Bare numbers below these are possible in the card's unit, and usual in the other one.
_MAY_BE_IN: dict[str, tuple[float, str]] = {
    "glucose_mg_dl": (36, "mmol/L"), "fasting_glucose_mg_dl": (36, "mmol/L"), "bun_mg_dl": (6, "mmol/L"),
    "phosphate_mg_dl": (1.6, "mmol/L"), "pao2_mmhg": (25, "kPa"), "paco2_mmhg": (10, "kPa"), "height_cm": (84, "in"),
}  # fmt: skip
_TALLER_FROM_YEARS = 10  # younger children may be as short as adults are in inches


@dataclass(frozen=True)
class CheckedInputs:
    """Inputs fit for the equation, with what the run must say about them."""

    values: Values
    used: tuple[InputUsed, ...]
    outside_derivation: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass
class _Faults:
    unknown: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)
    missing: list[ModelInput] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def check_inputs(model: Model, inputs: Mapping[str, Any], enforce_domain: bool = True) -> CheckedInputs:
    """The inputs in the card's units.

    Args:
        model: What they are for.
        inputs: See `TwinBackend`.
        enforce_domain: Whether patients that the model was not made for are refused; without it the range that is left is
            still reported. Only evaluation against labels that ignore the domain has a use for that.

    Raises:
        InvalidInput: an input is unknown, malformed, in a unit of another dimension, or impossible in a living patient.
        OutsideModelDomain: the patient is not one the model was made for.
        MissingCovariate: inputs are absent; `details['missing']` names every one.
    """
    card = model.card
    if not isinstance(inputs, Mapping):
        raise InvalidInput("inputs must be a mapping of input name to value", accepted=[i.name for i in card.inputs])
    known = {i.name: i for i in card.inputs}
    inputs = card_names(card, inputs)
    faults = _Faults(unknown=[str(name) for name in inputs if name not in known])
    used = _read_all(known, inputs, faults)
    _refuse_faulty(model, used, faults, enforce_domain)
    outside = tuple(text for spec in card.inputs if (text := _outside(spec, used.get(spec.name), spec.derivation)))
    warnings = [f"Outside the range the model was derived in: {text}." for text in outside]
    warnings += [
        f"{item.label}: not mentioned in the record, taken as absent."
        for item in used.values()
        if item.origin == ASSUMED_ABSENT
    ]
    warnings += _perhaps_another_unit(known, inputs, used)
    ordered = tuple(used[i.name] for i in card.inputs if i.name in used)
    return CheckedInputs(Values({u.name: u.value for u in ordered}), ordered, outside, tuple(warnings))


def _perhaps_another_unit(
    known: Mapping[str, ModelInput], inputs: Mapping[str, Any], used: Mapping[str, InputUsed]
) -> list[str]:
    age = used.get("age_years")
    child = age is not None and isinstance(age.value, float) and age.value < _TALLER_FROM_YEARS
    found = []
    for name, (limit, other) in _MAY_BE_IN.items():
        given = inputs.get(name)
        if isinstance(given, bool) or not isinstance(given, (int, float)) or given >= limit:
            continue
        if name in known and not (child and name == "height_cm"):
            unit = written_unit(known[name].unit)
            found.append(f"{name} {given:g} {unit} is unusually low; if it is in {other}, give its unit with it.")
    return found


def _read_all(known: dict[str, ModelInput], inputs: Mapping[str, Any], faults: _Faults) -> dict[str, InputUsed]:
    used: dict[str, InputUsed] = {}
    for spec in known.values():
        given = inputs.get(spec.name)
        if given is None or (isinstance(given, Mapping) and given.get("value", "") is None):
            if spec.default is not None:
                used[spec.name] = _used(spec, spec.default, origin="population_default", note=spec.default_source)
            elif spec.required:
                faults.missing.append(spec)
            continue
        try:
            used[spec.name] = _read(spec, given)
        except InvalidInput as error:
            faults.impossible.append(error.message)
    return used


def _refuse_faulty(model: Model, used: dict[str, InputUsed], faults: _Faults, enforce_domain: bool) -> None:
    values = Values({name: item.value for name, item in used.items()})
    if not (faults.missing or faults.impossible or faults.unknown):
        by_name = {i.name: i for i in model.card.inputs}
        faults.missing += [by_name[name] for name in model.also_needed(values)]
        if not faults.missing:
            faults.impossible += model.contradict(values)
    hard_limits = [spec for spec in model.card.inputs if spec.name in model.declines]
    faults.outside += [t for spec in hard_limits if (t := _outside(spec, used.get(spec.name), spec.derivation))]
    if not (faults.missing or faults.impossible or faults.unknown):
        faults.outside += model.refuse(values)
    if faults.unknown or faults.impossible:
        raise _invalid(model, faults)
    if faults.outside and enforce_domain:
        raise OutsideModelDomain(
            f"{model.card.title} does not apply: {'; '.join(faults.outside)}. Derived in: {model.card.population}",
            outside=faults.outside, missing=[spec.name for spec in faults.missing],
        )  # fmt: skip
    if faults.missing:
        wanted = "; ".join(_describe(spec) for spec in faults.missing)
        raise MissingCovariate(
            f"{model.card.title} needs {wanted}", model=model.card.id, missing=[spec.name for spec in faults.missing]
        )


def _invalid(model: Model, faults: _Faults) -> InvalidInput:
    parts = list(faults.impossible)
    if faults.unknown:
        accepted = ", ".join(i.name for i in model.card.inputs)
        parts.append(
            f"unknown input {', '.join(_with_nearest(model, name) for name in faults.unknown)} (accepted: {accepted})"
        )
    if faults.missing:
        parts.append("also missing: " + ", ".join(spec.name for spec in faults.missing))
    return InvalidInput(
        f"{model.card.id}: {'; '.join(parts)}",
        impossible=faults.impossible,
        unknown=faults.unknown,
        missing=[spec.name for spec in faults.missing],
        outside=faults.outside,
    )


def _with_nearest(model: Model, name: str) -> str:
    meant = nearest(name, (spec.name for spec in model.card.inputs))
    return f"{name} (did you mean {meant}?)" if meant else name


def _describe(spec: ModelInput) -> str:
    if spec.kind == "choice":
        return f"{spec.name} ({spec.label}: {' | '.join(spec.choices)})"
    if spec.kind == "boolean":
        return f"{spec.name} ({spec.label}: true | false)"
    if spec.kind == "date":
        return f"{spec.name} ({spec.label}: YYYY-MM-DD)"
    unit = written_unit(spec.unit)
    return f"{spec.name} ({spec.label}{f', {unit}' if unit else ''})"


def _outside(spec: ModelInput, item: InputUsed | None, limits: tuple[float, float] | None) -> str:
    """How the value lies outside the limits, or an empty string where it does not."""
    if item is None or limits is None or isinstance(item.value, (bool, str)):
        return ""
    low, high = limits
    tolerance = 1e-9 * max(abs(low), abs(high), 1.0)  # 100 cm given as 39.37 in is still 100 cm
    given = item.value if isinstance(item.value, tuple) else (item.value,)
    beyond = [value for value in given if not low - tolerance <= value <= high + tolerance]
    if not beyond:
        return ""
    unit = written_unit(spec.unit)
    others = f" (and {len(beyond) - 1} more of {len(given)})" if len(beyond) > 1 else ""
    return f"{spec.name} {beyond[0]:g}{f' {unit}' if unit else ''}{others} is outside {low:g} to {high:g}"


def _read(spec: ModelInput, given: Any) -> InputUsed:
    """One input from any accepted form: a bare value, `{value, unit, ...}`, a Quantity or a Covariate."""
    raw, unit, extra = _unpack(spec, given)
    value: Value
    if spec.kind == "boolean":
        value = _read_flag(spec, raw, unit)
    elif spec.kind == "choice":
        value = _read_choice(spec, raw, unit)
    elif spec.kind == "date":
        value = _read_day(spec, raw, unit)
    elif spec.kind == "numbers":
        value = _read_numbers(spec, raw, unit)
    else:
        value = _read_number(spec, raw, unit)
    if extra.get("origin") == ASSUMED_ABSENT and value is not False:
        raise InvalidInput(f"{spec.name} has origin {ASSUMED_ABSENT}, which only goes with the value false")
    item = _used(spec, value, **extra)
    if problem := _outside(spec, item, spec.plausible):
        hint = " (a fraction: 40 % is 0.4)" if spec.unit == "1" and spec.plausible == (0.21, 1.0) else ""
        raise InvalidInput(f"{problem}, which no patient has; check the value and its unit{hint}")
    return item


def _unpack(spec: ModelInput, given: Any) -> tuple[Any, str | None, dict[str, Any]]:
    if isinstance(given, Covariate):
        extra = {"origin": given.origin, "time": given.time, "evidence": given.evidence, "note": given.note}
        if isinstance(given.value, Quantity):
            return given.value.value, given.value.unit, extra
        return given.value, None, extra
    if isinstance(given, Quantity):
        return given.value, given.unit, {"origin": "user"}
    if isinstance(given, Mapping):
        return _unpack_mapping(spec, given)
    return given, None, {"origin": "user"}


def _unpack_mapping(spec: ModelInput, given: Mapping[str, Any]) -> tuple[Any, str | None, dict[str, Any]]:
    strange = sorted(str(key) for key in given if key not in _DICT_KEYS)
    if strange or "value" not in given:
        raise InvalidInput(f"{spec.name} has fields {strange or 'without value'}; accepted: {sorted(_DICT_KEYS)}")
    unit = given.get("unit")
    if unit is not None and not isinstance(unit, str):
        raise InvalidInput(f"{spec.name}: the unit must be text")
    extra: dict[str, Any] = {"origin": str(given.get("origin") or "user"), "note": str(given.get("note") or "")}
    try:
        if given.get("time") is not None:
            time = given["time"]
            extra["time"] = time if isinstance(time, datetime) else datetime.fromisoformat(str(time))
            if extra["time"].tzinfo is None:
                raise ValueError("no time zone")
        if given.get("evidence") is not None:
            extra["evidence"] = Evidence.model_validate(given["evidence"])
    except ValueError as error:
        raise InvalidInput(f"{spec.name}: time must be ISO 8601 with a zone, evidence {{ref, quote, time}}") from error
    return given["value"], unit or None, extra


def _read_number(spec: ModelInput, raw: Any, unit: str | None) -> float:
    expected = written_unit(spec.unit) or "no unit"
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise InvalidInput(f"{spec.name} must be a number in {expected}, not {type(raw).__name__}")
    if abs(raw) > 1e12 or not math.isfinite(raw):
        raise InvalidInput(f"{spec.name} must be a finite number in {expected}")
    if unit and ("1.73" in unit) != ("1.73" in spec.unit):
        raise InvalidInput(f"{spec.name}: {unit} and {expected} differ by body surface area; give it in {expected}")
    try:
        value = convert(float(raw), unit or spec.unit, spec.unit, spec.substance)
    except InvalidInput as error:
        raise InvalidInput(f"{spec.name}: {error.message}; expected {expected}") from error
    if spec.kind == "integer" and abs(value - round(value)) > 1e-9:
        raise InvalidInput(f"{spec.name} must be a whole number of {expected}")
    return float(round(value)) if spec.kind == "integer" else value


def _read_numbers(spec: ModelInput, raw: Any, unit: str | None) -> tuple[float, ...]:
    """A list, or one number as a list of one."""
    given = [raw] if isinstance(raw, (int, float)) and not isinstance(raw, bool) else raw
    if not isinstance(given, (list, tuple)) or not given:
        expected = written_unit(spec.unit) or "no unit"
        raise InvalidInput(f"{spec.name} must be a list of one or more numbers in {expected}, not {type(raw).__name__}")
    return tuple(_read_number(spec, value, unit) for value in given)


def _read_flag(spec: ModelInput, raw: Any, unit: str | None) -> bool:
    if not isinstance(raw, bool) or unit not in (None, "1"):
        raise InvalidInput(f"{spec.name} must be true or false, not {type(raw).__name__}")
    return raw


def _read_day(spec: ModelInput, raw: Any, unit: str | None) -> str:
    """The day as ISO 8601 text; other spellings are refused, because 04/05/2024 is two different days."""
    refusal = InvalidInput(f"{spec.name} must be a date written YYYY-MM-DD, from {_FIRST_YEAR} to {_LAST_YEAR}")
    if not isinstance(raw, str) or unit is not None:
        raise refusal
    try:
        found = date.fromisoformat(raw)
    except ValueError:
        raise refusal from None
    if raw != found.isoformat() or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise refusal
    return raw


def _read_choice(spec: ModelInput, raw: Any, unit: str | None) -> str:
    accepted = " | ".join(spec.choices)
    if not isinstance(raw, str) or unit not in (None, "1"):
        raise InvalidInput(f"{spec.name} must be one of {accepted}, not {type(raw).__name__}")
    words = " ".join(raw.lower().replace("_", " ").replace("-", " ").split())
    word = words.replace(" ", "_")
    if word not in spec.choices:
        word = _CHOICE_WORDS.get(spec.name, {}).get(words, word)
    if word not in spec.choices:
        raise InvalidInput(f"{spec.name} must be one of {accepted}")
    return word


def _used(spec: ModelInput, value: Value, **extra: Any) -> InputUsed:
    return InputUsed(name=spec.name, label=spec.label, value=value, unit=spec.unit, **extra)
