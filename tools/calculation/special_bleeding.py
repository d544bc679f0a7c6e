"""Inputs of HAS-BLED that are more than one finding: alcohol, blood pressure, control of the INR, liver and kidney function."""

from __future__ import annotations

import re

from domain.errors import InvalidInput
from domain.predictions import ModelCard
from domain.quantities import convert
from tools.calculation.answers import Used
from tools.calculation.criteria import mentions
from tools.calculation.reading import NoteReading
from tools.calculation.times import days_ago, sentence
from tools.calculation.values import used

_NUMBER_NAMES = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_TTR = re.compile(
    r"\btime[- ](?:spent )?(?:in|within)[- ](?:the )?(?:therapeutic[- ])?(?:range|window)[^.;]{0,60}?(?P<share>\d{1,3})\s?(?:%|per ?cent)|\bttr\b[^.;]{0,40}?(?P<ttr>\d{1,3})\s?(?:%|per ?cent)|\b(?P<only>\d{1,2})\s?(?:%|per ?cent) (?:of |time |of the time )(?:[\w-]+ ){0,10}?(?:in|within|inside) (?:the )?(?:therapeutic )?(?:range|target|goal|window)"
)
_INR_LIST = re.compile(
    r"\b(?:inrs?|international normali[sz]ed ratio\w*)\b[^.;]{0,20}(?:[^.;\d]|\.(?=\d)){0,140}?(?P<values>\d\.\d(?:,? (?:and )?(?:[a-z]+ ){0,3}|, ?)(?:\d\.\d(?:,? (?:and )?(?:,? ?most recently,? )?|, ?|(?=\W))){3,})"
)
_INR_LOG = re.compile(
    r"\b(?:print-?out|log|diary|booklet|book|record|values|readings|results|checks|figures|numbers|tests)\b[^.;\d]{0,60}?(?P<values>\d\.\d(?:(?:,? and |, )\d\.\d){3,})(?!\d)"
)
_INR_RANGE = (2.0, 3.0)
_INR_SHARE = re.compile(
    rf"\b(?P<k>\d{{1,2}}|{'|'.join(list(_NUMBER_NAMES))})(?: out)? of (?:(?:the|his|her|last|past|previous|these|most|recent) ){{0,4}}(?P<m>\d{{1,2}}|{'|'.join(_NUMBER_NAMES)})\b"
    r"[^.;]{0,60}?\b(?:(?P<within>within|in (?:the )?(?:therapeutic )?(?:range|target)|between (?:2|two)|inside|therapeutic)|outside|out of|below|above|sub-?therapeutic|supra-?therapeutic|missed)\b"
)
_INR_SHARE_LAST = re.compile(
    rf"\bof (?:(?:the|his|her|last|past|previous|these|most|recent) ){{1,4}}(?P<m>\d{{1,2}}|{'|'.join(_NUMBER_NAMES)})\b(?: [\w-]+){{0,3}}?,? (?:only |just |merely |as many as )?"
    rf"(?P<k>\d{{1,2}}|{'|'.join(_NUMBER_NAMES)}) (?:were |was |fell |have been |had been |lay )"
    r"(?:(?P<within>within|in (?:the )?(?:therapeutic )?(?:range|target)|between (?:2|two)|inside|therapeutic|on target)|outside|out of|below|above|sub-?therapeutic|supra-?therapeutic)\b"
)
_INR_SWING = re.compile(
    r"\b(?:inrs?|international normali[sz]ed ratio\w*|anticoagulation|warfarin|coumadin)\b[^;]{0,120}?\b(?:from|between|ranged|ranging|of)\s(?P<low>[01]\.\d)\d?(?:\s(?:\w+ ){0,3}?(?:to|and)\s|\s?[-–]\s?)(?P<high>(?:3\.[6-9]|[4-9]\.\d|1\d\.\d))"
)
_NEAR_INR = 250  # characters
_ABOUT_INR = re.compile(r"\b(?:inrs?|international normali[sz]ed|warfarin|anticoagula\w+|prothrombin|coagulation)\b")
_TIME_IN_RANGE = 60  # percent
_COUNT = r"(?P<n>\d{1,2}(?:\.\d)?|(?:half )?a dozen|half-dozen|dozen|a pair of|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen|a|an|single|couple(?: of)?|few|several)"
_DRINK = (
    r"(?:alcoholic )?(?:(?:six|twelve|eighteen|thirty)[- ]packs?|bottles? of wine|drinks?|beers?|lagers?|ales?|ciders?|stouts?|glass(?:es)?|tumblers?|pints?|cans?|"
    r"cocktails?|highballs?|margaritas?|martinis?|nightcaps?|shots?|drams?|tots?|jiggers?|fingers|fifths?|handles?|lit(?:er|re)s?|bottles?|"
    r"beverages?|measures?|units|servings|wine|whisk(?:e?ys?|ies)|bourbons?|vodka|gin|rum|tequila|brandy|sherry)"
    r"(?!\s(?:of\s)?(?:\w+\s)?(?:water|milk|juice|tea|coffee|soda|cola|pills|tablets|oxygen|insulin|blood|red cells|fluid|saline))"
)
_DRINKS = re.compile(
    rf"\b{_COUNT}(?:\s?(?:-|–|to|or)\s?(?P<n2>\d{{1,2}}|two|three|four|five|six|seven|eight|ten))?[\s-]+(?:(?!and\b)[\w-]+\s){{0,4}}?{_DRINK}\b"
)
_OFTEN = (
    (re.compile(r"\b(?:daily|nightly|per day|a day|(?:each|every|with|at|most) (?:day|night|evening|lunch|dinner|supper|meal)s?|per night|seven (?:days|nights|evenings) (?:a|per) week|/day)\b"), 7.0),
    (re.compile(r"\bevery (?:two|2|other|second)(?: (?:to|or) (?:three|3))? (?:days?|nights?|evenings?)\b"), 3.0),
    (re.compile(r"\b(?:week|work|school)[- ]?(?:nights?|days|evenings)\b"), 5.0),
    (re.compile(r"\b(?:monday|mon) (?:through|to|thru|-) (?:thursday|friday|thu|fri)\b"), 4.0),
    (re.compile(r"\b(?:weekends?|twice (?:a week|weekly|per week)|(?:fri|satur|sun)days? and (?:satur|sun)days?)\b"), 2.0),
    (re.compile(r"\b(?:per week|weekly|(?:a|each|every|the course of (?:a|the)) week|/week|(?:fri|satur|sun|mon|tues|wednes|thurs)days?)\b"), 1.0),
    (re.compile(r"\b(?:month|year|holiday|occasion\w*|rare\w*|social\w*)\b"), 0.25),
)  # fmt: skip
_NUMBERS = {word: float(n) for n, word in enumerate(_NUMBER_NAMES, 1)}
_NUMBERS |= {
    "a": 1.0,
    "an": 1.0,
    "single": 1.0,
    "couple": 2.0,
    "couple of": 2.0,
    "few": 3.0,
    "several": 3.0,
    "dozen": 12.0,
    "a dozen": 12.0,
    "half a dozen": 6.0,
    "half-dozen": 6.0,
    "a pair of": 2.0,
    "fourteen": 14.0,
}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70}
_AMOUNT = r"(?:\d{1,2}|(?:twenty|thirty|forty|fifty|sixty|seventy)(?:-(?:one|two|three|four|five|six|seven|eight|nine))?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_SERVINGS = r"(?:drinks|beverages|servings|units|beers|cocktails)"
_WEEKLY = r"(?:(?:per|a|each|every|over the|in a|/) ?week|weekly|(?:consumed|taken) (?:per week|weekly|each week))"
_WEEK_TOTAL = re.compile(
    rf"\b(?P<n>{_AMOUNT})(?:\s?(?:-|–|to|or)\s?(?P<n2>{_AMOUNT}))?\s(?:standard |alcoholic |mixed |us )*{_SERVINGS}\s(?:of alcohol )?(?:(?:she|he) consumes )?{_WEEKLY}"
    rf"|\b(?:drinks?(?: per|/) ?week|weekly (?:alcohol )?(?:total|intake|consumption|tally|average))(?: (?:of|is|was|averages|averaging|totals|about|around|roughly|approximately|near))*\D{{0,6}}(?P<n3>{_AMOUNT})\b"
)
_HEAVY = re.compile(
    r"\b(?:heavy|excessive|substantial|chronic|daily|problem) (?:alcohol|drinking|drinker|ethanol)|\balcohol(?:ic)? (?:abuse|dependen\w+|use disorder|misuse|excess)|\balcoholi(?:c|sm)\b(?! (?:drinks?|beverages?|hepat|cirrh|liver|fatty|keto|panc|steato))|\bbinge[- ]drink\w*"
)
_SOBER = re.compile(r"\b(?:quit|stopped|former(?:ly)?|abstin\w+|sober|sobriety|remission|past|ago|recover(?:ed|ing))\b")
_SIZES = (
    ("six-pack", 6),
    ("six pack", 6),
    ("twelve-pack", 12),
    ("twelve pack", 12),
    ("eighteen-pack", 18),
    ("thirty-pack", 30),
    ("bottle of wine", 5),
    ("bottles of wine", 5),
    ("fifth", 17),
    ("handle", 39),
    *(
        (f"{size} of {spirit}", count)
        for spirit in ("whisky", "whiskey", "vodka", "gin", "rum", "bourbon", "brandy", "spirits")
        for size, count in (("bottle", 17), ("pint", 10), ("litre", 22), ("liter", 22))
    ),
)  # drinks in one
_OF_WHAT = 12  # characters behind the vessel that say what is in it
_LIMIT_PER_WEEK = 8
_SYSTOLIC_LIMIT, _SYSTOLIC_HIGHEST = 160, 300
_CREATININE_LIMIT, _CREATININE_HIGHEST = 2.26, 30.0  # mg/dL; above the second it is another test
_PRESSURE_TOLD = re.compile(
    r"\b(?:systolics?|(?:upper|top|first) (?:figures?|numbers?|values?|readings?)|pressures?|cuff|bp)\b(?!\s(?:gradient|support))[^.;\d]{0,60}"
    r"(?P<values>\d{3}(?!\d)(?!\s?(?:cm|kg|mg|bpm|beats|lb|ms|ml|%|/min|days|g\b))(?:(?:,? (?:and|to|or|through) |, |[-–]|\s?/\s?\d{2,3},? ?(?:and |to )?)\d{3}(?!\d)){0,8})"
)
_NOT_REACHED = re.compile(r"\b(?:below|under|less than|never|not|goal|target|if|pulmonary|ventricular)\b")
_PRESSURE_DAYS = 366  # a course of readings may be told over months
_LIVER = (("alt", "U/L", 120.0), ("ast", "U/L", 120.0), ("alkaline_phosphatase", "U/L", 390.0))


def has_bled(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Alcohol, liver function and control of the INR."""
    found = [_alcohol(reading), _inr_control(reading), _liver(reading), _pressure(reading), _kidney(reading)]
    return {item.name: item for item in found if item}


def _alcohol(reading: NoteReading) -> Used | None:
    total = _WEEK_TOTAL.search(reading.lower)
    if total:
        count = _number(total["n2"] or total["n"] or total["n3"])
        return used(
            reading, "alcohol_excess", count >= _LIMIT_PER_WEEK, "", *total.span(), note=f"{count:g} drinks a week"
        )
    spans = [m.span() for m in reading.matching(_HEAVY)]
    for span, said in zip(spans, reading.asserted(spans), strict=True):
        over = _SOBER.search(reading.lower, *sentence(reading.lower, *span)) is not None
        if not (said.is_negated or said.is_family or said.is_hypothetical or over):
            return used(reading, "alcohol_excess", True, "", *span)
    counted = [(m, _per_week(reading, m)) for m in reading.matching(_DRINKS)]
    known = [(m, weekly) for m, weekly in counted if weekly]
    if not known:
        return None
    amount = sum(weekly for _, weekly in known)
    start, end = known[0][0].start(), known[0][0].end()
    return used(
        reading, "alcohol_excess", amount >= _LIMIT_PER_WEEK, "", start, end, note=f"about {amount:g} drinks a week"
    )


def _per_week(reading: NoteReading, match: re.Match[str]) -> float:
    amount = _number(match["n2"] or match["n"]) * next(
        (times for word, times in _SIZES if word in reading.lower[match.start() : match.end() + _OF_WHAT]), 1
    )
    behind = reading.lower[match.end() : match.end() + 50].split(".")[0]
    around = reading.lower[max(0, match.start() - 40) : match.end() + 60]
    return amount * next((times for text in (behind, around) for often, times in _OFTEN if often.search(text)), 0.0)


def _number(word: str) -> float:
    tens, _, ones = word.partition("-")
    if tens in _TENS:
        return _TENS[tens] + _NUMBERS.get(ones, 0.0)
    return _NUMBERS.get(word) or (float(word) if word.replace(".", "").isdigit() else 1.0)


def _inr_control(reading: NoteReading) -> Used | None:
    if match := _TTR.search(reading.lower):
        return used(
            reading,
            "labile_inr",
            int(match["share"] or match["ttr"] or match["only"]) < _TIME_IN_RANGE,
            "",
            *match.span(),
        )
    if match := _INR_LIST.search(reading.lower) or _logged(reading):
        told = [float(value) for value in re.findall(r"\d\.\d", match["values"])]
        inside = sum(_INR_RANGE[0] <= value <= _INR_RANGE[1] for value in told)
        return used(reading, "labile_inr", 100 * inside < _TIME_IN_RANGE * len(told), "", *match.span("values"))
    for match in (*_INR_SHARE.finditer(reading.lower), *_INR_SHARE_LAST.finditer(reading.lower)):
        share, whole = _number(match["k"]), _number(match["m"])
        if share <= whole and _ABOUT_INR.search(
            reading.lower, max(0, match.start() - _NEAR_INR), match.end() + _NEAR_INR
        ):
            inside_share = share if match["within"] else whole - share
            return used(reading, "labile_inr", 100 * inside_share < _TIME_IN_RANGE * whole, "", *match.span())
    if match := _INR_SWING.search(reading.lower):
        return used(reading, "labile_inr", True, "", *match.span())
    return None


def _logged(reading: NoteReading) -> re.Match[str] | None:
    """A list of values that is one of INRs by what the note speaks of before it."""
    return next(
        (m for m in _INR_LOG.finditer(reading.lower)
         if _ABOUT_INR.search(reading.lower, max(0, m.start() - _NEAR_INR), m.start())),
        None,
    )  # fmt: skip


def _pressure(reading: NoteReading) -> Used | None:
    """Hypertension that treatment does not hold: any systolic pressure of the patient now, or the note's own words."""
    name = "uncontrolled_hypertension"
    now = [
        found
        for found in reading.measured("systolic_blood_pressure")
        if not (found.assertion.is_family or found.assertion.is_historical or found.assertion.is_hypothetical)
        and (days_ago(reading, found.start, found.end) or 0) <= _PRESSURE_DAYS
    ]
    if high := next((found for found in now if float(found.high or found.value) > _SYSTOLIC_LIMIT), None):
        return used(reading, name, True, "", high.start, high.end)
    if met := next((m for m in mentions(reading, "has_bled", name) if m.met), None):
        return used(reading, name, True, "", met.start, met.end)
    if told := _pressure_told(reading):
        return used(reading, name, True, "", *told)
    return used(reading, name, False, "", now[0].start, now[0].end) if now else None


def _pressure_told(reading: NoteReading) -> tuple[int, int] | None:
    """A systolic pressure over the limit in a list or a range that names no unit: "the top number was 172, 168"."""
    found = [
        m for m in reading.matching(_PRESSURE_TOLD)
        if _SYSTOLIC_LIMIT < max(map(int, re.findall(r"\d{3}", m["values"]))) < _SYSTOLIC_HIGHEST
        and not _NOT_REACHED.search(reading.lower, max(0, m.start() - 15), m.end())
    ]  # fmt: skip
    for match, said in zip(found, reading.asserted([m.span() for m in found]), strict=True):
        if (
            not (said.is_family or said.is_historical or said.is_hypothetical or said.is_negated)
            and (days_ago(reading, *match.span()) or 0) <= _PRESSURE_DAYS
        ):
            return match.span()
    return None


def _kidney(reading: NoteReading) -> Used | None:
    """A creatinine of the patient now over the limit, wherever in the note it stands."""
    for found in reading.measured("creatinine"):
        said = found.assertion
        if said.is_family or said.is_historical or said.is_hypothetical:
            continue
        if (days_ago(reading, found.start, found.end) or 0) > _PRESSURE_DAYS:
            continue
        try:
            amount = convert(float(found.value), found.unit, "mg/dL", "creatinine")
        except InvalidInput:
            continue
        if amount > _CREATININE_LIMIT and amount < _CREATININE_HIGHEST:
            return used(reading, "abnormal_renal_function", True, "", found.start, found.end)
    return None


def _liver(reading: NoteReading) -> Used | None:
    met = next((m for m in mentions(reading, "", "cirrhosis") if m.met), None)
    if met:
        return used(reading, "abnormal_liver_function", True, "", met.start, met.end)
    bilirubin = _above(reading, "bilirubin_total", "mg/dL", 2.4)
    enzymes = [_above(reading, *test) for test in _LIVER]
    if bilirubin is None:
        return None
    if bilirubin[2] and any(enzyme and enzyme[2] for enzyme in enzymes):
        return used(reading, "abnormal_liver_function", True, "", *bilirubin[:2])
    return used(reading, "abnormal_liver_function", False, "", *bilirubin[:2])


def _above(reading: NoteReading, concept: str, unit: str, limit: float) -> tuple[int, int, bool] | None:
    for found in reading.measured(concept):
        try:
            return found.start, found.end, convert(float(found.value), found.unit, unit, "bilirubin") > limit
        except InvalidInput:
            continue
    return None
