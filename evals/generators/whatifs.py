"""What-if questions with gold from the published formula, and for simulations what the run must have been."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from evals.generators.chart import Chart
from evals.generators.golds import Expect, number


def ckd_epi_2021(creatinine_mg_dl: float, age: int, is_female: bool) -> float:
    """eGFR in mL/min/1.73 m2 (Inker 2021, NEJM 385:1737, doi:10.1056/NEJMoa2102953)."""
    kappa, alpha, factor = (0.7, -0.241, 1.012) if is_female else (0.9, -0.302, 1.0)
    ratio = creatinine_mg_dl / kappa
    return float(142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age * factor)


def cockcroft_gault(creatinine_mg_dl: float, age: int, weight_kg: float, is_female: bool) -> float:
    """Creatinine clearance in mL/min (Cockcroft and Gault 1976, doi:10.1159/000180580)."""
    return (140 - age) * weight_kg * (0.85 if is_female else 1.0) / (72 * creatinine_mg_dl)


def _run(model: str, *arguments: float, **more: Any) -> Expect:
    return {"run": {"model": model, "arguments": list(arguments), **more}}


def what_ifs(chart: Chart, rng: random.Random) -> Iterator[tuple[str, dict[str, str], Expect]]:
    """Kind, slots and gold of each what-if that this chart can be asked."""
    weights, heights, creatinines = chart.series("weight"), chart.series("height"), chart.series("creatinine")
    age, female = chart.age(), chart.is_female
    if creatinines and age >= 18:
        target = round(rng.uniform(1.6, 3.2), 1)
        value = ckd_epi_2021(target, age, female)
        yield "if_egfr", {"x": f"{target}"}, number(value, 1.2) | _run("ckd_epi_2021_creatinine", target)
        micromol = rng.randrange(140, 300, 10)
        value = ckd_epi_2021(micromol / 88.42, age, female)
        yield "if_egfr_si", {"x": f"{micromol}"}, number(value, 1.2) | _run("ckd_epi_2021_creatinine")
    if weights and heights and age >= 18:
        lost, metres = rng.choice((5, 8, 10, 12)), heights[-1].value / 100
        bmi = (weights[-1].value - lost) / metres**2
        yield "if_bmi_lost", {"x": f"{lost}"}, number(bmi, 0.12) | _run("bmi")
        target = rng.randrange(55, 110, 5)
        yield "if_bmi", {"x": f"{target}"}, number(target / metres**2, 0.12) | _run("bmi", target)
    if weights and creatinines and age >= 18:
        target = round(rng.uniform(1.4, 2.8), 1)
        value = cockcroft_gault(target, age, weights[-1].value, female)
        yield "if_crcl", {"x": f"{target}"}, number(value, 1.2) | _run("cockcroft_gault", target)
        dose, interval = rng.choice(((750, 12), (1000, 12), (1250, 24), (1500, 24)))
        slots = {"dose": f"{dose}", "interval": f"{interval}"}
        yield "if_vancomycin", slots, _run("vancomycin_goti2018|vancomycin_buelga2005", dose, interval, unit="mg.h/L")
    calcium = chart.series("calcium")
    if calcium:
        albumin = rng.choice((2.2, 2.5, 2.8))
        value = calcium[-1].value + 0.8 * (4 - albumin)
        yield "if_calcium", {"x": f"{albumin}"}, number(value, 0.06) | _run("corrected_calcium", albumin)
    target = rng.choice((7.5, 8.0, 9.0, 10.0))
    yield "if_eag", {"x": f"{target:g}"}, number(28.7 * target - 46.7, 0.6) | _run("estimated_average_glucose", target)
    if weights and age >= 18:
        lost = rng.choice((750, 1000, 1500))
        yield "if_bleeding", {"x": f"{lost}"}, _run("haemodynamics_ursino", lost)
