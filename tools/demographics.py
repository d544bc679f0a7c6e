"""Who the patient is, and the card that opens every run."""

from __future__ import annotations

from datetime import timedelta

from domain.facts import Evidence
from tools.context import ToolContext, cite, day, plain_name
from tools.drugs.allergy_notes import allergy_conflicts
from tools.drugs.medications import courses
from tools.measurements.observations import in_period
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.problems import is_social
from tools.times.periods import Period

FIELDS = (
    "age",
    "birth_date",
    "sex",
    "name",
    "race",
    "ethnicity",
    "marital_status",
    "language",
    "address",
    "phone",
    "identifier",
    "deceased",
    "birth_place",
    "practitioner",
    "maiden_name",
    "all",
)


def demographics(ctx: ToolContext, field: str = "all", period: Period | None = None) -> ToolResult:
    """Age, birth date, sex, name, race, ethnicity, marital status, language, address, phone, MRN or vital status.

    `period`, with the age: at that time instead of now.
    """
    if field not in FIELDS:
        raise RetryableToolError(f"field is one of {', '.join(FIELDS)}")
    if field == "age" and period is not None and (then := _age_in(ctx, period)) is not None:
        return then
    fields = (
        ("age", "birth_date", "sex", "race", "ethnicity", "marital_status", "language", "address")
        if field == "all"
        else (field,)
    )
    statements, missing = [], []
    for name in fields:
        text = _field_text(ctx, name)
        if text is None:
            missing.append(name.replace("_", " "))
        else:
            statements.append(say(text, _patient_evidence(ctx, text)))
    if not statements:
        looked = ("the Patient resource",)
        text = f"Not documented: the record has no {missing[0]}. Looked at {looked[0]}."
        return ToolResult(
            tool="demographics", found=False, statements=(say(text),), looked_at=looked, data={"field": field}
        )
    return ToolResult(tool="demographics", statements=tuple(statements), data={"field": field, "age": ctx.chart.age})


def _age_in(ctx: ToolContext, period: Period) -> ToolResult | None:
    """The age in a period, as both ages where a birthday lies in it; None of an open period, or one before birth."""
    ends = (period.near, period.near) if period.near is not None else (period.since, period.until)
    if ends[0] is None or ends[1] is None or ctx.chart.age is None:
        return None
    first, last = ctx.chart.age_on(ends[0]), ctx.chart.age_on(max(ends[0], ends[1] - timedelta(seconds=1)))
    if first is None or last is None or last < 0:
        return None
    span = str(last) if first == last else f"{max(first, 0)} to {last}"
    birth = ctx.chart.patient.birth_date
    text = f"Age{in_period(period)}: **{span} years** (born {birth.isoformat() if birth else 'on an unknown day'})."
    data = {"field": "age", "age": last}
    return ToolResult(tool="demographics", statements=(say(text, _patient_evidence(ctx, text)),), data=data)


def _patient_evidence(ctx: ToolContext, quote: str) -> Evidence:
    return Evidence(ref=f"Patient/{ctx.patient_id}", quote=quote.replace("**", ""))


def _field_text(ctx: ToolContext, field: str) -> str | None:
    patient, chart = ctx.chart.patient, ctx.chart
    if field == "age":
        if chart.age is None or patient.birth_date is None:
            return None
        died = f" at death on {day(chart.deceased_on)}" if chart.deceased_on else f" as of {day(ctx.as_of)}"
        months = (ctx.as_of.year - patient.birth_date.year) * 12 + ctx.as_of.month - patient.birth_date.month
        young = f" ({months} months)" if chart.age < 2 else ""
        return f"Age: **{chart.age} years**{young}{died} (born {patient.birth_date.isoformat()})."
    if field == "birth_date":
        return f"Born **{patient.birth_date.isoformat()}**." if patient.birth_date else None
    if field == "deceased":
        return f"Died on **{day(chart.deceased_on)}**." if chart.deceased_on else "Alive: **no death** is recorded."
    value = {
        "sex": _sex(ctx),
        "name": patient.name,
        "race": patient.race,
        "ethnicity": patient.ethnicity,
        "marital_status": _marital(patient.marital_status),
        "language": _language(patient.language),
        "address": ", ".join(
            p
            for p in (
                patient.address_line,
                patient.address_city,
                patient.address_state,
                patient.address_postal_code,
                patient.address_country,
            )
            if p
        ),
        "phone": ", ".join(v for k, v in patient.telecom if k in {"phone", "sms", "mobile", ""}),
        "identifier": "; ".join(f"{k} {v}".strip() for k, v in patient.identifiers[:4]),
        "birth_place": patient.birth_place,
        "practitioner": patient.general_practitioner,
        "maiden_name": _maiden_name(ctx),
    }.get(field)
    label = {"sex": "Sex", "identifier": "Identifiers", "address": "Address", "phone": "Phone"}.get(
        field, field.replace("_", " ").capitalize()
    )
    return f"{label}: **{value}**." if value else None


def _sex(ctx: ToolContext) -> str:
    patient = ctx.chart.patient
    birth = {"F": "female", "M": "male"}.get(patient.birth_sex, patient.birth_sex)
    return f"{patient.gender} (birth sex {birth})" if birth and birth != patient.gender else patient.gender


def _maiden_name(ctx: ToolContext) -> str:
    names = ctx.store.resource(ctx.patient_id, f"Patient/{ctx.patient_id}").get("name", [])
    return next(
        (f"{' '.join(n.get('given', []))} {n.get('family', '')}".strip() for n in names if n.get("use") == "maiden"), ""
    )


def _marital(text: str) -> str:
    names = {
        "M": "married",
        "S": "never married",
        "D": "divorced",
        "W": "widowed",
        "L": "legally separated",
        "P": "polygamous",
        "T": "domestic partner",
    }
    return names.get(text, text.lower() if text.isupper() and len(text) > 1 else text)


# ISO 639-1; a record that writes the name out keeps it.
_LANGUAGES = {
    "en": "English", "es": "Spanish", "fr": "French", "de": "German", "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "pl": "Polish", "ru": "Russian",
    "uk": "Ukrainian", "ar": "Arabic", "fa": "Persian", "tr": "Turkish", "ur": "Urdu", "hi": "Hindi", "bn": "Bengali", "pa": "Punjabi", "ta": "Tamil",
    "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "vi": "Vietnamese", "tl": "Tagalog", "so": "Somali", "ti": "Tigrinya", "am": "Amharic", "sw": "Swahili",
    "ht": "Haitian Creole", "ro": "Romanian", "el": "Greek", "he": "Hebrew", "ne": "Nepali", "my": "Burmese",
}  # fmt: skip


def _language(recorded: str) -> str:
    """A language code with its name beside it."""
    name = _LANGUAGES.get(recorded.strip().lower().partition("-")[0])
    return f"{name} ({recorded})" if name is not None else recorded


def patient_card(ctx: ToolContext) -> ToolResult:
    """One screen: who, active problems, allergies, active medications, last visit. Prefetched for every run."""
    chart = ctx.chart
    who = f"{chart.age if chart.age is not None else 'age unknown'}-year-old {chart.patient.gender or 'person'}"
    died = f", died {day(chart.deceased_on)}" if chart.deceased_on else ""
    statements: list[Statement] = [say(f"{who}{died}, as of {day(ctx.as_of)}.", _patient_evidence(ctx, who))]
    problems = {plain_name(r.display): r for r in chart.conditions if chart.is_active(r) and not is_social(ctx, r)}
    active_allergies = [r for r in chart.allergies if r.clinical_status in {"active", ""}]
    drugs = [c for c in courses(ctx) if c.is_active]
    statements.append(_card_line("Active problems", [(n, cite(r)) for n, r in problems.items()]))
    statements.append(_card_line("Allergies", [(plain_name(r.display), cite(r)) for r in active_allergies]))
    statements.append(_card_line("Active medications", [(c.name, cite(c.latest)) for c in drugs]))
    if chart.encounters:
        last = chart.encounters[-1]
        statements.append(
            say(f"Last visit: {day(last.time)}, {plain_name(last.type_display or last.display)}.", cite(last))
        )
    return ToolResult(
        tool="patient_card",
        statements=tuple(statements),
        conflicts=allergy_conflicts(ctx),
        data={
            "age": chart.age,
            "sex": chart.patient.gender,
            "problems": list(problems),
            "allergies": [plain_name(r.display) for r in active_allergies],
            "medications": [c.name for c in drugs],
            "observations": len(chart.observations),
            "notes": len(chart.notes),
        },
    )


def _card_line(title: str, items: list[tuple[str, Evidence]]) -> Statement:
    if not items:
        return say(f"{title}: none recorded.")
    return say(f"{title} ({len(items)}): {'; '.join(name for name, _ in items)}.", *[e for _, e in items])
