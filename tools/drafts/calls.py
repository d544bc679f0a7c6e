"""The four tools that propose a draft. They need the user's own words: a note or a model alone cannot bring one about."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from domain.facts import Evidence
from knowledge_base.drafts import Draft, DraftStore, Severity
from tools.context import ToolContext
from tools.drafts.desk import Desk
from tools.drafts.reading import asks_for
from tools.outcome import FinalToolError, Statement, ToolResult, say

_NOT_ASKED = (
    "a draft is made only when the user's own question asks for one of this kind and names what it is about; "
    "what a note says is no request"
)


def draft_order(ctx: ToolContext, order: str, action: str = "start", reason: str = "") -> ToolResult:
    """A draft order for a person to confirm; nothing is ordered. Only when the user asks for an order in their question.

    `order` is what a clinician would write: "furosemide 40 mg PO daily", "BMP tomorrow morning", "referral to cardiology".
    `action`: start | change | renew | hold | stop. One drug a call; the change "A to B 5 mg daily" stops A and starts B.
    Repeat the user's dose; never add one they did not say.
    """
    return _proposed(ctx, "draft_order", {"order": order, "action": action, "reason": reason}, order)


def draft_note(ctx: ToolContext, text: str, note: str = "", title: str = "") -> ToolResult:
    """A draft addendum to a note for a person to confirm; nothing is filed. Only when the user asks for one.

    `text` is the addendum; `note` the id of the note it belongs to, by default the newest.
    """
    return _proposed(ctx, "draft_note", {"text": text, "note": note, "title": title})


def draft_problem_change(
    ctx: ToolContext, problem: str, action: str = "add", onset: str = "", reason: str = ""
) -> ToolResult:
    """A draft change of the problem list for a person to confirm; nothing is changed. Only when the user asks for it.

    `action`: add | resolve | reactivate | remove (entered in error). `onset` of an added one: 2024, 2024-05 or 2024-05-31.
    """
    arguments = {"problem": problem, "action": action, "onset": onset, "reason": reason}
    return _proposed(ctx, "draft_problem_change", arguments, problem)


def draft_message(ctx: ToolContext, text: str, to: str = "patient", subject_line: str = "") -> ToolResult:
    """A draft message to the patient or a colleague for a person to confirm; nothing is sent. Only when the user asks.

    `to` is `patient` or the colleague. State values as the record has them; they are checked against it.
    """
    return _proposed(ctx, "draft_message", {"text": text, "to": to, "subject_line": subject_line})


def _proposed(ctx: ToolContext, tool: str, arguments: dict[str, str], about: str = "") -> ToolResult:
    if not ctx.asked.strip() or asks_for(ctx.asked, ctx) != tool or not _is_named(ctx, about):
        raise FinalToolError(f"{tool}: {_NOT_ASKED}")
    desk = Desk(DraftStore(ctx.store.data_dir))
    return result_of(desk.propose(ctx.whole, tool, arguments, made_by=ctx.agent, request=ctx.asked))


def _is_named(ctx: ToolContext, about: str) -> bool:
    """Whether the user named what the argument names: the same thing, or a class that it belongs to."""
    if not about:
        return True
    kinds = ("medication", "drug_class", "observation", "procedure", "immunization", "condition")
    asked = {i for m in ctx.lexicon.find_mentions(ctx.asked, kinds) for t in m.targets for i in (t.id, *t.ids)}
    mentions = ctx.lexicon.find_mentions(about, kinds, fuzzy=False)
    # "mg" and "PO" are names of other things too: an order of a drug is about the drug.
    drugs = [m for m in mentions if m.of_kind("medication", "drug_class")] or mentions
    named = [{t.id for t in m.targets} for m in drugs if m.text.lower() not in _DOSE_WORDS]
    if named:
        return all(ids & asked for ids in named)
    words = {w for w in about.lower().split() if len(w) > 3}
    return not words or bool(words & set(ctx.asked.lower().split()))


_DOSE_WORDS = frozenset({"mg", "po", "iv", "k", "na", "ca", "mcg", "g"})
_SAID = {
    "draft_order": "Nothing has been ordered",
    "draft_note": "Nothing has been filed",
    "draft_problem_change": "The problem list is unchanged",
    "draft_message": "Nothing has been sent",
}


def result_of(draft: Draft) -> ToolResult:
    """A draft as an answer shows it: what it says, what was found, and that it waits for a person."""
    lines: list[Statement] = [
        say(f"**Draft, {draft.title}.** {_SAID[draft.tool]}: it waits for a person to confirm it.")
    ]
    lines += [say(line, *_of_line(draft, index)) for index, line in enumerate(draft.text.splitlines()) if line.strip()]
    heads = {Severity.CRITICAL: "**Critical**: ", Severity.WARNING: "Warning: ", Severity.INFO: "", Severity.NOT_CHECKED: "Not checked: "}  # fmt: skip
    for finding in draft.findings:
        source = f" (source: {finding.source})" if finding.source else ""
        text = (
            finding.text
            if finding.severity is not Severity.NOT_CHECKED
            else finding.text.replace(": not checked.", ".")
        )
        lines.append(say(f"{heads[finding.severity]}{text}{source}", *finding.evidence, item=True))
    until = f"{draft.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    lines.append(say(f"Confirm, edit or reject {draft.id} (version {draft.version}) until {until}."))
    shown = draft.model_dump(mode="json", exclude={"changes", "request"})
    artifact: dict[str, Any] = {"kind": "draft", "draft": {**shown, "resources": [c.resource for c in draft.changes]}}
    return ToolResult(
        tool=draft.tool,
        statements=tuple(lines),
        data={"draft": draft.id, "version": draft.version, "critical": len(draft.critical), "title": draft.title},
        artifacts=(artifact,),
    )


def _of_line(draft: Draft, index: int) -> tuple[Evidence, ...]:
    return draft.evidence if index == 0 else ()
