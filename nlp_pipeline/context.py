"""ConText (Harkema et al. 2009) over the entities of a Doc: medspaCy's model, evaluated sentence by sentence.

Rules, modifiers and the graph are medspaCy's own types. What differs from `medspacy.context.ConText`, and why:
all phrases are literals in one trie (its set patterns are tried at every token); a phrase may run over a line break
and hold an adverb; scopes are computed within a sentence (the stock graph compares all pairs of a document); a
modifier inside a target does not count; the nearest terminator ends a scope; a rule may end its scope at a word or
be cancelled by a neighbour. `docs/explanation/assertions.md` lists the differences with sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nlp_pipeline.context_scopes import ContextMatcher, Modifier

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from nlp_pipeline.context_cues import Words
    from nlp_pipeline.context_rules import ContextPhrase

__all__ = ["ATTRIBUTES", "Context", "ContextMatcher"]

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "NEGATED_EXISTENCE": ("is_negated",),
    "POSSIBLE_EXISTENCE": ("is_uncertain",),
    "HYPOTHETICAL": ("is_hypothetical",),
    "HISTORICAL": ("is_historical",),
    "FAMILY": ("is_family",),
    "RESOLVED": ("is_negated", "is_historical"),
}


class Context:
    """spaCy component: sets the five attributes on the entities, and medspaCy's `context_graph` and `modifiers`."""

    def __init__(self, nlp: Language) -> None:
        from medspacy.context import ConTextGraph, ConTextModifier, ConTextRule
        from medspacy.context.context import ConText

        ConText.register_default_attributes()
        ConText.register_graph_attributes()
        self.matcher = ContextMatcher(nlp)
        self._graph, self._modifier, self._rule = ConTextGraph, ConTextModifier, ConTextRule
        self._rules: dict[tuple[ContextPhrase, str], Any] = {}

    def __call__(self, doc: Doc) -> Doc:
        ents = doc.ents
        words, edges = self.matcher.cues.words(doc), []
        tokens = [*words.indices, len(doc)]  # the token of each word, and the end
        modifiers: dict[int, Any] = {}
        for ent, hits in zip(ents, self.matcher.judge_words(doc, words, ents), strict=True):
            if not hits:
                continue
            extension, own = ent._, []
            for attribute in {a for category, _ in hits for a in ATTRIBUTES[category]}:
                setattr(extension, attribute, True)
            for _, modifier in hits:
                if modifier is None:
                    continue
                shown = modifiers.get(id(modifier))
                if shown is None:
                    shown = modifiers[id(modifier)] = self._medspacy(modifier, words, tokens)
                edges.append((ent, shown))
                own.append(shown)
            extension.modifiers = (*extension.modifiers, *own)
        doc._.context_graph = self._graph(targets=list(ents), modifiers=list(modifiers.values()), edges=edges)
        return doc

    def _medspacy(self, modifier: Modifier, words: Words, edge: list[int]) -> Any:
        phrase = modifier.rule
        literal = self.matcher.cues.text(words, modifier.start, modifier.end)
        if (phrase, literal) not in self._rules:
            self._rules[phrase, literal] = self._rule(
                literal=literal,
                category=phrase.category,
                direction=phrase.direction,
                max_scope=phrase.max_scope,
                allowed_types=set(phrase.allowed_types) if phrase.allowed_types else None,
            )
        return self._modifier(
            self._rules[phrase, literal],
            edge[modifier.start],
            edge[modifier.end - 1] + 1,
            None,
            scope_start=edge[modifier.low],
            scope_end=edge[modifier.high],
        )
