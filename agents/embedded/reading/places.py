"""Words that place a value: statistic, comparison, position in a series."""

from __future__ import annotations

import re

from domain.facts import Frozen
from tools.concepts import tokenize

_STATISTICS = {
    "average": "mean",
    "avg": "mean",
    "mean": "mean",
    "averaged": "mean",
    "averages": "mean",
    "typical": "mean",
    "typically": "mean",
    "median": "median",
    "max": "max",
    "maximum": "max",
    "highest": "max",
    "peak": "max",
    "peaked": "max",
    "high": "max",
    "top": "max",
    "largest": "max",
    "greatest": "max",
    "biggest": "max",
    "min": "min",
    "minimum": "min",
    "lowest": "min",
    "nadir": "min",
    "low": "min",
    "smallest": "min",
    "least": "min",
    "range": "range",
    "worst": "worst",
    "best": "best",
    "heaviest": "max",
    "lightest": "min",
    "fastest": "max",
    "slowest": "min",
    "tallest": "max",
    "hottest": "max",
    "topped": "max",
    "deepest": "min",
    "strongest": "max",
    "ceiling": "max",
    "bottom": "min",
}
_COMPARISON = re.compile(
    r"(?P<at_least>>=|≥|at least|no less than|minimum of|(?:or|and|&) (?:higher|more|above|over|greater|up(?:wards)?)|at or (?:above|over)|equal to or (?:above|over|greater)|(?<=\d)\+)|(?P<at_most><=|≤|at most|no more than|maximum of|(?:or|and|&) (?:lower|less|below|under|fewer)|at or (?:below|under)|equal to or (?:below|less))"
    r"|(?P<above>>|\babove\b|\bover\b|\bexceed\w*|\bgreater than\b|\bhigher than\b|\bmore than\b|\bpast\b|\bnorth of\b)"
    r"|(?P<below><|\bbelow\b|\bunder\b|\bless than\b|\blower than\b|\bbeneath\b|\bfewer than\b)",
    re.IGNORECASE,
)
_ORDINALS = {
    "initial": 1,
    "earliest": 1,
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "fifth": 5,
    "5th": 5,
    "sixth": 6,
    "6th": 6,
}
BOTH_ENDS = re.compile(
    r"\b(?:first|earliest|initial|oldest)\s+(?:and|&|/|vs|versus)\s+(?:the\s+)?(?:last|latest|most recent|newest|current)\b",
    re.IGNORECASE,
)
_NTH = "(?P<nth>" + "|".join(_ORDINALS) + ")"
_COUNT_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "a couple of": 2, "a couple": 2}
_FROM_END = re.compile(
    rf"\b{_NTH}[ -](?:to |from |most )?(?:last|latest|recent|newest|previous)\b|\b{_NTH.replace('nth', 'nth2')} (?:to|from) (?:the )?last\b",
    re.IGNORECASE,
)
_AGO = re.compile(
    r"\b(?P<n>\d|one|two|three|four|five|a couple(?: of)?)\s+(?:results?|readings?|values?|checks?|tests?|measurements?|visits?|times?|draws?|samples?)\s+(?:ago|back|earlier|before)\b",
    re.IGNORECASE,
)
_BEFORE_LAST = re.compile(
    r"\b(?:penultimate|(?:last|newest|latest) (?:[\w-]+ ){0,3}but one|next[- ]to[- ]last|before (?:the |his |her |their |that )?last|one before|before (?:the )?(?:most recent|latest|newest)|not the (?:latest|last|most recent|newest)|just before (?:it|that)|(?:result|value|reading|one) (?:immediately |just |right |directly )?before(?! \d)|one prior|(?:go |going |step )?(?:just )?one (?:back|earlier)|(?:go|going|step|count) back (?:by |just )*(?:one|a step)|immediately (?:before|prior)|preceding|previous|prior(?! to))\b",
    re.IGNORECASE,
)
_FROM_START = re.compile(
    rf"\b{_NTH}\b(?!\s+(?:degree|trimester|line|generation|stage|dose|most|to|last|latest))", re.IGNORECASE
)


def statistic_of(text: str) -> str:
    """Which statistic the words of a question ask for; both extremes mean the range."""
    text = _MINUTES.sub(" ", text)
    if re.search(r"\bhow (?:high|far up)\b|\bthe most (?!recent|current|up)", text, re.IGNORECASE):
        return "max"
    if re.search(r"\bhow (?:low|far down)\b|\brock[- ]bottom\b", text, re.IGNORECASE):
        return "min"
    if re.search(r"\bhow bad\b", text, re.IGNORECASE):
        return "worst"
    found = [_STATISTICS[t.norm] for t in tokenize(text) if t.norm in _STATISTICS]
    found = [f for f in found if f not in {"worst", "best"}] or found  # "worst (highest)": the plainer word holds
    if {"min", "max"} <= set(found):
        return "range"
    return found[0] if found else "mean"


_MINUTES = re.compile(r"\b\d+\s*mins?\b", re.IGNORECASE)  # "presenting in 10 min" asks for no minimum


def names_statistic(text: str) -> bool:
    """Whether the words of a question ask for a statistic at all."""
    text = _MINUTES.sub(" ", text)
    return _STATISTIC_WORDS.search(text) is not None or any(t.norm in _STATISTICS for t in tokenize(text))


_HOW_FAR = re.compile(r"\bhow (?:high|low|far (?:up|down))\b|\bthe most (?!recent|current|up)", re.IGNORECASE)


def names_extreme(text: str) -> bool:
    """Whether the words of a question ask for a highest, lowest or middle value."""
    text = _MINUTES.sub(" ", text)
    return _HOW_FAR.search(text) is not None or any(t.norm in _STATISTICS for t in tokenize(text))


_STATISTIC_WORDS = re.compile(
    r"\bhow (?:high|low|far|fast|slow|bad|good|many|often)\b|\brock[- ]bottom\b|\bcount\b|\bnumber of\b|\btimes\b|\btally\b|\btop(?:ped|s)? out\b|\ball[- ]time\b|\b\w+est\b|\baverag\w*|\btypical\w*|\busual\w*|\bnormally\b",
    re.IGNORECASE,
)


def comparison_of(text: str) -> str:
    """Which comparison the words of a question ask for."""
    matches = list(_COMPARISON.finditer(text))
    for group in ("at_least", "at_most", "above", "below"):
        if any(m[group] for m in matches):
            return group
    return "above"


_LIMIT = re.compile(
    r"(?:>=|<=|≥|≤|>|<|\b(?:at or )?(?:above|over|exceed\w*|greater than|higher than|more than|below|under|less than|lower than|at least|at most|no (?:less|more) than|north of|south of|past|beyond|beneath|minimum of|maximum of))"
    r"\s*(?:or equal to\s*)?(?:a |an |the )?(?:value |level |limit )?(?:of )?\d|\d(?:\.\d+)?\s*(?:[a-zµ%/\[\]]{1,8}\s+)?(?:(?:or|and|&)\s+(?:more|above|over|higher|greater|up|upwards|less|below|under|lower|fewer)\b|\+)",
    re.IGNORECASE,
)
_NOW = r"(?:latest|last|newest|current|most recent|now|today(?:'s)?|this)"
_BEFORE = r"(?:one (?:immediately |just |right |directly )?before(?: (?:it|that))?|previous(?: one)?|prior(?: one)?|before that|preceding(?: one)?|second (?:to )?last|last time|penultimate|earlier one|one prior|next to last)"
_VERSUS = r"(?:versus|vs\.?|v\.?|against|compared (?:to|with)|relative to|and|to|then|or|minus|with|&|/)"
_NEWEST_TWO = re.compile(
    rf"\b{_NOW}\b.{{0,30}}?\b{_VERSUS}\b.{{0,12}}?\b{_BEFORE}\b|\b{_BEFORE}\b.{{0,30}}?\b{_VERSUS}\b.{{0,12}}?\b{_NOW}\b|\b(?:last|latest|newest|most recent) (?:two|2)\b|\b(?:two|2) (?:most recent|latest|last|newest)\b",
    re.IGNORECASE,
)
_FIRST_ONE = r"(?:the )?(?:very )?(?:first|earliest|initial|oldest)(?:[- ](?:ever|recorded|documented|one|value|result|reading|measurement|on (?:file|record)|available))*"
_NOW_ONE = r"(?:the )?(?:now|today(?:'s)?|current\w*|latest|newest|most recent|last|present)(?: (?:one|value|result|reading|measurement))?"
_WHOLE_COURSE = re.compile(
    rf"\b(?:difference|gap|delta|change[ds]?|moved?|rise|fall|drop|increase|decrease)\b.{{0,40}}\b{_FIRST_ONE}\s+(?:and|to|until|till|through|vs\.?|versus)\s+{_NOW_ONE}\b|\b{_NOW_ONE}\s+(?:vs\.?|versus|against|compared (?:to|with)|minus|relative to)\s+{_FIRST_ONE}\b|\b{_FIRST_ONE}\s+(?:against|compared (?:to|with)|relative to)\s+{_NOW_ONE}\b|"
    rf"\b(?:first|earliest|initial|oldest|starting|baseline)\b(?!\s+(?:and|&|or)\b).{{0,45}}?\b(?:to|with|against|vs\.?|versus|until|through|till)\b.{{0,20}}?\b(?:last|latest|newest|most recent|current|now|today|present)\b"
    r"|\bwhere (?:did|was|were)\b.{0,40}\b(?:start\w*|beg[ia]n\w*)\b.{0,25}\b(?:now|end(?:ed|s)? up|finish\w*|today|currently|got to)\b"
    r"|\bsince (?:we|they|records?|he|she|you|measurements?|monitoring|tracking|follow[- ]?up) (?:first )?(?:started|began|begin)\b(?! (?:on|taking|the|a|an|his|her|treat\w*|ther\w*|dialys\w*|drug\w*|med\w*))|\bsince (?:the )?first\b|\bsince (?:we|they|he|she|you) first \w+|\bever since we\b"
    r"|\b(?:from )?(?:the )?(?:very )?(?:start|beginning|top) to (?:the )?(?:finish|end|bottom)\b|"
    r"\bthen (?:versus|vs\.?|and|against|compared (?:to|with)) now\b|\bnow (?:versus|vs\.?|and|against|compared (?:to|with)) (?:then|(?:at )?(?:the )?(?:very )?(?:start|beginning|first|baseline|outset))\b|\b(?:at )?(?:the )?(?:start|beginning|baseline|outset)\s+(?:vs\.?|versus|and|to|against|compared (?:to|with))\s+(?:now|today|current\w*|latest|the latest)\b|\bcompar\w+\b.{0,20}\b(?:with|to|against) (?:where|what|how) (?:it|he|she|they) (?:all )?(?:started|began)\b|\bsince (?:the |his |her |their )?(?:very )?(?:start|beginning|first|baseline|records? began)\b|\bfrom (?:the )?(?:first|start|beginning) to\b",
    re.IGNORECASE,
)
# All of the record: beside "highest" or "average" it says how far to look, alone it asks for the course.
_WHOLE_EXTENT = re.compile(
    r"\b(?:over|across|through(?:out)?|for|in|during) (?:the |his |her |their )?(?:whole|entire|full|complete) (?:of the )?(?:chart|record|history|file|time|course|follow[- ]?up|series|period|stretch)\b|\b(?:across|throughout) the (?:chart|record|file|years)\b|\boverall\b|\bover (?:all )?the (?:whole )?(?:years|record|time)\b",
    re.IGNORECASE,
)


def has_limit(text: str) -> bool:
    """Whether a number stands as a limit ("140 or more", "at or above 140", "> 5.5")."""
    return _LIMIT.search(text) is not None


def asks_for_newest_two(text: str) -> bool:
    """Whether the newest value and the one before it are set side by side."""
    return _NEWEST_TWO.search(text) is not None


_LAST_FEW = re.compile(
    r"\b(?:last|latest|past|previous|recent|newest|final)\s+(?P<n>3|4|5|6|7|8|9|10|three|four|five|six|seven|eight|nine|ten|few|several|couple)\b(?!\s*(?:years?|yrs?|months?|weeks?|wks?|days?|hours?|hrs?|h\b|decades?))",
    re.IGNORECASE,
)
_FEW = {"three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "few": 5, "several": 5, "couple": 2}  # fmt: skip


def last_few(text: str) -> int:
    """How many of the newest values are asked for ("the last three"); 0 when none are counted."""
    match = _LAST_FEW.search(text)
    return 0 if match is None else _FEW.get(match["n"].lower()) or int(match["n"])


def whole_course_spans(text: str) -> list[tuple[int, int]]:
    """Where "then versus now" and its like stand, which are no two questions."""
    courses = (*_WHOLE_COURSE.finditer(text), *_WHOLE_EXTENT.finditer(text), *_NEWEST_TWO.finditer(text))
    return [m.span() for m in courses]


def is_set_against(text: str) -> bool:
    """Whether the newest value is set against an earlier one: "today" is then the newest value, and no period."""
    return asks_for_whole_course(text) or asks_for_newest_two(text)


def asks_for_whole_course(text: str) -> bool:
    """Whether the first value and the newest are meant ("then versus now", "overall")."""
    if _WHOLE_COURSE.search(text) is not None:
        return True
    return _WHOLE_EXTENT.search(text) is not None and not names_extreme(text)


class Position(Frozen):
    """Which of a series is meant: `offset` places from the newest, or from the first."""

    offset: int = 0
    from_start: bool = False


def position_of(text: str) -> Position | None:
    """The place in a series that a question names ("2nd last", "two results ago", "third ever"), or None."""
    if match := _FROM_END.search(text):
        return Position(offset=max(1, _ORDINALS[(match["nth"] or match["nth2"]).lower()] - 1))
    if match := _AGO.search(text):
        word = match["n"].lower()
        return Position(offset=int(word) if word.isdigit() else _COUNT_WORDS.get(word, 1))
    before = _BEFORE_LAST.search(text)
    if before is not None and not (before[0].lower().startswith("not the") and _FROM_START.search(text)):
        return Position(offset=1)
    if (match := _FROM_START.search(text)) and _ORDINALS[match["nth"].lower()] >= 1:
        return Position(offset=_ORDINALS[match["nth"].lower()] - 1, from_start=True)
    return None
