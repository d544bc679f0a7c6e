"""Inputs of thrombosis scores that are more than one finding: rival diagnoses, calf girth, operation and mobility."""

from __future__ import annotations

import re

from domain.predictions import ModelCard
from tools.calculation import values
from tools.calculation.answers import ASSUMED_ABSENT, DERIVED, Used
from tools.calculation.criteria import mentions
from tools.calculation.reading import NoteReading, bounds
from tools.calculation.times import days_ago, sentence
from tools.calculation.values import used
from twin_backend import inputs

# --- Wells, pulmonary embolism ----------------------------------------------------------------------------------------

_RULED_OUT = re.compile(
    r"\b(?:negative for|ruled out|excluded?|no evidence of|without evidence of|did not (?:show|reveal|demonstrate)|no)\s(?:\w+\s){0,4}?(?:pulmonary (?:thrombo-?)?embol\w+|pe\b)"
    r"|\b(?:pulmonary (?:thrombo-?)?embol\w+|\bpe)\s(?:\w+\s){0,2}?(?:was|were|has been)\s(?:ruled out|excluded)"
)
_TOLD = re.compile(
    r"\b(?:thromb\w+|clots?|embol\w+|filling defects?)\b[^.;]{0,60}?\bpulmonary (?:arter\w+|trunk|circulation)|\bpulmonary arter\w+ (?:\w+ ){0,2}(?:thromb\w+|embol\w+|filling defect\w*)|\bsaddle embol\w+"
)
_SYMPTOM = re.compile(
    r"\b(?:pleuritic|sudden(?:[- ]onset|ly)?[^.;]{0,40}(?:breath|dyspn)\w*|acute(?:[- ]onset)? (?:shortness|dyspn)\w*)"
)


def wells_pe(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Whether pulmonary embolism leads: it is diagnosed or suspected, or the picture fits and something favours it."""
    return _leading(reading, card) | in_course(reading, card, question)


def in_course(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """What the note tells of its own course: an operation, a thrombosis found now. No score takes it; readers may."""
    found = {}
    for name in ("surgery_in_course", "vte_now"):
        if met := next((m for m in mentions(reading, card.id, name) if m.met), None):
            found[f"_{name}"] = used(reading, f"_{name}", True, "", met.start, met.end)
    return found


def _leading(reading: NoteReading, card: ModelCard) -> dict[str, Used]:
    name = "alternative_diagnosis_less_likely"
    facts = [f for f in reading.about("pulmonary_embolism") if f.value is None]
    if ruled_out := _RULED_OUT.search(reading.lower):
        return {name: used(reading, name, False, "", *ruled_out.span())}
    for fact in facts:
        said = reading.said(fact)
        if not (said.is_negated or said.is_historical or said.is_family):
            return {name: used(reading, name, True, "", *bounds(fact))}
    spans = [match.span() for match in reading.matching(_TOLD)]
    for span, said in zip(spans, reading.asserted(spans), strict=True):
        if not (said.is_negated or said.is_historical or said.is_family):
            return {name: used(reading, name, True, "", *span)}
    symptom = _SYMPTOM.search(reading.lower)
    favours = (
        "clinical_signs_dvt",
        "previous_dvt_or_pe",
        "immobilized",
        "recent_surgery",
        "hormone_use",
        "hemoptysis",
        "cancer",
    )
    if symptom and any(m.met for criterion in favours for m in mentions(reading, card.id, criterion)):
        return {name: used(reading, name, True, "", *symptom.span(), note="with a risk factor of thrombosis")}
    return {}


# --- Wells, deep vein thrombosis --------------------------------------------------------------------------------------

_CM = r"(?P<{}>\d{{1,2}}(?:\.\d+)?)[\s-]?(?:cm|centimet\w+)"
_DIFFERENCE = re.compile(
    rf"\b(?:difference|differ|discrepancy|disparity|asymmetry|increase|swelling)\b[^.;]{{0,25}}?{_CM.format('after')}|{_CM.format('before')}\s(?:\w+\s){{0,2}}?(?:difference|discrepancy|disparity|larger|greater|bigger|more|increase|asymmetry|wider|thicker|fatter|fuller|broader|rounder|swelling)"
    rf"|\bcalf\s(?:\w+\s){{0,4}}?(?:exceed(?:s|ed)|larger|greater|bigger|thicker|wider|fuller)\D{{0,60}}?{_CM.format('by')}"
)
_GIRTHS = re.compile(
    rf"{_CM.format('one')}[^;]{{0,70}}?\b(?:versus|vs\.?|compared (?:with|to)|and|than)\b[^;]{{0,25}}?{_CM.format('two')}"
)
_CALF = re.compile(r"\b(?:cal(?:f|ves)|tuberosity|circumference)\b")
_EQUAL = re.compile(
    r"\bcal(?:f|ves)\b[^.;]{0,40}\b(?:equal|symmetric\w*|same|identical)\b|\b(?:equal|symmetric\w*|identical) cal(?:f|ves)\b"
)
_RIVAL = re.compile(
    r"\b(?:alternative|another|competing|other) (?:\w+ )?(?:diagnos[ie]s|explanation|cause|condition)\b[^.;]{0,60}\b(?:likely|plausible|account\w*|explain\w*|possible|probable)"
    r"|\b(?:at least|just|equally|every bit)(?: as)? (?:likely|probable|plausible)\b|\b(?:more|likelier|better) (?:likely |probable |plausible )?(?:explained by|than (?:an? |the )?(?:\w+ ){0,2}(?:clot|dvt|thrombos\w+|venous))"
    r"|\b(?:could|would|might|may) (?:\w+ )?(?:account for|explain)\b|\bplausible (?:musculoskeletal|alternative|infectious|orthopedic)\b"
    r"|\b(?:consistent with|suggest(?:s|ed)?|suggestive of|most likely|more likely|diagnos\w+ (?:of|with)|attributed to|favou?rs?|due to) (?:a |an |the )?(?:\w+ ){0,2}(?:cellulitis|muscle (?:strain|tear)|(?:ruptured )?baker\w*|hematoma|lymphedema|venous insufficiency|musculoskeletal|popliteal cyst)"
)
_LESS = re.compile(r"\b(?:less|not|un)[ -]?(?:as )?(?:likely|plausible|probable)\b")


def wells_dvt(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """The difference in calf girth, and whether something else explains the leg as well."""
    found = [_calf(reading), _rival(reading)]
    return {item.name: item for item in found if item}


def _calf(reading: NoteReading) -> Used:
    name, low = "calf_swelling_cm", reading.lower
    for match in _DIFFERENCE.finditer(low):
        start, end = sentence(low, *match.span())
        if _CALF.search(low, start, end) and (value := match["after"] or match["before"] or match["by"]):
            return used(reading, name, float(value), "cm", *match.span())
    for match in _GIRTHS.finditer(low):
        start, end = sentence(low, *match.span())
        if _CALF.search(low, start, end) and (gap := abs(float(match["one"]) - float(match["two"]))) < 20:
            return used(reading, name, round(gap, 1), "cm", *match.span())
    if equal := _EQUAL.search(low):
        return used(reading, name, 0.0, "cm", *equal.span())
    return Used(name=name, value=0.0, unit="cm", origin="assumed_normal", note="no difference in girth is told of")


def _rival(reading: NoteReading) -> Used | None:
    spans = [m.span() for m in reading.matching(_RIVAL)]
    found = [
        (span, not (said.is_negated or said.is_historical or said.is_family or _LESS.search(reading.lower, *span)))
        for span, said in zip(spans, reading.asserted(spans), strict=True)
    ]
    chosen = next((item for item in found if item[1]), found[0] if found else None)
    return used(reading, "alternative_diagnosis_as_likely", chosen[1], "", *chosen[0]) if chosen else None


# --- Caprini ----------------------------------------------------------------------------------------------------------

_AHEAD = re.compile(
    r"\b(?:scheduled|planned|prepared for|preparation for|needs?|requires?|offered|consented for|for elective|elective|upcoming|anticipat\w+|awaiting|pre-?operative|pre-?induction|operating (?:room|theat\w+)|theatre|undergo(?:ing|es)?|underwent|proceed\w*|surgery|operation|before transfer|booked|listed|due (?:for|to)|day (?:before|of|after)|hours before|will (?:have|undergo)|is to (?:have|undergo)|evening before|on the (?:\w+ )?list|(?:presents?|presented|arrives?|arrived|comes?|came|attends?|attended|seen|here|in|admitted) for)\b"
)
_TO_COME = re.compile(r"needs?$|prepar|awaiting|upcoming|will |is to |listed|booked|on the ")
_KINDS = (
    ("lower_limb_arthroplasty", re.compile(r"\b(?:(?:total |partial )?(?:hip|knee) (?:arthroplasty|replacement)|(?:hip|knee) hemiarthroplasty|lower[- ](?:limb|extremity) arthroplasty)\b")),
    ("arthroscopic", re.compile(r"\barthroscop\w+")),
    ("laparoscopic_over_45_min", re.compile(r"\b(?:laparoscop\w+|robot\w*[- ](?:assisted)?|pneumoperitoneum|three-port)\b")),
    ("major_over_45_min", re.compile(
        r"\b(?:open|laparotom\w+|resection|\w+ectomy|craniotom\w+|thoracotom\w+|bypass|fusion|fixation|transplant\w*|major surgery|repair|reconstruct\w+|hemicolectomy|amputation)\b")),
    ("minor", re.compile(r"\b(?:minor|excision|biopsy|dermatolog\w+|cataract|carpal tunnel|local an(?:a)?esthesia|outpatient procedure|hernia)\b")),
)  # fmt: skip
_MINUTES = re.compile(
    r"(?P<under>(?:under|less than|fewer than|shorter than|<)\s)?(?P<n>\d{2,3}|twenty|thirty|forty|forty-five|fifteen)[\s-]?(?:min\b|minutes?)"
)
_MINUTE_WORDS = {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45}
_FORTY_FIVE = 45
_BEFORE_PLAN = 140  # characters of the sentence that may name the operation before its date
_OTHER_FROM_DAYS = 2
_LONG_AGO = 60  # days
_OF_WOMEN = ("oral_contraceptive_or_hrt", "pregnancy_or_postpartum", "adverse_pregnancy_history")


def caprini(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """The operation ahead or just done, how the patient moves, and what is asked of women only."""
    found = {
        item.name: item
        for item in (_operation(reading), _mobility(reading), _body_mass(reading), _other_operation(reading))
        if item
    }
    sex = values.sex(reading, inputs.SEX)
    if sex is None or sex.value != "male":
        return found
    return found | {
        name: Used(name=name, value=False, origin=ASSUMED_ABSENT, note="asked of women") for name in _OF_WOMEN
    }


def _body_mass(reading: NoteReading) -> Used | None:
    """The body mass index from weight and height, where the note does not give it."""
    if values.number(reading, inputs.BMI):
        return None
    weight, height = values.number(reading, inputs.WEIGHT), values.number(reading, inputs.HEIGHT)
    if weight is None or height is None:
        return None
    index = float(weight.value) / (float(height.value) / 100) ** 2
    return weight.model_copy(update={"name": "bmi_kg_m2", "value": round(index, 1), "unit": "kg/m2", "origin": DERIVED,
                                     "note": f"from {weight.quote} and {height.quote}"})  # fmt: skip


def _operation(reading: NoteReading) -> Used:
    low = reading.lower
    for plan in _AHEAD.finditer(low):
        first, _ = sentence(low, *plan.span())
        around = (max(first, plan.start() - _BEFORE_PLAN), plan.end() + 160)
        days = days_ago(reading, *plan.span())
        if days is not None and days > 3 and not plan[0].endswith("before") and not _TO_COME.match(plan[0]):
            continue
        for kind, pattern in _KINDS:
            match = pattern.search(low, *around)
            if match is None:
                continue
            lasting = _MINUTES.search(low, max(0, match.start() - 30), match.end() + 250)
            if kind in ("laparoscopic_over_45_min", "major_over_45_min") and lasting and _short(lasting):
                kind = "minor"
            return used(reading, "surgery", kind, "", *match.span())
    return Used(name="surgery", value="none", origin="assumed_normal", note="no operation ahead is told of")


def _other_operation(reading: NoteReading) -> Used | None:
    """A major operation of the last month other than the one ahead: it is dated some days back."""
    name = "recent_major_surgery"
    for met in mentions(reading, "caprini", name):
        days = days_ago(reading, met.start, met.end)
        if met.met and days is not None and days >= _OTHER_FROM_DAYS:
            return used(reading, name, True, "", met.start, met.end)
    return Used(name=name, value=False, origin=ASSUMED_ABSENT, note="no other operation of the last month is told of")


def _short(lasting: re.Match[str]) -> bool:
    minutes = _MINUTE_WORDS.get(lasting["n"]) or int(lasting["n"])
    return minutes < _FORTY_FIVE or (minutes == _FORTY_FIVE and lasting["under"] is not None)


_LONG_BED = re.compile(
    r"\b(?:bed[- ]?(?:rest|bound|ridden)|in bed|confined to bed|immobili[sz]ed|supine|recumbent)\b[^.;]{0,60}?\b(?:(?P<n>\d{1,3}|three|four|five|six|seven|eight|nine|ten|several)[\s-](?P<u>days?|weeks?|hours?)|72|(?:last|past) week)\b"
    r"|\b(?P<n2>\d{1,2}|three|four|five|six|seven|eight|nine|ten|several)[\s-](?P<u2>days?|weeks?|months?)\b[^.;]{0,60}?\b(?:bed[- ]?(?:rest|bound|ridden)|in bed|confined to (?:the |his |her )?bed|supine|immobili[sz]ed)"
    r"|\bconfined to bed\b[^.;]{0,30}\b72\b"
)
_BED = re.compile(
    r"\b(?:bed[- ]?(?:rest|bound|ridden|fast)|confined to (?:a |the |his |her )?(?:hospital )?bed|immobile|immobili[sz]ed|in traction|under traction|flat on (?:his|her) back"
    r"|(?:lain|lay|lying|stayed|kept|remained|nursed|been) (?:\w+ ){0,2}in (?:bed|hospital under)|unable to (?:walk|stand|get up|leave (?:the |his |her )?bed)|too (?:weak|ill) to (?:leave|get out of|stand|walk)|kept to (?:his|her) bed"
    r"|without getting up|complete rest)\b"
)
_NEVER_UP = re.compile(
    r"\b(?:not|n['’]t|never|hardly|barely|scarcely|rarely) (?:\w+ )?(?:left (?:the |his |her )?bed|been out of bed|got(?:ten)? (?:up|out of bed)|been (?:mobili[sz]ed|allowed up)|walked|stood)\b"
)
_DAYS_IN_BED = 3
_FULL = re.compile(
    r"\b(?:ambulat\w+|walk(?:s|ed|ing)?|mobility is (?:currently )?normal|normal mobility|fully mobile)\b"
)


def _mobility(reading: NoteReading) -> Used:
    for match in _LONG_BED.finditer(reading.lower):
        if _now(reading, match) and _long(match):
            return used(reading, "mobility", "bed_over_72_h", "", *match.span())
    resting = [m for m in _BED.finditer(reading.lower) if _now(reading, m)] + list(_NEVER_UP.finditer(reading.lower))
    for value in ("bed_over_72_h", "bed_rest"):
        for match in resting:
            days = days_ago(reading, *match.span()) or _since_then(reading, match) or 0
            if days <= _LONG_AGO and (value == "bed_rest" or days >= _DAYS_IN_BED):
                return used(reading, "mobility", value, "", *match.span())
    walking = _FULL.search(reading.lower)
    if walking:
        return used(reading, "mobility", "normal", "", *walking.span())
    return Used(name="mobility", value="normal", origin="assumed_normal", note="nothing is told of bed rest")


_EVER_SINCE = re.compile(r"\b(?:ever since|since then|since that|since the \w+)\b")


def _since_then(reading: NoteReading, match: re.Match[str]) -> float | None:
    """The days since the sentence before, where this one says that it has been so ever since."""
    first, last = sentence(reading.lower, *match.span())
    if _EVER_SINCE.search(reading.lower, first, last) is None or first < 2:
        return None
    return days_ago(reading, first - 2, first - 2)


def _now(reading: NoteReading, match: re.Match[str]) -> bool:
    said = reading.asserted([match.span()])[0]
    return not (
        said.is_negated or said.is_hypothetical or said.is_family or (days_ago(reading, *match.span()) or 0) > _LONG_AGO
    )


def _long(match: re.Match[str]) -> bool:
    count, unit = match["n"] or match["n2"], match["u"] or match["u2"] or ""
    if count is None:
        return True
    if unit.startswith("hour"):
        return count.isdigit() and int(count) >= 72
    return not unit.startswith("day") or not count.isdigit() or int(count) >= 3
