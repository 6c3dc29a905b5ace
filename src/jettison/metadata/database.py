"""What the two databases have in common: transactions, locks by repository name, and one dialect of SQL for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")
Row = tuple[Any, ...]


class Transaction(Protocol):
    """One transaction. Parameters are written ``:name``; a list is written ``in :name`` (never ``in (:name)``).

    Row locks (``for key share``, ``for update skip locked``) stand at the end of a statement: SQLite, which has one
    writer, leaves them out.
    """

    @property
    def now(self) -> int:
        """The database's time in microseconds since 1970: replicas' own clocks differ, and rows are compared by it."""

    def all(self, sql: str, **values: object) -> list[Row]:
        """Every row, read to its end: a cursor left open would keep an old snapshot alive."""

    def one(self, sql: str, **values: object) -> Row | None:
        """The first row, or None."""

    def run(self, sql: str, **values: object) -> int:
        """Execute, and return the number of rows changed."""

    def many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Execute once for each mapping of values."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What a write holds while it runs: repository names, shared (a push) or exclusive (a deletion, restore, purge).

    Liveness is checked after the lock is held, so what was checked stays true until the commit.
    """

    names: tuple[str, ...] = ()
    exclusive: bool = False

    @classmethod
    def shared(cls, *names: str) -> Lock:
        """For pushes: they may meet each other, and no deletion of these names."""
        return cls(tuple(sorted(set(names))))

    @classmethod
    def alone(cls, *names: str) -> Lock:
        """For deletions: they meet neither a push nor another deletion of these names. Taken in sorted order."""
        return cls(tuple(sorted(set(names))), exclusive=True)


NO_LOCK = Lock()

FORGOTTEN = ("upload", "lease", "attempt", "rate", "session", "setup_code", "signing_key")
"""Tables that a copy has empty: uploads whose bytes are not among those that are stored, who does what now, and who is
signed in, since a copy must not bring back what was revoked."""


class Database(Protocol):
    """Where the rows live. ``inline`` says whether a read is short enough to run on the event loop itself."""

    inline: bool

    def read(self, work: Callable[[Transaction], T], *, snapshot: bool = False) -> T:
        """Run ``work``, which only reads; with ``snapshot`` its statements see one moment. Raises Unavailable."""

    def write(self, work: Callable[[Transaction], T], lock: Lock = NO_LOCK, *, durable: bool = True) -> T:
        """Run ``work`` in one transaction and commit it; what it raises rolls it back.

        ``work`` may run several times (a deadlock or a lost race is retried a bounded number of times), so it must
        change nothing but rows. With ``durable=False`` power loss may take the commit back, a crash of the process
        may not. Raises Unavailable.
        """

    def close(self) -> None:
        """Close every connection; nothing may run any more."""


@runtime_checkable
class AtRest(Protocol):
    """What a database can be asked as a whole, beside its transactions. ``copy_name`` is a copy's name in a backup."""

    copy_name: str

    def problems(self, *, thorough: bool) -> list[str]:
        """What the database itself finds wrong with what it keeps; ``thorough`` looks at all. Raises Unavailable."""

    def copy(self, file: Path, look: Callable[[Transaction], T]) -> T:
        """Write a copy of this moment durably to ``file``, which must not exist; ``look`` reads what was copied.

        The copy has none of FORGOTTEN. Nobody waits for it. Raises Unavailable, and OSError for a full disk.
        """


def at_rest(database: Database) -> AtRest:
    """The database as a whole; one that is part of another has no whole to be asked (TypeError)."""
    if not isinstance(database, AtRest):
        raise TypeError(f"{type(database).__name__} cannot be copied or checked as a whole")
    return database
