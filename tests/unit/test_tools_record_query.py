"""`query_record`: what it answers, what it cites, and everything it must not be talked into."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge_base.demo import demo_bundle_paths
from knowledge_base.ingest import ingest_paths
from knowledge_base.records import RecordStore
from tests.conftest import NOW, Bench
from tools.catalogue import run_tool
from tools.context import ToolContext
from tools.outcome import RetryableToolError, ToolResult
from tools.record_query import process as process_module
from tools.record_query import query, query_record
from tools.record_query.process import process_of
from tools.record_query.schema import TABLES
from twin_backend.service import TwinBackend


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordStore]:
    """Two demo patients, notes without facts."""
    made = RecordStore(tmp_path_factory.mktemp("queries"))
    ingest_paths([p for p in demo_bundle_paths() if "006" in p.name or "001" in p.name], made, facts=False)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ctx(store: RecordStore, twin: TwinBackend) -> ToolContext:
    """The tools of demo-ct-006; one process for all of its queries."""
    return ToolContext(store, "demo-ct-006", NOW, twin)


def rows(result: ToolResult) -> list[list[Any]]:
    """The rows of a result."""
    return list(result.data["rows"])


# --- answers -------------------------------------------------------------------------------------------------------


def test_rows_are_those_of_the_chart_and_each_cites_its_resource(ctx: ToolContext) -> None:
    found = query_record(ctx, "SELECT date, value FROM observation WHERE concept = 'potassium' ORDER BY date DESC")
    expected = [r for r in reversed(ctx.chart.observations) if "potassium" in ctx.lexicon.concept_ids("observation", r)]
    assert rows(found) == [[r.time.date().isoformat(), r.value] for r in expected if r.time]
    assert [e.ref for s in found.statements[1:] for e in s.evidence] == [r.ref for r in expected]
    assert found.statements[1].text.startswith("1. date: ")
    for evidence in found.evidence:
        assert ctx.store.resource(ctx.patient_id, evidence.ref)


def test_an_aggregate_cites_the_rows_behind_it_and_an_extreme_its_own_row_first(ctx: ToolContext) -> None:
    found = query_record(ctx, "SELECT count(*) AS n, max(value) FROM observation WHERE concept = 'potassium'")
    values = [r for r in ctx.chart.observations if "potassium" in ctx.lexicon.concept_ids("observation", r)]
    top = max(values, key=lambda r: r.value or 0)
    assert rows(found) == [[len(values), top.value]]
    assert found.statements[1].evidence[0].ref == top.ref
    assert {e.ref for e in found.evidence} <= {r.ref for r in values}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT DISTINCT drug FROM medication",
        "WITH k AS (SELECT * FROM observation WHERE concept = 'creatinine') SELECT max(value) FROM k",
        "SELECT x.value FROM (SELECT value, ref FROM observation) x LIMIT 2",
        "SELECT o.date, m.display FROM observation o JOIN medication m ON m.start_date <= o.date LIMIT 2",
        "SELECT concept, avg(usual_value) FROM observation GROUP BY ALL HAVING count(*) > 3 LIMIT 3",
        "SELECT value, lag(value) OVER (ORDER BY date) AS before FROM observation WHERE concept = 'potassium'",
        "SELECT list(ref), count(*) FROM condition WHERE is_active",
        "FROM allergy",
        "SELECT display FROM condition c WHERE EXISTS (SELECT 1 FROM medication m WHERE m.start_date > c.onset_date)",
    ],
)
def test_every_row_has_evidence(ctx: ToolContext, sql: str) -> None:
    found = query_record(ctx, sql)
    assert found.data["n"] == len(found.statements) - 1 > 0
    assert all(s.evidence for s in found.statements[1:])


def test_a_query_whose_rows_have_no_source_says_how_to_name_it(ctx: ToolContext) -> None:
    found = query_record(ctx, "SELECT display FROM condition UNION ALL SELECT display FROM medication")
    assert found.evidence == () and "select ref" in found.warnings[0]
    named = query_record(ctx, "SELECT ref, display FROM condition UNION ALL SELECT ref, display FROM medication")
    assert all(s.evidence for s in named.statements[1:]) and named.warnings == ()


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM observation WHERE concept = 'nonesuch'", "SELECT avg(value) FROM observation WHERE false"]
)
def test_nothing_found_names_what_was_looked_at(ctx: ToolContext, sql: str) -> None:
    found = query_record(ctx, sql)
    assert not found.found and found.data["rows"] == []
    assert found.looked_at == (f"{len(ctx.chart.observations)} observation rows up to 2026-11-10",)


def test_a_count_of_zero_is_an_answer(ctx: ToolContext) -> None:
    found = query_record(ctx, "SELECT count(*) FROM device")
    assert found.found and rows(found) == [[0]]


def test_today_is_the_day_asked_about_and_later_rows_are_not_there(store: RecordStore, twin: TwinBackend) -> None:
    then = ToolContext(store, "demo-ct-006", datetime(2025, 1, 1, 9, 30, tzinfo=UTC), twin)
    sql = "SELECT current_date, now(), today(), max(date) < current_date, count(*) FROM observation"
    [[today, now, also_today, is_before, count]] = rows(query_record(then, sql))
    assert (today, now, also_today, is_before) == ("2025-01-01", "2025-01-01 09:30", "2025-01-01", True)
    assert count == len(then.chart.observations) < len(store.observations("demo-ct-006"))


def test_values_in_mixed_units_can_be_compared(crafted: Bench) -> None:
    found = query_record(
        crafted.context("units"), "SELECT value, unit, usual_value, usual_unit FROM observation WHERE concept='creatinine' ORDER BY date"
    )  # fmt: skip
    assert [row[:2] for row in rows(found)] == [[1.0, "mg/dL"], [120.0, "umol/L"], [88.4, "umol/L"]]
    assert [round(row[2], 2) for row in rows(found)] == [1.0, 1.36, 1.0]
    assert {row[3] for row in rows(found)} == {"mg/dL"}


def test_notes_that_give_orders_are_left_out_and_named(crafted: Bench) -> None:
    ctx = crafted.context("notes")
    for sql in ("SELECT text FROM note", "SELECT text FROM note_fact"):
        found = query_record(ctx, sql)
        assert "oxycodone" not in found.summary and "Ignore" not in found.summary
        assert any("n-2" in warning for warning in found.warnings)


def test_names_addresses_and_numbers_of_the_patient_are_in_no_table(ctx: ToolContext) -> None:
    row = ctx.chart.patient
    everything = " ".join(query_record(ctx, f"SELECT * FROM {name}").summary for name in ("patient", "encounter"))
    for secret in (row.family, row.address_line, *(value for _, value in (*row.identifiers, *row.telecom))):
        assert not secret or secret not in everything


def test_every_table_can_be_read_and_is_described(ctx: ToolContext) -> None:
    described = str(query_record.__doc__)
    for name, table in TABLES.items():
        found = query_record(ctx, f"SELECT * FROM {name}")
        assert found.data["columns"] == [column for column, _ in table.columns]
        assert table.described in described


def test_the_catalogue_offers_it_for_the_open_patient_only(ctx: ToolContext) -> None:
    found = run_tool(ctx, "query_record", {"sql": "SELECT count(*) FROM patient"})
    assert rows(found) == [[1]]
    with pytest.raises(RetryableToolError, match="patient_id"):
        run_tool(ctx, "query_record", {"sql": "SELECT 1 FROM patient", "patient_id": "demo-ct-001"})


def test_a_long_result_is_cut_and_it_is_said(ctx: ToolContext) -> None:
    found = query_record(ctx, "SELECT a.ref, b.ref FROM observation a, observation b")
    assert found.data["n"] <= query.MOST_ROWS and found.data["truncated"]
    assert any("Only the first" in warning for warning in found.warnings)
    wide = query_record(ctx, "SELECT string_agg(text, ' ') FROM note, (SELECT ref AS r FROM observation LIMIT 40)")
    assert len(wide.summary) < query.LONGEST_CELL + 200


# --- what is refused -------------------------------------------------------------------------------------------------

ESCAPES = {
    "read_csv": "SELECT * FROM read_csv('/etc/passwd')",
    "read_csv_auto": "SELECT * FROM read_csv_auto('/etc/passwd')",
    "read_parquet": "SELECT * FROM read_parquet('x.parquet')",
    "parquet_metadata": "SELECT * FROM parquet_metadata('x.parquet')",
    "read_json": "SELECT * FROM read_json('/etc/hosts')",
    "read_ndjson": "SELECT * FROM read_ndjson_objects('/etc/hosts')",
    "read_text": "SELECT content FROM read_text('/etc/hostname')",
    "read_blob": "SELECT content FROM read_blob('/proc/self/environ')",
    "glob": "SELECT * FROM glob('/*')",
    "sniff_csv": "SELECT * FROM sniff_csv('/etc/passwd')",
    "file as a table": "SELECT * FROM '/etc/passwd'",
    "parquet as a table": "SELECT * FROM 'data.parquet'",
    "quoted path as a table": 'SELECT * FROM "/etc/passwd"',
    "file in a join": "SELECT * FROM observation JOIN read_text('/etc/hostname') ON true",
    "file in a subquery": "SELECT (SELECT content FROM read_text('/etc/hostname')) FROM observation",
    "file in a CTE": "WITH f AS (SELECT * FROM read_text('/etc/hostname')) SELECT * FROM f, observation",
    "file in a lateral": "SELECT * FROM observation o, LATERAL (SELECT * FROM read_text(o.display))",
    "https": "SELECT * FROM read_csv('https://example.com/x.csv')",
    "https as a table": "SELECT * FROM 'https://example.com/x.csv'",
    "s3": "SELECT * FROM read_parquet('s3://bucket/x')",
    "copy to": "COPY observation TO '/tmp/charttwin-escape.csv'",
    "copy query to": "COPY (SELECT * FROM observation) TO '/tmp/charttwin-escape.csv'",
    "copy from": "COPY observation FROM '/etc/passwd'",
    "copy to program": "COPY observation TO PROGRAM 'id'",
    "attach": "ATTACH '/tmp/charttwin-escape.db' AS x",
    "attach memory": "ATTACH ':memory:' AS x",
    "attach sqlite": "ATTACH 'record.sqlite3' AS r (TYPE sqlite)",
    "detach": "DETACH memory",
    "use": "USE memory.main",
    "install": "INSTALL httpfs",
    "force install": "FORCE INSTALL httpfs FROM community",
    "load": "LOAD httpfs",
    "load by path": "LOAD '/tmp/x.duckdb_extension'",
    "pragma": "PRAGMA database_list",
    "pragma table_info": "PRAGMA table_info('observation')",
    "pragma as a function": "SELECT * FROM pragma_database_size()",
    "set": "SET enable_external_access = true",
    "set global": "SET GLOBAL lock_configuration = false",
    "reset": "RESET lock_configuration",
    "set variable": "SET VARIABLE x = 1",
    "export": "EXPORT DATABASE '/tmp/charttwin-escape'",
    "import": "IMPORT DATABASE '/tmp'",
    "checkpoint": "FORCE CHECKPOINT",
    "vacuum": "VACUUM observation",
    "create table": "CREATE TABLE x AS SELECT * FROM observation",
    "create temp table": "CREATE TEMP TABLE x AS SELECT * FROM observation",
    "create view over a file": "CREATE VIEW v AS SELECT * FROM read_text('/etc/hostname')",
    "create macro": "CREATE MACRO f(x) AS TABLE SELECT * FROM read_text(x)",
    "create secret": "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "create sequence": "CREATE SEQUENCE s",
    "insert": "INSERT INTO observation SELECT * FROM observation",
    "update": "UPDATE observation SET value = 0",
    "delete": "DELETE FROM observation",
    "truncate": "TRUNCATE observation",
    "merge": "MERGE INTO observation USING medication ON false WHEN NOT MATCHED THEN INSERT DEFAULT VALUES",
    "drop": "DROP TABLE observation",
    "alter": "ALTER TABLE observation DROP COLUMN ref",
    "CTE with DML": "WITH x AS (DELETE FROM observation RETURNING *) SELECT * FROM x",
    "CTE before DML": "WITH x AS (SELECT 1) INSERT INTO observation SELECT * FROM observation",
    "begin": "BEGIN TRANSACTION",
    "prepare": "PREPARE p AS SELECT * FROM observation",
    "execute": "EXECUTE p",
    "call": "CALL pragma_version()",
    "explain": "EXPLAIN SELECT * FROM observation",
    "explain analyze": "EXPLAIN ANALYZE SELECT * FROM observation",
    "describe": "DESCRIBE observation",
    "summarize": "SUMMARIZE observation",
    "show": "SHOW ALL TABLES",
    "two statements": "SELECT count(*) FROM observation; SELECT count(*) FROM medication",
    "second statement in a comment's lee": "SELECT count(*) FROM observation; -- \n DROP TABLE observation",
    "second statement after a block comment": "SELECT count(*) FROM observation /* ; */ ; ATTACH ':memory:' AS z",
    "getenv": "SELECT getenv('HOME') FROM patient",
    "current_setting": "SELECT current_setting('memory_limit') FROM patient",
    "getvariable": "SELECT getvariable('x') FROM patient",
    "duckdb_settings": "SELECT * FROM duckdb_settings()",
    "duckdb_secrets": "SELECT * FROM duckdb_secrets()",
    "duckdb_extensions": "SELECT * FROM duckdb_extensions()",
    "duckdb_functions": "SELECT * FROM duckdb_functions()",
    "duckdb_logs": "SELECT * FROM duckdb_logs()",
    "which_secret": "SELECT * FROM which_secret('s3://x', 's3')",
    "information_schema": "SELECT * FROM information_schema.tables",
    "pg_catalog": "SELECT * FROM pg_catalog.pg_class",
    "sqlite_master": "SELECT * FROM sqlite_master",
    "duckdb_tables": "SELECT * FROM duckdb_tables",
    "another schema": "SELECT * FROM main.observation",
    "another catalog": "SELECT * FROM memory.main.observation",
    "system catalog": "SELECT * FROM system.information_schema.tables",
    "temp catalog": "SELECT * FROM temp.main.observation",
    "query()": "SELECT * FROM query('SELECT * FROM read_text(''/etc/hostname'')')",
    "query_table()": "SELECT * FROM query_table('observation')",
    "json_execute": "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 42'))",
    "json_serialize_sql": "SELECT json_serialize_sql('SELECT 42') FROM patient",
    "from_substrait": "SELECT * FROM from_substrait('x'::BLOB)",
    "python variable": "SELECT * FROM request",
    "python module": "SELECT * FROM statement",
    "python frame": "SELECT * FROM _spec",
    "repeat": "SELECT repeat('a', 2000000000) FROM patient",
    "lpad": "SELECT lpad('a', 2000000000, 'b') FROM patient",
    "printf": "SELECT printf('%2000000000s', 'a') FROM patient",
    "format": "SELECT format('{:>2000000000}', 'a') FROM patient",
    "bar": "SELECT bar(1, 0, 1, 1000000) FROM patient",
    "range": "SELECT * FROM range(1000000000000)",
    "generate_series": "SELECT * FROM generate_series(1, 1000000000000)",
    "range in a list": "SELECT range(100000000) FROM patient",
    "unnest": "SELECT unnest([1, 2, 3]) FROM patient",
    "repeat table": "SELECT * FROM repeat('a', 1000000000)",
    "recursive": "WITH RECURSIVE r AS (SELECT 1 a UNION ALL SELECT a + 1 FROM r) SELECT count(*) FROM r, patient",
    "recursive over the record": "WITH RECURSIVE r AS (SELECT ref FROM patient UNION ALL SELECT ref FROM r) SELECT * FROM r",
    "lambda": "SELECT list_transform([1], x -> x + 1) FROM patient",
    "list comprehension": "SELECT [x FOR x IN [1, 2]] FROM patient",
    "reduce": "SELECT list_reduce([1, 2], (a, b) -> a + b) FROM patient",
    "pivot": "PIVOT observation ON concept USING avg(value)",
    "unpivot": "UNPIVOT observation ON value, reference_low INTO NAME n VALUE v",
    "values": "SELECT * FROM (VALUES (5.5)) v(potassium), patient",
    "parameter": "SELECT * FROM observation WHERE value > ?",
    "named parameter": "SELECT * FROM observation WHERE value > $x",
    "sample": "SELECT * FROM observation USING SAMPLE 1",
    "tablesample": "SELECT * FROM observation TABLESAMPLE 10%",
    "time travel": "SELECT * FROM observation AT (VERSION => 1)",
    "random": "SELECT random() FROM patient",
    "uuid": "SELECT uuid() FROM patient",
    "setseed": "SELECT setseed(0.5) FROM patient",
    "nextval": "SELECT nextval('s') FROM patient",
    "write_log": "SELECT write_log('x') FROM patient",
    "error": "SELECT error('x') FROM patient",
    "current_user": "SELECT current_user FROM patient",
    "session_user": "SELECT session_user FROM patient",
    "version": "SELECT version() FROM patient",
    "homoglyph function": "SELECT ｒead_text('/etc/hostname') FROM patient",
    "cyrillic function": "SELECT c\u043eunt(*) FROM observation",
    "cyrillic table": "SELECT * FROM \u043ebservation",
    "fullwidth semicolon": "SELECT count(*) FROM observation； DROP TABLE observation",
    "zero width": "SELECT * FROM obser\u200bvation",
    "qualified function": "SELECT system.main.getenv('HOME') FROM patient",
    "method call": "SELECT 'a'.repeat(1000000000) FROM patient",
    "quoted function": 'SELECT "read_text"(\'/etc/hostname\') FROM patient',
    "other patients by id column": "SELECT * FROM observation WHERE patient_id = 'demo-ct-001'",
    "other patients' table": "SELECT * FROM patients",
    "the store's tables": "SELECT raw FROM resources",
    "no table": "SELECT current_date",
    "number out of nothing": "SELECT 5.9 AS potassium FROM observation",
    "number out of a cast": "SELECT '5.9'::DOUBLE AS potassium FROM observation",
    "number out of a branch": "SELECT CASE WHEN value > 0 THEN 5.9 END AS potassium FROM observation",
    "number out of coalesce": "SELECT coalesce(NULL, 5.9) AS potassium FROM observation",
    "number out of arithmetic": "SELECT 2 + 3.9 AS potassium FROM observation",
    "number out of an aggregate": "SELECT max(5.9) AS potassium FROM observation",
    "number in a label": "SELECT 'potassium 5.9' AS k FROM observation",
    "number put beside a value": "SELECT display || ' 5.9' AS k FROM observation",
    "number from a subquery": "SELECT k FROM (SELECT 5.9 AS k FROM observation)",
    "number from a CTE": "WITH c AS (SELECT 5.9 AS k) SELECT k FROM c, observation",
    "date out of nothing": "SELECT DATE '2031-05-05' AS due FROM observation",
    "empty": "   ",
    "comment only": "-- nothing",
    "garbage": "SELEC ref FORM observation",
    "null byte": "SELECT ref FROM observation\x00; DROP TABLE observation",
    "half a surrogate": "SELECT '\ud800' FROM observation",
    "too long": "SELECT ref FROM observation WHERE " + " OR ".join(["ref = 'x'"] * 2000),
    "long list": "SELECT ref FROM observation WHERE value IN (" + ",".join(map(str, range(600))) + ")",
    "deep operators": "SELECT ref FROM observation WHERE " + "NOT " * 1900 + "true",
    "deep subqueries": "SELECT * FROM " + "(SELECT * FROM " * 200 + "observation" + ")" * 200,
}  # fmt: skip


def test_there_are_enough_ways_out_to_try() -> None:
    assert len(ESCAPES) >= 60 and len(set(ESCAPES.values())) == len(ESCAPES)


@pytest.mark.parametrize("name", ESCAPES)
def test_a_way_out_is_refused_and_nothing_changes(ctx: ToolContext, name: str) -> None:
    marker = Path("/tmp/charttwin-escape.csv")
    assert not marker.exists()
    with pytest.raises(RetryableToolError) as refused:
        query_record(ctx, ESCAPES[name])
    assert len(refused.value.message) < 4000
    assert not marker.exists() and not Path("/tmp/charttwin-escape.db").exists()
    [[count]] = rows(query_record(ctx, "SELECT count(*) FROM observation"))
    assert count == len(ctx.chart.observations) > 0


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM observation a, observation b, observation c, observation d, observation e",
        "SELECT string_agg(a.display, '') FROM observation a, observation b, observation c, observation d",
        "WITH a AS (SELECT text || text t FROM note), b AS (SELECT t || t || t || t t FROM a), c AS (SELECT t || t || t || t t FROM b), "
        "d AS (SELECT t || t || t || t t FROM c), e AS (SELECT t || t || t || t t FROM d), f AS (SELECT t || t || t || t t FROM e), "
        "g AS (SELECT t || t || t || t t FROM f), h AS (SELECT t || t || t || t t FROM g), i AS (SELECT t || t || t || t t FROM h) "
        "SELECT length(string_agg(t, '')) FROM i",
        "SELECT list(a.text) FROM note a, observation b, observation c, observation d",
        "SELECT a.ref FROM observation a, observation b, observation c, observation d ORDER BY a.value * d.value, b.ref",
        "SELECT count(DISTINCT a.ref || b.ref || c.ref || d.ref) FROM observation a, observation b, observation c, observation d",
    ],
)
def test_a_bomb_is_ended_and_the_next_query_works(ctx: ToolContext, sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(RetryableToolError, match="read fewer rows|too much"):
        query_record(ctx, sql)
    assert time.monotonic() - began < 20  # bounded, also on a machine that is busy
    assert rows(query_record(ctx, "SELECT count(*) FROM patient")) == [[1]]


def test_a_regular_expression_cannot_run_away(ctx: ToolContext) -> None:
    found = query_record(
        ctx, "SELECT count(*) FROM note WHERE regexp_matches(text || 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', '(a+)+$')"
    )
    assert found.found


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT display /* ; DROP TABLE observation */ FROM observation -- ; DROP TABLE observation",
        "SELECT display FROM observation WHERE display <> 'x''; DROP TABLE observation; --'",
        'SELECT o."display" FROM "observation" AS o',
        "select DISPLAY from OBSERVATION",
        "SELECT display FROM observation;",
        "(SELECT display FROM observation)",
        "SELECT " + "(" * 1500 + "display" + ")" * 1500 + " FROM observation",
    ],
)
def test_what_only_looks_dangerous_is_answered(ctx: ToolContext, sql: str) -> None:
    assert query_record(ctx, sql).data["n"] > 0


@pytest.mark.parametrize("table", TABLES)
def test_nothing_of_another_patient_is_in_any_table(ctx: ToolContext, table: str) -> None:
    found = query_record(ctx, f"SELECT * FROM {table}")
    text = found.summary + str(found.data) + str([e.ref for e in found.evidence])
    assert "demo-ct-001" not in text


def test_an_error_of_a_value_does_not_repeat_it(ctx: ToolContext) -> None:
    with pytest.raises(RetryableToolError) as refused:
        query_record(ctx, "SELECT display::INTEGER FROM condition")
    assert "TRY_CAST" in refused.value.message
    assert not any(row.display in refused.value.message for row in ctx.chart.conditions)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT potasium FROM observation", "potasium"),
        ("SELECT value FROM labs", "observation"),
        ("SELECT stdev(value) FROM observation", "stddev"),
        ("SELECT value FROM observation GROUP BY date", "GROUP BY"),
    ],
)
def test_a_mistake_comes_back_with_what_is_accepted(ctx: ToolContext, sql: str, said: str) -> None:
    with pytest.raises(RetryableToolError, match=said):
        query_record(ctx, sql)


# --- the process -----------------------------------------------------------------------------------------------------


def test_the_process_sees_no_environment_and_ends_with_the_chart(
    store: RecordStore, twin: TwinBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARTTWIN_API_KEY", "sk-secret")
    own = ToolContext(store, "demo-ct-006", NOW, twin)
    query_record(own, "SELECT count(*) FROM patient")
    process = process_of(own)._process
    assert process is not None and process.poll() is None
    environment = Path(f"/proc/{process.pid}/environ")
    if environment.exists():
        assert b"sk-secret" not in environment.read_bytes()
    del own
    assert process.wait(timeout=10) is not None


def test_a_process_that_was_killed_is_started_again(store: RecordStore, twin: TwinBackend) -> None:
    own = ToolContext(store, "demo-ct-006", NOW, twin)
    query_record(own, "SELECT count(*) FROM patient")
    process = process_of(own)._process
    assert process is not None
    process.kill()
    process.wait(timeout=10)
    assert rows(query_record(own, "SELECT count(*) FROM patient")) == [[1]]


def test_a_table_is_built_when_first_read_and_once(
    store: RecordStore, twin: TwinBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ToolContext(store, "demo-ct-006", NOW, twin)
    query_record(own, "SELECT count(*) FROM medication")
    process = process_of(own)
    assert set(process._lines) == {"medication"}
    first = process.lines(own, "medication")
    query_record(own, "SELECT count(*) FROM medication")
    assert process.lines(own, "medication") is first


def test_the_record_on_disk_is_untouched(ctx: ToolContext) -> None:
    path = ctx.store.data_dir / "record.sqlite3"
    before = (path.read_bytes(), os.stat(path).st_mtime_ns)
    for sql in ("SELECT * FROM observation", ESCAPES["copy to"], ESCAPES["drop"]):
        try:
            query_record(ctx, sql)
        except RetryableToolError:
            continue
    assert (path.read_bytes(), os.stat(path).st_mtime_ns) == before


def test_the_worker_is_found_beside_the_package() -> None:
    assert process_module._WORKER.is_file()
