"""Asking again: what may be asked again, when, and how often at most."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Final

from jettison.client.answer import Answer
from jettison.client.errors import Unreachable

ATTEMPTS: Final = 4
FIRST_DELAY: Final = 0.25
PATIENCE: Final = 60.0
"""Seconds that one request may take with all its repetitions, the last of them not counted."""

PASSING: Final = frozenset({408, 500, 502, 503, 504})
"""Statuses that may be another if asked again (RFC 9110, 15), beside 429."""

_random = SystemRandom()


@dataclass(slots=True)
class Repetition:
    """The attempts of one request; `pause` is shared by all requests to a host."""

    pause: Pause
    repeatable: bool
    began: float = field(default_factory=time.monotonic)
    attempt: int = 0

    def after(self, answer: Answer) -> bool:
        """Wait, if after this answer the request is to be sent again; else False.

        429 is repeated always, since nothing was done. Where Retry-After asks for more than the patience that is left,
        the answer is the last.
        """
        limited = answer.status == 429
        if not limited and not (self.repeatable and answer.status in PASSING):
            return False
        told = answer.retry_after
        return self._wait(self._delay() if told is None else max(told, FIRST_DELAY), everyone=limited)

    def after_loss(self) -> bool:
        """The same where there was no answer."""
        return self.repeatable and self._wait(self._delay(), everyone=False)

    def _delay(self) -> float:
        # The full range, so that those who were refused together do not come back together.
        return _random.uniform(FIRST_DELAY / 2, FIRST_DELAY * 2 ** (self.attempt + 1))

    def _wait(self, seconds: float, *, everyone: bool) -> bool:
        self.attempt += 1
        if self.attempt >= ATTEMPTS or time.monotonic() + seconds > self.began + PATIENCE:
            return False
        if everyone:
            self.pause.extend(seconds)
        self.pause.sleep(seconds)
        return True


class Pause:
    """How long all requests to a host hold back, and the end of all waiting when its transport is closed."""

    def __init__(self) -> None:
        self._closed = threading.Event()
        self._until = 0.0

    def extend(self, seconds: float) -> None:
        """Nobody asks anything for so long. Who comes later waits too, and does not count it as an attempt."""
        self._until = max(self._until, time.monotonic() + seconds)

    def wait(self) -> None:
        """Wait until requests may go out. Raises Unreachable if the transport was closed."""
        self.sleep(self._until - time.monotonic())

    def sleep(self, seconds: float) -> None:
        """Wait so long. Raises Unreachable if the transport was closed."""
        if self._closed.wait(max(0.0, seconds)):
            raise Unreachable("the client was closed")

    def close(self) -> None:
        """End all waiting, for good."""
        self._closed.set()
