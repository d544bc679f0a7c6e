"""What happened: reports and results of procedures, care plans, devices and the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tools.concepts import content_words
from tools.context import ToolContext, cite, dated, day, in_sentence, on_date, plain_name, within
from tools.events.done import find_target, recorded, when_said
from tools.events.findings import asked_of_report, verdict
from tools.events.visits import describe_encounter
from tools.outcome import Statement, ToolResult, say
from tools.times.periods import Period

if TYPE_CHECKING:
    from knowledge_base.rows import DeviceRow


def reports(ctx: ToolContext, name: str = "", aspect: str = "list", period: Period | None = None) -> ToolResult:
    """Diagnostic reports with their conclusions. `aspect`: list | has | last | count."""

    def render(row: Any) -> str:
        return plain_name(row.display) + (f" (conclusion: {row.conclusion})" if row.conclusion else "")

    return recorded(ctx, "reports", "report", name, "procedure", ctx.chart.reports, aspect, period, render)


def procedure_result(ctx: ToolContext, name: str, period: Period | None = None, question: str = "") -> ToolResult:
    """What a procedure or study showed: the report's conclusion, its outcome, and what notes say of it.

    `question` is a yes/no question about a finding: the newest report answers it, where it says so in plain words.
    """
    from tools.notes.search import search_notes

    target = find_target(ctx, name, "procedure", ctx.chart.procedures)
    words = content_words(target.label)
    statements: list[Statement] = []
    for row in reversed(within(ctx.chart.reports, period)):
        if row.conclusion and (
            ctx.lexicon.matches(target, row, "procedure") or (words and all(w in row.display.lower() for w in words))
        ):
            said = (
                verdict(row.conclusion, asked_of_report(question, row.display)) if question and not statements else None
            )
            lead = "" if said is None else "Yes: " if said else "No: "
            statements.append(say(f"{lead}{plain_name(row.display)}, {dated(row)}: {row.conclusion}", cite(row)))
    for done in reversed(within(ctx.chart.procedures, period)):
        if ctx.lexicon.matches(target, done, "procedure"):
            outcome = f", outcome: {done.outcome}" if done.outcome else f": {done.note}" if done.note else ""
            said = (
                verdict(done.outcome, asked_of_report(question, done.display)) if question and not statements else None
            )
            lead = "" if said is None else "Yes: " if said else "No: "
            statements.append(say(f"{lead}{plain_name(done.display)} {on_date(done, bold=True)}{outcome}.", cite(done)))
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
            statements=(say(f"Nothing is recorded{when_said(period)}. Looked at {looked[0]}."),),
        )
    shown = [s for _, s in events[:limit]]
    head = say(
        f"**{len(events)}** events{when_said(period)}, newest first"
        + (f" (showing {limit})" if len(events) > limit else "")
        + ":"
    )
    return ToolResult(tool="timeline", statements=(head, *shown), data={"n": len(events)})
