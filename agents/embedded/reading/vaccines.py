"""Vaccines that a question names by the disease alone: "was hepatitis B ever administered", "rabies, under vaccines"."""

from __future__ import annotations

import re
from functools import lru_cache

from agents.embedded.routing.asked_words import any_of
from nlp_pipeline.vocabulary import Vocabulary
from tools.concepts import Lexicon, Mention, normalise_name, tokenize

_CALLED = re.compile(r"\s+(?:vaccines?|shots?|jabs?|boosters?|vaccinations?|immuni[sz]ations?)$")
_LONGEST = 4  # words of a disease's name ("tick borne encephalitis")
_GOES_WITH = r"(?:the|a|an|any|his|her|their|our|for|with|on|against|seasonal|annual|yearly|winter|autumn|last|latest|first|second|third|another|previous|most recent|this (?:year|season|winter)'?s?)"
_FILLS = (
    r"(?:ever|been|was|were|is|are|has|have|had|already|yet|not|actually|last|first|previously|even|he|she|they|being)"
)
_OFFERED = re.compile(rf"{any_of('is_given')}\s+(?:{_GOES_WITH}\s+)*$", re.IGNORECASE)
_TREATED_FOR = re.compile(r"(?<!due )(?<!covered )(?<!date )\bfor\s+(?:(?:the|his|her|their)\s+)?$", re.IGNORECASE)
_WAS_GIVEN = re.compile(rf"\W*(?:{_FILLS}\s+)*(?:{any_of('is_given')}|done\b)", re.IGNORECASE)
_ITS_DATE = re.compile(r"\s*(?:dates?|doses?)\b(?!\s+of\s+(?:onset|diagnosis|test|result))", re.IGNORECASE)
_HAD = re.compile(
    r"\b(?:had|have|has|got|caught|get over|recover\w*|positive|infect\w*|diagnos\w*|history of|hx of|resolve\w*|clear\w*)\b",
    re.IGNORECASE,
)
_TESTED = re.compile(
    r"^\W*(?:\w+\s+)?(?:antigens?|ag|antibod\w+|titers?|titres?|serolog\w*|cultures?|pcr|igg|igm)\b", re.IGNORECASE
)
_HAD_HIS = re.compile(
    r"\b(?:had|got|get|have|getting) (?:his|her|their)\s+(?:annual |seasonal |yearly |winter )?$", re.IGNORECASE
)
_NEWEST = re.compile(r"\b(?:last|latest|most recent|newest|previous)\s+(?:seasonal\s+|annual\s+)?$", re.IGNORECASE)
# What is done about the disease itself, and not with a vaccine.
_OF_THE_DISEASE = re.compile(
    r"\W*(?:tests?|swabs?|pcr|antigens?|antibod\w+|titi?res?|serolog\w*|results?|diagnos\w*|treatment|therap\w+|antivirals?|infections?|symptoms?|illness\w*|positive|negative|status|screen\w*|immune globulin)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4)
def _diseases(vocabulary: Vocabulary) -> dict[str, str]:
    """The vaccine by the name of what it is against, where its own names end in "vaccine" or the like."""
    found: dict[str, str] = {}
    for concept in vocabulary.of_kind("immunization"):
        for name in (concept.label, *concept.surfaces):
            bare = _CALLED.sub("", words := normalise_name(name))
            if bare != words and not set(bare.split()) & {"adult", "seasonal"}:
                found.setdefault(bare, concept.id)
    return found


def vaccines_or_diseases(mentions: list[Mention], text: str, of_vaccines: bool, lexicon: Lexicon) -> list[Mention]:
    """The mentions with each disease as the vaccine against it, or each vaccine as the disease, where the words decide.

    Args:
        mentions: What was found.
        text: The question, blanked where it holds periods and quantities.
        of_vaccines: Whether it speaks of vaccines at all ("jab", "immunised").
        lexicon: The vaccines by name.
    """
    if of_vaccines:  # "covid jab": the vaccine, not the disease
        mentions = [only(with_vaccine(m, lexicon), "immunization") for m in with_vaccines(mentions, text, lexicon)]
    elif given := [m for m in with_vaccines(mentions, text, lexicon) if is_vaccine_here(m, text)]:
        others = [m for m in mentions if not any(g.start < m.end and m.start < g.end for g in given)]
        mentions = sorted([*others, *(only(m, "immunization") for m in given)], key=lambda m: m.start)
    elif _HAD.search(text):  # "had covid?": the disease, not the vaccine
        mentions = [only(m, "condition") if m.of_kind("immunization") is not None else m for m in mentions]
    return [m for m in (_without_tested(m, text) for m in mentions) if m.targets]


def with_vaccine(mention: Mention, lexicon: Lexicon) -> Mention:
    """A disease with the vaccine against it as a further meaning."""
    if any(t.kind == "immunization" for t in mention.targets) or not any(
        t.kind == "condition" for t in mention.targets
    ):
        return mention
    names = [
        f"{name} {what}" for t in mention.targets for name in (mention.text, t.label) for what in ("vaccine", "shot")
    ]
    vaccine = next((v for name in names if (v := lexicon.resolve(name, "immunization")) is not None), None)
    return mention.model_copy(update={"targets": (*mention.targets, vaccine)}) if vaccine is not None else mention


def with_vaccines(mentions: list[Mention], text: str, lexicon: Lexicon) -> list[Mention]:
    """The mentions with each disease that a vaccine is against as that vaccine."""
    diseases, tokens, found, position = _diseases(lexicon.vocabulary), tokenize(text), list[Mention](), 0
    while position < len(tokens):
        for length in range(min(_LONGEST, len(tokens) - position), 0, -1):
            run = tokens[position : position + length]
            vaccine = diseases.get(" ".join(t.norm for t in run))
            target = lexicon.resolve(vaccine, "immunization") if vaccine is not None else None
            longer = any(m.start <= run[0].start and run[-1].end < m.end for m in mentions)
            if target is not None and not longer and not _OF_THE_DISEASE.match(text[run[-1].end :]):
                start, end = run[0].start, run[-1].end
                found.append(Mention(start=start, end=end, text=text[start:end], targets=(target,)))
                position += length - 1
                break
        position += 1
    kept = [m for m in mentions if not any(f.start < m.end and m.start < f.end for f in found)]
    return sorted([*kept, *found], key=lambda m: m.start)


def is_vaccine_here(mention: Mention, text: str) -> bool:
    """Whether a disease stands where only a vaccine can: it was received, given, is due, or its date or dose is asked."""
    before, after = text[: mention.start], text[mention.end :]
    if _OF_THE_DISEASE.match(after) or _TREATED_FOR.search(before):
        return False
    return bool(
        _HAD_HIS.search(before)
        or _OFFERED.search(before)
        or _WAS_GIVEN.match(after)
        or (_NEWEST.search(before) and _ITS_DATE.match(after))
    )


def _without_tested(mention: Mention, text: str) -> Mention:
    """ "Pneumococcal antigen" is a test, not the vaccine."""
    if not _TESTED.match(text[mention.end :]):
        return mention
    return mention.model_copy(update={"targets": tuple(t for t in mention.targets if t.kind != "immunization")})


def only(mention: Mention, kind: str) -> Mention:
    """The mention read as one kind, where it can be."""
    targets = tuple(t for t in mention.targets if t.kind == kind)
    return mention.model_copy(update={"targets": targets}) if targets else mention
