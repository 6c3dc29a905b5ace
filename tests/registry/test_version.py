from __future__ import annotations

import json

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import ManifestUnknown
from jettison.oci.reference import Tag
from jettison.registry.access import EVERYONE, Action, Caller, Kind, grant
from jettison.registry.registry import Registry
from jettison.registry.version import MOST_IMAGES, version, why_here
from jettison.registry.why import why_is
from tests.support.content import image, index, referrer
from tests.support.repository import Repository

ANA = Caller(Kind.USER, "ana", (grant([Action.PULL], "app"), grant([Action.PULL], "third")))


def test_an_image_is_told_whole(repository: Repository, other: Repository, registry: Registry) -> None:
    """Layers with who else has them, what its config says, and its text as it is."""
    said = {"os": "linux", "architecture": "amd64", "config": {"Labels": {"of": "ana"}}}
    draft = image(b"own", b"base", config=json.dumps(said).encode(), annotations={"a": "b"}, foreign=(b"elsewhere",))
    repository.push(draft, "v1")
    other.push(image(b"base"), "v1")
    found = version(registry, repository.name, Tag("v1"), EVERYONE)
    assert (found.version.digest, found.version.platforms) == (draft.digest, ("linux/amd64",))
    assert found.manifest == draft.content.decode()
    assert found.annotations == {"a": "b"}
    [only] = found.images
    assert only.config is not None
    assert only.config.labels == {"of": "ana"}
    assert [(layer.size, layer.here, layer.shared, layer.others) for layer in only.layers] == [
        (3, True, False, ()),
        (4, True, True, ("other/app",)),
        (9, False, False, ()),
    ]


def test_an_index_is_told_with_its_images(repository: Repository, registry: Registry) -> None:
    """Each with its layers and its size; a platform says which indexes hold it."""
    one, two = image(b"1"), image(b"22")
    both = index(one, two)
    repository.push(both, "v1")
    signature = referrer(both)
    repository.push(signature)
    found = version(registry, repository.name, both.digest, EVERYONE)
    assert [each.digest for each in found.images] == [one.digest, two.digest]
    assert [sum(layer.size for layer in each.layers) for each in found.images] == [1, 2]
    assert [each.digest for each in found.version.referrers] == [signature.digest]
    assert version(registry, repository.name, one.digest, EVERYONE).within == (both.digest,)
    assert version(registry, repository.name, signature.digest, EVERYONE).subject == both.digest


def test_of_a_long_index_some_images_are_told(repository: Repository, registry: Registry) -> None:
    """And how many are left out."""
    long = index(*(image(bytes([number]), config=b"{}") for number in range(MOST_IMAGES + 3)))
    repository.push(long, "v1")
    found = version(registry, repository.name, Tag("v1"), EVERYONE)
    assert (len(found.images), found.left_out) == (MOST_IMAGES, 3)


def test_a_build_cache_lists_blobs(repository: Repository, registry: Registry) -> None:
    """An entry that is no manifest is there, and has no layers."""
    repository.push(index(blobs=(b"cache",)), "cache")
    [entry] = version(registry, repository.name, Tag("cache"), EVERYONE).images
    assert (entry.here, entry.layers, entry.config, entry.size) == (True, (), None, 5)


@pytest.mark.parametrize(
    "config", [b"no JSON", b"[]", b"[" * 1000, b'{"a":' * 200 + b"1" + b"}" * 200, b" " * 2_000_000]
)
def test_a_config_that_cannot_be_read_is_a_problem_of_its_own(
    repository: Repository, registry: Registry, config: bytes
) -> None:
    """All else is told, and why it cannot."""
    repository.push(image(b"1", config=config), "v1")
    [only] = version(registry, repository.name, Tag("v1"), EVERYONE).images
    assert only.config is None
    assert only.config_problem
    assert len(only.layers) == 1


def test_other_repositories_are_named_as_one_may_list_them(
    repository: Repository, other: Repository, registry: Registry
) -> None:
    """Of those that one may not, nothing is told: not even that there is one."""
    repository.push(image(b"base"), "v1")
    other.push(image(b"base"), "v1")
    [only] = version(registry, repository.name, Tag("v1"), ANA).images
    assert (only.layers[0].shared, only.layers[0].others) == (False, ())
    [only] = version(registry, repository.name, Tag("v1"), EVERYONE).images
    assert only.layers[0].shared
    Repository(registry, "third").push(image(b"base"), "v1")
    [only] = version(registry, repository.name, Tag("v1"), ANA).images
    assert only.layers[0].others == ("third",)


def test_why_it_is_here_names_what_one_may_see(repository: Repository, other: Repository, registry: Registry) -> None:
    """Live repositories that one may list; deletions where one may delete; all of it for an administrator."""
    draft = image(b"base")
    for each in (repository, other):
        each.push(draft, "v1")
    repository.delete(draft.digest)
    repository.push(draft, "v1")
    assert len(why_is(registry, draft.digest).places) == 3
    assert why_here(registry, draft.digest, EVERYONE) == why_is(registry, draft.digest)
    seen = why_here(registry, draft.digest, ANA)
    assert [(place.repository, place.deletion) for place in seen.places] == [("app", None)]
    cleaner = Caller(Kind.USER, "bo", (grant([Action.PULL, Action.DELETE], "app"),))
    assert [place.repository for place in why_here(registry, draft.digest, cleaner).places] == ["app", "app"]


def test_what_one_may_not_pull_is_not_known_by_its_digest(other: Repository, registry: Registry) -> None:
    """A digest of it is answered as one that the registry never had: neither its size nor that it is there is told."""
    draft = image(b"secret base")
    other.push(draft, "v1")
    for digest in (draft.digest, Digest.of(b"secret base")):
        assert why_is(registry, digest).known
        seen = why_here(registry, digest, ANA)
        assert not seen.known
        assert (seen.size, seen.blob, seen.manifest, seen.versions) == (None, False, False, 0)


def test_what_is_not_there_is_no_version(repository: Repository, registry: Registry) -> None:
    """By tag and by digest; what another repository has is not this one's."""
    repository.push(image(b"1"), "v1")
    for reference in (Tag("v2"), Digest.of(b"never")):
        with pytest.raises(ManifestUnknown, match="has no version"):
            version(registry, repository.name, reference, EVERYONE)
