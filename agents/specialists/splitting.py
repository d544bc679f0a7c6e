"""A question that spans several sides, split without a language model: clauses, pronouns, shared conditions, one plan each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.embedded.planner import Call, Planner
from agents.embedded.reading.both_sources import asked_of_both
from agents.embedded.supposing.suppositions import asks_what_would_be
from agents.specialists.reading import WHY, why_call
from agents.specialists.roster import specialist_of
from domain.facts import Frozen

if TYPE_CHECKING:
    from agents.context import RunContext
    from tools.concepts import Lexicon

MOST_PARTS = 4
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
_SUPPOSES = r"(?:if|suppose|supposing|assuming|in case)\b"
_CONDITION = re.compile(
    rf"^(?:(?:and|but|then) )*(?P<condition>{_SUPPOSES}(?!.*\b(?:what|how|would)\b).*)", re.IGNORECASE | re.DOTALL
)
_INLINE_CONDITION = re.compile(rf"[\s,]+(?P<condition>{_SUPPOSES}.+)$", re.IGNORECASE)
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
    r"|responsible|culprit|account\w* for|contribut\w+|trigger\w*|driv\w+|drove|etiology)\b|\bwhat happened\b",
    re.IGNORECASE,
)
_SUPPOSING = frozenset({"what_if", "compare_plans"})


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
    if asked_of_both(question):
        return None  # of one thing: the planner asks notes and record itself
    asked = _standing_alone(clauses(question), context.tools.lexicon, earlier)
    if len(asked) > 1 and not all(_ASKS.match(text) for text in asked):
        return None  # "ibuprofen is in the note's list; active?" is one ask with its setting
    if len(asked) > 1 and planner.plan(question, context.setting).refused:
        return None  # what is refused as a whole is not answered in pieces
    parts: list[Part] = []
    for text in asked:
        calls = _calls_of(text, planner, context)
        if not calls:
            return None
        parts.append(Part(question=text, specialist=specialist_of(calls[0].tool), calls=calls))
    what_ifs = sum(any(c.tool in _SUPPOSING for c in p.calls) for p in parts)
    if len({p.specialist for p in parts}) > 1 or what_ifs > 1:
        return Split(parts=tuple(parts)) if 1 < len(parts) <= MOST_PARTS else None
    if not any(c.intent == WHY for p in parts for c in p.calls):
        return None
    together: list[Call] = []
    for part in parts:
        together += [c for c in part.calls if c not in together]
    return Split(parts=(Part(question=question, specialist=parts[0].specialist, calls=tuple(together)),))


def _calls_of(text: str, planner: Planner, context: RunContext) -> tuple[Call, ...]:
    """The calls of one part, none when the planner refuses it or has no look-up for it."""
    if (why := why_call(text, context.tools)) is not None:
        return (why,)
    plan = planner.plan(text, context.setting)
    return () if plan.reply else plan.calls


# --- clauses -------------------------------------------------------------------------------------------------------


def clauses(question: str) -> list[str]:
    """The clauses of a question that begin like questions, and conditions that stand by themselves."""
    pieces, start = [], 0
    for cut in _BOUNDARY.finditer(question):
        pieces.append(question[start : cut.start()])
        start = cut.end()
    pieces.append(question[start:])
    return [p.strip(" ,.?!;\n") for p in pieces if p.strip(" ,.?!;\n")]


def _standing_alone(pieces: Sequence[str], lexicon: Lexicon, earlier: Sequence[str] = ()) -> list[str]:
    """The asks with shared conditions and the names behind pronouns written out."""
    asks: list[str] = []
    conditions: list[str] = []  # of each ask, empty where it has none
    said = ""
    for piece in pieces:
        if (alone := _CONDITION.match(piece)) is not None:
            said = alone["condition"]
            continue
        inline = _INLINE_CONDITION.search(piece)
        asks.append(piece[: inline.start()] if inline is not None else piece)
        conditions.append(inline["condition"] if inline is not None else said if asks_what_would_be(piece) else "")
    what_ifs = [number for number, ask in enumerate(asks) if asks_what_would_be(ask)]
    behind = next((conditions[n] for n in reversed(what_ifs) if conditions[n]), said)
    named: list[str] = []
    for number, ask in enumerate(asks):
        before = [*earlier, *asks[:number]]
        condition = conditions[number] or (behind if number in what_ifs else "")
        bound = _written_out(condition, before or [ask], lexicon)
        named.append(f"{_written_out(ask, before, lexicon)} {bound[:1].lower()}{bound[1:]}".strip())
    return named


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
