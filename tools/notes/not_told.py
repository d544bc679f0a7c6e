"""Sentences that have the words of a question and do not tell what it asks.

A name is asked for, and they only speak of the one who bears it ("the therapist was thin"); the patient's blood group is
asked for, and they tell which blood was given ("one unit O neg").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge_base.words import STOP_WORDS
from tools.concepts import common_words, english_words

_ASKS = re.compile(
    r"\b(?:what|how)(?:'s| is| was| are| were)\s+(?P<who>[\w' -]{3,50}?)\s+(?:called|named|name)\b"
    r"|\bnames?\s+of\s+(?P<of>[\w' -]{3,50}?)(?=\s+(?:who|that|which|at|in|on|from|seen|looking|treating)\b|\W*$)"
    r"|\b(?:his|her|their|the)\s+(?P<own>[\w-]+)(?:'s|s')\s+names?\b",
    re.IGNORECASE,
)
_TITLED = re.compile(r"\b(?:Dr|Prof|Mr|Mrs|Ms|Sr|Sister|Nurse)\b\.?\s+[A-Z]|,\s?(?:MD|RN|PA|NP)\b")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_NEAR = 6  # words between the one who is meant and the name
_ROOT = 5  # letters by which "psych" stands for the psychologist
# Names of these are asked for in the same words, and are no proper names.
_THINGS = frozenset("drug drugs medication medicine tablet tablets antibiotic operation procedure test scan condition disease bug organism study trial device inhaler insulin cream score scale".split())  # fmt: skip


_GROUP_ASKED = re.compile(r"\bblood (?:group|type)\b|\brh(?:esus)? (?:status|type|group|factor)\b", re.IGNORECASE)
_GROUP = re.compile(r"(?<!\w)(?:AB|A|B|O)\s?(?:\+|-(?!\w)|pos(?:itive)?\b|neg(?:ative)?\b|rh\b)", re.IGNORECASE)
_GIVEN = re.compile(r"\b(?:units?|u|bags?|pints?|packs?|transfused?|of)\s+(?:of\s+)?(?:\w+\s+)?$", re.IGNORECASE)
_PRODUCT = re.compile(r"^\s*(?:blood|red cells?|rbcs?|prbcs?|units?|packed|ffp|plasma|platelets)\b", re.IGNORECASE)


def does_not_tell(question: str, quotes: Sequence[str]) -> bool:
    """Whether quotes that have the words of a question leave what it asks untold."""
    return _lacks_the_name(question, quotes) or _tells_of_blood_given(question, quotes)


def _tells_of_blood_given(question: str, quotes: Sequence[str]) -> bool:
    """Whether the only blood groups in the quotes are of blood that was given, where the patient's own is asked for."""
    if _GROUP_ASKED.search(question) is None:
        return False
    groups = [(q, m) for q in quotes for m in _GROUP.finditer(q)]
    return bool(groups) and all(_GIVEN.search(q[: m.start()]) or _PRODUCT.match(q[m.end() :]) for q, m in groups)


def _lacks_the_name(question: str, quotes: Sequence[str]) -> bool:
    """Whether no name stands near the one whose name is asked for; or, where no quote speaks of them, nobody's at all."""
    root = _root(question)
    if not root or not quotes:
        return False
    speaking = [q for q in quotes if _places(q, root)]
    if not speaking:
        return not any(_TITLED.search(q) for q in quotes)
    return not any(_is_named(q, root) for q in speaking)


def _root(question: str) -> str:
    match = _ASKS.search(question)
    if match is None:
        return ""
    words = [w.lower() for w in _WORD.findall(match["who"] or match["of"] or match["own"])]
    words = [w.removesuffix("'s") for w in words if w not in STOP_WORDS]
    return "" if not words or words[-1] in _THINGS else words[-1][:_ROOT]


def _places(quote: str, root: str) -> list[int]:
    return [n for n, w in enumerate(_WORD.findall(quote)) if w.lower().startswith(root)]


def _is_named(quote: str, root: str) -> bool:
    words = list(_WORD.finditer(quote))
    names = [n for n, w in enumerate(words) if _is_a_name(w, quote)]
    return any(0 < abs(n - place) <= _NEAR for n in names for place in _places(quote, root))


def _is_a_name(word: re.Match[str], quote: str) -> bool:
    """A word with a capital that no sentence begins with, or that English does not know."""
    text = word[0]
    if not text[0].isupper() or text.isupper() or len(text) < 3:
        return False
    begins = (
        not quote[: word.start()].strip() or re.search(r"[.:;!?\"“(]\s*$|\n\s*$", quote[: word.start()]) is not None
    )
    return not begins or text.lower().removesuffix("'s") not in english_words() | common_words() | STOP_WORDS
