"""What is not there, and what only looks as if it were: names with two meanings, codes, results to come, relatives, habits."""

from __future__ import annotations

import pytest

from agents.embedded.reading.homonyms import other_meanings
from agents.embedded.routing.habits_asked import habit_claim
from tests.conftest import Bench
from tools.concepts import default_lexicon
from tools.family_history import family_history
from tools.measurements.habits import HabitClaim, judged
from tools.notes.codes import is_of_unheard_code
from tools.notes.to_come import is_only_to_come
from tools.outcome import ToolResult, say
from tools.relatives import is_of, relative_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("egfr mutation status of the lesion", ["egfr"]), ("any molecular result (ALK, EGFR)", ["ALK", "EGFR"]), ("EGFR exon 19 result", ["EGFR"]), ("is he on osimertinib for EGFR", ["EGFR"]), ("was egfr wild type or mutated", ["egfr"]),
        ("latest egfr", []), ("egfr trend since surgery", []), ("egfr before the contrast scan", []), ("did she meet her egfr target", []), ("egfr and potassium", []),
        ("was bedside perc trache offered", ["perc"]), ("perc drain output", ["perc"]), ("PERC rule", []), ("perc score", []), ("is she perc negative", []),
        ("size in mm", ["mm"]), ("how many mm was it", ["mm"]), ("does he have MM", []), ("MM in remission", []), ("mm with bortezomib: in mm", []),
        ("PE findings abdomen", ["PE"]), ("was a PE found", []), ("PE on CT", []),
        ("TSH left alone bc?", ["bc"]), ("BC result", []), ("SBP prophylaxis", ["SBP"]), ("SBP on standing", []),
    ],
)  # fmt: skip
def test_words_with_another_meaning(text: str, words: list[str]) -> None:
    assert [text[a:b] for a, b in other_meanings(text)] == words


NOTES = ["T25FW 8.1 s. HLA-B27 neg, anti-PDL1 given. L4/5 disc."]


@pytest.mark.parametrize(
    ("question", "unheard"),
    [
        ("NUDT15 genotype?", True), ("JAK2 mutation", True), ("MTHFR C677T", True), ("was rs12345 tested", True), ("is UGT1A1 normal", True),
        ("HLA B27 status", False), ("hla-b27 positive?", False), ("PD-L1 status", False), ("T25FW Aug 2026?", False), ("L4-5 disc", False),
        ("q12h dosing", False), ("day5 note", False), ("hba1c", False), ("b12 level", False), ("weight in 2024", False),
    ],
)  # fmt: skip
def test_a_code_that_stands_in_no_note(question: str, unheard: bool) -> None:
    assert is_of_unheard_code(question, default_lexicon(), NOTES) is unheard


@pytest.mark.parametrize(
    ("question", "quote", "to_come"),
    [
        (
            "what did the DXA show",
            "6 Transplant: dental done (4 extractions 10/15), DXA pending. 7 Flu shot refused again",
            True,
        ),
        (
            "what did the Doppler show",
            "stop, if repeat Doppler on 10/7 shows no clot. Port out after the March CT if clear",
            True,
        ),
        (
            "did the culture come back negative",
            "NTM culture must be negative before macrolide alone is given again.",
            True,
        ),
        ("PF4 result", "4Ts score 3, PF4 sent, low probability.", True),
        ("sleep study result", "Home sleep study booked for July.", True),
        ("what did the biopsy show", "Biopsy results awaited, clinic in 2 weeks.", True),
        (
            "what did the CT show",
            "Repeat CT 6 weeks from now for the necrotic area (was 31 mm, 22 mm on 14/11).",
            False,
        ),
        ("PF4 result", "PF4 negative -> sc heparin restarted 27/10.", False),
        ("when is the next CT", "CT due in March", False),
        ("MRI findings", "MRI: 17 lesions, stable. Repeat in 6 months.", False),
        ("sputum culture results", "Sputum culture sent, grew Klebsiella.", False),
        ("peak flow reading", "Peak flow 190, recheck next week", False),
        ("what is the plan for the DXA", "DXA pending.", False),
    ],
)
def test_a_result_that_is_to_come_is_none(question: str, quote: str, to_come: bool) -> None:
    assert is_only_to_come(question, [quote]) is to_come


def test_one_sentence_that_tells_it_is_enough() -> None:
    assert not is_only_to_come("what did the DXA show", ["DXA pending.", "DXA: T-score -2.4 at the hip."])
    assert is_only_to_come("what did the DXA show", ["DXA pending.", "Thiamine 500 IV tid."])


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("is he a current smoker", "smokes"), ("Does she still smoke at present?", "smokes"), ("smoker?", "smokes"), ("is he a smoker or not", "smokes"), ("still smoking?", "smokes"),
        ("has he ever smoked", "has smoked"), ("is he an ex smoker", "has quit"), ("did she quit smoking", "has quit"), ("never smoker?", "never smoked"), ("is he a lifelong non-smoker", "never smoked"),
        ("smoking status", ""), ("when did he quit smoking", ""), ("how much does he smoke", ""), ("does she want to stop smoking", ""), ("is smoking documented", ""), ("is she a non-smoker", ""), ("does he smoke cannabis", ""),
    ],
)  # fmt: skip
def test_what_a_question_claims_of_smoking(text: str, claim: str) -> None:
    assert habit_claim(text) == claim


@pytest.mark.parametrize(
    ("status", "claim", "word"),
    [
        ("Ex-smoker", "smokes", "No"), ("Former smoker (finding)", "has smoked", "Yes"), ("Smokes tobacco daily", "smokes", "Yes"), ("Never smoked tobacco", "smokes", "No"),
        ("Never smoked tobacco", "never smoked", "Yes"), ("Current every day smoker", "has quit", "No"), ("Unknown if ever assessed", "smokes", ""), ("Ex-smoker", "", ""),
    ],
)  # fmt: skip
def test_a_smoking_status_bears_a_claim_out_or_not(status: str, claim: HabitClaim, word: str) -> None:
    result = ToolResult(tool="latest", statements=(say(f"Latest status: **{status}**."),), data={"text": status})
    text = judged(result, claim).statements[0].text
    assert text.startswith(f"{word}: latest") if word else text.startswith("Latest")


@pytest.mark.parametrize(
    ("text", "relative"),
    [
        ("how old was her mother when she died", "mother"), ("dad's MI - what age", "father"), ("paternal history?", "paternal"), ("mother's side: any cancer", "maternal"), ("are her parents alive", "parent"),
        ("any siblings with diabetes", "sibling"), ("mother or father with gout", ""), ("family history", ""), ("grandma's stroke", "grandmother"), ("which relatives had cancer", ""),
    ],
)  # fmt: skip
def test_the_relative_that_is_asked_about(text: str, relative: str) -> None:
    assert relative_in(text) == relative


@pytest.mark.parametrize(
    ("relative", "text", "is_one"),
    [
        ("mother", "Natural mother", True), ("mother", "NMTH", True), ("mother", "father", False), ("maternal", "maternal aunt", True), ("maternal", "mother", True), ("maternal", "father", False),
        ("parent", "father", True), ("father", "Both parents had gout", True), ("sibling", "brother", True), ("grandmother", "grandfather", False),
    ],
)  # fmt: skip
def test_of_whom_an_entry_is(relative: str, text: str, is_one: bool) -> None:
    assert is_of(relative, text) is is_one


def test_family_history_of_one_relative(cohort: Bench) -> None:
    of_father = family_history(cohort.context(2), relative="father")
    assert of_father.found and all("ister" not in s.text for s in of_father.statements)
    of_mother = family_history(cohort.context(2), relative="mother")
    assert (
        not of_mother.found and "for a mother. There are entries for: father, sister." in of_mother.statements[0].text
    )
    everything = [s.text for s in family_history(cohort.context(2)).statements]
    assert len(everything) == len(set(everything)) > 2
