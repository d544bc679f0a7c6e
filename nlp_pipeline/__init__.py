"""Clinical notes to facts: a medspaCy pipeline whose every fact keeps the characters it was read from.

    from nlp_pipeline import extract

    for facts in extract(notes):
        ...

Importing this package costs little: spaCy and medspaCy load when the first pipeline is built.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nlp_pipeline.version import EXTRACTOR_VERSION

if TYPE_CHECKING:
    from nlp_pipeline.batch import extract_rows
    from nlp_pipeline.extraction import assert_spans, extract
    from nlp_pipeline.pipeline import build_pipeline
    from nlp_pipeline.structure.sections import Section, find_sections
    from nlp_pipeline.structure.sentences import split_sentences

__all__ = [
    "EXTRACTOR_VERSION",
    "Section",
    "assert_spans",
    "build_pipeline",
    "extract",
    "extract_rows",
    "find_sections",
    "split_sentences",
]
_HOME = {
    "Section": "nlp_pipeline.structure.sections",
    "assert_spans": "nlp_pipeline.extraction",
    "build_pipeline": "nlp_pipeline.pipeline",
    "extract": "nlp_pipeline.extraction",
    "extract_rows": "nlp_pipeline.batch",
    "find_sections": "nlp_pipeline.structure.sections",
    "split_sentences": "nlp_pipeline.structure.sentences",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
