"""From a question to tool calls: split what is asked, route each part, fill its arguments, or say why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agents import guards
from agents.embedded.asks import Ask, AskPlanner
from agents.embedded.plans import Call as Call
from agents.embedded.plans import Plan as Plan
from agents.embedded.plans import Setting as Setting
from agents.embedded.plans import intents as intents
from agents.embedded.reading.both_sources import asked_of_both, names_no_subject
from agents.embedded.reading.dating.dated import missing_stay, with_day_before_stay, with_days, with_whole_dates
from agents.embedded.reading.figures import in_figures
from agents.embedded.reading.framing import without_framing
from agents.embedded.reading.meant import as_meant
from agents.embedded.reading.reader import Question, Reader
from agents.embedded.reading.splitting import (
    Splitter,
    is_asked_for,
    is_remark,
    stands_by_itself,
)
from agents.embedded.reading.wording import plain, without_own_name
from agents.embedded.routing.allergies_asked import allergy_calls, without_address
from agents.embedded.routing.router import Route, Router
from agents.embedded.routing.safety_asked import safety_look
from agents.embedded.routing.speakers import asks_of_a_helper
from agents.embedded.routing.visits_asked import visits_asked
from agents.embedded.supposing.scenarios import runs
from agents.embedded.turns.choices import chosen_among
from tools.concepts import tokenize

if TYPE_CHECKING:
    from agents.embedded.second_gear import SecondGear

_LONGEST = 1500  # characters; reading time grows with length, and no clinician's question is longer
_PRONOUN = re.compile(r"\b(?:it|that|this|them|those|these|one)\b", re.IGNORECASE)
# With nothing asked before, "what about aspirin" asks what the record has of it.
_WHAT_ABOUT = re.compile(
    r"^\W*(?:and\s+)?(?:what|how) about (?:(?:the|his|her|their|any)\s+)?(?=(?:[\w-]+\s*){1,3}\W*$)", re.IGNORECASE
)


class Planner:
    """Plans without a language model; deterministic for the same question, record and exemplars."""

    def __init__(self, reader: Reader, router: Router, second_gear: SecondGear | None = None) -> None:
        self.reader = reader
        self.router = router
        self.asks = AskPlanner(reader, router, second_gear)
        self._splitter = Splitter(self.read, router, self._runs)

    def plan(self, text: str, setting: Setting, previous: tuple[Call, ...] = ()) -> Plan:
        """The plan for a question; `previous` are the calls of the turn before, for follow-ups."""
        if len(text) > _LONGEST:
            return Plan(reply=guards.TOO_LONG.format(limit=_LONGEST), confidence=1.0)
        if (stopped := guards.verdict(text, setting.people, self.reader.lexicon)) is not None:
            return Plan(reply=stopped.reply, refused=True)
        nameless = without_own_name(plain(text), setting.people.own, self.reader.lexicon)
        if guards.is_foreign(nameless, self.reader.lexicon):
            return Plan(reply=guards.ENGLISH_ONLY, confidence=1.0)
        bare = self._bare(text, setting)
        mended = self.reader.mender.mended(bare, setting.record, setting.people.names)
        if mended != bare:
            if (stopped := guards.verdict(mended, setting.people, self.reader.lexicon)) is not None:
                return Plan(reply=stopped.reply, refused=True)  # "what does her sistr take"
            mended = plain(mended)  # "faily hx"
        meant = as_meant(mended, setting.record, self.reader.lexicon)
        text = with_whole_dates(meant, setting.as_of)
        of_home = asks_of_a_helper(text)
        of_visits = with_day_before_stay(text, setting, self.reader.lexicon)
        if not previous and not of_home and (visits := visits_asked(of_visits, self.read(of_visits, setting), setting)):
            return Plan(
                calls=allergy_calls(Plan(calls=visits), of_visits, setting, self.reader.lexicon), confidence=1.0
            )
        if (missing := missing_stay(text, setting, self.reader.lexicon)) is not None:
            return Plan(calls=(missing,))
        text = with_days(text, setting, self.reader)
        if not previous and (lead := _WHAT_ABOUT.match(text)) is not None:
            text = text[lead.end() :]
        if (again := chosen_among(previous, text)) is not None:
            return Plan(calls=(again,), confidence=1.0)
        if names_no_subject(text):
            subject = self._named_in(previous[-1], setting) if previous else None
            if subject is None:
                return Plan(calls=(Call(tool="record_vs_notes"),), confidence=0.8)
            text, previous = subject, ()
        if previous and (restated := self._restate(text, setting, previous)) is not None:
            text, previous = restated, ()
        return self._of_parts(text, setting, previous)

    def read(self, text: str, setting: Setting) -> Question:
        """A text read against the open record."""
        return self.reader.read(text, setting.as_of, setting.record, setting.people.own)

    def _bare(self, text: str, setting: Setting) -> str:
        """The question in figures, without what it is for and without the patient's own name and ids."""
        asked = without_framing(plain(text), self.reader.lexicon)
        asked = guards.without_own_ids(asked, setting.people, "the patient")
        return in_figures(without_own_name(asked, setting.people.own, self.reader.lexicon))

    def _of_parts(self, text: str, setting: Setting, previous: tuple[Call, ...]) -> Plan:
        """The calls of each ask of a question, one after the other; its first reply where none calls anything."""
        calls: list[Call] = []
        replies: list[Plan] = []
        inherited: Route | None = None
        parts = asked_of_both(text) or self._splitter.parts(text, setting)
        for part in parts:
            if calls and is_remark(part, text):
                continue
            before = previous if not calls else () if stands_by_itself(part) else tuple(calls)
            asked = self._splitter.after_preamble(part, setting)
            ask = Ask(part, asked, text, setting, self.read(asked, setting), before, inherited)
            outcome, inherited = self.asks.plan(ask)
            planned = safety_look(outcome, asked, self.reader.lexicon) or allergy_calls(
                outcome, part, setting, self.reader.lexicon
            )
            if planned:
                new = [c for c in planned if not any((c.tool, c.arguments) == (d.tool, d.arguments) for d in calls)]
                calls.extend(c.model_copy(update={"part": part}) if len(parts) > 1 else c for c in new)
            else:
                replies.append(outcome)
        calls = without_address(calls)
        if any(c.tool != "look_up" for c in calls):  # remarks beside a question that was understood are not looked up
            calls = [
                c
                for c in calls
                if c.tool != "look_up" or c.intent or is_asked_for(str(c.arguments.get("name", "")), text)
            ]
        if calls:
            return Plan(calls=tuple(calls[:8]), confidence=min(c.confidence for c in calls))
        return replies[0] if replies else Plan(reply=guards.NOT_UNDERSTOOD, confidence=0.0)

    def _runs(self, text: str, setting: Setting) -> list[tuple[str, dict[str, Any]]]:
        return runs(text, self.read(text, setting), self.reader.models, self.reader.lexicon)

    def _restate(self, text: str, setting: Setting, previous: tuple[Call, ...]) -> str | None:
        """A question that leans on the last one with its subject put in ("when did it resolve" after COVID-19), or None.

        Only when it reads better so than on its own, and no follow-up of its own kind fits as well.
        """
        subject = self._subject(previous[-1])
        question = self.read(text, setting)
        if subject is None or any(s.known for v in question.variants for s in v.slots) or len(tokenize(text)) > 9:
            return None
        restated = _PRONOUN.sub(subject, text, count=1) if _PRONOUN.search(text) else f"{text.rstrip(' ?.!')} {subject}"
        alone = self.router.route(question.variants, allow_followup=True)[0]
        with_subject = self.router.route(self.read(restated, setting).variants)[0]
        leans = alone.intent.startswith("followup.") and alone.score >= 0.75
        return restated if not leans and with_subject.score > alone.score and with_subject.score >= 0.5 else None

    def _named_in(self, call: Call, setting: Setting) -> str | None:
        """What a call was about; of a search, what its words name."""
        named = self.read(str(call.arguments.get("query", "")), setting).variants[0].slots
        return self._subject(call) or next((s.text for s in named if s.known), None)

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
