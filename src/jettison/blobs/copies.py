"""A second folder of the same blobs, in the layout of `filesystem`: hard links where they can be, else copies."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Container, Iterator
from enum import Enum
from pathlib import Path

from jettison.blobs.durable import full_is_no_space, make_durable, make_folder, sync_folder
from jettison.blobs.places import blob_files, blob_path, is_adopted, make_blob_folders, remove_blob
from jettison.blobs.store import Blobs, BytesMissing, Key

_PIECE = 1024 * 1024
_UNFINISHED = ".unfinished"
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class Taken(Enum):
    """How a blob came to lie in the second folder."""

    THERE = "there"
    LINKED = "linked"
    COPIED = "copied"


class Copies:
    """The blobs in the folder `root`, made if it is not there. Raises OSError, NotDurable."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._touched: set[Path] = set()
        make_blob_folders(root)

    def take(self, blobs: Blobs, key: Key, size: int) -> Taken:
        """Have the `size` bytes that `blobs` has at `key`. Raises BytesMissing where they are not there, NoSpace."""
        copy = blob_path(self._root, key)
        # Bytes at a key never change: what is here and long enough is right, be it from an earlier time.
        with contextlib.suppress(FileNotFoundError):
            if copy.lstat().st_size == size:
                return Taken.THERE
            copy.unlink()
        self._touched.add(copy.parent)
        if is_adopted(key):
            make_folder(copy.parent.parent)
            copy.parent.mkdir(mode=0o750, exist_ok=True)
            self._touched.add(copy.parent.parent)
        return bring(blobs, key, size, copy)

    def sync(self) -> None:
        """Make the names of all that was taken durable. Raises NotDurable."""
        for folder in sorted(self._touched):
            sync_folder(folder)
        self._touched.clear()

    def drop_others(self, wanted: Container[str]) -> Iterator[tuple[Key, int]]:
        """Remove the blobs that are not `wanted`, and what a copy that was cut short has left."""
        for unfinished in (self._root / "blobs").glob(f"*/*{_UNFINISHED}"):
            unfinished.unlink(missing_ok=True)
        for key, size in blob_files(self._root):
            if key not in wanted:
                remove_blob(blob_path(self._root, key), key)
                yield key, size


def bring(blobs: Blobs, key: Key, size: int, copy: Path) -> Taken:
    """Have the `size` bytes that `blobs` has at `key` in the file `copy` too, which is not there yet.

    Raises BytesMissing where they are not there, NoSpace. The new name is durable once its folder is synced.
    """
    found = blobs.size(key)
    if found != size:
        raise BytesMissing(f"{blobs.path(key) or key} has {found or 0} of {size} bytes")
    source = blobs.path(key)
    if source is not None and _link(source, copy):
        return Taken.LINKED
    # Under another name until it is whole and durable: what has a blob's name is one.
    unfinished = copy.with_name(f"{copy.name}{_UNFINISHED}")
    with full_is_no_space(unfinished), unfinished.open("wb") as file:
        for piece in blobs.read(key, 0, size, _PIECE):
            file.write(piece)
        file.flush()
        make_durable(file.fileno(), unfinished)
    unfinished.replace(copy)
    return Taken.COPIED


def _link(source: Path, copy: Path) -> bool:
    """Give the file a second name; False where that cannot be."""
    try:
        with full_is_no_space(copy):
            os.link(source, copy)
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    return True
