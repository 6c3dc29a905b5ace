"""A registry: its rows, its bytes, and the rules that were set for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from jettison.blobs.store import Blobs
from jettison.metadata.database import Database
from jettison.registry.arrivals import Arrivals
from jettison.registry.events import Events
from jettison.registry.hashes import Hashes
from jettison.registry.lockout import Lockout
from jettison.registry.passwords import Passwords
from jettison.registry.policy import Policy
from jettison.registry.pull_log import PullLog
from jettison.registry.tally import Tally

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be set. Times are in microseconds, sizes in bytes."""

    delete_enabled: bool = True
    children_required: bool = True
    blobs_required: bool = True
    manifest_limit: int = 4 * 1024 * 1024
    tag_limit: int = 100
    catalog_limit: int = 1000
    list_limit: int = 1000
    """Most tags in an answer that names a number of them."""
    policy: Policy = field(default_factory=Policy)
    undo: int = 24 * 3600 * MICROSECONDS
    upload_lease: int = 24 * 3600 * MICROSECONDS
    touch_lease: int = 3600 * MICROSECONDS
    sweep_grace: int = 300 * MICROSECONDS
    """How long bytes stay after their row is gone, for readers that had begun; and the links of what was purged, for
    pushes that saw them before it."""
    upload_age: int = 7 * 24 * 3600 * MICROSECONDS
    blob_limit: int = 0
    """Largest blob that is uploaded; 0 is without any limit."""
    audit_kept: int = 90 * 24 * 3600 * MICROSECONDS
    """How long the audit log keeps a line; 0 is for ever."""
    lockout: Lockout = field(default_factory=Lockout)
    read_only: bool = False
    """Whether the edge refuses whatever would write, and the server does not sweep by itself."""


@dataclass(frozen=True, slots=True)
class Registry:
    """What every rule works on. ``database`` alone decides what exists; ``blobs`` only keeps bytes."""

    database: Database
    blobs: Blobs
    rules: Rules = field(default_factory=Rules)
    pulls: PullLog = field(default_factory=PullLog)
    hashes: Hashes = field(default_factory=Hashes)
    arrivals: Arrivals = field(default_factory=Arrivals)
    events: Events = field(default_factory=Events)
    tally: Tally = field(default_factory=Tally)
    passwords: Passwords = field(default_factory=Passwords)

    def close(self) -> None:
        """Write what is still in memory, then let go of the database and the storage."""
        try:
            self.pulls.flush(self.database)
            self.events.flush(self.database)
        finally:
            self.database.close()
            self.blobs.close()
