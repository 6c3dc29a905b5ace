"""The data folder: made ready, and kept to one server at a time."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jettison.server.errors import ServeError
from jettison.server.mounts import network_filesystem

LOCK = "jettison.lock"


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the data folder ``root``, made if it is missing, against every other server.

    The kernel lets go of the lock when the process ends, however it ends: there is no stale lock.
    Raises ServeError if another server holds it, or if the folder cannot be made or written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = os.open(root / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _unusable(root, error) from error
    try:
        _take(lock, root)
        yield
    finally:
        os.close(lock)


def refuse_network_filesystem(root: Path) -> None:
    """Raise ServeError if ``root``, which is to hold an SQLite database, lies on a network filesystem."""
    kind = network_filesystem(root)
    if kind is not None:
        raise ServeError(
            f"{root.resolve()} lies on a network filesystem ({kind}), which loses or damages an SQLite database:"
            " choose a local folder (storage.filesystem.rootdirectory, or"
            " REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY), or keep the database in PostgreSQL"
            " (jettison.database.url, or REGISTRY_JETTISON_DATABASE_URL)"
        )


def _take(lock: int, root: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()} {socket.gethostname()}\n".encode(), 0)
    except BlockingIOError as error:
        raise ServeError(
            f"the data folder {root.resolve()} is already served by {_holder(lock)}: stop that one, or give this one a"
            " folder of its own (storage.filesystem.rootdirectory, or REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY)"
        ) from error
    except OSError as error:
        raise _unusable(root, error) from error


def _holder(lock: int) -> str:
    pid, _, host = os.pread(lock, 300, 0).decode(errors="replace").strip().partition(" ")
    if not pid:
        return "another server, which is just starting"
    return f"process {pid}" if host == socket.gethostname() else f"process {pid} on {host}"


def _unusable(root: Path, error: OSError) -> ServeError:
    return ServeError(
        f"the data folder {root.absolute()} cannot be used ({error.strerror}): make it writable for this user, or"
        " choose another (storage.filesystem.rootdirectory, or REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY)"
    )
