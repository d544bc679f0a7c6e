"""What the target matcher looks for: every phrase of the curated vocabulary and of the open terms, and what it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from nlp_pipeline.vocabulary import loader, phrases, store, surfaces
from nlp_pipeline.vocabulary.concepts import Concept, Vocabulary
from nlp_pipeline.vocabulary.loader import DATA, FILES
from nlp_pipeline.vocabulary.open_terms import OPEN_TERMS, SHORT, OpenTerm, OpenTerms, read_open_terms
from nlp_pipeline.vocabulary.phrases import PhraseIndex
from nlp_pipeline.vocabulary.surfaces import key_of, keys_of

Ids = tuple[tuple[str, str], ...]  # kinds and ids of concepts

_VERSION = b"1"
_RECORD_ONLY = ("history of ", "the ", "a ", "in ", "on ", "at ", "has ", "which ", "patient ", "(", "old ")
_SHORT_NOUNS = frozenset(
    {"mass", "scar", "cyst", "lump", "ache", "rash", "pain", "itch", "fall", "fear", "wart", "boil"}
)
_HEAD_ENDS = re.compile(r" (?:of|due to|with|in|from|without|secondary to|associated with|by|on|after|following|at) ")
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


class Lexicon:
    """The phrase index with the meaning of its payloads."""

    def __init__(
        self, vocabulary: Vocabulary, terms: OpenTerms, index: PhraseIndex, entries: list[Entry], heads: list[int]
    ):
        self.index = index
        self._vocabulary, self._terms, self._entries, self._heads = vocabulary, terms, entries, heads
        self._keys = list(vocabulary.concepts)
        self._surfaces: dict[int, Surface] = {}

    def surface(self, payload: int) -> Surface:
        """What the phrase with this payload names; made on first use."""
        found = self._surfaces.get(payload)
        if found is None:
            found = self._surfaces[payload] = self._made(payload)
        return found

    def _made(self, payload: int) -> Surface:
        if payload < len(self._entries):
            entry = self._entries[payload]
            named = tuple(self._vocabulary.concepts[kind, i] for kind, i in entry.concepts)
            senses = {f"{kind}:{i}": self._vocabulary.concepts[kind, i] for kind, i in entry.senses}
            return Surface(named, entry.form, senses or None, entry.needs_capitals)
        number, short = divmod(payload - len(self._entries), 2)
        return Surface((self._open_concept(number),), needs_capitals=bool(short))

    def _open_concept(self, number: int) -> Concept:
        term, head = self._terms[number], self._heads[number]
        broader = self._vocabulary.concepts[self._keys[head]] if head >= 0 else None
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


class Entry(NamedTuple):
    """A curated surface as keys of concepts, which is what the cache keeps."""

    concepts: Ids
    senses: Ids = ()
    form: str = ""
    needs_capitals: bool = False


class FormRules(NamedTuple):
    """What the rules say about forms: the concepts among which they decide ("kind:id"), and when they apply."""

    senses: tuple[tuple[str, tuple[str, ...]], ...]
    capitals: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()


def load_lexicon(vocabulary: Vocabulary, rules: FormRules, cache: Path | None = None) -> Lexicon:
    """The lexicon, from the user's cache where that holds one of the same sources."""
    terms = read_open_terms(DATA)
    path = (cache or store.cache_folder()) / f"lexicon-{_source_digest(rules)[:32]}.bin"
    kept = store.read_parts(path)
    lexicon = _unpacked(kept, vocabulary, terms) if kept is not None else None
    if lexicon is None:
        index, entries, heads = build(vocabulary, terms, rules)
        store.write_parts(path, [json.dumps([entries, heads]).encode(), *index.to_parts()])
        lexicon = Lexicon(vocabulary, terms, index, entries, heads)
    return lexicon


def build(vocabulary: Vocabulary, terms: OpenTerms, rules: FormRules) -> tuple[PhraseIndex, list[Entry], list[int]]:
    """The index of all phrases; the curated ones come first, so that they win over the open terms."""
    phrases: dict[str, int] = {}
    entries: list[Entry] = []
    for surface, entry in _curated(vocabulary, rules):
        for key in _keys(surface):
            phrases.setdefault(key, len(entries))
        entries.append(entry)
    heads = []
    known = {key: i for i, key in enumerate(vocabulary.concepts)}
    for number in range(len(terms)):
        term = terms[number]
        heads.append(_head_of(term, vocabulary, known))
        for surface in term.surfaces:
            short = surface.startswith(SHORT)
            for key in [key_of(surface[1:])] if short else keys_of(surface):
                phrases.setdefault(key, len(entries) + 2 * number + short)
    return PhraseIndex(phrases), entries, heads


def _keys(surface: str) -> list[str]:
    """The keys of a curated surface.

    A name of one letter or of signs only is never a finding without its number; displays of records that begin with
    "history of" or a function word have their cue for the context rules, and the name is found without it.
    """
    if len(surface) < 2 or not any(c.isalnum() for c in surface) or surface.startswith(_RECORD_ONLY):
        return []
    return keys_of(surface) if len(surface) > 4 or surface in _SHORT_NOUNS else [key_of(surface)]


def _curated(vocabulary: Vocabulary, rules: FormRules) -> Iterator[tuple[str, Entry]]:
    by_surface, by_ambiguous, ruled = vocabulary.by_surface, vocabulary.by_ambiguous, dict(rules.senses)
    for name in dict.fromkeys([*by_surface, *by_ambiguous, *ruled]):
        named: Ids = _ids(by_surface.get(name, ()))
        senses: Ids = ()
        if name in ruled:
            known = [
                (kind, i) for s in ruled[name] for kind, _, i in [s.partition(":")] if (kind, i) in vocabulary.concepts
            ]
            senses = tuple(dict.fromkeys([*_ids(by_ambiguous.get(name, ())), *named, *known]))
            named = ()
        elif not named:
            senses = _ids(by_ambiguous[name])
        form = name if senses or name in rules.blocked or name in ruled else ""
        yield name, Entry(named, senses, form, name in rules.capitals)


def _ids(concepts: Iterable[Concept]) -> Ids:
    return tuple((c.kind, c.id) for c in concepts)


def _head_of(term: OpenTerm, vocabulary: Vocabulary, known: dict[tuple[str, str], int]) -> int:
    """The curated concept that a term is, or that its name ends in ("bacterial pneumonia" is a pneumonia), or -1.

    The concept is given by its place in the vocabulary.
    """
    if (term.kind, term.same) in known:
        return known[term.kind, term.same]
    if term.kind != "condition":
        return -1
    words = _HEAD_ENDS.split(term.label.lower(), maxsplit=1)[0].replace("-", " ").split()
    for start in range(len(words)):
        if start and words[start - 1] in _CHANGES_HEAD:
            break
        head = " ".join(words[start:])
        found = [c for c in vocabulary.by_surface.get(head, ()) if c.kind == term.kind]
        if found and (head not in _NO_HEADS or _DEGREES.issuperset(words[:start])):
            return known[term.kind, found[0].id]
    return -1


def _unpacked(parts: list[bytes], vocabulary: Vocabulary, terms: OpenTerms) -> Lexicon:
    entries, heads = json.loads(parts[0])
    made = [Entry(tuple(map(tuple, c)), tuple(map(tuple, a)), form, capitals) for c, a, form, capitals in entries]
    return Lexicon(vocabulary, terms, PhraseIndex.from_parts(parts[1:]), made, heads)


@lru_cache(maxsize=4)
def _source_digest(rules: FormRules) -> str:
    """Changes with the data, with the rules and with the code that turns them into phrases."""
    import sys

    code = [Path(module.__file__ or "").read_bytes() for module in (loader, phrases, surfaces)]
    data = [(DATA / name).read_bytes() for name in (*(file.name for file in FILES), OPEN_TERMS)]
    names = [json.dumps([rules.senses, sorted(rules.capitals), sorted(rules.blocked)]).encode()]
    return store.digest_of([_VERSION, sys.byteorder.encode(), Path(__file__).read_bytes(), *code, *data, *names])
