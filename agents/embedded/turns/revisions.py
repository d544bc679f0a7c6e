"""A what-if asked again with something changed: "same but q8h", "and with 1.5 g instead?", "what if her creatinine were 2?"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agents.embedded.supposing.dosing import DOSE, INTERVAL, doses_in, hours_of, is_bare_dose, without_dosing
from agents.embedded.supposing.stated_changes import VOLUME, volumes
from agents.embedded.supposing.stated_findings import FLAGS_OF_CONDITION, SEX
from agents.embedded.supposing.stated_values import named_inputs
from agents.embedded.supposing.suppositions import asks_of_record, scenario_name, supposed_outright
from tools.twin.covariates import flags_of
from tools.twin.dosing_rules import drugs_with_plans, rules_for

if TYPE_CHECKING:
    from agents.embedded.planner import Call
    from agents.embedded.reading.reader import Question, Slot
    from domain.predictions import ModelCard
    from tools.concepts import Lexicon

_SUPPOSES = re.compile(
    r"\b(?:what if|if|suppose|assuming|say|with(?:out)?|instead|same but|but|rather|at|on|using|gave|give|went|make|try|were|was|had|over|what about|how about)\b",
    re.IGNORECASE,
)
_ADDS = re.compile(r"\b(?:also|too|as well|additionally|on top|both|in addition)\b", re.IGNORECASE)
_INFUSION = re.compile(r"\bover (\d+(?:\.\d+)?)\s*(h|hr|hrs|hours?|min|mins|minutes?)\b", re.IGNORECASE)
_TIMES = re.compile(r"\b(?:double|twice|halve|half)(?: (?:of )?(?:the|that|this))?(?: dose| amount)?\b", re.IGNORECASE)
_OF_DOSING = frozenset({"dose_mg", "interval_h", "infusion_h"})
_FLUIDS = frozenset({"crystalloid_ml", "blood_transfusion_ml"})
_ONLY_VOLUME = re.compile(rf"\W*(?:(?:at|with|of|for|about)\s+)?{VOLUME.pattern}\W*", re.IGNORECASE)
_BARE = re.compile(
    r"\W*(?:(?:at|to|with|of|for|about|only|just|by)\s+)?(?P<n>\d+(?:\.\d+)?)\s*(?:kgs?|kilos?|mg|mg/dl|g/dl|mmol/l|umol/l|cm|years?)?\W*",
    re.IGNORECASE,
)


def revised(last: Call, text: str, whole: str, question: Question, card: ModelCard, lexicon: Lexicon) -> Call | None:
    """The call with what the text changes; None when it changes nothing of this model, or names what is none of its inputs.

    `text` is the question without its lead-in words, `question` as it was read, `whole` all of it.

    A dosing run keeps what is not named. For any other model a new supposition replaces the one before, unless it says
    "also".
    """
    if (again := _same_with(last, text, card)) is not None:
        return again
    states = re.search(r"\d", text) is not None and not asks_of_record(whole, question)
    if not _SUPPOSES.search(whole) and not _is_only_dosing(text) and not states:
        return None
    adds = _ADDS.search(whole) is not None
    text = _ADDS.sub(lambda m: " " * len(m[0]), text)  # the names keep their places
    dosing = _dosing(text, card, _inputs_so_far(last)) if _takes_doses(card) else {}
    rest = without_dosing(text) if _takes_doses(card) else text
    changes = {k: v for k, v in supposed_outright(rest, card, question, lexicon).items() if k not in _OF_DOSING}
    if any(i.name == "sex" for i in card.inputs) and (sex := SEX.search(text)) is not None:
        changes["sex"] = "female" if sex["female"] else "male"
    names = [s for s in question.variants[0].slots if s.known]
    if not (changes or dosing) or any(not _is_of(s, rest, card, changes, question, lexicon) for s in names):
        return None
    if _takes_doses(card):
        inputs = {**_inputs_so_far(last), **dosing, **changes}
        arguments = {"model": card.id, "scenarios": [], "inputs": inputs, **_kept(last, "focus")}
        return last.model_copy(update={"tool": "what_if", "arguments": arguments})
    adds = adds or bool(_FLUIDS & changes.keys() and "blood_loss_ml" in _last_changes(last))  # given for what was lost
    merged = {**(_last_changes(last) if adds else {}), **changes}
    named = [{"name": scenario_name(merged, card), "changes": merged}]
    kept = _kept(last, "inputs", "focus")
    return last.model_copy(
        update={"tool": "what_if", "arguments": {"model": card.id, "scenarios": named, **kept}, "intent": "what_if"}
    )


def _same_with(last: Call, text: str, card: ModelCard) -> Call | None:
    """ "and 25?" after "what if he loses 15 kg": the one change that was supposed, with another number."""
    bare, before = _BARE.fullmatch(text), _last_changes(last)
    if "blood_loss_ml" in before and _ONLY_VOLUME.fullmatch(text):
        return _with_changes(last, volumes(f"{text} of blood lost", {i.name: i for i in card.inputs}), card)
    if bare is None:
        return None
    if _takes_doses(card) and (dose := is_bare_dose(float(bare["n"]), _rules_of(card))) is not None:
        inputs = {**_inputs_so_far(last), "dose_mg": dose}
        arguments = {"model": card.id, "scenarios": [], "inputs": inputs, **_kept(last, "focus")}
        return last.model_copy(update={"arguments": arguments})
    if len(before) != 1 or len(last.arguments.get("scenarios") or []) != 1:
        return None
    (name, change), value = next(iter(before.items())), float(bare["n"])
    if not isinstance(change, dict) or not change.keys() & {"add", "value"}:
        return None
    amount = {"add": value if change["add"] > 0 else -value} if "add" in change else {**change, "value": value}
    return _with_changes(last, {name: amount}, card)


def _with_changes(last: Call, changes: dict[str, Any], card: ModelCard) -> Call:
    scenario = {"name": scenario_name(changes, card), "changes": changes}
    return last.model_copy(update={"arguments": {**last.arguments, "scenarios": [scenario]}})


def _kept(last: Call, *names: str) -> dict[str, Any]:
    return {name: last.arguments[name] for name in names if last.arguments.get(name)}


def _takes_doses(card: ModelCard) -> bool:
    return {"dose_mg", "interval_h"} <= {i.name for i in card.inputs}


def _rules_of(card: ModelCard) -> dict[str, Any]:
    """The dosing rules of a model's drug; of a drug without any, no more than that doses are in mg."""
    rules = (rules_for(drug) or {} for drug in drugs_with_plans())
    return next((r for r in rules if r.get("model") == card.id), {"unit": "mg"})


def _is_only_dosing(text: str) -> bool:
    rest = text
    for pattern in (DOSE, INTERVAL, _INFUSION, _TIMES):
        rest = pattern.sub(" ", rest)
    return rest != text and not re.search(r"[A-Za-z]{3,}", rest)


def _dosing(text: str, card: ModelCard, before: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    times, dose_before = _TIMES.search(text), before.get("dose_mg")
    if times is not None and isinstance(dose_before, int | float):
        found["dose_mg"] = dose_before * (0.5 if times[0].lower().startswith("hal") else 2.0)
    intervals = [hours_of(m) for m in INTERVAL.finditer(text)]
    if doses := doses_in(text, _rules_of(card), intervals):
        found["dose_mg"] = doses[0]
    if intervals:
        found["interval_h"] = intervals[0]
    if infusion := _INFUSION.search(text):
        found["infusion_h"] = float(infusion[1]) / (60.0 if infusion[2].lower().startswith("m") else 1.0)
    return found


def _is_of(
    slot: Slot, text: str, card: ModelCard, changes: dict[str, Any], question: Question, lexicon: Lexicon
) -> bool:
    """Whether a name in the text is one of the changed inputs, the model, or the drug that it doses."""
    if slot.kind == "model":
        return slot.id == card.id
    if slot.kind in {"medication", "drug_class"} and slot.id.split("_")[0] in card.id:
        return True
    if "current_smoker" in changes and ("smok" in slot.id or "tobacco" in slot.id):
        return True
    if {slot.id, FLAGS_OF_CONDITION.get(slot.id, ""), *flags_of(slot.id)} & changes.keys():
        return True
    if slot.id in {"weight_loss", "weight_gain"} and "weight_kg" in changes:
        return True
    if (slot.kind == "medication" and _FLUIDS & changes.keys()) or (
        slot.id == "ldl" and "total_cholesterol_mg_dl" in changes
    ):
        return True
    places = named_inputs(text, card, question, lexicon)
    return any(s < slot.end and slot.start < e and item.name in changes for s, e, item in places)


def _inputs_so_far(last: Call) -> dict[str, Any]:
    return {**(last.arguments.get("inputs") or {}), **_last_changes(last)}


def _last_changes(last: Call) -> dict[str, Any]:
    named = last.arguments.get("scenarios") or []
    changes = named[-1].get("changes") if named and isinstance(named[-1], dict) else None
    return dict(changes or {})
