"""A small site that runs, as the tests of the server see it."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.http.raw import Connection
from tests.support.daemon import Daemon
from tests.support.parts import ROOT

READY_SECONDS = 10


class RunningSite(Daemon):
    """`tests.server.sites` on a free port, with its data and its log in ``folder``. A context manager.

    ``http`` are settings, named as the ends of their variables are (``tls_key``); ``settle`` is how long connections
    are kept after their certificate was replaced.
    """

    def __init__(
        self,
        folder: Path,
        *,
        address: str = "127.0.0.1:0",
        root: Path | None = None,
        http: Mapping[str, object] | None = None,
        settle: float | None = None,
        **log: str,
    ) -> None:
        self.root = root or folder / "data"
        variables = {f"REGISTRY_HTTP_{name.upper()}": str(value) for name, value in (http or {}).items()}
        if settle is not None:
            variables["SETTLE_SECONDS"] = str(settle)
        settings = [log.get("level", "info"), log.get("formatter", "text")]
        started = time.monotonic()
        super().__init__(
            [sys.executable, "-m", "tests.server.sites", address, str(self.root), *settings],
            folder / f"log-{time.monotonic_ns()}",
            environ={**os.environ, **variables, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            cwd=folder,
        )
        try:
            self.wait_until(lambda: "listens on" in self.log, "listening", READY_SECONDS)
        except BaseException:
            self.kill()
            raise
        self.ready_seconds = time.monotonic() - started

    @property
    def port(self) -> int:
        """The port it said it listens on."""
        found = re.search(r"listens on (?:port |https?://[^/\n]*:)([0-9]+)", self.log)
        assert found, self.log
        return int(found[1])

    @property
    def events(self) -> list[str]:
        """What the site noted so far."""
        file = self.root / "events"
        return file.read_text().splitlines() if file.exists() else []

    def connect(self) -> Connection:
        """A connection of one's own."""
        return Connection(("127.0.0.1", self.port))

    def wait_for(self, event: str) -> None:
        """Wait until the site noted ``event``."""
        self.wait_until(lambda: event in self.events, f"noting {event!r}")

    def ended_within(self, seconds: float) -> int:
        """Its exit status. Raises TimeoutExpired if it does not end in that time."""
        return self.process.wait(seconds)


def until(condition: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether ``condition`` comes true in that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
