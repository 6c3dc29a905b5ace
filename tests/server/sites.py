"""A small site served in a process of its own: `python -m tests.server.sites ADDRESS ROOT [LEVEL [FORMATTER]]`.

Variables of the environment that begin with REGISTRY_HTTP_ are settings of it, and SETTLE_SECONDS is how long
connections are kept after their certificate was replaced.
What it is asked to do stands in the path; what it noticed it writes to ROOT/events, a line each.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import structlog

from jettison.server import ServeError, Site, serve, service
from jettison.settings import Settings, load

_log = structlog.get_logger("site")


class SmallSite:
    """An ASGI application with one path for each thing that a test wants of it."""

    def __init__(self, root: Path) -> None:
        self._events = root / "events"
        self._file = root / "file"

    def note(self, event: str) -> None:
        """Write down that something happened."""
        with self._events.open("a") as events:
            events.write(f"{event}\n")

    def close(self) -> None:
        """Note that the site was let go of."""
        self.note("closed")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        _, verb, *rest = scope["raw_path"].split(b"/")
        body = b""
        if verb == b"sleep":
            self.note("sleeping")
            await self._sleep(float(rest[0]))
        elif verb == b"hang":
            self.note("hanging")
            await asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)
        elif verb == b"take":
            body = await self._take(receive)
        elif verb == b"scope":
            body = json.dumps({key: repr(scope[key]) for key in sorted(scope)}).encode()
        elif verb == b"log":
            _log.info("asked", path=scope["path"])
        elif verb == b"file":
            await self._send_file(send)
            return
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.note("cancelled")
            raise

    async def _send_file(self, send: Any) -> None:
        headers = [(b"content-length", b"%d" % self._file.stat().st_size)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.pathsend", "path": str(self._file)})
        self.note("sending")

    async def _take(self, receive: Any) -> bytes:
        self.note("taking")
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.note(f"gone after {size}")
                break
            size += len(message["body"])
            more = message["more_body"]
        return b"%d" % size


def main(address: str, root: str, level: str = "info", formatter: str = "text") -> None:
    """Serve it until a signal; ends with status 1 and the reason if it cannot be served."""
    variables = {
        **{name: value for name, value in os.environ.items() if name.startswith("REGISTRY_HTTP_")},
        "REGISTRY_HTTP_ADDR": address,
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": root,
        "REGISTRY_LOG_LEVEL": level,
        "REGISTRY_LOG_FORMATTER": formatter,
    }

    def open_site(settings: Settings) -> Site:
        service.SETTLE_SECONDS = float(os.environ.get("SETTLE_SECONDS", service.SETTLE_SECONDS))
        assert settings.storage.folder is not None
        site = SmallSite(settings.storage.folder)
        return Site(site, site.close)

    try:
        serve(load(None, variables), open_site)
    except ServeError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
