"""What POSIX asks of who wants files and names to survive a power loss, and what a full disk says."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from jettison.blobs.store import NoSpace, NotDurable

LEAST_ROOM = 32 * 1024 * 1024
"""Bytes of the disk that are left free, so that whoever filled it can still delete."""

ROOM_DIVISOR = 20
"""Of a small disk no more than one part of so many is left free."""


def make_durable(descriptor: int, path: Path) -> None:
    """Have all that was written to the open file or folder at `path` on the disk. Raises NotDurable."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise NotDurable(
            f"{path} could not be made durable: {error.strerror}. Look at the kernel's log and the disk beneath, "
            "and push again once it is well"
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: those made, and those removed. Raises NotDurable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        make_durable(descriptor, folder)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, durably, where they are not there yet. Raises OSError, NotDurable."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o750, exist_ok=True)
    sync_folder(folder.parent)


def require_room(place: Path | int, size: int = 0) -> None:
    """Raise NoSpace unless `size` bytes more would leave room on the disk of the file, folder or descriptor `place`."""
    disk = os.statvfs(place)
    least = min(LEAST_ROOM, disk.f_blocks * disk.f_frsize // ROOM_DIVISOR)
    free = disk.f_bavail * disk.f_frsize
    if free < least + size:
        raise NoSpace(
            f"{free} bytes are free on the disk of the registry, of which the last {least} are kept for deleting. "
            "Free space or raise the quota; what was stored before is whole"
        )


def is_full(error: OSError) -> bool:
    """Whether the disk or the quota is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def full_is_no_space(path: Path) -> Iterator[None]:
    """Raise NoSpace where what is done to `path` meets a full disk or quota."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise NoSpace(
            f"{path} cannot grow: {error.strerror}. Free space or raise the quota; what was stored before is whole"
        ) from error
