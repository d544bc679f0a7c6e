"""Precision and recall of de-identification on synthetic notes, ours and Presidio's where that is installed.

    python benchmarks/deidentify.py [--half tune|held] [--notes N] [--show]

An identifier counts as found when every letter and digit of it is covered, whatever it was called; what was found counts as
right when it touches an identifier. Presidio runs with its rule-based recognisers only: its names come from a language model
that is downloaded, which this project does not do.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections import Counter
from collections.abc import Callable

from evals.cases.deid.notes import MarkedNote, notes
from nlp_pipeline.deidentify import find_phi

Finder = Callable[[str], list[tuple[int, int, str]]]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", choices=("tune", "held"))
    parser.add_argument("--notes", type=int, default=400)
    parser.add_argument("--show", action="store_true", help="the first misses, of the synthetic notes")
    options = parser.parse_args()
    finders: dict[str, Finder] = {
        "charttwin": lambda text: [(s.start, s.end, s.category.value) for s in find_phi(text)]
    }
    if importlib.util.find_spec("presidio_analyzer"):
        finders["presidio, rules only"] = presidio()
    for half in (options.half,) if options.half else ("tune", "held"):
        for name, finder in finders.items():
            table(f"{half}: {name}", finder, list(notes(half, options.notes)), options.show)


def table(title: str, finder: Finder, marked: list[MarkedNote], show: bool) -> None:
    """One finder on one half, by category."""
    gold, hit, made, right = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    began, missed, wrong = time.perf_counter(), Counter[str](), Counter[str]()
    for note in marked:
        found = finder(note.text)
        covered = {i for start, end, _ in found for i in range(start, end)}
        identifying = {i for span in note.spans for i in range(span.start, span.end)}
        for span in note.spans:
            gold[span.category] += 1
            whole = all(i in covered or not note.text[i].isalnum() for i in range(span.start, span.end))
            hit[span.category] += whole
            if not whole:
                missed[f"{span.category}: {note.text[max(0, span.start - 20) : span.end + 12]!r}"] += 1
        for start, end, category in found:
            made[category] += 1
            good = any(i in identifying for i in range(start, end))
            right[category] += good
            if not good:
                wrong[f"{category}: {note.text[max(0, start - 20) : end + 12]!r}"] += 1
    seconds = time.perf_counter() - began
    print(
        f"\n{title} ({len(marked)} notes, {sum(len(n.text) for n in marked) / seconds / 1000:,.0f} thousand characters per second)"
    )
    for category in sorted(gold | made):
        recall = f"{hit[category] / gold[category]:.3f} of {gold[category]}" if gold[category] else "-"
        precision = f"{right[category] / made[category]:.3f} of {made[category]}" if made[category] else "-"
        print(f"  {category:10} recall {recall:16} precision {precision}")
    print(
        f"  {'all':10} recall {hit.total() / gold.total():.3f} of {gold.total():<7} precision {right.total() / max(made.total(), 1):.3f} of {made.total()}"
    )
    if show:
        print("  missed", *missed.most_common(25), sep="\n    ")
        print("  wrong", *wrong.most_common(25), sep="\n    ")


def presidio() -> Finder:
    """Presidio's pattern recognisers over a blank spaCy pipeline."""
    import spacy
    from presidio_analyzer import RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
            self.nlp = {"en": spacy.blank("en")}

    from presidio_analyzer import AnalyzerEngine

    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.recognizers = [r for r in registry.recognizers if "Spacy" not in type(r).__name__]
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
    names = {
        "PERSON": "name",
        "DATE_TIME": "date",
        "LOCATION": "location",
        "PHONE_NUMBER": "phone",
        "EMAIL_ADDRESS": "email",
        "URL": "url",
        "IP_ADDRESS": "ip",
    }

    def find(text: str) -> list[tuple[int, int, str]]:
        return [
            (r.start, r.end, names.get(r.entity_type, "id"))
            for r in engine.analyze(text, language="en")
            if r.score >= 0.3
        ]

    return find


if __name__ == "__main__":
    main()
