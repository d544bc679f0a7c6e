"""What a careful colleague would add to an answer before it leaves. Rules over the results, the same for every model.

An alarm that is not about the question is read less the next time: each rule asks first whether the question is about a
drug's use, a model's result or a current value, each says nothing that the results say already, and at most three speak.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from agents.context import RunContext
from domain.facts import EvidenceKind, Frozen
from domain.quantities import Quantity, normalise_unit
from knowledge_base.drafts import Finding
from nlp_pipeline.measurements.units import implausible
from tools.concepts import Target
from tools.conflicts import medication_conflicts, problem_conflicts, smoking_conflicts
from tools.context import ToolContext, day
from tools.drugs.checks.allergy import active_allergies
from tools.drugs.checks.engine import by_severity, limits_and_interactions, of_list
from tools.drugs.medications import courses
from tools.drugs.safety import with_source
from tools.outcome import ToolResult
from tools.times.periods import find_periods, wall_clock
from tools.twin.dosing_rules import drugs_with_plans

_MOST = 3
_USE = re.compile(
    r"\b(?:giv\w+|start\w*|restart\w*|continu\w+|resum\w+|prescrib\w+|increas\w+|rais\w+|add(?:ing)?|switch\w*|dosing|safe\w*|ok(?:ay)? to"
    r"|contraindic\w*|tolerat\w*|should|can (?:i|we|she|he|they)|may (?:i|we)|plans?|regimens?|auc|appropriate|concerns?|interact\w*)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:did|was|were|had|got|received|when|first|last|ever|why|who|how many|how often|history|stopped|prescribed by)\b",
    re.IGNORECASE,
)
_NOTE_TOOLS = frozenset({"search_notes", "section_of_note", "list_notes"})
_ASKS_NOTES = re.compile(
    r"\b(?:notes?|documented|documentation|wrote|written|mention\w*|summary|letter|consult\w*|narrative)\b",
    re.IGNORECASE,
)
_USE_TOOLS = frozenset({"compare_plans", "medication_safety"})
_STATUS_OF_TODAY = frozenset({"medication_safety", "compare_plans", "allergies"})
_FIXED = frozenset({"body_height", "blood_type"})
_STALE_DAYS, _STALE_VITAL_DAYS = 730, 365
_STALE_IN_DOSING = {"creatinine_mg_dl": 7, "weight_kg": 90}
_STALE_IN_MODEL_DAYS = 730


class Review(Frozen):
    """What the critic adds: warnings that stand beside the answer, the weightiest first."""

    warnings: tuple[str, ...] = ()


class _Case(Frozen):
    """What the rules look at."""

    model_config = {"arbitrary_types_allowed": True, "frozen": True}

    question: str
    results: tuple[ToolResult, ...]
    tools: Any  # ToolContext
    cited: frozenset[str]
    said: str  # everything that the results and their warnings say already


def review(question: str, results: Sequence[ToolResult], context: RunContext) -> Review:
    """The safety points that the results of this run leave unsaid, at most three."""
    if not results:
        return Review()
    said = "\n".join([*(r.summary for r in results), *(w for r in results for w in r.warnings)])
    cited = frozenset(e.ref for r in results for e in r.evidence)
    case = _Case(question=question, results=tuple(results), tools=context.tools.whole, cited=cited, said=said)
    found = dict.fromkeys(text for rule in _RULES for text in rule(case) if text not in said)
    return Review(warnings=tuple(found)[:_MOST])


# --- a drug's use --------------------------------------------------------------------------------------------------


def _drug_points(case: _Case) -> Iterator[str]:
    """Allergy, kidney function and interactions, for each drug whose use is in question."""
    for target, deciding in _drugs_in_use(case):
        for finding in active_allergies(case.tools, target):
            if not {e.ref for e in finding.evidence} & case.cited:
                yield with_source(finding)
        found = by_severity(limits_and_interactions(case.tools, target))
        if not _model_knows_kidney(case) and not _guided(case, target):
            yield from _unsaid(case, [f for f in found if f.check == "kidney"])
        if deciding:
            yield from _unsaid(case, [f for f in found if f.check == "interaction"][:1])


def _unsaid(case: _Case, findings: Iterable[Finding]) -> Iterator[str]:
    """The findings that the results do not say already, with their sources."""
    yield from (with_source(f) for f in findings if f.text.rstrip(".") not in case.said)


def _list_points(case: _Case) -> Iterator[str]:
    """What stands gravely against drugs that the answer lists as taken now: a list without a word is read as all clear."""
    names = {
        str(name)
        for r in case.results
        if r.tool == "list_medications" and r.found and r.data.get("status") == "active"
        for name in r.data.get("names", ())
    }
    taken = [c for c in courses(case.tools) if c.is_active and c.name in names]
    found = list(_unsaid(case, of_list(case.tools, taken))) if taken else []
    shown = found if len(found) <= _MOST else found[: _MOST - 1]
    yield from shown
    if rest := len(found) - len(shown):
        yield f"{rest} more points stand against current drugs; ask about contraindications to the current medications."


def _drugs_in_use(case: _Case) -> Iterator[tuple[Target, bool]]:
    """The drugs that the question is about, with whether it is about deciding on them; a past order is history."""
    seen = {
        str(r.data["drug"]) for r in case.results if "stopped" in r.data and "drug" in r.data
    }  # nothing was proposed
    wants_use = _USE.search(case.question) is not None and not _PAST.search(case.question)
    for result in case.results:
        drug = result.data.get("drug")
        deciding = result.tool in _USE_TOOLS or wants_use
        current = (
            result.tool == "medication"
            and result.data.get("active")
            and result.data.get("aspect") in {"active", "dose"}
        )
        if isinstance(drug, str) and (deciding or current):
            yield from _once(case.tools, drug, deciding or result.data.get("aspect") == "dose", seen)
        for run in _runs_of(result):
            name = str(run.get("model_id", "")).split("_")[0]
            if name in drugs_with_plans():
                yield from _once(case.tools, name, True, seen)
    if wants_use:
        for mention in case.tools.lexicon.find_mentions(case.question, ("medication",), fuzzy=False):
            if (target := mention.of_kind("medication")) is not None:
                yield from _once(case.tools, target.id, True, seen)


def _once(tools: ToolContext, drug: str, deciding: bool, seen: set[str]) -> Iterator[tuple[Target, bool]]:
    if drug in seen:
        return
    seen.add(drug)
    if (target := tools.lexicon.resolve(drug, "medication", "drug_class")) is not None:
        yield target, deciding


def _model_knows_kidney(case: _Case) -> bool:
    """Whether a run of this answer had kidney function among its inputs, so that its result already accounts for it."""
    names = {str(i.get("name")) for r in case.results for run in _runs_of(r) for i in run.get("inputs", ())}
    return bool(names & {"creatinine_mg_dl", "crcl_ml_min", "egfr_ml_min_1_73m2"})


def _guided(case: _Case, target: Target) -> bool:
    """Whether a guideline statement about this drug and the kidney stands in the answer."""
    quotes = [e.quote.lower() for r in case.results for e in r.evidence if e.kind is EvidenceKind.KNOWLEDGE]
    return any(target.label.lower() in q and ("egfr" in q or "kidney" in q or "creatinine" in q) for q in quotes)


# --- models and values -----------------------------------------------------------------------------------------------


def _runs_of(result: ToolResult) -> list[dict[str, Any]]:
    """The model runs of a result as data."""
    runs = result.data.get("runs")
    if isinstance(runs, list):
        return [r for r in runs if isinstance(r, dict)]
    return [result.data] if "outputs" in result.data and "inputs" in result.data else []


def _model_points(case: _Case) -> Iterator[str]:
    """Inputs outside the range a model was made in, and inputs too old for what it says."""
    for result in case.results:
        for run in _runs_of(result):
            yield from (
                f"Outside the range the model was made in: {o}."
                for o in run.get("outside_derivation", ())
                if o not in case.said
            )
            if (text := _old_inputs(case, run)) is not None:
                yield text


def _old_inputs(case: _Case, run: dict[str, Any]) -> str | None:
    dosing = str(run.get("model_id", "")).split("_")[0] in drugs_with_plans()
    old = []
    for used in run.get("inputs", ()):
        if (
            used.get("origin") != "resource"
            or not used.get("time")
            or used["name"] in {"age_years", "sex", "height_cm", "diabetes_type", "race"}
        ):
            continue
        if isinstance(used.get("value"), bool):
            continue
        limit = _STALE_IN_DOSING.get(used["name"], _STALE_IN_MODEL_DAYS) if dosing else _STALE_IN_MODEL_DAYS
        age = _days_old(case.tools, str(used["time"]))
        if age > limit and not used["name"].startswith(("dose", "interval")):
            old.append(f"{str(used['label']).lower()} is {age} days old")
    return f"{run.get('title', 'The model')}: {', '.join(old)}; a newer value may change the result." if old else None


def _days_old(tools: ToolContext, moment: str) -> int:
    return (wall_clock(tools.as_of) - wall_clock(datetime.fromisoformat(moment))).days


def _stale_value(case: _Case) -> Iterator[str]:
    """A value that is given as the current one although it is years old."""
    if find_periods(case.question, case.tools.as_of):
        return
    for result in case.results:
        data = result.data
        if (
            result.tool not in {"latest", "is_normal"}
            or data.get("offset")
            or data.get("first")
            or not data.get("time")
        ):
            continue
        concept = case.tools.lexicon.vocabulary.get("observation", str(data.get("concept", "")))
        if concept is None or concept.id in _FIXED or concept.extra.get("category") not in {"lab", "vital"}:
            continue
        age = _days_old(case.tools, str(data["time"]))
        limit = _STALE_VITAL_DAYS if concept.extra["category"] == "vital" else _STALE_DAYS
        if age > limit and case.tools.chart.deceased_on is None:
            yield f"{concept.label} was last measured {age} days before {day(case.tools.as_of)}; it may not be the current value."


def _implausible_value(case: _Case) -> Iterator[str]:
    """A value that cannot be in a living patient, or that the reading of a note flagged."""
    vocabulary = case.tools.lexicon.vocabulary
    for result in case.results:
        concept = vocabulary.get("observation", str(result.data.get("concept", "")))
        value, unit = result.data.get("value"), result.data.get("unit")
        if not isinstance(value, int | float) or not isinstance(unit, str) or isinstance(value, bool):
            continue
        if implausible(concept, Quantity(value=float(value), unit=unit or "1")):
            yield f"The value {value:g} {unit} is implausible; check it before it is used."
    spans = {ref for ref in case.cited if ref.startswith("Note/")}
    if spans:
        flagged = [f for f in case.tools.chart.facts if "implausible" in f.flag and f.evidence.ref in spans]
        yield from (f"A value quoted from a note looks implausible: “{f.evidence.quote}”." for f in flagged[:1])


_SERIES_TOOLS = frozenset({"series", "statistics", "change", "possible_causes", "threshold"})
_UNIT_AT_END = re.compile(r"\d(?:\.\d+)?\s*([A-Za-zµμ%][^\s,;:]*)$")


def _mixed_units(case: _Case) -> Iterator[str]:
    """One series whose values were recorded in several units, where nothing says so."""
    for result in case.results:
        if result.tool not in _SERIES_TOOLS or "unit" in " ".join(result.warnings):
            continue
        units = {
            normalise_unit(m[1])
            for e in result.evidence
            if e.ref.startswith("Observation/") and (m := _UNIT_AT_END.search(e.quote))
        }
        if len(units) > 1:
            yield f"The values were recorded in different units ({', '.join(sorted(units))}); they are shown in one."


# --- sources -------------------------------------------------------------------------------------------------------


def _one_note(case: _Case) -> Iterator[str]:
    """A claim that rests on one note alone although the record was looked at first and has nothing."""
    if _ASKS_NOTES.search(case.question) or not any(r.tool in _NOTE_TOOLS and r.found for r in case.results):
        return
    if any(r.found for r in case.results if r.tool not in _NOTE_TOOLS) or all(
        r.tool in _NOTE_TOOLS for r in case.results
    ):
        return
    evidence = [e for r in case.results for e in r.evidence]
    notes = {e.span.note_id for e in evidence if e.span is not None}
    recorded = any(e.span is None for e in evidence)
    if len(notes) == 1 and not recorded and "not in the structured record" not in case.said:
        yield "This rests on one note; no entry of the record confirms it."


def _hidden_conflict(case: _Case) -> Iterator[str]:
    """What the record says against a note that was quoted, where the answer comes from notes alone."""
    if not all(r.tool in _NOTE_TOOLS for r in case.results) or any(r.conflicts for r in case.results):
        return
    finders: list[tuple[tuple[str, ...], Callable[[ToolContext], Any]]] = [
        (("medication", "drug_class"), medication_conflicts), (("condition",), problem_conflicts), (("observation",), smoking_conflicts)
    ]  # fmt: skip
    for kinds, finder in finders:
        targets = [
            t for m in case.tools.lexicon.find_mentions(case.question, kinds, fuzzy=False) if (t := m.of_kind(*kinds))
        ]
        if not targets or (kinds == ("observation",) and not any(t.id == "tobacco_status" for t in targets)):
            continue
        for conflict in finder(case.tools):
            named = case.tools.lexicon.resolve(conflict.topic, *kinds)
            if kinds == ("observation",) or (named is not None and any(named.id in {t.id, *t.ids} for t in targets)):
                yield f"The record disagrees on {conflict.topic}: {conflict.record_says}."


def _looking_back(case: _Case) -> Iterator[str]:
    """Statuses of today in an answer about a past moment."""
    if any(r.tool in _STATUS_OF_TODAY and r.found for r in case.results) and case.tools.chart.looks_back:
        if "status of today" not in case.said:
            yield (
                f"Asked as of {day(case.tools.as_of)}: whether an allergy or order was active then is inferred, since the "
                "record keeps the status of today."
            )


_RULES: tuple[Callable[[_Case], Iterator[str]], ...] = (
    _drug_points,
    _list_points,
    _implausible_value,
    _hidden_conflict,
    _model_points,
    _one_note,
    _stale_value,
    _mixed_units,
    _looking_back,
)
