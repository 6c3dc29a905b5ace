from __future__ import annotations

import time

import pytest

from jettison.metadata.database import Database
from jettison.metadata.timed import BOUNDS, SAMPLE, TimedDatabase, Times


@pytest.fixture
def timed(database: Database) -> TimedDatabase:
    """Each database, measured."""
    return TimedDatabase(database)


def test_it_does_what_the_database_does(timed: TimedDatabase, database: Database) -> None:
    """Reads and writes are those of the other, and so is whether reads are short."""
    timed.write(lambda tx: tx.run("insert into lease (name, holder, until) values ('a', 'b', 1)"))
    assert timed.read(lambda tx: tx.one("select holder from lease where name = 'a'"), snapshot=True) == ("b",)
    assert database.read(lambda tx: tx.one("select holder from lease where name = 'a'")) == ("b",)
    assert timed.inline == database.inline


def test_each_write_is_measured_and_a_sample_of_reads(timed: TimedDatabase) -> None:
    """Whether they succeed or not."""
    for _ in range(3):
        timed.write(lambda tx: time.sleep(0.006))
    with pytest.raises(ZeroDivisionError):
        timed.write(lambda tx: 1 // 0)
    for _ in range(2 * SAMPLE):
        timed.read(lambda tx: tx.now)

    took, seconds = timed.writes.read()
    assert sum(took) == 4
    assert sum(took[BOUNDS.index(0.005) + 1 :]) >= 3
    assert seconds > 0.018
    assert sum(timed.reads.read()[0]) == 2


def test_a_bound_takes_what_took_just_as_long() -> None:
    """And what took longer than all is counted last."""
    times = Times()
    for seconds in (0.0001, 0.00011, 10, 11):
        times.note(seconds)

    took, total = times.read()

    assert took == [1, 1, *[0] * (len(BOUNDS) - 3), 1, 1]
    assert total == pytest.approx(21.00021)
