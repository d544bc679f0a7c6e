"""The times in hospital that the record holds, and which of them were at a time or for a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from agents.embedded.plans import Setting
from agents.embedded.reading.dating.phrases import DAY
from knowledge_base.words import stem
from tools.concepts import Lexicon, tokenize
from tools.events.visits import is_stay

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow

# Words of any stay: they do not tell one from another.
_OF_ANY = frozenset(stem(w) for w in "acute severe hospital stay admission department visit emergency failure disease medical ward care".split())  # fmt: skip


class Stay(NamedTuple):
    """One time in hospital, from the emergency department on."""

    begun: datetime
    ended: datetime | None  # None: it has not
    words: str  # what its visits are called and were for
    is_admission: bool

    def is_of(self, month: int, year: int, setting: Setting) -> bool:
        """Whether it began or ended in a month or a year; 0 is any."""
        ends = (self.begun, self.ended or setting.as_of)
        return any(month in {0, m.month} and year in {0, m.year} for m in ends)

    def is_for(self, reason: str, lexicon: Lexicon) -> bool:
        """Whether it was for a reason: in its own words, as the same problem, or as what clinicians also call it."""
        said = {stem(w) for w in reason.split() if len(w) > 2}
        if said & {stem(t.norm) for t in tokenize(self.words)} - _OF_ANY:
            return True
        if any(_has(reason, group) and _has(self.words, group) for group in _same()):
            return True
        return bool(_problems(reason, lexicon) & _problems(self.words, lexicon))


def stays(setting: Setting) -> list[Stay]:
    """Every time in hospital, oldest first: admissions with the emergency visit that led to them, and such visits alone."""
    found: list[Stay] = []
    begun_at = ((r.start, r) for r in setting.visits if r.start is not None)
    rows = sorted(begun_at, key=lambda pair: pair[0])
    for begun, ended in setting.admissions:
        until = ended or setting.as_of
        of_it = [(at, r) for at, r in rows if begun - DAY <= at <= until and (is_stay(r) or r.class_code == "EMER")]
        found.append(Stay(min([begun, *(at for at, _ in of_it)]), ended, _words([r for _, r in of_it]), True))
    for at, row in rows:
        if row.class_code == "EMER" and not any(s.begun <= at <= (s.ended or setting.as_of) for s in found):
            found.append(Stay(at, row.end, _words([row]), False))
    return sorted(found, key=lambda s: s.begun)


def is_illness(words: str, lexicon: Lexicon) -> bool:
    """Whether somebody is admitted for what the words say: a problem, or what clinicians call one."""
    return is_reason(words) or bool(_problems(words, lexicon))


def is_reason(words: str) -> bool:
    """Whether the words begin with a name that clinicians use for a reason of coming in."""
    return any(words.lower().startswith(name) for group in _same() for name in group)


@lru_cache(maxsize=1)
def _same() -> tuple[frozenset[str], ...]:
    """Names that clinicians use for one reason of coming in."""
    loaded = json.loads(resources.files("agents.embedded").joinpath("stay_reasons.json").read_text("utf-8"))
    return tuple(frozenset(group) for group in loaded)


def _has(text: str, names: frozenset[str]) -> bool:
    return any(re.search(rf"\b{re.escape(name)}", text, re.IGNORECASE) for name in names)


def _problems(text: str, lexicon: Lexicon) -> set[str]:
    return {t.id for m in lexicon.find_mentions(text, ("condition",), fuzzy=False) for t in m.targets}


def _words(rows: Sequence[EncounterRow]) -> str:
    return " ".join(f"{r.reason_display} {r.type_display} {r.display}" for r in rows).lower()
