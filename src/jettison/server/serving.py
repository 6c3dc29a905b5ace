"""Serving: the data folder taken, the address bound, the registry opened, and all of it let go again at the end."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jettison.server.folder import locked, refuse_network_filesystem
from jettison.server.greeting import greeting
from jettison.server.journal import Journal
from jettison.server.port import BACKLOG, bind
from jettison.server.unix import bind_unix
from jettison.settings import Address, Loaded, Settings

if TYPE_CHECKING:
    from jettison.server.certificate import Certificate
    from jettison.server.embedded import Application

_CLOSING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Site:
    """What is served: an ASGI application, and how to let go of what it works on once nobody asks any more."""

    application: Application
    close: Callable[[], None]


def serve(loaded: Loaded, open_site: Callable[[Settings], Site] | None = None) -> None:
    """Serve what ``loaded`` describes, in this process and thread, until SIGTERM or SIGINT.

    ``open_site`` opens what is served, by default the registry. Requests in flight get `http.draintimeout` to end; a
    second signal ends at once. If some do not end, the process does, without returning: nothing that was acknowledged
    can be lost by that.
    Raises ServeError with what to do if the data folder, the certificate, the address or the registry cannot be had.
    """
    settings = loaded.settings
    with Journal(sys.stderr.fileno()) as journal, _taken(settings):
        certificate = _certificate(settings)
        with _listening(settings.http.addr) as bound:
            # Imported only now, what is slow to import: a second start in the same place is refused in a blink.
            from jettison.server import listener, logs  # noqa: PLC0415

            logs.configure(journal, settings.log.level, settings.log.formatter, settings.log.fields)
            site = (open_site or _open_registry)(settings)
            # What exists by now stays: looking through it for garbage would stop every request for 10 to 30 ms.
            gc.freeze()
            bound.listen(BACKLOG)
            sys.stderr.write(greeting(loaded, _where(settings, bound), certificate))
            sys.stderr.flush()
            try:
                head_seconds = settings.jettison.limits.head.time.total_seconds()
                drained = listener.run(site.application, bound, settings.http, certificate, head_seconds)
            except BaseException:
                _close_soon(site)
                raise
        if drained:
            site.close()
        else:
            _close_soon(site)
            journal.close()
            os._exit(0)


@contextmanager
def _taken(settings: Settings) -> Iterator[None]:
    """The data folder, held against every other server; a bucket is for any number of them."""
    folder = settings.storage.folder
    if folder is None:
        yield
        return
    with locked(folder):
        if settings.jettison.database.url is None:
            refuse_network_filesystem(folder)
        yield


def _certificate(settings: Settings) -> Certificate | None:
    if settings.http.tls is None:
        return None
    from jettison.server.certificate import read_certificate  # noqa: PLC0415  (slow to import, and seldom needed)

    return read_certificate(settings.http.tls)


@contextmanager
def _listening(where: Address | Path) -> Iterator[socket.socket]:
    """A socket bound there, and nothing left of it afterwards."""
    if isinstance(where, Address):
        with bind(where) as bound:
            yield bound
        return
    file = bind_unix(where)
    try:
        with file.socket:
            yield file.socket
    finally:
        file.remove()


def _where(settings: Settings, bound: socket.socket) -> Address | Path:
    where = settings.http.addr
    return Address(where.host, bound.getsockname()[1]) if isinstance(where, Address) else where.absolute()


def _open_registry(settings: Settings) -> Site:
    from jettison.server.opening import open_registry_site  # noqa: PLC0415  (see above)

    return open_registry_site(settings)


def _close_soon(site: Site) -> None:
    # Threads may hang in a request that was cut off, and closing would wait for them.
    closing = threading.Thread(target=site.close, daemon=True)
    closing.start()
    closing.join(_CLOSING_SECONDS)
