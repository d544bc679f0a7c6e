"""Dates and relative times: what is read as a date, what is not, and the moment each names."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from domain.facts import FactKind, Note
from nlp_pipeline import extract
from nlp_pipeline.times.dates import find_dates, resolve

NOTE_TIME = datetime(2020, 3, 2, 9, 30, tzinfo=UTC)  # a Monday


def read(text: str, anchor: datetime | None = NOTE_TIME) -> list[tuple[str, str | None]]:
    """The words of every mention, and its moment as far as its precision goes."""
    digits = {"year": 4, "month": 7, "day": 10}
    found = []
    for mention in find_dates(text):
        moment = resolve(mention, anchor)
        found.append(
            (text[mention.start : mention.end], moment.isoformat()[: digits[mention.precision]] if moment else None)
        )
    return found


WRITTEN = [
    ("Seen 2014-03-12.", [("2014-03-12", "2014-03-12")]),
    ("Echo on 2014/03/12", [("2014/03/12", "2014-03-12")]),
    ("first noted 2014-03", [("2014-03", "2014-03")]),
    ("03/12/2014, 3/12/14 and 3-12-2014", [("03/12/2014", "2014-03-12"), ("3/12/14", "2014-03-12"), ("3-12-2014", "2014-03-12")]),
    ("25/12/2013", [("25/12/2013", "2013-12-25")]),
    ("25.12.2013", [("25.12.2013", "2013-12-25")]),
    ("12 Mar 2014", [("12 Mar 2014", "2014-03-12")]),
    ("12-Mar-2014, 12-Mar-14, 12MAR2014", [("12-Mar-2014", "2014-03-12"), ("12-Mar-14", "2014-03-12"), ("12MAR2014", "2014-03-12")]),
    ("March 12th, 2014", [("March 12th, 2014", "2014-03-12")]),
    ("the 12th of March, 2014", [("12th of March, 2014", "2014-03-12")]),
    ("on 12 march 2014", [("12 march 2014", "2014-03-12")]),
    ("MARCH 12, 2014", [("MARCH 12, 2014", "2014-03-12")]),
    ("Mar '14", [("Mar '14", "2014-03")]),
    ("March of 2014", [("March of 2014", "2014-03")]),
    ("since 3/2014", [("3/2014", "2014-03")]),
    ("In 2014, she fell", [("2014", "2014")]),
    ("in early 2014, mid-2013", [("2014", "2014"), ("2013", "2013")]),
    ("in the year 2012", [("2012", "2012")]),
    ("s/p PCI (2012)", [("2012", "2012")]),
    ("since '98", [("'98", "1998")]),
    ("in March she fell", [("March", "2020-03")]),
    ("seen on April 16", [("April 16", "2019-04-16")]),
    ("admitted 2/14, discharged 2/20", [("2/14", "2020-02-14"), ("2/20", "2020-02-20")]),
    ("on 12/25", [("12/25", "2019-12-25")]),
]  # fmt: skip

BARE_YEARS = [
    ("CABG 2014.", ["2014"]),
    ("MI 2009, TIA/CVA 2011", ["2009", "2011"]),
    ("CABG (x3) 2014", ["2014"]),
    ("CABG x3 2014", ["2014"]),
    ("COPD '98", ["'98"]),
    ("2003: CABG\n- 1998 appendectomy", ["2003", "1998"]),
    ("PSH: 1998 appendectomy, 2003 hysterectomy", ["1998", "2003"]),
    ("colonoscopy 2015 normal", ["2015"]),
    ("PCI 2010 and CABG 2012 for angina", ["2010", "2012"]),
]

RANGES = [
    ("from 2010 to 2014", ["2010", "2014"]),
    ("2015-present", ["2015"]),
    ("3/1/20-3/5/20", ["2020-03-01", "2020-03-05"]),
    ("3/1/2020 - 3/5/2020", ["2020-03-01", "2020-03-05"]),
    ("from March 3 to March 7, 2014", ["2014-03-03", "2014-03-07"]),
    ("March 3-7, 2014", ["2014-03-03"]),
    ("3-7 March 2014", ["2014-03-03"]),
    ("admitted 2/20-2/25", ["2020-02-20", "2020-02-25"]),
]

RELATIVE = [
    ("3 days ago", [("3 days ago", "2020-02-28")]),
    ("two weeks ago", [("two weeks ago", "2020-02-17")]),
    ("twenty-one days ago", [("twenty-one days ago", "2020-02-10")]),
    ("2-3 weeks ago", [("2-3 weeks ago", "2020-02-10")]),
    ("a couple of weeks ago", [("a couple of weeks ago", "2020-02-17")]),
    ("one month ago", [("one month ago", "2020-02")]),
    ("a year and a half ago", [("a year and a half ago", "2018-09")]),
    ("a decade ago", [("a decade ago", "2010")]),
    ("12h ago", [("12h ago", "2020-03-01")]),
    ("10 days back", [("10 days back", "2020-02-21")]),
    ("three months earlier", [("three months earlier", "2019-12")]),
    ("3 days prior to admission", [("3 days prior to admission", "2020-02-28")]),
    ("2 weeks PTA", [("2 weeks PTA", "2020-02-17")]),
    ("one day before his presentation", [("one day before his presentation", "2020-03-01")]),
    ("yesterday", [("yesterday", "2020-03-01")]),
    ("this morning", [("this morning", "2020-03-02")]),
    ("last night", [("last night", "2020-03-01")]),
    ("the day before yesterday", [("the day before yesterday", "2020-02-29")]),
    ("last week, last month, last year", [("last week", "2020-02-24"), ("last month", "2020-02"), ("last year", "2019")]),
    ("since Monday", [("since Monday", "2020-02-24")]),
    ("since Friday", [("since Friday", "2020-02-28")]),
    ("since June", [("since June", "2019-06")]),
    ("cough x 3 days", [("x 3 days", "2020-02-28")]),
    ("for the past 2 weeks", [("for the past 2 weeks", "2020-02-17")]),
    ("over the last 6 months", [("over the last 6 months", "2019-09")]),
    ("since last ten days", [("since last ten days", "2020-02-21")]),
    ("a 3-day history of fever", [("3-day history", "2020-02-28")]),
    ("POD #2", [("POD #2", "2020-02-29")]),
    ("hospital day 3", [("hospital day 3", "2020-03-02")]),
]  # fmt: skip

FROM_THE_NOTES_OWN_DATES = [
    ("Admitted 2/20/2020. Fever 2 days prior to admission.", "2 days prior to admission", "2020-02-18"),
    ("Admission Date: 02/20/2020\nOn hospital day 3 she fell.", "hospital day 3", "2020-02-22"),
    ("Admitted on 2/20/2020, intubated on the third hospital day.", "third hospital day", "2020-02-22"),
    ("Date of surgery: 2/20/2020. On POD 4 fever.", "POD 4", "2020-02-24"),
    ("DOB: 3/1/1950. MI at age 45.", "at age 45", "1995"),
    ("A 72-year-old man had an MI at age 45.", "at age 45", "1993"),
]

UNPLACED = [
    "many years ago", "asthma in childhood", "seizures as a child", "cough since birth", "in his 30s", "on POD 4",
    "2 years before surgery", "the day before surgery", "at age 45",
]  # fmt: skip

NOT_DATES = [
    "5/5 strength in all limbs", "strength of 5/5", "10/10 pain", "a 3/6 systolic murmur", "BP 120/80", "BP 98/60 mmHg",
    "GCS 15/15", "positive on 2/2 bottles", "improved from 3/5 to 4/5", "call 617-555-2010", "titer 1:2000",
    "1/2000 dilution", "received 2000 mL", "2000 units", "platelets of 2010", "in 2000 patients", "at 2030 hours",
    "room 2014", "MRN 20140312", "1960 kcal/day", "ferritin was 1952", "10-12-14 units", "pH 7.35/40/80",
    "He may 5 times a day", "back pain and back stiffness", "past medical history", "last dose", "the last 2 patients",
    "the last week of treatment", "HD 3x/week", "the 2001 criteria", "in the 1990s", "today's date", "02/30/2019",
    "13/45/2020", "00/10/2019", "5 years prior history", "Mother had breast cancer at age 50", "x 4 cm", "7.5/10",
    "amoxicillin 500 mg x 7 days", "smokes 1 ppd x 30 years",
    "Intake 1200, output 800, net 1920",
    "I/O in 2000, out 1950",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRITTEN, ids=[t for t, _ in WRITTEN])
def test_written_dates(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(("text", "years"), BARE_YEARS, ids=[t for t, _ in BARE_YEARS])
def test_bare_years_beside_a_finding(text: str, years: list[str]) -> None:
    assert [words for words, _ in read(text)] == years


@pytest.mark.parametrize(("text", "moments"), RANGES, ids=[t for t, _ in RANGES])
def test_ranges_name_their_ends(text: str, moments: list[str]) -> None:
    assert [moment for _, moment in read(text)] == moments


@pytest.mark.parametrize(("text", "expected"), RELATIVE, ids=[t for t, _ in RELATIVE])
def test_relative_times(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "words", "moment"), FROM_THE_NOTES_OWN_DATES, ids=[c[0] for c in FROM_THE_NOTES_OWN_DATES]
)
def test_times_that_count_from_another_date_of_the_note(text: str, words: str, moment: str) -> None:
    assert dict(read(text))[words] == moment


@pytest.mark.parametrize("text", UNPLACED)
def test_times_that_the_note_does_not_place_are_found_without_a_moment(text: str) -> None:
    [(_, moment)] = read(text)
    assert moment is None


@pytest.mark.parametrize("text", NOT_DATES)
def test_numbers_that_are_no_dates(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("Adm 06/03/2020. Seen before on 31/12/2018.", ["2020-03-06", "2018-12-31"]),
        ("Seen 31-12-18 and 06-03-19, worse since 05/04", ["2018-12-31", "2019-03-06", "2019-04-05"]),
        ("Adm 06/03/2020. Born 12/31/1958.", ["2020-06-03", "1958-12-31"]),
        ("Seen 31/12/2018, 12/31/2018 and 06/03/2019", ["2018-12-31", "2018-12-31", "2019-06-03"]),
        ("Adm 06/03/2020", ["2020-06-03"]),
    ],
)
def test_a_note_keeps_to_one_order_of_day_and_month(text: str, moments: list[str]) -> None:
    assert [moment for _, moment in read(text)] == moments


@pytest.mark.parametrize(
    ("text", "anchor", "moment"),
    [
        ("DOB 1/2/49", NOTE_TIME, "1949-01-02"),
        ("seen 2/3/20", NOTE_TIME, "2020-02-03"),
        ("seen 2/3/21", NOTE_TIME, "2021-02-03"),
        ("seen 2/3/22", NOTE_TIME, "1922-02-03"),
        ("seen 2/3/98", NOTE_TIME, "1998-02-03"),
        ("seen 2/3/98", datetime(1999, 1, 1, tzinfo=UTC), "1998-02-03"),
        ("follow-up on 4/5/21", NOTE_TIME, "2021-04-05"),
        ("DOB 1/2/49", None, "1949-01-02"),
        ("seen 2/3/14", None, "2014-02-03"),
    ],
)
def test_a_two_digit_year_lies_before_the_note_but_for_plans_and_the_coming_year(
    text: str, anchor: datetime | None, moment: str
) -> None:
    assert [m for _, m in read(text, anchor)] == [moment]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2014-03-12T10:30:00", "2014-03-12T10:30"),
        ("3/12/2014 10:30", "2014-03-12T10:30"),
        ("3/12/2014 at 10:30 pm", "2014-03-12T22:30"),
        ("March 12, 2014 at 9 am", "2014-03-12T09:00"),
        ("3/12/2014, 10:30:15", "2014-03-12T10:30"),
        ("3/12/2014, 10 patients", "2014-03-12T00:00"),
    ],
)
def test_times_of_day(text: str, moment: str) -> None:
    [mention] = find_dates(text)
    found = resolve(mention, NOTE_TIME)
    assert found is not None and found.isoformat()[:16] == moment


def test_relative_times_need_the_notes_time() -> None:
    assert read("3 days ago, since Monday, in March", None) == [
        ("3 days ago", None),
        ("since Monday", None),
        ("March", None),
    ]


def test_a_drugs_duration_dates_nothing() -> None:
    def dates(text: str) -> list[str]:
        note = Note(id="n", patient_id="p", text=text, time=NOTE_TIME)
        return [f.text for f in next(extract([note])) if f.kind is FactKind.EVENT_DATE]

    assert dates("Doxycycline x 7 days.") == []
    assert dates("Cough x 7 days.") == ["x 7 days"]


@pytest.mark.parametrize(
    "unit", ["3 days ", "2014 ", "1/2/", "12-", "March ", "since ", "a few ", "at age ", "in his ", "'", "x "]
)
def test_long_runs_of_date_like_text_stay_fast(unit: str) -> None:
    text = unit * (50_000 // len(unit))
    start = time.process_time()
    find_dates(text)
    assert time.process_time() - start < 2.0
