"""What a yes/no question claims of a drug or a problem, so that its yes or no answers that and nothing else.

"Is she off ibuprofen" claims the opposite of "is she on it"; "should she stay on it" is settled by no list; "daily or weekly" is no
claim at all. A word that nothing of this explains leaves the claim open: then the facts are told without a yes or no.
"""

from __future__ import annotations

import re

from agents.embedded.plans import Call
from agents.embedded.reading.reader import Question
from agents.embedded.routing.asked_tables import FREQUENCY
from agents.embedded.routing.asked_words import says_any_of
from agents.embedded.routing.beyond_lists import BESIDE_THE_RECORD
from tools.concepts import default_lexicon

_JUDGED = {"medication": {"active", "ever", "dose", "stop"}, "condition": {"has", "active", "ever", "resolved"}}
_HE = r"(?:he|she|they|it|the patient|patient|pt|this (?:man|woman|lady|gentleman|patient|pt))"
# "Isn't she on it" expects a yes, as "is she on it" does; "she isn't on it, right?" claims that she is not.
_INVERTED = re.compile(
    r"^\W*(?:(?:so|and|but|well|ok|okay|sorry)\W+)*(?:is|are|was|were|does|do|did|has|have|had)n['’]?t\b", re.IGNORECASE
)
_IS_SHE_NOT = re.compile(
    rf"^\W*(?:(?:so|and|but)\W+)*(?:is|are|was|does|do|did|has|have|had)\s+{_HE}\s+not\b", re.IGNORECASE
)
_DENIES = re.compile(
    rf"\b{_HE}\s*(?:['’]?s|['’]?re|is|are|was|has|have|had|does|do|did|can)?\s*(?:not|n['’]?t)\b|\b{_HE}\s+\w+n['’]?t\b"
    r"|^\W*(?:(?:so|and|but|ok|okay|confirm(?:ing)?|just|to|that|there(?:['’]?s| is)?|he|she|has|have|with)\W+)*(?:no|not|non)\b(?!\s+(?:idea|clue))",
    re.IGNORECASE,
)
# Somebody's denial is the claim where it is all that is said: "triage says no diabetes, right?"
_TOLD = re.compile(
    r"\b(?:says?|said|states?|stated|reports?|reported|claims?|claimed|denies|denied)\s+(?:that\s+)?(?:(?:he|she|they|there)\s*(?:['’]?s|is|are|has|have|had)?\s*)?(?:no|not|never)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(r"^\W*(?:(?:so|and|but)\W+)*(?:is|are|was|were|does|do|did|has|have|had)\b", re.IGNORECASE)
_OFF_LABEL = re.compile(r"\boff[- ]label\b", re.IGNORECASE)
_ASKS_WHEN = re.compile(r"\b(?:when|why|how|what|which|until|who|date)\b", re.IGNORECASE)
_RHYTHM = re.compile(r"\b(?:a|per|each) (?:day|week)\b", re.IGNORECASE)
_HISTORY = re.compile(r"\b(?:history|hx|h/o|past|previous|prior|ever)\b", re.IGNORECASE)
_ANY_MORE = re.compile(r"\b(?:any ?more|any longer)\b", re.IGNORECASE)
_OR = re.compile(
    r"\bor\b(?!\s+(?:not|no|nothing|none|something|anything|any|other|so|similar|is|was|does|did|has|what)\b)",
    re.IGNORECASE,
)
_OR_NAME = re.compile(r"\bX\W+(?:\w+\s+)?or\W+(?:\w+\s+){0,2}X\b")
_TAKEN = re.compile(r"\b(?:on|taking|take|takes|took|using|use|receiving|getting)\W+(?:\w+\s+){0,2}X\b", re.IGNORECASE)
_AMOUNT = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)?\s*(?:mg|mcg|µg|μg|ug|g|grams?|units?)\b(?!\s*/)", re.IGNORECASE)
# Words that frame a question and claim nothing.
_ASIDE = frozenset("correct right true confirm confirmed sure certain think believe verify check double wondering wonder whether actually really truly indeed eh yes yeah no yep isnt arent wasnt werent doesnt dont didnt hasnt havent hadnt definitely going ongoing assume assuming understand heard mean meant remember recall say says said".split())  # fmt: skip


_ANY_OPERATION = frozenset({"surgery", "procedure"})


def _operation_of(call: Call, left: str) -> Call:
    """ "Heart operation": the kind that the other words of a question make of any operation, where they name one."""
    if call.tool != "procedures" or call.arguments.get("name") not in _ANY_OPERATION or not left:
        return call
    for word in left.split():
        named = default_lexicon().resolve(f"{word} surgery", "procedure")
        if named is not None and named.id not in _ANY_OPERATION:
            return call.model_copy(update={"arguments": {**call.arguments, "name": named.id}})
    return call


_ADVICE = re.compile(
    r"^\W*(?:(?:and|so|but|then)\W+)*(?:should|shall|ought|can|may|could)\b.*\b(?:re-?start\w*|resum\w*|continu\w*|stop\w*|h[eo]ld|paus\w+|stay on|come off|keep)\b",
    re.IGNORECASE,
)


def asks_advice(text: str) -> bool:
    """Whether a question asks what to do about a drug, and supposes nothing that the twin could compute."""
    return _ADVICE.search(text) is not None and re.search(r"\d", text) is None


def with_claim(call: Call, question: Question, text: str, left: str) -> list[Call]:
    """The call with what the question claims; for advice the safety check too. `left` are words that no list explains."""
    call = _operation_of(call, left)
    if str(call.arguments.get("aspect")) not in _JUDGED.get(call.tool, ()):
        return [call]
    masked = _masked(text, question)
    if call.tool == "medication" and (listed := _list_of_class(call, masked)) is not None:
        return [listed]
    changes = _of_drug(call, masked, left) if call.tool == "medication" else _of_problem(call, masked, left)
    claimed = call.model_copy(update={"arguments": {**call.arguments, **changes}})
    if changes.get("claim") != "advice":
        return [claimed]
    safety, notes = {"drug": call.arguments["drug"]}, {"query": text, "beside": True}
    return [
        claimed,
        Call(tool="medication_safety", arguments=safety, intent=call.intent, confidence=call.confidence),
        Call(tool="search_notes", arguments=notes, intent=BESIDE_THE_RECORD, confidence=call.confidence),
    ]


_LISTS = re.compile(
    r"^\W*(?:(?:and|so|please|pls|give me|show me|tell me)\s+)*(?:(?:list|lists|all|every|name|history of|courses? of|record of)\b"
    r"|(?:which|what)\b.*\b(?:did|had|has|have|been|was|were|received|tried|got|so far|ever)\b)",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:current\w*|now|active|at present|still|today|is (?:he|she|they)|are (?:he|she|they)|on at the moment|taking)\b",
    re.I,
)


_PAST = re.compile(r"\b(?:was|were|had|did|been|received|tried|finished|stopped|completed|ever)\b", re.IGNORECASE)


def _list_of_class(call: Call, text: str) -> Call | None:
    """The list of what there is of a class that is asked for as one: those stopped too, unless those of today are meant."""
    drug = str(call.arguments.get("drug", ""))
    if default_lexicon().vocabulary.get("drug_class", drug) is None or _LISTS.match(text) is None:
        return None
    arguments = {"drug": drug, "status": "active" if _NOW.search(text) and not _PAST.search(text) else "all"}
    if call.arguments.get("period"):
        arguments["period"] = call.arguments["period"]
    return call.model_copy(update={"tool": "list_medications", "arguments": arguments})


def _masked(text: str, question: Question) -> str:
    """The text with X for every name that is known."""
    spans = sorted({(s.start, s.end) for v in question.variants for s in v.slots if s.known}, reverse=True)
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if all(end <= s or start >= e for s, e in kept):
            kept.append((start, end))
            text = f"{text[:start]}X{text[end:]}"
    return text


def _of_drug(call: Call, text: str, left: str) -> dict[str, str]:
    rhythms = list(re.finditer(FREQUENCY, text, re.IGNORECASE)) or list(_RHYTHM.finditer(text))
    amount = _AMOUNT.search(text)
    if says_any_of("advised", text) and not _ASKS_WHEN.search(text):
        return {"claim": "advice", "aspect": "active"}
    if call.arguments["aspect"] == "stop":
        return {}
    if _is_choice(text):
        return {"claim": "open", "frequency": ""} if rhythms else {"claim": "open"}
    if says_any_of("held", text):
        return {"claim": "held", "aspect": "active"}
    if says_any_of("never_so", text):
        return {"claim": "never", "aspect": "ever"}
    then = {"aspect": "active"} if call.arguments.get("period") and _TAKEN.search(text) else {}
    if call.arguments["aspect"] != "ever" and (rhythms or amount):
        asked = {"frequency": rhythms[0][0]} if rhythms else {}
        asked |= {"amount": amount[0]} if amount else {}
        return {"aspect": "dose", **asked, **({"claim": "open"} if _denies(text) else {})}
    if _denies(text) or says_any_of("off_it", _OFF_LABEL.sub(" ", text)):
        return {"claim": "not so", **then}
    return {"claim": "open", **then} if _says_more(text, left) else then


def _of_problem(call: Call, text: str, left: str) -> dict[str, str]:
    if says_any_of("excluded", text):
        return {"claim": "ruled out"}
    if _is_choice(text) or says_any_of("advised", text):
        return {"claim": "open"}
    if call.arguments["aspect"] == "resolved" or says_any_of("over", text):
        asks_when = re.search(r"\b(?:when|date|how long|since)\b", text, re.IGNORECASE)
        claim = "in remission" if re.search(r"\bremission\b", text, re.IGNORECASE) else "resolved"
        return {} if asks_when else {"claim": claim, "aspect": "resolved"}
    if says_any_of("never_so", text) or (_denies(text) and _HISTORY.search(text)):
        return {"claim": "never"}
    if _denies(text) or re.search(r"\bfree of\b|\bwithout (?:any )?X\b", text, re.IGNORECASE):
        return {"claim": "not so"}
    return {"claim": "open"} if _says_more(text, left) else {}


def _denies(text: str) -> bool:
    """Whether a question claims that something is not so."""
    if _INVERTED.match(text):
        return _ANY_MORE.search(text) is not None
    told = _TOLD.search(text) is not None and _ASKS.match(text) is None
    return told or _DENIES.search(text) is not None or _IS_SHE_NOT.match(text) is not None


def _is_choice(text: str) -> bool:
    """Whether a question offers two things to choose from; "on warfarin or apixaban" asks of each."""
    return _OR.search(text) is not None and _OR_NAME.search(text) is None


def _says_more(text: str, left: str) -> bool:
    """Whether a question says more of the thing than that it is there."""
    return says_any_of("says_more", text) or any(w not in _ASIDE for w in left.split())
