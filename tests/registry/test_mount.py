from __future__ import annotations

from collections.abc import Callable

import pytest

from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName
from jettison.registry.mount import mount
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.place import Place
from tests.support.repository import Repository

LAYER = b"layer"
DIGEST = Digest.of(LAYER)


def everything(_: str) -> bool:
    """Whoever asks may pull from everywhere."""
    return True


@pytest.mark.parametrize("named", [True, False], ids=["with a source", "without a source"])
def test_a_mounted_blob_is_there(repository: Repository, other: Repository, place: Place, named: bool) -> None:
    """The blob is in both repositories, its bytes lie there once, and a manifest may need it."""
    other.upload(LAYER)
    files = place.blobs

    assert mount(repository.registry, repository.name, DIGEST, other.name if named else None, everything)

    assert repository.has_blob(LAYER)
    assert place.blobs == files
    draft = image(LAYER)
    repository.upload(draft.blobs[0])
    repository.put(draft, "latest")


@pytest.mark.parametrize("source", [RepositoryName("other/app"), RepositoryName("no/such"), None])
def test_what_nobody_has_is_not_mounted(repository: Repository, other: Repository, source: RepositoryName) -> None:
    """Neither a blob that does not exist nor one of a repository that does not; no repository is made for it."""
    other.upload(b"another")
    assert not mount(repository.registry, repository.name, DIGEST, source, everything)
    assert not repository.has_blob(LAYER)
    assert repository.registry.database.read(lambda tx: tx.all("select name from repository")) == [("other/app",)]


def test_a_source_that_lacks_the_blob_is_not_replaced_by_another(repository: Repository, other: Repository) -> None:
    """A named source is the only one that is looked at."""
    other.upload(LAYER)
    assert not mount(repository.registry, repository.name, DIGEST, RepositoryName("third"), everything)


@pytest.mark.parametrize("named", [True, False], ids=["with a source", "without a source"])
def test_nothing_is_mounted_from_where_the_caller_may_not_pull(
    repository: Repository, other: Repository, named: bool
) -> None:
    """The answer is that of a blob that does not exist."""
    other.upload(LAYER)
    asked: list[str] = []

    def nothing(name: str) -> bool:
        asked.append(name)
        return False

    assert not mount(repository.registry, repository.name, DIGEST, other.name if named else None, nothing)
    assert not repository.has_blob(LAYER)
    assert asked == ["other/app"]


def test_without_a_source_only_what_the_caller_may_pull_is_used(repository: Repository, other: Repository) -> None:
    """One of two repositories that have the blob is open to the caller."""
    other.upload(LAYER)
    Repository(repository.registry, "secret").upload(LAYER)
    allowed: Callable[[str], bool] = "other/app".__eq__
    assert mount(repository.registry, repository.name, DIGEST, None, allowed)
    assert not mount(repository.registry, RepositoryName("third"), DIGEST, RepositoryName("secret"), allowed)


def test_a_blob_whose_lease_is_over_is_not_mounted(repository: Repository, other: Repository, clock: Clock) -> None:
    """What readers no longer see cannot be mounted either, with or without a source."""
    other.upload(LAYER)
    clock.advance(other.registry.rules.upload_lease / 1e6)
    assert not mount(repository.registry, repository.name, DIGEST, other.name, everything)
    assert not mount(repository.registry, repository.name, DIGEST, None, everything)


def test_a_deleted_blob_is_not_mounted(repository: Repository, other: Repository) -> None:
    """What went with its repository is gone for mounts too."""
    other.push(image(LAYER), "latest")
    other.delete()
    assert not mount(repository.registry, repository.name, DIGEST, other.name, everything)
    assert not mount(repository.registry, repository.name, DIGEST, None, everything)


def test_a_mounted_blob_outlives_its_source(repository: Repository, other: Repository) -> None:
    """The link is the repository's own."""
    other.upload(LAYER)
    mount(repository.registry, repository.name, DIGEST, other.name, everything)
    other.delete(DIGEST, blob=True)
    assert repository.has_blob(LAYER)
    assert not other.has_blob(LAYER)


def test_mounting_never_shortens_a_lease(repository: Repository, other: Repository, clock: Clock) -> None:
    """The blob was uploaded here a moment ago, for a day; a mount is for an hour."""
    rules = repository.registry.rules
    assert rules.touch_lease < rules.upload_lease
    repository.upload(LAYER)
    other.upload(LAYER)
    mount(repository.registry, repository.name, DIGEST, other.name, everything)
    clock.advance(rules.touch_lease / 1e6 + 1)
    assert repository.has_blob(LAYER)


def test_mounting_into_itself_changes_nothing(repository: Repository) -> None:
    """A source that is the target already has it."""
    repository.push(image(LAYER), "latest")
    assert mount(repository.registry, repository.name, DIGEST, repository.name, everything)
    assert repository.has_blob(LAYER)
