"""The process in which SQL runs: no files, no network, no environment, bounded memory; ended when it overruns.

It talks JSON lines over its standard streams: a request names a statement and its limits, tables come when asked for.
The limits of DuckDB do not count every string, and a function that builds one cannot be interrupted; a process can be
killed. Started by path with `python -I`, so it imports the standard library, DuckDB and the module beside it only.
"""

from __future__ import annotations

import importlib.util
import json
import math
import re
import sys
import threading
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

_spec = importlib.util.spec_from_file_location("charttwin_statement", Path(__file__).with_name("statement.py"))
assert _spec is not None and _spec.loader is not None
statement = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(statement)

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "python_scan_all_frames": "false",
    "threads": "1",
    "memory_limit": "256MB",
    "temp_directory": "",
    "max_temp_directory_size": "0B",
}
_ADDRESS_SPACE = 2 * 1024**3
_CPU_S = 120
_SOURCE = "__source_"
_REFS_PER_ROW = 6


def limit_process() -> None:
    """Memory, processor time and files of this process; where the system has no such limits, the parent's clock is left."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Worker:
    """One database in memory with the tables of one patient, filled as they are asked for."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:", config=_CONFIG)
        self.parser = duckdb.connect(":memory:", config=_CONFIG)
        for connection in (self.connection, self.parser):
            connection.execute("SET lock_configuration = true")
        self.loaded: set[str] = set()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What one line asks for: a table to be filled, or a statement to be run."""
        if "load" in request:
            self._load(request["load"], request["columns"], request["rows"])
            return {"loaded": request["load"]}
        try:
            return self._select(request)
        except statement.Refused as refusal:
            return {"refused": str(refusal)}
        except duckdb.InterruptException:
            return {"refused": f"the statement ran longer than {request['seconds']:g} s and was ended; read fewer rows"}
        except duckdb.Error as error:
            return {"refused": _explained(error)}

    def _load(self, name: str, columns: list[list[str]], rows: str) -> None:
        definition = ", ".join(f'"{column}" {kind}' for column, kind in columns)
        shape = json.dumps([{column: kind for column, kind in columns}])
        self.connection.execute(f'CREATE TABLE "{name}" ({definition})')
        self.connection.execute(
            f"INSERT INTO \"{name}\" SELECT unnest(from_json(?::JSON, '{shape}'), recursive := true)", [rows]
        )
        self.loaded.add(name)

    def _select(self, request: dict[str, Any]) -> dict[str, Any]:
        tables = frozenset(request["tables"])
        node = statement.select_of(self._parsed(request["sql"]))
        used = statement.check(node, tables)
        if missing := sorted(used - self.loaded):
            return {"need": missing}
        today, now = self._literal(f"DATE '{request['today']}'"), self._literal(f"TIMESTAMP '{request['now']}'")
        node = statement.pinned(node, today, now)
        found = self._run(node, tables, request)
        return {**found, "used": sorted(used)}

    def _parsed(self, sql: str) -> dict[str, Any]:
        text = self.parser.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()[0][0]
        parsed: dict[str, Any] = json.loads(text)
        if parsed.get("error"):
            if parsed.get("error_type") == "not implemented":
                raise statement.Refused("only SELECT is accepted: nothing can be changed, loaded, attached or set here")
            said = str(parsed.get("error_message", "")).partition("\n")[0][:200]
            raise statement.Refused(f"the SQL cannot be read: {said}")
        return parsed

    def _literal(self, text: str) -> Any:
        return self._parsed(f"SELECT {text}")["statements"][0]["node"]["select_list"][0]

    def _written(self, node: Any) -> str:
        tree = json.dumps({"error": False, "statements": [{"node": node, "named_param_map": []}]})
        return str(self.parser.execute("SELECT json_deserialize_sql(?::JSON)", [tree]).fetchall()[0][0])

    def _run(self, node: Any, tables: frozenset[str], request: dict[str, Any]) -> dict[str, Any]:
        timer = threading.Timer(float(request["seconds"]), self.connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            grouped = statement.folded(node) if node["type"] == "SELECT_NODE" else None
            extra = self._sources(grouped, tables) if grouped is not None else []
            if grouped is not None and extra:
                traced = {**grouped, "select_list": [*grouped["select_list"], *extra]}
                try:
                    return self._fetch(self._written(traced), request, len(extra))
                except duckdb.InterruptException:
                    raise
                except duckdb.Error:
                    pass  # the references do not fit this statement (positions, ROLLUP): its own columns are all there is
            return self._fetch(self._written(node), request, 0)
        finally:
            timer.cancel()

    def _sources(self, node: Any, tables: frozenset[str]) -> list[Any]:
        """Further columns for a SELECT: the references of the rows of the record behind each of its own."""
        aliases = statement.sources(node, tables)
        if not aliases:
            return []
        quoted = ['"' + alias.replace('"', '""') + '"' for alias in aliases]
        if not statement.is_aggregated(node):
            extra = [self._literal(f"{alias}.ref") for alias in quoted]
        else:
            extra = [
                self._literal(f"list_slice(list_sort(list(DISTINCT {a}.ref)), 1, {_REFS_PER_ROW})") for a in quoted
            ]
            for function, argument in statement.extremes(node):
                chosen = self._literal(f"{function}({quoted[0]}.ref, 0)")
                chosen["children"][1] = argument
                extra.insert(0, chosen)
        return [{**item, "alias": f"{_SOURCE}{index}"} for index, item in enumerate(extra)]

    def _fetch(self, sql: str, request: dict[str, Any], sources: int) -> dict[str, Any]:
        cursor = self.connection.execute(sql)
        names = [str(item[0]) for item in cursor.description or ()]
        shown, hidden = range(len(names) - sources), range(len(names) - sources, len(names))
        rows: list[list[Any]] = []
        refs: list[list[str]] = []
        size, truncated = 0, False
        for row in iter(cursor.fetchone, None):
            values = [plain(row[index], request["cell"]) for index in shown]
            size += sum(len(str(value)) for value in values)
            if len(rows) >= request["rows"] or (rows and size > request["characters"]):
                truncated = True
                break
            rows.append(values)
            refs.append(_flat(row[index] for index in hidden))
        return {
            "columns": [_titled(names[index], index) for index in shown],
            "rows": rows,
            "refs": refs,
            "truncated": truncated,
        }


_BARE_NUMBER = re.compile(r"(?<![\w.])[-+]?\d")


def _titled(name: str, index: int) -> str:
    """The name of a column; one that holds a number of its own would read like a value."""
    if name == "count_star()":
        return "count"
    return f"column {chr(ord('a') + index % 26)}" if _BARE_NUMBER.search(name) or len(name) > 60 else name


def _flat(values: Any) -> list[str]:
    found: list[str] = []
    for value in values:
        found.extend(map(str, value) if isinstance(value, list) else [] if value is None else [str(value)])
    return list(dict.fromkeys(found))


def plain(value: Any, longest: int) -> Any:
    """A value as JSON has it, a long text cut."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain(item, longest) for item in value[:100]]
    if isinstance(value, dict):
        return {str(key): plain(item, longest) for key, item in value.items()}
    text = str(value)
    return text if len(text) <= longest else text[:longest] + "…"


# Errors of these kinds come before any row is read, so that they name the statement and the schema only.
_BEFORE_ROWS = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.SyntaxException)


def _explained(error: Exception) -> str:
    """A fault without values of the record."""
    if isinstance(error, _BEFORE_ROWS):
        return " ".join(str(error).partition("LINE ")[0].split())[:400]
    if isinstance(error, duckdb.ConversionException):
        return "a value cannot be converted to the type asked for; use TRY_CAST"
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException):  # the latter: no file to spill to
        return "the statement needs too much memory; read fewer rows or join on more columns"
    return f"the statement cannot be run ({type(error).__name__}); simplify it"


def main() -> None:
    """Answer lines until the other side closes."""
    limit_process()
    worker = Worker()
    for line in sys.stdin:
        try:
            reply = worker.answer(json.loads(line))
        except MemoryError:
            reply = {"refused": "the statement needs too much memory; read fewer rows or join on more columns"}
        except RecursionError:
            reply = {"refused": "the statement is nested too deeply"}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
