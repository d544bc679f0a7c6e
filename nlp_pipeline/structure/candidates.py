"""Where headers may stand in a note: candidates by position, shape and colon, for `section_headers` to judge.

A candidate stands at a line start, alone on a line, at a sentence start, in a column, right after another header, or
inside running text.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from nlp_pipeline.structure.line_breaks import lines_of
from nlp_pipeline.structure.titles import (
    COMPOSED,
    LIKELY,
    LISTED,
    Known,
    continues,
    is_listed,
    look_up,
    names_a_thing,
    shape,
)

LINE, ALONE, SENTENCE, COLUMN, AFTER, INSIDE = "line", "alone", "sentence", "column", "after", "inside"
_WINDOW = 90
_LONGEST_TITLE = 80
_LEAD = re.compile(
    r"[\s>|]*(?P<mark>[*_•·▪+\-–#]+\s*)?(?P<number>\(?(?:\d{1,2}|[IVX]{1,4}|[A-Za-z])[.)]\s+)?(?P<bold>[*_]{1,3}(?=\S))?"
)
_LIST_LINE = re.compile(r"\s*(?:[-*•▪+>]\s+|\(?\d{1,2}[.)]\s|[A-Za-z][.)]\s)")
_RULE_LINE = re.compile(r"\s*[-=_~*]{3,}\s*$")
_DASHED = re.compile(r"(?P<title>[A-Z][A-Za-z/&. ]{1,40}?)\s+[-–—]{1,2}\s+\S")
_ARTEFACT = re.compile(r":\s?,\s|[.)]\s?,\s?[A-Z][A-Z ]{3,40}:")
_SKIPPED = re.compile(r"[*_]*(?:\s?,+)?")
_BREAK = re.compile(
    r"""[.;!?]['")\]]*(?:\s*,\s*|\s+)(?:\d{1,2}[.)]\s+)?|(?<=[)\]:])\s?,\s*|\s,\s*|\s{2,}|\t|\|\s*|[•▪]\s*"""
    r"""|(?<=[a-z)\d])[.;](?=[A-Z]{3})"""
)
_BREAK_OR_COMMA = re.compile(_BREAK.pattern + r"|,(?=\s?[A-Z])")
_RUN = re.compile(r"\S+")
_CAPITALISED = re.compile(r"(?<![\w'-])[A-Z][^\s,]*")
_LABEL = re.compile(r"[.;,]\s+[A-Z][a-z]+(?: [a-z]+)?:")
_VALUE = re.compile(r"[\s*_]{0,8}[<>=~≤≥+\-±]{0,3} ?\d")
_MEASURED = re.compile(
    r"\s{0,8}[<>=~≤≥]{0,3} ?\d[\d.,/x\- ]{0,20}(?:%|mg|g/|mmol|mm\b|cm\b|mmhg|bpm|u/l|iu|meq|ng|kg|lbs?\b|ml/min|/min)",
    re.I,
)


class Candidate(NamedTuple):
    """A phrase that may be a header, with what its place and shape say."""

    start: int
    body_start: int
    title: str
    known: Known
    shape: str
    place: str
    paragraph: int
    lead: str  # "", "mark" or "number"
    has_text: bool  # whether something follows on its line
    value: bool  # whether a number follows
    after_blank: bool = False
    list_next: bool = False
    text_next: bool = False
    soft: bool = False  # at the start of a line that goes on with the one before
    label_next: bool = False  # whether another label follows on the line


class _Line(NamedTuple):
    start: int
    end: int
    paragraph: int
    after_blank: bool


def find_candidates(text: str) -> tuple[list[Candidate], bool]:
    """The candidates of a note in order, and whether commas stand where its line breaks were."""
    lines = _lines(text) if ":" in text or "\n" in text else []
    artefact = _has_commas(text) and len(_ARTEFACT.findall(text, 0, 20_000)) > 1
    out: list[Candidate] = []
    for number in range(len(lines)):
        out.extend(_of_line(text, lines, number, artefact))
    return out, artefact


def _has_commas(text: str) -> bool:
    """Whether commas may be left where lines were joined: after a colon or a full stop."""
    if ":" not in text or "," not in text:
        return False
    return ":," in text or ".," in text or (" ," in text and (": ," in text or ". ," in text or ".  ," in text))


def _lines(text: str) -> list[_Line]:
    out: list[_Line] = []
    paragraph, last_end = 0, 0
    for start, end in lines_of(text):
        blank = bool(out) and text.count("\n", last_end, start) > 1
        paragraph += blank
        out.append(_Line(start, end, paragraph, blank or not out))
        last_end = end
    return out


def _of_line(text: str, lines: list[_Line], number: int, artefact: bool) -> list[Candidate]:
    line = lines[number]
    colon = text.find(":", line.start, line.end)
    if colon == -1 and line.end - line.start > _LONGEST_TITLE + 20:
        found = _dashed(text, line)
        return [found] if found else []
    lead = _LEAD.match(text, line.start, line.end)
    first = lead.end() if lead else line.start
    kind = "" if lead is None else "number" if lead["number"] else "mark" if (lead["mark"] or "").strip("*_ ") else ""
    if lead and (lead["mark"] or "").strip() == "*" and (lead["mark"] or "").endswith(" "):
        kind = "mark"
    if colon == -1 or (text.startswith("#", line.start) and not text[colon + 1 : line.end].strip(" *_")):
        found = _alone(text, lines, number, first, kind) or _dashed(text, line)
        return [found] if found else []
    return _at_colons(text, lines, number, first, kind, artefact)


def _at_colons(text: str, lines: list[_Line], number: int, first: int, lead: str, artefact: bool) -> list[Candidate]:
    line = lines[number]
    found: list[Candidate] = []
    floor, place = first, LINE
    colon = text.find(":", first, line.end)
    while colon != -1:
        following = text[colon + 1 : colon + 2]
        if not (following.isdigit() and text[colon - 1].isdigit()) and following not in ("/", ":"):
            one = _wrapped(text, lines[number - 1], line, first, colon) if place == LINE and number else None
            one = one or _before(text, line, floor, place, colon, lead, artefact)
            if one:
                found.append(one)
                floor, place = one.body_start, AFTER
        colon = text.find(":", colon + 1, line.end)
    return found


def _before(text: str, line: _Line, floor: int, place: str, colon: int, lead: str, artefact: bool) -> Candidate | None:
    """The candidate that ends at a colon: the phrase since the last break, or the longest title at its end."""
    low = floor
    if place == AFTER and not (text[low].isspace() or text[low - 1] in ",*_"):
        return None
    if colon - _WINDOW > low:
        low, place = colon - _WINDOW, INSIDE
    while low < colon and text[low].isspace():
        low += 1
    phrase = low
    for match in (_BREAK_OR_COMMA if artefact else _BREAK).finditer(text, low, colon):
        if match.end() < colon:
            mark = match[0]
            place = LINE if artefact and "," in mark else COLUMN if mark.isspace() or mark[0] == "|" else SENTENCE
            phrase, lead = match.end(), ""
    start, end = _trimmed(text, phrase, colon)
    if start >= end or text[start] in "\"“'(‘[":
        return None
    title = text[start:end]
    if place != INSIDE and len(title) <= _LONGEST_TITLE and ":" not in title:
        known, form = look_up(title), shape(title)
        if known.level < COMPOSED:
            inner = _at_end(text, line, start, end, colon)
            if inner and (place == AFTER or look_up(text[start : inner.start].rstrip()).kind == "document"):
                return inner
        if form and _may_be(known, form, place, title):
            return _candidate(text, line, start, colon, title, known, form, place, lead)
        if place == LINE and known.kind == "label":
            return None
    return _at_end(text, line, start, end, colon)


def _may_be(known: Known, form: str, place: str, title: str) -> bool:
    """Whether a phrase that begins at a break can be a header as a whole; how the note is written decides later."""
    if known.kind == "label":
        return False
    if known.level >= COMPOSED:
        return (form != "lower" or (place == LINE and len(title) > 1)) and (known.kind != "letter" or place == LINE)
    if form == "lower" or not names_a_thing(title):
        return False
    if form == "caps":
        return len(title) > 2 and (place != AFTER or known.level == LIKELY or title.count(" ") < 3)
    if place == LINE:
        return len(title) > 2 and not any(c.isdigit() for c in title)
    return known.level == LIKELY and form == "title" and place in (SENTENCE, COLUMN)


def _at_end(text: str, line: _Line, start: int, end: int, colon: int) -> Candidate | None:
    """A listed title at the end of running text whose line breaks are lost ("No fever Lungs: clear")."""
    words = [(m[0], m.start()) for m in _RUN.finditer(text, start, end)][-7:]
    for (before, _), (word, begin) in pairwise(words):
        if not word[0].isupper() or before[-1] in "-/(&\"“'" or before.lower() in _LEADS_ON:
            continue
        title = text[begin:end]
        known, form = look_up(title), shape(title)
        if known.level < COMPOSED or known.kind in {"label", "study", "letter", "document"}:
            continue
        if len(title) < 3 and (form != "caps" or known.level < LISTED or len(title) < 2):
            continue
        if form == "lower" or (form == "sentence" and " " not in title):
            continue
        if form != "caps" and ((before[0].isupper() and " " not in title) or known.kind == "item"):
            continue
        if form == "caps" and before.isupper() and before.isalpha() and len(before) > 1 and known.level < LISTED:
            continue
        return _candidate(text, line, begin, colon, title, known, form, INSIDE, "")
    return None


_ENDS = frozenset((".", ",", ".,", ";", "!", "?"))
_LEADS_ON = frozenset(
    "the a an his her their our my your its this that of and or with for in on at to from by per as see under is was"
    " no not any new normal abnormal clear both left right upper lower repeat said says following than".split()
)


def _wrapped(text: str, before: _Line, line: _Line, first: int, colon: int) -> Candidate | None:
    """A listed title that wrapping has broken in two ("PAST MEDICAL" / "HISTORY:")."""
    end = _trimmed(text, first, colon)[1]
    if line.after_blank or end - first > 40:
        return None
    tail = max(before.start, before.end - 45)
    for match in _CAPITALISED.finditer(text, tail, before.end):
        start = match.start()
        title, line_start = text[start:end], start == before.start
        if not (line_start or title.isupper() or text[max(0, start - 2) : start].strip() in _ENDS):
            continue
        known, form = look_up(title), shape(title)
        if known.level >= COMPOSED and known.kind in {"section", "system"} and (form == "caps") == title.isupper():
            return _candidate(text, line, start, colon, title, known, form, LINE if line_start else SENTENCE, "")
    return None


def _candidate(
    text: str, line: _Line, start: int, colon: int, title: str, known: Known, form: str, place: str, lead: str
) -> Candidate:
    skipped = _SKIPPED.match(text, colon + 1, line.end)
    body = skipped.end() if skipped else colon + 1
    return Candidate(
        start, body, title, known, form, place, line.paragraph, lead,
        has_text=bool(text[body : line.end].strip(" *_")),
        value=_VALUE.match(text, body, line.end) is not None,
        text_next=_MEASURED.match(text, body, line.end) is not None,
        label_next=place == LINE and _LABEL.search(text, body, line.end) is not None,
    )  # fmt: skip


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without marks around a title."""
    while start < end and text[start] in " \t*_#-•–,=\u00a0":
        start += 1
    while end > start and text[end - 1] in " \t*_#-=\u00a0":
        end -= 1
    return start, end


def _alone(text: str, lines: list[_Line], number: int, first: int, lead: str) -> Candidate | None:
    """A line that holds nothing but a title."""
    line = lines[number]
    markdown = text[line.start : line.end].lstrip().startswith("#")
    start, end = _trimmed(text, first, line.end)
    end = end - 1 if markdown and text[end - 1 : end] == ":" else end
    title = text[start:end]
    if not title or len(title) > _LONGEST_TITLE or title[-1] in ".,;!?" or not (title[0].isalnum()):
        return None
    if markdown:
        return Candidate(start=text.index("#", line.start), body_start=line.end, title=title, known=look_up(title),
                          shape="title", place=ALONE, paragraph=line.paragraph, lead="#", has_text=False, value=False)  # fmt: skip
    form = shape(title)
    follower = lines[number + 1] if number + 1 < len(lines) else None
    if form in ("", "lower") or follower is None or _RULE_LINE.match(text, line.start, line.end):
        return None
    if _RULE_LINE.match(text, follower.start, follower.end) and number + 2 < len(lines):
        lead, follower = "underlined", lines[number + 2]
    if number and not line.after_blank and lead != "underlined" and not is_listed(title):
        return None
    known = look_up(title)
    below = text[follower.start : min(follower.end, follower.start + 40)].split(None, 1)[0]
    if (
        below[0].islower()
        and not follower.after_blank
        and (
            known.level < LISTED or not line.after_blank or continues(below) or (not number and known.kind == "system")
        )
    ):
        return None  # the next line goes on with this one
    if known.kind == "label" or (known.level < COMPOSED and not names_a_thing(title)):
        return None
    return Candidate(
        start, line.end, title, known, form, ALONE, line.paragraph, lead,
        has_text=False, value=any(c.isdigit() for c in title), after_blank=line.after_blank,
        list_next=not follower.after_blank and _LIST_LINE.match(text, follower.start, follower.end) is not None,
        text_next=not follower.after_blank and text[follower.end - 1] in ".!?)\"",
    )  # fmt: skip


def _dashed(text: str, line: _Line) -> Candidate | None:
    """A listed title with a dash in place of the colon ("HPI - ...")."""
    match = _DASHED.match(text, line.start, line.end)
    if match is None:
        return None
    title, known = match["title"], look_up(match["title"])
    if (
        known.level < LISTED
        or known.kind not in {"section", "system"}
        or shape(title) not in ("caps", "title", "sentence")
    ):
        return None
    return Candidate(line.start, match.end() - 1, title, known, shape(title), LINE, line.paragraph, "", True, False)
