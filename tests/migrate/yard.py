"""Registries of every kind for a test: any of the two databases, any of the two kinds of storage."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.s3 import S3Blobs
from jettison.blobs.store import Blobs
from jettison.metadata.database import Database
from jettison.metadata.migrate import migrate
from jettison.metadata.postgres import PostgresDatabase
from jettison.metadata.sqlite import SQLiteDatabase
from jettison.migrate.move import End
from jettison.registry.registry import Registry, Rules
from tests.support.place import MEMORY

PARTS = {"sqlite": (), "postgres": ("postgresql",), "folder": (), "s3": ("s3",)}
KINDS = [("sqlite", "folder"), ("postgres", "folder"), ("postgres", "s3")]


class Yard:
    """Makes registries of each kind, and opens them again as another process would."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._numbers = itertools.count(1)
        self._opened = ExitStack()
        self._made = ExitStack()

    def make(self, database: str, storage: str, folder: Path | None = None) -> Callable[[], End]:
        """Something that opens an empty registry of this kind."""
        number = next(self._numbers)
        root = folder or self._folder / f"data-{number}"
        root.mkdir(exist_ok=True)
        url = self._database(database)
        blobs = self._storage(storage, root)

        def opened() -> End:
            opened = self._database_of(url, root)
            return End(Registry(opened, self._open(blobs()), Rules()), f"{database} and {storage} {number}")

        return opened

    def folder(self, number: int) -> Path:
        """The data folder of the registry that was made as such."""
        return self._folder / f"data-{number}"

    def close(self) -> None:
        """Close and drop all."""
        self._opened.close()
        self._made.close()

    def _open(self, blobs: Blobs) -> Blobs:
        self._opened.callback(blobs.close)
        return blobs

    def _database(self, kind: str) -> str | None:
        if kind == "sqlite":
            return None
        cluster = self._request.getfixturevalue("postgres")
        url: str = cluster.create_database()
        self._made.callback(cluster.drop_database, url)
        return url

    def _database_of(self, url: str | None, root: Path) -> Database:
        database: Database
        if url is None:
            database = SQLiteDatabase(root / "jettison.db")
        else:
            database = PostgresDatabase(url, connections=8)
        self._opened.callback(database.close)
        migrate(database, "sqlite" if url is None else "postgres")
        return database

    def _storage(self, kind: str, root: Path) -> Callable[[], Blobs]:
        if kind == "folder":
            return lambda: FilesystemBlobs(root)
        bucket = self._request.getfixturevalue("s3_engine").bucket()
        return lambda: S3Blobs(bucket)


@pytest.fixture
def yard(request: pytest.FixtureRequest) -> Iterator[Yard]:
    """Where registries of this test are."""
    with tempfile.TemporaryDirectory(prefix="jettison-move-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yard = Yard(request, Path(folder))
        try:
            yield yard
        finally:
            yard.close()
