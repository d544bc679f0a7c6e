"""The calls of one routed ask: one for each name that fills the intent's slot, with the arguments that other words fill."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from agents.embedded.plans import Call, intents
from agents.embedded.reading.calculator_names import ModelNames
from agents.embedded.reading.places import (
    BOTH_ENDS,
    asks_for_whole_course,
    comparison_of,
    last_few,
    position_of,
    statistic_of,
)
from agents.embedded.reading.reader import Question, Slot, without_names
from agents.embedded.routing.asked_tables import FREQUENCY
from agents.embedded.routing.beyond_lists import TOLD_IN_WORDS
from agents.embedded.routing.events_asked import dose_asked
from agents.embedded.routing.habits_asked import habit_claim
from agents.embedded.routing.router import Route
from agents.embedded.routing.settling import NEWEST_NOTE, NO_SUCH_DATE, SEVERAL_ENDS
from agents.embedded.supposing.scenarios import calculator_calls
from tools.catalogue import DERIVED_MODELS, panel_members
from tools.concepts import Lexicon
from tools.drugs.reactions import is_allergy_itself, is_reaction
from tools.events.findings import is_yes_no
from tools.relatives import relative_in
from tools.times.periods import Period

_ENCOUNTER_KINDS = (
    ("emergency", r"\b(?:ed|er|emergency|a&e|casualty)\b"),
    ("urgent_care", r"\burgent[- ]care\b"),
    (
        "inpatient",
        r"\b(?:inpatient|hospitali[sz]\w*|admi(?:tted|ssions?|t)|hospital stays?|in hospital|in the hospital|stay(?:ed)? in hospital|length of stay|los)\b",
    ),
    ("wellness", r"\b(?:wellness|check[- ]?ups?|annual|physicals?|well (?:child|visit|baby)|preventive)\b"),
    ("virtual", r"\b(?:virtual|tele\w*|video|phone) (?:visits?|encounters?|appointments?|consults?)\b"),
    ("home", r"\bhome (?:visits?|health)\b"),
    ("prenatal", r"\b(?:prenatal|antenatal)\b"),
    ("ambulatory", r"\b(?:outpatient|ambulatory|clinic|office)\b"),
)
# "Was it inpatient or outpatient" asks for the kind.
_WHICH_KIND = re.compile(
    r"\b(?:inpatient|outpatient|virtual|in[- ]person|admission|er|ed|office|clinic) (?:or|vs\.?|versus) (?:an? )?(?:in|out)?-?(?:patient|person|office|clinic|virtual|er|ed|admission)\b",
    re.IGNORECASE,
)
_STAYS_AND_VISITS = ("emergency", "inpatient", "urgent_care")  # "any ER visit or admission" asks for both
_SLOT_KINDS = {
    "concept": ("observation",),
    "drug": ("medication", "drug_class"),
    "substance": ("allergen", "medication", "drug_class"),
    "panel": ("panel",),
    "model": ("model",),
}
_NO_THING = re.compile(r"\w+(?:ed|ing)", re.IGNORECASE)  # "FEV1 dropping", "eGFR declined"
_IN_A_UNIT = frozenset({"observation.latest", "observation.previous", "observation.first", "observation.exists", "observation.statistics", "observation.series", "observation.change"})  # fmt: skip
# Whether a value is where it should be asks for the value, and for what it should be.
_AGAINST_GOAL = re.compile(
    r"\b(?:at|in|to|within|on|met|meets?|meeting|reach\w*|hit\w*|achiev\w*|off|above|below|under|over|near|close to|controlled)\b.{0,15}\b(?:goal|target|therapeutic)\b|\b(?:goal|target)\b.{0,20}\b(?:met|reach\w*|achiev\w*|hit|attain\w*|under|below|above|over|yet)\b|therapeutic",
    re.IGNORECASE,
)
_AS_NEEDED = re.compile(r"\bp\.?r\.?n\b|\bas[- ]needed\b|\bwhen (?:needed|required)\b|\bon demand\b", re.IGNORECASE)
_EARLIER_AT_ALL = re.compile(r"\b(?:prior|previous|any|ever)\b(?!\s+(?:one|time|to)\b)", re.IGNORECASE)
_GOAL = re.compile(
    r"\b(?:goal|target|(?:sub|supra)?therapeutic)(?: range)?\b", re.IGNORECASE
)  # what a value should be is not what it is


def kind_of_visit(text: str) -> str | None:
    """The kind of visit that words name."""
    return next((k for k, p in _ENCOUNTER_KINDS if re.search(p, text, re.IGNORECASE)), None)


def calls_for(route: Route, question: Question, models: ModelNames, lexicon: Lexicon) -> list[Call]:
    """The calls of one routed part: one for each name that fills the intent's slot."""
    spec = intents()[route.intent]
    tool, slot_name, text = spec["tool"], spec.get("slot"), question.text
    base = {**spec.get("args", {}), **_arguments(route, question)}
    call = partial(Call, intent=route.intent, confidence=round(min(1.0, route.score), 3))
    if tool == "look_up":
        fillers = [s.text for s in route.variant.slots] or [question.unknown or text]
        return [call(tool="look_up", arguments={"name": f, "question": text}) for f in fillers]
    if route.intent in {"calculate", "what_if"}:
        return [call(tool=t, arguments=a) for t, a in calculator_calls(route, question, models, lexicon)]
    if slot_name is None:
        named = [k for k in _STAYS_AND_VISITS if re.search(dict(_ENCOUNTER_KINDS)[k], text, re.IGNORECASE)]
        if route.intent.startswith("encounter.") and len(named) > 1 and base.get("kind") in named:
            return [call(tool=tool, arguments={**base, "kind": k}) for k in named]
        return [call(tool=tool, arguments=base)]
    if route.intent == "panel.latest" and "trend" in route.variant.cues:
        members = [m for s in route.variant.slots if s.kind == "panel" for m in panel_members(s.id)[:3]]
        if members:
            return [call(tool="series", arguments={"concept": m, **base}) for m in members]
    if route.intent.startswith("observation.") and (goal := _GOAL.search(text)) is not None:
        wanted = {"query": f"{goal[0]} {' '.join(s.text for s in route.variant.slots if s.known)}", "near": False}
        of_goal = call(tool="search_notes", arguments=wanted)
        if not _AGAINST_GOAL.search(text):
            return [of_goal]
        reached = question.model_copy(update={"text": _GOAL.sub(" ", text)})
        return [*calls_for(route, reached, models, lexicon), of_goal]
    fillers_for_slot = list(route.variant.slots) if spec.get("any_kind") else _fillers(route, slot_name)
    known = [s for s in fillers_for_slot if s.known]
    if _asks_for_both_ends(route.intent, text):
        return [
            call(tool="latest", arguments={"concept": s.id, "first": first}) for s in known for first in (True, False)
        ]
    if known:  # an unknown word before a known name describes it; one behind it is what is asked of it ("ICD battery")
        told = known[-1].id in TOLD_IN_WORDS  # "etoh intake"
        behind = [s for s in route.variant.slots if not (s.known or told) and 0 <= s.start - known[-1].end <= 2]
        fillers_for_slot = [*(s for s in behind if _NO_THING.fullmatch(s.text) is None), *known]
    if not fillers_for_slot and (spec.get("optional") or "default" in spec):
        default = {slot_name: spec["default"]} if "default" in spec and not spec.get("optional") else {}
        return [call(tool=tool, arguments={**base, **default})]
    if not fillers_for_slot:
        return [call(tool="look_up", arguments={"name": question.unknown or text, "question": text})]
    return [
        call(tool=tool, arguments={**_of_slot(slot, route, base, text), slot_name: slot.id})
        if slot.known
        else call(tool="look_up", arguments=_look_up(slot, question))
        for slot in fillers_for_slot
    ]


def _of_slot(slot: Slot, route: Route, arguments: dict[str, Any], text: str) -> dict[str, Any]:
    """The arguments as they hold for one name: with what is claimed of a habit, and without a time where none is kept."""
    if slot.id == "tobacco_status" and intents()[route.intent]["tool"] == "latest" and (claim := habit_claim(text)):
        arguments = {**arguments, "claim": claim}
    return _of_derived(slot, route, arguments)


def _of_derived(slot: Slot, route: Route, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments; a quantity that nobody measured is calculated from the newest inputs, which have no period."""
    all_recorded = route.variant.in_record >= sum(s.known for s in route.variant.slots)
    if slot.kind != "observation" or slot.id not in DERIVED_MODELS or all_recorded:
        return arguments
    return {k: v for k, v in arguments.items() if k not in {"period", "first", "offset"}}


def _look_up(slot: Slot, question: Question) -> dict[str, Any]:
    arguments: dict[str, Any] = {"name": slot.text, "question": question.text}
    if question.period is not None:
        arguments["period"] = question.period.label
    return arguments


def _fillers(route: Route, slot_name: str) -> list[Slot]:
    kinds = _SLOT_KINDS.get(slot_name)
    if kinds is None:  # "name": whatever the intent's family is about
        family = route.intent.split(".")[0]
        kinds = {
            "condition": ("condition",),
            "family": ("condition",),
            "procedure": ("procedure",),
            "immunization": ("immunization", "condition"),
            "report": ("procedure",),
        }.get(family, ("condition",))
    return [s for s in route.variant.slots if s.kind in kinds]


def _is_now(intent: str, label: str) -> bool:
    """Whether a period only says that the present state is meant: what is taken "today" was ordered long before."""
    of_state = intent.startswith(("medication.", "condition.", "demographics.")) and intent not in {
        "medication.last",
        "medication.count",
    }
    return (
        of_state
        and re.fullmatch(
            r"(?:as of |at )?(?:today|now|present|this (?:morning|afternoon|evening)|tonight|today's)",
            label,
            re.IGNORECASE,
        )
        is not None
    )


def _arguments(route: Route, question: Question) -> dict[str, Any]:
    """The arguments that words other than names fill: period, statistic, offset, limit, comparison, visit kind."""
    intent, text = route.intent, question.text
    arguments: dict[str, Any] = {}
    takes_period = intent == "demographics.age" or intents()[intent]["tool"] not in {
        "demographics",
        "allergies",
        "family_history",
        "medication_safety",
        "care_plans",
        "devices",
        "record_vs_notes",
        "patient_card",
        "search_knowledge",
        "models",
        "calculate",
        "what_if",
        "compare_plans",
        "calculate_from_note",
    }
    of_an_end = intent in {"medication.stop", "medication.reason"}  # an order has no time but its own
    if question.period is not None and takes_period and not of_an_end and not _is_now(intent, question.period.label):
        arguments["period"] = question.period.label
    if intent == "observation.statistics":
        arguments["statistic"] = statistic_of(without_names(text, route.variant))
    if intent in _IN_A_UNIT and question.unit:
        arguments["unit"] = question.unit
    if (
        intent in {"observation.latest", "observation.previous", "observation.first"}
        and (place := position_of(text)) is not None
    ):
        arguments.update(offset=place.offset, first=place.from_start)
    if intent == "observation.series" and (count := last_few(text)):
        arguments["limit"] = count
    elif (
        intent in {"observation.series", "observation.statistics"}
        and question.numbers
        and not SEVERAL_ENDS.search(text)
    ):
        limit = question.numbers[0]
        is_ordinal = re.match(r"(?:st|nd|rd|th)\b", text[limit.end :]) is not None  # "since the 18th of October"
        if not limit.unit and not is_ordinal and limit.value.is_integer() and 1 < limit.value <= 50:
            arguments["limit"] = int(limit.value)
    if intent == "observation.threshold" and question.numbers and not NO_SUCH_DATE.search(text):
        arguments.update(comparison=comparison_of(text), value=question.numbers[0].value)
        arguments["unit"] = {"u": "", "h": ""}.get(question.numbers[0].unit, question.numbers[0].unit)
    if intent == "observation.change":
        drug = route.variant.of("medication", "drug_class")
        if drug is not None and drug.known:
            arguments["since_drug"] = drug.id
    if intent.startswith("encounter.") and intent != "encounter.timeline":
        if intent == "encounter.has" and re.search(
            r"\b(?:now|currently|at the moment|at present|still|right now|today)\b", text, re.IGNORECASE
        ):
            arguments["aspect"] = "current"
        kinds = "any" if _WHICH_KIND.search(text) else ""
        arguments["kind"] = kinds or next((k for k, p in _ENCOUNTER_KINDS if re.search(p, text, re.IGNORECASE)), "any")
        about = route.variant.of("condition")
        if about is not None and about.known:
            arguments["reason"] = about.id
    if intent == "note.search" and NEWEST_NOTE.search(text):
        arguments["newest"] = True
    if intent in {"note.search", "knowledge"}:
        arguments["query"] = without_periods(text, question.periods)
    if intent == "allergy.list" and re.search(
        r"\bnkd?a\b|\bno (?:known |drug |documented )*allerg", text, re.IGNORECASE
    ):
        arguments["aspect"] = "none_known"
    elif intent == "allergy.reaction":
        named = {s.id for s in route.variant.slots if s.kind == "condition" and s.known and is_reaction(s.id)}
        named = {i for i in named if not is_allergy_itself(i)}
        arguments.update({"reaction": named.pop()} if len(named) == 1 else {})
    elif intent == "allergy.list":
        kind = re.search(
            r"\b(?P<drug>drug|medication|medicine|med)\b|\b(?P<food>foods?|eats?|eating)\b|\b(?P<environment>environment\w*|seasonal)\b",
            text,
            re.IGNORECASE,
        )
        arguments.update({"category": next(k for k, v in kind.groupdict().items() if v)} if kind else {})
    if (
        intent.startswith(("immunization.", "procedure.", "encounter."))
        and (place := position_of(text)) is not None
        and place.offset
        and not (intent.endswith(".has") and _EARLIER_AT_ALL.search(text))
    ):
        arguments.update(offset=place.offset, aspect="first" if place.from_start else "last")
    if intent in {"immunization.has", "immunization.last"} and (dose := dose_asked(text)):
        arguments.update(offset=dose - 1, aspect="first")
    if intent == "careplan.list" and re.search(
        r"\b(?:complete|finished|old|past|ended|inactive|previous)", text, re.IGNORECASE
    ):
        arguments["status"] = "completed"
    if intent == "condition.onset" and re.search(r"\b(?:last|latest|most recent|newest)\b", text, re.IGNORECASE):
        arguments["newest"] = True
    if intent == "medication.list_active" and _AS_NEEDED.search(text):
        arguments["as_needed"] = True
    reason = route.variant.of("condition")
    if intent == "medication.list_active" and reason is not None and reason.known:
        arguments["reason"] = reason.id
    if intent.startswith("medication.") and re.search(
        r"\bwho\b.*\b(?:prescrib|order|start|put)|\bprescriber\b", text, re.IGNORECASE
    ):
        arguments["aspect"] = "prescriber"
    if intent == "medication.dose" and _YES_NO.match(text) and (rhythm := re.search(FREQUENCY, text, re.IGNORECASE)):
        arguments["frequency"] = rhythm[0]
    if intent == "causes.possible":
        up, down = _RISE.search(text), _FALL.search(text)
        arguments["direction"] = "any" if (up is None) == (down is None) else "rise" if up is not None else "fall"
    if intents()[intent]["tool"] == "family_history" and (relative := relative_in(text)):
        arguments["relative"] = relative
    if intent == "calculate.note":
        arguments["question"] = text
    if intent == "story":
        arguments.update({k: v for k, v in _story_form(text).items() if v})
    if intent == "report.has" and is_yes_no(text):
        study = route.variant.model_copy(
            update={"slots": tuple(s for s in route.variant.slots if s.kind == "procedure")}
        )
        arguments["question"] = " ".join(without_names(_without(text, question.periods), study).split())
    if intent == "device.has":
        arguments["name"] = question.unknown
    if intent == "note.list" and re.search(r"\bhow many|number of|count\b", text, re.IGNORECASE):
        arguments["aspect"] = "count"
    return arguments


_YES_NO = re.compile(
    r"\W*(?:so |and |but )?(?:is|are|does|do|isn't|doesn't|was|whether|check|confirm)\b", re.IGNORECASE
)
_RISE = re.compile(
    r"\b(?:r(?:ise|ises|ose|isen|ising)|increas\w*|up|climb\w*|jump\w*|spik\w*|elevat\w*|rais\w+|high\w*|peak\w*|bump\w*|surg\w+)\b",
    re.I,
)
_FALL = re.compile(
    r"\b(?:f(?:all|alls|ell|allen|alling)|drop\w*|decreas\w*|declin\w*|down|low\w*|dip\w*|reduc\w*|crash\w*)\b", re.I
)
_STORY_KINDS = (
    ("since_last_visit", r"\bsince\b.{0,30}\b(?:visit|seen|saw|time|appointment|encounter|contact|clinic|review)|\bbetween visits\b|\binterval (?:history|change)|\bcatch me up\b|\bwhat(?:'s| is)? (?:new|different|changed)\b|\banything (?:new|different)\b|\bupdate me\b"),
    ("sbar", r"\bsbar\b|\bi-?pass\b|\bhand[- ]?o(?:ff|ver)|\bsign[- ]?out\b|\bcovering\b|\bnight team\b"),
    ("timeline", r"\btimeline\b|\bchronolog|\bin order\b|\bsequence\b|\bover time\b|\bcourse of events\b"),
    ("one_liner", r"\bone[- ]?liner\b|\b(?:one|a|two|a couple of|a few|\d) (?:short )?(?:lines?|sentences?)\b|\bone line\b|\btl;?dr\b|\belevator\b|\bbottom line\b|\babout to see\b"),
    ("problem_oriented", r"\b(?:by|each|per) (?:of \w+ )?problem|\bproblem[- ]|\bone by one\b"),
    ("full", r"\bfull\b|\bwhole\b|\bcomplete\b|\bcomprehensive\b|\bentire\b|\beverything\b|\blong\b|\bdetailed\b"),
)  # fmt: skip
_STORY_READERS = (
    ("patient", r"\b(?:for|to) (?:the |a |his |her )?(?:patient|pt|lay\w*|family|relatives)\b|\bplain[- ](?:words|language|english|summary|terms)\b|\b(?:simple|everyday|easy|lay\w*|non[- ]?medical) (?:words|english|language|terms|summary|version)\b|\blay\w*\b|\b(?:patient|family)[- ]friendly\b|\bunderstand\b"),
    ("handoff", r"\bhand[- ]?o(?:ff|ver)|\bsbar\b|\bsign[- ]?out\b|\bi-?pass\b|\bcovering\b|\bnight team\b"),
    ("clinician_long", r"\bfull\b|\bcomplete\b|\bcomprehensive\b|\bentire\b|\beverything\b|\blong\b|\bdetailed\b"),
)  # fmt: skip


def _story_form(text: str) -> dict[str, str]:
    """Which story, and for whom; empty where the question does not say."""
    kind = next((k for k, words in _STORY_KINDS if re.search(words, text, re.IGNORECASE)), "")
    audience = next((k for k, words in _STORY_READERS if re.search(words, text, re.IGNORECASE)), "")
    return {"kind": kind or ("full" if audience == "patient" else ""), "audience": audience}


def _asks_for_both_ends(intent: str, text: str) -> bool:
    """ "first and last HbA1c" asks twice."""
    return BOTH_ENDS.search(text) is not None and not asks_for_whole_course(text) and intent.startswith("observation.")


def _without(text: str, periods: tuple[Period, ...]) -> str:
    """A text with its time expressions blanked, so that every other word keeps its place."""
    for period in periods:
        text = text[: period.start] + " " * (period.end - period.start) + text[period.end :]
    return text


def without_periods(text: str, periods: tuple[Period, ...]) -> str:
    """A text without its time expressions."""
    return " ".join(_without(text, periods).split())
