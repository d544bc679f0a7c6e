"""An opened citation as HTML: the note with its span marked, the resource as rows, the run as a card."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from app.evidence import EvidenceView
from app.ui.render import day, day_and_time, esc
from domain.facts import Evidence, EvidenceKind
from domain.predictions import InputUsed, ModelRun, ValidationRecord

Linked = Callable[[tuple[Evidence, ...]], str]  # evidence to the links that open it

_ORIGINS = {
    "resource": "record",
    "note": "note",
    "user": "entered",
    "calibrated": "calibrated",
    "derived": "derived",
    "population_default": "population default",
}

# HL7 v3 ObservationInterpretation, the codes that laboratories use
_INTERPRETATIONS = {
    "N": "normal", "H": "high", "L": "low", "HH": "critically high", "LL": "critically low", "A": "abnormal",
    "AA": "critically abnormal", "POS": "positive", "NEG": "negative", "R": "resistant", "S": "susceptible",
    "I": "intermediate",
}  # fmt: skip
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?:[+-]\d\d:\d\d)")
_AGAIN = {"Reference text", "Verification status", "Clinical status"}  # often what another row says already
_SAID_ABOVE = {"Date", "Quote", "Text"}  # in the heading, or in the note itself

EMPTY = (
    '<section class="ct-evidence ct-blank" aria-label="Evidence"><h2>Evidence</h2>'
    '<p>Every statement in an answer carries a number such as <span class="ct-cite ct-sample">1</span>. '
    "Choose one, and what it rests on opens here: the note with the sentence marked, the entry of the record, "
    "or the model run with the origin of each input.</p>"
    "<p><kbd>/</kbd> goes to the question, <kbd>↑</kbd> in it brings back the last one, <kbd>←</kbd> <kbd>→</kbd> go from one "
    "citation to the next, <kbd>Esc</kbd> closes what is open here.</p></section>"
)


def origin_name(origin: str) -> str:
    """Where an input came from, as the screen says it."""
    return _ORIGINS.get(origin, origin.replace("_", " "))


def evidence_html(view: EvidenceView, linked: Linked = lambda evidence: "") -> str:
    """The panel of one opened citation; `linked` makes the links from the inputs of a run to what they are from."""
    if view.kind is EvidenceKind.RUN:
        body = _run(view.run, linked) if view.run else ""
    else:
        body = _note(view) if view.kind is EvidenceKind.SPAN else _rows(view)
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
    """The rows as a clinician reads them: each value once, codes of an interpretation in words, times in one form."""
    kind = view.ref.partition("/")[0]
    rows: list[tuple[str, str]] = []
    for label, value in view.rows:
        shown = (label, _INTERPRETATIONS.get(value, value) if label == "Interpretation" else _moment(value))
        if (
            label in _SAID_ABOVE
            or (label, value) == ("Type", kind)
            or (label in _AGAIN and value in dict(rows).values())
        ):
            continue
        if shown not in rows:
            rows.append(shown)
    return tuple(rows)


def _moment(value: str) -> str:
    if not _TIME.fullmatch(value):
        return value
    return day_and_time(datetime.fromisoformat(value))


def _table(rows: tuple[tuple[str, str], ...]) -> str:
    cells = "".join(f"<dt>{esc(label)}</dt><dd>{esc(value)}</dd>" for label, value in rows)
    return f'<dl class="ct-rows">{cells}</dl>' if cells else ""


def _run(run: ModelRun, linked: Linked) -> str:
    outputs = "".join(
        f"<li><strong>{esc(o.display or f'{o.value} {o.unit}')}</strong> {esc(o.label)}"
        f"{f'<br><span class=ct-dim>{esc(o.interpretation)}</span>' if o.interpretation else ''}</li>"
        for o in run.outputs
    )
    warnings = "".join(f'<div class="ct-callout ct-warn">{esc(w)}</div>' for w in (*run.warnings, *_outside(run)))
    inputs = "".join(_input(item, linked) for item in run.inputs)
    inside = (
        "" if run.outside_derivation else '<p class="ct-dim">No input lies outside the range the model was made in.</p>'
    )
    return (
        f'<ul class="ct-outputs">{outputs}</ul>{warnings}'
        f'<h3>Inputs</h3><table class="ct-inputs"><tbody>{inputs}</tbody></table>{inside}{_table(_left_open(run))}'
        f"<h3>Model</h3>{_table(_provenance(run))}"
        f"<h3>Checked in patients it was not made from</h3>{_validation(run.validation)}"
        f'<p class="ct-dim">{esc(run.disclaimer)}</p>'
    )


def _outside(run: ModelRun) -> tuple[str, ...]:
    return tuple(f"Outside the range the model was derived in: {name}" for name in run.outside_derivation)


def _left_open(run: ModelRun) -> tuple[tuple[str, str], ...]:
    names = {item.name: item.label for item in run.inputs}
    rows = (("Not given", run.not_given), ("Assumed by the publication", run.filled))
    told = ((label, ", ".join(names.get(n, n.replace("_", " ")) for n in found)) for label, found in rows)
    return tuple((label, text) for label, text in told if text)


def _validation(records: tuple[ValidationRecord, ...]) -> str:
    if not records:
        return '<p class="ct-dim">No record of this is on file.</p>'
    rows = "".join(
        f"<tr><th>{esc(r.measure)}</th><td>{esc(f'{r.value:g}')}{esc(_interval(r))}</td>"
        f"<td><small>{esc(r.population)}{esc(f' · doi:{r.doi}' if r.doi else '')}</small></td></tr>"
        for r in records
    )
    return f'<table class="ct-inputs"><tbody>{rows}</tbody></table>'


def _interval(record: ValidationRecord) -> str:
    if record.lower is None or record.upper is None:
        return ""
    return f" ({record.lower:g} to {record.upper:g})"


def _input(item: InputUsed, linked: Linked) -> str:
    value = ("yes" if item.value else "no") if isinstance(item.value, bool) else f"{_plain(item.value)} {item.unit}"
    origin = origin_name(item.origin)
    when = day(item.time)
    link = linked((item.evidence,)) if item.evidence else ""
    return (
        f"<tr><th>{esc(item.label or item.name)}</th><td>{esc(value.strip())}</td>"
        f'<td><span class="ct-chip ct-origin-{esc(item.origin)}">{esc(origin)}</span>'
        f"{f' <small>{esc(when)}</small>' if when else ''} {link}{f'<br><small>{esc(item.note)}</small>' if item.note else ''}"
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
