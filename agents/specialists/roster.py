"""Who looks at what: the specialists, the tools of each, and the short prompt a language model gets in that role."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from domain.facts import Frozen


class Specialist(Frozen):
    """One side of a question: `title` completes "the ... side", `about` tells a supervisor when to ask it."""

    name: str
    title: str
    about: str
    tools: tuple[str, ...]
    max_rounds: int = 4

    @property
    def prompt(self) -> str:
        """What a language model is told in this role, beside the general instructions."""
        return _prompt(self.name)


@lru_cache(maxsize=8)
def _prompt(name: str) -> str:
    return resources.files("agents.specialists").joinpath(f"prompts/{name}.md").read_text(encoding="utf-8").strip()


CHART = Specialist(
    name="chart",
    title="chart",
    about="what the record holds: results, drugs, problems, visits, procedures, and why a result may have changed",
    tools=(
        "patient_card", "demographics", "age_when", "latest", "series", "statistics", "threshold", "change", "is_normal",
        "vital_signs", "lab_panel", "list_medications", "medication", "list_problems", "condition", "allergies",
        "family_history", "procedures", "procedure_result", "immunizations", "encounters", "reports", "care_plans",
        "devices", "timeline", "look_up", "record_vs_notes", "medication_safety", "possible_causes", "query_record", "health_story",
        "draft_order", "draft_note", "draft_message", "draft_problem_change",
    ),
)  # fmt: skip
NOTES = Specialist(
    name="notes",
    title="notes",
    about="what the notes say, in their own words, and calculations over the values of a note",
    tools=("search_notes", "section_of_note", "list_notes", "record_vs_notes", "calculate_from_note", "look_up"),
)
SIMULATION = Specialist(
    name="simulation",
    title="simulation",
    about="calculators, risk scores and the digital twin: what a value or a dose would lead to, dosing plans side by side",
    tools=("calculate", "what_if", "compare_plans", "models", "latest", "medication"),
)
EVIDENCE = Specialist(
    name="evidence",
    title="evidence",
    about="what guidelines say in general, and what bears on giving a drug",
    tools=("search_knowledge", "medication_safety"),
)
ROSTER = (CHART, NOTES, SIMULATION, EVIDENCE)


def by_name(name: str) -> Specialist:
    """The specialist of that name.

    Raises:
        KeyError: there is none.
    """
    return {s.name: s for s in ROSTER}[name]


@lru_cache(maxsize=256)
def specialist_of(tool: str) -> str:
    """Whose question a call is: the specialist whose list names the tool first among its own.

    A tool shared by several belongs to the one that has it for its own sake: the chart's look-ups are the chart's.
    """
    return next((s.name for s in ROSTER if tool in s.tools), CHART.name)
