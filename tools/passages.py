"""The sentences of a patient's notes that speak to a question, ranked by its words, their other names, and its meaning.

A sentence is read with its section title and with chart shorthand written out ("RTC 6 wk" as "return to clinic 6
weeks"); what is quoted of it is always the note's own text.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from domain.facts import Frozen, Note
from knowledge_base.words import STOP_WORDS, stem, words_of
from tools.concepts import tokenize

if TYPE_CHECKING:
    from tools.concepts import Lexicon
    from tools.context import ToolContext

# Chosen on the tuning half of the agents' questions: gold sentences against the best sentence of unanswerable ones.
_ANSWERS = 0.60  # share of what was asked, by weight, that stands in a sentence taken to answer
_ANSWERS_IN_MEANING = 0.52  # cosine at which a sentence answers without sharing the words
_NEAREST = 0.26  # joint score at which a sentence is worth showing as the nearest there is
_NEAR_WITHOUT_NAME = 0.36  # cosine at which it may be shown though none of the question's clinical names stands in it
_COVERED_WITHOUT_NAME = 0.45
_WORDS, _MEANING = 0.5, 0.5
_RELATED = 0.75  # what a related word counts ("parrots" for "pets")
_MOST_SENTENCES = 160  # read by meaning; of longer charts, those of the chunks that retrieval brings up
# Words of a question about notes that name neither its subject nor what is asked of it.
_TALK = frozenset(
    "accord according anywhere ask asked check clinic clinician comment commented describe described detail doctor document entry exactly find found give gave "
    "go got happen have history hx info information know latest last look mean mr mrs ms much many most notes offer ok one per physician present problem quote read reading "
    "recent regard regarding report reported see seen seem show showed still take talk tell thing today told trouble use used visit want wanted word words write "
    "wrote written yet you long often ever actually really please pls currently now right exact medical recorded mention mentioned said say says "
    "isnt arent wasnt werent doesnt dont didnt hasnt havent hadnt cant couldnt wont wouldnt shouldnt whats wheres whos hes shes theyre thats theres ive im come how far big tall deep bad after before during following upon".split()
)
# Words for the kind of a statement, which the statement itself seldom holds: "No driving 1 week" is advice.
_KINDS = frozenset(
    stem(w)
    for w in "advice instruction instructions guidance recommendation recommendations plan planned planning reason reasons explanation "
    "level type kind amount finding findings status situation opinion impression details history issue issues".split()
)


_FRAMES = re.compile(
    r"\b(?:after|since|during|following|before|post|at|on|upon|until)\s+(?:(?:the|his|her|their|its|a|an|that|this|last|first|starting|stopping"
    r"|getting|having|left|right|total)\s+)*$"
)
_DIED = re.compile(r"\b[dD]\. (?=(?:at |age |aged |in )*\d{2})")  # "brother pancreatic ca d. 58"
_ECHO = 3  # words; "no fever" may well answer "fever?"
_FRAME_WEIGHT = 0.4
_IN_THE_NOTE = 0.8  # what the frame counts where it stands in the note but not in the sentence
_NAMED_IN_THE_NOTE = 0.4  # what a clinical name counts there, for the order of sentences only


class Sentence(NamedTuple):
    """A sentence of a note: where it stands, what it is read as, and its words."""

    note_id: str
    start: int
    end: int
    section: str
    text: str  # with its section and with shorthand written out
    words: frozenset[str]
    stems: str  # the words in order, for names of several words


class Found(Frozen):
    """A sentence with how well it speaks to the question."""

    note_id: str
    start: int
    end: int
    section: str = ""
    score: float
    covered: float  # share of what was asked that stands in it
    similarity: float
    names_it: bool = True  # holds a clinical name of the question, where it has any

    @property
    def answers(self) -> bool:
        """Whether it is taken to answer, not only to come near."""
        return self.covered >= _ANSWERS or self.similarity >= _ANSWERS_IN_MEANING

    @property
    def is_near(self) -> bool:
        """Whether it may be shown as the nearest there is."""
        return self.score >= _NEAREST

    @property
    def is_near_by_name(self) -> bool:
        """Whether it may be shown beside an answer: it holds the name that the question is about, or comes closer."""
        close = self.similarity >= _NEAR_WITHOUT_NAME or self.covered >= _COVERED_WITHOUT_NAME
        return self.is_near and (self.names_it or close)


class _Asked(NamedTuple):
    """One thing a question asks about: its own words, and words and names that mean the same or belong to it."""

    own: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]  # other names of a clinical thing: all their words must stand there
    related: tuple[str, ...]
    frames: bool = False  # says when or at what ("after the pacemaker"), which the note as a whole may tell


def rank_sentences(ctx: ToolContext, question: str, notes: Sequence[Note], about: str = "") -> list[Found]:
    """The sentences of these notes by how well they speak to a question, best first; the newest first among equals.

    With words `about`, only sentences that hold one of them, or what means the same.
    """
    asked = what_is_asked(question, ctx.lexicon)
    if not notes or not question.strip():
        return []
    by_id = {n.id: n.text for n in notes}
    sentences = [
        s for s in _within_reach(ctx, question, notes) if not _echoes(by_id[s.note_id][s.start : s.end], question)
    ]
    named = [_names_one(asked, s) for s in sentences]
    # A telegraphic note names its matter once: what follows the name is about it too.
    goes_on = [
        n or (i > 0 and named[i - 1] and sentences[i - 1].note_id == s.note_id)
        for i, (n, s) in enumerate(zip(named, sentences, strict=True))
    ]
    about_it = {(s.note_id, s.start) for s, n in zip(sentences, goes_on, strict=True) if n}
    if about:
        wanted = what_is_asked(about, ctx.lexicon)
        sentences = [s for s in sentences if any(_match(thing, s) >= _RELATED for thing in wanted)]
    if not sentences:
        return []
    rarity = _rarities(sentences)
    framed = _told_by_note(asked, sentences, notes)
    covered = [_coverage(asked, s, rarity, framed.get(s.note_id, {}), frames_only=True) for s in sentences]
    ordered = [_coverage(asked, s, rarity, framed.get(s.note_id, {})) for s in sentences]
    meaning = [0.0] * len(sentences)
    if ctx.index is not None:
        vectors = ctx.index.embedder.embed([written_out(question), *(s.text for s in sentences)])
        meaning = [float(v) for v in vectors[1:] @ vectors[0]]
    found = [
        Found(
            note_id=s.note_id, start=s.start, end=s.end, section=s.section, covered=c, similarity=m,
            names_it=(s.note_id, s.start) in about_it,
            score=_WORDS * o + _MEANING * max(0.0, m) + 1e-4 * place / len(sentences),
        )
        for place, (s, c, o, m) in enumerate(zip(sentences, covered, ordered, meaning, strict=True))
    ]  # fmt: skip
    return sorted(found, key=lambda f: f.score, reverse=True)


def _echoes(sentence: str, question: str) -> bool:
    """Whether a sentence has no word but the question's own: it repeats what is asked and tells nothing."""
    words = {t.norm for t in tokenize(sentence)}
    return len(words) > _ECHO and words <= {t.norm for t in tokenize(question)}


# --- what is asked ---------------------------------------------------------------------------------------------------


def what_is_asked(question: str, lexicon: Lexicon) -> list[_Asked]:
    """The things a question about notes asks for; words that only frame it are left out."""
    text = question.lower()
    asked, taken = [], []
    for mention in lexicon.find_mentions(text):
        words = words_of(mention.text)
        own = tuple(w for w in words if w not in _KINDS) or tuple(words)
        if not own or set(own) <= _TALK:
            continue
        names = {tuple(words_of(name)) for target in mention.targets for name in _names_of(target, lexicon)} - {own, ()}
        asked.append(
            _Asked(
                own,
                tuple(sorted(names)),
                tuple(dict.fromkeys((*_related(mention.text), *_related(" ".join(own))))),
                _is_frame(text, mention.start),
            )
        )
        taken.append((mention.start, mention.end))
    for phrase, start, end in _topical_phrases(text):
        if not any(s < end and start < e for s, e in taken):
            own = tuple(words_of(phrase)) or (phrase,)
            asked.append(_Asked(own, (), tuple(_related(phrase)), _is_frame(text, start)))
            taken.append((start, end))
    for token in tokenize(text):
        word = stem(token.norm)
        if any(s <= token.start < e for s, e in taken) or token.norm in STOP_WORDS or {word, token.norm} & _TALK:
            continue
        if len(word) > 1 and not any(word in a.own for a in asked):
            written = _short_forms().get(token.norm, "")
            related = (*_related(token.norm), *([written] if written else []))
            asked.append(_Asked((word,), (), related, word in _KINDS or _is_frame(text, token.start)))
    return [a._replace(frames=False) for a in asked] if all(a.frames for a in asked) else asked


def _is_frame(text: str, start: int) -> bool:
    """Whether what stands at a place of a question is when or at what something was: "after the pacemaker", "on admission"."""
    return _FRAMES.search(text[:start]) is not None


def _names_of(target: object, lexicon: Lexicon) -> Iterable[str]:
    kind, identity = getattr(target, "kind", ""), getattr(target, "id", "")
    ids: Collection[str] = getattr(target, "ids", frozenset()) or {identity}
    wanted = "medication" if kind == "drug_class" else kind
    for one in list(ids)[:40]:
        concept = lexicon.vocabulary.get(wanted, one)
        if concept is not None:
            yield concept.label
            yield from concept.surfaces[:12]


@lru_cache(maxsize=1)
def _topics() -> tuple[tuple[str, ...], ...]:
    loaded = json.loads(resources.files("tools").joinpath("data/note_topics.json").read_text(encoding="utf-8"))
    return tuple(tuple(topic) for topic in loaded)


@lru_cache(maxsize=1)
def _topics_by_name() -> dict[str, tuple[int, ...]]:
    """Each word or phrase of the topics, as written and evened out, with the topics that hold it."""
    places: dict[str, set[int]] = {}
    for number, topic in enumerate(_topics()):
        for name in topic:
            for form in {name, " ".join(words_of(name))} - {""}:
                places.setdefault(form, set()).add(number)
    return {name: tuple(sorted(numbers)) for name, numbers in places.items()}


@lru_cache(maxsize=4096)
def _related(name: str) -> tuple[str, ...]:
    by_name = _topics_by_name()
    numbers = set(by_name.get(name, ())) | set(by_name.get(" ".join(words_of(name)), ()))
    return tuple(sorted({other for number in numbers for other in _topics()[number]} - {name}))


@lru_cache(maxsize=1)
def _topic_phrases() -> re.Pattern[str]:
    phrases = sorted({n for topic in _topics() for n in topic if " " in n or "-" in n}, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, phrases)) + r")\b")


def _topical_phrases(text: str) -> list[tuple[str, int, int]]:
    return [(m[0], m.start(), m.end()) for m in _topic_phrases().finditer(text)]


# --- sentences -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _short_forms() -> dict[str, str]:
    loaded: dict[str, str] = json.loads(
        resources.files("tools").joinpath("data/note_short_forms.json").read_text(encoding="utf-8")
    )
    return loaded


@lru_cache(maxsize=1)
def _short_form() -> re.Pattern[str]:
    forms = sorted(_short_forms(), key=len, reverse=True)
    return re.compile(r"(?<![\w/&-])(?:" + "|".join(map(re.escape, forms)) + r")(?![\w/&-])", re.IGNORECASE)


def written_out(text: str) -> str:
    """A text with chart shorthand beside what it stands for: "RTC (return to clinic, come back)"."""
    text = _DIED.sub(r"\g<0>(died) ", " ".join(text.split()))
    return _short_form().sub(lambda m: f"{m[0]} ({_short_forms()[m[0].lower()]})", text)


def _sentences(note: Note) -> list[Sentence]:
    from knowledge_base.chunking import chunk_note

    found = []
    for chunk in chunk_note(note.text):
        for start, end in chunk.sentences:
            said = note.text[start:end]
            if not _says_something(said, chunk.section):
                continue
            text = written_out(said)
            words = words_of(f"{written_out(chunk.section)} {text}")
            title = chunk.section.strip(" #:*")
            read = f"{title}: {text}" if title and not said.lower().startswith(title.lower()) else text
            found.append(Sentence(note.id, start, end, chunk.section, read, frozenset(words), f" {' '.join(words)} "))
    return found


def _says_something(sentence: str, section: str) -> bool:
    """Whether a sentence is more than a date, a bullet or a heading; under a heading, numbers alone say something."""
    bare = sentence.strip(" #-*\n\t:")
    letters = re.search(r"[A-Za-z]{3}|[A-Za-z]{2}.*\d", bare) or (section.strip(" #:*") and re.search(r"\d\D+\d", bare))
    return len(bare) > 3 and bool(letters) and not sentence.lstrip().startswith("#")


def _within_reach(ctx: ToolContext, question: str, notes: Sequence[Note]) -> list[Sentence]:
    """The sentences to rank, oldest note first: all of a short chart, else those of the chunks that retrieval finds."""
    # By the text as it is given, of which what addresses software is blanked out.
    by_note: dict[str, list[Sentence]] = ctx.store.derived(ctx.patient_id, "note_sentences", dict)
    for note in notes:
        if note.id not in by_note:
            by_note[note.id] = _sentences(note)
    everything = [s for n in notes for s in by_note[n.id]]
    if len(everything) <= _MOST_SENTENCES:
        return _without_copies(everything)
    from knowledge_base.retrieval import search_notes as retrieve

    asked = what_is_asked(question, ctx.lexicon)
    related = sorted({w for a in asked for w in a.related})[:40]
    places: dict[str, list[tuple[int, int]]] = {}
    for query in dict.fromkeys((question, " ".join([question, *related]))):
        for p in retrieve(ctx.store, ctx.index, ctx.patient_id, query, as_of=ctx.as_of, k=24):
            places.setdefault(p.note_id, []).append((p.context_start, p.context_end))
    once = _without_copies(everything)
    near = [s for s in once if any(a <= s.start and s.end <= b for a, b in places.get(s.note_id, ()))]
    # What has the words or their like is in reach wherever it stands; of many, what has most of them, the newest first.
    held = {i: h for i, s in enumerate(once) if (h := sum(m for a in asked if (m := _match(a, s)) >= _RELATED))}
    best = {once[i] for i in sorted(held, key=lambda i: (held[i], i), reverse=True)[: _MOST_SENTENCES // 2]}
    chosen = best | set(near[-(_MOST_SENTENCES // 2) :])
    return [s for s in once if s in chosen]


def _without_copies(sentences: list[Sentence]) -> list[Sentence]:
    """Text copied forward counts once, from its latest note."""
    last = {s.text.lower(): s for s in sentences}
    return [s for s in sentences if last[s.text.lower()] is s]


# --- scoring ---------------------------------------------------------------------------------------------------------


def _rarities(sentences: Sequence[Sentence]) -> dict[str, float]:
    """How telling a word is in this chart; a word that no sentence has is the most telling of all."""
    counts = Counter(w for s in sentences for w in s.words)
    total = len(sentences)
    return {w: math.log((total + 1.0) / (n + 0.5)) for w, n in counts.items()}


def _told_by_note(
    asked: Sequence[_Asked], sentences: Sequence[Sentence], notes: Sequence[Note]
) -> dict[str, dict[_Asked, float]]:
    """By note: what it tells anywhere of the question's frames and clinical names, and what that counts in each sentence."""
    worth = {a: _IN_THE_NOTE if a.frames else _NAMED_IN_THE_NOTE for a in asked if a.frames or a.names}
    found: dict[str, dict[_Asked, float]] = {}
    for thing, value in worth.items():
        for sentence in sentences:
            if thing not in found.get(sentence.note_id, ()) and _match(thing, sentence) >= _RELATED:
                found.setdefault(sentence.note_id, {})[thing] = value
        for note in notes:
            if any(word in words_of(note.title) for word in thing.own):
                found.setdefault(note.id, {})[thing] = value
    return found


def _coverage(
    asked: Sequence[_Asked],
    sentence: Sentence,
    rarity: dict[str, float],
    told: Mapping[_Asked, float],
    frames_only: bool = False,
) -> float:
    """The share of what is asked, weighed by rarity, that stands in the sentence, or counts because its note tells it.

    A sentence that has the frame of a question alone says nothing of what is asked.
    """
    if not asked:
        return 0.0
    rarest = max(rarity.values(), default=1.0)
    total = held = 0.0
    speaks = False
    for thing in asked:
        weight = max(0.5, max((rarity.get(w, rarest) for w in thing.own), default=rarest))
        weight *= _FRAME_WEIGHT if thing.frames else 1.0
        match = _match(thing, sentence)
        speaks = speaks or (match > 0 and not thing.frames)
        total += weight
        held += weight * max(match, 0.0 if frames_only and not thing.frames else told.get(thing, 0.0))
    return held / total if speaks else 0.0


def _names_one(asked: Sequence[_Asked], sentence: Sentence) -> bool:
    """Whether a clinical name of the question stands there, or it has none."""
    named = [thing for thing in asked if thing.names]
    return not named or any(_match(thing, sentence) >= _RELATED for thing in named)


def _match(thing: _Asked, sentence: Sentence) -> float:
    if all(_has_word(w, sentence.words) for w in thing.own):
        return 1.0
    if any(f" {' '.join(name)} " in sentence.stems for name in thing.names):
        return 1.0
    if any(_has_related(name, sentence) for name in thing.related):
        return _RELATED
    part = sum(1 for w in thing.own if _has_word(w, sentence.words)) / len(thing.own) if len(thing.own) > 1 else 0.0
    return 0.5 * part


def _has_word(word: str, words: Collection[str]) -> bool:
    """Whether a word stands there, in another form too: "physio" in "physiotherapy", "referral" beside "referred"."""
    if word in words:
        return True
    if len(word) < 5 or not word.isalpha():
        return False
    root = word[: max(5, len(word) - 3)]
    return any(w.startswith(root) for w in words)


@lru_cache(maxsize=8192)
def _forms(name: str) -> tuple[str, ...]:
    return tuple(words_of(name))


def _has_related(name: str, sentence: Sentence) -> bool:
    words = _forms(name)
    if not words:
        return f" {name} " in f" {sentence.text.lower()} "
    return words[0] in sentence.words if len(words) == 1 else f" {' '.join(words)} " in sentence.stems
