"""What a server refused, as an exception."""

from __future__ import annotations

from typing import Any


class ChartTwinProblem(Exception):
    """A problem document (RFC 9457): `kind` is stable, `detail` is for people."""

    def __init__(self, status: int, kind: str, detail: str, document: dict[str, Any]) -> None:
        super().__init__(f"{status} {kind}: {detail}")
        self.status, self.kind, self.detail, self.document = status, kind, detail, document
