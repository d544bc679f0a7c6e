"""Ways of asking that lean on what everybody at the bedside knows: "BP when most hypotensive", "the last trough", "alt days"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agents.embedded.reading.record_names import RecordNames

if TYPE_CHECKING:
    from tools.concepts import Lexicon

_ALTERNATE = re.compile(
    r"\b[Aa]lt(?:ernate)?\.? (?P<unit>day|night|morning|evening)s?\b"
)  # in capitals it is the enzyme
_AT_ITS_MOST = re.compile(
    r"\b(?:when|while|at)\s+(?:(?:he|she|they|it|his|her|their|the|pt|patient|was|were|is|point)\s+)*most\s+(?P<state>\w+)\b",
    re.IGNORECASE,
)
# By the state: what has to be asked of, and which end of its scale the state is.
_STATES = (
    (r"hypotens\w+|shocked", r"bp|blood pressure|pressures?|systolic|diastolic|sbp|dbp|map", "lowest"),
    (r"hypertens\w+", r"bp|blood pressure|pressures?|systolic|diastolic|sbp|dbp|map", "highest"),
    (r"tachycardi\w+", r"hr|heart rate|pulse|rate", "highest"),
    (r"bradycardi\w+", r"hr|heart rate|pulse|rate", "lowest"),
    (r"febrile|pyrexial|feverish", r"temp\w*|fever", "highest"),
    (r"hypox\w+|desaturated", r"sats?|spo2|o2|oxygen|saturation", "lowest"),
    (r"tachypn\w+", r"rr|respiratory rate|breathing rate|rate", "highest"),
    (r"ana?emic", r"hb|hgb|h(?:a)?emoglobin|hct|hematocrit", "lowest"),
    (r"hyperkal\w+", r"k|potassium", "highest"),
    (r"hypogly\w+", r"glucose|sugar|bg|bm", "lowest"),
    (r"hypergly\w+", r"glucose|sugar|bg|bm", "highest"),
)
_LEVEL = re.compile(
    r"\b(?:(?:last|latest|most recent|newest|first|previous|highest|lowest|recent|measured|all|every)\s+(?P<kind>troughs?|peaks?)"
    r"|(?P<kind2>troughs?|peaks?)\s+(?:levels?|results?|values?))\b",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(r"\b(?:would|will|predict\w*|expect\w*|if|simulat\w*|target|goal|should|aim)\b", re.IGNORECASE)
_DRUG_LEVELS = {
    "trough": ("vancomycin_trough", "gentamicin_trough", "tobramycin_trough"),
    "peak": ("vancomycin_peak", "gentamicin_peak", "tobramycin_peak"),
}


def as_meant(text: str, record: RecordNames, lexicon: Lexicon) -> str:
    """The question with what is meant in plain words."""
    text = _ALTERNATE.sub(lambda m: f"every other {m['unit']}", text)
    return _with_drug_of_level(_with_extreme(text), record, lexicon)


def _with_extreme(text: str) -> str:
    """ "BP when most hypotensive" as "lowest BP": only of what the state is about."""
    match = _AT_ITS_MOST.search(text)
    if match is None:
        return text
    rest = f"{text[: match.start()].rstrip()} {text[match.end() :].lstrip()}".strip()
    for state, asked, end in _STATES:
        name = re.search(rf"\b(?:{asked})\b", rest, re.IGNORECASE)
        if name is not None and re.fullmatch(state, match["state"], re.IGNORECASE):
            return f"{rest[: name.start()]}{end} {rest[name.start() :]}"
    return text


def _with_drug_of_level(text: str, record: RecordNames, lexicon: Lexicon) -> str:
    """ "The last trough" with the drug of which the record has troughs, where it is one and none is named."""
    match = _LEVEL.search(text)
    if match is None or _SUPPOSED.search(text):
        return text
    if any(t.kind in {"medication", "drug_class"} for m in lexicon.find_mentions(text, fuzzy=False) for t in m.targets):
        return text
    group = "kind" if match["kind"] else "kind2"
    measured = [i for i in _DRUG_LEVELS[match[group].lower().rstrip("s")] if record.has("observation", i)]
    if len(measured) != 1:
        return text
    start = match.start(group)
    return f"{text[:start]}{measured[0].split('_')[0]} {text[start:]}"
