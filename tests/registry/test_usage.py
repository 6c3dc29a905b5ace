from __future__ import annotations

import time

import pytest

from jettison.metadata.database import Database, Transaction
from jettison.metadata.space import Partition
from jettison.oci.digest import Digest
from jettison.oci.errors import NameUnknown
from jettison.oci.reference import RepositoryName
from jettison.registry import mount, restore, sweep, uploads
from jettison.registry.registry import Registry
from jettison.registry.usage import RepositoryUsage, Usage, usage, usage_of
from tests.support.clock import Clock
from tests.support.content import image, index
from tests.support.place import Place
from tests.support.repository import Repository

BASE = b"b" * 1000
"""A layer that several images have."""


def on_disk(place: Place) -> int:
    """The bytes of all files of blobs and uploads."""
    files = [*place.blobs, *(place.folder / "uploads").iterdir()]
    return sum(file.stat().st_size for file in files)


def bytes_of(registry: Registry, place: Place) -> Partition:
    """The partition, after looking that its sum is what lies on the disk."""
    found = usage(registry).bytes
    assert found.total == on_disk(place)
    return found


def test_an_empty_registry_uses_nothing(registry: Registry, place: Place) -> None:
    """Without content every number is 0 and no repository is named."""
    assert usage(registry) == Usage(Partition(0, 0, 0, 0, 0), ())
    assert on_disk(place) == 0


def test_each_stored_key_is_counted_once(
    repository: Repository, other: Repository, registry: Registry, place: Place
) -> None:
    """What two repositories have is shared once in the sum, and in the numbers of both; the rest is exclusive."""
    repository.push(image(BASE, b"1" * 10, config=b"c"), "a")
    repository.push(image(BASE, b"2" * 20, config=b"c"), "b")
    other.push(image(BASE, b"3" * 30, config=b"d"), "c")
    assert bytes_of(registry, place) == Partition(exclusive=10 + 20 + 30 + 2, shared=1000, undo=0, garbage=0, uploads=0)
    assert usage(registry).repositories == (
        RepositoryUsage("app", exclusive=31, shared=1000, tags=2, versions=2),
        RepositoryUsage("other/app", exclusive=31, shared=1000, tags=1, versions=1),
    )


def test_one_repository_is_counted_as_among_all(repository: Repository, other: Repository, registry: Registry) -> None:
    """Asking for one gives the numbers that it has in the list of all."""
    children = [image(BASE, bytes([n]) * (n + 1)) for n in range(3)]
    repository.push(index(*children), "a")
    other.push(children[0], "b")
    for one in usage(registry).repositories:
        assert usage_of(registry, RepositoryName(one.name)) == one


def test_a_repository_without_anything_is_unknown(repository: Repository, registry: Registry) -> None:
    """A name that never was, and one whose repository was deleted, have no usage of their own."""
    repository.push(image(BASE), "a")
    repository.delete()
    for name in ("app", "never"):
        with pytest.raises(NameUnknown, match=name):
            usage_of(registry, RepositoryName(name))


def test_a_deletion_moves_bytes_to_undo_and_a_restore_moves_them_back(
    repository: Repository, other: Repository, registry: Registry, place: Place
) -> None:
    """What only a deletion that can be undone holds is apart; what something live has too stays where it was."""
    repository.push(image(BASE, b"1" * 10, config=b"c"), "a")
    other.push(image(BASE, b"3" * 30, config=b"c"), "a")
    before = bytes_of(registry, place)
    deleted = repository.delete()
    assert bytes_of(registry, place) == Partition(exclusive=1000 + 30 + 1, shared=0, undo=10, garbage=0, uploads=0)
    restore.restore(registry, deleted.id)
    assert bytes_of(registry, place) == before


def test_what_is_over_is_garbage_until_its_file_is_deleted(
    repository: Repository, registry: Registry, place: Place, clock: Clock
) -> None:
    """Purged, expired, swept but not deleted: the bytes are garbage all the time, then gone."""
    repository.push(image(b"1" * 10, config=b"c"), "a")
    repository.delete("a")
    repository.delete(image(b"1" * 10, config=b"c").digest, purge=True)
    assert bytes_of(registry, place) == Partition(0, 0, undo=11, garbage=0, uploads=0)
    clock.advance(24 * 3600 + 1)
    assert bytes_of(registry, place) == Partition(0, 0, undo=0, garbage=11, uploads=0)
    assert sweep.sweep(registry, "test") is not None
    assert bytes_of(registry, place) == Partition(0, 0, undo=0, garbage=11, uploads=0)
    clock.advance(301)
    assert sweep.sweep(registry, "test") is not None
    assert bytes_of(registry, place) == Partition(0, 0, 0, 0, 0)


def test_a_lease_holds_bytes_until_it_is_over(
    repository: Repository, other: Repository, registry: Registry, place: Place, clock: Clock
) -> None:
    """An uploaded blob is its repository's, a mounted one shared, while the leases run; then they are garbage."""
    digest = repository.upload(b"layer")
    assert bytes_of(registry, place) == Partition(exclusive=5, shared=0, undo=0, garbage=0, uploads=0)
    clock.advance(23 * 3600 + 1)
    assert mount.mount(registry, other.name, digest, repository.name, lambda _: True)
    assert bytes_of(registry, place) == Partition(exclusive=0, shared=5, undo=0, garbage=0, uploads=0)
    clock.advance(3599)
    assert bytes_of(registry, place) == Partition(exclusive=5, shared=0, undo=0, garbage=0, uploads=0)
    clock.advance(1)
    assert bytes_of(registry, place) == Partition(0, 0, undo=0, garbage=5, uploads=0)
    assert usage(registry).repositories == ()


def test_an_unfinished_upload_is_counted_as_far_as_it_came(
    repository: Repository, registry: Registry, place: Place
) -> None:
    """The bytes that a session has brought are apart from all others."""
    repository.push(image(b"1" * 10, config=b"c"), "a")
    session = uploads.start(registry, repository.name)
    incoming = uploads.resume(registry, repository.name, session.id, None)
    incoming.append(b"7 bytes")
    incoming.pause()
    incoming.close()
    assert bytes_of(registry, place) == Partition(exclusive=11, shared=0, undo=0, garbage=0, uploads=7)


def test_bytes_that_are_missing_take_no_space(repository: Repository, registry: Registry, place: Place) -> None:
    """A file that was found to be gone is not counted, though its row is there."""
    repository.push(image(b"1" * 10, config=b"c"), "a")
    key = registry.database.read(lambda tx: tx.all("select key from stored where size = 10"))[0][0]
    next(file for file in place.blobs if file.name == key).unlink()
    registry.database.write(lambda tx: tx.run("update stored set damaged = 1 where key = :key", key=key))
    assert bytes_of(registry, place) == Partition(exclusive=1, shared=0, undo=0, garbage=0, uploads=0)


def test_digests_that_share_their_bytes_are_counted_once(
    repository: Repository, other: Repository, registry: Registry
) -> None:
    """Two digests at one key are one key, whoever has which of them."""
    repository.upload(b"layer")
    other.upload(b"layer", "sha512")

    def share(tx: Transaction) -> None:
        [(key,), (unneeded,)] = tx.all("select key from blob order by id")
        tx.run("update blob set key = :key", key=key)
        tx.run("delete from stored where key = :key", key=unneeded)

    registry.database.write(share)
    assert usage(registry).bytes == Partition(exclusive=0, shared=5, undo=0, garbage=0, uploads=0)
    repository.upload(b"layer", "sha512")
    assert [(one.exclusive, one.shared) for one in usage(registry).repositories] == [(0, 5), (0, 5)]


def test_usage_is_json(repository: Repository, registry: Registry) -> None:
    """Both answers are objects of plain numbers and names."""
    repository.push(image(b"1" * 10, config=b"c"), "a")
    one = {"repository": "app", "bytes": {"exclusive": 11, "shared": 0}, "tags": 1, "versions": 1}
    assert usage_of(registry, repository.name).to_json() == one
    assert usage(registry).to_json() == {
        "bytes": {"exclusive": 11, "shared": 0, "undo": 0, "garbage": 0, "uploads": 0, "total": 11},
        "repositories": [one],
    }


REPOSITORIES, VERSIONS = 2_000, 20


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_large_registry_is_counted_in_a_second(database: Database, registry: Registry) -> None:
    """2,000 repositories with 40,000 versions: the numbers are right, and on SQLite take less than a second of work."""
    database.write(_fill)
    before = time.process_time()
    found = usage(registry)
    took = time.process_time() - before
    assert found.bytes == Partition(REPOSITORIES * VERSIONS * 100, 50 * 1000, 0, 0, 0)
    assert len(found.repositories) == REPOSITORIES
    assert set(found.repositories) == {
        RepositoryUsage(f"team/app{number}", VERSIONS * 100, 1000, tags=0, versions=VERSIONS)
        for number in range(REPOSITORIES)
    }
    assert took < 1  # of this process: all of it is SQLite's, and nothing of it PostgreSQL's


def _fill(tx: Transaction) -> None:
    """Each repository has 20 versions with a layer of their own, and on all of them one of 50 common layers."""
    blobs = []
    for id in range(1, 51 + REPOSITORIES * VERSIONS):
        key = f"{id:032x}"
        digest = Digest.of(key.encode()).packed
        blobs.append({"id": id, "size": 1000 if id <= 50 else 100, "key": key, "digest": digest})
    tx.many("insert into stored (key, size) values (:key, :size)", blobs)
    tx.many("insert into blob (id, digest, size, key) values (:id, :digest, :size, :key)", blobs)
    numbers = range(REPOSITORIES)
    repositories = [{"id": number + 1, "name": f"team/app{number}"} for number in numbers]
    tx.many("insert into repository (id, name, listed, created_at) values (:id, :name, 1, 1)", repositories)
    versions = []
    for number in range(REPOSITORIES * VERSIONS):
        repository = number // VERSIONS + 1
        blob = blobs[50 + number]
        versions.append({"id": number + 1, "r": repository, "own": blob["id"], "digest": blob["digest"]})
    common = [{"r": number + 1, "common": (number + 1) % 50 + 1} for number in numbers]
    tx.many("insert into repository_blob (repository, blob) values (:r, :own)", versions)
    tx.many("insert into repository_blob (repository, blob) values (:r, :common)", common)
    tx.many(
        """insert into manifest (id, repository, digest, media_type, size, pushed_at)
           values (:id, :r, :digest, 'type', 1, 1)""",
        versions,
    )
    tx.many("insert into manifest_blob (manifest, repository, blob) values (:id, :r, :own)", versions)
