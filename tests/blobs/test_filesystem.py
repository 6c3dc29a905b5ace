from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.store import PIECE_SIZE, Blobs, BytesMissing, NoSpace, NotDurable, Unsuitable, WriterRevoked
from tests.blobs.session import Session, content, new_upload, read, store
from tests.support.parts import program

MIB = 1024 * 1024

needs_mount = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk; run the tests as root")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the blobs lie."""
    return tmp_path / "data"


@pytest.fixture
def blobs(root: Path) -> FilesystemBlobs:
    """An empty storage."""
    return FilesystemBlobs(root)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 8 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run([program("mount"), "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run([program("umount"), "--lazy", folder], check=True)


def fail_with(code: int) -> Callable[..., None]:
    """A system call that fails."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def fill(path: Path) -> None:
    """Let a file take all the space that its disk has left."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def open_files() -> set[str]:
    """What this process has open."""
    return {str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()}


def test_a_blob_lies_in_a_folder_named_by_its_first_two_digits(blobs: FilesystemBlobs, root: Path) -> None:
    """The layout is what the documentation says, and a finished upload has left its folder."""
    key = store(blobs, b"here")
    assert (root / "blobs" / key[:2] / key).read_bytes() == b"here"
    assert blobs.path(key) == root / "blobs" / key[:2] / key
    assert list((root / "uploads").iterdir()) == []


def test_a_writer_makes_nothing_before_its_first_byte(blobs: FilesystemBlobs, root: Path) -> None:
    """A request that brings nothing leaves nothing."""
    session = Session(blobs.new_key())
    writer = blobs.writer(session.upload, session.key, None, 0)
    assert list((root / "uploads").iterdir()) == []
    writer.write(b"x")
    assert [each.name for each in (root / "uploads").iterdir()] == [session.upload]
    writer.close()


def test_foreign_files_are_passed_over(blobs: FilesystemBlobs, root: Path) -> None:
    """What a person or another program left in the folders is neither a blob nor an upload."""
    key = store(blobs, b"mine")
    other = blobs.new_key()
    (root / "blobs" / "00" / "README").write_text("foreign")
    (root / "blobs" / "lost+found").mkdir()
    (root / "blobs" / ("ff" if other[:2] != "ff" else "00") / other).write_text("in the wrong folder")
    directory = f"00{other[2:]}"
    (root / "blobs" / "00" / directory).mkdir()
    (root / "uploads" / ".nfs0001").write_text("foreign")
    assert list(blobs.keys()) == [(key, 4)]
    assert list(blobs.uploads()) == []


def test_uploads_lists_what_has_not_been_finished(blobs: FilesystemBlobs) -> None:
    """Arriving and kept uploads are found without their rows, finished ones are gone."""
    arriving, kept = Session(blobs.new_key()), Session(blobs.new_key())
    arriving.receive(blobs, b"arriving")
    kept.receive(blobs, b"kept")
    kept.keep(blobs)
    assert set(blobs.uploads()) == {arriving.upload, kept.upload}
    kept.finish(blobs)
    assert set(blobs.uploads()) == {arriving.upload}


def test_a_filesystem_without_hard_links_is_refused_at_start(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is named and a way out, before anything is pushed; no probe stays behind."""
    monkeypatch.setattr(os, "link", fail_with(errno.EPERM))
    with pytest.raises(Unsuitable, match=rf"Hard links cannot be made from {root}.*ext4"):
        FilesystemBlobs(root)
    assert list((root / "uploads").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused_at_start(root: Path) -> None:
    """The folder is named and the setting that names another."""
    root.write_text("a file is in the way")
    with pytest.raises(Unsuitable, match=rf"{root}.*storage\.filesystem\.rootdirectory"):
        FilesystemBlobs(root)


def test_an_upload_that_lost_bytes_cannot_go_on(blobs: FilesystemBlobs, root: Path) -> None:
    """A file shorter than the recorded offset is an error for writing, syncing and keeping, and stays as it is."""
    session = Session(blobs.new_key())
    session.receive(blobs, b"0123456789")
    os.truncate(root / "uploads" / session.upload, 4)
    uses: list[Callable[[], None]] = [
        lambda: session.receive(blobs, b"more"),
        lambda: session.receive(blobs),
        lambda: session.keep(blobs),
    ]
    for use in uses:
        with pytest.raises(BytesMissing, match="holds 4 bytes where 10 were recorded"):
            use()
    assert (root / "uploads" / session.upload).read_bytes() == b"0123"


def test_abandon_leaves_a_blob_that_is_another_file(blobs: FilesystemBlobs) -> None:
    """Only the same inode proves that a blob was never committed."""
    session = Session(store(blobs, b"committed"))
    session.receive(blobs, b"an upload that an old database remembers")
    session.abandon(blobs)
    assert read(blobs, session.key) == b"committed"
    assert list(blobs.uploads()) == []


def test_a_failed_fsync_ends_the_upload(blobs: FilesystemBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """After it nothing of the upload can be trusted: the writer is refused, nothing can be resumed or kept."""
    session = Session(blobs.new_key())
    session.receive(blobs, b"recorded")
    writer = blobs.writer(session.upload, session.key, None, session.offset)
    writer.write(b" and more")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_with(errno.EIO))
        with pytest.raises(NotDurable, match=session.upload):
            writer.sync()
    with pytest.raises(WriterRevoked):
        writer.sync()
    with pytest.raises(BytesMissing):
        session.receive(blobs, b"more")
    with pytest.raises(BytesMissing):
        session.keep(blobs)
    session.abandon(blobs)
    assert list(blobs.uploads()) == []
    assert list(blobs.keys()) == []


def test_a_failed_fsync_while_keeping_keeps_nothing(
    blobs: FilesystemBlobs, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that may not have reached the disk get no blob's name."""
    session = Session(blobs.new_key())
    session.receive_unrecorded(blobs, b"bytes")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_with(errno.EIO))
        with pytest.raises(NotDurable):
            blobs.keep(session.upload, session.key, None, 5)
    assert blobs.size(session.key) is None
    session.abandon(blobs)
    assert list((root / "uploads").iterdir()) == []


def test_a_slow_disk_holds_up_one_upload_only(blobs: FilesystemBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one upload waits for its fsync, others are written, kept, read and abandoned."""
    slow = Session(blobs.new_key())
    stuck, go_on = threading.Event(), threading.Event()
    fsync = os.fsync

    def sometimes_slow(descriptor: int) -> None:
        if threading.current_thread() is thread:
            stuck.set()
            assert go_on.wait(60)
        fsync(descriptor)

    thread = threading.Thread(target=lambda: slow.receive(blobs, b"slow"))
    monkeypatch.setattr(os, "fsync", sometimes_slow)
    thread.start()
    try:
        assert stuck.wait(30)
        assert read(blobs, store(blobs, b"quick")) == b"quick"
        quick = Session(blobs.new_key())
        quick.receive(blobs, b"quick")
        quick.abandon(blobs)
    finally:
        go_on.set()
        thread.join(30)
    slow.keep(blobs)
    assert read(blobs, slow.key) == b"slow"


def test_who_waited_while_an_upload_ended_begins_anew(blobs: FilesystemBlobs) -> None:
    """A request that waits for an upload's lock while it is abandoned does not go on with what was forgotten."""
    session = Session(blobs.new_key())
    session.receive(blobs, b"abandoned")
    waiting, lock = threading.Event(), threading.Lock()

    class AnnouncedLock:
        def __enter__(self) -> None:
            waiting.set()
            lock.acquire()

        def __exit__(self, *_: object) -> None:
            lock.release()

    with blobs._upload(session.upload) as file:
        pass
    file.lock = AnnouncedLock()  # type: ignore[assignment]
    retried = Session(blobs.new_key(), session.upload)
    thread = threading.Thread(target=lambda: retried.receive(blobs, b"retried"))
    with lock:
        thread.start()
        assert waiting.wait(30)
        blobs._forget(session.upload, file)
    thread.join(30)
    assert list(blobs._open_uploads) == [session.upload]
    assert blobs._open_uploads[session.upload] is not file
    retried.keep(blobs)
    assert read(blobs, retried.key) == b"retried"


def test_a_reader_that_has_begun_ends_after_the_deletion(blobs: FilesystemBlobs) -> None:
    """A delete takes the name; who is reading gets all bytes."""
    whole = content(3 * PIECE_SIZE)
    key = store(blobs, whole)
    pieces = blobs.read(key)
    blobs.delete(key)
    assert b"".join(pieces) == whole


def test_a_file_cut_short_while_it_is_read_is_an_error(blobs: FilesystemBlobs) -> None:
    """A reader that gets fewer bytes than promised is told, never left with a short answer."""
    key = store(blobs, content(3 * PIECE_SIZE))
    pieces = blobs.read(key)
    assert len(next(pieces)) == PIECE_SIZE
    os.truncate(blobs.path(key), PIECE_SIZE + 1)
    with pytest.raises(BytesMissing, match=f"ends after {PIECE_SIZE + 1} bytes"):
        list(pieces)


def test_a_forgotten_reader_closes_its_file(blobs: FilesystemBlobs) -> None:
    """Closed in the middle or never read at all, a reader leaves no file open."""
    key = store(blobs, content(3 * PIECE_SIZE))
    path = str(blobs.path(key))
    never_read, half_read, closed = blobs.read(key), blobs.read(key), blobs.read(key)
    next(half_read)
    assert path in open_files()
    closed.close()
    del never_read, half_read
    assert path not in open_files()


def test_a_finished_upload_leaves_no_file_open_and_nothing_remembered(blobs: FilesystemBlobs, root: Path) -> None:
    """Uploads that ended, however they did, cost no descriptor and no memory."""
    for number in range(20):
        store(blobs, b"finished")
        abandoned = Session(blobs.new_key())
        abandoned.receive_unrecorded(blobs, content(number))
        abandoned.abandon(blobs)
    assert not [name for name in open_files() if name.startswith(str(root))]
    assert blobs._open_uploads == {}


def test_closing_the_storage_closes_its_uploads(blobs: FilesystemBlobs, root: Path) -> None:
    """A server that ends lets go of its files, and writers that are left are refused."""
    writer = blobs.writer(new_upload(), blobs.new_key(), None, 0)
    writer.write(b"in the middle")
    blobs.close()
    blobs.close()
    assert not [name for name in open_files() if name.startswith(str(root))]
    with pytest.raises(WriterRevoked):
        writer.write(b"too late")


@needs_mount
def test_a_full_disk_loses_nothing_and_the_upload_goes_on(small_disk: Path) -> None:
    """NoSpace leaves the offset where it was; what is there can be synced, and goes on once space is made."""
    blobs: Blobs = FilesystemBlobs(small_disk)
    ballast = store(blobs, content(5 * MIB + 1000))
    session = Session(blobs.new_key())
    writer = blobs.writer(session.upload, session.key, None, 0)
    pieces = [content(MIB, seed) for seed in range(6)]
    writer.write(pieces[0])
    writer.write(pieces[1])
    with pytest.raises(NoSpace, match="Free space"):
        writer.write(pieces[2])
    assert writer.offset == 2 * MIB
    session.state, session.offset = writer.sync(), writer.offset
    writer.close()
    assert (small_disk / "uploads" / session.upload).stat().st_size == 2 * MIB
    blobs.delete(ballast)
    session.receive(blobs, *pieces[2:])
    session.keep(blobs)
    session.finish(blobs)
    assert read(blobs, session.key) == b"".join(pieces)


@needs_mount
def test_a_full_disk_starts_and_deletes(small_disk: Path) -> None:
    """The way out of a full disk is open: storage starts on it, reads, abandons and deletes."""
    blobs = FilesystemBlobs(small_disk)
    key = store(blobs, b"here before")
    session = Session(blobs.new_key())
    session.receive(blobs, content(MIB))
    fill(small_disk / "rest")
    blobs = FilesystemBlobs(small_disk)
    with pytest.raises(NoSpace):
        session.receive(blobs, content(MIB))
    assert read(blobs, key) == b"here before"
    session.abandon(blobs)
    blobs.delete(key)
    assert list(blobs.keys()) == []
