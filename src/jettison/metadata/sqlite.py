"""The embedded database: SQLite through apsw, many readers and one writer, in one file beside the blobs."""

from __future__ import annotations

import os
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import apsw

from jettison.metadata.database import FORGOTTEN, NO_LOCK, Lock, Row, Transaction
from jettison.metadata.dialect import for_sqlite
from jettison.metadata.files import FileLock, OpenedFile
from jettison.metadata.freezing import REFUSAL
from jettison.metadata.reserve import Reserve
from jettison.metadata.turns import Ticket, Turns
from jettison.oci.errors import DiskFull, Unavailable

T = TypeVar("T")
PATIENCE = 10.0
"""Seconds that a statement waits for another process (an admin command beside the server)."""

LOCKED_PATIENCE = 0.2
"""The same for a write once another has waited in vain: requests that pile up would keep everyone else waiting."""

# An empty array has no type to give carray; no column holds an empty blob, so this list matches nothing.
_NOTHING = apsw.carray((b"",))
LOCKED = (apsw.BusyError, apsw.LockedError, BlockingIOError)
DAMAGED = (apsw.CorruptError, apsw.NotADBError)
"""What SQLite raises for a file that is not as it wrote it."""

_DANGLING = 'select "table", rowid, parent from pragma_foreign_key_check limit 100'


def system_time() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


class SQLiteTransaction:
    """A transaction on one connection; see :class:`.database.Transaction`."""

    def __init__(self, connection: apsw.Connection, clock: Callable[[], int]) -> None:
        self._connection = connection
        self._clock = clock
        self._now: int | None = None

    @property
    def now(self) -> int:
        if self._now is None:
            self._now = self._clock()
        return self._now

    def all(self, sql: str, **values: object) -> list[Row]:
        return self._connection.execute(for_sqlite(sql), _bound(values)).fetchall()

    def one(self, sql: str, **values: object) -> Row | None:
        rows = self._connection.execute(for_sqlite(sql), _bound(values)).fetchall()
        return rows[0] if rows else None

    def run(self, sql: str, **values: object) -> int:
        before = self._connection.total_changes()
        self._connection.execute(for_sqlite(sql), _bound(values)).fetchall()
        return self._connection.total_changes() - before

    def many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        self._connection.executemany(for_sqlite(sql), (_bound(row) for row in rows)).fetchall()


def _bound(values: Mapping[str, object]) -> Mapping[str, Any]:
    if list not in map(type, values.values()):
        return values
    return {name: _array(value) if isinstance(value, list) else value for name, value in values.items()}


def _array(values: list[Any]) -> Any:
    if not values:
        return _NOTHING
    return apsw.carray(array("q", values) if isinstance(values[0], int) else tuple(values))


class SQLiteDatabase:
    """One file; see :class:`.database.Database`. Reads run on a connection of the calling thread.

    With ``reserve`` it keeps some space beside the file, so that a full disk keeps nobody from deleting.
    """

    inline = True

    def __init__(self, path: Path, clock: Callable[[], int] = system_time, *, reserve: bool = False) -> None:
        self.path = path
        self.copy_name = path.name
        self._clock = clock
        self._threads = threading.local()
        self._opened: list[apsw.Connection] = []
        self._opening = threading.Lock()
        self._turns = Turns(self._commit)
        self._fair = FileLock(path.with_name(f"{path.name}-turns"))
        self._reserve = Reserve(path.with_name(f"{path.name}-reserve"))
        self._file, self._log = OpenedFile(path), OpenedFile(path.with_name(f"{path.name}-wal"))
        self._writer = self._open_writer()
        self._file.check()
        self._durable = True
        self._patience = PATIENCE
        self._keeps_reserve = reserve

    def read(self, work: Callable[[Transaction], T], *, snapshot: bool = False) -> T:
        connection: apsw.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = self._threads.connection = self._connect()
        transaction = SQLiteTransaction(connection, self._clock)
        try:
            if not snapshot:
                return work(transaction)
            connection.execute("begin")
            try:
                return work(transaction)
            finally:
                connection.execute("commit")
        except apsw.Error as error:
            _explain(error)
            raise

    def write(self, work: Callable[[Transaction], T], lock: Lock = NO_LOCK, *, durable: bool = True) -> T:
        # BEGIN IMMEDIATE already keeps every other writer out, so `lock` asks for nothing more.
        result: T = self._turns.take(Ticket(work, durable))
        return result

    def problems(self, *, thorough: bool) -> list[str]:
        def work(tx: Transaction) -> list[str]:
            looked = tx.all(f"pragma {'integrity_check' if thorough else 'quick_check'}")
            found = [str(row[0]) for row in looked if row[0] != "ok"]
            return found or [f"a row of {row[0]} needs one of {row[2]} that is gone" for row in tx.all(_DANGLING)]

        try:
            return self.read(work)
        except Unavailable as error:
            if isinstance(error.__cause__, DAMAGED):
                return [str(error.__cause__)]
            raise

    def copy(self, file: Path, look: Callable[[Transaction], T]) -> T:
        try:
            with closing(self._connect_to(self.path)) as source, closing(apsw.Connection(str(file))) as copy:
                copy.pragma("synchronous", "off")
                # All at once: a copy in steps begins anew whenever another process writes. In WAL nobody waits for it.
                with copy.backup("main", source, "main") as backup:
                    backup.step(-1)
                copy.pragma("journal_mode", "delete")
                for table in FORGOTTEN:
                    copy.execute(f"delete from {table}")
                transaction = SQLiteTransaction(copy, self._clock)
                damage = transaction.all("pragma integrity_check")
                if damage != [("ok",)]:
                    raise Unavailable(f"the copied database is damaged, and so may be the database: {damage[0][0]}")
                result = look(transaction)
        except apsw.FullError as error:
            raise Unavailable(f"{file} cannot be written: the disk is full; free some space and try again") from error
        except apsw.Error as error:
            _explain(error)
            raise
        with file.open("rb") as written:
            os.fsync(written.fileno())
        return result

    def close(self) -> None:
        with self._opening:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._fair.close()

    def _open_writer(self) -> apsw.Connection:
        try:
            return self._begin_log()
        except Unavailable:
            # On a full disk there may be no room for what SQLite keeps beside its file.
            if not self._reserve.release():
                raise
            return self._begin_log()

    def _begin_log(self) -> apsw.Connection:
        connection = self._connect()
        try:
            connection.pragma("journal_mode", "wal")
        except apsw.Error as error:
            _explain(error)
            raise
        return connection

    def _connect(self) -> apsw.Connection:
        connection = self._connect_to(self.path)
        with self._opening:
            self._opened.append(connection)
        return connection

    @staticmethod
    def _connect_to(path: Path) -> apsw.Connection:
        try:
            connection = apsw.Connection(str(path), statementcachesize=200)
            connection.set_busy_timeout(round(1000 * PATIENCE))
            # Otherwise the planner looks at the values bound, and prepares a join anew at each execution: 20 us, not 3.
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
            connection.pragma("foreign_keys", True)
            connection.pragma("synchronous", "full")
            connection.pragma("cache_size", -4096)
            connection.pragma("temp_store", "memory")
        except apsw.Error as error:
            _explain(error)
            raise
        return connection

    def _commit(self, batch: list[Ticket]) -> None:
        """Commit all in one transaction; if it fails as a whole, each in its own, so that nobody fails for another."""
        try:
            self._together(batch)
        except Exception as error:  # noqa: BLE001 - the thread whose write it was raises it
            # One that could not begin has waited long already: nobody waits that long once more.
            locked = isinstance(error.__cause__, LOCKED)
            self._be_patient(LOCKED_PATIENCE if locked else PATIENCE)
            if isinstance(error, DiskFull) and self._reserve.release():
                self._commit(batch)
                return
            alone = len(batch) == 1 or locked
            for ticket in batch:
                if alone:
                    ticket.settle(error=error)
                else:
                    self._commit([ticket])

    def _together(self, batch: list[Ticket]) -> None:
        with self._transaction(durable=any(ticket.durable for ticket in batch)):
            outcomes = [self._apply(ticket, apart=len(batch) > 1) for ticket in batch]
        for ticket, (result, error) in zip(batch, outcomes, strict=True):
            ticket.settle(result, error)
        self._be_patient(PATIENCE)
        if self._keeps_reserve:
            self._reserve.hold()

    def _be_patient(self, seconds: float) -> None:
        if seconds != self._patience:
            self._patience = seconds
            self._writer.set_busy_timeout(round(1000 * seconds))

    def _apply(self, ticket: Ticket, *, apart: bool) -> tuple[Any, BaseException | None]:
        transaction = SQLiteTransaction(self._writer, self._clock)
        if not apart:
            return ticket.work(transaction), None
        self._writer.execute("savepoint ticket")
        try:
            result = ticket.work(transaction)
        except apsw.Error:
            raise
        except Exception as error:  # noqa: BLE001 - only this ticket fails; its own thread raises it
            self._writer.execute("rollback to ticket")
            self._writer.execute("release ticket")
            return None, error
        self._writer.execute("release ticket")
        return result, None

    @contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[None]:
        if durable != self._durable:
            self._writer.pragma("synchronous", "full" if durable else "normal")
            self._durable = durable
        with self._fair.held(self._patience):
            try:
                self._writer.execute("begin immediate")
                try:
                    self._file.check()
                    self._log.check()
                    yield
                    self._writer.execute("commit")
                finally:
                    if self._writer.in_transaction:
                        self._writer.execute("rollback")
            except apsw.Error as error:
                _explain(error)
                raise


def _explain(error: apsw.Error) -> None:
    """Raise Unavailable, in the registry's words, for what the database can't do now; return for anything else."""
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        raise Unavailable("the database is locked by another process; try again") from error
    if isinstance(error, apsw.ConstraintError) and str(error) == REFUSAL:
        raise Unavailable(REFUSAL) from error
    if isinstance(error, apsw.FullError):
        raise DiskFull("the disk that holds the database is full: free some space, or delete something") from error
    if isinstance(error, DAMAGED):
        raise Unavailable(f"the database is damaged ({error}): bring it back from a backup") from error
    if isinstance(error, (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError)):
        raise Unavailable(f"the database cannot be read or written: {error}") from error
