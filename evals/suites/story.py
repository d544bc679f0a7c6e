"""Stories of every patient: statements without support, what is covered, how long and how hard to read they are.

`evals.scorers.story` judges each sentence from the raw files. Faults planted in supported sentences say how much that judge
sees: a figure of no unsupported statement is worth as much as the share of planted faults it finds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from evals.metrics.intervals import percentile
from evals.report import CaseResult, Figure, Outcome, proportion
from evals.scorers.planted import MUTATIONS
from evals.scorers.story import Fault, faults_of
from evals.scorers.story_files import PatientFiles
from tools.concepts import default_lexicon
from tools.context import ToolContext
from tools.story import AUDIENCES, KINDS, Story, build_story

Progress = Callable[[int, int, str], None]
DEMO_NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
_COVERING = (("problem_oriented", "clinician_short"), ("full", "clinician_long"))
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_SENTENCE = re.compile(r"[.!?](?=\s|$)")


@dataclass(frozen=True)
class JudgedStory:
    """One story with its faults, its case for the report, and its measures."""

    case: CaseResult
    sentences: int
    faults: tuple[Fault, ...]
    covered: dict[str, tuple[int, int]]
    grade: float
    words: int
    cpu_ms: float


def run_stories(
    patient_ids: Sequence[str], store: Any, twin: Any, progress: Progress | None = None
) -> tuple[list[JudgedStory], dict[str, tuple[int, int]]]:
    """Every kind of story for every audience of these patients, judged; and how many planted faults the judge found, by kind."""
    judged: list[JudgedStory] = []
    planted: dict[str, tuple[int, int]] = dict.fromkeys(MUTATIONS, (0, 0))
    for number, patient_id in enumerate(patient_ids, 1):
        for moment in moments_of(store, patient_id):
            files = PatientFiles(store, patient_id, moment, default_lexicon())
            for kind in KINDS:
                for audience in AUDIENCES:
                    story, cpu = _timed(store, twin, patient_id, moment, kind, audience)
                    judged.append(judge_story(story, files, cpu))
                    if audience == "clinician_short":
                        _plant(story, files, planted)
        if progress:
            progress(number, len(patient_ids), patient_id)
    return judged, planted


def moments_of(store: Any, patient_id: str) -> list[datetime]:
    """The moments a patient is told at: the demo cohort's today, and the day after the last visit where that is long before."""
    last = max((e.time for e in store.encounters(patient_id) if e.time is not None), default=None)
    if last is None or last > DEMO_NOW - timedelta(days=365):
        return [DEMO_NOW]
    return [DEMO_NOW, last + timedelta(days=1)]


def _timed(store: Any, twin: Any, patient_id: str, moment: datetime, kind: str, audience: str) -> tuple[Story, float]:
    build_story(ToolContext(store, patient_id, moment, twin), kind, audience)
    begun = time.process_time()
    story = build_story(ToolContext(store, patient_id, moment, twin), kind, audience)
    return story, (time.process_time() - begun) * 1000


def judge_story(story: Story, files: PatientFiles, cpu_ms: float = 0.0) -> JudgedStory:
    """A story with everything its evidence does not bear, and its measures."""
    faults = tuple(f for s in story.sentences for f in faults_of(s.text, s.basis.value, s.evidence, files))
    case = CaseResult(
        id=f"{story.patient_id}/{story.as_of.date()}/{story.kind}/{story.audience}",
        category=story.kind,
        outcome=Outcome.FAILED if faults else Outcome.PASSED,
        question=f"{story.kind} for {story.audience}",
        answer=story.text,
        citations=tuple(e.ref for e in story.evidence),
        reasons=tuple(f"{f.kind}: {f.value} | {f.sentence}" for f in faults),
        latency_s=cpu_ms / 1000,
    )
    covered = coverage(story, files) if (story.kind, story.audience) in _COVERING else {}
    prose = " ".join(s.text for s in story.sentences)
    return JudgedStory(case, len(story.sentences), faults, covered, reading_grade(prose), len(prose.split()), cpu_ms)


def _plant(story: Story, files: PatientFiles, planted: dict[str, tuple[int, int]]) -> None:
    for sentence in story.sentences:
        for name, mutate in MUTATIONS.items():
            changed = mutate(sentence.text)
            if changed is None or changed == sentence.text:
                continue
            found, total = planted[name]
            caught = bool(faults_of(changed, sentence.basis.value, sentence.evidence, files))
            planted[name] = found + caught, total + 1


# --- coverage ----------------------------------------------------------------------------------------------------


def coverage(story: Story, files: PatientFiles) -> dict[str, tuple[int, int]]:
    """How many of what the record holds the story cites: open problems, active drugs, active allergies, last year's abnormal results."""
    cited = {e.ref for e in story.evidence}
    text = story.text.casefold()
    return {
        "active problems": _share(files.open_problems(), cited, text),
        "active medications": _share(files.active_drugs(), cited, text),
        "active allergies": _share(files.active_allergies(), cited, text),
        "abnormal results of the last year": _share(files.abnormal_results(), cited, text),
    }


def _share(groups: dict[str, list[str]], cited: set[str], text: str) -> tuple[int, int]:
    told = sum(1 for name, refs in groups.items() if any(r in cited for r in refs) or name.casefold() in text)
    return told, len(groups)


# --- reading level -----------------------------------------------------------------------------------------------


def reading_grade(text: str) -> float:
    """The Flesch-Kincaid grade of prose outside quotes.

    References:
        Kincaid et al. (1975), Derivation of new readability formulas for Navy enlisted personnel; DTIC ADA006655.
        Syllables are counted as groups of vowels, a silent final e left out.
    """
    bare = re.sub(r"“[^”]*”", " ", text)
    words = _WORD.findall(bare)
    sentences = max(1, len(_SENTENCE.findall(bare)))
    if not words:
        return 0.0
    syllables = sum(_syllables(w) for w in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    lowered = word.lower()
    groups = len(re.findall(r"[aeiouy]+", lowered))
    silent = lowered.endswith("e") and not lowered.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


# --- figures -----------------------------------------------------------------------------------------------------


def story_figures(judged: Sequence[JudgedStory], planted: dict[str, tuple[int, int]]) -> list[Figure]:
    """Stories and sentences without fault, planted faults found, coverage, reading grade, length and time."""
    figures = [proportion("stories without an unsupported statement", "all", [j.case.outcome for j in judged])]
    sentences = sum(j.sentences for j in judged)
    faulty = sum(len({f.sentence for f in j.faults}) for j in judged)
    figures.append(_count("sentences supported", "all", sentences - faulty, sentences))
    figures += [_count("planted faults found", name, found, total) for name, (found, total) in planted.items()]
    for kind, audience in _COVERING:
        chosen = [j for j in judged if j.covered and j.case.category == kind]
        for name in chosen[0].covered if chosen else ():
            told = sum(j.covered[name][0] for j in chosen)
            total = sum(j.covered[name][1] for j in chosen)
            figures.append(_count(f"coverage: {name}", f"{kind}, {audience}", told, total))
    return [*figures, *_measures(judged)]


def _measures(judged: Sequence[JudgedStory]) -> Iterator[Figure]:
    for audience in AUDIENCES:
        chosen = [j for j in judged if j.case.id.endswith(f"/{audience}")]
        if not chosen:
            continue
        grades = sorted(j.grade for j in chosen)
        yield Figure(
            name="reading grade, median", group=audience, value=percentile(grades, 50), n=len(grades), unit="grade"
        )
    for kind in KINDS:
        chosen = [j for j in judged if j.case.category == kind and j.case.id.endswith("/clinician_short")]
        if chosen:
            words = sorted(float(j.words) for j in chosen)
            yield Figure(
                name="words, median",
                group=f"{kind}, clinician_short",
                value=percentile(words, 50),
                n=len(words),
                unit="words",
            )
    times = sorted(j.cpu_ms for j in judged)
    if times:
        yield Figure(name="processor time, median", value=percentile(times, 50), n=len(times), unit="ms")
        yield Figure(name="processor time, slowest", value=times[-1], n=len(times), unit="ms")


def _count(name: str, group: str, passed: int, total: int) -> Figure:
    outcomes = [Outcome.PASSED] * passed + [Outcome.FAILED] * (total - passed)
    return proportion(name, group, outcomes)
