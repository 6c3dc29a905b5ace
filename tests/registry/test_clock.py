from __future__ import annotations

import pytest

from jettison.metadata.database import Database
from jettison.oci.errors import Unavailable
from jettison.registry.clock import Clock
from jettison.registry.registry import Registry
from tests.support.clock import Clock as DatabaseClock


class Machine:
    """A machine's clocks: its time of day is set now and then, the steady one never."""

    def __init__(self) -> None:
        self.own = 1_000_000.0
        self.steady = 50.0

    def passes(self, seconds: float) -> None:
        """Time, on both."""
        self.own += seconds
        self.steady += seconds


def test_it_goes_by_the_database_whatever_the_machine_says(registry: Registry, clock: DatabaseClock) -> None:
    """From when they were compared on; before, the machine's own is all there is."""
    machine = Machine()
    compared = Clock(registry, lambda: machine.own, lambda: machine.steady)
    assert compared.now() == machine.own
    compared.compare()
    assert compared.now() == pytest.approx(clock.now / 1e6)
    assert compared.ahead == pytest.approx(machine.own - clock.now / 1e6)
    machine.passes(100)
    assert compared.now() == pytest.approx(clock.now / 1e6 + 100)


def test_a_clock_that_is_set_meanwhile_changes_nothing_but_how_far_off_it_is(registry: Registry) -> None:
    """The steady one has gone on evenly."""
    machine = Machine()
    compared = Clock(registry, lambda: machine.own, lambda: machine.steady)
    compared.compare()
    before, ahead = compared.now(), compared.ahead
    machine.own += 300
    assert compared.now() == before
    assert compared.ahead == pytest.approx(ahead + 300)


def test_while_the_database_is_away_it_goes_on(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what was known before."""
    machine = Machine()
    compared = Clock(registry, lambda: machine.own, lambda: machine.steady)
    compared.compare()
    before = compared.now()

    def away(self: Database, work: object, **how: object) -> None:
        raise Unavailable("the database is away")

    monkeypatch.setattr(type(registry.database), "read", away)
    machine.passes(5)
    with pytest.raises(Unavailable):
        compared.compare()
    assert compared.now() == pytest.approx(before + 5)
