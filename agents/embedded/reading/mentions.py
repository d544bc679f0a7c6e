"""The clinical names found in a question, cleared of those that its other words rule out or turn into something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.catalogue import is_panel
from tools.concepts import Lexicon, Mention
from tools.drugs.reactions import is_allergy_itself
from tools.notes.subjects import is_animal

if TYPE_CHECKING:
    from agents.embedded.reading.record_names import RecordNames

_AIDED = re.compile(r"(?:\w+ing|mobility|visual|memory|communication|bath|first|daily)\s+$", re.IGNORECASE)


def without_aids(mentions: list[Mention], text: str) -> list[Mention]:
    """ "Hearing aids" and "walking aids" are things, and no disease."""
    return [m for m in mentions if not (m.text == "aids" and _AIDED.search(text[: m.start]))]


def without_pets(mentions: list[Mention], text: str) -> list[Mention]:
    """ "Any pets?" asks who lives there; only beside a word of allergy is an animal an allergen."""
    return [m for m in mentions if not is_animal(m, text)]


_DIGS = re.compile(r"\s*(?:up|out|into|around|deep\w*|through)\b", re.IGNORECASE)


def without_everyday_verbs(mentions: list[Mention], text: str) -> list[Mention]:
    """ "Can you dig up the first potassium" names no digoxin, a dry weight is what somebody aims for."""
    mentions = [m for m in mentions if m.text.lower() != "dry weight"]
    return [m for m in mentions if not (m.text.lower() == "dig" and _DIGS.match(text[m.end :]))]


_OVER = re.compile(r"\s*(?:(?:blood )?pressures?\s*)?(?:over|/)\s*(?:the\s+)?", re.IGNORECASE)


def with_whole_pressure(mentions: list[Mention], lexicon: Lexicon, text: str) -> list[Mention]:
    """ "Systolic over diastolic" is one blood pressure."""
    kept: list[Mention] = []
    for mention in mentions:
        sides = [{t.id for t in m.targets} & _SIDES for m in (*kept[-1:], mention)]
        between = text[kept[-1].end : mention.start] if kept else ""
        whole = lexicon.vocabulary.get("observation", "blood_pressure")
        if len(sides) == 2 and all(sides) and sides[0] != sides[1] and _OVER.fullmatch(between) and whole is not None:
            start = kept.pop().start
            update = {"start": start, "text": text[start : mention.end], "targets": (lexicon.target(whole),)}
            mention = mention.model_copy(update=update)
        kept.append(mention)
    return kept


def is_of_unknown_kind(mention: Mention, after: str, place: int) -> bool:
    """Whether a mention is only "operation", and the words that end at `place`, with `after` behind them, say which."""
    generic = all(t.kind == "procedure" and t.id == "surgery" for t in mention.targets)
    return generic and mention.start >= place and not after[: mention.start - place].strip(" -")


def without_allergy_itself(mentions: list[Mention]) -> list[Mention]:
    """ "Allergic reaction to aspirin" asks about aspirin: that it is an allergy is no second subject."""
    named = {t.kind for m in mentions for t in m.targets}
    if not named & {"allergen", "medication", "drug_class"}:
        return mentions
    return [m for m in mentions if not all(t.kind == "condition" and is_allergy_itself(t.id) for t in m.targets)]


# What is given, and no saturation: "how much oxygen is he on", "home oxygen", "oxygen flow".
_GIVEN_BEFORE = re.compile(
    r"\b(?:how much|how many (?:l|lit(?:re|er)s?)(?: of)?|(?:l|lit(?:re|er)s?)(?: per min\w*)? of|home|domiciliary|supplement\w*|portable|ambulatory|long[- ]term|nocturnal|overnight|in-?flight|flight|continuous|needs?|requires?)\s+$",
    re.IGNORECASE,
)
_GIVEN_AFTER = re.compile(
    r"^\s+(?:(?:does|do|did|will|would|should|is|was) (?:he|she|they|the (?:pt|patient)|pt) (?:need|require|get|have|use|be (?:on|using)|on|using)|therapy|flow|concentrator|cylinders?|requirements?|prescription|prescribed|at home|needs?|delivery|supply|tank)\b",
    re.IGNORECASE,
)


def without_given_oxygen(mentions: list[Mention], text: str) -> list[Mention]:
    """The names without "oxygen" where it is what the patient is given."""
    return [
        m
        for m in mentions
        if not (
            m.text.lower() in {"oxygen", "o2"}
            and (_GIVEN_BEFORE.search(text[: m.start]) or _GIVEN_AFTER.match(text[m.end :]))
        )
    ]


_SIDES = frozenset({"systolic_blood_pressure", "diastolic_blood_pressure"})


def without_covering_panels(mentions: list[Mention], lexicon: Lexicon) -> list[Mention]:
    """ "lipid LDL" asks for the LDL: a panel is dropped when one of its members is named too."""
    named = {t.id for m in mentions for t in m.targets if t.kind == "observation"}
    kept = []
    for mention in mentions:
        panels = [t for t in mention.targets if is_panel(t.id)]
        if named & _SIDES and any(t.id == "blood_pressure" for t in mention.targets):
            continue  # "BP readings with a systolic of 140" asks for the systolic
        members = named - {t.id for t in mention.targets}
        if panels and any(members & lexicon.vocabulary.descendants("observation", p.id) for p in panels):
            continue
        kept.append(mention)
    return kept


_DONE_AFTER = re.compile(
    r"^\s*(?:(?:ever|been|already|was|were|is|has|had|get|got|getting|surgically|previously)\s+)*(?P<what>repaired|fixed|operated(?: on)?|excised|resected|ablated|removed|drained|taken out|surgery|operation|op)\b",
    re.IGNORECASE,
)
_NOUNS = {"repaired": ("repair",), "fixed": ("repair", "fixation"), "operated": ("repair", "surgery"), "excised": ("excision",), "resected": ("resection",), "ablated": ("ablation",), "removed": ("removal", "excision"), "drained": ("drainage",), "taken": ("removal", "excision"), **dict.fromkeys(("surgery", "operation", "op"), ("repair", "surgery", "operation", "excision"))}  # fmt: skip
_DONE_TO = re.compile(r"\b(?P<what>[A-Za-z]{4,})\s+(?:of|for|to)\s+(?:the |his |her |their |an? )?$", re.IGNORECASE)


def with_procedure(mention: Mention, text: str, record: RecordNames | None) -> Mention:
    """ "Repair of inguinal hernia" is the procedure of the record, where it has one, and not the hernia."""
    done = _DONE_TO.search(text[: mention.start])
    if record is None or not any(t.kind == "condition" for t in mention.targets):
        return mention
    if (after := _DONE_AFTER.match(text[mention.end :])) is not None:
        for noun in _NOUNS[after["what"].split()[0].lower()]:
            operations = [t for t in record.find(f"{noun} {mention.text}") if t.kind == "procedure"]
            if operations:
                end = mention.end + after.end()
                return mention.model_copy(
                    update={"end": end, "text": text[mention.start : end], "targets": tuple(operations)}
                )
    if done is None:
        return mention
    found = [t for t in record.find(f"{done['what']} {mention.text}") if t.kind == "procedure"]
    if not found:
        return mention
    return mention.model_copy(
        update={"start": done.start("what"), "text": text[done.start("what") : mention.end], "targets": tuple(found)}
    )


# Visits are asked for by kind, and who the patient is by field: no procedure or lab of that name is meant.
_NOT_A_NAME = frozenset(
    {
        "hospital_admission",
        "emergency_department_visit",
        "icu_admission",
        "telehealth_visit",
        "discharge_from_hospital",
        "race",
        "ethnicity",
        "preferred_language",
        "home_address",
        "drug_allergen",
        "environmental_allergen",
        "food_allergen",
    }
)


def without_visits(mention: Mention) -> Mention:
    """The mention without kinds of visit and fields of the person."""
    return mention.model_copy(update={"targets": tuple(t for t in mention.targets if t.id not in _NOT_A_NAME)})
