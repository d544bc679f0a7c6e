"""Where a note says what the patient has not: denials that run over a long list, as narrative notes write them.

ConText judges a finding by the cues of its neighbourhood. "She has never been told of asthma, a stroke, chronic lung disease
or ..." carries its denial much further; a score over twenty items rests on such sentences.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_HAVE = r"(?:been|had|have|having|experienced|developed|suffered|undergone|required|needed|received|used|worn|taken|carried|noted|sustained|reported|shown|seen|smoked|abused|spent|broken|coughed|vomited|passed)"
_CUE = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|disavow\w*|declin(?:es|ed|ing)|refus(?:es|ed|ing)|shuns?|refrain\w*|abstain\w*|avoidance of|avoid(?:ed|ing)|steers? clear of"
    r"|(?:warned|told|advised|counsell?ed|instructed|asked) (?:off|against|to avoid|not to take)|(?:nobody|no one|no relative|none of (?:his|her|the) \w+)(?: in (?:the|his|her) family)? (?:has|have|had)(?: ever)?(?: (?:told|found|diagnosed|said))?"
    r"|(?:empty|devoid|innocent|clear) of"
    r"|(?:no|without|absence of|lack of|any) (?:(?:personal|known|prior|previous|past|documented|significant|record|relevant|other|clinical|physical|imaging|current|recent|further|first-degree|family|reported) ){0,4}"
    r"(?:history|record|evidence|diagnos[ie]s|episodes?|signs?|symptoms?|mention)(?: of| or| and)?"
    rf"|never(?: (?:previously|knowingly|before|yet|again))? {_HAVE}|(?:has|have|had|was|were|is)(?:n['’]t| not)(?: (?:also|ever|previously|yet|recently))? {_HAVE}"
    r"|(?:is|was|are|were|does|do|did|has)(?:n['’]t| not|\snever)(?: (?:currently|also|regularly|ever))? (?:taking|tak(?:e|en)|receiv\w+|us(?:e|es|ing|ed)|on|diagnosed|treated|have|report\w*|notice\w*|drink\w*|swallow\w*)"
    r"|never(?: \w+ly)? (?:\w{3,}ed|told|taken|worn|seen|felt|had)|(?:is |are |was |were |been |remains? )?(?:\w+ )?negative (?:for|in)|free (?:of|from)|unaffected by|ruled out|avoids)\b"
)
_END = re.compile(
    r"[.!?](?:\s|$)|[:—]|;(?!\s(?:or|nor)\b|[^.!?:]{0,200};\s(?:or|nor)\b)|\n\s*(?:\n|[-•*])|\b(?:but|however|although|though|whereas|while|despite|because|which|when(?!(?:\s\w+){1,3},)|yet(?= \w+s\b)|prompting|given (?:the|that|his|her|these|this))\b"
    r"|,?\s(?:and|nor|so|then)\s(?:he|she|it|they|there|the patient|the|a|an|his|her|its|their|today['’]s|review|examination)\s(?:\w+\s){0,3}?(?:is|are|was|were|has|have|had|does|did|takes?|uses?|drinks?|smokes?|reports?|shows?|showed|revealed|admits?|continues?|quit|lives?|works?|remains?)\b(?!\snot|\snever|n['’]t|\sno\b)"
    r"|,\s(?:with|and (?:takes?|has|reports?|admits?|continues?|drinks?|quit|uses?|smokes?|lives?))\b"
)
_EXCEPT = re.compile(r"\b(?:except(?: for)?|other than|apart from|aside from|besides|beyond|save for)\b[^,.;]*")
_LONGEST = 600
_DOUBLE = re.compile(r"\b(?:not|n['’]t|never|cannot)\s(?:\w+\s){0,2}$")


class Denials:
    """The stretches of one text that a denial covers."""

    def __init__(self, low: str) -> None:
        spans: list[tuple[int, int]] = []
        for cue in _CUE.finditer(low):
            if (spans and cue.start() < spans[-1][1]) or _DOUBLE.search(low, max(0, cue.start() - 25), cue.start()):
                continue
            end = _END.search(low, cue.end(), cue.end() + _LONGEST)
            spans += _without_exceptions(low, cue.end(), end.start() if end else min(len(low), cue.end() + _LONGEST))
        self._starts = [start for start, _ in spans]
        self._spans = spans

    def covers(self, start: int) -> bool:
        """Whether what starts here is denied."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and start < self._spans[at][1]


def _without_exceptions(low: str, start: int, end: int) -> list[tuple[int, int]]:
    """The stretch without "other than X" in it."""
    spans = []
    for exception in _EXCEPT.finditer(low, start, end):
        spans.append((start, exception.start()))
        start = exception.end()
    return [*spans, (start, end)]
