"""What is known of a header title: listed, built from listed parts, or made like one; and how it is written."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

RULES = Path(__file__).parent.parent / "rules" / "sections.json"
LISTED, COMPOSED, LIKELY, UNKNOWN = 3, 2, 1, 0
OTHER = "other"
_MAX_WORDS = 9
_PREFIXES = re.compile(  # found by what stands between prefix and word
    r"[ -](?=op\b|ops\b|operat|proced|anesth|admi|surg|natal|exist|eval|exam)"
    r"(?:(?<=\bpre.)|(?<=\bpost.)|(?<=\bintra.)|(?<=\bperi.)|(?<=\bco.)|(?<=\bre.))"
)
_BRITISH = (
    ("anaesth", "anesth"), ("haem", "hem"), ("paed", "ped"), ("gynaec", "gynec"), ("oesoph", "esoph"),
    ("immunis", "immuniz"), ("hospitalis", "hospitaliz"), ("behaviour", "behavior"), ("judgement", "judgment"),
)  # fmt: skip
_SHORT = {
    "dx": "diagnosis", "hx": "history", "tx": "treatment", "preop": "preoperative", "postop": "postoperative",
    "intraop": "intraoperative", "meds": "medications", "exam": "examination", "pt": "patient", "med": "medical",
    "surg": "surgical", "psych": "psychiatric", "appts": "appointments", "appt": "appointment", "rec": "recommendations",
    "recs": "recommendations", "lab": "laboratory", "eval": "evaluation", "soc": "social", "fam": "family",
}  # fmt: skip
_TAIL = re.compile(r"\s*(?:\([^()]*\)|\d{1,4}(?:[/.-]\d{1,4}){1,2}|#?\s?\d{1,2}|\[[^\]]*\])$")
_TAIL_ENDS = frozenset(")]0123456789")
_JOINTS = re.compile(r"\s*(?:,|/|;|\+|\band\b|\bor\b|\bwith\b)\s*")
_JOINING = (",", "/", ";", "+", "and", "or", "with")
_WORD = re.compile(r"[A-Za-zÀ-ÿ][\w'’.\-]*")
_SMALL = frozenset("of and the for on in at to with by or from per a an & as vs into after before during".split())
# A title names a thing: a phrase with one of these is a clause or a part of one.
_CLAUSE = frozenset(
    "is was were are be been am has had have having he she they we i it this that these those there will would should"
    " could can may might must did does do said says saying states stated denies denied reports reported reporting shows"
    " showed shown showing reveals revealed demonstrates demonstrated demonstrating includes included including"
    " discussed agreed which who whom what why when where because however also not therefore thus following follows"
    " called asked told wants wishes appears recommended advised his her their my our your its him them me us if then"
    " than but so as found suggests suggested indicates indicated received underwent presented presents".split()
)
_ARTICLES = frozenset("the a an no any some both all another each".split())
# Problems and drugs head the paragraphs of a plan or a list; they are its items.
_PROBLEM = (
    "itis", "osis", "emia", "aemia", "oma", "omas", "opathy", "algia", "uria", "penia", "plegia", "paresis", "rrhea",
    "rrhoea", "megaly", "ectasis", "pril", "sartan", "olol", "statin", "azole", "cillin", "mycin", "floxacin", "dipine",
    "gliptin", "gliflozin", "mab", "tinib", "parin", "xaban",
)  # fmt: skip
_PROBLEM_WORDS = frozenset(
    "disease syndrome failure pain infection fracture cancer diabetes hypertension depression asthma copd chf cad mi"
    " afib fibrillation stroke injury disorder pneumonia ulcer deficiency insufficiency obesity anxiety hypothyroidism"
    " hyperthyroidism gout dementia seizure seizures bleeding bleed embolism thrombosis sepsis nausea vomiting fever cough"
    " headache dyspnea edema mass lesion tear stenosis regurgitation hypoxia aki ckd esrd dvt uti gerd htn dm dm2 hld"
    " mellitus hyperlipidemia".split()
)


class Known(NamedTuple):
    """How far a title is known, its category ("" takes that of the section around it) and what kind of title it is."""

    level: int
    category: str
    kind: str  # section, system, item, study, label or document


class _Rules(NamedTuple):
    known: dict[str, Known]
    qualifiers: dict[str, tuple[str, ...]]  # by first word
    trailers: dict[str, tuple[str, ...]]  # by last word
    heads: dict[str, str]
    openers: dict[str, str]
    document_words: frozenset[str]
    subsection_default: str
    inherit_from: frozenset[str]


@lru_cache(maxsize=1)
def load_rules() -> _Rules:
    """The packaged titles, read once."""
    data = json.loads(RULES.read_text(encoding="utf-8"))
    known: dict[str, Known] = {}
    for title, known_as in _listed(data):
        form = normal(title)
        known.setdefault(form, known_as)
        known.setdefault(_expanded(form), known_as)
    return _Rules(
        known=known,
        qualifiers=_by_word([f"{q} " for q in data["qualifiers"]], 0),
        trailers=_by_word([f" {t}" for t in data["trailers"]], -1),
        heads=data["heads"],
        openers=data["openers"],
        document_words=frozenset(data["document_words"]),
        subsection_default=data["subsection_default"],
        inherit_from=frozenset(data["inherit_from"]),
    )


def _by_word(phrases: list[str], position: int) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        word = phrase.split()[position]
        out[word] = (*out.get(word, ()), phrase)
    return out


def _listed(data: dict[str, Any]) -> list[tuple[str, Known]]:
    studies, categories = frozenset(data["studies"]), data["item_categories"]
    out = [(title, Known(LISTED, "", "label")) for title in data["labels"]]
    out += [(title, Known(LISTED, OTHER, "document")) for title in data["documents"]]
    for category, titles in data["titles"].items():
        out += [(title, Known(LISTED, category, "study" if title in studies else "section")) for title in titles]
    out += [(title, Known(LISTED, category, "letter")) for title, category in data["single_letters"].items()]
    out += [(title, Known(LISTED, categories.get(title, ""), "item")) for title in data["items"]]
    return out + [(title, Known(LISTED, "", "system")) for title in data["subsections"]]


def normal(title: str) -> str:
    """A title in one spelling: lower case, single spaces, American, prefixes joined."""
    out = " ".join(title.lower().replace("’", "'").replace("&", " and ").split()).strip(" *_#-.,")
    out = out.replace("(s)", "").replace("(es)", "").replace(" / ", "/").replace("'s", "s")
    for british, american in _BRITISH:
        if british in out:
            out = out.replace(british, american)
    return _PREFIXES.sub("", out)


def _expanded(title: str) -> str:
    return " ".join(_SHORT.get(word, word) for word in title.split())


@lru_cache(maxsize=8192)
def look_up(title: str) -> Known:
    """What is known of a title as it is written."""
    found, form = _find(title)
    if found:
        return found
    if not form or form.count(" ") >= _MAX_WORDS:
        return Known(UNKNOWN, OTHER, "section")
    rules, form = load_rules(), _expanded(form)
    return _qualified(form, rules) or _joined(form, rules) or _likely(form, rules)


def is_listed(title: str) -> bool:
    """Whether `look_up` would find the title as it is listed, without the look at its parts."""
    return _find(title)[0] is not None


@lru_cache(maxsize=8192)
def _find(title: str) -> tuple[Known | None, str]:
    """What is listed under a title, and its form without what stands behind it: a date, a number, an aside."""
    known, form = load_rules().known, normal(title)
    found = known.get(form) or known.get(_expanded(form))
    while not found and form[-1:] in _TAIL_ENDS and (match := _TAIL.search(form)) and match.start():
        form = form[: match.start()]
        found = known.get(form)
    return found, form


def _qualified(form: str, rules: _Rules) -> Known | None:
    """A listed title with qualifiers around it ("pertinent laboratory data on admission")."""
    ends = [form]
    while cut := next((t for t in rules.trailers.get(_last(ends[-1]), ()) if ends[-1].endswith(t)), None):
        ends.append(ends[-1].removesuffix(cut))
    for rest in ends:
        while True:
            found = rules.known.get(rest)
            if found and found.kind not in {"label", "document", "letter"}:
                return found._replace(level=COMPOSED)
            cut = next((q for q in rules.qualifiers.get(rest.split(" ", 1)[0], ()) if rest.startswith(q)), None)
            if cut is None:
                break
            rest = rest.removeprefix(cut)
    return None


def _last(form: str) -> str:
    return form.rsplit(" ", 1)[-1]


def _joined(form: str, rules: _Rules) -> Known | None:
    """Listed titles joined by "and", a comma or a slash; parts may share the last word ("family and social history")."""
    if not any(joint in form for joint in _JOINING):
        return None
    parts = _JOINTS.split(form)
    if not 2 <= len(parts) <= 6 or not all(parts):
        return None
    last = parts[-1].rsplit(" ", 1)[-1]
    found = []
    for part in parts:
        shared = rules.known.get(f"{part} {last}")
        one = shared or rules.known.get(part) or _qualified(part, rules)
        if one is None or one.kind in {"label", "letter"}:
            return None
        found.append(one)
    # Allergies and family history change how a finding is read: they do not speak for a mixed section.
    plain = [k for k in found if k.category not in {"allergies", "family_history"}] or found
    if {k.category for k in found} == {"assessment", "plan"}:
        return Known(COMPOSED, "assessment_and_plan", "section")
    return plain[0]._replace(level=COMPOSED)


def _likely(form: str, rules: _Rules) -> Known:
    words = form.split()
    if (
        len(words) > 1
        and not _CLAUSE.intersection(words)
        and words[0] not in _ARTICLES
        and len(words) <= _MAX_WORDS - 2
    ):
        category = rules.openers.get(" ".join(words[:2])) or rules.heads.get(words[-1])
        if category:
            return Known(LIKELY, category, "section")
        if words[-1] in rules.document_words:
            return Known(LIKELY, OTHER, "document")
    return Known(UNKNOWN, OTHER, "section")


def shape(title: str) -> str:
    """How a title is written: "caps", "title", "sentence", "lower", or "" where it cannot be one."""
    words = _WORD.findall(title)
    if not words:
        return ""
    if title.upper() == title:
        return "caps"
    if not words[0][0].isupper():
        # "eGFR" and the like are no lower-case titles
        return "lower" if title.lower() == title else ""
    if all(word[0].isupper() or word in _SMALL for word in words):
        return "title"
    return "sentence"


def names_a_thing(title: str) -> bool:
    """Whether an unlisted phrase can be a title at all: short, no clause, no article, no problem or drug name."""
    words = [word.lower() for word in _WORD.findall(title)]
    if not words or len(words) > _MAX_WORDS - 1 or _CLAUSE.intersection(words) or words[0] in _ARTICLES:
        return False
    return not is_problem(words)


def continues(word: str) -> bool:
    """Whether a word in lower case goes on with a sentence: a preposition, a conjunction or a verb of reporting."""
    return word in _SMALL or word in _CLAUSE


def is_problem(words: list[str]) -> bool:
    """Whether a title names a disease, symptom or drug."""
    return not _PROBLEM_WORDS.isdisjoint(words) or any(len(w) > 5 and w.endswith(_PROBLEM) for w in words)
