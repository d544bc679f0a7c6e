"""Suites over what is read from notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from domain.errors import InvalidInput
from domain.facts import Assertion, Fact, Note
from evals.gold import CASES, read_rows
from evals.plan import Measured, Plan, by_half
from evals.report import latency_figures, proportion


def extraction(plan: Plan) -> Measured:
    """Facts of the demo notes."""
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


def assertions(plan: Plan) -> Measured:
    """Attributes of marked concepts, in three layouts."""
    from evals.marked import read_marked
    from evals.suites.assertions import assertion_figures, in_layouts, run_assertions

    def run(half: str) -> Measured:
        sentences = read_marked(CASES / "assertions" / f"{half}.txt")[: plan.limit]
        cases = in_layouts([(f"{half}-{number}", marked) for number, marked in enumerate(sentences, 1)])
        judged = run_assertions(cases, _assert_spans(plan), plan.progress)
        return Measured(assertion_figures(judged, plan.seed), [item.case for item in judged])

    return by_half(plan, run)


def case_events(plan: Plan) -> Measured:
    """Attributes of marked events in case reports."""
    from evals.suites.assertions import assertion_figures, events_of, read_notes, read_stand_off, run_assertions

    texts = read_notes(_notes(plan))

    def run(half: str) -> Measured:
        cases = events_of(read_stand_off(CASES / "case_events" / f"{half}.jsonl"), texts)[: plan.limit]
        judged = run_assertions(cases, _assert_spans(plan), plan.progress)
        return Measured(assertion_figures(judged, plan.seed), [item.case for item in judged])

    return by_half(plan, run)


def sections(plan: Plan) -> Measured:
    """Section headers."""
    from evals.suites.sections import run_sections, section_figures
    from nlp_pipeline import find_sections

    def run(half: str) -> Measured:
        judged = run_sections(
            read_rows(CASES / "sections" / f"{half}.jsonl")[: plan.limit], find_sections, plan.progress
        )
        return Measured(section_figures(judged, plan.seed), [note.case for note in judged])

    return by_half(plan, run)


def links(plan: Plan) -> Measured:
    """Tests linked to values, drugs to doses."""
    from evals.suites.assertions import read_notes, read_stand_off
    from evals.suites.links import link_figures, run_links

    texts = read_notes(_notes(plan))

    def run(half: str) -> Measured:
        rows = read_stand_off(CASES / "links" / f"{half}.jsonl")[: plan.limit]
        judged = run_links(rows, texts, lambda note: _extract(note, plan.services.nlp), plan.progress)
        return Measured(link_figures(judged, plan.seed), [note.case for note in judged])

    return by_half(plan, run)


def note_calculators(plan: Plan) -> Measured:
    """Calculated answers over labelled notes."""
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


def _notes(plan: Plan) -> Path:
    if plan.notes is None:
        raise InvalidInput("this gold needs notes that are not shipped: name their file with --notes")
    return plan.notes


def _assert_spans(plan: Plan) -> Callable[[str, Sequence[tuple[int, int]]], list[Assertion]]:
    from nlp_pipeline import assert_spans

    return partial(assert_spans, nlp=plan.services.nlp)


def _extract(note: Note, nlp: Any) -> list[Fact]:
    from nlp_pipeline import extract

    return next(iter(extract([note], nlp=nlp)))
