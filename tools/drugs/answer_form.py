"""What an answer about a reaction must hold to be one: a name where a person is asked for, the test where its result is.

A passage on the penicillin reaction comes near to "who gave the injection" and to "tryptase at the time", and answers
neither.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.drugs.reactions import as_pattern, words_of_reactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.context import ToolContext

_WHO = r"(?:doctor|dr|gp|nurse|consultant|surgeon|specialist|pharmacist|physician|clinician|paramedic|dentist|anaesthetist|anesthesiologist|registrar|\w+ologist)"
_WROTE = re.compile(
    rf"\b(?:who|(?:which|what) {_WHO})\b.{{0,40}}\b(?:wrote|writ\w*|put\b.*\blist|added|document\w*|record\w*|noted|not\w+|saw|seen|took|enter\w*|report\w*|"
    r"correct\w*|de-?label\w*|did|perform\w*|supervis\w*|advis\w*|said|told|saying|treat\w*|assess\w*|watch\w*|observ\w*|review\w*)\b",
    re.IGNORECASE,
)
_WHICH_PERSON = re.compile(
    rf"\b(?:which|what|name of (?:the|his|her)) (?:\w+ )?{_WHO}\b|\bname of the (?:\w+ )?{_WHO}\b", re.IGNORECASE
)
_WHO_ASKED = re.compile(r"\bwho\b|\bwhom\b|\bby whom\b", re.IGNORECASE)
_WHICH_PLACE = re.compile(
    r"\b(?:which|what|name of (?:the|his|her)) (?:\w+ )?(?:school|hospital|clinic|restaurant|ward|unit|practice|surgery|pharmacy|centre|center|dentist|company|brand|manufacturer)\b"
    r"|\bname of the (?:\w+ )?(?:school|hospital|clinic|restaurant|practice|brand)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:Dr|Mr|Mrs|Ms|Prof|Sr|Sister|Nurse)\.? [A-Z]|\b[A-Z]\. ?[A-Z][a-z]+|\b[A-Z][a-z]+, (?:MD|RN|NP|PA|DO|PharmD)\b"
)
_KIN_OR_ROLE = re.compile(
    rf"\b(?:mother|father|mum|mom|dad|wife|husband|sister|brother|daughter|son|parents?|patient|himself|herself|GP|{_WHO})\b",
    re.IGNORECASE,
)
_PROPER = re.compile(r"(?<=[a-z,;0-9)] )(?:St\.? )?[A-Z][a-z]{2,}")
_MONTH = re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b")
_HOW_STRONG = re.compile(r"\b(?:dose|dosage|strength|how many (?:mg|milligrams))\b", re.IGNORECASE)
_AMOUNT = re.compile(r"\d\s*(?:mg|g|mcg|ml|units?|iu)\b", re.IGNORECASE)
_HOW_LATE = re.compile(
    r"\bhow (?:soon|quickly|fast|long (?:after|before|into|until))\b|\binterval\b|\bminutes\b|\bhow many (?:minutes|hours|days|weeks)\b",
    re.IGNORECASE,
)


def asks_by_whom(question: str) -> bool:
    """Whether it is asked who wrote of it, saw it or did it: the author of the note is part of the answer."""
    return _WROTE.search(question) is not None


def asks_when(question: str) -> bool:
    """Whether a time or an age is asked for."""
    return (
        re.search(
            r"\b(?:when|what year|which year|how old|what age|which age|age at|date|how long)\b",
            question,
            re.IGNORECASE,
        )
        is not None
    )


def asks_for_a_name(question: str) -> bool:
    """Whether a person or a place is asked for, which no allergy entry holds."""
    return any(p.search(question) for p in (_WHICH_PERSON, _WHICH_PLACE, _WHO_ASKED))


def asks_for_a_test(question: str) -> bool:
    """Whether a test and its result are asked for."""
    return any(as_pattern([test]).search(question) for test in words_of_reactions()["tests"])


def _is_of_role(question: str, authors: Sequence[str]) -> bool:
    """Whether a note's author may be the pharmacist, nurse or doctor that a question asks for; any may where it names none."""
    roles = words_of_reactions()["credentials"]
    wanted = [words for role, words in roles.items() if as_pattern([role]).search(question)]
    return not wanted or any(as_pattern(words).search(author) for words in wanted for author in authors)


def lacks_form(ctx: ToolContext, question: str, quotes: Sequence[str], authors: Sequence[str] = ()) -> bool:
    """Whether none of some quotes holds the kind of thing that a question asks for; `authors` wrote them."""
    text = " ".join(quotes)
    for test in words_of_reactions()["tests"]:
        asked = as_pattern([test]).search(question)
        if asked is not None and not as_pattern(words_of_reactions()["tests"][test]).search(text):
            return True
    if asks_by_whom(question):
        return not _is_of_role(question, authors)
    if _WHICH_PERSON.search(question):
        return _PERSON.search(text) is None
    if _WHO_ASKED.search(question):
        return _PERSON.search(text) is None and _KIN_OR_ROLE.search(text) is None
    if _WHICH_PLACE.search(question):
        return not any(not _is_a_substance(ctx, m[0]) for m in _PROPER.finditer(_MONTH.sub(" ", text)))
    if _HOW_STRONG.search(question):
        return _AMOUNT.search(text) is None
    if _HOW_LATE.search(question):
        return (
            re.search(r"\d|\b(?:one|two|three|four|five|six|half|first|immediate\w*|straight away|within)\b", text)
            is None
        )
    return False


def _is_a_substance(ctx: ToolContext, word: str) -> bool:
    return bool(ctx.lexicon.find_mentions(word, fuzzy=False))
