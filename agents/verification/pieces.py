"""A draft as pieces that can be taken out one by one - a sentence, a list item, a table row - and put together again."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_END = re.compile(r"[.!?](?:[”\"’')\]]|\*\*)*(?:[ \t]*\[\d{1,3}\])*(?=[ \t]+(?:[A-ZÀ-Þ“\"*(\[]|\d+[ .]))")
_SHORT = re.compile(
    r"(?:(?<![/\w])(?:[A-Za-z]|vs|Dr|Mr|Mrs|Ms|Prof|St|No|approx|ca|e\.g|i\.e|cf|al|Fig|Inc|Jr|Sr|resp|incl|min|max|avg|dept|hosp|pt|pts|yr|yrs|mo|wk)|\d)\.$"
)
_PREFIX = re.compile(r"\s*(?:(?:[-*•–]|\d{1,2}[.)])(?:[ \t]+\[[ xX]\])?(?:\s+|$)|#{1,6}\s+|>\s+)*")
_RULE = re.compile(r"^\s*(?:\|?\s*:?-{2,}:?\s*)+\|?\s*$|^\s*(?:[-*_]\s*){3,}$")
_ROW = re.compile(r"^\s*\|.*\|\s*$|^[^|\n]+\|[^|\n]+\|[^|\n]*\|?")


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters [start, end) of the draft. `line` counts lines; `prefix` is the length of the bullet before it."""

    start: int
    end: int
    line: int
    kind: str  # sentence | item | row | header | rule | heading | blank
    text: str


def split(text: str) -> list[Piece]:
    """The pieces of a text, in order. Nothing but white space, bullets and line ends lies between them."""
    found: list[Piece] = []
    position = 0
    lines = text.split("\n")
    for number, line in enumerate(lines):
        found.extend(_of_line(line, position, number, lines))
        position += len(line) + 1
    return found


def _of_line(line: str, offset: int, number: int, lines: Sequence[str]) -> Iterator[Piece]:
    stripped = line.strip()
    if not stripped:
        return
    lead = len(line) - len(line.lstrip())
    start, end = offset + lead, offset + len(line.rstrip())
    if _RULE.match(line):
        yield Piece(start, end, number, "rule", stripped)
    elif is_row(line):
        follows = number + 1 < len(lines) and _RULE.match(lines[number + 1]) is not None and "-" in lines[number + 1]
        yield Piece(start, end, number, "header" if follows else "row", stripped)
    else:
        prefix = _PREFIX.match(line)
        body = prefix.end() if prefix is not None else 0
        is_item = bool(line[:body].strip()) and not line[:body].strip().startswith(("#", ">"))
        kind = "heading" if line[:body].strip().startswith("#") else "item" if is_item else "sentence"
        for first, last in _sentences(line, body):
            yield Piece(offset + first, offset + last, number, kind, line[first:last])


def is_row(line: str) -> bool:
    """Whether a line is a row of a Markdown table."""
    return line.count("|") >= 2 and _ROW.match(line) is not None


def _sentences(line: str, body: int) -> Iterator[tuple[int, int]]:
    start = body
    for match in _END.finditer(line, body):
        if (
            match[0][0] == "."
            and _SHORT.search(line, max(start, match.start() - 8), match.start() + 1)
            and not _closes(line, match)
        ):
            continue
        yield start, match.end()
        start = match.end()
        while start < len(line) and line[start] in " \t":
            start += 1
    last = len(line.rstrip())
    if last > start:
        yield start, last


def _closes(line: str, match: re.Match[str]) -> bool:
    """A digit before the stop ends a sentence when a citation or a capital word follows ("It was 1.2. The next")."""
    before = line[match.start() - 1 : match.start()]
    return before.isdigit() and re.match(r"[ \t]+[A-ZÀ-Þ“*(\[]", line[match.end() :]) is not None


def without(text: str, pieces: Sequence[Piece], gone: set[int]) -> str:
    """The text without some pieces: an emptied line goes with its bullet, an emptied list or table with its heading."""
    gone = gone | _orphans(text, pieces, gone)
    by_line: dict[int, list[int]] = {}
    for index, piece in enumerate(pieces):
        by_line.setdefault(piece.line, []).append(index)
    kept: list[str] = []
    position = 0
    for number, line in enumerate(text.split("\n")):
        mine = by_line.get(number, [])
        if not mine or not any(i in gone for i in mine):
            kept.append(line)
        else:
            left = [pieces[i] for i in mine if i not in gone]
            if left:
                prefix = line[: pieces[mine[0]].start - position]
                kept.append(prefix + " ".join(p.text for p in left))
        position += len(line) + 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() if gone else text


def _orphans(text: str, pieces: Sequence[Piece], gone: set[int]) -> set[int]:
    """Headings, introductions ending in a colon, table headers and rules under which nothing is left."""
    lines = text.split("\n")
    extra: set[int] = set()
    changed = True
    while changed:
        changed = False
        for index, piece in enumerate(pieces):
            if index in gone or index in extra:
                continue
            if piece.kind in {"header", "rule"}:
                if piece.kind == "rule" and "|" not in piece.text:
                    continue
                rows = list(_table_rows(pieces, index))
                empty = rows and all(r in gone for r in rows)
            elif opens_list(piece, pieces):
                under = list(_under(pieces, index, lines))
                empty = bool(under) and all(u in gone or u in extra for u in under)
            else:
                continue
            if empty:
                extra.add(index)
                changed = True
    return extra


def opens_list(piece: Piece, pieces: Sequence[Piece]) -> bool:
    """Whether a line introduces the ones under it: a heading, a line ending in a colon, or a bare line over a list."""
    if piece.kind == "heading" or piece.text.rstrip("*_ ").endswith(":"):
        return True
    if piece.kind != "sentence" or len(piece.text) > 80 or piece.text.rstrip()[-1:] in ".!?":
        return False
    at = bisect_right(pieces, piece.start, key=lambda p: p.start)
    following = pieces[at] if at < len(pieces) else None
    return following is not None and following.kind in {"item", "header"} and following.line - piece.line <= 2


def _table_rows(pieces: Sequence[Piece], index: int) -> Iterator[int]:
    line = pieces[index].line
    for other in range(index + 1, len(pieces)):
        if pieces[other].line != line + 1 or pieces[other].kind not in {"row", "rule"}:
            return
        line = pieces[other].line
        if pieces[other].kind == "row":
            yield other


def _under(pieces: Sequence[Piece], index: int, lines: Sequence[str]) -> Iterator[int]:
    """What a heading introduces: the lines up to the next empty one (of a Markdown heading, up to the next heading)."""
    line = pieces[index].line
    is_heading = pieces[index].kind == "heading"
    for other in range(index + 1, len(pieces)):
        piece = pieces[other]
        if piece.line == pieces[index].line:
            if not is_heading:
                yield other
            continue
        if piece.kind == "heading":
            return
        gap = piece.line - line
        if not is_heading and gap > 2:
            return
        if not is_heading and piece.kind not in {"item", "row", "rule", "header"}:
            return
        line = piece.line
        yield other
