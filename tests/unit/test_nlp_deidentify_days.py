"""Days without a year: which are found, what only looks like one, and that they move and come back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nlp_pipeline.deidentify import deidentify, reidentify
from nlp_pipeline.deidentify.dates import find_dates

KEY = b"0123456789abcdef0123456789abcdef"
TABLE = Path(__file__).parents[1] / "data" / "deidentify" / "bare_days.txt"
MARK = re.compile(r"\[(?P<day>\d[^]]*)\]|\{(?P<other>\d[^}]*)\}")


def marked(line: str) -> tuple[str, set[str], set[str]]:
    """A line without its marks, the places of its days, and of what only looks like one."""
    text, days, others, position = "", set(), set(), 0
    for match in MARK.finditer(line):
        text += line[position : match.start()]
        words = match["day"] or match["other"]
        (days if match["day"] else others).add(f"{len(text)}:{words}")
        text += words
        position = match.end()
    return text + line[position:], days, others


LINES = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def test_the_table_is_as_large_as_it_says() -> None:
    told = [marked(line) for line in LINES]
    assert sum(len(days) for _, days, _ in told) >= 100 and sum(len(others) for _, _, others in told) >= 90


@pytest.mark.parametrize("line", LINES)
def test_a_day_is_told_from_what_looks_like_one(line: str) -> None:
    text, days, others = marked(line)
    found = {f"{d.start}:{text[d.start : d.end]}" for d in find_dates(text)}
    assert found == days and not found & others


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zosyn 10/20-10/24.", ["10/20", "10/24"]),
        ("IV iron [3/14-16].", ["3/14-16"]),
        ("Admitted 10/18, grew MRSA on the 20th and cleared.", ["10/18", "20th"]),
        ("Seen 18OCT26 and 19Oct in clinic.", ["18OCT26", "19Oct"]),
        ("Seen on 23/4 in clinic.", ["23/4"]),
        ("The 90th percentile, on the 4th dose, before the 3rd rib.", []),
        ("Available 24/7 on the ward.", []),
    ],
)
def test_other_ways_to_write_a_day(text: str, expected: list[str]) -> None:
    assert [text[d.start : d.end] for d in find_dates(text)] == expected


@pytest.mark.parametrize(
    "text", ["IV iron 3/14-16.", "IV iron 3/30-31, then 4/2.", "On 10/18; again on the 31st.", "Seen on 23/4."]
)
@pytest.mark.parametrize("patient", ["p1", "p2", "p3", "p4"])
def test_days_move_and_come_back(text: str, patient: str) -> None:
    safe = deidentify(text, patient_id=patient, key=KEY)
    assert not set(re.findall(r"\d{1,2}/\d{1,2}|\d+(?:st|th)", text)) & set(re.findall(r"\d{1,2}/\d{1,2}|\d+(?:st|nd|rd|th)", safe.text))  # fmt: skip
    assert "[date]" not in safe.text and reidentify(safe.text, safe.sealed, key=KEY) == text
