from __future__ import annotations

from pathlib import Path

import pytest

from jettison.metadata.database import Database, Row, Transaction
from jettison.metadata.migrate import NewerSchema
from jettison.metadata.present import NoRegistry, require_registry, some_keys
from jettison.registry.registry import Registry
from tests.support.clock import Clock
from tests.support.place import Place
from tests.support.repository import Repository


def test_a_registry_of_this_version_is_present(database: Database, place: Place) -> None:
    """Its schema is what this program knows."""
    require_registry(database, place.dialect)


@pytest.mark.parametrize(("found", "error"), [(0, NoRegistry), (999, NewerSchema)])
def test_another_schema_is_refused_and_kept(
    database: Database, place: Place, found: int, error: type[Exception]
) -> None:
    """Neither an older nor a newer one is changed, and the message says which version to use."""
    ledger = database.read(lambda tx: tx.all("select version, applied_at from schema_version"))
    database.write(lambda tx: _set_ledger(tx, [(found, 1)]))
    try:
        with pytest.raises(error, match=str(found) if found else "holds no registry"):
            require_registry(database, place.dialect)
        assert database.read(lambda tx: tx.all("select version from schema_version")) == [(found,)]
    finally:
        database.write(lambda tx: _set_ledger(tx, ledger))


def _set_ledger(tx: Transaction, rows: list[Row]) -> None:
    tx.run("delete from schema_version")
    tx.many("insert into schema_version values (:version, :at)", [{"version": row[0], "at": row[1]} for row in rows])


def test_a_database_without_tables_is_no_registry(tmp_path: Path, clock: Clock) -> None:
    """It is told without an error of the database, and no table is made."""
    place = Place(tmp_path, None, clock)
    database = place.open_database(migrated=False)
    with pytest.raises(NoRegistry, match="is it the one that the server uses"):
        require_registry(database, "sqlite")
    assert database.read(lambda tx: tx.all("select name from sqlite_master")) == []
    place.close()


def test_the_keys_of_some_bytes_are_known(registry: Registry) -> None:
    """At most as many as are asked for, and none of bytes that are known to be missing."""
    repository = Repository(registry)
    for content in (b"1", b"2", b"3"):
        repository.upload(content)
    keys = some_keys(registry.database, 10)
    assert set(keys) == set(dict(registry.blobs.keys()))
    assert len(some_keys(registry.database, 2)) == 2
    registry.database.write(lambda tx: tx.run("update stored set damaged = 1"))
    assert some_keys(registry.database, 10) == []
