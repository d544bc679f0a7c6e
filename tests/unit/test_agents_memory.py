"""Conversations: whose they are, what is kept, what is sealed, what is gone after it was deleted."""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.memory import Conversations
from agents.memory.saver import KEPT_TURNS, strict_serializer
from domain.errors import InvalidInput, StoreUnavailable, ThreadBusy, UnknownThread
from tests.conftest import MARK, NOW, Bench
from tests.memory_bench import KEY, OTHER_KEY, START_OF_TIME, THIRD_KEY, Talk, answer_of, files_of

WORDS = [MARK, "owner-" + MARK, "patient-" + MARK, "thread-" + MARK]


def marked(talk: Talk, times: int = 1) -> str:
    """A conversation in which every part carries the mark; its id."""
    for number in range(times):
        talk.ask("owner-" + MARK, "patient-" + MARK, "thread-" + MARK, f"{MARK} question {number}")
    return talk.memory.list("owner-" + MARK)[0].id


# --- a conversation --------------------------------------------------------------------------------------------------


def test_a_run_sees_the_turns_before_it(tmp_path: Path) -> None:
    talk = Talk(Conversations(tmp_path / "c.sqlite3"))
    assert talk.ask("a", "p1", "t", "first") == []
    assert talk.ask("a", "p1", "t", "second") == ["first", "answer to first"]


def test_a_list_has_title_times_and_turns_and_the_last_used_comes_first() -> None:
    talk = Talk(Conversations())
    talk.ask("a", "p1", "one", "latest  creatinine?\n")
    talk.ask("a", "p2", "two", "x " * 100, minutes=5)
    talk.ask("a", "p1", "one", "and before?", minutes=9)
    talk.ask("b", "p1", "one", "somebody else's", minutes=9)
    found = talk.memory.list("a")
    assert [(f.name, f.patient_id, f.title, f.turns) for f in found] == [
        ("one", "p1", "latest creatinine?", 2),
        ("two", "p2", ("x " * 100)[:79].rstrip() + "…", 1),
    ]
    assert (found[0].created, found[0].last_used) == (START_OF_TIME, START_OF_TIME + timedelta(minutes=9))
    assert [f.name for f in talk.memory.list("a", "p2")] == ["two"]
    assert talk.memory.list("nobody") == ()


def test_a_conversation_is_read_back_with_answers_and_citations() -> None:
    talk = Talk(Conversations())
    talk.ask("a", "p1", "t", "first")
    talk.ask("a", "p1", "t", "second", minutes=1)
    found = talk.memory.read("a", talk.memory.list("a")[0].id)
    assert [(e.number, e.question, e.answer) for e in found.entries] == [
        (1, "first", answer_of("first")),
        (2, "second", answer_of("second")),
    ]
    exported = json.loads(found.model_dump_json())
    assert exported["format"] == "charttwin-conversation/1"
    assert exported["entries"][1]["answer"]["citations"][0]["evidence"]["ref"] == "Observation/o1"


def test_a_conversation_is_continued_by_its_id_or_its_name() -> None:
    talk = Talk(Conversations())
    talk.ask("a", "p1", "t", "first")
    thread_id = talk.memory.list("a")[0].id
    assert talk.ask("a", "p1", thread_id, "second") == ["first", "answer to first"]
    assert len(talk.ask("a", "p1", "t", "third")) == 4
    assert [(f.id, f.name, f.turns) for f in talk.memory.list("a")] == [(thread_id, "t", 3)]


def test_the_state_keeps_the_newest_turns_and_the_transcript_all() -> None:
    talk = Talk(Conversations())
    for number in range(KEPT_TURNS + 3):
        seen = talk.ask("a", "p1", "t", f"q{number}")
    assert seen == [text for n in range(2, KEPT_TURNS + 2) for text in (f"q{n}", f"answer to q{n}")]
    assert len(talk.memory.read("a", talk.memory.list("a")[0].id).entries) == KEPT_TURNS + 3


# --- whose it is -----------------------------------------------------------------------------------------------------


def test_the_same_name_of_another_owner_or_patient_is_another_conversation() -> None:
    talk = Talk(Conversations())
    talk.ask("a", "p1", "t", "mine")
    for owner, patient in (("b", "p1"), ("a", "p2"), ("", "ap1"), ("ap", "1")):
        assert talk.ask(owner, patient, "t", "theirs") == []
    assert talk.ask("a", "p1", "t", "again") == ["mine", "answer to mine"]


def test_an_id_opens_for_its_owner_and_patient_only() -> None:
    talk = Talk(Conversations())
    talk.ask("a", "p1", "t", "mine")
    thread_id = talk.memory.list("a")[0].id
    with pytest.raises(InvalidInput, match="about another patient"):
        talk.ask("a", "p2", thread_id, "theirs")
    for call in (
        lambda: talk.ask("b", "p1", thread_id, "theirs"),
        lambda: talk.memory.read("b", thread_id),
        lambda: talk.memory.delete("b", thread_id),
    ):
        with pytest.raises(UnknownThread) as refused:
            call()
        with pytest.raises(UnknownThread) as unknown:
            talk.memory.read("b", "t-" + 32 * "0")
        assert refused.value.message == unknown.value.message
    assert talk.memory.read("a", thread_id).turns == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_that_cannot_be_one(name: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 200 characters"):
        Talk(Conversations()).ask("a", "p1", name, "q")


def test_a_run_reaches_no_thread_that_was_not_opened_for_it() -> None:
    talk = Talk(Conversations())
    talk.ask("a", "p1", "t", "mine")
    with pytest.raises(InvalidInput, match="not opened"):
        talk.run(talk.memory.list("a")[0].id, "theirs")


def test_ids_say_nothing_and_differ_between_stores() -> None:
    first, second = Talk(Conversations()), Talk(Conversations())
    for talk in (first, second):
        talk.ask("a", "p1", "t", "q")
    assert first.memory.list("a")[0].id != second.memory.list("a")[0].id


# --- turns that do not end, and turns at once ------------------------------------------------------------------------


def test_a_run_that_breaks_leaves_the_conversation_as_it_was() -> None:
    talk = Talk(Conversations())
    talk.ask("a", "p1", "t", "first")
    talk.breaks = True
    with pytest.raises(RuntimeError, match="broke"):
        talk.ask("a", "p1", "t", "second")
    talk.breaks = False
    assert talk.ask("a", "p1", "t", "third") == ["first", "answer to first"]


def test_a_run_that_is_left_before_it_is_kept_leaves_nothing(tmp_path: Path) -> None:
    talk = Talk(Conversations(tmp_path / "c.sqlite3"))
    with talk.memory.turn("a", "p1", "t") as turn:
        talk.run(turn.id, "first")
    assert talk.memory.list("a") == () and talk.ask("a", "p1", "t", "second") == []


def test_what_was_kept_survives_a_process_that_is_killed(tmp_path: Path) -> None:
    talk = Talk(Conversations(tmp_path / "c.sqlite3", key=KEY))
    talk.ask("a", "p1", "t", "first")
    with talk.memory.turn("a", "p1", "t") as turn:
        talk.run(turn.id, "second")  # and no further: nothing is closed, as when the process is killed
        again = Talk(Conversations(tmp_path / "c.sqlite3", key=KEY))
        assert again.ask("a", "p1", "t", "third") == ["first", "answer to first"]


def test_questions_at_once_in_one_conversation_wait_for_each_other(tmp_path: Path) -> None:
    talk = Talk(Conversations(tmp_path / "c.sqlite3"))
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda n: talk.ask("a", "p1", "t", f"q{n}"), range(16)))
    assert sorted(map(len, seen)) == list(range(0, 32, 2))
    assert talk.memory.list("a")[0].turns == 16


def test_questions_in_different_conversations_do_not_wait(tmp_path: Path) -> None:
    talk = Talk(Conversations(tmp_path / "c.sqlite3", wait_s=0.0))
    with talk.memory.turn("a", "p1", "t"):
        assert talk.ask("a", "p1", "other", "q") == []
        with pytest.raises(ThreadBusy, match="still being answered"):
            talk.ask("a", "p1", "t", "q")


@pytest.mark.parametrize("begun", [False, True])
def test_another_process_that_was_faster_wins_and_nothing_is_lost(tmp_path: Path, begun: bool) -> None:
    here, there = (Talk(Conversations(tmp_path / "c.sqlite3")) for _ in range(2))
    if begun:
        here.ask("a", "p1", "t", "first")
    with here.memory.turn("a", "p1", "t") as turn:
        here.run(turn.id, "slow")
        there.ask("a", "p1", "t", "fast")
        with pytest.raises(ThreadBusy, match="meanwhile"):
            turn.commit("slow", answer_of("slow"), asked=START_OF_TIME, as_of=START_OF_TIME)
    questions = [e.question for e in here.memory.read("a", here.memory.list("a")[0].id).entries]
    assert questions == (["first", "fast"] if begun else ["fast"])


def test_a_conversation_that_is_deleted_while_it_is_asked_stays_deleted(tmp_path: Path) -> None:
    talk = Talk(Conversations(tmp_path / "c.sqlite3"))
    talk.ask("a", "p1", "t", "first")
    with talk.memory.turn("a", "p1", "t") as turn:
        talk.run(turn.id, "second")
        talk.memory.delete("a", turn.id)
        with pytest.raises(UnknownThread, match="deleted while"):
            turn.commit("second", answer_of("second"), asked=START_OF_TIME, as_of=START_OF_TIME)
    assert talk.memory.list("a") == ()


def test_several_processes_make_the_store_at_once(tmp_path: Path) -> None:
    barrier = threading.Barrier(6)

    def work(number: int) -> int:
        barrier.wait(10)
        talk = Talk(Conversations(tmp_path / "c.sqlite3", key=KEY))
        talk.ask("a", "p1", f"t{number}", "q")
        return number

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(work, range(6))) == list(range(6))
    assert len(Conversations(tmp_path / "c.sqlite3", key=KEY).list("a")) == 6


# --- sealed ----------------------------------------------------------------------------------------------------------


def test_nothing_that_was_said_or_about_whom_is_in_the_files(tmp_path: Path) -> None:
    talk = Talk(Conversations(tmp_path / "c.sqlite3", key=KEY))
    thread_id = marked(talk, 3)
    assert (tmp_path / "c.sqlite3-wal").stat().st_size > 0, "the log is looked at too"
    stored = files_of(tmp_path / "c.sqlite3")
    assert not [word for word in WORDS if word.encode() in stored]
    assert not _inflated(stored)
    assert thread_id.encode() in stored and talk.memory.read("owner-" + MARK, thread_id).turns == 3


def test_without_a_key_the_same_search_finds_the_words(tmp_path: Path) -> None:
    """What the test above does not find, it would find: entries are deflated, and inflate again."""
    marked(Talk(Conversations(tmp_path / "c.sqlite3")), 3)
    assert _inflated(files_of(tmp_path / "c.sqlite3"))


def _inflated(stored: bytes) -> bool:
    """Whether the mark is in anything that inflates, from wherever in the bytes a deflated entry may begin."""
    starts = [i for i in range(len(stored) - 1) if stored[i] == 0x78 and stored[i + 1] in (0x01, 0x5E, 0x9C, 0xDA)]
    for start in starts:
        try:
            if MARK.encode() in zlib.decompressobj().decompress(stored[start : start + 20_000]):
                return True
        except zlib.error:
            continue
    return False


def test_through_the_whole_assistant_nothing_is_in_the_files(crafted: Bench, tmp_path: Path) -> None:
    from agents import build_assistant

    memory = Conversations(tmp_path / "c.sqlite3", key=KEY)
    assistant = build_assistant(crafted.store, None, crafted.twin, memory=memory)
    for question in (f"what do the notes say about {MARK}?", "what is the patient's name?", "and the birth date?"):
        answer = assistant.ask("notes", question, as_of=NOW, thread_id="ward round", owner="dr-house")
    stored = files_of(tmp_path / "c.sqlite3")
    for word in (MARK, "ward round", "dr-house", "birth", "latex", answer.text[:12]):
        assert word.encode() not in stored
    assert not _inflated(stored)
    kept = memory.read("dr-house", memory.list("dr-house", "notes")[0].id)
    assert MARK in kept.entries[1].answer.text and kept.entries[2].answer == answer


def test_a_wrong_or_missing_key_is_said_and_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    talk = Talk(Conversations(path, key=KEY))
    thread_id = marked(talk)
    talk.memory.close()
    before = _rows(path)
    with pytest.raises(StoreUnavailable, match="set CHARTTWIN_MEMORY_KEY"):
        Conversations(path)
    with pytest.raises(StoreUnavailable, match=r"another key \(fingerprint [0-9a-f]{12}\)"):
        Conversations(path, key=OTHER_KEY)
    assert _rows(path) == before
    assert Conversations(path, key=KEY).read("owner-" + MARK, thread_id).turns == 1


def _rows(path: Path) -> list[str]:
    with sqlite3.connect(path) as db:
        return list(db.iterdump())


def test_a_new_key_reads_what_the_old_one_sealed_and_then_needs_it_no_more(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    Talk(Conversations(path, key=KEY)).ask("a", "p1", "t", "first")
    rotated = Talk(Conversations(path, key=OTHER_KEY, old_keys=[THIRD_KEY, KEY]))
    assert rotated.ask("a", "p1", "t", "second") == ["first", "answer to first"]
    alone = Talk(Conversations(path, key=OTHER_KEY))
    assert [e.question for e in alone.memory.read("a", alone.memory.list("a")[0].id).entries] == ["first", "second"]
    with pytest.raises(StoreUnavailable):
        Conversations(path, key=KEY)
    with sqlite3.connect(path) as db:
        used = {row[0] for row in db.execute("select substr(hex(body), 1, 8) from conversation_turns")}
    assert used == {b"S1\0\1".hex().upper(), b"S1\0\2".hex().upper()}, "what came later has a key of its own"


def test_a_key_that_is_set_later_seals_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    thread_id = marked(Talk(Conversations(path)), 2)
    talk = Talk(Conversations(path, key=KEY))
    assert not _inflated(files_of(path))
    assert talk.memory.read("owner-" + MARK, thread_id).turns == 2
    assert len(talk.ask("owner-" + MARK, "patient-" + MARK, "thread-" + MARK, "third")) == 4


@pytest.mark.parametrize("key", ["my secret phrase", "0" * 64, "changeme" * 4, "zz" * 32, KEY[:-2]])
def test_a_key_that_is_none_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(InvalidInput, match="32 random bytes") as refused:
        Conversations(key=key)
    assert key not in refused.value.message


def test_keys_may_be_base64() -> None:
    import base64

    raw = bytes.fromhex(KEY)
    for text in (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("=")):
        assert Talk(Conversations(key=text)).ask("a", "p", "t", "q") == []


TAMPERINGS: dict[str, str] = {
    "a changed byte": "update conversation_threads set head = cast(substr(head, 1, 30) || x'00' || substr(head, 32) as blob)",
    "another owner": "update conversation_threads set owner = (select owner from conversation_threads where id <> :mine limit 1)",
    "an entry of another": "update conversation_turns set body = (select body from conversation_turns where thread <> :mine)",
    "the state in place of the head": "update conversation_threads set head = state",
    "an entry put in unsealed": "update conversation_turns set body = x'50310000789c030000000001'",
}


@pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_what_was_altered_in_the_file_does_not_open(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "c.sqlite3"
    talk = Talk(Conversations(path, key=KEY))
    talk.ask("a", "p1", "t", "mine")
    talk.ask("b", "p1", "t", "theirs")
    mine = talk.memory.list("a")[0].id
    with sqlite3.connect(path) as db:
        db.execute(statement, {"mine": mine} if ":mine" in statement else {})
    with pytest.raises(StoreUnavailable, match=r"nothing was changed"):
        for owner in ("a", "b"):
            for found in talk.memory.list(owner):
                talk.memory.read(owner, found.id)


def test_a_stored_class_is_not_imported() -> None:
    """A pickle, or a class named in the bytes, comes back as plain data or not at all."""
    import pickle

    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

    kind, data = JsonPlusSerializer(allowed_msgpack_modules=True).dumps_typed({"x": answer_of("q")})
    assert not hasattr(strict_serializer().loads_typed((kind, data))["x"], "citations")
    with pytest.raises(NotImplementedError):
        strict_serializer().loads_typed(("pickle", pickle.dumps(1)))


# --- deleted ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", KEY], ids=["open", "sealed"])
def test_what_is_deleted_is_gone_from_the_files(tmp_path: Path, key: str) -> None:
    path = tmp_path / "c.sqlite3"
    talk = Talk(Conversations(path, key=key))
    talk.ask("a", "p1", "kept", "kept")
    thread_id = marked(talk, 5)
    bodies = _bodies(path, thread_id)
    assert len(bodies) == 7 and all(body in files_of(path) for body in bodies)
    talk.memory.delete("owner-" + MARK, thread_id)
    left = files_of(path)
    assert not [body for body in bodies if body in left or body[40:80] in left] and not _inflated(left)
    assert thread_id.encode() not in left
    with pytest.raises(UnknownThread):
        talk.memory.read("owner-" + MARK, thread_id)
    assert talk.ask("a", "p1", "kept", "still") == ["kept", "answer to kept"]


def _bodies(path: Path, thread_id: str) -> list[bytes]:
    with sqlite3.connect(path) as db:
        found = [row[0] for row in db.execute("select body from conversation_turns where thread = ?", (thread_id,))]
        found += db.execute("select head, state from conversation_threads where id = ?", (thread_id,)).fetchone()
    return [bytes(body) for body in found]


def test_a_deletion_that_was_cut_off_is_finished_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.sqlite3"
    talk = Talk(Conversations(path))
    thread_id = marked(talk, 2)
    with monkeypatch.context() as patched:
        patched.setattr("agents.memory.conversations.scrub", lambda engine: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            talk.memory.delete("owner-" + MARK, thread_id)
    assert _inflated(files_of(path)), "the log still has it"
    Conversations(path)
    assert not _inflated(files_of(path))


def test_all_of_a_patient_and_all_of_an_owner(tmp_path: Path) -> None:
    talk = Talk(Conversations(tmp_path / "c.sqlite3", key=KEY))
    for owner in ("a", "b"):
        for patient in ("p1", "p2"):
            talk.ask(owner, patient, "t", "q")
    with pytest.raises(InvalidInput, match="name the owner or the patient"):
        talk.memory.delete_all()
    assert talk.memory.delete_all(owner="a", patient_id="p1") == 1
    assert [f.patient_id for f in talk.memory.list("a")] == ["p2"]
    assert talk.memory.delete_all(patient_id="p2") == 2
    assert talk.memory.list("a") == () and [f.patient_id for f in talk.memory.list("b")] == ["p1"]
    assert talk.memory.delete_all(owner="b") == 1 and talk.memory.delete_all(owner="b") == 0


def test_what_was_not_used_for_long_expires() -> None:
    talk = Talk(Conversations())
    talk.ask("a", "p1", "old", "q")
    talk.ask("a", "p1", "new", "q", minutes=60)
    assert talk.memory.expire(START_OF_TIME + timedelta(minutes=30)) == 1
    assert [f.name for f in talk.memory.list("a")] == ["new"]


# --- faults of the store ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: Conversations(url="mysql://x/y"), InvalidInput, "SQLite or PostgreSQL"),
        (lambda p: Conversations(url="not a url"), InvalidInput, "cannot be read"),
        (lambda p: Conversations(old_keys=[KEY]), InvalidInput, "need a current one"),
        (lambda p: Conversations(p / "file" / "c.sqlite3"), StoreUnavailable, "cannot be kept there"),
        (lambda p: Conversations(p / "file"), StoreUnavailable, "DatabaseError"),
    ],
)
def test_a_store_that_cannot_be(
    tmp_path: Path, make: Callable[[Path], Any], error: type[Exception], message: str
) -> None:
    (tmp_path / "file").write_text("not a database, and long enough to be looked at" * 50)
    with pytest.raises(error, match=message):
        make(tmp_path)


def test_a_fault_of_the_database_does_not_repeat_what_was_stored(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    talk = Talk(Conversations(path))
    marked(talk)
    with sqlite3.connect(path) as db:
        db.execute("drop table conversation_turns")
    with pytest.raises(StoreUnavailable) as fault:
        marked(talk)
    assert MARK not in str(fault.value) and fault.value.__cause__ is None and fault.value.__suppress_context__


def test_only_the_user_may_read_the_file(tmp_path: Path) -> None:
    Talk(Conversations(tmp_path / "c.sqlite3")).ask("a", "p", "t", "q")
    assert {p.stat().st_mode & 0o077 for p in tmp_path.iterdir()} == {0}
