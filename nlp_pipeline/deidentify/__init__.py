"""Notes without the people in them: what identifies a person is replaced, consistently, and only a key brings it back.

from nlp_pipeline.deidentify import deidentify, reidentify

safe = deidentify(text, patient_id="123", key=key)
safe.text                      # names, places and numbers replaced, dates shifted
reidentify(safe.text, safe.sealed, key=key) == text
"""

from __future__ import annotations

from nlp_pipeline.deidentify.phi import Category, PhiSpan, find_phi
from nlp_pipeline.deidentify.sealing import MIN_KEY_BYTES
from nlp_pipeline.deidentify.text import Deidentified, Replacement, deidentify, pseudonym, reidentify, shift_days

__all__ = [
    "MIN_KEY_BYTES",
    "Category",
    "Deidentified",
    "PhiSpan",
    "Replacement",
    "deidentify",
    "find_phi",
    "pseudonym",
    "reidentify",
    "shift_days",
]
