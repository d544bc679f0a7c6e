"""Oxygen content, delivery, consumption and extraction (McLellan and Walsh 2004, doi:10.1093/bjaceaccp/mkh033)."""

from __future__ import annotations

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

_BOUND_ML_PER_G = 1.34  # Hüfner's constant; 1.36 and 1.39 are also in use
_DISSOLVED_ML_PER_DL_MMHG = 0.003

CARD = ModelCard(
    id="oxygen_content_delivery",
    version="1.0.0",
    title="Oxygen content, delivery and extraction",
    aliases=(
        "oxygen content", "arterial oxygen content", "oxygen delivery", "cao2", "cvo2", "do2", "do2i", "vo2", "o2er",
        "oxygen extraction ratio", "oxygen consumption",
    ),
    kind="calculator",
    summary="CaO2 from hemoglobin and saturation; with venous values and cardiac output also DO2, VO2 and extraction.",
    inputs=(
        inputs.HEMOGLOBIN,
        inputs.number("sao2_percent", "Arterial oxygen saturation", "%", (20, 100)),
        inputs.PAO2,
        inputs.number("svo2_percent", "Mixed venous oxygen saturation", "%", (10, 100), required=False,
                      description="For venous content, consumption and extraction."),
        inputs.number("pvo2_mmhg", "Mixed venous oxygen tension", "mm[Hg]", (5, 150), required=False,
                      description="For oxygen dissolved in venous blood; left out of the content where not given."),
        inputs.number("cardiac_output_l_min", "Cardiac output", "L/min", (0.3, 30), required=False,
                      description="For delivery and consumption."),
        inputs.changed(inputs.BSA, required=False, description="For delivery per square metre."),
    ),
    outputs=(
        ("cao2", "mL/dL", "Arterial oxygen content (CaO2)"),
        ("cvo2", "mL/dL", "Venous oxygen content (CvO2)"),
        ("avdo2", "mL/dL", "Arteriovenous difference"),
        ("o2er", "%", "Oxygen extraction ratio"),
        ("do2", "mL/min", "Oxygen delivery (DO2)"),
        ("do2i", "mL/min/m2", "Oxygen delivery index"),
        ("vo2", "mL/min", "Oxygen consumption (VO2)"),
    ),
    source="McLellan SA, Walsh TS. Oxygen delivery and haemoglobin. Contin Educ Anaesth Crit Care Pain 2004;4:123-6.",
    doi="10.1093/bjaceaccp/mkh033",
    population="Physiology; reference values from resting adults.",
    context_of_use="Oxygen transport in critical illness and anaesthesia.",
    limitations=(
        "Hemoglobin is taken to bind 1.34 mL/g (1.36 and 1.39 are in use too), plasma to dissolve 0.003 mL/dL/mmHg.",
        "Saturations must be measured by co-oximetry where carboxy- or methemoglobin is raised.",
    ),
)  # fmt: skip


def content_ml_dl(hemoglobin_g_dl: float, saturation_percent: float, tension_mmhg: float) -> float:
    """1.34 x Hb x saturation + 0.003 x tension, mL of oxygen in each dL of blood."""
    return _BOUND_ML_PER_G * hemoglobin_g_dl * saturation_percent / 100 + _DISSOLVED_ML_PER_DL_MMHG * tension_mmhg


def compute(values: Values) -> Result:
    """CaO2; DO2 = 10 CO CaO2; VO2 = 10 CO (CaO2 - CvO2); O2ER = (CaO2 - CvO2)/CaO2."""
    hemoglobin, flow = values.number("hemoglobin_g_dl"), values.optional("cardiac_output_l_min")
    arterial = content_ml_dl(hemoglobin, values.number("sao2_percent"), values.number("pao2_mmhg"))
    outputs = [measured("cao2", "Arterial oxygen content (CaO2)", arterial, "mL/dL", 1, "usually 16-22 mL/dL")]
    warnings = []
    if values.has("svo2_percent"):
        tension = values.optional("pvo2_mmhg")
        if tension is None:
            warnings.append("No venous oxygen tension given: CvO2 leaves out the dissolved oxygen (about 0.1 mL/dL).")
        venous = content_ml_dl(hemoglobin, values.number("svo2_percent"), tension or 0.0)
        outputs += _extraction(arterial, venous, flow)
    if flow is not None:
        outputs.append(measured("do2", "Oxygen delivery (DO2)", 10 * flow * arterial, "mL/min", 0))
        if values.has("bsa_m2"):
            index = 10 * flow * arterial / values.number("bsa_m2")
            outputs.append(measured("do2i", "Oxygen delivery index", index, "mL/min/m2", 0, "usually 500-600"))
    return Result(tuple(outputs), warnings=tuple(warnings))


def _extraction(arterial: float, venous: float, flow: float | None) -> list[Output]:
    difference = arterial - venous
    outputs = [
        measured("cvo2", "Venous oxygen content (CvO2)", venous, "mL/dL", 1),
        measured("avdo2", "Arteriovenous difference", difference, "mL/dL", 1),
        measured("o2er", "Oxygen extraction ratio", 100 * difference / arterial, "%", 1, "usually 20-30 %"),
    ]
    if flow is not None:
        outputs.append(measured("vo2", "Oxygen consumption (VO2)", 10 * flow * difference, "mL/min", 0))
    return outputs


def _contradict(values: Values) -> list[str]:
    if not values.has("svo2_percent") or values.number("svo2_percent") < values.number("sao2_percent"):
        return []
    return ["svo2_percent must be below sao2_percent; are they swapped?"]


MODEL = Model(CARD, closed_form(compute), contradict=_contradict)
