"""`query_record`: a SELECT over the open patient's record, each row with the resources it came from."""

from __future__ import annotations

from typing import Any

from domain.facts import Evidence
from tools.context import ToolContext, day, number
from tools.notes.search import suspicion_warnings, suspicious_notes
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.record_query.process import process_of
from tools.record_query.schema import TABLES

LONGEST_SQL = 8_000  # characters
SECONDS = 5.0
MOST_ROWS = 200
MOST_CHARACTERS = 24_000  # of one result
LONGEST_CELL = 2_000
_CITED_PER_ROW = 8


def query_record(ctx: ToolContext, sql: str) -> ToolResult:
    """Replaced below by the list of tables."""
    if not sql.strip():
        raise RetryableToolError("query_record: sql is one SELECT statement")
    if len(sql) > LONGEST_SQL:
        raise RetryableToolError(f"query_record: sql has at most {LONGEST_SQL} characters")
    if "\x00" in sql or any("\ud800" <= letter <= "\udfff" for letter in sql):
        raise RetryableToolError("query_record: sql holds a character that is none")
    process = process_of(ctx)
    moment = ctx.as_of.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    reply = process.select(ctx, {
        "sql": sql, "tables": sorted(TABLES), "today": moment[:10], "now": moment, "seconds": SECONDS,
        "rows": MOST_ROWS, "characters": MOST_CHARACTERS, "cell": LONGEST_CELL,
    })  # fmt: skip
    used: list[str] = reply["used"]
    counts = {name: len(process.lines(ctx, name)) for name in used}
    looked = tuple(f"{count} {name} rows up to {day(ctx.as_of)}" for name, count in counts.items())
    warnings = _warnings(ctx, used)
    rows: list[list[Any]] = reply["rows"]
    if all(value is None for row in rows for value in row):
        return ToolResult(
            tool="query_record", found=False, looked_at=looked, warnings=warnings,
            statements=(say(f"Nothing is recorded that the query asks for. Looked at {' and '.join(looked)}."),),
            data={"columns": reply["columns"], "rows": [], "n": 0},
        )  # fmt: skip
    known = {evidence.ref: evidence for name in used for _, evidence in process.lines(ctx, name)}
    if reply["truncated"]:
        warnings += (f"Only the first {len(rows)} rows of the result are shown; more match.",)
    lines = [
        _line(index, reply["columns"], row, _evidence([*_refs_in(row), *reply["refs"][index - 1]], known))
        for index, row in enumerate(rows, 1)
    ]
    if not any(line.evidence for line in lines):
        warnings += ("The rows of this query name no source: select ref, or list(ref) beside an aggregate.",)
    return ToolResult(
        tool="query_record",
        statements=(say(f"{len(rows)} {'row' if len(rows) == 1 else 'rows'} of the record:"), *lines),
        data={"columns": reply["columns"], "rows": rows, "n": len(rows), "truncated": reply["truncated"]},
        looked_at=looked,
        warnings=warnings,
    )


query_record.__doc__ = """One SQL SELECT (DuckDB) over the open patient's record, for what no other tool answers: joins, intervals, groups.

Every row of the result is numbered and cites the resources behind it. Tables:

{tables}

ref is the citation of a row; concept is the vocabulary's id ('potassium', 'hba1c', 'systolic_bp', 'heart_failure'), else
match display with ILIKE. current_date and now() are the day the question is asked as of. Only this patient is there.
Not accepted: other statements, recursion, table functions, VALUES, PIVOT, DESCRIBE, numbers written as a result.
Example: SELECT date, usual_value, usual_unit FROM observation WHERE concept = 'potassium' ORDER BY date DESC LIMIT 5
""".format(tables="\n".join(table.described for table in TABLES.values()))


def _warnings(ctx: ToolContext, used: list[str]) -> tuple[str, ...]:
    """What was kept out of the tables of notes."""
    return suspicion_warnings(suspicious_notes(ctx)) if {"note", "note_fact"} & set(used) else ()


def _refs_in(row: list[Any]) -> list[str]:
    """Texts of a row, and texts in its lists: the citations among them are sources."""
    found: list[str] = []
    for value in row:
        found.extend(item for item in (value if isinstance(value, list) else (value,)) if isinstance(item, str))
    return found


def _evidence(refs: list[str], known: dict[str, Evidence]) -> tuple[Evidence, ...]:
    cited = (known[ref] for ref in dict.fromkeys(refs) if ref in known)
    return tuple(cited)[:_CITED_PER_ROW]


def _line(index: int, columns: list[str], row: list[Any], evidence: tuple[Evidence, ...]) -> Statement:
    refs = {item.ref for item in evidence}
    shown = [
        f"{name}: {_shown(value)}"
        for name, value in zip(columns, row, strict=True)
        if value is not None and not _is_citation(value, refs)
    ]
    return say(f"{index}. {'; '.join(shown) or 'no value'}", *evidence)


def _is_citation(value: Any, refs: set[str]) -> bool:
    """Whether a cell says no more than the citation beside the row does."""
    return (isinstance(value, str) and value in refs) or (
        isinstance(value, list) and bool(value) and all(isinstance(v, str) and v in refs for v in value)
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value, 4) if abs(value) >= 0.01 or value == 0 else f"{value:.3g}"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, str) and "\n" in value:
        return f"“{' '.join(value.split())}”"
    return str(value)
