"""The plan for one ask of a question: which tools it calls with which arguments, or the reply that says why none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents import guards
from agents.embedded.plans import Call, Plan, Setting
from agents.embedded.reading.dating.phrases import without_days_put_in
from agents.embedded.reading.note_source import note_whose_author_is_asked
from agents.embedded.reading.places import is_set_against
from agents.embedded.reading.reader import Question, Reader
from agents.embedded.reading.splitting import is_bare_name, names_other_time, shares_its_time
from agents.embedded.reading.units_asked import unit_of
from agents.embedded.routing.asked import asked_of_subject
from agents.embedded.routing.beside import (
    asks_more_than_presence,
    asks_why_people_acted,
    beside,
    names_a_longer_thing,
    names_another_specimen,
    of_its_specimen,
)
from agents.embedded.routing.beyond_lists import asks_beyond_lists, is_short, words_beyond
from agents.embedded.routing.claims_asked import asks_advice, with_claim
from agents.embedded.routing.drugs_in_order import drugs_in_order
from agents.embedded.routing.events_asked import asked_of_event
from agents.embedded.routing.family_asked import of_family
from agents.embedded.routing.filling import calls_for, without_periods
from agents.embedded.routing.notes_asked import asks_for_a_goal, asks_for_a_rule, asks_for_a_saying
from agents.embedded.routing.outright import BEYOND_ANY_RECORD, beyond_any_record, named_outright
from agents.embedded.routing.router import Route, Router
from agents.embedded.routing.settling import CONFIDENT, NO_SUCH_DATE, of_the_source_named, settled
from agents.embedded.routing.speakers import asks_of_a_helper, asks_of_a_speaker
from agents.embedded.routing.visit_words import names_a_visit
from agents.embedded.routing.visits_asked import visits_asked
from agents.embedded.supposing.dosing import asks_of_order
from agents.embedded.supposing.scenarios import supposition
from agents.embedded.supposing.suppositions import unread
from agents.embedded.turns.followups import follow_up
from tools.concepts import content_words, tokenize

if TYPE_CHECKING:
    from agents.embedded.second_gear import SecondGear

# Who is asked about was settled before any routing; likeness to "the next patient's labs" alone is no reason to refuse.
_SOMEBODY_ELSE = re.compile(
    r"\b(?:other|another|different|next|previous|else|someone|somebody|patients|pts|everyone|all)\b", re.I
)
_GUARDS = {
    "guard.other_patient": guards.OTHER_PATIENT,
    "guard.order": guards.NO_WRITES,
    "guard.instructions": guards.NO_INSTRUCTIONS,
    "guard.smalltalk": guards.HELP,
    "guard.out_of_scope": guards.OUT_OF_SCOPE,
}

# Told to simulate what no model computes, it says so: the last measured value is no answer to it.
NO_SUCH_MODEL = (
    "The twin has no model of that, so nothing was simulated and no value is given. Ask which models there are, or name "
    "one with the values to change, for example “simulate eGFR with creatinine 2.0”."
)
_SIMULATES = re.compile(
    r"^\W*(?:(?:please|pls|can you|could you|now|and|then)\W+)*(?:simulat\w+|run (?:a|the|me a|another) (?:simulation|twin|model)\b|what does the (?:twin|simulation|model) (?:say|predict|show|give))",
    re.IGNORECASE,
)
_WHAT_IF = re.compile(r"^\W*(?:and\s+|so\s+)?what (?:if|would happen if)\b", re.IGNORECASE)
_LOOKS = frozenset({"look_up", "latest", "statistics", "threshold", "is_normal", "change"})
_OF_THE_TWIN = frozenset({"calculate", "what_if", "compare_plans", "calculate_from_note", "models"})
_NOT_OF_NOTES = _OF_THE_TWIN | {"allergies", "search_notes", "section_of_note", "list_notes", "record_vs_notes", "health_story", "patient_card"}  # fmt: skip


@dataclass
class Ask:
    """One ask on its way to a plan: what it says, and what it is read against."""

    said: str  # as it stands in the question
    text: str  # without the preamble
    whole: str
    setting: Setting
    question: Question
    previous: tuple[Call, ...] = ()  # the calls before it that it may lean on
    inherited: Route | None = None  # how the ask before it was routed

    @property
    def timeless(self) -> str:
        """The text without the words that say when."""
        return without_periods(self.text, self.question.periods)


class AskPlanner:
    """Plans one ask at a time."""

    def __init__(self, reader: Reader, router: Router, second_gear: SecondGear | None) -> None:
        self.reader = reader
        self.router = router
        self.second_gear = second_gear  # asked where the router is unsure

    def plan(self, ask: Ask) -> tuple[Plan, Route | None]:
        """The plan for an ask, and the route that a bare name after it inherits."""
        if (unrouted := self._before_routing(ask)) is not None:
            return unrouted, None
        best, routes = self._routed(ask)
        if (leaning := self._leaning(ask, best)) is not None:
            return leaning, best
        best = settled(best, routes, ask.text, ask.timeless)
        best = of_family(best, ask.text) or of_its_specimen(ask.text, best, ask.setting.record) or best
        if best.intent in _GUARDS and best.score >= CONFIDENT + (0.2 if best.intent == "guard.smalltalk" else 0.12):
            refused = best.intent != "guard.smalltalk"
            return Plan(reply=_GUARDS[best.intent], refused=refused, confidence=best.score), None
        if best.intent in _GUARDS or best.intent.startswith("followup."):
            best = next((r for r in routes if r.intent not in _GUARDS and not r.intent.startswith("followup.")), best)
        plan = _unsure(ask, best) or self._beyond_the_record(ask, best) or self._called(ask, best)
        return plan, None if plan.reply else best

    def _before_routing(self, ask: Ask) -> Plan | None:
        """What the words settle without likeness to any exemplar; on the way what was read is put in order."""
        text, setting = ask.text, ask.setting
        if text != ask.whole and ask.question.periods and not re.search(r"\w", ask.timeless):
            return Plan(reply=guards.NOT_UNDERSTOOD)  # "creatinine, July stay": a time is no ask beside one
        if asks_of_a_speaker(text, setting.people.around) or asks_of_a_helper(text):
            return Plan(calls=(_search(text),))
        if asks_for_a_saying(text):
            return _of_notes(ask, 1.0)
        if (note := note_whose_author_is_asked(ask.timeless)) is not None:
            return Plan(calls=(Call(tool="list_notes", arguments={"aspect": "author", "about": note, **_in(ask)}),))
        if not ask.question.unit and (unit := unit_of(ask.said) or unit_of(ask.whole)):
            ask.question = ask.question.model_copy(update={"unit": unit})
        if is_set_against(text):
            periods = tuple(p for p in ask.question.periods if p.label.lower() not in {"today", "now", "today's"})
            ask.question = ask.question.model_copy(update={"periods": periods})
        if (beyond := beyond_any_record(text)) is not None:
            return Plan(reply=BEYOND_ANY_RECORD.format(when=beyond), refused=True, confidence=1.0)
        if not ask.question.periods and (wrong := NO_SUCH_DATE.search(text)) is not None:
            return Plan(reply=guards.NO_SUCH_DATE.format(date=wrong[0]), confidence=1.0)
        return None

    def _routed(self, ask: Ask) -> tuple[Route, list[Route]]:
        """The route to take, and all routes: what is plainly asked of a subject, an event or a source comes before likeness."""
        text, question, record = ask.text, ask.question, ask.setting.record
        routes = self.router.route(question.variants, allow_followup=bool(ask.previous), most=200)
        if self.second_gear is not None:
            routes = self.second_gear.rerank(routes)
        if not _SOMEBODY_ELSE.search(text):
            routes = [r for r in routes if r.intent != "guard.other_patient"]
        advice = asks_advice(text)
        best = None if advice else supposition(text, routes, question, self.reader.models, self.reader.lexicon)
        if best is None and (advice or asks_of_order(text)):  # "vanc 1 g q12 ordered when"
            routes = [r for r in routes if r.intent not in {"what_if", "calculate"}] or routes
        best = (
            best
            or asked_of_event(question, text, record)
            or asked_of_subject(routes, question, text, record)
            or named_outright(routes, question, text, record)
            or of_the_source_named(routes, text)
        )
        return _asked_as_before(ask, best) or best, routes

    def _leaning(self, ask: Ask, best: Route) -> Plan | None:
        """The plan for an ask that leans on the one before it, or that puts visits or drugs in order."""
        text = ask.text
        if (
            not ask.question.periods
            and text != ask.whole
            and not names_other_time(text)
            and shares_its_time(text, ask.whole)
        ):
            shared = self.reader.read(ask.whole, ask.setting.as_of).periods
            ends = (0, len(ask.whole.rstrip(" ?.!")))
            if len(shared) == 1 and (shared[0].start in ends or shared[0].end in ends):
                ask.question = ask.question.model_copy(update={"periods": tuple(shared)})
        if ask.previous:
            continued = follow_up(best, ask.question, ask.previous, text)
            if continued is not None:
                return Plan(calls=tuple(Call.model_validate(c) for c in continued), confidence=best.score)
        if ordered := visits_asked(text, ask.question, ask.setting) or drugs_in_order(text, ask.question):
            return Plan(calls=ordered, confidence=1.0)
        return None

    def _beyond_the_record(self, ask: Ask, best: Route) -> Plan | None:
        """Notes or a look-up where a list would only say that the thing named is there."""
        family = self.router.words_of_family(best.intent)
        own = ask.setting.people.own
        if asks_why_people_acted(ask.text, best) or names_another_specimen(ask.text, best):
            return _of_notes(ask, best.score)
        left = words_beyond(ask.text, best.intent, best.variant, ask.question, family, own)
        if asks_more_than_presence(ask.text, best, left) or names_a_longer_thing(
            ask.text, best, ask.question, family, own
        ):
            return _of_notes(ask, best.score)
        if best.intent.startswith("encounter.") and ask.question.unknown and not names_a_visit(ask.text):
            # "Latest edss": what is newest is not said to be a visit.
            return Plan(calls=(_look_up(ask.question.unknown, ask, best),), confidence=best.score)
        return None

    def _called(self, ask: Ask, best: Route) -> Plan:
        """The calls of a route with their arguments, and the notes beside them; or why the twin is not asked."""
        text, question = ask.text, ask.question
        calls = calls_for(best, question, self.reader.models, self.reader.lexicon)
        drafts = any(c.tool.startswith("draft") for c in calls)
        if _SIMULATES.search(text) and not drafts and not any(c.tool in _OF_THE_TWIN for c in calls):
            return Plan(reply=NO_SUCH_MODEL, refused=True, confidence=1.0)
        if (unmatched := unread(text, [(c.tool, c.arguments) for c in calls], self.reader.models.cards)) is not None:
            return Plan(reply=unmatched, refused=True, confidence=1.0)
        if _WHAT_IF.search(text) and question.numbers and all(c.tool in _LOOKS for c in calls):
            return Plan(reply=NO_SUCH_MODEL, refused=True, confidence=1.0)
        # A rule or a plan, which the value of today does not tell; or what stands in no list, and why.
        of_goal = best.intent == "calculate" and asks_for_a_goal(text) and "calculate" not in best.variant.cues
        noteworthy = not drafts and not any(c.tool in _NOT_OF_NOTES for c in calls)
        beyond = asks_beyond_lists(text) and all(c.tool == "look_up" for c in calls)
        if of_goal or (noteworthy and (beyond or asks_for_a_rule(ask.said))):
            return _of_notes(ask, best.score)
        family = self.router.words_of_family(best.intent)
        noted = beside(calls, text, best, question, family, ask.setting)
        left = words_beyond(text, best.intent, best.variant, question, family, ask.setting.people.own)
        claimed = [c for call in calls for c in with_claim(call, question, text, left)]
        # A hold is looked for in the notes by the tool itself; and a word that names the operation is not left over.
        told = any(c.arguments.get("claim") in {"held", "advice"} for c in claimed) or any(
            c.tool == "procedures" and c not in calls for c in claimed
        )
        return Plan(calls=(*claimed, *(() if told else noted)), confidence=best.score)


def _asked_as_before(ask: Ask, best: Route) -> Route | None:
    """For a bare name after an ask ("latest sodium, potassium"), the route of that ask with this name in it."""
    inherited = ask.inherited
    if (
        inherited is None
        or inherited.intent == "what_if"
        or not best.variant.slots
        or not is_bare_name(ask.question, ask.text)
    ):
        return None
    kinds = {s.kind for s in inherited.variant.slots}
    same = next((v for v in ask.question.variants if {s.kind for s in v.slots} & kinds), None)
    if same is None or {s.id for s in same.slots} <= {s.id for s in inherited.variant.slots}:
        return None  # "max/min, latest" of one result
    return Route(inherited.intent, inherited.score, same)


def _unsure(ask: Ask, best: Route) -> Plan | None:
    """What to do where no route is like enough and nothing known is named."""
    if best.score >= CONFIDENT or best.variant.slots:
        return None
    words = len(tokenize(ask.text))
    if asks_beyond_lists(ask.text) and words > 3:  # a reason, a plan: nothing that a list is named by
        return Plan(calls=(_search(ask.text, best.score),), confidence=best.score)
    if words > 1 or ask.question.unknown or content_words(ask.text):
        return Plan(calls=(_look_up(ask.question.unknown or ask.text, ask, best),), confidence=best.score)
    return Plan(reply=guards.NOT_UNDERSTOOD, confidence=best.score)


def _of_notes(ask: Ask, confidence: float) -> Plan:
    """A search of the notes for the whole of an ask, in the days that it names."""
    period = ask.question.period
    days = {"period": period.label} if period is not None and is_short(period.label) else {}
    query = (
        without_days_put_in(ask.said) if days else ask.said
    )  # "sick day rule - how many times the dose": with its lead
    return Plan(calls=(_search(query, confidence, **days),), confidence=confidence)


def _search(query: str, confidence: float = 1.0, **days: str) -> Call:
    return Call(tool="search_notes", arguments={"query": query, **days}, intent="note.search", confidence=confidence)


def _look_up(name: str, ask: Ask, route: Route) -> Call:
    days = _in(ask)
    asked = without_days_put_in(ask.text) if days else ask.text
    arguments = {"name": asked if name == ask.text else name, "question": asked, **days}
    return Call(tool="look_up", arguments=arguments, confidence=route.score)


def _in(ask: Ask) -> dict[str, str]:
    return {"period": ask.question.period.label} if ask.question.period is not None else {}
