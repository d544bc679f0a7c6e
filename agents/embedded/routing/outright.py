"""Asks that a few words name outright ("SBAR", "serial number of the pacemaker"), whatever the rest is like."""

from __future__ import annotations

import re

from agents.embedded.reading.note_source import source_is_notes
from agents.embedded.reading.reader import Question, Slot, Variant
from agents.embedded.reading.record_names import RecordNames
from agents.embedded.routing.router import SURE, Route
from tools.measurements.known_effects import known_effects

_SINCE_SEEN = (
    r"\b(?:since|from|between|after)\b.{0,30}\b(?:last|previous|prior|earlier)\b.{0,15}\b(?:seen|visits?|time|appointments?|encounters?|contact|clinic|review)\b"
    r"|\bsince (?:i|we) (?:last )?saw\b|\bsince (?:he|she|they|the patient|pt) (?:was|were) (?:last )?seen\b|\bbetween visits\b"
)
_WHAT_IS_NEW = re.compile(
    rf"\b(?:what(?:['’]?s| is| has|)?(?: been)? (?:changed?|new|different|happened)|anything (?:new|different|changed)|(?:any )?changes|any(?: new)? developments|updates?|catch me up|interval (?:history|changes?|events))\b.*(?:{_SINCE_SEEN})|\binterval (?:history|changes)\b|\bcatch me up\b",
    re.IGNORECASE,
)
_STORY = re.compile(
    r"\bsbar\b|\bi-?pass\b|\bone[- ]?liner\b|\btl;?dr\b|\belevator pitch\b|\bhand[- ]?(?:over|off)s?\b(?! (?:note|sheet))|\bsign[- ]?out\b|\bhealth story\b"
    r"|\b(?:his|her|their|the|this) (?:patient['’]?s? |medical |health |whole |full )*story\b(?!\s+(?:with|behind|about|of|on|re|for|regarding)\s+(?!(?:(?:the|this|that|our|my)\s+)?(?:patient|pt|him|her|them|lady|man|woman|gentleman)\b))|\b(?:one|a|two|a couple of|a few|\d) (?:short )?(?:lines?|sentences?)\b(?=.*\b(?:patient|pt|him|her|story|who|summar\w*|chart)\b)"
    r"|\b(?:summar\w+|describe|present|sum up|sum (?:him|her|them|it|the patient) up|who is|introduce)\b.{0,40}\b(?:one|a|two|a couple of|a few|\d) (?:short )?(?:lines?|sentences?)\b"
    r"|\b(?:summar\w+|explain|describe|overview|story|write|version|tell)\b.{0,50}\b(?:plain|lay(?:man'?s?|person'?s?)?|simple|everyday|easy|non[- ]?medical)[- ](?:words|english|language|terms|summary|version)\b|\blay(?:man'?s?)? (?:summary|version)\b|\b(?:patient|family)[- ]friendly\b"
    r"|\b(?:problem[- ](?:based|oriented|wise)|by problem|problem by problem)\b|\b(?:timeline|chronolog\w+)\b.{0,25}\b(?:illness|diseases?|health|history|chart|events|summary|care)\b|\bchronological (?:summary|order|history)\b",
    re.IGNORECASE,
)
_SERIAL = re.compile(
    r"\b(?:serial|udi|lot|batch|model|device)\b\W*(?:no\b|num|nr|id\b|identifier|#)|\bserial\b|\bmodel\b(?=\W*$| and\b| of\b)|\bexpir(?:y|es|ation)\b|\budi\b|\bmanufactur\w+|\bwho (?:made|makes)\b",
    re.I,
)
_DEVICE = re.compile(
    r"\b(?:devices?|implants?|pace ?makers?|pacers?|icd|defibrillators?|stents?|valves?|prosthes[ie]s|grafts?|lines?|ports?|pumps?|joints?|lens|lenses|hip|knee|monitors?|leads?|generator)\b",
    re.IGNORECASE,
)
_CONFLICT = re.compile(
    r"\b(?:conflict\w*|discrepan\w+|contradict\w*|disagree\w*|mismatch\w*|inconsisten\w+|at odds|clash\w*)\b",
    re.IGNORECASE,
)
_SMOKING = re.compile(r"\b(?:smok\w+|tobacco|cigarettes?)\b", re.IGNORECASE)
_ALLERGIES = re.compile(r"\ballerg\w+|\bintoleranc\w+|\bnkd?a\b", re.IGNORECASE)
_DRUGS = re.compile(
    r"\b(?:med(?:ication|icine)?s?|drugs?|prescriptions?|doses?|dosing|orders?|tablets?)\b", re.IGNORECASE
)
_INTERACTS = re.compile(
    r"\binteract\w*|\bcompatib\w+|\bcombin(?:e|ed|ing|ation)\b|\b(?:safe|ok(?:ay)?|fine|problem)\b.{0,30}\b(?:together|alongside|on top of|in combination)\b",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"\b(?:(?:tak(?:e|es|en|ing)|on|gets?|getting|prescribed|given|started|begun|ordered|used|using|tried|treated|managed|treatments?|drugs?|med(?:ication|icine)?s?|pills?|tablets?|therapy|rx)\s+(?:(?:anything|something|any \w+|a \w+)\s+)?(?:(?:is|are|was|he|she|they|it|the patient|pt|on|he's|she's)\s+)*(?:for|against)|(?:treated|managed)\s+(?:for|with)|treatment\s+(?:of|for))\s+(?:(?:the|his|her|their|a|an)\s+)?$",
    re.IGNORECASE,
)
_TREATED = re.compile(
    r"^\W+(?:(?:is|are|was|been|being|currently|now|presently|getting)\s+)*(?:treated|managed|controlled|addressed|medicated)\s+(?:with|by)\b|^\s+(?:drugs?|meds?|medications?|medicines?|tablets?|pills?)\b(?!\s+(?:allerg|reaction|interact))",
    re.IGNORECASE,
)
_HOW_IS = re.compile(r"\bhow(?:'s| is| are| was| were)\s+(?:(?:the|his|her|their)\s+)?$", re.IGNORECASE)
_IS_TREATED = re.compile(
    r"\W+(?:(?:being|been|currently|now|presently)\s+)*(?:treated|managed|medicated)\b", re.IGNORECASE
)
_REASON_FOR = re.compile(
    r"\bwhy\b|\breason\b|\bindication\b|\bhow (?:long|many|often)\b|\bwhen\b|\ballerg", re.IGNORECASE
)
# The drugs that a result or a problem is treated with; for any other the whole list is shown.
_TREATED_WITH = {
    **dict.fromkeys(("total_cholesterol", "ldl", "hdl", "triglycerides", "lipid_panel", "hyperlipidemia", "hypercholesterolemia", "hypertriglyceridemia"), "lipid_lowering"),
    **dict.fromkeys(("blood_pressure", "systolic_blood_pressure", "diastolic_blood_pressure", "hypertension", "essential_hypertension"), "antihypertensive"),
    **dict.fromkeys(("glucose", "hba1c", "diabetes", "type_2_diabetes", "type_1_diabetes", "prediabetes"), "antidiabetic"),
    **dict.fromkeys(("tsh", "free_t4", "hypothyroidism", "thyroid_panel"), "thyroid_hormone"),
    **dict.fromkeys(("gout", "uric_acid"), "gout_drug"),
    **dict.fromkeys(("gastroesophageal_reflux_disease", "gerd", "heartburn"), "acid_suppressant"),
    **dict.fromkeys(("asthma", "copd"), "inhaler"),
    **dict.fromkeys(("depression", "major_depression"), "antidepressant"),
    **dict.fromkeys(("epilepsy", "seizure"), "antiepileptic"),
    **dict.fromkeys(("atrial_fibrillation",), "antithrombotic"),
    **dict.fromkeys(("osteoporosis",), "osteoporosis_drug"),
    **dict.fromkeys(("pain", "chronic_pain"), "analgesic"),
    **dict.fromkeys(("migraine",), "antimigraine"),
    **dict.fromkeys(("hyperthyroidism",), "antithyroid"),
    **dict.fromkeys(("glaucoma",), "glaucoma_drug"),
    **dict.fromkeys(("allergic_rhinitis",), "antihistamine"),
}  # fmt: skip
_MEASURED_BY = {
    **dict.fromkeys(("anemia", "iron_deficiency_anemia"), "hemoglobin"),
    **dict.fromkeys(("diabetes", "type_2_diabetes", "type_1_diabetes", "prediabetes"), "hba1c"),
    **dict.fromkeys(("hyperlipidemia", "hypercholesterolemia"), "ldl"),
    **dict.fromkeys(("hypertension", "essential_hypertension"), "blood_pressure"),
    **dict.fromkeys(("chronic_kidney_disease",), "egfr"),
    **dict.fromkeys(("gout",), "uric_acid"),
    **dict.fromkeys(("hypothyroidism", "hyperthyroidism"), "tsh"),
    **dict.fromkeys(("obesity",), "body_weight"),
}  # fmt: skip
_CONTROL = re.compile(
    r"\bcontrol(?:led)?\b|\b(?:getting|got|gotten|doing|any|is|are)\b.{0,40}\b(?:better|worse)\b|\bimprov\w+|\bworsen\w*|\bprogress(?:ing|ed|ion)?\b|\btrend\w*|\bhow(?:'s| is| are)\b.{0,30}\bdoing\b",
    re.IGNORECASE,
)
_STAGE = re.compile(
    r"\b(?:kidney|renal)\s+stage\b|\b(?:kdigo|ckd|chronic kidney disease|kidney (?:disease|function)|renal (?:function|impairment)|e?gfr)\b.{0,25}\b(?:stages?|categor(?:y|ies)|grade|class)\b|\b(?:stages?|categor(?:y|ies)|grade)\b.{0,25}\b(?:kdigo|ckd|chronic kidney disease|kidney (?:disease|function)|renal (?:function|impairment)|e?gfr)\b",
    re.IGNORECASE,
)
_AS_DOCUMENTED = re.compile(
    r"\b(?:document\w*|recorded|coded|listed|labell?ed|filed|on (?:the|his|her) (?:problem list|list|chart|record)|on file|carr(?:y|ies)|officially|diagnos\w*)\b(?!.*\b(?:vs\.?|versus|against|calculat\w*|comput\w*|works? out)\b)",
    re.IGNORECASE,
)
_BMI_CLASS = re.compile(
    r"\b(?:bmi|body mass index|weight|obesity)\b.{0,15}\b(?:class|category|classification|grade)\b|\b(?:class|category|grade) of (?:obesity|bmi)\b|\bobesity class\b",
    re.IGNORECASE,
)
_SMOKERS = frozenset(
    {
        "never_smoker",
        "former_smoker",
        "smoker",
        "current_smoker",
        "tobacco_use",
        "nicotine_dependence",
        "tobacco_dependence",
        "smoking",
    }
)
_IN_FAMILY = re.compile(
    r"\b(?:in|runs in|of) (?:the |his |her |their )?family\b|\bfamil(?:y|ial) (?:history|hx)\b", re.IGNORECASE
)
_PRN_DRUGS = re.compile(
    r"\b(?:prn|as[- ]needed)\b.{0,15}\b(?:med\w*|drugs?|prescriptions?|tablets?|list)\b|\b(?:med\w*|drugs?|prescriptions?)\b.{0,25}\b(?:prn|as[- ]needed|when needed)\b",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\b(?:emergency contacts?|next of kin|\bnok\b|contact person|who to (?:call|contact))\b", re.IGNORECASE
)
_OUTSIDE = r"(?:abnormal|deranged|flagged|out[- ]of[- ]range|outside (?:the )?(?:normal|reference)(?: range)?|out of (?:the )?(?:normal|reference) range|not normal|off range)"
_TESTS = r"(?:labs?|lab (?:results?|values?)|results?|values?|bloods?|blood ?work|blood tests?|lab tests?)"
_ABNORMAL = re.compile(rf"\b{_OUTSIDE}\b.{{0,30}}\b{_TESTS}\b|\b{_TESTS}\b.{{0,30}}\b{_OUTSIDE}\b", re.IGNORECASE)
_ALL_RIGHT = re.compile(
    r"\b(?:ok(?:ay)?|safe|advisable|appropriate|contraindicat\w+|a problem|good idea|allowed|fine)\s*\W*$|\bok(?:ay)? (?:for|with|in)\b|\b(?:can|could|may) (?:he|she|they|the patient|pt|i|we) (?:get|have|take|receive|be (?:given|started on|put on)|use|give|prescribe)\b|\bsafe (?:for|with|in)\b|\b(?:reasons?|anything|argument) (?:not to|against) (?:giv|us|start|prescrib|tak|hav)\w*",
    re.IGNORECASE,
)
_SHOTS = re.compile(r"\b(?:shots|jabs|vaccines|vaccinations|immuni[sz]ations)\b", re.IGNORECASE)
_AGAINST = re.compile(r"\b(?:against|for)\s+(?:the\s+)?\w+|\bflu\b|\bcovid\b", re.IGNORECASE)
_OF_RELATIVE = re.compile(
    r"\b(?:dad|mum|mom|father|mother|brothers?|sisters?|sons?|daughters?|uncles?|aunts?|grand(?:mother|father|ma|pa)|parents?|siblings?|cousins?|relatives?|twins?)(?:['’]s)?\b",
    re.I,
)
_AT_AGE = re.compile(
    r"\b(?:at )?(?:what|which) age\b|\bage (?:at|when|of onset|of diagnosis|she|he|they)\b|\bhow (?:old|many years old)\b.{0,40}\b(?:when|at|by)\b",
    re.I,
)
_RULED_OUT = re.compile(r"\b(?:rule[ds]?|ruling)[- ](?:\w+[- ])?out\b|\bexcluded?\b", re.IGNORECASE)
_DIED = re.compile(
    r"\b(?:die[ds]?|death|dead|passed away|deceased|illness\w*|ill|diseases?|conditions?|health)\b", re.IGNORECASE
)
_UNBORN_ONES = re.compile(
    r"\b(?:f(?:o)?etal|f(?:o)?etus(?:['’]s)?|bab(?:y|ies)(?:['’]s)?|newborn(?:['’]s)?|infant(?:['’]s)?|neonat\w+|twins?)\b",
    re.I,
)
_WHY_IS = re.compile(r"\bwhy\b|\bhow come\b|\bcaus\w+|\breasons?\b|\bexplain\w*|\bbehind\b", re.I)
_IMAGING = re.compile(r"(?:^|_)(?:ct|mri|x_?ray|radiograph\w*|ultraso\w+|echo\w*|scan|imaging|angiogra\w+|mammogra\w*|ecg|electrocardio\w*|eeg|pet|dexa|endoscop\w*|colonoscop\w*|biops\w*|spirometry)", re.I)  # fmt: skip
_ON_A_STUDY = re.compile(
    r"\b(?:on|in|by|from|at)\s+(?:(?:the|his|her|their|last|latest|recent|that)\s+)*$", re.IGNORECASE
)
_EXPLAINS = re.compile(
    r"\b(?:why|how come|reasons?|explain\w*|caus(?:e|ed|es|ing)|responsible|blam\w+|due to|because of|to do with|behind|culprit|contribut\w+|account\w* for|push\w*|raise[ds]?|drove|driv\w+)\b",
    re.IGNORECASE,
)

# "Why was the hypertension removed", "why is her anaemia untreated": its entry or its care, and not what made it.
_OF_ITS_CARE = re.compile(r"\b(?:removed|deleted|struck|corrected|untreated|n['o]?t (?:treated|worked up))\b", re.I)

BEYOND_ANY_RECORD = "No record reaches {when}, so nothing was looked up and nothing is documented of that time."
_UNBORN = re.compile(
    r"\bbefore (?:(?:he|she|they|the patient|pt) (?:was|were)(?: even)? born|(?:his|her|their|the) birth|being born|birth)\b(?! (?:of|control|weight))",
    re.IGNORECASE,
)
_NO_YEAR = re.compile(
    r"\b(?:in|from|of|since|before|during|for|until|by|around|back in|year)\s+(?:the year\s+)?(?P<year>1[0-8]\d\d|2[1-9]\d\d)\b(?!\s*(?:[-–/.:,]\s*\d|m?c?g\b|ml\b|units?\b|iu\b|kcal|mg|steps|calories|[a-z]+/))",
    re.IGNORECASE,
)


def beyond_any_record(text: str) -> str | None:
    """The time that a question names before anybody's life, or centuries ahead; None for any other."""
    if _UNBORN.search(text):
        return "back before the patient was born"
    year = _NO_YEAR.search(text)
    return f"to {year['year']}" if year is not None else None


def named_outright(routes: list[Route], question: Question, text: str, record: RecordNames) -> Route | None:
    """The route that words of a question name outright, or None."""
    best = routes[0]
    known = [s for v in question.variants for s in v.slots if s.known]
    subjects = [
        s for s in known if s.kind in {"observation", "panel", "medication", "drug_class", "condition", "procedure"}
    ]
    if (_STORY.search(text) or _WHAT_IS_NEW.search(text)) and not subjects:
        return _of("story", best)
    if _SERIAL.search(text) and _DEVICE.search(text):
        return _of("device.list", best)
    if _CONFLICT.search(text) and (topic := _topic(text, known)):
        return _of(f"conflict.{topic}", best)
    drugs = _variant_with(question, "medication", "drug_class")
    if drugs is not None and _INTERACTS.search(text):
        return Route("medication.safety", SURE, drugs)
    if best.intent.startswith("condition.") and _SHOTS.search(text) and not _AGAINST.search(text):
        return _of("immunization.list", best)
    dated = _variant_with(question, "condition", "procedure", "medication", "immunization")
    if _PRN_DRUGS.search(text) and drugs is None:
        return _of("medication.list_active", best)
    if _CONTACT.search(text):
        return Route("note.search", SURE, best.variant)  # the record keeps the patient's own number only
    if (tested := _tested_for(question, text, record)) is not None:
        return tested
    if not subjects and _ABNORMAL.search(text) and best.intent not in {"note.section.exam", "report.has"}:
        every = Slot(kind="panel", start=0, end=0, text="", id="abnormal")
        return Route("panel.latest", SURE, best.variant.model_copy(update={"slots": (every,), "cues": frozenset()}))
    if drugs is not None and "allergy" not in best.variant.cues and _asks_of_safety(text, known):
        return Route("medication.safety", SURE, drugs)
    of_habit = best.intent.startswith("condition.") or ("note" in best.variant.cues and not source_is_notes(text))
    if of_habit and record.has("observation", "tobacco_status"):
        smoker = next(
            (s for s in known if _is_smoking(s) and not (s.kind == "condition" and record.has(s.kind, s.id))), None
        )
        if smoker is not None:  # it is kept as an observation, and a problem list without it denies nothing
            status = smoker.model_copy(update={"kind": "observation", "id": "tobacco_status"})
            return Route("observation.latest", SURE, best.variant.model_copy(update={"slots": (status,)}))
    if _BMI_CLASS.search(text) and best.intent.startswith(("observation.", "calculate", "condition.", "note.search")):
        mass = Slot(kind="model", start=0, end=0, text="", id="bmi")
        return Route("calculate", SURE, best.variant.model_copy(update={"slots": (mass,)}))
    if _STAGE.search(text) and _AS_DOCUMENTED.search(text) and record.has("condition", "chronic_kidney_disease"):
        staged = Slot(kind="condition", start=0, end=0, text="", id="chronic_kidney_disease")
        return Route("condition.has", SURE, best.variant.model_copy(update={"slots": (staged,)}))
    if _STAGE.search(text) and not any(s.kind == "condition" and record.has(s.kind, s.id) for s in known):
        filtration = Slot(kind="model", start=0, end=0, text="", id="ckd_epi_2021_creatinine")
        return Route("calculate", SURE, best.variant.model_copy(update={"slots": (filtration,)}))
    if _RULED_OUT.search(text) and (suspected := _variant_with(question, "condition")) is not None:
        return Route("condition.has", SURE, suspected)
    if _AT_AGE.search(text) and dated is not None and not _OF_RELATIVE.search(text) and not _IN_FAMILY.search(text):
        return Route("demographics.age_when", SURE, dated)
    if (
        _OF_RELATIVE.search(text)
        or (_IN_FAMILY.search(text) and best.intent.startswith(("family.", "demographics.age", "condition.")))
    ) and (disease := _variant_with(question, "condition")) is not None:
        return Route("family.has", SURE, disease)
    if (
        _OF_RELATIVE.search(text)
        and _DIED.search(text)
        and not best.intent.startswith(("note.", "family.", "followup."))
    ):
        return _of("family.list", best)
    if _UNBORN_ONES.search(text) and best.intent.startswith(("observation.", "vitals.")):
        return Route("note.search", SURE, best.variant)
    return (
        _blamed(question, text, record)
        or _controlled(routes, question, text, record)
        or _finding_of_study(routes, text)
        or _treated_with(question, text)
    )


# A swab's result is an observation of its own, not the disease and not the vaccine.
_TESTED = re.compile(r"\bnegative\b|\bswab\w*\b|\bpcr\b|\bantigen\b|\btest(?:s|ed)?\b", re.IGNORECASE)
_TEST_OF = {"covid_19": ("sars_cov_2",), "suspected_covid_19": ("sars_cov_2",), "covid_vaccine": ("sars_cov_2",), "influenza": ("influenza_a", "influenza_b"), "influenza_vaccine": ("influenza_a", "influenza_b")}  # fmt: skip
_SEVERAL_TESTS = re.compile(r"\bever\b|\bdates?\b|\bwhen\b|\ball\b|\btests\b|\bhow many\b", re.IGNORECASE)
_PEAK = re.compile(r"\bpeak\w*\b|\bhighest\b|\bmax\w*\b|\bhow high\b|\bspik\w+", re.IGNORECASE)


def _tested_for(question: Question, text: str, record: RecordNames) -> Route | None:
    """ "Was influenza negative", "how high was the fever": what was measured, where the record has it."""
    if re.search(r"\b(?:vaccin\w*|jabs?|shots?|immuni[sz]\w*)\b", text, re.IGNORECASE):
        return None
    for variant in question.variants:
        slot = variant.of("condition", "immunization")
        if slot is None or not slot.known:
            continue
        if slot.id == "fever" and _PEAK.search(text) and record.has("observation", "body_temperature"):
            measured = slot.model_copy(update={"kind": "observation", "id": "body_temperature"})
            return Route("observation.statistics", SURE, variant.model_copy(update={"slots": (measured,)}))
        tests = [t for t in _TEST_OF.get(slot.id, ()) if record.has("observation", t)]
        if tests and _TESTED.search(text) and variant.of("observation") is None:
            slots = tuple(slot.model_copy(update={"kind": "observation", "id": t}) for t in tests)
            intent = "observation.series" if _SEVERAL_TESTS.search(text) else "observation.latest"
            return Route(intent, SURE, variant.model_copy(update={"slots": slots}))
    return None


def _asks_of_safety(text: str, known: list[Slot]) -> bool:
    """Whether it is asked if a drug is all right; "is the INR on warfarin ok" asks about the result."""
    found = _ALL_RIGHT.search(text)
    about_result = any(s.kind in {"observation", "panel"} for s in known)
    return found is not None and not (
        about_result and not re.search(r"\b(?:for|with|in|take|have|get|given)\b", found[0])
    )


def _is_smoking(slot: Slot) -> bool:
    return slot.id in _SMOKERS if slot.kind == "condition" else slot.id == "tobacco_status"


def _of(intent: str, best: Route) -> Route:
    return Route(intent, max(best.score, SURE), best.variant)


def _topic(text: str, known: list[Slot]) -> str:
    if _SMOKING.search(text):
        return "smoking"
    if _ALLERGIES.search(text):
        return "allergies"
    return "medications" if _DRUGS.search(text) or any(s.kind in {"medication", "drug_class"} for s in known) else ""


def _variant_with(question: Question, *kinds: str) -> Variant | None:
    return next((v for v in question.variants if any(s.known and s.kind in kinds for s in v.slots)), None)


def _blamed(question: Question, text: str, record: RecordNames) -> Route | None:
    """ "Could losartan explain the creatinine", "why is he hyponatremic": a result, and a word that asks for its cause."""
    if not _EXPLAINS.search(text) or _OF_ITS_CARE.search(text):
        return None
    for variant in question.variants:
        drug, value = variant.of("medication", "drug_class"), variant.of("observation")
        value = value or _lab_of(variant.of("condition"), record)
        if drug is not None and value is not None and drug.known and value.known:
            slots = (*(s for s in variant.slots if s.start != value.start), value)
            return Route("causes.possible", SURE, variant.model_copy(update={"slots": slots}))
    for variant in question.variants:
        value = _lab_of(variant.of("condition"), record)
        if value is not None and len(variant.slots) == 1 and _WHY_IS.search(text):
            return Route("causes.possible", SURE, variant.model_copy(update={"slots": (value,)}))
    return None


def _lab_of(condition: Slot | None, record: RecordNames) -> Slot | None:
    """The result that a finding is a value of: sodium for hyponatremia, where the record has it."""
    if condition is None or not condition.known:
        return None
    words = condition.id.replace("_", " ")
    lab = next(
        (lab for lab, names in known_effects()["also_called"].items() if words in {n.lower() for n in names}), ""
    )
    return (
        condition.model_copy(update={"kind": "observation", "id": lab})
        if lab and record.has("observation", lab)
        else None
    )


def _controlled(routes: list[Route], question: Question, text: str, record: RecordNames) -> Route | None:
    """ "Is the anaemia getting better", "is her diabetes under control": the course of what measures it."""
    if not routes[0].intent.startswith("condition.") or not _CONTROL.search(text):
        return None
    for variant in question.variants:
        condition = variant.of("condition")
        measure = _MEASURED_BY.get(condition.id, "") if condition is not None else ""
        if condition is not None and measure and record.has("observation", measure):
            slot = condition.model_copy(update={"kind": "observation", "id": measure})
            return Route("observation.series", SURE, variant.model_copy(update={"slots": (slot,)}))
    return None


def _finding_of_study(routes: list[Route], text: str) -> Route | None:
    """ "Any bleed on the head CT": what a study found, not whether the problem list has it."""
    if not routes[0].intent.startswith(("condition.", "procedure.", "observation.")):
        return None
    for route in routes:
        if route.intent != "report.has":
            continue
        study = route.variant.of("procedure")
        finding = route.variant.of("condition")
        if study is None or not study.known or not _IMAGING.search(study.id):
            return None
        if _ON_A_STUDY.search(text[: study.start]) and finding is not None and finding.start < study.start:
            return Route("report.has", max(route.score, SURE), route.variant)
        return None
    return None


def _treated_with(question: Question, text: str) -> Route | None:
    """ "What is he taking for cholesterol": the drugs of that purpose."""
    if _REASON_FOR.search(text):
        return None
    for variant in question.variants:
        if variant.of("medication", "drug_class") is not None or len({s.start for s in variant.slots if s.known}) > 1:
            return None
    for variant in question.variants:
        for slot in variant.slots:
            how = _HOW_IS.search(text[: slot.start]) and _IS_TREATED.match(text[slot.end :])
            treated = how or _FOR.search(text[: slot.start]) or _TREATED.match(text[slot.end :])
            if slot.known and slot.kind in {"observation", "condition", "panel"} and treated:
                drug_class = _TREATED_WITH.get(slot.id)
                if drug_class is None:
                    return Route("medication.list_active", SURE, variant) if slot.kind == "condition" else None
                filled = slot.model_copy(update={"kind": "drug_class", "id": drug_class})
                return Route("medication.active", SURE, variant.model_copy(update={"slots": (filled,)}))
    return None
