"""The suites that judge reading: marked text, assertions in three layouts, section headers, links to values."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.errors import InvalidInput
from domain.facts import Assertion, Evidence, Fact, FactKind, MedicationSig, Note, Span, span_ref
from domain.quantities import Quantity
from evals.marked import LAYOUTS, Marked, parse_marked, read_marked
from evals.suites.assertions import (
    assertion_figures,
    events_of,
    in_layouts,
    note_key,
    read_notes,
    read_stand_off,
    run_assertions,
)
from evals.suites.links import link_figures, run_links
from evals.suites.sections import run_sections, section_figures
from nlp_pipeline.structure.sections import Section

LINE = r"No  [cough  or cold]{negated}\n\n but  father had [a stroke]{family,historical} and [fever]{} "


def words(marked: Marked) -> list[str]:
    return [" ".join(marked.text[a:b].split()) for a, b in marked.spans]


# --- marked text ----------------------------------------------------------------------------------------------------


def test_a_marked_line_is_text_spans_and_flags() -> None:
    marked = parse_marked(LINE)
    assert words(marked) == ["cough or cold", "a stroke", "fever"]
    assert marked.flags == (frozenset({"negated"}), frozenset({"family", "historical"}), frozenset())
    assert "\n\n but" in marked.text


@pytest.mark.parametrize("line", ["no target", "[x]{unheard}", "[x]{negated} [y]", "[x]{} }"])
def test_a_line_that_is_not_well_formed_is_refused(line: str) -> None:
    with pytest.raises(InvalidInput):
        parse_marked(line)


def test_every_layout_keeps_the_targets() -> None:
    for arrange in LAYOUTS.values():
        assert words(arrange(parse_marked(LINE))) == ["cough or cold", "a stroke", "fever"]
    assert "\n" not in LAYOUTS["collapsed"](parse_marked(LINE)).text
    long = parse_marked("The patient has had [cough]{} for many days and now also complains of [fever]{} at night.")
    assert "\n" in LAYOUTS["hard-wrapped"](long).text and words(LAYOUTS["hard-wrapped"](long)) == ["cough", "fever"]


def test_a_faulty_line_of_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gold.txt"
    path.write_text("# style\n[a]{}\nnothing\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="line 3"):
        read_marked(path)
    with pytest.raises(InvalidInput, match="no gold file"):
        read_marked(tmp_path / "none.txt")


# --- assertions -----------------------------------------------------------------------------------------------------


def all_negated(text: str, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
    return [Assertion(is_negated=True) for _ in spans]


def test_counts_are_of_targets_and_a_wrong_flag_fails_its_sentence() -> None:
    cases = [("1", "all", parse_marked("No [a]{negated}.")), ("2", "all", parse_marked("[b]{} and [c]{uncertain}."))]
    judged = run_assertions(cases, all_negated)
    assert [item.case.outcome for item in judged] == ["passed", "failed"]
    figures = {figure.name: figure.value for figure in assertion_figures(judged, seed=0)}
    assert figures["negated precision"] == pytest.approx(1 / 3)
    assert figures["negated recall"] == 1.0
    assert figures["uncertain recall"] == 0.0


def test_a_text_that_breaks_misses_its_flags_and_the_run_goes_on() -> None:
    def broken(text: str, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
        raise RuntimeError("secret words")

    judged = run_assertions([("1", "all", parse_marked("No [a]{negated}."))] * 2, broken)
    assert [item.case.error for item in judged] == ["RuntimeError"] * 2
    assert judged[0].counts["negated"].false_negative == 1


def test_layouts_are_reported_apart() -> None:
    judged = run_assertions(in_layouts([("1", parse_marked("No [a]{negated}."))]), all_negated)
    groups = {figure.group for figure in assertion_figures(judged, seed=0)}
    assert groups == {"clean", "collapsed", "hard-wrapped"}


def test_stand_off_events_find_their_note(tmp_path: Path) -> None:
    text = "No fever, but cough."
    notes, gold = tmp_path / "notes.jsonl.gz", tmp_path / "gold.jsonl"
    with gzip.open(notes, "wt", encoding="utf-8") as out:
        out.write(json.dumps({"patient_note": text}) + "\n")
    rows = [{"note": note_key(text), "start": 3, "end": 8, "flags": ["negated"]}, {"note": "x", "stretch": [0, 9]}]
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    [(key, _, marked)] = events_of(read_stand_off(gold), read_notes(notes))
    assert (key, words(marked), marked.flags) == (note_key(text), ["fever"], (frozenset({"negated"}),))
    with pytest.raises(InvalidInput, match="not in the notes file"):
        events_of(read_stand_off(gold), {})


# --- sections -------------------------------------------------------------------------------------------------------


def test_a_header_counts_where_it_stands_and_as_it_reads() -> None:
    text = "HPI: cough.\nPlan: rest."
    gold = [{"start": 0, "end": 3, "category": "hpi"}, {"start": 12, "end": 16, "category": "plan"}]
    found = [Section(0, 12, "HPI", "other"), Section(12, 23, "Plan: rest", "plan")]
    [judged] = run_sections([{"id": "1", "text": text, "headers": gold}], lambda text: found)
    assert judged.counts == (1, 1, 1)
    assert judged.categories == (False,)
    assert {figure.name: figure.value for figure in section_figures([judged], 0)}["header f1"] == 0.5


# --- links ----------------------------------------------------------------------------------------------------------

NOTE = "Na was 131 mmol/L, CRP elevated. Given prednisone 40 mg then 20 mg."


def fact(kind: FactKind, words_: str, value: Any = None, sig: MedicationSig | None = None) -> Fact:
    start = NOTE.index(words_)
    ref = span_ref(Span(note_id="n", start=start, end=start + len(words_)))
    return Fact(id=words_, kind=kind, text=words_, value=value, sig=sig, evidence=Evidence(ref=ref))


def link(kind: str, name: str, value: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": [NOTE.index(name), NOTE.index(name) + len(name)],
        "value": [NOTE.index(value), NOTE.index(value) + len(value)],
    }


GOLD = [
    link("test_value", "Na", "131 mmol/L"),
    link("test_value", "CRP", "elevated"),
    link("drug_dose", "prednisone", "40 mg"),
]


def judged_links(facts: list[Fact]) -> dict[str, tuple[int, int, int]]:
    def extract(note: Note) -> list[Fact]:
        return facts

    [judged] = run_links([{"text": NOTE, "links": GOLD}], {}, extract)
    assert len(link_figures([judged], 0)) == 6
    return {kind: tuple(counts) for kind, counts in judged.counts.items()}


def test_a_link_needs_both_ends_and_the_value() -> None:
    sodium = fact(FactKind.OBSERVATION, "Na was 131 mmol/L", Quantity(value=131, unit="mmol/L"))
    crp = fact(FactKind.OBSERVATION, "CRP elevated", "elevated")
    dose = MedicationSig(drug="prednisone", dose=Quantity(value=40, unit="mg"))
    drug = fact(FactKind.MEDICATION, "prednisone 40 mg", sig=dose)
    assert judged_links([sodium, crp, drug]) == {"test_value": (2, 0, 0), "drug_dose": (1, 0, 0)}
    assert judged_links([sodium.model_copy(update={"value": Quantity(value=13, unit="mmol/L")})]) == {
        "test_value": (0, 1, 2),
        "drug_dose": (0, 0, 1),
    }
    short = fact(FactKind.OBSERVATION, "131 mmol/L", Quantity(value=131, unit="mmol/L"))
    assert judged_links([short])["test_value"] == (0, 1, 2)


def test_a_fact_without_a_value_is_no_link() -> None:
    drug = fact(FactKind.MEDICATION, "prednisone", sig=MedicationSig(drug="prednisone"))
    assert judged_links([drug])["drug_dose"] == (0, 0, 1)
