"""What every backend promises of blobs, once they are stored. A new one is listed in backends.py."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import pytest

from jettison.blobs.store import PIECE_SIZE, Blobs, BytesMissing, InvalidId, Key
from tests.blobs.backends import Opener
from tests.blobs.session import Session, content, new_upload, store

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, None),
        (0, 1),
        (1, 2),
        (0, PIECE_SIZE),
        (PIECE_SIZE - 1, PIECE_SIZE + 1),
        (PIECE_SIZE, 2 * PIECE_SIZE),
        (7, 3 * PIECE_SIZE + 5),
        (3 * PIECE_SIZE + 9, None),
        (3 * PIECE_SIZE + 10, None),
        (100, 100),
        (3 * PIECE_SIZE + 10, 3 * PIECE_SIZE + 10),
    ],
)
def test_a_range_is_those_bytes_in_pieces(blobs: Blobs, start: int, stop: int | None) -> None:
    """Any range comes back exactly, in pieces of one size and a last one that may be shorter."""
    whole = content(3 * PIECE_SIZE + 10)
    key = store(blobs, whole)
    pieces = list(blobs.read(key, start, stop))
    assert b"".join(pieces) == whole[start:stop]
    assert all(len(piece) == PIECE_SIZE for piece in pieces[:-1])
    assert all(pieces)


@pytest.mark.parametrize(("start", "stop"), [(0, 11), (11, None), (11, 12), (5, 11)])
def test_a_range_that_the_bytes_do_not_reach_is_an_error_at_the_call(
    blobs: Blobs, start: int, stop: int | None
) -> None:
    """A blob that is shorter than promised is found out before the first byte is sent."""
    key = store(blobs, b"0123456789")
    with pytest.raises(BytesMissing):
        blobs.read(key, start, stop)


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (-1, 5), (5, 4), (0, -1)])
def test_a_range_that_makes_no_sense_is_refused(blobs: Blobs, start: int, stop: int | None) -> None:
    """Negative and reversed ranges are a mistake of the caller, not of storage."""
    key = store(blobs, b"0123456789")
    with pytest.raises(ValueError, match="0 <= start <= stop"):
        blobs.read(key, start, stop)


def test_missing_bytes_are_an_error_at_the_call(blobs: Blobs) -> None:
    """A blob that is not there is known before an answer begins, not in the middle of it."""
    with pytest.raises(BytesMissing):
        blobs.read(blobs.new_key())
    assert blobs.size(blobs.new_key()) is None


def test_bytes_can_be_read_in_larger_pieces(blobs: Blobs) -> None:
    """For whoever reads everything."""
    whole = content(3 * PIECE_SIZE + 10)
    pieces = list(blobs.read(store(blobs, whole), piece=2 * PIECE_SIZE))
    assert [len(piece) for piece in pieces] == [2 * PIECE_SIZE, PIECE_SIZE + 10]
    assert b"".join(pieces) == whole


def test_it_is_known_since_when_a_blob_is_there(blobs: Blobs) -> None:
    """Since it was kept, whenever its bytes came."""
    began = time.time()
    key = store(blobs, b"the blob")
    at = blobs.stored_at(key)
    assert at is not None
    assert began - 1 < at < time.time() + 1
    assert blobs.stored_at(blobs.new_key()) is None


def test_deleting_twice_is_success(blobs: Blobs) -> None:
    """A late or repeated delete finds nothing and harms nobody."""
    doomed, sibling = store(blobs, b"doomed"), store(blobs, b"sibling")
    blobs.delete(doomed)
    blobs.delete(doomed)
    assert blobs.size(doomed) is None
    with pytest.raises(BytesMissing):
        blobs.read(doomed)
    assert list(blobs.keys()) == [(sibling, 7)]


def test_keys_lists_every_blob_with_its_size(blobs: Blobs) -> None:
    """What is kept is listed once, what is still arriving is not."""
    expected = {store(blobs, content(size)): size for size in range(40)}
    Session(blobs.new_key()).receive(blobs, b"still arriving")
    listed = list(blobs.keys())
    assert dict(listed) == expected
    assert len(listed) == len(expected)


def test_64_mib_make_the_round_trip(blobs: Blobs) -> None:
    """A blob of many pieces of every kind of buffer comes back with its digest."""
    pieces = [content(MIB, seed) for seed in range(64)]
    key = store(blobs, *[(bytes, bytearray, memoryview)[number % 3](piece) for number, piece in enumerate(pieces)])
    received = hashlib.sha256()
    for piece in blobs.read(key):
        received.update(piece)
    assert received.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert blobs.size(key) == 64 * MIB


def test_a_local_path_holds_the_same_bytes(blobs: Blobs) -> None:
    """Where a backend offers a file to send, it is the blob."""
    key = store(blobs, b"the blob")
    path = blobs.path(key)
    assert path is None or path.read_bytes() == b"the blob"


def test_keys_are_never_given_twice(reopen: Opener) -> None:
    """No key comes again, in this process or the next."""
    keys = [blobs.new_key() for blobs in (reopen(), reopen()) for _ in range(10_000)]
    assert len(set(keys)) == len(keys)


HOSTILE = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "a" * 31,
    "a" * 33,
    "A" * 32,
    "a" * 31 + "\n",
    "a" * 32 + "\n",
    "a" * 31 + "\0",
    "a" * 31 + "/",
    "٣" * 32,
    "g" * 32,
    "../" + "a" * 29,
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_key_is_refused(blobs: Blobs, hostile: str) -> None:
    """Nothing but what new_key gives ever becomes a path or an object's name."""
    key, upload = Key(hostile), new_upload()
    uses: list[Callable[[], object]] = [
        lambda: blobs.writer(upload, key, None, 0),
        lambda: blobs.keep(upload, key, None, 0),
        lambda: blobs.abandon(upload, key, None),
        lambda: blobs.read(key),
        lambda: blobs.path(key),
        lambda: blobs.url(key, 60, {}),
        lambda: blobs.size(key),
        lambda: blobs.stored_at(key),
        lambda: blobs.delete(key),
    ]
    for use in uses:
        with pytest.raises(InvalidId):
            use()


@pytest.mark.parametrize("hostile", [*HOSTILE, "a" * 36, "-" * 36, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa/"])
def test_a_hostile_upload_id_is_refused(blobs: Blobs, hostile: str) -> None:
    """Nothing but a UUID ever becomes an upload's path or an object's name."""
    key = blobs.new_key()
    uses: list[Callable[[], object]] = [
        lambda: blobs.writer(hostile, key, None, 0),
        lambda: blobs.keep(hostile, key, None, 0),
        lambda: blobs.finish(hostile),
        lambda: blobs.abandon(hostile, key, None),
    ]
    for use in uses:
        with pytest.raises(InvalidId):
            use()
