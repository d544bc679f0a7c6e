"""Opening a record outside one's list in an emergency, with the reason that goes into the trail."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.access.callers import Action
from app.access.guarded import GuardedServices
from app.ui.callbacks import Callbacks
from app.ui.render import callout, day_and_time, esc
from domain.errors import ChartTwinError


class EmergencyForm:
    """A folded form for clinicians; there is none where nobody signs in, since every record is in reach there."""

    def __init__(self, callbacks: Callbacks, patient: gr.Dropdown) -> None:
        self._callbacks = callbacks
        with gr.Accordion("Open a record outside your list (emergency)", open=False, visible=False, elem_id="ct-glass") as self.box:  # fmt: skip
            with gr.Row(elem_classes="ct-room-bar"):
                self.patient_id = gr.Textbox(
                    label="Patient id", max_lines=1, max_length=200, elem_id="ct-glass-id", scale=1
                )
                self.reason = gr.Textbox(
                    label="Reason", placeholder="It is written into the trail", max_lines=1, max_length=500, scale=3,
                    elem_id="ct-glass-reason",
                )  # fmt: skip
                self.open = gr.Button("Open the record", scale=0, min_width=140, elem_id="ct-glass-open")
        self.said = gr.HTML("", elem_id="ct-glass-said", js_on_load=None)
        self.open.click(
            self._break, [self.patient_id, self.reason], [patient, self.said, self.patient_id, self.reason, self.box],
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip

    def _break(self, patient_id: str, reason: str, request: gr.Request) -> list[Any]:
        services = self._callbacks.services_for(request)
        wanted = patient_id.strip()
        try:
            if services.gate.is_local or not wanted:
                return [gr.skip(), callout("error", "Not opened.", "Give the id of the patient."), *[gr.skip()] * 3]
            until = services.gate.break_glass(services.caller, wanted, reason, "/")
        except ChartTwinError as error:
            return [gr.skip(), callout("error", "Not opened.", esc(error.message)), *[gr.skip()] * 3]
        choices = self._callbacks.choices(self._callbacks.services_for(request))  # with the reach of now
        if wanted not in {value for _, value in choices}:
            return [gr.skip(), callout("error", "Not opened.", "There is no record of this id."), *[gr.skip()] * 3]
        told = callout("warn", "Opened.", f"Until {esc(day_and_time(until))} UTC; the trail holds who, when and why.")
        return [gr.Dropdown(choices=choices, value=wanted), told, "", "", gr.Accordion(open=False)]


def is_offered(services: GuardedServices) -> bool:
    """Whether this caller may break the glass here."""
    return not services.gate.is_local and Action.BREAK_GLASS in services.caller.actions
