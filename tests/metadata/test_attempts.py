from __future__ import annotations

from jettison.metadata import attempts
from jettison.metadata.attempts import Attempts
from jettison.metadata.database import Database
from tests.support.clock import Clock

KEY, OTHER = b"k" * 16, b"o" * 16
FADE = 10_000_000


def count(database: Database, key: bytes = KEY) -> int:
    """Count a failure; how many there are."""
    return database.write(lambda tx: attempts.count(tx, key, FADE)).failures


def test_failures_add_up_and_fade(database: Database, clock: Clock) -> None:
    """One in each ten seconds here, and never to less than none."""
    assert [count(database), count(database), count(database, OTHER), count(database)] == [1, 2, 1, 3]
    clock.advance(9)
    assert count(database) == 4
    clock.advance(25)
    assert count(database) == 3
    clock.advance(1000)
    assert count(database) == 1


def test_a_clock_that_was_put_back_adds_nothing(database: Database, clock: Clock) -> None:
    """A failure counts once, whatever the time."""
    count(database)
    clock.advance(-3600)
    assert count(database) == 2


def test_what_is_held_and_what_succeeded_is_found(database: Database, clock: Clock) -> None:
    """A success forgets the failures and the waiting."""
    count(database)
    database.write(lambda tx: attempts.hold(tx, KEY, clock.now + 5, stale_at=clock.now + 5))
    assert database.read(lambda tx: attempts.find(tx, [KEY, OTHER])) == {KEY: Attempts(1, clock.now + 5, 0)}
    database.write(lambda tx: attempts.succeed(tx, KEY, stale_at=clock.now + 5))
    database.write(lambda tx: attempts.succeed(tx, OTHER, stale_at=clock.now + 5))
    succeeded = Attempts(0, 0, clock.now)
    assert database.read(lambda tx: attempts.find(tx, [KEY, OTHER])) == {KEY: succeeded, OTHER: succeeded}


def test_what_says_nothing_any_more_is_dropped(database: Database, clock: Clock) -> None:
    """Some at a time."""
    for number in range(3):
        key = bytes([number]) * 16
        database.write(lambda tx, key=key: attempts.succeed(tx, key, stale_at=clock.now + 10))  # type: ignore[misc]
    database.write(lambda tx: attempts.succeed(tx, KEY, stale_at=clock.now + 100_000_000))
    clock.advance(1)
    assert [database.write(lambda tx: attempts.drop_stale(tx, 2)) for _ in range(3)] == [2, 1, 0]
    assert list(database.read(lambda tx: attempts.find(tx, [KEY, bytes(16)]))) == [KEY]
