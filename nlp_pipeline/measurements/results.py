"""Results in words, after the name ("ANA was negative") or before it ("elevated CRP")."""

from __future__ import annotations

import re
from functools import lru_cache

_ADVERB = (
    r"(?:(?:slightly|mildly|moderately|markedly|severely|significantly|strongly|weakly|faintly|extremely|persistently|marginally|borderline|very|highly|grossly"
    r"|all|also|again|still|both|now|completely|otherwise|entirely|remarkably|minimally|mostly|consistently|largely|previously|initially)\s+)"
)
_RESULT_WORDS = (
    r"(?:normal\s+)?sinus\s+rhythm|nsr|positive|negative|neg|pos|trace|non-?reactive|reactive|not\s+(?:detected|elevated|raised|increased|remarkable|significant)|undetect(?:able|ed)|detect(?:ed|able)|non-?detectable"
    r"|(?:with)?in\s+(?:the\s+)?(?:(?:upper|lower|their|its)\s+)?(?:normal|reference)\s+(?:limits?|ranges?|values?)|(?:with)?in\s+normal|within\s+(?:the\s+)?range|wnl|unremarkable|normal|abnormal|subnormal"
    r"|above\s+(?:the\s+)?(?:upper\s+)?(?:normal|reference)\s+(?:limits?|ranges?)|below\s+(?:the\s+)?(?:lower\s+)?(?:normal|reference)\s+(?:limits?|ranges?)"
    r"|elevated|raised|increased|decreased|reduced|diminished|depressed|low|high|lower|higher|no\s+growth(?:\s+to\s+date)?|[1-4]\s?\+(?!\s?[a-z\d])|pending|deranged|impaired|stable|prolonged|shortened|absent|present|equivocal|indeterminate|borderline"
    r"|(?:large|moderate|small|few|many|rare)(?=\s*(?:[,.;)\n]|$))|clear|cloudy|turbid|yellow|amber"
)
_AFTER = re.compile(
    r"(?P<lead>(?:\s|\([a-zα-ωµ][^()\n]{0,24}\)|[:=(\[–—-]|,(?=\sall\sof)|,(?=\s(?:which|were|was))|\b(?:is|was|were|are|be|been|being|had|has|have|show(?:s|ed|ing)?|demonstrat(?:ed|es|ing)|reveal(?:ed|s|ing)|indicat(?:ed|es)|all|both|of|came|come|back|as|at|returned|remain(?:s|ed|ing)?|tests?|screen(?:ing)?|results?|x\s?\d|levels?|values?|counts?|titers?|titres?|concentrations?|studies"
    r"|profiles?|panels?|parameters?|assays?|serolog(?:y|ies)|from\s+[\d/]+|still|stayed|found|to|in|the|range|reported|noted|read|appeared|seemed|proved|which|measured|stain(?:ing)?|antibod(?:y|ies)|status|on\s+(?:admission|arrival|presentation))\b)*+)"
    rf"{_ADVERB}*+(?P<result>{_RESULT_WORDS})(?![\w-])"
    r"(?!\s*(?:risk|dose|fever|grade|pressure|for\s+(?:age|his|her)|than|in\s+the\s+\d|(?:to|from|by)\s+[<>]?\d|[:=]?\s*[<>]?\d))",
)
_BEFORE = frozenset(
    "normal abnormal elevated raised increased decreased reduced low high positive negative unremarkable undetectable subnormal diminished"
    " depressed deranged impaired pending stable trace prolonged shortened".split()
)
_PASSED = frozenset(
    "serum plasma blood the a an his her of for level levels value values titer titers titre titres concentration concentrations total mean"
    " results result in patient's fasting peripheral venous arterial urinary urine test tests screen".split()
)
_LAST = _BEFORE | _PASSED
_NO = frozenset("no not without denies denied or nor never if".split())
_SAME = {
    "neg": "negative", "pos": "positive", "wnl": "normal", "within normal limits": "normal", "nonreactive": "non-reactive",
    "raised": "elevated", "undetected": "undetectable", "nondetectable": "undetectable", "non-detectable": "undetectable",
}  # fmt: skip
_NORMAL = re.compile(r"(?:with)?in\s.*(?:normal|reference).*|within (?:the )?range|(?:with)?in normal")


def result_after(lower: str, position: int, limit: int) -> tuple[str, int] | None:
    """The result in words that follows a name, and where it ends, in a text in lower case."""
    match = _AFTER.match(lower, position, limit)
    if match is None:
        return None
    return normalised(match["result"]), match.end("result")


def result_before(lower: str, start: int) -> tuple[str, int] | None:
    """The result in words right before a name, and where it begins, in a text in lower case; None where it is denied."""
    if not lower[start - 1 : start].isspace():
        return None
    word = lower[lower.rfind(" ", start - 24 if start > 24 else 0, start - 1) + 1 : start - 1].strip("(")
    if word not in _LAST and "\n" not in word:
        return None  # nearly always
    window = lower[max(0, start - 48) : start]
    window = window[window.rfind("\n") + 1 :]
    words = window.split()
    end = len(window)
    for index in range(len(words) - 1, max(-1, len(words) - 6), -1):
        end = window.rindex(words[index], 0, end)
        bare = words[index].lstrip("(")
        word = bare.strip("(")
        if word in _BEFORE:
            denied = not _NO.isdisjoint(words[max(0, index - 3) : index])
            position = start - len(window) + end + len(words[index]) - len(bare)
            return None if denied else (normalised(word), position)
        if word not in _PASSED:
            return None
    return None


@lru_cache(maxsize=512)
def normalised(result: str) -> str:
    """One spelling per result, given in lower case."""
    word = " ".join(result.split())
    return "normal" if _NORMAL.fullmatch(word) else _SAME.get(word, word)
