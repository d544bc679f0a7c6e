"""The cited facts that every check of a drug rests on (`tools/data/drug_rules.json`), and which of them concern a drug."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any

from tools.concepts import Lexicon

Rule = dict[str, Any]


@lru_cache(maxsize=1)
def rules() -> dict[str, Any]:
    """Every rule; a hospital's pharmacist reviews and widens the file."""
    loaded: dict[str, Any] = json.loads(resources.files("tools").joinpath("data/drug_rules.json").read_text("utf-8"))
    return loaded


def kinds_of(lexicon: Lexicon, drug: str) -> frozenset[str]:
    """A drug with its classes, as the rules count them: low-dose aspirin is not an NSAID for the kidney."""
    not_as = rules()["not_counted_as"].get(drug, ())
    return frozenset({drug, *lexicon.vocabulary.classes_of(drug), *groups_of(drug)} - set(not_as))


def groups_of(drug: str) -> frozenset[str]:
    """Groups of the rules that no class of the vocabulary is, such as all drugs that prolong QT."""
    return frozenset(name for name, members in rules()["groups"].items() if drug in members)


def rules_for(section: str, kinds: Iterable[str]) -> list[Rule]:
    """The rules of a section whose drug is one of these."""
    wanted = set(kinds)
    return [rule for rule in rules()[section] if rule["drug"] in wanted]


def narrow_classes() -> frozenset[str]:
    """Classes whose members are so alike that what was said of one bears on the others."""
    duplicated = (c for classes in rules()["duplicates"].values() for c in classes)
    return frozenset({*duplicated, *rules()["same_class_reacts"]})


def opening(label: str) -> str:
    """A drug's name at the start of a sentence."""
    return f"{label[:1].upper()}{label[1:]}"


def after_colon(text: str) -> str:
    """The words of a rule after a colon; "INR" and "QT" keep their capitals."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"
