"""The words of a sig other than its doses: route, frequency, as needed, duration, form; each anchored at one word."""

from __future__ import annotations

import re
from typing import NamedTuple

_ROUTES = (
    (r"per\s+os|p\.\s?o\.?|po|by\s+mouth|oral(?:ly)?|enterally", "oral"),
    (r"i\.\s?v\.?|ivp?b?|intravenous(?:ly)?|intra-?venous(?:ly)?|i/v", "intravenous"),
    (r"i\.\s?m\.?|im|intramuscular(?:ly)?|i/m", "intramuscular"),
    (r"s\.\s?[cq]\.?|sc|sq|s/c|sub-?q|sub-?cut(?:aneous(?:ly)?)?|subcutaneous(?:ly)?", "subcutaneous"),
    (r"s\.\s?l\.?|sl|sublingual(?:ly)?|under\s+the\s+tongue", "sublingual"),
    (r"p\.\s?r\.?|pr|rectal(?:ly)?|per\s+rectum", "rectal"),
    (r"inh|inhaled|by\s+inhalation|inhalations?|nebuli[sz](?:ed|ation)|nebs?|nebuli[sz]er|mdi|via\s+nebuli[sz]er",
     "inhaled"),
    (r"topical(?:ly)?|to\s+(?:the\s+)?affected\s+(?:areas?|skin)|top", "topical"),
    (r"transdermal(?:ly)?|patch(?:es)?", "transdermal"),
    (r"intra-?nasal(?:ly)?|nasal(?:ly)?|(?:in\s+)?(?:each|both)\s+nostrils?|each\s+nare|nares", "nasal"),
    (r"ophthalmic|(?:in(?:to)?\s+)?(?:the\s+)?(?:each|both|left|right)\s+eyes?|ou", "ophthalmic"),
    (r"vaginal(?:ly)?|pv|per\s+vaginam?", "vaginal"),
    (r"ngt|NG(?!/)|per\s+ngt?|g-?tube|peg|via\s+(?:peg|ngt?|nasogastric)|per\s+tube|nasogastric", "enteral"),
    (r"intrathecal(?:ly)?|intraspinal(?:ly)?", "intrathecal"),
    (r"epidural(?:ly)?", "epidural"), (r"intra-?articular(?:ly)?", "intra-articular"),
    (r"intradermal(?:ly)?", "intradermal"), (r"intravitreal(?:ly)?", "intravitreal"),
    (r"intraperitoneal(?:ly)?|i\.\s?p\.?", "intraperitoneal"), (r"intra-?osseous(?:ly)?|io", "intraosseous"),
    (r"buccal(?:ly)?", "buccal"), (r"intra-?arterial(?:ly)?", "intra-arterial"), (r"otic|in\s+(?:the\s+)?ears?", "otic"),
)  # fmt: skip
_ROUTE = re.compile("|".join(f"(?P<r{i}>{p})" for i, (p, _) in enumerate(_ROUTES)), re.IGNORECASE)
_ROUTE_HEADS = frozenset(
    "p po p.o pr p.r pv per by oral orally enterally i iv i.v ivp ivpb ivb intravenous intravenously intra im i.m"
    " intramuscular intramuscularly s sc s.c sq s.q subq sub subcut subcutaneous subcutaneously sl s.l sublingual"
    " sublingually under rectal rectally inh inhaled inhalation inhalations nebulized nebulised nebulization nebs neb"
    " nebulizer nebuliser mdi via topical topically to top transdermal transdermally patch patches intranasal"
    " intranasally nasal nasally in into each both left right nares ophthalmic ou vaginal vaginally ng ngt g gtube peg"
    " nasogastric intrathecal intrathecally epidural epidurally intraarticular intradermal intradermally intravitreal"
    " intravitreally intraperitoneal intraperitoneally i.p intraosseous io buccal buccally intraarterial otic the"
    .split()
)  # fmt: skip
_ROUTE_WORDS = {
    word: _ROUTES[int((match.lastgroup or "r0")[1:])][1] for word in _ROUTE_HEADS if (match := _ROUTE.fullmatch(word))
}
_COUNT = r"(?:once|twice|thrice|one|two|three|four|five|six|[1-8])"
_FREQUENCY = re.compile(
    r"(?:"
    r"q\.?\s?(?P<every>\d{1,2})(?:\s?(?:-|–|to)\s?\d{1,2})?\s?\.?-?\s?(?P<every_unit>h(?:ours?|rs?|ourly|\.)?|d(?:ays?)?"
    r"|min(?:utes?)?|weeks?|wks?|w|months?|mo)(?!\w)"
    r"|(?:every|each|/)\s*(?:(?P<each>other|alternate|second|third|\d{1,2}|two|three|four|six|eight|twelve)(?:st|nd|rd|th)?"
    r"\s*(?:(?:-|–|to)\s?\d{1,2}\s*)?-?\s?)?(?P<each_unit>hours?|hrs?|h|days?|d|weeks?|wks?|months?|mornings?|evenings?"
    r"|nights?|bedtime|minutes?|mins?)\b"
    rf"|(?P<times>{_COUNT})(?:\s?(?:-|–|to)\s?{_COUNT})?"
    r"(?:(?<=ce)[\s-]+(?=daily|day|week|month|night)|[\s-]*(?:times?|x|doses?)[\s-]*(?:/|\ba\b|per|every|each|in\s+a)?\s*"
    r"|\s*(?:/|\ba\b|per|every|each|in\s+a)\s*|[\s-]+(?=daily|weekly|monthly|nightly))"
    r"(?P<times_unit>daily|day|d\b|week(?:ly)?|wk|month(?:ly)?|24\s?h(?:ours?)?|night(?:ly)?)\b"
    r"|(?P<hours>\d{1,2})[\s-]*hourly"
    r"|(?P<tally>1\s?[x×]\s?[1-4]|[1-4]\s?[x×]\s?1)(?![\w.])"
    r"|(?P<latin>b\.?i\.?d\b\.?|t\.?i\.?d\b\.?|q\.?i\.?d\b\.?|q\.?d\b\.?|q\.?h\.?s\b\.?|q\.?o\.?d\b\.?|o\.?d\b\.?|b\.?d\b\.?"
    r"|t\.?d\.?s\b\.?|q\.?d\.?s\b\.?|h\.?s\b\.?|q\.?a\.?m\b\.?|q\.?p\.?m\b\.?|qac\b|ac\s+(?:&|and)\s+hs|achs|ac\b|qday"
    r"|qdaily|qwk|qweek(?:ly)?|qmonth(?:ly)?|qnoon|qnight|qh|qe?od|mane|nocte|nightly|daily|bi-?weekly|fortnightly"
    r"|weekly|monthly|hourly|stat|once|(?:at|before|every)\s+(?:bed\s?time|night)|before\s+(?:bed|sleep)"
    r"|(?:in|every)\s+the\s+(?:morning|evening|afternoon)|(?:with|before|after)\s+(?:each\s+)?(?:meals?|food|breakfast"
    r"|lunch|dinner|supper)|each\s+(?:morning|evening|night|day)|(?:a|per|/)\s?(?:day|week|month|night)|alternate\s+days?"
    r"|on\s+alternate\s+days|(?:other|remaining)\s+days|(?:mon|m)\s?/?,?\s?(?:wed|w)\s?/?,?\s?(?:fri|f)(?![a-z])|continuous(?:ly)?"
    r"|other\s+day|(?:un)?til\s+further))(?!\w)",
    re.IGNORECASE,
)  # fmt: skip
_FREQUENCY_HEADS = frozenset(
    "q every each / once twice thrice one two three four five six b b.i.d bid t t.i.d tid q.i.d qid q.d qd q.h.s qhs"
    " q.o.d qod od o.d o bd b.d tds t.d.s qds q.d.s hs h.s q.a.m qam q.p.m qpm qac ac achs qday qdaily qwk qweek"
    " qweekly qmonth qmonthly qnoon qnight qh qeod mane nocte nightly daily biweekly bi fortnightly weekly monthly"
    " hourly stat at before in with after a per alternate on other remaining mon m mwf continuous continuously".split()
)
_LATIN = {
    "bid": "twice daily", "bd": "twice daily", "tid": "three times daily", "tds": "three times daily",
    "qid": "four times daily", "qds": "four times daily", "qd": "daily", "qday": "daily", "od": "daily",
    "qdaily": "daily", "qhs": "nightly", "hs": "nightly", "at bedtime": "nightly", "at night": "nightly",
    "at bed time": "nightly", "before bed": "nightly", "before sleep": "nightly", "every night": "nightly",
    "before bedtime": "nightly", "nocte": "nightly", "mane": "every morning", "qnight": "nightly",
    "each night": "nightly", "a night": "nightly", "per night": "nightly", "/night": "nightly",
    "qod": "every other day", "qeod": "every other day", "other day": "every other day",
    "alternate days": "every other day", "alternate day": "every other day", "on alternate days": "every other day",
    "qam": "every morning", "in the morning": "every morning", "each morning": "every morning",
    "qpm": "every evening", "in the evening": "every evening", "each evening": "every evening",
    "qweek": "weekly", "qweekly": "weekly", "qwk": "weekly", "a week": "weekly", "per week": "weekly",
    "/week": "weekly", "/ week": "weekly", "qmonth": "monthly", "qmonthly": "monthly", "a month": "monthly",
    "per month": "monthly", "/month": "monthly", "fortnightly": "every 2 weeks", "qh": "every hour",
    "hourly": "every hour", "qac": "before meals", "ac": "before meals", "achs": "before meals and nightly",
    "ac & hs": "before meals and nightly", "ac and hs": "before meals and nightly", "a day": "daily",
    "per day": "daily", "/day": "daily", "/ day": "daily", "each day": "daily", "qnoon": "daily at noon",
    "continuously": "continuous",
}  # fmt: skip
_COUNTS = {
    "once": "1", "one": "1", "twice": "2", "two": "2", "second": "2", "thrice": "3", "three": "3", "third": "3",
    "four": "4", "five": "5", "six": "6", "eight": "8", "twelve": "12",
}  # fmt: skip
_TIMES = {
    "1": "daily", "2": "twice daily", "3": "three times daily", "4": "four times daily", "5": "five times daily",
    "6": "six times daily", "7": "seven times daily", "8": "eight times daily",
}  # fmt: skip
_UNIT_NAMES = {
    "h": "hours", "hr": "hours", "hrs": "hours", "mins": "minutes", "min": "minutes", "d": "days", "wk": "weeks",
    "wks": "weeks", "w": "weeks", "mo": "months", "m": "minutes",
}  # fmt: skip
_PRN = re.compile(
    r"(?:p\.?\s?r\.?\s?n\b\.?|(?:as|when|if|where)\s+(?:needed|required|necessary)|as[- ]needed)['\"”]?"
    r"(?:(?:\s*\(?\s*(?:for|if)\s+|\s+)(?P<reason>(?!\d|(?:and|or|but|at|with|in|was|is|takes?|then|only|per|x)\b)"
    r"[a-z][^.,;:()\n]{1,60}?)(?=\s+(?:for|x)\s*\d|[.,;:()\n]|$))?",
    re.IGNORECASE,
)
_PRN_HEADS = frozenset("prn p.r.n p as when if where".split())
_LENGTH = (
    r"(?:\d{1,3}(?:\.\d)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen)"
    r"(?:\s?(?:-|–|to|or)\s?(?:\d{1,3}|two|three|four|five|six|seven|ten))?\s?(?:-\s?|more\s+|additional\s+)?"
)
_DURATION = re.compile(
    rf"(?:for\s+(?:(?:a|another|the|up|to|at|least|about|approximately|total|of|next|past|last|first|over|only"
    rf"|consecutive|nearly)\s+){{0,4}}|[x×]\s?)?(?P<text>{_LENGTH}(?:days?|d|weeks?|wks?|months?|mos?|years?|yrs?|hours?|hrs?"
    rf"|doses?|cycles?|fortnight))\b(?!\s*(?:ago|later|prior|before|earlier|old|after|\s*-?\s*old))",
    re.IGNORECASE,
)
_FIXED = re.compile(r"for\s+(?P<text>life|a\s+fortnight)\b", re.IGNORECASE)
_COURSE = re.compile(r"\s?(?:-\s?)?(?:course|total|regimen)\b|\s*[),;.]|\s*$", re.IGNORECASE)
_FORMS = {
    "tablet": "tablet", "tab": "tablet", "capsule": "capsule", "cap": "capsule", "pill": "tablet",
    "suspension": "suspension", "solution": "solution", "syrup": "syrup", "elixir": "elixir", "cream": "cream",
    "ointment": "ointment", "gel": "gel", "lotion": "lotion", "patch": "patch", "suppository": "suppository",
    "inhaler": "inhaler", "nebulizer": "nebulizer", "infusion": "infusion", "drip": "infusion", "gtt": "drops",
    "bolus": "bolus", "injection": "injection", "drop": "drops", "spray": "spray", "lozenge": "lozenge",
    "powder": "powder", "enema": "enema", "shampoo": "shampoo", "ring": "ring", "implant": "implant",
    "syringe": "injection", "pen": "pen", "pump": "pump",
}  # fmt: skip
FORMS = _FORMS | {f"{name}s": form for name, form in _FORMS.items()} | {"patches": "patch", "capsules": "capsule"}
_LAST_DOSE = re.compile(
    r"last\s+(?:dose|taken|took|dosed|given|received)(?:\s+(?:taken|was|on|at|given|received)){0,2}\s*:?\s*"
    r"(?P<text>(?!of\b)[^.;,()\n]{2,30})",
    re.IGNORECASE,
)
_Q_NUMBER = re.compile(r"q\d|q\.")


class Term(NamedTuple):
    """One word or phrase of a sig: what it says ("route", "frequency", ...), the normal form, and where it ends."""

    kind: str
    value: str
    end: int


HEADS = _ROUTE_HEADS | _FREQUENCY_HEADS | _PRN_HEADS | frozenset(FORMS) | frozenset(_COUNTS) | {"for", "x", "×", "last"}


# Common words begin a term only before one of these; asking here spares most of the expressions.
_MEALS = "meals meal food breakfast lunch dinner supper each".split()
NEXT: dict[str, frozenset[str]] = {
    head: frozenset(following)
    for head, following in {
        "a": ["day", "week", "month", "night"],
        "the": ["each", "both", "left", "right"],
        "in": ["the", "each", "both", "left", "right", "ears", "ear"],
        "into": ["the", "each", "both", "left", "right"],
        "both": ["eyes", "nostrils"],
        "left": ["eye", "eyes"],
        "right": ["eye", "eyes"],
        "to": ["affected", "the"],
        "at": ["bedtime", "bed", "night"],
        "on": ["alternate"],
        "with": _MEALS,
        "before": [*_MEALS, "bed", "bedtime", "sleep", "night"],
        "after": _MEALS,
        "other": ["day", "days"],
        "remaining": ["days"],
        "alternate": ["day", "days"],
        "as": ["needed", "required", "necessary", "-"],
        "when": ["needed", "required", "necessary"],
        "if": ["needed", "required", "necessary"],
        "where": ["needed", "required", "necessary"],
        "by": ["mouth", "inhalation"],
        "under": ["the"],
        "last": ["dose", "taken", "took", "dosed", "given", "received"],
    }.items()
}


def term_at(word: str, text: str, start: int, high: int) -> Term | None:
    """The sig term that begins with `word` at text[start], if one does."""
    first = word[0]
    if first.isdigit():
        return _frequency(text, start, high) or _course(text, start, high)
    if word in _PRN_HEADS and (match := _PRN.match(text, start, high)):
        reason = " ".join((match["reason"] or "").split())
        return Term("as_needed", reason, match.end())
    if word in ("for", "x", "×") or (first == "x" and word[1:2].isdigit()):
        return _duration(text, start, high)
    if (word in _FREQUENCY_HEADS or _Q_NUMBER.match(word)) and (term := _frequency(text, start, high)):
        return term
    if word == "ng" and text[start] == "n":
        return None  # nanograms
    if word in _ROUTE_HEADS and (match := _ROUTE.match(text, start, high)) and not _goes_on(text, match.end()):
        return Term("route", _ROUTES[int((match.lastgroup or "r0")[1:])][1], match.end())
    if word in FORMS:
        return Term("form", FORMS[word], start + len(word))
    if word == "last" and (match := _LAST_DOSE.match(text, start, high)):
        return Term("last_taken", " ".join(match["text"].split()), match.end())
    return _course(text, start, high) if word in _COUNTS else None


def route_of(word: str) -> str:
    """The route that a single word names ("IV", "oral"), or nothing."""
    return _ROUTE_WORDS.get(word, "")


def _goes_on(text: str, end: int) -> bool:
    return end < len(text) and (text[end].isalnum() or (text[end] == "-" and text[end + 1 : end + 2].isalpha()))


def _duration(text: str, start: int, high: int) -> Term | None:
    match = _DURATION.match(text, start, high) or _FIXED.match(text, start, high)
    return Term("duration", " ".join(match["text"].split()), match.end()) if match else None


def _course(text: str, start: int, high: int) -> Term | None:
    """ "7-day course", "10 days" at the end of a sig: a length without "for"."""
    match = _DURATION.match(text, start, high)
    if match is None or _COURSE.match(text, match.end(), high) is None:
        return None
    return Term("duration", " ".join(match["text"].split()), match.end())


def _frequency(text: str, start: int, high: int) -> Term | None:
    match = _FREQUENCY.match(text, start, high)
    return Term("frequency", _normal(match), match.end()) if match else None


def _normal(match: re.Match[str]) -> str:
    if match["every"]:
        return _every(match["every"], _unit_name(match["every_unit"].lower().rstrip(".")))
    if match["each_unit"]:
        each, unit = (match["each"] or "").lower(), _unit_name(match["each_unit"].lower())
        if each:
            return _every(each, unit)
        single = unit.removesuffix("s")
        return {"day": "daily", "night": "nightly", "bedtime": "nightly", "week": "weekly", "month": "monthly"}.get(
            single, f"every {single}"
        )
    if match["times"]:
        return _times(match["times"].lower(), match["times_unit"].lower())
    if match["hours"]:
        return _every(match["hours"], "hours")
    if match["tally"]:
        return _TIMES[max(re.findall(r"\d", match["tally"]))]
    latin = " ".join(match["latin"].lower().replace(".", "").split())
    if latin.startswith(("mon", "mw", "m/", "m,", "m w")):
        return "on Monday, Wednesday and Friday"
    return _LATIN.get(latin, latin)


def _unit_name(unit: str) -> str:
    return "hours" if unit == "hourly" else _UNIT_NAMES.get(unit, unit)


def _times(count: str, unit: str) -> str:
    number = _COUNTS.get(count, count)
    if unit.startswith(("night", "daily", "day", "24")) or unit == "d":
        return "nightly" if unit.startswith("night") and number == "1" else _TIMES[number]
    period = "week" if unit.startswith("w") else "month"
    return f"{period}ly" if number == "1" else f"{number} times per {period}"


def _every(count: str, unit: str) -> str:
    number = _COUNTS.get(count, count)
    plural = unit if unit.endswith("s") else f"{unit}s"
    single = plural.removesuffix("s")
    if number in {"other", "alternate"} or (count == "second" and single == "day"):
        return f"every other {single}"
    if (number == "24" and single == "hour") or (number == "1" and single == "day"):
        return "daily"
    return f"every {single}" if number == "1" else f"every {number} {plural}"
