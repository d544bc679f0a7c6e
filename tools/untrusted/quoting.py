"""What of a record is quoted is plain text: no link, image, element or hidden character survives in an answer."""

from __future__ import annotations

import re

from tools.untrusted.disguises import without_hidden

_ELEMENT = re.compile(r"<(?=[A-Za-z/!?])([^<>]{0,400})(>?)")
_LINK = re.compile(r"\](?=[(:])")
_IMAGE = re.compile(r"!(?=\[)")
_ADDRESS = re.compile(
    r"\b(https?|ftp|file|javascript|vbscript|mailto|data)(:)(?=//|(?<=t:)\S|(?<=o:)\S|text/|image/)", re.IGNORECASE
)
_WWW = re.compile(r"\bwww\.(?=\w)", re.IGNORECASE)


def inert_text(text: str) -> str:
    """Text without markup: `<` and `>` of elements become ‹ and ›, links and addresses are broken by a space.

    Comparisons ("WBC <4", "Ab <LOD") keep their meaning; only the sign's shape can change.
    """
    text = _ELEMENT.sub(lambda m: f"‹{m[1]}{'›' if m[2] else ''}", without_hidden(text))
    text = _LINK.sub("] ", _IMAGE.sub("", text))
    return _WWW.sub("www ", _ADDRESS.sub(r"\1\2 ", text)).replace("```", "'''")
