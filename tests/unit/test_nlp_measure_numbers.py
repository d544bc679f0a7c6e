"""Where the numbers of a note stand, what leads to them, and that neither case nor a line break hides a reading."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.facts import FactKind, Note
from nlp_pipeline import extract
from nlp_pipeline.measurements.grammar import NoteText, gap_of, number_of, written_at
from nlp_pipeline.measurements.numbers import numbers_of

LEADS = {
    "Tmax 38.4": "max",
    "weighing only 36 kg": "ing",
    "an opening pressure of about 31": "ure",
    "an index of\n4.2": "dex",
    "ejection fraction (EF) of 40": ")",
    "PaCO₂: 38": "co₂",
    "K =\xa03.1": "k",
    "at 7": "at",
    "7": "",
}


@pytest.mark.parametrize(("text", "lead"), LEADS.items())
def test_lead(text: str, lead: str) -> None:
    assert numbers_of(text)[-1][1] == lead


KINDS = {
    "63-kg man": "kilograms",
    "118/76 mm Hg": "pressure",
    "38.2 °C": "temperature",
    "96 BPM": "pulse",
    "18 breaths/min": "breaths",
    "94% on room air": "saturation",
    "3-4 mmol/L": "sample",
    "5 mg daily": None,
    "2 kg/m2": None,
}


@pytest.mark.parametrize(("text", "kind"), KINDS.items())
def test_telling_unit(text: str, kind: str | None) -> None:
    assert numbers_of(text)[0][2] == kind


@pytest.mark.parametrize(
    ("text", "value"), [("7.35", 7.35), ("12,400", 12400), ("6,8", 6.8), ("6·8", 6.8), ("1 250", 1250)]
)
def test_number(text: str, value: float) -> None:
    assert number_of(text) == value


def test_unit_is_as_written() -> None:
    text = "Lactate 2.1 mM, NA 131 MMOL/L"
    note = NoteText(text, text.lower())
    read = [written_at(note, text.index(number), len(text)) for number in ("2.1", "131")]
    assert [(w.number, w.unit) for w in read if w] == [(2.1, "mM"), (131, "MMOL/L")]


@pytest.mark.parametrize("text", [" was ", ", which rose to ", " (g/dL): ", " at baseline was <"])
def test_gap_in_capitals_means_the_same(text: str) -> None:
    gap = gap_of(text)
    assert gap is not None
    assert gap == gap_of(text.upper())


@pytest.mark.parametrize("text", [" while taking ", " (see below) and daughter ", " of the kidney "])
def test_no_gap(text: str) -> None:
    assert gap_of(text) is None


READ = {
    "Opening pressure of\n27 cmH2O was measured.": ("", 27.0),
    "OPENING PRESSURE WAS 27 CM H2O.": ("", 27.0),
    "He was afebrile, T\n36.7 °C.": ("body_temperature", 36.7),
    "The baby, weighing only 3.1 kg, fed well.": ("body_weight", 3.1),
    "Arterial gas: pH of\n7.29.": ("blood_ph", 7.29),
    "Serum\nK\xa02.8 mmol/L.": ("potassium", 2.8),
}


@pytest.mark.parametrize(("text", "value"), READ.items())
def test_reading_over_a_line_break_or_in_capitals(text: str, value: tuple[str, float]) -> None:
    note = Note(id="n1", patient_id="p1", text=text, time=datetime(2020, 3, 2, tzinfo=UTC))
    facts = [f for f in next(extract([note])) if f.kind is FactKind.OBSERVATION]
    assert [(f.concept_id, getattr(f.value, "value", None)) for f in facts] == [value]
