"""How much of what a question asks stands in a sentence, by words, their other names and their topics."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from domain.facts import Note
from knowledge_base.words import words_of
from tools.notes.asks import heading_of
from tools.notes.sentences import Sentence
from tools.notes.subjects import Subject
from tools.notes.words import forms_of, written_out

RELATED = 0.75  # what a related word counts ("parrots" for "pets")
_FRAME_WEIGHT = 0.4
_IN_THE_NOTE = 0.8  # what the frame counts where it stands in the note but not in the sentence
_NAMED_IN_THE_NOTE = 0.4  # what a clinical name counts there, for the order of sentences only
_TELLING_HEAD = re.compile(
    r"(?:(?:retino|neuro|nephro|cardiomyo)pathy|(?<!arthr)itis|ectomy|(?<!arthro)plasty|(?<!arthro)scopy)$"
)


def rarities(sentences: Sequence[Sentence]) -> dict[str, float]:
    """How telling a word is in this chart; a word that no sentence has is the most telling of all."""
    counts = Counter(w for s in sentences for w in s.words)
    total = len(sentences)
    return {w: math.log((total + 1.0) / (n + 0.5)) for w, n in counts.items()}


def told_by_note(
    asked: Sequence[Subject], sentences: Sequence[Sentence], notes: Sequence[Note]
) -> dict[str, dict[Subject, float]]:
    """By note: what it tells anywhere of the question's frames and clinical names, and what that counts in each sentence.

    What its title names, each of its sentences is about.
    """
    worth = {a: _IN_THE_NOTE if a.frames else _NAMED_IN_THE_NOTE for a in asked if a.frames or a.names}
    found: dict[str, dict[Subject, float]] = {}
    for thing, value in worth.items():
        for sentence in sentences:
            if thing not in found.get(sentence.note_id, ()) and match(thing, sentence) >= RELATED:
                found.setdefault(sentence.note_id, {})[thing] = value
    titles = {n.id: words_of(written_out(f"{n.title} {heading_of(n.text)}")) for n in notes}
    for thing in asked:
        forms = [thing.own, *map(forms_of, thing.related)]
        for note_id, title in titles.items():
            if any(form and all(_has_word(w, title) for w in form) for form in forms):
                found.setdefault(note_id, {})[thing] = _IN_THE_NOTE
    return found


class Shares(NamedTuple):
    """Which part of what is asked, weighed by rarity, a sentence holds; each from 0 to 1.

    `own`: in the question's own words or another name; `related`: by a word of its topic; `covered`: both, with what the
    note as a whole tells of the question's frame; `ordered`: with what it tells of its clinical names too.
    """

    own: float
    related: float
    covered: float
    ordered: float


def shares(
    asked: Sequence[Subject], sentence: Sentence, rarity: dict[str, float], told: Mapping[Subject, float]
) -> Shares:
    """How much of what is asked stands in a sentence, or counts because its note tells it (`told`).

    A sentence that has the frame of a question alone says nothing of what is asked.
    """
    rarest = max(rarity.values(), default=1.0)
    total = own = related = covered = ordered = 0.0
    speaks = False
    for thing in asked:
        weight = max(0.5, max((rarity.get(w, rarest) for w in thing.own), default=rarest))
        weight *= _FRAME_WEIGHT if thing.frames else 1.0
        found, noted = match(thing, sentence), told.get(thing, 0.0)
        speaks = speaks or (found > 0 and not thing.frames)
        total += weight
        if found == RELATED:
            related += weight
        else:
            own += weight * found
        covered += weight * max(found, noted if thing.frames or noted >= _IN_THE_NOTE else 0.0)
        ordered += weight * max(found, noted)
    if not total:
        return Shares(0.0, 0.0, 0.0, 0.0)
    return Shares(own / total, related / total, covered / total * speaks, ordered / total * speaks)


def names_one(asked: Sequence[Subject], sentence: Sentence) -> bool:
    """Whether a clinical name of the question stands there, or it has none."""
    named = [thing for thing in asked if thing.names]
    return not named or any(match(thing, sentence) >= RELATED for thing in named)


def match(thing: Subject, sentence: Sentence) -> float:
    """How much of a thing stands in a sentence: 1 for its words or another name, less for a word of its topic."""
    as_written = (
        not thing.exact or re.search(rf"\b{re.escape(thing.exact)}\b", sentence.text, re.IGNORECASE) is not None
    )
    if as_written and all(_has_word(w, sentence.words) for w in thing.own):
        return 1.0
    if any(f" {' '.join(name)} " in sentence.stems for name in thing.names):
        return 1.0
    if sentence.label and any(word.startswith(sentence.label) for word in thing.own):
        return 1.0
    if any(_has_related(name, sentence) for name in thing.related):
        return RELATED
    if any(_TELLING_HEAD.search(name[-1]) and name[-1] in sentence.words for name in thing.names):
        return RELATED  # "background retinopathy" for diabetic retinopathy
    part = sum(1 for w in thing.own if _has_word(w, sentence.words)) / len(thing.own) if len(thing.own) > 1 else 0.0
    return 0.5 * part


def _has_word(word: str, words: Collection[str]) -> bool:
    """Whether a word stands there, in another form too: "physio" in "physiotherapy", "referral" beside "referred"."""
    if word in words:
        return True
    if not word.isalpha() or len(word) < 3:
        return False
    doubled = word + word[-1]  # "swim" in "swimming", "stop" in "stopped"
    if doubled in words or f"{doubled}ing" in words:
        return True
    if len(word) < 5:
        return False
    root = word[: min(len(word), max(6, len(word) - 3))]  # not shorter: "cancel" is not in "cancer"
    # "catheter" for "catheterization", too
    return any(w.startswith(root) or (len(w) > 6 and word.startswith(w)) for w in words)


def _has_related(name: str, sentence: Sentence) -> bool:
    words = forms_of(name)
    if not words:
        return f" {name} " in f" {sentence.text.lower()} "
    return words[0] in sentence.words if len(words) == 1 else f" {' '.join(words)} " in sentence.stems
