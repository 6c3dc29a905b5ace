"""The database beyond one machine: PostgreSQL through a pool of psycopg connections."""

from __future__ import annotations

import random
import select
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from jettison.metadata.database import NO_LOCK, Lock, Row, Transaction
from jettison.metadata.dialect import for_postgres
from jettison.metadata.dump import dump
from jettison.oci.errors import Unavailable

T = TypeVar("T")
Connection = psycopg.Connection[Row]
PREPARED_AFTER = 2

DEFAULTS = {
    "fallback_application_name": "jettison",
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""What of libpq's options is set where the URL does not say: a server whose machine is gone says nothing any more, and
nobody should wait for it for a quarter of an hour."""

ATTEMPTS = 8
"""How often a write that lost a race (a deadlock, a violated key) is tried before it is given up."""
PATIENCE = 10.0
"""Seconds that a transaction waits for a connection."""

GONE_PATIENCE = 1.0
"""The same once another has waited in vain: requests that pile up would take a while to notice that it is back."""

RECONNECT_SECONDS = 2.0
LOST_RACES = (
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.UniqueViolation,
    errors.ForeignKeyViolation,
    errors.RestrictViolation,
)


class PostgresTransaction:
    """A transaction on one connection; see :class:`.database.Transaction`."""

    def __init__(self, connection: Connection, clock: Callable[[], int] | None) -> None:
        self._connection = connection
        self._clock = clock
        self._now: int | None = None

    @property
    def now(self) -> int:
        if self._now is None:
            if self._clock is not None:
                self._now = self._clock()
            else:
                row = self.one("select (extract(epoch from clock_timestamp()) * 1000000)::bigint")
                assert row is not None
                self._now = int(row[0])
        return self._now

    def all(self, sql: str, **values: object) -> list[Row]:
        return self._connection.execute(for_postgres(sql), values).fetchall()

    def one(self, sql: str, **values: object) -> Row | None:
        return self._connection.execute(for_postgres(sql), values).fetchone()

    def run(self, sql: str, **values: object) -> int:
        return self._connection.execute(for_postgres(sql), values).rowcount

    def many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(for_postgres(sql), [dict(row) for row in rows])


class PostgresDatabase:
    """A pool of at most so many ``connections`` to ``url``; see :class:`.database.Database`.

    The URL has libpq's syntax and options; what it leaves out, the ``PG*`` variables say. A statement is prepared when
    a connection has seen it PREPARED_AFTER times, and goes with its connection: after a restart all are new.
    """

    inline = False
    copy_name = "jettison.dump"

    def __init__(self, url: str, clock: Callable[[], int] | None = None, connections: int = 16) -> None:
        given = _options(url)
        self._url = url
        self._clock = clock
        self._is_gone = False
        self.pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            open=False,
            check=self._check,
            configure=_configure,
            # After that, the next request has it try again at once; left to itself it would wait for minutes.
            reconnect_timeout=RECONNECT_SECONDS,
            kwargs={
                **{name: value for name, value in DEFAULTS.items() if name not in given},
                "autocommit": True,
                "prepare_threshold": PREPARED_AFTER,
            },
        )
        try:
            self.pool.open(wait=True, timeout=10)
        except PoolTimeout as error:
            self.pool.close()
            raise Unavailable(
                "the database of jettison.database.url does not answer: is PostgreSQL running, and are host, port, "
                "user and password right?"
            ) from error

    def read(self, work: Callable[[Transaction], T], *, snapshot: bool = False) -> T:
        with self._connection() as connection:
            if not snapshot:
                return work(PostgresTransaction(connection, self._clock))
            connection.execute("begin isolation level repeatable read read only")
            try:
                result = work(PostgresTransaction(connection, self._clock))
                connection.execute("commit")
            except BaseException:
                _rollback(connection)
                raise
            return result

    def write(self, work: Callable[[Transaction], T], lock: Lock = NO_LOCK, *, durable: bool = True) -> T:
        for attempt in range(ATTEMPTS):
            try:
                return self._once(work, lock)
            except LOST_RACES as error:
                if attempt == ATTEMPTS - 1:
                    raise Unavailable("this write kept losing to others at the same rows; try again") from error
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - losers only have to differ
        raise AssertionError("unreachable: the last attempt returns or raises")

    def problems(self, *, thorough: bool) -> list[str]:
        """None: PostgreSQL checks what it reads, and has amcheck and data checksums for the rest."""
        self.read(lambda tx: tx.one("select 1"))
        return []

    def copy(self, file: Path, look: Callable[[Transaction], T]) -> T:
        def work(tx: Transaction) -> T:
            exported = tx.one("select pg_export_snapshot()")
            assert exported is not None
            dump(self._url, exported[0], file)
            return look(tx)

        return self.read(work, snapshot=True)

    def close(self) -> None:
        self.pool.close()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection that works, as far as is known. Raises Unavailable."""
        try:
            with _errors(), self.pool.connection(GONE_PATIENCE if self._is_gone else PATIENCE) as connection:
                yield connection
        except Unavailable:
            self._is_gone = True
            raise
        self._is_gone = False

    def _check(self, connection: Connection) -> None:
        """Raise OperationalError where the connection is found closed, and have all others looked at then.

        The server says nothing by itself on a connection that nobody uses, but that it closes it.
        """
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        if poll.poll(0):
            try:
                connection.execute("")
            except psycopg.OperationalError:
                self.pool.check()
                raise

    def _once(self, work: Callable[[Transaction], T], lock: Lock) -> T:
        with self._connection() as connection:
            connection.execute("begin")
            try:
                _hold(connection, lock)
                result = work(PostgresTransaction(connection, self._clock))
                connection.execute("commit")
            except BaseException:
                _rollback(connection)
                raise
            return result


def _options(url: str) -> dict[str, Any]:
    """The options of a URL. Raises Unavailable."""
    try:
        return conninfo_to_dict(url)
    except psycopg.Error:
        # What is wrong may be in the password, so it is not repeated.
        raise Unavailable(
            "jettison.database.url is no URL of libpq's: write what is not a letter or a digit in its user and password"
            " as % and two digits, and look at the options after its question mark"
        ) from None


def _configure(connection: Connection) -> None:
    # Statements here take milliseconds, and compiling one whose cost is guessed too high takes hundreds.
    connection.execute("set jit = off")


def _rollback(connection: Connection) -> None:
    if not connection.closed and not connection.broken:
        connection.execute("rollback")


def _hold(connection: Connection, lock: Lock) -> None:
    """Take the advisory locks in sorted order: they neither starve the deleter nor slow pushers as a row lock does."""
    mode = "pg_advisory_xact_lock" if lock.exclusive else "pg_advisory_xact_lock_shared"
    for name in lock.names:
        connection.execute(f"select {mode}(%s)", (advisory_key(name),))


def advisory_key(name: str) -> int:
    """The 64-bit key of a name's lock. Two names that share one only wait for each other."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8, person=b"jettison").digest(), "big", signed=True)


@contextmanager
def _errors() -> Iterator[None]:
    """A database that has gone away, in the registry's words."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("the database is busy or gone; try again") from error
    except (errors.UndefinedTable, errors.UndefinedColumn) as error:
        # Replicas of the newer version answer instead, and this one is about to notice and to end.
        raise Unavailable(
            f"the database lacks what a newer version may have taken away: {_first_line(error)}"
        ) from error
    except errors.OperatorIntervention as error:
        # Not its subclasses, which are shutdowns: this one is raised by our own trigger while a registry moves.
        raise Unavailable(_first_line(error)) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        if isinstance(error, LOST_RACES):
            raise
        raise Unavailable(f"the database does not answer: {_first_line(error)}") from error


def _first_line(error: Exception) -> Any:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
