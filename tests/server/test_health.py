from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog.testing

from jettison.server.health import Check, Health
from tests.server.running import until

OFTEN = 0.01


class Looked:
    """A check that fails as long as ``wrong`` says something; it counts how often it is made."""

    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong
        self.times = 0

    def __call__(self) -> None:
        self.times += 1
        if self.wrong:
            raise RuntimeError(self.wrong)


@contextmanager
def made(checks: Sequence[Check], told: list[bool] | None = None) -> Iterator[Health]:
    """Health that is closed at the end."""
    health = Health(checks, (told if told is not None else []).append)
    try:
        yield health
    finally:
        health.close()


def test_without_checks_it_is_well() -> None:
    """There is nothing that could fail."""
    with made([]) as health:
        assert health.failures == {}


def test_a_failing_check_is_named_with_what_is_wrong_until_it_is_well_again() -> None:
    """Whoever serves is told both times, and the log has one line for each, however often it is looked."""
    look, told = Looked("it is gone"), list[bool]()
    with structlog.testing.capture_logs() as logged, made([Check("disk", look, OFTEN)], told) as health:
        assert until(lambda: health.failures == {"disk": "it is gone"})
        seen = look.times
        assert until(lambda: look.times > seen + 2)
        assert told[-1] is True
        look.wrong = ""
        assert until(lambda: health.failures == {})
        assert until(lambda: told[-1] is False)
    assert [(line["event"], line["check"]) for line in logged] == [
        ("a health check fails", "disk"),
        ("a health check is well again", "disk"),
    ]
    assert logged[0]["error"] == "it is gone"


def test_a_threshold_is_so_many_failures_in_a_row() -> None:
    """One that is well in between begins the count anew."""
    results = iter([True, True, False, True, True, True])
    seen: list[dict[str, str]] = []
    begun, done = threading.Event(), threading.Event()

    def look() -> None:
        begun.wait(10)
        seen.append(health.failures)
        fails = next(results, None)
        if fails is None:
            done.set()
        elif fails:
            raise RuntimeError("no")

    with made([Check("flaky", look, OFTEN, threshold=3)]) as health:
        begun.set()
        assert done.wait(10)
    assert seen[:7] == [{}, {}, {}, {}, {}, {}, {"flaky": "no"}]


def test_two_checks_of_one_name_do_not_hide_one_another() -> None:
    """The same URL may be looked at twice, with different headers."""
    with made([Check("one", Looked("wrong"), OFTEN), Check("one", well := Looked(), OFTEN)]) as health:
        assert until(lambda: "one" in health.failures)
        seen = well.times
        assert until(lambda: well.times > seen + 3)
        assert health.failures == {"one": "wrong"}


def test_a_check_that_hangs_keeps_neither_others_nor_the_end_waiting() -> None:
    """Each has a thread of its own, and closing does not wait for what somebody else does not answer."""
    release = threading.Event()

    def hang() -> None:
        release.wait(30)

    health = Health([Check("hangs", hang, OFTEN), Check("other", Looked("wrong"), OFTEN)])
    try:
        assert until(lambda: "other" in health.failures)
        began = time.monotonic()
        health.close()
        assert time.monotonic() - began < 5
    finally:
        release.set()


def test_no_check_is_made_after_the_end() -> None:
    """Closing ends them."""
    look = Looked()
    with made([Check("any", look, OFTEN)]):
        assert until(lambda: look.times > 0)
    seen = look.times
    time.sleep(0.1)
    assert look.times == seen
