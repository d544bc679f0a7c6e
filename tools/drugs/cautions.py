"""What must not stay unsaid about giving a drug: an allergy to it, kidney function below its limit, serious interactions."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

from domain.errors import ChartTwinError
from domain.facts import Evidence, Frozen
from tools.concepts import Target
from tools.context import ToolContext, cite, day, number, plain_name
from tools.drugs.allergies import allergy_rows
from tools.drugs.medications import courses
from tools.measurements.readings import readings, unit_label
from tools.twin.covariates import covariate

_CRCL_MODEL = "cockcroft_gault"


class Caution(Frozen):
    """One point, with what in the record it rests on."""

    kind: str  # allergy | kidney | interaction
    text: str
    evidence: tuple[Evidence, ...] = ()


@lru_cache(maxsize=1)
def _lists() -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, Any] = json.loads(resources.files("tools").joinpath("data/drug_cautions.json").read_text("utf-8"))
    return {"renal": loaded["renal"], "interactions": loaded["interactions"]}


def allergy_cautions(ctx: ToolContext, target: Target) -> list[Caution]:
    """Active allergies to a drug or its class."""
    return [
        Caution(
            kind="allergy",
            text=f"An active allergy is recorded: {plain_name(row.display)}"
            + (f" (reaction: {', '.join(row.reactions)})" if row.reactions else "") + ".",
            evidence=(cite(row),),
        )
        for row in allergy_rows(ctx, target)
        if row.clinical_status in {"active", ""}
    ]  # fmt: skip


def kidney_cautions(ctx: ToolContext, target: Target) -> list[Caution]:
    """The strictest kidney limit of a drug that this patient's kidney function is below."""
    limits = [r for r in _lists()["renal"] if _is_of(ctx, r["drug"], target)]
    below = []
    for measure in {r["measure"] for r in limits}:
        value, shown, evidence = _kidney_function(ctx, measure)
        if value is None:
            continue
        below += [(r, shown, evidence) for r in limits if r["measure"] == measure and value < r["below"]]
    if not below:
        return []
    rule, shown, evidence = min(below, key=lambda b: b[0]["below"])
    unit = "mL/min/1.73 m²" if rule["measure"] == "egfr" else "mL/min"
    text = f"{target.label} with {shown}: {rule['text']} below {number(rule['below'])} {unit} ({rule['source']})."
    return [Caution(kind="kidney", text=text[:1].upper() + text[1:], evidence=evidence)]


def _kidney_function(ctx: ToolContext, measure: str) -> tuple[float | None, str, tuple[Evidence, ...]]:
    """eGFR as reported, or creatinine clearance as calculated from the chart; None when it cannot be had."""
    if measure == "egfr":
        target = ctx.lexicon.resolve("egfr", "observation")
        found = [r for r in readings(ctx, target) if r.value is not None] if target else []
        if found:
            last = found[-1]
            return last.value, f"eGFR {last.shown} ({day(last.time)})", (last.evidence,)
        model, name, label = "ckd_epi_2021_creatinine", "", "calculated eGFR"
    else:
        model, name, label = _CRCL_MODEL, "", "calculated creatinine clearance"
    try:
        card = ctx.twin.describe(model)
        inputs = {i.name: c for i in card.inputs if (c := covariate(ctx, i)) is not None}
        run = ctx.twin.predict(card.id, inputs)
    except ChartTwinError:
        return None, name, ()
    output = run.outputs[0]
    creatinine = next((i for i in run.inputs if i.name == "creatinine_mg_dl"), None)
    when = f" (creatinine of {day(creatinine.time)})" if creatinine is not None else ""
    evidence = (creatinine.evidence,) if creatinine is not None and creatinine.evidence is not None else ()
    return float(output.value), f"{label} {number(float(output.value), 0)} {unit_label(output.unit)}{when}", evidence


def interaction_cautions(ctx: ToolContext, target: Target, most: int = 2) -> list[Caution]:
    """Serious interactions of a drug with the other active ones."""
    rules = [(r, other) for r in _lists()["interactions"] for other in _other_side(ctx, r["drugs"], target)]
    if not rules:
        return []
    found: list[Caution] = []
    seen: set[str] = set()
    for course in courses(ctx):
        if not course.is_active or ctx.lexicon.matches(target, course.latest, "medication") or course.name in seen:
            continue
        for rule, other in rules:
            if ctx.lexicon.matches(other, course.latest, "medication"):
                seen.add(course.name)
                text = f"{target.label} with {course.name} (active): {rule['text']} ({rule['source']})."
                found.append(
                    Caution(kind="interaction", text=text[:1].upper() + text[1:], evidence=(cite(course.latest),))
                )
                break
    return sorted(found, key=lambda c: "contraindicated" not in c.text)[:most]


def _other_side(ctx: ToolContext, pair: list[str], target: Target) -> list[Target]:
    sides = [ctx.lexicon.resolve(name, "drug_class", "medication") for name in pair]
    return [
        other for mine, other, name in ((0, sides[1], pair[0]), (1, sides[0], pair[1]))
        if other is not None and sides[mine] is not None and _is_of(ctx, name, target)
    ]  # fmt: skip


def _is_of(ctx: ToolContext, name: str, target: Target) -> bool:
    """Whether a rule of a drug or class holds for the target: the drug itself, or a member of the class.

    A question about a whole class is not told what holds for one member of it.
    """
    if name == target.id:
        return True
    return target.kind == "medication" and name in ctx.lexicon.vocabulary.classes_of(target.id)
