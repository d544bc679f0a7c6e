"""What a question to the notes is about: each thing with its other names, and what only frames it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from knowledge_base.words import STOP_WORDS, stem, words_of
from tools.concepts import common_words, tokenize
from tools.notes.asks import asks_for_words, authors_in
from tools.notes.words import meaning_of, related_to, synonyms_of, topical_phrases

if TYPE_CHECKING:
    from tools.concepts import Lexicon, Mention

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
_AT_A_PLACE = re.compile(r"(?:icu|itu|ed|er|a&e|ward|clinic|hospital|theatre|recovery|admission|discharge)\b")
_IN = re.compile(r"\b(?:in|on|at|from|to|by)\s+(?:(?:the|his|her|their|last|first|this|that)\s+)*$")
_EVENTS = ("surgery", "operation", "procedure", "injection", "visit", "discharge", "admission", "appointment")
# "want" and "last" are talk, but not in "why doesn't he want surgery" or "how long did it last".
_MEANT = re.compile(
    r"\b(?:he|she|they|pt|patient|family|wife|husband|son|daughter)\s+(?:do(?:es)?n['’]?t |(?:does |do |did )?not |still |really )*(?:want|wanted|wants|wish|wishes)\b"
    r"|(?<=how long )(?:did|does|do|has|have)\b.*\blast(?:ed)?\b(?=\W*$)"
)  # fmt: skip
_ON_A_MATTER = re.compile(
    r"\b(?:thoughts?|views?|opinions?|feelings?|stance|position|wish(?:es)?|advice|anything|something|info\w*|put|started|still|take)\s+on\s+"
    r"(?:(?:the|his|her|their|a|an)\s+)*$"
)
_OF_ALLERGY = re.compile(
    r"allerg|react|dander|tolerat|intoleran|sensitiv|hives|anaphyl|rash|wheez|sneez|itch|skin (?:prick )?test|\bige\b",
    re.I,
)
QUOTED = "inquotes"  # counted among the words of a sentence that quotes somebody
_LOOKS_PLURAL = re.compile(r"[a-z]{3,4}s")


class Subject(NamedTuple):
    """One thing a question asks about: its own words, and words and names that mean the same or belong to it."""

    own: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]  # other names of a clinical thing: all their words must stand there
    related: tuple[str, ...]
    exact: str = ""  # an acronym that looks like a plural ("TIPS"): it has to stand there as it is
    frames: bool = False  # says when or at what ("after the pacemaker"), which the note as a whole may tell
    alike: tuple[str, ...] = ()  # what else is written for it
    also: tuple[tuple[str, ...], ...] = ()  # its initials where the notes use them, or what initials stand for


@lru_cache(maxsize=1)
def conclusion() -> Subject:
    """What is asked where only the author of a note is named: "what did nephrology say?"."""
    return Subject(("impression",), (), tuple(dict.fromkeys((*related_to("impression"), *related_to("plan")))))


def is_animal(mention: Mention, text: str) -> bool:
    """Whether a name of dander means who lives there: "any pets?", where no word of the text is of allergy."""
    animals = bool(mention.targets) and all(target.id == "animal_dander" for target in mention.targets)
    return animals and not _OF_ALLERGY.search(text)


def what_is_asked(question: str, lexicon: Lexicon) -> list[Subject]:
    """The things a question about notes asks for; words that only frame it are left out."""
    text = question.lower()
    asked, taken = [], []
    for mention in lexicon.find_mentions(text):
        if is_animal(mention, text):
            continue
        words = words_of(mention.text)
        own = tuple(w for w in words if w not in _KINDS) or tuple(words)
        if not own or set(own) <= _TALK:
            continue
        names = {tuple(words_of(name)) for target in mention.targets for name in _names_of(target, lexicon)} - {own, ()}
        asked.append(
            Subject(
                own,
                tuple(sorted(names)),
                tuple(dict.fromkeys((*related_to(mention.text), *related_to(" ".join(own))))),
                exact=_acronym(mention.text, own, names),
                alike=tuple(dict.fromkeys((*synonyms_of(mention.text), *synonyms_of(" ".join(own))))),
                frames=_is_frame(text, mention.start),
            )
        )
        taken.append((mention.start, mention.end))
    for phrase, start, end in topical_phrases(text):
        if not any(s < end and start < e for s, e in taken):
            own = tuple(words_of(phrase)) or (phrase,)
            asked.append(Subject(own, (), related_to(phrase), frames=_is_frame(text, start), alike=synonyms_of(phrase)))
            taken.append((start, end))
    meant = [m.span() for m in _MEANT.finditer(text)]
    for token in tokenize(text):
        word = stem(token.norm)
        if any(s <= token.start < e for s, e in taken) or token.norm in STOP_WORDS:
            continue
        if {word, token.norm} & _TALK and not any(token.end == e for _, e in meant):
            continue
        if len(word) > 1 and not any(word in a.own for a in asked):
            typed = question[token.start : token.end]
            written = meaning_of(typed) or ("" if token.norm in common_words() else meaning_of(typed.upper()))
            related = (*related_to(token.norm), *([written] if written else []))
            frames = word in _KINDS or _is_frame(text, token.start)
            asked.append(Subject((word,), (), related, frames=frames, alike=synonyms_of(token.norm)))
    if asks_for_words(text) and not authors_in(text):
        asked.append(Subject(("quotation",), (), (QUOTED,)))
    if asked and all(a.frames for a in asked):
        if authors_in(text):  # "what did nephrology say?": what such a note concludes
            return [*asked, conclusion()]
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
    if _AT_A_PLACE.match(text, start) and _IN.search(before):
        return True
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
