"""Blobs as files in a folder.

    <root>/blobs/<first two digits of the key>/<key>     what was kept
    <root>/uploads/<id>                                  what is arriving; after keep, a second name of the same file

What was adopted from CNCF distribution lies where that has put it, and is only read and deleted (see `places`).

A kept upload has both names until `finish`. A crash between keep and the commit therefore leaves both, and `abandon`
sees by the same inode that the blob was never committed, so that it may remove it. Renaming would leave one name that
nobody could judge. An old database's stale upload finds no `uploads/<id>` and touches nothing.

Made durable in this order: the file, its name in `uploads`, the link in the blob's folder. Removed durably in this
order: the blob's name, the upload's. So a power loss leaves no blob that nothing tells about.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

from jettison.blobs.durable import full_is_no_space, is_full, make_folder, require_room, sync_folder
from jettison.blobs.places import (
    blob_files,
    blob_path,
    is_upload,
    make_blob_folders,
    new_blob_path,
    remove_blob,
    require_upload,
)
from jettison.blobs.store import PIECE_SIZE, BytesMissing, Key, KeyTaken, NotDurable, Unsuitable
from jettison.blobs.upload_file import FileWriter, UploadFile


class FilesystemBlobs:
    """Blobs in the folder `root`, which is made if it is not there.

    Different uploads and blobs never wait for each other. Raises Unsuitable where the folder cannot be made or its
    filesystem has no hard links.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._blobs = root / "blobs"
        self._uploads = root / "uploads"
        self._open_uploads: dict[str, UploadFile] = {}
        self._open_uploads_lock = threading.Lock()
        try:
            self._make_folders()
            self._probe_hard_links()
        except (OSError, NotDurable) as error:
            raise Unsuitable(
                f"Blobs cannot be stored in {root}: {error}. Make the folder writable for this user, "
                "or name another in storage.filesystem.rootdirectory"
            ) from error

    def new_key(self) -> Key:
        """A random key."""
        return Key(uuid.uuid4().hex)

    def require_room(self) -> None:
        """Raise NoSpace where the disk is as full as uploads may make it."""
        require_room(self._uploads)

    def writer(self, upload: str, key: Key, state: str | None, offset: int) -> FileWriter:
        """A writer of `upload` that goes on at `offset`; the older one is revoked."""
        new_blob_path(self._root, key)
        with self._upload(upload) as file:
            file.writer = FileWriter(file, offset)
            return file.writer

    def keep(self, upload: str, key: Key, state: str | None, size: int) -> None:
        """Make the first `size` bytes of `upload` the blob at `key`.

        Raises BytesMissing, AlreadyKept, NoSpace, NotDurable, KeyTaken.
        """
        blob = new_blob_path(self._root, key)
        with self._upload(upload) as file:
            file.writer = None
            try:
                file.open(size)
                file.sync(size)
            finally:
                file.close()
            _link(file.path, blob)
            sync_folder(blob.parent)

    def finish(self, upload: str, key: Key | None = None, state: str | None = None) -> None:
        """Drop the upload's own name of the file that is now a blob."""
        # Not made durable: a name that comes back after a power loss is a leftover like any other.
        with self._upload(upload) as file:
            file.path.unlink(missing_ok=True)
            self._forget(upload, file)

    def abandon(self, upload: str, key: Key, state: str | None) -> None:
        """Drop the upload's file, and the blob at `key` where it is the same file."""
        blob = new_blob_path(self._root, key)
        with self._upload(upload) as file:
            # The blob's name goes first and for good, since only the upload's tells that it was never committed.
            if _same_file(file.path, blob):
                blob.unlink(missing_ok=True)
                sync_folder(blob.parent)
            with contextlib.suppress(FileNotFoundError):
                file.path.unlink()
                sync_folder(self._uploads)
            self._forget(upload, file)

    def drop_late(self, upload: str, key: Key, *, kept: bool) -> None:
        """Drop the upload's file, and the blob at `key` unless it was `kept`."""
        if kept:
            self.finish(upload, key)
        else:
            self.abandon(upload, key, None)
            self.delete(key)

    def uploads(self) -> Iterator[str]:
        """The ids of all uploads that have a file."""
        with os.scandir(self._uploads) as entries:
            for entry in entries:
                if is_upload(entry.name):
                    yield entry.name

    def read(
        self, key: Key, start: int = 0, stop: int | None = None, piece: int = PIECE_SIZE
    ) -> Generator[bytes, None, None]:
        """The bytes from `start` to before `stop`, in pieces. Raises BytesMissing."""
        if not 0 <= start <= (start if stop is None else stop):
            raise ValueError(f"No bytes lie between {start} and {stop}: give 0 <= start <= stop")
        pieces = _pieces(self._blob_path(key), start, stop, piece)
        # A generator that has begun raises what opening raises, and closes its file even if nobody reads on.
        next(pieces)
        return pieces

    def path(self, key: Key) -> Path:
        """The file of the blob at `key`, whether it exists or not."""
        return self._blob_path(key)

    def url(self, key: Key, lifetime: float, headers: Mapping[str, str]) -> None:
        """None: a folder serves nothing by itself."""
        self._blob_path(key)

    def size(self, key: Key) -> int | None:
        """The number of bytes of the blob's file; None where there is none."""
        try:
            return self._blob_path(key).stat().st_size
        except FileNotFoundError:
            return None

    def stored_at(self, key: Key) -> float | None:
        """When the blob's file got its name, or later."""
        # Not the time of its last byte: a link changes this one, and nobody can set it.
        try:
            return self._blob_path(key).stat().st_ctime
        except FileNotFoundError:
            return None

    def delete(self, key: Key) -> None:
        """Remove the blob's file, if it is there."""
        # Not made durable: a name that comes back after a power loss costs space, is served to nobody, and is reported
        # by a check of files without rows.
        remove_blob(self._blob_path(key), key)

    def keys(self) -> Iterator[tuple[Key, int]]:
        """All blobs with their sizes, a folder at a time; other files are passed over."""
        return blob_files(self._root)

    def close(self) -> None:
        """Close the files of all uploads."""
        with self._open_uploads_lock:
            files = list(self._open_uploads.values())
        for file in files:
            with file.lock:
                file.writer = None
                file.close()

    def _make_folders(self) -> None:
        make_folder(self._uploads)
        make_blob_folders(self._root)

    def _probe_hard_links(self) -> None:
        probe = f"probe-{uuid.uuid4().hex}"
        upload, blob = self._uploads / probe, self._blobs / probe
        try:
            upload.touch()
            try:
                os.link(upload, blob)
            except OSError as error:
                if is_full(error):
                    raise
                raise Unsuitable(
                    f"Hard links cannot be made from {self._uploads} to {self._blobs}: {error.strerror}. "
                    "Put both on one filesystem that has hard links, such as ext4, XFS, Btrfs or ZFS"
                ) from error
        except OSError as error:
            # A full disk must not keep anyone from deleting, and it was no obstacle to links before.
            if not is_full(error):
                raise
        finally:
            upload.unlink(missing_ok=True)
            blob.unlink(missing_ok=True)

    def _blob_path(self, key: Key) -> Path:
        return blob_path(self._root, key)

    @contextlib.contextmanager
    def _upload(self, upload: str) -> Iterator[UploadFile]:
        require_upload(upload)
        while True:
            with self._open_uploads_lock:
                file = self._open_uploads.get(upload)
                if file is None:
                    file = self._open_uploads[upload] = UploadFile(self._uploads / upload)
            with file.lock:
                # Whoever waited here while the upload ended holds the lock of a file that nobody else will look at.
                if not file.forgotten:
                    yield file
                    return

    def _forget(self, upload: str, file: UploadFile) -> None:
        file.writer = None
        file.forgotten = True
        file.close()
        with self._open_uploads_lock:
            del self._open_uploads[upload]


def _link(upload: Path, blob: Path) -> None:
    try:
        with full_is_no_space(blob):
            os.link(upload, blob)
    except FileExistsError:
        # The same file: an earlier keep went this far.
        if not _same_file(upload, blob):
            raise KeyTaken(f"{blob} exists and is another blob: begin the upload again with a new key") from None


def _same_file(one: Path, other: Path) -> bool:
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except FileNotFoundError:
        return False


def _pieces(path: Path, start: int, stop: int | None, size: int) -> Generator[bytes, None, None]:
    try:
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise BytesMissing(f"{path} is gone: push what needs it again, or bring it back from a backup") from None
    with file:
        there = os.fstat(file.fileno()).st_size
        end = there if stop is None else stop
        if there < max(start, end):
            raise _cut_short(path, there, max(start, end))
        yield b""
        file.seek(start)
        while start < end:
            piece = file.read(min(size, end - start))
            if not piece:
                raise _cut_short(path, start, end)
            start += len(piece)
            yield piece


def _cut_short(path: Path, there: int, wanted: int) -> BytesMissing:
    return BytesMissing(
        f"{path} ends after {there} bytes where {wanted} were stored: push what needs it again, "
        "or bring it back from a backup"
    )
