"""Claims of absence: what is said not to be there must have been looked for completely, and nothing may say that it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agents.verification.evidence import Lookup, SaidName, SaidNumber
from agents.verification.findings import COMMON, Against, Finding, content_words, contradicted, supported, unsupported
from agents.verification.judging_events import has_no_stay
from agents.verification.matching import visit_kind
from agents.verification.names import HERE, TREATMENTS, Name, State
from agents.verification.readings import Reading
from agents.verification.said import Said

_RECORD_WORDS = r"record(?:ed|s)?|document(?:ed|ation)?|found|available|on file|chart(?:ed)?|listed|mention(?:ed|s)?|evidence|information|data|results?|notes?|stored|reported"
_TESTED = r"measured|checked|tested|drawn|obtained|sent|performed|done|taken|collected"
_NOTHING = re.compile(
    rf"\b(?:no|not|never|none|nothing|neither|without|cannot find|could not find|unable to find)\b[^.;]{{0,80}}\b(?:{_RECORD_WORDS})\b|\b(?:{_RECORD_WORDS})\b[^.;]{{0,60}}\b(?:no|not|never|none|nothing)\b",
    re.IGNORECASE,
)
# "Lactate was never checked", "he has had no blood cultures"
_NEVER_TESTED = re.compile(
    rf"\b(?:no|not|never|without)\b[^.;]{{0,60}}\b(?:{_TESTED})\b|\b(?:has|have|had) (?:never )?had (?:no|any)\b|\bnever had\b",
    re.IGNORECASE,
)
_TOPICS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("allergen", r"\bno (?:(?:known|documented|recorded|active|current|drug|food|medication|environmental)[ ,/-]*(?:or )?)*allerg\w+|\bNKD?A\b|\bno allerg|\bwithout (?:any )?(?:known )?allerg|\bno (?:(?:known|documented|recorded|drug)[ ,/-]*)*intoleranc\w+|\bnot allergic to any\w*|\bdenies (?:any )?(?:known )?(?:drug )?allerg|\ballergies:? (?:none|no|nil|negative)\b|\bhas no (?:known )?allerg"),
        ("medication", r"\b(?:no|not (?:on|taking) any) (?:(?:active|current|regular|home|recorded|documented|prescribed|prescription)[ ,]*)*(?:medications?|meds|drugs|medicines)\b(?! (?:allerg|intoler|changes?|order))|\b(?:takes|is on) no (?:\w+ )?(?:medications?|medicines)\b"),
        ("condition", r"\bno (?:(?:active|current|chronic|known|recorded|documented|significant|past|relevant|other medical)[ ,]*)*(?:(?:medical )?(?:problems?|conditions?|diagnos[ei]s|history)|past medical history)\b(?! of)|\b(?:otherwise|previously) healthy\b"),
        ("procedure", r"\bno (?:(?:prior|previous|past|recorded|documented|known|surgical)[ ,]*)*(?:surger(?:y|ies)|operations?|procedures?|surgical history)\b|\bnever (?:had|undergone) (?:any )?(?:surgery|an? operation|procedures?)\b"),
        ("encounter", r"\bno (?:(?:prior|previous|past|recent|recorded|documented|hospital|emergency|ED|ER|inpatient|emergency department)[ ,]*)*(?:admissions?|hospitali[sz]ations?|visits?|encounters?|stays?)\b|\bnever (?:been )?(?:admitted|hospitali[sz]ed)\b|\bnot been (?:admitted|hospitali[sz]ed)\b"),
        ("immunization", r"\bno (?:(?:prior|previous|recorded|documented|known)[ ,]*)*(?:vaccin\w+|immuni[sz]ations?)\b|\bnever (?:been )?vaccinated\b|\bunvaccinated\b|\bnot (?:been )?vaccinated\b"),
        ("family", r"\bno (?:(?:known|recorded|documented|relevant|significant)[ ,]*)*family history\b(?! of)"),
    )
)  # fmt: skip
_OF_A_KIND = {
    "allergen": frozenset({"allergen", *TREATMENTS}), "medication": TREATMENTS, "condition": frozenset({"condition"}),
    "procedure": frozenset({"procedure"}), "immunization": frozenset({"immunization"}),
}  # fmt: skip
_NAMED_NEXT = re.compile(
    r"\s+to\s+(?!any\b)\w", re.IGNORECASE
)  # "no known drug allergy to penicillin" denies one of them
_OTHERWISE = re.compile(r"\b(?:other|further|additional|more|new|longer|earlier|else|remaining)\b", re.IGNORECASE)


def absence(name: Name, kind: str, reading: Reading, said: Said) -> Finding:
    """Whether what a sentence denies is known not to be there."""
    span, text = (name.start, name.end), name.text
    relevant = [
        s
        for s in said.names
        if (not name.is_allergy or s.name.is_allergy)
        and (name.is_allergy or not (s.name.is_allergy and kind == "drug"))
    ]
    relevant = [s for s in relevant if s.name.is_family == name.is_family]
    if name.is_family and name.relative:  # what another relative had says nothing of this one
        relevant = [s for s in relevant if s.name.relative in {"", name.relative}]
    there = [
        s
        for s in relevant
        if not s.name.own.isdisjoint(name.ids) and s.name.state in HERE | ({State.FAMILY} if name.is_family else set())
    ]
    denied = [s for s in relevant if s.name.state is State.ABSENT and not name.own.isdisjoint(s.name.ids)]
    lookups = [look for look in said.lookups if _answers(look, name, kind)]
    recorded = [s for s in there if not s.is_testimony]
    recorded = [s for s in recorded if s.name.is_explicit] or recorded  # the list speaks before a passing mention
    if not name.is_ever and kind in {"drug", "condition"}:  # "not on X": true of what was stopped
        if recorded and all(s.name.state is State.PAST for s in recorded):
            return supported(kind, text, span, recorded[0].source)
        recorded = [s for s in recorded if s.name.state is not State.PAST]
    if recorded and not (reading.dates and (denied or lookups)):
        if name.is_attributed and denied:
            return supported("absence", text, span, denied[0].source)
        return contradicted("absence", text, span, "the record has it", recorded[0].source)
    noted = [s for s in there if s.is_testimony and s.name.state in HERE and not s.name.is_family]
    if noted and (name.is_ever or not denied) and (name.is_ever or kind != "drug") and not name.is_attributed:
        return contradicted("absence", text, span, "a note says that it is or was there", noted[0].source)
    if denied:
        return supported("absence", text, span, denied[0].source)
    if lookups:
        return supported("absence", text, span, lookups[0].source, reason="looked for in the whole list")
    return unsupported("absence", text, span, "nothing was looked up that shows its absence")


def _answers(look: Lookup, name: Name, kind: str) -> bool:
    """Whether a look-up shows the absence of a name."""
    if look.ids is not None:
        if look.found:
            return False
        if not name.own.isdisjoint(look.ids):
            return True
        return look.kind in {"note", "any"} and bool(look.words & content_words(name.text))
    if look.kind in {"note", "any"}:
        return not look.found and bool(look.words & content_words(name.text))
    fitting = (
        "family"
        if name.is_family
        else {"drug": "medication", "allergy": "allergen", "vaccination": "immunization"}.get(kind, kind)
    )
    return look.kind == fitting and not (look.active_only and name.is_ever)


def absent_quantity(name: Name, reading: Reading, said: Said) -> Iterator[Finding]:
    """ "No troponin is recorded" needs a look-up of it; "no potassium supplement" is no such claim."""
    text = reading.plain
    if not _NOTHING.search(text) and not _NEVER_TESTED.search(text):
        return
    span = (name.start, name.end)
    values: list[SaidNumber | SaidName] = [
        n for n in said.numbers if n.own and not n.counts and not n.own.isdisjoint(name.ids)
    ]
    # A result in words, as cultures have it.
    values += [s for s in said.names if s.source.origin == "record" and s.name.state is State.PRESENT and not s.name.own.isdisjoint(name.ids)]  # fmt: skip
    looked = [
        look
        for look in said.lookups
        if not look.found and ((look.ids is not None and not name.own.isdisjoint(look.ids)) or bool(look.words & content_words(name.text)))
    ]  # fmt: skip
    stated = [s for s in said.names if s.name.state is State.ABSENT and not name.own.isdisjoint(s.name.ids)]
    if not values:  # a whole record was read
        looked += [look for look in said.lookups if look.kind == "observation" and look.ids is None]
    if looked or stated:
        yield supported("absence", name.text, span, *(s.source for s in stated[:1]))
    elif (
        values
        and not reading.dates
        and not _OTHERWISE.search(reading.text)
        and not re.search(r"\b(?:range|reason|interpretation|unit|trend|change)\b", reading.text, re.IGNORECASE)
    ):
        yield contradicted("absence", name.text, span, "the results have values of it", values[0].source)
    elif not values:
        yield unsupported("absence", name.text, span, "nothing was looked up that shows its absence")


def judge_absences(reading: Reading, against: Against, judged: Sequence[Finding]) -> Iterator[Finding]:
    """Sentences that deny a whole list, or say that nothing is recorded."""
    said, text = against.said, reading.plain
    topical = False
    for kind, pattern in _TOPICS:
        match = pattern.search(text)
        if match is None or _OTHERWISE.search(match[0]) or _NAMED_NEXT.match(text, match.end()):
            continue
        topical = True
        category = _CATEGORY.search(match[0])
        if category is not None and any({"allergy", category[0].lower()} <= d for d in said.denials):
            yield supported("absence", match[0], match.span())
            continue
        yield _topic(kind, match, reading, said, category[0] if category is not None else None)
    if topical or any(f.kind == "absence" or f.is_fault for f in judged):
        return
    denial = _NOTHING.search(text)
    if denial is None or any(n.state is State.ABSENT for n in reading.names) or reading.names:
        return
    words = content_words(text) - COMMON
    shown = any(not look.found for look in said.lookups) or any(words & d for d in said.denials)
    if shown:
        yield supported("absence", denial[0][:60], denial.span())
    else:
        yield unsupported("absence", denial[0][:60], denial.span(), "nothing was looked up that shows this absence")


def _topic(kind: str, match: re.Match[str], reading: Reading, said: Said, category: str | None) -> Finding:
    span, words = match.span(), match[0]
    kinds = _OF_A_KIND.get(kind, frozenset())
    attributed = (
        any(n.is_attributed for n in reading.names)
        or re.search(r"\bnotes?\b|\bsays?\b|[“”\"]", reading.text) is not None
    )
    there = [
        s
        for s in said.names
        if s.name.state is State.PRESENT and not s.is_testimony and not s.name.kinds.isdisjoint(kinds)
        and s.name.is_allergy == (kind == "allergen") and not s.name.is_family
    ]  # fmt: skip
    if kind == "condition":
        there = [s for s in there if s.name.is_explicit or s.source.origin == "record"]
    looked = [look for look in said.lookups if look.kind == kind and not look.found]
    if kind == "encounter" and (source := has_no_stay(visit_kind(words.lower(), "visit"), said)) is not None:
        return supported("absence", words, span, source, reason="looked for in the whole list")
    if category is not None and category.lower() == "drug" and kind == "allergen":
        there = [s for s in there if not s.name.kinds.isdisjoint(TREATMENTS) or "medication" in s.source.quote.lower()]
        looked += [look for look in said.lookups if look.kind == kind and look.ids is None]
    stated = any(re.search(rf"\b{w}", " ".join(d)) for d in said.denials for w in _STEMS[kind])
    if attributed and stated:
        return supported("absence", words, span)
    if looked and any(look.ids is None and not look.found for look in looked):
        return supported("absence", words, span, looked[0].source)
    if there:
        return contradicted("absence", words, span, "the record has some", there[0].source)
    if looked or stated:
        return supported("absence", words, span, *(look.source for look in looked[:1]))
    return unsupported("absence", words, span, "no complete look-up shows this")


_CATEGORY = re.compile(r"\b(?:drug|food|environment)", re.IGNORECASE)
_STEMS = {
    "allergen": ("allerg",), "medication": ("medication",), "condition": ("problem", "condition"),
    "procedure": ("procedur", "surg"), "encounter": ("admission", "visit", "encounter"), "immunization": ("vaccin", "immuni"),
    "family": ("family",),
}  # fmt: skip
