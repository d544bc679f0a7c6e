"""The problems of a story one by one: state, treatment, trend, studies, what notes say, what contradicts, what is open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tools.concepts import content_words
from tools.context import cite, dated, plain_name
from tools.story.drugs import evidence_of, stopped, taking
from tools.story.model import Basis, Section, Sentence, tell
from tools.story.picture import Picture
from tools.story.problems import Group, Problem, is_lingering
from tools.story.sections import PAST, PROBLEMS, Style, devices, is_trivial, since_words
from tools.story.who import group_trends, once
from tools.story.wording import both, quoted, sentence, small


def problems(picture: Picture, style: Style, items: list[Sentence], with_devices: bool = True) -> list[Section]:
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
    history = past(picture, style, {id(p) for g in shown for p in g.past}, with_devices=with_devices)
    return [*found, history] if history.sentences else found


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
        sentences += [noted] if noted.text not in used else []  # what speaks of two problems is quoted with the first
        used.add(noted.text)
    refs = {r.ref for p in (*group.active, *group.past) for r in p.rows}
    own = {r.ref for d in (*group.drugs, *group.former) for c in (*d.now, *d.past) for r in c.rows}
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
        lines = [f"{taking(d)} {since_words(d)}".strip() for d in reversed(group.drugs)]
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
        if stamp < begun or is_trivial(row.display):
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


def past(
    picture: Picture,
    style: Style,
    told: set[int] | None = None,
    leave_out: set[int] | None = None,
    with_devices: bool = True,
) -> Section:
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
    sentences += devices(picture) if with_devices else []
    return Section(
        id="past",
        title="Past history and devices" if with_devices else "Past history",
        code=PAST,
        sentences=tuple(sentences),
    )
