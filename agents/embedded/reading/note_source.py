"""Whether a question asks the notes, or names them only beside a question to the record."""

from __future__ import annotations

import re

_NOTE_AS_SOURCE = re.compile(
    r"\b(?:in|from|per|by|of|on|to|does|do|did|what|which|any|see|read|check|search) (?:\w+ ){0,3}(?:notes?|letters?|documentation|write-?up|narrative)\b|\bnotes? (?:say|says|said|mention\w*|tell|describe\w*|give)\b"
    r"|\b(?:anyone|somebody|someone|they|doctors?|clinicians?|nurses?|team|consultant|gp)\b.{0,12}\b(?:writ\w+|wrote|document\w*|say|said|mention\w*|chart\w*)\b|\bdocumented (?:as|about)\b",
    re.IGNORECASE,
)
_RECORD_AS_SOURCE = re.compile(
    r"\b(?:on|in|per|to|does|do|did|what|by|is|the|an?|actual|current|active|structured|coded) (?:\w+ ){0,2}(?:records?|order|orders|chart|file|mar|list)\b|\b(?:actually|really|officially|currently|truly|still) (?:\w+ )?(?:ordered|prescribed|recorded|on|taking|charted)\b|\brecorded\b|\bordered\b|\bon file\b|\bis the truth\b",
    re.IGNORECASE,
)
# A note that is told of, beside what is asked: "does she smoke, the note says never".
NOTE_CLAIMS = re.compile(
    r"(?:^|[,;.–-]\s*|\b(?:but|though|although|because|since|as|when|and)\s+)(?:the |a |an |his |her |their |last |latest |this |that |\w+ ){0,4}?(?:notes?|letters?|summary)\s+(?:says?|said|has|have|claims?|states?|lists?|calls?|reads?|mentions?|suggests?|puts?)\b(?:(?!\s+and (?:is|are|does|do|has|what|which|when|how)\b)[^,;.?–])*",
    re.IGNORECASE,
)
# A letter that is being written is no source either: "allergy box on the discharge letter, what do I write".
_TO_BE_WRITTEN = re.compile(
    r"\bwhat (?:do|should|can|shall|must) (?:i|we) (?:write|put|enter|tick|fill|say|record|document)\b|\bwhat (?:goes|should go|belongs) (?:in|into|there|under)\b|\b(?:box|field|section) (?:on|in|of) (?:the|my|this) (?:\w+ ){0,2}(?:letter|form|summary|sheet)\b|\bfor (?:comparison|reference|completeness)\b|\b(?:letter|form|summary)\b.{0,12}\bi (?:need|want|have to (?:put|write|give|state))\b",
    re.IGNORECASE,
)
IS_IT_SO = re.compile(
    r"\b(?:is|are|was|that|this|it|right|true|correct|really|so|what|which|they|he|she|does|do|agree|one)\b|\W",
    re.IGNORECASE,
)


def source_is_notes(text: str) -> bool:
    """Whether it is the notes that are asked; a note that is only told of beside a question to the record is not."""
    if _TO_BE_WRITTEN.search(text):
        return False
    rest = NOTE_CLAIMS.sub(" ", text)
    if rest != text and len(IS_IT_SO.sub("", rest)) > 3 and _NOTE_AS_SOURCE.search(rest) is None:
        return False
    return _NOTE_AS_SOURCE.search(text) is not None and _RECORD_AS_SOURCE.search(text) is None


_WRITTEN = r"(?:wrote|writ(?:es|ten)|sign(?:s|ed)(?: off)?|author(?:s|ed)?|dictat(?:es|ed)|documented|entered|recorded|filed|typed(?: up)?|penned|complet(?:es|ed)|did|made)"
_A_NOTE = r"(?:notes?|summary|letters?|consult(?:ation)?|reports?|entry|addendum|correction|write-?up|h ?(?:&|and) ?p|history and physical|documentation|form|encounter|record)"
_AUTHOR = re.compile(
    rf"^\W*(?:(?:and|so|please|pls|can you tell me|tell me|do we know|any idea)\W+)*(?:who|which (?:\w+ )?(?:doctor|clinician|physician|nurse|pharmacist|provider|consultant|team member|person))\s+(?:(?:actually|has|had|is it that|was it that|it was that)\s+)*{_WRITTEN}\s+(?:up\s+)?(?P<what>(?:[^?]*\b)?{_A_NOTE}\b[^?]*)\??\s*$"
    rf"|\bauthors?\s+of\s+(?P<of>[^?]+)|\b(?P<by>(?:the|that|this|his|her|last|latest)\s+[^?]*?\b{_A_NOTE}\b[^?]*?)\s+(?:was\s+)?{_WRITTEN}\s+by\s+(?:whom|who|which)\b|\b(?:by whom|who by)\s+(?:was|is)\s+(?P<whom>[^?]*?\b{_A_NOTE}\b[^?]*?)\s+{_WRITTEN}\b|\bwh(?:o|ose)\s+(?:is|was)\s+(?P<whose>(?:the|that|this|his|her|last|latest)\s+[^?]*?\b{_A_NOTE}\b[^?]*?)\s+{_WRITTEN}\s+by\b|\bwhose\s+(?:signature|name)\s+(?:is|stands)\s+(?:on|under)\s+(?P<under>[^?]+)",
    re.IGNORECASE,
)


def note_whose_author_is_asked(text: str) -> str | None:
    """The words for the note of which a question asks who wrote it ("who signed the pharmacy note"); None where none does."""
    found = _AUTHOR.search(text)
    if found is None:
        return None
    words = next((words for words in found.groupdict().values() if words), "")
    return re.sub(r"\bh ?(?:&|and) ?p\b", "history and physical", words, flags=re.IGNORECASE)
