"""Which visits are meant: by kind, time, reason, and by whom or where the patient was seen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.concepts import Target, content_words, tokenize
from tools.context import ToolContext, in_sentence, plain_name, within
from tools.outcome import RetryableToolError
from tools.times.periods import Period, wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow


class Kind(NamedTuple):
    """A kind of visit: how it is called, its FHIR v3-ActCode classes, else words of its type or reason."""

    noun: str
    classes: frozenset[str] = frozenset()
    words: re.Pattern[str] | None = None
    of_reason: bool = False  # the words may stand in the reason too ("Annual physical" of an office visit)
    excluded: frozenset[str] = frozenset()  # classes that it is not


_STAYS = frozenset({"IMP", "ACUTE", "NONAC"})
ENCOUNTER_KINDS: dict[str, Kind] = {
    "any": Kind("visit"),
    "emergency": Kind("emergency department visit", frozenset({"EMER"}), re.compile(r"emergency", re.I)),
    "inpatient": Kind("hospital admission", _STAYS),
    "observation": Kind("observation stay", frozenset({"OBSENC"})),
    "ambulatory": Kind("outpatient visit", frozenset({"AMB"})),
    "urgent_care": Kind("urgent care visit", words=re.compile(r"urgent care", re.I)),
    "wellness": Kind(
        "check-up",
        words=re.compile(
            r"check[- ]?up|general examination|well[- ](?:child|baby|woman|man)|wellness|annual|preventive|physical exam|\bphysical\b(?! (?:therap|activ|abuse|disab))",
            re.I,
        ),
        of_reason=True,
    ),
    "home": Kind("home visit", frozenset({"HH"})),
    "virtual": Kind(
        "virtual visit", frozenset({"VR"}), re.compile(r"tele(?:health|medicine|phone)|virtual|video", re.I)
    ),
    "in_person": Kind("in-person visit", excluded=frozenset({"VR"})),
    "prenatal": Kind("prenatal visit", words=re.compile(r"prenatal|antenatal|obstetric", re.I)),
}


def encounter_rows(
    ctx: ToolContext, kind: str = "any", period: Period | None = None, reason: str = "", seen_by: str = ""
) -> list[EncounterRow]:
    """Visits of a kind that began in a period, optionally those for a reason, or with a clinician, specialty or place.

    Raises:
        RetryableToolError: there is no such kind; the message names those there are.
    """
    return of_these(ctx, within(ctx.chart.encounters, period), kind, reason, seen_by)


def under_way_in(
    ctx: ToolContext, kind: str, period: Period, reason: str = "", seen_by: str = ""
) -> list[EncounterRow]:
    """Visits of a kind that lasted into a period, whenever they began: a stay of October is one of November too."""
    rows = [r for r in ctx.chart.encounters if period.contains(r.time) or _lasts_into(r, period)]
    return of_these(ctx, rows, kind, reason, seen_by)


def _lasts_into(row: EncounterRow, period: Period) -> bool:
    start, end = row.start or row.time, row.end
    if start is None or end is None or not is_stay(row):
        return False
    return (period.until is None or wall_clock(start) < wall_clock(period.until)) and (
        period.since is None or wall_clock(end) >= wall_clock(period.since)
    )


def is_stay(row: EncounterRow) -> bool:
    """Whether it is a stay in hospital."""
    return row.class_code in _STAYS


def of_these(
    ctx: ToolContext, rows: Iterable[EncounterRow], kind: str = "any", reason: str = "", seen_by: str = ""
) -> list[EncounterRow]:
    """Those of the rows that are of a kind, for a reason, with somebody.

    Raises:
        RetryableToolError: there is no such kind; the message names those there are.
    """
    if kind not in ENCOUNTER_KINDS:
        raise RetryableToolError(f"kind is one of {', '.join(ENCOUNTER_KINDS)}")
    found = [r for r in rows if _is_of(r, ENCOUNTER_KINDS[kind])]
    if reason:
        target = reason_target(ctx, reason)
        found = [r for r in found if _concerns(ctx, r, reason, target)]
    if seen_by:
        found = [r for r in found if is_with(r, seen_by)]
    return found


def is_of_kind(row: EncounterRow, kind: str) -> bool:
    """Whether a visit is of a kind, one of `ENCOUNTER_KINDS`."""
    return _is_of(row, ENCOUNTER_KINDS[kind])


def _is_of(row: EncounterRow, kind: Kind) -> bool:
    if row.class_code in kind.excluded:
        return False
    if not kind.classes and kind.words is None:
        return True
    said = f"{row.type_display or row.display} {row.reason_display if kind.of_reason else ''}"
    return row.class_code in kind.classes or (kind.words is not None and kind.words.search(said) is not None)


# --- the reason of a visit -----------------------------------------------------------------------------------------


def reason_target(ctx: ToolContext, reason: str) -> Target | None:
    """The problem or procedure that a visit was for, where the vocabulary or the record knows it."""
    return (
        ctx.lexicon.of_record(reason, ctx.chart.conditions, "condition")
        or ctx.lexicon.resolve(reason, "condition")
        or ctx.lexicon.resolve(reason, "procedure")
    )


def reason_label(ctx: ToolContext, reason: str) -> str:
    """The reason as a sentence names it."""
    target = reason_target(ctx, reason)
    return in_sentence(target) if target is not None else reason.replace("_", " ")


_ANY_OPERATION = frozenset({"surgery", "operation", "procedure", "op", "problem", "issue", "trouble"})


def _concerns(ctx: ToolContext, row: EncounterRow, reason: str, target: Target | None) -> bool:
    """Whether a visit was for it: in its reason or type, a problem recorded at it, a procedure done during it."""
    text = f"{row.reason_display} {row.type_display}"
    if target is not None and target.kind in {"condition", "procedure"}:
        mentions = ctx.lexicon.find_mentions(text, (target.kind,), fuzzy=False)
        if any(t.id in target.ids for m in mentions for t in m.targets):
            return True
    words = [w for w in content_words(target.label if target is not None else reason) if w not in _ANY_OPERATION]
    if words and all(w in text.lower() for w in words):
        return True
    noted = [("condition", r) for r in ctx.chart.conditions if r.encounter_ref and r.encounter_ref == row.ref]
    done = [("procedure", r) for r in ctx.chart.procedures if _was_during(r, row)]
    return any(_is_about(ctx, kind, r, target, words) for kind, r in (*noted, *done))


def _is_about(ctx: ToolContext, kind: str, row: Any, target: Target | None, words: Sequence[str]) -> bool:
    if target is not None and ctx.lexicon.matches(target, row, kind):
        return True
    said = f"{row.display} {getattr(row, 'reason_display', '')}".lower()
    return bool(words) and all(w in said for w in words)


def _was_during(row: Any, visit: EncounterRow) -> bool:
    if row.encounter_ref:
        return bool(row.encounter_ref == visit.ref)
    start, end = visit.start or visit.time, visit.end
    if start is None or end is None or row.time is None or row.time_precision in {"year", "month"}:
        return False
    return wall_clock(start).date() <= wall_clock(row.time).date() <= wall_clock(end).date() and is_stay(visit)


def visit_of(ctx: ToolContext, row: Any) -> EncounterRow | None:
    """The visit or stay at which something was done; the stay it fell into where the record does not tie the two."""
    return next((v for v in ctx.chart.encounters if _was_during(row, v)), None)


# --- with whom, and where ------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def specialties() -> dict[str, tuple[str, ...]]:
    """Specialties with what else they and those who practise them are called."""
    loaded = json.loads(resources.files("tools").joinpath("data/specialties.json").read_text(encoding="utf-8"))
    return {name: tuple(others) for name, others in loaded.items()}


@lru_cache(maxsize=1)
def specialty_names() -> dict[str, str]:
    """Every name of a specialty, in lower case, with the specialty."""
    return {other.lower(): name for name, others in specialties().items() for other in (name, *others)}


@lru_cache(maxsize=1)
def abbreviations() -> frozenset[str]:
    """The names of specialties that are meant only in capitals ("ID", "PT")."""
    return frozenset(other for others in specialties().values() for other in others if other.isupper())


def is_with(row: EncounterRow, seen_by: str) -> bool:
    """Whether a visit was with a clinician, of a specialty or at a place: all its words stand among the visit's own."""
    said = " ".join((row.practitioner, row.provider, row.location, row.type_display or row.display)).lower()
    said_words = {t.norm for t in tokenize(said)}
    specialty = specialty_names().get(seen_by.lower())
    if specialty is not None:
        names = (name for name in (specialty, *specialties()[specialty]) if not name.isupper())
        return any(re.search(rf"\b{re.escape(name)}\b", said) for name in names)
    words = words_of_name(seen_by)
    return bool(words) and words <= said_words


def words_of_name(name: str) -> frozenset[str]:
    """The words of a clinician's or a place's name without titles."""
    words = [t.norm for t in tokenize(name)]
    while words and words[0] in TITLES:
        words.pop(0)
    return frozenset(words)


TITLES = frozenset("dr doctor prof professor mr mrs ms nurse np pa rn md consultant the".split())


# --- a visit in words ----------------------------------------------------------------------------------------------

_CLASS_NAMES = {
    "EMER": "emergency",
    "IMP": "inpatient",
    "VR": "virtual",
    "HH": "home",
    "ACUTE": "inpatient, acute",
    "OBSENC": "observation",
    "SS": "short stay",
}


def describe_encounter(row: EncounterRow) -> str:
    """A visit in a few words: type, reason, class, length."""
    parts = [plain_name(row.type_display or row.display)]
    if row.reason_display:
        parts.append(f"for {plain_name(row.reason_display)}")
    if row.class_code and row.class_code != "AMB":
        parts.append(f"({_CLASS_NAMES.get(row.class_code, row.class_code)})")
    return " ".join(parts)


def setting_of(row: EncounterRow) -> str:
    """In which setting a visit was: inpatient, outpatient, emergency department, virtual."""
    names = {**dict.fromkeys(_STAYS, "inpatient"), "EMER": "emergency department", "AMB": "outpatient", "VR": "virtual"}
    return names.get(row.class_code) or _CLASS_NAMES.get(row.class_code, "")


def duration(start: datetime, end: datetime, precision: str) -> str:
    """The length of a stay, in hours only where the record has the time of day."""
    days = (end.date() - start.date()).days
    if precision != "instant":
        return f"{days} days" if days > 1 else "1 day" if days else "less than a day"
    seconds = (end - start).total_seconds()
    if seconds < 3600:
        return f"{seconds / 60:.0f} minutes"
    if seconds < 172800:
        return f"{seconds / 3600:.1f} hours"
    return f"{days} days"
