"""Long sentences of notes are cut where a statement ends: dictation, lists, lines; wrapped prose and short ones are not."""

from __future__ import annotations

import pytest

from domain.facts import Note
from tools.notes.clauses import clauses_of
from tools.notes.sentences import sentences_of

DICTATED = (
    "slept five hours no fevers obs stable on room air weight eighty two drinking mildly thick fluids eating about three quarters"
    " complains of tingling in both feet at night worse on the left no chest pain not short of breath denies low mood"
    " plan keep glargine fourteen sugars seven to eleven heparin until walking fifty metres repeat bloods friday"
)
LISTED = (
    "bladder diary 3 d; cut coffee to 1; mirabegron 50 (BP check 4 wks; stop if over 160 systolic); vaginal oestrogen twice a week;"
    " hexamine 1 g bd with vitamin C; teach self-catheterisation if the residual is more than 200"
)
WRAPPED = (
    "Bone margin came back sterile on the 20th, so the surgeon's rule says two weeks; microbiology wants the full six from resection as\n"
    "histology of the margin shows focal acute inflammation, and the culture was taken after nine days of antibiotics."
)
LINES = (
    "Swallow: minced and moist diet with mildly thick fluids, sitting upright, small sips, chin tuck of no benefit at all, (safe)\n"
    "Mobility: walks with a frame and the help of one person for twelve metres, slow, leaning to the left, tires, (unsafe alone)"
)


def pieces(text: str) -> list[str]:
    return [text[a:b] for a, b in clauses_of(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "together", "apart"),
    [
        (DICTATED, "heparin until walking fifty metres", "denies low mood|repeat bloods"),
        (DICTATED, "tingling in both feet at night worse on the left", "tingling|denies low mood"),
        (LISTED, "mirabegron 50 (BP check 4 wks; stop if over 160 systolic)", "diary|hexamine"),
        (WRAPPED, "wants the full six from resection as\nhistology of the margin", "sterile|histology"),
        (LINES, "walks with a frame", "Swallow|Mobility"),
    ],
)
def test_long_sentences_are_cut_between_statements(text: str, together: str, apart: str) -> None:
    cut = pieces(text)
    assert any(together in piece for piece in cut), cut
    one, other = apart.split("|")
    assert not any(one in piece and other in piece for piece in cut), cut
    assert "".join("".join(cut).split()) == "".join(text.split())  # nothing is lost


@pytest.mark.parametrize(
    "text", ["No chest pain; no cough.", "denies choking no fever not short of breath", "BP 128/74\nlying"]
)
def test_short_sentences_stay_whole(text: str) -> None:
    assert pieces(text) == [text]


def test_where_a_sentence_stands_is_kept() -> None:
    text = "CLINIC REVIEW\n[copied from May] Tracheostomy planned for Friday.\n\nToday: breathing alone.\nRenal: urine 1.1 L. Off dialysis."
    read = {s.text.partition(": ")[2] or s.text: s for s in sentences_of(Note(id="n", patient_id="p", text=text))}
    said = {text[s.start : s.end]: s for s in read.values()}
    copied = next(s for t, s in said.items() if "Tracheostomy" in t)
    alone = next(s for t, s in said.items() if "breathing alone" in t)
    assert copied.is_copied and not alone.is_copied
    assert alone.gap == 2 and next(s for t, s in said.items() if "Off dialysis" in t).gap == 0
    assert next(s for t, s in said.items() if "urine" in t).topic == "Renal"
