"""Conversations in a real PostgreSQL server, made for the test on a socket of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agents.memory import Conversations
from domain.errors import StoreUnavailable, ThreadBusy, UnknownThread
from tests.conftest import MARK
from tests.memory_bench import KEY, OTHER_KEY, START_OF_TIME, Talk, answer_of

pytest.importorskip("psycopg", reason="the extra postgres is not installed")
_BOUND_S = 40.0


def _program(name: str) -> str | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))


@dataclass
class Server:
    """A running server: where it listens and where its files are."""

    folder: Path
    databases: int = 0

    def database(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        self.databases += 1
        name = f"memory{self.databases}"
        with psycopg.connect(f"host={self.folder} user=charttwin dbname=postgres", autocommit=True) as connection:
            connection.execute(f"create database {name}")
        return f"postgresql://charttwin@/{name}?host={self.folder}"

    def bytes_of_files(self) -> bytes:
        """Everything the server has on disk, its write-ahead log included."""
        return b"".join(p.read_bytes() for p in sorted((self.folder / "data").rglob("*")) if p.is_file())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that ends with the tests; it does not run as root, since PostgreSQL refuses to."""
    programs = {name: _program(name) for name in ("initdb", "postgres")}
    if None in programs.values():
        pytest.skip("PostgreSQL's server programs are not installed")
    as_user: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="ct-pg-"))  # a socket's path is short
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_user}
    data = folder / "data"
    subprocess.run(
        [str(programs["initdb"]), "-D", str(data), "-U", "charttwin", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, timeout=_BOUND_S, **quiet,
    )  # fmt: skip
    running = subprocess.Popen(
        [str(programs["postgres"]), "-D", str(data), "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"],
        **quiet,
    )
    try:
        _wait(folder)
        yield Server(folder)
    finally:
        running.send_signal(signal.SIGINT)
        try:
            running.wait(_BOUND_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(_BOUND_S)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path) -> None:
    import psycopg

    until = time.monotonic() + _BOUND_S
    while True:
        try:
            psycopg.connect(f"host={folder} user=charttwin dbname=postgres").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_a_conversation_outlives_the_process(server: Server) -> None:
    url = server.database()
    talk = Talk(Conversations(url=url, key=KEY))
    talk.ask("a", "p1", "t", "first")
    talk.memory.close()
    again = Talk(Conversations(url=url, key=KEY))
    assert again.ask("a", "p1", "t", "second") == ["first", "answer to first"]
    found = again.memory.read("a", again.memory.list("a", "p1")[0].id)
    assert [(e.question, e.answer) for e in found.entries] == [
        ("first", answer_of("first")),
        ("second", answer_of("second")),
    ]
    with pytest.raises(UnknownThread):
        again.memory.read("b", found.id)


def test_nothing_that_was_said_is_in_the_servers_files(server: Server) -> None:
    import psycopg

    url = server.database()
    talk = Talk(Conversations(url=url, key=KEY))
    for number in range(3):
        talk.ask(f"owner-{MARK}", f"patient-{MARK}", f"thread-{MARK}", f"{MARK} question {number}")
    thread_id = talk.memory.list(f"owner-{MARK}")[0].id
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table control (word text)")
        connection.execute("insert into control values ('Cntrlword')")
        connection.execute("checkpoint")
    stored = server.bytes_of_files()
    assert b"Cntrlword" in stored and thread_id.encode() in stored, "the search finds what is there"
    assert MARK.encode() not in stored


def test_deleted_rows_are_gone_from_the_tables(server: Server) -> None:
    import psycopg

    url = server.database()
    talk = Talk(Conversations(url=url, key=KEY))
    talk.ask("a", "p1", "kept", "kept")
    talk.ask("a", "p1", "t", "first")
    talk.memory.delete("a", talk.memory.list("a")[0].id)
    assert len(talk.memory.list("a")) == 1
    with psycopg.connect(url) as connection:
        for table in ("conversation_threads", "conversation_turns"):
            counted = connection.execute(f"select count(*) from {table}").fetchone()
            dead = connection.execute(
                "select n_dead_tup from pg_stat_user_tables where relname = %s", (table,)
            ).fetchone()
            assert counted == (1,) and dead == (0,)
    assert talk.memory.delete_all(patient_id="p1") == 1 and talk.memory.list("a") == ()


def test_two_processes_on_one_conversation(server: Server) -> None:
    url = server.database()
    here, there = (Talk(Conversations(url=url, key=KEY)) for _ in range(2))
    here.ask("a", "p1", "t", "first")
    with here.memory.turn("a", "p1", "t") as turn:
        here.run(turn.id, "slow")
        there.ask("a", "p1", "t", "fast")
        with pytest.raises(ThreadBusy):
            turn.commit("slow", answer_of("slow"), asked=START_OF_TIME, as_of=START_OF_TIME)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: here.ask("a", "p1", f"t{n % 3}", f"q{n}"), range(12)))
    assert sorted(f.turns for f in there.memory.list("a")) == [2, 4, 4, 4]


def test_processes_that_start_at_once_agree_on_the_keys(server: Server) -> None:
    url = server.database()
    with ThreadPoolExecutor(5) as pool:
        talks = list(pool.map(lambda _: Talk(Conversations(url=url, key=KEY)), range(5)))
    for number, talk in enumerate(talks):
        talk.ask("a", "p1", "t", f"q{number}")
    assert talks[0].memory.list("a")[0].turns == 5


def test_keys_change_hands(server: Server) -> None:
    url = server.database()
    Talk(Conversations(url=url)).ask("a", "p1", "t", "open")
    Talk(Conversations(url=url, key=KEY)).ask("a", "p1", "t", "sealed")
    with pytest.raises(StoreUnavailable, match="another key"):
        Conversations(url=url, key=OTHER_KEY)
    talk = Talk(Conversations(url=url, key=OTHER_KEY, old_keys=[KEY]))
    assert talk.ask("a", "p1", "t", "rotated")[::2] == ["open", "sealed"]


def test_a_server_that_is_not_there_is_said_without_the_password(server: Server) -> None:
    with pytest.raises(StoreUnavailable) as fault:
        Conversations(url=f"postgresql://charttwin:{MARK}@/none?host={server.folder}")
    assert MARK not in str(fault.value)
