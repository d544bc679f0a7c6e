"""Dosing plans side by side: what is ordered, what a guideline says and what a target needs, each run by the twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import ChartTwinError, InvalidInput, MissingCovariate, OutsideModelDomain
from domain.patient import Covariate
from domain.predictions import ModelCard, ModelRun, Scenario
from domain.quantities import Quantity
from tools.concepts import Target
from tools.context import ToolContext, cite, day, number, plain_name
from tools.drugs.allergens import allergy_rows
from tools.drugs.medications import find_drug
from tools.measurements.readings import readings, unit_label
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.twin.calculators import (
    declined,
    describe,
    gather,
    in_target,
    inputs_statement,
    missing_inputs,
    run_evidence,
    shown_output,
    simulation_artifacts,
)
from tools.twin.dosing_rules import (
    Plan,
    current_plan,
    drugs_with_plans,
    guideline_plans,
    names,
    resolved,
    rules_for,
    stated_plan,
    target_plan,
)
from tools.twin.moments import OneState
from tools.twin.stated_inputs import as_value, changes_of, is_move, stated

_KINDS = ("current", "guideline", "target")
_MOST = 6


def compare_plans(
    ctx: ToolContext,
    drug: str,
    propose: str = "all",
    conditions: Mapping[str, Any] | None = None,
    plans: Sequence[Mapping[str, Any]] | None = None,
) -> ToolResult:
    """Dosing plans of a drug compared by the twin: the charted order, a guideline's dose, and one aimed at the target.

    Also what the charted regimen would give under changed `conditions` ({input: value}, such as creatinine_mg_dl). `propose`:
    all | current | guideline | target | none. `plans`: further ones, [{"name", "dose", "interval_h"}]. It proposes for
    discussion and orders nothing; an active allergy to the drug stops it.
    """
    wanted = _KINDS if propose == "all" else () if propose == "none" else (propose,)
    if not set(wanted) <= set(_KINDS):
        raise RetryableToolError("propose is one of all, current, guideline, target, none")
    target, rules = _drug(ctx, drug)
    if target is not None and (stopped := _allergy_stop(ctx, target)) is not None:
        return stopped
    card = describe(ctx, rules["model"])
    given = dict(conditions or {})
    if lacking := [n for n in rules.get("needs", ()) if n not in given]:
        raise RetryableToolError(f"conditions needs {', '.join(lacking)}")
    base = gather(ctx, card, {})
    try:
        conditioned = changes_of(ctx, card, {"changes": given}, base)
    except MissingCovariate as error:
        return missing_inputs(ctx, card, error, OneState(base)).model_copy(update={"tool": "compare_plans"})
    given |= {name: as_value(moved) for name, moved in conditioned.items() if is_move(given[name])}
    changed = {**base, **conditioned}
    proposed, left_out = _propose(ctx, card, changed, rules, target, wanted, plans or ())
    if not proposed:
        return _nothing(ctx, card, {**changed, **_pilot_dose(card, rules)}, left_out)
    return _compared(ctx, card, rules, base, changed, given, names(proposed)[:_MOST], left_out)


def gather_given(card: ModelCard, given: Mapping[str, Any]) -> dict[str, Any]:
    """Stated inputs as the model takes them.

    Raises:
        RetryableToolError: the model has no input of a name.
    """
    units = {i.name: i.unit for i in card.inputs}
    if unknown := sorted(set(given) - set(units)):
        raise RetryableToolError(f"{card.id} has no input {', '.join(unknown)}; it takes {', '.join(units)}")
    return {name: stated(name, value, units[name]) for name, value in given.items()}


def _planned(card: ModelCard, plan: Plan, changes: Mapping[str, Any]) -> dict[str, Any]:
    """A plan's inputs with where they come from: an order of the chart, a rule, or the question."""
    if plan.source == "as asked":
        return gather_given(card, changes)
    units, inputs = {i.name: i.unit for i in card.inputs}, {}
    for name, value in changes.items():
        held = dict(value) if isinstance(value, Mapping) else {"value": value, "origin": "derived", "note": plan.source}
        amount = Quantity(value=float(held.pop("value")), unit=units[name] or "1")
        inputs[name] = Covariate(name=name, value=amount, **held)
    return inputs


def _drug(ctx: ToolContext, drug: str) -> tuple[Target | None, dict[str, Any]]:
    """The drug with its rules; fluids are no drug of the vocabulary."""
    if drug == "fluids":
        return None, rules_for(drug) or {}
    target = find_drug(ctx, drug)
    found = next((r for i in (target.id, *sorted(target.ids)) if (r := rules_for(i)) is not None), None)
    if found is None and target.ids & find_drug(ctx, "insulin").ids:
        found = rules_for("insulin")
    if found is None:
        raise RetryableToolError(
            f"no dosing model is packaged for that drug; there are {', '.join(drugs_with_plans())}"
        )
    return target, found


def _allergy_stop(ctx: ToolContext, target: Target) -> ToolResult | None:
    hits = [r for r in allergy_rows(ctx, target) if r.clinical_status in {"active", ""}]
    if not hits:
        return None
    statements = [
        say(
            f"**Allergy recorded: {plain_name(r.display)}**"
            + (f", reaction: {', '.join(r.reactions)}" if r.reactions else "")
            + (f", {r.criticality} criticality" if r.criticality else "") + f" (recorded {day(r.time)}).",
            cite(r),
        )
        for r in hits
    ]  # fmt: skip
    statements.append(say(f"No dosing plan of {target.label} is proposed because of it."))
    return ToolResult(
        tool="compare_plans", found=False, statements=tuple(statements),
        data={"drug": target.id, "stopped": "allergy", "refs": [r.ref for r in hits]},
        looked_at=(f"{len(ctx.chart.allergies)} allergy entries",),
    )  # fmt: skip


# --- proposals -----------------------------------------------------------------------------------------------------


def _propose(
    ctx: ToolContext,
    card: ModelCard,
    inputs: Mapping[str, Any],
    rules: Mapping[str, Any],
    target: Target | None,
    wanted: Sequence[str],
    given: Sequence[Mapping[str, Any]],
) -> tuple[list[Plan], list[str]]:
    """The plans of every side, and what none proposes with the reason."""
    proposed: list[Plan] = []
    left_out: list[str] = []
    if "current" in wanted and target is not None:
        plan, reason = current_plan(ctx, target, rules)
        proposed += [plan] if plan is not None else []
        left_out += [reason] if reason else []
    if {"guideline", "target"} & set(wanted):
        pilot = _pilot(ctx, card, inputs, rules)
        if "guideline" in wanted:
            found = guideline_plans(rules, _weight(inputs), _output(pilot, "crcl_used"))
            proposed += found.plans
            left_out += found.left_out
        if "target" in wanted and pilot is not None:
            plan, reason = target_plan(ctx, card, inputs, rules, pilot)
            proposed += [plan] if plan is not None else []
            left_out += [reason] if reason else []
    proposed += [stated_plan(one, rules, n) for n, one in enumerate(given, 1)]
    return proposed, left_out


def _pilot(ctx: ToolContext, card: ModelCard, inputs: Mapping[str, Any], rules: Mapping[str, Any]) -> ModelRun | None:
    """One run of a common dose, from which clearance, half-life and proportion are read."""
    if not (dose := _pilot_dose(card, rules)):
        return None
    try:
        return ctx.twin.predict(card.id, {**inputs, **dose})
    except ChartTwinError:  # the comparison itself says what is missing or why the model declines
        return None


def _pilot_dose(card: ModelCard, rules: Mapping[str, Any]) -> dict[str, Any]:
    if "dose" not in rules or "step" not in rules:
        return {}
    changes: dict[str, Any] = {rules["dose"]: rules["single"][0]}
    if "interval" in rules:
        changes[rules["interval"]] = rules["intervals"][-1]
    return gather_given(card, changes)


def _weight(inputs: Mapping[str, Any]) -> float | None:
    held = inputs.get("weight_kg")
    return held.value.to("kg").value if isinstance(held, Covariate) and isinstance(held.value, Quantity) else None


def _output(run: ModelRun | None, name: str) -> float | None:
    return next((float(o.value) for o in run.outputs if o.name == name), None) if run is not None else None


def _nothing(ctx: ToolContext, card: ModelCard, inputs: Mapping[str, Any], left_out: Sequence[str]) -> ToolResult:
    try:
        ctx.twin.predict(card.id, inputs)
    except MissingCovariate as error:
        return missing_inputs(ctx, card, error, OneState(dict(inputs))).model_copy(update={"tool": "compare_plans"})
    except (OutsideModelDomain, InvalidInput) as error:
        return declined(card, error).model_copy(update={"tool": "compare_plans"})
    reasons = "; ".join(left_out) or "no plan was asked for"
    return ToolResult(
        tool="compare_plans", found=False, statements=(say(f"No plan could be proposed. {reasons[:1].upper()}{reasons[1:]}."),),
        data={"model_id": card.id, "left_out": list(left_out)}, looked_at=("the charted orders and the packaged rules",),
    )  # fmt: skip


# --- comparison ------------------------------------------------------------------------------------------------------


def _compared(
    ctx: ToolContext,
    card: ModelCard,
    rules: Mapping[str, Any],
    base: Mapping[str, Any],
    changed: Mapping[str, Any],
    given: Mapping[str, Any],
    plans: Sequence[Plan],
    left_out: list[str],
) -> ToolResult:
    condition = _condition(card, given)
    scenarios = _scenarios(card, plans, given, left_out)
    try:
        runs, differences, refused = _runs(ctx, card, changed, scenarios)
    except MissingCovariate as error:
        return missing_inputs(ctx, card, error, OneState(dict(changed))).model_copy(update={"tool": "compare_plans"})
    left_out += refused
    if not runs:
        reason = OutsideModelDomain("; ".join(refused))
        return declined(card, reason).model_copy(update={"tool": "compare_plans"})
    # Beside a changed condition stands the same first plan as things are charted.
    as_charted = _as_charted(ctx, card, base, scenarios[0], left_out) if condition and not rules.get("needs") else None
    for run in (*([as_charted] if as_charted else []), *runs):
        ctx.store.save_run(ctx.patient_id, run)
    by_name = {p.name: p for p in plans}
    statements = [say(f"{card.title}{f', {condition}' if condition else ''}:")]
    statements += in_target(runs, next(iter(rules.get("outputs") or ()), ""))
    if as_charted is not None:
        statements.append(_line(as_charted, by_name[as_charted.scenario], rules, " as charted"))
    statements += [_line(r, by_name[r.scenario], rules, f" {condition}" if as_charted else "") for r in runs]
    statements += _verdict(runs, rules)
    statements += [say(f"Not proposed: {reason}.") for reason in left_out]
    varied = {name for p in plans for name in p.changes}
    statements.append(inputs_statement(runs[0], leave_out=varied))
    statements.append(
        say("Plans for discussion: which one to give, if any, is yours to decide, and nothing was ordered.")
    )
    everything = [*([as_charted] if as_charted else []), *runs]
    curves = (
        [as_charted.model_copy(update={"scenario": f"{as_charted.scenario}, as charted"})] if as_charted else []
    ) + runs
    return ToolResult(
        tool="compare_plans",
        statements=tuple(statements),
        data={
            "model_id": card.id, "conditions": dict(given), "left_out": left_out, "differences": differences,
            "plans": [_plan_data(p) for p in plans],
            "runs": [r.model_dump(mode="json", exclude={"series"}) for r in everything],
        },
        warnings=_warnings(ctx, card, plans, everything),
        artifacts=simulation_artifacts(curves),
    )  # fmt: skip


def _plan_data(plan: Plan) -> dict[str, Any]:
    bare = {n: v["value"] if isinstance(v, Mapping) and "value" in v else v for n, v in plan.changes.items()}
    return {
        "name": plan.name,
        "proposed_by": plan.by,
        "changes": bare,
        "source": plan.source,
        "flags": list(plan.flags),
    }


def _scenarios(card: ModelCard, plans: Sequence[Plan], given: Mapping[str, Any], left_out: list[str]) -> list[Scenario]:
    scenarios = []
    for plan in plans:
        changes = resolved(plan.changes, given)
        if changes is None:
            left_out.append(f"{plan.name}: what it is worked out from is not given")
            continue
        scenarios.append(Scenario(name=plan.name, changes=_planned(card, plan, changes)))
    return scenarios


def _runs(
    ctx: ToolContext, card: ModelCard, inputs: Mapping[str, Any], scenarios: Sequence[Scenario]
) -> tuple[list[ModelRun], list[dict[str, Any]], list[str]]:
    """The runs that the model accepts, their differences from the first, and the plans it declines with the reason.

    Raises:
        MissingCovariate: an input that every plan needs is not documented.
    """
    accepted: list[Scenario] = []
    refused: list[str] = []
    for scenario in scenarios:
        try:
            ctx.twin.predict(card.id, {**inputs, **scenario.changes}, scenario=scenario.name)
            accepted.append(scenario)
        except (OutsideModelDomain, InvalidInput) as error:
            refused.append(f"{scenario.name}: {error.message.rstrip('.')}")
    if not accepted:
        return [], [], refused
    first, *others = accepted
    held = {**inputs, **first.changes}
    if not others:
        return [ctx.twin.predict(card.id, held, scenario=first.name)], [], refused
    compared = ctx.twin.compare(card.id, held, others)
    runs = [compared.runs[0].model_copy(update={"scenario": first.name}), *compared.runs[1:]]
    return runs, list(compared.differences), refused


def _as_charted(
    ctx: ToolContext, card: ModelCard, base: Mapping[str, Any], first: Scenario, left_out: list[str]
) -> ModelRun | None:
    try:
        return ctx.twin.predict(card.id, {**base, **first.changes}, scenario=first.name)
    except ChartTwinError as error:
        left_out.append(f"{first.name} as charted: {error.message.rstrip('.')}")
        return None


def _condition(card: ModelCard, given: Mapping[str, Any]) -> str:
    specs = {i.name: i for i in card.inputs}
    parts = []
    for name, stated_value in given.items():
        held = stated_value if isinstance(stated_value, Mapping) else {"value": stated_value}
        unit = str(held.get("unit") or specs[name].unit)
        parts.append(f"{specs[name].label.lower()} {_plain(held.get('value'))} {unit_label(unit)}".rstrip())
    return f"with {', '.join(parts)}" if parts else ""


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else str(value)


def _line(run: ModelRun, plan: Plan, rules: Mapping[str, Any], when: str) -> Statement:
    wanted = [o for n in rules["outputs"] for o in run.outputs if o.name == n]
    main, *others = wanted or list(run.outputs[:1])
    meaning = f" ({main.interpretation})" if main.interpretation else ""
    rest = "".join(f"; {o.label[:1].lower()}{o.label[1:]} {shown_output(o)}" for o in others)
    grounds = (
        "" if plan.source in {"comparison", "as asked"} else f" [{plan.source}]".replace("[", "(").replace("]", ")")
    )
    return say(
        f"{plan.name}{when}{grounds}: {main.label} **{shown_output(main)}**{meaning}{rest}",
        run_evidence(run), *plan.evidence, item=True,
    )  # fmt: skip


def _verdict(runs: Sequence[ModelRun], rules: Mapping[str, Any]) -> list[Statement]:
    ranked_by = rules.get("rank_by")
    if ranked_by is None or len(runs) < 2:
        return []
    outputs = [(r, next((o for o in r.outputs if o.name == ranked_by), None)) for r in runs]
    known = [(r, o) for r, o in outputs if o is not None]
    if not known:
        return []
    run, output = max(known, key=lambda pair: float(pair[1].value))
    label = output.label[:1].lower() + output.label[1:]
    return [say(f"The highest {label} of these is {shown_output(output)}, with “{run.scenario}”.", run_evidence(run))]


def _warnings(ctx: ToolContext, card: ModelCard, plans: Sequence[Plan], runs: Sequence[ModelRun]) -> tuple[str, ...]:
    flags = [f"{p.name}: {f}." for p in plans for f in p.flags]
    model = [w for r in runs for w in r.warnings]
    return tuple(dict.fromkeys((*flags, *model, *_unused_levels(ctx, card))))


def _unused_levels(ctx: ToolContext, card: ModelCard) -> tuple[str, ...]:
    if not any(i.name == "level_1_mg_l" for i in card.inputs):
        return ()
    name = card.id.split("_")[0]
    ids = (f"{name}_level", f"{name}_trough", f"{name}_peak")
    levels = [r for i in ids if (t := ctx.lexicon.resolve(i, "observation")) for r in readings(ctx, t)]
    if not levels:
        return ()
    last = max(levels, key=lambda r: r.time.timestamp() if r.time else 0.0)
    return (
        f"The chart has measured {name} levels (last {last.shown} on {day(last.time)}) that these runs do not use: the "
        "time of each after its dose has to be given.",
    )
