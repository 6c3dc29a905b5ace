"""A registry with a debug address, as whoever watches it sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

import httpx2

from tests.support.server import JettisonServer


class Watched:
    """A server whose `http.debug` has ``debug`` and a free port. A context manager.

    ``config`` is what else it is configured with.
    """

    def __init__(
        self, debug: Mapping[str, Any], config: Mapping[str, Any] | None = None, database_url: str | None = None
    ) -> None:
        whole = {**(config or {}), "http": {"debug": {"addr": "127.0.0.1:0", **debug}}}
        self.server = JettisonServer(config=whole, database_url=database_url)

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.server.__exit__(*raised)

    @property
    def url(self) -> str:
        """Where the debug address is."""
        assert self.server.daemon is not None
        self.server.daemon.wait_until(lambda: "debug: listening" in self.server.log, "listening for those who watch")
        return "http://" + str(re.findall(r"debug: listening address=(\S+)", self.server.log)[-1])

    def ask(self, path: str, method: str = "GET") -> httpx2.Response:
        """Ask the debug address."""
        return httpx2.request(method, self.url + path, timeout=10, trust_env=False)

    def metrics(self) -> dict[str, float]:
        """The value of each metric, by its name and labels as they are written."""
        answer = self.ask("/metrics")
        assert answer.status_code == 200
        lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
