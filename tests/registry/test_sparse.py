"""Manifests that are accepted before all that they need: what is missing is remembered, and held once it arrives."""

from __future__ import annotations

import pytest

from jettison.metadata.database import Database
from jettison.oci.errors import ManifestBlobUnknown
from jettison.registry.mount import mount
from jettison.registry.registry import Registry
from tests.support.clock import Clock
from tests.support.content import Draft, image, index
from tests.support.place import Place
from tests.support.repository import Repository

A_YEAR = 365 * 24 * 3600


@pytest.fixture
def registry(place: Place, database: Database) -> Registry:
    """A registry that accepts manifests without their blobs, and indexes without their children."""
    return place.open_registry(database, blobs_required=False, children_required=False)


def waiting(repository: Repository) -> int:
    """How many digests are remembered as missing."""
    [(count,)] = repository.registry.database.read(lambda tx: tx.all("select count(*) from missing"))
    return int(count)


def test_a_manifest_without_its_blobs_is_accepted(repository: Repository) -> None:
    """Its tag and digest answer; its blobs do not."""
    draft = image(b"layer")
    repository.put(draft, "latest")
    assert repository.has("latest")
    assert not repository.has_blob(b"layer")
    assert waiting(repository) == 2


def test_a_blob_that_arrives_later_is_held(repository: Repository, clock: Clock) -> None:
    """No lease runs on what a manifest was waiting for."""
    draft = image(b"layer")
    repository.put(draft, "latest")
    for blob in draft.blobs:
        repository.upload(blob)
    clock.advance(A_YEAR)
    assert all(repository.has_blob(blob) for blob in draft.blobs)
    assert waiting(repository) == 0


def test_a_blob_that_was_there_before_is_held(repository: Repository, clock: Clock) -> None:
    """In the other order: one blob before the manifest, one after."""
    draft = image(b"layer")
    config, layer = draft.blobs
    repository.upload(layer)
    repository.put(draft, "latest")
    assert waiting(repository) == 1
    repository.upload(config)
    clock.advance(A_YEAR)
    assert repository.has_blob(layer)
    assert repository.has_blob(config)


def test_a_blob_that_is_mounted_later_is_held(repository: Repository, other: Repository, clock: Clock) -> None:
    """Mounting brings a blob as an upload does."""
    draft = image(b"layer")
    repository.put(draft, "latest")
    for blob in draft.blobs:
        assert mount(repository.registry, repository.name, other.upload(blob), other.name, lambda _: True)
    clock.advance(A_YEAR)
    assert all(repository.has_blob(blob) for blob in draft.blobs)


def test_a_blob_whose_bytes_are_stored_already_is_held(repository: Repository, other: Repository, clock: Clock) -> None:
    """An upload that ends by linking stored bytes brings the blob too."""
    draft = image(b"layer")
    for blob in draft.blobs:
        other.upload(blob)
    repository.put(draft, "latest")
    for blob in draft.blobs:
        repository.upload(blob)
    clock.advance(A_YEAR)
    assert all(repository.has_blob(blob) for blob in draft.blobs)


def test_children_that_arrive_later_are_held(repository: Repository) -> None:
    """The index first, its children after it: they go with it and not before it."""
    children = [image(b"amd64"), image(b"arm64")]
    draft = index(*children)
    repository.put(draft, "latest")
    for child in children:
        repository.push(child)

    assert waiting(repository) == 0
    repository.delete(draft.digest)
    assert not any(repository.has(child) for child in children)


def test_two_manifests_may_wait_for_the_same(repository: Repository) -> None:
    """Both hold what arrives: deleting one leaves it to the other."""
    child = image(b"amd64")
    first, second = index(child), index(child, blobs=(b"x",))
    repository.put(first, "first")
    repository.put(second, "second")
    repository.push(child)
    repository.upload(b"x")

    repository.delete(first.digest)

    assert repository.has(child)
    repository.delete(second.digest)
    assert not repository.has(child)


def test_an_entry_that_arrives_as_a_blob_is_held(repository: Repository, clock: Clock) -> None:
    """A build cache's index pushed before its layers."""
    repository.put(index(blobs=(b"cached",)), "cache")
    repository.upload(b"cached")
    clock.advance(A_YEAR)
    assert repository.has_blob(b"cached")


def test_what_is_missing_goes_with_its_manifest(repository: Repository, clock: Clock) -> None:
    """A deleted manifest waits for nothing here: what arrives is under a lease."""
    draft = image(b"layer")
    repository.put(draft, "latest")
    repository.push(image(b"another"), "stays")
    repository.delete(draft.digest)
    repository.upload(b"layer")
    clock.advance(A_YEAR)
    assert not repository.has_blob(b"layer")


def test_each_rule_is_for_its_own_kind(place: Place) -> None:
    """Indexes may be accepted without children where images are not accepted without blobs, and the reverse."""
    lone_image, lone_index = image(b"layer"), index(image(b"child"))
    database = place.open_database()

    def accepts(draft: Draft, **rules: bool) -> bool:
        try:
            Repository(place.open_registry(database, **rules), "rules").put(draft)
        except ManifestBlobUnknown:
            return False
        return True

    assert not accepts(lone_image, children_required=False)
    assert accepts(lone_index, children_required=False)
    Repository(place.open_registry(database), "rules").delete(lone_index.digest)
    assert not accepts(lone_index, blobs_required=False)
    assert accepts(lone_image, blobs_required=False)


def test_a_manifest_that_lacks_something_is_not_accepted_again_where_all_is_required(
    place: Place, repository: Repository
) -> None:
    """It was accepted while less was required; pushed again it is refused until what is missing is there."""
    draft = image(b"layer")
    repository.put(draft, "latest")
    strict = Repository(place.open_registry(repository.registry.database))

    with pytest.raises(ManifestBlobUnknown):
        strict.put(draft, "again")
    strict.push(draft, "again")

    assert repository.tags() == ["again", "latest"]
    assert waiting(repository) == 0
