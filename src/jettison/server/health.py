"""Whether the registry is well: checks that are made every so often, and what they found last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

CLOSING_SECONDS = 1.0
"""How long the end of the server waits for checks that are being made: what they still wait for is elsewhere."""

_log = structlog.get_logger("jettison.health")


@dataclass(frozen=True, slots=True)
class Check:
    """``look`` raises if something is wrong, every ``interval`` seconds; ``threshold`` times in a row are a failure."""

    name: str
    look: Callable[[], None]
    interval: float
    threshold: int = 1


class Health:
    """Makes ``checks``, each in a thread of its own, the first time after its interval, until :meth:`close`.

    ``tell`` is called with whether the registry is unwell, as often as that may have changed. As in distribution a
    check that has not been made yet is taken to be well.
    """

    def __init__(self, checks: Sequence[Check], tell: Callable[[bool], None] = lambda unwell: None) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._failures: dict[Check, str] = {}
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._make, args=(check,), name=f"health-{number}", daemon=True)
            for number, check in enumerate(checks)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def failures(self) -> dict[str, str]:
        """The checks that fail, by their names, each with what is wrong."""
        with self._lock:
            return {check.name: wrong for check, wrong in self._failures.items()}

    def close(self) -> None:
        """Make no check any more."""
        self._closed.set()
        deadline = time.monotonic() + CLOSING_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _make(self, check: Check) -> None:
        failed = 0
        while not self._closed.wait(check.interval):
            wrong = _wrong(check)
            failed = failed + 1 if wrong is not None else 0
            self._note(check, wrong if failed >= check.threshold else None)

    def _note(self, check: Check, wrong: str | None) -> None:
        with self._lock:
            known = self._failures.get(check)
            if wrong is None:
                self._failures.pop(check, None)
            else:
                self._failures[check] = wrong
            self._tell(bool(self._failures))
        if wrong is not None and known is None:
            _log.warning("a health check fails", check=check.name, error=wrong)
        elif wrong is None and known is not None:
            _log.info("a health check is well again", check=check.name)


def _wrong(check: Check) -> str | None:
    try:
        check.look()
    except Exception as error:  # noqa: BLE001 - whatever a check raises is what it has found
        return str(error) or type(error).__name__
    return None
