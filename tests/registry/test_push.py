from __future__ import annotations

import json

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import DigestInvalid, ManifestBlobUnknown, ManifestInvalid, TagInvalid, TooLarge
from jettison.oci.media_types import DOCKER_IMAGE, OCI_IMAGE
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import pull
from jettison.registry.push import push_manifest
from tests.support.clock import Clock
from tests.support.content import artifact, image, index, referrer
from tests.support.place import Place
from tests.support.repository import Repository

NAME = RepositoryName("app")


def missing(raised: pytest.ExceptionInfo[ManifestBlobUnknown]) -> set[str]:
    """The digests that the error's detail names."""
    detail = raised.value.detail
    assert isinstance(detail, list)
    return {each["digest"] for each in detail}


def test_a_pushed_manifest_is_served_as_it_was_sent(repository: Repository) -> None:
    """Byte for byte, by tag and by digest, under its own media type."""
    draft = image(b"layer")
    pushed = repository.push(draft, "latest")
    assert pushed.digest == draft.digest

    for reference in (Tag("latest"), draft.digest):
        found = pull.find_manifest(repository.registry, NAME, reference, content=True)
        assert (found.content, found.media_type, found.digest) == (draft.content, OCI_IMAGE, draft.digest)
        head = pull.find_manifest(repository.registry, NAME, reference, content=False)
        assert (head.content, head.size) == (None, len(draft.content))


def test_a_manifest_by_sha512(repository: Repository) -> None:
    """Pushed under its sha512 digest, it is known by that."""
    draft = image(b"layer")
    for blob in draft.blobs:
        repository.upload(blob)
    digest = Digest.of(draft.content, "sha512")

    assert push_manifest(repository.registry, NAME, digest, draft.content, draft.media_type).digest == digest
    assert repository.has(digest)
    assert not repository.has(draft)


def test_a_digest_that_is_not_the_contents_is_refused(repository: Repository) -> None:
    """The push says what it received, and stores nothing."""
    draft, wanted = image(b"layer"), Digest.of(b"other")
    with pytest.raises(DigestInvalid, match=str(draft.digest)):
        push_manifest(repository.registry, NAME, wanted, draft.content, draft.media_type)
    assert repository.tags() is None


def test_a_manifest_whose_blobs_are_missing_is_refused_and_they_are_named(repository: Repository) -> None:
    """Every digest that was not pushed, and no other; nothing of the manifest stays."""
    draft = image(b"one", b"two", b"three")
    config, one, two, three = draft.blobs
    repository.upload(one)
    repository.upload(config)

    with pytest.raises(ManifestBlobUnknown, match="needs its blobs pushed first") as raised:
        repository.put(draft, "latest")

    assert missing(raised) == {str(Digest.of(two)), str(Digest.of(three))}
    assert not repository.has(draft)
    assert repository.tags() is None
    assert not repository.is_listed()


def test_a_message_names_a_few_of_many_missing_blobs(repository: Repository) -> None:
    """A manifest of thousands of layers makes neither a message nor a detail of thousands."""
    with pytest.raises(ManifestBlobUnknown, match="and 148 more") as raised:
        repository.put(image(*(b"layer %d" % number for number in range(150))))
    assert len(missing(raised)) == 100


def test_blobs_of_another_repository_do_not_count(repository: Repository, other: Repository) -> None:
    """What the registry stores elsewhere has to be mounted or pushed here."""
    draft = image(b"layer")
    other.push(draft)
    with pytest.raises(ManifestBlobUnknown):
        repository.put(draft)


def test_an_index_whose_children_are_missing_is_refused_and_they_are_named(repository: Repository) -> None:
    """One child is there, the other is not."""
    here, absent = image(b"amd64"), image(b"arm64")
    repository.push(here)
    with pytest.raises(ManifestBlobUnknown, match="needs its manifests pushed first") as raised:
        repository.put(index(here, absent), "latest")
    assert missing(raised) == {str(absent.digest)}


def test_an_index_holds_its_children(repository: Repository) -> None:
    """An index of two platforms and of an index, pushed after them."""
    draft = index(image(b"amd64"), index(image(b"arm64"), image(b"riscv64")))
    repository.push(draft, "latest")
    for manifest in draft.closure():
        assert repository.has(manifest)


def test_an_index_entry_may_be_a_blob(repository: Repository) -> None:
    """Build caches list layers in an index; they are held as the children are."""
    draft = index(image(b"amd64"), blobs=(b"cached layer",))
    repository.push(draft, "cache")

    [row] = repository.registry.database.read(
        lambda tx: tx.all(
            """select l.leased_until from repository_blob l join blob b on b.id = l.blob where b.digest = :digest""",
            digest=Digest.of(b"cached layer").packed,
        )
    )
    assert row == (None,)


def test_the_same_entry_twice_is_held_once(repository: Repository) -> None:
    """A layer that an image lists twice, a child that an index lists twice."""
    child = image(b"same", b"same")
    draft = index(child, child)
    repository.push(draft, "latest")
    repository.delete(draft.digest)
    assert not repository.has(child)


def test_layers_that_lie_elsewhere_need_not_be_here(repository: Repository) -> None:
    """A non-distributable layer is not asked for."""
    draft = image(b"layer", foreign=(b"windows",))
    repository.push(draft, "latest")
    assert repository.has("latest")


def test_layers_that_lie_elsewhere_are_held_where_they_are_here(repository: Repository, clock: Clock) -> None:
    """Somebody pushed a non-distributable layer all the same: it lives as long as its manifest."""
    draft = image(b"layer", foreign=(b"windows",))
    repository.upload(b"windows")
    repository.push(draft, "latest")
    clock.advance(365 * 24 * 3600)
    assert repository.has_blob(b"windows")


def test_an_artifact_manifest_holds_its_blobs(repository: Repository, clock: Clock) -> None:
    """The artifact manifest of OCI image 1.1's release candidates."""
    repository.push(artifact(b"thing"), "v1")
    clock.advance(365 * 24 * 3600)
    assert repository.has_blob(b"thing")


def test_a_tag_moves(repository: Repository, clock: Clock) -> None:
    """Pushed again, a tag points at the new manifest; the old one stays, untagged; the tag keeps its first time."""
    old, new = image(b"old"), image(b"new")
    repository.push(old, "latest")
    made = clock.now
    clock.advance(60)
    repository.push(new, "latest")

    assert repository.digest_of("latest") == new.digest
    assert repository.tags() == ["latest"]
    assert repository.has(old)
    [times] = repository.registry.database.read(lambda tx: tx.all("select created_at, updated_at from tag"))
    assert times == (made, clock.now)


def test_pushing_again_changes_nothing(repository: Repository) -> None:
    """The same manifest under the same tag: one row, one tag, the same answer."""
    draft = index(image(b"amd64"))
    first = repository.push(draft, "latest")
    assert repository.push(draft, "latest") == first
    assert repository.tags() == ["latest"]
    assert repository.registry.database.read(lambda tx: tx.all("select count(*) from manifest")) == [(2,)]


def test_a_push_by_digest_is_untagged(repository: Repository) -> None:
    """It is listed, has no tags, and is there by its digest."""
    draft = image(b"layer")
    repository.push(draft)
    assert repository.tags() == []
    assert repository.is_listed()
    assert repository.has(draft)


def test_tags_as_parameters_of_a_push_by_digest(repository: Repository) -> None:
    """All of them point at the manifest; the answer names each once, in the order asked."""
    draft = image(b"layer")
    repository.push(draft)
    also = [Tag("v1.2"), Tag("v1"), Tag("v1.2")]

    pushed = push_manifest(repository.registry, NAME, draft.digest, draft.content, draft.media_type, also)

    assert pushed.tags == (Tag("v1.2"), Tag("v1"))
    assert repository.tags() == ["v1", "v1.2"]


def test_too_many_tags_at_once_are_refused(place: Place) -> None:
    """The error says how many are accepted; none is made."""
    repository = Repository(place.open_registry(tag_limit=3))
    draft = image(b"layer")
    repository.push(draft, "a", "b", "c", "d")
    also = [Tag(f"v{number}") for number in range(4)]

    with pytest.raises(TagInvalid, match="at most 3"):
        push_manifest(repository.registry, NAME, draft.digest, draft.content, draft.media_type, also)

    assert repository.tags() == ["a", "b", "c", "d"]


def test_a_manifest_over_the_limit_is_refused(place: Place) -> None:
    """To the byte: what is as long as the limit is taken."""
    draft = image(b"layer")
    Repository(place.open_registry(manifest_limit=len(draft.content))).push(draft)
    with pytest.raises(TooLarge, match=f"at most {len(draft.content) - 1}"):
        Repository(place.open_registry(manifest_limit=len(draft.content) - 1)).put(draft)


def test_what_is_no_manifest_is_refused(repository: Repository) -> None:
    """Neither bytes that are no JSON nor a media type that is not the body's."""
    draft = image(b"layer")
    for content, media_type in ((b"not json", OCI_IMAGE), (draft.content, DOCKER_IMAGE), (draft.content, "text/plain")):
        with pytest.raises(ManifestInvalid):
            push_manifest(repository.registry, NAME, Tag("latest"), content, media_type)
    assert repository.tags() is None


def test_a_subject_need_not_exist_and_is_answered(repository: Repository) -> None:
    """OCI 1.1: a referrer may be pushed before its subject, and the answer says that the subject was understood."""
    absent = image(b"not pushed")
    pushed = repository.push(referrer(absent))
    assert pushed.subject == absent.digest
    assert repository.push(image(b"layer")).subject is None


def test_manifests_that_differ_in_bytes_alone_are_two(repository: Repository) -> None:
    """The same JSON, spaced differently, has another digest and is another manifest."""
    draft = image(b"layer")
    repository.push(draft, "compact")
    spaced = json.dumps(json.loads(draft.content), indent=2).encode()
    push_manifest(repository.registry, NAME, Tag("spaced"), spaced, OCI_IMAGE)
    assert repository.digest_of("spaced") == Digest.of(spaced) != draft.digest
