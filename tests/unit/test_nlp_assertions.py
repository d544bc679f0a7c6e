"""Assertion tables: every marked target of every sentence has exactly the attributes its line names."""

from __future__ import annotations

import re
import runpy
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.errors import InvalidInput
from nlp_pipeline import assert_spans, split_sentences

TABLES = Path(__file__).parents[1] / "data" / "assertions"
FLAGS = {"negated", "historical", "hypothetical", "family", "uncertain"}
REPORTS = {"discharge", "echocardiography", "emergency", "operative", "pathology", "radiology"}
_MARK = re.compile(r"\[(?P<target>[^\[\]{}]+)\]\{(?P<flags>[a-z,]*)\}")


class Case(NamedTuple):
    text: str
    spans: list[tuple[int, int]]
    expected: list[set[str]]


def parse(line: str) -> Case:
    """A marked line as text, spans and flags; anything but well-formed marks with known flags is refused."""
    text, spans, expected, position = "", [], [], 0
    line = line.replace("\\n", "\n")
    for match in _MARK.finditer(line):
        text += line[position : match.start()]
        spans.append((len(text), len(text) + len(match["target"])))
        text += match["target"]
        flags = {f for f in match["flags"].split(",") if f}
        assert flags <= FLAGS, f"unknown flag in {line!r}"
        expected.append(flags)
        position = match.end()
    text += line[position:]
    assert spans, f"no target in {line!r}"
    assert not set("[]{}") & set(text), f"stray mark in {line!r}"
    return Case(text, spans, expected)


def lines_of(name: str) -> list[str]:
    lines = (TABLES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


NAMES = sorted(path.stem for path in TABLES.glob("*.txt"))
LINES = [(name, line) for name in NAMES for line in lines_of(name)]


def judged(text: str, spans: list[tuple[int, int]]) -> list[set[str]]:
    return [{k.removeprefix("is_") for k, on in a.model_dump().items() if on} for a in assert_spans(text, spans)]


def test_each_attribute_has_its_table_with_sentences_for_and_against() -> None:
    assert set(NAMES) == FLAGS | REPORTS | {"stock_defects"}
    for name in FLAGS:
        cases = [parse(line) for line in lines_of(name)]
        holds = [name in flags for case in cases for flags in case.expected]
        assert holds.count(True) >= 10 and holds.count(False) >= 4, name
    for name in REPORTS:
        holds = ["negated" in flags for line in lines_of(name) for flags in parse(line).expected]
        assert holds.count(True) >= 20 and holds.count(False) >= 8, name
    assert sum(len(parse(line).spans) for _, line in LINES) == TARGETS


TARGETS = 2111


@pytest.mark.parametrize(("name", "line"), LINES, ids=[line[:60] for _, line in LINES])
def test_table(name: str, line: str) -> None:
    case = parse(line)
    assert judged(case.text, case.spans) == case.expected


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_hard_wrapped_text_gives_the_same_assertions(width: int) -> None:
    opening, checked = "The patient was seen and examined today in the clinic. ", 0
    for _, line in LINES:
        case = parse(line)
        if "\n" in case.text or " - " in case.text:
            continue  # a wrapped "- no" is a list item
        text = opening + case.text
        wrapped = "\n".join(textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False))
        if len(wrapped) != len(text):  # double spaces are not kept by wrapping
            continue
        spans = [(a + len(opening), b + len(opening)) for a, b in case.spans]
        assert judged(wrapped, spans) == case.expected, wrapped
        checked += len(spans)
    assert checked > 1300


def test_multiple_spaces_give_the_same_assertions() -> None:
    checked = 0
    for _, line in LINES:
        case = parse(line)
        if "\n" in case.text or "  " in case.text or re.match(r"[A-Z]+ [A-Z ]+:", case.text):
            continue  # headings are the sectionizer's
        spans = [(a + case.text[:a].count(" "), b + case.text[:b].count(" ")) for a, b in case.spans]
        assert judged(case.text.replace(" ", "  "), spans) == case.expected, line
        checked += len(spans)
    assert checked > 1300


def test_the_page_on_assertions_shows_the_tables() -> None:
    module = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "render_assertions.py"))
    page = module["PAGE"].read_text(encoding="utf-8")
    assert module["rendered"](page) == page, "run: python docs/render_assertions.py"
    assert page.count("<!-- table: ") == 6


@pytest.mark.parametrize("gap", ["\t", "\r\n", " \n "])
def test_tabs_and_line_ends_inside_a_cue_change_nothing(gap: str) -> None:
    for text, word, expected in [
        ("No evidence of fracture", "fracture", {"negated"}),
        ("the fracture was not seen", "fracture", {"negated"}),
        ("cannot rule out fracture", "fracture", {"uncertain"}),
        ("no change in edema", "edema", set()),
        ("return if you develop fever", "fever", {"hypothetical"}),
    ]:
        spaced = text.replace(" ", gap, 1)
        start = spaced.index(word)
        assert judged(spaced, [(start, start + len(word))]) == [expected], spaced


@pytest.mark.parametrize(("change", "share"), [(str.lower, 0.985), (str.upper, 0.97)])
def test_capitals_say_little(change: Callable[[str], str], share: float) -> None:
    same = total = 0
    for _, line in LINES:
        case = parse(line)
        changed = change(case.text)
        if len(changed) == len(case.text):
            same += sum(a == b for a, b in zip(judged(changed, case.spans), case.expected, strict=True))
            total += len(case.spans)
    assert same / total >= share


def test_a_missing_final_stop_changes_nothing() -> None:
    for _, line in LINES:
        case = parse(line)
        if case.text.endswith(".") and not case.text.endswith(("n.", "d.", "m.")):
            assert judged(case.text[:-1], case.spans) == case.expected, line


def test_a_target_is_judged_alike_alone_and_beside_the_others() -> None:
    differing = [
        line
        for _, line in LINES
        for case in [parse(line)]
        if [flags for span in case.spans for flags in judged(case.text, [span])] != case.expected
    ]
    assert len(differing) <= 6, differing  # "[pain without radiation], no [sweating]": the first holds a cue


def test_nested_and_overlapping_spans_are_judged_one_by_one() -> None:
    text = "no acute distress"
    assert judged(text, [(0, 17), (3, 17), (9, 17)]) == [set(), {"negated"}, {"negated"}]
    text = "possible left lower lobe pneumonia"
    assert judged(text, [(25, 34), (9, 34), (0, 34)]) == [{"uncertain"}, {"uncertain"}, set()]


@pytest.mark.parametrize(
    "text",
    ["fever " * 3000, "(" * 20_000, "no fever, " * 3000, "not " * 8000, "is was has been " * 3000, "no " + "a" * 50_000,
     ": no " * 8000, "- " * 15_000],
    ids=["words", "brackets", "list", "not", "verbs", "long word", "answers", "dashes"],
)  # fmt: skip
def test_hostile_text_takes_linear_time(text: str) -> None:
    judged("No fever.", [(3, 8)])
    begin = time.process_time()
    judged(text, [(i, i + 1) for i in range(0, len(text) - 1, 50) if not text[i].isspace()])
    assert time.process_time() - begin < 5


def test_overlapping_spans_keep_their_order() -> None:
    text = "No evidence of acute myocardial infarction. Cough."
    spans = [(text.index("Cough"), text.index("Cough") + 5), (15, 42), (21, 42)]
    assert judged(text, spans) == [set(), {"negated"}, {"negated"}]


@pytest.mark.parametrize("span", [(0, 0), (3, 2), (-1, 3), (0, 99)])
def test_a_span_outside_the_text_is_refused(span: tuple[int, int]) -> None:
    with pytest.raises(InvalidInput) as caught:
        assert_spans("No fever", [(0, 2), span])
    assert caught.value.details["index"] == 1


def test_a_marked_line_that_is_malformed_is_refused() -> None:
    for line in ("no target", "[fever]{wrong}", "[fever] {negated}"):
        with pytest.raises(AssertionError):
            parse(line)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Seen by Dr. Smith. No fever.", ["Seen by Dr. Smith.", "No fever."]),
        ("1. Hypertension\n2. Diabetes", ["1. Hypertension", "2. Diabetes"]),
        ("Denies chest\npain today.", ["Denies chest\npain today."]),
        ("Cr 1.4 today. K 5.9.", ["Cr 1.4 today.", "K 5.9."]),
        ("No fever\n\n\ncough", ["No fever", "cough"]),
        ("Lungs: clear\nHeart: regular", ["Lungs: clear", "Heart: regular"]),
        ("pain.Cough now", ["pain.", "Cough now"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_split_sentences(text: str, sentences: list[str]) -> None:
    assert [text[a:b] for a, b in split_sentences(text)] == sentences


def test_a_text_of_white_space_has_no_assertion() -> None:
    assert judged(" \n\n ", [(0, 1)]) == [set()]
