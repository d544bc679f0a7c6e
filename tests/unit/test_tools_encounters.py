"""Visits, procedures and vaccines: what each aspect says of the demo record, and what it says where the record is silent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Bench
from tools.events.intervals import in_days
from tools.outcome import RetryableToolError

Table = list[tuple[int, str, dict[str, Any], bool, tuple[str, ...]]]
VISITS: Table = [
    (9, "encounters", {"aspect": "discharge"}, True, ("Discharged **2026-08-14**",)),
    (9, "encounters", {"aspect": "stay", "reason": "total_knee_replacement"}, True, ("Hospital admission for total knee replacement", "**3 days**")),
    (9, "encounters", {"aspect": "setting", "reason": "knee"}, True, ("**Inpatient**: Inpatient admission for Right total knee arthroplasty",)),
    (9, "encounters", {"aspect": "place", "kind": "inpatient"}, True, ("**Westgrove Orthopedic Hospital**",)),
    (9, "encounters", {"aspect": "readmission"}, True, ("No: no hospital admission is recorded within 30 days after the discharge of 2026-08-14", "But emergency department visit **5 days** after")),
    (9, "encounters", {"aspect": "readmission", "kind": "emergency"}, True, ("Yes: emergency department visit **5 days** after the discharge of 2026-08-14",)),
    (9, "encounters", {"aspect": "readmission", "kind": "emergency", "within_days": 3}, True, ("No: no emergency department visit is recorded within 3 days",)),
    (3, "encounters", {"aspect": "readmission"}, False, ("No hospital admission with a discharge is recorded",)),
    (9, "encounters", {"aspect": "since"}, True, ("since the last visit, 2026-11-05",)),
    (9, "encounters", {"aspect": "since_discharge"}, True, ("since the discharge of 2026-08-14",)),
    (3, "encounters", {"aspect": "between"}, True, ("**126 days (about 4 months)** between the last two visits: 2026-04-07 and 2026-08-11",)),
    (9, "encounters", {"aspect": "between", "kind": "inpatient"}, False, ("Only one hospital admission is recorded",)),
    (9, "encounters", {"aspect": "clinicians"}, True, ("**4** clinicians recorded for 4 visits", "**Dr. Bao Lindgren**, Harbor Street Clinic: 1 visit, last 2026-11-05")),
    (9, "encounters", {"aspect": "last", "seen_by": "hematology"}, True, ("Last visit with hematology: **2026-11-05**",)),
    (9, "encounters", {"aspect": "last", "seen_by": "blood doctor"}, True, ("Last visit with hematology: **2026-11-05**",)),
    (9, "encounters", {"aspect": "count", "seen_by": "Westgrove Medical Center"}, True, ("**1** visit at Westgrove Medical Center",)),
    (9, "encounters", {"aspect": "has", "seen_by": "cardiologist"}, False, ("No visit with cardiology is recorded", "The last visit was on 2026-11-05")),
    (1, "encounters", {"aspect": "has", "seen_by": "infectious disease"}, False, ("No visit with infectious disease is recorded", "A note is there: Infectious disease consultation of 2026-10-24")),
    (1, "encounters", {"aspect": "has", "kind": "inpatient", "period": "on 2026-10-25"}, True, ("Yes: hospital admission **2026-10-19** to 2026-11-03",)),  # under way on that day
    (1, "encounters", {"aspect": "count", "kind": "inpatient", "period": "on 2026-10-25"}, False, ("**0**: no hospital admission",)),  # none began on it
    (1, "encounters", {"aspect": "next"}, True, ("No visit to come is on record", "ID clinic 11/24/2026")),
    (3, "encounters", {"aspect": "next"}, True, ("No visit to come is on record", "RTC 4 mo")),
    (1, "encounters", {"aspect": "disposition"}, True, ("Discharged to: **not recorded (not documented)**",)),
    (1, "encounters", {"aspect": "last"}, True, ("A later contact is in the notes only: Telephone encounter of 2026-11-06",)),
    (2, "encounters", {"aspect": "last", "kind": "wellness"}, True, ("Last check-up: **2026-06-09**",)),
    (2, "encounters", {"aspect": "last", "kind": "in_person"}, True, ("**2026-06-09**",)),
    (9, "encounters", {"aspect": "told", "kind": "emergency"}, True, ("Plan in the ED provider note of 2026-08-20",)),
]  # fmt: skip
DONE: Table = [
    (9, "procedures", {"name": "total_knee_replacement", "aspect": "who"}, True, ("Who did it is not recorded", "**Dr. Henrik Solano**")),
    (9, "procedures", {"name": "total_knee_replacement", "aspect": "where"}, True, ("**Westgrove Orthopedic Hospital**",)),
    (9, "procedures", {"name": "total_knee_replacement", "aspect": "reason"}, True, ("For **Osteoarthritis of right knee**",)),
    (9, "procedures", {"name": "total_knee_replacement", "aspect": "duration"}, True, ("**1.6 hours**",)),
    (9, "procedures", {"name": "colonoscopy", "aspect": "duration"}, True, ("How long it took is not recorded",)),
    (6, "procedures", {"name": "colonoscopy", "aspect": "last"}, True, ("on 2018-09-12", "Recorded as not done on 2025-11-18: Patient cancelled")),
    (6, "procedures", {"name": "colonoscopy", "aspect": "due"}, True, ("on **2018-09-12**", "repeat in 2025", "not done on 2025-11-18", "is not recorded: the record has what was done, and no schedule")),
    (6, "procedures", {"name": "colonoscopy", "aspect": "why_not"}, True, ("**Colonoscopy** was not done on 2025-11-18: Patient cancelled",)),
    (2, "immunizations", {"name": "zoster_vaccine"}, False, ("No zoster vaccine is recorded", "Recorded as not given on 2024-05-14: Patient declined")),
    (2, "immunizations", {"aspect": "declined"}, True, ("Yes: **Zoster recombinant** was not given on 2024-05-14: Patient declined",)),
    (1, "immunizations", {"aspect": "declined"}, False, ("No vaccination is recorded as refused or not given",)),
    (1, "immunizations", {"name": "zoster_vaccine", "aspect": "due"}, True, ("2 recorded: 2024-02-01, 2024-05-06", "and no schedule")),
    (1, "immunizations", {"aspect": "due"}, True, ("Whether a vaccination is due is not recorded", "Zoster recombinant: 2 times")),
    (1, "immunizations", {"name": "zoster_vaccine", "aspect": "count"}, True, ("**2** zoster vaccine entries are recorded: 2024-02-01, 2024-05-06",)),
    (1, "immunizations", {"name": "zoster_vaccine", "aspect": "first", "offset": 2}, False, ("No further zoster vaccine is documented: 2 recorded",)),
    (1, "immunizations", {"name": "influenza_vaccine", "aspect": "lot"}, True, ("No lot or site is recorded",)),
    (1, "immunizations", {"name": "influenza_vaccine", "aspect": "has", "period": "this season"}, False, ("No influenza vaccine is recorded this season", "2025-10-07")),
    (1, "immunizations", {"name": "influenza_vaccine", "aspect": "has", "period": "last season"}, True, ("Yes: **Influenza",)),
]  # fmt: skip


@pytest.mark.parametrize(("who", "tool", "arguments", "found", "phrases"), [*VISITS, *DONE])
def test_what_is_said(
    cohort: Bench, who: int, tool: str, arguments: dict[str, Any], found: bool, phrases: tuple[str, ...]
) -> None:
    result = cohort.run(who, tool, arguments)
    assert result.found is found, result.summary
    assert [p for p in phrases if p not in result.summary] == [], result.summary
    assert all(e.quote and "/" in e.ref for e in result.evidence)


def test_an_aspect_that_is_none_names_those_there_are(cohort: Bench) -> None:
    with pytest.raises(RetryableToolError, match="aspect is one of last, first"):
        cohort.run(1, "encounters", {"aspect": "x"})


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "0 days"), (1, "1 day"), (13, "13 days"), (28, "28 days (4 weeks)"), (93, "93 days (about 3 months)"), (2033, "2033 days (about 5.6 years)")],
)  # fmt: skip
def test_a_long_span_is_told_in_larger_units_too(days: int, said: str) -> None:
    assert in_days(days) == said
