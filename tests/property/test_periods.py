"""Time expressions on arbitrary text: never an error, ordered ends, spans that slice back, labels that mean the same."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from tools.times.periods import find_periods

MOMENTS = st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2080, 12, 31)).map(  # noqa: DTZ001
    lambda m: m.replace(tzinfo=UTC)
)
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31))
ZONES = st.integers(-12, 14).map(lambda h: timezone(timedelta(hours=h)))
WORDS = st.sampled_from(
    "since before between from to and in on the last past previous next this few 2 12 31 99 999 a an couple of year years month months days weeks "
    "decade hours ago yesterday today 2019 2020-02-29 2/29/24 31.12.1999 march may 1st 5th , - – / 's 48h 2019-05 through until as of by after".split()
)
SENTENCES = st.lists(WORDS, max_size=12).map(" ".join)
TEXTS = st.one_of(SENTENCES, st.text(max_size=80))


@settings(max_examples=250, deadline=None)
@given(TEXTS, MOMENTS, ZONES)
def test_any_text_is_read(text: str, moment: datetime, zone: timezone) -> None:
    as_of = moment.replace(tzinfo=zone)
    found = find_periods(text, as_of)
    for period in found:
        assert period.label == text[period.start : period.end] or period.label in text[period.start : period.end]
        assert period.since is not None or period.until is not None
    for first, second in itertools.pairwise(found):
        assert first.end <= second.start


def test_a_very_long_time_ago() -> None:
    assert find_periods("999 decades ago", datetime(2026, 11, 10, tzinfo=UTC))


@settings(max_examples=150, deadline=None)
@given(DAYS, DAYS, MOMENTS)
def test_a_range_of_two_days_holds_both(one: date, other: date, as_of: datetime) -> None:
    first, second = sorted((one, other))
    [period] = find_periods(f"between {first.isoformat()} and {second.isoformat()}", as_of)
    assert period.since is not None and period.until is not None and period.since < period.until
    for day in (first, second):
        assert period.contains(datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC))
    assert not period.contains(datetime(second.year, second.month, second.day, tzinfo=UTC) + timedelta(days=1))


@settings(max_examples=200, deadline=None)
@given(SENTENCES, MOMENTS)
def test_a_label_means_what_it_was_read_as(text: str, as_of: datetime) -> None:
    """A plan carries a period by its words, and the tool reads them again."""
    for period in find_periods(text, as_of):
        again = find_periods(period.label, as_of)
        assert again and (again[0].since, again[0].until) == (period.since, period.until)
