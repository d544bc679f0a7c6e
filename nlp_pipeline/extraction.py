"""Notes to facts as a stream, and assertions for spans that somebody else marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from domain.facts import Assertion, Fact, Note
from nlp_pipeline.parallel import batched, map_batches

if TYPE_CHECKING:
    from spacy.language import Language


def extract(
    notes: Iterable[Note], nlp: Language | None = None, batch_size: int = 16, processes: int = 1
) -> Iterator[list[Fact]]:
    """The facts of each note, in the order of the notes; reads ahead one batch at most for each process.

    Args:
        notes: Any iterable, also a generator that never ends.
        nlp: A pipeline of `build_pipeline`; by default one is built once per process.
        batch_size: How many notes are read before the first facts come.
        processes: Worker processes; each uses the default pipeline. Worth it from some thousand notes on.
    """
    from nlp_pipeline.facts import facts_of
    from nlp_pipeline.pipeline import default_pipeline

    if processes > 1:
        default_pipeline()  # before the fork, so that the processes share it
        yield from map_batches(_facts_of_batch, notes, batch_size, processes)
        return
    for batch in batched(notes, batch_size):
        language = nlp or default_pipeline()
        for doc, note in language.pipe(((note.text, note) for note in batch), as_tuples=True):
            yield facts_of(doc, note)


def _facts_of_batch(batch: list[Note]) -> list[list[Fact]]:
    return list(extract(batch, batch_size=len(batch)))


def assert_spans(text: str, spans: Sequence[tuple[int, int]], nlp: Language | None = None) -> list[Assertion]:
    """The five attributes of each marked span, in the order given; spans may overlap.

    Args:
        text: The note or sentence.
        spans: Characters [start, end) of each concept.
        nlp: A pipeline of `build_pipeline`; by default one is built once per process.

    Raises:
        InvalidInput: a span is empty or reaches outside the text; `details["index"]` says which.
    """
    from domain.errors import InvalidInput
    from nlp_pipeline.context.component import ATTRIBUTES, Context
    from nlp_pipeline.pipeline import default_pipeline

    for index, (start, end) in enumerate(spans):
        if not 0 <= start < end <= len(text):
            raise InvalidInput(f"span {index} must hold 0 <= start < end <= {len(text)}", index=index)
    language = nlp or default_pipeline()
    doc = language.make_doc(text)
    for name in ("charttwin_sections", "charttwin_sentences"):
        doc = language.get_pipe(name)(doc)
    marked = [doc.char_span(start, end, label="TARGET", alignment_mode="expand") for start, end in spans]
    context = language.get_pipe("charttwin_context")
    assert isinstance(context, Context)
    judged = context.matcher.judge(doc, marked)
    return [Assertion(**{a: True for category, _ in hits for a in ATTRIBUTES[category]}) for hits in judged]
