"""How names are compared: words without hyphens and possessives, and the spellings of one name."""

from __future__ import annotations

import re
from functools import cache

from nlp_pipeline.folding import lowered

# One word per run of letters and digits, one per sign. Apostrophes and hyphens inside a word only separate, so that
# "beta-blocker" and "beta blocker" are the same words.
WORD = re.compile(
    r"([^\W_]+|[^\w\s'\u2019\u2010\u2011\u2013-]|(?<!\w)[\u2010\u2011\u2013-]|[\u2010\u2011\u2013-](?!\w)|_)"
)
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019]s\b")

_SMALL_DIGITS = {
    small: str(digit)
    for digits in ("\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089", "\u2070\u00b9\u00b2\u00b3\u2074")
    for digit, small in enumerate(digits)
}

# American and British spelling; both directions are tried on each name.
_SPELLINGS = (
    ("edema", "oedema"),
    ("edematous", "oedematous"),
    ("esophag", "oesophag"),
    ("estrogen", "oestrogen"),
    ("diarrhea", "diarrhoea"),
    ("rrhea", "rrhoea"),
    ("apnea", "apnoea"),
    ("dyspnea", "dyspnoea"),
    ("pnea", "pnoea"),
    ("emia", "aemia"),
    ("anemi", "anaemi"),
    ("hemat", "haemat"),
    ("hemo", "haemo"),
    ("hemangi", "haemangi"),
    ("hemarthr", "haemarthr"),
    ("leukemi", "leukaemi"),
    ("ischemi", "ischaemi"),
    ("septicemi", "septicaemi"),
    ("tumor", "tumour"),
    ("color", "colour"),
    ("behavior", "behaviour"),
    ("pediatric", "paediatric"),
    ("orthopedic", "orthopaedic"),
    ("gynec", "gynaec"),
    ("cecum", "caecum"),
    ("cecal", "caecal"),
    ("feces", "faeces"),
    ("fecal", "faecal"),
    ("fetus", "foetus"),
    ("fetal", "foetal"),
    ("celiac", "coeliac"),
    ("anesth", "anaesth"),
    ("esthesia", "aesthesia"),
    ("fiber", "fibre"),
    ("liter", "litre"),
    ("catheterization", "catheterisation"),
    ("ization", "isation"),
    ("ized", "ised"),
    ("sulf", "sulph"),
    ("hypovolem", "hypovolaem"),
    ("glycem", "glycaem"),
    ("uremic", "uraemic"),
    ("toxemi", "toxaemi"),
    ("bacteremi", "bacteraemi"),
    ("viremi", "viraemi"),
    ("hemorrh", "haemorrh"),
    ("hemoglobin", "haemoglobin"),
    ("paresthe", "paraesthe"),
    ("hematoma", "haematoma"),
    ("hemolytic", "haemolytic"),
    ("etiolog", "aetiolog"),
    ("homeo", "homoeo"),
    ("maneuver", "manoeuvre"),
    ("gray", "grey"),
    ("mold", "mould"),
    ("skeptic", "sceptic"),
    ("leukocyt", "leucocyt"),
    ("dyskinesia", "dyscinesia"),
)
_SPELLING = re.compile("|".join(sorted({re.escape(a) for a, _ in _SPELLINGS}, key=len, reverse=True)))
_BRITISH = dict(_SPELLINGS)
_BRITISH_SPELLING = re.compile("|".join(sorted({re.escape(b) for _, b in _SPELLINGS}, key=len, reverse=True)))
_AMERICAN = {b: a for a, b in _SPELLINGS}
_NO_PLURAL = re.compile(
    r"(?:s|sis|itis|osis|ia|ing|ness|ity|ism|pathy|trophy|plasia|megaly|uria|algia|ic|al|ar|ous|ive|ed|ary|oid|ly|"
    r"sal|ent|ant|ine|in|ol|ide|ate|gen|mab|nib)$"
)


def key_of(surface: str) -> str:
    """The words of a name, joined by single spaces: equal for spellings that differ in hyphens only."""
    return " ".join(WORD.findall(plain_digits(lowered(surface))))


def keys_of(surface: str) -> list[str]:
    """The keys of a name and of its other spellings: British and American, singular and plural, "Crohn's" and "Crohn"."""
    forms = [key_of(surface)]
    if "'" in surface or "\u2019" in surface:
        forms += [key_of(_POSSESSIVE.sub(ending, surface)) for ending in ("s", "")]
    forms += [other for form in forms if (other := " ".join(map(_other_spelling, form.split(" ")))) != form]
    for form in tuple(forms):
        start = form.rfind(" ") + 1
        plural = _plural(form[start:])
        if plural:
            forms.append(form[:start] + plural)
    return list(dict.fromkeys(forms))


@cache
def _other_spelling(word: str) -> str:
    """A word as spelled on the other side of the Atlantic, or as it is."""
    if _BRITISH_SPELLING.search(word):
        return _BRITISH_SPELLING.sub(lambda m: _AMERICAN[m.group()], word)
    return _SPELLING.sub(lambda m: _BRITISH[m.group()], word)


@cache
def _plural(word: str) -> str:
    """The plural of a countable noun, or an empty string."""
    if len(word) < 4 or not word.isalpha() or _NO_PLURAL.search(word):
        return ""
    if word.endswith(("ch", "sh", "x", "z")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def plain_digits(text: str) -> str:
    """The text with subscript and superscript digits as plain ones ("PaCO\u2082")."""
    if not text.isascii():
        for small, digit in _SMALL_DIGITS.items():  # a search each is far cheaper than to translate every character
            if small in text:
                text = text.replace(small, digit)
    return text
