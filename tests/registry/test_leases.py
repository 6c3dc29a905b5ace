"""How long a blob that no manifest needs is there."""

from __future__ import annotations

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown
from jettison.registry import pull
from jettison.registry.mount import mount
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.place import Place
from tests.support.repository import Repository

LAYER = b"layer"
DIGEST = Digest.of(LAYER)
A_YEAR = 365 * 24 * 3600


def lease(repository: Repository) -> int | None:
    """Until when the layer is leased; None while a manifest needs it."""
    return pull.find_blob(repository.registry, repository.name, DIGEST).leased_until


def head(repository: Repository) -> bool:
    """What a HEAD of the layer does; whether it wrote."""
    found = pull.find_blob(repository.registry, repository.name, DIGEST)
    writes = pull.needs_lease(repository.registry, found)
    if writes:
        pull.extend_lease(repository.registry, repository.name, found)
    return writes


def test_an_uploaded_blob_is_there_for_its_lease(repository: Repository, clock: Clock) -> None:
    """To the microsecond: it is gone for readers when the lease ends."""
    length = repository.registry.rules.upload_lease
    repository.upload(LAYER)
    assert lease(repository) == clock.now + length
    clock.now += length - 1
    assert repository.has_blob(LAYER)
    clock.now += 1
    assert not repository.has_blob(LAYER)


def test_a_mounted_blob_is_there_for_a_touch(repository: Repository, other: Repository, clock: Clock) -> None:
    """Shorter than an upload's: who mounts is about to push."""
    other.upload(LAYER)
    mount(repository.registry, repository.name, DIGEST, other.name, lambda _: True)
    assert lease(repository) == clock.now + repository.registry.rules.touch_lease


def test_a_blob_that_a_manifest_needs_has_no_lease(repository: Repository, clock: Clock) -> None:
    """It is there while the manifest is."""
    repository.push(image(LAYER), "latest")
    assert lease(repository) is None
    clock.advance(A_YEAR)
    assert repository.has_blob(LAYER)


def test_a_blob_whose_lease_is_over_can_still_be_needed(repository: Repository, clock: Clock) -> None:
    """Gone for readers, its row is there: a slow push ends well, and the blob is back."""
    draft = image(LAYER)
    for blob in draft.blobs:
        repository.upload(blob)
    clock.advance(A_YEAR)
    assert not repository.has_blob(LAYER)
    repository.put(draft, "latest")
    assert repository.has_blob(LAYER)


def test_uploading_again_makes_a_lease_longer(repository: Repository, clock: Clock) -> None:
    """And brings back a blob whose lease was over."""
    repository.upload(LAYER)
    clock.advance(60)
    repository.upload(LAYER)
    assert lease(repository) == clock.now + repository.registry.rules.upload_lease
    clock.advance(A_YEAR)
    repository.upload(LAYER)
    assert repository.has_blob(LAYER)


def test_uploading_what_a_manifest_needs_gives_no_lease(repository: Repository) -> None:
    """A held link stays held."""
    repository.push(image(LAYER), "latest")
    repository.upload(LAYER)
    assert lease(repository) is None


def test_a_head_extends_a_lease_under_half_a_touch_only(repository: Repository, clock: Clock) -> None:
    """So that many of them write once: at half it writes nothing, a moment later it makes it a whole touch."""
    touch, length = repository.registry.rules.touch_lease, repository.registry.rules.upload_lease
    repository.upload(LAYER)
    until = clock.now + length
    assert not head(repository)
    clock.now = until - touch // 2
    assert not head(repository)
    assert lease(repository) == until
    clock.now += 1
    assert head(repository)
    assert lease(repository) == clock.now + touch
    assert not head(repository)


def test_a_head_of_what_a_manifest_needs_writes_nothing(repository: Repository, clock: Clock) -> None:
    """The hot path of clients that look before they push."""
    repository.push(image(LAYER), "latest")
    clock.advance(A_YEAR)
    assert not head(repository)
    assert lease(repository) is None


def test_a_head_does_not_bring_back_what_is_over(repository: Repository, clock: Clock) -> None:
    """It answers that there is no such blob."""
    repository.upload(LAYER)
    clock.advance(A_YEAR)
    with pytest.raises(BlobUnknown):
        head(repository)


def test_a_head_that_meets_a_push_leaves_the_blob_held(repository: Repository, clock: Clock) -> None:
    """Between looking and extending, a manifest began to need the blob: it gets no lease."""
    draft = image(LAYER)
    for blob in draft.blobs:
        repository.upload(blob)
    found = pull.find_blob(repository.registry, repository.name, DIGEST)
    clock.advance(repository.registry.rules.upload_lease / 1e6 - 1)
    repository.put(draft, "latest")
    assert pull.needs_lease(repository.registry, found)
    pull.extend_lease(repository.registry, repository.name, found)
    assert lease(repository) is None


def test_a_lease_is_for_one_repository(repository: Repository, other: Repository, clock: Clock) -> None:
    """A HEAD elsewhere keeps nothing here."""
    repository.upload(LAYER)
    other.upload(LAYER)
    clock.advance(repository.registry.rules.upload_lease / 1e6 - 1)
    assert head(other)
    clock.advance(1)
    assert other.has_blob(LAYER)
    assert not repository.has_blob(LAYER)


def test_the_lengths_are_the_rules(place: Place, clock: Clock) -> None:
    """As they were set."""
    repository = Repository(place.open_registry(upload_lease=10_000_000, touch_lease=4_000_000))
    repository.upload(LAYER)
    clock.advance(8.5)
    assert head(repository)
    clock.advance(3.9)
    assert repository.has_blob(LAYER)
    clock.advance(0.1)
    assert not repository.has_blob(LAYER)
