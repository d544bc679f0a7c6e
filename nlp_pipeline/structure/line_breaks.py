"""Which line breaks of a note end a sentence, and which only come from wrapping.

A blank line and a list marker always end one. Else the next line goes on with the sentence where it opens in lower case
or this one ends openly ("history of"), or where the text is wrapped at some width and the next word did not fit.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

_LINE = re.compile(r"[^\n\r]+")
_NARROWEST, _WIDEST = 20, 200
_BAND = 14  # a wrapped line is shorter than the width by less than a long word
_MARKED = re.compile(
    r"\s*(?:[-–*•▪>#+]+\s|(?P<number>\d{1,2})[.)]\s|(?P<letter>\(?[a-zA-Z][.)]\s)|\[[ xX]?\]\s|_{3,}|[-=_~*]{3,}\s*$|#)"
)
_NUMBERED = re.compile(r"(?P<number>\d{1,2})[.)]\s")
_OPEN_WORDS = frozenset(
    "and or nor of the a an no not without with for to in on at by from any denies denied has had have is was were are be"
    " been her his their that which who whom than as but since after before during per via into over under between"
    " if when while because due this these those our your my its can could may might will would should".split()
)
_OPEN_MARKS = ",(/&+-–"
_VALUE = re.compile(r":\s*\S+$")
_LABELLED = re.compile(r"[A-Z][\w/&' -]{1,40}:\s")
_MIDDLE_STOP = re.compile(r"[a-z)\d][.?!]\s+[A-Z]")
_TITLES = frozenset("Dr. Mr. Mrs. Ms. Prof. St. vs. e.g. i.e. Fig. No. approx.".split())


class _Break(NamedTuple):
    """A line with the line that follows it in the same paragraph."""

    start: int
    end: int  # without trailing white space
    length: int  # with the indentation
    next_start: int  # the first character of the next line
    next_end: int
    head: int  # length of the next line's first word
    goes_on: bool  # the next line or the end of this one says so


def lines_of(text: str) -> list[tuple[int, int]]:
    """First character and end of each line that is not blank."""
    if "\r" in text:
        return [match.span() for match in _LINE.finditer(text) if not match[0].isspace()]
    spans = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if line and not line.isspace():
            spans.append((start, end))
        start = end + 1
    return spans


def hard_breaks(text: str) -> list[int]:
    """The starts of the lines that begin a new sentence."""
    spans = lines_of(text)
    if len(spans) < 2:
        return []
    lines: list[tuple[int, int, int]] = []
    for begin, end in spans:
        line = text[begin:end]
        end -= len(line) - len(line.rstrip())
        lines.append((begin + len(line) - len(line.lstrip()), end, end - begin))
    out: list[int] = []
    breaks: list[_Break] = []
    for (start, end, length), (following, stop, _) in pairwise(lines):
        if text.count("\n", end, following) > 1:
            out.append(following)
        else:
            breaks.append(_read(text, start, end, length, following, stop))
    if not breaks:
        return out
    width = _width(text, breaks)
    numbers = _numbers(text, breaks) if width else set()
    fresh = -1  # the line at which the sentence so far begins
    for one in breaks:
        fresh = one.start if fresh == -1 or one.start in out[-1:] else fresh
        if not _soft(text, one, width, one.start == fresh, numbers):
            out.append(one.next_start)
            fresh = one.next_start
    out.sort()
    return out


def _read(text: str, start: int, end: int, length: int, following: int, stop: int) -> _Break:
    word = text[following : min(stop, following + 40)].split(None, 1)[0]
    first = word[0]
    labels = word[-1] == ":" and text.find(":", start, min(end, start + 20)) != -1
    goes_on = (word.islower() and not labels) or first in ",;()&/=±°" or _ends_openly(text, start, end)
    return _Break(start, end, length, following, stop, len(word), goes_on)


def _ends_openly(text: str, start: int, end: int) -> bool:
    if text[end - 1] in _OPEN_MARKS:
        return not text[max(start, end - 3) : end] == "---"
    tail = text[max(start, end - 24) : end]
    return tail.split()[-1].lower() in _OPEN_WORDS and _VALUE.search(tail) is None


def _width(text: str, breaks: list[_Break]) -> int:
    """The width at which a note is wrapped, or 0: many lines reach it, and sentences do go on after them."""
    lengths = [(b.length, b) for b in breaks]
    for width in sorted({n for n, _ in lengths if _NARROWEST <= n <= _WIDEST}, reverse=True)[:12]:
        full = [b for n, b in lengths if width - _BAND < n <= width]
        if len(full) < min(3, max(1, len(lengths) // 3)):
            continue
        proven = sum(b.goes_on for b in full)
        if proven * 10 >= len(full) * 3 or any(_MIDDLE_STOP.search(text, b.start, b.end) for b in full):
            return width
    return 0


def _numbers(text: str, breaks: list[_Break]) -> set[int]:
    """The numbers at line starts that belong to a list: those with a neighbour."""
    found = (_NUMBERED.match(text, b.next_start, b.next_end) for b in breaks)
    seen = {int(m["number"]) for m in found if m}
    return {n for n in seen if n - 1 in seen or n + 1 in seen}


def _starts_anew(text: str, one: _Break) -> bool:
    """Whether a line that could be wrapped text is another field of a form, or stands under a list item."""
    if text[one.start] in "-*•":
        return text[one.next_start - 1] == "\n"
    return all(_LABELLED.match(text, a, b) for a, b in ((one.start, one.end), (one.next_start, one.next_end)))


def _soft(text: str, one: _Break, width: int, opens: bool, numbers: set[int]) -> bool:
    """Whether a sentence may go on over a line break; full stops are judged later."""
    full = bool(width) and one.length + 1 + one.head > width
    marked = _MARKED.match(text, one.next_start, min(one.next_end, one.next_start + 60))
    if marked:
        lettered = marked["letter"] and (full or _ends_openly(text, one.start, one.end))
        if not lettered and not (full and marked["number"] and int(marked["number"]) not in numbers):
            return False
    last, first = text[one.end - 1], text[one.next_start]
    if full:
        return one.goes_on or not _starts_anew(text, one)
    if last in ".!?:" or text[one.end - 2 : one.end] in ('."', ".)"):
        tail = text[max(one.start, one.end - 9) : one.end].split()[-1]
        return tail in _TITLES or (last != ":" and first.islower() and tail.count(".") > 1)
    if not one.goes_on:
        return False
    # Notes typed in lower case say nothing by a small letter: there a short line is a line.
    return not (opens and first.islower() and text[one.start].islower() and not _ends_openly(text, one.start, one.end))
