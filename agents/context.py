"""What one run is bound to: patient, moment, services. It is passed beside the messages, so no model can change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from agents.embedded.reader import RecordNames
from agents.guards import People, name_words
from agents.runtime.breaker import Breaker
from agents.runtime.run import Run
from tools.context import ToolContext
from tools.events import encounter_rows

if TYPE_CHECKING:
    from agents.privacy.masking import Masker


@dataclass
class RunContext:
    """The bound patient's tools and names, and the bounds of the run.

    `max_rounds` bounds the model calls of one graph, `max_model_calls` those of the run with all its sub-graphs,
    `max_tool_errors` the retries, `max_calls` the look-ups. A result is shown to the configured model up to
    `max_result_chars`. `masker` is set when nothing that identifies the patient may leave; `breaker` belongs to the
    model and outlives the run.
    """

    tools: ToolContext
    max_rounds: int = 6
    max_tool_errors: int = 3
    max_calls: int = 16
    max_model_calls: int = 24
    max_result_chars: int = 12_000
    calls_made: int = field(default=0)
    run: Run = field(default_factory=Run)
    breaker: Breaker = field(default_factory=Breaker)
    masker: Masker | None = None

    @cached_property
    def people(self) -> People:
        """The open patient's name words, and those of everybody else in the store."""
        own = self.tools.chart.patient
        own_words = name_words([own.name, *own.given, own.family])
        others = self.tools.store.derived(own.id, "other_names", lambda: self._other_names(own.id))
        identifiers = frozenset({own.id, *(value for _, value in own.identifiers)})
        others_rows = [p for p in self.tools.store.patients() if p.id != own.id]
        # Numbers of five characters or more: shorter ones also stand for values and years.
        ids = frozenset(
            v.lower() for p in others_rows for v in (p.id, *(value for _, value in p.identifiers)) if len(v) >= 5
        )
        ids -= frozenset(v.lower() for v in identifiers)
        return People(
            own=own_words, others=others - own_words, own_ids=identifiers, other_ids=ids, gender=own.gender or ""
        )

    def _other_names(self, own_id: str) -> frozenset[str]:
        return name_words(
            [n for p in self.tools.store.patients() if p.id != own_id for n in (p.name, *p.given, p.family)]
        )

    @cached_property
    def admissions(self) -> list[tuple[datetime, datetime | None]]:
        """Start and end of every hospital stay, oldest first."""
        return [
            (start, r.end) for r in encounter_rows(self.tools, "inpatient") if (start := r.start or r.time) is not None
        ]

    @cached_property
    def record(self) -> RecordNames:
        """The names that this record uses, by kind."""
        chart = self.tools.chart
        return RecordNames(
            self.tools.lexicon,
            {
                "procedure": list(chart.procedures),
                "condition": list(chart.conditions),
                "medication": list(chart.medications),
                "observation": list(chart.observations),
                "immunization": list(chart.immunizations),
                "allergen": list(chart.allergies),
            },
        )
