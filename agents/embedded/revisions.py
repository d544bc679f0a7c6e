"""A what-if asked again with something changed: "same but q8h", "and with 1.5 g instead?", "what if her creatinine were 2?"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from agents.embedded import scenarios
from agents.embedded.dosing import DOSE, INTERVAL, hours_of, milligrams
from agents.embedded.reader import Slot
from agents.embedded.suppositions import FLAGS_OF_CONDITION, weight_change

if TYPE_CHECKING:
    from agents.embedded.planner import Call
    from domain.predictions import ModelCard, ModelInput

_SUPPOSES = re.compile(
    r"\b(?:what if|if|suppose|assuming|say|with(?:out)?|instead|same but|but|rather|at|on|using|gave|give|went|make|try|were|was|had|over|what about|how about)\b",
    re.IGNORECASE,
)
_ADDS = re.compile(r"\b(?:also|too|as well|additionally|on top|both|in addition)\b", re.IGNORECASE)
_WITHOUT = re.compile(r"(?:\bno\b|\bnot\b|n't\b|\bwithout\b|\bnever\b)\W+(?:\w+\W+){0,2}$", re.IGNORECASE)
_INFUSION = re.compile(r"\bover (\d+(?:\.\d+)?)\s*(h|hr|hrs|hours?|min|mins|minutes?)\b", re.IGNORECASE)
_TIMES = re.compile(r"\b(?:double|twice|halve|half)(?: (?:of )?(?:the|that|this))?(?: dose| amount)?\b", re.IGNORECASE)
_AGED = re.compile(
    r"\b(?:he|she|they|the patient|pt|i)(?:\s+(?:were|was|is|turns?|aged))+\s+(?P<age>\d{1,3})(?:\W*(?:years?(?: old)?|y/?o))?\W*$|\b(?:at|aged?) (?P<age2>\d{1,3})(?: years(?: old)?)?\W*$",
    re.IGNORECASE,
)
_SEX = re.compile(r"\b(?:(?P<female>female|woman|girl)|(?P<male>male|man|boy))\b", re.IGNORECASE)
_UNIT_PARTS = frozenset({"mg", "g", "ug", "dl", "l", "ml", "meq", "mmol", "umol", "u", "min", "mmhg", "kg", "cm", "h", "years", "percent", "bpm", "per", "ng", "pg", "c", "k", "s"})  # fmt: skip
_BRIDGE = r"(?:\s+(?:was|were|is|of|to|at|reaches|reached|rises|rose|drops|dropped|falls|fell|goes|came|comes|down|up|becomes|=))*\s*"
_VALUE = r"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>umol/l|µmol/l|mmol/l|mg/dl|g/dl|g/l|meq/l|kg|lbs?|cm|%)?(?![\w/.]*\d)"


def revised(last: Call, text: str, whole: str, names: Iterable[Slot], card: ModelCard) -> Call | None:
    """The call with what the text changes; None when it changes nothing of this model, or names what is none of its inputs.

    `text` is the question without its lead-in words, `whole` the question; `names` stand in `text`.

    A dosing run keeps what is not named. For any other model a new supposition replaces the one before, unless it says
    "also".
    """
    if (again := _same_with(last, text, card)) is not None:
        return again
    if not _SUPPOSES.search(whole) and not _is_only_dosing(text):
        return None
    names, adds = list(names), _ADDS.search(whole) is not None
    text = _ADDS.sub(lambda m: " " * len(m[0]), text)  # the names keep their places
    dosing = _dosing(text, _inputs_so_far(last)) if _takes_doses(card) else {}
    changes = {**_values(text, card, names), **_flags(text, card, names), **_person(text, card)}
    relative = weight_change(text)
    if relative is not None and any(i.name == "weight_kg" for i in card.inputs):
        changes["weight_kg"] = relative
    if not changes and not dosing:
        return None
    if any(not _is_input(slot, card, changes) for slot in names):
        return None
    if _takes_doses(card):
        inputs = {**_inputs_so_far(last), **dosing, **changes}
        return last.model_copy(
            update={"tool": "what_if", "arguments": {"model": card.id, "scenarios": [], "inputs": inputs}}
        )
    before = _last_changes(last) if adds else {}
    merged = {**before, **changes}
    named = [{"name": _scenario_name(merged, card), "changes": merged}]
    kept = {"inputs": last.arguments["inputs"]} if last.arguments.get("inputs") else {}
    return last.model_copy(
        update={"tool": "what_if", "arguments": {"model": card.id, "scenarios": named, **kept}, "intent": "what_if"}
    )


_BARE = re.compile(r"\W*(?P<n>\d+(?:\.\d+)?)\s*(?:kgs?|kilos?|mg/dl|g/dl|mmol/l|umol/l|cm|years?)?\W*", re.IGNORECASE)


def _same_with(last: Call, text: str, card: ModelCard) -> Call | None:
    """ "and 25?" after "what if he loses 15 kg": the one change that was supposed, with another number."""
    bare, before = _BARE.fullmatch(text), _last_changes(last)
    if bare is None or len(before) != 1 or len(last.arguments.get("scenarios") or []) != 1:
        return None
    (name, change), value = next(iter(before.items())), float(bare["n"])
    if not isinstance(change, dict) or not change.keys() & {"add", "value"}:
        return None
    amount = {"add": value if change["add"] > 0 else -value} if "add" in change else {**change, "value": value}
    changes = {name: amount}
    scenario = {"name": _scenario_name(changes, card), "changes": changes}
    return last.model_copy(update={"arguments": {**last.arguments, "scenarios": [scenario]}})


def _takes_doses(card: ModelCard) -> bool:
    return {"dose_mg", "interval_h"} <= {i.name for i in card.inputs}


def _is_only_dosing(text: str) -> bool:
    rest = text
    for pattern in (DOSE, INTERVAL, _INFUSION, _TIMES):
        rest = pattern.sub(" ", rest)
    return rest != text and not re.search(r"[A-Za-z]{3,}", rest)


def _dosing(text: str, before: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    times, dose_before = _TIMES.search(text), before.get("dose_mg")
    if times is not None and isinstance(dose_before, int | float):
        found["dose_mg"] = dose_before * (0.5 if times[0].lower().startswith("hal") else 2.0)
    if dose := DOSE.search(text):
        found["dose_mg"] = milligrams(dose)
    if interval := INTERVAL.search(text):
        found["interval_h"] = hours_of(interval)
    if infusion := _INFUSION.search(text):
        found["infusion_h"] = float(infusion[1]) / (60.0 if infusion[2].lower().startswith("m") else 1.0)
    return found


def _values(text: str, card: ModelCard, names: list[Slot]) -> dict[str, Any]:
    """Numeric inputs of the card that the text gives a value."""
    found: dict[str, Any] = {}
    for item in card.inputs:
        if item.kind not in {"number", "integer"} or item.name in {"dose_mg", "interval_h", "infusion_h"}:
            continue
        words = {_phrase(item), item.label.lower(), *_spoken(item)}
        words |= {slot.text.lower() for slot in names if slot.kind == "observation" and _means(slot.id, item)}
        either = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
        match = re.search(rf"\b(?:{either})\b{_BRIDGE}{_VALUE}", text, re.IGNORECASE)
        match = match or re.search(rf"\b{_VALUE}\s+(?:{either})\b", text, re.IGNORECASE)
        if match is not None:
            unit = (match["unit"] or "").lower()
            found[item.name] = {"value": float(match["value"]), "unit": _ucum(unit) or item.unit}
    return found


def _flags(text: str, card: ModelCard, names: list[Slot]) -> dict[str, Any]:
    """Yes-or-no inputs of the card that the text supposes or takes away."""
    found: dict[str, Any] = {}
    for item in card.inputs:
        if item.kind != "boolean":
            continue
        places = [m.start() for m in re.finditer(rf"\b{re.escape(_phrase(item))}", text, re.IGNORECASE)]
        places += [s.start for s in names if s.kind == "condition" and _flag_of(s.id) == item.name]
        if places:
            found[item.name] = _WITHOUT.search(text[: places[0]]) is None
        elif item.name == "current_smoker" and scenarios.SMOKING.search(text):
            found[item.name] = False
        elif item.name == "current_smoker" and re.search(r"\b(?:smoked|smokes|smoker|smoking)\b", text, re.IGNORECASE):
            found[item.name] = True
    return found


def _person(text: str, card: ModelCard) -> dict[str, Any]:
    """Age and sex, which are said of the person: "if he were 76", "if she was a man"."""
    by_name = {item.name: item for item in card.inputs}
    found: dict[str, Any] = {}
    if "age_years" in by_name and (aged := _AGED.search(text)) is not None:
        found["age_years"] = {"value": float(aged["age"] or aged["age2"]), "unit": "a"}
    if "sex" in by_name and (sex := _SEX.search(text)) is not None:
        found["sex"] = "female" if sex["female"] else "male"
    return found


def _flag_of(condition: str) -> str:
    return FLAGS_OF_CONDITION.get(condition, condition)


def _is_input(slot: Slot, card: ModelCard, changes: dict[str, Any]) -> bool:
    """Whether a name in the text is one of the changed inputs, the model, or the drug that it doses."""
    if slot.kind == "model":
        return slot.id == card.id
    if slot.kind in {"medication", "drug_class"}:
        return slot.id.split("_")[0] in card.id
    if "current_smoker" in changes and ("smok" in slot.id or "tobacco" in slot.id):
        return True
    changed = [item for item in card.inputs if item.name in changes]
    return any(_means(slot.id, item) or _flag_of(slot.id) == item.name for item in changed)


def _means(concept: str, item: ModelInput) -> bool:
    """Whether a clinical name stands for an input: `bilirubin_total` for bilirubin_mg_dl."""
    wanted, given = set(_phrase(item).split()), set(_SAME.get(concept, concept).split("_"))
    return wanted <= given or given <= wanted


_SAME = {"systolic_blood_pressure": "systolic_bp", "blood_pressure": "systolic_bp", "body_weight": "weight", "body_height": "height"}  # fmt: skip


def _spoken(item: ModelInput) -> tuple[str, ...]:
    return {
        "systolic bp": ("systolic", "sbp", "bp", "blood pressure"),
        "creatinine": ("creat", "cr", "scr"),
        "weight": ("wt", "weigh", "weighs", "weighed", "weighing"),
        "sodium": ("na",),
        "bilirubin": ("bili",),
        "total cholesterol": ("cholesterol", "tc"),
    }.get(_phrase(item), ())


def _phrase(item: ModelInput) -> str:
    """The words of an input's name without its unit: `systolic bp` of systolic_bp_mmhg."""
    parts = item.name.split("_")
    while len(parts) > 1 and parts[-1] in _UNIT_PARTS:
        parts.pop()
    return " ".join(parts)


def _ucum(unit: str) -> str:
    return {"lb": "[lb_av]", "lbs": "[lb_av]", "µmol/l": "umol/L", "umol/l": "umol/L", "mmol/l": "mmol/L", "mg/dl": "mg/dL", "g/dl": "g/dL", "g/l": "g/L", "meq/l": "meq/L"}.get(unit, unit)  # fmt: skip


def _inputs_so_far(last: Call) -> dict[str, Any]:
    return {**(last.arguments.get("inputs") or {}), **_last_changes(last)}


def _last_changes(last: Call) -> dict[str, Any]:
    named = last.arguments.get("scenarios") or []
    changes = named[-1].get("changes") if named and isinstance(named[-1], dict) else None
    return dict(changes or {})


def _scenario_name(changes: dict[str, Any], card: ModelCard) -> str:
    by_name = {item.name: item for item in card.inputs}
    parts = []
    for name, value in changes.items():
        phrase = _phrase(by_name[name]) if name in by_name else name
        if isinstance(value, dict) and "add" in value:
            parts.append(f"{phrase} {value['add']:+g}")
        elif isinstance(value, dict):
            parts.append(f"{phrase} {value['value']:g}")
        elif isinstance(value, str):
            parts.append(f"{phrase} {value}")
        else:
            parts.append(f"{phrase} {'yes' if value else 'no'}")
    return "with " + ", ".join(parts)
