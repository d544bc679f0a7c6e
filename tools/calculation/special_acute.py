"""Inputs of the scores of acute illness that are no single value or finding: pressures, oxygen, drips, duration, absences."""

from __future__ import annotations

import re

from domain.facts import FactKind
from domain.predictions import ModelCard, ModelInput
from domain.quantities import Quantity
from tools.calculation import criteria, values
from tools.calculation.answers import DERIVED, Used
from tools.calculation.reading import NoteReading, bounds
from tools.calculation.vitals import mean_pressure, vital_signs

ASSUMED = "assumed"
_PRESSORS = ("dopamine", "dobutamine", "epinephrine", "norepinephrine")
_RATE = re.compile(
    r"(?P<n>\d+(?:\.\d+)?)\s*(?:mcg|µg|μg|ug|micrograms?)\s*(?:/|per|\s)?\s*(?:kg|kilogram)\w*(?:\s*[⁻−-]\s*[1¹])?"
    r"\s*(?:/|per|\s)?\s*min\w*"
)
_DRIP = 60  # characters between a drug and its rate
_URINE = re.compile(r"(?<![\d.,])(?P<n>\d{1,2}[\s,]\d{3}|\d{1,4}(?:\.\d+)?)\s*(?P<u>ml|cc|millilit\w+|l|lit\w+)\b")
_DAY = re.compile(
    r"\b(?:24[- ]?(?:h|hours?|hrs?)|twenty[- ]four[- ]?hours?|(?:per|a|/) ?day|daily|/\s*24\s*h|past day|previous day|last day)\b|/d(?:ay)?\b"
)
_PASSED = re.compile(r"\b(?:urin\w*|void\w*|output|diuresis|anuri\w*|oliguri\w*)\b")
_OXYGEN_OF_AIR = 0.21
_MOST_LITRES = 6
_FIO2_FROM_FLOW = re.compile(
    r"\b(?P<n>\d{1,2})\s*(?:l|lit\w+)(?:\s*/\s*min\w*|\s?lpm|\sper\sminute)?[^.;]{0,30}\bnasal\s(?:cannula|prongs?)\b"
    r"|\bnasal\s(?:cannula|prongs?)[^.;]{0,25}?\b(?P<m>\d{1,2})\s*(?:l|lit\w+)\b"
)
_FIO2_IN_WORDS = re.compile(
    r"\b(?P<a>\d{2,3}(?:\.\d)?)\s?%\s(?:\w+\s){0,2}(?:oxygen|o2|o₂|fi?o2|fio₂)\b(?!\s?sat)"
    r"|\b(?:oxygen|blender|fraction|fio2|fio₂)\b[^.;%]{0,60}?\b(?P<b>0\.\d{1,2}|1\.0)\b"
    r"|\b(?:oxygen\s(?:concentration|fraction)|fraction\sof\s(?:inspired\s)?oxygen)\b[^.;%]{0,40}?\b(?P<c>\d{2,3})\s?%"
)
_ROOM_AIR = re.compile(r"\b(?:room|ambient)[\s-]air\b")
_EMERGENCY = re.compile(
    r"\b(?:emergen(?:cy|t)|urgent)(?:ly)? (?:\w+ ){0,3}(?:surgery|surgical (?:intervention|exploration|repair|procedure)|operation|laparo\w+|crani\w+|\w+(?:ectomy|otomy|ostomy))\b"
)
_ELECTIVE = re.compile(
    r"\belective(?:ly)? (?:\w+ ){0,4}(?:surgery|surgical|operation|procedure|repair|replacement|resection|\w+(?:ectomy|otomy|ostomy|plasty))\b"
    r"|\badmitted electively\b[^.]{0,120}\b(?:surgery|operation|repair|replacement|resection|\w+(?:ectomy|otomy|ostomy|plasty))\b"
)


def with_vital_signs(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """CURB-65, SIRS, PSI and Glasgow-Blatchford: the vital signs of one moment."""
    return vital_signs(reading, card)


def centor(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Centor: cough that nothing mentions is absent; the temperature is that of the examination."""
    used = vital_signs(reading, card)
    used["absence_of_cough"] = _absence(reading, card.id, "cough", "absence_of_cough")
    if measured := used.get("temperature_c"):
        fever = measured.model_copy(
            update={"name": "fever", "value": False, "unit": "", "converted": None, "others": ()}
        )
        used["fever"] = fever.model_copy(update={"origin": DERIVED, "note": "the measured temperature counts"})
    return used


def feverpain(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """FeverPAIN: neither cough nor coryza, and the days since onset."""
    return {
        "no_cough_or_coryza": _absence(reading, card.id, "cough", "no_cough_or_coryza"),
        "symptom_duration_days": _duration(reading, "symptom_duration_days"),
    }


def sofa(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """SOFA: the mean pressure, the rates of vasopressors, oxygen and the urine of a day."""
    specs = {spec.name: spec for spec in card.inputs}
    used = _oxygen(reading, specs) | _drips(reading, specs)
    if mean := mean_pressure(reading, specs["mean_arterial_pressure_mmhg"]):
        used[mean.name] = mean
    if urine := _urine_of_a_day(reading):
        used[urine.name] = urine
    return used


def apache(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """APACHE II: the mean pressure, oxygen and the kind of admission."""
    specs = {spec.name: spec for spec in card.inputs}
    used = vital_signs(reading, card) | _oxygen(reading, specs)
    if mean := mean_pressure(reading, specs["mean_arterial_pressure_mmhg"]):
        used[mean.name] = mean
    used["admission_type"] = _admission(reading)
    if not any(values.number(reading, specs[name]) for name in ("ph", "bicarbonate_meq_l")):
        used["ph"] = _normal(specs["ph"])
    return used


def _normal(spec: ModelInput) -> Used:
    value = values.normal(spec)
    assert value is not None
    return Used(
        name=spec.name,
        value=value,
        unit=spec.unit,
        origin="assumed_normal",
        note=f"not in the note, taken as normal ({value:g} {spec.unit})",
    )


def _absence(reading: NoteReading, model: str, finding: str, name: str) -> Used:
    """True where a finding is denied or not mentioned."""
    found = criteria.judge(reading, model, finding)
    if found is None or found.span is None:
        return Used(name=name, value=True, origin=ASSUMED, note=f"{finding} is not mentioned, taken as absent")
    return Used(
        name=name, value=not found.met, span=found.span, quote=found.evidence, note=f"{finding}: {found.assertion}"
    )


_UNITS = {"hour": 1 / 24, "hr": 1 / 24, "day": 1.0, "night": 1.0, "week": 7.0, "month": 30.4, "year": 365.25}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
            "nine": 9, "ten": 10, "twelve": 12, "several": 4, "few": 3, "couple of": 2, "couple": 2}  # fmt: skip
_N = r"(?P<n{0}>\d{{1,3}}(?:\.\d)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|several|few|couple(?:\sof)?)"
_U = r"(?P<u{0}>hour|hr|day|night|week|month|year)s?\b"
_SINCE = re.compile(
    r"\b(?:for|over|during|of|since|within|lasting|last|past|the|previous|started|began|developed)\s(?:about\s|approximately\s|the\s|last\s|past\s|previous\s|preceding\s|prior\s|a\s)*"
    + _N.format(1) + r"[\s-]+" + _U.format(1)
    + r"|\b" + _N.format(2) + r"[\s-]+" + _U.format(2) + r"[\s-]+(?:history|duration|course|ago|prior|before|old history|of\s(?!gestation|pregnan|age|life)\w+)\b"
    r"|\b(?P<recent>since\s(?:yesterday|this\smorning|last\snight|the\s(?:preceding|previous)\s(?:day|night))|yesterday|overnight)\b"
)  # fmt: skip
_NOT_THIS = re.compile(r"[\s-]*(?:of\s)?(?:gestation|pregnan|old|of\sage|of\slife|premature|cycle|course\sof)\w*")
_NOT_ONSET = re.compile(r"(?:smok|drink|drank|pack|married|work|medic|treat|therap|daily|every|old)\w*[^.]{0,25}$")
_MOST_DAYS = 60.0


def _duration(reading: NoteReading, name: str) -> Used:
    """The days since onset, as the first duration of a complaint tells them."""
    for match in _SINCE.finditer(reading.lower):
        if _NOT_ONSET.search(reading.lower[max(0, match.start() - 50) : match.start()]):
            continue
        if _NOT_THIS.match(reading.lower, match.end()):
            continue
        if match["recent"]:
            days = 1.0
        else:
            count, unit = (match["n1"], match["u1"]) if match["n1"] else (match["n2"], match["u2"])
            if unit == "year" and match["n1"] is None:
                continue
            words = " ".join(count.split())
            days = float(_NUMBERS.get(words) or float(words)) * _UNITS[unit]
        return values.used(reading, name, min(days, _MOST_DAYS), "d", *match.span(), origin=DERIVED, note="in days")
    return Used(name=name, value=_MOST_DAYS, unit="d", origin=ASSUMED,
                note="the onset is not told, taken as more than 3 days ago")  # fmt: skip


def _admission(reading: NoteReading) -> Used:
    """Nonoperative unless an operation of this admission is told."""
    for pattern, kind in ((_EMERGENCY, "emergency_postoperative"), (_ELECTIVE, "elective_postoperative")):
        spans = [m.span() for m in reading.matching(pattern)]
        for span, said in zip(spans, reading.asserted(spans), strict=True):
            if not (said.is_negated or said.is_hypothetical or said.is_uncertain or said.is_family):
                return values.used(reading, "admission_type", kind, "", *span)
    return Used(name="admission_type", value="nonoperative", origin=ASSUMED,
                note="no operation of this admission is mentioned")  # fmt: skip


def _oxygen(reading: NoteReading, specs: dict[str, ModelInput]) -> dict[str, Used]:
    """PaO2 and the fraction of oxygen that belongs to it; without a blood gas, a normal one on room air is assumed."""
    used: dict[str, Used] = {}
    pao2 = values.number(reading, specs["pao2_mmhg"])
    fraction = values.number(reading, specs["fio2"]) or _fraction(reading)
    if fraction:
        used["fio2"] = fraction
    if pao2:
        used["pao2_mmhg"] = pao2
        return used
    gradient = specs.get("aa_gradient_mmhg")
    if gradient and values.number(reading, gradient) and fraction and float(fraction.taken) >= 0.5:
        return used
    used["pao2_mmhg"] = _normal(specs["pao2_mmhg"])
    used["fio2"] = _normal(specs["fio2"])
    return used


def _fraction(reading: NoteReading) -> Used | None:
    """The inspired fraction as words tell it: a percentage of oxygen, the flow over a nasal cannula, room air."""
    for match in reading.matching(_FIO2_IN_WORDS):
        share = float(match["b"]) if match["b"] else float(match["a"] or match["c"]) / 100
        if _OXYGEN_OF_AIR <= share <= 1:
            return values.used(reading, "fio2", share, "1", *match.span())
    flow = _FIO2_FROM_FLOW.search(reading.lower)
    if flow and 1 <= (litres := float(flow["n"] or flow["m"])) <= _MOST_LITRES:
        note = f"{litres:g} L/min by nasal cannula, 20 % and 4 % a litre"
        return values.used(reading, "fio2", 0.2 + 0.04 * litres, "1", *flow.span(), origin=DERIVED, note=note)
    if air := _ROOM_AIR.search(reading.lower):
        return values.used(reading, "fio2", _OXYGEN_OF_AIR, "1", *air.span())
    return None


def _drips(reading: NoteReading, specs: dict[str, ModelInput]) -> dict[str, Used]:
    """Rates of vasopressors and inotropes that run, in ug/kg/min."""
    used: dict[str, Used] = {}
    for drug in _PRESSORS:
        name = f"{drug}_ug_kg_min"
        for fact in reading.about(drug):
            if fact.kind is not FactKind.MEDICATION or not _runs(fact.assertion):
                continue
            start, end = bounds(fact)
            dose = fact.sig.dose if fact.sig else None
            if isinstance(dose, Quantity) and dose.unit == "ug/kg/min":
                used[name] = values.used(reading, name, dose.value, dose.unit, start, end)
            elif rate := _RATE.search(reading.lower, start, end + _DRIP):
                used[name] = values.used(reading, name, float(rate["n"]), "ug/kg/min", start, rate.end())
            else:
                continue
            break
    return used


def _runs(said: object) -> bool:
    return not any(getattr(said, name) for name in ("is_negated", "is_hypothetical", "is_family", "is_historical"))


def _urine_of_a_day(reading: NoteReading) -> Used | None:
    """The urine of 24 hours: an amount of millilitres in a clause that speaks of urine and of a day."""
    low = reading.lower
    for match in _URINE.finditer(low):
        before, after = low[max(0, match.start() - 140) : match.start()], low[match.end() : match.end() + 80]
        before = re.split(r"[.;]\s", before)[-1]
        after = re.split(r"[.;]\s", after)[0]
        if not (_PASSED.search(before) or _PASSED.search(after)):
            continue
        if not (_DAY.search(after) or _DAY.search(before[-60:])):
            continue
        amount = float(re.sub(r"[\s,]", "", match["n"]))
        if match["u"].startswith("l"):
            amount *= 1000
        return values.used(reading, "urine_output_ml_day", amount, "mL/d", *match.span())
    return None
