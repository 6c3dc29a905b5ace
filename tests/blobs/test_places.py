from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jettison.blobs.copies import Copies, Taken
from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.places import is_adopted
from jettison.blobs.store import BytesMissing, InvalidId, Key
from jettison.oci.digest import Digest

CONTENT = b"what distribution has stored"
DIGESTS = [Digest.of(CONTENT), Digest.of(CONTENT, "sha512")]
HEX = Digest.of(CONTENT).hex
HOSTILE = [
    "sha256:",
    "sha256:" + "a" * 63,
    "sha256:" + "a" * 65,
    "sha256:" + "A" * 64,
    "sha256:" + "a" * 64 + "\n",
    "sha256:" + "../" * 21 + "a",
    "sha256:" + "/" * 64,
    "sha512:" + "a" * 64,
    "sha256:" + "a" * 128,
    "md5:" + "a" * 32,
    "sha256/" + "a" * 64,
    "sha256:sha256:" + "a" * 64,
    " sha256:" + "a" * 64,
    "sha256:" + "٣" * 64,
]


@pytest.fixture
def blobs(tmp_path: Path) -> FilesystemBlobs:
    """Storage in a folder that has a tree of distribution too."""
    for digest in DIGESTS:
        file = data(tmp_path, digest)
        file.parent.mkdir(parents=True)
        file.write_bytes(CONTENT)
    return FilesystemBlobs(tmp_path)


def data(root: Path, digest: Digest) -> Path:
    """Where distribution keeps a blob."""
    return root / "docker/registry/v2/blobs" / digest.algorithm / digest.hex[:2] / digest.hex / "data"


@pytest.mark.parametrize("digest", DIGESTS, ids=["sha256", "sha512"])
def test_an_adopted_key_names_the_file_where_it_lies(blobs: FilesystemBlobs, tmp_path: Path, digest: Digest) -> None:
    """It is read like any other blob."""
    key = Key(str(digest))

    assert blobs.path(key) == data(tmp_path, digest)
    assert (blobs.size(key), b"".join(blobs.read(key, 5))) == (len(CONTENT), CONTENT[5:])
    assert blobs.stored_at(key) is not None
    assert (key, len(CONTENT)) in blobs.keys()  # noqa: SIM118 - no dictionary


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_adopted_key_is_refused(blobs: FilesystemBlobs, hostile: str) -> None:
    """Nothing but a whole digest of a known algorithm leads into the tree."""
    key = Key(hostile)
    uses: list[Callable[[], object]] = [
        lambda: blobs.read(key),
        lambda: blobs.path(key),
        lambda: blobs.size(key),
        lambda: blobs.stored_at(key),
        lambda: blobs.delete(key),
        lambda: blobs.url(key, 60, {}),
    ]
    for use in uses:
        with pytest.raises(InvalidId):
            use()
    assert not is_adopted(hostile)


def test_nothing_is_written_at_an_adopted_key(blobs: FilesystemBlobs) -> None:
    """No upload becomes it, and none takes it away."""
    key, upload = Key(str(DIGESTS[0])), "11111111-1111-1111-1111-111111111111"
    uses: list[Callable[[], object]] = [
        lambda: blobs.writer(upload, key, None, 0),
        lambda: blobs.keep(upload, key, None, 0),
        lambda: blobs.abandon(upload, key, None),
    ]
    for use in uses:
        with pytest.raises(InvalidId):
            use()
    assert not is_adopted(blobs.new_key())


def test_deleting_takes_the_folder_of_the_blob_and_leaves_no_trace_of_writing(
    blobs: FilesystemBlobs, tmp_path: Path
) -> None:
    """The folder above keeps its time: by it one sees whether anybody else writes to the tree."""
    file = data(tmp_path, DIGESTS[0])
    os.utime(file.parent.parent, ns=(1, 1))

    blobs.delete(Key(str(DIGESTS[0])))
    blobs.delete(Key(str(DIGESTS[0])))

    assert not file.parent.exists()
    assert file.parent.parent.stat().st_mtime_ns == 1
    assert blobs.size(Key(str(DIGESTS[0]))) is None


def test_a_folder_with_something_else_in_it_stays(blobs: FilesystemBlobs, tmp_path: Path) -> None:
    """What lies beside a blob is not ours to delete."""
    file = data(tmp_path, DIGESTS[0])
    file.with_name("data.tmp").write_bytes(b"half")

    blobs.delete(Key(str(DIGESTS[0])))

    assert [each.name for each in file.parent.iterdir()] == ["data.tmp"]


def test_what_is_no_blob_of_a_tree_is_passed_over(blobs: FilesystemBlobs, tmp_path: Path) -> None:
    """Other files, folders without data, and digests in the wrong place are no keys."""
    tree = tmp_path / "docker/registry/v2/blobs/sha256"
    (tree / "zz" / ("a" * 64)).mkdir(parents=True)
    (tree / "aa" / ("b" * 64)).mkdir(parents=True)
    (tree / "aa" / ("b" * 64) / "data").write_bytes(b"misplaced")
    (tree / "aa" / ("a" * 64)).mkdir(parents=True)
    (tree / "aa" / "file").write_bytes(b"")

    assert {key for key, _ in blobs.keys()} == {Key(str(digest)) for digest in DIGESTS}  # noqa: SIM118


def test_a_copy_has_adopted_blobs_in_the_same_place(blobs: FilesystemBlobs, tmp_path: Path) -> None:
    """A backup's folder can be served with the keys that its rows have; what is gone is dropped from it."""
    key, other = (Key(str(digest)) for digest in DIGESTS)
    copies = Copies(tmp_path / "backup")

    taken = [copies.take(blobs, each, len(CONTENT)) for each in (key, key, other)]
    copies.sync()

    copy = FilesystemBlobs(tmp_path / "backup")
    assert taken == [Taken.LINKED, Taken.THERE, Taken.LINKED]
    assert b"".join(copy.read(key)) == CONTENT
    assert list(copies.drop_others({key})) == [(other, len(CONTENT))]
    assert [each for each, _ in copy.keys()] == [key]  # noqa: SIM118
    with pytest.raises(BytesMissing):
        copies.take(blobs, Key(f"sha256:{'0' * 64}"), 1)
