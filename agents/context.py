"""What one run is bound to: patient, moment, services. It is passed beside the messages, so no model can change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from agents.embedded.plans import Setting
from agents.embedded.reading.record_names import RecordNames
from agents.guards import People, name_words
from agents.guards.around import capitalised
from agents.runtime.breaker import Breaker
from agents.runtime.run import Run
from tools.context import ToolContext
from tools.drugs.reacted import Reacted
from tools.events.visits import encounter_rows

if TYPE_CHECKING:
    from agents.privacy.masking import Masker


_MOVED_WITHIN = timedelta(hours=12)  # from one bed to the next


@lru_cache(maxsize=65536)
def _names_of(name: str, given: tuple[str, ...], family: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The words of a person's name, and first given with family name side by side."""
    pairs = frozenset((g, f) for g in name_words(given[:1]) for f in name_words([family]))
    return name_words([name, *given, family]), pairs


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
        own_words, own_pairs = _names_of(own.name, own.given, own.family)
        identifiers = frozenset({own.id, *(value for _, value in own.identifiers)})
        others_rows = [p for p in self.tools.store.patients() if p.id != own.id]
        named = [_names_of(p.name, p.given, p.family) for p in others_rows]
        # Numbers of five characters or more: shorter ones also stand for values and years.
        ids = frozenset(
            v.lower() for p in others_rows for v in (p.id, *(value for _, value in p.identifiers)) if len(v) >= 5
        )
        ids -= frozenset(v.lower() for v in identifiers)
        return People(
            own=own_words,
            others=frozenset[str]().union(*(words for words, _ in named)) - own_words,
            own_ids=identifiers,
            other_ids=ids,
            gender=own.gender or "",
            other_pairs=frozenset[tuple[str, str]]().union(*(pairs for _, pairs in named)) - own_pairs,
            around=name_words([*self.seen_by, *(n.author for n in self.tools.chart.notes)]) - own_words,
            told=self._named_in_notes - own_words,
        )

    @property
    def _named_in_notes(self) -> frozenset[str]:
        """Words that this patient's notes write like names; read once for every state of the record."""
        chart = self.tools.chart

        def read() -> frozenset[str]:
            return capitalised(n.text for n in chart.notes)

        return self.tools.store.derived(self.tools.patient_id, f"names told {len(chart.notes)}", read)

    @cached_property
    def admissions(self) -> list[tuple[datetime, datetime | None]]:
        """Start and end of every hospital stay, oldest first; a move from one ward to the next is no new stay."""
        stays: list[tuple[datetime, datetime | None]] = []
        for row in encounter_rows(self.tools, "inpatient"):
            start = row.start or row.time
            if start is None:
                continue
            if (
                stays
                and (left := stays[-1][1]) is not None
                and start - left <= _MOVED_WITHIN
                and (row.end or start) >= left
            ):
                stays[-1] = (stays[-1][0], row.end)
            else:
                stays.append((start, row.end))
        return stays

    @cached_property
    def seen_by(self) -> list[str]:
        """The clinicians and places that the record's visits name."""
        rows = self.tools.chart.encounters
        return sorted({name for r in rows for name in (r.practitioner, r.provider, r.location) if name})

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

    @cached_property
    def setting(self) -> Setting:
        """What a question of this run is read against."""
        return Setting(
            as_of=self.tools.as_of,
            people=self.people,
            record=self.record,
            admissions=self.admissions,
            born=self.tools.chart.patient.birth_date,
            seen_by=self.seen_by,
            visits=self.tools.chart.encounters,
            reacted=Reacted(self.tools),
        )
