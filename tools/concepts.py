"""From words to concepts: which lab, drug, diagnosis or procedure a phrase names, and which rows record it.

Exact names win over fuzzy ones, longer names over shorter ones. What the vocabulary does not know is looked for
among the words of the patient's own record, so that a rare procedure can still be asked about by its name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Protocol

from domain.facts import Frozen
from nlp_pipeline.vocabulary import Concept, Vocabulary, load_vocabulary
from tools.initials import names_meant
from tools.long_names import component_of, names_of_long

KINDS = ("observation", "medication", "drug_class", "condition", "procedure", "immunization", "allergen")

_TOKEN = re.compile(r"[A-Za-z0-9À-ÿ]+(?:['’][A-Za-z]+)?")
SEMANTIC_TAG = re.compile(
    r"\s*\((?:disorder|finding|procedure|situation|person|physical object|record artifact|regime/therapy|substance"
    r"|organism|event|morphologic abnormality|observable entity|qualifier value|product)\)",
    re.IGNORECASE,
)
_OF_RECORD = "record:"  # begins the id of what only a record names
# Everyday words that are nevertheless the whole name of something when they stand alone.
_NAMES_AMONG_COMMON_WORDS = frozenset({"vitals"})
# Units that are also short names of labs.
_UNITS_THAT_NAME = frozenset({"mg", "g", "l", "k", "meq", "mmol", "u", "iu", "pg", "ng", "ml"})
_RESULTS = frozenset("value values level levels result results reading readings".split())
# How a result was measured, in the name of an uncoded one: "Troponin I, high sensitivity".
_METHOD_WORDS = frozenset(
    "high sensitivity sensitive hs serum plasma level result results test measurement assay quantitative".split()
)
_LONGEST_SURFACE_WORDS = 8
_FUZZY_CUTOFF = 86.0


class Coded(Protocol):
    """What a row needs to have for its concepts to be found."""

    @property
    def display(self) -> str: ...
    @property
    def codes(self) -> tuple[tuple[str, str], ...]: ...


class Target(Frozen):
    """What a question is about: concept ids of one kind with all their narrower ones, or words of the record."""

    kind: str
    id: str
    label: str
    ids: frozenset[str] = frozenset()
    displays: frozenset[str] = frozenset()  # for targets read from the record: the exact displays meant


class Mention(Frozen):
    """A phrase of the question with the targets that it may name; `score` is 1 for exact names."""

    start: int
    end: int
    text: str
    targets: tuple[Target, ...]
    score: float = 1.0

    def of_kind(self, *kinds: str) -> Target | None:
        """The first target of these kinds."""
        return next((t for kind in kinds for t in self.targets if t.kind == kind), None)


class Token(Frozen):
    """One word with its place; `norm` is lower case without possessive."""

    start: int
    end: int
    norm: str


def tokenize(text: str) -> list[Token]:
    """The words of a text in lower case; "pt's" is "pt", hyphens and slashes separate."""
    tokens = []
    for match in _TOKEN.finditer(text):
        norm = match[0].lower().replace("’", "'")
        norm = norm.removesuffix("'s") if norm.endswith("'s") else norm.replace("'", "")
        tokens.append(Token(start=match.start(), end=match.end(), norm=norm))
    return tokens


@lru_cache(maxsize=65536)
def normalise_name(text: str) -> str:
    """A name as words in lower case, without SNOMED's semantic tag."""
    return " ".join(t.norm for t in tokenize(SEMANTIC_TAG.sub("", text)))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Everyday words that are never read as a misspelt clinical name."""
    return _listed("common_words")


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """English words of four letters and more, names among them: none of them is a slip of the fingers."""
    return _listed("english_words")


@lru_cache(maxsize=1)
def _spelt_right() -> frozenset[str]:
    """English words that only look like a misspelt clinical one."""
    return _listed("spelt_right")


def _listed(name: str) -> frozenset[str]:
    text = resources.files("tools").joinpath(f"data/{name}.txt").read_text(encoding="utf-8")
    return frozenset(w for line in text.splitlines() if not line.startswith("#") for w in line.split())


# Words that stand in many names and tell none of them apart.
_GENERIC = frozenset(
    "index ratio level count panel test status rate total mass score type number volume time free body serum blood group intensive care critical".split()
)


def _is_unit(text: str, tokens: list[Token], position: int) -> bool:
    """Whether a word is the unit of the number before it: "5 mg" names no magnesium; "K 4.1 Mg 1.8" and "Mg" do."""
    token = tokens[position]
    if position == 0 or token.norm not in _UNITS_THAT_NAME or not tokens[position - 1].norm[-1].isdigit():
        return False
    between = text[tokens[position - 1].end : token.start]
    if between.strip(" -") or text[token.start : token.end] == "Mg" or position + 1 == len(tokens):
        return not between.strip(" -") and text[token.start : token.end] != "Mg"
    after = tokens[position + 1].norm
    has_value = after[0].isdigit() and text[token.end :][:1].isspace() and position > 1  # "k 4.1 mg 1.8"
    return not has_value and after not in _RESULTS


class Lexicon:
    """Names to concepts, concepts to rows; built once per vocabulary and shared by every session."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._by_name: dict[str, list[Concept]] = defaultdict(list)
        for surface, concepts in vocabulary.by_surface.items():
            if name := normalise_name(surface):
                self._by_name[name].extend(concepts)
        self._short_forms: dict[str, list[Concept]] = defaultdict(list)
        for surface, concepts in vocabulary.by_ambiguous.items():
            if name := normalise_name(surface):
                self._short_forms[name].extend(concepts)
        self._words = frozenset(w for name in self._by_name for w in name.split() if len(w) >= 4 and w.isalpha())
        self._words_by_letter: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self._words - common_words()):
            if len(word) >= 5:
                self._words_by_letter[word[0]].append(word)
        self._class_members: dict[str, frozenset[str]] = {}
        self._row_cache: dict[tuple[str, str, tuple[tuple[str, str], ...]], frozenset[str]] = {}

    # --- names in text -------------------------------------------------------------------------------------------

    def find_mentions(self, text: str, kinds: Iterable[str] = KINDS, fuzzy: bool = True) -> list[Mention]:
        """The clinical names in a text, left to right, longest first, none overlapping."""
        wanted, tokens, mentions = set(kinds), tokenize(text), []
        position = 0
        while position < len(tokens):
            found = None if _is_unit(text, tokens, position) else self._longest_at(tokens, position, wanted)
            if found is None:
                position += 1
                continue
            length, concepts = found
            first, last = tokens[position], tokens[position + length - 1]
            mentions.append(self._mention(text, first.start, last.end, concepts, 1.0))
            position += length
        if fuzzy:
            mentions.extend(self._fuzzy_mentions(text, tokens, mentions, wanted))
        return sorted(mentions, key=lambda m: m.start)

    def _longest_at(self, tokens: list[Token], position: int, wanted: set[str]) -> tuple[int, list[Concept]] | None:
        for length in range(min(_LONGEST_SURFACE_WORDS, len(tokens) - position), 0, -1):
            words = [t.norm for t in tokens[position : position + length]]
            if length == 1 and len(words[0]) == 1 and words[0] != "k":
                continue
            if length == 1 and words[0] in common_words() and words[0] not in _NAMES_AMONG_COMMON_WORDS:
                continue
            for name in self._spellings(words):
                concepts = [c for c in self._by_name.get(name, ()) if c.kind in wanted]
                if name == " ".join(words):  # a short form may mean what else the same word names, in another kind
                    kinds = {c.kind for c in concepts}
                    concepts += [c for c in self._short_forms.get(name, ()) if c.kind in wanted and c.kind not in kinds]
                if concepts:
                    return length, concepts
        return None

    @staticmethod
    def _spellings(words: list[str]) -> Iterable[str]:
        yield " ".join(words)
        yield " ".join([*words[:-1], _singular(words[-1])])
        if len(words) > 1:
            yield " ".join(_singular(w) for w in words)
            if len("".join(words)) > 4:
                yield "".join(words)

    def _fuzzy_mentions(self, text: str, tokens: list[Token], exact: list[Mention], wanted: set[str]) -> list[Mention]:
        """Names that appear once misspelt words are set right ("potasium", "total protien", "atrial fibrilation")."""
        corrected, scores = list(tokens), {}
        for index, token in enumerate(tokens):
            if any(m.start <= token.start < m.end for m in exact):
                continue
            better = self._respell(token.norm)
            if better is not None:
                corrected[index] = token.model_copy(update={"norm": better[0]})
                scores[index] = better[1]
        found, position = [], 0
        while scores and position < len(corrected):
            match = self._longest_at(corrected, position, wanted)
            length = match[0] if match is not None else 1
            touched = [scores[i] for i in range(position, position + length) if i in scores]
            first, last = corrected[position], corrected[position + length - 1]
            clear = not any(m.start < last.end and first.start < m.end for m in exact)
            if match is not None and touched and clear:
                found.append(self._mention(text, first.start, last.end, match[1], min(touched)))
            position += length
        return found

    def _respell(self, word: str) -> tuple[str, float] | None:
        """The vocabulary word that a misspelt word is nearest to, with the likeness; None for everyday and known words."""
        from rapidfuzz import fuzz, process

        singular = _singular(word)
        known = word in self._words or singular in self._words
        if known or len(word) < 5 or not word.isalpha() or {word, singular} & (common_words() | _spelt_right()):
            return None
        cutoff = _FUZZY_CUTOFF if len(word) < 7 else _FUZZY_CUTOFF - 3
        near = process.extractOne(
            singular, self._words_by_letter.get(word[0], []), scorer=fuzz.ratio, score_cutoff=cutoff
        )
        if near is None or abs(len(near[0]) - len(singular)) > 1:
            return None
        return near[0], near[1] / 100.0

    def _mention(self, text: str, start: int, end: int, concepts: list[Concept], score: float) -> Mention:
        once = {(c.kind, c.id): c for c in concepts}.values()
        targets = tuple(self.target(c) for c in sorted(once, key=lambda c: KINDS.index(c.kind)))
        return Mention(start=start, end=end, text=text[start:end], targets=targets, score=score)

    @property
    def words(self) -> frozenset[str]:
        """The words that names are made of, four letters and more."""
        return self._words

    def knows_word(self, word: str) -> bool:
        """Whether a word is part of any name."""
        return (
            word in self._words or word in self._by_name or word in self._short_forms or _singular(word) in self._words
        )

    def target(self, concept: Concept) -> Target:
        """The concept with everything narrower: a class with its ingredients, a group with its members."""
        ids = {concept.id}
        if concept.kind == "drug_class":
            ids = self.vocabulary.ingredients(concept.id)
        elif concept.kind == "allergen":
            ids = self._allergen_ids(concept)
        else:
            ids = self.vocabulary.descendants(concept.kind, concept.id)
        return Target(kind=concept.kind, id=concept.id, label=concept.label, ids=frozenset(ids))

    def _allergen_ids(self, concept: Concept) -> set[str]:
        ids, waiting = {concept.id}, [concept.id]
        while waiting:
            current = self.vocabulary.get("allergen", waiting.pop())
            for member in current.members if current else ():
                if member not in ids:
                    ids.add(member)
                    waiting.append(member)
        return ids

    def resolve(self, name: str, *kinds: str) -> Target | None:
        """The target that a name means, trying these kinds in order; None when the vocabulary has no such name."""
        for kind in kinds or KINDS:
            concept = self.vocabulary.get(kind, name)
            if concept is not None:
                return self.target(concept)
        mentions = self.find_mentions(name, kinds or KINDS)
        longest = max(mentions, key=lambda m: (m.end - m.start) * m.score, default=None)
        return longest.of_kind(*(kinds or KINDS)) if longest else None

    # --- concepts of rows ----------------------------------------------------------------------------------------

    def concept_ids(self, kind: str, row: Coded) -> frozenset[str]:
        """Ids of the concepts of a kind that a row records: by code, and by its display where the code is unknown."""
        key = (kind, row.display, row.codes)
        if key not in self._row_cache:
            self._row_cache[key] = self._concept_ids(kind, row)
        return self._row_cache[key]

    def _concept_ids(self, kind: str, row: Coded) -> frozenset[str]:
        by_code = {c.id for code in row.codes for c in self.vocabulary.by_code.get(code, ()) if c.kind == kind}
        if by_code and kind != "medication":
            return frozenset(by_code)
        name = normalise_name(row.display)
        if kind == "observation":  # "glucose" is part of "glucose in urine": only the whole display counts
            if name not in self._by_name:
                called = [normalise_name(n) for n in names_of_long(row.display)]
                name = next((n for n in called if n in self._by_name), called[0] if called else name)
            if name not in self._by_name:
                name = " ".join(w for w in name.split() if w not in _METHOD_WORDS)
            named = self._by_name.get(name) or (self._short_forms.get(name, []) if component_of(row.display) else [])
            return frozenset(c.id for c in named if c.kind == kind)
        mentions = self.find_mentions(name, (kind,), fuzzy=False)
        return frozenset(by_code | {t.id for m in mentions for t in m.targets if t.kind == kind})

    def matches(self, target: Target, row: Coded, kind: str | None = None) -> bool:
        """Whether a row records the target."""
        if target.displays:
            return normalise_name(row.display) in target.displays
        kind = kind or ("medication" if target.kind == "drug_class" else target.kind)
        return bool(target.ids & self.concept_ids(kind, row))

    def matches_allergy(self, target: Target, row: Coded) -> bool:
        """Whether an allergy row means the asked substance, its class, or a member of the class."""
        recorded = self._allergy_ids(row)
        asked = {*target.ids, target.id, *self._ingredients_named_as(target)}
        if asked & recorded:
            return True
        # A recorded class covers the drug asked about: "penicillin" answers for amoxicillin.
        covered: set[str] = set()
        for concept_id in recorded:
            concept = self.vocabulary.get("allergen", concept_id)
            if concept is not None:
                covered |= self._allergen_ids(concept)
            if self.vocabulary.get("drug_class", concept_id) is not None:
                covered |= self.vocabulary.ingredients(concept_id)
        return target.id in covered or (target.kind == "medication" and bool(asked & covered))

    def _ingredients_named_as(self, target: Target) -> frozenset[str]:
        """The ingredients of the drug class that goes by the name of an allergen: "fluoroquinolones" are all of them."""
        if target.kind not in {"allergen", "medication"}:
            return frozenset()
        if target.id not in self._class_members:
            concept = self.vocabulary.get(target.kind, target.id)
            names = {normalise_name(n) for n in ((concept.label, *concept.surfaces) if concept else ())}
            classes = {c.id for n in names for c in self._by_name.get(n, ()) if c.kind == "drug_class"}
            self._class_members[target.id] = frozenset(i for c in classes for i in self.vocabulary.ingredients(c))
        return self._class_members[target.id]

    def _allergy_ids(self, row: Coded) -> frozenset[str]:
        ids = set(self.concept_ids("allergen", row)) | set(self.concept_ids("medication", row))
        return frozenset(ids | self.concept_ids("drug_class", row))

    def from_record(self, phrase: str, rows: Iterable[Coded], kind: str) -> Target | None:
        """A target made of the record's own displays that hold every content word of the phrase, None if none does."""
        from rapidfuzz import fuzz

        words, asked = content_words(phrase), normalise_name(phrase)
        names = {normalise_name(row.display): row.display for row in rows}
        whole = {n for n, display in names.items() if n and asked and normalise_name(component_of(display)) == asked}
        if not whole and len(words) == 1:
            whole = set(names_meant(phrase, names, kind))
        if whole:
            label = min(whole, key=_shortest)
            return Target(kind=kind, id=f"{_OF_RECORD}{label}", label=label, displays=frozenset(whole))
        if not words or not any(len(w) >= 4 for w in words) or set(words) <= _GENERIC:
            return None
        held = {}
        for name in sorted({normalise_name(row.display) for row in rows}, key=_shortest):
            parts = [_singular(p) for p in name.split()]
            spelt = [next((p for p in parts if w == p or (len(w) >= 6 and fuzz.ratio(w, p) >= 88)), "") for w in words]
            if all(spelt):
                held[name] = " ".join(spelt)
        if not held:
            return None
        shortest = next(iter(held))
        # A drug in two strengths is one drug; results of two names are two series.
        label = shortest if len(held) == 1 or kind == "observation" else held[shortest]
        return Target(kind=kind, id=f"{_OF_RECORD}{label}", label=label, displays=frozenset(held))

    def of_record(self, name: str, rows: Iterable[Coded], kind: str) -> Target | None:
        """The target that an id of the record's own names stands for; None for another id."""
        if not name.startswith(_OF_RECORD):
            return None
        label, rows = name.removeprefix(_OF_RECORD), list(rows)
        whole = Target(kind=kind, id=name, label=label, displays=frozenset({label}))
        if any(normalise_name(row.display) == label for row in rows):
            return whole
        found = self.from_record(label, rows, kind)
        return found.model_copy(update={"id": name, "label": label}) if found is not None else whole


def _shortest(name: str) -> tuple[int, str]:
    """Orders names by length; among equals by spelling, so that every process chooses the same."""
    return len(name), name


def content_words(phrase: str) -> list[str]:
    """The words of a phrase that carry its subject, singular, everyday words left out."""
    return [
        w for t in tokenize(phrase) if t.norm not in common_words() and (w := _singular(t.norm)) not in common_words()
    ]


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """The lexicon over the packaged vocabulary."""
    return Lexicon(load_vocabulary())
