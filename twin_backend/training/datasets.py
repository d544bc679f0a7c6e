"""Open survival data that come with scikit-survival, checked, under the names and units of the twin's inputs.

Variables: Hosmer, Lemeshow & May, Applied Survival Analysis (2008), for WHAS500 and ACTG 320; Schumacher et al. 1994
for GBSG2; Dispenzieri et al. 2012 for the free light chains. Left out is what is not known when one would predict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from twin_backend.engines.cox import Term

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dataset:
    """Patients, what happened to them, and how to model it.

    Attributes:
        frame: One row per patient; columns are inputs of the shipped model.
        time_d: Follow-up in days, above 0.
        event: Whether follow-up ended with the event.
        horizons_d: Days at which the shipped model answers; the last one ends every metric.
        calibrated_at_d: Day at which calibration is judged.
        linear: Terms of the baseline model.
        flexible: Terms of the flexible model; knots are set in the data it is fitted to.
        groups: Labels of each patient, by attribute, for the comparison of subgroups.
        left_out: Columns that are not used, with the reason.
    """

    name: str
    frame: pd.DataFrame
    time_d: Floats
    event: NDArray[np.bool_]
    horizons_d: tuple[float, ...]
    calibrated_at_d: float
    linear: tuple[Term, ...]
    flexible: tuple[Term, ...]
    groups: dict[str, pd.Series]
    left_out: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def rows(self, chosen: NDArray[np.int64]) -> Dataset:
        """The patients at these positions."""
        return Dataset(
            self.name, self.frame.iloc[chosen].reset_index(drop=True), self.time_d[chosen], self.event[chosen],
            self.horizons_d, self.calibrated_at_d, self.linear, self.flexible,
            {name: labels.iloc[chosen].reset_index(drop=True) for name, labels in self.groups.items()},
            self.left_out, self.notes,
        )  # fmt: skip

    def sample(self, count: int, seed: int) -> Dataset:
        """So many patients at random, or all where there are fewer; in the order of the data."""
        if count >= len(self.event):
            return self
        return self.rows(np.sort(np.random.default_rng(seed).choice(len(self.event), count, replace=False)))


def load(name: str) -> Dataset:
    """The named data set, its columns checked.

    Raises:
        KeyError: there is no such data set.
        pandera.errors.SchemaErrors: the data are not what this module was written for.
    """
    return LOADERS[name]()


def _checked(frame: pd.DataFrame, time: Floats, event: NDArray[np.bool_], spec: dict[str, Any]) -> None:
    """Every column of `spec`, no other, without gaps, in its range (two numbers), words (a set) or as true and false."""

    def column(rule: Any) -> pa.Column:
        if rule is bool:
            return pa.Column(bool)
        if isinstance(rule, set):
            return pa.Column(str, pa.Check.isin(sorted(rule)))
        low, high = rule
        return pa.Column(float, pa.Check.in_range(low, high))

    schema = pa.DataFrameSchema(
        {**{name: column(rule) for name, rule in spec.items()}, "time_d": pa.Column(float, pa.Check.gt(0)),
         "event": pa.Column(bool)},
        strict=True, unique_column_names=True,
    )  # fmt: skip
    schema.validate(frame.assign(time_d=time, event=event), lazy=True)


def _line(*names: str) -> tuple[Term, ...]:
    return tuple(Term(name, "linear") for name in names)


def _log(*names: str) -> tuple[Term, ...]:
    return tuple(Term(name, "log1p") for name in names)


def _is(name: str, *levels: str) -> tuple[Term, ...]:
    return tuple(Term(name, "is", level=level) for level in levels)


def _curve(*names: str, log: bool = False) -> tuple[Term, ...]:
    return tuple(Term(name, "spline", log=log) for name in names)


def _bands(age: pd.Series, *edges: int) -> pd.Series:
    names = [
        f"under {edges[0]}",
        *(f"{a} to {b - 1}" for a, b in pairwise(edges)),
        f"{edges[-1]} or over",
    ]
    return pd.Series(np.array(names)[np.searchsorted(edges, age, side="right")])


def _yes(column: pd.Series, value: str = "1") -> NDArray[np.bool_]:
    return (column.astype(str) == value).to_numpy()


def _floats(column: pd.Series) -> Floats:
    return column.astype(float).to_numpy()


def _whas500() -> Dataset:
    from sksurv.datasets import load_whas500

    x, y = load_whas500()
    flags = {
        "atrial_fibrillation": "afb", "complete_heart_block": "av3", "heart_failure": "chf", "prior_cvd": "cvd",
        "prior_mi": "miord", "q_wave_mi": "mitype", "cardiogenic_shock": "sho",
    }  # fmt: skip
    numbers = {
        "age_years": "age",
        "bmi_kg_m2": "bmi",
        "diastolic_bp_mmhg": "diasbp",
        "heart_rate_bpm": "hr",
        "systolic_bp_mmhg": "sysbp",
    }
    frame = pd.DataFrame(
        {name: _floats(x[old]) for name, old in numbers.items()}
        | {"sex": np.where(_yes(x["gender"]), "female", "male")}
        | {name: _yes(x[old]) for name, old in flags.items()}
    )
    time, event = y["lenfol"].astype(float), y["fstat"].astype(bool)
    ranges = {
        "age_years": (18, 110),
        "bmi_kg_m2": (10, 60),
        "diastolic_bp_mmhg": (5, 200),
        "heart_rate_bpm": (20, 250),
        "systolic_bp_mmhg": (40, 300),
    }
    _checked(frame, time, event, {**ranges, "sex": {"female", "male"}, **dict.fromkeys(flags, bool)})
    fixed = (*_is("sex", "female"), *_line(*flags))
    return Dataset(
        "whas500", frame, time, event, (365.25, 730.5, 1826.25), 365.25,
        linear=(*_line(*numbers), *fixed), flexible=(*_curve(*numbers), *fixed),
        groups={"sex": frame["sex"], "age": _bands(frame["age_years"], 65, 80)},
        left_out={"los": "length of stay is known at discharge only, and is short because patients died"},
        notes=("Heart failure, shock and heart block may have been recorded at any time of the admission.",),
    )  # fmt: skip


def _gbsg2() -> Dataset:
    from sksurv.datasets import load_gbsg2

    x, y = load_gbsg2()
    numbers = {
        "age_years": "age", "tumor_size_mm": "tsize", "positive_nodes": "pnodes",
        "progesterone_receptor_fmol_mg": "progrec", "estrogen_receptor_fmol_mg": "estrec",
    }  # fmt: skip
    frame = pd.DataFrame(
        {name: _floats(x[old]) for name, old in numbers.items()}
        | {"tumor_grade": x["tgrade"].astype(str).map({"I": "1", "II": "2", "III": "3"}).to_numpy()}
        | {"postmenopausal": _yes(x["menostat"], "Post"), "hormonal_therapy": _yes(x["horTh"], "yes")}
    )
    time, event = y["time"].astype(float), y["cens"].astype(bool)
    flags = ("postmenopausal", "hormonal_therapy")
    ranges = {
        "age_years": (18, 90),
        "tumor_size_mm": (1, 200),
        "positive_nodes": (1, 60),
        "progesterone_receptor_fmol_mg": (0, 5000),
        "estrogen_receptor_fmol_mg": (0, 5000),
    }
    _checked(frame, time, event, {**ranges, "tumor_grade": {"1", "2", "3"}, **dict.fromkeys(flags, bool)})
    fixed = (*_is("tumor_grade", "2", "3"), *_line(*flags))
    # Young age, many nodes and low receptors matter on curves: Sauerbrei & Royston 1999, J R Stat Soc A 162:71-94.
    skewed = ("positive_nodes", "progesterone_receptor_fmol_mg", "estrogen_receptor_fmol_mg")
    return Dataset(
        "gbsg2", frame, time, event, (365.25, 730.5, 1826.25), 730.5,
        linear=(*_line(*numbers), *fixed),
        flexible=(*_curve("age_years"), *_log("tumor_size_mm", *skewed), *fixed),
        groups={"age": _bands(frame["age_years"], 45, 60), "menopause": frame["postmenopausal"].map({True: "after", False: "before"})},
        notes=(
            "All patients are women: no comparison of the sexes is possible.",
            "The curved terms follow an analysis of the same patients (Sauerbrei & Royston 1999): their gain is optimistic.",
        ),
    )  # fmt: skip


def _aids() -> Dataset:
    from sksurv.datasets import load_aids

    x, y = load_aids(endpoint="aids")
    numbers = {
        "age_years": "age",
        "cd4_cells_ul": "cd4",
        "karnofsky_score": "karnof",
        "prior_zidovudine_months": "priorzdv",
    }
    frame = pd.DataFrame(
        {name: _floats(x[old]) for name, old in numbers.items()}
        | {"sex": np.where(_yes(x["sex"], "2"), "female", "male"), "indinavir": _yes(x["tx"])}
        | {"injection_drug_use": ~_yes(x["ivdrug"]), "hemophilia": _yes(x["hemophil"])}
    )
    time, event = y["time"].astype(float), y["censor"].astype(bool)
    flags = ("indinavir", "injection_drug_use", "hemophilia")
    ranges = {
        "age_years": (12, 90),
        "cd4_cells_ul": (0, 500),
        "karnofsky_score": (70, 100),
        "prior_zidovudine_months": (0, 400),
    }
    _checked(frame, time, event, {**ranges, "sex": {"female", "male"}, **dict.fromkeys(flags, bool)})
    fixed = (*_is("sex", "female"), *_line("karnofsky_score", *flags))
    peoples = {"1": "White", "2": "Black", "3": "Hispanic"}
    return Dataset(
        "aids", frame, time, event, (91.3125, 182.625, 273.9375), 182.625,
        linear=(*_line("age_years", "cd4_cells_ul", "prior_zidovudine_months"), *fixed),
        flexible=(*_curve("age_years", "cd4_cells_ul"), *_curve("prior_zidovudine_months", log=True), *fixed),
        groups={"sex": frame["sex"], "age": _bands(frame["age_years"], 35, 45),
                "race or ethnicity": x["raceth"].astype(str).map(peoples).fillna("other").reset_index(drop=True)},
        left_out={
            "raceth": "race and ethnicity do not predict; they serve the comparison of subgroups",
            "txgrp": "the arm in more detail than `tx`, for three patients only",
            "strat2": "whether CD4 at screening was above 50, which the CD4 count at baseline says better",
        },
    )  # fmt: skip


def _flchain() -> Dataset:
    from sksurv.datasets import load_flchain

    x, y = load_flchain()
    numbers = {"age_years": "age", "kappa_flc_mg_dl": "kappa", "lambda_flc_mg_dl": "lambda"}
    frame = pd.DataFrame(
        {name: _floats(x[old]) for name, old in numbers.items()}
        | {"sex": x["sex"].astype(str).map({"F": "female", "M": "male"}).to_numpy(), "mgus": _yes(x["mgus"], "yes")}
    )
    time, event = np.maximum(y["futime"].astype(float), 0.5), y["death"].astype(bool)
    ranges = {"age_years": (50, 105), "kappa_flc_mg_dl": (0, 50), "lambda_flc_mg_dl": (0, 50)}
    _checked(frame, time, event, {**ranges, "sex": {"female", "male"}, "mgus": bool})
    fixed = (*_is("sex", "female"), *_line("mgus"))
    return Dataset(
        "flchain", frame, time, event, (365.25, 730.5, 1826.25, 3652.5), 1826.25,
        linear=(*_line(*numbers), *fixed),
        flexible=(*_curve("age_years"), *_curve("kappa_flc_mg_dl", "lambda_flc_mg_dl", log=True), *fixed),
        groups={"sex": frame["sex"], "age": _bands(frame["age_years"], 65, 80)},
        left_out={
            "chapter": "the cause of death: known for the dead only, so it is the outcome itself",
            "creatinine": "missing in 1,350 of 7,874; in the others it moved the C index of a Cox model by 0.0001 (5 folds)",
            "flc.grp": "the decile of kappa and lambda together, which are there themselves",
            "sample.yr": "the calendar year, which says nothing of a patient of today",
        },
        notes=("Three people whose sample was taken on the day they died count as followed for half a day.",),
    )  # fmt: skip


LOADERS: dict[str, Callable[[], Dataset]] = {"whas500": _whas500, "gbsg2": _gbsg2, "aids": _aids, "flchain": _flchain}
