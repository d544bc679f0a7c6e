"""Draft orders of a hook in the words that the order checks read."""

from __future__ import annotations

from typing import Any, NamedTuple

Json = dict[str, Any]
_PERIODS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month"}


class DraftOrder(NamedTuple):
    """One order: its reference, and what is ordered in words."""

    ref: str
    text: str
    drug: str


def draft_orders(bundle: Json | None, selections: list[str] | None) -> list[DraftOrder]:
    """The orders of a context: the selected ones where some are named, else all."""
    entries = (bundle or {}).get("entry")
    found = []
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        kind = resource.get("resourceType")
        ref = f"{kind}/{resource.get('id', '')}"
        if selections and ref not in selections:
            continue
        if kind == "MedicationRequest" and resource.get("doNotPerform") is not True:
            drug = _concept(resource.get("medicationCodeableConcept")) or _contained(resource)
            if drug:
                found.append(DraftOrder(ref, f"{drug} {_dosage(resource.get('dosageInstruction'))}".strip(), drug))
        elif kind == "ServiceRequest":
            text = _concept(resource.get("code"))
            if text:
                found.append(DraftOrder(ref, text, ""))
    return found


def _concept(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    codings = concept.get("coding") if isinstance(concept.get("coding"), list) else []
    shown = [c.get("display") for c in codings or [] if isinstance(c, dict) and isinstance(c.get("display"), str)]
    text = concept.get("text")
    return str(text if isinstance(text, str) and text else next(iter(shown), ""))[:300]


def _contained(resource: Json) -> str:
    contained = resource.get("contained") if isinstance(resource.get("contained"), list) else []
    return next(
        (_concept(c.get("code")) for c in contained or [] if isinstance(c, dict) and _concept(c.get("code"))), ""
    )


def _dosage(instructions: Any) -> str:
    """The first instruction in words: its own text, else one written from dose, route and timing."""
    first = (
        instructions[0] if isinstance(instructions, list) and instructions and isinstance(instructions[0], dict) else {}
    )
    if isinstance(first.get("text"), str) and first["text"].strip():
        return str(first["text"])[:300]
    words = [_dose(first), _concept(first.get("route")), _frequency(first.get("timing"))]
    if first.get("asNeededBoolean") is True:
        words.append("as needed")
    return " ".join(filter(None, words))


def _dose(instruction: Json) -> str:
    rates = instruction.get("doseAndRate")
    rate = rates[0] if isinstance(rates, list) and rates and isinstance(rates[0], dict) else {}
    dose = rate.get("doseQuantity")
    if not isinstance(dose, dict) or not isinstance(dose.get("value"), int | float):
        return ""
    return f"{dose['value']:g} {dose.get('unit') or dose.get('code') or ''}".strip()


def _frequency(timing: Any) -> str:
    if not isinstance(timing, dict):
        return ""
    if words := _concept(timing.get("code")):
        return words
    repeat = timing.get("repeat") if isinstance(timing.get("repeat"), dict) else {}
    assert isinstance(repeat, dict)
    count, period, unit = repeat.get("frequency", 1), repeat.get("period"), _PERIODS.get(str(repeat.get("periodUnit")))
    if not isinstance(period, int | float) or unit is None:
        return ""
    if count == 1:
        return f"every {period:g} {unit}s" if period != 1 else f"every {unit}"
    return f"{count} times a {unit}" if period == 1 else f"{count} times every {period:g} {unit}s"
