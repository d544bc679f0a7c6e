"""Free-form clinical notes from a seed, for benchmarks and differential tests: many note types, authors and layouts.

The sentences come from the grammar in `phrases/`. They are grammatical and plausible one by one; a whole note is not a
coherent patient (`generator.py` writes those). The same seed gives the same notes on any platform, whatever their
number: note 7 of 10 is note 7 of 1000.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeVar

from domain.facts import Note
from knowledge_base.demo.phrase_book import NoteType, note_types, phrases
from knowledge_base.demo.phrase_grammar import DATE_FORMATS, Draft, Rule

SHORTEST, LONGEST = 200, 12_000
FIRST_DAY, LAST_DAY = date(2016, 1, 4), date(2026, 10, 30)

# Quantiles 0, 0.05, ... 1 of a log-normal length (median 2,500 characters, sigma 0.8), cut at the ends. A table instead
# of exp() and log(), whose last digit differs between mathematical libraries.
_LENGTHS = (290, 670, 897, 1091, 1275, 1457, 1643, 1837, 2041, 2261, 2500, 2764, 3062, 3403, 3803, 4288, 4902, 5729,
            6970, 9321, 11000)  # fmt: skip

_Item = TypeVar("_Item")


def generate_notes(n: int, seed: int = 0) -> Iterator[Note]:
    """`n` synthetic notes, written one by one as they are asked for.

    Args:
        n: Number of notes, 0 or more.
        seed: Any whole number; it becomes part of the note ids (`gen-<seed>-<number>`).

    Raises:
        ValueError: `n` is negative.
    """
    if n < 0:
        raise ValueError(f"n is {n}; there are 0 or more notes")
    return (_note(seed, number) for number in range(1, n + 1))


# -- authors --------------------------------------------------------------------------------------------------------

_HEADERS = (
    "{}:\n",
    "{}:\n",
    "{}: ",
    "{}: ",
    "{}\n",
    "## {}\n",
    "**{}:** ",
    "[{}]\n",
    "{} - ",
    "{}:\n\n",
    "==={}===\n",
    "#{}\n",
)
_BULLETS = ("- ", "* ", "• ", "{}. ", "{}) ", "", "  - ", "\t", "-", "# ")
_RUN_IN = (". ", "; ", ", ", ". ", "  ")
_COLUMNS = (" | ", "\t", "  ", " / ", ", ", None)  # None pads the cells
_LAYOUTS = ("lines", "lines", "lines", "wrapped", "wrapped", "flat")


class _Author(NamedTuple):
    """How somebody writes."""

    register: str
    header: str
    header_case: Callable[[str], str]
    bullet: str | None  # None runs the items of a list together
    bullet_prose: bool
    run_in: str
    columns: str | None
    gap: str  # between sentences
    layout: str
    width: int
    blank_lines: bool
    whole_note: Callable[[str], str]
    date_format: str
    letters_per_typo: int  # 0 for none
    newline: str


def _same(text: str) -> str:
    return text


def _pick(draw: Callable[[], float], items: Sequence[_Item]) -> _Item:
    return items[int(draw() * len(items))]


def _author(draw: Callable[[], float]) -> _Author:
    header = _pick(draw, _HEADERS)
    return _Author(
        register=_pick(draw, ("full", "full", "full", "mixed", "mixed", "short", "short")),
        header=header,
        header_case=_pick(draw, (_same, _same, str.upper, str.upper, str.lower)),
        bullet=_pick(draw, _BULLETS) if draw() < 0.6 else None,
        bullet_prose=draw() < 0.12,
        run_in=_pick(draw, _RUN_IN),
        columns=_pick(draw, _COLUMNS),
        gap=_pick(draw, (" ", " ", " ", "  ")),
        layout=_pick(draw, _LAYOUTS),
        width=60 + int(draw() * 41),
        blank_lines=draw() < 0.5,
        whole_note=_pick(draw, (_same,) * 28 + (str.upper, str.lower)),
        date_format=_pick(draw, DATE_FORMATS),
        letters_per_typo=_pick(draw, (0, 0, 0, 2500, 900, 400)),
        newline="\r\n" if draw() < 0.02 else "\n",
    )


# -- one note -------------------------------------------------------------------------------------------------------

_SENTENCES = frozenset(
    ("hpi", "interval", "assessment", "course", "advice", "op", "rad", "nursing", "psych", "peds_history", "phone")
    + ("letter_open", "letter_close")
)
_TABLES = {"lab_table": "lab_row", "meds": "sig_row", "dc_meds": "sig_row"}
_RULES = {"vitals": "vitals", "labs": "lab_line", "allergies": "allergy"}
_MOST_CHARACTERS = {"cc": 60, "allergies": 200, "letter_open": 200, "letter_close": 300, "vitals": 500, "ecg": 400}
_NO_ALLERGY_SHARE = 0.45
_OFTEN_WITHOUT_HEADERS = frozenset(("Consult Letter", "Telephone Note", "Nursing Note", "Social Work Note"))


def _note(seed: int, number: int) -> Note:
    draw = random.Random(f"note/{seed}/{number}").random
    kind = _pick(draw, note_types())
    author = _author(draw)
    rules = phrases(author.register)
    time = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(
        minutes=int(draw() * (LAST_DAY - FIRST_DAY).days * 24 * 60)
    )
    draft = Draft(draw, time.toordinal(), author.date_format, {})
    _introduce(draft, rules, kind.name)
    written = _Writing(draft, rules, author).note(kind, _length(draw))
    return Note(
        id=f"gen-{seed}-{number}",
        patient_id="gen",
        text=_laid_out(written, author, draw),
        title=_pick(draw, kind.titles),
        note_type=kind.name,
        time=time,
        author=draft.fixed["doctor"],
    )


def _length(draw: Callable[[], float]) -> int:
    steps = draw() * (len(_LENGTHS) - 1)
    below = int(steps)
    return int(_LENGTHS[below] + (steps - below) * (_LENGTHS[below + 1] - _LENGTHS[below]))


def _introduce(draft: Draft, rules: dict[str, Rule], kind: str) -> None:
    """Who and what the note keeps coming back to."""
    draw = draft.random
    child, pregnant = kind == "Pediatric Note", kind == "Obstetric Note"
    male = draw() < 0.5 and not pregnant
    age = 1 + int(draw() * 16) if child else 18 + int(draw() * 26) if pregnant else 18 + int(draw() * 78)
    noun = ("boy" if male else "girl") if age < 18 else ("man" if male else "woman")
    sex = "M" if male else "F"
    people = (f"{age}-year-old {noun}", f"{age} year old {'male' if male else 'female'}", f"{age}-year-old {noun}")
    terse = (f"{age}{sex}", f"{age} yo {sex}", f"{age}y/o {sex}", f"{age} y.o. {'male' if male else 'female'}")
    surname = rules["surname"].text(draft)
    title = _pick(draw, ("Mr. ", "Mr ") if male else ("Ms. ", "Mrs. ", "Ms "))
    he, his, him = ("he", "his", "him") if male else ("she", "her", "her")
    draft.fixed.update(
        he=he, He=he.capitalize(), his=his, His=his.capitalize(), him=him,
        man=noun, sex=sex, age=str(age), name=surname if child else title + surname,
        person=_pick(draw, people if rules is phrases("full") else people + terse * 2),
        doctor=f"Dr. {rules['surname'].text(draft)}",
        chief=rules["symptom"].text(draft),
        problem=rules["condition"].text(draft),
        procedure=rules["procedure"].text(draft),
    )  # fmt: skip


class _Writing(NamedTuple):
    """The sections of a note, put in words."""

    draft: Draft
    rules: dict[str, Rule]
    author: _Author

    def note(self, kind: NoteType, length: int) -> str:
        """About `length` characters, ending at the end of a sentence."""
        draw, author = self.draft.random, self.author
        blocks = [self.rules["preamble"].text(self.draft)] if length > 600 and draw() < 0.4 else []
        ending = [self.rules["signature"].text(self.draft)] if length > 600 and draw() < 0.4 else []
        left = length - sum(map(len, blocks + ending))
        sections = self._sections(kind, max(1, length // 260))
        weights = [(3.0 if core else 1.0) * (0.4 + draw()) for _, core in sections]
        bare = draw() < (0.5 if kind.name in _OFTEN_WITHOUT_HEADERS or len(sections) == 1 else 0.02)
        for index, (name, _) in enumerate(sections):
            budget = left * weights[index] / sum(weights[index:])
            body = self._section(name, int(min(budget, _MOST_CHARACTERS.get(name, LONGEST))))
            if not bare:
                body = self._headed(name, body)
            blocks.append(body)
            left -= len(body) + 1
        return ("\n\n" if author.blank_lines else "\n").join(blocks + ending)

    def _sections(self, kind: NoteType, most: int) -> list[tuple[str, bool]]:
        """Names of the sections in the order of this note, and whether each is what the note is about."""
        draw = self.draft.random
        chosen = []
        for place, entry in enumerate(kind.sections):
            name, core, optional = entry.rstrip("*?"), entry.endswith("*"), entry.endswith("?")
            if core or draw() < (0.5 if optional else 0.92):
                chosen.append((not core, draw(), place, _pick(draw, name.split("|")), core))
        kept = sorted(chosen)[:most]
        order = [(name, core) for _, _, _, name, core in sorted(kept, key=lambda entry: entry[2])]
        if len(order) > 2 and draw() < 0.3:
            swapped = int(draw() * (len(order) - 1))
            order[swapped : swapped + 2] = reversed(order[swapped : swapped + 2])
        if len(order) > 2 and draw() < 0.08:
            order.insert(0, order.pop())
        return order

    def _headed(self, name: str, body: str) -> str:
        title = self.author.header_case(self.rules[f"header.{name}"].text(self.draft))
        header = self.author.header.format(title)
        return header.rstrip() + "\n" + body if "\n" in body else header + body

    def _section(self, name: str, budget: int) -> str:
        draw, author = self.draft.random, self.author
        if name == "problems":
            return self._problems(budget)
        if name == "allergies" and draw() < _NO_ALLERGY_SHARE:
            return self.rules["no_allergy"].text(self.draft)
        if name in _TABLES and (name == "lab_table" or draw() < 0.15):
            return self._table(self._several(_TABLES[name], budget if author.columns else budget // 2))
        items = self._several(_RULES.get(name, name), budget)
        if name in _SENTENCES and not author.bullet_prose:
            return author.gap.join([item if item[-1] in '.?:!"' else item + "." for item in items])
        if author.bullet is None:
            return author.run_in.join([item.rstrip(".") for item in items]) + ("." if author.run_in == ". " else "")
        return self._listed(items)

    def _several(self, name: str, budget: int) -> list[str]:
        """Filled alternatives of a rule until the budget is spent, at least one."""
        items = [self.rules[f"{name}_open"].text(self.draft)] if f"{name}_open" in self.rules else []
        spent = sum(map(len, items))
        rule, used = self.rules[name], set[int]()
        while not items or spent < budget:
            text = rule.fresh(self.draft, used).strip()
            text = text[0].upper() + text[1:]
            items.append(text)
            spent += len(text) + 2
        return items

    def _listed(self, items: list[str]) -> str:
        bullet = self.author.bullet or ""
        return "\n".join([bullet.format(number) + item for number, item in enumerate(items, 1)])

    def _problems(self, budget: int) -> str:
        """Problems, each with what is thought and done about it."""
        draw, bullet = self.draft.random, self.author.bullet or ""
        used: set[int] = set()
        lines: list[str] = []
        spent = 0
        while not lines or spent < budget:
            head = self.rules["problem_head"].fresh(self.draft, used).strip()
            steps = self._several("plan", int(40 + draw() * 220))
            if draw() < 0.4:
                steps.insert(0, self.rules["assessment"].text(self.draft).strip().rstrip("."))
            number = bullet.format(1 + len(lines))
            lines.append(
                f"{number}{head}: " + ". ".join(steps) + "."
                if self.author.bullet is None or self.author.run_in != "; "
                else f"{number}{head}\n" + "\n".join(f"  - {step}" for step in steps)
            )
            spent += len(lines[-1]) + 1
        return "\n".join(lines)

    def _table(self, rows: list[str]) -> str:
        if self.author.columns is not None:
            return "\n".join(rows).replace("\t", self.author.columns)
        return "\n".join("".join(cell.ljust(16) for cell in row.split("\t")).rstrip() for row in rows)


# -- layout ---------------------------------------------------------------------------------------------------------


def _laid_out(text: str, author: _Author, draw: Callable[[], float]) -> str:
    if author.letters_per_typo:
        text = _mistyped(text, len(text) // author.letters_per_typo, draw)
    text = author.whole_note(text)
    if author.layout == "flat":
        text = text.replace("\n\n", "\n").replace("\n", " ")
    elif author.layout == "wrapped":
        text = "\n".join([_wrapped(line, author.width) for line in text.split("\n")])
    return text.strip().replace("\n", author.newline)[:LONGEST]


def _wrapped(line: str, width: int) -> str:
    """The line broken at spaces; a word longer than the width stays whole."""
    start, pieces = 0, []
    while len(line) - start > width:
        space = line.rfind(" ", start + 1, start + width + 1)
        if space < 0:
            space = line.find(" ", start + width)
        if space < 0:
            break
        pieces.append(line[start:space])
        start = space + 1
    pieces.append(line[start:])
    return "\n".join(pieces)


def _mistyped(text: str, times: int, draw: Callable[[], float]) -> str:
    """The text with letters swapped, left out or doubled; digits and capitals are spared."""
    for _ in range(times):
        place = int(draw() * (len(text) - 2))
        first, second = text[place], text[place + 1]
        if first.isalpha() and second.isalpha() and first.islower() and second.islower():
            wrong = _pick(draw, (second + first, first, second, first + first + second))
            text = text[:place] + wrong + text[place + 2 :]
    return text
