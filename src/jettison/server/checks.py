"""The health checks that can be configured: of storage, of files, and of servers elsewhere."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from jettison.blobs.store import Key
from jettison.registry.listing import is_alive
from jettison.registry.registry import Registry
from jettison.server.health import Check
from jettison.settings import Address, Settings

Look = Callable[[], None]

_ABSENT = Key("0" * 32)
"""A key at which nothing lies: to be told so is an answer."""


class Unwell(Exception):
    """What a check has found."""


def configured(settings: Settings, registry: Registry) -> list[Check]:
    """The checks of ``health``, named as distribution names them."""
    health = settings.health
    checks = [Check(str(one.file), _absent(one.file), one.interval.total_seconds()) for one in health.file]
    for http in health.http:
        look = _answers(str(http.uri), http.headers, http.statuscode, http.timeout.total_seconds())
        checks.append(Check(str(http.uri), look, http.interval.total_seconds(), http.threshold))
    for tcp in health.tcp:
        look = _connects(tcp.addr, tcp.timeout.total_seconds())
        checks.append(Check(str(tcp.addr), look, tcp.interval.total_seconds(), tcp.threshold))
    storage = health.storagedriver
    if storage.enabled:
        kind, look = _stores(registry, settings.storage.folder)
        checks.append(Check(f"storagedriver_{kind}", look, storage.interval.total_seconds(), storage.threshold))
    return checks


def _stores(registry: Registry, folder: Path | None) -> tuple[str, Look]:
    """The data folder is there, or the bucket answers, and the database can be read and written.

    With distribution's word for the kind of storage.
    """

    def look() -> None:
        if folder is None:
            registry.blobs.size(_ABSENT)
        else:
            folder.stat()
        is_alive(registry)

    return "s3aws" if folder is None else "filesystem", look


def _absent(file: Path) -> Look:
    """The file is not there: who makes it takes the registry out of service."""

    def look() -> None:
        try:
            file.stat()
        except FileNotFoundError:
            return
        raise Unwell("file exists")

    return look


def _answers(uri: str, headers: Mapping[str, tuple[str, ...]], status: int, timeout: float) -> Look:
    """HEAD of the URL is answered with that status, redirects followed."""
    # Imported where it is asked for: it costs a tenth of a second of the start.
    import httpx2  # noqa: PLC0415

    fields = [(name, value) for name, values in headers.items() for value in values]

    def look() -> None:
        try:
            found = httpx2.head(uri, headers=fields, timeout=timeout, follow_redirects=True).status_code
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unwell(f"{uri}: error while checking: {str(error) or type(error).__name__}") from error
        if found != status:
            raise Unwell(f"{uri}: downstream service returned unexpected status: {found}")

    return look


def _connects(address: Address, timeout: float) -> Look:
    """The address takes a TCP connection."""

    def look() -> None:
        try:
            socket.create_connection((address.host or "localhost", address.port), timeout).close()
        except OSError as error:
            raise Unwell(f"{address}: connection failed: {error.strerror or error}") from error

    return look
