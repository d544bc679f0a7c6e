"""What stands around a question and is not asked: who wants to know, what for, where the asker is.

"Seeing him at 3, what was the last K?", "is she on warfarin? The pharmacist is on hold", "SCr in umol/L for the transfer
letter". Such words have the asker, somebody who asks, an occasion, a document or a courtesy as their subject, and name
nothing of the record; what is beside them asks. What places the question in time ("since the discharge, ...") or names
its source ("in the referral letter, ...") is no framing and stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import resources

from agents.embedded.reading.units_asked import unit_of
from agents.embedded.routing.asked_words import says_any_of
from agents.embedded.routing.beyond_lists import TOLD_IN_WORDS
from agents.guards import RELATIONS
from tools.concepts import Lexicon


def _patterns() -> dict[str, str]:
    """Each list of `framing_words.json` as one pattern."""
    text = resources.files("agents.embedded.reading").joinpath("framing_words.json").read_text(encoding="utf-8")
    lists = {name: words for name, words in json.loads(text).items() if isinstance(words, list)}
    return {name: f"(?:{'|'.join(words)})".replace("*", r"\w*") for name, words in lists.items()}


_WORDS = _patterns()
_LONGEST = 16  # words; what is longer tells something
_I = re.IGNORECASE
_FILLER = rf"(?:{_WORDS['fillers']}[\s,]+)*"
_THE = r"(?:(?:the|an?|my|our|his|her|their|this|that|these|those)\s+)"
_WHOSE = rf"(?:{_THE}|\w+['’]s\s+)*"
_STAFF, _DOCUMENT = _WORDS["staff"], _WORDS["documents"]
_ANY_DOCUMENT = rf"(?:{_DOCUMENT}|{_WORDS['documents_read']})"  # where no source can be meant
_SOMEBODY = rf"{_WHOSE}(?:\w+\s+)?(?:{_STAFF}|{_WORDS['laypeople']}|{RELATIONS})"
_IS = r"(?:\s+(?:is|are|was|were|has|have|had|'s|just|also|still|keeps?|now|all|both|been|only|really))*"
_I_AM = r"(?:i|we)(?:['’](?:m|re|ve|d|ll)|m|ve)?"

# --- clauses that frame; each is the whole of what stands between two stops ---------------------------------------------

# "Seeing her at 3", "on the phone with her daughter".
_ASKER_DOES = rf"{_WORDS['doing']}\b.*"
# "So I can finish the letter"; but what the asker gave or changed is told of the patient, and the question leans on it.
_ASKER_TELLS = rf"(?:so that|so|as|because|cause|cos|since|before|while|in case|if|that)?\s*{_I_AM}\s+(?!(?:gave|started|stopped|changed|increased|reduced)\b).*"
# "Need this for the form", "can't find it in the chart", "my reg is asking".
_ASKER_HAS = r"(?:need(?:s|ed)?|want(?:ed)?|have|got|had) (?:this|it|that|to|a|an|my|the)\b.*"
_ASKER_CANNOT = r"(?:could(?:n'?t| not)|can(?:'?t|not)|did(?:n'?t| not)|don'?t|haven'?t) (?:find|see|spot|locate|recall|remember|know|read|make out|quite)\b.*"
_ASKERS_OWN = r"(?:my|our) (?!patient|pt)\w+.*"
# "As the lab called", "he is down in CT now", "asking for the pharmacist".
_SOMEBODY_ASKS = rf"(?:as |because |since |while |and |with )?{_SOMEBODY}{_IS}\s+{_WORDS['wanting']}\b.*"
_THEY_WAIT = r"(?:he|she|they)(?:'s| is| are| has| have)?\s+(?:just |also |only |now |keeps? )*(?:asking|asked (?:me|us)|want(?:s|ed)? to know|wonder(?:ing|s)|waiting|on hold|on the (?:phone|line|table|trolley)|here|outside|next|leaving|(?:down |up |off |out |back |over )*(?:in|at|for|to|going|about) (?:to |for )?(?:the )?(?:ct|mri|scan\w*|theatre|x-?ray|imaging|recovery|room|waiting room|reception|discharge\w*|clinic|front of me|my room|go\b|be (?:seen|discharged))).*"
_ON_BEHALF = r"asking (?:for|on behalf of)\b.*"
# "Family meeting in ten", "for the handover at 8", "the consent form is due".
_OCCASION = rf"(?:for|doing|re|at|on|in|during|quick|about)?\s*(?:(?:the|my|our|his|her|a|this|tomorrow'?s|today'?s|morning|evening|afternoon|\w+day'?s?)\s+)*(?:[\w-]+[- ]){{0,2}}{_WORDS['occasions']}(?:\s+(?:at|on|for|in|today|now|tomorrow|this|with|time|prep|tonight|starts?|coming|is|just)\b.*)?"
_FOR_SOMETHING = rf"(?:(?:needed |wanted |required )?for|to (?:finish|complete|go in(?:to)?|put in(?:to)?|include in|fill in|update|sign off|send with|attach to|do)|goes in(?:to)?|going in(?:to)?|as part of)\s+{_THE}*(?:[\w-]+\s+){{0,3}}?(?:{_ANY_DOCUMENT}|{_STAFF}|family)\b.*"
_DOCUMENT_WAITS = rf"{_THE}?(?:\w+[- ]){{0,2}}{_ANY_DOCUMENT}\s+(?:in front of me|is (?:due|waiting|open)|wants?|needs?|asks?|requires?|due)\b.*"
# "Right, next", "quick one before theatre".
_NEXT = r"(?:right|next|ok(?:ay)?|so|now)(?: then)?,?"
_QUICK_ONE = r"(?:a |one |another |just a |just one |last |next )*(?:quick |last |final |small |silly |simple |stupid )*(?:one|question|thing|q|query|ask|check|favou?r)(?: (?:before|for|on|about|more|please|if|while|from|then)\b.*)?"
_CLAUSES = re.compile(
    rf"{_FILLER}(?:{_ASKER_DOES}|{_ASKER_TELLS}|{_ASKER_HAS}|{_ASKER_CANNOT}|{_ASKERS_OWN}|{_SOMEBODY_ASKS}|{_THEY_WAIT}"
    rf"|{_ON_BEHALF}|{_OCCASION}|{_FOR_SOMETHING}|{_DOCUMENT_WAITS}|{_NEXT}|{_QUICK_ONE}|{_WORDS['courtesies']}\b.*"
    rf"|(?:just |only |really )*{_WORDS['checking']}\b.*)",
    _I,
)
# A courtesy is one whatever words it is made of: "sorry to be a pain".
_COURTESY = re.compile(
    r"(?:sorry |apologies )?(?:(?:to|for) (?:be(?:ing)? (?:a |such a )?(?:pain|nuisance|bother|pest)|bother\w*|troubl\w*|interrupt\w*|keep (?:on )?asking|ask(?:ing)? again|chas\w+|disturb\w*|hassl\w+)|i know (?:this|it)['’]?s (?:a pain|silly|basic)).*",
    _I,
)

# --- openings, behind which the question goes on without a stop --------------------------------------------------------

# Anybody may want to know; what a desk or a form wants is of the record, what the patient wants is not.
_WANTS_TO_KNOW = r"(?:wants? to know|wanted to know|needs? to know|would like to know|asking|asks|asked|wondering|wonders|querying|enquiring|(?:written|wrote) (?:in |to us |back )?(?:asking|wanting|requesting))\s+(?:for\s+)?(?:(?:me|us)\b[\s,:]*)?(?:to (?:double[- ]?)?(?:check|confirm|find out|look up)\b[\s,:]*)?"
_ON_THE_PHONE = r"(?:(?:on (?:the )?(?:other )?(?:phone|line|hold)|here|outside|in the room|at the (?:desk|bedside|station)),?\s+(?:and\s+)?)?"
_WANTS_IT = r"(?:(?:rang|called|phoned|bleeped|that|on the phone)\s+)*(?:needs?|wants?|requires?|ask(?:s|ed|ing)?(?: for)?|after|looking for|wanting|needing|would like|(?:rang|called|phoned|calls) for|querying|chasing|insists? on|has a (?:box|field|line|space) for)\s+(?!(?:him|her|them|us|me|to (?!know|have|see))\b|(?:this|it|that)\s*[^\w\s])(?:to (?:know|have|see)\s+|(?:me|us) for\s+)?"
_SOMEBODY_WANTS = re.compile(
    rf"^\W*{_FILLER}(?:{_SOMEBODY}{_IS}\s+{_ON_THE_PHONE}{_WANTS_TO_KNOW}|{_WHOSE}(?:(?!wh|if\b|that\b)[\w/'-]+\s+){{0,2}}?(?:{_DOCUMENT}|{_STAFF}|{_WORDS['units']}){_IS}\s+{_WANTS_IT})(?:about |if |whether )?(?=\w\S*\s)",
    _I,
)
# "I want to tell her whether it improved": what is to be told is asked.
_TO_TELL = re.compile(
    rf"^\W*{_FILLER}{_I_AM}(?: would| want| need| have| am| are| got| like| going| hope| trying| supposed)+ to (?:be able to )?(?:tell|let|inform|update|reassure|explain to|show)\s+(?:(?:him|her|them|(?:the|his|her)\s+\w+)\s+)(?:know\s+)?(?:whether|if|about)?\b\s*(?=\w)",
    _I,
)
# Dictated in one breath: "so i am seeing him tomorrow and need his last crp".
_I_NEED = re.compile(
    rf"^\W*{_FILLER}{_I_AM}(?: am| are| have| was| were)?\s+[^,.;:?]{{3,70}}?\s+(?:and|so|but)\s+(?:i |we )?(?:just |only |really |also )*(?:need|want|would like|require|have to have)\s+(?:to (?:know|see|check|get|have|find out|confirm)\s+)?(?=\w)",
    _I,
)
# "Family mentioned psoriasis, do we have that on record": somebody's word, which the record is asked about.
_REPORTED = re.compile(
    rf"^\W*{_FILLER}{_SOMEBODY}{_IS}\s+(?:mention(?:s|ed)|sa(?:ys|id)|report(?:s|ed)|claim(?:s|ed)|thinks?|thought|reckons?|swears?|insists?|believes?|told (?:me|us)|brought up|talk(?:s|ed)? (?:of|about))\s+(?:that\s+)?"
    r"(?:(?:he|she|they|the patient|pt)(?:['’]s| is| are| has| have| had| was| got| suffers from| on)*\s+)?(?:a |an |the |some )?(?P<what>[^,;.?]{3,60}?)\s*[,;.–-]+\s*(?:and |but )?"
    r"(?:do (?:we|you) have|have (?:we|you) got|is|was|does the (?:record|chart) (?:have|show|list|say)|can you (?:confirm|see)|any record of)\s*(?:that|it|this)?\s*(?:really |actually |also )*(?:(?:on|in) (?:the |his |her )?(?:\w+ )?(?:record|file|chart|list)s?|recorded|documented|listed|coded|so|too|as well)?\W*$",
    _I,
)

# --- ends, which need no stop before them ------------------------------------------------------------------------------

_CLOSING = re.compile(
    r"[\s,]+(?:cheers|ta|thx|thanks(?: (?:a lot|so much|in advance|very much))?|thank you|asap|pls|please|many thanks|mate)\W*$",
    _I,
)
_FOR_A_DOCUMENT = re.compile(
    r"[\s,;–-]*\b(?:(?:just |needed |need it |want it |it's |its |this is |going |to go )?(?:for|to put (?:in|on|into)|to go (?:in|on|into|to)|going (?:in|on|into|to)|to (?:complete|fill in|finish|update|do)|in(?:to)? time for)|so i can (?:put it in|fill in|finish|do|complete|write))\s+"
    rf"(?:{_THE}|(?:front|top|of)\s+)+(?:[\w/'-]+\s+){{0,4}}?{_DOCUMENT}\b(?:\s+(?:please|pls|thanks|thank you|today|now|asap|tomorrow))*(?=\s*(?:[?.!,;:–-]|$))",
    _I,
)
# "The reason for the referral", "referred for a form": what the document belongs to is asked.
_OF_THE_DOCUMENT = re.compile(
    r"\b(?:reasons?|indications?|indicated|plans?|needs?|criteria|instructions?|ready|fit|consent|request|requested|wait\w*|why|referred|due|asked|ask|look\w*|search\w*|booked|scheduled|what|exception|check\w*|is|are|was|were)\s*$",
    _I,
)

# --- what is left must ask --------------------------------------------------------------------------------------------

_ASKS = re.compile(
    r"^\W*(?:and |so |but |also )*(?:what|when|where|which|who|whose|why|how|is (?!asking)|are|was|were|did|does|do (?:we|you|they)|has (?!asked)|have (?:we|you)|any|list|show|give|tell|find|pull|latest|last|current|most|can you|could you|please (?:tell|give|show|list|find|confirm))\b",
    _I,
)
_ASKS_IN_A_WORD = re.compile(
    r"\W*(?:age|dob|mrn|meds?|allergies|pmh|vitals|weight|problems?|problem list|code status)\W*", _I
)
_GOES_ON = re.compile(r"\W*(?:or|nor)\b|.*\bthat (?:day|date|time|week|month|year)\b", _I | re.DOTALL)
_HALF_ASKED = re.compile(r"\W*(?:why|since when|when|how long|who|where|how come)\W*", _I)
# "we started it in May", "since then": what the question leans on.
_LEANS = re.compile(r"\b(?:since then|after that|before that|it|that one|those|them|then)\b", _I)
_ASKS_ALONE = re.compile(r"\W*(?:right|ok(?:ay)?|now|next|correct|so)\W*", _I)  # "naproxen with CKD - ok?"
_GERUND = re.compile(r"\w+ing\b", _I)  # "trouble writing, typing": the end of a list

_BETWEEN = re.compile(
    r"\s*(?:[;:](?=\s)|,(?=\s)(?!\s*(?:19|20)\d\d\b)|\s[-–—]+\s|[-–—]{2,}|\.{2,}|…|[.!?](?=\s)|\n|\((?=[a-z])|\)\s*)\s*"
    rf"|\s+(?=(?:so (?:that )?(?:i|we) (?:can|could|know)\b|because (?:i|we|the|he|she)\b|as (?:i|we|the {_ANY_DOCUMENT}|{_SOMEBODY}) (?:need|am|are|is|want|was|have|asked|called|rang)\b|before (?:i|we) (?:prescribe|supply|dispense|issue|release|sign|start|give|send|see|go|call|discharge|finish|hand|write|order|do)\b))",
    _I,
)
_DATED = re.compile(r"\b(?:19|20)\d\d\b")  # "the lab slip of 26 June 2023": it places the question in time
_OF_A_RECORD = frozenset({"observation", "medication", "drug_class", "condition", "immunization"})


def without_framing(text: str, lexicon: Lexicon) -> str:
    """The text without what stands around its question; a clause that names what a record holds is kept."""

    def names_in(piece: str) -> bool:
        found = lexicon.find_mentions(piece, fuzzy=False)
        if says_any_of("allergy", text) and any(t.kind == "allergen" for m in found for t in m.targets):
            return True
        return (
            bool(unit_of(piece))
            or _DATED.search(piece) is not None
            or any(t.kind in _OF_A_RECORD and t.id not in TOLD_IN_WORDS for m in found for t in m.targets)
        )

    if (told := _REPORTED.match(text)) is not None and names_in(told["what"]):
        return f"is {told['what']} on record?"
    text = _SOMEBODY_WANTS.sub("", text)
    for opening in (_I_NEED, _TO_TELL):
        if (lead := opening.match(text)) is not None and not names_in(lead[0]):
            text = text[lead.end() :]
    asked = _SOMEBODY_WANTS.sub("", _asked_clauses(text, names_in))
    shorter = _CLOSING.sub("", asked)
    asked = shorter if len(shorter.split()) >= 2 or names_in(shorter) else asked
    purpose = _FOR_A_DOCUMENT.search(asked)
    if purpose is None or _OF_THE_DOCUMENT.search(asked[: purpose.start()]):
        return asked
    shorter = f"{asked[: purpose.start()]}{asked[purpose.end() :]}"
    return shorter if len(shorter.strip()) > 2 else asked


def _asked_clauses(text: str, names_in: Callable[[str], bool]) -> str:
    """The text without the clauses before and behind its question."""
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
    return text[start:end] + ("?" if text[end : end + 1] == "?" else "")


def _pieces(text: str) -> list[tuple[int, str]]:
    """The clauses with where each starts."""
    pieces, start = [], 0
    for begin, end in [*(m.span() for m in _BETWEEN.finditer(text)), (len(text), len(text))]:
        piece = text[start:begin]
        if piece.strip(" .?!,;:()-"):
            pieces.append((start + len(piece) - len(piece.lstrip()), piece.strip()))
        start = end
    return pieces or [(0, text)]


def _frames(piece: str, names_in: Callable[[str], bool]) -> bool:
    bare = piece.strip(" .!?,;:()-").replace("’", "'")
    if not bare or len(bare.split()) > _LONGEST or _ASKS.match(bare):
        return False
    return _COURTESY.fullmatch(bare) is not None or (_CLAUSES.fullmatch(bare) is not None and not names_in(bare))


def _can_stand(rest: list[tuple[int, str]], text: str, names_in: Callable[[str], bool]) -> bool:
    """Whether what is left asks something: it names a thing or begins like a question, and leans on nothing before it."""
    left = text[rest[0][0] : rest[-1][0] + len(rest[-1][1])].strip()
    if _GOES_ON.match(left) or _HALF_ASKED.fullmatch(left):
        return False
    if len(left.split()) < 2:
        return names_in(left) or _ASKS_IN_A_WORD.fullmatch(left) is not None
    return _LEANS.search(left) is None or _ASKS.match(left) is not None or names_in(left)
