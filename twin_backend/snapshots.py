"""A twin's state as one JSON text: the runs and calibrations it keeps."""

from __future__ import annotations

import json

from pydantic import ValidationError

from domain.errors import InvalidInput
from domain.predictions import CalibratedModel, ModelRun
from twin_backend.runs import RunStore

_FORMAT = 1


def snapshot_of(seed: int, store: RunStore) -> str:
    """Every run and calibration of a store, with the seed of the twin that made them."""
    return json.dumps(
        {
            "format": _FORMAT,
            "seed": seed,
            "runs": [run.model_dump(mode="json") for run in store.runs()],
            "calibrations": [fitted.model_dump(mode="json") for fitted in store.calibrations()],
        },
        ensure_ascii=False,
    )


def read_snapshot(text: str, store: RunStore) -> int:
    """Adds what a snapshot holds to a store, and says how many entries that were; all of it, or nothing.

    Raises:
        InvalidInput: the text is not a snapshot of this format.
    """
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise InvalidInput(f"this is no twin snapshot of format {_FORMAT}")
        runs = [ModelRun.model_validate(body) for body in content.get("runs", [])]
        fitted = [CalibratedModel.model_validate(body) for body in content.get("calibrations", [])]
    except (ValueError, TypeError, ValidationError) as error:  # the values at fault may be a patient's
        raise InvalidInput(f"the snapshot cannot be read ({type(error).__name__})") from None
    for run in runs:
        store.save_run(run)
    for one in fitted:
        store.save_calibration(one)
    return len(runs) + len(fitted)
