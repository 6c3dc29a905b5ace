"""A push in flight across a deletion: what the client saw before it is good for the manifest that it sends after it."""

from __future__ import annotations

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import ManifestBlobUnknown
from tests.support.clock import Clock
from tests.support.content import image, index
from tests.support.invariants import check_bytes
from tests.support.journal import hidden_of
from tests.support.place import Place
from tests.support.repository import Repository

AMD, ARM = image(b"amd64"), image(b"arm64")
A_YEAR = 365 * 24 * 3600


def missing(repository: Repository) -> list[tuple[object, ...]]:
    """What live manifests of the repository lack."""
    return repository.registry.database.read(
        lambda tx: tx.all(
            "select x.digest from missing x join repository r on r.id = x.repository where r.deletion is null"
        )
    )


@pytest.mark.parametrize("purge", [False, True], ids=["delete", "purge"])
def test_blobs_uploaded_before_a_repositorys_deletion_serve_a_push_after_it(
    repository: Repository, clock: Clock, purge: bool
) -> None:
    """Upload one blob, see another there, the repository goes, push the manifest: it is whole, and stays so."""
    repository.push(image(b"seen", config=AMD.blobs[0]), "old")
    draft = image(b"seen", b"uploaded", config=AMD.blobs[0])
    repository.upload(b"uploaded")
    assert repository.has_blob(b"seen")

    repository.delete(purge=purge)
    repository.put(draft, "latest")

    clock.advance(A_YEAR)
    assert repository.tags() == ["latest"]
    assert all(repository.has_blob(blob) for blob in draft.blobs)
    check_bytes(repository.registry)


def test_blobs_that_went_with_a_manifest_serve_a_push_after_it(repository: Repository, clock: Clock) -> None:
    """The deletion of another manifest took the layer that the client had seen."""
    old, new = image(b"shared", b"old"), image(b"shared", b"new")
    repository.push(old, "old")
    repository.push(image(b"stays"), "stays")
    for blob in new.blobs[::2]:
        repository.upload(blob)
    repository.delete(old.digest)
    assert not repository.has_blob(b"shared")

    repository.put(new, "new")

    clock.advance(A_YEAR)
    assert repository.has_blob(b"shared")
    assert not repository.has_blob(b"old")


def test_a_blob_that_was_deleted_alone_serves_a_push_after_it(repository: Repository, clock: Clock) -> None:
    """DELETE of the blob between its upload and the manifest."""
    for blob in AMD.blobs:
        repository.upload(blob)
    repository.delete(Digest.of(b"amd64"), blob=True)
    repository.put(AMD, "latest")
    clock.advance(A_YEAR)
    assert repository.has_blob(b"amd64")


def test_what_another_name_lost_serves_nobody_else(repository: Repository, other: Repository) -> None:
    """A hidden repository of another name gives nothing."""
    other.push(AMD, "latest")
    other.delete()
    with pytest.raises(ManifestBlobUnknown):
        repository.put(AMD, "latest")


@pytest.mark.parametrize("whole", [True, False], ids=["repository", "children"])
def test_children_pushed_before_a_deletion_serve_an_index_after_it(
    repository: Repository, clock: Clock, whole: bool
) -> None:
    """The platforms are pushed, then deleted, then comes the index of them: it is whole."""
    draft = index(AMD, index(ARM))
    repository.push(image(b"stays"), "stays")
    repository.push(AMD)
    repository.push(draft.children[1])
    if whole:
        repository.delete()
    else:
        repository.delete(AMD.digest)
        repository.delete(draft.children[1].digest)
    assert not repository.has(AMD)

    repository.put(draft, "latest")

    clock.advance(A_YEAR)
    assert all(repository.has(each) for each in draft.closure())
    assert repository.has_blob(b"arm64")
    assert missing(repository) == []
    repository.delete(draft.digest)
    assert not any(repository.has(each) for each in draft.closure())


def test_an_entry_that_is_a_blob_serves_an_index_after_a_deletion(repository: Repository, clock: Clock) -> None:
    """A build cache's layer uploaded, the repository deleted, the index pushed."""
    draft = index(blobs=(b"cached",))
    repository.upload(b"cached")
    repository.delete()
    repository.put(draft, "cache")
    clock.advance(A_YEAR)
    assert repository.has_blob(b"cached")


def test_a_child_taken_back_is_held_by_all_that_lacked_it(repository: Repository) -> None:
    """One index lost a child; another brings it back from the deletion: it is held by both, and goes with neither."""
    first, second = index(AMD, ARM), index(AMD)
    repository.push(first, "first")
    repository.delete(AMD.digest)

    repository.put(second, "second")

    assert missing(repository) == []
    repository.delete(second.digest)
    assert repository.has(AMD)
    repository.delete(first.digest)
    assert not repository.has(AMD)


def test_a_manifest_that_may_lack_blobs_takes_them_back_all_the_same(place: Place, clock: Clock) -> None:
    """Where missing blobs are accepted, those of a deletion of the same name are not missing."""
    repository = Repository(place.open_registry(blobs_required=False))
    repository.push(AMD, "old")
    repository.delete()
    repository.put(AMD, "latest")
    clock.advance(A_YEAR)
    assert repository.has_blob(b"amd64")
    assert missing(repository) == []


def test_an_index_taken_back_holds_what_lives_by_now(repository: Repository) -> None:
    """A deleted index that had lost a child comes back beside that child, pushed anew: it holds it."""
    inner = index(AMD, ARM)
    outer = index(inner)
    repository.push(inner, "inner")
    repository.push(image(b"stays"), "stays")
    repository.delete(AMD.digest)
    repository.delete(inner.digest)
    repository.push(AMD)

    repository.put(outer, "outer")

    assert missing(repository) == []
    repository.delete(outer.digest)
    assert not repository.has(AMD)


def test_an_index_taken_back_is_the_latest_of_those_deleted(repository: Repository) -> None:
    """It was deleted twice, first broken and then whole: what comes back is whole."""
    inner = index(AMD, ARM)
    outer = index(inner)
    repository.push(image(b"stays"), "stays")
    repository.push(inner)
    repository.delete(AMD.digest)
    repository.delete(inner.digest)
    repository.push(inner)
    repository.delete(inner.digest)

    repository.put(outer, "outer")

    assert all(repository.has(each) for each in outer.closure())
    assert missing(repository) == []


def test_what_was_taken_back_is_still_in_its_deletion(repository: Repository) -> None:
    """A push copies: the deletion can still be undone, and purging it takes nothing from what was pushed."""
    repository.push(AMD, "old")
    deleted = repository.delete()
    before = hidden_of(repository.registry.database, deleted.id)
    repository.put(index(AMD), "latest")
    assert hidden_of(repository.registry.database, deleted.id) == before
