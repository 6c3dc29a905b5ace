from __future__ import annotations

import pytest

from jettison.http import rates
from jettison.http.rates import Rates
from jettison.oci.errors import TooManyRequests


class Time:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    """The time of the buckets."""
    return Time()


def taken(limited: Rates, subject: str, most: int = 1000) -> int:
    """How many requests in a row are let through."""
    for number in range(most):
        try:
            limited.check(subject)
        except TooManyRequests:
            return number
    return most


def test_a_burst_and_then_an_even_rate(time: Time) -> None:
    """What is refused takes nothing: who goes on asking is served at the rate all the same."""
    limited = Rates(10, 5, time)
    assert taken(limited, "ann") == 5
    served = 0
    for _ in range(1000):
        time.now += 0.01
        served += taken(limited, "ann", 1)
    assert served in range(99, 102)


def test_whoever_rests_has_the_burst_again(time: Time) -> None:
    """And no more than that."""
    limited = Rates(10, 5, time)
    taken(limited, "ann")
    time.now += 3600
    assert taken(limited, "ann") == 5


def test_each_has_a_bucket_of_their_own(time: Time) -> None:
    """One who asks too often slows nobody else."""
    limited = Rates(1, 2, time)
    assert [taken(limited, subject) for subject in ("ann", "bob", "ann")] == [2, 2, 0]


def test_whoever_is_refused_is_told_how_long_to_wait(time: Time) -> None:
    """In whole seconds, after which it is let through."""
    limited = Rates(0.25, 1, time)
    limited.check("ann")
    time.now += 0.5
    with pytest.raises(TooManyRequests) as refused:
        limited.check("ann")
    assert refused.value.seconds == 4
    time.now += refused.value.seconds
    limited.check("ann")


def test_memory_is_bounded(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who ask for nothing any more are forgotten first, so that nobody gets a burst by asking too often."""
    monkeypatch.setattr(rates, "MOST", 100)
    limited = Rates(1, 3, time)
    for number in range(100):
        limited.check(f"old{number}")
    time.now += 60
    assert taken(limited, "ann") == 3
    for number in range(99):
        limited.check(f"new{number}")
    assert len(limited._full_at) <= 101
    assert taken(limited, "ann") == 0


def test_what_others_let_through_counts(time: Time) -> None:
    """As if it had been asked for here."""
    limited = Rates(10, 5, time, shared=True)
    assert taken(limited, "ann", 2) == 2
    limited.learn({"ann": 0.4})
    assert taken(limited, "ann") == 1


def test_what_others_do_not_know_yet_still_counts(time: Time) -> None:
    """What was let through while they were asked is not forgotten over their answer."""
    limited = Rates(10, 5, time, shared=True)
    taken(limited, "ann")
    limited.learn({"ann": 0.1, "bob": 60})
    assert taken(limited, "ann") == 0
    assert taken(limited, "bob") == 5


def test_each_request_that_was_let_through_is_told_once(time: Time) -> None:
    """Those that were refused are not."""
    limited = Rates(10, 5, time, shared=True)
    taken(limited, "ann")
    taken(limited, "bob", 1)
    assert limited.taken() == {"ann": pytest.approx(0.5), "bob": pytest.approx(0.1)}
    assert limited.taken() == {}
