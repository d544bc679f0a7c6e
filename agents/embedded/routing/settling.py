"""Words of a question that decide between neighbouring intents, where likeness to exemplars cannot."""

from __future__ import annotations

import re

from agents.embedded.reading.places import (
    asks_for_newest_two,
    asks_for_whole_course,
    has_limit,
    last_few,
    names_statistic,
    position_of,
)
from agents.embedded.reading.reader import Slot, Variant, without_names
from agents.embedded.routing.beyond_lists import TOLD_IN_WORDS
from agents.embedded.routing.router import Route

CONFIDENT = 0.40
NO_SUCH_DATE = re.compile(r"\b\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b")
# A section of a note is only meant when the question names it; else its whole text is searched.
_SECTION_WORDS = {
    "chief_complaint": r"complain|\bcc\b|presenting",
    "hpi": r"\bhpi\b|present illness",
    "social": r"\bsocial\b|\bshx\b|living situation",
    "plan": r"\bplan|a&p|a/p|assessment|prescribed|treatment|recommend",
    "course": r"course",
    "exam": r"\bexam",
    "medications": r"medic|\bmeds\b|drugs|prescri",
    "allergies": r"allerg|nkda|\bnka\b",
}
NEWEST_NOTE = re.compile(r"\b(?:last|latest|newest|most recent)\s+(?:\w+\s+)?note\b", re.IGNORECASE)
_ABOUT = re.compile(r"\b(?:about|regarding|on|mention|concerning|for)\s+(?:her|his|the|any)?\s*\w{3,}", re.IGNORECASE)
# "Notes re organ donation": what they say of it, and not which there are.
_NOTES_ON = re.compile(
    r"\bnotes? (?:on|re|about|regarding|concerning|mention\w*)\s+(?!(?:file|record|hand|him|her|the (?:chart|system|file|record)|this|that|\d)\b)[a-z]{3,}",
    re.IGNORECASE,
)
_FROM_A_NOTE = re.compile(
    r"\b(?:from|using|with|per|based on|according to|by|out of|going by|in) (?:the |this |that |his |her )?(?:values (?:in|of) (?:the |this )?)?(?:[\w-]+ ){0,4}(?:notes?|summary|documentation|letter|report|write-?up)\b",
    re.I,
)
_LISTS_NOTES = re.compile(
    r"\blist\b|\b(?:which|what|any|all) notes\b|\bhow many\b|\bnumber of\b|\bcount\b|\b(?:last|latest|newest|most recent|recent) (?:\w+ )?notes?\b|^notes?\b",
    re.IGNORECASE,
)
_STATUS_ASKED = re.compile(
    r"\bactive\b|\bon it\b|\btak(?:e|es|ing)\b|\bstill\b|\bcurrent(?:ly)?\b|\bcorrect\b|\bright\b|\breally\b",
    re.IGNORECASE,
)
_AGE_ASKED = re.compile(r"\bage[ds]?\b|\bold\b|\bolder\b|\byoung\w*\b|\byears?\b|\bbirthday\b", re.IGNORECASE)
_NO_ALLERGY = re.compile(
    r"\bnkd?a\b|\bno known (?:drug )?allerg|\bno (?:drug |food )?allergies\b(?! to\b)", re.IGNORECASE
)


# "Biggest systolic anywhere in the notes": no note holds all of a series.
_OF_ALL_VALUES = frozenset({"observation.statistics", "observation.first", "observation.count"})
_IN_THE_NOTES = re.compile(r"\b(?:in|from|across|through|throughout) (?:all )?(?:the|his|her) notes\b", re.IGNORECASE)


def of_the_source_named(routes: list[Route], text: str) -> Route:
    """The best route; a question that names the notes as its source is about the notes, or about notes against record."""
    scored = next((r for r in routes if r.intent == "calculate.note" and r.variant.of("model") is not None), None)
    if scored is not None and _FROM_A_NOTE.search(text):
        return _sure(scored)
    if routes[0].intent in _OF_ALL_VALUES and routes[0].variant.in_record and _IN_THE_NOTES.search(text):
        return routes[0]
    if "note" in routes[0].variant.cues:
        found = next(
            (r for r in routes if _is_of_notes(r) and _names_its_section(r, text)),
            None,
        )
        if found is not None:  # the source is named outright: that is as sure as it gets
            return _sure(found)
    return routes[0]


_IS_QUESTION = re.compile(
    r"^(?:and |so |but )?(?:what|when|who|why|where|which|how|is|are|was|were|did|does|do|has|have|had|should|would|may|might|can (?:he|she|they|the patient|pt|it)|could (?:he|she|they|it))\b",
    re.IGNORECASE,
)
_WEIGHT_FINDINGS = frozenset({"weight_gain", "weight_loss", "abnormal_weight_gain", "abnormal_weight_loss"})
_WEIGHT_MOVES = re.compile(
    r"\b(?:lost|gained|losing|gaining|put on|dropped|shed)\b.{0,20}\bweight\b|\bhow much weight\b|\bweight (?:change|trend)\b|\bweight (?:loss|gain)\b.{0,20}\b(?:since|over|during|so far|in total|total|this pregnancy|between|from|in (?:kg|lbs?|pounds|kilos?))\b|\b(?:total|amount of) weight (?:loss|gain)\b|\b(?:gain\w*|put\w* on|up) (?:or|and|/|vs\.?) (?:los\w+|shed\w*|down)\b|\b(?:los\w+|shed\w*|down) (?:or|and|/|vs\.?) (?:gain\w*|put\w* on|up)\b",
    re.I,
)
_AT_WEEK = re.compile(r"\b\d{1,3}(?:\s*[-+]\s*\d)?\s*(?:wks?|weeks?|/40|months?|days?|hrs?|hours?|yrs?|years?)\b", re.I)
_DAY_AND_MONTH = re.compile(
    r"(?<![\d/])(?:(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])|(?:[12]\d|3[01])/(?:0?[1-9]|1[0-2]))(?![\d/])"
)
_HEAVIER = re.compile(r"\b(?:heavier|lighter|thinner|fatter|slimmer)\b", re.IGNORECASE)
_MOVED = re.compile(
    r"\b(?:drop(?:s|ped|ping)?|r(?:ise|ises|isen|ose|ising)|f(?:all|alls|ell|allen|alling)|declin\w+|increas\w+|decreas\w+|reduc(?:ed?|es|ing|tion)|chang(?:e|es|ed|ing)|moved?|climb\w*|worsen\w*|improv\w*|progress\w*|evol\w+|deteriorat\w*|worse|better|drift\w*|differen\w+|delta|behav\w+|fluctuat\w*|swing\w*|var(?:y|ied|ies|iation))\b",
    re.IGNORECASE,
)
_AT_EXTREME = re.compile(
    r"\b(?:highest|lowest|maximum|minimum|max|min|peak|nadir|largest|smallest|greatest|heaviest|lightest|biggest|average|avg|mean|median)\b|(?<!in )(?<!the )(?<!normal )(?<!within )(?<!reference )(?<!target )(?<!therapeutic )(?<!of )\brange\b(?! of motion)",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"\b(?:every|each|all)(?: (?:the|of the|his|her|single|recorded|available|documented))* (?:visits?|readings?|values?|results?|measurements?|checks?|times?|ones?|numbers?|draws?|appointments?)\b|\bwhat did\b.{2,40}\bdo(?:ing)?\b",
    re.IGNORECASE,
)
SEVERAL_ENDS = re.compile(
    r"\b(?:\d|two|three|four|five)\s+(?:highest|lowest|largest|smallest|biggest|worst|best)\b|\b(?:highest|lowest|top|bottom|worst)\s+(?:\d|two|three|four|five)\b|\bin (?:ascending |descending )?order\b|\bsorted\b|\branked?\b",
    re.IGNORECASE,
)
_WHEN_WAS = re.compile(r"\bwhen (?:was|is|were|did)\b|\b(?:which|what) (?:date|day)\b|\bon which\b", re.IGNORECASE)
_THAN_BEFORE = re.compile(
    r"\b(?:compared (?:to|with)|relative to|than|versus|vs\.?|against)\s+(?:(?:it was|about|around|that of|the one|the value)\s+)*(?:an?|one|two|three|six|\d+)\s+(?:years?|months?|weeks?)\s+(?:ago|back|earlier)\b",
    re.IGNORECASE,
)
_STAY_THROUGH = re.compile(
    r"\b(?:admission|arrival|presentation)\s*(?:->|→|[-–/]|\b(?:to|vs\.?|versus|through|until)\b)\s*(?:the )?(?:discharge|d/?c)\b",
    re.IGNORECASE,
)
_A_VALUE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w/-])")
_BETWEEN = re.compile(r"\bbetween\b", re.IGNORECASE)
_SINGLE = frozenset({"latest", "exists", "previous", "first"})


def _of_a_series(best: Route, text: str, timeless: str) -> Route | None:
    """Which of a series is meant, where words say so outright: a limit, the newest two, the whole course, an extreme."""
    named = best.variant.of("observation")
    which = _which_of_a_series(best, named, text, timeless) if named is not None else ""
    return best._replace(intent=f"observation.{which}") if which else None


def _which_of_a_series(best: Route, named: Slot, text: str, timeless: str) -> str:
    intent = best.intent.removeprefix("observation.")
    single, bare = intent in _SINGLE, intent in {"latest", "exists"}
    nameless, limited = without_names(text, best.variant), has_limit(timeless)
    if named.id in TOLD_IN_WORDS and intent in {"count", "statistics", "threshold"}:
        return "latest"
    if limited and intent != "threshold" and not NO_SUCH_DATE.search(text):
        return "threshold"
    if SEVERAL_ENDS.search(text) and (single or intent == "statistics"):
        return "series"
    if intent == "normal" and "ever" in best.variant.cues:
        return "series"
    if (single or intent == "threshold") and not limited and _WHEN_WAS.search(text):
        # "Hb 12.9, when was that?": the value is among the dated ones, or it is seen not to be
        if _A_VALUE.search(nameless if timeless == text else timeless):
            return "series"
    if _THAN_BEFORE.search(text) and (single or intent == "series"):
        return "change"
    of_two = single or intent in {"series", "change"} or (intent == "count" and _BETWEEN.search(text) is not None)
    if of_two and asks_for_newest_two(text):
        return "change"
    of_course = (single or intent == "change") and best.variant.of("medication", "drug_class") is None
    if of_course and (asks_for_whole_course(text) or _STAY_THROUGH.search(text)):
        return "series"
    if intent == "statistics" and not names_statistic(nameless):
        return "series"
    if intent == "threshold" and not limited and (_AT_WEEK.search(text) or _DAY_AND_MONTH.search(text)):
        return "latest"  # "K on the gas of 11/10"
    if (bare or intent == "previous") and last_few(text):
        return "series"
    if bare and (_MOVED.search(nameless) or _EVERY.search(timeless)):
        return "series"
    return "statistics" if bare and _AT_EXTREME.search(nameless) else ""


_ASKS_WHY = re.compile(
    r"\bwhy\b|\bhow come\b|\bcaus\w+|\breasons?\b|\bexplain\w*|\bexplanation|\bbehind\b|\bdriv\w+|\bdrove\b|\bled to\b|\bpush\w*|\bculprits?\b|\ba?etiolog\w+|\bcontribut\w+"
    r"|\bwhich (?:drug|med\w*)\b|\bresponsible\b|\bwhat (?:happened|changed)\b|\baccount\w* for\b|\btrigger\w*|\bmade\b|\bdifferential\b|\bblam\w+",
    re.IGNORECASE,
)
_EVENT_OF_DRUG = r"\b(?:was|were|has|have|had|did|when|been|ever|get|got)\b.{0,60}\b"
_WAS_STOPPED = re.compile(
    rf"{_EVENT_OF_DRUG}(?:stopp?ed|stop|discontinued|taken off|ceased|withdrawn|paused|held|interrupted)\b",
    re.IGNORECASE,
)
_WAS_CHANGED = re.compile(
    rf"{_EVENT_OF_DRUG}(?:(?:up|down)[- ]?titrated|titrated|increased?|decreased?|reduced?|doubled|halved|lowered|raised|adjusted|changed)\b",
    re.IGNORECASE,
)
_WAS_ON = re.compile(
    r"\b(?:was|were)\s+(?:\w+\s+){0,2}(?:on|taking|using|given|prescribed)\b|\bdid\s+(?:he|she|they|the patient|pt)\s+(?:take|use|get|have|receive)\b|\bused to (?:take|be on|use|get)\b",
    re.IGNORECASE,
)
_DURATION = re.compile(r"\bhow many (?:days|weeks|doses)\b|\bduration\b|\bcourse\b|\blength of\b", re.IGNORECASE)
# "When do the vanc caps finish": how a drug is taken and for how long, and no level of it.
_OF_COURSE = re.compile(
    r"\b(?:finish\w*|complet\w*|last day|(?:end|stop) date|day (?:#|number|no)|how many (?:more )?days|course|caps(?:ules)?|tablets?|tabs|po|p\.o\.|oral(?:ly)?|by mouth|liquid)(?!\w)",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"\bfollow[- ]?up\b|\bdue\b|\brepeat(?:ed)?\b|\bnext\b|\bsurveillance\b|\bupcoming\b", re.IGNORECASE
)
_OPERATIONS = re.compile(r"\b(?:procedures|operations?|surger(?:y|ies)|ops)\b", re.IGNORECASE)
_WHEN_TO = re.compile(
    r"\bwhen (?:to|should (?:he|she|they|i|we|the patient))\b|\b(?:told|advised|asked|instructed|supposed|meant|warned) to\b|\b(?:discharge|admission|clinic|visit|ed|er) (?:summary|letter|note|report)\b|\b(?:came|come|went|arrived) with\b|\baccompan\w+|\breview of systems\b|\bwhat should (?:make|prompt|bring)\b",
    re.IGNORECASE,
)
_DOES_TO = re.compile(
    r"\bwhat (?:does|did|do|would|will)\b.{0,40}\bdo to (?:him|her|them|the patient|this patient|pt)\b|\b(?:can'?t|cannot|unable to) tolerate\b|\bwhat happen(?:s|ed) (?:when|if|after)\b.{0,30}\b(?:takes?|took|gets?|got|had|exposed|given)\b",
    re.IGNORECASE,
)
_OF_DOSING = re.compile(
    r"\bdos(?:e|es|ing|age)\b|\bregimens?\b|\binterval|\bauc\b|\btarget|\btrough|\bplans\b|\boptions\b|\bstrateg",
    re.IGNORECASE,
)
_HAPPENS_TO = re.compile(
    r"\bwhat (?:happens|should happen|to do|do we do) (?:to|with|about) (?:the |his |her )?", re.IGNORECASE
)

_AS_FAR_AS = re.compile(r"\b(?:down to|as far as|through to|up to)\b(?! \d)", re.IGNORECASE)


_MILLIGRAMS = re.compile(r"\d\s*m?g\b(?!\s*/)", re.IGNORECASE)
_OF_REACTION = re.compile(
    r"\breaction|what happens|react to|cause\b|how (?:bad|severe|serious)|severity|criticality", re.IGNORECASE
)


def asks_why(text: str) -> bool:
    """Whether a cause is asked for."""
    return _ASKS_WHY.search(text) is not None


def _is_measured(route: Route) -> bool:
    """Whether it is about a result that rises and falls, not an entry that only this record has."""
    slot = route.variant.of("observation")
    return slot is not None and slot.known and not slot.id.startswith("record:") and not slot.id.endswith("_test")


def _starts_at(route: Route, place: int) -> bool:
    drug = route.variant.of("medication", "drug_class")
    return drug is not None and drug.known and drug.start == place


def _weight_moved(best: Route, text: str) -> Route | None:
    """ "Has she lost weight overall?", "lighter than before?" ask for the weights, not for a problem of that name."""
    named = next((s for s in best.variant.slots if s.kind == "condition" and s.known), None)
    if _HEAVIER.search(text) and not any(s.known for s in best.variant.slots) and not re.search(r"\d", text):
        heavier = Slot(kind="observation", start=0, end=0, text="weight", id="body_weight")
        return Route("observation.series", CONFIDENT, best.variant.model_copy(update={"slots": (heavier,)}))
    if named is None or named.id not in _WEIGHT_FINDINGS or not _WEIGHT_MOVES.search(text):
        return None
    slot = named.model_copy(update={"kind": "observation", "id": "body_weight"})
    return Route("observation.series", max(best.score, CONFIDENT), best.variant.model_copy(update={"slots": (slot,)}))


_WHEN = re.compile(
    r"\b(?:before|after|prior to|following|since)\s+(?:(?:the|his|her|their|starting)\s+)*$", re.IGNORECASE
)


def _done_before_it(routes: list[Route], text: str) -> Route | None:
    """The route to what is asked of where the drug only says when: "was hepatitis B checked before methotrexate"."""
    for route in routes:
        drug = route.variant.of("medication", "drug_class")
        thing = route.variant.of("observation", "condition", "procedure")
        if drug is None or not drug.known or thing is None or not thing.known or thing.start > drug.start:
            continue
        if route.intent in {"observation.latest", "condition.has", "procedure.has"} and _WHEN.search(
            text[: drug.start]
        ):
            return route
    return None


_WITH = re.compile(r"\bwith\s+(?:(?:the|his|her|their|this|that)\s+)?$", re.IGNORECASE)


def _finding_alone(best: Route, routes: list[Route], text: str) -> Route | None:
    """The route to a finding that came with something which is no study: "headache or jaw pain with the collapse"."""
    study, named = best.variant.of("procedure"), best.variant.of("condition")
    if study is None or study.known or named is None or not named.known or not _WITH.search(text[: study.start]):
        return None
    return next((r for r in routes if r.intent == "condition.has" and r.variant.of("condition") is not None), None)


def _is_of_notes(route: Route) -> bool:
    """Whether a route reads notes, or sets them against the record where words ask for that."""
    return route.intent.startswith("note.") or (
        route.intent.startswith("conflict.") and "conflict" in route.variant.cues
    )


def _names_its_section(route: Route, text: str) -> bool:
    if route.intent in {"note.list", "note.last"}:
        if _NOTES_ON.search(text):
            return False
        return _LISTS_NOTES.search(text) is not None and not (route.intent == "note.last" and _ABOUT.search(text))
    section = route.intent.removeprefix("note.section.")
    return section == route.intent or re.search(_SECTION_WORDS.get(section, ""), text, re.IGNORECASE) is not None


def _sure(route: Route, intent: str = "") -> Route:
    """A route as sure as one that words settle, to another intent where one is given."""
    return route._replace(intent=intent or route.intent, score=max(route.score, CONFIDENT))


def settled(best: Route, routes: list[Route], text: str, timeless: str = "") -> Route:
    """The route where words of the question decide between neighbours; `timeless` is the text without its periods."""
    drug = best.variant.of("medication", "drug_class") or next(
        (s for r in routes[:8] if (s := r.variant.of("medication", "drug_class")) is not None and s.known), None
    )
    drug_known = drug is not None and drug.known
    asked = [r for r in routes if not r.intent.startswith("guard.")]
    of_drugs = [r for r in routes if r.intent.startswith("medication.")]
    about_notes = "note" in best.variant.cues or best.intent.startswith("conflict.")
    if about_notes and drug_known and _STATUS_ASKED.search(text):
        return Route("medication.active", max(best.score, CONFIDENT), _naming(drug, routes, best))
    if best.intent in {"medication.active", "medication.ever"} and (done := _done_before_it(routes, text)) is not None:
        return done
    if best.intent == "report.has" and (finding := _finding_alone(best, routes, text)) is not None:
        return finding
    if best.intent == "demographics.age_when" and not _AGE_ASKED.search(text):  # "has she got" is near "age she got"
        best = next((r for r in asked if r.intent != "demographics.age_when"), best)
    if _NO_ALLERGY.search(text):
        return _sure(best, "conflict.allergies" if best.intent.startswith(("note.", "conflict.")) else "allergy.list")
    no_cause = best.intent == "causes.possible" and not (asks_why(text) and _is_measured(best))
    if no_cause or (best.intent == "dosing.compare" and not _OF_DOSING.search(text)):
        best = next((r for r in asked if r.intent not in {"causes.possible", "dosing.compare"}), best)
    if best.intent.startswith("observation.") and (decided := _of_a_series(best, text, timeless or text)) is not None:
        return decided
    if best.intent in {"calculate", "what_if"}:
        if drug_known and has_limit(timeless or text) and not _MILLIGRAMS.search(text):
            # "What if eGFR stays under 30, metformin?" asks what was planned for the drug; no value is supposed.
            of_drug = (r for r in of_drugs if r.intent == "medication.active")
            if (found := next((r for r in of_drug if r.variant.of("medication", "drug_class")), None)) is not None:
                return Route("medication.active", CONFIDENT, found.variant)
        if (lead := _HAPPENS_TO.search(text)) is not None and not re.search(r"\d\s*m?g\b", text, re.IGNORECASE):
            if (found := next((r for r in of_drugs if _starts_at(r, lead.end())), None)) is not None:
                return Route("medication.active", CONFIDENT, found.variant)
        if drug_known and _OF_COURSE.search(text) and not best.variant.cues & {"what_if", "calculate"}:
            return Route("medication.active", CONFIDENT, _naming(drug, routes, best))
    if best.intent in {"calculate", "panel.latest"} and "calculate" not in best.variant.cues and _MOVED.search(text):
        series = (r for r in routes if r.intent == "observation.series")
        of_values = next((r for r in series if r.variant.of("observation") is not None), None)
        if of_values is not None and of_values.variant.in_record:
            return _sure(of_values)
    if (moved := _weight_moved(best, text)) is not None:
        return moved
    if best.intent == "guard.order" and _IS_QUESTION.match(text):
        return _sure(next((r for r in asked if not r.intent.startswith("followup.")), best))
    asks_of_drug = bool(best.variant.cues & {"reason", "stop", "start"}) and "allergy" not in best.variant.cues
    if best.intent.startswith("allergy.") and asks_of_drug and drug_known:
        return _sure(next((r for r in of_drugs if r.variant.of("medication", "drug_class")), best))
    if best.intent.startswith("encounter.") and _OPERATIONS.search(text) and not best.variant.slots:
        return _sure(best, "procedure.list")
    again = best.intent in {"procedure.has", "procedure.last"} and _AGAIN.search(text) is not None
    if again or (best.intent.startswith("encounter.") and _WHEN_TO.search(text)):
        return _sure(best, "note.search")
    of_taking = best.intent in {"medication.start", "medication.active", "medication.last"} and _DURATION.search(text)
    of_stop = best.intent == "medication.reason" and "stop" in best.variant.cues
    if not of_taking and not of_stop and best.intent.startswith(("medication.", "allergy.")):
        of_reaction = next((r for r in routes if r.intent == "allergy.reaction" and r.variant.slots), None)
        if of_reaction is not None and drug is not None and _DOES_TO.search(text):
            return Route("allergy.reaction", max(best.score, CONFIDENT), of_reaction.variant)
    return best._replace(intent=_within_its_family(best, drug, text))


def _naming(drug: Slot | None, routes: list[Route], best: Route) -> Variant:
    """The reading that names the drug."""
    return next((r.variant for r in routes if r.variant.of("medication", "drug_class") == drug), best.variant)


def _within_its_family(best: Route, drug: Slot | None, text: str) -> str:
    """The intent of the same subject that the cues and words ask for; its own where they leave it as it is."""
    intent, cues = best.intent, best.variant.cues
    now = "now" in cues
    if intent == "observation.latest" and "trend" in cues and best.variant.of("observation") is not None:
        return "observation.series"
    if intent == "observation.previous" and position_of(text) is None and "ever" in cues:
        return "observation.latest"
    if intent == "observation.threshold" and (not re.search(r"\d", text) or NO_SUCH_DATE.search(text)):
        return "observation.statistics"
    if intent in {"medication.start", "medication.active", "medication.last"} and _DURATION.search(text):
        return "medication.dose"
    if intent == "medication.reason" and "stop" in cues:
        return "medication.stop"
    if intent == "allergy.has" and _OF_REACTION.search(text):
        return "allergy.reaction"
    if intent == "condition.resolved" and _AS_FAR_AS.search(text):  # "did the ulcer go down to bone"
        return "condition.has"
    if intent == "condition.has" and now and "ever" not in cues:
        return "condition.active"
    if intent in {"medication.ever", "medication.active"} and drug is not None and _WAS_STOPPED.search(text):
        return "medication.stop"
    if intent in {"medication.ever", "medication.active"} and drug is not None and _WAS_CHANGED.search(text):
        return "medication.dose"
    if intent == "medication.active" and not now and ("ever" in cues or _WAS_ON.search(text)):
        return "medication.ever"
    if intent == "medication.list_active" and "stop" in cues and not now:
        return "medication.list_stopped"
    if intent in {"condition.list_active", "condition.list_all"} and "resolved" in cues and not now:
        return "condition.list_resolved"
    return intent
