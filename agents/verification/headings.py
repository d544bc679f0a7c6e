"""What a heading says of the lines under it: past, active, of the family, allergies, from notes."""

from __future__ import annotations

import re

from agents.verification.names import Setting, State

_HEADING_ALLERGY = re.compile(r"\ballerg|\bintoleranc", re.IGNORECASE)
_HEADING_FAMILY = re.compile(r"\bfamily\b|\brelatives?\b|\bFHx?\b", re.IGNORECASE)
_HEADING_PAST = re.compile(
    r"\b(?:past|previous|stopped|discontinued|inactive|resolved|former|completed|history)\b", re.IGNORECASE
)
_HEADING_ABSENT = re.compile(
    r"\bnot (?:documented|recorded|found|on|taking|present)\b|\bno\b(?!\.)|\bnegatives?\b|\bdenie", re.IGNORECASE
)
_HEADING_ACTIVE = re.compile(r"\b(?:active|current|ongoing)\b", re.IGNORECASE)
_HEADING_CONSIDERED = re.compile(
    r"\b(?:recommend\w*|plan|next steps?|considerations?|suggest\w*|follow-?up|questions?|differential|guidance)\b",
    re.IGNORECASE,
)
_HEADING_NOTES = re.compile(r"\bnotes?\b|\bpassages?\b|\bquot|\bcontradict|\bdisagree|\bconflict", re.IGNORECASE)


def setting_of(heading: str) -> Setting:
    """What a heading line says of the lines under it."""
    heading = re.split(r"(?<=[a-z)])[.;]\s+", heading.strip())[-1]
    state: State | None = None
    for pattern, said in (
        (_HEADING_FAMILY, State.FAMILY),
        (_HEADING_CONSIDERED, State.CONSIDERED),
        (_HEADING_ABSENT, State.ABSENT),
        (_HEADING_PAST, State.PAST),
        (_HEADING_ACTIVE, State.PRESENT),
    ):
        if pattern.search(heading):
            state = said
            break
    is_allergy = _HEADING_ALLERGY.search(heading) is not None
    if is_allergy and state is State.ABSENT and re.match(r"\W*no:", heading, re.IGNORECASE):
        state = State.PRESENT  # "No: 1 active allergy is recorded:" answers "NKDA?"
    from_notes = _HEADING_NOTES.search(heading) is not None
    return Setting(None if from_notes and state is State.ABSENT else state, is_allergy, from_notes)
