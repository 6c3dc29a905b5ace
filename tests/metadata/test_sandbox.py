from __future__ import annotations

from jettison.metadata import repositories
from jettison.metadata.database import Database
from jettison.metadata.sandbox import sandbox
from tests.support.clock import Clock
from tests.support.place import Place


def test_it_has_what_the_database_has_and_its_time(database: Database, clock: Clock) -> None:
    """All rows are there, at the same moment."""
    made = database.write(lambda tx: repositories.find_or_create(tx, "app"))
    with sandbox(database) as copy:
        assert copy.read(lambda tx: (repositories.find(tx, "app"), tx.now)) == (made, clock.now)


def test_a_copy_of_sqlite_stays_apart(database: Database, place: Place, clock: Clock) -> None:
    """Writing to the one does not show in the other, and nothing of the copy is left; PostgreSQL is not copied."""
    with sandbox(database) as copy:
        if place.dialect == "postgres":
            assert copy is database
            return
        copy.write(lambda tx: repositories.find_or_create(tx, "theirs"))
        database.write(lambda tx: repositories.find_or_create(tx, "ours"))
        before = clock.now
        clock.advance(60)
        assert copy.read(lambda tx: (repositories.find(tx, "ours"), tx.now)) == (None, before)
        path = copy.path  # type: ignore[attr-defined]
    assert database.read(lambda tx: repositories.find(tx, "theirs")) is None
    assert not path.exists()
