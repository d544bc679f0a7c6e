"""What the cues around a finding say together, where some of them cannot all hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlp_pipeline.context.scopes import Hits, Modifier, Target

_PAST = frozenset({"HISTORICAL", "HISTORY", "PAST"})
_DOUBTS = frozenset({"POSSIBLE_EXISTENCE", "HYPOTHETICAL", "CONDITIONAL"})


def settled(hits: Hits, target: Target) -> Hits:
    """What the cues around a finding say together, where two cannot both hold.

    What is denied is neither asked for nor a thing of the past ("no history of"); a relative's disease is the family's;
    a condition ("if stroke is suspected") leaves no doubt about a finding that is not there yet. Of a doubt and a plan
    or risk the nearer one decides: "planned for a probable tumor", "considering the risk of death".
    """
    found = {category for category, _ in hits}
    if len(found) < 2:
        return hits
    dropped: set[str] = set()
    if "NEGATED_EXISTENCE" in found:
        dropped |= _DOUBTS | _PAST
    if "RESOLVED" in found:
        dropped |= _DOUBTS
    if "FAMILY" in found:
        dropped |= _PAST | {"RESOLVED"}
    if "CONDITIONAL" in found:
        dropped.add("POSSIBLE_EXISTENCE")
    doubts = [(_distance(m, target), category) for category, m in hits if category in _DOUBTS - dropped]
    if doubts:
        dropped |= _DOUBTS - {"CONDITIONAL", min(doubts)[1]}
    return [hit for hit in hits if hit[0] not in dropped]


def _distance(modifier: Modifier | None, target: Target) -> int:
    """The words between a cue and a target; none for the section of the target."""
    return max(target.start - modifier.end, modifier.start - target.end, 0) if modifier else 0
