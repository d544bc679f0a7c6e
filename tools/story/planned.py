"""Tests that a note wants again by a day: shown while no later result closes them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from tools.context import day
from tools.story.model import Basis, Sentence, tell
from tools.story.passages import around
from tools.story.wording import excerpt, small

if TYPE_CHECKING:
    from domain.facts import Note
    from tools.story.picture import Picture

_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "twelve": 12, "a": 1}
_COUNT = r"\d{1,2}|" + "|".join(_WORDS)
_IN = re.compile(
    rf"\b(?:in|at|after|within)\s+(?:(?:{_COUNT})\s*(?:to|-|–)\s*)?(?P<n>{_COUNT})\s*(?P<unit>d|days?|wks?|weeks?|mos?|months?|years?|yrs?)\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"\b(?:repeat|recheck|re-?check|check|redo|again|labs?|bloods?|monitor|follow[- ]?up|f/u)\b", re.IGNORECASE
)
_SUPPOSED = re.compile(r"\b(?:if|unless|should|would)\b", re.IGNORECASE)
_DAYS = {"d": 1.0, "w": 7.0, "m": 30.44, "y": 365.25}
_SOON, _LATELY, _NOTE_AGE, _MOST = timedelta(days=31), timedelta(days=365), timedelta(days=400), 4


def planned_repeats(picture: Picture) -> list[Sentence]:
    """The repeats that recent notes ask for and no later result answers, due or soon to be; the newest note's first."""
    found: list[Sentence] = []
    told: set[str] = set()
    for note in picture.testimony.notes:
        if note.time is None or picture.ctx.as_of - note.time > _NOTE_AGE:
            continue
        for match in _IN.finditer(note.text):
            line = _repeat(picture, note, match, told)
            if line is not None and len(found) < _MOST:
                found.append(line)
    return found


def _repeat(picture: Picture, note: Note, match: re.Match[str], told: set[str]) -> Sentence | None:
    start, end = around(note.text, match.start(), match.end(), items=False)
    words = note.text[start:end]
    if note.time is None or not _AGAIN.search(words) or _SUPPOSED.search(note.text[start : match.start()]):
        return None
    item = note.text[slice(*around(note.text, match.start(), match.end()))]
    ids = picture.testimony.measured_in(words) or picture.testimony.measured_in(item)
    series = [picture.results[i] for i in sorted(ids) if i in picture.results and picture.results[i].points]
    due = note.time + timedelta(days=_count(match["n"]) * _DAYS[match["unit"][0].lower()])
    late = picture.ctx.as_of - due
    if not series or late > _LATELY or -late > _SOON or any(one.after(note.time) for one in series):
        return None
    if told & {one.id for one in series}:
        return None  # a newer note has asked for it
    told.update(one.id for one in series)
    quote, evidence = excerpt(note, start, end, 280)
    state = "was due" if due.date() < picture.ctx.as_of.date() else "is due"
    newest = max(series, key=lambda one: one.latest.stamp)
    title = (note.title or note.note_type or "note").strip()
    text = f"Note of {day(note.time)} ({title}): {quote} That {state} by {day(due)}; the last {small(newest.label)} recorded is of {newest.latest.date}."
    return tell(text, evidence, newest.latest.evidence, basis=Basis.DERIVED, item=True)


def _count(text: str) -> int:
    return int(text) if text.isdigit() else _WORDS[text.lower()]
