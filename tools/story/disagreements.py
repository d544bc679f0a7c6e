"""Where notes and record disagree, told beside what the story says of it: the record's side, and the note's words.

One pass over the finished sections does it for every kind and every audience: a contradiction stands in the first section
that cites the record's side of it; those that no section cites stand in a section of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers import Conflict
from tools.story.model import Basis, Section, Sentence, tell
from tools.story.picture import Picture
from tools.story.wording import small

_REMARKS = "48767-8"
_OPENINGS = frozenset({"summary", "situation"})
_HOMES = {"allergies": ("allergies", "background", "summary"), "smoking": ("social", "background")}


def with_conflicts(picture: Picture, parts: Sequence[Section], kind: str, audience: str) -> tuple[Section, ...]:
    """The sections with the contradictions; one line about somebody has only those of allergies and of drugs in force."""
    sections, plain = list(parts), audience == "patient"
    left: list[Sentence] = []
    for conflict in picture.conflicts:
        if kind == "one_liner" and not _is_pressing(conflict):
            continue
        line = told(conflict, plain)
        home = _home(sections, conflict)
        if home is not None:
            section = sections[home[0]]
            lines = list(section.sentences)
            lines.insert(home[1] + 1, line.model_copy(update={"item": lines[home[1]].item}))
            sections[home[0]] = section.model_copy(update={"sentences": tuple(lines)})
        elif not plain or _is_of_now(conflict):
            left.append(line.model_copy(update={"item": True}))
    if left and kind == "one_liner" and sections:
        sections[-1] = sections[-1].model_copy(update={"sentences": (*sections[-1].sentences, *left)})
    elif left and kind != "timeline":
        title = "Where your record and notes differ" if plain else "Contradictions between notes and record"
        sections.append(Section(id="conflicts", title=title, code=_REMARKS, sentences=tuple(left)))
    return tuple(sections)


def _is_pressing(conflict: Conflict) -> bool:
    """Whether a contradiction is of allergies or of a drug that the record has as taken."""
    in_force = any(e.ref.startswith("Medication") for e in conflict.evidence) and " is active" in conflict.record_says
    return conflict.topic == "allergies" or in_force


def _is_of_now(conflict: Conflict) -> bool:
    """Whether the record's side is a problem or an order: a single value of the past is for clinicians."""
    return not any(e.ref.startswith("Observation/") for e in conflict.evidence)


def _home(sections: list[Section], conflict: Conflict) -> tuple[int, int] | None:
    """The section and the sentence that a contradiction follows; an opening comes last, since it only names things."""
    recorded = {e.ref for e in conflict.evidence if e.span is None}
    places = [
        (sentence.basis is Basis.GUIDANCE, section.id in _OPENINGS, number, at)
        for number, section in enumerate(sections)
        if section.id != "open"
        for at, sentence in enumerate(section.sentences)
        if any(e.ref in recorded for e in sentence.evidence)
    ]
    if places:
        _, _, number, at = min(places)
        return number, len(sections[number].sentences) - 1 if conflict.topic == "allergies" and sections[
            number
        ].id == "allergies" else at
    names = [s.id for s in sections]
    home = next((names.index(h) for h in _HOMES.get(conflict.topic, ()) if h in names), None)
    return (home, len(sections[home].sentences) - 1) if home is not None else None


def told(conflict: Conflict, plain: bool = False) -> Sentence:
    """A contradiction with both sides; the record is followed."""
    note = " ".join(conflict.note_says.split())
    if plain:
        text = f"Your record and a note differ about {small(conflict.topic)}. Your record says: {conflict.record_says}. The {_ended(note)} Ask which is right."
        return tell(text, *conflict.evidence, basis=Basis.CONFLICT, item=True)
    text = f"Conflict on {small(conflict.topic)}: the record says {conflict.record_says}; a {_ended(note)} The record is followed."
    return tell(text, *conflict.evidence, basis=Basis.CONFLICT)


def _ended(text: str) -> str:
    return text if text.endswith((".", ".”", "?”", "!”")) else f"{text}."
