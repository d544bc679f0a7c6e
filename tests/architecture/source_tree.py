"""The repository as the architecture tests see it: its packages, modules and tracked files."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "domain", "nlp_pipeline", "knowledge_base", "twin_backend", "tools", "agents", "evals", "charttwin_client", "app",
)  # fmt: skip
_UNTRACKED = {".git", ".venv", "build", "dist", "reports", "node_modules"}


def modules(*packages: str) -> list[Path]:
    """The Python files of the packages named."""
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """The parsed source of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute name of each import of a module, those inside functions included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or ""


def where(path: Path, line: int) -> str:
    """`file:line`, relative to the repository."""
    return f"{path.relative_to(ROOT)}:{line}"


def tracked_files() -> list[Path]:
    """The files of the project: what git tracks or would add, or where there is no git, every file but the built ones."""
    try:
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [
            path
            for path in ROOT.rglob("*")
            if not any(part in _UNTRACKED or part.endswith("_cache") for part in path.relative_to(ROOT).parts)
        ]
    return [path for path in paths if path.is_file()]
