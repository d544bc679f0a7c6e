"""Allergies as they are asked about: the entry, the reaction that notes tell of, the list by kind, and what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agents.embedded.plans import Call, Plan, Setting
from agents.embedded.routing.allergies_asked import allergy_calls
from agents.guards import People
from tests.conftest import NOW, RXNORM, Bench
from tests.unit.test_tools_allergies import allergy, reaction
from tools.concepts import default_lexicon
from tools.drugs.reacted import Reacted
from tools.drugs.reactions import reactions_told
from tools.drugs.substances import substances_in


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, twin: Any) -> Iterator[Bench]:
    from knowledge_base.embedding import build_embedder
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore
    from knowledge_base.vectors import VectorIndex
    from tests.unit.test_kb_fhir import bundle, concept, document, patient, resource, write

    def note(ident: str, who: str, text: str, day: str = "2026-05-01") -> dict[str, Any]:
        return document(ident, text, f"{day}T10:00:00+00:00", patient_id=who, author=[{"display": "Ida Marsh, MD"}])

    def order(ident: str, who: str, name: str, status: str, day: str) -> dict[str, Any]:
        return resource(
            "MedicationRequest", ident, subject={"reference": f"Patient/{who}"}, status=status, intent="order",
            medicationCodeableConcept=concept(name, name, RXNORM), authoredOn=day,
        )  # fmt: skip

    resources = [
        patient("listed", birthDate="1983-09-14"),
        allergy("l1", "listed", "Penicillin", onsetDateTime="1990-04", recordedDate="2005-02-03", criticality="high", type="allergy", reaction=reaction("Anaphylaxis", severity="severe")),
        allergy("l2", "listed", "Codeine", type="intolerance", onsetDateTime="2012-09", recordedDate="2012-09-18", criticality="low", reaction=reaction("Nausea", "Vomiting", severity="mild")),
        allergy("l3", "listed", "Lisinopril", type="intolerance", onsetDateTime="2013-04", recordedDate="2013-06-20", reaction=reaction("Cough", severity="mild")),
        allergy("l4", "listed", "Amlodipine", type="intolerance", onsetDateTime="2014-08", recordedDate="2014-09-05", reaction=reaction("Ankle swelling")),
        allergy("l5", "listed", "Shellfish", category=["food"], reaction=reaction("Urticaria", "Lip swelling", severity="moderate"), recordedDate="2016-07-01"),
        order("lo1", "listed", "Lisinopril 10 mg", "stopped", "2013-01-15"), order("lo2", "listed", "Losartan 50 mg", "active", "2013-06-20"),
        note("ln1", "listed", "Allergies gone through.\n- Penicillin: 1990, collapsed at home minutes after a tablet, throat closed up, adrenaline given, kept overnight at Ashby General.\n"
             "- Codeine: vomits every time. Has had tramadol since without trouble.\n- Lisinopril: dry tickly cough, gone three weeks after stopping, never any swelling of lips or tongue.\nNo rash with any of them."),
        patient("skin"),
        allergy("s1", "skin", "Sulfonamides", criticality="high", onsetDateTime="2011-03", recordedDate="2011-04-02", reaction=reaction("Stevens-Johnson syndrome", severity="severe")),
        allergy("s2", "skin", "Cephalosporins", verified="unconfirmed", recordedDate="2009-07-14", note=[{"text": "Reaction not known; reported by his late mother."}]),
        note("sn1", "skin", "Sulfa - co-trimoxazole for a bladder infection in March 2011. Day 9 mouth ulcers, target lesions, skin peeling over 8 % of the body. Twelve days in the burns unit. No scarring of the eyes."),
        patient("clear"), allergy("c1", "clear", "No known allergies", recordedDate="2026-04-02"),
        note("cn1", "clear", "FHx: mother came out in a rash with penicillin.\nBack from CT, 90 mL iohexol given, watched 30 min, no reaction."),
        patient("blank"), order("bo1", "blank", "Amoxicillin 500 mg", "completed", "2026-02-03"),
        note("bn1", "blank", "Finished 7 days of amoxicillin, no bother from the tablets at all."),
        patient("past"), order("po1", "past", "Aspirin 81 mg", "active", "2025-01-20"),
        allergy("p1", "past", "Egg", "resolved", category=["food"], recordedDate="1998-02-10", reaction=reaction("Urticaria"), note=[{"text": "Outgrown by age 6."}]),
        allergy("p2", "past", "Aspirin", "inactive", verified="refuted", recordedDate="2008-09-03", reaction=reaction("Epistaxis"), note=[{"text": "Nosebleed was trauma."}]),
        allergy("p3", "past", "Morphine", "", verified="entered-in-error", recordedDate="2025-06-14", reaction=reaction("Anaphylaxis"), note=[{"text": "Entered on the wrong chart."}]),
        allergy("p4", "past", "Trimethoprim", reaction=reaction("Rash"), onsetDateTime="2016-05", recordedDate="2016-05-27"),
        note("pn1", "past", "Clindamycin 600 mg IV started 20:30. At 21:00 widespread hives, no wheeze. Drip stopped, cetirizine given.\nImp: allergic reaction to clindamycin. Morphine 4 mg for pain, tolerated.\nParacetamol up to 1 g is fine."),
        patient("off"), allergy("o1", "off", "Penicillin", onsetDateTime="1971", reaction=reaction("Rash", severity="mild"), criticality="low"),
        note("on0", "off", "Penicillin - ANAPHYLAXIS per ambulance sheet.", "2026-04-30"),
        note("on1", "off", "Oral amoxicillin challenge today: 500 mg, observed 2 h, no reaction.\nNOT penicillin allergic, de-labelled in clinic."),
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("allergy_questions")
    store, index = RecordStore(folder / "data"), VectorIndex(folder / "data", build_embedder())
    assert ingest_paths([write(folder / "clinic.json", bundle(*resources))], store, index).rejected == ()
    yield Bench(store, index, twin)
    store.close()


# Who is asked about, what is asked, what the answer says; "!" before what it must not say.
ASKED: list[tuple[str, str, tuple[str, ...]]] = [
    # the entry's own facts, each said first
    ("listed", "when was penicillin entered on the allergy list", ("recorded on **2005-02-03**",)),
    ("listed", "On what date was the penicillin allergy recorded?", ("**2005-02-03**",)),
    ("listed", "when did she react to penicillin", ("**1990-04**",)),
    ("listed", "onset of the codeine intolerance", ("**2012-09**",)),
    ("listed", "when did the amlodipine trouble begin", ("**2014-08**", "!no amlodipine order")),
    ("listed", "when did the cough with lisinopril start", ("**2013-04**", "!2013-01-15")),
    ("listed", "severity of the penicillin reaction", ("severe",)),
    ("listed", "how bad was the shellfish reaction", ("moderate",)),
    ("listed", "criticality of the penicillin allergy", ("**high** criticality",)),
    ("listed", "is the codeine thing a true allergy or just an intolerance", ("**intolerance**",)),
    ("listed", "lisinopril: allergy or intolerance?", ("**intolerance**",)),
    ("listed", "how old was she at the penicillin reaction", ("at **6** years",)),
    ("skin", "has the cephalosporin allergy been confirmed", ("**unconfirmed**",)),
    ("skin", "who reported the cephalosporin allergy", ("mother",)),
    # what it did
    ("listed", "Amlodipine: which side effect did she get?", ("Ankle swelling", "!no amlodipine order")),
    ("listed", "Remind me what norvasc did to her", ("Ankle swelling",)),
    ("listed", "why is codeine on her allergy list", ("Vomiting",)),
    ("listed", "what happens if she gets penicillin", ("Anaphylaxis",)),
    ("listed", "What happened to her on prawns?", ("Urticaria",)),
    # a finding that is a recorded reaction, by other names
    ("listed", "did her ankles swell up on amlodipine", ("Yes", "Ankle swelling")),
    ("listed", "Swollen ankles with amlodipine - is that recorded?", ("Yes",)),
    ("listed", "did codeine make her throw up", ("Yes", "Vomiting")),
    ("listed", "did she come out in hives with shellfish", ("Yes", "Urticaria")),
    ("listed", "did her lip swell with shellfish", ("Yes",)),
    ("listed", "was there a rash with penicillin", ("!Yes",)),
    ("listed", "did her lips swell with lisinopril", ("No, a note denies it", "never any swelling")),
    ("skin", "did his skin peel with the sulfa", ("Yes, a note tells of it", "peeling")),
    # what no entry holds is quoted from the reaction's own sentence
    ("listed", "was adrenaline given for the penicillin reaction", ("adrenaline given",)),
    ("listed", "which hospital was she kept in after penicillin", ("Ashby General",)),
    ("listed", "how long did the cough last after stopping lisinopril", ("three weeks",)),
    ("skin", "when did he get SJS", ("**2011-03**", "!problem list does not have it")),
    ("skin", "what was the skin detachment in the SJS", ("8 %",)),
    ("skin", "any eye damage left from the SJS", ("No scarring",)),
    ("past", "treatment for the clindamycin hives", ("cetirizine",)),
    ("past", "who saw the clindamycin reaction", ("Ida Marsh",)),
    # what kind of reaction it was is the record's to say, whatever a note copied
    ("off", "was the penicillin allergy anaphylaxis", ("No, anaphylaxis is not the recorded reaction", "ANAPHYLAXIS per", "!Yes")),
    # lists by kind, class, reaction, and without one
    ("listed", "Is she allergic to any foods?", ("food allergy recorded, listed first",)),
    ("skin", "Is he allergic to any foods?", ("No food allergy is recorded",)),
    ("skin", "which antibiotics is he allergic to", ("Sulfonamides", "Cephalosporins")),
    ("listed", "which blood pressure tablets has she not tolerated", ("Lisinopril", "Amlodipine")),
    ("listed", "Which substance gave her anaphylaxis?", ("Penicillin", "!Lisinopril")),
    ("listed", "which drugs made her throw up", ("Codeine", "!Lisinopril")),
    ("listed", "is she allergic to anything else besides penicillin", ("Codeine", "Shellfish", "!Penicillin")),
    ("skin", "anything he can't have", ("Sulfonamides",)),
    ("skin", "Which medicines must be avoided in this patient?", ("Sulfonamides", "Cephalosporins")),
    ("skin", "any pen allergy in this gent", ("No penicillin allergy is recorded",)),
    ("listed", "number of entries in the allergy list", ("**2** active allergies and **3** active intolerances",)),
    # set aside: refuted, resolved, entered in error; never support
    ("past", "is he allergic to morphine", ("No active allergy", "**entered in error**", "!Yes")),
    ("past", "morphine anaphylaxis - is that real?", ("**entered in error**", "!Yes")),
    ("past", "when was aspirin entered on his list", ("**2008-09-03**", "**refuted**")),
    ("past", "does he take aspirin despite the old allergy entry", ("Yes", "**refuted**")),
    ("past", "egg allergy - clinical status?", ("**resolved**",)),
    ("past", "Which allergies were resolved, refuted or entered in error?", ("Egg", "Aspirin", "Morphine", "!Trimethoprim")),
    # told by a note alone
    ("past", "Clindamycin allergic?", ("Yes, by a note", "not on the allergy list")),
    ("past", "did he come out in hives after clindamycin", ("Yes, a note tells of it", "!No urticaria")),
    ("past", "is there an allergy in the notes missing from his list", ("clindamycin", "!Paracetamol")),
    ("past", "allergies?", ("Trimethoprim", "clindamycin", "!Paracetamol", "!cetirizine given.” [3]")),
    # an entry that a note sets right: both are shown
    ("off", "Is she really allergic to penicillin?", ("Penicillin", "de-labelled")),
    ("off", "Has penicillin been de-labelled?", ("Yes, by a note", "the list still has the entry")),
    ("off", "ok to give amoxicillin?", ("Allergy recorded", "no reaction", "!Yes")),
    ("off", "can she have amoxicillin", ("Penicillin", "no reaction", "!Yes:")),
    # nothing recorded and none known stay apart; a relative's is the relative's
    ("blank", "allergies?", ("none that says that no allergy is known",)),
    ("blank", "is she allergic to latex", ("No latex allergy is recorded", "no active allergy entry at all")),
    ("blank", "how did she get on with amoxicillin", ("no bother",)),
    ("clear", "allergies?", ("No known allergies",)),
    ("clear", "is he allergic to penicillin", ("No penicillin allergy is recorded", "Of a relative, not of the patient", "mother")),
    ("clear", "did he react to the CT contrast", ("No iodinated contrast allergy", "no reaction")),
]  # fmt: skip


@pytest.mark.parametrize(("who", "question", "phrases"), ASKED, ids=[f"{w}: {q}" for w, q, _ in ASKED])
def test_what_is_answered(clinic: Bench, who: str, question: str, phrases: tuple[str, ...]) -> None:
    answer = clinic.assistant.ask(who, question, as_of=NOW)
    for phrase in phrases:
        assert (phrase[1:] not in answer.text) if phrase.startswith("!") else (phrase in answer.text), answer.text


UNANSWERED = [
    ("listed", "tryptase at the time of the penicillin anaphylaxis?"),
    ("listed", "name of the GP who gave her the penicillin"),
    ("listed", "Which pharmacist put the codeine side effect on the list?"),
    ("past", "clindamycin skin test result"),
    ("blank", "criticality of the penicillin entry on her list"),
    ("blank", "which antibiotic is she allergic to"),
    ("blank", "what does codeine do to her"),
]


@pytest.mark.parametrize(("who", "question"), UNANSWERED)
def test_what_nobody_wrote_down_is_not_answered(clinic: Bench, who: str, question: str) -> None:
    answer = clinic.assistant.ask(who, question, as_of=NOW)
    assert answer.abstained and "ooked at" in answer.text, answer.text


# What is asked of an order, a result or the twin stays so, though the drug stands on the allergy list.
@pytest.mark.parametrize(
    ("question", "tool", "arguments"),
    [
        ("when was lisinopril started", "medication", {"drug": "lisinopril"}),
        ("why was lisinopril stopped", "medication", {"drug": "lisinopril"}),
        ("is she on lisinopril now", "medication", {"drug": "lisinopril"}),
        ("codeine trough with 30 mg every 6 hours", "what_if", {"model": "x"}),
        ("draft an order for codeine, she had nausea with it before", "draft_order", {}),
    ],
)
def test_other_questions_keep_their_calls(clinic: Bench, question: str, tool: str, arguments: dict[str, Any]) -> None:
    context = clinic.context("listed")
    from agents.context import RunContext

    setting = Setting(NOW, People(own=frozenset(), others=frozenset()), RunContext(tools=context).record)
    setting = setting._replace(reacted=Reacted(context))
    calls = (Call(tool=tool, arguments=arguments),)
    assert allergy_calls(Plan(calls=calls), question, setting, context.lexicon) == calls


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("threw up twice", {"vomiting": True}),
        ("no rash, no wheeze", {"rash": False, "bronchospasm": False}),
        ("no swelling of lips or tongue", {"swelling of the lip": False, "swelling of the tongue": False}),
        ("ED entry of anaphylaxis is WRONG and has been removed; rash on day 6", {"anaphylaxis": False, "rash": True}),
        ("her ankles have swollen up", {"swelling of the ankle": True}),
        ("never hives. Itchy all over", {"urticaria": False, "pruritus": True}),
        ("a dressing was put on the sickle cell clinic's wound", {}),
    ],
)
def test_reactions_are_read_by_what_they_are_called(text: str, told: dict[str, bool]) -> None:
    assert {name: was for name, was in reactions_told(text).items() if name in told or not told} == told


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("rubber gloves", ["latex"]),
        ("the CT dye in 2019", ["iodinated_contrast"]),
        ("MRI dye", ["gadolinium_contrast"]),
        ("PEN-FAST score", []),
        ("pen allergic?", ["penicillin"]),
        ("stuck with pen and paper", []),
    ],
)
def test_substances_are_read_by_what_they_are_called(text: str, names: list[str]) -> None:
    assert [n.target.id for n in substances_in(default_lexicon(), text)] == names
