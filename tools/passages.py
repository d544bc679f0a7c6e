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

from domain.errors import StoreUnavailable
from domain.facts import Frozen, Note
from knowledge_base.words import STOP_WORDS, stem, words_of
from tools.concepts import tokenize
from tools.note_asks import authors_in, heading_of, is_formality, looks_like_answer

if TYPE_CHECKING:
    from tools.concepts import Lexicon
    from tools.context import ToolContext

# Chosen on the tuning half of the agents' questions: gold sentences against the best sentence of unanswerable ones.
_ANSWERS = 0.60  # share of what was asked, by weight, that stands in a sentence taken to answer
_ANSWERS_IN_MEANING = 0.52  # cosine at which a sentence answers without sharing the words
_COVERED_JOINTLY, _ANSWERS_JOINTLY = 0.44, 0.45  # share, and mean of share and cosine, that together answer
_NEAREST = 0.26  # joint score at which a sentence is worth showing as the nearest there is
_NEAR_WITHOUT_NAME = 0.36  # cosine at which it may be shown though none of the question's clinical names stands in it
_COVERED_WITHOUT_NAME = 0.45
_WORDS, _MEANING = 0.5, 0.5
_RELATED = 0.75  # what a related word counts ("parrots" for "pets")
_UNSURE = 0.4  # the most that a sentence about a relative counts
_READ_BY_MEANING, _NEAR_CHUNKS = 64, 16
_RIGHT_FORM = 0.06  # for a time where "when" is asked, a cause where "why" is: orders sentences that come equally near
_MOST_SENTENCES = 160  # read by meaning; of longer charts, those of the chunks that retrieval brings up
# Words of a question about notes that name neither its subject nor what is asked of it.
_TALK = frozenset(
    "accord according anywhere ask asked check clinic clinician comment commented describe described detail doctor document entry exactly find found give gave "
    "go got happen have history hx info information know latest last look mean mr mrs ms much many most notes offer ok one per physician present problem quote read reading "
    "recent recently lately regard regarding report reported see seen seem show showed still take talk tell thing today told trouble use used visit want wanted word words write "
    "wrote written yet you long often ever actually really please pls currently now right exact medical recorded mention mentioned said say says "
    "isnt arent wasnt werent doesnt dont didnt hasnt havent hadnt cant couldnt wont wouldnt shouldnt whats wheres whos hes shes theyre thats theres ive im come done doing again enough came anyone anything someone something somebody get getting got make makes need needs needed suppose supposed allow allowed how far big tall deep bad after before during following upon".split()
)
# Words for the kind of a statement, which the statement itself seldom holds: "No driving 1 week" is advice.
_KINDS = frozenset(
    stem(w)
    for w in "advice instruction instructions guidance recommend recommends recommended recommendation recommendations suggest suggested suggestion plan planned planning reason reasons explanation "
    "level trend trends value values intake quantity wishes wish thoughts thought views view feelings attitude symptom symptoms sign signs type kind amount finding findings safe able status situation opinion impression conclude concluded conclusion details history issue issues".split()
)


_FRAMES = re.compile(
    r"\b(?:after|since|during|following|before|post|at|on|upon|until)\s+(?:(?:the|his|her|their|its|a|an|that|this|last|first|starting|stopping"
    r"|getting|having|left|right|total)\s+)*$"
)
_EVENTS = ("surgery", "operation", "procedure", "injection", "visit", "discharge", "admission", "appointment")
_SODIUM = re.compile(r"\bNa\b")
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
_SIDE = re.compile(r"(?<![\w.,/-])(?<!\d )[LR]\b(?=[ -](?:[a-z]{3}|[A-Z]{2,4}\b))")  # "R knee", "L ICA"; not "2 L bag"
# "want" and "last" are talk, but not in "why doesn't he want surgery" or "how long did it last".
_MEANT = re.compile(
    r"\b(?:he|she|they|pt|patient|family|wife|husband|son|daughter)\s+(?:do(?:es)?n['’]?t |(?:does |do |did )?not |still |really )*(?:want|wanted|wants|wish|wishes)\b"
    r"|(?<=how long )(?:did|does|do|has|have)\b.*\blast(?:ed)?\b(?=\W*$)"
)  # fmt: skip
_ON_A_MATTER = re.compile(
    r"\b(?:thoughts?|views?|opinions?|feelings?|stance|position|wish(?:es)?|advice|anything|something|info\w*|put|started|still|take)\s+on\s+"
    r"(?:(?:the|his|her|their|a|an)\s+)*$"
)
_DIED = re.compile(r"\b[dD]\. (?=(?:at |age |aged |in )*\d{2})")  # "brother pancreatic ca d. 58"
_ECHO = 3  # words; "no fever" may well answer "fever?"
_FRAME_WEIGHT = 0.4
_IN_THE_NOTE = 0.8  # what the frame counts where it stands in the note but not in the sentence
_NAMED_IN_THE_NOTE = 0.4  # what a clinical name counts there, for the order of sentences only


_LOOKS_PLURAL = re.compile(r"[a-z]{3,4}s")
_TELLING_HEAD = re.compile(r"(?:(?:retino|neuro|nephro|cardiomyo)pathy|itis|ectomy|plasty|scopy)$")


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
        jointly = (
            self.names_it
            and self.covered >= _COVERED_JOINTLY
            and (self.covered + self.similarity) / 2 >= _ANSWERS_JOINTLY
        )
        return jointly or self.covered >= _ANSWERS or self.similarity >= _ANSWERS_IN_MEANING

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
    exact: str = ""  # an acronym that looks like a plural ("TIPS"): it has to stand there as it is
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
        read = _worth_reading(ctx, question, sentences, ordered)
        vectors = ctx.index.embedder.embed([written_out(question), *(sentences[i].text for i in read)])
        for i, likeness in zip(read, vectors[1:] @ vectors[0], strict=True):
            meaning[i] = float(likeness)
    if any(thing.names for thing in asked) and not _ASKS_OF_FAMILY.search(question):
        # What a relative had answers no question about the patient.
        for i, s in enumerate(sentences):
            if _OF_RELATIVE.match(by_id[s.note_id], s.start) is not None:
                covered[i], meaning[i] = min(covered[i], _UNSURE), min(meaning[i], _UNSURE)
                ordered[i] = min(ordered[i], _UNSURE)
    wanted_form = looks_like_answer(question)
    found = [
        Found(
            note_id=s.note_id, start=s.start, end=s.end, section=s.section, covered=c, similarity=m,
            names_it=(s.note_id, s.start) in about_it,
            score=_WORDS * o + _MEANING * max(0.0, m) + 1e-4 * place / len(sentences)
            + (_RIGHT_FORM if o > 0 and wanted_form is not None and wanted_form.search(s.text) else 0.0),
        )
        for place, (s, c, o, m) in enumerate(zip(sentences, covered, ordered, meaning, strict=True))
    ]  # fmt: skip
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
                exact=_acronym(mention.text, own, names),
                frames=_is_frame(text, mention.start),
            )
        )
        taken.append((mention.start, mention.end))
    for phrase, start, end in _topical_phrases(text):
        if not any(s < end and start < e for s, e in taken):
            own = tuple(words_of(phrase)) or (phrase,)
            asked.append(_Asked(own, (), tuple(_related(phrase)), frames=_is_frame(text, start)))
            taken.append((start, end))
    meant = [m.span() for m in _MEANT.finditer(text)]
    for token in tokenize(text):
        word = stem(token.norm)
        if any(s <= token.start < e for s, e in taken) or token.norm in STOP_WORDS:
            continue
        if {word, token.norm} & _TALK and not any(token.end == e for _, e in meant):
            continue
        if len(word) > 1 and not any(word in a.own for a in asked):
            written = _short_forms().get(token.norm, "")
            related = (*_related(token.norm), *([written] if written else []))
            asked.append(_Asked((word,), (), related, frames=word in _KINDS or _is_frame(text, token.start)))
    if asked and all(a.frames for a in asked):
        if authors_in(text):  # "what did nephrology say?": what such a note concludes
            return [
                *asked,
                _Asked(("impression",), (), tuple(dict.fromkeys((*_related("impression"), *_related("plan"))))),
            ]
        return [a._replace(frames=False) for a in asked]
    return asked


def _acronym(text: str, own: tuple[str, ...], names: Collection[tuple[str, ...]]) -> str:
    """The text of a name whose ending is no plural: written out, it lacks the word ("transjugular intrahepatic ...")."""
    written = any(len(name) >= 3 and own[0] not in name for name in names)
    return text if written and _LOOKS_PLURAL.fullmatch(text) is not None else ""


def _is_frame(text: str, start: int) -> bool:
    """Whether what stands at a place of a question is when or at what something was ("after the pacemaker"), or who says it."""
    at_work = text.startswith(("work", "home", "school", "night", "rest"), start)  # "at work" is no occasion
    if any(a <= start < b for a, b in authors_in(text)):
        return True
    before = text[:start]
    if _ON_A_MATTER.search(before):
        return False
    if text.startswith(_EVENTS, start):  # "after the wrist surgery"
        before = re.sub(r"\w+\s+$", "", before) if _FRAMES.search(before) is None else before
    return not at_work and _FRAMES.search(before) is not None


def _names_of(target: object, lexicon: Lexicon) -> Iterable[str]:
    kind, identity = getattr(target, "kind", ""), getattr(target, "id", "")
    ids: Collection[str] = getattr(target, "ids", frozenset()) or {identity}
    wanted = "medication" if kind == "drug_class" else kind
    for one in list(ids)[:40]:
        concept = lexicon.vocabulary.get(wanted, one)
        if concept is not None:
            yield concept.label
            yield from concept.surfaces[:30]


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
            for form in {name, " ".join(_forms(name))} - {""}:
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
    text = _SIDE.sub(lambda m: f"{m[0]} ({'left' if m[0] == 'L' else 'right'})", text)
    text = _SODIUM.sub("Na (sodium)", text)
    return _short_form().sub(lambda m: f"{m[0]} ({_short_forms()[m[0].lower()]})", text)


def _sentences(note: Note) -> list[Sentence]:
    from knowledge_base.chunking import chunk_note

    found = []
    for chunk in chunk_note(note.text):
        for start, end in chunk.sentences:
            said = note.text[start:end]
            if not _says_something(said, chunk.section) or is_formality(note.text, start, end):
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
    """By note: what it tells anywhere of the question's frames and clinical names, and what that counts in each sentence.

    What its title names, each of its sentences is about.
    """
    worth = {a: _IN_THE_NOTE if a.frames else _NAMED_IN_THE_NOTE for a in asked if a.frames or a.names}
    found: dict[str, dict[_Asked, float]] = {}
    for thing, value in worth.items():
        for sentence in sentences:
            if thing not in found.get(sentence.note_id, ()) and _match(thing, sentence) >= _RELATED:
                found.setdefault(sentence.note_id, {})[thing] = value
    titles = {n.id: words_of(written_out(f"{n.title} {heading_of(n.text)}")) for n in notes}
    for thing in asked:
        forms = [thing.own, *map(_forms, thing.related)]
        for note_id, title in titles.items():
            if any(form and all(_has_word(w, title) for w in form) for form in forms):
                found.setdefault(note_id, {})[thing] = _IN_THE_NOTE
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
        noted = told.get(thing, 0.0)
        held += weight * max(match, noted if not frames_only or thing.frames or noted >= _IN_THE_NOTE else 0.0)
    return held / total if speaks else 0.0


def _names_one(asked: Sequence[_Asked], sentence: Sentence) -> bool:
    """Whether a clinical name of the question stands there, or it has none."""
    named = [thing for thing in asked if thing.names]
    return not named or any(_match(thing, sentence) >= _RELATED for thing in named)


def _match(thing: _Asked, sentence: Sentence) -> float:
    as_written = (
        not thing.exact or re.search(rf"\b{re.escape(thing.exact)}\b", sentence.text, re.IGNORECASE) is not None
    )
    if as_written and all(_has_word(w, sentence.words) for w in thing.own):
        return 1.0
    if any(f" {' '.join(name)} " in sentence.stems for name in thing.names):
        return 1.0
    if any(_has_related(name, sentence) for name in thing.related):
        return _RELATED
    if any(_TELLING_HEAD.search(name[-1]) and name[-1] in sentence.words for name in thing.names):
        return _RELATED  # "background retinopathy" for diabetic retinopathy
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
    root = word[: max(5, len(word) - 3)]
    return any(w.startswith(root) for w in words)


@lru_cache(maxsize=8192)
def _forms(name: str) -> tuple[str, ...]:
    """The words of a related name; none where only one of several is a content word ("for a living"), as that is another."""
    words = tuple(words_of(name))
    return () if len(words) == 1 and " " in name else words


def _has_related(name: str, sentence: Sentence) -> bool:
    words = _forms(name)
    if not words:
        return f" {name} " in f" {sentence.text.lower()} "
    return words[0] in sentence.words if len(words) == 1 else f" {' '.join(words)} " in sentence.stems
