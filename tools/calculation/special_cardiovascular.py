"""Inputs of cardiovascular scores that are more than one finding: smoking, chest pain, ECG, troponin, operations."""

from __future__ import annotations

import re

from domain.errors import InvalidInput
from domain.predictions import ModelCard
from domain.quantities import convert
from tools.calculation.answers import DERIVED, Used
from tools.calculation.criteria import Mention, mentions
from tools.calculation.reading import NoteReading, bounds
from tools.calculation.times import days_ago, sentence
from tools.calculation.values import used

_TOBACCO = re.compile(
    r"\b(?:cigarettes?|tobacco|smok(?:es?|ed|ing|ers?)|(?:half-?)?packs?(?= (?:per|a|each|every|of (?:\w+ )?cigar)|/d)|half-pack|ppd)\b"
)
_SMOKES = re.compile(
    r"\b(?:smokes|smoker|lights|lighting|lit up|rolls|continues to smoke|still smok\w+|currently smok\w+|packs?|half-pack|ppd|cigarettes? (?:\w+ ){0,2}(?:daily|a day|per day|each day|every day|a week)|habit)\b"
)
_STOPPED = re.compile(
    r"\b(?:(?<!tried to )(?<!attempted to )(?<!trying to )(?<!wants to )(?<!hopes to )(?<!ready to )(?<!willing to )(?<!wishes to )(?<!planning to )quit(?:s|ting)?(?!\W+(?:\w+\W+)?(?:date|attempts?|plan|line|tries|smoking support))|stopped(?!\s(?:to|for))|ceased|cessation (?:in|at|\d)|former(?:ly)?|ex-smoker|used to|gave up|given up|abstinen\w+ (?:for|since)|(?:until|ended|ending) (?:age|\d|at|in|[a-z]+ (?:years|decades|months) ago|when|after))\b"
)
_AVOIDS = re.compile(
    r"\b(?:never|avoid\w*|den(?:y|ies|ied|ying)|no|not|non-?|neither|nor|without|refrain\w*|abstain\w*|shun\w*|forb\w+|prohibit\w*|disavow\w*|disapprov\w*|dislik\w*|free|stranger|aversion|intolera\w+|tobacco-naive|lifelong (?:non|abst)\w*|second-?hand|passive|household|parents?|father|mother|husband|wife|spouse|grand\w+|siblings?|colleagues?|cowork\w+|co-workers?|neighbou?rs?)\b|n['’]t\b"
)

_AVOIDED = re.compile(r"\b(?:never|forb\w+|prohibit\w*|disavow\w*|den(?:y|ied)|negative)\b|[- ]free\b")


def smoking(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Whether the patient smokes now; one who has stopped does not, whatever is told of before."""
    told = _smoking(reading)
    return {} if told is None else {"current_smoker": told[0]}


def _smoking(reading: NoteReading) -> tuple[Used, bool] | None:
    """Whether the patient smokes now, and whether the note says so, or that it was given up, in so many words."""
    name, low = "current_smoker", reading.lower
    stopped = None
    for match in _TOBACCO.finditer(low):
        start, end = sentence(low, *match.span())
        before, after = max(start, match.start() - 80), min(end, match.end() + 40)
        if _AVOIDS.search(low, before, match.start()) or _AVOIDED.search(low, match.start(), after):
            continue
        if _STOPPED.search(low, max(start, match.start() - 120), min(end, match.end() + 120)):
            stopped = stopped or match
        elif _SMOKES.search(low, max(start, match.start() - 40), min(end, match.end() + 40)):
            return used(reading, name, True, "", *match.span()), True
    if stopped:
        days = days_ago(reading, *stopped.span())
        return used(reading, name, days is not None and days <= _LATELY, "", *stopped.span()), True
    told = [found for found in reading.written("tobacco_status") if not found.assertion.is_family]
    for found in told:
        smokes = found.value == "current smoker" and not _AVOIDS.search(low[found.start : found.end])
        return used(reading, name, smokes, "", found.start, found.end), found.value != "former smoker"
    return None


_LATELY = 90  # days since the last cigarette


# --- HEART score ------------------------------------------------------------------------------------------------------

_TYPICAL = tuple(re.compile(pattern) for pattern in (
    r"\b(?:crushing|squeez\w+|pressure-like|pressure|heav(?:y|iness)|tight\w*|constrict\w+|oppressive|severe|excruciating)\b",
    r"\bradiat\w+[^.;]{0,60}\b(?:arms?|jaw|shoulders?|neck|back|upper (?:limb|extremit)\w*)\b",
    r"\b(?:exert\w+|exercis\w+|climbing|walk(?:s|ed|ing) (?:for|up)|physical activit\w+)\b",
    r"\b(?:diaphore\w+|sweat\w*)\b",
    r"\bnitroglycerin\w*|\bnitrate\b",
    r"\bat rest\b",
))  # fmt: skip
_ATYPICAL = re.compile(
    r"\b(?:pleurit\w+|sharp|stabbing|positional|reproduc\w+|tearing|worse\w* (?:with|on) (?:inspiration|breathing|cough\w*))\b"
)
_CHEST_PAIN = re.compile(
    r"\b(?:chest|retro-?sternal|sub-?sternal|precordial|epigastric and chest)[\s-](?:\w+\s){0,2}?(?:pains?|pressure|discomfort|tightness|heaviness|dullness|burning)\b|\bangina\b"
    r"|\bpain\w* (?:\w+ ){0,4}(?:in the |of the )?(?:chest|retro-?sternal|sub-?sternal)\b|\bpainful retro-?sternal\b"
)  # fmt: skip
_NEAR_PAIN = 400
_CORONARY_EVENT = ("acute_coronary_syndrome", "stemi", "nstemi", "unstable_angina", "myocardial_infarction")


def heart(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Suspicion, ECG, troponin and smoking of the HEART score."""
    found = [_suspicion(reading), _ecg(reading), _troponin(reading)]
    if smoking_told := _smoking(reading):
        smoker, is_plain = smoking_told
        # "a history of smoking" among the risk factors counts unless it is told to be over
        found.append(smoker if is_plain else smoker.model_copy(update={"value": True}))
    return {item.name: item for item in found}


def _suspicion(reading: NoteReading) -> Used:
    events = [f for f in reading.about(*_CORONARY_EVENT) if f.value is None and reading.said(f).is_current_finding]
    spans = [m.span() for m in reading.matching(_CHEST_PAIN)]
    pains = [span for span, said in zip(spans, reading.asserted(spans), strict=True)
             if not (said.is_negated or said.is_family or said.is_hypothetical)]  # fmt: skip
    if not pains:
        if events:
            return used(reading, "history", "highly_suspicious", "", *bounds(events[0]))
        return Used(
            name="history", value="slightly_suspicious", origin="assumed_normal", note="no chest pain is told of"
        )
    start, end = pains[0]
    around = reading.lower[max(0, start - _NEAR_PAIN) : end + _NEAR_PAIN]
    typical = sum(pattern.search(around) is not None for pattern in _TYPICAL)
    if typical >= 2 or events:
        level = "highly_suspicious"
    elif typical == 0 and _ATYPICAL.search(around):
        level = "slightly_suspicious"
    else:
        level = "moderately_suspicious"
    return used(reading, "history", level, "", start, end)


_DEVIATION = re.compile(
    r"\bst[- ](?:segment )?(?:elevat\w+|depress\w+|deviation\w*)|\b(?:elevat\w+|depress\w+)(?: of| in)?(?: the)? st\b|\bischa?emic (?:st|ecg|ekg|changes)\b"
)
_NONSPECIFIC = re.compile(
    r"\b(?:left|right) (?:\w+ )?bundle[- ]branch block|\b[lr]bbb\b|\bt[- ]wave (?:inversion|abnormal\w*|flatten\w*|chang\w+)|\binverted t\b|\b(?:symmetric\w*|negative|biphasic) t[- ]waves?"
    r"|\b(?:non-?specific|early) (?:st|t|repolari)\w*|\bleft ventricular hypertrophy\b|\blvh\b|\brepolari[sz]ation\b|\bpaced\b"
)


def _ecg(reading: NoteReading) -> Used:
    for value, pattern in (("significant_st_deviation", _DEVIATION), ("nonspecific_repolarization", _NONSPECIFIC)):
        spans = [m.span() for m in reading.matching(pattern)]
        for span, said in zip(spans, reading.asserted(spans), strict=True):
            if not (said.is_negated or said.is_hypothetical or said.is_historical or said.is_family):
                return used(reading, "ecg", value, "", *span)
    tracing = next((f for f in reading.about("electrocardiogram")), None)
    if tracing:
        return used(reading, "ecg", "normal", "", *bounds(tracing), note="no deviation is told of")
    return Used(name="ecg", value="normal", origin="assumed_normal", note="no ECG is told of")


_UPPER_NG_L = 40.0  # of a conventional assay of troponin I or T
_UPPER_SENSITIVE_NG_L = 14.0
_RANGE = re.compile(r"[^.;]{0,25}?(?:<|(?P<low>0?\.?\d+(?:\.\d+)?)\s?[-–]\s?)\s?(?P<high>\d+(?:\.\d+)?)")
_SENSITIVE = re.compile(r"\b(?:hs|high[- ]sensitiv\w+)\b")
_NORMAL_WORDS = re.compile(r"^(?:negative|normal|undetect\w*|unremarkable|within.*|not elevated)$")


def _troponin(reading: NoteReading) -> Used:
    for found in reading.measured("troponin"):
        try:
            amount = convert(float(found.value), found.unit, "ng/L", "troponin")
        except InvalidInput:
            continue
        ratio = round(amount / _upper_limit(reading, found.start, found.end, amount / float(found.value or 1)), 3)
        return used(
            reading, "troponin_ratio", ratio, "1", found.start, found.end, origin=DERIVED,
            note="of the upper limit of normal",
        )  # fmt: skip
    for said in reading.written("troponin", "cardiac_markers"):
        if _NORMAL_WORDS.match(str(said.value)) or said.assertion.is_negated:
            return used(
                reading,
                "troponin_ratio",
                0.5,
                "1",
                said.start,
                said.end,
                origin=DERIVED,
                note="told as normal, without a figure",
            )
        if str(said.value) in ("elevated", "positive", "high", "raised", "abnormal", "increased"):
            return used(
                reading,
                "troponin_ratio",
                2.0,
                "1",
                said.start,
                said.end,
                origin=DERIVED,
                note="told as raised, without a figure",
            )
    return Used(name="troponin_ratio", value=0.5, unit="1", origin="assumed_normal", note="no troponin is told of")


def _upper_limit(reading: NoteReading, start: int, end: int, scale: float) -> float:
    """The limit that the note gives behind the value, else that of the assay; in ng/L."""
    given = _RANGE.match(reading.lower, end, end + 60)
    if given:
        return max(float(given["high"]) * scale, 1e-6)
    return _UPPER_SENSITIVE_NG_L if _SENSITIVE.search(reading.lower, max(0, start - 30), end + 10) else _UPPER_NG_L


# --- Charlson ---------------------------------------------------------------------------------------------------------

_DIET = re.compile(
    r"\bdiet(?:ary)?[- ](?:controlled|managed|treated)|\b(?:diet|lifestyle)(?: and exercise| changes?| modification)? (?:alone|only)\b|\bwithout (?:pharmaco\w+|medication)|\bpre-?diabet\w+"
)


_NEEDS_DIABETES = "diabetes_small_vessel_sign"


def charlson(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Diabetes counts where a drug treats it; two findings together make some of the graver grades."""
    together = [
        _both(reading, "diabetes_end_organ_damage", "diabetes", _NEEDS_DIABETES),
        _both(reading, "moderate_severe_liver_disease", "cirrhosis", "decompensation_sign"),
        _both(reading, "aids", "hiv_infection", "aids_defining_sign"),
    ]
    found = {item.name: item for item in together if item}
    diet = _DIET.search(reading.lower)
    if diet and not _met(reading, "antidiabetic_drug"):
        found["diabetes"] = used(reading, "diabetes", False, "", *diet.span())
    return found


def _both(reading: NoteReading, name: str, disease: str, sign: str) -> Used | None:
    """The graver grade of a disease, by a sign that means nothing without it."""
    if _met(reading, name) or not _met(reading, disease):
        return None
    found = _met(reading, sign)
    return used(reading, name, True, "", found.start, found.end, note=f"with {disease}") if found else None


def _met(reading: NoteReading, name: str) -> Mention | None:
    return next((m for m in mentions(reading, "charlson", name) if m.met), None)


# --- Revised Cardiac Risk Index ---------------------------------------------------------------------------------------

_PLANNED = re.compile(
    r"\b(?:scheduled|planned|elective|upcoming|anticipat\w+|prior to|before|awaiting|pre-?operative|undergo(?:ing)?|proceed\w*|booked|listed|due (?:for|to)|will (?:have|undergo)|is to (?:have|undergo)|to be operated|candidate for|for an?)\b"
)
_HIGH_RISK = (
    r"laparotom\w+|hepatect\w+|(?:hepatic |liver |pulmonary |lung )(?:lobect|resect)\w+|whipple|pancrea\w*(?:ectomy|duodenectomy)|colectom\w+|hemicolectom\w+|sigmoidectom\w+|(?:bowel|colon|intestinal|sigmoid|gastric|colorectal|anterior|abdominoperineal|rectal) resect\w+"
    r"|gastrect\w+|gastric bypass|sleeve|esophagect\w+|oesophagect\w+|splenect\w+|nephrect\w+|cystect\w+|adrenalect\w+|cholecystect\w+|appendect\w+|hysterect\w+|oophorect\w+|prostatectomy|proctect\w+|colostom\w+"
    r"|ileostom\w+|(?:small[- ]bowel|ileal|ileocolic|wedge|segmental) resect\w+|cytoreduct\w+|debulking|exenterat\w+|vats|video-assisted thorac\w+|thoracoscop\w+|segmentect\w+|thoracotom\w+|thoracic (?:surg\w+|procedure)|intrathoracic|intraperitoneal|(?:high|elevated)[- ]risk (?:surg\w+|procedure)|pneumonect\w+|(?:upper|lower|middle|lung) lobect\w+|mediastin\w+"
    r"|(?:abdominal )?aort\w+ (?:aneurysm )?(?:repair|surg\w+|bypass|replacement)|aorto-?(?:bi)?(?:femoral|iliac)\w* (?:bypass|reconstruct\w+)|aneurysm repair|suprainguinal|(?:kidney|liver|renal|lung) transplant\w*|abdominal (?:surg\w+|operation)"
)  # fmt: skip
_LOW_RISK = (
    r"arthroscop\w+|arthroplast\w+|(?:hip|knee|shoulder|joint) replacement|rotator cuff|thyroid\w* ?(?:lobect\w+|resect\w+)?|thyroidectom\w+|parathyroidectom\w+|mastectom\w+|lumpectom\w+|breast \w+|cataract\w*|herni\w+|turp|transurethral|cystoscop\w+|ureteroscop\w+|dental|septoplast\w+|sinus"
    r"|carotid endarterectom\w+|femoral-?popliteal|infrainguinal|craniotom\w+|lamin\w+|spin\w+ fusion|disc\w*ectomy|carpal tunnel|amputation|tonsillect\w+|skin|melanoma|biopsy|open reduction|fixation|vitrectom\w+|colonoscop\w+|endoscop\w+|orthop\w+|bunionect\w+|varicose"
)  # fmt: skip
_OPENED = (
    r"(?:repair|replacement|reconstruction|grafting) of (?:an? |the |his |her )?(?:[\w-]+ ){0,3}(?:aort\w+|aneurysm)"
    r"|(?:stomach|pancreas|liver|colon|bowel|spleen|kidney|lung|lobe|o?esophagus|gall ?bladder|uterus|womb|ovar\w+|adrenal|bladder|appendix|rectum) (?:is |be )?(?:removed|resected|excised|taken out)"
    r"|(?:removal|resection|excision|repair|transplantation) of (?:an? |the |his |her |part of |half of |most of |both )*(?:[\w-]+ ){0,3}"
    r"(?:stomach|pancreas|pancreatic|liver|hepatic|colon\w*|bowel|sigmoid|rectum|rectal|spleen|kidneys?|renal|lung|lobe|o?esophag\w+|gall ?bladder|uterus|ovar\w+|adrenal|bladder|appendix|retroperitoneal|mediastinal)"
)
_OPERATION = re.compile(
    rf"\b(?:(?P<high>{_OPENED}|(?:(?:open|laparoscopic|robot\w*|elective|partial|total|radical|left|right|video-assisted)[- ](?:assisted )?){{0,3}}(?:{_HIGH_RISK}))|(?P<low>{_LOW_RISK}))\b"
)

_ROUTE = re.compile(r"\b(?:open|laparoscop\w+|robot\w*)\b")
_WITH_ROUTE = 40


def rcri(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """The operation ahead, and a creatinine that is told as a range or in a later clause."""
    return _operation_ahead(reading) | _creatinine_told(reading)


_CREATININE_TOLD = re.compile(
    r"\bcreatinine\b(?:[^.;\d]|\.(?=\d)){0,60}?(?P<v>\d{1,2}\.\d{1,2})(?:\s?(?:-|–|to|and)\s?\d{1,2}\.\d{1,2})?\s?mg/dl"
)


def _creatinine_told(reading: NoteReading) -> dict[str, Used]:
    if reading.measured("creatinine"):
        return {}
    match = _CREATININE_TOLD.search(reading.lower)
    if match is None:
        return {}
    return {"creatinine_mg_dl": used(reading, "creatinine_mg_dl", float(match["v"]), "mg/dL", *match.span())}


def _operation_ahead(reading: NoteReading) -> dict[str, Used]:
    """Whether the operation ahead opens the abdomen, the chest or a large vessel above the groin."""
    for plan in _PLANNED.finditer(reading.lower):
        if match := _OPERATION.search(reading.lower, plan.start(), plan.end() + 120):
            start = max(plan.end(), match.start() - _WITH_ROUTE)
            route = _ROUTE.search(reading.lower, start, match.start())
            first = route.start() if route else match.start()
            return {
                "high_risk_surgery": used(
                    reading, "high_risk_surgery", match["high"] is not None, "", first, match.end()
                )
            }
    return {}
