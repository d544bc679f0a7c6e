"""A text de-identified and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from domain.facts import Frozen
from nlp_pipeline.deidentify import dates
from nlp_pipeline.deidentify.phi import find_phi
from nlp_pipeline.deidentify.sealing import check_key, keyed, seal, unseal
from nlp_pipeline.deidentify.spans import Category, PhiSpan
from nlp_pipeline.deidentify.surrogates import Surrogates

_YEAR = 2001  # of a date that names none: not a leap year


class Replacement(Frozen):
    """One identifier and what stands for it: its characters in the text given and in the text returned."""

    category: Category
    start: int
    end: int
    new_start: int
    new_end: int
    surrogate: str


class Deidentified(Frozen):
    """A text without its identifiers. It holds nothing of the original that the key would not be needed for."""

    text: str
    replacements: tuple[Replacement, ...] = ()
    sealed: str = ""


def deidentify(
    text: str, *, patient_id: str, key: bytes, known_names: Sequence[str] = (), year: int = _YEAR
) -> Deidentified:
    """The text with every identifier that is found replaced by a surrogate.

    The same identifier of the same patient gets the same surrogate in every note, under the same key.

    Args:
        text: A note.
        patient_id: Whose note it is; another patient's surrogates and date shift are others.
        key: The secret that surrogates are derived from and originals are sealed with, 16 bytes or more.
        known_names: Names from the record, found wherever they stand.
        year: The year of the dates that name none.

    Raises:
        InvalidInput: there is no key, or a short one.
    """
    surrogates = Surrogates(check_key(key), patient_id)
    written = dates.find_dates(text)
    by_start = {item.start: item for item in written}
    day_first = dates.writes_day_first(written)
    parts: list[str] = []
    made: list[Replacement] = []
    position = length = 0
    for span in find_phi(text, known_names):
        if span.category is Category.DATE:
            new = dates.shifted(by_start[span.start], surrogates.days, day_first, year)
        else:
            new = _surrogate(surrogates, text, span)
        parts += [text[position : span.start], new]
        length += span.start - position
        made.append(
            Replacement(category=span.category, start=span.start, end=span.end, new_start=length,
                        new_end=length + len(new), surrogate=new)
        )  # fmt: skip
        length += len(new)
        position = span.end
    safe = "".join([*parts, text[position:]])
    originals = [[r.new_start, r.new_end, text[r.start : r.end]] for r in made]
    sealed = seal(json.dumps(originals, ensure_ascii=False).encode("utf-8", "surrogatepass"), _context(safe), key)
    return Deidentified(text=safe, replacements=tuple(made), sealed=sealed)


def reidentify(text: str, sealed: str, *, key: bytes) -> str:
    """The original of a de-identified text.

    Args:
        text: `Deidentified.text`, unchanged.
        sealed: `Deidentified.sealed`.
        key: The key that it was made with.

    Raises:
        InvalidInput: the key is another one, or text or sealed part were changed.
    """
    originals = json.loads(unseal(sealed, _context(text), check_key(key)).decode("utf-8", "surrogatepass"))
    parts, position = [], 0
    for start, end, original in originals:
        parts += [text[position:start], original]
        position = end
    return "".join([*parts, text[position:]])


def pseudonym(identifier: str, *, key: bytes, purpose: str = "patient") -> str:
    """A stable name for a patient or a note that only the key leads back to."""
    return f"{purpose[0]}-{keyed(check_key(key), 'pseudonym', purpose, identifier).hex()[:20]}"


def shift_days(patient_id: str, *, key: bytes) -> int:
    """How many days the dates of a patient are moved by: whole weeks, so that days of the week hold."""
    return Surrogates(check_key(key), patient_id).days


def _surrogate(surrogates: Surrogates, text: str, span: PhiSpan) -> str:
    written = text[span.start : span.end]
    match span.category:
        case Category.NAME:
            return surrogates.name(written, family=_after_title(text, span.start))
        case Category.AGE:
            return "90+"
        case Category.LOCATION:
            return surrogates.place(written)
        case Category.HOSPITAL:
            return surrogates.hospital(written)
        case Category.PHONE | Category.FAX:
            return surrogates.phone(written)
        case Category.EMAIL:
            return surrogates.email(written)
        case Category.URL:
            return surrogates.url(written)
        case Category.IP:
            return surrogates.ip(written)
    return surrogates.number(written)


def _after_title(text: str, start: int) -> bool:
    before = text[max(0, start - 12) : start].rstrip(" .").lower()
    return before.endswith(("dr", "mr", "mrs", "ms", "miss", "prof", "professor", "doctor"))


def _context(text: str) -> str:
    return "note " + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
