"""The components under the names by which any spaCy pipeline can add them: `nlp.add_pipe("charttwin_context")`.

The package announces them as entry points, so that spaCy finds them without an import of ours. Each leaves what it read
in `Doc._.chart` for those after it; the order in which all of them work is `ORDER`.
"""

# No `from __future__ import annotations` here: spaCy reads the annotations of factories, which must be types then.
import contextlib
import io
import warnings

from spacy.language import Language

from nlp_pipeline import layers
from nlp_pipeline.context.component import Context
from nlp_pipeline.context.family import FamilyReader
from nlp_pipeline.measurements.component import QuantityReader
from nlp_pipeline.medications.allergies import AllergyReader
from nlp_pipeline.medications.sigs import SigReader
from nlp_pipeline.person.demographics import DemographicReader
from nlp_pipeline.person.social import SocialReader
from nlp_pipeline.structure.sections import Sectionizer
from nlp_pipeline.structure.sentences import SentenceSplitter
from nlp_pipeline.targets import TargetMatcher
from nlp_pipeline.times.dates import DateReader
from nlp_pipeline.vocabulary import load_vocabulary

# medspaCy imports QuickUMLS, which prints and warns about resources that nothing here uses.
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import medspacy  # noqa: F401 - registers its extensions on Doc and Span

layers.register()

ORDER = (
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


@Language.factory("charttwin_sections")
def sections(nlp: Language, name: str) -> Sectionizer:
    """Section headers, in `Doc._.sections` too."""
    return Sectionizer()


@Language.factory("charttwin_sentences")
def sentences(nlp: Language, name: str) -> SentenceSplitter:
    """Sentence starts."""
    return SentenceSplitter()


@Language.factory("charttwin_targets")
def targets(nlp: Language, name: str) -> TargetMatcher:
    """Findings, drugs, procedures and tests as entities."""
    return TargetMatcher(nlp, load_vocabulary())


@Language.factory("charttwin_context")
def context(nlp: Language, name: str) -> Context:
    """The five ConText attributes of every entity, whichever component found it."""
    return Context(nlp)


@Language.factory("charttwin_dates")
def dates(nlp: Language, name: str) -> DateReader:
    """Dates and relative times."""
    return DateReader()


@Language.factory("charttwin_quantities")
def quantities(nlp: Language, name: str) -> QuantityReader:
    """Measured values."""
    return QuantityReader(load_vocabulary())


@Language.factory("charttwin_sigs")
def sigs(nlp: Language, name: str) -> SigReader:
    """How each drug is taken."""
    return SigReader()


@Language.factory("charttwin_allergies")
def allergies(nlp: Language, name: str) -> AllergyReader:
    """Allergens and reactions."""
    return AllergyReader()


@Language.factory("charttwin_family")
def family(nlp: Language, name: str) -> FamilyReader:
    """Which relative a finding is about."""
    return FamilyReader()


@Language.factory("charttwin_social")
def social(nlp: Language, name: str) -> SocialReader:
    """Smoking, alcohol and drug use."""
    return SocialReader()


@Language.factory("charttwin_demographics")
def demographics(nlp: Language, name: str) -> DemographicReader:
    """Age and sex."""
    return DemographicReader()
