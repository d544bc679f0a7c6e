"""Questions about a drug among the others in time: what came before it, what followed it, for how long it was taken.

Read by signs and not by whole patterns: what asks, what says the side, and what says that a drug is meant. The drug
stands in the text as X, a class beside it ("which antibiotic before X") as C.
"""

from __future__ import annotations

import re

from agents.embedded.plans import Call
from agents.embedded.reading.reader import Question, Slot, Variant

_LEAD = r"(?:(?:the|his|her|their|it|on|to|by|with|starting|being|put|going|went|switch(?:ed|ing)?|chang(?:ed|ing)|mov(?:ed|ing)|having|getting|he|she|they|was|were|is|got|stopping|coming|came|off|from|of|did|had|current|present)\s+){0,5}"
_DRUG = re.compile(
    r"\bC\b|\b(?:drugs?|med(?:ication|icine)?s?|agents?|treatments?|therap(?:y|ies)|tablets?|pills?|regimens?|dm[ta]rds?|dmts?|biologics?|infusions?|injectables?|orals?|prescriptions?)\b",
    re.IGNORECASE,
)
_HAD = re.compile(
    r"\b(?:on|tak(?:e|en|ing)|took|us(?:e|ed|ing)|given|gets?|got|tried|put|start(?:ed)?|go(?:ne)?|went|prescribed|treated|receiv\w+|came|come|prece+d\w+|replac\w+|succe\w+|supersed\w+|follow\w*|swapp?\w*|switch\w*|chang\w+|instead|substitut\w+|move[ds]?|next)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\bwh(?:at|ich)\b|^\W*(?:name|tell me|give me|(?:the )?(?:previous|prior|last|earlier|next|drug|agent|C)\b)",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"\b(?:before|prior to|pre|ahead of|prece+d\w+|previous to|earlier than)\s+{_LEAD}X\b"
    r"|\bX\b.{0,12}\b(?:replac\w+|succe+d\w*|supersed\w+|took over from|take over from|displac\w+)\s+(?:what|which)\b"
    r"|\bdid X (?:replace|succeed|supersede|take over from|follow|take the place of)\b|\bX (?:was )?(?:a |the )?(?:replacement|substitute) for (?:what|which)\b"
    r"|\bfrom (?:what|which)\b.{0,30}\bto X\b|\b(?:what|which)\b.{0,40}\b(?:switched|changed|swapped|moved|replaced)\b.{0,12}\b(?:to|for|by|with) X\b",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"\b(?:after|following|post|since stopping|instead of|in place of|in lieu of|once off|once|when)\s+{_LEAD}X\b"
    r"|\b(?:replac\w+|succeeded|supersed\w+|followed|took over from|took over for|taken over from|took the place of|taking over from|in exchange for)\s+(?:the |his |her |their )?X\b"
    r"|\bX\b.{0,20}\b(?:replaced|switched|swapped|changed|superseded|substituted|followed|succeeded)\s+(?:over\s+)?(?:by|to|with|for|out for)\s*(?:what|which|$|\?)|\bX\b.{0,12}\b(?:switched|swapped|changed|replaced|substituted)\b.{0,8}\b(?:to|for|with|by)\W*$"
    r"|\b(?:switch(?:ed)?|chang(?:e|ed)|move[ds]?|go(?:ne)?|went)\s+(?:on )?to\s+(?:from|after)\s+(?:the |his |her )?X\b|\btook over (?:when|once|after)\b.{0,20}\bX\b",
    re.IGNORECASE,
)
_TO_X = re.compile(r"\b(?:to|onto) X\b", re.IGNORECASE)
_ELSE = re.compile(
    r"\bshould\b|\bwould\b|\bcould\b|\bcan\b|\bwill\b|\bif\b|\bhappen\w*|\bwhy\b|\bwhen (?:was|did|were|is)\b|\bhow\b|\breasons?\b|\bwho\b|\bwhere\b|\breact\w*|\bside effects?\b|\bcheck\w*|\bsafe\b|\bgive (?:him|her|them|before|after)\b|\bdoses?\b|\blevels?\b|\bfeel\w*|\bfelt\b|\bsymptoms?\b"
    r"|\b(?:before|prior to) (?:each |every |the |his |her |next )*X (?:infusion|injection)|\bX (?:dose|level|was (?:taken|given) (?:with|for))\b",
    re.IGNORECASE,
)
_HOW_LONG = re.compile(
    r"\bhow (?:long|many (?:days|weeks|months|years|cycles)) (?:in total |altogether |all told )?(?:was|were|did|has|have|had|is|of)\b.{0,40}\bX\b(?!\s+(?:level|dose|last|take|work|stay))"
    r"|\b(?:duration|length) of (?:the |his |her |their )?(?:course of )?X\b|\bX\b (?:treatment |therapy |course )?(?:duration|length)\b|\b(?:time|days|months|years) (?:spent )?on X\b|\bhow long (?:on |for )?X\W*$|\bX for how long\b",
    re.IGNORECASE,
)
_NOT_HOW_LONG = re.compile(
    r"\bago\b|\bsince\b|\bshould\b|\bwill\b|\bplann?\w*|\bneeds?\b|\bmeant\b|\bsupposed\b|\bbefore\b|\bafter\b|\buntil\b|\boff\b|\bwithout\b|\btake to\b|\bstop\w*|\bstart\w*|\bbegan\b|\bfirst\b",
    re.IGNORECASE,
)


def drugs_in_order(text: str, question: Question) -> tuple[Call, ...]:
    """The call for the drug before or after one, or for how long one was taken; none for any other question."""
    for variant in question.variants:
        drug, of_class = _drug_and_class(variant)
        if drug is None:
            continue
        masked = f"{text[: drug.start]}X{text[drug.end :]}"
        if of_class is not None:
            masked = _masked_both(text, drug, of_class)
        if of_class is None and _HOW_LONG.search(masked) and not _NOT_HOW_LONG.search(masked):
            return (_call("duration", drug, None),)
        side = _side(masked)
        if side and _ASKS.search(masked) and (_DRUG.search(masked) or _HAD.search(masked)) and not _ELSE.search(masked):
            return (_call(side, drug, of_class),)
    return ()


def _side(masked: str) -> str:
    if _BEFORE.search(masked):
        return "before"
    return "after" if _AFTER.search(masked) and not _TO_X.search(masked) else ""


def _drug_and_class(variant: Variant) -> tuple[Slot | None, Slot | None]:
    """The one drug that a reading names and at most a class before it; nothing where anything else is named."""
    known = [s for s in variant.slots if s.known]
    drugs = [s for s in known if s.kind == "medication"] or [s for s in known if s.kind == "drug_class"][-1:]
    classes = [s for s in known if s.kind == "drug_class" and s not in drugs]
    others = [s for s in known if s.kind not in {"medication", "drug_class", "condition"}]
    if len({s.start for s in drugs}) != 1 or len(classes) > 1 or others:
        return None, None
    return drugs[0], classes[0] if classes else None


def _masked_both(text: str, drug: Slot, of_class: Slot) -> str:
    for slot, letter in sorted(((drug, "X"), (of_class, "C")), key=lambda pair: -pair[0].start):
        text = f"{text[: slot.start]}{letter}{text[slot.end :]}"
    return text


def _call(aspect: str, drug: Slot, of_class: Slot | None) -> Call:
    more = {"of_class": of_class.id} if of_class is not None else {}
    return Call(tool="medication", arguments={"aspect": aspect, "drug": drug.id, **more}, intent=f"medication.{aspect}")
