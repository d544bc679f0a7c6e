"""Yes/no criteria of scores: what in a note says that one is met, or that it is not.

A criterion is data (`data/criteria/*.json`): concepts of the vocabulary, drug classes, thresholds on measured values, words. A
finding counts as the note asserts it: negated says "not met"; uncertain, hypothetical and family findings do not meet it; a
past one does where `history` is allowed. What nothing mentions is taken as absent, and the answer says that it was.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

from domain.facts import Assertion, Fact, FactKind
from tools.calculation.answers import Criterion
from tools.calculation.reading import NoteReading, bounds
from tools.calculation.times import days_ago, sentence, told_as_recent

NOT_MENTIONED = "not mentioned"
_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_NO = re.compile(
    r"\b(?:no|not|without|nor|never|neither|denies|denied|absence|absent|negative|unremarkable|unaffected|free)\b|n['’]t\b"
)
_BEFORE = re.compile(
    r"\b(?:risks? (?:of|for)|(?:to )?prevent(?:ion of|ing)?|prophyla\w+ (?:of|for|against)|likelihood of|probability of|"
    r"evaluat\w+ (?:for|of)|screen\w* for|assess\w* (?:for|of)|suspicion (?:of|for)|concern\w* for|rule out|exclude)"
    r"\s(?:[\w-]+\s){0,2}$"
)
_AFTER = re.compile(
    r"\s(?:risk|prophylaxis|protocol|score|prevention|precautions|screen\w*|stratification|team|service|unit)\b"
)
_RELATIVE = re.compile(
    r"\b(?:mother|father|parents?|sisters?|brothers?|siblings?|aunts?|uncles?|cousins?|grand(?:mother|father|parents?))\b"
    r"(?![^.;]*\b(?:he|she|him|patient|we|but|while|whereas|although)\b)"
)
_RELATIVE_BEFORE = 80  # characters
# Words that make the thing after them a fact, whatever advice or plan the sentence holds: it is taken, it is operated on,
# it has come back, it is somebody's diagnosis.
_SETTLED = re.compile(
    r"\b(?:(?:takes|took|taking|swallows|uses|using|receives|injects|(?:is|was|been|remains|stays|maintained|continues) on)\s(?:[\w.%-]+\s){0,4}"
    r"|(?:repair|fixation|excision|resection|removal|ablation|reduction|nailing|decompression|drainage)\s(?:of|for)\s(?:\w+\s){0,2}"
    r"|\band\s(?:is|was|has|had|takes|uses)\s(?:(?!to\s|for\s|been\s)\w+\s)?"
    r"|(?:has|have|had)\s(?:now\s)?(?:come back|returned|recurred)\s(?:\w+\s){0,2})$"
)
_JUDGED = re.compile(
    r"\b(?:considered|judged|deemed|labelled|labeled|called|interpreted as|put down as|diagnosed as)\s(?:to be\s)?(?:an?\s|the\s)?$"
)
_SETTLED_BEFORE = 60  # characters
_TOPICAL = re.compile(r"\b(?:gels?|creams?|ointments?|eye\s?drops)\b")
_FORM = 25  # characters behind a drug that may name its form
_BARRED = re.compile(
    r"[^.;,]{0,30}\b(?:is|are|was|were|been|being|remains?)\s(?:\w+\s)?(?:forbidden|prohibited|contra-?indicated|avoided|withheld|banned|barred|off limits)\b"
)  # after a drug: it is not taken
_KINDS = ("condition", "procedure")


class Rule(NamedTuple):
    """What meets one criterion."""

    concepts: frozenset[str]
    classes: tuple[str, ...]
    values: tuple[tuple[str, str, float, str], ...]  # concept, comparison, limit, unit
    words: re.Pattern[str] | None
    plain: re.Pattern[str] | None  # words that say that it is met although they hold a "not": "has not left her bed"
    against: re.Pattern[str] | None  # words that say that it is not met
    excepted: re.Pattern[str] | None  # quotes that do not count, although a concept or word finds them
    history: bool  # whether a past finding meets it
    only_history: bool
    uncertain: bool  # whether a suspected one does
    family: bool  # whether it is one of relatives
    within: float | None  # days before the note that it may lie back
    undated: bool  # whether it counts where no time is told
    undated_history: bool  # whether one of the past does, too
    over: re.Pattern[str] | None  # words of the sentence that say that it is long past
    earlier: float | None  # days before the note from which it counts as past, although not called so
    any_of: tuple[str, ...]  # further criteria, each of which meets this one


@lru_cache(maxsize=1)
def rules() -> dict[str, Rule]:
    """The packaged criteria by name: an input's, or `model.input` where a model defines it in its own way."""
    data: dict[str, Any] = {}
    for file in sorted(resources.files("tools").joinpath("data/criteria").iterdir(), key=lambda f: f.name):
        data |= json.loads(file.read_text(encoding="utf-8"))
    return {name: _rule(entry, data) for name, entry in data.items()}


def _rule(entry: dict[str, Any], data: dict[str, Any]) -> Rule:
    concepts, classes, words = _meant(entry), list(entry.get("classes", ())), list(entry.get("words", ()))
    for name in entry.get("like", ()):
        concepts |= _meant(data[name])
        classes += data[name].get("classes", ())
        words += data[name].get("words", ())
    values = tuple((v[0], v[1], float(v[2]), v[3]) for v in entry.get("values", ()))
    return Rule(
        frozenset(concepts - set(entry.get("without", ()))), tuple(classes), values, _any(words), _any(entry.get("plain", ())), _any(entry.get("against", ())),
        _any(entry.get("except", ())),
        entry.get("history", True), entry.get("only_history", False), entry.get("uncertain", False),
        entry.get("family", False), entry.get("within"), entry.get("undated", True),
        entry.get("undated_history", False), _any(entry.get("long_ago", ())),
        entry.get("earlier"), tuple(entry.get("any_of", ())),
    )  # fmt: skip


def _meant(entry: dict[str, Any]) -> set[str]:
    """The concepts of an entry with all that are kinds of them."""
    from nlp_pipeline.vocabulary import load_vocabulary

    vocabulary = load_vocabulary()
    named = set(entry.get("concepts", ()))
    return named | {narrower for name in named for kind in _KINDS for narrower in vocabulary.descendants(kind, name)}


def _any(words: list[str]) -> re.Pattern[str] | None:
    """Any of the patterns; a space in one matches a line break too."""
    return re.compile("|".join(f"(?:{w})" for w in words).replace(" ", r"\s")) if words else None


def prepare(reading: NoteReading, model: str, names: Iterable[str]) -> None:
    """Read the words of all these criteria in one pass: ConText costs the same for one span as for fifty."""
    rules_used = [rule for name in names for rule in _with_others(_rule_of(model, name))]
    patterns = dict.fromkeys(rule.words for rule in rules_used if rule.words)
    reading.asserted([span for pattern in patterns for span in _open_spans(reading, pattern)])


def _rule_of(model: str, name: str) -> Rule | None:
    return rules().get(f"{model}.{name}") or rules().get(name)


def _with_others(rule: Rule | None) -> list[Rule]:
    """A rule and all that may meet it in its place."""
    if rule is None:
        return []
    return [rule, *(other for name in rule.any_of for other in _with_others(rules()[name]))]


def judge(reading: NoteReading, model: str, name: str) -> Criterion | None:
    """Whether a criterion is met, or None where there is no rule for it."""
    if _rule_of(model, name) is None:
        return None
    found = mentions(reading, model, name)
    chosen = min([m for m in found if m.met] or found, key=lambda m: m.start, default=None)
    if chosen is None:
        return Criterion(name=name, met=False, assertion=NOT_MENTIONED)
    start, end = chosen.start, chosen.end
    return Criterion(
        name=name, met=chosen.met, evidence=reading.text[start:end], span=(start, end), assertion=chosen.said
    )


class Mention(NamedTuple):
    """Characters [start, end) that speak of a criterion: whether they meet it, and what is asserted of them."""

    start: int
    end: int
    met: bool
    said: str


def mentions(reading: NoteReading, model: str, name: str) -> list[Mention]:
    """Everything in the note that speaks for or against a criterion; empty where it has no rule."""
    return [mention for rule in _with_others(_rule_of(model, name)) for mention in _mentions(reading, rule)]


def _mentions(reading: NoteReading, rule: Rule) -> list[Mention]:
    found = [*_facts(reading, rule), *_measured(reading, rule), *_worded(reading, rule)]
    excepted = rule.excepted
    if excepted is None:
        return found
    return [m for m in found if m.said == "measured" or not excepted.search(reading.lower[m.start : m.end])]


def _facts(reading: NoteReading, rule: Rule) -> list[Mention]:
    found = [fact for concept in rule.concepts | _members(rule.classes) for fact in reading.about(concept)]
    return [
        _mention(reading, rule, bounds(fact), reading.said(fact), fact.kind is FactKind.FAMILY_HISTORY)
        for fact in found
        if fact.kind is FactKind.FAMILY_HISTORY
        or (fact.kind is not FactKind.ALLERGY and fact.value is None and not _is_barred(reading, fact))
    ]


def _is_barred(reading: NoteReading, fact: Fact) -> bool:
    """Whether a drug is named only because the patient must not have it, or does not reach the blood."""
    if fact.kind is not FactKind.MEDICATION:
        return False
    start, end = bounds(fact)
    after = re.split("[.,;]| and ", reading.lower[end : end + _FORM])[0]
    return (
        _BARRED.match(reading.lower, end) is not None or _TOPICAL.search(reading.lower[start:end] + after) is not None
    )


def _mention(
    reading: NoteReading, rule: Rule, span: tuple[int, int], said: Assertion, of_family: bool = False
) -> Mention:
    said = _settled(reading.lower, span[0], said)
    met = _meets(reading, rule, span, said, of_family or said.is_family)
    if met and _only_topic(reading.lower, *span):
        return Mention(*span, False, "hypothetical")
    if met and not rule.family and _of_relative(reading.lower, span[0]):
        return Mention(*span, False, "family")
    if met and rule.within is not None:
        met = _in_time(reading, rule, *span, said)
    return Mention(*span, met, said_of(said))


def _settled(low: str, start: int, said: Assertion) -> Assertion:
    """What is said of something whose own words make it a fact, although the sentence advises, plans or weighs."""
    before = low[max(0, start - _SETTLED_BEFORE) : start]
    if said.is_hypothetical and _SETTLED.search(before):
        return said.model_copy(update={"is_hypothetical": False})
    if said.is_uncertain and _JUDGED.search(before):
        return said.model_copy(update={"is_uncertain": False})
    return said


def _only_topic(low: str, start: int, end: int) -> bool:
    """Whether the note speaks of the risk, prevention or search for something rather than of its presence."""
    return _BEFORE.search(low, max(0, start - 60), start) is not None or _AFTER.match(low, end) is not None


def _of_relative(low: str, start: int) -> bool:
    """Whether a blood relative is the subject of the clause up to here."""
    first, _ = sentence(low, start, start)
    return _RELATIVE.search(low[max(first, start - _RELATIVE_BEFORE) : start]) is not None


def _meets(reading: NoteReading, rule: Rule, span: tuple[int, int], said: Assertion, of_family: bool) -> bool:
    if said.is_negated or said.is_hypothetical or of_family is not rule.family:
        return False
    if said.is_uncertain and not rule.uncertain:
        return False
    if rule.only_history:
        return said.is_historical or (rule.earlier is not None and (days_ago(reading, *span) or 0) > rule.earlier)
    return rule.history or not said.is_historical or rule.within is not None


def _in_time(reading: NoteReading, rule: Rule, start: int, end: int, said: Assertion) -> bool:
    assert rule.within is not None
    if rule.over and rule.over.search(reading.lower, *sentence(reading.lower, start, end)):
        return False
    days = days_ago(reading, start, end)
    if days is not None:
        return days <= rule.within
    if told_as_recent(reading, start, end):
        return True
    return rule.undated and (rule.undated_history or not said.is_historical)


@lru_cache(maxsize=64)
def _members(classes: tuple[str, ...]) -> frozenset[str]:
    from nlp_pipeline.vocabulary import load_vocabulary

    vocabulary = load_vocabulary()
    return frozenset(member for name in classes for member in {name, *vocabulary.ingredients(name)})


def _measured(reading: NoteReading, rule: Rule) -> list[Mention]:
    from domain.errors import InvalidInput
    from domain.quantities import convert

    found = []
    for concept, comparison, limit, unit in rule.values:
        for value in reading.measured(concept)[:1]:
            try:
                amount = convert(float(value.value), value.unit, unit, concept)
            except InvalidInput:
                continue
            found.append(Mention(value.start, value.end, _COMPARE[comparison](amount, limit), "measured"))
    return found


def _worded(reading: NoteReading, rule: Rule) -> list[Mention]:
    spans = _open_spans(reading, rule.words) if rule.words else []
    found = [_mention(reading, rule, span, said) for span, said in zip(spans, reading.asserted(spans), strict=True)]
    if rule.words:
        matched = (m.span() for m in reading.matching(rule.words))
        found += [Mention(*span, False, "negated") for span in matched if _NO.search(reading.lower, *span)]
    if rule.plain:
        spans = [m.span() for m in reading.matching(rule.plain)]
        found += [
            _mention(reading, rule, span, said.model_copy(update={"is_negated": False}))
            for span, said in zip(spans, reading.asserted(spans), strict=True)
        ]
    if rule.against:
        found += [Mention(*m.span(), False, "negated") for m in reading.matching(rule.against)]
    return found


def _open_spans(reading: NoteReading, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where words stand whose assertion is open; what matches across a denial is denied, and would hide the cue from others."""
    return [m.span() for m in reading.matching(pattern) if not _NO.search(reading.lower, *m.span())]


def said_of(assertion: Assertion) -> str:
    """The assertion in words."""
    names = [name.removeprefix("is_") for name, holds in assertion if holds]
    return ", ".join(names) or "present"
