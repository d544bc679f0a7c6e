"""Runs an evaluation suite and says where its report is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.console import bar, remark, say
from app.commands.services import open_services
from app.dates import now

if TYPE_CHECKING:
    from domain.answers import Answer
    from evals import Figure

_STOOD_IN = "the embedded model answered instead"  # how an answer says that the configured model did not give it


class _Counted:
    """The assistant, with a count of the answers that the embedded model gave in place of the one that is measured."""

    def __init__(self, assistant: Any) -> None:
        self._assistant = assistant
        self.asked = self.stood_in = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._assistant, name)

    def ask(self, *args: Any, **named: Any) -> Answer:
        """An answer, counted."""
        answer: Answer = self._assistant.ask(*args, **named)
        self.asked += 1
        self.stood_in += any(_STOOD_IN in warning for warning in answer.warnings)
        return answer


class _Watched:
    """The parts of this installation with a counted assistant."""

    def __init__(self, services: Any) -> None:
        self._services = services
        self.counted: _Counted | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)

    @property
    def assistant(self) -> _Counted:
        """What answers questions."""
        self.counted = self.counted or _Counted(self._services.assistant)
        return self.counted


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
    from evals import run_suite, write_report

    services = open_services(data_dir, create=bundles is not None or not suite.startswith("record-qa"))
    watched = _Watched(services)
    with bar() as progress:
        task = progress.add_task(suite, total=None)
        report = run_suite(
            suite,
            watched,
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
    if told := _stand_ins(watched.counted):
        label = f"{report.model}; {told}"
        write_report(report.model_copy(update={"model": label, "remarks": (*report.remarks, f"{told}.")}), out)
        remark(f"{told}: these are not figures of {report.model} alone")
    for figure in report.figures:
        say(_figure_line(figure))
    remark(f"report in {out}")
    services.close()


def _stand_ins(counted: _Counted | None) -> str:
    """How many answers are not of the model that is measured; nothing when all are."""
    if counted is None or not counted.stood_in:
        return ""
    return f"{counted.stood_in} of {counted.asked} answers by the embedded model, the one to warm up included"


def _figure_line(figure: Figure) -> str:
    if figure.value is None:
        return f"{figure.name} [{figure.group}]: not graded, n={figure.n}"
    interval = f" ({figure.low:.3g} to {figure.high:.3g})" if figure.low is not None and figure.high is not None else ""
    return f"{figure.name} [{figure.group}]: {figure.value:.3g} {figure.unit}{interval}, n={figure.n}"
