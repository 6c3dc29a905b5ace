"""The file of one upload: who may write it, how long it is, how much of it is durable."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from jettison.blobs.durable import full_is_no_space, make_durable, require_room, sync_folder
from jettison.blobs.store import AlreadyKept, BytesMissing, NoSpace, NotDurable, WriterRevoked

# Write-back begins every so many bytes, while the next ones arrive, so that the fsync at the end finds little to do:
# for 1 GiB on ext4 it took 10 ms instead of 500, and the whole upload half the time. Steps of 2 and 32 MiB did no
# better.
_WRITE_BACK_STEP = 8 * 1024 * 1024


class UploadFile:
    """One upload's file. `lock` is held around every use, so that the bytes of two writers never interleave."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.writer: FileWriter | None = None
        self.forgotten = False
        self._descriptor: int | None = None
        self._name_is_durable = False
        self._durable_size: int | None = None
        self._written_back = 0

    def open(self, size: int) -> None:
        """Have the file open with exactly `size` bytes, dropping what lies beyond.

        Raises BytesMissing, NoSpace, AlreadyKept.
        """
        if self._descriptor is None:
            create = os.O_CREAT if size == 0 else 0
            try:
                with full_is_no_space(self.path):
                    self._descriptor = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW | create, 0o640)
            except FileNotFoundError:
                raise self._missing(0, size) from None
        there = os.fstat(self._descriptor).st_size
        if there < size:
            raise self._missing(there, size)
        if there > size:
            self._refuse_if_kept(self._descriptor)
            os.ftruncate(self._descriptor, size)
            self._durable_size = None
        self._written_back = size

    def append(self, piece: bytes | bytearray | memoryview, offset: int) -> int:
        """Write all of `piece` at `offset`, the end of the open file, and answer the new end.

        Raises NoSpace, the file being as long as before; AlreadyKept.
        """
        descriptor = self._opened()
        self._refuse_if_kept(descriptor)
        self._durable_size = None
        end = offset
        with memoryview(piece) as whole, whole.cast("B") as view:
            require_room(descriptor, len(view))
            try:
                with full_is_no_space(self.path):
                    while end - offset < len(view):
                        end += os.pwrite(descriptor, view[end - offset :], end)
            except (OSError, NoSpace):
                # Gives the space of half a piece back. Where even that fails, the next opening drops those bytes.
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, offset)
                raise
        if end - self._written_back >= _WRITE_BACK_STEP:
            self._begin_write_back(descriptor, end)
        return end

    def sync(self, size: int) -> None:
        """Make the open file's `size` bytes and its name durable. Raises NotDurable, the bytes being lost."""
        descriptor = self._opened()
        try:
            if self._durable_size != size:
                make_durable(descriptor, self.path)
                self._durable_size = size
            if not self._name_is_durable:
                sync_folder(self.path.parent)
                self._name_is_durable = True
        except NotDurable:
            # The kernel may have dropped what it could not write and call it clean: a second fsync would answer
            # success. Emptied, the file cannot be resumed or kept by mistake, only begun again.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
            self.writer = self._durable_size = None
            self.close()
            raise

    def close(self) -> None:
        """Close the file, if it is open. What is known of it stays."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _opened(self) -> int:
        if self._descriptor is None:
            raise RuntimeError(f"{self.path} is not open: open() comes before append() and sync()")
        return self._descriptor

    def _refuse_if_kept(self, descriptor: int) -> None:
        # A second name is the blob's. Whoever kept it may be committing it at this moment.
        if os.fstat(descriptor).st_nlink > 1:
            raise AlreadyKept(
                f"Upload {self.path.name} was kept already and takes no more bytes: keep it again as it is, "
                "or abandon it and begin a new one"
            )

    def _begin_write_back(self, descriptor: int, end: int) -> None:
        # On Linux this advice starts writing the dirty pages and drops the clean ones; those just written are dirty,
        # and stay in memory for whoever pulls next. It is the part of sync_file_range that is needed here.
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, self._written_back, end - self._written_back, os.POSIX_FADV_DONTNEED)
        self._written_back = end

    def _missing(self, there: int, size: int) -> BytesMissing:
        return BytesMissing(
            f"{self.path} holds {there} bytes where {size} were recorded: start the upload again, "
            "and look for what removed them"
        )


class FileWriter:
    """Appends to the file of one upload, until a newer writer does."""

    def __init__(self, file: UploadFile, offset: int) -> None:
        self._file = file
        self._offset = offset
        self._opened = False

    @property
    def offset(self) -> int:
        """The number of bytes of the upload so far."""
        return self._offset

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Append `piece`. Raises WriterRevoked, BytesMissing, NoSpace."""
        with self._file.lock:
            self._open()
            self._offset = self._file.append(piece, self._offset)

    def sync(self) -> None:
        """Make all bytes so far durable. Raises WriterRevoked, BytesMissing, NotDurable, NoSpace."""
        with self._file.lock:
            self._open()
            self._file.sync(self._offset)

    def close(self) -> None:
        """Close the file unless a newer writer has it."""
        with self._file.lock:
            if self._file.writer is self:
                self._file.writer = None
                self._file.close()

    def _open(self) -> None:
        if self._file.writer is not self:
            raise WriterRevoked(
                f"Upload {self._file.path.name} has a newer writer or has ended: this writer's bytes are refused, "
                "ask for the upload's offset and go on from there"
            )
        if not self._opened:
            self._file.open(self._offset)
            self._opened = True
