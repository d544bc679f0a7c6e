"""The date a question is asked on: given, or now. The only reader of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from domain.errors import InvalidInput

_FORMS = "a date such as 2024-05-31 or a time such as 2024-05-31T14:30:00+02:00"


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def parse_as_of(text: str | None) -> datetime | None:
    """The moment to treat as now; a date without a time means the end of that day, so that its rows are seen.

    Raises:
        InvalidInput: the text is neither a date nor a time.
    """
    if text is None or not text.strip():
        return None
    try:
        return _parse(text.strip())
    except ValueError:
        raise InvalidInput(f"as_of must be {_FORMS}", field="as_of") from None


def parse_since(text: str | None) -> date | None:
    """The day to begin at.

    Raises:
        InvalidInput: the text is no date.
    """
    if text is None or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput("the start must be a date such as 2024-01-01", field="since") from None


def _parse(text: str) -> datetime:
    if len(text) == len("2024-05-31"):
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59), tzinfo=UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
