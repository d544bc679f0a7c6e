"""Synthetic notes with their identifiers marked, for measuring de-identification; the same seed gives the same notes.

Two halves that share neither names nor templates: `tune`, which the rules were developed on, and `held`, which was written
afterwards and is only measured. Nobody in them exists. A template marks an identifier as `{category:form}`; a number that is
none, an eponym and a given name that is only a word stand there as bait.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from evals.cases.deid.templates import HALVES, Words

_SLOT = re.compile(r"\{(\w+):(\w+)\}")


class GoldSpan(NamedTuple):
    """Characters of a note that identify somebody."""

    start: int
    end: int
    category: str


class MarkedNote(NamedTuple):
    """A note and every identifier in it."""

    text: str
    spans: tuple[GoldSpan, ...]


def notes(half: str, count: int, seed: int = 0) -> Iterator[MarkedNote]:
    """So many notes of a half, `tune` or `held`."""
    sets = HALVES[half]
    for number in range(count):
        words, templates = sets[number % len(sets)]
        rng = random.Random(f"{half}-{seed}-{number}")
        lines = rng.sample(templates, k=min(len(templates), rng.randint(6, 10)))
        yield _filled("\n".join(lines) + "\n", words, rng)


def _filled(template: str, words: Words, rng: random.Random) -> MarkedNote:
    people = _people(words, rng)
    text, spans, position = "", [], 0
    for slot in _SLOT.finditer(template):
        text += template[position : slot.start()]
        value = _value(slot[1], slot[2], words, people, rng)
        spans.append(GoldSpan(len(text), len(text) + len(value), slot[1]))
        text += value
        position = slot.end()
    return MarkedNote(text + template[position:], tuple(spans))


def _people(words: Words, rng: random.Random) -> dict[str, str]:
    woman, man, third = (rng.choice(pool.split()) for pool in (words.women, words.men, words.women))
    family, other, doctor = rng.sample(words.surnames.split(), k=3)
    return {"first": woman, "last": family, "man": man, "girl": third, "other": other, "doctor": doctor}


def _value(category: str, form: str, words: Words, people: dict[str, str], rng: random.Random) -> str:
    makers = {
        "name": lambda: _name(form, people),
        "date": lambda: _date(form, rng),
        "age": lambda: str(rng.randint(90, 104)),
        "location": lambda: _location(form, words, rng),
        "hospital": lambda: rng.choice(words.hospitals.split("|")),
        "phone": lambda: _digits(
            {
                "us": "(###) ###-####",
                "dash": "###-###-####",
                "dot": "###.###.####",
                "plus": "+1 ### ### ####",
                "ext": "###-###-#### x###",
            }[form],
            rng,
        ),
        "fax": lambda: _digits({"us": "(###) ###-####", "dash": "###-###-####"}[form], rng),
        "email": lambda: (
            f"{people['first'][0]}{people['last']}".lower().replace("'", "")
            + rng.choice(("@mailbox.com", "@post.example.net", "@clinic-mail.org"))
        ),
        "url": lambda: (
            rng.choice(("https://portal.example.com/p/", "www.my-chart-page.org/r/")) + _digits("######", rng)
        ),
        "ip": lambda: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
        "id": lambda: _digits(
            {
                "plain": "########",
                "dash": "###-##-####",
                "mixed": "@@######",
                "group": "##-##-##",
                "serial": "@@@-####-#@",
                "vin": "1@@@@##@#@@######",
            }[form],
            rng,
        ),
    }
    return makers[category]()


def _name(form: str, people: dict[str, str]) -> str:
    first, last, man, girl = people["first"], people["last"], people["man"], people["girl"]
    return {
        "full": f"{first} {last}", "last": last, "first": first, "comma": f"{last}, {first}", "caps": f"{last}, {first}".upper(),
        "middle": f"{first} {girl[0]}. {last}", "initial": f"{first[0]}. {last}", "man": man, "girl": girl,
        "manfull": f"{man} {last}", "doctor": people["doctor"], "doctorfull": f"{man} {people['doctor']}",
        "other": people["other"], "otherfull": f"{girl} {people['other']}", "double": f"{first} {last}-{people['other']}",
    }[form]  # fmt: skip


def _date(form: str, rng: random.Random) -> str:
    day = date(2012, 1, 1) + timedelta(days=rng.randint(0, 4000))
    return {
        "iso": day.isoformat(), "us": f"{day.month}/{day.day}/{day.year}", "pad": f"{day:%m/%d/%Y}", "short": f"{day.month}/{day.day}/{day:%y}",
        "long": f"{day:%B} {day.day}, {day.year}", "abbr": f"{day:%b} {day.day}, {day.year}", "euro": f"{day.day} {day:%B} {day.year}",
        "dash": f"{day:%d-%b-%Y}", "month": f"{day:%B %Y}", "md": f"{day.month}/{day.day}", "monthday": f"{day:%B} {day.day}",
    }[form]  # fmt: skip


def _location(form: str, words: Words, rng: random.Random) -> str:
    if form == "street":
        kind = rng.choice(("Street", "Avenue", "Rd", "Lane", "Drive", "Blvd"))
        return f"{rng.randint(2, 9800)} {rng.choice(words.streets.split('|'))} {kind}"
    return _digits("0####", rng) if form == "zip" else rng.choice(words.towns.split("|"))


def _digits(form: str, rng: random.Random) -> str:
    return re.sub(
        "[#@]", lambda m: str(rng.randint(1, 9)) if m[0] == "#" else rng.choice("ABCDEFGHJKLMNPRSTVWXY"), form
    )
