"""Problems: what is active, resolved or was ever recorded, since when, and what notes say of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.facts import FactKind
from tools.claims import Claim, answered
from tools.concepts import Target, content_words, normalise_name
from tools.context import ToolContext, abated, began, cite, counted, dated, day, in_sentence, plain_name, within
from tools.measurements.findings import measured_finding
from tools.notes.claims import is_set_right, said_of
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.times.periods import Period

if TYPE_CHECKING:
    from knowledge_base.rows import ConditionRow


def find_condition(ctx: ToolContext, name: str) -> Target:
    """The problem that a name means: from the vocabulary, else from the record's own names, else the words themselves."""
    return (
        ctx.lexicon.of_record(name, ctx.chart.conditions, "condition")
        or ctx.lexicon.resolve(name, "condition")
        or ctx.lexicon.from_record(name, ctx.chart.conditions, "condition")
        or Target(kind="condition", id=f"text:{name}", label=name.replace("_", " "))
    )


def conditions_of(ctx: ToolContext, target: Target, period: Period | None = None) -> list[ConditionRow]:
    """Condition rows that record the target; where none does, those that name it as their cause ("bacteremia due to MRSA")."""
    rows = within(ctx.chart.conditions, period)
    return [r for r in rows if ctx.lexicon.matches(target, r, "condition")] or [
        r for r in rows if _is_due_to(ctx, target, r)
    ]


_DUE_TO = re.compile(r"\b(?:due to|caused by|secondary to)\s+(?P<cause>.+)", re.IGNORECASE)


def _is_due_to(ctx: ToolContext, target: Target, row: ConditionRow) -> bool:
    cause = _DUE_TO.search(row.display)
    if cause is None:
        return False
    named = ctx.lexicon.find_mentions(cause["cause"], ("condition",), fuzzy=False)
    return any(t.id in target.ids for m in named for t in m.targets)


def list_problems(
    ctx: ToolContext, status: str = "active", period: Period | None = None, clinical_only: bool = False
) -> ToolResult:
    """The problem list: `status` active | resolved | all; a period limits by onset. Newest onset first."""
    if status not in {"active", "resolved", "all"}:
        raise RetryableToolError("status is one of active, resolved, all")
    rows = within(ctx.chart.conditions, period)
    if status != "all":
        rows = [r for r in rows if ctx.chart.is_active(r) == (status == "active")]
    if clinical_only:
        rows = [r for r in rows if not is_social(ctx, r)]
    when = f" {period.label}" if period and period.label else ""
    looked = (f"{len(ctx.chart.conditions)} conditions up to {day(ctx.as_of)}",)
    if not rows:
        kind = "" if status == "all" else f"{status} "
        return ToolResult(
            tool="list_problems",
            found=False,
            looked_at=looked,
            data={"n": 0, "status": status},
            statements=(say(f"No {kind}problem is recorded{when}. Looked at {looked[0]}."),),
        )
    grouped: dict[str, list[ConditionRow]] = {}
    for row in rows:
        grouped.setdefault(normalise_name(row.display), []).append(row)
    newest_first = sorted(grouped.values(), key=lambda g: g[-1].time.timestamp() if g[-1].time else 0.0, reverse=True)
    kind = "" if status == "all" else f"{status} "
    head = say(f"**{len(newest_first)}** {kind}{'problem' if len(newest_first) == 1 else 'problems'}{when}:")
    return ToolResult(
        tool="list_problems",
        statements=(head, *[_problem_line(ctx, group) for group in newest_first]),
        data={"n": len(newest_first), "status": status, "names": [plain_name(g[-1].display) for g in newest_first]},
    )


def is_social(ctx: ToolContext, row: ConditionRow) -> bool:
    """Whether a condition row is a social finding (employment, education, housing), not a medical problem."""
    found = [ctx.lexicon.vocabulary.get("condition", i) for i in ctx.lexicon.concept_ids("condition", row)]
    return bool(found) and all(c is not None and c.extra.get("kind") == "social" for c in found)


def _problem_line(ctx: ToolContext, group: list[ConditionRow]) -> Statement:
    row = group[-1]
    parts = [since_when(row)]
    if not ctx.chart.is_active(row):
        parts = [
            f"{began(row)} to {abated(ctx, row)}" if row.abatement else f"onset {parts[0][6:]}, {row.clinical_status}"
        ]
    if row.verification_status not in {"confirmed", ""}:
        parts.append(row.verification_status)
    if len(group) > 1:
        parts.append(f"{len(group)} episodes")
    return say(f"{plain_name(row.display)} ({', '.join(parts)})", cite(row), item=True)


def condition(
    ctx: ToolContext,
    name: str,
    aspect: str = "has",
    period: Period | None = None,
    newest: bool = False,
    claim: Claim = "",
) -> ToolResult:
    """One problem. `aspect`: has (ever or now) | active | onset | resolved | count; `newest` takes the last episode's onset.

    `claim`, with has and active, is what a yes/no question says beyond "has it": not so, never, ruled out, open (anything
    that the problem list does not tell: how severe, how well controlled, which of two).
    """
    found = _of_problem(ctx, name, aspect, period, newest)
    if aspect == "resolved" and claim in {"resolved", "in remission"}:
        return found.model_copy(update={"statements": tuple(_as_verdict(s, claim) for s in found.statements)})
    return answered(found, claim if aspect in {"has", "active", "ever"} else "")


def _as_verdict(statement: Statement, claim: Claim) -> Statement:
    """A resolution as the answer to whether it is over; one that the record leaves undated or open as it is."""
    text = statement.text
    if text.startswith("Not resolved: "):
        text = f"No, {text[:1].lower()}{text[1:]}"
    elif (" resolved on **" in text and claim == "resolved") or ("**remission**" in text and claim == "in remission"):
        text = f"Yes: {text}"
    return statement.model_copy(update={"text": text})


def _of_problem(ctx: ToolContext, name: str, aspect: str, period: Period | None, newest: bool) -> ToolResult:
    if aspect not in {"has", "active", "onset", "resolved", "count", "ever"}:
        raise RetryableToolError("aspect is one of has, active, ever, onset, resolved, count")
    target = find_condition(ctx, name)
    rows = conditions_of(ctx, target, period)
    if not rows:
        return _no_condition(ctx, target, name, period)
    active = [r for r in rows if ctx.chart.is_active(r)]
    data = {
        "condition": target.id,
        "aspect": aspect,
        "active": bool(active),
        "n": len(rows),
        "onset": rows[0].time.isoformat() if rows[0].time else None,
    }
    if aspect == "onset":
        statements = [_onset(ctx, r) for r in (_distinct(rows[-1:]) if newest else _distinct(rows))]
    elif aspect == "resolved":
        statements = [_resolution(ctx, r) for r in _distinct(rows, newest=True)]
    elif aspect == "count":
        text = f"**{len(rows)}** {'episode' if len(rows) == 1 else 'episodes'} of {in_sentence(target)} recorded: "
        text += ", ".join(began(r) for r in rows[-12:]) + "."
        statements = [say(text, *[cite(r) for r in rows[-12:]])]
    else:
        statements = _has(ctx, target, rows, active, aspect)
    return ToolResult(tool="condition", statements=tuple(statements), data=data)


def _distinct(rows: list[ConditionRow], newest: bool = False) -> list[ConditionRow]:
    """One row per named condition: its first episode, or its newest."""
    chosen: dict[str, ConditionRow] = {}
    for row in reversed(rows) if newest else rows:
        chosen.setdefault(normalise_name(row.display), row)
    return list(chosen.values())


def since_when(row: ConditionRow) -> str:
    """ "since 2008"; where only the day of recording is known, that is what is said."""
    if row.onset is not None:
        return f"since {began(row)}"
    if row.onset_text:
        return f"onset {row.onset_text}, recorded {dated(row)}"
    return f"recorded {dated(row)}" if row.time is not None else "no date recorded"


def _onset(ctx: ToolContext, row: ConditionRow) -> Statement:
    state = (
        "active"
        if ctx.chart.is_active(row)
        else f"resolved {abated(ctx, row)}"
        if row.abatement
        else row.clinical_status
    )
    if row.onset is None and row.time is not None:
        told = f"onset **{row.onset_text}**" if row.onset_text else "the date of onset is not recorded"
        return say(f"{plain_name(row.display)}: {told}; recorded on **{dated(row)}** ({state}).", cite(row))
    return say(f"{plain_name(row.display)}: onset **{began(row)}** ({state}).", cite(row))


def _resolution(ctx: ToolContext, row: ConditionRow) -> Statement:
    if ctx.chart.is_active(row):
        return say(f"Not resolved: {plain_name(row.display)} is active ({since_when(row)}).", cite(row))
    if row.abatement is None and row.clinical_status == "remission":
        return say(
            f"{plain_name(row.display)} is recorded as in **remission**; the record gives no date for it.", cite(row)
        )
    if row.abatement is None:
        return say(f"{plain_name(row.display)} is {row.clinical_status}; the record gives no date for it.", cite(row))
    return say(
        f"{plain_name(row.display)} resolved on **{abated(ctx, row)}** (onset {began(row)}).",
        cite(row),
    )


def _has(
    ctx: ToolContext, target: Target, rows: list[ConditionRow], active: list[ConditionRow], aspect: str
) -> list[Statement]:
    if active:
        statements = []
        for row in _distinct(active):
            doubt = f", {row.verification_status}" if row.verification_status not in {"confirmed", ""} else ""
            text = f"Yes: **{plain_name(row.display)}**, active {since_when(row)}{doubt}."
            statements.append(say(text, cite(row)))
        return statements
    episodes = _distinct(rows, newest=True)
    lead = "Not now" if aspect == "active" else "Yes, in the past"
    statements = []
    for row in episodes:
        ended = abated(ctx, row)
        until = "" if ended == began(row) else f" to {ended}" if ended else f", {row.clinical_status}"
        doubt = f" ({row.verification_status})" if row.verification_status not in {"confirmed", ""} else ""
        text = f"{lead}: **{plain_name(row.display)}**, {began(row)}{until}{doubt}; {row.clinical_status or 'resolved'}, no longer active."
        statements.append(say(text, cite(row)))
    return statements


def _in_its_words(row: ConditionRow) -> str:
    return f": {row.note.rstrip('.')}" if row.note else ""


def _entered_in_error(ctx: ToolContext, target: Target) -> ConditionRow | None:
    """The newest entry of a problem that the record itself calls a mistake: nothing counts it, but it answers whether it is so."""
    rows = [r for r in ctx.store.conditions(ctx.patient_id) if r.verification_status == "entered-in-error"]
    known = [r for r in rows if ctx.chart.is_known(r.time) and ctx.lexicon.matches(target, r, "condition")]
    return known[-1] if known else None


def _no_condition(ctx: ToolContext, target: Target, name: str, period: Period | None) -> ToolResult:
    looked = (
        counted(len(ctx.chart.conditions), "condition"),
        counted(len(ctx.chart.procedures), "procedure"),
        counted(len(ctx.chart.notes), "note"),
    )
    when = f" {period.label}" if period and period.label else ""
    statements = []
    refuted = [r for r in ctx.chart.refuted_conditions if ctx.lexicon.matches(target, r, "condition")]
    if refuted:
        row = refuted[-1]
        statements.append(
            say(
                f"No: {plain_name(row.display)} was considered and **refuted** ({dated(row)}){_in_its_words(row)}.",
                cite(row),
            )
        )
    elif (wrong := _entered_in_error(ctx, target)) is not None:
        entry = f"the entry {plain_name(wrong.display)} of {dated(wrong)} is marked as **entered in error**{_in_its_words(wrong)}"
        text = f"No {in_sentence(target)} is recorded{when}: {entry}."
        statements.append(say(text, cite(wrong)))
    else:
        statements.append(
            say(f"No {in_sentence(target)} is recorded{when}; the problem list does not have it (not documented).")
        )
    related = [
        r
        for r in ctx.chart.procedures
        if (words := content_words(name)) and all(w in normalise_name(r.display) for w in words)
    ]
    if related:
        statements.append(
            say(f"A procedure names it: {plain_name(related[-1].display)} ({dated(related[-1])}).", cite(related[-1]))
        )
    if period is not None and (outside := conditions_of(ctx, target)):
        row = outside[-1]
        statements.append(say(f"Outside that period: {plain_name(row.display)}, onset {began(row)}.", cite(row)))
    statements.extend(measured_finding(ctx, target))
    statements.extend(note_findings(ctx, target))
    statements.append(say(f"Looked at {', '.join(looked[:-1])} and {looked[-1]} up to {day(ctx.as_of)}."))
    return ToolResult(
        tool="condition",
        found=False,
        statements=tuple(statements),
        looked_at=looked,
        data={"condition": target.id, "active": False, "n": 0},
    )


def note_findings(ctx: ToolContext, target: Target, limit: int = 2) -> list[Statement]:
    """What the notes say of a problem, newest first, with how it is asserted there."""
    kinds = {FactKind.CONDITION, FactKind.SYMPTOM, FactKind.FAMILY_HISTORY}
    facts = [f for f in ctx.chart.facts if f.kind in kinds and f.concept_id in target.ids]
    facts = [f for f in facts if f.assertion.is_negated or not is_set_right(ctx, f)]  # what a note itself takes back
    words = []
    mentions = {fact.evidence.ref: fact for fact in reversed(facts)}  # several relatives of one mention are one line
    for fact in mentions.values():
        a = fact.assertion
        how = (
            "as family history"
            if a.is_family or fact.kind is FactKind.FAMILY_HISTORY
            else "as absent"
            if a.is_negated
            else "as uncertain"
            if a.is_uncertain
            else "as hypothetical"
            if a.is_hypothetical
            else "as history"
            if a.is_historical
            else "as present"
        )
        when = day(ctx.chart.note_time(fact))
        words.append(say(f"A note of {when} mentions it {how}: “{said_of(ctx, fact)}”.", fact.evidence))
        if len(words) == limit:
            break
    return words
