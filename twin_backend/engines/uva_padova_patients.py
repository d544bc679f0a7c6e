"""The virtual patients of the UVA/Padova simulator S2008 (doi:10.1177/193229680900300106) and their steady states.

Names are the papers' (Dalla Man 2007, doi:10.1109/TBME.2007.893506). Masses of glucose are mg (gut) or mg/kg (body),
of insulin pmol/kg, rates per min. Each array has one element per body.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_TABLE = Path(__file__).parent / "data" / "uva_padova_s2008.csv"
PMOL_PER_UNIT = 6000.0


@dataclass(frozen=True)
class Bodies:
    """Parameters of n bodies, each of shape (n,)."""

    bw: Floats  # kg
    gb: Floats  # fasting plasma glucose, mg/dL
    vg: Floats  # dL/kg
    vi: Floats  # L/kg
    kabs: Floats
    kmax: Floats
    kmin: Floats
    b: Floats
    d: Floats
    f: Floats
    kp1: Floats
    kp2: Floats
    kp3: Floats
    ki: Floats
    fsnc: Floats
    vm0: Floats
    vmx: Floats
    km0: Floats
    p2u: Floats
    k1: Floats
    k2: Floats
    ke1: Floats
    ke2: Floats
    m1: Floats
    m2: Floats
    m4: Floats
    m30: Floats
    kd: Floats
    ka1: Floats
    ka2: Floats
    ksc: Floats
    u2ss: Floats  # basal insulin that holds gb, pmol/kg/min
    carb_ratio: Floats  # g of carbohydrate that one unit of insulin covers
    age_years: Floats

    def __len__(self) -> int:
        return len(self.bw)

    def take(self, rows: object) -> Bodies:
        """The bodies of these rows, repeated where a row is."""
        return Bodies(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    @property
    def basal_u_per_h(self) -> Floats:
        """The basal rate that holds fasting glucose."""
        return self.u2ss * self.bw * 60 / PMOL_PER_UNIT

    def fasting_insulin(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Insulin at the body's own basal rate: first and second depot, liver, plasma (pmol/kg); plasma (pmol/L)."""
        first = self.u2ss / (self.ka1 + self.kd)
        plasma = self.u2ss / (self.m2 + self.m4 - self.m1 * self.m2 / (self.m1 + self.m30))
        liver = self.m2 * plasma / (self.m1 + self.m30)
        return first, self.kd * first / self.ka2, liver, plasma, plasma / self.vi

    def tissue_glucose(self, glucose_mg_per_dl: Floats) -> Floats:
        """Glucose in tissue (mg/kg) in balance with this plasma glucose at basal insulin: the root of a quadratic."""
        plasma = glucose_mg_per_dl * self.vg
        half = (self.vm0 + self.k2 * self.km0 - self.k1 * plasma) / 2
        root: Floats = (np.sqrt(half**2 + self.k2 * self.k1 * plasma * self.km0) - half) / self.k2
        return root

    def with_fasting_glucose(self, glucose_mg_per_dl: Floats) -> Bodies:
        """The same bodies with endogenous production (kp1) such that their own basal rate holds this glucose."""
        plasma, tissue = glucose_mg_per_dl * self.vg, self.tissue_glucose(glucose_mg_per_dl)
        used = self.fsnc + self.vm0 * tissue / (self.km0 + tissue) + self.ke1 * np.maximum(plasma - self.ke2, 0)
        *_, insulin = self.fasting_insulin()
        return replace(self, gb=glucose_mg_per_dl, kp1=used + self.kp2 * plasma + self.kp3 * insulin)

    def with_basal_need(self, units_per_h: Floats) -> Bodies:
        """The same bodies with this basal rate for the same fasting glucose.

        Twice the need is half the sensitivity: insulin's two effects (vmx, kp3) and the carbohydrate ratio scale
        inversely, so that fasting glucose and its production stay.
        """
        factor = units_per_h / self.basal_u_per_h
        return replace(
            self, u2ss=self.u2ss * factor, vmx=self.vmx / factor, kp3=self.kp3 / factor,
            carb_ratio=self.carb_ratio / factor,
        )  # fmt: skip

    def with_weight(self, weight_kg: Floats) -> Bodies:
        """The same bodies at another weight; what is per kg stays, so the basal rate moves with the weight."""
        return replace(self, bw=weight_kg)


@cache
def published() -> tuple[tuple[str, ...], Bodies]:
    """The 30 published patients: their ids, and their parameters in the same order."""
    lines = [line for line in _TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    columns = {one.name: np.array([float(row[one.name]) for row in rows]) for one in fields(Bodies)}
    return tuple(row["id"] for row in rows), Bodies(**columns)


def patient(name: str) -> Bodies:
    """One published patient by id, or `average_adult`: the mean of the ten adults, brought into balance."""
    ids, bodies = published()
    if name != "average_adult":
        return bodies.take([ids.index(name)])
    adults = bodies.take([row for row, one in enumerate(ids) if one.startswith("adult#")])
    mean = Bodies(**{one.name: getattr(adults, one.name).mean(keepdims=True) for one in fields(Bodies)})
    return mean.with_fasting_glucose(mean.gb)
