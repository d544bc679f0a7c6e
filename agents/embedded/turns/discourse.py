"""A question read in the light of the turns before it, before it is planned on its own.

A follow-up says only what changes: its words are lead-ins, references, and one change ("and before that?", "in mmol/L",
"since when?", "any others?", "same but q8h"). Where these explain the whole sentence, the change is made to the calls of
the newest turn that it fits. Anything left over makes it a question of its own, which inherits neither period nor drug.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents import guards
from agents.embedded.planner import Plan, Planner, Setting
from agents.embedded.reading.note_source import note_whose_author_is_asked
from agents.embedded.reading.reader import plain
from agents.embedded.turns.changes import RUNS, Asked, Cards, changed_calls, is_filler, takes_period
from agents.embedded.turns.relative_periods import EVER, with_dates, with_day, without_period
from agents.embedded.turns.turns import Turn
from tools.times.periods import find_periods

_LONGEST = 160  # characters; what changes one thing is short, and the patterns need not meet anything longer
_RESULTS = frozenset({"observation", "panel", "vitals"})
_LOOKS_BACK = 3  # turns; what lies further back is asked for by name
_LEAD = re.compile(
    r"(?:(?:and|ok(?:ay)?|so|then|but|or|also|now|no|nope|sorry|actually|wait|hmm+|right|well|great|thanks|thank you|please|pls|rather|i (?:meant|mean)(?: to (?:ask|say))?(?: (?:for|about))?|correction|make (?:it|that)|what about|how about|(?:going )?back to|returning to|regarding|as for)\b[\s,.:;–-]*)+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[\s,]*\b(?:please|pls|thanks|thank you|(?<!since )(?<!before )(?<!after )(?<!until )(?<!from )(?<!by )then|though|again|exactly|instead)\b)+\W*$",
    re.IGNORECASE,
)
_RECALL = re.compile(
    r"\b(?:what|which)\b.{0,20}\b(?:did|have|had|was|were|is)\b.{0,12}\b(?:i|my|we)\b.{0,30}\b(?:ask(?:ed|ing)?|questions?|talk(?:ed|ing)? about|discuss(?:ed|ing)?|cover(?:ed)?)\b"
    r"|^\W*(?:list|show|recap|repeat|remind me of|go (?:back )?over)\b.{0,20}\b(?:my|our)\b.{0,12}\bquestions?\b|\bwhat was i (?:just )?asking\b",
    re.IGNORECASE,
)
_ALL_QUESTIONS = re.compile(r"\b(?:so far|all|everything|questions|today|until now|up to now)\b", re.IGNORECASE)
_FIRST_QUESTION = re.compile(r"\b(?:first|initial(?:ly)?|originally|start(?:ed)? with|begin(?:ning)?)\b", re.IGNORECASE)
_RELATIVE = re.compile(
    rf"(?:(?:for|of|with) )?(?:his|her|their|the|my) (?:{guards.RELATIONS})(?:['’]?s)?\W*", re.IGNORECASE
)
_OTHER_NAME = re.compile(r"\b(?:the )?other (?P<name>[A-Za-z][A-Za-z'’-]+)", re.IGNORECASE)
_SUPPOSES_VALUE = re.compile(r"\b(?:if|suppos\w+|assum\w+)\b.*(?:\d|\bhad\b)", re.IGNORECASE)
_AS_IT_STANDS = (
    "That is only known as it stands, so nothing was looked up for another time. To look back, ask the first question "
    "again as of that date."
)


def plan_in_context(planner: Planner, text: str, setting: Setting, turns: Sequence[Turn], cards: Cards) -> Plan:
    """The plan for a question after these turns, newest first.

    Args:
        planner: What plans a question that stands on its own, or that leans on the turn before it.
        text: The question.
        setting: The moment, the people and the names of the open record.
        turns: The conversation so far.
        cards: The twin's model cards, asked for when a what-if is changed.
    """
    known = [turn for turn in turns if turn.understood]
    if not turns or len(text) > _LONGEST:
        return planner.plan(text, setting, known[0].calls if known else ())
    if _RECALL.search(text):
        return Plan(reply=_what_was_asked(text, turns))
    if known:
        slots = [s for v in planner.read(text, setting).variants for s in v.slots if s.known]
        text = with_day(text, known[0].day, setting.as_of, any(s.kind in _RESULTS for s in slots))
    stripped = _stripped(plain(text).strip())
    is_family = bool(known) and all(c.tool == "family_history" for c in known[0].calls)
    if is_family and _RELATIVE.fullmatch(stripped):
        return Plan(calls=known[0].calls)  # it says of each finding which relative has it
    if _is_about_somebody_else(stripped, text, setting):
        return Plan(reply=guards.OTHER_PATIENT, refused=True)
    if not known:
        return planner.plan(text, setting)
    if (note := note_whose_author_is_asked(stripped)) is not None and not note.lower().startswith(
        ("that", "this", "it")
    ):
        return planner.plan(
            text, setting
        )  # "who wrote the last note" names it, and asks for no source of the last answer
    asked = Asked(planner, text, stripped, setting, known[:_LOOKS_BACK], cards)
    if calls := next(changed_calls(asked), None):
        return Plan(calls=tuple(calls[:8]))
    if (reply := _not_of_this_model(asked)) or (reply := _without_dates(asked)):
        return Plan(reply=reply)
    return _in_shown_units(_planned(planner, text, setting, known), known)


def _stripped(text: str) -> str:
    """The text without lead-in and closing words."""
    lead = _LEAD.match(text)
    return _TAIL.sub("", text[lead.end() :] if lead is not None else text)


def _planned(planner: Planner, text: str, setting: Setting, known: Sequence[Turn]) -> Plan:
    """The planner's own reading, with the period written out or taken away where the words say so."""
    last = known[0].calls
    plan = planner.plan(with_dates(text, last, setting.as_of), setting, last)
    if EVER.search(text) and not find_periods(text, setting.as_of):
        inherited = {call.arguments.get("period") for call in last} - {None}
        calls = tuple(without_period(c) if c.arguments.get("period") in inherited else c for c in plan.calls)
        plan = plan.model_copy(update={"calls": calls})
    return plan


def _in_shown_units(plan: Plan, known: Sequence[Turn]) -> Plan:
    """A bare number beside a value that was shown ("ever above 200?") is in the unit of that value."""
    shown = {name: unit for turn in reversed(known[:_LOOKS_BACK]) for name, unit in turn.units.items()}
    calls = tuple(
        c.model_copy(update={"arguments": {**c.arguments, "unit": shown[c.arguments["concept"]]}})
        if c.tool == "threshold" and not c.arguments.get("unit") and c.arguments.get("concept") in shown
        else c
        for c in plan.calls
    )
    return plan.model_copy(update={"calls": calls})


def _not_of_this_model(asked: Asked) -> str:
    """What to say to a supposition about something that the model which was run does not take."""
    runs = [c for c in asked.turns[0].calls if c.tool in RUNS and c.arguments.get("model")]
    named = [s for s in asked.question.variants[0].slots if s.known and s.kind in {"observation", "condition"}]
    if not runs or not named or not _SUPPOSES_VALUE.search(asked.text):
        return ""
    card = next((c for c in asked.cards() if c.id == runs[0].arguments["model"]), None)
    if card is None:
        return ""
    inputs = ", ".join(item.label[:1].lower() + item.label[1:] for item in card.inputs if item.required)
    return f"{card.title} does not take {named[0].text}, so nothing was calculated. It takes: {inputs}."


def _without_dates(asked: Asked) -> str:
    """What to say to "and last year?" after something that is only known as it stands."""
    periods = asked.question.periods
    if not periods or any(takes_period(c.tool) for c in asked.turns[0].calls):
        return ""
    rest = f"{asked.stripped[: periods[0].start]} {asked.stripped[periods[0].end :]}"
    return _AS_IT_STANDS if is_filler(rest) else ""


def _what_was_asked(text: str, turns: Sequence[Turn]) -> str:
    """What was asked before, in the asker's own words."""
    if _FIRST_QUESTION.search(text):
        return f"Your first question was: “{turns[-1].question}”"
    if _ALL_QUESTIONS.search(text):
        return "You have asked:\n" + "\n".join(f"- “{turn.question}”" for turn in reversed(turns))
    return f"Your last question was: “{turns[0].question}”"


def _is_about_somebody_else(stripped: str, text: str, setting: Setting) -> bool:
    """ "and his wife?", "the other Maria"."""
    named = _OTHER_NAME.search(text)
    if named is not None and named["name"].lower() in (setting.people.own | setting.people.others):
        return True
    return _RELATIVE.fullmatch(stripped) is not None
