from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import psycopg
import pytest

from jettison.metadata import migrate as module
from jettison.metadata.database import Database
from jettison.metadata.migrate import NewerSchema, migrate, migrations, version
from tests.support.clock import Clock
from tests.support.place import MEMORY, Place

NEWEST = max(migrations())


@pytest.fixture(params=[pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.needs("postgresql"))])
def place(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Place]:
    """A database in which there is nothing, not even a schema."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with tempfile.TemporaryDirectory(prefix="jettison-test-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        place = Place(Path(folder), url, clock)
        yield place
        place.close()


@pytest.fixture
def empty(place: Place) -> Database:
    """The database, not yet migrated."""
    return place.open_database(migrated=False)


def schema_of(database: Database, place: Place) -> dict[str, list[str]]:
    """The columns of each table, sorted."""
    if place.dialect == "sqlite":
        sql = """select t.name, c.name from sqlite_schema t join pragma_table_info(t.name) c
                 where t.type = 'table' and t.name not like 'sqlite_%' order by 1, 2"""
    else:
        sql = """select table_name::text, column_name::text from information_schema.columns
                 where table_schema = 'public' order by 1, 2"""
    found: dict[str, list[str]] = {}
    for table, column in database.read(lambda tx: tx.all(sql)):
        found.setdefault(table, []).append(column)
    return {table: sorted(columns) for table, columns in sorted(found.items())}


def ledger(database: Database) -> list[tuple[object, ...]]:
    """Which migrations were applied, and when."""
    return database.read(lambda tx: tx.all("select version, applied_at from schema_version order by version"))


def test_migrations_are_numbered_without_gaps() -> None:
    """From 1 on, in order."""
    assert list(migrations()) == list(range(1, NEWEST + 1))


def test_an_empty_database_gets_the_newest_schema(empty: Database, place: Place, clock: Clock) -> None:
    """Each step is in the ledger with its time."""
    assert migrate(empty, place.dialect) == NEWEST
    assert empty.read(version) == NEWEST
    assert ledger(empty) == [(number, clock.now) for number in migrations()]
    assert {"repository", "manifest", "tag", "blob", "upload", "deletion"} <= schema_of(empty, place).keys()


def test_migrating_again_changes_nothing(empty: Database, place: Place, clock: Clock) -> None:
    """Every start does it."""
    migrate(empty, place.dialect)
    before = schema_of(empty, place), ledger(empty)
    clock.advance(60)
    assert migrate(empty, place.dialect) == NEWEST
    assert migrate(place.open_database(migrated=False), place.dialect) == NEWEST
    assert (schema_of(empty, place), ledger(empty)) == before


def test_several_processes_that_start_at_once_migrate_once(place: Place) -> None:
    """Replicas that are started together."""
    databases = [place.open_database(migrated=False) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda database: migrate(database, place.dialect), databases)) == [NEWEST] * 4
    assert [row[0] for row in ledger(databases[0])] == list(migrations())


def test_a_step_that_fails_leaves_nothing_of_itself(
    empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those before it stay; once it is mended, the next start goes on there."""
    good = "create table first (id {serial}); create table more (id {serial});"
    bad = "create table second (id {serial}); create table third (id no such type, (;"
    monkeypatch.setattr(module, "migrations", lambda: {1: good, 2: bad})
    with pytest.raises((apsw.Error, psycopg.Error)):
        migrate(empty, place.dialect)
    assert schema_of(empty, place).keys() == {"first", "more", "schema_version"}
    assert empty.read(version) == 1

    monkeypatch.setattr(module, "migrations", lambda: {1: good, 2: "create table second (id {serial});"})
    assert migrate(empty, place.dialect) == 2
    assert schema_of(empty, place).keys() == {"first", "more", "second", "schema_version"}


def test_a_newer_schema_is_refused_and_left_alone(empty: Database, place: Place) -> None:
    """The message says which schema there is, which this program knows, and what to do."""
    migrate(empty, place.dialect)
    empty.write(lambda tx: tx.run("insert into schema_version (version, applied_at) values (999, 1)"))
    before = schema_of(empty, place), ledger(empty)

    with pytest.raises(NewerSchema, match=f"schema 999 .* up to {NEWEST}: start the newer Jettison"):
        migrate(empty, place.dialect)

    assert (schema_of(empty, place), ledger(empty)) == before


def test_comments_are_no_statements(empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in them, semicolons too."""
    text = "-- a note; with a semicolon\ncreate table first (\n    id {serial} -- one; two\n);\n-- the end"
    monkeypatch.setattr(module, "migrations", lambda: {1: text})
    assert migrate(empty, place.dialect) == 1
    assert "first" in schema_of(empty, place)


@pytest.mark.needs("postgresql")
def test_both_databases_have_the_same_tables(postgres_url: str, tmp_path: Path, clock: Clock) -> None:
    """And the same columns in them."""
    found = []
    for url in (None, postgres_url):
        place = Place(tmp_path, url, clock)
        found.append(schema_of(place.open_database(), place))
        place.close()
    assert found[0] == found[1]
