"""The code status for the header: what the record holds of it, then what the notes say, each with its evidence."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from app.ui.render import day, esc
from app.ui.rooms.page import Marks
from domain.facts import Evidence
from knowledge_base.rows import ObservationRow, Row
from tools.context import ToolContext, cite
from tools.story.code_status import code_status as noted_status
from tools.story.testimony import Testimony

_CODED = re.compile(
    r"\b(?:not for (?:attempted )?(?:cardiopulmonary )?resuscitation|for resuscitation|do not resuscitate|do not intubate|"
    r"resuscitation status|code status|full code|dnr|dni|dnacpr|comfort measures only|full (?:resuscitation|treatment))\b",
    re.IGNORECASE,
)
_WRITTEN = re.compile(
    r"\b(?:code status|code:|full code|full treatment|DNR|DNI|DNACPR|do not (?:resuscitate|intubate|attempt)|"
    r"comfort measures only|POLST|MOLST)",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^code(?: status)?:\s*", re.IGNORECASE)  # the heading says so already
_LONGEST = 44


class CodeStatus(NamedTuple):
    """One statement of the code status."""

    text: str
    is_from_note: bool
    time: datetime | None
    evidence: tuple[Evidence, ...]


def code_status(ctx: ToolContext) -> list[CodeStatus]:
    """The newest statement first; a second one only where it says otherwise. Empty when nobody wrote one down.

    An entry of the record goes before a note.
    """
    rows: list[Row] = [
        row
        for row in chain(ctx.chart.observations, ctx.chart.conditions, ctx.chart.procedures)
        if _CODED.search(row.display) and _is_in_force(row)
    ]
    newest = max(rows, key=lambda row: row.time.timestamp() if row.time else 0.0, default=None)
    coded = [] if newest is None else [CodeStatus(_shown(newest), False, newest.time, (cite(newest),))]
    written = [
        CodeStatus(_shortened(said.evidence[0].quote), True, said.evidence[0].time, said.evidence)
        for said in noted_status(Testimony(ctx))
        if said.evidence
    ]
    return [*coded, *written][:2]


def _is_in_force(row: Row) -> bool:
    return getattr(row, "clinical_status", "") not in {"inactive", "resolved"}


def _shown(row: Row) -> str:
    value = row.value_text if isinstance(row, ObservationRow) else ""
    return f"{row.display}: {value}" if value else row.display


def _shortened(quote: str) -> str:
    words = " ".join(quote.split())
    found = _WRITTEN.search(words)
    words = _LEAD.sub("", words[found.start() if found else 0 :]).rstrip(".")
    words = words[:1].upper() + words[1:]
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()}…"


def status_html(found: list[CodeStatus], marks: Marks) -> str:
    """The statements as the header shows them."""
    if not found:
        return '<span class="ct-dim">Not documented</span>'
    first, *others = (_line(one, marks) for one in found)
    return first + "".join(f'<span class="ct-differs">Said otherwise: {other}</span>' for other in others)


def _line(one: CodeStatus, marks: Marks) -> str:
    where = " ".join(filter(None, ("note" if one.is_from_note else "record", day(one.time))))
    return f'<span class="ct-status"><b>{esc(one.text)}</b> <small>{esc(where)}</small> {marks.of(one.evidence)}</span>'
