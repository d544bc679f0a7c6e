"""What the target matcher finds: longest names, spellings, both readings of short forms, and ordinary words left alone."""

from __future__ import annotations

import gc
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nlp_pipeline.pipeline import default_pipeline
from nlp_pipeline.short_forms import load_rules
from nlp_pipeline.vocabulary import load_vocabulary, store
from nlp_pipeline.vocabulary.lexicon import FormRules, Lexicon, load_lexicon
from nlp_pipeline.vocabulary.loader import DATA
from nlp_pipeline.vocabulary.open_terms import SHORT, read_open_terms
from nlp_pipeline.vocabulary.phrases import UNKNOWN, PhraseIndex
from nlp_pipeline.vocabulary.surfaces import keys_of
from nlp_pipeline.vocabulary.words import WordReader

if TYPE_CHECKING:
    from spacy.tokens import Doc


def read(text: str) -> Doc:
    nlp = default_pipeline()
    doc = nlp.make_doc(text)
    for name in ("charttwin_sections", "charttwin_sentences", "charttwin_targets"):
        doc = nlp.get_pipe(name)(doc)
    return doc


def found(text: str) -> dict[str, str]:
    """The first concept of each entity, by the entity's text."""
    doc = read(text)
    assert len(doc.ents) == len(doc._.chart.concepts)
    return {ent.text: concepts[0].id for ent, concepts in zip(doc.ents, doc._.chart.concepts, strict=True)}


BOTH_READINGS = [
    # the sentence, the short form, and the concept it stands for ("" for no finding)
    ("He died of an MI.", "MI", "myocardial_infarction"),
    ("Echo: trace MI, EF normal.", "MI", "mitral_regurgitation"),
    ("SpO2 95% RA, comfortable.", "RA", ""),
    ("Saturating well on RA.", "RA", ""),
    ("RA on methotrexate with synovitis of both wrists.", "RA", "rheumatoid_arthritis"),
    ("The RA and RV were dilated.", "RA", ""),
    ("Preterm infant whose PDA was closed with ibuprofen.", "PDA", "patent_ductus_arteriosus"),
    ("Angiography: 80% stenosis of the PDA, patent LAD.", "PDA", ""),
    ("He has CP radiating to the left arm.", "CP", "chest_pain"),
    ("Wheelchair-bound girl with spastic CP.", "CP", "cerebral_palsy"),
    ("Enhancing lesion at the CP angle.", "CP", ""),
    ("Former 26-weeker with BPD on home oxygen.", "BPD", "bronchopulmonary_dysplasia"),
    ("History of BPD, PTSD and several suicide attempts.", "BPD", "borderline_personality_disorder"),
    ("Fetal biometry: BPD 62 mm, femur length 45 mm.", "BPD", ""),
    ("SAD each winter, uses a light box.", "SAD", "seasonal_affective_disorder"),
    ("SAD with panic in social situations.", "SAD", "phobia"),
    ("Boy with ASD and speech delay, gets ABA.", "ASD", "autism_spectrum_disorder"),
    ("Secundum ASD with a left-to-right shunt.", "ASD", "atrial_septal_defect"),
    ("CTA showed a saddle PE.", "PE", "pulmonary_embolism"),
    ("PE: lungs clear, abdomen soft.", "PE", ""),
    ("At 34 weeks gestation with severe PE and protein in the urine.", "PE", "preeclampsia"),
    ("MS diagnosed in 2009, treated with interferon.", "MS", "multiple_sclerosis"),
    ("Given MS 4 mg IV for pain.", "MS", "morphine"),
    ("Rheumatic MS with a mean gradient of 9.", "MS", "mitral_stenosis"),
    ("DM diagnosed ten years ago.", "DM", "diabetes"),
    ("DM with heliotrope rash.", "DM", "myositis"),
    ("Metastatic CA of unknown primary.", "CA", "cancer"),
    ("PT 14.2, PTT 31, INR 1.2.", "PT", "prothrombin_time"),
    ("PT/OT to evaluate.", "PT", "physical_therapy"),
    ("PT tolerated the procedure well.", "PT", ""),
    ("Severe AS with a mean gradient of 48.", "AS", "aortic_stenosis"),
    ("AS with sacroiliitis, HLA-B27 positive.", "AS", "ankylosing_spondylitis"),
    ("SAME AS BEFORE.", "AS", ""),
    ("Moderate AR on the echocardiogram.", "AR", "aortic_regurgitation"),
    ("AR with nasal congestion in spring.", "AR", "allergic_rhinitis"),
    ("Mild MR and mild TR.", "MR", "mitral_regurgitation"),
    ("MR imaging of the brain.", "MR", ""),
    ("OD 20/40, OS 20/25.", "OD", ""),
    ("Found unresponsive after heroin OD, given naloxone.", "OD", "drug_overdose"),
    ("Seen in the ED overnight.", "ED", ""),
    ("ED treated with sildenafil.", "ED", "erectile_dysfunction"),
    ("Missed HD on Friday, fistula patent.", "HD", "hemodialysis"),
    ("On HD 3 he was afebrile.", "HD", ""),
    ("ESRD on PD with four exchanges.", "PD", "peritoneal_dialysis"),
    ("PD on levodopa with tremor.", "PD", "parkinson_disease"),
    ("A 5 mm stone.", "mm", ""),
    ("MM on bortezomib with lytic disease.", "MM", "multiple_myeloma"),
    ("B-cell ALL in remission after chemotherapy.", "ALL", "acute_lymphoblastic_leukemia"),
    ("ALL OTHER SYSTEMS NEGATIVE.", "ALL", ""),
    ("Treated for CAP with ceftriaxone and azithromycin.", "CAP", "pneumonia"),
    ("Fell, no LOC, mild HA.", "LOC", "syncope"),
    ("LOC: alert and oriented.", "LOC", ""),
    ("PCP proven on lavage, CD4 of 40.", "PCP", "pneumocystis_pneumonia"),
    ("Follow up with your PCP.", "PCP", ""),
    ("Platelets halved on heparin, HIT suspected.", "HIT", "heparin_induced_thrombocytopenia"),
    ("AIDS with cryptococcosis.", "AIDS", "aids"),
    ("Uses hearing aids.", "aids", ""),
    ("MRA of the brain showed an aneurysm.", "MRA", "mr_angiography"),
    ("On sacubitril-valsartan and an MRA for heart failure.", "MRA", "mra"),
    ("Denies SI or HI.", "SI", "suicidal_ideation"),
    ("ARF needing intubation for hypoxia.", "ARF", "respiratory_failure"),
    ("ARF with a creatinine of 4.", "ARF", "aki"),
    ("PND and orthopnea.", "PND", "paroxysmal_nocturnal_dyspnea"),
    ("PND with nasal congestion and sore throat.", "PND", "postnasal_drip"),
    ("GOT 45 U/L and GPT 30 U/L.", "GOT", "ast"),
    ("GOT and GPT were normal.", "GOT", "ast"),
    ("Got 2 L of saline overnight.", "Got", ""),
    ("She got 20 units of insulin.", "got", ""),
    ("PATIENT GOT TWO LITRES OF SALINE.", "GOT", ""),
    ("Glucose 92 mg/dL.", "Glucose", "glucose"),
    ("A1c 6.5% glucose 140.", "glucose", "glucose"),
    ("Glucose 5% 1000 mL over 8 h.", "Glucose", "dextrose"),
    ("He received 500 mL of 5% glucose.", "glucose", "dextrose"),
    ("Intravenous glucose was given.", "glucose", "dextrose"),
    ("Glucose monitoring at home.", "Glucose", ""),
]


@pytest.mark.parametrize(("text", "form", "concept_id"), BOTH_READINGS, ids=[t for t, _, _ in BOTH_READINGS])
def test_short_forms_are_read_by_their_context(text: str, form: str, concept_id: str) -> None:
    assert found(text).get(form, "") == concept_id


@pytest.mark.parametrize(
    ("text", "span", "concept_id"),
    [
        ("Biopsy showed chronic gastritis.", "chronic gastritis", "gastritis"),
        ("A pulmonary\n  embolism was excluded.", "pulmonary\n  embolism", "pulmonary_embolism"),
        ("Known Crohn disease.", "Crohn disease", "crohn_disease"),
        ("Known Crohn's disease.", "Crohn's disease", "crohn_disease"),
        ("Bilateral leg oedema.", "leg oedema", "edema"),
        ("Iron-deficiency anaemia.", "Iron-deficiency anaemia", "iron_deficiency_anemia"),
        ("Haematemesis twice.", "Haematemesis", "hematemesis"),
        ("Started on a beta-blocker.", "beta-blocker", "beta_blocker"),
        ("ST depression in V4-V6.", "ST depression", "st_depression"),
        ("Several seizures at night.", "seizures", "seizure"),
        ("Alzheimer\u2019s disease for years.", "Alzheimer\u2019s disease", "alzheimer_disease"),
        ("ASTHMA AND COPD.", "ASTHMA", "asthma"),
        ("Transfused 2 units of packed red cells.", "packed red cells", "packed_red_cells"),
        ("Given 4 units of fresh frozen plasma.", "fresh frozen plasma", "fresh_frozen_plasma"),
        ("Hepatitis C treated with interferon.", "interferon", "interferon"),
        ("Interferon-gamma release assay positive.", "Interferon-gamma release assay", "quantiferon"),
    ],
)
def test_names_are_found_in_their_spellings(text: str, span: str, concept_id: str) -> None:
    assert found(text).get(span) == concept_id


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("The axis was normal.", "axis"),
        ("A pin was removed.", "pin"),
        ("He ate a taco.", "taco"),
        ("She sits and caps the bottle.", "caps"),
        ("Body mass of 72 kg.", "mass"),
        ("The stroke volume was 60 mL.", "stroke"),
        ("Respiratory depression was avoided.", "depression"),
        ("A cold room.", "cold"),
        ("The test was positive.", "positive"),
        ("He is fit for surgery.", "fit"),
        ("Sodium chloride infusion at room temperature.", "temperature"),
        ("No shock was delivered; two appropriate shocks earlier.", "shocks"),
        ("Non-diabetic patient.", "diabetic"),
        ("It hit him at 10 km.", "hit"),
        ("Follow-up at the cancer center.", "cancer"),
        ("The thyroid was not enlarged.", "thyroid"),
        ("At 88 beats per minute and regular.", "beats per minute"),
        ("At 88 bpm and regular.", "bpm"),
    ],
)
def test_ordinary_words_and_parts_of_other_names_are_left_alone(text: str, word: str) -> None:
    assert word not in found(text)


def test_a_term_below_a_curated_concept_keeps_its_id_and_its_own_codes() -> None:
    doc = read("Miliary tuberculosis was proven.")
    [(concept,)] = doc._.chart.concepts
    assert (concept.id, concept.label) == ("tuberculosis", "miliary tuberculosis")
    assert any(code.startswith("A19") for _, code in concept.codes)


def test_an_open_term_does_not_hide_the_name_of_a_test() -> None:
    assert found("Elevated creatinine of 3.1 and reduced haptoglobin.") == {
        "creatinine": "creatinine",
        "haptoglobin": "haptoglobin",
    }


def test_the_large_layer_is_unknown_to_questions() -> None:
    terms = read_open_terms(DATA)
    surfaces = {s.removeprefix(SHORT).lower() for i in range(len(terms)) for s in terms[i].surfaces}
    vocabulary = load_vocabulary()
    assert len(surfaces) > 40_000
    assert not surfaces & (vocabulary.by_surface.keys() | vocabulary.by_ambiguous.keys())


def test_every_sense_of_the_rules_is_a_concept() -> None:
    concepts = {f"{kind}:{i}" for kind, i in load_vocabulary().concepts}
    assert [(form, s) for form, senses in load_rules().concepts for s in senses if s not in concepts] == []


@pytest.mark.parametrize("text", ["fever " * 3000, "(" * 18_000, "RA " * 6000, "heart failure with " * 1000])
def test_repeated_text_is_read_in_linear_time(text: str) -> None:
    nlp = default_pipeline()
    short, long = nlp.make_doc(text[: len(text) // 8]), nlp.make_doc(text)
    matcher = nlp.get_pipe("charttwin_targets")

    def cost(doc: Doc) -> float:
        begin = time.process_time()
        matcher(doc)
        return time.process_time() - begin

    matcher(short)
    assert cost(long) < 40 * max(cost(short), 0.002)


@pytest.mark.parametrize("text", ["", " \n", "...", "Dr.", "\u0130 \u0130"])
def test_a_text_without_a_name_has_no_entities(text: str) -> None:
    assert found(text) == {}


def test_offsets_of_words_are_those_of_the_text() -> None:
    text = "na+ 128;  \u0130stanbul's 'ill' beta-blocker\n -\tw/o 5'7\", spo\u2082 " + "long-" * 20
    words = re.findall(r"[^\W_]+|[^\w\s'-]|(?<!\w)-|-(?!\w)", text.replace("\u2082", "2"))
    read = WordReader({word: number for number, word in enumerate(dict.fromkeys(words), 1)})
    names = {number: word for word, number in read.numbers.items()}
    for _ in range(2):  # the second time from what is remembered
        found_words = read(text)
        assert [names[number] for number in found_words.numbers.tolist()] == words
        spans = zip(found_words.begins().tolist(), found_words.ends().tolist(), strict=True)
        assert [text[begin:end].replace("\u2082", "2") for begin, end in spans] == words


def test_words_outside_the_vocabulary_are_unknown() -> None:
    assert WordReader({"a": 1})("a x a").numbers.tolist() == [1, UNKNOWN, 1]


def matches(index: PhraseIndex, text: str) -> list[list[int]]:
    return index.find(WordReader(index.numbers)(text).numbers).T.tolist()


def test_the_longest_phrase_wins_and_overlaps_go_to_the_longer() -> None:
    index = PhraseIndex({"a b": 1, "b c d": 2, "d": 3, "a": 4}, ["x"])
    assert matches(index, "a b c d") == [[1, 4, 2]]
    assert matches(index, "a b x d") == [[0, 2, 1], [3, 4, 3]]
    assert matches(index, "a b c a b c d a a b") == [[0, 2, 1], [4, 7, 2], [7, 8, 4], [8, 10, 1]]
    assert matches(index, "b c") == matches(index, "") == []
    again = PhraseIndex.from_parts(index.to_parts())
    assert matches(again, "a b x d") == matches(index, "a b x d") and len(again) == 4


def test_spellings_of_a_name() -> None:
    assert {"leg edema", "leg oedema"} <= set(keys_of("leg edema"))
    assert {"crohn disease", "crohns disease", "crohn s disease"} <= set(keys_of("Crohn's disease"))
    assert {"brain tumors", "brain tumours"} <= set(keys_of("brain tumour"))


@pytest.fixture
def rules() -> FormRules:
    return FormRules((("mi", ("condition:myocardial_infarction",)),), frozenset({"aids"}), frozenset())


def same(one: Lexicon, other: Lexicon) -> bool:
    text = "acute myocardial infarction with miliary tuberculosis and mi"
    left, right = matches(one.index, text), matches(other.index, text)
    return left == right and [one.surface(p) for _, _, p in left] == [other.surface(p) for _, _, p in right]


def test_the_cache_gives_the_same_lexicon_and_is_rebuilt_when_damaged(tmp_path: Path, rules: FormRules) -> None:
    vocabulary = load_vocabulary()
    built = load_lexicon(vocabulary, rules, tmp_path)
    [file] = tmp_path.iterdir()
    content = file.read_bytes()
    assert same(built, load_lexicon(vocabulary, rules, tmp_path))
    for damaged in (b"", content[:-9], b"x" * len(content)):
        file.write_bytes(damaged)
        assert same(built, load_lexicon(vocabulary, rules, tmp_path))
        assert file.read_bytes() == content
    other = load_lexicon(vocabulary, rules._replace(capitals=frozenset()), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2 and len(other.index) == len(built.index)


def test_a_possessive_in_a_note_without_findings() -> None:
    assert not default_pipeline()("Well, it's.").ents


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, rules: FormRules) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    assert len(load_lexicon(load_vocabulary(), rules, tmp_path / "file" / "cache").index) > 40_000


def test_a_user_without_a_home_has_a_cache_among_the_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", no_home)
    assert tempfile.gettempdir() in str(store.cache_folder())


def test_loading_leaves_the_garbage_collector_on() -> None:
    default_pipeline()
    assert gc.isenabled()


def test_cache_parts_round_trip_and_refuse_what_is_not_theirs(tmp_path: Path) -> None:
    path = tmp_path / "a" / "parts.bin"
    store.write_parts(path, [b"one", b"", b"three"])
    assert store.read_parts(path) == [b"one", b"", b"three"]
    assert [p.name for p in path.parent.iterdir()] == ["parts.bin"]
    path.write_bytes(b"something else")
    assert store.read_parts(path) is None and store.read_parts(tmp_path / "none") is None
