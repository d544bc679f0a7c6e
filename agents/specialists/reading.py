"""What the deterministic supervisor reads for itself: why a result rose or fell, by its name or by that of its change."""

from __future__ import annotations

import re
from typing import Any

from agents.embedded.planner import Call
from agents.embedded.supposing.suppositions import is_hypothetical
from tools.context import ToolContext
from tools.measurements.known_effects import known_effects
from tools.times.periods import find_periods

WHY = "possible_causes"
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
    return Call(tool="possible_causes", arguments=arguments, intent=WHY, confidence=0.9)


def _moved_result(text: str, ctx: ToolContext) -> tuple[str, str]:
    """The result that moved and which way, by its name and a word of movement, or by the name of its change."""
    mentions = ctx.lexicon.find_mentions(text, ("observation",))
    moved = _MOVED.search(text)
    if mentions and moved is not None:
        rest = text
        for mention in mentions:  # a "low density lipoprotein" is not low
            rest = rest[: mention.start] + " " * (mention.end - mention.start) + rest[mention.end :]
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


def _way_of(name: str, lab: str) -> str:
    if lab in {"egfr", "bicarbonate"}:
        return "fall"
    return "fall" if _HYPO.search(name) else "rise"
