"""The rows of Markdown tables as sentences: each cell with what its column and its row say it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.verification.dates import find_dates
from agents.verification.numbers import find_numbers
from agents.verification.readings import plain
from agents.verification.units import unit_at

_UNIT_IN_HEADER = re.compile(r"[(\[]\s*([^)\]]{1,24})\s*[)\]]|,\s*([^\s,]{1,20})\s*$")
_NUMBER_COLUMN = re.compile(
    r"^\W*(?:value|result|level|reading|latest|dose|amount|current|previous|first|last|count|n|no\.?|#|finding|measurement)\W*$",
    re.IGNORECASE,
)
_UNIT_COLUMN = re.compile(r"^\W*units?\W*$", re.IGNORECASE)
_DATE_COLUMN = re.compile(r"\b(?:date|when|time|day|ordered|recorded|onset|since|started|stopped)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """The column names of a table."""

    cells: tuple[str, ...] = ()


def cells_of(row: str) -> list[str]:
    """The cells of a row, stripped."""
    inner = row.strip()
    inner = inner.removeprefix("|").removesuffix("|")
    return [c.strip() for c in inner.split("|")]


def header_of(row: str) -> Header:
    """The header that a row gives."""
    return Header(tuple(plain(c) for c in cells_of(row)))


def sentences_of(row: str, header: Header) -> list[str]:
    """A row as sentences, one for each cell that holds a value, and one for what is only named.

    A unit stands in the header's brackets or in a column of its own; a date in a cell of the row or in the header.
    """
    cells = cells_of(row)
    columns = [header.cells[i] if i < len(header.cells) else "" for i in range(len(cells))]
    unit = next((plain(c) for c, h in zip(cells, columns, strict=True) if _UNIT_COLUMN.match(h)), "")
    dates = [(i, plain(c)) for i, c in enumerate(cells) if _is_date(plain(c))]
    row_date = dates[0][1] if len(dates) == 1 else ""
    label = plain(cells[0]) if cells and not _is_date(plain(cells[0])) else ""
    if not label and columns and not _DATE_COLUMN.search(columns[0]):
        label = columns[0]  # "| Creatinine | Value |" over dates and values
    if label and _is_number(label) and not re.search(r"[A-Za-z]{3}", label):
        label = ""
    made: list[str] = []
    named: list[str] = []
    for index, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        bare = plain(cell).strip()
        if not bare or _UNIT_COLUMN.match(column):
            continue
        if _is_date(bare):
            if len(dates) > 1 or len(cells) <= 2 or not any(_is_number(plain(c)) for c in cells):
                made.append(f"{label or _after_first(cells, index)} {column.lower()}: {bare}".strip())
            continue
        if index == 0 and label:
            named.append(bare)
            continue
        if _is_number(bare):
            made.append(_valued(bare, column, label, unit, row_date))
        else:
            named.append(f"{column.lower()} {bare}" if _says_state(column) else bare)
    if named and (len(named) > 1 or not made):
        made.append("; ".join(_with_state(named)))
    return [m for m in made if m]


def _after_first(cells: list[str], index: int) -> str:
    return next((plain(c) for i, c in enumerate(cells) if i != index and re.search(r"[A-Za-z]{3}", c)), "")


def _says_state(column: str) -> bool:
    return re.search(r"\b(?:status|state)\b", column, re.IGNORECASE) is not None


def _with_state(named: list[str]) -> list[str]:
    """A status cell belongs to the name of the row: "losartan | active" reads "losartan active"."""
    if len(named) >= 2:
        return [" ".join(named)] if all(len(n) < 60 for n in named) else named
    return named


def _valued(cell: str, column: str, label: str, unit: str, row_date: str) -> str:
    name = (
        label
        if (_NUMBER_COLUMN.match(_bare_column(column)) or not column)
        else f"{label} {_bare_column(column)}".strip()
    )
    column_dates = find_dates(column)
    when = f" on {row_date}" if row_date else ""
    if column_dates:
        name, when = label, f" on {column_dates[0].text}"
    written = _UNIT_IN_HEADER.search(column)
    of_column = (written[1] or written[2]) if written else ""
    numbers = find_numbers(cell)
    wanted = of_column if of_column and unit_at(f"1 {of_column}", 1)[1] else unit
    if numbers and not numbers[-1].unit and wanted and not re.search(r"\d\s*[A-Za-z%]", cell):
        cell = f"{cell} {wanted}"
    return f"{name}: {cell}{when}"


def _bare_column(column: str) -> str:
    return _UNIT_IN_HEADER.sub("", column).strip()


def _is_date(cell: str) -> bool:
    found = [d for d in find_dates(cell) if not d.may_be_number or d.text == cell.strip()]
    rest = re.sub(r"\b(?:since|until)\b", "", cell, flags=re.IGNORECASE)
    for day in found:
        rest = rest.replace(day.text, "")
    written = sum(d.end - d.start for d in found)
    return bool(found) and re.search(r"[A-Za-z]{4,}", rest) is None and written >= 0.5 * len(cell)


def _is_number(cell: str) -> bool:
    return re.search(r"\d", cell) is not None
