"""Which SQL is taken: one SELECT over the tables of the record, by list of what is allowed and nothing else.

DuckDB's own parser gives the statement as a tree (`json_serialize_sql`); every node of it is compared with what is
known to be harmless. What this module has never heard of is refused, so that a new feature of DuckDB is closed until
somebody opens it here. Standard library only: the worker process imports this file by its path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]

AGGREGATES = frozenset(
    "count count_star sum avg mean min max median mode stddev stddev_samp stddev_pop variance var_samp var_pop "
    "quantile quantile_cont quantile_disc arg_max arg_min max_by min_by first last any_value list array_agg string_agg "
    "group_concat bool_and bool_or count_if countif corr regr_slope regr_intercept regr_r2 mad skewness kurtosis".split()
)
_WINDOWS = frozenset(
    "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value".split()
)
# No function that makes text longer than what it is given by more than a constant, none that reads settings or files.
_SCALARS = frozenset(
    "+ - * / // % || ~~ !~~ ~~* !~~* ^ ** abs round ceil ceiling floor trunc sqrt ln log log10 log2 exp pow power sign "
    "mod greatest least isnan isfinite lower upper trim ltrim rtrim length len strlen char_length substr substring left "
    "right split_part contains starts_with ends_with prefix suffix instr strpos position like_escape ilike_escape "
    "not_like_escape not_ilike_escape regexp_matches regexp_full_match regexp_extract concat concat_ws nullif ifnull "
    "coalesce if year month day dayofmonth dayofweek dayofyear isodow week weekofyear quarter hour minute second "
    "date_part datepart date_trunc datetrunc date_diff datediff date_sub datesub date_add age epoch strftime strptime "
    "try_strptime last_day monthname dayname to_years to_months to_weeks to_days to_hours to_minutes "
    "to_seconds to_quarters to_decades list_extract array_extract list_element list_contains array_contains list_sort "
    "array_slice list_slice list_distinct array_length list_count date error".split()
) - {"error"}
FUNCTIONS = AGGREGATES | _WINDOWS | _SCALARS
_EXPRESSIONS = frozenset(
    "BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION OPERATOR STAR SUBQUERY WINDOW "
    "POSITIONAL_REFERENCE".split()
)
_PARTS = frozenset(
    "SELECT_NODE SET_OPERATION_NODE CTE_NODE BASE_TABLE SUBQUERY JOIN EMPTY ORDER_MODIFIER LIMIT_MODIFIER "
    "LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING".split()
)
_WHAT_PARTS_ARE = {
    "RECURSIVE_CTE_NODE": "a recursive query",
    "TABLE_FUNCTION": "a table function",
    "SHOW_REF": "DESCRIBE, SHOW or SUMMARIZE",
    "EXPRESSION_LIST": "VALUES",
    "PIVOT": "PIVOT",
    "LAMBDA": "a lambda",
    "PARAMETER": "a parameter",
}
_TODAY = frozenset({"current_date", "today"})
_NOW = frozenset(
    {
        "now",
        "current_timestamp",
        "get_current_timestamp",
        "transaction_timestamp",
        "localtimestamp",
        "current_localtimestamp",
    }
)
# Words that DuckDB reads as a function although they look like a column.
_SESSION_WORDS = frozenset(
    "current_catalog current_schema current_role current_user current_time localtime session_user user".split()
)
_DEEPEST = 60
_LONGEST_LIST = 400
# The result of these is one of their arguments, so that a number written in one may come out as it is.
_CHOOSING = frozenset({"coalesce", "ifnull", "greatest", "least", "if", "nullif"})
_JOINING = frozenset({"||", "concat", "concat_ws"})
_COUNTING = (
    frozenset({"count", "count_star", "count_if", "countif", "sum"}) | _WINDOWS
)  # count(1), sum(CASE ... THEN 1 ...)


class Refused(Exception):
    """The statement is not one that is taken; the text says why and what is."""


def select_of(parsed: Node) -> Node:
    """The one SELECT of a parsed text.

    Raises:
        Refused: several statements, none, or another kind of statement.
    """
    statements = parsed.get("statements") or []
    if len(statements) != 1:
        raise Refused("write exactly one SELECT statement")
    statement: Node = statements[0]
    if statement.get("named_param_map"):
        raise Refused("a parameter is not accepted here: write the value")
    node: Node = statement["node"]
    return node


def check(node: Node, tables: frozenset[str]) -> set[str]:
    """The tables that a SELECT reads.

    Raises:
        Refused: it holds anything that is not on the lists above, or reads no table.
    """
    used: set[str] = set()
    _walk(node, frozenset(), tables, used, 0)
    if not used:
        raise Refused("the statement reads no table, so nothing of the record would stand behind its result")
    for select in _selects(node):
        for item in select["select_list"]:
            if _is_written(item):
                raise Refused(
                    "a column that is a number or date written in the statement has no source in the record; "
                    "use a condition (true or false) for a flag, a word without digits for a label"
                )
    return used


def _walk(value: Any, names: frozenset[str], tables: frozenset[str], used: set[str], depth: int) -> None:
    """Every part of the tree; `names` are the CTEs in sight."""
    if depth > 4 * _DEEPEST:
        raise Refused("the statement is nested too deeply")
    if isinstance(value, list):
        if len(value) > _LONGEST_LIST:
            raise Refused(f"a list in the statement has more than {_LONGEST_LIST} items")
        for item in value:
            _walk(item, names, tables, used, depth + 1)
    elif isinstance(value, dict):
        _check_part(value, names, tables, used)
        held = (value.get("cte_map") or {}).get("map") or []
        seen = names
        for entry in held:  # a CTE sees those before it
            _walk(entry["value"], seen, tables, used, depth + 1)
            seen = seen | {str(entry["key"]).lower()}
        for key, item in value.items():
            if key != "cte_map" and isinstance(item, dict | list):
                _walk(item, seen, tables, used, depth + 1)


def _check_part(part: Node, names: frozenset[str], tables: frozenset[str], used: set[str]) -> None:
    kind, group = part.get("type"), part.get("class")
    if part.get("sample"):
        raise Refused("a sample is not accepted: the same question must give the same answer")
    if group is not None:
        if group not in _EXPRESSIONS:
            raise Refused(f"{_WHAT_PARTS_ARE.get(str(group), str(group).lower())} is not accepted")
        _check_expression(part, str(group))
    elif isinstance(kind, str):
        if kind not in _PARTS:
            raise Refused(f"{_WHAT_PARTS_ARE.get(kind, kind.lower())} is not accepted: read the tables with SELECT")
        if kind == "BASE_TABLE":
            _check_table(part, names, tables, used)


def _check_table(part: Node, names: frozenset[str], tables: frozenset[str], used: set[str]) -> None:
    name = str(part.get("table_name", "")).lower()
    if part.get("schema_name") or part.get("catalog_name") or part.get("at_clause"):
        raise Refused(f"a table is named without schema or catalog; there are {', '.join(sorted(tables))}")
    if name in names:
        return
    if name not in tables:
        raise Refused(f"there is no table of that name; there are {', '.join(sorted(tables))}")
    used.add(name)


def _check_expression(part: Node, group: str) -> None:
    if group in {"FUNCTION", "WINDOW"}:
        name = str(part.get("function_name", "")).lower()
        if part.get("catalog") or part.get("schema") not in {"", None, "main"}:
            raise Refused("a function is named without schema or catalog")
        if name not in FUNCTIONS and name not in _TODAY | _NOW:
            shown = name if name.isidentifier() and name.isascii() and len(name) <= 40 else "of that name"
            raise Refused(
                f"the function {shown} is not accepted; there are {', '.join(sorted(filter(str.isidentifier, FUNCTIONS)))}"
            )
    if group == "COLUMN_REF":
        names = [str(n).lower() for n in part.get("column_names") or ()]
        if len(names) == 1 and names[0] in _SESSION_WORDS:
            raise Refused(f"{names[0]} is not accepted: it is no column of the record")


def _selects(value: Any) -> Iterator[Node]:
    """The SELECTs whose columns can reach the result; those of EXISTS and IN only test."""
    if isinstance(value, list):
        for item in value:
            yield from _selects(item)
    elif isinstance(value, dict):
        if value.get("class") == "SUBQUERY" and value.get("subquery_type") in {"EXISTS", "NOT_EXISTS", "ANY"}:
            return
        if value.get("type") == "SELECT_NODE":
            yield value
        for item in value.values():
            if isinstance(item, dict | list):
                yield from _selects(item)


def _is_written(item: Node) -> bool:
    """Whether the value of an expression may hold a number that only the statement's author wrote."""
    group = item.get("class")
    if group == "CONSTANT":
        value = item.get("value") or {}
        digits = any(letter.isdigit() for letter in str(value.get("value", "")))
        return not value.get("is_null") and digits and (value.get("type") or {}).get("id") != "BOOLEAN"
    if group in {"CAST", "COLLATE"}:
        return _is_written(item["child"])
    if group == "CASE":
        results = [check["then_expr"] for check in item.get("case_checks") or ()]
        return any(map(_is_written, [*results, item.get("else_expr") or {}]))
    if group in {"FUNCTION", "OPERATOR", "WINDOW"}:
        children = item.get("children") or []
        name = str(item.get("function_name", "")).lower()
        if name in _COUNTING:
            return False
        if name in _CHOOSING | AGGREGATES | _JOINING or item.get("type") == "OPERATOR_COALESCE":
            return any(map(_is_written, children))
        return bool(children) and all(map(_is_written, children))
    return False


def pinned(value: Any, today: Node, now: Node) -> Any:
    """The tree with every word for the present replaced by the moment of the question."""
    if isinstance(value, list):
        return [pinned(item, today, now) for item in value]
    if not isinstance(value, dict):
        return value
    names = value.get("column_names") if value.get("class") == "COLUMN_REF" else None
    word = str(names[0] if names and len(names) == 1 else value.get("function_name", "")).lower()
    if word in _TODAY | _NOW and value.get("class") in {"COLUMN_REF", "FUNCTION"}:
        return {**(today if word in _TODAY else now), "alias": value.get("alias", "") or word}
    return {key: pinned(item, today, now) for key, item in value.items()}


def sources(node: Node, tables: frozenset[str]) -> list[str]:
    """How what carries a `ref` is called in the FROM of the outermost SELECT; empty where that cannot be told."""
    if node.get("type") != "SELECT_NODE":
        return []
    queries = {str(e["key"]).lower(): e["value"]["query"]["node"] for e in (node.get("cte_map") or {}).get("map") or ()}
    waiting, found = [node.get("from_table") or {}], []
    while waiting:
        part = waiting.pop(0)
        alias = str(part.get("alias") or "")
        if part.get("type") == "JOIN":
            waiting[:0] = [part["left"], part["right"]]
        elif part.get("type") == "BASE_TABLE":
            name = str(part["table_name"])
            query = queries.get(name.lower())
            if _passes_ref(query) if query else name.lower() in tables:
                found.append(alias or name)
        elif part.get("type") == "SUBQUERY" and alias and _passes_ref(part["subquery"]["node"]):
            found.append(alias)
    return found


def _passes_ref(node: Node) -> bool:
    """Whether a query has a column `ref` of its own or by `*`."""
    if node.get("type") != "SELECT_NODE":
        return False
    for item in node["select_list"]:
        named = item.get("alias") or (item.get("column_names") or [""])[-1]
        if str(named).lower() == "ref" or (item.get("class") == "STAR" and not item.get("columns")):
            return True
    return False


def folded(node: Node) -> Node | None:
    """The same SELECT with DISTINCT written as grouping by all columns, or as it is; None where there is no such way."""
    modifiers = node.get("modifiers") or []
    distinct = [m for m in modifiers if m.get("type") == "DISTINCT_MODIFIER"]
    if not distinct:
        return node
    if any(m.get("distinct_on_targets") for m in distinct) or is_aggregated(node) or _has(node, "WINDOW"):
        return None
    rest = [m for m in modifiers if m not in distinct]
    return {**node, "modifiers": rest, "aggregate_handling": "FORCE_AGGREGATES"}


def _has(value: Any, group: str) -> bool:
    if isinstance(value, list):
        return any(_has(item, group) for item in value)
    return isinstance(value, dict) and (value.get("class") == group or any(_has(v, group) for v in value.values()))


def is_aggregated(node: Node) -> bool:
    """Whether the outermost SELECT folds rows together."""
    if node.get("group_expressions") or node.get("having") or node.get("aggregate_handling") == "FORCE_AGGREGATES":
        return True
    return any(_folds(item) for item in node["select_list"])


def _folds(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_folds, value))
    if not isinstance(value, dict) or value.get("class") in {"SUBQUERY", "WINDOW"}:
        return False
    if value.get("class") == "FUNCTION" and str(value.get("function_name", "")).lower() in AGGREGATES:
        return True
    return any(_folds(item) for item in value.values() if isinstance(item, dict | list))


def extremes(node: Node) -> list[tuple[str, Node]]:
    """The arguments whose greatest or least value a column of the outermost SELECT is, as (arg_max or arg_min, argument)."""
    found = []
    for item in node["select_list"]:
        name = str(item.get("function_name", "")).lower()
        children = item.get("children") or []
        if item.get("class") == "FUNCTION" and name in {"max", "min"} and len(children) == 1 and not item.get("filter"):
            found.append((f"arg_{name}", children[0]))
    return found
