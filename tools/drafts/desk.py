"""What happens to a draft: proposed, edited, checked again, confirmed or rejected by a person.

The record is written in one place, `confirm`, and only with a person's decision about the version they looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.errors import InvalidRecord
from knowledge_base.draft_records import write_confirmed
from knowledge_base.drafts import (
    LIFETIME,
    Change,
    Decision,
    Draft,
    DraftConflict,
    DraftStale,
    DraftStore,
    Finding,
    OverrideNeeded,
    Severity,
    difference,
    draft_id,
)
from knowledge_base.records import RecordStore
from knowledge_base.validation import faults
from tools.context import ToolContext
from tools.drafts.documents import propose_message, propose_note
from tools.drafts.orders import propose_order
from tools.drafts.problems import propose_problem_change
from tools.drafts.proposal import Proposal
from tools.drugs.checks.engine import by_severity
from tools.outcome import RetryableToolError

BUILDERS: dict[str, Callable[..., Proposal]] = {
    "draft_order": propose_order,
    "draft_note": propose_note,
    "draft_problem_change": propose_problem_change,
    "draft_message": propose_message,
}
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "draft_order": ("order", "action", "reason"),
    "draft_note": ("text", "note", "title"),
    "draft_problem_change": ("problem", "action", "onset", "reason"),
    "draft_message": ("text", "to", "subject_line"),
}
_REASON = (10, 500)  # characters of an override: enough to say why
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)?")


@dataclass(frozen=True)
class Desk:
    """The drafts of one data directory over one record."""

    drafts: DraftStore

    def propose(
        self, ctx: ToolContext, tool: str, arguments: Mapping[str, Any], *, made_by: str = "", request: str = ""
    ) -> Draft:
        """A new draft of the context's owner; the record is only read.

        Raises:
            RetryableToolError: no such kind of draft, or arguments that it does not take.
            FinalToolError: there is nothing to change.
        """
        kept = checked_arguments(tool, arguments)
        identifier = draft_id(ctx.patient_id, ctx.owner, tool, kept, ctx.as_of)
        blank = Draft(
            id=identifier, patient_id=ctx.patient_id, owner=ctx.owner, tool=tool, arguments=kept, title="", text="",
            changes=(), made_at=ctx.as_of, expires_at=ctx.as_of + LIFETIME, made_by=made_by, request=request,
        )  # fmt: skip
        return self.drafts.add(_built(ctx, blank))

    def edit(self, ctx: ToolContext, draft: Draft, changes: Mapping[str, Any], by: str) -> Draft:
        """The next version of a draft, checked anew, with the difference to the one before; it waits again.

        Raises:
            DraftConflict, DraftExpired: it cannot be edited any more.
            RetryableToolError: see `propose`.
        """
        draft.require_open(ctx.as_of)
        kept = checked_arguments(draft.tool, {**draft.arguments, **changes})
        fresh = _built(ctx, draft.model_copy(update={"arguments": kept, "edited_by": by}))
        return self._next(draft, fresh, "edited", by, ctx.as_of)

    def reject(self, draft: Draft, by: str, name: str, at: datetime, reason: str = "") -> Draft:
        """The draft, rejected; rejecting twice is rejecting once.

        Raises:
            DraftConflict: it was confirmed.
        """
        if draft.status == "rejected":
            return draft
        if draft.status != "pending":
            raise DraftConflict(f"the draft is {draft.status} already", status=draft.status, version=draft.version)
        decision = Decision(decision="reject", by=by, name=name, at=at, version=draft.version, reason=reason)
        return self.drafts.decide(draft, decision)

    def confirm(self, ctx: ToolContext, store: RecordStore, draft: Draft, decision: Decision) -> Draft:
        """Writes the draft to the record, once: the version that the person saw, if it still holds.

        Args:
            ctx: The patient's record as of now, for checking again.
            store: Where it is written.
            draft: As it stands.
            decision: Who confirms which version, and why in spite of a critical finding.

        Raises:
            DraftConflict: rejected, or another version than the one that was seen.
            DraftExpired: its time is over.
            DraftStale: the record has changed and with it the draft or a finding; the new version waits.
            OverrideNeeded: a critical finding stands and no reason is given.
        """
        if draft.status == "written":
            return draft
        if draft.status != "confirmed":  # else the decision stands and the writing was cut off
            self._require_confirmable(ctx, draft, decision)
            draft = self.drafts.decide(draft, decision)
        try:
            refs = write_confirmed(store, draft)
        except (DraftStale, InvalidRecord):
            self.drafts.reopen(draft, decision.at)
            raise
        return self.drafts.mark_written(draft, refs, decision.at)

    def check_again(self, ctx: ToolContext, draft: Draft) -> Draft:
        """The draft against the record of now: as it was, or a next version that says what is different."""
        fresh = _built(ctx, draft)
        if fresh.fingerprint == draft.fingerprint:
            return draft
        return self._next(draft, fresh, "checked again", "", ctx.as_of)

    def require_version(self, draft: Draft, version: int) -> None:
        """Pass when the draft is at the version that was looked at.

        Raises:
            DraftConflict: it is at another.
        """
        if version != draft.version:
            raise DraftConflict(
                f"version {version} was looked at and the draft is at version {draft.version}; look at it again",
                version=draft.version,
            )

    def _require_confirmable(self, ctx: ToolContext, draft: Draft, decision: Decision) -> None:
        draft.require_open(decision.at)
        self.require_version(draft, decision.version)
        current = self.check_again(ctx, draft)
        if current.version != draft.version:
            raise DraftStale(
                f"the record has changed since the draft was checked; it is now version {current.version}: look at it again",
                version=current.version,
            )
        if draft.critical and not _REASON[0] <= len(decision.reason.strip()) <= _REASON[1]:
            raise OverrideNeeded(
                f"{len(draft.critical)} critical finding(s) stand; confirming needs an override reason of "
                f"{_REASON[0]} to {_REASON[1]} characters",
                version=draft.version,
            )

    def _next(self, draft: Draft, fresh: Draft, step: str, by: str, at: datetime) -> Draft:
        changed = difference(_shown(draft), _shown(fresh))
        # A person has a whole day for what they have just been shown anew, but not for ever.
        expires = max(draft.expires_at, min(at + LIFETIME, draft.made_at + timedelta(days=7)))
        update = {"version": draft.version + 1, "difference": changed, "expires_at": expires}
        return self.drafts.replace(fresh.model_copy(update=update), step, by, at)


def checked_arguments(tool: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    """The arguments of a kind of draft as it keeps them: texts, empty ones left out.

    Raises:
        RetryableToolError: no such kind, or an argument it does not have.
    """
    if tool not in BUILDERS:
        raise RetryableToolError(f"a draft is one of {', '.join(BUILDERS)}")
    unknown = sorted(set(arguments) - set(ARGUMENTS[tool]))
    if unknown:
        raise RetryableToolError(f"{tool} takes {', '.join(ARGUMENTS[tool])}")
    if not all(isinstance(value, str) for value in arguments.values()):
        raise RetryableToolError(f"{tool}: every argument is a text")
    return {name: value.strip() for name, value in arguments.items() if value.strip()}


def _built(ctx: ToolContext, draft: Draft) -> Draft:
    """The draft as its arguments and the record of now make it."""
    required = ARGUMENTS[draft.tool][0]
    if required not in draft.arguments:
        raise RetryableToolError(f"{draft.tool}: {required} is missing")
    made = BUILDERS[draft.tool](ctx, **draft.arguments)
    changes = tuple(_named(change, draft.id, number) for number, change in enumerate(made.changes, 1))
    for change in changes:
        if found := faults(change.resource):
            path, reason = found[0]
            raise RetryableToolError(f"{draft.tool}: {change.resource['resourceType']}.{path} {reason}")
    findings = (*made.findings, *_unsaid(draft))
    return draft.model_copy(
        update={
            "title": made.title, "text": made.text, "changes": changes, "evidence": made.evidence,
            "findings": by_severity(findings),
        }
    )  # fmt: skip


def _named(change: Change, identifier: str, number: int) -> Change:
    if change.replaces:
        return change
    return change.model_copy(update={"resource": {**change.resource, "id": f"{identifier}-{number}"}})


def _unsaid(draft: Draft) -> list[Finding]:
    """Numbers of an order that the user did not say: a model put them there, from wherever."""
    if not draft.request or draft.edited_by or draft.tool != "draft_order":
        return []
    said = set(_NUMBER.findall(draft.request))
    unsaid = [n for n in _NUMBER.findall(draft.arguments.get("order", "")) if n not in said]
    if not unsaid:
        return []
    text = f"Not in your request, filled in by the assistant: {', '.join(dict.fromkeys(unsaid))}."
    return [Finding(check="completeness", severity=Severity.CRITICAL, text=text)]


def _shown(draft: Draft) -> str:
    return "\n".join([draft.text, *(f"{f.severity}: {f.text}" for f in draft.findings)])
