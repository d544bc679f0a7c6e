"""Scopes of context cues, and the findings that they govern: the part of ConText that needs no medspaCy type."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nlp_pipeline.context_cues import Cue, CueFinder, Words
from nlp_pipeline.context_enumerations import AbsentList
from nlp_pipeline.layers import chart

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

    from nlp_pipeline.context_rules import ContextPhrase
    from nlp_pipeline.sections import Section

_LISTED = frozenset({"NEGATED_EXISTENCE", "POSSIBLE_EXISTENCE", "HYPOTHETICAL"})
_SECTION_CATEGORY = {
    "past_medical_history": "HISTORICAL",
    "past_surgical_history": "HISTORICAL",
    "family_history": "FAMILY",
    "patient_instructions": "HYPOTHETICAL",
}
_FINDINGS = frozenset({"CONDITION", "SYMPTOM", "PROCEDURE", "TARGET"})
_PROCEDURE = re.compile(
    r"(?:ectomy|[oe]scopy|graphy|plasty|otomy|ostomy|centesis|gram|grafting|desis)(?:\b|s\b)|\b(?:surgery|surgical|surgeries|biops\w+"
    r"|ct|mri|mra|cta|scan|scans|x-?ray|ultrasound|echo|radiation|radiotherapy|chemotherapy|transplant(?:ation)?|therapy"
    r"|treatment|transfusions?|dialysis|catheterization|stent(?:ing|s)?|bypass|graft|resection|repair|drainage|excision"
    r"|amputation|intubation|ventilation|decompression|ablation|implantation|replacement|referral|consult(?:ation)?"
    r"|hospice|rehab(?:ilitation)?|immunization|vaccin\w+|egd|ercp|eeg|ekg|ecg|emg|csection|c-section|dexa|pci|cabg"
    r"|tracheostomy|crrt|ecmo|intervention|procedure|follow-up|hospitalizations?|operation|workup|work-up|monitoring)\b",
    re.IGNORECASE,
)
_OPEN = ("no", "not", "without", "denies", "denied", "of", "for", "nor", "hx")  # a sentence does not end here
_LONG_NAME, _LONG_SENTENCE = 200, 60
_STOPPERS = (",", "and", "but", ";", "or")
_IN_TITLES = frozenset({"NEGATED_EXISTENCE", "POSSIBLE_EXISTENCE"})  # "Differential diagnosis:"
_DOUBTS = frozenset({"POSSIBLE_EXISTENCE", "HYPOTHETICAL"})


class Modifier(NamedTuple):
    """A context phrase in the text: words [start, end), and the words [low, until) and [end, high) it governs."""

    start: int
    end: int
    rule: ContextPhrase
    low: int
    until: int
    high: int


class Marks(NamedTuple):
    """Spans to judge, in tokens of the Doc."""

    starts: np.ndarray
    ends: np.ndarray
    labels: list[str]


class Target(NamedTuple):
    """A span to judge, in words of the text."""

    start: int
    end: int
    label: str


class _Sentence(NamedTuple):
    """Words [low, high), their cues and where headings stand between them."""

    low: int
    high: int
    cues: list[Cue]
    headings: list[int]
    modifiers: list[Modifier]


Hits = list[tuple[str, Modifier | None]]


class ContextMatcher:
    """Finds context phrases and applies them to targets; holds the compiled rules."""

    def __init__(self, nlp: Language) -> None:
        self.cues = CueFinder(nlp)
        self._stoppers = self.cues.keys(_STOPPERS)
        self._links, self._joints = self.cues.keys(("and", "or", "nor", "&")), self.cues.keys(("and", "but"))
        self._alternatives = self.cues.keys(("or", "nor"))
        self._conjunctions = self.cues.keys(("that", "if", "whether", "though", "neither", "nor"))
        self._pronouns = self.cues.keys(("he", "she", "it", "this", "there", "they"))
        self._articles = self.cues.keys(("a", "an", "the", "some"))
        self._comma = nlp.vocab.strings.add(",")
        self._absent = AbsentList(self.cues)
        self._open_bracket, self._close_bracket = (nlp.vocab.strings.add(sign) for sign in "()")
        add = nlp.vocab.strings.add
        self._marks = _Marks(self.cues.keys([*_OPEN, *"op?)"]), self.cues.keys("op)"), self.cues.keys("/-−+"), add("?"))

    def judge(self, doc: Doc, spans: Sequence[Span]) -> list[Hits]:
        """For each span the context categories that hold, with the modifier they come from (None: its section)."""
        starts, ends = [span.start for span in spans], [span.end for span in spans]
        return self.judge_marks(Words(doc), Marks(np.array(starts), np.array(ends), [_label(span) for span in spans]))

    def judge_marks(self, words: Words, marks: Marks) -> list[Hits]:
        """`judge` for targets given in tokens."""
        judged: list[Hits] = [[] for _ in marks.labels]
        if not words.keys or not judged:
            return judged
        sections = _Sections(words)
        edges = _sentence_words(words, sections, self._marks)
        firsts = words.firsts(marks.starts).clip(max=len(words.keys) - 1)  # the last may be white space
        numbers = np.searchsorted(edges, firsts, side="right") - 1
        starts, ends = firsts.tolist(), words.firsts(marks.ends).tolist()
        by_sentence: dict[int, list[int]] = defaultdict(list)
        for index, number in enumerate(numbers.tolist()):
            by_sentence[number].append(index)
        for number, members in by_sentence.items():
            low, high = edges[number], edges[number + 1]
            cues = self.cues.find(words, low, high, [starts[index] for index in members], sections.speak)
            if not cues and not sections.speak:
                continue
            local = [Target(starts[i], max(ends[i], starts[i] + 1), marks.labels[i]) for i in members]
            sentence = self._read(words, low, high, cues, local, sections)
            for index, target in zip(members, local, strict=True):
                hits = self._hits(sentence, target, local)
                if sections.speak and target.label in _FINDINGS:
                    category = sections.category(words.doc[int(marks.starts[index])].idx)
                    if category and target.start < self._forward(sentence, low, category + "_SECTION"):
                        hits.append((category, None))
                judged[index] = _settled(hits) if len(hits) > 1 else hits
        return judged

    @staticmethod
    def _hits(sentence: _Sentence, target: Target, local: list[Target]) -> Hits:
        """The modifiers of a sentence that govern a target."""
        return [
            (modifier.rule.category, modifier)
            for modifier in sentence.modifiers
            if _modifies(modifier, target) and not (len(local) > 1 and _inside_another(modifier, target, local))
        ]

    def _read(
        self, words: Words, low: int, high: int, cues: list[Cue], targets: list[Target], sections: _Sections
    ) -> _Sentence:
        """A sentence with its modifiers; a cue that every target covers is part of their names."""
        if sections.titles:
            cues = [cue for cue in cues if cue.start not in sections.titles or cue.rule.category in _IN_TITLES]
        active = [cue for cue in cues if cue.rule.direction != "TERMINATE"]
        named = {word for target in targets for word in range(target.start, target.end)}
        terminating = [
            cue
            for cue in cues
            if cue.start not in named
            or cue.rule.direction != "TERMINATE"
            or not any(t.start <= cue.start and cue.end <= t.end for t in targets)
        ]
        headings = self.cues.headings(words, low, high) if active else []
        sentence = _Sentence(low, high, terminating, headings, [])
        for cue in active:
            first, until, last = cue.start, cue.start, cue.end
            if cue.rule.direction in {"FORWARD", "BIDIRECTIONAL"}:
                last = self._forward_cue(words, sentence, cue)
            if cue.rule.direction in {"BACKWARD", "BIDIRECTIONAL"}:
                first, until = self._backward_cue(words, sentence, cue)
            sentence.modifiers.append(Modifier(cue.start, cue.end, cue.rule, first, until, last))
        return sentence

    def _forward_cue(self, words: Words, sentence: _Sentence, cue: Cue) -> int:
        """Where the scope of a forward cue ends."""
        rule, limit = cue.rule, sentence.high
        if rule.max_scope:
            limit = min(limit, cue.end + rule.max_scope)
        if rule.stop_at:
            limit = self._first_of(words, cue.end, limit, self.cues.words_of[rule.stop_at])
        limit = next((i for i in sentence.headings if cue.end <= i < limit), limit)
        limit = self._end_of_bracket(words, cue.end, limit)
        verb = self._forward(sentence, cue.end, rule.category, self._has_clause(words, cue))
        if verb < limit:
            limit = self._before_subject(words, sentence, cue, verb, limit)
        for other in sentence.cues:
            if cue.end < other.start < limit and self._new_item(words, cue, other):
                limit = other.start - 1
                break
        return self._absent.end(words, sentence.cues, cue, limit) if rule.category == "NEGATED_EXISTENCE" else limit

    def _before_subject(self, words: Words, sentence: _Sentence, cue: Cue, verb: int, limit: int) -> int:
        """The end of a scope at a verb that has a subject of its own: "no mass, and the liver is normal"."""
        if not any(other.start == verb and other.rule.retreats for other in sentence.cues):
            return verb
        for i in range(verb - 1, cue.end, -1):
            key = words.keys[i]
            if key == self._comma:
                return i
            if key in self._links:
                return i if key in self._joints else verb
        if cue.rule.category != "NEGATED_EXISTENCE":
            return verb
        beyond = self._forward(sentence, verb + 1, cue.rule.category)  # "neither ureter was injured, ..."
        return next((i for i in range(verb, min(limit, beyond)) if words.keys[i] == self._comma), min(limit, beyond))

    @staticmethod
    def _first_of(words: Words, start: int, limit: int, wanted: frozenset[int]) -> int:
        """The first of some words in [start, limit), or the limit."""
        if wanted.isdisjoint(words.keys[start:limit]):
            return limit
        return next(i for i in range(start, limit) if words.keys[i] in wanted)

    def _end_of_bracket(self, words: Words, start: int, limit: int) -> int:
        """The bracket that closes around a cue: "(no fever) and cough"."""
        if self._close_bracket not in words.keys[start:limit]:
            return limit
        depth = 0
        for i in range(start, limit):
            key = words.keys[i]
            if key == self._open_bracket:
                depth += 1
            elif key == self._close_bracket:
                depth -= 1
                if depth < 0:
                    return i
        return limit

    def _has_clause(self, words: Words, cue: Cue) -> bool:
        """Whether a cue governs a clause, whose verb does not end it: "denies that he has", "thought she had"."""
        if words.keys[cue.end - 1] in self._conjunctions:
            return True
        following = words.keys[cue.end : cue.end + 2]
        if following[:1] == [self._comma]:  # "most likely, the patient had aspirated"
            return following[1:] != [] and (following[1] in self._pronouns or following[1] in self._articles)
        return following != [] and following[0] in self._pronouns

    @staticmethod
    def _forward(sentence: _Sentence, start: int, category: str, clause: bool = False) -> int:
        """The first terminator of a category's forward scope at or after a word, past the verb of its own clause."""
        past = -1
        for other in sentence.cues:
            if other.start < start or other.rule.direction != "TERMINATE" or other.rule.side == "backward":
                continue
            if other.rule.terminates is None:
                if category.endswith("_SECTION"):
                    continue
            elif category not in other.rule.terminates:
                continue
            elif other.start == start > sentence.low and other.end == start + 1:
                continue  # "no known ...", "without persistent ...": part of the cue's own phrase
            if other.rule.clausal and (other.start <= past or (clause and past < 0)):
                past = max(past, other.end)
                continue
            return other.end - 1 if other.rule.inner else other.start
        return sentence.high

    def _new_item(self, words: Words, cue: Cue, other: Cue) -> bool:
        """Whether another cue opens the next item of a list: "no fever, possible pneumonia"."""
        if other.rule.direction != "FORWARD" or other.rule.category == cue.rule.category:
            return False
        if not {cue.rule.category, other.rule.category} <= _LISTED:
            return False
        start = other.start - 1 if words.keys[other.start - 1] in self._articles else other.start
        return words.keys[start - 1] in self._stoppers and start - 1 > cue.end

    def _backward_cue(self, words: Words, sentence: _Sentence, cue: Cue) -> tuple[int, int]:
        """Where the scope of a backward cue begins and ends."""
        rule, limit, start = cue.rule, sentence.low, cue.start
        joint = start - 1
        while joint > limit and self.cues.is_filler(words.keys[joint]):
            joint -= 1
        if joint > limit and words.keys[joint] in self._joints and (subject := self._subject(sentence, joint)):
            return subject  # "pneumonia was considered but later ruled out"
        if rule.max_scope:
            limit = max(limit, start - rule.max_scope)
        if rule.stop_at:
            stops = self.cues.words_of[rule.stop_at]
            limit = next((i + 1 for i in range(start - 1, limit - 1, -1) if words.keys[i] in stops), limit)
        else:
            limit = self._start_of_list(words, limit, start)
        for other in sentence.cues:
            if not limit < other.end <= start or other.rule.direction != "TERMINATE":
                continue
            if other.rule.side == "forward" or (other.rule.side and other.end == start):
                continue  # the verb right before is the cue's own: "has | not been ruled out"
            if other.rule.terminates is None or rule.category in other.rule.terminates:
                limit = other.end
        return limit, start

    @staticmethod
    def _subject(sentence: _Sentence, joint: int) -> tuple[int, int] | None:
        """The words before the first verb of the clause that a conjunction goes on with."""
        low = sentence.low
        for other in sentence.cues:
            if other.start >= joint:
                break
            if other.rule.direction == "TERMINATE" and other.rule.side == "backward" and other.end - other.start == 1:
                return (low, other.start) if other.start > low else None
            if other.rule.direction == "TERMINATE" and other.rule.terminates is None:
                low = other.end
        return None

    def _start_of_list(self, words: Words, low: int, end: int) -> int:
        """Where the list before a plural verb begins: commas belong to it only if its last item is joined to them."""
        item = next((i + 1 for i in range(end - 1, low - 1, -1) if words.keys[i] == self._comma), low)
        return low if any(words.keys[i] in self._links for i in range(item, end)) else item


class _Marks(NamedTuple):
    """Words at which a sentence cannot end."""

    open: frozenset[int]
    after_sign: frozenset[int]
    signs: frozenset[int]
    question: int


class _Sections:
    """What the sections of a note say about its sentences."""

    def __init__(self, words: Words) -> None:
        doc = words.doc
        self._sections: list[Section] = chart(doc).sections
        self.titles: set[int] = set()
        self.joined: set[int] = set()  # words that open a text on the line of its title
        for section, ours in zip(doc._.sections or [], self._sections, strict=False):
            if not ours.title:
                continue
            low, high = map(words.first, section.title_span)
            self.joined.add(high)
            if ours.category != "other":  # the section itself speaks ("History of Present Illness")
                self.titles.update(range(low, high - 1 if high > low else high))  # ": no" is a cue, so the colon stays
        self.speak = any(section.category in _SECTION_CATEGORY for section in self._sections)

    def category(self, position: int) -> str:
        """The context category of the section at a character, or nothing."""
        index = bisect_right(self._sections, position, key=lambda section: section.start) - 1
        if index < 0 or position >= self._sections[index].end:
            return ""
        section = self._sections[index]
        if section.title.strip(" :").lower() == "history":  # of the present illness, as in "HISTORY: cough, fever"
            return ""
        return _SECTION_CATEGORY.get(section.category, "")


def _sentence_words(words: Words, sections: _Sections, marks: _Marks) -> list[int]:
    """The first word of each sentence, and the number of words; a cue at a line end goes on in the next line."""
    from spacy.attrs import SENT_START

    starts = (words.doc.to_array(SENT_START) == 1).nonzero()[0].tolist()
    keys, edges = words.keys, [0]
    for cut in map(words.first, starts) if words.moved else starts:
        if not edges[-1] < cut < len(keys) or cut in sections.joined:
            continue
        if keys[cut - 1] in marks.open and cut - edges[-1] < _LONG_SENTENCE and _goes_on(words, cut, marks):
            continue
        edges.append(cut)
    return [*edges, len(keys)]


def _goes_on(words: Words, cut: int, marks: _Marks) -> bool:
    """Whether the word before a cut belongs to the text after it."""
    last, before = words.keys[cut - 1], words.keys[cut - 2] if cut > 1 else 0
    if last == marks.question:  # "? PE" and "r/o ? PE" are not questions
        joined = cut == 1 or words.gap(cut - 2)
    elif last in marks.after_sign:  # "h/o", "s/p", "(-)"
        joined = before in marks.signs
    else:
        joined = True
    return joined and words.doc[words.indices[cut - 1] + 1 : words.indices[cut]].text.count("\n") < 2


def _label(span: Span) -> str:
    """The label of a span; a marked span without a kind is a procedure if its words say so."""
    label = span.label_
    if label != "TARGET" or span.end_char - span.start_char > _LONG_NAME:
        return label
    return "PROCEDURE" if _PROCEDURE.search(span.text) else label


def _modifies(modifier: Modifier, target: Target) -> bool:
    rule = modifier.rule
    if rule.allowed_types is not None and target.label not in rule.allowed_types:
        return False
    if target.label in rule.excluded_types:
        return False
    if target.start <= modifier.start and modifier.end <= target.end:
        return False  # the cue is part of the target's own name
    if target.start >= modifier.start:
        return target.start < modifier.high and target.end > modifier.end
    return target.end > modifier.low and target.start < modifier.until


def _settled(hits: Hits) -> Hits:
    """What the cues around a finding say together: the outer one decides where two cannot both hold.

    What is denied is neither asked for nor a thing of the past ("no history of"); a relative's disease is the family's;
    a condition ("if stroke is suspected") leaves no doubt about a finding that is not there yet.
    """
    found = {category for category, _ in hits}
    if len(found) < 2:
        return hits
    dropped: set[str] = set()
    if "NEGATED_EXISTENCE" in found:
        dropped |= {"POSSIBLE_EXISTENCE", "HYPOTHETICAL", "HISTORICAL"}
    if "RESOLVED" in found:
        dropped |= {"POSSIBLE_EXISTENCE", "HYPOTHETICAL"}
    if "FAMILY" in found:
        dropped.add("HISTORICAL")
    if {"POSSIBLE_EXISTENCE", "HYPOTHETICAL"} <= found - dropped:
        first = min((m.start if m else -1, category) for category, m in hits if category in _DOUBTS)
        dropped |= _DOUBTS - {first[1]}
    return [hit for hit in hits if hit[0] not in dropped]


def _inside_another(modifier: Modifier, target: Target, targets: list[Target]) -> bool:
    """Whether the cue is part of the name of another finding ("skin warm without lesion"), apart from this one."""
    return any(
        t.start <= modifier.start and modifier.end <= t.end and (t.end <= target.start or target.end <= t.start)
        for t in targets
    )
