"""Dates written out: numeric ones, month names and bare years, each with the look around that tells it from a number.

Two scans find where a date may stand, both with a first character class, which the regex engine searches fast: digits
that go on like a date, and capitals that begin a month's name. Everything else is matched at those places only.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator

from nlp_pipeline.times.mentions import DateMention

MONTH_NAMES = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = r"(?:19|20)\d{2}"

_NUMERIC_STARTS = re.compile(
    r"[0-9](?<![\w./$#+][0-9])(?<!\d:[0-9])(?:"
    r"(?:(?<=1)9|(?<=2)0)[0-9]{2}(?![0-9A-Za-z])"  # 2014, 2014-03-12
    r"|[0-9]?(?:(?P<mark>[/.-])[0-9]{1,2}(?P=mark)[0-9]{2}|[/-](?:19|20)[0-9]{2}|/[0-9]{1,2}(?![\d/%]))"
    r"|(?<=['’][0-9])[0-9](?![\d'’\"])"  # '98
    r")"
)
_MONTH_STARTS = re.compile(
    r"[JFMASOND](?<![A-Za-z][JFMASOND])(?:[aA][nNrRyY]|[eE][bBpPcC]|[pP][rR]|[uU][nNlLgG]|[cC][tT]|[oO][vV])"
)
_ISO = re.compile(rf"(?P<y>{_YEAR})(?:(?P<mark>[-/.])(?P<m>\d{{1,2}})(?:(?P=mark)(?P<d>\d{{1,2}}))?)?(?![\d/%])(?!-\d)")
_DAY_MONTH_YEAR = re.compile(
    r"(?P<a>\d{1,2})(?P<mark>[/.-])(?P<b>\d{1,2})(?P=mark)(?P<y>(?:19|20)?\d{2})(?![\d/%])(?!\.\d)(?!-\d+(?![\d/.-]))"
)
_TWO_NUMBERS = re.compile(r"(\d{1,2})[/-](\d{1,2})(?!\d)")
_MONTH_YEAR = re.compile(rf"(?P<m>\d{{1,2}})[/-](?P<y>{_YEAR})(?![\d/%])(?!\.\d)")
_MONTH_DAY = re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})(?![\d/%])(?!\.\d)(?!\s?[-–]\s?\d(?!\d?/\d))")
_NAMED = re.compile(
    rf"(?P<m>{MONTH_NAMES})(?![a-z_])\.?(?:"
    rf"(?:\s*,\s*|\s+of\s+|\s+|[-/]|)(?P<y>{_YEAR}|['’]\d\d)(?![\d/%])"
    r"|(?P<gap>\s*,?\s+(?:the\s+)?|-)(?P<d>\d{1,2})(?:st|nd|rd|th)?(?!\w|[/%]|[.:]\d)"
    r"(?:\s?(?:[-–]|to|and|through)\s?(?P<last>\d{1,2})(?:st|nd|rd|th)?(?!\w|[/%.:-]\d))?"
    rf"(?:(?:\s*,\s*|\s+|-)(?P<dy>{_YEAR}|['’]\d\d)(?![\d/%]))?"
    r")?",
    re.IGNORECASE,
)
_DAY_BEFORE = re.compile(
    r"(?<![\w./:-])(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:\s?(?:[-–]|to|and)\s?\d{1,2}(?:st|nd|rd|th)?)?(?:\s+(?:day\s+)?of)?[\s-]*$",
    re.IGNORECASE,
)
_SHORT_AFTER = re.compile(r"[-\s]?(?P<y>\d{2})(?![\w/%:]|\.\d)")
_LOWER_MONTH = re.compile(
    rf"(?<![\w-])(?:(?P<d0>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?:of\s+)?)?(?P<m>{MONTH_NAMES})\b\.?(?:\s+(?P<d>\d{{1,2}})"
    r"(?:st|nd|rd|th)?)?(?:,?\s+(?:of\s+)?|-)$"
)
_TIME = re.compile(
    r"(?:T|,?\s+(?:at\s+|@\s*)?|\s*@\s*)(?P<h>[01]?\d|2[0-3])(?::(?P<min>[0-5]\d)(?::[0-5]\d(?:\.\d+)?)?"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?|\s?(?P<half2>[ap])\.?m\b\.?)(?![\d:%/])",
    re.IGNORECASE,
)

# Words before a number that make it a year, and those that only do so beside another year.
_IN = re.compile(
    r"(?:^|[^\w-])(?:in|since|from|circa|ca\.?|during|until|till|by|year|dated|date|between|on|(?:early|mid|late|end\s+of"
    r"|beginning\s+of|spring|summer|fall|autumn|winter)(?:\s+of)?)[\s:-]*(?:(?:early|late|mid|about|around)"
    r"[\s-]+)?(?:the\s+year\s+)?$",
    re.IGNORECASE,
)
_AFTER_YEAR = re.compile(r"(?:19|20)\d\d(?:\s*[-–/,&]\s*|,?\s+(?:to|and|or|through|thru|until)\s+(?:again\s+in\s+)?)$")
_BEFORE_YEAR = re.compile(
    r"(?:\s*[-–/,&]\s*|,?\s+(?:to|and|or|through|thru|until)\s+)(?:(?:19|20)\d\d(?![\d%])|present\b|now\b)"
)
_WORD = re.compile(r"(?P<word>[A-Za-z][A-Za-z0-9]*)(?:\s?\)|\s+x\s?\d)?(?:\s*[-–,;:]\s*|\s+)$")
_NUMBER_WORDS = frozenset(
    "of to at than about approximately around over under was were is are vs versus total dose count level x by from and or"
    " a an the equals value score weight hours time room bed unit ext page phone tel fax mrn id no number approx only up"
    " nearly almost per with vitamin vit d d3 b12 took takes gave given received average mean median for after before"
    " net out output intake input balance uop urine voided drain drained emptied removed ultrafiltration uf"
    " goal limit max maximum min minimum reached reaching rose increased decreased fell another every between".split()
)
_FOLLOWS = re.compile(
    r"\s*(?:[,.;)\]\n](?!\d)|$|[-–:]\s)|\s+(?:and|with|for|by|s/p|when|who|which|c/b|complicated|in|after|due"
    r"|secondary|on|showed|showing|shows|revealed|was|were|but|then|to|as|his|her|he|she|the|without|followed|via|while"
    r"|demonstrated|demonstrating|status|at|that|normal|negative|positive)\b",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"[\s-]?(?:%|°|[mkµμun]?g\b|mcg|m?l\b|cc\b|[cmk]?m\b|cm|mm|k?cal|calories|units?\b|i?u\b|ius?\b|m?eq\b|m?mol|hours?\b"
    r"|hrs?\b|h\b|cells?\b|cop(?:y|ies)\b|patients\b|people\b|persons\b|participants\b|steps\b|feet\b|ft\b|beats\b|bpm"
    r"|puffs?\b|tab|cap|doses?\b|times\b|ng\b|pg\b|milli|micro|gram|lit(?:er|re)|ppm|[gc]y\b|per\b|/|x\s?\d|kpa|mmhg"
    r"|days?\b|weeks?\b|months?\b|years?\b|minutes?\b|mins?\b|seconds?\b)",
    re.IGNORECASE,
)
_OUTPUT = re.compile(r"[\s,/;]*out(?:put)?\s?[:=]?\s?\d", re.IGNORECASE)  # "in 2000, out 1950"
_LINE_START = re.compile(r"(?:^|\n)[ \t]*(?:[-*•(]|\d{1,2}[.)])?[ \t]*$|:\s*$")
_NEXT_ITEM = re.compile(r"(?:19|20)\d\d:?\s+[A-Za-z][^,;\n]*[,;]\s*$")  # "1998 appendectomy, 2003 ..."
_AFTER_LINE_START = re.compile(r"\s*[:\-–]\s*\D|\s+[A-Za-z]")
_DATED_DAY = re.compile(
    r"\b(?:on|since|dated?|until|till|through|thru|by|as\s+of|admitted|discharged|seen|started|stopped|transferred"
    r"|performed|done|drawn|obtained|repeated?|intubated|extubated|placed|removed|d/c'?d|today|yesterday|from|labs?"
    r"|cultures?|cxr|x-?ray|ct|mri|echo|tte|tee|ekg|ecg|ultrasound|biopsy)[\s:,(]+(?:the\s+)?$",
    re.IGNORECASE,
)
_NO_DAY = re.compile(
    r"\s*(?:of\s+(?:the|his|her|\d)|out\s+of|strength|power|pain|motor|scale|bottles?|sets?|samples?|specimens?|doses?"
    r"|extremit|limbs?|murmur|systolic|bilateral|on\s+(?:the|a)\s|tests?|criteria|points?|score|positive|negative|mmhg"
    r"|blood|nodes?|visits?|to\s+\d{1,2}/)",
    re.IGNORECASE,
)
_RANGE_OF_DAYS = re.compile(r"\s?(?:-|–|to|through)\s?(?P<m>\d{1,2})/(?P<d>\d{1,2})(?![\d/])")
_MONTH_CUE = re.compile(
    r"\b(?:in|since|last|during|until|till|this\s+past|from|by)\s+(?:(?:early|mid|late)[\s-]+|the\s+(?:end|beginning|middle)"
    r"\s+of\s+)?$",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:follow(?:ing)?[- ]?up|f/u|appointment|appt|scheduled|rescheduled|return|rtc|next|due|will|plan(?:ned|s)?"
    r"|until|recheck|repeat|expires?|starting)\b",
    re.IGNORECASE,
)
_LOOK_BACK = 48


def calendar_dates(text: str) -> list[DateMention]:
    """Dates written with numbers or month names, not sorted; some overlap, where the longest is meant."""
    numeric: list[DateMention] = []
    for start in _NUMERIC_STARTS.finditer(text):
        numeric += _numeric(text, start)
    return [*_named(text), *_in_one_order(text, numeric)]


def _in_one_order(text: str, mentions: list[DateMention]) -> list[DateMention]:
    """A note keeps to one order of day and month: beside 31/12/2018, 06/03/2020 is a day of March.

    Two numbers that could each be the month are read with the month first, unless the note has a date that can only
    begin with its day and none that can only begin with its month.
    """
    if not any(m.day > 12 for m in mentions):
        return mentions
    written = [_TWO_NUMBERS.match(text, m.start) if m.day else None for m in mentions]
    pairs = [(int(w[1]), int(w[2])) for w in written if w]
    if not any(first > 12 for first, _ in pairs) or any(second > 12 for _, second in pairs):
        return mentions
    return [
        m._replace(month=m.day, day=m.month) if w and int(w[1]) == m.month and m.day <= 12 else m
        for m, w in zip(mentions, written, strict=True)
    ]


def _numeric(text: str, start: re.Match[str]) -> Iterator[DateMention]:
    at, quote = start.span()[0], start[0]
    before = text[max(0, at - _LOOK_BACK) : at]
    if before.endswith(("'", "’")):
        yield from _apostrophe_year(text, at, start.end(), before[:-1])
    elif len(quote) == 4 and quote.isdigit():
        yield from _year_first(text, at, before)
    elif before.endswith(("-", "–")) and not _joins(before):
        return
    elif match := _DAY_MONTH_YEAR.match(text, at):
        yield from _three_parts(text, match, before)
    elif match := _MONTH_YEAR.match(text, at):
        month = int(match["m"])
        beside = _is_beside(before) and _FOLLOWS.match(text, match.end())
        if 1 <= month <= 12 and (_IN.search(before) or before.endswith("(") or beside):
            yield DateMention(*match.span(), int(match["y"]), month, precision="month")
    elif match := _MONTH_DAY.match(text, at):
        yield from _month_and_day(text, match, before)


def _joins(before: str) -> bool:
    """Whether a dash before a number is a bullet or the middle of a range, not part of a longer number."""
    return len(before) < 2 or before[-2].isspace() or re.search(r"\d[/.]\d{1,2}-$|\d{4}-$", before) is not None


def _three_parts(text: str, match: re.Match[str], before: str) -> Iterator[DateMention]:
    first, second, year = int(match["a"]), int(match["b"]), int(match["y"])
    is_short = len(match["y"]) == 2
    if match["mark"] == ".":
        if is_short:
            return
        first, second = (second, first) if second <= 12 else (first, second)  # written with dots the day comes first
    month, day = (second, first) if first > 12 else (first, second)
    if is_short and match["mark"] == "-" and _MEASURE.match(text, match.end()):
        return
    if 1 <= month <= 12 and 1 <= day <= monthrange(2000 if is_short else year, month)[1]:
        is_ahead = is_short and _PLANNED.search(before) is not None
        yield _timed(text, DateMention(*match.span(), year, month, day, is_short_year=is_short, is_ahead=is_ahead))


def _month_and_day(text: str, match: re.Match[str], before: str) -> Iterator[DateMention]:
    month, day = int(match["m"]), int(match["d"])
    month, day = (day, month) if month > 12 else (month, day)
    if not (1 <= month <= 12 and 1 <= day <= 31) or not (cue := _DATED_DAY.search(before)):
        return
    until = _RANGE_OF_DAYS.match(text, match.end())
    if _NO_DAY.match(text, match.end()) and not until:
        return
    if until:
        ends = int(until["m"]), int(until["d"])
        if not (month <= ends[0] <= 12 and 1 <= ends[1] <= 31) or (ends[1] == day and ends[0] > month):
            return  # "from 3/5 to 4/5" is strength that came back
        yield _without_year(*until.span("m"), ends, before)._replace(end=until.end("d"))
    elif cue[0][:4].lower() == "from":
        return
    yield _timed(text, _without_year(*match.span(), (month, day), before))


def _without_year(start: int, end: int, month_day: tuple[int, int], before: str) -> DateMention:
    return DateMention(start, end, 0, *month_day, is_ahead=_PLANNED.search(before) is not None)


def _year_first(text: str, at: int, before: str) -> Iterator[DateMention]:
    match, year, month, day = _ISO.match(text, at), int(text[at : at + 4]), 0, 0
    if match and match["m"]:
        month, day = int(match["m"]), int(match["d"] or 0)
        if month <= 12 and day <= monthrange(year, month)[1] and (day or match["mark"] == "-"):
            yield _timed(text, DateMention(*match.span(), year, month, day, precision="day" if day else "month"))
            return
        if not _BEFORE_YEAR.match(text, at + 4):
            return
    if named := _LOWER_MONTH.search(before):
        day = int(named["d0"] or named["d"] or 0)
        yield from _whole(at - len(named[0]), at + 4, (year, month_of(named["m"]), day), text)
    elif _stands(text, at, at + 4, before):
        yield DateMention(at, at + 4, year, precision="year")


def _apostrophe_year(text: str, at: int, end: int, before: str) -> Iterator[DateMention]:
    if before[-1:].isspace() and not before.rstrip()[-1:].isdigit() and (_IN.search(before) or _is_beside(before)):
        yield DateMention(at - 1, end, int(text[at:end]), precision="year", is_short_year=True)


def _stands(text: str, start: int, end: int, before: str) -> bool:
    """Whether a number like 2014 is a year here: after a word for time, beside another year, or beside a finding."""
    if _MEASURE.match(text, end) or text[start - 1 : start] == "," or _OUTPUT.match(text, end):
        return False
    if _IN.search(before) or _AFTER_YEAR.search(before):
        return True
    pair = _BEFORE_YEAR.match(text, end)
    if pair and not _MEASURE.match(text, pair.end()):
        return True
    if before.endswith("(") and text[end : end + 1] in set("),;:"):
        return True
    if _AFTER_LINE_START.match(text, end) and (_LINE_START.search(before) or _NEXT_ITEM.search(before)):
        return True
    return _is_beside(before) and _FOLLOWS.match(text, end) is not None


def _is_beside(before: str) -> bool:
    word = _WORD.search(before)
    return word is not None and word["word"].lower() not in _NUMBER_WORDS


def _named(text: str) -> Iterator[DateMention]:
    for start in _MONTH_STARTS.finditer(text):
        match = _NAMED.match(text, start.start())
        if match is None:
            continue
        before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
        begin, end, day = match.start(), match.end(), int(match["d"] or 0)
        year = match["y"] or match["dy"] or ""
        leading = _DAY_BEFORE.search(before) if not day or not year else None
        if leading and 1 <= int(leading["d"]) <= 31 and (not day or match["gap"] in {"-", " "}):
            begin = match.start() - (len(before) - leading.start())
            if not year:  # "12 Mar 14", "12-Mar-14": what looked like the day is the year
                end = match.end("m")
                short = _SHORT_AFTER.match(text, end)
                if short and not _MEASURE.match(text, short.end()):
                    year, end = "'" + short["y"], short.end()
            day = int(leading["d"])
        elif day and not match["last"] and not year and _MEASURE.match(text, end):
            continue
        if not day and not year and not _MONTH_CUE.search(before):
            continue
        number = int(year.lstrip("'’") or 0)
        is_ahead = number < 100 and _PLANNED.search(before) is not None
        yield from _whole(begin, end, (number, month_of(match["m"]), day), text, bool(year) and number < 100, is_ahead)


def _whole(
    start: int, end: int, parts: tuple[int, int, int], text: str, is_short: bool = False, is_ahead: bool = False
) -> Iterator[DateMention]:
    year, month, day = parts
    if day <= monthrange(year if year > 99 else 2000, month)[1]:
        mention = DateMention(start, end, year, month, day, is_short_year=is_short, is_ahead=is_ahead)
        yield _timed(text, mention) if day else mention._replace(precision="month")


def _timed(text: str, mention: DateMention) -> DateMention:
    """The mention with the time of day that follows it."""
    match = _TIME.match(text, mention.end)
    if match is None or not mention.day:
        return mention
    hour, half = int(match["h"]), (match["half"] or match["half2"] or "").lower()
    if half and not 1 <= hour <= 12:
        return mention
    hour = hour % 12 + 12 * (half == "p") if half else hour
    return mention._replace(end=match.end(), hour=hour, minute=int(match["min"] or 0))


def month_of(name: str) -> int:
    """1 to 12 for a month's name or its first letters."""
    return _MONTHS.index(name[:3].lower()) + 1
