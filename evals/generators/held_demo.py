"""Hand-written questions over the other half of the demo cohort. Closed to whoever tunes: not to be read, only run."""

from __future__ import annotations

from typing import Any

Asked = tuple[str, str, list[str], dict[str, Any]]


def _says(*groups: str, **more: Any) -> dict[str, Any]:
    return {"any_of": [group.split("|") for group in groups], **more}


def _number(*values: float) -> dict[str, Any]:
    return {"number": [{"value": value, "tolerance": 0.05} for value in values]}


_ABSTAIN = {"abstained": True, "concept": []}

ASKED: tuple[Asked, ...] = (
    ("004", "note_reason", ["what made them change warfarin to apixaban?", "why off warfarin"], _says("INR|labile")),
    ("004", "conflicts", ["is he on lisinopril? the eye clinic lists it", "lisinopril: active?"], {"yes_no": "no"}),
    ("004", "conflicts", ["ever smoked? two notes disagree", "smoking status"], _says("former|ex-smoker|quit")),
    ("004", "note_plan", ["what's on the agenda for the next visit regarding lipids", "plan for LDL 78"], _says("ezetimibe")),
    ("004", "note_exam", ["AF burden on the device check?", "percent V-paced at the 2025 check"], _says("6%|99%|6 %|99 %")),
    ("004", "note_reason", ["why is he losing weight?", "explanation given for weight loss"], _says("wife|alone")),
    ("004", "note_plan", ["when would apixaban have to be reduced", "criteria for lowering apixaban dose"], _says("80|60|1.5")),
    ("004", "note_exam", ["eye pressure in the ophthalmology note", "IOP?"], _says("15")),
    ("004", "procedures", ["pacemaker - when implanted?", "date of the pacemaker"], {"date": "2024-09-04"}),
    ("004", "unanswerable", ["which valve was replaced?"], _ABSTAIN),
    ("005", "problems", ["celiac disease?", "does she have coeliac"], {"yes_no": "no"}),
    ("005", "note_reason", ["what triggered the DKA", "precipitant of ketoacidosis in Jan 2024?"], _says("influenza|missed")),
    ("005", "note_exam", ["time in range on the last CGM download", "CGM: TIR and GMI?"], _says("64")),
    ("005", "note_plan", ["what's the new dinner carb ratio", "dinner I:C changed to?"], _says("1:7")),
    ("005", "note_social", ["contraception?", "any pregnancy plans"], _says("condom|no pregnancy")),
    ("005", "note_plan", ["glargine if lows recur at night?", "what will be done about overnight lows"], _says("20|halve")),
    ("005", "medications", ["basal insulin dose", "how many units of glargine"], _number(22)),
    ("005", "unanswerable", ["date of her kidney biopsy"], _ABSTAIN),
    ("007", "conflicts", ["hepatitis C?", "does he have HCV - ED wrote it"], {"yes_no": "no"}),
    ("007", "note_social", ["how long has he been abstinent", "last alcoholic drink?"], _says("2024|24 mo")),
    ("007", "note_exam", ["how much fluid came off at the paracentesis?", "volume of ascites drained June 2025"], _says("3.2")),
    ("007", "note_reason", ["why was rifaximin added", "reason for rifaximin"], _says("confusion|encephalopathy")),
    ("007", "note_plan", ["driving advice?", "is he allowed to drive"], _says("advised against|not|against")),
    ("007", "labs", ["was the potassium of 7.9 real?", "latest potassium"], _number(4.4)),
    ("007", "note_family", ["what did the father die of?", "father's cause of death"], _says("cirrhosis")),
    ("007", "medications", ["what replaced nadolol?", "beta blocker now"], _says("carvedilol")),
    ("008", "conflicts", ["NKDA per ED - true?", "penicillin: allergic or not"], _says("anaphylaxis|penicillin")),
    ("008", "conflicts", ["code status", "was she DNR?"], _says("full code|full treatment")),
    ("008", "note_plan", ["when's the nodule CT", "follow-up of lung nodule?"], _says("march 2027|6-12|2027-03")),
    ("008", "note_exam", ["urinary antigens?", "which organism caused the pneumonia"], _says("pneumoc|pneumoniae")),
    ("008", "note_social", ["pack years", "smoking history with quit date"], _says("40|2013")),
    ("008", "note_reason", ["why no HCTZ any more?", "reason hydrochlorothiazide stopped"], _says("sodium|hyponatr")),
    ("008", "note_quote", ["what did she say about allergy testing?", "her answer to penicillin testing"], _says("never again|declin")),
    ("008", "unanswerable", ["settings on the ventilator she was on?"], _ABSTAIN),
    ("010", "conflicts", ["previous pre-eclampsia? app says no", "hx of pre-eclampsia"], {"yes_no": "ever"}),
    ("010", "conflicts", ["prior cesarean?", "has she had a c-section"], {"yes_no": "ever"}),
    ("010", "problems", ["epilepsy?", "is she epileptic"], {"yes_no": "no"}),
    ("010", "note_plan", ["when to stop aspirin", "aspirin until which week"], _says("36")),
    ("010", "note_exam", ["weight of her first baby?", "birth weight 2022"], _says("2310")),
    ("010", "note_plan", ["mode of delivery wanted?", "does she want a trial of labour"], _says("TOLAC|trial|consent")),
    ("010", "note_exam", ["EFW centile", "estimated fetal weight?"], _says("47")),
    ("010", "note_family", ["did her sister have any pregnancy complication", "fhx of diabetes"], _says("pre-eclampsia|preeclampsia|father|T2DM")),
    ("012", "note_reason", ["why did digoxin stop?", "reason for stopping digoxin"], _says("1.6|kidney|level")),
    ("012", "note_social", ["who is his health care proxy?", "name of the daughter"], _says("joan")),
    ("012", "note_exam", ["PPS in june 2026", "palliative performance scale?"], _says("20")),
    ("012", "unanswerable", ["last LDL?"], {"abstained": True, "concept": ["ldl"]}),
    ("012", "note_reason", ["why was furosemide not taken", "did he take furosemide the last week"], _says("swallow|not taken")),
)  # fmt: skip
