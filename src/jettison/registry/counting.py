"""Counting what lists are sorted by, in small steps beside everything else: see docs/design/overview.md."""

from __future__ import annotations

import time
from collections.abc import Callable

from jettison.metadata import disk, leases, overview_counts, repositories, space
from jettison.metadata.database import Transaction
from jettison.metadata.disk import Disk
from jettison.metadata.overview_counts import Counted, Due
from jettison.metadata.space import Share
from jettison.registry import platforms, versions
from jettison.registry.registry import MICROSECONDS, Registry
from jettison.registry.sweep import holder_name

LEASE = 60 * MICROSECONDS
LEASE_NAME = "count"

AGAIN = 24 * 3600 * MICROSECONDS
"""After so long every repository is counted again, whether something is known to have changed or not."""

A_STEP = 10
"""Repositories that are counted between two looks at whether others are due, and written as one."""

LONGEST_REST = 1.0
REST = 3
"""After each step it rests for so many times as long as that took, and at most LONGEST_REST seconds."""

DISK_AGAIN = 3600.0
"""Seconds after which the whole disk is counted again though nothing is known to have changed."""

DISK_REST = 100
"""After it was counted it is not for so many times as long as that took."""

LARGEST_SHARED = 100


class Counting:
    """Counts in ``registry``. ``rest`` waits for so many seconds between steps, and may end the turn by raising.

    For one thread.
    """

    def __init__(self, registry: Registry, rest: Callable[[float], object] = time.sleep) -> None:
        self._registry = registry
        self._wait = rest
        self._holder = holder_name()
        self._begun = False
        self._disk_change: tuple[int, int] | None = None
        self._disk_at = 0.0
        self._disk_took = 0.0

    def turn(self) -> int:
        """Count what is due, and the disk if its time has come; how many repositories. Raises Unavailable.

        Nothing is done where another process is at it, or where the registry is read-only.
        """
        if self._registry.rules.read_only:
            return 0
        begun, self._begun = self._begun, True
        if begun and not self._registry.database.read(overview_counts.has_news) and not self._disk_is_due():
            return 0
        if not self._hold():
            return 0
        if not begun:
            self._registry.database.write(overview_counts.add_missing, durable=False)
        self._read_changes()
        counted = 0
        while found := self._registry.database.read(lambda tx: overview_counts.due(tx, A_STEP)):
            began = time.monotonic()
            self._count(found)
            counted += len(found)
            self._rest(began)
            if not self._hold():
                return counted
        if self._disk_is_due():
            self._count_disk()
        return counted

    def end(self) -> None:
        """Let another process count."""
        self._registry.database.write(lambda tx: leases.release(tx, LEASE_NAME, self._holder), durable=False)

    def _hold(self) -> bool:
        return self._registry.database.write(lambda tx: leases.take(tx, LEASE_NAME, self._holder, LEASE), durable=False)

    def _rest(self, began: float) -> None:
        self._wait(min(REST * (time.monotonic() - began), LONGEST_REST))

    def _read_changes(self) -> None:
        """Have those counted that the audit log names, and those of which they changed what is theirs alone."""
        database = self._registry.database
        until = database.read(overview_counts.newest_line)
        for name in database.read(lambda tx: overview_counts.changed_names(tx, until)):
            began = time.monotonic()
            ids = database.read(lambda tx, name=name: overview_counts.affected(tx, name))  # type: ignore[misc]
            database.write(lambda tx, ids=ids: overview_counts.have_counted(tx, ids), durable=False)  # type: ignore[misc]
            self._rest(began)
        database.write(lambda tx: overview_counts.read_until(tx, until), durable=False)

    def _count(self, found: list[Due]) -> None:
        counted = [(due, self._numbers(due)) for due in found]

        def work(tx: Transaction) -> None:
            for due, numbers in counted:
                if numbers is None:
                    overview_counts.put_off(tx, due, tx.now + AGAIN)
                else:
                    overview_counts.store(tx, due, numbers, tx.now + AGAIN)

        self._registry.database.write(work, durable=False)
        for due in (due for due, numbers in counted if numbers is not None):
            last: int | None = 0
            while last is not None:
                began = time.monotonic()
                last = platforms.learn(self._registry, due.repository, due.name, last)
                self._rest(began)

    def _numbers(self, due: Due) -> Counted | None:
        """What the repository has; None where it is not live, so that its name may be another's."""

        def work(tx: Transaction) -> Counted | None:
            if repositories.find(tx, due.name) != due.repository:
                return None
            share = space.of_one(tx, due.name) or Share(due.name, 0, 0, 0, 0)
            pushed_at, pulled_at = overview_counts.times(tx, due.repository)
            listed = versions.count(tx, due.repository)
            return Counted(share.exclusive, share.shared, listed, share.tags, pushed_at, pulled_at)

        return self._registry.database.read(work, snapshot=True)

    def _disk_is_due(self) -> bool:
        waited = time.monotonic() - self._disk_at
        if self._disk_change is None or waited >= DISK_AGAIN:
            return True
        if waited < DISK_REST * self._disk_took:
            return False
        return self._registry.database.read(overview_counts.newest_change) != self._disk_change

    def _count_disk(self) -> None:
        began = time.monotonic()
        change, counted = self._registry.database.read(
            lambda tx: (overview_counts.newest_change(tx), count_disk(tx)), snapshot=True
        )
        self._registry.database.write(lambda tx: disk.store(tx, counted), durable=False)
        self._disk_change = change
        self._disk_at = time.monotonic()
        self._disk_took = self._disk_at - began


def count_disk(tx: Transaction) -> Disk:
    """All bytes at rest as of now. Looks at every link and key."""
    parts, _ = space.of_all(tx)
    return Disk(tx.now, parts, tuple(space.returning(tx)), tuple(disk.largest_shared(tx, LARGEST_SHARED)))
