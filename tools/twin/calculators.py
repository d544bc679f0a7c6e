"""Calculators, risk scores and simulations of the twin, fed from the chart and from what the question states."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain, UnknownModel
from domain.facts import Evidence
from domain.patient import Covariate
from domain.predictions import InputUsed, ModelCard, ModelRun, Output, Scenario
from domain.quantities import Quantity
from tools.context import ToolContext, day, number
from tools.measurements.readings import readings, unit_label
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.twin.charted_series import series_inputs
from tools.twin.covariates import covariate
from tools.twin.moments import OneState, of_one_state, told_left_out
from tools.twin.stated_inputs import changes_of, relative_to_chart


def models(ctx: ToolContext) -> ToolResult:
    """Which calculators, risk scores and simulations there are."""
    lines = [say(f"{card.title} ({card.id})", item=True) for card in ctx.twin.catalogue()]
    return ToolResult(tool="models", statements=(say(f"{len(lines)} models:"), *lines), data={"n": len(lines)})


def describe(ctx: ToolContext, model: str) -> ModelCard:
    """The card of a model by id or nickname.

    Raises:
        RetryableToolError: no model is called that.
    """
    try:
        return ctx.twin.describe(model)
    except UnknownModel as error:
        raise RetryableToolError(error.message) from error


def gather(ctx: ToolContext, card: ModelCard, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every input the chart or the question has; what neither has is left out, so that the model can name it."""
    inputs: dict[str, Any] = series_inputs(ctx, card)
    for wanted in card.inputs:
        if wanted.name in given:
            if (value := relative_to_chart(ctx, wanted, given[wanted.name], given)) is not None:
                inputs[wanted.name] = value
            continue
        if wanted.name in inputs:
            continue
        found = covariate(ctx, wanted)
        if found is not None and not (found.origin == "assumed_absent" and not wanted.required):
            inputs[wanted.name] = found
    unknown = sorted(set(given) - {w.name for w in card.inputs})
    if unknown:
        accepted = ", ".join(w.name for w in card.inputs)
        raise RetryableToolError(f"{card.id} has no input {', '.join(unknown)}; it takes {accepted}")
    return inputs


def calculate(ctx: ToolContext, model: str, inputs: Mapping[str, Any] | None = None, focus: str = "") -> ToolResult:
    """A calculator or risk score from the newest values in the chart; stated `inputs` override them.

    Values that describe one state are taken together: none of another day is mixed in. `focus`: the output asked for.
    """
    card = describe(ctx, model)
    state = of_one_state(ctx, card, gather(ctx, card, inputs or {}))
    try:
        run = ctx.twin.predict(card.id, state.inputs)
    except MissingCovariate as error:
        return missing_inputs(ctx, card, error, state)
    except (OutsideModelDomain, InvalidInput) as error:
        return declined(card, error)
    ctx.store.save_run(ctx.patient_id, run)
    return ToolResult(
        tool="calculate",
        statements=(*_run_statements(run, focus), *told_left_out(state)),
        data=run.model_dump(mode="json", exclude={"series"}),
        warnings=run.warnings,
        artifacts=simulation_artifacts([run]),
    )


def run_evidence(run: ModelRun) -> Evidence:
    """The citation of a model run."""
    first = run.outputs[0]
    return Evidence(ref=f"Run/{run.id}", quote=f"{run.title}: {first.display or first.value}")


def _run_statements(run: ModelRun, focus: str = "") -> tuple[Statement, ...]:
    main, *others = _focused(run, focus)
    meaning = f" ({main.interpretation})" if main.interpretation else ""
    # Two risks of one run are told apart by their horizons, so the bold one is not left without its own.
    told_apart = main is not run.outputs[0] or any(o.unit == main.unit and o.unit == "%" for o in others)
    label = f"{main.label} " if told_apart else ""
    head = say(f"{run.title}: {label}**{shown_output(main)}**{meaning}.", run_evidence(run))
    rest = [o for o in others if o.display or isinstance(o.value, int | float)]
    statements = [head]
    if rest:
        text = "; ".join(
            f"{o.label} {shown_output(o)}" + (f" ({o.interpretation})" if o.interpretation else "") for o in rest[:6]
        )
        statements.append(say(f"{text}.", run_evidence(run)))
    statements.append(inputs_statement(run))
    statements.extend(
        say(f"Note: {i.label.lower()}: {i.note}.", *([i.evidence] if i.evidence else []))
        for i in run.inputs
        if i.origin == "guideline_default" and i.note
    )
    assumed = [i.label for i in run.inputs if i.origin == "assumed_absent"]
    if assumed:
        statements.append(
            say(f"Assumed absent because the record does not mention them: {', '.join(a.lower() for a in assumed)}.")
        )
    return tuple(statements)


def shown_output(output: Any) -> str:
    """A result as clinicians read it, with its unit."""
    if output.display:
        return str(output.display) + _unrounded(output)
    value = number(output.value) if isinstance(output.value, float) else output.value
    return f"{value} {unit_label(output.unit)}".strip()


def _unrounded(output: Any) -> str:
    """The value to two decimals where the display rounds a small number hard ("5 mEq/L" for 4.59)."""
    shown = re.match(r"-?\d+(?:\.\d+)?", str(output.display))
    if not isinstance(output.value, float) or shown is None or output.unit == "%":
        return ""
    return (
        f" (unrounded {number(output.value)})"
        if abs(float(shown[0]) - output.value) > 0.005 * abs(output.value)
        else ""
    )


def inputs_statement(run: ModelRun, leave_out: Collection[str] = ()) -> Statement:
    """What a run was computed from, with dates, origins and the model's source; not what differs between scenarios."""
    used = [i for i in run.inputs if i.origin != "assumed_absent" and i.name not in leave_out]
    evidence = [i.evidence for i in used if i.evidence is not None]
    return say("From " + ", ".join(_input_text(i) for i in used) + f" (source: {run.source}).", *evidence)


def _small(label: str) -> str:
    """A label inside a sentence: words start small, abbreviations keep their capitals."""
    return label if sum(c.isupper() for c in label.split()[0]) > 1 else label[:1].lower() + label[1:]


def _input_text(used: InputUsed) -> str:
    if isinstance(used.value, bool):
        return f"{used.label.lower()} {'yes' if used.value else 'no'}"
    if isinstance(used.value, tuple) and used.note:
        return f"{_small(used.label)} {', '.join(number(float(v)) for v in used.value)} ({used.note})"
    series = used.value if isinstance(used.value, tuple) else (used.value,)
    value = ", ".join(number(float(v)) if isinstance(v, int | float) else v for v in series)
    when = f" ({day(used.time)})" if used.time is not None and used.name != "age_years" else ""
    default = used.note if used.note.startswith("assumed") else "population default"
    asked = f"as asked: {used.note}" if used.note else "as asked"
    origin = {"user": f" ({asked})", "population_default": f" ({default})"}.get(used.origin, "")
    label = _small(used.label)
    return f"{label} {value} {unit_label(used.unit)}".rstrip() + when + origin


def missing_inputs(ctx: ToolContext, card: ModelCard, error: MissingCovariate, state: OneState) -> ToolResult:
    """The result when inputs are not documented: which, what is there and of which day, and what is of another time."""
    raw = error.details.get("missing")
    names = [str(n) for n in raw] if isinstance(raw, Sequence) and not isinstance(raw, str) else []
    labels = {i.name: i.label for i in card.inputs}
    wanted = ", ".join(_small(labels.get(n, n)) for n in names) or "inputs"
    looked = (f"{len(ctx.chart.observations)} observations up to {day(ctx.as_of)}", "the problem and medication lists")
    have = [c for c in state.inputs.values() if isinstance(c, Covariate) and c.evidence and c.origin == "resource"]
    together = " at one time" if state.left_out else ""
    statements = [say(f"{card.title} cannot be calculated: **missing {wanted}** (not documented{together}).")]
    shown = [c for c in have if isinstance(c.value, Quantity)]
    if shown:
        text = ", ".join(_available(labels[c.name], c) for c in shown)
        statements.append(say(f"Available: {text}.", *[c.evidence for c in shown if c.evidence]))
    statements.extend(told_left_out(state))
    statements.append(say(f"Looked at {looked[0]} and {looked[1]}."))
    return ToolResult(
        tool="calculate",
        found=False,
        statements=tuple(statements),
        looked_at=looked,
        data={"model_id": card.id, "missing": names},
    )


def _available(label: str, held: Covariate) -> str:
    """An input that the chart has, with its day where it was measured on one."""
    value = held.value
    shown = f"{number(value.value)} {unit_label(value.unit)}".rstrip() if isinstance(value, Quantity) else str(value)
    when = f" ({day(held.time)})" if held.time is not None and held.name != "age_years" else ""
    return f"{_small(label)} {shown}{when}"


def declined(card: ModelCard, error: OutsideModelDomain | InvalidInput) -> ToolResult:
    """The result when a model was not made for this patient or these inputs."""
    text = f"{card.title} declines: {error.message}"
    return ToolResult(
        tool="calculate",
        found=False,
        statements=(say(text if text.endswith(".") else text + "."),),
        data={"model_id": card.id, "declined": error.kind},
        looked_at=("the model's derivation population",),
    )


def what_if(
    ctx: ToolContext,
    model: str,
    scenarios: Sequence[Mapping[str, Any]],
    inputs: Mapping[str, Any] | None = None,
    focus: str = "",
) -> ToolResult:
    """One model under changed inputs, side by side with the baseline. `scenarios`: [{"name", "changes": {input: value}}].

    The baseline is the chart with `inputs` over it. Without a full baseline each scenario is run on its own. A change is a
    value, {"value", "unit"}, {"add": x}, {"times": x} or, of a dose, {"per_kg": x}. `focus`: the output that is asked for.
    """
    card = describe(ctx, model)
    state = of_one_state(ctx, card, gather(ctx, card, inputs or {}))
    base = state.inputs
    try:
        named = [
            Scenario(name=str(s.get("name") or f"scenario {n}"), changes=changes_of(ctx, card, s, base))
            for n, s in enumerate(scenarios, 1)
        ]
        runs = _scenario_runs(ctx, card, base, named)
    except MissingCovariate as error:
        return missing_inputs(ctx, card, error, state)
    except (OutsideModelDomain, InvalidInput) as error:
        return declined(card, error)
    for run in runs:
        ctx.store.save_run(ctx.patient_id, run)
    supposed_first = [*runs[1:], runs[0]] if len(runs) > len(named) > 0 else runs  # the baseline comes behind
    statements = [*in_target(supposed_first, focus)]
    statements += [line for run in supposed_first for line in _scenario_statements(run, focus)]
    if len(runs) > 1:
        statements.extend(_difference_statements(runs, focus))
    statements.extend((inputs_statement(runs[-1]), *told_left_out(state)))
    warnings = tuple(dict.fromkeys((*(w for run in runs for w in run.warnings), *_unused_levels(ctx, card))))
    return ToolResult(
        tool="what_if",
        statements=tuple(statements),
        data={"model_id": card.id, "runs": [r.model_dump(mode="json", exclude={"series"}) for r in runs]},
        warnings=warnings,
        artifacts=simulation_artifacts(runs),
    )


def _unused_levels(ctx: ToolContext, card: ModelCard) -> tuple[str, ...]:
    """A warning when the chart has drug levels that a dosing model could have used: pairing them with doses is not built."""
    if not any(i.name == "level_1_mg_l" for i in card.inputs):
        return ()
    levels = [
        r
        for name in ("vancomycin_level", "vancomycin_trough", "vancomycin_peak")
        if (target := ctx.lexicon.resolve(name, "observation")) is not None
        for r in readings(ctx, target)
    ]
    if not levels:
        return ()
    last = max(levels, key=lambda r: r.time.timestamp() if r.time else 0.0)
    return (
        f"The chart has {len({r.ref for r in levels})} measured vancomycin levels (last {last.shown} on {day(last.time)}). This estimate does "
        "not use them: give a level with its time after the dose to individualise it.",
    )


def _scenario_runs(
    ctx: ToolContext, card: ModelCard, base: dict[str, Any], named: Sequence[Scenario]
) -> list[ModelRun]:
    if not named:
        return [ctx.twin.predict(card.id, base)]
    try:
        return list(ctx.twin.compare(card.id, base, named).runs)
    except MissingCovariate:  # the baseline lacks what the scenario states (a dose, say): run the scenarios alone
        return [ctx.twin.predict(card.id, {**base, **s.changes}, scenario=s.name) for s in named]


def _focused(run: ModelRun, focus: str) -> list[Output]:
    """A run's outputs, the one that is asked for first."""
    return sorted(run.outputs, key=lambda output: output.name != focus)


def _scenario_statements(run: ModelRun, focus: str) -> list[Statement]:
    """A scenario as its main result and a line for each further one."""
    asked = any(i.origin == "user" for i in run.inputs)
    name = run.scenario or ("as asked" if asked else "as charted")
    main, *others = [o for o in _focused(run, focus) if "percentile" not in o.label]
    meaning = f" ({main.interpretation})" if main.interpretation else ""
    lines = [say(f"{run.title}, {name}: {main.label} **{shown_output(main)}**{meaning}.", run_evidence(run))]
    lines += [say(f"{o.label}: **{shown_output(o)}**", run_evidence(run), item=True) for o in others[:7]]
    return lines


def in_target(runs: Sequence[ModelRun], focus: str) -> list[Statement]:
    """Which scenarios reach the target that the model judges its result by; nothing where there is none or one scenario."""
    if len(runs) < 2:
        return []
    judged = [(r, o) for r in runs if "target" in (o := _focused(r, focus)[0]).interpretation]
    if len(judged) < 2:
        return []
    reached = [(r, o) for r, o in judged if o.interpretation.startswith("within")]
    names = ", ".join(f"**{r.scenario or 'as charted'}** ({o.label} {shown_output(o)})" for r, o in reached)
    target = re.search(r"target of [\d.,–-]+", judged[0][1].interpretation)
    what = f"{'the ' if target else 'its '}{target[0] if target else 'target'}"
    return [say(f"Within {what}: {names or 'none of them'}.", *[run_evidence(r) for r, _ in judged])]


def _difference_statements(runs: Sequence[ModelRun], focus: str) -> list[Statement]:
    base, statements = _focused(runs[0], focus)[0], []
    for run in runs[1:]:
        other = _focused(run, focus)[0]
        if isinstance(base.value, int | float) and isinstance(other.value, int | float):
            difference = other.value - base.value
            unit = unit_label(other.unit)
            statements.append(
                say(
                    f"{run.scenario} changes {other.label} by {number(difference)} {unit}".rstrip() + ".",
                    run_evidence(runs[0]),
                    run_evidence(run),
                )
            )
    return statements


def simulation_artifacts(runs: Sequence[ModelRun]) -> tuple[dict[str, Any], ...]:
    """The curves of runs for one plot; nothing where no run has any."""
    with_series = [r for r in runs if r.series]
    if not with_series:
        return ()
    curves = []
    for run in with_series:
        for curve in run.series:
            label = f"{curve.label} ({run.scenario})" if run.scenario else curve.label
            curves.append({**curve.model_dump(mode="json"), "label": label})
    return (
        {"kind": "simulation", "title": with_series[0].title, "series": curves, "runs": [r.id for r in with_series]},
    )
