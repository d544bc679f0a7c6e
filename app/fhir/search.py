"""FHIR search over the resources of one patient: tokens, dates, references, sorting and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.errors import InvalidInput

Json = dict[str, Any]
_PREFIXED = re.compile(r"(eq|ne|gt|ge|lt|le|sa|eb)?(\d{4}(?:-\d\d(?:-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)?)?)")
_DATES = (
    "effectiveDateTime", "effectiveInstant", "effectivePeriod", "onsetDateTime", "recordedDate", "authoredOn", "date",
    "performedDateTime", "performedPeriod", "occurrenceDateTime", "period", "dateAsserted", "issued", "recorded", "birthDate",
)  # fmt: skip
_CODES = ("code", "medicationCodeableConcept", "vaccineCode", "type")
_CONTROL = frozenset({"patient", "subject", "_count", "_offset", "_sort", "_summary", "_format", "_pretty"})
MOST = 500


def _token(paths: tuple[str, ...]) -> Callable[[Json, str], bool]:
    def matches(resource: Json, wanted: str) -> bool:
        system, bar, code = wanted.rpartition("|")
        for held_system, held_code in _codings(resource.get(path) for path in paths):
            if held_code == code and (not bar or held_system == system):
                return True
        return False

    return matches


def _codings(values: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for value in values:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield "", item
            elif isinstance(item, dict):
                for coding in item.get("coding") or ([item] if "code" in item else []):
                    yield str(coding.get("system", "")), str(coding.get("code", ""))


def _id(resource: Json, wanted: str) -> bool:
    return resource["id"] == wanted


def _tag(resource: Json, wanted: str) -> bool:
    return _token(("tag",))(resource.get("meta") or {}, wanted)


def _target(resource: Json, wanted: str) -> bool:
    return any(t.get("reference") == wanted for t in resource.get("target") or [])


def moment_of(resource: Json) -> datetime | None:
    """When a resource is of, by its first date element; None where it has none."""
    for path in _DATES:
        value = resource.get(path)
        text = (value.get("start") or value.get("end")) if isinstance(value, dict) else value
        if isinstance(text, str) and (span := _span(text)) is not None:
            return span[0]
    return None


def _span(text: str) -> tuple[datetime, datetime] | None:
    """The time that a FHIR date or dateTime covers: a year is a year long."""
    try:
        if len(text) == 4:
            start = datetime(int(text), 1, 1, tzinfo=UTC)
            return start, start.replace(year=start.year + 1) if start.year < 9999 else datetime.max.replace(tzinfo=UTC)
        if len(text) == 7:
            start = datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC)
            return start, (start + timedelta(days=32)).replace(day=1)
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, OverflowError):
        return None
    start = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return start, start + (timedelta(days=1) if len(text) == 10 else timedelta(seconds=1))
    except OverflowError:
        return None


def _date(resource: Json, wanted: str) -> bool:
    match = _PREFIXED.fullmatch(wanted)
    span = _span(match[2]) if match else None
    if match is None or span is None:
        raise InvalidInput(
            "a date reads 2024, 2024-05, 2024-05-31 or a time, with eq ne gt ge lt le sa or eb before it", field="date"
        )
    held = moment_of(resource)
    if held is None:
        return False
    start, end = span
    within = start <= held < end
    return {
        "eq": within, "ne": not within, "gt": held >= end, "sa": held >= end, "ge": held >= start,
        "lt": held < start, "eb": held < start, "le": held < end,
    }[match[1] or "eq"]  # fmt: skip


PARAMETERS: dict[str, tuple[str, Callable[[Json, str], bool]]] = {
    "_id": ("token", _id),
    "_tag": ("token", _tag),
    "code": ("token", _token(_CODES)),
    "category": ("token", _token(("category",))),
    "status": ("token", _token(("status",))),
    "clinical-status": ("token", _token(("clinicalStatus",))),
    "verification-status": ("token", _token(("verificationStatus",))),
    "type": ("token", _token(("type",))),
    "date": ("date", _date),
    "target": ("reference", _target),
}


def search(resources: Iterable[Json], query: Mapping[str, list[str]]) -> list[Json]:
    """The resources that every parameter matches; values of one parameter joined by commas are alternatives.

    Raises:
        InvalidInput: a parameter is not known, or its value cannot be read.
    """
    unknown = sorted(set(query) - set(PARAMETERS) - _CONTROL)
    if unknown:
        known = ", ".join(sorted({*PARAMETERS, *_CONTROL}))
        raise InvalidInput(f"search parameters are {known}", field="query", accepted=sorted(PARAMETERS))
    found = list(resources)
    for name, values in query.items():
        if name in _CONTROL:
            continue
        test = PARAMETERS[name][1]
        for value in values:  # a parameter that is repeated must match each time
            found = [r for r in found if any(test(r, item) for item in value.split(","))]
    return _sorted(found, (query.get("_sort") or [""])[0])


def _sorted(found: list[Json], order: str) -> list[Json]:
    if order in ("", "_id", "-_id"):
        return sorted(found, key=lambda r: (r["resourceType"], r["id"]), reverse=order == "-_id")
    if order not in ("date", "-date"):
        raise InvalidInput("_sort is date, -date, _id or -_id", field="_sort")
    first = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda r: moment_of(r) or first, reverse=order == "-date")


def page_of(query: Mapping[str, list[str]]) -> tuple[int, int]:
    """Size and start of the page asked for.

    Raises:
        InvalidInput: they are no numbers in range.
    """
    try:
        count, offset = int((query.get("_count") or ["100"])[0]), int((query.get("_offset") or ["0"])[0])
    except ValueError:
        raise InvalidInput("_count and _offset are numbers", field="_count") from None
    if count < 0 or not 0 <= offset <= 10**7:
        raise InvalidInput(f"_count is 0 to {MOST}, _offset not negative", field="_count")
    return min(count, MOST), offset
