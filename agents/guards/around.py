"""People of the open chart who are not its patient: clinicians, authors of notes, relatives and carers that notes name.

"Venkat's note", "Nina's 2 am scan", "what did Helen want" are about the open patient, told by or of somebody around. The same
names asked like a patient's ("Helen's potassium", "is Kevin on statins", "and Joanne?") are of another chart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tools.concepts import Lexicon, common_words, tokenize

if TYPE_CHECKING:
    from agents.guards.people import People

# What is asked of a patient, and never of a disease or a sign.
ASKED_OF_A_PERSON = frozenset(
    "labs bloods meds medications allergies allergy bp vitals weight age dob mrn chart record notes results problems tablets obs".split()
)
_MEASURED = frozenset({"observation", "medication", "drug_class", "condition", "panel", "vitals"})
_CAPITALISED = re.compile(r"\b[A-ZÀ-Þ][\w’'-]*[^\W\d_]{2}\b")
_SHORTEST_PART = 4  # letters of a name that stand for all of it: "Venkat" of Venkataraghavan
_LEFT_OUT = 3
# "Mr Abara's plan", "what did Ms Ruxton find": a surgeon or a therapist by a title that patients have too.
_ACTS = re.compile(
    r"\s+(?:says?|said|thinks?|thought|wants?|wanted|finds?|found|writes?|wrote|recommend\w*|suggest\w*|advis\w*|plan\w*|ask\w*|decid\w*|report\w*|mention\w*|describ\w*|prefer\w*|agree\w*|see|saw|do|did|give|gave|tell|told)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|mister)\.?\s+$", re.IGNORECASE)
_ACTOR = re.compile(r"\b(?:did|does|has|had|by|per|from|with)\s+$", re.IGNORECASE)
_IS_ASKED = re.compile(r"\b(?:is|does|has|did|was|on|for|of)\s+$", re.IGNORECASE)
HAS = re.compile(
    r"\s+(?:(?:still|also|now|currently|ever|been)\s+)*(?:on|take|takes|taking|have|has|had|allergic|smokes?|smoking|drinks?|drinking|weigh|doing|getting on|feeling|coping|diabetic|hypertensive|pregnant)\b(?!\s+(?:the phone|call|speaker|leave|a (?:word|chat|talk|meeting|concern|question|view|plan)))",
    re.IGNORECASE,
)
TURNS_TO = frozenset("and or what how about for of now then so ok please show open same the with".split())
_OWNS = re.compile(r"['’]s?\s+(?:(?:own|last|latest|most recent|recent|current|new)\s+)*", re.IGNORECASE)


def capitalised(texts: Iterable[str]) -> frozenset[str]:
    """Words that notes write with a capital and English does not know: whoever is named in them is among these."""
    found = {m[0].lower().removesuffix("'s").removesuffix("’s") for text in texts for m in _CAPITALISED.finditer(text)}
    parts = {part for word in found for part in re.split(r"[-’']", word) if len(part) > 2}
    return frozenset(parts) - common_words()


def without_people_of_the_chart(text: str, people: People, lexicon: Lexicon) -> str:
    """The text with the names of those around blanked, except where one is asked like a patient."""
    around = (people.around | people.told) - people.own - people.others
    for token in reversed(tokenize(text) if around else []):
        end = token.start + len(re.sub(r"['’]s?$", "", text[token.start : token.end]))
        if _is_one_of(token.norm, around) and not _is_asked_as_a_patient(text[: token.start], text[end:], lexicon):
            title = _TITLE.search(text[: token.start])
            start = title.start() if title else token.start
            text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def _is_one_of(word: str, around: frozenset[str]) -> bool:
    """Whether a word is such a name, or its beginning."""
    if word in around:
        return True
    if len(word) < _SHORTEST_PART or word in common_words():
        return False
    return any(name.startswith(word) and len(name) >= len(word) + _LEFT_OUT for name in around)


def _is_asked_as_a_patient(before: str, after: str, lexicon: Lexicon) -> bool:
    """Whether what stands `before` and `after` a name asks for what only the chart of that person holds."""
    title = _TITLE.search(before)
    spoken_of = before[: title.start()] if title else before
    owned = _OWNS.match(after)
    if _is_data(after[owned.end() :] if owned else after.lstrip(), lexicon):
        return True
    if _IS_ASKED.search(spoken_of) and HAS.match(after):
        return True
    if title and not (owned or _ACTS.match(after) or _ACTOR.search(spoken_of)):
        return True
    rest = [t.norm for t in tokenize(f"{before} {after}")]
    if re.search(r"\b(?:of|for)\s+$", before) and not re.search(r"\w", after) and _holds_data(before, lexicon):
        return True
    return not owned and set(rest) <= TURNS_TO


def _is_data(following: str, lexicon: Lexicon) -> bool:
    """Whether what follows a name begins with something measured in, prescribed to or charted of a person."""
    first = tokenize(following)[:1]
    if not first or first[0].start:
        return False
    if first[0].norm in ASKED_OF_A_PERSON - {"notes", "record"}:
        return True
    found = lexicon.find_mentions(following, fuzzy=False)
    return any(m.start == 0 and any(t.kind in _MEASURED for t in m.targets) for m in found)


def _holds_data(text: str, lexicon: Lexicon) -> bool:
    if any(t.norm in ASKED_OF_A_PERSON for t in tokenize(text)):
        return True
    return any(t.kind in _MEASURED for m in lexicon.find_mentions(text, fuzzy=False) for t in m.targets)
