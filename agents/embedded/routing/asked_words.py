"""The words that ask for one thing, from `asked_words.json`, as patterns."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def _lists() -> dict[str, list[str]]:
    text = resources.files("agents.embedded").joinpath("asked_words.json").read_text(encoding="utf-8")
    return {name: words for name, words in json.loads(text).items() if isinstance(words, list)}


def any_of(name: str) -> str:
    """A list's words as one pattern: `*` ends a word anyhow, spaces and hyphens are alike."""
    words = sorted(_lists()[name], key=len, reverse=True)
    return rf"\b(?:{'|'.join(_as_pattern(w) for w in words)})"


def _as_pattern(words: str) -> str:
    stem = words.removesuffix("*")
    pattern = r"[\s-]+".join(re.escape(w) for w in stem.split())
    return pattern + (r"\w*" if words.endswith("*") else r"\b")


def says_any_of(name: str, text: str) -> bool:
    """Whether a text has one of a list's words."""
    return _compiled(name).search(text) is not None


@lru_cache(maxsize=64)
def _compiled(name: str) -> re.Pattern[str]:
    return re.compile(any_of(name), re.IGNORECASE)
