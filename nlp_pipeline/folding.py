"""Lower-case text with the characters of the original, for searching it with plain `str.find` and case-blind rules."""

from __future__ import annotations


def folded(text: str) -> str:
    """The text in lower case, line breaks, tabs and brackets as spaces; position for position the same."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters become two: only those keep their case
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    for mark in "\n\r\t(":
        lowered = lowered.replace(mark, " ")
    return lowered if lowered.isascii() else lowered.replace("\xa0", " ").replace("’", "'")
