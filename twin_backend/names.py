"""How people who have not read the cards name a model or an input, as far as the name leaves no doubt.

A card's aliases are also looked for in the questions of a chat, where "heparin" is a drug and no calculator; the names
here are for callers who ask for a model. An input may carry another unit in its name (`creatinine_umol_l`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from domain.errors import InvalidInput, UnknownModel
from domain.predictions import ModelCard, ModelInput

_MODEL_NAMES: dict[str, tuple[str, ...]] = {
    "anion_gap": ("anion gap corrected", "anion gap albumin corrected"),
    "ckd_epi_2012_cystatin": ("ckd-epi 2012",),
    "ckd_epi_2021_creatinine": ("ckd-epi creatinine", "egfr ckd-epi", "egfr ckd-epi 2021", "ckd-epi 2021 cr", "egfr 2021"),
    "ckd_epi_2021_creatinine_cystatin": ("ckd-epi combined", "ckd-epi 2021 cr-cys"),
    "charlson": ("charlson comorbidity",),
    "child_pugh": ("ctp",),
    "cockcroft_gault": ("cockcroft gault crcl", "crcl cockcroft gault", "cg crcl", "crcl cg"),
    "corrected_calcium": ("calcium corrected", "calcium albumin correction", "calcium corrected for albumin"),
    "corrected_sodium": ("sodium correction hyperglycemia", "corrected sodium hyperglycemia", "sodium corrected",
                         "sodium correction for hyperglycemia"),
    "framingham_2008": ("framingham cvd", "framingham cvd 2008", "framingham general cvd", "framingham 2008 lipids",
                        "framingham general"),
    "framingham_hard_chd": ("framingham chd", "framingham coronary heart disease"),
    "friedewald_ldl": ("ldl calculated", "ldl cholesterol"),
    "gcs": ("gcs total", "glasgow coma"),
    "gestational_dates": ("gestational age", "due date", "pregnancy due date", "pregnancy dates", "conception date"),
    "glucose_insulin_bergman": ("bergman minimal model", "minimal model bergman"),
    "heparin_raschke": ("heparin",),
    "hospital_score": ("hospital",),
    "ideal_body_weight": ("ibw devine", "devine ibw", "ideal body weight devine"),
    "kfre_4_variable": ("kfre 4 var", "4 variable kfre"),
    "kfre_8_variable": ("kfre 8 var", "8 variable kfre"),
    "ldl_sampson_nih": ("ldl nih", "sampson nih"),
    "maintenance_fluids": ("4-2-1", "fluid maintenance"),
    "mdrd": ("egfr mdrd", "mdrd 2006"),
    "meld_na": ("meld 2016",),
    "meld_original": ("meld 2001", "meld i"),
    "opioid_morphine_equivalents": ("oral morphine equivalents", "ome", "morphine equivalents daily dose", "medd"),
    "pce_2013": ("ascvd pce", "ascvd 2013", "ascvd 10y", "ascvd 10 year", "acc aha 2013", "acc aha pce"),
    "pf_ratio": ("pao2 fio2 ratio",),
    "prevent_2023_base": ("prevent 10y", "prevent base 10y", "prevent base 10yr", "prevent cvd", "prevent 10 year"),
    "psi": ("psi port score", "port"),
    "qtc": ("qtc bazett", "bazett qtc", "qtc fridericia", "fridericia qtc", "qtc framingham", "qtc hodges", "hodges",
            "qtc rautaharju", "rautaharju", "qt corrected"),
    "rcri": ("lee rcri", "revised cardiac risk index"),
    "serum_osmolality": ("plasma osmolality", "calculated serum osmolality"),
    "steroid_equivalents": ("steroid equivalence table",),
    "timi_nstemi": ("timi ua", "timi nstemi ua"),
    "wells_dvt": ("dvt wells",),
    "wells_pe": ("pe wells",),
    "winters": ("winter formula", "winters equation", "winter equation"),
}  # fmt: skip
_LAST_WORDS = re.compile(r"[\s_-]+(?:score|index|formula|equations?|calculator|criteria|rule|model)$")

# What an input's name may end in, and the unit that it says.
_ENDINGS: dict[str, str] = {
    "10_9_l": "10*9/L", "10e9_l": "10*9/L", "10e3_ul": "10*3/uL", "10_3_ul": "10*3/uL", "k_ul": "10*3/uL", "bpm": "/min",
    "c": "Cel", "celsius": "Cel", "f": "[degF]", "fahrenheit": "[degF]", "cm": "cm", "feet": "[ft_i]", "g_dl": "g/dL",
    "g_l": "g/L", "h": "h", "hours": "h", "in": "[in_i]", "iu_l": "IU/L", "inches": "[in_i]", "kg": "kg", "kg_m2": "kg/m2",
    "kpa": "kPa",
    "lb": "[lb_av]", "lbs": "[lb_av]", "m": "m", "meq_l": "meq/L", "mg_dl": "mg/dL", "mg_g": "mg/g", "mg_l": "mg/L",
    "mg_mmol": "mg/mmol", "min": "min", "minutes": "min", "mm_hg": "mm[Hg]", "mmhg": "mm[Hg]", "mmol_l": "mmol/L",
    "mmol_mol": "mmol/mol", "mosm_kg": "mosm/kg", "months": "mo", "ms": "ms", "ng_ml": "ng/mL", "pct": "%",
    "per_min": "/min",
    "per_minute": "/min", "percent": "%", "seconds": "s", "u_l": "U/L", "ug_ml": "ug/mL", "umol_l": "umol/L",
    "years": "a",
}  # fmt: skip
_QUANTITIES: dict[str, str] = {
    "gender": "sex", "smoker": "current_smoker", "smoking": "current_smoker", "statin": "on_statin",
    "bp_treatment": "on_antihypertensive", "on_bp_meds": "on_antihypertensive",
    "antihypertensive_treatment": "on_antihypertensive", "glasgow_coma_scale": "gcs", "gcs_total": "gcs",
    "arterial_ph": "ph", "haemoglobin": "hemoglobin", "hgb": "hemoglobin", "hb": "hemoglobin", "hct": "hematocrit",
    "haematocrit": "hematocrit", "sbp": "systolic_bp", "systolic": "systolic_bp", "systolic_blood_pressure": "systolic_bp",
    "dbp": "diastolic_bp", "diastolic": "diastolic_bp", "diastolic_blood_pressure": "diastolic_bp", "pulse": "heart_rate",
    "map": "mean_arterial_pressure", "temp": "temperature", "body_temperature": "temperature",
    "oxygen_saturation": "spo2", "hco3": "bicarbonate", "serum_sodium": "sodium", "serum_potassium": "potassium",
    "serum_chloride": "chloride", "serum_bicarbonate": "bicarbonate", "serum_creatinine": "creatinine",
    "scr": "creatinine", "serum_albumin": "albumin", "total_bilirubin": "bilirubin", "serum_calcium": "calcium",
    "total_calcium": "calcium", "blood_urea_nitrogen": "bun", "urea": "bun", "hdl_cholesterol": "hdl",
    "hdl_c": "hdl", "ldl_cholesterol": "ldl", "platelet_count": "platelets", "white_cells": "wbc",
    "white_blood_cells": "wbc", "leukocytes": "wbc", "acr": "uacr", "urine_acr": "uacr", "a1c": "hba1c",
}  # fmt: skip
_UREA = "urea"  # in mg/dL it is another number than urea nitrogen; in mmol/L it is the same


class ModelIndex:
    """Models by id, title, alias, and what else they are called."""

    def __init__(self, cards: Iterable[ModelCard]) -> None:
        self._cards = list(cards)
        self._ids: dict[str, str] = {}
        kinds = (
            lambda card: (card.id,),
            lambda card: (card.title, *card.aliases),
            lambda card: _MODEL_NAMES.get(card.id, ()),
        )
        for names_of in kinds:  # an id goes before any alias
            for card in self._cards:
                for name in names_of(card):
                    self._ids.setdefault(_plain(name), card.id)

    def find(self, asked: str) -> str:
        """The id of the model that is meant.

        Raises:
            UnknownModel: none is, or several may be; the message offers them.
        """
        shorter = _LAST_WORDS.sub("", asked.strip().lower())
        found = self._ids.get(_plain(asked)) or self._ids.get(_plain(shorter))
        if found is not None:
            return found
        if offered := self._near(_plain(asked)):
            raise UnknownModel(f"no twin model has this id; did you mean {', '.join(offered)}?", accepted=offered)
        raise UnknownModel(
            f"no twin model has this id; the catalogue lists all {len(self._cards)}",
            accepted=sorted(card.id for card in self._cards),
        )

    def _near(self, asked: str) -> list[str]:
        """Ids whose names contain what was asked, then those that are spelt alike."""
        holding = (
            sorted({card.id for card in self._cards if asked and asked in _plain(card.id)}) if len(asked) > 2 else []
        )
        alike = difflib.get_close_matches(asked, self._ids, n=3)
        return holding[:6] or sorted({self._ids[name] for name in alike})


def card_names(card: ModelCard, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs under the names of the card; a unit that a name says goes with the value. Unknown names stay.

    Raises:
        InvalidInput: one input is given under two names.
    """
    specs = {spec.name: spec for spec in card.inputs}
    if all(given in specs for given in inputs):
        return dict(inputs)
    by_quantity = {_quantity(spec.name)[0]: spec for spec in card.inputs}
    named: dict[str, Any] = {}
    for given, value in inputs.items():
        name, read = _named(str(given), value, specs, by_quantity)
        if name in named:
            raise InvalidInput(f"{card.id}: {name} is given twice, once as {given}", impossible=[name])
        named[name] = read
    return named


def nearest(name: str, accepted: Iterable[str]) -> str:
    """The accepted input that a name is most like, or an empty string."""
    names = list(accepted)
    starting = [one for one in names if one.startswith(f"{name.lower()}_")]
    return next(iter(starting or difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.7)), "")


def _named(
    given: str, value: Any, specs: Mapping[str, ModelInput], by_quantity: Mapping[str, ModelInput]
) -> tuple[str, Any]:
    if given in specs:
        return given, value
    quantity, unit = _quantity(given)
    spec = by_quantity.get(_QUANTITIES.get(quantity, quantity)) or specs.get(_QUANTITIES.get(quantity, ""))
    if spec is None or spec.kind not in ("number", "integer", "boolean", "choice"):
        return given, value
    if not unit:  # a quantity without its unit is not guessed; a yes/no, a word or a count has none
        return (spec.name, value) if _quantity(spec.name)[1] == "" else (given, value)
    if quantity == _UREA and unit != "mmol/L":
        return given, value
    if unit == _quantity(spec.name)[1]:
        return spec.name, value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return spec.name, {"value": value, "unit": unit}
    return given, value


@lru_cache(maxsize=4096)
def _quantity(name: str) -> tuple[str, str]:
    """An input's name without its unit, and that unit."""
    for ending in sorted(_ENDINGS, key=len, reverse=True):
        if name.endswith(f"_{ending}"):
            return name.removesuffix(f"_{ending}"), _ENDINGS[ending]
    return name, ""


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.lower().replace("₂", "2"))
