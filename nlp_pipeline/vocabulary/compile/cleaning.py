"""Titles of terminologies to the phrases that clinicians write, and the filters that keep ordinary words out."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import lru_cache
from pathlib import Path

_REJECTED = Path(__file__).parent / "rejected.txt"
# A change of something measured is read from its value: such a phrase would hide the name of the test.
_CHANGE = re.compile(
    r"^(?:abnormal|decreased|elevated|high|increased|low|positive|prolonged|raised|reduced|short) ", re.I
)
_BRACKETS = re.compile(r"\s*\[[^\]]*\]|\s*\([^)]*\)")
_TAIL = re.compile(
    r"(?:,? (?:NOS|NEC)|, (?:unspecified|not elsewhere classified|not otherwise specified|"
    r"unspecified (?:site|organism|type|side|eye|ear|trimester|level|degree|depth|hand|foot|arm|leg|limb|whether .*)|"
    r"without (?:esophagitis|mention of .*)|(?:right|left|unspecified|bilateral)(?: [a-z]+){0,2}|bilateral|"
    r"(?:first|second|third|unspecified) trimester|(?:initial|subsequent) encounter.*))+$",
    re.I,
)
_HEAD = re.compile(r"^(?:unspecified|localized swelling, mass and lump|personal history of|family history of) ", re.I)
_ADJECTIVE = re.compile(
    r"(?:al|ic|ous|ary|ed|ive|oid|ar|ent|ant|ile|tile|acute|chronic|benign|recurrent|primary|juvenile|female|male|"
    r"familial|congenital|neonatal|infantile)$"
)
_JUNK = re.compile(
    r"^(?:[\d\W]|(?:the|a|an|in|on|at|to|of|no|not|with|without|has|as|by|any|two|lack|history) |"
    r"other|others|certain|various|specified|disorders? of|diseases? of|conditions?|sequelae|abnormalit(?:y|ies) of|"
    r"complications? of|encounter|screening|supervision|maternal care|contact with|presence of|status|acquired absence|"
    r"poisoning|underdosing|adverse effect|toxic effect|assault|accident|exposure|problems? related|newborn|"
    r"abnormal(?:ity)? |absent |absence of |aplasia/|type [ivx\d]+$|grade |stage |class |group )|"
    r"\b(?:classified|elsewhere|encounter|specified|unspecified|nos|nec|involving|mention|whether|so stated|and/or|"
    r"according|undetermined|organism|level|morphology|physiology|circulating|concentration|complicating|"
    r"trimester|fetus [1-5]|intent|manifestations?|conditions|factors|affecting|disorders|diseases|etc)\b",
    re.I,
)
_OF = re.compile(r"^(?P<head>[a-z]+(?: [a-z]+)?) of (?:the )?(?P<site>[a-z]+(?: [a-z]+)?)$", re.I)
_COMPOUND = frozenset(
    "fracture abscess ulcer laceration injury burn cyst perforation rupture dislocation sprain contusion stricture stenosis "
    "atresia aneurysm thrombosis embolism obstruction infarction carcinoma cancer tumor lymphoma hemorrhage edema "
    "infection inflammation calculus hernia fistula polyp hypertrophy atrophy hypoplasia pain stiffness weakness".split()
)
_SHAPE = re.compile(r"[A-Za-z0-9βαγδ][A-Za-z0-9βαγδé'/ +.-]*[A-Za-z0-9+]")
_MAX_WORDS = 6
_DRUG_WORD = re.compile(r"[a-z]{5,}")
_DRUG_WORDS = re.compile(r"[a-z][a-z-]{4,}(?: [a-z][a-z-]{3,}){0,2}(?: [ab]|-\d{1,2})?")
_NOT_A_DRUG = re.compile(
    r"\b(?:acid|oil|pollen|extract|ester|antigens?|allergenic|allergen|whole|seed|leaf|root|fruit|bark|flower|powder|pure|water|"
    r"protein|enzyme|receptor|factor|human|bovine|porcine|compound|anion|cation|ion|ether|alcohol|glucoside|"
    r"meat|milk|egg|fish|nut|wood|dander|hair|feather|dust|venom|spore|mold|grass|tree|weed|skin|mixture|preparation)\b|"
    r"(?:yl|ane|ene|ol-ene|one-one|ium ion|aldehyde|peptide|amino|phosphate|phosphoric|ose|idae|aceae|ate ion)$"
)


def clinical_phrases(title: str) -> Iterator[str]:
    """The phrases of a disease title as notes have them: "Pneumonia, bacterial, NOS" gives "bacterial pneumonia"."""
    text = " ".join(_BRACKETS.sub("", title).split())
    if text.lower().startswith("malignant neoplasm of "):
        site = _TAIL.sub("", text[22:].removeprefix("unspecified part of "))
        yield from (f"{site} cancer", f"cancer of the {site}", f"malignant neoplasm of {site}")
        return
    text = _HEAD.sub("", _TAIL.sub("", text)).strip(" ,;:-")
    head, comma, rest = text.partition(", ")
    if comma:
        if "," in rest or len(rest.split()) > 2 or not all(_ADJECTIVE.search(w) for w in rest.lower().split()):
            return
        text = f"{rest} {head[0].lower()}{head[1:]}" if head[1:2].islower() else f"{rest} {head}"
    yield text
    inverted = _OF.match(text)
    if inverted and inverted["head"].lower().split()[-1] in _COMPOUND:
        yield f"{inverted['site']} {inverted['head']}"


def is_usable(phrase: str) -> bool:
    """Whether a phrase may be looked for: of a shape that notes have, not a residual class, not an ordinary word."""
    words = phrase.split()
    return (
        0 < len(words) <= _MAX_WORDS
        and len(phrase) >= 4
        and _SHAPE.fullmatch(phrase) is not None
        and _JUNK.search(phrase) is None
        and not {"and", "or"}.intersection(words)
        and phrase.lower() not in rejected()
        and not any(w.isdigit() and len(w) > 2 for w in words)
    )


def names_a_measurement(phrase: str, measured: Container[str]) -> bool:
    """Whether a phrase is a measurement or a change of one ("elevated creatinine"), given the names of observations."""
    words = phrase.lower().replace("-", " ").split()
    if _CHANGE.match(phrase):
        spans = ((i, j) for i in range(len(words)) for j in range(i + 1, len(words) + 1))
        return any(" ".join(words[i:j]) in measured for i, j in spans)
    return any(" ".join(words[i:]) in measured for i in range(len(words)))


def is_drug_name(name: str, marketed: bool) -> bool:
    """Whether a substance's name reads as a medicine: chemical names, foods and reagents are left out.

    Names of several words or with a hyphen are taken only for medicines with a leaflet for patients.
    """
    shape = _DRUG_WORDS if marketed else _DRUG_WORD
    return shape.fullmatch(name) is not None and _NOT_A_DRUG.search(name) is None and name not in rejected()


@lru_cache(maxsize=1)
def rejected() -> frozenset[str]:
    """Phrases taken out by eye after reading what they match in notes; lower case, one per line."""
    lines = _REJECTED.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
