"""The substances that one chart speaks of as allergies, on its list or in its notes: what a question may be about."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tools.drugs.allergens import allergy_rows, concerning, is_active_allergy, mistaken_allergies
from tools.drugs.reactions import is_known_by_reaction, reactions_told, recorded_reactions
from tools.notes.claims import affirms_allergy, is_set_right

if TYPE_CHECKING:
    from knowledge_base.rows import AllergyRow
    from tools.concepts import Target
    from tools.context import ToolContext


class Reacted:
    """What a chart has of allergies, for reading a question against it."""

    def __init__(self, ctx: ToolContext) -> None:
        self._ctx = ctx

    @cached_property
    def rows(self) -> list[AllergyRow]:
        """Every entry about a substance: in force, past, refuted, made in error."""
        chart = self._ctx.chart
        return [*chart.allergies, *chart.refuted_allergies, *mistaken_allergies(self._ctx)]

    @cached_property
    def _told(self) -> list[Target]:
        facts = (
            f for f in self._ctx.chart.facts if affirms_allergy(f) and f.concept_id and not is_set_right(self._ctx, f)
        )
        found = (self._ctx.lexicon.resolve(f.concept_id, "allergen", "medication", "drug_class") for f in facts)
        return [t for t in found if t is not None]

    def is_listed(self, target: Target) -> bool:
        """Whether an entry concerns a substance."""
        return bool(concerning(self._ctx, target, self.rows))

    def is_active(self, target: Target) -> bool:
        """Whether an entry in force concerns a substance."""
        return any(is_active_allergy(r) for r in allergy_rows(self._ctx, target))

    def holds(self, target: Target) -> bool:
        """Whether an entry concerns a substance, or a note tells of an allergy to it."""
        return self.is_listed(target) or any(t.id == target.id or target.id in t.ids for t in self._told)

    def known_by(self, text: str) -> str:
        """The substance of the entry whose reaction a text names by a name that stands for it (SJS, DRESS); else empty."""
        named = {name for name in reactions_told(text) if is_known_by_reaction(name)}
        return next((row.display for row in self.rows if named & recorded_reactions(row)), "")
