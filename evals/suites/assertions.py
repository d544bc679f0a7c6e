"""Assertions of marked concepts: the spans are given, their five attributes are judged.

Two golds: clinical sentences of our own in three layouts, and events of published case reports. The reports are not
ours to ship, so that gold counts the characters of a notes file which the evaluator names.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import InvalidInput
from domain.facts import Assertion
from evals.marked import FLAGS, LAYOUTS, Marked
from evals.metrics.agreement import Counts
from evals.report import CaseResult, Figure, Outcome
from evals.suites.extraction import bootstrapped

Assert = Callable[[str, Sequence[tuple[int, int]]], list[Assertion]]
Progress = Callable[[int, int, str], None]


class Judged(NamedTuple):
    """One text: its case for the report, and the counts of each attribute."""

    case: CaseResult
    counts: dict[str, Counts]


def run_assertions(
    cases: Sequence[tuple[str, str, Marked]], assert_spans: Assert, progress: Progress | None = None
) -> list[Judged]:
    """Judges each (id, category, marked text), in order; a text whose assertion breaks misses every flag."""
    judged = []
    for number, (case_id, category, marked) in enumerate(cases, 1):
        judged.append(_judge(case_id, category, marked, assert_spans))
        if progress:
            progress(number, len(cases), case_id)
    return judged


def _judge(case_id: str, category: str, marked: Marked, assert_spans: Assert) -> Judged:
    error = ""
    try:
        found = [flags_of(assertion) for assertion in assert_spans(marked.text, marked.spans)]
    except Exception as fault:  # one text that breaks must not end a run
        error, found = type(fault).__name__, [frozenset[str]()] * len(marked.spans)
    counts: dict[str, Counts] = {}
    for flag in FLAGS:
        pairs = [(flag in said, flag in gold) for said, gold in zip(found, marked.flags, strict=True)]
        counts[flag] = Counts(pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))
    reasons = tuple(
        f"{marked.text[a:b]!r}: {_names(said)}, gold {_names(gold)}"
        for (a, b), said, gold in zip(marked.spans, found, marked.flags, strict=True)
        if said != gold
    )
    outcome = Outcome.FAILED if reasons or error else Outcome.PASSED
    case = CaseResult(
        id=case_id, category=category, outcome=outcome, question=marked.text, reasons=reasons, error=error
    )
    return Judged(case, counts)


def flags_of(assertion: Assertion) -> frozenset[str]:
    """The attributes that hold, by their names in the gold."""
    return frozenset(flag for flag in FLAGS if getattr(assertion, f"is_{flag}"))


def _names(flags: Iterable[str]) -> str:
    return "+".join(sorted(flags)) or "present"


def in_layouts(cases: Sequence[tuple[str, Marked]]) -> list[tuple[str, str, Marked]]:
    """Each text clean, with white space collapsed, and hard-wrapped; the layout is the category."""
    return [
        (f"{case_id}-{layout}", layout, arrange(marked))
        for layout, arrange in LAYOUTS.items()
        for case_id, marked in cases
    ]


def assertion_figures(judged: Sequence[Judged], seed: int) -> list[Figure]:
    """Precision, recall and F1 of each attribute, one category (a layout) at a time: they hold the same sentences."""
    by_category: dict[str, list[Judged]] = defaultdict(list)
    for item in judged:
        by_category[item.case.category].append(item)
    return [
        bootstrapped(f"{flag} {metric}", category, [item.counts[flag] for item in items], metric, seed)
        for flag in FLAGS
        for metric in ("precision", "recall", "f1")
        for category, items in by_category.items()
    ]


def note_key(text: str) -> str:
    """The name of a note in stand-off gold: the first 16 hexadecimal digits of the SHA-256 of its text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_notes(path: Path) -> dict[str, str]:
    """The texts of a JSON-lines file, plain or gzipped, by `note_key`; a row holds `patient_note` or `text`.

    Raises:
        InvalidInput: the file is missing or is not JSON lines.
    """
    if not path.is_file():
        raise InvalidInput(f"there is no notes file {path.name}", file=path.name)
    opener = gzip.open if path.suffix == ".gz" else open
    texts: dict[str, str] = {}
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                text = row.get("patient_note") or row["text"]
            except (ValueError, KeyError, AttributeError, TypeError):
                raise InvalidInput(f"{path.name}, line {number}: not an object with patient_note or text") from None
            texts[note_key(text)] = text
    return texts


def read_stand_off(path: Path) -> list[dict[str, Any]]:
    """The rows of a stand-off gold file.

    Raises:
        InvalidInput: the file is missing or a row is not a JSON object.
    """
    if not path.is_file():
        raise InvalidInput(f"there is no gold file {path.name}", file=path.name)
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise InvalidInput(f"{path.name}, line {number}: not a JSON object", file=path.name, line=number)
        rows.append(row)
    return rows


def events_of(rows: Sequence[dict[str, Any]], texts: dict[str, str]) -> list[tuple[str, str, Marked]]:
    """The events of each note as one case over its whole text.

    Raises:
        InvalidInput: a note of the gold is not among the texts.
    """
    spans: dict[str, list[tuple[int, int, frozenset[str]]]] = defaultdict(list)
    for row in rows:
        if "start" in row:
            spans[row["note"]].append((row["start"], row["end"], frozenset(row["flags"])))
    missing = set(spans) - set(texts)
    if missing:
        raise InvalidInput(f"{len(missing)} notes of the gold are not in the notes file", missing=len(missing))
    return [
        (
            key,
            "all",
            Marked(texts[key], tuple((a, b) for a, b, _ in marks), tuple(flags for _, _, flags in marks)),
        )
        for key, marks in spans.items()
    ]
