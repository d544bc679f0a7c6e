"""Problems, drugs, allergies, procedures and their absence held against the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agents.verification.evidence import Lookup, SaidName
from agents.verification.judging import Against, Finding, content_words, contradicted, supported, unsupported
from agents.verification.judging_events import has_no_stay, wrong_side
from agents.verification.matching import visit_kind
from agents.verification.names import TREATMENTS, Name, Setting, State
from agents.verification.readings import Reading, plain
from agents.verification.said import Said

_PAST_TENSE = re.compile(
    r"\b(?:was|were|had|received|took|given|got|started|ordered|increased|decreased|changed|earlier|note|notes)\b",
    re.IGNORECASE,
)
_CLAIMED = frozenset({"condition", "procedure", "immunization", "allergen", *TREATMENTS})
_HERE = frozenset({State.PRESENT, State.PAST})
_RECORD_WORDS = r"record(?:ed|s)?|document(?:ed|ation)?|found|available|on file|chart(?:ed)?|listed|mention(?:ed|s)?|evidence|information|data|results?|notes?|stored|reported"
_NOTHING = re.compile(
    rf"\b(?:no|not|never|none|nothing|neither|without|cannot find|could not find|unable to find)\b[^.;]{{0,80}}\b(?:{_RECORD_WORDS})\b|\b(?:{_RECORD_WORDS})\b[^.;]{{0,60}}\b(?:no|not|never|none|nothing)\b",
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
_ABOUT_PATIENT = re.compile(r"^\W*(?:he|she|they|the patient|patient|his|her|their|mr|mrs|ms)\b", re.IGNORECASE)
_NO_STATEMENT = re.compile(
    r"\b(?:should|could|would|may|might|can|cannot|please|consider|recommend|advise|if|not|no|unknown|unclear|need)\b|n['’]t\b|\?",
    re.IGNORECASE,
)
_LIGHT = frozenset({"continues", "also", "currently", "takes", "following", "history", "some", "more", "other", "well", "very", "both", "during", "while", "after", "before", "since", "last", "latest", "most", "recent", "seen", "visited", "presented", "came", "evaluated", "followed", "underwent", "received", "given", "started", "remained", "admitted", "doing", "year", "years", "months", "days", "below", "above", "shown", "listed", "here", "follows"})  # fmt: skip
_WHAT = r"(?P<what>(?!(?:any|no|an?|the|its|his|her|but|and|or|is|are|was|were|at|as|by|for|in|on|to|with|until|till|since|from|then|when|which|who|that)\b)[A-Za-z][\w'’-]*(?: [a-z][\w'’-]*){0,3})"
_CALLED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("allergy", rf"\b(?:allergic to|allergy to|allergies to|intolerant to|intolerance to)\s+{_WHAT}"),
        ("allergy", r"(?P<what>\b[a-z][\w'’-]*(?: [a-z][\w'’-]*)?) allergy\b"),
        ("condition", rf"\b(?:diagnosed with|diagnosis of|history of|h/o|suffers from|known case of)\s+{_WHAT}"),
        ("drug", rf"\b(?:prescribed|taking|started on|maintained on|treated with)\s+{_WHAT}"),
    )
)
_FIRST_WORDS = re.compile(r"\W*(?P<what>[A-Za-z][\w'’-]*(?: [a-z][\w'’-]*){0,3})(?=\s*(?:[:(—–,;.]|-\s|$))")
_NOT_NAMES = frozenset(
    {"medication", "medications", "medicine", "drug", "drugs", "active", "current", "known", "following", "several", "other", "these", "them", "what", "allergy", "allergies", "food", "documented", "recorded", "tablet", "tablets", "daily", "anything", "none", "confirmed", "conflicting", "dose", "doses", "regularly", "orally", "reaction", "list", "first", "only", "single", "additional", "seasonal", "environmental", "previous", "severe", "mild", "disease", "disorder", "syndrome", "condition", "problem"}
)  # fmt: skip
_OF_A_KIND = {
    "allergen": frozenset({"allergen", *TREATMENTS}), "medication": TREATMENTS, "condition": frozenset({"condition"}),
    "procedure": frozenset({"procedure"}), "immunization": frozenset({"immunization"}),
}  # fmt: skip
_OTHERWISE = re.compile(r"\b(?:other|further|additional|more|new|longer|earlier|else|remaining)\b", re.IGNORECASE)


def judge_names(reading: Reading, against: Against) -> Iterator[Finding]:
    """Each clinical name must be said by the evidence as the sentence says it."""
    for name in reading.names:
        if name.kinds.isdisjoint(_CLAIMED):
            if name.state is State.ABSENT and "observation" in name.kinds:
                yield from _absent_quantity(name, reading, against.said)
            continue
        if name.kinds <= {"allergen", "observation"} and not name.is_allergy:
            continue  # a food or a material, of which nothing clinical is said
        yield _judged(_taken(name, reading), reading, against.said)


def judge_unknown(reading: Reading, against: Against, setting: Setting) -> Iterator[Finding]:
    """What a sentence calls an allergy, a diagnosis or a drug without the vocabulary knowing it must be a word of the evidence."""
    text = plain(reading.text)
    phrases = [(k, m) for k, pattern in _CALLED for m in pattern.finditer(text)]
    if setting.is_allergy and (first := _FIRST_WORDS.match(text)) is not None:
        phrases.append(("allergy", first))
    for kind, match in phrases:
        start, end = match.span("what")
        if any(n.start < end and start < n.end and "observation" not in n.kinds for n in reading.names):
            continue
        words = {_stem(w) for w in content_words(match["what"]) - _COMMON - _NOT_NAMES}
        if words and not words & {_stem(w) for w in against.said.words}:
            yield unsupported(kind, match["what"].strip(), (start, end), "no result names it")


def judge_strangers(reading: Reading, against: Against, judged: Sequence[Finding]) -> Iterator[Finding]:
    """A statement about the patient that shares no word with anything that was looked up."""
    text = plain(reading.text)
    if (
        any(f.kind != "date" for f in judged)
        or reading.names
        or reading.amounts
        or not _ABOUT_PATIENT.match(text)
        or _NO_STATEMENT.search(text)
    ):
        return
    words = {_stem(w) for w in content_words(text) - _COMMON - _NOT_NAMES - _LIGHT}
    if words and not words & {_stem(w) for w in against.said.words}:
        yield unsupported("statement", text.strip()[:60], (0, len(text)), "no result speaks of this")


def _stem(word: str) -> str:
    return word.rstrip("s")


def _kind(name: Name) -> str:
    if name.is_allergy and not name.kinds.isdisjoint({"allergen", *TREATMENTS}):
        return "allergy"
    if not TREATMENTS.isdisjoint(name.kinds):
        return "drug"
    for kind in ("condition", "procedure", "immunization"):
        if kind in name.kinds:
            return "vaccination" if kind == "immunization" else kind
    return "allergy"


def _judged(name: Name, reading: Reading, said: Said) -> Finding:
    kind, span = _kind(name), (name.start, name.end)
    if name.state is State.ABSENT:
        return _absence(name, kind, reading, said)
    here = [s for s in said.names if not s.name.own.isdisjoint(name.ids)]
    wider = [s for s in said.names if not name.own.isdisjoint(s.name.ids)]
    if not here and not wider:
        return unsupported(kind, name.text, span, "no result names it")
    if not here and name.state is not State.ABSENT:
        here = [s for s in wider if _same_stage(name, s)]
    if not here:
        if name.state is State.CONSIDERED:
            return supported(kind, name.text, span, wider[0].source)
        absent = [s for s in wider if s.name.state is State.ABSENT and not s.is_testimony]
        if absent:
            return contradicted(kind, name.text, span, "the results say that it is not there", absent[0].source)
        return unsupported(kind, name.text, span, "the results name only something wider")
    if name.state in {State.CONSIDERED, State.NAMED}:
        return supported(kind, name.text, span, here[0].source)
    if name.state is State.FAMILY:
        family = [s for s in here if s.name.is_family]
        of_one = [s for s in family if s.name.relative]
        if name.relative and of_one:  # where the results say whose it is, it must be that relative's
            family = [s for s in of_one if s.name.relative == name.relative]
        if family:
            return supported(kind, name.text, span, family[0].source)
        return unsupported(kind, name.text, span, "no result says this of that relative")
    if kind == "allergy":
        return _allergy(name, here, wider, span)
    if (other_side := wrong_side(name, reading, here)) is not None:
        return other_side
    if "condition" in name.kinds and name.is_allergy:  # a reaction
        return supported(kind, name.text, span, here[0].source)
    return _presence(name, kind, here, wider, span)


def _taken(name: Name, reading: Reading) -> Name:
    """A drug with how often it is taken, and no word of the past, is said to be taken now."""
    if name.is_explicit or name.state is not State.PRESENT or TREATMENTS.isdisjoint(name.kinds):
        return name
    dosed = any(o.start == name.start for _, owners in reading.frequencies for o in owners)
    return replace(name, is_explicit=True) if dosed and not _PAST_TENSE.search(reading.text) else name


def _same_stage(name: Name, said: SaidName) -> bool:
    """Whether the line of a wider name gives the stage or number that the narrower one has ("CKD stage 3B")."""
    stage = re.search(r"\b(?:stage|grade|type|class)\s*\w*\d\w*", name.text.lower())
    return stage is not None and re.search(rf"\b{re.escape(stage[0])}\b", said.source.quote.lower()) is not None


def _allergy(name: Name, here: Sequence[SaidName], wider: Sequence[SaidName], span: tuple[int, int]) -> Finding:
    mine = [s for s in here if s.name.is_allergy]
    there = [s for s in mine if s.name.state in _HERE]
    recorded = [s for s in there if not s.is_testimony]
    absent = [s for s in (*mine, *wider) if s.name.is_allergy and s.name.state is State.ABSENT and not s.is_testimony]
    if recorded or (there and (name.is_attributed or not absent)):
        return supported("allergy", name.text, span, (recorded or there)[0].source)
    if absent:
        return contradicted("allergy", name.text, span, "the record has no such allergy", absent[0].source)
    return unsupported("allergy", name.text, span, "no result says that it is an allergy")


def _presence(
    name: Name, kind: str, here: Sequence[SaidName], wider: Sequence[SaidName], span: tuple[int, int]
) -> Finding:
    text = name.text
    mine = [s for s in here if not (s.name.is_allergy and kind == "drug") and not s.name.is_family]
    recorded = [s for s in mine if not s.is_testimony]
    noted = [s for s in mine if s.is_testimony]
    in_record = {s.name.state for s in recorded}
    absent = [
        s for s in (*recorded, *wider) if s.name.state is State.ABSENT and not s.is_testimony and not s.name.is_allergy
    ]
    if name.state is State.PRESENT or not name.is_ended or kind in {"procedure", "vaccination"}:
        wanted = (
            {State.PRESENT}
            if name.state is State.PRESENT and name.is_explicit and kind in {"drug", "condition"}
            else set(_HERE)
        )
    else:
        wanted = {State.PAST, State.ABSENT} if kind == "drug" else {State.PAST}
    if name.is_explicit and name.state is State.PRESENT and any(s.name.is_explicit for s in recorded):
        recorded = [s for s in recorded if s.name.is_explicit]  # the list speaks before a passing mention
    recorded = sorted(recorded, key=lambda s: s.name.state is not State.PRESENT)  # what is so now is quoted first
    hit = next((s for s in recorded if s.name.state in wanted), None)
    if hit is not None and not (absent and not (in_record - {State.ABSENT})):
        return supported(kind, text, span, hit.source)
    # The record speaks otherwise: an attributed sentence may still say what the note says.
    said_in_note = next((s for s in noted if s.name.state in wanted), None)
    if name.is_attributed and said_in_note is not None:
        return supported(kind, text, span, said_in_note.source)
    if in_record & _HERE:
        other = next(s for s in recorded if s.name.state in _HERE)
        how = "stopped or past" if other.name.state is State.PAST else "active"
        return contradicted(kind, text, span, f"the record has it as {how}", other.source)
    if absent:
        return contradicted(kind, text, span, "the results say that it is not there", absent[0].source)
    if (
        kind == "drug"
        and not recorded
        and (
            allergy := next(
                (s for s in here if s.name.is_allergy and not s.is_testimony and s.name.state in _HERE), None
            )
        )
    ):
        return contradicted(kind, text, span, "the record has it as an allergy", allergy.source)
    if said_in_note is not None:
        return supported(kind, text, span, said_in_note.source, reason="only a note says so")
    if mine and all(s.name.state in {State.CONSIDERED, State.NAMED} for s in mine) and not name.is_explicit:
        return supported(kind, text, span, mine[0].source)
    states = sorted({s.name.state.value for s in here})
    return unsupported(kind, text, span, f"the results name it only as {', '.join(states) or 'something else'}")


# --- absence -----------------------------------------------------------------------------------------------------


def _absence(name: Name, kind: str, reading: Reading, said: Said) -> Finding:
    span, text = (name.start, name.end), name.text
    relevant = [
        s
        for s in said.names
        if (not name.is_allergy or s.name.is_allergy)
        and (name.is_allergy or not (s.name.is_allergy and kind == "drug"))
    ]
    relevant = [s for s in relevant if s.name.is_family == name.is_family]
    there = [
        s
        for s in relevant
        if not s.name.own.isdisjoint(name.ids) and s.name.state in _HERE | ({State.FAMILY} if name.is_family else set())
    ]
    denied = [s for s in relevant if s.name.state is State.ABSENT and not name.own.isdisjoint(s.name.ids)]
    lookups = [look for look in said.lookups if _answers(look, name, kind)]
    recorded = [s for s in there if not s.is_testimony]
    if not name.is_ever and kind in {"drug", "condition"}:  # "not on X": true of what was stopped
        if recorded and all(s.name.state is State.PAST for s in recorded):
            return supported(kind, text, span, recorded[0].source)
        recorded = [s for s in recorded if s.name.state is not State.PAST]
    if recorded and not (reading.dates and (denied or lookups)):
        if name.is_attributed and denied:
            return supported("absence", text, span, denied[0].source)
        return contradicted("absence", text, span, "the record has it", recorded[0].source)
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


def _absent_quantity(name: Name, reading: Reading, said: Said) -> Iterator[Finding]:
    """ "No troponin is recorded" needs a look-up of it; "no potassium supplement" is no such claim."""
    if not _NOTHING.search(plain(reading.text)):
        return
    span = (name.start, name.end)
    values = [n for n in said.numbers if n.own and not n.counts and not n.own.isdisjoint(name.ids)]
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
    said, text = against.said, plain(reading.text)
    topical = False
    for kind, pattern in _TOPICS:
        match = pattern.search(text)
        if match is None or _OTHERWISE.search(match[0]):
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
    words = content_words(text) - _COMMON
    shown = any(not look.found for look in said.lookups) or any(words & d for d in said.denials)
    if shown:
        yield supported("absence", denial[0][:60], denial.span())
    else:
        yield unsupported("absence", denial[0][:60], denial.span(), "nothing was looked up that shows this absence")


_COMMON = frozenset(
    {"record", "recorded", "records", "documented", "found", "available", "chart", "there", "patient", "this", "that", "have", "been", "with", "from", "were", "does"}
)  # fmt: skip


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
