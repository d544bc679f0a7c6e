"""Medication sigs: what a note says about dose, route, frequency, duration and status of each drug it mentions.

One sig per mention. Where a mention has several doses (a taper, a change, loading and maintenance), they stay one
statement: the sig's `dose` is the one in force and `steps` lists all of them in text order, each with its own
frequency and duration. Splitting them into facts would make one prescription look like several.

A drug that is named twice in a row, "prednisone (Deltasone)", is one mention. The characters of a sig reach from the
first to the last of drug, doses, terms and status.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from domain.facts import DoseStep, MedicationSig
from domain.quantities import Quantity
from nlp_pipeline.layers import Chart, Entities, Sig, chart, entities, sentence_of
from nlp_pipeline.medications.dose_links import Drug, link_doses
from nlp_pipeline.medications.doses import NUMBER, Amount, number_of
from nlp_pipeline.medications.status import AFTER_CUES, status_after, status_before, status_of_title
from nlp_pipeline.medications.terms import route_of
from nlp_pipeline.medications.words import words_of
from nlp_pipeline.medications.zone import Zone, read_zone
from nlp_pipeline.structure.sections import section_at

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from nlp_pipeline.vocabulary import Concept

_LABELS = frozenset({"MEDICATION", "DRUG_CLASS"})
# Elements and sugars that are measured and given: what "20 mEq of potassium" gives.
_GIVEN_AS = {
    "potassium": "potassium_chloride", "magnesium": "magnesium_sulfate", "calcium": "calcium_carbonate",
    "bicarbonate": "sodium_bicarbonate", "glucose": "dextrose", "phosphate": "potassium_phosphate",
    "phosphorus": "potassium_phosphate", "folate": "folic_acid",
    "vitamin_b12": "cyanocobalamin", "vitamin_d": "cholecalciferol", "albumin": "albumin",
    "fibrinogen": "fibrinogen_concentrate",
}  # fmt: skip
_REACH = 160
_ALIAS = re.compile(r"\s?[®™]?,?\s?[(\[]\s?(?:also\s+known\s+as\s+|aka\s+|i\.e\.,?\s+)?")
_LIST_GAP = re.compile(r"[\s,/+&)]*(?:\b(?:and|or|then)\b\s*)?", re.IGNORECASE)
_INSTRUCTION = re.compile(
    r"\s*(?:sig\b|take\b|inject\b|apply\b|inhale\b|use\b|place\b|instill\b|dose\s*:)", re.IGNORECASE
)
_BARE = re.compile(
    rf"\s{{1,3}}(?P<number>{NUMBER})(?P<second>/{NUMBER})?(?=\s+(?:po|p\.o|iv|im|sc|sq|daily|b\.?i\.?d|t\.?i\.?d"
    r"|q\.?i\.?d|qd|qhs|qam|qpm|qod|q\d|nightly|at\s+bedtime|once|twice|every|prn|weekly|mwf|(?:\d+\s*(?:-\s*\d+\s*)?|one\s+|two\s+)(?P<taken>tab|cap|puff|inhal|spray)\w*)\b)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_PERCENT_BEFORE = re.compile(
    rf"(?P<number>{NUMBER})\s?%\s+(?:hyperbaric\s+|heavy\s+|isobaric\s+|topical\s+)?$", re.IGNORECASE
)
_PERCENT = re.compile(rf"\s?[(:,]?\s?(?P<number>{NUMBER})\s?%", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\s+(?:(?!to\b)\w+\s+){0,2}$", re.IGNORECASE)
_CHANGED_TO = re.compile(
    r"\b(?:increas\w*|decreas\w*|reduc\w*|rais\w*|lower\w*|(?:up|down)-?titrat\w*|titrat\w*|escalat\w*|chang\w*|adjust\w*)\b"
    r"[^.;]{0,40}?\bto\s+(?:\w+\s+){0,3}$",
    re.IGNORECASE,
)
_ROLE = re.compile(r"\b(?P<loading>load\w*|bolus\w*)|\b(?P<maintenance>maint\w*)|(?P<none>[,;]|\bthen\b|\bby\b)", re.I)
_ROLE_NEXT = re.compile(r"\s*(?:IV\s+|as\s+a\s+)?(?:(?P<loading>load\w*|bolus\w*)|(?P<maintenance>maint\w*))", re.I)
_UNITS_BEFORE = re.compile(r"\b(?P<number>one|two|three|four|five|six|half|\d{1,2})\s+$", re.IGNORECASE)
_UNIT_AFTER = re.compile(r"[\s-]*(?:tab|cap|pill|vial|puff|patch|ampoule)", re.IGNORECASE)
_NUMBER_WORDS = {"half": 0.5, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0}


class SigReader:
    """spaCy component: one sig per drug mention, in `Doc._.chart.sigs`."""

    def __call__(self, doc: Doc) -> Doc:
        layer = chart(doc)
        layer.sigs = []
        named = entities(doc)
        found = _candidates(layer, named.labels)
        if found:
            text = layer.text
            groups = [
                (span, list(drugs))
                for span, drugs in groupby(_drugs(layer, text, named, found), key=lambda d: sentence_of(layer, d.start))
            ]
            for number, ((low, high), drugs) in enumerate(groups):
                following = groups[number + 1][0][0] if number + 1 < len(groups) else len(text) + 1
                layer.sigs += _Sentence(layer, text, drugs, low, min(high, len(text)), following).sigs()
            for sig in layer.sigs:
                if sig.sig.status == "stopped":  # "no longer takes": it was taken, so it is past rather than denied
                    doc.char_span(named.starts[sig.target], named.ends[sig.target])._.is_negated = False
        return doc


def _candidates(layer: Chart, labels: list[str]) -> list[tuple[int, Concept, bool]]:
    """Index and first concept of each mention that is a drug, or may be one where it is dosed (the flag says which)."""
    measured = {v.target for v in layer.values}
    found = []
    for index, (label, concepts) in enumerate(zip(labels, layer.concepts, strict=True)):
        if label in _LABELS:
            is_certain = True
        elif len(concepts) > 1:
            if concepts[0].id not in _GIVEN_AS and not any(c.kind == "medication" for c in concepts):
                continue
            is_certain = False
        elif label == "OBSERVATION" and concepts[0].id in _GIVEN_AS:
            is_certain = False
        else:
            continue
        if index not in measured:
            found.append((index, concepts[0], is_certain))
    return found


def _drugs(layer: Chart, text: str, named: Entities, found: list[tuple[int, Concept, bool]]) -> Iterator[Drug]:
    """The drug mentions in text order; a second name in brackets belongs to the first."""
    last: Drug | None = None
    for index, concept, certain in found:
        start, end = named.starts[index], named.ends[index]
        if not certain and last is not None and start - last.end <= 1:
            continue  # a salt: "heparin calcium"
        if last is not None and certain and start - last.end < 25 and _is_alias(layer, text, last, index, start):
            layer.suppressed.add(index)
            close = text.find(")", end, end + 2) + 1
            last = last._replace(end=close or end)
            continue
        if last is not None:
            yield last
        last = Drug(index, start, end, concept.kind == "drug_class", certain)
    if last is not None:
        yield last


def _is_alias(layer: Chart, text: str, last: Drug, index: int, start: int) -> bool:
    if _ALIAS.fullmatch(text, last.end, start) is None:
        return False
    return layer.concepts[last.entity][0].id == layer.concepts[index][0].id


class _Sentence:
    """Reads the sigs of the drugs of one sentence."""

    def __init__(self, layer: Chart, text: str, drugs: list[Drug], low: int, high: int, following: int) -> None:
        self._layer, self._text, self._drugs = layer, text, drugs
        self._low, self._own_high = low, high
        self._high = high if following <= high else self._with_next(high)
        self._words = words_of(layer.lowered, low, self._high)
        section = section_at(layer.sections, drugs[0].start)
        self._headed = status_of_title(section.title) if section else ""
        self._links = link_doses(text, layer.lowered, self._words, drugs, low, self._high, self._own_high)
        self._speaks = not AFTER_CUES.isdisjoint(self._words.texts)
        self._has_percent = text.find("%", low, self._high) >= 0

    def _with_next(self, high: int) -> int:
        """The end of the sentence, or of the next one where it may go on: "Sig: take ...", "The dose was 5 mg"."""
        text = self._text
        if high >= len(text) or text[max(0, high - 40) : high].count("\n") > 1:
            return high
        low, end = sentence_of(self._layer, high)
        if low != high:
            return high
        if _INSTRUCTION.match(text, high):
            self._own_high = end
            return end
        return min(end, high + _REACH) if _DIGIT.search(text, high, min(end, high + 90)) else high

    def sigs(self) -> list[Sig]:
        """One sig per drug that is one for certain, or is dosed like one."""
        found: list[Sig] = []
        inherited, floor = "", self._low
        for number, drug in enumerate(self._drugs):
            own = self._links[number]
            if not drug.is_certain:
                if not (own or self._percent_before(drug)) or not _promote(self._layer, drug.entity):
                    continue
            sig, status = self._read(number, floor)
            if found and _LIST_GAP.fullmatch(self._text, found[-1].end, sig.start):
                if not sig.sig.status and inherited:
                    sig = _with_status(sig, inherited)
                    status = inherited
                elif sig.sig.status and not status:
                    self._pass_back(found, sig)
            inherited, floor = status, sig.end
            found.append(sig)
        return found

    def _pass_back(self, found: list[Sig], last: Sig) -> None:
        """ "A and B were stopped" is about both."""
        start = last.start
        for position in range(len(found) - 1, -1, -1):
            sig = found[position]
            if sig.sig.status or _LIST_GAP.fullmatch(self._text, sig.end, start) is None:
                return
            found[position] = _with_status(sig, last.sig.status)
            start = sig.start

    def _read(self, number: int, floor: int) -> tuple[Sig, str]:
        """The sig of one drug, and its status if words before it say so, which a list shares."""
        drug, own = self._drugs[number], self._links[number]
        words = self._words
        begin = min(drug.start, own[0].start) if own else drug.start
        limit = self._limit(number)
        if (not own or all(a.is_counted for a in own)) and (bare := self._bare(drug, limit)):
            own = [bare, *own]
        if self._has_percent and not own and (percent := self._percent(drug)):
            own = [percent]
            begin = min(begin, percent.start)
        zone = read_zone(self._text, words, begin, (drug.start, drug.end), own, limit, self._speaks)
        end = max(_end(drug, own), zone.terms[-1][1].end) if zone.terms else _end(drug, own)
        first = words.at(begin)
        status, is_before = status_before(words, first, words.at(floor))
        if not status and zone.rest:
            status, status_end = status_after([words.texts[i] for i in zone.rest], [words.ends[i] for i in zone.rest])
            end = max(end, status_end)
        concept = self._layer.concepts[drug.entity][0]
        status = status or self._headed
        sig = self._sig(concept, first, own, zone, status)
        while end > drug.end and self._text[end - 1] in " .,;\n":
            end -= 1
        return Sig(begin, end, drug.entity, sig), status if is_before else ""

    def _limit(self, number: int) -> int:
        """Where the next drug or its dose begins, or the sentence ends."""
        drug, own = self._drugs[number], self._links[number]
        last = _end(drug, own)
        limit = min(self._high if last > self._own_high else self._own_high, last + _REACH)
        if number + 1 < len(self._drugs):
            following = self._drugs[number + 1]
            ahead = [a.start for a in self._links[number + 1] if a.start >= drug.end]
            limit = min(limit, following.start, *ahead)
        return limit

    def _bare(self, drug: Drug, limit: int) -> Amount | None:
        """ "Lasix 40 PO daily": a number in the place of a dose; "5/325" are milligrams, of inhalers micrograms; a single number has no unit."""
        match = _BARE.match(self._text, drug.end, self._high)
        if match is None or match.end() > limit:
            return None
        span = match.start("number"), match.end()
        if match["second"] is None:
            return Amount(*span, Quantity(value=number_of(match["number"]), unit="1"))
        unit = "ug" if (match["taken"] or "").lower() in {"puff", "inhal", "spray"} else "mg"
        parts = tuple(Quantity(value=number_of(n), unit=unit) for n in (match["number"], match["second"][1:]))
        return Amount(*span, parts[0], strength=parts)

    def _sig(self, concept: Concept, first: int, own: list[Amount], zone: Zone, status: str) -> MedicationSig:
        stated = {term.kind: term.value for _, term in reversed(zone.terms)} if zone.terms else {}  # the first of each
        route = stated.get("route") or self._route_before(first)
        if not own:
            return _undosed(
                concept.label, stated.get("form", ""), route,
                stated.get("frequency") or self._frequency_before(first),
                stated.get("as_needed"), stated.get("duration", ""), status, stated.get("last_taken", ""),
            )  # fmt: skip
        counted = [a for a in own if a.is_counted]
        dosed = [a for a in own if not a.is_counted] or counted
        steps = [s for a in dosed for s in self._steps(a, own, zone)]
        main = steps[0] if len(steps) == 1 else self._in_force(steps, dosed)
        amount = dosed[0]
        return MedicationSig(
            drug=concept.label,
            dose=main.dose,
            dose_high=main.dose_high,
            strength=amount.strength,
            amount=counted[0].dose if counted and dosed is not counted else self._units(amount),
            form=stated.get("form", ""),
            route=route,
            frequency=main.frequency or stated.get("frequency") or self._frequency_before(first),
            as_needed="as_needed" in stated,
            reason=stated.get("as_needed", ""),
            duration=main.duration or stated.get("duration", ""),
            status=status,
            last_taken=stated.get("last_taken", ""),
            steps=tuple(steps) if len(steps) > 1 else (),
        )

    def _steps(self, amount: Amount, own: list[Amount], zone: Zone) -> list[DoseStep]:
        number = own.index(amount)
        frequency = zone.at(number, "frequency") or amount.frequency
        duration = zone.at(number, "duration")
        role = ""
        if len(own) > 1 or amount.high is not None:
            is_previous = _FROM.search(self._text[max(self._low, amount.start - 30) : amount.start]) is not None
            if is_previous and amount.high is not None:
                before = DoseStep(dose=amount.dose, role="previous")
                return [before, DoseStep(dose=amount.high, frequency=frequency, duration=duration)]
            role = "previous" if is_previous else self._role(amount, own)
        return [DoseStep(dose=amount.dose, dose_high=amount.high, frequency=frequency, duration=duration, role=role)]

    def _in_force(self, steps: list[DoseStep], dosed: list[Amount]) -> DoseStep:
        """The dose that holds after what is said: the last it was changed to, else the first that is not past."""
        present = [s for s in steps if s.role != "previous"] or steps
        if len(steps) == len(dosed):
            changed = [s for s, a in zip(steps, dosed, strict=True) if s in present and self._is_change(a)]
            if changed:
                return changed[-1]
        return next((s for s in present if s.dose.unit not in {"mL", "L"}), present[0])

    def _role(self, amount: Amount, own: list[Amount]) -> str:
        previous = max([self._low, *(a.end for a in own if a.end <= amount.start)])
        following = _ROLE_NEXT.match(self._text, amount.end, amount.end + 30)
        if following:
            return following.lastgroup or ""
        found = [m.lastgroup or "" for m in _ROLE.finditer(self._text, max(previous, amount.start - 40), amount.start)]
        return found[-1].removeprefix("none") if found else ""

    def _is_change(self, amount: Amount) -> bool:
        return _CHANGED_TO.search(self._text[max(self._low, amount.start - 70) : amount.start]) is not None

    def _units(self, amount: Amount) -> Quantity | None:
        """How many units of this strength: "2 x 5 mg", "two 500-mg tablets"."""
        if amount.units is not None:
            return Quantity(value=amount.units, unit="{dose}")
        if _UNIT_AFTER.match(self._text, amount.end) is None:
            return None
        match = _UNITS_BEFORE.search(self._text[max(self._low, amount.start - 8) : amount.start])
        if match is None:
            return None
        word = match["number"].lower()
        return Quantity(value=_NUMBER_WORDS[word] if word in _NUMBER_WORDS else float(word), unit="{tablet}")

    def _percent(self, drug: Drug) -> Amount | None:
        """The concentration of a solution or cream, which is its dose where no amount is given."""
        if match := _PERCENT.match(self._text, drug.end, self._own_high):
            return _percentage(match["number"], *match.span())
        return self._percent_before(drug)

    def _percent_before(self, drug: Drug) -> Amount | None:
        floor = max(self._low, drug.start - 24)
        if self._text.find("%", floor, drug.start) < 0:
            return None
        match = _PERCENT_BEFORE.search(self._text[floor : drug.start])
        if match is None:
            return None
        return _percentage(match["number"], floor + match.start(), floor + match.end("number") + 1)

    def _route_before(self, first: int) -> str:
        """The route that one of the two words before a word names."""
        texts = self._words.texts
        return (route_of(texts[first - 1]) if first else "") or (route_of(texts[first - 2]) if first > 1 else "")

    def _frequency_before(self, first: int) -> str:
        word = self._words.texts[first - 1] if first > 0 else ""
        return word if word in {"daily", "weekly", "nightly", "monthly"} else ""


def _end(drug: Drug, own: list[Amount]) -> int:
    return max([drug.end, *(a.end for a in own)]) if own else drug.end


@lru_cache(maxsize=4096)
def _undosed(
    label: str, form: str, route: str, frequency: str, reason: str | None, duration: str, status: str, last_taken: str
) -> MedicationSig:
    """The sig of a drug that is named without a dose, as most are; `reason` is None where it is not as needed."""
    return MedicationSig(
        drug=label, form=form, route=route, frequency=frequency, as_needed=reason is not None, reason=reason or "",
        duration=duration, status=status, last_taken=last_taken,
    )  # fmt: skip


def _promote(layer: Chart, index: int) -> bool:
    """Make the drug the first meaning of a mention that is dosed as one ("20 mEq of potassium"); whether there is one."""
    from nlp_pipeline.vocabulary import load_vocabulary

    concepts = layer.concepts[index]
    drugs = tuple(c for c in concepts if c.kind == "medication")
    if not drugs:
        given = load_vocabulary().get("medication", _GIVEN_AS.get(concepts[0].id, ""))
        drugs = (given,) if given else ()
    layer.concepts[index] = (*drugs, *(c for c in concepts if c.kind != "medication"))
    return bool(drugs)


def _percentage(number: str, start: int, end: int) -> Amount:
    return Amount(start, end, Quantity(value=number_of(number), unit="%"))


def _with_status(sig: Sig, status: str) -> Sig:
    return sig._replace(sig=sig.sig.model_copy(update={"status": status}))
