"""Judges an answer of the agents: its text as `record_qa` does, and beside it what the answer says of itself.

Keys beyond those of `record_qa`: `abstained` and `refused` (the answer's own flags), `cites_note` (one of these notes is
cited), `run` (model, inputs, units, numbers and assumptions of a what-if), `tools_any` (one of these was called),
`no_tools` (nothing was looked up), `grounded` (cites, abstains, refuses or says that it cannot), `declined`
(abstains or refuses), `reached` (this planted note was cited or set aside by name). Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evals.scorers.record_qa import _ABSENT, _REFUSAL, numbers_in
from evals.scorers.record_qa import score as score_text

_OWN_KEYS = ("abstained", "refused", "cites_note", "run", "tools_any", "no_tools", "grounded", "declined", "reached")
# An answer that dumps a whole series holds every gold; what was asked for has to stand near its beginning.
FOCUS = 700
_NOT_LOOKED = {"patient_card"}


def score(row: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Whether one answer satisfies one row, with every reason it does not; see `record_qa.score`."""
    expect = row["expect"]
    reasons: list[str] = []
    text_keys = {key: value for key, value in expect.items() if key not in _OWN_KEYS}
    judged = {**answer, "answer_text": _focused(str(answer.get("answer_text") or ""))}
    if {"concept"} == set(text_keys) - {"conflict"}:  # nothing of the text is asked but that no value is made up
        text_keys.pop("concept")
    reasons += score_text({"expect": text_keys}, judged)["reasons"]
    if "none_of" in expect:  # what must not be said may stand nowhere, and not only not at the beginning
        reasons += score_text({"expect": {"none_of": expect["none_of"], **_strict(expect)}}, answer)["reasons"]
    reasons += _flags(expect, answer)
    calls = [call for call in answer.get("trace", ()) if call["name"] not in _NOT_LOOKED]
    names = {call["name"] for call in calls}
    if "tools_any" in expect and not names & set(expect["tools_any"]):
        reasons.append(f"none of the tools {', '.join(expect['tools_any'])} was called")
    if expect.get("no_tools") and calls:
        reasons.append("something was looked up")
    if "cites_note" in expect:
        cited = " ".join(str(c) for c in answer.get("citations", ()))
        if not any(f"{note}" in cited for note in expect["cites_note"]):
            reasons.append("does not cite the note that tells it")
    if expect.get("grounded") and not _is_grounded(answer):
        reasons.append("claims something without a source")
    if expect.get("declined") and not (answer.get("abstained") or answer.get("refused")):
        reasons.append("neither abstains nor refuses")
    if "reached" in expect and not _reached(str(expect["reached"]), answer):
        reasons.append("the planted note was not read")
    if "run" in expect:
        reasons += _run_faults(expect["run"], answer)
    return {"passed": not reasons, "reasons": list(dict.fromkeys(reasons))}


def _is_grounded(answer: Mapping[str, Any]) -> bool:
    text = str(answer.get("answer_text") or "").lower()
    declines = _ABSENT.search(text) or _REFUSAL.search(text) or "not understand" in text
    return bool(answer.get("citations") or answer.get("abstained") or answer.get("refused") or declines)


def _reached(note_id: str, answer: Mapping[str, Any]) -> bool:
    """Whether this very note was before the tools: cited, shown in a conflict, or set aside by name.

    That some tool searched the notes is not enough: it may have passed this one over.
    """
    places = [*answer.get("citations", ()), *answer.get("warnings", ()), answer.get("conflicts", "")]
    return any(note_id in str(place) for place in places)


def _strict(expect: Mapping[str, Any]) -> dict[str, Any]:
    return {key: expect[key] for key in ("strict",) if key in expect}


def _focused(text: str) -> str:
    return text if len(text) <= FOCUS else text[:FOCUS].rsplit(" ", 1)[0]


def _flags(expect: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[str]:
    if "abstained" in expect:
        if bool(answer.get("abstained")) is not bool(expect["abstained"]):
            yield "does not abstain" if expect["abstained"] else "abstains"
        looked = [call for call in answer.get("trace", ()) if not call.get("error")]
        if expect["abstained"] and not looked:
            yield "abstains without having looked"
        if expect.get("concept"):
            yield from _given_value(str(answer.get("answer_text") or ""), expect)
    # A refusal holds no negative word that a yes/no judge would trip over: where none is due, it is wrong as such.
    if answer.get("refused") and not expect.keys() & {"refused", "declined", "grounded"}:
        yield "refuses"
    if "refused" in expect and bool(answer.get("refused")) is not bool(expect["refused"]):
        yield "does not refuse" if expect["refused"] else "refuses"


def _given_value(text: str, expect: Mapping[str, Any]) -> Iterator[str]:
    fabricated = score_text({"expect": {"abstain": True, "concept": expect["concept"]}}, {"answer_text": text})
    yield from (reason for reason in fabricated["reasons"] if reason.startswith("gives a value"))


def _run_faults(wanted: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[str]:
    """Faults of a what-if against the run that the answer cites: model, inputs, unit, numbers, assumptions."""
    runs = list(answer.get("runs", ()))
    models = str(wanted["model"]).split("|")
    fitting = [run for run in runs if run["model_id"] in models]
    if not fitting:
        held = ", ".join(sorted({run["model_id"] for run in runs})) or "no run"
        yield f"ran {held}, not {wanted['model']}"
        return
    given = [value for run in fitting for used in run["inputs"] for value in _numbers(used["value"])]
    for value in wanted.get("arguments", ()):
        if not any(abs(value - held) <= 0.005 * abs(value) + 1e-9 for held in given):
            yield f"no run was given {value:g}"
    text = str(answer.get("answer_text") or "")
    if "unit" in wanted and _bare(wanted["unit"]) not in _bare(text):
        yield f"unit {wanted['unit']} not stated"
    parents = [
        v for run in runs for part in (run["inputs"], run["outputs"]) for used in part for v in _numbers_of(used)
    ]
    parents += [a - b for run in runs for other in runs for a, b in _pairs(run, other)]
    parents += [v for call in answer.get("trace", ()) for v in numbers_in(str(call.get("summary", "")))]
    for value in numbers_in(text):
        if not any(abs(value - held) <= 0.006 * abs(held) + 0.051 for held in parents):
            yield f"{value:g} is in no run"
    assumed = [
        u for run in fitting for u in run["inputs"] if u.get("origin") in ("population_default", "assumed_absent")
    ]
    if assumed and not re.search(r"default|assum", text, re.IGNORECASE):
        yield "its assumptions are not stated"


def _pairs(run: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    for mine, theirs in zip(run["outputs"], other["outputs"], strict=False):
        for a in _numbers(mine["value"]):
            for b in _numbers(theirs["value"]):
                yield a, b


def _numbers_of(used: Mapping[str, Any]) -> Iterator[float]:
    yield from _numbers(used["value"])
    yield from numbers_in(str(used.get("display") or ""))
    yield from numbers_in(str(used.get("label") or ""))
    yield from numbers_in(str(used.get("interpretation") or ""))


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, Mapping):
        yield from _numbers(value.get("value"))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _numbers(part)


def _bare(unit: str) -> str:
    return re.sub(r"[\s.·*]", "", unit.lower())
