"""Delta gap and delta ratio in high anion gap acidosis (Wrenn 1990; Rastegar 2007, doi:10.1681/ASN.2006121408)."""

from __future__ import annotations

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form

_NORMAL_GAP_MEQ_L = 12.0
_NORMAL_BICARBONATE_MEQ_L = 24.0
_READINGS = (
    (0.4, "under 0.4: hyperchloraemic (normal gap) acidosis"),
    (1.0, "0.4 to under 1: combined high and normal gap acidosis"),
    (2.0001, "1 to 2: high gap acidosis alone"),
)
_ABOVE = "over 2: added metabolic alkalosis, or chronically raised bicarbonate"

CARD = ModelCard(
    id="delta_gap",
    version="1.0.0",
    title="Delta gap and delta ratio",
    aliases=("delta ratio", "delta delta", "delta anion gap", "gap gap ratio", "corrected delta gap"),
    kind="calculator",
    summary="The rise of the anion gap above 12, over the fall of bicarbonate below 24 mEq/L.",
    inputs=(
        inputs.SODIUM,
        inputs.CHLORIDE,
        inputs.BICARBONATE,
        inputs.changed(inputs.ALBUMIN, required=False, description="For the albumin-corrected values."),
    ),
    outputs=(
        ("anion_gap", "meq/L", "Anion gap"),
        ("delta_gap", "meq/L", "Delta gap (anion gap - 12)"),
        ("delta_delta", "meq/L", "Rise of the gap minus fall of bicarbonate (Wrenn)"),
        ("delta_ratio", "{ratio}", "Delta ratio"),
        ("anion_gap_corrected", "meq/L", "Albumin-corrected anion gap"),
        ("delta_gap_corrected", "meq/L", "Albumin-corrected delta gap"),
        ("delta_ratio_corrected", "{ratio}", "Albumin-corrected delta ratio"),
    ),
    source="Rastegar A. Use of the ΔAG/ΔHCO3- ratio in the diagnosis of mixed acid-base disorders. J Am Soc Nephrol "
    "2007;18:2429-31; Wrenn K. The delta gap. Ann Emerg Med 1990;19:1310-3 (doi:10.1016/S0196-0644(05)82292-9); "
    "albumin: Figge J, et al. Crit Care Med 1998;26:1807-10.",
    doi="10.1681/ASN.2006121408",
    population="Adults with metabolic acidosis; normal values 12 (gap) and 24 mEq/L (bicarbonate) by convention.",
    context_of_use="Adults with a raised anion gap: is there a second metabolic disorder?",
    limitations=(
        "Means little where the gap is not raised.",
        "Depends on the local normal gap; ion-selective electrodes read lower than 12.",
        "Lactic acidosis alone may give 1.6, ketoacidosis alone about 1.",
        "Some authors call the rise of the gap minus the fall of bicarbonate the delta gap; both are shown.",
    ),
)


def compute(values: Values) -> Result:
    """(gap - 12), and over (24 - HCO3)."""
    bicarbonate = values.number("bicarbonate_meq_l")
    gap = values.number("sodium_meq_l") - values.number("chloride_meq_l") - bicarbonate
    fall = _NORMAL_BICARBONATE_MEQ_L - bicarbonate
    outputs = [
        measured("anion_gap", "Anion gap", gap, "meq/L", 0),
        *_deltas(gap, fall, "", "Delta"),
        measured(
            "delta_delta", "Rise of the gap minus fall of bicarbonate (Wrenn)", gap - _NORMAL_GAP_MEQ_L - fall, "meq/L",
            0, band(gap - _NORMAL_GAP_MEQ_L - fall, ((-6, "under -6: normal gap acidosis too"), (6.0001, "-6 to 6")),
                    "over 6: metabolic alkalosis too"),
        ),
    ]  # fmt: skip
    warnings = []
    albumin = values.optional("albumin_g_dl")
    corrected = gap if albumin is None else gap + 2.5 * (4.0 - albumin)
    if albumin is not None:
        outputs.append(measured("anion_gap_corrected", "Albumin-corrected anion gap", corrected, "meq/L", 1))
        outputs += _deltas(corrected, fall, "_corrected", "Albumin-corrected delta")
    if corrected <= _NORMAL_GAP_MEQ_L:
        warnings.append("The anion gap is not raised, so the delta ratio does not apply.")
    if fall <= 0:
        warnings.append("Bicarbonate is 24 mEq/L or above: there is no fall to compare with, so no ratio is given.")
    return Result(outputs=tuple(outputs), warnings=tuple(warnings))


def _deltas(gap: float, fall: float, suffix: str, label: str) -> list[Output]:
    rise = gap - _NORMAL_GAP_MEQ_L
    gap_label = f"{label} gap" if suffix else f"{label} gap (anion gap - 12)"
    outputs = [measured(f"delta_gap{suffix}", gap_label, rise, "meq/L", 1 if suffix else 0)]
    if fall > 0:
        ratio = rise / fall
        outputs.append(
            measured(f"delta_ratio{suffix}", f"{label} ratio", ratio, "{ratio}", 1, band(ratio, _READINGS, _ABOVE))
        )
    return outputs


MODEL = Model(CARD, closed_form(compute))
