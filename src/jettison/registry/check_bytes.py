"""Checking bytes against rows, both ways.

Rows come after bytes and go before them. So bytes that a row names are there as long as the row is, and a file that no
row names at one moment, and that is there after it, is needed by nobody.
"""

from __future__ import annotations

import errno
import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from jettison.blobs.store import BytesMissing, Key
from jettison.metadata import blobs
from jettison.metadata import check as rows
from jettison.metadata.blobs import Damage
from jettison.metadata.check import StoredRow
from jettison.oci.digest import new_hash
from jettison.registry import adoption
from jettison.registry.finding import Finding, Progress, Tell
from jettison.registry.registry import Registry

ROWS_A_LOOK = 500
FILES_A_LOOK = 1000
PIECE = 1024 * 1024
DELETABLE = ("unknown-file", "unnamed")
NAMED_AT_MOST = 20
"""Repositories that a finding names: a base layer may be in thousands."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    kind: str
    problem: str
    damage: Damage | None
    """What is to be recorded of the bytes; None where nothing is proven."""


def stored(registry: Registry, tell: Tell, *, read_data: bool, repair: bool) -> Iterator[Finding]:
    """Bytes that rows name and that are not there, not as many, or (with ``read_data``) others.

    Those recorded as damaged are read in any case: a disk may have come back. With ``repair`` what is found is
    recorded, so that the next push of these bytes stores them anew.
    """
    _, count, size = registry.database.read(rows.totals)
    done = _Done(tell, read_data, size if read_data else count)
    for row in _stored_rows(registry):
        verdict = _judge(registry, row, done, read=read_data or row.damage is not Damage.NONE)
        # A row that has gone since was dropped by a sweep, and its bytes after it.
        known = registry.database.read(partial(blobs.damage_of, key=row.key)) if verdict else None
        if verdict is not None and known is not None:
            yield _report(registry, row, verdict, known, repair=repair)
        done.finish(row)


class _Done:
    """Tells how far the reading is: by bytes where all are read, else by blobs."""

    def __init__(self, tell: Tell, in_bytes: bool, total: int) -> None:
        self._tell, self._in_bytes, self._total = tell, in_bytes, total
        self._before = self._within = 0

    def read(self, size: int) -> None:
        """Some bytes more were read."""
        self._within += size
        if self._in_bytes:
            self._say(self._before + self._within)

    def finish(self, row: StoredRow) -> None:
        """A blob is done."""
        self._before += row.size if self._in_bytes else 1
        self._within = 0
        self._say(self._before)

    def _say(self, done: int) -> None:
        part = "bytes" if self._in_bytes else "blobs"
        self._tell(Progress(part, done, max(done, self._total), self._in_bytes))


def _stored_rows(registry: Registry) -> Iterator[StoredRow]:
    last = ""
    while found := registry.database.read(partial(rows.stored_after, last=last, limit=ROWS_A_LOOK), snapshot=True):
        yield from found
        last = found[-1].key


def _judge(registry: Registry, row: StoredRow, done: _Done, *, read: bool) -> _Verdict | None:
    try:
        size = registry.blobs.size(Key(row.key))
        if size is None:
            return _Verdict("missing", "its bytes are missing", Damage.MISSING)
        wanted = {row.size, *(size for _, size in row.blobs)}
        if wanted != {size}:
            expected = " and ".join(f"{each}" for each in sorted(wanted))
            return _Verdict("size", f"{size} bytes lie there, and {expected} should", Damage.MISSING)
        if read and not _reads_right(registry, row, done):
            return _Verdict("content", "the bytes that lie there have another digest", Damage.WRONG)
    except BytesMissing as error:
        return _Verdict("missing", str(error), Damage.MISSING)
    except OSError as error:
        # What the disk cannot read is lost; what this user may not read is not.
        lost = Damage.MISSING if error.errno == errno.EIO else None
        return _Verdict("unreadable", f"its bytes cannot be read: {error.strerror}", lost)
    if row.damage is not Damage.NONE:
        return _Verdict("whole", "it is recorded as damaged, and its bytes are right", Damage.NONE)
    return None


def _reads_right(registry: Registry, row: StoredRow, done: _Done) -> bool:
    hashes = {algorithm: new_hash(algorithm) for algorithm in {digest.algorithm for digest, _ in row.blobs}}
    for piece in registry.blobs.read(Key(row.key), piece=PIECE):
        for hashed in hashes.values():
            hashed.update(piece)
        done.read(len(piece))
    return all(hashes[digest.algorithm].hexdigest() == digest.hex for digest, _ in row.blobs)


def _report(registry: Registry, row: StoredRow, verdict: _Verdict, known: Damage, *, repair: bool) -> Finding:
    damage = verdict.damage
    if damage:
        damage = max(damage, known)
    done = ""
    if repair and damage is not None:
        registry.database.write(lambda tx: blobs.mark(tx, row.key, damage))
        known, done = damage, "recorded as damaged" if damage else "served again"
    homes = registry.database.read(lambda tx: rows.homes_of(tx, row.key, NAMED_AT_MOST))
    return Finding(
        verdict.kind,
        " ".join(str(digest) for digest, _ in row.blobs) or row.key,
        f"{verdict.problem} ({registry.blobs.path(Key(row.key)) or row.key})",
        _remedy(verdict, known),
        tuple(str(home) for home in homes),
        row.key,
        row.size,
        done=done,
        settled=repair and damage is Damage.NONE,
    )


def _remedy(verdict: _Verdict, known: Damage) -> str:
    if verdict.kind == "whole":
        return "--repair has it served again"
    if known:
        return "push it again, which stores it anew; or bring its file back from a backup, then check with --repair"
    if verdict.damage is None:
        return "let this user read it, then check again"
    return "check with --repair, then push it again, which stores it anew; or bring its file back from a backup"


# --------------------------------------------------------------------------------------------------------------- files


def unknown_files(registry: Registry, tell: Tell, young: float) -> Iterator[Finding]:
    """Files that nothing names, older than ``young`` seconds.

    Files are listed first and rows asked after it: whatever comes has its row before its file, as an upload.
    """
    # Files of a tree that was not adopted are nobody's here, and somebody's elsewhere.
    adopted = adoption.is_finished(registry)
    everything = registry.blobs.keys()
    listed = (each for each in everything if adopted or ":" not in each[0])
    done = 0
    while files := dict(itertools.islice(listed, FILES_A_LOOK)):
        for key in _unowned(registry, list(files)):
            at = registry.blobs.stored_at(Key(key))
            if at is not None and time.time() - at >= young:
                yield _unknown(registry, key, files[Key(key)])
        done += len(files)
        tell(Progress("files", done, done))


def _unowned(registry: Registry, keys: list[Key]) -> list[str]:
    owned = registry.database.read(lambda tx: rows.owned(tx, list(keys)))
    return sorted(set(keys) - owned)


def _unknown(registry: Registry, key: str, size: int) -> Finding:
    return Finding(
        "unknown-file",
        key,
        f"nothing names this file ({registry.blobs.path(Key(key)) or key})",
        "leave it if a newer database may know it; else --delete-unknown-files deletes it",
        key=key,
        size=size,
    )


def delete_unknown(registry: Registry, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Delete the files and bytes that these findings say nobody needs; those that are gone, each asked about again."""
    for finding in findings:
        key = finding.key
        if key is None or finding.kind not in DELETABLE:
            continue
        if finding.kind == "unnamed":
            if registry.database.write(partial(rows.discard_unnamed, key=key)):
                yield replace(finding, done="deleted", settled=True)
        elif _unowned(registry, [Key(key)]):
            registry.blobs.delete(Key(key))
            yield replace(finding, done="deleted", settled=True)


def leftovers(registry: Registry, settling: float, *, repair: bool) -> Iterator[Finding]:
    """What uploads left that are over: a second name of a blob, or bytes that never became one.

    An upload whose row is gone was committed, or had nothing worth keeping; either way it is to be finished.
    """
    found = _without_row(registry, registry.blobs.uploads())
    if found:
        # One that was committed a moment ago is about to drop its file by itself.
        time.sleep(settling)
        there = set(registry.blobs.uploads())
        found = _without_row(registry, (id for id in found if id in there))
    for id in found:
        if repair:
            registry.blobs.finish(id)
        problem, remedy = "an upload that is over has left a file behind", "--repair drops it; no blob is touched"
        yield Finding("leftover", id, problem, remedy, done="dropped" if repair else "", settled=repair)


def _without_row(registry: Registry, ids: Iterable[str]) -> list[str]:
    without: list[str] = []
    left = iter(ids)
    while some := list(itertools.islice(left, FILES_A_LOOK)):
        known = registry.database.read(partial(rows.uploads_among, ids=some))
        without += [id for id in some if id not in known]
    return without
