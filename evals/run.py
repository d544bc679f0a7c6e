"""Runs a suite by name over services that are passed in, and writes its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from domain.errors import InvalidInput
from domain.facts import Assertion, Fact, Note
from evals.gold import CASES, moment, read_rows
from evals.report import CaseResult, Figure, Outcome, Report, accuracy_figures, latency_figures, proportion, versions
from evals.report import write_report as write_report

Progress = Callable[[int, int, str], None]

SUITES: Mapping[str, str] = {
    "record-qa": "Questions about the demo cohort, with gold made apart from the product",
    "record-qa-synthea": "Questions about five Synthea patients; needs their bundles",
    "agent-questions": "Questions of every kind over generated, Synthea and demo patients, in halves",
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
HALVES = ("tune", "held")
DEFAULT_SEED = 20250101


class Plan(NamedTuple):
    """What one suite is run with."""

    services: Any
    seed: int
    limit: int | None
    progress: Progress | None
    bundles: Path | None
    split: str
    notes: Path | None = None


class Measured(NamedTuple):
    """What a suite gives to its report."""

    figures: list[Figure]
    cases: list[CaseResult]
    remarks: tuple[str, ...] = ()


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
    measured = _RUNNERS[suite](Plan(services, seed, limit, progress, bundles, split, notes))
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


def _record_qa(plan: Plan) -> Measured:
    rows = read_rows(CASES / "demo_record_qa.jsonl")[: plan.limit]
    _require_patients(rows, plan.services.store, "load them with: charttwin demo --no-serve")
    return _ask_rows(rows, plan)


def _record_qa_synthea(plan: Plan) -> Measured:
    halves = _halves(plan)
    by_half = {half: read_rows(CASES / "synthea_record_qa" / f"{half}.jsonl")[: plan.limit] for half in halves}
    rows = [row for half in halves for row in by_half[half]]
    if plan.bundles is not None and _unknown_patients(rows, plan.services.store):
        from knowledge_base.ingest import ingest_paths

        ingest_paths([plan.bundles], plan.services.store, plan.services.index, plan.services.nlp)
    _require_patients(rows, plan.services.store, "name the folder of their bundles with --bundles")
    measured = _ask_rows(rows, plan)
    ids = {half: {str(row["id"]) for row in by_half[half]} for half in halves}
    figures = [
        proportion("accuracy", f"{half} half", [case.outcome for case in measured.cases if case.id in ids[half]])
        for half in halves
    ]
    remarks = (*measured.remarks, _CLOSED) if "held" in halves else measured.remarks
    return Measured(
        [measured.figures[0], *figures, *measured.figures[1:]],
        [_closed(case) if case.id in ids.get("held", ()) else case for case in measured.cases],
        remarks,
    )


_CLOSED = "The cases of the held half are given by id only, so that nobody tunes to them."


def _dialogues(plan: Plan) -> Measured:
    from evals.suites.dialogues import dialogue_figures, run_dialogues

    def run(half: str) -> Measured:
        rows = read_rows(CASES / "dialogues" / f"{half}.jsonl")[: plan.limit]
        if plan.bundles is not None and _unknown_patients(rows, plan.services.store):
            from knowledge_base.ingest import ingest_paths

            ingest_paths([plan.bundles], plan.services.store, plan.services.index, plan.services.nlp)
        _require_patients(
            rows, plan.services.store, "load the demo with: charttwin demo --no-serve; name Synthea's with --bundles"
        )
        cases = run_dialogues(rows, plan.services.assistant, uuid4().hex[:12], plan.progress)
        return Measured(dialogue_figures(cases), cases)

    return _by_half(plan, run)


def _halves(plan: Plan) -> tuple[str, ...]:
    if plan.split not in (*HALVES, "both"):
        raise InvalidInput(f"no split {plan.split!r}; there are: tune, held, both", accepted=[*HALVES, "both"])
    return HALVES if plan.split == "both" else (plan.split,)


def _closed(case: CaseResult) -> CaseResult:
    """The case without anything that could be tuned to."""
    return case.model_copy(update={"question": "", "answer": "", "citations": (), "reasons": (), "detail": {}})


def _ask_rows(rows: Sequence[dict[str, Any]], plan: Plan, judge: Any = None, shape: Any = None) -> Measured:
    from evals.scorers.record_qa import score
    from evals.suites.record_qa import run_record_qa, warm_up

    # Threads outlive a run in the checkpoint store: a new name each time keeps yesterday's turns out.
    run_id = uuid4().hex[:12]
    warm_up(rows, plan.services.assistant, run_id)
    planting = partial(planted_notes, services=plan.services)
    cases = run_record_qa(rows, plan.services.assistant, judge or score, run_id, plan.progress, planting, shape)
    seconds = [case.latency_s for case in cases if case.latency_s is not None]
    remark = "Answer times are in process, after one question asked to warm up, one question at a time."
    return Measured(accuracy_figures(cases) + latency_figures(seconds, plan.seed), cases, (remark,) if cases else ())


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


def _unknown_patients(rows: Sequence[dict[str, Any]], store: Any) -> list[str]:
    known = {patient.id for patient in store.patients()}
    return sorted({str(row.get("patient_id")) for row in rows} - known)


def _agent_questions(plan: Plan) -> Measured:
    from evals.suites.agent_questions import load_patients, pair_figures, require_own_directory

    def run(half: str) -> Measured:
        rows = read_rows(CASES / "agent_questions" / f"{half}.jsonl")[: plan.limit]
        require_own_directory(plan.services.store)
        load_patients(half, rows, plan.services, plan.bundles)
        _require_patients(rows, plan.services.store, "name the folder of the Synthea bundles with --bundles")
        measured = _ask_agents(rows, plan)
        return Measured([*measured.figures, *pair_figures(rows, measured.cases)], measured.cases, measured.remarks)

    return _by_half(plan, run)


def _safety(plan: Plan) -> Measured:
    from evals.suites.safety import read_safety

    return _guarded(read_safety()[: plan.limit], plan)


def _poisoned(plan: Plan) -> Measured:
    from evals.suites.poisoned import attributed, poisoned_figures, read_poisoned, without_notes

    rows = read_poisoned()[: plan.limit]
    measured = _guarded(rows, plan)
    cases = attributed(measured.cases, _ask_agents(without_notes(rows), plan).cases)
    figures = accuracy_figures(cases) + [f for f in measured.figures if f.name != "accuracy"]
    remark = "Each question was also asked without its note; one that fails then too is ungraded."
    return Measured([*figures, *poisoned_figures(rows, cases)], cases, (*measured.remarks, remark))


def _adversarial_model(plan: Plan) -> Measured:
    from evals.suites.adversarial_model import BUDGET_S, DEFAULT_CASES, adversarial_figures, run_adversarial

    demo = [{"patient_id": row["patient_id"]} for row in read_rows(CASES / "demo_record_qa.jsonl")]
    _require_patients(demo, plan.services.store, "load them with: charttwin demo --no-serve")
    cases = run_adversarial(plan.services, plan.limit or DEFAULT_CASES, plan.seed, plan.progress)
    seconds = [case.latency_s for case in cases if case.latency_s is not None]
    remark = f"Judged by planted strings and numbers, not by the verifier; each question had {BUDGET_S:g} s."
    return Measured([*adversarial_figures(cases), *latency_figures(seconds, plan.seed)], cases, (remark,))


def _guarded(rows: list[dict[str, Any]], plan: Plan) -> Measured:
    from evals.suites.agent_questions import load_patients, require_own_directory

    require_own_directory(plan.services.store)
    load_patients("tune", rows, plan.services, None)
    _require_patients(rows, plan.services.store, "they are generated when the suite starts")
    return _ask_agents(rows, plan)


def _ask_agents(rows: Sequence[dict[str, Any]], plan: Plan) -> Measured:
    """As `_ask_rows`, judged by what the answer says of itself as well: flags, trace, runs."""
    from evals.scorers.agents import score
    from evals.suites.agent_questions import answer_row

    def shape(row: dict[str, Any], answer: Any) -> dict[str, Any]:
        return answer_row(answer, str(row["patient_id"]), plan.services.store)

    return _ask_rows(rows, plan, score, shape)


def _require_patients(rows: Sequence[dict[str, Any]], store: Any, remedy: str) -> None:
    missing = _unknown_patients(rows, store)
    if missing:
        raise InvalidInput(f"{len(missing)} of the suite's patients are not in the record store; {remedy}")


def _story(plan: Plan) -> Measured:
    from evals.suites.story import run_stories, story_figures

    if plan.bundles is not None:
        from knowledge_base.ingest import ingest_paths

        ingest_paths([plan.bundles], plan.services.store, plan.services.index, plan.services.nlp)
    patients = sorted(p.id for p in plan.services.store.patients())[: plan.limit]
    if not patients:
        raise InvalidInput("no patient is loaded; load some with: charttwin demo --no-serve")
    judged, planted = run_stories(patients, plan.services.store, plan.services.twin, plan.progress)
    remarks = (
        "Judged by code that reads the raw resources and notes; it does not judge plain words for a diagnosis.",
        "Faults planted in supported sentences say how much that judge sees.",
        "Processor time of one telling after one to warm up.",
    )
    return Measured(story_figures(judged, planted), [j.case for j in judged], remarks)


def _extraction(plan: Plan) -> Measured:
    from evals.suites.extraction import extraction_figures, read_gold_notes, run_extraction

    gold = read_gold_notes(CASES / "demo_extraction.jsonl")[: plan.limit]
    runs = run_extraction(gold, lambda note: _extract(note, plan.services.nlp), plan.progress)
    complete = all(note.complete for note in gold)
    cases = [run.case for run in runs]
    seconds = [case.latency_s for case in cases if case.latency_s is not None]
    remarks = (
        "A note passes when its spans were found, with assertion, concept and value, and no others of its kind."
        if complete
        else "Not every entity was marked, so recall is reported and precision is not.",
        "Intervals resample whole notes; a figure of 0 or 100 % has Wilson's interval instead.",
    )
    notes = proportion("notes without fault", "all", [case.outcome for case in cases])
    figures = [*extraction_figures(runs, plan.seed, complete=complete), notes, *latency_figures(seconds, plan.seed)]
    return Measured(figures, cases, remarks)


def _verifier(plan: Plan) -> Measured:
    from evals.suites.verifier import DEMO_MOMENT, read_wordings, run_verifier, verifier_figures
    from evals.suites.verifier_answers import answer_figures, read_answers, run_answers

    store, twin = plan.services.store, plan.services.twin

    def run(half: str) -> Measured:
        answers = read_answers(CASES / "verifier" / f"answers_{half}.txt")
        _require_patients(
            [{"patient_id": a.patient_id} for a in answers], store, "load them with: charttwin demo --no-serve"
        )
        wordings = read_wordings(CASES / "verifier" / f"{half}.txt")
        demo = {a.patient_id for h in HALVES for a in read_answers(CASES / "verifier" / f"answers_{h}.txt")}
        worded = run_verifier(wordings, store, twin, DEMO_MOMENT, plan.seed, plan.limit, demo)
        written = run_answers(answers, store, twin, DEMO_MOMENT)
        seconds = [c.latency_s for c in worded if c.latency_s is not None]
        figures = [*verifier_figures(worded), *answer_figures(written), *latency_figures(seconds, plan.seed)]
        return Measured(figures, [*worded, *written], (_VERIFIER,))

    measured = _by_half(plan, run)
    return Measured(measured.figures, measured.cases, (_VERIFIER, *measured.remarks))


_VERIFIER = "Times are processor seconds of one check, with the evidence of the turn read already."


def _assertions(plan: Plan) -> Measured:
    from evals.marked import read_marked
    from evals.suites.assertions import assertion_figures, in_layouts, run_assertions

    def run(half: str) -> Measured:
        sentences = read_marked(CASES / "assertions" / f"{half}.txt")[: plan.limit]
        cases = in_layouts([(f"{half}-{number}", marked) for number, marked in enumerate(sentences, 1)])
        judged = run_assertions(cases, _assert_spans(plan), plan.progress)
        return Measured(assertion_figures(judged, plan.seed), [item.case for item in judged])

    return _by_half(plan, run)


def _case_events(plan: Plan) -> Measured:
    from evals.suites.assertions import assertion_figures, events_of, read_notes, read_stand_off, run_assertions

    texts = read_notes(_notes(plan))

    def run(half: str) -> Measured:
        cases = events_of(read_stand_off(CASES / "case_events" / f"{half}.jsonl"), texts)[: plan.limit]
        judged = run_assertions(cases, _assert_spans(plan), plan.progress)
        return Measured(assertion_figures(judged, plan.seed), [item.case for item in judged])

    return _by_half(plan, run)


def _sections(plan: Plan) -> Measured:
    from evals.suites.sections import run_sections, section_figures
    from nlp_pipeline import find_sections

    def run(half: str) -> Measured:
        judged = run_sections(
            read_rows(CASES / "sections" / f"{half}.jsonl")[: plan.limit], find_sections, plan.progress
        )
        return Measured(section_figures(judged, plan.seed), [note.case for note in judged])

    return _by_half(plan, run)


def _links(plan: Plan) -> Measured:
    from evals.suites.assertions import read_notes, read_stand_off
    from evals.suites.links import link_figures, run_links

    texts = read_notes(_notes(plan))

    def run(half: str) -> Measured:
        rows = read_stand_off(CASES / "links" / f"{half}.jsonl")[: plan.limit]
        judged = run_links(rows, texts, lambda note: _extract(note, plan.services.nlp), plan.progress)
        return Measured(link_figures(judged, plan.seed), [note.case for note in judged])

    return _by_half(plan, run)


def _note_calculators(plan: Plan) -> Measured:
    from evals.suites.note_calculators import (
        note_calculator_figures,
        read_labelled,
        run_note_calculators,
        worst_calculators,
    )

    judged = run_note_calculators(read_labelled(_notes(plan), plan.split, plan.limit), plan.progress)
    remarks = (
        "Right by the benchmark's rule, under the conventions of each label's release; the textbook's answer beside it.",
        "Coverage is the share of all questions, the surest answers first; an abstention counts as wrong in accuracy.",
        *((worst_calculators(judged),) if judged else ()),
    )
    return Measured(note_calculator_figures(judged, plan.seed), [item.case for item in judged], remarks)


def _by_half(plan: Plan, run: Callable[[str], Measured]) -> Measured:
    """The halves side by side: each figure's group says whose it is, and the held cases stay closed."""
    figures: list[Figure] = []
    cases: list[CaseResult] = []
    for half in _halves(plan):
        measured = run(half)
        figures += [
            figure.model_copy(update={"group": half if figure.group == "all" else f"{half}, {figure.group}"})
            for figure in measured.figures
        ]
        cases += [_closed(case) if half == "held" else case for case in measured.cases]
    return Measured(figures, cases, (_CLOSED,) if "held" in _halves(plan) else ())


def _notes(plan: Plan) -> Path:
    if plan.notes is None:
        raise InvalidInput("this gold needs notes that are not shipped: name their file with --notes")
    return plan.notes


def _assert_spans(plan: Plan) -> Callable[[str, Sequence[tuple[int, int]]], list[Assertion]]:
    from nlp_pipeline import assert_spans

    return partial(assert_spans, nlp=plan.services.nlp)


_RUNNERS: Mapping[str, Callable[[Plan], Measured]] = {
    "record-qa": _record_qa,
    "record-qa-synthea": _record_qa_synthea,
    "agent-questions": _agent_questions,
    "safety": _safety,
    "poisoned": _poisoned,
    "dialogues": _dialogues,
    "story": _story,
    "verifier": _verifier,
    "adversarial-model": _adversarial_model,
    "extraction": _extraction,
    "assertions": _assertions,
    "case-events": _case_events,
    "sections": _sections,
    "links": _links,
    "note-calculators": _note_calculators,
}


def _extract(note: Note, nlp: Any) -> list[Fact]:
    from nlp_pipeline import extract

    return next(iter(extract([note], nlp=nlp)))


def failed_ids(report: Report) -> list[str]:
    """The ids of the cases that failed, in order."""
    return [case.id for case in report.cases if case.outcome is Outcome.FAILED]
