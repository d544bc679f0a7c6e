"""A draft checked against what the tools of this run returned; what nothing said is taken out."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any

from agents.verification.evidence import Source
from agents.verification.findings import Against, Finding, shifted
from agents.verification.headings import setting_of
from agents.verification.judging import judge, overruled
from agents.verification.lookups import add_result
from agents.verification.names import Name, Setting
from agents.verification.pieces import Piece, opens_list, split, without
from agents.verification.readings import Before, Reading, plain
from agents.verification.record import record_of
from agents.verification.said import Said
from agents.verification.sentences import parts_of, read
from agents.verification.tables import Header, header_of, sentences_of
from agents.verification.typed_data import add_data
from domain.facts import Frozen
from tools.concepts import Lexicon
from tools.context import ToolContext
from tools.outcome import ToolResult

_CLINICAL = re.compile(
    r"\b(?:allerg|medication|problem|diagnos|vaccin|admission|result|normal|abnormal|stable|history of|denies)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_MOST_PASSES = 4


class Unsupported(Frozen):
    """A claim of the draft that no tool bears out, and the sentence it stands in."""

    kind: str  # number | duration | date | drug | condition | allergy | procedure | vaccination | absence | trend | ...
    value: str
    sentence: str
    reason: str = ""
    is_contradicted: bool = False


class Verification(Frozen):
    """The draft with unsupported sentences removed, and what was removed."""

    text: str
    unsupported: tuple[Unsupported, ...] = ()

    @property
    def is_grounded(self) -> bool:
        """Whether everything had a parent."""
        return not self.unsupported


class Checked(Frozen):
    """One piece of a draft with its findings; spans count the draft's characters."""

    start: int
    end: int
    text: str
    findings: tuple[Finding, ...] = ()

    @property
    def is_faulty(self) -> bool:
        """Whether something in it is unsupported or contradicted."""
        return any(f.is_fault for f in self.findings)


class Support:
    """What a run's tools returned. What only the question states is no support for it."""

    def __init__(
        self,
        texts: Iterable[str],
        data: Iterable[Any],
        lexicon: Lexicon,
        citations: int,
        *,
        results: Sequence[ToolResult | Mapping[str, Any]] = (),
        as_of: date | None = None,
        record: ToolContext | None = None,
    ) -> None:
        """Hold the evidence; nothing is read before a sentence needs it.

        Args:
            texts: The tools' own words.
            data: Their typed data.
            lexicon: Names of clinical concepts.
            citations: How many citation numbers the run has given out.
            results: The results themselves, for what words leave open: complete lists, searches without a hit.
            as_of: The date that counts as today, for ages and "two years ago".
            record: The patient's tools. The structured record supports nothing here that no tool said, but what it says
                otherwise goes, even where a note that a tool quoted says so.
        """
        self.lexicon = lexicon
        self._texts, self._data, self._citations = list(texts), list(data), citations
        self._results, self._as_of = list(results), as_of
        self._gathered: Against | None = None
        self._context = record

    @classmethod
    def of(cls, against: Against, lexicon: Lexicon) -> Support:
        """A support whose evidence has been gathered already."""
        made = cls((), (), lexicon, against.citations, as_of=against.as_of)
        made._gathered = against
        return made

    @cached_property
    def against(self) -> Against:
        """The evidence as claims are held against it."""
        if self._gathered is not None:
            return self._gathered
        said = Said(self.lexicon)
        results = [r if isinstance(r, ToolResult) else ToolResult.model_validate(r) for r in self._results]
        for number, result in enumerate(results, 1):
            add_result(said, result, number)
        for text in self._texts:
            said.add_text(text, Source())
        if not results:
            for value in self._data:
                add_data(said, value)
        return Against(said, self._citations, self._as_of)

    @cached_property
    def _record(self) -> Against | None:
        """The structured record, for what it overrules; read once a sentence needs it."""
        return Against(record_of(self._context), self._citations, self._as_of) if self._context is not None else None

    def judge(self, reading: Reading, setting: Setting = Setting()) -> list[Finding]:
        """The claims of one read sentence with their verdicts."""
        found = judge(reading, self.against, setting)
        if self._record is not None:
            found += overruled(reading, self._record)
        return found

    @cached_property
    def _verbatim(self) -> frozenset[str]:
        """Whole lines of the tools, which may be repeated; never parts, since "No" may stand in what is left out."""
        lines = [line for text in self._texts for line in text.split("\n")]
        lines += [s for r in self._results for s in _statements(r)]
        return frozenset({_squeezed(line) for line in lines} - {""})

    @cached_property
    def _openings(self) -> frozenset[str]:
        """First lines of the tools' words, which need nothing before them."""
        lines = [text.split("\n", 1)[0] for text in self._texts]
        lines += [s for r in self._results for s in _statements(r)[:1]]
        return frozenset(_squeezed(line) for line in lines)

    def opens(self, line: str) -> bool:
        """Whether a line is the first of a tool's words."""
        return _squeezed(line) in self._openings

    def names_something_clinical(self, sentence: str) -> bool:
        """Whether a sentence speaks of a lab, drug, problem, allergy or procedure."""
        return bool(self.lexicon.find_mentions(sentence, fuzzy=False)) or _CLINICAL.search(sentence) is not None

    def is_verbatim(self, line: str) -> bool:
        """Whether a line is a tool's own, up to emphasis, bullets and citations that exist."""
        squeezed = _squeezed(line)
        if squeezed not in self._verbatim:
            return False
        return all(1 <= int(m) <= self._citations for m in re.findall(r"\[(\d{1,3})\](?!\()", line))

    def findings(self, sentence: str, before: Before = Before()) -> list[Finding]:
        """The claims of one sentence with their verdicts."""
        found: list[Finding] = []
        for start, part in parts_of(sentence):
            found += shifted(self.judge(read(part, self.lexicon, before)), start)
        return found

    def missing(self, sentence: str) -> list[Unsupported]:
        """What a sentence states that no tool did."""
        if self.is_verbatim(sentence):
            return []
        return [_fault(f, sentence) for f in self.findings(_ITEM.sub("", sentence)) if f.is_fault]


def _statements(result: ToolResult | Mapping[str, Any]) -> list[str]:
    if isinstance(result, ToolResult):
        return [s.text for s in result.statements]
    return [str(s.get("text", "")) for s in result.get("statements") or ()]


def _squeezed(line: str) -> str:
    return " ".join(plain(_ITEM.sub("", line)).split()).replace(" .", ".").rstrip(".").strip()


def _fault(finding: Finding, sentence: str) -> Unsupported:
    return Unsupported(
        kind=finding.kind,
        value=finding.value,
        sentence=sentence,
        reason=finding.reason,
        is_contradicted=finding.verdict == "contradicted",
    )


def check(draft: str, support: Support) -> list[Checked]:
    """Every piece of a draft with its findings, in order; a line that is a tool's own has none."""
    return _Reader(draft, support).checked()


def verify(draft: str, support: Support) -> Verification:
    """The draft without the sentences, list items and table rows that state something unsupported."""
    unsupported: list[Unsupported] = []
    text = draft
    # A sentence may lean on one that goes; so what is left is read again until nothing goes any more.
    for _ in range(_MOST_PASSES):
        reader = _Reader(text, support)
        checked = reader.checked()
        gone = {index for index, piece in enumerate(checked) if piece.is_faulty}
        gone |= _left_hanging(reader.pieces, gone)
        unsupported += [_fault(f, p.text) for p in checked for f in p.findings if f.is_fault]
        if not gone:
            break
        text = without(text, reader.pieces, gone)
    return Verification(text=text.strip(), unsupported=tuple(unsupported))


_LEANS = re.compile(r"\W*(?:it|this|that|they|these|those)\b", re.IGNORECASE)


def _left_hanging(pieces: Sequence[Piece], gone: set[int]) -> set[int]:
    """Sentences that begin with a pronoun for what the sentence before them said, where that one goes."""
    found: set[int] = set()
    for index, piece in enumerate(pieces[1:], 1):
        before = pieces[index - 1]
        if index not in gone and index - 1 in gone | found and piece.line == before.line and _LEANS.match(piece.text):
            found.add(index)
    return found


class _Reader:
    """Goes through a draft, keeping what later lines lean on: headings, table headers, the quantity spoken of."""

    def __init__(self, draft: str, support: Support) -> None:
        self.pieces = split(draft)
        self._support = support
        self._lines = draft.split("\n")
        self._heading = Before()
        self._spoken: tuple[Name, ...] = ()
        self._days: tuple[date, ...] = ()
        self._header = Header()
        self._last_line = -2
        self._verbatim_lines: dict[int, str | None] = {}

    def checked(self) -> list[Checked]:
        """The pieces with their findings."""
        found = []
        follows_on = False  # a line such as "- 2026-10-23: 2.1" means what the line before it, of the same tool, says
        for piece in self.pieces:
            self._new_paragraph(piece)
            own_words = self._own_words(piece)
            own_words = own_words if own_words is not None and (follows_on or self._support.opens(own_words)) else None
            follows_on = own_words is not None
            findings = () if own_words is not None else tuple(self._findings(piece))
            found.append(Checked(start=piece.start, end=piece.end, text=piece.text, findings=findings))
            if own_words is not None:
                self._lean_on_verbatim(piece)
        return found

    def _own_words(self, piece: Piece) -> str | None:
        """The tool's own line that a piece is, or stands in."""
        if piece.line not in self._verbatim_lines:
            line = self._lines[piece.line]
            self._verbatim_lines[piece.line] = line if self._support.is_verbatim(line) else None
        whole = self._verbatim_lines[piece.line]
        return whole if whole is not None else piece.text if self._support.is_verbatim(piece.text) else None

    def _new_paragraph(self, piece: Piece) -> None:
        if piece.line > self._last_line + 1:
            self._spoken, self._days = (), ()
            if piece.kind in {"sentence", "heading"}:
                self._heading = Before()
            if piece.kind not in {"row", "rule"}:
                self._header = Header()
        self._last_line = piece.line

    def _findings(self, piece: Piece) -> list[Finding]:
        if piece.kind == "rule":
            return []
        if piece.kind == "header":
            self._header = header_of(piece.text)
            return []
        if piece.kind == "row":
            return self._of_row(piece)
        before = self._before(piece)
        found: list[Finding] = []
        whole = Reading(piece.text)
        for start, part in parts_of(piece.text):  # nearly always one
            reading = read(part, self._support.lexicon, before)
            found += shifted(self._support.judge(reading, before.setting), piece.start + start)
            whole.extend(reading)
        self._lean_on(piece, whole)
        return found

    def _before(self, piece: Piece) -> Before:
        if piece.kind == "item":
            return self._heading
        owners = self._spoken or self._heading.owners
        return Before(Setting(), owners, False, self._days)

    def _of_row(self, piece: Piece) -> list[Finding]:
        found: list[Finding] = []
        setting = self._heading.setting
        if "allerg" in " ".join(self._header.cells).lower():
            setting = Setting(setting.state, True, setting.is_attributed)
        for sentence in sentences_of(piece.text, self._header):
            reading = read(sentence, self._support.lexicon, Before(setting, self._heading.owners, True))
            found += [_in_row(f, piece) for f in self._support.judge(reading, setting)]
        markers = [m for m in re.finditer(r"\[(\d{1,3})\](?!\()", piece.text)]
        if any(not 1 <= int(m[1]) <= self._support.against.citations for m in markers):
            found += [f for f in self._support.findings(piece.text) if f.kind == "citation"]
        return found

    def _lean_on(self, piece: Piece, reading: Reading) -> None:
        owners = reading.spoken_of
        opens = opens_list(piece, self.pieces)
        if opens and piece.kind != "item":
            self._heading = Before(setting_of(piece.text), owners, True)
        elif piece.kind == "sentence" and piece.text.strip() == self._lines[piece.line].strip() and owners:
            self._heading = Before(Setting(), owners, True)
        if owners:
            self._spoken = owners
        self._days = reading.days or self._days

    def _lean_on_verbatim(self, piece: Piece) -> None:
        """A tool's own line is read only where something that is not its own may lean on it."""
        at = bisect_left(self.pieces, piece.end, key=lambda p: p.start)
        following = self.pieces[at : at + 1]
        if (
            following
            and following[0].line <= piece.line + 1
            and not self._support.is_verbatim(self._lines[following[0].line])
        ):
            if piece.kind in {"header", "row", "rule"}:
                return
            self._lean_on(piece, read(piece.text, self._support.lexicon, self._before(piece)))


def _in_row(finding: Finding, piece: Piece) -> Finding:
    """The finding at its own characters of the row, else at the whole row."""
    at = piece.text.find(finding.value)
    start, end = (at, at + len(finding.value)) if at >= 0 else (0, len(piece.text))
    return shifted([replace(finding, start=start, end=end)], piece.start)[0]
