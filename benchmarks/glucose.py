"""A day of glucose in many virtual patients: this project's solver beside simglucose, in time and in mg/dL.

    pip install simglucose==0.2.11 "setuptools<81"
    python benchmarks/glucose.py [--patients N] [--golden tests/data/uva_padova_simglucose.csv]

Prints CPU seconds per patient-day of stock simglucose, of simglucose with its parameters as plain attributes (its own
equations and solver; pandas look-ups are most of its time, so this is the fair comparison) and of the twin, and the
largest difference from simglucose over its 30 patients, minute by minute. `--golden` writes simglucose's glucose every
30 min for the tests. Times depend on the machine: compare within one run.
"""

from __future__ import annotations

import argparse
import csv
import warnings
from collections.abc import Callable
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from typing import Any

import numpy as np

from twin_backend.engines.uva_padova import Course, Event, plan_day, simulate
from twin_backend.engines.uva_padova_patients import PMOL_PER_UNIT, Bodies, published

MINUTES = 1440
MEALS = {420: 45.0, 720: 70.0, 1080: 80.0}
# Name: meals (minute to g), share of each bolus by minute of the meal, multiple of the basal rate.
DAYS: dict[str, tuple[dict[int, float], dict[int, float], float]] = {
    "full": (MEALS, dict.fromkeys(MEALS, 1.0), 1.0),
    "missed": (MEALS, {420: 1.0, 720: 0.0, 1080: 1.0}, 1.0),
    "reduced": (MEALS, dict.fromkeys(MEALS, 0.5), 1.0),
    "fasting": ({}, {}, 1.0),
    "fasting_low_basal": ({}, {}, 0.8),
}


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--golden", type=Path)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="pkg_resources")

    _simglucose(0, "fasting", False)  # imports
    stock, plain = _seconds(lambda: _simglucose(0, "full", True)), _seconds(lambda: _simglucose(0, "full", False))
    ids, bodies = published()
    many = bodies.take(np.arange(options.patients) % len(bodies))
    _twin(bodies, "full")
    ours = _seconds(lambda: _twin(many, "full"))
    print(f"simglucose, stock             {stock:8.3f} CPU-s a patient-day")
    print(f"simglucose, plain parameters  {plain:8.3f} CPU-s a patient-day")
    print(f"twin, {options.patients} patients at once    {ours:8.3f} CPU-s in all")
    each = ours / options.patients
    print(f"ratio: {stock / each:.0f} to stock, {plain / each:.0f} to plain parameters")

    print("largest difference from simglucose over its 30 patients, every minute:")
    theirs = {name: np.stack([_simglucose(i, name, False) for i in range(len(ids))], axis=1) for name in DAYS}
    for name, glucose in theirs.items():
        gap = np.abs(_twin(bodies, name).sensor_glucose_mg_per_dl - glucose).max()
        print(f"  {name:<20}{gap:10.5f} mg/dL (lowest glucose {glucose.min():.0f})")
    if options.golden:
        _write(options.golden, ids, theirs)


def _twin(bodies: Bodies, name: str) -> Course:
    meals, shares, basal = DAYS[name]
    day = plan_day(
        basal * bodies.basal_u_per_h,
        [Event(minute, grams) for minute, grams in meals.items()],
        [Event(minute, shares[minute] * grams / bodies.carb_ratio) for minute, grams in meals.items()],
        MINUTES,
    )
    return simulate(bodies, day)


def _simglucose(row: int, name: str, stock: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Glucose of one of its patients (`observation.Gsub`) at each minute, on one of the days."""
    import pandas as pd
    from simglucose.controller.basal_bolus_ctrller import CONTROL_QUEST
    from simglucose.patient.t1dpatient import PATIENT_PARA_FILE, Action, T1DPatient

    table, ratios = pd.read_csv(PATIENT_PARA_FILE).iloc[row], pd.read_csv(CONTROL_QUEST).set_index("Name").CR
    start = table.iloc[2:15].to_numpy(dtype=float)
    patient = T1DPatient(table) if stock else T1DPatient(SimpleNamespace(**table.to_dict()), init_state=start)
    meals, shares, basal_share = DAYS[name]
    basal = basal_share * table.u2ss * table.BW / PMOL_PER_UNIT
    glucose = [patient.observation.Gsub]
    for minute in range(MINUTES):
        grams = meals.get(minute, 0.0)
        bolus = shares.get(minute, 0.0) * grams / ratios[table.Name]
        patient.step(Action(CHO=grams, insulin=basal + bolus))
        glucose.append(patient.observation.Gsub)
    return np.array(glucose, dtype=float)


def _seconds(work: Callable[[], object]) -> float:
    started = process_time()
    work()
    return process_time() - started


def _write(path: Path, ids: tuple[str, ...], days: dict[str, np.ndarray[Any, np.dtype[np.float64]]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["day", "minute", *ids])
        for name, glucose in days.items():
            rows.writerows([name, m, *(f"{v:.3f}" for v in glucose[m])] for m in range(0, MINUTES + 1, 30))


if __name__ == "__main__":
    main()
