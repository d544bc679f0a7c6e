"""The clinical names found in a question, cleared of those that its other words rule out or turn into something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.catalogue import is_panel
from tools.concepts import Lexicon, Mention
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


def with_vaccine(mention: Mention, lexicon: Lexicon) -> Mention:
    """A disease with the vaccine against it as a further meaning."""
    if any(t.kind == "immunization" for t in mention.targets) or not any(
        t.kind == "condition" for t in mention.targets
    ):
        return mention
    names = [
        f"{name} {what}" for t in mention.targets for name in (mention.text, t.label) for what in ("vaccine", "shot")
    ]
    vaccine = next((v for name in names if (v := lexicon.resolve(name, "immunization")) is not None), None)
    return mention.model_copy(update={"targets": (*mention.targets, vaccine)}) if vaccine is not None else mention


_TESTED = re.compile(
    r"^\W*(?:\w+\s+)?(?:antigens?|ag|antibod\w+|titers?|titres?|serolog\w*|cultures?|pcr|igg|igm)\b", re.IGNORECASE
)


def without_tested_vaccine(mention: Mention, text: str) -> Mention:
    """ "Pneumococcal antigen" is a test, not the vaccine."""
    if not _TESTED.match(text[mention.end :]):
        return mention
    return mention.model_copy(update={"targets": tuple(t for t in mention.targets if t.kind != "immunization")})


def only(mention: Mention, kind: str) -> Mention:
    """The mention read as one kind, where it can be."""
    targets = tuple(t for t in mention.targets if t.kind == kind)
    return mention.model_copy(update={"targets": targets}) if targets else mention


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
