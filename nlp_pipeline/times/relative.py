"""Times told by distance: "3 days ago", "for the past 2 weeks", "hospital day 3", "at age 45", "since Monday".

One scan of the lower-case text finds the words that such an expression turns on; what stands before or after is matched
from there, so the cost follows the number of expressions rather than the length of the note.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from nlp_pipeline.times.calendar_dates import MONTH_NAMES, month_of
from nlp_pipeline.times.mentions import DAYS_PER_MONTH, DAYS_PER_YEAR, DateMention


class RelativeTime(NamedTuple):
    """A mention still without what it counts from: the note, or the "admission", "operation" or "birth" it names."""

    mention: DateMention
    origin: str = ""
    days_after: float = 0.0  # after the origin; before the note where the note does not date the origin


_NUMBERS = {
    "a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "seven": 7.0,
    "eight": 8.0, "nine": 9.0, "ten": 10.0, "eleven": 11.0, "twelve": 12.0, "fourteen": 14.0, "fifteen": 15.0,
    "sixteen": 16.0, "eighteen": 18.0, "twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "several": 3.0,
    "few": 3.0, "couple": 2.0, "half": 0.5,
}  # fmt: skip
_COUNT = (
    r"(?:\d{1,3}(?:\.\d)?|(?:a\s+|an\s+)?(?:half(?:\s+an?)?|few|couple(?:\s+of)?)|an?|one|two|three|four|five|six|seven"
    r"|eight|nine|ten|eleven|twelve|fourteen|fifteen|sixteen|eighteen|(?:twenty|thirty|forty|fifty)(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?|several)"
)
_DIGIT_WORD = r"(?:one|two|three|four|five|six|seven|eight|nine|ten)"
_UNIT = r"(?:minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|fortnights?|months?|mos?|mths?|years?|yrs?|decades?|[dhwy](?![a-z]))"
_DAYS = {
    "mi": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0, "f": 14.0, "m": DAYS_PER_MONTH, "y": DAYS_PER_YEAR,
    "de": 10 * DAYS_PER_YEAR,
}  # fmt: skip
_DIGITS = re.compile(r"\d+(?:\.\d)?")
_LONGEST = 150 * DAYS_PER_YEAR

# The same cues as below without groups, by first letter, for the engine to pass over most words at once.
_CUE_STARTS = re.compile(
    r" (?:a(?:go\b|t\s(?:the\s)?age\s|s\san?\s[citb])|b(?:ack\b|efore)|during\s[ciab]|earlier"
    r"|h(?:istory\b|d\s?[#\d]|ospital\sd|/o(?=\s))"
    r"|in\s(?:(?:h|the|ear|lat)[a-z]*\s)?(?:early|mid|late|childh|infan|adoles|teen|twent|thirt|fort|fift|sixt|sevent|eight"
    r"|[1-9]0)|last(?=\s)|p(?:rior|re[vc]|ta\b|ast(?=\s)|od|ost-?\s?op)|since(?=\s)"
    r"|t(?:od|oni|his\s[mae]|he\s(?:day|night)\sb)|yester|[x×]\s?\d)"
)
_CUE = re.compile(
    r" (?:(?P<ago>ago|back|earlier|prior|before|previously|pta)\b|(?P<past>past|last|previous|preceding)\s"
    r"|(?P<day>yesterday|today|tonight|this\s(?:morning|afternoon|evening)|the\s(?:day|night)\sbefore)\b|(?P<since>since)\s(?!child|infan|adolesc|birth)"
    r"|(?P<pod>pod|post-?\s?op(?:erative)?\sdays?)\b|(?P<pod2>pod#?\d)|(?P<hd>hd\s?\#?\d|hospital\sdays?\b)"
    r"|(?P<history>history|h/o)\b|(?P<age>at\s(?:the\s)?age\s|as\san?\s(?:child|infant|teen|baby|toddler)"
    r"|in\s(?:(?:his|her|their|the|early|late)\s)?(?:childhood|infancy|adolescence|teen)"
    r"|(?:during|since)\s(?:childhood|infancy|adolescence|birth)\b"
    r"|in\s(?:his|her|their)\s(?:(?:early|mid|late)[\s-])?(?:[1-9]0['s]|teens|twenties|thirties|forties|fifties|sixties"
    r"|seventies|eighties))|(?P<times>[x×]\s?\d))"
)
_AMOUNT_BEFORE = re.compile(
    rf"(?<![\w./-])(?:\d{{1,3}}(?:\.\d)?\s?[-–]\s?|{_DIGIT_WORD}-|{_COUNT}\s+(?:to|or)\s+)?"
    rf"(?P<n>{_COUNT}(?:\s+and\s+an?\s+half|\s1/2|\s?½)?)(?:(?<=[\d½])|[\s-]+)"
    rf"[\s-]?(?P<u>{_UNIT})(?P<half>\s+and\s+an?\s+half)?[\s-]*$"
)
_VAGUE_BEFORE = re.compile(rf"(?<![\w-])(?:(?:many|some|numerous)\s+)?(?:{_UNIT}|long)\s+$")
_UNIT_ENDS = tuple("syhdrkwnoef")
_ADMITTED = (
    r"(?:(?:to|his|her|their|the|this|current|index|present|initial|being|coming|hospital|ed|er|emergency|to\s+the"
    r"|to\s+our)\s+)*(?:admission|presentation|presenting|arrival|hospitali[sz]ation|admitted|admit|visit|hospital|ed|er)\b"
)
_TO_ADMISSION = re.compile(rf"\s+(?:to\s+)?{_ADMITTED}")
_TO_OTHER = re.compile(r"\s+(?:to\s+)?(?!(?:and|with|when|while|he|she|they|it|which|for|at|in|on|but|or)\b)[a-z]")
_PAST = re.compile(
    rf"\s*(?:(?P<n>{_COUNT})(?:\s?(?:-|–|to|or)\s?(?P<n2>{_COUNT}))?[\s-]+)?(?P<u>{_UNIT}|night|(?P<weekday>mon|tues"
    rf"|wednes|thurs|fri|satur|sun)day|(?P<month>{MONTH_NAMES}))\b"
)
_LASTED = re.compile(  # "since 12 years", "since the last 3 days": for that long
    rf"\s*(?:(?:the\s+)?(?:last|past)\s+)?(?P<n>{_COUNT})(?:\s?(?:-|–|to|or)\s?(?P<n2>{_COUNT}))?[\s-]+(?P<u>{_UNIT})\b"
)
_OVER_BEFORE = re.compile(
    r"\b(?:(?:for|over|in|during|within|throughout|across|since)\s+(?:(?:the|these|this)\s+)?|these\s+)$"
)
_WEEKDAYS = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
_SINCE = re.compile(
    rf"\s*(?:last\s+|this\s+past\s+)?(?:(?P<weekday>{'|'.join(_WEEKDAYS)})day|(?P<month>{MONTH_NAMES}))\b(?!\.?,?\s+['\d])"
)
_DAY_NUMBER = re.compile(
    r"\s*(?:number\s*|no\.?\s*)?[#:]?\s?(?P<n>\d{1,3}|one|two|three|four|five|six|seven|ten)\b(?!\.\d)"
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_ORDINAL_BEFORE = re.compile(rf"(?<!\w)(?:(?P<n>\d{{1,3}})(?:st|nd|rd|th)|(?P<word>{'|'.join(_ORDINALS)}))\s+$")
_NOT_A_DAY = re.compile(r"\s*(?:x|times|per|hours?|hrs?|days?|sessions?|/|weekly|a\s+week|%)")
_OF_OPERATION = re.compile(r"[\s,]*(?:s/p|status|from|after|following)\b")
_ON_BEFORE = re.compile(r"\b(?:on|by|until|till|from|since|at|through|during|of)\s+(?:the\s+)?$")
_AGE = re.compile(
    r"at\s(?:the\s)?age\s(?:of\s+)?(?:about\s+|approximately\s+|~\s*)?(?P<n>\d{1,3})(?!\d|\s*(?:months?|weeks?|days?))"
)
_AGE_WORDS = re.compile(
    r"[a-z0-9'\s-]*?(?:child(?:hood)?|infan(?:t|cy)|adolescence|teen(?:ager|s)?|baby|toddler|birth|\d0'?s|ties)\b"
)
_LONGEST_AGE = 40  # characters of "in his early twenties" and the like
_FOR = re.compile(rf"[x×]\s?(?P<n>\d{{1,3}})[\s-]*(?P<u>{_UNIT})\b")
_KIN = re.compile(
    r"\b(?:father|mother|brother|sister|sibling|parent|uncle|aunt|cousin|grand\w+|son|daughter|family|mom|dad|fh|fhx)s?\b"
)
_NOT_ONSET = re.compile(
    r"\b(?:ppd|packs?|smok\w+|pk|cigarettes?|daily|bid|tid|qid|q\d+h?|mg|mcg|tabs?|units?|refill|cabg)\b"
)


def relative_times(low: str) -> list[RelativeTime]:
    """Expressions of a folded text that count from the note, an admission, an operation or a birth, in order."""
    padded = " " + low  # so that a first word follows a space too; the cue's space there is its first letter here
    found = []
    for start in _CUE_STARTS.finditer(padded):
        cue = _CUE.match(padded, start.start())
        if cue is None:
            continue
        group = cue.lastgroup or ""
        read = _READERS[group](low, cue.start(), cue[group])
        if read is not None:
            found.append(read)
    return found


def _ago(low: str, at: int, word: str) -> RelativeTime | None:
    if not low[max(0, at - 2) : at].rstrip().endswith(_UNIT_ENDS):
        return None
    end, window = at + len(word), low[max(0, at - 40) : at]
    match = _AMOUNT_BEFORE.search(window)
    if match is None:
        vague = _VAGUE_BEFORE.search(window) if word == "ago" else None
        return RelativeTime(DateMention(at - (len(window) - vague.start()), end)) if vague else None
    start, count = at - (len(window) - match.start()), match["n"] + (match["half"] or "")
    if word in {"prior", "before", "pta"}:
        if low.startswith((" history", " hx"), end):
            return None
        to = _TO_ADMISSION.match(low, end)
        if to or word == "pta":
            mention = _distance(start, to.end() if to else end, count, match["u"])
            return RelativeTime(mention, "admission", -(mention.days_before or 0.0))
        if _TO_OTHER.match(low, end):
            return RelativeTime(DateMention(start, end))  # before an event that is not dated here
    return RelativeTime(_distance(start, end, count, match["u"]))


def _distance(start: int, end: int, count: str, unit: str) -> DateMention:
    number = _number(count)
    key = unit[:2] if unit[:2] in _DAYS else unit[0]
    precision = {"y": "year", "de": "year", "m": "month"}.get(key, "day")
    if precision == "year" and number % 1:
        precision = "month"
    return DateMention(start, end, days_before=min(number * _DAYS[key], _LONGEST), precision=precision)


def _number(count: str) -> float:
    if count[0].isdigit():
        whole = _DIGITS.match(count)
        return float(whole[0] if whole else 1) + (0.5 if any(h in count for h in ("half", "1/2", "½")) else 0.0)
    numbers = [_NUMBERS[word] for word in re.split(r"[\s-]+", count) if word in _NUMBERS]
    if numbers[0] == 1.0 and len(numbers) > 1 and " and " not in count:  # "a few", "a couple of", "half a"
        return numbers[1]
    return sum(n for i, n in enumerate(numbers) if n != 1.0 or i == 0 or numbers[0] >= 20.0)


def _past(low: str, at: int, word: str) -> RelativeTime | None:
    match = _PAST.match(low, at + len(word))
    if match is None:
        return None
    if low.startswith(" of ", match.end()):  # "the last week of treatment"
        return None
    if match["weekday"] or match["month"]:
        return _named_time(at, match) if word == "last" else None
    over = _OVER_BEFORE.search(low, max(0, at - 24), at)
    if match["u"] == "night":
        return None if over or match["n"] else RelativeTime(DateMention(at, match.end(), days_before=1.0))
    if over is None and (match["n"] or word != "last" or len(match["u"]) == 1):
        return None
    start = over.start() if over else at
    mention = _distance(start, match.end(), match["n2"] or match["n"] or "1", match["u"])
    return RelativeTime(mention._replace(is_duration=over is not None))


def _since(low: str, at: int, word: str) -> RelativeTime | None:
    if match := _SINCE.match(low, at + len(word)):
        return _named_time(at, match)
    lasted = _LASTED.match(low, at + len(word))
    if lasted is None:
        return None
    mention = _distance(at, lasted.end(), lasted["n2"] or lasted["n"], lasted["u"])
    return RelativeTime(mention._replace(is_duration=True))


def _named_time(at: int, match: re.Match[str]) -> RelativeTime:
    if match["month"]:
        return RelativeTime(DateMention(at, match.end(), month=month_of(match["month"]), precision="month"))
    return RelativeTime(DateMention(at, match.end(), weekday=_WEEKDAYS.index(match["weekday"]) + 1))


def _day(low: str, at: int, word: str) -> RelativeTime | None:
    end = at + len(word)
    if low.startswith("'s date", end):  # the label of a date
        return None
    if word.endswith("before"):
        if low.startswith(" yesterday", end):
            return RelativeTime(DateMention(at, end + 10, days_before=2.0))
        to = _TO_ADMISSION.match(low, end)
        if to:
            return RelativeTime(DateMention(at, to.end(), days_before=1.0), "admission", -1.0)
        return RelativeTime(DateMention(at, end, days_before=None if _TO_OTHER.match(low, end) else 1.0))
    return RelativeTime(DateMention(at, end, days_before=1.0 if word == "yesterday" else 0.0))


def _operation_day(low: str, at: int, word: str) -> RelativeTime | None:
    numbered = _numbered_day(low, at, word)
    if numbered is None:
        return None
    start, end, days = numbered
    # "On POD 3" tells when something else was; beside an operation or as a heading it tells when that was.
    is_when = start < at or (_ON_BEFORE.search(low, max(0, at - 12), at) and not _OF_OPERATION.match(low, end))
    return RelativeTime(DateMention(start, end, days_before=None if is_when else days), "operation", days)


def _hospital_day(low: str, at: int, word: str) -> RelativeTime | None:
    numbered = _numbered_day(low, at, word)
    if numbered is None:
        return None
    start, end, days = numbered
    is_when = start < at or _ON_BEFORE.search(low, max(0, at - 12), at)
    mention = DateMention(start, end, days_before=None if is_when else 0.0)
    return RelativeTime(mention, "admission", days - 1)  # the day of admission is day 1


def _numbered_day(low: str, at: int, word: str) -> tuple[int, int, float] | None:
    """Start, end and number of "hospital day 3" or "the third hospital day"."""
    match = _DAY_NUMBER.match(low, at + len(word.rstrip("#0123456789 ")))
    if match and not (word.startswith(("hd", "pod")) and _NOT_A_DAY.match(low, match.end())):
        return at, match.end(), _NUMBERS.get(match["n"]) or float(match["n"])
    ordinal = _ORDINAL_BEFORE.search(low, max(0, at - 16), at) if match is None and word.endswith("day") else None
    if ordinal is None:
        return None
    days = float(ordinal["n"]) if ordinal["n"] else _ORDINALS.index(ordinal["word"]) + 1.0
    return ordinal.start(), at + len(word), days


def _history(low: str, at: int, word: str) -> RelativeTime | None:
    if not low[max(0, at - 2) : at].rstrip().endswith(_UNIT_ENDS):
        return None
    window = low[max(0, at - 40) : at]
    match = _AMOUNT_BEFORE.search(window)
    if match is None:
        return None
    start = at - (len(window) - match.start())
    return RelativeTime(_distance(start, at + len(word), match["n"], match["u"])._replace(is_duration=True))


def _at_age(low: str, at: int, word: str) -> RelativeTime | None:
    clause = max(low.rfind(". ", max(0, at - 120), at), low.rfind("; ", max(0, at - 120), at), at - 120, 0)
    if _KIN.search(low, clause, at):
        return None
    if match := _AGE.match(low, at):
        return RelativeTime(DateMention(at, match.end(), precision="year"), "birth", float(match["n"]) * DAYS_PER_YEAR)
    if word.startswith("at"):
        return None
    match = _AGE_WORDS.match(low, at, at + _LONGEST_AGE)
    return RelativeTime(DateMention(at, match.end())) if match else None


def _for(low: str, at: int, word: str) -> RelativeTime | None:
    match = _FOR.match(low, at)
    if match is None or _NOT_ONSET.search(low, max(0, at - 24), at):
        return None
    return RelativeTime(_distance(at, match.end(), match["n"], match["u"])._replace(is_duration=True))


_READERS: dict[str, Callable[[str, int, str], RelativeTime | None]] = {
    "ago": _ago,
    "past": _past,
    "day": _day,
    "since": _since,
    "pod": _operation_day,
    "pod2": _operation_day,
    "hd": _hospital_day,
    "history": _history,
    "age": _at_age,
    "times": _for,
}
