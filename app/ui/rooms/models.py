"""The rooms of the twin and of the calculators: a model over this chart, each input with its evidence and free to change.

Up to three runs are kept to be compared with the one that is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import gradio as gr

from app.ui import evidence_panel, plots
from app.ui.callbacks import Session
from app.ui.render import callout, day, esc
from app.ui.rooms.page import PRIVATE, Marks, Page
from domain.errors import ChartTwinError, InvalidInput
from domain.patient import Covariate
from domain.predictions import ModelCard, ModelInput, ModelRun
from domain.quantities import Quantity
from tools.context import number
from tools.measurements.readings import unit_label
from tools.twin.calculators import gather, shown_output, simulation_artifacts

_MOST_KEPT = 3
_START = '<p class="ct-empty-room">Choose a patient above, then a model. Its inputs come from the chart; change any of them.</p>'


class Kind(NamedTuple):
    """Which models a room has."""

    name: str  # in the ids of its components
    label: str
    kinds: tuple[str, ...]
    first: str  # the model it begins with


TWIN = Kind("twin", "Simulation", ("simulation",), "vancomycin_goti2018")
CALCULATORS = Kind("calc", "Calculator or score", ("calculator", "risk_score"), "ckd_epi_2021_creatinine")


@dataclass(frozen=True)
class Kept:
    """A run that was put aside for comparison."""

    label: str
    run: ModelRun


class ModelRoom:
    """Components and events of such a room."""

    def __init__(self, page: Page, kind: Kind, cards: list[ModelCard]) -> None:
        self._page, self._kind = page, kind
        cards = [card for card in cards if card.kind in kind.kinds]
        self._cards = {card.id: card for card in cards}
        first = kind.first if kind.first in self._cards else next(iter(self._cards), None)
        choices = sorted(((card.title, card.id) for card in cards), key=lambda pair: pair[0].lower())
        self.kept = gr.State([])
        self.current = gr.State(None)
        with gr.Row(elem_classes="ct-room-bar"):
            self.model = gr.Dropdown(
                choices, value=first, label=kind.label, filterable=True, min_width=260, elem_id=f"ct-{kind.name}-model"
            )
            self.keep = gr.Button("Keep to compare", size="sm", scale=0, min_width=140, elem_id=f"ct-{kind.name}-keep")
            self.clear = gr.Button("Forget kept", size="sm", scale=0, min_width=110, elem_id=f"ct-{kind.name}-clear")
        with gr.Row(elem_classes="ct-room-body"):
            self.form = gr.Column(scale=2, min_width=260, elem_classes="ct-room-form")
            with gr.Column(scale=3, min_width=300, elem_classes="ct-room-result"):
                self.plot = gr.Plot(None, show_label=False, visible=False, elem_classes="ct-plot")
                self.result = gr.HTML(_START, elem_id=f"ct-{kind.name}", elem_classes="ct-room-sheet", js_on_load=None)
        with self.form:
            gr.render(
                inputs=[self.model, page.session, page.as_of],
                triggers=[self.model.change, page.opened.change],
                queue=True,
            )(self._inputs)
        # One after the other: a result that arrives late must not stand beside the values of a newer one.
        self._in_turn = in_turn = {**PRIVATE, "concurrency_limit": 1, "concurrency_id": f"{kind.name}-runs"}
        shown = [self.result, self.plot]
        start = [self.model, page.session, page.as_of]
        gr.on([self.model.change, page.opened.change], self._first, start, [self.kept, self.current, *shown], **in_turn)
        self.keep.click(self._keep, [self.current, self.kept, page.session], [self.kept, *shown], **in_turn)
        self.clear.click(self._clear, [self.current, page.session], [self.kept, *shown], **in_turn)

    def _first(self, model: str, session: Session | None, as_of: str | None, request: gr.Request) -> list[Any]:
        """The model over the chart as it stands; what was kept of another model or patient is forgotten."""
        if model not in self._cards:
            return [[], None, _START, gr.Plot(visible=False)]
        return [[], *self._run(model, {}, [], session, as_of, request)]

    def _inputs(self, model: str, session: Session | None, as_of: str | None, request: gr.Request) -> None:
        try:
            opened = self._page.chart(session, as_of, request)
            card = self._cards.get(model)
            if opened is None or card is None:
                return
            ctx, _ = opened
            held = gather(ctx, card, {})
        except ChartTwinError as error:
            gr.HTML(callout("error", "Not possible.", esc(error.message)), js_on_load=None)
            return
        gr.HTML(f'<p class="ct-dim">{esc(card.summary)}</p>', js_on_load=None)
        # What the chart cannot give stands first: without it nothing runs. What may stay open is folded away.
        inputs = sorted(
            card.inputs, key=lambda wanted: wanted.name in held if wanted.required else 1 + (wanted.name not in held)
        )
        rest = [wanted for wanted in inputs if not wanted.required and wanted.name not in held]
        fields = [_field(wanted, held.get(wanted.name)) for wanted in inputs[: len(inputs) - len(rest)]]
        run_button = gr.Button("Run", variant="primary", size="sm", elem_id=f"ct-{self._kind.name}-run")
        if rest:
            with gr.Accordion(
                f"Not in the chart, and not needed ({len(rest)})", open=False, elem_classes="ct-optional"
            ):
                fields += [_field(wanted, None) for wanted in rest]
        names = [wanted.name for wanted in inputs]
        start = [field.value for field in fields]

        def run(
            model: str, kept: list[Kept], session: Session | None, as_of: str | None, *values: Any, request: gr.Request
        ) -> list[Any]:
            try:
                changed = {
                    name: _read(wanted, value)
                    for name, wanted, value, was in zip(names, inputs, values, start, strict=True)
                    if value != was and value not in (None, "")
                }
            except InvalidInput as error:
                return [None, callout("error", "Not run.", esc(error.message)), gr.Plot(visible=False)]
            return self._run(model, changed, kept, session, as_of, request)

        # Gradio finds the request by the annotation of a parameter, which must not follow *values.
        def handler(request: gr.Request, *values: Any) -> list[Any]:
            first, kept, session, as_of, *rest = values
            return run(first, kept, session, as_of, *rest, request=request)

        given = [self.model, self.kept, self._page.session, self._page.as_of, *fields]
        outputs = [self.current, self.result, self.plot]
        for field in fields:
            _settled(field)(handler, given, outputs, **self._in_turn)
        run_button.click(handler, given, outputs, **self._in_turn)

    def _run(
        self,
        model: str,
        changed: dict[str, Any],
        kept: list[Kept],
        session: Session | None,
        as_of: str | None,
        request: gr.Request,
    ) -> list[Any]:
        try:
            opened = self._page.chart(session, as_of, request)
            if opened is None:
                return [None, _START, gr.Plot(visible=False)]
            ctx, held = opened
            card = self._cards[model]
            run = ctx.twin.predict(card.id, gather(ctx, card, changed), scenario=_told(changed, card))
            ctx.store.save_run(ctx.patient_id, run)
        except ChartTwinError as error:
            return [None, _fault(error, self._cards[model]), gr.Plot(visible=False)]
        return [run, *self._shown(run, kept, held)]

    def _keep(self, run: ModelRun | None, kept: list[Kept], session: Session | None, request: gr.Request) -> list[Any]:
        opened = self._page.open(session, "", request)
        if run is None or opened is None:
            return [kept, gr.skip(), gr.skip()]
        now = [*kept, Kept(run.scenario or f"From the chart ({len(kept) + 1})", run)][-_MOST_KEPT:]
        now = [one for one in now if one.run.model_id == run.model_id]
        return [now, *self._shown(run, now, opened[1])]

    def _clear(self, run: ModelRun | None, session: Session | None, request: gr.Request) -> list[Any]:
        opened = self._page.open(session, "", request)
        if run is None or opened is None:
            return [[], _START, gr.Plot(visible=False)]
        return [[], *self._shown(run, [], opened[1])]

    def _shown(self, run: ModelRun, kept: list[Kept], session: Session) -> list[Any]:
        beside = [one for one in kept if one.run.model_id == run.model_id and one.run.id != run.id]
        artifacts = simulation_artifacts([*(one.run for one in beside), run])
        figure = plots.figure_of(artifacts[0]) if artifacts else None
        session.refs[f"{self._kind.name}-run"] = f"Run/{run.id}"
        html = run_html(run, beside, Marks(session, self._kind.name), f"{self._kind.name}-run") + kept_html(kept)
        return [html, gr.Plot(figure, visible=figure is not None)]


def kept_html(kept: list[Kept]) -> str:
    """Which runs are kept, so that keeping one is seen before another stands beside it."""
    if not kept:
        return ""
    return f'<p class="ct-dim ct-kept" role="status">Kept to compare: {esc("; ".join(one.label for one in kept))}</p>'


def run_html(run: ModelRun, beside: list[Kept], marks: Marks, card_key: str) -> str:
    """The result of a run, the runs kept beside it, and what the numbers rest on."""
    heads = "".join(f"<th>{esc(one.label)}</th>" for one in beside) + "<th>Now</th>"
    rows = []
    for output in run.outputs[:12]:
        cells = "".join(f"<td>{esc(_of(one.run, output.name))}</td>" for one in beside)
        meaning = f"<br><small>{esc(output.interpretation)}</small>" if output.interpretation and not beside else ""
        rows.append(
            f"<tr><th>{esc(output.label)}</th>{cells}<td><strong>{esc(shown_output(output))}</strong>{meaning}</td></tr>"
        )
    table = f'<table class="ct-compare"><thead><tr><th></th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    origins = "".join(
        f"<li>{esc(used.label)}: {esc(_value(used.value))} {esc(unit_label(used.unit))} "
        f"<small>{esc(evidence_panel.origin_name(used.origin))}{esc(' ' + day(used.time)) if used.time else ''}</small> "
        f"{marks.of([used.evidence]) if used.evidence else ''}</li>"
        for used in run.inputs
    )
    warnings = "".join(callout("warn", "Mind", esc(w)) for w in run.warnings)
    outside = "".join(
        callout("warn", "Outside the range the model was made in", esc(n)) for n in run.outside_derivation
    )
    card = f'<a class="ct-cite" href="#cite-{card_key}" role="button">Model card and run</a>'
    return (
        f'<article class="ct-sheet"><h2>{esc(run.title)}</h2>{table}{warnings}{outside}'
        f"<details open><summary>What it rests on</summary><ul>{origins}</ul></details><p>{card}</p>"
        f'<p class="ct-dim">{esc(run.disclaimer)}</p></article>'
    )


def _of(run: ModelRun, name: str) -> str:
    return next((shown_output(output) for output in run.outputs if output.name == name), "")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(_value, value))
    return number(value) if isinstance(value, float) else str(value)


def _field(wanted: ModelInput, held: Any) -> Any:
    """The component of an input with the chart's value in it, and where that is from."""
    value = held.value if isinstance(held, Covariate) else held
    plain = value.value if isinstance(value, Quantity) else value
    label = f"{wanted.label} ({unit_label(wanted.unit)})" if wanted.unit and wanted.unit != "1" else wanted.label
    told = _origin(held) or ("needed; not in the chart" if wanted.required else "not in the chart")
    if wanted.kind == "boolean":
        shown = None if plain is None else ("yes" if plain else "no")
        return gr.Radio(["yes", "no"], value=shown, label=label, info=told, interactive=True)
    if wanted.kind == "choice":
        return gr.Dropdown(
            list(wanted.choices),
            value=plain if plain in wanted.choices else None,
            label=label,
            info=told,
            interactive=True,
        )
    if wanted.kind in ("number", "integer"):
        bounds = wanted.derivation or wanted.plausible
        whole = wanted.kind == "integer"
        if isinstance(plain, int | float) and bounds is not None and bounds[0] <= plain <= bounds[1]:
            step = 1 if whole else _step(bounds[1] - bounds[0])
            return gr.Slider(
                bounds[0], bounds[1], value=round(float(plain), 4), step=step, label=label, info=told, interactive=True
            )
    # A number that is missing is an empty line of text: Gradio shows an empty number as 0.
    empty = "several, with commas" if wanted.kind == "numbers" else "a number"
    return gr.Textbox(
        "" if plain is None else _value(plain),
        label=label,
        info=told,
        max_length=400,
        placeholder=empty,
        interactive=True,
    )


def _settled(field: Any) -> Any:
    """The event that says that the reader is done with a field."""
    if isinstance(field, gr.Slider):
        return field.release
    return field.submit if isinstance(field, gr.Textbox) else field.change


def _step(width: float) -> float:
    return 1.0 if width > 200 else 0.1 if width > 5 else 0.01


def _origin(held: Any) -> str:
    if not isinstance(held, Covariate):
        return ""
    when = f", {day(held.time)}" if held.time else ""
    return f"{evidence_panel.origin_name(held.origin)}{when}"


def _read(wanted: ModelInput, value: Any) -> Any:
    """What stands in a field, as the model takes it.

    Raises:
        InvalidInput: it should be a number and is not one.
    """
    if wanted.kind == "boolean":
        return value == "yes"
    if not isinstance(value, str) or wanted.kind not in ("number", "integer", "numbers"):
        return value
    try:
        found = [float(part) for part in value.replace(";", ",").split(",") if part.strip()]
    except ValueError:
        found = []
    if not found or not all(map(math.isfinite, found)) or (wanted.kind != "numbers" and len(found) > 1):
        raise InvalidInput(
            f"{wanted.label} is a number such as 1.5, and has a point before its decimals", field=wanted.name
        )
    if wanted.kind == "numbers":
        return found
    return int(found[0]) if wanted.kind == "integer" and found[0].is_integer() else found[0]


def _told(changed: dict[str, Any], card: ModelCard) -> str:
    labels = {wanted.name: wanted for wanted in card.inputs}
    return ", ".join(f"{labels[n].label} {_value(v)} {unit_label(labels[n].unit)}".strip() for n, v in changed.items())[
        :200
    ]


def _fault(error: ChartTwinError, card: ModelCard) -> str:
    missing = error.details.get("missing")
    if isinstance(missing, list | tuple):
        labels = {wanted.name: wanted.label for wanted in card.inputs}
        names = ", ".join(labels.get(str(n), str(n)) for n in missing)
        return callout("info", "Not in the chart.", f"{esc(names)}. Enter it to run the model; nothing is assumed.")
    return callout("error", "The model declines.", esc(error.message))
