"""The kinds of story: which sections, in which order, for clinicians; patients have a telling of their own."""

from __future__ import annotations

from dataclasses import replace

from domain.answers import Conflict
from domain.errors import InvalidInput
from tools.context import ToolContext, cite, day
from tools.drugs.medications import _LOOKS_BACK
from tools.notes.search import suspicion_warnings, suspicious_notes
from tools.story import changes, events, problem_sections, sections, who
from tools.story.code_status import code_status
from tools.story.disagreements import with_conflicts
from tools.story.model import AUDIENCES, KINDS, Section, Sentence, Story
from tools.story.open_items import grave_findings, open_items
from tools.story.picture import Picture
from tools.story.plain import plain_story
from tools.story.sections import STYLES, Style
from tools.times.periods import Period

TITLES = {
    "one_liner": "In one line", "timeline": "Timeline", "problem_oriented": "Summary by problem", "since_last_visit": "Since the last visit",
    "sbar": "Handoff (SBAR)", "full": "Full summary",
}  # fmt: skip


def build_story(
    ctx: ToolContext, kind: str = "problem_oriented", audience: str = "clinician_short", period: Period | None = None
) -> Story:
    """The story of the context's patient.

    Args:
        ctx: The patient and the moment.
        kind: One of `KINDS`.
        audience: One of `AUDIENCES`.
        period: Limits a timeline and the visits to it; for `since_last_visit` its start is what is compared with.

    Raises:
        InvalidInput: the kind or the audience is unknown.
    """
    if kind not in KINDS:
        raise InvalidInput(f"kind is one of {', '.join(KINDS)}", accepted=list(KINDS))
    if audience not in AUDIENCES:
        raise InvalidInput(f"audience is one of {', '.join(AUDIENCES)}", accepted=list(AUDIENCES))
    picture = Picture(ctx, period)
    if audience == "patient":
        parts = plain_story(picture, kind)
    else:
        parts = _TELLERS[kind](picture, STYLES[audience])
    kept = with_conflicts(picture, [s for s in parts if s.sentences], kind, audience)
    return Story(
        kind=kind,
        audience=audience,
        patient_id=ctx.patient_id,
        title=f"{TITLES[kind]}, as of {day(ctx.as_of)}",
        as_of=ctx.as_of,
        period=period.label if period else "",
        sections=kept,
        conflicts=_conflicts_told(picture, kept),
        warnings=(*((_LOOKS_BACK,) if ctx.chart.looks_back else ()), *suspicion_warnings(suspicious_notes(ctx))),
        looked_at=_looked_at(ctx),
    )


def _conflicts_told(picture: Picture, parts: tuple[Section, ...]) -> tuple[Conflict, ...]:
    told = {e.ref for part in parts for s in part.sentences for e in s.evidence}
    return tuple(c for c in picture.conflicts if all(e.ref in told for e in c.evidence))


def _looked_at(ctx: ToolContext) -> tuple[str, ...]:
    chart = ctx.chart
    return (
        f"{len(chart.conditions)} conditions", f"{len(chart.medications)} medication entries", f"{len(chart.allergies)} allergy entries",
        f"{len(chart.observations)} observations", f"{len(chart.procedures)} procedures", f"{len(chart.encounters)} encounters",
        f"{len(chart.notes)} notes up to {day(ctx.as_of)}",
    )  # fmt: skip


def _opening(picture: Picture, most: int = 5) -> Section:
    lines = [*who.opening(picture, most), *who.staleness(picture)]
    return Section(id="summary", title="Summary", code=sections.HISTORY, sentences=tuple(lines))


def _one_liner(picture: Picture, style: Style) -> list[Section]:
    most = 8 if style.long else 4
    lines: list[Sentence] = [
        *who.opening(picture, most),
        *who.key_treatment(picture),
        *who.key_results(picture, 3 if style.long else 2),
    ]
    allergies = sections.allergies(picture).sentences
    lines += allergies if style.long else allergies[:2]
    lines += [i.model_copy(update={"item": False}) for i in grave_findings(picture)]
    lines += who.staleness(picture)
    return [Section(id="summary", title="Summary", code=sections.HISTORY, sentences=tuple(lines))]


def _problem_oriented(picture: Picture, style: Style) -> list[Section]:
    items = open_items(picture)
    problems = problem_sections.problems(picture, style, items)
    used = _series_told(picture, problems)
    return [
        _opening(picture), sections.allergies(picture), *problems, sections.medications(picture, style, every=False),
        sections.results(picture, style, used), sections.from_notes(picture, 6 if style.long else 3), sections.open_section(items),
        sections.nothing(picture),
    ]  # fmt: skip


def _timeline(picture: Picture, style: Style) -> list[Section]:
    return [_opening(picture, 3), events.timeline(picture, style)]


def _since(picture: Picture, style: Style) -> list[Section]:
    items = open_items(picture, screening=style.long)
    return [_opening(picture, 4), *changes.since_last_visit(picture, style), sections.open_section(items)]


def _sbar(picture: Picture, style: Style) -> list[Section]:
    """Situation, background, assessment, recommendation; the last holds what is open in the record and no decision."""
    code = code_status(picture.testimony) or sections.no_code_status(picture)
    situation: list[Sentence] = [*who.opening(picture, 3), *who.staleness(picture), *code]
    newest = picture.testimony.newest()
    situation += [newest] if newest is not None else []
    just_over = {id(p) for g in picture.told_groups if not g.active for p in g.just_over(picture.ctx.as_of)}
    vitals = sections.vital_signs(picture).sentences
    background = [
        *sections.allergies(picture).sentences,
        *[problem_sections.problem_status(picture, g) for g in picture.current[: style.problems]],
        *problem_sections.past(picture, replace(style, long=False), told=None, leave_out=just_over).sentences,
        *sections.medications(picture, replace(style, long=False)).sentences,
    ]
    assessment: list[Sentence] = [*vitals]
    told: set[str] = set()
    for group in picture.told_groups[:4]:
        lines = [
            t for t in who.group_trends(picture, group) if t.series.id not in told and (t.moved or t.points[0].flag)
        ][: style.results]
        told.update(t.series.id for t in lines)
        if lines:
            named = (group.active or group.past)[0]
            text = f"{named.name}: {'; '.join(t.text for t in lines)}"
            evidence = [*[e for t in lines for e in t.evidence], cite(named.row)]
            assessment.append(sections.tell(sections.sentence(text), *evidence))
    assessment += sections.results(picture, style, told | set(sections.table("results")["vitals"])).sentences
    items = open_items(picture, screening=False)
    plan = [i.model_copy(update={"item": True}) for i in items]
    plan += [s.model_copy(update={"item": True}) for s in picture.testimony.follow_up()]
    return [
        Section(id="situation", title="Situation", code=sections.INTERVAL, sentences=tuple(situation)),
        Section(id="background", title="Background", code=sections.HISTORY, sentences=tuple(background)),
        Section(id="assessment", title="Assessment", code=sections.ASSESSMENT, sentences=tuple(assessment)),
        Section(id="recommendation", title="Recommendation (open in the record; no treatment decision)", code=sections.PLAN, sentences=tuple(plan)),
    ]  # fmt: skip


def _full(picture: Picture, style: Style) -> list[Section]:
    style = replace(style, long=True, timeline=max(style.timeline, 30)) if style.long else style
    items = open_items(picture)
    problems = problem_sections.problems(picture, style, items, with_devices=False)
    used = _series_told(picture, problems)
    code = code_status(picture.testimony)
    directives = Section(id="directives", title="Code status", code=sections.DIRECTIVES, sentences=tuple(code))
    return [
        _opening(picture), sections.allergies(picture), directives, *problems, sections.medications(picture, style),
        sections.vital_signs(picture), sections.results(picture, style, used), sections.procedures(picture, style),
        sections.visits(picture, style), sections.immunizations(picture), sections.family(picture), sections.social(picture),
        sections.from_notes(picture, 10 if style.long else 4), sections.open_section(items), sections.nothing(picture),
        *([events.timeline(picture, style)] if style.long else []),
    ]  # fmt: skip


def _series_told(picture: Picture, parts: list[Section]) -> set[str]:
    refs = {e.ref for part in parts for s in part.sentences for e in s.evidence}
    return {k for k, one in picture.results.items() if one.points and one.latest.ref in refs}


_TELLERS = {
    "one_liner": _one_liner, "timeline": _timeline, "problem_oriented": _problem_oriented, "since_last_visit": _since, "sbar": _sbar, "full": _full,
}  # fmt: skip
