"""An age that a question names its time by ("height at age 15"), as that year of life."""

from __future__ import annotations

import re
from datetime import date, timedelta

from agents.embedded.plans import Setting

# "Creatinine at 2" names no age; "at 2 years" does.
_AT_AGE = re.compile(
    r"\b(?:(?P<at>at)|at (?:the )?age(?: of)?|aged|when (?:he|she|they|the patient|pt) (?:was|were))\s+(?P<age>\d{1,2})\s*(?P<unit>years?(?: old| of age)?|y/?o|yrs?)?\s*(?=[?.!,;]|$)",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"\bif\b|\bwould\b|\bsuppos|\bsimulat|\bpredict|\bassum|\bwhat[- ]if\b|\bwill\b|\bhow (?:many|often)\b",
    re.IGNORECASE,
)


def with_years_of_age(text: str, setting: Setting) -> str:
    """A question for a result with "at age 15" as the year of life it names, where the patient has reached it."""
    match = _AT_AGE.search(text)
    if match is None or setting.born is None or _SUPPOSED.search(text) or (match["at"] and not match["unit"]):
        return text
    first = _birthday(setting.born, int(match["age"]))
    if first > setting.as_of.date():
        return text
    last = _birthday(setting.born, int(match["age"]) + 1) - timedelta(days=1)
    return f"{text[: match.start()]}between {first} and {last}{text[match.end() :]}"


def _birthday(born: date, age: int) -> date:
    return date(born.year + age, born.month, min(born.day, 28))
