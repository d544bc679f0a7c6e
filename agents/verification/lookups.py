"""What a tool result proves beyond its words: which list is complete, and what was looked for and is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agents.verification.evidence import Lookup, SaidName, Source
from agents.verification.names import Name, State, find_names
from agents.verification.said import Said
from agents.verification.typed_data import add_artifact, add_data
from tools.outcome import ToolResult

# Which kinds of names a tool's search answers for, and the field of its data that names the target.
_ABOUT: Mapping[str, tuple[str, str]] = {
    "condition": ("condition", "condition"),
    "medication": ("medication", "drug"),
    "list_medications": ("medication", "drug"),
    "allergies": ("allergen", "substance"),
    "procedures": ("procedure", "name"),
    "procedure_result": ("procedure", "name"),
    "reports": ("procedure", "name"),
    "immunizations": ("immunization", "name"),
    "family_history": ("family", "name"),
    "latest": ("observation", "concept"),
    "series": ("observation", "concept"),
    "statistics": ("observation", "concept"),
    "threshold": ("observation", "concept"),
    "change": ("observation", "concept"),
    "is_normal": ("observation", "concept"),
    "panel": ("observation", "concept"),
    "encounters": ("encounter", "kind"),
    "devices": ("device", "name"),
    "care_plans": ("care_plan", "name"),
    "search_notes": ("note", "query"),
    "section_of_note": ("note", "query"),
    "list_notes": ("note", "query"),
    "look_up": ("any", "query"),
    "record_vs_notes": ("conflict", ""),
    "age_when": ("any", "name"),
    "list_problems": ("condition", ""),
    "calculate": ("calculation", "model_id"),
}
_COUNTS: Mapping[str, str] = {
    "list_medications": "medication", "list_problems": "problem", "allergies": "allergy", "encounters": "visit",
    "procedures": "procedure", "immunizations": "vaccination", "latest": "value", "series": "value",
    "statistics": "value", "threshold": "value", "change": "value", "medication": "order", "reports": "report",
    "condition": "episode", "family_history": "relative", "search_notes": "note", "list_notes": "note", "record_vs_notes": "conflict", "devices": "device", "care_plans": "plan",
}  # fmt: skip
_WHOLE_LIST = re.compile(
    r"^\W*(?:no:\s*)?\W*(?:\d+\W+|no\s+)?(?P<state>active |resolved |stopped |stopped or completed )?(?P<what>problems?|medications?|allerg(?:y|ies)(?: is| are)?|procedure (?:entry|entries)|vaccination (?:entry|entries)|procedure|vaccination|device entries|known allerg\w+)(?: recorded| is recorded)?(?:\s*\([^)]*\))?\s*[:.]",
    re.IGNORECASE,
)
_MORE = re.compile(r"… and \d+ more", re.IGNORECASE)
_NOT_KNOWN = re.compile(r"^(?:text|record):")


def add_result(said: Said, result: ToolResult, number: int) -> None:
    """Everything that one result of a tool says and proves."""
    source = Source(ref=result.evidence[0].ref if result.evidence else f"tool/{number}", origin="tool")
    add_data(
        said,
        result.data,
        source=source,
        counts=_COUNTS.get(result.tool, "any"),
        phrase=str(result.data.get("kind", "")),
    )
    for artifact in result.artifacts:
        add_artifact(said, artifact, source)
    for conflict in result.conflicts:
        said.add_text(f"{conflict.topic}: the record says {conflict.record_says}; but {conflict.note_says}", source)
    _states(said, result, source)
    lookup = _lookup(said, result, source)
    if lookup is not None:
        said.lookups.append(lookup)


def _lookup(said: Said, result: ToolResult, source: Source) -> Lookup | None:
    if result.tool not in _ABOUT or result.refused:
        return None
    kind, field = _ABOUT[result.tool]
    named = str(result.data.get(field) or "") if field else ""
    words = frozenset(re.findall(r"[a-z]{4,}", f"{named} {result.data.get('query', '')}".lower()))
    first = result.statements[0].text if result.statements else ""
    whole = _WHOLE_LIST.match(first)
    if result.tool in {"list_problems", "list_medications"} or not named:
        if whole is None and kind in {"condition", "medication", "allergen", "procedure", "immunization"}:
            return None  # of a period, or of one drug: it proves nothing of the rest
        if any(_MORE.search(s.text) for s in result.statements):
            return None
        active = bool(whole and (whole["state"] or "").strip().lower() == "active") and kind != "allergen"
        if whole and (whole["state"] or "").lower().startswith(("resolved", "stopped")):
            return None
        return Lookup(kind, None, result.found, active, words, source)
    ids = _ids(said, kind, named)
    return Lookup(kind, ids, result.found, words=words, source=source)


def _ids(said: Said, kind: str, named: str) -> frozenset[str]:
    """Keys of the target and everything narrower, as names carry them."""
    if kind == "encounter":
        return frozenset({f"encounter:{named}"})
    vocabulary = said.lexicon.vocabulary
    for known in dict.fromkeys(
        (kind, "medication", "drug_class", "allergen", "condition", "procedure", "observation", "immunization")
    ):
        concept = vocabulary.get(known, named)
        if concept is not None:
            target = said.lexicon.target(concept)
            narrower = "medication" if known == "drug_class" else known
            return frozenset({f"{known}:{target.id}", *(f"{narrower}:{i}" for i in target.ids)})
    names = find_names(_NOT_KNOWN.sub("", named).replace("_", " "), said.lexicon)
    return frozenset().union(*(n.ids for n in names)) if names else frozenset({f"text:{named.lower()}"})


def _states(said: Said, result: ToolResult, source: Source) -> None:
    """The state that typed data gives to its target, which counts before any wording."""
    data: Mapping[str, Any] = result.data
    kind, field = _ABOUT.get(result.tool, ("", ""))
    named = str(data.get(field) or "") if field else ""
    if result.tool in {"condition", "medication"} and named and "active" in data:
        count = int(data.get("n") or 0)
        state = State.PRESENT if data["active"] else State.PAST if count else State.ABSENT
        _say(said, _ids(said, kind, named), _own(said, kind, named), state, source, named)
    elif result.tool == "allergies" and named and "n" in data:
        state = State.PRESENT if data["n"] else State.ABSENT
        _say(said, _ids(said, kind, named), _own(said, kind, named), state, source, named, is_allergy=True)


def _own(said: Said, kind: str, named: str) -> frozenset[str]:
    vocabulary = said.lexicon.vocabulary
    return frozenset(f"{k}:{named}" for k in (kind, "drug_class", "medication", "allergen") if vocabulary.get(k, named))


def _say(
    said: Said,
    ids: frozenset[str],
    own: frozenset[str],
    state: State,
    source: Source,
    text: str,
    is_allergy: bool = False,
) -> None:
    if own:
        name = Name(0, 0, text.replace("_", " "), own, ids, state, True, is_allergy)
        said.names.append(SaidName(name, Source(source.ref, source.quote, "record")))
