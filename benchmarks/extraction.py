"""Notes per second of this pipeline and of stock medspaCy, on the same notes and the same vocabulary, in one run.

    python benchmarks/extraction.py [--notes FILE] [--n 300] [--seed 0] [--processes 2] [--scaling]

Without --notes the notes come from the project's generator. Prints process seconds, notes per second and the ratio,
and where the time of both goes. Times depend on the machine and on its neighbours; the ratio hardly does.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language

SHARED = ("tokenizer", "charttwin_sections", "charttwin_sentences", "charttwin_targets", "charttwin_context")
STOCK = ("medspacy_pyrush", "medspacy_target_matcher", "medspacy_context", "medspacy_sectionizer")


def main() -> None:
    """Time both pipelines, part by part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=Path, help="JSON lines, also .gz, with patient_note or text")
    parser.add_argument("--n", type=int, default=300, help="how many notes")
    parser.add_argument("--seed", type=int, default=0, help="seed of the generator, or of the sample of --notes")
    parser.add_argument("--processes", type=int, default=2, help="worker processes of the scaling run")
    parser.add_argument("--scaling", action="store_true", help="also time length, number of notes and processes")
    parser.add_argument("--no-stock", action="store_true", help="leave stock medspaCy out")
    options = parser.parse_args()
    texts = notes_of(options.notes, options.n, options.seed)
    size = sum(map(len, texts))
    print(f"{len(texts)} notes, {size} characters, {min(map(len, texts))} to {max(map(len, texts))} each")

    from nlp_pipeline import build_pipeline

    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import medspacy  # noqa: F401 - its import is no part of either load time
    began = process_time()
    ours = build_pipeline()
    print(f"load: {process_time() - began:.2f} s after the imports")
    _, parts = timed(ours, texts)
    show("ChartTwin pipeline", parts, len(texts))
    facts_s, count = time_facts(ours, texts)
    print(f"  with facts made of it: {facts_s:.2f} s, {len(texts) / facts_s:.0f} notes/s, {count} facts")
    if not options.no_stock:
        stock_doc, stock_parts = timed(stock_pipeline(), texts)
        show("stock medspaCy", stock_parts, len(texts))
        print(f"stock found {sum(len(doc.ents) for doc in stock_doc)} entities")
        total = stock_parts.total()
        shared = sum(parts[name] for name in SHARED)
        print(f"ratio of the parts that stock has too (profile entities): {total / shared:.1f}")
        print(f"ratio: {total / parts.total():.1f} (pipeline), {total / facts_s:.1f} (pipeline and facts)")
    if options.scaling:
        scale_length(ours)
        scale_processes(texts, options.processes)


def notes_of(path: Path | None, n: int, seed: int) -> list[str]:
    """The first `n` notes of the generator, or a seeded sample of the file's."""
    if path is None:
        from knowledge_base.demo.notes import generate_notes

        return [note.text for note in generate_notes(n, seed)]
    import random

    from evals.suites.assertions import read_notes

    texts = sorted(read_notes(path).values())
    return random.Random(seed).sample(texts, min(n, len(texts)))


def stock_pipeline() -> Language:
    """medspaCy as its own `load` builds it, with the names of our vocabulary, open terms too, as its literal target rules."""
    import medspacy
    from loguru import logger
    from medspacy.ner import TargetRule

    from nlp_pipeline.vocabulary import load_vocabulary
    from nlp_pipeline.vocabulary.loader import DATA
    from nlp_pipeline.vocabulary.open_terms import SHORT, read_open_terms

    logger.disable(
        "PyRuSH"
    )  # it writes every word of every note to its log, which takes time and is no part of the work
    nlp = medspacy.load(medspacy_enable={"medspacy_tokenizer", *STOCK})
    nlp.max_length = 10_000_000
    labels = {name: found[0].kind.upper() for name, found in load_vocabulary().by_surface.items()}
    terms = read_open_terms(DATA)
    for number in range(len(terms)):
        term = terms[number]
        for surface in term.surfaces:
            labels.setdefault(surface.removeprefix(SHORT).lower(), term.kind.upper())
    nlp.get_pipe("medspacy_target_matcher").add([TargetRule(name, label) for name, label in labels.items()])
    return nlp


def timed(nlp: Language, texts: Sequence[str]) -> tuple[list[Any], Counter[str]]:
    """The docs, and the process seconds of each part; a first pass over a tenth fills the caches."""
    list(nlp.pipe(texts[: max(1, len(texts) // 10)]))
    parts: Counter[str] = Counter()
    docs = clocked(parts, "tokenizer", nlp.make_doc, texts)
    for name, component in nlp.pipeline:
        docs = clocked(parts, name, component, docs)
    return docs, parts


def clocked(parts: Counter[str], name: str, step: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """The step over all items, its process seconds added to `parts`."""
    began = process_time()
    done = [step(item) for item in items]
    parts[name] += process_time() - began
    return done


def time_facts(nlp: Language, texts: Sequence[str]) -> tuple[float, int]:
    """Process seconds of `extract` over the texts, and how many facts it gave."""
    from domain.facts import Note
    from nlp_pipeline import extract

    notes = [Note(id=str(number), patient_id="benchmark", text=text) for number, text in enumerate(texts)]
    began = process_time()
    count = sum(len(facts) for facts in extract(notes, nlp=nlp))
    return process_time() - began, count


def show(title: str, parts: Counter[str], notes: int) -> None:
    """A table of the parts, the largest first."""
    total = parts.total()
    print(f"{title}: {total:.2f} s, {notes / total:.1f} notes/s")
    for name, seconds in parts.most_common():
        print(f"  {name:<28}{seconds:>8.3f} s {100 * seconds / total:>5.1f} %")


def scale_length(nlp: Language) -> None:
    """Time against length: a repeated word, and a note repeated."""
    for text, name in (
        ("fever ", '"fever "'),
        ("Denies chest pain. BP 120/80. Takes aspirin 81 mg daily.\n", "a line"),
    ):
        for times in (300, 3000, 30000):
            began = process_time()
            nlp(text * times)
            print(f"{name} * {times}: {process_time() - began:.3f} s")


def scale_processes(texts: Sequence[str], processes: int) -> None:
    """Wall seconds of the batch door with one process and with several."""
    from nlp_pipeline import extract_rows

    rows = [{"id": number, "text": text} for number, text in enumerate([*texts] * 10)]
    seconds = []
    for count in (1, processes):
        began = perf_counter()
        done = sum(1 for _ in extract_rows(rows, processes=count))
        seconds.append(perf_counter() - began)
        print(f"extract_rows, {count} processes: {done} notes in {seconds[-1]:.1f} s")
    print(f"speed-up on {processes} processes: {seconds[0] / seconds[1]:.2f}")


if __name__ == "__main__":
    main()
