"""Values of one moment: an equation takes those of one blood sample, or weight and height of one day, from one place of the note.

A note that gives sodium twice and bicarbonate once means the sodium beside the bicarbonate. Scores are left alone: what they
ask for is the worst or the first of each.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.predictions import ModelCard
from tools.calculation import values
from tools.calculation.answers import Used
from tools.calculation.reading import NoteReading

_OF_A_SAMPLE = frozenset({
    "sodium_meq_l", "chloride_meq_l", "bicarbonate_meq_l", "albumin_g_dl", "glucose_mg_dl", "fasting_glucose_mg_dl",
    "fasting_insulin_uiu_ml", "calcium_mg_dl", "ast_u_l", "alt_u_l", "platelets_10e9_l", "total_cholesterol_mg_dl", "hdl_mg_dl",
    "triglycerides_mg_dl", "bun_mg_dl",
})  # fmt: skip
_OF_A_BODY = frozenset({"weight_kg", "height_cm"})
_POINTS = "{score}"
_APART = 300  # characters between the first and the last value of one moment


def of_one_moment(reading: NoteReading, card: ModelCard, used: Mapping[str, Used]) -> dict[str, Used]:
    """The values to take in place of those read, where these stand far apart and others stand together; else none."""
    if card.outputs[0][1] == _POINTS:
        return {}
    return _together(reading, card, used, _OF_A_SAMPLE) | _together(reading, card, used, _OF_A_BODY)


def _together(
    reading: NoteReading, card: ModelCard, used: Mapping[str, Used], names: frozenset[str]
) -> dict[str, Used]:
    taken = [item for name, item in used.items() if name in names and item.span]
    if len(taken) < 2 or _spread(taken) <= _APART:
        return {}
    specs = {spec.name: spec for spec in card.inputs}
    choices = [values.current(reading, specs[item.name]) or [item] for item in taken]
    for first in sorted((item for several in choices for item in several), key=_start):
        beside = [min(several, key=lambda item: abs(_start(item) - _start(first))) for several in choices]
        if _spread(beside) <= _APART:
            return {
                new.name: new.model_copy(update={"others": tuple(dict.fromkeys((old.quote, *old.others)))})
                for new, old in zip(beside, taken, strict=True)
                if new.span != old.span
            }
    return {}


def _start(item: Used) -> int:
    return item.span[0] if item.span else 0


def _spread(items: list[Used]) -> int:
    return max(map(_start, items)) - min(map(_start, items))
