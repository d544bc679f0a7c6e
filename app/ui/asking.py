"""Before a question: which conversation it goes to, and how much of the chart is looked at."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.dates import now, parse_as_of, parse_since
from domain.errors import ChartTwinError, InvalidInput

if TYPE_CHECKING:
    from app.access.guarded import GuardedServices
    from app.ui.callbacks import Callbacks, Session

SOURCES = [("Record and notes", "both"), ("Record only", "record"), ("Notes only", "notes")]
_NEW = "New, nothing asked yet"
ALL = "the beginning"
_BACK = {
    "the last 30 days": 30,
    "the last 6 months": 182,
    "the last year": 365,
    "the last 5 years": 1826,
}
# The browser asks before anything is lost; without a yes the server is not told which conversation was meant.
SURE = "(thread, page) => [confirm('Delete this conversation? It cannot be brought back.') ? thread : null, page]"


def moment_of(as_of: str | None) -> datetime:
    """The moment that counts as now.

    Raises:
        InvalidInput: it cannot be read.
    """
    try:
        return parse_as_of(as_of) or now()
    except InvalidInput:
        raise InvalidInput("“As of” is a date such as 2024-05-31", field="as_of") from None


def begin_of(since: str | None, as_of: str | None) -> date | None:
    """The first day that is looked at: of a span that is offered, counted back from the day that counts as today, or as typed.

    Raises:
        InvalidInput: it is neither a span that is offered nor a date, or the day that counts as today cannot be read.
    """
    wanted = (since or "").strip()
    if not wanted or wanted == ALL:
        return None
    if wanted in _BACK:
        return (moment_of(as_of) - timedelta(days=_BACK[wanted])).date()
    return parse_since(wanted)


class AskingBar:
    """The row above the conversation."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        with gr.Row(elem_id="ct-filters"):
            self.threads = gr.Dropdown(
                label="Conversation", choices=[], value=None, interactive=True, elem_id="ct-threads", scale=3,
                min_width=170, filterable=False,
            )  # fmt: skip
            self.fresh = gr.Button("New", size="sm", elem_id="ct-fresh", scale=0, min_width=58)
            self.delete = gr.Button(
                "Delete", size="sm", elem_id="ct-thread-delete", scale=0, min_width=70, interactive=False
            )
            self.since = gr.Dropdown(
                label="Look back to", choices=[ALL, *_BACK], value=ALL, interactive=True, allow_custom_value=True,
                elem_id="ct-since", scale=2, min_width=136,
            )  # fmt: skip
            self.sources = gr.Dropdown(
                label="Look in", choices=SOURCES, value="both", interactive=True, filterable=False,
                elem_id="ct-sources", scale=2, min_width=136,
            )  # fmt: skip

    @property
    def outputs(self) -> list[Any]:
        """What `listed` fills."""
        return [self.threads, self.delete]

    def listed(self, session: Session, services: GuardedServices) -> list[Any]:
        """The caller's conversations about the open patient, with this one chosen."""
        try:
            choices, this = self._callbacks.threads(session, services)
        except ChartTwinError:  # conversations that cannot be read are no reason not to show the chart
            choices, this = [], None
        if this is None:
            choices = [(_NEW, ""), *choices]
        return [gr.Dropdown(choices=choices, value=this or ""), gr.Button(interactive=this is not None)]
