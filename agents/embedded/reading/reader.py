"""A question read into typed slots: clinical names, calculators, time expressions, numbers, statistics, comparisons."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib import resources
from itertools import islice, product

from agents.embedded.reading.calculator_names import ModelNames
from agents.embedded.reading.homonyms import other_meanings
from agents.embedded.reading.mending import Mender
from agents.embedded.reading.mentions import (
    is_of_unknown_kind,
    with_procedure,
    with_whole_pressure,
    without_aids,
    without_allergy_itself,
    without_covering_panels,
    without_everyday_verbs,
    without_given_oxygen,
    without_pets,
    without_visits,
)
from agents.embedded.reading.places import position_of as position_of
from agents.embedded.reading.places import statistic_of as statistic_of
from agents.embedded.reading.record_names import RecordNames
from agents.embedded.reading.units_asked import NUMBER, ucum, unit_of, unit_spans
from agents.embedded.reading.vaccines import vaccines_or_diseases
from agents.embedded.reading.wording import CUES as CUES
from agents.embedded.reading.wording import cues_of
from agents.embedded.reading.wording import plain as plain
from domain.facts import Frozen
from tools.catalogue import DERIVED_MODELS, is_panel
from tools.concepts import Lexicon, Mention, common_words, normalise_name, tokenize
from tools.times.periods import Period, find_periods

# Each slot is masked by one everyday member of its kind, so that a masked question is still a natural sentence.
PROTOTYPES = {
    "observation": "potassium",
    "medication": "metformin",
    "drug_class": "statins",
    "condition": "asthma",
    "procedure": "colonoscopy",
    "immunization": "flu shot",
    "allergen": "penicillin",
    "model": "meld score",
    "panel": "lipid panel",
    "vitals": "vital signs",
    "period": "in 2019",
    "number": "140",
}


class Number(Frozen):
    """A number of the question with its unit, if one follows."""

    value: float
    unit: str
    start: int
    end: int


class Slot(Frozen):
    """A filled slot: what kind it is masked as, and what it means. Unknown words have a kind but no target id."""

    kind: str
    start: int
    end: int
    text: str
    id: str = ""
    known: bool = True
    score: float = 1.0


class Variant(Frozen):
    """One way to read the names of a question, with the masked sentence that the router compares."""

    slots: tuple[Slot, ...]
    masked: str
    cues: frozenset[str] = frozenset()
    in_record: int = 0  # how many of the names the patient's record has

    def of(self, *kinds: str) -> Slot | None:
        """The first slot of these kinds."""
        return next((s for kind in kinds for s in self.slots if s.kind == kind), None)


class Question(Frozen):
    """A question with everything found in it that does not depend on how it is routed."""

    text: str
    periods: tuple[Period, ...]
    numbers: tuple[Number, ...]
    variants: tuple[Variant, ...]
    unit: str = ""  # the unit that the answer is wanted in
    unknown: str = ""  # words that carry the subject but no vocabulary knows

    @property
    def period(self) -> Period | None:
        """The time expression, where there is one."""
        return self.periods[0] if self.periods else None


class Reader:
    """Reads questions against one vocabulary and one model catalogue; shared by all sessions."""

    def __init__(self, lexicon: Lexicon, models: ModelNames, known_words: Mapping[str, int] | None = None) -> None:
        self.lexicon = lexicon
        self.models = models
        self._known_words = (
            known_words or {}
        )  # the words of the exemplars: they shape a question, they are not its subject
        self.mender = Mender(lexicon, self._known_words)

    def read(
        self, text: str, as_of: datetime, record: RecordNames | None = None, own: frozenset[str] = frozenset()
    ) -> Question:
        """The question's slots; `record` adds the names that only this patient's record has, and keeps what was read."""
        if record is None:
            return self._read(text, as_of, None, own)
        asked = (text, as_of, own)
        if asked not in record.readings:
            record.readings[asked] = self._read(text, as_of, record, own)
        return record.readings[asked]

    def _read(self, text: str, as_of: datetime, record: RecordNames | None, own: frozenset[str]) -> Question:
        periods = find_periods(text, as_of)
        blanked = _blank(text, [(p.start, p.end) for p in periods])
        measured = [(m.start(), m.end()) for m in NUMBER.finditer(blanked) if m["unit"]]
        units = unit_spans(blanked)
        with_units = _blank(blanked, measured)
        blanked = _blank(with_units, units)  # "1000 mg" is a quantity, not magnesium
        other = other_meanings(blanked)
        clinical = _blank(blanked, other)
        named = self.lexicon.find_mentions(clinical)
        said = [
            p
            for p in self._phrases(with_units)  # "how many pounds is he": the unit is part of the phrase
            if not any(p.start < e and s < p.end for s, e in other)  # "how heavy a smoker"
            and not any(
                m.score == 1 and m.start < p.end and p.start < m.end and m.end - m.start >= p.end - p.start
                for m in named
            )
        ]
        named = [m for m in named if not any(p.start < m.end and m.start < p.end for p in said)]
        if (
            "allergy" not in cues_of(text) and not _EATS.search(text) and len(tokenize(text)) > 2
        ):  # pets and foods are allergens only to allergies
            named = [m for m in named if any(t.kind != "allergen" for t in m.targets)]
        mentions = [m for m in (without_visits(m) for m in named) if m.targets]
        everything = sorted([*said, *mentions], key=lambda m: m.start)
        everything = with_whole_pressure(without_everyday_verbs(everything, blanked), self.lexicon, blanked)
        mentions = without_covering_panels(without_pets(without_aids(everything, blanked), blanked), self.lexicon)
        mentions = without_given_oxygen(mentions, blanked)
        mentions = without_allergy_itself(mentions)
        mentions = [with_procedure(m, blanked, record) for m in mentions]
        models = self.models.find(clinical)
        asked = cues_of(text)
        wants_model = bool(asked & {"calculate", "what_if"}) and not asked & {"average", "extreme", "trend", "count"}
        mentions = vaccines_or_diseases(mentions, blanked, "vaccine" in asked, self.lexicon)
        unknown = self._unknown_phrase(blanked, [*everything, *mentions], models, own)
        kind = next((m for m in mentions if unknown and is_of_unknown_kind(m, blanked[unknown[1] :], unknown[1])), None)
        if unknown is not None and kind is not None:  # "the pituitary operation": not any operation
            mentions, unknown = [m for m in mentions if m is not kind], (unknown[0], kind.end)
        if any(t.kind == "medication" for m in mentions for t in m.targets):
            mentions = [m for m in mentions if m.text != "mg"]  # "atorvastatin mg": its dose, and no magnesium
        choices = [self._slot_choices(m, models, wants_model, record) for m in mentions]
        choices += self._model_only(mentions, models)
        choices = _without_outputs_of_models(choices)
        unknown_text = blanked[unknown[0] : unknown[1]] if unknown else ""
        if unknown:
            modifies = any(m.start - 1 <= unknown[1] <= m.start for m in everything)  # "bladder botox" is a botox
            choices.append(self._unknown_choices(unknown, unknown_text, None if modifies else record))
        unmeasured = _blank(text, [(p.start, p.end) for p in periods])
        numbers = _numbers(_blank(unmeasured, [(m.start, m.end) for m in mentions if any(c.isdigit() for c in m.text)]))
        variants = [
            _variant(text, tuple(s for s in combination if s is not None), periods, numbers, units, record)
            for combination in islice(product(*choices), 24)
        ] or [_variant(text, (), periods, numbers, units, record)]
        return Question(
            text=text,
            periods=tuple(periods),
            numbers=tuple(numbers),
            variants=tuple(variants),
            unit=unit_of(text),
            unknown=unknown_text,
        )

    def _phrases(self, text: str) -> list[Mention]:
        """Everyday wordings ("how heavy is she") as the observation they ask for."""
        found: list[Mention] = []
        tokens = tokenize(text)
        for index in range(len(tokens)):
            for length in (3, 2, 1):
                words = " ".join(t.norm for t in tokens[index : index + length])
                target = everyday_phrases().get(words)
                if target is None or (found and found[-1].end > tokens[index].start):
                    continue
                concept = self.lexicon.vocabulary.get(*target)
                if concept is not None:
                    start, end = tokens[index].start, tokens[min(index + length, len(tokens)) - 1].end
                    found.append(
                        Mention(start=start, end=end, text=text[start:end], targets=(self.lexicon.target(concept),))
                    )
                    break
        return found

    @staticmethod
    def _slot_choices(
        mention: Mention, models: list[tuple[int, int, str]], wants_model: bool, record: RecordNames | None
    ) -> list[Slot | None]:
        model = next((m for m in models if m[0] <= mention.start and mention.end <= m[1]), None)
        choices: list[Slot | None] = []
        for target in mention.targets:
            kind = target.kind
            if kind == "observation" and is_panel(target.id):
                kind = "panel"
            elif kind == "observation" and target.id == "vital_signs":
                kind = "vitals"
            choices.append(
                Slot(
                    kind=kind,
                    start=mention.start,
                    end=mention.end,
                    text=mention.text,
                    id=target.id,
                    score=mention.score,
                )
            )
        if model is not None:
            longer = model[1] - model[0] > mention.end - mention.start
            slot = Slot(kind="model", start=model[0], end=model[1], text="", id=model[2])
            recorded = any(
                c is not None and c.kind == "observation" and record is not None and record.has(c.kind, c.id)
                for c in choices
            )
            if (
                recorded and not wants_model and not longer
            ):  # "LDL?" with LDL results on file asks for them, not for a formula
                return choices
            choices = [slot] if longer else [*choices, slot]
        return choices

    @staticmethod
    def _model_only(mentions: list[Mention], models: list[tuple[int, int, str]]) -> list[list[Slot | None]]:
        return [
            [Slot(kind="model", start=s, end=e, text="", id=i)]
            for s, e, i in models
            if not any(s <= m.start and m.end <= e for m in mentions)
            and not any(m.start <= s and e <= m.end for m in mentions)
        ]

    def _unknown_phrase(
        self, text: str, mentions: list[Mention], models: list[tuple[int, int, str]], own: frozenset[str]
    ) -> tuple[int, int] | None:
        """The longest run of words that are neither everyday words nor part of a known name."""
        runs: list[tuple[int, int]] = []
        covered = [(m.start, m.end) for m in mentions] + [(s, e) for s, e, _ in models]
        previous_index = -2
        for index, token in enumerate(tokenize(text)):
            inside = any(s <= token.start < e for s, e in covered)
            word = token.norm
            one = word if word.endswith("ss") else word.removesuffix("s")  # "edss" is no "ed"
            plain = word in common_words() or one in common_words() or word.isdigit() or len(word) < 3
            plain = plain or word in _TAILS or word == "plus"  # "gluten-free"
            if (
                inside
                or plain
                or word in own
                or word in self._known_words
                or (any(c.isdigit() for c in word) and not _A_CODE.fullmatch(word))
            ):
                continue
            if runs and index == previous_index + 1 and not text[runs[-1][1] : token.start].strip(" -'’"):
                runs[-1] = (runs[-1][0], token.end)
            else:
                runs.append((token.start, token.end))
            previous_index = index
        return max(runs, key=lambda r: r[1] - r[0], default=None)

    def _unknown_choices(self, span: tuple[int, int], text: str, record: RecordNames | None) -> list[Slot | None]:
        start, end = span
        in_record = record.find(text) if record is not None else []
        if in_record:
            return [Slot(kind=t.kind, start=start, end=end, text=text, id=t.id, score=0.95) for t in in_record]
        kinds = ("condition", "procedure", "observation", "medication", "immunization", "allergen")
        return [None, *[Slot(kind=k, start=start, end=end, text=text, known=False, score=0.8) for k in kinds]]


@lru_cache(maxsize=1)
def everyday_phrases() -> dict[str, tuple[str, str]]:
    """Wordings that no terminology has, with the kind and id of what they mean."""
    text = resources.files("agents.embedded").joinpath("phrases.json").read_text(encoding="utf-8")
    return {phrase: (kind, concept_id) for phrase, (kind, concept_id) in json.loads(text).items()}


def _without_outputs_of_models(choices: list[list[Slot | None]]) -> list[list[Slot | None]]:
    """ "CKD-EPI GFR" names the formula: the quantity it computes is not a second subject."""
    models = {c.id for options in choices for c in options if c is not None and c.kind == "model"}
    computed = {k for k, m in DERIVED_MODELS.items() if m in models}
    kept = []
    for options in choices:
        only_output = all(c is not None and c.kind == "observation" and c.id in computed for c in options)
        if not (
            only_output
            and any(c is not None and c.kind == "model" for other in choices if other is not options for c in other)
        ):
            kept.append(options)
    return kept


_A_CODE = re.compile(r"(?!q\d)[a-z]+\d+[a-z]+\d*|[a-z]{3,}\d+")  # "a1at", "t25fw": a name, and no number
_EATS = re.compile(r"\b(?:eats?|eating|ate|serve[ds]?|diet|menu|meals?|food)\b", re.IGNORECASE)
_TAILS = frozenset("free based like related induced type style self late".split())


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans without those inside a longer one."""
    return [s for s in set(spans) if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans)]


# "BP on 3/9": a day, whichever of the two is the month, and no limit.
_DAY_AND_MONTH = re.compile(r"(?<=\bon )(?:[12]?\d|3[01])/(?:[12]?\d|3[01])(?![\d/])")


def _numbers(text: str) -> list[Number]:
    return [
        Number(
            value=float(m["value"].replace(",", "")),
            unit=ucum(m["unit"]) if m["unit"] else "",
            start=m.start(),
            end=m.end("value"),
        )
        for m in NUMBER.finditer(_DAY_AND_MONTH.sub(lambda day: " " * len(day[0]), text))
    ]


def _variant(
    text: str,
    slots: tuple[Slot, ...],
    periods: list[Period],
    numbers: list[Number],
    units: list[tuple[int, int]],
    record: RecordNames | None,
) -> Variant:
    pieces = [(s.start, s.end, PROTOTYPES[s.kind]) for s in slots]
    pieces += [(p.start, p.end, PROTOTYPES["period"]) for p in periods]
    pieces += [(n.start, n.end, PROTOTYPES["number"]) for n in numbers]
    # A unit is an argument and no part of what kind of question it is.
    pieces += [(s, e, "") for s, e in _joined(units) if not any(a < e and s < b for a, b, _ in pieces)]
    masked = text
    for start, end, word in sorted(pieces, reverse=True):
        masked = masked[:start] + word + masked[end:]
    unnamed = _blank(text, [(s.start, s.end) for s in slots if normalise_name(s.text) not in everyday_phrases()])
    return Variant(
        slots=tuple(sorted(slots, key=lambda s: s.start)),
        masked=" ".join(masked.split()),
        cues=cues_of(_blank(unnamed, [(p.start, p.end) for p in periods])),
        in_record=sum(1 for s in slots if s.known and record is not None and record.has(s.kind, s.id)),
    )


def without_names(text: str, variant: Variant) -> str:
    """A text without the names that a reading of it fills slots with."""
    for slot in variant.slots:
        text = text[: slot.start] + " " * (slot.end - slot.start) + text[slot.end :]
    return text
