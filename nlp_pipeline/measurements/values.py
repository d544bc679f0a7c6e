"""Values in the making: what a written number is as a quantity of a name, and the evidence that is shown for it."""

from __future__ import annotations

import re
from typing import NamedTuple

from domain.quantities import Quantity
from nlp_pipeline.layers import Value
from nlp_pipeline.measurements.grammar import Written
from nlp_pipeline.measurements.names import Anchor, NameFinder
from nlp_pipeline.measurements.units import IMPLAUSIBLE, implausible, quantity_of, rules

FLAGS = frozenset("LlHhCc")  # low, high and critical, which units look like
REACH = 110  # characters between a name and its number
_HULL = 160  # the longest evidence that still shows the name of a later value
MOST = 12  # names of one list, values of one series
_GOAL = re.compile(
    r"\b(?:goal|target|keep|maintain|titrate|aim|if|(?:hold|call|titration)\s+parameters|(?:hold|call)\b[^.;\n]{0,25}\bfor)\b[^.;\n]{0,25}$"
)
BEFORE = re.compile(
    r"\s*[-–]?(?:\([^()]{0,24}\)\s*)?\s*(?:(?:of|for|in|on)\s+)?(?:(?:the|his|her|serum|plasma|blood|total|body|whole)\s+)*",
    re.IGNORECASE,
)
_BELOW = {"mg": "/dL", "g": "/dL", "gm": "/dL", "mm": "/h"}
_SALTS = frozenset({"sodium", "potassium", "chloride", "bicarbonate"})  # "thiopental sodium 300 mg"
_DOSE = re.compile(
    r"\s*(?:/|of\b|daily|per\b|an?\s|once|twice|thrice|every|each|po\b|iv\b|im\b|sc\b|bid|bd\b|tid|tds|qid|qd\b|od\b|qhs|q\d|orally"
    r"|tab|cap|infus|bolus|supplement|replace|(?:was|were)\s(?:given|added|started|administered)|in\s(?:24|the\surine))",
    re.IGNORECASE,
)
_HAS_VALUE = re.compile(r"[\s:=,(]*(?:of|was|is|at)?[\s<>]*\d")


class Reading(NamedTuple):
    """The values read for one name, and whether only a comma led to them."""

    values: list[Value]
    end: int
    by_comma: bool = False


def read_quantity(names: NameFinder, anchor: Anchor, written: Written) -> tuple[Anchor, Quantity, int] | None:
    """A written number as a quantity of the name; a percentage of cells is the cells' own observation."""
    concept = anchor.concept
    quantity = quantity_of(concept, written.number, written.unit)
    if quantity is not None:
        return anchor, quantity, written.end
    if concept is None or written.unit is None:
        return None
    if written.unit.strip() == "%" and concept.id.endswith("_absolute"):
        share = names.concept(concept.id.removesuffix("_absolute") + "_percent")
        if share is not None:
            return anchor._replace(concept=share), Quantity(value=written.number, unit="%"), written.end
    if written.unit in FLAGS and concept.extra.get("category") == "lab":  # "Na 128 L": a flag, not litres
        bare = quantity_of(concept, written.number, None)
        return (anchor, bare, written.end_of_number) if bare else None
    return None


def with_whole_unit(anchor: Anchor, written: Written, text: str) -> Quantity | None:
    """A value whose unit lacks what it is related to: "urea was 43 mg", "ESR 45 mm"; None for a dose."""
    concept = anchor.concept
    below = _BELOW.get((written.unit or "").lower())
    if concept is None or below is None or anchor.needs_unit or concept.id not in rules()["bounds"]:
        return None
    if concept.id in _SALTS or _DOSE.match(text, written.end):
        return None
    quantity = quantity_of(concept, written.number, f"{written.unit}{below}")
    return None if quantity is None or implausible(concept, quantity) else quantity


def make_value(
    anchor: Anchor,
    start: int,
    end: int,
    value: Quantity | str,
    comparator: str = "",
    goal: bool = False,
    *,
    high: float | None = None,
    flag: str = "",
    baseline: bool = False,
    at: int = -1,
) -> Value:
    """A value of the name; one that no living patient can have is flagged."""
    concept = anchor.concept
    if isinstance(value, Quantity) and implausible(concept, value):
        flag = f"{flag},{IMPLAUSIBLE}" if flag else IMPLAUSIBLE
    return Value(
        start,
        end,
        concept.id if concept else "",
        concept,
        value,
        comparator,
        anchor.target,
        baseline,
        goal,
        high,
        flag,
        at,
    )


def hull(start: int, end: int, otherwise: int) -> int:
    """The start of the evidence: the name's, unless that would quote half a page."""
    return start if end - start <= _HULL else otherwise


def is_goal(lower: str, start: int) -> bool:
    """Whether the words before a name, in lower case, set a goal or a condition ("goal INR", "hold for SBP")."""
    before = lower[start - 40 if start > 40 else 0 : start]
    likely = (  # spelled out: a loop over the words costs twice as much, for every value
        "goal" in before or "target" in before or "keep" in before or "maintain" in before or "titrat" in before
        or "aim" in before or "if" in before or "hold" in before or "call" in before
    )  # fmt: skip
    return likely and _GOAL.search(before) is not None


def belongs_to(text: str, end: int, following: Anchor) -> bool:
    """Whether a value is the one before the next name, which has none of its own."""
    if following.start - end not in range(0, 12) or _HAS_VALUE.match(text, following.end):
        return False
    return BEFORE.fullmatch(text, end, following.start) is not None
