"""Questions that are stopped before any look-up, for every model: danger, other people, other rules.

`verdict` holds what must never depend on a model. What a planner may do better than refuse (an order becomes a draft, small
talk gets help) is left to it, with `asks_to_write` and the texts here.
"""

from __future__ import annotations

from agents.guards.dangers import danger_in
from agents.guards.languages import is_foreign
from agents.guards.people import (
    RELATIONS,
    People,
    name_words,
    names_somebody_else,
    without_own_ids,
)
from agents.guards.replies import (
    EMERGENCY,
    ENGLISH_ONLY,
    HELP,
    MANY_PATIENTS,
    NO_INSTRUCTIONS,
    NO_SUCH_DATE,
    NO_WRITES,
    NOT_UNDERSTOOD,
    OTHER_PATIENT,
    OUT_OF_SCOPE,
    SELF_HARM,
    TOO_LONG,
)
from agents.guards.requests import asks_for_many, asks_for_other_rules, asks_to_write
from domain.facts import Frozen
from tools.concepts import Lexicon

__all__ = [
    "EMERGENCY", "ENGLISH_ONLY", "HELP", "MANY_PATIENTS", "NOT_UNDERSTOOD", "NO_INSTRUCTIONS", "NO_SUCH_DATE",
    "NO_WRITES", "OTHER_PATIENT", "OUT_OF_SCOPE", "RELATIONS", "SELF_HARM", "TOO_LONG", "People", "Verdict", "asks_for_many",
    "asks_for_other_rules", "asks_to_write", "danger_in", "is_emergency", "is_foreign", "name_words",
    "names_somebody_else", "verdict", "without_own_ids",
]  # fmt: skip


class Verdict(Frozen):
    """Why a question is not looked up, and what is said instead."""

    kind: str
    reply: str


def verdict(text: str, people: People, lexicon: Lexicon) -> Verdict | None:
    """What stops a question, the gravest first; None lets it pass."""
    danger = danger_in(text)
    if danger is not None:
        return Verdict(kind=danger, reply=SELF_HARM if danger == "self_harm" else EMERGENCY)
    if asks_for_many(text):
        return Verdict(kind="many_patients", reply=MANY_PATIENTS)
    if names_somebody_else(text, people, lexicon):
        return Verdict(kind="other_patient", reply=OTHER_PATIENT)
    if asks_for_other_rules(text):
        return Verdict(kind="instructions", reply=NO_INSTRUCTIONS)
    return None


def is_emergency(text: str) -> bool:
    """Whether the question speaks of a present danger to life."""
    return danger_in(text) is not None
