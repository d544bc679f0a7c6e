"""Lower-case text with the characters of the original, for searching it with plain `str.find` and case-blind rules."""

from __future__ import annotations


def lowered(text: str) -> str:
    """The text in lower case, position for position the same."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters become two: only those keep their case
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lower


def folded(text: str) -> str:
    """The text in lower case, line breaks, tabs and brackets as spaces; position for position the same."""
    return plain(lowered(text))


def plain(lower: str) -> str:
    """Text in lower case with line breaks, tabs and brackets as spaces."""
    for mark in "\n\r\t(":
        lower = lower.replace(mark, " ")
    return lower if lower.isascii() else lower.replace("\xa0", " ").replace("’", "'")
