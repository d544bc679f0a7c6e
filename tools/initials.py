"""Short for what a record writes out: initials ("ABPA", "FEES"), names cut short ("oxali"), verbs ("decannulated")."""

from __future__ import annotations

import re
from collections.abc import Collection

_FEWEST, _MOST = 3, 7  # letters
_CUT_SHORT = 5  # letters of a drug's name cut short; fewer begin too many drugs
_SHORTEST_ROOT = 5  # letters
_DONE = re.compile(r"(?:i[sz]ed|ated|ed|i[sz]ing|ating|ing)$")
_ALSO_HAPPENS = frozenset(
    "aspirated aspirating infected fractured ruptured perforated".split()
)  # to a patient, unasked
_JOINING = frozenset("of and the with for in to by on from due".split())


def names_meant(phrase: str, names: Collection[str], kind: str) -> frozenset[str]:
    """The names of a record that one short word stands for; none where it could be several drugs."""
    short = phrase.strip()
    if not short.isalpha():
        return frozenset()
    # Results are named at length ("moles volume in serum"): letters would find too much among them.
    found = frozenset(n for n in names if kind != "observation" and are_initials(short, n))
    if not found and kind == "procedure":
        return frozenset(n for n in names if _is_done_by(short.lower(), n))
    if found or kind != "medication" or len(short) < _CUT_SHORT:
        return found
    begun = frozenset(n for n in names if n.startswith(short.lower()))
    return begun if len({n.split()[0] for n in begun}) == 1 else frozenset()


def are_initials(letters: str, name: str) -> bool:
    """Whether letters stand for words of a name that follow one another; three letters have to be in capitals.

    A word may give more than its first letter ("EBRT" of "external beam radiotherapy"), and none may be left out.
    """
    if not _FEWEST <= len(letters) <= _MOST or not (letters.isupper() or len(letters) > _FEWEST):
        return False
    words = [w for w in name.lower().split() if w not in _JOINING]
    # How many words they have to stand for: of two, small letters may be any word ("move" of "moles volume").
    fewest = max(2, len(letters) - 2) if letters.isupper() else max(3, len(letters) - 2)
    return any(_spelt(letters.lower(), words[start:], fewest) for start in range(len(words)))


def _spelt(letters: str, words: list[str], fewest: int) -> bool:
    return any(_taken(letters, words[:count]) for count in range(fewest, len(words) + 1))


def _taken(letters: str, words: list[str]) -> bool:
    """Whether the letters are used up by these words, each giving its first letter and perhaps later ones."""
    if not words:
        return not letters
    if not letters or words[0][0] != letters[0]:
        return False
    place = 0
    for used in range(1, len(letters) + 1):
        if _taken(letters[used:], words[1:]):
            return True
        place = words[0].find(letters[used], place + 1) if used < len(letters) else -1
        if place < 0:
            return False
    return False


def _is_done_by(verb: str, name: str) -> bool:
    """Whether a procedure is what a verb says was done: "decannulated" by "Tracheostomy decannulation"."""
    root = _DONE.sub("", verb)
    if root == verb or len(root) < _SHORTEST_ROOT or verb in _ALSO_HAPPENS:
        return False
    return any(part.startswith(root) for part in name.lower().split())
