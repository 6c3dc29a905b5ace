from __future__ import annotations

from jettison.notify.breaker import Breaker


class Time:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_few_failures_are_tried_again_at_once() -> None:
    """As distribution does, whose threshold it is."""
    breaker = Breaker(3, 5.0, Time())
    assert breaker.pause() == 0
    breaker.failed()
    breaker.failed()
    assert (breaker.pause(), breaker.is_open) == (0, False)


def test_from_the_threshold_on_tries_are_the_backoff_apart() -> None:
    """Counted from the failure before; not longer, however many there are."""
    time = Time()
    breaker = Breaker(3, 5.0, time)
    for _ in range(3):
        breaker.failed()
    assert (breaker.pause(), breaker.is_open) == (5, True)
    time.now += 2
    assert breaker.pause() == 3
    time.now += 4
    assert breaker.pause() == 0
    breaker.failed()
    assert breaker.pause() == 5


def test_a_success_ends_it() -> None:
    """The count begins anew."""
    breaker = Breaker(1, 5.0, Time())
    breaker.failed()
    breaker.succeeded()
    assert (breaker.pause(), breaker.is_open, breaker.failures) == (0, False, 0)
