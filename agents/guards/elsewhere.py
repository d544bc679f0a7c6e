"""Whether a question means a patient by place, order or description who is not the open one: "bed 4", "my 10 o'clock".

The open patient is "this lady", "my patient", "the patient"; a place or an order is only somebody's where a person stands
in it ("the man in the next bed"), and never of a thing ("the other knee", "the last one on the med list").
"""

from __future__ import annotations

import re

_PERSON = r"(?:pat(?:ie|ei|i|e)?nt|pt|person|man|woman|lady|guy|girl|boy|gentleman|gent|chap|bloke|fellow)"
_SPOT = r"(?:bed|room|bay|ward|cubicle|slot|side room|bedspace|chair|theatre|corridor|hall)"
_NTH = r"(?:first|second|third|fourth|fifth|last|next|previous|\d+(?:st|nd|rd|th)|number \d+|no\.? ?\d+)"
_OF_A_CONTACT = r"(?!\s+(?:contact|encounter|visit|note|message|communication|reported|interaction|review|experience|education|weight|records?\b))"
_LIST = r"(?:list|board|round|take|diary|schedule|session)"
_WHOSE_LIST = r"(?:my|our|your|today'?s|tomorrow'?s|this (?:morning|afternoon)'?s|the (?:theatre|clinic|ward|patient|handover|take|surgical|morning|afternoon|evening|endoscopy|outpatient|day case|ward round))"
_ELSEWHERE = re.compile(
    "|".join(
        (
            # another patient, said so
            rf"\b(?:other|another|different|next|previous|all|every|which|any other|my other|these|those|wrong)\s+{_PERSON}s?\b{_OF_A_CONTACT}(?!\s*'s chart is open)",
            rf"\b(?:the|my|our)\s+(?:last|first|second|third)\s+(?:patient|pt)(?:['’]s)?\b{_OF_A_CONTACT}",
            r"\b(?:someone|somebody|anyone|anybody) else['’]s\b|\banother (?:person|patient|pt)\b|\bnot (?:this|that) one,? (?:but )?the other\b|\bnamesakes?\b",
            r"\b(?:my|our|your|the) other (?:diabetic|hypertensive|asthmatic|smoker|inpatient|outpatient|admission|mr|mrs|ms|miss)\b",
            r"\bwhoever\b|\bthe one who (?:came|had|has|fell|got|is|was|died|left)\b(?! (?:on call|treating|looking|covering|responsible|with (?:him|her)))",
            # by a place
            rf"\b{_PERSON}\s+(?:in|from)\s+(?:{_SPOT}|(?!2\d{{3}}|19\d\d)\d{{1,3}}[a-z]?(?!\w|[.:/%-]|\s*(?:days?|weeks?|months?|years?|hours?|h|d|mins?|minutes?)\b))\b|\b(?:bed|room|bay|cubicle|slot|bedspace)\s*(?:#|no\.?|number)?\s*\d+\w?\b",
            rf"\b{_PERSON} (?:who|that) (?:was|were) (?:here|(?:in|at) (?:this|that|the) (?:bed|room|bay|place)) (?:before|earlier|last|yesterday)\b",
            r"\b(?:previous|last|next) (?:admission|occupant|one|person) (?:in|of) (?:this|that|the same|the) (?:bed|room|bay|cubicle)\b",
            rf"\b(?:{_PERSON}|one)\s+(?:across|next to|opposite|beside|down the)\b|\b{_PERSON}\s+(?:\w+\s+)?doors? (?:down|up|along)\b|\bnext door\b",
            r"\b(?:the|an?) (?:other|next|adjacent|neighbou?ring) (?:bed|room|bay|cubicle)\b|\b(?:in|at|from)\s+the\s+(?:next|other|adjacent|neighbou?ring)\s+(?:bed|room|bay|cubicle)\b|\b(?:bed|room)\s+mate\b",
            r"\bthe (?:room ?mate|neighbou?r|visitor|other (?:guy|man|woman|lady|person|chap|bloke|one in))(?:['’]?s)?\b(?!\s+(?:on the phone\s+)?(?:says?|said|thinks?|thought|reports?|told|reckons?|believes?|claims?|mention\w*))(?!.*\b(?:liv|contact|household))",
            # by an order: of a list, of the day, beside the open one
            rf"\b{_NTH}\s+(?:case|patient|pt|person|name|one|slot)?\s*(?:on|in|of|for)\s+{_WHOSE_LIST}\b(?:\s+\w+){{0,2}}?\s*{_LIST}?\b(?<!med list)",
            rf"\b{_NTH}\s+(?:patient|pt|name|person)\s+(?:on|in|of)\s+the\s+{_LIST}\b",
            r"\bmy (?:next|\d{1,2}(?::\d\d)?\s*(?:am|pm|o['’]?clock))(?:\s+(?:appointment|slot|one|patient))?(?:['’]s)?(?=\W|$)(?!\s+(?:question|step|visit|shift|move|point|thing|note))|\bthe \d{1,2}(?::\d\d)?\s*(?:am|pm|o['’]?clock)\s+(?:appointment|slot|patient|one)['’]s\b",
            rf"\b{_PERSON}\b(?:\s+\w+){{0,6}}?\s+(?:before|after)\s+(?:her|him|them|this one|that one)(?=\W|$)|(?<!\bwas )(?<!\bis )(?<!\bdid )(?<!\bhas )\bthe {_PERSON}\s+(?:before|after) (?:this|that)(?=\W*$)",
            r"\b(?:chart|one) (?:before|after) (?:her|him|them)\b|\bchart (?:before|after) (?:this|that)\b",
            # by what the asker did
            rf"\b{_PERSON}\s+(?:that |who |whom )?(?:i|we) (?:just |have just |had just )?(?:saw|had|discussed|opened|clerked|rounded on)\b|\b{_PERSON}\s+from\s+(?:last (?:week|night|month)|yesterday|this morning|earlier|clinic|the (?:meeting|round|clinic))\b",
            rf"\b{_PERSON}\s+(?:\w+\s+){{0,2}}?with the same (?:sur)?name\b|\bmy own\s+\w+|\bi had (?:my )?(?:blood|labs|a scan|tests)\b",
            # many, or by number
            r"\bpatients\s+(?:with|on|who|that)\b|\bhow many patients\b|\b(?:patient|mrn|pt|chart|record|hospital number|nhs number)\s*(?:id|number|no\.?|#)?\s*[:#]?\s*(?=[A-Z0-9-]*\d)[A-Z0-9-]{5,}\b",
        )
    ),
    re.IGNORECASE,
)
_IN_GENERAL = re.compile(
    r"\bguideline|\brecommend|\bevidence\b|\bok(?:ay)? for\b|\bsafe (?:for|in)\b|\bindicated\b|\bin general\b",
    re.IGNORECASE,
)
_ROOM_AIR = re.compile(r"\broom\s+(?:air|\d+\s*(?:l\b|lpm|lit(?:er|re)s?))", re.IGNORECASE)


def means_another_by_place(text: str) -> bool:
    """Whether a place, an order or a description names a patient who is not the open one."""
    return _IN_GENERAL.search(text) is None and _ELSEWHERE.search(_ROOM_AIR.sub(" ", text)) is not None
