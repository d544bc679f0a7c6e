"""The verifier on drafts in a language model's wordings: what it finds of typed faults, and what it takes out wrongly.

Each true statement about a demo patient is worded as it is and with one slot made false. A fault counts as found when
no sentence, list item or row that holds it is left. A draft without a fault must come back whole.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from agents.verification import Support, verify
from evals.report import CaseResult, Figure, Outcome, proportion
from evals.suites.verifier_facts import MUTATIONS, RATE_WORDS, Fact, Run, Slots, runs_of
from tools.context import ToolContext, number

_DATE_FORMS = ("%Y-%m-%d", "%B %-d, %Y", "%-d %b %Y", "%m/%d/%Y", "%d %B %Y")
_MOVES = {
    "rose": (("rose", "increased", "went up", "climbed"), ("fell", "decreased", "dropped", "declined")),
    "risen": (("risen", "increased"), ("fallen", "decreased", "declined")),
    "up": (("up",), ("down",)),
    "upward": (("upward", "rising"), ("downward", "falling")),
    "increase": (("increase", "rise"), ("decrease", "drop", "fall")),
    "going_up": (("rising", "going up", "increasing"), ("falling", "going down", "declining")),
}
_LEVELS = {
    "high": ("elevated", "high", "above the normal range"), "low": ("low", "below the reference range"),
    "normal": ("normal", "within normal limits", "within the reference range"),
}  # fmt: skip
_FAULTS_A_FACT = 3
DEMO_MOMENT = datetime(2026, 11, 23, tzinfo=UTC)  # after the newest entry of the demo cohort


class Wording(NamedTuple):
    """A sentence of a language model with slots."""

    kind: str
    text: str


def read_wordings(path: Path) -> list[Wording]:
    """The wordings of a half."""
    lines = [x for x in path.read_text(encoding="utf-8").splitlines() if x.strip() and not x.startswith("#")]
    pairs = (line.split(":", 1) for line in lines)
    return [Wording(kind.strip(), text.strip().replace("\\n", "\n")) for kind, text in pairs]


def run_verifier(
    wordings: Sequence[Wording],
    store: Any,
    twin: Any,
    moment: datetime,
    seed: int,
    limit: int | None,
    patients: Collection[str] = (),
) -> list[CaseResult]:
    """Every wording over the facts of the store's patients, as it is and with faults.

    Args:
        wordings: Of one half.
        store: The record store with the demo cohort.
        twin: The twin backend, which tools may ask.
        moment: What counts as now.
        seed: Of the choice of slots, words and faults.
        limit: Only so many cases.
        patients: Only these; every patient of the store when empty.
    """
    cases: list[CaseResult] = []
    for patient in sorted(store.patients(), key=lambda p: p.id):
        if patients and patient.id not in patients:
            continue
        ctx = ToolContext(store, patient.id, moment, twin)
        rng = random.Random(f"{seed}-{patient.id}")
        for index, run in enumerate(runs_of(ctx, rng)):
            support = support_of(run, ctx)
            for wording in wordings:
                facts = [f for f in run.facts if f.kind == wording.kind]
                if not facts:
                    continue
                fact = rng.choice(facts)
                cases += _cases(wording, fact, run, support, rng, f"{patient.id}-{index}-{len(cases)}")
                if limit is not None and len(cases) >= limit:
                    return cases[:limit]
    return cases


def support_of(run: Run, ctx: ToolContext) -> Support:
    """The evidence of a run, as the graph hands it to the verifier."""
    texts = ["\n".join(f"- {s.text}" if s.item else s.text for s in r.statements) for r in run.results]
    return Support(
        texts, [r.data for r in run.results], ctx.lexicon, 0, results=run.results, as_of=run.as_of, record=ctx
    )


def _cases(
    wording: Wording, fact: Fact, run: Run, support: Support, rng: random.Random, ident: str
) -> Iterator[CaseResult]:
    words = _words(fact, rng)
    true = _worded(wording.text, fact, words, rng)
    yield _judged(f"{ident}-true", "unchanged", true, "", support)
    wanted = [name for name, (_, slots) in MUTATIONS.items() if any(f"{{{s}}}" in wording.text.lower() for s in slots)]
    rng.shuffle(wanted)
    made = 0
    for name in wanted:
        changed = MUTATIONS[name][0](fact, run, rng)
        if not changed or made == _FAULTS_A_FACT:
            continue
        false_fact = Fact(fact.kind, {**fact.slots, **changed})
        false = _worded(
            wording.text,
            false_fact,
            {k: v for k, v in words.items() if k not in changed and not _follows(k, changed)},
            rng,
        )
        if false == true:
            continue
        made += 1
        yield _judged(f"{ident}-{name.replace(' ', '-')}", name, false, _faulty_part(true, false), support)


def _follows(word: str, changed: Slots) -> bool:
    return bool(
        ("rises" in changed and word in _MOVES)
        or ("rate" in changed and word == "frequency")
        or ("level" in changed and word == "high")
    )


def _words(fact: Fact, rng: random.Random) -> dict[str, str]:
    """The choices of words that a true and a false version share."""
    chosen = {"date_form": rng.choice(_DATE_FORMS)}
    for slot in _MOVES:
        chosen[slot] = _move(slot, fact, rng)
    if fact.kind == "drug":
        chosen["frequency"] = rng.choice(RATE_WORDS[fact.slots["rate"]])
    if fact.kind == "level":
        chosen["high"] = rng.choice(_LEVELS[fact.slots["level"]])
    return chosen


def _move(slot: str, fact: Fact, rng: random.Random) -> str:
    up, down = _MOVES[slot]
    return rng.choice(up if fact.slots.get("rises", True) else down)


def _worded(text: str, fact: Fact, words: dict[str, str], rng: random.Random) -> str:
    def fill(match: re.Match[str]) -> str:
        slot, key = match[1], match[1].lower()
        shown = _shown(key, fact, words, rng)
        return shown[:1].upper() + shown[1:] if slot[0].isupper() else shown

    return re.sub(r"\{(\w+)\}", fill, text)


def _shown(key: str, fact: Fact, words: dict[str, str], rng: random.Random) -> str:
    slots = fact.slots
    if key in words:
        return words[key]
    if key in _MOVES:
        return _move(key, fact, rng)
    if key == "frequency":
        return rng.choice(RATE_WORDS[slots["rate"]])
    if key == "high":
        return rng.choice(_LEVELS[slots["level"]])
    if key == "dose":
        return f"{number(slots['dose'])} {slots['dose_unit']}"
    if key == "percent":
        return f"{slots['percent']:.0f}"
    if key == "bullets":
        return "\n".join(f"- {d}" for d in slots["list"])
    if key == "list":
        return ", ".join(slots["list"][:-1]) + f" and {slots['list'][-1]}"
    value = slots[key]
    if isinstance(value, date):
        return value.strftime(words.get("date_form", "%Y-%m-%d"))
    if fact.kind == "about" and key == "value":
        return _rounded(float(value))
    return number(float(value)) if isinstance(value, int | float) else str(value)


def _rounded(value: float) -> str:
    """As people round who say "about"."""
    return f"{value:.0f}" if value < 100 else f"{round(value / 5) * 5}"


def _faulty_part(true: str, false: str) -> str:
    """The lines of the false draft that the true one does not have."""
    return "\n".join(line for line in false.split("\n") if line not in true.split("\n"))


def _judged(ident: str, kind: str, draft: str, faulty: str, support: Support) -> CaseResult:
    started = process_time()
    checked = verify(draft, support)
    seconds = process_time() - started
    if faulty:
        left = [line for line in faulty.split("\n") if line and line in checked.text]
        passed = len(left) < len([line for line in faulty.split("\n") if line])
        reasons: tuple[str, ...] = () if passed else ("the fault stays in the answer",)
    else:
        passed = checked.is_grounded and checked.text == draft.strip()
        reasons = tuple(f"took out {u.kind} {u.value}: {u.reason}" for u in checked.unsupported)
    outcome = Outcome.PASSED if passed else Outcome.FAILED
    return CaseResult(
        id=ident,
        category=kind,
        outcome=outcome,
        question=draft,
        answer=checked.text,
        reasons=reasons,
        latency_s=seconds,
    )


def verifier_figures(cases: Sequence[CaseResult]) -> list[Figure]:
    """The share of unchanged drafts left whole, and of each kind of fault found."""
    faults = [c for c in cases if c.category != "unchanged"]
    figures = [
        proportion("unchanged drafts left whole", "all", [c.outcome for c in cases if c.category == "unchanged"]),
        proportion("faults found", "all", [c.outcome for c in faults]),
    ]
    for kind in sorted({c.category for c in faults}):
        figures.append(proportion("faults found", kind, [c.outcome for c in faults if c.category == kind]))
    return figures
