"""LOINC's long names ("Testosterone [Moles/volume] in Serum or Plasma") as what clinicians call the result.

The name is component, property, specimen. In blood the component alone is what it is called; in urine, stool or spinal
fluid it is another result, named with its specimen.
"""

from __future__ import annotations

import re

_BLOOD = r"(?:Serum|Plasma|Blood|Serum or Plasma|Serum, Plasma or Blood|Arterial blood|Red Blood Cells)"
_OF_BLOOD = re.compile(
    rf"(?P<component>[^\[\]]{{2,80}}?)\s*\[[^\]]+\](?:\s+in\s+{_BLOOD}(?:\s+(?:by|\().*)?)?", re.IGNORECASE
)
_OF_ANOTHER = re.compile(
    r"(?P<component>[^\[\]]{2,80}?)\s*\[[^\]]+\]\s+in\s+(?P<specimen>Urine|Stool|Cerebral spinal fluid)\b.*",
    re.IGNORECASE,
)
_CALLED = {"urine": ("urine", "urinary"), "stool": ("fecal", "faecal", "stool"), "cerebral spinal fluid": ("csf",)}


def component_of(display: str) -> str:
    """What was measured, from the long name of a result of blood; empty for any other name."""
    found = _OF_BLOOD.fullmatch(display.strip())
    return found["component"] if found is not None else ""


def names_of_long(display: str) -> list[str]:
    """What a result with a long name may be called: "Creatinine", "fecal Calprotectin"; empty for any other name."""
    if component := component_of(display):
        return [component]
    found = _OF_ANOTHER.fullmatch(display.strip())
    return [f"{s} {found['component']}" for s in _CALLED[found["specimen"].lower()]] if found is not None else []
