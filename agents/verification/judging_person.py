"""Who a sentence says the patient is - name, sex, age, smoker or not - and what it says a relative had."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agents.guards.lists import given_names
from agents.verification.derived import age_on
from agents.verification.evidence import are_kin
from agents.verification.findings import Against, Finding, contradicted, supported, unsupported
from agents.verification.names import RELATIVE, State
from agents.verification.readings import Reading
from agents.verification.said import Said

_SEXES = {
    "woman": "female", "female": "female", "girl": "female", "lady": "female",
    "man": "male", "male": "male", "boy": "male", "gentleman": "male",
}  # fmt: skip
_SEX = re.compile(
    rf"(?:\byears?[- ]old\b(?:[ ,]+[\w-]+){{0,4}}?|\b(?:is|was|as) an?(?: [\w-]+){{0,3}}?|\b\d{{1,3}} ?(?:y/?o|yo)\b)[ ,]+(?P<sex>{'|'.join(_SEXES)})\b",
    re.IGNORECASE,
)
_OLD = re.compile(
    r"\b(?P<age>\d{1,3})[- ]?(?:years?[- ]old|year old|y/?o\b)|(?:\b(?:he|she|they|patient)|\band) is (?P<aged>\d{1,3})(?=\s*(?:[.,;](?!\d)|$|and\b))",
    re.IGNORECASE,
)
_OTHER_TIME = re.compile(r"\b(?:was|were|when|since|had|then|at (?:the )?age|until|by)\b|[“”\"]", re.IGNORECASE)
_NAME = r"[A-Z][a-zà-ÿ]+(?:[-'’][A-Z][a-zà-ÿ]+)?"
_TITLED = re.compile(rf"\b(?P<title>Mr|Mrs|Ms|Miss)\.? (?P<name>{_NAME}(?: {_NAME})?)")
_FULL = re.compile(
    rf"\b(?P<name>{_NAME}(?: [A-Z]\.?)? {_NAME})(?=['’]s\b|s['’] |(?:, (?:aged? )?\d{{1,3}},)? (?:is|was|has|had|does|did|takes|took|remains|suffers|presented|presents|received|reports|denies|needs|continues)\b)"
)
_SMOKING = (
    ("never", re.compile(r"\bnever (?:been a )?(?:smok\w+|used tobacco)|\bnon-?smoker|\bdoes not smoke\b|\bdoesn['’]t smoke\b|\bis not a smoker\b", re.IGNORECASE)),
    ("former", re.compile(r"\b(?:ex|former|past|previous)[- ]smoker|\b(?:quit|stopped|gave up) smoking|\bused to smoke\b", re.IGNORECASE)),
    ("current", re.compile(r"\b(?:is|remains|as) an? (?:\w+ )?smoker\b|\bcurrent(?:ly)? smok\w+|\bsmokes\b|\b(?:still|continues to) smok\w+|^\W*smoker\b", re.IGNORECASE)),
)  # fmt: skip


def judge_person(reading: Reading, against: Against) -> Iterator[Finding]:
    """The person of a sentence must be the patient, and what is said of relatives must be so of that relative."""
    text, said = reading.plain, against.said
    yield from _strangers(text, said)
    yield from _of_relatives(reading, text, said)
    if RELATIVE.search(text) or any(n.is_attributed for n in reading.names):
        return
    sex = _SEX.search(text)
    if sex is not None and said.person.sex in {"male", "female"} and _SEXES[sex["sex"].lower()] != said.person.sex:
        yield contradicted("person", sex["sex"], sex.span("sex"), f"the patient is {said.person.sex}")
    yield from _age(reading, text, against)
    told = smoking_of(text)
    if told and said.person.smoking:
        span = next(m.span() for kind, pattern in _SMOKING if kind == told and (m := pattern.search(text)) is not None)
        if told == said.person.smoking:
            yield supported("smoking", text[slice(*span)], span)
        else:
            yield contradicted("smoking", text[slice(*span)], span, f"the record has it as {said.person.smoking}")


def smoking_of(text: str) -> str:
    """Whether a line says that the patient never smoked, used to or does: never, former, current or nothing."""
    return next((kind for kind, pattern in _SMOKING if pattern.search(text)), "")


def _strangers(text: str, said: Said) -> Iterator[Finding]:
    """A name that is neither the patient's nor that of somebody who treats them."""
    if not said.person.names:
        return
    for match in (*_TITLED.finditer(text), *_FULL.finditer(text)):
        words = [w.lower() for w in re.findall(r"[^\W\d_]{2,}", match["name"])]
        if "title" not in match.groupdict() and words[0] not in given_names():
            continue
        own = said.person.names
        if not set(words) <= own and not set(words) <= said.person.around:
            yield unsupported("person", match["name"], match.span("name"), "this is not the patient's name")
        elif "title" in match.groupdict() and set(words) <= own and said.person.sex in {"male", "female"}:
            if (match["title"] == "Mr") != (said.person.sex == "male"):
                yield contradicted("person", match["title"], match.span("title"), f"the patient is {said.person.sex}")


def _age(reading: Reading, text: str, against: Against) -> Iterator[Finding]:
    """An age said of today must be today's; one of another time is left to those who judge numbers."""
    match, today = _OLD.search(text), against.as_of
    if match is None or today is None or not against.said.births or reading.dates or _OTHER_TIME.search(text):
        return
    kind = "age" if match["age"] else "aged"
    number = int(match[kind])
    if not any(number == age_on(born, today) for born in against.said.births):
        yield contradicted("number", match[kind], match.span(kind), "the patient has another age")


def _of_relatives(reading: Reading, text: str, said: Said) -> Iterator[Finding]:
    """ "Her mother had breast cancer at 49" where the list gives the sister that age."""
    for name in reading.names:
        if name.state is not State.FAMILY or not name.relative or "condition" not in name.kinds:
            continue
        rows = [r for r in said.relatives if r.relative == name.relative and are_kin(name.own, name.ids, r.own, r.ids)]
        behind = [a.number for a in reading.amounts if a.number.is_age and 0 <= a.number.start - name.end <= 12]
        ages = frozenset().union(*(r.ages for r in rows))
        if behind and ages and behind[0].value not in ages:
            number = behind[0]
            yield contradicted("number", number.text, (number.start, number.end), "the record gives that relative another age", rows[0].source)  # fmt: skip
