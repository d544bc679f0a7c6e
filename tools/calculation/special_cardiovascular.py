"""Inputs of cardiovascular scores that are more than one finding: smoking, chest pain, ECG, troponin, alcohol, operations."""

from __future__ import annotations

import re

from domain.errors import InvalidInput
from domain.predictions import ModelCard
from domain.quantities import convert
from tools.calculation.answers import Used
from tools.calculation.criteria import mentions
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


_UPPER_NG_L = 50.0  # of a conventional assay of troponin I or T
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
        return used(reading, "troponin_ratio", ratio, "1", found.start, found.end, note="of the upper limit of normal")
    for said in reading.written("troponin", "cardiac_markers"):
        if _NORMAL_WORDS.match(str(said.value)) or said.assertion.is_negated:
            return used(
                reading, "troponin_ratio", 0.5, "1", said.start, said.end, note="told as normal, without a figure"
            )
        if str(said.value) in ("elevated", "positive", "high", "raised", "abnormal", "increased"):
            return used(
                reading, "troponin_ratio", 2.0, "1", said.start, said.end, note="told as raised, without a figure"
            )
    return Used(name="troponin_ratio", value=0.5, unit="1", origin="assumed_normal", note="no troponin is told of")


def _upper_limit(reading: NoteReading, start: int, end: int, scale: float) -> float:
    """The limit that the note gives behind the value, else that of the assay; in ng/L."""
    given = _RANGE.match(reading.lower, end, end + 60)
    if given:
        return max(float(given["high"]) * scale, 1e-6)
    return _UPPER_SENSITIVE_NG_L if _SENSITIVE.search(reading.lower, max(0, start - 30), end + 10) else _UPPER_NG_L


# --- HAS-BLED ---------------------------------------------------------------------------------------------------------

_TTR = re.compile(
    r"\btime[- ](?:spent )?(?:in|within)[- ](?:the )?(?:therapeutic[- ])?(?:range|window)[^.;]{0,60}?(?P<share>\d{1,3})\s?(?:%|per ?cent)|\bttr\b[^.;]{0,40}?(?P<ttr>\d{1,3})\s?(?:%|per ?cent)|\b(?P<only>\d{1,2})\s?(?:%|per ?cent) of (?:[\w-]+ ){0,6}(?:in|within) (?:the )?(?:therapeutic )?(?:range|target|goal|window)"
)
_INR_LIST = re.compile(
    r"\b(?:inrs?|international normali[sz]ed ratio\w*)\b[^.;]{0,20}(?:[^.;\d]|\.(?=\d)){0,140}?(?P<values>\d\.\d(?:,? (?:and )?(?:[a-z]+ ){0,3}|, ?)(?:\d\.\d(?:,? (?:and )?(?:,? ?most recently,? )?|, ?|(?=\W))){3,})"
)
_INR_RANGE = (2.0, 3.0)
_TIME_IN_RANGE = 60  # percent
_COUNT = r"(?P<n>\d{1,2}(?:\.\d)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen|a|an|single|couple(?: of)?|few|several)"
_DRINK = r"(?:alcoholic )?(?:six[- ]packs?|bottles? of wine|drinks?|beers?|lagers?|ales?|glass(?:es)?|pints?|cans?|cocktails?|shots?|bottles?|beverages?|martinis?|measures?|wine|whisk(?:e)?y|bourbon|vodka)"
_DRINKS = re.compile(
    rf"\b{_COUNT}(?:\s?(?:-|–|to|or)\s?(?P<n2>\d{{1,2}}|two|three|four|five|six|seven|eight|ten))?[\s-]+(?:(?!and\b)[\w-]+\s){{0,4}}?{_DRINK}\b"
)
_OFTEN = (
    (re.compile(r"\b(?:daily|nightly|per day|a day|each (?:day|night|evening)|every (?:day|night|evening)|per night|most (?:days|nights|evenings)|with (?:dinner|supper)|/day)\b"), 7.0),
    (re.compile(r"\b(?:monday|mon) (?:through|to|thru|-) (?:thursday|friday|thu|fri)\b"), 4.0),
    (re.compile(r"\b(?:weekends?|twice (?:a week|weekly|per week)|(?:fri|satur|sun)days? and (?:satur|sun)days?)\b"), 2.0),
    (re.compile(r"\b(?:per week|weekly|a week|each week|every week|/week|(?:fri|satur|sun|mon|tues|wednes|thurs)days?)\b"), 1.0),
    (re.compile(r"\b(?:month|year|holiday|occasion\w*|rare\w*|social\w*)\b"), 0.25),
)  # fmt: skip
_NUMBERS = {word: float(n) for n, word in enumerate(
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"), 1)}  # fmt: skip
_NUMBERS |= {
    "a": 1.0,
    "an": 1.0,
    "single": 1.0,
    "couple": 2.0,
    "couple of": 2.0,
    "few": 3.0,
    "several": 3.0,
    "fourteen": 14.0,
}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70}
_AMOUNT = r"(?:\d{1,2}|(?:twenty|thirty|forty|fifty|sixty|seventy)(?:-(?:one|two|three|four|five|six|seven|eight|nine))?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_SERVINGS = r"(?:drinks|beverages|servings|units|beers|cocktails)"
_WEEKLY = r"(?:(?:per|a|each|every|over the|in a|/) ?week|weekly|(?:consumed|taken) (?:per week|weekly|each week))"
_WEEK_TOTAL = re.compile(
    rf"\b(?P<n>{_AMOUNT})(?:\s?(?:-|–|to|or)\s?(?P<n2>{_AMOUNT}))?\s(?:standard |alcoholic |mixed |us )*{_SERVINGS}\s(?:of alcohol )?(?:(?:she|he) consumes )?{_WEEKLY}"
    rf"|\b(?:drinks?(?: per|/) ?week|weekly (?:alcohol )?(?:total|intake|consumption|tally|average))(?: (?:of|is|was|averages|averaging|totals|about|around|roughly|approximately|near))*\D{{0,6}}(?P<n3>{_AMOUNT})\b"
)
_HEAVY = re.compile(
    r"\b(?:heavy|excessive|substantial|chronic|daily|problem) (?:alcohol|drinking|drinker|ethanol)|\balcohol(?:ic)? (?:abuse|dependen\w+|use disorder|misuse|excess)|\balcoholi(?:c|sm)\b(?! (?:drinks?|beverages?|hepat|cirrh|liver|fatty|keto|panc|steato))|\bbinge[- ]drink\w*"
)
_SOBER = re.compile(r"\b(?:quit|stopped|former(?:ly)?|abstin\w+|sober|sobriety|remission|past|ago|recover(?:ed|ing))\b")
_SIZES = (
    ("six-pack", 6),
    ("six pack", 6),
    ("bottle of wine", 5),
    ("bottles of wine", 5),
    ("fifth", 17),
)  # drinks in one
_LIMIT_PER_WEEK = 8
_SYSTOLIC_LIMIT = 160
_CREATININE_LIMIT, _CREATININE_HIGHEST = 2.26, 30.0  # mg/dL; above the second it is another test
_PRESSURE_DAYS = 366  # a course of readings may be told over months
_LIVER = (("alt", "U/L", 120.0), ("ast", "U/L", 120.0), ("alkaline_phosphatase", "U/L", 390.0))


def has_bled(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Alcohol, liver function and control of the INR."""
    found = [_alcohol(reading), _inr_control(reading), _liver(reading), _pressure(reading), _kidney(reading)]
    return {item.name: item for item in found if item}


def _alcohol(reading: NoteReading) -> Used | None:
    total = _WEEK_TOTAL.search(reading.lower)
    if total:
        count = _number(total["n2"] or total["n"] or total["n3"])
        return used(
            reading, "alcohol_excess", count >= _LIMIT_PER_WEEK, "", *total.span(), note=f"{count:g} drinks a week"
        )
    spans = [m.span() for m in reading.matching(_HEAVY)]
    for span, said in zip(spans, reading.asserted(spans), strict=True):
        over = _SOBER.search(reading.lower, *sentence(reading.lower, *span)) is not None
        if not (said.is_negated or said.is_family or said.is_hypothetical or over):
            return used(reading, "alcohol_excess", True, "", *span)
    counted = [(m, _per_week(reading, m)) for m in reading.matching(_DRINKS)]
    known = [(m, weekly) for m, weekly in counted if weekly]
    if not known:
        return None
    amount = sum(weekly for _, weekly in known)
    start, end = known[0][0].start(), known[0][0].end()
    return used(
        reading, "alcohol_excess", amount >= _LIMIT_PER_WEEK, "", start, end, note=f"about {amount:g} drinks a week"
    )


def _per_week(reading: NoteReading, match: re.Match[str]) -> float:
    amount = _number(match["n2"] or match["n"]) * next((times for word, times in _SIZES if word in match[0]), 1)
    behind = reading.lower[match.end() : match.end() + 50].split(".")[0]
    around = reading.lower[max(0, match.start() - 40) : match.end() + 60]
    return amount * next((times for text in (behind, around) for often, times in _OFTEN if often.search(text)), 0.0)


def _number(word: str) -> float:
    tens, _, ones = word.partition("-")
    if tens in _TENS:
        return _TENS[tens] + _NUMBERS.get(ones, 0.0)
    return _NUMBERS.get(word) or (float(word) if word.replace(".", "").isdigit() else 1.0)


def _inr_control(reading: NoteReading) -> Used | None:
    if match := _TTR.search(reading.lower):
        return used(
            reading,
            "labile_inr",
            int(match["share"] or match["ttr"] or match["only"]) < _TIME_IN_RANGE,
            "",
            *match.span(),
        )
    if match := _INR_LIST.search(reading.lower):
        told = [float(value) for value in re.findall(r"\d\.\d", match["values"])]
        inside = sum(_INR_RANGE[0] <= value <= _INR_RANGE[1] for value in told)
        return used(reading, "labile_inr", 100 * inside < _TIME_IN_RANGE * len(told), "", *match.span("values"))
    return None


def _pressure(reading: NoteReading) -> Used | None:
    """Hypertension that treatment does not hold: any systolic pressure of the patient now, or the note's own words."""
    name = "uncontrolled_hypertension"
    now = [
        found
        for found in reading.measured("systolic_blood_pressure")
        if not (found.assertion.is_family or found.assertion.is_historical or found.assertion.is_hypothetical)
        and (days_ago(reading, found.start, found.end) or 0) <= _PRESSURE_DAYS
    ]
    if high := next((found for found in now if float(found.high or found.value) > _SYSTOLIC_LIMIT), None):
        return used(reading, name, True, "", high.start, high.end)
    if met := next((m for m in mentions(reading, "has_bled", name) if m.met), None):
        return used(reading, name, True, "", met.start, met.end)
    return used(reading, name, False, "", now[0].start, now[0].end) if now else None


def _kidney(reading: NoteReading) -> Used | None:
    """A creatinine of the patient now over the limit, wherever in the note it stands."""
    for found in reading.measured("creatinine"):
        said = found.assertion
        if said.is_family or said.is_historical or said.is_hypothetical:
            continue
        if (days_ago(reading, found.start, found.end) or 0) > _PRESSURE_DAYS:
            continue
        try:
            amount = convert(float(found.value), found.unit, "mg/dL", "creatinine")
        except InvalidInput:
            continue
        if amount > _CREATININE_LIMIT and amount < _CREATININE_HIGHEST:
            return used(reading, "abnormal_renal_function", True, "", found.start, found.end)
    return None


def _liver(reading: NoteReading) -> Used | None:
    met = next((m for m in mentions(reading, "", "cirrhosis") if m.met), None)
    if met:
        return used(reading, "abnormal_liver_function", True, "", met.start, met.end)
    bilirubin = _above(reading, "bilirubin_total", "mg/dL", 2.4)
    enzymes = [_above(reading, *test) for test in _LIVER]
    if bilirubin is None:
        return None
    if bilirubin[2] and any(enzyme and enzyme[2] for enzyme in enzymes):
        return used(reading, "abnormal_liver_function", True, "", *bilirubin[:2])
    return used(reading, "abnormal_liver_function", False, "", *bilirubin[:2])


def _above(reading: NoteReading, concept: str, unit: str, limit: float) -> tuple[int, int, bool] | None:
    for found in reading.measured(concept):
        try:
            return found.start, found.end, convert(float(found.value), found.unit, unit, "bilirubin") > limit
        except InvalidInput:
            continue
    return None


# --- Charlson ---------------------------------------------------------------------------------------------------------

_DIET = re.compile(
    r"\bdiet(?:ary)?[- ](?:controlled|managed|treated)|\b(?:diet|lifestyle)(?: and exercise| changes?| modification)? (?:alone|only)\b|\bwithout (?:pharmaco\w+|medication)|\bpre-?diabet\w+"
)


def charlson(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Diabetes counts where a drug treats it."""
    diet = _DIET.search(reading.lower)
    drugs = [m for m in mentions(reading, "charlson", "antidiabetic_drug") if m.met]
    if diet is None or drugs:
        return {}
    return {"diabetes": used(reading, "diabetes", False, "", *diet.span())}


# --- Revised Cardiac Risk Index ---------------------------------------------------------------------------------------

_PLANNED = re.compile(
    r"\b(?:scheduled|planned|elective|upcoming|anticipat\w+|prior to|before|awaiting|pre-?operative|undergo(?:ing)?|proceed\w*|for an?)\b"
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
_OPERATION = re.compile(
    rf"\b(?:(?P<high>(?:(?:open|laparoscopic|robot\w*|elective|partial|total|radical|left|right|video-assisted)[- ](?:assisted )?){{0,3}}(?:{_HIGH_RISK}))|(?P<low>{_LOW_RISK}))\b"
)

_ROUTE = re.compile(r"\b(?:open|laparoscop\w+|robot\w*)\b")
_WITH_ROUTE = 40


def rcri(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
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
