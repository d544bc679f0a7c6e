"""Sentence boundaries: full stops, lists, headers, wrapped and collapsed text."""

from __future__ import annotations

import textwrap
import time

import pytest

from nlp_pipeline import build_pipeline, split_sentences
from nlp_pipeline.layers import chart
from nlp_pipeline.structure.line_breaks import hard_breaks, lines_of
from nlp_pipeline.structure.sentences import MAX_TOKENS

# A bar stands where a new sentence begins.
SPLIT = [
    "Seen by Dr. Smith, J. Smith and R. L. Jones. |Took 2.5 mg q.d. for pain. |A vs. B in bed No. 5.",
    "St. Jude valve, e.g. an old one, i.e. from approx. 1990. |Wt. 70 kg.",
    "On vitamin D. |He takes vitamin D. |Hepatitis C. |No fever. |Stage IV. |She left.",
    "Lasix 40 mg p.o. b.i.d. |She denies pain. |KCl 20 mEq q.d. as before.",
    "Rate 5 mL/h. |Pain gone. |HR 80/min. |Off after 48 h. |Repeat done. |I:C 1:10 -> 1:8. |ISF 40. |SJC 0. |ALT 36.",
    "Seen by PT. |Stairs tomorrow. |Now 5 BID. |Stop it. |Screen neg. |Rubella immune. |MS. |On day 2 he left.",
    "DR. SMITH SAW HIM. |NO FEVER. |PT. DENIES PAIN.",
    "He left at 5 p.m. |The exam at 5 p.m. today was normal. |Temp 36.6 °C. |SpO2 98%. |Well.",
    "E. coli grew. |C. diff negative. |Candida spp. were seen, Fig. 2 shows them.",
    '?pneumonia on the film. |? PE. |Is it CHF? |No. |He said "I am ok." |Good.',
    "He waited... |Then left. |He waited ... and left! |Really.",
    "No fever.|No cough.|BP 120/80.|Heart regular",
    "no fever. |has cough. |denies cp. |walks 5 ft. daily",
    "He has pain.[3] |Then it went.(2) |She left.",
    "Fever; chills; no cough; weight 5 ft. 2 in. tall",
    "Diagnoses: 1. CHF |2. COPD |3. Gout. |No fever.",
    "1) CHF |2) COPD |3) gout (2 joints)",
    "Grade 2. |He took 3. |Then 4 more.",
    "1. CHF\n|2. COPD, on\n   oxygen\n|3. gout",
    "- one\n|- two with\n  more\n|• three\n|[x] four",
    "a. fever\n|b. cough",
    "denies chest pain\n|reports cough\n|no fever",
    "Denies chest\npain today.",
    "Seen by Dr.\nSmith, St.\nJude valve.",
    "Took aspirin and\nMetformin, history of\nCOPD.",
    "Blood gas\n|pH 7.3\n|pCO2 45",
    "No fever\n\n|cough\n \n|Or pain",
    "Name: Ann Example, a patient of ours\n|Sex: female\n|Alcohol: no\n|Smoking: no",
    "PREOPERATIVE DIAGNOSIS:, Cataract.,|POSTOPERATIVE DIAGNOSIS:, Same.,|ANESTHESIA:, Topical., |PLAN: , None.",
    "CC: cough |PLAN: rest",
    "HPI: cough no fever |PMH: gout |MEDS: none |LUNGS: clear",
    "Medications\n|aspirin 81 mg\n\n|Plan\n|rest",
    "Plan: rest.\r\n|Home: today.",
]


def pieces(marked: str) -> tuple[str, list[str]]:
    return marked.replace("|", ""), [part.strip() for part in marked.split("|")]


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize("marked", SPLIT)
def test_split(marked: str) -> None:
    text, expected = pieces(marked)
    assert sentences(text) == expected


@pytest.mark.parametrize("text", ["", " \n ", "\n\n\n"])
def test_nothing(text: str) -> None:
    assert split_sentences(text) == []


CLEAN = (
    "The patient is a 45-year-old man who was seen by Dr. Alma Ruiz at St. Jude on Monday for chest pain. He denies fever,"
    " chills, or MRI changes; no history of COPD or CHF. On arrival his BP was 120/80 mm Hg, HR 88, and troponin"
    " (high-sensitivity) 0.5 ng/mL. He was given aspirin 325 mg, heparin 5,000 units i.v. and morphine 2 mg. CT of the chest"
    " showed no PE. Echo on day 2 showed an EF of 45% with H. pylori treated 2 years ago. He went home on 3 May."
)


@pytest.mark.parametrize("width", range(26, 130, 8))
@pytest.mark.parametrize("indent", ["", "    "])
def test_wrapped_text_has_the_same_sentences(width: int, indent: str) -> None:
    wrapped = textwrap.fill(CLEAN, width, subsequent_indent=indent, break_on_hyphens=False)
    assert [" ".join(s.split()) for s in sentences(wrapped)] == sentences(CLEAN)
    assert len(sentences(CLEAN)) == 7


def test_wrapped_paragraphs_beside_short_lines() -> None:
    text = "Past problems\nGout\nCOPD\n\n" + textwrap.fill(CLEAN, 70) + "\n\nAspirin 81 mg\nMetoprolol 25 mg"
    found = [" ".join(s.split()) for s in sentences(text)]
    assert found == ["Past problems", "Gout", "COPD", *sentences(CLEAN), "Aspirin 81 mg", "Metoprolol 25 mg"]


def test_given_borders_cut_and_none_are_looked_for() -> None:
    text = "HPI: cough PMH: gout"
    assert [text[a:b] for a, b in split_sentences(text, [0, 11])] == ["HPI: cough", "PMH: gout"]
    assert [text[a:b] for a, b in split_sentences(text, [])] == [text]


def test_short_forms_of_many_letters_before_a_capital_end_nothing() -> None:
    text = (
        "Seen by Prof. Lee of the Dept. Head, approx. Monday, with Messrs. Day and Capt. Hart. |Then home. |Left well."
    )
    joined, expected = pieces(text)
    assert sentences(joined) == expected


def test_a_note_is_split_alike_with_and_without_its_line_breaks_given() -> None:
    text = "HPI: Took aspirin and\nMetoprolol.\r\n\r\nPMH:\n1) gout\n12) CHF, x3) no item\nHome."
    assert split_sentences(text, breaks=hard_breaks(text)) == split_sentences(text)
    assert split_sentences(text, breaks=[]) != split_sentences(text)


def test_lines_without_the_blank_ones() -> None:
    for end in ("\n", "\r\n", "\r"):
        text = end.join(["", "one ", "  ", " two", ""])
        assert [text[a:b] for a, b in lines_of(text)] == ["one ", " two"]


def test_sentences_of_a_doc() -> None:
    doc = build_pipeline()("HPI: No fever. Cough\nPMH: gout")
    assert [sent.text.strip() for sent in doc.sents] == ["HPI:", "No fever.", "Cough", "PMH:", "gout"]
    assert chart(doc).sentences[0] == (0, 5) and chart(doc).sentences[-1][1] == len(doc.text)
    assert max(len(sent) for sent in build_pipeline()("word " * 500).sents) == MAX_TOKENS


HOSTILE = [
    "." * 40_000, "?" * 40_000, "fever " * 8_000, "(" * 40_000, ". . " * 10_000, "Dr. " * 10_000, "1) 2) " * 8_000, "." + " " * 40_000 + "a",
    "the\n" * 10_000, "\r" * 40_000, ".," * 20_000, "x:\r\n" * 10_000, '."' * 20_000,
]  # fmt: skip


def test_hostile_text_takes_linear_time() -> None:
    begun = time.process_time()
    for text in HOSTILE:
        split_sentences(text)
    assert time.process_time() - begun < 8
