"""A question about visits and stays, read by grammar: what is asked of which of them, where every word is explained.

It counts as read only when no word is left over; any other question goes the way of all questions. What each phrase
may mean is in `visit_words`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from agents.embedded.plans import Call, Setting
from agents.embedded.reading.places import last_few, position_of
from agents.embedded.reading.reader import Question, Slot
from agents.embedded.routing.visit_words import ARTICLES, TAKEN_OUT, Heard, Said, phrases, words_of
from tools.events.visits import specialty_names
from tools.times.periods import Period

_NAMED = frozenset({"noun", "place", "come", "leave", "specialty", "not_visits"})
_FOR = frozenset({"for", "with", "after", "about", "regarding", "following", "re", "during", "treating"})
_IN_WORDS = frozenset({"for", "about", "regarding", "re", "with", "after", "following"})
_INTO = frozenset({"in", "at", "to", "through", "into", "from", "via", "on", "of", "by", "out", "under"})
_SINCE = frozenset({"since", "after", "following", "before"})
_SUBJECTS = frozenset({"observation", "panel", "vitals", "medication", "drug_class", "immunization", "allergen", "model", "condition", "procedure"})  # fmt: skip
_YES_NO = re.compile(
    r"^\W*(?:and |so |but |please |pls )*(?:has|have|had|did|was|were|is|are|does|do|any|ever|there (?:is|was|were))\b"
    r"|\bever\b|\by/n\b|\byes or no\b|\bwhether\b",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\b(?:when|how (?:many|long|often|much)|why|who|where|which|what)\b", re.IGNORECASE)
_CUT = re.compile(
    r"[,;:.!?]\s+|\s+[-–—]+\s+|\s+(?:and|but|so)\s+(?=(?:when|how|why|who|what|where|was|has|did|is)\b)", re.IGNORECASE
)
_TODAY = re.compile(r"\b(?:today|now|tonight)\b", re.IGNORECASE)
_OF_TODAY = frozenset({"has", "list", "current", "count"})  # what may be asked of today itself
_WITHIN = re.compile(
    r"\b(?P<n>\d{1,3}|a|one|two|three|six)[- ]?(?P<unit>d|days?|weeks?|wks?|months?|mths?|years?)\b", re.IGNORECASE
)
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "six": 6}
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_READMITTED_WITHIN = 30  # days, where the question names none: the span that readmission is counted over
_TWO = re.compile(r"\b(?:last|latest|most recent|newest|previous|past) (?:two|2)\b|\b(?:two|2) \w+s\b", re.IGNORECASE)
_PLURAL = re.compile(r"(?<!s)s$", re.IGNORECASE)
_STAYS_AND_VISITS = frozenset({"emergency", "inpatient", "urgent_care"})
_EARLIER = frozenset({"previous", "prior", "preceding"})
_WHAT_FOR = re.compile(r"\bwhat\b.*\b(?:for|with|about)\s*\W*$", re.IGNORECASE)
_ALL_OF_THEM = re.compile(
    r"\b(?:which|what) \w+s\b|\ball\b|\bwho (?:all|has|have)\b|\bwho is (?:his|her|their)\b|\bdoes\b|\blist\b|\bevery\b",
    re.IGNORECASE,
)
_IN_AND_OUT = re.compile(r"\badmi\w+\b.*(?:\band\b|/|&).*\bdischarge", re.IGNORECASE)
_TO_COME = re.compile(
    r"\bwhen(?:'s| is| are| will| does| do)\b(?!.*\b(?:last|latest|recent|previous|first)\b)", re.IGNORECASE
)
_STAYED_WITH = frozenset(
    {"intensive care", "rehabilitation", "stroke unit"}
)  # "when did he leave ICU": stays, all of them
_COUNTED = frozenset({"count", "list", "has"})
_OF_ALL = frozenset({"count", "list", "has", "current", "between", "clinicians", "readmission", "next"})


def visits_asked(text: str, question: Question, setting: Setting) -> tuple[Call, ...]:
    """The calls that answer a question about visits; none where it asks for anything else, or a word is unexplained.

    What stands before or behind the question in a sentence of its own ("receptionist is asking, when was she last
    seen") may hold anything but a clinical name or a second question.
    """
    if calls := _read(text, question, setting, 0):
        return calls
    pieces = list(_pieces(text))
    read = [(at, len(p), c) for p, at in pieces if (c := _read(p, question, setting, at, outright=True))]
    if len(pieces) < 2 or len(read) != 1:
        return ()
    start, length, calls = read[0]
    known = [s for v in question.variants for s in v.slots if s.known and s.kind in _SUBJECTS]
    named = any(not start <= s.start < start + length for s in known)
    asks = any("?" in p or _ASKS.search(p) for p, at in pieces if at != start)
    return () if named or asks else calls


def _pieces(text: str) -> list[tuple[str, int]]:
    found, start = [], 0
    for cut in _CUT.finditer(text):
        found.append((text[start : cut.start() + 1], start))
        start = cut.end()
    found.append((text[start:], start))
    return [(p, at) for p, at in found if re.search(r"\w", p)]


def _read(text: str, question: Question, setting: Setting, at: int, outright: bool = False) -> tuple[Call, ...]:
    """The calls of a piece that stands at a place of the question; `outright` wants a word that asks."""
    periods = [p for p in question.periods if at <= p.start and p.end <= at + len(text)]
    slots = [s for v in question.variants for s in v.slots if s.known and at <= s.start and s.end <= at + len(text)]
    found = _heard(text, at, periods, slots, setting)
    if found is None:
        return ()
    heard, reason = found
    if heard.left and reason:
        return ()
    if heard.has("moved") and not heard.seen_by:
        return ()  # the record tells of stays, and not of beds within one
    if heard.has("course") and not reason:
        return ()  # a flare of something that was not understood
    if heard.left:
        reason = _reason_in_words(heard, text)
        if not reason or any(word not in reason.lower() for word, _, _ in heard.left):
            return ()
    if outright and not (_ASKS.search(text) or heard.has("order") or _YES_NO.search(text)):
        return ()
    asked = _asked(heard, text)
    if asked is not None and reason and asked["aspect"] in _COUNTED and _is_after(text):
        return ()  # "ED visits after the operation" came after it; none was for it
    # The time that a whole question names is that of the piece which asks ("how busy was 2024, number of visits").
    times = periods or (question.periods if outright and len(question.periods) == 1 else ())
    return _calls(asked, heard, text, reason, times) if asked is not None else ()


def _calls(asked: dict[str, Any], heard: Heard, text: str, reason: str, periods: Sequence[Period]) -> tuple[Call, ...]:
    kinds, aspect = asked.pop("kinds"), asked["aspect"]
    usual = aspect == "clinicians" and heard.has("ask", "usual")  # "her pediatrician" is whoever sees her
    label = next((p.label for p in periods if aspect in _OF_TODAY or not _TODAY.search(p.label)), "")
    more = {
        "reason": reason,
        "seen_by": "" if usual else heard.seen_by,
        "period": label if aspect not in {"readmission", "next"} else "",
    }
    arguments = {**asked, **{k: v for k, v in more.items() if v}}
    if aspect == "readmission":
        arguments["within_days"] = _days_named(text)
    intent = f"encounter.{aspect}"
    return tuple(Call(tool="encounters", arguments={"kind": k, **arguments}, intent=intent) for k in kinds)


# --- what a visit was for ------------------------------------------------------------------------------------------


def _heard(
    text: str, at: int, periods: Sequence[Period], slots: Sequence[Slot], setting: Setting
) -> tuple[Heard, str] | None:
    """The words of a piece with its periods taken out, and the reason that it names; None where no visit is meant."""
    blanked, reason = text, ""
    for period in periods:
        blanked = _taken_out(blanked, period.start - at, period.end - at)
    # A "kidney doctor" is no kidney disease, and to "add up" is no ADD.
    named_as = [(s.start, s.end) for s in Heard(blanked, setting.seen_by).said if len(s.words) > 1]
    spans = [
        span
        for span in dict.fromkeys((s.start - at, s.end - at) for s in slots)
        if not any(a <= span[0] and span[1] <= b for a, b in named_as)
    ]
    for start, end in sorted(spans, key=lambda span: span[0] - span[1]):  # the longest first
        if _is_visit(words_of(text[start:end])) or blanked[start:end] != text[start:end]:
            continue
        here = [s for s in slots if (s.start - at, s.end - at) == (start, end)]
        named = next((s for kind in ("condition", "procedure") for s in here if s.kind == kind), None)
        measured = _word_before(text, start) == "for" and all(s.kind == "observation" for s in here)
        if reason or not (measured or (named is not None and _is_reason(text, start, end))):
            return None
        # "Seen for blood pressure": what is measured is what the visit was for.
        reason, blanked = named.id if named is not None else text[start:end], _taken_out(blanked, start, end)
    heard = Heard(blanked, setting.seen_by)
    return None if heard.has("not_visits") else (heard, reason)


def _taken_out(text: str, start: int, end: int) -> str:
    return text[:start] + TAKEN_OUT + " " * (end - start - 1) + text[end:]


def _is_visit(words: tuple[str, ...]) -> bool:
    """Whether what looks like a clinical name is made of words for visits ("hospital admission", "annual physical")."""
    whole = phrases().get(words, frozenset())
    if any(role in _NAMED or kind == "again" for role, kind in whole):
        return True
    return bool(words) and all(any(role in _NAMED for role, _ in phrases().get((w,), ())) for w in words)


def _is_reason(text: str, start: int, end: int) -> bool:
    """Whether a name stands as what a visit was for: behind "for" or "after", before a visit's name, or as what was done."""
    if _word_before(text, start, _courses()) in _FOR:
        return True
    behind = words_of(text[end:])[:3]
    if behind[:2] in {("done", "as"), ("performed", "as")}:
        return True
    return any(role == "noun" for n in range(1, len(behind) + 1) for role, _ in phrases().get(behind[:n], ()))


def _word_before(text: str, start: int, skipped: frozenset[str] = frozenset()) -> str:
    before = list(words_of(text[:start]))
    while before and before[-1] in ARTICLES | skipped:
        before.pop()
    return before[-1] if before else ""


@lru_cache(maxsize=1)
def _courses() -> frozenset[str]:
    """The words between "with" and a disease: "an infective exacerbation of COPD"."""
    named = {w for words, roles in phrases().items() if ("course", "") in roles for w in words}
    return frozenset(named | {"of", "severe", "bad", "acute"})


def _is_after(text: str) -> bool:
    return re.search(r"\b(?:after|following|since)\b", text, re.IGNORECASE) is not None


def _reason_in_words(heard: Heard, text: str) -> str:
    """Words that no table knows, behind "for" or "about", as what the visit was for."""
    start, end = heard.left[0][1], heard.left[-1][2]
    words = text[start:end].strip()
    if re.fullmatch(r"\W*for\W+", text[:start], re.IGNORECASE) and text[end:].lstrip()[:1] in {":", ","}:
        return ""  # "for bed-day figures: …": what the answer is for
    fits = _word_before(text, start) in _IN_WORDS and len(words.split()) <= 4 and not re.search(r"\d", words)
    return words if fits else ""


def _days_named(text: str) -> int:
    match = _WITHIN.search(text)
    if match is None:
        return _READMITTED_WITHIN
    return (_NUMBERS.get(match["n"].lower()) or int(match["n"])) * _DAYS[match["unit"][0].lower()]


# --- what is asked -------------------------------------------------------------------------------------------------


def _asked(heard: Heard, text: str) -> dict[str, Any] | None:
    """The aspect, the kinds and the place in the series; None where no visit is asked for."""
    kinds = _kinds(heard)
    if kinds is None:
        return {"aspect": "clinicians", "kinds": ["any"]} if heard.has("ask", "usual") else None
    aspect = _aspect(heard, text, kinds)
    if aspect is None:
        return None
    if aspect == "readmission":
        kinds = [k for k in kinds if k == "emergency"] or ["any"]
    elif aspect == "has" and kinds != ["any"] and _is_of_one(heard, text):
        aspect, kinds = "setting", ["any"]  # "was the last visit in person": which kind it was
    elif aspect in {"setting", "clinicians"} or heard.has("including"):
        kinds = ["any"]
    asked: dict[str, Any] = {"aspect": aspect, "kinds": kinds}
    if aspect in _OF_ALL:
        return asked
    place = position_of(" ".join(w for w in words_of(text) if w not in _EARLIER))  # "the previous visit" is the newest
    if place is not None and place.offset:
        asked["offset"] = place.offset
    if (place is not None and place.from_start) or heard.has("order", "first"):
        asked.update({"aspect": "first" if aspect == "last" else aspect, "first": True})
    return asked


def _is_of_one(heard: Heard, text: str) -> bool:
    """Whether one visit is spoken of, so that its kind is asked: "the last visit", "was it in person"."""
    last = heard.has("order", "last") and "any" in heard.kinds("noun")
    return last or re.search(r"\b(?:was|is) (?:it|that|this)\b", text, re.IGNORECASE) is not None


def _kinds(heard: Heard) -> list[str] | None:
    """The kinds of visit that are named, "any" where none is; None where no visit is meant."""
    nouns, comes = heard.kinds("noun"), heard.kinds("come")
    places = {kind for s in heard.said for role, kind in s.roles if role == "place" and _is_place(s, heard)}
    with_somebody = heard.seen_by and (
        comes
        or nouns
        or heard.has("order")
        or heard.has("ask", "who")
        or heard.has("ask", "when")
        or _is_with_somebody(heard)
    )
    meant = nouns or comes or places or with_somebody or heard.has("leave")
    if not meant and not any(heard.has("ask", kind) for kind in ("again", "disposition", "setting")):
        return None
    named = (nouns | comes) - {"any", "stay"}
    if "stay" in nouns | comes and not (named | places):
        named = {"inpatient"}  # "kept in", "stayed": in hospital, where no other place is named
    if not named or places == {"emergency"}:
        named |= places
    if "emergency" in places and "inpatient" not in nouns | comes:
        named.discard("inpatient")  # "the hospital's ED": the department, and no stay
    every = named | (places if "any" in nouns else set())
    if {"inpatient", "ambulatory"} <= every and not heard.has("ask", "setting"):
        return ["any"]  # "inpatient and outpatient together"
    if heard.seen_by or len(named) > 1:
        named.discard("ambulatory")
    if len(named) > 1 and not named <= _STAYS_AND_VISITS and not heard.has("ask", "setting"):
        return None
    return sorted(named) or ["any"]


def _is_place(said: Said, heard: Heard) -> bool:
    """Whether "ED" is the department: somebody is in it or comes to it, or a visit of it is named."""
    return heard.stands_in(said, _INTO) or heard.has("noun") or heard.has("come") or heard.has("leave_a_stay")


def _is_with_somebody(heard: Heard) -> bool:
    specialties = [s for s in heard.said if any(role == "specialty" for role, _ in s.roles)]
    return any(heard.stands_in(s, _INTO) for s in (*specialties, *heard.named_at))


# What a word of asking asks for, where no other word says more; the first that is said.
_BY_WORD = (
    ("disposition", "disposition"), ("setting", "setting"), ("usual", "clinicians"), ("next", "next"), ("told", "told"), ("days", "days"),
    ("ago", "since"), ("between", "between"), ("long", "stay"), ("count", "count"), ("why", "reason"), ("who", "provider"),
    ("where", "place"),
)  # fmt: skip


def _aspect(heard: Heard, text: str, kinds: Sequence[str]) -> str | None:
    asks = heard.kinds("ask")
    in_a_stay = (
        bool({"inpatient", "emergency"} & set(kinds)) or specialty_names().get(heard.seen_by.lower()) in _STAYED_WITH
    )
    leaves = heard.has("leave") or (heard.has("leave_a_stay") and in_a_stay)
    if "again" in asks or ("back" in asks and leaves):
        return "readmission"
    if {"count", "who"} <= asks and not asks & {"why", "where", "long"} and not heard.has("noun"):
        return "clinicians"
    if "count" in asks and asks & {"why", "who", "where", "long"}:
        return None  # two questions in one
    if _is_only_a_time(heard) and not asks & {"ago", "between", "next"}:
        return None  # "in the ED since the discharge": what happened after it is asked
    if asks & {"long", "count", "when"}:
        asks = asks - {"setting"}  # "how many days as an inpatient"
    aspect = next((aspect for word, aspect in _BY_WORD if word in asks), None)
    if aspect == "reason" and "list" in asks and _is_plural(heard):
        aspect = "list"  # with their reasons
    if aspect == "clinicians" and "when" in asks:
        aspect = None  # "GP letter: date last seen"
    if aspect is None and _WHAT_FOR.search(text):
        aspect = "reason"
    if aspect is None and _TO_COME.search(text) and not leaves:
        aspect = "next"
    if leaves:
        return _of_leaving(aspect, text)
    if aspect == "between":
        return "between" if _TWO.search(text) else None
    if aspect == "place" and re.search(r"\bfrom where\b|\bwhere\b.*\bfrom\b", text, re.IGNORECASE):
        return None  # where somebody came from is not where they were
    if aspect == "provider" and _ALL_OF_THEM.search(text):
        return "clinicians"
    return aspect or _of_which(heard, text, asks)


def _is_only_a_time(heard: Heard) -> bool:
    """Whether a stay or discharge is named as the time that another visit came after."""
    stays = [s for s in heard.said if {("noun", "inpatient"), ("leave", "")} & s.roles]
    others = [s for s in heard.said if any(role in {"noun", "come", "place"} for role, _ in s.roles) and s not in stays]
    return bool(others) and any(heard.stands_in(s, _SINCE) for s in stays)


def _of_leaving(aspect: str | None, text: str) -> str | None:
    """What is asked of a discharge: its date, where to, how long ago, or how long it took to come to it."""
    if aspect is None:
        return "stay" if _IN_AND_OUT.search(text) else "discharge"
    if aspect == "place":
        return "disposition" if re.search(r"\bto\b", text, re.IGNORECASE) else "place"
    return {"since": "since_discharge", "between": "stay", "stay": "stay", "days": "days", "disposition": "disposition", "provider": "provider"}.get(aspect)  # fmt: skip


def _is_plural(heard: Heard) -> bool:
    nouns = [s.words[-1] for s in heard.said if any(role == "noun" for role, _ in s.roles)]
    return any(_PLURAL.search(word) for word in nouns)


def _of_which(heard: Heard, text: str, asks: set[str]) -> str | None:
    """Without a word that asks for more: whether there was one, which they are, or when the last one was."""
    plural = _is_plural(heard)
    if re.search(r"\bnever\b", text, re.IGNORECASE):
        return "list"  # neither yes nor no answers "never admitted before?"
    if _YES_NO.search(text) and "when" not in asks:
        return "current" if "now" in asks else "first" if heard.has("order", "first") else "has"
    if last_few(text) or _TWO.search(text):
        return "list"
    if "when" in asks or heard.has("order"):
        return "list" if plural else "last"
    return "list" if plural else "last" if heard.has("noun") and len(heard.said) <= 3 else None
