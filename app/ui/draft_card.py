"""The card of a draft that waits: what it says, what speaks against it, and the reader's decision."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.access.callers import Action
from app.access.guarded import GuardedServices
from app.dates import now
from app.drafting import drafting_of, index_written
from app.ui.callbacks import Session
from app.ui.render import callout, esc
from domain.errors import ChartTwinError
from knowledge_base.drafts import Draft, DraftConflict, DraftStore, Severity

_NAMES = {
    Severity.CRITICAL: "Critical",
    Severity.WARNING: "Warning",
    Severity.INFO: "Note",
    Severity.NOT_CHECKED: "Not checked",
}
_SETTLED = {"written": "Confirmed and written to the record.", "rejected": "Rejected; nothing was written."}


class DraftCard:
    """Components of the card; it is there while a draft of the conversation waits."""

    def __init__(self) -> None:
        with gr.Column(visible=False, elem_id="ct-draft") as self.box:
            self.card = gr.HTML("", js_on_load=None)
            with gr.Row(elem_id="ct-draft-bar") as self.bar:
                self.reason = gr.Textbox(
                    label="Reason", placeholder="Why; needed against a critical finding", max_lines=1, max_length=500,
                    scale=4, elem_id="ct-draft-reason",
                )  # fmt: skip
                self.confirm = gr.Button("Confirm", variant="primary", size="sm", scale=0, min_width=100, elem_id="ct-draft-confirm")  # fmt: skip
                self.reject = gr.Button("Reject", size="sm", scale=0, min_width=90, elem_id="ct-draft-reject")

    @property
    def outputs(self) -> list[Any]:
        """What `show`, `hidden` and `decide` fill."""
        return [self.box, self.card, self.bar, self.reason]

    @staticmethod
    def hidden() -> list[Any]:
        """The page without a card."""
        return [gr.Column(visible=False), "", gr.Row(visible=True), ""]


def show(session: Session, services: GuardedServices, told: str = "") -> list[Any]:
    """The card of the draft that waits longest in this conversation; no card when none does."""
    while session.drafts:
        try:
            draft = _own(session.drafts[0], session, services)
        except ChartTwinError:
            session.drafts.pop(0)
            continue
        if draft.status == "pending" and now() <= draft.expires_at:
            return [gr.Column(visible=True), told + card_html(draft), gr.Row(visible=True), ""]
        session.drafts.pop(0)
        if draft.status == "pending":
            return [gr.Column(visible=True), told + _too_late(draft) + card_html(draft), gr.Row(visible=False), ""]
    return [gr.Column(visible=bool(told)), told, gr.Row(visible=False), ""] if told else DraftCard.hidden()


def decide(approve: bool, reason: str, session: Session, services: GuardedServices) -> list[Any]:
    """The card after a decision: the next draft, or this one again with what stands against the decision."""
    if not session.drafts:
        return DraftCard.hidden()
    try:
        settled = _settle(approve, reason, session, services)
    except DraftConflict as error:  # checked again meanwhile: the new version is shown, and wants a new look
        return show(session, services, callout("warn", "Look again.", esc(error.message)))
    except ChartTwinError as error:
        shown = show(session, services, callout("error", "Not done.", esc(error.message)))
        return [*shown[:3], reason]
    session.drafts.pop(0)
    told = _SETTLED.get(settled.status, "Confirmed; it is being written.")
    return show(session, services, callout("info", settled.title, esc(told)))


def _settle(approve: bool, reason: str, session: Session, services: GuardedServices) -> Draft:
    from agents.drafting import Review

    draft = _own(session.drafts[0], session, services)
    caller = services.caller
    store: Any = services.guarded_store.for_writing(draft.patient_id) if approve else services.store
    review = Review(
        decision="approve" if approve else "reject", by=caller.subject, name=caller.name, at=now(),
        version=session.seen.get(draft.id, draft.version), reason=reason.strip(),
    )  # fmt: skip
    try:
        settled = drafting_of(services, caller.subject, store).decide(draft.id, review)
    except DraftConflict:
        session.seen[draft.id] = _own(draft.id, session, services).version
        raise
    if any(ref.startswith("DocumentReference/") for ref in settled.written):
        index_written(services, store)
    return settled


def _too_late(draft: Draft) -> str:
    """Why a draft cannot be decided on: it was made for a day that is over, or lay too long."""
    said = (
        f"It was made as of {draft.made_at:%Y-%m-%d %H:%M} UTC and could be confirmed until {draft.expires_at:%Y-%m-%d %H:%M}. "
        "Ask for it again as of today."
    )
    return callout("warn", "Not open for a decision.", esc(said))


def _own(draft_id: str, session: Session, services: GuardedServices) -> Draft:
    services.guarded_store.admit(session.patient_id, Action.READ_RECORD)
    draft = DraftStore(services.settings.data_dir).get(draft_id, services.caller.subject)
    if draft.patient_id != session.patient_id:
        raise DraftConflict("this draft is about another patient")
    session.seen.setdefault(draft.id, draft.version)
    return draft


def card_html(draft: Draft) -> str:
    """A draft with its findings, the gravest first."""
    order = list(_NAMES)
    findings = "".join(
        f'<li class="ct-finding ct-{finding.severity.value.replace("_", "-")}"><strong>{_NAMES[finding.severity]}</strong> '
        f"{esc(finding.text)}{f' <small>{esc(finding.source)}</small>' if finding.source else ''}</li>"
        for finding in sorted(draft.findings, key=lambda f: order.index(f.severity))
    )
    changed = f"<pre>{esc(draft.difference)}</pre>" if draft.difference else ""
    return (
        f'<section class="ct-draft-card" aria-label="Draft" tabindex="0"><h2>Draft: {esc(draft.title)}</h2>'
        f'<p class="ct-dim">Version {draft.version} · waits for you until {draft.expires_at:%Y-%m-%d %H:%M} UTC · nothing is '
        f"written before you confirm</p>{changed}<ul>{findings}</ul></section>"
    )
