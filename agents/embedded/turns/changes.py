"""The changes that a follow-up can make to what was asked before, each a function from the question to calls, or None."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from agents.embedded.planner import Call, Planner, Setting
from agents.embedded.reading.reader import Question
from agents.embedded.turns.aspects import ASPECTS, Change, others_call
from agents.embedded.turns.relative_periods import EVER, with_dates, without_period
from agents.embedded.turns.revisions import revised
from agents.embedded.turns.turns import Turn
from domain.predictions import ModelCard
from tools.catalogue import argument_models
from tools.concepts import tokenize
from tools.times.periods import find_periods

_FILLER = frozenset(
    "and what whats about how hows in for the a an then also same ok okay so but or it is was that this one ones those these "
    "his her their he she they value values level result reading please pls give me show convert converted expressed to as "
    "of at be would number with unit units lets can you could".split()
)
_REPEAT = re.compile(
    r"(?:(?:can|could) you )?(?:repeat|say|show|tell me|give me|run)\s+(?:that|it|this|(?:me )?(?:your|the) (?:last |previous )?(?:answer|result|reply)|the last one|yourself)(?:\s+(?:again|once more))*\W*|(?:come again|once more|again|same again|pardon|what was that)\W*",
    re.IGNORECASE,
)
_EXPLAIN = re.compile(
    r"(?:how (?:was|is|did you|do you) (?:that|it|this)?\s*(?:calculated?|computed?|worked? (?:it |that )?out|get (?:that|it))|what does (?:that|it|this) mean|what(?:'s| is) (?:that|it) based on|(?:show|list|give|what are)(?: me)?(?: the)? (?:inputs?|working|details|numbers used|components)|explain(?: (?:that|it|this))?|break(?: (?:it|that))? down)\W*",
    re.IGNORECASE,
)
_OUTPUTS = frozenset(
    "trough troughs peak peaks auc auc24 exposure level levels concentration probability steady state".split()
)
_SOURCE = re.compile(
    r"(?:(?:in )?(?:which|what) (?:notes?|documents?|entry|entries|visit notes?)\b.{0,45}"
    r"|(?:where|who)(?:'s| is| was| does| did| has| do)?\b.{0,15}\b(?:says?|said|states?|stated|written|wrote|documented|recorded|come[s]? from|from|mention(?:s|ed)?)\b.{0,25}"
    r"|(?:(?:what(?:'s| is| are)?|show(?: me)?|give me) )?(?:the |your )?(?:sources?|evidence|references?|citations?)(?: (?:for|of) (?:that|this|it))?|how do you know(?: that| this)?|says who|based on what"
    r"|(?:do|does|did) (?:the |any )?notes? (?:also )?(?:mention|say|confirm|agree|support|document|back)\b.{0,30}|(?:is|was) (?:it|that|this) (?:also )?(?:in|documented in|mentioned in|confirmed in|supported by) (?:the |any |a )?notes?)\W*",
    re.IGNORECASE,
)
_ONLY_NOTES = re.compile(r"^(?:do|does|did|is|was)\b", re.IGNORECASE)
_NOTE_TOOLS = frozenset({"search_notes", "section_of_note", "list_notes"})
_EARLIER = re.compile(
    r"(?:the |any(?:thing)? )?(?:(?P<n>two|three|four|\d) )?(?:values?|results?|readings?|visits?|ones?)?\s*(?:before|earlier|prior|previous|preceding|further back)(?: (?:that|it|this|one|ones|then|value|result|reading|visit|to that|still))*\W*",
    re.IGNORECASE,
)
_STEPS = {"two": 2, "three": 3, "four": 4}
_STEPPED = frozenset({"latest", "is_normal", "encounters", "procedures", "immunizations"})
_REFERENCE = re.compile(
    r"\bthe (?P<which>other|first|second|third|last|latter|former)(?: (?:one|two|of (?:them|these|those|the two)|drug|med(?:ication)?|medicine|lab|value|test|problem|condition|procedure))?(?=\W|$)",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "former": 0, "second": 1, "third": 2, "latter": -1, "last": -1}
_UNIT = re.compile(
    r"(?<![\w/])(?P<unit>mmol/mol|[mµun]?mol(?:/l)?|(?:milli|micro)moles?(?: per lit(?:er|re))?|[mµunp]?g/d?l|m?[iu]u/m?l|meq/l|mmhg|kpa|kilograms?|kgs?|grams?|pounds?|lbs?|stones?|centimet(?:er|re)s?|met(?:er|re)s?|cm|inch(?:es)?|feet|foot|(?:degrees )?(?:celsius|centigrade|fahrenheit)|°?[cf]|percent|%)(?![\w/])",
    re.IGNORECASE,
)
_UNITS = {
    "kilogram": "kg", "kilograms": "kg", "kgs": "kg", "gram": "g", "grams": "g", "pound": "lb", "pounds": "lb", "lbs": "lb",
    "stone": "[stone_av]", "stones": "[stone_av]", "centimeter": "cm", "centimetre": "cm", "centimeters": "cm",
    "centimetres": "cm", "meter": "m", "metre": "m", "meters": "m", "metres": "m", "inch": "[in_i]", "inches": "[in_i]",
    "feet": "[ft_i]", "foot": "[ft_i]", "celsius": "Cel", "centigrade": "Cel", "c": "Cel", "°c": "Cel",
    "fahrenheit": "[degF]", "f": "[degF]", "°f": "[degF]", "percent": "%", "mmhg": "mm[Hg]",
    "mmol": "mmol/L", "umol": "umol/L", "µmol": "umol/L", "nmol": "nmol/L", "mol": "mol/L",
}  # fmt: skip
_MOLES = {"milli": "mmol/L", "micro": "umol/L"}
_LABELS = {"concept": "observation", "drug": "medication", "substance": "allergen"}
_MAY_SUPPOSE = re.compile(r"\d|\bif\b|\bwith|\bsuppos|\bassum|\b[btq]i?d\b|\bdaily\b|\bdos(?:e|ing)\b", re.IGNORECASE)
RUNS = frozenset({"what_if", "calculate"})

Cards = Callable[[], Sequence[ModelCard]]


class Asked(NamedTuple):
    """A question beside the turns it may lean on, newest first."""

    planner: Planner
    text: str
    stripped: str  # without lead-in words
    setting: Setting
    turns: Sequence[Turn]
    cards: Cards

    @property
    def question(self) -> Question:
        """The question as the reader reads it."""
        return self.planner.reader.read(self.stripped, self.setting.as_of, self.setting.record, self.setting.people.own)

    @property
    def names_something(self) -> bool:
        """Whether it has a clinical name of its own."""
        return any(slot.known for variant in self.question.variants for slot in variant.slots)


def changed_calls(asked: Asked) -> Iterator[list[Call]]:
    """The calls that each kind of change gives, surest first."""
    for change in (
        _repeated,
        _in_unit,
        _aspect,
        _earlier,
        _others,
        _sourced,
        _supposed,
        _referred,
        _ever,
        _at_another_time,
    ):
        if found := change(asked):
            yield found


def is_filler(text: str, more: frozenset[str] = frozenset()) -> bool:
    """Whether nothing but lead-in words stands there."""
    return all(token.norm in _FILLER or token.norm in more for token in tokenize(text))


def _repeated(asked: Asked) -> list[Call] | None:
    calls = list(asked.turns[0].calls)
    if _REPEAT.fullmatch(asked.stripped):
        return calls
    explained = _EXPLAIN.fullmatch(asked.stripped) or is_filler(asked.stripped, _OUTPUTS)
    if explained and tokenize(asked.stripped) and all(c.tool in RUNS for c in calls):
        return calls  # a run is always shown with its inputs and all its outputs
    return None


def _in_unit(asked: Asked) -> list[Call] | None:
    """ "in mmol/L?": the value that was given, in another unit."""
    match = _UNIT.search(asked.stripped)
    if match is None or re.search(r"\d", asked.stripped):
        return None
    rest = f"{asked.stripped[: match.start()]} {asked.stripped[match.end() :]}"
    if not is_filler(rest) or (len(match["unit"]) == 1 and not re.search(r"\bin\b", asked.stripped, re.IGNORECASE)):
        return None
    unit = match["unit"].lower().removeprefix("degrees ")
    wanted = _UNITS.get(unit) or _MOLES.get(unit[:5]) or match["unit"].replace("µ", "u")
    calls = []
    for call in _newest(asked.turns, lambda c: bool(c.arguments.get("concept"))):
        kept = {k: v for k, v in call.arguments.items() if k in {"concept", "offset", "first", "period"}}
        calls.append(Call(tool="latest", arguments={**kept, "unit": wanted}, intent="observation.latest"))
    return calls


def _aspect(asked: Asked) -> list[Call] | None:
    """ "since when?", "plot it", "is that normal?": another side of what was talked about."""
    for aspect in ASPECTS:
        if not aspect.pattern.fullmatch(asked.stripped):
            continue
        if calls := _newest(asked.turns, partial(_has_tool, tools=frozenset(aspect.changes))):
            return [_side(call, aspect.changes) for call in calls]
    return None


def _has_tool(call: Call, tools: frozenset[str]) -> bool:
    return call.tool in tools


def _side(call: Call, changes: dict[str, Change]) -> Call:
    change = changes[call.tool]
    kept = {k: v for k, v in call.arguments.items() if k in change.keeps}
    return Call(tool=change.tool, arguments={**kept, **change.sets}, intent=change.intent)


def _earlier(asked: Asked) -> list[Call] | None:
    """ "earlier?", "two before that": further back in the series that is being read."""
    match = _EARLIER.fullmatch(asked.stripped)
    last = asked.turns[0].calls[-1]
    if match is None or last.tool not in _STEPPED or last.arguments.get("first"):
        return None
    given = (match["n"] or "1").lower()
    offset = int(last.arguments.get("offset", 0)) + (int(given) if given.isdigit() else _STEPS[given])
    kept = {
        k: v
        for k, v in last.arguments.items()
        if k in {"concept", "name", "kind", "reason", "period", "unit", "seen_by"}
    }
    if last.arguments.get("concept"):
        return [Call(tool="latest", arguments={**kept, "offset": offset}, intent="observation.previous")]
    return [Call(tool=last.tool, arguments={**kept, "aspect": "last", "offset": offset})]


def _others(asked: Asked) -> list[Call] | None:
    """ "any others?", "what else does she have?": the list that was asked about in part."""
    for turn in asked.turns:
        for call in turn.calls:
            if (wanted := others_call(asked.stripped, call.tool)) is not None:
                tool, arguments = wanted
                of_kind = tool == call.tool == "encounters" and "kind" in call.arguments
                kept = {"kind": call.arguments["kind"]} if of_kind else {}
                return [Call(tool=tool, arguments={**kept, **arguments})]
    return None


def _sourced(asked: Asked) -> list[Call] | None:
    """ "which note says so?": the same again, which cites it, and what the notes say about it."""
    if not _SOURCE.fullmatch(asked.stripped) or asked.names_something:
        return None
    calls = asked.turns[0].calls
    if calls[0].tool in _NOTE_TOOLS:
        return list(calls)
    subject = asked.planner._subject(calls[-1])
    searched = [Call(tool="search_notes", arguments={"query": subject, "near": False})] if subject else []
    return searched if searched and _ONLY_NOTES.match(asked.stripped) else [*calls, *searched]


def _supposed(asked: Asked) -> list[Call] | None:
    """ "same but q8h", "what if her creatinine were 2?": the model that was run, with something changed."""
    runs = _newest(asked.turns, lambda c: c.tool in RUNS and bool(c.arguments.get("model")))
    if not runs or not _MAY_SUPPOSE.search(asked.text):
        return None
    by_id = {card.id: card for card in asked.cards()}
    question, lexicon = asked.question, asked.planner.reader.lexicon
    changed = [
        found
        for call in runs
        if (card := by_id.get(call.arguments["model"])) is not None
        and (found := revised(call, asked.stripped, asked.text, question, card, lexicon)) is not None
    ]
    return changed or None


def _referred(asked: Asked) -> list[Call] | None:
    """ "and the other one?", "is the second normal?": one of several that were named, in its own words."""
    match = _REFERENCE.search(asked.stripped)
    if match is None or asked.names_something:
        return None
    meant = _meant(match["which"].lower(), asked.turns)
    if meant is None:
        return None
    slot, value = meant
    rest = f"{asked.stripped[: match.start()]} {asked.stripped[match.end() :]}"
    if is_filler(rest):
        last = next((c for c in asked.turns[0].calls if slot in c.arguments), None)
        return [last.model_copy(update={"arguments": {**last.arguments, slot: value}})] if last is not None else None
    vocabulary = asked.planner.reader.lexicon.vocabulary
    kinds = (_LABELS.get(slot, ""), "condition", "procedure", "immunization", "drug_class")
    concept = next((c for kind in kinds if kind and (c := vocabulary.get(kind, value)) is not None), None)
    label = concept.label if concept is not None else value.removeprefix("record:").replace("_", " ")
    restated = f"{asked.stripped[: match.start()]}{label}{asked.stripped[match.end() :]}"
    return list(asked.planner.plan(restated, asked.setting).calls) or None


def _meant(which: str, turns: Sequence[Turn]) -> tuple[str, str] | None:
    """The slot and value that "the other", "the first" or "the latter" stands for."""
    named = [_subjects(turn) for turn in turns]
    if which != "other":
        several = next((subjects for subjects in named if len(subjects) > 1), None)
        return several[_PLACES[which]] if several is not None and _PLACES[which] < len(several) else None
    focus = named[0][0] if named and len(named[0]) == 1 else None
    if focus is None:
        return None
    earlier = [s for subjects in named for s in reversed(subjects) if s[0] == focus[0] and s != focus]
    return earlier[0] if earlier else None


def _subjects(turn: Turn) -> list[tuple[str, str]]:
    found = [
        (slot, str(call.arguments[slot]))
        for call in turn.calls
        for slot in ("concept", "drug", "substance", "name")
        if call.arguments.get(slot)
    ]
    return list(dict.fromkeys(found))


def _ever(asked: Asked) -> list[Call] | None:
    """ "ever?", "overall?": the same without its period."""
    if EVER.search(asked.stripped) is None or not is_filler(EVER.sub(" ", asked.stripped)):
        return None
    calls = asked.turns[0].calls
    return [without_period(c) for c in calls] if any(c.arguments.get("period") for c in calls) else None


def _at_another_time(asked: Asked) -> list[Call] | None:
    """ "and in 2024?", "since then?": the same over another period, where its tools take one."""
    text = with_dates(asked.stripped, asked.turns[0].calls, asked.setting.as_of)
    periods = find_periods(text, asked.setting.as_of)
    if len(periods) != 1 or not is_filler(f"{text[: periods[0].start]} {text[periods[0].end :]}"):
        return None
    calls = [c for c in asked.turns[0].calls if takes_period(c.tool)]
    return [c.model_copy(update={"arguments": {**c.arguments, "period": periods[0].label}}) for c in calls]


def takes_period(tool: str) -> bool:
    """Whether a tool can look at a stretch of time."""
    model = argument_models().get(tool)
    return model is not None and "period" in model.model_fields


def _newest(turns: Sequence[Turn], fits: Callable[[Call], bool]) -> list[Call]:
    """The fitting calls of the newest turn that has any."""
    return next((found for turn in turns if (found := [c for c in turn.calls if fits(c)])), [])
