"""What a short question may ask of what was talked about ("since when?", "plot it", "any others?"), as a table.

Each entry is a way to say it, and what it makes of a call, by the call's tool. An entry applies to the newest turn that has
a call of one of its tools: "when was it started?" is about the drug, also when a lab was asked in between.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_IT = r"(?:it|that|this|them|those|these|he|she|they|one|the (?:drug|med(?:ication|icine)?|patient|problem|condition|value|result|level))"
_HE = r"(?:he|she|they|the patient|pt)"
_DO = r"(?:is|was|are|were|has|have|had|did|does|do|been|being|get|got)"
_CONCEPT = ("latest", "series", "statistics", "threshold", "change", "is_normal")


class Change(NamedTuple):
    """Another call about the same subject: its tool, what is set, and which arguments stay beside the subject."""

    tool: str
    sets: dict[str, Any]
    keeps: tuple[str, ...] = ()
    intent: str = ""


_VISIT = ("kind", "reason", "period", "offset", "first", "seen_by")  # what says which visit is meant


class Aspect(NamedTuple):
    """One entry: the wordings (of the whole question, lead-in words aside) and the change by tool."""

    pattern: re.Pattern[str]
    changes: dict[str, Change]


def _aspect(*wordings: str, **changes: Change) -> Aspect:
    return Aspect(re.compile(rf"(?:{'|'.join(wordings)})\W*", re.IGNORECASE), changes)


def _of_medication(aspect: str) -> Change:
    return Change("medication", {"aspect": aspect}, ("drug",), f"medication.{aspect}")


def _of_condition(aspect: str) -> Change:
    return Change("condition", {"aspect": aspect}, ("name",), f"condition.{aspect}")


def _of_event(tool: str, aspect: str, *keeps: str) -> Change:
    return Change(tool, {"aspect": aspect}, ("name", "kind", "reason", *keeps))


def _of_concept(tool: str, intent: str, *keeps: str, **sets: Any) -> dict[str, Change]:
    change = Change(tool, sets, ("concept", *keeps), intent)
    return dict.fromkeys(_CONCEPT, change)


# A list shows dose and dates of each of its entries.
_THE_SAME_MEDICATIONS = Change("list_medications", {}, ("status", "drug", "period"))
_ALL_ORDERS = Change("list_medications", {"status": "all"}, ("drug",))
_SAFETY = Change("medication_safety", {}, ("drug",), "medication.safety")

ASPECTS: tuple[Aspect, ...] = (
    _aspect(
        rf"since when(?: {_DO})?(?: {_HE})?(?: {_DO})*(?: (?:on|taking|having))?(?: {_IT})?",
        rf"(?:from )?when (?:was|were|did|had) (?:{_IT}|{_HE})(?: been)? (?:start\w*|begin|began|begun|initiated|prescribed|put on|diagnosed|found|picked up|come on)(?: (?:on|taking|with))?(?: {_IT})?",
        rf"how long(?: {_DO})?(?: {_IT})?(?: {_DO})?(?: (?:on|taking|having))?(?: {_IT})?",
        r"start(?:ed)? when|(?:start|onset|diagnosis) date",
        medication=_of_medication("start"),
        medication_safety=_of_medication("start"),
        condition=_of_condition("onset"),
        list_medications=_THE_SAME_MEDICATIONS,
        list_problems=Change("list_problems", {}, ("status", "period", "clinical_only")),
        allergies=Change("allergies", {}, ("substance", "category")),
    ),
    _aspect(
        rf"(?:since )?when (?:was|were|did) (?:{_IT}|{_HE}) (?:stop\w*|end\w*|discontinued|come off|taken off|finish\w*)(?: (?:taking))?(?: {_IT})?",
        r"stopped when|(?:stop|end) date|until when",
        medication=_of_medication("stop"),
        condition=_of_condition("resolved"),
    ),
    _aspect(
        rf"when did (?:{_IT}) (?:resolve|clear(?: up)?|go away|settle|get better|end)",
        rf"(?:{_DO} )?{_IT}? ?(?:now )?(?:re?solved|gone|over|cleared(?: up)?|better)(?: (?:now|yet|by now))?",
        condition=_of_condition("resolved"),
        medication=_of_medication("stop"),
    ),
    _aspect(
        rf"(?:(?:what|which) (?:dose|dosage|strength)|(?:at )?what (?:dose|strength)|how (?:much|many(?: \w+)?)|how often|what(?:'s| is| was) the (?:dose|dosage|sig|frequency))(?: {_DO})?(?: {_HE})?(?: (?:of|on|taking|take|takes|getting|get))*(?: {_IT})?(?: {_HE})?(?: (?:on|take|takes|taking|getting))?",
        r"(?:the )?dos(?:e|age|ing)s?",
        list_medications=_THE_SAME_MEDICATIONS,
        medication=_of_medication("dose"),
        medication_safety=_of_medication("dose"),
    ),
    _aspect(
        r"(?:when|how|was|has)(?: (?:was|has|been|did))* (?:the )?dose(?: (?:been|ever))* (?:chang\w*|increas\w*|decreas\w*|reduc\w*|adjust\w*|up|down|titrated)",
        rf"(?:what(?:'s| is| was) )?(?:the )?(?:previous|prior|earlier|old|other|former) doses?(?: (?:of|was) {_IT})?|what (?:dose )?(?:was|were) (?:the dose|{_IT}|{_HE}(?: on)?) before(?: (?:that|this))?",
        r"(?:what(?:'s| is| was) )?the dose before(?: (?:that|this|then))?|(?:the )?dose (?:history|changes)",
        medication=_ALL_ORDERS,
    ),
    _aspect(
        r"(?:(?:are|is) there )?(?:any|what(?: are)?(?: the)?) (?:side effects?|interactions?|contraindications?|safety (?:concerns?|issues?)|concerns)(?: (?:with|of|for) (?:it|that|this))?",
        r"(?:is|was) (?:it|that|this) (?:safe|ok|okay|contraindicated)(?: (?:for|in) (?:him|her|them|this patient))?",
        medication=_SAFETY,
        medication_safety=_SAFETY,
    ),
    *(
        _aspect(
            rf"(?:(?:are|is) there )?any (?:other )?{words}(?: (?:ones?|allerg\w+))?",
            allergies=Change("allergies", {"category": category}),
        )
        for words, category in (
            ("drug|medication|medicine", "drug"),
            ("food", "food"),
            ("environmental|seasonal", "environment"),
        )
    ),
    _aspect(
        rf"(?:by who|by whom|who)(?: (?:was|had|has|is) )?(?: ?(?:prescribe[ds]?|order(?:s|ed)?|start(?:s|ed)?|put {_HE} on|gave|wrote|did|done|performed|carried out))?(?: {_HE})?(?: {_IT})?(?: (?:prescribed|ordered|started))?(?: by)?",
        r"(?:the )?prescriber",
        medication=_of_medication("prescriber"),
        encounters=Change("encounters", {"aspect": "provider"}, _VISIT),
        procedures=Change("procedures", {"aspect": "who"}, ("name",)),
    ),
    _aspect(
        rf"(?:why|what for|for what|how come|reason|indication)(?: {_DO})?(?: {_HE}| {_IT})?(?: (?:on|take|takes|taking|there|admitted|in|given|started|stopped|prescribed|go|went|come|need|needed))*(?: {_IT})?(?: (?:started|stopped|given|for))?",
        rf"what(?:'s| is| was) (?:{_IT}|{_HE}) (?:there |in |on |taking |given |treated )*for",
        r"what(?:'s| is| was) the (?:reason|indication)(?: for (?:it|that|this))?",
        medication=_of_medication("reason"),
        encounters=Change("encounters", {"aspect": "reason"}, _VISIT),
        procedures=Change("procedures", {"aspect": "reason"}, ("name",)),
    ),
    _aspect(
        rf"(?:where|(?:at |in )?which (?:hospital|clinic|place|ward))(?: (?:was|is|did|were))?(?: {_HE}| {_IT})?(?: (?:done|seen|admitted|given|at|in|happen))*",
        encounters=Change("encounters", {"aspect": "place"}, _VISIT),
        procedures=Change("procedures", {"aspect": "where"}, ("name",)),
    ),
    _aspect(
        rf"(?:{_DO} )?(?:{_IT} |{_HE} )?(?:is |are )?(?:still|currently)(?: (?:on|taking|take|takes|having|have|has|active|current|in force|ongoing|a problem|present|there))*(?: {_IT})?(?: now)?",
        rf"{_DO} (?:{_IT}|{_HE}) (?:active|current|ongoing|on (?:it|that|this))(?: now| at the moment)?",
        medication=_of_medication("active"),
        condition=_of_condition("active"),
        medication_safety=_of_medication("active"),
    ),
    _aspect(
        rf"how (?:many|often)(?: times)?(?: (?:in total|altogether|so far|overall))?(?: {_DO})?(?: {_HE}| {_IT})?(?: (?:had|been|have|measured|checked|done|taken|given|tested))*(?: {_IT})?(?: (?:in total|altogether|so far|overall|ever))?",
        medication=_of_medication("count"),
        condition=_of_condition("count"),
        procedures=_of_event("procedures", "count", "period"),
        immunizations=_of_event("immunizations", "count", "period"),
        encounters=Change("encounters", {"aspect": "count"}, ("kind", "reason", "period", "seen_by")),
        reports=_of_event("reports", "count", "period"),
        allergies=Change("allergies", {"aspect": "count"}),
        **_of_concept("statistics", "observation.count", "period", statistic="count"),
    ),
    _aspect(
        r"(?:(?:what|when|which)(?:'s| is| was)? )?(?:the )?(?:very )?(?:first|earliest|initial|oldest)(?: ever)?(?: (?:one|value|result|reading|visit|time))?(?: ever)?",
        procedures=_of_event("procedures", "first"),
        immunizations=_of_event("immunizations", "first"),
        encounters=_of_event("encounters", "first"),
        **_of_concept("latest", "observation.first", first=True),
    ),
    _aspect(
        rf"what (?:happens|happened|does it do|did it do)(?: to (?:him|her|them))?(?: {_HE})?(?: (?:when|if) .{{0,30}})?",
        r"(?:what|which)(?:'s| is| was| kind of)*(?: the| sort of)? reaction(?: to (?:it|that|this))?|how (?:bad|severe|serious)(?: (?:is|was) (?:it|that|the reaction))?|(?:the )?(?:reaction|severity)",
        rf"how (?:does|did) {_HE} react(?: to (?:it|that|this))?",
        allergies=Change("allergies", {"aspect": "reaction"}, ("substance",), "allergy.reaction"),
    ),
    _aspect(
        r"(?:can you |could you )?(?:please )?(?:plot|graph|chart|draw|trend)(?: (?:it|that|them|this|these|those|out))*(?: (?:for me|please|over time))*",
        r"(?:show (?:me )?)?(?:the |a )?(?:trend|trajectory|graph|plot|course|history|curve)(?: (?:of|for) (?:it|that|this))?(?: over time)?",
        r"(?:how|what)(?:'s| is| has| have) (?:it|that|this|they|those)(?: been)? (?:trend\w*|chang\w*|develop\w*|evol\w*|mov\w*|doing|do\w*|going)(?: (?:over time|since|lately|recently))?",
        r"(?:is|are|was|has) (?:it|that|this|they) (?:been )?(?:getting |going |trending |coming )?(?:improving|worsening|better|worse|rising|falling|dropping|increasing|decreasing|stable|up|down|steady|changing)(?: or (?:\w+))?(?: (?:over time|lately|recently))?",
        r"(?:show|list|give)(?: me)? (?:me )?(?:all(?: of)?|every|each)(?: (?:of )?(?:them|the|one|it|those|values?|results?|readings?))*",
        r"over time",
        **_of_concept("series", "observation.series", "period"),
    ),
    _aspect(
        r"(?:is|was|are|were|would) (?:it|that|this|they|those|these)(?: one| value| result| level)? (?:\w+ )?(?:normal|abnormal|high|low|ok(?:ay)?|elevated|fine|in(?:side)? (?:the )?(?:normal )?range|within (?:the )?(?:normal )?(?:range|limits)|out of range|a concern|concerning|too (?:high|low))(?: or (?:not|high|low|abnormal))?",
        r"(?:ab)?normal(?: (?:range|or not))?|(?:too )?(?:high|low)(?: or (?:low|high|normal))?|in range|what(?:'s| is) (?:the )?normal(?: range)?",
        **_of_concept("is_normal", "observation.normal", "offset", "period"),
    ),
    # "Is that in the record": the same look-up, which says where it is from.
    _aspect(
        rf"(?:is|was|are|were) (?:{_IT}) (?:really |actually |also )?(?:in|on|from) (?:the |his |her )?(?:record|chart|file|problem list|med(?:ication)? list|list|structured (?:record|data))(?:,? or (?:only |just |is it )*(?:in |from )?(?:a |the )?notes?)?",
        rf"(?:is|was) (?:{_IT}) (?:recorded|documented|on record|on file)",
        medication=Change("medication", {"aspect": "active"}, ("drug",), "medication.active"),
        condition=Change("condition", {"aspect": "has"}, ("name",), "condition.has"),
        procedures=Change("procedures", {"aspect": "has"}, ("name",)),
        allergies=Change("allergies", {}, ("substance",)),
        **_of_concept("latest", "observation.latest", "offset", "period", "first"),
    ),
)

_OTHER_KINDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (r"meds?|medications?|medicines?|drugs?|prescriptions?|tablets?", "list_medications", {"status": "active"}),
    (r"allerg\w*|intolerances?", "allergies", {}),
    (r"problems?|conditions?|diagnos[ei]s|diseases?|illness(?:es)?", "list_problems", {"status": "active"}),
    (r"procedures?|operations?|surger(?:y|ies)|scopes?", "procedures", {"aspect": "list"}),
    (r"vaccin\w*|shots?|jabs?|immuni[sz]ations?", "immunizations", {"aspect": "list"}),
    (r"visits?|encounters?|admissions?|appointments?|stays?", "encounters", {"aspect": "list"}),
    (r"relatives?|family", "family_history", {}),
    (r"reports?", "reports", {"aspect": "list"}),
    (r"notes?", "list_notes", {}),
)
_LIST_OF_TOOL = {
    "medication": "list_medications",
    "medication_safety": "list_medications",
    "list_medications": "list_medications",
    "allergies": "allergies",
    "condition": "list_problems",
    "list_problems": "list_problems",
    "procedures": "procedures",
    "procedure_result": "procedures",
    "immunizations": "immunizations",
    "encounters": "encounters",
    "family_history": "family_history",
    "reports": "reports",
    "search_notes": "list_notes",
}
_KINDS = "|".join(pattern for pattern, _, _ in _OTHER_KINDS)
_OTHERS = re.compile(
    rf"(?:(?:are|is|was|were|did|does|has|have|do) (?:there |{_HE} )?(?:have |had |take |taking |on |been )?)?(?:any|what|which|some|list (?:the|all)|the)?\s*(?:thing )?"
    rf"(?:others?|else|more|another)(?: ones?)?(?: (?P<kind>{_KINDS}))?"
    rf"(?: (?:{_DO}|{_HE}|there|have|take|takes|taking|on|of|allergic|to|for|diagnosed|with|recorded|documented|listed|done|given|about|now|currently|in the (?:record|chart)|on the list|on file))*\W*",
    re.IGNORECASE,
)
_ANYTHING_ELSE = re.compile(r"\b(?:any|some)thing else\b", re.IGNORECASE)


def others_call(text: str, tool: str) -> tuple[str, dict[str, Any]] | None:
    """The list that "any others?" asks for: of the kind it names, else of the kind that was talked about."""
    match = _OTHERS.fullmatch(_ANYTHING_ELSE.sub("any else", text))
    if match is None:
        return None
    wanted = _LIST_OF_TOOL.get(tool)
    for pattern, name, arguments in _OTHER_KINDS:
        if (match["kind"] and re.fullmatch(pattern, match["kind"], re.IGNORECASE)) or (
            not match["kind"] and name == wanted
        ):
            return name, dict(arguments)
    return None
