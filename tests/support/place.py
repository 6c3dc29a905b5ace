"""Where a test's registry lives: a folder and a database that can be opened again, as another process does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.store import Blobs
from jettison.metadata.database import Database
from jettison.metadata.migrate import migrate
from jettison.metadata.postgres import PostgresDatabase
from jettison.metadata.sqlite import SQLiteDatabase
from jettison.registry.pull_log import PullLog
from jettison.registry.registry import Registry, Rules
from tests.support.clock import Clock
from tests.support.postgres import PostgresCluster

MEMORY = Path("/dev/shm")  # noqa: S108 - a test's own folder is made in it
"""A filesystem in memory, where there is one: these tests are not about what a disk keeps."""


class Place:
    """One registry's folder and database (SQLite in the folder unless ``url`` names a PostgreSQL one).

    Each opening is like another process: it shares nothing in memory with those before. ``close`` closes them all.
    """

    def __init__(self, folder: Path, url: str | None, clock: Callable[[], int]) -> None:
        self.folder = folder
        self.url = url
        self._clock = clock
        self._opened = ExitStack()

    @property
    def dialect(self) -> str:
        """The word by which :func:`migrate` knows the database."""
        return "sqlite" if self.url is None else "postgres"

    @property
    def uploads(self) -> list[str]:
        """The names of the files of uploads that are there."""
        return sorted(file.name for file in (self.folder / "uploads").iterdir())

    @property
    def parts(self) -> list[str]:
        """The keys of blobs whose parts are there, in storage that takes some in parts."""
        return []

    @property
    def blobs(self) -> list[Path]:
        """The files of blobs that are there."""
        return sorted(file for file in (self.folder / "blobs").rglob("*") if file.is_file())

    def open_database(self, *, migrated: bool = True) -> Database:
        """The database, with this version's schema."""
        database: Database
        if self.url is None:
            database = SQLiteDatabase(self.folder / "jettison.db", self._clock)
        else:
            database = PostgresDatabase(self.url, self._clock, connections=8)
        self._opened.callback(database.close)
        if migrated:
            migrate(database, self.dialect)
        return database

    def open_registry(self, database: Database | None = None, /, **rules: Any) -> Registry:
        """The registry, with these rules."""
        blobs = self.open_blobs()
        self._opened.callback(blobs.close)
        return Registry(database or self.open_database(), blobs, Rules(**rules), PullLog(self._seconds))

    def open_blobs(self) -> Blobs:
        """Where its bytes are."""
        return FilesystemBlobs(self.folder)

    def close(self) -> None:
        """Close all that was opened."""
        self._opened.close()

    def _seconds(self) -> float:
        return self._clock() / 1_000_000


@pytest.fixture(scope="session")
def shared_url(postgres: PostgresCluster) -> str:
    """The URL of a PostgreSQL database that many tests share, one after another: making one takes its time."""
    return postgres.create_database()


@pytest.fixture(
    params=[
        pytest.param("sqlite", id="sqlite"),
        pytest.param("postgres", id="postgres", marks=pytest.mark.needs("postgresql")),
    ]
)
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Runs the test on each database: None is SQLite in the place's folder, else a PostgreSQL one without any rows."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("shared_url")
    empty(url)
    return url


def empty(url: str) -> None:
    """Delete the rows that the test before has left, keys or not."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = 'public' and tablename <> 'schema_version'"
        ).fetchall()
        statements = ["set session_replication_role = replica", *(f"delete from {table}" for (table,) in tables)]
        connection.execute("; ".join(statements).encode())


@pytest.fixture
def clock() -> Clock:
    """The time of the test's databases."""
    return Clock()


@pytest.fixture
def place(database_url: str | None, clock: Clock) -> Iterator[Place]:
    """Where the test's registry lives; on SQLite and on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="jettison-test-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        place = Place(Path(folder), database_url, clock)
        try:
            yield place
        finally:
            place.close()


@pytest.fixture
def database(place: Place) -> Database:
    """An empty database with this version's schema."""
    return place.open_database()


@pytest.fixture
def registry(place: Place, database: Database) -> Registry:
    """An empty registry with the default rules."""
    return place.open_registry(database)
