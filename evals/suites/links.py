"""Links in notes: a test to its value, a drug to its dose.

A fact makes a link when its characters touch both the name and the value of the gold and it carries the value. A blood
pressure is one link and two facts, and "elevated CRP of 35" says one value twice: a second fact of a link that was
found is neither right nor wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from domain.errors import InvalidInput
from domain.facts import Fact, FactKind, Frozen, Note
from domain.quantities import Quantity
from evals.metrics.agreement import Counts
from evals.report import CaseResult, Figure, Outcome
from evals.suites.assertions import note_key
from evals.suites.extraction import bootstrapped

Extract = Callable[[Note], list[Fact]]
Progress = Callable[[int, int, str], None]
KINDS = {"test_value": FactKind.OBSERVATION, "drug_dose": FactKind.MEDICATION}
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_THOUSANDS = re.compile(r"(?<=\d)[,\s](?=\d{3}(?!\d))")
_WORD = re.compile(r"\w+")
_NUMBER_WORDS = {"half": 0.5, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "ten": 10.0}
_SAME_WORDS = {"neg": "negative", "pos": "positive", "wnl": "normal", "within": "normal", "unremarkable": "normal"}


class JudgedLinks(NamedTuple):
    """One stretch of a note: its case for the report, and the counts of each kind of link."""

    case: CaseResult
    counts: dict[str, Counts]


def run_links(
    rows: Sequence[dict[str, Any]], texts: dict[str, str], extract: Extract, progress: Progress | None = None
) -> list[JudgedLinks]:
    """Judges rows `{note|text, stretch?, links: [{kind, name: [s, e], value: [s, e]}]}` in order.

    Raises:
        InvalidInput: a note of the gold is not among the texts.
    """
    missing = {row["note"] for row in rows if "text" not in row} - set(texts)
    if missing:
        raise InvalidInput(f"{len(missing)} notes of the gold are not in the notes file", missing=len(missing))
    judged = []
    for number, row in enumerate(rows, 1):
        judged.append(_judge(row, row.get("text") or texts[row["note"]], extract))
        if progress:
            progress(number, len(rows), judged[-1].case.id)
    return judged


def _judge(row: dict[str, Any], text: str, extract: Extract) -> JudgedLinks:
    case_id = str(row.get("id") or row.get("note") or note_key(text))
    low, high = row.get("stretch") or (0, len(text))
    error, facts = "", []
    try:
        facts = extract(Note(id=case_id, patient_id="gold", text=text))
    except Exception as fault:  # one note that breaks must not end a run
        error = type(fault).__name__
    counts, reasons = {}, []
    for kind in KINDS:
        gold = [link for link in row["links"] if link["kind"] == kind]
        found = [fact for fact in facts if _links(fact, kind) and low <= _span(fact)[0] and _span(fact)[1] <= high]
        counts[kind], faults = _compare(text, gold, found)
        reasons += [f"{kind}: {fault}" for fault in faults]
    outcome = Outcome.FAILED if reasons or error else Outcome.PASSED
    case = CaseResult(id=case_id, outcome=outcome, question=text[low:high], reasons=tuple(reasons), error=error)
    return JudgedLinks(case, counts)


def _links(fact: Fact, kind: str) -> bool:
    if fact.kind is not KINDS[kind] or fact.evidence.span is None:
        return False
    return fact.value is not None if kind == "test_value" else bool(_numbers_of(fact))


def _compare(text: str, gold: Sequence[dict[str, Any]], facts: Sequence[Fact]) -> tuple[Counts, list[str]]:
    missed, right = [], []
    used: set[int] = set()
    for link in gold:
        hits = [
            number
            for number, fact in enumerate(facts)
            if _touches(fact, link["name"]) and _touches(fact, link["value"]) and _agrees(fact, text, link["value"])
        ]
        used.update(hits)
        if hits:
            right.append(link)
        else:
            missed.append(f"missed {text[slice(*link['name'])]!r} {text[slice(*link['value'])]!r}")
    wrong = [
        f"not in the gold: {fact.text!r}"
        for number, fact in enumerate(facts)
        if number not in used and not any(_says_more(fact, link) for link in right)
    ]
    return Counts(len(right), len(wrong), len(missed)), missed + wrong


def _says_more(fact: Fact, link: dict[str, Any]) -> bool:
    """Whether a fact says a link that was found again: in words beside its number, or converted to another unit."""
    return _touches(fact, link["name"]) and (isinstance(fact.value, str) or _touches(fact, link["value"]))


def _span(fact: Fact) -> tuple[int, int]:
    span = fact.evidence.span
    return (span.start, span.end) if span else (0, 0)


def _touches(fact: Fact, marked: Sequence[int]) -> bool:
    start, end = _span(fact)
    return start < marked[1] and marked[0] < end


def _agrees(fact: Fact, text: str, marked: Sequence[int]) -> bool:
    quote = text[slice(*marked)].lower()
    numbers, carried = _written_numbers(quote), [abs(number) for number in _numbers_of(fact)]
    if numbers and carried:
        return any(abs(a - b) < 1e-6 for a in numbers for b in carried)
    return isinstance(fact.value, str) and bool(_plain_words(fact.value) & _plain_words(quote))


def _written_numbers(quote: str) -> list[float]:
    """The numbers of a quote without their signs, which a range looks like ("40-80 mg"); number words too."""
    figures = _NUMBER.findall(_THOUSANDS.sub("", quote))
    return [float(f) for f in figures] or [_NUMBER_WORDS[w] for w in _WORD.findall(quote) if w in _NUMBER_WORDS]


def _plain_words(text: str) -> set[str]:
    return {_SAME_WORDS.get(word, word) for word in _WORD.findall(text.lower().replace("non-", "non"))}


def _numbers_of(fact: Fact) -> list[float]:
    """Every number that the fact carries as a quantity: its value, or the doses of its sig in all their steps."""
    return _quantities(fact.sig) if fact.sig is not None else _quantities(fact.value)


def _quantities(value: object) -> list[float]:
    if isinstance(value, Quantity):
        return [value.value]
    if isinstance(value, tuple):
        return [number for item in value for number in _quantities(item)]
    if isinstance(value, Frozen):
        return [number for _, item in value for number in _quantities(item)]
    return []


def link_figures(judged: Sequence[JudgedLinks], seed: int) -> list[Figure]:
    """Precision, recall and F1 of each kind of link."""
    return [
        bootstrapped(f"{kind.replace('_', '–')} {metric}", "all", [j.counts[kind] for j in judged], metric, seed)
        for kind in KINDS
        for metric in ("precision", "recall", "f1")
    ]
