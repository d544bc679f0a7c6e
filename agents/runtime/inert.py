"""Text of the record made inert for a language model: visible, fenced, and without anything a chat template would act on."""

from __future__ import annotations

import re
import unicodedata

_TOKENS = re.compile(r"<(?=[|/a-z_｜])|(?<=[|｜])>", re.IGNORECASE)  # <|im_start|>, </s>, <tool_call>, <start_of_turn>
_INST = re.compile(r"\[(/?)(INST|SYS|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]", re.IGNORECASE)
_SYS = re.compile(r"<{2,}|>{2,}")
_ROLE = re.compile(
    r"(?im)^([ \t>*#|-]*)(system|assistant|developer|user|human|tool|function|ai|model)([ \t]*(?:prompt|message)?[ \t]*):"
)
_FENCE_CHARS = str.maketrans({"⟦": "[", "⟧": "]"})


def without_hidden(text: str) -> str:
    """Text without control, zero-width, bidirectional and tag characters."""
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs", "Cn"})
    return "".join(kept)


def inert(text: str) -> str:
    """Text in which no special token, role or fence can be read by a model; what it says stays legible."""
    text = without_hidden(text).translate(_FENCE_CHARS)
    text = _INST.sub(r"(\1\2)", _SYS.sub(lambda m: "‹" * len(m[0]) if m[0][0] == "<" else "›" * len(m[0]), text))
    text = _TOKENS.sub(lambda m: "‹" if m[0] == "<" else "›", text)
    return _ROLE.sub(r"\1“\2\3”:", text)


def fenced(text: str, nonce: str, what: str) -> str:
    """Text between marks that it cannot forge: the nonce is of this run, and the marks' own characters are replaced."""
    return f"⟦{what} {nonce}⟧\n{inert(text)}\n⟦end {nonce}⟧"


def shortened(text: str, limit: int) -> str:
    """Text of at most so many characters, cut between lines, with a notice of what is missing."""
    if len(text) <= limit:
        return text
    cut = text.rfind("\n", 0, limit)
    cut = cut if cut > limit // 2 else limit
    rest = text[cut:].strip()
    lines = rest.count("\n") + 1
    return (
        f"{text[:cut].rstrip()}\n(cut here: {lines} more line(s) are not shown; ask for a shorter period or one item)"
    )
