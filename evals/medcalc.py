"""MedCalc-Bench's own conventions, where its labels differ from the textbook: each has a name and can be switched.

Khandekar et al., NeurIPS 2024 (arXiv:2406.12036). The labels of the first release (v1.0) carry faults of the benchmark's own code
that later releases corrected; `RELEASES` says which conventions belong to which release: those that its explanations
state, or that most of the training rows which they change bear out. The clinical calculators know none of this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from domain.predictions import ModelCard
from evals.medcalc_inputs import READERS
from tools.calculation import Calculated, Used
from tools.calculation.confidence import CONVENTION
from tools.calculation.reading import NoteReading
from twin_backend.model import Result, Value, Values
from twin_backend.validation import check_inputs

Fix = Callable[[Calculated, dict[str, Any]], Value | None]

# What each convention does to an answer; the text is what the report and the documentation show.
CONVENTIONS = {
    "no_domain": "calculators answer outside the population they were made for (children, normal glucose, low sodium)",
    "weight_change_is_weight": "a weight lost or gained counts as the weight where the note gives no other",
    "ionised_calcium_is_calcium": "ionised calcium counts as calcium where the note gives no other",
    "impossible_unit_literal": "a value is converted by its written unit, even where that makes it impossible (albumin of 3.7 g/L as 0.37 g/dL)",
    "ckd_epi_highest_creatinine": "CKD-EPI takes the highest creatinine of the note",
    "mdrd_last_creatinine": "MDRD takes the last creatinine of the note",
    "conversion_rounded": "each step from moles to milligrams is rounded to three decimals (76 µmol/L of creatinine to 0.9 mg/dL)",
    "surgery_told_is_recent": "in the PERC rule an operation anywhere in the note's course counts",
    "conception_day_14": "conception is 14 days after the last period, whatever the cycle length",
    "delta_ratio_any_sign": "the delta ratio is given also where bicarbonate is not lowered",
    "fentanyl_per_dose": "fentanyl counts 2.4 (patch) or 0.13 (buccal) a unit taken, times the doses a day",
    "psi_pao2_only": "in the PSI only PaO2 under 60 mmHg scores, not the oxygen saturation",
    "centor_under_3_no_age_point": "in the Centor score an age under 3 years gives no point, as 15 to 44 does",
    "gbs_bun_70": "in the Glasgow-Blatchford score a BUN of exactly 70 mg/dL scores 4, not 6",
    "insulin_pmol_times_6": "insulin in pmol/L is multiplied by 6 instead of divided",
    "ckd_epi_a_0_7_men": "CKD-EPI 2021 uses A = 0.7 also for men with creatinine up to 0.9 mg/dL",
    "vte_now_is_previous": "in the PERC rule and the Wells score a thrombosis found now counts as a previous one",
    "rcri_laparoscopy_not_high_risk": "in the Revised Cardiac Risk Index a laparoscopic operation is no high-risk one",
    "child_pugh_inr_truncated": "in the Child-Pugh score the INR is cut to a whole number",
    "gbs_findings_not_counted": "in the Glasgow-Blatchford score melaena, syncope and heart failure add nothing",
    "due_date_absolute_cycle": "the due date moves later by |cycle - 28| days, also for short cycles",
    "sirs_heart_rate_always": "in SIRS a heart rate of 90 or less adds a point too",
    "sirs_wbc_units": "in SIRS white cells given per µL always add a point",
    "feverpain_unmentioned_cough": "in FeverPAIN a cough that the note does not mention counts as present",
}
_OF_V1_0 = frozenset(
    {
        "conversion_rounded",
        "due_date_absolute_cycle",
        "sirs_heart_rate_always",
        "sirs_wbc_units",
        "feverpain_unmentioned_cough",
    }
)
_OF_V1_2 = frozenset({"rcri_laparoscopy_not_high_risk", "child_pugh_inr_truncated", "gbs_findings_not_counted"})
_CORRECTED_LAST = frozenset(
    {
        "weight_change_is_weight",
        "ionised_calcium_is_calcium",
        "impossible_unit_literal",
        "ckd_epi_highest_creatinine",
        "mdrd_last_creatinine",
        "surgery_told_is_recent",
        "insulin_pmol_times_6",
        "ckd_epi_a_0_7_men",
        "vte_now_is_previous",
    }
)
_VERIFIED = frozenset(CONVENTIONS) - _OF_V1_0 - _OF_V1_2 - _CORRECTED_LAST
RELEASES = {
    "v1.0": _VERIFIED | _CORRECTED_LAST | _OF_V1_0,
    "v1.2": _VERIFIED | _CORRECTED_LAST | _OF_V1_2,
    "verified": _VERIFIED,
}


class MedCalcBench:
    """The conventions of one release, for `NoteCalculator`."""

    def __init__(self, release: str = "verified", without: frozenset[str] = frozenset()) -> None:
        from twin_backend.registry import all_models

        self.names = RELEASES[release] - without
        self._models = {model.card.id: model for model in all_models()}

    def run(self, card: ModelCard, inputs: Mapping[str, Any]) -> Result:
        """The model's result, without the limits of its domain where `no_domain` holds."""
        model = self._models[card.id]
        checked = check_inputs(model, inputs, enforce_domain="no_domain" not in self.names)
        return model.compute(checked.values, 0)

    def answer(self, base: Calculated, card: ModelCard, reading: NoteReading) -> Calculated:
        """The answer as the labels of the release have it."""
        for name, read in READERS.items():
            if name in self.names and (taken := read(base, card, reading)):
                base = self._with(base, card, name, taken)
        values = {item.name: item.taken for item in base.inputs}
        for name, fix in _FIXES.items():
            if name in self.names and (value := fix(base, values)) is not None:
                base = base.model_copy(
                    update={"answer": value, "warnings": (*base.warnings, _said(name)), "reason": "", "missing": ()}
                )
        return base

    def _with(self, base: Calculated, card: ModelCard, name: str, taken: Mapping[str, Used]) -> Calculated:
        """The answer with some inputs taken otherwise; unchanged where they make no difference."""
        used = {item.name: item for item in base.inputs} | dict(taken)
        base = base.model_copy(update={"inputs": tuple(used.values())})
        values = {i.name: i.default for i in card.inputs if i.default is not None} | {
            key: item.taken for key, item in used.items() if not key.startswith("_")
        }
        if any(i.required and i.name not in values for i in card.inputs):
            return base
        outputs = self._models[card.id].compute(Values(values), 0).outputs  # impossible values are labels' too
        wanted = next((o for o in outputs if o.name == base.output), None if base.output else outputs[0])
        if wanted is None or wanted.value == base.answer:
            return base
        return base.model_copy(update={
            "output": wanted.name, "answer": wanted.value, "unit": wanted.unit, "display": wanted.display,
            "warnings": (*base.warnings, _said(name)), "reason": "", "missing": (),
        })  # fmt: skip


def _said(name: str) -> str:
    return f"{CONVENTION} {name}: {CONVENTIONS[name]}"


def _us(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def _conception(base: Calculated, values: dict[str, Any]) -> Value | None:
    if base.output != "conception_date" or "lmp_date" not in values:
        return None
    return _us(date.fromisoformat(values["lmp_date"]) + timedelta(days=14))


def _due_date(base: Calculated, values: dict[str, Any]) -> Value | None:
    if base.output != "edd" or "lmp_date" not in values:
        return None
    cycle = abs(int(values.get("cycle_length_days", 28)) - 28)
    return _us(date.fromisoformat(values["lmp_date"]) + timedelta(days=280 + cycle))


def _ckd_epi(base: Calculated, values: dict[str, Any]) -> Value | None:
    if base.calculator != "ckd_epi_2021_creatinine" or values.get("sex") != "male" or base.answer is None:
        return None
    creatinine = float(values["creatinine_mg_dl"])
    if creatinine > 0.9:
        return None
    return 142 * (creatinine / 0.7) ** -0.302 * 0.9938 ** float(values["age_years"])


def _fentanyl(base: Calculated, values: dict[str, Any]) -> Value | None:
    if base.calculator != "opioid_morphine_equivalents" or "_fentanyl" not in values:
        return None
    [quote] = [item.quote for item in base.inputs if item.name == "_fentanyl"]
    factor = 0.13 if re.search("buccal|tablet|lozenge", quote, re.IGNORECASE) else 2.4
    return float(base.answer or 0.0) + factor * float(values["_fentanyl"])


def _delta_ratio(base: Calculated, values: dict[str, Any]) -> Value | None:
    names = ("sodium_meq_l", "chloride_meq_l", "bicarbonate_meq_l")
    if not base.output.startswith("delta_ratio") or base.answer is not None or not values.keys() >= set(names):
        return None
    sodium, chloride, bicarbonate = (float(values[name]) for name in names)
    corrected = base.output.endswith("corrected")
    if bicarbonate == 24 or (corrected and "albumin_g_dl" not in values):
        return None
    gap = sodium - chloride - bicarbonate + (2.5 * (4 - float(values["albumin_g_dl"])) if corrected else 0.0)
    return (gap - 12) / (24 - bicarbonate)


def _insulin(base: Calculated, values: dict[str, Any]) -> Value | None:
    quotes = [item.quote for item in base.inputs if item.name == "fasting_insulin_uiu_ml"]
    if base.calculator != "homa_ir" or base.answer is None or not quotes or "pmol" not in quotes[0].lower():
        return None
    return float(base.answer) * 36  # multiplied by 6 where it should be divided by it


def _more(base: Calculated, model: str, points: float) -> Value | None:
    """The score of a model with some points more; None where nothing changes."""
    if base.calculator != model or not isinstance(base.answer, int | float) or not points:
        return None
    return base.answer + points


def _psi(base: Calculated, values: dict[str, Any]) -> Value | None:
    pao2 = values.get("pao2_mmhg")
    by_saturation = values.get("spo2_percent", 100) < 90 and (pao2 is None or pao2 >= 60)
    return _more(base, "psi", -10 * by_saturation)


def _centor(base: Calculated, values: dict[str, Any]) -> Value | None:
    return _more(base, "centor_mcisaac", -1 * (values.get("age_years", 3) < 3 and base.output != "centor"))


def _gbs_bun(base: Calculated, values: dict[str, Any]) -> Value | None:
    return _more(base, "glasgow_blatchford", -2 * (values.get("bun_mg_dl") == 70))


def _gbs_findings(base: Calculated, values: dict[str, Any]) -> Value | None:
    points = {"melena": 1, "syncope": 2, "heart_failure": 2}
    return _more(base, "glasgow_blatchford", -sum(n for name, n in points.items() if values.get(name)))


def _vte_now(base: Calculated, values: dict[str, Any]) -> Value | None:
    if not values.get("_vte_now") or values.get("previous_dvt_or_pe"):
        return None
    return _more(base, "wells_pe", 1.5) or _more(base, "perc", 1)


def _surgery(base: Calculated, values: dict[str, Any]) -> Value | None:
    told_only = values.get("_surgery_in_course") and not values.get("recent_surgery_or_trauma")
    return _more(base, "perc", 1) if told_only else None


def _laparoscopy(base: Calculated, values: dict[str, Any]) -> Value | None:
    quotes = [item.quote.lower() for item in base.inputs if item.name == "high_risk_surgery" and item.value]
    return _more(base, "rcri", -any("laparosc" in quote for quote in quotes))


def _child_pugh(base: Calculated, values: dict[str, Any]) -> Value | None:
    inr = float(values.get("inr", 1.0))
    return _more(base, "child_pugh", _inr_points(int(inr)) - _inr_points(inr))


def _inr_points(inr: float) -> int:
    return 1 if inr < 1.7 else 2 if inr <= 2.3 else 3


def _sirs_heart_rate(base: Calculated, values: dict[str, Any]) -> Value | None:
    return _more(base, "sirs", values.get("heart_rate_bpm", 91) <= 90)


def _sirs_white_cells(base: Calculated, values: dict[str, Any]) -> Value | None:
    count = next((item for item in base.inputs if item.name == "wbc_10e9_l" and item.span), None)
    if count is None or count.unit not in ("/uL", "10*3/uL") or re.search(r"mm\s?\^?[3³]|cu\w* mm", count.quote):
        return None
    abnormal = float(count.taken) > 12 or float(count.taken) < 4 or values.get("bands_percent", 0) > 10
    return _more(base, "sirs", not abnormal)


def _feverpain(base: Calculated, values: dict[str, Any]) -> Value | None:
    unmentioned = any(item.name == "no_cough_or_coryza" and item.value and not item.span for item in base.inputs)
    return _more(base, "feverpain", -1 * unmentioned)


_FIXES: dict[str, Fix] = {
    "conception_day_14": _conception,
    "delta_ratio_any_sign": _delta_ratio,
    "fentanyl_per_dose": _fentanyl,
    "psi_pao2_only": _psi,
    "centor_under_3_no_age_point": _centor,
    "gbs_bun_70": _gbs_bun,
    "insulin_pmol_times_6": _insulin,
    "ckd_epi_a_0_7_men": _ckd_epi,
    "vte_now_is_previous": _vte_now,
    "surgery_told_is_recent": _surgery,
    "rcri_laparoscopy_not_high_risk": _laparoscopy,
    "child_pugh_inr_truncated": _child_pugh,
    "gbs_findings_not_counted": _gbs_findings,
    "due_date_absolute_cycle": _due_date,
    "sirs_heart_rate_always": _sirs_heart_rate,
    "sirs_wbc_units": _sirs_white_cells,
    "feverpain_unmentioned_cough": _feverpain,
}
