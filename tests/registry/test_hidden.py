"""What a deletion keeps for its undoing: all that its restoring needs, whatever others delete or purge."""

from __future__ import annotations

from tests.support.content import image, index, referrer
from tests.support.journal import hidden_of
from tests.support.repository import Repository

AMD, ARM = image(b"amd64"), image(b"arm64")


def test_a_deleted_tag_keeps_a_copy_of_what_it_pointed_at(repository: Repository) -> None:
    """The manifest, its children and their blobs, though all of them live on."""
    draft = index(AMD, ARM)
    repository.push(draft, "latest", "v1")

    kept = hidden_of(repository.registry.database, repository.delete("latest").id)

    assert kept.tags == {"latest": draft.digest}
    assert kept.manifests == {draft.digest, AMD.digest, ARM.digest}
    assert kept.children == {(draft.digest, AMD.digest), (draft.digest, ARM.digest)}
    assert kept.blobs == AMD.blob_digests | ARM.blob_digests


def test_a_deleted_manifest_keeps_all_that_went(repository: Repository) -> None:
    """Its tags, its children, their referrers, and the blobs of all."""
    draft, sbom = index(AMD, ARM), referrer(AMD)
    repository.push(draft, "latest", "v1")
    repository.push(sbom)

    kept = hidden_of(repository.registry.database, repository.delete(draft.digest).id)

    assert kept.tags == {"latest": draft.digest, "v1": draft.digest}
    assert kept.manifests == {each.digest for each in (draft, AMD, ARM, sbom)}
    assert kept.children == {(draft.digest, AMD.digest), (draft.digest, ARM.digest)}
    assert kept.blobs == AMD.blob_digests | ARM.blob_digests | sbom.blob_digests


def test_a_shared_blob_is_copied(repository: Repository) -> None:
    """A layer of two images is in the deletion of the first, and in the repository for the second."""
    first, second = image(b"base", b"first"), image(b"base", b"second")
    repository.push(first, "first")
    repository.push(second, "second")
    kept = hidden_of(repository.registry.database, repository.delete(first.digest).id)
    assert kept.blobs == first.blob_digests
    assert repository.has_blob(b"base")


def test_a_child_that_stays_is_copied(repository: Repository) -> None:
    """Two indexes share a child: the deletion of one holds a copy of it, with its blobs."""
    nightly, release = index(AMD, ARM), index(AMD)
    repository.push(nightly, "nightly")
    repository.push(release, "release")
    kept = hidden_of(repository.registry.database, repository.delete(nightly.digest).id)
    assert kept.manifests == {nightly.digest, AMD.digest, ARM.digest}
    assert kept.children == {(nightly.digest, AMD.digest), (nightly.digest, ARM.digest)}
    assert kept.blobs == AMD.blob_digests | ARM.blob_digests
    assert repository.has(AMD)


def test_an_index_that_stays_is_copied_with_its_children(repository: Repository) -> None:
    """The child that stays is an index itself."""
    inner = index(AMD, ARM)
    outer = index(inner)
    repository.push(inner, "inner")
    repository.push(outer, "outer")
    kept = hidden_of(repository.registry.database, repository.delete(outer.digest).id)
    assert kept.manifests == {outer.digest, inner.digest, AMD.digest, ARM.digest}
    assert kept.tags == {"outer": outer.digest}
    assert all(repository.has(each) for each in inner.closure())


def test_two_deletions_that_share_a_child_each_hold_it(repository: Repository) -> None:
    """Neither needs anything of the other's."""
    first, second = index(AMD), index(AMD, ARM)
    repository.push(first, "first")
    repository.push(second, "second")
    database = repository.registry.database

    one = repository.delete(first.digest).id
    two = repository.delete(second.digest).id

    assert hidden_of(database, one).children == {(first.digest, AMD.digest)}
    assert hidden_of(database, two).children == {(second.digest, AMD.digest), (second.digest, ARM.digest)}
    assert AMD.blob_digests <= hidden_of(database, one).blobs
    assert AMD.blob_digests <= hidden_of(database, two).blobs
    assert not repository.is_listed()


def test_a_copy_of_what_lost_a_child_in_this_deletion_is_whole(repository: Repository) -> None:
    """A referrer goes with its subject and holds an index that stays, which held that subject."""
    stays = index(AMD, ARM)
    bundle = index(stays, subject=AMD, artifact_type="application/vnd.example.bundle")
    repository.push(stays, "stays")
    repository.push(bundle)
    database = repository.registry.database

    kept = hidden_of(database, repository.delete(AMD.digest).id)

    assert kept.manifests == {each.digest for each in (AMD, bundle, stays, ARM)}
    assert kept.children == {
        (bundle.digest, stays.digest),
        (stays.digest, AMD.digest),
        (stays.digest, ARM.digest),
    }
    assert repository.has("stays")
    assert not repository.has(AMD)


def test_a_deleted_blob_is_kept(repository: Repository) -> None:
    """Its link is what restoring it needs."""
    digest = repository.upload(b"loose")
    kept = hidden_of(repository.registry.database, repository.delete(digest, blob=True).id)
    assert kept.blobs == {digest}
    assert not kept.manifests


def test_a_deleted_repository_is_hidden_as_it_is(repository: Repository) -> None:
    """One row changes: everything in it is kept where it is."""
    draft = index(AMD, ARM)
    repository.push(draft, "latest")
    loose = repository.upload(b"loose")
    kept = hidden_of(repository.registry.database, repository.delete().id)
    assert kept.tags == {"latest": draft.digest}
    assert kept.manifests == {draft.digest, AMD.digest, ARM.digest}
    assert kept.blobs == AMD.blob_digests | ARM.blob_digests | {loose}


def test_a_broken_index_stays_broken_in_its_deletion(repository: Repository) -> None:
    """What was missing when it went is missing in what was kept; the first deletion has it."""
    draft = index(AMD, ARM)
    repository.push(draft, "latest")
    database = repository.registry.database
    first = repository.delete(AMD.digest).id
    second = repository.delete(draft.digest).id
    assert hidden_of(database, first).manifests == {AMD.digest}
    assert hidden_of(database, second).manifests == {draft.digest, ARM.digest}
