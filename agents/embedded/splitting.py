"""The asks of a sentence: where it is cut, and which pieces are questions of their own."""

from __future__ import annotations

import re
from collections.abc import Callable

from agents.embedded.places import BOTH_ENDS, whole_course_spans
from agents.embedded.plans import Setting, needs_no_name
from agents.embedded.reader import Question, cues_of
from agents.embedded.router import Router
from agents.embedded.units_asked import is_unit_alone, unit_spans
from tools.concepts import tokenize

_OWN_INTENT = 0.56  # a part of a sentence must look this much like a question of its own to be split off
_ASKED = re.compile(r"(?:,|\band\b|\bor\b|&|\+|/)\s*(?:the |his |her |any |latest |last )*$", re.IGNORECASE)
_LEANS = 0.8  # "and what did it show" is an ask of its own about what was just named
_JOINERS = re.compile(
    r"\s*(?:[?;+]+|\n+|(?<=[A-Za-z])\s*/\s*(?=[A-Za-z])|,\s*and\b|,|\band\s+also\b|\band\b|\bplus\b|&|\balong with\b|\bas well as\b|\bthen\b|\.\s)\s*",
    re.IGNORECASE,
)
_PER_UNIT = re.compile(
    r"[\w.^]+\s?/\s?(?:\w+\s?/\s?)?(?:d?l|m?l|[uµμ]l|min(?:ute)?s?|h|hrs?|hours?|days?|d|wk|week|kg|m2|mm3|mol|mmol|sec|s)\b|\d+\s*/\s*\d+",
    re.I,
)
_MODIFIER = re.compile(
    r"^(?:the |her |his )?(?:\w+ )?notes?\b|^(?:per|according to|in|from|on|by|as per|based on|looking at|for|with|given|since|before|after|vs\.?|versus|compared|during|as of)\b",
    re.IGNORECASE,
)


class Splitter:
    """Cuts a sentence into its asks, by what each piece would be routed to on its own."""

    def __init__(self, read: Callable[[str, Setting], Question], router: Router) -> None:
        self._read = read
        self.router = router

    def parts(self, text: str, setting: Setting) -> list[str]:
        """The asks of a sentence. A piece stands alone only if it is a question of its own; else it joins its neighbour."""
        whole = self._read(text, setting)
        protected = [(p.start, p.end) for p in whole.periods]
        protected += [(s.start, s.end) for v in whole.variants for s in v.slots]
        protected += [m.span() for m in BOTH_ENDS.finditer(text)] + unit_spans(text)
        protected += whole_course_spans(text)
        protected += [m.span() for m in _PER_UNIT.finditer(text)]
        cuts = [m for m in _JOINERS.finditer(text) if not _is_within(m, protected)]
        pieces, start = [], 0
        for cut in cuts:
            pieces.append(text[start : cut.start()])
            start = cut.end()
        pieces.append(text[start:])
        pieces = [p.strip() for p in pieces if p.strip(" .?!,;")]
        if len(pieces) < 2 or "what_if" in cues_of(text):  # a what-if states its conditions in the same sentence
            return [text]
        merged: list[str] = []
        for index, piece in enumerate(pieces):
            if merged and not self._stands_alone(piece, setting):
                merged[-1] = f"{merged[-1]} and {piece}"
            elif merged and index == 1 and not self._stands_alone(merged[0], setting):
                merged[0] = f"{merged[0]}, {piece}"
            else:
                merged.append(piece)
        return merged

    def _stands_alone(self, piece: str, setting: Setting) -> bool:
        if is_unit_alone(piece):
            return False
        if len(tokenize(piece)) < 1 or (
            _MODIFIER.match(piece) and (len(tokenize(piece)) <= 5 or "note" in cues_of(piece))
        ):
            return False
        question = self._read(piece, setting)
        leaning = self.router.route(question.variants, allow_followup=True)[0]
        if leaning.intent.startswith("followup.") and leaning.score >= _LEANS:
            return True
        has_name = any(s.known for v in question.variants for s in v.slots)
        route = self.router.route(question.variants)[0]
        if has_name:
            return route.score >= 0.30
        words = [t for t in tokenize(piece)]
        return (
            route.score >= _OWN_INTENT and len(words) >= 1 and not route.variant.slots and needs_no_name(route.intent)
        )

    def after_preamble(self, part: str, setting: Setting) -> str:
        """What follows a colon or dash, where it is the better question ("Med rec: what is she taking?")."""
        match = re.match(r"^(?P<lead>[^:?]{3,60}?)(?::| - | — )\s*(?P<rest>\S.{5,})$", part, re.DOTALL)
        if match is None or "note" in cues_of(match["lead"]):
            return part
        whole = self.router.route(self._read(part, setting).variants)[0]
        rest = self.router.route(self._read(match["rest"], setting).variants)[0]
        if any(s.known for s in whole.variant.slots) and not any(s.known for s in rest.variant.slots):
            return part  # the subject stands before the colon: "systolic pressure: any improvement?"
        return match["rest"] if rest.score > whole.score + 0.08 else part


def _is_within(cut: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    """Whether a joiner stands inside what must stay whole; the spaces around it do not count."""
    start = cut.start() + len(cut[0]) - len(cut[0].lstrip())
    end = cut.end() - (len(cut[0]) - len(cut[0].rstrip()))
    return any(s <= start and end <= e for s, e in spans)


def is_remark(part: str, whole: str) -> bool:
    """Whether a part is a thank-you or a note to the reader."""
    return (
        re.fullmatch(
            r"(?:many )?(?:thanks?|thank you|thx|ty|cheers|please|pls|regards|asap|urgent|no rush)\W*(?:so much|very much|in advance|a lot)?\W*",
            part.strip(),
            re.IGNORECASE,
        )
        is not None
    )


def is_asked_for(name: str, text: str) -> bool:
    """Whether an unknown name stands in a list of asks ("sodium and zonulin"), not in a sentence of its own."""
    start = text.lower().find(name.lower())
    return start > 0 and _ASKED.search(text[:start]) is not None


def is_bare_name(question: Question, part: str) -> bool:
    """Whether a part is only a name ("and sodium"), so that it takes the intent of the part before."""
    covered = sum(s.end - s.start for s in question.variants[0].slots)
    words = [t for t in tokenize(part) if t.norm not in {"and", "the", "his", "her", "their", "also", "latest", "last"}]
    named = [t for t in words if any(s.start <= t.start < s.end for s in question.variants[0].slots)]
    return covered > 0 and len(words) == len(named)


def names_other_time(part: str) -> bool:
    """Whether a part has a moment of its own, so that the sentence's is not meant for it."""
    return bool(re.search(r"\b(?:latest|last|current|now|today|most recent)\b", part, re.IGNORECASE))
