from __future__ import annotations

import pytest

from jettison.registry import rates
from jettison.registry.registry import Registry
from tests.support.clock import Clock


def test_all_that_was_sent_is_added_up(registry: Registry, clock: Clock) -> None:
    """By whichever process; each subject by itself."""
    assert rates.share(registry, {"ann": 3.0}, 0) == {"ann": pytest.approx(3)}
    assert rates.share(registry, {"ann": 2.0, "bob": 1.0}, 0) == {"ann": pytest.approx(5), "bob": pytest.approx(1)}
    clock.advance(4)
    assert rates.share(registry, {"ann": 1.0}, 0) == {"ann": pytest.approx(2)}


def test_who_sends_at_the_rate_is_never_held_up(registry: Registry, clock: Clock) -> None:
    """Requests lie in the time since the last telling, not at its end."""
    for _ in range(5):
        clock.advance(1)
        assert rates.share(registry, {"ann": 1.0}, 1) == {"ann": pytest.approx(0)}


def test_rows_that_say_nothing_any_more_go(registry: Registry, clock: Clock) -> None:
    """Once the whole burst may be sent again."""
    rates.share(registry, {"ann": 3.0, "bob": 60.0}, 0)
    clock.advance(3)
    rates.tidy(registry)
    assert registry.database.read(lambda tx: tx.all("select subject from rate")) == [("bob",)]
