"""Collecting garbage at once, in place of waiting for the sweep: for a person who asks what came back and what will."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from jettison.metadata import deletions, leases, space, untagged
from jettison.metadata.database import Transaction
from jettison.metadata.space import Returning
from jettison.oci.errors import Unavailable
from jettison.registry import audit, rehearsal, sweep
from jettison.registry.access import Caller, Kind
from jettison.registry.audit import Deed
from jettison.registry.deletion import Deleted
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from jettison.registry.sweep import LEASE, LEASE_NAME, Swept
from jettison.registry.sweeps import note_sweep
from jettison.registry.untagged import delete_unneeded

PATIENCE = 90.0
"""Seconds that one waits for another sweeper: longer than the lease that one leaves behind which was killed."""

_POLL = 0.2


@dataclass(frozen=True, slots=True)
class Order:
    """What to do besides sweeping: delete versions that nothing needs first, and end the undoing of all deletions."""

    delete_untagged: bool = False
    purge_deleted: bool = False
    actor: str = "garbage-collect"

    @property
    def caller(self) -> Caller:
        """Who does it: a command, whose right is the machine's to give."""
        return Caller(Kind.EVERYONE, self.actor)


@dataclass(frozen=True, slots=True)
class Collected:
    """What was done: deletions of unneeded versions, how many deletions were purged, what the sweep freed.

    ``returning`` is what comes back later by itself.
    """

    deleted: tuple[Deleted, ...] = ()
    purged: int = 0
    swept: Swept = field(default_factory=Swept)
    returning: tuple[Returning, ...] = ()

    @property
    def versions(self) -> int:
        """How many versions were deleted."""
        return sum(deleted.plan.versions for deleted in self.deleted)


Progress = Callable[[Collected], None]


def collect(registry: Registry, order: Order, holder: str, progress: Progress = lambda _: None) -> Collected:
    """Carry ``order`` out, in small transactions, and sweep; ``progress`` is called with what is done so far.

    Raises Unavailable if another process keeps the sweep to itself for PATIENCE seconds.
    """
    done = Collected()
    if order.delete_untagged:
        done = _delete_untagged(registry, order, progress)
    if order.purge_deleted:
        done = replace(done, purged=registry.database.write(lambda tx: _purge_all(tx, registry, order)))
        progress(done)
    with turn(registry, holder):
        swept = sweep.sweep(registry, holder, lambda swept: progress(replace(done, swept=swept)))
    if swept is not None:
        note_sweep(registry, NOBODY, order.caller, swept)
    returning = registry.database.read(space.returning, snapshot=True)
    return replace(done, swept=swept or Swept(), returning=tuple(returning))


def rehearse(registry: Registry, order: Order, holder: str, progress: Progress = lambda _: None) -> Collected:
    """What :func:`collect` would do now, to the byte, with nothing changed. Raises Unavailable as it does.

    Others do not sweep meanwhile.
    """
    with turn(registry, holder):
        return rehearsal.rehearse(registry, lambda stage: collect(stage, order, holder, progress))


@contextmanager
def turn(registry: Registry, holder: str) -> Iterator[None]:
    """Be the one that sweeps. Raises Unavailable if another process keeps it to itself for PATIENCE seconds."""
    ends = time.monotonic() + PATIENCE
    while not registry.database.write(lambda tx: leases.take(tx, LEASE_NAME, holder, LEASE), durable=False):
        if time.monotonic() > ends:
            raise Unavailable(
                f"another process has kept the sweep to itself for {PATIENCE:.0f} s: a sweep that frees a lot, which "
                "frees the same as this one, or a backup; try again when it is over"
            )
        time.sleep(_POLL)
    try:
        yield
    finally:
        registry.database.write(lambda tx: leases.release(tx, LEASE_NAME, holder), durable=False)


def _purge_all(tx: Transaction, registry: Registry, order: Order) -> int:
    purged = deletions.end_all(tx, registry.rules.sweep_grace)
    if purged:
        audit.note(tx, NOBODY, order.caller, Deed.PURGE, detail={"deletions": purged})
    return purged


def _delete_untagged(registry: Registry, order: Order, progress: Progress) -> Collected:
    done = Collected()
    # Whoever may collect garbage need not ask whether clients may delete.
    allowed = replace(registry, rules=replace(registry.rules, delete_enabled=True))
    for name in registry.database.read(untagged.suspects):
        deleted = delete_unneeded(allowed, name, order.actor)
        if deleted is not None:
            done = replace(done, deleted=(*done.deleted, deleted))
            progress(done)
    return done
