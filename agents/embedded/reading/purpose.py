"""What a question is for, which is no part of what it asks: "for the transfer letter", "the form needs", "radiology is asking".

The document or desk that waits for the answer would else be read as a source ("letter"), a subject ("insurance") or an
order. Only documents and desks count: "the reason for the transfer" and "the plan for discharge" stay whole.
"""

from __future__ import annotations

import re

_DOCUMENT = (
    r"(?:letters?|forms?|sheets?|kardex|clerking|paperwork|proformas?|certificates?|hand-?(?:over|off)s?(?: sheet| list| note)?|white ?board|boards?|booklet|packs?|checklists?"
    r"|audits?|database|registry|application|calculator|spreadsheet|(?:drug|obs|anaesthetic|anesthetic|fluid|med(?:ication)?) charts?|discharge summary|referral|e-?mail|fax|insurance claim|slip|passport|pre-?assessment)"
)
_DESK = (
    r"(?:radiology|radiographers?|x-?ray|ct|mri|pharmacy|pharmacists?|(?:the )?labs?|theatres?|anaesthe\w+|anesthe\w+|insurance|insurers?|insurance company|occupational health|dvla|the ward|wards?|bed managers?|switchboard|blood bank"
    r"|dietitians?|dietetics|physios?|(?:the )?gps?|gp surgery|nursing home|care home|coroner|social work\w*|coders?|coding|registry|research nurse|icu|itu|hdu|the unit|transport|ambulance|reception|admissions|outpatients|clinic|cardiology|renal|oncology|surgeons?|registrar|consultant|boss|attending|team|matron|school|employer|dentists?|podiatry)"
)
_FOR_IT = re.compile(
    r"(?<![\w])(?:\s*[,;–-]+\s*|\s+)?\b(?:(?:just |needed |need it |want it |it's |its |this is |going |to go )?(?:for|to put (?:in|on|into)|to go (?:in|on|into|to)|going (?:in|on|into|to)|to (?:complete|fill in|finish|update|do)|in(?:to)? time for)|so i can (?:put it in|fill in|finish|do|complete|write))\s+"
    rf"(?:(?:the|a|an|my|our|his|her|their|this|that|these|those|front|top|of)\s+)+(?:[\w/'-]+\s+){{0,4}}?{_DOCUMENT}\b(?:\s+(?:please|pls|thanks|thank you|today|now|asap|tomorrow))*(?=\s*(?:[?.!,;:–-]|$))",
    re.IGNORECASE,
)
_NOT_PURPOSE = re.compile(
    r"\b(?:reasons?|indications?|indicated|plans?|needs?|criteria|instructions?|ready|fit|consent|request|requested|wait\w*|why|referred|due|asked|ask|look\w*|search\w*|booked|scheduled|what|need|exception|check\w*|is|are|was|were)\s*$",
    re.IGNORECASE,
)
_FRONT = re.compile(
    rf"^\W*(?:this is |it's |just )?for\s+(?:(?:the|a|an|my|our|his|her|their|this|that)\s+)(?:[\w/'-]+\s+){{0,4}}?{_DOCUMENT}\s*[:,;–-]+\s*(?=\S.{{5,}})",
    re.IGNORECASE,
)
_WAITS = re.compile(
    rf"^\W*(?:sorry,?\s+|hi,?\s+|ok,?\s+)?(?:(?:the|a|an|my|our|his|her|their|this|that)\s+)*(?:[\w/'-]+\s+){{0,2}}?(?:{_DOCUMENT}|{_DESK})\s+"
    r"(?:(?:is|are|has|have|just|still|also|now|keeps?|rang|called|phoned|bleeped|on the phone|that)\s+)*(?:needs?|wants?|requires?|asks? for|asks?|asked for|asked|asking for|asking|after|looking for|wanting|needing|would like|rang for|called for|phoned for|querying|chasing|insists? on|calls for|has a (?:box|field|line|space) for)\s+(?!(?:him|her|them|us|me|to (?!know|have|see))\b)(?:to know\s+|to have\s+|to see\s+|me for\s+|us for\s+|about\s+)?(?=\S.{5,})",
    re.IGNORECASE,
)

_INDIRECT = re.compile(r"^(?:if|whether)\s+(?=\w)", re.IGNORECASE)  # "wants to know if he takes": nothing is supposed


def without_purpose(text: str) -> str:
    """The question without the words that say what, or who, its answer is for."""
    shorter = _FRONT.sub("", text, count=1)
    if (waits := _WAITS.match(shorter)) is not None:
        shorter = _INDIRECT.sub("whether ", shorter[waits.end() :])
    found = _FOR_IT.search(shorter)
    if found is not None and not _NOT_PURPOSE.search(shorter[: found.start()]):
        shorter = f"{shorter[: found.start()]}{shorter[found.end() :]}"
    return (
        shorter
        if len(shorter.split()) >= 2 or (shorter.strip() and shorter != text and len(shorter.strip()) > 2)
        else text
    )
