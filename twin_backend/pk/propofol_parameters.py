"""Parameters of the three propofol models of target-controlled infusion, as published; volumes in L, time in min."""

from __future__ import annotations

from math import exp
from typing import NamedTuple

from twin_backend.model import Values


class Parameters(NamedTuple):
    """One patient's volumes (L), clearances (L/min) and effect-site rate constant (1/min)."""

    v1: float
    v2: float
    v3: float
    cl: float
    q2: float
    q3: float
    ke0: float


def james_lean_mass_kg(weight_kg: float, height_cm: float, sex: str) -> float:
    """Lean body mass by James 1976, which falls again in obesity."""
    ratio = (weight_kg / height_cm) ** 2
    return 1.07 * weight_kg - 148 * ratio if sex == "female" else 1.1 * weight_kg - 128 * ratio


def al_sallami_fat_free_mass_kg(age_years: float, weight_kg: float, height_cm: float, sex: str) -> float:
    """Fat-free mass by Al-Sallami et al. 2015 (doi:10.1007/s40262-015-0277-z)."""
    square_m2 = (height_cm / 100) ** 2
    if sex == "female":
        mature = 1.11 + (1 - 1.11) / (1 + (age_years / 7.1) ** -1.1) if age_years > 0 else 1.11
        return mature * 37.99 * square_m2 * weight_kg / (35.98 * square_m2 + weight_kg)
    mature = 0.88 + (1 - 0.88) / (1 + (age_years / 13.4) ** -12.7) if age_years > 0 else 0.88
    return mature * 42.92 * square_m2 * weight_kg / (30.93 * square_m2 + weight_kg)


def marsh(values: Values) -> Parameters:
    """Marsh 1991, adult set, with the effect-site constant asked for."""
    v1 = 0.228 * values.number("weight_kg")
    k10, k12, k13, k21, k31 = 0.119, 0.112, 0.0419, 0.055, 0.0033
    ke0 = 0.26 if values.choice("ke0_variant") == "diprifusor" else 1.2
    return Parameters(v1, v1 * k12 / k21, v1 * k13 / k31, v1 * k10, v1 * k12, v1 * k13, ke0)


def schnider(values: Values) -> Parameters:
    """Schnider 1998, with ke0 of Schnider 1999."""
    age, weight, height = (values.number(name) for name in ("age_years", "weight_kg", "height_cm"))
    lean = james_lean_mass_kg(weight, height, values.choice("sex"))
    cl = 1.89 + 0.0456 * (weight - 77) - 0.0681 * (lean - 59) + 0.0264 * (height - 177)
    return Parameters(4.27, 18.9 - 0.391 * (age - 53), 238.0, cl, 1.29 - 0.024 * (age - 53), 0.836, 0.456)


def eleveld(values: Values) -> Parameters:
    """Eleveld 2018, table 2, arterial samples; Q2 of the reference patient is 1.75 x 1.046 = 1.83 L/min."""
    age, weight, height = (values.number(name) for name in ("age_years", "weight_kg", "height_cm"))
    sex, opioid = values.choice("sex"), values.flag("opioid")
    fat_free = al_sallami_fat_free_mass_kg(age, weight, height, sex) / al_sallami_fat_free_mass_kg(35, 70, 170, "male")
    weeks, reference_weeks = age * 52 + 40, 35 * 52 + 40
    v1 = 6.28 * _sigmoid(weight, 33.6, 1) / _sigmoid(70, 33.6, 1)
    v2 = 25.5 * weight / 70 * exp(-0.0156 * (age - 35))
    v3 = 273 * fat_free * (exp(-0.0138 * age) if opioid else 1.0)
    maturation = _sigmoid(weeks, 42.3, 9.06) / _sigmoid(reference_weeks, 42.3, 9.06)
    cl = (2.10 if sex == "female" else 1.79) * (weight / 70) ** 0.75 * maturation
    cl *= exp(-0.00286 * age) if opioid else 1.0
    q3_maturation = _sigmoid(weeks, 68.3, 1)
    q2 = 1.75 * (v2 / 25.5) ** 0.75 * (1 + 1.30 * (1 - q3_maturation))
    q3 = 1.11 * (v3 / 273) ** 0.75 * q3_maturation / _sigmoid(reference_weeks, 68.3, 1)
    return Parameters(v1, v2, v3, cl, q2, q3, 0.146 * (weight / 70) ** -0.25)


def eleveld_bis(effect_site_mg_l: float, age_years: float) -> float:
    """Bispectral index at an effect-site concentration (Eleveld 2018, table 3), without its measurement delay."""
    ce50 = 3.08 * exp(-0.00635 * (age_years - 35))
    steepness = 1.89 if effect_site_mg_l < ce50 else 1.47
    return 93 * (1 - _sigmoid(effect_site_mg_l, ce50, steepness))


def _sigmoid(x: float, half: float, power: float) -> float:
    return x**power / (x**power + half**power)
