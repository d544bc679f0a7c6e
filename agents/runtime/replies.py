"""What is taken from a model's reply: plain text and well-formed calls. Everything else it carries is dropped.

Additional fields are dropped because the graph trusts some of its own there (a fixed reply of the embedded model is
not verified), and message ids because a repeated one would overwrite an earlier message of the thread.
"""

from __future__ import annotations

import json
import re
from typing import Any

from langchain_core.messages import AIMessage

from agents.runtime.inert import without_hidden

CONFIGURED = "configured"  # the mark of a reply that came from the configured model
MAX_CALLS_PER_MESSAGE = 32
_NAME_CHARS = 60
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)\s*", re.DOTALL | re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]\n]*\](?:\([^)\n]*\)?|\[[^\]\n]*\])")
_LINK = re.compile(r"\[([^\]\n]+)\](?:\([^)\n]*\)?|\[(?!\d{1,3}\])[^\]\n]*\])")
_REFERENCE = re.compile(r"^[ \t]*\[(?!\d{1,3}\])[^\]\n]+\]:\s*\S.*$", re.MULTILINE)
_ADDRESS = re.compile(r"<?\b(?:https?|ftp|file|data|javascript|vbscript|mailto):[^\s>)\]]+>?", re.IGNORECASE)
_SCRIPT = re.compile(r"<(script|style|iframe|svg|object|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
# A tag has its name closed, or an attribute: "K <LLN and Na >ULN" is no tag.
_TAG = re.compile(r"</?[a-z][a-z0-9-]*(?:\s+[a-z-]+\s*=[^<>]*|\s*/?)>|<!--.*?(?:-->|\Z)", re.DOTALL | re.IGNORECASE)
_UNCLOSED = re.compile(r"<[a-z][a-z0-9-]*\s+[a-z-]+\s*=[^<>]*\Z", re.IGNORECASE)
MALFORMED = "__malformed__"


def tidy(reply: AIMessage) -> AIMessage:
    """The reply as the graph uses it, marked as coming from the configured model."""
    calls: list[dict[str, Any]] = [
        {
            "name": str(c.get("name") or "")[:_NAME_CHARS],
            "args": _arguments(c.get("args")),
            "id": str(c.get("id") or ""),
        }
        for c in [*reply.tool_calls, *reply.invalid_tool_calls]
    ][:MAX_CALLS_PER_MESSAGE]
    used: set[Any] = set()
    for number, call in enumerate(calls, 1):
        if not _SAFE_ID.fullmatch(call["id"]) or call["id"] in used:
            call["id"] = f"charttw{number:02d}"  # nine characters of this kind are accepted by every provider
        used.add(call["id"])
    return AIMessage(
        content="" if calls else plain_text(text_of(reply)),
        tool_calls=[{**c, "type": "tool_call"} for c in calls],
        additional_kwargs={"origin": CONFIGURED},
    )


def is_configured(message: Any) -> bool:
    """Whether a message came from the configured model, not from the embedded one."""
    return isinstance(message, AIMessage) and message.additional_kwargs.get("origin") == CONFIGURED


def text_of(message: AIMessage) -> str:
    """The text of a reply; reasoning, images and whatever else a block may be are left out."""
    content: Any = message.content
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [p if isinstance(p, str) else p.get("text") for p in parts if isinstance(p, str) or _is_text(p)]
    return "".join(t for t in texts if isinstance(t, str))


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type", "text") in {"text", "output_text"}


def plain_text(text: str) -> str:
    """Text without what a reader's screen would load, run or hide: images, links, HTML, invisible characters, reasoning.

    An image address can carry what was read out to somebody's server, so none is ever passed on.
    """
    text = _THINKING.sub("", without_hidden(text))
    for pattern in (_SCRIPT, _IMAGE, _REFERENCE):
        text = pattern.sub("", text)
    text = _LINK.sub(lambda m: f"[{m[1]}]" if m[1].isdigit() else m[1], text)  # "[1](…)" still cites
    before = None
    while before != text:  # what is taken out may leave a tag behind: "<scr<b>ipt>"
        before, text = text, _UNCLOSED.sub("", _TAG.sub("", text))
    return _ADDRESS.sub("", text).strip()


def _arguments(given: Any) -> dict[str, Any]:
    """The arguments as an object: JSON in a string is read, and null stands for what was not given."""
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.strip() else {}
        except ValueError:
            return {MALFORMED: True}
    if not isinstance(given, dict):
        return {} if given is None else {MALFORMED: True}
    return {str(key): value for key, value in given.items() if value is not None}
