"""The search of the notes beside the record: what a part asks beyond what the lists tell, and which of the two answers first."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from agents.embedded.plans import Call, Setting
from agents.embedded.reading.reader import Question, Slot
from agents.embedded.reading.record_names import RecordNames
from agents.embedded.routing.asked_words import any_of
from agents.embedded.routing.beyond_lists import (
    BESIDE_THE_RECORD,
    NOTES_FIRST,
    TOLD_IN_WORDS,
    asks_beyond_lists,
    is_short,
    may_go_beyond,
    words_beyond,
)
from agents.embedded.routing.router import Route
from agents.embedded.routing.visit_words import names_a_visit
from tools.catalogue import DERIVED_MODELS

_TOLD_BESIDE = re.compile(r"\binterpret\w*|\btranslat\w*|\bpronouns?\b|\bprefers?\b", re.IGNORECASE)
_GUIDELINES = re.compile(r"\bguid(?:eline|ance)s?\b|\bevidence\b|\bliterature\b", re.IGNORECASE)
_NOT_DONE = re.compile(r"\bnot\b|n['’]t\b|\bnever\b|\bno\b", re.IGNORECASE)  # "why was the anaemia not looked into"
_MOVED = re.compile(r"\b(?:loss|gain|drop|fall|rise)\b", re.IGNORECASE)
_NAMES = frozenset({"observation", "condition", "medication", "drug_class", "procedure"})
_ASKS_NOTES = frozenset({"causes.possible", "medication.safety", "procedure.due", "immunization.due", "immunization.declined", "immunization.why_not"})  # fmt: skip
NOTE_TOOLS = frozenset({"search_notes", "section_of_note", "list_notes", "record_vs_notes", "look_up", "patient_card", "demographics"})  # fmt: skip
_TOLD_AS_FIGURES = frozenset({"pain_severity"})  # "burning, 6/10": the note need not name the score
_VACCINES = "vaccine vaccines vaccination vaccinations immunization immunizations shots"
# They say that a thing is there, or what it was last measured at; why, what next and how far, they do not say.
_HOW_MUCH = re.compile(
    r"\bhow (?:much|many|heav\w+|long)\b|\bamount\b|\bper (?:day|week)\b|\ba (?:day|week)\b", re.IGNORECASE
)
_EXTENT_OF = {"tobacco_status": "pack years, cigarettes a day", "alcohol_use": "units a week, drinks a day"}
_SAYS_THAT_IT_IS = frozenset(
    {
        *("condition.has", "condition.active", "medication.active", "medication.ever", "procedure.has", "allergy.has"),
        *("observation.latest", "observation.exists"),
    }
)
_KIND_OF = {"observation": ("observation",), "medication": ("medication", "drug_class"), "procedure": ("procedure",), "condition": ("condition",), "allergy": ("allergen",)}  # fmt: skip
_NAMING = frozenset({"observation", "condition", "medication", "procedure", "allergy"})
_WHY = re.compile(
    r"\bwhy\b|\bhow come\b|\b(?:because|b/?c)\W*$|\breasons?\b|\brationale\b|\bgrounds\b|\bwhat(?:'s| is| was| are| were) (?:limiting|stopping|holding|preventing|delaying|behind|keeping|blocking)\b|\bwhat (?:limit(?:s|ed)|went wrong|goes wrong)\b",
    re.IGNORECASE,
)
_TELLS_WHY = frozenset(
    {"medication.reason", "medication.stop", "procedure.reason", "procedure.why_not", "procedure.declined"}
)
_YES_NO_ALONE = frozenset({"condition.has", "condition.active", "medication.active", "medication.ever", "procedure.has"})  # fmt: skip
_OPEN = re.compile(
    r"^\W*(?:(?:and|so|but|then|in|at|on|by|for|from|per|the)\s+)*(?:(?:what|which|why|how|where|who|whose|whom|when)\b"
    r"|(?:(?:new|next|planned|current|exact)\s+)?(?:dates?|day|time|names?|reasons?|results?|sizes?|number|amount|outcome|site|side|location)\s+(?:of|for)\b)",
    re.IGNORECASE,
)
_IS_IT = re.compile(
    r"^\W*(?:(?:and|so|but|then|please|pls)\s+)*(?:is|are|was|were|has|have|had|did|does|do|can|could|should|any|ever|still|on|no)\b"
    r"|(?:[,;–-]|\b(?:and|so|but))\s*(?:is|are|was|were|has|have|had|did|does|do)\s+(?:he|she|they|it|that|this|the (?:pt|patient))\b"
    r"|\b(?:y/n|yes or no|whether|right|correct|true)\b\W*$",
    re.IGNORECASE,
)
_OF_EXTENT = re.compile(
    r"\b(?:sever\w+|grade|stage|extent|size|side|how (?:bad|severe|big|large|far))\b", re.IGNORECASE
)
_TO_COME = re.compile(
    r"\b(?:until|till) when\b|\bhow (?:much )?long(?:er)?\b.{0,20}\b(?:will|should|must|is|are|does|do|to)\b|\bcontinue\w*\b|\bwhen (?:should|will|can|is|are|do|does)\b",
    re.IGNORECASE,
)
_WHAT_OF = re.compile(r"\b(?:what|how) about\b|\bstatus\b|\bhistory of\b|\bwhat (?:dose|strength)\b", re.IGNORECASE)


# "Heart rate in the breathing trial": the newest value is not of that occasion.
_OCCASION = r"\b(?:in|during|at|on|after|before|while|when|post|with|for|under|upon|of|from|by|as|once)\s+(?:(?:the|his|her|their|a|an|that|this|first|last|failed|he|she|they|was|were|got|being)\s+)*"
_KIND_OF_DOSE = re.compile(r"\b([a-z]+)\s+dos(?:e|es|age|ing)\b", re.IGNORECASE)
_MEASURED = re.compile(r"\b(?:levels?|troughs?|concentrations?|antibod\w+)\b", re.IGNORECASE)
_CHANGES_DRUG = re.compile(r"\b(?:re-?start|resum|rechalleng|reintroduc|hold|stop)\w*\b(?<!ped)(?<!ed)", re.IGNORECASE)
_OF_ANY_PLACE = frozenset({"imaging", "surgery", "procedure", "injection"})
_ASKED_THING = re.compile(
    r"\b(?:how (?:many|much)|what|which|whose)\s+(?P<thing>[a-z]\w+)(?:\s+(?P<next>[a-z]\w+))?", re.IGNORECASE
)


def answers_first(part: str, route: Route, left: str, left_out: Slot | None, record: RecordNames) -> bool:
    """Whether what the notes tell comes before what the record has of the names; never where yes or no is asked.

    `left` are the words that the lists do not explain, `left_out` is a name that no call looks up.
    """
    family = route.intent.partition(".")[0]
    if asks_yes_or_no(part):
        return False
    if family == "knowledge":
        return _GUIDELINES.search(part) is None
    if family not in _NAMING or not any(s.known for s in route.variant.slots):
        return False
    if not _has_asked(route, record):
        return _tells_what_is_absent(part, route, left)
    return _is_of_something_else(part, route, left, left_out, record) or _is_not_said(part, route, left)


def _has_asked(route: Route, record: RecordNames) -> bool:
    """Whether the record has what the route asks about: the drug of "dose of colchicine", not the drug of "K on losartan"."""
    kinds = _KIND_OF.get(route.intent.partition(".")[0], ())
    asked = [s for s in route.variant.slots if s.known and s.kind in kinds]
    return any(record.has(s.kind, s.id) for s in asked) if asked else route.variant.in_record > 0


def _tells_what_is_absent(part: str, route: Route, left: str) -> bool:
    """Of a name that the record has nowhere: what the notes say of it, whatever is asked but whether it is there."""
    if route.intent.startswith("observation."):
        return not any(s.id in DERIVED_MODELS for s in route.variant.slots)
    if route.intent.startswith("procedure.") and len(left.split()) > 1:
        return True  # "how well was the RV contracting on the 2 am scan"
    presence = route.intent in _YES_NO_ALONE or route.intent.startswith(("allergy.", "condition."))
    return not presence or asks_beyond_lists(part) or asks_openly(part)


def _is_of_something_else(part: str, route: Route, left: str, left_out: Slot | None, record: RecordNames) -> bool:
    """Whether a name only says of what something is asked: "filters clotted on heparin", "heart rate in the trial"."""
    words = left.split()
    thing = _ASKED_THING.search(part)
    if thing is not None and {str(thing["thing"]).lower(), str(thing["next"]).lower()} & set(words):
        return True
    if words and any(s.id in _OF_ANY_PLACE for s in route.variant.slots):
        return True  # "neck scan PSV": another scan than those on record, or what none of them holds
    if route.intent.startswith("observation.") and route.variant.of("medication", "drug_class") is not None:
        return _CHANGES_DRUG.search(part) is not None  # "potassium to restart losartan"
    if not route.intent.startswith(("observation.", "medication.")):
        return False
    if route.intent.startswith("medication.") and _MEASURED.search(part) is not None:
        return True  # "drug level when it failed"
    if route.intent == "medication.dose" and (kind := _KIND_OF_DOSE.search(part)) is not None and kind[1] in words:
        return True  # "loading dose"
    if left_out is not None and not record.has(left_out.kind, left_out.id):
        return True  # "what dose of prednisone for the pneumonitis", which stands on no list
    if route.intent not in {"observation.latest", "observation.exists"} or not words:
        return False
    return re.search(rf"{_OCCASION}(?:{'|'.join(map(re.escape, words))})\b", part, re.IGNORECASE) is not None


_MUCH_UNSAID = 2  # words of a question that no list explains: more is asked than whether the thing is there


def _is_not_said(part: str, route: Route, left: str) -> bool:
    """Whether the record says only that the thing is there: no answer to an open question, a reason or a plan."""
    if route.intent == "medication.stop":
        return _TO_COME.search(part) is not None
    if _WHY.search(part) and route.intent not in _TELLS_WHY:
        return True
    if route.intent not in _SAYS_THAT_IT_IS or _WHAT_OF.search(part):
        return False
    if route.intent.startswith("observation.") and _OF_EXTENT.search(part):
        return False
    if route.intent not in _YES_NO_ALONE:
        return asks_beyond_lists(part)
    # What was done has an outcome of its own.
    unsaid = len(left.split()) >= _MUCH_UNSAID and not route.intent.startswith("procedure.")
    return asks_beyond_lists(part) or asks_openly(part) or unsaid


_SHORTEST_WORD = 3
# "Diabetic eye check", "EGFR mutation status": what is asked for is the last noun, and the name in front only its kind.
_GOES_ON = re.compile(r"[ -](?P<word>[A-Za-z]\w*)")
_AUXILIARY = re.compile(
    r"\b(?:did|does|do|has|have|had|is|are|was|were|can|could|will|would|should|may|might|if|when|that|whether)\s+(?:(?:the|his|her|their|this|that|any|a|an)\s+)*$",
    re.IGNORECASE,
)
_BY_POSTURE = frozenset({"blood_pressure", "systolic_blood_pressure", "diastolic_blood_pressure"})
# What a value is of: another specimen than the record's value is another result.
_SPECIMEN = re.compile(
    r"\b(?:of|in|on|from)\s+(?:(?:the|his|her|their|that|this|a|an)\s+)*(?:[\w-]+\s+){0,2}?(?:fluid|tap|effusion|aspirate|ascites|drains?|drainage|csf|lp|lumbar puncture|bile|cyst|abscess|synovium|empyema|cord (?:gas|blood))\b(?!\s*(?:overload|restriction|balance|resus\w*|therap\w*|intake|status|removal))"
    r"|\b(?:pleural|ascitic|peritoneal|synovial|cerebrospinal|csf|amniotic)\b|\b(?:drain|joint)\s+(?:fluid|tap|aspirate)(?!\s+(?:effusion\W*$|pains?|dialysis|thickening|plaque))",
    re.IGNORECASE,
)
_POSTURE = re.compile(r"\b(?:postural|orthostatic|lying|standing|supine|erect|upright)\b", re.IGNORECASE)
_NO_NOUN = re.compile(rf"\w+(?:ed|ing|ly)$|{any_of('verb_after_a_name')}$", re.IGNORECASE)
_NAMED_BY = frozenset({"observation", "condition", "panel", "model"})


def names_another_specimen(part: str, route: Route) -> bool:
    """Whether a result is asked for of a specimen that the recorded one is not of: "pH of the fluid they tapped"."""
    value = route.variant.of("observation")
    if value is None or not value.known or not route.intent.startswith("observation."):
        return False
    around = f"{part[: value.start]}{' ' * (value.end - value.start)}{part[value.end :]}"
    found = _SPECIMEN.search(around)
    return found is not None and not _OF_ITSELF.search(value.id)


# How the results of a specimen are named; "the tap" and "the fluid" are of whichever the record has.
_FLUIDS = ("ascitic fluid", "peritoneal fluid", "pleural fluid", "cerebrospinal fluid", "csf", "synovial fluid", "joint fluid", "drain fluid", "bile")  # fmt: skip


def of_its_specimen(part: str, route: Route, record: RecordNames) -> Route | None:
    """The route to the result of the specimen that a question names, where the record has one: "neutrophils in the tap"."""
    if not names_another_specimen(part, route) or (value := route.variant.of("observation")) is None:
        return None
    named = [f for f in _FLUIDS if f.split()[0] in part.lower()] or _FLUIDS
    found = {t.id for f in named for t in record.find(f"{f} {value.text}") if t.kind == "observation"}
    if len(found) != 1:
        return None
    of_it = value.model_copy(update={"id": found.pop()})
    return Route(route.intent, route.score, route.variant.model_copy(update={"slots": (of_it,), "in_record": 1}))


_OF_ITSELF = re.compile(
    r"fluid|csf|pleural|ascit|synovial|drain|output|periton|saag|albumin_gradient|cord|amnio|fibronectin"
)


def names_a_longer_thing(
    part: str, route: Route, question: Question, family: Collection[str], own: Collection[str]
) -> bool:
    """Whether the one name of a part only begins a longer one, whose last word is no part of any ask."""
    known = [s for s in route.variant.slots if s.known]
    if len({s.start for s in known}) != 1 or known[0].kind not in _NAMED_BY or asks_yes_or_no(part):
        return False
    if known[0].id in _BY_POSTURE and _POSTURE.search(part) is not None:
        return True  # which no measured value on record has
    after = _GOES_ON.match(part, known[0].end)
    if after is not None and after[0].startswith("-") and len(after["word"]) < _SHORTEST_WORD:  # "EDE-Q score"
        after = _GOES_ON.match(part, after.end()) or after
    if after is None or _AUXILIARY.search(part[: known[0].start]) or "note" in route.variant.cues:
        return False
    if known[0].kind == "observation" and names_a_visit(after["word"]):
        return False  # "creatinine admission to discharge": when, and no longer name
    left = words_beyond(part, route.intent, route.variant, question, family, own).split()
    return after["word"].lower() in left and _NO_NOUN.fullmatch(after["word"]) is None


# "Why did nobody call about the weight", "why did they settle for a MAP of 60": what people did, and not what moved a value.
_WHY_THEY = re.compile(
    r"\b(?:why|how come|what made|what led)\b(?:\s+(?:did|does|do|was|were|is|are|has|have|had|would|didn't|wasn't|not))*\s+(?:the\s+)?(?:nobody|no one|noone|no-one|they|we|you|team|teams|doctors?|nurses?|staff|ed|er|icu|itu|ward|surgeons?|anyone|somebody|someone)\b",
    re.IGNORECASE,
)
_OF_VALUES = frozenset({"causes.possible", "calculate"})


def asks_why_people_acted(part: str, route: Route) -> bool:
    """Whether a reason is asked for what people did about a result: no result tells it, nor what is known to move it."""
    of_value = route.intent in _OF_VALUES or route.intent.startswith("observation.")
    return of_value and _WHY_THEY.search(part) is not None


_AT_WHICH = re.compile(
    r"\b(?:at|during|before|after|since|following)\s+(?:(?:the|his|her|their|first|last)\s+)*$", re.IGNORECASE
)


def asks_more_than_presence(part: str, route: Route, left: str) -> bool:
    """Whether a reason, a plan or an opinion is asked of a name of which the record says no more than that it is there."""
    if route.intent == "knowledge":
        return _WHY.search(part) is not None and _GUIDELINES.search(part) is None
    is_presence = route.intent in _YES_NO_ALONE and not asks_yes_or_no(part) and _WHAT_OF.search(part) is None
    done = route.variant.of("procedure")
    occasion = done is not None and _AT_WHICH.search(part[: done.start]) is not None
    if is_presence and route.intent == "procedure.has" and occasion and len(left.split()) > _MUCH_UNSAID:
        return True  # "head circumference of her first baby at delivery"
    return is_presence and asks_beyond_lists(part) and _OF_EXTENT.search(part) is None


def asks_yes_or_no(text: str) -> bool:
    """Whether a question is answered by yes or no."""
    return _IS_IT.search(text) is not None


def asks_openly(text: str) -> bool:
    """Whether a question begins by asking what, why, when, how."""
    return _OPEN.match(text) is not None


def beside(
    calls: Sequence[Call], part: str, route: Route, question: Question, family: Collection[str], setting: Setting
) -> list[Call]:
    """The search of the notes beside these calls of a part; none where the lists tell all that it asks.

    `family` are the words that the exemplars of the route's family are made of.
    """
    if any(c.tool in {*NOTE_TOOLS, "what_if", "compare_plans"} - {"demographics"} for c in calls):
        return []  # what is supposed stands in no note
    if _GUIDELINES.search(part) and any(c.tool == "search_knowledge" for c in calls):
        return []  # nor do the statements that are asked for by name
    if any(c.tool == "demographics" for c in calls):
        return [_search(route, {"query": part, "beside": True})] if _TOLD_BESIDE.search(part) else []
    words = words_beyond(part, route.intent, route.variant, question, family, setting.people.own)
    in_words = any(s.id in TOLD_IN_WORDS for s in route.variant.slots)
    asks = asks_beyond_lists(part) or route.intent in _ASKS_NOTES
    left_out = _left_out(calls, route)
    first = answers_first(part, route, words, left_out, setting.record)
    absent = _absent(route, setting.record)
    if not words and not in_words and not (asks and first) and left_out is not None and not absent:
        return [_search(route, {"query": part, "beside": True, "near": False, "about": left_out.text}, first)]
    if not words and not in_words and not (asks and may_go_beyond(route.intent)):
        return []
    value = route.variant.of("observation") if route.intent == "causes.possible" else None
    of_value = value is not None and value.text and not (words or _NOT_DONE.search(part) or _MOVED.search(value.text))
    query = f"cause of raised {value.text}" if value and of_value else part
    if _HOW_MUCH.search(part):  # of a habit, notes tell the extent in units of its own
        query = " ".join([query, *(_EXTENT_OF[s.id] for s in route.variant.slots if s.id in _EXTENT_OF)])
    arguments: dict[str, object] = {"query": query}
    arguments["beside"] = True
    if absent and not asks:  # of what nobody measured, a note that does not name it tells nothing
        arguments.update(about=absent, near=False)
    elif words and not in_words and not asks and not (first and not _has_asked(route, setting.record)):
        arguments["about"] = words
    elif route.intent.startswith("immunization.") and not route.variant.slots:
        arguments["about"] = _VACCINES
    if question.period is not None and is_short(question.period.label):
        arguments["period"] = question.period.label
    return [_search(route, arguments, first)]


def _left_out(calls: Sequence[Call], route: Route) -> Slot | None:
    """ "Lowest oxygen on the sleep study": a name that no call looks up stands for something that a list lacks."""
    looked_up = {str(v) for c in calls for v in c.arguments.values()}
    looked_up |= {k for k, m in DERIVED_MODELS.items() if m in looked_up}
    return next((s for s in route.variant.slots if s.known and s.kind in _NAMES and s.id not in looked_up), None)


def _absent(route: Route, record: RecordNames) -> str:
    """The name of the results that are asked for where the record has none of them; empty for what notes tell in words."""
    asked = [s for s in route.variant.slots if s.kind == "observation" and s.known]
    if not route.intent.startswith("observation.") or not asked or _has_asked(route, record):
        return ""
    told = any(s.id in TOLD_IN_WORDS or s.id in DERIVED_MODELS or s.id in _TOLD_AS_FIGURES for s in asked)
    return "" if told else " ".join(s.text for s in asked)


def _search(route: Route, arguments: dict[str, object], first: bool = False) -> Call:
    intent = NOTES_FIRST if first else BESIDE_THE_RECORD
    return Call(tool="search_notes", arguments=arguments, intent=intent, confidence=route.score)
