"""Scopes of context cues, and the findings that they govern: the part of ConText that needs no medspaCy type."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nlp_pipeline.context.cues import Cue, CueFinder
from nlp_pipeline.context.enumerations import AbsentList
from nlp_pipeline.context.labels import label_of
from nlp_pipeline.context.sentences import ContextSections, SentenceEdges
from nlp_pipeline.context.settling import settled

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

    from nlp_pipeline.context.cues import Found
    from nlp_pipeline.context.rules import ContextPhrase
    from nlp_pipeline.context.words import Words

_LISTED = frozenset({"NEGATED_EXISTENCE", "POSSIBLE_EXISTENCE", "HYPOTHETICAL", "CONDITIONAL"})
_NEAR = 3
_VERBS = ("is", "are", "was", "were", "has", "have", "had", "showed", "shows", "revealed", "demonstrated")
_BY = ("on", "in", "by", "at", "during", "via", "using", "upon", "after", "before")
_STOPPERS = (",", "and", "but", ";", "or")


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
    """Words [low, high), where headings stand between them, their cues, and the terminators among those that matter."""

    low: int
    high: int
    headings: list[int]
    cues: list[Cue]
    ends: list[Cue]


class _Note(NamedTuple):
    """The words and sections of a note, and the words at which terminators may start."""

    words: Words
    sections: ContextSections
    endings: list[int]


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
        (self._comma,) = self.cues.keys(",")
        (self._with,) = self.cues.keys(["with"])
        self._verbs = self.cues.keys(_VERBS)
        self._by = self.cues.keys(_BY)
        self._absent = AbsentList(self.cues)
        (self._open_bracket,), (self._close_bracket,) = map(self.cues.keys, "()")
        self._edges = SentenceEdges(self.cues)
        self.cues.close()

    def judge(self, doc: Doc, spans: Sequence[Span]) -> list[Hits]:
        """For each span the context categories that hold, with the modifier they come from (None: its section)."""
        starts, ends = [span.start for span in spans], [span.end for span in spans]
        marks = Marks(np.array(starts, dtype=int), np.array(ends, dtype=int), [label_of(span) for span in spans])
        judged = self.judge_marks(self.cues.words(doc), marks)
        return [judged.get(place, []) for place in range(len(spans))]

    def judge_marks(self, words: Words, marks: Marks) -> dict[int, Hits]:
        """`judge` for targets given in tokens: by place, of those for which anything holds."""
        judged: dict[int, Hits] = {}
        if not words.keys or not marks.labels:
            return judged
        sections = ContextSections(words)
        edges = self._edges.of(words, sections)
        firsts = words.firsts(marks.starts).clip(max=len(words.keys) - 1)  # the last may be white space
        numbers = edges.searchsorted(firsts, side="right") - 1
        phrases, endings = self.cues.phrases(words, edges, numbers)
        spoken = sections.categories(marks)
        sentences = numbers.tolist()
        members: dict[int, list[int]] = {n: [] for n in (*phrases, *(sentences[place] for place in spoken))}
        for place, number in enumerate(sentences):
            if number in members:
                members[number].append(place)
        note = _Note(words, sections, endings)
        starts, ends, borders = firsts.tolist(), words.firsts(marks.ends).tolist(), edges.tolist()
        for number, places in members.items():
            low, high = borders[number], borders[number + 1]
            found = self.cues.find(words, low, high, phrases.get(number, []), [starts[place] for place in places])
            if found.cues or spoken:
                targets = [Target(starts[i], max(ends[i], starts[i] + 1), marks.labels[i]) for i in places]
                categories = [spoken.get(place, "") for place in places] if spoken else []
                hits = self._judge(note, low, high, found, targets, categories)
                for place, target, own in zip(places, targets, hits, strict=True):
                    if own:
                        judged[place] = settled(own, target) if len(own) > 1 else own
        return judged

    def _judge(
        self, note: _Note, low: int, high: int, found: Found, targets: list[Target], categories: list[str]
    ) -> list[Hits]:
        """What the cues of a sentence say of its targets, and their section, if it gives them a category."""
        judged: list[Hits] = [[] for _ in targets]
        words, sections, _ = note
        cues = [cue for cue in found.cues if sections.lets(cue)] if sections.titles else found.cues
        named = {word for target in targets for word in range(target.start, target.end)}
        reaching = [(cue, reached) for cue in cues if (reached := _reached(cue, low, high, targets, named))]
        speaks = any(categories)
        if not reaching and not speaks:
            return judged
        # Terminators before the first cue that looks ahead end nothing, nor do those behind the last that looks back.
        directions = {cue.rule.direction for cue, _ in reaching}
        begin = reaching[0][0].end if directions == {"FORWARD"} and not speaks else low
        close = reaching[-1][0].start if directions == {"BACKWARD"} and not speaks else high
        endings = note.endings[bisect_left(note.endings, begin) : bisect_left(note.endings, close)]
        ends = [
            cue
            for cue in self.cues.ends(words, low, high, endings, found.covered)
            if (cue.start not in named or not _naming(cue, targets)) and (not sections.titles or sections.lets(cue))
        ]
        sentence = _Sentence(low, high, self.cues.headings(words, low, high) if reaching else [], cues, ends)
        for cue, reached in reaching:
            first, until, last = cue.start, cue.start, cue.end
            if cue.rule.direction != "BACKWARD":
                last = self._forward_cue(words, sentence, cue)
            if cue.rule.direction != "FORWARD":
                first, until = self._backward_cue(words, sentence, cue)
            modifier = Modifier(cue.start, cue.end, cue.rule, first, until, last)
            for place in reached:
                target = targets[place]
                if _governs(modifier, target) and not (
                    target.label == "PROCEDURE" and self._by_means(words, modifier, target)
                ):
                    judged[place].append((cue.rule.category, modifier))
        for hits, target, category in zip(judged, targets, categories, strict=False):
            if category and target.start < self._forward(sentence, low, category + "_SECTION"):
                hits.append((category, None))
        return judged

    def _by_means(self, words: Words, modifier: Modifier, target: Target) -> bool:
        """Whether what is denied was looked for by a test: "no fracture on plain skull films"."""
        if modifier.rule.category != "NEGATED_EXISTENCE":
            return False
        for i in range(target.start - 1, max(modifier.end, target.start - _NEAR - 2), -1):
            if words.keys[i] in self._by:
                return True
            if words.keys[i] in self._stoppers:
                return False
        return False

    def _forward_cue(self, words: Words, sentence: _Sentence, cue: Cue) -> int:
        """Where the scope of a forward cue ends."""
        rule, limit = cue.rule, sentence.high
        if rule.max_scope:
            limit = min(limit, cue.end + rule.max_scope)
        if rule.stop_at:
            limit = self._first_of(words, cue.end, limit, self.cues.words_of[rule.stop_at])
        if sentence.headings:
            limit = next((i for i in sentence.headings if cue.end <= i < limit), limit)
        limit = self._end_of_bracket(words, cue.end, limit)
        verb = self._forward(sentence, cue.end, rule.category, self._has_clause(words, cue))
        if verb < limit:
            limit = self._before_subject(words, sentence, cue, verb, limit)
        for other in sentence.cues:
            if cue.end < other.start < limit and self._new_item(words, cue, other):
                limit = other.start - 1
                break
        if rule.category == "NEGATED_EXISTENCE":
            return self._absent.end(words, sentence.cues, sentence.ends, cue, limit)
        return limit

    def _before_subject(self, words: Words, sentence: _Sentence, cue: Cue, verb: int, limit: int) -> int:
        """The end of a scope at a verb that has a subject of its own: "no mass, and the liver is normal"."""
        if not any(other.start == verb and other.rule.retreats for other in sentence.ends):
            return verb
        if self._attributive(words, sentence, cue):
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

    def _start_of_bracket(self, words: Words, low: int, end: int) -> int:
        """The bracket that opens around a cue and its subject: "fibrosis (stains for S-100 were negative)"."""
        if self._open_bracket not in words.keys[low : end - 1]:
            return low
        depth = 0
        for i in range(end - 1, low - 1, -1):
            key = words.keys[i]
            if key == self._close_bracket:
                depth += 1
            elif key == self._open_bracket:
                depth -= 1
                if depth < 0:
                    return i + 1 if i + 1 < end else low
        return low

    def _attributive(self, words: Words, sentence: _Sentence, cue: Cue) -> bool:
        """Whether a cue describes the subject of the verb after it: "a man with a history of A and B was admitted"."""
        if self._with not in words.keys[max(sentence.low, cue.start - _NEAR) : cue.start]:
            return False
        return self._verbs.isdisjoint(words.keys[sentence.low : cue.start])

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
        if words.keys[cue.end - 1] == self._comma:
            return following != [] and (following[0] in self._pronouns or following[0] in self._articles)
        if following[:1] == [self._comma]:  # "most likely, the patient had aspirated"
            return following[1:] != [] and (following[1] in self._pronouns or following[1] in self._articles)
        return following != [] and following[0] in self._pronouns

    @staticmethod
    def _forward(sentence: _Sentence, start: int, category: str, clause: bool = False) -> int:
        """The first terminator of a category's forward scope at or after a word, past the verb of its own clause."""
        past = -1
        for other in sentence.ends:
            if other.start < start or other.rule.side == "backward":
                continue
            if other.rule.terminates is None:
                if category == "PAST" or category.endswith("_SECTION"):
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
        limit = self._start_of_bracket(words, limit, start)
        if rule.max_scope:
            limit = max(limit, start - rule.max_scope)
        if rule.stop_at:
            stops = self.cues.words_of[rule.stop_at]
            limit = next((i + 1 for i in range(start - 1, limit - 1, -1) if words.keys[i] in stops), limit)
        else:
            limit = self._start_of_list(words, limit, start)
        for other in sentence.ends:
            if not limit < other.end <= start:
                continue
            if other.rule.side == "forward" or (other.rule.side and other.end == start):
                continue  # the verb right before is the cue's own: "has | not been ruled out"
            ends_all = other.rule.terminates is None and rule.category != "PAST"
            if ends_all or rule.category in (other.rule.terminates or ()):
                limit = other.end
        return limit, start

    @staticmethod
    def _subject(sentence: _Sentence, joint: int) -> tuple[int, int] | None:
        """The words before the first verb of the clause that a conjunction goes on with."""
        low = sentence.low
        for other in sentence.ends:
            if other.start >= joint:
                break
            if other.rule.side == "backward" and other.end - other.start == 1:
                return (low, other.start) if other.start > low else None
            if other.rule.terminates is None:
                low = other.end
        return None

    def _start_of_list(self, words: Words, low: int, end: int) -> int:
        """Where the list before a plural verb begins: commas belong to it only if its last item is joined to them."""
        item = next((i + 1 for i in range(end - 1, low - 1, -1) if words.keys[i] == self._comma), low)
        return low if any(words.keys[i] in self._links for i in range(item, end)) else item


def _reached(cue: Cue, low: int, high: int, targets: list[Target], named: set[int]) -> list[int]:
    """The places of the targets that a cue may govern, before it is known how far its scope goes.

    Args:
        cue: The cue.
        low: The first word of its sentence.
        high: The end of its sentence.
        targets: The targets of the sentence.
        named: The words of the targets.
    """
    start, end, rule = cue
    if rule.direction == "BACKWARD":
        high = end
    elif rule.max_scope:
        high = min(high, end + rule.max_scope)
    if rule.direction == "FORWARD":
        low = start
    reached = [
        place
        for place, (first, last, label) in enumerate(targets)
        if (first < high and last > end if first >= start else last > low)
        and (rule.allowed_types is None or label in rule.allowed_types)
        and label not in rule.excluded_types
    ]
    names = _naming(cue, targets) if reached and start in named else []
    if not names:
        return reached
    # What is part of the name of a finding says nothing of this one, or of others ("skin warm without lesion").
    return [
        place
        for place in reached
        if targets[place] not in names
        and all(name.start < targets[place].end and targets[place].start < name.end for name in names)
    ]


def _naming(cue: Cue, targets: list[Target]) -> list[Target]:
    """The targets of which a cue is a part."""
    return [target for target in targets if target.start <= cue.start and cue.end <= target.end]


def _governs(modifier: Modifier, target: Target) -> bool:
    if target.start >= modifier.start:
        return target.start < modifier.high and target.end > modifier.end
    return target.end > modifier.low and target.start < modifier.until
