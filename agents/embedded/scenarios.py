"""What-if questions: which model, and which inputs the quantities of the question set."""

from __future__ import annotations

import re
from typing import Any

from agents.embedded.dosing import DOSE, INTERVAL, Dosed, asks_exposure, dosing_run, stated_doses
from agents.embedded.reader import ModelNames, Question, Slot, Variant
from agents.embedded.router import Route
from agents.embedded.suppositions import SUPPOSES, implied_by_volume, scenario_name, supposed, supposed_each
from tools.catalogue import DERIVED_MODELS
from tools.concepts import Lexicon

_SURE = 0.6  # a value stated for an input of a named model

_CARBS = re.compile(r"(\d+(?:\.\d+)?)\s*g?(?:rams?)?\s*(?:of\s+)?(?:carbs?|carbohydrates?|cho)\b", re.IGNORECASE)
_INSULIN = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:u|units?|iu)\b(?:\s*(?:of)?\s*(?:insulin|bolus|lispro|aspart))?", re.IGNORECASE
)
_WANTED_BMI = re.compile(
    r"\b(?:(?:need|have|has|want|aim|must|should|would)\w*\b.{0,25}\b(?:lose|gain|weigh|drop|shed)|(?:what|which|target|goal|ideal) weight|how much weight)\b.{0,40}\b(?:bmi|body mass index)\s*(?:of|to|at|=|under|below|is)?\s*(?P<bmi>[1-5]\d(?:\.\d+)?)\b(?!\s*(?:kg|lb))",
    re.IGNORECASE,
)
SMOKING = re.compile(r"\b(?:quit|quits|stop(?:s|ped)?|without|never|non)[- ]?\s*smok\w*", re.IGNORECASE)


def calculator_calls(
    route: Route, question: Question, models: ModelNames, lexicon: Lexicon
) -> list[tuple[str, dict[str, Any]]]:
    """The calculator or what-if calls of a question; what it states goes before what the chart has."""
    text = question.text
    named = models_of(route.variant) or _implied_models(route, text)
    if not named:
        return [("look_up", {"name": question.unknown or text, "question": text})]
    if route.intent == "what_if":  # "what would BMI and CrCl be": each score that the supposition is for
        scores = _scores_of(route.variant)
        cards = {m: models.cards.get(m) for m in (*named, *scores)}
        moved = [m for m, c in cards.items() if c is not None and supposed(text, c, question, lexicon)]
        named = moved if len(moved) > 1 else named
    calls: list[tuple[str, dict[str, Any]]] = []
    for model in dict.fromkeys(named):
        card = models.cards.get(model)
        dosed = stated_doses(text, route.variant) or _of_vancomycin(model, text)
        if card is not None and dosed is not None and dosed.rules["model"] == model:
            rest = DOSE.sub(lambda m: " " * len(m[0]), text)  # a dose in mg is no body weight
            calls.append(dosing_run(dosed, supposed(rest, card, question, lexicon)))
        elif model == "target_weight" and (wanted := _WANTED_BMI.search(text)) is not None:
            inputs = {"target_bmi_kg_m2": float(wanted["bmi"])}
            calls.append(("what_if", {"model": model, "scenarios": [], "inputs": inputs}))
        elif model == "glucose_insulin_bergman":
            calls.append(_glucose(model, text))
        elif card is not None and (each := supposed_each(text, card, question, lexicon)):
            scenarios = [{"name": scenario_name(changes, card), "changes": changes} for changes in each]
            calls.append(("what_if", {"model": model, "scenarios": scenarios}))
        else:
            calls.append(("calculate", {"model": model}))
    return calls


def models_of(variant: Variant) -> list[str]:
    """The models that a reading names; "bmi if ..." names the model of that score."""
    named = [s.id for s in variant.slots if s.kind == "model"]
    return named or _scores_of(variant)[:1]


def _scores_of(variant: Variant) -> list[str]:
    """The models of results that are computed ("bmi"), in the version that is named."""
    return [
        "meld_na" if s.id == "meld_score" and _WITH_SODIUM.search(s.text) else DERIVED_MODELS[s.id]
        for s in variant.slots
        if s.kind == "observation" and s.id in DERIVED_MODELS
    ]


def supposition(
    part: str, routes: list[Route], question: Question, models: ModelNames, lexicon: Lexicon
) -> Route | None:
    """The route of a part that supposes values for a model it names; likeness to exemplars plays no part in it."""
    if implied_by_volume(part):
        return Route(
            "what_if", max(_SURE, _score_of(routes, "what_if")), _of_model(question.variants[0], "haemodynamics_ursino")
        )
    for variant in question.variants:
        dosed = stated_doses(part, variant)
        if dosed is not None and asks_exposure(part, dosed):
            return Route("what_if", max(_SURE, _score_of(routes, "what_if")), variant)
    if _WANTED_BMI.search(part):
        return Route(
            "what_if", max(_SURE, _score_of(routes, "what_if")), _of_model(question.variants[0], "target_weight")
        )
    if _AUC.search(part) and DOSE.search(part) and INTERVAL.search(part) and not _names_a_drug(question):
        vancomycin = _of_model(
            question.variants[0], "vancomycin_goti2018"
        )  # of what is dosed by AUC, by far the commonest
        return Route("what_if", max(_SURE, _score_of(routes, "what_if")), vancomycin)
    supposes = SUPPOSES.search(part) is not None
    for variant in question.variants:
        for model in models_of(variant):
            card = models.cards.get(model)
            if card is not None and len(supposed_each(part, card, question, lexicon)) >= (1 if supposes else 2):
                return Route("what_if", max(_SURE, _score_of(routes, "what_if")), variant)
    for route in routes[:6] if supposes else ():
        for model in _implied_models(route, part):
            card = models.cards.get(model)
            if card is not None and model == "estimated_average_glucose" and supposed(part, card, question, lexicon):
                return Route("what_if", max(_SURE, _score_of(routes, "what_if")), _of_model(route.variant, model))
    return None


_WITH_SODIUM = re.compile(r"na\b|sodium", re.IGNORECASE)
_AUC = re.compile(r"\bauc(?:24|/mic)?\b", re.IGNORECASE)


def _names_a_drug(question: Question) -> bool:
    return any(s.kind in {"medication", "drug_class", "model"} for v in question.variants[:1] for s in v.slots)


def _of_model(variant: Variant, model: str) -> Variant:
    """The reading with the model that its names imply, and without those names."""
    slot = Slot(kind="model", start=0, end=0, text="", id=model)
    return variant.model_copy(update={"slots": (slot,)})


def _score_of(routes: list[Route], intent: str) -> float:
    return next((r.score for r in routes if r.intent == intent), 0.0)


def _of_vancomycin(model: str, text: str) -> Dosed | None:
    """The dosing that is stated beside a model's own name ("vanc auc on 1 g q12h"), which names no drug of its own."""
    if model != "vancomycin_goti2018":
        return None
    return stated_doses(
        text, Variant(slots=(Slot(kind="medication", start=0, end=0, text="", id="vancomycin"),), masked="")
    )


def _implied_models(route: Route, text: str) -> list[str]:
    lowered = text.lower()
    if implied_by_volume(text):
        return ["haemodynamics_ursino"]
    names = {s.id for s in route.variant.slots}
    if (dosed := stated_doses(text, route.variant)) is not None:
        return [str(dosed.rules["model"])]
    if _CARBS.search(text) or ("insulin" in lowered and "glucose" in lowered):
        return ["glucose_insulin_bergman"]
    if "hba1c" in names and re.search(r"\b(?:glucose|sugar)\b", lowered):
        return ["estimated_average_glucose"]
    if "creatinine" in names:
        return ["ckd_epi_2021_creatinine"]
    if SMOKING.search(text) or "risk" in lowered:
        return ["pce_2013"]
    return []


def _glucose(model: str, text: str) -> tuple[str, dict[str, Any]]:
    inputs: dict[str, Any] = {}
    if carbs := _CARBS.search(text):
        inputs["carbohydrate_g"] = float(carbs[1])
    if insulin := _INSULIN.search(text):
        inputs["insulin_bolus_units"] = float(insulin[1])
    return "what_if", {"model": model, "scenarios": [], "inputs": inputs}
