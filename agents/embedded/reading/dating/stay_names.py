"""Where a question names a hospital stay, and what it says of which: its place in the row, its month, its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from agents.embedded.reading.dating.phrases import (
    ARTICLES,
    LAST,
    MONTHS_BUT_MAY,
    NTH,
    SAME,
    WHO,
    Lead,
    is_measured,
    lead_to,
)
from agents.embedded.reading.dating.stays_held import is_reason
from knowledge_base.words import STOP_WORDS
from tools.concepts import Lexicon, tokenize
from tools.times.calendar_words import MONTHS

_INTENSIVE = r"(?:icu|itu|hdu|intensive care|critical care)"
# No paper about it, and no day of its own.
_NO_OTHER = r"(?!\s+(?:notes?|summary|letter|h ?&? ?p|clerking|entry|write-?up|paper\w*|documentation|orders?|avoid|rate|risk|med\w*|diagnos\w*|plan\w*|instruct\w*|date|day|destination|disposition|against)\b|\s+(?:on\s+)?\d(?!\d?/\d))"
_NOUN = re.compile(
    rf"\b(?P<noun>(?P<again>re-?)?(?:admi(?:ssion|t)|hospitali[sz]ation)|presentation|attendance|arrival|(?P<lasts>(?P<intensive>{_INTENSIVE}(?: unit)?(?: stay| admission)?(?! discharge| review| doctor| team| consult))|(?:(?:hospital|inpatient) )?stay|(?:hospital|inpatient|ward)(?=\W*$)))\b{_NO_OTHER}",
    re.IGNORECASE,
)
_CAME = re.compile(
    rf"\b(?P<when>when|as|once|after|before|prior to|since)\s+(?:(?P<who>{WHO})\s+)?(?:(?:was|were|got|had|been|is|being)\s+)*(?P<which>(?:first|last|initially|originally|next)\s+)?"
    r"(?P<noun>(?P<again>re-?)?(?:admitted|hospitali[sz]ed)|presented|(?P<back>came back|returned|bounced back|came back in|was brought back)(?: in| to (?:us|hospital|the (?:hospital|ed|er|emergency department)))?"
    r"|c[ao]m(?:e|ing) in|came to (?:us|hospital|the (?:hospital|ed|er))|arrived|brought in|going into hospital|attended|turned up|rocked up|hit the door|(?<=got )(?:in|here))\b",
    re.IGNORECASE,
)
_LEFT = re.compile(
    rf"\b(?:(?P<when>at|on|upon|by|before|prior to|when|as|after|following|since)\s+)?(?:(?P<who>{WHO})\s+)?(?:(?:was|were|got|being|the|his|her|their|last|latest|hospital|time of|day of)\s+)*"
    r"(?P<noun>discharged?|sent home|went home|going home|left (?:the )?hospital|leaving (?:the )?hospital)\b"
    rf"(?:\s+from (?P<which>(?:[\w-]+\s+){{0,4}}?)(?:admission|stay|hospital)\b)?{_NO_OTHER}",
    re.IGNORECASE,
)
_TIME_OF = re.compile(r"^\s*(?:for |on )?the (?P<nth>first|second|third|fourth|last) time\b", re.IGNORECASE)
_REASON = re.compile(
    r"^\s*,?\s*(?:with|for|due to|because of|after|from|in)\s+(?P<reason>(?:(?!\b(?:and|what|how|when|was|were|did|is|on|at|between)\b)[\w'/-]+\s*){1,5})",
    re.IGNORECASE,
)
_BARE_REASON = re.compile(r"^\s+(?P<reason>[a-z'/-]{2,}(?:\s+[a-z'/-]{3,})?)", re.IGNORECASE)  # "came in hypo"
# "On admission in July"; further on "admission ketones in October", "discharge weight May". "May" elsewhere is no month.
IN_A_MONTH = re.compile(
    rf"\s*,?\s*\b(?:(?:(?:in|of|during|this|last)\s+)?(?P<month>{MONTHS_BUT_MAY})|(?:in|of|during|this|last)\s+may|may(?=\W*$|\s+20\d\d))\b\.?(?:,?\s+(?P<year>(?:19|20)\d\d))?",
    re.IGNORECASE,
)
_IN_FIGURES = re.compile(r"\s*(?:on\s+)?(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/])")
_PREVIOUS = frozenset({"previous", "prior"})
_UNSAID = ARTICLES | LAST | frozenset("hospital inpatient medical acute to first-ever very ward icu itu unscheduled".split())  # fmt: skip
_OF_WHICH = _UNSAID | _PREVIOUS | NTH.keys() | MONTHS.keys()
_NO_STAY = frozenset("next another future planned ed er emergency clinic outpatient".split())
_MOST_WORDS = 6  # before a noun that no preposition leads to
# What is taken as somebody comes in: "the October admission ECG".
TAKEN_THEN = re.compile(
    r"^\s+(?:ecg|ekg|bloods?|labs?|gas|abg|vbg|obs|vitals|observations|values?|results?|levels?|readings?|weight|bp|figures|numbers)\b",
    re.IGNORECASE,
)


class Place(NamedTuple):
    """Where a question names a stay: by a noun with what says which before it, or by a verb of coming in or leaving."""

    start: int
    end: int
    when: str  # the preposition; empty where there is none
    which: tuple[str, ...]
    noun: str
    again: bool = False
    comes: bool = False
    leaves: bool = False
    lasts: bool = False  # "stay", "in hospital": no word for its beginning
    intensive: bool = False
    of_anything: bool = True  # whether what is asked at this time may be something other than a result


class Said(NamedTuple):
    """What the words around a stay's noun say of which it is."""

    ends: int  # where the words behind it end
    nth: int = 0
    previous: bool = False
    month: int = 0
    year: int = 0
    kind: str = ""  # before the noun: "the sepsis admission"
    reason: str = ""  # behind it: "admitted with sepsis"
    taken: bool = False  # "admission creatinine"
    figures: tuple[int, int] | None = None  # "on arrival 11/6": whichever of the two is the month


def places(text: str) -> Iterator[Place]:
    """Every place where a text names a stay, those first that say most."""
    left = [_of_verb(match, leaves=True) for match in _LEFT.finditer(text)]
    came = [_of_verb(match, comes=True) for match in _CAME.finditer(text)]
    # "At discharge from the knee admission" is one place.
    nouns = (m for m in _NOUN.finditer(text) if not any(p.start <= m.start() < p.end for p in left))
    yield from (p for p in (*came, *(_of_noun(m, text) for m in nouns), *left) if not _NO_STAY & set(p.which))


def _of_verb(match: re.Match[str], *, comes: bool = False, leaves: bool = False) -> Place:
    said = {name: (words or "").lower() for name, words in match.groupdict().items()}
    when, again = SAME.get(said["when"], said["when"]), bool(said.get("again") or said.get("back"))
    anything = when == "since" or (not said["who"] and when in ({"after"} if leaves else {"before", "after"}))
    which = tuple((said["which"] or "").split())
    return Place(*match.span(), when, which, said["noun"], again, comes, leaves, of_anything=anything)


def _of_noun(match: re.Match[str], text: str) -> Place:
    """The noun with the words back to its preposition; without one, with those that can only say which stay."""
    noun, again, lasts, intensive = match["noun"].lower(), *(bool(match[g]) for g in ("again", "lasts", "intensive"))
    lead = lead_to(text, match.start()) or _without_preposition(text, match.start())
    anything = lead.when not in {"", "of"} and not intensive
    return Place(lead.start, match.end(), lead.when, lead.which, noun, again, False, False, lasts, intensive, anything)


def _without_preposition(text: str, noun: int) -> Lead:
    start, which = noun, list[str]()
    for word in reversed(list(re.finditer(r"[\w'-]+", text[:noun]))[-_MOST_WORDS:]):
        if word[0].lower() not in _OF_WHICH:
            break
        which.insert(0, word[0].lower())
        start = word.start()
    this = which[:1] == ["this"] and start > 0  # "peak creatinine this admission"
    return Lead(start, "during" if this else "", tuple(which))


def said_of(place: Place, text: str, lexicon: Lexicon) -> Said:
    """What a question says of which stay it means at a place."""
    words, behind, ends = place.which, text[place.end :], place.end
    if (time := _TIME_OF.match(behind)) is not None:
        return Said(ends + time.end(), nth=NTH.get(time["nth"].lower(), -1))
    month = next((MONTHS[w] for w in words if w in MONTHS), 0)
    year = next((int(w) for w in words if re.fullmatch(r"(?:19|20)\d\d", w)), 0)
    taken = TAKEN_THEN.match(behind) is not None or is_measured(behind, lexicon)
    if not month and (named := IN_A_MONTH.match(behind) or (IN_A_MONTH.search(behind) if taken else None)) is not None:
        month, year = MONTHS[(named["month"] or "may").lower()], int(named["year"] or 0)
        ends += named.end() if named.start() == 0 else 0
        behind = text[ends:]
    if (day := _IN_FIGURES.match(behind)) is not None:
        return Said(ends + day.end(), figures=(int(day["a"]), int(day["b"])))
    reason, end = _reason_behind(place, behind)
    month = month or next((MONTHS[w] for w in reason if w in MONTHS), 0)  # "with DKA in May"
    return Said(
        ends=ends + end,
        nth=next((NTH[w] for w in words if w in NTH), 0),
        previous=bool(_PREVIOUS & set(words)),
        month=month,
        year=year,
        kind=" ".join(w for w in words if w not in _OF_WHICH | STOP_WORDS and not w.isdigit()),
        reason=" ".join(w for w in reason if w not in _UNSAID | MONTHS.keys() | STOP_WORDS),
        taken=taken,
    )


def _reason_behind(place: Place, behind: str) -> tuple[list[str], int]:
    """The words behind a noun or verb that say what somebody came in for, and where they end."""
    said = _REASON.match(behind)
    if said is not None and said["reason"].split()[0].lower() not in MONTHS and not said["reason"][0].isdigit():
        return [t.norm for t in tokenize(said["reason"])], said.end()
    bare = _BARE_REASON.match(behind) if place.comes else None
    return ([bare["reason"].lower()], bare.end()) if bare is not None and is_reason(bare["reason"]) else ([], 0)
