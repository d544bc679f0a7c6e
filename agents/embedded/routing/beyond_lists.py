"""What a question asks beyond what a list of the record can tell: then the notes are searched beside it.

Two signs: words that ask for a reason, a plan, an opinion, an extent; and words that the exemplars of the routed family
do not explain ("AHI on the sleep test", "blood loss during the knee replacement").
"""

from __future__ import annotations

import re
from collections.abc import Collection

from agents.embedded.reading.reader import Question, Variant
from agents.embedded.reading.units_asked import unit_spans
from knowledge_base.words import STOP_WORDS, stem
from tools.concepts import tokenize

BESIDE_THE_RECORD = "note.beside"  # the intent of such a search: what it does not find is not mentioned
NOTES_FIRST = "note.first"  # the same, where what it finds comes before what the record has

_ASKS = (
    r"why|how come|reasons?|because|b/?c(?=\W*$| of\b| he\b| she\b| they\b| it\b)|rationale|reasoning|culprits?|precipitants?|causes?|caused|explain\w*|explanation|blamed?|attribut\w+|triggered|led to|pushed|drove|put (?:him|her|them) off"
    r"|what (?:stopp?ed|ruled out|prevented|delayed|prompted|precipitated|provoked|set off|brought on|made|got|held up|changed|convinced|persuaded|excluded|kept|tipped|pushed|limit(?:s|ed)|went wrong|goes wrong|is behind|was behind)|what(?:'s| is| was| are| were) (?:limiting|stopping|holding|preventing|delaying|behind|keeping|driving|blocking)"
    r"|plan|plans|planned|planning|next steps?|going forward|until when|upcoming|due|end of|end date|stop date|how many (?:days|weeks)|duration|course length|length of|next|what (?:kind|type|sort) of|how long (?:should|will|is .{0,30}meant|does .{0,30} need)"
    r"|when (?:can|will|should|may|could)|when (?:does|do|is|are) .{0,40}\b(?:start\w*|restart\w*|resum\w*|go(?:es|ing)?|back|come|stop\w*|finish\w*|end\w*|booked|happen\w*|scheduled|rescheduled|slot)|what (?:happens|to do) (?:to|with|if|when)"
    r"|what (?:should|must|can|could|is|are|was|were) (?:he|she|they|we|i|the patient|pt) (?:\w+ ){0,3}?(?:do|told|doing)|restrict\w*|allowed|goal|target|avoid\w*"
    r"|sever(?:e|ity)|grade|stage|extent|how (?:bad|severe|big|large|far|bothersome)|size|where (?:is|was|are|were) (?:the|his|her|their)|which (?:side|lobe|leg|arm|hand|part)"
    r"|told|said|say|says|saying|advi[sc]e\w*|counsel\w*|discuss\w*|offered|declin\w+|refus\w+|agreed?|wants?|wish\w*|prefer\w*|willing|worr\w+|concern\w*|opinion|views?|recommendations?|input|thinks?|feels?"
    r"|problems? with|issues? with|trouble with|should(?:n'?t| not)|not be (?:used|given|taken)|how (?:much|often) .{0,30}\b(?:use|uses|used|using|need|needs|needed)\b|lately"
    r"|adheren\w+|complian\w+|usage|outcome|complications?|tolerat\w+|threshold|criteria|instructions?|required|outstanding|arranged|warned|warning|safety[- ]net\w*|words"
)
# Observations that notes tell in words: nobody measures them.
TOLD_IN_WORDS = frozenset(
    {
        *("tobacco_status", "alcohol_use", "drug_use_history", "pack_years", "housing_status", "household_size"),
        *(
            "employment_status",
            "occupation",
            "education_level",
            "insurance_status",
            "transportation_need",
            "social_contact",
        ),
        *(
            "stress_level",
            "veteran_status",
            "sexual_orientation",
            "advance_directive",
            "symptom_report",
            "estimated_blood_loss",
        ),
    }
)
_BEYOND = re.compile(rf"\b(?:{_ASKS})\b", re.IGNORECASE)
# Families whose lists answer about values, orders, dates; identity and whole lists have nothing more to tell.
_FAMILIES = frozenset({"observation", "medication", "condition", "procedure", "report", "encounter", "panel", "family", "immunization", "social", "allergy", "device", "causes", "knowledge"})  # fmt: skip
_NOT_BESIDE = frozenset({"medication.list_active", "medication.list_stopped", "medication.list_all", "condition.list_active", "condition.list_resolved", "condition.list_all", "allergy.list", "allergy.count", "encounter.count", "immunization.list", "procedure.list"})  # fmt: skip
_FRAMING = frozenset(
    "today yesterday now recent recently current currently latest last previous prior first earliest newest old new ever never still yet again next time times date day days week "
    "weeks month months year years ago day days old number value values level levels result results reading readings lab labs test tests check checked measured record "
    "recorded chart file list listed documented report reported patient pt mr mrs ms miss lady gentleman man woman guy thing things bit quick quickly question doc doctor team ward "
    "round clinic pharmacy nurse hi hello hey thanks thank please pls kindly asap urgent know tell show give get got need want find see look looking check pull remind confirm "
    "anything something everything any one ones two three four five six ten unit units convert converted expressed terms also both either each all every per via am pm "
    "relative versus draw draws sample samples specimen bump bumps dip dips spike spikes slide swing swings journey trajectory movement movements shift jump rise fall drop peak nadir low high "
    "picture situation profile pattern figure figures numbers reading entry entries series sequence history log progression curve direction improvement response recovery around wise".split()
)


def asks_beyond_lists(text: str) -> bool:
    """Whether a question asks for a reason, plan, opinion or extent, which lists of the record do not hold."""
    return _BEYOND.search(text) is not None


_SHORT = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\b|\d-\d|\d/\d|\bdays?\b|\bweeks?\b|yesterday|today",
    re.IGNORECASE,
)


def is_short(period: str) -> bool:
    """Whether a time expression names days or a month: then a note of that time is meant."""
    return _SHORT.search(period) is not None


def may_go_beyond(intent: str) -> bool:
    """Whether the notes can add to what an intent's lists tell."""
    return intent.partition(".")[0] in _FAMILIES and intent not in _NOT_BESIDE


def words_beyond(
    part: str, intent: str, variant: Variant, question: Question, family_words: Collection[str], own: Collection[str]
) -> str:
    """The words of a part that its intent leaves unexplained, or that ask beyond any list; empty when there are none."""
    if not may_go_beyond(intent):
        return ""
    spans = [(s.start, s.end) for s in variant.slots if s.known] + [(p.start, p.end) for p in question.periods]
    spans += unit_spans(part)
    left = []
    for token in tokenize(part):
        word = token.norm
        inside = any(start <= token.start < end for start, end in spans)
        plain = word in STOP_WORDS or word in _FRAMING or word in own or not word.isalpha() or len(word) < 3
        if inside or plain or stem(word) in family_words or word in family_words:
            continue
        left.append(word)
    return " ".join(dict.fromkeys(left))
