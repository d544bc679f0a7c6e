"""A hospital stay that a question names ("during the October admission"), as the dates of that stay."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from agents.embedded.plans import Call, Setting

_STAY = re.compile(
    r"\b(?:(?:during|in|on|while in|throughout|over)\s+(?:the|her|his|this|that|their)|(?<=\w )this)\s+(?P<which>(?:last|latest|recent|most recent|previous|first|covid|index|current)\s+)?"
    r"(?P<kind>(?!ed\b|er\b|emergency|clinic|outpatient|hospital|inpatient|next|second|third|(?:january|february|march|april|may|june|july|august|september|october|november|december|(?:19|20)\d\d)\b)[a-z-]+\s+)?"
    r"(?:(?P<month>january|february|march|april|may|june|july|august|september|october|november|december)\s+)?(?:(?P<year>(?:19|20)\d\d)\s+)?"
    r"(?:hospital\s+)?(?:admission|hospitali[sz]ation|inpatient stay|hospital stay|stay)\b(?!\s+(?:notes?|summary|letter|h ?&? ?p|clerking|entry|write-?up|paperwork|documentation)\b)",
    re.IGNORECASE,
)

_ARRIVED = re.compile(
    r"\b(?:on|at|upon)\s+(?:(?:the|her|his|their|last|latest|this|initial|hospital)\s+)*(?:admission|arrival|presentation)\b(?!\s+(?:note|summary|assessment|order|of|h&p|history|med|echo|ct\b|mri|x-?ray|cxr|ecg|ekg|scan|ultrasound|film|exam))",
    re.I,
)
_IN_MONTH = re.compile(
    r"\s*\b(?:in|of|during|for)\s+(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?:,?\s+(?P<year>(?:19|20)\d\d))?\b",
    re.IGNORECASE,
)
_OWN_TIME = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}/\d{1,2}\b|\b(?:jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\b(?:ed|er|clinic)\b",
    re.IGNORECASE,
)


_CAME_IN = re.compile(
    r"\b(?:when|as|after) (?:he|she|they|the patient|pt) (?:first |initially )?(?:came in|arrived|presented|was admitted|got (?:here|in)|came to (?:hospital|the hospital|us)|rocked up|hit the door|turned up)\b",
    re.IGNORECASE,
)
_IN_ICU = re.compile(
    r"\b(?:(?:while|when|whilst)\s+)?(?:(?:he|she|they|pt|the patient)\s+(?:was|were)\s+)?(?:in|on|during|throughout)\s+(?:(?:the|his|her|that|last)\s+)*(?:icu|itu|hdu|intensive care|critical care)(?:\s+unit)?(?:\s+(?:stay|admission))?\b(?!\s+(?:notes?|summary|letter|discharge|review|doctor|team|consult\w*))",
    re.IGNORECASE,
)
_IS_ICU = re.compile(r"\b(?:icu|itu|hdu|intensive care|critical care|high dependency)\b", re.IGNORECASE)


def with_arrival(text: str, setting: Setting) -> str:
    """A question for a result "when he came in", or "in ICU", as the days that those were."""
    if (came := _CAME_IN.search(text)) is not None:
        return with_stay_dates(f"{text[: came.start()]}on admission{text[came.end() :]}", setting)
    units = [v for v in setting.visits if _IS_ICU.search(v.display) and v.start is not None]
    if not units or (match := _IN_ICU.search(text)) is None or _OWN_TIME.search(_IN_ICU.sub(" ", text)):
        return text
    begun, ended = units[-1].start, units[-1].end or setting.as_of
    return f"{text[: match.start()]}between {begun.date()} and {ended.date()}{text[match.end() :]}" if begun else text


_DEPARTED = re.compile(
    r"\b(?:on|at|upon|prior to|before|by)\s+(?:(?:the|her|his|their|last|latest|hospital|time|of|day)\s+)*discharge\b(?!\s+(?:summary|letter|note|med|diagnos|plan|instruct|papers|paperwork))(?:\s+from (?:the |that |his |her )?(?:[\w-]+\s+)?(?:admission|stay|hospital))?"
    r"|\bdischarge\b(?=\s+(?!summary|letter|note|med|diagnos|plan|instruct|date|day|home|paper|destination|disposition|to\b|from\b|time|on\b))|\bwhen (?:he|she|they|the patient|pt) (?:was|were|got) (?:discharged|sent home)\b|\bwhen (?:he|she|they|the patient|pt) (?:left hospital|left the hospital|went home)\b",
    re.IGNORECASE,
)


def with_discharge(text: str, setting: Setting) -> str:
    """A question for a result "on discharge" as the stay that ended then, whose newest value is meant."""
    match = _DEPARTED.search(text)
    if match is None or not setting.admissions or _OWN_TIME.search(_DEPARTED.sub(" ", text)):
        return text
    start, end = setting.admissions[-1]
    around = f" between {start.date()} and {(end or setting.as_of).date()}"
    return f"{text[: match.start()]}{text[match.end() :].rstrip(' ?.!')}{around}"


_EMERGENCY = re.compile(
    r"\b(?:(?:on|in|at|during|from)\s+|(?=(?:(?:last|latest|first)\s+)?(?:ed|er|emergency(?: department| room)?) (?:visit|attendance)))(?:(?:the|his|her|their|that)\s+)?(?P<which>(?:last|latest|recent|most recent|first)\s+)?(?:ed|er|a&e|a and e|resus(?:citation (?:room|bay|area))?|(?:the )?trauma bay|casualty|emergency(?: (?:room|department|dept))?)(?:\s+(?:visit|attendance|presentation|encounter|stay|trip))?\s*(?=[?.!,;]|$)",
    re.IGNORECASE,
)
_OF_THE_VISIT = re.compile(
    r"\bhow (?:many|often)\b|\bwhy\b|\breason\b|\bwhen\b|\bwho\b|\bnotes?\b|\bwas (?:he|she) (?:seen|in)\b", re.I
)


def with_emergency_day(text: str, setting: Setting) -> str:
    """A question for a result with "at the ED visit" as the day of that visit; the newest, where it does not say which."""
    match = _EMERGENCY.search(text)
    if (
        match is None
        or not setting.emergencies
        or _OF_THE_VISIT.search(text)
        or _OWN_TIME.search(_EMERGENCY.sub(" ", text))
    ):
        return text
    first = (match["which"] or "").strip().lower() == "first"
    day = setting.emergencies[0 if first else -1].date()
    return f"{text[: match.start()]}on {day}{text[match.end() :]}"


_AT_AGE = re.compile(
    r"\b(?:at (?:the )?age(?: of)?|aged|when (?:he|she|they|the patient|pt) (?:was|were)|at)\s+(?P<age>\d{1,2})(?:\s*(?:years?(?: old| of age)?|y/?o|yrs?))?\s*(?=[?.!,;]|$)",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"\bif\b|\bwould\b|\bsuppos|\bsimulat|\bpredict|\bassum|\bwhat[- ]if\b|\bwill\b|\bhow (?:many|often)\b",
    re.IGNORECASE,
)


def with_years_of_age(text: str, setting: Setting) -> str:
    """A question for a result with "at age 15" as the year of life it names, where the patient has reached it."""
    match = _AT_AGE.search(text)
    if match is None or setting.born is None or _SUPPOSED.search(text):
        return text
    if (
        match[0].lower().startswith("at ")
        and "age" not in match[0].lower()
        and not re.search(r"[a-z]", match[0][3:], re.I)
    ):
        return text  # "creatinine at 2"
    begun = setting.born.year + int(match["age"])
    last = date(begun + 1, setting.born.month, min(setting.born.day, 28)) - timedelta(days=1)
    if date(begun, setting.born.month, min(setting.born.day, 28)) > setting.as_of.date():
        return text
    return f"{text[: match.start()]}between {date(begun, setting.born.month, min(setting.born.day, 28))} and {last}{text[match.end() :]}"


def _stays(match: re.Match[str], setting: Setting) -> list[tuple[datetime, datetime | None]]:
    """The hospital stays that a phrase may mean; of what kind a stay was is not known here, so one of a kind is the only one."""
    if match["kind"] and len(setting.admissions) != 1:
        return []
    return [
        (start, end)
        for start, end in setting.admissions
        if (
            not match["month"]
            or match["month"].lower() in {m.strftime("%B").lower() for m in (start, end or setting.as_of)}
        )
        and (not match["year"] or int(match["year"]) in {start.year, (end or setting.as_of).year})
    ]


def missing_stay(text: str, setting: Setting) -> Call | None:
    """For a stay named by month or year that is not in the record: the look-up that says so."""
    match = _STAY.search(text)
    if match is None or not (match["month"] or match["year"]) or _stays(match, setting):
        return None
    when = " ".join(p for p in (match["month"], match["year"] or str(setting.as_of.year)) if p)
    return Call(
        tool="encounters",
        arguments={"kind": "inpatient", "aspect": "has", "period": f"in {when}"},
        intent="encounter.has",
    )


def with_stay_dates(text: str, setting: Setting) -> str:
    """The question with "during the October admission" as the dates of that stay; a stay that is not there names no dates."""
    arrived = _ARRIVED.search(text)
    began = [start for start, _ in setting.admissions]
    if arrived is not None and (month := _IN_MONTH.search(text)) is not None:  # "at presentation in November"
        began = [
            b for b in began if b.strftime("%b") == month["month"].title() and month["year"] in {None, str(b.year)}
        ]
    if arrived is not None and began and not _OWN_TIME.search(_IN_MONTH.sub("", text)):
        # What was measured in the emergency department the evening before belongs to it; the first of it is meant.
        day = timedelta(days=1)
        around = f"between {(began[-1] - day).date()} and {(began[-1] + day).date()}"
        return f"initial {_IN_MONTH.sub('', text[: arrived.start()])}{around}{_IN_MONTH.sub('', text[arrived.end() :])}"
    match = _STAY.search(text)
    stays = _stays(match, setting) if match is not None else []
    if match is None or not stays:
        return text
    start, end = stays[0] if (match["which"] or "").strip().lower() == "first" else stays[-1]
    last = end or setting.as_of
    return f"{text[: match.start()]}between {start.date()} and {last.date()}{text[match.end() :]}"
