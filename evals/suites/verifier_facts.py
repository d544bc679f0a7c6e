"""True statements about a patient, as slots to be worded, and the ways to make one of their slots false.

The slots come from typed results of the tools, not from their words: what is true is known without the verifier.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from tools.catalogue import run_tool
from tools.concepts import default_lexicon
from tools.context import ToolContext, began, number, plain_name
from tools.measurements.readings import unit_label
from tools.outcome import ToolResult

Slots = dict[str, Any]


class Fact(NamedTuple):
    """One kind of statement with its slots, and what the patient's results say about its subject."""

    kind: str
    slots: Slots


class Run(NamedTuple):
    """The results of one turn, and what is true by them."""

    patient_id: str
    as_of: date
    results: tuple[ToolResult, ...]
    facts: tuple[Fact, ...]
    values: Mapping[str, tuple[float, ...]]  # every value by label, for a wrong one not to be right by chance
    days: frozenset[date]
    drugs: frozenset[str]
    problems: frozenset[str]
    two_courses: frozenset[str]  # drugs with an order that is active and another that is not


_RATES: tuple[tuple[str, float, tuple[str, ...]], ...] = (
    (r"twice daily|every 12 hours", 2.0, ("twice daily", "BID", "every 12 hours", "two times a day")),
    (r"three times|every 8 hours", 3.0, ("three times daily", "TID", "every 8 hours")),
    (r"once a week|weekly", 1 / 7, ("once a week", "weekly", "once weekly")),
    (r"every other day", 0.5, ("every other day",)),
    (r"once daily|every morning|at bedtime|every evening|every 24 hours|daily", 1.0, ("once daily", "daily", "every day")),
)  # fmt: skip
_ABSENT = ("epilepsy", "multiple_sclerosis", "gout", "psoriasis", "sarcoidosis", "schizophrenia")
_LABS_A_RUN = 3


def runs_of(ctx: ToolContext, rng: random.Random) -> Iterator[Run]:
    """Turns about one patient: each with the whole course of some labs and the lists."""
    names = sorted({_concept(ctx, r) for r in ctx.chart.observations} - {""})
    rng.shuffle(names)
    for start in range(0, max(len(names), 1), _LABS_A_RUN):
        chosen = names[start : start + _LABS_A_RUN]
        yield _run(ctx, chosen, rng)


def _concept(ctx: ToolContext, row: Any) -> str:
    if row.value is None or row.comparator:
        return ""
    found = sorted(ctx.lexicon.concept_ids("observation", row))
    return found[0] if len(found) == 1 else ""


def _run(ctx: ToolContext, labs: Sequence[str], rng: random.Random) -> Run:
    results = [run_tool(ctx, "series", {"concept": lab}) for lab in labs]
    facts: list[Fact] = []
    values: dict[str, tuple[float, ...]] = {}
    for lab, result in zip(labs, results, strict=True):
        readings = [r for r in result.data.get("readings", []) if r["value"] is not None and r["second"] is None]
        if readings and len({r["unit"] for r in readings}) == 1:
            label = _spoken(ctx, lab, rng)
            values[label] = tuple(r["value"] for r in readings)
            facts += _lab_facts(label, readings, result, ctx, lab)
    lists = {name: run_tool(ctx, name, {}) for name in ("list_medications", "list_problems", "allergies")}
    facts += [*_drug_facts(ctx), *_problem_facts(ctx), *_allergy_facts(ctx)]
    absent = [run_tool(ctx, "condition", {"name": name}) for name in rng.sample(_ABSENT, 2)]
    for result in absent:
        if not result.found and len(result.statements) == 2:
            facts.append(Fact("absent", {"problem": str(result.data["condition"]).replace("_", " ")}))
    visits = run_tool(ctx, "encounters", {"kind": "any", "aspect": "count"})
    facts.append(Fact("count", {"n": visits.data["n"], "noun": "visits" if visits.data["n"] != 1 else "visit"}))
    medicines = [
        run_tool(ctx, "medication", {"drug": f.slots["drug"], "aspect": "stop"}) for f in facts if f.kind == "stopped"
    ]
    results += [*lists.values(), *absent, visits, *medicines]
    days = {date.fromisoformat(m) for r in results for m in re.findall(r"\b\d{4}-\d\d-\d\d\b", f"{r.summary} {r.data}")}
    # Only what a tool of this run said is true here: a chart may hold more.
    told = [(r.data.get("drug"), r.summary) for r in medicines]
    facts = [
        f
        for f in facts
        if f.kind != "stopped" or any(d == f.slots["drug"] and f.slots["date"].isoformat() in text for d, text in told)
    ]
    return Run(
        ctx.patient_id,
        ctx.as_of.date(),
        tuple(results),
        tuple(facts),
        values,
        frozenset(days),
        frozenset(normal for m in ctx.chart.medications for normal in _ids(ctx, "medication", m)),
        frozenset(normal for c in ctx.chart.conditions for normal in _ids(ctx, "condition", c)),
        _two_courses(ctx),
    )


def _two_courses(ctx: ToolContext) -> frozenset[str]:
    from tools.drugs.medications import courses

    active = {_ingredient(c.name) for c in courses(ctx) if c.is_active}
    return frozenset(active & {_ingredient(c.name) for c in courses(ctx) if not c.is_active})


def _ids(ctx: ToolContext, kind: str, row: Any) -> frozenset[str]:
    return ctx.lexicon.concept_ids(kind, row)


def _spoken(ctx: ToolContext, concept: str, rng: random.Random) -> str:
    """The label or one of the first synonyms, as a language model would vary it."""
    found = ctx.lexicon.vocabulary.get("observation", concept)
    if found is None:
        return concept
    plain_label = (
        found.label
        if sum(c.isupper() for c in found.label.split()[0]) > 1
        else found.label[:1].lower() + found.label[1:]
    )
    return rng.choice(
        [
            plain_label,
            plain_label,
            *(s for s in found.synonyms[:4] if (len(s) > 3 and " " in s) or s.endswith(("ine", "ium", "ose"))),
        ]
    )


def _lab_facts(
    label: str, readings: list[dict[str, Any]], result: ToolResult, ctx: ToolContext, lab: str
) -> Iterator[Fact]:
    unit = unit_label(readings[-1]["unit"])
    days = [date.fromisoformat(r["time"][:10]) for r in readings]
    numbers = [r["value"] for r in readings]
    base: Slots = {
        "label": label,
        "unit": unit,
        "value": numbers[-1],
        "date": days[-1],
        "concept": lab,
        "n": len(readings),
    }
    yield Fact("value", base)
    if numbers[-1] >= 10:  # a single digit is nothing to round
        yield Fact("about", base)
    if len(set(days)) == len(days) > 1 and numbers[0] and abs(numbers[-1] - numbers[0]) > 0.06 * abs(numbers[0]):
        percent = abs(numbers[-1] - numbers[0]) / abs(numbers[0]) * 100
        change = {**base, "first": numbers[0], "last": numbers[-1], "first_date": days[0], "last_date": days[-1], "difference": round(abs(numbers[-1] - numbers[0]), 4), "percent": percent, "rises": numbers[-1] > numbers[0]}  # fmt: skip
        yield Fact("change", change)
        if len(numbers) == 2 or (numbers[-1] > numbers[-2]) == change["rises"]:
            yield Fact("trend", change)
    if len(set(numbers)) > 2 and len(set(days)) == len(days):
        top, bottom = max(numbers), min(numbers)
        others = [
            v for v in numbers if min(abs(v - top), abs(v - bottom)) > 0.6 * 10 ** -len(number(v).partition(".")[2])
        ]
        if others and numbers.count(top) == numbers.count(bottom) == 1:
            yield Fact("extreme", {**base, "max": top, "min": bottom, "max_date": days[numbers.index(top)], "min_date": days[numbers.index(bottom)], "others": others})  # fmt: skip
    limits = next((a["reference_range"] for a in result.artifacts if a.get("reference_range")), None)
    if limits and None not in limits and limits[0] <= limits[1]:
        level = "low" if numbers[-1] < limits[0] else "high" if numbers[-1] > limits[1] else "normal"
        yield Fact("level", {**base, "level": level})


def _drug_facts(ctx: ToolContext) -> Iterator[Fact]:
    from tools.drugs.medications import courses

    active = [c for c in courses(ctx) if c.is_active]
    names = [_ingredient(c.name) for c in active]
    for course, name in zip(active, names, strict=True):
        text = course.latest.dosage_text or ""
        rate = next(((r, words) for pattern, r, words in _RATES if re.search(pattern, text, re.IGNORECASE)), None)
        dose = re.search(r"(\d+(?:\.\d+)?) (mg|g|mcg|units)\b", course.name)
        if rate and dose and name and names.count(name) == 1:
            yield Fact("drug", {"drug": name, "dose": float(dose[1]), "dose_unit": dose[2], "rate": rate[0]})
    if len(active) > 1 and all(names):
        yield Fact("drugs", {"n": len(active), "list": names})
    for course in courses(ctx):
        name = _ingredient(course.name)
        if (
            not course.is_active
            and name
            and name not in names
            and course.latest.time is not None
            and course.status == "stopped"
        ):
            yield Fact("stopped", {"drug": name, "date": course.latest.time.date()})


def _ingredient(product: str) -> str:
    found = re.match(r"[A-Za-z][A-Za-z -]+?(?= \d|$| extended| oral)", product)
    return found[0].lower() if found and "/" not in product else ""


def _problem_facts(ctx: ToolContext) -> Iterator[Fact]:
    for row in ctx.chart.conditions:
        since = row.onset or row.time
        if (
            since is not None
            and began(row) == since.date().isoformat()
            and ctx.chart.is_active(row)
            and ctx.lexicon.concept_ids("condition", row)
        ):
            yield Fact("problem", {"problem": plain_name(row.display), "date": since.date()})


def _allergy_facts(ctx: ToolContext) -> Iterator[Fact]:
    for row in ctx.chart.allergies:
        named = re.sub(r"(?i)^allergy to |\s+allergy$", "", plain_name(row.display)).strip().lower()
        if row.reactions and row.clinical_status in {"active", ""} and named:
            yield Fact("allergy", {"substance": named, "reaction": row.reactions[0].lower()})


# --- making a slot false -----------------------------------------------------------------------------------------

Mutation = Callable[[Fact, Run, random.Random], Slots | None]


def _other_number(fact: Fact, run: Run, rng: random.Random, slot: str, least: float, most: float) -> float | None:
    value = float(fact.slots[slot])
    known = [abs(v) for v in run.values.get(fact.slots.get("label", ""), ())]
    digits = len(number(value).partition(".")[2])
    for _ in range(40):
        factor = 1 + rng.choice((-1, 1)) * rng.uniform(least, most)
        made = round(value * factor, digits) if digits or value >= 4 else round(value * factor, 1)
        if made > 0 and all(
            abs(made - v) > max((0.2 if fact.kind == "about" else 0.01) * v, 0.6 * 10**-digits) for v in (*known, value)
        ):
            return made
    return None


def number_changed(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """Another value, 15 to 60 % away."""
    slot = {"change": "last", "extreme": "max", "trend": ""}.get(fact.kind, "value")
    least = 0.35 if fact.kind == "about" else 0.15
    made = _other_number(fact, run, rng, slot, least, 0.6) if slot in fact.slots else None
    return {slot: made} if made is not None else None


def last_digit_changed(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """The last digit shown is another one."""
    if fact.kind != "value":
        return None
    value = float(fact.slots["value"])
    text = number(value)
    known = run.values.get(fact.slots["label"], ())
    for digit in rng.sample("0123456789", 10):
        made = float(text[:-1] + digit)
        if (
            digit not in {text[-1], "0"}
            and all(abs(made - v) > 0.6 * 10 ** -len(number(made).partition(".")[2]) for v in known)
            and made > 0
        ):
            return {"value": made}
    return None


def unit_changed(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """The number with a unit that it does not have."""
    others = {"mg/dL": ("mmol/L", "g/dL"), "mmol/L": ("mg/dL", "umol/L"), "umol/L": ("mg/dL",), "g/dL": ("mg/dL", "g/L"), "%": ("mmol/mol",), "mg/L": ("mg/dL",), "kg": ("lb",), "mmHg": ("kPa",), "U/L": ("mg/dL",), "ug/mL": ("mg/dL",), "mg/g": ("mg/L",), "cm": ("in",)}  # fmt: skip
    if fact.kind not in {"value", "extreme"} or fact.slots["unit"] not in others:
        return None
    return {"unit": rng.choice(others[fact.slots["unit"]])}


_NEVER_ASKED = ("ferritin", "TSH", "lipase", "uric acid", "troponin", "procalcitonin")


def concept_swapped(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """The number of another quantity, one of the run's results or one that no tool gave."""
    if fact.kind not in {"value", "about", "change", "extreme"}:
        return None
    value = float(fact.slots["last"] if "last" in fact.slots else fact.slots["value"])
    others = [
        k
        for k, vs in run.values.items()
        if k != fact.slots["label"] and all(abs(v - value) > 0.05 * abs(value) for v in vs)
    ]
    never = [n for n in _NEVER_ASKED if not any(n.lower() in k.lower() or k.lower() in n.lower() for k in run.values)]
    return {"label": rng.choice([*others, rng.choice(never)])}


def date_shifted(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """Another day: one that no result gives, or that of another value."""
    slot = {"change": "last_date", "extreme": "max_date"}.get(fact.kind, "date")
    if not isinstance(fact.slots.get(slot), date) or fact.kind in {"about", "trend", "level"}:
        return None
    for _ in range(30):
        made = fact.slots[slot] + timedelta(days=rng.choice((-400, -90, -31, -7, -2, -1, 1, 3, 8, 30, 365)))
        if made not in run.days:
            return {slot: made}
    return None


def doubled(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """Twice the value, as if a dose or result had been read twice."""
    slot = "dose" if fact.kind == "drug" else "value" if fact.kind == "value" else ""
    if not slot:
        return None
    made = float(fact.slots[slot]) * 2
    if slot == "value" and any(abs(v - made) < 0.05 * made for v in run.values[fact.slots["label"]]):
        return None
    return {slot: made}


def drug_swapped(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """A drug that the patient does not take."""
    pool = [d for d in ("warfarin", "digoxin", "sertraline", "spironolactone", "glipizide", "tramadol", "Eliquis", "Plavix", "levothyroxine") if d.lower() not in run.drugs and not (d == "Eliquis" and "apixaban" in run.drugs) and not (d == "Plavix" and "clopidogrel" in run.drugs)]  # fmt: skip
    if fact.kind in {"drug", "stopped"}:
        return {"drug": rng.choice(pool)}
    if fact.kind == "drugs":
        return {"list": [*fact.slots["list"][:-1], rng.choice(pool)]}
    return None


def frequency_changed(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """More or less often than ordered."""
    return (
        {"rate": rng.choice([r for r in (1.0, 2.0, 3.0, 1 / 7) if r != fact.slots["rate"]])}
        if fact.kind == "drug"
        else None
    )


def count_changed(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """One or two more or fewer."""
    if fact.kind not in {"count", "drugs"}:
        return None
    return {
        "n": max(1, fact.slots["n"] + rng.choice((1, 2, 3)))
        if fact.slots["n"] < 3
        else fact.slots["n"] + rng.choice((-2, -1, 1, 2))
    }


def percent_wrong(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """Another percentage, by 20 % to 60 % of it and at least six points."""
    if fact.kind != "change":
        return None
    off = max(6.0, fact.slots["percent"] * rng.uniform(0.2, 0.6))
    made = fact.slots["percent"] + rng.choice((-1, 1)) * off
    return {"percent": made if made > 1 else fact.slots["percent"] + off}


def difference_wrong(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """Another difference."""
    if fact.kind != "change":
        return None
    return {"difference": round(fact.slots["difference"] * rng.choice((0.6, 1.4, 1.8, 2.5)) + 0.07, 2)}


def trend_flipped(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """Up for down and down for up; the values stay as they are."""
    return {"rises": not fact.slots["rises"]} if fact.kind in {"change", "trend"} else None


def level_flipped(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """Normal for what is not, and the other way round."""
    return (
        {"level": rng.choice([x for x in ("low", "high", "normal") if x != fact.slots["level"]])}
        if fact.kind == "level"
        else None
    )


def extreme_wrong(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """A real value that is neither the highest nor the lowest."""
    if fact.kind != "extreme":
        return None
    other = rng.choice(fact.slots["others"])
    return {"max": other, "min": other}


_INVENTED = (
    "heart failure",
    "COPD",
    "stroke",
    "lupus",
    "bipolar disorder",
    "pulmonary embolism",
    "breast cancer",
    "Crohn's disease",
)


def diagnosis_invented(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """A problem that the patient does not have."""
    pool = [
        p
        for p in _INVENTED
        if (meant := default_lexicon().resolve(p, "condition")) is not None and not meant.ids & run.problems
    ]
    return {"problem": rng.choice(pool)} if fact.kind == "problem" and pool else None


def absence_invented(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """Something that the patient has is said to be absent."""
    if fact.kind != "absent":
        return None
    present = [f.slots["problem"] for f in run.facts if f.kind == "problem"]
    return {"problem": rng.choice(present)} if present else None


def allergy_invented(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """An allergy to something else."""
    if fact.kind != "allergy":
        return None
    known = " ".join(f.slots["substance"] for f in run.facts if f.kind == "allergy")
    pool = [
        s
        for s in ("morphine", "codeine", "iodine contrast", "ibuprofen", "eggs", "vancomycin")
        if s.split()[0] not in known
    ]
    return {"substance": rng.choice(pool)}


def status_flipped(fact: Fact, run: Run, rng: random.Random) -> Slots | None:
    """A drug that is taken is said to be stopped, and the other way round."""
    ended = {f.slots["drug"] for f in run.facts if f.kind == "stopped"}
    active = [
        f.slots["drug"] for f in run.facts if f.kind == "drug" and f.slots["drug"] not in ended | set(run.two_courses)
    ]
    return {"drug": rng.choice(active)} if fact.kind == "stopped" and active else None


MUTATIONS: Mapping[str, tuple[Mutation, tuple[str, ...]]] = {
    "number changed": (number_changed, ("value", "last", "max")),
    "last digit changed": (last_digit_changed, ("value",)),
    "unit changed": (unit_changed, ("unit",)),
    "concept swapped": (concept_swapped, ("label",)),
    "date shifted": (date_shifted, ("date", "last_date", "max_date")),
    "doubled": (doubled, ("value", "dose")),
    "drug swapped": (drug_swapped, ("drug", "list", "bullets")),
    "frequency changed": (frequency_changed, ("frequency",)),
    "count changed": (count_changed, ("n",)),
    "percentage wrong": (percent_wrong, ("percent",)),
    "difference wrong": (difference_wrong, ("difference",)),
    "trend flipped": (trend_flipped, ("rose", "risen", "up", "upward", "increase", "going_up")),
    "level flipped": (level_flipped, ("high",)),
    "extreme wrong": (extreme_wrong, ("max", "min")),
    "diagnosis invented": (diagnosis_invented, ("problem",)),
    "absence invented": (absence_invented, ("problem",)),
    "allergy invented": (allergy_invented, ("substance",)),
    "status flipped": (status_flipped, ("drug",)),
}  # fmt: skip
RATE_WORDS: Mapping[float, tuple[str, ...]] = {rate: words for _, rate, words in _RATES}
