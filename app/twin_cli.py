"""The `charttwin twin` commands. Only typer is imported here: each command imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="DIR", help="Where records are kept (or CHARTTWIN_DATA_DIR)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free port.")]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", metavar="NAME=VALUE", help='Repeat for each; "creatinine_mg_dl=88 umol/L" converts.'),
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, as printed after Run/.")]

twin_app = typer.Typer(help="The twin's models.", no_args_is_help=True, rich_markup_mode=None)


@twin_app.command("run")
def run(
    cases: Annotated[
        Path | None, typer.Option("--cases", metavar="FILE", help="JSON lines {id, model, inputs}.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="JSON lines; continued when it exists.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="ID", help="One run of this model instead.")] = None,
    inputs: Inputs = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Run a file of cases (--cases, --out), or one model on inputs given here (--model, --input)."""
    from app.commands import twin as commands
    from domain.errors import InvalidInput

    if cases is not None and out is not None and model is None and not inputs:
        commands.run_cases(cases, out, data_dir=data_dir)
    elif model is not None and cases is None and out is None:
        commands.predict(model, inputs or [], data_dir=data_dir, as_json=as_json)
    else:
        raise InvalidInput("give --cases IN --out OUT, or --model ID with an --input NAME=VALUE for each input")


@twin_app.command("list")
def list_models(as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the models."""
    from app.commands import twin as commands

    commands.list_models(data_dir=data_dir, as_json=as_json)


@twin_app.command("describe")
def describe(model: str, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Print what a model is, what it needs and where it may be used."""
    from app.commands import twin as commands

    commands.describe_model(model, data_dir=data_dir, as_json=as_json)


@twin_app.command("predict")
def predict(model: str, inputs: Inputs = None, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Run a model on inputs given here."""
    from app.commands import twin as commands

    commands.predict(model, inputs or [], data_dir=data_dir, as_json=as_json)


@twin_app.command("compare")
def compare(
    model: str,
    inputs: Inputs = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--change", "-c", metavar="NAME=VALUE",
            help="Against the baseline; name=+10, name=-10 or name=x0.5 moves its value.",
        ),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:  # fmt: skip
    """Run a model on inputs and with changes to them, and print the differences."""
    from app.commands import twin as commands

    commands.compare(model, inputs or [], changes or [], data_dir=data_dir, as_json=as_json)


@twin_app.command("join")
def join(
    chain: Annotated[str | None, typer.Argument(help="The name of a known chain; without, they are listed.")] = None,
    inputs: Inputs = None,
    changes: Annotated[
        list[str] | None, typer.Option("--change", "-c", metavar="NAME=VALUE", help="As in compare.")
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Run models joined into a chain, results of earlier ones as inputs of later ones."""
    from app.commands import twin as commands

    if chain is None:
        commands.list_chains(data_dir=data_dir)
    else:
        commands.join(chain, inputs or [], changes or [], data_dir=data_dir, as_json=as_json)


@twin_app.command("sensitivity")
def sensitivity(
    model: str,
    inputs: Inputs = None,
    method: Annotated[str, typer.Option(help="one_at_a_time, morris or sobol.")] = "one_at_a_time",
    ranges: Annotated[
        list[str] | None,
        typer.Option("--range", metavar="NAME=LOW:HIGH", help="Only these are varied; without, 10 % to both sides."),
    ] = None,
    output: Annotated[str, typer.Option(help="Which result; the first number when not given.")] = "",
    samples: Annotated[
        int, typer.Option(min=2, max=8192, help="Of Sobol the base samples, of Morris the paths.")
    ] = 128,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw the tornado as an HTML page.")
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Print what a result depends on, the most influential input first."""
    from app.commands import twin as commands

    commands.sensitivity(
        model, inputs or [], ranges or [], method=method, output=output, samples=samples, plot=plot, data_dir=data_dir,
        as_json=as_json,
    )  # fmt: skip


@twin_app.command("explain")
def explain(run_id: RunId, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Print an earlier run in plain words: inputs and their origin, limits, spread, source."""
    from app.commands import twin as commands

    commands.explain(run_id, data_dir=data_dir, as_json=as_json)


@twin_app.command("replay")
def replay(run_id: RunId, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Compute an earlier run again and say whether it came out the same (exit code 1 when not)."""
    from app.commands import twin as commands

    if not commands.replay(run_id, data_dir=data_dir, as_json=as_json):
        raise typer.Exit(1)


@twin_app.command("export")
def export(
    run_id: RunId,
    patient: Annotated[str, typer.Option("--patient", metavar="ID", help="Whose run it is.")],
    data_dir: DataDir = None,
) -> None:
    """Print an earlier run as a FHIR R4 Bundle: RiskAssessment, Observations, Device, Provenance."""
    from app.commands import twin as commands

    commands.export(run_id, patient, data_dir=data_dir)


@twin_app.command("serve")
def serve(
    port: Port = None,
    host: Annotated[str | None, typer.Option(help="Loopback when not given.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve the twin alone over HTTP, for CHARTTWIN_TWIN_URL of another ChartTwin or any client."""
    from app.commands import serve as commands

    commands.serve_twin(data_dir=data_dir, host=host, port=port)
