"""Every claim of a sentence held against the evidence."""

from __future__ import annotations

from collections.abc import Iterator

from agents.verification.findings import Against, Finding, Verdict, supported, unsupported
from agents.verification.judging_absences import judge_absences
from agents.verification.judging_events import judge_deaths, judge_last_visits, judge_sides, judge_stays
from agents.verification.judging_movements import judge_movements
from agents.verification.judging_names import judge_names, judge_strangers, judge_unknown
from agents.verification.judging_orders import judge_orders
from agents.verification.judging_person import judge_person
from agents.verification.judging_results import judge_results
from agents.verification.judging_values import judge_amounts, judge_dates, judge_errors
from agents.verification.names import Setting, State
from agents.verification.readings import Reading
from agents.verification.said import Said


def overruled(reading: Reading, record: Against) -> Iterator[Finding]:
    """What the patient's structured record says otherwise, whatever a note or a tool's quotation of one bears out.

    Only what a record can overrule: what somebody has, takes and reacts to, who they are, and values entered in error.
    A dose counts where the sentence says that it is taken now: a simulated one is none of the record's business.
    """
    said = record.said
    now = {n.start for n in reading.names if n.is_explicit and n.state is State.PRESENT and not n.is_attributed}
    doses = [f for f in judge_orders(reading, record) if now]
    names = [f for f in judge_names(reading, record) if f.kind in {"drug", "condition", "allergy"}]
    for finding in (*doses, *names, *judge_errors(reading, said)):
        if finding.verdict is Verdict.CONTRADICTED:
            yield finding
    yield from (f for f in judge_person(reading, record) if f.is_fault)


def judge(reading: Reading, against: Against, setting: Setting = Setting()) -> list[Finding]:
    """Every claim of a sentence with its verdict; `setting` is what its heading says."""
    found: list[Finding] = []
    found += _markers(reading, against)
    found += judge_dates(reading, against)
    found += judge_amounts(reading, against)
    found += judge_orders(reading, against)
    found += _codes(reading, against.said)
    names = list(judge_names(reading, against))
    found += names
    found += judge_movements(reading, against)
    found += judge_stays(reading, against.said)
    found += judge_sides(reading, against.said)
    found += judge_results(reading, against.said)
    found += judge_person(reading, against)
    found += judge_last_visits(reading, against.said)
    found += judge_deaths(reading, against.said)
    found += judge_unknown(reading, against, setting)
    absences = list(judge_absences(reading, against, names))
    # "no drug allergies" denies a whole list: that "drug allergies" is no entry of it says nothing.
    found = [f for f in found if f.kind != "absence" or f.is_fault or not any(_holds(a, f) for a in absences)]
    found += absences
    found += judge_strangers(reading, against, found)
    return found


def _holds(outer: Finding, inner: Finding) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _markers(reading: Reading, against: Against) -> Iterator[Finding]:
    for start, end, marker in reading.markers:
        if not 1 <= int(marker[1:-1]) <= against.citations:
            yield unsupported("citation", marker, (start, end), "there is no such citation")


def _codes(reading: Reading, said: Said) -> Iterator[Finding]:
    for start, end, code in reading.codes:
        if code in said.codes:
            yield supported("code", code, (start, end))
        elif not any(f"{n.value:g}" == code for n in said.numbers if n.unit == ""):
            yield unsupported("code", code, (start, end), "no result gives this code")
    for start, end, time in reading.times:
        if time not in said.times:
            yield unsupported("time", time, (start, end), "no result gives this time of day")
