"""Where a test's registry lives: a folder and a database that can be opened again, as another process does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.metadata.database import Database
from jettison.metadata.migrate import migrate
from jettison.metadata.postgres import PostgresDatabase
from jettison.metadata.sqlite import SQLiteDatabase
from jettison.registry.registry import Registry, Rules
from tests.support.clock import Clock

MEMORY = Path("/dev/shm")  # noqa: S108 - a test's own folder is made in it
"""A filesystem in memory, where there is one: these tests are not about what a disk keeps."""


class Place:
    """One registry's folder and database (SQLite in the folder unless ``url`` names a PostgreSQL one).

    Each opening is like another process: it shares nothing in memory with those before. ``close`` closes them all.
    """

    def __init__(self, folder: Path, url: str | None, clock: Callable[[], int] | None) -> None:
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
    def blobs(self) -> list[Path]:
        """The files of blobs that are there."""
        return sorted(file for file in (self.folder / "blobs").rglob("*") if file.is_file())

    def open_database(self, *, migrated: bool = True) -> Database:
        """The database, with this version's schema."""
        database: Database
        if self.url is None:
            database = SQLiteDatabase(self.folder / "jettison.db", **self._time())
        else:
            database = PostgresDatabase(self.url, **self._time(), connections=8)
        self._opened.callback(database.close)
        if migrated:
            migrate(database, self.dialect)
        return database

    def open_registry(self, database: Database | None = None, **rules: Any) -> Registry:
        """The registry, with these rules."""
        blobs = FilesystemBlobs(self.folder)
        self._opened.callback(blobs.close)
        return Registry(database or self.open_database(), blobs, Rules(**rules))

    def close(self) -> None:
        """Close all that was opened."""
        self._opened.close()

    def _time(self) -> dict[str, Any]:
        return {} if self._clock is None else {"clock": self._clock}


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
