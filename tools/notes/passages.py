"""The sentences of a patient's notes that speak to a question, ranked by its words, their other names, and its meaning.

A sentence is read with its section title and with chart shorthand written out ("RTC 6 wk" as "return to clinic 6
weeks"); what is quoted of it is always the note's own text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from domain.facts import Frozen, Note
from knowledge_base.word_pieces import Floats, likeness
from knowledge_base.words import words_of
from tools.concepts import tokenize
from tools.notes.asks import asks_of_family, looks_like_answer
from tools.notes.initials import short_names_in, with_initials
from tools.notes.judgement import Signs, judgement
from tools.notes.matching import RELATED, match, rarities, sought
from tools.notes.sentences import Sentence, in_place, sentences_of, without_copies
from tools.notes.signs import notes_told, signs_of
from tools.notes.subjects import Subject, conclusion, what_is_asked
from tools.notes.words import written_out
from tools.times.periods import find_periods

if TYPE_CHECKING:
    from tools.context import ToolContext

# "Two glasses of wine" has a word of the topic of eyesight; where no word is the question's own, the meaning decides.
_OWN_WORDS, _TOPIC_IS_MEANT = 0.15, 0.3
_UNSURE = 0.2  # the most that a sentence about a relative counts
_SHARES = ("covered", "own", "related", "before", "meaning")
_MOST_SENTENCES = (
    480  # of longer charts, those with the question's words and those of the chunks that retrieval brings up
)
_OF_RELATIVE = re.compile(
    r"(?:family history:? |fhx:? )?(?:(?:his|her|the|maternal|paternal|older|younger|twin|\w+['’]s) )*(?:uncle|aunt|mother|father|mom|mum|dad|brother|sister|sibling|cousin"
    r"|grand\w+|son|daughter|half-?(?:brother|sister))s?\b,? (?:also )?(?:was|were|had|has|have|is|are|with|on|died|dx\w*|diagnosed|needed|required|suffered|underwent)\b",
    re.IGNORECASE,
)
_ECHO = 3  # words; "no fever" may well answer "fever?"
_TELLS_NOTHING_MORE = re.compile(r"^[^\d?:]*\.\s*$")  # "Nursing home?" and "Gout:" open what follows
_ASKS_OPENLY = re.compile(r"\W*(?:and\s+|so\s+)?(?:when|why|how|what|where|who|which)\b", re.IGNORECASE)


class Found(Frozen):
    """A sentence with how well it speaks to the question."""

    note_id: str
    start: int
    end: int
    section: str = ""
    score: float  # orders the sentences
    signs: Signs

    @cached_property
    def likelihood(self) -> float:
        """The fitted probability that it answers."""
        return judgement().likelihood(self.signs)

    @property
    def answers(self) -> bool:
        """Whether it is taken to answer, not only to come near."""
        topical = self.signs.own < _OWN_WORDS and self.signs.meaning < _TOPIC_IS_MEANT
        return self.likelihood >= judgement().answers and not topical

    @property
    def is_near(self) -> bool:
        """Whether it may be shown as the nearest there is."""
        return self.likelihood >= judgement().near

    @property
    def is_near_by_name(self) -> bool:
        """Whether it may be shown beside an answer: it holds the name that the question is about, or comes closer."""
        return self.is_near and (self.signs.names_it or self.likelihood >= judgement().close)


def rank_sentences(ctx: ToolContext, question: str, notes: Sequence[Note], about: str = "") -> list[Found]:
    """The sentences of these notes by how well they speak to a question, best first; the newest first among equals.

    With words `about`, only sentences that hold one of them, or what means the same.
    """
    if not notes or not question.strip():
        return []
    by_id = {n.id: n.text for n in notes}
    used = short_names_in(notes)
    asked = with_initials(question, what_is_asked(question, ctx.lexicon), used, by_id.values())
    asked = _without_the_patient(ctx, asked)
    sentences = _within_reach(ctx, question, asked, notes)
    if not sentences:
        return []
    rarity = rarities(sentences)
    things = [sought(thing, rarity) for thing in asked]
    form = looks_like_answer(question)
    meaning, by_piece = _meanings(ctx, question, sentences, notes)
    is_named = any(thing.names for thing in asked) and not asks_of_family(question)
    of_others = [n for n, s in enumerate(sentences) if is_named and _OF_RELATIVE.match(by_id[s.note_id], s.start)]
    signs = signs_of(
        question, things, sentences, notes, meaning, by_piece, form, find_periods(question, ctx.as_of), of_others
    )
    keep = [n for n, s in enumerate(sentences) if not _echoes(by_id[s.note_id][s.start : s.end], question)]
    if about:
        wanted = [sought(thing, rarity) for thing in what_is_asked(about, ctx.lexicon)]
        keep = [n for n in keep if any(match(thing, sentences[n]) > 0 for thing in wanted)]
    if asked and asked[-1] == conclusion():  # "what did dermatology say": nothing, where no note is theirs
        theirs = notes_told(things, sentences, notes)
        keep = [n for n in keep if sentences[n].note_id in theirs]
    found = []
    for n in keep:
        s, sign = sentences[n], signs[n]
        if n in of_others:
            # What a relative had answers no question about the patient.
            sign = sign._replace(**{name: min(getattr(sign, name), _UNSURE) for name in _SHARES})
        score = judgement().score(sign) + 1e-4 * n / len(sentences)
        found.append(Found(note_id=s.note_id, start=s.start, end=s.end, section=s.section, score=score, signs=sign))
    return sorted(found, key=lambda f: f.score, reverse=True)


def _without_the_patient(ctx: ToolContext, asked: Sequence[Subject]) -> list[Subject]:
    """What is asked without the patient's own name, which every note has."""
    patient = ctx.chart.patient
    name = {*words_of(f"{patient.given} {patient.family}")}
    return [thing for thing in asked if not name.issuperset(thing.own)]


def _meanings(
    ctx: ToolContext, question: str, sentences: Sequence[Sentence], notes: Sequence[Note]
) -> tuple[Floats, Floats]:
    """How near each sentence comes to the question, as a whole and piece by piece; zeros without an index.

    What is known of the sentences is kept from when their notes were read.
    """
    if ctx.index is None:
        return np.zeros(len(sentences), np.float32), np.zeros(len(sentences), np.float32)
    by_id = {note.id: note for note in notes}
    details = ctx.index.in_detail(ctx.patient_id, [(s.note_id, in_place(by_id[s.note_id], s)) for s in sentences])
    asked = ctx.index.embedder.in_detail([written_out(question)])[0]
    return np.stack([d.vector for d in details]) @ asked.vector, likeness(asked, details)


def _echoes(sentence: str, question: str) -> bool:
    """Whether a sentence has no word but the question's own: it repeats what is asked and tells nothing."""
    words = {t.norm for t in tokenize(sentence)}
    told = len(words) <= _ECHO and (_ASKS_OPENLY.match(question) is None or not _TELLS_NOTHING_MORE.search(sentence))
    return not told and words <= {t.norm for t in tokenize(question)}


def _within_reach(ctx: ToolContext, question: str, asked: Sequence[Subject], notes: Sequence[Note]) -> list[Sentence]:
    """The sentences to rank, oldest note first: all of most charts, else those with its words and those that retrieval finds."""
    # By the text as it is given, of which what addresses software is blanked out.
    by_note: dict[str, list[Sentence]] = ctx.store.derived(ctx.patient_id, "note_sentences", dict)
    for note in notes:
        if note.id not in by_note:
            by_note[note.id] = sentences_of(note)
    everything = without_copies([s for n in notes for s in by_note[n.id]])
    if len(everything) <= _MOST_SENTENCES:
        return everything
    from knowledge_base.retrieval import search_notes as retrieve

    related = sorted({w for a in asked for w in a.related})[:40]
    places: dict[str, list[tuple[int, int]]] = {}
    for query in dict.fromkeys((question, " ".join([question, *related]))):
        for p in retrieve(ctx.store, ctx.index, ctx.patient_id, query, as_of=ctx.as_of, k=24):
            places.setdefault(p.note_id, []).append((p.context_start, p.context_end))
    near = [s for s in everything if any(a <= s.start and s.end <= b for a, b in places.get(s.note_id, ()))]
    # What has the words or their like is in reach wherever it stands; of many, what has most of them, the newest first.
    rarity = rarities(everything)
    things = [sought(thing, rarity) for thing in asked]
    held = {i: h for i, s in enumerate(everything) if (h := sum(m for a in things if (m := match(a, s)) >= RELATED))}
    best = {everything[i] for i in sorted(held, key=lambda i: (held[i], i), reverse=True)[: _MOST_SENTENCES // 2]}
    chosen = best | set(near[-(_MOST_SENTENCES // 2) :])
    return [s for s in everything if s in chosen]
