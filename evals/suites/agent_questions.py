"""Questions over generated, Synthea and demo patients, in two halves that share neither patient nor wording."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.answers import Answer
from domain.errors import ChartTwinError, InvalidInput
from evals.generators.patients import Made
from evals.report import CaseResult, Figure, Outcome, proportion
from evals.suites.record_qa import batch_row

Row = dict[str, Any]
PREFIXES = ("eval-", "demo-ct-")
# The five Synthea patients of the record questions, by the first part of their ids.
SYNTHEA = ("72376f6f-", "b08d10a2-", "9c3df38a-", "5656ee0a-", "6c8f3e83-")


def require_own_directory(store: Any) -> None:
    """Refuses a data directory that holds anybody but synthetic patients: these suites add patients and notes to it.

    Raises:
        InvalidInput: the store holds a patient whom no suite knows.
    """
    strangers = [p.id for p in store.patients() if not p.id.startswith(PREFIXES + SYNTHEA)]
    if strangers:
        raise InvalidInput(
            f"the data directory holds {len(strangers)} patients of its own; this suite adds synthetic patients and "
            "notes, so give it a directory for itself with --data-dir"
        )


def load_patients(half: str, rows: Sequence[Row], services: Any, bundles: Path | None) -> None:
    """Ingests the half's patients that the store does not have: generated and demo ones, and those of `bundles`."""
    from evals.generators.build import DEMO, made_patients

    known = {patient.id for patient in services.store.patients()}
    wanted = {str(row["patient_id"]) for row in rows} - known
    # All of the demo cohort: the charts that must not be opened have to be there.
    paths = [path for path in sorted(DEMO.glob("*.json")) if path.stem not in known]
    if bundles is not None and any(not patient.startswith(PREFIXES) for patient in wanted):
        paths.append(bundles)
    load_made(made_patients(half), services, paths)


def load_made(made: Sequence[Made], services: Any, beside: Sequence[Path] = ()) -> None:
    """Ingests the generated patients that the store does not have, and the files `beside` them."""
    from evals.generators.build import bundle_of

    load_bundles({one.resources[0]["id"]: bundle_of(one) for one in made}, services, beside)


def load_bundles(bundles: Mapping[str, Row], services: Any, beside: Sequence[Path] = ()) -> None:
    """Ingests the bundles of the patients (by id) that the store does not have, and the files `beside` them."""
    from knowledge_base.ingest import ingest_paths

    known = {patient.id for patient in services.store.patients()}
    with tempfile.TemporaryDirectory() as folder:
        paths = list(beside)
        for patient_id, bundle in bundles.items():
            if patient_id not in known:
                path = Path(folder) / f"{patient_id}.json"
                path.write_text(json.dumps(bundle), encoding="utf-8")
                paths.append(path)
        if paths:
            ingest_paths(paths, services.store, services.index, services.nlp)


def answer_row(answer: Answer, patient_id: str, store: Any) -> Row:
    """The answer as the agents' scorer reads it: with the calls of its trace and the runs that it cites."""
    runs = []
    for citation in answer.citations:
        kind, _, run_id = citation.evidence.ref.partition("/")
        if kind == "Run":
            try:
                runs.append(store.run(patient_id, run_id).model_dump(mode="json"))
            except ChartTwinError:
                continue
    trace = [call.model_dump(mode="json") for call in answer.tool_calls]
    return batch_row(answer) | {"trace": trace, "runs": runs}


def pair_figures(rows: Sequence[Row], cases: Sequence[CaseResult]) -> list[Figure]:
    """The share of paraphrase pairs of which both wordings were answered right, and of which just one was."""
    outcomes = {case.id: case.outcome for case in cases}
    pairs: dict[str, list[Outcome]] = {}
    for row in rows:
        if "pair" in row and str(row["id"]) in outcomes:
            pairs.setdefault(row["pair"], []).append(outcomes[str(row["id"])])
    whole = [pair for pair in pairs.values() if len(pair) == 2 and Outcome.UNGRADED not in pair]
    both = [Outcome.PASSED if pair.count(Outcome.PASSED) == 2 else Outcome.FAILED for pair in whole]
    torn = [Outcome.PASSED if pair.count(Outcome.PASSED) == 1 else Outcome.FAILED for pair in whole]
    return [proportion("both wordings right", "pairs", both), proportion("only one wording right", "pairs", torn)]
