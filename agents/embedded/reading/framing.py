"""What stands around a question and is not asked: who wants to know, what for, where the asker is.

"Seeing him at 3, what was the last K?", "is she on warfarin? The pharmacist is on hold", "any allergies - so I can finish
the letter". Such a clause has the asker, a third party who asks, an occasion or a courtesy as its subject, and names
nothing of the record; the clause beside it asks. What places the question in time ("since the discharge, ...") or names
its source ("in the referral letter, ...") is no framing and stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agents.embedded.reading.units_asked import unit_of
from agents.embedded.routing.asked_words import says_any_of
from agents.embedded.routing.beyond_lists import TOLD_IN_WORDS
from agents.guards import RELATIONS
from tools.concepts import Lexicon

_LONGEST = 16  # words; what is longer tells something
_I = re.IGNORECASE
_FILLER = r"(?:(?:so|right|ok(?:ay)?|hi|hey|well|just|um+|uh|now|and|but|sorry|currently|quickly|still|also|yes|yeah|am|i'?m|i am|we'?re|we are)[\s,]+)*"
_DOCUMENT = r"(?:forms?|paperwork|letters?|summar(?:y|ies)|notes?|referrals?|reports?|handover|sheet|certificate|application|audit|drug chart|prescription|script|consent|list|records?|file|documentation|auth\w*|round|meeting|mdt|clinic)"
_WHO = (
    rf"(?:(?:the|my|his|her|their|our|a|this|\w+['’]s)\s+)*(?:\w+\s+)?(?:pharmac(?:y|ist)|family|relatives?|{RELATIONS}|parents?|carers?|nurses?|nursing|matron|gp|gp surgery|surgery|practice|pcp|anaesthe\w+|anesthe\w+|lab|insur\w+|reg|registrar|consultant|attending|boss|"
    r"resident|intern|fellow|surgeons?|team|ward|students?|patient|pt|someone|somebody|form|paperwork|theatres?|radiology|radiographer|radiologist|clinic|school|coroner|coders?|physio\w*|ot|social worker|dieti[tc]ian|bed manager|ambulance|crew|paramedics?|"
    r"cardiology|nephrology|neurology|surgical team|micro\w*|haem\w*|psych\w*|dentist|optician|occ(?:upational)? health|employer|lawyer|solicitor|\w+ologist|nurse in charge|charge nurse|care home|nursing home|hospice)"
)
_WANTS = (
    r"(?:(?:written|wrote) (?:in |to us |back )?(?:asking|wanting|requesting)|asking|asked|asks?|want(?:s|ed|ing)?|needs?|wondering|wonder(?:s|ed)|rang|ringing|rings|called|calling|calls|phoned|phoning|checking|check(?:s|ed)|quer(?:y|ied|ies|ying)|bleeped|paged|paging|messaged|emailed|texted|waiting|on hold|on the (?:phone|line|other line)|"
    r"chasing|chased|keen|insist\w*|request\w*|requir\w+|breathing down|standing|here|outside|curious|worried and|said (?:i|we) (?:should|need)|told me to)"
)
_AUX = r"(?:\s+(?:is|are|was|were|has|have|had|'s|just|also|still|keeps?|now|all|both|been|only|really))*"
_DOING = (
    r"(?:seeing|reviewing|rounding|clerking|admitting|discharging|covering|calling|ringing|phoning|writing|typing|doing|filling|filing|completing|preparing|prepping|finishing|signing|looking|going (?:through|over|round|to see|in|into)|coming (?:round|to|up|back)|taking over|"
    r"handing|sitting|standing|working|trying|checking|chasing|updating|consenting|about to|getting (?:ready|him|her|the|this|a|everything|things|set|my)|heading|picking up|following up|running|dictating|catching|reading|scrubbing|rushing|meeting|speaking|talking|putting|drafting|"
    r"(?:got|been|was|being) (?:just )?(?:bleeped|paged|called|asked|told|phoned|rung|handed)|on (?:the (?:phone|line|ward|way|unit|computer|call|round)|call|nights|rounds?|my)|in (?:clinic|theatre|the (?:room|middle|clinic)|a (?:meeting|hurry|rush)|mdt|ed|resus|front of|handover|with)|at (?:the (?:bedside|desk|station)|handover|(?:his|her) bed\w*)|with (?:him|her|the (?:patient|family|student\w*)|(?:his|her) \w+)|new here|first day|off to)"
)
_EVENT = r"(?:ward rounds?|rounds?|handover|hand-?off|sign-?out|mdt|clinic|pre-?op\w*|pre-?assessment|consent\w*|med(?:ication|s)? rec\w*|family meeting|discharge planning|theatre list|tumou?r board|case conference|audit|coding|prior auth\w*|clerking|huddle|night shift|day shift|post-?take|safety check|drug round|time-?out|board round)"
_CLAUSES = re.compile(
    "|".join(
        (
            # the asker
            rf"{_FILLER}{_DOING}\b.*",
            rf"{_FILLER}(?:so that|so|as|because|cause|cos|since|before|while|in case|if|that)?\s*(?:i|we)(?:['’](?:m|ve|d|ll|re))?\s+(?!(?:gave|started|stopped|changed|increased|reduced)\b).*",
            rf"{_FILLER}(?:need(?:s|ed)?|want(?:ed)?|have|got|had) (?:this|it|that|to|a|an|my|the)\b.*",
            rf"{_FILLER}(?:couldn'?t|can'?t|cannot|could not|didn'?t|did not|don'?t|haven'?t) (?:find|see|spot|locate|recall|remember|know|read|make out|quite)\b.*",
            r"(?:my|our) (?!patient|pt)\w+.*",
            # somebody who asks
            rf"{_FILLER}(?:as |because |since |while |and |with )?{_WHO}{_AUX}\s+{_WANTS}\b.*",
            rf"{_FILLER}(?:he|she|they)(?:'s| is| are| has| have)?\s+(?:just |also |only |now |keeps? )*(?:asking|asked (?:me|us)|wants? to know|wanted to know|wondering|wonders|waiting|on hold|on the (?:phone|line|table|trolley)|here|outside|next|leaving|(?:down |up |off |out |back |over )*(?:in|at|for|to|going|about) (?:to |for )?(?:the )?(?:ct|mri|scan\w*|theatre|x-?ray|imaging|recovery|the room|waiting room|reception|discharge\w*|clinic|front of me|my room|go\b|be (?:seen|discharged))).*",
            rf"{_FILLER}asking (?:for|on behalf of)\b.*",
            # an occasion, a purpose
            rf"{_FILLER}(?:for|doing|re|at|on|in|during|quick|about)?\s*(?:(?:the|my|our|his|her|a|this|tomorrow'?s|today'?s|morning|evening|afternoon|\w+day'?s?)\s+)*(?:[\w-]+[- ]){{0,2}}{_EVENT}(?:\s+(?:at|on|for|in|today|now|tomorrow|this|with|time|prep|tonight|starts?|coming|is|just)\b.*)?",
            rf"{_FILLER}(?:for|to (?:finish|complete|go in(?:to)?|put in(?:to)?|include in|fill in|update|sign off|send with|attach to|do)|need(?:ed)? for|wanted for|required for|goes in(?:to)?|going in(?:to)?|as part of)\s+(?:(?:the|my|our|his|her|a|an|this|their)\s+)*(?:[\w-]+\s+){{0,3}}?(?:{_DOCUMENT}|pharmac\w+|gp|family|team|lawyer|insur\w+|consultant|student\w*|anaesthe\w+|anesthe\w+)\b.*",
            rf"(?:(?:the|this|that|my|an?)\s+)?(?:\w+[- ]){{0,2}}{_DOCUMENT}\s+(?:in front of me|is (?:due|waiting|open)|wants?|needs?|asks?|requires?|due)\b.*",
            # courtesies
            r"(?:right|next|ok(?:ay)?|so|now)(?: then)?,?",
            r"(?:a |one |another |just a |just one |last |next )*(?:quick |last |final |small |silly |simple |stupid )*(?:one|question|thing|q|query|ask|check|favou?r)(?: (?:before|for|on|about|more|please|if|while|from|from me|then)\b.*)?",
            r"(?:sorry|apologies|thanks|thank you|thx|ty|cheers|ta|no rush|not urgent|urgent\w*|asap|stat|quickly|hurry|please|pls|hi|hello|hey|good (?:morning|afternoon|evening)|morning|evening|hope|bear with|excuse|much appreciated|appreciate\w*|when(?:ever)? you (?:have|get|can|'ve)|if (?:you|it|that|at all|available|known|possible|there is|recorded|documented|on file|poss)\b(?! \w+ \d)|or so\b|and that'?s (?:all|it)|that'?s (?:all|it)|over to you|new here|many thanks|will do|theatre waiting|ct waiting|thanks in advance)\b.*",
            r"(?:just |only |really )*(?:checking|curious|wondering|to be (?:sure|safe|clear|certain)|want(?:ing)? to (?:be|make) (?:sure|certain)|asking|double[- ]?checking|making sure|confirming|verifying|a sanity check|so (?:i|we) know)\b.*",
        )
    ),
    _I,
)
# A courtesy is one whatever words it is made of: "sorry to be a pain".
_COURTESY = re.compile(
    r"(?:sorry |apologies )?(?:(?:to|for) (?:be(?:ing)? (?:a |such a )?(?:pain|nuisance|bother|pest)|bother\w*|troubl\w*|interrupt\w*|keep (?:on )?asking|ask(?:ing)? again|chas\w+|disturb\w*|hassl\w+)|i know (?:this|it)['’]?s (?:a pain|silly|basic)).*",
    _I,
)
_ASKS = re.compile(
    r"^\W*(?:and |so |but |also )*(?:what|when|where|which|who|whose|why|how|is (?!asking)|are|was|were|did|does|do (?:we|you|they)|has (?!asked)|have (?:we|you)|any|list|show|give|tell|find|pull|latest|last|current|most|can you|could you|please (?:tell|give|show|list|find|confirm))\b",
    _I,
)
# "we started it in May", "since then": what the question leans on.
_LEANS = re.compile(r"\b(?:since then|after that|before that|it|that one|those|them|then)\b", _I)
_WANTS_TO_KNOW = re.compile(
    rf"^\W*{_WHO}{_AUX}\s+(?:(?:on (?:the )?(?:other )?(?:phone|line|hold)|here|outside|in the room|at the (?:desk|bedside|station)),?\s+(?:and\s+)?)?(?:wants? to know|wanted to know|needs? to know|would like to know|asking|asks|asked|wondering|wonders|querying|enquiring|(?:written|wrote) (?:in |to us |back )?(?:asking|wanting|requesting))\s+(?:for\s+)?(?:(?:me|us)\b[\s,:]*)?(?:to (?:double[- ]?)?(?:check|confirm|find out|look up)\b[\s,:]*)?(?:about |if |whether )?(?=\w\S*\s)",
    _I,
)
# "I want to tell her whether it improved": what is to be told is asked.
_TO_TELL = re.compile(
    rf"^\W*{_FILLER}(?:i|we)(?:['’]?(?:d|ve|m|re))?(?: would| want| need| have| am| are| got| like| going| hope| trying| supposed)+ to (?:be able to )?(?:tell|let|inform|update|reassure|explain to|show)\s+(?:(?:him|her|them|the\s+\w+|his\s+\w+|her\s+\w+)\s+)(?:know\s+)?(?:whether|if|about)?\b\s*(?=\w)",
    _I,
)
# "Family mentioned psoriasis, do we have that on record": somebody's word, which the record is asked about.
_REPORTED = re.compile(
    rf"^\W*{_FILLER}{_WHO}{_AUX}\s+(?:mention(?:s|ed)|sa(?:ys|id)|report(?:s|ed)|claim(?:s|ed)|thinks?|thought|reckons?|swears?|insists?|believes?|told (?:me|us)|brought up|talks? (?:of|about)|talked (?:of|about))\s+(?:that\s+)?"
    r"(?:(?:he|she|they|the patient|pt)(?:['’]s| is| are| has| have| had| was| got| suffers from| on)*\s+)?(?:a |an |the |some )?(?P<what>[^,;.?]{3,60}?)\s*[,;.–-]+\s*(?:and |but )?"
    r"(?:do (?:we|you) have|have (?:we|you) got|is|was|does the (?:record|chart) (?:have|show|list|say)|can you (?:confirm|see)|any record of)\s*(?:that|it|this)?\s*(?:really |actually |also )*(?:(?:on|in) (?:the |his |her )?(?:\w+ )?(?:record|file|chart|list)s?|recorded|documented|listed|coded|so|too|as well)?\W*$",
    _I,
)
# Dictated in one breath: "so i am seeing him tomorrow and need his last crp".
_I_NEED = re.compile(
    rf"^\W*{_FILLER}(?:i|we)(?:['’]?(?:m|re|ve)| am| are| have| was| were)?\s+[^,.;:?]{{3,70}}?\s+(?:and|so|but)\s+(?:i |we )?(?:just |only |really |also )*(?:need|want|would like|require|have to have)\s+(?:to (?:know|see|check|get|have|find out|confirm)\s+)?(?=\w)",
    _I,
)
_BETWEEN = re.compile(
    r"\s*(?:[;:](?=\s)|,(?=\s)(?!\s*(?:19|20)\d\d\b)|\s[-–—]+\s|[-–—]{2,}|\.{2,}|…|[.!?](?=\s)|\n|\((?=[a-z])|\)\s*)\s*",
    _I,
)
_CLOSING = re.compile(
    r"[\s,]+(?:cheers|ta|thx|thanks(?: (?:a lot|so much|in advance|very much))?|thank you|asap|pls|please|many thanks|mate)\W*$",
    _I,
)
_ASKS_ALONE = re.compile(r"\W*(?:right|ok(?:ay)?|now|next|correct|so)\W*", _I)  # "naproxen with CKD - ok?"
_GERUND = re.compile(r"\w+ing\b", _I)  # "trouble writing, typing": the end of a list
_SO_THAT = re.compile(
    rf"\s+(?=(?:so (?:that )?(?:i|we) (?:can|could|know)\b|because (?:i|we|the|he|she)\b|as (?:i|we|the {_DOCUMENT}|{_WHO}) (?:need|am|are|is|want|was|have|asked|called|rang)\b|before (?:i|we) (?:prescribe|supply|dispense|issue|release|sign|start|give|send|see|go|call|discharge|finish|hand|write|order|do|order)\b))",
    _I,
)


_DATED = re.compile(r"\b(?:19|20)\d\d\b")  # "the lab slip of 26 June 2023": it places the question in time
_OF_A_RECORD = frozenset({"observation", "medication", "drug_class", "condition", "immunization"})


def without_framing(text: str, lexicon: Lexicon) -> str:
    """The text without the clauses around its question; a clause that names what a record holds is kept."""

    def names_in(piece: str) -> bool:
        found = lexicon.find_mentions(piece, fuzzy=False)
        if says_any_of("allergy", text) and any(t.kind == "allergen" for m in found for t in m.targets):
            return True
        return (
            bool(unit_of(piece))
            or _DATED.search(piece) is not None
            or any(t.kind in _OF_A_RECORD and t.id not in TOLD_IN_WORDS for m in found for t in m.targets)
        )

    return asked_part(text, names_in)


def asked_part(text: str, names_in: Callable[[str], bool]) -> str:
    """The text without the clauses around its question.

    Args:
        text: The question as typed.
        names_in: Whether a piece names something that a record holds; such a piece is kept.
    """
    if (told := _REPORTED.match(text)) is not None and names_in(told["what"]):
        return f"is {told['what']} on record?"
    for opening in (_WANTS_TO_KNOW, _I_NEED, _TO_TELL):
        if (lead := opening.match(text)) is not None and not names_in(lead[0]):
            text = text[lead.end() :]
    pieces = _pieces(text)
    while len(pieces) > 1 and _frames(pieces[0][1], names_in) and _can_stand(pieces[1:], text, names_in):
        pieces = pieces[1:]
    while (
        len(pieces) > 1
        and _frames(pieces[-1][1], names_in)
        and not _ASKS_ALONE.fullmatch(pieces[-1][1])
        and not (_GERUND.match(pieces[-1][1]) and text[: pieces[-1][0]].rstrip()[-1:] == ",")
        and _can_stand(pieces[:-1], text, names_in)
    ):
        pieces = pieces[:-1]
    start, end = pieces[0][0], pieces[-1][0] + len(pieces[-1][1])
    kept = text[start:end] + ("?" if text[end : end + 1] == "?" else "")
    shorter = _CLOSING.sub("", kept)
    return shorter if len(shorter.split()) >= 2 or names_in(shorter) else kept


def _pieces(text: str) -> list[tuple[int, str]]:
    """The clauses with where each starts."""
    cuts = sorted(
        [(m.start(), m.end()) for m in _BETWEEN.finditer(text)]
        + [(m.start(), m.end()) for m in _SO_THAT.finditer(text)]
    )
    pieces, start = [], 0
    for begin, end in [*cuts, (len(text), len(text))]:
        if begin > start and text[start:begin].strip(" .?!,;:()-"):
            piece = text[start:begin]
            lead = len(piece) - len(piece.lstrip())
            pieces.append((start + lead, piece.strip()))
        start = max(start, end)
    return pieces or [(0, text)]


def _frames(piece: str, names_in: Callable[[str], bool]) -> bool:
    bare = piece.strip(" .!?,;:()-").replace("’", "'")
    if not bare or len(bare.split()) > _LONGEST or _ASKS.match(bare):
        return False
    return _COURTESY.fullmatch(bare) is not None or (_CLAUSES.fullmatch(bare) is not None and not names_in(bare))


def _can_stand(rest: list[tuple[int, str]], text: str, names_in: Callable[[str], bool]) -> bool:
    """Whether what is left asks something: it names a thing or begins like a question, and leans on nothing before it."""
    left = text[rest[0][0] : rest[-1][0] + len(rest[-1][1])].strip()
    if re.match(r"\W*(?:or|nor)\b", left, _I) or re.search(r"\bthat (?:day|date|time|week|month|year)\b", left, _I):
        return False
    if (
        len(left.split()) < 2
        and not names_in(left)
        and not re.fullmatch(
            r"\W*(?:age|dob|mrn|meds?|allergies|pmh|vitals|weight|problems?|problem list|code status)\W*", left, _I
        )
    ):
        return False
    return not re.match(r"\W*(?:why|since when|when|how long|who|where|how come)\W*$", left, _I) and not (
        _LEANS.search(left) is not None and not names_in(left) and not _ASKS.match(left)
    )
