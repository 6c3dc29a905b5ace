"""A simulated registry in PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import psycopg

from benchmarks.million.cluster import Cluster
from benchmarks.million.filling import Filling
from benchmarks.million.memory import forget
from benchmarks.million.size import Size
from jettison.metadata.database import Database
from jettison.metadata.migrate import migrate
from jettison.metadata.postgres import PostgresDatabase

SERVING = {"shared_buffers": "2GB", "effective_cache_size": "8GB", "max_connections": "50"}
FILLING = {
    **SERVING,
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "maintenance_work_mem": "1GB",
    "work_mem": "256MB",
}
_SEQUENCES = """select table_name, column_name from information_schema.columns
                where table_schema = 'public' and is_identity = 'YES'"""
_KEYS = """select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
           where connamespace = 'public'::regnamespace and contype in ('p', 'u', 'f')
           order by case contype when 'f' then 1 else 0 end, 1, 2"""
_INDEXES = """select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index i
              join pg_class c on c.oid = i.indexrelid where c.relnamespace = 'public'::regnamespace
              and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid) order by 1"""


class Postgres:
    """PostgreSQL, each registry in a database of its own of one cluster below ``folder``."""

    name = "PostgreSQL"
    setup = f"shared_buffers={SERVING['shared_buffers']}, everything else as it comes"

    def __init__(self, folder: Path) -> None:
        self._cluster = Cluster(folder / "postgres")
        self.version = self._cluster.version
        self._serves = False
        self._cluster.start(FILLING)

    def fill(self, size: Size, note: Callable[[str], None]) -> int:
        """Make a registry of that size; how many rows it has."""
        with psycopg.connect(self._cluster.url(), autocommit=True) as connection:
            connection.execute(f"create database {_name(size)}".encode())
        return fill(self._cluster.url(_name(size)), size, note)

    def open(self, size: Size) -> Database:
        """The registry of that size; the first time, with nothing of any in memory. Nothing can be filled after."""
        if not self._serves:
            self._cluster.stop()
            forget(self._cluster.folder)
            self._cluster.start(SERVING)
            self._serves = True
        return PostgresDatabase(self._cluster.url(_name(size)), connections=4)

    def bytes(self, size: Size) -> int:
        """What it takes on the disk."""
        with psycopg.connect(self._cluster.url()) as connection:
            found = connection.execute("select pg_database_size(%s)", (_name(size),)).fetchone()
        assert found is not None
        taken: int = found[0]
        return taken

    def close(self) -> None:
        """Stop it, and delete its files."""
        self._cluster.remove()


def fill(url: str, size: Size, note: Callable[[str], None]) -> int:
    """Make a registry of that size in an empty database; how many rows it has."""
    with closing(PostgresDatabase(url, connections=1)) as made:
        migrate(made, "postgres")
    filling = Filling(size, _Words(), time.time_ns() // 1000)
    with psycopg.connect(url, autocommit=True) as connection:
        keys, indexes = connection.execute(_KEYS).fetchall(), connection.execute(_INDEXES).fetchall()
        _run(connection, (f"alter table {table} drop constraint {name}" for table, name, _ in reversed(keys)))
        _run(connection, (f"drop index {name}" for name, _ in indexes))
        for title, statements in filling.stages():
            note(title)
            _run(connection, statements)
        for table, name, definition in keys:
            note(f"key {name}")
            _run(connection, [f"alter table {table} add constraint {name} {definition}"])
        for name, definition in indexes:
            note(f"index {name}")
            _run(connection, [definition])
        for table, column in connection.execute(_SEQUENCES).fetchall():
            last = f"(select max({column}) from {table})"
            _run(connection, [f"select setval(pg_get_serial_sequence('{table}', '{column}'), coalesce({last}, 1))"])
        note("statistics")
        _run(connection, ["vacuum (analyze, freeze)", "checkpoint"])
    return filling.rows


def _name(size: Size) -> str:
    return f"jettison_{size.repositories}"


def _run(connection: psycopg.Connection[tuple[object, ...]], statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement.encode())


class _Words:
    def numbers(self, first: int, last: int) -> str:
        return f"generate_series({first}::bigint, {last}::bigint) as n(i)"

    def utf8(self, text: str) -> str:
        return f"convert_to({text}, 'UTF8')"

    def packed(self, content: str) -> str:
        return f"('\\x01'::bytea || sha256({content}))"

    def hex(self, content: str) -> str:
        return f"encode({content}, 'hex')"
