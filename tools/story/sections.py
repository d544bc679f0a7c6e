"""The sections that stories are put together from; each is a function from the picture to a titled run of sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.answers import Conflict
from domain.facts import Evidence, FactKind
from tools.concepts import content_words
from tools.context import cite, plain_name
from tools.problems import is_social
from tools.story.disagreements import told as conflict_sentence
from tools.story.drugs import Drug, ended_on, evidence_of, since, stopped, taking
from tools.story.model import Basis, Section, Sentence, tell
from tools.story.picture import Picture
from tools.story.problems import Group, Problem, is_lingering
from tools.story.results import Series, Trend, trend, worth_showing
from tools.story.visits import last_contact
from tools.story.who import allergy_words, group_trends, once
from tools.story.wording import both, dated, on, quoted, sentence, small, table

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
        sentences += [_allergy_conflict(c, len(found), [e for _, e in found]) for c in picture.allergy_conflicts]
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
    if not found:
        sentences += _noted_allergies(picture)
    return Section(id="allergies", title="Allergies", code=ALLERGIES, sentences=tuple(sentences))


def _allergy_conflict(conflict: Conflict, count: int, entries: list[Evidence]) -> Sentence:
    note = " ".join(conflict.note_says.split())
    own = [e for e in conflict.evidence if e.span is not None]
    text = f"Conflict: a {note}, but the record has {count} active allergy {'entry' if count == 1 else 'entries'} and is followed."
    return tell(text, *own, *entries, basis=Basis.CONFLICT)


def _noted_allergies(picture: Picture) -> list[Sentence]:
    """Allergies that only notes have."""
    for fact in picture.testimony.facts:
        if fact.kind is FactKind.ALLERGY and not fact.assertion.is_negated and not fact.assertion.is_family:
            line = picture.testimony.line_of(fact)
            if line is not None:
                return [picture.testimony.say(line, "Only in a note, not in the record: note")]
    return []


def problems(picture: Picture, style: Style, items: list[Sentence]) -> list[Section]:
    """One section for each group of active problems, then the past in one; `items` are placed where they belong and removed."""
    found: list[Section] = []
    used: set[str] = set()
    shown = picture.told_groups[: style.problems]
    for number, group in enumerate(shown, 1):
        found.append(_group_section(picture, style, group, number, used, items))
    rest = [p for g in picture.told_groups[style.problems :] for p in g.active]
    if rest:
        names = both([f"{p.name} (since {p.onset})" for p in rest])
        lines = (tell(sentence(f"also active: {names}"), *[cite(p.row) for p in rest]),)
        found.append(Section(id="problems-more", title="Further active problems", code=PROBLEMS, sentences=lines))
    if not shown:
        text = "No active medical problem is in the record."
        line = tell(text, picture.absence("Condition", "no active medical problem"), basis=Basis.ABSENCE)
        found.append(Section(id="problems", title="Problems", code=PROBLEMS, sentences=(line,)))
    past = _past(picture, style, {id(p) for g in shown for p in g.past})
    return [*found, past] if past.sentences else found


def _group_section(
    picture: Picture, style: Style, group: Group, number: int, used: set[str], items: list[Sentence]
) -> Section:
    sentences = [problem_status(picture, group, titled=True)]
    if group.past and group.active:
        earlier = [p for p in group.past if not is_lingering(p)][: 3 if style.long else 2]
        lasting = [p for p in group.past if is_lingering(p)]
        parts = [f"{p.name} ({_span(p)})" for p in earlier] + [
            f"{p.name} ({p.onset}, still listed as active)" for p in lasting
        ]
        if parts:
            sentences.append(tell(sentence(f"earlier: {both(parts)}"), *[cite(p.row) for p in (*earlier, *lasting)]))
    sentences += _treatment(picture, style, group)
    trends = [t for t in group_trends(picture, group, every=style.long) if t.series.id not in used][: style.results]
    if trends:
        used.update(t.series.id for t in trends)
        sentences.append(tell(sentence("; ".join(t.text for t in trends)), *[e for t in trends for e in t.evidence]))
    sentences += _studies(picture, group, style.studies)
    if style.notes and (noted := picture.testimony.assessment_of(group, number <= 2)) is not None:
        sentences.append(noted)
    refs = {r.ref for p in (*group.active, *group.past) for r in p.rows}
    sentences += [s for p, _, s in picture.denials if any(p is q for q in (*group.active, *group.past))]
    sentences += [s for d, _, s in picture.other_doses if any(d is q for q in group.drugs)]
    own = {r.ref for d in (*group.drugs, *group.former) for c in (*d.now, *d.past) for r in c.rows}
    sentences += [conflict_sentence(c) for c in picture.drug_conflicts if any(e.ref in own for e in c.evidence)]
    mine = [i for i in items if any(e.ref in own | refs for e in i.evidence)]
    for item in mine:
        items.remove(item)
    sentences += [m.model_copy(update={"text": f"Open: {m.text}", "item": False}) for m in mine]
    named = group.active[:4] or group.just_over(picture.ctx.as_of)
    title = both([p.name for p in named]) + ("" if group.active else " (resolved)")
    title = title[:1].upper() + title[1:]
    return Section(id=f"problem-{number}", title=f"{number}. {title}", code=PROBLEMS, sentences=tuple(sentences))


def problem_status(picture: Picture, group: Group, titled: bool = False) -> Sentence:
    """Each problem of a group with its beginning, severity and certainty; a title has named one that stands alone."""
    parts = []
    for problem in group.active:
        details = [f"since {problem.onset}"]
        details += [small(problem.row.severity)] if problem.row.severity else []
        details += [f"{problem.doubt}, not confirmed"] if problem.doubt else []
        details += [f"{len(problem.rows)} episodes"] if len(problem.rows) > 1 else []
        alone = titled and len(group.active) == 1
        parts.append(f"active {', '.join(details)}" if alone else f"{problem.name} ({', '.join(details)})")
    if not group.active:
        over = group.just_over(picture.ctx.as_of)
        return tell(
            sentence(f"resolved: {both([f'{p.name} ({_span(p)})' for p in over])}"), *[cite(p.row) for p in over]
        )
    lead = "acute: " if group.is_acute else ""
    evidence = [cite(r) for p in group.active for r in (p.rows if len(p.rows) > 1 else (p.row,))]
    return tell(sentence(lead + both(parts)), *evidence)


def _span(problem: Problem) -> str:
    row = problem.row
    end = f" to {problem.ended}" if problem.ended else f", {row.clinical_status}"
    return problem.onset if problem.ended == problem.onset else f"{problem.onset}{end}"


def _treatment(picture: Picture, style: Style, group: Group) -> list[Sentence]:
    found: list[Sentence] = []
    if group.drugs:
        lines = [f"{taking(d)} {_since_words(d)}".strip() for d in reversed(group.drugs)]
        lead = "orders still listed at death: " if picture.chart.deceased_on else "treatment: "
        found.append(
            tell(sentence(lead + "; ".join(lines)), *[e for d in reversed(group.drugs) for e in evidence_of(d)])
        )
    changed = [c for d in group.drugs for c in d.past]
    over = changed + [c for d in group.former for c in d.past]
    over.sort(key=lambda c: c.latest.time.timestamp() if c.latest.time else 0.0, reverse=True)
    horizon = picture.ctx.as_of - timedelta(days=3650 if style.long else 1500)
    recent = [c for c in over if c.latest.time is not None and (c.latest.time >= horizon or c.latest.status_reason)]
    if recent:
        shown = recent[: style.former + 1]
        found.append(
            tell(
                sentence("earlier drugs: " + "; ".join(stopped(picture.ctx, c, _names_of(group, c)) for c in shown)),
                *[cite(c.latest) for c in shown],
            )
        )
    return found


def _names_of(group: Group, course: Any) -> tuple[str, ...]:
    return next((d.names for d in (*group.drugs, *group.former) if course in d.past), ())


def _since_words(drug: Drug) -> str:
    words = since(drug)
    return f"({words})" if words else ""


def _studies(picture: Picture, group: Group, limit: int) -> list[Sentence]:
    """Procedures and reports that belong to a group: by reason, by what they find, by their kind."""
    ctx = picture.ctx
    wanted = {d for p in group.family.get("procedures", ()) for d in ctx.lexicon.vocabulary.descendants("procedure", p)}
    roots, measured = group.ids, set(group.family.get("results", ())[:2])
    found: list[tuple[float, Sentence]] = []
    begun = min((p.stamp for p in (*group.active, *group.past)), default=0.0) - 86400 * 30
    for row, words, reason in (
        *((r, r.outcome, r.reason_display) for r in ctx.chart.procedures),
        *((r, r.conclusion, "") for r in ctx.chart.reports if r.conclusion),
    ):  # fmt: skip
        stamp = row.time.timestamp() if row.time else 0.0
        if stamp < begun or _is_trivial(row.display):
            continue
        named = f"{reason}. {row.display}. {words}"
        about = {t.id for m in ctx.lexicon.find_mentions(named, ("condition",), fuzzy=False) for t in m.targets} & roots
        if not about and row.resource_type == "DiagnosticReport":
            about = {
                t.id for m in ctx.lexicon.find_mentions(words, ("observation",), fuzzy=False) for t in m.targets
            } & measured
        if not about and any(_shares_words(p, named) for p in group.active):
            about = {"words"}
        if not about and not ctx.lexicon.concept_ids("procedure", row) & wanted:
            continue
        said = f": {quoted(words)}" if words else ""
        found.append((stamp, tell(sentence(f"{plain_name(row.display)} {dated(row)}{said}"), cite(row))))
    found.sort(key=lambda f: -f[0])
    return [s for _, s in found[:limit]]


def _shares_words(problem: Problem, text: str) -> bool:
    """Whether a text has the telling words of a diagnosis that no concept stands for ("upper lobe nodule, 6 mm")."""
    words = {w for w in content_words(problem.name) if len(w) > 3}
    return len(words) >= 3 and sum(w in text.lower() for w in words) >= max(3, len(words) - 2)


def _is_trivial(display: str) -> bool:
    return any(word in display.lower() for word in _TRIVIAL)


def _past(picture: Picture, style: Style, told: set[int] | None = None, leave_out: set[int] | None = None) -> Section:
    """What is over, and what happened once and was never closed; minor old things only in long stories."""
    groups = picture.groups if told is None else [g for g in picture.groups if not g.active]
    untold = [p for g in groups for p in g.past if id(p) not in (told or set()) | (leave_out or set())]
    lasting = once([p for p in untold if is_lingering(p)])
    over = [p for p in untold if not is_lingering(p)]
    if not style.long:
        horizon = (picture.ctx.as_of - timedelta(days=730)).timestamp()
        over = [p for p in over if p.stamp >= horizon or any(p in g.past and g.weight >= 60 for g in groups)]
    over.sort(key=lambda p: -p.stamp)
    sentences = []
    if lasting:
        names = both([f"{p.name} ({p.onset})" for p in lasting])
        sentences.append(
            tell(
                sentence(f"listed as active since long ago, events rather than states: {names}"),
                *[cite(p.row) for p in lasting],
            )
        )
    if over:
        shown = over[: 40 if style.long else 8]
        names = both([f"{p.name} ({_span(p)})" for p in shown])
        sentences.append(tell(sentence(f"resolved or inactive: {names}"), *[cite(p.row) for p in shown]))
    heavy = [g for g in groups if g.weight >= 75 and any(is_lingering(p) for p in g.past)]
    sentences += [s for g in heavy for s in _studies(picture, g, 4)]
    refuted = picture.chart.refuted_conditions
    if refuted:
        names = both(
            [f"{small(plain_name(r.display))} ({dated(r)}{f': {quoted(r.note)}' if r.note else ''})" for r in refuted]
        )
        sentences.append(
            tell(sentence(f"considered and refuted, not a diagnosis: {names}"), *[cite(r) for r in refuted])
        )
    sentences += devices(picture) if told is not None or leave_out is not None else []
    return Section(id="past", title="Past history and devices", code=PAST, sentences=tuple(sentences))


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
        dates = {id(d): "" if every else f" {_since_words(d)}" for d in active}
        names = "; ".join(f"{taking(d)}{dates[id(d)]}" for d in active)
        sentences.append(tell(sentence(f"{lead}: {names}"), *[e for d in active for e in evidence_of(d)]))
    elif every:
        text = "No active medication is in the record."
        sentences.append(tell(text, picture.absence("MedicationRequest", "no active medication"), basis=Basis.ABSENCE))
    sentences += _stopped_lately(picture, set() if every else owned)
    if every:
        sentences += [conflict_sentence(c) for c in picture.drug_conflicts]
    sentences += [s for d, _, s in picture.other_doses if every or any(d is a for a in active)]
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
    newest = last[0] if last else picture.ctx.as_of
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
            text = f"implausible, left out of trends: {one.label} {both(shown)}"
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
    fresh = [s for s in known if s.latest.time and newest and (newest - s.latest.time).days <= 400]
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
    rows = [r for r in reversed(picture.chart.procedures) if not _is_trivial(r.display)]
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
        what = both([small(plain_name(c)) + (f" ({_onset_words(o)})" if o else "") for c, o in row.conditions])
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


def _onset_words(text: str) -> str:
    return text.removesuffix(" a").strip() if text.startswith("age ") else text


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
    lines += [conflict_sentence(c) for c in picture.smoking_conflicts]
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
