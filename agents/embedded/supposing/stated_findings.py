"""The findings that a question states for a model's yes-or-no inputs: a disease, a drug, smoking."""

from __future__ import annotations

import re
from typing import Any

from agents.embedded.reading.reader import Question
from domain.predictions import ModelInput
from tools.twin.covariates import flags_of

FLAGS_OF_CONDITION = {
    "type_2_diabetes": "diabetes", "type_1_diabetes": "diabetes", "stroke": "stroke_tia_thromboembolism", "transient_ischemic_attack": "stroke_tia_thromboembolism",
    "tia": "stroke_tia_thromboembolism", "peripheral_artery_disease": "vascular_disease", "myocardial_infarction": "vascular_disease",
}  # fmt: skip
_FLAGS_OF_DRUGS = {
    "antiplatelet_or_nsaid": re.compile(
        r"\b(?:nsaids?|ibuprofen|naproxen|diclofenac|celecoxib|ketorolac|indomethacin|meloxicam|advil|motrin|aleve|aspirin|asa|clopidogrel|plavix|prasugrel|ticagrelor|brilinta|antiplatelets?)\b",
        re.IGNORECASE,
    ),
    "on_antihypertensive": re.compile(
        r"\b(?:anti-?hypertensives?|(?:bp|blood pressure|hypertension|hypertensive) (?:meds?|medications?|medicines?|tablets?|treatment|therapy|drugs?|pills?))\b",
        re.IGNORECASE,
    ),
}
SEX = re.compile(r"\b(?:(?P<female>female|woman|girl|lady)|(?P<male>male|man|boy))\b", re.IGNORECASE)
_ENDED = re.compile(
    r"(?:\bstop(?:s|ped|ping)?|\bwithout|\boff|\bcame off|\bcomes off|\bno longer (?:on|takes?|taking)|\bquits?|\bholds?|\bheld|\bdiscontinu\w+|n't take|\bnot (?:on|taking)|\bdidn't|\bno)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
SMOKES_NOT = re.compile(
    r"\b(?:(?:quit(?:s|ting)?|stop(?:s|ped|ping)?|without|never|non|g[ai]ve(?:s|n)?(?: it)? up|giving up|ceas\w+)[- ]?\s*(?:smok\w*|cigarettes|tobacco)|smoking cessation|smoke-?free|(?:gives?|gave|giving) smoking up|off (?:the )?cigarettes)\b",
    re.IGNORECASE,
)
_SMOKES = re.compile(
    r"\b(?:(?:still|again|re)?\s*smok(?:ed|es|er|ing)|started smoking|took up smoking)\b", re.IGNORECASE
)
_WITHOUT = re.compile(
    r"(?:\bno\b|\bnot\b|n't\b|\bwithout\b|\bnever\b|\bif .{0,20}\bno longer\b)\W+(?:\w+\W+){0,3}$", re.IGNORECASE
)


def findings(
    text: str, inputs: dict[str, ModelInput], question: Question, *, hypothetical: bool, supposes: bool
) -> dict[str, Any]:
    """The yes-or-no inputs that a text sets; a drug that is taken only under an outright condition."""
    found: dict[str, Any] = {}
    for variant in question.variants[:1]:
        for slot in variant.slots:
            if slot.kind != "condition" or not slot.known:
                continue
            meant = (slot.id, FLAGS_OF_CONDITION.get(slot.id, ""), *flags_of(slot.id))
            name = next((n for n in meant if n in inputs and inputs[n].kind == "boolean"), None)
            if name is not None:
                found[name] = _WITHOUT.search(text[: slot.start]) is None
    for name, drugs in _FLAGS_OF_DRUGS.items():
        if name in inputs and (drug := drugs.search(text)) is not None:
            ended = _ENDED.search(text[: drug.start()]) is not None
            if ended or hypothetical:
                found[name] = not ended
    if "current_smoker" in inputs:
        if SMOKES_NOT.search(text):
            found["current_smoker"] = False
        elif _SMOKES.search(text) and supposes:
            found["current_smoker"] = True
    if "sex" in inputs and hypothetical and (sex := SEX.search(text)) is not None:
        found["sex"] = "female" if sex["female"] else "male"
    return found
