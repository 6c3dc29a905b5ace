"""What the kernel keeps in memory of files that are on a disk."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def forget(folder: Path) -> None:
    """Have the files below ``folder`` written, and read from the disk when they are asked for next."""
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if file.is_file():
                _forget(file)


def _forget(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
