"""What a question asks of the one drug, result, problem or allergen that it names, by words that leave no doubt.

Likeness to exemplars finds the subject's family; which of its facts is asked (value, dose, date, reason, yes or no) stands
in few words, whatever frame they are put in. Each table is read from the top: the first entry whose words are there and
whose exceptions are not decides. The subject stands in the text as X.
"""

from __future__ import annotations

import re

from agents.embedded.reading.note_source import IS_IT_SO, NOTE_CLAIMS, source_is_notes
from agents.embedded.reading.places import asks_for_newest_two, asks_for_whole_course, has_limit, last_few
from agents.embedded.reading.reader import Question, Slot, Variant
from agents.embedded.reading.record_names import RecordNames
from agents.embedded.routing.asked_tables import OF_ALLERGEN, OF_DRUG, OF_LISTS, OF_PERSON, OF_PROBLEM, OF_RESULT, SAYS
from agents.embedded.routing.asked_words import says_any_of
from agents.embedded.routing.router import SURE, Route
from agents.embedded.routing.settling import CONFIDENT, asks_why
from agents.embedded.supposing.suppositions import is_hypothetical
from tools.drugs.reactions import is_reaction

_SINCE_DRUG = re.compile(
    r"\b(?:since|after|before and after|from when|ever since|following|from before|on)\b.{0,40}\bX\b(?:.{0,20}\b(?:start\w*|beg[aiu]n|went in|went on|came in|added|introduced|initiated|commenced|kicked in|on board)\b)?|\bX\b.{0,12}\b(?:made|done|do|did|does|doing)\b.{0,12}\b(?:to|for|with)\b",
    re.IGNORECASE,
)
_MOVES = re.compile(
    r"\b(?:chang\w+|differen\w+|happen\w*|done|gone|go|went|com(?:e|ing)|came|mov\w+|drop\w*|fall\w*|fell|ris\w+|rose|improv\w*|worse\w*|better|lower|higher|up|down|respon\w+|effect|impact|delta|how much)\b",
    re.IGNORECASE,
)
# What is routed to these is about something else; all other routes give way to what the words ask of the one thing named.
_KEPT = ("guard.", "draft.", "story", "summary", "followup.", "family.", "calculate", "what_if", "dosing.", "conflict.", "encounter.", "causes.", "knowledge", "device.", "careplan.", "social.")  # fmt: skip
_BUT_NOT: dict[str, tuple[str, ...]] = {
    "drug": ("dosing.compare", "guard.order", "conflict.medications", "draft."),
    "allergen": (),
    "result": ("calculate", "conflict."),
    "problem": (),
}


def asked_of_subject(routes: list[Route], question: Question, text: str, record: RecordNames) -> Route | None:
    """The intent that the words of a question name for the one thing it is about; None where they leave it open."""
    if not routes or is_hypothetical(text):
        return None
    if (claimed := _claimed_of_drug(routes[0], question, text, record)) is not None:
        return claimed
    of_notes = source_is_notes(text)
    if of_notes and _A_NOTE.search(text):
        return None
    if (reaction := _reaction_named(question, text, record)) is not None:
        return reaction
    best = _as_result(routes, question, text, record)
    if not of_notes and (asked := _list_by_name(question, text, best) or _since_drug(question, text, best)) is not None:
        return asked
    for kind, kinds, table in _TABLES[:1] if of_notes else _TABLES:
        kept = best.intent.startswith(_KEPT) and not best.intent.startswith(_BUT_NOT[kind] or ("-",))
        if kept and not (best.intent == "causes.possible" and not asks_why(text)):
            continue
        found = _single(question, kinds, record)
        if found is None:
            continue
        variant, slot = found
        if kind == "allergen" and not _may_be_allergen(slot, text, record):
            continue
        if kind == "drug" and _measured_as(slot, question, text, record):
            continue
        masked = f"{text[: slot.start]}X{text[slot.end :]}"
        if kind == "result" and "note" in best.variant.cues and best.intent.startswith("observation."):
            return best  # the note is held in the hand, and the record is asked
        intent = next((a.intent for a in table if a.holds(masked)), None)
        if kind == "result" and question.period is not None and _AGAINST_NOW.search(text[question.period.start :]):
            intent = "observation.change"
        if (
            intent is None
            and kind == "result"
            and (best.intent.startswith("observation.") or record.has(slot.kind, slot.id))
        ):
            intent = _of_series(best, masked, slot.text)
        if intent is not None and _may_override(best.intent, intent, kind, slot, text, record):
            return Route(intent, max(best.score, SURE), variant)
    return best if best is not routes[0] and not of_notes else None


_TABLES = (
    ("allergen", ("allergen", "medication", "drug_class"), OF_ALLERGEN),
    ("drug", ("medication", "drug_class"), OF_DRUG),
    ("result", ("observation",), OF_RESULT),
    ("problem", ("condition",), OF_PROBLEM),
)
# "Did anyone document a latex allergy" names a person who wrote and no note: the allergy list is asked, which quotes notes too.
_A_NOTE = re.compile(
    r"\b(?:notes?|letters?|narrative|write-?ups?|documentation|summar(?:y|ies)|reports?)\b", re.IGNORECASE
)


def _reaction_named(question: Question, text: str, record: RecordNames) -> Route | None:
    """ "Is the penicillin allergy anaphylaxis", "hives or what with peanut": the reaction of a substance, by one or more names."""
    on_file = {v for v in question.variants if any(s.known and record.has("allergen", s.id) for s in v.slots)}
    for variant in sorted(question.variants, key=lambda v: v not in on_file):
        known = [s for s in variant.slots if s.known]
        substances = [s for s in known if s.kind in {"allergen", "medication", "drug_class"}]
        others = [s for s in known if s not in substances]
        if len(substances) != 1 or not others or not all(s.kind == "condition" and is_reaction(s.id) for s in others):
            continue
        drug_on_no_list = substances[0].kind != "allergen" and not record.has("allergen", substances[0].id)
        if _may_be_allergen(substances[0], text, record) and not drug_on_no_list:
            return Route("allergy.reaction", SURE, variant)
    return None


def _claimed_of_drug(best: Route, question: Question, text: str, record: RecordNames) -> Route | None:
    """Whether a drug is taken that a note claims: "the note says she's on naproxen, is she?"."""
    rest = NOTE_CLAIMS.sub(" ", text)
    if rest == text or len(IS_IT_SO.sub("", rest)) > 3 or not re.search(r"[a-z]", rest, re.IGNORECASE):
        return None
    found = _single(question, ("medication", "drug_class"), record)
    if found is None or not best.intent.startswith(("conflict.", "note.", "medication.")):
        return None
    return Route("medication.active", max(best.score, SURE), found[0])


def _as_result(routes: list[Route], question: Question, text: str, record: RecordNames) -> Route:
    """The best route; for what is both measured and taken (calcium, vitamin B12) the one that the record has."""
    best = routes[0]
    if best.intent.startswith("conflict."):  # notes are set against lists, and no result is on one
        return next(
            (
                r
                for r in routes
                if r.intent.startswith("observation.") and (s := r.variant.of("observation")) and s.known
            ),
            best,
        )
    drug = best.variant.of("medication")
    if drug is None or not best.intent.startswith("medication."):
        return best
    measured = _measured_as(drug, question, text, record)
    return next(
        (
            r
            for r in routes
            if r.intent.startswith("observation.") and (s := r.variant.of("observation")) and s.id in measured
        ),
        best,
    )


def _measured_as(drug: Slot, question: Question, text: str, record: RecordNames) -> frozenset[str]:
    """The results that a drug's name means here: none where the record has the drug, or where it is asked as one."""
    if _IS_TAKEN.search(text) or record.has("medication", drug.id):
        return frozenset()
    measured = frozenset(
        s.id
        for v in question.variants
        for s in v.slots
        if s.kind == "observation" and s.known and s.start == drug.start
    )
    on_file = any(record.has("observation", i) for i in measured)
    return measured if on_file or _OF_VALUES.search(text) else frozenset()


_OF_VALUES = re.compile(
    r"\b(?:values?|levels?|results?|readings?|newest|trend\w*|highest|lowest|average|mean|the one before|last time)\b",
    re.IGNORECASE,
)
_IS_TAKEN = re.compile(
    r"\btak(?:e|es|en|ing)\b|\bon\b(?! (?:the|his|her|file|record|\d))|\bprescri\w*|\bdos(?:e|es|age|ing)\b|\btablets?\b|\bsupplement\w*|\bstart\w* on\b|\bgiven\b|\border\w*|\binjections?\b|\bshots?\b|\breplacement\b|\bstopp\w*|\ballerg\w*|\bstrength\b",
    re.IGNORECASE,
)


def _list_by_name(question: Question, text: str, best: Route) -> Route | None:
    """The list that a question names where it names no member: "what's on the red band", "med rec please"."""
    kept = ("draft.", "guard.", "conflict.", "followup.", "family.", "device.", "calculate", "what_if")
    if best.intent.startswith(kept) or (best.intent.startswith("story") and best.score >= CONFIDENT):
        return None
    known = {s.id for v in question.variants for s in v.slots if s.known}
    if known - {"medication_reconciliation"} or _RELATIVES.search(text):
        return None
    person = next((a.intent for a in OF_PERSON if a.holds(text)), None)
    if person is not None and not best.intent.startswith("demographics.age_when"):
        return Route(person, max(best.score, SURE), best.variant.model_copy(update={"slots": ()}))
    intent = next((a.intent for a in OF_LISTS if a.holds(text)), None)
    if intent is None:
        return None
    same = best.intent.split(".")[0] == intent.split(".")[0] and best.intent in _WHOLE_LISTS
    if same and not (best.intent == "medication.list_all" and _PRESENT.search(text)):
        intent = best.intent
    return Route(intent, max(best.score, SURE), best.variant.model_copy(update={"slots": ()}))


_RELATIVES = re.compile(
    rf"\b(?:mother|father|brother|sister|daughter|son|mum|mom|dad|wife|husband|partner|parent|child|baby|twin|relative|sibling|uncle|aunt|cousin)(?:['’]s|s)?\b{SAYS}|\bfamily\b",
    re.IGNORECASE,
)
_WHOLE_LISTS = frozenset({"condition.list_active", "condition.list_all", "condition.list_resolved", "allergy.list", "allergy.count", "medication.list_active", "medication.list_stopped", "medication.list_all", "medication.count_all"})  # fmt: skip
_PRESENT = re.compile(r"\b(?:current\w*|now|active|at present|these days|at the moment)\b", re.IGNORECASE)


def _since_drug(question: Question, text: str, best: Route) -> Route | None:
    """How a result moved since a drug was begun: "what's happened to his LDL since atorvastatin went in"."""
    if not best.intent.startswith(("observation.", "note.", "medication.", "causes.")) or re.search(
        r"\bwhy\b", text, re.IGNORECASE
    ):
        return None
    for variant in question.variants:
        drug, result = variant.of("medication", "drug_class"), variant.of("observation")
        if drug is None or result is None or not drug.known or not result.known or drug.start == result.start:
            continue
        masked = f"{text[: drug.start]}X{text[drug.end :]}"
        if _SINCE_DRUG.search(masked) and _MOVES.search(masked):
            return Route("observation.change", max(best.score, SURE), variant)
    return None


def _single(question: Question, kinds: tuple[str, ...], record: RecordNames) -> tuple[Variant, Slot] | None:
    """The reading in which one thing of these kinds is named and nothing else that is known; what the record has first."""
    fits = []
    for variant in question.variants:
        known = [s for s in variant.slots if s.known and s.kind != "vitals"]  # "the pulse on the last vitals"
        if known and len({s.id for s in known}) == 1 and known[0].kind in kinds:
            fits.append((variant.model_copy(update={"slots": (known[0],)}), known[0]))
    return next((f for f in fits if record.has(f[1].kind, f[1].id)), fits[0] if fits else None)


def _may_be_allergen(slot: Slot, text: str, record: RecordNames) -> bool:
    """Whether a substance is asked about as an allergen: the words say so, or it is one on file and was never ordered."""
    if says_any_of("allergy", text):
        return True
    as_allergen = record.has("allergen", slot.id)
    return as_allergen and not record.has("medication", slot.id)


def _of_series(best: Route, masked: str, text_of_slot: str) -> str | None:
    """The newest value for a value without place, the course for "from the first to the last"."""
    if has_limit(masked):
        return None
    if best.intent == "observation.count" and text_of_slot.lower().startswith("many "):  # "how many pounds": how heavy
        return "observation.latest"
    if best.intent == "observation.count" and "count" not in best.variant.cues:  # "what LDL was recorded on 3 May"
        return "observation.latest"
    if best.intent == "observation.normal" and _AT_ANY_TIME.search(masked):
        return "observation.series"
    if asks_for_whole_course(masked) and best.intent != "observation.count":
        return "observation.series"
    if asks_for_newest_two(masked):
        return "observation.change"
    if last_few(masked):
        return None
    cues = best.variant.cues
    if best.intent in {"observation.latest", "observation.exists"} and _LOST.search(masked):
        return "observation.series"
    if best.intent == "observation.statistics" and _HOW_HIGH_NOW.search(masked):
        return "observation.latest"
    if best.intent in {"observation.latest", "observation.exists"} and _FIRST_OF_ALL.search(masked):
        return "observation.first"
    bare_previous = best.intent == "observation.previous" and not re.search(
        r"\bprevious|\bprior\b|\bbefore\b(?! (?:i|we|you)\b)|\bpenultimate\b|\bpreceding\b|\bearlier\b|\bback\b|\bago\b|\b(?:second|2nd|third|3rd|next)\b|\bnot the\b|\bolder\b|\bprev\b",
        masked,
        re.IGNORECASE,
    )
    bare_first = best.intent == "observation.first" and "first" not in cues and not _AT_THE_START.search(masked)
    if best.intent == "observation.change" and _LOST.search(masked) and not _SINCE_WHAT.search(masked):
        return "observation.series"
    return "observation.latest" if bare_previous or bare_first else None


_AGAINST_NOW = re.compile(
    r"\b(?:vs\.?|versus|compared (?:to|with)|against|and|to)\s+(?:the )?(?:now|current\w*|today|latest|newest|present)\b",
    re.IGNORECASE,
)
# "How high is it now", "how high or low is it": where it stands, and no extreme.
_HOW_HIGH_NOW = re.compile(
    r"\bhow (?:high or low|low or high)\b|\bhow (?:high|low) (?:is|are|'s)\b(?=.*\b(?:now|currently|today|at present|at the moment|last|latest|newest|most recent)\b)",
    re.IGNORECASE,
)
_AT_ANY_TIME = re.compile(r"\bat any (?:stage|point|time)\b|\bever\b|\bon any occasion\b", re.IGNORECASE)
_FIRST_OF_ALL = re.compile(
    r"\bat the (?:very )?(?:start|beginning|outset)\b(?! of (?:the |this |last )?(?:year|month|week|19|20|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))|\bback when (?:records?|the (?:chart|record)|it all|everything|things) (?:started|began)\b|\bto (?:start|begin) (?:off )?with\b|\bstarting (?:value|level|point|figure|number)\b",
    re.IGNORECASE,
)
_AT_THE_START = re.compile(
    r"\bstart\w*|\bbeg[iau]n\w*|\bbaseline\b|\bback (?:at|when|then|in)\b|\borigin\w*|\boutset\b|\bopening\b|\bonly just\b",
    re.IGNORECASE,
)
_LOST = re.compile(r"\b(?:lost|gained|put on|dropped|shed|losing|gaining|regain\w*)\b", re.IGNORECASE)
_SINCE_WHAT = re.compile(
    r"\b(?:since|last|latest|previous|prior|before|compared|ago|between|recent(?:ly)?|over|from|in the)\b",
    re.IGNORECASE,
)


def _may_override(routed: str, asked: str, kind: str, slot: Slot, text: str, record: RecordNames) -> bool:
    """Whether the words outweigh the route: an order to be written stays one, and a note's own story stays with the notes."""
    if routed.startswith(("draft.", "guard.order")):
        return _IS_ASKED.search(text) is not None
    if routed.startswith("note.") and kind in {"problem", "drug"}:
        return record.has(slot.kind, slot.id)
    if kind == "problem" and routed.startswith(("procedure.", "encounter.", "report.", "observation.")):
        return False
    if kind == "result" and routed.startswith("medication.") and asked == "observation.statistics":
        return True
    return True


_IS_ASKED = re.compile(
    r"\b(?:reasons?|date|dose) (?:for|of|why|behind|given)\b|\b(?:stop|stopping|discontinuation) (?:reason|date)\b|^\W*(?:why|when|what|is|are|does|do|did|was|which|how)\b|\bwhat (?:was|is|were)\b",
    re.IGNORECASE,
)
