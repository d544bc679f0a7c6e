"""The asks of a sentence: where it is cut, and which pieces are questions of their own."""

from __future__ import annotations

import re
from collections.abc import Callable

from agents.embedded.places import BOTH_ENDS, whole_course_spans
from agents.embedded.plans import Setting, needs_no_name
from agents.embedded.reader import Question, Slot, cues_of
from agents.embedded.router import Router
from agents.embedded.suppositions import is_hypothetical
from agents.embedded.units_asked import is_unit_alone, unit_spans
from tools.concepts import tokenize

_OWN_INTENT = 0.56  # a part of a sentence must look this much like a question of its own to be split off
_ASKED = re.compile(r"(?:,|\band\b|\bor\b|&|\+|/)\s*(?:the |his |her |any |latest |last )*$", re.IGNORECASE)
_LEANS = 0.8  # "and what did it show" is an ask of its own about what was just named
_JOINERS = re.compile(
    r"\s*(?:[?;+]+|\n+|(?<=[A-Za-z])\s*/\s*(?=[A-Za-z])|,\s*and\b|,|\band\s+also\b|\band\b|\bplus\b|&|\balong with\b|\bas well as\b|\bthen\b|\.\s)\s*",
    re.IGNORECASE,
)
_ANOTHER_OF_IT = re.compile(
    r"(?:(?:and|then|also|at|right|what(?:'s| is| was)?|show|give(?: me)?)\s+)*(?:the |its |his |her |their )?(?:very )?(?:latest|last|newest|most recent|current|first|earliest|present|now|today|currently|highest|lowest|minimum|maximum|min|max|peak|nadir|average|mean)(?: (?:ones?|values?|results?|readings?|levels?|measurements?))?(?: (?:too|also|as well|please|pls))?",
    re.IGNORECASE,
)
_WHERE_ALONE = re.compile(
    r"(?:and\s+)?(?:where|by whom|with whom|at which (?:clinic|place|site)|(?:at )?(?:what|which) age|which relative)(?: (?:and )?(?:where|by whom))?",
    re.IGNORECASE,
)
_SUPPOSES = re.compile(r"\bif\b(?!\s+(?:so|any|yes|not|present|available|possible))[^?]*\d", re.IGNORECASE)
_ITS_TREATMENT = re.compile(
    r"(?:(?:and|the|its|current|any|what)\s+)*(?:treatment|therapy|medications?|meds?|drugs?|rx)", re.IGNORECASE
)
_IT_WAS = re.compile(
    r"\b(?:was|is|has|did|were|does)\s+(?P<it>it|that|this)\s+(?=(?:ever|been|always|go|get|drop|rise|fall|exceed|above|below|over|under|normal|high|low|in range)\b)",
    re.IGNORECASE,
)
_AT_PRESENT = re.compile(r"(?:\bat |\bright )?\b(?:present|now|today|currently)\b", re.IGNORECASE)
_OF_THE_DRUG = re.compile(
    r"(?:and\s+)?(?:(?:for|at|in|with)\s+)?(?:(?:what|which|the)\s+)+(?:indication|reason|purpose|dose|strength|dosage|frequency|route)|(?:the )?(?:indication|dose|dosage|strength)",
    re.IGNORECASE,
)
_LEANS_ON = re.compile(
    r"\b(?:for|against|with|of|start(?:ed)?|stop(?:ped)?|prescribed?|treat(?:ed|ing)?|manag(?:ed|ing)|taking|take)\s+(?P<it>it|that|this|them)\b(?!\s+\w+ed\b)",
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
        if len(each := _for_each_period(text, whole)) > 1:
            return each
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
        pieces = self._with_subject(pieces, setting)
        if (
            len(pieces) < 2 or "what_if" in cues_of(text) or _SUPPOSES.search(text)
        ):  # a what-if states its conditions in the same sentence
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

    def _with_subject(self, pieces: list[str], setting: Setting) -> list[str]:
        """The pieces with their subject put in for "it" and "the latest one", where a piece before names it."""
        named: list[Slot] = []
        for index, piece in enumerate(pieces):
            slots = [s for v in self._read(piece, setting).variants[:1] for s in v.slots if s.known]
            if slots or not named:
                named = slots or named
                continue
            bare = piece.strip(" ?.!")
            leaning = _LEANS_ON.search(piece)
            if _ANOTHER_OF_IT.fullmatch(bare) and named[-1].kind == "observation":
                which = _AT_PRESENT.sub("latest", bare)
                pieces[index] = f"{which} {named[-1].text}"
            elif named[-1].kind == "observation" and (it := _IT_WAS.search(piece)) is not None:
                pieces[index] = piece[: it.start("it")] + named[-1].text + piece[it.end("it") :]
            elif named[-1].kind == "condition" and _ITS_TREATMENT.fullmatch(bare):
                pieces[index] = f"drugs taken for {named[-1].text}"
            elif _OF_THE_DRUG.fullmatch(bare) and (drug := _drug_of(named)):
                pieces[index] = f"{bare.split()[-1]} of {drug}"
            elif leaning is not None:
                kinds = {"condition", "medication", "drug_class"}
                kinds |= {"observation"} if leaning[0].lower().startswith(("for", "against")) else set()
                subject = next((s.text for s in named if s.kind in kinds), "")
                if subject:
                    pieces[index] = piece[: leaning.start("it")] + subject + piece[leaning.end("it") :]
        return pieces

    def _stands_alone(self, piece: str, setting: Setting) -> bool:
        if is_unit_alone(piece) or _WHERE_ALONE.fullmatch(piece.strip(" ?.!,")):
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
        if match is None or "note" in cues_of(match["lead"]) or is_hypothetical(match["lead"]):
            return part
        whole = self.router.route(self._read(part, setting).variants)[0]
        rest = self.router.route(self._read(match["rest"], setting).variants)[0]
        if any(s.known for s in whole.variant.slots) and not any(s.known for s in rest.variant.slots):
            return part  # the subject stands before the colon: "systolic pressure: any improvement?"
        return match["rest"] if rest.score > whole.score + 0.08 else part


def _for_each_period(text: str, whole: Question) -> list[str]:
    """The question once for each of two periods that stand beside each other ("average pulse in 2024 and in 2026")."""
    periods = sorted(whole.periods, key=lambda p: p.start)
    if len(periods) != 2 or "what_if" in cues_of(text) or any(p.label.lower() in _NOW for p in periods):
        return []
    first, second = periods
    between = text[first.end : second.start]
    if not _BESIDE.fullmatch(between):
        names = {s.text for v in whole.variants[:1] for s in v.slots if s.kind == "observation" and s.known}
        if len(names) != 1 or not _SET_AGAINST.search(between):
            return []
        return [f"{name} {text[p.start : p.end]}" for name in names for p in periods]
    before, after = text[: first.start], text[second.end :]
    return [f"{before}{text[p.start : p.end]}{after}" for p in periods]


_SET_AGAINST = re.compile(
    r"\b(?:higher|lower|more|less|better|worse|greater|heavier|lighter|compared?|versus|vs|differ\w*|than)\b",
    re.IGNORECASE,
)
_NOW = frozenset({"today", "now", "yesterday"})
_BESIDE = re.compile(r"\s*(?:,|&|/|and|or|vs\.?|versus|compared (?:to|with)|against)\s*", re.IGNORECASE)


def _drug_of(named: list[Slot]) -> str:
    return next((s.text for s in named if s.kind in {"medication", "drug_class"}), "")


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
