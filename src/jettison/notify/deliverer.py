"""Delivering to one endpoint: in order, each event until it is accepted, from a thread of its own."""

from __future__ import annotations

import threading
import time

import structlog

from jettison.metadata import leases, notifications
from jettison.metadata.database import Database
from jettison.notify.breaker import Breaker
from jettison.notify.sender import NotAccepted, NotAnswered, Sender, named
from jettison.notify.tally import Tally
from jettison.registry.endpoint import Endpoint

BATCH = 50
"""Events that are read from the queue at once. Those with references may be as large as manifests."""

RECORD_SECONDS = 1.0
"""How long a batch goes on before what was delivered is recorded: a crash delivers that much again."""

FIRST_LOOK, LAST_LOOK = 0.02, 1.0
"""Seconds between looks at an empty queue: short after something was queued here, longer from look to look."""

TRY_TIMEOUTS = 3
"""Timeouts that a try may take: to connect, to send, to hear an answer."""

_log = structlog.get_logger("jettison.notify")


class Deliverer:
    """Sends what waits for ``endpoint`` until :meth:`stop`. What was accepted leaves the queue.

    Of several processes (``holder`` is this one's name) one delivers, while it has the lease of the endpoint.
    """

    def __init__(self, database: Database, endpoint: Endpoint, holder: str) -> None:
        self._database = database
        self._endpoint = endpoint
        self._holder = holder
        self._lease = f"notify/{endpoint.name}"
        # It is renewed when half of it is over, and a turn ends within the other half.
        self._lease_seconds = 2 * (2 * RECORD_SECONDS + TRY_TIMEOUTS * endpoint.timeout)
        self._leased_until = 0.0
        self._sender = Sender(endpoint)
        self._breaker = Breaker(endpoint.threshold, endpoint.backoff)
        self._woken, self._stopped, self._abandoned = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"notify-{endpoint.name}", daemon=True)
        self.tally = Tally()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the queue soon: something is being added."""
        if not self._woken.is_set():
            self._woken.set()

    def stop(self) -> None:
        """Have it end after the try that is being made, if any; the rest of the queue stays."""
        self._stopped.set()
        self._woken.set()

    def join(self, seconds: float) -> None:
        """Wait for its end, so many seconds at most. After that it does not touch the database any more."""
        self._thread.join(seconds)
        self._abandoned.set()

    def _run(self) -> None:
        pause = FIRST_LOOK
        while not self._stopped.is_set():
            if self._turn():
                pause = FIRST_LOOK
            elif self._woken.wait(pause):
                self._woken.clear()
                pause = FIRST_LOOK
            else:
                pause = min(2 * pause, LAST_LOOK)
        self._end()

    def _turn(self) -> bool:
        """Deliver some of what waits; whether anything did, and is ours to deliver."""
        try:
            return self._deliver()
        except Exception as error:  # noqa: BLE001 - one bad turn must not end all later ones
            if not self._abandoned.is_set():
                _log.warning("cannot deliver events", endpoint=self._endpoint.name, error=str(error))
                self._stopped.wait(LAST_LOOK)
            return False

    def _deliver(self) -> bool:
        if self._stopped.wait(self._breaker.pause()) or not self._has_lease():
            return False
        batch = self._database.read(lambda tx: notifications.first(tx, self._endpoint.name, BATCH))
        done: list[int] = []
        ends = time.monotonic() + RECORD_SECONDS
        try:
            for waiting in batch:
                if self._stopped.is_set() or time.monotonic() > ends or not self._try(waiting.event):
                    break
                done.append(waiting.id)
        finally:
            if done and not self._abandoned.is_set():
                self._database.write(lambda tx: notifications.delete(tx, done), durable=False)
        return bool(batch)

    def _try(self, event: str) -> bool:
        try:
            status = self._sender.send(event)
        except NotAccepted as error:
            self.tally.failures += 1
            self.tally.statuses[named(error.status)] += 1
            self._failed(error)
            return False
        except NotAnswered as error:
            self.tally.errors += 1
            self._failed(error)
            return False
        self.tally.successes += 1
        self.tally.statuses[named(status)] += 1
        if self._breaker.is_open:
            _log.info("events are delivered again", endpoint=self._endpoint.name, failures=self._breaker.failures)
        self._breaker.succeeded()
        return True

    def _failed(self, error: NotAccepted | NotAnswered) -> None:
        was_open = self._breaker.is_open
        self._breaker.failed()
        if self._breaker.is_open and not was_open:
            _log.warning(
                "events are not delivered, and wait",
                endpoint=self._endpoint.name,
                failures=self._breaker.failures,
                backoff_seconds=self._endpoint.backoff,
                error=str(error),
            )

    def _has_lease(self) -> bool:
        """Whether this process is the one that delivers now; it only becomes so where something waits."""
        now = time.monotonic()
        if now < self._leased_until - self._lease_seconds / 2:
            return True
        if not self._database.read(lambda tx: notifications.is_any(tx, self._endpoint.name)):
            return False
        length = round(1_000_000 * self._lease_seconds)
        taken = self._database.write(lambda tx: leases.take(tx, self._lease, self._holder, length), durable=False)
        self._leased_until = now + self._lease_seconds if taken else 0.0
        return taken

    def _end(self) -> None:
        self._sender.close()
        if self._leased_until and not self._abandoned.is_set():
            try:
                self._database.write(lambda tx: leases.release(tx, self._lease, self._holder), durable=False)
            except Exception as error:  # noqa: BLE001 - it ends by itself, only later
                _log.warning("cannot give up the delivery", endpoint=self._endpoint.name, error=str(error))
