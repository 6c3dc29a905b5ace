"""Checking that rows and bytes are as they must be, beside everything else that goes on.

Each look is one statement or one snapshot, so that pushes, deletions and sweeps in progress look whole; what is found
in two places at two moments is asked about again before it is reported. Nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from jettison.metadata import check as rows
from jettison.metadata.check import ManifestRow
from jettison.metadata.database import Lock, at_rest
from jettison.oci.digest import Digest
from jettison.oci.errors import ManifestInvalid
from jettison.oci.lenient import read_stored
from jettison.registry import check_bytes
from jettison.registry.finding import Finding, Progress, Tell, tell_nobody
from jettison.registry.registry import Registry

MANIFESTS_A_LOOK = 100
YOUNG = 15 * 60.0
SETTLING = 2.0


@dataclass(frozen=True, slots=True)
class How:
    """How to check. Bytes are read with ``read_data``. ``repair`` does what can lose nothing.

    Files younger than ``young`` seconds are not asked who needs them. An upload that was just committed has
    ``settling`` seconds to drop its own name of the file.
    """

    read_data: bool = False
    repair: bool = False
    young: float = YOUNG
    settling: float = SETTLING
    tell: Tell = tell_nobody


def check(registry: Registry, how: How) -> Iterator[Finding]:
    """Everything that is not as it must be, as it is found. Raises Unavailable."""
    damaged = at_rest(registry.database).problems(thorough=how.read_data)
    yield from (_of_the_database(problem) for problem in damaged)
    if damaged:
        return
    yield from _relations(registry, how)
    yield from _manifests(registry, how)
    yield from check_bytes.stored(registry, how.tell, read_data=how.read_data, repair=how.repair)
    yield from check_bytes.unknown_files(registry, how.tell, how.young)
    yield from check_bytes.leftovers(registry, how.settling, repair=how.repair)


def _of_the_database(problem: str) -> Finding:
    remedy = "stop the server and bring the database back from a backup: nothing else was checked"
    return Finding("database", "the database", problem, remedy)


def _relations(registry: Registry, how: How) -> Iterator[Finding]:
    lease = registry.rules.upload_lease
    for number, rule in enumerate(rows.RULES, 1):
        found = registry.database.read(partial(rows.broken, rule=rule))
        for row in found:
            mended = (
                how.repair
                and rule.mend is not None
                and registry.database.write(partial(rows.mend, rule=rule, row=row, lease=lease), rows.lock_of(row.home))
            )
            homes = (str(row.home),) if row.home else ()
            key = row.subject if rule.kind in ("doomed", "unnamed") else None
            yield _settled(Finding(rule.kind, row.subject, rule.problem, rule.remedy, homes, key), mended)
        if len(found) == rows.MOST:
            problem = f"{rule.problem}: there may be more than these {rows.MOST}"
            yield Finding(rule.kind, "...", problem, "mend these, then check again")
        how.tell(Progress("rows", number, len(rows.RULES)))


# ---------------------------------------------------------------------------------------------------------- manifests


def _manifests(registry: Registry, how: How) -> Iterator[Finding]:
    total, _, _ = registry.database.read(rows.totals)
    last = done = 0
    while found := registry.database.read(
        partial(rows.manifests_after, last=last, limit=MANIFESTS_A_LOOK), snapshot=True
    ):
        for row in found:
            finding = _manifest(registry, row, repair=how.repair)
            if finding is not None:
                yield finding
        last, done = found[-1].id, done + len(found)
        how.tell(Progress("manifests", done, max(total, done)))


def _manifest(registry: Registry, row: ManifestRow, *, repair: bool) -> Finding | None:
    if row.content is None:
        return _broken(row, "has no content")
    if len(row.content) != row.size:
        return _broken(row, f"has {len(row.content)} bytes and should have {row.size}")
    if Digest.of(row.content, row.digest.algorithm) != row.digest:
        return _broken(row, "has other content than its digest says")
    try:
        manifest = read_stored(row.content, row.media_type, row.digest.algorithm)
    except ManifestInvalid as error:
        return _broken(row, f"is none that this version takes: {error.message}")
    subject = manifest.subject.digest if manifest.subject else None
    if (manifest.artifact_type, subject) != (row.artifact_type, row.subject):
        return _broken(row, "says another subject or artifact type than its row")
    needs = {each.digest for each in (*manifest.blobs, *manifest.children)}
    if needs <= row.holds | row.lacks and not row.arrived:
        return None
    return _incomplete(registry, row, needs, repair=repair)


def _broken(row: ManifestRow, problem: str) -> Finding:
    remedy = "delete this version and push it again"
    return Finding("manifest", str(row.digest), f"the manifest {problem}", remedy, (str(row.home),))


def _incomplete(registry: Registry, row: ManifestRow, needs: Iterable[Digest], *, repair: bool) -> Finding:
    """It names something that it neither holds nor is known to lack, or is said to lack what is there."""
    wanted = sorted(needs)
    mended = repair and registry.database.write(lambda tx: rows.complete(tx, row, wanted), Lock.alone(row.home.name))
    problem = "the manifest does not hold all that it needs"
    remedy = "--repair has it hold what is there, and wait for the rest, which a push brings"
    return _settled(Finding("incomplete", str(row.digest), problem, remedy, (str(row.home),)), mended)


def _settled(finding: Finding, mended: bool) -> Finding:
    return replace(finding, done="put right", settled=True) if mended else finding
