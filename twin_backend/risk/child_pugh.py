"""Child-Pugh class of cirrhosis (Pugh et al. 1973, doi:10.1002/bjs.1800600817), with the INR used since."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import category, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# Values from and up to which a measurement scores 2 points; below and above it scores 1 and 3 (albumin the reverse).
_BILIRUBIN_MG_DL = (2.0, 3.0)
_BILIRUBIN_CHOLESTATIC_MG_DL = (4.0, 10.0)
_ALBUMIN_G_DL = (2.8, 3.5)
_INR = (1.7, 2.3)
_SECONDS_OVER_CONTROL = (4.0, 6.0)
_ASCITES = {"none": 1, "slight": 2, "moderate": 3}
_ENCEPHALOPATHY = {"none": 1, "grade_1_2": 2, "grade_3_4": 3}
# Survival often quoted with the classes; it comes from older cohorts, not from Pugh's 38 patients.
_CLASSES = (
    (6, "A", "well compensated; survival often quoted as 100 % at 1 year and 85 % at 2 years"),
    (9, "B", "significant compromise; survival often quoted as 81 % at 1 year and 57 % at 2 years"),
    (15, "C", "decompensated; survival often quoted as 45 % at 1 year and 35 % at 2 years"),
)

CARD = ModelCard(
    id="child_pugh",
    version="1.0.0",
    title="Child-Pugh score",
    aliases=(
        "child pugh", "child-pugh class", "child-turcotte-pugh", "child turcotte pugh", "ctp score", "child score",
        "cirrhosis severity",
    ),
    kind="risk_score",
    summary="Points and class A to C for the severity of cirrhosis.",
    inputs=(
        inputs.BILIRUBIN,
        inputs.ALBUMIN,
        inputs.changed(inputs.INR, required=False, description="Or the prothrombin time over control, in seconds."),
        inputs.number("pt_seconds_over_control", "Prothrombin time over control", "s", (-5, 120), required=False,
                      description="Used where no INR is given, as in the original score."),
        inputs.choice("ascites", "Ascites", ("none", "slight", "moderate"),
                      description="Slight: mild or controlled by diuretics; moderate: moderate, severe or refractory."),
        inputs.choice("encephalopathy", "Hepatic encephalopathy", ("none", "grade_1_2", "grade_3_4")),
        inputs.flag("cholestatic_disease", "Primary biliary or sclerosing cholangitis", required=False,
                    description="Raises the bilirubin limits to 4 and 10 mg/dL, as Pugh gave for biliary cirrhosis."),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
    ),
    outputs=(("child_pugh", "{score}", "Child-Pugh score"), ("child_pugh_class", "", "Child-Pugh class")),
    source="Pugh RNH, et al. Transection of the oesophagus for bleeding oesophageal varices. Br J Surg 1973;60:646-9; "
    "INR limits as in current textbooks.",
    doi="10.1002/bjs.1800600817",
    population="38 adults with cirrhosis having surgery for bleeding varices; used since in all cirrhosis.",
    context_of_use="Adults with cirrhosis: severity, drug dosing and risk of surgery.",
    model_risk="medium",
    limitations=(
        "Ascites and encephalopathy are judged, not measured.",
        "Kidney function is not in the score; MELD is better for transplant.",
        "Some texts put the lower albumin limit at 3.0 g/dL; Pugh's is 2.8 g/dL.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """One to three points each: bilirubin, albumin, clotting, ascites, encephalopathy."""
    cholestatic = values.has("cholestatic_disease") and values.flag("cholestatic_disease")
    points = {
        "bilirubin": _rising(
            values.number("bilirubin_mg_dl"), _BILIRUBIN_CHOLESTATIC_MG_DL if cholestatic else _BILIRUBIN_MG_DL
        ),
        "albumin": 4 - _rising(values.number("albumin_g_dl"), _ALBUMIN_G_DL),
        "clotting": _rising(values.number("inr"), _INR)
        if values.has("inr")
        else _rising(values.number("pt_seconds_over_control"), _SECONDS_OVER_CONTROL),
        "ascites": _ASCITES[values.choice("ascites")],
        "encephalopathy": _ENCEPHALOPATHY[values.choice("encephalopathy")],
    }
    total = sum(points.values())
    letter, meaning = next((letter, meaning) for top, letter, meaning in _CLASSES if total <= top)
    items = ", ".join(f"{name} {value}" for name, value in points.items())
    return Result(
        outputs=(
            score("child_pugh", "Child-Pugh score", total, f"class {letter}; {items}"),
            category("child_pugh_class", "Child-Pugh class", letter, meaning),
        ),
        warnings=_warnings(values),
    )


def _rising(value: float, limits: tuple[float, float]) -> int:
    """1 below the limits, 2 within or on them, 3 above."""
    low, high = limits
    return 1 if value < low - 1e-9 else 2 if value <= high + 1e-9 else 3


def _warnings(values: Values) -> tuple[str, ...]:
    if values.has("inr") and values.has("pt_seconds_over_control"):
        return ("Both INR and prothrombin time were given: the INR was used.",)
    return ()


def _clotting_needed(values: Values) -> list[str]:
    return [] if values.has("inr") or values.has("pt_seconds_over_control") else ["inr"]


MODEL = Model(CARD, closed_form(compute), refuse=adults_only, also_needed=_clotting_needed)
