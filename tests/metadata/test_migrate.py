from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import psycopg
import pytest

from jettison.metadata import migrate as module
from jettison.metadata.database import Database, Transaction
from jettison.metadata.migrate import COMPATIBLE, NewerSchema, migrate, migrations, require_compatible, version
from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_IMAGE
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import deletion, pull
from jettison.registry.target import Target
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.place import MEMORY, Place
from tests.support.repository import Repository

NEWEST = max(migrations())

FIRST: dict[str, dict[str, object]] = {
    "deletion": {"id": 1, "kind": "tag", "state": "deleted", "repository": "app", "actor": "anonymous", "reason": "",
                 "deleted_at": 5, "expires_at": 10**17, "ended_at": None, "summary": "{}"},
    "repository": {"id": 1, "name": "app", "deletion": None, "listed": 1, "created_at": 5},
    "stored": {"key": "a-key", "size": 7, "damaged": 0},
    "blob": {"id": 1, "digest": Digest.of(b"content").packed, "size": 7, "key": "a-key"},
    "repository_blob": {"repository": 1, "blob": 1, "leased_until": None},
    "manifest": {"id": 1, "repository": 1, "digest": Digest.of(b"{}").packed, "media_type": OCI_IMAGE,
                 "artifact_type": None, "subject": None, "size": 2, "pushed_at": 5, "copied": 0},
    "manifest_content": {"manifest": 1, "content": b"{}"},
    "manifest_blob": {"manifest": 1, "repository": 1, "blob": 1},
    "manifest_child": {"parent": 1, "child": 1},
    "missing": {"manifest": 1, "repository": 1, "digest": Digest.of(b"missing").packed},
    "tag": {"repository": 1, "name": "v1", "manifest": 1, "created_at": 5, "updated_at": 6},
    "manifest_pulled": {"manifest": 1, "at": 7},
    "tag_pulled": {"repository": 1, "name": "v1", "at": 8},
    "upload": {"id": "an-upload", "repository": "app", "key": "b-key", "state": None, "received": 0,
               "digest_so_far": None, "writer": None, "ended": 0, "started_at": 5, "touched_at": 6},
    "candidate": {"blob": 1},
    "discarded": {"key": "c-key", "size": 3, "after": 10**17, "digest": Digest.of(b"gone").packed},
    "lease": {"name": "sweep", "holder": "somebody", "until": 9},
    "sweep": {"id": 1, "holder": "somebody", "started_at": 1, "ended_at": 2, "deletions": 3, "links": 4, "blobs": 5,
              "uploads": 6, "files": 7, "bytes": 8},
}  # fmt: skip
"""A row of each table of schema 0001, with every column of it."""


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


def become_newer(database: Database, since: int | None = None) -> None:
    """Have the database of a program of schema 999, which is served by all from ``since`` on, if it says so."""

    def work(tx: Transaction) -> None:
        tx.run("insert into schema_version (version, applied_at) values (999, 1)")
        if since is not None:
            tx.run("insert into compatible (since) values (:since)", since=since)

    database.write(work)


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


def test_whoever_waits_for_another_that_migrates_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it takes a while; then it serves, having done nothing itself. Whoever migrates says nothing."""
    monkeypatch.setattr(module, "WAITING_SECONDS", 0.05)
    holding, said = threading.Event(), threading.Event()
    first, second = place.open_database(migrated=False), place.open_database(migrated=False)
    migrate(first, place.dialect, lambda: pytest.fail("it waited for nobody"))

    def hold(_: Transaction) -> None:
        holding.set()
        assert said.wait(20)

    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(first.write, hold, module.LOCK)
        assert holding.wait(20)
        assert migrate(second, place.dialect, said.set) == NEWEST
        held.result(20)
    assert said.is_set()


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
    become_newer(empty, since=999)
    before = schema_of(empty, place), ledger(empty)

    with pytest.raises(NewerSchema, match=f"schema 999 .* up to {NEWEST}: start the newer Jettison"):
        migrate(empty, place.dialect)

    assert (schema_of(empty, place), ledger(empty)) == before


@pytest.mark.parametrize("since", [None, NEWEST], ids=["only adds", "needs this one"])
def test_a_newer_schema_that_took_nothing_away_is_served_and_left_alone(
    empty: Database, place: Place, since: int | None
) -> None:
    """A replica that is started again in the middle of an update, or whose update was taken back."""
    migrate(empty, place.dialect)
    become_newer(empty, since)
    before = schema_of(empty, place), ledger(empty)

    assert migrate(empty, place.dialect) == 999

    assert (schema_of(empty, place), ledger(empty)) == before
    require_compatible(empty)
    registry = place.open_registry(empty)
    Repository(registry).push(image(b"layer"), "v1")
    assert Repository(registry).tags() == ["v1"]


def test_a_program_of_the_version_before_serves_what_this_one_has_migrated(
    empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migrations from then on have only added; and it does not bring back what it knows."""
    migrate(empty, place.dialect)
    before = schema_of(empty, place), ledger(empty)
    known = {number: text for number, text in migrations().items() if number < COMPATIBLE}
    monkeypatch.setattr(module, "migrations", lambda: known)
    assert migrate(empty, place.dialect) == NEWEST
    assert (schema_of(empty, place), ledger(empty)) == before


def test_a_schema_that_says_nothing_of_older_programs_is_for_none_of_them(empty: Database, place: Place) -> None:
    """Better one too few than one that reads rows in its own way."""
    migrate(empty, place.dialect)
    empty.write(lambda tx: tx.run("delete from compatible"))
    require_compatible(empty)
    become_newer(empty)
    with pytest.raises(NewerSchema):
        require_compatible(empty)


@pytest.mark.parametrize("number", [number for number in migrations() if number > COMPATIBLE])
def test_a_migration_that_takes_something_away_says_so(number: int) -> None:
    """It names the oldest programs that may go on, which is no later than itself."""
    text = module._without_comments(migrations()[number]).lower()
    said = [int(each) for each in re.findall(r"insert into compatible \(since\) values \((\d+)\)", text)]
    assert all(each <= number for each in said)
    if re.search(r"\b(drop|rename|alter column|delete|update)\b", text):
        assert said


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


def first_rows(tx: Transaction) -> dict[str, list[tuple[object, ...]]]:
    """The rows of the tables of schema 0001, as far as their columns were there then."""
    return {table: tx.all(f"select {', '.join(columns)} from {table}") for table, columns in FIRST.items()}


def test_the_rows_of_the_first_release_are_there_after_a_migration(
    empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Byte for byte, in every table; and what they say is served and can be changed."""
    with monkeypatch.context() as patched:
        patched.setattr(module, "migrations", lambda: {1: migrations()[1]})
        assert migrate(empty, place.dialect) == 1
    assert {table: sorted(columns) for table, columns in FIRST.items()} | {
        "schema_version": ["applied_at", "version"]
    } == schema_of(empty, place)

    def fill(tx: Transaction) -> None:
        for table, row in FIRST.items():
            tx.run(f"insert into {table} ({', '.join(row)}) values ({', '.join(f':{name}' for name in row)})", **row)

    empty.write(fill)
    before = empty.read(first_rows)
    assert all(len(rows) == 1 for rows in before.values())

    assert migrate(empty, place.dialect) == NEWEST
    assert empty.read(first_rows) == before
    assert empty.read(lambda tx: tx.all("select owner from upload")) == [("",)]
    assert [number for number, _ in ledger(empty)] == list(range(1, NEWEST + 1))
    registry = place.open_registry(empty)
    found = pull.find_manifest(registry, RepositoryName("app"), Tag("v1"), content=True)
    assert (found.digest, found.content) == (Digest.of(b"{}"), b"{}")
    assert deletion.delete(registry, Target(RepositoryName("app"))).plan.tags == 1


def test_a_program_of_the_first_release_refuses_what_this_one_has_migrated(
    empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says to start the newer one, or to take the backup, and changes nothing."""
    migrate(empty, place.dialect)
    before = schema_of(empty, place), ledger(empty)
    monkeypatch.setattr(module, "migrations", lambda: {1: migrations()[1]})
    with pytest.raises(NewerSchema, match=f"schema {NEWEST} and this program knows schemas up to 1: start the newer"):
        migrate(empty, place.dialect)
    assert (schema_of(empty, place), ledger(empty)) == before
