"""What a question asks of the one procedure or vaccine that it names: who, where, why, whether due, whether refused.

Whether and when it was done is what likeness to exemplars finds; these facts stand in few words, whatever the frame.
The subject stands in the text as X; the first entry whose words are there and whose exceptions are not decides.
"""

from __future__ import annotations

import re

from agents.embedded.reading.reader import Question, Variant
from agents.embedded.reading.record_names import RecordNames
from agents.embedded.routing.asked_tables import Asks, asks
from agents.embedded.routing.router import SURE, Route

_DUE = (
    r"\bdue\b(?! to)|\boverdue\b|\bup[- ]to[- ]date\b|\bwhen (?:is|are|should|will)\b.{0,40}\bnext\b|\bnext\b.{0,20}\b(?:X|due|dose|shot|jab|booster|one)\b"
    r"|\bneeds?\b.{0,25}\b(?:X|another|booster|vaccin\w*|shots?|jabs?|more|repeat\w*)\b|\bseries\b|\bcourse\b.{0,12}\b(?:complete|finish)\w*|\bcomplete[ds]?\b|\bfully (?:vaccinated|immuni[sz]ed|covered)\b"
    r"|\boutstanding\b|\bmissing\b.{0,20}\b(?:vaccin\w*|shots?|jabs?|immuni[sz]\w*)|\bbehind (?:on|with)\b|\bcurrent (?:on|with|for)\b|\beligible\b|\bwhen to repeat\b|\bsurveillance\b"
)
_FINDINGS = r"\bshow\w*|\bfind\w*|\bfound\b|\bresults?\b|\breports?\b|\breveal\w*|\bpain\b|\bhurt\w*"
_AGO = r"\bhow (?:long|many (?:days|weeks|months|years)) (?:ago|since|has it been)\b|\b(?:time|days|weeks|months|years) (?:elapsed |passed )?since\b"
_ON_WHICH_DAY = r"\bwhen\b|\bdates?\b|\b(?:what|which) day\b"
_ENDED = r"\bfinish\w*|\bend(?:s|ed|ing)?\b|\bstop\w*|\bceas\w*|\bcomplet(?:e|ed|ion)\b|\bdiscontinu\w*|\b(?:c[ao]me|go|went|take[n]?|turned|wean\w*|off) off\b|\boff X\b|\bX off\b|\bover\b|\bconclud\w*|\bwrap\w* up\b|\bterminat\w*"
_NOT = r"(?:\bnot\b|n['’]t\b|\bnever\b)"
_REFUSED = r"\brefus\w*|\bdeclin\w*|\bturn(?:ed)? down\b|\bsaid no\b|\bsay no\b|\bopt(?:ed)? out\b|\bcancel\w*"
_OF_PROCEDURE: tuple[Asks, ...] = (
    asks("procedure.why_not", rf"\b(?:why|reason|how come)\b.{{0,50}}(?:{_NOT}|{_REFUSED})"),
    asks("procedure.declined", rf"\b(?:did|has|have|was|were|ever)\b.{{0,30}}(?:{_REFUSED})", r"\bwhat\b|\bwhen\b"),
    asks("procedure.since", _AGO, r"\btook\b"),
    asks("procedure.end", rf"(?=.*(?:{_ON_WHICH_DAY}))(?=.*(?:{_ENDED}))|\bX\b.{{0,12}}\bend date\b|\blast (?:session|treatment|fraction|day) of X\b", r"\bplan\w*|\bwill\b|\bshould\b|\bdue\b|\bafter\b|\bsince\b|\bwhy\b"),
    asks("report.has", r"\bX\b.{0,15}\b(?:normal|abnormal|clear|negative|positive)\b|\bX results?\b|\bresults? (?:of|from|for)\b|\bfindings?\b|\bwhat did\b.*\bX\b.*\bshow", r"\bwhen\b|\bdate\b|\bsafe\b"),
    asks("procedure.duration", r"\bhow long (?:did|was|were|does|do)\b.{0,40}\bX\b(?:.{0,10}\b(?:take|last|go on)\b|\W*$)|\bduration of\b.{0,20}\bX\b|\bX\b.{0,10}\bduration\b|\bhow long X\b"),
    asks("procedure.who", r"\bwho\b|\bby whom\b|\bwhich (?:surgeon|doctor|clinician|consultant|team|physician|provider)\b|\b(?:what|whose|the) (?:surgeon|operator)\b|\bsurgeon\b.{0,12}\bX\b|\bX\b.{0,12}\bsurgeon\b",
          r"\bshould\b|\bwill\b|\brefer\w*|\brequest\w*|\border\w*|\bsuggest\w*|\brecommend\w*|\bcame\b|\btold\b|\bwants?\b|\badvis\w*"),
    asks("procedure.where", r"\bwhere\b|\bwhich (?:hospital|clinic|site|cent(?:er|re)|facility)\b|\bwhat (?:hospital|clinic|facility)\b", rf"{_FINDINGS}|\bbleed\w*|\bleak\w*|\bincision\b|\bscar\b|\bline\b|\bsited\b|\bcatheter\b|\bvein\b|\bvessel\b|\btube\b|\btip\b"),
    asks("procedure.due", _DUE, r"\bto do\b.*\bX\b.*\bthis (?:week|month)\b|\bresult"),
    asks("procedure.reason", r"\bwhy\b|\breasons?\b|\bindications?\b|\bwhat\b.*\bfor\W*$|\bfor what\b|\bhow come\b",
          r"\bnot\b|n['’]t\b|\bcancel\w*|\brefus\w*|\bdeclin\w*|\bstop\w*|\bdelay\w*|\bpostpon\w*|\babandon\w*|\bneeds?\b|\bshould\b|\brepeat\w*|\bfail\w*|\badmitted\b|\bnever\b"),
)  # fmt: skip
_OF_VACCINE: tuple[Asks, ...] = (
    asks("immunization.why_not", rf"\b(?:why|reason|how come)\b.{{0,50}}(?:{_NOT}|{_REFUSED})"),
    asks("immunization.declined", rf"{_REFUSED}|\bnot (?:given|done)\b|\bwithh[eo]ld\w*"),
    asks("immunization.since", _AGO),
    asks("immunization.due", _DUE, r"\bwhen was\b|\bhow many\b"),
    asks("immunization.lot", r"\b(?:lot|batch)\b(?:\W+(?:no|num\w*|nr|code|#))?|\bwhich (?:arm|site|side)\b|\bsite of\b|\binjection site\b"),
    asks("immunization.count", r"\bhow many\b|\bnumber of\b|\bcount\b", r"\bago\b|\bsince\b"),
    asks("immunization.last", r"\bwhen\b|\bdates?\b|\b(?:what|which) day\b|\bhow (?:recent\w*|long ago)\b|\b(?:last|latest|most recent|newest)\b.{0,20}\bX\b", r"\bafter\b|\bside effects?\b|\breact\w*|\bshould\b|\bplan\w*"),
    asks("immunization.has", r"\b(?:has|have|had|did|was|were|is|are|does|any|ever|been)\b.{0,50}\bX\b|\bX\b.{0,30}\b(?:documented|recorded|on file|on record|given|done|administered|received)\b", r"\bafter\b|\bside effects?\b|\breact\w*|\bwh(?:y|o|ere|at|ich)\b|\bhow\b|\bplan\w*|\bshould\b|\ballerg\w*|\bsafe\b|\bok(?:ay)?\b|\bcan\b|\btold\b|\bsa(?:y|id|ys)\b"),
)  # fmt: skip
_VACCINES = re.compile(r"\b(?:vaccin\w*|immuni[sz]\w*|imms\b|jabs?|shots?|boosters?|vax\w*)\b", re.IGNORECASE)


def asked_of_event(question: Question, text: str, record: RecordNames) -> Route | None:
    """The fact of a procedure or a vaccine that is asked for; None where neither is named, or no such fact."""
    found = _naming(question, "immunization", record) or _naming(question, "procedure", record)
    if found is not None:
        variant, kind = found
        slot = variant.slots[0]
        masked = f"{text[: slot.start]}X{text[slot.end :]}"
        table = _OF_VACCINE if kind == "immunization" else _OF_PROCEDURE
    elif _VACCINES.search(text) and not any(s.known for v in question.variants for s in v.slots):
        variant, masked, table = question.variants[0].model_copy(update={"slots": ()}), text, _OF_VACCINE[:4]
    else:
        return None
    intent = next((a.intent for a in table if a.holds(masked)), None)
    return Route(intent, SURE, variant) if intent is not None else None


def _naming(question: Question, kind: str, record: RecordNames) -> tuple[Variant, str] | None:
    """A reading in which the event is the one thing that its clause names; what the record has comes first."""
    fits = []
    diseases = {s.start for v in question.variants for s in v.slots if s.known and s.kind == "condition"}
    for variant in question.variants:
        known = [s for s in variant.slots if s.known]
        named = [s for s in known if s.kind == kind]
        if len(named) != 1 or (named[0].start in diseases and not _VACCINES.search(question.text)):
            continue  # "when did she get covid": the disease
        clause = question.text.rfind(",", 0, named[0].start)  # "starting a biologic, is a flu shot documented"
        if all(s == named[0] or s.end <= clause for s in known):
            fits.append((variant.model_copy(update={"slots": (named[0],)}), kind))
    return next((f for f in fits if record.has(kind, f[0].slots[0].id)), fits[0] if fits else None)


_NTH = {"first": 1, "1st": 1, "initial": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}  # fmt: skip
_DOSE_NO = re.compile(r"\b(?:dose|shot|jab|part|number|no\.?|#)\s*#?(?P<n>[1-6])\b|#(?P<n2>[1-6])\b", re.IGNORECASE)
_NTH_DOSE = re.compile(rf"\b(?P<nth>{'|'.join(_NTH)})\b(?!\s+(?:to|from|last|most|of\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)))", re.IGNORECASE)  # fmt: skip


def dose_asked(text: str) -> int:
    """Which dose of a series a question names ("2nd MMR", "dose 2", "first shot"); 0 where it names none."""
    if (match := _DOSE_NO.search(text)) is not None:
        return int(match["n"] or match["n2"])
    match = _NTH_DOSE.search(text)
    return _NTH[match["nth"].lower()] if match is not None else 0
