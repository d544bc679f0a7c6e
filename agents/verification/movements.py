"""Words of movement and level - rose, doubled, elevated - with the quantity that they are said of."""

from __future__ import annotations

import re

from agents.verification.names import Name
from agents.verification.readings import Moved, Reading

_UP = r"ros[ei]n?|rise|increase|rising|risen|increas(?:ed|ing|es?)|up|higher|climb(?:ed|ing)|upward|gone up|went up|going up|grew|grown|escalat\w+|gained|put on"
_DOWN = r"fall|decrease|decline|drop|reduction|fell|fallen|falling|falls|decreas(?:ed|ing|es?)|declin(?:ed|ing|es?)|dropp?(?:ed|ing|s)?|down|lower|downward|gone down|went down|going down|reduc(?:ed|tion)|lost|dipped|diminish\w+|came down|come down"
_FLAT = r"(?:(?:about|largely|remained|relatively|roughly|essentially|broadly) )?stable|unchanged|steady|no (?:significant |real )?change|constant|plateau\w*|flat|the same|has not changed|hasn['’]t changed|did not change|didn['’]t change"
_HEALTH = r"(?P<better>improv(?:ed|ing|es))|(?P<worse>worsen(?:ed|ing|s)|deteriorat\w+)"
_TREND = re.compile(
    rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN})|(?P<flat>{_FLAT})|{_HEALTH})\b|(?P<arrow>[↑↓])", re.IGNORECASE
)
_NO_TREND = re.compile(
    r"^(?:up|down|lower|higher)\s+(?:to date|extremit\w+|limit|dose|end|bound|risk|respiratory|back|abdom\w+|leg|GI|than (?:the )?(?:normal|reference|reported|usual|upper|range)|criticality|probability)|^(?:up|down)\s+(?:and|with|stairs)\b",
    re.IGNORECASE,
)
# "rise" and its like count as nouns only: "may rise" and "to reduce" claim no course.
_NOUNS = frozenset({"rise", "increase", "fall", "decrease", "decline", "drop", "reduction"})
_NOUN_AHEAD = re.compile(r"\s+(?:in|of|from|since|compared|over|between)\b|\s+[-+~]?\d|\s*[.,;)]|\s*$", re.IGNORECASE)
_NOUN_BEHIND = re.compile(
    r"(?:\d\s?\S{0,24}(?:\s?\S{1,4})?|percent|\ban?|\bthe|\bthis|\b(?:slight|small|large|clear|further|marked|modest|significant|overall|net))\s+$",
    re.IGNORECASE,
)
_DOUBLE_NEGATED = re.compile(r"\b(?:not|never|n['’]t|without|no)\s+(?:\w+\s+)?$", re.IGNORECASE)
_LEVEL = re.compile(
    r"\b(?:(?P<normal>within (?:the )?(?:normal|reference|usual|reported|target)(?: \w+)? (?:range|limits?)|in (?:the )?(?:normal|reference) range|within (?:the )?(?:range|normal limits)|normal|unremarkable|WNL)"
    r"|(?P<high>above (?:the )?(?:\w+ )?(?:normal|reference|reported|usual|upper|range)(?: \w+)?|higher than (?:the )?(?:normal|reference)|elevated|raised|high|hyper\w{0}|over the (?:limit|range))"
    r"|(?P<low>below (?:the )?(?:\w+ )?(?:normal|reference|reported|usual|lower|range)(?: \w+)?|lower than (?:the )?(?:normal|reference)|low|depressed|subnormal|under the (?:limit|range))"
    r"|(?P<abnormal>abnormal|outside (?:the )?(?:normal |reference )?range|out of range|deranged))\b(?![- ](?:of\b|dose|risk|criticality|limit|quality|back|extremit|probability|fat|salt|sodium diet|potassium diet|overnight|density|resolution|school|fever|grade|intensity|saline|sinus|delivery|range|pressure support|blood pressure medic))",
    re.IGNORECASE,
)
_RATIO = re.compile(
    r"\b(?P<about>nearly|almost|about|approximately|roughly|more than|over|less than|around)?\s*(?P<word>doubl(?:ed|ing)|tripl(?:ed|ing)|trebled|quadrupl(?:ed|ing)|halved|halving|twice (?:as|the|its|what)|half (?:of|the|its|what|as)|(?P<fold>\d+(?:\.\d+)?|two|three|four|five|ten)[- ]?(?:fold|times (?:as|the|higher|its)))\b",
    re.IGNORECASE,
)
# "Fell by nearly a quarter"
_PART = re.compile(
    r"\bby (?P<about>nearly|almost|about|approximately|roughly|more than|over|less than|around)?\s*(?:an? |one[- ])?(?P<part>half|third|quarter)\b",
    re.IGNORECASE,
)
_PARTS = {"half": 0.5, "third": 1 / 3, "quarter": 0.25}
_RATIO_WORDS = {"doubl": 2.0, "tripl": 3.0, "trebl": 3.0, "quadr": 4.0, "halve": 0.5, "halvi": 0.5, "twice": 2.0, "half ": 0.5}  # fmt: skip
_FOLDS = {"two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "ten": 10.0}


def find_movements(reading: Reading, text: str, quantities: list[Name], inherited: tuple[Name, ...]) -> None:
    """Adds trends, levels and ratios to a reading."""
    for match in _TREND.finditer(text):
        if _NO_TREND.match(text[match.start() :]) or not _is_course(match, text):
            continue
        arrow = {"↑": "up", "↓": "down"}.get(match[0])
        if owners := _subject(match.start(), match.end(), quantities, text) or inherited:
            reading.trends.append(_moved(match, arrow or match.lastgroup or "", owners, text))
    for match in _LEVEL.finditer(text):
        if owners := _subject(match.start(), match.end(), quantities, text, level=True) or inherited:
            reading.levels.append(_moved(match, match.lastgroup or "", owners, text))
    for match in _RATIO.finditer(text):
        owners = _subject(match.start(), match.end(), quantities, text) or inherited
        if owners:
            fold = match["fold"]
            ratio = (
                (_FOLDS.get(fold.lower()) or float(fold)) if fold else _RATIO_WORDS.get(match["word"].lower()[:5], 0.0)
            )
            reading.ratios.append(
                Moved(match.start(), match.end(), match[0], "ratio", owners, ratio, (match["about"] or "").lower())
            )
    for match in _PART.finditer(text):
        owners = _subject(match.start(), match.end(), quantities, text) or inherited
        ways = {t.kind for t in reading.trends}
        if owners and len(ways & {"up", "down"}) == 1:
            ratio = 1 + _PARTS[match["part"].lower()] * (1 if "up" in ways else -1)
            reading.ratios.append(
                Moved(*match.span(), match[0], "ratio", owners, ratio, (match["about"] or "").lower())
            )


def _moved(match: re.Match[str], kind: str, owners: tuple[Name, ...], text: str) -> Moved:
    negated = _DOUBLE_NEGATED.search(text, max(0, match.start() - 14), match.start()) is not None
    return Moved(*match.span(), match[0], f"not {kind}" if negated else kind, owners)


def _is_course(match: re.Match[str], text: str) -> bool:
    if match[0].lower() not in _NOUNS:
        return True
    return (
        _NOUN_AHEAD.match(text, match.end()) is not None
        and _NOUN_BEHIND.search(text, max(0, match.start() - 40), match.start()) is not None
    )


def _subject(start: int, end: int, quantities: list[Name], text: str, level: bool = False) -> tuple[Name, ...]:
    """The quantity that a word of movement or level is said of: the one just behind it, else the last before it."""
    behind = [n for n in quantities if 0 <= n.start - end <= (2 if level else 12)]
    if behind and re.fullmatch(r"\s*(?:in|of|the|serum|her|his|\s)*\s*", text[end : behind[0].start], re.IGNORECASE):
        return (behind[0],)
    before = [n for n in quantities if n.end <= start and not _parted(text[n.end : start])]
    if not before:
        is_noun = text[start:end].lower() in _NOUNS  # "…; net rise 0.3": of the only quantity there is
        return tuple(quantities) if is_noun and len(quantities) == 1 else ()
    gap = text[before[-1].end : start]
    if level and (len(gap) > 60 or (re.search(r"\b(?:and|with|but)\b", gap) and not re.search(r"\d", gap))):
        return ()
    return (before[-1],) if len(gap) <= 120 else ()


def _parted(gap: str) -> bool:
    """Whether a stop lies between, after which no "it" takes up what was spoken of."""
    last = max((m.end() for m in re.finditer(r"[;|.](?=\s)", gap)), default=0)
    return bool(last) and re.search(r"\b(?:it|this|that|which)\b", gap[last:], re.IGNORECASE) is None
