"""Sentence boundaries by regular expression, also for hard-wrapped notes, lists, headers and collapsed white space.

PyRuSH takes 83 % of stock medspaCy's time. This splitter keeps its idea (clinical line structure decides, not only
full stops) and adds that a line broken by wrapping is one sentence: a line break is judged first (`line_breaks`), then
the full stops between two hard breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from nlp_pipeline.layers import chart
from nlp_pipeline.structure.headers import find_headers
from nlp_pipeline.structure.line_breaks import hard_breaks

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from nlp_pipeline.structure.sections import Section

MAX_TOKENS = 120  # longer "sentences" are cut: context is quadratic in a sentence, and a note may be hostile
_ITEM = re.compile(r"\)(?:(?<!\S\d\))(?<=\d\))|(?<!\S\d\d\))(?<=\d\d\)))\s+(?=[A-Za-z])")  # "1)" from its end
_WORD_START = re.compile(r"[A-Za-z][a-z']*")
_OPENING = " (,;:/[\n\t\"'"
# Short forms that stand before something ("Dr. Smith", "vs. placebo"): never the end of a sentence.
_LEADING = frozenset(
    "dr mr mrs ms mx prof st vs v e.g i.e eg ie cf fig figs approx ca resp temp wt ht avg incl esp dept univ"
    " sgt lt col rev hon gen capt messrs ed eds vol nos pp viz ref".split()
)
# Short forms that may also end one: they do where a word follows that opens a sentence.
_TRAILING = frozenset(
    "jr sr pt pts inc ltd co al adm hosp y.o b.i.d t.i.d q.i.d q.d q.h q.h.s h.s p.o p.r.n a.m p.m i.v i.m s.c s.q q.o.d"
    " q.a.m q.p.m p.r c.c s.l o.d o.s o.u m.d d.o r.n ph.d n.p p.a u.s m.g d.d.s a.c p.c n.p.o b.p h.r e.r e.d s.p d.c t.b"
    " f.u w.b.c h.p.i c.n.s a.d a.s g.i g.u j.v.d".split()
)
# The usual end needs no look at the word: four small letters in which no short form ends, a full stop and a capital.
_SHORT_ENDS = "|".join(sorted({word[-4:] for word in _LEADING | _TRAILING if word[-4:].isalpha() and len(word) > 3}))
# What follows the mark: white space and a character, a comma left by a lost line break, or the next sentence at once.
_STOP = re.compile(
    rf"""[.?!](?![0-9a-z])(?:(?=(?P<plain>\s+)[A-Z])(?<=[a-z]{{4}}\.)(?<!(?:{_SHORT_ENDS})\.)|[.?!]{{0,5}}["'”’)\]]{{0,4}}"""
    r"""(?=(?P<gap>\s+)\S|(?P<comma>\s{0,3},\s{0,3})[A-Z\d]|(?P<tight>)[A-Z][A-Za-z]"""
    r"""|(?P<cited>(?:\[\d[\d,–\- ]{0,12}\]|\(\d{1,3}\)))\s+[A-Z]))"""
)
# Short forms that are written without a stop too: one before a small letter is theirs, one before a capital ends it.
_SMALL_FOLLOWS = frozenset(
    "etc hx dx rx tx sx fx yo neg pos aka prob cont disch cath bid tid qid prn po qd qhs spp sp var".split()
)
_UNITS = frozenset(
    "min max mg ml mcg kg cm mm tab tabs cap caps hr hrs wk wks mo mos yr yrs lb lbs oz in ft sec secs mins gm gms".split()
)
_NEVER_BEFORE_SMALL = _LEADING | _TRAILING | _UNITS | _SMALL_FOLLOWS
_OPENERS = frozenset(
    "he she the this that these there they it we i his her their patient pt no denies reports on in at an after upon"
    " however today continue will you your our if when then follow review all both also physical vital vitals please"
    " currently since during for with as by to any mother father impression assessment plan has had was is not".split()
)
_BEFORE_LETTER = frozenset(
    "vitamin vitamins hepatitis type types grade class stage group factor influenza category axis part level phase hemophilia"
    " haemophilia schedule gravida para protein immunoglobulin point lead channel subtype troponin hemoglobin".split()
)


def split_sentences(
    text: str, borders: Iterable[int] | None = None, breaks: Iterable[int] | None = None
) -> list[tuple[int, int]]:
    """Character spans of the sentences of a note, in order, without surrounding white space.

    Args:
        text: the note.
        borders: where sections begin, for callers that have them; else the headers are looked for.
        breaks: its `hard_breaks`, for callers that have them.
    """
    breaks = hard_breaks(text) if breaks is None else breaks
    if borders is None:
        borders = _borders(text, breaks)
    cuts = {0, len(text), *borders, *breaks}
    if "2)" in text:
        cuts.update(_items(text))
    spans: list[tuple[int, int]] = []
    for start, end in pairwise(sorted(cuts)):
        _split_block(text, start, end, spans)
    return spans


def _borders(text: str, breaks: Iterable[int]) -> list[int]:
    out = []
    for header in find_headers(text, breaks):
        out.append(header.start)
        if text[header.body_start : header.body_start + 1] in ("\n", "\r"):
            out.append(header.body_start)
    return out


def _items(text: str) -> list[int]:
    """Where the items of a list begin that is numbered "1) ... 2) ..." in running text."""
    out: list[int] = []
    expected = 0
    for match in _ITEM.finditer(text):
        mark = match.start()
        begin = mark - 2 if mark > 1 and text[mark - 2].isdigit() else mark - 1
        number = int(text[begin:mark])
        if number == expected:
            out.append(begin)
        if number in (1, expected):
            expected = number + 1
    return out


def _split_block(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    """Add the sentences between two hard breaks."""
    begin, expected = start, -1
    for match in _STOP.finditer(text, start, end):
        kind = match.lastgroup
        if kind == "plain":
            _add(text, begin, match.end(), spans)
            begin = match.end("plain")
            continue
        stop = match.start()
        word = _word_before(text, begin, stop)
        cut = match.end() if kind in ("gap", "tight") else match.end(kind or 0)
        if word.isdigit() and len(word) < 3 and text[stop] == ".":
            number, first = int(word), stop - len(word)
            before = text[begin:first].rstrip()
            if not before or (before[-1] in ":," and text[first - 1].isspace()):
                expected = number + 1
                continue
            if number == expected:
                _add(text, begin, first, spans)
                begin, expected = first, number + 1
                continue
        if _is_boundary(text, begin, match, word):
            _add(text, begin, cut, spans)
            begin = match.end("gap") if kind == "gap" else cut
    _add(text, begin, end, spans)


def _word_before(text: str, begin: int, stop: int) -> str:
    """The word that a mark closes."""
    chunk = text[max(begin, stop - 24) : stop]
    if not chunk or chunk[-1] in _OPENING:
        return ""
    word = chunk.split()[-1]
    if not word.isalnum():
        for mark in "(,;:/[\"'":
            word = word.rsplit(mark, 1)[-1]
    return word


def _is_boundary(text: str, begin: int, match: re.Match[str], word: str) -> bool:
    stop, kind = match.start(), match.lastgroup
    following = text[match.end("gap")] if kind == "gap" else text[match.end("comma")] if kind == "comma" else "A"
    if kind == "cited":
        return True
    lowered = word.lower()
    if text[stop] != ".":
        # "? pneumonia" asks whether it is one; a question that ends is followed by a capital
        return bool(word or text[stop - 1] in ")]") and not following.islower() if stop > begin else False
    if kind == "tight":
        return len(word) > 1 and lowered not in _LEADING and (word.islower() or word[-1].isdigit() or len(word) > 3)
    if following.islower():
        return len(word) > 1 and word.isalpha() and lowered not in _NEVER_BEFORE_SMALL
    if len(word) > 4 and word.isalpha():
        return lowered not in _LEADING
    if lowered == "no":
        return not following.isdigit() and following != "#"
    if len(word) == 1 and word.isalpha():
        return kind != "comma" and _after_letter(text, match, word)
    if lowered in _LEADING or lowered in _TRAILING:
        # "MS. On day 2" is multiple sclerosis, "PT. He" a therapy; "MS. SMITH" and "Dr. Lee" are people
        shouted = word.isalpha() and word.isupper() and len(word) > 1
        return (lowered in _TRAILING or shouted) and kind != "comma" and _opens(text, match, shouted)
    return lowered not in ("ft", "in") or not following.isdigit()


def _opens(text: str, match: re.Match[str], shouted: bool) -> bool:
    """Whether the word after a short form opens a sentence."""
    word = _WORD_START.match(text, match.end("gap"))
    return word is not None and (word[0].lower() in _OPENERS or (shouted and len(word[0]) > 2 and word[0][1].islower()))


def _after_letter(text: str, match: re.Match[str], word: str) -> bool:
    """Whether a sentence ends after a single letter: "vitamin D. He ..." or "2 mg/h. Pain ..." against "J. Smith"."""
    stop = match.start()
    if stop > 1 and text[stop - 2] in "/-":
        return True
    before = text[max(0, stop - 26) : stop - 1].split()
    if before and (before[-1].lower().strip("(") in _BEFORE_LETTER or before[-1][-1].isdigit()):
        return True
    return _opens(text, match, False)


def _add(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    """Add a span without white space around it, if anything is left."""
    if start < end and text[start] > " " and text[end - 1] > " ":  # the usual case, without a copy
        spans.append((start, end))
        return
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        start += len(piece) - len(piece.lstrip())
        spans.append((start, start + len(stripped)))


class SentenceSplitter:
    """spaCy component: marks sentence starts, at section borders too, and bounds the length of a sentence."""

    def __call__(self, doc: Doc) -> Doc:
        import numpy as np
        from spacy.attrs import IDX, SENT_START

        length = len(doc)
        if not length:
            return doc
        layer = chart(doc)
        text = layer.text
        borders = _section_borders(layer.sections)
        starts = doc.to_array([IDX]).ravel()
        edges = [a for a, _ in split_sentences(text, borders, layer.line_breaks)]
        edges += borders
        cuts = {0, *starts.searchsorted(np.asarray(edges, dtype="uint64")).tolist()}
        cuts.discard(length)
        ordered = _bounded(sorted(cuts), length)
        flags = np.full(length, -1, dtype="int64")
        flags[ordered] = 1
        doc.from_array([SENT_START], flags.view("uint64"))
        layer.sentences = list(pairwise([*starts[ordered].tolist(), len(text)]))
        return doc


def _section_borders(sections: list[Section]) -> list[int]:
    return sorted({position for section in sections for position in (section.start, section.body_start)})


def _bounded(cuts: list[int], length: int) -> list[int]:
    """The cuts with more added, so that no sentence has over `MAX_TOKENS` tokens."""
    if all(end - start <= MAX_TOKENS for start, end in pairwise([*cuts, length])):
        return cuts
    return [cut for start, end in pairwise([*cuts, length]) for cut in range(start, end, MAX_TOKENS)]
