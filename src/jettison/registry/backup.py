"""Backing up beside everything else that goes on: the rows of one moment, and the bytes that they name.

    hold back the sweep -> copy the rows of one moment -> take the bytes that they name -> these rows are the backup
    -> let the sweep go on -> drop from the backup what they do not name

Bytes never change, and nothing but a sweep deletes those that a row has named: while none runs, everything that the
rows of that moment name stays, whatever is pushed and deleted meanwhile. A backup that is cut short leaves the one
before it as it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from jettison import __version__
from jettison.blobs.copies import Copies, Taken
from jettison.blobs.durable import make_folder, sync_folder
from jettison.blobs.store import BytesMissing, Key
from jettison.metadata import check as rows
from jettison.metadata.database import AtRest, Transaction, at_rest
from jettison.oci.errors import Json, RegistryError
from jettison.registry.finding import Progress, Tell, tell_nobody
from jettison.registry.hold import no_sweep
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339

RECORD = "backup.json"
LOCK = "jettison.lock"
"""What a server leaves in a folder that it has served."""
NEW = ".new"

ROWS_A_LOOK = 5000


class NotABackup(RegistryError):
    """The folder has something else in it, which a backup would spoil."""

    code = "UNSUPPORTED"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup: the moment it is of (microseconds since 1970), its blobs and their bytes, and how they came there.

    ``missing`` has each key of which there were no bytes, or not all.
    """

    at: int
    blobs: int
    bytes: int
    there: int
    linked: int
    copied: int
    dropped: int
    missing: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "at": rfc3339(self.at),
            "blobs": self.blobs,
            "bytes": self.bytes,
            "there": self.there,
            "linked": self.linked,
            "copied": self.copied,
            "dropped": self.dropped,
            "missing": list(self.missing),
        }


def back_up(registry: Registry, folder: Path, tell: Tell = tell_nobody) -> BackedUp:
    """Make ``folder`` a data folder that holds the registry as it is now; what it has from an earlier time is used.

    Raises NotABackup; Unavailable where the database or the sweep does not let it; NoSpace, OSError, NotDurable.
    """
    database = at_rest(registry.database)
    _refuse_others(folder, database)
    make_folder(folder)
    if not (folder / RECORD).exists():
        _record(folder, database, {"unfinished": True})
    copies = Copies(folder)
    copy = folder / (database.copy_name + NEW)
    with no_sweep(registry) as sweep:
        copy.unlink(missing_ok=True)
        tell(Progress("database", 0, 1))
        at, wanted = database.copy(copy, _look)
        tell(Progress("database", 1, 1))
        taken, missing = _take(registry, copies, wanted, tell)
        copies.sync()
        sweep.was_held()
        copy.replace(folder / database.copy_name)
        sync_folder(folder)
    dropped = sum(1 for _ in copies.drop_others(wanted))
    done = BackedUp(
        at,
        len(wanted),
        sum(wanted.values()),
        taken[Taken.THERE],
        taken[Taken.LINKED],
        taken[Taken.COPIED],
        dropped,
        tuple(missing),
    )
    _record(folder, database, done.to_json())
    return done


def _look(tx: Transaction) -> tuple[int, dict[str, int]]:
    """The moment, and each stored key with its size."""
    wanted: dict[str, int] = {}
    last = ""
    while found := rows.stored_after(tx, last, ROWS_A_LOOK):
        wanted.update((row.key, row.size) for row in found)
        last = found[-1].key
    return tx.now, wanted


def _take(registry: Registry, copies: Copies, wanted: dict[str, int], tell: Tell) -> tuple[dict[Taken, int], list[str]]:
    taken = dict.fromkeys(Taken, 0)
    missing: list[str] = []
    done, total = 0, sum(wanted.values())
    for key, size in wanted.items():
        try:
            taken[copies.take(registry.blobs, Key(key), size)] += 1
        except BytesMissing:
            missing.append(key)
        done += size
        tell(Progress("bytes", done, total, in_bytes=True))
    return taken, missing


# ---------------------------------------------------------------------------------------------------------- the folder


def _refuse_others(folder: Path, database: AtRest) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    record = folder / RECORD
    if not record.is_file():
        raise NotABackup(f"{folder} is neither empty nor a backup: name a folder of its own")
    if (folder / LOCK).exists():
        raise NotABackup(
            f"{folder} is a registry of its own since it was served: name another folder, or end that one and remove "
            f"{folder / LOCK} to lose what was pushed there"
        )
    known = json.loads(record.read_text()).get("database")
    if known != database.copy_name:
        raise NotABackup(f"{folder} is the backup of another kind of database ({known}): name another folder")
    if (folder / f"{database.copy_name}-wal").exists():
        raise NotABackup(
            f"{folder / database.copy_name} is open, or was when its program was killed: end that program, or run "
            "`jettison check` on this folder, which puts it in order"
        )


def _record(folder: Path, database: AtRest, more: dict[str, Json]) -> None:
    """Write what this folder is, for people and for the next backup."""
    written = folder / (RECORD + NEW)
    written.write_text(json.dumps({"jettison": __version__, "database": database.copy_name, **more}, indent=2) + "\n")
    written.replace(folder / RECORD)
