"""The seeded notes: the same for a seed, one by one, in many lengths, styles and words."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from itertools import islice

import pytest

from domain.facts import Note
from knowledge_base.demo.notes import FIRST_DAY, LAST_DAY, LONGEST, SHORTEST, generate_notes
from knowledge_base.demo.phrase_book import note_types, phrases
from knowledge_base.demo.phrase_grammar import Draft, compile_rules, read_rules


@pytest.fixture(scope="module")
def notes() -> list[Note]:
    return list(generate_notes(400, seed=11))


# -- the same notes for a seed --------------------------------------------------------------------------------------


def test_a_seed_gives_the_same_notes_whatever_their_number() -> None:
    few, many = list(generate_notes(5, seed=3)), list(generate_notes(40, seed=3))
    assert few == many[:5]
    assert [note.id for note in few] == [f"gen-3-{number}" for number in range(1, 6)]


def test_seeds_differ() -> None:
    assert not {n.text for n in generate_notes(20, seed=1)} & {n.text for n in generate_notes(20, seed=2)}


@pytest.mark.parametrize("hash_seed", ["0", "271828"])
def test_another_process_writes_the_same_notes(hash_seed: str) -> None:
    code = "from knowledge_base.demo.notes import generate_notes as g; print([n.text for n in g(12, 7)])"
    printed = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        env={"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert printed.stdout.strip() == str([note.text for note in generate_notes(12, 7)])


def test_notes_are_written_as_they_are_asked_for() -> None:
    endless = generate_notes(10**12)
    assert iter(endless) is endless
    assert len(list(islice(endless, 3))) == 3


def test_a_negative_number_is_refused_at_once_and_zero_gives_none() -> None:
    with pytest.raises(ValueError, match="-1"):
        generate_notes(-1)
    assert list(generate_notes(0)) == []


# -- what a note is -------------------------------------------------------------------------------------------------


def test_every_note_is_filled_in(notes: list[Note]) -> None:
    titles = {kind.name: kind.titles for kind in note_types()}
    for note in notes:
        assert note.patient_id == "gen"
        assert note.title in titles[note.note_type]
        assert note.author.startswith("Dr. ")
        assert note.time is not None and FIRST_DAY <= note.time.date() <= LAST_DAY
        assert note.text == note.text.strip() != ""
        assert not set("{}~@") & set(note.text.replace("~ ", "")), "a slot was left open"


def test_lengths_are_spread_like_those_of_real_notes(notes: list[Note]) -> None:
    lengths = sorted(len(note.text) for note in notes)
    assert SHORTEST <= lengths[0] and lengths[-1] <= LONGEST
    quarter, half, three_quarters = (lengths[len(lengths) * part // 4] for part in (1, 2, 3))
    assert 1000 < quarter < 2000 < half < 3200 < three_quarters < 5500
    assert lengths[len(lengths) // 20] < 1000 and lengths[-len(lengths) // 20] > 6500


# -- variety --------------------------------------------------------------------------------------------------------


def test_every_note_type_comes_up(notes: list[Note]) -> None:
    seen = Counter(note.note_type for note in notes)
    assert len(seen) == len(note_types()) >= 14
    assert min(seen.values()) >= 5


def test_most_runs_of_eight_words_occur_once(notes: list[Note]) -> None:
    runs: Counter[tuple[str, ...]] = Counter()
    for note in notes:
        words = note.text.lower().split()
        runs.update(zip(*(words[start:] for start in range(8)), strict=False))
    assert sum(count == 1 for count in runs.values()) > 0.9 * len(runs)
    assert sum(count == 1 for count in runs.values()) > 0.85 * runs.total()


def test_the_vocabulary_is_broad(notes: list[Note]) -> None:
    words = Counter(word for note in notes for word in re.findall(r"[^\W\d_]{2,}", note.text.lower()))
    assert len(words) > 2500
    assert sum(count >= 2 for count in words.values()) > 1800  # not a matter of typos alone


@pytest.mark.parametrize(
    ("style", "pattern"),
    [
        ("dictated, with capital headers", r"(?m)^[A-Z][A-Z /&]{6,}:"),
        ("bulleted", r"(?m)^\s*[-*•] ?\S.*\n\s*[-*•] ?\S"),
        ("numbered", r"(?m)^1[.)] .*\n(?:.*\n)*?2[.)] "),
        ("a table", r"(?m)^.*(?: \| |\t).*(?: \| |\t).*\n.*(?: \| |\t)"),
        ("telegraphic", r"(?:p/w|c/o|w/|h/o) "),
        ("full prose", r"\b[Tt]he patient\b.*\."),
        ("carriage returns", r"\r\n"),
        ("hard-wrapped", r"(?m)^(?:.{50,100}\n){6}"),
        ("one line", r"\A[^\n]{1500,}\Z"),
        ("negated lists", r"(?i)\b(?:denies|no|denied) [\w -]+, [\w -]+(?:,| or) "),
        ("family history", r"(?i)\b(?:mother|father|brother)\b.* (?:age|died|with) "),
        ("return precautions", r"(?i)\breturn (?:to the|if|for) "),
        ("capitals throughout", r"\A[^a-z]{200,}\Z"),
        ("no capitals", r"\A[^A-Z]{200,}\Z"),
    ],
)
def test_styles_come_up(notes: list[Note], style: str, pattern: str) -> None:
    seen = sum(re.search(pattern, note.text) is not None for note in notes)
    assert 2 <= seen < len(notes), style


def test_sections_change_their_order_and_their_headers(notes: list[Note]) -> None:
    def firsts(text: str) -> str:
        return text.lstrip("#[*= ")[:6].lower()

    openings = {kind.name: {firsts(n.text) for n in notes if n.note_type == kind.name} for kind in note_types()}
    assert min(map(len, openings.values())) >= 4, {name: len(seen) for name, seen in openings.items()}


# -- the grammar ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("register", ["full", "mixed", "short"])
def test_every_section_has_phrases_and_headers(register: str) -> None:
    rules = phrases(register)
    names = {n for kind in note_types() for entry in kind.sections for n in entry.rstrip("*?").split("|")}
    assert [name for name in sorted(names) if f"header.{name}" not in rules] == []


def _filled(*lines: str, draws: float = 0.0) -> str:
    rules = compile_rules(read_rules(lines), lambda text: text)
    return rules["start"].text(Draft(lambda: draws, 738_000, "{d.year}-{d.month:02}-{d.day:02}", {"name": "Ms. A"}))


@pytest.mark.parametrize(
    ("template", "lowest", "highest"),
    [
        ("{3-12} mg", "3 mg", "12 mg"),
        ("{1.1-2.0}", "1.1", "2.0"),
        ("{50-90/20}", "50", "90"),
        ("{-3-2}", "-3", "2"),
        ("{left~the {a~b} side}", "left", "the b side"),
        ("pain{~ today}", "pain", "pain today"),
        ("{@name} on {today}", "Ms. A on 2021-07-29", "Ms. A on 2021-07-29"),
        ("{word,2-2}", "one", "two"),  # what is drawn twice is said once
    ],
)
def test_slots(template: str, lowest: str, highest: str) -> None:
    lines = ("%% words", "== word", "one | two", "== start", template)
    assert _filled(*lines) == lowest
    assert _filled(*lines, draws=0.999) == highest


@pytest.mark.parametrize("template", ["{nothing}", "{open", "{9-3}", "{nothing,2-3}"])
def test_a_slot_that_cannot_be_filled_is_refused(template: str) -> None:
    with pytest.raises(ValueError):
        _filled("== start", template)
