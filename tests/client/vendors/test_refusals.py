from __future__ import annotations

import pytest

from jettison.client import Registry
from jettison.client.errors import Unsupported
from jettison.client.outcome import Outcome, Status
from jettison.client.planning import plan_deletion
from jettison.client.repository import Repository
from jettison.client.vendors import Vendor, named
from jettison.oci.digest import Digest
from tests.client.vendors.acr import FakeAcr
from tests.client.vendors.artifactregistry import FakeArtifactRegistry
from tests.client.vendors.dockerhub import FakeDockerHub
from tests.client.vendors.ecr import FakeEcr
from tests.client.vendors.fake import PASSWORD
from tests.client.vendors.ghcr import FakeGhcr
from tests.client.vendors.gitea import FakeGitea
from tests.client.vendors.gitlab import FakeGitLab
from tests.client.vendors.harbor import FakeHarbor
from tests.client.vendors.quay import OAUTH_TOKEN, FakeQuay
from tests.client.vendors.visit import NAME, visiting
from tests.client.vendors.zot import FakeZot
from tests.support.content import image, index


def done(repository: Repository, vendor: Vendor, target: str | Digest | None = None) -> Outcome:
    """What becomes of one target, or without one of the whole repository."""
    plan = plan_deletion(repository, [] if target is None else [target], whole=target is None, vendor=vendor)
    return plan.execute().outcomes[0]


# --------------------------------------------------------------------------------------------------------------- Harbor


@pytest.mark.parametrize("target", ["v1", None, "digest"])
def test_harbor_says_that_a_tag_is_immutable(target: str | None) -> None:
    """An immutability rule protects the tag, its version and its repository; the next step is the rule."""
    fake = FakeHarbor()
    fake.immutable = {"v1"}
    digest = fake.push(NAME, image(b"layer"), "v1", "v2")
    with visiting(fake, "harbor") as (repository, vendor):
        outcome = done(repository, vendor, digest if target == "digest" else target)
    assert outcome.status is Status.NOT_ALLOWED
    assert "immutability rule" in outcome.reason
    assert set(fake.tags(NAME)) == {"v1", "v2"}


def test_harbor_takes_names_with_slashes() -> None:
    """They are encoded twice, so that its router does not split them."""
    fake = FakeHarbor()
    fake.push("project/a/b/c", image(b"layer"), "v1", "v2")
    with visiting(fake, "harbor", "project/a/b/c") as (repository, vendor):
        assert done(repository, vendor, "v1").how == "Harbor's API"
    assert fake.sent("DELETE")[1].endswith("/repositories/a%252Fb%252Fc/artifacts/v1/tags/v1")


# ----------------------------------------------------------------------------------------------------------------- Quay


def test_an_old_quay_deletes_a_tag_by_its_api() -> None:
    """Before 3.10 there is no DELETE by tag; the API takes the OAuth token that was signed in with."""
    fake = FakeQuay(old=True)
    fake.users["$oauthtoken"] = OAUTH_TOKEN
    fake.push(NAME, image(b"layer"), "v1", "v2")
    with visiting(fake, "quay", username="$oauthtoken", password=OAUTH_TOKEN) as (repository, vendor):
        assert done(repository, vendor, "v1").how == "Quay's API"
    assert set(fake.tags(NAME)) == {"v2"}


def test_quay_takes_no_password_for_its_api() -> None:
    """A robot's password is no OAuth token: that is said before anything is sent to the API."""
    fake = FakeQuay()
    fake.push(NAME, image(b"layer"), "v1")
    with visiting(fake, "quay") as (repository, vendor):
        outcome = done(repository, vendor)
    assert outcome.status is Status.NOT_ALLOWED
    assert "$oauthtoken" in outcome.reason
    assert fake.sent("DELETE") == []


def test_quay_says_that_a_token_may_not() -> None:
    """A token that may write to repositories may not delete one."""
    fake = FakeQuay()
    fake.scopes = {"repo:write"}
    fake.users["$oauthtoken"] = OAUTH_TOKEN
    fake.push(NAME, image(b"layer"), "v1")
    with visiting(fake, "quay", username="$oauthtoken", password=OAUTH_TOKEN) as (repository, vendor):
        assert done(repository, vendor).status is Status.NOT_ALLOWED
    assert set(fake.tags(NAME)) == {"v1"}


# --------------------------------------------------------------------------------------------------------------- GitLab


WAYS = [("new", "DELETE by tag"), ("middle", "tag reference"), ("old", "GitLab's API")]


@pytest.mark.parametrize(("age", "how"), WAYS)
def test_each_gitlab_has_its_way(age: str, how: str) -> None:
    """The newest takes DELETE by tag, older ones a DELETE of their own, the oldest only the API."""
    fake = FakeGitLab(age)
    fake.push(NAME, image(b"layer"), "v1", "v2")
    with visiting(fake, "gitlab") as (repository, vendor):
        assert how in str(done(repository, vendor, "v1").how)


def test_gitlab_is_found_by_its_challenge() -> None:
    """Where its API is needs no setting: the registry asks for tokens of the same GitLab."""
    fake = FakeGitLab("old")
    fake.push(NAME, image(b"layer"), "v1", "v2")
    with visiting(fake, None) as (repository, vendor):
        assert vendor.api is None
        assert done(repository, vendor, "v1").how == "GitLab's API"


@pytest.mark.parametrize("project", ["group", "group/project", "group/project/app"])
def test_gitlab_finds_the_project_of_a_repository(project: str) -> None:
    """The name of a repository begins with that of its project, and does not say where that ends."""
    fake = FakeGitLab("old", (project,))
    for number in range(120):  # more than a page
        fake.push(f"{project}/a{number}", image(b"other"), "v1")
    fake.push(NAME, image(b"layer"), "v1", "v2")
    with visiting(fake, "gitlab") as (repository, vendor):
        assert done(repository, vendor, "v1").status is Status.DONE
    assert set(fake.tags(NAME)) == {"v2"}
    assert sum("v1" in held.tags for held in fake.repositories.values()) == 120


def test_gitlab_does_not_show_a_project() -> None:
    """A project that the account does not see cannot be told from one that is not there."""
    fake = FakeGitLab("old", ("another",))
    fake.push(NAME, image(b"layer"), "v1", "v2")
    with visiting(fake, "gitlab") as (repository, vendor):
        assert "does not show it" in done(repository, vendor, "v1").reason
    assert set(fake.tags(NAME)) == {"v1", "v2"}


# ----------------------------------------------------------------------------------------------------------- Docker Hub


def test_docker_hub_says_that_a_token_may_not_delete() -> None:
    """A personal access token without that access is refused, and nothing is changed."""
    fake = FakeDockerHub()
    fake.may_delete = False
    fake.push("me/app", image(b"layer"), "v1", "v2")
    with visiting(fake, "dockerhub", "me/app") as (repository, vendor):
        assert done(repository, vendor, "v1").status is Status.NOT_ALLOWED
        assert done(repository, vendor).status is Status.NOT_ALLOWED
    assert set(fake.tags("me/app")) == {"v1", "v2"}


def test_docker_hub_has_no_versions_to_delete() -> None:
    """A digest is planned as its tags, since Docker Hub deletes nothing else."""
    fake = FakeDockerHub()
    digest = fake.push("me/app", image(b"layer"), "v1", "v2")
    fake.push("me/app", image(b"other"), "v3")
    with visiting(fake, "dockerhub", "me/app") as (repository, vendor):
        plan = plan_deletion(repository, [digest], vendor=vendor)
        assert [item.name for item in plan.items] == ["me/app:v1", "me/app:v2"]
        assert plan.execute().complete
    assert set(fake.tags("me/app")) == {"v3"}


def test_a_secret_goes_to_no_other_host_by_plain_http() -> None:
    """A registry that is asked by plain http does not have its vendor's API asked the same way."""
    fake = FakeDockerHub()
    fake.push("me/app", image(b"layer"), "v1", "v2")
    with visiting(fake, "dockerhub", "me/app") as (repository, vendor):
        vendor.api = "hub.example.invalid"
        outcome = done(repository, vendor, "v1")
    assert outcome.status is Status.NOT_ALLOWED
    assert "plain http" in outcome.reason


def test_docker_hub_lists_the_repositories_of_an_account() -> None:
    """Page by page, with the account before each name."""
    fake = FakeDockerHub()
    for name in ("robot/a", "robot/b", "robot/c", "robot/d", "robot/e", "other/f"):
        fake.push(name, image(b"layer"), "v1")
    with visiting(fake, "dockerhub", "robot/a") as (_, vendor):
        assert [str(name) for name in vendor.repositories()] == ["robot/a", "robot/b", "robot/c", "robot/d", "robot/e"]


# ----------------------------------------------------------------------------------------------------------------- GHCR


def test_github_takes_the_only_tag_with_its_version() -> None:
    """A version with one tag can go; that others stay tagged is what GitHub asks for."""
    fake = FakeGhcr()
    fake.push("org/app", image(b"layer"), "v1")
    fake.push("org/app", image(b"other"), "v2")
    with visiting(fake, "ghcr", "org/app") as (repository, vendor):
        outcome = done(repository, vendor, "v1")
    assert outcome.status is Status.DONE, outcome
    assert set(fake.tags("org/app")) == {"v2"}
    assert len(fake.repositories["org/app"].manifests) == 1


def test_github_keeps_the_last_tagged_version() -> None:
    """The next step is the whole package."""
    fake = FakeGhcr()
    fake.push("org/app", image(b"layer"), "v1")
    with visiting(fake, "ghcr", "org/app") as (repository, vendor):
        outcome = done(repository, vendor, "v1")
    assert outcome.status is Status.UNSUPPORTED
    assert "rm -r" in outcome.reason
    assert set(fake.tags("org/app")) == {"v1"}


def test_github_keeps_what_is_popular() -> None:
    """A public version with many downloads is for GitHub's support."""
    fake = FakeGhcr()
    digest = fake.push("org/app", image(b"layer"), "v1")
    fake.push("org/app", image(b"other"), "v2")
    fake.popular = {str(digest)}
    with visiting(fake, "ghcr", "org/app") as (repository, vendor):
        outcome = done(repository, vendor, digest)
    assert outcome.status is Status.UNSUPPORTED
    assert "support" in outcome.reason


def test_github_says_that_a_token_may_not() -> None:
    """A token without delete:packages."""
    fake = FakeGhcr()
    fake.may_delete = False
    digest = fake.push("org/a/b", image(b"layer"), "v1")
    with visiting(fake, "ghcr", "org/a/b") as (repository, vendor):
        assert done(repository, vendor, digest).status is Status.NOT_ALLOWED


def test_github_finds_a_version_on_a_later_page() -> None:
    """A hundred versions are on a page."""
    fake = FakeGhcr()
    for number in range(150):
        digest = fake.push("org/app", image(b"%d" % number), f"v{number}")
    with visiting(fake, "ghcr", "org/app") as (repository, vendor):
        assert done(repository, vendor, digest).status is Status.DONE
    assert len(fake.repositories["org/app"].manifests) == 149


# ------------------------------------------------------------------------------------------------------------------ ECR


@pytest.mark.parametrize("target", ["v1", "digest"])
def test_an_ecr_without_delete_is_told_the_command(target: str) -> None:
    """A plain 404 page is no answer of a registry; AWS's own command needs AWS keys."""
    fake = FakeEcr(old=True)
    digest = fake.push(NAME, image(b"layer"), "v1", "v2")
    with visiting(fake, "ecr") as (repository, vendor):
        outcome = done(repository, vendor, digest if target == "digest" else target)
    assert outcome.status is Status.UNSUPPORTED
    assert "aws ecr batch-delete-image" in outcome.reason
    assert fake.sent("PUT") == []
    assert set(fake.tags(NAME)) == {"v1", "v2"}


def test_ecr_keeps_what_an_index_lists() -> None:
    """The only tag of a platform takes the platform, which ECR refuses while an index lists it."""
    fake = FakeEcr()
    fake.push(NAME, index(image(b"amd64")), "all")
    fake.push(NAME, image(b"amd64"), "amd64")
    with visiting(fake, "ecr") as (repository, vendor):
        outcome = done(repository, vendor, "amd64")
    assert outcome.status is Status.NOT_ALLOWED
    assert "index" in outcome.reason
    assert set(fake.tags(NAME)) == {"all", "amd64"}


# ------------------------------------------------------------------------------------------------------------------ ACR


@pytest.mark.parametrize("target", ["v1", "digest", None])
def test_azure_says_that_something_is_locked(target: str | None) -> None:
    """405 is what a lock is answered with: no reason for a placeholder, and the next step unlocks it."""
    fake = FakeAcr()
    fake.locked = {"v1"}
    digest = fake.push(NAME, image(b"layer"), "v1", "v2")
    with visiting(fake, "acr") as (repository, vendor):
        outcome = done(repository, vendor, digest if target == "digest" else target)
    assert outcome.status is Status.NOT_ALLOWED, outcome
    assert "az acr repository update" in outcome.reason
    assert fake.sent("PUT") == []
    assert set(fake.tags(NAME)) == {"v1", "v2"}


# ---------------------------------------------------------------------------------------------------- Artifact Registry


def test_google_keeps_immutable_tags() -> None:
    """What is immutable is not allowed, by tag and by digest."""
    fake = FakeArtifactRegistry()
    fake.immutable = True
    digest = fake.push(NAME, image(b"layer"), "v1")
    with visiting(fake, "artifactregistry") as (repository, vendor):
        assert done(repository, vendor, "v1").status is Status.NOT_ALLOWED
        assert done(repository, vendor, digest).status is Status.NOT_ALLOWED
    assert set(fake.tags(NAME)) == {"v1"}


def test_google_is_waited_for() -> None:
    """Deleting an image is an operation that ends a while later."""
    fake = FakeArtifactRegistry()
    fake.slow = 3
    fake.push(NAME, image(b"layer"), "v1")
    with visiting(fake, "artifactregistry", username="oauth2accesstoken") as (repository, vendor):
        assert done(repository, vendor).how == "Artifact Registry's API"
    assert len(fake.sent("GET")) >= 3


def test_google_without_an_access_token_goes_tag_by_tag() -> None:
    """A key is no access token: the API is not asked, and the tags and versions go one by one."""
    fake = FakeArtifactRegistry()
    fake.push(NAME, index(image(b"amd64"), image(b"arm64")), "v1", "v2")
    with visiting(fake, "artifactregistry", password=PASSWORD) as (repository, vendor):
        outcome = done(repository, vendor)
    assert outcome.status is Status.DONE, outcome
    assert outcome.how == "its tags and versions"
    assert fake.repositories[NAME].manifests == {}


# ----------------------------------------------------------------------------------------------------------- Gitea, zot


def test_gitea_deletes_all_versions_of_a_package_and_no_other() -> None:
    """More versions than are on a page, and another package whose name has the same beginning."""
    fake = FakeGitea()
    for number in range(70):
        fake.push("org/app", image(b"%d" % number), f"v{number}")
    fake.push("org/app-two", image(b"layer"), "v1")
    with visiting(fake, "gitea", "org/app") as (repository, vendor):
        assert done(repository, vendor).status is Status.DONE
    assert sorted(fake.repositories) == ["org/app-two"]


def test_zot_may_keep_versions_with_several_tags() -> None:
    """An account that may not is told to delete by tag."""
    fake = FakeZot()
    fake.collisions = False
    digest = fake.push(NAME, image(b"layer"), "v1", "v2")
    with visiting(fake, "zot") as (repository, vendor):
        outcome = done(repository, vendor, digest)
        assert outcome.status is Status.NOT_ALLOWED, outcome
        assert "by tag" in outcome.reason
        assert done(repository, vendor, "v1").status is Status.DONE
    assert set(fake.tags(NAME)) == {"v2"}


# -------------------------------------------------------------------------------------------------------------- listing


@pytest.mark.parametrize("name", ["gitlab", "ghcr", "artifactregistry"])
def test_a_vendor_that_does_not_list_says_what_to_do(name: str) -> None:
    """Nothing is asked of it: the message names what does list."""
    with Registry("registry.example.org") as registry, pytest.raises(Unsupported, match=r"name (the repository|one)"):
        named(name, registry).repositories()
