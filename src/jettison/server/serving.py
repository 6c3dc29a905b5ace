"""Serving: the data folder taken, the address bound, the registry opened, and all of it let go again at the end."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jettison.server.folder import locked, refuse_network_filesystem
from jettison.server.greeting import greeting
from jettison.server.journal import Journal
from jettison.server.port import BACKLOG, bind
from jettison.settings import Address, Loaded, Settings

if TYPE_CHECKING:
    from jettison.server.listener import Application

_CLOSING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Site:
    """What is served: an ASGI application, and how to let go of what it works on once nobody asks any more."""

    application: Application
    close: Callable[[], None]


def serve(loaded: Loaded, open_site: Callable[[Settings], Site] | None = None) -> None:
    """Serve what ``loaded`` describes, in this process and thread, until SIGTERM or SIGINT.

    ``open_site`` opens what is served, by default the registry. Requests in flight get `listener.GRACE_SECONDS` to
    end; a second signal ends at once. If some do not end, the process does, without returning: nothing that was
    acknowledged can be lost by that.
    Raises ServeError with what to do if the data folder, the address or the registry cannot be had.
    """
    settings = loaded.settings
    root = settings.storage.filesystem.rootdirectory
    with Journal(sys.stderr.fileno()) as journal, locked(root):
        if settings.jettison.database.url is None:
            refuse_network_filesystem(root)
        bound = bind(settings.http.addr)
        # Imported only now, what is slow to import: a second start in the same place is refused in a blink.
        from jettison.server import listener, logs  # noqa: PLC0415

        logs.configure(journal, settings.log.level, settings.log.formatter)
        with bound:
            site = (open_site or _open_registry)(settings)
            # What exists by now stays: looking through it for garbage would stop every request for 10 to 30 ms.
            gc.freeze()
            bound.listen(BACKLOG)
            sys.stderr.write(greeting(loaded, Address(settings.http.addr.host, bound.getsockname()[1])))
            sys.stderr.flush()
            try:
                drained = listener.run(site.application, bound)
            except BaseException:
                _close_soon(site)
                raise
        if drained:
            site.close()
        else:
            _close_soon(site)
            journal.close()
            os._exit(0)


def _open_registry(settings: Settings) -> Site:
    from jettison.server.opening import open_registry_site  # noqa: PLC0415  (see above)

    return open_registry_site(settings)


def _close_soon(site: Site) -> None:
    # Threads may hang in a request that was cut off, and closing would wait for them.
    closing = threading.Thread(target=site.close, daemon=True)
    closing.start()
    closing.join(_CLOSING_SECONDS)
