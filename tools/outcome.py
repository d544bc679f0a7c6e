"""What a tool returns, and the two ways it can decline: arguments to correct, or a final no."""

from __future__ import annotations

from typing import Any

from domain.answers import Conflict
from domain.errors import ChartTwinError
from domain.facts import Evidence, Frozen
from tools.untrusted import inert_text


class Statement(Frozen):
    """One sentence of a result with what supports it. `item` marks a line of a list."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    item: bool = False


class ToolResult(Frozen):
    """The outcome of one tool call.

    `found` is False when the record does not say; `looked_at` then names what was searched exhaustively, which is
    what a claim of absence rests on. `values` holds the numbers, dates and names that an answer may repeat beyond
    those in `statements`.
    """

    tool: str
    statements: tuple[Statement, ...] = ()
    data: dict[str, Any] = {}
    found: bool = True
    looked_at: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    artifacts: tuple[dict[str, Any], ...] = ()
    refused: bool = False

    @property
    def summary(self) -> str:
        """The statements as plain text, without citations."""
        return "\n".join(f"- {s.text}" if s.item else s.text for s in self.statements)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every piece of evidence once, in the order first used."""
        seen: dict[str, Evidence] = {}
        for statement in self.statements:
            for evidence in statement.evidence:
                seen.setdefault(evidence.ref, evidence)
        return tuple(seen.values())


class RetryableToolError(ChartTwinError):
    """The arguments can be corrected; the message names what is accepted."""

    kind = "retryable"
    retryable = True


class FinalToolError(ChartTwinError):
    """This cannot be done for this patient or at all; a retry would not help."""

    kind = "final"


def say(text: str, *evidence: Evidence, item: bool = False) -> Statement:
    """A statement with its evidence; what it quotes of the record holds no link, image or element."""
    return Statement(text=inert_text(text), evidence=evidence, item=item)
