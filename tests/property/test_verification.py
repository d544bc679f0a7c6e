"""The verifier on arbitrary drafts: never an error, only removal, and what is left is grounded."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.verification import Support, verify
from tools.concepts import default_lexicon

LEXICON = default_lexicon()
RESULTS = [
    "Latest creatinine: **165 umol/L** on 2026-10-19 [1].",
    "lisinopril 20 mg stopped, last ordered 2024-04-09 [2].",
]
PIECES = st.sampled_from(
    [
        "Creatinine is 165 umol/L [1].",
        "It was 240.",
        "lisinopril 20 mg",
        "amlodipine",
        "on 2026-10-19",
        "on 3 March 2020",
        "[9]",
        "- item",
        "\n",
        "1.",
        "e.g. 5",
        "12,50",
        "−3",
        "²",
        "7",
    ]
)
DRAFTS = st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=10).map(" ".join))


def make() -> Support:
    return Support(RESULTS, [{"n": 2}], LEXICON, 2)


@settings(max_examples=200, deadline=None)
@given(DRAFTS)
def test_what_is_left_is_grounded(draft: str) -> None:
    support = make()
    checked = verify(draft, support)
    assert len(checked.text) <= len(draft)
    assert all(u.sentence in draft for u in checked.unsupported)
    again = verify(checked.text, support)
    assert again.is_grounded and again.text == checked.text


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
    assert Support([text], [], LEXICON, 999).missing(text.replace("[", "(").replace("]", ")")) == []
