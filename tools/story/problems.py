"""The problems of a chart in the order a clinician would name them: acute, then active by weight, then the past.

Related diagnoses are one group (cirrhosis with its varices and ascites). What happens once, such as a stroke or a fracture,
and is still listed as active years later is told as that: an event with its date that the record never closed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tools.concepts import normalise_name
from tools.context import ToolContext, abated, began, plain_name
from tools.problems import is_social
from tools.story.drugs import Drug
from tools.story.wording import small, table

if TYPE_CHECKING:
    from knowledge_base.rows import ConditionRow

_RECENT_DAYS, _LONG_PAST_DAYS = 90, 365
_EVENTS = (
    "stroke", "transient_ischemic_attack", "myocardial_infarction", "cardiac_arrest", "miscarriage", "ectopic_pregnancy", "stillbirth",
    "injury", "pneumonia", "respiratory_infection", "respiratory_failure", "hypoxemia", "venous_thromboembolism", "aki", "sepsis",
    "bacteremia", "diabetic_ketoacidosis", "hhs", "bleeding", "appendicitis", "cholecystitis", "pancreatitis", "urinary_tract_infection",
    "gastroenteritis", "preeclampsia", "eclampsia", "drug_overdose", "suicide_attempt", "anaphylaxis", "pregnancy", "shock",
    "acute_respiratory_distress_syndrome", "abscess", "cellulitis", "peritonitis",
)  # fmt: skip
_NEVER_EVENTS = frozenset({"chronic_sinusitis", "allergic_rhinitis"})
_SEVERE = ("severe", "life", "fatal")


@dataclass(frozen=True)
class Problem:
    """One diagnosis with all its rows, oldest first."""

    name: str
    ids: frozenset[str]
    rows: tuple[ConditionRow, ...]
    is_active: bool
    is_event: bool
    is_acute: bool
    ended: str = ""

    @property
    def row(self) -> ConditionRow:
        """The row that decides its state."""
        return self.rows[-1]

    @property
    def onset(self) -> str:
        """When its newest episode began, as precisely as the record says."""
        return began(self.row)

    @property
    def doubt(self) -> str:
        """How certain the record is, where it is not: provisional, differential, unconfirmed."""
        status = self.row.verification_status
        return status if status not in {"confirmed", ""} else ""

    @property
    def stamp(self) -> float:
        """When its newest episode began."""
        moment = self.row.onset or self.row.time
        return moment.timestamp() if moment else 0.0


@dataclass
class Group:
    """Problems that belong together, with the drugs that treat them."""

    id: str
    weight: float
    active: list[Problem] = field(default_factory=list)
    past: list[Problem] = field(default_factory=list)
    drugs: list[Drug] = field(default_factory=list)
    former: list[Drug] = field(default_factory=list)

    @property
    def family(self) -> dict[str, Any]:
        """The family's row of the packaged table; empty for a problem of no family."""
        return families().get(self.id, {})

    @property
    def is_acute(self) -> bool:
        """Whether one of its problems began lately and is not over."""
        return any(p.is_acute for p in self.active)

    def just_over(self, as_of: datetime) -> list[Problem]:
        """Its problems that ended within the last three months."""
        horizon = as_of - timedelta(days=_RECENT_DAYS)
        return [p for p in self.past if p.row.abatement is not None and p.row.abatement >= horizon]

    @property
    def ids(self) -> frozenset[str]:
        """The concepts of its problems."""
        return frozenset(i for p in (*self.active, *self.past) for i in p.ids)


@lru_cache(maxsize=1)
def families() -> dict[str, dict[str, Any]]:
    """The packaged families of problems by id, in order of precedence."""
    return {row["id"]: row for row in table("families")}


@lru_cache(maxsize=4)
def _family_by_concept(vocabulary: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in table("families"):
        for root in row["of"]:
            for concept_id in vocabulary.descendants("condition", root):
                found.setdefault(concept_id, row["id"])
    return found


def family_of(ctx: ToolContext, ids: frozenset[str]) -> str:
    """The family that concepts belong to, the weightiest first; empty when none knows them."""
    by_concept = _family_by_concept(ctx.lexicon.vocabulary)
    found = {by_concept[i] for i in ids if i in by_concept}
    return max(found, key=lambda f: families()[f]["weight"], default="")


@lru_cache(maxsize=4)
def _event_ids(vocabulary: Any) -> frozenset[str]:
    found = {d for root in _EVENTS for d in vocabulary.descendants("condition", root)}
    symptoms = {c.id for c in vocabulary.of_kind("condition") if c.extra.get("kind") in {"symptom", "injury"}}
    return frozenset((found | symptoms) - _NEVER_EVENTS)


def problems_of(ctx: ToolContext) -> list[Problem]:
    """Every medical problem of the record once; social findings are none."""
    named: dict[str, list[ConditionRow]] = defaultdict(list)
    for row in ctx.chart.conditions:
        if not is_social(ctx, row):
            named[normalise_name(row.display)].append(row)
    return [_problem(ctx, rows) for rows in named.values()]


def _problem(ctx: ToolContext, rows: list[ConditionRow]) -> Problem:
    active = [r for r in rows if ctx.chart.is_active(r)]
    # The newest open episode speaks for the problem: its rows end with the row that decides.
    ordered = tuple([r for r in rows if r not in active] + active)
    row = ordered[-1]
    ids = _near_ids(ctx, row)
    began = row.onset or row.time
    is_event = bool(ids & _event_ids(ctx.lexicon.vocabulary))
    recent = began is not None and ctx.as_of - began <= timedelta(days=_RECENT_DAYS)
    lingering = bool(active) and is_event and began is not None and ctx.as_of - began > timedelta(days=_LONG_PAST_DAYS)
    acute = bool(active) and recent and (is_event or row.category == "encounter-diagnosis" or _is_severe(row))
    acute = acute or (bool(active) and not lingering and "pregnancy" in ids)
    is_active = bool(active) and not lingering
    return Problem(_name(ctx, row, ids), ids, ordered, is_active, is_event, acute, abated(ctx, row))


def _near_ids(ctx: ToolContext, row: ConditionRow) -> frozenset[str]:
    """The concepts of a row; of several that its words name in passing ("mm" in "6 mm") only those named in full."""
    ids = ctx.lexicon.concept_ids("condition", row)
    if len(ids) < 2:
        return ids
    words = f" {normalise_name(row.display)} "
    concepts = [c for i in ids if (c := ctx.lexicon.vocabulary.get("condition", i)) is not None]
    full = [c.id for c in concepts if any(len(s) > 3 and f" {normalise_name(s)} " in words for s in c.surfaces)]
    return frozenset(full) or ids


def _is_severe(row: ConditionRow) -> bool:
    return any(word in row.severity.lower() for word in _SEVERE)


_WIDE = 30  # "cancer" is no name for "Adenocarcinoma of prostate, Gleason 4+3"


def _name(ctx: ToolContext, row: ConditionRow, ids: frozenset[str]) -> str:
    """The record's name; the vocabulary's where the record has a code's technical wording."""
    name = plain_name(row.display)
    if (" - " in name or "+" in name) and len(ids) == 1:
        concept = ctx.lexicon.vocabulary.get("condition", next(iter(ids)))
        wide = concept is not None and len(ctx.lexicon.vocabulary.descendants("condition", concept.id)) > _WIDE
        return small(concept.label) if concept is not None and not wide else small(name)
    return small(name)


def is_lingering(problem: Problem) -> bool:
    """Whether the record still lists as active what happened once, long ago."""
    return not problem.is_active and problem.row.abatement is None and problem.row.clinical_status in {
        "active", "recurrence", "relapse", "",
    }  # fmt: skip


def groups_of(ctx: ToolContext, problems: list[Problem], drugs: list[Drug]) -> list[Group]:
    """Problems by family with their drugs, the most pressing first."""
    groups: dict[str, Group] = {}
    for problem in problems:
        family = family_of(ctx, problem.ids)
        key = family or f"other:{normalise_name(problem.name)}"
        weight = families()[family]["weight"] if family else 33.0
        group = groups.setdefault(key, Group(key, weight))
        (group.active if problem.is_active else group.past).append(problem)
    for group in groups.values():
        group.active.sort(key=lambda p: (not p.is_acute, p.stamp))
        group.past.sort(key=lambda p: -p.stamp)
    ordered = sorted(groups.values(), key=lambda g: _urgency(g), reverse=True)
    for drug in drugs:
        owner = _owner(ctx, drug, ordered)
        if owner is not None:
            (owner.drugs if drug.is_active else owner.former).append(drug)
    return ordered


def _urgency(group: Group) -> float:
    acute = 200.0 if group.is_acute else 0.0
    severe = 20.0 if any(_is_severe(p.row) for p in group.active) else 0.0
    return (1000.0 if group.active else 0.0) + acute + severe + group.weight


def _owner(ctx: ToolContext, drug: Drug, groups: list[Group]) -> Group | None:
    """The group a drug treats: by the order's reason, else by its class, else none."""
    course = (drug.now or drug.past)[-1]
    reasons = [r.reason_display for c in (drug.now or drug.past) for r in c.rows[-1:] if r.reason_display]
    for reason in reasons:
        mentions = ctx.lexicon.find_mentions(reason, ("condition",), fuzzy=False)
        ids = frozenset(t.id for m in mentions for t in m.targets if t.kind == "condition")
        exact = next((g for g in groups if g.ids & ids or normalise_name(reason) in _names(g)), None)
        family = family_of(ctx, ids) if ids else ""
        owner = exact or next((g for g in groups if family and g.id == family), None)
        if owner is not None:
            return owner
    if reasons and course.latest.reason_display and not drug.is_active:
        return None
    keys = set(drug.ids).union(*(ctx.lexicon.vocabulary.classes_of(i) for i in drug.ids))
    eligible = [g for g in groups if g.active] if drug.is_active else groups
    ranked = [
        (g.family["drugs"].index(k), n, g)
        for n, g in enumerate(eligible)
        for k in g.family.get("drugs", ())
        if k in keys
    ]
    return min(ranked, key=lambda r: (r[1], r[0]))[2] if ranked else None


def _names(group: Group) -> set[str]:
    return {normalise_name(p.name) for p in (*group.active, *group.past)}
