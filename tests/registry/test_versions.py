from __future__ import annotations

import json

import pytest

from jettison.oci.errors import NameUnknown, PaginationInvalid
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import pull
from jettison.registry.belongings import kind_of
from jettison.registry.counting import Counting
from jettison.registry.registry import Registry
from jettison.registry.versions import Version, Versions, Wanted, versions
from jettison.selection.pattern import Pattern
from tests.support.clock import Clock
from tests.support.content import Draft, image, index, referrer
from tests.support.repository import Repository


def config(system: str, architecture: str, **more: str) -> bytes:
    """The config of an image for it."""
    return json.dumps({"os": system, "architecture": architecture, **more}).encode()


def page(repository: Repository, **wanted: object) -> Versions:
    """A page of its versions."""
    return versions(repository.registry, repository.name, Wanted(**wanted))  # type: ignore[arg-type]


def tags(found: Versions) -> list[list[str]]:
    """The tags of each version on a page."""
    return [[tag.name for tag in each.tags] for each in found.versions]


def the(found: Versions) -> Version:
    """The one version on the page."""
    [one] = found.versions
    return one


def test_the_newest_version_comes_first(repository: Repository, clock: Clock) -> None:
    """Each with all its tags, whether it has some or none."""
    for number in range(4):
        repository.push(image(bytes([number])), *((f"v{number}", f"w{number}") if number != 2 else ()))
        clock.advance(60)
    assert tags(page(repository)) == [["v3", "w3"], [], ["v1", "w1"], ["v0", "w0"]]


@pytest.mark.parametrize("apart", [0, 60])
def test_pages_have_each_version_once(repository: Repository, clock: Clock, apart: int) -> None:
    """Also of those that were pushed in one moment."""
    drafts = [image(bytes([number])) for number in range(7)]
    for draft in drafts:
        repository.push(draft)
        clock.advance(apart)
    found, after = [], ""
    while True:
        one = page(repository, limit=3, after=after)
        found += [each.digest for each in one.versions]
        if one.next is None:
            break
        after = one.next
    assert found == [draft.digest for draft in reversed(drafts)]


def test_an_index_is_one_version_with_its_platforms(repository: Repository, registry: Registry, clock: Clock) -> None:
    """Its size is of all it needs, each once; a pull of a platform is one of it; a tagged platform is a version too."""
    one, two = image(b"1" * 10, b"both", config=b"{}"), image(b"2" * 20, b"both", config=b"{}")
    both = index(one, two)
    repository.push(both, "v1")
    found = the(page(repository))
    manifests = sum(len(each.content) for each in (one, two, both))
    assert (found.digest, found.size) == (both.digest, 10 + 20 + len("both") + len("{}") + manifests)
    clock.advance(60)
    pull.find_manifest(registry, repository.name, one.digest, content=True)
    registry.pulls.flush(registry.database)
    assert the(page(repository)).pulled_at == clock.now
    repository.put(one, "one")
    assert tags(page(repository)) == [["v1"], ["one"]] or tags(page(repository)) == [["one"], ["v1"]]


def test_signatures_and_the_like_are_under_what_they_sign(repository: Repository) -> None:
    """By their subject or by a tag made of the digest; of a platform, they are under its index."""
    platform = image(b"1")
    version = index(platform)
    repository.push(version, "v1")
    repository.push(referrer(version, "application/vnd.dev.cosign.artifact.sig.v1+json"))
    repository.push(referrer(platform, "application/spdx+json"))
    repository.push(image(b"att"), f"sha256-{version.digest.hex}.att")
    repository.push(image(b"sig"), f"sha256-{platform.digest.hex}.sig")
    found = the(page(repository))
    assert sorted(each.kind for each in found.referrers) == ["attestation", "sbom", "signature", "signature"]
    assert {tag for each in found.referrers for tag in each.tags} == {
        f"sha256-{version.digest.hex}.att",
        f"sha256-{platform.digest.hex}.sig",
    }


def test_what_signs_nothing_that_is_there_is_a_version(repository: Repository) -> None:
    """A signature whose subject is gone is shown: nothing else would."""
    gone = image(b"gone")
    left = referrer(gone, payload=b"of what is gone")
    repository.push(left)
    repository.push(image(b"sig"), f"sha256-{gone.digest.hex}.sig")
    assert len(page(repository).versions) == 2
    repository.push(gone, "v1")
    assert the(page(repository)).digest == gone.digest


@pytest.mark.parametrize("counted", [False, True])
def test_versions_are_filtered_by_platform(repository: Repository, registry: Registry, counted: bool) -> None:
    """Of an image by its config, of an index by its entries; whether it was counted before or not."""
    arm = image(b"1", config=config("linux", "arm64", variant="v8"))
    repository.push(arm, "arm")
    repository.push(image(b"2", config=config("linux", "amd64")), "amd")
    repository.push(image(b"3", config=b"no JSON"), "none")
    body = json.loads(index(image(b"4", config=config("windows", "amd64"))).content)
    body["manifests"][0]["platform"] = {"os": "windows", "architecture": "amd64"}
    child = image(b"4", config=config("windows", "amd64"))
    repository.push(Draft(json.dumps(body).encode(), index().media_type, (), (child,)), "index")
    if counted:
        Counting(registry, lambda _: None).turn()
    expected = {"linux": ["amd", "arm"], "linux/arm64": ["arm"], "linux/arm64/v8": ["arm"], "windows/amd64": ["index"]}
    for platform in ("linux", "linux/arm64", "linux/arm64/v8", "windows/amd64", "linux/arm", "plan9"):
        found = page(repository, platform=platform)
        assert sorted(tag for each in tags(found) for tag in each) == expected.get(platform, [])
    assert the(page(repository, tag=Pattern.parse("arm"))).platforms == ("linux/arm64/v8",)


def test_versions_are_filtered_by_tag_and_age(repository: Repository, clock: Clock) -> None:
    """A version is found by any tag of it, and shown with all; untagged ones apart."""
    for number in range(4):
        repository.push(image(bytes([number])), f"v{number}", f"w{number}")
        clock.advance(60)
    repository.push(image(b"untagged"))
    assert tags(page(repository, tag=Pattern.parse("v*"), limit=1)) == [["v3", "w3"]]
    assert tags(page(repository, tag=Pattern.parse("w2"))) == [["v2", "w2"]]
    assert tags(page(repository, tag=Pattern.parse("x*"))) == []
    assert tags(page(repository, tag=Pattern.parse("v*"), untagged=True)) == []
    assert tags(page(repository, untagged=True)) == [[]]
    assert len(page(repository, untagged=False).versions) == 4
    assert tags(page(repository, since=clock.now - 60_000_000, until=clock.now)) == [["v3", "w3"]]


def test_more_tags_than_a_query_is_narrowed_to(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern that most tags match finds the same."""
    for number in range(12):
        repository.push(image(bytes([number])), f"v{number}")
    repository.push(image(b"x"), "x")
    expected = tags(page(repository, tag=Pattern.parse("v*")))
    monkeypatch.setattr("jettison.registry.versions.FEW", 3)
    monkeypatch.setattr("jettison.registry.versions.READ_AT_ONCE", 4)
    assert tags(page(repository, tag=Pattern.parse("v*"))) == expected
    assert tags(page(repository, tag=Pattern.parse("v1*"), limit=2)) == [["v11"], ["v10"]]
    assert len(expected) == 12


def test_what_is_not_there_has_no_versions(repository: Repository, registry: Registry) -> None:
    """An unknown repository is an error, and so is a place that no page has given."""
    with pytest.raises(NameUnknown, match="never"):
        versions(registry, RepositoryName("never"), Wanted())
    repository.push(image(b"1"), "v1")
    for after in ("x", "1", "1.x", "1" * 30 + ".1"):
        with pytest.raises(PaginationInvalid, match="next"):
            page(repository, after=after)


def test_when_a_tag_was_pulled_is_told(repository: Repository, registry: Registry, clock: Clock) -> None:
    """Of each tag apart."""
    repository.push(image(b"1"), "a", "b")
    clock.advance(60)
    pull.find_manifest(registry, repository.name, Tag("b"), content=True)
    registry.pulls.flush(registry.database)
    assert [tag.pulled_at for tag in the(page(repository)).tags] == [None, clock.now]


@pytest.mark.parametrize(
    ("artifact_type", "tags", "kind"),
    [
        ("application/vnd.dev.sigstore.bundle.v0.3+json", [], "signature"),
        ("application/vnd.cncf.notary.signature", [], "signature"),
        ("application/vnd.cyclonedx+json", [], "sbom"),
        ("application/vnd.in-toto+json", [], "attestation"),
        ("application/vnd.oci.image.config.v1+json", [f"sha256-{'0' * 64}.sbom"], "sbom"),
        ("application/vnd.oci.image.config.v1+json", ["v1.sig"], "other"),
        (None, [], "other"),
    ],
)
def test_kinds_of_what_refers(artifact_type: str | None, tags: list[str], kind: str) -> None:
    """By its type, or by the tag under which signers keep it."""
    assert kind_of(artifact_type, tags) == kind
