from __future__ import annotations

import pytest

from jettison.blobs.store import BlobsError
from jettison.metadata import uploads as rows
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUploadUnknown, DigestInvalid, RangeInvalid
from jettison.oci.reference import RepositoryName
from jettison.registry import uploads
from jettison.registry.registry import Registry
from jettison.registry.uploads import Upload
from tests.support.clock import Clock
from tests.support.invariants import check_bytes
from tests.support.place import Place
from tests.support.repository import Repository

NAME = RepositoryName("app")


def append(registry: Registry, id: str, piece: bytes, start: int | None = None) -> Upload:
    """One request that brings a piece."""
    incoming = uploads.resume(registry, NAME, id, start)
    try:
        incoming.append(piece)
        return incoming.pause()
    finally:
        incoming.close()


def finish(registry: Registry, id: str, digest: Digest, piece: bytes = b"") -> None:
    """The request that ends the upload, perhaps with the last piece."""
    incoming = uploads.resume(registry, NAME, id, None)
    try:
        incoming.expect(digest)
        if piece:
            incoming.append(piece)
        incoming.finish(digest)
    finally:
        incoming.close()


def test_an_upload_in_one_request_is_a_blob(repository: Repository, place: Place) -> None:
    """POST and PUT with all bytes: the blob is there, its bytes too, and nothing else is left."""
    digest = repository.upload(b"a layer")

    assert repository.has_blob(digest)
    assert place.uploads == []
    check_bytes(repository.registry)


def test_an_upload_in_several_requests_is_a_blob(repository: Repository, place: Place) -> None:
    """Each request says where it goes on, and the last brings no bytes."""
    registry = repository.registry
    session = uploads.start(registry, NAME)
    assert append(registry, session.id, b"one ", 0) == Upload(session.id, 4)
    assert append(registry, session.id, b"two ", 4) == Upload(session.id, 8)
    assert uploads.status(registry, NAME, session.id) == Upload(session.id, 8)

    finish(registry, session.id, Digest.of(b"one two "))

    assert repository.has_blob(b"one two ")
    assert place.uploads == []


def test_the_usual_upload_is_never_read_again(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """POST, PATCH, PUT: the digest is known when the last request comes."""
    registry = repository.registry
    monkeypatch.setattr(registry.blobs, "read", _must_not_read)
    session = uploads.start(registry, NAME)
    append(registry, session.id, b"all of it")

    finish(registry, session.id, Digest.of(b"all of it"))


def test_the_usual_upload_is_never_read_again_in_another_process(
    repository: Repository, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest so far is in the row, so a PUT without bytes may meet any process."""
    session = uploads.start(repository.registry, NAME)
    append(repository.registry, session.id, b"all of it")
    other_process = place.open_registry()
    monkeypatch.setattr(other_process.blobs, "read", _must_not_read)

    finish(other_process, session.id, Digest.of(b"all of it"))

    assert repository.has_blob(b"all of it")


def _must_not_read(*_: object) -> None:
    raise AssertionError("the bytes were read again")


def test_an_upload_goes_on_in_another_process(repository: Repository, place: Place) -> None:
    """A session survives a restart between any two requests."""
    session = uploads.start(repository.registry, NAME)
    append(repository.registry, session.id, b"before ")

    after = place.open_registry()
    assert uploads.status(after, NAME, session.id).received == 7
    append(after, session.id, b"after ", 7)
    last = place.open_registry()
    finish(last, session.id, Digest.of(b"before after the end"), b"the end")

    assert repository.has_blob(b"before after the end")
    assert place.uploads == []


def test_bytes_that_were_not_recorded_are_sent_again(repository: Repository, place: Place) -> None:
    """What a killed process wrote after its last answer is dropped when the upload goes on."""
    registry = repository.registry
    session = uploads.start(registry, NAME)
    append(registry, session.id, b"recorded ")
    killed = uploads.resume(registry, NAME, session.id, 9)
    killed.append(b"never answered, and longer than what follows")

    after = place.open_registry()
    assert uploads.status(after, NAME, session.id).received == 9
    finish(after, session.id, Digest.of(b"recorded again"), b"again")

    assert repository.has_blob(b"recorded again")


def test_a_wrong_start_is_refused_with_the_right_one(repository: Repository) -> None:
    """A request that starts elsewhere says how many bytes there are, and changes nothing."""
    registry = repository.registry
    session = uploads.start(registry, NAME)
    append(registry, session.id, b"four")

    for wrong in (0, 3, 5):
        with pytest.raises(RangeInvalid, match="go on at 4") as raised:
            uploads.resume(registry, NAME, session.id, wrong)
        assert raised.value.size == 4

    finish(registry, session.id, Digest.of(b"four"))


def test_a_wrong_digest_ends_the_session(repository: Repository, place: Place) -> None:
    """The error names both digests; the session and its bytes are gone, and no blob was made."""
    registry = repository.registry
    session = uploads.start(registry, NAME)
    append(registry, session.id, b"what was sent")
    wanted = Digest.of(b"what was meant")

    with pytest.raises(DigestInvalid, match=str(Digest.of(b"what was sent"))) as raised:
        finish(registry, session.id, wanted)

    assert raised.value.detail == {"digest": str(wanted)}
    with pytest.raises(BlobUploadUnknown):
        uploads.status(registry, NAME, session.id)
    assert place.uploads == []
    assert place.blobs == []
    assert not repository.has_blob(wanted)


def test_a_wrong_digest_ends_the_session_where_only_reading_tells(repository: Repository, place: Place) -> None:
    """The same when another process received the bytes, so that they are read before they become a blob."""
    session = uploads.start(repository.registry, NAME)
    append(repository.registry, session.id, b"one ")
    other_process = place.open_registry()
    append(other_process, session.id, b"two")

    with pytest.raises(DigestInvalid):
        finish(other_process, session.id, Digest.of(b"one three"))

    assert place.uploads == []
    assert place.blobs == []
    with pytest.raises(BlobUploadUnknown):
        uploads.status(repository.registry, NAME, session.id)


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "not announced"])
def test_a_blob_by_sha512(repository: Repository, announced: bool) -> None:
    """An upload may be named by sha512, whether its start said so or not."""
    registry = repository.registry
    digest = Digest.of(b"a layer", "sha512")
    session = uploads.start(registry, NAME, "sha512" if announced else "sha256")
    append(registry, session.id, b"a layer")

    finish(registry, session.id, digest)

    assert repository.has_blob(digest)
    assert not repository.has_blob(b"a layer")


def test_an_algorithm_that_nobody_knows_is_refused_at_the_start(registry: Registry) -> None:
    """No session begins that could not end."""
    with pytest.raises(DigestInvalid, match="md5"):
        uploads.start(registry, NAME, "md5")


def test_an_empty_blob(repository: Repository, place: Place) -> None:
    """Content of no bytes is a blob like any other."""
    assert repository.has_blob(repository.upload(b""))
    assert place.uploads == []


@pytest.mark.parametrize("several", [False, True], ids=["one request", "several"])
def test_bytes_that_are_stored_already_are_only_linked(
    repository: Repository, other: Repository, place: Place, several: bool
) -> None:
    """The same content pushed to another repository leaves no second file."""
    other.upload(b"a layer")
    files = place.blobs
    session = uploads.start(repository.registry, NAME)
    if several:
        append(repository.registry, session.id, b"a ")
        finish(place.open_registry(), session.id, Digest.of(b"a layer"), b"layer")
    else:
        finish(repository.registry, session.id, Digest.of(b"a layer"), b"a layer")

    assert repository.has_blob(b"a layer")
    assert place.blobs == files
    assert place.uploads == []
    check_bytes(repository.registry)


def test_pushing_a_blob_again_changes_nothing(repository: Repository, place: Place) -> None:
    """One file, one blob, and the session is over."""
    repository.upload(b"a layer")
    files = place.blobs
    repository.upload(b"a layer")

    assert place.blobs == files
    assert place.uploads == []


def test_a_session_of_another_repository_is_unknown(repository: Repository) -> None:
    """Whoever learns an id cannot use it where he may push and its owner pushes not."""
    registry, elsewhere = repository.registry, RepositoryName("elsewhere")
    session = uploads.start(registry, NAME)

    with pytest.raises(BlobUploadUnknown):
        uploads.status(registry, elsewhere, session.id)
    with pytest.raises(BlobUploadUnknown):
        uploads.resume(registry, elsewhere, session.id, None)
    with pytest.raises(BlobUploadUnknown):
        uploads.cancel(registry, elsewhere, session.id)
    assert uploads.status(registry, NAME, session.id).received == 0


def test_a_cancelled_session_is_gone_with_its_bytes(repository: Repository, place: Place) -> None:
    """Nothing lies in the uploads' folder afterwards, and the id is unknown; cancelling again says so."""
    registry = repository.registry
    session = uploads.start(registry, NAME)
    append(registry, session.id, b"some bytes")
    assert place.uploads == [session.id]

    uploads.cancel(registry, NAME, session.id)

    assert place.uploads == []
    for lost in (uploads.status, uploads.cancel):
        with pytest.raises(BlobUploadUnknown):
            lost(registry, NAME, session.id)


def test_a_finished_session_is_unknown(repository: Repository) -> None:
    """Its row goes in the transaction that makes the blob."""
    registry = repository.registry
    session = uploads.start(registry, NAME)
    finish(registry, session.id, Digest.of(b"x"), b"x")

    with pytest.raises(BlobUploadUnknown, match="begin again"):
        uploads.resume(registry, NAME, session.id, None)


def test_a_session_that_never_was_is_unknown(registry: Registry) -> None:
    """Whatever the id looks like, no file is touched for it."""
    for id in ("b5f0ba3c-3c3b-4a2e-8d7a-2f1f1f1f1f1f", "../../etc/passwd", ""):
        with pytest.raises(BlobUploadUnknown):
            uploads.status(registry, NAME, id)


def test_the_rows_come_before_the_bytes(repository: Repository, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that cannot be kept are no blob, and their session remains, to be gone on with."""
    registry = repository.registry
    session = uploads.start(registry, NAME)
    append(registry, session.id, b"a layer")
    with monkeypatch.context() as patched:
        patched.setattr(registry.blobs, "keep", _fail)
        with pytest.raises(BlobsError, match="no disk"):
            finish(registry, session.id, Digest.of(b"a layer"))

    assert not repository.has_blob(b"a layer")
    assert uploads.status(registry, NAME, session.id).received == 7
    finish(registry, session.id, Digest.of(b"a layer"))
    assert repository.has_blob(b"a layer")


def _fail(*_: object) -> None:
    raise BlobsError("no disk")


def test_a_session_says_when_it_was_last_used(repository: Repository, clock: Clock) -> None:
    """Each request that takes it over moves the time by which stale sessions are found."""
    registry = repository.registry
    session = uploads.start(registry, NAME)
    started = clock.now
    clock.advance(60)
    append(registry, session.id, b"x")

    [row] = registry.database.read(lambda tx: tx.all("select started_at, touched_at from upload"))
    assert row == (started, clock.now)
    found = registry.database.read(lambda tx: rows.find(tx, session.id, "app", ""))
    assert found is not None
    assert found.digest_so_far == Digest.of(b"x")
