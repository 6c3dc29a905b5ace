"""Two requests of one upload at once: a client that heard nothing tries again while its first request still hangs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUploadInvalid, BlobUploadUnknown, DigestInvalid, RegistryError
from jettison.oci.reference import RepositoryName
from jettison.registry import uploads
from jettison.registry.registry import Registry
from jettison.registry.uploads import Incoming
from tests.support.invariants import check_bytes
from tests.support.place import Place
from tests.support.repository import Repository

NAME = RepositoryName("app")
LAYER = b"a layer"
DIGEST = Digest.of(LAYER)


@pytest.fixture(params=["same process", "replica"])
def twin(request: pytest.FixtureRequest, repository: Repository, place: Place) -> Registry:
    """The registry that the second request meets; a replica shares the database and the storage, and no memory."""
    registry = repository.registry
    return registry if request.param == "same process" else Registry(place.open_database(), registry.blobs)


def begun(registry: Registry, piece: bytes = b"") -> str:
    """A session that has received ``piece``."""
    session = uploads.start(registry, NAME)
    if piece:
        incoming = uploads.resume(registry, NAME, session.id, 0)
        incoming.append(piece)
        incoming.pause()
        incoming.close()
    return session.id


def test_a_stalled_twin_records_nothing(repository: Repository, twin: Registry) -> None:
    """The later request has the session: what the earlier one appends is never taken for received."""
    id = begun(repository.registry)
    stalled = uploads.resume(repository.registry, NAME, id, 0)
    stalled.append(b"stal")
    later = uploads.resume(twin, NAME, id, 0)
    later.append(LAYER)

    with pytest.raises(BlobUploadInvalid, match="taken this upload over"):
        _append_and_pause(stalled)

    assert later.pause().received == len(LAYER)
    later.finish(DIGEST)
    assert repository.has_blob(LAYER)


def _append_and_pause(incoming: Incoming) -> None:
    incoming.append(b"led")
    incoming.pause()


def test_a_stalled_twin_finishes_nothing(repository: Repository, twin: Registry, place: Place) -> None:
    """A request that has been taken over makes no blob of what it holds, even if its digest would be right."""
    id = begun(repository.registry, LAYER)
    stalled = uploads.resume(repository.registry, NAME, id, len(LAYER))
    later = uploads.resume(twin, NAME, id, len(LAYER))
    later.append(b" and more")
    later.pause()

    with pytest.raises(BlobUploadInvalid):
        stalled.finish(DIGEST)

    assert not repository.has_blob(LAYER)
    assert uploads.status(twin, NAME, id).received == len(LAYER + b" and more")
    uploads.resume(twin, NAME, id, None).finish(Digest.of(LAYER + b" and more"))
    assert repository.has_blob(LAYER + b" and more")
    assert place.uploads == []


def test_a_stalled_twin_with_a_wrong_digest_ends_nothing(repository: Repository, twin: Registry) -> None:
    """The session that it would end is another request's now."""
    id = begun(repository.registry, LAYER)
    stalled = uploads.resume(repository.registry, NAME, id, None)
    later = uploads.resume(twin, NAME, id, None)

    with pytest.raises(BlobUploadInvalid):
        stalled.finish(Digest.of(b"wrong"))

    later.finish(DIGEST)
    assert repository.has_blob(LAYER)


def test_a_stalled_twin_of_a_stored_blob_ends_nothing(repository: Repository, twin: Registry, place: Place) -> None:
    """Where the bytes are stored already, the earlier request may not drop those of the later one."""
    repository.upload(LAYER)
    id = begun(repository.registry, LAYER)
    stalled = uploads.resume(repository.registry, NAME, id, None)
    later = uploads.resume(twin, NAME, id, None)
    later.append(b" and more")

    with pytest.raises(BlobUploadInvalid):
        stalled.finish(DIGEST)

    later.finish(Digest.of(LAYER + b" and more"))
    assert repository.has_blob(LAYER + b" and more")
    assert place.uploads == []


def _twin_finishes(twin: Registry, id: str) -> None:
    uploads.resume(twin, NAME, id, None).finish(DIGEST)


def _twin_finishes_wrongly(twin: Registry, id: str) -> None:
    uploads.resume(twin, NAME, id, None).finish(Digest.of(b"wrong"))


def _twin_cancels(twin: Registry, id: str) -> None:
    uploads.cancel(twin, NAME, id)


TWINS = pytest.mark.parametrize("act", [_twin_finishes, _twin_finishes_wrongly, _twin_cancels])


@TWINS
def test_nothing_takes_the_bytes_of_a_committed_blob(
    repository: Repository,
    twin: Registry,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Registry, str], None],
) -> None:
    """A twin that comes between the commit of a blob and the end of its request finds no session."""
    registry = repository.registry
    id = begun(registry, LAYER)
    outcome = _during(monkeypatch, registry, "finish", lambda: act(twin, id))

    uploads.resume(registry, NAME, id, None).finish(DIGEST)

    assert isinstance(outcome[0], BlobUploadUnknown)
    assert repository.has_blob(LAYER)
    assert place.uploads == []
    check_bytes(registry)


@TWINS
def test_a_twin_that_looked_before_the_commit_takes_nothing_after_it(
    repository: Repository,
    twin: Registry,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Registry, str], None],
) -> None:
    """A twin found the session; before it goes on, the blob is committed: its bytes stay."""
    registry = repository.registry
    id = begun(registry, LAYER)
    first = uploads.resume(registry, NAME, id, None)
    looked = uploads._find(twin, NAME, id, "")
    monkeypatch.setattr(uploads, "_find", lambda *_: looked)
    outcome = _during(monkeypatch, registry, "finish", lambda: act(twin, id))

    first.finish(DIGEST)

    assert isinstance(outcome[0], RegistryError)
    assert repository.has_blob(LAYER)
    assert place.uploads == []
    check_bytes(registry)


@TWINS
def test_of_two_requests_between_keep_and_commit_the_later_wins(
    repository: Repository,
    twin: Registry,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Registry, str], None],
) -> None:
    """A twin acts after the bytes were made durable and before the commit: one of the two is refused, none is lost."""
    registry = repository.registry
    id = begun(registry, LAYER)
    first = uploads.resume(registry, NAME, id, None)
    outcome = _during(monkeypatch, registry, "keep", lambda: act(twin, id), after=True)

    with pytest.raises(BlobUploadInvalid):
        first.finish(DIGEST)

    if act is _twin_finishes:
        assert outcome == [None]
        assert repository.has_blob(LAYER)
    else:
        assert outcome[0] is None or isinstance(outcome[0], DigestInvalid)
        assert not repository.has_blob(LAYER)
    assert place.uploads == []
    check_bytes(registry)


def _during(
    monkeypatch: pytest.MonkeyPatch,
    registry: Registry,
    verb: str,
    act: Callable[[], None],
    *,
    after: bool = False,
) -> list[RegistryError | None]:
    """Have ``act`` happen once, before (or after) the blob store's ``verb``; the list receives what it raised."""
    original = getattr(registry.blobs, verb)
    outcome: list[RegistryError | None] = []

    def meanwhile() -> None:
        if outcome:
            return
        outcome.append(None)
        try:
            act()
        except RegistryError as error:
            outcome[0] = error

    def hooked(*arguments: object) -> None:
        if not after:
            meanwhile()
        original(*arguments)
        if after:
            meanwhile()

    monkeypatch.setattr(registry.blobs, verb, hooked)
    return outcome


def test_a_request_that_was_taken_over_before_it_began_is_refused(
    repository: Repository, twin: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and taking over, another request recorded bytes."""
    id = begun(repository.registry)
    looked = uploads._find(repository.registry, NAME, id, "")
    later = uploads.resume(twin, NAME, id, 0)
    later.append(LAYER)
    later.pause()
    monkeypatch.setattr(uploads, "_find", lambda *_: looked)

    with pytest.raises(BlobUploadInvalid):
        uploads.resume(repository.registry, NAME, id, 0)


def test_a_cancelled_upload_takes_no_more_bytes(repository: Repository, twin: Registry, place: Place) -> None:
    """A request in the middle of its body meets the cancelling of its session, by any process."""
    id = begun(repository.registry)
    running = uploads.resume(repository.registry, NAME, id, 0)
    running.append(b"some")
    uploads.cancel(twin, NAME, id)

    with pytest.raises(BlobUploadInvalid):
        _append_and_pause(running)
    with pytest.raises(BlobUploadInvalid):
        running.finish(Digest.of(b"someled"))

    assert place.uploads == []
    assert place.blobs == []
