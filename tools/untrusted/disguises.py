"""The ways text is hidden from a human reader or from a filter, undone: each view is what the text would say."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator

_TAGS = re.compile(r"[\U000e0001-\U000e007f]")
_INVISIBLE = re.compile(r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]")  # fmt: skip
# A word broken by characters that nobody sees. One may come from copying; two or more in a word are no accident.
_BROKEN = re.compile(r"\w[\u00ad\u200b-\u200d\u2060-\u2064\ufeff]+\w+[\u00ad\u200b-\u200d\u2060-\u2064\ufeff]+\w")
# Cyrillic and Greek letters that look like Latin ones (Unicode TS 39, the confusables that matter for English).
_LOOKALIKE = str.maketrans(
    "авеёкмнорстухіїјѕԁԛԝһґАВЕКМНОРСТУХІЈЅԌԐαβεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "abeekmhopctyxiijsdqwhrABEKMHOPCTYXIJSGEabeikvoptuxABEZHIKMNOPTYX",
)
_LEET = str.maketrans("013457@$", "oieastas")
_MIXED = re.compile(r"\b(?=\w*[^\W\d_])(?=\w*[0134578@$])[\w@$]{4,}\b")
_SPACED = re.compile(r"\b(?:[A-Za-z][ .\-_*]){6,}[A-Za-z]\b")
_SPACED_WORDS = re.compile(r"(?:\b[A-Za-z](?: [A-Za-z])+\b(?: {2,}|$)){2,}")
_BLOB = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{20,}={0,2}(?![\w+/=])")
_HEX = re.compile(r"\b(?:[0-9a-f]{2}[ ,:]?){16,}\b|\b(?:[0-9A-F]{2}[ ,:]?){16,}\b")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{2,6};|%[0-9a-fA-F]{2}){4,}")
_WORDS_OF_LETTERS = 6
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


def without_hidden(text: str) -> str:
    """Text without the characters that nobody sees."""
    return _INVISIBLE.sub("", text)


def is_hidden(segment: str) -> bool:
    """Whether a segment hides something: tag characters, direction overrides, words broken by invisible characters,
    words of mixed scripts, or an encoded sentence."""
    if _TAGS.search(segment) or "\u202e" in segment or "\u202d" in segment or _BROKEN.search(segment):
        return True
    hidden = _INVISIBLE.findall(segment)
    if len([c for c in hidden if c not in "\ufe0e\ufe0f\ufeff\u00ad"]) > 3 or _ESCAPES.search(segment):
        return True
    return (not segment.isascii() and _mixes_scripts(segment)) or any(True for _ in _decoded(segment))


def is_unreadable(segment: str) -> bool:
    """Whether a segment holds words in a script that this pipeline reads nothing of; a symbol or a name may stand."""
    if segment.isascii():
        return False
    letters = [unicodedata.name(c, "") for c in segment if c.isalpha() and ord(c) > 0x36F]
    other = [
        name
        for name in letters
        if not name.startswith(("LATIN", "FULLWIDTH LATIN", "GREEK", "MODIFIER", "MATHEMATICAL"))
    ]
    greek = sum(name.startswith("GREEK") for name in letters)
    return len(other) >= _WORDS_OF_LETTERS or greek >= 3 * _WORDS_OF_LETTERS


def views(segment: str) -> Iterator[str]:
    """What a segment says once its disguises are taken off, itself first."""
    plain = " ".join(unicodedata.normalize("NFKC", without_hidden(segment)).split())
    if not plain.isascii():
        plain = plain.translate(_LOOKALIKE) if _mixes_scripts(plain) or is_unreadable(plain) else plain
        plain = plain.replace("’", "'").replace("“", '"').replace("”", '"')
    yield plain
    if _MIXED.search(plain):
        yield _MIXED.sub(lambda m: m[0].translate(_LEET), plain)
    if _SPACED.search(plain):
        yield _SPACED.sub(lambda m: re.sub(r"[ .\-_*]", "", m[0]), plain)
        yield _SPACED_WORDS.sub(lambda m: re.sub(r" (?! )", "", m[0]), segment)
    low = plain.lower()
    if "vtaber" in low or "vafgehpgvba" in low or "rot13" in low or "rot-13" in low:
        yield codecs.decode(plain, "rot13")
    if "snoitcurtsni" in low or "erongi" in low:
        yield plain[::-1]


def _mixes_scripts(segment: str) -> bool:
    """Whether one word is spelt with letters of two alphabets; a Greek letter as a symbol ("µg", "βblocker") is not."""
    for word in re.findall(r"[^\W\d_]{3,}", segment):
        if word.isascii():
            continue
        scripts = [unicodedata.name(c, "").split(" ")[0] for c in word]
        latin, cyrillic, greek = (scripts.count(s) for s in _SCRIPTS)
        if (latin and cyrillic) or (latin and greek >= 2):
            return True
    return False


def _decoded(segment: str) -> Iterator[str]:
    for match in _BLOB.finditer(segment):
        blob = match[0].replace("-", "+").replace("_", "/")
        if not (re.search(r"[a-z]", blob) and re.search(r"[A-Z]", blob)):
            continue
        try:
            raw = base64.b64decode(blob.rstrip("=") + "=" * (-len(blob.rstrip("=")) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        if (text := _prose(raw)) is not None:
            yield text
    for match in _HEX.finditer(segment):
        digits = re.sub(r"[^0-9a-fA-F]", "", match[0])
        if len(digits) % 2 == 0 and (text := _prose(bytes.fromhex(digits))) is not None:
            yield text


def _prose(raw: bytes) -> str | None:
    """The text of decoded bytes, if they are words; an accident of letters is not."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    words = re.findall(r"[A-Za-z]{2,}", text)
    return text if len(words) >= 3 and sum(c.isalnum() or c in " .,'\"!?:;-" for c in text) >= 0.9 * len(text) else None
