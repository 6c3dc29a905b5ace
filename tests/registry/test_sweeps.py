from __future__ import annotations

from jettison.metadata import leases
from jettison.registry import deletion, sweeps
from jettison.registry.registry import MICROSECONDS
from jettison.registry.sweep import LEASE, LEASE_NAME, sweep
from jettison.registry.times import rfc3339
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.repository import Repository


def test_of_a_registry_without_garbage_nothing_is_told(repository: Repository) -> None:
    """Nothing waits, nothing was freed."""
    repository.push(image(b"layer"), "v1")

    status = sweeps.status(repository.registry, 10)

    assert status.to_json() == {
        "running": False,
        "next": None,
        "freed": {"files": 0, "bytes": 0},
        "pending": {
            "undo": {"deletions": 0, "next": None},
            "leases": {"links": 0, "next": None},
            "grace": {"files": 0, "bytes": 0, "next": None},
        },
        "runs": [],
    }


def test_what_waits_is_told_with_its_time(repository: Repository, clock: Clock) -> None:
    """A deletion that can be undone, a blob that nothing needs yet; next is the first of their times."""
    registry = repository.registry
    repository.push(image(b"layer"), "v1")
    repository.delete("v1")
    clock.advance(3600)
    repository.upload(b"loose")

    status = sweeps.status(registry, 10)

    assert (status.pending.deletions, status.pending.leased) == (1, 1)
    assert status.next == clock.now - 3600 * MICROSECONDS + registry.rules.undo


def test_what_was_freed_is_told(repository: Repository, clock: Clock) -> None:
    """Over time: first the deletion waits, then its files, then they are freed."""
    registry, draft = repository.registry, image(b"layer")
    repository.push(draft, "v1")
    size = sum(len(blob) for blob in draft.blobs)
    deletion.delete(registry, repository._target(None, blob=False), purge=True)
    clock.advance(registry.rules.sweep_grace // MICROSECONDS + 1)
    sweep(registry, "test")

    waiting = sweeps.status(registry, 10)
    assert (waiting.pending.discarded, waiting.pending.discarded_bytes) == (2, size)
    assert waiting.next == clock.now + registry.rules.sweep_grace

    clock.advance(registry.rules.sweep_grace // MICROSECONDS + 1)
    sweep(registry, "test")

    freed = sweeps.status(registry, 1)
    assert (freed.files, freed.bytes) == (2, size)
    assert [(run.files, run.bytes) for run in freed.runs] == [(2, size)]
    assert freed.next is None
    assert "holder" not in str(freed.to_json())
    assert str(rfc3339(clock.now)) in str(freed.to_json())


def test_a_sweep_that_is_running_is_told(repository: Repository, clock: Clock) -> None:
    """Whoever runs it; one that died is not, once its lease is over."""
    database = repository.registry.database
    database.write(lambda tx: leases.take(tx, LEASE_NAME, "elsewhere", LEASE))
    assert sweeps.status(repository.registry, 1).running

    clock.advance(LEASE // MICROSECONDS + 1)

    assert not sweeps.status(repository.registry, 1).running
