"""A run in plain words: what was computed, from what, how surely, and where it must not be used."""

from __future__ import annotations

from typing import Any

from domain.predictions import Explanation, InputUsed, ModelCard, ModelRun
from twin_backend.display import shown_input, written_unit

_ORIGINS = {
    "user": "stated in the request",
    "resource": "from the record",
    "note": "read from a note",
    "derived": "computed by another model",
    "calibrated": "estimated from this patient's measurements",
    "population_default": "not given: the publication's own default",
    "guideline_default": "not given: a guideline's default",
    "assumed_absent": "not mentioned in the record, taken as absent",
}


def explain(run: ModelRun, card: ModelCard | None) -> Explanation:
    """The explanation of a run.

    Args:
        run: What was computed.
        card: Of its model; None where the catalogue no longer has it, so that its limits cannot be named.
    """
    limits = card.limitations if card else ()
    topics = (
        ("Result", _results(run)),
        ("Model", f"{run.title} ({run.model_id} {run.model_version}). {run.source} doi:{run.doi}"),
        ("Derived in", run.population),
        ("For", run.context_of_use),
        ("Model risk", run.model_risk),
        ("Inputs", "; ".join(_input(item) for item in run.inputs)),
        ("Not given", ", ".join(run.not_given)),
        ("Not measured, filled", "; ".join(run.filled)),
        ("Outside the range it was derived in or is valid for", "; ".join(run.outside_derivation)),
        ("Mind", " ".join(run.warnings)),
        ("Solved by", _solved(run)),
        ("Spread", _spread(run)),
        ("Fitted to this patient", _calibration(run)),
        ("Validated in", _validation(run)),
        ("Conserved", "; ".join(f"{name.replace('_', ' ')} {value:.2g}" for name, value in run.conservation.items())),
        ("Limits", " ".join(limits)),
        ("Status", run.disclaimer),
    )
    return Explanation(
        run_id=run.id,
        title=f"{run.title}{f', {run.scenario}' if run.scenario else ''} (Run/{run.id})",
        paragraphs=tuple((topic, text) for topic, text in topics if text),
        facts=_facts(run, limits),
    )


def _results(run: ModelRun) -> str:
    parts = []
    for output in run.outputs:
        shown = output.display or f"{output.value} {written_unit(output.unit)}".strip()
        parts.append(f"{output.label} {shown}" + (f" ({output.interpretation})" if output.interpretation else ""))
    return "; ".join(parts)


def _input(item: InputUsed) -> str:
    words = [f"{item.label} {shown_input(item)}", _ORIGINS.get(item.origin, item.origin)]
    if item.time is not None:
        words.append(f"of {item.time.isoformat(timespec='minutes')}")
    if item.evidence is not None:
        words.append(item.evidence.ref)
    if item.note:
        words.append(item.note.rstrip("."))
    return ", ".join(words)


def _solved(run: ModelRun) -> str:
    numerics, parts = run.numerics, [run.solver]
    if numerics.step:
        parts.append(f"step {numerics.step}")
    if numerics.tolerance:
        parts.append(f"tolerance {numerics.tolerance}")
    if numerics.error_estimate is not None:
        parts.append(f"estimated error {numerics.error_estimate:.2g} ({numerics.error_basis})")
    return ", ".join(parts)


def _spread(run: ModelRun) -> str:
    if not run.ensemble_size:
        return "none given: one set of inputs, one answer" if run.seed is None else f"seed {run.seed}"
    bands = sorted({series.band for series in run.series if series.band})
    return f"{run.ensemble_size} members, seed {run.seed}" + (f"; bands are the {', '.join(bands)}" if bands else "")


def _calibration(run: ModelRun) -> str:
    fitted = run.calibration
    if fitted is None:
        return ""
    parts = [fitted.method]
    for residual in fitted.residuals:
        text = (
            f"{residual.name} measured {residual.measured:g}, fitted {residual.predicted:.3g} {residual.unit}".strip()
        )
        deviation = residual.standardised
        parts.append(text + (f" ({deviation:+.1f} SD)" if deviation is not None else ""))
    parts += [f"shrinkage of {name} {share:.0%}" for name, share in fitted.shrinkage.items()]
    return "; ".join(parts)


def _validation(run: ModelRun) -> str:
    return "; ".join(
        f"{record.population}: {record.measure} {record.value:g}"
        + (f" ({record.lower:g} to {record.upper:g})" if record.lower is not None and record.upper is not None else "")
        + (f" doi:{record.doi}" if record.doi else "")
        for record in run.validation
    )


def _facts(run: ModelRun, limits: tuple[str, ...]) -> dict[str, Any]:
    """The run by topic, JSON-ready; series are left to the run itself."""
    body = run.model_dump(mode="json")
    topics = {
        "model": ("model_id", "model_version", "title", "source", "doi", "population", "context_of_use", "model_risk"),
        "result": ("scenario", "outputs"),
        "inputs": ("inputs", "not_given", "filled"),
        "domain": ("outside_derivation", "warnings"),
        "numerics": ("solver", "numerics", "conservation", "wall_time_ms"),
        "uncertainty": ("seed", "ensemble_size"),
        "evidence": ("calibration", "validation"),
        "status": ("disclaimer",),
    }
    facts: dict[str, Any] = {topic: {name: body[name] for name in names} for topic, names in topics.items()}
    facts["uncertainty"]["bands"] = [{"series": s.name, "band": s.band} for s in run.series if s.band]
    facts["domain"]["limitations"] = list(limits)
    return facts
