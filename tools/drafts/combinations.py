"""An order of a product of several drugs: its ingredients, each with its strength, or a question back where that is not clear."""

from __future__ import annotations

import re
from itertools import pairwise

from domain.facts import FactKind, Frozen, MedicationSig
from domain.quantities import Quantity
from tools.concepts import Lexicon, Target
from tools.context import number
from tools.drafts.proposal import read_text
from tools.drugs.products import Product, parts_of, product_named, product_of
from tools.measurements.readings import unit_label
from tools.outcome import RetryableToolError

_JOINED = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*(?:mg|mcg|g)?\s*)?(?:[-/+]|\band\b|\bwith\b)\s*", re.IGNORECASE)
_VALUE = r"(\d+(?:\.\d+)?)\s*(?:mg|mcg|ug|g)?"
_PAIR = re.compile(rf"(?<![\w.]){_VALUE}\s*[-/]\s*{_VALUE}(?![\w.])(?!\s*(?:tabs?|tablets?|caps?|capsules?|puffs?|pills?|hours?|h|days?|times)\b)", re.IGNORECASE)  # fmt: skip
_ONE = re.compile(r"(?<![\w.#/-])(\d+(?:\.\d+)?)\s*(mg|mcg|ug|g|gm|grams?)\b", re.IGNORECASE)
_OWN = r"(?<![\w.])(\d+(?:\.\d+)?)\s*(mg|mcg|ug|g)\b"
_TO_UNIT = {"mg": 1.0, "g": 1000.0, "gm": 1000.0, "gram": 1000.0, "grams": 1000.0}


class Combination(Frozen):
    """A product as ordered: its parts with the strength of one unit, and how it is to be taken."""

    parts: tuple[tuple[Target, Quantity | None], ...]
    sig: MedicationSig
    remark: str = ""  # how the strengths were read, where that is not as they were written

    @property
    def name(self) -> str:
        """ "lisinopril / hydrochlorothiazide"."""
        return " / ".join(target.label for target, _ in self.parts)

    def sig_of(self, strength: Quantity | None) -> MedicationSig:
        """How one of its drugs is taken."""
        return self.sig.model_copy(update={"dose": strength, "strength": (), "amount": self.sig.amount})


def read_combination(lexicon: Lexicon, order: str) -> Combination | None:
    """The product of several drugs that an order names; None where it names no such product.

    Raises:
        RetryableToolError: its strength is not clear: several on file would fit, or none.
    """
    found = _named(lexicon, order)
    if found is None:
        return None
    ids, start, end = found
    product = product_of(frozenset(ids))
    targets = [t for i in (product.ingredients if product else ids) if (t := lexicon.resolve(i, "medication"))]
    words = order[end:]
    strengths, remark = _strengths(product, ids, targets, order, start, end)
    bare = _without_strength(words, product)
    sig = _sig(targets[0].label, bare)
    unit = product.unit if product else "mg"
    quantities = [Quantity(value=v, unit=unit) for v in strengths] if strengths else [None] * len(targets)
    kept = tuple(q for q in quantities if q is not None)
    return Combination(
        parts=tuple(zip(targets, quantities, strict=True)),
        sig=sig.model_copy(update={"dose": None, "dose_high": None, "strength": kept}),
        remark=remark,
    )


def _named(lexicon: Lexicon, order: str) -> tuple[tuple[str, ...], int, int] | None:
    """The ingredients in the order of their names, and where the name stands."""
    if brand := product_named(order):
        return brand[0].ingredients, brand[1], brand[2]
    mentions = lexicon.find_mentions(order, ("medication",), fuzzy=False)
    for mention in mentions:
        ids = parts_of(lexicon, mention.text) or tuple(t.id for t in mention.targets if t.kind == "medication")
        if len(ids) > 1:
            return ids, mention.start, mention.start + len(mention.text)
    for one, two in pairwise(mentions):
        between = order[one.start + len(one.text) : two.start]
        a, b = one.of_kind("medication"), two.of_kind("medication")
        if a is not None and b is not None and a.id != b.id and _is_joined(between):
            return (a.id, b.id), one.start, two.start + len(two.text)
    return None


def _is_joined(between: str) -> bool:
    """ "-" and "/" join one product; "and" and "with" may as well name two orders."""
    return _JOINED.fullmatch(between) is not None and re.search(r"[-/+]", between) is not None


def _strengths(
    product: Product | None, ids: tuple[str, ...], targets: list[Target], order: str, start: int, end: int
) -> tuple[tuple[float, ...], str]:
    """The strengths in the order of the targets, with a remark; empty where none was said."""
    own = _stated_each(order[start:], targets)
    if own:
        return own, ""
    words = order[end:]
    if product is None:
        if _PAIR.search(words) or _ONE.search(words):
            raise RetryableToolError(
                "the strengths of this combination are not on file; say each drug with its own, as in "
                + " / ".join(f"{t.label} 10 mg" for t in targets)
            )
        return (), ""
    for name, strength in product.named.items():
        if re.search(rf"(?<!\w){re.escape(name)}\b", order[start:], re.IGNORECASE):
            return strength, ""
    if pair := _PAIR.search(words):
        return _of_pair((float(pair[1]), float(pair[2])), product, ids, targets)
    if one := _ONE.search(words):
        return _of_one(float(one[1]), one[2].lower(), product, targets)
    return (), ""


def _stated_each(text: str, targets: list[Target]) -> tuple[float, ...]:
    """A strength beside each drug's own name ("amlodipine 5 mg / benazepril 10 mg"); empty unless every one has its own."""
    found = []
    for target in targets:
        stated = re.search(rf"\b{re.escape(target.label)}\s+{_OWN}", text, re.IGNORECASE)
        if stated is None:
            return ()
        found.append(float(stated[1]) * _TO_UNIT.get(stated[2].lower(), 1.0))
    return tuple(found)


def _of_pair(
    pair: tuple[float, float], product: Product, ids: tuple[str, ...], targets: list[Target]
) -> tuple[tuple[float, ...], str]:
    as_written = tuple(pair[ids.index(i)] for i in product.ingredients) if len(ids) == 2 else pair
    if as_written in product.strengths:
        return as_written, ""
    turned = (as_written[1], as_written[0])
    if turned not in product.strengths:
        raise RetryableToolError(_ask(product, targets))
    read = " and ".join(f"{t.label} {number(v, 4)} {unit_label(product.unit)}" for t, v in zip(targets, turned, strict=True))  # fmt: skip
    return turned, f"The strengths were read as {read}: no product on file has them the other way round."


def _of_one(value: float, unit: str, product: Product, targets: list[Target]) -> tuple[tuple[float, ...], str]:
    """One number: the strength of one part, or of all together, as far as only one product on file has it."""
    amount = value * _TO_UNIT.get(unit, 1.0)
    fitting = [s for s in product.strengths if amount in s or abs(sum(s) - amount) < 1e-6]
    if len(fitting) != 1:
        raise RetryableToolError(_ask(product, targets))
    read = " and ".join(f"{t.label} {number(v, 4)} {unit_label(product.unit)}" for t, v in zip(targets, fitting[0], strict=True))  # fmt: skip
    return fitting[0], f"{number(value, 4)} {unit} was read as {read}, the only strength on file that has it."


def _ask(product: Product, targets: list[Target]) -> str:
    names = "-".join(t.label for t in targets)
    listed = ", ".join("/".join(number(v, 4) for v in s) for s in product.strengths)
    return f"which strength of {names} is meant? On file, in {unit_label(product.unit)}: {listed}; say both numbers"


def strengths_on_file(combination: Combination) -> str:
    """The strengths that an order without one could mean."""
    product = product_of(frozenset(t.id for t, _ in combination.parts))
    return ", ".join("/".join(number(v, 4) for v in s) for s in product.strengths) if product else ""


def _without_strength(words: str, product: Product | None) -> str:
    bare = _PAIR.sub(" ", words, count=1)
    bare = _ONE.sub(" ", bare) if bare == words else re.sub(r"^\s*(?:mg|mcg|g)\b", " ", bare)
    for name in product.named if product else ():
        bare = re.sub(rf"(?<!\w){re.escape(name)}\b", " ", bare, flags=re.IGNORECASE)
    return " ".join(bare.split())


def _sig(label: str, words: str) -> MedicationSig:
    """How it is taken: the words of the order behind the product, read with the name of one drug in its place."""
    facts = read_text(f"{label} {words}")
    sig = next((f.sig for f in facts if f.kind is FactKind.MEDICATION and f.sig is not None), None)
    if sig is None:
        return MedicationSig(drug=label)
    counted = sig.dose if sig.dose is not None and sig.dose.unit.startswith("{") else sig.amount
    return sig.model_copy(update={"amount": counted})
