"""What a question to the notes asks for besides its subject: whose note is meant, and what the answer looks like."""

from __future__ import annotations

import re
from functools import lru_cache

# Whoever writes notes, in the words of the ward. Where one of them is the speaker ("what did nephrology think"), the name
# says which note is meant and is no part of the answer; "was he referred to nephrology" asks about the name itself.
_AUTHORS = (
    r"(?:nephro\w*|neph|renal|cardio\w*|cards|ortho\w*|geriatric\w*|neuro(?:logy|logist|surg\w*)?|gastro\w*|gi|ed|er|emergency(?: department| room| physician)?"
    r"|surgeons?|surgical team|sleep (?:clinic|medicine|doctor)|hand (?:clinic|surgeon)|ot|occupational therap\w+|physio\w*|physical therap\w+|nurses?|nursing|rn"
    r"|dieti[tc]ian|nutritionist|social work(?:er)?s?|sw|pharmac(?:y|ist)|pharmd|onc(?:olog\w+)?|h(?:a)?ematolog\w+|heme|psych(?:iatr\w+|olog\w+)?|pulm(?:onolog\w+)?|respiratory"
    r"|derm(?:atolog\w+)?|rheum(?:atolog\w+)?|endo(?:crin\w+)?|infectious diseases?|id|ent|ophth\w+|eye (?:clinic|doctor)|urolog\w+|gyn\w*|ob(?:/gyn|stetric\w*)?|midwife"
    r"|an(?:a)?esthe\w+|palliative(?: care)?|podiatr\w+|pcp|gp|hospitalist|intensivist|icu|radiolog\w+|patholog(?:y|ist)|speech therap\w+|slp|rehab|wound (?:care|nurse)|consultant|specialist|educator|therapist|counsell?or|liaison|hospice(?: nurse)?|hf nurse|trauma team"
    r"|paramedics?|ems|ambulance crew|night (?:nurse|team)|ward (?:team|doctor)|district nurse|health visitor|optometrist|optician|dentist|chaplain|case manager|scribe|registrar)"
)
_SPEAKS = (
    r"(?:say|says|said|think|thinks|thought|want|wants|wanted|recommend\w*|suggest\w*|advis\w*|advice|plan|plans|planned|find|finds|found|write|writes|wrote|written|notes?|noted|visit"
    r"|consult\w*|clinic|letter|team|report|opinion|impression|assessment|conclu\w*|ask|asks|asked|order\w*|decid\w*|mention\w*|see|sees|saw|start\w*|stop\w*|chang\w*|document\w*|comment\w*"
    r"|tell|told|do|did|give|gave|feel|felt|view|take|call|believe\w*|consider\w*|offer\w*|discuss\w*|prefer\w*|clear\w*)"
)
_AUTHOR = re.compile(
    rf"\b(?:per|according to|by|from|in)\s+(?:the\s+|his\s+|her\s+|their\s+)?(?P<a>{_AUTHORS})\b(?!-)"
    rf"|\b(?P<b>{_AUTHORS})(?:['’]s|s['’])?\s+{_SPEAKS}\b"
    rf"|\b(?P<e>{_AUTHORS})(?:['’]s|s['’])(?=\s)"
    r"|\b(?P<d>surgery|medicine)\s+(?:say|says|said|think|thinks|thought|recommend\w*|wants?|wanted|suggest\w*|advis\w+)\b"
    rf"|\b(?:sent|referred|went|seen|goes?|go)\s+(?:to|by|at|in)\s+(?:the\s+)?(?P<c>{_AUTHORS})\b(?=.*$)"
)
_OWN_WORDS = re.compile(
    r"\b(?:own|exact|actual|very) words\b|\bquot\w*\b|\bverbatim\b|\bin (?:his|her|their) words\b"
    r"|\bhow (?:did|does) (?:he|she|they|the patient|pt) (?:put|answer|phrase|word|respond|reply)\b|\b(?:his|her|their) (?:words|remark|comment|phrase|reply|answer|quote)\b"
    r"|\bwhat exactly (?:did|does)\b.*\bsay\b|\bword for word\b|\bexact(?:ly)? (?:phrase|said|wording)\b|\bin (?:his|her|their) own\b"
)
_SAID = re.compile(rf"{_OWN_WORDS.pattern}|\bwhat (?:did|does) (?:\w+ ){{1,3}}?(?:say|answer|reply|respond|state)\b")
_QUOTATION = re.compile(r"[\"“][^\"“”\n]*\w\W+\w[^\"“”\n]*[\"”]")
_ANSWER_OF = (
    (_SAID, re.compile(r"[\"“][^\"”]{4,}[\"”]|\b(?:says?|said|states?|stated|told|tells|reports|puts)\b")),
    (
        re.compile(
            r"\b(?:what|which|how \w+|weight|level|value|number|reading|figure|count|result|temperature|score)\b.{0,60}\b(?:should|would|to|must|has to|had to|needs? to|will)\s+(?:have\s+)?(?:be\s+|been\s+|have\s+)?(?:trigger\w*|prompt\w*|phone|call|ring|come back|contact|transfus\w+|escalat\w+|lead to)\b"
            r"|\bthreshold|\bcut-?off|\btrigger (?:for|to|level|weight|value|point)\b|\bat (?:what|which)\b|\bhow (?:high|low|far|much|bad)\b.{0,40}\bbefore\b"
        ),
        re.compile(r"(?:\b(?:over|under|above|below|if|until|unless|once|only|past|more than|less than|greater|exceed\w*|when|after|sooner|between|trigger)\b|[<>≥≤]).*\d|\d\S*\s+(?:or|and) (?:over|more|above|less|under|below)", re.IGNORECASE | re.DOTALL),
    ),
    (
        re.compile(r"\bwhat (?:if|happens? if|should happen if|is the plan if|to do if)\b|\bif\b.*\b(?:what|how|who|where|which|plan)\b|\bwhat\b.*\bif\b|\bcontingenc\w+|\bplan b\b|\brescue\b|\bback-?up plan\b|\bsafety.?net\w*|\bin (?:case|the event)\b|\bshould (?:he|she|it|they|the \w+)\b.*,|\binstructions? (?:for|if|when)\b"),
        re.compile(r"\b(?:if|when|unless|should|in case|otherwise|for any)\b|->|→", re.IGNORECASE),
    ),
    (
        re.compile(r"\bwhy\b|\bhow come\b|\breasons?\b|\bcaus\w+|\bwhat made\b|\bbecause\b|\bblam\w+|\bculprit|\btrigger\w*|\bprecipit\w+|\btipped\b|\bbrought on\b|\bset off\b|\bled to\b|\ba?etiolog\w+|\brationale\b|\bwhat stopped\b|\bruled out\b"),
        re.compile(r"\bd/t\b|\bdue to\b|\bbecause\b|\bsince\b|\bsecondary to\b|\b2/2\b|\bso (?:that|as)\b|\bowing\b|\bgiven\b|\bto avoid\b|\breason\b|\bcontribut|\blikely\b|\bfrom\b|\bcaused?\b|\btrigger\w*|\bafter\b|\bculprit\b|\bas (?:he|she|it|they|the|his|her|\w+ (?:is|was|were|runs?))\b|\bworr(?:y|ied)\b|\brisk\b", re.IGNORECASE),
    ),
    (
        re.compile(r"\b(?:at (?:what|which)|threshold|limit|cut-?off|trigger|criteri\w+|what would|what if|what happens?\b.* if|until when|when (?:can|could|should|would|do we|to)|size at which)\b"),
        re.compile(r"\b(?:over|under|above|below|if|until|unless|once|only|past|more than|less than|greater|exceed\w*|when|after|sooner|between)\b|[<>≥≤]", re.IGNORECASE),
    ),
    (
        re.compile(r"\b(?:at )?(?:what|which) (?:hour|time)\b|\btime of (?:the )?(?:day|night)\b|\bo['’]?clock\b"),
        re.compile(r"\b(?:[01]?\d|2[0-3])[:h][0-5]\d\b|\b(?:[01]\d|2[0-3])[0-5]\d\b|\b\d{1,2}(?:\s?(?:-|to|or)\s?\d{1,2})?\s?(?:am|pm|a\.m|p\.m|h|hrs|o['’]clock)\b|\b(?:midnight|noon|midday|dawn|mornings?|evenings?|afternoons?|nights?|bedtime|breakfast|lunch|dinner|supper)\b", re.IGNORECASE),
    ),
    (
        re.compile(r"\b(?:which|what) (?:side|leg|arm|knee|hip|eye|ear|foot|hand|shoulder|lung|kidney|breast|wrist|ankle|heel|elbow|thigh|calf|groin|flank|(?:lung )?base|cheek)\b|\bleft or right\b|\bright or left\b|\bone (?:side )?or both\b"),
        re.compile(r"\b(?i:left|right|both|bilat\w*|either|neither)\b|\b[LR][LMU]L\b|(?<!\d )\b[LR]\b"),
    ),
    (
        re.compile(r"\bwhen(?:['’]?s)?(?: (?:is|are|was|were|did|does|do|will|should|can|could|would|has|have|had|to|next|due|last)\b|\W*$)|\bwhat (?:date|day|time)\b|\bhow soon\b|\bhow long\b|\bdate\b|\buntil\b"),
        re.compile(r"\d{1,2}[/-]\d|\b\d{4}\b|\b(?:until|till|days?|weeks?|wks?|months?|mos?|years?|yrs?|hours?|hrs?|min(?:utes?)?|tomorrow|today|yesterday|tonight|mon|tues?|wed|thurs?|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|january|february|march|april|august|september|october|november|december|spring|summer|autumn|winter)\b|\d\s?[dwmyh]\b", re.IGNORECASE),
    ),
    (
        re.compile(r"\bhow (?:many|much|big|large|high|low|far(?! up| down| along)|often|thick|deep|old|bad|fast|wide|tall)\b|\b(?:what|which|how many|between what) (?:degrees?|angles?|range)\b|\bscores?\b|\bsizes?\b|\bgrade\b|\bdoses?\b|\bvalues?\b|\bpercent\w*|\bdimensions?\b|\b(?:width|length|thickness|diameter|volume|pressure|index|rate|level|output|ratio)\b|%|\bin (?:mm|cm|ml|kg|mmhg|cmh2o)\b|\bwhat (?:was|is|were) (?:the|his|her) (?:\w+ )?(?:rate|level|count|number|volume|pressure|temp\w*|weight)\b|\bmeasure\w*"),
        re.compile(r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|once|twice|doubled?|tripled?|triple|half|halved?|quarter|couple|dozen)\b", re.IGNORECASE),
    ),
    (
        re.compile(r"\bwho(?:se|m)?\b|\bwhich (?:doctor|surgeon|physician|nurse)\b|\bname of\b"),
        re.compile(r"\bDr\.?\s|\bMD\b|\bRN\b|\bNP\b|\bPA\b|\b[Mm]rs?\.?\s|\bMs\.?\s|\b(?i:wife|husband|spouse|partner|son|daughter|mother|father|mom|mum|dad|sister|brother|cousin|niece|nephew|aunt|uncle|grand\w+|parents?|neighbou?rs?|(?:boy|girl)?friend|roommate|flatmate|landlord|landlady|carer|caregiver|family)\b|(?<=[a-z,&] )(?!(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec|Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun)[a-z]*\b)[A-Z][a-z]{2,}\b"),
    ),
)  # fmt: skip
_LATEST = re.compile(
    r"\b(?:latest|newest|most recent|currently|current|now|at present|last (?!night|week|month|year|time|long)\w+|at the end|final|up to date|to date|still)\b"
)
_FIRST = re.compile(
    r"\b(?:(?:at|on|the|his|her|their|very) first|first (?:visit|appointment|appt|seen|scan|clinic|consult\w*|echo|review)|initial(?:ly)?|original(?:ly)?|to (?:start|begin) with|at presentation)\b"
)
_ASKS_WHY = re.compile(r"\bwhy\b|\bhow come\b|\breasons?\b|\bruled out\b|\bwhat (?:stopped|prevented|kept)\b")
_DENIES = re.compile(
    r"\b(?:no|not|non|never|nil|none|without|denie[sd]|deny|declin\w+|refus\w+|unable|unsuitable|contraindicated|deferred|cancelled|ceased|stopped|withheld|held|cannot|off|against)\b|n['’]t\b"
    r"|\b(?:is|was|does|did|could|would|are|were|has|had|have|do|ca|wo)nt\b",
    re.IGNORECASE,
)
_ASKS_OF_FAMILY = re.compile(
    r"\bfam(?:il\w*)?\b|\bfhx?\b|\bhereditary|\binherit|\brelative|\brun in|\b(?:uncle|aunt|mother|father|mom|mum|dad|parent|brother|sister|sibling|cousin|grand\w+|son|daughter|kid|child)"
    r"(?:s|ren)?\b|\bwho\b|\banyone\b|\bsecond.?hand\b|\bpassive\b|\blive|\bhelp",
    re.IGNORECASE,
)
# Lines that greet, sign or head a note.
_GREETS = re.compile(
    r"\W*(?:dear (?:(?:dr|mr|ms|mrs|prof)\b\.?|doctor|colleague|sir)[^.!?,\n]{0,40}|(?:yours (?:sincerely|faithfully|truly)|(?:kind|best|warm) (?:regards|wishes)"
    r"|sincerely|with (?:best|kind|many) \w+|many thanks|electronically signed|e-?signed|dictated (?:by|but)|signed by)\b.{0,160})\W*",
    re.IGNORECASE | re.DOTALL,
)


@lru_cache(maxsize=256)
def authors_in(question: str) -> tuple[tuple[int, int], ...]:
    """Where a question, in lower case, names whose note or words it means."""
    return tuple(m.span(name) for m in _AUTHOR.finditer(question) for name in "abcde" if m[name])


def looks_like_answer(question: str) -> re.Pattern[str] | None:
    """What a sentence has that answers a question of this kind: a time for "when", a cause for "why"; None for others."""
    text = question.lower()
    return next((answer for asks, answer in _ANSWER_OF if asks.search(text)), None)


_ASKS_OF_PLAN = re.compile(
    r"\bplan\w*|\bnext\b|\bshould\b|\bif\b|\bwhen (?:is|are|will|does|do|should|to|can)\b|\bdue\b|\bfollow.?up|\bthreshold|\btrigger|\btarget|\bgoal|\baim\w*|\badvi[cs]e|\binstruct\w*|\brecommend\w*|\bwhat happens\b"
    r"|\buntil\b|\bhow (?:long|soon|often)\b.*\b(?:will|should|is|are|to)\b|\bsupposed to\b|\bmeant to\b|\bcontingenc\w+|\bbook\w*|\bescalat\w+|\bceiling\b|\bdrill\b|\bstop date\b|\bwould (?:have )?\w+|\brescue\b|\bmust\b|\bbeing done\b",
    re.IGNORECASE,
)
_OF_PLAN = re.compile(
    r"\b(?:plan|rec|recs|recommendations?|advice|advised|dispo\w*|follow.?up|f/?u|p|tx|todo|to do|next|instructions?|actions?|return|goals?|escalation|a/p|imp(?:ression)? (?:and|&) plan|asks?|gp|home|discharge)\b",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"\W*(?:\d+[.)]?\s+|[a-h]\)\s+)?(?:if|when|unless|return|call|ring|stop|start|continue|hold|repeat|recheck|aim|target|keep|avoid|no |not |for |refer|book|review|transfuse|increase|reduce|wean|chase|await|consider|give|restart|resume|see|check|d/w|arrange|until|once|must)\b",
    re.IGNORECASE,
)


def asks_of_plan(question: str) -> bool:
    """Whether a question asks for what is to be done, or was."""
    return _ASKS_OF_PLAN.search(question) is not None


def is_of_plan(section: str, text: str) -> bool:
    """Whether a sentence is of a plan: by the title it stands under, or because it gives an order."""
    return _OF_PLAN.search(section) is not None or _ORDERS.match(text) is not None


def asks_latest(question: str) -> int:
    """1 where a question asks for the latest there is, -1 for the first, else 0."""
    text = question.lower()
    return 1 if _LATEST.search(text) else -1 if _FIRST.search(text) else 0


def asks_of_family(question: str) -> bool:
    """Whether a question asks about somebody beside the patient, or may."""
    return _ASKS_OF_FAMILY.search(question) is not None


def asks_why_not(question: str) -> bool:
    """Whether a question asks why something is not, or is no longer."""
    text = question.lower()
    return _ASKS_WHY.search(text) is not None and denies(text.replace("ruled out", "not"))


def denies(text: str) -> bool:
    """Whether a text says that something is not, or is no longer."""
    return _DENIES.search(text) is not None


def asks_for_words(question: str) -> bool:
    """Whether a question, in lower case, asks for what somebody said as they said it."""
    return _OWN_WORDS.search(question) is not None


def is_quoting(text: str) -> bool:
    """Whether a text has words in quotation marks, two at least."""
    return _QUOTATION.search(text) is not None


def heading_of(text: str) -> str:
    """The title in capitals with which a note opens, or nothing."""
    first = text.lstrip().partition("\n")[0].strip()
    return first if len(first) < 60 and first.isupper() and not re.search(r"[\d:.]", first) else ""


def is_formality(text: str, start: int, end: int) -> bool:
    """Whether characters [start, end) of a note only greet or sign, or are its title in capitals."""
    said = text[start:end].strip()
    if _GREETS.fullmatch(said):
        return True
    return not text[:start].strip() and said != "" and said == heading_of(text)
