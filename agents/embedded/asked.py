"""What a question asks of the one drug, result, problem or allergen that it names, by words that leave no doubt.

Likeness to exemplars finds the subject's family; which of its facts is asked (value, dose, date, reason, yes or no) stands
in few words, whatever frame they are put in. Each table is read from the top: the first entry whose words are there and
whose exceptions are not decides. The subject stands in the text as X.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from agents.embedded.places import asks_for_newest_two, asks_for_whole_course, has_limit, last_few
from agents.embedded.reader import Question, Slot, Variant
from agents.embedded.record_names import RecordNames
from agents.embedded.router import Route
from agents.embedded.suppositions import is_hypothetical

_SURE = 0.7


class _Asks(NamedTuple):
    """One entry: the intent, the words that ask for it, and words that make it something else."""

    intent: str
    words: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def holds(self, text: str) -> bool:
        return self.words.search(text) is not None and (self.unless is None or self.unless.search(text) is None)


def _asks(intent: str, words: str, unless: str = "") -> _Asks:
    return _Asks(intent, re.compile(words, re.IGNORECASE), re.compile(unless, re.IGNORECASE) if unless else None)


_HE = r"(?:he|she|they|the patient|patient|pt|this (?:man|woman|lady|gentleman|patient|pt|one|chap|fella)|the (?:man|woman|lady|gentleman)|mr \w+|mrs \w+|ms \w+)"
_WHEN = r"\bwhen\b|\bdates?\b|\bwhat (?:day|year|month)\b|\bwhich (?:day|year|month)\b|\bsince when\b|\bhow long\b|\bhow far back\b|\byear of\b"
_WHY = r"\bwhy\b|\breasons?\b|\brationale\b|\bhow come\b|\bwhat (?:made|led|prompted|caused|was behind)\b|\bexplanation\b|\bgrounds\b|\bcause of\b|\bwhat (?:was|were) (?:it|X) (?:stopped|discontinued)\b.*\bfor\b"
_STOPPED = r"\bstop(?:s|ped|ping|page)?\b|\bdiscontinu\w*|\bd/?c['’]?d\b|\bc[ao]me off\b|\bcoming off\b|\btaken? off\b|\btook (?:him|her|them)? ?off\b|\bpulled\b|\bgot off\b|\boff (?:the |his |her |their |it|this|that|of )*X|\bX off\b|\bcessation\b|\bceas(?:e|ed|ing)\b|\bwithdr[ae]w\w*|\bwithdrawal\b|\bdropped\b|\bended?\b|\bending\b|\bno longer\b|\bhalted\b|\bgot rid\b|\bis(?:n'?t| not) (?:he |she )?on\b|\bnot on\b|\bquit\b|\bcut out\b|\bbinned\b"
_STARTED = r"\bstart(?:s|ed|ing)?\b|\bbeg[aiu]n\b|\binitiat\w*|\bcommenc\w*|\b(?:first|originally|initially) (?:\w+ ){0,2}(?:prescribed|ordered|given|written|issued|on|taken|appear\w*|charted)\b|\bfirst (?:order|prescription|script|rx)\b|\bput on\b|\bintroduc\w*|\bgo(?:ne)? on(?:to)?\b|\bwent on(?:to)?\b|\bbeen (?:on|taking|using|getting)\b|\badded\b|\bprescribed\b"
_DOSE = r"\bdos(?:e|es|age|ages|ing)\b|\bstrengths?\b|\bhow much\b|\bhow many (?:mgs?|milligrams?|mcgs?|micrograms?|mgs? of|tablets|tabs|pills|puffs|units|capsules|caps|drops)\b|\bwhat mgs?\b|\bposology\b|\bsig\b|\bhow (?:is|does|often is|often does|should) .{0,25}\b(?:take|taken|given|taking|ordered|written|prescribed)\b"
_PROPOSED = r"\bshould\b|\bpropos\w+|\bsuggest\w*|\brecommend\w*|\badjust\w*|\bcompar\w+|\boptim\w+|\btarget\w*|\bwhat if\b|\bwould\b|\bcalculat\w*|\boptions?\b|\bneeds? to\b|\bsafe\b|\bmax(?:imum)?\b|\bsimulat\w*|\bauc\b|\bkeep\b|\bpeak\b|\btrough\b|\bdue\b|\bnext\b|\bmiss\w*|\bhow many doses\b|\bnumber of doses\b|\beach\b.*\bvs\b|\blevels?\b"
_BEFORE = r"\b(?:previous|prior|earlier|old|former|original(?:ly)?|past|last)\b(?! (?:note|visit|letter))|\bbefore\b|\bused to\b|\bhistory\b|\bwas\b.{0,40}\b(?:before|previously)\b"
FREQUENCY = r"\b(?:(?:once|twice|two times|three times|four times|\d times) (?:a|per|every|each)? ?(?:day|week|daily|weekly)|daily|weekly|nightly|bd|bid|tds|tid|qds|qid|every (?:other |second )?(?:day|week|night|morning)|alternate days|(?:every|q) ?\d{1,2} ?h\w*)\b"
_DOSE_MOVED = r"\b(?:dose|dosage|strength|X)\b.{0,30}\b(?:chang\w+|increas\w*|decreas\w*|reduc\w*|rais\w*|lower\w*|doubl\w*|halv\w*|titrat\w*|up-?titrat\w*|step\w* (?:up|down)|cut(?: (?:down|back))?|drop(?:ped)?(?: to)?|put up|bumped?(?: up)?|went (?:up|down)|go(?:ne)? (?:up|down)|adjusted)\b|\b(?:chang\w+|increas\w*|decreas\w*|reduc\w*|rais\w*|lower\w*|doubl\w*|halv\w*|titrat\w*|step\w* (?:up|down)|cut(?: down| back)?|put up|bump\w*(?: up)?)\b.{0,25}\b(?:dose|dosage|strength|X)\b"
_YES_NO_ON = rf"\b(?:is|are|isn'?t|does|do|'s)\s+(?:{_HE}\s+)?(?:(?:still|currently|actually|really|even|now|presently|meant to be|supposed to be|definitely)\s+)*(?:on|tak(?:e|es|ing)|us(?:e|es|ing)|get(?:s|ting)?|receiv(?:e|es|ing)|hav(?:e|ing)|prescribed|given)\s+(?:(?:any|the|a|an|his|her|their|some|regular|oral|daily)\s+)*X|\b(?:whether|if|check|confirm|see|that)\s+(?:whether\s+|if\s+)?{_HE}(?:'s| is| are)?\s+(?:(?:still|currently|actually|really|now)\s+)*(?:on|taking|takes?|using|getting)\s+(?:(?:any|the|a|his|her|some)\s+)*X|^\W*(?:still |currently )?on (?:any |the )?X\b|\bX\b(?:,| is| -)? ?(?:still |currently |an? )?(?:active|current|ongoing|running|in use|on board|being (?:taken|given))\b|\b(?:on|taking) X (?:now|currently|at present|at the moment|today|still|or not)\b|\bis X (?:still )?(?:on|one of|among|part of)\b"
_NOT_NOW = r"\bever\b|\bwas\b|\bwere\b|\bhad\b|\bbeen\b|\bused to\b|\bpreviously\b|\bwhen\b|\bhow\b|\bwhy\b|\bwhat\b|\bwhich\b|\bwho\b|\ballerg\w*|\breact\w*|\blevels?\b|\bok(?:ay)?\b|\bsafe\b|\binteract\w*|\bside effects?\b|\btolerat\w*|\badher\w*|\bcomplian\w*|\bhelp\w*|\bwork(?:s|ing)?\b|\bif\b.{0,40}\d"
_SAYS = r"(?!\s+(?:on the phone\s+)?(?:says?|said|thinks?|thought|believes?|reckons?|reports?|claims?|told|tells|mention\w*|swears?|insists?|wants?|asks?|asking|is asking|wonder\w*|is wondering|worried|convinced|is sure))"
_OTHER_SENSE = rf"\bage\b|\bold\b.{{0,20}}\bwhen\b|\bfamily history\b|\bin (?:the|his|her) family\b|\b(?:mother|father|brother|sister|daughter|son|mum|dad|wife|husband)(?:['’]s|s)?\b{_SAYS}|\bwho\b|\bhow many times\b|\bwhere\b"

_OF_DRUG = (
    _asks("medication.last", r"(?=.*\blast\b.{0,25}\b(?:dose|given|administered|had)\b)(?=.*(?:\bwhen\b|\bdates?\b|\btime\b|\bhow long ago\b))", rf"{_OTHER_SENSE}|\bchang\w*|\bincreas\w*|\breduc\w*|\bbefore\b"),
    _asks("medication.dose", r"\b(?:last|latest|most recent) X dose\b|\b(?:last|latest|most recent) dose of X\b", _OTHER_SENSE),
    _asks("medication.stop", rf"(?=.*(?:{_WHY}))(?=.*(?:{_STOPPED}))", _OTHER_SENSE),
    _asks("medication.stop", rf"(?=.*(?:{_WHEN}))(?=.*(?:{_STOPPED}))", rf"{_OTHER_SENSE}|\bsince (?:starting|he|she|they)\b|\bshould\b|\bwill\b"),
    _asks("medication.dose_history", rf"(?=.*(?:{_DOSE}|{_DOSE_MOVED}))(?=.*(?:{_DOSE_MOVED}))(?=.*(?:{_WHEN}|\bwhat\b|\bhow\b|\bhas\b|\bhave\b|\bwas\b|\bever\b|\bany\b))", rf"{_OTHER_SENSE}|{_PROPOSED}|\bwhy\b|\breasons?\b|\border(?:ed)?\b|\bactual\w*|\brecord\b|\bsay\b|\bsays\b|\bif\b|\bnow\b"),
    _asks("medication.dose_history", rf"(?=.*(?:\bdos(?:e|es|age)\b|\bstrengths?\b))(?=.*(?:{_BEFORE}))", rf"{_OTHER_SENSE}|{_PROPOSED}|\bwhy\b|\blast (?:ordered|prescribed|given|dose)\b|\border(?:ed)?\b|\bbefore (?:each|every|going|surgery|bed|food|meals|the (?:operation|surgery|procedure|scan|admission|meal))\b"),
    _asks("medication.dose", rf"\b(?:is|are|does|do|was|whether|supposed|meant)\b.*\bX\b.{{0,25}}(?:{FREQUENCY})|^\W*X (?:{FREQUENCY})", rf"{_OTHER_SENSE}|\bwhy\b|\bsafe\b|\bok(?:ay)?\b|\bif\b|\bwould\b|\bshould\b|\blevels?\b|\ballerg"),
    _asks("medication.dose", _DOSE, rf"{_OTHER_SENSE}|{_PROPOSED}|\bwhy\b|\breasons?\b|\ballerg\w*|\bdoes X\b|\bdo to\b|\bhow much (?:of an? |did|has|have)\b"),
    _asks("medication.start", rf"(?=.*(?:{_WHEN}))(?=.*(?:{_STARTED}))", rf"{_OTHER_SENSE}|\blast\b|\blatest\b|\bmost recent\b|\brenew\w*|\brefill\w*|\bre-?start\w*|\bshould\b|\bwill\b|\bwhy\b|\bhow long (?:should|will|does .* need|after|before)\b|\bsince (?:starting|he|she|they)\b|\bmeant to\b|\bsupposed to\b"),
    _asks("medication.active", _YES_NO_ON, _NOT_NOW),
)  # fmt: skip
_OF_RESULT = (
    _asks(
        "observation.change",
        r"\b(?:higher|lower|up|down|better|worse|more|less|risen|fallen|rose|fell|bigger|smaller|chang\w+|mov\w+|shift\w*|differ\w*|delta|gone|improv\w*|worsen\w*|drop\w*|ris\w+|by how much|how much)\b"
        r".{0,60}\b(?:than|since|from|to|on|vs\.?|versus|against|compared (?:to|with)|relative to|between|over)\s+(?:(?:the|its|his|her|their|that|what|it|was|one)\s+)*"
        r"(?:prior|previous|preceding|penultimate|last (?:check|one|time|test|result|reading|value|sample|draw|bloods?|set|measurement)|(?:second|2nd|next) (?:to )?last(?: \w+)?|one before|(?:time|value|result|reading|check|test|sample|draw) before|before (?:that|it|then)|(?:last|latest|most recent|newest) (?:two|2|pair|couple)|two (?:most recent|latest|last|newest)|earlier one)\b",
        r"\bvisit|\badmission|\bclinic\b",
    ),
    _asks("observation.statistics", r"\b(?:average[ds]?|avg|mean)\b(?!\s+(?:arterial|corpuscular|cell))", r"\btrend\b|\bdoes\b.{0,30}\bmean\b|\bwhat (?:do|does|did|would)\b.{0,40}\bmean\W*$"),
    _asks("observation.statistics", r"\b(?:bottom(?:ed)?|rock[- ]bottom|trough(?:ed)?|top(?:ped)?|all[- ]time|record) (?:out |high |low |ever )?(?:X|values?|results?|readings?|figures?|numbers?)\b|\bX (?:bottom(?:ed)? out|top(?:ped)? out|peaked|peak|nadir|high point|low point)\b"),
)  # fmt: skip
_OF_PROBLEM = (
    _asks(
        "condition.resolved",
        rf"(?=.*(?:{_WHEN}))(?=.*(?:\bresolv\w*|\bclear(?:ed)?(?: up)?\b|\bsettl\w+|\bwent away\b|\bgo away\b|\bgone\b|\bend(?:ed)?\b|\bremission\b|\bget over\b|\bgot over\b|\brecover\w*|\bclosed\b|\binactive\b|\bcome off the (?:problem )?list\b|\babat\w+))",
        _OTHER_SENSE,
    ),
    _asks(
        "condition.onset",
        rf"(?=.*(?:{_WHEN}))(?=.*(?:\bstart\w*|\bonset\b|\bbeg[aiu]n\b|\bdiagnos\w*|\bdx\b|\bfirst\b|\brecord(?:ed)?\b|\bcome on\b|\bcame on\b|\bpicked up\b|\bappear\w*|\bdevelop\w*|\bgo on (?:the|his|her) (?:problem )?list\b|\b(?:he|she|they|pt|the patient) (?:got|get|had|have|has)\b|\bfound\b|\bbeen\b|\bcoded\b|\bmade\b|\bdocumented\b|\bset in\b))",
        rf"{_OTHER_SENSE}|\bflares?\b|\battacks?\b|\bexacerbation\w*|\blast\b|\blatest\b|\bmost recent\b|\boperat\w*|\bsurg\w*|\bseen\b|\bvisit|\badmi\w+|\btreat\w*|\bwhy\b|\bdrugs?\b|\bmed(?:s|ication)\b|\bnext\b|\bshould\b|\bwill\b|\bcheck\w*|\breview\w*|\bdiscuss\w*|\btold\b|\bclaim\w*|\bafter\b.{0,40}\bdiagnos|\bbefore\b.{0,40}\bdiagnos",
    ),
)  # fmt: skip
_OF_ALLERGEN = (
    _asks("allergy.list", r"\b(?:besides|apart from|other than|except(?: for)?|aside from|in addition to|as well as)\b.{0,20}\bX\b"),
    _asks(
        "allergy.reaction",
        r"\brxn\b|\breactions?\b|\breacted\b|\bhow (?:does|did|do|would) .{0,30}\breact\b|\bmanifest\w*|\bwhat (?:does|did|do|would|will|has|happen\w*|goes)\b.{0,30}\b(?:X|it)\b|\bwhat .{0,40}\b(?:on|with|from|to|after) X\b|\bX\b.{0,25}\bwhat happen\w*|\bhow (?:bad|severe|serious)\b",
        r"\bdose\b|\bdosage\b|\bcost\b|\bfor\b\W*$|\binteract|\bwhat (?:is|was|did|does) .{0,30}\b(?:take|taking|prescribed)\b|\bany reactions? to\b|\b(?:does|do|did|has|have|had) (?:he|she|they|the patient|pt) (?:ever )?(?:have|had|got|get)\b.{0,20}\breaction",
    ),
    _asks(
        "allergy.has",
        r"\b(?:does|do|is|are|did|has|would|will|can|any)\b.{0,40}\b(?:allerg\w*|react\w*|sensitiv\w*|hypersensitiv\w*|intoleran\w*|reactions?)\b.{0,20}\bX\b|\bX\b.{0,12}\b(?:allerg\w*|sensitiv\w*|intoleran\w*)\b",
        r"\bhow\b|\bwhat\b|\bwhen\b|\bwhich\b|\bwhy\b|\bother\b|\belse\b|\blist\b|\btest\w*|\bcross\b|\binteract",
    ),
)  # fmt: skip
_OF_PERSON = (
    _asks("demographics.birth_date", r"\bdob\b|\bdate of birth\b|\bbirth ?date\b|\bbirthday\b|\b(?:when|dates?|day|year)\b.{0,30}\bborn\b", r"\bname\b|\bmrn\b|\baddress\b|\bphone\b|\bage\b|\bold\b|\bsex\b|\bgender\b"),
    _asks("demographics.age", r"\bhow old (?:is|are) (?!the \w+ (?:result|value))|\b(?:his|her|their|the|patient'?s?|pt'?s?|current|need|exact|what|whats) age\b(?! (?:at|when|of (?:onset|diagnosis)))|^\W*age\W*$|\bhow[- ]many[- ]years?[- ]old\b", r"\bname\b|\bmrn\b|\bdob\b|\bbirth\b|\bsex\b|\bgender\b|\bgestation\w*|\bat\b.{0,25}\b(?:onset|diagnosis|time)\b|\bwhen\b"),
)  # fmt: skip
# Whole lists by the names they go by, where no member of one is named.
_OF_LISTS = (
    _asks(
        "allergy.list",
        r"\ballerg(?:y|ies|ic|ens?)\b|\bred (?:wrist ?)?band\b",
        r"\bfamily\b|\btest(?:s|ed|ing)?\b|\bwhen\b|\bclinic\b|\bhow many\b|\brhinitis\b|\bseasonal\b|\bfood\b|\bdrugs?\b|\bmedic\w*|\bconflict\w*|\bdisagree\w*|\bcontradict\w*|\bmismatch\w*",
    ),
    _asks(
        "medication.list_active",
        r"\bmed(?:ication)?s? rec(?:onciliation)?\b|\b(?:medication|drug|meds?) (?:history|list|chart|card|round)\b|\bkardex\b|\bcurrent (?:meds?|medications?|medicines?|drugs?|tablets|scripts?|prescriptions?|rx)\b|\bwhat(?:'s| is| are)? (?:he|she|they|pt|the patient) (?:on|taking|take|takes)\b\W*(?:$|now\b|currently\b|these days\b|at (?:the moment|present)\b|please\b|for (?:meds|medication|drugs)\b)",
        r"\bwhen\b|\bdone\b|\bever\b|\bhow many\b|\bwho\b|\bstopp\w*|\bdiscontinued\b|\ballerg\w*|\bpast\b|\bold\b|\bformer\b|\bpreviou\w*|\bconflict\w*|\bnotes?\b|\bwhy\b|\bdraft\b|\bupdate\b|\badd\b|\bsafe\b|\binteract\w*|\bas needed\b|\bprn\b|\blast (?:time|reconcil\w*)\b",
    ),
)  # fmt: skip
_SINCE_DRUG = re.compile(
    r"\b(?:since|after|before and after|from when|ever since|following|from before|on)\b.{0,40}\bX\b(?:.{0,20}\b(?:start\w*|beg[aiu]n|went in|went on|came in|added|introduced|initiated|commenced|kicked in|on board)\b)?|\bX\b.{0,12}\b(?:made|done|do|did|does|doing)\b.{0,12}\b(?:to|for|with)\b",
    re.IGNORECASE,
)
_MOVES = re.compile(
    r"\b(?:chang\w+|differen\w+|happen\w*|done|gone|go|went|com(?:e|ing)|came|mov\w+|drop\w*|fall\w*|fell|ris\w+|rose|improv\w*|worse\w*|better|lower|higher|up|down|respon\w+|effect|impact|delta|how much)\b",
    re.IGNORECASE,
)
_NOTE_AS_SOURCE = re.compile(
    r"\b(?:in|from|per|by|of|on|to|does|do|did|what|which|any|see|read|check|search) (?:\w+ ){0,3}(?:notes?|letters?|documentation|write-?up|narrative)\b|\bnotes? (?:say|says|said|mention\w*|tell|describe\w*|give)\b"
    r"|\b(?:anyone|somebody|someone|they|doctors?|clinicians?|nurses?|team|consultant|gp)\b.{0,12}\b(?:writ\w+|wrote|document\w*|say|said|mention\w*|chart\w*)\b|\bdocumented (?:as|about)\b",
    re.IGNORECASE,
)
_RECORD_AS_SOURCE = re.compile(
    r"\b(?:on|in|per|to|does|do|did|what|by|is|the|an?|actual|current|active|structured|coded) (?:\w+ ){0,2}(?:records?|order|orders|chart|file|mar|list)\b|\b(?:actually|really|officially|currently|truly|still) (?:\w+ )?(?:ordered|prescribed|recorded|on|taking|charted)\b|\brecorded\b|\bordered\b|\bon file\b|\bis the truth\b",
    re.IGNORECASE,
)
# A note that is told of, beside what is asked: "does she smoke, the note says never".
_NOTE_CLAIMS = re.compile(
    r"(?:^|[,;.–-]\s*|\b(?:but|though|although|because|since|as|when|and)\s+)(?:the |a |an |his |her |their |last |latest |this |that |\w+ ){0,4}?(?:notes?|letters?|summary)\s+(?:says?|said|has|have|claims?|states?|lists?|calls?|reads?|mentions?|suggests?|puts?)\b(?:(?!\s+and (?:is|are|does|do|has|what|which|when|how)\b)[^,;.?–])*",
    re.IGNORECASE,
)
# A letter that is being written is no source either: "allergy box on the discharge letter, what do I write".
_TO_BE_WRITTEN = re.compile(
    r"\bwhat (?:do|should|can|shall|must) (?:i|we) (?:write|put|enter|tick|fill|say|record|document)\b|\bwhat (?:goes|should go|belongs) (?:in|into|there|under)\b|\b(?:box|field|section) (?:on|in|of) (?:the|my|this) (?:\w+ ){0,2}(?:letter|form|summary|sheet)\b|\bfor (?:comparison|reference|completeness)\b|\b(?:letter|form|summary)\b.{0,12}\bi (?:need|want|have to (?:put|write|give|state))\b",
    re.IGNORECASE,
)
_IS_IT_SO = re.compile(
    r"\b(?:is|are|was|that|this|it|right|true|correct|really|so|what|which|they|he|she|does|do|agree|one)\b|\W",
    re.IGNORECASE,
)
# What is routed to these is about something else; all other routes give way to what the words ask of the one thing named.
_KEPT = ("guard.", "draft.", "story", "summary", "followup.", "family.", "calculate", "what_if", "dosing.", "conflict.", "encounter.", "causes.", "knowledge", "device.", "careplan.", "social.")  # fmt: skip
_BUT_NOT: dict[str, tuple[str, ...]] = {
    "drug": ("dosing.compare", "guard.order", "conflict.medications", "draft."),
    "allergen": (),
    "result": ("calculate", "conflict."),
    "problem": (),
}


def source_is_notes(text: str) -> bool:
    """Whether it is the notes that are asked; a note that is only told of beside a question to the record is not."""
    if _TO_BE_WRITTEN.search(text):
        return False
    rest = _NOTE_CLAIMS.sub(" ", text)
    if rest != text and len(_IS_IT_SO.sub("", rest)) > 3 and _NOTE_AS_SOURCE.search(rest) is None:
        return False
    return _NOTE_AS_SOURCE.search(text) is not None and _RECORD_AS_SOURCE.search(text) is None


def asked_of_subject(routes: list[Route], question: Question, text: str, record: RecordNames) -> Route | None:
    """The intent that the words of a question name for the one thing it is about; None where they leave it open."""
    if not routes or is_hypothetical(text):
        return None
    if (claimed := _claimed_of_drug(routes[0], question, text, record)) is not None:
        return claimed
    if source_is_notes(text):
        return None
    best = _as_result(routes, question, text, record)
    if (asked := _list_by_name(question, text, best) or _since_drug(question, text, best)) is not None:
        return asked
    for kind, kinds, table in (
        ("allergen", ("allergen", "medication", "drug_class"), _OF_ALLERGEN),
        ("drug", ("medication", "drug_class"), _OF_DRUG),
        ("result", ("observation",), _OF_RESULT),
        ("problem", ("condition",), _OF_PROBLEM),
    ):
        if best.intent.startswith(_KEPT) and not best.intent.startswith(_BUT_NOT[kind] or ("-",)):
            continue
        found = _single(question, kinds, record)
        if found is None:
            continue
        variant, slot = found
        if kind == "allergen" and not _may_be_allergen(slot, text, record):
            continue
        masked = f"{text[: slot.start]}X{text[slot.end :]}"
        if kind == "result" and "note" in best.variant.cues and best.intent.startswith("observation."):
            return best  # the note is held in the hand, and the record is asked
        intent = next((a.intent for a in table if a.holds(masked)), None)
        if kind == "result" and question.period is not None and _AGAINST_NOW.search(text[question.period.start :]):
            intent = "observation.change"
        if (
            intent is None
            and kind == "result"
            and (best.intent.startswith("observation.") or record.has(slot.kind, slot.id))
        ):
            intent = _of_series(best, masked, slot.text)
        if intent is not None and _may_override(best.intent, intent, kind, slot, text, record):
            return Route(intent, max(best.score, _SURE), variant)
    return best if best is not routes[0] else None


def _claimed_of_drug(best: Route, question: Question, text: str, record: RecordNames) -> Route | None:
    """Whether a drug is taken that a note claims: "the note says she's on naproxen, is she?"."""
    rest = _NOTE_CLAIMS.sub(" ", text)
    if rest == text or len(_IS_IT_SO.sub("", rest)) > 3 or not re.search(r"[a-z]", rest, re.IGNORECASE):
        return None
    found = _single(question, ("medication", "drug_class"), record)
    if found is None or not best.intent.startswith(("conflict.", "note.", "medication.")):
        return None
    return Route("medication.active", max(best.score, _SURE), found[0])


def _as_result(routes: list[Route], question: Question, text: str, record: RecordNames) -> Route:
    """The best route; for what is both measured and taken (calcium, vitamin B12) the one that the record has."""
    best = routes[0]
    if best.intent.startswith("conflict."):  # notes are set against lists, and no result is on one
        return next(
            (
                r
                for r in routes
                if r.intent.startswith("observation.") and (s := r.variant.of("observation")) and s.known
            ),
            best,
        )
    drug = best.variant.of("medication")
    if (
        drug is None
        or not best.intent.startswith("medication.")
        or _IS_TAKEN.search(text)
        or record.has("medication", drug.id)
    ):
        return best
    measured = {
        s.id
        for v in question.variants
        for s in v.slots
        if s.kind == "observation" and s.known and s.start == drug.start
    }
    if not any(record.has("observation", i) for i in measured) and not (measured and _OF_VALUES.search(text)):
        return best
    return next(
        (
            r
            for r in routes
            if r.intent.startswith("observation.") and (s := r.variant.of("observation")) and s.id in measured
        ),
        best,
    )


_OF_VALUES = re.compile(
    r"\b(?:values?|levels?|results?|readings?|newest|trend\w*|highest|lowest|average|mean|the one before|last time)\b",
    re.IGNORECASE,
)
_IS_TAKEN = re.compile(
    r"\btak(?:e|es|en|ing)\b|\bon\b(?! (?:the|his|her|file|record|\d))|\bprescri\w*|\bdos(?:e|es|age|ing)\b|\btablets?\b|\bsupplement\w*|\bstart\w* on\b|\bgiven\b|\border\w*|\binjections?\b|\bshots?\b|\breplacement\b|\bstopp\w*|\ballerg\w*|\bstrength\b",
    re.IGNORECASE,
)


def _list_by_name(question: Question, text: str, best: Route) -> Route | None:
    """The list that a question names where it names no member: "what's on the red band", "med rec please"."""
    if best.intent.startswith(
        ("draft.", "guard.", "conflict.", "story", "followup.", "family.", "device.", "calculate", "what_if")
    ):
        return None
    known = {s.id for v in question.variants for s in v.slots if s.known}
    if known - {"medication_reconciliation"} or _RELATIVES.search(text):
        return None
    person = next((a.intent for a in _OF_PERSON if a.holds(text)), None)
    if person is not None and not best.intent.startswith("demographics.age_when"):
        return Route(person, max(best.score, _SURE), best.variant.model_copy(update={"slots": ()}))
    intent = next((a.intent for a in _OF_LISTS if a.holds(text)), None)
    if intent is None:
        return None
    same = best.intent.split(".")[0] == intent.split(".")[0] and best.intent in _WHOLE_LISTS
    if same and not (best.intent == "medication.list_all" and _PRESENT.search(text)):
        intent = best.intent
    return Route(intent, max(best.score, _SURE), best.variant.model_copy(update={"slots": ()}))


_RELATIVES = re.compile(
    rf"\b(?:mother|father|brother|sister|daughter|son|mum|mom|dad|wife|husband|partner|parent|child|baby|twin)(?:['’]s|s)?\b{_SAYS}|\bfamily\b",
    re.IGNORECASE,
)
_WHOLE_LISTS = frozenset({"allergy.list", "allergy.count", "medication.list_active", "medication.list_stopped", "medication.list_all", "medication.count_all"})  # fmt: skip
_PRESENT = re.compile(r"\b(?:current\w*|now|active|at present|these days|at the moment)\b", re.IGNORECASE)


def _since_drug(question: Question, text: str, best: Route) -> Route | None:
    """How a result moved since a drug was begun: "what's happened to his LDL since atorvastatin went in"."""
    if not best.intent.startswith(("observation.", "note.", "medication.", "causes.")) or re.search(
        r"\bwhy\b", text, re.IGNORECASE
    ):
        return None
    for variant in question.variants:
        drug, result = variant.of("medication", "drug_class"), variant.of("observation")
        if drug is None or result is None or not drug.known or not result.known or drug.start == result.start:
            continue
        masked = f"{text[: drug.start]}X{text[drug.end :]}"
        if _SINCE_DRUG.search(masked) and _MOVES.search(masked):
            return Route("observation.change", max(best.score, _SURE), variant)
    return None


def _single(question: Question, kinds: tuple[str, ...], record: RecordNames) -> tuple[Variant, Slot] | None:
    """The reading in which one thing of these kinds is named and nothing else that is known; what the record has first."""
    fits = []
    for variant in question.variants:
        known = [s for s in variant.slots if s.known]
        if known and len({s.id for s in known}) == 1 and known[0].kind in kinds:
            fits.append((variant.model_copy(update={"slots": (known[0],)}), known[0]))
    return next((f for f in fits if record.has(f[1].kind, f[1].id)), fits[0] if fits else None)


def _may_be_allergen(slot: Slot, text: str, record: RecordNames) -> bool:
    """Whether a substance is asked about as an allergen: the words say so, or it is one on file and was never ordered."""
    if re.search(r"\ballerg|\breact|\brxn\b|\bintoleran|\bsensitiv|\banaphyla", text, re.IGNORECASE):
        return True
    as_allergen = record.has("allergen", slot.id)
    return as_allergen and not record.has("medication", slot.id)


def _of_series(best: Route, masked: str, text_of_slot: str) -> str | None:
    """The newest value for a value without place, the course for "from the first to the last"."""
    if has_limit(masked):
        return None
    if best.intent == "observation.count" and text_of_slot.lower().startswith("many "):  # "how many pounds": how heavy
        return "observation.latest"
    if best.intent == "observation.normal" and _AT_ANY_TIME.search(masked):
        return "observation.series"
    if asks_for_whole_course(masked) and best.intent != "observation.count":
        return "observation.series"
    if asks_for_newest_two(masked):
        return "observation.change"
    if last_few(masked):
        return None
    cues = best.variant.cues
    if best.intent in {"observation.latest", "observation.exists"} and _FIRST_OF_ALL.search(masked):
        return "observation.first"
    bare_previous = best.intent == "observation.previous" and not re.search(
        r"\bprevious|\bprior\b|\bbefore\b|\bpenultimate\b|\bpreceding\b|\bearlier\b|\bback\b|\bago\b|\b(?:second|2nd|third|3rd|next)\b|\bnot the\b|\bolder\b|\bprev\b",
        masked,
        re.IGNORECASE,
    )
    bare_first = best.intent == "observation.first" and "first" not in cues and not _AT_THE_START.search(masked)
    if best.intent == "observation.change" and _LOST.search(masked) and not _SINCE_WHAT.search(masked):
        return "observation.series"
    return "observation.latest" if bare_previous or bare_first else None


_AGAINST_NOW = re.compile(
    r"\b(?:vs\.?|versus|compared (?:to|with)|against|and|to)\s+(?:the )?(?:now|current\w*|today|latest|newest|present)\b",
    re.IGNORECASE,
)
_AT_ANY_TIME = re.compile(r"\bat any (?:stage|point|time)\b|\bever\b|\bon any occasion\b", re.IGNORECASE)
_FIRST_OF_ALL = re.compile(
    r"\bat the (?:very )?(?:start|beginning|outset)\b(?! of (?:the |this |last )?(?:year|month|week|19|20|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))|\bback when (?:records?|the (?:chart|record)|it all|everything|things) (?:started|began)\b|\bto (?:start|begin) (?:off )?with\b|\bstarting (?:value|level|point|figure|number)\b",
    re.IGNORECASE,
)
_AT_THE_START = re.compile(
    r"\bstart\w*|\bbeg[iau]n\w*|\bbaseline\b|\bback (?:at|when|then|in)\b|\borigin\w*|\boutset\b|\bopening\b|\bonly just\b",
    re.IGNORECASE,
)
_LOST = re.compile(r"\b(?:lost|gained|put on|dropped|shed|losing|gaining)\b", re.IGNORECASE)
_SINCE_WHAT = re.compile(
    r"\b(?:since|last|latest|previous|prior|before|compared|ago|between|recent(?:ly)?|over|from|in the)\b",
    re.IGNORECASE,
)


def _may_override(routed: str, asked: str, kind: str, slot: Slot, text: str, record: RecordNames) -> bool:
    """Whether the words outweigh the route: an order to be written stays one, and a note's own story stays with the notes."""
    if routed.startswith(("draft.", "guard.order")):
        return _IS_ASKED.search(text) is not None
    if routed.startswith("note.") and kind in {"problem", "drug"}:
        return record.has(slot.kind, slot.id)
    if kind == "problem" and routed.startswith(("procedure.", "encounter.", "report.", "observation.")):
        return False
    if kind == "result" and routed.startswith("medication.") and asked == "observation.statistics":
        return True
    return True


_IS_ASKED = re.compile(
    r"\b(?:reasons?|date|dose) (?:for|of|why|behind|given)\b|\b(?:stop|stopping|discontinuation) (?:reason|date)\b|^\W*(?:why|when|what|is|are|does|do|did|was|which|how)\b|\bwhat (?:was|is|were)\b",
    re.IGNORECASE,
)
