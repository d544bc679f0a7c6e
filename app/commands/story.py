"""A patient's story at the terminal, or into a file."""

from __future__ import annotations

import json
from pathlib import Path

from app.commands.console import out_console, remark, say
from app.commands.services import open_services, require_patients
from app.dates import now, parse_as_of
from app.stories import check_form, story_document, tell_story
from domain.errors import InvalidInput


def story(
    patient_id: str,
    *,
    kind: str,
    audience: str,
    form: str,
    out: Path | None,
    as_of: str | None,
    period: str,
    data_dir: Path | None,
) -> None:
    """Write the story of a patient to standard output, or to a file.

    Raises:
        UnknownPatient: no such patient.
        InvalidInput: an option has no such value, or the file cannot be written.
    """
    check_form(form)
    services = open_services(data_dir)
    try:
        require_patients(services)
        told = tell_story(
            services, patient_id, kind=kind, audience=audience, as_of=parse_as_of(as_of) or now(), period=period
        )
        if form == "fhir":
            text = json.dumps(story_document(services, told, now()), indent=2, ensure_ascii=False) + "\n"
        elif form == "json":
            text = told.model_dump_json(indent=2) + "\n"
        else:
            from tools.story import to_markdown

            text = to_markdown(told)
    finally:
        services.close()
    if out is not None:
        _write(out, text)
    elif form == "markdown" and out_console().is_terminal:
        from rich.markdown import Markdown

        out_console().print(Markdown(text))
    else:
        say(text.rstrip("\n"))


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{out} cannot be written") from error
    remark(f"story in {out}")
