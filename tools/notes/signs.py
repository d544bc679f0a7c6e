"""What speaks for each sentence of some notes as the answer to a question, as numbers that a judgement weighs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from domain.facts import Note
from knowledge_base.words import words_of
from tools.notes.asks import (
    asks_for_words,
    asks_latest,
    asks_of_family,
    asks_of_plan,
    asks_why_not,
    denies,
    heading_of,
    is_of_plan,
)
from tools.notes.judgement import Signs
from tools.notes.matching import ALIKE, RELATED, Sought, match
from tools.notes.sentences import Sentence, as_sentence
from tools.notes.subjects import QUOTED
from tools.notes.words import forms_of, is_everyday, written_out
from tools.times.periods import Period

_FRAME_WEIGHT = 0.4
_EVERYDAY_WEIGHT = 0.6  # "stopped" tells less than what was stopped
_BACK, _FADES = 3, 0.7  # sentences before it that a sentence goes on from, and what each step further counts
_AT_LINE_END = 0.7  # what the line before counts, of the sentence before
_IN_THE_TITLE = 0.8
_MUCH = 8.0  # words beyond the question's
_CORRECTS = re.compile(
    r"\b(?:moved|re-?booked|re-?scheduled|postponed|changed|correct(?:ion|ed)|wrong|mistake|in error|superseded|instead|no longer|addendum|now|NOT)\b"
)
_OF_KIN = re.compile(
    r"\W*(?:(?:his|her|the|ex-?|maternal|paternal)\s*)?(?:wife|husband|partner|son|daughter|mother|father|mum|mom|dad|brother|sister|aunt|uncle|niece|nephew)\b(?!:)",
    re.IGNORECASE,
)
Array = npt.NDArray[np.float64]


def signs_of(
    question: str,
    asked: Sequence[Sought],
    sentences: Sequence[Sentence],
    notes: Sequence[Note],
    meaning: npt.NDArray[np.float32],
    likeness: npt.NDArray[np.float32],
    form: re.Pattern[str] | None,
    periods: Sequence[Period],
    of_others: Sequence[int] = (),
) -> list[Signs]:
    """The signs of each sentence, in the order given: sentences of a note stand together, oldest note first.

    Args:
        question: as it was asked.
        asked: what it asks for.
        sentences: of which the signs are taken.
        notes: of which they are, oldest first.
        meaning: how near each sentence comes to the question as a whole, shape (n,).
        likeness: how near it comes word piece by word piece, shape (n,).
        form: what an answer of the kind asked for looks like.
        periods: the times that it names.
        of_others: which of the sentences are about a relative: what stands there is said of nobody else.
    """
    held = np.array([[match(thing, s) for s in sentences] for thing in asked]).reshape(len(asked), len(sentences))
    weights = _weights(asked, held)
    framed = np.array([thing.thing.frames for thing in asked], dtype=bool)
    of_name = np.array([bool(thing.thing.names) for thing in asked], dtype=float)
    own = np.where((held == RELATED) | (held == ALIKE), 0.0, held)
    alike = np.where(held == ALIKE, 1.0, 0.0)
    related = np.where(held == RELATED, 1.0, 0.0)
    places = _places(sentences)
    of_patient = held.copy()
    of_patient[:, list(of_others)] = 0.0
    before = _before(of_patient, sentences)
    in_note = _in_note(of_patient, places)
    in_title = _in_title(asked, notes, places, sentences)
    set_in = np.maximum(in_note, in_title)[framed]
    occasion = set_in.mean(axis=0) if framed.any() else np.zeros(len(sentences))
    of_plan, quoted = asks_of_plan(question), asks_for_words(question.lower())
    speaks = (held[~framed] > 0).any(axis=0) if not framed.all() else (held > 0).any(axis=0)
    named = _named(asked, of_patient, sentences)
    heads = _told_by(asked, [s.section for s in sentences])
    labels = _told_by(asked, [s.topic for s in sentences])
    of_family = asks_of_family(question)
    order = {note.id: n / max(1, len(notes) - 1) for n, note in enumerate(notes)}
    dated = {note.id for note in notes if any(period.contains(note.time) for period in periods)}
    wanted = asks_latest(question)
    negated = asks_why_not(question)
    words = set(words_of(question))
    found = []
    for n, s in enumerate(sentences):
        covered = float(weights @ held[:, n]) * bool(speaks[n])
        has_form = form is not None and form.search(s.text) is not None
        found.append(
            Signs(
                covered=covered,
                own=float(weights @ own[:, n]),
                alike=float(weights @ alike[:, n]),
                related=float(weights @ related[:, n]),
                labelled=float(weights @ labels[:, n]),
                headed=float(weights @ np.maximum(0.0, heads[:, n] - held[:, n])),
                before=float(weights @ np.maximum(0.0, before[:, n] - held[:, n])),
                noted=float(weights @ np.maximum(0.0, in_note[:, n] - held[:, n])),
                noted_name=float((weights * of_name) @ np.maximum(0.0, in_note[:, n] - held[:, n])),
                titled=float(weights @ np.maximum(0.0, in_title[:, n] - held[:, n])),
                meaning=float(meaning[n]),
                likeness=float(likeness[n]),
                names_it=bool(named[n]),
                has_form=has_form,
                lacks_form=form is not None and not has_form,
                adds=min(len(s.words - words), _MUCH) / _MUCH,
                opens=s.opens,
                is_copied=s.is_copied,
                denies_too=negated and denies(s.text),
                later=wanted * order.get(s.note_id, 0.0) * covered,
                corrects=_CORRECTS.search(s.text) is not None,
                of_kin=not of_family and _OF_KIN.match(s.text) is not None,
                dated=s.note_id in dated,
                set_in=float(occasion[n]),
                planned=of_plan and is_of_plan(s.section, s.text[len(s.section) :] if s.section else s.text),
                quotes=quoted and QUOTED in s.words,
            )
        )
    return found


def notes_told(asked: Sequence[Sought], sentences: Sequence[Sentence], notes: Sequence[Note]) -> set[str]:
    """The notes that tell anywhere, or in their title, what frames a question: whose they are, or after what."""
    frames = [one for one in asked if one.thing.frames]
    places = _places(sentences)
    titled = _in_title(frames, notes, places, sentences)
    by_word = {s.note_id for s in sentences if any(match(one, s) >= RELATED for one in frames)}
    return by_word | {s.note_id for n, s in enumerate(sentences) if frames and titled[:, n].max() > 0}


def _weights(asked: Sequence[Sought], held: Array) -> Array:
    """What each thing counts, by how few sentences of this chart hold it; together 1."""
    total = held.shape[1]
    counts = (held >= RELATED).sum(axis=1)
    rare = [
        max(0.5, float(np.log((total + 1.0) / (count + 0.5))))
        * (_FRAME_WEIGHT if one.thing.frames else 1.0)
        * (_EVERYDAY_WEIGHT if not one.thing.names and all(map(is_everyday, one.thing.own)) else 1.0)
        for one, count in zip(asked, counts, strict=True)
    ]
    return np.array(rare) / sum(rare)


def _places(sentences: Sequence[Sentence]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for n, s in enumerate(sentences):
        places.setdefault(s.note_id, []).append(n)
    return places


def _before(held: Array, sentences: Sequence[Sentence]) -> Array:
    """What the sentences just before each tell, within its paragraph: telegraphic notes name their matter once."""
    found = np.zeros_like(held)
    for n in range(1, len(sentences)):
        counts = 1.0
        for back in range(n - 1, max(-1, n - 1 - _BACK), -1):
            after = sentences[back + 1]
            if after.note_id != sentences[back].note_id or after.gap > 1:
                break
            counts *= _AT_LINE_END if after.gap else 1.0
            found[:, n] = np.maximum(found[:, n], counts * held[:, back])
            counts *= _FADES
    return found


def _in_note(held: Array, places: dict[str, list[int]]) -> Array:
    found = np.zeros_like(held)
    for inside in places.values():
        found[:, inside] = held[:, inside].max(axis=1, keepdims=True)
    return found


def _in_title(
    asked: Sequence[Sought], notes: Sequence[Note], places: dict[str, list[int]], sentences: Sequence[Sentence]
) -> Array:
    """What the title, the kind and the author of each sentence's note tell: what it names, each of its sentences is about."""
    found = np.zeros((len(asked), len(sentences)))
    for note in notes:
        inside = places.get(note.id, [])
        if not inside:
            continue
        title = {*words_of(written_out(f"{note.title} {note.note_type} {heading_of(note.text)} {note.author}"))}
        for row, one in enumerate(asked):
            named = all(
                not forms.isdisjoint(title) or w in title for forms, w in zip(one.own, one.thing.own, strict=True)
            )
            related = any(
                form and title.issuperset(form) for form in map(forms_of, (*one.thing.related, *one.thing.alike))
            )
            found[row, inside] = _IN_THE_TITLE if named or related else 0.0
    return found


def _named(asked: Sequence[Sought], held: Array, sentences: Sequence[Sentence]) -> list[bool]:
    """Whether a clinical name of the question stands in a sentence or in the one before it, or the question has none."""
    rows = [n for n, one in enumerate(asked) if one.thing.names]
    if not rows:
        return [True] * len(sentences)
    here = (held[rows] >= RELATED).any(axis=0)
    return [
        bool(here[n] or (n > 0 and here[n - 1] and sentences[n - 1].note_id == s.note_id))
        for n, s in enumerate(sentences)
    ]


def _told_by(asked: Sequence[Sought], titles: Sequence[str]) -> Array:
    """What the heading or label of each sentence tells."""
    read = {title: as_sentence(title) for title in set(titles)}
    told = {title: [match(one, sentence) if title else 0.0 for one in asked] for title, sentence in read.items()}
    return np.array([told[title] for title in titles]).T.reshape(len(asked), len(titles))
