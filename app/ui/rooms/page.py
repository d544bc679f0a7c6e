"""What every room is given of the page it stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import gradio as gr

from app.access.guarded import GuardedServices
from app.ui.asking import moment_of
from app.ui.callbacks import Callbacks, Session
from app.ui.render import callout, esc, linked
from domain.errors import ChartTwinError
from domain.facts import Evidence
from tools.context import ToolContext

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal", "concurrency_limit": 8}
CHOOSE = '<p class="ct-empty-room">Choose a patient above.</p>'


@dataclass(frozen=True)
class Page:
    """The page's session, the date that counts as today, and what changes when either is opened anew."""

    callbacks: Callbacks
    session: gr.State
    as_of: gr.Textbox
    opened: gr.State

    def open(
        self, session: Session | None, as_of: str | None, request: gr.Request
    ) -> tuple[GuardedServices, Session, datetime] | None:
        """The services, the session and the moment; None while no patient is open here.

        Raises:
            NotSignedIn: the session of the page has ended.
            InvalidInput: the date cannot be read.
        """
        services = self.callbacks.services_for(request)
        if session is None or session.owner != services.caller.subject or not session.patient_id:
            return None
        return services, session, moment_of(as_of)

    def chart(
        self, session: Session | None, as_of: str | None, request: gr.Request
    ) -> tuple[ToolContext, Session] | None:
        """The chart of the open patient."""
        opened = self.open(session, as_of, request)
        if opened is None:
            return None
        services, held, moment = opened
        services.store.patient(held.patient_id)
        return ToolContext(services.store, held.patient_id, moment, services.twin, services.index), held


class Marks:
    """Numbered links to evidence within one piece of HTML; the page's evidence panel opens them."""

    def __init__(self, session: Session, prefix: str) -> None:
        self._session, self._prefix = session, prefix
        self._numbers: dict[str, int] = {}

    def of(self, evidence: tuple[Evidence, ...] | list[Evidence]) -> str:
        """The links of these citations."""
        return linked(evidence, self._session.refs, self._prefix, self._numbers)


def in_plain_words(make: Callable[[], Any], failed: Callable[[str], Any]) -> Any:
    """The outcome, or the fault as a callout."""
    try:
        return make()
    except ChartTwinError as error:
        return failed(callout("error", "Not possible.", esc(error.message)))
