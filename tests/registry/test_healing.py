from __future__ import annotations

import threading
from pathlib import Path

import pytest

from jettison.blobs.store import BytesMissing, Key
from jettison.metadata import blobs as rows
from jettison.metadata.blobs import Damage
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown
from jettison.oci.reference import RepositoryName
from jettison.registry import pull, sweep, uploads
from jettison.registry.check import How, check
from jettison.registry.mount import mount
from jettison.registry.registry import Registry
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.invariants import check_bytes
from tests.support.place import Place
from tests.support.repository import Repository

LAYER = b"the layer"
DIGEST = Digest.of(LAYER)


def key_of(registry: Registry, digest: Digest = DIGEST) -> str:
    """Where a blob's bytes lie, by its row."""
    row = registry.database.read(lambda tx: tx.one("select key from blob where digest = :digest", digest=digest.packed))
    assert row is not None
    return str(row[0])


def file_of(registry: Registry, digest: Digest = DIGEST) -> Path:
    """Its file."""
    path = registry.blobs.path(Key(key_of(registry, digest)))
    assert path is not None
    return path


def damage(registry: Registry, how: Damage, digest: Digest = DIGEST) -> None:
    """Do to the file of a blob what is then recorded of it."""
    path = file_of(registry, digest)
    if how is Damage.MISSING:
        path.unlink()
    else:
        path.write_bytes(bytes(path.stat().st_size))
    assert registry.database.write(lambda tx: rows.mark(tx, path.name, how))


BOTH = pytest.mark.parametrize("how", [Damage.MISSING, Damage.WRONG], ids=["missing", "wrong"])


@BOTH
def test_a_push_of_a_damaged_blob_heals_it_everywhere(
    repository: Repository, other: Repository, clock: Clock, how: Damage
) -> None:
    """New bytes lie at a new key, for every repository and manifest that has the blob; the old key goes."""
    registry = repository.registry
    repository.push(image(LAYER), "latest")
    other.push(image(LAYER, b"another"), "latest")
    old = file_of(registry)
    damage(registry, how)

    Repository(registry, "third").upload(LAYER)

    assert file_of(registry) != old
    assert repository.has_blob(LAYER)
    assert other.has_blob(LAYER)
    clock.advance(registry.rules.sweep_grace / 1e6)
    sweep.sweep(registry, "test")
    assert not old.exists()
    check_bytes(registry)
    assert list(check(registry, How(read_data=True, young=0))) == []


@BOTH
def test_whoever_asks_before_a_push_is_told_to_bring_a_damaged_blob(repository: Repository, how: Damage) -> None:
    """A HEAD says that it is not there, and why; its manifests are there as before."""
    repository.push(image(LAYER), "latest")
    damage(repository.registry, how)
    with pytest.raises(BlobUnknown, match="damaged: push it again"):
        pull.find_blob(repository.registry, repository.name, DIGEST, content=False)
    assert repository.has("latest")


@BOTH
@pytest.mark.parametrize("source", [RepositoryName("app"), None], ids=["with a source", "without a source"])
def test_a_damaged_blob_is_not_mounted(
    repository: Repository, other: Repository, how: Damage, source: RepositoryName | None
) -> None:
    """The client then brings it, which heals it."""
    repository.push(image(LAYER), "latest")
    damage(repository.registry, how)
    assert not mount(repository.registry, other.name, DIGEST, source, lambda _: True)
    other.upload(LAYER)
    assert mount(repository.registry, RepositoryName("third"), DIGEST, source, lambda _: True)


def test_other_bytes_are_never_served(repository: Repository) -> None:
    """What is known to be wrong is an error for that blob, and for no other."""
    repository.push(image(LAYER, b"sibling"), "latest")
    damage(repository.registry, Damage.WRONG)
    with pytest.raises(BytesMissing, match="push it again"):
        pull.find_blob(repository.registry, repository.name, DIGEST)
    assert repository.has_blob(b"sibling")


def test_missing_bytes_that_have_come_back_are_served(repository: Repository) -> None:
    """A disk was not there for a while: nothing has to be done for those who pull."""
    repository.push(image(LAYER), "latest")
    path = file_of(repository.registry)
    away = path.rename(path.with_suffix(".away"))
    pull.note_missing(repository.registry, path.name)
    away.rename(path)
    assert repository.has_blob(LAYER)


def test_what_is_found_missing_is_recorded_once(repository: Repository) -> None:
    """Whoever finds it next does not write, and knowing worse is not forgotten."""
    registry = repository.registry
    repository.push(image(LAYER), "latest")
    key = key_of(registry)
    pull.note_missing(registry, key)
    assert registry.database.read(lambda tx: rows.damage_of(tx, key)) is Damage.MISSING
    assert not registry.database.write(lambda tx: rows.mark(tx, key, Damage.MISSING))
    registry.database.write(lambda tx: rows.mark(tx, key, Damage.WRONG))
    pull.note_missing(registry, key)
    assert registry.database.read(lambda tx: rows.damage_of(tx, key)) is Damage.WRONG


def test_bytes_whose_row_has_gone_are_not_recorded(repository: Repository) -> None:
    """A reader met the end of a deleted blob: nothing names it any more."""
    pull.note_missing(repository.registry, "0" * 32)
    assert repository.registry.database.read(lambda tx: tx.all("select * from stored")) == []


def test_a_check_records_what_it_finds_and_a_push_heals_it(repository: Repository) -> None:
    """The whole way: a flipped bit, check --read-data --repair, a push, and a check that finds nothing."""
    registry = repository.registry
    repository.push(image(LAYER, b"sibling"), "latest")
    file_of(registry).write_bytes(b"the Layer")
    assert repository.upload(LAYER) == DIGEST
    assert file_of(registry).read_bytes() == b"the Layer", "nobody knows yet"

    how = How(read_data=True, repair=True, young=0)
    assert [finding.kind for finding in check(registry, how)] == ["content"]
    assert [finding.kind for finding in check(registry, How(young=0))] == ["content"], "it stays one until it is healed"

    repository.upload(LAYER)
    assert repository.has_blob(LAYER)
    assert list(check(registry, how)) == []


def test_a_file_that_was_brought_back_is_served_again_after_a_check(repository: Repository) -> None:
    """What is recorded as damaged is read by every check; a repair takes the record away."""
    registry = repository.registry
    repository.push(image(LAYER), "latest")
    damage(registry, Damage.WRONG)
    file_of(registry).write_bytes(LAYER)

    assert [(each.kind, each.settled) for each in check(registry, How(young=0))] == [("whole", False)]
    assert [(each.kind, each.settled) for each in check(registry, How(repair=True, young=0))] == [("whole", True)]

    assert list(check(registry, How(young=0))) == []
    assert repository.has_blob(LAYER)


def test_two_digests_that_share_damaged_bytes_are_healed_one_by_one(repository: Repository, clock: Clock) -> None:
    """Each by a push of its own; the shared key goes with the last of them."""
    registry = repository.registry
    repository.upload(LAYER)
    repository.upload(LAYER, "sha512")
    long = Digest.of(LAYER, "sha512")
    shared = key_of(registry)
    registry.database.write(
        lambda tx: tx.run("update blob set key = :key where digest = :digest", key=shared, digest=long.packed)
    )
    assert [each.kind for each in check(registry, How(young=0, repair=True))] == ["unnamed"]
    registry.database.write(lambda tx: tx.run("delete from stored where key <> :key", key=shared))
    damage(registry, Damage.WRONG)

    repository.upload(LAYER)
    assert key_of(registry) != shared
    assert key_of(registry, long) == shared
    [finding] = [each for each in check(registry, How(young=0)) if each.kind != "unknown-file"]
    assert (finding.kind, finding.subject) == ("content", str(long))

    repository.upload(LAYER, "sha512")
    assert repository.has_blob(long)
    clock.advance(registry.rules.sweep_grace / 1e6)
    sweep.sweep(registry, "test")
    assert registry.blobs.size(Key(shared)) is None


def test_of_two_pushes_that_heal_at_once_one_does(repository: Repository, place: Place, clock: Clock) -> None:
    """Both succeed; the bytes lie there once."""
    registry = repository.registry
    repository.push(image(LAYER), "latest")
    damage(registry, Damage.MISSING)
    processes = [Repository(place.open_registry(), f"pusher/{number}") for number in range(4)]
    start = threading.Barrier(len(processes))

    def push(pusher: Repository) -> None:
        session = uploads.start(pusher.registry, pusher.name)
        incoming = uploads.resume(pusher.registry, pusher.name, session.id, 0)
        incoming.append(LAYER)
        start.wait(10)
        incoming.finish(DIGEST)

    threads = [threading.Thread(target=push, args=(pusher,)) for pusher in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(pusher.has_blob(LAYER) for pusher in [repository, *processes])
    clock.advance(registry.rules.sweep_grace / 1e6)
    sweep.sweep(registry, "test")
    check_bytes(registry)
