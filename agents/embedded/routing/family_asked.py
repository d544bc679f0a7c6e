"""Questions about the family in words that no exemplar has: a side, the parents, what is inherited."""

from __future__ import annotations

import re

from agents.embedded.routing.router import Route

_OF_FAMILY = re.compile(
    r"\b(?:maternal|paternal|mother['’]?s|father['’]?s|mum['’]?s|mom['’]?s|dad['’]?s) (?:side|history|hx|family|line|relatives?)\b"
    r"|\b(?:hereditary|heritable|inherited|familial|runs? in families|genetic) (?:conditions?|diseases?|disorders?|illness\w*|problems?|traits?)\b"
    r"|\b(?:are|is|were|was) (?:(?:his|her|their|both|either|the) ?)+(?:of (?:his|her|their) )?(?:parents?|mother|father|mum|mom|dad|siblings?|brothers?|sisters?|grandparents?) (?:still )?(?:alive|living|dead|deceased|well|healthy)\b"
    r"|\b(?:parents?|siblings?|grandparents?|relatives?)['’]?s? (?:medical |health )?(?:health|histor\w+|illness\w*|diseases?|problems?|conditions?)\b"
    r"|\b(?:did|do|does|have|has|had|what) (?:(?:either|any|both|of|his|her|their|the|did|do) )*(?:parents?|siblings?|grandparents?) (?:have|had|suffer\w*|die[ds]?)\b",
    re.IGNORECASE,
)


def of_family(best: Route, text: str) -> Route | None:
    """The route to the family history where the words are about it and another was taken; None elsewhere."""
    if best.intent.startswith("family.") or _OF_FAMILY.search(text) is None:
        return None
    slots = tuple(s for s in best.variant.slots if s.kind == "condition" and s.known)[:1]
    variant = best.variant.model_copy(update={"slots": slots})
    return Route("family.has" if slots else "family.list", max(best.score, 0.9), variant)
