"""A hospital stay that a question names by which it was, when, or what for, as the days of that stay.

"At the first readmission", "when she came back in with fluid overload", "on the October admission ECG", "discharge weight
in August". Which stay is meant is decided by the record's visits: their order, their months, and their reasons. Where none
fits, nothing is put in its place, and the words stay for the notes; where nothing says which, the newest is meant.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence

from agents.embedded.plans import Call, Setting
from agents.embedded.reading.dating.phrases import ARTICLES, DAY, OF_A_SERIES, around, between, has_own_time
from agents.embedded.reading.dating.stay_names import (
    IN_A_MONTH,
    TAKEN_THEN,
    Place,
    Said,
    places,
    said_of,
)
from agents.embedded.reading.dating.stays_held import Stay, is_illness, stays
from tools.concepts import Lexicon

_IS_INTENSIVE = re.compile(r"\b(?:icu|itu|hdu|intensive care|critical care|high dependency)\b", re.IGNORECASE)
_WITH_ITS_DAY = re.compile(
    r"\b(?:on|at|upon)\s+(?:the\s+)?(?:arrival|admission|presentation)\s+(?:on\s+)?(?P<day>\d{4}-\d\d-\d\d)",
    re.IGNORECASE,
)
_TAKEN_LATER = re.compile(r"^\s+(?:echo|ct|mri|x-?ray|cxr|scan|ultrasound|film)", re.IGNORECASE)
_ARRIVING = frozenset({"presentation", "arrival", "attendance"})
_OF_ADMISSIONS = ("admi", "re", "hosp", "inpatient", "stay")
_ALL_OF_IT = frozenset({"during", "in", "while in", "throughout", "over"})
_BESIDE = frozenset({"before", "after", "since"})
# What leads to a stay of which no more is said: "for admission" and "of admission" speak of no time.
_LEADING = _ALL_OF_IT | _BESIDE | {"on", "at", "by", "when", "as", "once"}


def with_stay(text: str, setting: Setting, lexicon: Lexicon, of_result: bool) -> str:
    """The question with days in place of the stay that it names; as it is where none is named or none fits.

    A day that is named beside it stands for itself, and the first value of it is meant.
    """
    if of_result and (own := _WITH_ITS_DAY.search(text)) is not None:
        return f"initial {text[: own.start()]}on {own['day']}{text[own.end() :]}"
    named = [p for p in places(text) if of_result or p.of_anything]
    return _dated(named, text, setting, lexicon, of_result)


def with_day_before_stay(text: str, setting: Setting, lexicon: Lexicon) -> str:
    """The question with "before the admission" as before the day on which that stay began."""
    named = [p for p in places(text) if p.when == "before" and p.of_anything and not p.leaves]
    return _dated(named, text, setting, lexicon, True)


def missing_stay(text: str, setting: Setting, lexicon: Lexicon) -> Call | None:
    """For a stay named by month or year that is not in the record: the look-up that says so."""
    for place in places(text):
        if place.comes or place.leaves or place.noun in _ARRIVING or place.when not in _ALL_OF_IT | {"on"}:
            continue
        said = said_of(place, text, lexicon)
        held = any(s.is_admission and s.is_of(said.month, said.year, setting) for s in stays(setting))
        if (said.month or said.year) and not held:
            when = f"{calendar.month_name[said.month]} {said.year or setting.as_of.year}".strip()
            arguments = {"kind": "inpatient", "aspect": "has", "period": f"in {when}"}
            return Call(tool="encounters", arguments=arguments, intent="encounter.has")
    return None


def _dated(named: Sequence[Place], text: str, setting: Setting, lexicon: Lexicon, of_result: bool) -> str:
    """The question with the days of the first stay of which it says which it was, else of the newest.

    What is no result is looked for in notes: they have the reason for a stay, and the note of it has what was before.
    """
    for place in named:
        said = said_of(place, text, lexicon)
        of_notes = not of_result and (said.kind or said.reason or place.when == "before")
        if not of_notes and (stay := _meant(place, said, text, setting, lexicon)) is not None:
            return _put(text, place, said, stay, setting)
    admitted = [s for s in stays(setting) if s.is_admission]
    for place in named if admitted else ():
        if _says_no_more(place, text, lexicon, only=len(admitted) == 1):
            return _put(text, place, None, admitted[-1], setting)
    return text


def _meant(place: Place, said: Said, text: str, setting: Setting, lexicon: Lexicon) -> Stay | None:
    """The stay that all of it fits, the newest of several; None where none does, or nothing says which."""
    if place.intensive:
        units = [(v.start, v.end) for v in setting.visits if v.start and _IS_INTENSIVE.search(v.display)]
        in_it = units and place.when in _ALL_OF_IT | {"on"} and not has_own_time(text, place.start, place.end)
        return Stay(*units[-1], "", True) if in_it else None
    every = stays(setting)
    admitted = [s for s in every if s.is_admission]
    reason = f"{said.kind} {said.reason}".strip()
    if said.figures is not None:
        days = {said.figures, said.figures[::-1]}
        found = [s for s in every if any((d.month, d.day) in days for d in (s.begun, s.begun + DAY))]
        return found[0] if len(found) == 1 else None
    taken = said.taken and not place.leaves
    if not (place.again or said.nth or said.month or said.year or reason or said.previous or taken):
        return None
    found = admitted if admitted and place.noun.startswith(_OF_ADMISSIONS) else every
    if place.again:
        found = admitted[1:]
    elif place.leaves:
        found = [s for s in admitted or every if s.ended is not None]
    if said.month or said.year:
        in_time = [s for s in every if s.is_of(said.month, said.year, setting)]
        found = [s for s in in_time if s in found] or in_time
    if reason:
        for_it = [s for s in (found if place.again else every) if s.is_for(reason, lexicon)]
        found = [s for s in for_it if s in found] or for_it
    if said.nth > 0:
        return found[said.nth - 1] if said.nth <= len(found) else None
    if said.previous:
        found = found[:-1] or found
    return found[-1] if found else None


def _says_no_more(place: Place, text: str, lexicon: Lexicon, only: bool) -> bool:
    """Whether a stay is named and nothing says which; of the `only` one it may be said what is not in its record."""
    said = said_of(place, text, lexicon)
    if place.again or (place.intensive and not only) or said.nth or said.month or said.year or said.figures:
        return False
    if place.when not in _BESIDE | _ALL_OF_IT and has_own_time(text, place.start, place.end):
        return False
    if place.leaves and not place.when:  # "discharge weight"; not "discharge home"
        return place.noun == "discharge" and said.taken
    if place.when not in _LEADING or (place.noun in _ARRIVING and place.when in _ALL_OF_IT):
        return False
    if said.kind and not (only and place.when in _ALL_OF_IT | {"on"} and ARTICLES & set(place.which)):
        return False
    return only or not (said.reason and is_illness(said.reason, lexicon))


def _put(text: str, place: Place, said: Said | None, stay: Stay, setting: Setting) -> str:
    """The question with the days: those around the arrival, the whole stay, or the time before or after it."""
    before, after = text[: place.start], text[said.ends if said else place.end :]
    if said and said.ends == place.end and said.month:  # the month stands further on, and the days say more
        after = IN_A_MONTH.sub("", after)
    whole = between(stay.begun, stay.ended or setting.as_of)
    # "Since admission" and "after he came in" are not after its end.
    of_end = place.when == "after" or place.leaves or ARTICLES & set(place.which)
    if place.when in {"after", "since"} and of_end and stay.ended and not (place.comes or place.noun in _ARRIVING):
        return f"{before}after {stay.ended.date()}{after}"
    if place.leaves:
        return f"{before.rstrip()}{after.rstrip(' ?.!')} {whole}"
    if place.when in _BESIDE:
        return f"{before}{place.when} {stay.begun.date()}{after}"
    if _is_of_arrival(place, said, text):
        return around(before, stay.begun, after)
    return f"{before}{whole}{after}"


def _is_of_arrival(place: Place, said: Said | None, text: str) -> bool:
    """Whether what was measured as somebody came in is asked, not in all of the stay."""
    behind = text[place.end :]
    if place.when in _ALL_OF_IT or place.lasts or _TAKEN_LATER.match(behind):
        return False
    if said is None:  # "peak glucose on admission" is of that day
        return True
    if OF_A_SERIES.search(text[: place.start]):
        return False
    comes = place.comes or place.again or place.noun in _ARRIVING or place.when in {"", "at"}
    return comes or (place.when == "on" and not ARTICLES & set(place.which)) or TAKEN_THEN.match(behind) is not None
