"""Quantity(value, unit) in UCUM: parsing, conversion, refusal of mismatched dimensions.

Conversions between mass and amount of substance (mg/dL to umol/L) need the substance named, because the
factor is its molar mass. Sources: UCUM 2.1 (https://ucum.org); atomic weights IUPAC 2021
(doi:10.1515/pac-2019-0603); HbA1c NGSP/IFCC master equation (doi:10.1373/clinchem.2004.035675).
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, field_validator

from domain.errors import InvalidInput, UnitMismatch, UnknownUnit

# Base dimensions: mass g, length m, time s, amount mol, temperature K, enzyme U, [IU], charge eq, osm.
_DIMENSIONS = ("g", "m", "s", "mol", "K", "U", "IU", "eq", "osm", "pH", "count")


class _Unit(NamedTuple):
    factor: float
    dimension: tuple[int, ...]


def _base(name: str, power: int = 1) -> tuple[int, ...]:
    return tuple(power if d == name else 0 for d in _DIMENSIONS)


_NONE = tuple(0 for _ in _DIMENSIONS)
_ATOMS: dict[str, _Unit] = {
    "g": _Unit(1.0, _base("g")),
    "m": _Unit(1.0, _base("m")),
    "s": _Unit(1.0, _base("s")),
    "min": _Unit(60.0, _base("s")),
    "h": _Unit(3600.0, _base("s")),
    "d": _Unit(86400.0, _base("s")),
    "wk": _Unit(604800.0, _base("s")),
    "mo": _Unit(2629800.0, _base("s")),
    "a": _Unit(31557600.0, _base("s")),
    "L": _Unit(1e-3, _base("m", 3)),
    "l": _Unit(1e-3, _base("m", 3)),
    "mol": _Unit(1.0, _base("mol")),
    "K": _Unit(1.0, _base("K")),
    "U": _Unit(1.0, _base("U")),
    "kat": _Unit(6e7, _base("U")),
    "[IU]": _Unit(1.0, _base("IU")),
    "[iU]": _Unit(1.0, _base("IU")),
    "eq": _Unit(1.0, _base("eq")),
    "osm": _Unit(1.0, _base("osm")),
    "[pH]": _Unit(1.0, _base("pH")),
    "%": _Unit(1e-2, _NONE),
    "[ppth]": _Unit(1e-3, _NONE),
    "1": _Unit(1.0, _NONE),
    "10*": _Unit(10.0, _NONE),
    "10^": _Unit(10.0, _NONE),
    "[lb_av]": _Unit(453.59237, _base("g")),
    "[oz_av]": _Unit(28.349523125, _base("g")),
    "[stone_av]": _Unit(6350.29318, _base("g")),
    "[in_i]": _Unit(0.0254, _base("m")),
    "[ft_i]": _Unit(0.3048, _base("m")),
    "Hz": _Unit(1.0, _base("s", -1)),
    # 1 Pa = 1000 g.m-1.s-2
    "Pa": _Unit(1e3, tuple(a + b - 2 * c for a, b, c in zip(_base("g"), _base("m", -1), _base("s"), strict=True))),
    "m[Hg]": _Unit(
        1.33322387415e8, tuple(a + b - 2 * c for a, b, c in zip(_base("g"), _base("m", -1), _base("s"), strict=True))
    ),
}
_ATOMS["m[H2O]"] = _Unit(9.80665e6, _ATOMS["Pa"].dimension)
_PREFIXES = {"k": 1e3, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
_METRIC = {"g", "m", "s", "L", "l", "mol", "U", "[IU]", "[iU]", "eq", "osm", "Pa", "m[Hg]", "m[H2O]", "kat"}
_AFFINE = {"Cel": (1.0, 273.15), "[degF]": (5.0 / 9.0, 459.67 * 5.0 / 9.0)}

# Spellings met in notes and records, mapped to UCUM. Keys are lower case, without spaces.
_ALIASES = {
    "mmhg": "mm[Hg]", "mm hg": "mm[Hg]", "torr": "mm[Hg]", "°c": "Cel", "degc": "Cel", "c": "Cel", "celsius": "Cel",
    "°f": "[degF]", "degf": "[degF]", "f": "[degF]", "fahrenheit": "[degF]", "lb": "[lb_av]", "lbs": "[lb_av]",
    "pound": "[lb_av]", "pounds": "[lb_av]", "kgs": "kg", "kilograms": "kg", "oz": "[oz_av]", "stone": "[stone_av]", "stones": "[stone_av]", "in": "[in_i]",
    "inch": "[in_i]", "inches": "[in_i]", "ft": "[ft_i]", "feet": "[ft_i]", "mcg": "ug", "µg": "ug", "μg": "ug",
    "mcg/l": "ug/L", "mcg/ml": "ug/mL", "mcg/dl": "ug/dL", "bpm": "/min", "beats/min": "/min", "breaths/min": "/min",
    "beats/minute": "/min", "per minute": "/min", "units": "[IU]", "unit": "[IU]", "iu": "[IU]", "unt": "[IU]",
    "iu/l": "[IU]/L", "u/l": "U/L", "units/l": "U/L", "meq": "meq", "meq/l": "meq/L", "k/ul": "10*3/uL",
    "k/mcl": "10*3/uL", "k/mm3": "10*3/uL", "thou/ul": "10*3/uL", "x10^3/ul": "10*3/uL", "x10e3/ul": "10*3/uL",
    "10^3/ul": "10*3/uL", "x10^9/l": "10*9/L", "10^9/l": "10*9/L", "10e9/l": "10*9/L", "x10^12/l": "10*12/L",
    "10^12/l": "10*12/L", "10^6/ul": "10*6/uL", "x10^6/ul": "10*6/uL", "m/ul": "10*6/uL", "/mm3": "/uL",
    "/mcl": "/uL", "cells/ul": "/uL", "years": "a", "year": "a", "yr": "a", "yrs": "a", "y": "a", "months": "mo",
    "month": "mo", "weeks": "wk", "week": "wk", "days": "d", "day": "d", "hours": "h", "hour": "h", "hr": "h",
    "hrs": "h", "minutes": "min", "minute": "min", "mins": "min", "seconds": "s", "sec": "s", "kg/m2": "kg/m2",
    "kg/m^2": "kg/m2", "kg/m²": "kg/m2", "m²": "m2", "m^2": "m2", "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/1.73 m2": "mL/min/{1.73_m2}", "ml/min/1.73m^2": "mL/min/{1.73_m2}", "ml/min/1.73m²": "mL/min/{1.73_m2}",
    "ml/min/1.73 m²": "mL/min/{1.73_m2}", "percent": "%", "mosm/kg": "mosm/kg", "ph": "[pH]", "mg/24h": "mg/(24.h)",
    "pack-years": "{pack-years}", "points": "{score}", "score": "{score}", "ratio": "{ratio}", "fraction": "1",
    "": "1", "{nominal}": "1", "mg*h/l": "mg.h/L", "mg·h/l": "mg.h/L", "mg/dl": "mg/dL", "g/dl": "g/dL",
    "ng/ml": "ng/mL", "pg/ml": "pg/mL", "mmol/l": "mmol/L", "umol/l": "umol/L", "µmol/l": "umol/L", "μmol/l": "umol/L",
    "mg/l": "mg/L", "g/l": "g/L", "ml": "mL", "dl": "dL", "ml/h": "mL/h", "ml/hr": "mL/h", "l/min": "L/min",
    "mg/h": "mg/h", "mg/hr": "mg/h", "ml/min": "mL/min", "l/h": "L/h", "iu/ml": "[IU]/mL", "miu/l": "m[IU]/L",
    "uiu/ml": "u[IU]/mL", "mcg/kg/min": "ug/kg/min", "mcg/h": "ug/h", "mcg/hr": "ug/h", "mg/day": "mg/d",
    "kpa": "kPa", "mmol/mol": "mmol/mol", "cm h2o": "cm[H2O]", "cmh2o": "cm[H2O]",
    "mg/kg/day": "mg/kg/d", "ug/day": "ug/d", "mcg/day": "ug/d", "units/h": "[IU]/h", "units/hr": "[IU]/h",
    "mg/kg/hr": "mg/kg/h", "cells/mm3": "/uL", "cells/mm^3": "/uL", "/mm^3": "/uL", "thousand/ul": "10*3/uL",
    "10e3/ul": "10*3/uL", "×10⁹/l": "10*9/L", "x10⁹/l": "10*9/L", "10⁹/l": "10*9/L", "msec": "ms", "milliseconds": "ms",
    "per min": "/min", "/minute": "/min", "beats per minute": "/min", "breaths per minute": "/min", "mcg/mg": "ug/mg",
    "mosmol/kg": "mosm/kg", "mosmol/l": "mosm/L", "mosm/l": "mosm/L", "micromol/l": "umol/L", "gram": "g", "grams": "g", "mu/l": "mU/L", "uu/ml": "uU/mL",
}  # fmt: skip

# g/mol of what the laboratory reports: urea nitrogen counts two nitrogens, phosphate counts phosphorus.
MOLAR_MASS_G_PER_MOL = {
    "creatinine": 113.12, "glucose": 180.156, "cholesterol": 386.65, "triglycerides": 885.7, "calcium": 40.078,
    "bilirubin": 584.66, "urea": 60.056, "urea_nitrogen": 28.014, "uric_acid": 168.11, "magnesium": 24.305,
    "phosphate": 30.974, "lactate": 90.08, "iron": 55.845, "vancomycin": 1449.25, "digoxin": 780.94,
    "ethanol": 46.068, "sodium": 22.990, "potassium": 39.098, "chloride": 35.45, "lithium": 6.94,
    "albumin": 66437.0, "hemoglobin": 16114.0, "phenytoin": 252.27, "vitamin_d": 400.64, "vitamin_b12": 1355.37,
    "folate": 441.40, "testosterone": 288.42, "cortisol": 362.46, "thyroxine": 776.87, "triiodothyronine": 650.97,
    "estradiol": 272.38, "progesterone": 314.46, "ammonia": 17.031, "parathyroid_hormone": 9425.0,
}  # fmt: skip
# Counted in units of activity: their U and [IU] are the same, though UCUM keeps them apart.
COUNTED_IN_UNITS = {"enzyme", "insulin", "heparin"}
VALENCE = {"sodium": 1, "potassium": 1, "chloride": 1, "bicarbonate": 1, "calcium": 2, "magnesium": 2, "lithium": 1}

_ATOM_PATTERN = re.compile(r"^(?P<unit>10[*^]|1|%|[A-Za-z]*\[[A-Za-z0-9_']+\]|[A-Za-z]+)(?P<power>[+-]?\d+)?$")


def normalise_unit(text: str) -> str:
    """The UCUM spelling of a unit as people write it ("mcg/mL" is "ug/mL"); unknown text comes back unchanged."""
    stripped = text.strip().replace("µ", "u").replace("μ", "u")
    lowered = " ".join(stripped.lower().split())
    return _ALIASES.get(lowered) or _ALIASES.get(lowered.replace(" ", "")) or stripped.replace(" ", "")


@lru_cache(maxsize=1024)
def _parse(unit: str) -> _Unit:
    bare = re.sub(r"\{[^}]*\}", "", unit)
    factor, dimension = 1.0, list(_NONE)
    sign, token = 1, ""
    for char in [*bare, "."]:
        if char in "()":  # "mg/(24.h)" divides by the whole group; the groups met here hold one product
            continue
        if char not in "./":
            token += char
            continue
        if token:
            atom = _parse_atom(token, unit)
            factor *= atom.factor**sign
            dimension = [d + sign * a for d, a in zip(dimension, atom.dimension, strict=True)]
            token = ""
        if char == "/":
            sign = -1
        elif "(" not in bare:
            sign = 1
    return _Unit(factor, tuple(dimension))


def _parse_atom(token: str, unit: str) -> _Unit:
    if token.isdigit():
        return _Unit(float(token), _NONE)
    match = _ATOM_PATTERN.match(token)
    if match is None:
        raise UnknownUnit(f"unit {unit!r} is not UCUM; write it like 'mg/dL', 'mmol/L', '10*3/uL'", unit=unit)
    name, power = match["unit"], int(match["power"] or 1)
    if name in _ATOMS:
        found = _ATOMS[name]
    elif name[:1] in _PREFIXES and name[1:] in _METRIC:
        found = _Unit(_PREFIXES[name[0]] * _ATOMS[name[1:]].factor, _ATOMS[name[1:]].dimension)
    else:
        raise UnknownUnit(f"unit {unit!r} is not known; write it like 'mg/dL', 'mmol/L', '10*3/uL'", unit=unit)
    return _Unit(found.factor**power, tuple(d * power for d in found.dimension))


def convert(value: float, from_unit: str, to_unit: str, substance: str | None = None) -> float:
    """The value expressed in another unit.

    Args:
        value: The number to convert, in `from_unit`.
        from_unit: UCUM unit or a known spelling of one.
        to_unit: Likewise.
        substance: A key of `MOLAR_MASS_G_PER_MOL` or `VALENCE` where mass and amount meet; "hba1c"; or "enzyme",
            "insulin" or "heparin", whose U and [IU] are one.

    Raises:
        UnknownUnit: a unit cannot be parsed.
        UnitMismatch: the units measure different things, or the substance needed is not given.
    """
    source, target = normalise_unit(from_unit), normalise_unit(to_unit)
    if source == target:
        return value
    if source in _AFFINE or target in _AFFINE:
        return _convert_temperature(value, source, target)
    if substance == "hba1c" and {source, target} == {"%", "mmol/mol"}:
        return 10.929 * (value - 2.15) if source == "%" else value / 10.929 + 2.15
    a, b = _parse(source), _parse(target)
    if substance in COUNTED_IN_UNITS:
        a, b = _international(a), _international(b)
    if a.dimension == b.dimension:
        return value * a.factor / b.factor
    bridged = _bridge(a, b, substance)
    if bridged is None:
        hint = f" for {substance}" if substance else "; name the substance if this is mass to moles"
        raise UnitMismatch(f"cannot convert {source} to {target}{hint}", from_unit=source, to_unit=target)
    return value * bridged


def _international(unit: _Unit) -> _Unit:
    """The unit with U counted as [IU]."""
    powers = dict(zip(_DIMENSIONS, unit.dimension, strict=True))
    powers["IU"], powers["U"] = powers["IU"] + powers["U"], 0
    return _Unit(unit.factor, tuple(powers.values()))


def _convert_temperature(value: float, source: str, target: str) -> float:
    if source not in {*_AFFINE, "K"} or target not in {*_AFFINE, "K"}:
        raise UnitMismatch(f"cannot convert {source} to {target}", from_unit=source, to_unit=target)
    scale, offset = _AFFINE.get(source, (1.0, 0.0))
    kelvin = value * scale + offset
    scale, offset = _AFFINE.get(target, (1.0, 0.0))
    return (kelvin - offset) / scale


def _bridge(a: _Unit, b: _Unit, substance: str | None) -> float | None:
    """The factor from a to b through molar mass or valence, or None where the substance does not bridge them."""
    difference = tuple(x - y for x, y in zip(a.dimension, b.dimension, strict=True))
    mass, amount, charge = (difference[_DIMENSIONS.index(d)] for d in ("g", "mol", "eq"))
    others = [d for d, name in zip(difference, _DIMENSIONS, strict=True) if name not in {"g", "mol", "eq"}]
    molar_mass, valence = MOLAR_MASS_G_PER_MOL.get(substance or ""), VALENCE.get(substance or "")
    if any(others) or mass + amount + charge:
        return None
    ratio = a.factor / b.factor
    if mass:
        if molar_mass is None:
            return None
        ratio *= molar_mass ** (-mass)
    if charge:
        if valence is None:
            return None
        ratio *= float(valence) ** (-charge)
    return ratio


class Quantity(BaseModel):
    """A number with its UCUM unit; arithmetic happens only after conversion."""

    model_config = ConfigDict(frozen=True)

    value: float
    unit: str = "1"

    @field_validator("value")
    @classmethod
    def _finite(cls, value: float) -> float:
        if not math.isfinite(value):
            raise ValueError("a quantity must be a finite number")
        return value

    @field_validator("unit")
    @classmethod
    def _ucum(cls, unit: str) -> str:
        return normalise_unit(unit)

    def to(self, unit: str, substance: str | None = None) -> Quantity:
        """This quantity in another unit; see `convert` for what is refused."""
        return Quantity(value=convert(self.value, self.unit, unit, substance), unit=unit)

    def __str__(self) -> str:
        return f"{self.value:g}" if self.unit == "1" else f"{self.value:g} {self.unit}"


def parse_quantity(value: object, default_unit: str) -> Quantity:
    """A quantity from a bare number (taken in `default_unit`) or a mapping `{value, unit}`.

    Raises:
        InvalidInput: the value is not a number, or is not finite.
    """
    unit = default_unit
    if isinstance(value, dict):
        unit = str(value.get("unit") or default_unit)
        value = value.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InvalidInput(f"expected a number in {default_unit}, or {{value, unit}}", accepted=default_unit)
    return Quantity(value=float(value), unit=unit)
