"""The turns before a question, read back from the conversation's messages."""

from __future__ import annotations

c


d


d
