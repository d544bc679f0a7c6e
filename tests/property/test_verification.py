"""The verifier on arbitrary drafts: never an error, only removal, what is left is grounded, and time grows with length."""

from __future__ import annotations

import itertools
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.verification import Support, check, verify, verify_answer
from tools.concepts import default_lexicon
from tools.outcome import Statement, ToolResult

LEXICON = default_lexicon()
LINES = [
    "Latest creatinine: **165 umol/L** on 2026-10-19 [1].",
    "lisinopril 20 mg stopped, last ordered 2024-04-09 [2].",
    "No penicillin allergy is recorded.",
    "- 2026-10-19: 165 umol/L",
]
RESULTS = [
    ToolResult(
        tool="list_problems",
        statements=(Statement(text="**1** active problem:"), Statement(text="Gout (since 2016-05-01)", item=True)),
        data={"status": "active", "n": 1},
    )
]
PIECES = st.sampled_from(
    [
        "Creatinine is 165 umol/L [1].", "It was 240.", "lisinopril 20 mg", "amlodipine", "on 2026-10-19", "on 3 March 2020", "[9]", "- item", "\n", "1.", "e.g. 5", "12,50", "−3", "²",
        "7", "She has gout.", "No gout.", "not on", "**Drugs:**", "|", "| a | b |", "|---|---|", "# Head", "doubled", "from 1 to", "between", "%", "mg/dL", "twice daily", ":", ";", "(", ")", "…",
        "It rose.", "It doubled.", "Her mother had", "three days later", "5/10", "132/76 mmHg", "“quoted”", "e.g.",
    ]
)  # fmt: skip
DRAFTS = st.one_of(
    st.text(max_size=120), st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES, max_size=10).map("\n".join)
)


def make() -> Support:
    return Support(LINES, [{"n": 2}], LEXICON, 2, results=RESULTS)


SHARED = make()


@settings(max_examples=400, deadline=None)
@given(DRAFTS)
def test_what_is_left_is_grounded_and_checking_it_again_changes_nothing(draft: str) -> None:
    checked = verify(draft, SHARED)
    assert len(checked.text) <= len(draft)
    again = verify(checked.text, SHARED)
    assert again.is_grounded and again.text == checked.text


@settings(max_examples=200, deadline=None)
@given(DRAFTS)
def test_pieces_lie_in_the_draft_in_order_and_their_findings_in_them(draft: str) -> None:
    pieces = check(draft, SHARED)
    assert all(draft[p.start : p.end].strip() == p.text.strip() for p in pieces)
    assert all(a.end <= b.start for a, b in itertools.pairwise(pieces))
    for piece in pieces:
        assert all(piece.start <= f.start <= f.end <= max(piece.end, f.start) for f in piece.findings)


@settings(max_examples=200, deadline=None)
@given(st.floats(0.01, 5000).map(lambda v: round(v, 4)), st.integers(0, 3))
def test_a_rounded_value_is_supported_and_another_is_not(value: float, digits: int) -> None:
    support = Support([f"Latest sodium: {value} mmol/L."], [], LEXICON, 0)
    shown = f"{value:.{digits}f}"
    if digits or float(shown) >= 10:
        assert support.missing(f"Sodium is {shown}.") == []
    other = f"{value + 2 * 10**-digits + 1:.{digits}f}"
    assert [u.value for u in support.missing(f"Sodium is {other}.")] == [other]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_a_tools_own_words_are_supported(text: str) -> None:
    text = text.replace("[", "(").replace("]", ")")
    checked = verify(text, Support([text], [], LEXICON, 0))
    assert checked.is_grounded and checked.text == text.strip()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.text(min_size=1, max_size=300))
def test_any_text_is_checked_against_any_text(text: str, evidence: str) -> None:
    checked = verify_answer(text, evidence=[evidence])
    assert checked.summary.claims == len(checked.claims)
    assert all(0 <= c.span[0] <= c.span[1] <= len(text) for c in checked.claims)
    assert verify_answer(checked.text, evidence=[evidence]).is_grounded


def seconds_for(text: str) -> float:
    support = make()
    verify("warm", support)
    started = process_time()
    verify(text, support)
    return process_time() - started


def test_time_grows_with_length_and_no_faster() -> None:
    hostile = [
        "Creatinine is 240 mg/dL and lisinopril 5 mg, no gout. ",  # every sentence goes
        "creatinine 165 umol/L and gout, ",  # one sentence without an end
        "1 ", "((((", "| a ", "not ", "- x\n", "from 1 to 2 between ", "2026-10-19 ", "mother ", "a:\n", "5/",
    ]  # fmt: skip
    for unit in hostile:
        short, long = seconds_for(unit * (5_000 // len(unit))), seconds_for(unit * (50_000 // len(unit)))
        assert long < 12.0 and long < 40 * max(short, 0.02), f"{unit!r}: {short:.2f} s, {long:.2f} s"
