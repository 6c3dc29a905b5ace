from __future__ import annotations

import pytest

from jettison.client import Registry
from jettison.client.errors import Invalid, NotFound
from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_IMAGE, OCI_INDEX
from jettison.oci.reference import RepositoryName
from tests.client.conftest import Site
from tests.client.pushing import push, put
from tests.support.content import image, index, referrer


def test_tags_are_listed(registry: Registry, name: str) -> None:
    """All tags of a repository, in the registry's order."""
    repository = registry.repository(name)
    push(repository, image(b"layer"), "v1", "v2", "latest")
    assert sorted(str(tag) for tag in repository.tags()) == ["latest", "v1", "v2"]


def test_the_tags_of_nothing_are_not_found(registry: Registry, name: str) -> None:
    """A repository that is not there has no empty list of tags: it is an error."""
    with pytest.raises(NotFound, match=name):
        list(registry.repository(name).tags())


def test_a_manifest_is_read_byte_for_byte(registry: Registry, name: str) -> None:
    """By tag and by digest, the bytes are those that were pushed, and what they say can be read."""
    repository = registry.repository(name)
    pushed = index(image(b"one"), image(b"two"))
    digest = push(repository, pushed, "v1")
    for reference in ("v1", str(digest), digest):
        found = repository.manifest(reference)
        assert (found.content, found.digest, found.media_type) == (pushed.content, digest, OCI_INDEX)
        assert [child.digest for child in found.children] == [child.digest for child in pushed.children]


def test_a_head_tells_what_a_manifest_is(registry: Registry, name: str) -> None:
    """Digest, media type and size, without the bytes."""
    repository = registry.repository(name)
    pushed = image(b"layer")
    push(repository, pushed, "v1")
    head = repository.head("v1")
    assert (head.digest, head.media_type, head.size) == (pushed.digest, OCI_IMAGE, len(pushed.content))


def test_what_is_not_there_is_not_found(registry: Registry, name: str) -> None:
    """A missing tag, digest or blob raises NotFound, whose message names it."""
    repository = registry.repository(name)
    push(repository, image(b"layer"), "v1")
    missing = Digest.of(b"nothing")
    for ask in (lambda: repository.manifest("v9"), lambda: repository.head("v9"), lambda: repository.manifest(missing)):
        with pytest.raises(NotFound, match=name):
            ask()
    with pytest.raises(NotFound, match=str(missing)):
        repository.blob(missing).read()


def test_a_reference_that_cannot_be_is_refused_before_it_is_asked(registry: Registry, name: str) -> None:
    """What is neither tag nor digest is Invalid."""
    with pytest.raises(Invalid, match="tag"):
        registry.repository(name).manifest("../../v2")


def test_a_blob_is_read_whole_and_in_pieces(registry: Registry, name: str) -> None:
    """Its size, its bytes, and its bytes piece by piece, whether the registry streams them or redirects."""
    repository = registry.repository(name)
    content = bytes(range(256)) * 5000
    blob = repository.blob(put(repository, content))
    assert blob.size() == len(content)
    assert blob.read() == content
    assert b"".join(blob.stream()) == content


def test_a_blob_is_there_or_not(registry: Registry, name: str) -> None:
    """`has_blob` tells both."""
    repository = registry.repository(name)
    digest = put(repository, b"a blob of its own")
    assert repository.has_blob(digest)
    assert not repository.has_blob(Digest.of(b"another"))


def test_a_blob_is_mounted_from_where_it_is(registry: Registry, name: str) -> None:
    """The bytes are not sent again; a blob that the source does not have is not mounted."""
    here, there = registry.repository(f"{name}1"), registry.repository(f"{name}2")
    digest = put(here, b"to be mounted")
    assert there.mount(digest, here.name)
    assert there.has_blob(digest)
    assert not there.mount(Digest.of(b"nowhere"), RepositoryName.parse(f"{name}1"))


def test_referrers_are_listed_with_and_without_the_api(registry: Registry, name: str, site: Site) -> None:
    """Distribution has no referrers API: what refers to an image is found by the tag schema, which pushing keeps."""
    repository = registry.repository(name)
    subject = image(b"layer")
    push(repository, subject, "v1")
    assert list(repository.referrers(subject.digest)) == []
    sbom, signature = referrer(subject), referrer(subject, "application/vnd.example.signature", b"signed")
    push(repository, sbom)
    push(repository, signature)
    push(repository, signature)
    assert {each.digest for each in repository.referrers(subject.digest)} == {sbom.digest, signature.digest}
    kinds = [each.digest for each in repository.referrers(subject.digest, "application/vnd.example.sbom")]
    assert kinds == [sbom.digest]
    schema_tags = [str(tag) for tag in repository.tags() if str(tag).startswith("sha256-")]
    assert len(schema_tags) == (0 if site.kind == "jettison" else 1)


def test_a_manifest_is_deleted_by_digest(registry: Registry, name: str) -> None:
    """With the scope that deletion needs; afterwards it is not found."""
    repository = registry.repository(name)
    digest = push(repository, image(b"layer"), "v1")
    assert repository.delete_manifest(digest).status == 202
    with pytest.raises(NotFound):
        repository.manifest(digest)


def test_a_refused_deletion_is_an_answer(registry: Registry, name: str, site: Site) -> None:
    """DELETE of a tag: distribution 2.8 answers 400, whose code says why; nothing is raised for it."""
    repository = registry.repository(name)
    push(repository, image(b"layer"), "v1")
    answer = repository.delete_manifest("v1")
    if site.kind == "docker-registry":
        assert (answer.status, [each.code for each in answer.errors]) == (400, ["DIGEST_INVALID"])
    else:
        assert answer.status == 202
