"""A small grammar for writing text: rules with alternatives, whose slots are other rules, numbers, dates and names.

A rule file has heads (`== symptom`) and alternatives below them, one a line or parted by " | "; "%%" starts a comment.
Slots stand in braces:

    {symptom}        one alternative of a rule          {symptom,2-5}    several, as "a, b, c"
    {symptom&2-4}    "a, b and c"                       {symptom/2-4}    "a, b or c"
    {3-12} {1.1-6.4} a number with as many decimals     {50-900/10}      in steps of 10
    {left~right}     a choice written in place, which may hold slots; {~x} is x or nothing
    {@name}          what the note has fixed            {date} {recent} {future} {year} {today}   a day around the note's
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple, Protocol

DATE_FORMATS = (
    "{d.month:02}/{d.day:02}/{d.year}",
    "{d.month}/{d.day}/{short_year:02}",
    "{d.year}-{d.month:02}-{d.day:02}",
    "{d.day} {month} {d.year}",
    "{month} {d.day}, {d.year}",
    "{d.day:02}-{mon}-{short_year:02}",
    "{d.day:02}/{d.month:02}/{d.year}",
    "{d.day:02}.{d.month:02}.{d.year}",
    "[**{d.year}-{d.month}-{d.day}**]",
    "{mon} {d.day}",
    "{d.month}/{d.day}",
)
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = {"date": (-900, -1), "recent": (-9, 0), "future": (1, 120), "today": (0, 0), "year": (-9000, -200)}
_POOL_SIZE = 1500


class Draft(NamedTuple):
    """What the slots of one note are filled from.

    `day` is the ordinal of the note's date, `date_format` one of `DATE_FORMATS`, `fixed` the values of its `{@...}`.
    """

    random: Callable[[], float]
    day: int
    date_format: str
    fixed: dict[str, str]


class Part(Protocol):
    """A slot of a sentence."""

    def text(self, draft: Draft) -> str:
        """The slot, filled for a note."""


class Rule:
    """Alternatives, each a text or a sequence of texts and slots."""

    __slots__ = ("alternatives",)

    def __init__(self) -> None:
        self.alternatives: list[str | tuple[str | Part, ...]] = []

    def text(self, draft: Draft) -> str:
        """One alternative at random, with its slots filled."""
        return self.filled(int(draft.random() * len(self.alternatives)), draft)

    def fresh(self, draft: Draft, used: set[int]) -> str:
        """An alternative that is not in `used`, as long as there is one; it is added."""
        count = len(self.alternatives)
        if len(used) >= count:
            used.clear()
        index = int(draft.random() * count)
        while index in used:
            index = (index + 1) % count
        used.add(index)
        return self.filled(index, draft)

    def filled(self, index: int, draft: Draft) -> str:
        """The alternative at `index`, with its slots filled."""
        chosen = self.alternatives[index]
        if type(chosen) is str:
            return chosen
        return "".join([part if type(part) is str else part.text(draft) for part in chosen])  # type: ignore[union-attr]


class _Several(NamedTuple):
    rule: Rule
    last_joiner: str
    low: int
    high: int

    def text(self, draft: Draft) -> str:
        count = self.low + int(draft.random() * (self.high - self.low + 1))
        *most, last = dict.fromkeys([self.rule.text(draft) for _ in range(count)])
        return ", ".join(most) + self.last_joiner + last if most else last


class _Fixed(NamedTuple):
    name: str

    def text(self, draft: Draft) -> str:
        return draft.fixed[self.name]


class _Day(NamedTuple):
    low: int
    high: int
    only_year: bool

    def text(self, draft: Draft) -> str:
        # The square makes days near the note likelier than far ones.
        near = draft.random() ** 2
        offset = int(near * (self.high - self.low + 1))
        day = date.fromordinal(draft.day + (self.low + offset if self.low > 0 else self.high - offset))
        if self.only_year:
            return str(day.year)
        month = _MONTHS[day.month - 1]
        return draft.date_format.format(d=day, month=month, mon=month[:3], short_year=day.year % 100)


_HEAD = re.compile(r"== (\S+)")
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)(?:/(\d+))?")
_MANY = re.compile(r"(\w+)([,&/])(\d+)-(\d+)")
_JOINERS = {",": ", ", "&": " and ", "/": " or "}


def read_rules(lines: Iterable[str]) -> dict[str, list[str]]:
    """The alternatives of every rule of a rule file, uncompiled."""
    rules: dict[str, list[str]] = {}
    head = ""
    for line in (line.rstrip("\n") for line in lines):
        found = _HEAD.fullmatch(line)
        if found:
            head = found[1]
            rules[head] = []
        elif head and not line.startswith("%%"):
            # An empty line under a head is an alternative: some authors leave the subject out.
            rules[head].extend(line.split(" | "))
    return rules


def compile_rules(sources: Mapping[str, list[str]], rewrite: Callable[[str], str]) -> dict[str, Rule]:
    """Rules whose slots point at each other; `rewrite` is applied to every piece of literal text.

    Raises:
        ValueError: a slot names no rule, or its braces do not close.
    """
    rules = {name: Rule() for name in sources}
    for name, alternatives in sources.items():
        rules[name].alternatives.extend(_compiled(source, rules, rewrite) for source in alternatives)
    return rules


def _compiled(source: str, rules: dict[str, Rule], rewrite: Callable[[str], str]) -> str | tuple[str | Part, ...]:
    parts: list[str | Part] = []
    for literal, slot in _pieces(source):
        if literal:
            parts.append(rewrite(literal))
        if slot is not None:
            parts.append(_slot(slot, rules, rewrite))
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    return tuple(parts) if parts else ""


def _pieces(source: str) -> Iterable[tuple[str, str | None]]:
    """Literal text and the slot after it, of a template whose slots may nest."""
    start = depth = 0
    literal = ""
    for position, character in enumerate(source):
        if character == "{":
            if depth == 0:
                literal, start = source[start:position], position + 1
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                yield literal, source[start:position]
                start = position + 1
    if depth:
        raise ValueError(f"unclosed slot in {source!r}")
    yield source[start:], None


def _slot(slot: str, rules: dict[str, Rule], rewrite: Callable[[str], str]) -> Part:
    if slot in rules:
        return rules[slot]
    if slot in _DAYS:
        return _Day(*_DAYS[slot], only_year=slot == "year")
    if slot.startswith("@"):
        return _Fixed(slot[1:])
    rule = Rule()
    choices = _choices(slot)
    if len(choices) > 1:
        rule.alternatives.extend(_compiled(choice, rules, rewrite) for choice in choices)
        return rule
    if number := _NUMBER.fullmatch(slot):
        rule.alternatives.extend(_numbers(*number.groups()))
        return rule
    if (many := _MANY.fullmatch(slot)) and many[1] in rules:
        return _Several(rules[many[1]], _JOINERS[many[2]], int(many[3]), int(many[4]))
    raise ValueError(f"no rule is named {slot!r}")


def _choices(slot: str) -> list[str]:
    """The slot cut at the tildes that stand in no inner slot."""
    choices, depth = [""], 0
    for character in slot:
        depth += (character == "{") - (character == "}")
        if character == "~" and depth == 0:
            choices.append("")
        else:
            choices[-1] += character
    return choices


def _numbers(low: str, high: str, step: str | None) -> list[str]:
    """The numbers from low to high as they are printed, thinned out when there are very many."""
    decimals = len(low.partition(".")[2])
    scale = 10**decimals
    first, last = round(float(low) * scale), round(float(high) * scale)
    if last < first:
        raise ValueError(f"a number from {low} to {high}")
    every = int(step or 1) * max(1, (last - first) // (_POOL_SIZE * int(step or 1)))
    return [f"{value / scale:.{decimals}f}" for value in range(first, last + 1, every)]


def abbreviator(pairs: Mapping[str, str], share: float, seed: str) -> Callable[[str], str]:
    """A rewriting that puts the short form of `share` of the long forms in a text, the same ones every time."""
    chance = random.Random(seed).random
    long_forms = re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, pairs), key=len, reverse=True)) + r")\b")

    def shortened(found: re.Match[str]) -> str:
        return pairs[found[0]] if chance() < share else found[0]

    return lambda text: long_forms.sub(shortened, text)
