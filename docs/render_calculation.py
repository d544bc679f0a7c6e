"""Writes the tables of `explanation/calculation.md`.

`python docs/render_calculation.py` fills in the conventions; with the folders of two reports of `note-calculators` (folds 0
to 2, folds 3 and 4) also the results: `python docs/render_calculation.py reports/calculators-012 reports/calculators-34`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from evals.medcalc import CONVENTIONS, RELEASES
from evals.report import Figure, Report, read_report, show

PAGE = Path(__file__).parent / "explanation" / "calculation.md"
BLOCK = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_HEAD = "| | folds 0 to 2 | folds 3 and 4 |\n|---|---|---|\n"
_RESULTS = (
    ("accuracy", "all", "all, conventions of the label's release"), ("textbook accuracy", "all", "all, textbook"),
    ("accuracy", "equations", "equations"), ("textbook accuracy", "equations", "equations, textbook"),
    ("accuracy", "rule-based", "rule-based scores"), ("textbook accuracy", "rule-based", "rule-based scores, textbook"),
    ("accuracy", "lab", "laboratory"), ("accuracy", "physical", "body size, pressure, QT"), ("accuracy", "date", "dates"),
    ("accuracy", "dosage", "dose equivalents"), ("accuracy", "risk", "risk"), ("accuracy", "severity", "severity"),
    ("accuracy", "diagnosis", "diagnosis"), ("accuracy", "labels v1.0", "labels of v1.0"),
    ("accuracy", "labels v1.2", "labels of v1.2"), ("accuracy", "labels verified", "verified labels"),
    ("answered", "all", "answered"),
    ("every span quotes what was used", "all", "answers whose every span quotes what was used"),
    ("latency p50", "all", "time for a note, median"), ("latency p95", "all", "time for a note, 95th percentile"),
)  # fmt: skip


def rendered(page: str, reports: Sequence[Report] = ()) -> str:
    """The page with its tables filled in; those of results only where both reports are given."""
    tables: dict[str, Callable[[], str]] = {"conventions": conventions}
    if len(reports) == 2:
        tables |= {
            "results": lambda: results(reports),
            "worst": lambda: worst(reports[1]),
            "confidence": lambda: confidence(reports),
            "effects": lambda: effects(reports),
        }
    return BLOCK.sub(lambda m: m[1] + tables[m["name"]]() + m[3] if m["name"] in tables else m[0], page)


def conventions() -> str:
    """Each convention, what it does, and the releases that have it."""
    lines = [f"| Convention | What the labels do | {' | '.join(RELEASES)} |", f"|---|---|{'---|' * len(RELEASES)}"]
    for name, text in CONVENTIONS.items():
        marks = " | ".join("yes" if name in names else "" for names in RELEASES.values())
        lines.append(f"| `{name}` | {text.replace('|', chr(92) + '|')} | {marks} |")
    return "\n".join(lines) + "\n"


def results(reports: Sequence[Report]) -> str:
    """Shares right, by kind, category and release, and times."""
    return _HEAD + "".join(
        f"| {label} | {' | '.join(_cell(report.figure(name, group)) for report in reports)} |\n"
        for name, group, label in _RESULTS
    )


def worst(report: Report) -> str:
    """The calculators with the most wrong answers."""
    return next(remark for remark in report.remarks if remark.startswith("Most wrong")) + "\n"


def confidence(reports: Sequence[Report]) -> str:
    """Precision of the surest answers, and how often answers of a stated confidence were right."""
    lines = []
    for coverage in (50, 60, 80):
        for group in ("all", "equations", "rule-based"):
            cells = " | ".join(_cell(report.figure(f"precision at {coverage} % coverage", group)) for report in reports)
            lines.append(f"| precision of the surest {coverage} % ({group}) | {cells} |\n")
    errors = [report.figure("expected calibration error") for report in reports]
    lines.append(
        f"| expected calibration error | {' | '.join(f'{e.value:.3f}' if e and e.value else '–' for e in errors)} |\n"
    )
    bins: dict[str, list[str]] = {}
    for place, report in enumerate(reports):
        for figure in report.figures:
            if figure.name == "reliability":
                stated, _, mean = figure.group.partition(", ")
                bins.setdefault(stated, ["", ""])[place] = f"{mean}: {_cell(figure)}"
    lines += [f"| right, {stated} | {' | '.join(cells)} |\n" for stated, cells in sorted(bins.items())]
    return _HEAD + "".join(lines)


def effects(reports: Sequence[Report]) -> str:
    """Of the answers that each convention changes, how many are right with it, and how many by the textbook."""
    lines = []
    for name in CONVENTIONS:
        cells = []
        for report in reports:
            with_it = report.figure("right with convention", name)
            without = report.figure("right by the textbook instead", name)
            cells.append(f"{with_it.successes} / {without.successes} of {with_it.n}" if with_it and without else "")
        if any(cells):
            lines.append(f"| `{name}` | {' | '.join(cells)} |\n")
    return _HEAD + "".join(lines)


def _cell(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "–"
    count = f" ({figure.successes} of {figure.n})" if figure.successes is not None else ""
    return show(figure.value, figure.unit) + count


if __name__ == "__main__":
    PAGE.write_text(
        rendered(PAGE.read_text(encoding="utf-8"), [read_report(Path(folder)) for folder in sys.argv[1:]]),
        encoding="utf-8",
    )
