"""What a yes/no question says of smoking, so that the answer can begin with yes or no."""

from __future__ import annotations

import re

_YES_NO = re.compile(
    r"^\W*(?:and |so |ok |hi |please |pls |just |tell me |confirm |check |do we know |any idea |whether |if )*(?:(?:is|does|has|did|was|would|can you say|isn't|doesn't|hasn't)\b|(?:(?:he|she|they|pt|patient)\b.{0,30}\?)|(?:still|current(?:ly)?|active(?:ly)?|ever|never|non-?|ex-?|former|life ?long non-?)\s*-?\s*smok\w*\W*$|smok(?:er|es|ing)\s*\?)",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"\b(?:when|how|what|why|who|where|which|date|pack|per day|a day|cessation|counsel\w*|advice|advised|nicotine|vap\w+|e-?cig\w*|offered|asked|want\w*|willing|ready|documented|recorded|status|heavy|heavily|cannabis|marijuana|weed|cigars?|pipe|or(?! not\b)|non-?\s?smok\w*(?<!long non-smoker)(?<!long nonsmoker)|not smok\w*)\b",
    re.IGNORECASE,
)
_NEVER = re.compile(r"\bnever\b|\blife ?long non-?smoker\b", re.IGNORECASE)  # a non-smoker may have been one
_QUIT = re.compile(
    r"\b(?:ex|former|past|previous)[- ]?smok\w*|\b(?:quit|stopped|given up|gave up|stop)\b|\bused to smoke\b",
    re.IGNORECASE,
)
_EVER = re.compile(r"\bever\b|\b(?:has|had) (?:he|she|they|the patient|pt) (?:ever )?smoked\b", re.IGNORECASE)


def habit_claim(text: str) -> str:
    """What is claimed of smoking; empty where the question is not one of yes or no."""
    if _YES_NO.match(text) is None or _HOW.search(text):
        return ""
    for claim, pattern in (("never smoked", _NEVER), ("has quit", _QUIT), ("has smoked", _EVER)):
        if pattern.search(text):
            return claim
    return "smokes"
