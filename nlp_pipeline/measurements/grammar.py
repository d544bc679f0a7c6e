"""How a value is written: the number with its range, comparator and unit, and what may stand before and after it.

The characters between a name and a number are judged as one string (`gap_of`), which repeats so often in notes that
the answer is cached: a reading costs two or three regular expression calls, each anchored at its place.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from nlp_pipeline.measurements.units import UNIT

_NUMBER = (
    r"(?:\d{1,12}+(?:[.·]\d{1,12}+)?+(?!\d|,\d|[ \u2009\u202f\u00a0]\d)"  # mostly
    r"|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?:[ \u2009\u202f\u00a0]\d{3})+(?=\s?(?:/\s?[µμumc]|(?:[mnpuµμ]?(?:g|mol|iu|u)|cells)/"
    r"|(?:cells\s)?per\s(?:cubic|mm|cmm|cu|[µμum]|lit)|mm\s?[⁻−-]\s?[3³]|[µμum]l\s?[⁻−-]\s?[1¹]))"
    r"|\.\d{1,12}|\d{1,3},\d{1,2}(?=\s?(?:%|[a-zµμ]{1,5}/[a-z])|°)|\d{1,12}(?:[.·]\d{1,12})?)"
)
VALUE = re.compile(
    rf"(?P<number>{_NUMBER})(?!\d)"
    rf"(?:(?=[\s%–—−~t-])\s?%?(?P<dash>\s?(?:-|–|—|−|~|\bto\b)\s?)(?P<upper>{_NUMBER})(?![\d/:]|[-–]\d))?"
    rf"(?P<plural>['’]?s\b)?(?:\s?+[-–]?+\s?+(?P<unit>{UNIT}))?(?!\d)",
)
PAIR = re.compile(
    r"(?P<first>\d{1,3}(?:\.\d+)?)(?:\s?[-–]\s?\d{2,3})?(?:\s?mm\s?Hg)?\s?(?:/|\bover\b)\s?(?P<second>\d{1,3}(?:\.\d+)?)(?:\s?[-–]\s?\d{2,3})?"
    rf"(?![\d/]|[-–.]\d)(?P<plural>['’]?s\b)?(?:\s?(?P<unit>{UNIT}))?",
    re.IGNORECASE,
)
HEIGHT = re.compile(
    r"(?P<feet>[3-7])\s?(?:'|’|′|-?ft\.?|-?feet|-?foot)[\s,-]*(?:and\s)?(?:(?P<inches>\d{1,2}(?:\.\d)?)\s?(?:\"|”|″|''|’’|in(?:ch(?:es)?)?\b\.?)?)?",
    re.IGNORECASE,
)
UNIT_AFTER = re.compile(rf"\s?(?P<unit>{UNIT})(?!\w)", re.IGNORECASE)
TITRE = re.compile(r"1\s?[:/]\s?\d{1,3}(?:,\d{3})+|1\s?[:/]\s?\d{2,6}(?![\d/])|1\s?:\s?\d(?!\d)")
_NO_RESULT = re.compile(
    r"\s?-?\s?(?:(?:minutes?|mins?|hours?|hrs?|h|days?|weeks?|wks?|months?|mos?|years?|yrs?|y/?o|times|fold|doses?|tab(?:let)?s?|caps?(?:ules?)?|vials?"
    r"|ampoules?|amp|bags?|packs?|patients?|cases|episodes?|occasions?|sets?|bottles?|more|consecutive|separate|different|other|point|st|nd|rd|th|of"
    r"|drops?|puffs?|units|lines?|visits?|liters?\s(?:ns|saline)|percentiles?|a\.?m|p\.?m|[ap]m|po|iv|bid|tid|qid|qhs|qd|daily"
    r"|q\d{1,2}h|weekly|sds?|standard\sdeviations?)\b(?!\s?[/:=])|:\d|/\d|[-–]\d|-?(?:year|day|week|month|hour|item|point|fold|step)s?\b|\s?x\b|\.\d|\s?\+(?!\s?\d))",
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_MONTH_HEADS = frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split())
# "14 May", "14 May 2020": only with a capital, since "a creatinine of 2 may" goes on otherwise.
_DAY_OF_MONTH = re.compile(
    rf"\d{{1,2}}(?:st|nd|rd|th)?[\s-](?:of\s)?(?-i:(?=[A-Z])){_MONTH}\b\.?(?:,?[\s-](?:(?:19|20)\d\d|['’]\d\d)(?![\d.%]))?",
    re.IGNORECASE,
)
_MONTH_BEFORE = re.compile(rf"\b{_MONTH}\.?,?\s$")
_HIGH = re.compile(r" {1,3}H\b(?! (?:later|after|post|prior|ago|before|of)\b)")
_LASTED = re.compile(r"\b(?:after|at|over|in|within|for|every|q)\s?$")
DATE = re.compile(
    r"\d{1,4}(?P<mark>[/.-])\d{1,2}(?P=mark)\d{2,4}|\d{1,2}:\d\d(?:\s?[ap]\.?m\b)?|(?:19|20)\d\d-\d\d|\d{1,2}(?:st|nd|rd|th)\b",
)
_IN_DATE = frozenset("/.-:snrt")  # what follows the first number of a date

_SIGNS = r"[\s:;=~*|()\[\]\"'“”_·•…]|\.{2,}|[-–—−]+>?|[→⇒➔]|,|≈|≅|/(?=\s)|\bx\s?\d"
_RAISED = r"elevated|raised|increased|high|higher|rising|supratherapeutic|markedly|up"
_LOWERED = r"low|lower|decreased|reduced|diminished|depressed|suppressed|subtherapeutic|down"
_WORDS = (
    r"is|was|were|are|of|at|with|to|be|been|being|has|had|have|having|as|also|only|just|still|even|that|which|it|there|found|noted|seen"
    r"|level|levels|count|counts|value|values|reading|readings|score|scores|scale|result|results|test|tests|concentrations?|titers?|titres?"
    r"|rates?|activity|measurements?|measured|measuring|measures?|measurement|recorded|documented|reported|registered|determined|calculated|estimated|came|back"
    r"|returned|remain(?:s|ed|ing)?|stay(?:s|ed)?|stable|maintained|around|about|approximately|approx|ca|circa|nearly|almost|roughly"
    r"|reach(?:es|ed|ing)?|peak(?:s|ed|ing)?|nadir(?:ed)?|max(?:imum|imal)?|min(?:imum)?|zenith"
    r"|ros[e]|rises?|rising|risen|fell|falls?|fallen|falling|dropp?(?:ed|s|ing)?|climb(?:ed|ing|s)?|declin(?:ed|es|ing)|increas(?:ed|es|ing)|decreas(?:ed|es|ing)"
    r"|improv(?:ed|es|ing)|worsen(?:ed|ing)?|trend(?:ed|ing)?|elevated|raised|lowered|reduced|diminished|went|upon|rebounded|normali[sz]ed|recovered|returned|jumped|surged|doubled"
    r"|low|high|depressed|suppressed|normal|abnormal|borderline|critical(?:ly)?|subnormal|deranged|elevation|increase|decrease|rise|drop|decline|reduction|up|down|from|between|within"
    r"|initial|initially|repeat(?:ed)?|last|latest|recent|most|first|baseline|admission|arrival|presentation|discharge|exam(?:ination)?|today|now|currently|current|then|yesterday"
    r"|morning|evening|on|in|the|a|an|his|her|their|this|and|but|resting|room|air|serum|plasma|blood|venous|arterial|random|fasting|total|mean|average|averag(?:ed|ing)"
    r"|rang(?:e|ed|es|ing)|running|persistently|showed|shows|showing|reveal(?:ed|s|ing)|demonstrat(?:ed|es|ing)|display(?:ed|s)|yielded|indicated|weight|equal|equals|"
    r"rectal|oral|axillary|tympanic|core|supine|standing|sitting|seated|manual|left|right|both|upper|arms?|legs?|under|per|for|by|via|using|per"
    r"|[a-z]{3,14}ly|so|too|very|quite|slightly|exceed(?:ed|ing|s)|tall|recorded|taken|obtained|observed|demonstrable|positive|significant|strongly"
    r"|follow(?:ing|ed|s)?|treatment|hospital|unit|during|after|before|surgery|time|therapy|visit|ed|er|icu|triage|scene|follow-up|hemodialysis|dialysis|infusion|goal|target|later|subsequent|afterwards?|region|vicinity|again|that|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|ra|nc|read|reads|graded|predicted|prolonged|shortened"
)
_SKIP = (
    r"\((?:[a-zα-ωµ][^()\d\n]{0,30}|[a-z]\S{0,4}\d{0,3}|%|#)\)"  # "(CRP)", "(g/dL)", "(%)"
    r"|\[[a-zα-ωµ][^\[\]\d\n]{0,30}\]|\((?:ml/min/1\.73\s?m\S?|x?\s?10[^()\s]{1,4}/\S{1,4})\)"
    r"|,\s?(?:mg|g|mmol|ng|pg|[uµμ]g|u|iu|meq|[uµμ]mol)/(?:d|m)?l,?(?=[\s:]*\d)"  # "Sodium, mmol/L 128"
)
_COMPARE = (
    r"<=|>=|<|>|≤|≥|⩽|⩾|less\s+than(?:\s+or\s+equal\s+to)?|lower\s+than|fewer\s+than|greater\s+than|higher\s+than|more\s+than|not\s+more\s+than"
    r"|above|below|under|over|exceeding|at\s+least|up\s+to|no\s+more\s+than"
)
COMPARATORS = {
    "less than": "<", "less than or equal to": "<=", "lower than": "<", "fewer than": "<", "below": "<", "under": "<", "greater than": ">",
    "higher than": ">", "more than": ">", "above": ">", "over": ">", "exceeding": ">", "at least": ">=", "≤": "<=", "≥": ">=",
    "⩽": "<=", "⩾": ">=", "not more than": "<=", "no more than": "<=", "up to": "<=",
}  # fmt: skip
_LINK = rf"(?:{_SIGNS}|{_SKIP}|(?:{_WORDS})(?![a-z\d]))"
# The rules for gaps are for text in lower case, which is far cheaper to match than without regard to case.
_GAP = re.compile(rf"(?P<link>(?:{_LINK})*?)\s*(?P<comparator>{_COMPARE})?\s*(?P<sign>(?<![a-z])[-−–+])?[\s~≈(]*")
_NEGATIVE = re.compile(r"(?:^|[\s:=(,])[-−–]$")
_CHANGE = re.compile(
    r"\bby\s+(?:about\s+|approximately\s+)?$|\b(?:increase|decrease|rise|drop|decline|reduction)s?\s+of\s+$",
)
# A gap is mostly plain words, and mostly one of them leads to no value; bracketed words and units may be any.
_NO_WORD = re.compile(r"[(\[/]")
_LETTERS = re.compile(r"[a-z]+")
_LINK_WORD = re.compile("|".join([_WORDS, "x", *re.findall("[a-z]{2,}", _COMPARE)]))
_RISES = re.compile(r"\bfrom\b|creas|\brose|\bfell|ris(?:en|ing)|dropp|declin|improv")
_LOOSE = re.compile(r"(?:.*[,;]|[\s,]*(?:and|with|but))\s*", re.DOTALL)
_TREND_WORD = re.compile(
    r"→|->|–>|=>|>|\b(?:to|then|now|today|currently|later|subsequently|finally|ultimately|and|from|baseline|b/l|previous(?:ly)?|prior|peak\w*|nadir|after"
    r"|before|at|on|improv\w+|increas\w+|decreas\w+|fell|rose|dropp\w+|ris\w+|fall\w+|return\w+|declin\w+|reach\w+|normaliz\w+|followed|up|down|which|vs\.?|versus|repeat\w*|bl|was|last|earlier|prior|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)\b|,",
)
_BASELINE = re.compile(
    r"\b(?:baseline|b/l|bl|previous(?:ly)?|prior|up\s+from|down\s+from|from|formerly|usual(?:ly)?|known|last|before\s+that|earlier|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)\b",
)
_REFERENCE_WORD = re.compile(
    r"\b(?:normals?|ref|reference|ranges?|nl|nv|nr|rr|ri|limits?|cut-?off|uln|lln|threshold|expected|goal|target|percentile)\b|[(\[,;]\s*n\s*[:=<>,]?\s*$"
    r"|\bn\s*[:=]\s*$|[([]\s*[<>≤≥]?\s*$",
)
_RANGE = r"[<>≤≥]?\s?\d[\d.,]*(?:\s?%)?\s?(?:-|–|—|−|~|\bto\b|\band\b)\s?\d[\d.,]*|[<>≤≥]=?\s?\d[\d.,]*"
_UNIT_TAIL = r"(?:\s?[-a-zA-Zµμ%°/\^×·²³⁹\d]{1,12}){0,3}"
REFERENCE = re.compile(
    rf"\s*,?\s*[(\[]\s*(?:{_RANGE}){_UNIT_TAIL}\s*[)\]]"
    r"|\s*[,;]?\s*[(\[]\s*(?:[a-z]+[\s-]){0,3}?(?:ref\w*|normal\w*|nl|nv|nr|rr|ri|n|range|limits?|cut-?off|uln|lln|lab(?:oratory)?\srange)\b(?!\s*\))[^()\[\]\n]{0,80}[)\]]"
    rf"|\s*[,;:]?\s*(?:with\s+(?:a|an)\s+)?\b(?:normal|reference|ref\.?|nl|nr|rr|nv)\b(?:\s+(?:ranges?|values?|intervals?|limits?|levels?|laboratory))*(?:[\s:,=]|of|is|was|from|being|between)*(?:{_RANGE}){_UNIT_TAIL}",
    re.IGNORECASE,
)
CONVERSION = re.compile(
    rf"\s*[(\[]\s*(?:(?:approximately|about|or|i\.e\.,?|equivalent\s+to|=|~|≈)\s*)?[<>]?\s?\d[\d.,]*\s?(?:{UNIT})\s*(?:;[^()\n]{{0,80}})?[)\]]",
    re.IGNORECASE,
)
# A value of another day in brackets, "(11.4 in Jan)", or the share of the predicted one, "(38% predicted)".
EARLIER = re.compile(
    r"\d+(?:\.\d+)?\s?(?:[a-zµμ]{1,5}/[a-z]{1,3}|%)?\s(?:in\s[A-Z1-2]|on\s\d|last\s|yesterday|previously|prior|before|at\s(?:baseline|admission|discharge)|(?P<share>(?:of\s)?(?:the\s)?predicted))"
)
UPPER = re.compile(rf"\s?[-–—−]\s?(?P<upper>{_NUMBER})\s?(?P<unit>{UNIT})(?!\w)", re.IGNORECASE)
COLUMN = re.compile(r"[ \t|]+(?:\d+(?:\.\d+)?)\s?(?:-|–)\s?\d+(?:\.\d+)?(?=[\s|,;)]|$)(?!\s?%)")
FLAG = re.compile(
    r"\s?(?:[(\[](?P<inside>HH?|LL?|high|low|elevated|critical|crit|abnormal|normal|A)[)\]]|(?P<bare>HH?|LL?)(?![\w/-]|\s?\d+\s?(?:%|mm|NC))|(?P<sign>[↑↓]+|\*{1,2}(?!\w)))",
)
_FLAGS = {
    "high": "H",
    "low": "L",
    "elevated": "H",
    "critical": "critical",
    "crit": "critical",
    "abnormal": "abnormal",
    "normal": "",
    "a": "abnormal",
}
_UP = re.compile(rf"\b(?:{_RAISED})\b")
_DOWN = re.compile(rf"\b(?:{_LOWERED})\b")
# What may stand between a name and its value and holds digits itself: a date, a day of the stay, the normal range.
_AHEAD = re.compile(
    r"\s*[,:]?\s*(?:\((?:on\s)?(?:\d{1,4}[/.-]\d{1,2}(?:[/.-]\d{2,4})?|(?:19|20)\d\d|day\s\d{1,3}"
    rf"|\d{{1,2}}\s(?:of\s)?{_MONTH}\.?(?:,?\s(?:19|20)\d\d)?|{_MONTH}\.?(?:\s\d{{1,2}})?(?:,?\s(?:19|20)\d\d)?)\):?"
    r"|(?:on|at|after|by)\s(?:the\s)?(?:(?:hospital|post-?operative|hospitalization|admission|illness)\s)?(?:day|hour|week|month|POD|HD)s?\s?#?\d{1,3}\b"
    r"|(?:on|from)\s\d{1,2}[/-]\d{1,2}(?:[/-]\d{2,4})?(?!\d)|(?:at|after|within)\s\d{1,3}\s(?:min(?:ute)?s?|h(?:(?:ou)?rs?)?|days?|weeks?|months?|years?)\b"
    rf"|(?:on|in)\s(?:\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b\.?(?:,?\s(?:19|20)\d\d\b)?"
    r"|(?:19|20)\d\d\b|\d{1,2}(?:st|nd|rd|th)\s\w{3,9}|[A-Z][a-z]{2,8}\s\d{1,2}(?:,?\s(?:19|20)\d\d)?\b"
    rf"|{_MONTH}\.?,?\s(?:19|20)\d\d\b)"
    rf"|[(\[]\s*(?:{_RANGE}){_UNIT_TAIL}\s*[)\]](?=[\s:=]*[<>]?\s?\d))",
    re.IGNORECASE,
)


def skip_moment(text: str, position: int, limit: int) -> int:
    """The position after the moment that a value is given ("at 24 h", "on day 3"), else the same."""
    match = _AHEAD.match(text, position, limit)
    return match.end() if match else position


def skip_ahead(text: str, position: int, limit: int) -> int:
    """The position after a date or a normal range that stands between a name and its value, else the same."""
    match = _AHEAD.match(text, position, limit) or REFERENCE.match(text, position, limit)
    return match.end() if match else position


_NO_REFERENCE = frozenset(".abcdefghijklmopqstuvxyzABCDEFGHIJKLMOPQSTUVXYZ")
_AFTER_COMMA = frozenset("nrwNRW([")


class NoteText(NamedTuple):
    """The text of a note as it is, and in lower case position for position."""

    text: str
    lower: str


class Gap(NamedTuple):
    """What stands between a name (or a value) and the next number."""

    comparator: str
    negative: bool
    comma: bool
    change: bool
    trend: bool
    between: bool
    rises: bool
    baseline: bool
    bracket: bool
    goal: bool
    flag: str


class Written(NamedTuple):
    """A number as written, before it is read as a value of an observation."""

    start: int
    end: int
    number: float
    upper: float | None
    unit: str | None
    end_of_number: int
    joined_by_to: bool


@lru_cache(maxsize=16384)
def _is_link(word: str) -> bool:
    return _LINK_WORD.fullmatch(word) is not None


@lru_cache(maxsize=16384)
def gap_of(text: str) -> Gap | None:
    """The meaning of the characters before a number, or None where they do not lead to a value."""
    lower = text.lower()
    stop = _NO_WORD.search(lower)
    words = _LETTERS.findall(lower, 0, stop.start() if stop else len(lower))
    if stop and stop[0] == "/":
        del words[-1:]  # perhaps a unit
    if not all(map(_is_link, words)):
        return None  # mostly
    match = _GAP.fullmatch(lower)
    if match is None:
        return None
    link, comparator, sign = match.groups()
    comparator = " ".join((comparator or "").split())
    return Gap(
        COMPARATORS.get(comparator, comparator),
        sign is not None and sign != "+" and _NEGATIVE.search(lower) is not None,
        _LOOSE.fullmatch(link) is not None,
        is_change(lower),
        _TREND_WORD.search(lower) is not None,
        "between" in link,
        _RISES.search(link) is not None,
        _BASELINE.search(lower) is not None,
        "(" in lower or "[" in lower,
        "goal" in lower or "target" in lower,
        "H" if _UP.search(link) else "L" if _DOWN.search(link) else "",
    )


def is_change(lower: str) -> bool:
    """Whether the number after these characters, in lower case, is by how much something changed."""
    return _CHANGE.search(lower) is not None


@lru_cache(maxsize=16384)
def is_reference(text: str) -> bool:
    """Whether the characters before a number announce a reference range, a goal or a limit."""
    return _REFERENCE_WORD.search(text.lower()) is not None


def written_at(note: NoteText, position: int, limit: int) -> Written | None:
    """The number that starts at the position; None for dates, clock times, durations, counts and doses."""
    text, lower = note
    match = VALUE.match(lower, position, limit)
    if match is None:
        return None
    number, dash, upper, plural, unit = match.groups()
    number_end = position + len(number)
    if lower[number_end : number_end + 1] in _IN_DATE and DATE.match(lower, position):
        return None
    if end_of_date(text, position) or (number_end - position == 4 and _is_year(lower, position)):
        return None
    end = match.end()
    if unit is None:
        end = match.end("plural") if plural else match.end("upper") if upper else number_end
        if (_NO_RESULT.match(lower, end) and not _is_high(text, lower, position, end)) or (
            end < len(text) and text[end].isalpha() and not FLAG.match(text, end)
        ):
            return None
    else:
        if end < len(text) and (text[end].isalnum() and unit[-1].isalnum() and text[end - 1].isalpha()):
            return None
        unit = text[slice(*match.span("unit"))]
    if upper is None:
        return Written(position, end, number_of(number), None, unit, number_end, False)
    return Written(position, end, number_of(number), number_of(upper), unit, number_end, dash.strip() == "to")


def _is_high(text: str, lower: str, position: int, end: int) -> bool:
    """Whether the H after a number is the laboratory's flag and no hour: "Potassium 5.6 H"."""
    return _HIGH.match(text, end) is not None and not _LASTED.search(lower, max(0, position - 8), position)


def end_of_date(text: str, position: int) -> int:
    """Where the date ends whose day begins at the position ("14 May 2020"), or 0."""
    number_end = position + (2 if text[position + 1 : position + 2].isdigit() else 1)
    if text[number_end + 1 : number_end + 4].lower() not in _MONTH_HEADS:
        return 0  # mostly
    match = _DAY_OF_MONTH.match(text, position)
    return match.end() if match else 0


def _is_year(lower: str, position: int) -> bool:
    """Whether four digits are the year of the month before them: "repeated in May 2020"."""
    return lower.startswith(("19", "20"), position) and (
        _MONTH_BEFORE.search(lower, max(0, position - 12), position) is not None
    )


def number_of(text: str) -> float:
    """The number, with thousands separators, decimal commas and raised decimal points."""
    try:
        return float(text)  # mostly
    except ValueError:
        text = text.replace("·", ".")
    if text[-2:-1] == "," or text[-3:-2] == ",":
        return float(text.replace(",", "."))
    return float(re.sub(r"[,\s]", "", text))


def skip_reference(text: str, position: int, limit: int) -> int:
    """The position after a reference range that follows a value, else the same position."""
    head = text[position : position + 3].lstrip()[:1]
    if head in _NO_REFERENCE or (head == "," and text[position + 1 : position + 3].strip()[:1] not in _AFTER_COMMA):
        return position  # nearly always
    match = CONVERSION.match(text, position, limit)
    position = match.end() if match else position
    match = REFERENCE.match(text, position, limit) or COLUMN.match(text, position, limit)
    return match.end() if match else position


def flag_at(text: str, position: int) -> tuple[str, int]:
    """The laboratory's flag after a value and where it ends."""
    match = FLAG.match(text, position)
    if match is None:
        return "", position
    word = match["inside"] or match["bare"] or match["sign"]
    if word[0] in "↑↓":
        word = "H" if word[0] == "↑" else "L"
    elif word[0] == "*":
        word = "abnormal"
    return _FLAGS.get(word.lower(), word), match.end()
