from __future__ import annotations

import threading

import pytest

from jettison.http.rates import Rates
from jettison.oci.errors import TooManyRequests
from jettison.registry.registry import Registry
from jettison.server import rates
from jettison.server.rates import SharedRates
from tests.support.place import clock, database, database_url, place, registry, shared_url

__all__ = ["clock", "database", "database_url", "place", "registry", "shared_url"]


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told but by the test."""
    monkeypatch.setattr(rates, "SECONDS", 3600.0)


def test_processes_on_one_database_count_together(registry: Registry) -> None:
    """Each knows what all let through after it has told of its own."""
    here, there = Rates(0.01, 5, shared=True), Rates(0.01, 5, shared=True)
    shared = [SharedRates(registry, limited) for limited in (here, there)]
    for limited in (here, there, there, there):
        limited.check("ann")
    for each in shared:
        each.turn()
    here.check("ann")
    shared[0].turn()
    for each in shared:
        each.stop()

    with pytest.raises(TooManyRequests):
        here.check("ann")
    there.check("bob")


def test_a_process_alone_tells_nobody(registry: Registry) -> None:
    """One on a database in the data folder, or one without a limit."""
    alone = SharedRates(registry, Rates(1, 5) if registry.database.inline else None)
    try:
        assert "share-rates" not in {thread.name for thread in threading.enumerate()}
    finally:
        alone.stop()


def test_what_says_nothing_any_more_goes(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every so many turns."""
    monkeypatch.setattr(rates, "TIDY_EVERY", 2)
    limited = Rates(1e6, 5, shared=True)
    shared = SharedRates(registry, limited)
    limited.check("ann")
    left = []
    for _ in range(2):
        shared.turn()
        left.append(registry.database.read(lambda tx: tx.all("select subject from rate")))
    shared.stop()

    assert left == [[("ann",)], []]
