"""What-if questions: which model, and which inputs the quantities of the question set."""

from __future__ import annotations

import re
from typing import Any

from agents.embedded.reader import ModelNames, Question, Slot, Variant
from agents.embedded.router import Route
from agents.embedded.suppositions import SUPPOSES, implied_by_volume, scenario_name, supposed
from tools.catalogue import DERIVED_MODELS
from tools.concepts import Lexicon

_SURE = 0.6  # a value stated for an input of a named model

_INTERVAL = re.compile(
    r"\b(?:q|every)\s*(\d{1,2})\s*(?:h|hr|hrs|hours?)\b|\b(bid|twice (?:a day|daily))\b|\b(tid)\b|\b(daily|once (?:a day|daily)|qd|od)\b",
    re.IGNORECASE,
)
_DOSE = re.compile(r"((?:(?<=\s)-)?\d+(?:\.\d+)?)\s*(mg|g|grams?)\b(?!\s*/)", re.IGNORECASE)
_CARBS = re.compile(r"(\d+(?:\.\d+)?)\s*g?(?:rams?)?\s*(?:of\s+)?(?:carbs?|carbohydrates?|cho)\b", re.IGNORECASE)
_INSULIN = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:u|units?|iu)\b(?:\s*(?:of)?\s*(?:insulin|bolus|lispro|aspart))?", re.IGNORECASE
)
_SMOKING = re.compile(r"\b(?:quit|quits|stop(?:s|ped)?|without|never|non)[- ]?\s*smok\w*", re.IGNORECASE)
_BRIDGE = r"(?:\s+(?:was|were|is|of|to|at|reaches|reached|rises|rose|drops|dropped|falls|fell|goes|came|comes|down|up|becomes|=))*\s*"


def calculator_calls(
    route: Route, question: Question, models: ModelNames, lexicon: Lexicon
) -> list[tuple[str, dict[str, Any]]]:
    """The calculator or what-if calls of a question; what it states goes before what the chart has."""
    text = question.text
    named = models_of(route.variant) or _implied_models(route, text)
    if not named:
        return [("look_up", {"name": question.unknown or text, "question": text})]
    calls: list[tuple[str, dict[str, Any]]] = []
    for model in dict.fromkeys(named):
        card = models.cards.get(model)
        if model == "vancomycin_goti2018":
            calls.append(_vancomycin(text, supposed(text, card, question, lexicon) if card else {}))
        elif model == "glucose_insulin_bergman":
            calls.append(_glucose(model, text))
        elif card is not None and (changes := supposed(text, card, question, lexicon)):
            scenario = {"name": scenario_name(changes, card), "changes": changes}
            calls.append(("what_if", {"model": model, "scenarios": [scenario]}))
        else:
            calls.append(("calculate", {"model": model}))
    return calls


def models_of(variant: Variant) -> list[str]:
    """The models that a reading names; "bmi if ..." names the model of that score."""
    named = [s.id for s in variant.slots if s.kind == "model"]
    scores = [DERIVED_MODELS[s.id] for s in variant.slots if s.kind == "observation" and s.id in DERIVED_MODELS]
    return named or scores[:1]


def supposition(
    part: str, routes: list[Route], question: Question, models: ModelNames, lexicon: Lexicon
) -> Route | None:
    """The route of a part that supposes values for a model it names; likeness to exemplars plays no part in it."""
    if implied_by_volume(part):
        return Route(
            "what_if", max(_SURE, _score_of(routes, "what_if")), _of_model(question.variants[0], "haemodynamics_ursino")
        )
    if not SUPPOSES.search(part):
        return None
    for variant in question.variants:
        for model in models_of(variant):
            card = models.cards.get(model)
            if card is not None and (supposed(part, card, question, lexicon)):
                return Route("what_if", max(_SURE, _score_of(routes, "what_if")), variant)
    for route in routes[:6]:
        for model in _implied_models(route, part):
            card = models.cards.get(model)
            if card is not None and model == "estimated_average_glucose" and supposed(part, card, question, lexicon):
                return Route("what_if", max(_SURE, _score_of(routes, "what_if")), _of_model(route.variant, model))
    return None


def _of_model(variant: Variant, model: str) -> Variant:
    """The reading with the model that its names imply, and without those names."""
    slot = Slot(kind="model", start=0, end=0, text="", id=model)
    return variant.model_copy(update={"slots": (slot,)})


def _score_of(routes: list[Route], intent: str) -> float:
    return next((r.score for r in routes if r.intent == intent), 0.0)


_FLAGS_OF_CONDITION = {
    "heart_failure": "heart_failure",
    "diabetes": "diabetes",
    "type_2_diabetes": "diabetes",
    "hypertension": "hypertension",
    "stroke": "stroke_tia_thromboembolism",
    "transient_ischemic_attack": "stroke_tia_thromboembolism",
    "tia": "stroke_tia_thromboembolism",
    "peripheral_artery_disease": "vascular_disease",
    "myocardial_infarction": "vascular_disease",
}
_WEIGHT_CHANGE = re.compile(
    r"\b(?P<verb>lost|loses|lose|gained|gains|gain|dropped|drops)\s+(?P<n>\d+(?:\.\d+)?)\s*(?P<unit>kg|kilos?|lbs?|pounds)\b|(?P<n2>\d+(?:\.\d+)?)\s*(?P<unit2>kg|lbs?)\s+(?P<adj>lighter|heavier)",
    re.IGNORECASE,
)


def _relative_weight(text: str) -> float | None:
    match = _WEIGHT_CHANGE.search(text)
    if match is None:
        return None
    amount = float(match["n"] or match["n2"]) * (
        0.45359237 if (match["unit"] or match["unit2"]).lower().startswith(("lb", "pound")) else 1.0
    )
    less = (match["verb"] or "").lower().startswith(("los", "drop")) or (match["adj"] or "").lower() == "lighter"
    return -amount if less else amount


def _implied_models(route: Route, text: str) -> list[str]:
    lowered = text.lower()
    if implied_by_volume(text):
        return ["haemodynamics_ursino"]
    names = {s.id for s in route.variant.slots}
    if "vancomycin" in names or re.search(r"\bvanc\w*", lowered):
        return ["vancomycin_goti2018"]
    if _CARBS.search(text) or ("insulin" in lowered and "glucose" in lowered):
        return ["glucose_insulin_bergman"]
    if "hba1c" in names and re.search(r"\b(?:glucose|sugar)\b", lowered):
        return ["estimated_average_glucose"]
    if "creatinine" in names:
        return ["ckd_epi_2021_creatinine"]
    if _SMOKING.search(text) or "risk" in lowered:
        return ["pce_2013"]
    return []


def _vancomycin(text: str, stated: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    doses = [float(v) * (1000.0 if u.lower().startswith("g") else 1.0) for v, u in _DOSE.findall(text)]
    intervals = [_hours(m) for m in _INTERVAL.finditer(text)]
    base = {k: v for k, v in stated.items() if k not in {"dose_mg", "interval_h", "infusion_h"}}
    if len(doses) <= 1 and len(intervals) <= 1:
        inputs = dict(base)
        if doses:
            inputs["dose_mg"] = doses[0]
        if intervals:
            inputs["interval_h"] = intervals[0]
        return "what_if", {"model": "vancomycin_goti2018", "scenarios": [], "inputs": inputs}
    scenarios = []
    for index in range(max(len(doses), len(intervals))):
        dose = doses[min(index, len(doses) - 1)] if doses else None
        interval = intervals[min(index, len(intervals) - 1)] if intervals else 12.0
        changes: dict[str, Any] = {"interval_h": interval}
        if dose is not None:
            changes["dose_mg"] = dose
        name = f"{dose:g} mg every {interval:g} h" if dose is not None else f"every {interval:g} h"
        scenarios.append({"name": name, "changes": changes})
    return "what_if", {"model": "vancomycin_goti2018", "scenarios": scenarios, "inputs": base}


def _hours(match: re.Match[str]) -> float:
    if match[1]:
        return float(match[1])
    return 12.0 if match[2] else 8.0 if match[3] else 24.0


def _glucose(model: str, text: str) -> tuple[str, dict[str, Any]]:
    inputs: dict[str, Any] = {}
    if carbs := _CARBS.search(text):
        inputs["carbohydrate_g"] = float(carbs[1])
    if insulin := _INSULIN.search(text):
        inputs["insulin_bolus_units"] = float(insulin[1])
    return "what_if", {"model": model, "scenarios": [], "inputs": inputs}
