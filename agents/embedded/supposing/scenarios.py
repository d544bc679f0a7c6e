"""What-if questions: which model, and which inputs the quantities of the question set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agents.embedded.reading.calculator_names import ModelNames
from agents.embedded.reading.reader import Question, Slot, Variant
from agents.embedded.reading.units_asked import NUMBER, unit_of
from agents.embedded.routing.outputs_asked import with_focus, with_horizon
from agents.embedded.routing.router import Route
from agents.embedded.supposing.dosing import (
    DOSE,
    INTERVAL,
    Dosed,
    asks_exposure,
    asks_for_plans,
    dosing_run,
    stated_doses,
    without_dosing,
)
from agents.embedded.supposing.meals import meal_inputs, states_meal
from agents.embedded.supposing.stated_findings import SMOKES_NOT
from agents.embedded.supposing.suppositions import (
    SUPPOSES,
    asks_of_circulation,
    asks_of_record,
    implied_by_volume,
    is_hypothetical,
    scenario_name,
    supposed,
    supposed_each,
    supposed_outright,
)
from agents.embedded.supposing.wanted import wanted
from tools.catalogue import DERIVED_MODELS
from tools.concepts import Lexicon

_EGFR = DERIVED_MODELS["egfr"]
_SURE = 0.6  # a value stated for an input of a named model

_WHICH_INSULIN = re.compile(
    r"\bhow (?:much|many)\b.{0,20}\b(?:insulin|units|bolus)\b|\b(?:what|which|needed)\b.{0,15}\b(?:dose|bolus|insulin)\b",
    re.IGNORECASE,
)
_WHICH_DOSE = re.compile(
    r"\b(?:what|which|how much|find|suggest|need\w*)\b.{0,30}\bdos(?:e|es|ing|age)\b", re.IGNORECASE
)
_CORRECTS = re.compile(r"\b(?:correct\w*|adjust\w*|payne)\b", re.IGNORECASE)
# What a result is corrected for, with the formula: "correct the calcium for an albumin of 2".
_CORRECTED = {
    ("calcium", "albumin"): "corrected_calcium",
    ("sodium", "glucose"): "corrected_sodium",
    ("phenytoin_level", "albumin"): "phenytoin_sheiner_tozer",
}
# From one to the other: the number belongs to the name before it, and the other one is asked for.
_TO_GLUCOSE, _FROM_GLUCOSE = "estimated_average_glucose", "a1c_from_average_glucose"
_A1C = re.compile(r"\b(?:hb ?a1c|a1c|(?:glycated|glycosylated) h(?:a)?emoglobin|h(?:a)?emoglobin a1c)\b", re.IGNORECASE)
_SUGAR = re.compile(r"\b(?:glucose|sugars?)\b", re.IGNORECASE)


def calculator_calls(
    route: Route, question: Question, models: ModelNames, lexicon: Lexicon
) -> list[tuple[str, dict[str, Any]]]:
    """The calculator or what-if calls of a question; what it states goes before what the chart has."""
    text = question.text
    named = models_of(route.variant, text) or _implied_models(route, text)
    if not named:
        return [("look_up", {"name": question.unknown or text, "question": text})]
    if route.intent == "what_if":  # "what would BMI and CrCl be": each score that the supposition is for
        scores = _scores_of(route.variant)
        others = [m for m in named if m != _EGFR and m in models.cards and models.cards[m].outputs[0][0] == "egfr"]
        if others:  # "GFR by MDRD": the quantity, and the formula it is wanted by
            named, scores = others, [m for m in scores if m != _EGFR]
        cards = {m: models.cards.get(m) for m in (*named, *scores)}
        moved = [m for m, c in cards.items() if c is not None and supposed(text, c, question, lexicon)]
        named = moved if len(moved) > (0 if stated_doses(text, route.variant) is None else 1) else named
    calls: list[tuple[str, dict[str, Any]]] = []
    for model in dict.fromkeys(named):
        card = models.cards.get(model)
        dosed = stated_doses(text, route.variant) or _of_vancomycin(model, text)
        if card is not None and dosed is not None and dosed.rules["model"] == model:
            base = supposed_outright(without_dosing(text), card, question, lexicon)  # a dose in mg is no body weight
            wants_dose = asks_for_plans(text) or _WHICH_DOSE.search(text) is not None
            calls.append(dosing_run(dosed, base, wants_dose=wants_dose))
        elif (backwards := wanted(text)) is not None and backwards[0] == model:
            share = {"focus": "share_of_blood_volume"} if "volume_ml" in backwards[1] else {}
            calls.append(("what_if", {"model": model, "scenarios": [], "inputs": backwards[1], **share}))
        elif model == "glucose_insulin_bergman" and card is not None:
            inputs = meal_inputs(text)
            if _WHICH_INSULIN.search(text) and "insulin_bolus_units" not in inputs and "carbohydrate_g" in inputs:
                calls.append(("compare_plans", {"drug": "insulin", "propose": "all", "conditions": inputs}))
            else:
                calls.append(("what_if", {"model": model, "scenarios": [], "inputs": inputs}))
        elif card is not None and (each := supposed_each(text, card, question, lexicon)):
            scenarios = [{"name": scenario_name(changes, card), "changes": changes} for changes in each]
            calls.append(("what_if", {"model": model, "scenarios": scenarios}))
        else:
            calls.append(("calculate", {"model": model}))
    return [
        (tool, arguments)
        if "focus" in arguments
        else (tool, {"what_if": with_focus, "calculate": with_horizon}.get(tool, _as_asked)(text, arguments, models))
        for tool, arguments in calls
    ]


def _as_asked(text: str, arguments: dict[str, Any], models: ModelNames) -> dict[str, Any]:
    return arguments


_WITH_CYSTATIN = {False: "ckd_epi_2012_cystatin", True: "ckd_epi_2021_creatinine_cystatin"}  # by creatinine beside it


def models_of(variant: Variant, text: str = "") -> list[str]:
    """The models that a reading names; "bmi if ..." names the model of that score, "correct the calcium" its formula."""
    scores = [s for s in variant.slots if s.kind == "observation" and s.id in DERIVED_MODELS]
    named = [
        s.id
        for s in variant.slots
        if s.kind == "model"
        and not (s.id == "target_weight" and scores)
        and not any(o.start <= s.start < o.end and DERIVED_MODELS[o.id] != s.id for o in scores)
    ]
    if "cystatin_c" in {s.id for s in variant.slots}:
        named = [_WITH_CYSTATIN[any(s.id == "creatinine" for s in variant.slots)] for _ in [*named, *scores][:1]]
    if len(named) > 1:
        named = [m for m in named if m != "target_weight"]  # "goal weight 95 kg, what BMI is that"
    return named or _scores_of(variant)[:1] or _corrections(variant, text)


def _corrections(variant: Variant, text: str) -> list[str]:
    if not _CORRECTS.search(text) and not is_hypothetical(text):  # "what is the calcium really if albumin is 2.2"
        return []
    names = {s.id for s in variant.slots if s.kind == "observation"}
    if re.search(r"\bpayne\b", text, re.IGNORECASE):
        names.add("calcium")
    return [model for pair, model in _CORRECTED.items() if set(pair) <= names]


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
    if _PROGRESSION.search(part):
        return Route("calculate", _SURE, _of_model(question.variants[0], "egfr_slope"))
    variant = next(_suppositions(part, question, models, lexicon), None)
    return Route("what_if", max(_SURE, _score_of(routes, "what_if")), variant) if variant is not None else None


def runs(text: str, question: Question, models: ModelNames, lexicon: Lexicon) -> list[tuple[str, dict[str, Any]]]:
    """The calls of a text that supposes something, empty for any other."""
    route = supposition(text, [], question, models, lexicon)
    return calculator_calls(route, question, models, lexicon) if route is not None else []


def _suppositions(part: str, question: Question, models: ModelNames, lexicon: Lexicon) -> Iterator[Variant]:
    """The readings of a part as a supposition, with the model that each is for, surest first."""
    first = question.variants[0]
    if implied_by_volume(part, question):
        yield _of_model(first, "haemodynamics_ursino")
    if _PRESSOR.search(part) and asks_of_circulation(part) and (card := models.cards.get("haemodynamics_ursino")):
        if "norepinephrine_ug_kg_min" in supposed_outright(part, card, question, lexicon):
            yield _of_model(first, "haemodynamics_ursino")
    if states_meal(part):
        yield _of_model(first, "glucose_insulin_bergman")
    for variant in question.variants:
        dosed = stated_doses(part, variant)
        if dosed is None:
            continue
        if asks_exposure(part, dosed) or (asks_for_plans(part) and not asks_of_record(part, question)):
            yield variant
    if (backwards := wanted(part)) is not None:
        yield _of_model(first, backwards[0])
    if _AUC.search(part) and DOSE.search(part) and INTERVAL.search(part) and not _names_a_drug(question):
        yield _of_model(first, "vancomycin_goti2018")  # of what is dosed by AUC, by far the commonest
    if asks_of_record(part, question):
        return
    supposes = SUPPOSES.search(part) is not None
    for variant in sorted(question.variants, key=lambda v: -len(models_of(v, part))):  # "MELD and Child-Pugh if": both
        translated = _translation(part)
        for model in [translated] if translated else models_of(variant, part):
            card = models.cards.get(model)
            if card is None:
                continue
            each = supposed_each(part, card, question, lexicon, outright=not supposes)
            flagged = any(isinstance(value, bool) for one in each for value in one.values())
            if each and (supposes or flagged or len(each) > 1 or _is_of(model, variant, part)):
                yield variant if model in models_of(variant, part) else _of_model(variant, model)
    if not any(models_of(v, part) for v in question.variants) and _RISK.search(part) and supposes:
        card = models.cards.get("pce_2013")  # "how much would the risk fall if she stopped smoking"
        if card is not None and supposed_each(part, card, question, lexicon, outright=True):
            yield _of_model(first, "pce_2013")
    creatinine = next((s for s in first.slots if s.known and s.id == "creatinine"), None)
    if creatinine is not None and len([s for s in first.slots if s.known]) == 1 and is_hypothetical(part):
        card = models.cards.get("ckd_epi_2021_creatinine")
        if card is not None and supposed_each(part, card, question, lexicon, outright=True):
            yield _of_model(first, "ckd_epi_2021_creatinine")


_INPUT_KINDS = frozenset({"observation", "model", "panel", "vitals"})
_CHANGES = frozenset({"weight_loss", "weight_gain", "abnormal_weight_loss", "abnormal_weight_gain"})
_VALUED = re.compile(r"\s*(?:of|is|=|:)?\s*(?=\d)", re.IGNORECASE)


def _is_of(model: str, variant: Variant, text: str) -> bool:
    """Whether a text without any "if" is still about values for a score: results alone are named, and the score has none.

    "Creatinine 2.3: eGFR?" is; "eGFR 45, creatinine 1.5, is metformin all right" is not.
    """
    known = [s for s in variant.slots if s.known]
    if any(s.kind not in _INPUT_KINDS and s.id not in _CHANGES for s in known):
        return False
    scores = [s for s in known if s.kind == "model" or DERIVED_MODELS.get(s.id) == model]
    for score in scores:
        place = _VALUED.match(text, score.end)
        number = NUMBER.match(text, place.end()) if place is not None else None
        if number is not None and not number["unit"]:
            return False
    return True


_AVERAGE = re.compile(r"\b(?:average|mean|avg)\b", re.IGNORECASE)


def _translation(text: str) -> str:
    """The formula between HbA1c and average glucose, where the value of one is given and the other asked for, else ''."""
    names = [(m.start(), _TO_GLUCOSE) for m in _A1C.finditer(text)]
    names += [(m.start(), _FROM_GLUCOSE) for m in _SUGAR.finditer(text)]
    digits = [(m.start(), m.end()) for m in _A1C.finditer(text)]
    number = next((n for n in NUMBER.finditer(text) if not any(s <= n.start() < e for s, e in digits)), None)
    if number is None or not names:
        return ""
    if len({model for _, model in names}) < 2:
        of_glucose = bool(digits) and unit_of(text) in {"mg/dL", "mmol/L"}  # "an A1c of 9 in mg/dL"
        of_a1c = not digits and number["unit"] in {"%", "percent"} and _AVERAGE.search(text)  # "what sugar 8.2 % means"
        return _TO_GLUCOSE if of_glucose or of_a1c else ""
    before = [n for n in names if n[0] < number.start()]
    return max(before)[1] if before else min(names)[1]


_WITH_SODIUM = re.compile(r"na\b|sodium", re.IGNORECASE)
_PRESSOR = re.compile(r"\b(?:norepinephrine|noradrenaline|norepi|norad|levophed)\b", re.IGNORECASE)
_PROGRESSION = re.compile(
    r"\b(?:when (?:will|would|is)|how (?:long|soon|many years) (?:until|till|before|to)|(?:years?|time) (?:until|till|to|before))\b.{0,40}\b(?:e?gfr|(?:kidney|renal) function)\b.{0,25}(?:\breach|\bfall|\bhit|\bdrop|\bbelow|\bunder|\d)"
    r"|\bhow (?:fast|quickly|rapidly)\b.{0,20}\b(?:e?gfr|(?:kidney|renal) (?:function|disease)|kidneys|ckd)\b.{0,20}\b(?:declin|fall|drop|progress|worsen|deteriorat|going)\w*",
    re.IGNORECASE,
)
_RISK = re.compile(r"\brisk\b(?! of (?:falls?|bleed|stroke|dvt|clot|pe|infection|dying))", re.IGNORECASE)
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
    if states_meal(text) or ("insulin" in lowered and "glucose" in lowered):
        return ["glucose_insulin_bergman"]
    if translated := _translation(text):
        return [translated]
    if "creatinine" in names:
        return ["ckd_epi_2021_creatinine"]
    if SMOKES_NOT.search(text) or "risk" in lowered:
        return ["pce_2013"]
    return []
