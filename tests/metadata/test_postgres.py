from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from jettison.metadata.database import Lock, Transaction
from jettison.metadata.postgres import ATTEMPTS, PostgresDatabase, advisory_key
from jettison.oci.errors import Unavailable
from tests.support.ports import free_port

pytestmark = pytest.mark.needs("postgresql")

SECONDS = 20
A_MOMENT = 0.2


@pytest.fixture
def database(postgres_url: str) -> Iterator[PostgresDatabase]:
    """A database of two tables, one of which needs the other."""
    database = PostgresDatabase(postgres_url, connections=8)
    database.write(lambda tx: tx.run("create table note (number bigint primary key, word text not null default '')"))
    database.write(lambda tx: tx.run("create table page (note bigint not null references note (number))"))
    yield database
    database.close()


def add(tx: Transaction, number: int) -> int:
    """A row."""
    return tx.run("insert into note (number) values (:number)", number=number)


def words(database: PostgresDatabase) -> list[tuple[object, ...]]:
    """All rows."""
    return database.read(lambda tx: tx.all("select number, word from note order by number"))


class Meeting:
    """Two transactions that meet in the middle, once: a retry runs through."""

    def __init__(self) -> None:
        self.attempts = 0
        self._barrier = threading.Barrier(2)
        self._met: set[int] = set()

    def meet(self) -> None:
        """Wait for the other, the first time that this thread comes here."""
        self.attempts += 1
        if threading.get_ident() not in self._met:
            self._met.add(threading.get_ident())
            self._barrier.wait(SECONDS)

    def both(self, one: Callable[[], object], two: Callable[[], object]) -> list[object]:
        """Run both at once; what they return."""
        with ThreadPoolExecutor(2) as threads:
            return [future.result(SECONDS) for future in (threads.submit(one), threads.submit(two))]


def test_a_deadlock_is_tried_again(database: PostgresDatabase) -> None:
    """Two writes take two rows in opposite orders: PostgreSQL ends one of them, which then succeeds too."""
    database.write(lambda tx: [add(tx, 1), add(tx, 2)])
    meeting = Meeting()

    def work(first: int, second: int) -> Callable[[Transaction], None]:
        def inner(tx: Transaction) -> None:
            tx.run("update note set word = word || 'x' where number = :number", number=first)
            meeting.meet()
            tx.run("update note set word = word || 'x' where number = :number", number=second)

        return inner

    meeting.both(lambda: database.write(work(1, 2)), lambda: database.write(work(2, 1)))

    assert meeting.attempts == 3
    assert words(database) == [(1, "xx"), (2, "xx")]


def test_a_lost_race_for_a_key_is_tried_again(database: PostgresDatabase) -> None:
    """Both see that a row is missing and add it: the second to commit looks again, and finds it."""
    meeting = Meeting()

    def work(tx: Transaction) -> str:
        if tx.one("select 1 from note where number = 7") is not None:
            meeting.meet()
            return "found"
        meeting.meet()
        add(tx, 7)
        return "added"

    assert sorted(meeting.both(lambda: database.write(work), lambda: database.write(work))) == ["added", "found"]  # type: ignore[type-var]
    assert words(database) == [(7, "")]


def test_what_lost_its_holder_in_the_middle_is_tried_again(database: PostgresDatabase) -> None:
    """A row that is needed is gone by the time it is named: the second attempt sees that, and does without."""
    database.write(lambda tx: add(tx, 7))
    seen = []

    def work(tx: Transaction) -> bool:
        there = tx.one("select 1 from note where number = 7") is not None
        seen.append(there)
        if there:
            _in_a_thread(lambda: database.write(lambda other: other.run("delete from note where number = 7")))
            tx.run("insert into page (note) values (7)")
        return there

    assert database.write(work) is False
    assert seen == [True, False]


def test_who_always_loses_is_told_to_try_again(database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a bounded number of attempts, each after a longer pause; nothing of them is left."""
    attempts, pauses = list[int](), list[float]()
    monkeypatch.setattr(time, "sleep", pauses.append)

    def work(tx: Transaction) -> None:
        attempts.append(1)
        add(tx, 1)
        tx.run("insert into page (note) values (99)")

    with pytest.raises(Unavailable, match="kept losing"):
        database.write(work)
    assert len(attempts) == ATTEMPTS
    assert len(pauses) == ATTEMPTS - 1
    assert sum(pauses) < 5
    assert words(database) == []


def test_what_is_simply_wrong_is_not_tried_again(database: PostgresDatabase) -> None:
    """An error of the work itself, or of its SQL, is raised at once."""
    attempts = []

    def fail(tx: Transaction) -> None:
        attempts.append(1)
        add(tx, 1)
        raise LookupError

    def misspell(tx: Transaction) -> None:
        attempts.append(1)
        tx.run("insert in note (number) values (1)")

    with pytest.raises(LookupError):
        database.write(fail)
    with pytest.raises(psycopg.errors.SyntaxError):
        database.write(misspell)
    assert len(attempts) == 2
    assert words(database) == []


@pytest.mark.parametrize("sql", ["select * from gone", "select gone from note"])
def test_what_a_newer_version_has_taken_away_is_unavailable_here(database: PostgresDatabase, sql: str) -> None:
    """A client is to ask again, and meets a replica of that version: 503, not 500."""
    with pytest.raises(Unavailable, match="a newer version may have taken away"):
        database.read(lambda tx: tx.all(sql))


def test_shared_locks_do_not_wait_for_each_other(database: PostgresDatabase) -> None:
    """Two pushes to one repository run at once."""
    meeting = Meeting()
    meeting.both(
        lambda: database.write(lambda _: meeting.meet(), Lock.shared("app")),
        lambda: database.write(lambda _: meeting.meet(), Lock.shared("app")),
    )
    assert meeting.attempts == 2


def test_locks_of_different_names_do_not_wait_for_each_other(database: PostgresDatabase) -> None:
    """Nor for a write without any."""
    meeting = Meeting()
    meeting.both(
        lambda: database.write(lambda _: meeting.meet(), Lock.alone("app")),
        lambda: database.write(lambda _: meeting.meet(), Lock.alone("app/nightly")),
    )
    meeting.both(
        lambda: database.write(lambda _: meeting.meet(), Lock.alone("app")),
        lambda: database.write(lambda _: meeting.meet()),
    )


def test_who_waits_alone_is_not_overtaken_for_good(database: PostgresDatabase) -> None:
    """While pushes overlap without end, a deletion gets its turn."""
    stop = threading.Event()

    def push() -> None:
        while not stop.is_set():
            database.write(lambda _: time.sleep(0.01), Lock.shared("app"))

    with ThreadPoolExecutor(5) as threads:
        pushing = [threads.submit(push) for _ in range(4)]
        try:
            assert threads.submit(database.write, lambda _: "deleted", Lock.alone("app")).result(SECONDS) == "deleted"
        finally:
            stop.set()
        for each in pushing:
            each.result(SECONDS)


def test_liveness_that_is_checked_under_a_lock_is_that_of_now(database: PostgresDatabase) -> None:
    """A transaction that had to wait for its lock sees what was committed meanwhile, from its first statement on."""
    holding, may_end = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        holding.set()
        assert may_end.wait(SECONDS)
        add(tx, 1)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(database.write, hold, Lock.alone("app"))
        assert holding.wait(SECONDS)
        second = threads.submit(database.write, lambda tx: tx.one("select count(*) from note"), Lock.shared("app"))
        threading.Event().wait(A_MOMENT)
        may_end.set()
        first.result(SECONDS)
        assert second.result(SECONDS) == (1,)


def test_a_names_key_is_its_own() -> None:
    """Fixed for all versions and processes, of 64 bits with a sign."""
    keys = {advisory_key(f"repository/{number}") for number in range(1000)}
    assert len(keys) == 1000
    assert all(-(2**63) <= key < 2**63 for key in keys)
    assert advisory_key("library/debian") == advisory_key("library/debian")


def test_without_a_clock_the_time_is_the_databases(database: PostgresDatabase) -> None:
    """Replicas' own clocks differ; in one transaction it stands still."""
    first, second = database.read(lambda tx: (tx.now, tx.now))
    assert first == second
    assert abs(first / 1e6 - time.time()) < 60
    assert database.read(lambda tx: tx.now) > first


def test_ended_sessions_are_replaced(database: PostgresDatabase, postgres_url: str) -> None:
    """After a restart or a fail-over requests are refused once for each connection at most, then all is well."""
    database.write(lambda tx: add(tx, 1))
    with psycopg.connect(postgres_url, autocommit=True) as administrator:
        administrator.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    refused = 0
    for _ in range(10):
        try:
            assert words(database) == [(1, "")]
            break
        except Unavailable:
            refused += 1
    assert refused <= 8
    assert words(database) == [(1, "")]


def test_a_session_that_ends_in_the_middle_of_a_write_loses_all_of_it(
    database: PostgresDatabase, postgres_url: str
) -> None:
    """The caller is told; the next attempt is on another connection."""

    def work(tx: Transaction) -> None:
        add(tx, 1)
        [(own,)] = tx.all("select pg_backend_pid()")
        with psycopg.connect(postgres_url, autocommit=True) as administrator:
            administrator.execute("select pg_terminate_backend(%s)", (own,))
        add(tx, 2)

    with pytest.raises(Unavailable, match="does not answer"):
        database.write(work)
    database.write(lambda tx: add(tx, 3))
    assert words(database) == [(3, "")]


def test_a_database_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the setting, and what may be wrong."""
    pool = ConnectionPool
    opened = pool.open
    monkeypatch.setattr(pool, "open", lambda self, wait, timeout: opened(self, wait=wait, timeout=timeout / 20))
    with pytest.raises(Unavailable, match=r"jettison\.database\.url does not answer"):
        PostgresDatabase(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")


def test_a_busy_pool_is_unavailable(postgres_url: str) -> None:
    """Whoever waits longer than a while for a connection is told to try again."""
    database = PostgresDatabase(postgres_url, connections=1)
    database.pool.timeout = 0.2
    try:
        with database.pool.connection(), pytest.raises(Unavailable, match="busy"):
            database.read(lambda tx: tx.one("select 1"))
        assert database.read(lambda tx: tx.one("select 1")) == (1,)
    finally:
        database.close()


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:hunter%ff2%zz@h/d", "postgresql://u:hunter2@h/d?sslmod=require", "postgresql://u:hunter2@[h"],
)
def test_a_url_that_libpq_cannot_read_is_said_without_its_password(url: str) -> None:
    """At once, and not after waiting for a server."""
    with pytest.raises(Unavailable, match=r"jettison\.database\.url is no URL of libpq's") as caught:
        PostgresDatabase(url)
    assert "hunter" not in str(caught.value)


def test_the_usual_variables_say_what_the_url_leaves_out(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`postgresql://` alone leaves all of it to them."""
    for name, value in zip(
        ("PGUSER", "PGHOST", "PGPORT", "PGDATABASE"), re.split(r"[@:/]", postgres_url.partition("//")[2]), strict=True
    ):
        monkeypatch.setenv(name, value)
    database = PostgresDatabase("postgresql://")
    name = postgres_url.rpartition("/")[2]
    assert database.read(lambda tx: tx.one("select current_database()::text")) == (name,)
    database.close()


def test_options_of_the_url_win(postgres_url: str) -> None:
    """What is set otherwise is only a default."""
    database = PostgresDatabase(f"{postgres_url}?application_name=mine&connect_timeout=7&options=-c%20work_mem%3D7MB")
    assert database.read(
        lambda tx: tx.one("select current_setting('application_name'), current_setting('work_mem')")
    ) == ("mine", "7MB")
    with database.pool.connection() as connection:
        assert connection.info.get_parameters()["connect_timeout"] == "7"
        assert connection.info.get_parameters()["tcp_user_timeout"] == "20000"
    database.close()


def test_no_more_connections_are_opened_than_are_allowed(postgres_url: str) -> None:
    """Whoever comes when all are used waits for one."""
    database = PostgresDatabase(postgres_url, connections=3)
    with ThreadPoolExecutor(12) as threads:
        used = list(threads.map(lambda _: database.read(_slowly), range(12)))
    assert len(set(used)) <= 3
    database.close()


def _slowly(tx: Transaction) -> int:
    [(own, _)] = tx.all("select pg_backend_pid(), pg_sleep(0.05)::text")
    return int(own)


def test_what_is_asked_often_is_prepared(postgres_url: str) -> None:
    """Once by each connection that asks it a third time, whatever its values are; what is asked once is not."""
    database = PostgresDatabase(postgres_url, connections=1)
    database.write(lambda tx: tx.run("create table note (number bigint primary key)"))
    for number in range(10):
        database.read(lambda tx, number=number: tx.one("select number from note where number = :n", n=number))  # type: ignore[misc]
    [prepared] = _prepared(database)
    assert "select number from note where number = $1" in prepared
    database.close()


def test_prepared_statements_go_with_their_connections(database: PostgresDatabase, postgres_url: str) -> None:
    """After a restart nobody asks for one by a name that the server does not know any more."""

    def find(tx: Transaction) -> object:
        return tx.one("select word from note where number = :n", n=1)

    database.write(lambda tx: add(tx, 1))
    for _ in range(10):
        database.read(find)
    assert any("select word from note" in each for each in _prepared(database))
    with psycopg.connect(postgres_url, autocommit=True) as administrator:
        administrator.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    answers = []
    for _ in range(20):
        try:
            answers.append(database.read(find))
        except Unavailable:
            continue
    assert len(answers) >= 10
    assert set(answers) == {("",)}


def test_columns_that_are_added_meanwhile_disturb_nothing_prepared(
    database: PostgresDatabase, postgres_url: str
) -> None:
    """A newer version brings its schema while this one goes on serving."""
    database.write(lambda tx: add(tx, 1))
    for number in range(10):
        assert words(database) == [(1, "")]
        if number == 5:
            with psycopg.connect(postgres_url, autocommit=True) as newer:
                newer.execute("alter table note add column other text not null default 'x'")
    database.write(lambda tx: add(tx, 2))
    assert words(database) == [(1, ""), (2, "")]


def _prepared(database: PostgresDatabase) -> list[str]:
    rows = database.read(lambda tx: tx.all("select statement from pg_prepared_statements order by statement"))
    return [statement for (statement,) in rows]


def _in_a_thread(work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(1) as threads:
        threads.submit(work).result(SECONDS)
