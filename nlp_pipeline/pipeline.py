"""The pipeline: medspaCy's tokenizer and the components in their order."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

# What stock medspaCy reads as well: headers, sentences, entities and their assertions.
_ENTITIES = ("charttwin_sections", "charttwin_sentences", "charttwin_targets", "charttwin_context")
PROFILES = ("default", "entities")


def build_pipeline(profile: str = "default") -> Language:
    """A spaCy pipeline on medspaCy's tokenizer and ConText types that reads a clinical note into `Doc._.chart`.

    Args:
        profile: "default" reads everything; "entities" stops at entities and their assertions, for twice the speed.

    Raises:
        InvalidInput: the profile is not known.
    """
    from domain.errors import InvalidInput

    if profile not in PROFILES:
        raise InvalidInput(f"unknown profile; choose one of {', '.join(PROFILES)}", accepted=PROFILES)
    with _without_collection():
        from nlp_pipeline.components import ORDER

        nlp = _blank()
        for name in ORDER if profile == "default" else _ENTITIES:
            nlp.add_pipe(name)
        _settle()
    return nlp


_MAX_STRINGS = 1_000_000  # some 300 MB: spaCy keeps every word it ever saw, and a stream of notes never ends
_ROUND = 50_000  # new objects between two rounds of the garbage collector: those of some twenty notes
_default: Language | None = None


def default_pipeline() -> Language:
    """The default pipeline, built once per process, and again when the words it has seen fill its vocabulary."""
    global _default
    if _default is None or len(_default.vocab.strings) > _MAX_STRINGS:
        _default = build_pipeline()
    return _default


def _blank() -> Language:
    import spacy

    from nlp_pipeline.tokens import build_tokenizer

    nlp = spacy.blank("en")
    nlp.max_length = 10_000_000  # the limit protects parsers and NER; every component here is linear
    nlp.tokenizer = build_tokenizer(nlp)
    return nlp


@contextmanager
def _without_collection() -> Iterator[None]:
    """Let the garbage collector wait: what is loaded is kept, and going over it again and again is half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@lru_cache(maxsize=1)
def _settle() -> None:
    """Take what is loaded out of the garbage collector's rounds: it stays for good, and walking it costs a tenth of
    the time of every note. A fork then shares its memory too. Once only, since what is frozen is never collected.

    A note makes some thousand small objects; at the default of a round every 700 of them the rounds cost another tenth.
    """
    gc.freeze()
    gc.set_threshold(max(gc.get_threshold()[0], _ROUND), *gc.get_threshold()[1:])
