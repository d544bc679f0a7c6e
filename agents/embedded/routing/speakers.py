"""Questions about what somebody said, wanted or decided: their words stand in notes, whatever the question names.

"What did neuro want for antiplatelets", "the cardiologist's view on the stent", "BP target per nephrology", "what does his wife
think": the drug or result that is named is what they spoke about, not what is asked for. Who saw the patient, and who
ordered what, the record says itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from agents.guards import RELATIONS
from tools.concepts import common_words, tokenize
from tools.events.visits import specialty_names

_ROLES = (
    r"\w+(?:ologist|iatrist|ician|therapist|dietist)s?|(?:physician|gp|pcp|doctors?|nurses?|pharmacists?|surgeons?|anaesthe\w+|anesthe\w+|midwife|dietiti?an|dietician|nutritionist|physio\w*|ot|pt team|slt|salt|speech therap\w+|"
    r"social work(?:er)?|sw|consultants?|registrar|resident|intern|hospitalist|intensivist|specialists?|paramedics?|crew|team|carers?|caregivers?|family|podiatrist|optometrist|dentist|radiolog\w+|patholog\w+|microbiolog\w*|micro|haem|heme|onc|neuro|nephro|"
    r"cards|cardio|ortho|gi|id|ent|psych|pulm|endo|rheum|derm|uro|renal|surgery|surgical team|palliative|palliative care|icu|itu|ed|ward|ward team)"
)
_SAID = (
    r"(?:say|says|said|think|thinks|thought|want|wants|wanted|recommend(?:s|ed)?|suggest(?:s|ed)?|advis(?:e|es|ed)|conclude[sd]?|feel|feels|felt|plan|plans|planned|decide[sd]?|mention(?:s|ed)?|propose[sd]?|tell|told|"
    r"believe[sd]?|prefer(?:s|red)?|warn(?:s|ed)?|agree[sd]?|disagree[sd]?|comment(?:s|ed)?|report(?:s|ed)?|describe[sd]?|worr(?:y|ies|ied)|ask(?:s|ed)? for|notic(?:e|es|ed)|spot(?:s|ted)?|observe[sd]?|picked up on|object(?:s|ed)?|insist(?:s|ed)?|expect(?:s|ed)?|explain(?:s|ed)?|make of|made of|worried about|concerned about|happy with|keen (?:on|to)|blame[sd]?|attribut(?:e|es|ed)|put(?:s)? (?:(?:it|this|that)|(?:\w+ ){1,5}?)\s*down to|turn(?:ed)? (?:it|him|her) down|rule[ds]? out|intervene[sd]?)"
)
_WORDS = r"(?:opinions?|views?|advice|recommendations?|recs?|impressions?|verdict|thoughts?|input|take|assessment|suggestions?|concerns?|worr(?:y|ies)|words|account|version|wish(?:es)?|preferences?|conclusions?|thinking|reasoning|rationale|plans?|instructions?)"


@lru_cache(maxsize=1)
def _speaker() -> str:
    names = sorted((re.escape(n) for n in specialty_names() if len(n) > 2), key=len, reverse=True)
    return rf"(?:{_ROLES}|{'|'.join(names)}|{RELATIONS})"


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    who = rf"(?:(?:the|his|her|their|our|patient's|pt's|dr\.?|doctor)\s+)*(?:\w+\s+)?{_speaker()}"
    return tuple(
        re.compile(p, re.IGNORECASE)
        for p in (
            rf"\b(?:what|which|how|why|when|where|whether|did|does|do|has|have|had|is|are|was|were)\b.{{0,40}}?\b{who}(?:\s+(?:team|clinic|doctor|consultant|nurse|service|people|folks|reg))?\s+(?:(?:actually|specifically|really|also|finally|initially|have to|had to|ever|not|to|going to)\s+)*{_SAID}\b",
            rf"\b{_speaker()}(?:\s+(?:team|clinic|doctor|consultant|nurse|service))?(?:['’]s?|s['’])?\s+(?:\w+\s+)?{_WORDS}\b(?!\s+(?:of care|him|her|them|it|over|off|out|up|away|down)\b)",
            rf"\b(?:per|as per|according to)\s+(?:the\s+|his\s+|her\s+)?{_speaker()}\b(?!\s+(?:list|records?|chart|section|card|band|box|history|entry|entries)\b)",
            rf"\b{_WORDS}\s+(?:from|by|of)\s+(?:the\s+|his\s+|her\s+)?{_speaker()}\b",
            rf"\bwhat\s+{who}\s+{_SAID}\b",
        )
    )


_PATIENT = r"he|she|they|the (?:patient|pt)|pt"
# Who does what at home, and who decides: no list of the record names them.
_HELPER = re.compile(
    r"^\W*(?:and |so |do we know |tell me )*who(?:'s| is| will| does| can| would| usually| normally| else)*\s+(?:(?:usually|normally|the one who|going to|able to|there to|at home to)\s+)*"
    r"(?:driv\w+|tak(?:es|ing) (?:him|her|them)|bring\w*|help\w*|look\w* after|car(?:es|ing) for|cook\w*|shop\w*|decid\w*|pay\w*|manag\w+ (?:his|her|the)|fill\w* (?:his|her|the)|pick\w* (?:him|her|up)|interpret\w*|translat\w*|"
    r"mak(?:es|ing) (?:the |his |her )?(?:decisions?|choices)|speak\w* for|act\w* (?:for|as)|to (?:call|contact|ring|phone|notify)|(?:his|her|their|the) (?:proxy|poa|carers?|caregivers?|decision[- ]maker|surrogate|emergency contact|next of kin|key worker|support))\b",
    re.IGNORECASE,
)
# Where and with whom somebody lives, and whose number it is: notes tell it, and the visits and the patient's own number do not.
_AT_HOME = re.compile(
    rf"\bwhere(?:'s| is| are| was| has| did| does| will| would)?\s+(?:{_PATIENT})\s+(?:been |be |now |currently |going to |gone to |go to )*(?:stay|staying|lodging|sleeping|housed)\w*\b(?!.*\b(?:(?:in|at|on) (?:the |which |what )?(?:hospital|icu|ward)|overnight)\b)"
    rf"|\b(?:{RELATIONS}|carers?|goddaughter|godson)(?:'s|s')\s+(?:\w+\s+)?(?:numbers?|phone|telephone|mobile|cell|contact\w*|address|names?|e-?mail|age|birthday)\b"
    rf"|\b(?:phone|number|address|name|age|mobile)\s+(?:number\s+)?(?:of|for) (?:his|her|their|the|the patient's|patient's|pt's) (?:{RELATIONS}|goddaughter|godson|carers?)\b",
    re.IGNORECASE,
)
_TALK_TO = re.compile(
    rf"\b(?:can|may|should|could|do|are) (?:we|i|you)\b.{{0,25}}\b(?:talk|speak|call|ring|contact|tell|inform|update|discuss|share|involve)\w*\b.{{0,25}}\b(?:{RELATIONS}|family|relatives|carers?)\b",
    re.IGNORECASE,
)


def asks_of_a_helper(text: str) -> bool:
    """Whether a question asks who helps, decides or is spoken to: "who drives her", "can we talk to her son"."""
    if _AT_HOME.search(text.replace("’", "'")) is not None:
        return True
    return _HELPER.search(text) is not None or _TALK_TO.search(text) is not None


# "What dose per the record, her son says 50": what is claimed beside a question is not what it asks.
_CLAIMED_BESIDE = re.compile(
    rf"(?:[,;–-]|\band\b|\bbut\b)\s+(?:his|her|their|the|a)\s+(?:\w+\s+)?(?:{RELATIONS}|carers?|family)\s+(?:says?|said|thinks?|reckons?|claims?|swears?|insists?|told (?:me|us))\b[^?]*$",
    re.IGNORECASE,
)


def asks_of_a_speaker(text: str, around: Collection[str] = ()) -> bool:
    """Whether a question asks what a clinician, a team or a relative said, wanted or thinks.

    `around` are the names of those who look after the patient, in lower case: "why did Deshmukh decide against it".
    """
    text = _CLAIMED_BESIDE.sub("", text).replace("’", "'")
    return any(p.search(text) for p in _patterns()) or _asks_of_a_named(text, around)


_NAMED_BEFORE = re.compile(
    r"\b(?:per|as per|according to)\s+(?:(?:dr|doctor|prof|mr|mrs|ms|miss)\.?\s+)?(?:\w+\s+)?$", re.IGNORECASE
)
_SAYS_AFTER = re.compile(
    rf"^(?:'s)?\s+(?:(?:actually|specifically|really|also|finally|initially|ever|not|to|going to|first|last)\s+)*(?:(?:{_SAID}|g[ia]ve[sn]?|f(?:i|ou)nds?|measure[sd]?|rate[sd]?|score[sd]?|grade[sd]?|call(?:s|ed)?|cho(?:o)?se[sn]?|offer(?:s|ed)?|hear[sd]?|note[sd]|wr(?:i|o)tes?)|{_WORDS}|notes?|letters?|exam\w*|findings?)\b",
    re.IGNORECASE,
)
_OF_RECORD = re.compile(r"\bwhen\b|\bwho\b|\bhow (?:often|many)\b|\bdose\b", re.IGNORECASE)


def _asks_of_a_named(text: str, around: Collection[str]) -> bool:
    """Whether somebody who is named said, found or decided what is asked; when and whom they saw, the record says."""
    if not around:
        return False
    of_record = _OF_RECORD.search(text) is not None
    for token in tokenize(text):
        word = token.norm.removesuffix("'s")
        if word in around and len(word) > 2 and word not in common_words():
            end = token.start + len(word)
            if _NAMED_BEFORE.search(text[: token.start]) or (not of_record and _SAYS_AFTER.match(text[end:])):
                return True
    return False
