"""Whether a name in a question is somebody else's: another patient's of the store, or a stranger's.

A word counts as a name by how it stands (after a title, as an owner, two capitals in a row) or by what it is (a name of
the store, a common given name, a given and a family name side by side). Clinicians, eponyms, pets and words that only
look like names are nobody.
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from agents.guards.relatives import KINSHIP
from nlp_pipeline.deidentify.lexicons import Lexicons, lexicons
from tools.concepts import Lexicon, Token, common_words, tokenize

if TYPE_CHECKING:
    from agents.guards.people import People

_ADDRESS = re.compile(
    r"\b\d+[A-Za-z]?\s+(?:[A-Z][\w'’-]+\s+){1,3}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|way|place|blvd|boulevard|terrace|close)\b",
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
    r"\b(?:dr|doctor|prof(?:essor)?|nurse|np|pa|rn|consultant|surgeon|sister)\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?",
    re.IGNORECASE,
)
_ROLE = re.compile(r"\w+(?:ologist|iatrist|ician|iatrician|therapist|practitioner|metrist|radiographer)s?$")
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
_OTHER_OF_THE_NAME = re.compile(
    r"\b(?:the )?(?:other|different|second|wrong) (?:(?:mr|mrs|ms|miss)\.? )?(?P<name>[A-Za-z][A-Za-z'’-]+)",
    re.IGNORECASE,
)
_OF_A_CLINICIAN = re.compile(
    r"\s+(?:\w+ )?(?:notes?|letters?|plans?|opinions?|views?|advice|recommend\w*|clinics?|impression|assessment|reports?|summary|visits?|team|office|thoughts|referral|appointment)\b",
    re.IGNORECASE,
)
_MONTHS = frozenset("january february march april may june july august september october november december".split())
_DATED = re.compile(
    r"\b(?:on|in|from|since|by|at|around|before|after|until)?\s*(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\s+\d{1,4}\b",
    re.IGNORECASE,
)
_TITLE_OF = {"male": frozenset({"mr", "mister"}), "female": frozenset({"mrs", "ms", "miss"})}
_DETERMINERS = frozenset("a an the any no this that his her their its each every".split())
# What is asked of a patient, and never of a disease or a sign.
_ASKED_OF_A_PERSON = frozenset(
    "labs bloods meds medications allergies allergy bp vitals weight age dob mrn chart record notes results problems tablets obs".split()
)


def names_stranger(text: str, people: People, lexicon: Lexicon) -> bool:
    """Whether a question names a person other than the open patient."""
    tokens = tokenize(text)
    bare = [re.sub(r"\d+$", "", t.norm.removesuffix("'s").removesuffix("’s")) for t in tokens]
    for before, *pair in zip(["", *bare], bare, bare[1:], strict=False):
        if tuple(pair) in people.other_pairs and not (before in people.own and set(pair) <= people.own):
            return True
    text = _ADDRESS.sub(" ", _EPONYMOUS.sub(" ", _CLINICIAN.sub(" ", text)))
    mentions = lexicon.find_mentions(text, fuzzy=False)
    clinical = {t.norm for m in mentions for t in tokenize(m.text)}
    drugs = {m.text.lower() for m in mentions if any(t.kind == "medication" for t in m.targets)}
    if _named_in_the_store(text, people, clinical, lexicon) or _title_of_another(text, people):
        return True
    if _in_lower_case(text, people, clinical, lexicon):
        return True
    if (subject := _SUBJECT.match(text)) is not None and _is_stranger(subject["name"], people, clinical):
        return True
    if any(_is_stranger(name, people, clinical) for name in _candidates(text, people.around - people.others, drugs)):
        return True
    return any(_owns_what_a_person_has(m, text, people, lexicon) for m in _POSSESSIVE.finditer(text))


def _named_in_the_store(text: str, people: People, clinical: set[str], lexicon: Lexicon) -> bool:
    """Whether another patient's name stands in the text: any of its words, or one that is also a word where it owns."""
    tokens = tokenize(text)
    for index, token in enumerate(tokens):
        for word in {token.norm, re.sub(r"\d+$", "", token.norm)}:
            if word not in people.others or word in people.own or word in common_words() or word in clinical:
                continue
            if not (word in lexicons().ambiguous and _stands_as_a_word(tokens, index, text)):
                return True
    if any(
        len(t.norm) > 4
        and t.norm not in common_words()
        and _is_near_another(t.norm, people, 1)
        and _is_unheard_of(t.norm, people, lexicon, slips=1)
        for t in tokens
    ):
        return True  # another patient's name with a slip: "gonzlaes"
    if any(m["name"].lower() in people.own for m in _OTHER_OF_THE_NAME.finditer(text)):
        return True
    owners = {m["name"].lower() for m in _POSSESSIVE.finditer(text)} | {
        m["name"].lower() for m in _TITLED.finditer(text)
    }
    return bool((owners & people.others) - people.own - _MONTHS)


def _stands_as_a_word(tokens: list[Token], index: int, text: str) -> bool:
    """ "A grace period": a name that is also a word, in small letters, behind what only stands before words."""
    token = tokens[index]
    return index > 0 and text[token.start].islower() and tokens[index - 1].norm in _DETERMINERS


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


def _as_long(dated: re.Match[str]) -> str:
    """ "On Apr 14" names nobody."""
    return " " * len(dated[0])


def _candidates(text: str, around: frozenset[str], drugs: set[str]) -> list[str]:
    """Words used like a person's name: after a title, as an owner, or two capitalised words in a row.

    A clinician or place of the record (`around`) is one only with a patient's title, or as an owner of what no note is:
    "Mrs Harbor", "Tamsin's labs".
    """
    names = [m["name"] for m in _TITLED.finditer(text)]
    names += [
        m["name"]
        for m in _POSSESSIVE.finditer(text)
        if not (m["name"].lower() in around and _OF_A_CLINICIAN.match(text, m.end()))
    ]
    capitals = [(m.start(), m.end(), m[0]) for m in _NAME_WORD.finditer(_DATED.sub(_as_long, text))]
    for first, second in itertools.pairwise(capitals):
        beside = text[first[1] : second[0]].strip() in {"", "."} and second[0] - first[1] <= 2
        if beside and first[2].lower() not in drugs:  # "Lantus Solostar"
            names += [n for n in (first[2], second[2]) if n.lower() not in around]
    return names


def _is_stranger(name: str, people: People, clinical: set[str]) -> bool:
    word = re.sub(r"\d+$", "", name.lower().removesuffix("'s").removesuffix("’s"))
    if "-" in word:
        return any(_is_stranger(part, people, clinical) for part in word.split("-"))
    if len(word) < 3 or _is_nobody(word, clinical, lexicons()):
        return False
    if _is_own(word, people) or _is_misspelt_eponym(word):
        return False
    return not (name.islower() and word not in lexicons().surnames | lexicons().given and _is_misspelt_nobody(word))


def _is_nobody(word: str, clinical: set[str], known: Lexicons) -> bool:
    """Whether a word that stands like a name is none: a relation, a role, an animal, a thing, an eponym."""
    names = known.given | known.surnames
    return (
        word in KINSHIP
        or word in common_words()
        or word.rstrip("s") in common_words()
        or word in _EPONYMS
        or word in clinical
        or word in _owners()
        or _ROLE.fullmatch(word) is not None
        or (word in known.common | known.clinical and word not in names)
    )


def _is_own(word: str, people: People) -> bool:
    """Whether a word is of the patient's own name, as it is or with a slip; nearer to another's name, it is theirs."""
    from rapidfuzz import fuzz
    from rapidfuzz.distance import DamerauLevenshtein

    def is_near(own: str) -> bool:
        swapped = len(word) > 3 and sorted(word) == sorted(own) and DamerauLevenshtein.distance(word, own) == 1
        return swapped or fuzz.ratio(word, own) >= 84

    if word in people.own:
        return True
    slips = min((DamerauLevenshtein.distance(word, own) for own in people.own if is_near(own)), default=None)
    return slips is not None and not _is_near_another(word, people, slips - 1)


def _is_near_another(word: str, people: People, slips: int) -> bool:
    """Whether a word is at most so many slips from another patient's name."""
    from rapidfuzz import process
    from rapidfuzz.distance import DamerauLevenshtein

    found = process.extractOne(word, people.others, scorer=DamerauLevenshtein.distance, score_cutoff=slips)
    return found is not None


def _is_misspelt_eponym(word: str) -> bool:
    from rapidfuzz import fuzz

    return len(word) >= 6 and any(fuzz.ratio(word, eponym) >= 88 for eponym in _EPONYMS)


def _is_misspelt_nobody(word: str) -> bool:
    """Whether a word is a slip away from a relation or what owns things: "fahter's cancer", "pateint's age".

    Letters swapped or left out only: a letter mistaken for another makes a name of its own (Mather of mother).
    """
    from rapidfuzz.distance import DamerauLevenshtein

    return any(
        (sorted(word) == sorted(other) or len(word) == len(other) - 1) and DamerauLevenshtein.distance(word, other) <= 1
        for other in KINSHIP | _owners() | {"patient"}
        if len(other) >= 5 and word[0] == other[0]
    )


def _owns_what_a_person_has(owner: re.Match[str], text: str, people: People, lexicon: Lexicon) -> bool:
    """ "Wilson's potassium": an eponym that is also a family name, before what only a person has."""
    word = owner["name"].lower()
    known = lexicons()
    if word not in known.surnames or word not in (_EPONYMS | known.eponyms) or _is_own(word, people):
        return False
    rest = text[owner.end() :].lstrip()
    following = tokenize(rest)[:3]
    if following and following[0].norm in _ASKED_OF_A_PERSON:
        return True
    return any(
        m.start <= (following[1].start if len(following) > 1 else 0) and any(t.kind == "observation" for t in m.targets)
        for m in lexicon.find_mentions(rest, fuzzy=False)
    )


def _in_lower_case(text: str, people: People, clinical: set[str], lexicon: Lexicon) -> bool:
    """Whether a person is named without capitals: a common given name, or a name beside another or beside an unknown word."""
    joined = {
        m.start() + i for m in re.finditer(r"\w+(?:-\w+)+", text) for i in range(len(m[0]))
    }  # Charcot-Marie-Tooth
    tokens = [t for t in tokenize(text) if t.start not in joined]
    shouted = {t.norm for t in tokens if text[t.start : t.end].isupper() and not text.isupper()}  # "DAN", "MIA"
    words = [t.norm for t in tokens]
    known = lexicons()
    eponyms = _EPONYMS | known.eponyms

    def is_word(word: str) -> bool:
        return word in clinical or word in common_words() or word in eponyms

    for index, word in enumerate(words):
        if word in people.own or word in people.around or word in shouted or is_word(word):
            continue
        beside = {words[index - 1] if index else "", words[index + 1] if index + 1 < len(words) else ""}
        if beside & people.own and _is_own(word, people):
            continue  # the patient's own name, misspelt: "samuel adeyemi clark"
        if word in _given_names() or (word in known.given and word not in known.ambiguous):
            return True
        if (
            word in known.surnames
            and word not in known.ambiguous
            and any(b in known.given and b not in people.own and not is_word(b) for b in beside)
        ):
            return True
    return _is_unknown_pair(text, people, lexicon)


_BEFORE_NAMES = frozenset("for of about on is does has did was and with to see show open".split())


def _is_unknown_pair(text: str, people: People, lexicon: Lexicon) -> bool:
    """Two words in a row that nothing knows or comes near, where a patient is named: "xiomara quispe allergies"."""
    tokens = tokenize(text)
    if len(tokens) < 3 or (not any(_is_asked(t.norm) for t in tokens) and not lexicon.find_mentions(text, fuzzy=False)):
        return False
    for index, (first, second) in enumerate(itertools.pairwise(tokens)):
        placed = index == 0 or tokens[index - 1].norm in _BEFORE_NAMES
        ends = (
            index + 2 == len(tokens)
            or _is_asked(tokens[index + 2].norm)
            or bool(lexicon.find_mentions(tokens[index + 2].norm, fuzzy=False))
        )
        if placed and ends and text[first.end : second.start] == " ":
            span = text[first.start : second.end]
            if all(_is_unheard_of(t.norm, people, lexicon) for t in (first, second)) and not lexicon.find_mentions(
                span
            ):
                return True
    return False


def _is_asked(word: str) -> bool:
    return word in _ASKED_OF_A_PERSON


def _is_unheard_of(word: str, people: People, lexicon: Lexicon, slips: int = 2) -> bool:
    """Whether a word is neither known nor a slip (in a long word `slips`) away from one that is."""
    from rapidfuzz import process
    from rapidfuzz.distance import DamerauLevenshtein

    known = lexicons()
    if len(word) < 5 or not word.isalpha() or word in people.around or word in _owners() or _is_own(word, people):
        return False
    plain = common_words() | known.common | known.clinical | known.eponyms | _EPONYMS
    if {word, word.rstrip("s"), word.removesuffix("ed"), word.removesuffix("ing")} & plain or lexicon.knows_word(word):
        return False
    slip = 1 if len(word) < 7 else slips
    return process.extractOne(word, plain, scorer=DamerauLevenshtein.distance, score_cutoff=slip) is None


@lru_cache(maxsize=1)
def _given_names() -> frozenset[str]:
    """Given names so common that one alone, in small letters, names a person."""
    return _listed("given_names")


@lru_cache(maxsize=1)
def _owners() -> frozenset[str]:
    """What owns things in questions and is no patient: roles, institutions, animals, things."""
    return _listed("not_people")


def _listed(name: str) -> frozenset[str]:
    text = resources.files("agents.guards").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(w for line in text.splitlines() if not line.startswith("#") for w in line.split())
