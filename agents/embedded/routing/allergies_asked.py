"""What is asked of an allergy: of one entry, of the reaction that notes tell of, or of the list.

Where a question names a substance that stands on the patient's allergy list, or that a note calls an allergy, and speaks of
what it did, the list is what it asks about: neither the order of that drug, nor the problem list, nor the day it was
prescribed. What no entry holds (how it was treated, where, who saw it) is asked of the notes, with the entry beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agents.embedded.plans import Call, Plan, Setting
from agents.embedded.routing.asked_words import says_any_of
from tools.concepts import content_words, tokenize
from tools.drugs.answer_form import asks_by_whom, asks_for_a_name, asks_for_a_test, asks_when
from tools.drugs.reactions import is_known_by_reaction, reactions_told
from tools.drugs.substances import Named, substances_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.concepts import Lexicon, Target
    from tools.drugs.reacted import Reacted

_INTENT = "allergy.asked"
# What these were asked to do, an allergy takes no part in.
_KEPT = frozenset({"record_vs_notes", "health_story", "models", "calculate_from_note", "section_of_note", "care_plans", "query_record"})  # fmt: skip
_OF_ORDERS = frozenset({"medication", "search_notes"})
_AN_ADDRESS = 8  # words
_KIN = re.compile(
    r"\b(?:mother|father|mum|mom|dad|brother|sister|grand(?:mother|father|ma|pa)|aunt|uncle|relatives?)\b",
    re.IGNORECASE,
)
_OF_REACTING = re.compile(r"\breact\w*|\brxn\b|\bdid\b.*\bdo to\b|\bdo(?:es|ne)? to\b|\bige\b", re.IGNORECASE)
_OF_THE_TWIN = frozenset({"what_if", "calculate", "compare_plans"})
_OF_DOSES = re.compile(r"\d|\b(?:exposure|auc|levels?|troughs?|dos(?:e|es|ing)|regimen|interval|simulat\w*|model\w*|predict\w*)\b", re.IGNORECASE)  # fmt: skip
# With nothing said of a reaction, a substance of the list may still be asked about in these: a drug never ordered, a search.
_OF_THE_NAME = frozenset({"medication", "list_medications", "look_up", "search_notes", "allergies", "condition", "procedures", "calculate", "what_if", "compare_plans", "possible_causes"})  # fmt: skip
_OPEN = re.compile(r"\b(?:what|when|which|why|how|who|where|describe|list|tell me|remind me|date|onset|nature|reasons?|type|types|manifest\w*)\b", re.IGNORECASE)  # fmt: skip
_BESIDES = re.compile(
    r"\b(?:besides|apart from|other than|except(?: for)?|aside from|in addition to|as well as|not counting)\b.{0,25}\bX\b",
    re.IGNORECASE,
)
_WHY_LISTED = re.compile(
    r"\b(?:why|reasons?)\b.{0,40}\b(?:list\w*|allerg\w*|intoleran\w*|label\w*|can'?t|cannot|not|avoid\w*|off limits)\b|\bwhat(?:'s| is) (?:the )?(?:story|problem|issue|deal) with\b",
    re.IGNORECASE,
)
_QUANTITY = re.compile(r"\b(?:interval|duration|percentage|percent|minutes|hours|amount|volume|peak|length|number|count|score|treatment|time (?:from|to|between|until))\b|%", re.IGNORECASE)  # fmt: skip
_OF_ENTRY = re.compile(r"\bX (?:\w+ )?entry\b|\bentry (?:for|of|on|about) X\b|\bX\b.{0,40}\b(?:on|off|to|from) (?:(?:his|her|their|the|a|an|allergy|intolerance|old) )+list\b|\bintoleran\w*\b", re.IGNORECASE)  # fmt: skip
_TAKES = re.compile(r"\b(?:takes?|taking|on) (?:\w+ )?X\b|\btolerating\b|\bstill take", re.IGNORECASE)
_STOPPED = re.compile(r"\b(?:why|stopp?\w*|changed|replaced|dose|how much|strength)\b", re.IGNORECASE)
_REASON_NOT_TO = re.compile(
    r"\bany (?:good )?reasons?\b.{0,20}\b(?:not|against|shouldn'?t|can'?t)\b|\breasons? (?:not to|against)\b|\b(?:can|may) be given\b|\bany contraindication|\bneeds \w+,? (?:ok|okay|safe)\b",
    re.IGNORECASE,
)
_ONE_REACTION = re.compile(
    r"^(?=.*\b(?:what|which|how|where|when|who|why)\b).*\b(?:the|his|her|their|that|this|last) (?:\w+ )?reaction\b",
    re.IGNORECASE,
)
_CLASS_ASKED = re.compile(r"\b(?:which|what|any|list)\b.{0,20}\bX\b|\bX allergies\b|^\W*X\b", re.IGNORECASE)
_BORNE = re.compile(r"(?<!not )\btolerat\w*\b(?!.*\bnot\b)|\bwithout (?:problem|trouble|a? ?reaction)", re.IGNORECASE)
_DISAGREED = re.compile(r"\bdisagree\w* with (?:her|him|them|the patient)\b", re.IGNORECASE)
_OF_THE_PERSON = re.compile(
    r"\b(?:who|summar\w*|overview|card|age|old|problems?|background|about|history)\b", re.IGNORECASE
)
_BARE = re.compile(r"^\W*(?:and |the |any )?X\W*$", re.IGNORECASE)
_GAVE_IT = re.compile(
    r"\b(?:what|which|who|anything)\b.{0,40}\b(?:gave|gives?|made|makes?|caus\w*|set off|brought|brings?|turned|trigger\w*|upset\w*|led to|produced)\b"
    r"|\b(?:from|to|with|after|by|on) (?:an?y? |the |any |some )?(?:drugs?|medicines?|medications?|meds|tablets?|antibiotics?|anything|something|foods?)\b",
    re.IGNORECASE,
)
_EVER = re.compile(r"\b(?:ever|any|history|has|had|have|past)\b", re.IGNORECASE)
_COUNT = re.compile(
    r"\b(?:number of|how many|count(?: of)?)\b(?!.*\b(?:notes|times|days|family)\b).*\b(?:(?:allergy|allergy list) entries|entries (?:are )?(?:on|in|of)\b.*\ballergy|allergies|intolerances)\b",
    re.IGNORECASE,
)
_IN_FAMILY = re.compile(
    r"\bfamil\w+\b.*\ballerg|\ballerg\w*\b.*\bfamil\w+|\b(?:siblings?|relatives?|parents?|brother or sister)\b.*\ballerg",
    re.IGNORECASE,
)
_NOTES_TOO = re.compile(
    r"\ballerg\w*\b.*\b(?:any source|notes too|notes as well|incl\w*\.? (?:the )?notes|all sources)\b", re.IGNORECASE
)
_ENTRIES = re.compile(r"\b(?:entry|entries|allerg\w*|intoleranc\w*|list|substances?)\b", re.IGNORECASE)
_DRUGS = re.compile(r"\b(?:drugs?|medic\w+|meds|tablets?)\b", re.IGNORECASE)
_OF_X = re.compile(
    r"\bX (?:\w+ )?allerg|\ballerg\w*(?: reaction)? to (?:\w+ )?X\b|\bX entry\b|\b(?:risk|criticality|severity)\b.{0,25}\b(?:of|for|against|on) (?:the |her |his )?X\b",
    re.IGNORECASE,
)
_FOR_ALLERGIES = re.compile(r"\bfor (?:\w+ ){0,2}?allerg(?:y|ies)\b", re.IGNORECASE)  # "on X for her allergies"
_OF_LISTS = frozenset({"allergies", "condition", "search_notes", "look_up", "list_medications", "medication", "list_problems"})  # fmt: skip


class _Asked(NamedTuple):
    substance: str
    target: Target | None
    text: str  # the question with X in place of the substance
    drug: str = ""


def allergy_calls(plan: Plan, part: str, setting: Setting, lexicon: Lexicon) -> tuple[Call, ...]:
    """The calls of a plan, or those that ask the allergy list where the question is about it."""
    calls, reacted = plan.calls, setting.reacted
    if reacted is None or plan.refused or any(c.tool.startswith("draft") for c in calls):
        return calls
    if _FOR_ALLERGIES.search(part) and (drugs := tuple(c for c in calls if c.tool == "medication")):
        return drugs
    if (found := _outright(part, lexicon)) is not None:
        return (found,)
    if any(c.tool in _KEPT or (c.tool in _OF_THE_TWIN and _OF_DOSES.search(part)) for c in calls):
        return calls
    if any(c.tool == "medication_safety" for c in calls) and not asks_when(part):
        return calls
    named = substances_in(lexicon, part)
    if named and _REASON_NOT_TO.search(part) and all(c.tool in _OF_THE_NAME for c in calls):
        return (Call(tool="medication_safety", arguments={"drug": named[0].target.id}, intent=_INTENT),)
    if (
        named
        and _KIN.search(part)
        and (_OF_REACTING.search(part) or says_any_of("allergy", part) or reactions_told(part))
    ):
        return (_call(part, substance=named[0].target.id, aspect="told"),)
    subject = _subject(part, reacted, named)
    if subject is not None and (found := _of_one(subject, part, calls, setting)) is not None:
        return (*_still_taken(subject, calls, setting, reacted), found)
    if (found := _of_the_list(part, calls, setting, lexicon, named, reacted)) is not None:
        return (found,)
    return _with_question(calls, part, setting, named)


def _outright(part: str, lexicon: Lexicon) -> Call | None:
    """What is said in so many words: an allergy to a named substance; entries that only notes have; how many there are."""
    if _ENTRIES.search(part) and says_any_of("in_notes_alone", part):
        return _call(part, aspect="unlisted")
    if _COUNT.search(part):
        return _call(part, aspect="count")
    if _IN_FAMILY.search(part) and not substances_in(lexicon, part):
        return _call(part, aspect="family")
    named = substances_in(lexicon, part)
    if not named and (_NOTES_TOO.search(part) or (asks_by_whom(part) and "allerg" in part.lower())):
        return _call(part, aspect="list")
    if named and named[0].target.kind == "drug_class" and _DISAGREED.search(part):
        return _call(part, category=named[0].target.id)
    return None


def _call(part: str, **arguments: object) -> Call:
    return Call(
        tool="allergies", arguments={**{k: v for k, v in arguments.items() if v}, "question": part}, intent=_INTENT
    )


def _still_taken(subject: _Asked, calls: tuple[Call, ...], setting: Setting, reacted: Reacted) -> tuple[Call, ...]:
    """ "Does he take aspirin despite the old entry": the order first, where the entry no longer holds."""
    target = subject.target
    if target is None or not _TAKES.search(subject.text) or not _is_ordered(subject.drug, setting):
        return ()
    if reacted.is_active(target):
        return ()
    return (Call(tool="medication", arguments={"aspect": "active", "drug": subject.drug}, intent=_INTENT),)


def _with_question(calls: tuple[Call, ...], part: str, setting: Setting, named: Sequence[Named]) -> tuple[Call, ...]:
    """Calls that already ask of a substance, with the question that chooses what is quoted beside the entry.

    A drug that stands on no list, and of which it is asked how it was borne, is asked of the notes ahead of its order. Where
    one reaction is spoken of and no substance named, the notes are asked ahead of the list. An order for "taking" comes first.
    """
    first = named[0].target if named else None
    if first is not None and says_any_of("of_trouble", part) and all(c.tool in _OF_ORDERS for c in calls):
        if _is_ordered(named[0].drug, setting) and not _STOPPED.search(part):
            return (_call(part, substance=first.id, aspect="told"), *calls)
    if (
        len(calls) == 1
        and calls[0].tool == "allergies"
        and "substance" not in calls[0].arguments
        and _ONE_REACTION.search(part)
    ):
        return (Call(tool="search_notes", arguments={"query": part}, intent="note.search"), *calls)
    asked = [
        c.model_copy(update={"arguments": {**c.arguments, "question": part}})
        if c.tool == "allergies" and (c.arguments.get("substance") or asks_by_whom(part))
        else c
        for c in calls
        if not (c.tool == "patient_card" and any(d.tool == "allergies" for d in calls))
    ]
    if _TAKES.search(part):
        asked.sort(key=lambda c: c.tool != "medication")
    return tuple(asked)


def _is_ordered(drug: str, setting: Setting) -> bool:
    return bool(drug) and (setting.record.has("medication", drug) or setting.record.has("drug_class", drug))


def _masked(part: str, named: Named) -> str:
    """The question with X for a substance; a name that says allergy itself ("allergic to penicillin") still says so."""
    is_allergy = re.search(r"allerg|intoleran|react|hypersens", part[named.start : named.end], re.IGNORECASE)
    return f"{part[: named.start]}X{' allergy' if is_allergy else ''}{part[named.end :]}"


def _subject(part: str, reacted: Reacted, named: Sequence[Named]) -> _Asked | None:
    """The substance of the list, or told as an allergy, that a question names; by its reaction where that stands for it."""
    by_name = sorted(named, key=lambda n: n.target.kind == "drug_class")  # "which painkiller replaced the oxycodone"
    held = next((n for n in by_name if reacted.is_listed(n.target)), None) or next(
        (n for n in by_name if reacted.holds(n.target)), None
    )
    if held is not None:
        return _Asked(part[held.start : held.end], held.target, _masked(part, held), held.drug)
    if not named and (display := reacted.known_by(part)):
        return _Asked(display, None, part)
    return None


def _of_one(subject: _Asked, part: str, calls: tuple[Call, ...], setting: Setting) -> Call | None:
    text, target = subject.text, subject.target
    reactions = set(reactions_told(text))
    speaks = bool(reactions) or any(says_any_of(w, text) for w in ("allergy", "of_trouble", "of_criticality"))
    speaks = speaks or _OF_ENTRY.search(text) is not None
    if not speaks and not _is_of_nothing_else(subject, calls, setting):
        return None
    if _BESIDES.search(text):
        return _call(part, besides=subject.substance, category="drug" if _DRUGS.search(text) else "")
    if target is not None and target.kind == "drug_class" and _is_list_of_class(text):
        return _call(part, aspect="list", category=target.id)
    aspect, reaction = _aspect(subject, reactions)
    name = target.id if target is not None and not target.id.startswith("record:") else subject.substance
    return _call(part, substance=name, aspect=aspect, reaction=reaction)


def _is_of_nothing_else(subject: _Asked, calls: tuple[Call, ...], setting: Setting) -> bool:
    """Whether what is asked of a substance, with no word of a reaction, can only be about its entry: it was never ordered."""
    if subject.drug and _is_ordered(subject.drug, setting):
        return False
    if any(c.tool == "medication" for c in calls) and not says_any_of("of_more", subject.text):
        return False
    return all(c.tool in _OF_THE_NAME for c in calls)


def _is_list_of_class(text: str) -> bool:
    return re.search(r"\b(?:which|what) X\b|\bX allergies\b|\blist\b|\bX (?:that )?(?:disagreed|to avoid|off limits)\b|\bX\b.*\boff limits\b", text, re.IGNORECASE) is not None  # fmt: skip


def _aspect(subject: _Asked, reactions: set[str]) -> tuple[str, str]:
    """What is asked of an entry, and the reaction that it is asked whether there was."""
    text = subject.text
    asked = {r for r in reactions if not (subject.target is None and is_known_by_reaction(r))}
    asked = asked or (reactions if subject.target is not None else set())
    is_open = any(p.search(text) for p in (_OPEN, _QUANTITY)) or asks_for_a_test(text) or asks_for_a_name(text)
    when = says_any_of("of_onset", text)
    if when and says_any_of("of_recording", text) and not re.search(r"\bfirst\b", text, re.IGNORECASE):
        return "recorded", ""
    if says_any_of("of_age", text):
        return "age", ""
    if says_any_of("of_kind", text) and not re.search(r"\ban allergy to\b", text, re.IGNORECASE):
        return "kind", ""
    if (
        not asked and subject.target is None and reactions
    ):  # "any eye damage left from the SJS": more is asked than whether
        rest = [w for w in content_words(text) if not reactions_told(w)]
        is_open = is_open or len(rest) > 1
        if not is_open:
            return "has", " or ".join(sorted(reactions))
        if not _OPEN.search(text):
            return "told", ""
    if asked and not is_open and not says_any_of("of_severity", text):
        return "has", " or ".join(sorted(asked))
    if says_any_of("of_criticality", text):
        return "criticality", ""
    beyond = says_any_of("of_more", text) or _QUANTITY.search(text) or asks_for_a_test(text) or asks_for_a_name(text)
    if beyond and not _WHY_LISTED.search(text):
        return "told", ""
    if when:
        return "onset", ""
    for aspect in ("severity", "status"):
        if says_any_of(f"of_{aspect}", text):
            return aspect, ""
    if _WHY_LISTED.search(text) or says_any_of("what_it_did", text) or (says_any_of("of_a_reaction", text)):
        return "reaction", ""
    if _BARE.search(text) or (says_any_of("allergy", text) and not is_open):
        return "has", ""
    return ("reaction" if says_any_of("of_trouble", text) or says_any_of("allergy", text) else "told"), ""


def _of_the_list(
    part: str, calls: tuple[Call, ...], setting: Setting, lexicon: Lexicon, named: Sequence[Named], reacted: Reacted
) -> Call | None:
    """The call for a question about entries that names none: by their reaction, their kind, or what became of them."""
    if named and not any(c.tool == "allergies" and c.arguments.get("substance") for c in calls):
        first = named[0]
        masked = _masked(part, first)
        is_class = (
            first.target.kind == "drug_class" or lexicon.vocabulary.get("drug_class", first.target.id) is not None
        )
        if is_class and says_any_of("to_be_avoided", part) and (display := reacted.known_by(part)):
            return _call(part, substance=display, aspect="told")
        if is_class and _BORNE.search(masked):
            return _call(part, substance=first.target.id, aspect="told")
        if is_class and _CLASS_ASKED.search(masked) and _disagrees(masked):
            return _call(part, category=first.target.id)
        if _OF_X.search(masked):
            return _call(part, substance=first.target.id, aspect="has")
    if not all(c.tool in _OF_LISTS for c in calls) or named:
        return None
    if _ENTRIES.search(part) and says_any_of("no_longer_held", part):
        return _call(part, aspect="set_aside")
    if says_any_of("to_be_avoided", part):
        return _call(part, aspect="list")
    reactions = set(reactions_told(part))
    if not reactions or any(setting.record.has("condition", str(c.arguments.get("name", ""))) for c in calls):
        return None
    grave = "anaphylaxis" in reactions and _EVER.search(part) is not None and not _QUANTITY.search(part)
    if _GAVE_IT.search(part) or (grave and not _OPEN.search(part)):
        aspect = "list" if re.search(r"\b(?:what|which)\b", part, re.IGNORECASE) else "has"
        return _call(part, reaction=" or ".join(sorted(reactions)), aspect=aspect)
    return None


def _disagrees(text: str) -> bool:
    return says_any_of("allergy", text) or says_any_of("of_trouble", text) or says_any_of("to_be_avoided", text)


def without_address(calls: list[Call]) -> list[Call]:
    """The calls of a question without the card that its address of the patient asked for ("um, mister Delaney, any allergies")."""
    if not any(c.tool == "allergies" for c in calls):
        return calls
    return [c for c in calls if not (c.tool == "patient_card" and c.part and _is_an_address(c.part))]


def _is_an_address(part: str) -> bool:
    return len(tokenize(part)) <= _AN_ADDRESS and _OF_THE_PERSON.search(part) is None
