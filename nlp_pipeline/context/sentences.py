"""What context takes from the layout of a note: its sentences, and what its sections say about them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from nlp_pipeline.layers import chart

if TYPE_CHECKING:
    from nlp_pipeline.context.cues import Cue, CueFinder
    from nlp_pipeline.context.scopes import Marks
    from nlp_pipeline.context.words import Numbers, Words
    from nlp_pipeline.structure.sections import Section

_SECTION_CATEGORY = {
    "past_medical_history": "HISTORICAL",
    "past_surgical_history": "HISTORICAL",
    "family_history": "FAMILY",
    "patient_instructions": "HYPOTHETICAL",
}
_FINDINGS = frozenset({"CONDITION", "SYMPTOM", "PROCEDURE", "TARGET", "DRUG"})
_OPEN = ("no", "not", "without", "denies", "denied", "of", "for", "nor", "hx")
_IN_TITLES = frozenset({"NEGATED_EXISTENCE", "POSSIBLE_EXISTENCE"})  # "Differential diagnosis:"
_LONG_SENTENCE = 60


class SentenceEdges:
    """Where the sentences of a text begin and end for context; a cue at a line end goes on in the next line."""

    def __init__(self, cues: CueFinder) -> None:
        self._open = cues.keys([*_OPEN, *"op?)"])  # words at which a sentence cannot end
        self._after_sign, self._signs = cues.keys("op)"), cues.keys("/-−+")
        (self._question,) = cues.keys("?")

    def of(self, words: Words, sections: ContextSections) -> Numbers:
        """The first word of each sentence, and the number of words."""
        keys, edges = words.keys, [0]
        for cut in words.firsts(words.sentences).tolist():
            if not edges[-1] < cut < len(keys) or cut in sections.joined:
                continue
            if keys[cut - 1] in self._open and cut - edges[-1] < _LONG_SENTENCE and self._goes_on(words, cut):
                continue
            edges.append(cut)
        return np.array([*edges, len(keys)])

    def _goes_on(self, words: Words, cut: int) -> bool:
        """Whether the word before a cut belongs to the text after it."""
        last, before = words.keys[cut - 1], words.keys[cut - 2] if cut > 1 else 0
        if last == self._question:  # "? PE" and "r/o ? PE" are not questions
            joined = cut == 1 or words.gaps[cut - 2]
        elif last in self._after_sign:  # "h/o", "s/p", "(-)"
            joined = before in self._signs
        else:
            joined = True
        return joined and words.doc[words.indices[cut - 1] + 1 : words.indices[cut]].text.count("\n") < 2


class ContextSections:
    """What the sections of a note say about its sentences."""

    def __init__(self, words: Words) -> None:
        self._doc = doc = words.doc
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

    def lets(self, cue: Cue) -> bool:
        """Whether a cue counts where it stands: few do in titles."""
        return cue.start not in self.titles or cue.rule.category in _IN_TITLES

    def categories(self, marks: Marks) -> dict[int, str]:
        """The context categories of targets in whose section every finding has one."""
        if not any(section.category in _SECTION_CATEGORY for section in self._sections):
            return {}
        doc = self._doc
        return {
            index: category
            for index, (start, label) in enumerate(zip(marks.starts.tolist(), marks.labels, strict=True))
            if label in _FINDINGS and (category := self._category(doc[start].idx))
        }

    def _category(self, position: int) -> str:
        """The context category of the section at a character, or nothing."""
        index = bisect_right(self._sections, position, key=lambda section: section.start) - 1
        if index < 0 or position >= self._sections[index].end:
            return ""
        section = self._sections[index]
        if section.title.strip(" :").lower() == "history":  # of the present illness, as in "HISTORY: cough, fever"
            return ""
        return _SECTION_CATEGORY.get(section.category, "")
