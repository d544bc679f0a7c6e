"""Values to markdown and HTML. Everything from a record, a note or an answer is text, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape as html_escape
from typing import TYPE_CHECKING, Any

from agents.privacy.policy import Policy, is_loopback, parse_policies
from app.overview import AllergyLine, Overview
from domain.answers import Answer, Conflict
from domain.errors import ChartTwinError
from domain.facts import Evidence, EvidenceKind

if TYPE_CHECKING:
    from app.settings import Settings

_MARKERS = re.compile(r"(?:\[\d{1,3}(?:\s*[,;]\s*\d{1,3})*\])+")  # neighbours are kept on one line
# Markdown that would become links, images, HTML or mail addresses; bold, lists and tables are kept.
_NEUTRAL = (
    ("&", "&amp;"),
    ("<", "&lt;"),
    ("![", "!&#91;"),
    ("](", "]&#40;"),
    ("]:", "]&#58;"),
    ("://", "&#58;//"),
    ("www.", "www&#46;"),
    ("@", "&#64;"),
    ("~", "&#126;"),
)
_KIND_NAMES = {
    EvidenceKind.SPAN: "Note",
    EvidenceKind.RESOURCE: "Record",
    EvidenceKind.RUN: "Model run",
    EvidenceKind.KNOWLEDGE: "Reference",
}
_STEP_NAMES = {
    "prefetch": "Opening the chart",
    "plan": "Working out what to look up",
    "supervise": "Taking the question apart",
    "act": "Looking it up",
    "report": "Putting the parts together",
    "verify": "Checking every number against its source",
}
_OPEN_SOURCES = 3
# What can be done with an answer; `app.ui.acts` does it.
_ACTS = (
    ("", (("copy", "Copy", "Copy the text with its citations"), ("print", "Print", "Print with its evidence"))),
    (
        "Save as",
        (
            ("pdf", "PDF", "Save with its evidence as PDF"),
            ("html", "HTML", "Save with its evidence as a page"),
            ("markdown", "Markdown", "Save with its evidence as text"),
            ("fhir", "FHIR", "Save as a FHIR bundle"),
        ),
    ),
    (
        "Was it",
        (
            ("good", "helpful", "Say that this answer helped"),
            ("bad", "not helpful", "Say that this answer did not help"),
        ),
    ),
)


_LIST_END = re.compile(r"^(- [^\n]*)\n(?=[^\s-])", re.MULTILINE)


def esc(text: object) -> str:
    """Text for HTML; braces and dollars too, so that no template language sees any."""
    return html_escape(str(text)).replace("{", "&#123;").replace("}", "&#125;").replace("$", "&#36;")


def neutral(text: str) -> str:
    """Markdown of an answer without links, images or HTML."""
    for mark, entity in _NEUTRAL:
        text = text.replace(mark, entity)
    return text


def day(moment: datetime | None) -> str:
    """A date as the screen shows it."""
    return f"{moment.day} {moment:%b %Y}" if moment else ""


def day_and_time(moment: datetime | None) -> str:
    """A moment as the screen shows it, in the zone of the record; midnight stands for no time of day."""
    if moment is None:
        return ""
    return day(moment) if (moment.hour, moment.minute) == (0, 0) else f"{day(moment)}, {moment:%H:%M}"


def answer_markdown(answer: Answer, key: str) -> str:
    """An answer with its markers as links, its warnings and conflicts as callouts, and its sources.

    Args:
        answer: The answer.
        key: What the links of this answer begin with; `citation_keys` says what each of them opens.
    """
    evidence = {citation.number: citation.evidence for citation in answer.citations}
    body = _MARKERS.sub(lambda match: _links(match[0], evidence, key), lists_ended(neutral(_told_once(answer))))
    parts = [_badge(answer), body, *(_conflict(c, f"{key}-c{i}") for i, c in enumerate(answer.conflicts, 1))]
    parts += [callout("warn", "Mind", esc(warning)) for warning in answer.warnings if warning not in answer.text]
    parts += [_sources(answer, key), _acts(key)]
    return "\n\n".join(part for part in parts if part)


def _acts(key: str) -> str:
    groups = "".join(
        f'<span class="ct-act-group">{f"<span>{esc(lead)}</span>" if lead else ""}{_act_links(acts, key)}</span>'
        for lead, acts in _ACTS
    )
    return f'<p class="ct-acts">{groups}</p>'


def _act_links(acts: tuple[tuple[str, str, str], ...], key: str) -> str:
    return "".join(f'<a class="ct-act" href="#act-{name}-{key}" title="{tip}">{label}</a>' for name, label, tip in acts)


def _told_once(answer: Answer) -> str:
    """The text without the paragraphs whose conflict the callouts show, unless nothing would be left."""
    told = [(conflict.record_says, conflict.note_says) for conflict in answer.conflicts]
    paragraphs = answer.text.split("\n\n")
    rest = [p for p in paragraphs if not any(record in p and note in p for record, note in told if record and note)]
    return "\n\n".join(rest or paragraphs)


def citation_keys(answer: Answer, key: str) -> dict[str, str]:
    """What each link of an answer opens."""
    keys = {f"{key}-{citation.number}": citation.evidence.ref for citation in answer.citations}
    for i, conflict in enumerate(answer.conflicts, 1):
        keys |= {f"{key}-c{i}-{j}": evidence.ref for j, evidence in enumerate(conflict.evidence, 1)}
    return keys


def streaming_markdown(text: str) -> str:
    """An answer while it is being written; its markers are no links yet."""
    return lists_ended(neutral(text))


def lists_ended(text: str) -> str:
    """The text with a blank line after each list: markdown takes the next line for a part of the last point."""
    return _LIST_END.sub(r"\1\n\n", text)


def callout(kind: str, title: str, body_html: str) -> str:
    """A box beside the answer; `body_html` is escaped already. A fault, which has no capital of its own, gets one."""
    if kind == "error":
        body_html = body_html[:1].upper() + body_html[1:]
    return f'<div class="ct-callout ct-{kind}"><strong>{esc(title)}</strong> {body_html}</div>'


def step_title(name: str) -> str:
    """What a step of the run does, in plain words."""
    return _STEP_NAMES.get(name, name.replace("_", " ").capitalize())


def tool_line(call: Mapping[str, Any]) -> str:
    """One tool call of the folded steps."""
    arguments = ", ".join(
        f"{k} = {_short(v)}" for k, v in (call.get("arguments") or {}).items() if v not in (None, "", [])
    )
    name = neutral(str(call.get("name", "")).replace("_", " "))
    took = f" · {float(call.get('latency_ms') or 0):.0f} ms"
    said = neutral(_first_line(str(call.get("error") or call.get("summary") or "")))
    return f"- **{name}**{f' ({neutral(arguments)})' if arguments else ''}{took}" + (f"  \n  {said}" if said else "")


def steps_title(calls: int, seconds: float | None) -> str:
    """The line that the folded steps hide behind."""
    looked = {0: "No look-up", 1: "1 look-up"}.get(calls, f"{calls} look-ups")
    return looked if seconds is None else f"{looked} · {seconds:.2f} s"


def header_html(card: Overview | None, as_of: datetime | None = None, code_status: str = "") -> str:
    """The header of the patient that is open; `code_status` is HTML already."""
    if card is None:
        return '<div class="ct-header ct-empty">No patient is open.</div>'
    age = "" if card.age_years is None else f"{card.age_years} years"
    who = [age, card.gender, f"born {day(_midnight(card))}" if card.birth_date else ""]
    died = f'<span class="ct-chip ct-dead">died {day(card.deceased)}</span>' if card.deceased else ""
    seen = f"as of {day(as_of)} · " if as_of else ""
    return (
        '<section class="ct-header" aria-label="Patient">'
        f'<div class="ct-who"><h1>{esc(card.name)}</h1>'
        f"<p>{esc(' · '.join(filter(None, who)))} {died}</p>"
        f'<p class="ct-dim">{esc(seen)}{esc(_extent(card))}</p></div>'
        f'<div class="ct-facts"><h2>Allergies</h2><p>{_allergies(card)}</p></div>'
        f"{f'<div class=ct-facts><h2>Code status</h2><p>{code_status}</p></div>' if code_status else ''}"
        f'<div class="ct-facts ct-grow"><h2>Active problems</h2><p>{_problems(card)}</p></div>'
        "</section>"
    )


def footer_html(settings: Settings) -> str:
    """What this is not, and where what is asked goes: nowhere, or to a model elsewhere."""
    goes = "Nothing leaves the machine that serves this page."
    if settings.model != "embedded" and not is_loopback(settings.base_url):
        try:
            policy = parse_policies(settings.privacy).for_model(settings.model.partition(":")[0], settings.base_url)
        except ChartTwinError:  # nothing is sent then: questions are refused with what to set
            pass
        else:
            state = "after identifying words are replaced" if policy is Policy.DEIDENTIFY else "as they are"
            goes = f"Questions and what is looked up for them are sent to {esc(settings.model)} {state}."
    return (
        '<footer class="ct-footer">Not a medical device: for discussion with a clinician, not for treatment decisions on its '
        f'own. {goes} <a href="/docs" target="_blank" rel="noopener">API</a></footer>'
    )


def _midnight(card: Overview) -> datetime | None:
    return datetime(card.birth_date.year, card.birth_date.month, card.birth_date.day) if card.birth_date else None  # noqa: DTZ001


def _extent(card: Overview) -> str:
    names = {"Observation": "measurements", "Encounter": "visits", "Note": "notes"}
    counts = [f"{card.counts[kind]:,} {name}" for kind, name in names.items() if card.counts.get(kind)]
    last = f"last entry {day(card.last_entry)}" if card.last_entry else "no dated entries"
    return " · ".join([last, *counts])


def _allergies(card: Overview) -> str:
    if card.allergies:
        return " ".join(
            f'<span class="ct-chip ct-allergy{" ct-high" if a.high else ""}">{esc(_allergen(a.label))}{_reactions(a)}</span>'
            for a in card.allergies
        )
    return "No known allergies, as recorded" if card.no_known_allergy else '<span class="ct-dim">None recorded</span>'


def _allergen(label: str) -> str:
    """What it is to; the heading above says already that it is an allergy."""
    words = re.sub(r"^allergy to ", "", label, flags=re.IGNORECASE)
    return words[:1].upper() + words[1:]


def _reactions(allergy: AllergyLine) -> str:
    return f"<small>{esc(', '.join(allergy.reactions))}</small>" if allergy.reactions else ""


def _problems(card: Overview, most: int = 7) -> str:
    if not card.problems:
        return '<span class="ct-dim">None recorded</span>'
    chips = [f'<span class="ct-chip">{esc(problem)}</span>' for problem in card.problems[:most]]
    rest = card.problems[most:]
    if rest:
        names = esc("; ".join(rest))
        chips.append(f'<span class="ct-chip ct-more" title="{names}">+{len(rest)} more</span>')
    return " ".join(chips)


def _links(markers: str, evidence: Mapping[int, Evidence], key: str) -> str:
    wanted = [int(number) for number in re.findall(r"\d+", markers)]
    if not all(number in evidence for number in wanted):
        return markers
    links = "".join(link(f"{key}-{number}", str(number), evidence[number]) for number in wanted)
    return f'<span class="ct-cites">{links}</span>' if len(wanted) > 1 else links


def link(key: str, text: str, evidence: Evidence) -> str:
    """A link that opens evidence; the browser's script and the session know what its key means."""
    quote = " ".join(evidence.quote.split())[:160]
    tip = " · ".join(filter(None, (_KIND_NAMES[evidence.kind], day(evidence.time), quote)))
    return f'<a class="ct-cite" href="#cite-{key}" title="{esc(tip)}">{esc(text)}</a>'


def linked(
    evidence: Iterable[Evidence], refs: dict[str, str], prefix: str, numbers: dict[str, int] | None = None
) -> str:
    """Links to evidence beside a text, kept in `refs`; those with `numbers` count on, others show an arrow."""
    parts = []
    for one in evidence:
        number = numbers.setdefault(one.ref, len(numbers) + 1) if numbers is not None else 0
        key = f"{prefix}-{number or len(refs) + 1}"
        refs[key] = one.ref
        label = esc(f"Evidence {number or ''}: {one.quote or one.ref}".replace(" :", ":"))
        shown = number or "↗"
        parts.append(
            f'<a class="ct-cite" href="#cite-{key}" role="button" aria-label="{label}" title="{label}">{shown}</a>'
        )
    return "".join(parts)


def _badge(answer: Answer) -> str:
    return '<span class="ct-badge ct-refused">Declined</span>' if answer.refused else ""


def _conflict(conflict: Conflict, key: str) -> str:
    links = "".join(link(f"{key}-{i}", str(i), e) for i, e in enumerate(conflict.evidence, 1))
    return callout(
        "conflict",
        f"Record and notes differ: {conflict.topic}.",
        f"<br><span>Record</span> {esc(conflict.record_says)}<br><span>Note</span> {esc(conflict.note_says)} {links}"
        "<br>The record is followed.",
    )


def _sources(answer: Answer, key: str) -> str:
    if not answer.citations:
        return ""
    items = "".join(_source(f"{key}-{c.number}", c.number, c.evidence) for c in answer.citations)
    count = len(answer.citations)
    opened = " open" if count <= _OPEN_SOURCES else ""
    name = "1 source" if count == 1 else f"{count} sources"
    return f'<details class="ct-sources"{opened}><summary>{name}</summary><ul>{items}</ul></details>'


def _source(key: str, number: int, evidence: Evidence) -> str:
    quote = " ".join(evidence.quote.split())[:140]
    where = " · ".join(filter(None, (_KIND_NAMES[evidence.kind], day(evidence.time))))
    return f'<li>{link(key, str(number), evidence)} <span class="ct-dim">{esc(where)}</span> {esc(quote)}</li>'


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 160 else f"{line[:157]}…"
