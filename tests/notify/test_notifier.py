from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import structlog.testing

from jettison.metadata import notifications
from jettison.notify import notifier as module
from jettison.notify.notifier import Notifier
from jettison.registry.endpoint import Endpoint
from jettison.registry.events import Events
from jettison.registry.registry import Registry
from tests.notify.delivering import endpoint, queue, until, waiting
from tests.support.content import image
from tests.support.listener import Listener
from tests.support.ports import free_port
from tests.support.repository import Repository


@contextmanager
def notifying(registry: Registry, *endpoints: Endpoint, resting: tuple[str, ...] = ()) -> Iterator[Notifier]:
    """A notifier of the registry, which must tell these endpoints, stopped at the end."""
    running = Notifier(replace(registry, events=Events(endpoints)), "one", resting)
    try:
        yield running
    finally:
        running.stop(20)


def test_what_is_pushed_is_delivered_at_once(registry: Registry, listener: Listener) -> None:
    """Whoever queues wakes who delivers."""
    told = replace(registry, events=Events([endpoint(listener)]))
    notifier = Notifier(told, "one")
    try:
        Repository(told).push(image(b"layer"), "v1")
        assert [event["action"] for event in listener.wait_for(3)] == ["push"] * 3
        until(lambda: notifier.queue_lengths() == {"here": 0})
    finally:
        notifier.stop(20)


def test_lengths_are_told_of_each_endpoint(registry: Registry, listener: Listener) -> None:
    """Also of one that is disabled, whose queue stays as it is."""
    dead = endpoint(f"http://127.0.0.1:{free_port()}/", "dead")
    queue(registry.database, 1, 2, name="dead")
    queue(registry.database, 3, name="resting")
    with notifying(registry, dead, endpoint(listener), resting=("resting",)) as notifier:
        assert notifier.queue_lengths() == {"dead": 2, "here": 0, "resting": 1}
        until(lambda: notifier.tallies()["dead"].errors)
        assert notifier.tallies()["here"].successes == 0


def test_what_waits_for_an_endpoint_that_is_no_more_is_dropped_and_said(registry: Registry, listener: Listener) -> None:
    """Nobody would ever fetch it; what waits for the others is kept."""
    queue(registry.database, 1, 2, name="gone")
    queue(registry.database, 3, name="resting")
    with (
        structlog.testing.capture_logs() as logged,
        notifying(registry, endpoint(listener), resting=("resting",)),
    ):
        assert registry.database.read(notifications.lengths) == {"resting": 1}
    [line] = logged
    assert (line["log_level"], line["endpoint"], line["events"]) == ("warning", "gone", 2)


def test_many_are_dropped_in_small_steps(registry: Registry, listener: Listener) -> None:
    """Nobody who writes waits for long."""
    assert module._DROPPED_AT_ONCE <= 1000
    queue(registry.database, *range(2500), name="gone")
    with notifying(registry, endpoint(listener)):
        assert waiting(registry.database, "gone") == 0


def test_stopping_ends_all_of_them_together(registry: Registry, listener: Listener) -> None:
    """However many there are."""
    dead = [endpoint(f"http://127.0.0.1:{free_port()}/", f"dead {n}", backoff=3600.0) for n in range(5)]
    for each in dead:
        queue(registry.database, 1, name=each.name)
    with notifying(registry, *dead) as notifier:
        until(lambda: all(tally.errors == 3 for tally in notifier.tallies().values()))
        notifier.stop(10)
        assert not any(each._thread.is_alive() for each in notifier._deliverers.values())
    assert sum(registry.database.read(notifications.lengths).values()) == 5
