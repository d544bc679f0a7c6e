"""How the story says things: dates at the precision of the record, names as they stand in running text, short lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from domain.facts import Evidence, Span, span_ref
from tools.context import plain_name

if TYPE_CHECKING:
    from domain.facts import Note

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
# Names of people keep their capital when the rest of a title-cased diagnosis is written small.
_EPONYM = re.compile(
    r"^(?:\w+'s|Crohn|Parkinson|Alzheimer|Hodgkin|Graves|Hashimoto|Barrett|Down|Marfan|Wilson|Cushing|Addison|Raynaud|Bell|Huntington"
    r"|Tourette|Turner|Klinefelter|Sj.gren|Behcet|Kaposi|Guillain|Barr.|Paget|Meniere|Ewing|Burkitt|Wolff|White|Staphylococcus"
    r"|Streptococcus|Escherichia|Helicobacter|Lyme|Rh)$"
)
_UNSETTLED = re.compile(
    r"\b(?:per|titrat\w*|direct(?:ed|ion\w*)?|correction|taper\w*|through|until|puffs?|half|inhale|ONCE|stomach|upright|\d+ (?:days?|weeks?)"
    r"|then|over|goal)\b"
)
_TIMES = {
    "daily": "once daily", "once every day": "once daily", "qd": "once daily", "nightly": "nightly", "qhs": "at bedtime", "bid": "twice daily",
    "tid": "three times daily", "qid": "four times daily", "weekly": "once a week", "monthly": "once a month", "q4h": "every 4 hours",
    "q6h": "every 6 hours", "q8h": "every 8 hours", "q12h": "every 12 hours", "q24h": "every 24 hours", "q48h": "every 48 hours",
    "once daily": "once daily", "twice daily": "twice daily", "every other day": "every other day",
}  # fmt: skip
_ROUTES = {
    "intravenous": "IV", "subcutaneous": "subcutaneously", "intramuscular": "IM", "inhalation": "inhaled", "topical": "topically",
    "transdermal": "transdermally", "nasal": "nasally", "rectal": "rectally",
}  # fmt: skip
_BREAK = re.compile(r"[.;:?!](?=\s)\s*|\n\s*")  # where a sentence or a line of a note begins
_STRENGTH = re.compile(
    r"(\d+(?:\.\d+)?) (MG|MCG|UNT|MEQ|ML)(?:/(\d+(?:\.\d+)? )?(ML|HR|ACTUAT))?(?![A-Za-z])", re.IGNORECASE
)
_UNITS = {"mg": "mg", "mcg": "mcg", "unt": "units", "meq": "mEq", "ml": "mL", "hr": "h", "actuat": "actuation"}


@lru_cache(maxsize=8)
def table(name: str) -> Any:
    """A packaged table of the story, read once."""
    return json.loads(resources.files("tools").joinpath(f"data/story_{name}.json").read_text(encoding="utf-8"))


def in_words(moment: datetime | None, precision: str = "day") -> str:
    """A date as people say it."""
    if moment is None:
        return "a date that is not recorded"
    month = _MONTHS[moment.month - 1]
    return {"year": f"{moment.year}", "month": f"{month} {moment.year}"}.get(
        precision, f"{month} {moment.day}, {moment.year}"
    )


def both(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; semicolons where the parts have commas of their own."""
    if len(parts) < 2:
        return "".join(parts)
    comma = "; " if any("," in p for p in parts) else ", "
    return f"{comma.join(parts[:-1])} and {parts[-1]}"


def sentence(text: str) -> str:
    """A text with a capital at its start and a full stop at its end."""
    text = text.strip()
    if not text:
        return text
    starts_small = text[0].islower() and not re.match(r"(?:e?GFR|p[HO]|i?PTH|mRNA)\b|[a-z][A-Z]", text)
    text = text[0].upper() + text[1:] if starts_small else text
    return text if text[-1] in ".!?" or text.endswith((".”", "?”", "!”")) else f"{text}."


def small(name: str) -> str:
    """A name inside a sentence: small letters where the record has a title, capitals of abbreviations and people kept."""
    words = name.split(" ")
    titled = len(words) > 1 and all(w[:1].isupper() or not w[:1].isalpha() for w in words)

    def lower(word: str, first: bool) -> str:
        letters = re.sub(r"[^A-Za-z]", "", word)
        keeps = sum(c.isupper() for c in letters) > 1 or any(c.isdigit() for c in word) or _EPONYM.match(word)
        return word if keeps or not (first or titled) or len(letters) < 2 else word[:1].lower() + word[1:]

    return " ".join(lower(w, i == 0) for i, w in enumerate(words))


def quoted(text: str) -> str:
    """Words of the record or of a note, marked as such; brackets in them must not read as citations of ours."""
    flat = re.sub(r"\[(\d{1,3})\]", r"(\1)", " ".join(text.split()))
    return "“" + flat.replace("“", "'").replace("”", "'") + "”"


def excerpt(note: Note, start: int, end: int, limit: int = 480, holding: int = 0) -> tuple[str, Evidence]:
    """The characters of a note, cut at a word when too long, with the citation of exactly what is quoted.

    What stands before the place `holding` is part of it: when it would be cut off, the quote begins at its sentence.
    """
    text = note.text
    start, end = max(0, start), min(len(text), end)
    if holding > start + limit:
        sentence = max((m.end() for m in _BREAK.finditer(text, start, holding)), default=start)
        start = sentence if holding - sentence <= limit else text.find(" ", holding - limit // 2, holding) + 1
    while start < end and (text[start].isspace() or text[start] in "-*•#"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    stopped = end - start > limit
    if stopped:
        stop = max(text.rfind(". ", start, start + limit) + 1, text.rfind(".\n", start, start + limit) + 1)
        cut = stop if stop > start + limit // 3 else text.rfind(" ", start, start + limit)
        end = cut if cut > start else start + limit
    if end < len(
        text.rstrip()
    ):  # the mark of the next item is not part of this one; "under 20." at the end of a note is
        end = start + len(re.sub(r"\s+(?:\d{1,2}[.)]|[-*•#>])$", "", text[start:end]))
    words = text[start:end]
    ref = span_ref(Span(note_id=note.id, start=start, end=max(end, start + 1)))
    return quoted(words) + (" …" if stopped else ""), Evidence(ref=ref, quote=words, time=note.time)


def listed(names: Iterable[str], limit: int) -> str:
    """The first names, and how many more there are."""
    every = list(names)
    more = len(every) - limit
    return both(every[:limit]) + (f" and {more} more" if more > 0 else "")


def regimen(row: Any, ingredients: Sequence[str] = ()) -> str:
    """A drug with how it is taken, short where the order says it in a plain pattern, in the order's words where not."""
    name = drug_name(row.display, ingredients)
    text = " ".join(row.dosage_text.split())
    frequency = _TIMES.get(row.frequency.strip().lower(), "")
    if text and (not frequency or _UNSETTLED.search(text)):
        return _with_text(name, text.rstrip(".")) if _says_more(text) else f"{name}{_as_needed(row)}"
    route = _ROUTES.get(getattr(row, "route", "").strip().lower(), "")
    return " ".join(p for p in (name, route, frequency) if p) + _as_needed(row)


def _with_text(name: str, text: str) -> str:
    """The order's own words after the name; a dose that they begin with is not said twice."""
    dose = re.search(r"\d[\d.,]* ?\S+$", name)
    if dose and text.lower().startswith(dose[0].lower()):
        return f"{name[: dose.start()].rstrip()} {text}"
    return f"{name} ({text})"


def _as_needed(row: Any) -> str:
    return " as needed" if row.as_needed else ""


def _says_more(text: str) -> bool:
    return len(text) > 3 and not re.fullmatch(r"(?:take )?as needed\.?", text, re.IGNORECASE)


def drug_name(display: str, ingredients: Sequence[str] = ()) -> str:
    """A product name without packaging noise: "lisinopril 10 MG Oral Tablet" is "lisinopril 10 mg"."""
    name = plain_name(display)
    shown = name
    if _STRENGTH.search(name) and (name.isupper() or re.search(r"\b(?:MG|UNT|MCG|ML)\b", name)):
        strength = "; ".join(_strength(m) for m in _STRENGTH.finditer(name) if m[2].upper() != "ML")
        if len(ingredients) == 1 and strength:
            return f"{ingredients[0]} {strength}"
        shown = _STRENGTH.sub(_strength, name)
        shown = re.sub(r"\s*\b(?:Oral|Injectable|Mucosal) (?:Tablet|Capsule|Suspension|Solution|Spray)\b", "", shown)
    shown = re.sub(r"(?<=\d )ug\b", "mcg", shown)
    missing = [i for i in ingredients if i.split()[0].lower() not in shown.lower()]
    if missing and len(ingredients) == len(missing):
        shown = f"{shown} ({both(missing)})"
    return small(shown) if shown.split(" ")[0].lower() in {i.lower() for i in ingredients} else shown


def _strength(match: re.Match[str]) -> str:
    unit = _UNITS.get(match[2].lower(), match[2])
    per = f"/{match[3] or ''}{_UNITS.get(match[4].lower(), match[4])}" if match[4] else ""
    return f"{match[1]} {unit}{per}"
