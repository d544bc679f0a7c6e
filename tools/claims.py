"""Yes and no as answers to what was claimed: "is she off ibuprofen" of a stopped drug is a yes, "not diabetic" of a diabetic a no.

Looking something up tells whether it is there, and says so with "Yes:" or "No:". That answers "does she have it". A question may
claim the opposite, or something that no list settles; then the same facts stand behind another word, or behind none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tools.outcome import Statement, ToolResult

# "": that it is so. "not so": that it is not (off a drug, free of a problem). "held", "never", "resolved", "in remission", "ruled out": as
# the words say. "advice": whether it should be so. "open": a choice, or a predicate that no list tells (well controlled, twice what it was).
Claim = Literal["", "not so", "never", "held", "resolved", "in remission", "ruled out", "advice", "open"]

_PRESENT, _PAST, _ABSENT, _NOT_NOW = "Yes: ", "Yes, in the past: ", "No: ", "Not now: "
_RIGHT, _WRONG = "Yes, that is right: ", "No, that is not right: "
_AS_RECORDED = "Yes, as far as is recorded: "
_LEADS: dict[str, dict[str, str]] = {
    "not so": {_PRESENT: _WRONG, _PAST: f"{_RIGHT}not now. ", _ABSENT: _RIGHT, _NOT_NOW: _RIGHT},
    "never": {_PRESENT: _WRONG, _PAST: f"{_WRONG}in the past: ", _ABSENT: _RIGHT, _NOT_NOW: _WRONG},
    "ruled out": {_PRESENT: "No: ", _PAST: "No, it was recorded as present: ", _ABSENT: "Yes: ", _NOT_NOW: "No: "},
    "open": {_PRESENT: "", _PAST: "In the past: ", _ABSENT: "", _NOT_NOW: ""},
}
_LEADS |= {claim: _LEADS["open"] for claim in ("advice", "held", "resolved", "in remission")}


def answered(result: ToolResult, claim: Claim) -> ToolResult:
    """The result of a look-up with its yes or no turned to what was claimed, or left away where the record does not settle it."""
    if not claim:
        return result
    return result.model_copy(update={"statements": tuple(_turned(result.statements, claim, result.found))})


def _turned(statements: Sequence[Statement], claim: Claim, found: bool) -> list[Statement]:
    turned = [s.model_copy(update={"text": _led(s.text, claim)}) for s in statements]
    if found or not turned or not turned[0].text.startswith("No "):
        return turned
    text = turned[0].text
    if claim in {"not so", "never"}:
        text = f"{_AS_RECORDED}no {text[3:]}"
    elif claim == "ruled out":
        text = f"Not documented: no {text[3:]}"
    return [turned[0].model_copy(update={"text": text}), *turned[1:]]


def _led(text: str, claim: Claim) -> str:
    lead = next((old for old in (_PAST, _PRESENT, _ABSENT, _NOT_NOW) if text.startswith(old)), None)
    if lead is None:
        return text
    rest = text[len(lead) :]
    new = _LEADS[claim][lead]
    return f"{new}{rest}" if new else rest[:1].upper() + rest[1:]
