"""What a language model may not say here at all, whatever the tools returned: that it acted, and who else is a patient."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from agents.guards import People

# Not after an initial or a title: "Maria L. Gonzalez" is one name.
_SENTENCE = re.compile(r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\b[DM][rs]\.)(?<!\bMrs\.)(\s+)(?=[A-Z“\"*\[-])|(\n+)")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")  # what a note says in the first person is its author's
_ACTS = (
    "ordered|prescribed|discontinued|stopped|started|restarted|held|changed|adjusted|increased|decreased|updated|deleted|removed|"
    "scheduled|booked|sent|faxed|paged|notified|called|cancel+ed|entered|added|recorded|documented|saved|signed|submitted|"
    "referred|arranged|administered|corrected|modified|renewed|refilled|approved|placed"
)
_ACTED = re.compile(
    rf"\b(?:I|we)(?:['’]ve| have| had)?(?: now| just| already| also| successfully)* (?:{_ACTS})\b"
    rf"|\b(?:order|prescription|request|referral|appointment|message|note|record|chart|dose|change|entry) (?:has|have) (?:now |just |already )?been "
    rf"(?:successfully )?(?:{_ACTS}) (?:by me|for you|as (?:you )?(?:asked|requested))"
    rf"|\b(?:I|we)(?:['’]ll| will| am going to| shall) (?:now )?(?:order|prescribe|discontinue|stop|start|change|delete|update|schedule|send|page)\b",
    re.IGNORECASE,
)


def without_unsaid(draft: str, told: Iterable[str], people: People) -> tuple[str, tuple[str, ...]]:
    """The draft without such sentences, and what was wrong with them, in words for a warning."""
    said = " ".join(told).lower()
    kept: list[str] = []
    faults: list[str] = []
    pieces = _SENTENCE.split(draft)
    for sentence, gap in zip(pieces[::3], [*map(_gap, pieces[1::3], pieces[2::3]), ""], strict=True):
        fault = "a claim to have acted" if _ACTED.search(_QUOTED.sub(" ", sentence)) else ""
        fault = fault or ("a mention of another patient" if _names_another(sentence, said, people) else "")
        if fault:
            faults.append(fault)
        else:
            kept.append(sentence + gap)
    return "".join(kept).strip(), tuple(dict.fromkeys(faults))


def _gap(space: str | None, lines: str | None) -> str:
    return space or lines or ""


def _names_another(sentence: str, said: str, people: People) -> bool:
    """Whether it has another patient's number or full name that no tool of this run has returned."""
    lower = sentence.lower()
    if any(ident in lower and ident not in said for ident in people.other_ids):
        return True
    words = re.findall(r"[^\W\d_]{2,}\d*", sentence)  # initials between names do not part them
    for first, second in pairwise(words):
        pair = (first.lower(), second.lower())
        is_name = first[0].isupper() and second[0].isupper() and set(pair) <= people.others | people.own
        if is_name and not set(pair) <= people.own and " ".join(pair) not in said:
            return True
    return False
