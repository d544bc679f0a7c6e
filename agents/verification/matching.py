"""Which numbers of the evidence a claimed amount may be: same value, unit, quantity, count, and order in force."""

from __future__ import annotations

import re

from agents.verification.derived import DAYS_PER, slack_of
from agents.verification.evidence import SaidNumber, are_kin, union_of
from agents.verification.names import TREATMENTS, State
from agents.verification.readings import Amount, Reading
from agents.verification.said import Said
from agents.verification.units import MASS_UNITS

_OF_TIME = re.compile(r"year|month|week|day|hour|minute|second|time|duration|age", re.IGNORECASE)


def candidates_of(amount: Amount, said: Said) -> list[SaidNumber]:
    """Numbers of the evidence with this value, once in the same unit."""
    number = amount.number
    substance = said.substance(union_of(amount.owners)[0])
    found = [n for n, _ in said.near(number.value, number.unit, slack_of(number), substance)]
    if number.unit and not substance:  # the evidence may know of what it is: mg/dL of creatinine, then umol/L
        for named in {said.substance(n.own) for n in said.numbers if n.unit and n.unit != number.unit} - {""}:
            found += [
                n
                for n, converted in said.near(number.value, number.unit, slack_of(number), named)
                if converted and said.substance(n.own) == named
            ]
    if number.second is not None:
        paired = [n for n in found if n.second is not None and abs(n.second - number.second) <= 0.5 + 1e-9]
        if paired:
            return paired
        lower = [n for n, _ in said.near(number.second, number.unit, 0.5, "")]
        return [n for n in found if n.second is None] if any(n.second is None for n in lower) else []
    return found


def fits(candidate: SaidNumber, amount: Amount, said: Said) -> bool:
    """Whether a number of the evidence is of the same quantity, kind and count."""
    number = amount.number
    if number.is_age != candidate.is_age and (number.is_age and not (candidate.unit == "a" and not candidate.own)):
        return False
    if number.is_duration and candidate.unit_unknown and not _OF_TIME.search(candidate.phrase):
        return False  # typed data say of what unit a number is by their field at most
    if candidate.is_considered and not any(o.state is State.CONSIDERED for o in amount.owners):
        return False
    if number.unit and not candidate.unit and not candidate.unit_unknown:
        bare = any(k.startswith("observation:") for k in candidate.own) and bool(amount.owners) and not amount.is_change
        if not bare or number.is_duration or candidate.counts or not owners_agree(candidate, amount):
            return False
        return said.is_its_unit(number.unit, candidate, amount.owners)
    if candidate.unit and (number.counts or (not number.unit and candidate.unit in DAYS_PER)):
        return False
    if not number.unit and candidate.unit in MASS_UNITS and _is_apart_from_drug(amount):
        return False
    if candidate.is_part and not amount.is_part and not candidate.unit:
        return False  # "2 of 2 sets" gives no level of 2
    if number.counts and not _counts_alike(amount, candidate):
        return False
    if not number.counts and not number.unit and candidate.counts and amount.owners and not amount.is_inherited:
        return (
            amount.is_part
            and candidate.counts in {"value", "any"}
            and not number.digits
            and owners_agree(candidate, amount)
        )
    if amount.is_change != candidate.is_change and not candidate.unit_unknown:
        return False
    if (
        number.sign
        and candidate.sign
        and number.sign.replace("−", "-") != candidate.sign.replace("−", "-")
        and not number.in_range
    ):
        return False
    return owners_agree(candidate, amount)


def _is_apart_from_drug(amount: Amount) -> bool:
    """Whether a bare number is of a drug but does not stand right behind it: "the vancomycin MIC was 2" gives no dose."""
    drugs = [o for o in amount.owners if not TREATMENTS.isdisjoint(o.kinds)]
    return (
        bool(drugs)
        and len(drugs) == len(amount.owners)
        and not any(0 <= amount.number.start - o.end <= 2 for o in drugs)
    )


def _counts_alike(amount: Amount, candidate: SaidNumber) -> bool:
    """Whether both count the same kind of thing; a number that counts nothing named fits only beside its own name."""
    mine, other = amount.number.counts, candidate.counts
    if visit_kind(amount.number.phrase, mine) != visit_kind(candidate.phrase, other) and "visit" in (mine, other):
        return False
    if mine == "visit" and not visit_words(amount.number.phrase) <= visit_words(candidate.phrase):
        return False
    if not other:
        return mine == "unit_of_drug" or (bool(candidate.own) and bool(amount.owners) and not candidate.unit_unknown)
    return (
        mine == other
        or "any" in (mine, other)
        or {mine, other} in ({"procedure", "report"}, {"procedure", "value"}, {"note", "report"})
    )


def owners_agree(candidate: SaidNumber, amount: Amount) -> bool:
    """Whether both are of one quantity, as far as both say of which."""
    if not candidate.own or not amount.owners:
        return True
    return any(are_kin(o.own, o.ids, candidate.own, candidate.ids) for o in amount.owners)


def doses_of(fitting: list[SaidNumber], amount: Amount, said: Said) -> list[SaidNumber]:
    """A tablet's strength is no dose where the dose is given as well ("half a 25 mg tablet (12.5 mg)")."""
    if amount.is_strength or not any(c.is_strength for c in fitting):
        return fitting
    doses = [
        n
        for n in said.numbers
        if n.own and not n.is_strength and n.unit == amount.number.unit and owners_agree(n, amount)
    ]
    return [c for c in fitting if not c.is_strength] if doses else fitting


_NOW = re.compile(r"\b(?:takes|taking|is on|are on|currently|current|active|ongoing|now)\b", re.IGNORECASE)


def active_counts(amount: Amount, reading: Reading, said: Said) -> list[SaidNumber]:
    """How many drugs or problems the results count as active, where a sentence counts them as of now."""
    kind = amount.number.counts
    if kind not in {"medication", "problem"} or not _NOW.search(reading.text):
        return []
    return [n for n in said.numbers if n.counts == kind and "active" in n.phrase and "inactive" not in n.phrase]


def visit_kind(phrase: str, counts: str) -> str:
    """Which visits are counted: emergency ones, hospital stays, or all."""
    if re.search(r"\b(?:emergency|ed|er)\b", phrase):
        return "emergency"
    return "inpatient" if counts == "visit" and re.search(r"inpatient|admission|admitted|hospital|stay", phrase) else ""


_VISITS = re.compile(
    r"(.*?)\b(?:visits?|encounters?|appointments?|admissions?|stays?|hospitali[sz]ations?|presentations?|check-?ups?)\b"
)
_OF_ANY_VISIT = frozenset(
    {"hospital", "inpatient", "emergency", "department", "room", "recorded", "documented", "previous", "prior", "past", "total", "known", "more", "different", "separate"}
)  # fmt: skip


def visit_words(phrase: str) -> set[str]:
    """The words that narrow which visits are counted, such as "prenatal"."""
    match = _VISITS.match(phrase)
    return set(re.findall(r"[a-z]{4,}", match[1])) - _OF_ANY_VISIT if match is not None else set()
