"""The schema that the database has by now, and whether this program may go on serving it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import structlog

from jettison.metadata.migrate import NewerSchema, require_compatible
from jettison.oci.errors import Unavailable
from jettison.registry.registry import Registry
from jettison.server.health import Check

SECONDS = 5.0
"""How often it is looked at. Meanwhile a statement that the new schema does not take is answered 503."""

_log = structlog.get_logger("jettison.database")


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def schema_checks(registry: Registry, end: Callable[[], None] = _end) -> list[Check]:
    """Where other programs may bring the database to a newer schema: a check that they took nothing from this one.

    Once it fails, ``end`` is called, by default as SIGTERM does: requests in flight are answered, no other is taken.
    """
    ended = False

    def look() -> None:
        nonlocal ended
        try:
            require_compatible(registry.database)
        except NewerSchema as error:
            if not ended:
                ended = True
                _log.error("this program is too old for its database, and ends", error=str(error))
                end()
            raise
        except Unavailable:
            # Whether it is well otherwise is not asked here.
            return

    return [] if registry.database.inline else [Check("schema", look, SECONDS)]
