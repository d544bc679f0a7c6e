"""What a heading says of the lines under it: past, active, of the family, allergies, from notes."""

from __future__ import annotations

import re

from agents.verification.names import Setting, State

# What a heading's words make of the lines under it, the first that fits.
_STATES = tuple(
    (re.compile(words, re.IGNORECASE), state)
    for words, state in (
        (r"\bfamily\b|\brelatives?\b|\bFHx?\b", State.FAMILY),
        (r"\b(?:recommend\w*|plan|next steps?|considerations?|suggest\w*|follow-?up|questions?|differential|guidance)\b", State.CONSIDERED),
        (r"\bnot (?:documented|recorded|found|on|taking|present)\b|\bno\b(?!\.)|\bnegatives?\b|\bdenie", State.ABSENT),
        (r"\b(?:past|previous|stopped|discontinued|inactive|resolved|former|completed|history)\b", State.PAST),
        (r"\b(?:active|current|ongoing)\b", State.PRESENT),
    )
)  # fmt: skip
_ALLERGY = re.compile(r"\ballerg|\bintoleranc", re.IGNORECASE)
_NOTES = re.compile(r"\bnotes?\b|\bpassages?\b|\bquot|\bcontradict|\bdisagree|\bconflict", re.IGNORECASE)


def setting_of(heading: str) -> Setting:
    """What a heading line says of the lines under it."""
    heading = re.split(r"(?<=[a-z)])[.;]\s+", heading.strip())[-1]
    state = next((state for words, state in _STATES if words.search(heading)), None)
    is_allergy = _ALLERGY.search(heading) is not None
    if is_allergy and state is State.ABSENT and re.match(r"\W*no:", heading, re.IGNORECASE):
        state = State.PRESENT  # "No: 1 active allergy is recorded:" answers "NKDA?"
    from_notes = _NOTES.search(heading) is not None
    return Setting(None if from_notes and state is State.ABSENT else state, is_allergy, from_notes)
