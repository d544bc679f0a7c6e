"""Suites that check what checks: the story's support, the verifier, the bounds of a run."""

from __future__ import annotations

from domain.errors import InvalidInput
from evals.gold import CASES, read_rows
from evals.plan import HALVES, Measured, Plan, by_half, require_patients
from evals.report import latency_figures

_PROCESSOR_TIME = "Times are processor seconds of one check, with the evidence of the turn read already."


def story(plan: Plan) -> Measured:
    """Stories of every loaded patient."""
    from evals.suites.story import run_stories, story_figures

    if plan.bundles is not None:
        from knowledge_base.ingest import ingest_paths

        ingest_paths([plan.bundles], plan.services.store, plan.services.index, plan.services.nlp)
    patients = sorted(p.id for p in plan.services.store.patients())[: plan.limit]
    if not patients:
        raise InvalidInput("no patient is loaded; load some with: charttwin demo --no-serve")
    judged, planted = run_stories(patients, plan.services.store, plan.services.twin, plan.progress)
    remarks = (
        "Judged by code that reads the raw resources and notes; it does not judge plain words for a diagnosis.",
        "Faults planted in supported sentences say how much that judge sees.",
        "Processor time of one telling after one to warm up.",
    )
    return Measured(story_figures(judged, planted), [j.case for j in judged], remarks)


def verifier(plan: Plan) -> Measured:
    """Drafts in a language model's words, right ones and ones with a fault."""
    from evals.suites.verifier import DEMO_MOMENT, read_wordings, run_verifier, verifier_figures
    from evals.suites.verifier_answers import answer_figures, read_answers, run_answers
    from evals.suites.verifier_sentences import read_sentences, run_sentences, sentence_figures

    store, twin = plan.services.store, plan.services.twin

    def run(half: str) -> Measured:
        answers = read_answers(CASES / "verifier" / f"answers_{half}.txt")
        require_patients(
            [{"patient_id": a.patient_id} for a in answers], store, "load them with: charttwin demo --no-serve"
        )
        wordings = read_wordings(CASES / "verifier" / f"{half}.txt")
        demo = {a.patient_id for h in HALVES for a in read_answers(CASES / "verifier" / f"answers_{h}.txt")}
        worded = run_verifier(wordings, store, twin, DEMO_MOMENT, plan.seed, plan.limit, demo)
        written = run_answers(answers, store, twin, DEMO_MOMENT)
        single = CASES / "verifier" / f"sentences_{half}.txt"  # of the tune half only
        sentences = run_sentences(read_sentences(single), store, twin, DEMO_MOMENT) if single.exists() else []
        seconds = [c.latency_s for c in worded if c.latency_s is not None]
        figures = [
            *verifier_figures(worded),
            *answer_figures(written),
            *sentence_figures(sentences),
            *latency_figures(seconds, plan.seed),
        ]
        return Measured(figures, [*worded, *written, *sentences], (_PROCESSOR_TIME,))

    measured = by_half(plan, run)
    return Measured(measured.figures, measured.cases, (_PROCESSOR_TIME, *measured.remarks))


def adversarial_model(plan: Plan) -> Measured:
    """A chat model that does everything wrong."""
    from evals.suites.adversarial_model import BUDGET_S, DEFAULT_CASES, adversarial_figures, run_adversarial

    demo = [{"patient_id": row["patient_id"]} for row in read_rows(CASES / "demo_record_qa.jsonl")]
    require_patients(demo, plan.services.store, "load them with: charttwin demo --no-serve")
    cases = run_adversarial(plan.services, plan.limit or DEFAULT_CASES, plan.seed, plan.progress)
    seconds = [case.latency_s for case in cases if case.latency_s is not None]
    remark = f"Judged by planted strings and numbers, not by the verifier; each question had {BUDGET_S:g} s."
    return Measured([*adversarial_figures(cases), *latency_figures(seconds, plan.seed)], cases, (remark,))
