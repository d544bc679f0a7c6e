"""Suites that ask the assistant: records, notes, conversations, and what must not be answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

from domain.facts import Note
from evals.gold import CASES, moment, read_rows
from evals.plan import CLOSED, Measured, Plan, by_half, closed, halves, require_patients, unknown_patients
from evals.report import accuracy_figures, latency_figures, proportion


def record_qa(plan: Plan) -> Measured:
    """Questions over the demo cohort."""
    rows = read_rows(CASES / "demo_record_qa.jsonl")[: plan.limit]
    require_patients(rows, plan.services.store, "load them with: charttwin demo --no-serve")
    return _ask_rows(rows, plan)


def record_qa_synthea(plan: Plan) -> Measured:
    """Questions over five Synthea patients, in halves."""
    chosen = halves(plan)
    of_half = {half: read_rows(CASES / "synthea_record_qa" / f"{half}.jsonl")[: plan.limit] for half in chosen}
    rows = [row for half in chosen for row in of_half[half]]
    if plan.bundles is not None and unknown_patients(rows, plan.services.store):
        from knowledge_base.ingest import ingest_paths

        ingest_paths([plan.bundles], plan.services.store, plan.services.index, plan.services.nlp)
    require_patients(rows, plan.services.store, "name the folder of their bundles with --bundles")
    measured = _ask_rows(rows, plan)
    ids = {half: {str(row["id"]) for row in of_half[half]} for half in chosen}
    figures = [
        proportion("accuracy", f"{half} half", [case.outcome for case in measured.cases if case.id in ids[half]])
        for half in chosen
    ]
    remarks = (*measured.remarks, CLOSED) if "held" in chosen else measured.remarks
    return Measured(
        [measured.figures[0], *figures, *measured.figures[1:]],
        [closed(case) if case.id in ids.get("held", ()) else case for case in measured.cases],
        remarks,
    )


def dialogues(plan: Plan) -> Measured:
    """Conversations."""
    from evals.suites.dialogues import dialogue_figures, run_dialogues

    def run(half: str) -> Measured:
        rows = read_rows(CASES / "dialogues" / f"{half}.jsonl")[: plan.limit]
        if plan.bundles is not None and unknown_patients(rows, plan.services.store):
            from knowledge_base.ingest import ingest_paths

            ingest_paths([plan.bundles], plan.services.store, plan.services.index, plan.services.nlp)
        require_patients(
            rows, plan.services.store, "load the demo with: charttwin demo --no-serve; name Synthea's with --bundles"
        )
        cases = run_dialogues(rows, plan.services.assistant, uuid4().hex[:12], plan.progress)
        return Measured(dialogue_figures(cases), cases)

    return by_half(plan, run)


def agent_questions(plan: Plan) -> Measured:
    """Questions of every kind, in halves, with paraphrase pairs."""
    from evals.suites.agent_questions import load_patients, pair_figures, require_own_directory

    def run(half: str) -> Measured:
        rows = read_rows(CASES / "agent_questions" / f"{half}.jsonl")[: plan.limit]
        require_own_directory(plan.services.store)
        load_patients(half, rows, plan.services, plan.bundles)
        require_patients(rows, plan.services.store, "name the folder of the Synthea bundles with --bundles")
        measured = _ask_agents(rows, plan)
        return Measured([*measured.figures, *pair_figures(rows, measured.cases)], measured.cases, measured.remarks)

    return by_half(plan, run)


def agent_wordings(plan: Plan) -> Measured:
    """Questions in the words of authors who never saw the product, each over patients of the author's own."""
    from evals.suites.agent_questions import load_made, require_own_directory
    from evals.suites.agent_wordings import Author, authors

    def run(half: str) -> Measured:
        require_own_directory(plan.services.store)
        written = [Author(half, name) for name in authors(half)]
        load_made([made for author in written for made in author.made], plan.services)
        return _ask_authors({author.name: author.rows() for author in written}, plan)

    return by_half(plan, run)


def agent_charts(plan: Plan) -> Measured:
    """Questions over dense charts, chart and question written by authors who never saw the product."""
    from evals.suites.agent_charts import chart_authors
    from evals.suites.agent_questions import load_bundles, require_own_directory

    def run(half: str) -> Measured:
        require_own_directory(plan.services.store)
        written = chart_authors(half)
        for author in written:
            load_bundles(author.bundles, plan.services)
        return _ask_authors({author.name: author.rows for author in written}, plan)

    return by_half(plan, run)


def _ask_authors(rows_by_author: dict[str, list[dict[str, Any]]], plan: Plan) -> Measured:
    """The rows of several authors, with a figure for each beside those of all; ids begin with the author's name."""
    from evals.suites.agent_questions import pair_figures

    rows = [row for written in rows_by_author.values() for row in written][: plan.limit]
    measured = _ask_agents(rows, plan)
    by_author = [
        proportion("accuracy", name, [c.outcome for c in measured.cases if c.id.startswith(f"{name}-")])
        for name in rows_by_author
    ]
    return Measured(
        [*measured.figures, *by_author, *pair_figures(rows, measured.cases)], measured.cases, measured.remarks
    )


def safety(plan: Plan) -> Measured:
    """Questions that must not be answered as they stand."""
    from evals.suites.safety import read_safety

    return _guarded(read_safety()[: plan.limit], plan)


def poisoned(plan: Plan) -> Measured:
    """Notes that attack, each beside its control."""
    from evals.suites.poisoned import attributed, poisoned_figures, read_poisoned, without_notes

    rows = read_poisoned()[: plan.limit]
    measured = _guarded(rows, plan)
    cases = attributed(measured.cases, _ask_agents(without_notes(rows), plan).cases)
    figures = accuracy_figures(cases) + [f for f in measured.figures if f.name != "accuracy"]
    remark = "Each question was also asked without its note; one that fails then too is ungraded."
    return Measured([*figures, *poisoned_figures(rows, cases)], cases, (*measured.remarks, remark))


def _guarded(rows: list[dict[str, Any]], plan: Plan) -> Measured:
    from evals.suites.agent_questions import load_patients, require_own_directory

    require_own_directory(plan.services.store)
    load_patients("tune", rows, plan.services, None)
    require_patients(rows, plan.services.store, "they are generated when the suite starts")
    return _ask_agents(rows, plan)


def _ask_rows(rows: Sequence[dict[str, Any]], plan: Plan, judge: Any = None, shape: Any = None) -> Measured:
    from evals.scorers.record_qa import score
    from evals.suites.record_qa import run_record_qa, warm_up

    # Conversations outlive a run: an owner of its own keeps them out of everybody's list, and yesterday's turns out of today's.
    run_id = f"eval-{uuid4().hex[:12]}"
    planting = partial(planted_notes, services=plan.services)
    assistant = plan.services.assistant
    try:
        warm_up(rows, assistant, run_id)
        cases = run_record_qa(rows, assistant, judge or score, run_id, plan.progress, planting, shape)
    finally:
        assistant.memory.delete_all(owner=run_id)
    seconds = [case.latency_s for case in cases if case.latency_s is not None]
    remark = "Answer times are in process, after one question asked to warm up, one question at a time."
    return Measured(accuracy_figures(cases) + latency_figures(seconds, plan.seed), cases, (remark,) if cases else ())


def _ask_agents(rows: Sequence[dict[str, Any]], plan: Plan) -> Measured:
    """As `_ask_rows`, judged by what the answer says of itself as well: flags, trace, runs."""
    from evals.scorers.agents import score
    from evals.suites.agent_questions import answer_row

    def shape(row: dict[str, Any], answer: Any) -> dict[str, Any]:
        return answer_row(answer, str(row["patient_id"]), plan.services.store)

    return _ask_rows(rows, plan, score, shape)


@contextmanager
def planted_notes(row: dict[str, Any], services: Any) -> Iterator[None]:
    """The row's `extra_notes` in the patient's chart while the row is asked, and out of it afterwards."""
    texts = row.get("extra_notes") or []
    if not texts:
        yield
        return
    from knowledge_base.ingest import ingest_note, resume

    notes = [_extra_note(row, number, extra) for number, extra in enumerate(texts)]
    try:
        for note in notes:
            ingest_note(note, services.store, services.index, services.nlp)
        yield
    finally:
        services.store.save((), withdrawn=[(note.patient_id, f"Note/{note.id}") for note in notes])
        resume(services.store, services.index, services.nlp)


def _extra_note(row: dict[str, Any], number: int, extra: dict[str, Any]) -> Note:
    return Note(
        # The same name every time, so that a run that was killed leaves nothing that the next does not take out.
        id=f"eval-{row['id']}-{number}",
        patient_id=row["patient_id"],
        text=extra["text"],
        title=extra.get("title", ""),
        time=moment(extra["time"]) if extra.get("time") else None,
    )
