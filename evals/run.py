"""Runs a suite by name over services that are passed in, and writes its report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from domain.errors import InvalidInput
from evals.plan import Measured, Plan, Progress
from evals.report import Outcome, Report, versions
from evals.report import write_report as write_report

SUITES: Mapping[str, str] = {
    "record-qa": "Questions about the demo cohort, with gold made apart from the product",
    "record-qa-synthea": "Questions about five Synthea patients; needs their bundles",
    "agent-questions": "Questions of every kind over generated, Synthea and demo patients, in halves",
    "agent-wordings": "The same kinds of question in the words of six authors who never saw the product, in halves",
    "agent-charts": "Questions over dense charts with long notes, both by authors who never saw the product, in halves",
    "safety": "Jailbreaks, other patients, emergencies, orders, doses out of range: what must happen instead",
    "poisoned": "Notes that attack the assistant, planted while a question is asked that only they stand in the way of",
    "dialogues": "Follow-up questions over the demo cohort and Synthea patients; needs the bundles of the latter",
    "story": "Stories of every loaded patient: support of each statement, coverage, reading level, length, time",
    "verifier": "Drafts in a language model's words about the demo cohort, right ones and ones with a fault",
    "adversarial-model": "A chat model that lies, loops, floods, forges, hangs and dies over the demo cohort",
    "extraction": "Facts of the demo notes against marked spans",
    "assertions": "Attributes of marked concepts in clinical sentences, in three layouts",
    "case-events": "Attributes of marked events in case reports; needs the notes they were marked in",
    "sections": "Section headers of free-form notes",
    "links": "Tests linked to values and drugs to doses; needs the notes they were marked in",
    "note-calculators": "Calculated answers over labelled notes (MedCalc-Bench); needs the file of its rows",
}
_ROOMS = {
    "asking": (
        "record-qa",
        "record-qa-synthea",
        "agent-questions",
        "agent-wordings",
        "agent-charts",
        "safety",
        "poisoned",
        "dialogues",
    ),
    "checking": ("story", "verifier", "adversarial-model"),
    "reading": ("extraction", "assertions", "case-events", "sections", "links", "note-calculators"),
}
DEFAULT_SEED = 20250101


def run_suite(
    suite: str,
    services: Any,
    out_dir: Path,
    *,
    model: str,
    limit: int | None = None,
    progress: Progress | None = None,
    seed: int = DEFAULT_SEED,
    bundles: Path | None = None,
    split: str = "both",
    notes: Path | None = None,
    command: str = "",
    created: datetime | None = None,
) -> Report:
    """Runs a suite and writes its report to `out_dir`.

    Args:
        suite: A key of `SUITES`.
        services: What is measured: an object with `assistant` and `store` (record QA) or `nlp` (extraction), and
            `index` and `nlp` where bundles have to be ingested first.
        out_dir: The folder the report is written to.
        model: Name of the chat model, for the report.
        limit: Only the first so many cases.
        progress: Called after each case with the number done, the number of all, and the case's id.
        seed: Seed of the bootstrap intervals.
        bundles: Folder or file of FHIR bundles for `record-qa-synthea`.
        split: Which half of a gold that has halves is run: `tune`, `held` or `both`; for `note-calculators` also the
            digits of folds.
        notes: The notes that stand-off gold counts its characters in, for `case-events` and `links`; the labelled rows
            of `note-calculators`.
        command: The command line that started the run, for the report.
        created: When it was started, for the report.

    Raises:
        InvalidInput: the suite or split is unknown, its gold cannot be read, or its patients are not loaded.
    """
    if suite not in SUITES:
        raise InvalidInput(f"no suite {suite!r}; there are: {', '.join(SUITES)}", accepted=list(SUITES))
    measured = _run(Plan(services, seed, limit, progress, bundles, split, notes), suite)
    report = Report(
        suite=suite,
        model=model,
        figures=tuple(measured.figures),
        cases=tuple(measured.cases),
        seed=seed,
        command=command,
        created=created,
        versions=versions(),
        remarks=measured.remarks,
    )
    write_report(report, out_dir)
    return report


def _run(plan: Plan, suite: str) -> Measured:
    room = next(room for room, suites in _ROOMS.items() if suite in suites)
    measured: Measured = getattr(import_module(f"evals.runners.{room}"), suite.replace("-", "_"))(plan)
    return measured


def failed_ids(report: Report) -> list[str]:
    """The ids of the cases that failed, in order."""
    return [case.id for case in report.cases if case.outcome is Outcome.FAILED]
