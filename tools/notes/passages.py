"""The sentences of a patient's notes that speak to a question, ranked by its words, their other names, and its meaning.

A sentence is read with its section title and with chart shorthand written out ("RTC 6 wk" as "return to clinic 6
weeks"); what is quoted of it is always the note's own text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from domain.errors import StoreUnavailable
from domain.facts import Frozen, Note
from tools.concepts import tokenize
from tools.notes.asks import looks_like_answer
from tools.notes.judgement import Signs, judgement
from tools.notes.matching import RELATED, Shares, match, names_one, rarities, shares, told_by_note
from tools.notes.sentences import Sentence, sentences_of, without_copies
from tools.notes.subjects import conclusion, what_is_asked
from tools.notes.words import written_out

if TYPE_CHECKING:
    from tools.context import ToolContext

_WORDS, _MEANING = 0.5, 0.5
# "Two glasses of wine" has a word of the topic of eyesight; where no word is the question's own, the meaning decides.
_OWN_WORDS, _TOPIC_IS_MEANT = 0.05, 0.2
_UNSURE = 0.2  # the most that a sentence about a relative counts
_READ_BY_MEANING, _NEAR_CHUNKS = 64, 16
_RIGHT_FORM = 0.06  # for a time where "when" is asked, a cause where "why" is: orders sentences that come equally near
_MOST_SENTENCES = 160  # read by meaning; of longer charts, those of the chunks that retrieval brings up
_OF_RELATIVE = re.compile(
    r"(?:family history:? |fhx:? )?(?:(?:his|her|the|maternal|paternal|older|younger|twin|\w+['’]s) )*(?:uncle|aunt|mother|father|mom|mum|dad|brother|sister|sibling|cousin"
    r"|grand\w+|son|daughter|half-?(?:brother|sister))s?\b,? (?:also )?(?:was|were|had|has|have|is|are|with|on|died|dx\w*|diagnosed|needed|required|suffered|underwent)\b",
    re.IGNORECASE,
)
_ASKS_OF_FAMILY = re.compile(
    r"\bfam(?:il\w*)?\b|\bfhx?\b|\bhereditary|\binherit|\brelative|\brun in|\b(?:uncle|aunt|mother|father|mom|mum|dad|parent|brother|sister|sibling|cousin|grand\w+|son|daughter|kid|child)"
    r"(?:s|ren)?\b|\bwho\b|\banyone\b|\blive|\bhelp",
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
    asked = what_is_asked(question, ctx.lexicon)
    if not notes or not question.strip():
        return []
    by_id = {n.id: n.text for n in notes}
    sentences = [
        s for s in _within_reach(ctx, question, notes) if not _echoes(by_id[s.note_id][s.start : s.end], question)
    ]
    named = [names_one(asked, s) for s in sentences]
    # A telegraphic note names its matter once: what follows the name is about it too.
    goes_on = [
        n or (i > 0 and named[i - 1] and sentences[i - 1].note_id == s.note_id)
        for i, (n, s) in enumerate(zip(named, sentences, strict=True))
    ]
    about_it = {(s.note_id, s.start) for s, n in zip(sentences, goes_on, strict=True) if n}
    if about:
        wanted = what_is_asked(about, ctx.lexicon)
        sentences = [s for s in sentences if any(match(thing, s) > 0 for thing in wanted)]
    if not sentences:
        return []
    rarity = rarities(sentences)
    framed = told_by_note(asked, sentences, notes)
    if asked and asked[-1] == conclusion():  # "what did dermatology say": nothing, where no note is theirs
        theirs = {note_id for note_id, told in framed.items() if any(thing.frames for thing in told)}
        sentences = [s for s in sentences if s.note_id in theirs]
    held = [shares(asked, s, rarity, framed.get(s.note_id, {})) for s in sentences]
    meaning = [0.0] * len(sentences)
    if ctx.index is not None:
        read = _worth_reading(ctx, question, sentences, [h.ordered for h in held])
        asked_for = ctx.index.embedder.embed([written_out(question)])[0]
        vectors = ctx.index.vectors_of(ctx.patient_id, [(sentences[i].note_id, sentences[i].text) for i in read])
        for i, likeness in zip(read, vectors @ asked_for, strict=True):
            meaning[i] = float(likeness)
    if any(thing.names for thing in asked) and not _ASKS_OF_FAMILY.search(question):
        # What a relative had answers no question about the patient.
        for i, s in enumerate(sentences):
            if _OF_RELATIVE.match(by_id[s.note_id], s.start) is not None:
                held[i] = Shares(*(min(part, _UNSURE) for part in held[i]))
                meaning[i] = min(meaning[i], _UNSURE)
    form = looks_like_answer(question)
    found = []
    for place, (s, h, m) in enumerate(zip(sentences, held, meaning, strict=True)):
        is_of_form = form is not None and form.search(s.text) is not None
        score = _WORDS * h.ordered + _MEANING * max(0.0, m) + (_RIGHT_FORM if h.ordered > 0 and is_of_form else 0.0)
        signs = Signs(
            covered=h.covered, own=h.own, related=h.related, meaning=m, names_it=(s.note_id, s.start) in about_it,
            lacks_form=form is not None and not is_of_form,
        )  # fmt: skip
        score += 1e-4 * place / len(sentences)
        found.append(Found(note_id=s.note_id, start=s.start, end=s.end, section=s.section, score=score, signs=signs))
    return sorted(found, key=lambda f: f.score, reverse=True)


def _worth_reading(
    ctx: ToolContext, question: str, sentences: Sequence[Sentence], ordered: Sequence[float]
) -> list[int]:
    """Which sentences are compared by meaning, as that costs milliseconds each: what has most of the question's words,
    then the sentences of the chunks that come nearest to it, whose vectors are kept.
    """
    if len(sentences) <= _READ_BY_MEANING or ctx.index is None:
        return list(range(len(sentences)))
    by_words = sorted((i for i, o in enumerate(ordered) if o > 0), key=lambda i: (-ordered[i], -i))
    chosen = dict.fromkeys(by_words[: _READ_BY_MEANING * 5 // 8])
    try:
        hits = ctx.index.query(ctx.patient_id, question[:2000], k=_NEAR_CHUNKS, as_of=ctx.as_of)
    except StoreUnavailable:
        hits = []
    for hit in hits:
        inside = (i for i, s in enumerate(sentences) if s.note_id == hit.note_id and hit.start <= s.start < hit.end)
        chosen.update(dict.fromkeys(inside))
    rest = (*by_words, *range(len(sentences) - 1, -1, -1))  # the newest first
    return sorted(list(dict.fromkeys((*chosen, *rest)))[:_READ_BY_MEANING])


def _echoes(sentence: str, question: str) -> bool:
    """Whether a sentence has no word but the question's own: it repeats what is asked and tells nothing."""
    words = {t.norm for t in tokenize(sentence)}
    told = len(words) <= _ECHO and (_ASKS_OPENLY.match(question) is None or not _TELLS_NOTHING_MORE.search(sentence))
    return not told and words <= {t.norm for t in tokenize(question)}


def _within_reach(ctx: ToolContext, question: str, notes: Sequence[Note]) -> list[Sentence]:
    """The sentences to rank, oldest note first: all of a short chart, else those of the chunks that retrieval finds."""
    # By the text as it is given, of which what addresses software is blanked out.
    by_note: dict[str, list[Sentence]] = ctx.store.derived(ctx.patient_id, "note_sentences", dict)
    for note in notes:
        if note.id not in by_note:
            by_note[note.id] = sentences_of(note)
    everything = [s for n in notes for s in by_note[n.id]]
    if len(everything) <= _MOST_SENTENCES:
        return without_copies(everything)
    from knowledge_base.retrieval import search_notes as retrieve

    asked = what_is_asked(question, ctx.lexicon)
    related = sorted({w for a in asked for w in a.related})[:40]
    places: dict[str, list[tuple[int, int]]] = {}
    for query in dict.fromkeys((question, " ".join([question, *related]))):
        for p in retrieve(ctx.store, ctx.index, ctx.patient_id, query, as_of=ctx.as_of, k=24):
            places.setdefault(p.note_id, []).append((p.context_start, p.context_end))
    once = without_copies(everything)
    near = [s for s in once if any(a <= s.start and s.end <= b for a, b in places.get(s.note_id, ()))]
    # What has the words or their like is in reach wherever it stands; of many, what has most of them, the newest first.
    held = {i: h for i, s in enumerate(once) if (h := sum(m for a in asked if (m := match(a, s)) >= RELATED))}
    best = {once[i] for i in sorted(held, key=lambda i: (held[i], i), reverse=True)[: _MOST_SENTENCES // 2]}
    chosen = best | set(near[-(_MOST_SENTENCES // 2) :])
    return [s for s in once if s in chosen]
