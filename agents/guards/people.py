"""Whether a question is about the open patient: names, numbers, places and relations that mean somebody else."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

from domain.facts import Frozen
from tools.concepts import Lexicon, common_words, tokenize

RELATIONS = (
    "wife|husband|spouse|partner|brother|sister|son|daughter|mother|father|mom|mum|mommy|mummy|dad|daddy|grandma|grandpa|granny|roommate|neighbou?r|friend|cousin|"
    "uncle|aunt|grandmother|grandfather|twin|sibling|boyfriend|girlfriend|colleague|coworker|fianc[eé]e?|partner|ex-wife|ex-husband|niece|nephew|stepson|stepdaughter|lawyer|boss"
)
_KINSHIP = frozenset(
    [*RELATIONS.replace("neighbou?r", "neighbor|neighbour").split("|"), *"baby newborn infant fetus child".split()]
)
_ADDRESS = re.compile(
    r"\b\d+[A-Za-z]?\s+(?:[A-Z][\w'’-]+\s+){1,3}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|way|place|blvd|boulevard|terrace|close)\b",
    re.IGNORECASE,
)
_RELATIVE_OWNS = re.compile(
    rf"\b(?:his|her|their|the patient's|pt's|my)\s+(?:{RELATIONS})(?:'s|’s|s')\b", re.IGNORECASE
)
_SOMEONES = re.compile(rf"\b(?:{RELATIONS})(?:'s|’s|s')\s", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"\b(?:other|another|different|next|previous|all|every|which|any other|my other|these|those)\s+(?:patient|pt)s?\b(?!\s*'s chart is open)"
    r"|\b(?:patient|pt|person|man|woman|lady|guy)\s+(?:in|from)\s+(?:bed|room|bay|ward|cubicle|slot|side room)\b|\b(?:bed|room|bay|cubicle|slot|bedspace)\s*(?:#|no\.?|number)?\s*\d+\w?\b"
    r"|\b(?:lady|man|woman|guy|patient|person|girl|boy|gentleman|one)\s+(?:across|next to|opposite|beside|down the)\b|\b(?:patient|person|chart)\s+(?:\w+\s+){0,2}?(?:before|after)\s+(?:her|him|this|that|them)\b|\bone (?:before|after) (?:her|him|them)\b|\bpatient (?:i|we) (?:saw|had|discussed|opened)\b"
    r"|\bthe (?:room ?mate|neighbou?r|visitor|other (?:guy|man|woman|lady|person))(?:['’]?s)?\b(?!.*\b(?:liv|contact|household))|\b(?:the|an?) (?:other|next|adjacent|neighbou?ring) (?:bed|room|bay|cubicle)\b|\bmy own\s+\w+|\b(?:bed|room)\s+mate\b|\bi had (?:my )?(?:blood|labs|a scan|tests)\b"
    r"|\b(?:in|at|from)\s+the\s+(?:next|other|adjacent|neighbou?ring)\s+(?:bed|room|bay|cubicle)\b|\bnext door\b"
    r"|\bpatients\s+(?:with|on|who|that)\b|\bhow many patients\b|\b(?:patient|mrn|pt|chart|record)\s*(?:id|number|no\.?|#)?\s*[:#]?\s*(?=[A-Z0-9-]*\d)[A-Z0-9-]{5,}\b",
    re.IGNORECASE,
)
_TITLED = re.compile(r"\b(?:mr|mrs|ms|miss|mister)\.?\s+(?P<name>[A-Za-z][A-Za-z'’-]+)", re.IGNORECASE)
# What may follow a person's name in the name of a disease, sign, test or thing: then nobody is meant.
_HEAD = (
    r"disease|syndrome|sign|test|fracture|palsy|contracture|phenomenon|thyroiditis|criteria|score|scale|formula|equation|law|triad|ulcer|o?esophagus|"
    r"lymphoma|sarcoma|tumou?r|chorea|cyst|lactate|solution|granulomatosis|arteritis|diverticul\w*|neuroma|aphasia|encephalopathy|tenosynovitis|"
    r"procedure|operation|maneuver|manoeuvre|smear|catheter|drain|tube|line|stain|murmur|node|nodule|law|reflex|an(?:a)?emia|dystrophy|atrophy|ataxia|"
    r"hernia|purpura|nephropathy|hepatitis|deformity|angina|pattern|classification|stage|index|ratio|rule|protocol|regimen|diet|position|culture"
)
_EPONYMOUS = re.compile(rf"\b[A-Z][\w-]+(?:['’]s?|s['’])?(?:[- ][A-Z][\w-]+(?:['’]s)?)?\s+(?:{_HEAD})\b", re.IGNORECASE)
_CLINICIAN = re.compile(
    r"\b(?:dr|doctor|prof(?:essor)?|nurse|np|pa|rn|consultant|surgeon)\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?",
    re.IGNORECASE,
)
# "is Bob on statins": a capitalised word where the patient is named.
_SUBJECT = re.compile(
    r"^(?:[Ii]s|[Dd]oes|[Hh]as|[Dd]id|[Ww]as|[Ww]hat does|[Ww]hat is)\s+(?P<name>[A-Z][a-z]{2,})\s+(?:on|take|taking|have|had|been|got|allergic|still|ever|get|need|\w+ed)\b"
)
_NAME_WORD = re.compile(r"[A-Z][a-zà-ÿ]+[A-Za-zà-ÿ0-9'’-]*")
_POSSESSIVE = re.compile(r"\b(?P<name>[A-Za-z][A-Za-z-]+\d*)['’]s\b")
_EPONYMS = frozenset(
    "gehrig murphy homan charcot marie tooth marie-tooth peyronie hirschsprung wegener behcet behçet zenker morton leber hansen gilbert pott broca wernicke jones tourette takayasu guillain barre barré "
    "stevens legionnaires quervain horner pick creutzfeldt jakob korsakoff brugada takotsubo mallory weiss budd chiari chagas lyme osgood schlatter perthes potts still felty reiter ehlers danlos von willebrand recklinghausen hippel lindau tay sachs gaucher fabry pompe niemann "
    "parkinson crohn alzheimer hodgkin graves addison cushing raynaud paget huntington wilson meniere sjogren hashimoto bell "
    "barrett dupuytren kaposi kawasaki lou ewing wilms burkitt marfan down turner child pugh cockcroft gault friedewald winter winters "
    "mosteller bazett fridericia charlson glasgow wells goti bergman apgar baker colles kegel whipple hartmann ringer baseline patient pt today who he she it that what there here how when where let "
    "doctor nurse monday tuesday wednesday thursday friday saturday sunday yesterday tomorrow tonight everyone anyone someone woman man lady gentleman mom dad".split()
)


class People(Frozen):
    """Names that decide whether a question is about the open patient: own, and others' known to the store."""

    own: frozenset[str]
    others: frozenset[str]
    own_ids: frozenset[str] = frozenset()
    other_ids: frozenset[str] = frozenset()
    gender: str = ""  # of the open patient, as the record has it


_TITLES = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "dr",
        "miss",
        "jr",
        "sr",
        "ii",
        "iii",
        "iv",
        "md",
        "phd",
        "de",
        "la",
        "el",
        "da",
        "di",
        "al",
        "van",
        "von",
    }
)


def name_words(names: Iterable[str]) -> frozenset[str]:
    """The words of names in lower case, with and without the digits that synthetic names carry."""
    words: set[str] = set()
    for name in names:
        for token in tokenize(name):
            bare = re.sub(r"\d+$", "", token.norm)
            words |= {token.norm, bare} if len(bare) > 1 and token.norm not in _TITLES else set()
    return frozenset(w for w in words if len(w) > 1)


def names_somebody_else(text: str, people: People, lexicon: Lexicon) -> bool:
    """Whether the question is about a person other than the open patient."""
    cleaned = text
    for own_id in people.own_ids:
        cleaned = re.sub(re.escape(own_id), " ", cleaned, flags=re.IGNORECASE)
    if not re.search(
        r"\bguideline|\brecommend|\bevidence\b|\bok(?:ay)? for\b|\bsafe (?:for|in)\b|\bindicated\b|\bin general\b",
        cleaned,
        re.IGNORECASE,
    ):
        cleaned_for_place = re.sub(
            r"\broom\s+(?:air|\d+\s*(?:l\b|lpm|lit(?:er|re)s?))", " ", cleaned, flags=re.IGNORECASE
        )
        if _ELSEWHERE.search(cleaned_for_place):
            return True
    lowered = cleaned.lower()
    if any(other in lowered for other in people.other_ids):
        return True
    owned = _RELATIVE_OWNS.search(cleaned) or _SOMEONES.search(cleaned)
    if (owned and not _is_family_history(owned[0], cleaned, lexicon)) or _about_a_relative(cleaned, lexicon):
        return True
    text = _ADDRESS.sub(" ", _EPONYMOUS.sub(" ", _CLINICIAN.sub(" ", text)))
    words = {re.sub(r"\d+$", "", t.norm) for t in tokenize(text)} | {t.norm for t in tokenize(text)}
    clinical = _clinical_words(text, lexicon)
    if any(w in people.others and w not in people.own and w not in common_words() and w not in clinical for w in words):
        return True
    if _title_of_another(text, people) or _names_in_lower_case(text, people, clinical):
        return True
    if (subject := _SUBJECT.match(text)) is not None and _is_stranger(subject["name"], people, clinical):
        return True
    return any(_is_stranger(name, people, clinical) for name in _name_candidates(text))


_KIN = re.compile(
    rf"\b(?:his|her|their|the patient's|pt's|my)\s+(?:\w+\s+)?(?P<who>{RELATIONS})\b(?!['’]s)", re.IGNORECASE
)
_BLOOD = frozenset(
    "brother sister son daughter mother father mom mum mommy mummy dad daddy grandma grandpa granny uncle aunt grandmother grandfather twin sibling cousin".split()
)
_HOUSEHOLD = re.compile(
    r"\bliv(?:e|es|ing|ed)\b|\bnext of kin\b|\bcontact\b|\bwho is\b|\bname of\b|\bmarried\b|\bsupport\b|\bcaregiver\b|\bnotes?\b|\bproxy\b|\bpower of attorney\b",
    re.IGNORECASE,
)
# What of a relative is a history of the family: disease, death, age; and what is data of their own chart.
_RUNS = re.compile(
    r"\b(?:family|history|hx|had|have|has|die[ds]?|dead|death|alive|deceased|passed away|suffer\w*|diagnos\w+|ill|illness|diseases?|cancer|tumou?rs?|dialysis|transplant\w*|surger\w+|heart|stroke|genetic|carrier|mutation|at what age|how old|age at|wrong with|condition)\b",
    re.IGNORECASE,
)
_OWN_DATA = re.compile(
    r"\b(?:vaccin\w*|immuni[sz]\w*|taking|takes?|allerg\w*|levels?|results?|prescribed|meds?|medications?|labs?|records?|chart|mrn|date of birth|dob|birthday|address|phone|appointment|biops\w+|scan|doses?|bp|blood pressure|weigh\w*)\b",
    re.IGNORECASE,
)


def _is_family_history(who: str, text: str, lexicon: Lexicon) -> bool:
    """Whether a blood relative's disease or death is asked about, which is this patient's family history."""
    if not any(word in who.lower() for word in _BLOOD) or _OWN_DATA.search(text):
        return False
    mentions = lexicon.find_mentions(text, fuzzy=False)
    disease = any(t.kind == "condition" for m in mentions for t in m.targets)
    own = any(
        t.kind in {"observation", "medication", "drug_class"} and not any(u.kind == "condition" for u in m.targets)
        for m in mentions
        for t in m.targets
    )
    return (disease or _RUNS.search(text) is not None) and not own


_THE_KIN = re.compile(
    rf"\bthe (?:{RELATIONS})(?:['’]s)?\s+(?:(?:is|are|was|currently|still)\s+)*(?:taking|takes?|on|allergic|prescribed|weighs?)\b",
    re.IGNORECASE,
)
# "His mood since his wife died" is about him.
_KIN_EVENT = re.compile(
    rf"\b(?:since|after|before|when|until|following|because|now that)\s+(?:the (?:death|loss|passing) of )?(?:his|her|their)\s+(?:late )?(?:{RELATIONS})(?:['’]s)?\s*(?:(?:has |had |was |got |being )*(?:died|passed(?: away)?|left|moved(?: out| in)?|death|passing|illness|ill|sick|diagnos\w+)|(?=\W*$))",
    re.IGNORECASE,
)


def _about_a_relative(text: str, lexicon: Lexicon) -> bool:
    """Whether the question wants a relative's own data; a blood relative's disease is family history, and is answered."""
    text = _KIN_EVENT.sub(" ", text)
    if _THE_KIN.search(text):
        return True
    match = _KIN.search(text)
    return match is not None and not _HOUSEHOLD.search(text) and not _is_family_history(match["who"], text, lexicon)


_TITLE_OF = {"male": frozenset({"mr", "mister"}), "female": frozenset({"mrs", "ms", "miss"})}


def _title_of_another(text: str, people: People) -> bool:
    """Whether the open patient's name stands with a title that is not theirs: "Mrs Lindqvist" while his chart is open."""
    own = _TITLE_OF.get(people.gender)
    if own is None:
        return False
    return any(
        m[0].split()[0].lower().rstrip(".") not in own
        and re.sub(r"\d+$", "", m["name"].lower().removesuffix("'s").removesuffix("’s")) in people.own
        for m in _TITLED.finditer(text)
    )


def _clinical_words(text: str, lexicon: Lexicon) -> set[str]:
    return {t.norm for m in lexicon.find_mentions(text, fuzzy=False) for t in tokenize(m.text)}


def _name_candidates(text: str) -> list[str]:
    """Words used like a person's name: after a title, as an owner, or two capitalised words in a row."""
    names = [m["name"] for m in _TITLED.finditer(text)] + [m["name"] for m in _POSSESSIVE.finditer(text)]
    capitals = [(m.start(), m.end(), m[0]) for m in _NAME_WORD.finditer(text)]
    for first, second in itertools.pairwise(capitals):
        if text[first[1] : second[0]].strip() in {"", "."} and second[0] - first[1] <= 2:
            names += [first[2], second[2]]
    return names


def _is_stranger(name: str, people: People, clinical: set[str]) -> bool:
    from rapidfuzz import fuzz

    word = re.sub(r"\d+$", "", name.lower().removesuffix("'s").removesuffix("’s"))
    if "-" in word:
        return any(_is_stranger(part, people, clinical) for part in word.split("-"))
    if (
        len(word) < 3
        or word in _KINSHIP
        or word in common_words()
        or word.rstrip("s") in common_words()
        or word in _EPONYMS
        or word in clinical
    ):
        return False
    if any(word == own or fuzz.ratio(word, own) >= 84 for own in people.own):
        return False
    if len(word) >= 6 and any(fuzz.ratio(word, eponym) >= 88 for eponym in _EPONYMS):
        return False
    return True


@lru_cache(maxsize=1)
def _common_names() -> frozenset[str]:
    text = resources.files("agents.guards").joinpath("given_names.txt").read_text(encoding="utf-8")
    ambiguous = {
        "ward",
        "hill",
        "wood",
        "price",
        "reed",
        "cook",
        "gray",
        "hall",
        "long",
        "young",
        "white",
        "black",
        "brown",
        "green",
        "king",
        "scott",
        "lee",
        "cox",
        "turner",
        "wilson",
        "graves",
        "parker",
        "ann",
        "roy",
        "will",
        "cooper",
        "walker",
        "mason",
        "carter",
        "christian",
        "austin",
        "jordan",
        "virginia",
        "madison",
        "amber",
        "joy",
        "jean",
    }
    return frozenset(w for line in text.splitlines() if not line.startswith("#") for w in line.split()) - ambiguous


def _names_in_lower_case(text: str, people: People, clinical: set[str]) -> bool:
    joined = {
        m.start() + i for m in re.finditer(r"\w+(?:-\w+)+", text) for i in range(len(m[0]))
    }  # Charcot-Marie-Tooth
    words = [t.norm for t in tokenize(text) if t.start not in joined]
    return any(
        w in _common_names() and w not in people.own and w not in clinical and w not in common_words() for w in words
    )
