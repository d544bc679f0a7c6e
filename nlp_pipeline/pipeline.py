"""The components in order, and nothing else."""

from __future__ import annotations

import contextlib
import gc
import io
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

PROFILES = ("default",)


def build_pipeline(profile: str = "default") -> Language:
    """A spaCy pipeline on medspaCy's tokenizer and ConText types that reads a clinical note into `Doc._.chart`.

    Args:
        profile: "default" is the only profile of this version.

    Raises:
        InvalidInput: the profile is not known.
    """
    from domain.errors import InvalidInput

    if profile not in PROFILES:
        raise InvalidInput(f"unknown profile; choose one of {', '.join(PROFILES)}", accepted=PROFILES)
    nlp = _blank()
    _register()
    for name in COMPONENTS:
        nlp.add_pipe(name)
    _settle()
    return nlp


COMPONENTS = (
    "charttwin_sections",
    "charttwin_sentences",
    "charttwin_targets",
    "charttwin_context",
    "charttwin_dates",
    "charttwin_quantities",
    "charttwin_sigs",
    "charttwin_allergies",
    "charttwin_family",
    "charttwin_social",
    "charttwin_demographics",
)


_MAX_STRINGS = 1_000_000  # some 300 MB: spaCy keeps every word it ever saw, and a stream of notes never ends
_default: Language | None = None


def default_pipeline() -> Language:
    """The default pipeline, built once per process, and again when the words it has seen fill its vocabulary."""
    global _default
    if _default is None or len(_default.vocab.strings) > _MAX_STRINGS:
        _default = build_pipeline()
    return _default


def _blank() -> Language:
    # medspaCy imports QuickUMLS, which prints and warns about resources that this pipeline does not use.
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        import medspacy  # noqa: F401
        import spacy
    from nlp_pipeline.tokens import build_tokenizer

    nlp = spacy.blank("en")
    nlp.max_length = 10_000_000  # the limit protects parsers and NER; every component here is linear
    nlp.tokenizer = build_tokenizer(nlp)
    return nlp


@lru_cache(maxsize=1)
def _settle() -> None:
    """Take what is loaded out of the garbage collector's rounds: it stays for good, and walking it costs a tenth of
    the time of every note. A fork then shares its memory too. Once only, since what is frozen is never collected.
    """
    gc.freeze()


@lru_cache(maxsize=1)
def _register() -> None:
    """Make the components known to spaCy by name."""
    from spacy.language import Language

    from nlp_pipeline import layers
    from nlp_pipeline.allergies import AllergyReader
    from nlp_pipeline.context import Context
    from nlp_pipeline.dates import DateReader
    from nlp_pipeline.demographics import DemographicReader
    from nlp_pipeline.family import FamilyReader
    from nlp_pipeline.quantities import QuantityReader
    from nlp_pipeline.sections import Sectionizer
    from nlp_pipeline.sentences import SentenceSplitter
    from nlp_pipeline.sigs import SigReader
    from nlp_pipeline.social import SocialReader
    from nlp_pipeline.targets import TargetMatcher
    from nlp_pipeline.vocabulary import load_vocabulary

    layers.register()
    Language.factory("charttwin_sections", func=lambda nlp, name: Sectionizer())
    Language.factory("charttwin_sentences", func=lambda nlp, name: SentenceSplitter())
    Language.factory("charttwin_targets", func=lambda nlp, name: TargetMatcher(nlp, load_vocabulary()))
    Language.factory("charttwin_context", func=lambda nlp, name: Context(nlp))
    Language.factory("charttwin_dates", func=lambda nlp, name: DateReader())
    Language.factory("charttwin_quantities", func=lambda nlp, name: QuantityReader(load_vocabulary()))
    Language.factory("charttwin_sigs", func=lambda nlp, name: SigReader())
    Language.factory("charttwin_allergies", func=lambda nlp, name: AllergyReader())
    Language.factory("charttwin_family", func=lambda nlp, name: FamilyReader())
    Language.factory("charttwin_social", func=lambda nlp, name: SocialReader())
    Language.factory("charttwin_demographics", func=lambda nlp, name: DemographicReader())
