"""medspaCy's context graph of a Doc, whose targets are its entities."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from medspacy.context import ConTextGraph

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span


class EntityGraph(ConTextGraph):  # type: ignore[misc]
    """A graph that makes the Span objects of its targets when somebody asks for them."""

    def __init__(self, doc: Doc, modifiers: list[Any], edges: list[tuple[Span, Any]]) -> None:
        self._doc = doc
        self.modifiers = modifiers
        self.edges = edges
        self.prune_on_modifier_overlap = False

    @cached_property
    def targets(self) -> list[Span]:
        """All entities, whether modified or not."""
        return list(self._doc.ents)

    def serialized_representation(self) -> dict[str, Any]:
        """The parts of a stock graph."""
        names = ("targets", "modifiers", "edges", "prune_on_modifier_overlap")
        return {name: getattr(self, name) for name in names}
