"""Where in a series a question points, and which comparison it makes."""

from __future__ import annotations

import pytest

from agents.embedded.reading.places import asks_for_newest_two, asks_for_whole_course, comparison_of, has_limit

LIMITS = [
    ("systolic of 140 or more", "at_least"), ("readings at or above 140", "at_least"), ("BP 140+", "at_least"), ("> 5.5", "above"),
    ("above 200", "above"), ("no more than 3", "at_most"), ("at or below 60", "at_most"), ("under 7", "below"), ("130 and over", "at_least"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "comparison"), LIMITS)
def test_limits(text: str, comparison: str) -> None:
    assert has_limit(text) and comparison_of(text) == comparison


@pytest.mark.parametrize("text", ["the last 3 readings", "creatinine over the years", "how many readings since March"])
def test_numbers_that_are_no_limits(text: str) -> None:
    assert not has_limit(text)


@pytest.mark.parametrize(
    "text",
    ["latest versus the one before", "newest vs previous", "last value compared with the prior one", "previous against latest", "last two"],
)  # fmt: skip
def test_the_newest_two(text: str) -> None:
    assert asks_for_newest_two(text)


@pytest.mark.parametrize(
    "text", ["weight then versus now", "lost weight overall?", "since the beginning", "from the first to last"]
)
def test_the_whole_course(text: str) -> None:
    assert asks_for_whole_course(text)


@pytest.mark.parametrize("text", ["latest potassium", "the one before the last", "potassium in 2020"])
def test_one_value_is_neither(text: str) -> None:
    assert not asks_for_newest_two(text) and not asks_for_whole_course(text)
