from __future__ import annotations

import pytest

from jettison.oci.reference import Tag
from jettison.registry import overview, pull, restore, versions
from jettison.registry.counting import AGAIN, Counting
from jettison.registry.overview import Summary
from jettison.registry.registry import Registry
from jettison.registry.usage import usage
from jettison.registry.versions import Wanted
from tests.support.clock import Clock
from tests.support.content import image, index, referrer
from tests.support.place import Place
from tests.support.repository import Repository

HOUR = 3600


def summary(repository: Repository) -> Summary:
    """Its numbers as they were last counted."""
    return overview.of_one(repository.registry, repository.name)


@pytest.fixture
def counting(registry: Registry) -> Counting:
    """Counts without resting."""
    return Counting(registry, lambda _: None)


def test_what_is_counted_is_what_usage_says(
    repository: Repository, other: Repository, registry: Registry, counting: Counting
) -> None:
    """The same bytes, tags and versions for each repository."""
    repository.push(image(b"1" * 10, b"both", config=b"c"), "a", "b")
    other.push(image(b"2" * 20, b"both", config=b"c"), "a")
    assert counting.turn() == 2
    for one in usage(registry).repositories:
        counted = overview.of_one(registry, repository.name if one.name == "app" else other.name)
        assert (counted.exclusive, counted.shared) == (one.exclusive, one.shared)
        assert (counted.tags, counted.versions) == (one.tags, one.versions)


def test_versions_are_counted_as_they_are_listed(
    repository: Repository, registry: Registry, counting: Counting
) -> None:
    """Platforms of an index, signatures and bills of materials are no versions of their own, however they are kept."""
    both = index(image(b"1"), image(b"2"))
    repository.push(both, "v1")
    repository.push(referrer(both, "application/spdx+json"))
    repository.push(image(b"signature"), f"sha256-{both.digest.hex}.sig")
    repository.push(image(b"left behind"))
    repository.push(image(b"of nothing here"), f"sha256-{'0' * 64}.sig")
    counting.turn()
    listed = versions.versions(registry, repository.name, Wanted())
    assert summary(repository).versions == len(listed.versions) == 3


def test_nothing_is_counted_while_nothing_changes(
    repository: Repository, registry: Registry, counting: Counting, clock: Clock
) -> None:
    """A turn then writes nothing and counts nothing."""
    repository.push(image(b"1"), "a")
    assert counting.turn() == 1
    clock.advance(60)
    counting.turn()
    assert counting.turn() == 0


def test_a_push_has_its_repository_counted_again(
    repository: Repository, other: Repository, counting: Counting, clock: Clock
) -> None:
    """And those with which it shares since; nothing else is."""
    repository.push(image(b"1" * 10, config=b"c"), "a")
    other.push(image(b"2" * 20, config=b"d"), "a")
    counting.turn()
    clock.advance(60)
    third = Repository(repository.registry, "third")
    third.push(image(b"1" * 10, config=b"e"), "a")
    assert counting.turn() == 2
    assert (summary(repository).exclusive, summary(repository).shared) == (1, 10)
    assert summary(other).counted_at != summary(repository).counted_at


def test_another_tag_of_the_same_version_is_counted(repository: Repository, counting: Counting, clock: Clock) -> None:
    """A push that brings no content is a push."""
    repository.push(image(b"1"), "a")
    counting.turn()
    before = summary(repository).pushed_at
    clock.advance(60)
    repository.put(image(b"1"), "b")
    counting.turn()
    assert summary(repository).tags == 2
    assert (summary(repository).pushed_at or 0) > (before or 0)


def test_a_deletion_gives_back_what_was_shared(
    repository: Repository, other: Repository, registry: Registry, counting: Counting, clock: Clock
) -> None:
    """Whoever shared with what went has it alone then; the restore is counted too."""
    repository.push(image(b"1" * 10, config=b"c"), "a")
    other.push(image(b"1" * 10, config=b"d"), "a")
    counting.turn()
    assert (summary(other).exclusive, summary(other).shared) == (1, 10)
    clock.advance(60)
    deleted = repository.delete()
    counting.turn()
    assert (summary(other).exclusive, summary(other).shared) == (11, 0)
    clock.advance(60)
    restore.restore(registry, deleted.id)
    counting.turn()
    assert (summary(other).exclusive, summary(other).shared) == (1, 10)
    assert (summary(repository).exclusive, summary(repository).shared) == (1, 10)


def test_everything_is_counted_again_after_a_day(repository: Repository, counting: Counting, clock: Clock) -> None:
    """What no line of the audit log tells of (a lease that ended) is right again by then."""
    repository.push(image(b"1" * 10, config=b"c"), "a")
    repository.upload(b"never needed")
    counting.turn()
    assert summary(repository).exclusive == 11 + len(b"never needed")
    clock.advance(AGAIN / 1_000_000 + HOUR)
    assert counting.turn() == 1
    assert summary(repository).exclusive == 11


def test_a_pull_is_seen_when_it_is_written(repository: Repository, registry: Registry, clock: Clock) -> None:
    """Of any version, without counting; an older one changes nothing."""
    repository.push(image(b"1"), "a")
    repository.push(image(b"2"), "b")
    assert summary(repository).pulled_at is None
    clock.advance(60)
    pull.find_manifest(registry, repository.name, Tag("a"), content=True)
    registry.pulls.flush(registry.database)
    assert summary(repository).pulled_at == clock.now


def test_one_process_counts_at_a_time(repository: Repository, place: Place, counting: Counting) -> None:
    """Another has its turn once the first has let go, or has not been heard of for a minute."""
    repository.push(image(b"1"), "a")
    assert counting.turn() == 1
    second = Counting(place.open_registry(), lambda _: None)
    repository.push(image(b"2"), "b")
    assert second.turn() == 0
    counting.end()
    assert second.turn() == 1


def test_a_repository_without_a_row_gets_one(repository: Repository, registry: Registry, clock: Clock) -> None:
    """As one has it that an older version listed: the first turn of a process finds it."""
    repository.push(image(b"1"), "a")
    registry.database.write(lambda tx: tx.run("delete from overview"))
    assert Counting(registry).turn() == 1
    assert summary(repository).versions == 1


def test_a_read_only_registry_is_not_counted(place: Place) -> None:
    """Nothing is written to it."""
    registry = place.open_registry(read_only=True)
    Repository(registry).push(image(b"1"), "a")
    assert Counting(registry).turn() == 0
    assert overview.of_one(registry, Repository(registry).name).counted_at is None
