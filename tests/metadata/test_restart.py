"""PostgreSQL that goes away under load, and comes back: what was acknowledged is there, and nothing else was."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jettison.metadata.postgres import PostgresDatabase
from jettison.oci.errors import Unavailable
from tests.support.postgres import PostgresCluster

pytestmark = pytest.mark.needs("postgresql")

WRITERS = 12
SECONDS = 30.0


@pytest.fixture
def own() -> Iterator[PostgresCluster]:
    """A server of the test's own, which writes as safely as in production."""
    with PostgresCluster() as cluster:
        yield cluster


@pytest.mark.parametrize("end", [PostgresCluster.stop, PostgresCluster.kill], ids=["restarted", "killed"])
def test_a_restart_under_load_loses_nothing_that_was_acknowledged(own: PostgresCluster, end: object) -> None:
    """Meanwhile every call fails soon, and in the registry's words; afterwards all work again, by themselves."""
    assert callable(end)
    database = PostgresDatabase(own.create_database(), connections=8)
    database.write(lambda tx: tx.run("create table note (number bigint primary key)"))
    stop, began = threading.Event(), threading.Event()
    slowest = [0.0] * WRITERS

    def write(writer: int) -> tuple[set[int], int]:
        acknowledged, refused, number = set[int](), 0, writer
        while not stop.is_set():
            at = time.monotonic()
            try:
                database.write(lambda tx, number=number: tx.run("insert into note values (:n)", n=number))  # type: ignore[misc]
                acknowledged.add(number)
                began.set()
            except Unavailable:
                refused += 1
                stop.wait(0.02)
            slowest[writer] = max(slowest[writer], time.monotonic() - at)
            number += WRITERS
        return acknowledged, refused

    with ThreadPoolExecutor(WRITERS) as threads:
        writing = [threads.submit(write, writer) for writer in range(WRITERS)]
        try:
            assert began.wait(SECONDS)
            for _ in range(2):
                time.sleep(0.5)
                end(own)
                time.sleep(0.5)
                own.start()
                _wait_until_it_works(database)
            time.sleep(0.5)
        finally:
            stop.set()
        done = [each.result(SECONDS) for each in writing]
    there = {number for (number,) in database.read(lambda tx: tx.all("select number from note"))}
    database.close()
    acknowledged = set[int]().union(*(numbers for numbers, _ in done))
    assert acknowledged
    assert acknowledged <= there
    assert sum(refused for _, refused in done) > 0
    assert max(slowest) < SECONDS / 2


def _wait_until_it_works(database: PostgresDatabase) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            database.read(lambda tx: tx.one("select 1"))
        except Unavailable:
            assert time.monotonic() < deadline, "the database is back, and nobody notices"
            time.sleep(0.05)
        else:
            return
