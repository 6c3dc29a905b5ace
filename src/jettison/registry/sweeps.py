"""What sweeps have done, and what waits for the next ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from jettison.metadata import leases, sweeps
from jettison.metadata.database import Transaction
from jettison.metadata.sweeps import Pending, Run
from jettison.oci.errors import Json
from jettison.registry import audit
from jettison.registry.access import Caller
from jettison.registry.audit import Deed
from jettison.registry.origin import Origin
from jettison.registry.registry import Registry
from jettison.registry.sweep import LEASE_NAME, Swept, holder_name, sweep
from jettison.registry.times import rfc3339


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a sweep is ``running``, the last ``runs``, what all remembered ones freed, and what is ``pending``."""

    running: bool
    runs: tuple[Run, ...]
    files: int
    bytes: int
    pending: Pending

    @property
    def next(self) -> int | None:
        """When there is something to sweep again, in microseconds since 1970; None while nothing waits."""
        times = (self.pending.next_expiry, self.pending.next_lease, self.pending.next_discarded)
        return min((time for time in times if time is not None), default=None)

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        waiting = self.pending
        return {
            "running": self.running,
            "next": rfc3339(self.next),
            "freed": {"files": self.files, "bytes": self.bytes},
            "pending": {
                "undo": {"deletions": waiting.deletions, "next": rfc3339(waiting.next_expiry)},
                "leases": {"links": waiting.leased, "next": rfc3339(waiting.next_lease)},
                "grace": {
                    "files": waiting.discarded,
                    "bytes": waiting.discarded_bytes,
                    "next": rfc3339(waiting.next_discarded),
                },
            },
            "runs": [_run(run) for run in self.runs],
        }


def status(registry: Registry, limit: int) -> Status:
    """What there is to say of sweeps, with at most ``limit`` runs, the newest first: those that did something."""

    def work(tx: Transaction) -> Status:
        files, freed = sweeps.freed(tx)
        runs = tuple(sweeps.last(tx, limit))
        return Status(leases.is_held(tx, LEASE_NAME), runs, files, freed, sweeps.pending(tx))

    return registry.database.read(work, snapshot=True)


def sweep_for(registry: Registry, origin: Origin, caller: Caller) -> Swept | None:
    """Sweep because somebody asks for it, which the audit log tells; None if another sweep is at it.

    Raises Unavailable.
    """
    swept = sweep(registry, holder_name())
    if swept is not None:
        note_sweep(registry, origin, caller, swept)
    return swept


def note_sweep(registry: Registry, origin: Origin, caller: Caller, swept: Swept) -> None:
    """Have the audit log tell of a sweep that somebody asked for."""
    registry.database.write(lambda tx: audit.note(tx, origin, caller, Deed.SWEEP, detail=asdict(swept)))


def _run(run: Run) -> dict[str, Json]:
    return {
        "started_at": rfc3339(run.started_at),
        "ended_at": rfc3339(run.ended_at),
        "deletions": run.deletions,
        "links": run.links,
        "blobs": run.blobs,
        "uploads": run.uploads,
        "files": run.files,
        "bytes": run.bytes,
    }
