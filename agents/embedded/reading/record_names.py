"""The names that one patient's record uses, for subjects that no vocabulary knows."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from tools.concepts import Lexicon, Target

if TYPE_CHECKING:
    from agents.embedded.reading.reader import Question

_TAKES_OUT = re.compile(r"remov|decannul|extubat|extract|retriev|closure|reversal|explant", re.IGNORECASE)


class RecordNames:
    """The names in one patient's record, for subjects that the vocabulary does not know."""

    def __init__(self, lexicon: Lexicon, rows_by_kind: dict[str, list[object]]) -> None:
        self._lexicon = lexicon
        self._rows = rows_by_kind
        self._has: dict[tuple[str, str], bool] = {}
        # A planner reads the same few texts many times while it plans one question.
        self.readings: dict[tuple[str, datetime, frozenset[str]], Question] = {}

    def find(self, phrase: str) -> list[Target]:
        """Targets whose displays hold every content word of the phrase."""
        found = []
        for kind, rows in self._rows.items():
            target = self._lexicon.from_record(phrase, rows, kind)  # type: ignore[arg-type]
            if target is not None:
                found.append(target)
        return found

    def moments(self, kind: str, concept_id: str) -> list[datetime]:
        """When the rows about a concept were done or given, oldest first."""
        target = self._lexicon.resolve(concept_id, kind)
        rows = [r for r in self._rows.get(kind, []) if target is not None and self._lexicon.matches(target, r)]  # type: ignore[arg-type]
        put_in = [r for r in rows if not _TAKES_OUT.search(str(getattr(r, "display", "")))]
        if not _TAKES_OUT.search(concept_id):  # "before the tracheostomy" is not before its removal
            rows = put_in or rows
        done = [
            t for r in rows if getattr(r, "status", "") != "not-done" and (t := getattr(r, "time", None)) is not None
        ]
        return sorted(done)

    def spells(self, concept_id: str) -> list[tuple[datetime, bool]]:
        """When each spell of an illness began, oldest first, and whether it is over."""
        target = self._lexicon.resolve(concept_id, "condition")
        rows = [r for r in self._rows.get("condition", []) if target is not None and self._lexicon.matches(target, r)]  # type: ignore[arg-type]
        began = [(getattr(r, "onset", None) or getattr(r, "time", None), getattr(r, "abatement", None)) for r in rows]
        return sorted((onset, over is not None) for onset, over in began if onset is not None)

    def has(self, kind: str, concept_id: str) -> bool:
        """Whether a row of the record is about the concept."""
        if (kind, concept_id) not in self._has:
            row_kind = {"drug_class": "medication", "allergen": "allergen", "panel": "observation"}.get(kind, kind)
            target = self._lexicon.resolve(concept_id, kind if kind != "panel" else "observation")
            rows = self._rows.get(row_kind, [])
            self._has[kind, concept_id] = target is not None and any(self._lexicon.matches(target, r) for r in rows)  # type: ignore[arg-type]
        return self._has[kind, concept_id]
