"""The study of second gears: `python -m agents.embedded.training.study --data-dir DEMO [--half dev]`.

Prints, for the router alone and with the second gear, how many questions get a right call with its key arguments.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from agents.context import RunContext
from agents.embedded.plans import Call, Plan, Setting
from agents.embedded.second_gear import build_second_gear
from agents.models import build_embedded_model
from knowledge_base.embedding import build_embedder
from knowledge_base.records import RecordStore
from tools.catalogue import argument_models
from tools.concepts import Lexicon
from tools.context import ToolContext
from tools.times.periods import find_periods
from twin_backend import build_twin

SPLIT_SEED = 20261123
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
PATIENTS = ("demo-ct-001", "demo-ct-002", "demo-ct-004", "demo-ct-006")
_CALL = re.compile(r"(\w+)\(([^)]*)\)")
_EXTRA_CALLS = 2  # more than these beside what was wanted bury the answer
_CONCEPT_KINDS = {
    "concept": ("observation",),
    "panel": ("observation",),
    "drug": ("medication", "drug_class"),
    "since_drug": ("medication", "drug_class"),
    "substance": ("allergen", "medication", "drug_class"),
}
_NAME_KINDS = {
    "condition": ("condition",),
    "family_history": ("condition",),
    "procedures": ("procedure",),
    "procedure_result": ("procedure",),
    "reports": ("procedure",),
    "immunizations": ("immunization", "condition"),
    "age_when": ("condition", "procedure", "medication", "drug_class"),
}


class Wanted(NamedTuple):
    """A call that is accepted: its tool, and for each key argument the relation ("=" or "~") and the value."""

    tool: str
    arguments: dict[str, tuple[str, str]]


class Asked(NamedTuple):
    """A question and the sets of calls that answer it; an empty set is a refusal."""

    text: str
    accepted: tuple[tuple[Wanted, ...], ...]


def read_questions() -> list[Asked]:
    """The questions of the study, in the order written."""
    text = resources.files("agents.embedded.training").joinpath("questions.txt").read_text(encoding="utf-8")
    rows = [line.split(" => ") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [Asked(question.strip(), tuple(_wanted(a) for a in gold.split(" || "))) for question, gold in rows]


def _wanted(text: str) -> tuple[Wanted, ...]:
    if text.strip() == "refuse":
        return ()
    calls = []
    for part in text.split(" & "):
        match = _CALL.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"not a call: {part}")
        arguments = {}
        for argument in filter(None, match[2].split(", ")):
            found = re.fullmatch(r"(\w+)([=~])(.*)", argument.strip())
            if found is None:
                raise ValueError(f"not an argument: {argument}")
            arguments[found[1]] = (found[2], found[3])
        calls.append(Wanted(match[1], arguments))
    return tuple(calls)


def half(questions: Sequence[Asked], name: str) -> list[Asked]:
    """The development ("dev") or final ("final") half, drawn once by seed."""
    order = list(range(len(questions)))
    random.Random(SPLIT_SEED).shuffle(order)
    middle = len(questions) // 2
    return [questions[n] for n in sorted(order[:middle] if name == "dev" else order[middle:])]


class Grader:
    """Whether a plan makes the calls that a question wants."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def passes(self, asked: Asked, plan: Plan) -> bool:
        """Right tool and right key arguments, and at most two calls beside them."""
        return any(self._makes(wanted, plan) for wanted in asked.accepted)

    def _makes(self, wanted: tuple[Wanted, ...], plan: Plan) -> bool:
        if not wanted:
            return not plan.calls and bool(plan.reply)
        return len(plan.calls) <= len(wanted) + _EXTRA_CALLS and all(
            any(self._is(w, call) for call in plan.calls) for w in wanted
        )

    def _is(self, wanted: Wanted, call: Call) -> bool:
        defaults = {n: f.default for n, f in argument_models()[wanted.tool].model_fields.items()}
        return call.tool == wanted.tool and all(
            self._fits(wanted.tool, key, relation, value, call.arguments.get(key, defaults.get(key)))
            for key, (relation, value) in wanted.arguments.items()
        )

    def _fits(self, tool: str, key: str, relation: str, wanted: str, got: Any) -> bool:
        if got in (None, ""):
            return False
        if wanted == "*":
            return True
        if key == "period":
            return _same_period(wanted, str(got))
        if relation == "~":
            return wanted.lower() in str(got).lower()
        if key == "value":
            return math.isclose(float(got), float(wanted))
        options = {wanted, *wanted.split("/")}
        if key == "section":
            return _plain(wanted) in _plain(got) or (wanted == "hpi" and "present illness" in _plain(got))
        if any(_plain(option) == _plain(got) for option in options):
            return True
        meant = self._concept(tool, key, str(got))
        return meant is not None and any(self._concept(tool, key, option) == meant for option in options)

    def _concept(self, tool: str, key: str, name: str) -> str | None:
        kinds = _CONCEPT_KINDS.get(key) or (_NAME_KINDS.get(tool, ()) if key == "name" else ())
        return next((t.id for k in kinds if (t := self._lexicon.resolve(name, k)) is not None), None)


def _plain(value: object) -> str:
    return re.sub(r"[\s_-]+", " ", str(value).lower()).strip()


def _same_period(wanted: str, got: str) -> bool:
    """Both ends within three days: "last 12 months" and "last year" may differ by how a month is counted."""
    one, other = find_periods(wanted, NOW), find_periods(got, NOW)
    if not one or not other:
        return False
    ends = ((one[0].since, other[0].since), (one[0].until, other[0].until))
    return all(abs(((a or NOW) - (b or NOW)).days) <= 3 for a, b in ends)


def wilson(passed: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    z, share = 1.959964, passed / of
    middle, spread = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)


def main() -> None:
    """Asks the questions with and without the second gear, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m agents.embedded.training.study", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="a data directory with the demo cohort")
    parser.add_argument("--half", choices=("dev", "final"), default="dev")
    chosen = parser.parse_args()
    embedder: Any = build_embedder()
    store, twin = RecordStore(chosen.data_dir), build_twin(0)
    planner = build_embedded_model(twin, embedder).planner
    contexts = [RunContext(tools=ToolContext(store, p, NOW, twin)) for p in PATIENTS]
    settings = [c.setting for c in contexts]
    grader, questions = Grader(planner.reader.lexicon), half(read_questions(), chosen.half)
    lines = []
    for name, gear in (("router", None), ("router + intent head", build_second_gear(embedder))):
        planner.asks.second_gear = gear
        start = time.process_time()
        passed = sum(grader.passes(q, planner.plan(q.text, _of(q, settings))) for q in questions)
        seconds = (time.process_time() - start) / len(questions)
        low, high = wilson(passed, len(questions))
        lines.append(
            f"{name:22} {passed}/{len(questions)}  95 % {low:.2f} to {high:.2f}  {seconds:.3f} CPU s a question"
        )
    parser.exit(message="\n".join(lines) + "\n")


def _of(asked: Asked, settings: Sequence[Setting]) -> Setting:
    """Which patient a question is asked about: by its text, so that an added question moves no other."""
    return settings[int(hashlib.sha256(asked.text.encode()).hexdigest(), 16) % len(settings)]


if __name__ == "__main__":
    main()
