from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from jettison.metadata import sqlite
from jettison.metadata.database import Transaction
from jettison.metadata.sqlite import SQLiteDatabase, system_time
from jettison.oci.errors import Unavailable

SECONDS = 20


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    """A database of one table."""
    database = SQLiteDatabase(tmp_path / "jettison.db")
    database.write(lambda tx: tx.run("create table note (number integer primary key, word text not null default '')"))
    yield database
    database.close()


def add(number: int) -> Callable[[Transaction], int]:
    """Work that writes a row."""
    return lambda tx: tx.run("insert into note (number) values (:number)", number=number)


def numbers(database: SQLiteDatabase) -> list[int]:
    """All rows, sorted."""
    return [row[0] for row in database.read(lambda tx: tx.all("select number from note order by number"))]


@contextmanager
def another_process(database: SQLiteDatabase) -> Iterator[apsw.Connection]:
    """A connection that knows nothing of ours, in the middle of a write."""
    connection = apsw.Connection(str(database.path))
    connection.execute("begin immediate")
    try:
        yield connection
    finally:
        connection.execute("rollback")
        connection.close()


def test_a_locked_database_is_unavailable(database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that has waited long enough for another process says so; reading goes on, and writing once it may."""
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    impatient = SQLiteDatabase(database.path)
    try:
        with another_process(database):
            with pytest.raises(Unavailable, match="locked by another process"):
                impatient.write(add(1))
            assert numbers(impatient) == []
        impatient.write(add(2))
        assert numbers(impatient) == [2]
    finally:
        impatient.close()


def test_who_waits_together_for_a_locked_database_waits_once(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty writes of which each would wait for itself would take twenty times as long."""
    monkeypatch.setattr(sqlite, "PATIENCE", 0.3)
    impatient = SQLiteDatabase(database.path)
    attempts = 0
    begin = impatient._transaction

    def counted(*, durable: bool) -> Any:
        nonlocal attempts
        attempts += 1
        return begin(durable=durable)

    monkeypatch.setattr(impatient, "_transaction", counted)
    try:
        with another_process(database), ThreadPoolExecutor(20) as threads:
            futures = [threads.submit(impatient.write, add(number)) for number in range(20)]
            wait(futures, timeout=SECONDS)
        assert all(isinstance(future.exception(), Unavailable) for future in futures)
        assert attempts <= 3
    finally:
        impatient.close()


def _write_behind_a_first(
    database: SQLiteDatabase, works: list[Callable[[Transaction], Any]], threads: ThreadPoolExecutor
) -> list[object]:
    """Have a first write hold the turn until all of ``works`` wait behind it; what became of them."""
    holding, may_end = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        holding.set()
        assert may_end.wait(SECONDS)

    first = threads.submit(database.write, hold)
    assert holding.wait(SECONDS)
    futures = [threads.submit(database.write, work) for work in works]
    for _ in range(SECONDS * 1000):
        if len(database._turns._waiting) == len(works):
            break
        threading.Event().wait(0.001)
    may_end.set()
    first.result(SECONDS)
    return [future.exception(SECONDS) or future.result() for future in futures]


def _count_commits(database: SQLiteDatabase) -> list[None]:
    commits: list[None] = []

    def hook() -> bool:
        commits.append(None)
        return False

    database._writer.set_commit_hook(hook)
    return commits


def test_writes_that_wait_share_one_commit(database: SQLiteDatabase) -> None:
    """Seven clients that push at the same time cost one fsync."""
    commits = _count_commits(database)
    with ThreadPoolExecutor(8) as threads:
        assert _write_behind_a_first(database, [add(number) for number in range(7)], threads) == [1] * 7
    assert numbers(database) == list(range(7))
    assert len(commits) <= 2


def test_a_write_that_fails_takes_none_of_its_company_along(database: SQLiteDatabase) -> None:
    """Those that commit with it commit, whether it raises an error of its own or breaks a rule of the database."""
    error = LookupError("mine")

    def fail(tx: Transaction) -> None:
        add(90)(tx)
        raise error

    def break_a_rule(tx: Transaction) -> None:
        add(91)(tx)
        add(91)(tx)

    with ThreadPoolExecutor(8) as threads:
        one, two, failed, broken, three = _write_behind_a_first(
            database, [add(1), add(2), fail, break_a_rule, add(3)], threads
        )
    assert (one, two, three) == (1, 1, 1)
    assert failed is error
    assert isinstance(broken, apsw.ConstraintError)
    assert numbers(database) == [1, 2, 3]


def test_a_commit_is_as_durable_as_the_most_demanding_of_its_writes(database: SQLiteDatabase) -> None:
    """Power loss may take back what nobody was promised, and nothing else."""

    def level(tx: Transaction) -> object:
        return tx.one("pragma synchronous")

    normal, full = (1,), (2,)
    assert database.write(level) == full
    assert database.write(level, durable=False) == normal
    assert database.write(level) == full
    with ThreadPoolExecutor(4) as threads:
        assert _write_behind_a_first(database, [level, level], threads) == [full, full]


def test_two_processes_write_in_turns(database: SQLiteDatabase) -> None:
    """An admin command beside the server: each waits for the other, neither is refused."""
    other = SQLiteDatabase(database.path)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda number: (database, other)[number % 2].write(add(number)), range(60)))
        assert numbers(other) == list(range(60))
    finally:
        other.close()


def test_a_full_disk_is_unavailable_and_loses_nothing(database: SQLiteDatabase) -> None:
    """The message says what to do; what was there before can be read, and written once there is space."""
    database.write(add(1))
    pages = database._writer.pragma("page_count")
    database._writer.pragma("max_page_count", pages)
    with pytest.raises(Unavailable, match="disk that holds the database is full"):
        database.write(lambda tx: tx.run("insert into note (number, word) values (2, :word)", word="x" * 1_000_000))
    assert numbers(database) == [1]
    database._writer.pragma("max_page_count", 1_000_000)
    database.write(add(2))
    assert numbers(database) == [1, 2]


def test_a_damaged_database_is_unavailable(tmp_path: Path) -> None:
    """A file that is no database, or no longer one, is named as damaged."""
    path = tmp_path / "jettison.db"
    path.write_bytes(b"this was a database once" * 500)
    with pytest.raises(Unavailable, match="damaged"):
        SQLiteDatabase(path)


def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    """A folder in its place."""
    path = tmp_path / "jettison.db"
    path.mkdir()
    with pytest.raises(Unavailable, match="cannot be read or written"):
        SQLiteDatabase(path)


def test_keys_are_enforced(database: SQLiteDatabase) -> None:
    """On every connection: SQLite does not by itself."""
    database.write(lambda tx: tx.run("create table page (note integer not null references note (number))"))
    with pytest.raises(apsw.ConstraintError):
        database.write(lambda tx: tx.run("insert into page (note) values (7)"))
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(database.read, lambda tx: tx.one("pragma foreign_keys")).result(SECONDS) == (1,)


def test_without_a_clock_the_time_is_the_machines() -> None:
    """In microseconds since 1970: later than this test was written, and not in a thousand years."""
    assert 1_700_000_000_000_000 < system_time() < 33_000_000_000_000_000
