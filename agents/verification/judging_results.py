"""Results in words and their specimens held against the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agents.verification.dates import is_same_date
from agents.verification.findings import Finding, contradicted, supported, unsupported
from agents.verification.outcomes import Outcome, outcomes_of, reach_of, specimens_of
from agents.verification.readings import Reading
from agents.verification.said import Said

_THROUGHOUT = re.compile(r"\b(?:never|all|every|none|neither|any|always)\b", re.IGNORECASE)
_REMAINED = re.compile(r"\b(?:remain\w*|stay\w*|still|continu\w*|persist\w*)\b", re.IGNORECASE)
_ELSEWHERE = frozenset({"blood"})  # what is taken without a word for the specimen


def judge_results(reading: Reading, said: Said) -> Iterator[Finding]:
    """Outcomes of tests, specimens and resistance that the evidence gives otherwise."""
    if any(n.is_attributed for n in reading.names):
        return
    for outcome in outcomes_of(reading):
        yield from _outcome(outcome, reading, said)
    yield from _specimens(reading, said)
    for name, is_resistant in reach_of(reading):
        given = {r for key, r in said.resistances if key in name.ids}
        if given and is_resistant not in given:
            how = "resistant" if True in given else "susceptible"
            yield contradicted("result", name.text, (name.start, name.end), f"the results say {how}")


def _outcome(outcome: Outcome, reading: Reading, said: Said) -> Iterator[Finding]:
    given = [(o, source) for o, source in said.outcomes if o.test == outcome.test]
    given = [g for g in given if g[1].origin != "note"] or given
    span, text = (outcome.start, outcome.end), reading.text[outcome.start : outcome.end]
    of_day = [g for g in given if any(is_same_date(c, d) for c in outcome.days for d in g[0].days)]
    if outcome.days and not of_day and any(o.days for o, _ in given):
        return
    dated = sorted((g for g in given if g[0].days and g[0].days[0].first), key=lambda g: str(g[0].days[0].first))
    if not outcome.days and dated and _REMAINED.search(reading.text):
        given = dated[-1:]
    given = of_day or given
    fitting = [g for g in given if g[0].is_positive == outcome.is_positive]
    if fitting and (len(fitting) == len(given) or outcome.days or not _THROUGHOUT.search(reading.text)):
        yield supported("result", text, span, fitting[0][1])
    elif given:
        other = next(g for g in given if g[0].is_positive != outcome.is_positive)
        way = "positive" if other[0].is_positive else "negative"
        yield contradicted("result", text, span, f"the results have it as {way}", other[1])


def _specimens(reading: Reading, said: Said) -> Iterator[Finding]:
    """ "Urine creatinine" where only creatinine in blood was measured."""
    told: set[str] = set()
    for specimen, key, start, at in specimens_of(reading):
        if not 0 < at - start <= len(specimen) + 2 or specimen in _ELSEWHERE | told:
            continue
        told.add(specimen)
        if (specimen, key) not in said.specimens:
            yield unsupported("specimen", specimen, (start, start + len(specimen)), "no result is of this specimen")
