"""Which characters of a note are set aside: elements, data structures and sentences that address software.

What stands around them stays usable. Text set aside keeps its length, so that every span still counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from domain.facts import Note
from tools.untrusted.cues import is_dialogue, is_order
from tools.untrusted.disguises import is_hidden, is_unreadable, views

#: Stands for each character set aside; it is white space, and in no note of its own accord.
SET_ASIDE = "\x1f"
Spans = tuple[tuple[int, int], ...]
_FOLLOWING = 3  # sentences behind an order on the same line that are taken for its continuation
_LINES = 4  # over which one order may be broken
_GAP = 2  # sentences between two orders that are taken for theirs
_MOSTLY = 0.9  # share of a note's letters at which nothing of it is believed
_PART, _OVERLAP = 1200, 200  # characters
_REPEATED = 8  # the same sentence so often in a row is no note

_ELEMENT = re.compile(
    r"<!--.*?(?:-->|\Z)|&lt;\s*/?\s*(?:script|img|iframe|svg|object|system|assistant|tool\w*|style|form|a)\b[^\n]*"
    r"|<(?P<block>script|style|iframe|object|svg|template|form|noscript|math)\b.*?(?:</(?P=block)\s*>|(?=\n\s*\n)|\Z)"
    r"|<(?P<role>system|assistant|user|developer|tool\w*|instructions?|function\w*|im_start|prompt|context|answer|thinking|untrusted\w*|question|document)\b[^<>\n]{0,200}>(?:.{0,4000}?</(?P=role)\s*>)?"
    r"|</(?:system|assistant|user|developer|tool\w*|instructions?|function\w*|prompt|context|answer|thinking|untrusted\w*|question|document)\s*>"
    r"|<(?P<styled>[a-z]\w*)\b[^<>\n]{0,300}?\b(?:on\w+\s*=|style\s*=[^<>\n]{0,80}(?:display|visibility|font-size|opacity|color)|hidden\b|aria-hidden)[^<>\n]{0,300}(?:>(?:[^<\n]{0,2000}</(?P=styled)\s*>)?|$)"
    r"|<(?:img|embed|link|meta|base|video|audio|input|button|a)\b[^<>\n]{0,400}>"
    r"|!\[[^\]\n]{0,200}\]\([^)\n]{0,400}\)?|\[[^\]\n]{1,200}\]\(\s*(?:https?:|//|data:|javascript:|www\.|mailto:)[^)\n]{0,400}\)?"
    r"|```.*?(?:```|(?=\n\s*\n)|\Z)|<\|(?P<token>im_start|start_header_id|system|user|assistant)\|>.*?(?:<\|(?:im_end|eot_id|end)\|>|(?=\n\s*\n)|\Z)|\[INST\].*?(?:\[/INST\]|(?=\n\s*\n)|\Z)|<<SYS>>.*?(?:<</SYS>>|(?=\n\s*\n)|\Z)",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_OBJECT = re.compile(r"[{\[]\s*\{?\s*[\"'“][\w .-]{1,60}[\"'”]\s*:")
_CALL = re.compile(r"\b(?:[a-z]\w*|[A-Z]\w*(?:Message|Call|Result|Response))\(\s*\w+\s*=\s*[\"'][^\n]{0,600}?\)")
# Most notes hold nothing of the kind; these decide that at once.
_MAYBE = re.compile(
    r"[<{`\\]|!\[|\]\(|\[\[|\[(?:/?INST|system|assistant|developer|admin)|&#|%[0-9a-f]{2}%|[A-Za-z0-9+/_-]{20}|\b(?:[0-9a-fA-F]{2}[ ,:]?){16}|\b(?:\w[ .\-_*]){6}"
    r"|\b(?:ignor|disregard|forget|overrid|bypass|overlook|neglect|discard|pretend|role-?play|let us|let's|system\b|assistants?\b|agents?\b|models?\b|ai\b|a\.i|llm|gpt|chat|bot\b|\w+bot|co-?pilot|software|summar|parser|reader|automated|whoever|anyone|anybody|"
    r"answer|repl(?:y|ies)|respon|output|prompt|instruct|mode\b|verif|tool|user|human\b|developer|admin|function|instructions|rot|base ?64|decode|supersede|replaces?|trump|precedence|outrank|password|api|database|charts?\b|all patients|every patient|other patients"
    r"|do not|don't|never|thought|action|claude|gemini|root|e-?mail|forward|upload|transmit|send|whom?ever|task|bound|set \w+\.|end of|inform the|tell the|asked|asks|vtaber|snoitcurtsni|erongi"
    r"|negeer|vergeet|vergiss|missachte|descon|olvid|descart|esque|oubli|dimentica|trascura|bortse|glöm|glem|zapomnij|pomi|unohda|ohita|görmez|yok say|unut|abaikan|lupakan|bỏ|felejt|hagyd|uită)"
    r"|\b(?:hidden|secret|internal|process|confidence|access|upgraded|unlocked|reprogrammed|reset|your|correct|return|print|skip|type|insert|include|eval|exec|open|alert|fetch|ia|ki|asistente|assistente|assistent|modelo?|modell|modèle|siri|alexa|conversation|you (?:say|answer)|if you)\b|select .{1,30}from|drop table|[%#=*~{\[|]{2}|&lt;|_prompt"
    r"|[^\x00-\x7f\u00b0-\u00b9\u2010-\u2027\u00c0-\u00ff\u2030-\u205e\u2190-\u21ff\u2200-\u22ff\u25a0-\u25ff]|\b(?=\w*[a-z])(?=\w*[013457@$])\w{4,}|\u00ad",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def instruction_spans(text: str) -> Spans:
    """The characters [start, end) of a note that address software, imitate its input or are hidden; in order, apart.

    Whole sentences, and an order's continuation on its line. Everything, where little else is left.
    """
    if _MAYBE.search(text) is None:
        return ()
    found = [*_structures(text), *_sentences(text)]
    spans = _joined(text, found)
    letters = sum(c.isalnum() for c in text)
    held = sum(c.isalnum() for start, end in spans for c in text[start:end])
    return ((0, len(text)),) if spans and held >= _MOSTLY * max(letters, 1) else spans


def gives_orders(text: str) -> bool:
    """Whether text holds anything that addresses software, imitates its input or hides."""
    return bool(instruction_spans(text))


def without_orders(note: Note, spans: Spans) -> Note:
    """The note with those characters replaced one for one, and without a title that gives orders itself."""
    text = note.text
    for start, end in spans:
        text = text[:start] + re.sub(r"[^\n]", SET_ASIDE, text[start:end]) + text[end:]
    title = "" if note.title and gives_orders(note.title) else note.title
    return note if (text, title) == (note.text, note.title) else note.model_copy(update={"text": text, "title": title})


def _structures(text: str) -> Iterator[tuple[int, int]]:
    for match in _ELEMENT.finditer(text):
        yield match.span()
    for match in _CALL.finditer(text):
        yield match.span()
    for match in _OBJECT.finditer(text):
        line = text.rfind("\n", 0, match.start()) + 1
        label = re.search(r"[\w :>=-]{0,40}$", text[line : match.start()])
        yield match.start() - (len(label[0]) if label else 0), _closing(text, match.start())


def _closing(text: str, start: int) -> int:
    """Where the structure that opens at `start` closes, or its paragraph ends."""
    paragraph = text.find("\n\n", start)
    limit = min(len(text) if paragraph < 0 else paragraph, start + 4000)
    depth = 0
    for position in range(start, limit):
        depth += (text[position] in "{[") - (text[position] in "}]")
        if depth == 0:
            return position + 1
    return limit


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Sentences that are orders, with what continues them; and lines that imitate a conversation."""
    places = _places(text)
    orders = [_is_bad(text[start:end]) for start, end in places]
    for i in range(len(places)):  # an order broken by line breaks
        for j in range(i + 1, min(i + _LINES, len(places))):
            start, end = places[i][0], places[j][1]
            broken = all(_goes_on(text[places[k][0] : places[k + 1][0]]) for k in range(i, j))
            if not broken or any(orders[i : j + 1]) or end - start > 400:
                break
            if _is_bad(text[start:end].replace("\n", " ")):
                orders[i : j + 1] = [True] * (j + 1 - i)
    last = None
    for i, bad in enumerate(orders):
        if not bad:
            continue
        if last is not None and 0 < i - last - 1 <= _GAP and "\n\n" not in text[places[last][1] : places[i][0]]:
            yield places[last][0], places[i][1]
        last = i
        yield places[i]
        for j in range(i + 1, min(i + 1 + _FOLLOWING, len(places))):
            if "\n" in text[places[i][1] : places[j][0]].strip(" \t") or "\n" in text[places[j - 1][1] : places[j][0]]:
                break
            yield places[j]
    for block in re.finditer(r"(?:[^\n]*\S[^\n]*\n?)+", text):
        if is_dialogue(block[0]):
            first = re.search(
                r"(?im)(?:^|[:-]\s)\s*(?:user|human|question|q|thought|action|observation|final answer|system|assistant|developer|prompt)\s*:",
                block[0],
            )
            yield block.start() + (first.start() if first else 0), block.end()
    yield from _floods(text, places)


def _goes_on(line: str) -> bool:
    """Whether a line ends in the middle of a sentence."""
    return line.count("\n") == 1 and not re.search(r"[.!?:]\s*$", line)


def _is_bad(segment: str) -> bool:
    # A sentence can be as long as a note: read in overlapping parts, so that time grows with its length only.
    parts = [segment[i : i + _PART] for i in range(0, max(len(segment) - _OVERLAP, 1), _PART - _OVERLAP)]
    return any(_MAYBE.search(part) is not None and _part_is_bad(part) for part in parts)


@lru_cache(maxsize=2048)
def _part_is_bad(part: str) -> bool:
    return is_hidden(part) or is_unreadable(part) or any(is_order(view) for view in views(part))


def _floods(text: str, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same sentence many times in a row, with what stands on its line behind it."""
    run = 0
    for i in range(1, len(places) + 1):
        same = i < len(places) and text[slice(*places[i])].strip() == text[slice(*places[i - 1])].strip()
        if not same and i - run >= _REPEATED:
            yield places[run][0], places[min(i, len(places) - 1)][1]
        run = run if same else i


def _places(text: str) -> list[tuple[int, int]]:
    from nlp_pipeline import split_sentences

    return [(s, e) for s, e in split_sentences(text) if text[s:e].strip()]


def _joined(text: str, found: Iterable[tuple[int, int]]) -> Spans:
    """Spans in order; those that touch, or have only white space and marks between them, as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted((s, e) for s, e in found if e > s):
        if joined and (start <= joined[-1][1] or not re.search(r"\w", text[joined[-1][1] : start])):
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)
