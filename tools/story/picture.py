"""Everything a story is told from, read once from the chart: problems with their drugs, results, visits, notes, conflicts."""

from __future__ import annotations

from functools import cached_property

from domain.answers import Conflict
from domain.facts import Evidence
from tools.conflicts import TOPICS, contradictions
from tools.context import Chart, ToolContext, day
from tools.story.drugs import Drug, drugs_of
from tools.story.problems import Group, Problem, groups_of, problems_of
from tools.story.results import Series, series_of
from tools.story.testimony import Testimony
from tools.story.visits import Visit, visits_of
from tools.times.periods import Period

_WORTH_TELLING = 40.0


class Picture:
    """The parts of one patient's story at one moment, each built when first asked for."""

    def __init__(self, ctx: ToolContext, period: Period | None = None) -> None:
        self.ctx = ctx
        self.chart: Chart = ctx.chart
        self.period = period

    @cached_property
    def results(self) -> dict[str, Series]:
        """Measurements by concept."""
        return series_of(self.ctx)

    @cached_property
    def drugs(self) -> list[Drug]:
        """Drugs by ingredient, newest order last."""
        return drugs_of(self.ctx)

    @cached_property
    def problems(self) -> list[Problem]:
        """Medical problems, each once."""
        return problems_of(self.ctx)

    @cached_property
    def groups(self) -> list[Group]:
        """Problems that belong together, the most pressing first."""
        return groups_of(self.ctx, self.problems, self.drugs)

    @cached_property
    def current(self) -> list[Group]:
        """The groups with an active problem."""
        return [g for g in self.groups if g.active]

    @cached_property
    def told_groups(self) -> list[Group]:
        """The groups a story tells one by one: acute, then lately over, then the other active ones."""
        acute = [g for g in self.current if g.is_acute]
        lately = [g for g in self.groups if not g.active and g.weight >= _WORTH_TELLING and g.just_over(self.ctx.as_of)]
        return [*acute, *lately, *[g for g in self.current if not g.is_acute]]

    @cached_property
    def visits(self) -> list[Visit]:
        """Visits and stays, oldest first."""
        return visits_of(self.ctx)

    @cached_property
    def testimony(self) -> Testimony:
        """What trusted notes say."""
        return Testimony(self.ctx)

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Every contradiction between record and notes."""
        return tuple(c for topic in TOPICS for c in contradictions(self.ctx, topic))

    @property
    def patient_evidence(self) -> Evidence:
        """The citation of the patient."""
        patient = self.chart.patient
        born = f", born {patient.birth_date.isoformat()}" if patient.birth_date else ""
        return Evidence(ref=f"Patient/{self.ctx.patient_id}", quote=f"{patient.gender or 'sex not recorded'}{born}")

    def absence(self, kind: str, found: str) -> Evidence:
        """The citation of a search that found nothing: the patient's record, with what was looked for."""
        text = f"{found} among the {kind} entries up to {day(self.ctx.as_of)}"
        return Evidence(ref=f"Patient/{self.ctx.patient_id}", quote=text)
