from __future__ import annotations

from collections import Counter

import pytest

from jettison.client import ANONYMOUS, Registry, Repository
from jettison.client.errors import NotFound, Untrustworthy
from jettison.oci.digest import Digest
from tests.client.conftest import Site
from tests.client.pushing import push, put
from tests.support.content import Draft, image, index, referrer
from tests.support.liar import Asked, Liar, Told
from tests.support.server import JettisonServer

PLATFORMS = index(image(b"amd64", b"shared"), image(b"arm64", b"shared"), image(b"riscv64"))


def assert_has(target: Repository, *drafts: Draft) -> None:
    """Everything that these manifests are made of is there, byte for byte."""
    for draft in (each for top in drafts for each in top.closure()):
        assert target.manifest(draft.digest).content == draft.content
        for blob in draft.blobs:
            assert target.blob(Digest.of(blob)).read() == blob


def test_all_platforms_are_copied(registry: Registry, name: str) -> None:
    """From one repository to another of a registry: its blobs are mounted, and nothing is sent."""
    source, target = registry.repository(f"{name}1"), registry.repository(f"{name}2")
    push(source, PLATFORMS, "v1")
    copied = source.copy("v1", target)
    assert_has(target, PLATFORMS)
    assert target.manifest("v1").digest == copied.digest == PLATFORMS.digest
    assert (copied.manifests, copied.blobs_sent) == (4, 0)
    assert copied.blobs_mounted == len({Digest.of(blob) for each in PLATFORMS.closure() for blob in each.blobs})


def test_a_copy_to_another_registry_sends_each_blob_once(registry: Registry, name: str) -> None:
    """Bytes go through the client; what is shared goes once, and whoever watches is told of each byte."""
    source = registry.repository(name)
    push(source, PLATFORMS, "v1")
    moved: list[int] = []
    with JettisonServer() as server, Registry(server.address, credentials=ANONYMOUS) as other:
        target = other.repository("mirror/app")
        copied = source.copy("v1", target, "latest", moved=moved.append)
        assert_has(target, PLATFORMS)
        assert [str(tag) for tag in target.tags()] == ["latest"]
    blobs = {blob for each in PLATFORMS.closure() for blob in each.blobs}
    assert copied.blobs_sent == len(blobs)
    assert copied.bytes_sent == sum(moved) == sum(len(blob) for blob in blobs)


def test_referrers_come_along(registry: Registry, name: str, site: Site) -> None:
    """What refers to the index, to a platform, and to a referrer."""
    source, target = registry.repository(f"{name}1"), registry.repository(f"{name}2")
    sbom = referrer(PLATFORMS.children[0])
    signature = referrer(sbom, "application/vnd.example.signature", b"signed")
    push(source, PLATFORMS, "v1")
    push(source, sbom)
    push(source, signature)
    copied = source.copy("v1", target)
    assert (copied.manifests, copied.referrers) == (6, 2)
    assert_has(target, sbom, signature)
    assert [each.digest for each in target.referrers(PLATFORMS.children[0].digest)] == [sbom.digest]
    assert [each.digest for each in target.referrers(sbom.digest)] == [signature.digest]


def test_referrers_may_be_left(registry: Registry, name: str) -> None:
    """Only what the manifest needs."""
    source, target = registry.repository(f"{name}1"), registry.repository(f"{name}2")
    push(source, PLATFORMS, "v1")
    push(source, referrer(PLATFORMS))
    assert source.copy("v1", target, referrers=False).referrers == 0
    assert list(target.referrers(PLATFORMS.digest)) == []


def test_a_copy_of_a_copy_sends_nothing(registry: Registry, name: str) -> None:
    """What is there is skipped."""
    source, target = registry.repository(f"{name}1"), registry.repository(f"{name}2")
    push(source, PLATFORMS, "v1")
    source.copy("v1", target)
    again = source.copy("v1", target)
    assert (again.manifests, again.blobs_sent, again.blobs_mounted, again.blobs_there) == (0, 0, 0, 0)


def test_a_copy_that_was_broken_off_goes_on(registry: Registry, name: str) -> None:
    """Blobs and manifests that came across before are not copied again."""
    source, target = registry.repository(f"{name}1"), registry.repository(f"{name}2")
    push(source, PLATFORMS, "v1")
    push(target, PLATFORMS.children[0])
    put(target, b"riscv64")
    copied = source.copy("v1", target)
    assert_has(target, PLATFORMS)
    assert (copied.manifests, copied.blobs_there) == (3, 1 + (b"shared" in PLATFORMS.children[1].blobs))


def test_a_copy_by_digest_has_no_tag(registry: Registry, name: str) -> None:
    """It is there by its digest alone, unless a tag is given."""
    source, target = registry.repository(f"{name}1"), registry.repository(f"{name}2")
    push(source, PLATFORMS, "v1")
    source.copy(PLATFORMS.digest, target)
    assert_has(target, PLATFORMS)


def test_a_copy_within_a_repository_is_another_tag(registry: Registry, name: str) -> None:
    """Nothing is sent but the manifest under its new tag."""
    repository = registry.repository(name)
    push(repository, PLATFORMS, "v1")
    copied = repository.copy("v1", repository, "v2")
    assert (copied.manifests, copied.blobs_sent) == (0, 0)
    assert repository.manifest("v2").digest == PLATFORMS.digest


def test_what_is_not_there_is_not_copied(registry: Registry, name: str) -> None:
    """NotFound, and the target is as it was."""
    with pytest.raises(NotFound):
        registry.repository(name).copy("v9", registry.repository(f"{name}2"))
    with pytest.raises(NotFound):
        list(registry.repository(f"{name}2").tags())


class Shop:
    """A registry without an API for referrers that has `PLATFORMS` as app:v1, and takes what is pushed to copy."""

    def __init__(self, *, mounts: bool) -> None:
        self.mounts = mounts
        self.sources = {str(each.digest): each for each in PLATFORMS.closure()} | {"v1": PLATFORMS}
        self.blobs = {str(Digest.of(blob)): blob for each in PLATFORMS.closure() for blob in each.blobs}
        self.pushed: dict[str, bytes] = {}

    def __call__(self, asked: Asked) -> Told:
        path, _, query = asked.path.partition("?")
        name = path.rpartition("/")[2]
        if "/referrers/" in path:
            return Told(404, "404 page not found")
        if asked.method == "POST":
            if self.mounts and "mount=" in query:
                return Told(201)
            return Told(202, b"", {"Location": f"{path}upload"})
        if asked.method == "DELETE":
            return Told(204)
        if asked.method == "PUT":
            self.pushed[name] = asked.body
            return Told(201)
        if path.startswith("/v2/app/manifests/") and name in self.sources:
            return Told(200, self.sources[name].content, {"Content-Type": self.sources[name].media_type})
        if path.startswith("/v2/app/blobs/") and name in self.blobs:
            return Told(200, self.blobs[name])
        return Told(404, {"errors": [{"code": "UNKNOWN"}]} if asked.method == "GET" else b"")


def test_nothing_is_asked_for_twice() -> None:
    """A copy to where nothing of it is: its blobs are mounted unasked, and the lack of an API is found out once."""
    manifests, blobs = len(PLATFORMS.closure()), {blob for each in PLATFORMS.closure() for blob in each.blobs}
    with Liar(Shop(mounts=True)) as liar, Registry(liar.address, credentials=ANONYMOUS) as registry:
        copied = registry.repository("app").copy("v1", registry.repository("copy"))
        asked = Counter((each.method, each.path.split("/")[3]) for each in liar.requests)
    assert (copied.manifests, copied.blobs_mounted, copied.blobs_sent) == (manifests, len(blobs), 0)
    assert asked == {
        ("GET", "manifests"): manifests + manifests,  # each of them, and for each the tag of its referrers
        ("GET", "referrers"): 1,
        ("HEAD", "manifests"): 2,
        ("POST", "blobs"): len(blobs),
        ("PUT", "manifests"): manifests,
    }


def test_what_cannot_be_mounted_is_sent() -> None:
    """The upload that was opened instead is cancelled, and the blob looked for before it is sent."""
    shop = Shop(mounts=False)
    blobs = {blob for each in PLATFORMS.closure() for blob in each.blobs}
    with Liar(shop) as liar, Registry(liar.address, credentials=ANONYMOUS) as registry:
        copied = registry.repository("app").copy("v1", registry.repository("copy"))
        methods = Counter(each.method for each in liar.requests if "/blobs/" in each.path and "/app/" not in each.path)
    assert (copied.blobs_mounted, copied.blobs_sent) == (0, len(blobs))
    assert methods == dict.fromkeys(("DELETE", "HEAD", "PUT"), len(blobs)) | {"POST": 2 * len(blobs)}
    assert {shop.pushed[str(each.digest)] for each in PLATFORMS.children} == {e.content for e in PLATFORMS.children}
    assert shop.pushed["v1"] == PLATFORMS.content


def test_a_blob_that_is_not_what_its_digest_says_does_not_arrive() -> None:
    """The source lies in the middle of a copy: neither the blob nor the manifest is in the target."""
    draft = image(b"layer")

    def answer(asked: Asked) -> Told:
        if "/manifests/" in asked.path:
            return Told(200, draft.content, {"Content-Type": draft.media_type})
        return Told(200, b"lies!") if "/blobs/" in asked.path else Told(404)

    with (
        Liar(answer) as liar,
        JettisonServer() as server,
        Registry(liar.address, credentials=ANONYMOUS) as bad,
        Registry(server.address) as good,
    ):
        with pytest.raises(Untrustworthy):
            bad.repository("app").copy("v1", good.repository("app"))
        assert list(good.repositories()) == []
