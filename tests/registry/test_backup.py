from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from jettison.blobs.copies import Copies, Taken
from jettison.blobs.store import Blobs, Key
from jettison.metadata import leases
from jettison.metadata import uploads as upload_rows
from jettison.metadata.database import Database
from jettison.oci.digest import Digest
from jettison.oci.errors import RegistryError, Unauthorized, Unavailable
from jettison.registry import hold, sessions, sweep, uploads
from jettison.registry.accounts import sign_in
from jettison.registry.backup import LOCK, BackedUp, NotABackup, back_up
from jettison.registry.check import How, check
from jettison.registry.check_bytes import delete_unknown
from jettison.registry.finding import Progress
from jettison.registry.registry import Registry
from jettison.registry.restore import restore as undo
from jettison.registry.sessions import Purpose
from jettison.registry.sweep import Swept
from jettison.server.folder import LOCK as SERVER_LOCK
from tests.support.accounts import PASSWORD, add_user
from tests.support.clock import Clock
from tests.support.content import image, index, referrer
from tests.support.invariants import check_rows
from tests.support.parts import program
from tests.support.place import Place
from tests.support.postgres import PostgresCluster
from tests.support.repository import Repository
from tests.support.traffic import Traffic

MULTI = index(image(b"amd64", b"base"), image(b"arm64", b"base"))
SIGNED = image(b"layer", b"base")
SIGNATURE = referrer(SIGNED)

Restore = Callable[[Path], Registry]
"""Opens the registry that a backup's folder holds, as a person restores it."""


@pytest.fixture
def target(place: Place) -> Path:
    """Where the backup goes: on the same filesystem as the registry, whose folder goes with it."""
    return place.folder / "outside" / "backup"


@pytest.fixture
def restore(request: pytest.FixtureRequest, place: Place, clock: Clock) -> Iterator[Restore]:
    """Restores a backup: it is served as it is, a PostgreSQL database after pg_restore."""
    opened: list[Place] = []
    cluster: PostgresCluster | None = None if place.url is None else request.getfixturevalue("postgres")

    def open_backup(folder: Path) -> Registry:
        url = None
        if cluster is not None:
            url = cluster.create_database()
            command = [program("pg_restore"), "--exit-on-error", f"--dbname={url}", str(folder / "jettison.dump")]
            subprocess.run(command, check=True, capture_output=True)
        opened.append(Place(folder, url, clock))
        return opened[-1].open_registry(opened[-1].open_database())

    yield open_backup
    for each in opened:
        each.close()
        if cluster is not None and each.url is not None:
            cluster.drop_database(each.url)


@pytest.fixture(autouse=True)
def _client_programs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian keeps pg_dump off PATH where its wrapper is not installed."""
    if place.url is not None:
        monkeypatch.setenv("PATH", str(Path(program("pg_dump")).parent), prepend=os.pathsep)


def fill(registry: Registry) -> Repository:
    """Some of everything, in the repository ``app``."""
    app = Repository(registry)
    app.push(SIGNED, "latest", "1.0")
    app.push(SIGNATURE)
    app.push(MULTI, "multi")
    app.upload(b"waits for its manifest")
    Repository(registry, "gone").push(image(b"gone"), "latest")
    Repository(registry, "gone").delete()
    return app


def assert_whole(registry: Registry) -> None:
    """All that was filled in can be pulled, and nothing is wrong."""
    app = Repository(registry)
    for draft in (SIGNED, SIGNATURE, MULTI, *MULTI.children):
        assert app.has(draft)
        assert all(app.has_blob(blob) for blob in draft.blobs)
    assert app.tags() == ["1.0", "latest", "multi"]
    assert app.has_blob(b"waits for its manifest")
    assert app.referrers(SIGNED) == [SIGNATURE.digest]
    check_rows(registry.database)
    assert list(check(registry, How(read_data=True, young=0, settling=0))) == []


def files(folder: Path) -> dict[str, int]:
    """The names and inodes of the blobs in a data folder."""
    return {path.name: path.stat().st_ino for path in (folder / "blobs").rglob("*") if path.is_file()}


def test_a_backup_can_be_served_and_has_everything(registry: Registry, target: Path, restore: Restore) -> None:
    """Tags, indexes, referrers, blobs that wait, and what can be undone."""
    fill(registry)
    back_up(registry, target)
    restored = restore(target)
    assert_whole(restored)
    [(deletion,)] = restored.database.read(lambda tx: tx.all("select id from deletion"))
    assert undo(restored, deletion).tags == 1
    assert Repository(restored, "gone").has("latest")


def test_a_backup_takes_no_space_on_the_same_filesystem(registry: Registry, place: Place, target: Path) -> None:
    """Each blob is one file with two names."""
    fill(registry)
    made = back_up(registry, target)
    assert files(target) == files(place.folder)
    assert (made.blobs, made.linked, made.copied, made.there, made.missing) == (len(files(target)),) * 2 + (0, 0, ())


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_where_links_cannot_be_blobs_are_copied(
    registry: Registry, place: Place, target: Path, restore: Restore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Another filesystem, or one without links: every byte is written anew, and never again."""
    fill(registry)
    with monkeypatch.context() as patch:
        patch.setattr("jettison.blobs.copies.os.link", _raises(OSError(number, os.strerror(number))))
        made = back_up(registry, target)
        assert made.copied == made.blobs == len(place.blobs)
        assert back_up(registry, target).there == made.blobs
    assert files(target).keys() == files(place.folder).keys()
    assert not set(files(target).values()) & set(files(place.folder).values())
    assert_whole(restore(target))


def _raises(error: BaseException) -> Callable[..., NoReturn]:
    def fails(*_: object, **__: object) -> NoReturn:
        raise error

    return fails


def test_a_second_backup_brings_what_is_new_and_drops_what_is_gone(
    registry: Registry, place: Place, target: Path, restore: Restore, clock: Clock
) -> None:
    """Into the same folder; what stayed is not touched."""
    app = fill(registry)
    first = back_up(registry, target)
    app.push(image(b"new"), "new")
    app.delete(Digest.of(b"waits for its manifest"), blob=True, purge=True)
    clock.advance(registry.rules.sweep_grace / 1e6)
    sweep.sweep(registry, "test")

    second = back_up(registry, target)

    assert (second.linked, second.there, second.dropped) == (2, first.blobs - 1, 1)
    clock.advance(registry.rules.sweep_grace / 1e6)
    sweep.sweep(registry, "test")
    assert files(target) == files(place.folder)
    restored = restore(target)
    assert Repository(restored).has_blob(b"new")
    assert not Repository(restored).has_blob(b"waits for its manifest")
    assert list(check(restored, How(read_data=True, young=0, settling=0))) == []


def test_a_backup_that_is_cut_short_leaves_the_one_before(
    registry: Registry, target: Path, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever it ends: new rows come when all their bytes are there, and old bytes go after that."""
    app = fill(registry)
    back_up(registry, target)
    app.push(image(b"new"), "new")
    app.delete("new")
    for step in ("take", "sync"):
        with monkeypatch.context() as patch:
            patch.setattr(Copies, step, _raises(OSError(errno.EIO, "cut short")))
            with pytest.raises(OSError, match="cut short"):
                back_up(registry, target)
    restored = restore(target)
    assert {each.kind for each in check(restored, How(read_data=True, young=0))} <= {"unknown-file"}
    assert Repository(restored).tags() == ["1.0", "latest", "multi"]
    assert Repository(restored).has(MULTI)


def test_a_copy_that_is_cut_short_is_no_blob(
    registry: Registry, target: Path, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets a blob's name when it is whole and durable; the next backup clears it away."""
    fill(registry)
    with monkeypatch.context() as patch:
        patch.setattr("jettison.blobs.copies.os.link", _raises(OSError(errno.EXDEV, "")))
        patch.setattr("jettison.blobs.copies.make_durable", _raises(OSError(errno.EIO, "cut short")))
        with pytest.raises(OSError, match="cut short"):
            back_up(registry, target)
    assert files(target) != {}
    assert all("unfinished" in name for name in files(target))
    back_up(registry, target)
    assert not any("unfinished" in name for name in files(target))
    assert_whole(restore(target))


def test_a_damaged_backup_is_mended_by_the_next(registry: Registry, place: Place, target: Path) -> None:
    """A file of another size is replaced."""
    fill(registry)
    back_up(registry, target)
    path = next(path for path in (target / "blobs").rglob("*") if path.is_file())
    path.unlink()
    path.write_bytes(b"")
    made = back_up(registry, target)
    assert made.linked == 1
    assert files(target) == files(place.folder)


def test_bytes_that_are_missing_are_named(registry: Registry, target: Path, place: Place) -> None:
    """All others are backed up."""
    fill(registry)
    path = place.blobs[0]
    path.unlink()
    made = back_up(registry, target)
    assert made.missing == (path.name,)
    assert len(files(target)) == made.blobs - 1


def test_accounts_are_in_a_backup_and_nobody_is_signed_in(registry: Registry, target: Path, restore: Restore) -> None:
    """What was revoked after it must not come back with it."""
    fill(registry)
    ana = add_user(registry, "ana", "team/**:pull")
    token = sessions.issue(registry, ana, Purpose.REFRESH, "docker")
    back_up(registry, target)
    restored = restore(target)
    assert sign_in(restored, "ana", PASSWORD) == ana
    with pytest.raises(Unauthorized):
        sessions.use(restored, token, Purpose.REFRESH)
    assert sessions.use(registry, token, Purpose.REFRESH) == ana


def test_what_is_under_way_is_not_in_a_backup(registry: Registry, target: Path, restore: Restore) -> None:
    """Sessions whose bytes are elsewhere, and leases of processes that are not there, would only be in the way."""
    app = fill(registry)
    session = uploads.start(registry, app.name)
    back_up(registry, target)
    restored = restore(target)
    assert restored.database.read(lambda tx: tx.all("select id from upload")) == []
    assert restored.database.read(lambda tx: tx.all("select name from lease")) == []
    assert uploads.status(registry, app.name, session.id).received == 0
    assert sweep.sweep(registry, "test") is not None


# ------------------------------------------------------------------------------------------------------- beside others


def test_nothing_that_a_backup_names_is_swept_meanwhile(
    registry: Registry, place: Place, target: Path, restore: Restore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is deleted for good after the rows were copied, and a sweep tries, before the first blob is taken."""
    app = fill(registry)
    take = Copies.take
    swept: list[Swept | None] = []

    def take_after_a_sweep(copies: Copies, blobs: Blobs, key: Key, size: int) -> Taken:
        if not swept:
            app.delete(purge=True)
            clock.advance(2 * registry.rules.sweep_grace / 1e6)
            # A minute has not passed for the lease, which goes by the same clock.
            registry.database.write(lambda tx: tx.run("update lease set until = until + 10000000000"))
            swept.append(sweep.sweep(registry, "another"))
        return take(copies, blobs, key, size)

    monkeypatch.setattr(Copies, "take", take_after_a_sweep)
    monkeypatch.setattr(hold, "LEASE", 10**12)
    made = back_up(registry, target)

    assert swept == [None]
    assert made.missing == ()
    clock.advance(-2 * registry.rules.sweep_grace / 1e6)
    assert_whole(restore(target))
    assert sweep.sweep(registry, "another") is not None


def test_a_backup_that_lost_the_sweeps_lease_is_none(
    registry: Registry, target: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """The machine slept, say, and a sweep ran: what the rows name may be gone, so they do not become the backup."""
    fill(registry)
    take = Copies.take

    def late(copies: Copies, blobs: Blobs, key: Key, size: int) -> Taken:
        clock.advance(sweep.LEASE / 1e6)
        return take(copies, blobs, key, size)

    monkeypatch.setattr(Copies, "take", late)
    with pytest.raises(Unavailable, match="begin it again"):
        back_up(registry, target)
    assert not (target / registry.database.copy_name).exists()  # type: ignore[attr-defined]


def test_a_backup_waits_for_a_sweep_but_not_for_ever(
    registry: Registry, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins when the sweep has ended, and gives up on one that does not end."""
    registry.database.write(lambda tx: leases.take(tx, sweep.LEASE_NAME, "a sweep", sweep.LEASE))
    monkeypatch.setattr(hold, "PATIENCE", 0)
    with pytest.raises(Unavailable, match="a sweep is at work"):
        back_up(registry, target)
    monkeypatch.setattr(hold, "PATIENCE", 60)
    monkeypatch.setattr(
        "time.sleep",
        lambda _: registry.database.write(lambda tx: leases.release(tx, sweep.LEASE_NAME, "a sweep")),
    )
    assert back_up(registry, target).blobs == 0


@pytest.mark.slow
def test_a_backup_beside_pushes_deletions_and_sweeps_is_whole(
    place: Place, database: Database, clock: Clock, target: Path, restore: Restore
) -> None:
    """Every one of several in a row, each into the folder of the one before."""
    registry = place.open_registry(database, undo=1000, upload_lease=1000, touch_lease=1000, sweep_grace=0)
    app = Repository(registry)

    def push(number: int) -> None:
        try:
            app.push(image(b"%d" % number, b"base"), f"tag-{number % 3}")
            if number % 4 == 0:
                app.delete()
        except RegistryError:
            return  # what a sweep took before the manifest came

    def clean(_: int) -> None:
        clock.advance(0.0001)
        sweep.sweep(registry, "another")

    traffic = [Traffic(push), Traffic(push), Traffic(clean)]
    for each in traffic:
        each.start()
    made: list[BackedUp] = []
    try:
        for number in range(2):
            made.append(back_up(registry, target))
            shutil.copytree(target, place.folder / "outside" / str(number), copy_function=os.link)
    finally:
        for each in traffic:
            each.end()
    for number, done in enumerate(made):
        assert done.missing == ()
        restored = restore(place.folder / "outside" / str(number))
        assert list(check(restored, How(read_data=True, young=0, settling=0))) == []
        check_rows(restored.database)


# ----------------------------------------------------------------------------------------- an old database, newer files


def test_an_old_database_over_newer_files_loses_nothing(
    registry: Registry, place: Place, target: Path, restore: Restore, clock: Clock
) -> None:
    """The rows of the backup, all bytes of both: what the rows name is there, the rest is reported and stays."""
    fill(registry)
    back_up(registry, target)
    newer = image(b"pushed after the backup")
    Repository(registry).push(newer, "newer")
    Repository(registry).delete(MULTI.digest, purge=True)
    clock.advance(registry.rules.sweep_grace / 1e6)
    sweep.sweep(registry, "test")
    for path in place.blobs:
        both = target / "blobs" / path.parent.name / path.name
        if not both.exists():
            both.hardlink_to(path)

    restored = restore(target)

    app = Repository(restored)
    assert app.has(MULTI)
    assert all(app.has_blob(blob) for draft in (SIGNED, MULTI, *MULTI.children) for blob in draft.blobs)
    assert not app.has("newer")
    clock.advance(30 * 24 * 3600)
    while sweep.sweep(restored, "test"):
        clock.advance(restored.rules.sweep_grace / 1e6)
    found = list(check(restored, How(read_data=True, repair=True, young=0, settling=0)))
    unknown = {finding.key for finding in found}
    assert {finding.kind for finding in found} == {"unknown-file"}
    digests = {Digest.of((target / "blobs" / key[:2] / key).read_bytes()) for key in unknown if key}
    assert newer.blob_digests <= digests
    assert len(list(delete_unknown(restored, found))) == len(found)
    assert app.has(SIGNED)
    assert app.has_blob(b"base")


@pytest.mark.parametrize("end", ["cancelled", "swept", "pushed again"])
def test_a_stale_upload_of_an_old_database_touches_no_committed_bytes(
    place: Place, registry: Registry, clock: Clock, end: str
) -> None:
    """A session that has long become a blob is back, by rows that are older than its commit: its key is the blob's."""
    app = Repository(registry)
    session = uploads.start(registry, app.name)
    incoming = uploads.resume(registry, app.name, session.id, 0)
    incoming.append(b"committed")
    incoming.pause()
    incoming.finish(Digest.of(b"committed"))
    key = Key(incoming.row.key)
    registry.database.write(lambda tx: _as_before_the_commit(tx, session.id, str(app.name), key))
    assert registry.blobs.size(key) == 9

    if end == "cancelled":
        uploads.cancel(registry, app.name, session.id)
    elif end == "swept":
        clock.advance(registry.rules.upload_age / 1e6)
        sweep.sweep(registry, "test")
    else:
        app.upload(b"committed")

    assert registry.blobs.size(key) == 9
    path = registry.blobs.path(key)
    assert path is not None
    assert path.read_bytes() == b"committed"
    kinds = [finding.kind for finding in check(registry, How(read_data=True, repair=True, young=0, settling=0))]
    assert kinds == ([] if end == "pushed again" else ["unknown-file"])
    assert path.read_bytes() == b"committed"


def _as_before_the_commit(tx: Any, id: str, repository: str, key: str) -> None:
    tx.run("delete from repository_blob")
    tx.run("delete from blob")
    tx.run("delete from stored")
    upload_rows.add(tx, id, repository, key, "")
    tx.run("update upload set received = 9 where id = :id", id=id)


# ---------------------------------------------------------------------------------------------------------- the folder


def test_a_folder_with_something_else_is_refused(registry: Registry, target: Path) -> None:
    """Nothing of it is touched."""
    target.mkdir(parents=True)
    (target / "thesis.tex").write_text("my thesis")
    with pytest.raises(NotABackup, match="neither empty nor a backup"):
        back_up(registry, target)
    assert [path.name for path in target.iterdir()] == ["thesis.tex"]
    with pytest.raises(NotABackup, match="neither empty nor a backup"):
        back_up(registry, target / "thesis.tex")


def test_a_backup_that_was_served_is_refused(registry: Registry, target: Path) -> None:
    """It has rows of its own since then. A server leaves its lock."""
    assert LOCK == SERVER_LOCK
    back_up(registry, target)
    (target / LOCK).touch()
    with pytest.raises(NotABackup, match="a registry of its own"):
        back_up(registry, target)


def test_a_backup_that_is_open_is_refused(registry: Registry, target: Path) -> None:
    """What another program has not written back yet would be applied to other rows."""
    back_up(registry, target)
    copy = json.loads((target / "backup.json").read_text())["database"]
    (target / f"{copy}-wal").touch()
    with pytest.raises(NotABackup, match="jettison check"):
        back_up(registry, target)


def test_the_backup_of_another_kind_of_database_is_refused(registry: Registry, target: Path) -> None:
    """Two databases in one folder would leave it open which of them is the backup."""
    back_up(registry, target)
    record = json.loads((target / "backup.json").read_text())
    (target / "backup.json").write_text(json.dumps({**record, "database": "another"}))
    with pytest.raises(NotABackup, match="another kind of database"):
        back_up(registry, target)


def test_the_registry_itself_is_no_place_for_its_backup(registry: Registry, place: Place) -> None:
    """Its folder is not empty, and is no backup."""
    fill(registry)
    with pytest.raises(NotABackup):
        back_up(registry, place.folder)


def test_progress_ends_with_all_bytes(registry: Registry, target: Path) -> None:
    """The database, then the bytes."""
    fill(registry)
    told: list[Progress] = []
    made = back_up(registry, target, told.append)
    last = {each.part: each for each in told}
    assert list(last) == ["database", "bytes"]
    assert last["bytes"].done == last["bytes"].total == made.bytes


def test_without_pg_dump_the_error_names_it(
    place: Place, registry: Registry, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup of PostgreSQL needs PostgreSQL's own program; SQLite needs none."""
    monkeypatch.setenv("PATH", "/nowhere")
    if place.url is None:
        assert back_up(registry, target).blobs == 0
        return
    with pytest.raises(Unavailable, match="pg_dump is not on the PATH"):
        back_up(registry, target)
    assert sweep.sweep(registry, "test") is not None, "the sweep is held back no longer"
