"""A smoking status in the newest note that is not the recorded one."""

from __future__ import annotations

import re

from domain.answers import Conflict
from domain.facts import Fact, FactKind
from tools.conflicts.sources import facts_newest_first, in_full
from tools.context import ToolContext, day
from tools.measurements.readings import readings

# "Smokes 5 a day, advised to quit" is about a smoker.
_TO_QUIT = re.compile(
    r"\b(?:advi[sc]e\w*|counsel\w*|encourag\w*|urged?|told|asked|wants?|wish\w*|try\w*|trie[ds]|ready|unwilling|willing|plan\w*|not interested|declin\w*|refus\w*|offered)"
    r"\b[^.;]{0,30}?\b(?:quit\w*|stop\w*|cessation)\b"
)  # fmt: skip
_QUIT = re.compile(r"\b(?:quit|stopped|gave up|ex-?smok\w*|former)\b", re.IGNORECASE)
# The denial is of smoking: in "JAK: no - father MI at 58, smoking" it is of a drug.
_DENIED = re.compile(
    r"\b(?:never|non|denies|no|not|doesn't|does not|nil|without)\W{1,2}(?:\w+\W+){0,2}(?:smok|tobacco|cig)|\b(?:smok\w*|tobacco(?: use)?|cigarettes?)\W{1,3}(?:no|never|none|nil|denie[sd]|negative)\b",
    re.IGNORECASE,
)
_SMOKES_NOW = re.compile(r"\bsmokes\b|\b(?:current|active)(?:ly)? smok|\bstill smok|\bcontinues to smoke")
# A bare "smoking" in a list of risks is no status.
_A_STATUS = re.compile(r"smokes|smoker|smoking\W{0,2}(?:\d|yes|status|now|current)|cig|pack|ppd|current|still|continues|active")  # fmt: skip


def smoking_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """A smoking status in the newest note that differs from the recorded one."""
    target = ctx.lexicon.resolve("tobacco_status", "observation")
    recorded = [r for r in readings(ctx, target) if r.text] if target else []
    fact = next((f for f in facts_newest_first(ctx) if f.kind is FactKind.SOCIAL_HISTORY and _is_status(ctx, f)), None)
    if not recorded or fact is None:
        return ()
    last = recorded[-1]
    on_record, written = _smoking_state(last.text), ctx.chart.note_time(fact)
    told = _told_state(ctx, fact)
    if on_record == told:
        return ()
    # A status may have changed since the note; but who never smoked did not smoke before, nor does a smoker become one who never did.
    may_have_changed = on_record != "never" and (told != "never" or on_record == "current")
    if may_have_changed and written is not None and last.time is not None and written.date() < last.time.date():
        return ()
    words, evidence = in_full(ctx, fact)
    return (
        Conflict(
            topic="smoking",
            record_says=f"{last.text} ({day(last.time)})",
            note_says=f"note of {day(written)}: “{words}”",
            evidence=(last.evidence, evidence),
        ),
    )


def _is_status(ctx: ToolContext, fact: Fact) -> bool:
    words = f"{fact.text} {fact.evidence.quote}".lower()
    state = _smoking_state(str(fact.value or fact.text))
    if state is None or fact.assertion.is_family or "vap" in words:
        return False
    if fact.assertion.is_negated:
        return _DENIED.search(in_full(ctx, fact)[0]) is not None
    return state != "current" or _A_STATUS.search(f"{words} {in_full(ctx, fact)[0].lower()}") is not None  # fmt: skip


def _told_state(ctx: ToolContext, fact: Fact) -> str | None:
    if fact.assertion.is_negated and _QUIT.search(in_full(ctx, fact)[0]):
        return "former"  # "Smoked? no - quit 2011"
    if not fact.assertion.is_negated and _SMOKES_NOW.search(fact.text.lower()):
        return "current"
    return _smoking_state(f"{'never ' if fact.assertion.is_negated else ''}{fact.value or fact.text}")


def _smoking_state(text: str) -> str | None:
    lowered = _TO_QUIT.sub("", text.lower())
    if "smok" not in lowered and "tobacco" not in lowered:
        return None
    if any(w in lowered for w in ("never", "non-smoker", "nonsmoker", "denies")):
        return "never"
    if any(w in lowered for w in ("former", "ex-", "quit", "stopped", "previous")):
        return "former"
    return "current"
