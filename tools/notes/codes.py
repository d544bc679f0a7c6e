"""Names that are codes ("HLA-B27", "NUDT15", "T25FW"): no other word stands for them, so notes without one do not answer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.concepts import Lexicon

_CODE = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?P<code>[A-Za-z](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){2,})(?![\w-])")
# "q12h", "day5", "POD3", "L4-5": a rate, a day, a level.
_COUNTED = re.compile(
    r"(?:q|d|w|m|y|h|x|v|no|wk|week|day|month|year|pod|icu-?day|stage|grade|type|class|phase|level|bed|room|ward|cycle|dose|visit|step|covid|g\d+p|t|p|fy|ct|cy|pt|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)-?\d+[a-z]?|[clts]\d{1,2}-[clts]?\d{1,2}",
    re.IGNORECASE,
)


def is_of_unheard_code(question: str, lexicon: Lexicon, texts: Iterable[str]) -> bool:
    """Whether a question names a code that neither the vocabulary knows nor any of the texts holds, however it is joined."""
    known = [(m.start, m.end) for m in lexicon.find_mentions(question, fuzzy=False)]
    codes = {
        _bare(m["code"])
        for m in _CODE.finditer(question)
        if not _COUNTED.fullmatch(m["code"]) and not any(a < m.end() and m.start() < b for a, b in known)
    }
    if not codes:
        return False
    everything = _bare(" ".join(texts))
    return not any(code in everything for code in codes)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())
