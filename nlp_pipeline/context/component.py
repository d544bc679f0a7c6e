"""ConText (Harkema et al. 2009) over the entities of a Doc: medspaCy's model, evaluated sentence by sentence.

Rules, modifiers and the graph are medspaCy's own types. What differs from `medspacy.context.ConText`, and why:
all phrases are literals in one trie (its set patterns are tried at every token); a phrase may run over a line break
and hold an adverb; scopes are computed within a sentence (the stock graph compares all pairs of a document); a
modifier inside a target does not count; the nearest terminator ends a scope; a rule may end its scope at a word or
be cancelled by a neighbour. `docs/explanation/assertions.md` lists the differences with sentences.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from nlp_pipeline.context.rules import RULES
from nlp_pipeline.context.scopes import ContextMatcher, Marks, Modifier
from nlp_pipeline.layers import chart, entities

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

    from nlp_pipeline.context.words import Words


__all__ = ["ATTRIBUTES", "Context", "ContextMatcher"]

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "NEGATED_EXISTENCE": ("is_negated",),
    "POSSIBLE_EXISTENCE": ("is_uncertain",),
    "HYPOTHETICAL": ("is_hypothetical",),
    "CONDITIONAL": ("is_hypothetical",),  # after "if" or "risk of", which leave no doubt
    "HISTORICAL": ("is_historical",),
    "HISTORY": ("is_historical",),  # a list of past things, which semicolons do not end
    "PAST": ("is_historical",),  # a clause about the past, whose verbs do not end it
    "FAMILY": ("is_family",),
    "RESOLVED": ("is_negated", "is_historical"),
}
_INSIDE, _BEGIN = 1, 3  # spaCy's codes of the tags of entities


class Context:
    """spaCy component: sets the five attributes on the entities, and medspaCy's `context_graph` and `modifiers`."""

    def __init__(self, nlp: Language) -> None:
        from medspacy.context import ConTextModifier, ConTextRule
        from medspacy.context.context import ConText

        from nlp_pipeline.context.graph import EntityGraph

        ConText.register_default_attributes()
        ConText.register_graph_attributes()
        self.matcher = ContextMatcher(nlp)
        self._strings = nlp.vocab.strings
        self._graph, self._modifier, self._rule = EntityGraph, ConTextModifier, ConTextRule
        names = json.loads((RULES / "absent_names.json").read_text(encoding="utf-8"))
        self._absent = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
        self._rules: dict[tuple[int, bytes], Any] = {}  # by phrase, which the matcher keeps, and wording

    def __call__(self, doc: Doc) -> Doc:
        from spacy.tokens import Span

        words, marks = self.matcher.cues.words(doc), self._entities(doc)
        edges: list[tuple[Span, Any]] = []
        modifiers: dict[int, Any] = {}
        values = doc.user_data
        starts, ends = marks.starts.tolist(), marks.ends.tolist()
        for index, hits in sorted(self.matcher.judge_marks(words, marks).items()):
            ent = Span(doc, starts[index], ends[index], label=marks.labels[index])
            own = []
            for _, modifier in hits:
                if modifier is not None:
                    shown = modifiers.get(id(modifier))
                    if shown is None:
                        shown = modifiers[id(modifier)] = self._medspacy(modifier, words)
                    edges.append((ent, shown))
                    own.append(shown)
            # Under these keys spaCy keeps the extensions of a span; to set them by `ent._` takes six times as long.
            start, end = ent.start_char, ent.end_char
            for category, _ in hits:
                for attribute in ATTRIBUTES[category]:
                    values["._.", attribute, start, end] = True
            key = "._.", "modifiers", start, end
            values[key] = (*values.get(key, ()), *own)
        self._deny_absent_names(doc)
        doc._.context_graph = self._graph(doc, list(modifiers.values()), edges)
        return doc

    def _deny_absent_names(self, doc: Doc) -> None:
        """ "Afebrile" names fever and says that there is none, whatever stands around it."""
        layer = chart(doc)
        if found := [match.span() for match in self._absent.finditer(layer.lowered)]:
            known = entities(doc)
            spans = set(zip(known.starts, known.ends, strict=True))
            for start, end in found:
                if (start, end) in spans:
                    doc.user_data["._.", "is_negated", start, end] = True

    def _entities(self, doc: Doc) -> Marks:
        """The entities from their tags: as many Span objects cost more than to judge them."""
        from spacy.attrs import ENT_IOB, ENT_TYPE

        tags = doc.to_array([ENT_IOB, ENT_TYPE])
        starts = ((tags[:, 0] == _BEGIN) & (tags[:, 1] != 0)).nonzero()[0]
        bounds = np.append((tags[:, 0] != _INSIDE).nonzero()[0], len(doc))
        ends = bounds[np.searchsorted(bounds, starts, side="right")]
        labels = tags[starts, 1].tolist()
        names = {label: self._strings[label] for label in set(labels)}
        return Marks(starts, ends, [names[label] for label in labels])

    def _medspacy(self, modifier: Modifier, words: Words) -> Any:
        phrase = modifier.rule
        said = words.lowers[modifier.start : modifier.end].tobytes()
        rule = self._rules.get((id(phrase), said))
        if rule is None:
            rule = self._rules[id(phrase), said] = self._rule(
                literal=self.matcher.cues.text(words, modifier.start, modifier.end),
                category=phrase.category,
                direction=phrase.direction,
                max_scope=phrase.max_scope,
                allowed_types=set(phrase.allowed_types) if phrase.allowed_types else None,
            )
        start, end = words.token(modifier.start), words.token(modifier.end - 1) + 1
        low, high = words.token(modifier.low), words.token(modifier.high)
        return self._modifier(rule, start, end, None, scope_start=low, scope_end=high)
