"""A database to try things on, with all that another one has at this moment."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jettison.metadata.database import Database, Transaction


@contextmanager
def sandbox(database: Database) -> Iterator[Database]:
    """Where a long transaction that is rolled back keeps as few waiting as can be.

    That is a copy of an SQLite database, in the folder for temporary files, with its time standing still: whoever
    writes to SQLite keeps all others from writing, and making a copy keeps nobody. It is PostgreSQL itself, where only
    who needs the same rows waits. Raises Unavailable.
    """
    from jettison.metadata.sqlite import SQLiteDatabase  # noqa: PLC0415 - as everywhere: the driver that is used

    if not isinstance(database, SQLiteDatabase):
        yield database
        return
    with tempfile.TemporaryDirectory(prefix="jettison-") as folder:
        file = Path(folder) / "copy.db"
        now = database.read(lambda tx: _copy(tx, file))
        copy = SQLiteDatabase(file, clock=lambda: now)
        try:
            yield copy
        finally:
            copy.close()


def _copy(tx: Transaction, file: Path) -> int:
    tx.run("vacuum into :file", file=str(file))
    return tx.now
