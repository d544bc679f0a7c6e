"""The words that ask for one fact of a drug, a result, a problem, an allergen, a person, or for a whole list.

Each table is read from the top: the first entry whose words are there and whose exceptions are not decides. What a
question is about stands in the text as X.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from agents.embedded.routing.asked_words import any_of


class Asks(NamedTuple):
    """One entry: the intent, the words that ask for it, and words that make it something else."""

    intent: str
    words: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def holds(self, text: str) -> bool:
        return self.words.search(text) is not None and (self.unless is None or self.unless.search(text) is None)


def asks(intent: str, words: str, unless: str = "") -> Asks:
    """One entry, of patterns that ignore case."""
    return Asks(intent, re.compile(words, re.IGNORECASE), re.compile(unless, re.IGNORECASE) if unless else None)


_HE = r"(?:he|she|they|the patient|patient|pt|this (?:man|woman|lady|gentleman|patient|pt|one|chap|fella)|the (?:man|woman|lady|gentleman)|mr \w+|mrs \w+|ms \w+)"
_WHEN = r"\bwhen\b|\bdates?\b|\bwhat (?:day|year|month)\b|\bwhich (?:day|year|month)\b|\bsince when\b|\bhow long\b|\bhow far back\b|\byear of\b"
_WHY = r"\bwhy\b|\breasons?\b|\brationale\b|\bhow come\b|\bwhat (?:made|led|prompted|caused|was behind)\b|\bexplanation\b|\bgrounds\b|\bcause of\b|\bwhat (?:was|were) (?:it|X) (?:stopped|discontinued)\b.*\bfor\b"
_STOPPED = r"\bstop(?:s|ped|ping|page)?\b|\bdiscontinu\w*|\bd/?c['’]?d\b|\bc[ao]me off\b|\bcoming off\b|\btaken? off\b|\btook (?:him|her|them)? ?off\b|\bpulled\b|\bgot off\b|\boff (?:the |his |her |their |it|this|that|of )*X|\bX off\b|\bcessation\b|\bceas(?:e|ed|ing)\b|\bwithdr[ae]w\w*|\bwithdrawal\b|\bdropped\b|\bended?\b|\bending\b|\bno (?:longer|more)\b|\bhalted\b|\bgot rid\b|\bis(?:n'?t| not) (?:he |she )?on\b|\bnot on\b|\bquit\b|\bcut out\b|\bbinned\b|\bfinish\w*|\bcomplet(?:e|ed|ion)\b|\bturned off\b|\bswitched off\b|\bwean\w* off\b|\bwent off\b|\bgo off\b|\blast day\b|\bexpir\w+"
_STARTED = r"\bstart(?:s|ed|ing)?\b|\bbeg[aiu]n\b|\binitiat\w*|\bcommenc\w*|\b(?:first|originally|initially) (?:\w+ ){0,2}(?:prescribed|ordered|given|written|issued|on|taken|appear\w*|charted)\b|\bfirst (?:order|prescription|script|rx)\b|\bput on\b|\bintroduc\w*|\bgo(?:ne)? on(?:to)?\b|\bwent on(?:to)?\b|\bbeen (?:on|taking|using|getting)\b|\badded\b|\bprescribed\b"
_DOSE = r"\bdos(?:e|es|age|ages|ing)\b|\bstrengths?\b|\bhow much\b|\bhow many (?:mgs?|milligrams?|mcgs?|micrograms?|mgs? of|tablets|tabs|pills|puffs|units|capsules|caps|drops)\b|\bwhat mgs?\b|\bposology\b|\bsig\b|\bhow (?:is|does|often is|often does|should) .{0,25}\b(?:take|taken|given|taking|ordered|written|prescribed)\b"
_PROPOSED = r"\bshould\b|\bpropos\w+|\bsuggest\w*|\brecommend\w*|\badjust\w*|\bcompar\w+|\boptim\w+|\btarget\w*|\bwhat if\b|\bwould\b|\bcalculat\w*|\boptions?\b|\bneeds? to\b|\bsafe\b|\bmax(?:imum)?\b|\bsimulat\w*|\bauc\b|\bkeep\b|\bpeak\b|\btrough\b|\bdue\b|\bnext\b|\bmiss\w*|\bhow many doses\b|\bnumber of doses\b|\beach\b.*\bvs\b|\blevels?\b"
_BEFORE = r"\b(?:previous|prior|earlier|old|former|original(?:ly)?|past|last)\b(?! (?:note|visit|letter))|\bbefore\b|\bused to\b|\bhistory\b|\bwas\b.{0,40}\b(?:before|previously)\b"
FREQUENCY = r"\b(?:(?:once|twice|two times|three times|four times|\d times) (?:a|per|every|each)? ?(?:day|week|daily|weekly)|daily|weekly|nightly|bd|bid|tds|tid|qds|qid|every (?:other |second )?(?:day|week|night|morning)|alternate days|(?:every|q) ?\d{1,2} ?h\w*)\b"
_DOSE_MOVED = r"\b(?:dose|dosage|strength|X)\b.{0,30}\b(?:chang\w+|increas\w*|decreas\w*|reduc\w*|rais\w*|lower\w*|doubl\w*|halv\w*|titrat\w*|up-?titrat\w*|step\w* (?:up|down)|cut(?: (?:down|back))?|drop(?:ped)?(?: to)?|put up|bumped?(?: up)?|went (?:up|down)|go(?:ne)? (?:up|down)|adjusted)\b|\b(?:chang\w+|increas\w*|decreas\w*|reduc\w*|rais\w*|lower\w*|doubl\w*|halv\w*|titrat\w*|step\w* (?:up|down)|cut(?: down| back)?|put up|bump\w*(?: up)?)\b.{0,25}\b(?:dose|dosage|strength|X)\b"
_YES_NO_ON = rf"\b(?:is|are|isn'?t|does|do|'s)\s+(?:{_HE}\s+)?(?:(?:still|currently|actually|really|even|now|presently|meant to be|supposed to be|definitely)\s+)*(?:on|tak(?:e|es|ing)|us(?:e|es|ing)|get(?:s|ting)?|receiv(?:e|es|ing)|hav(?:e|ing)|prescribed|given)\s+(?:(?:any|the|a|an|his|her|their|some|regular|oral|daily)\s+)*X|\b(?:whether|if|check|confirm|see|that)\s+(?:whether\s+|if\s+)?{_HE}(?:'s| is| are)?\s+(?:(?:still|currently|actually|really|now)\s+)*(?:on|taking|takes?|using|getting)\s+(?:(?:any|the|a|his|her|some)\s+)*X|^\W*(?:still |currently )?on (?:any |the )?X\b|\bX\b(?:,| is| -)? ?(?:still |currently |an? )?(?:active|current|ongoing|running|in use|on board|being (?:taken|given))\b|\b(?:on|taking) X (?:now|currently|at present|at the moment|today|still|or not)\b|\bis X (?:still )?(?:on|one of|among|part of)\b"
_NOT_NOW = r"\bever\b|\bwas\b|\bwere\b|\bhad\b|\bbeen\b|\bused to\b|\bpreviously\b|\bwhen\b|\bhow\b|\bwhy\b|\bwhat\b|\bwhich\b|\bwho\b|\ballerg\w*|\breact\w*|\blevels?\b|\bok(?:ay)?\b|\bsafe\b|\binteract\w*|\bside effects?\b|\btolerat\w*|\badher\w*|\bcomplian\w*|\bhelp\w*|\bwork(?:s|ing)?\b|\bif\b.{0,40}\d"
SAYS = r"(?!\s+(?:on the phone\s+)?(?:says?|said|thinks?|thought|believes?|reckons?|reports?|claims?|told|tells|mention\w*|swears?|insists?|wants?|asks?|asking|is asking|wonder\w*|is wondering|worried|convinced|is sure))"
_OTHER_SENSE = rf"\bage\b|\bold\b.{{0,20}}\bwhen\b|\bfamily history\b|\bin (?:the|his|her) family\b|\b(?:mother|father|brother|sister|daughter|son|mum|dad|wife|husband)(?:['’]s|s)?\b{SAYS}|\bwho\b|\bhow many times\b|\bwhere\b"
OF_DRUG = (
    asks("medication.last", r"(?=.*\blast\b.{0,25}\b(?:dose|given|administered|had)\b)(?=.*(?:\bwhen\b|\bdates?\b|\btime\b|\bhow long ago\b))", rf"{_OTHER_SENSE}|\bchang\w*|\bincreas\w*|\breduc\w*|\bbefore\b"),
    asks("medication.dose", r"\b(?:last|latest|most recent) X dose\b|\b(?:last|latest|most recent) dose of X\b", _OTHER_SENSE),
    asks("medication.stop", rf"(?=.*(?:{_WHY}))(?=.*(?:{_STOPPED}))", _OTHER_SENSE),
    asks("medication.stop", rf"(?=.*(?:{_WHEN}))(?=.*(?:{_STOPPED}))", rf"{_OTHER_SENSE}|\bsince (?:starting|he|she|they)\b|\bshould\b|\bwill\b"),
    asks("medication.dose_history", rf"(?=.*(?:{_DOSE}|{_DOSE_MOVED}))(?=.*(?:{_DOSE_MOVED}))(?=.*(?:{_WHEN}|\bwhat\b|\bhow\b|\bhas\b|\bhave\b|\bwas\b|\bever\b|\bany\b))", rf"{_OTHER_SENSE}|{_PROPOSED}|\bwhy\b|\breasons?\b|\border(?:ed)?\b|\bactual\w*|\brecord\b|\bsay\b|\bsays\b|\bif\b|\bnow\b"),
    asks("medication.dose_history", rf"(?=.*(?:\bdos(?:e|es|age)\b|\bstrengths?\b))(?=.*(?:{_BEFORE}))", rf"{_OTHER_SENSE}|{_PROPOSED}|\bwhy\b|\blast (?:ordered|prescribed|given|dose)\b|\border(?:ed)?\b|\bbefore (?:each|every|going|surgery|bed|food|meals|the (?:operation|surgery|procedure|scan|admission|meal))\b"),
    asks("medication.dose", rf"\b(?:is|are|does|do|was|whether|supposed|meant)\b.*\bX\b.{{0,25}}(?:{FREQUENCY})|^\W*X (?:{FREQUENCY})", rf"{_OTHER_SENSE}|\bwhy\b|\bsafe\b|\bok(?:ay)?\b|\bif\b|\bwould\b|\bshould\b|\blevels?\b|\ballerg"),
    asks("medication.dose", _DOSE, rf"{_OTHER_SENSE}|{_PROPOSED}|\bwhy\b|\breasons?\b|\ballerg\w*|\bdoes X\b|\bdo to\b|\bhow much (?:of an? |did|has|have)\b"),
    asks("medication.start", rf"(?=.*(?:{_WHEN}))(?=.*(?:{_STARTED}))", rf"{_OTHER_SENSE}|\blast\b|\blatest\b|\bmost recent\b|\brenew\w*|\brefill\w*|\bre-?start\w*|\bshould\b|\bwill\b|\bwhy\b|\bhow long (?:should|will|does .* need|after|before)\b|\bsince (?:starting|he|she|they)\b|\bmeant to\b|\bsupposed to\b"),
    asks("medication.active", _YES_NO_ON, _NOT_NOW),
    asks("medication.active", r"^\W*(?:(?:and|so|but)\s+)?should\b.{0,30}\bX\b(?:.{0,25}\b(?:restart\w*|resum\w*|continu\w*|stop\w*|held|hold|paused|given|kept?)\b)?\W*$|^\W*(?:(?:and|so|but)\s+)?should\b.{0,25}\b(?:restart|resume|continue|stop|hold|pause|stay on|keep|be on|come off|be taking|take)\b.{0,15}\bX\b\W*$", rf"{_WHEN}|{_WHY}|\bwhat\b|\bhow\b|\bdose\b"),
    asks("medication.ever", rf"^\W*(?:(?:and|so|but)\s+)?(?:was|were|has|is)\s+(?:(?:any|the|a dose of)\s+)*X\s+(?:(?:actually|ever|been)\s+)*(?:given|administered|charted|hung|infused|received)\b|^\W*(?:(?:and|so|but)\s+)?(?:did|has)\s+{_HE}\s+(?:(?:actually|ever|really)\s+)*(?:get|got|receive[d]?|been given|given)\s+(?:(?:any|his|her|the|a dose of)\s+)*X\b", rf"{_WHEN}|{_WHY}|\bhow\b|\bwhat\b|\bfor\b|\bif\b|\bvaccin|\bshot\b"),
    asks("medication.active", rf"^\W*(?:(?:so|and|but)\s+)?(?:is|are|has|have|was|were|did (?:they|we|you|anyone))\b.{{0,25}}\bX\b.{{0,25}}{any_of('held')}|\b{any_of('held')}.{{0,15}}\bX\b.{{0,20}}\?$", rf"{_WHEN}|{_WHY}|\bhow\b|\bwhat\b|\bif\b|\bshould\b|\bbefore\b"),
)  # fmt: skip
_TO_BEFORE = rf"(?:(?:the|its|his|her|their|that|what|it|was|one)\s+)*{any_of('value_before')}"
OF_RESULT = (
    asks(
        "observation.change",
        rf"{any_of('moved')}.{{0,60}}{any_of('set_against')}\s+{_TO_BEFORE}|\bsince\s+{_TO_BEFORE}.*{any_of('moved')}",
        r"\bvisit|\badmission|\bclinic\b",
    ),
    asks("observation.statistics", r"\bhow (?:high|low)\b.{0,25}\bX\b.{0,10}\b(?:been|gone|got|gotten|get|go|gone up|gone down)\b"),
    asks("observation.statistics", r"\bhow bad (?:has|have|did|was|were|is)\b.{0,30}\bX\b(?!.{0,12}\b(?:now|today|currently)\b)"),
    asks("observation.statistics", r"\b(?:average[ds]?|avg|mean)\b(?!\s+(?:arterial|corpuscular|cell))", r"\btrend\b|\bdoes\b.{0,30}\bmean\b|\bwhat (?:do|does|did|would)\b.{0,40}\bmean\W*$"),
    asks("observation.statistics", rf"{any_of('extreme_reached')}|\b(?:bottom|top|trough) (?:X|values?|results?|readings?|figures?|numbers?)\b|\bX (?:peaked|peak|nadir)\b|\bthe most (?!recent|current|up)(?=.*\b(?:ever|been|got|gone|come|came|went|was|reached)\b)"),
)  # fmt: skip
OF_PROBLEM = (
    asks(
        "condition.resolved",
        rf"(?=.*(?:{_WHEN}))(?=.*(?:\bresolv\w*|\bclear(?:ed)?(?: up)?\b|\bsettl\w+|\bwent away\b|\bgo away\b|\bgone\b|\bend(?:ed)?\b|\bremission\b|\bget over\b|\bgot over\b|\brecover\w*|\bclosed\b|\binactive\b|\bcome off the (?:problem )?list\b|\babat\w+))",
        _OTHER_SENSE,
    ),
    asks(
        "condition.onset",
        rf"(?=.*(?:{_WHEN}))(?=.*(?:\bstart\w*|\bonset\b|\bbeg[aiu]n\b|\bdiagnos\w*|\bdx\b|\bfirst\b|\brecord(?:ed)?\b|\bcome on\b|\bcame on\b|\bpicked up\b|\bappear\w*|\bdevelop\w*|\bgo on (?:the|his|her) (?:problem )?list\b|\b(?:he|she|they|pt|the patient) (?:got|get|had|have|has)\b|\bfound\b|\bbeen\b|\bcoded\b|\bmade\b|\bdocumented\b|\bset in\b|\bgo(?:es)? back\b|\bdates? back\b|\btraced?\b))",
        rf"{_OTHER_SENSE}|\bflares?\b|\battacks?\b|\bexacerbation\w*|\blast\b|\blatest\b|\bmost recent\b|\boperat\w*|\bsurg\w*|\bseen\b|\bvisit|\badmi\w+|\btreat\w*|\bwhy\b|\bdrugs?\b|\bmed(?:s|ication)\b|\bnext\b|\bshould\b|\bwill\b|\bcheck\w*|\breview\w*|\bdiscuss\w*|\btold\b|\bclaim\w*|\bafter\b.{0,40}\bdiagnos|\bbefore\b.{0,40}\bdiagnos",
    ),
)  # fmt: skip
OF_ALLERGEN = (
    asks("allergy.list", r"\b(?:besides|apart from|other than|except(?: for)?|aside from|in addition to|as well as)\b.{0,20}\bX\b"),
    asks(
        "allergy.reaction",
        rf"{any_of('of_a_reaction')}|\bhow (?:does|did|do|would) .{{0,30}}\breact\b|\bwhat (?:does|did|do|would|will|has|happen\w*|goes)\b.{{0,30}}\b(?:X|it)\b|\bwhat .{{0,40}}\b(?:on|with|from|to|after) X\b|\bX\b.{{0,25}}\bwhat happen\w*",
        r"\bdose\b|\bdosage\b|\bcost\b|\bfor\b\W*$|\bfor (?:the |his |her |their )*(?:allerg|react)|\binteract|\bwhat (?:is|was|did|does) .{0,30}\b(?:take|taking|prescribed)\b|\bany reactions? to\b|\b(?:does|do|did|has|have|had) (?:he|she|they|the patient|pt|anyone|somebody|anybody) (?:ever )?(?:have|had|got|get|record\w*|not\w+|document\w*|mention\w*)\b.{0,20}\breaction",
    ),
    asks(
        "allergy.has",
        rf"(?=.*\bX\b).*{any_of('allergy')}",
        r"\bhow\b|\bwhat\b(?! about)|\bwhen\b|\bwhich\b|\bwhy\b|\bwho\b|\bother\b|\belse\b|^\W*list\b|\blist (?:all|the|his|her|every)\b|\btest\w*|\bcross\b|\binteract|\bsensitivities\b|\bfor (?:the |his |her |their |seasonal )*(?:allerg|react|sensitiv)|\bspecialist\b|\boff[- ]label\b|\blabel(?:led)? as\b",
    ),
)  # fmt: skip
OF_PERSON = (
    asks("demographics.birth_date", r"\bdob\b|\b(?!(?:place|city|town|site|mode|time)\b)\w{2,4} of birth\b|\bbirth ?date\b|\bbirthday\b|\b(?:when|dates?|day|year)\b.{0,30}\bborn\b", r"\bname\b|\bmrn\b|\baddress\b|\bphone\b|\bage\b|\bold\b|\bsex\b|\bgender\b"),
    asks("demographics.age", r"\bhow old (?:is|are) (?!the \w+ (?:result|value))|\b(?:his|her|their|the|patient'?s?|pt'?s?|current|need|exact|what|whats) age\b(?! (?:at|when|of (?:onset|diagnosis)))|^\W*age\W*$|\bhow[- ]many[- ]years?[- ]old\b", r"\bname\b|\bmrn\b|\bdob\b|\bbirth\b|\bsex\b|\bgender\b|\bgestation\w*|\bat\b.{0,25}\b(?:onset|diagnosis|time)\b|\bwhen\b"),
)  # fmt: skip
_NOT_THE_PROBLEMS = r"\bfamily\b|\bhow many\b|\bnumber of\b|\bcount\b|\bwhen\b|\bresolved\b|\binactive\b|\bclosed\b|\bindex\b|\bscore\b|\bcharlson\b|\bconflict\w*|\bdisagree\w*|\bcontradict\w*|\bnotes?\b|\bwhy\b|\bdraft\b|\badd\b|\bupdate\b|\bremove\b|\bplan\b|\bvisits?\b|\badmi\w+|\bdischarge\b|\bwith (?:his|her|the) (?:eyes?|skin|feet|hearing|sleep|mood|bladder|bowels?)\b"
# Whole lists by the names they go by, where no member of one is named.
OF_LISTS = (
    asks(
        "allergy.list",
        r"\ballerg(?:y|ies|ic|ens?)\b|\badrs?\b|\badverse drug reactions?\b|\bred (?:wrist ?)?band\b",
        r"\bfamily\b|\btest(?:s|ed|ing)?\b|\bwhen\b|\bclinic\b|\bhow many\b|\brhinitis\b|\bseasonal\b|\bfood\b|\bdrugs?\b|\bmedic\w*|\bconflict\w*|\bdisagree\w*|\bcontradict\w*|\bmismatch\w*",
    ),
    asks("condition.list_all", rf"(?=.*{any_of('every_problem')}).*{any_of('problem_list')}", _NOT_THE_PROBLEMS),
    asks("condition.list_active", any_of("problem_list"), _NOT_THE_PROBLEMS),
    asks(
        "medication.list_active",
        r"\bmed(?:ication)?s? rec(?:onciliation)?\b|\b(?:medication|drug|meds?) (?:history|list|chart|card|round)\b|\bkardex\b|\bcurrent (?:meds?|medications?|medicines?|drugs?|tablets|scripts?|prescriptions?|rx)\b|\bwhat(?:'s| is| are)? (?:he|she|they|pt|the patient) (?:on|taking|take|takes)\b\W*(?:$|now\b|currently\b|these days\b|at (?:the moment|present)\b|please\b|for (?:meds|medication|drugs)\b)",
        r"\bwhen\b|\bdone\b|\bever\b|\bhow many\b|\bwho\b|\bstopp\w*|\bdiscontinued\b|\ballerg\w*|\bpast\b|\bold\b|\bformer\b|\bpreviou\w*|\bconflict\w*|\bnotes?\b|\bwhy\b|\bdraft\b|\bupdate\b|\badd\b|\bsafe\b|\binteract\w*|\bas needed\b|\bprn\b|\blast (?:time|reconcil\w*)\b",
    ),
)  # fmt: skip
