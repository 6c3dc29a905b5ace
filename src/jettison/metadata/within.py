"""A database that is one open transaction of another: what is done to it is committed or rolled back as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from jettison.metadata.database import NO_LOCK, Lock, Transaction

T = TypeVar("T")


class Within:
    """Runs all reads and writes in ``tx``, see :class:`.database.Database`; whoever opened ``tx`` ends it.

    Locks by name are those that ``tx`` was begun with: none is taken here. ``heed`` is called before each write, and
    stops it by raising.
    """

    inline = False
    copy_name = ""

    def __init__(self, tx: Transaction, heed: Callable[[], None] = lambda: None) -> None:
        self._tx = tx
        self._heed = heed

    def read(self, work: Callable[[Transaction], T], *, snapshot: bool = False) -> T:
        return work(self._tx)

    def write(self, work: Callable[[Transaction], T], lock: Lock = NO_LOCK, *, durable: bool = True) -> T:
        self._heed()
        return work(self._tx)

    def problems(self, *, thorough: bool) -> NoReturn:
        raise NotImplementedError("a transaction is not checked: ask its database")

    def copy(self, file: Path, look: Callable[[Transaction], T]) -> NoReturn:
        raise NotImplementedError("a transaction is not copied: ask its database")

    def close(self) -> None:
        """Nothing to close: the transaction is not ours."""
