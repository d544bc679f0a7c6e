"""Results to standard output, progress and remarks to standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
_REDRAW = 16  # steps between two drawings without a thread


def out_console(no_color: bool = False) -> Console:
    """Where results go."""
    return Console(file=sys.stdout, no_color=no_color, highlight=False, soft_wrap=not sys.stdout.isatty())


def err_console(no_color: bool = False) -> Console:
    """Where progress and remarks go."""
    return Console(file=sys.stderr, no_color=no_color, highlight=False)


def say(text: str) -> None:
    """One line of a result, as it is."""
    sys.stdout.write(f"{text}\n")


def remark(text: str) -> None:
    """One line beside the results."""
    sys.stderr.write(f"{text}\n")


def bar(threaded: bool = True) -> Progress:
    """A progress bar on standard error where somebody looks at it, drawn by a thread of its own unless processes are to be forked beside it."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err_console(),
        disable=not sys.stderr.isatty(),
        auto_refresh=threaded,
    )


@contextmanager
def progress_of(label: str, total: int | None, threaded: bool = True) -> Iterator[Advance]:
    """A bar over so many steps; the value is what advances it."""
    with bar(threaded) as progress:
        task = progress.add_task(label, total=total)

        def advance(count: int) -> None:
            progress.advance(task, count)
            if not threaded and progress.tasks[task].completed % _REDRAW == 0:
                progress.refresh()

        yield advance


def day(moment: datetime | None) -> str:
    """A date as the tables show it."""
    return moment.date().isoformat() if moment else ""


def counted(number: int, noun: str) -> str:
    """`1 note`, `2 notes`."""
    return f"{number:,} {noun if number == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
