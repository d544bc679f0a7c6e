"""Whether a report has what is asked ("any new lesion", "was there a pneumothorax"): yes, no, or not said."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from itertools import pairwise
from typing import Any

from knowledge_base.words import STOP_WORDS, stem
from tools.concepts import Target, tokenize
from tools.context import ToolContext, cite, dated, plain_name, within
from tools.outcome import Statement, say
from tools.times.calendar_words import MONTHS
from tools.times.periods import Period, wall_clock

_CLAUSE = re.compile(r"(?<=[.;!?])\s+|[;\n]|,\s+(?=(?:no|without|nil|but)\b)|\bbut\b|\bhowever\b", re.IGNORECASE)
_DENIED = frozenset("no without nil not never neither nor absent negative none free excluded denies excludes".split())
_HEDGED = frozenset(
    "possible possibly probable probably may might could suspicious suspected cannot likely query".split()
)
# What frames a question about a report and is no finding.
_FRAMING = frozenset(
    "any there show shows showed shown see seen saw find found finding findings report reported result results evidence sign signs "
    "reveal revealed mention mentioned present demonstrate demonstrated describe described identify identified noted note last latest "
    "recent first previous scan scans film films imaging study images test done have has had get got having this that his her their "
    "visible actual really ever did does was were are can could tell know say says said patient pt mr mrs please pick picked detect "
    "detected still also on in at of the a an or and what which time".split()
)
_DENIED_BEHIND = re.compile(
    r"\W*(?:(?:is|was|are|were)\W+)?(?:none|nil|absent|excluded|negative|ruled out|not (?:seen|identified|present|visuali[sz]ed|demonstrated|detected|evident))\b",
    re.IGNORECASE,
)
_ENOUGH = 0.6  # of the words asked, for a denial that names only some of them
_MANY, _NEARLY_ALL = 4, 0.75
_YES_NO = re.compile(
    r"^\W*(?:(?:and|so|but|please|pls|also|ok)\W+)*(?:did|does|do|was|were|is|are|has|have|had|any|there|anything)\b"
    r"|\b(?:was|is|were|are) there\b|\b(?:if|whether)\b|\b(?:y/n|yes or no)\b",
    re.IGNORECASE,
)
_OPEN = re.compile(r"\b(?:what|which|when|where|who|why|how|size|many|much)\b", re.IGNORECASE)


def is_yes_no(question: str) -> bool:
    """Whether a question can be answered by yes or no."""
    return _YES_NO.search(question) is not None and _OPEN.search(question) is None


def asked_of_report(question: str, name: str) -> tuple[str, ...]:
    """The stems of the words that a question asks of a report, without the report's own name and what frames a question."""
    own = {stem(t.norm) for t in tokenize(name)}
    words = [t.norm for t in tokenize(question)]
    framing = _FRAMING | STOP_WORDS | MONTHS.keys()
    wanted = [w for w in words if w not in framing and not any(c.isdigit() for c in w)]
    return tuple(dict.fromkeys(s for w in wanted if len(w) > 2 and (s := stem(w)) not in own))


def verdict(text: str, wanted: Collection[str]) -> bool | None:
    """Whether a report says what is asked: True or False where every clause that names it agrees, None where none does.

    A clause that has all the words decides. A denial may name only most of them ("no new cord lesion" for "new active
    lesions"); an affirmation may not.
    """
    if not wanted:
        return None
    whole: list[bool | None] = []
    partial: list[bool | None] = []
    for clause in _CLAUSE.split(text):
        words = [t.norm for t in tokenize(clause)]
        stems = [stem(w) for w in words]
        opposite = {w for w in wanted if f"un{w}" in stems or f"non{w}" in stems or ("non", w) in pairwise(stems)}
        held = {w for w in wanted if w in stems} | opposite
        if not held:
            continue
        # Of several words one may be denied alone: "a new non-enhancing lesion" is no enhancing one.
        says = None if _HEDGED & set(words) else not (opposite or _is_denied(clause, stems, words, held))
        if len(held) == len(set(wanted)):
            whole.append(says)
        elif len(held) >= _ENOUGH * len(set(wanted)):
            partial.append(says)
    if whole:
        return whole[0] if len(set(whole)) == 1 else None
    return False if partial and set(partial) == {False} else None


def _is_denied(clause: str, stems: list[str], words: list[str], held: Collection[str]) -> bool:
    """Whether a word of denial stands before what is named, or right behind it ("mass: none", "pneumothorax excluded")."""
    last = max(i for i, s in enumerate(stems) if s in held)
    if any(w in _DENIED for w in words[:last]):
        return True
    return _DENIED_BEHIND.match(clause[tokenize(clause)[last].end :]) is not None


def told_in_reports(ctx: ToolContext, question: str, period: Period | None = None) -> list[Statement]:
    """The newest report, or outcome of a procedure, in which one clause has every word that is asked, its name included.

    Of what was done on a day that the question names, any of its words will do ("litres drained on 28 Oct").
    """
    of_a_day = _is_a_day(period)
    for row in _told(ctx, period):
        wanted = asked_of_report(question, row.display)
        stems = [{stem(t.norm) for t in tokenize(c)} for c in _CLAUSE.split(_text_of(row))]
        if wanted and any(_names_it(wanted, held) or (of_a_day and held & set(wanted)) for held in stems):
            said = verdict(_text_of(row), wanted) if is_yes_no(question) else None
            return [_shown(row, "" if said is None else "Yes: " if said else "No: ")]
    return []


def _is_a_day(period: Period | None) -> bool:
    if period is None or period.since is None or period.until is None:
        return False
    return period.until - period.since <= timedelta(days=1)


def _names_it(wanted: Collection[str], held: Collection[str]) -> bool:
    """Whether a clause has all the words that are asked, or nearly all of many."""
    share = sum(w in held for w in wanted) / len(wanted)
    return share == 1 or (len(wanted) >= _MANY and share >= _NEARLY_ALL)


def reports_naming(ctx: ToolContext, target: Target, period: Period | None = None) -> list[Statement]:
    """The newest report whose title or text names what is asked: a culture is often a report and no single value."""
    for row in _told(ctx, period):
        named = ctx.lexicon.find_mentions(f"{row.display}. {_text_of(row)}", (target.kind,), fuzzy=False)
        if any(t.id in target.ids for m in named for t in m.targets):
            return [_shown(row)]
    return []


def _told(ctx: ToolContext, period: Period | None) -> list[Any]:
    """Reports with a conclusion and procedures with an outcome, newest first."""
    rows = [*within(ctx.chart.reports, period), *within(ctx.chart.procedures, period)]
    told = [r for r in rows if _text_of(r) and r.time is not None]
    return sorted(told, key=lambda r: wall_clock(r.time), reverse=True)


def _text_of(row: Any) -> str:
    return getattr(row, "conclusion", "") or getattr(row, "outcome", "") or ""


def _shown(row: Any, lead: str = "") -> Statement:
    return say(f"{lead}{plain_name(row.display)}, {dated(row)}: {_text_of(row)}", cite(row))
