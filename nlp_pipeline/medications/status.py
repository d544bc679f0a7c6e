"""What is being done with a drug: started, stopped, held, resumed, changed, given, taken or not."""

from __future__ import annotations

import re

from nlp_pipeline.medications.words import Words

_HEADS: dict[str, str] = {}
for _name, _words in (
    ("stopped", "stop stopped stopping discontinue discontinued discontinuing discontinuation dcd cessation ceased quit"
                " withdrew withdrawn withdrawal completed finished discontinues"),
    ("held", "hold holding held withhold withheld withholding hold."),
    ("started", "start started starting starts initiate initiated initiating initiation began begin begun beginning"
                " commence commenced commencing prescribed add added adding introduced introduction newly new"),
    ("resumed", "resume resumed resuming restart restarted restarting reintroduced reinstituted reinitiated"),
    ("increased", "increase increased increasing uptitrate uptitrated uptitrating escalated doubled raised"),
    ("decreased", "decrease decreased decreasing reduce reduced reducing lower lowered lowering taper tapered tapering"
                  " weaned downtitrated halved"),
    ("active", "continue continued continues continuing maintained remains remained kept takes take taking receiving"
               " currently chronically"),
    ("given", "received receives given gave administered administering got loaded treated treating injected"),
):  # fmt: skip
    _HEADS.update(dict.fromkeys(_words.split(), _name))
# Words that may stand between a status word and its drug.
_BETWEEN = frozenset(
    "the her his their home all on with of for dose doses dosing to oral iv po daily both current outpatient empiric"
    " empirical patient patient's patients chronic long term low high a an and course using treatment therapy"
    " intravenous intravenously orally once twice weekly nightly prophylactic single loading bolus infusion maintenance"
    " him was were be been being is are tablet tablets tab inj injection systemic topical additional total day days"
    " week weeks regimen medication medications receiving via continuous in regular - : , ( including such as"
    .split()
)  # fmt: skip
_BEFORE = _BETWEEN | frozenset("mg mcg g ml units unit µg μg meq / kg m2 . d h min".split())
_NEGATIONS = frozenset("not never n't without didn't doesn't hasn't isn't wasn't don't nor neither no".split())
_SWITCH = frozenset("switched switch switching changed transitioned converted replaced substituted rotated".split())
_DC = re.compile(r"d/?c['’]?e?d?(?![\w'’])|d/c(?!\w)", re.IGNORECASE)
# The words in which `status_before` sees a status, some only with their neighbours; asking here spares most of the work.
_SPEAKING = _HEADS.keys() | frozenset(
    "c taking takes take using on receiving off out from to with by replaced replace replacing noncompliant nonadherent"
    " noncompliance nonadherence refused refuses declined compliant compliance adherent adherence took".split()
)
_AUXILIARY = frozenset(
    "was were is are be been being has had have will should currently subsequently then later".split()
)
_AFTER: dict[str, str] = {}
for _name, _words in (
    ("stopped", "stopped discontinued ceased withdrawn suspended"),
    ("held", "held withheld"),
    ("started", "started initiated added begun prescribed commenced introduced"),
    ("resumed", "resumed restarted reintroduced"),
    ("increased", "increased uptitrated escalated doubled"),
    ("decreased", "decreased reduced tapered weaned lowered"),
    ("active", "continued maintained"),
    ("given", "given administered injected infused"),
):
    _AFTER.update(dict.fromkeys(_words.split(), _name))
_MARKED = {
    "stopped": "stopped", "discontinued": "stopped", "dc": "stopped", "dced": "stopped", "held": "held",
    "holding": "held", "hold": "held", "stop": "stopped", "continue": "active", "continued": "active", "new": "started",
    "resumed": "resumed", "started": "started", "restarted": "resumed", "increased": "increased", "decreased": "decreased", "completed": "stopped",
}  # fmt: skip
_TITLES = {
    "stopped": "stopped", "stop": "stopped", "discontinued": "stopped", "discontinue": "stopped", "held": "held",
    "hold": "held", "new": "started", "started": "started", "start": "started", "continue": "active",
    "continued": "active", "resume": "resumed", "increased": "increased", "decreased": "decreased",
}  # fmt: skip
# Without one of these `status_after` finds nothing.
AFTER_CUES = _AFTER.keys() | _MARKED.keys() | _SWITCH | {"until", "till", "d"}
_MAX_WORDS, _MAX_UNKNOWN = 24, 5


def status_of_title(title: str) -> str:
    """The status that a header gives the drugs under it: "STOPPED:", "Discontinued medications", "New meds"."""
    first = title.lower().split()[0].strip(":#*-") if title.strip(" :#*-") else ""
    return _TITLES.get(first, "")


def status_before(words: Words, first: int, floor: int, limit: int = 14) -> tuple[str, bool]:
    """The status that the words before index `first` give the drug there, and whether one was found.

    `floor` is the index of the first word that may be looked at; the end of the drug before.
    """
    texts = words.texts
    for position in range(first - 1, max(floor, first - limit) - 1, -1):
        word = texts[position]
        if word in _SPEAKING or word.startswith("dc"):
            if word == "c" and position > 1 and texts[position - 1] == "/" and texts[position - 2] == "d":
                return "stopped", True
            status = _head(texts, position, floor)
            if status:
                return status, True
        if word not in _BEFORE and not word[0].isdigit():
            return "", False
    return "", False


def _head(texts: list[str], position: int, floor: int) -> str:
    word = texts[position]
    before = texts[max(floor, position - 3) : position]
    previous = before[-1] if before else ""
    if word in {"taking", "takes", "take", "using", "on", "receiving"}:
        status = _taking(word, before)
        return status
    if word == "off":
        return "stopped"
    if word == "out":
        return "not taking" if previous in {"ran", "run", "running", "runs"} else ""
    if word == "from":
        return "stopped" if previous in _SWITCH else ""
    if word == "to" or (word in {"with", "by"} and previous not in {"treated", "loaded", "started", "maintained"}):
        return "started" if _switched(texts, position, word) else ""
    if word in {"replaced", "replace", "replacing"}:
        return "stopped"
    if word in {"noncompliant", "nonadherent", "noncompliance", "nonadherence", "refused", "refuses", "declined"}:
        return "not taking"
    if word in {"compliant", "compliance", "adherent", "adherence"} and previous in {"non", "-"}:
        return "not taking"
    if word == "took":
        return "not taking" if previous in _NEGATIONS else "active" if previous == "currently" else ""
    if _DC.fullmatch(word):
        return "stopped"
    status = _HEADS.get(word, "")
    if status in {"started", "given", "active", "resumed"} and _NEGATIONS.intersection(before):
        return "stopped" if word in {"continue", "continued"} else "not taking"
    if status and word in {"taken"} and previous in {"not"}:
        return "not taking"
    return status


def _taking(word: str, before: list[str]) -> str:
    seen = set(before)
    if "longer" in seen:
        return "stopped"
    if seen & {"stopped", "stop", "quit", "discontinued", "stopping", "ceased"} and word != "on":
        return "stopped"
    if word != "on" and (seen & _NEGATIONS or "denies" in seen):
        return "not taking"
    if word != "on" and seen & {"started", "began", "start", "begin"}:
        return "started"
    if word == "on":
        return "active" if before and before[-1] in {"is", "currently", "remains", "remained"} and not (
            seen & _NEGATIONS
        ) else ""  # fmt: skip
    return "active"


def _switched(texts: list[str], position: int, link: str) -> bool:
    """Whether a "to" belongs to "switched (from A) to", a "with" or "by" to "replaced (A) with"."""
    for word in reversed(texts[max(0, position - 16) : position]):
        if word in {".", ";"}:
            return False
        if word in _SWITCH:
            return (link == "to") != (word in {"replaced", "substituted"})
    return False


def status_after(texts: list[str], ends: list[int]) -> tuple[str, int]:
    """The status in the words that follow a drug, and the character where it ends; "" and -1 if there is none."""
    marked = _marked(texts, ends)
    if marked is not None:
        return marked
    unknown, auxiliary = 0, False
    for position, word in enumerate(texts[:_MAX_WORDS]):
        following = texts[position + 1] if position + 1 < len(texts) else ""
        if word in {";", "."}:
            return "", -1
        if word in _AUXILIARY:
            auxiliary = True
        elif word in _AFTER and auxiliary:
            negated = not _NEGATIONS.isdisjoint(texts[max(0, position - 2) : position])
            return ("" if negated else _AFTER[word]), ends[position]
        elif auxiliary and word == "on" and following == "hold":
            return "held", ends[position + 1]
        elif auxiliary and word in _SWITCH:
            return "stopped", ends[position]
        elif word in {"until", "till"} and not auxiliary and unknown <= 1:
            return "stopped", -1
        elif word == "d" and texts[position + 1 : position + 2] == ["/"] and texts[position + 2 : position + 3]:
            return ("stopped", ends[position + 2]) if texts[position + 2].startswith("c") else ("", -1)
        elif word.isalpha() and word not in _BETWEEN:
            unknown += 1
            auxiliary = auxiliary and (
                word.endswith("ly") or word in _NEGATIONS or word in {"also", "to", "put", "placed"}
            )
            if unknown > _MAX_UNKNOWN:
                return "", -1
    return "", -1


def _marked(texts: list[str], ends: list[int]) -> tuple[str, int] | None:
    """A status right behind the drug: "(held)", "- stopped", "discontinued"."""
    if not texts:
        return None
    if texts[0] in {"discontinued", "stopped", "held"}:
        return _AFTER[texts[0]], ends[0]
    if len(texts) < 2 or texts[0] not in {"(", "-", ":", "–", "—"}:
        return None
    following = texts[2] if len(texts) > 2 else ""
    if texts[1] in _MARKED and following not in {"for", "if", "on"}:
        return _MARKED[texts[1]], ends[1]
    return ("held", ends[2]) if texts[1] == "on" and following == "hold" else None
