"""Items and wordings to rows: draws evenly over areas, words half of the items twice, and splits nothing itself."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from evals.generators.chart import Chart
from evals.generators.golds import Absent, Item, alternatives, items, number
from evals.generators.patients import AS_OF, Clash, Made, Pool, Told

Row = dict[str, Any]


class Words(Protocol):
    """How an author asks: a module, or what was read from a file."""

    LABS: dict[str, tuple[str, ...]]
    ASK: dict[str, tuple[str, ...]]
    ABSENT: Absent
    OTHERS: tuple[str, ...]
    OTHERS_BY_NUMBER: tuple[str, ...]
    STRANGERS: tuple[str, ...]
    SELF_NAMED: tuple[str, ...]


class Asker:
    """Collects the rows of one half, with ids and pairs numbered as they come."""

    def __init__(self, half: str, words: Words, seed: int) -> None:
        self.half, self.words, self.rng = half, words, random.Random(seed)
        self.rows: list[Row] = []
        self._numbers: Counter[str] = Counter()
        self._pairs = 0
        self._turn: Counter[str] = Counter()

    def add(self, chart: Chart, category: str, wordings: list[str], expect: Row, **more: Any) -> None:
        """One row for each wording; two wordings of one thing are a pair."""
        if len(wordings) > 1:
            self._pairs += 1
            more["pair"] = f"{self.half}-{self._pairs:03d}"
        for wording in wordings:
            self._numbers[category] += 1
            row = {"id": f"{category}-{self._numbers[category]:03d}", "patient_id": chart.id, "question": wording,
                   "as_of": chart.as_of, "category": category, **more, "expect": expect}  # fmt: skip
            self.rows.append(row)

    def word(self, kind: str, chart: Chart, slots: Row, n: int = 1) -> list[str]:
        """The next wordings of a kind, in turn, so that each is used about as often as the others."""
        forms = self.words.ASK[kind]
        chosen = [forms[(self._turn[kind] + i) % len(forms)] for i in range(min(n, len(forms)))]
        self._turn[kind] += n
        said = pronouns(chart.is_female)
        return [form.format(**said, **{k: str(v).format(**said) for k, v in slots.items()}) for form in chosen]

    def record(self, chart: Chart, per_area: tuple[int, ...]) -> None:
        """Questions that this record answers; `per_area` says how many items of each area."""
        for area, wanted in zip(items(chart, self.rng, self.words.LABS, self.words.ABSENT), per_area, strict=True):
            for n, item in enumerate(_varied(area, wanted)):
                twice = 2 if (n + len(self.rows)) % 3 == 0 else 1
                self.add(
                    chart, item.category, self.word(item.kind, chart, item.slots, twice), item.expect, kind=item.kind
                )

    def told(self, chart: Chart, told: Told, note_id: str) -> None:
        """What only a note tells, in the wordings that were written for it."""
        said = pronouns(chart.is_female)
        expect: Row = {"any_of": alternatives(told.gold), "cites_note": [note_id]}
        if told.never:
            expect["none_of"] = told.never.split("|")
        self.add(chart, told.category, [asked.format(**said) for asked in told.asked], expect)

    def clash(self, chart: Chart, clash: Clash, held: str) -> None:
        """A note against the record: the record is followed; for what the record has coded, the conflict is shown."""
        said = pronouns(chart.is_female)
        orders = [o for o in chart.orders() if o.text.lower().startswith(held.lower())]
        status = held.split()[0].lower()
        golds: dict[str, Row] = {
            "allergy": {"any_of": [[_last_word(word)] for word, _ in chart.allergies()], "conflict": True},
            "smoking": {"any_of": [_SMOKER.get(status, [status])], "conflict": True},
            "stopped": {"yes_no": "no"},
            "dose": number(float(orders[0].text.split()[1]), 0.0) if orders else {},
        }
        wordings = [asked.format(x=held, **said) for asked in clash.asked]
        self.add(chart, "conflicts", wordings, golds[clash.kind])

    def generated(self, made: Sequence[Made], per_area: tuple[int, ...]) -> list[Chart]:
        """Questions on each generated patient: its record, what its notes tell, and where they clash; the charts, in order."""
        charts = [chart_of(one) for one in made]
        for one, chart in zip(made, charts, strict=True):
            self.record(chart, per_area)
            for told, note_id in one.told:
                self.told(chart, told, note_id)
            for clash, held, _ in one.clashes:
                self.clash(chart, clash, held)
        return charts

    def others(self, charts: list[Chart], pool: Pool) -> None:
        """Somebody else, by name, number and role; and the patient's own full name, which is no reason to refuse."""
        by_id = {f"{pool.prefix}-{n + 1:02d}": p for n, p in enumerate(pool.people)}
        for n, chart in enumerate(charts):
            said = pronouns(chart.is_female)
            own = by_id[chart.id]
            # The near twin stands beside in the pool; everybody else is a plain stranger with a chart.
            twin = pool.people[n + 1 if n % 2 == 0 else n - 1]
            far = pool.people[(n + 4) % len(pool.people)]
            for person, category in ((twin, "near_names"), (far, "wrong_patient")):
                form = self.words.OTHERS[self._turn["others"] % len(self.words.OTHERS)]
                self._turn["others"] += 1
                name = f"{person.given} {person.family}"
                text = form.format(other=name, other_his="her" if person.gender == "female" else "his")
                self.add(chart, category, [text], {"refused": True})
            form = self.words.OTHERS_BY_NUMBER[n % len(self.words.OTHERS_BY_NUMBER)]
            self.add(chart, "near_names", [form.format(mrn=twin.mrn)], {"refused": True})
            stranger = self.words.STRANGERS[n % len(self.words.STRANGERS)]
            self.add(chart, "wrong_patient", [stranger.format(**said)], {"refused": True})
            form = self.words.SELF_NAMED[n % len(self.words.SELF_NAMED)]
            text = form.format(name=f"{own.given} {own.family}", mrn=own.mrn)
            self.add(chart, "near_names", [text], _self_gold(chart, form))


_SMOKER = {"former": ["former", "ex-smoker", "quit"], "current": ["current", "every day", "daily"]}


def _last_word(words: str) -> str:
    """The substance in an allergy's name: "Allergy to penicillin", "Latex allergy"."""
    kept = [word for word in words.split() if word.lower() not in ("allergy", "to", "protein")]
    return kept[-1]


def pronouns(is_female: bool) -> dict[str, str]:
    """The slots of a wording that stand for the patient."""
    return {"he": "she", "his": "her", "him": "her"} if is_female else {"he": "he", "his": "his", "him": "him"}


def _varied(area: list[Item], wanted: int) -> list[Item]:
    """So many items of an area, no kind twice before every kind was there once."""
    by_kind: dict[str, list[Item]] = {}
    for item in area:
        by_kind.setdefault(item.kind, []).append(item)
    chosen: list[Item] = []
    while by_kind and len(chosen) < wanted:
        for kind in list(by_kind):
            chosen.append(by_kind[kind].pop(0))
            if not by_kind[kind]:
                del by_kind[kind]
    return chosen[:wanted]


def _self_gold(chart: Chart, form: str) -> Row:
    """What the questions of `SELF_NAMED` want to hear."""
    from evals.generators.chart import DIASTOLIC, SYSTOLIC

    lowered = form.lower()
    if "pressure" in lowered or " bp" in lowered:
        top, low = (chart.series("bp", part)[-1].written for part in (SYSTOLIC, DIASTOLIC))
        return {"number": [number(top)["number"], number(low)["number"]]}
    if "allerg" in lowered:
        return {"any_of": [[_last_word(word)] for word, _ in chart.allergies()]}
    if "meds" in lowered or "medic" in lowered or "drug" in lowered:
        return {"any_of": [[o.text.split()[0]] for o in chart.orders() if o.status == "active"]}
    if "birth" in lowered or "born" in lowered or "dob" in lowered:
        return {"date": chart.patient["birthDate"]}
    return number(chart.age(), 0.0)


def chart_of(made: Made) -> Chart:
    """A generated patient's chart."""
    return Chart(made.resources, AS_OF)
