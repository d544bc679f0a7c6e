"""Problems, drugs, allergies and procedures held against the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agents.verification.evidence import SaidName
from agents.verification.findings import (
    COMMON,
    LIGHT,
    MONTH_WORDS,
    Against,
    Finding,
    content_words,
    contradicted,
    supported,
    unsupported,
)
from agents.verification.judging_absences import absence, absent_quantity
from agents.verification.names import HERE, TREATMENTS, Name, Setting, State
from agents.verification.readings import Reading
from agents.verification.said import Said
from agents.verification.units import MASS_UNITS

_PAST_TENSE = re.compile(
    r"\b(?:was|were|had|received|took|given|got|started|ordered|increased|decreased|changed|earlier|note|notes)\b",
    re.IGNORECASE,
)
_RESUMED = re.compile(r"\s+(?:was|has been|were)(?: \w+ly)? (?:resumed|restarted|reinstated)\b", re.IGNORECASE)
_VACCINE = re.compile(r"\s+(?:vaccin\w*|shot|jab|immuni[sz]ation|booster)\b", re.IGNORECASE)
_CLAIMED = frozenset({"condition", "procedure", "immunization", "allergen", *TREATMENTS})
_ABOUT_PATIENT = re.compile(r"^\W*(?:he|she|they|the patient|patient|his|her|their|mr|mrs|ms)\b", re.IGNORECASE)
_NO_STATEMENT = re.compile(
    r"\b(?:should|could|would|may|might|can|cannot|please|consider|recommend|advise|if|not|no|unknown|unclear|need)\b|n['’]t\b|\?",
    re.IGNORECASE,
)
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


def judge_names(reading: Reading, against: Against) -> Iterator[Finding]:
    """Each clinical name must be said by the evidence as the sentence says it."""
    for name in reading.names:
        if name.kinds.isdisjoint(_CLAIMED):
            if name.state is State.ABSENT and "observation" in name.kinds:
                yield from absent_quantity(name, reading, against.said)
            continue
        if name.kinds <= {"condition", "observation"} and _VACCINE.match(reading.text, name.end):
            continue  # "the flu vaccine" is no influenza
        if "observation" in name.kinds and _is_measured(name, reading):
            continue  # "albumin was 2.9 g/dL" is no drug
        if name.kinds <= {"allergen", "observation"} and not name.is_allergy:
            continue  # a food or a material, of which nothing clinical is said
        yield _judged(_taken(name, reading), reading, against.said)


def judge_unknown(reading: Reading, against: Against, setting: Setting) -> Iterator[Finding]:
    """What a sentence calls an allergy, a diagnosis or a drug without the vocabulary knowing it must be a word of the evidence."""
    text = reading.plain
    phrases = [(k, m) for k, pattern in _CALLED for m in pattern.finditer(text)]
    if setting.is_allergy and (first := _FIRST_WORDS.match(text)) is not None:
        phrases.append(("allergy", first))
    for kind, match in phrases:
        start, end = match.span("what")
        if any(n.start < end and start < n.end and "observation" not in n.kinds for n in reading.names):
            continue
        words = {_stem(w) for w in content_words(match["what"]) - COMMON - MONTH_WORDS - _NOT_NAMES}
        if words and not words & {_stem(w) for w in against.said.words}:
            yield unsupported(kind, match["what"].strip(), (start, end), "no result names it")


def judge_strangers(reading: Reading, against: Against, judged: Sequence[Finding]) -> Iterator[Finding]:
    """A statement about the patient that shares no word with anything that was looked up."""
    text = reading.plain
    if (
        any(f.kind != "date" for f in judged)
        or reading.names
        or reading.amounts
        or not _ABOUT_PATIENT.match(text)
        or _NO_STATEMENT.search(text)
    ):
        return
    words = {_stem(w) for w in content_words(text) - LIGHT - _NOT_NAMES}
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
        return absence(name, kind, reading, said)
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
        family = [s for s in here if s.name.state is State.FAMILY]
        of_one = [s for s in family if s.name.relative]
        if name.relative and of_one:  # where the results say whose it is, it must be that relative's
            family = [s for s in of_one if s.name.relative == name.relative]
        if family:
            return supported(kind, name.text, span, family[0].source)
        return unsupported(kind, name.text, span, "no result says this of that relative")
    if kind == "allergy":
        return _allergy(name, here, wider, span)
    if "condition" in name.kinds and name.is_allergy:  # a reaction
        return supported(kind, name.text, span, here[0].source)
    return _presence(name, kind, here, wider, reading)


def _taken(name: Name, reading: Reading) -> Name:
    """A drug with how often it is taken, and no word of the past, is said to be taken now."""
    if name.is_explicit or name.state is not State.PRESENT or TREATMENTS.isdisjoint(name.kinds):
        return name
    dosed = any(o.start == name.start for _, owners in reading.frequencies for o in owners)
    resumed = not reading.dates and _RESUMED.match(reading.text, name.end) is not None
    now = resumed or (dosed and not _PAST_TENSE.search(reading.text))
    return replace(name, is_explicit=True) if now else name


def _same_stage(name: Name, said: SaidName) -> bool:
    """Whether the line of a wider name gives the stage or number that the narrower one has ("CKD stage 3B")."""
    stage = re.search(r"\b(?:stage|grade|type|class)\s*\w*\d\w*", name.text.lower())
    return stage is not None and re.search(rf"\b{re.escape(stage[0])}\b", said.source.quote.lower()) is not None


def _allergy(name: Name, here: Sequence[SaidName], wider: Sequence[SaidName], span: tuple[int, int]) -> Finding:
    mine = [s for s in here if s.name.is_allergy]
    there = [s for s in mine if s.name.state in HERE]
    recorded = [s for s in there if not s.is_testimony]
    absent = [s for s in (*mine, *wider) if s.name.is_allergy and s.name.state is State.ABSENT and not s.is_testimony]
    if recorded or (there and (name.is_attributed or not absent)):
        return supported("allergy", name.text, span, (recorded or there)[0].source)
    if absent:
        return contradicted("allergy", name.text, span, "the record has no such allergy", absent[0].source)
    return unsupported("allergy", name.text, span, "no result says that it is an allergy")


def _presence(name: Name, kind: str, here: Sequence[SaidName], wider: Sequence[SaidName], reading: Reading) -> Finding:
    text, span = name.text, (name.start, name.end)
    mine = [s for s in here if not (s.name.is_allergy and kind == "drug") and not s.name.is_family]
    recorded, wanted = _recorded(name, kind, mine), _wanted_states(name, kind)
    is_over = kind == "drug" and State.PRESENT not in wanted and not name.is_attributed
    if is_over and not _is_of_one_order(name, reading, here):
        taken = next((s for s in recorded if s.name.state is State.PRESENT and s.name.is_explicit), None)
        if taken is not None:  # an earlier order of it is over, and the drug is not
            return contradicted(kind, text, span, "the record has it as active", taken.source)
    hit = next((s for s in recorded if s.name.state in wanted), None)
    if hit is not None and any(s.name.state is not State.ABSENT for s in recorded):
        return supported(kind, text, span, hit.source)
    # The record speaks otherwise: an attributed sentence may still say what the note says.
    # That a drug was given once is not that it is taken.
    is_now = kind == "drug" and wanted == {State.PRESENT} and not name.is_attributed
    noted = [s for s in mine if s.is_testimony and (s.name.is_explicit or not is_now)]
    said_in_note = next((s for s in noted if s.name.state in wanted), None)
    if name.is_attributed and said_in_note is not None:
        return supported(kind, text, span, said_in_note.source)
    other = _otherwise(kind, recorded, wider, here)
    if other is not None:
        return contradicted(kind, text, span, other[0], other[1].source)
    if said_in_note is not None:
        return supported(kind, text, span, said_in_note.source, reason="only a note says so")
    # What a tool names without a claim may be named again; what a note only thinks of is no finding.
    is_named = (recorded or kind in {"procedure", "vaccination"}) and not name.is_explicit
    if is_named and all(s.name.state in {State.CONSIDERED, State.NAMED} for s in mine):
        return supported(kind, text, span, mine[0].source)
    states = sorted({s.name.state.value for s in here})
    return unsupported(kind, text, span, f"the results name it only as {', '.join(states) or 'something else'}")


def _recorded(name: Name, kind: str, mine: Sequence[SaidName]) -> list[SaidName]:
    """What the record says of a name, what is so now first: that is what is quoted."""
    recorded = [s for s in mine if not s.is_testimony]
    if name.is_explicit and name.state is State.PRESENT:
        if kind == "drug":  # a germ's susceptibility is no order
            recorded = [s for s in recorded if s.name.is_explicit or s.source.origin != "record"]
        recorded = [s for s in recorded if s.name.is_explicit] or recorded  # the list speaks before a passing mention
    return sorted(recorded, key=lambda s: s.name.state is not State.PRESENT)


def _otherwise(
    kind: str, recorded: Sequence[SaidName], wider: Sequence[SaidName], here: Sequence[SaidName]
) -> tuple[str, SaidName] | None:
    """What the record says otherwise of a name, and where."""
    other = next((s for s in recorded if s.name.state in HERE), None)
    if other is not None:
        return f"the record has it as {'stopped or past' if other.name.state is State.PAST else 'active'}", other
    absent = [s for s in (*recorded, *wider) if s.name.state is State.ABSENT and not s.is_testimony]
    absent = [s for s in absent if not s.name.is_allergy]
    if absent:
        return "the results say that it is not there", absent[0]
    allergies = [s for s in here if s.name.is_allergy and not s.is_testimony and s.name.state in HERE]
    if kind == "drug" and not recorded and allergies:
        return "the record has it as an allergy", allergies[0]
    return None


def _wanted_states(name: Name, kind: str) -> set[State]:
    """In which states the evidence must have a name for what is said of it to be so."""
    if name.state is State.PRESENT or not name.is_ended or kind in {"procedure", "vaccination"}:
        is_now = name.state is State.PRESENT and name.is_explicit and kind in {"drug", "condition"}
        return {State.PRESENT} if is_now else set(HERE)
    return {State.PAST, State.ABSENT} if kind == "drug" else {State.PAST}


def _is_of_one_order(name: Name, reading: Reading, here: Sequence[SaidName]) -> bool:
    """Whether a sentence speaks of one dose of a drug, or of the day of an order that is over, and so not of the drug as such."""
    if any(o.start == name.start for a in reading.amounts for o in a.owners):
        return True
    over = [day for s in here if s.name.state is not State.PRESENT for day in s.days]
    return any(d.date.covers(day) for d in reading.dates for day in over)


def _is_measured(name: Name, reading: Reading) -> bool:
    """Whether a name stands with an amount that no dose has."""
    return any(
        a.number.unit and a.number.unit not in MASS_UNITS and any(o.start == name.start for o in a.owners)
        for a in reading.amounts
    )
