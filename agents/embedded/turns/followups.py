"""Questions that lean on the turn before: "and the one before?", "what about his potassium?", "when was that?"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agents.embedded.reading.reader import Question, position_of, statistic_of
from agents.embedded.routing.filling import kind_of_visit
from agents.embedded.routing.router import Route
from agents.embedded.routing.visit_words import names_a_visit
from tools.concepts import tokenize

if TYPE_CHECKING:
    from agents.embedded.planner import Call

_LEANING = re.compile(
    r"^\s*(?:and|what about|how about|ok(?:ay)?,?|so|also|same|then|but|or)\b|\b(?:that|it|this|those|them|the one|one|before that|same)\b|^\s*(?:when|why|trend|normal|previous|since when)\W*$",
    re.IGNORECASE,
)
_SLOT_OF_TOOL = {
    "latest": "concept",
    "series": "concept",
    "statistics": "concept",
    "threshold": "concept",
    "change": "concept",
    "is_normal": "concept",
    "medication": "drug",
    "medication_safety": "drug",
    "condition": "name",
    "allergies": "substance",
    "procedures": "name",
    "procedure_result": "name",
    "immunizations": "name",
    "calculate": "model",
    "what_if": "model",
    "family_history": "name",
}
_KIND_OF_SLOT = {
    "concept": ("observation",),
    "drug": ("medication", "drug_class"),
    "substance": ("allergen", "medication", "drug_class"),
    "model": ("model",),
}


def follow_up(route: Route, question: Question, previous: tuple[Call, ...], text: str) -> list[dict[str, Any]] | None:
    """The calls of a follow-up, or None when the question stands on its own."""
    last = previous[-1]
    if (of_list := _of_list(last, question, text)) is not None:
        return [of_list]
    names = [s for s in route.variant.slots if s.known]
    leans = _LEANING.search(text) is not None or len(tokenize(text)) <= 3
    leans = leans or (last.tool == "encounters" and route.intent.startswith("encounter.") and not names_a_visit(text))
    if not leans:
        return None
    kind = route.intent.removeprefix("followup.")
    if (
        last.tool == "encounters"
        and route.intent.startswith("encounter.")
        and route.intent != "encounter.timeline"
        and not names
    ):
        aspect = route.intent.partition(".")[2]
        kept = {
            k: v for k, v in last.arguments.items() if k in {"kind", "reason", "period", "offset", "first", "seen_by"}
        }
        if last.arguments.get("aspect") == "first":
            kept["first"] = True
        if (named := kind_of_visit(text)) is not None:  # "any ED visits" after the last visit of any kind
            kept = {"kind": named, **{k: v for k, v in kept.items() if k == "period"}}
        return [{"tool": "encounters", "arguments": {**kept, "aspect": aspect}, "intent": route.intent}]
    if not names:
        if question.period is not None and _only_a_period(text, question):
            return [_call(c, period=question.period.label) for c in previous]
        if (carried := _carry(route, question, last, text)) is not None:
            return [carried]
        if route.intent.startswith("followup.") and (continued := _continue(kind, last)) is not None:
            return [continued]
        return None
    if _is_replacement(text, names):
        return _replace(names, previous, question)
    return None


# After a list: which of its entries is meant, by place ("when was the last"), by state ("which are active"), by name ("the flu one").
_LISTS = {"procedures": "procedure", "immunizations": "immunization"}
_THE_LAST = re.compile(
    r"(?:(?:and|so|ok|when(?:'s| was| is)|what(?:'s| was| is)|which (?:was|is)|the|his|her|date of|very)\s+)*(?P<end>last|latest|most recent|newest|first|earliest)(?:\s+(?:one|ones))?",
    re.IGNORECASE,
)
_STATES = (
    ("list_problems", {"active": r"active|current|ongoing|still", "resolved": r"resolved|inactive|old|past|gone"}),
    (
        "list_medications",
        {"active": r"active|current|ongoing|still", "stopped": r"stopped|discontinued|old|past|ended"},
    ),
)
_WHICH_ARE = re.compile(
    r"(?:and |so |ok )?(?:which|what|any)(?: of (?:them|these|those))? (?:are|is|still)?\s*(?P<state>\w+)(?: ones?)?",
    re.IGNORECASE,
)
_THAT_ONE = re.compile(r"\b(?:the )?(?:\w+ ){1,3}ones?\b|^\W*(?:and |what about |when was )", re.IGNORECASE)


def _of_list(last: Call, question: Question, text: str) -> dict[str, Any] | None:
    """What is asked of a list that was just shown."""
    bare = text.strip(" ?.!,")
    kind = _LISTS.get(last.tool)
    if kind is not None and last.arguments.get("aspect") == "list":
        if (place := _THE_LAST.fullmatch(bare)) is not None:
            first = place["end"].lower() in {"first", "earliest"}
            return _call(last, aspect="first" if first else "last")
        named = [s for v in question.variants for s in v.slots if s.known and s.kind == kind]
        disease = next((s for v in question.variants for s in v.slots if s.known and s.kind == "condition"), None)
        if kind == "immunization" and not named and disease is not None:  # "the flu one": its vaccine
            named = [disease.model_copy(update={"id": f"{disease.text.removeprefix('the ')} vaccine"})]
        if named and _THAT_ONE.search(text) and len(tokenize(text)) <= 7:
            return _call(last, aspect="last", name=named[0].id)
    states = dict(_STATES).get(last.tool)
    if states is not None and (asked := _WHICH_ARE.fullmatch(bare)) is not None:
        status = next((s for s, words in states.items() if re.fullmatch(words, asked["state"], re.IGNORECASE)), None)
        return _call(last, status=status) if status is not None else None
    return None


def _carry(route: Route, question: Question, last: Call, text: str) -> dict[str, Any] | None:
    """The intent of this turn about the subject of the last: "when was it last prescribed", "what was the highest", "2nd?"."""
    from agents.embedded.planner import intents

    place = position_of(text)
    if (
        place is not None
        and last.tool in {"latest", "series", "statistics", "is_normal"}
        and last.arguments.get("concept")
    ):
        offset = place.offset + (0 if place.from_start else int(last.arguments.get("offset", 0)))
        if place.offset or place.from_start:
            return {
                "tool": "latest",
                "arguments": {"concept": last.arguments["concept"], "offset": offset, "first": place.from_start},
                "intent": "observation.previous",
            }
    events = last.tool in {"immunizations", "procedures", "encounters"}
    if place is not None and events and (place.offset or place.from_start):
        aspect = "first" if place.from_start else "last"
        before = 0 if place.from_start else int(last.arguments.get("offset", 0))
        return _call(last, aspect=aspect, offset=before + place.offset)
    spec = intents().get(route.intent)
    slot = spec.get("slot") if spec else None
    if spec is None or slot is None or question.unknown or route.score < 0.45:
        return None
    held = last.arguments.get(slot)
    same_family = slot in {"concept", "drug", "substance", "model"} or spec["tool"] == last.tool
    if not held or not same_family:
        return None
    arguments = {**spec.get("args", {}), slot: held}
    if question.period is not None:
        arguments["period"] = question.period.label
    elif spec["tool"] == "statistics" and "period" in last.arguments:
        arguments["period"] = last.arguments["period"]
    if spec["tool"] == "statistics" and "statistic" not in arguments:
        arguments["statistic"] = statistic_of(text)
    return {"tool": spec["tool"], "arguments": arguments, "intent": route.intent}


def _call(call: Call, **changes: Any) -> dict[str, Any]:
    return {"tool": call.tool, "arguments": {**call.arguments, **changes}, "intent": call.intent}


_ON_A_DAY = re.compile(r"on (\d{4}-\d\d-\d\d)")


def _period_of(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"period": arguments["period"]} if "period" in arguments else {}


def _continue(kind: str, last: Call) -> dict[str, Any] | None:
    arguments, concept = last.arguments, last.arguments.get("concept")
    if kind == "previous":
        if last.tool == "latest" and (day := _ON_A_DAY.fullmatch(str(arguments.get("period", "")))) is not None:
            return _call(last, period=f"before {day[1]}", offset=0)  # the visit before that one
        if last.tool == "latest" and not arguments.get("first"):
            return _call(last, offset=int(arguments.get("offset", 0)) + 1)
        if last.tool in {"encounters", "immunizations", "procedures"}:
            return _call(last, aspect="last", offset=int(arguments.get("offset", 0)) + 1)
        if concept:
            return {"tool": "latest", "arguments": {"concept": concept, "offset": 1}, "intent": "observation.previous"}
    if kind == "trend" and concept:
        return {"tool": "series", "arguments": {"concept": concept}, "intent": "observation.series"}
    if kind == "normal" and concept:
        return {
            "tool": "is_normal",
            "arguments": {"concept": concept, "offset": int(arguments.get("offset", 0)), **_period_of(arguments)},
            "intent": "observation.normal",
        }
    if kind in {"first", "latest"} and concept:
        first = kind == "first"
        return {"tool": "latest", "arguments": {"concept": concept, "first": first}, "intent": f"observation.{kind}"}
    if kind in {"highest", "lowest", "average"} and concept:
        statistic = {"highest": "max", "lowest": "min", "average": "mean"}[kind]
        return {
            "tool": "statistics",
            "arguments": {"concept": concept, "statistic": statistic, **_period_of(arguments)},
            "intent": "observation.statistics",
        }
    if kind in {"discharge", "first", "latest"} and last.tool == "encounters":
        return _call(last, aspect="stay" if kind == "discharge" else "first" if kind == "first" else "last", offset=0)
    if kind in {"when", "start"}:
        aspect = {"medication": "start", "condition": "onset"}.get(last.tool)
        return _call(last, aspect=aspect) if aspect else _call(last)
    if kind == "result" and last.tool in {"procedures", "procedure_result"} and arguments.get("name"):
        return {"tool": "procedure_result", "arguments": {"name": arguments["name"]}, "intent": "report.has"}
    if kind == "dose" and last.tool == "medication":
        return _call(last, aspect="dose")
    if kind == "active" and last.tool in {"medication", "condition"}:
        return _call(last, aspect="active")
    if kind == "reason":
        return _call(last, aspect="reason") if last.tool in {"medication", "encounters", "procedures"} else None
    return None


def _only_a_period(text: str, question: Question) -> bool:
    period = question.periods[0]
    rest = f"{text[: period.start]} {text[period.end :]}"
    filler = {
        "and",
        "what",
        "about",
        "how",
        "in",
        "for",
        "the",
        "then",
        "also",
        "same",
        "ok",
        "over",
        "but",
        "or",
        "during",
        "now",
        "it",
        "was",
        "is",
        "value",
        "level",
        "that",
        "result",
        "at",
        "back",
        "were",
        "they",
        "on",
        "of",
        "around",
        "just",
        "only",
        "many",
        "whats",
        "looking",
    }
    return all(t.norm in filler for t in tokenize(rest))


def _is_replacement(text: str, names: list[Any]) -> bool:
    """Whether nothing but lead-in words stands beside the names: "and his potassium?"."""
    filler = {
        "and",
        "what",
        "about",
        "how",
        "his",
        "her",
        "their",
        "the",
        "also",
        "same",
        "for",
        "ok",
        "okay",
        "then",
        "or",
        "but",
        "so",
        "s",
        "pt",
        "patient",
        "patients",
        "with",
        "whats",
        "hows",
        "now",
        "please",
        "pls",
        "to",
        "thing",
        "question",
        "of",
        "it",
        "is",
        "any",
    }
    return all(t.norm in filler or any(n.start <= t.start < n.end for n in names) for t in tokenize(text))


def _replace(names: list[Any], previous: tuple[Call, ...], question: Question) -> list[dict[str, Any]] | None:
    last = previous[-1]
    slot = _SLOT_OF_TOOL.get(last.tool)
    if slot is None:
        return None
    kinds = _KIND_OF_SLOT.get(slot)
    if kinds is None:
        kinds = {
            "condition": ("condition",),
            "procedures": ("procedure",),
            "procedure_result": ("procedure",),
            "immunizations": ("immunization",),
            "family_history": ("condition",),
        }[last.tool]
    fitting = [n for n in names if n.kind in kinds]
    if len(fitting) != len(names):
        return None
    changes: dict[str, Any] = {"period": question.period.label} if question.period is not None else {}
    if last.tool == "latest":
        changes["offset"] = 0  # a new subject starts from its newest value
    if question.period is None and re.search(
        r"\b(?:now|today|current\w*|at present|latest)\b", question.text, re.IGNORECASE
    ):
        last = last.model_copy(update={"arguments": {k: v for k, v in last.arguments.items() if k != "period"}})
    return [_call(last, **{slot: name.id}, **changes) for name in fitting]
