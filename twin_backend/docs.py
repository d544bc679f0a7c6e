"""The model reference, written from the cards themselves: `python -m twin_backend.docs docs/reference/models`."""

from __future__ import annotations

import sys
from pathlib import Path

from domain.predictions import ModelCard, ModelInput, ValidationRecord
from twin_backend.display import written_unit
from twin_backend.registry import all_models

_GENERATED = "<!-- Written by `python -m twin_backend.docs`; edit the model's card instead. -->"


def render_pages() -> dict[str, str]:
    """File name to markdown, for every model and the index."""
    cards = [model.card for model in all_models()]
    return {"index.md": _index(cards), **{f"{card.id}.md": _page(card) for card in cards}}


def write_pages(folder: Path) -> list[str]:
    """Writes the pages, removes those of models that are gone, and returns the names written."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = render_pages()
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(pages)


def _index(cards: list[ModelCard]) -> str:
    rows = [f"| [{card.id}]({card.id}.md) | {card.title} | {_kind(card)} | {card.summary} |" for card in cards]
    return "\n".join([
        _GENERATED, "# Models of the twin", "",
        "Each page names the source, the population, the bounds outside which a value is refused, and the limits.", "",
        "| Id | Model | Kind | What it answers |", "|---|---|---|---|", *rows, "",
    ])  # fmt: skip


def _page(card: ModelCard) -> str:
    return "\n".join([
        _GENERATED, f"# {card.title}", "", card.summary, "",
        f"- Id: `{card.id}` (version {card.version})",
        f"- Kind: {_kind(card)}; model risk: {card.model_risk}",
        f"- Source: {card.source} <https://doi.org/{card.doi}>",
        f"- Derived in: {card.population}",
        f"- For: {card.context_of_use}",
        f"- Also asked for as: {', '.join(card.aliases)}", "",
        "## Inputs", "",
        "| Name | Meaning | Unit | Needed | Refused outside | Derived within |", "|---|---|---|---|---|---|",
        *(_input_row(spec) for spec in card.inputs), "",
        "## Outputs", "", "| Name | Meaning | Unit |", "|---|---|---|",
        *(f"| `{name}` | {label} | {written_unit(unit)} |" for name, unit, label in card.outputs), "",
        *(["## Validated in", "", *(f"- {_validated(record)}" for record in card.validation), ""] if card.validation else []),
        "## Limits", "", *(f"- {text}" for text in card.limitations), "",
    ])  # fmt: skip


def _input_row(spec: ModelInput) -> str:
    meaning = " ".join(part for part in (f"{spec.label}.", spec.description) if part)
    unit = " / ".join(spec.choices) if spec.kind == "choice" else written_unit(spec.unit)
    if spec.kind == "boolean":
        unit = "true / false"
    if spec.kind == "date":
        unit = "YYYY-MM-DD"
    needed = "yes" if spec.required else "no"
    if spec.default is not None:
        default = f"{spec.default:g}" if isinstance(spec.default, float) else str(spec.default)
        needed = f"default {default} ({spec.default_source.rstrip('.')})"
    return f"| `{spec.name}` | {meaning} | {unit} | {needed} | {_span(spec.plausible)} | {_span(spec.derivation)} |"


def _validated(record: ValidationRecord) -> str:
    spread = f" ({record.lower:g} to {record.upper:g})" if record.lower is not None and record.upper is not None else ""
    source = f" <https://doi.org/{record.doi}>" if record.doi else ""
    return f"{record.population}: {record.measure} {record.value:g}{spread}{source}"


def _span(limits: tuple[float, float] | None) -> str:
    return f"{limits[0]:g} to {limits[1]:g}" if limits else ""


def _kind(card: ModelCard) -> str:
    return card.kind.replace("_", " ")


if __name__ == "__main__":
    written = write_pages(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference/models"))
    sys.stdout.write(f"{len(written)} pages written\n")
