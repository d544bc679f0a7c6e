"""Age, sex, race and pregnancy of the patient, as the note states them; never those of a relative or a donor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from domain.facts import FactKind
from domain.quantities import Quantity
from nlp_pipeline.layers import Chart, Finding, chart
from nlp_pipeline.person.pregnancy import pregnancy_findings
from nlp_pipeline.structure.sections import section_at
from nlp_pipeline.times.mentions import DAYS_PER_MONTH, DAYS_PER_YEAR, DateMention, resolve

if TYPE_CHECKING:
    from spacy.tokens import Doc

_OPENING = 4000  # characters in which a note introduces its patient
_HEADING = 1500  # characters in which a form gives race and ethnicity
_FEVER = 90  # "T 100 F" is no age
_TEMPERATURE = re.compile(r"\b(?:t|temp\w*|tmax|tm|febrile|fevers?)\s*(?:[:=]|of|to|was|is)?\s*$")
_OLDEST = 120

_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_UNIT = r"(?:years?|yrs?|months?|mos?|weeks?|wks?|days?)"
_AGES = re.compile(
    r"[0-9](?<![\w./$><=-][0-9])(?P<rest>[0-9]{0,2}(?:\.[0-9])?)(?:"
    rf"[\s-]*(?P<unit>{_UNIT})(?:[\s,-]*(?:and[\s-]+)?(?P<more>\d{{1,2}})[\s-]*(?P<unit2>months?|mos?|weeks?|days?))?"
    r"[\s-]*(?:olds?\b|o\b\.?|of\s+age\b|aged?\b)"
    r"|[\s-]*y\.?\s?[/-]?\s?o(?:\b\.?|(?=[mf]\b))(?:[\s-]?old\b)?|[\s-]*(?:yr|y)\b\.?(?=\s+(?:old|male|female|man|woman|m|f)\b)(?:\s+old\b)?"
    r"|\s?(?P<letter>[mf])\b(?=\s+(?:with|w/|who|here|h/o|s/p|present|admitted|hx|pmh|p/w|and|is|has|c/o|complain|in|from"
    r"|pt|patient|status)|\s?,)|[\s-]?y(?P<letter2>[mf])\b)"
)
_WORD_AGE = re.compile(
    rf"(?<![\w-])(?:(?:(?P<tens>{_TENS})(?:[\s-](?P<ones>{_ONES}))?)|(?P<small>{_TEENS}|{_ONES}))(?P<half>\s+and\s+an?\s+half)?[\s-]+$"
)
_WORD_AGE_ENDS = re.compile(r"(?P<unit>(?:year|month|week|day)s?)[\s-](?:olds?\b|of\sage\b)")
_LABELLED_AGE = re.compile(
    rf" age(?:d\s+(?:about\s+)?|\s*[:=]\s*|\s+(?=\d))(?P<age>\d{{1,3}}(?:\.\d)?)(?![\d/-]|\.\d|\s?(?:%|and\s+(?:older|over)|or\s+(?:older|over)))"
    rf"(?:\s*(?P<unit>{_UNIT}))?"
)
_DECADES = ("teens", *(w.replace("y", "ies") for w in _TENS.split("|")))
_DECADE = re.compile(
    r" in (?:his|her|their) (?:(?P<part>early|mid|late)[\s-]+)?(?:(?P<tens>[1-9])0'?s|(?P<word>"
    + "|".join(_DECADES)
    + r"))\b"
)
_PERSON_IN = re.compile(
    r"(?:patient|man|woman|male|female|gentleman|lady|individual|person|^|\. )\s*(?:who\s+(?:is|was)\s*)?$"
)

_SEX = r"female|male|woman|man|girl|boy|gentleman|lady"
_SEX_AFTER = re.compile(
    rf"[\s,]*(?P<gap>(?:(?!with\b|of\b|who|had\b|has\b|from\b|presented|was\b|is\b)[\w.][\w.'/)-]*[\s,]+){{0,6}}?)(?:(?:aa|[wbh])(?=[mf]\b))?(?P<sex>{_SEX}|[mf])\b(?!['/])"
)
_SEX_BEFORE = re.compile(
    rf"\b(?P<sex>{_SEX})(?:\s+(?:patient|infant|child|neonate|adult|subject))?[\s,]*(?:who\s+(?:is|was)\s+|is\s+|was\s+|of\s+|aged?\s+)?(?:an?\s+)?$"
)
_LABELLED_SEX = re.compile(r"(?:sex|gender)\s*[:=]\s*(?P<sex>female|male|f|m)\b")
_PATIENT = re.compile(
    rf" (?:(?:this|the|our|an?)\s+(?:[a-z-]+\s+){{0,3}}?(?P<sex>{_SEX})\b|(?P<sex2>fe?male)\s+(?:patient|infant|neonate|newborn"
    rf"|child|baby|adult|adolescent|toddler)\b)"
)
_TITLE = re.compile(r" (?P<title>mr|mrs|ms|miss)\.?\s[a-z]")
_NOT_PATIENT = re.compile(r"\b(?:by|with|dr|to|from|consultant|surgeon|see|per|spoke|daughter|son|wife|husband)\.?\s*$")
_PRONOUN = re.compile(r" (?P<word>s?he|his|him|himself|hers?|herself)\b")
_SEXES = {
    "f": "female", "woman": "female", "girl": "female", "lady": "female", "m": "male", "man": "male", "boy": "male",
    "gentleman": "male", "mr": "male", "mrs": "female", "ms": "female", "miss": "female",
}  # fmt: skip

_SHORT_GAP = 20  # characters between an age and a bare "f" that still means the sex

_KIN = (
    r"(?:mother|father|mom|dad|mum|brother|sister|sibling|parent|son|daughter|husband|wife|spouse|partner|uncle|aunt|cousin"
    r"|nephew|niece|grand\w+|roommate|neighbou?r|friend|fianc[eé]e?|boyfriend|girlfriend|donor|twin|relative|caregiver)s?"
)
_KIN_BEFORE = re.compile(rf"\b(?:{_KIN}\b(?!\s+of\b)[^.;\n]{{0,24}}|(?:his|her|their|whose)\s+(?:[a-z]+\s+)?)$")
_KIN_AFTER = re.compile(
    rf"[\s,]*(?:(?!{_SEX})[a-z-]+\s+){{0,2}}?(?:(?:fe)?male\s+)?{_KIN}\b(?!\s+(?:of|with|who|present))"
)
_THING_AFTER = re.compile(
    r"\s+(?:\w+\s+)?(?:infarct|rash|wound|h[ae]+matoma|fracture|injur|burn|scar|lesion|bruise|thromb|clot|stroke|graft|fistula"
    r"|suture|stent|catheter|line|surg|incision|implant|prosthe|abrasion|lacerat|bleed|h[ae]+morrhage|ulcer|history|device)"
)

_RACES = {
    "white": "white", "caucasian": "white", "black": "black", "african american": "black", "african-american": "black",
    "asian": "asian", "asian american": "asian", "asian-american": "asian",
    "native american": "american indian or alaska native", "american indian": "american indian or alaska native",
    "alaska native": "american indian or alaska native", "pacific islander": "native hawaiian or other pacific islander",
    "native hawaiian": "native hawaiian or other pacific islander",
}  # fmt: skip
_RACE = (
    r"(?P<race>white|caucasian|black|african[- ]american|asian(?:[- ]american)?|native american|american indian|alaska native"
    r"|pacific islander|native hawaiian)"
)
_ETHNICITY = r"(?P<ethnicity>(?:(?:not|non)[\s-]+)?(?:hispanic|latin[oax]))"
_ORIGIN = re.compile(rf"\b(?:{_ETHNICITY}|{_RACE})\b")
_LABELLED_ORIGIN = re.compile(
    rf"(?:race|ethnicity|ethnic group)(?:\s*[/&]\s*(?:race|ethnicity))?\s*[:=]\s*(?:{_ETHNICITY}|{_RACE})\b"
)

_BIRTH = re.compile(r"\b(?:d\.?o\.?b\.?|date of birth|birth ?date|born(?: on)?)[\s:-]*$")
_NOTE_DATE = re.compile(
    r"\b(?:date of (?:service|visit|admission|exam\w*|consult\w*|note|report)|(?:admission|admit|visit|service|exam|note|report"
    r"|encounter)(?: date)?|seen on|admitted on|dos|(?:^|\s)date)[\s:-]*$"
)


class _Age(NamedTuple):
    start: int
    end: int
    years: float
    letter: str = ""  # "45M" says the sex in the same word


class DemographicReader:
    """spaCy component: age, sex, race and pregnancy, once each per note, in `Doc._.chart.findings`."""

    def __call__(self, doc: Doc) -> Doc:
        layer = chart(doc)
        low = layer.folded
        age, sex, origins = _introduction(low, layer)
        age = age or _labelled_age(low, layer) or _decade(low, layer) or _age_from_birth(low, layer)
        sex = sex or (age and _sex_beside(low, age.start, age.end)) or _other_sex(low, layer)
        layer.findings += [f for f in (age, sex) if f]
        layer.findings += origins or _labelled_origin(low)
        if not (age and sex and sex.value == "male" and _is_grown(age)):
            layer.findings += pregnancy_findings(layer.text, low)
        return doc


def _is_grown(age: Finding) -> bool:
    return not isinstance(age.value, Quantity) or age.value.value > 2  # an infant has the weeks of its birth


def stated_age(low: str) -> float | None:
    """The patient's age in years where a folded text introduces them with it."""
    return next((age.years for age in _ages(low, Chart())), None)


def _introduction(low: str, layer: Chart) -> tuple[Finding | None, Finding | None, list[Finding]]:
    """Age, sex and race of "a 72-year-old white woman"; the sex may be given with a later mention of the age."""
    age: Finding | None = None
    for found in _ages(low, layer):
        age = age or _age_finding(found)
        end = found.end
        if found.letter:
            return age, _sex_finding(end - 1, end, found.letter), []
        sex = _sex_beside(low, found.start, end)
        if sex is not None:
            low_end, high_end = (end, sex.start) if sex.start >= end else (max(0, sex.start - 30), found.start)
            return age, sex, _origins(low, low_end, high_end)
    return age, None, []


def _sex_beside(low: str, start: int, end: int) -> Finding | None:
    """The sex in the phrase of an age: "72-year-old white woman", "male, aged 45"."""
    after = _SEX_AFTER.match(low, end)
    if after and (len(after["sex"]) > 1 or len(after["gap"]) < _SHORT_GAP):
        return _sex_finding(*after.span("sex"), after["sex"])
    before = _SEX_BEFORE.search(low, max(0, start - 40), start)
    return _sex_finding(*before.span("sex"), before["sex"]) if before else None


def _ages(low: str, layer: Chart) -> Iterator[_Age]:
    stop = min(len(low), _OPENING)
    for match in _AGES.finditer(low, 0, stop):
        number = float(low[match.start()] + match["rest"])
        letter = match["letter"] or match["letter2"] or ""
        years = _years(number, match["unit"] or "y") + _years(float(match["more"] or 0), match["unit2"] or "y")
        if letter == "f" and number >= _FEVER and _TEMPERATURE.search(low, max(0, match.start() - 16), match.start()):
            continue
        if years <= _OLDEST and not _is_other(low, match.start(), match.end(), layer):
            yield _Age(match.start(), match.end(), years, letter)
    for ends in _WORD_AGE_ENDS.finditer(low, 0, stop):
        word = _WORD_AGE.search(low, max(0, ends.start() - 30), ends.start())
        if word and not _is_other(low, word.start(), ends.end(), layer):
            yield _Age(word.start(), ends.end(), _years(_spelled(word), ends["unit"]))


def _spelled(match: re.Match[str]) -> float:
    half = 0.5 if match["half"] else 0.0
    if match["small"]:
        return [*_ONES.split("|"), *_TEENS.split("|")].index(match["small"]) + 1 + half
    ones = _ONES.split("|").index(match["ones"]) + 1 if match["ones"] else 0
    return (_TENS.split("|").index(match["tens"]) + 2) * 10 + ones + half


def _years(number: float, unit: str) -> float:
    return number * {"m": DAYS_PER_MONTH, "w": 7.0, "d": 1.0}.get(unit[0], DAYS_PER_YEAR) / DAYS_PER_YEAR


def _is_other(low: str, start: int, end: int, layer: Chart) -> bool:
    """Whether an age is a relative's, a donor's or a wound's."""
    section = section_at(layer.sections, start)
    if section and section.category == "family_history":
        return True
    if _KIN_BEFORE.search(low, max(0, start - 40), start):
        return True
    return bool(_KIN_AFTER.match(low, end) or _THING_AFTER.match(low, end))


def _age_finding(age: _Age) -> Finding:
    end = age.end - len(age.letter)
    return Finding(age.start, end, FactKind.DEMOGRAPHIC, "age_years", Quantity(value=age.years, unit="a"))


def _sex_finding(start: int, end: int, word: str) -> Finding:
    return Finding(start, end, FactKind.DEMOGRAPHIC, "sex", _SEXES.get(word, word))


def _labelled_age(low: str, layer: Chart) -> Finding | None:
    for match in _LABELLED_AGE.finditer(" " + low[:_OPENING]):  # so that a first word follows a space too
        start, end = match.start("age") - 1, (match.end("unit") if match["unit"] else match.end("age")) - 1
        at_age = low.endswith((" at", " at the"), 0, match.start() - 1)
        years = _years(float(match["age"]), match["unit"] or "y")
        if not at_age and years <= _OLDEST and not _is_other(low, match.start(), end, layer):
            return _age_finding(_Age(start, end, years))
    return None


def _decade(low: str, layer: Chart) -> Finding | None:
    """Someone "in his 70s" has an age between two numbers, so the value is that range in words."""
    match = _DECADE.search(low, 0, min(len(low), _OPENING))
    if match is None or not _PERSON_IN.search(low, max(0, match.start() - 40), match.start()):
        return None
    if _is_other(low, match.start() + 1, match.end(), layer):
        return None
    tens = int(match["tens"] or _DECADES.index(match["word"]) + 1) * 10
    first, last = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}.get(match["part"] or "", (0, 9))
    value = f"{tens + first}-{tens + last}"
    return Finding(match.start() + 1, match.end(), FactKind.DEMOGRAPHIC, "age_years", value)


def _age_from_birth(low: str, layer: Chart) -> Finding | None:
    """The age on the note's own date, where the note gives both dates."""
    if "birth" not in low and "dob" not in low and "d.o.b" not in low and " born" not in low:
        return None
    days = [d for d in layer.dates if d.days_before is None and d.day and d.year]
    birth = next((d for d in days if _BIRTH.search(low, max(0, d.start - 24), d.start)), None)
    written = next((d for d in days if _NOTE_DATE.search(low, max(0, d.start - 30), d.start)), None)
    if birth is None or written is None or written is birth:
        return None
    return _age_between(birth, written)


def _age_between(birth: DateMention, written: DateMention) -> Finding | None:
    now = resolve(written, None)
    born = resolve(birth, now)
    if now is None or born is None or not timedelta(0) <= now - born <= timedelta(days=_OLDEST * DAYS_PER_YEAR):
        return None
    years = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
    return _age_finding(_Age(birth.start, birth.end, float(years) if years else (now - born).days / DAYS_PER_YEAR))


def _other_sex(low: str, layer: Chart) -> Finding | None:
    """The sex where it is not given with the age: a field, "this gentleman", a title, at last the pronouns."""
    labelled = _LABELLED_SEX.search(low) if "sex" in low or "gender" in low else None
    if labelled:
        return _sex_finding(*labelled.span("sex"), labelled["sex"])
    stop = min(len(low), _OPENING)
    padded = " " + low[:stop]
    for match in _PATIENT.finditer(padded):
        group = "sex" if match["sex"] else "sex2"
        start, end = match.start(group) - 1, match.end(group) - 1
        if not _is_other(low, match.start(), end, layer):
            return _sex_finding(start, end, match[group])
    for match in _TITLE.finditer(padded):
        if not _NOT_PATIENT.search(low, max(0, match.start() - 24), match.start()):
            return _sex_finding(match.start(), match.end("title") - 1, match["title"])
    return _sex_of_pronouns(low, layer)


def _sex_of_pronouns(low: str, layer: Chart) -> Finding | None:
    first: Finding | None = None
    for match in _PRONOUN.finditer(" " + low):
        start, word = match.start(), match["word"]
        section = section_at(layer.sections, start)
        if section and section.category == "family_history":
            continue
        if _KIN_BEFORE.search(low, max(0, start - 40), start):
            continue
        value = "female" if word[0] == "s" or word.startswith("her") else "male"
        if first is not None and first.value != value:
            return None
        first = first or _sex_finding(start, start + len(word), value)
    return first


def _origins(low: str, start: int, end: int) -> list[Finding]:
    return [_origin(match) for match in _ORIGIN.finditer(low, start, end)]


def _origin(match: re.Match[str]) -> Finding:
    if word := match["ethnicity"]:
        value = "not hispanic or latino" if word.startswith("no") else "hispanic or latino"
        return Finding(*match.span("ethnicity"), FactKind.DEMOGRAPHIC, "ethnicity", value)
    return Finding(*match.span("race"), FactKind.DEMOGRAPHIC, "race", _RACES[match["race"]])


def _labelled_origin(low: str) -> list[Finding]:
    if low.find("race", 0, _HEADING) < 0 and low.find("ethnic", 0, _HEADING) < 0:
        return []
    found = [_origin(match) for match in _LABELLED_ORIGIN.finditer(low, 0, _HEADING)]
    return list({f.concept_id: f for f in reversed(found)}.values())
