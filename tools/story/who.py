"""Who the patient is and why they matter today: the opening of every clinical story."""

from __future__ import annotations

import re
from datetime import timedelta

from domain.facts import Evidence
from tools.context import cite, dated, day, plain_name
from tools.story.drugs import Drug, taking
from tools.story.model import Basis, Sentence, tell
from tools.story.picture import Picture
from tools.story.problems import Group, Problem, is_lingering
from tools.story.results import Trend, trend
from tools.story.visits import last_contact
from tools.story.wording import both, sentence, small, table

_WATCHED = (
    "anticoagulant", "insulin", "antineoplastic", "immunosuppressant", "biologic", "opioid", "antiepileptic", "cardiac_glycoside", "antiarrhythmic",
)  # fmt: skip
_STALE_DAYS, _FRESH_DAYS, _RARE_DAYS = 365, 550, 1100
_RECENT_STAY = timedelta(days=60)
_CHILD, _INFANT = 18, 2


def person(picture: Picture) -> str:
    """Age and sex as a colleague says them."""
    chart = picture.chart
    sex, age = chart.patient.gender, chart.age
    if age is None:
        return {"male": "man of unrecorded age", "female": "woman of unrecorded age"}.get(
            sex, "person of unrecorded age"
        )
    noun = {"male": "boy", "female": "girl"} if age < _CHILD else {"male": "man", "female": "woman"}
    born = chart.patient.birth_date
    if age < _INFANT and born is not None:
        until = chart.deceased_on or picture.ctx.as_of
        months = (until.year - born.year) * 12 + until.month - born.month - (until.day < born.day)
        return f"{months}-month-old {noun.get(sex, 'child')}"
    return f"{age}-year-old {noun.get(sex, 'child' if age < _CHILD else 'person')}"


def opening(picture: Picture, most: int = 5) -> list[Sentence]:
    """One to three sentences: who, with what, and what happened lately."""
    chart = picture.chart
    died = chart.deceased_on
    acute = [p for g in picture.current for p in g.active if p.is_acute]
    chronic = [p for g in picture.current for p in g.active if not p.is_acute]
    events = once(weighty_events(picture))
    named = [_named(p) for p in acute]
    room = max(1, most - len(acute))
    rest = [_named(p, bare=True) for p in chronic[:room]]
    if len(chronic) - room == 1:
        room, rest = room + 1, [_named(p, bare=True) for p in chronic]
    more = len(chronic) - room
    tail = f" and {more} more active {'problem' if more == 1 else 'problems'}" if more > 0 else ""
    if named and rest:
        text = f"{person(picture)} with {both(named)}, on a background of {_list(rest, tail)}"
    elif named or rest:
        text = f"{person(picture)} with {_list(named or rest, tail)}"
    else:
        text = f"{person(picture)} with no active medical problem in the record"
    if events:
        text += f"; earlier {both([f'{p.name} ({p.onset})' for p in events[:3]])}"
    evidence: list[Evidence] = [picture.patient_evidence]
    evidence += [cite(p.row) for p in (*acute, *chronic, *events[:3])]
    if died is not None:
        text += f"; died {day(died)}"
    basis = Basis.RECORD if acute or chronic else Basis.ABSENCE
    return [tell(sentence(text), *evidence, basis=basis), *_lately(picture)]


def once(events: list[Problem]) -> list[Problem]:
    """Without the entry "history of X" beside X itself."""
    names = {p.name for p in events}
    return [p for p in events if not (p.name.startswith("history of ") and p.name.removeprefix("history of ") in names)]


def _list(names: list[str], tail: str) -> str:
    return (", ".join(names) + tail) if tail else both(names)


def _named(problem: Problem, bare: bool = False) -> str:
    doubt = f" ({problem.doubt})" if problem.doubt else ""
    return f"{problem.name}{doubt}" if bare else f"{problem.name}{doubt} (since {problem.onset})"


def weighty_events(picture: Picture) -> list[Problem]:
    """What happened once and still matters: strokes, infarctions, arrests, cancers in remission."""
    from tools.story.problems import families

    heavy = {f for f, row in families().items() if row["weight"] >= 79} - {"pregnancy", "severe_infection", "kidney"}
    found = [
        p for g in picture.groups if g.id in heavy for p in g.past
        if is_lingering(p) or g.id in {"cancer", "stroke", "coronary", "clots"}
    ]  # fmt: skip
    return sorted(found, key=lambda p: -p.stamp)


def _lately(picture: Picture) -> list[Sentence]:
    found: list[Sentence] = []
    visits = picture.visits
    stays = [v for v in visits if v.is_acute]
    now = picture.ctx.as_of
    if picture.chart.deceased_on is None and stays:
        stay = stays[-1]
        end = stay.end or stay.start
        if stay.is_open:
            found.append(tell(sentence(f"in hospital: {stay.words(dated=False)}, since {stay.dates}"), *stay.evidence))
        elif end is not None and now - end <= _RECENT_STAY:
            found.append(tell(sentence(f"recent {stay.words()}"), *stay.evidence))
    over = [p for g in picture.told_groups if not g.active for p in g.just_over(now)]
    if over and picture.chart.deceased_on is None:
        text = f"recently resolved: {both([f'{p.name} ({p.onset} to {p.ended})' for p in over[:4]])}"
        found.append(tell(sentence(text), *[cite(p.row) for p in over[:4]]))
    if visits and (not stays or visits[-1] is not stays[-1]) and visits[-1].start is not None:
        last = visits[-1]
        found.append(tell(sentence(f"last visit {last.dates}: {last.words(dated=False)}"), *last.evidence))
    return found


def staleness(picture: Picture) -> list[Sentence]:
    """A warning in the story itself that nothing is known of the last year or more."""
    last = last_contact(picture.ctx)
    if last is None or picture.chart.deceased_on is not None:
        return []
    if (picture.ctx.as_of - last.moment).days <= _STALE_DAYS:
        return []
    article = "an" if last.what[0] in "aeiou" else "a"
    when = day(last.moment, last.precision)
    text = f"The record ends {'on' if len(when) == 10 else 'in'} {when} with {article} {last.what}: what is called active or current here was so then, and nothing later is known."
    return [tell(text, last.evidence, basis=Basis.DERIVED)]


def key_treatment(picture: Picture) -> list[Sentence]:
    """The drugs that a colleague must know of: those for what is acute, and those that are watched."""
    classes = picture.ctx.lexicon.vocabulary.classes_of

    def watched(drug: Drug) -> bool:
        keys = set(drug.ids).union(*(classes(i) for i in drug.ids))
        return bool(keys & set(_WATCHED))

    for_acute = [d for g in picture.current if g.is_acute for d in g.drugs]
    chosen = [d for d in picture.drugs if d.is_active and (watched(d) or any(d is a for a in for_acute))]
    if not chosen:
        return []
    chosen.sort(key=lambda d: (not any(d is a for a in for_acute), -d.stamp))
    lead = "orders still listed at death" if picture.chart.deceased_on else "on"
    text = f"{lead} {both([f'{taking(d)}{_if_old(picture, d)}' for d in chosen[:5]])}"
    return [tell(sentence(text), *[cite(c.latest) for d in chosen[:5] for c in d.now])]


def _if_old(picture: Picture, drug: Drug) -> str:
    """The date of an order that nobody renewed for a year: it may be forgotten rather than in force."""
    row = drug.newest
    old = row.time is not None and (picture.ctx.as_of - row.time).days > _STALE_DAYS
    return f" (last ordered {dated(row)})" if old else ""


def key_results(picture: Picture, most: int = 2) -> list[Sentence]:
    """The values that matter most now: moved or out of range in the most pressing groups."""
    found: list[Trend] = []
    told: set[str] = set()
    for group in picture.current[:4]:
        for one in group_trends(picture, group):
            if one.series.id not in told and (one.moved or one.points[0].flag):
                told.add(one.series.id)
                found.append(one)
                break
    if not found:
        return []
    chosen = found[:most]
    return [tell(sentence("; ".join(t.text for t in chosen)), *[e for t in chosen for e in t.evidence])]


def group_trends(picture: Picture, group: Group, every: bool = True) -> list[Trend]:
    """The trends of a group's measurements, old ones left out: the leading one, then those out of range or moved, then the others."""
    last = last_contact(picture.ctx)
    newest = last.moment if last else picture.ctx.as_of
    found = []
    for concept_id in group.family.get("results", ()):
        one = picture.results.get(concept_id)
        fresh = _RARE_DAYS if concept_id in table("results")["rare"] else _FRESH_DAYS
        if one is None or not one.points or one.latest.time is None or (newest - one.latest.time).days > fresh:
            continue
        told = trend(one, picture.ctx.as_of)
        if told is not None:
            found.append(told)
    telling = [t for t in found[1:] if t.moved or t.points[0].flag]
    return [*found[:1], *telling, *([t for t in found[1:] if t not in telling] if every else [])]


def substance(display: str) -> str:
    """What an allergy is to: "Allergy to penicillin" and "Latex allergy" without the word they share."""
    name = plain_name(display)
    bare = re.sub(
        r"^(?:allergy|intolerance|hypersensitivity) to |\s+(?:allergy|intolerance)$", "", name, flags=re.IGNORECASE
    )
    return small(bare.strip() or name)


def allergy_words(picture: Picture) -> list[tuple[str, Evidence]]:
    """Each active allergy with its reaction."""
    rows = [r for r in picture.chart.allergies if r.clinical_status in {"active", ""}]
    order = {"high": 0, "": 1, "unable-to-assess": 1, "low": 2}
    found = []
    for row in sorted(rows, key=lambda r: order.get(r.criticality, 1)):
        details = [both([small(x) for x in row.reactions])] if row.reactions else []
        details += [f"{row.severity}"] if row.severity and row.reactions else []
        details += [row.verification_status] if row.verification_status not in {"confirmed", ""} else []
        details += [f"{row.criticality} criticality"] if row.criticality == "high" else []
        found.append((substance(row.display) + (f" ({', '.join(details)})" if details else ""), cite(row)))
    return found
