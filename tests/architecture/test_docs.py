"""The documentation points to files that exist and to commands and settings that the program has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT, tracked_files

PAGES = sorted(path for path in tracked_files() if path.suffix == ".md" and "data" not in path.parts)
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    assert not [target for target in targets if not page.parent.joinpath(target).exists()]


def test_the_commands_that_are_shown_exist() -> None:
    import typer.main

    from app.cli import app

    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    shown = {
        match
        for page in PAGES
        for match in re.findall(r"^(?:\.venv/bin/)?charttwin ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert shown
    assert shown <= known


def test_the_settings_page_names_every_setting() -> None:
    from app.settings import Settings

    page = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    named = {name.lower() for name in re.findall(r"`CHARTTWIN_([A-Z_]+)`", page)}
    assert named == set(Settings.model_fields)


def test_every_command_is_in_the_reference() -> None:
    from typer.main import get_command

    from app.cli import app

    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert len(commands) > 15
    assert not [name for name in commands if f"`{name}" not in page]
