"""Which of the plans or scenarios just compared: "which gets AUC 400-600?" is asked of the comparison, not of the chart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.embedded.plans import Call

_WHICH = re.compile(
    r"^\W*(?:(?:so|and|ok|okay|then|of those|of these|of them)\W+)*(?:which|what(?=\s+(?:one|plan|dose|regimen|option|scenario)))\s+(?:(?:one|ones|plan|plans|dose|doses|regimen|regimens|option|options|scenario|of (?:them|those|these|the (?:two|plans|options|doses|regimens)))\s+)*"
    r"(?:would |will |is |are |does |do )?(?:get|gets|give|gives|reach\w*|hit\w*|achiev\w*|meet\w*|stay\w*|keep\w*|within|in|on|has|have|avoid\w*|land\w*|fall\w*|come\w*|closest|nearest|best|likel\w*|the)\b",
    re.IGNORECASE,
)
_OF_RUNS = re.compile(
    r"\b(?:auc\w*|targets?|range|troughs?|peaks?|exposure|window|toxic\w*|supratherapeutic|subtherapeutic|therapeutic|probabilit\w+|closest|best)\b",
    re.IGNORECASE,
)


def chosen_among(previous: Sequence[Call], text: str) -> Call | None:
    """The comparison once more, where a question picks among what it compared; None for any other question."""
    if not previous or _WHICH.match(text) is None or _OF_RUNS.search(text) is None:
        return None
    last = previous[-1]
    several = last.tool == "what_if" and len(last.arguments.get("scenarios") or []) > 1
    return last if several or last.tool == "compare_plans" else None
