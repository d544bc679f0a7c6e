"""What goes to a model elsewhere, without the people in it; and what comes back, with them.

Known identifiers of the record are replaced wherever they stand; for what only a note knows, the finders of
`nlp_pipeline.deidentify` are used. Dates are moved by the patient's constant shift. The mapping is one to one for the run,
so that a model's answer, read back, is the answer it would have given about the real names and dates.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, BaseMessage

from agents.privacy.identifiers import Identifiers, is_common
from agents.privacy.shifted_calendar import ShiftedCalendar
from agents.privacy.table import SurrogateTable
from nlp_pipeline.deidentify import Category, find_phi
from nlp_pipeline.deidentify.dates import find_dates, shifted, writes_day_first
from nlp_pipeline.deidentify.name_cues import DEGREES, TITLES

M = TypeVar("M", bound=BaseMessage)
_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"[^\W_](?:[\w./:-]*[^\W_])?")
_ISO = re.compile(r"(?<!\d)(?:19|20)\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)")
_MAKERS: dict[Category, str] = {
    Category.LOCATION: "place",
    Category.HOSPITAL: "hospital",
    Category.PHONE: "phone",
    Category.FAX: "phone",
    Category.EMAIL: "email",
    Category.URL: "url",
    Category.IP: "ip",
}
_IN_WORDS = frozenset({Category.DATE, Category.AGE})  # "93yo": the letters stay
Spans = list[tuple[int, int, str]]


class Masker:
    """Masks and unmasks the texts of one run about one patient. Thread safe."""

    def __init__(self, key: bytes, patient_id: str, known: Identifiers, year: int) -> None:
        """Hold the key.

        Args:
            key: The secret that surrogates are derived from, 16 bytes or more.
            patient_id: The open patient.
            known: What the record knows to identify somebody.
            year: The year of dates that name none.
        """
        self._known, self._year = known, year
        self._people = {w.lower() for w in known.name_words}
        self._words = self._people | {w.lower() for w in known.place_words}
        self._table = SurrogateTable(key, patient_id, frozenset(self._words))
        self._calendar = ShiftedCalendar(self._table.surrogates().days)
        self._numbers = {n.lower() for n in known.numbers}
        self._phrases = _phrases_pattern([p for p in known.people if " " in p], [t for _, t in known.phrases])
        self._phrase_kinds = {t.lower(): Category(kind) for kind, t in known.phrases}
        self._phi: dict[str, list[tuple[int, int, Category]]] = {}
        self._lock = threading.RLock()

    # --- out ------------------------------------------------------------------------------------------------------

    def mask_message(self, message: M) -> M:
        """The message as it may be sent: its text, and the arguments of its tool calls."""
        update: dict[str, Any] = {"content": self.mask(str(message.content))}
        if isinstance(message, AIMessage):
            calls = [{**c, "args": _mapped(c["args"], lambda _, text: self.mask(text))} for c in message.tool_calls]
            update["tool_calls"] = calls
        return message.model_copy(update=update)

    def mask(self, text: str) -> str:
        """The text without identifiers."""
        with self._lock:
            spans = self._identifying(text)
            self._table.note_words(_without(text, spans))
            made = [(start, end, self._surrogate(text, start, end, category)) for start, end, category in spans]
            masked = _replaced(text, made)
            self._calendar.note(_without(text, spans), masked)
            return masked

    def _identifying(self, text: str) -> list[tuple[int, int, Category]]:
        free = bytearray(b"\x01" * len(text))
        found: list[tuple[int, int, Category]] = []

        def take(spans: Iterable[tuple[int, int, Category]]) -> None:
            for start, end, category in spans:
                for first, last in _free_parts(text, free, start, end):
                    free[first:last] = bytes(last - first)
                    found.append((first, last, category))

        if self._phrases is not None:
            take((m.start(), m.end(), self._phrase_kind(m[0])) for m in self._phrases.finditer(text))
        take((m.start(), m.end(), Category.ID) for m in _TOKEN.finditer(text) if m[0].lower() in self._numbers)
        guessed = self._guessed(text)
        take(span for span in guessed if span[2] is Category.DATE)
        take((m.start(), m.end(), Category.DATE) for m in _ISO.finditer(text))
        take(self._known_words(text))
        take(span for span in guessed if span[2] is not Category.DATE)
        take((m.start(), m.end(), Category.DATE) for m in self._calendar.months(text))
        # A word of the text that is already some identifier's surrogate would be read back as that identifier.
        take((start, end, category) for start, end, _, category in self._table.found_in(text))
        return sorted(found)

    def _phrase_kind(self, phrase: str) -> Category:
        return self._phrase_kinds.get(" ".join(phrase.lower().split()), Category.NAME)

    def _guessed(self, text: str) -> list[tuple[int, int, Category]]:
        if text not in self._phi:
            found = find_phi(text, self._known.people)
            self._phi[text] = [
                (s.start, s.end, s.category)
                if s.category in _IN_WORDS
                else (*_whole_words(text, s.start, s.end), s.category)
                for s in found
            ]
        return self._phi[text]

    def _known_words(self, text: str) -> Iterable[tuple[int, int, Category]]:
        for match in _WORD.finditer(text):
            lower = match[0].lower()
            # "May" and "Rose" are words too: they are somebody's name only with a capital.
            if lower in self._words and (not match[0].islower() or not is_common(lower)):
                yield match.start(), match.end(), Category.NAME if lower in self._people else Category.LOCATION

    def _surrogate(self, text: str, start: int, end: int, category: Category) -> str:
        written = text[start:end]
        if category is Category.DATE:
            return self._table.surrogate(written, category, lambda n: self._moved(text, start, end, n))
        if category is Category.AGE:
            return self._table.surrogate(written, category, lambda n: f"{90 + n}+")
        if category is Category.NAME:
            return self._name(written)
        if category in (Category.LOCATION, Category.HOSPITAL) and _WORD.fullmatch(written) and written.isalpha():
            return self._table.surrogate(written, category, lambda n: self._word(written, n))
        make = _MAKERS.get(category)
        if make is None:
            return self._table.surrogate(written, category, lambda n: self._number(written, n))
        return self._table.surrogate(
            written, category, lambda n: str(getattr(self._table.surrogates(n), make)(written))
        )

    def _name(self, written: str) -> str:
        """The words of a name one by one, so that a name is known again by any of its words."""
        own = [m for m in _WORD.finditer(written) if not _is_title(written, m)]
        words = [m for m in own if len(m[0]) > 1 and not m[0].isdigit()]
        made = [
            (m.start(), m.end(), self._table.surrogate(m[0], Category.NAME, lambda n, w=m[0]: self._word(w, n)))  # type: ignore[misc]
            for m in words
        ]
        if not own:
            return written
        if not words:
            return self._table.surrogate(written, Category.ID, lambda n: self._number(written, n))
        whole = _replaced(written, made)
        if len(words) == len(own):
            return whole
        # Initials say nothing on their own and are only read back as part of the name.
        return self._table.surrogate(written, Category.NAME, lambda n: _with_initials(whole, self._initial, n))

    def _initial(self, letter: str, attempt: int) -> str:
        return self._table.surrogates(attempt).name(letter, family=False)

    def _word(self, written: str, attempt: int) -> str:
        letters = "".join(c for c in written if c.isalpha()) or "x"
        return self._table.surrogates(attempt).name(letters, family=True)

    def _number(self, written: str, attempt: int) -> str:
        made = self._table.surrogates(attempt).number(written)
        return made if any(not c.isdigit() for c in made) else f"N{made}"  # never taken for a value

    def _moved(self, text: str, start: int, end: int, attempt: int) -> str:
        dates = find_dates(text)
        item = next((d for d in dates if d.start == start and d.end == end), None)
        if item is not None:
            return shifted(item, self._calendar.days + 7 * attempt, writes_day_first(dates), self._year)
        return self._calendar.moved(text[start:end], 7 * attempt) or f"[date {'abcdefghij'[attempt % 10]}]"

    # --- back -----------------------------------------------------------------------------------------------------

    def unmask_message(self, message: AIMessage) -> AIMessage:
        """The message as it would be about the real names and dates: its text, and the arguments of its tool calls."""
        calls = [{**c, "args": _mapped(c["args"], self._unmasked_argument)} for c in message.tool_calls]
        return message.model_copy(update={"content": self.unmask(str(message.content)), "tool_calls": calls})

    def unmask(self, text: str) -> str:
        """The text with its identifiers.

        A month or year that the model took from moved dates is put back where those dates leave no doubt which it is;
        else it is taken out, since a year off by one would be believed.
        """
        with self._lock:
            known, later = self._read_back(text)
            spans = [*known, *later]
            spans += [(s, e, r) for s, e, r in self._calendar.loose_ends(_blanked(text, spans))]
            return _replaced(text, spans)

    def _unmasked_argument(self, name: str, text: str) -> str:
        if name != "period":
            return self.unmask(text)
        with self._lock:
            known, later = self._read_back(text)
            return self._calendar.as_ranges(_replaced(text, [*known, *later]), text)

    def _read_back(self, text: str) -> tuple[Spans, Spans]:
        known = [(start, end, original) for start, end, original, _ in self._table.found_in(text)]
        rest = _blanked(text, known)
        dates = find_dates(rest)
        day_first = writes_day_first(dates)
        moved = []
        for item in dates:
            if item.match.groupdict().get("dd") and not self._table.was_sent(rest[item.start : item.end]):
                moved.append((item.start, item.end, shifted(item, -self._calendar.days, day_first, self._year)))
        for match in _ISO.finditer(_blanked(rest, moved)):
            back = date.fromisoformat(match[0]) if _is_day(match[0]) else None
            if back is not None:
                moved.append((match.start(), match.end(), (back - timedelta(self._calendar.days)).isoformat()))
        return known, moved


def _is_title(name: str, word: re.Match[str]) -> bool:
    """Whether a word of a name is its title or degree, which stays: "Dr." before it, "MD" after a comma."""
    lower = word[0].lower()
    if lower in TITLES:
        return not _WORD.search(name[: word.start()]) and _WORD.search(name, word.end()) is not None
    return lower in DEGREES and word[0].isupper() and name[: word.start()].rstrip().endswith(",")


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The span up to the ends of the words it cuts: half a word could not be told from its neighbour afterwards."""
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def _free_parts(text: str, free: bytearray, start: int, end: int) -> list[tuple[int, int]]:
    """The parts of a span that no other has taken and that say something."""
    if all(free[start:end]):
        return [(start, end)] if start < end else []
    parts = [(start + m.start(), start + m.end()) for m in re.finditer(b"\x01+", free[start:end])]
    words = ((first, last, list(_WORD.finditer(text, first, last))) for first, last in parts)
    return [(found[0].start(), found[-1].end()) for _, _, found in words if found]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _phrases_pattern(people: list[str], places: list[str]) -> re.Pattern[str] | None:
    phrases = sorted({*people, *places}, key=len, reverse=True)
    if not phrases:
        return None
    spaced = (r"\s+".join(map(re.escape, p.split())) for p in phrases)
    return re.compile(r"(?<![^\W_])(?:" + "|".join(spaced) + r")(?![^\W_])", re.IGNORECASE)


def _with_initials(name: str, initial: Callable[[str, int], str], attempt: int) -> str:
    return re.sub(r"(?<![^\W_])[^\W\d_](?![^\W_])", lambda m: initial(m[0], attempt), name)


def _mapped(value: Any, change: Callable[[str, str], str], name: str = "") -> Any:
    """A JSON value with its strings changed; `change` gets the name of the argument too."""
    if isinstance(value, str):
        return change(name, value)
    if isinstance(value, dict):
        return {k: _mapped(v, change, str(k)) for k, v in value.items()}
    return [_mapped(v, change, name) for v in value] if isinstance(value, list | tuple) else value


def _replaced(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    parts, position = [], 0
    for start, end, new in sorted(spans):
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])


def _blanked(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """The text with spans overwritten by a character that is in no identifier, so that offsets hold."""
    for start, end, _ in spans:
        text = text[:start] + "\x00" * (end - start) + text[end:]
    return text


def _without(text: str, spans: Iterable[tuple[int, int, Any]]) -> str:
    return _replaced(text, [(start, end, " ") for start, end, _ in spans])
