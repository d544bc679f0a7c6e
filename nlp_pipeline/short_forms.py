"""What an ambiguous short form means where it stands: a table of senses, each with the clues that speak for it."""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from nlp_pipeline.vocabulary import Concept

SHORT_FORMS = Path(__file__).parent / "rules" / "short_forms.json"
_BESIDE, _AROUND = 40, 100
_TERSE = frozenset(
    {"past_medical_history", "assessment", "assessment_and_plan", "problem_list", "family_history", "chief_complaint",
     "past_surgical_history"}
)  # fmt: skip
_AFTER_NUMBER = re.compile(r"\d\s?$")
_RESULT_NEXT = re.compile(
    r"\s{0,3}(?:[:=]|level|of|was|is|at|are|were|came back|returned)?\s{0,3}"
    r"(?:[(<>≤≥~]?=?\s{0,2}\d|(?:weakly |strongly )?(?:positive|negative|pos\b|neg\b|normal|elevated|reactive|nonreactive|WNL))",
    re.I,
)
_RESULT_BEFORE = re.compile(
    r"\b(?:elevated|positive|negative|normal|raised|low|high|decreased|increased|serum)\s$", re.I
)
_CAPITAL_WORD = re.compile(r"[A-Z]{2,}")


class Mention(NamedTuple):
    """Where a short form stands in its text."""

    text: str
    start: int
    end: int
    category: str  # of the section, or ""

    @property
    def form(self) -> str:
        """The characters as written."""
        return self.text[self.start : self.end]


class Clues(NamedTuple):
    """What speaks for a sense. But for `capitals` they are in small letters, for text in small letters: that is searched
    several times faster than by ignoring case.
    """

    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    near: re.Pattern[str] | None
    capitals: re.Pattern[str] | None  # near too: abbreviations, which mean something else in small letters


class Sense:
    """One reading: the concept as "kind:id", or "" for something that is no finding, and when it holds."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.concept: str = data["is"]
        self._data = data
        self._sections = frozenset(data.get("sections", ()))
        self._value = bool(data.get("value"))

    def holds(self, mention: Mention) -> bool:
        """Whether one of the clues is there."""
        text, start, end, category = mention
        if category in self._sections or (self._value and has_result(text, start, end)):
            return True
        before, after, near, capitals = self._clues
        if after and after.search(text[end : end + _BESIDE].lower()):
            return True
        if before and before.search(text[max(0, start - _BESIDE) : start].lower()):
            return True
        if not near and not capitals:
            return False
        around = _surroundings(text, start, end)
        return bool((near and near.search(around.lower())) or (capitals and capitals.search(around)))

    @cached_property
    def _clues(self) -> Clues:
        parts = _alternatives(self._data["near"]) if "near" in self._data else []
        capitals = [part for part in parts if re.search("[A-Z]", re.sub(r"\\.", "", part))]
        near = "|".join(part for part in parts if part not in capitals)
        before, after = (_in_small_letters(self._data.get(side, "")) for side in ("before", "after"))
        return Clues(*(re.compile(clue) if clue else None for clue in (before, after, near, "|".join(capitals))))


class Rules(NamedTuple):
    """The packaged table."""

    senses: dict[str, tuple[Sense, ...]]
    otherwise: dict[str, str]
    words: frozenset[str]
    lower_case: frozenset[str]
    units: frozenset[str]
    capitals: frozenset[str]
    named: frozenset[str]
    english: frozenset[str]
    blocked: dict[str, tuple[Sense, ...]]

    @property
    def concepts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The concepts among which each form's senses choose."""
        return tuple(
            (form, tuple(dict.fromkeys(i for i in (*(s.concept for s in senses), self.otherwise[form]) if i)))
            for form, senses in self.senses.items()
        )


@lru_cache(maxsize=1)
def load_rules() -> Rules:
    """The packaged rules, read once."""
    data = json.loads(SHORT_FORMS.read_text(encoding="utf-8"))
    groups = {name: frozenset(data[name]) for name in ("words", "lower_case", "units", "capitals", "named", "english")}
    return Rules(
        senses={form: tuple(Sense(s) for s in entry["senses"]) for form, entry in data["forms"].items()},
        otherwise={form: entry.get("otherwise", "") for form, entry in data["forms"].items()},
        blocked={name: (Sense({"is": "", **entry}),) for entry in data["blocked"] for name in entry["names"]},
        **groups,
    )


def reading_of(form: str, mention: Mention, candidates: dict[str, Concept]) -> tuple[Concept, ...]:
    """The concept a short form stands for, or nothing where it means something that is no finding.

    Args:
        form: The short form in lower case.
        mention: Where it stands.
        candidates: What it may mean, by "kind:id".
    """
    rules = load_rules()
    if not _written_as_short_form(form, mention, rules):
        return ()
    if form in rules.senses:
        held = next((s.concept for s in rules.senses[form] if s.holds(mention)), rules.otherwise[form])
        return (candidates[held],) if held in candidates else ()
    measured = tuple(c for c in candidates.values() if c.kind == "observation")
    if measured and ((form in rules.named and mention.form.isupper()) or has_result(*mention[:3])):
        return measured
    others = tuple(c for c in candidates.values() if c.kind != "observation")
    return others if len(form) > 1 else ()


def is_blocked(name: str, mention: Mention) -> bool:
    """Whether a name is part of something else here: "stroke volume", "ST depression"."""
    senses = load_rules().blocked.get(name)
    return senses is not None and any(s.holds(mention) for s in senses)


def has_result(text: str, start: int, end: int) -> bool:
    """Whether a number or a word of result belongs to what stands at [start, end)."""
    return (
        _RESULT_NEXT.match(text, end) is not None or _RESULT_BEFORE.search(text[max(0, start - 12) : start]) is not None
    )


def in_capitals(mention: Mention) -> bool:
    """Whether the words around are in capitals too, so that those of the mention say nothing."""
    around = mention.text[max(0, mention.start - 25) : mention.start], mention.text[mention.end : mention.end + 25]
    return all(not re.search("[a-z]{2,}", part) and _CAPITAL_WORD.search(part) for part in around)


def _written_as_short_form(form: str, mention: Mention, rules: Rules) -> bool:
    written = mention.form
    if form in rules.units and _AFTER_NUMBER.search(mention.text[max(0, mention.start - 3) : mention.start]):
        return False
    if form in rules.words:
        return True
    if any(c.isupper() for c in written[1:]) or len(written) == 1:
        return form not in rules.english or not in_capitals(mention)
    if has_result(mention.text, mention.start, mention.end) and not written.isupper():
        return len(form) > 1 and form not in rules.capitals
    return form in rules.lower_case and mention.category in _TERSE


def _surroundings(text: str, start: int, end: int) -> str:
    """The text near a mention without the mention itself, not beyond a blank line."""
    before = text[max(0, start - _AROUND) : start].rpartition("\n\n")[2]
    return before + " \x00 " + text[end : end + _AROUND].partition("\n\n")[0]


def _alternatives(pattern: str) -> list[str]:
    """The parts of a pattern between the "|" that stand in no bracket."""
    parts, depth = [""], 0
    for token in re.findall(r"\\.|\[[^\]]*\]|.", pattern):
        depth += (token == "(") - (token == ")")
        if token == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def _in_small_letters(pattern: str) -> str:
    """A pattern for lower-cased text, its escapes (\\S, \\b) as they are."""
    return re.sub(r"\\.|[A-Z]+", lambda m: m[0] if m[0][0] == "\\" else m[0].lower(), pattern)
