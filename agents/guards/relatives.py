"""Relatives and companions in a question: whether their own data is asked for, or what they say, do and had.

A relative's disease is this patient's family history; what a wife reports, brings or decides is this patient's story. A
relative's tablets, results and visits are of another chart.
"""

from __future__ import annotations

import re

from tools.concepts import Lexicon, Mention

RELATIONS = (
    "wife|husband|spouse|partner|brother|sister|son|daughter|mother|father|mom|mum|mommy|mummy|dad|daddy|grandma|grandpa|granny|roommate|neighbou?r|friend|cousin|"
    "uncle|aunt|grandmother|grandfather|grandson|granddaughter|grandchild|twin|sibling|boyfriend|girlfriend|colleague|coworker|fianc[eé]e?|ex-wife|ex-husband|niece|nephew|stepson|stepdaughter|housemate|flatmate|goddaughter|godson|godmother|godfather|lawyer|boss"
)
KINSHIP = frozenset(
    [
        *RELATIONS.replace("neighbou?r", "neighbor|neighbour").replace("fianc[eé]e?", "fiance|fiancee").split("|"),
        *"baby newborn infant fetus child".split(),
    ]
)
_BLOOD = frozenset(
    "brother sister son daughter mother father mom mum mommy mummy dad daddy grandma grandpa granny uncle aunt grandmother grandfather twin sibling cousin".split()
)
_WOMEN = "wife|sister|daughter|mother|mom|mum|mommy|mummy|grandma|granny|aunt|grandmother|granddaughter|girlfriend|ex-wife|niece|stepdaughter"
_MEN = "husband|brother|son|father|dad|daddy|grandpa|uncle|grandfather|grandson|boyfriend|ex-husband|nephew|stepson"
_OF_WHOM = r"(?:his|her|their|the patient's|pt's)"
_MAYBE = r"(?:\w+ly |late |own |eldest |oldest |youngest |older |younger |elder |elderly |twin |step|ex-|maternal |paternal |other |second |\w+ed )?"

# "his sister's creatinine" against "his wife's name": what of a relative is no data of a chart of theirs.
_OF_EVERYDAY = (
    r"(?:(?:\w+ ){0,2}(?:names?|numbers?|phone|telephone|mobile|contact\w*|concerns?|worr\w+|opinions?|views?|wish\w*|account|report|collateral|statement|words|death|passing|"
    r"house|home|place|flat|funeral|wedding|help|support|input|involvement|role|jobs?|consent|request|questions?|details|understanding|version|suggestion|say|preference|observation|description)\b)"
)
_EVERYDAY_OF = re.compile(
    rf"\b(?:names?|(?:phone |telephone |mobile |contact )?numbers?|phone|contact details|address|role|job|occupation|wish\w*|views?|concerns?|account) (?:of|for) {_OF_WHOM}\s+{_MAYBE}(?:{RELATIONS})\b",
    re.IGNORECASE,
)
_OWNS = re.compile(rf"\b(?:{_OF_WHOM}|the|my)?\s*(?:{RELATIONS})(?:'s|’s|s')\s+(?!{_OF_EVERYDAY})", re.IGNORECASE)
_KIN = re.compile(rf"\b(?:{_OF_WHOM}|my)\s+{_MAYBE}(?P<who>{RELATIONS})\b(?!['’]s)", re.IGNORECASE)
_OF_THE_ASKER = re.compile(
    rf"\b(?:does|do|is|has|did|was|can|should|will)\s+my\s+{_MAYBE}(?:{RELATIONS})\b", re.IGNORECASE
)
# "The husband, what is he on": named first, and asked about.
_FRONTED = re.compile(
    rf"^\W*(?:and |so |ok |now )*(?:(?:what|how) about )?(?:{_OF_WHOM}|the|my)\s+{_MAYBE}(?:{RELATIONS})\s*[,:;–-]+\s*(?:what|which|is|does|how|when|has|any|was)\b(?!.*\b(?:say|said|think|want|know|live)\w*\b)",
    re.IGNORECASE,
)
_DATA_OF_A_HELPER = re.compile(
    r"\b(?:carer|caregiver|donor|visitor|interpreter|chaplain|student|landlord|employer|nurse|doctor)['’]?s['’]?\s+(?:(?:own|recent|last|latest|covid|flu|hiv|hep\w*|mrsa)\s+)*(?:tests?|swabs?|results?|bloods?|labs?|blood (?:group|type|pressure)|vaccin\w*|vaccination|status|allerg\w*|meds?|medications?|age|dob)\b",
    re.IGNORECASE,
)
_THE_KIN = re.compile(
    rf"\bthe (?:{RELATIONS})(?:['’]s)?\s+(?:(?:is|are|was|currently|still)\s+)*(?:taking|takes?|on|allergic|prescribed|weighs?)\b",
    re.IGNORECASE,
)
# What a relative says, does and decides beside the bed is told of this patient.
_ACTS = (
    r"(?:say|says|said|saying|tell|tells|told|telling|report\w*|ask|asks|asked|asking|want|wants|wanted|wanting|think|thinks|thought|believ\w+|feel|feels|felt|know|knows|knew|aware|mention\w*|describ\w*|"
    r"notic\w+|witness\w*|saw|worr\w+|concern\w*|call|calls|called|calling|rang|ring|rings|phoned?|phoning|bring|brings|brought|bringing|drive|drives|drove|driving|accompan\w+|coming|came along|come along|"
    r"visit(?:s|ing)? (?:him|her)|help|helps|helped|helping|assist\w*|car(?:e|es|ed|ing) for|look(?:s|ed|ing)? after|manag\w+ (?:his|her|the)|giv(?:es?|ing) (?:him|her)|administer\w*|fills? (?:the|his|her)|cook\w*|shop\w*|interpret\w*|translat\w*|"
    r"speak\w*|talk\w*|attend\w*|present|there|here|involved|agree\w*|consent\w*|sign|signs|signed|decid\w*|refus\w*|prefer\w*|insist\w*|live|lives|lived|living|stay|stays|staying|pick\w* (?:him|her|it|them) up|"
    r"collect\w*|available|able|willing|happy|understand\w*|support\w*|supervis\w*|monitor\w*|remind\w*|set\w* up|organi[sz]\w*|confirm\w*|sure|convinced|in the (?:room|house|picture)|with (?:him|her)|at home|allowed|proxy|poa)"
)
_AUX = r"(?:(?:is|was|are|has|have|had|been|also|still|just|already|did|does|will|would|can|could|to|who|not|always|usually|ever|really|be|'s|keeps|keep|who's)\s+)*"
_TELLS = re.compile(rf"\b(?:{_OF_WHOM}|the)\s+{_MAYBE}(?:{RELATIONS})(?:['’]s)?\s+{_AUX}{_ACTS}\b", re.IGNORECASE)
_TOLD_TO = re.compile(
    rf"\b(?:(?:talk|talked|talking|speak|spoke|spoken|speaking|chat\w*|discuss\w*|met|meet\w*|shar\w+|clinic|appointment|room|phone|call|here|came|comes|come|attend\w*|sat|lives?|lived|living|stay\w*|moved in|home|alone|arriv\w*|brought in|driven)"
    rf"(?:\s+\w+){{0,3}}\s+(?:to|with|by|and|from)|(?:contact|call|ring|phone|reach|tell|inform|update|ask|involve|notify|bother|told|informed|updated|asked|involved)|(?:per|according to|collateral from|history from|accompanied by|cared for by|given by|translated by|reported by|with (?:her|him|the patient|pt) and))\s+(?:{_OF_WHOM}|the)\s+{_MAYBE}(?:{RELATIONS})\b",
    re.IGNORECASE,
)
# "His mood since his wife died" is about him.
_EVENT = re.compile(
    rf"\b(?:since|after|before|when|until|following|because|now that)\s+(?:the (?:death|loss|passing) of )?{_OF_WHOM}\s+(?:late )?(?:{RELATIONS})(?:['’]s)?\s*(?:(?:has |had |was |got |being )*(?:died|passed(?: away)?|left|moved(?: out| in)?|death|passing|illness|ill|sick|diagnos\w+)|(?=\W*$))",
    re.IGNORECASE,
)
_HOUSEHOLD = re.compile(
    r"\b(?:lose|loses|lost|losing|mourn\w*|griev\w*)\b|\bliv(?:e|es|ing|ed)\b|\bnext of kin\b|\bcontact\b|\bwho is\b|\bname of\b|\bmarried\b|\bsupport\b|\bcaregiver\b|\bnotes?\b|\bproxy\b|\bpower of attorney\b|^\W*(?:and |so )?who (?!is (?:taking|on)\b)\w+\b",
    re.IGNORECASE,
)
# What of a relative is a history of the family: disease, death, age; and what is data of their own chart.
_RUNS = re.compile(
    r"\b(?:family|history|hx|had|have|has|die[ds]?|dead|death|alive|deceased|passed away|suffer\w*|diagnos\w+|ill|illness|diseases?|cancer|tumou?rs?|dialysis|transplant\w*|surger\w+|heart|stroke|genetic|carrier|mutation|at what age|how old|age at|wrong with|condition|happen\w*|fate)\b",
    re.IGNORECASE,
)
_OWN_DATA = re.compile(
    r"\b(?:vaccin\w*|immuni[sz]\w*|taking|takes?|allerg\w*|levels?|results?|prescribed|meds?|medications?|labs?|records?|chart|mrn|date of birth|dob|birthday|address|phone|appointment|biops\w+|scan|doses?|bp|blood pressure|weigh\w*)\b",
    re.IGNORECASE,
)
_ALSO_OURS = re.compile(
    r"\balso (?:our|my|a) patient\b|\b(?:is|are) (?:our|my|a) patients? (?:too|as well)\b", re.IGNORECASE
)
# What a relative did for a living is told of this patient's home: "what did her late husband do".
_LIVELIHOOD = re.compile(
    rf"\bwhat (?:(?:did|does|do|was|is|work|kind of|sort of|job|work did|job did)\s+)+{_OF_WHOM}\s+{_MAYBE}(?:{RELATIONS})\s+(?:do|work as|used to do|did)\b(?:\s+(?:for (?:a living|work|a job)|before|when)\b.*)?\W*$"
    rf"|\b(?:{RELATIONS})(?:['’]s)?\b.{{0,25}}\b(?:for a living|occupation|profession|trade|jobs?|careers?|retired from|line of work|works? (?:as|in|for|at)|worked (?:as|in|for|at)|employ\w+)\b"
    rf"|\b(?:occupation|profession|job|trade|work) of {_OF_WHOM}\s+{_MAYBE}(?:{RELATIONS})\b|\bwhere (?:does|did) {_OF_WHOM}\s+{_MAYBE}(?:{RELATIONS})\s+work\b",
    re.IGNORECASE,
)
_WORK = re.compile(r"(?:occupation|profession|employment|job|work|career)s?(?: status)?", re.IGNORECASE)
# What a drug once did to a blood relative is a warning for this patient; what they take is not.
_DONE_TO_KIN = re.compile(
    r"\b(?:(?:do|did|does|done|happen\w*|caus\w+) (?:to|with|in)|react\w*|reaction|respon(?:d|se)\w*|anaphyla\w+|anaesthe\w+|anesthe\w+|under (?:an )?an)\b",
    re.IGNORECASE,
)
_PRONOUN = {
    "male": re.compile(rf"\b(?:{_WOMEN})\b.*\b(?:she|herself)\b", re.IGNORECASE),
    "female": re.compile(rf"\b(?:{_MEN})\b.*\b(?:he|himself|his)\b", re.IGNORECASE),
}


def _measured(text: str, lexicon: Lexicon) -> list[Mention]:
    """What a question names that is measured in, or prescribed to, one person."""
    found = lexicon.find_mentions(text, fuzzy=False)
    return [m for m in found if any(t.kind in {"observation", "medication", "drug_class"} for t in m.targets)]


def asks_of_a_relative(text: str, lexicon: Lexicon, gender: str = "") -> bool:
    """Whether the question wants a relative's own data; `gender` is the open patient's.

    Also where a note tells it: what a chart says of a relative's results and drugs is not looked up for whoever asks.
    """
    text = _EVENT.sub(" ", text)
    if _LIVELIHOOD.search(text):
        beside = [m for m in _measured(text, lexicon) if _WORK.fullmatch(m.text) is None]
        return _OWN_DATA.search(text) is not None or bool(beside)
    if _ALSO_OURS.search(text) and re.search(rf"\b(?:{RELATIONS})\b", text, re.IGNORECASE):
        return True
    told = _TOLD_TO.sub(" ", _TELLS.sub(" ", _EVERYDAY_OF.sub(" ", text)))
    if told != text and (pronoun := _PRONOUN.get(gender)) is not None and pronoun.search(text):
        return True  # "his wife says she takes warfarin, at what dose": she is not he
    if _OF_THE_ASKER.search(told):
        return True
    owned = _OWNS.search(told)
    if owned is not None and not _is_family_history(owned[0], told, lexicon):
        return True
    if _THE_KIN.search(told) or _FRONTED.search(text) or _DATA_OF_A_HELPER.search(text):
        return True
    match = _KIN.search(re.sub(rf"\b(?:{_OF_WHOM}|the)\s+(?:{RELATIONS})(?:'s|’s|s')\s+{_OF_EVERYDAY}", " ", told))
    return match is not None and not _HOUSEHOLD.search(told) and not _is_family_history(match["who"], told, lexicon)


def _is_family_history(who: str, text: str, lexicon: Lexicon) -> bool:
    """Whether a blood relative's disease or death is asked about, which is this patient's family history."""
    if not any(word in who.lower() for word in _BLOOD) or _OWN_DATA.search(text):
        return False
    if _DONE_TO_KIN.search(text) is not None:
        return True
    mentions = lexicon.find_mentions(text, fuzzy=False)
    disease = any(t.kind == "condition" for m in mentions for t in m.targets)
    own = any(
        t.kind in {"observation", "medication", "drug_class"} and not any(u.kind == "condition" for u in m.targets)
        for m in mentions
        for t in m.targets
    )
    return (disease or _RUNS.search(text) is not None) and not own
