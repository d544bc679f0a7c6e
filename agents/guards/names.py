"""Whether a name in a question is somebody else's: another patient's of the store, or a stranger's.

A word counts as a name by how it stands (after a title, as an owner, two capitals in a row) or by what it is (a name of
the store, a common given name, a given and a family name side by side). Clinicians, eponyms, pets and words that only
look like names are nobody.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from agents.guards.around import ASKED_OF_A_PERSON, HAS, TURNS_TO, without_people_of_the_chart
from agents.guards.languages import FOREIGN_WORDS
from agents.guards.lists import eponym_pairs, eponyms, given_names, owners
from agents.guards.relatives import KINSHIP
from nlp_pipeline.deidentify.lexicons import Lexicons, lexicons
from tools.concepts import Lexicon, Token, common_words, english_words, tokenize

if TYPE_CHECKING:
    from agents.guards.people import People

_ADDRESS = re.compile(
    r"\b\d+[A-Za-z]?\s+(?:[A-Z][\w'’-]+\s+){1,3}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|way|place|blvd|boulevard|terrace|close)\b",
    re.IGNORECASE,
)
# "MR enterography" and "MS relapse" are no titles.
_TITLED = re.compile(
    r"\b(?!M[RS]\s+[a-z])(?i:mr|mrs|ms|miss|mister)\.?\s+(?P<name>[A-Za-z][A-Za-z'’-]+)",
)
# What may follow a person's name in the name of a disease, sign, test or thing: then nobody is meant.
_HEAD = (
    r"disease|syndrome|sign|test|fracture|palsy|contracture|phenomenon|thyroiditis|criteria|score|scale|formula|equation|law|triad|ulcer|o?esophagus|"
    r"lymphoma|sarcoma|tumou?r|chorea|cyst|lactate|solution|granulomatosis|arteritis|diverticul\w*|neuroma|aphasia|encephalopathy|tenosynovitis|"
    r"procedure|operation|maneuver|manoeuvre|smear|catheter|drain|tube|line|stain|murmur|node|nodule|law|reflex|an(?:a)?emia|dystrophy|atrophy|ataxia|"
    r"hernia|purpura|nephropathy|hepatitis|deformity|angina|pattern|classification|stage|index|ratio|rule|protocol|regimen|diet|position|culture|cleft|duct|pouch|ring|bod(?:y|ies)|cells?|ligament|triangle|band|incision|repair|osteotomy|shunt|flap|graft|valve|splint|brace|stent|canal|gland|point|nodes|nodules|signs|tests|type|grade|class|lesion|malformation|myotomy|fundoplication|gastrectomy|gangrene"
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
_INVERTED = re.compile(r"\b(?P<name>[A-Z][a-z'’-]{2,}),\s+[A-Z]\.?(?![\w+])")
_POSSESSIVE = re.compile(r"\b(?P<name>[A-Za-z][A-Za-z-]+\d*)['’]s\b")
_OTHER_OF_THE_NAME = re.compile(
    r"\b(?:the )?(?:other|different|second|wrong) (?:(?:mr|mrs|ms|miss)\.? )?(?P<name>[A-Za-z][A-Za-z'’-]+)",
    re.IGNORECASE,
)
_MONTHS = frozenset("january february march april may june july august september october november december".split())
_DATED = re.compile(
    r"\b(?:on|in|from|since|by|at|around|before|after|until)?\s*(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\s+\d{1,4}\b",
    re.IGNORECASE,
)
# "Lewis Gale hospital", "St Thomas", "Marie Curie nurse": institutions by their names.
_PLACE_NOUN = r"(?:[Hh]ospitals?|[Cc]linics?|[Cc]ent(?:re|er)|[Hh]ouse|[Hh]ome|[Ww]ard|[Uu]nit|[Rr]oad|[Ss]treet|[Pp]ark|[Cc]ourt|[Ff]oundation|[Tt]rust|[Ii]nstitute|[Uu]niversity|[Ss]chool|[Mm]edical|[Hh]ealth\w*|[Ss]urgery|[Pp]ractice|[Hh]ospice|[Nn]urses?|[Mm]ethod|[Tt]echnique|[Vv]iew|[Mm]an(?:oeuvre|euver)|[Ee]xercises?|[Cc]are)"
_PLACE_NAMED = re.compile(rf"\b(?:St\.?|Saint|Mount|Mt)\s+[A-Z][\w'’-]+|\b(?:[A-Z][\w'’-]+\s+){{1,3}}{_PLACE_NOUN}\b")
_TITLE_OF = {"male": frozenset({"mr", "mister"}), "female": frozenset({"mrs", "ms", "miss"})}
_DETERMINERS = frozenset("a an the any no this that his her their its each every".split())


def names_stranger(text: str, people: People, lexicon: Lexicon) -> bool:
    """Whether a question names a person other than the open patient."""
    tokens = tokenize(text)
    bare = [re.sub(r"\d+$", "", t.norm.removesuffix("'s").removesuffix("’s")) for t in tokens]
    for before, *pair in zip(["", *bare], bare, bare[1:], strict=False):
        if tuple(pair) in people.other_pairs and not (before in people.own and set(pair) <= people.own):
            return True
    text = _ADDRESS.sub(" ", _EPONYMOUS.sub(" ", _CLINICIAN.sub(" ", eponym_pairs().sub(" ", text))))
    mentions = lexicon.find_mentions(text, fuzzy=False)
    clinical = {t.norm for m in mentions for t in tokenize(m.text)}
    drugs = {m.text.lower() for m in mentions if any(t.kind == "medication" for t in m.targets)}
    known = _named_in_the_store(text, people, clinical, lexicon) or _title_of_another(text, people)
    if known or _is_inverted(text, people):
        return True
    text = _PLACE_NAMED.sub(" ", without_people_of_the_chart(text, people, lexicon))
    if _in_lower_case(text, people, clinical, lexicon):
        return True
    if (subject := _SUBJECT.match(text)) is not None and _is_stranger(subject["name"], people, clinical):
        return True
    if any(_is_stranger(name, people, clinical) for name in _candidates(text, drugs)):
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
    named = {m["name"].lower() for m in _POSSESSIVE.finditer(text)} | {
        m["name"].lower() for m in _TITLED.finditer(text)
    }
    return bool((named & people.others) - people.own - _MONTHS)


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


def _candidates(text: str, drugs: set[str]) -> list[str]:
    """Words used like a person's name: after a title, as an owner, or two capitalised words in a row."""
    names = [m["name"] for m in _TITLED.finditer(text)]
    names += [m["name"] for m in _POSSESSIVE.finditer(text) if not _is_a_time(m, text)]
    capitals = [(m.start(), m.end(), m[0]) for m in _NAME_WORD.finditer(_DATED.sub(_as_long, text))]
    for first, second in itertools.pairwise(capitals):
        beside = text[first[1] : second[0]].strip() in {"", "."} and second[0] - first[1] <= 2
        if beside and first[2].lower() not in drugs:  # "Lantus Solostar"
            names += [first[2], second[2]]
    return names


def _is_inverted(text: str, people: People) -> bool:
    """ "Hamilton, J": the order of a list of patients, whatever else the name is one of."""
    names = (m["name"].lower() for m in _INVERTED.finditer(text))
    return any(n in lexicons().surnames and not _is_own(n, people) for n in names)


def _is_a_time(owner: re.Match[str], text: str) -> bool:
    """ "This season's jab", "last quarter's readings": an English word behind what only stands before words."""
    before = re.search(r"\b(?:this|last|next|each|every|previous|that|coming|past)\s+$", text[: owner.start()], re.I)
    return before is not None and owner["name"].islower() and owner["name"] in english_words()


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
        or word in eponyms()
        or word in clinical
        or word in owners()
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

    return len(word) >= 6 and any(fuzz.ratio(word, eponym) >= 88 for eponym in eponyms())


def _is_misspelt_nobody(word: str) -> bool:
    """Whether a word is a slip away from a relation or what owns things: "fahter's cancer", "pateint's age".

    Letters swapped or left out only: a letter mistaken for another makes a name of its own (Mather of mother).
    """
    from rapidfuzz.distance import DamerauLevenshtein

    return any(
        (sorted(word) == sorted(other) or len(word) == len(other) - 1) and DamerauLevenshtein.distance(word, other) <= 1
        for other in KINSHIP | owners() | {"patient"}
        if len(other) >= 5 and word[0] == other[0]
    )


def _owns_what_a_person_has(owner: re.Match[str], text: str, people: People, lexicon: Lexicon) -> bool:
    """ "Wilson's potassium": an eponym that is also a family name, before what only a person has."""
    word = owner["name"].lower()
    known = lexicons()
    if word not in known.surnames or word not in (eponyms() | known.eponyms) or _is_own(word, people):
        return False
    rest = text[owner.end() :].lstrip()
    following = tokenize(rest)[:3]
    if following and following[0].norm in ASKED_OF_A_PERSON:
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
    named_after = eponyms() | known.eponyms

    def is_word(word: str) -> bool:
        return word in clinical or word in common_words() or word in named_after

    for index, word in enumerate(words):
        if word in people.own or word in shouted or is_word(word):
            continue
        beside = {words[index - 1] if index else "", words[index + 1] if index + 1 < len(words) else ""}
        if beside & people.own and _is_own(word, people):
            continue  # the patient's own name, misspelt: "samuel adeyemi clark"
        if word in given_names() or (word in known.given and word not in known.ambiguous):
            return True
        if (
            word in known.surnames
            and word not in known.ambiguous
            and any(b in known.given and b not in people.own and not is_word(b) for b in beside)
        ):
            return True
    return _is_unknown_pair(text, people, lexicon) or _is_unknown_surname(text, people, lexicon)


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
    return word in ASKED_OF_A_PERSON


_OF_WHOM = frozenset({"for", "of"})
_OF_A_THING = frozenset("allergy tablets results record notes problems chart".split())  # "Benylin allergy"
_IS_ASKED = frozenset("is does has did was".split())
_CIVIL = frozenset("please pls today now thanks again".split())
# What words of medicine are made of, and names of people are not.
_COMPOUND = re.compile(
    r"(?:pre|post|peri|intra|inter|ante|non|sub|hyper|hypo|un|micro|poly|multi|trans|extra|super|neuro|cardio|gastro|hep|onco|psych|immuno|radio|electro|auto|thrombo|broncho|cyto|lipo|glyco)\w+"
    r"|\w+(?:al|ic|ive|ary|ory|ous|ent|ant|ate|ated|ing|ed|ly|tion|sion|ity|ine|ide|ole|ol|ase|mab|nib|pril|tide|gliptin|vir|cept|stat|lone|sone|mide|xin|cin|zole|pine|done|pam|lam|tan|fen|ia|iae|osis|itis|oma|opathy|algia|asis|ism|graph\w*|scop\w*|tomy|plasty|gram|ectomy|lysis|plegia|cyte|ure|able|ible|ful|less|ness|ment|ance|ence|ship|ward|like)s?"
)


def _is_unknown_surname(text: str, people: People, lexicon: Lexicon) -> bool:
    """One word that stands where a patient is named and that nothing but a list of surnames knows: "quispe labs", "bp of kowalczyk".

    Only where what a person has is asked of it: beside anything else a word that nobody knows is looked for in the notes.
    """
    tokens = tokenize(text)
    measured = {
        m.start for m in lexicon.find_mentions(text, fuzzy=False) if any(t.kind == "observation" for t in m.targets)
    }
    asked = [(_is_asked(t.norm) and t.norm not in _OF_A_THING) or t.start in measured for t in tokens]
    for index, token in enumerate(tokens):
        before = tokens[index - 1].norm if index else ""
        joined = "-" in {text[token.start - 1 : token.start], text[token.end : token.end + 1]}  # Hawkins-Kennedy
        written_as_a_name = text[token.start : token.start + 2].istitle() and not joined and not text.isupper()
        last = all(t.norm in _CIVIL for t in tokens[index + 1 :])
        follows = not last and asked[index + 1]
        turned_to = index > 0 and last and text[token.start].isupper() and {t.norm for t in tokens[:index]} <= TURNS_TO
        stands = (
            (follows and (index == 0 or before in _BEFORE_NAMES))
            or (last and before in _OF_WHOM and any(asked[:index]))
            or (before in _IS_ASKED and HAS.match(text, token.end) is not None)
            or (turned_to and before in {*_OF_WHOM, "about"})
            or (index > 0 and written_as_a_name and token.norm in lexicons().surnames)
        )
        if stands and _could_be_a_surname(token.norm, people, lexicon):
            return True
    return False


def _could_be_a_surname(word: str, people: People, lexicon: Lexicon) -> bool:
    known = lexicons()
    if word in people.around | people.told or _is_own(word, people) or _is_nobody(word, set(), known):
        return False
    if word in known.surnames:
        return word not in known.ambiguous | known.eponyms
    if word in english_words() or word in FOREIGN_WORDS or _COMPOUND.fullmatch(word) is not None:
        return False
    return _is_unheard_of(word, people, lexicon)


def _is_unheard_of(word: str, people: People, lexicon: Lexicon, slips: int = 2) -> bool:
    """Whether a word is neither known nor a slip (in a long word `slips`) away from one that is."""
    from rapidfuzz import process
    from rapidfuzz.distance import DamerauLevenshtein

    known = lexicons()
    if (
        len(word) < 5
        or not word.isalpha()
        or word in people.around | people.told
        or word in owners()
        or _is_own(word, people)
    ):
        return False
    plain = common_words() | known.common | known.clinical | known.eponyms | eponyms()
    if {word, word.rstrip("s"), word.removesuffix("ed"), word.removesuffix("ing")} & plain or lexicon.knows_word(word):
        return False
    slip = 1 if len(word) < 7 else slips
    return process.extractOne(word, plain, scorer=DamerauLevenshtein.distance, score_cutoff=slip) is None
