"""Which result of a run a question asks for ("what trough would that give"), so that the answer begins with it."""

from __future__ import annotations

import re
from typing import Any

from agents.embedded.reading.calculator_names import ModelNames
from domain.predictions import ModelCard
from tools.concepts import tokenize
from tools.twin.dosing_rules import drugs_with_plans, rules_for

_SHORT = {
    "mean arterial pressure": ("map",), "heart rate": ("hr", "pulse"), "systolic pressure": ("systolic", "sbp"), "diastolic pressure": ("diastolic", "dbp"),
    "cardiac output": ("co",), "auc24": ("auc", "auc24"), "peak": ("cmax", "peaks"), "trough": ("cmin", "troughs"), "kdigo gfr category": ("stage", "category"),
    "steady state level": ("level", "levels"), "steady-state level": ("level", "levels"), "lowest glucose": ("nadir", "hypo"), "highest glucose": ("peak",),
}  # fmt: skip
_TAIL = re.compile(r"\s+(?:at|of|after|in|over)\s.*|\s*[(,].*", re.DOTALL)


def with_focus(text: str, arguments: dict[str, Any], models: ModelNames) -> dict[str, Any]:
    """The arguments of a run with the output that the question names, where it is not the model's first anyway."""
    card = models.cards.get(str(arguments.get("model", "")))
    if card is None or not card.outputs:
        return arguments
    asked = _named(text, card) or _usual(card)
    return {**arguments, "focus": asked} if asked and asked != card.outputs[0][0] else arguments


_HORIZON = re.compile(r"\b(?P<n>\d{1,2})\s*-?\s*(?:years?|yrs?|y)\b(?!\s*-?\s*(?:old|ago|of age))", re.IGNORECASE)


def with_horizon(text: str, arguments: dict[str, Any], models: ModelNames) -> dict[str, Any]:
    """The arguments of a calculation with the output of the years that the question names: "5-year risk"."""
    card, asked = models.cards.get(str(arguments.get("model", ""))), _HORIZON.search(text)
    if card is None or asked is None:
        return arguments
    of_then = next((name for name, _, label in card.outputs if re.match(rf"{asked['n']}-year\b", label)), "")
    return {**arguments, "focus": of_then} if of_then and of_then != card.outputs[0][0] else arguments


def _named(text: str, card: ModelCard) -> str:
    words = [t.norm for t in tokenize(text)]
    joined = f" {' '.join(words)} "
    for name, _, label in card.outputs:
        core = _TAIL.sub("", label).lower()
        if any(f" {said} " in joined for said in (core, *_SHORT.get(core, ()))):
            return name
    return ""


def _usual(card: ModelCard) -> str:
    """Of a dosing model, the output that its doses are judged by."""
    for drug in drugs_with_plans():
        rules = rules_for(drug) or {}
        if rules.get("model") == card.id and rules.get("dose") and rules.get("outputs"):
            names = {name for name, _, _ in card.outputs}
            return next((o for o in rules["outputs"] if o in names), "")
    return ""
