"""The phrases of `phrases/`, compiled for the registers that authors write in, and the note types with their sections."""

from __future__ import annotations

import json
import random
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from knowledge_base.demo.phrase_grammar import Rule, abbreviator, compile_rules, read_rules

_RULE_FILES = ("words", "history", "findings", "plans", "reports", "wards", "headers")
_VALUES_PER_LAB = 60


class NoteType(NamedTuple):
    """A kind of note; a section ends in `*` where the note is about it, in `?` where it is often left out."""

    name: str
    titles: list[str]
    sections: list[str]


def _lines(name: str) -> list[str]:
    return (files(__package__) / "phrases" / name).read_text(encoding="utf-8").splitlines()


def _table(name: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in _lines(name) if not line.startswith("%%")]


@lru_cache(maxsize=1)
def note_types() -> list[NoteType]:
    """Every kind of note, in the order of the file."""
    read = json.loads("\n".join(_lines("note_types.json")))
    return [NoteType(name, entry["titles"], entry["sections"].split()) for name, entry in read.items()]


@lru_cache(maxsize=1)
def _sources() -> dict[str, list[str]]:
    """Every rule as it is written in `phrases/`, and those made from its tables of drugs and laboratory tests."""
    rules: dict[str, list[str]] = {}
    for name in _RULE_FILES:
        rules |= read_rules(_lines(f"{name}.txt"))
    return rules | _drug_rules() | _lab_rules()


def _choice(cell: str) -> str:
    return f"{{{cell}}}" if "~" in cell else cell


def _drug_rules() -> dict[str, list[str]]:
    drugs = _table("drugs.txt")
    sigs, rows = [], []
    for name, brand, doses, route, frequencies, reason in drugs:
        dose, frequency = _choice(doses), _choice(frequencies)
        sigs += [
            f"{name} {dose} {route} {frequency}",
            f"{name} {dose} {frequency}",
            f"{brand} {dose} {frequency}{{~ for {reason}}}",
            f"{name} ({brand}) {dose} {route} {frequency}{{~, started {{date}}}}",
            f"{dose} {name} {route} {frequency}",
            f"{name}, {dose}, {route}, {frequency}",
        ]
        rows.append(f"{name}\t{dose}\t{route}\t{frequency}\t{{{{recent}}~{reason}}}")
    return {
        "drug": [form for name, brand, *_ in drugs for form in (name, name, brand)],
        "sig": sigs,
        "sig_row": rows,
        "reason": [drug[5] for drug in drugs],
        "meds": ["{sig}"] * 12 + ["{sig} - {trend}", "{drug}, {drug}", "{sig} (not taking)", "{drug} {freq_word}"],
        "dc_meds": ["{sig}"] * 6 + ["NEW {sig}", "{sig}, until {future}", "STOP {drug}", "CHANGED {drug} to {dose_of}"],
    }


def _lab_rules() -> dict[str, list[str]]:
    """Results in running text and as rows of a table, flagged against the reference range."""
    labs, rows = [], []
    draw = random.Random("laboratory values").random
    tests = _table("labs.txt")
    for name, short, unit, written_low, written_high, low, high in tests:
        value = f"{{{written_low}-{written_high}}}"
        spaced = unit if unit == "%" else f" {unit}".rstrip()
        labs += [f"{name} {value}{spaced}", f"{short} {value}", f"{name} of {value}{spaced}"]
        labs += [f"{short} {value}{{~ (H)~ (L)~*}}", f"{short}: {value}{spaced}"]
        decimals = len(written_low.partition(".")[2])
        for _ in range(_VALUES_PER_LAB):
            number = float(written_low) + draw() * (float(written_high) - float(written_low))
            flag = "L" if number < float(low) else "H" if number > float(high) else ""
            rows.append(f"{{{name}~{short}}}\t{number:.{decimals}f}\t{flag}\t{unit}\t{low}-{high}")
    return {"lab": labs, "lab_row": rows, "lab_name": [test[0] for test in tests]}


# How terse authors are, and the share of long forms that they abbreviate.
_REGISTERS = {"full": 0.0, "mixed": 0.4, "short": 0.9}


@lru_cache(maxsize=len(_REGISTERS))
def phrases(register: str) -> dict[str, Rule]:
    """The rules as authors of a register write them; terse authors use `<rule>.short` where there is one."""
    sources: dict[str, list[str]] = {}
    for name, alternatives in _sources().items():
        terse = _sources().get(f"{name}.short", [])
        if register == "mixed":
            sources[name] = alternatives + terse
        else:
            sources[name] = terse if terse and register == "short" else alternatives
    pairs = {long: short for long, short in _table("abbreviations.txt")}
    return compile_rules(sources, abbreviator(pairs, _REGISTERS[register], register))
