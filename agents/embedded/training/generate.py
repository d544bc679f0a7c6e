"""Training questions from templates: alternatives drawn, words shortened, dropped or misspelt, carriers put around.

Deterministic for a seed. The templates were written from the tool catalogue; nothing here reads a question of an evaluation.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

from domain.errors import InvalidInput

_ALTERNATIVES = re.compile(r"\[([^\]|]+(?:\|[^\]|]+)+)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_HEADING = re.compile(r"\[[\w.]+\]")
_WORD = re.compile(r"[A-Za-z']+")

_BEFORE = (
    "please tell me",
    "can you tell me",
    "could you check",
    "quick question,",
    "i need",
    "for the referral letter:",
    "sorry to bother,",
    "the family is asking,",
    "before the round:",
    "do you know",
    "i would like to see",
    "just checking,",
    "show me",
    "in this patient,",
    "help me,",
    "new to this patient.",
)
_AFTER = (
    "please",
    "thanks",
    "pls",
    "asap",
    "for this patient",
    "in her case",
    "in the chart",
    "on record",
    "if you know",
    "i forgot",
    "right now",
    "for the handover",
    "according to the chart",
    "can you check",
    "?",
    "??",
)
_SHORT = {
    "patient": "pt",
    "history": "hx",
    "medications": "meds",
    "medication": "med",
    "diagnosed": "dxd",
    "diagnosis": "dx",
    "treatment": "tx",
    "prescription": "rx",
    "prescriptions": "rxs",
    "please": "pls",
    "with": "w/",
    "without": "w/o",
    "because": "bc",
    "before": "prior",
    "latest": "last",
    "most recent": "latest",
    "admission": "adm",
    "appointment": "appt",
    "and": "&",
    "function": "fn",
    "years": "yrs",
    "question": "q",
    "vaccinations": "vax",
    "number": "no.",
    "result": "res",
}
_SWAPS = {
    "she": ("he", "the patient", "this lady", "they"),
    "he": ("she", "the patient", "this man", "they"),
    "her": ("his", "the patient's", "their"),
    "his": ("her", "the patient's", "their"),
    "him": ("her", "this patient", "them"),
    "current": ("present", "actual"),
    "recent": ("new", "fresh"),
    "show": ("give", "pull up", "display"),
    "when": ("what date", "on which day"),
    "ever": ("at any time", "in the past"),
    "started": ("begun", "initiated", "commenced"),
    "stopped": ("ended", "ceased", "discontinued"),
    "drugs": ("medicines", "meds"),
    "any": ("some", "a"),
}
_DROPPED = frozenset({"the", "is", "was", "does", "did", "a", "has", "of", "are", "do"})


class Sample(NamedTuple):
    """A training question: its intent and its text, slots still written as `{kind}`."""

    intent: str
    text: str


def templates() -> list[Sample]:
    """The packaged templates as written."""
    text = resources.files("agents.embedded.training").joinpath("templates.txt").read_text(encoding="utf-8")
    return parse(text, "templates.txt")


def parse(text: str, source: str) -> list[Sample]:
    """Samples from the form of exemplars.txt, slots as written.

    Raises:
        InvalidInput: a sample stands before any `[intent]` heading.
    """
    found, intent = [], ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if _HEADING.fullmatch(line):
            intent = line[1:-1]
            continue
        if not intent:
            raise InvalidInput(f"{source}, line {number}: no [intent] above it")
        found.append(Sample(intent, line))
    return found


def generate(sources: Sequence[Sample], copies: int, seed: int) -> list[Sample]:
    """The sources with their alternatives drawn, and up to `copies` varied forms of each; no duplicates, order kept.

    Args:
        sources: Templates or exemplars with `{slot}` names.
        copies: Varied forms tried for each source.
        seed: Of the draws.
    """
    draw = random.Random(seed)
    out: dict[Sample, None] = {}
    for source in sources:
        out.setdefault(Sample(source.intent, _ALTERNATIVES.sub(lambda m: draw.choice(m[1].split("|")), source.text)))
        for _ in range(copies):
            text = _ALTERNATIVES.sub(lambda m: draw.choice(m[1].split("|")), source.text)
            out.setdefault(Sample(source.intent, _varied(text, draw)))
    return list(out)


def _varied(text: str, draw: random.Random) -> str:
    """One varied form; slots are left as they are."""
    pieces = re.split(r"(\{\w+\})", text)
    habits = {name: draw.random() < p for name, p in (("short", 0.3), ("swap", 0.5), ("drop", 0.25), ("typo", 0.2))}
    for index in range(0, len(pieces), 2):
        words = pieces[index].split(" ")
        words = [v for w in words if (v := _varied_word(w, habits, draw)) is not None]
        pieces[index] = " ".join(words)
    varied = " ".join("".join(pieces).split())
    if draw.random() < 0.25:
        varied = f"{draw.choice(_BEFORE)} {varied}"
    if draw.random() < 0.25:
        varied = f"{varied.rstrip('?')} {draw.choice(_AFTER)}"
    return varied if _WORD.search(varied) else text


def _varied_word(word: str, habits: dict[str, bool], draw: random.Random) -> str | None:
    if habits["drop"] and word in _DROPPED and draw.random() < 0.7:
        return None
    if habits["short"] and word in _SHORT:
        return _SHORT[word]
    if habits["swap"] and word in _SWAPS and draw.random() < 0.6:
        return draw.choice(_SWAPS[word])
    if habits["typo"] and len(word) > 4 and word.isalpha() and draw.random() < 0.3:
        return _misspelt(word, draw)
    return word


def _misspelt(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(word) - 1)
    kind = draw.randrange(3)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def filled(text: str, fillers: dict[str, str]) -> str:
    """The text with each slot written as the filler of its kind."""
    return _SLOT.sub(lambda m: fillers[m[1]], text)
