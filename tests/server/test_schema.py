from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import structlog.testing

from jettison.metadata.database import Database
from jettison.metadata.migrate import NewerSchema, migrations
from jettison.registry.registry import Registry
from jettison.server.schema import schema_checks
from tests.support.clock import Clock
from tests.support.daemon import DaemonDied
from tests.support.place import Place
from tests.support.server import JettisonServer

KNOWN = max(migrations())
NEWER = KNOWN + 1


@pytest.fixture
def registry(postgres_url: str, tmp_path: Path) -> Iterator[Registry]:
    """An empty registry in PostgreSQL, which other programs may have open."""
    place = Place(tmp_path, postgres_url, Clock())
    yield place.open_registry()
    place.close()


def update(database: Database, *, taking_away: bool) -> None:
    """What the migration of a newer program does."""
    database.write(lambda tx: tx.run("insert into schema_version values (:newer, 1)", newer=NEWER))
    if taking_away:
        database.write(lambda tx: tx.run("insert into compatible values (:newer)", newer=NEWER))


def test_a_newer_schema_that_only_added_changes_nothing(registry: Registry) -> None:
    """The replica goes on beside newer ones."""
    [check] = schema_checks(registry, lambda: pytest.fail("it was to end"))
    check.look()
    update(registry.database, taking_away=False)
    check.look()


def test_a_program_that_became_too_old_says_so_and_ends_once(registry: Registry) -> None:
    """It is unwell from then on, and is told to end a single time: a second one would cut requests off."""
    ends: list[bool] = []
    [check] = schema_checks(registry, lambda: ends.append(True))
    update(registry.database, taking_away=True)
    with structlog.testing.capture_logs() as logged:
        for _ in range(3):
            with pytest.raises(NewerSchema, match=f"schema {NEWER} and this program knows schemas up to {KNOWN}"):
                check.look()
    assert ends == [True]
    [line] = logged
    assert (line["event"], line["log_level"]) == ("this program is too old for its database, and ends", "error")


def test_a_database_that_is_away_is_no_reason_to_end(registry: Registry) -> None:
    """It is asked again later."""
    [check] = schema_checks(registry, lambda: pytest.fail("it was to end"))
    registry.database.close()
    check.look()


def test_a_database_in_the_data_folder_is_not_looked_at(tmp_path: Path) -> None:
    """Its server holds the folder: nobody else brings it to another schema."""
    place = Place(tmp_path, None, Clock())
    assert schema_checks(place.open_registry()) == []
    place.close()


@pytest.mark.slow
def test_during_an_update_replicas_serve_until_they_must_not(postgres_url: str, tmp_path: Path) -> None:
    """Beside and after a schema that only adds they start and serve; one that takes away ends and refuses them."""
    database = Place(tmp_path, postgres_url, Clock()).open_database()
    with JettisonServer(database_url=postgres_url) as first:
        update(database, taking_away=False)
        with JettisonServer(database_url=postgres_url) as second:
            assert "which this one can serve" in second.log
            assert httpx2.get(f"{second.url}/v2/_catalog", trust_env=False).status_code == 200
            database.write(lambda tx: tx.run("alter table repository rename to renamed"))
            assert httpx2.get(f"{first.url}/v2/_catalog", trust_env=False).status_code == 503
            database.write(lambda tx: tx.run("insert into compatible values (:newer)", newer=NEWER))
            for server in (first, second):
                assert server.daemon is not None
                assert server.daemon.process.wait(20) == 0
                assert "this program is too old for its database, and ends" in server.log
    with pytest.raises(DaemonDied, match="start the newer Jettison"):
        JettisonServer(database_url=postgres_url).start()
    database.close()
