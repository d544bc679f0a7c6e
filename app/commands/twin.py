"""The twin at the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.batch import count_rows, run_batch
from app.commands.console import counted, out_console, progress_of, remark, say
from app.commands.services import open_services
from domain.errors import InvalidInput
from domain.predictions import Influence, ModelInput, ModelRun, Scenario


def run_cases(cases: Path, out: Path, *, data_dir: Path | None) -> None:
    """Run a file of cases, continuing where an earlier run stopped."""
    from twin_backend.batch import run_case

    twin = open_services(data_dir).twin
    with progress_of("Running", count_rows(cases)) as advance, twin.together():
        report = run_batch(cases, out, lambda rows: [run_case(twin, row) for row in rows], advance=advance)
    remark(f"{counted(report.rows, 'row')} in {out}, {counted(report.errors, 'error')}")


def list_models(*, data_dir: Path | None, as_json: bool = False) -> None:
    """Print the catalogue."""
    cards = open_services(data_dir).twin.catalogue()
    if as_json:
        say(json.dumps([card.model_dump(mode="json") for card in cards], indent=2, ensure_ascii=False))
        return
    _print_table(
        ("Model", "Kind", "What it answers"), [(card.id, card.kind.replace("_", " "), card.title) for card in cards]
    )


def describe_model(model: str, *, data_dir: Path | None, as_json: bool) -> None:
    """Print a model's card."""
    card = open_services(data_dir).twin.describe(model)
    if as_json:
        say(card.model_dump_json(indent=2))
        return
    say(f"{card.title}  ({card.id} {card.version}, {card.kind.replace('_', ' ')})\n\n{card.summary}\n")
    say(f"Population  {card.population}\nUse         {card.context_of_use}\nSource      {card.source} doi:{card.doi}")
    say("\nInputs")
    for item in card.inputs:
        say(f"  {_input_line(item)}")
    say("\nOutputs")
    for name, unit, label in card.outputs:
        say(f"  {name}  {label}{f' ({unit})' if unit else ''}")
    for record in card.validation:
        say(f"\nValidated in {record.population}: {record.measure} {record.value:g}")
    for limitation in card.limitations:
        say(f"\nLimit: {limitation}")


def predict(model: str, inputs: list[str], *, data_dir: Path | None, as_json: bool) -> None:
    """Run a model on inputs given as name=value."""
    twin = open_services(data_dir).twin
    run = twin.predict(model, dict(parse_input(text) for text in inputs))
    if as_json:
        say(run.model_dump_json(indent=2))
    else:
        _print_run(run)


def compare(model: str, inputs: list[str], changes: list[str], *, data_dir: Path | None, as_json: bool) -> None:
    """Run a model on inputs and with changes to them.

    Raises:
        InvalidInput: nothing is changed.
    """
    if not changes:
        raise InvalidInput("a comparison needs a change, for example --change weight_kg=+5")
    twin = open_services(data_dir).twin
    found = twin.what_if(model, dict(map(parse_input, inputs)), dict(map(parse_change, changes)))
    if as_json:
        say(found.model_dump_json(indent=2))
        return
    say(found.runs[0].title)
    _print_differences(found.differences)
    _print_sources(found.runs)


def list_chains(*, data_dir: Path | None) -> None:
    """Print the chains that are known by name."""
    chains = open_services(data_dir).twin.chains()
    _print_table(("Chain", "Models"), [(one.name, " → ".join(step.model for step in one.steps)) for one in chains])


def join(chain: str, inputs: list[str], changes: list[str], *, data_dir: Path | None, as_json: bool) -> None:
    """Run a chain on inputs, and with changes to them where there are some."""
    twin = open_services(data_dir).twin
    scenarios = [Scenario(name="changed", changes=dict(map(parse_change, changes)))] if changes else []
    found = twin.joined(chain, dict(map(parse_input, inputs)), scenarios)
    if as_json:
        say(found.model_dump_json(indent=2))
        return
    for run in found.scenarios[0].runs.values():
        _print_run(run)
    if changes:
        _print_differences(found.differences)
        _print_sources(list(found.scenarios[1].runs.values()))


def sensitivity(
    model: str,
    inputs: list[str],
    ranges: list[str],
    *,
    method: str,
    output: str,
    samples: int,
    plot: Path | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Print what a result depends on, and draw it as a page that needs no network.

    Raises:
        InvalidInput: an input is not as it should be, or the page cannot be written.
    """
    twin = open_services(data_dir).twin
    limits = dict(map(parse_range, ranges)) or None
    found = twin.sensitivity(model, dict(map(parse_input, inputs)), method, limits, output=output, samples=samples)
    if plot is not None:
        from app.ui.plots import tornado

        try:
            tornado(found).write_html(plot, include_plotlyjs=True)
        except OSError as error:
            raise InvalidInput(f"{plot} cannot be written: {error.strerror}") from None
    if as_json:
        say(found.model_dump_json(indent=2))
        return
    say(f"{found.label}: {found.baseline:.4g} {found.unit} in the middle; ranges {found.ranges}")
    indices = tuple(found.influences[0].indices) if found.influences else ()
    columns = ("Input", "From", "To", *(indices or ("Result from", "to", "Swing")))
    _print_table(columns, [[_short(cell) for cell in _cells(row)] for row in found.influences])
    for row in found.influences:
        if row.note:
            remark(f"Mind: {row.input} {row.note}")


def explain(run_id: str, *, data_dir: Path | None, as_json: bool) -> None:
    """Print an earlier run in plain words."""
    found = open_services(data_dir).twin.explain(_bare(run_id))
    say(found.model_dump_json(indent=2) if as_json else found.text)


def replay(run_id: str, *, data_dir: Path | None, as_json: bool) -> bool:
    """Compute an earlier run again; whether it came out the same."""
    found = open_services(data_dir).twin.replay(_bare(run_id))
    if as_json:
        say(found.model_dump_json(indent=2))
    else:
        say("identical" if found.identical else "\n".join(("not identical", *found.differences)))
    return found.identical


def export(run_id: str, patient: str, *, data_dir: Path | None) -> None:
    """Print an earlier run as a FHIR R4 Bundle."""
    from app.dates import now
    from knowledge_base.fhir_runs import bundle_of_run

    run = open_services(data_dir).twin.run(_bare(run_id))
    say(json.dumps(bundle_of_run(run, patient_id=patient, recorded=now()), indent=2, ensure_ascii=False))


def parse_input(text: str) -> tuple[str, Any]:
    """`weight_kg=70`, `sex=female`, `diabetes=true` or `creatinine="88 umol/L"` as name and value.

    Raises:
        InvalidInput: there is no `=`.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InvalidInput("an input reads name=value, for example --input weight_kg=70")
    return name.strip(), _value(value.strip())


def parse_change(text: str) -> tuple[str, Any]:
    """As `parse_input`; `age_years=+5`, `weight_kg=-10` and `creatinine_mg_dl=x2` move the baseline's value."""
    name, value = parse_input(text)
    raw = text.partition("=")[2].strip()
    move = {"+": "add", "-": "add", "x": "multiply"}.get(raw[:1])
    try:
        amount = float(raw[1:] if move == "multiply" else raw)
    except ValueError:
        return name, value
    return name, {move: amount} if move else value


def parse_range(text: str) -> tuple[str, tuple[float, float]]:
    """`age_years=40:80` as name and limits.

    Raises:
        InvalidInput: it is written otherwise.
    """
    name, _, limits = text.partition("=")
    low, _, high = limits.partition(":")
    try:
        return name.strip(), (float(low), float(high))
    except ValueError:
        raise InvalidInput("a range reads name=low:high, for example --range age_years=40:80") from None


def _bare(run_id: str) -> str:
    return run_id.removeprefix("Run/")


def _cells(row: Influence) -> list[object]:
    found: tuple[object, ...] = tuple(row.indices.values()) or (row.output_low, row.output_high, row.swing)
    return [row.label, row.low, row.high, *found]


def _short(cell: object) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else "" if cell is None else str(cell)


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out_console().print(table)


def _print_differences(differences: Sequence[Mapping[str, Any]]) -> None:
    if not differences:
        say("  nothing changes")
    for row in differences:
        band = (
            f"  ({row['difference_low']:+.3g} to {row['difference_high']:+.3g}, {row['band']})" if "band" in row else ""
        )
        say(f"  {row['label']}: {row['display']}{band}")


def _print_sources(runs: Sequence[ModelRun]) -> None:
    for run in runs:
        say(f"  Run/{run.id}  {run.scenario}")
    for warning in dict.fromkeys(warning for run in runs for warning in run.warnings):
        remark(f"Mind: {warning}")
    say(f"  {runs[0].source} doi:{runs[0].doi}\n  {runs[0].disclaimer}")


def _value(text: str) -> Any:
    if text.lower() in ("true", "yes", "false", "no"):
        return text.lower() in ("true", "yes")
    try:
        return json.loads(text)
    except ValueError:
        pass
    number, _, unit = text.partition(" ")
    try:
        return {"value": float(number), "unit": unit.strip()} if unit else text
    except ValueError:
        return text


def _input_line(item: ModelInput) -> str:
    kind = "|".join(item.choices) if item.choices else item.kind
    need = "required" if item.required else f"default {item.default}" if item.default is not None else "optional"
    return f"{item.name}  {item.label}, {kind}{f' in {item.unit}' if item.unit else ''}, {need}"


def _print_run(run: ModelRun) -> None:
    from twin_backend.display import shown_input

    say(run.title)
    for output in run.outputs:
        shown = output.display or f"{output.value} {output.unit}".strip()
        say(f"  {output.label}: {shown}{f' ({output.interpretation})' if output.interpretation else ''}")
    for item in run.inputs:
        note = f": {item.note}" if item.note else ""
        say(f"  from {item.label} {shown_input(item)} [{item.origin}]{note}")
    for warning in run.warnings:
        remark(f"Mind: {warning}")
    say(f"  {run.source} doi:{run.doi}; derived in {run.population}\n  Run/{run.id}\n  {run.disclaimer}")
