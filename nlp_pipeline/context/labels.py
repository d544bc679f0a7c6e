"""What kind of thing a marked span names, for rules that speak of procedures or of drugs only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Span

_PROCEDURE = re.compile(
    r"(?:ectomy|[oe]scopy|graphy|plasty|otomy|ostomy|centesis|gram|grafting|desis|therapy|dialysis|operation)(?:\b|s\b)"
    r"|\b(?:surgery|surgical|surgeries|biops\w+|ct|mri|mra|cta|scan|scans|x-?ray|ultrasound|echo|radiation"
    r"|transplant(?:ation)?|treatment|transfusions?|catheterization|stent(?:ing|s)?|bypass|graft|resection|repair|drainage"
    r"|excision|amputation|intubation|ventilation|decompression|ablation|implantation|replacement|referral"
    r"|consult(?:ation)?|hospice|rehab(?:ilitation)?|immunization|vaccin\w+|egd|ercp|eeg|ekg|ecg|emg|csection|c-section"
    r"|dexa|pci|cabg|tracheostomy|crrt|ecmo|intervention|procedure|follow-up|hospitalizations?|nailing|workup|work-up"
    r"|monitoring|diagnosis|counsell?ing|testing|assessment|evaluation|measurements?|management|ana?esthesia"
    r"|examinations?|exam|cytology|histology|histopathology|stud(?:y|ies)|smear|infusions?|injections?|closure"
    r"|exploration|extraction|removal|sampling|imaging|lavage|debridement|pacemaker|fixation|osteosynthesis)\b",
    re.IGNORECASE,
)
_DRUG = re.compile(
    r"(?:mab|cillin|m[yi]cin|cycline|oxacin|azole|pril|sartan|olol|statin|formin|gliptin|gliflozin|glutide|prazole"
    r"|setron|triptan|parin|xaban|gatran|tinib|ciclib|platin|taxel|rubicin|[a-z]vir|dronate|terol|[ns]o(?:lo)?ne|azepam"
    r"|zolam|barbital|apine|caine|dipine|zosin|thiazide|semide|oxetine|triptyline|afil|grel|lukast|fenac|profen|coxib"
    r"|penem|trexate)(?:\b|s\b)|\bcef\w+|\b(?:insulin|aspirin|warfarin|heparin|anticoagulants?|anticoagulation"
    r"|antibiotics?|steroids?|corticosteroids?|glucocorticoids?|antivirals?|antifungals?|diuretics?|statins?|opioids?"
    r"|immunosuppressants?|vaccines?|medications?|drugs?)$",
    re.IGNORECASE,
)
_LONG_NAME = 200


def label_of(span: Span) -> str:
    """The label of a span; a marked span without a kind is a procedure or a drug if its words say so."""
    label = span.label_
    if label != "TARGET" or span.end_char - span.start_char > _LONG_NAME:
        return label
    if _PROCEDURE.search(span.text):
        return "PROCEDURE"
    return "DRUG" if _DRUG.search(span.text) else label
