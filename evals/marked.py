"""Marked text: `No [cough]{negated} but [fever]{}.` is a sentence, its targets and the attributes of each.

`\\n` in a marked line stands for a line break. The same form serves the gold tables and the test tables.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from domain.errors import InvalidInput

FLAGS = ("negated", "uncertain", "hypothetical", "historical", "family")
_MARK = re.compile(r"\[(?P<target>[^\[\]{}]+)\]\{(?P<flags>[a-z,]*)\}")
_WRAP_WIDTH = 50


class Marked(NamedTuple):
    """A text with the characters [start, end) of each target and the flags that hold for it."""

    text: str
    spans: tuple[tuple[int, int], ...]
    flags: tuple[frozenset[str], ...]


def parse_marked(line: str) -> Marked:
    """A marked line as text, spans and flags.

    Raises:
        InvalidInput: there is no target, an unknown flag, or a bracket that belongs to no mark.
    """
    text, spans, flags, position = "", [], [], 0
    line = line.replace("\\n", "\n")
    for match in _MARK.finditer(line):
        text += line[position : match.start()]
        spans.append((len(text), len(text) + len(match["target"])))
        text += match["target"]
        flags.append(frozenset(flag for flag in match["flags"].split(",") if flag))
        position = match.end()
    text += line[position:]
    if not spans or set("[]{}") & set(text) or not frozenset().union(*flags) <= set(FLAGS):
        raise InvalidInput("a marked line holds [target]{flag,...} with known flags and no other brackets")
    return Marked(text, tuple(spans), tuple(flags))


def read_marked(path: Path) -> list[Marked]:
    """The marked lines of a file in order; empty lines and lines that begin with # are left out.

    Raises:
        InvalidInput: the file is missing, or a line is not well formed; `details["line"]` says which.
    """
    if not path.is_file():
        raise InvalidInput(f"there is no gold file {path.name}", file=path.name)
    marked = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            marked.append(parse_marked(line))
        except InvalidInput as error:
            raise InvalidInput(f"{path.name}, line {number}: {error}", file=path.name, line=number) from None
    return marked


def collapsed(case: Marked) -> Marked:
    """The case with every run of white space as one space, as text arrives from a form field."""
    pieces, offsets, length, position = [], [0] * (len(case.text) + 1), 0, 0
    for match in re.finditer(r"\s+|$", case.text):
        for index in range(position, match.end() + 1):
            offsets[index] = length + min(index, match.start()) - position
        pieces += [case.text[position : match.start()], " " if match[0] else ""]
        length += match.start() - position + 1
        position = match.end()
    return case._replace(text="".join(pieces), spans=tuple((offsets[a], offsets[b]) for a, b in case.spans))


def hard_wrapped(case: Marked, width: int = _WRAP_WIDTH) -> Marked:
    """The case broken into lines of at most `width` characters, as text arrives from a terminal."""
    plain = collapsed(case)
    lines = textwrap.wrap(plain.text, width, break_long_words=False, break_on_hyphens=False)
    breaks, position = set(), 0
    for line in lines[:-1]:
        position += len(line) + 1
        breaks.add(position - 1)
    text = "".join("\n" if index in breaks else character for index, character in enumerate(plain.text))
    return plain._replace(text=text)


LAYOUTS: dict[str, Callable[[Marked], Marked]] = {
    "clean": lambda case: case,
    "collapsed": collapsed,
    "hard-wrapped": hard_wrapped,
}
