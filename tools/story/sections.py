"""The sections that stories are put together from; each is a function from the picture to a titled run of sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.facts import FactKind
from tools.context import cite, dated, plain_name
from tools.drugs.spans import ended_on
from tools.family_history import onset_words
from tools.problems import is_social
from tools.story.drugs import Drug, evidence_of, since, stopped, taking
from tools.story.model import Basis, Section, Sentence, tell
from tools.story.picture import Picture
from tools.story.results import Series, Trend, trend, worth_showing
from tools.story.visits import last_contact
from tools.story.who import allergy_words
from tools.story.wording import both, quoted, sentence, small, table

ALLERGIES, PROBLEMS, MEDICATIONS, RESULTS, VITALS = "48765-2", "11450-4", "10160-0", "30954-2", "8716-3"
PROCEDURES, IMMUNIZATIONS, ENCOUNTERS, FAMILY, SOCIAL = "47519-4", "11369-6", "46240-8", "10157-6", "29762-2"
PLAN, ASSESSMENT, HISTORY, PAST, INTERVAL = "18776-5", "51848-0", "11329-0", "11348-0", "10164-2"
DIRECTIVES, DEVICES, REMARKS = "42348-3", "46264-8", "48767-8"

_TRIVIAL = (
    "assessment", "screening", "reconciliation", "face mask", "prone position", "oxygen administration", "questionnaire", "intramuscular injection",
    "discharge", "referral", "education", "measurement of respiratory function", "health and social care needs",
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How much of everything an audience gets."""

    problems: int = 8
    results: int = 4
    studies: int = 1
    other_results: int = 5
    former: int = 1
    timeline: int = 14
    notes: bool = True
    long: bool = False


STYLES = {
    "clinician_short": Style(),
    "clinician_long": Style(problems=40, results=6, studies=4, other_results=30, former=4, timeline=60, long=True),
    "handoff": Style(problems=6, results=4, other_results=6, former=2),
    "evaluator": Style(problems=60, results=8, studies=6, other_results=60, former=8, timeline=200, long=True),
}


def allergies(picture: Picture) -> Section:
    """Active allergies, the grave ones first; "none known" and "no entry" are different sentences."""
    found = allergy_words(picture)
    sentences: list[Sentence] = []
    if found:
        words = both([w for w, _ in found])
        sentences.append(
            tell(sentence(f"{'allergy' if len(found) == 1 else 'allergies'}: {words}"), *[e for _, e in found])
        )
    elif picture.chart.no_known_allergies:
        row = picture.chart.no_known_allergies[-1]
        sentences.append(tell(sentence(f"{plain_name(row.display)} (recorded {dated(row)})"), cite(row)))
    else:
        text = "No allergy entry is in the record, neither an allergy nor a statement that none is known."
        sentences.append(tell(text, picture.absence("AllergyIntolerance", "no active entry"), basis=Basis.ABSENCE))
    past = [r for r in picture.chart.allergies if r.clinical_status not in {"active", ""}]
    if past:
        names = both([f"{small(plain_name(r.display))} ({r.clinical_status})" for r in past])
        sentences.append(tell(sentence(f"no longer active: {names}"), *[cite(r) for r in past]))
    return Section(id="allergies", title="Allergies", code=ALLERGIES, sentences=tuple(sentences))


def is_trivial(display: str) -> bool:
    """Whether a procedure is routine that no colleague would mention."""
    return any(word in display.lower() for word in _TRIVIAL)


def since_words(drug: Drug) -> str:
    """Since when a drug is taken, in brackets."""
    words = since(drug)
    return f"({words})" if words else ""


def medications(picture: Picture, style: Style, every: bool = True) -> Section:
    """Drugs in force, each with how and since when; those stopped within a year with the reason."""
    active = [d for d in reversed(picture.drugs) if d.is_active]
    owned: set[int] = set()
    if not every:
        told = picture.told_groups[: style.problems]
        owned = {id(d) for g in told for d in (*g.drugs, *g.former)}
        active = [d for d in active if id(d) not in owned]
    sentences: list[Sentence] = []
    lead = (
        "orders still listed as active at death" if picture.chart.deceased_on else "active" if every else "also active"
    )
    if active and style.long:
        for drug in active:
            reason = drug.newest.reason_display
            why = f", for {quoted(plain_name(reason))}" if reason else ""
            reported = ", reported by the patient" if drug.newest.kind == "statement" else ""
            sentences.append(
                tell(sentence(f"{taking(drug)}, {since(drug)}{why}{reported}"), *evidence_of(drug), item=True)
            )
    elif active:
        dates = {id(d): "" if every else f" {since_words(d)}" for d in active}
        names = "; ".join(f"{taking(d)}{dates[id(d)]}" for d in active)
        sentences.append(tell(sentence(f"{lead}: {names}"), *[e for d in active for e in evidence_of(d)]))
    elif every:
        text = "No active medication is in the record."
        sentences.append(tell(text, picture.absence("MedicationRequest", "no active medication"), basis=Basis.ABSENCE))
    sentences += _stopped_lately(picture, set() if every else owned)
    return Section(
        id="medications",
        title="Medications" if every else "Other medications",
        code=MEDICATIONS,
        sentences=tuple(sentences),
    )


def _stopped_lately(picture: Picture, told: set[int], days: int = 365) -> list[Sentence]:
    horizon = picture.ctx.as_of - timedelta(days=days)
    found = []
    for drug in reversed(picture.drugs):
        for course in drug.past:
            ended = ended_on(picture.ctx, course.latest)[0] or course.latest.time
            if ended is not None and ended >= horizon and not drug.is_active and id(drug) not in told:
                found.append((course, drug))
    if not found:
        return []
    text = "; ".join(stopped(picture.ctx, c, d.names) for c, d in found[:8])
    return [tell(sentence(f"no longer taken, ended within the year: {text}"), *[cite(c.latest) for c, _ in found[:8]])]


def results(picture: Picture, style: Style, used: set[str] | None = None) -> Section:
    """Values out of range or moved that no problem's section has told, then what cannot be right."""
    told = used or set()
    chosen = abnormal_trends(picture, told, minor=style.long)[: style.other_results]
    sentences = [tell(sentence("; ".join(t.text for t in chosen[i : i + 4])), *[e for t in chosen[i : i + 4] for e in t.evidence]) for i in range(0, len(chosen), 4)]  # fmt: skip
    if not picture.results:
        text = "No laboratory result or vital sign is in the record."
        sentences.append(tell(text, picture.absence("Observation", "no value"), basis=Basis.ABSENCE))
    return Section(
        id="results",
        title="Other results out of range",
        code=RESULTS,
        sentences=(*sentences, *implausible_values(picture)),
    )


def abnormal_trends(picture: Picture, told: set[str], days: int = 400, minor: bool = False) -> list[Trend]:
    """Newest values that are out of range, of tests that matter, the farthest out first; those long before the last contact left out.

    With `minor` the indices that few read by themselves (MCH, RDW, cell shares) follow at the end.
    """
    last = last_contact(picture.ctx)
    newest = last.moment if last else picture.ctx.as_of
    found: list[tuple[int, float, Trend]] = []
    for one in picture.results.values():
        if one.id in told or not worth_showing(one, minor) or not one.latest.flag or one.latest.time is None:
            continue
        if (newest - one.latest.time).days <= days and (line := trend(one, picture.ctx.as_of)) is not None:
            rank = (one.id in table("results")["minor"]) * 2 + (one.id not in table("results")["core"])
            found.append((rank, -one.latest.distance, line))
    return [line for _, _, line in sorted(found, key=lambda f: f[:2])]


def implausible_values(picture: Picture) -> list[Sentence]:
    """Values that no living patient has, kept out of every trend."""
    found = []
    for one in picture.results.values():
        if one.impossible:
            shown = [f"{p.shown} ({p.date})" for p in one.impossible[-3:]]
            text = f"implausible, left out of trends: {small(one.label)} {both(shown)}"
            found.append(tell(sentence(text), *[p.evidence for p in one.impossible[-3:]]))
    return found


def vital_signs(picture: Picture) -> Section:
    """The newest of each vital sign."""
    known: list[Series] = [
        picture.results[i] for i in table("results")["vitals"] if i in picture.results and picture.results[i].points
    ]
    if not known:
        return Section(id="vitals", title="Vital signs", code=VITALS)
    newest = max((s.latest.time for s in known if s.latest.time), default=None, key=lambda t: t.timestamp())
    fresh = [s for s in known if s.latest.time is None or newest is None or (newest - s.latest.time).days <= 400]
    by_day: dict[str, list[str]] = {}
    for one in fresh:
        flag = f" ({one.latest.flag})" if one.latest.flag else ""
        by_day.setdefault(one.latest.date, []).append(f"{small(one.label)} {one.latest.shown}{flag}")
    text = "; ".join(f"{day}: {', '.join(values)}" for day, values in sorted(by_day.items(), reverse=True))
    return Section(
        id="vitals",
        title="Vital signs",
        code=VITALS,
        sentences=(tell(sentence(text), *[s.latest.evidence for s in fresh]),),
    )


def devices(picture: Picture) -> list[Sentence]:
    """Devices in use."""
    rows = [d for d in picture.chart.devices if d.status in {"active", ""}]
    return (
        [tell(sentence(f"devices: {both([small(plain_name(d.display)) for d in rows])}"), *[cite(d) for d in rows])]
        if rows
        else []
    )


def procedures(picture: Picture, style: Style) -> Section:
    """Procedures and devices that matter, newest first."""
    rows = [r for r in reversed(picture.chart.procedures) if not is_trivial(r.display)]
    seen: dict[str, Any] = {}
    for row in rows:
        seen.setdefault(plain_name(row.display).casefold(), row)
    sentences = []
    shown = list(seen.values())[: 30 if style.long else 8]
    if shown:
        names = "; ".join(
            f"{plain_name(r.display)} ({dated(r)}{f', {quoted(r.outcome)}' if r.outcome else ''})" for r in shown
        )
        sentences.append(tell(sentence(names), *[cite(r) for r in shown]))
    sentences += devices(picture)
    return Section(id="procedures", title="Procedures and devices", code=PROCEDURES, sentences=tuple(sentences))


def immunizations(picture: Picture) -> Section:
    """The newest of each vaccine."""
    newest = {plain_name(r.display): r for r in picture.chart.immunizations}
    if not newest:
        return Section(id="immunizations", title="Immunizations", code=IMMUNIZATIONS)
    rows = sorted(newest.values(), key=lambda r: r.time.timestamp() if r.time else 0.0, reverse=True)[:12]
    names = "; ".join(f"{plain_name(r.display)} ({dated(r)})" for r in rows)
    return Section(
        id="immunizations",
        title="Immunizations",
        code=IMMUNIZATIONS,
        sentences=(tell(sentence(names), *[cite(r) for r in rows]),),
    )


def visits(picture: Picture, style: Style) -> Section:
    """The newest visits and every stay of late."""
    known = [v for v in picture.visits if picture.period is None or picture.period.contains(v.start)]
    shown = list(reversed(known))[: 12 if style.long else 5]
    if not shown:
        text = "No visit is in the record" + (f" {picture.period.label}" if picture.period else "") + "."
        line = tell(text, picture.absence("Encounter", "no visit"), basis=Basis.ABSENCE)
        return Section(id="visits", title="Visits", code=ENCOUNTERS, sentences=(line,))
    lines = tuple(tell(sentence(f"{v.dates}: {v.words(dated=False)}"), *v.evidence, item=True) for v in shown)
    return Section(id="visits", title="Visits", code=ENCOUNTERS, sentences=lines)


def family(picture: Picture) -> Section:
    """Diseases of relatives; the patient's own are elsewhere."""
    lines = []
    for row in picture.chart.family_history:
        what = both([small(plain_name(c)) + (f" ({onset_words(o)})" if o else "") for c, o in row.conditions])
        if what:
            lines.append(
                tell(sentence(f"{row.relationship}: {what}"), cite(row, f"{row.relationship}: {what}"), item=True)
            )
    if not lines:
        lines = [
            s.model_copy(update={"text": f"Family, {s.text[:1].lower()}{s.text[1:]}"})
            for s in picture.testimony.newest_of(FactKind.FAMILY_HISTORY, 3)
        ]
    return Section(id="family", title="Family history", code=FAMILY, sentences=tuple(lines))


def social(picture: Picture) -> Section:
    """Smoking, alcohol, work, housing: the newest of each, the record before the notes."""
    lines: list[Sentence] = []
    for concept_id in ("tobacco_status", "alcohol_use", "employment_status", "housing_status", "preferred_language"):
        one = picture.results.get(concept_id)
        if one is not None and one.points:
            lines.append(
                tell(
                    sentence(f"{small(one.label)}: {quoted(one.latest.shown)} ({one.latest.date})"),
                    one.latest.evidence,
                    item=True,
                )
            )
    rows = [r for r in picture.chart.conditions if is_social(picture.ctx, r) and picture.chart.is_active(r)]
    if rows:
        newest = {plain_name(r.display): r for r in rows}
        names = both([f"{small(n)} (since {dated(r)})" for n, r in newest.items()])
        lines.append(tell(sentence(f"listed as active: {names}"), *[cite(r) for r in newest.values()], item=True))
    lines += picture.testimony.newest_of(FactKind.SOCIAL_HISTORY, 4)
    return Section(id="social", title="Social history", code=SOCIAL, sentences=tuple(lines))


def from_notes(picture: Picture, limit: int) -> Section:
    """Diagnoses that stand in notes alone."""
    known = frozenset(
        i
        for r in (*picture.chart.conditions, *picture.chart.refuted_conditions)
        for i in picture.ctx.lexicon.concept_ids("condition", r)
    )
    lines = picture.testimony.unrecorded(known, limit)
    return Section(
        id="notes", title="Only in notes, not in the structured record", code=REMARKS, sentences=tuple(lines)
    )


def open_section(items: list[Sentence], title: str = "Open items") -> Section:
    """What no problem's section has taken."""
    return Section(
        id="open", title=title, code=PLAN, sentences=tuple(i.model_copy(update={"item": True}) for i in items)
    )


def no_code_status(picture: Picture) -> list[Sentence]:
    """That nobody wrote down a code status, for a handoff of the living."""
    if picture.chart.deceased_on is not None:
        return []
    text = "Code status is not documented in any note."
    return [tell(text, picture.absence("note", "no code status"), basis=Basis.ABSENCE)]


def nothing(picture: Picture) -> Section:
    """What an empty chart says."""
    counts = (("problem", picture.chart.conditions), ("medication", picture.chart.medications),
              ("result", picture.chart.observations), ("visit", picture.chart.encounters), ("note", picture.chart.notes))  # fmt: skip
    empty = [name for name, rows in counts if not rows]
    if not empty:
        return Section(id="missing", title="Not documented", code=REMARKS)
    text = f"The record has no {listed_or(empty)} entry."
    return Section(
        id="missing",
        title="Not documented",
        code=REMARKS,
        sentences=(tell(text, picture.absence("record", "no entry"), basis=Basis.ABSENCE),),
    )


def listed_or(names: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
