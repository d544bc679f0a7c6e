"""Questions that only notes answer, whatever result, drug or problem they name.

A rule ("BP limit for mirabegron"), what is done if something happens ("what happens to ocrelizumab if IgG goes under
5", "size at which they operate"), and what the patient said ("his exact words about the tracheostomy"): the name in
such a question is what the rule is about, and its newest value or whether it is active is no answer. The words are in
`notes_asked.json`.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources

from agents.embedded.reading.places import has_limit

_PATIENT = r"(?:he|she|they|the (?:pt|patient)|pt|patient)"
_HELPS = (
    r"(?:(?:actually|really|also|first|then|have to|himself|herself|themselves|ever|just|initially|originally)\s+)*"
)


@lru_cache(maxsize=1)
def _phrases() -> dict[str, str]:
    """The words of each kind as one alternation, the longest first."""
    loaded: dict[str, list[str]] = json.loads(
        resources.files("agents.embedded").joinpath("notes_asked.json").read_text("utf-8")
    )
    return {k: "|".join(re.escape(p) for p in sorted(v, key=len, reverse=True)) for k, v in loaded.items()}


@lru_cache(maxsize=1)
def _rules() -> tuple[re.Pattern[str], re.Pattern[str]]:
    said = _phrases()
    return (
        re.compile(rf"\b(?:{said['rule']})\b", re.IGNORECASE),
        re.compile(rf"\b(?:{said['no_rule']})\b", re.IGNORECASE),
    )


@lru_cache(maxsize=1)
def _conditions() -> re.Pattern[str]:
    said = _phrases()
    return re.compile(
        rf"\b(?:{said['then']})\b.{{0,80}}\b(?:{said['if']})\b"
        rf"|^\W*(?:and\s+|so\s+)?(?:if|once|in case|in the event)\b.{{3,80}}(?:\W|\b)(?:{said['then']})\b"
        rf"|\b(?:what|which) (?:[\w/%-]+ ){{0,3}}(?:would|should|must|might) (?:\w+ ){{0,4}}?(?:{said['what_would']})(?:e?d)?\b"
        rf"|\b(?:that|which) (?:would|should|must|is to|was to) (?:\w+ ){{0,3}}?(?:{said['what_would']})(?:e?d)?\b"
        rf"|\bhow (?:fast|quickly|slowly|rapidly|aggressively|tightly|gently|far|hard|high|low|soon|close\w*) (?:\w+ ){{0,2}}?(?:should|must|can|could|may|do we|are we|did they want|is (?:it|he|she) (?:safe|allowed)) (?!i\b)"
        r"|\bhow (?!long|old)\w+ (?:\w+ ){1,6}?(?:have|has|had|need|needs|needed) to (?:be|go|get|fall|drop|rise|climb|reach|come)\b"
        rf"|\b(?:at|above|below|under|over) (?:what|which) (?:\w+ ){{0,2}}?(?:weight|level|value|reading|score|temperature|rate|pressure|sats?|saturations?|sugar|glucose|count|figure)\W*$"
        rf"|\b(?:{said['at_which']})s? (?:at|above|below|beyond|over|under|past|from) which\b"
        rf"|\b(?:at|below|above|under|over|beyond|past) (?:what|which) (?!age\b|time\b|visit\b|dose\b|place\b|clinic\b|hospital\b|stage\b)[\w /%-]{{1,40}}? (?:do|does|did|will|would|should|shall|must|can|(?:is|are|was|were)(?: \w+){{0,2}} (?:going )?to|to)\b"
        rf"|\bwhen (?:is|are|was|were) (?:(?:the|his|her|their|a) )?\w+ to (?:be )?(?:{said['acts']}|put|start|go|have|get|take|begin|see)\b"
        rf"|\b(?:{said['circumstances']})\b"
        rf"|\bwhen (?:should|would|must|do|does) (?:\w+ ){{0,4}}?(?:be |get )?(?:{said['acts']})\b",
        re.IGNORECASE,
    )


@lru_cache(maxsize=1)
def _sayings() -> re.Pattern[str]:
    said = _phrases()
    return re.compile(
        rf"\b(?:{said['words']})\b"
        rf"|\bwhat(?:['’]?d| did| does| do| has| have| had| is| was| were) {_PATIENT}\s+{_HELPS}(?:{said['says']})\b"
        rf"|\bhow(?:['’]?d| did| does| do| has| have) {_PATIENT}\s+{_HELPS}(?:{said['puts_it']})\b"
        rf"|(?:^|,)\W*(?:(?:and|so|but)\s+)?(?:does|do|did|would|will|is|was) {_PATIENT}\s+{_HELPS}(?:(?:not|still|be|ever)\s+)*(?:{said['wants']})\b",
        re.IGNORECASE,
    )


def asks_for_a_rule(text: str) -> bool:
    """Whether a question asks for a limit, a criterion, or what is done in an event that has not come.

    "Every potassium above the limit of 5.5" names a limit of its own, and "within normal limits" is a reference range.
    """
    rule, none = _rules()
    named = rule.search(text) is not None and none.search(text) is None and not has_limit(text)
    return named or _conditions().search(text) is not None


def asks_for_a_goal(text: str) -> bool:
    """Whether a question asks what a value should be: "MAP target", "aim for sats"; not whether it is there."""
    return _GOAL.search(text) is not None and _IS_THERE.match(text) is None


_GOAL = re.compile(r"\b(?:targets?|goals?|aim(?:s|ed|ing)?)\b", re.IGNORECASE)
_IS_THERE = re.compile(r"^\W*(?:is|are|was|were|has|have|did|does|at|on|off|above|below)\b", re.IGNORECASE)


def asks_for_a_saying(text: str) -> bool:
    """Whether a question asks what the patient said, wrote or wants."""
    return _sayings().search(text) is not None
