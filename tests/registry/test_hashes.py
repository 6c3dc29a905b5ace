from __future__ import annotations

import hashlib

from jettison.registry.hashes import Hashes

UPLOAD = "an upload"


def test_a_hash_goes_on_where_it_was_kept() -> None:
    """The next request of the upload has it, and nobody else after that."""
    hashes, hashed = Hashes(), hashlib.sha256(b"some")
    hashes.keep(UPLOAD, 4, hashed)
    assert hashes.take(UPLOAD, 4) is hashed
    assert hashes.take(UPLOAD, 4) is None


def test_a_hash_of_other_bytes_is_not_used() -> None:
    """Another process has received more since, or less was recorded: nothing is known, also later."""
    hashes = Hashes()
    for received in (3, 5):
        hashes.keep(UPLOAD, 4, hashlib.sha256(b"some"))
        assert hashes.take(UPLOAD, received) is None
        assert hashes.take(UPLOAD, 4) is None


def test_the_oldest_hash_is_forgotten() -> None:
    """Memory is bounded; an upload that goes on counts as new."""
    hashes = Hashes(capacity=2)
    for upload in ("first", "second", "first", "third"):
        hashes.keep(upload, 0, hashlib.sha256())
    assert hashes.take("second", 0) is None
    assert hashes.take("first", 0) is not None
    assert hashes.take("third", 0) is not None
