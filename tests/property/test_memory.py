"""Nobody reads a conversation of somebody else or about another patient, whatever they send as its name or id."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from agents.memory import Conversations
from domain.errors import InvalidInput, UnknownThread
from tests.memory_bench import KEY, Talk

ATTEMPTS = 1_000
OWNERS = ["local", "anna", "bert", "anna\n", "ANNA", "", "an", "na", "oidc|42", "bert/anna", "пётр"]
PATIENTS = ["p1", "p10", "p1/t", "P1", "t-1", "urn:uuid:1", " p1", "na"]
NAMES = ["t", "ward round", "ui-1", "p1/t", "t\0", "1", "anna/p1/t"]


def victims(talk: Talk) -> dict[str, tuple[str, str, str]]:
    """Conversations with a secret each: secret by whom, about whom and under which name."""
    found: dict[str, tuple[str, str, str]] = {}
    for owner in OWNERS[:8]:
        for patient in PATIENTS[:5]:
            name = NAMES[(len(owner) + len(patient)) % len(NAMES)]
            secret = f"secret-{len(found):04d}"
            talk.ask(owner, patient, name, secret)
            found[secret] = (owner, patient, name)
    return found


def threads_to_try(draw: random.Random, ids: list[str], victim: tuple[str, str, str]) -> Iterator[str]:
    """What somebody may send: the victim's name or id, joins of both, ids with a digit changed, guesses."""
    owner, patient, name = victim
    known = draw.choice(ids)
    place = draw.randrange(2, len(known))
    yield from (
        name,
        known,
        known[:place] + draw.choice("0123456789abcdef") + known[place + 1 :],
        known.upper(),
        f"{patient}/{name}",
        f"{owner}\n{patient}\n{name}",
        f"{owner}\0{patient}\0{name}",
        f" {name}",
        "t-" + "".join(draw.choices("0123456789abcdef", k=32)),
        "t-%",
        "' or 1=1 --",
        draw.choice(NAMES),
    )


def test_no_attempt_reads_what_is_not_its_own(tmp_path: Path) -> None:
    talk = Talk(Conversations(tmp_path / "c.sqlite3", key=KEY))
    secrets = victims(talk)
    owned = {owner: {f.id for f in talk.memory.list(owner)} for owner in OWNERS}
    about = {f.id: f.patient_id for owner in OWNERS for f in talk.memory.list(owner)}
    ids = sorted(about)
    draw = random.Random(20261110)
    tried = refused = 0
    while tried < ATTEMPTS:
        victim = secrets[draw.choice(sorted(secrets))]
        for thread in threads_to_try(draw, ids, victim):
            owner, patient = draw.choice(OWNERS), draw.choice(PATIENTS)
            own = {s for s, of in secrets.items() if of == (owner, patient, thread)}
            if thread in owned[owner] and about[thread] == patient:
                own = {s for s, of in secrets.items() if of[:2] == (owner, patient)}
            tried += 1
            refused += _attempt(talk, owner, patient, thread, own, thread in owned[owner])
    assert refused > ATTEMPTS / 10, "the attempts did try what is refused"
    assert {owner: {f.id for f in talk.memory.list(owner)} for owner in OWNERS} == owned, "and nothing was changed"


def _attempt(talk: Talk, owner: str, patient: str, thread: str, own: set[str], is_own_id: bool) -> int:
    """One attempt to continue, to read and to list; how often it was refused."""
    refusals = 0
    try:
        with talk.memory.turn(owner, patient, thread) as turn:  # not committed, so that the attempts do not meddle
            seen = talk.run(turn.id, "and before that?")
        assert {text for text in seen if text.startswith("secret")} <= own
    except (UnknownThread, InvalidInput):
        refusals += 1
        assert not own or not thread.strip()
    try:
        assert talk.memory.read(owner, thread).owner == owner and is_own_id
    except UnknownThread:
        refusals += 1
        assert not is_own_id
    assert {f.owner for f in talk.memory.list(owner)} <= {owner}
    assert {(f.owner, f.patient_id) for f in talk.memory.list(owner, patient)} <= {(owner, patient)}
    return refusals
