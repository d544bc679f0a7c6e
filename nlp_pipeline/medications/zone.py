"""The stretch of words that tells how one drug is taken: which sig terms in it are its own."""

from __future__ import annotations

from typing import NamedTuple

from nlp_pipeline.medications.doses import Amount
from nlp_pipeline.medications.status import AFTER_CUES
from nlp_pipeline.medications.terms import HEADS, NEXT, Term, term_at
from nlp_pipeline.medications.words import Words

_MAX_UNKNOWN, _MAX_UNKNOWN_BARE = 4, 3  # words that are no part of a sig; fewer where no dose is given
_MAX_REST = 26
_STOPS = frozenset("but however although because whereas who she he they we patient • #".split())
_LOOSENS = frozenset("and followed then along plus alongside . or".split())
# After one of these a term begins another statement: "... and a daily multivitamin", "... followed by oral drugs".
_ARTICLES = frozenset("a an the his her this another".split())
_LINKING = frozenset(
    "a an the at of to by in on as was were is been be for with and or then mg g ml , . ( ) [ ] - – : / = ® ™ + * ~ tab"
    " dose doses therapy treatment given taken started administered daily total day days per followed from over".split()
)


_HEAD, _LOOSEN, _STOP, _LINK = 1, 2, 4, 8
_ROLES: dict[str, int] = {}  # what a word can do here, in one look-up; most words have no part in a sig
for _role, _names in ((_HEAD, HEADS), (_LOOSEN, _LOOSENS), (_STOP, _STOPS), (_LINK, _LINKING)):
    for _name in _names:
        _ROLES[_name] = _ROLES.get(_name, 0) | _role


class Zone(NamedTuple):
    """The terms of a sig, each with the number of the dose it follows (-1 before any), and the other words.

    `rest` are the indices of the words after the drug that are no part of its sig, where one of them may be a status.
    """

    terms: list[tuple[int, Term]]
    rest: list[int]

    def at(self, step: int, kind: str) -> str:
        """The value of a kind of term that follows one dose, or nothing."""
        return next((t.value for n, t in self.terms if n == step and t.kind == kind), "")


def read_zone(
    text: str, words: Words, begin: int, drug: tuple[int, int], own: list[Amount], limit: int, speaks: bool
) -> Zone:
    """Walk the words from the first of drug and doses up to `limit`, collecting terms until something else begins.

    `speaks` says whether the sentence has one of the `AFTER_CUES` at all.
    """
    terms: list[tuple[int, Term]] = []
    rest: list[int] = []
    starts, texts = words.starts, words.texts
    drug_start, drug_end = drug
    first, high = words.range(begin, limit)
    speaks = speaks and not AFTER_CUES.isdisjoint(texts[first:high])
    skip_to, step, unknown, depth = begin, -1, 0, 0
    most = _MAX_UNKNOWN if own else _MAX_UNKNOWN_BARE
    is_loose, is_open = False, True
    seen: set[tuple[int, str]] = set()
    dosed_to = max([a.end for a in own]) if own else -1
    for position in range(first, high):
        start, name = starts[position], texts[position]
        if start < skip_to or drug_start <= start < drug_end:
            continue
        if start < dosed_to:
            dose = next((n for n, a in enumerate(own) if a.start <= start < a.end), -1)
            if dose >= 0:
                step, unknown, skip_to, is_loose, is_open = dose, 0, own[dose].end, False, True
                continue
        role, initial = _ROLES.get(name, 0), name[0]
        is_plain = not role and name.isalpha()  # as most words are: they are passed over quickly
        if not is_plain and (role & _HEAD or initial.isdigit() or (initial in "qx" and name[1:2].isdigit())):
            before = texts[position - 1] if position else ""
            is_loose = is_loose or before in _ARTICLES
            begins = is_open and (name not in NEXT or (position + 1 < high and texts[position + 1] in NEXT[name]))
            term = term_at(name, text, start, limit) if begins else None
            if term and _belongs(term, step, seen, is_loose, before):
                terms.append((step, term))
                seen.add((step, term.kind))
                skip_to, unknown = term.end, 0
                continue
        if is_plain:
            pass
        elif not initial.isalnum():
            depth += (name in "([") - (name in ")]")
            is_loose = is_loose or name == "." or (name == ")" and depth <= 0)
            is_open = is_open and not ((name == ";" and depth <= 0) or role & _STOP > 0)
        elif role & _LOOSEN:
            is_loose = True
        elif role & _STOP:
            is_open = False
        if start >= drug_end:
            rest.append(position)
        if is_plain or (not role & _LINK and initial.isalpha()):
            unknown += 1
            is_open = is_open and unknown <= most
        if not is_open and step + 1 >= len(own) and (
            not speaks or unknown > _MAX_UNKNOWN + 1 or len(rest) > _MAX_REST
        ):  # fmt: skip
            break
    return Zone(terms, rest if speaks else [])


def _belongs(term: Term, step: int, seen: set[tuple[int, str]], is_loose: bool, before: str) -> bool:
    """Whether a term is part of this sig rather than of what follows it."""
    if (step, term.kind) in seen and term.kind not in {"as_needed", "last_taken"}:
        return False
    if not is_loose:
        return True
    if term.kind in {"route", "form"} or before in _ARTICLES:
        return False
    return term.kind != "frequency" or term.value != "continuous"
