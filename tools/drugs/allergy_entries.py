"""What one allergy entry says of itself: its reaction, when it began and was recorded, how grave, how sure, and why it stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.context import ToolContext, cite, dated, day, in_sentence, plain_name
from tools.drugs.allergens import is_covered
from tools.drugs.reactions import is_recorded_reaction
from tools.outcome import Statement, say

if TYPE_CHECKING:
    from knowledge_base.rows import AllergyRow
    from tools.concepts import Target

_SETTLED = frozenset({"confirmed", ""})


def since(row: AllergyRow) -> str:
    """When an entry began or was recorded: "since 1988-06", "recorded 2004-05-12"."""
    if row.time is None:
        return ""
    return f"since {dated(row)}" if row.onset == row.time and row.recorded != row.time else f"recorded {dated(row)}"


def onset_of(row: AllergyRow) -> str:
    """When the reaction began, at the precision of the record; empty where only the day of recording is known."""
    return dated(row) if row.onset is not None else ""


def recorded_on(row: AllergyRow) -> str:
    """When the entry was made; empty where the record does not say."""
    return day(row.recorded) if row.recorded is not None else ""


def entry_line(row: AllergyRow, but: str = "") -> str:
    """An entry with all that it says, but for one fact: "reaction: Rash; moderate; low criticality; onset 2003-10; recorded …"."""
    parts = {
        "kind": "intolerance" if row.type == "intolerance" else "",
        "reaction": f"reaction: {', '.join(row.reactions)}" if row.reactions else "the reaction is not documented",
        "severity": f"{row.severity} reaction" if row.severity else "",
        "criticality": f"{row.criticality} criticality" if row.criticality else "",
        "onset": f"onset {onset_of(row)}" if onset_of(row) else "",
        "recorded": f"recorded {recorded_on(row)}" if recorded_on(row) else "",
        "status": "" if row.verification_status in _SETTLED else row.verification_status,
        "clinical": "" if row.clinical_status in {"active", ""} else row.clinical_status,
    }
    return "; ".join(text for name, text in parts.items() if text and name != but)


def _said_first(ctx: ToolContext, row: AllergyRow, aspect: str) -> str:
    """The fact that is asked of an entry, or that the entry does not have it."""
    name, onset, recorded = plain_name(row.display), onset_of(row), recorded_on(row)
    verified = row.verification_status.replace("-", " ") or "not stated"
    recorded_then = f"; it was recorded on **{recorded}**" if recorded else ""
    held, said, unsaid = {
        "onset": (onset, f"Onset of {name}: **{onset}**", f"{name}: when it began is not recorded{recorded_then}"),
        "recorded": (recorded, f"{name} was recorded on **{recorded}**", f"{name}: when it was recorded is not documented"),
        "severity": (row.severity, f"{name}: a **{row.severity}** reaction", f"{name}: the severity of the reaction is not recorded"),
        "criticality": (row.criticality, f"{name}: **{row.criticality}** criticality", f"{name}: its criticality is not recorded"),
        "status": (verified, f"{name}: verification **{verified}**, clinical status {row.clinical_status or 'not stated'}", ""),
        "kind": (row.type, f"{name} is recorded as an **{row.type}**", f"{name}: the entry does not say whether it is an allergy or an intolerance"),
        "age": ("age", _age(ctx, row), ""),
    }[aspect]  # fmt: skip
    return said if held else unsaid


def _age(ctx: ToolContext, row: AllergyRow) -> str:
    """Age at onset; a year or month alone leaves two ages open where the birthday falls in it."""
    name, born = plain_name(row.display), ctx.chart.patient.birth_date
    if row.onset is None or born is None or not onset_of(row):
        return f"{name}: the age at the reaction is not recorded"
    given = onset_of(row)
    year, month = int(given[:4]), int(given[5:7]) if len(given) > 4 else 0
    last = year - born.year
    if not month or (month == born.month and len(given) == len("2006-08")):
        return f"{name} began in {given}, at **{last - 1} or {last}** years of age"
    had_birthday = (month, int(given[8:10] or 0)) >= (born.month, born.day) if len(given) > 7 else month > born.month
    return f"{name} began in {given}, at **{last if had_birthday else last - 1}** years of age"


ENTRY_ASPECTS = frozenset({"onset", "recorded", "severity", "criticality", "status", "kind", "age"})


def entry_said(ctx: ToolContext, target: Target, row: AllergyRow, aspect: str, reaction: str = "") -> Statement:
    """One entry, with what is asked of it said first."""
    covers = f" It covers {in_sentence(target)}." if is_covered(ctx, target, row) else ""
    note = f" {row.note}" if row.note else ""
    if aspect in ENTRY_ASPECTS:
        return say(f"{_said_first(ctx, row, aspect)} ({entry_line(row, but=aspect)}).{covers}{note}", cite(row))
    if aspect == "told":
        return say(f"On the allergy list: **{plain_name(row.display)}** ({entry_line(row)}).{covers}{note}", cite(row))
    grave = f"{row.criticality} criticality" if row.criticality else ""
    severe = f"{row.severity} reaction" if row.severity else ""
    unsure = row.verification_status if row.verification_status not in _SETTLED else ""
    if aspect == "reaction" and row.reactions and not reaction:
        kind = "intolerance" if row.type == "intolerance" else ""
        parts = [p for p in (plain_name(row.display), kind, grave, severe, unsure, since(row)) if p]
        return say(f"Recorded reaction: **{', '.join(row.reactions)}** ({'; '.join(parts)}).{covers}{note}", cite(row))
    had = f"reaction: {', '.join(row.reactions)}" if row.reactions else ""
    if not had and aspect == "reaction":
        had = "the reaction is not documented"
    told = "".join(f"; {p}" for p in (grave, had, severe, unsure) if p)
    when = f" ({since(row)})" if row.time else ""
    lead = _lead(ctx, row, reaction)
    return say(f"{lead}: **{plain_name(row.display)}** is recorded{told}{when}.{covers}{note}", cite(row))


def _lead(ctx: ToolContext, row: AllergyRow, reaction: str) -> str:
    if reaction:
        return _is_it_so(ctx, row, reaction)
    return "Yes, as an intolerance" if row.type == "intolerance" else "Yes"


def _is_it_so(ctx: ToolContext, row: AllergyRow, reaction: str) -> str:
    """Whether the reaction asked about is the recorded one, as the opening of an answer."""
    named = ctx.lexicon.resolve(reaction, "condition")
    words = in_sentence(named) if named is not None else reaction
    is_so = is_recorded_reaction(ctx.lexicon, row, reaction)
    if is_so is None:
        return f"Not documented whether it was {words}"
    return "Yes" if is_so else f"No, {words} is not the recorded reaction"
