"""From a question to tool calls: split what is asked, route each part, fill its arguments, or say why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agents import guards
from agents.embedded.plans import Call as Call
from agents.embedded.plans import Plan as Plan
from agents.embedded.plans import Setting as Setting
from agents.embedded.plans import intents as intents
from agents.embedded.reading.days_named import with_whole_dates
from agents.embedded.reading.figures import in_figures
from agents.embedded.reading.framing import without_framing
from agents.embedded.reading.note_source import note_whose_author_is_asked
from agents.embedded.reading.places import is_set_against
from agents.embedded.reading.purpose import without_purpose
from agents.embedded.reading.reader import Question, Reader
from agents.embedded.reading.splitting import (
    Splitter,
    is_asked_for,
    is_bare_name,
    is_remark,
    names_other_time,
    shares_its_time,
    stands_by_itself,
)
from agents.embedded.reading.stays import (
    missing_stay,
    with_arrival,
    with_discharge,
    with_emergency_day,
    with_event_days,
    with_stay_dates,
    with_years_of_age,
)
from agents.embedded.reading.units_asked import unit_of
from agents.embedded.reading.visit_days import before_the_stay, with_visit_days
from agents.embedded.reading.wording import plain, without_own_name
from agents.embedded.routing.asked import asked_of_subject
from agents.embedded.routing.beside import asks_more_than_presence, beside, names_a_longer_thing
from agents.embedded.routing.beyond_lists import asks_beyond_lists, is_short
from agents.embedded.routing.drugs_in_order import drugs_in_order
from agents.embedded.routing.events_asked import asked_of_event
from agents.embedded.routing.family_asked import of_family, with_relative
from agents.embedded.routing.filling import calls_for, without_periods
from agents.embedded.routing.habits_asked import with_habit_claim
from agents.embedded.routing.notes_asked import asks_for_a_goal, asks_for_a_rule, asks_for_a_saying
from agents.embedded.routing.outright import BEYOND_ANY_RECORD, beyond_any_record, named_outright
from agents.embedded.routing.router import Route, Router
from agents.embedded.routing.settling import CONFIDENT, NO_SUCH_DATE, of_the_source_named, settled
from agents.embedded.routing.speakers import asks_of_a_helper, asks_of_a_speaker
from agents.embedded.routing.visit_words import names_a_visit
from agents.embedded.routing.visits_asked import visits_asked
from agents.embedded.supposing.dosing import asks_of_order
from agents.embedded.supposing.scenarios import runs, supposition
from agents.embedded.supposing.suppositions import unread
from agents.embedded.turns.followups import follow_up
from tools.concepts import content_words, tokenize

if TYPE_CHECKING:
    from agents.embedded.second_gear import SecondGear

_LONGEST = 1500  # characters; reading time grows with length, and no clinician's question is longer
_PRONOUN = re.compile(r"\b(?:it|that|this|them|those|these|one)\b", re.IGNORECASE)
# Who is asked about was settled before any routing; likeness to "the next patient's labs" alone is no reason to refuse.
_SOMEBODY_ELSE = re.compile(
    r"\b(?:other|another|different|next|previous|else|someone|somebody|patients|pts|everyone|all)\b", re.I
)
_RESULTS = frozenset({"observation", "panel", "vitals"})
# With nothing asked before, "what about aspirin" asks what the record has of it.
_WHAT_ABOUT = re.compile(
    r"^\W*(?:and\s+)?(?:what|how) about (?:(?:the|his|her|their|any)\s+)?(?=(?:[\w-]+\s*){1,3}\W*$)", re.IGNORECASE
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
_SEARCHES = frozenset({"look_up", "search_notes"})
_TAKEN = ("allergen", "medication", "drug_class")
_OF_THE_TWIN = frozenset({"calculate", "what_if", "compare_plans", "calculate_from_note", "models"})
_NOT_OF_NOTES = _OF_THE_TWIN | {"allergies", "search_notes", "section_of_note", "list_notes", "record_vs_notes", "health_story", "patient_card"}  # fmt: skip


class Planner:
    """Plans without a language model; deterministic for the same question, record and exemplars."""

    def __init__(self, reader: Reader, router: Router, second_gear: SecondGear | None = None) -> None:
        self.reader = reader
        self.router = router
        self.second_gear = second_gear  # asked where the router is unsure
        self._splitter = Splitter(self._read, router, self._runs)

    def plan(self, text: str, setting: Setting, previous: tuple[Call, ...] = ()) -> Plan:
        """The plan for a question; `previous` are the calls of the turn before, for follow-ups."""
        if len(text) > _LONGEST:
            return Plan(reply=guards.TOO_LONG.format(limit=_LONGEST), confidence=1.0)
        if (stopped := guards.verdict(text, setting.people, self.reader.lexicon)) is not None:
            return Plan(reply=stopped.reply, refused=True)
        nameless = without_own_name(plain(text), setting.people.own, self.reader.lexicon)
        if guards.is_foreign(nameless, self.reader.lexicon):
            return Plan(reply=guards.ENGLISH_ONLY, confidence=1.0)
        text = guards.without_own_ids(
            without_purpose(without_framing(plain(text), self.reader.lexicon)), setting.people, "the patient"
        )
        text = without_own_name(text, setting.people.own, self.reader.lexicon)
        mended = self.reader.mender.mended(in_figures(text), setting.record, setting.people.names)
        if mended != text:
            if (stopped := guards.verdict(mended, setting.people, self.reader.lexicon)) is not None:
                return Plan(reply=stopped.reply, refused=True)  # "what does her sistr take"
            mended = plain(mended)  # "faily hx"
        text = with_whole_dates(mended, setting.as_of)
        text = before_the_stay(text, setting)
        if not previous and (visits := visits_asked(text, self._read(text, setting), setting)):
            return Plan(calls=visits, confidence=1.0)
        if (missing := missing_stay(text, setting)) is not None:
            return Plan(calls=(missing,))
        text = with_visit_days(with_stay_dates(text, setting), setting)
        question = self._read(text, setting)
        if any(s.kind in _RESULTS and s.known for v in question.variants for s in v.slots):
            text = with_arrival(with_event_days(text, question, setting), setting)
            text = with_years_of_age(with_emergency_day(with_discharge(text, setting), setting), setting)
        if not previous and (lead := _WHAT_ABOUT.match(text)) is not None:
            text = text[lead.end() :]
        if previous and (restated := self._restate(text, setting, previous)) is not None:
            text, previous = restated, ()
        calls: list[Call] = []
        replies: list[Plan] = []
        inherited: Route | None = None
        parts = self._splitter.parts(text, setting)
        for part in parts:
            if calls and is_remark(part, text):
                continue
            before = previous if not calls else () if stands_by_itself(part) else tuple(calls)
            outcome, inherited = self._plan_part(part, text, setting, before, inherited)
            if outcome.calls:
                planned = self._with_allergy(outcome.calls, part, setting)
                new = [c for c in planned if not any((c.tool, c.arguments) == (d.tool, d.arguments) for d in calls)]
                calls.extend(c.model_copy(update={"part": part}) if len(parts) > 1 else c for c in new)
            else:
                replies.append(outcome)
        if any(c.tool != "look_up" for c in calls):  # remarks beside a question that was understood are not looked up
            calls = [
                c
                for c in calls
                if c.tool != "look_up" or c.intent or is_asked_for(str(c.arguments.get("name", "")), text)
            ]
        if calls:
            return Plan(calls=tuple(calls[:8]), confidence=min(c.confidence for c in calls))
        return replies[0] if replies else Plan(reply=guards.NOT_UNDERSTOOD, confidence=0.0)

    def _with_allergy(self, calls: tuple[Call, ...], part: str, setting: Setting) -> tuple[Call, ...]:
        """The calls, with a recorded allergy to what is named ahead of a mere search: whatever is asked of it, that is said."""
        if any(c.tool not in _SEARCHES for c in calls):
            return calls
        # Not from the slots of the reading, which takes a food or a pet for an allergen only where allergy is spoken of.
        named = [t.id for m in self.reader.lexicon.find_mentions(part, _TAKEN, fuzzy=False) for t in m.targets]
        substance = next((n for n in dict.fromkeys(named) if setting.record.has("allergen", n)), None)
        if substance is None:
            return calls
        return (Call(tool="allergies", arguments={"aspect": "reaction", "substance": substance}), *calls)

    def _read(self, text: str, setting: Setting) -> Question:
        return self.reader.read(text, setting.as_of, setting.record, setting.people.own)

    def _runs(self, text: str, setting: Setting) -> list[tuple[str, dict[str, Any]]]:
        return runs(text, self._read(text, setting), self.reader.models, self.reader.lexicon)

    def _restate(self, text: str, setting: Setting, previous: tuple[Call, ...]) -> str | None:
        """A question that leans on the last one with its subject put in ("when did it resolve" after COVID-19), or None.

        Only when it reads better so than on its own, and no follow-up of its own kind fits as well.
        """
        subject = self._subject(previous[-1])
        question = self._read(text, setting)
        if subject is None or any(s.known for v in question.variants for s in v.slots) or len(tokenize(text)) > 9:
            return None
        restated = _PRONOUN.sub(subject, text, count=1) if _PRONOUN.search(text) else f"{text.rstrip(' ?.!')} {subject}"
        alone = self.router.route(question.variants, allow_followup=True)[0]
        with_subject = self.router.route(self._read(restated, setting).variants)[0]
        leans = alone.intent.startswith("followup.") and alone.score >= 0.75
        return restated if not leans and with_subject.score > alone.score and with_subject.score >= 0.5 else None

    def _subject(self, call: Call) -> str | None:
        """What a call was about, by its label."""
        vocabulary = self.reader.lexicon.vocabulary
        for slot, kinds in (
            ("concept", ("observation",)),
            ("drug", ("medication", "drug_class")),
            ("substance", ("allergen", "medication", "drug_class")),
            ("name", ("condition", "procedure", "immunization")),
        ):
            value = call.arguments.get(slot)
            concept = next(
                (c for k in kinds if isinstance(value, str) and (c := vocabulary.get(k, value)) is not None), None
            )
            if concept is not None:
                return concept.label
        return None

    # --- one part ------------------------------------------------------------------------------------------------

    def _plan_part(
        self, part: str, whole: str, setting: Setting, previous: tuple[Call, ...], inherited: Route | None
    ) -> tuple[Plan, Route | None]:
        asked, part = part, self._splitter.after_preamble(part, setting)
        if asks_of_a_speaker(part, setting.people.around) or asks_of_a_helper(part) or asks_for_a_saying(part):
            return _of_notes(part), None
        question = self._read(part, setting)
        if (note := note_whose_author_is_asked(without_periods(part, question.periods))) is not None:
            period = {"period": question.period.label} if question.period is not None else {}
            return Plan(calls=(Call(tool="list_notes", arguments={"aspect": "author", "about": note, **period}),)), None
        if not question.unit and (unit := unit_of(asked) or unit_of(whole)):
            question = question.model_copy(update={"unit": unit})
        if is_set_against(part):
            periods = tuple(p for p in question.periods if p.label.lower() not in {"today", "now", "today's"})
            question = question.model_copy(update={"periods": periods})
        if (beyond := beyond_any_record(part)) is not None:
            return Plan(reply=BEYOND_ANY_RECORD.format(when=beyond), refused=True, confidence=1.0), None
        if not question.periods and (wrong := NO_SUCH_DATE.search(part)) is not None:
            return Plan(reply=guards.NO_SUCH_DATE.format(date=wrong[0]), confidence=1.0), None
        routes = self.router.route(question.variants, allow_followup=bool(previous), most=200)
        if self.second_gear is not None:
            routes = self.second_gear.rerank(routes)
        if not _SOMEBODY_ELSE.search(part):
            routes = [r for r in routes if r.intent != "guard.other_patient"]
        best = supposition(part, routes, question, self.reader.models, self.reader.lexicon)
        if best is None and asks_of_order(part):  # "vanc 1 g q12 ordered when"
            routes = [r for r in routes if r.intent not in {"what_if", "calculate"}] or routes
        best = best or asked_of_event(question, part, setting.record)
        best = best or asked_of_subject(routes, question, part, setting.record)
        best = best or named_outright(routes, question, part, setting.record) or of_the_source_named(routes, part)
        if (
            inherited is not None
            and inherited.intent != "what_if"
            and is_bare_name(question, part)
            and best.variant.slots
        ):
            kinds = {s.kind for s in inherited.variant.slots}
            same = next((v for v in question.variants if {s.kind for s in v.slots} & kinds), None)
            asked_already = {s.id for s in inherited.variant.slots}
            if same is not None and not {s.id for s in same.slots} <= asked_already:  # "max/min, latest" of one result
                best = Route(inherited.intent, inherited.score, same)
        if not question.periods and part != whole and not names_other_time(part) and shares_its_time(part, whole):
            shared = self.reader.read(whole, setting.as_of).periods
            if len(shared) == 1 and whole.rstrip(" ?.!").endswith(whole[shared[0].start : shared[0].end]):
                question = question.model_copy(update={"periods": tuple(shared)})
        if previous:
            continued = follow_up(best, question, previous, part)
            if continued is not None:
                return Plan(calls=tuple(Call.model_validate(c) for c in continued), confidence=best.score), best
        if ordered := visits_asked(part, question, setting) or drugs_in_order(part, question):
            return Plan(calls=ordered, confidence=1.0), best
        best = settled(best, routes, part, without_periods(part, question.periods))
        best = of_family(best, part) or best
        if best.intent in _GUARDS and best.score >= (
            CONFIDENT + 0.12 if best.intent != "guard.smalltalk" else CONFIDENT + 0.2
        ):
            return Plan(
                reply=_GUARDS[best.intent], refused=best.intent != "guard.smalltalk", confidence=best.score
            ), best
        routes = [r for r in routes if r.intent not in _GUARDS and not r.intent.startswith("followup.")]
        if best.intent in _GUARDS or best.intent.startswith("followup."):
            best = routes[0] if routes else best
        if best.score < CONFIDENT and not best.variant.slots:
            if asks_beyond_lists(part) and len(tokenize(part)) > 3:  # a reason, a plan: nothing that a list is named by
                return _of_notes(part, best.score), best
            if len(tokenize(part)) > 1 or question.unknown or content_words(part):
                wanted = _look_up(question.unknown or part, part, question, best)
                return Plan(calls=(wanted,), confidence=best.score), best
            return Plan(reply=guards.NOT_UNDERSTOOD, confidence=best.score), None
        family = self.router.words_of_family(best.intent)
        if asks_more_than_presence(part, best) or names_a_longer_thing(
            part, best, question, family, setting.people.own
        ):
            return _of_notes(part, best.score, question), best
        if best.intent.startswith("encounter.") and question.unknown and not names_a_visit(part):
            # "Latest edss": what is newest is not said to be a visit.
            return Plan(calls=(_look_up(question.unknown, part, question, best),), confidence=best.score), best
        calls = tuple(
            with_relative(with_habit_claim(c, part), part)
            for c in calls_for(best, question, self.reader.models, self.reader.lexicon)
        )
        if _SIMULATES.search(part) and not any(c.tool in _OF_THE_TWIN or c.tool.startswith("draft") for c in calls):
            return Plan(reply=NO_SUCH_MODEL, refused=True, confidence=1.0), None
        if (unmatched := unread(part, [(c.tool, c.arguments) for c in calls], self.reader.models.cards)) is not None:
            return Plan(reply=unmatched, refused=True, confidence=1.0), None
        if _WHAT_IF.search(part) and question.numbers and all(c.tool in _LOOKS for c in calls):
            return Plan(reply=NO_SUCH_MODEL, refused=True, confidence=1.0), None
        of_goal = best.intent == "calculate" and asks_for_a_goal(part) and "calculate" not in best.variant.cues
        if of_goal or (
            not any(c.tool in _NOT_OF_NOTES or c.tool.startswith("draft") for c in calls)
            and (asks_for_a_rule(part) or (asks_beyond_lists(part) and all(c.tool == "look_up" for c in calls)))
        ):  # a rule or a plan, which the value of today does not tell; or what stands in no list, and why
            return _of_notes(part, best.score, question), best
        noted = beside(calls, part, best, question, family, setting)
        return Plan(calls=(*calls, *noted), confidence=best.score), best


def _of_notes(part: str, confidence: float = 1.0, question: Question | None = None) -> Plan:
    """A search of the notes for the whole of a part, in the days that it names."""
    arguments = {"query": part}
    if question is not None and question.period is not None and is_short(question.period.label):
        arguments["period"] = question.period.label
    return Plan(
        calls=(Call(tool="search_notes", arguments=arguments, intent="note.search", confidence=confidence),),
        confidence=confidence,
    )


def _look_up(name: str, part: str, question: Question, route: Route) -> Call:
    arguments = {"name": name, "question": part}
    if question.period is not None:
        arguments["period"] = question.period.label
    return Call(tool="look_up", arguments=arguments, confidence=route.score)
