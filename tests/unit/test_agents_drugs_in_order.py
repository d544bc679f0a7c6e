"""Wordings that ask which drug came before or after one, or for how long one was taken, and near ones that do not."""

from __future__ import annotations

from typing import Any

import pytest

from agents.embedded.reading.calculator_names import ModelNames
from agents.embedded.reading.reader import Reader
from agents.embedded.routing.drugs_in_order import drugs_in_order
from agents.embedded.routing.router import Router
from tests.conftest import NOW
from tools.concepts import default_lexicon


@pytest.fixture(scope="module")
def reader(twin: Any) -> Reader:
    return Reader(default_lexicon(), ModelNames(twin.catalogue(), {}), Router(None).words)


def asked(reader: Reader, text: str) -> tuple[str, str, str]:
    calls = drugs_in_order(text, reader.read(text, NOW))
    arguments = calls[0].arguments if calls else {}
    return arguments.get("aspect", ""), arguments.get("drug", ""), arguments.get("of_class", "")


ORDERED = [
    ("which drug did she have right before natalizumab", "before", "natalizumab", ""),
    ("What DMT immediately preceeded tysabri?", "before", "natalizumab", "multiple_sclerosis_drug"),
    ("previous dmt before ocrelizumab", "before", "ocrelizumab", "multiple_sclerosis_drug"),
    ("what was he on before cefepime", "before", "cefepime", ""),
    ("which antibiotic came before cefepime", "before", "cefepime", "antibiotic"),
    ("what did ocrelizumab replace", "before", "ocrelizumab", ""),
    ("which treatment was tried prior to starting adalimumab", "before", "adalimumab", ""),
    ("she was switched from what to apixaban", "before", "apixaban", ""),
    ("what replaced his tiotropium", "after", "tiotropium", ""),
    ("which inhaler took over when spiriva was stopped", "after", "tiotropium", "inhaler"),
    ("what was natalizumab switched to", "after", "natalizumab", ""),
    ("what came after the bumetanide infusion", "after", "bumetanide", ""),
    ("what biologic followed infliximab", "after", "infliximab", "biologic"),
    ("what is he on instead of warfarin", "after", "warfarin", ""),
    ("how long was she on fingolimod", "duration", "fingolimod", ""),
    ("how long has he been on tamsulosin", "duration", "tamsulosin", ""),
    ("duration of amiodarone treatment", "duration", "amiodarone", ""),
    ("how many days of ceftriaxone did he have", "duration", "ceftriaxone", ""),
]


@pytest.mark.parametrize(("text", "aspect", "drug", "of_class"), ORDERED)
def test_a_drug_among_the_others_in_time(reader: Reader, text: str, aspect: str, drug: str, of_class: str) -> None:
    assert asked(reader, text) == (aspect, drug, of_class)


@pytest.mark.parametrize(
    "text",
    [
        "what happened after natalizumab", "why was natalizumab stopped", "what should he take before warfarin is restarted",
        "what was the creatinine before lisinopril", "what bloods were checked before methotrexate", "when was warfarin replaced",
        "how long ago was cefepime started", "how long should he take apixaban", "how long until the next ocrelizumab",
        "how long before surgery is apixaban held", "which drug does warfarin interact with", "what dose of metformin before the last change",
        "premedication given before each ocrelizumab infusion", "what would replace warfarin", "is he on tiotropium",
        "how long since natalizumab was stopped", "what can he have instead of ibuprofen", "what was the INR after warfarin",
    ],
)  # fmt: skip
def test_near_questions_ask_for_something_else(reader: Reader, text: str) -> None:
    assert asked(reader, text) == ("", "", "")
