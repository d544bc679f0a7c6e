"""A visit that a question names by its kind, its place in the row, or its own words ("BP at the last clinic visit", "booking weight").

What kind it was and with whom is heard as in questions about visits themselves; otherwise the record's own words for it
decide. Where two fit as well, none is picked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agents.embedded.plans import Setting
from agents.embedded.reading.dating.phrases import ARTICLES, LAST, Lead, between, has_own_time, is_measured, lead_to
from agents.embedded.routing.visit_words import Heard
from knowledge_base.words import STOP_WORDS, stem
from tools.concepts import Lexicon, tokenize
from tools.events.visits import ENCOUNTER_KINDS, is_of_kind, is_stay, is_with

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow

_VISIT = (
    r"(?:visit|appointment|appt|clinic|check-?up|consultation|consult|encounter|review|physical|contact|attendance)"
)
_EMERGENCY = r"(?:ed|er|a&e|a and e|resus(?:citation (?:room|bay|area))?|trauma bay|casualty|emergency(?: (?:room|department|dept))?)(?:\s+(?:visit|attendance|presentation|encounter|stay|trip))?(?=\s*(?:[?.!,;]|$))"
_NOUN = re.compile(
    rf"\b(?:(?P<visit>{_VISIT}(?:\s+(?:visit|appointment|appt|review))?)|(?P<emergency>{_EMERGENCY})|check|assessment|booking|follow-up)\b(?!\s+(?:notes?|letter|summary|report|date|time)\b)",
    re.IGNORECASE,
)
_AT = frozenset("at during on from in".split())
# "Weight last visit": what stands before it is asked of that visit.
_LAST_THING = re.compile(
    r"[\w)%](?<!\ba)(?<!\bis)(?<!\bthe)(?<!\bhis)(?<!\bher)(?<!their)(?<!\band)(?<!\bwas)(?<!seen)(?<!show)(?<!list)\s+(?P<which>(?:last|latest|most recent|previous)\s+(?:\w+\s+)?)$",
    re.IGNORECASE,
)
_FIRST = frozenset({"first", "initial", "earliest", "very"})
_OF_SERIES = _FIRST | LAST | {"previous"}
_NAMELESS = ARTICLES | _OF_SERIES | frozenset("visit appointment appt clinic check check-up checkup review assessment consultation consult contact follow-up".split())  # fmt: skip
_OF_VISITS = re.compile(
    r"\b(?:when|who|where|why|date|reason|how (?:long|many|often)|notes?|was (?:he|she) (?:seen|in))\b",
    re.IGNORECASE,
)


def with_visit(text: str, setting: Setting, lexicon: Lexicon, of_result: bool) -> str:
    """The question with the days of the visit that it names; as it is where none is named or none is plainly meant."""
    of_its_result = of_result and _OF_VISITS.search(text) is None
    for match in _NOUN.finditer(text):
        lead = lead_to(text, match.start()) or _without_preposition(match, text, lexicon)
        if lead is None or lead.when not in _AT:
            continue
        row = _heard(lead, match, text, setting, of_its_result)
        if row is None and of_its_result:
            row = _by_its_words([*lead.which, *match[0].lower().split()], setting)
        moment = (row.start or row.time) if row is not None else None
        if row is not None and moment is not None:
            return f"{text[: lead.start]}{between(moment, row.end or moment)}{text[match.end() :]}"
    return text


def _without_preposition(match: re.Match[str], text: str, lexicon: Lexicon) -> Lead | None:
    """ "Weight last visit", "booking weight", "potassium ED visit" need no preposition."""
    last = _LAST_THING.search(text[: match.start()])
    if last is not None and not text[match.end() :].strip(" ?.!"):
        return Lead(last.start("which"), "at", tuple(last["which"].lower().split()))
    noun = match[0].lower()
    if noun == "booking":
        return Lead(match.start(), "at") if is_measured(text[match.end() :], lexicon) else None
    return Lead(match.start(), "at") if match["emergency"] and noun.endswith(("visit", "attendance")) else None


def _heard(lead: Lead, match: re.Match[str], text: str, setting: Setting, of_result: bool) -> EncounterRow | None:
    """The visit meant by "last clinic", "first nephrology", "the ED"; None where a word of it is no kind of visit."""
    which = [w for w in lead.which if w not in ARTICLES]
    if not (match["visit"] or match["emergency"]) or (which and which[0] not in _OF_SERIES):
        return None
    if not which and not (match["emergency"] and of_result and not has_own_time(text, lead.start, match.end())):
        return None
    heard = Heard(" ".join([*which, match[0]]), setting.seen_by)
    if heard.left:
        return None
    kinds = [k for k in heard.kinds("noun") | heard.kinds("place") if k in ENCOUNTER_KINDS and k != "any"]
    if heard.seen_by:
        rows = [r for r in setting.visits if is_with(r, heard.seen_by)]
    else:
        rows = [r for r in setting.visits if all(is_of_kind(r, k) for k in kinds)]
    if kinds == ["ambulatory"]:
        rows = [r for r in rows if not is_stay(r)]
    return None if not rows else rows[0] if "first" in which else rows[-1]


def _by_its_words(words: list[str], setting: Setting) -> EncounterRow | None:
    """The one visit whose own words hold all of these, or the first or last of several where that is said."""
    asked = {stem(w) for w in words if w not in _NAMELESS | STOP_WORDS}
    if not asked:
        return None
    rows = [r for r in setting.visits if not is_stay(r)]
    found = [r for r in rows if asked <= _words(f"{r.type_display or r.display} {r.reason_display} {r.practitioner}")]
    if len(found) > 1:
        found = [r for r in found if asked <= _words(r.type_display or r.display)] or found
    if _FIRST & set(words):
        return found[0] if found else None
    return found[-1] if found and (LAST & set(words) or len(found) == 1) else None


def _words(text: str) -> set[str]:
    return {form for t in tokenize(text) for form in (stem(t.norm), t.norm)}
