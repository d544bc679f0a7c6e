"""What happened: procedures, vaccinations, visits, reports, care plans, devices and the timeline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tools.concepts import Target, content_words
from tools.context import ToolContext, cite, counted, dated, day, in_sentence, on_date, plain_name, within
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.periods import Period, wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import DeviceRow, EncounterRow

_LISTED = 20

# FHIR v3-ActCode classes, and for visits that have no class of their own, words of the visit type.
ENCOUNTER_KINDS: dict[str, tuple[str, frozenset[str], re.Pattern[str] | None]] = {
    "any": ("visit", frozenset(), None),
    "emergency": ("emergency department visit", frozenset({"EMER"}), re.compile(r"emergency", re.I)),
    "inpatient": ("hospital admission", frozenset({"IMP", "ACUTE", "NONAC"}), None),
    "observation": ("observation stay", frozenset({"OBSENC"}), None),
    "ambulatory": ("outpatient visit", frozenset({"AMB"}), None),
    "urgent_care": ("urgent care visit", frozenset(), re.compile(r"urgent care", re.I)),
    "wellness": (
        "check-up",
        frozenset(),
        re.compile(r"check[- ]?up|general examination|well child|wellness|annual|preventive", re.I),
    ),
    "home": ("home visit", frozenset({"HH"}), None),
    "virtual": ("virtual visit", frozenset({"VR"}), None),
    "prenatal": ("prenatal visit", frozenset(), re.compile(r"prenatal|antenatal|obstetric", re.I)),
}


def _find(ctx: ToolContext, name: str, kind: str, rows: Iterable[Any]) -> Target:
    if name.startswith("record:"):
        label = name.removeprefix("record:")
        return Target(kind=kind, id=name, label=label, displays=frozenset({label}))
    return (
        ctx.lexicon.resolve(name, kind)
        or ctx.lexicon.from_record(name, rows, kind)
        or Target(kind=kind, id=f"text:{name}", label=name.replace("_", " "))
    )


def _when(period: Period | None) -> str:
    return f" {period.label}" if period and period.label else ""


def _recorded(
    ctx: ToolContext,
    tool: str,
    noun: str,
    name: str,
    kind: str,
    everything: Sequence[Any],
    aspect: str,
    period: Period | None,
    render: Callable[[Any], str],
    offset: int = 0,
) -> ToolResult:
    """The shared shape of "has there been / when / how many / list" over one resource type."""
    target = _find(ctx, name, kind, everything) if name else None
    rows = [r for r in within(everything, period) if target is None or ctx.lexicon.matches(target, r, kind)]
    looked = (
        f"{counted(len(everything), f'{noun} entry')} up to {day(ctx.as_of)}",
        counted(len(ctx.chart.notes), "note"),
    )
    label = in_sentence(target) if target else noun
    data = {"name": target.id if target else "", "aspect": aspect, "n": len(rows), "offset": offset}
    if rows and offset >= len(rows):
        text = f"No {'further' if aspect == 'first' else 'earlier'} {label} is documented: {len(rows)} recorded, first {dated(rows[0])}, last {dated(rows[-1])}."
        return ToolResult(
            tool=tool, found=False, looked_at=looked, data=data, statements=(say(text, cite(rows[0]), cite(rows[-1])),)
        )
    if not rows:
        return _none_recorded(ctx, tool, label, target, kind, everything, period, looked, data)
    if aspect == "count":
        text = f"**{len(rows)}** {label} {'entry is' if len(rows) == 1 else 'entries are'} recorded{_when(period)}"
        text += f" (first {dated(rows[0])}, last {dated(rows[-1])})."
        statements = [say(text, cite(rows[0]), cite(rows[-1]))]
    elif aspect == "first" or offset:
        row = rows[offset] if aspect == "first" else rows[-1 - offset]
        lead = (
            ("First" if not offset else f"No. {offset + 1}")
            if aspect == "first"
            else "The one before"
            if offset == 1
            else f"{offset} before the last"
        )
        statements = [
            say(
                f"{lead} {label}{_when(period)}: **{render(row)}** {on_date(row)} ({len(rows)} recorded).",
                cite(row),
            )
        ]
    elif aspect == "last" or (target is not None and len(rows) == 1):
        row, total = rows[-1], len(rows)
        lead = "Yes" if aspect == "has" else "Most recent" if total > 1 else "Recorded"
        more = f" ({total} recorded, first {dated(rows[0])})" if total > 1 else ""
        statements = [say(f"{lead}: **{render(row)}** {on_date(row)}{more}.", cite(row))]
    else:
        statements = _listing(rows, label, aspect, render, period)
    return ToolResult(
        tool=tool,
        statements=tuple(statements),
        data={**data, "time": rows[-1].time.isoformat() if rows[-1].time else None},
    )


def _listing(
    rows: Sequence[Any], label: str, aspect: str, render: Callable[[Any], str], period: Period | None
) -> list[Statement]:
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(render(row), []).append(row)
    lead = "Yes: " if aspect == "has" else ""
    head = say(f"{lead}**{len(rows)}** {label} {'entry' if len(rows) == 1 else 'entries'} recorded{_when(period)}:")
    newest = sorted(groups.items(), key=lambda g: g[1][-1].time.timestamp() if g[1][-1].time else 0.0, reverse=True)
    lines = []
    for name, group in newest[:_LISTED]:
        last = group[-1]
        times = (
            f"{dated(last)}" if len(group) == 1 else f"{len(group)} times, first {dated(group[0])}, last {dated(last)}"
        )
        lines.append(say(f"{name}: {times}", cite(last), item=True))
    if len(newest) > _LISTED:
        lines.append(say(f"… and {len(newest) - _LISTED} more kinds", item=True))
    return [head, *lines]


def _none_recorded(
    ctx: ToolContext,
    tool: str,
    label: str,
    target: Target | None,
    kind: str,
    everything: Sequence[Any],
    period: Period | None,
    looked: tuple[str, ...],
    data: dict[str, Any],
) -> ToolResult:
    statements = [say(f"No {label} is recorded{_when(period)} (not documented).")]
    if period is not None:
        outside = [r for r in everything if target is None or ctx.lexicon.matches(target, r, kind)]
        if outside:
            row = outside[-1]
            statements.append(say(f"Outside that period: {plain_name(row.display)} {on_date(row)}.", cite(row)))
    if target is not None:
        from tools.problems import note_findings

        statements.extend(note_findings(ctx, target))
    statements.append(say(f"Looked at {looked[0]} and {looked[1]}."))
    return ToolResult(tool=tool, found=False, statements=tuple(statements), looked_at=looked, data=data)


def procedures(
    ctx: ToolContext, name: str = "", aspect: str = "list", period: Period | None = None, offset: int = 0
) -> ToolResult:
    """Procedures and operations. `aspect`: list | has | last | first | count; `offset` steps from the last or first."""

    def render(row: Any) -> str:
        reason = f" for {plain_name(row.reason_display)}" if row.reason_display else ""
        return f"{plain_name(row.display)}{reason}"

    return _recorded(
        ctx, "procedures", "procedure", name, "procedure", ctx.chart.procedures, aspect, period, render, offset
    )


def immunizations(
    ctx: ToolContext, name: str = "", aspect: str = "list", period: Period | None = None, offset: int = 0
) -> ToolResult:
    """Vaccinations given. `aspect`: list | has | last | first | count; `offset` steps from the last or first."""
    return _recorded(
        ctx,
        "immunizations",
        "vaccination",
        name,
        "immunization",
        ctx.chart.immunizations,
        aspect,
        period,
        lambda row: plain_name(row.display),
        offset,
    )


def reports(ctx: ToolContext, name: str = "", aspect: str = "list", period: Period | None = None) -> ToolResult:
    """Diagnostic reports with their conclusions. `aspect`: list | has | last | count."""

    def render(row: Any) -> str:
        return plain_name(row.display) + (f" (conclusion: {row.conclusion})" if row.conclusion else "")

    return _recorded(ctx, "reports", "report", name, "procedure", ctx.chart.reports, aspect, period, render)


def procedure_result(ctx: ToolContext, name: str, period: Period | None = None) -> ToolResult:
    """What a procedure or study showed: the report's conclusion, its outcome, and what notes say of it."""
    from tools.notes import search_notes

    target = _find(ctx, name, "procedure", ctx.chart.procedures)
    words = content_words(target.label)
    statements = []
    for row in reversed(within(ctx.chart.reports, period)):
        if row.conclusion and (
            ctx.lexicon.matches(target, row, "procedure") or (words and all(w in row.display.lower() for w in words))
        ):
            statements.append(say(f"{plain_name(row.display)}, {dated(row)}: {row.conclusion}", cite(row)))
    for done in reversed(within(ctx.chart.procedures, period)):
        if ctx.lexicon.matches(target, done, "procedure"):
            outcome = f", outcome: {done.outcome}" if done.outcome else f": {done.note}" if done.note else ""
            statements.append(say(f"{plain_name(done.display)} {on_date(done, bold=True)}{outcome}.", cite(done)))
            break
    noted = search_notes(ctx, f"{target.label} showed findings", period, limit=3, near=False)
    # A list that only names the procedure says nothing of what it showed.
    telling = [
        s for s in noted.statements if noted.found and s.evidence and len(s.evidence[0].quote) > len(target.label) + 25
    ]
    statements.extend(telling[:2])
    if (
        statements
        and not telling
        and not any(r.conclusion for r in ctx.chart.reports if r.ref in {e.ref for s in statements for e in s.evidence})
    ):
        if "outcome:" not in statements[-1].text and "**:" not in statements[-1].text:
            statements.append(
                say("What it showed is not documented: the record has no report of it and no note describes it.")
            )
    if statements:
        return ToolResult(
            tool="procedure_result", statements=tuple(statements), data={"name": target.id}, warnings=noted.warnings
        )
    looked = (
        f"{len(ctx.chart.reports)} reports",
        f"{len(ctx.chart.procedures)} procedures",
        f"{len(ctx.chart.notes)} notes",
    )
    return ToolResult(
        tool="procedure_result",
        found=False,
        looked_at=looked,
        data={"name": target.id},
        statements=(
            say(f"Not documented: no {in_sentence(target)} result is recorded. Looked at {', '.join(looked)}."),
        ),
    )


def age_when(ctx: ToolContext, name: str) -> ToolResult:
    """How old the patient was when a problem began, a procedure was done or a drug was first ordered."""
    sources: tuple[tuple[str, str, Sequence[Any]], ...] = (
        ("condition", "condition", ctx.chart.conditions),
        ("procedure", "procedure", ctx.chart.procedures),
        ("medication", "medication", ctx.chart.medications),
        ("drug_class", "medication", ctx.chart.medications),
        ("immunization", "immunization", ctx.chart.immunizations),
        ("procedure", "device", ctx.chart.devices),
    )
    for kind, row_kind, rows in sources:
        target = ctx.lexicon.resolve(name, kind) or ctx.lexicon.from_record(name, rows, kind)
        hits = [
            r for r in rows if target is not None and row_kind != "device" and ctx.lexicon.matches(target, r, row_kind)
        ]
        row = next((r for r in hits if r.time is not None), None)
        age = ctx.chart.age_on(row.time) if row is not None and row.time is not None else None
        if row is not None and age is not None:
            # A year alone leaves open whether the birthday had been.
            span = f"{age} or {age + 1}" if row.time_precision == "year" else str(age)
            text = f"**{span} years** old when {plain_name(row.display)} is first recorded, {on_date(row)}."
            return ToolResult(
                tool="age_when",
                statements=(say(text, cite(row), cite(ctx.chart.patient, "birth date")),),
                data={"age": age},
            )
    looked = ("the problem, procedure, medication and vaccination lists",)
    return ToolResult(
        tool="age_when",
        found=False,
        looked_at=looked,
        data={"name": name},
        statements=(
            say(
                f"Not documented: nothing called {name.replace('_', ' ')} is recorded, so the age then is not known. Looked at {looked[0]}."
            ),
        ),
    )


def encounter_rows(
    ctx: ToolContext, kind: str = "any", period: Period | None = None, reason: str = ""
) -> list[EncounterRow]:
    """Visits of a kind, optionally those whose type or reason names something."""
    if kind not in ENCOUNTER_KINDS:
        raise RetryableToolError(f"kind is one of {', '.join(ENCOUNTER_KINDS)}")
    _, classes, words = ENCOUNTER_KINDS[kind]
    rows = within(ctx.chart.encounters, period)
    if kind != "any":
        rows = [
            r
            for r in rows
            if r.class_code in classes or (words is not None and words.search(r.type_display or r.display))
        ]
    if reason:
        target = ctx.lexicon.resolve(reason, "condition")
        rows = [r for r in rows if _concerns(ctx, r, reason, target)]
    return rows


def _concerns(ctx: ToolContext, row: EncounterRow, reason: str, target: Target | None) -> bool:
    text = f"{row.reason_display} {row.type_display}"
    if target is not None:
        mentions = ctx.lexicon.find_mentions(text, ("condition",), fuzzy=False)
        if any(t.id in target.ids for m in mentions for t in m.targets):
            return True
    words = content_words(reason)
    return bool(words) and all(w in text.lower() for w in words)


def encounters(
    ctx: ToolContext,
    kind: str = "any",
    aspect: str = "last",
    period: Period | None = None,
    reason: str = "",
    offset: int = 0,
) -> ToolResult:
    """Visits and admissions. `kind`: any | emergency | inpatient | ambulatory | urgent_care | wellness | virtual | home.

    `aspect`: last | first | list | count | has | current | reason | provider | stay (length of stay).
    """
    rows = encounter_rows(ctx, kind, period, reason)
    if aspect == "stay" and kind == "any" and (stays := encounter_rows(ctx, "inpatient", period, reason)):
        rows, kind = stays, "inpatient"
    if aspect == "current":
        return _current_stay(ctx, rows, kind)
    noun = ENCOUNTER_KINDS[kind][0]
    about = f" for {reason}" if reason else ""
    looked = (f"{len(ctx.chart.encounters)} encounters up to {day(ctx.as_of)}",)
    data = {"kind": kind, "aspect": aspect, "n": len(rows), "offset": offset}
    if not rows:
        lead = "**0**: no" if aspect == "count" else "No"
        statements = [say(f"{lead} {noun}{about} is recorded{_when(period)} (none documented).")]
        if period is not None and (outside := encounter_rows(ctx, kind, None, reason)):
            statements.append(say(f"Outside that period the last was {on_date(outside[-1])}.", cite(outside[-1])))
        statements.append(say(f"Looked at {looked[0]}."))
        return ToolResult(tool="encounters", found=False, statements=tuple(statements), looked_at=looked, data=data)
    if aspect == "count":
        text = f"**{len(rows)}** {noun}{'s' if len(rows) != 1 else ''}{about} recorded{_when(period)}"
        text += f" (first {dated(rows[0])}, last {dated(rows[-1])})."
        return ToolResult(tool="encounters", statements=(say(text, cite(rows[0]), cite(rows[-1])),), data=data)
    if aspect in {"list", "has"} and len(rows) > 1:
        head = say(
            f"{'Yes: ' if aspect == 'has' else ''}**{len(rows)}** {noun}s{about}{_when(period)}"
            f"{', newest first' if len(rows) <= _LISTED else f'; the newest {_LISTED}'}:"
        )
        lines = [say(f"{dated(r)}: {describe_encounter(r)}", cite(r), item=True) for r in reversed(rows[-_LISTED:])]
        return ToolResult(tool="encounters", statements=(head, *lines), data=data)
    if offset >= len(rows):
        text = f"No earlier {noun} is documented; the first is of {dated(rows[0])}."
        return ToolResult(
            tool="encounters", found=False, statements=(say(text, cite(rows[0])),), looked_at=looked, data=data
        )
    row = rows[offset] if aspect == "first" else rows[-1 - offset]
    statements = [_one_encounter(row, noun, aspect, offset)]
    if aspect in {"reason", "last", "stay"} and not row.reason_display and (diagnosed := _diagnosed_at(ctx, row)):
        names = ", ".join(plain_name(r.display) for r in diagnosed)
        statements.append(say(f"Diagnosed then: **{names}**.", *[cite(r) for r in diagnosed]))
    return ToolResult(
        tool="encounters",
        statements=tuple(statements),
        data={**data, "time": row.time.isoformat() if row.time else None},
    )


def _diagnosed_at(ctx: ToolContext, row: EncounterRow) -> list[Any]:
    """Conditions that the record ties to a visit."""
    return [r for r in ctx.chart.conditions if r.encounter_ref and r.encounter_ref == row.ref]


def _current_stay(ctx: ToolContext, rows: Sequence[EncounterRow], kind: str) -> ToolResult:
    now = wall_clock(ctx.as_of)
    under_way = [
        r
        for r in rows
        if (start := r.start or r.time)
        and wall_clock(start) <= now
        and (
            (r.end is None and r.status == "in-progress")
            or (r.end is not None and wall_clock(r.end).date() >= now.date())
        )
    ]
    noun = ENCOUNTER_KINDS[kind][0]
    if under_way:
        row = under_way[-1]
        text = f"Yes: {noun} since **{dated(row)}**, {describe_encounter(row)}."
        return ToolResult(tool="encounters", statements=(say(text, cite(row)),), data={"kind": kind, "n": 1})
    last = f" The last was {on_date(rows[-1])}." if rows else ""
    looked = (f"{len(ctx.chart.encounters)} encounters up to {day(ctx.as_of)}",)
    return ToolResult(
        tool="encounters",
        found=False,
        looked_at=looked,
        data={"kind": kind, "n": 0},
        statements=(
            say(f"No: no {noun} is under way.{last}", *[cite(r) for r in rows[-1:]]),
            say(f"Looked at {looked[0]}."),
        ),
    )


def describe_encounter(row: EncounterRow) -> str:
    """A visit in a few words: type, reason, class, length."""
    parts = [plain_name(row.type_display or row.display)]
    if row.reason_display:
        parts.append(f"for {plain_name(row.reason_display)}")
    if row.class_code and row.class_code != "AMB":
        parts.append(f"({_CLASS_NAMES.get(row.class_code, row.class_code)})")
    return " ".join(parts)


_CLASS_NAMES = {
    "EMER": "emergency",
    "IMP": "inpatient",
    "VR": "virtual",
    "HH": "home",
    "ACUTE": "inpatient, acute",
    "OBSENC": "observation",
    "SS": "short stay",
}


def _one_encounter(row: EncounterRow, noun: str, aspect: str, offset: int) -> Statement:
    lead = {"first": "First", "last": "Last" if offset == 0 else "Earlier"}.get(
        aspect, "Last" if offset == 0 else "Earlier"
    )
    start, end = row.start or row.time, row.end
    if aspect == "reason":
        reason = plain_name(row.reason_display) if row.reason_display else "no reason is recorded (not documented)"
        return say(
            f"{lead} {noun}, {dated(row)}: **{reason}** ({plain_name(row.type_display or row.display)}).", cite(row)
        )
    if aspect == "provider":
        who = ", ".join(p for p in (row.practitioner, row.provider) if p) or "no provider is recorded (not documented)"
        return say(f"{lead} {noun}, {dated(row)}: **{who}**.", cite(row))
    length = f" to {day(end)}" if start is not None and end is not None and end.date() != start.date() else ""
    if aspect == "stay" and start is not None and end is not None:
        return say(
            f"{lead} {noun}: {dated(row)}{length}, **{_duration(start, end, row.time_precision)}** ({describe_encounter(row)}).",
            cite(row),
        )
    place = f" at {row.provider}" if row.provider else ""
    return say(f"{lead} {noun}: **{dated(row)}**{length}, {describe_encounter(row)}{place}.", cite(row))


def _duration(start: datetime, end: datetime, precision: str) -> str:
    """The length of a stay, in hours only where the record has the time of day."""
    days = (end.date() - start.date()).days
    if precision != "instant":
        return f"{days} days" if days > 1 else "1 day" if days else "less than a day"
    seconds = (end - start).total_seconds()
    if seconds < 3600:
        return f"{seconds / 60:.0f} minutes"
    if seconds < 172800:
        return f"{seconds / 3600:.1f} hours"
    return f"{days} days"


def care_plans(ctx: ToolContext, status: str = "active") -> ToolResult:
    """Care plans with their activities. `status`: active | completed | all."""
    rows = [r for r in ctx.chart.care_plans if status == "all" or (r.status == "active") == (status == "active")]
    looked = (f"{len(ctx.chart.care_plans)} care plans",)
    if not rows:
        return ToolResult(
            tool="care_plans",
            found=False,
            looked_at=looked,
            data={"n": 0},
            statements=(
                say(
                    f"No {status if status != 'all' else ''} care plan is recorded. Looked at {looked[0]}.".replace(
                        "  ", " "
                    )
                ),
            ),
        )
    lines = []
    for row in reversed(rows):
        activities = f": {', '.join(plain_name(a) for a in row.activities)}" if row.activities else ""
        since = f", since {dated(row)}" if row.start or row.time else ""
        lines.append(
            say(f"{plain_name(row.title or row.display)} ({row.status}{since}){activities}", cite(row), item=True)
        )
    return ToolResult(
        tool="care_plans",
        statements=(say(f"**{len(rows)}** care {'plan' if len(rows) == 1 else 'plans'}:"), *lines),
        data={"n": len(rows)},
    )


_DEVICE_DETAILS = frozenset(
    "serial number lot udi manufacturer maker model made expiry expires expiration date batch id".split()
)


def devices(ctx: ToolContext, name: str = "") -> ToolResult:
    """Implanted and other devices, optionally one kind, with maker, serial and lot number where they are recorded."""
    words = [w for w in content_words(name) if w not in _DEVICE_DETAILS]
    rows = [r for r in ctx.chart.devices if all(w in f"{r.display} {r.type} {r.device_name}".lower() for w in words)]
    n, done = len(ctx.chart.devices), len(ctx.chart.procedures)
    looked = (
        f"{n} device {'entry' if n == 1 else 'entries'}",
        f"{done} {'procedure' if done == 1 else 'procedures'}",
    )
    if not rows:
        of_what = f"{name} " if name else ""
        text = f"No {of_what}device is recorded (not documented). Looked at {looked[0]} and {looked[1]}."
        return ToolResult(tool="devices", found=False, looked_at=looked, data={"n": 0}, statements=(say(text),))
    head = say(f"{'Yes: ' if name else ''}**{len(rows)}** {'device' if len(rows) == 1 else 'devices'} recorded:")
    lines = [say(f"{plain_name(r.display)} ({'; '.join(_device_details(r))})", cite(r), item=True) for r in rows]
    return ToolResult(tool="devices", statements=(head, *lines), data={"n": len(rows)})


def _device_details(row: DeviceRow) -> list[str]:
    details = (
        ("", row.status or "status not recorded"),
        ("", dated(row) if row.time else ""),
        ("manufacturer ", row.manufacturer),
        ("serial number ", row.serial_number),
        ("lot ", row.lot_number),
        ("UDI ", row.udi),
        ("made ", day(row.manufactured) if row.manufactured else ""),
        ("expires ", day(row.expires) if row.expires else ""),
    )
    return [f"{label}{value}" for label, value in details if value]


def timeline(ctx: ToolContext, period: Period | None = None, limit: int = 25) -> ToolResult:
    """What happened in a period, by date: visits, new problems, procedures, drug starts, vaccinations."""
    events: list[tuple[datetime, Statement]] = []
    chart = ctx.chart
    first_orders: dict[str, Any] = {}
    for row in chart.medications:
        first_orders.setdefault(row.display, row)
    sources: list[tuple[str, Iterable[Any]]] = [
        ("new problem", chart.conditions),
        ("procedure", chart.procedures),
        ("first order of", first_orders.values()),
        ("vaccination", chart.immunizations),
        ("visit", chart.encounters),
    ]
    for label, rows in sources:
        for row in within(rows, period):
            if row.time is not None:
                what = describe_encounter(row) if label == "visit" else plain_name(row.display)
                events.append((row.time, say(f"{dated(row)}: {label} {what}", cite(row), item=True)))
    events.sort(key=lambda e: e[0], reverse=True)
    if not events:
        looked = (f"{len(chart.encounters)} encounters and the problem, procedure and medication lists",)
        return ToolResult(
            tool="timeline",
            found=False,
            looked_at=looked,
            data={"n": 0},
            statements=(say(f"Nothing is recorded{_when(period)}. Looked at {looked[0]}."),),
        )
    shown = [s for _, s in events[:limit]]
    head = say(
        f"**{len(events)}** events{_when(period)}, newest first"
        + (f" (showing {limit})" if len(events) > limit else "")
        + ":"
    )
    return ToolResult(tool="timeline", statements=(head, *shown), data={"n": len(events)})
