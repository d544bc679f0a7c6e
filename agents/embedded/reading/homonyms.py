"""Short names that mean something else beside other words: "EGFR mutation" is no filtration rate, "perc trache" no PE rule."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from tools.concepts import tokenize


class Homonym(NamedTuple):
    """When a word has its other meaning: any of the words `beside` it and none of `unless`, one right before, one right after."""

    beside: frozenset[str]
    unless: frozenset[str]
    behind: frozenset[str]
    ahead: frozenset[str]


def other_meanings(text: str) -> list[tuple[int, int]]:
    """The spans of the words that do not name what the vocabulary knows them by."""
    tokens = tokenize(text)
    words = {t.norm for t in tokens}
    found = []
    for index, token in enumerate(tokens):
        homonym = _homonyms().get(token.norm)
        if homonym is None or words & homonym.unless or (homonym.beside and not words & homonym.beside):
            continue
        before = tokens[index - 1].norm if index else ""
        after = tokens[index + 1].norm if index + 1 < len(tokens) else ""
        if (not homonym.behind or before in homonym.behind) and (not homonym.ahead or after in homonym.ahead):
            found.append((token.start, token.end))
    return found


@lru_cache(maxsize=1)
def _homonyms() -> dict[str, Homonym]:
    rows = json.loads(resources.files("agents.embedded").joinpath("homonyms.json").read_text(encoding="utf-8"))
    fields = ("with", "without", "behind", "ahead")
    return {row["word"]: Homonym(*(frozenset(row.get(field, "").split()) for field in fields)) for row in rows}
