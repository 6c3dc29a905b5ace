from __future__ import annotations

import pytest

from jettison.metadata import blobs, manifests, missing, repositories
from jettison.metadata.database import Database, Transaction
from jettison.oci.digest import Digest
from jettison.oci.manifest import Manifest
from tests.support.content import Draft, image, index

CHILD, LAYER = image(b"child"), b"layer"
LATER = 2_000_000_000_000_000


def add(tx: Transaction, repository: int, draft: Draft) -> int:
    """The row of a manifest, which holds nothing yet."""
    id = manifests.add(tx, repository, Manifest.parse(draft.content, draft.media_type))
    assert id is not None
    return id


def bring(tx: Transaction, repository: int, content: bytes) -> None:
    """A blob under a lease."""
    blob, _ = blobs.store(tx, Digest.of(content), len(content), content.hex(), 0)
    blobs.link(tx, repository, blob, LATER)


@pytest.fixture
def waiting(database: Database) -> tuple[int, int]:
    """A repository, and in it an index that waits for a child and for a blob."""

    def work(tx: Transaction) -> tuple[int, int]:
        repository = repositories.find_or_create(tx, "app")
        parent = add(tx, repository, index(CHILD, blobs=(LAYER,)))
        missing.remember(tx, repository, parent, [CHILD.digest, Digest.of(LAYER)])
        return repository, parent

    return database.write(work)


def lacks(database: Database, manifest: int) -> set[Digest]:
    """What it waits for."""
    return set(database.read(lambda tx: missing.lacked_by(tx, [manifest])))


def test_a_manifest_waits_for_what_it_lacks(database: Database, waiting: tuple[int, int]) -> None:
    """Remembered once, however often it is told, until it is forgotten."""
    repository, parent = waiting
    assert lacks(database, parent) == {CHILD.digest, Digest.of(LAYER)}
    database.write(lambda tx: missing.remember(tx, repository, parent, [CHILD.digest]))
    assert database.read(lambda tx: missing.is_waiting(tx, parent))
    database.write(lambda tx: missing.forget(tx, parent))
    assert not database.read(lambda tx: missing.is_waiting(tx, parent))


def test_what_has_not_arrived_is_still_waited_for(database: Database, waiting: tuple[int, int]) -> None:
    """Settling what is not there changes nothing."""
    repository, parent = waiting
    database.write(lambda tx: missing.settle(tx, repository, [CHILD.digest, Digest.of(LAYER)]))
    assert lacks(database, parent) == {CHILD.digest, Digest.of(LAYER)}


def test_a_child_that_arrives_is_held(database: Database, waiting: tuple[int, int]) -> None:
    """And only what has arrived."""
    repository, parent = waiting

    def work(tx: Transaction) -> int:
        child = add(tx, repository, CHILD)
        missing.settle(tx, repository, [CHILD.digest])
        return child

    child = database.write(work)
    assert database.read(lambda tx: tx.all("select parent, child from manifest_child")) == [(parent, child)]
    assert lacks(database, parent) == {Digest.of(LAYER)}


def test_a_blob_that_arrives_is_held_without_a_lease(database: Database, waiting: tuple[int, int]) -> None:
    """Another blob of the same repository keeps its lease."""
    repository, parent = waiting

    def work(tx: Transaction) -> None:
        bring(tx, repository, LAYER)
        bring(tx, repository, b"another")
        missing.settle(tx, repository, [Digest.of(LAYER), Digest.of(b"another")])

    database.write(work)
    leases = database.read(lambda tx: {each: blobs.find(tx, "app", Digest.of(each)) for each in (LAYER, b"another")})
    assert {each: found.leased_until for each, found in leases.items() if found} == {LAYER: None, b"another": LATER}
    assert database.read(lambda tx: tx.all("select manifest from manifest_blob")) == [(parent,)]
    assert lacks(database, parent) == {CHILD.digest}


def test_what_arrives_in_another_repository_is_not_held(database: Database, waiting: tuple[int, int]) -> None:
    """Each repository waits for its own."""
    _, parent = waiting

    def work(tx: Transaction) -> None:
        other = repositories.find_or_create(tx, "other")
        add(tx, other, CHILD)
        bring(tx, other, LAYER)
        missing.settle(tx, other, [CHILD.digest, Digest.of(LAYER)])

    database.write(work)
    assert lacks(database, parent) == {CHILD.digest, Digest.of(LAYER)}
