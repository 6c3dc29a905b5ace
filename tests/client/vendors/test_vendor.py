from __future__ import annotations

from collections.abc import Callable

import pytest

from jettison.client import Registry
from jettison.client.address import Host
from jettison.client.errors import Invalid
from jettison.client.item import Kind
from jettison.client.outcome import Status
from jettison.client.planning import plan_deletion
from jettison.client.snapshot import head_or_none
from jettison.client.vendors import VENDORS, Signs, Vendor, named, recognised
from jettison.oci.digest import Digest
from tests.client.conftest import Site
from tests.client.vendors.acr import FakeAcr
from tests.client.vendors.artifactregistry import FakeArtifactRegistry
from tests.client.vendors.dockerhub import FakeDockerHub
from tests.client.vendors.ecr import FakeEcr
from tests.client.vendors.fake import USER, Fake, error
from tests.client.vendors.ghcr import FakeGhcr
from tests.client.vendors.gitea import FakeGitea
from tests.client.vendors.gitlab import FakeGitLab
from tests.client.vendors.harbor import FakeHarbor
from tests.client.vendors.quay import FakeQuay
from tests.client.vendors.visit import visiting
from tests.client.vendors.zot import FakeZot
from tests.support.content import image, index, referrer

FAKES: dict[str, Callable[[], Fake]] = {
    "harbor": FakeHarbor,
    "quay": FakeQuay,
    "gitlab": FakeGitLab,
    "gitlab-middle": lambda: FakeGitLab("middle"),
    "gitlab-old": lambda: FakeGitLab("old"),
    "dockerhub": FakeDockerHub,
    "ghcr": FakeGhcr,
    "ecr": FakeEcr,
    "acr": FakeAcr,
    "artifactregistry": FakeArtifactRegistry,
    "gitea": FakeGitea,
    "zot": FakeZot,
}
TWO_COMPONENTS = {"dockerhub"}
NO_TAG_ALONE = {"ghcr"}
WHOLE = sorted(FAKES.keys() - {"ecr", "zot"})


def name_for(kind: str) -> str:
    """A name that the vendor allows."""
    return "group/app" if kind in TWO_COMPONENTS else "group/project/app"


def user_for(kind: str) -> str:
    """Who signs in: some APIs know by the name what the password is."""
    return "oauth2accesstoken" if kind == "artifactregistry" else USER


@pytest.mark.parametrize("kind", FAKES)
def test_siblings_are_kept(kind: str) -> None:
    """One tag of three goes, or where a vendor has no way for that nothing does; the others stay whatever happens."""
    fake = FAKES[kind]()
    digest = fake.push(name_for(kind), image(b"layer"), "v1", "v2", "latest")
    with visiting(fake, kind.partition("-")[0], name_for(kind), username=user_for(kind)) as (repository, vendor):
        result = plan_deletion(repository, ["v1"], vendor=vendor).execute()
    expected = {"v1", "v2", "latest"} if kind in NO_TAG_ALONE else {"v2", "latest"}
    assert fake.tags(name_for(kind)) == dict.fromkeys(expected, str(digest)), result
    assert result.outcomes[0].status is (Status.UNSUPPORTED if kind in NO_TAG_ALONE else Status.DONE), result
    assert set(fake.repositories[name_for(kind)].manifests) == {str(digest)}


@pytest.mark.parametrize("kind", FAKES)
def test_a_version_goes_with_all_it_has(kind: str) -> None:
    """An index by its digest goes with its tags and its platforms, in the order that the vendor takes."""
    fake = FAKES[kind]()
    name = name_for(kind)
    going, child, kept = index(image(b"amd64")), image(b"amd64"), image(b"kept")
    fake.push(name, going, "v1", "also")
    fake.push(name, kept, "v2")
    with visiting(fake, kind.partition("-")[0], name, username=user_for(kind)) as (repository, vendor):
        result = plan_deletion(repository, [going.digest], vendor=vendor).execute()
        assert result.complete, result.outcomes
        assert head_or_none(repository, going.digest) is None
        if vendor.limits.deletes_versions and kind != "quay":  # which collects what has no tag itself
            assert head_or_none(repository, child.digest) is None
    assert fake.tags(name) == {"v2": str(kept.digest)}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("kind", FAKES)
def test_who_may_not_is_told(kind: str, status: int) -> None:
    """A refusal of the account is no reason to try another way: one DELETE is sent, and nothing is changed."""
    fake = FAKES[kind]()
    name = name_for(kind)
    before = dict.fromkeys(["v1", "v2"], str(fake.push(name, image(b"layer"), "v1", "v2")))
    with visiting(fake, kind.partition("-")[0], name, username=user_for(kind)) as (repository, vendor):
        plan = plan_deletion(repository, ["v1"], vendor=vendor)
        fake.before = lambda asked: error(status, "DENIED", "no") if asked.method == "DELETE" else None
        result = plan.execute()
    assert result.outcomes[0].status is Status.NOT_ALLOWED, result
    assert "jettison login" in str(result.outcomes[0].next_step)
    assert fake.sent("DELETE") == [f"/v2/{name}/manifests/v1"]
    assert fake.tags(name) == before


@pytest.mark.parametrize("kind", WHOLE)
def test_a_repository_goes_as_a_whole(kind: str) -> None:
    """By the vendor's API, in one item; others stay, whose names begin alike."""
    fake = FAKES[kind]()
    name = name_for(kind)
    fake.push(name, image(b"layer"), "v1", "v2")
    fake.push(f"{name}2", image(b"other"), "v1")
    if isinstance(fake, FakeQuay):
        user, password = "$oauthtoken", "an-oauth-token"
        fake.users[user] = password
    else:
        user, password = user_for(kind), "s3cret"
    with visiting(fake, kind.partition("-")[0], name, username=user, password=password) as (repository, vendor):
        plan = plan_deletion(repository, whole=True, vendor=vendor)
        assert [item.kind for item in plan.items] == [Kind.REPOSITORY]
        result = plan.execute()
    assert result.complete, result.outcomes
    assert sorted(fake.repositories) == [f"{name}2"]


@pytest.mark.parametrize("kind", ["ecr", "zot"])
def test_a_repository_goes_tag_by_tag(kind: str) -> None:
    """Where there is no API for it, all tags and versions go, and the plan says what stays."""
    fake = FAKES[kind]()
    name = name_for(kind)
    fake.push(name, index(image(b"amd64"), image(b"arm64")), "v1", "v2")
    fake.push(name, image(b"more"), "v3")
    with visiting(fake, kind, name) as (repository, vendor):
        plan = plan_deletion(repository, whole=True, vendor=vendor)
        result = plan.execute()
    assert result.complete, result.outcomes
    assert any("untagged" in note for note in plan.notes)
    assert fake.repositories[name].manifests == {}


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("docker.io", "dockerhub"),
        ("registry-1.docker.io", "dockerhub"),
        ("ghcr.io", "ghcr"),
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", "ecr"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "ecr"),
        ("team.azurecr.io", "acr"),
        ("europe-docker.pkg.dev", "artifactregistry"),
        ("eu.gcr.io", "artifactregistry"),
        ("quay.io", "quay"),
    ],
)
def test_a_host_tells_its_vendor(host: str, name: str) -> None:
    """These are recognised before anything is asked of them."""
    with Registry(host) as registry:
        assert recognised(registry).name == name


@pytest.mark.parametrize("host", ["azurecr.io.example.org", "pkg.dev", "docker.io.example.org", "evil-ghcr.io"])
def test_a_host_that_is_only_like_one_is_none(host: str) -> None:
    """A name that contains a vendor's is not the vendor's."""
    assert not any(vendor.recognises(Signs(Host.parse(host), {})) for vendor in VENDORS)


@pytest.mark.parametrize("kind", ["harbor", "quay", "gitlab", "gitea", "zot"])
def test_a_vendor_is_recognised_by_its_signs(kind: str) -> None:
    """Self-hosted ones are known by their headers, their challenge or their extensions."""
    with visiting(FAKES[kind](), None) as (_, vendor):
        assert vendor.name == kind


def test_real_registries_are_recognised(site: Site, registry: Registry) -> None:
    """Jettison says who it is; CNCF distribution is what is left."""
    assert recognised(registry).name == ("jettison" if site.kind == "jettison" else "distribution")


def test_a_vendor_can_be_named() -> None:
    """A name overrides what is recognised, in any case of letters; an unknown one is refused with the known ones."""
    with Registry("registry.example.org") as registry:
        assert named("Harbor", registry).name == "harbor"
        with pytest.raises(Invalid, match="dockerhub"):
            named("nexus", registry)
        assert {vendor.name for vendor in VENDORS} >= {kind.partition("-")[0] for kind in FAKES}


def test_referrers_that_went_with_their_subject_are_done() -> None:
    """Azure deletes the referrers of a version by itself: their items are done, not missing."""
    fake = FakeAcr()
    subject = image(b"layer")
    fake.push("app", subject, "v1")
    sbom = fake.push("app", referrer(subject))
    with visiting(fake, "acr", "app") as (repository, vendor):
        result = plan_deletion(repository, [subject.digest], vendor=vendor).execute()
    by_digest: dict[Digest | None, Status] = {outcome.item.digest: outcome.status for outcome in result.outcomes}
    assert by_digest == {subject.digest: Status.DONE, sbom: Status.DONE}


def test_a_registry_of_no_vendor_can_do_what_the_specification_says() -> None:
    """Without signs it is OCI distribution alone: nothing more is assumed."""
    with Registry("registry.example.org") as registry:
        assert not Vendor(registry).limits.deletes_repositories
