"""Takes up a certificate that was renewed on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import structlog

from jettison.server.certificate import Certificate, now, read_certificate
from jettison.server.errors import ServeError
from jettison.settings.models.http import Tls

LOOK_SECONDS = 2.0

_State: TypeAlias = tuple[tuple[int, int, int] | None, ...]
_log = structlog.get_logger("jettison.tls")


async def follow(tls: Tls, current: Certificate, take: Callable[[Certificate], Awaitable[None]]) -> None:
    """Look at the files of ``tls`` every two seconds, and ``take`` what they hold once it is another than ``current``.

    It is read when it has been the same for two looks: one file may be written before the other. What cannot be served
    is logged, once, and what was served before goes on.
    """
    seen, read = await asyncio.to_thread(_state, tls), None
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        state = await asyncio.to_thread(_state, tls)
        settled, seen = state == seen, state
        if not settled or state == read:
            continue
        read = state
        try:
            renewed = await asyncio.to_thread(read_certificate, tls)
            if renewed != current:
                await take(renewed)
        except (ServeError, OSError) as error:
            _log.error("the renewed certificate is not taken up, the former one stays", error=str(error))
            # What the files hold stays as it is; that there are too many open files, say, does not.
            read = None if isinstance(error, OSError) else state
            continue
        if renewed != current:
            current = renewed
            _log.info("certificate renewed", names=" ".join(renewed.names), until=f"{renewed.ends:%Y-%m-%d}")
            warn(renewed)


def warn(certificate: Certificate) -> None:
    """Log what is wrong with a certificate's time, if anything is."""
    warning = certificate.warning(now())
    if warning is not None:
        _log.warning(warning)


def _state(tls: Tls) -> _State:
    return tuple(_of(file) for file in (tls.certificate, tls.key, *tls.clientcas))


def _of(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
