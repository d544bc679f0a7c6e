"""Time expressions: what each means on a given day, in the chart's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tools.times.periods import Period, find_periods, subtract

AS_OF = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
OPEN = ""


def shown(text: str, as_of: datetime = AS_OF) -> tuple[str, str]:
    """Since and until of the one period of a text, shortened to the day where they are midnight."""
    [period] = find_periods(text, as_of)
    ends = []
    for end in (period.since, period.until):
        written = end.isoformat()[:19] if end else OPEN
        ends.append(written.removesuffix("T00:00:00"))
    return ends[0], ends[1]


MEANINGS = [
    # calendar spans
    ("in 2019", "2019-01-01", "2020-01-01"),
    ("sept. 2019", "2019-09-01", "2019-10-01"),
    ("in may of 2020", "2020-05-01", "2020-06-01"),
    ("1999-12", "1999-12-01", "2000-01-01"),
    ("12/1999", "1999-12-01", "2000-01-01"),
    ("in the 90's", "1990-01-01", "2000-01-01"),
    ("the 2010s", "2010-01-01", "2020-01-01"),
    # days, month first unless impossible
    ("on 2020-2-3", "2020-02-03", "2020-02-04"),
    ("2020/02/28", "2020-02-28", "2020-02-29"),
    ("05/06/2020", "2020-05-06", "2020-05-07"),
    ("25/12/2020", "2020-12-25", "2020-12-26"),
    ("28.02.2020", "2020-02-28", "2020-02-29"),
    ("March 3rd, 2020", "2020-03-03", "2020-03-04"),
    ("3rd of march 2020", "2020-03-03", "2020-03-04"),
    # leap days and years of two digits
    ("2/29/2024", "2024-02-29", "2024-03-01"),
    ("feb 2024", "2024-02-01", "2024-03-01"),
    ("12/31/99", "1999-12-31", "2000-01-01"),
    ("1/2/25", "2025-01-02", "2025-01-03"),
    ("1/2/49", "1949-01-02", "1949-01-03"),
    ("1/2/27", "2027-01-02", "2027-01-03"),
    # open ends
    ("since 2019", "2019-01-01", OPEN),
    ("from march 2019 onwards", "2019-03-01", OPEN),
    ("since jan 5 2020", "2020-01-05", OPEN),
    ("after 2019", "2020-01-01", OPEN),
    ("later than 2019-05-03", "2019-05-04", OPEN),
    ("before 2019", OPEN, "2019-01-01"),
    ("prior to 5/6/20", OPEN, "2020-05-06"),
    ("until 2019", OPEN, "2020-01-01"),
    ("through 2019-05", OPEN, "2019-06-01"),
    ("as of 2019-05-01", OPEN, "2019-05-02"),
    ("since march", "2026-03-01", OPEN),
    ("since last year", "2025-01-01", OPEN),
    ("since yesterday", "2026-11-09", OPEN),
    ("since 3 months ago", "2026-08-10", OPEN),
    ("more than 2 years ago", OPEN, "2024-11-10T12:00:00"),
    # ranges include both ends
    ("between 2018 and 2020", "2018-01-01", "2021-01-01"),
    ("2018-2020", "2018-01-01", "2021-01-01"),
    ("2018 to 2020", "2018-01-01", "2021-01-01"),
    ("from march 2019 to may 2020", "2019-03-01", "2020-06-01"),
    ("between 2020-02-28 and 2020-03-01", "2020-02-28", "2020-03-02"),
    ("from 5 to 8 march 2020", "2020-03-05", "2020-03-09"),
    ("between 2020 and 2018", "2018-01-01", "2021-01-01"),
    ("between march and may 2020", "2020-03-01", "2020-06-01"),
    ("between 2019 and now", "2019-01-01", OPEN),
    ("from 2019 to present", "2019-01-01", OPEN),
    # windows that end now hold the present moment
    ("last 2 yrs", "2024-11-10T12:00:00", "2026-11-10T12:00:01"),
    ("in the past few months", "2026-08-10T12:00:00", "2026-11-10T12:00:01"),
    ("over the last year", "2025-11-10T12:00:00", "2026-11-10T12:00:01"),
    ("past year", "2025-11-10T12:00:00", "2026-11-10T12:00:01"),
    ("within 6 months", "2026-05-10T12:00:00", "2026-11-10T12:00:01"),
    ("last 48h", "2026-11-08T12:00:00", "2026-11-10T12:00:01"),
    ("the last couple of weeks", "2026-10-27T12:00:00", "2026-11-10T12:00:01"),
    ("past two decades", "2006-11-10T12:00:00", "2026-11-10T12:00:01"),
    # calendar neighbours
    ("last year", "2025-01-01", "2026-01-01"),
    ("this month", "2026-11-01", "2026-12-01"),
    ("last month", "2026-10-01", "2026-11-01"),
    ("this week", "2026-11-09", "2026-11-16"),
    ("last week", "2026-11-02", "2026-11-09"),
    ("in march", "2026-03-01", "2026-04-01"),
    ("in december", "2025-12-01", "2026-01-01"),
    ("today", "2026-11-10", "2026-11-11"),
    ("yesterday", "2026-11-09", "2026-11-10"),
    ("the day before yesterday", "2026-11-08", "2026-11-09"),
    # ago, with a slack that grows with the unit
    ("2 days ago", "2026-11-08", "2026-11-09"),
    ("3 months ago", "2026-07-26", "2026-08-26"),
    ("two years ago", "2024-05-11", "2025-05-13"),
]


@pytest.mark.parametrize(("text", "since", "until"), MEANINGS)
def test_meaning(text: str, since: str, until: str) -> None:
    assert shown(text) == (since, until)
    sentence = f"Any creatinine {text}?"
    [period] = find_periods(sentence, AS_OF)
    assert sentence[period.start : period.end] == period.label and period.label in text


@pytest.mark.parametrize(
    "text",
    [
        "last 5 creatinines",
        "the last value",
        "may i see her labs",
        "can she march",
        "creatinine 1.2",
        "bp 120/80",
        "room 2019a",
        "a1c",
        "year 2100",
        "",
        "decades",
    ],
)
def test_no_time_expression(text: str) -> None:
    assert find_periods(text, AS_OF) == []


@pytest.mark.parametrize("text", ["on 2020-02-30", "2/29/23", "on 13/13/2020", "since 2021-00-01"])
def test_a_date_that_does_not_exist_names_no_day(text: str) -> None:
    assert not any(p.role == "day" for p in find_periods(text, AS_OF))


def test_two_expressions_left_to_right_without_overlap() -> None:
    first, second = find_periods("compare 2019 with the last 6 months", AS_OF)
    assert (first.label, second.label) == ("2019", "the last 6 months")
    assert first.end <= second.start


@pytest.mark.parametrize(
    ("as_of", "text", "since"),
    [
        (datetime(2024, 2, 29, 9, tzinfo=UTC), "last year", "2023-01-01"),
        (datetime(2024, 2, 29, 9, tzinfo=UTC), "past 12 months", "2023-02-28T09:00:00"),
        (datetime(2026, 3, 31, 9, tzinfo=UTC), "past month", "2026-02-28T09:00:00"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=13))), "yesterday", "2025-12-31"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=-10))), "this year", "2026-01-01"),
    ],
)
def test_relative_to_other_days_and_zones(as_of: datetime, text: str, since: str) -> None:
    assert shown(text, as_of)[0] == since
    assert find_periods(text, as_of)[0].since.tzinfo is as_of.tzinfo  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2019-12-31T23:30:00-05:00", True),  # already 2020 in UTC, still 2019 where it was measured
        ("2020-01-01T00:10:00+13:00", False),  # still 2019 in UTC
        ("2019-01-01T00:00:00+00:00", True),
        ("2020-01-01T00:00:00+00:00", False),
    ],
)
def test_a_row_belongs_to_the_day_its_own_clock_showed(moment: str, inside: bool) -> None:
    [period] = find_periods("in 2019", AS_OF)
    assert period.contains(datetime.fromisoformat(moment)) is inside


def test_a_row_without_a_time_lies_in_no_period() -> None:
    assert not Period().contains(None)
    assert Period().contains(AS_OF)


@pytest.mark.parametrize(
    ("count", "unit", "expected"),
    [
        (1, "month", "2024-02-29"),
        (13, "month", "2023-02-28"),
        (1, "year", "2023-03-31"),
        (2, "week", "2024-03-17"),
        (300, "decade", "0001-01-01"),
    ],
)
def test_subtract_clips_to_the_month(count: int, unit: str, expected: str) -> None:
    assert subtract(datetime(2024, 3, 31, tzinfo=UTC), count, unit).date().isoformat() == expected


@pytest.mark.parametrize(
    ("text", "near", "reach_days"),
    [
        ("a year ago", "2025-07-01", 183),
        ("6 months ago", "2026-01-01", 181 / 3),
        ("3 days ago", "2026-06-28", 1),
        ("around 3 May 2026", "2026-05-03", 7),
        ("around May 2026", "2026-05-16", 31),
    ],
)
def test_one_moment_is_meant(text: str, near: str, reach_days: float) -> None:
    period = find_periods(f"creatinine {text}", datetime(2026, 7, 1, 12, tzinfo=UTC))[0]
    assert period.near is not None
    assert period.near.date().isoformat() == near
    assert period.reach / timedelta(days=1) == pytest.approx(reach_days, abs=0.5)


@pytest.mark.parametrize(
    "text", ["since a year ago", "more than a year ago", "in the last year", "on 3 May 2026", "around 2024"]
)
def test_a_stretch_of_time_has_no_one_moment(text: str) -> None:
    assert find_periods(text, datetime(2026, 7, 1, tzinfo=UTC))[0].near is None


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("before March", None, "2026-03-01"),
        ("after March", "2026-04-01", None),
        ("until March", None, "2026-04-01"),
        ("before August", None, "2025-08-01"),  # the nearest past one
    ],
)
def test_before_and_after_a_month_alone(text: str, since: str | None, until: str | None) -> None:
    period = find_periods(f"Hb {text}", datetime(2026, 7, 1, tzinfo=UTC))[0]
    told = [m.date().isoformat() if m is not None else None for m in (period.since, period.until)]
    assert told == [since, until]
