"""An answer as PDF, with its own fonts and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.export.answers import NOT_A_DEVICE, NOT_FOUND, Exported, Source
from app.export.html import tokens

if TYPE_CHECKING:
    from fpdf import FPDF
    from markdown_it.token import Token


_FONTS = Path(__file__).parent / "fonts"
_FAMILY, _BODY, _SMALL, _STEP = "DejaVuSans", 10.0, 8.0, 5.0
_INK, _DIM, _AMBER, _VIOLET = (21, 32, 43), (86, 100, 115), (138, 83, 0), (91, 63, 168)
_LINE = (221, 227, 233)
_UNDRAWN = "\ufffd"  # in the place of a character that the fonts do not have
_NOT_DRAWN = f"{_UNDRAWN} stands for a character that this PDF has no letter for; the HTML form has it."


def to_pdf(whole: Exported) -> bytes:
    """The document: question, answer, what to mind, and each source as it stands in the record."""
    pdf = _document(whole)
    answer = whole.answer
    _heading(pdf, answer.question, 14)
    _body(pdf, answer.text)
    for warning in answer.warnings:
        if warning not in answer.text:
            _box(pdf, "Mind", [warning], _AMBER)
    for c in answer.conflicts:
        title = f"Record and notes differ: {c.topic}"
        _box(pdf, title, [f"Record: {c.record_says}", f"Note: {c.note_says}"], _VIOLET)
    if whole.sources:
        _heading(pdf, "Sources", 12)
    for source in whole.sources:
        _source(pdf, source)
    return bytes(pdf.output())


def _document(whole: Exported) -> FPDF:
    from fpdf import FPDF

    foot = f"Patient {whole.patient_id} · ChartTwin, {whole.made:%Y-%m-%d %H:%M} UTC"
    lacks = any(_UNDRAWN in _drawn(text) for text in _texts(whole))
    lines = [_drawn(foot), NOT_A_DEVICE, *([_NOT_DRAWN] if lacks else [])]

    class Document(FPDF):
        def footer(self) -> None:
            self.set_y(-8 - 4 * len(lines))
            self.set_font(_FAMILY, size=_SMALL)
            self.set_text_color(*_DIM)
            for i, line in enumerate(lines):
                page = f"   {self.page_no()} / {{nb}}" if i == 0 else ""
                self.cell(0, 4, line + page, new_x="LMARGIN", new_y="NEXT")

    pdf = Document(format="A4")
    for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
        pdf.add_font(_FAMILY, style, _FONTS / name)
    pdf.set_title("ChartTwin answer")
    pdf.set_lang("en")
    pdf.set_creation_date(whole.made)
    pdf.set_margins(20, 18, 20)
    pdf.set_auto_page_break(True, margin=14 + 4 * len(lines))
    pdf.set_font(_FAMILY, size=_BODY)
    pdf.add_page()
    return pdf


def _texts(whole: Exported) -> Iterator[str]:
    """Everything that is drawn, but for what this module says itself."""
    answer = whole.answer
    yield from (answer.question, answer.text, *answer.warnings)
    for c in answer.conflicts:
        yield from (c.topic, c.record_says, c.note_says)
    for source in whole.sources:
        yield from (source.ref, source.title, *source.excerpt)
        if source.view is not None and not source.excerpt[1]:
            yield from (text for row in source.view.rows for text in row)


def _heading(pdf: FPDF, text: str, size: float) -> None:
    pdf.ln(2)
    _write(pdf, text, size, _INK, bold=True)
    pdf.ln(1)


def _write(pdf: FPDF, text: str, size: float, colour: tuple[int, int, int], bold: bool = False) -> None:
    pdf.set_font(_FAMILY, "B" if bold else "", size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(0, size * 0.5, _drawn(text), align="L", new_x="LMARGIN", new_y="NEXT")


def _body(pdf: FPDF, text: str) -> None:
    """The Markdown of an answer: paragraphs, lists, tables, bold; anything else as plain text."""
    left, style = pdf.l_margin, ""
    lists: list[int] = []
    rows: list[list[str]] = []
    for token in tokens(text):
        kind = token.type
        style = "B" if kind == "heading_open" else "" if kind == "heading_close" else style
        if kind in ("bullet_list_open", "ordered_list_open"):
            lists.append(0)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif kind == "list_item_open":
            lists[-1] += 1
            pdf.set_x(left + _STEP * (len(lists) - 1))
            pdf.set_font(_FAMILY, size=_BODY)
            pdf.write(_BODY * 0.5, "•" if token.markup in "-*+" else f"{lists[-1]}.")
        elif kind == "tr_open":
            rows.append([])
        elif kind == "table_close":
            _table(pdf, rows)
            rows = []
        elif kind == "inline" and rows:
            rows[-1].append(_drawn("".join(c.content for c in token.children or ())))
        elif kind in ("inline", "fence", "code_block", "html_block"):
            pdf.set_left_margin(left + _STEP * len(lists))
            _runs(pdf, token, style)
            pdf.set_left_margin(left)
            pdf.set_x(left)
            pdf.ln(0.5 if lists else 2)


def _runs(pdf: FPDF, token: Token, style: str) -> None:
    pdf.set_text_color(*_INK)
    pdf.set_x(max(pdf.l_margin, pdf.get_x()))
    for child in token.children or [token]:
        if child.type in ("strong_open", "strong_close"):
            style = "B" if child.type == "strong_open" else ""
        pdf.set_font(_FAMILY, style, _BODY)
        pdf.write(_BODY * 0.5, "\n" if child.type.endswith("break") else _drawn(child.content))
    pdf.ln()


def _table(pdf: FPDF, rows: list[list[str]]) -> None:
    pdf.set_font(_FAMILY, size=9)
    pdf.set_draw_color(*_LINE)
    with pdf.table(borders_layout="HORIZONTAL_LINES", text_align="LEFT", line_height=5) as table:
        for cells in rows:
            row = table.row()
            for cell in cells:
                row.cell(cell)
    pdf.ln(2)


def _box(pdf: FPDF, title: str, lines: list[str], colour: tuple[int, int, int]) -> None:
    pdf.ln(1)
    top, page = pdf.get_y(), pdf.page_no()
    left = pdf.l_margin
    pdf.set_left_margin(left + 4)
    _write(pdf, title, _BODY, colour, bold=True)
    for line in lines:
        _write(pdf, line, _BODY, _INK)
    pdf.set_left_margin(left)
    if pdf.page_no() == page:  # a box over two pages goes without its bar
        pdf.set_draw_color(*colour)
        pdf.set_line_width(0.8)
        pdf.line(left + 1, top, left + 1, pdf.get_y())
    pdf.set_x(left)


def _source(pdf: FPDF, source: Source) -> None:
    day = f"{source.time:%Y-%m-%d}" if source.time else ""
    pdf.set_draw_color(*_LINE)
    pdf.set_line_width(0.2)
    pdf.ln(1.5)
    pdf.line(pdf.l_margin, pdf.get_y(), pdf.w - pdf.r_margin, pdf.get_y())
    pdf.ln(1)
    title = NOT_FOUND if source.view is None else " · ".join(filter(None, (source.title, day)))
    _write(pdf, f"[{source.number}] {title}", _BODY, _INK, bold=True)
    if source.view is not None:
        before, cited, after = source.excerpt
        if cited:
            _quote(pdf, before, cited, after)
        for label, value in () if cited else source.view.rows:
            _write(pdf, f"{label}: {value}", 9, _INK)
    _write(pdf, source.ref, _SMALL, _DIM)


def _quote(pdf: FPDF, before: str, cited: str, after: str) -> None:
    pdf.set_text_color(*_INK)
    for text, style in ((f"…{before}", ""), (cited, "B"), (f"{after}…", "")):
        pdf.set_font(_FAMILY, style, 9)
        pdf.write(4.5, _drawn(text))
    pdf.ln(5)


def _drawn(text: str) -> str:
    """The text with a mark in the place of every character that the fonts lack."""
    known = _letters()
    return "".join(c if c == "\n" or ord(c) in known else " " if c == "\t" else _UNDRAWN for c in text)


@cache
def _letters() -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(_FONTS / "DejaVuSans.ttf") as font:
        return frozenset(font.getBestCmap())
