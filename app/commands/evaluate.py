"""Runs an evaluation suite and says where its report is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.console import bar, remark, say
from app.commands.services import open_services
from app.dates import now

if TYPE_CHECKING:
    from evals import Figure


def evaluate(
    suite: str,
    out: Path,
    *,
    data_dir: Path | None,
    limit: int | None,
    bundles: Path | None,
    split: str,
    notes: Path | None,
    command: str,
) -> None:
    """Run a suite, write its report to `out`, and print its figures."""
    from evals import run_suite

    services = open_services(data_dir, create=bundles is not None or not suite.startswith("record-qa"))
    with bar() as progress:
        task = progress.add_task(suite, total=None)
        report = run_suite(
            suite,
            services,
            out,
            model=services.settings.model,
            limit=limit,
            progress=lambda done, total, case: progress.update(task, completed=done, total=total),
            bundles=bundles,
            split=split,
            notes=notes,
            command=command,
            created=now(),
        )
    for figure in report.figures:
        say(_figure_line(figure))
    remark(f"report in {out}")
    services.close()


def _figure_line(figure: Figure) -> str:
    if figure.value is None:
        return f"{figure.name} [{figure.group}]: not graded, n={figure.n}"
    interval = f" ({figure.low:.3g} to {figure.high:.3g})" if figure.low is not None and figure.high is not None else ""
    return f"{figure.name} [{figure.group}]: {figure.value:.3g} {figure.unit}{interval}, n={figure.n}"
