"""medspaCy's tokenizer, remembered: the same tokens, but each distinct piece of text is taken apart once, and faster.

medspaCy tries affix rules of over a hundred alternatives on every piece that spaCy's own cache does not hold, and in
notes many pieces are new: numbers, brackets, names. Most are ASCII, for which a handful of the alternatives can match.
A long dash ("urea—118") separates here, which medspaCy's rules do beside letters only.
The rules are also quadratic in a run without white space ("((((" takes minutes): long runs are taken apart in parts.
"""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from nlp_pipeline.layers import begin, register

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokenizer import Tokenizer
    from spacy.tokens import Doc

_PIECE = re.compile(r"(\S+)(\s*)")
_LEADING_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[A-Za-z]+")
_WORD_AND_MARK = re.compile(r"([A-Za-z]*[a-z]{2})([.,;:])")
_DASH = re.compile("(—)")
_LONG = 200
_PART = 60
_REMEMBERED = 200_000  # pieces, some 60 MB; then it starts afresh


# What medspaCy's rules come to in ASCII text, in their order.
_ASCII_PREFIX = re.compile(r"\+(?![0-9])|\.\.+|US\$|C\$|A\$|[%=,:;!?()\[\]{}<>_#*&'\"`$]")
_ASCII_SUFFIX = re.compile(
    r"(?:[,:;!?()\[\]{}<>_#*&'\"`]|\.\.+|'[sS]|(?<=[0-9])\+|(?<=[0-9])(?:\$|US\$|C\$|A\$)"
    r"|(?<=[0-9])(?:km|m|dm|cm|mm|ha|nm|yd|in|ft|kg|g|mg|t|lb|oz|m/s|km/h|kmh|mph|hPa|Pa|mbar|mb|MB|kb|KB|gb|GB|tb|TB"
    r"|T|G|M|K|%)|(?<=[0-9a-z%\-+,:;!?()\[\]{}<>_#*&'\"`|\\])\.|(?<=[A-Z][A-Z])\.)$"
)
_ASCII_INFIX = re.compile(
    r"\.\.+|(?<=[a-z'\"`,])\.(?=[A-Z'\"`,])|(?<=[A-Za-z])(?:-|--|---|~)(?=[A-Za-z])"
    r"|[!\"#$%&'()*+,\-/:;<=>?@\[\\\]^_`{|}~]"
)


class Piece(NamedTuple):
    """The tokens of a run without white space, and which are followed by a space where one follows the run or none."""

    words: list[str]
    spaced: list[bool]
    unspaced: list[bool]


class RememberingTokenizer:
    """Tokenizes as the tokenizer that it wraps, one piece between white space at a time."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._vocab = tokenizer.vocab
        self._exceptions = frozenset(tokenizer.rules)
        self._pairs = {
            pair for rule in tokenizer.rules if rule.isascii() for pair in islice(pairwise(split_ascii(rule)), 1)
        }
        self._pieces: dict[str, Piece] = {}

    def __call__(self, text: str) -> Doc:
        from spacy.tokens import Doc

        words: list[str] = []
        spaces: list[bool] = []
        pieces = self._pieces
        if len(pieces) > _REMEMBERED:
            pieces.clear()
        leading = _LEADING_SPACE.match(text)
        if leading:
            words.append(leading[0])
            spaces.append(False)
        for run, gap in _PIECE.findall(text):
            piece = pieces.get(run)
            if piece is None:
                piece = pieces[run] = self._taken_apart(run)
            words += piece.words
            if gap == " ":
                spaces += piece.spaced
            elif not gap:
                spaces += piece.unspaced
            else:  # white space of its own is a token, after the one space that belongs to the word
                spaces += piece.spaced if gap[0] == " " else piece.unspaced
                words.append(gap[1:] if gap[0] == " " else gap)
                spaces.append(False)
        return begin(Doc(self._vocab, words=words, spaces=spaces), text)

    def __getattr__(self, name: str) -> Any:
        # What spaCy asks of a tokenizer besides its tokens (`explain`, serialisation) is the wrapped one's to answer.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._tokenizer, name)

    def _taken_apart(self, run: str) -> Piece:
        words = self._words(run)
        unspaced = [False] * len(words)
        return Piece(words, [*unspaced[:-1], True], unspaced)

    def _words(self, run: str) -> list[str]:
        if run not in self._exceptions:
            # Letters alone have no affix, and these marks are suffixes of every word: no rule has to be tried.
            if _WORD.fullmatch(run):
                return [run]
            match = _WORD_AND_MARK.fullmatch(run)
            if match and match[1] not in self._exceptions:
                return [match[1], match[2]]
            if len(run) <= _LONG and run.isascii() and "'" not in run:
                words = split_ascii(run)
                if not self._may_be_exceptional(words):
                    return words
        if "—" in run:  # which joins no word: "urea—118 mg/dl"
            return [
                word for part in _DASH.split(run) if part for word in ([part] if part == "—" else self._words(part))
            ]
        if len(run) <= _LONG:
            return [token.text for token in self._tokenizer(run)]
        return [
            token.text for start in range(0, len(run), _PART) for token in self._tokenizer(run[start : start + _PART])
        ]

    def _may_be_exceptional(self, words: list[str]) -> bool:
        """Whether an exception ("e.g.", ":(") is among the words or put together from two that stand side by side."""
        return not self._exceptions.isdisjoint(words) or not self._pairs.isdisjoint(pairwise(words))


def split_ascii(run: str) -> list[str]:
    """The words of a run of ASCII characters by the affix rules alone, as spaCy's tokenizer applies them."""
    prefixes: list[str] = []
    suffixes: list[str] = []
    while run:
        prefix = _ASCII_PREFIX.match(run)
        start = prefix.end() if prefix else 0
        suffix = _ASCII_SUFFIX.search(run[start:])
        end = start + suffix.start() if suffix else len(run)
        if start:
            prefixes.append(run[:start])
        if end < len(run):
            suffixes.append(run[end:])
        if start == 0 and end == len(run):
            break
        run = run[start:end]
    inner: list[str] = []
    start = 0
    for infix in _ASCII_INFIX.finditer(run, 1):  # an infix cannot open a word: what opens it is a prefix or stays
        if infix.start() > start:
            inner.append(run[start : infix.start()])
        inner.append(infix[0])
        start = infix.end()
    if start < len(run):
        inner.append(run[start:])
    return [*prefixes, *inner, *reversed(suffixes)]


def build_tokenizer(nlp: Language) -> RememberingTokenizer:
    """The tokenizer of the pipeline."""
    from medspacy.custom_tokenizer import create_medspacy_tokenizer

    register()
    tokenizer = create_medspacy_tokenizer(nlp)
    prefixes, suffixes, infixes = tokenizer.prefix_search, tokenizer.suffix_search, tokenizer.infix_finditer
    exceptions, tokenizer.rules = tokenizer.rules, {}  # each assignment below would tokenize all of them again
    tokenizer.prefix_search = lambda text: _ASCII_PREFIX.match(text) if text.isascii() else prefixes(text)
    tokenizer.suffix_search = lambda text: _ASCII_SUFFIX.search(text) if text.isascii() else suffixes(text)
    tokenizer.infix_finditer = lambda text: _ASCII_INFIX.finditer(text) if text.isascii() else infixes(text)
    tokenizer.rules = exceptions
    return RememberingTokenizer(tokenizer)
