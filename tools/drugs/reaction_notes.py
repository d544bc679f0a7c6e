"""What notes tell of one substance and a patient: what it did, how it was treated, where, whether it was borne since.

A note tells of a reaction in a few sentences that begin where the substance is named and end where another one is. They
are quoted together, so that what stands in the sentence behind the name ("Drip stopped. Cetirizine 10 mg") is found too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.facts import Frozen
from knowledge_base.rows import AllergyRow
from tools.context import ToolContext, day
from tools.drugs.reactions import (
    are_alike,
    reactions_told,
    recorded_reactions,
    says_it_was_borne,
    says_it_was_set_right,
    where_it_was_borne,
    words_of_reactions,
)
from tools.drugs.substances import Named, substances_in
from tools.notes.passages import rank_sentences
from tools.notes.search import notes_in, quoted
from tools.notes.sentences import Sentence, sentences_of
from tools.outcome import Statement, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.facts import Note
    from tools.concepts import Target

_LONGEST = 900  # characters of one passage
_QUOTED = 400  # and of what is quoted of it
_OF_KIN = re.compile(
    r"\b(?:fhx?|family (?:history|hx))\b|\b(?:mother|father|mum|mom|dad|brother|sister|son|daughter|aunt|uncle|cousin|grand\w+)\b"
    r"(?! (?:told|says?|said|reports?|reported|states?|recalls?))[^.;]{0,20}\b(?:had|has|came|come|reacted|reacts|allerg\w*|carries|gets|got|with|is|died)\b",
    re.IGNORECASE,
)


class Passage(Frozen):
    """The sentences of one note that tell of a substance."""

    note_id: str
    start: int
    end: int
    text: str


def passages_of(ctx: ToolContext, target: Target, rows: Sequence[AllergyRow]) -> list[Passage]:
    """What the notes tell of a substance, of its class and of what an entry about it covers; the newest note first.

    A reaction that stands for itself (SJS) names its substance too. Of relatives nothing is taken.
    """
    known = {name for row in rows for name in recorded_reactions(row)} & set(words_of_reactions()["known_by_reaction"])
    reacted = [*ctx.chart.allergies, *ctx.chart.refuted_allergies]
    rows = [*rows, AllergyRow(ref="", patient_id=ctx.patient_id, resource_type="", display=target.label)]
    found: list[Passage] = []
    for note in reversed(notes_in(ctx, None)):
        sentences = sentences_of(note)
        named = [substances_in(ctx.lexicon, note.text[s.start : s.end]) for s in sentences]
        mine = [
            any(_is_meant(ctx, n, target, rows) for n in names)
            or bool(known & reactions_told(note.text[s.start : s.end]).keys())
            for names, s in zip(named, sentences, strict=True)
        ]
        others = [any(_is_of(ctx, n, reacted) for n in names) for names in named]
        found.extend(_runs(note, sentences, mine, others))
    return found


def _runs(note: Note, sentences: Sequence[Sentence], mine: Sequence[bool], others: Sequence[bool]) -> list[Passage]:
    found: list[Passage] = []
    n = 0
    while n < len(sentences):
        first = n
        n += 1
        if not mine[first] or _OF_KIN.search(note.text[sentences[first].start : sentences[first].end]):
            continue
        while (
            n < len(sentences)
            and sentences[n].gap == 0
            and (mine[n] or not others[n])
            and sentences[n].end - sentences[first].start <= _LONGEST
        ):
            n += 1
        start, end = sentences[first].start, sentences[n - 1].end
        found.append(Passage(note_id=note.id, start=start, end=end, text=note.text[start:end]))
    return found


def _is_meant(ctx: ToolContext, named: Named, target: Target, rows: Sequence[AllergyRow]) -> bool:
    same = named.target.id in {target.id, *target.ids} or target.id in named.target.ids
    return same or _is_of(ctx, named, rows)


def _is_of(ctx: ToolContext, named: Named, rows: Sequence[AllergyRow]) -> bool:
    return any(ctx.lexicon.matches_allergy(named.target, row) for row in rows)


def of_relatives(ctx: ToolContext, target: Target) -> list[Passage]:
    """What notes tell of a relative's reaction to a substance: it is nobody's allergy in this chart, and not to be missed."""
    rows = [AllergyRow(ref="", patient_id=ctx.patient_id, resource_type="", display=target.label)]
    return [
        p for p in _sentences(ctx)
        if _OF_KIN.search(p.text) and any(_is_meant(ctx, n, target, rows) for n in substances_in(ctx.lexicon, p.text))
    ]  # fmt: skip


def _sentences(ctx: ToolContext) -> Iterator[Passage]:
    """Every sentence of the notes, of the newest note first."""
    for note in reversed(notes_in(ctx, None)):
        for s in sentences_of(note):
            yield Passage(note_id=note.id, start=s.start, end=s.end, text=note.text[s.start : s.end])


_RELATIONS = (
    "mother|mum|mom",
    "father|dad",
    "brothers?",
    "sisters?",
    "sons?",
    "daughters?",
    "aunts?",
    "uncles?",
    "cousins?",
    r"grand\w+",
)
_ANY_OF = {
    "siblings?": "brothers?|sisters?",
    "parents?": "mother|mum|mom|father|dad",
    "children|kids": "sons?|daughters?|child(?:ren)?|kids?",
}


def allergies_of_relatives(ctx: ToolContext, question: str) -> list[Passage]:
    """The notes' sentences on relatives that react to something; of those relatives alone that a question names."""
    asked = [words for words in _RELATIONS if re.search(rf"\b(?:{words})\b", question, re.IGNORECASE)]
    asked += [meant for words, meant in _ANY_OF.items() if re.search(rf"\b(?:{words})\b", question, re.IGNORECASE)]
    is_asked = re.compile(rf"\b(?:{'|'.join(asked)})\b" if asked else "", re.IGNORECASE)
    return [p for p in _sentences(ctx) if _OF_KIN.search(p.text) and is_asked.search(p.text) and _reacts(ctx, p.text)]


def _reacts(ctx: ToolContext, text: str) -> bool:
    told_of_reaction = any(reactions_told(text).values()) and bool(substances_in(ctx.lexicon, text))
    return "allerg" in text.lower() or told_of_reaction


def of_the_reaction(passages: Sequence[Passage], rows: Sequence[AllergyRow]) -> list[Passage]:
    """The passages with those first that tell most of the reaction itself: by its names, and by the year it began in."""

    def tells(passage: Passage) -> int:
        said = {name for name, was in reactions_told(passage.text).items() if was}
        years = {str(row.onset.year) for row in rows if row.onset is not None}
        by_name = sum(any(are_alike(a, b) for b in said) for row in rows for a in recorded_reactions(row))
        return by_name + min(2, len(said)) + 2 * any(year in passage.text for year in years)

    return sorted(passages, key=tells, reverse=True)


def told(ctx: ToolContext, passages: Sequence[Passage], question: str, most: int = 2) -> tuple[list[Passage], bool]:
    """The passages that speak to a question, best first, with whether one of their sentences is judged to answer it."""
    if not passages:
        return [], False
    ranked = rank_sentences(ctx, question, notes_in(ctx, None)) if question.strip() else []
    best: list[Passage] = []
    answers = False
    for found in ranked:
        inside = next((p for p in passages if p.note_id == found.note_id and p.start <= found.start < p.end), None)
        if inside is None:
            continue
        answers = answers or found.answers
        if not any(p.note_id == found.note_id and p.start <= found.start < p.end for p in best):
            best.append(_part_around(inside, found.start, found.end))
    rest = [_part_around(p, p.start, p.start) for p in passages if not any(_overlap(p, b) for b in best)]
    return [*best, *rest][:most], answers


def _overlap(one: Passage, other: Passage) -> bool:
    return one.note_id == other.note_id and one.start < other.end and other.start < one.end


def _part_around(passage: Passage, start: int, end: int) -> Passage:
    """As much of a passage as is quoted, with one of its sentences in it: from the passage's own beginning where that fits."""
    first = passage.start if end - passage.start <= _QUOTED else start
    last = min(passage.end, first + _QUOTED)
    text = passage.text[first - passage.start : last - passage.start]
    if last < passage.end:  # to the end of its last sentence
        stop = max(text.rfind(". "), text.rfind("\n")) + 1
        last = first + stop if first + stop >= end and stop > 0 else last
    return passage.model_copy(
        update={"start": first, "end": last, "text": passage.text[first - passage.start : last - passage.start]}
    )


def as_statement(ctx: ToolContext, passage: Passage, by_whom: bool = False) -> Statement:
    """A passage, quoted with its note."""
    note = ctx.chart.notes_by_id[passage.note_id]
    quote, evidence = quoted(note, passage.start, passage.end)
    author = f", written by {note.author}," if by_whom and note.author else ""
    return say(f"The {note.title or note.note_type or 'note'} of {day(note.time)}{author} says: “{quote}”", evidence)


def tolerance(passages: Sequence[Passage]) -> list[Passage]:
    """Those that say that it was borne, tested or taken off the list: they bear on an entry, and settle nothing."""
    borne = [_part_around(p, p.start + at[0], p.start + at[1]) for p in passages if (at := where_it_was_borne(p.text))]
    return sorted(borne, key=lambda p: not says_it_was_set_right(p.text))


def is_told(passages: Sequence[Passage], reaction: str) -> tuple[bool | None, Passage | None]:
    """Whether notes say that there was a reaction of a name: True, False where one denies it, None where none speaks of it."""
    asked = reactions_told(reaction)
    denied: Passage | None = None
    for passage in passages:
        for name, said in reactions_told(passage.text).items():
            if not any(are_alike(a, name) for a in asked):
                continue
            if said:
                return True, passage
            denied = denied or passage
    return (False, denied) if denied is not None else (None, None)


def bears_on_allergy(passage: Passage) -> bool:
    """Whether a passage says anything of a reaction or of an allergy, or that there was none."""
    text = passage.text
    return bool(reactions_told(text)) or says_it_was_borne(text) or "allerg" in text.lower()


def sentences_on(ctx: ToolContext, reaction: str, most: int = 2) -> list[Passage]:
    """The notes' sentences that name a reaction, those that say it was there first."""
    asked = reactions_told(reaction)
    found: list[tuple[bool, Passage]] = []
    for passage in _sentences(ctx):
        said = [v for name, v in reactions_told(passage.text).items() if any(are_alike(a, name) for a in asked)]
        if said and not _OF_KIN.search(passage.text):
            found.append((any(said), passage))
    return [p for _, p in sorted(found, key=lambda one: not one[0])][:most]


def tolerance_told(ctx: ToolContext, target: Target, rows: Sequence[AllergyRow], most: int = 2) -> list[Statement]:
    """What notes say of a drug having been borne, tested, or taken off the list, as statements beside what the list has."""
    return [as_statement(ctx, p) for p in tolerance(passages_of(ctx, target, rows))[:most]]
