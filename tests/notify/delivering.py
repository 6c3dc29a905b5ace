"""Deliverers as tests use them: events put into a queue by hand, and waiting for what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jettison.metadata import notifications
from jettison.metadata.database import Database
from jettison.notify.deliverer import Deliverer
from jettison.registry.endpoint import Endpoint
from tests.support.listener import Listener


def endpoint(listener: Listener | str, name: str = "here", **more: Any) -> Endpoint:
    """An endpoint at the listener, or at an address; failures are tried again soon."""
    url = listener if isinstance(listener, str) else listener.url
    return Endpoint(name, url, **{"timeout": 5.0, "threshold": 3, "backoff": 0.05, **more})


def queue(database: Database, *numbers: int, name: str = "here") -> None:
    """Queue events that have nothing but a number."""
    database.write(lambda tx: notifications.add(tx, [(name, f'{{"number":{number}}}') for number in numbers]))


def waiting(database: Database, name: str = "here") -> int:
    """How many events wait."""
    return database.read(notifications.lengths).get(name, 0)


def numbers(listener: Listener) -> list[int]:
    """What the listener was told."""
    return [event["number"] for event in listener.events]


def until(happened: Callable[[], object], seconds: float = 20) -> None:
    """Wait for it. Raises AssertionError when time is up."""
    ends = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends, f"it did not happen in {seconds:g} seconds"
        time.sleep(0.01)


@contextmanager
def delivering(database: Database, to: Endpoint, holder: str = "one") -> Iterator[Deliverer]:
    """A deliverer at work, stopped at the end."""
    deliverer = Deliverer(database, to, holder)
    deliverer.start()
    try:
        yield deliverer
    finally:
        deliverer.stop()
        deliverer.join(20)
