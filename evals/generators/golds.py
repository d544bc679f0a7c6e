"""Questions a record can be asked, each with its gold computed from the FHIR JSON.

`items` goes through the kinds of question and yields those that this chart can answer fairly: no gold rests on two
results of one moment, on a unit that changes within the series, or on a name that two drugs share.
"""

from __future__ import annotations

import random
import re
import statistics
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple

from evals.generators.chart import DIASTOLIC, SYSTOLIC, Chart, Reading

Expect = dict[str, Any]


class Item(NamedTuple):
    """One thing that can be asked in several wordings."""

    kind: str
    category: str
    slots: dict[str, str]
    expect: Expect


# Analyte → factor and unit of the question "in other units".
_OTHER_UNITS: dict[str, tuple[float, str]] = {
    "creatinine": (88.42, "umol/L"), "glucose": (1 / 18.016, "mmol/L"), "hemoglobin": (10.0, "g/L"),
    "ldl": (1 / 38.67, "mmol/L"), "hdl": (1 / 38.67, "mmol/L"), "weight": (1 / 0.45359237, "pounds"),
    "calcium": (1 / 4.008, "mmol/L"),
}  # fmt: skip
_LABS = ("creatinine", "potassium", "sodium", "hemoglobin", "a1c", "ldl", "hdl", "platelets", "wbc", "tsh", "ferritin",
         "alt", "crp", "uric acid", "vitamin d", "b12", "calcium", "albumin", "magnesium", "glucose", "triglycerides",
         "bun", "uacr", "inr", "cholesterol", "ast")  # fmt: skip


def tolerance(value: float) -> float:
    """Half a unit of the coarsest rounding accepted: hundredths below 1, tenths below 20, else whole numbers."""
    size = abs(value)
    if float(value).is_integer() and size < 100:
        return 0.05
    return 0.5 if size >= 20 else 0.051 if size >= 1 else 0.0051


def number(value: float, slack: float | None = None) -> Expect:
    """A number within a tolerance."""
    return {"number": {"value": round(value, 4), "tolerance": tolerance(value) if slack is None else slack}}


def alternatives(gold: str) -> list[list[str]]:
    """`a|b;c` as groups: one of the first and one of the second."""
    return [group.split("|") for group in gold.split(";")]


def plain(words: str) -> str:
    """A concept's words as a person says them: without its tag, strength and form."""
    words = re.sub(r"\s*\([^()]*\)\s*$", "", words)
    return words


def drug_name(text: str) -> str:
    """The ingredient of an order's words: everything before the first number or dose form."""
    return re.split(r"\s\d|\s(?:oral|tablet|hydrochloride|sodium)\b", plain(text).lower())[0].strip()


def _fair(chart: Chart, analyte: str, at_least: int) -> list[Reading]:
    rows = chart.series(analyte)
    times = {r.time[:19] for r in rows}
    units = {r.unit for r in rows}
    return rows if len(rows) >= at_least and len(times) == len(rows) and len(units) == 1 else []


def _dated(row: Reading) -> Expect:
    return number(row.written) | {"date": row.day}


def _lab_items(chart: Chart, rng: random.Random, names: dict[str, tuple[str, ...]]) -> Iterator[Item]:
    usable = [a for a in _LABS if a in names and _fair(chart, a, 2)]
    rng.shuffle(usable)
    makers = [
        _latest,
        _first,
        _previous,
        _extreme,
        _mean,
        _counted,
        _above,
        _trend,
        _on_day,
        _in_unit,
        _last_when,
        _change,
    ]
    for n, make in enumerate(makers * 2):
        if not usable:
            return
        analyte = usable[n % len(usable)]
        made = make(chart, analyte, rng)
        if made is not None:
            kind, slots, expect = made
            category = {"in_unit": "units", "trend": "trends", "change": "trends", "count": "counts"}.get(kind, "labs")
            yield Item(kind, category, {"lab": rng.choice(names[analyte]), **slots}, expect)


_Made = tuple[str, dict[str, str], Expect] | None


def _latest(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    return "latest", {}, _dated(chart.series(analyte)[-1])


def _first(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    return "first", {}, _dated(chart.series(analyte)[0])


def _previous(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    return "previous", {}, _dated(chart.series(analyte)[-2])


def _extreme(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    kind = rng.choice(("highest", "lowest"))
    values = [r.written for r in chart.series(analyte)]
    return kind, {}, number(max(values) if kind == "highest" else min(values))


def _mean(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    year = rng.choice(sorted({r.day[:4] for r in chart.series(analyte)}))
    rows = [r.written for r in chart.series(analyte) if r.day[:4] == year]
    return ("mean", {"year": year}, number(statistics.mean(rows))) if len(rows) >= 2 else None


def _counted(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    year = rng.choice(sorted({r.day[:4] for r in chart.series(analyte)}))
    return "count", {"year": year}, number(sum(r.day[:4] == year for r in chart.series(analyte)), 0.0)


def _above(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    values = sorted({r.written for r in chart.series(analyte)})
    if rng.random() < 0.5 and len(values) >= 2:
        limit = (values[-1] + values[-2]) / 2
        expect: Expect = {"yes_no": "ever"} | number(values[-1])
    else:
        limit, expect = values[-1] * 1.15, {"yes_no": "no"}
    shown = f"{limit:.0f}" if limit >= 20 else f"{limit:.1f}"
    if any(abs(float(shown) - v) < 1e-9 for v in values) or (float(shown) < values[-1]) != (limit < values[-1]):
        return None
    return "above", {"limit": shown}, expect


def _trend(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    rows = chart.series(analyte)
    if len(rows) < 3 or rows[0].written == rows[-1].written:
        return None
    first, last = rows[0].written, rows[-1].written
    return "trend", {}, {"number": [number(first)["number"], number(last)["number"]]}


def _on_day(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    row = rng.choice(chart.series(analyte))
    same = [r for r in chart.series(analyte) if r.day == row.day]
    return ("on_day", {"day": _said_day(row.day, rng)}, number(row.written)) if len(same) == 1 else None


def _in_unit(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    if analyte not in _OTHER_UNITS:
        analyte = "weight"
    rows = _fair(chart, analyte, 1)
    if not rows or analyte == "weight":
        return None
    factor, unit = _OTHER_UNITS[analyte]
    value = rows[-1].value * factor
    return "in_unit", {"unit": unit}, number(value, max(tolerance(value), 0.006 * value))


def _last_when(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    return "when", {}, {"date": chart.series(analyte)[-1].day}


def _change(chart: Chart, analyte: str, rng: random.Random) -> _Made:
    rows = chart.series(analyte)
    step = rows[-1].written - rows[-2].written
    expect = {"number": [number(rows[-1].written)["number"], number(rows[-2].written)["number"]]}
    return ("change", {}, expect) if abs(step) > 1e-9 else None


def _said_day(day: str, rng: random.Random) -> str:
    when = date.fromisoformat(day)
    forms = (day, f"{when.day} {when:%B} {when.year}", f"{when:%b} {when.day}, {when.year}")
    return rng.choice(forms)


def _vital_items(chart: Chart, rng: random.Random) -> Iterator[Item]:
    systolic, diastolic = chart.series("bp", SYSTOLIC), chart.series("bp", DIASTOLIC)
    if systolic and len({r.time for r in systolic}) == len(systolic):
        pair = [number(systolic[-1].written)["number"], number(diastolic[-1].written)["number"]]
        yield Item("bp", "vitals", {}, {"number": pair, "date": systolic[-1].day})
        yield Item("bp_max", "vitals", {}, number(max(r.written for r in systolic)))
        over = sum(r.written >= 140 for r in systolic)
        yield Item("bp_count", "counts", {}, number(over, 0.0))
    weights = _fair(chart, "weight", 2)
    if weights:
        yield Item("weight", "vitals", {}, _dated(weights[-1]))
        if weights[-1].unit == "kg":
            pounds = weights[-1].value / 0.45359237
            yield Item("weight_lb", "units", {}, number(pounds, 0.6))
        expect = {"number": [number(weights[0].written)["number"], number(weights[-1].written)["number"]]}
        if weights[0].written != weights[-1].written:
            yield Item("weight_trend", "trends", {}, expect)
    beats = _fair(chart, "hr", 2)
    if beats:
        yield Item("hr", "vitals", {}, _dated(beats[-1]))


def _drug_items(chart: Chart, rng: random.Random) -> Iterator[Item]:
    orders = chart.orders()
    by_name: dict[str, list[Any]] = {}
    for order in orders:
        by_name.setdefault(drug_name(order.text), []).append(order)
    active = {n for n, rows in by_name.items() if any(o.status == "active" for o in rows)}
    stopped = {n for n, rows in by_name.items() if all(o.status in ("stopped", "cancelled") for o in rows)}
    if active:
        yield Item("drug_list", "medications", {}, {"any_of": [[n.split()[0]] for n in sorted(active)]})
    for name in sorted(active):
        rows = [o for o in by_name[name] if o.status == "active"]
        yield Item("on_drug", "medications", {"drug": name}, {"yes_no": "yes"})
        yield Item("drug_start", "medications", {"drug": name}, {"date": by_name[name][0].day})
        dose = re.search(r"(\d+(?:\.\d+)?) ?(?:mg|mcg|ug|units?)\b", rows[0].sig or "")
        if len(rows) == 1 and dose:
            yield Item("drug_dose", "medications", {"drug": name}, number(float(dose[1]), 0.0))
    for name in sorted(stopped):
        yield Item("on_drug", "medications", {"drug": name}, {"yes_no": "no"})
        reason = by_name[name][-1].reason
        if reason:
            yield Item("why_stopped", "medications", {"drug": name}, {"any_of": [[reason]]})


def _problem_items(chart: Chart, rng: random.Random) -> Iterator[Item]:
    rows = [(plain(w), status, onset, end) for w, status, onset, end in chart.conditions()]
    named: dict[str, int] = {}
    for words, *_ in rows:
        named[words] = named.get(words, 0) + 1
    active = [r for r in rows if r[1] == "active" and not r[3]]
    medical = [r for r in active if not re.search(r"employ|educat|stress|contact|crime|criminal|housing", r[0].lower())]
    if medical:
        yield Item("problem_list", "problems", {}, {"any_of": [[_key_word(r[0])] for r in medical]})
    for words, status, onset, end in rows:
        if named[words] > 1 or re.search(r"finding|suspected", words, re.IGNORECASE):
            continue
        slots = {"condition": words.lower()}
        if len(onset) >= 10:
            yield Item("onset", "problems", slots, {"date": onset[:10]})
            yield Item("age_at_onset", "problems", slots, number(chart.age(onset[:10]), 0.0))
        if status == "active" and not end:
            yield Item("has", "problems", slots, {"yes_no": "yes"})
        elif end:
            yield Item("resolved", "problems", slots, {"date": end[:10]})


def _key_word(words: str) -> str:
    weak = {"disorder", "disease", "of", "type", "chronic", "acute", "essential", "primary", "left", "right"}
    kept = [w for w in re.findall(r"[A-Za-z0-9'-]+", words) if w.lower() not in weak and not w.isdigit()]
    return max(kept, key=len) if kept else words


def _allergy_items(chart: Chart, rng: random.Random, never: tuple[str, ...]) -> Iterator[Item]:
    rows = [
        (re.sub(r"(?i)^allergy to | allergy$", "", plain(w)).strip().lower(), reacts) for w, reacts in chart.allergies()
    ]
    rows = [r for r in rows if r[0] and "no known" not in r[0]]
    if rows:
        yield Item("allergies", "allergies", {}, {"any_of": [[_key_word(w)] for w, _ in rows]})
    for words, reactions in rows:
        yield Item("allergic", "allergies", {"substance": words}, {"yes_no": "yes"})
        if reactions:
            yield Item("reaction", "allergies", {"substance": words}, {"any_of": [[r] for r in reactions[:1]]})
    for substance in never:
        if substance not in chart.everything():
            yield Item("allergic", "allergies", {"substance": substance}, {"yes_no": "no"})


def _event_items(
    chart: Chart, rng: random.Random, never: tuple[str, ...], vaccines_never: tuple[str, ...]
) -> Iterator[Item]:
    done = chart.procedures()
    for words in sorted({plain(w) for w, _ in done}):
        days = [d for w, d in done if plain(w) == words]
        if len(days[-1]) == 10 and not re.search(r"face mask|reconciliation|prone|oxygen", words.lower()):
            yield Item("procedure_when", "procedures", {"procedure": words.lower()}, {"date": days[-1]})
            yield Item(
                "procedure_had", "procedures", {"procedure": words.lower()}, {"yes_no": "ever", "date": days[-1]}
            )
    for words in never:
        if words.split()[-1] not in chart.everything():
            yield Item("procedure_had", "procedures", {"procedure": words}, {"yes_no": "no"})
    visits = chart.visits()
    yield Item("last_visit", "visits", {}, {"date": visits[-1][1]})
    year = rng.choice(sorted({start[:4] for _, start, _ in visits}))
    yield Item("visits_in", "counts", {"year": year}, number(sum(s[:4] == year for _, s, _ in visits), 0.0))
    yield Item("ed_count", "counts", {}, number(len(chart.visits("EMER")), 0.0))
    stays = chart.visits("IMP")
    if stays:
        yield Item("admitted", "visits", {}, {"date": stays[-1][1]})
        yield Item("discharged", "visits", {}, {"date": stays[-1][2]})
        nights = (date.fromisoformat(stays[-1][2]) - date.fromisoformat(stays[-1][1])).days
        if len(stays) == 1 and nights > 1:
            yield Item("stay", "visits", {}, number(nights, 0.0))
    given = chart.vaccines()
    for words in sorted({w for w, _ in given}):
        name = _VACCINE_NAMES.get(words.split(",")[0].lower())
        if name:
            last = [d for w, d in given if w == words][-1]
            yield Item("vaccine", "immunisations", {"vaccine": name}, {"date": last})
            yield Item("vaccine_had", "immunisations", {"vaccine": name}, {"yes_no": "ever", "date": last})
    for name in vaccines_never:
        if name not in chart.everything():
            yield Item("vaccine_had", "immunisations", {"vaccine": name}, {"yes_no": "no"})


_VACCINE_NAMES = {
    "influenza": "flu", "tdap": "Tdap", "zoster recombinant": "shingles", "pneumococcal conjugate pcv20": "pneumococcal",
    "sars-cov-2 (covid-19) vaccine": "COVID", "hep b": "hepatitis B", "zoster": "shingles", "td (adult) preservative free":
    "Td", "mmr": "MMR", "varicella": "varicella",
}  # fmt: skip


def _person_items(chart: Chart, rng: random.Random) -> Iterator[Item]:
    yield Item("age", "demographics", {}, number(chart.age(), 0.0))
    yield Item("born", "demographics", {}, {"date": chart.patient["birthDate"]})


def _absent_items(chart: Chart, rng: random.Random, said: Absent) -> Iterator[Item]:
    everything = chart.everything()

    def nowhere(key: str) -> bool:
        return not re.search(rf"\b{re.escape(key)}", everything)

    for name, key in said.labs:
        if nowhere(key):
            yield Item("no_value", "unanswerable", {"lab": name}, {"abstained": True, "concept": [key]})
    for phrase, key in said.events:
        if nowhere(key):
            yield Item("false_premise", "unanswerable", {"event": phrase}, {"abstained": True, "concept": []})
    for topic, key in said.topics:
        if nowhere(key):
            yield Item("no_note", "unanswerable", {"topic": topic}, {"abstained": True, "concept": []})
    for drug in said.drugs:
        if nowhere(drug):
            yield Item("no_drug", "unanswerable", {"drug": drug}, {"abstained": True, "concept": [drug]})


class Absent(NamedTuple):
    """What to ask for that no chart of the half holds: what is asked, and the word checked to stand nowhere."""

    labs: tuple[tuple[str, str], ...]
    events: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, str], ...]
    drugs: tuple[str, ...]
    allergens: tuple[str, ...]
    procedures: tuple[str, ...]
    vaccines: tuple[str, ...]


Source = Callable[[], Iterator[Item]]


def items(chart: Chart, rng: random.Random, names: dict[str, tuple[str, ...]], absent: Absent) -> list[list[Item]]:
    """What this chart can be asked, one list for each area, shuffled, so that a caller can draw evenly."""
    areas = [
        list(_lab_items(chart, rng, names)),
        list(_vital_items(chart, rng)),
        list(_drug_items(chart, rng)),
        list(_problem_items(chart, rng)),
        list(_allergy_items(chart, rng, absent.allergens)),
        list(_event_items(chart, rng, absent.procedures, absent.vaccines)),
        list(_person_items(chart, rng)),
        list(_absent_items(chart, rng, absent)),
    ]
    for area in areas:
        rng.shuffle(area)
    return areas
