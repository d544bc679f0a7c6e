"""The vocabulary for reading notes: chart shorthand written out, and words that belong to one topic.

A short form in capitals ("FR", "SM") is read only where a note writes it so; one in small letters in any case.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources

from knowledge_base.words import stem, words_of
from tools.concepts import common_words

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
            for form in {name, " ".join(forms_of(name))} - {""}:
                places.setdefault(form, set()).add(number)
    return {name: tuple(sorted(numbers)) for name, numbers in places.items()}


@lru_cache(maxsize=4096)
def related_to(name: str) -> tuple[str, ...]:
    """The other words of the topics that hold a word or phrase."""
    by_name = _topics_by_name()
    numbers = set(by_name.get(name, ())) | set(by_name.get(" ".join(words_of(name)), ()))
    return tuple(sorted({other for number in numbers for other in _topics()[number]} - {name}))


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
    topical = (word for topic in _topics() for name in topic for word in words_of(name))
    return frozenset((*_everyday_words(), *topical))


@lru_cache(maxsize=1)
def _topic_phrases() -> re.Pattern[str]:
    phrases = sorted({n for topic in _topics() for n in topic if " " in n or "-" in n}, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, phrases)) + r")\b")
