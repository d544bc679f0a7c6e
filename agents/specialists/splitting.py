"""A question that spans several sides, split without a language model: clauses, pronouns, shared conditions, one plan each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.embedded.planner import Call, Planner
from agents.specialists.reading import asks_why, dosing_call, is_hypothetical, why_call, with_meant_units
from agents.specialists.roster import specialist_of
from domain.facts import Frozen

if TYPE_CHECKING:
    from agents.context import RunContext
    from tools.concepts import Lexicon

MOST_PARTS = 4
OWN_INTENTS = frozenset({"possible_causes", "compare_plans"})  # what the planner does not route to
_LONGEST = 1500
# How a question begins. A verb alone does not: "if she stopped and was given" goes on with its condition.
_STARTER = (
    r"(?:(?:what|why|how|when|which|who|where|compare|show|list|tell|give|simulate|predict|calculate|summari[sz]e|find|check|explain"
    r"|any|if|suppose|supposing|assuming|in case)\b"
    r"|(?:is|are|was|were|did|does|do|has|have|had|should|would|could|can|will)\s+(?:he|she|it|they|we|i|you|the|his|her|their|this|that"
    r"|these|those|there|any|pt|patient)\b|should\s+\w+\s+be\b)"
)
_BOUNDARY = re.compile(
    rf"\s*(?:[?;]+\s*(?:(?:and|but|also|then)\b\s*)*|\.\s+|\n+|,?\s*\b(?:and|but|plus)\b(?:\s+(?:also|then))?,?\s+(?={_STARTER})"
    rf"|,\s*(?:then\s+|also\s+)?(?={_STARTER}))",
    re.IGNORECASE,
)
_ASKS = re.compile(
    rf"(?:(?:and|but|also|then|so|ok|okay|please|pls|hi|hello|can you|could you)\b,?\s+)*{_STARTER}\W+\w", re.IGNORECASE
)
_CONDITION = re.compile(
    r"^(?:and |but |then )*(?:if|suppose|supposing|assuming|in case)\b(?!.*\b(?:what|how|would)\b)",
    re.IGNORECASE,
)
_INLINE_CONDITION = re.compile(r"[\s,]+(?P<condition>(?:if|assuming|suppose|supposing|in case)\b.+)$", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(?:it|this|that)\b", re.IGNORECASE)
_OF_A_VALUE = re.compile(
    r"\b(?:it|this|that)\s+(?:\w+ly\s+|then\s+|ever\s+)?(?:reach\w*|ris\w+|rose|go\w*|went|fall\w*|fell|drop\w*|is|was|were|stay\w*|climb\w*|doubl\w*|get\w*"
    r"|hit\w*|increas\w+|decreas\w+|com\w+|improv\w+|worsen\w*|remain\w*|becom\w+|returns?|settles?|keeps?)\b",
    re.IGNORECASE,
)
_OF_A_DRUG = re.compile(
    r"\b(?:stop\w*|start\w*|restart\w*|giv\w+|given|continu\w+|hold|held|dos(?:e|ed|ing)|tak\w+|prescrib\w+|switch\w*|adjust\w*)\b.{0,25}\b(?:it|this|that)\b"
    r"|\b(?:it|this|that) (?:be )?(?:stopped|started|given|held|continued|dosed|adjusted|restarted)\b",
    re.IGNORECASE,
)
_GATE = re.compile(
    rf"[?;.\n]\s*\w|(?:,|\b(?:and|but|plus)\b)\s*(?:also |then )?,?\s*{_STARTER}|\bwhy\b|\bhow come\b|\b(?:caus\w+|explain\w*|reasons?|behind|led to"
    r"|responsible|culprit|account\w* for|contribut\w+|trigger\w*|driv\w+|drove|etiology)\b|\b(?:dosing|regimens?|plans?)\b|\bwhat happened\b",
    re.IGNORECASE,
)


class Part(Frozen):
    """One part: a question that stands on its own, who answers it, and the calls where they are known already."""

    question: str
    specialist: str
    calls: tuple[Call, ...] = ()


class Split(Frozen):
    """The parts in the order of the question; `shared` says whether a condition or a name was carried between them."""

    parts: tuple[Part, ...]
    shared: bool = False

    @property
    def is_spanning(self) -> bool:
        """Whether several specialists have to work on it."""
        return len(self.parts) > 1


def may_span(question: str) -> bool:
    """A cheap look: whether a question can be one that the supervisor has something to do with."""
    return len(question) <= _LONGEST and _GATE.search(question) is not None


def split_question(question: str, planner: Planner, context: RunContext, earlier: Sequence[str] = ()) -> Split | None:
    """The parts of a question that spans several sides, or its one call where the supervisor reads it itself.

    `earlier` holds the questions before it that its pronouns may lean on, oldest first. None leaves the question to the straight path: when one side answers it, and whenever a part is refused.
    """
    stated, shared = _standing_alone(clauses(question), context.tools.lexicon, earlier)
    if len(stated) > 1 and not all(_ASKS.match(text) for text in stated):
        return None  # "ibuprofen is in the note's list; active?" is one ask with its setting
    if len(stated) > 1 and planner.plan(question, context.setting).refused:
        return None  # what is refused as a whole is not answered in pieces
    parts: list[Part] = []
    for text in stated:
        calls = _calls_of(text, planner, context)
        if calls is None:
            return None
        parts.append(Part(question=text, specialist=specialist_of(calls[0].tool), calls=calls))
    if len({p.specialist for p in parts}) == 1 and not _several_what_ifs(parts):
        ours = any(c.intent in OWN_INTENTS for p in parts for c in p.calls)
        together = tuple(_once([c for p in parts for c in p.calls]))
        return Split(parts=(Part(question=question, specialist=parts[0].specialist, calls=together),)) if ours else None
    return _worth_it(tuple(parts), shared)


def _worth_it(parts: tuple[Part, ...], shared: bool) -> Split | None:
    special = any(asks_why(p.question) or is_hypothetical(p.question) or p.specialist != "chart" for p in parts)
    return Split(parts=parts, shared=shared) if special and 1 < len(parts) <= MOST_PARTS else None


def _several_what_ifs(parts: Sequence[Part]) -> bool:
    return sum(1 for p in parts if is_hypothetical(p.question)) > 1


def _once(calls: Sequence[Call]) -> list[Call]:
    kept: list[Call] = []
    for call in calls:
        if call not in kept:
            kept.append(call)
    return kept


def _calls_of(text: str, planner: Planner, context: RunContext) -> tuple[Call, ...] | None:
    """The calls of one part; None when the planner refuses it or has no look-up for it."""
    tools = context.tools
    if (why := why_call(text, tools)) is not None:
        return (why,)
    plan = planner.plan(text, context.setting)
    if plan.reply or not plan.calls:
        return None
    dosing = dosing_call(text, plan.calls[0], tools)
    return (dosing,) if dosing is not None else tuple(with_meant_units(c, text, tools) for c in plan.calls)


# --- clauses -------------------------------------------------------------------------------------------------------


def clauses(question: str) -> list[str]:
    """The clauses of a question that begin like questions, and conditions that stand by themselves."""
    pieces, start = [], 0
    for cut in _BOUNDARY.finditer(question):
        pieces.append(question[start : cut.start()])
        start = cut.end()
    pieces.append(question[start:])
    return [p.strip(" ,.?!;\n") for p in pieces if p.strip(" ,.?!;\n")]


def _standing_alone(pieces: Sequence[str], lexicon: Lexicon, earlier: Sequence[str] = ()) -> tuple[list[str], bool]:
    """The asks with shared conditions and the names behind pronouns written out, and whether there were any."""
    asks: list[str] = []
    conditions: list[str] = []  # of each ask, empty where it has none
    pending, shared = "", False
    for piece in pieces:
        if _CONDITION.match(piece):
            pending = re.sub(r"^(?:and|but|then)\s+", "", piece, flags=re.IGNORECASE)
            continue
        inline = _INLINE_CONDITION.search(piece)
        ask = piece[: inline.start()] if inline is not None else piece
        own = inline["condition"] if inline is not None else pending if is_hypothetical(piece) else ""
        if inline is None and own:
            shared = True
        asks.append(ask)
        conditions.append(own)
    if pending and pending not in conditions:  # "..., if it reaches 2" behind the last ask
        last = _last_hypothetical(asks)
        if last is not None:
            conditions[last] = conditions[last] or pending
    shared = _share_back(asks, conditions) or shared
    named: list[str] = []
    for number, (ask, condition) in enumerate(zip(asks, conditions, strict=True)):
        before = [*earlier, *asks[:number]]
        full = _written_out(ask, before, lexicon)
        bound = _written_out(condition, before or [ask], lexicon) if condition else ""
        shared = shared or full != ask or bound != condition
        named.append(f"{full} {bound[:1].lower()}{bound[1:]}".strip())
    return named, shared


def _last_hypothetical(asks: Sequence[str]) -> int | None:
    return next((n for n in range(len(asks) - 1, -1, -1) if is_hypothetical(asks[n])), None)


def _share_back(asks: Sequence[str], conditions: list[str]) -> bool:
    """A condition behind the last of several what-ifs holds for those before it that have none."""
    last = _last_hypothetical(asks)
    if last is None or not conditions[last]:
        return False
    changed = False
    for number in range(last):
        if is_hypothetical(asks[number]) and not conditions[number]:
            conditions[number] = conditions[last]
            changed = True
    return changed


def _written_out(text: str, before: Sequence[str], lexicon: Lexicon) -> str:
    """The text with its pronoun replaced by what it stands for in the clauses before, where that is clear."""
    match = _PRONOUN.search(text)
    if match is None or not before:
        return text
    if (of_value := _OF_A_VALUE.search(text)) is not None:
        kinds: tuple[str, ...] = ("observation",)
        match = _PRONOUN.search(text, of_value.start()) or match
    elif _OF_A_DRUG.search(text):
        kinds = ("medication", "drug_class")
    elif lexicon.find_mentions(
        text, ("observation", "medication", "drug_class", "condition", "procedure"), fuzzy=False
    ):
        return text  # it names its own subject; "that" is a link then
    else:
        kinds = ("observation", "medication", "drug_class", "condition", "procedure")
    name = _last_named(before, kinds, lexicon)
    return f"{text[: match.start()]}{name}{text[match.end() :]}" if name else text


def _last_named(before: Sequence[str], kinds: tuple[str, ...], lexicon: Lexicon) -> str:
    for clause in reversed(before):
        mentions = [m for m in lexicon.find_mentions(clause, kinds) if m.of_kind(*kinds) is not None]
        if mentions:
            return mentions[-1].text
    return ""
