"""What the deterministic supervisor reads for itself: "why did it rise", conditions such as "if it reaches 2", dosing plans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agents.embedded.planner import Call
from domain.errors import UnitMismatch, UnknownUnit
from domain.predictions import ModelCard, ModelInput
from domain.quantities import convert
from tools.context import ToolContext
from tools.measurements.known_effects import known_effects
from tools.measurements.readings import find_target, readings
from tools.times.periods import find_periods
from tools.twin.covariates import concept_of_input
from tools.twin.dosing_rules import rules_for

_UP = r"r(?:ise|ises|ose|isen|ising)|increas\w*|go(?:ne|es|ing)? up|went up|climb\w*|jump\w*|shot up|spik\w*|elevat\w*|high\b|higher|up\b|worsen\w*|bump\w*|peak\w*|doubl\w*|tripl\w*|surg(?:e|ed|es|ing)\b|soar\w*"
_DOWN = r"f(?:all|alls|ell|allen|alling)|dropp?\w*|decreas\w*|declin\w*|go(?:ne|es|ing)? down|went down|low\b|lower|down\b|dip\w*|plummet\w*|crash\w*|sank|sunk|reduc\w*|tank\w*"
_EITHER = r"chang\w*|abnormal|off\b|derang\w*|mov\w*|swing\w*|fluctuat\w*|different"
_RISE, _FALL = re.compile(rf"\b(?:{_UP})", re.IGNORECASE), re.compile(rf"\b(?:{_DOWN})", re.IGNORECASE)
_MOVED = re.compile(rf"\b(?:{_UP}|{_DOWN}|{_EITHER})", re.IGNORECASE)
_WHY = re.compile(
    r"\bwhy\b|\bhow come\b|\b(?:what|which \w+)(?:'s|s)?\b.{0,25}\b(?:caus\w+|explain\w*|account\w* for|led to|lead to|drove|driving|behind"
    r"|responsible|trigger\w*|made|contribut\w+)|\b(?:reasons?|causes?|explanations?|culprits?|etiology|aetiology)\b.{0,20}\b(?:for|of|behind)\b"
    r"|\bwhat happened (?:around|before|when)\b",
    re.IGNORECASE,
)
_HYPO = re.compile(
    r"^hypo|peni[ac]|^an(?:a)?emi|bradycardi|hypox|desaturation|weight loss|blood loss|bleed|acido|subtherapeutic",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"(?P<verb>\b(?:reach\w*|hits?|gets? to|goes (?:up |down )?to|went (?:up |down )?to|rises? to|rose to|falls? to|fell to|drops? to|climbs? to|increases? to"
    r"|decreases? to|is|was|were|becomes?|stays? at|remains? at|of|at|to|=|improves? to|worsens? to|comes? (?:up |down )?to|returns? to|settles? at)\b|\s)\s*"
    r"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>mg/dl|mmol/l|umol/l|µmol/l|μmol/l|meq/l|g/dl|g/l|kg|lbs?|ml/min|%)?(?![\d/])",
    re.IGNORECASE,
)
_UNITS = {"umol/l": "umol/L", "µmol/l": "umol/L", "μmol/l": "umol/L", "mmol/l": "mmol/L", "mg/dl": "mg/dL", "meq/l": "meq/L",
          "g/dl": "g/dL", "g/l": "g/L", "lb": "[lb_av]", "lbs": "[lb_av]", "ml/min": "mL/min"}  # fmt: skip
_PLANS = re.compile(
    r"\b(?:dos(?:ing|e|age)|regimen|treatment) (?:plans?|options?|regimens?|strateg\w+|schemes?|scenarios?|alternatives?)\b"
    r"|\b(?:compare|contrast|weigh)\b.{0,40}\b(?:doses|dosing|regimens?|plans?)\b|\b(?:plans?|regimens?|options?) (?:of|for) (?:dosing|giving)\b"
    r"|\bwhat (?:dose|regimen)\b.{0,40}\b(?:target|auc|reach|aim)",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:would|could|might|will)\b.{0,60}\b(?:be|become|reach|change|happen|look|get|go|rise|fall|need|give)\b|\bwhat if\b|\bsimulat\w+|\bpredict\w*|\bproject\w*",
    re.IGNORECASE,
)


def is_hypothetical(text: str) -> bool:
    """Whether a clause asks what would be."""
    return _HYPOTHETICAL.search(text) is not None


def asks_why(text: str) -> bool:
    """Whether a clause asks for the reason of something."""
    return _WHY.search(text) is not None


def why_call(text: str, ctx: ToolContext) -> Call | None:
    """The call for "why did X rise or fall", None when the clause asks for another kind of reason."""
    if not asks_why(text) or is_hypothetical(text):
        return None
    concept, direction = _moved_result(text, ctx)
    if not concept:
        return None
    arguments: dict[str, Any] = {"concept": concept, "direction": direction}
    if periods := find_periods(text, ctx.as_of):
        arguments["period"] = periods[0].label
    return Call(tool="possible_causes", arguments=arguments, intent="possible_causes", confidence=0.9)


def _moved_result(text: str, ctx: ToolContext) -> tuple[str, str]:
    """The result that moved and which way, by its name and a word of movement, or by the name of its change."""
    mentions = ctx.lexicon.find_mentions(text, ("observation",))
    moved = _MOVED.search(text)
    if mentions and moved is not None:
        rest = "".join(text[a:b] for a, b in _outside(text, [(m.start, m.end) for m in mentions]))
        up, down = _RISE.search(rest), _FALL.search(rest)
        direction = "any" if (up is None) == (down is None) else "rise" if up is not None else "fall"
        return mentions[0].targets[0].id, direction
    for lab, names in known_effects()["also_called"].items():
        for name in (form for n in names for form in _forms(n)):
            if re.search(
                rf"(?<![\w-]){re.escape(name)}(?![\w])", text, 0 if len(name) <= 4 and name.isupper() else re.IGNORECASE
            ):
                return lab, _way_of(name, lab)
    return "", "any"


_ADJECTIVES = (("emia", "emic"), ("penia", "penic"), ("tension", "tensive"), ("cardia", "cardic"), ("oxia", "oxic"),
               ("osis", "otic"), ("jaundice", "jaundiced"))  # fmt: skip


def _forms(name: str) -> list[str]:
    """A finding as a noun and as the patient is said to be: hyperkalemia, hyperkalemic."""
    return [name, *(name.removesuffix(noun) + adjective for noun, adjective in _ADJECTIVES if name.endswith(noun))]


def _outside(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    start, outside = 0, []
    for begin, end in sorted(spans):
        outside.append((start, begin))
        start = max(start, end)
    return [*outside, (start, len(text))]


def _way_of(name: str, lab: str) -> str:
    if lab in {"egfr", "bicarbonate"}:
        return "fall"
    return "fall" if _HYPO.search(name) else "rise"


# --- what-ifs ------------------------------------------------------------------------------------------------------


def conditions_in(text: str, ctx: ToolContext, card: ModelCard) -> dict[str, Any]:
    """The inputs of a model that a clause sets ("if her creatinine reaches 2", "at a weight of 90 kg")."""
    found: dict[str, Any] = {}
    for mention in ctx.lexicon.find_mentions(text, ("observation",), fuzzy=False):
        target = mention.of_kind("observation")
        match = _VALUE.match(text[mention.end :].lstrip(" ,")) or _VALUE.match(" " + text[mention.end :].lstrip(" ,"))
        spec = next(
            (i for i in card.inputs if target is not None and concept_of_input(i.name) in {target.id, *target.ids}),
            None,
        )
        if match is None or spec is None or target is None:
            continue
        unit = _UNITS.get((match["unit"] or "").lower(), match["unit"] or "") or _meant_unit(
            ctx, target.id, spec, float(match["value"])
        )
        found[spec.name] = {"value": float(match["value"]), "unit": unit}
    return found


def _meant_unit(ctx: ToolContext, concept: str, spec: ModelInput, value: float) -> str:
    """The unit of a bare number: the one the chart uses, if the value is possible in it, else the model's own."""
    charted = [r.unit for r in readings(ctx, find_target(ctx, concept)) if r.value is not None and r.unit][-1:]
    for unit in charted:
        low, high = spec.plausible or (float("-inf"), float("inf"))
        try:
            if low <= convert(value, unit, spec.unit, spec.substance) <= high:
                return unit
        except (UnitMismatch, UnknownUnit):
            continue
    return spec.unit


def with_meant_units(call: Call, text: str, ctx: ToolContext) -> Call:
    """A what-if whose bare numbers are taken in the unit that the chart uses for them."""
    if call.tool != "what_if":
        return call
    meant = conditions_in(text, ctx, ctx.twin.describe(str(call.arguments["model"])))

    def mended(inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: meant[name]
            if name in meant and isinstance(value, Mapping) and value.get("value") == meant[name]["value"]
            else value
            for name, value in inputs.items()
        }

    arguments = dict(call.arguments)
    arguments["scenarios"] = [_renamed(s, mended(s.get("changes") or {})) for s in arguments.get("scenarios") or ()]
    if arguments.get("inputs"):
        arguments["inputs"] = mended(arguments["inputs"])
    return call.model_copy(update={"arguments": arguments})


def _renamed(scenario: Mapping[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A scenario with new changes; its name says the unit where that is not the one it was planned in."""
    before, name = scenario.get("changes") or {}, str(scenario.get("name") or "")
    for key, value in changes.items():
        if value != before.get(key) and isinstance(value, Mapping):
            name = name.replace(f"{value['value']:g}", f"{value['value']:g} {value['unit']}", 1)
    return {**scenario, "name": name, "changes": changes}


def dosing_call(text: str, call: Call | None, ctx: ToolContext) -> Call | None:
    """The comparison of plans that a clause asks for: outright, or a what-if of a drug whose dose is the charted one."""
    drug = _drug_in(text, ctx)
    if drug is None:
        return None
    rules = rules_for(drug) or {}
    card = ctx.twin.describe(rules["model"])
    conditions = conditions_in(text, ctx, card)
    if _PLANS.search(text):
        return _plans_call(drug, "all", conditions, rules)
    asks_model = call is not None and call.tool == "what_if" and not _states_dose(call, rules)
    if (
        (asks_model or (call is None and is_hypothetical(text)))
        and conditions
        and not re.search(r"\d\s*(?:mg|g|units?)\b(?!/)", text)
    ):
        return _plans_call(drug, "current", conditions, rules)
    return None


def _plans_call(drug: str, propose: str, conditions: Mapping[str, Any], rules: Mapping[str, Any]) -> Call | None:
    if any(n not in conditions for n in rules.get("needs", ())):
        return None
    arguments: dict[str, Any] = {"drug": drug, "propose": propose}
    if conditions:
        arguments["conditions"] = dict(conditions)
    return Call(tool="compare_plans", arguments=arguments, intent="compare_plans", confidence=0.9)


def _drug_in(text: str, ctx: ToolContext) -> str | None:
    for mention in ctx.lexicon.find_mentions(text, ("medication",)):
        target = mention.of_kind("medication")
        if target is not None and rules_for(target.id) is not None:
            return target.id
    return None


def _states_dose(call: Call, rules: Mapping[str, Any]) -> bool:
    inputs = {**dict(call.arguments.get("inputs") or {})}
    for scenario in call.arguments.get("scenarios") or ():
        inputs |= dict(scenario.get("changes") or {})
    return rules.get("dose") in inputs
