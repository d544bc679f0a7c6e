"""Allergies: what is in force, set aside, related, an intolerance, or told by notes alone; never a false "none"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import LOINC, NOW, Bench
from tools.concepts import default_lexicon
from tools.outcome import RetryableToolError, ToolResult


def state(kind: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{kind}", "code": code}]}


def allergy(ident: str, who: str, name: str, clinical: str = "active", **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"clinicalStatus": state("allergyintolerance-clinical", clinical)} if clinical else {}
    verified = more.pop("verified", "confirmed")
    return {
        "resourceType": "AllergyIntolerance", "id": ident, "patient": {"reference": f"Patient/{who}"}, "code": {"text": name},
        "verificationStatus": state("allergyintolerance-verification", verified), **fields, **more,
    }  # fmt: skip


def reaction(*words: str, severity: str = "") -> list[dict[str, Any]]:
    return [{"manifestation": [{"text": w} for w in words], **({"severity": severity} if severity else {})}]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory, twin: Any) -> Iterator[Bench]:
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore
    from tests.unit.test_kb_fhir import bundle, document, patient, write

    def note(ident: str, who: str, text: str, day: str = "2026-05-01") -> dict[str, Any]:
        return document(ident, text, f"{day}T10:00:00+00:00", patient_id=who)

    resources = [
        patient("quin"), allergy("q1", "quin", "Levofloxacin", reaction=reaction("Tendinitis")),
        patient("ace"), allergy("c1", "ace", "Lisinopril", type="intolerance", onsetDateTime="2019-03", reaction=reaction("Cough")),
        allergy("c2", "ace", "Shellfish allergy", category=["food"], recordedDate="2021-06-02"),
        patient("swell"), allergy("s1", "swell", "Lisinopril", reaction=reaction("Angioedema")),
        patient("past"), allergy("p1", "past", "Penicillin", "inactive", reaction=reaction("Rash")),
        allergy("p2", "past", "Codeine", "resolved"), allergy("p3", "past", "Latex allergy", verified="refuted"),
        patient("both"), allergy("b1", "both", "No known allergies"), allergy("b2", "both", "Aspirin", reaction=reaction("Wheeze", severity="severe")),
        patient("silent"), note("n1", "silent", "Allergies: NKDA."),
        patient("told"), note("n2", "told", "Allergies: amoxicillin (hives), sulfa. Tolerated cefazolin well.\nFHx: mother is allergic to codeine."),
        allergy("t1", "told", "Peanut", category=["food"]),
        patient("doubt"), allergy("d1", "doubt", "Ibuprofen", verified="unconfirmed", clinical=""),
        patient("dys"), allergy("y1", "dys", "Metoclopramide"), note("n3", "dys", "Dystonic reaction to metoclopramide, resolved with diphenhydramine. No seizure."),
        patient("nuts"), allergy("w1", "nuts", "Allergy to walnut", reaction=reaction("Hives")),
        patient("denied"), allergy("e1", "denied", "Allergy to penicillin"), note("n4", "denied", "Denies penicillin allergy. Afebrile."),
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("allergies")
    store = RecordStore(folder / "data")
    assert ingest_paths([write(folder / "ward.json", bundle(*resources))], store).rejected == ()
    assert LOINC and NOW
    yield Bench(store, None, twin)
    store.close()


def said(result: ToolResult, *phrases: str) -> None:
    for phrase in phrases:
        if phrase.startswith("!"):
            assert phrase[1:] not in result.summary
        else:
            assert phrase in result.summary, result.summary


ASKED: list[tuple[str, dict[str, Any], bool, tuple[str, ...]]] = [
    # a class is asked about, a member is on record; and the other way round
    ("quin", {"substance": "fluoroquinolones"}, True, ("Yes: **Levofloxacin** is recorded; reaction: Tendinitis",)),
    ("quin", {"substance": "levaquin"}, True, ("Yes: **Levofloxacin**",)),
    ("quin", {"substance": "cipro"}, False, ("No ciprofloxacin allergy is recorded.", "of the same class (fluoroquinolone)", "Recorded allergies: Levofloxacin")),
    ("quin", {"substance": "penicillin"}, False, ("No penicillin allergy is recorded.", "!same class")),
    # an intolerance is called one
    ("ace", {}, True, ("**1** active allergy and **1** active intolerance recorded:", "Lisinopril (intolerance; reaction: Cough; since 2019-03)", "Shellfish allergy (food; recorded 2021-06-02)")),
    ("ace", {"substance": "ACE inhibitors"}, True, ("Yes, as an intolerance: **Lisinopril**",)),
    ("ace", {"substance": "losartan"}, False, ("!angioedema", "Recorded allergies and intolerances")),
    ("swell", {"substance": "losartan"}, False, ("After angioedema with an ACE inhibitor",)),
    ("ace", {"aspect": "none_known"}, True, ("No: **1** active allergy and **1** active intolerance are recorded:",)),
    ("ace", {"category": "food"}, True, ("**1** active food allergy recorded, listed first of 2:",)),
    # what is no longer in force is not a "yes"
    ("past", {"substance": "penicillin"}, False, ("No active allergy to penicillin: Penicillin (reaction then: Rash) is recorded as **inactive**", "!Yes")),
    ("past", {"substance": "codeine"}, False, ("recorded as **resolved**",)),
    ("past", {"substance": "latex"}, False, ("recorded as **refuted**",)),
    ("past", {}, True, ("No allergy is recorded", "Not in force: Penicillin", "Not in force: Latex allergy (refuted)")),
    # both "none known" and an entry
    ("both", {}, True, ("**1** active allergy recorded:", "Aspirin", "The record also says “No known allergies”")),
    ("both", {"substance": "ibuprofen"}, False, ("Ibuprofen is of the same class (nsaid)",)),
    # silence is not "none"
    ("silent", {}, False, ("and none that says that no allergy is known", "says “Allergies: NKDA” (note text only)")),
    # told by notes alone
    ("told", {}, True, ("Peanut", "Only in notes, not in the structured record", "amoxicillin", "!codeine")),
    ("told", {"substance": "penicillins"}, False, ("Only in notes", "amoxicillin (hives)")),
    ("told", {"substance": "codeine"}, False, ("!Only in notes",)),
    ("told", {"substance": "cefazolin"}, False, ("No cefazolin allergy is recorded.", "“Allergies: amoxicillin (hives)")),
    ("told", {"substance": "vancomycin"}, False, ("!Only in notes",)),
    ("doubt", {"substance": "motrin"}, True, ("Yes: **Ibuprofen** is recorded; unconfirmed",)),
    ("quin", {"substance": "levofloxacin", "aspect": "reaction"}, True, ("Recorded reaction: **Tendinitis** (Levofloxacin",)),
    # foods: each its own, beside its group
    ("nuts", {"substance": "almonds"}, False, ("No almond allergy is recorded.", "But a related allergy is recorded: Allergy to walnut (tree nuts)")),
    ("nuts", {"substance": "peanut"}, False, ("No peanut allergy is recorded.", "Allergy to walnut (nuts)")),
    ("nuts", {"substance": "prawns"}, False, ("No shrimp allergy is recorded.", "!related")),
    ("nuts", {"substance": "tree nuts"}, True, ("Yes: **Allergy to walnut**", "!covers")),
    ("ace", {"substance": "prawns"}, True, ("Yes: **Shellfish allergy**", "It covers shrimp.")),
    ("ace", {"substance": "salmon"}, False, ("No salmon allergy is recorded.", "Shellfish allergy (seafood)")),
    # the reaction by its name
    ("nuts", {"substance": "walnut", "aspect": "reaction", "reaction": "anaphylaxis"}, True, ("No, anaphylaxis is not the recorded reaction", "reaction: Hives")),
    ("nuts", {"substance": "walnut", "aspect": "reaction", "reaction": "urticaria"}, True, ("Yes: **Allergy to walnut**",)),
    ("denied", {"substance": "penicillin", "aspect": "reaction", "reaction": "rash"}, True, ("Not documented whether it was rash",)),
    ("denied", {"substance": "penicillin", "aspect": "reaction"}, True, ("the reaction is not documented",)),
]  # fmt: skip


@pytest.mark.parametrize(("who", "arguments", "found", "phrases"), ASKED)
def test_what_is_said(ward: Bench, who: str, arguments: dict[str, Any], found: bool, phrases: tuple[str, ...]) -> None:
    result = ward.run(who, "allergies", arguments)
    assert result.found is found, result.summary
    said(result, *phrases)


def test_a_reaction_that_resolved_denies_no_allergy_and_a_denial_does(ward: Bench) -> None:
    assert ward.run("dys", "allergies").conflicts == ()
    (conflict,) = ward.run("denied", "allergies").conflicts
    assert "penicillin" in conflict.record_says and "note of 2026-05-01" in conflict.note_says


def test_an_allergy_that_only_a_note_has_is_a_contradiction(ward: Bench) -> None:
    result = ward.run("told", "record_vs_notes", {"topic": "allergies"})
    said(result, "the record says no such allergy", "amoxicillin", "!codeine")


def test_an_unknown_aspect_names_what_is_accepted(ward: Bench) -> None:
    with pytest.raises(RetryableToolError, match="aspect is one of list, has"):
        ward.run("quin", "allergies", {"aspect": "smell"})


def test_safety_of_a_drug_tells_allergies_relatives_and_silence(ward: Bench) -> None:
    said(
        ward.run("quin", "medication_safety", {"drug": "ciprofloxacin"}), "none recorded (1 allergy entry", "same class"
    )
    said(ward.run("ace", "medication_safety", {"drug": "lisinopril"}), "**Intolerance recorded: Lisinopril**")
    said(
        ward.run("silent", "medication_safety", {"drug": "amoxicillin"}),
        "not known, the record has no allergy entry at all",
    )
    said(ward.run("told", "medication_safety", {"drug": "ampicillin"}), "Only in notes")
    said(ward.run("past", "medication_safety", {"drug": "penicillin"}), "recorded as **inactive**")


class _Row:
    codes: tuple[tuple[str, str], ...] = ()

    def __init__(self, display: str) -> None:
        self.display = display


def test_every_class_finds_its_members_and_every_member_its_class() -> None:
    """Asked "is she allergic to statins?", an allergy to any statin of the vocabulary counts, and the other way round."""
    lexicon = default_lexicon()
    classes = list(lexicon.vocabulary.of_kind("drug_class"))
    missed = []
    for one in classes:
        asked = lexicon.resolve(one.label, "allergen", "medication", "drug_class")
        assert asked is not None
        for ingredient in lexicon.vocabulary.ingredients(one.id):
            drug = lexicon.vocabulary.get("medication", ingredient)
            if drug is None:
                continue
            target = lexicon.resolve(drug.label, "allergen", "medication", "drug_class")
            assert target is not None
            if not lexicon.matches_allergy(asked, _Row(drug.label)):
                missed.append((one.label, drug.label))
            if not lexicon.matches_allergy(target, _Row(f"Allergy to {one.label.lower()}")):
                missed.append((drug.label, one.label))
    assert len(classes) > 50 and missed == []


def test_another_fruit_is_no_allergy_to_the_fruit_asked_about() -> None:
    lexicon = default_lexicon()
    (kiwi,) = [m.of_kind("allergen") for m in lexicon.find_mentions("a kiwi fruit allergy", ("allergen",))]
    fruit = lexicon.resolve("fruit", "allergen")
    assert kiwi is not None and fruit is not None
    assert kiwi.id == "kiwi" and "strawberry" not in kiwi.ids and {"kiwi", "strawberry"} <= fruit.ids


def test_an_allergy_to_sulfonamides_covers_sulfamethoxazole_and_not_trimethoprim() -> None:
    lexicon = default_lexicon()
    row = Named("Allergy to sulfonamide")
    for drug, covered in (("sulfamethoxazole", True), ("trimethoprim", False)):
        target = lexicon.resolve(drug, "medication")
        assert target is not None and lexicon.matches_allergy(target, row) is covered


class Named:
    """An allergy row without a code."""

    codes: tuple[tuple[str, str], ...] = ()

    def __init__(self, display: str) -> None:
        self.display = display
