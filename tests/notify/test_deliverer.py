from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest
import structlog.testing

from jettison.metadata import leases
from jettison.metadata.database import NO_LOCK, Database, Lock, Transaction
from jettison.notify import deliverer as module
from jettison.notify.deliverer import Deliverer
from jettison.oci.errors import Unavailable
from tests.notify.delivering import delivering, endpoint, numbers, queue, until, waiting
from tests.support.clock import Clock
from tests.support.listener import Listener, Received
from tests.support.place import Place
from tests.support.ports import free_port


def test_what_waits_is_delivered_in_order_and_leaves_the_queue(database: Database, listener: Listener) -> None:
    """More than one batch of it."""
    queue(database, *range(250))
    with delivering(database, endpoint(listener)):
        listener.wait_for(250)
        until(lambda: not waiting(database))
    assert numbers(listener) == list(range(250))


def test_what_is_queued_later_is_delivered_too(database: Database, listener: Listener) -> None:
    """Also where nobody wakes the deliverer, as if another process had queued it."""
    with delivering(database, endpoint(listener)) as deliverer:
        queue(database, 1)
        listener.wait_for(1)
        time.sleep(0.3)
        queue(database, 2)
        deliverer.wake()
        listener.wait_for(2, seconds=5)
    assert numbers(listener) == [1, 2]


def test_a_wake_before_the_commit_is_not_missed(
    database: Database, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes from within the transaction: the deliverer looks again, soon, and not only after the longest pause."""
    monkeypatch.setattr(module, "LAST_LOOK", 10**6)
    with delivering(database, endpoint(listener)) as deliverer:
        time.sleep(0.2)
        deliverer.wake()
        time.sleep(0.1)
        queue(database, 1)
        listener.wait_for(1, seconds=10)


def test_an_event_is_sent_until_it_is_accepted_and_nothing_overtakes_it(database: Database, listener: Listener) -> None:
    """Its endpoint may answer whatever it likes meanwhile."""
    statuses = iter([503, 400, 500, 404, 302, 200])

    def answer(received: Received) -> int | tuple[int, str]:
        if b'"number":1' in received.body or not received.body:
            status = next(statuses)
            return (status, "/nowhere") if status == 302 else status
        return 200

    # The redirect leads to a GET without a body, which is accepted.
    listener.answer = answer
    queue(database, 0, 1, 2)
    with delivering(database, endpoint(listener)) as deliverer:
        until(lambda: not waiting(database))
        tally = deliverer.tally
    sent = [received.body for received in listener.requests if received.body]
    assert sent == [b'{"events":[{"number":%d}]}' % number for number in (0, 1, 1, 1, 1, 1, 2)]
    assert (tally.successes, tally.failures, tally.errors) == (3, 4, 0)
    assert tally.statuses == {
        "200 OK": 3, "503 Service Unavailable": 1, "400 Bad Request": 1, "500 Internal Server Error": 1,
        "404 Not Found": 1,
    }  # fmt: skip


def test_failures_are_tried_at_once_up_to_the_threshold_then_with_the_backoff_between(
    database: Database, listener: Listener
) -> None:
    """As distribution's circuit breaker does."""
    listener.answer = lambda _: 500 if len(listener.requests) < 5 else 200
    queue(database, 1)
    with delivering(database, endpoint(listener, threshold=3, backoff=0.4)):
        listener.wait_for(1)
    times = [received.at for received in listener.requests]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) == 5
    assert all(gap >= 0.35 for gap in gaps[2:]), gaps
    assert sum(gaps[:2]) < 0.4, gaps


def test_a_dead_endpoint_is_told_everything_once_it_lives(database: Database) -> None:
    """The log says when it is given up for a while, and when it is back; not each try."""
    port = free_port()
    queue(database, 1, 2)
    with (
        structlog.testing.capture_logs() as logged,
        delivering(database, endpoint(f"http://127.0.0.1:{port}/events")) as deliverer,
    ):
        until(lambda: deliverer.tally.errors > 5)
        assert waiting(database) == 2
        with Listener(port=port) as listener:
            listener.wait_for(2)
            until(lambda: not waiting(database))
    assert numbers(listener) == [1, 2]
    assert [line["event"] for line in logged] == ["events are not delivered, and wait", "events are delivered again"]
    assert all(line["endpoint"] == "here" for line in logged)


def test_a_dead_endpoint_costs_another_nothing(database: Database, listener: Listener) -> None:
    """Each has a thread and a queue of its own."""
    silent = threading.Event()
    with Listener(lambda _: 200 if silent.wait(20) else 500) as hanging, ExitStack() as both:
        both.callback(silent.set)
        queue(database, *range(20), name="hanging")
        queue(database, *range(20))
        both.enter_context(delivering(database, endpoint(hanging, "hanging", timeout=30.0)))
        both.enter_context(delivering(database, endpoint(listener)))
        listener.wait_for(20)
        until(lambda: not waiting(database))
        assert waiting(database, "hanging") == 20
        silent.set()


def test_stopping_does_not_wait_for_a_backoff_and_leaves_the_queue(database: Database) -> None:
    """The next start goes on with it."""
    queue(database, 1, 2)
    deliverer = Deliverer(database, endpoint(f"http://127.0.0.1:{free_port()}/", backoff=3600.0), "one")
    deliverer.start()
    until(lambda: deliverer.tally.errors == 3)
    begun = time.monotonic()
    deliverer.stop()
    deliverer.join(20)
    assert time.monotonic() - begun < 5
    assert waiting(database) == 2


def test_what_was_delivered_before_the_end_is_not_delivered_again(database: Database, listener: Listener) -> None:
    """What its last batch had sent is recorded, and the rest is for the next."""
    go_on = threading.Event()
    listener.answer = lambda _: 200 if len(listener.requests) < 5 or go_on.wait(20) else 500
    queue(database, *range(10))
    with delivering(database, endpoint(listener, timeout=30.0)) as deliverer:
        until(lambda: len(listener.requests) == 5)
        deliverer.stop()
        go_on.set()
    assert waiting(database) == 10 - len(listener.events)
    with delivering(database, endpoint(listener), "two"):
        until(lambda: not waiting(database))
    assert numbers(listener) == list(range(10))


def test_one_that_hangs_is_left_behind_and_touches_nothing_any_more(database: Database, place: Place) -> None:
    """The end of a server waits for no endpoint; what it was sending is sent again."""
    go_on = threading.Event()
    with Listener(lambda _: 200 if go_on.wait(20) else 500) as hanging:
        queue(database, 1)
        deliverer = Deliverer(database, endpoint(hanging, timeout=30.0), "one")
        deliverer.start()
        until(lambda: waiting(database) == 1 and deliverer._sender is not None)
        time.sleep(0.2)
        deliverer.stop()
        deliverer.join(0.1)
        go_on.set()
        deliverer._thread.join(20)
        assert not deliverer._thread.is_alive()
        assert waiting(database) == 1


def test_of_several_processes_one_delivers(place: Place, listener: Listener) -> None:
    """Each event once, and in order, though all of them look."""
    databases = [place.open_database() for _ in range(3)]
    with ExitStack() as all_of_them:
        for number, database in enumerate(databases):
            all_of_them.enter_context(delivering(database, endpoint(listener), f"process {number}"))
        for number in range(60):
            queue(databases[number % 3], number)
        listener.wait_for(60)
        until(lambda: not waiting(databases[0]))
        time.sleep(0.2)
    assert numbers(listener) == list(range(60))


def test_another_takes_over_from_one_that_was_killed(place: Place, listener: Listener, clock: Clock) -> None:
    """When the lease that it has left is over, and not before."""
    database = place.open_database()
    database.write(lambda tx: leases.take(tx, "notify/here", "killed", 30_000_000))
    queue(database, 1)
    with delivering(database, endpoint(listener)):
        time.sleep(0.3)
        assert listener.events == []
        clock.advance(31)
        listener.wait_for(1)


def test_one_that_ends_gives_way_at_once(place: Place, listener: Listener) -> None:
    """A rolling restart must not hold events up."""
    first, second = place.open_database(), place.open_database()
    queue(first, 1)
    with delivering(first, endpoint(listener), "first"):
        listener.wait_for(1)
    queue(second, 2)
    with delivering(second, endpoint(listener), "second"):
        listener.wait_for(2, seconds=10)


def test_an_idle_deliverer_writes_nothing(database: Database, listener: Listener) -> None:
    """It takes a lease only where something waits."""
    with delivering(Watched(database, writes=[]), endpoint(listener)) as deliverer:
        time.sleep(0.3)
        assert deliverer._database.writes == []  # type: ignore[attr-defined]


class Watched:
    """A database that counts writes, and refuses them as long as it is told to."""

    inline = True

    def __init__(self, database: Database, writes: list[bool]) -> None:
        self._database = database
        self.writes = writes
        self.refuses = False
        self.read = database.read
        self.close = database.close

    def write(self, work: Callable[[Transaction], Any], lock: Lock = NO_LOCK, *, durable: bool = True) -> Any:
        """Count, then do it or refuse."""
        self.writes.append(durable)
        if self.refuses:
            raise Unavailable("the database is gone")
        return self._database.write(work, lock, durable=durable)


def test_a_database_that_is_gone_for_a_while_loses_nothing(database: Database, listener: Listener) -> None:
    """What could not be recorded as delivered is delivered again: at least once, in order."""
    watched = Watched(database, [])
    queue(database, 1, 2, 3)

    def answer(_: Received) -> int:
        watched.refuses = len(listener.requests) in (1, 2)
        return 200

    listener.answer = answer
    with structlog.testing.capture_logs() as logged, delivering(watched, endpoint(listener)):
        until(lambda: len(watched.writes) >= 2)
        watched.refuses = False
        until(lambda: not waiting(database))
    assert sorted(set(numbers(listener))) == [1, 2, 3]
    assert [line["event"] for line in logged if line["log_level"] == "warning"] in ([], ["cannot deliver events"])
