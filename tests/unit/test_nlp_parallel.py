"""Batches over processes: the same rows in the same order, few read ahead, and an error reaches the reader."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

import pytest

from domain.facts import Note
from nlp_pipeline import extract, extract_rows
from nlp_pipeline.parallel import map_batches

ROWS = [{"id": n, "text": f"Patient {n} denies fever. Cr {n / 10}."} for n in range(1, 12)]


def doubled(batch: list[int]) -> list[int]:
    if 13 in batch:
        raise ValueError("unlucky")
    return [2 * n for n in batch]


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(map_batches(doubled, range(10), 3, 2)) == [2 * n for n in range(10)]


def test_an_endless_source_is_read_a_bounded_way_ahead() -> None:
    seen: list[int] = []

    def source() -> Iterator[int]:
        for n in count(20):
            seen.append(n)
            yield n

    assert list(islice(map_batches(doubled, source(), 2, 2), 3)) == [40, 42, 44]
    assert len(seen) <= 2 * 2 * 4


def test_an_error_in_a_process_reaches_the_reader() -> None:
    with pytest.raises(ValueError, match="unlucky"):
        list(map_batches(doubled, range(10, 20), 2, 2))


def test_two_processes_give_the_rows_of_one() -> None:
    rows = [*ROWS, {"id": "bad", "text": 5}]
    assert list(extract_rows(rows, batch_size=3, processes=2)) == list(extract_rows(rows, batch_size=4))


def test_two_processes_give_the_facts_of_one() -> None:
    notes = [Note(id=str(row["id"]), patient_id="p", text=str(row["text"])) for row in ROWS]
    assert list(extract(notes, batch_size=2, processes=2)) == list(extract(notes))
