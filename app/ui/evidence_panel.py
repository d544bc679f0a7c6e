"""An opened citation as HTML: the note with its span marked, the resource as rows, the run as a card."""

from __future__ import annotations

from app.evidence import EvidenceView
from app.ui.render import day, day_and_time, esc
from domain.facts import EvidenceKind
from domain.predictions import InputUsed, ModelRun

_ORIGINS = {
    "resource": "record",
    "note": "note",
    "user": "question",
    "calibrated": "calibrated",
    "derived": "derived",
    "population_default": "population default",
}

_SAID_ABOVE = {"Date", "Quote", "Text"}  # in the heading, or in the note itself

EMPTY = (
    '<section class="ct-evidence ct-blank" aria-label="Evidence"><h2>Evidence</h2>'
    '<p>Every statement in an answer carries a number such as <span class="ct-cite ct-sample">1</span>. '
    "Choose one, and what it rests on opens here: the note with the sentence marked, the entry of the record, "
    "or the model run with the origin of each input.</p>"
    "<p><kbd>/</kbd> goes to the question, <kbd>Esc</kbd> closes what is open here.</p></section>"
)


def origin_name(origin: str) -> str:
    """Where an input came from, as the screen says it."""
    return _ORIGINS.get(origin, origin.replace("_", " "))


def evidence_html(view: EvidenceView) -> str:
    """The panel of one opened citation."""
    body = {
        EvidenceKind.SPAN: _note,
        EvidenceKind.RESOURCE: _rows,
        EvidenceKind.KNOWLEDGE: _rows,
        EvidenceKind.RUN: _run,
    }[view.kind](view)
    kind = {
        EvidenceKind.SPAN: "Note",
        EvidenceKind.RESOURCE: view.ref.partition("/")[0],
        EvidenceKind.RUN: "Model run",
        EvidenceKind.KNOWLEDGE: "Reference",
    }[view.kind]
    line = " · ".join(filter(None, (kind, day_and_time(view.time))))
    return (
        f'<section class="ct-evidence" aria-label="Evidence">{_close()}'
        f'<p class="ct-dim">{esc(line)}</p><h2>{esc(view.title)}</h2>{body}'
        f'<p class="ct-ref" title="The citation as the API writes it">{esc(view.ref)}</p></section>'
    )


def failure_html(message: str) -> str:
    """The panel when a citation cannot be opened."""
    return (
        f'<section class="ct-evidence" aria-label="Evidence">{_close()}<h2>Evidence</h2><p>{esc(message)}</p></section>'
    )


def _close() -> str:
    return '<button class="ct-close" type="button" aria-label="Close evidence" title="Close (Esc)">✕</button>'


def _note(view: EvidenceView) -> str:
    start, end = view.start or 0, view.end or 0
    before, hit, after = view.text[:start], view.text[start:end], view.text[end:]
    return (
        f"{_table(_new_rows(view))}"
        f'<div class="ct-note" tabindex="0">{esc(before)}<mark class="ct-hit">{esc(hit)}</mark>{esc(after)}</div>'
    )


def _rows(view: EvidenceView) -> str:
    return _table(_new_rows(view)) or "<p>This entry holds nothing beyond its code.</p>"


def _new_rows(view: EvidenceView) -> tuple[tuple[str, str], ...]:
    kind = view.ref.partition("/")[0]
    return tuple(row for row in view.rows if row[0] not in _SAID_ABOVE and row != ("Type", kind))


def _table(rows: tuple[tuple[str, str], ...]) -> str:
    cells = "".join(f"<dt>{esc(label)}</dt><dd>{esc(value)}</dd>" for label, value in rows)
    return f'<dl class="ct-rows">{cells}</dl>' if cells else ""


def _run(view: EvidenceView) -> str:
    run = view.run
    if run is None:
        return ""
    outputs = "".join(
        f"<li><strong>{esc(o.display or f'{o.value} {o.unit}')}</strong> {esc(o.label)}"
        f"{f'<br><span class=ct-dim>{esc(o.interpretation)}</span>' if o.interpretation else ''}</li>"
        for o in run.outputs
    )
    warnings = "".join(f'<div class="ct-callout ct-warn">{esc(w)}</div>' for w in (*run.warnings, *_outside(run)))
    inputs = "".join(map(_input, run.inputs))
    return (
        f'<ul class="ct-outputs">{outputs}</ul>{warnings}'
        f'<h3>Inputs</h3><table class="ct-inputs"><tbody>{inputs}</tbody></table>'
        f"<h3>Model</h3>{_table(_provenance(run))}"
        f'<p class="ct-dim">{esc(run.disclaimer)}</p>'
    )


def _outside(run: ModelRun) -> tuple[str, ...]:
    return tuple(f"Outside the range the model was derived in: {name}" for name in run.outside_derivation)


def _input(item: InputUsed) -> str:
    value = ("yes" if item.value else "no") if isinstance(item.value, bool) else f"{_plain(item.value)} {item.unit}"
    origin = origin_name(item.origin)
    when = day(item.time)
    return (
        f"<tr><th>{esc(item.label or item.name)}</th><td>{esc(value.strip())}</td>"
        f'<td><span class="ct-chip ct-origin-{esc(item.origin)}">{esc(origin)}</span>'
        f"{f' <small>{esc(when)}</small>' if when else ''}{f'<br><small>{esc(item.note)}</small>' if item.note else ''}"
        "</td></tr>"
    )


def _plain(value: float | str | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_plain, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _provenance(run: ModelRun) -> tuple[tuple[str, str], ...]:
    rows = (
        ("Model", f"{run.model_id} {run.model_version}"),
        ("Scenario", run.scenario),
        ("Source", f"{run.source}{f' · doi:{run.doi}' if run.doi else ''}"),
        ("Derived in", run.population),
        ("For", run.context_of_use),
        ("Risk", run.model_risk),
        ("Solved by", run.solver),
        ("Simulated patients", "" if run.ensemble_size is None else str(run.ensemble_size)),
        ("Seed", "" if run.seed is None else str(run.seed)),
    )
    return tuple(row for row in rows if row[1])
