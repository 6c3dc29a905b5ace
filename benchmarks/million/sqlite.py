"""A simulated registry in SQLite."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import apsw

from benchmarks.million.filling import Filling
from benchmarks.million.memory import forget
from benchmarks.million.size import Size
from jettison.metadata.database import Database
from jettison.metadata.migrate import migrate
from jettison.metadata.sqlite import SQLiteDatabase

CACHE_KIB = 2 * 1024 * 1024
"""Of the connection that fills; the registry's own has what it always has."""


class SQLite:
    """SQLite, each registry in a file of its own below ``folder``."""

    name = "SQLite"
    version = apsw.sqlite_lib_version()
    setup = "as Jettison opens it: WAL, synchronous=full, 4 MiB of cache for each connection"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, size: Size, note: Callable[[str], None]) -> int:
        """Make a registry of that size; how many rows it has."""
        path = self.path(size)
        path.parent.mkdir(parents=True)
        with closing(SQLiteDatabase(path)) as made:
            migrate(made, "sqlite")
        filling = Filling(size, _Words(), time.time_ns() // 1000)
        with closing(apsw.Connection(str(path))) as connection:
            for pragma in ("journal_mode = off", "synchronous = off", "temp_store = file", "threads = 2"):
                connection.execute(f"pragma {pragma}")
            connection.execute(f"pragma cache_size = -{CACHE_KIB}")
            connection.create_scalar_function("packed", cast("Any", _packed), 1, deterministic=True)
            indexes = connection.execute(
                "select name, sql from sqlite_master where type = 'index' and sql is not null"
            ).fetchall()
            for name, _ in indexes:
                connection.execute(f"drop index {name}")
            for title, statements in filling.stages():
                note(title)
                connection.execute("begin")
                for statement in statements:
                    connection.execute(statement)
                connection.execute("commit")
            for name, definition in indexes:
                note(f"index {name}")
                connection.execute(str(definition))
            connection.execute("pragma journal_mode = wal")
        return filling.rows

    def open(self, size: Size) -> Database:
        """The registry of that size, with nothing of it in memory."""
        forget(self.path(size).parent)
        return SQLiteDatabase(self.path(size))

    def bytes(self, size: Size) -> int:
        """What it takes on the disk."""
        return sum(file.stat().st_size for file in self.path(size).parent.glob("jettison.db*"))

    def close(self) -> None:
        """Nothing runs."""

    def path(self, size: Size) -> Path:
        """Its file."""
        return self._folder / f"sqlite-{size.repositories}" / "jettison.db"


class _Words:
    def numbers(self, first: int, last: int) -> str:
        return (
            f"(with recursive c(i) as (select {first} union all select i + 1 from c where i < {last}) "
            "select i from c) as n"
        )

    def utf8(self, text: str) -> str:
        return f"cast({text} as blob)"

    def packed(self, content: str) -> str:
        return f"packed({content})"

    def hex(self, content: str) -> str:
        return f"lower(hex({content}))"


def _packed(content: Any) -> bytes:
    return b"\x01" + hashlib.sha256(content).digest()
