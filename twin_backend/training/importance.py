"""What a prediction depends on: permutation importance in patients held out, and SHAP values.

For a Cox model the SHAP values of independent inputs have a closed form: an input's terms less their mean over the
patients (doi:10.48550/arXiv.1705.07874, corollary 1). Other learners go through shap's permutation explainer, because
its tree explainer does not read survival forests.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin_backend.training.datasets import Dataset, Floats
from twin_backend.training.learners import Fitted
from twin_backend.training.metrics import harrell
from twin_backend.training.nested import Fold

_REPEATS = 5
_BACKGROUND, _EXPLAINED = 40, 60


def permutation(data: Dataset, runs: list[Fold], seed: int) -> dict[str, float]:
    """By input, the loss of Harrell's C when its values are shuffled among the patients of the outer test folds."""
    rng = np.random.default_rng(seed)
    losses: dict[str, list[float]] = {name: [] for name in data.frame.columns}
    for fold in runs:
        held_out = data.rows(fold.test)
        for name in data.frame.columns:
            for _ in range(_REPEATS):
                shuffled = held_out.frame.assign(**{name: rng.permutation(held_out.frame[name].to_numpy())})
                losses[name].append(fold.figures["harrell_c"] - harrell(held_out, fold.fitted.risk(shuffled)))
    return _sorted({name: float(np.mean(values)) for name, values in losses.items()})


def shap_values(data: Dataset, fitted: Fitted, seed: int) -> dict[str, float]:
    """By input, the mean absolute SHAP value of the risk."""
    values = _exact(data, fitted) if fitted.cox else _sampled(data, fitted, seed)
    return _sorted(dict(zip(data.frame.columns, map(float, np.abs(values).mean(axis=0)), strict=True)))


def _exact(data: Dataset, fitted: Fitted) -> Floats:
    assert fitted.cox is not None
    rows = [fitted.cox.contributions(row.__getitem__) for row in data.frame.to_dict("records")]
    values = pd.DataFrame(rows)[list(data.frame.columns)].to_numpy()
    return np.asarray(values - values.mean(axis=0))


def _sampled(data: Dataset, fitted: Fitted, seed: int) -> Floats:
    import shap

    # shap wants numbers: words become their position in the sorted list of words.
    words = {name: sorted(data.frame[name].unique()) for name in data.frame if data.frame[name].dtype == object}
    coded = data.frame.assign(**{name: data.frame[name].map(listed.index) for name, listed in words.items()}).astype(
        float
    )

    def risk(values: Floats) -> Floats:
        frame = pd.DataFrame(values, columns=coded.columns)
        for name, listed in words.items():
            frame[name] = frame[name].round().astype(int).map(dict(enumerate(listed)))
        return fitted.risk(frame)

    drawn = np.random.default_rng(seed).permutation(len(coded))
    background = coded.iloc[drawn[:_BACKGROUND]].to_numpy()
    explained = coded.iloc[drawn[-_EXPLAINED:]].to_numpy()
    explainer = shap.explainers.Permutation(risk, shap.maskers.Independent(background, _BACKGROUND), seed=seed)
    return np.asarray(explainer(explained, max_evals=2 * (2 * coded.shape[1] + 1), silent=True).values)


def _sorted(values: dict[str, float]) -> dict[str, float]:
    return dict(sorted(values.items(), key=lambda item: -item[1]))
