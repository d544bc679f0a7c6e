"""Questions in the words of six authors who never saw the product, over patients made of what each of them invented.

An author is a JSON file: names of tests, wordings for each kind of question, what no chart holds, and a pool of people,
diseases, drugs and note lines. Charts are dealt out of the pool by a seed and gold is computed from the FHIR JSON, so the
rows are made anew at each run. The wordings of the `tune` authors were tuned on after a first run; those of `held` never.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from evals.generators.asking import Asker
from evals.generators.golds import Absent
from evals.generators.patients import Clash, Drug, Made, Person, Pool, Told, generate
from evals.generators.whatifs import what_ifs
from evals.gold import CASES

FOLDER = CASES / "agent_wordings"
# Items of each area for one patient: labs, vitals, drugs, problems, allergies, events, person, absent.
_PER_PATIENT = (12, 6, 7, 6, 5, 9, 2, 6)
_ASKED_OF_A_CLASH = 2
_CLASHES = 20


def authors(half: str) -> list[str]:
    """The authors of a half, by name."""
    return sorted(path.stem.removeprefix(f"{half}_") for path in FOLDER.glob(f"{half}_*.json"))


class Author:
    """One author's wordings, the patients made of the author's pool, and the questions about them."""

    def __init__(self, half: str, name: str) -> None:
        self.name = name
        told = json.loads((FOLDER / f"{half}_{name}.json").read_text(encoding="utf-8"))
        self.pool = _pool(told["pool"])
        self._words = SimpleNamespace(
            LABS={k: tuple(v) for k, v in told["labs"].items()},
            ASK={k: tuple(v) for k, v in told["ask"].items()},
            ABSENT=Absent(**{k: tuple(_frozen(v)) for k, v in told["absent"].items()}),
            **{name.upper(): tuple(told[name]) for name in ("others", "others_by_number", "strangers", "self_named")},
        )
        self._seed = zlib.crc32(name.encode()) % 10**6
        self.made: list[Made] = generate(self.pool, self._seed)

    def rows(self) -> list[dict[str, Any]]:
        """The questions, the same at each call; ids begin with the author's name."""
        asker = Asker(self.name, self._words, self._seed)
        charts = asker.generated(self.made, _PER_PATIENT)
        asker.others(charts, self.pool)
        for number, chart in enumerate(charts):
            for kind, slots, expect in what_ifs(chart, random.Random(self._seed + number)):
                asker.add(chart, "what_if", asker.word(kind, chart, slots), expect, kind=kind)
        return [row | {"id": f"{self.name}-{row['id']}"} for row in asker.rows]


def _pool(told: dict[str, Any]) -> Pool:
    return Pool(
        prefix=told["prefix"],
        people=tuple(Person(**p) for p in told["people"]),
        conditions=tuple(_frozen(told["conditions"])),
        drugs=tuple(Drug(**d) for d in told["drugs"]),
        allergies=tuple(_frozen(told["allergies"])),
        procedures=tuple(_frozen(told["procedures"])),
        told=tuple(
            Told(tuple(t["said"]), tuple(t["asked"]), t["gold"], t["category"], t["never"]) for t in told["told"]
        ),
        clashes=tuple(_clashes([Clash(c["kind"], c["said"], tuple(c["asked"])) for c in told["clashes"]])),
        clinicians=tuple(told["clinicians"]),
    )


def _clashes(written: list[Clash]) -> Iterator[Clash]:
    """As many clashes as are dealt out, each asked in the next two of its wordings."""
    for number in range(_CLASHES):
        clash = written[number % len(written)]
        first = _ASKED_OF_A_CLASH * (number // 4)
        asked = [clash.asked[(first + i) % len(clash.asked)] for i in range(_ASKED_OF_A_CLASH)]
        yield clash._replace(asked=tuple(asked))


def _frozen(values: list[Any]) -> Iterator[Any]:
    return (tuple(value) if isinstance(value, list) else value for value in values)
