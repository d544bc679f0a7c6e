"""Child-Pugh: how much ascites and which grade of encephalopathy a note tells, by its own grade or by the findings."""

from __future__ import annotations

import re
from typing import NamedTuple

from domain.facts import Assertion
from domain.predictions import ModelCard
from tools.calculation.answers import Used
from tools.calculation.reading import NoteReading, bounds
from tools.calculation.times import sentence
from tools.calculation.values import used

_ASCITES = re.compile(
    r"\bascit\w+|\bshifting\sdullness\b|\bdullness\sthat\sshift\w+|\bfluid\s(?:wave|thrill|impulse|shift)\b"
    r"|\b(?:free|peritoneal|intraperitoneal|intra-abdominal|abdominal|perihepatic)\s(?:free\s|peritoneal\s)?fluid\b"
    r"|\banechoic\s(?:\w+\s){0,2}(?:collection|stripe|fluid|rim)\b|\bstripe\sof\s(?:\w+\s)?fluid\b"
)
_NOT_ASCITES = re.compile(
    r"\bascit\w+\s(?:fluid\s)?(?:studies|culture|analysis|albumin|protein|cell|pmn)\w*|\bascitic\sfluid\sstudies\b"
)
_SLIGHT = re.compile(
    r"\b(?:mild|slight|small|minimal|trace|minor|scant\w*|thin|rim|subtle|barely|faint|modest|little|low-volume|controlled"
    r"|responsive|well-managed|medically\smanaged|grade\s(?:1|i)|1\+)\b"
)
_MUCH = re.compile(
    r"\b(?:moderate\w*|severe\w*|large\w*|massive\w*|tense|marked\w*|gross\w*|significant\w*|refractory|prominent\w*"
    r"|considerable|voluminous|abundant|extensive|obvious\w*|pronounced|worsening|recurrent|large-volume|grade\s(?:2|3|ii|iii)|[23]\+)\b"
)
_DISTENDED = re.compile(
    r"(?<!non-)(?<!not\s)\b(?:distend\w+|distension|distention|protuberant|ballooned|bulging\sflanks|everted\sumbilicus)\b"
)

_GRADED = re.compile(
    r"\b(?:grade|stage|west\shaven(?:\sgrade)?)\s*(?P<a>[0-4]|i{1,3}|iv|one|two|three|four)\b(?:\s?(?:-|to|/|–)\s?(?P<b>[1-4]|i{1,3}|iv)\b)?"
    r"(?=[^.;]{0,40}\bencephalopath)|\bwest[\s-]haven\b[^.;\d]{0,25}?\b(?P<d>[0-4]|i{1,3}|iv|one|two|three|four)\b|\bencephalopath\w+[^.;]{0,40}?\b(?:grade|stage)\s*(?P<c>[0-4]|i{1,3}|iv|one|two|three|four)\b"
)
_GRADES = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "one": 1, "two": 2, "three": 3, "four": 4}
_DEEP = re.compile(
    r"\b(?:coma|comatose|unrous\w+|unarous\w+|unresponsive|obtund\w+|stupor\w*|somnolent|somnolence|incomprehensibl\w+|incoheren\w+"
    r"|marked(?:ly)?\s(?:confus\w+|disorient\w+|drows\w+)|severe(?:ly)?\s(?:confus\w+|disorient\w+|drows\w+|altered)|profound(?:ly)?\s(?:drows\w+|letharg\w+|confus\w+|altered)"
    r"|deeply\s(?:letharg\w+|drows\w+|somnolent)|semi-?coma\w*|decerebrat\w+|disoriented\sto\s(?:person|place|time\sand\splace|place\sand\stime)"
    r"|failed\sto\srecogni[sz]e|not\srecogni[sz]ing|aroused\sonly|arousable\sonly)\b"
)
_LIGHT = re.compile(
    r"\b(?:asterixis|flapping(?:\stremor)?|liver\sflap|flap|confus\w+|disorient\w+|letharg\w+|drows\w+|forgetful\w*|inattent\w+|slowed\s(?:mentation|speech|thinking)"
    r"|(?:mild|subtle|slight|intermittent)\s(?:cognitive|mental|confusion|disorientation)\w*|(?:sleep|sleep-wake)\s(?:disturbance|inversion|reversal)s?|altered\s(?:mental\sstatus|mentation|sensorium|consciousness)"
    r"|personality\schange\w*|impaired\shandwriting|irritab\w+|restless\w*|agitat\w+|sluggish|hepatic\sencephalopath\w+|encephalopath\w+|mild\sencephalopath\w+)\b"
)


class _Sign(NamedTuple):
    start: int
    end: int
    said: Assertion


def child_pugh(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Ascites and encephalopathy; what nothing mentions is taken as absent."""
    reading.asserted([m.span() for words in (_ASCITES, _GRADED, _DEEP, _LIGHT) for m in reading.matching(words)])
    return {"ascites": _ascites(reading), "encephalopathy": _encephalopathy(reading)}


def _signs(reading: NoteReading, pattern: re.Pattern[str], *concepts: str) -> list[_Sign]:
    spans = dict.fromkeys(m.span() for m in reading.matching(pattern))
    signs = [_Sign(*span, said) for span, said in zip(spans, reading.asserted(list(spans)), strict=True)]
    signs += [
        _Sign(*bounds(fact), reading.said(fact)) for fact in reading.about(*concepts) if bounds(fact) not in spans
    ]
    return sorted(signs, key=lambda sign: sign.start)


def _holds(sign: _Sign) -> bool:
    said = sign.said
    return not (said.is_negated or said.is_hypothetical or said.is_family or said.is_uncertain or said.is_historical)


def _ascites(reading: NoteReading) -> Used:
    low = reading.lower
    signs = [s for s in _signs(reading, _ASCITES, "ascites") if not _NOT_ASCITES.match(low, s.start)]
    there = [sign for sign in signs if _holds(sign)]
    if not there:
        return _none(reading, "ascites", signs)
    amounts = [(_amount(low, sign), sign) for sign in there]
    told = [pair for pair in amounts if pair[0]]
    amount, sign = told[0] if told else (None, there[0])
    if amount is None:
        amount = "moderate" if _DISTENDED.search(low) else "slight"
    return used(reading, "ascites", amount, "", sign.start, sign.end, note=f"taken as {amount}")


def _amount(low: str, sign: _Sign) -> str | None:
    """The amount that the clause of a sign tells; the nearer word counts."""
    first, last = sentence(low, sign.start, sign.end)
    first, last = max(first, sign.start - 60), min(last, sign.end + 50)
    words = [(m, "slight") for m in _SLIGHT.finditer(low, first, last)]
    words += [(m, "moderate") for m in _MUCH.finditer(low, first, last)]
    if not words:
        return None
    return min(words, key=lambda pair: max(sign.start - pair[0].end(), pair[0].start() - sign.end))[1]


def _encephalopathy(reading: NoteReading) -> Used:
    for match in reading.matching(_GRADED):
        [said] = reading.asserted([match.span()])
        if said.is_family or said.is_hypothetical or said.is_historical:
            continue
        told = match["b"] or match["a"] or match["c"] or match["d"]
        grade = 0 if said.is_negated else _GRADES.get(told) or int(told)
        kind = "none" if grade == 0 else "grade_1_2" if grade <= 2 else "grade_3_4"
        return used(reading, "encephalopathy", kind, "", *match.span())
    light = _signs(reading, _LIGHT, "hepatic_encephalopathy", "asterixis", "confusion", "delirium")
    deep = _signs(reading, _DEEP, "coma")
    for signs, kind in ((deep, "grade_3_4"), (light, "grade_1_2")):
        there = next((sign for sign in signs if _holds(sign)), None)
        if there:
            note = f"by this finding taken as {kind.replace('_', ' ', 1).replace('_', '-')}"
            return used(reading, "encephalopathy", kind, "", there.start, there.end, note=note)
    return _none(reading, "encephalopathy", light + deep)


def _none(reading: NoteReading, name: str, signs: list[_Sign]) -> Used:
    denied = next((sign for sign in signs if sign.said.is_negated), None)
    if denied:
        return used(reading, name, "none", "", denied.start, denied.end, note="denied")
    return Used(name=name, value="none", origin="assumed", note="not mentioned, taken as absent")
