"""Inputs that no concept of the vocabulary holds: dates of pregnancy, doses of steroids and opioids, room air."""

from __future__ import annotations

from collections.abc import Callable

from domain.predictions import ModelCard
from tools.calculation.answers import Used
from tools.calculation.reading import NoteReading
from tools.calculation.special_acute import apache, centor, feverpain, sofa, with_vital_signs
from tools.calculation.special_bleeding import has_bled
from tools.calculation.special_cardiovascular import charlson, heart, rcri, smoking
from tools.calculation.special_coma import coma_scale
from tools.calculation.special_dates import dates_of_pregnancy
from tools.calculation.special_doses import opioids, steroids
from tools.calculation.special_liver import child_pugh
from tools.calculation.special_thrombosis import caprini, in_course, wells_dvt, wells_pe
from tools.calculation.special_weights import target_bmi, weight_basis

Special = Callable[[NoteReading, ModelCard, str], dict[str, Used]]

SPECIAL: dict[str, Special] = {
    "gestational_dates": dates_of_pregnancy,
    "steroid_equivalents": steroids,
    "opioid_morphine_equivalents": opioids,
    "cockcroft_gault": weight_basis,
    "target_weight": target_bmi,
    "heart_score": heart,
    "has_bled": has_bled,
    "charlson": charlson,
    "rcri": rcri,
    "framingham_hard_chd": smoking,
    "perc": in_course,
    "wells_pe": wells_pe,
    "wells_dvt": wells_dvt,
    "caprini": caprini,
    "curb_65": with_vital_signs,
    "sirs": with_vital_signs,
    "psi": with_vital_signs,
    "glasgow_blatchford": with_vital_signs,
    "centor_mcisaac": centor,
    "feverpain": feverpain,
    "sofa": sofa,
    "apache_ii": apache,
    "child_pugh": child_pugh,
    "gcs": coma_scale,
}
