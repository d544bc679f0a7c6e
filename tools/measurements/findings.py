"""Findings that are values of a measurement: whether he was ever hypoxic is told by saturations, not by a problem list."""

from __future__ import annotations

from tools.concepts import Target
from tools.context import ToolContext, day, in_sentence, number
from tools.measurements.readings import comparable, find_target, readings, reference_range, unit_label
from tools.outcome import Statement, say

# The measurement and the end of it that a finding is named after.
_MEASURED = {
    "hypoxemia": ("oxygen_saturation", min), "fever": ("body_temperature", max), "hypothermia": ("body_temperature", min),
    "tachycardia": ("heart_rate", max), "bradycardia": ("heart_rate", min), "hypotension": ("systolic_blood_pressure", min),
    "hyperglycemia": ("glucose", max), "hypoglycemia": ("glucose", min), "hyperkalemia": ("potassium", max),
    "hypokalemia": ("potassium", min), "hypernatremia": ("sodium", max), "hyponatremia": ("sodium", min),
    "hypercalcemia": ("calcium", max), "hypocalcemia": ("calcium", min), "hypermagnesemia": ("magnesium", max),
    "hypomagnesemia": ("magnesium", min), "hyperphosphatemia": ("phosphate", max), "hypophosphatemia": ("phosphate", min),
    "hypoalbuminemia": ("albumin", min), "hyperuricemia": ("uric_acid", max), "hypertriglyceridemia": ("triglycerides", max),
    "anemia": ("hemoglobin", min), "thrombocytopenia": ("platelets", min), "thrombocytosis": ("platelets", max),
    "leukocytosis": ("wbc", max), "leukopenia": ("wbc", min), "neutropenia": ("neutrophils_absolute", min),
    "neutrophilia": ("neutrophils_absolute", max), "lymphopenia": ("lymphocytes_absolute", min),
    "hyperbilirubinemia": ("bilirubin_total", max), "vitamin_d_deficiency": ("vitamin_d", min),
    "vitamin_b12_deficiency": ("vitamin_b12_level", min),
}  # fmt: skip


def measured_finding(ctx: ToolContext, target: Target) -> list[Statement]:
    """The extreme value of the measurement that a finding is named after, with its range; empty where none was measured.

    It is shown, not judged: one value outside a range is no diagnosis.
    """
    if target.id not in _MEASURED:
        return []
    concept, extreme = _MEASURED[target.id]
    measure = find_target(ctx, concept)
    found, _ = comparable(readings(ctx, measure))
    if not found:
        return []
    worst = extreme(found, key=lambda r: r.value or 0.0)
    low, high = reference_range(ctx, measure, worst)
    limits = f"{number(low) if low is not None else ''}–{number(high) if high is not None else ''}"
    usual = f"; range {limits} {unit_label(worst.unit)}".rstrip() if low is not None or high is not None else ""
    word = "lowest" if extreme is min else "highest"
    text = f"Of {len(found)} {in_sentence(measure)} values the {word} is **{worst.shown}** on {day(worst.time)}{usual}."
    return [say(text, worst.evidence)]
