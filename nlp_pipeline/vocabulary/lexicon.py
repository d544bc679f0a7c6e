"""What the target matcher looks for: every phrase of the curated vocabulary and of the open terms, and what it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from nlp_pipeline.vocabulary import loader, phrases, store, surfaces
from nlp_pipeline.vocabulary.concepts import Concept, Vocabulary
from nlp_pipeline.vocabulary.loader import DATA, FILES
from nlp_pipeline.vocabulary.open_terms import OPEN_TERMS, SHORT, OpenTerm, OpenTerms, read_open_terms
from nlp_pipeline.vocabulary.phrases import PhraseIndex
from nlp_pipeline.vocabulary.surfaces import key_of, keys_of

Places = dict[tuple[str, str], int]  # where concepts stand in the vocabulary, by kind and id

_VERSION = b"4"
_RECORD_ONLY = ("history of ", "the ", "a ", "in ", "on ", "at ", "has ", "which ", "patient ", "(", "old ")
_SHORT_NOUNS = frozenset(
    {"mass", "scar", "cyst", "lump", "ache", "rash", "pain", "itch", "fall", "fear", "wart", "boil"}
)
_HEAD_ENDS = re.compile(r" (?:of|due to|with|in|from|without|secondary to|associated with|by|on|after|following|at) ")
NO_MEMBER = ("non", "anti", "pseudo")  # before a name: "non-diabetic", "anti-tuberculosis treatment"
_CHANGES_HEAD = frozenset({"non", "pseudo", "anti", "pre", "post", "no", "not", "without", "absent"})
# Words that name one thing alone and another with a word before: intracranial hypertension, ST depression, Q fever.
_NO_HEADS = frozenset(
    "hypertension hypotension depression incontinence cramp cramps alkalosis acidosis reflux edema oedema swelling tumor "
    "tumors tumour neoplasm neoplasms paralysis palsy emphysema stroke injury trauma angina shock sclerosis lump mass "
    "syndrome infarct infarction failure attack block obstruction withdrawal dependence fever infiltration hematoma "
    "stenosis occlusion ulcer ulcers ulceration dysplasia thrombosis".split()
)
# Words before a name that do not make it another thing.
_DEGREES = frozenset(
    "mild moderate severe profound slight marked massive acute subacute chronic persistent intermittent recurrent "
    "episodic progressive generalized localized diffuse bilateral unilateral left right primary secondary new old early "
    "late sudden transient grade low high prolonged continuous frequent occasional bacterial viral community nosocomial "
    "aspiration".split()
)


class Surface(NamedTuple):
    """What a phrase may name. Where rules decide, `form` is its lower-case form and `by_context` the possible senses."""

    concepts: tuple[Concept, ...]
    form: str = ""
    by_context: dict[str, Concept] | None = None  # by "kind:id"
    needs_capitals: bool = False


class Entry(NamedTuple):
    """A curated surface as the cache keeps it: places of concepts in the vocabulary instead of the concepts."""

    concepts: tuple[int, ...]
    senses: tuple[int, ...] = ()
    form: str = ""
    needs_capitals: bool = False


class Contents(NamedTuple):
    """What the phrases stand for, by payload: first the curated surfaces, then two payloads for each open term.

    A surface that names one concept, whatever the context, is the place of that concept. `heads` has for each open term
    the place of the curated concept that it is or is a kind of, or -1.
    """

    surfaces: list[int | Entry]
    heads: list[int]


class Lexicon:
    """The phrase index with the meaning of its payloads."""

    def __init__(self, vocabulary: Vocabulary, terms: OpenTerms, index: PhraseIndex, contents: Contents) -> None:
        self.index = index
        self._concepts = list(vocabulary.concepts.values())
        self._terms, self._contents = terms, contents
        self._surfaces: dict[int, Surface] = {}

    def surface(self, payload: int) -> Surface:
        """What the phrase with this payload names; made on first use."""
        found = self._surfaces.get(payload)
        if found is None:
            found = self._surfaces[payload] = self._made(payload)
        return found

    def _made(self, payload: int) -> Surface:
        curated, concepts = self._contents.surfaces, self._concepts
        if payload >= len(curated):
            number, short = divmod(payload - len(curated), 2)
            return Surface((self._open_concept(number),), needs_capitals=bool(short))
        entry = curated[payload]
        if isinstance(entry, int):
            return Surface((concepts[entry],))
        senses = {f"{c.kind}:{c.id}": c for c in (concepts[place] for place in entry.senses)}
        named = tuple(concepts[place] for place in entry.concepts)
        return Surface(named, entry.form, senses or None, entry.needs_capitals)

    def _open_concept(self, number: int) -> Concept:
        term, head = self._terms[number], self._contents.heads[number]
        broader = self._concepts[head] if head >= 0 else None
        if broader is not None and broader.id == term.same:
            return broader
        group = broader.extra.get("kind", term.group) if broader else term.group
        # The id is that of the nearest curated concept, which questions are asked about; the codes are the term's own.
        return Concept.model_construct(
            kind=term.kind,
            id=broader.id if broader else re.sub(r"\W+", "_", term.label.lower()).strip("_"),
            label=term.label,
            synonyms=(),
            codes=term.codes,
            parents=broader.parents if broader else (),
            extra={"kind": group} if term.kind == "condition" else {},
        )


class FormRules(NamedTuple):
    """What the rules say about forms: the concepts among which they decide ("kind:id"), and when they apply."""

    senses: tuple[tuple[str, tuple[str, ...]], ...]
    capitals: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()


def load_lexicon(vocabulary: Vocabulary, rules: FormRules, cache: Path | None = None) -> Lexicon:
    """The lexicon, from the cache where that holds one of the same sources.

    Args:
        vocabulary: The curated concepts.
        rules: Which short forms the rules decide about.
        cache: A folder; by default that of the user.
    """
    terms = read_open_terms(DATA)
    folder = cache or store.cache_folder()
    path = folder / f"lexicon-{_source_digest(rules)[:32]}.bin"
    parts = store.read_parts(path)
    if parts is not None:
        return Lexicon(vocabulary, terms, PhraseIndex.from_parts(parts[1:]), _unpacked(parts[0]))
    index, contents = build(vocabulary, terms, rules)
    store.write_parts(path, [json.dumps(contents).encode(), *index.to_parts()])
    return Lexicon(vocabulary, terms, index, contents)


def build(vocabulary: Vocabulary, terms: OpenTerms, rules: FormRules) -> tuple[PhraseIndex, Contents]:
    """The index of all phrases; the curated ones come first, so that they win over the open terms."""
    phrases: dict[str, int] = {}
    surfaces: list[int | Entry] = []
    places = {key: place for place, key in enumerate(vocabulary.concepts)}
    for surface, entry in _curated(vocabulary, rules, places):
        for key in _keys(surface):
            phrases.setdefault(key, len(surfaces))
        plain = len(entry.concepts) == 1 and entry == Entry(entry.concepts)
        surfaces.append(entry.concepts[0] if plain else entry)
    heads = []
    for number in range(len(terms)):
        term = terms[number]
        heads.append(_head_of(term, vocabulary, places))
        for surface in term.surfaces:
            short = surface.startswith(SHORT)
            for key in [key_of(surface[1:])] if short else keys_of(surface):
                phrases.setdefault(key, len(surfaces) + 2 * number + short)
    return PhraseIndex(phrases, NO_MEMBER), Contents(surfaces, heads)


def _keys(surface: str) -> list[str]:
    """The keys of a curated surface.

    A name of one letter or of signs only is never a finding without its number; displays of records that begin with
    "history of" or a function word have their cue for the context rules, and the name is found without it.
    """
    if len(surface) < 2 or not any(c.isalnum() for c in surface) or surface.startswith(_RECORD_ONLY):
        return []
    return keys_of(surface) if len(surface) > 4 or surface in _SHORT_NOUNS else [key_of(surface)]


def _curated(vocabulary: Vocabulary, rules: FormRules, places: Places) -> Iterator[tuple[str, Entry]]:
    by_surface, by_ambiguous, ruled = vocabulary.by_surface, vocabulary.by_ambiguous, dict(rules.senses)
    for name in dict.fromkeys([*by_surface, *by_ambiguous, *ruled]):
        named = [places[c.kind, c.id] for c in by_surface.get(name, ())]
        ambiguous = [places[c.kind, c.id] for c in by_ambiguous.get(name, ())]
        if name in ruled:
            keys = [(kind, i) for sense in ruled[name] for kind, _, i in [sense.partition(":")]]
            senses = [*ambiguous, *named, *(places[key] for key in keys if key in places)]
            named = []
        else:
            senses = [] if named else ambiguous
        form = name if senses or name in rules.blocked or name in ruled else ""
        yield name, Entry(tuple(named), tuple(dict.fromkeys(senses)), form, name in rules.capitals)


def _head_of(term: OpenTerm, vocabulary: Vocabulary, places: Places) -> int:
    """The curated concept that a term is, or that its name ends in ("bacterial pneumonia" is a pneumonia), or -1.

    The concept is given by its place in the vocabulary.
    """
    if (term.kind, term.same) in places:
        return places[term.kind, term.same]
    if term.kind != "condition":
        return -1
    words = _HEAD_ENDS.split(term.label.lower(), maxsplit=1)[0].replace("-", " ").split()
    for start in range(len(words)):
        if start and words[start - 1] in _CHANGES_HEAD:
            break
        head = " ".join(words[start:])
        found = [c for c in vocabulary.by_surface.get(head, ()) if c.kind == term.kind]
        if found and (head not in _NO_HEADS or _DEGREES.issuperset(words[:start])):
            return places[term.kind, found[0].id]
    return -1


def _unpacked(part: bytes) -> Contents:
    surfaces, heads = json.loads(part)
    return Contents([s if isinstance(s, int) else Entry(*s) for s in surfaces], heads)


@lru_cache(maxsize=4)
def _source_digest(rules: FormRules) -> str:
    """Changes with the data, with the rules and with the code that turns them into phrases."""
    import sys

    code = [Path(module.__file__ or "").read_bytes() for module in (loader, phrases, surfaces)]
    data = [(DATA / name).read_bytes() for name in (*(file.name for file in FILES), OPEN_TERMS)]
    names = [json.dumps([rules.senses, sorted(rules.capitals), sorted(rules.blocked)]).encode()]
    return store.digest_of([_VERSION, sys.byteorder.encode(), Path(__file__).read_bytes(), *code, *data, *names])
