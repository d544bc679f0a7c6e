"""What a note really claims where it names a drug, a problem or an allergy: that it is denied, taken, or only told of.

An extracted fact is a name with an assertion. Before it is held against the record, the sentence around it is read: "no
new ascites" denies no ascites, "treated with levofloxacin, 7 days" lists nothing as taken now.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from domain.facts import Fact, FactKind
from tools.context import ToolContext
from tools.untrusted import inert_text

STOPPED = frozenset({"stopped", "held", "discontinued"})
_NOT_TAKEN = STOPPED | {"given", "not taking"}
_SENTENCE_END = re.compile(
    r"(?<=[.!?])\s+(?=[A-Z0-9*\"(])|\n\s*\n|\n(?=[ \t]*(?:\d{1,2}[.)]|[-*•#])[ \t])|\n(?=[A-Z][\w /&-]{2,40}:)"
)
_NARROWED = re.compile(
    r"\b(?:new|further|recurr\w+|additional|worsening|residual|active|uncontrolled|acute|more|signs? of|flare of|overt|gross"
    r"|increas\w+|chang\w+ in|progress\w+ of|reason for|need for|tense|significant)\b[\w\s-]*$",
    re.IGNORECASE,
)  # fmt: skip
# What follows a name and makes it something else: "no gout flare" does not deny gout, a "latex-free" room no allergy.
_OTHER_THING = re.compile(
    r"[\s-]*(?:free\b|flares?\b|exacerbations?\b|attacks?\b|recurrence|relapse|progression|crisis|symptoms?\b|complications?\b|decompensation"
    r"|medications?\b|meds\b|treatment\b|therapy\b|education\b|teaching\b|testing\b)",
    re.IGNORECASE,
)  # fmt: skip
_SET_RIGHT = re.compile(
    r"\b(?:incorrect|wrong|erroneous|in error|not (?:correct|true|accurate)|false|disproved|contrary)\b", re.IGNORECASE
)
# It was put into the wrong chart: "a dx of hypertension was filed here. They belong to a different pt".
_NOT_OURS = re.compile(
    r"\b(?:belong\w* to (?:a |an |the )?(?:different|another|other|wrong)|(?:wrong|different|another|other) (?:patient'?s?|pt'?s?|chart)\b|misfiled|filed (?:here )?in error"
    r"|(?:entered|charted|documented) in error|not (?:this|our) (?:patient|pt)\b)",
    re.IGNORECASE,
)
_BEFORE_IT, _AFTER_IT = 80, 160
# The problem is why something else is denied: "No NSAIDs (CKD)", "no contrast given CKD", "not on a statin for diabetes".
_AS_REASON = re.compile(
    r"\b(?:no|not|never|avoid\w*|without|denies|denied|off|hold|held|stop\w*|contraindicated)\b[^.;\n]*(?:\([^)]*|\b(?:d/t|due to|because(?: of)?|given|secondary to|owing to|despite|for"
    r"|in (?:view|light|the setting|the context) of)\b[^.;,\n]*)$",
    re.IGNORECASE,
)  # fmt: skip
_HEADING = re.compile(r"\s*(?:#+[^\n]*|[^\n]{2,40}:|[A-Z][A-Z /&-]{3,40})\s*\n\s*")
_DENIAL = re.compile(r"\b(?:NKD?A|no|none|not|denies|denied|nil|negative|without|never)\b", re.IGNORECASE)
# Before a drug: it was given, or is only spoken about. To the end of the sentence.
_ONLY_TOLD_OF = re.compile(
    r"\b(?:treated with|received|completed|finished|courses? of|(?:was|were) (?:given|on|taking|started)|had been|status post|s/p|h/o|history of"
    r"|asks? (?:whether|if|about)|told (?:no|to (?:stop|avoid))|avoid\w*|stop(?:ped|s)?|discontinu\w+|d/c'?d?|no longer|not (?:on|taking)|off(?= )|held|hold|holding"
    r"|changed from|switched from|instead of|rather than|replac\w+|flagged|interact\w+|reaction to|allerg\w+ to|intoleran\w+|fail\w+|tried|previously|formerly|used to"
    r"|declin\w+|refus\w+|consider\w*|discuss\w*|if|would|recommend\w*|prior|past)\b",
    re.IGNORECASE,
)  # fmt: skip
# After a drug, in its own clause: its end.
_ENDED = re.compile(
    r"\b(?:finished|completed|stopped|discontinued|d/c'?d?|held|ended|no longer|changed to|switched to|replaced|(?:was|were) (?:given|taken|stopped)"
    r"|until|through|not (?:taken|taking|tolerated)|caused|led to|failed|last (?:dose|taken))\b|(?<![\w-])off\b",
    re.IGNORECASE,
)  # fmt: skip
_THEN_ENDED = re.compile(r"[,;]?\s+(?:(?:and|then|so|was|were|now|since)\s+)*(?:switched|changed|replaced|stopped|discontinued|held)\b", re.IGNORECASE)  # fmt: skip
_LIST_OF_DRUGS = re.compile(
    r"(?:^|[\n.;]\s*)(?:\w+ ){0,2}(?:meds|medications?|rx)\b[^:\n.]{0,40}:[^:]*$", re.IGNORECASE
)
_CLAUSE_END = re.compile(r"[;,.]\s|\n|$")
_DURATION = re.compile(r"(\d{1,3})\s*(days?|d|weeks?|wks?|w)", re.IGNORECASE)


def sentence_of(ctx: ToolContext, fact: Fact) -> tuple[str, int]:
    """The sentence or list item of a visible note in which a fact stands, and where the fact begins in it."""
    span = fact.evidence.span
    note = ctx.chart.notes_by_id.get(span.note_id) if span is not None else None
    if note is None or span is None:
        return fact.evidence.quote, 0
    before = [m.end() for m in _SENTENCE_END.finditer(note.text, max(0, span.start - 600), span.start)]
    after = _SENTENCE_END.search(note.text, span.end)
    start = before[-1] if before else max(0, span.start - 400)
    end = after.start() if after else len(note.text)
    return note.text[start : min(end, span.end + 400)], span.start - start


def said_of(ctx: ToolContext, fact: Fact, most: int = 100) -> str:
    """The words in which a fact stands, from the start of its sentence, on one line: "No history of diabetes"."""
    text, place = sentence_of(ctx, fact)
    start = max(
        text.rfind(". ", 0, place) + 2 if ". " in text[:place] else 0, text.rfind("; ", 0, place) + 1, place - most // 2
    )
    if start and text[start - 1].isalnum() and text[start].isalnum():  # not from the middle of a word
        start = text.find(" ", start, place) + 1 or place
    heading = _HEADING.match(text, start, place)
    start = heading.end() if heading is not None else start
    end = place + len(fact.evidence.quote)
    stop = re.search(r"[.;,\n]", text[end:])
    words = text[start : min(end + (stop.start() if stop else len(text)), start + 2 * most)]
    return " ".join(inert_text(words).split())


def is_set_right(ctx: ToolContext, fact: Fact) -> bool:
    """Whether the note quotes the statement only to say that it is wrong ("ED note says NKDA: incorrect"), or names another thing."""
    span = fact.evidence.span
    note = ctx.chart.notes_by_id.get(span.note_id) if span is not None else None
    if note is None or span is None:
        return False
    around, behind = note.text[max(0, span.start - 60) : span.end + 60], note.text[span.end : span.end + 24]
    if _NOT_OURS.search(note.text[max(0, span.start - _BEFORE_IT) : span.end + _AFTER_IT]):
        return not fact.assertion.is_negated
    other = _OTHER_THING.match(behind) or _OTHER_THING.search(fact.evidence.quote)
    return _SET_RIGHT.search(around) is not None or other is not None


def denies_problem(ctx: ToolContext, fact: Fact) -> bool:
    """Whether a fact denies a problem: not one of its kinds ("no new ascites"), not a mistake that the note reports."""
    said = fact.assertion
    if fact.kind is not FactKind.CONDITION or not said.is_negated or said.is_family or is_set_right(ctx, fact):
        return False
    text, place = sentence_of(ctx, fact)
    if _NARROWED.search(text[max(0, place - 30) : place]) or _AS_REASON.search(text[max(0, place - 80) : place]):
        return False
    return not _is_asserted_beside(ctx, fact)


def _is_asserted_beside(ctx: ToolContext, denied: Fact) -> bool:
    """Whether the same note also says that the patient has it: the denial is then somebody else's ("ED chart said no DM; she HAS diabetes")."""
    span = denied.evidence.span
    same = {denied.concept_id} | ctx.lexicon.vocabulary.descendants("condition", denied.concept_id)
    return any(
        f.kind is FactKind.CONDITION
        and f.concept_id in same
        and not (f.assertion.is_negated or f.assertion.is_family or f.assertion.is_hypothetical)
        for f in (ctx.chart.facts_by_note.get(span.note_id, ()) if span is not None else ())
    )


def denies_allergy(ctx: ToolContext, fact: Fact) -> bool:
    """Whether a fact denies an allergy, or all of them; "reaction to metoclopramide, resolved" does not."""
    if fact.kind is not FactKind.ALLERGY or fact.assertion.is_family or is_set_right(ctx, fact):
        return False
    if fact.concept_id == "no_known_allergies":
        return True
    if not fact.assertion.is_negated:
        return False
    text, place = sentence_of(ctx, fact)
    return (
        _DENIAL.search(text[:place]) is not None
        or _DENIAL.search(text[place : place + 60].partition(",")[0]) is not None
    )


def affirms_allergy(fact: Fact) -> bool:
    """Whether a fact says that the patient has an allergy."""
    said = fact.assertion
    return (
        fact.kind is FactKind.ALLERGY
        and fact.concept_id != "no_known_allergies"
        and not (said.is_negated or said.is_family or said.is_hypothetical)
    )


def lists_as_taken(ctx: ToolContext, fact: Fact) -> bool:
    """Whether a fact lists a drug as taken when the note was written: current, not stopped, not only told of."""
    if fact.kind is not FactKind.MEDICATION or not fact.assertion.is_current_finding:
        return False
    if fact.sig is not None and fact.sig.status in _NOT_TAKEN:
        return False
    text, place = sentence_of(ctx, fact)
    before = text[:place].rpartition(":")[2].rpartition(". ")[2]
    if fact.section == "medications" or _LIST_OF_DRUGS.search(
        text[:place]
    ):  # what is said of one drug of a list does not hold for the next
        before = re.split(r"[,;\n]", before)[-1]
    before = " ".join(before.split())
    behind = text[place + len(fact.evidence.quote) :]
    ended = (
        _ENDED.search(fact.evidence.quote) or _ENDED.search(behind[: _clause_end(behind)]) or _THEN_ENDED.match(behind)
    )
    return _ONLY_TOLD_OF.search(before) is None and ended is None


def _clause_end(text: str) -> int:
    found = _CLAUSE_END.search(text)
    return min(found.start() if found else len(text), 80)


def taken_until(fact: Fact, written: datetime) -> datetime | None:
    """When a course is over that the note gives with its length in days or weeks ("levofloxacin, 7 days"); None for others."""
    stated = fact.sig.duration if fact.sig is not None else ""
    found = _DURATION.fullmatch(stated.strip())
    if found is None or re.search(rf"\b(?:from|at|by|since|in|after) {re.escape(stated)}", fact.evidence.quote):
        return None
    return written + timedelta(days=int(found[1]) * (7 if found[2].lower().startswith("w") else 1))
