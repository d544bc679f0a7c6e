"""Questions whose answer is a look at safety: of everything that is taken now, or of one drug that is thought of.

"Any of her meds unsafe with her kidneys?" asks of all of them, "should we start spironolactone?" of one. A question that names a drug is about that drug, one of allergies about the allergy list, and one of what somebody wrote or
stopped about what is told.
"""

from __future__ import annotations

from agents.embedded.plans import Call, Plan
from agents.embedded.routing.asked_words import says_any_of
from tools.concepts import Lexicon, Target

_INTENT = "medication.safety"
_OF_LISTS = frozenset({"list_medications", "medication", "look_up", "search_notes", "list_problems", "condition", "medication_safety", "record_vs_notes", "health_story", "lab_panel", "latest", "search_knowledge"})  # fmt: skip


def safety_look(plan: Plan, part: str, lexicon: Lexicon) -> tuple[Call, ...]:
    """The calls where a part of a question asks for a look at safety that its plan has not; else nothing."""
    if plan.refused or any(c.tool not in _OF_LISTS for c in plan.calls):
        return ()
    if asks_of_all_drugs(part, lexicon):
        return (Call(tool="medication_safety", arguments={}, intent=_INTENT),)
    drug = _thought_of(part, lexicon)
    if drug is None or any(c.tool == "medication_safety" for c in plan.calls):
        return ()
    return (Call(tool="medication_safety", arguments={"drug": drug.id}, intent=_INTENT), *plan.calls)


def _thought_of(part: str, lexicon: Lexicon) -> Target | None:
    """The one drug that somebody thinks of starting."""
    if not says_any_of("deciding_on", part):
        return None
    found = {
        t.id: t for m in lexicon.find_mentions(part, ("medication",), fuzzy=False) if (t := m.of_kind("medication"))
    }
    return next(iter(found.values())) if len(found) == 1 else None


def asks_of_all_drugs(part: str, lexicon: Lexicon) -> bool:
    """Whether harm from the current drugs together is asked about, and none of them by name."""
    if not (says_any_of("harm_of_drugs", part) and says_any_of("current_drugs", part)):
        return False
    if says_any_of("told_of_drugs", part):
        return False
    return not lexicon.find_mentions(part, ("medication", "drug_class"), fuzzy=False)
