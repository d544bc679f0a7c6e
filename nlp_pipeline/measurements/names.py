"""The names that values belong to: observation entities, ways of speaking of a vital sign, and findings with a value."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from nlp_pipeline.layers import IntervalSet
from nlp_pipeline.measurements.phrases import name_before
from nlp_pipeline.measurements.units import rules

if TYPE_CHECKING:
    from nlp_pipeline.measurements.numbers import Number
    from nlp_pipeline.vocabulary import Concept, Vocabulary

_CONDITIONS = frozenset({"CONDITION", "SYMPTOM", "SOCIAL"})
_CATEGORIES = frozenset({"lab", "vital", "score", "micro", "device"})
# Ways of naming a vital sign that are not names of it, read backwards from the number that they announce.
_SPOKEN = re.compile(
    r"(?<![A-Za-z\d])(?:(?P<body_temperature>(?i:a?febrile|fever|pyrexi[ac]l?)\s+(?:up\s+)?(?:to|of|at)\s+|T(?:max|curr|emp|c|m)?\s?[:=]?\s?)"
    r"|(?P<oxygen_saturation>(?i:satting|sating|saturating|sats?|satur?ation)\s+(?:(?:at|of|in\s+the|was|were)\s+)?|(?:O2|SaO2|Sp02|SPO2|S[pa]O₂)\s?(?:[:=]|of|was)?\s?)"
    r"|(?P<heart_rate>(?i:tachycardic|bradycardic)\s+(?:to|at|in\s+the)\s+|(?:HR|Pulse)\s(?:was|is|of|at|up\sto|in\sthe)\s|(?:P|HR|PR|[Pp]ulse)\s?[:=]?\s?)"
    r"|(?P<respiratory_rate>(?i:tachypno?eic)\s+(?:to|at|in\s+the)\s+|respirations?(?:\s(?:was|were|of|at)|,|:)?\s|RR\s(?:was|is|of|at|up\sto|in\sthe)\s|(?:RR|R|Resp)\s?[:=]?\s?)"
    r"|(?P<blood_pressure>(?i:hypotensive|hypertensive|normotensive)(?:\s+(?:to|at)\s+|\s?\(\s*))"
    r"|(?P<vancomycin_trough>(?i:trough(?:\s+levels?)?)\s*(?:of|was|is|:|=|at)?\s*)"
    r"|(?P<body_weight>(?i:weighs|weighing|weighed|weighting|weighted|bodyweight|wt)\s?[:=]?\s?(?:(?:about|approximately|only)\s)?)"
    r"|(?P<wbc>(?i:total\s(?:cell\s)?counts?)(?:\s(?:was|of|is))?[\s:=(–-]*)"  # in Indian reports
    r"|(?P<body_height>length(?:\s(?:was|of|is))?\s?[(:,]?\s?)"
    r"|(?P<hr_>(?<=\d\s)p\s)|(?P<rr_>(?<=\d\s)r\s)|(?P<t_>(?<=\d\s)t\s)"
    r"|(?P<blood_ph>pH\s?(?:was|of|at|is|[:=,])?\s?)|(?P<pco2>(?:Pa|[Pp])CO₂[\s:=]*(?:(?:of|was)\s)?)|(?P<po2>(?:Pa|[Pp])O₂[\s:=]*(?:(?:of|was)\s)?)"
    r"|(?P<fio2>FiO₂[\s:=]*(?:(?:of|was)\s)?)|(?P<bicarbonate>HCO₃[⁻−-]?[\s:=]*(?:(?:of|was)\s)?)"
    r"|(?P<sodium>Na\+?\s?[:=]?\s?)|(?P<potassium>K\+?\s?[:=]?\s?))$"
)
# The last letters of these names, of "up" and "in" before a link, and of links that follow without a space.
_LEADS = frozenset(
    "unt t max urr emp tc tm ile ver xia xic ial icl up in ing sat ats ion o2 ao2 po2 p02 po₂ ao₂ io₂ co₂ co₃ hr p pr lse dic"
    " r rr esp ons eic ive ugh vel els ghs hed ted ght wt gth ph na k of 2of hof was his hat out ely nly".split()
)
_ANNOUNCED = {
    "body_temperature": re.compile(r"(?:3[4-9]|4[0-2]|9[4-9]|10[0-7])(?:\.\d|(?![\d/]|\.\d/|\s?%))"),
    "oxygen_saturation": re.compile(r"(?:[5-9]\d|100)(?![\d/])"),
    "heart_rate": re.compile(r"\d{2,3}(?!\d|\s?(?:[%.]\d|%|ms|/\s?\d))"),
    "respiratory_rate": re.compile(r"\d{1,2}(?!\d|\s?(?:[.]\d|%|/\s?\d))"),
    "wbc": re.compile(
        r"(?:\d{1,3},\d{3}|\d{4,6})(?![\d.])|[\d.]+\s?(?:k\b|[x×*]\s?10|/\s?(?:cu|c?mm|[uµμ]l)|cells|per\s(?:cu|mm))",
        re.IGNORECASE,
    ),
    "body_height": re.compile(r"\d{2}(?:\.\d)?\s?cm"),
    "blood_ph": re.compile(r"[67]\.\d"),
    "sodium": re.compile(r"1\d\d(?!\d)"),
    "potassium": re.compile(r"\d\.\d"),
}
_SHORT = {"hr_": "heart_rate", "rr_": "respiratory_rate", "t_": "body_temperature", "spo2_": "oxygen_saturation"}
_VANCOMYCIN = re.compile(r"\bvanc\w*\b(?!\s+trough)[^.\n]*(?:[.\n][^.\n]*)?$", re.IGNORECASE)
_FLUID = re.compile(r"\b(?:csf|cerebrospinal|fluid|lumbar|tap|urine)\b", re.IGNORECASE)
_SPECIMEN = frozenset(
    "serum plasma blood whole venous arterial capillary peripheral absolute total mean random fasting free spot estimated resting oral rectal"
    " axillary high-sensitivity postprandial preoperative postoperative pre-operative post-operative initial direct".split()
)
_ALIAS = re.compile(r"(?:\s(?:levels?|counts?|scores?|scale|concentrations?|rates?|tests?))?\s?[(\[]\s?|\s?/\s?|,\s|\s")
_CLOSE = re.compile(r"\s?(?:levels?\s?)?[)\]]")
_BETWEEN = frozenset("fluid sample spot random total 24-h 24-hour 24h".split())


JUDGEMENTS = frozenset(
    "elevated increased raised high low decreased reduced abnormal normal positive negative diminished deranged".split()
)


class Anchor(NamedTuple):
    """A name in the text and what it names; `target` is the index of its entity, or -1.

    `needs_unit`: the name is first of all a drug or a finding, so only a number with its unit is a value of it.
    """

    start: int
    end: int
    concept: Concept | None
    target: int
    is_finding: bool = False
    needs_unit: bool = False


class NameFinder:
    """Finds the anchors of a note."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._observation = {c.id: c for c in vocabulary.of_kind("observation")}
        self._measured = frozenset(c.id for c in self._observation.values() if _is_measured(c))
        self._by_surface, self._by_ambiguous = vocabulary.by_surface, vocabulary.by_ambiguous
        self._before_names = _SPECIMEN | _BETWEEN | frozenset(rules()["fluids"])
        findings = {k: self._observation.get(v) for k, v in rules()["findings"].items()}
        self._findings = {k: v for k, v in findings.items() if v}

    def find(
        self,
        concepts: list[tuple[Concept, ...]],
        labels: list[str],
        spans: list[tuple[int, int]],
        text: str,
        numbers: list[Number],
    ) -> list[Anchor]:
        """Anchors in text order: one per mention, aliases in brackets joined to the name they repeat."""
        anchors, measured = [], self._measured
        for index, (candidates, label) in enumerate(zip(concepts, labels, strict=True)):
            if label == "OBSERVATION":
                if candidates[0].id in measured:
                    anchors.append(Anchor(*spans[index], candidates[0], index))
            elif len(candidates) > 1 and (other := next((c for c in candidates if _is_measured(c)), None)):
                anchors.append(Anchor(*spans[index], other, index, False, True))
            elif label in _CONDITIONS:
                judged = self._judged(text, *spans[index])
                if judged:
                    anchors.append(judged)
                elif (finding := candidates[0].id) in self._findings:
                    anchors.append(Anchor(*spans[index], self._findings[finding], -1, True, True))
        spoken = self._spoken(text, anchors, numbers)
        return self._joined(sorted([*anchors, *spoken], key=itemgetter(0)) if spoken else anchors, text)

    def concept(self, concept_id: str) -> Concept | None:
        """The observation of this id."""
        return self._observation.get(concept_id)

    def _judged(self, text: str, start: int, end: int) -> Anchor | None:
        """The test in a finding that is a test with a judgement: the creatinine of "elevated creatinine"."""
        space = text.find(" ", start, end)
        if space < 0 or text[start:space].lower() not in JUDGEMENTS:
            return None
        concept = self.named(text[space + 1 : end])
        return Anchor(space + 1, end, concept, -1) if concept else None

    def named(self, name: str) -> Concept | None:
        """The measured observation that a name or a short form stands for."""
        words = " ".join(name.lower().split())
        for index in (self._by_surface, self._by_ambiguous):
            for concept in index.get(words, ()):
                if _is_measured(concept):
                    return concept
        return None

    def _spoken(self, text: str, named: list[Anchor], numbers: list[Number]) -> list[Anchor]:
        found: list[Anchor] = []
        likely = [number for number, lead, _ in numbers if lead in _LEADS]
        taken = IntervalSet(a[:2] for a in named if not a.is_finding) if likely else IntervalSet(())
        for number in likely:
            match = _SPOKEN.search(text, max(0, number - 26), number)
            if match is None:
                continue
            group = match.lastgroup or ""
            concept_id, start = _SHORT.get(group, group), match.start()
            announced = _ANNOUNCED.get(concept_id)
            if announced and not announced.match(text, number):
                continue
            if concept_id == "vancomycin_trough" and not _VANCOMYCIN.search(text, max(0, start - 150), start):
                continue
            if concept_id == "body_height" and "weigh" not in text[max(0, start - 90) : start]:
                continue
            if concept_id == "wbc" and _FLUID.search(text, max(0, start - 100), number + 40):
                continue
            if concept_id == "blood_ph" and "urin" in text[max(0, start - 200) : start].lower():
                concept_id = "urine_ph"
            concept = self._observation.get(concept_id)
            if concept and not taken.holds(start):
                end = start + len(match[0].rstrip(" :=(,"))
                found.append(Anchor(start, end, concept, -1))
        position = text.find(" tall")
        while position >= 0:
            if not text[position + 5 : position + 6].isalpha() and (concept := self._observation.get("body_height")):
                found.append(Anchor(position + 1, position + 5, concept, -1))
            position = text.find(" tall", position + 5)
        return found

    def _joined(self, anchors: list[Anchor], text: str) -> list[Anchor]:
        out: list[Anchor] = []
        last: Anchor | None = None
        for anchor in anchors:
            start, end, concept, target, is_finding, _ = anchor
            if last and start < last.end:
                if last.is_finding and not is_finding:
                    out[-1] = last = anchor
                continue
            if (
                last
                and last.concept is concept
                and not is_finding
                and start - last.end <= 17
                and _ALIAS.fullmatch(text, last.end, start)
            ):
                close = _CLOSE.match(text, end)
                if close and text[last.end : start].strip()[:1] in {"(", "["}:
                    end = close.end()
                out[-1] = last = last._replace(end=end, target=last.target if last.target >= 0 else target)
                continue
            sign, before = text[start], text[start - 1 : start]
            if before == "(" and text[end : end + 1] == ")":
                spelled = name_before(text, start - 1)  # "glycated albumin (GA) of 22 %"
                if spelled is not None and (last is None or spelled >= last.end):
                    last = anchor._replace(start=spelled, end=end + 1)
                    out.append(last)
                    continue
            if sign == "%":  # "64% lymphocytes": the sign is the unit of the number before it
                anchor = anchor._replace(start=start + 1 + (text[start + 1] == " "))
            elif (before.isspace() or before == "-") and (
                target >= 0 or (concept is not None and concept.id == "blood_ph")
            ):
                anchor = self._specimen(text, anchor)
            last = anchor
            out.append(anchor)
        return out

    def _specimen(self, text: str, anchor: Anchor) -> Anchor:
        """A name with the words before it that belong to it, as what it names then."""
        start, concept = anchor.start, anchor.concept
        before = text[start - 40 if start > 40 else 0 : start].lower()
        words = before.rsplit(None, 1)
        if not words or words[-1].rstrip("-") not in self._before_names:
            return anchor  # mostly
        words = before.split()
        if before[-1] == "-":
            words[-1] = words[-1].rstrip("-")
        fluids = rules()["fluids"]
        last = words[-1]
        if last in _BETWEEN and len(words) > 1 and words[-2] in fluids:
            last = words[-2]
        if last in fluids and concept is not None and not concept.id.startswith(("urine", "csf", "sweat", "fecal")):
            word = fluids[last]
            known = self.named(f"{word} {text[start : anchor.end]}")
            by_id = self._observation.get(f"{word.split()[0]}_{concept.id}")
            return anchor._replace(start=start - len(before) + before.rfind(last), concept=known or by_id)
        end = len(before)
        while words and words[-1] in _SPECIMEN:
            end = before.rfind(words.pop(), 0, end)
        return anchor._replace(start=start - len(before) + end)


def _is_measured(concept: Concept) -> bool:
    return concept.kind == "observation" and concept.extra.get("category") in _CATEGORIES
