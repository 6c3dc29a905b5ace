from __future__ import annotations

import pytest

from jettison.metadata import uploads
from jettison.metadata.database import Database
from jettison.oci.digest import Digest
from tests.support.clock import Clock

ID, KEY = "an upload", "a key"


@pytest.fixture
def session(database: Database) -> Database:
    """The database, with one session of the repository app, which the writer ``one`` has."""
    database.write(lambda tx: uploads.add(tx, ID, "app", KEY, "me"))
    assert database.write(lambda tx: uploads.claim(tx, ID, "one", 0))
    return database


def advance(database: Database, writer: str, received: int) -> bool:
    """Record so many bytes."""
    digest = Digest.of(b"x" * received)
    return database.write(lambda tx: uploads.advance(tx, ID, writer, received, digest, "state"))


def test_a_session_is_found_by_its_repository_alone(session: Database) -> None:
    """With nothing received, until something is."""
    assert session.read(lambda tx: uploads.find(tx, ID, "app", "me")) == uploads.UploadRow(
        ID, "app", KEY, None, 0, None
    )
    assert session.read(lambda tx: uploads.find(tx, ID, "other", "me")) is None
    assert session.read(lambda tx: uploads.find(tx, "another upload", "app", "me")) is None
    assert session.read(lambda tx: uploads.find(tx, ID, "app", "somebody else")) is None
    assert advance(session, "one", 3)
    assert session.read(lambda tx: uploads.find(tx, ID, "app", "me")) == uploads.UploadRow(
        ID, "app", KEY, "state", 3, Digest.of(b"xxx")
    )


def test_only_who_has_the_session_records(session: Database) -> None:
    """A later writer takes it from the earlier one."""
    assert session.write(lambda tx: uploads.claim(tx, ID, "two", 0))
    assert not advance(session, "one", 3)
    assert advance(session, "two", 5)
    assert session.read(lambda tx: uploads.is_writer(tx, ID, "two"))
    assert not session.read(lambda tx: uploads.is_writer(tx, ID, "one"))


def test_who_believes_it_to_stand_elsewhere_does_not_get_it(session: Database) -> None:
    """Bytes came in between looking and claiming."""
    assert advance(session, "one", 3)
    assert not session.write(lambda tx: uploads.claim(tx, ID, "two", 0))
    assert session.write(lambda tx: uploads.claim(tx, ID, "two", 3))


@pytest.mark.parametrize("removed", [False, True], ids=["ended", "removed"])
def test_how_a_session_ended_is_told_by_its_key(session: Database, removed: bool) -> None:
    """Nothing is said while somebody may go on; then whether any row names its bytes, which may be about to go."""

    def end() -> uploads.End | None:
        return session.read(lambda tx: uploads.end_of(tx, ID, KEY))

    assert end() is None
    assert session.write(lambda tx: uploads.end(tx, ID))
    if removed:
        session.write(lambda tx: uploads.remove(tx, ID))
    assert end() is uploads.End.NOTHING
    session.write(lambda tx: tx.run("insert into stored (key, size, damaged) values (:key, 1, 0)", key=KEY))
    assert end() is uploads.End.BLOB
    session.write(lambda tx: tx.run("delete from stored"))
    session.write(lambda tx: tx.run("insert into discarded (key, size, after) values (:key, 1, 1)", key=KEY))
    assert end() is uploads.End.BLOB


def test_only_who_has_the_session_makes_it_a_blob(session: Database) -> None:
    """Once: its row goes with that."""
    assert not session.write(lambda tx: uploads.finish(tx, ID, "two"))
    assert session.write(lambda tx: uploads.finish(tx, ID, "one"))
    assert not session.write(lambda tx: uploads.finish(tx, ID, "one"))
    assert not session.write(lambda tx: uploads.end(tx, ID))


def test_an_ended_session_is_over_for_everyone(session: Database) -> None:
    """Its row stays until its bytes are dropped, and nobody can find, claim, advance, finish or end it."""
    assert not session.write(lambda tx: uploads.end(tx, ID, "two"))
    assert session.write(lambda tx: uploads.end(tx, ID, "one"))

    assert session.read(lambda tx: uploads.find(tx, ID, "app", "me")) is None
    assert not session.write(lambda tx: uploads.claim(tx, ID, "two", 0))
    assert not advance(session, "one", 3)
    assert not session.write(lambda tx: uploads.finish(tx, ID, "one"))
    assert not session.write(lambda tx: uploads.end(tx, ID))
    assert session.read(lambda tx: tx.all("select id from upload")) == [(ID,)]
    session.write(lambda tx: uploads.remove(tx, ID))
    assert session.read(lambda tx: tx.all("select id from upload")) == []


def test_a_session_is_ended_whoever_has_it(session: Database) -> None:
    """As cancelling does."""
    assert session.write(lambda tx: uploads.end(tx, ID))


def test_the_row_of_a_session_that_has_not_ended_stays(session: Database) -> None:
    """While bytes lie somewhere, a row says so."""
    session.write(lambda tx: uploads.remove(tx, ID))
    assert session.read(lambda tx: uploads.find(tx, ID, "app", "me")) is not None


def test_each_use_is_the_last(session: Database, clock: Clock) -> None:
    """Claiming and recording move the time by which stale sessions are found."""
    clock.advance(60)
    assert session.write(lambda tx: uploads.claim(tx, ID, "two", 0))
    assert session.read(lambda tx: tx.all("select touched_at from upload")) == [(clock.now,)]
    clock.advance(60)
    assert advance(session, "two", 3)
    assert session.read(lambda tx: tx.all("select touched_at from upload")) == [(clock.now,)]


def test_a_session_is_there_until_it_is_removed(session: Database) -> None:
    """Also once it has ended: its bytes may lie somewhere still."""
    assert session.read(lambda tx: uploads.exists(tx, ID))
    assert session.write(lambda tx: uploads.end(tx, ID))
    assert session.read(lambda tx: uploads.exists(tx, ID))
    session.write(lambda tx: uploads.remove(tx, ID))
    assert not session.read(lambda tx: uploads.exists(tx, ID))
