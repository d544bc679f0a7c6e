"""A hospital stay that a question names by which it was, when, or what for, as the days of that stay.

"At the first readmission", "when she came back in with fluid overload", "on the October admission ECG", "at the May
presentation", "discharge weight in August". Which stay is meant is decided by the record's visits: their order, their
months, and their reasons. Where none fits, nothing is put in its place, and the words stay for the notes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from agents.embedded.plans import Setting
from knowledge_base.words import STOP_WORDS, stem
from tools.concepts import Lexicon, tokenize
from tools.events.visits import is_stay
from tools.times.calendar_words import MONTHS

_DAY = timedelta(days=1)
_WHO = r"(?:he|she|they|the (?:patient|pt)|pt)"
# Where a stay is named: by a noun with what says which before it, or by coming in.
_NOUN = re.compile(
    r"\b(?P<noun>(?P<again>re-?)?(?:admi(?:ssion|t)|hospitali[sz]ation)|presentation|attendance|arrival|stay)\b"
    r"(?!\s+(?:notes?|summary|letter|h ?&? ?p|clerking|entry|write-?up|paperwork|documentation|order|avoid|rate|risk)\b)",
    re.IGNORECASE,
)
_BEFORE_NOUN = frozenset("at on upon during in throughout over from for since after before by of".split())
_QUALIFIERS = 5  # words between the preposition and the noun
_CAME = re.compile(
    rf"\b(?P<when>when|as|once|after|before|since)\s+(?:{_WHO}\s+)?(?:(?:was|were|got|had|been|had been|is|being)\s+)*(?P<which>(?:first|last|initially|originally|next)\s+)?"
    r"(?P<noun>(?P<again>re-?)?(?:admitted|hospitali[sz]ed)|presented|(?P<back>came back|returned|bounced back|came back in|was brought back)(?: in| to (?:us|hospital|the (?:hospital|ed|er|emergency department)))?"
    r"|came in|came to (?:us|hospital|the (?:hospital|ed|er))|arrived|was brought in|brought in|attended|turned up|rocked up)\b",
    re.IGNORECASE,
)
_LEFT = re.compile(
    rf"\b(?:(?P<when>at|on|upon|by|before|prior to|when|as|after|since)\s+)?(?:{_WHO}\s+)?(?:(?:was|were|got|being|the|his|her|time of|day of)\s+)*"
    r"(?P<noun>discharged?|sent home|went home|going home|left (?:the )?hospital|leaving (?:the )?hospital)\b(?!\s+(?:summary|letter|note|med|diagnos|plan|instruct|papers|paperwork|date|day|destination|disposition|against))",
    re.IGNORECASE,
)
_TIME_OF = re.compile(r"^\s*(?:for |on )?the (?P<nth>first|second|third|fourth|last) time\b", re.IGNORECASE)
_REASON = re.compile(
    r"^\s*,?\s*(?:with|for|due to|because of|after|from|in)\s+(?P<reason>(?:(?!\b(?:and|what|how|when|was|were|did|is|on|at|between)\b)[\w'/-]+\s*){1,5})",
    re.IGNORECASE,
)
_BARE_REASON = re.compile(r"^\s+(?P<reason>[a-z'/-]{2,}(?:\s+[a-z'/-]{3,})?)", re.IGNORECASE)  # "came in hypo"
_IN_MONTH = re.compile(
    r"^\s*,?\s*(?:in|of|during|this|last)?\s*(?P<month>[a-z]{3,9})\b\.?(?:,?\s+(?P<year>(?:19|20)\d\d))?", re.I
)
# A month further on: "admission ketones in October", "discharge weight May"; "may" elsewhere is no month.
_MONTHS_BUT_MAY = "|".join(sorted((m for m in MONTHS if m != "may"), key=len, reverse=True))
_IN_A_MONTH = re.compile(
    rf"\s*\b(?:(?:(?:in|of|during)\s+)?(?P<month>{_MONTHS_BUT_MAY})|(?:in|of|during)\s+(?P<may>may)|(?P<last>may)(?=\W*$))\b\.?(?:\s+(?:19|20)\d\d\b)?",
    re.IGNORECASE,
)
_IN_FIGURES = re.compile(r"\s*(?:on\s+)?(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/])")
_AND_ITS_DAY = re.compile(
    r"\b(?:on|at|upon)\s+(?:the\s+)?(?:arrival|admission|presentation)\s+(?=on\s+\d{4}-\d\d-\d\d)", re.IGNORECASE
)
_NTH = {"first": 1, "1st": 1, "initial": 1, "initially": 1, "originally": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}  # fmt: skip
_LAST = frozenset("last latest recent newest current this index".split())
_PREVIOUS = frozenset("previous prior".split())
_PLAIN = frozenset("the his her their that a an most hospital inpatient medical acute of day time to first-ever same very ward icu itu unscheduled".split())  # fmt: skip
# What is taken as somebody comes in: "the October admission ECG".
_TAKEN_THEN = re.compile(
    r"^\s+(?:ecg|ekg|bloods?|labs?|gas|abg|vbg|obs|vitals|observations|values?|results?|levels?|readings?|weight|bp|figures|numbers)\b",
    re.IGNORECASE,
)
_MID_STAY = re.compile(r"\b(?:peak|nadir|highest|lowest|max\w*|min\w*|worst|best|trend|average|mean|last|latest|final|course|discharge)\b", re.I)  # fmt: skip


class Stay(NamedTuple):
    """One time in hospital, from the emergency department on."""

    begun: datetime
    ended: datetime | None
    words: str  # what its visits are called and were for
    is_admission: bool


class _Place(NamedTuple):
    """Where a question names a stay: the words from the preposition on, and what they are."""

    start: int
    end: int
    when: str
    which: tuple[str, ...]
    noun: str
    again: bool
    comes: bool = False  # said by a verb of coming in
    leaves: bool = False


class _Named(NamedTuple):
    """What the words around a stay's noun say of which it is."""

    nth: int = 0
    last: bool = False
    previous: bool = False
    month: int = 0
    year: int = 0
    reason: str = ""
    ends: int = 0  # where the words behind it end
    figures: tuple[int, int] | None = None  # "on arrival 11/6": whichever of the two is the month


def names_a_stay(text: str) -> bool:
    """Whether a text speaks of coming into hospital or being there, by a noun or a verb of it."""
    return any(p.search(text) is not None for p in (_NOUN, _CAME, _LEFT))


def with_named_stay(text: str, setting: Setting, lexicon: Lexicon) -> str:
    """The question with days in place of the stay that it names; as it is where none is named or none fits.

    A day that is named beside it stands for itself.
    """
    text = _AND_ITS_DAY.sub("", text)
    places = [*map(_of_verb, _CAME.finditer(text)), *(_of_noun(m, text) for m in _NOUN.finditer(text))]
    for place in (*places, *map(_of_leaving, _LEFT.finditer(text))):
        named = _named(place, text, lexicon)
        stay = _meant(named, place, setting, lexicon) if named is not None else None
        if named is not None and stay is not None:
            return _put(text, place, named, stay, setting)
    return text


def _of_verb(match: re.Match[str]) -> _Place:
    again = bool(match["again"] or match["back"])
    which = tuple((match["which"] or "").lower().split())
    return _Place(match.start(), match.end(), match["when"].lower(), which, match["noun"].lower(), again, True)


def _of_noun(match: re.Match[str], text: str) -> _Place:
    """The noun with the words back to its preposition; without one, with those that can only say which stay."""
    words = list(re.finditer(r"[\w'-]+", text[: match.start()]))[-_QUALIFIERS - 1 :]
    start, when, which = match.start(), "", list[str]()
    for word in reversed(words):
        if word[0].lower() in _BEFORE_NOUN:
            start, when = word.start(), word[0].lower()
            break
        which.insert(0, word[0].lower())
    if not when:
        which, start = [], match.start()
        for word in reversed(words):
            if word[0].lower() not in _PLAIN | _LAST | _PREVIOUS | _NTH.keys() | MONTHS.keys():
                break
            which.insert(0, word[0].lower())
            start = word.start()
    return _Place(start, match.end(), when, tuple(which), match["noun"].lower(), bool(match["again"]))


def _of_leaving(match: re.Match[str]) -> _Place:
    return _Place(
        match.start(), match.end(), (match["when"] or "").lower(), (), match["noun"].lower(), False, leaves=True
    )


def _is_taken_then(behind: str, lexicon: Lexicon) -> bool:
    """Whether what follows is measured: "admission creatinine", "the October admission ECG"."""
    if _TAKEN_THEN.match(behind):
        return True
    return any(m.start <= 1 for m in lexicon.find_mentions(behind[:40], ("observation",), fuzzy=False))


def _named(place: _Place, text: str, lexicon: Lexicon) -> _Named | None:
    """What is said of the stay; None where nothing says which, or a day of its own stands there."""
    words = place.which
    behind = text[place.end :]
    if (time := _TIME_OF.match(behind)) is not None:
        nth = _NTH.get(time["nth"].lower(), 0)
        return _Named(nth=nth, last=not nth, ends=place.end + time.end())
    nth = next((_NTH[w] for w in words if w in _NTH), 0)
    month = next((MONTHS[w] for w in words if w in MONTHS), 0)
    year = next((int(w) for w in words if re.fullmatch(r"(?:19|20)\d\d", w)), 0)
    ends = place.end
    taken = _is_taken_then(behind, lexicon)
    if taken and not month and (further := _IN_A_MONTH.search(behind)) is not None:
        month = MONTHS[(further["month"] or "may").lower()]
    later = _IN_MONTH.match(behind)
    if not month and later is not None and later["month"].lower() in MONTHS:
        month, year, ends = MONTHS[later["month"].lower()], int(later["year"] or 0), place.end + later.end()
        behind = text[ends:]
    if (day := _IN_FIGURES.match(behind)) is not None:
        return _Named(figures=(int(day["a"]), int(day["b"])), ends=ends + day.end())
    if re.match(r"\s*(?:on\s+)?\d", behind):
        return None  # its day is named
    reason = [w for w in words if w not in _PLAIN | _LAST | _PREVIOUS | _NTH.keys() | MONTHS.keys() | STOP_WORDS and not w.isdigit()]  # fmt: skip
    said = _REASON.match(behind)
    if said is not None and said["reason"].split()[0].lower() not in MONTHS and not said["reason"][0].isdigit():
        tail = [t.norm for t in tokenize(said["reason"])]
        month = month or next((MONTHS[w] for w in tail if w in MONTHS), 0)  # "with DKA in May"
        tail = [w for w in tail if w not in _PLAIN | MONTHS.keys() and w not in STOP_WORDS]
        reason, ends = [*reason, *tail], ends + said.end()
    elif place.comes and (bare := _BARE_REASON.match(behind)) is not None and _is_a_reason(bare["reason"]):
        reason, ends = [*reason, bare["reason"].lower()], ends + bare.end()
    named = _Named(nth, bool(set(words) & _LAST), bool(set(words) & _PREVIOUS), month, year, " ".join(reason), ends)
    says_which = place.again or nth or month or reason or named.previous or (taken and not place.leaves)
    return named if says_which else None


def _meant(named: _Named, place: _Place, setting: Setting, lexicon: Lexicon) -> Stay | None:
    """The stay that all of it fits; the newest of several where no more is said."""
    every = stays(setting)
    admitted = [s for s in every if s.is_admission]
    found = admitted if admitted and place.noun.startswith(("admi", "re", "hosp", "stay")) else every
    if place.again:
        found = admitted[1:]
    if place.leaves:
        found = [s for s in admitted or every if s.ended is not None]
    if named.month:
        held = [s for s in found if _is_of_month(s, named, setting)]
        found = held or [s for s in every if _is_of_month(s, named, setting)]
    if named.figures is not None:
        found = [
            s for s in every if any((d.month, d.day) in {named.figures, named.figures[::-1]} for d in _first_days(s))
        ]
        return found[0] if len(found) == 1 else None
    if named.reason:
        fits = [s for s in found if _is_for(s, named.reason, lexicon)]
        found = fits or ([] if place.again else [s for s in every if _is_for(s, named.reason, lexicon)])
    if named.nth:
        return found[named.nth - 1] if named.nth <= len(found) else None
    if named.previous:
        return found[-2] if len(found) > 1 else None
    return found[-1] if found else None


def _first_days(stay: Stay) -> tuple[datetime, ...]:
    return (stay.begun, stay.begun + _DAY)


def stays(setting: Setting) -> list[Stay]:
    """Every time in hospital, oldest first: admissions with the emergency visit that led to them, and such visits alone."""
    found: list[Stay] = []
    rows = sorted((r for r in setting.visits if r.start is not None), key=lambda r: r.start or setting.as_of)
    for begun, ended in setting.admissions:
        until = ended or setting.as_of
        of_it = [r for r in rows if r.start is not None and begun - _DAY <= r.start <= until and (is_stay(r) or r.class_code == "EMER")]  # fmt: skip
        first = min([begun, *(r.start for r in of_it if r.start is not None)])
        found.append(Stay(first, ended, _words(of_it), True))
    for row in rows:
        start = row.start
        alone = start is not None and not any(s.begun <= start <= (s.ended or setting.as_of) for s in found)
        if row.class_code == "EMER" and alone and start is not None:
            found.append(Stay(start, row.end, _words([row]), False))
    return sorted(found, key=lambda s: s.begun)


def _words(rows: Sequence[object]) -> str:
    parts = (
        f"{getattr(r, 'reason_display', '')} {getattr(r, 'type_display', '')} {getattr(r, 'display', '')}" for r in rows
    )
    return " ".join(parts).lower()


def _is_of_month(stay: Stay, named: _Named, setting: Setting) -> bool:
    ends = (stay.begun, stay.ended or setting.as_of)
    return any(m.month == named.month and named.year in {0, m.year} for m in ends)


@lru_cache(maxsize=1)
def _same() -> tuple[frozenset[str], ...]:
    """Names that clinicians use for one reason of coming in."""
    loaded = json.loads(resources.files("agents.embedded").joinpath("stay_reasons.json").read_text("utf-8"))
    return tuple(frozenset(group) for group in loaded)


def _is_a_reason(words: str) -> bool:
    return any(re.match(rf"{re.escape(name)}", words.lower()) for group in _same() for name in group)


def _is_for(stay: Stay, reason: str, lexicon: Lexicon) -> bool:
    """Whether a stay was for a reason: in its own words, as the same problem, or as what clinicians also call it."""
    said = {stem(w) for w in reason.split() if len(w) > 2}
    held = {stem(t.norm) for t in tokenize(stay.words)}
    if said & held - _OF_ANY:
        return True
    for group in _same():
        if any(_has(reason, name) for name in group) and any(_has(stay.words, name) for name in group):
            return True
    asked = {t.id for m in lexicon.find_mentions(reason, ("condition",), fuzzy=False) for t in m.targets}
    return bool(
        asked & {t.id for m in lexicon.find_mentions(stay.words, ("condition",), fuzzy=False) for t in m.targets}
    )


_OF_ANY = frozenset(stem(w) for w in "acute severe hospital stay admission department visit emergency failure disease medical ward care".split())  # fmt: skip


def _has(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}", text, re.IGNORECASE) is not None


def _put(text: str, place: _Place, named: _Named, stay: Stay, setting: Setting) -> str:
    """The question with the days: those around the arrival, the whole stay, or the time before or after it."""
    before, after = text[: place.start], text[named.ends :]
    if named.ends == place.end and named.month:  # the month stands further on, and the days say more
        after = _IN_A_MONTH.sub("", after)
    ended = stay.ended or setting.as_of
    if place.leaves:
        when = "since" if place.when == "since" else "after" if place.when == "after" else ""
        within = f"between {stay.begun.date()} and {ended.date()}"
        return f"{before.rstrip()}{after} {within}" if not when else f"{before}{when} {ended.date()}{after}"
    if place.when in {"before", "since"}:
        return f"{before}{place.when} {stay.begun.date()}{after}"
    if place.when == "after":
        return f"{before}after {(stay.begun if place.comes else ended).date()}{after}"
    arrives = place.comes or place.again or place.noun in {"presentation", "arrival", "attendance"}
    arrives = arrives or place.when in {"", "at", "upon"} or _TAKEN_THEN.match(text[place.end :]) is not None
    if arrives and place.when not in {"during", "throughout", "over"} and not _MID_STAY.search(before):
        # What was measured the evening before belongs to it; the first of it is meant.
        return f"initial {before}between {(stay.begun - _DAY).date()} and {(stay.begun + _DAY).date()}{after}"
    return f"{before}between {stay.begun.date()} and {ended.date()}{after}"
