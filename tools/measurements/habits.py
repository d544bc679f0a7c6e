"""Whether a recorded smoking status bears out what is asked: "is she a smoker?" of an ex-smoker is a no, and says so first."""

from __future__ import annotations

import re
from typing import Literal

from tools.outcome import ToolResult

HabitClaim = Literal["", "smokes", "has smoked", "has quit", "never smoked"]
_FORMER = re.compile(r"\b(?:ex|former|past|previous|quit|stopped|used to)\b", re.IGNORECASE)
_NEVER = re.compile(r"\bnever\b|\bnon-?smok|\bdoes not smoke\b|\blifelong non", re.IGNORECASE)
_CURRENT = re.compile(r"\b(?:current|every ?day|some ?days?|daily|light|heavy|smoker|smokes|smoking)\b", re.IGNORECASE)
_BORNE_OUT_BY = {
    "smokes": {"current"},
    "has smoked": {"current", "former"},
    "has quit": {"former"},
    "never smoked": {"never"},
}


def judged(result: ToolResult, claim: HabitClaim) -> ToolResult:
    """The latest smoking status with yes or no before it; unchanged where nothing is claimed or the status is another word."""
    state = _state(str(result.data.get("text") or "")) if result.found else ""
    if not claim or not state:
        return result
    first, *rest = result.statements
    word = "Yes" if state in _BORNE_OUT_BY[claim] else "No"
    text = f"{word}: {first.text[:1].lower()}{first.text[1:]}"
    return result.model_copy(update={"statements": (first.model_copy(update={"text": text}), *rest)})


def _state(shown: str) -> str:
    for state, pattern in (("former", _FORMER), ("never", _NEVER), ("current", _CURRENT)):
        if pattern.search(shown):
            return state
    return ""
