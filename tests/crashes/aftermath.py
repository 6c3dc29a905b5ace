"""What is left of a registry that died, once every lease and every time for undoing is over: what it needs, no more."""

from __future__ import annotations

from collections.abc import Callable

from jettison.oci.digest import Digest
from jettison.registry.registry import Registry
from jettison.registry.sweep import finish_leftovers, sweep
from tests.support.invariants import check_rows

DAY = 24 * 3600 * 1_000_000
"""Microseconds."""

EMPTIED = ("upload", "candidate", "discarded", "missing")


def nothing_is_left_over(
    registry: Registry, advance: Callable[[int], object], needed: set[bytes] | None = None
) -> None:
    """Let all time pass and sweep: the disk holds what manifests need. ``needed`` are those blobs, where known.

    ``advance`` moves the database's clock by so many microseconds.
    """
    finish_leftovers(registry)
    advance(30 * DAY)
    while sweep(registry, "test"):
        advance(DAY)
    read = registry.database.read
    check_rows(registry.database)
    files = dict(registry.blobs.keys())
    assert files == dict(read(lambda tx: tx.all("select key, size from stored")))
    assert list(registry.blobs.uploads()) == []
    left = {table: read(lambda tx, table=table: tx.all(f"select * from {table}")) for table in EMPTIED}  # type: ignore[misc]
    assert left == {table: [] for table in EMPTIED}
    # Who died has left its name in a lease that is over: a row for each kind of work, which the next one takes.
    assert read(lambda tx: tx.all("select name from lease where until > :now", now=tx.now)) == []
    hidden = read(lambda tx: tx.all("select name, deletion from repository where deletion is not null"))
    assert hidden == []
    rows = read(lambda tx: tx.all("select distinct b.digest from manifest_blob m join blob b on b.id = m.blob"))
    held = {Digest.unpack(row[0]) for row in rows}
    blobs = {Digest.unpack(row[0]) for row in read(lambda tx: tx.all("select digest from blob"))}
    assert blobs == held
    if needed is not None:
        assert blobs == {Digest.of(blob) for blob in needed}
    assert len(files) == len(blobs)
