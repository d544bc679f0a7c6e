"""A question with its time as days, whatever it is named by: the planner's way into this package."""

from __future__ import annotations

from agents.embedded.plans import Setting
from agents.embedded.reading.dating.ages import with_years_of_age
from agents.embedded.reading.dating.calendar_days import with_whole_dates as with_whole_dates
from agents.embedded.reading.dating.events import with_event_days
from agents.embedded.reading.dating.stays import missing_stay as missing_stay
from agents.embedded.reading.dating.stays import with_day_before_stay as with_day_before_stay
from agents.embedded.reading.dating.stays import with_stay
from agents.embedded.reading.dating.visits import with_visit
from agents.embedded.reading.reader import Question, Reader

_RESULTS = frozenset({"observation", "panel", "vitals"})


def with_days(text: str, setting: Setting, reader: Reader) -> str:
    """The question with days in place of the stay, visit, event or age that it names its time by.

    A question for a result may name it in more ways than one for what the notes tell: "the weight when he came in" is of
    that day, "how he was when he came in" is in the note about it.
    """
    of_result = _asks_for_results(_read(text, setting, reader))
    text = with_stay(text, setting, reader.lexicon, of_result)
    text = with_visit(text, setting, reader.lexicon, of_result)
    question = _read(text, setting, reader)
    return with_years_of_age(with_event_days(text, question, setting), setting) if _asks_for_results(question) else text


def _read(text: str, setting: Setting, reader: Reader) -> Question:
    return reader.read(text, setting.as_of, setting.record, setting.people.own)


def _asks_for_results(question: Question) -> bool:
    return any(s.kind in _RESULTS and s.known for v in question.variants for s in v.slots)
