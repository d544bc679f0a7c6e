"""Products of several drugs: which ingredients a name stands for, and the strengths on file (`combination_products.json`)."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources

from domain.facts import Frozen
from tools.concepts import Lexicon

_JOINS = re.compile(r"\s*[-/+]\s*")


class Product(Frozen):
    """A combination: its ingredients, and the strengths of one unit in their order."""

    names: tuple[str, ...]
    ingredients: tuple[str, ...]
    unit: str
    strengths: tuple[tuple[float, ...], ...]
    named: dict[str, tuple[float, ...]] = {}  # "DS"
    source: str


@lru_cache(maxsize=1)
def products() -> tuple[Product, ...]:
    """Every combination on file."""
    path = resources.files("tools").joinpath("data/combination_products.json")
    return tuple(Product.model_validate(p) for p in json.loads(path.read_text("utf-8"))["products"])


def product_of(ingredients: frozenset[str]) -> Product | None:
    """The combination of exactly these ingredients."""
    return next((p for p in products() if frozenset(p.ingredients) == ingredients), None)


def product_named(text: str) -> tuple[Product, int, int] | None:
    """The combination that a text names by its brand or short form, with where the name stands."""
    for product in products():
        for name in sorted(product.names, key=len, reverse=True):
            if found := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
                return product, found.start(), found.end()
    return None


def ingredients_in(lexicon: Lexicon, text: str) -> frozenset[str]:
    """Every ingredient that a product's name stands for.

    The vocabulary has "lisinopril-hydrochlorothiazide" as a name of lisinopril: the parts of a joined name count too.
    """
    named = product_named(text)
    found = set(named[0].ingredients) if named else set()
    for mention in lexicon.find_mentions(text, ("medication",), fuzzy=False):
        found |= {t.id for t in mention.targets if t.kind == "medication"}
        found |= set(parts_of(lexicon, mention.text))
    return frozenset(found)


def parts_of(lexicon: Lexicon, name: str) -> tuple[str, ...]:
    """The ingredients of a joined name ("lisinopril / HCTZ") in its order; nothing where a part is no drug."""
    parts = [p for p in _JOINS.split(name) if p]
    found = [lexicon.resolve(p, "medication") for p in parts] if len(parts) > 1 else []
    ids = [t.id for t in found if t is not None]
    return tuple(dict.fromkeys(ids)) if len(ids) == len(parts) else ()
