"""The tools an agent is given, their schemas, and the one place where a named call is run.

The schema of a tool is its Python signature and docstring. The patient and the moment come from the context: no tool
has an argument for either, and an argument that a tool does not have is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from domain.errors import ChartTwinError
from tools import conflicts, demographics, family_history, knowledge, look_up, problems, story
from tools.context import ToolContext
from tools.drafts import draft_message, draft_note, draft_order, draft_problem_change
from tools.drugs import allergies, medications, safety
from tools.events import done, encounters
from tools.events import timeline as events
from tools.measurements import causes, observations
from tools.measurements import statistics as observation_statistics
from tools.measurements.all_results import all_results
from tools.measurements.habits import HabitClaim, judged
from tools.notes import search as notes
from tools.outcome import FinalToolError, RetryableToolError, ToolResult, say
from tools.record_query import query_record
from tools.times.periods import Period, find_periods
from tools.twin import calculators, dosing_plans, note_calculations

ToolFunction = Callable[..., ToolResult]


def change_since(
    ctx: ToolContext, concept: str, period: Period | None = None, since_drug: str = "", unit: str = ""
) -> ToolResult:
    """How a lab or vital differs now from before: over a period, against the previous value, or from before a drug was started.

    `unit` adds the values in another unit.
    """
    anchor: datetime | None = None
    label = ""
    if since_drug:
        target = medications.find_drug(ctx, since_drug)
        starts = [c.first for c in medications.courses(ctx, target) if c.first is not None]
        if not starts:
            return medications.medication(ctx, since_drug, "start")
        anchor, label = min(starts, key=lambda t: t.timestamp()), f"{target.label} was started"
    return observation_statistics.change(ctx, concept, period, anchor, label, unit)


def vital_signs(ctx: ToolContext, period: Period | None = None) -> ToolResult:
    """The latest of each vital sign: blood pressure, heart rate, temperature, respiratory rate, SpO2, weight, height, BMI."""
    names = (
        "blood_pressure",
        "heart_rate",
        "body_temperature",
        "respiratory_rate",
        "oxygen_saturation",
        "body_weight",
        "body_height",
        "bmi",
        "pain_severity",
    )
    return observations.panel(ctx, names, "vital signs", period)


# A recorded quantity and the model that computes it from other measurements.
DERIVED_MODELS = {
    "mean_arterial_pressure": "mean_arterial_pressure",
    "egfr": "ckd_epi_2021_creatinine",
    "bmi": "bmi",
    "anion_gap": "anion_gap",
    "body_surface_area": "bsa",
    "ldl": "friedewald_ldl",
    "osmolality": "serum_osmolality",
    "calcium_corrected": "corrected_calcium",
    "creatinine_clearance": "cockcroft_gault",
    "pf_ratio": "pf_ratio",
    "cha2ds2_vasc": "cha2ds2_vasc",
    "has_bled": "has_bled",
    "meld_score": "meld_3_0",
    "curb65": "curb_65",
    "ascvd_risk": "pce_2013",
}


# A ratio that was never reported is shown as the two values it is made of.
_RATIOS = {
    "bun_creatinine_ratio": ("bun", "creatinine"),
    "albumin_globulin_ratio": ("albumin", "globulin"),
    "cholesterol_hdl_ratio": ("total_cholesterol", "hdl"),
    "hemoglobin_hematocrit": ("hemoglobin", "hematocrit"),
}


def latest(
    ctx: ToolContext,
    concept: str,
    offset: int = 0,
    first: bool = False,
    period: Period | None = None,
    unit: str = "",
    claim: HabitClaim = "",
) -> ToolResult:
    """The most recent value of a lab, vital or score, or the one `offset` places before it (`first`: from the start).

    `unit` adds the value in another unit; `claim`, for a smoking status alone, is what a yes/no question says of it.

    A quantity that was never measured but follows from others (eGFR, mean arterial pressure, BMI, anion gap) is
    calculated from the newest inputs, and it is said.
    """
    result = observations.latest(ctx, concept, offset, first, period, unit)
    if result.data.get("concept") == "tobacco_status":
        return judged(result, claim).model_copy(update={"conflicts": conflicts.smoking_conflicts(ctx)})
    parts = _RATIOS.get(str(result.data.get("concept", "")))
    if parts is not None and not result.found and not result.data.get("n"):
        both = observations.panel(ctx, parts, "values it is made of", period)
        return (
            both.model_copy(update={"statements": (result.statements[0], *both.statements)}) if both.found else result
        )
    model = DERIVED_MODELS.get(str(result.data.get("concept", "")))
    # Over a period the inputs may have been measured several times, and which is meant is not said.
    if result.found or model is None or offset or first or period is not None or result.data.get("n"):
        return result
    computed = calculators.calculate(ctx, model)
    if not computed.found:
        return result.model_copy(update={"statements": (result.statements[0], *computed.statements)})
    return computed.model_copy(
        update={"statements": (*computed.statements, say(f"{result.statements[0].text} It was calculated."))}
    )


_PANELS: dict[str, tuple[str, ...]] = {
    "bmp": ("sodium", "potassium", "chloride", "bicarbonate", "bun", "creatinine", "glucose", "calcium"),
    "cmp": (
        "sodium",
        "potassium",
        "chloride",
        "bicarbonate",
        "bun",
        "creatinine",
        "glucose",
        "calcium",
        "total_protein",
        "albumin",
        "bilirubin_total",
        "alkaline_phosphatase",
        "alt",
        "ast",
    ),
    "electrolytes": ("sodium", "potassium", "chloride", "bicarbonate", "calcium", "magnesium", "phosphate"),
    "renal_function": ("creatinine", "bun", "egfr", "potassium", "uacr"),
    "liver_function": ("alt", "ast", "alkaline_phosphatase", "bilirubin_total", "albumin", "total_protein"),
    "cbc": ("wbc", "hemoglobin", "hematocrit", "platelets", "rbc", "mcv"),
    "hemoglobin_hematocrit": ("hemoglobin", "hematocrit"),
    "differential": (
        "neutrophils_percent",
        "lymphocytes_percent",
        "monocytes_percent",
        "eosinophils_percent",
        "basophils_percent",
    ),
    "lipid_panel": ("total_cholesterol", "ldl", "hdl", "triglycerides"),
    "coagulation_panel": ("prothrombin_time", "inr", "aptt", "fibrinogen", "d_dimer"),
    "iron_studies": ("iron", "ferritin", "tibc", "transferrin_saturation"),
    "thyroid_panel": ("tsh", "free_t4", "free_t3"),
    "cardiac_markers": ("troponin", "ck", "ck_mb", "bnp", "nt_probnp"),
    "arterial_blood_gas": ("blood_ph", "pco2", "po2", "bicarbonate_blood_gas", "base_excess", "lactate"),
    "urinalysis": (
        "urine_specific_gravity",
        "urine_ph",
        "urine_glucose",
        "urine_ketones",
        "urine_protein_dipstick",
        "urine_nitrite",
        "urine_leukocyte_esterase",
        "urine_blood",
    ),
    "respiratory_panel": ("sars_cov_2", "influenza_a", "influenza_b", "rsv_test"),
}


def lab_panel(ctx: ToolContext, panel: str, period: Period | None = None) -> ToolResult:
    """The latest of each member of a panel: bmp, cmp, cbc, lipid_panel, liver_function, renal_function, electrolytes, urinalysis, ...; `all`, `abnormal`."""
    if panel in {"all", "abnormal"}:
        return all_results(ctx, period, outside_only=panel == "abnormal")
    target = ctx.lexicon.resolve(panel, "observation")
    key = target.id if target is not None and target.id in _PANELS else panel
    if key not in _PANELS:
        raise RetryableToolError(f"panel is one of {', '.join(_PANELS)}")
    title = target.label if target is not None else panel
    return observations.panel(ctx, _PANELS[key], title, period)


def panel_members(concept_id: str) -> tuple[str, ...]:
    """The observations of a panel, the telling ones first."""
    return _PANELS.get(concept_id, ())


def is_panel(concept_id: str) -> bool:
    """Whether an observation concept stands for a panel of others."""
    return concept_id in _PANELS


TOOLS: dict[str, ToolFunction] = {
    "patient_card": demographics.patient_card,
    "demographics": demographics.demographics,
    "age_when": events.age_when,
    "latest": latest,
    "series": observations.series,
    "statistics": observation_statistics.statistics,
    "threshold": observation_statistics.threshold,
    "change": change_since,
    "is_normal": observations.is_normal,
    "vital_signs": vital_signs,
    "lab_panel": lab_panel,
    "list_medications": medications.list_medications,
    "medication": medications.medication,
    "list_problems": problems.list_problems,
    "condition": problems.condition,
    "allergies": allergies.allergies,
    "family_history": family_history.family_history,
    "procedures": done.procedures,
    "procedure_result": events.procedure_result,
    "immunizations": done.immunizations,
    "encounters": encounters.encounters,
    "reports": events.reports,
    "care_plans": events.care_plans,
    "devices": events.devices,
    "timeline": events.timeline,
    "search_notes": notes.search_notes,
    "section_of_note": notes.section_of_note,
    "list_notes": notes.list_notes,
    "record_vs_notes": conflicts.record_vs_notes,
    "medication_safety": safety.medication_safety,
    "search_knowledge": knowledge.search_knowledge,
    "calculate": calculators.calculate,
    "calculate_from_note": note_calculations.calculate_from_note,
    "what_if": calculators.what_if,
    "compare_plans": dosing_plans.compare_plans,
    "possible_causes": causes.possible_causes,
    "models": calculators.models,
    "look_up": look_up.look_up,
    "query_record": query_record,
    "draft_order": draft_order,
    "draft_note": draft_note,
    "draft_problem_change": draft_problem_change,
    "draft_message": draft_message,
    "health_story": story.health_story,
}


_AT_LEAST = {"offset": 0, "limit": 1}


@lru_cache(maxsize=1)
def argument_models() -> dict[str, type[BaseModel]]:
    """One pydantic model per tool, from its signature; a period is a time expression in words."""
    models = {}
    for name, function in TOOLS.items():
        hints = get_type_hints(function)
        fields: dict[str, Any] = {}
        for parameter in list(inspect.signature(function).parameters.values())[1:]:
            hint = str if parameter.name == "period" else hints[parameter.name]
            empty = parameter.default is inspect.Parameter.empty
            default = ... if empty else "" if parameter.name == "period" else parameter.default
            if parameter.name in _AT_LEAST:
                hint = Annotated[hint, Field(ge=_AT_LEAST[parameter.name])]
            fields[parameter.name] = (hint, default)
        models[name] = create_model(f"{name}_arguments", __config__=ConfigDict(extra="forbid"), **fields)
    return models


@lru_cache(maxsize=1)
def tool_schemas() -> tuple[dict[str, Any], ...]:
    """The tools in the function-calling form that every chat model takes."""
    schemas = []
    for name, function in TOOLS.items():
        parameters = argument_models()[name].model_json_schema()
        for key, value in parameters.get("properties", {}).items():
            if key == "period":
                value["description"] = (
                    "Time expression: 'last 2 years', 'in 2020', 'since 2019-05-01', 'on 2020-02-28'."
                )
        description = inspect.cleandoc(function.__doc__ or name)
        schemas.append(
            {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}
        )
    return tuple(schemas)


def run_tool(ctx: ToolContext, name: str, arguments: Mapping[str, Any]) -> ToolResult:
    """Runs a named tool for the patient of the context.

    Raises:
        RetryableToolError: no such tool, or arguments it does not take; the message names what is accepted.
        FinalToolError: the call cannot succeed for this patient.
    """
    if name not in TOOLS:
        raise RetryableToolError(f"there is no tool called {name[:40]!r}; there are {', '.join(TOOLS)}")
    try:
        checked = argument_models()[name].model_validate(dict(arguments))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        accepted = ", ".join(argument_models()[name].model_fields) or "no arguments"
        raise RetryableToolError(f"{name}: {faults}; it takes {accepted}") from error
    values: dict[str, Any] = {field: getattr(checked, field) for field in type(checked).model_fields}
    if "period" in values:
        values["period"] = read_period(values["period"], ctx.as_of)
    try:
        return conflicts.beside(ctx, name, TOOLS[name](ctx, **values))
    except ChartTwinError as error:
        if isinstance(error, RetryableToolError | FinalToolError):
            raise
        raise (RetryableToolError if error.retryable else FinalToolError)(error.message) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # Nested arguments (scenarios, inputs) have no schema of their own; what breaks on them is theirs to correct.
        raise RetryableToolError(f"{name}: an argument has the wrong form; it takes {', '.join(values)}") from error


def read_period(text: str, as_of: datetime) -> Period | None:
    """The period that a time expression names; None for an empty one.

    Raises:
        RetryableToolError: the expression is not understood.
    """
    if not text.strip():
        return None
    found = find_periods(text, as_of)
    if not found:
        raise RetryableToolError(
            "period is not understood; write 'last 2 years', 'in 2020', 'since 2019-05-01' or two dates"
        )
    return found[0]
