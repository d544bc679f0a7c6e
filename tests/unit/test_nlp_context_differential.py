"""medspaCy's own ConText, given our rules where it can express them, says the same of thousands of sentences.

A rule is expressible if it has no condition on its neighbours and no word class, and its scope ends only at
terminators. Where the two mean to differ, `INTENDED` names it; the page on assertions explains each.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from nlp_pipeline.context.component import ATTRIBUTES, ContextMatcher
from nlp_pipeline.context.rules import ContextPhrase, expand, load_phrases

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

CATEGORIES = ("NEGATED_EXISTENCE", "POSSIBLE_EXISTENCE", "HYPOTHETICAL", "HISTORICAL", "FAMILY")
BREAKS = ("but", "however", "although", "except", ";")
TEMPLATES = {
    "FORWARD": ["{cue} alpha", "today {cue} alpha", "{cue} alpha {stop} beta", "beta {stop} {cue} alpha", "{cue} alpha or beta"],
    "BACKWARD": ["alpha {cue}", "alpha {cue} today", "beta {stop} alpha {cue}", "alpha {stop} beta {cue}", "alpha or beta {cue}"],
}  # fmt: skip
# name: rules of stock ConText, sentence, what stock says of alpha and beta, what we say
INTENDED: dict[str, tuple[list[tuple[str, str, str]], str, list[set[str]], list[set[str]]]] = {
    "a phrase holds an adverb": (
        [("was not seen", "NEGATED_EXISTENCE", "BACKWARD")],
        "alpha was not clearly seen today", [set()], [{"is_negated"}],
    ),
    "a denied finding is no longer in doubt": (
        [("no", "NEGATED_EXISTENCE", "FORWARD"), ("suspicious for", "POSSIBLE_EXISTENCE", "FORWARD")],
        "no alpha suspicious for beta", [{"is_negated"}, {"is_negated", "is_uncertain"}], [{"is_negated"}] * 2,
    ),
    "no history is a denial": (
        [("no", "NEGATED_EXISTENCE", "FORWARD"), ("history of", "HISTORICAL", "FORWARD")],
        "no history of alpha", [{"is_negated", "is_historical"}], [{"is_negated"}],
    ),
    "a heading in the line ends a scope": (
        [("no", "NEGATED_EXISTENCE", "FORWARD")],
        "no alpha Abdomen: beta", [{"is_negated"}] * 2, [{"is_negated"}, set()],
    ),
    "a verb of its own ends a scope": (
        [("no", "NEGATED_EXISTENCE", "FORWARD")],
        "there is no alpha, and beta is large", [{"is_negated"}] * 2, [{"is_negated"}, set()],
    ),
    "a clause that goes on speaks of its subject": (
        [("not attempted", "NEGATED_EXISTENCE", "BACKWARD"), ("but", "CONJ", "TERMINATE")],
        "alpha is mild but not attempted", [set()], [{"is_negated"}],
    ),
}  # fmt: skip


def expressible(rule: ContextPhrase) -> bool:
    """Whether a rule says nothing that medspaCy's ConTextRule cannot say."""
    plain = ContextPhrase(rule.literal, rule.category, rule.direction, rule.max_scope)
    return rule == plain and rule.category in CATEGORIES and "<" not in rule.literal


def literals(rule: ContextPhrase) -> list[str]:
    """A few of the phrases of a rule, among them the shortest and the longest."""
    found = sorted(set(itertools.islice(expand(rule.literal), 400)), key=lambda text: (len(text), text))
    return list(dict.fromkeys(found[i * (len(found) - 1) // 6] for i in range(7)))


@pytest.fixture(scope="module")
def nlp() -> Language:
    import spacy

    from nlp_pipeline.layers import register
    from nlp_pipeline.tokens import build_tokenizer

    register()
    language = spacy.blank("en")
    language.tokenizer = build_tokenizer(language)
    return language


@pytest.fixture(scope="module")
def ours(nlp: Language) -> ContextMatcher:
    return ContextMatcher(nlp)


@pytest.fixture(scope="module")
def cues() -> list[tuple[str, ContextPhrase]]:
    found = [
        (text, rule)
        for rule in load_phrases()
        if expressible(rule)
        for text in literals(rule)
        if text[0].isalpha() and not text.startswith("n't")
    ]
    # "no one in the family" denies and is the family's, but medspaCy keeps one rule of those with the same words.
    categories: dict[str, set[str]] = defaultdict(set)
    for text, rule in found:
        categories[text].add(rule.category)
    return [(text, rule) for text, rule in found if len(categories[text]) == 1]


@pytest.fixture(scope="module")
def stock(nlp: Language, cues: list[tuple[str, ContextPhrase]]) -> Any:
    from medspacy.context import ConText, ConTextRule

    rules = [
        ConTextRule(literal=text, category=rule.category, direction=rule.direction, max_scope=rule.max_scope)
        for text, rule in cues
    ]
    rules += [ConTextRule(literal=word, category="CONJ", direction="TERMINATE") for word in BREAKS]
    context = ConText(nlp, rules=None, prune_on_target_overlap=False)
    context.add(rules)
    return context


def prepared(nlp: Language, text: str) -> Doc:
    from spacy.tokens import Span

    doc = nlp.make_doc(text)
    for token in doc:
        token.is_sent_start = token.i == 0
    doc.ents = [Span(doc, t.i, t.i + 1, label="TARGET") for t in doc if t.text in {"alpha", "beta"}]
    return doc


def by_ours(ours: ContextMatcher, doc: Doc) -> list[set[str]]:
    return [{a for category, _ in hits for a in ATTRIBUTES[category]} for hits in ours.judge(doc, doc.ents)]


def by_stock(stock: Any, doc: Doc) -> list[set[str]]:
    stock(doc)
    return [{a for m in ent._.modifiers for a in ATTRIBUTES.get(m.category, ())} for ent in doc.ents]


def test_the_same_attributes_with_the_same_rules(
    nlp: Language, ours: ContextMatcher, stock: Any, cues: list[tuple[str, ContextPhrase]]
) -> None:
    rng, compared, differing = random.Random(5), 0, []
    for cue, rule in cues:
        for template in TEMPLATES.get(rule.direction, ()):
            text = template.format(cue=cue, stop=rng.choice(BREAKS))
            mine, theirs = by_ours(ours, prepared(nlp, text)), by_stock(stock, prepared(nlp, text))
            compared += 1
            if mine != theirs:
                differing.append((text, mine, theirs))
    assert compared > 4000
    assert not differing, (len(differing), differing[:20])


@pytest.mark.parametrize("name", INTENDED)
def test_an_intended_difference(nlp: Language, ours: ContextMatcher, name: str) -> None:
    from medspacy.context import ConText, ConTextRule

    rules, text, theirs, mine = INTENDED[name]
    context = ConText(nlp, rules=None, prune_on_target_overlap=False)
    context.add([ConTextRule(literal=a, category=b, direction=c) for a, b, c in rules])
    assert by_stock(context, prepared(nlp, text)) == theirs
    assert by_ours(ours, prepared(nlp, text)) == mine
