"""The numbers of words and the tables of openings, which decide where context looks for a phrase at all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nlp_pipeline.context.scopes import ContextMatcher
from nlp_pipeline.context.trie import Openings, PhraseTrie
from nlp_pipeline.context.words import DIGITS, FILLER, MEMBER, NUMBER, OTHER, YEAR, Symbols

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.strings import StringStore

SKIPPED = 9


@pytest.fixture(scope="module")
def nlp() -> Language:
    import spacy

    from nlp_pipeline.layers import register
    from nlp_pipeline.tokens import build_tokenizer

    register()
    language = spacy.blank("en")
    language.tokenizer = build_tokenizer(language)
    return language


@pytest.fixture
def strings() -> StringStore:
    from spacy.strings import StringStore

    return StringStore()


def read(symbols: Symbols, strings: StringStore, text: str) -> list[int]:
    return symbols.read(np.array([strings.add(word) for word in text.split()], np.uint64)).tolist()


def random_trie(rng: random.Random) -> PhraseTrie[int]:
    trie: PhraseTrie[int] = PhraseTrie({SKIPPED})
    for payload in range(12):
        slots: list[list[tuple[int, ...]]] = [
            [(rng.randrange(9),) for _ in range(rng.randint(1, 2))] for _ in range(rng.randint(1, 4))
        ]
        for slot in slots[1:]:
            if rng.random() < 0.3:
                slot.append(())
        trie.add(slots, payload)
    trie.close()
    return trie


def test_a_word_is_what_it_is_to_the_rules(strings: StringStore) -> None:
    symbols = Symbols(strings)
    cough = symbols.add("cough")
    words = "cough dizzy clearly likely x3 2nd 104.5 1985 several mother cough"
    expected = [cough, OTHER, FILLER, OTHER, DIGITS, DIGITS, NUMBER, YEAR, symbols.add("several"), MEMBER, cough]
    assert read(symbols, strings, words) == expected
    assert read(symbols, strings, words) == expected  # from the table
    assert symbols.class_of[symbols.add("several")] == NUMBER
    assert symbols.add("several") not in symbols.digits
    assert {DIGITS, NUMBER, YEAR, symbols.add("3x")} <= symbols.digits


def test_words_with_one_slot_keep_their_numbers() -> None:
    class Strings(dict[int, str]):
        def add(self, word: str) -> int:
            self[len(self) + 1] = word  # small keys, all of them in the first slot
            return len(self)

    strings = Strings()
    symbols = Symbols(strings)  # type: ignore[arg-type]
    keys = np.array([strings.add(word) for word in "slowly dizzy 1985 dizzy slowly 1985".split()], np.uint64)
    for _ in range(2):
        assert symbols.read(keys).tolist() == [FILLER, OTHER, YEAR, OTHER, FILLER, YEAR]


def test_no_phrase_starts_where_the_tables_see_none() -> None:
    rng, tried, passed = random.Random(3), 0, 0
    for _ in range(150):
        tries = random_trie(rng), random_trie(rng)
        openings = Openings(tries, SKIPPED + 20, {SKIPPED})
        words = [rng.randrange(SKIPPED + 1) if rng.random() < 0.5 else rng.randrange(SKIPPED + 20) for _ in range(60)]
        for trie, found in zip(tries, openings.find(np.array(words)), strict=True):
            starts = {start for start in range(len(words)) if trie.at(words, start, len(words))}
            assert starts <= set(found.tolist())
            tried, passed = tried + len(words), passed + len(found)
    assert passed < tried / 2  # or they would be of no use


def test_no_cue_of_a_sentence_is_missed(nlp: Language) -> None:
    cues = ContextMatcher(nlp).cues
    text = (
        "He was not seen to have, at any time, a fever 2 years ago; his mother, aged 61, denies pain - no known history"
        " of stroke. There is currently no clear evidence of pneumonia, but possibly 12 small nodules in 1985 . "
    )
    words = cues.words(nlp.make_doc(text * 3))
    for trie, found in zip((cues._trie, cues._terminators), cues._openings.find(words.array), strict=True):
        starts = {i for i in range(len(words.keys)) if trie.at(words.kinds, i, len(words.keys))}
        assert starts
        assert starts <= set(found.tolist())
        assert len(found) < len(words.keys) / 2
