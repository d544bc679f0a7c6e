"""The vocabulary for reading notes: chart shorthand written out, and words that belong to one topic.

A short form in capitals ("FR", "SM") is read only where a note writes it so; one in small letters in any case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources

from knowledge_base.words import stem, words_of
from tools.concepts import common_words

_TOPICS, _SYNONYMS = "note_topics.json", "note_synonyms.json"
_ONE_OF = "+"  # before one of several that a name stands for: "+senna" is a laxative, and another laxative is not senna
_ASKED_ONLY = "?"  # at the end of a word that means it in a question, and mostly something else in a note: "low?"
_SODIUM = re.compile(r"\bNa\b")
_SIDE = re.compile(r"(?<![\w.,/-])(?<!\d )[LR]\b(?=[ -](?:[a-z]{3}|[A-Z]{2,4}\b))")  # "R knee", "L ICA"; not "2 L bag"
_DIED = re.compile(r"\b[dD]\. (?=(?:at |age |aged |in )*\d{2})")  # "brother pancreatic ca d. 58"


def written_out(text: str) -> str:
    """A text with chart shorthand beside what it stands for: "RTC (return to clinic, come back)"."""
    text = _DIED.sub(r"\g<0>(died) ", " ".join(text.split()))
    text = _SIDE.sub(lambda m: f"{m[0]} ({'left' if m[0] == 'L' else 'right'})", text)
    text = _SODIUM.sub("Na (sodium)", text)
    return _short_form().sub(lambda m: f"{m[0]} ({meaning_of(m[0])})", text)


def meaning_of(form: str) -> str:
    """What a short form stands for; empty for words that are none."""
    forms = _short_forms()
    return forms.get(form) or forms.get(form.lower(), "")


def topical_phrases(text: str) -> list[tuple[str, int, int]]:
    """The phrases of several words that a topic holds, in a text in lower case, with their places."""
    return [(m[0], m.start(), m.end()) for m in _topic_phrases().finditer(text)]


@lru_cache(maxsize=8192)
def forms_of(name: str) -> tuple[str, ...]:
    """The words of a related name; none where only one of several is a content word ("for a living"), as that is another."""
    words = tuple(words_of(name))
    return () if len(words) == 1 and " " in name else words


@lru_cache(maxsize=1)
def _short_forms() -> dict[str, str]:
    loaded: dict[str, str] = json.loads(
        resources.files("tools").joinpath("data/note_short_forms.json").read_text(encoding="utf-8")
    )
    return loaded


@lru_cache(maxsize=1)
def _short_form() -> re.Pattern[str]:
    forms = sorted(_short_forms(), key=len, reverse=True)
    parts = [re.escape(f) if f.isupper() else f"(?i:{re.escape(f)})" for f in forms]
    return re.compile(r"(?<![\w/&-])(?:" + "|".join(parts) + r")(?![\w/&-])")


@lru_cache(maxsize=2)
def _groups(file: str) -> tuple[tuple[str, ...], ...]:
    loaded = json.loads(resources.files("tools").joinpath(f"data/{file}").read_text(encoding="utf-8"))
    return tuple(tuple(group) for group in loaded)


@lru_cache(maxsize=2)
def _by_name(file: str) -> dict[str, tuple[int, ...]]:
    """Each word or phrase of the groups, as written and evened out, with the groups that hold it."""
    places: dict[str, set[int]] = {}
    for number, group in enumerate(_groups(file)):
        for name in map(_bare, group):
            for form in {name, " ".join(forms_of(name))} - {""}:
                places.setdefault(form, set()).add(number)
    return {name: tuple(sorted(numbers)) for name, numbers in places.items()}


@lru_cache(maxsize=8192)
def _others(name: str, file: str) -> tuple[str, ...]:
    by_name = _by_name(file)
    numbers = set(by_name.get(name, ())) | set(by_name.get(" ".join(words_of(name)), ()))
    others = {other for number in numbers for other in _meaning(name, _groups(file)[number])}
    return tuple(sorted(others - {name}))


def _bare(written: str) -> str:
    return written.removeprefix(_ONE_OF).removesuffix(_ASKED_ONLY)


def _meaning(name: str, group: Sequence[str]) -> Iterator[str]:
    """What of a group a note may write for a name; for one of several, none of the others."""
    words = words_of(name)
    is_one = any(w.startswith(_ONE_OF) and (_bare(w) == name or words_of(_bare(w)) == words) for w in group)
    for written in group:
        if not written.endswith(_ASKED_ONLY) and not (is_one and written.startswith(_ONE_OF)):
            yield _bare(written)


def related_to(name: str) -> tuple[str, ...]:
    """The other words of the topics that hold a word or phrase."""
    return _others(name, _TOPICS)


def synonyms_of(name: str) -> tuple[str, ...]:
    """What else is written for a word or phrase: lay and clinical words, short names, older names."""
    return _others(name, _SYNONYMS)


def is_everyday(word: str) -> bool:
    """Whether a word, evened out, is one of everyday speech."""
    return word in _everyday_words()


def is_known(word: str) -> bool:
    """Whether a word, evened out, is an everyday one or stands in a topic: it is not misspelt."""
    return word in _known_words()


@lru_cache(maxsize=1)
def _everyday_words() -> frozenset[str]:
    return frozenset(map(stem, common_words()))


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    topical = (word for topic in _groups(_TOPICS) for name in topic for word in words_of(name))
    return frozenset((*_everyday_words(), *topical))


@lru_cache(maxsize=1)
def _topic_phrases() -> re.Pattern[str]:
    groups = (*_groups(_TOPICS), *_groups(_SYNONYMS))
    names = {_bare(name) for group in groups for name in group}
    phrases = sorted((n for n in names if " " in n or "-" in n), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, phrases)) + r")\b")
