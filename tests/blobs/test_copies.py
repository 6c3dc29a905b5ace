from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from jettison.blobs.copies import Copies, Taken
from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.store import Blobs, BytesMissing, Key, NoSpace
from tests.blobs.session import content, store

MIB = 1024 * 1024


@pytest.fixture
def blobs(tmp_path: Path) -> FilesystemBlobs:
    """The storage that is copied."""
    return FilesystemBlobs(tmp_path / "data")


def no_links(monkeypatch: pytest.MonkeyPatch, number: int = errno.EXDEV) -> None:
    """As on another filesystem."""

    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", fails)


def test_a_second_folder_is_storage_of_its_own(blobs: Blobs, tmp_path: Path) -> None:
    """What was taken is there for whoever opens it as storage; taking it again does nothing."""
    key = store(blobs, b"the blob")
    copies = Copies(tmp_path / "second")
    assert copies.take(blobs, key, 8) is Taken.LINKED
    copies.sync()
    assert copies.take(blobs, key, 8) is Taken.THERE
    second = FilesystemBlobs(tmp_path / "second")
    assert b"".join(second.read(key)) == b"the blob"
    assert list(second.keys()) == [(key, 8)]


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB])
def test_where_no_link_can_be_made_every_byte_is_copied(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Of any size, in a file of its own."""
    key = store(blobs, content(size))
    no_links(monkeypatch)
    assert Copies(tmp_path / "second").take(blobs, key, size) is Taken.COPIED
    path = tmp_path / "second" / "blobs" / key[:2] / key
    assert path.read_bytes() == content(size)
    assert path.stat().st_nlink == 1


@pytest.mark.parametrize("size", [7, 9])
def test_bytes_that_are_not_as_many_as_said_are_not_taken(blobs: Blobs, tmp_path: Path, size: int) -> None:
    """Nor any that are not there."""
    copies = Copies(tmp_path / "second")
    with pytest.raises(BytesMissing, match="has 8 of"):
        copies.take(blobs, store(blobs, b"the blob"), size)
    with pytest.raises(BytesMissing, match="has 0 of 8"):
        copies.take(blobs, blobs.new_key(), 8)
    assert list(copies.drop_others(set())) == []


def test_a_full_disk_is_said_as_such(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no reason to copy, which would take more."""
    key = store(blobs, b"the blob")
    no_links(monkeypatch, errno.ENOSPC)
    with pytest.raises(NoSpace):
        Copies(tmp_path / "second").take(blobs, key, 8)


def test_others_are_dropped(blobs: Blobs, tmp_path: Path) -> None:
    """All that is not wanted, and what a copy that was cut short has left; the source keeps everything."""
    wanted, other = store(blobs, b"wanted"), store(blobs, b"other")
    copies = Copies(tmp_path / "second")
    copies.take(blobs, wanted, 6)
    copies.take(blobs, other, 5)
    (tmp_path / "second" / "blobs" / "00" / f"{'0' * 32}.unfinished").write_bytes(b"ha")
    assert list(copies.drop_others({wanted})) == [(other, 5)]
    assert [path.name for path in (tmp_path / "second" / "blobs").glob("*/*")] == [wanted]
    assert dict(blobs.keys()) == {wanted: 6, other: 5}


def test_a_hostile_key_is_refused(blobs: Blobs, tmp_path: Path) -> None:
    """A damaged database must not lead out of the folder."""
    with pytest.raises(ValueError, match="is not the key of a blob"):
        Copies(tmp_path / "second").take(blobs, Key("../../etc/passwd"), 8)
