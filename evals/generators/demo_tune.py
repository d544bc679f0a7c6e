"""Hand-written questions over half of the demo cohort, its notes above all. Gold was read from the authored stories."""

from __future__ import annotations

from typing import Any

Asked = tuple[str, str, list[str], dict[str, Any]]


def _says(*groups: str, **more: Any) -> dict[str, Any]:
    return {"any_of": [group.split("|") for group in groups], **more}


def _number(*values: float) -> dict[str, Any]:
    return {"number": [{"value": value, "tolerance": 0.05} for value in values]}


_ABSTAIN = {"abstained": True, "concept": []}

ASKED: tuple[Asked, ...] = (
    ("001", "note_plan", ["how long is he meant to get antibiotics for?", "total duration of treatment ID wanted"], _says("6 weeks|six weeks|2026-12-01|12/01")),
    ("001", "note_reason", ["why was vanc swapped for dapto?", "reason vancomycin was stopped"], _says("AKI|kidney|creatinine|trough|outpatient")),
    ("001", "note_exam", ["did the TEE show a vegetation?", "vegetations on echo?"], {"yes_no": "no"}),
    ("001", "note_exam", ["spine MRI result?", "was there an epidural abscess"], _says("no epidural|no discitis|negative for epidural")),
    ("001", "note_social", ["when did he quit smoking?", "smoking hx incl pack years"], _says("1994|20")),
    ("001", "note_social", ["what was his job before retirement", "occupation?"], _says("mechanic")),
    ("001", "note_plan", ["can he take naproxen for his knee? what was he told", "what did the nurse advise about naproxen"], _says("no NSAID|told no|avoid|acetaminophen|stop")),
    ("001", "note_plan", ["when is the ID clinic appointment?", "next ID appt"], {"date": "2026-11-24"}),
    ("001", "note_reason", ["why shouldn't linezolid be used?", "what did ID say re linezolid"], _says("marrow")),
    ("001", "note_family", ["father's cancer?", "fam hx of prostate ca - who and how old"], _says("father|prostate|70")),
    ("001", "conflicts", ["what did he weigh on admission?", "weight for dosing - 92 or 84.6?"], _number(84.6)),
    ("001", "labs", ["peak creatinine this admission", "how bad did his kidneys get, max Cr"], _number(2.1)),
    ("001", "labs", ["vancomycin trough before the hold", "which trough on 22 Oct was valid"], _number(23.8)),
    ("001", "unanswerable", ["which toe was amputated?"], _ABSTAIN),
    ("001", "unanswerable", ["what was his BNP"], {"abstained": True, "concept": ["bnp"]}),
    ("002", "note_reason", ["why isn't she on a statin?", "reason she has no statin"], _says("diet|time to think")),
    ("002", "medications", ["was a statin prescribed in June 2026"], {"yes_no": "no"}),
    ("002", "note_exam", ["AHI on the sleep test?", "how severe is her sleep apnoea"], _says("22|moderate")),
    ("002", "note_plan", ["how many nights did she use the CPAP last month", "cpap adherence"], _says("27")),
    ("002", "note_family", ["age of father at MI", "any premature heart disease in the family?"], _says("51|father")),
    ("002", "note_social", ["does she need an interpreter?", "what language was interpreted"], _says("spanish")),
    ("002", "near_names", ["what is Maria T. Gonzales's methotrexate dose?"], {"refused": True}),
    ("002", "near_names", ["Maria L. Gonzalez - latest BP"], _number(136, 82)),
    ("002", "immunisations", ["did she get Shingrix?", "shingles vaccine given?"], {"yes_no": "no"}),
    ("002", "medications", ["why was HCTZ stopped?", "what replaced hydrochlorothiazide"], _says("chlorthalidone|goal")),
    ("003", "conflicts", ["methotrexate - daily or weekly?", "how often does she take her methotrexate"], _says("week")),
    ("003", "note_reason", ["why did she refuse prednisone?", "prednisone offered in April 2026 - outcome"], _says("bone|declined|declin")),
    ("003", "note_reason", ["what pushed the ALT up in April 2026?", "cause of raised ALT 58"], _says("MTX|methotrexate|ibuprofen|wine")),
    ("003", "note_social", ["how many cigarettes a day in april 26", "is she ready to quit smoking?"], _says("10|not ready")),
    ("003", "problems", ["does she have hypertension?", "HTN?"], {"yes_no": "no"}),
    ("003", "note_family", ["family history of breast cancer", "which relatives had breast ca"], _says("mother", "sister")),
    ("003", "near_names", ["when is Maria L. Gonzalez next due for a BP check?"], {"refused": True}),
    ("003", "procedures", ["date of the lumpectomy", "breast surgery - when?"], {"date": "2019-09-17"}),
    ("003", "labs", ["is the LDL of 150 hers?", "does the LDL of 150 belong to this patient"], {"yes_no": "no"}),
    ("003", "labs", ["latest LDL"], {"number": {"value": 104, "tolerance": 0.05}, "none_of": ["150 mg/dL"]}),
    ("006", "conflicts", ["does she have diabetes? ED triage said no", "diabetic or not"], {"yes_no": "yes"}),
    ("006", "conflicts", ["allergies?", "triage wrote NKDA - correct?"], _says("codeine")),
    ("006", "conflicts", ["is metformin still active?", "metformin status on the med list"], _says("active|500")),
    ("006", "note_plan", ["what happens to metformin if eGFR is confirmed below 30", "plan for metformin after the repeat"], _says("stop")),
    ("006", "note_plan", ["when will potassium binder be added?", "threshold K for a binder"], _says("5.5")),
    ("006", "note_reason", ["why did nephrology stop the ibuprofen", "reason ibuprofen discontinued"], _says("kidney|CKD|losartan")),
    ("006", "note_exam", ["what did the ankle x-ray show?", "fracture on the XR June 2026"], _says("no fracture")),
    ("006", "units", ["latest creatinine in mg/dL", "convert last creatinine from umol/L to mg/dL"], {"number": {"value": 1.866, "tolerance": 0.03}}),
    ("006", "units", ["weight in pounds at the last visit", "last weight, lb"], {"number": {"value": 193.8, "tolerance": 0.6}}),
    ("006", "procedures", ["was the 2025 colonoscopy done?", "did the colonoscopy planned for 2025 go ahead"], {"yes_no": "no"}),
    ("006", "trends", ["has eGFR fallen since 2023?", "eGFR trend"], {"number": [{"value": 47, "tolerance": 1.1}, {"value": 29, "tolerance": 0.6}]}),
    ("009", "allergies", ["penicillin allergic?", "is the penicillin label still valid"], {"yes_no": "no"}),
    ("009", "allergies", ["allergies", "any allergies?"], _says("latex")),
    ("009", "note_plan", ["when can apixaban stop?", "planned end of anticoagulation"], _says("11/20|2026-11-20|20 nov")),
    ("009", "note_exam", ["CTPA findings", "where is the PE and any RV strain?"], _says("RLL|right lower|segmental|no RV strain")),
    ("009", "note_exam", ["blood loss during the knee replacement", "EBL and tourniquet time"], _says("250")),
    ("009", "note_family", ["any VTE in the family", "did a relative have a clot"], _says("mother")),
    ("009", "medications", ["what dose of enoxaparin was given?", "enoxaparin dose in hospital"], _number(40)),
    ("009", "note_plan", ["is thrombophilia testing needed?", "why no thrombophilia screen"], _says("provoked|not indicated")),
    ("009", "unanswerable", ["date of his left hip replacement"], _ABSTAIN),
    ("011", "conflicts", ["food allergies? the school form says none", "is he allergic to peanut"], _says("peanut|yes")),
    ("011", "note_reason", ["why did montelukast stop?", "reason for stopping the montelukast"], _says("nightmare|mood")),
    ("011", "note_plan", ["what's planned for spring?", "when is step-down considered"], _says("step-down|step down|spring")),
    ("011", "note_exam", ["size of the peanut skin test", "skin prick result, mm?"], _says("9")),
    ("011", "note_social", ["does anyone smoke at home?", "second hand smoke exposure"], _says("dad|father")),
    ("011", "note_symptom", ["how often did he need albuterol at the last visit", "night cough now?"], _says("no night cough|< 1x|less than once|1x/wk")),
    ("011", "medications", ["epipen strength", "current epinephrine dose"], _number(0.3)),
    ("011", "unanswerable", ["his last HbA1c?"], {"abstained": True, "concept": ["a1c"]}),
)  # fmt: skip
