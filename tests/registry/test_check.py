from __future__ import annotations

import contextlib
import errno
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.store import Key
from jettison.metadata import check as rows
from jettison.metadata.database import Database
from jettison.oci.digest import Digest
from jettison.oci.errors import RegistryError
from jettison.registry import check_bytes, restore, sweep, uploads
from jettison.registry.check import How, check
from jettison.registry.finding import Finding, Progress
from jettison.registry.mount import mount
from jettison.registry.registry import Registry
from tests.support.clock import Clock
from tests.support.content import image, index, referrer
from tests.support.invariants import check_rows
from tests.support.place import Place
from tests.support.repository import Repository
from tests.support.traffic import Traffic

PIECE = 1000
"""Bytes that are read at once, here."""


def look(registry: Registry, *, read_data: bool = False, repair: bool = False, settling: float = 0) -> list[Finding]:
    """All that a check finds, of files of any age."""
    return list(check(registry, How(read_data=read_data, repair=repair, young=0, settling=settling)))


def kinds(registry: Registry, *, repair: bool = False) -> list[str]:
    """The kinds of what a check finds that reads everything."""
    return [finding.kind for finding in look(registry, read_data=True, repair=repair)]


def change(registry: Registry, sql: str, **values: object) -> None:
    """Break rows behind the registry's back."""
    changed = registry.database.write(lambda tx: tx.run(sql, **values))
    assert changed > 0, "nothing was broken"


def file_of(registry: Registry, content: bytes, algorithm: str = "sha256") -> Path:
    """The file of a blob."""
    digest = Digest.of(content, algorithm).packed
    row = registry.database.read(lambda tx: tx.one("select key from blob where digest = :digest", digest=digest))
    assert row is not None
    path = registry.blobs.path(Key(row[0]))
    assert path is not None
    return path


@pytest.fixture
def registry(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry that is looked at in pages of two, its bytes in small pieces."""
    monkeypatch.setattr(check_bytes, "ROWS_A_LOOK", 2)
    monkeypatch.setattr(check_bytes, "FILES_A_LOOK", 2)
    monkeypatch.setattr(check_bytes, "PIECE", PIECE)
    monkeypatch.setattr("jettison.registry.check.MANIFESTS_A_LOOK", 2)
    return registry


@pytest.fixture
def full(registry: Registry) -> Repository:
    """The repository ``app`` of a registry in which much has happened, and nothing is wrong."""
    app, other = Repository(registry), Repository(registry, "other/app")
    signed = image(b"layer", b"base")
    app.push(signed, "latest", "1.0")
    app.push(referrer(signed))
    app.push(index(image(b"amd64", b"base"), image(b"arm64", b"base"), blobs=(b"cache",)), "multi")
    other.push(image(b"base", b"its own"), "latest")
    app.upload(b"waits for its manifest")
    app.upload(b"by another algorithm", "sha512")
    other.delete("latest")
    restore.restore(registry, other.delete().id)
    app.push(image(b"deleted"), "deleted")
    app.delete(image(b"deleted").digest)
    session = uploads.start(registry, app.name)
    incoming = uploads.resume(registry, app.name, session.id, 0)
    incoming.append(b"under way")
    incoming.pause()
    incoming.close()
    uploads.start(registry, app.name)
    sweep.sweep(registry, "test")
    return app


def test_a_registry_in_order_has_no_findings(full: Repository) -> None:
    """Live, deleted, restored, leased and arriving content is as it must be; and stays as it was."""
    assert look(full.registry, read_data=True) == []
    assert look(full.registry, repair=True) == []
    check_rows(full.registry.database)


def test_progress_ends_with_all_that_was_looked_at(full: Repository, place: Place) -> None:
    """The last word on each part is its total: rows, manifests, bytes and files."""
    told: list[Progress] = []
    list(check(full.registry, How(read_data=True, tell=told.append)))
    last = {each.part: each for each in told}
    assert list(last) == ["rows", "manifests", "bytes", "files"]
    assert all(each.done == each.total for each in last.values())
    assert last["files"].done == len(place.blobs)
    assert last["bytes"].done == sum(file.stat().st_size for file in place.blobs)


# ------------------------------------------------------------------------------------------------- rows without files


def test_a_missing_file_is_found(full: Repository) -> None:
    """It is named by its digest, with every repository that has it, live or deleted, and what to do."""
    Repository(full.registry, "third").push(image(b"base"), "latest")
    Repository(full.registry, "third").delete()
    file_of(full.registry, b"base").unlink()

    [finding] = look(full.registry)

    assert (finding.kind, finding.subject, finding.size) == ("missing", str(Digest.of(b"base")), 4)
    assert finding.repositories[:2] == ("app", "other/app")
    assert finding.repositories[-1].startswith("third (deletion ")
    assert "push it again" in finding.remedy
    assert not finding.settled


@pytest.mark.parametrize("content", [b"", b"bas", b"base and more"])
def test_a_file_of_another_size_is_found(full: Repository, content: bytes) -> None:
    """Shorter or longer, without reading it."""
    file_of(full.registry, b"base").write_bytes(content)
    [finding] = look(full.registry)
    assert (finding.kind, finding.subject) == ("size", str(Digest.of(b"base")))
    assert f"{len(content)} bytes lie there, and 4 should" in finding.problem


def test_a_row_that_says_another_size_is_found(full: Repository) -> None:
    """A blob's own size counts as well as that of its stored bytes."""
    change(full.registry, "update blob set size = 5 where digest = :digest", digest=Digest.of(b"base").packed)
    assert [finding.kind for finding in look(full.registry)] == ["size"]


def test_other_bytes_of_the_same_size_are_found_where_they_are_read(full: Repository) -> None:
    """Without --read-data nobody looks."""
    file_of(full.registry, b"base").write_bytes(b"vase")
    assert look(full.registry) == []
    assert kinds(full.registry) == ["content"]


SIZES = [1, 2, 64, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 3]
BLOBS = [(bytes([size % 251]) * size, algorithm) for size in SIZES for algorithm in ("sha256", "sha512")]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(which=st.integers(0, len(BLOBS) - 1), where=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
@pytest.mark.slow
def test_any_flipped_bit_is_found(repository: Repository, which: int, where: float, mask: int) -> None:
    """One byte that differs in any way, anywhere in any blob, is found, and nothing else is."""
    registry = repository.registry
    if not registry.database.read(lambda tx: tx.one("select 1 from blob limit 1")):
        for content, algorithm in BLOBS:
            repository.upload(content, algorithm)
    content, algorithm = BLOBS[which]
    flipped = bytearray(content)
    flipped[int(where * len(content))] ^= mask
    path = file_of(registry, content, algorithm)
    path.write_bytes(flipped)
    try:
        found = [(each.kind, each.subject) for each in look(registry, read_data=True)]
    finally:
        path.write_bytes(content)
    assert found == [("content", str(Digest.of(content, algorithm)))]


@pytest.mark.parametrize(("number", "lost"), [(errno.EIO, True), (errno.EACCES, False)])
def test_bytes_that_cannot_be_read_are_found(
    full: Repository, monkeypatch: pytest.MonkeyPatch, number: int, lost: bool
) -> None:
    """What the disk cannot read is as good as missing; what this user may not read is left to the person."""
    doomed, read = file_of(full.registry, b"base").name, FilesystemBlobs.read

    def fails(blobs: FilesystemBlobs, key: Key, *more: Any, **how: Any) -> Any:
        if key == doomed:
            raise OSError(number, os.strerror(number))
        return read(blobs, key, *more, **how)

    monkeypatch.setattr(FilesystemBlobs, "read", fails)
    [finding] = look(full.registry, read_data=True, repair=True)
    assert (finding.kind, finding.done) == ("unreadable", "recorded as damaged" if lost else "")
    assert os.strerror(number) in finding.problem


def test_a_blob_whose_row_has_gone_since_is_no_finding(full: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check has its row in hand while a sweep drops the row, then the file."""
    key = file_of(full.registry, b"waits for its manifest").name
    size = FilesystemBlobs.size

    def swept_meanwhile(blobs: FilesystemBlobs, asked: Key) -> int | None:
        if asked == key:
            full.delete(Digest.of(b"waits for its manifest"), blob=True, purge=True)
            change(full.registry, "update deletion set expires_at = 0 where state = 'purged'")
            sweep.sweep(full.registry, "test")
            assert (key, 22) not in full.registry.database.read(lambda tx: tx.all("select key, size from stored"))
            blobs.delete(asked)
        return size(blobs, asked)

    monkeypatch.setattr(FilesystemBlobs, "size", swept_meanwhile)
    assert look(full.registry) == []


# ------------------------------------------------------------------------------------------------- files without rows


def stray(registry: Registry, content: bytes = b"unknown") -> Path:
    """A blob's file that nothing names."""
    path = registry.blobs.path(registry.blobs.new_key())
    assert path is not None
    path.write_bytes(content)
    return path


def test_a_file_that_nothing_names_is_reported_and_stays(full: Repository) -> None:
    """A repair leaves it too: a newer database may know it."""
    path = stray(full.registry)
    [finding] = look(full.registry, repair=True)
    assert (finding.kind, finding.subject, finding.size, finding.settled) == ("unknown-file", path.name, 7, False)
    assert path.exists()


def test_a_young_file_is_not_asked_who_needs_it(full: Repository) -> None:
    """Some minutes' patience, beside the certainty that rows come first."""
    stray(full.registry)
    assert list(check(full.registry, How())) == []


def test_a_person_may_delete_files_that_nothing_names(full: Repository, place: Place) -> None:
    """Those that were found, and no others."""
    there = place.blobs
    paths = [stray(full.registry) for _ in range(3)]
    found = look(full.registry)
    later = stray(full.registry)

    deleted = list(check_bytes.delete_unknown(full.registry, found))

    assert sorted(finding.subject for finding in deleted) == sorted(path.name for path in paths)
    assert place.blobs == sorted([*there, later])


def test_what_something_names_by_now_is_not_deleted(full: Repository) -> None:
    """Between the finding and the person's word, a newer database may have come back."""
    path = stray(full.registry, b"known")
    found = look(full.registry)
    change(full.registry, "insert into stored (key, size) values (:key, 5)", key=path.name)
    change(
        full.registry,
        "insert into blob (digest, size, key) values (:digest, 5, :key)",
        digest=Digest.of(b"known").packed,
        key=path.name,
    )
    assert list(check_bytes.delete_unknown(full.registry, found)) == []
    assert path.exists()


def test_only_files_and_bytes_without_a_name_are_ever_deleted(full: Repository, place: Place) -> None:
    """Other findings, even about files, are not in reach of the deletion."""
    file_of(full.registry, b"base").write_bytes(b"short"[:3])
    files = place.blobs
    assert list(check_bytes.delete_unknown(full.registry, look(full.registry))) == []
    assert place.blobs == files


def test_bytes_without_a_digest_are_found_and_can_be_deleted(full: Repository) -> None:
    """A stored row that no blob names is as unknown as a file without a row."""
    path = stray(full.registry)
    change(full.registry, "insert into stored (key, size) values (:key, 7)", key=path.name)
    [finding] = look(full.registry, repair=True)
    assert (finding.kind, finding.key, finding.settled) == ("unnamed", path.name, False)

    assert [each.key for each in check_bytes.delete_unknown(full.registry, [finding])] == [path.name]
    sweep.sweep(full.registry, "test")
    assert not path.exists()
    assert look(full.registry) == []


@pytest.mark.parametrize("ended", [0, 1])
def test_what_an_upload_still_owns_is_not_unknown(full: Repository, ended: int) -> None:
    """Linked and not committed, as after a crash: the upload's row has the key, be it open or ended."""
    session = uploads.start(full.registry, full.name)
    incoming = uploads.resume(full.registry, full.name, session.id, 0)
    incoming.append(b"linked")
    incoming.pause()
    full.registry.blobs.keep(session.id, Key(incoming.row.key), None, 6)
    if ended:
        change(full.registry, "update upload set ended = 1 where id = :id", id=session.id)
    assert full.registry.blobs.size(Key(incoming.row.key)) == 6
    assert look(full.registry) == []


def test_what_is_about_to_be_deleted_is_not_unknown(full: Repository) -> None:
    """A discarded key has its file until the sweep's grace is over."""
    key = file_of(full.registry, b"waits for its manifest").name
    full.delete(Digest.of(b"waits for its manifest"), blob=True, purge=True)
    change(full.registry, "update deletion set expires_at = 0 where state = 'purged'")
    sweep.sweep(full.registry, "test")
    assert full.registry.database.read(lambda tx: tx.one("select 1 from discarded where key = :key", key=key))
    assert full.registry.blobs.size(Key(key)) is not None
    assert look(full.registry) == []


def test_a_file_that_went_after_it_was_listed_is_no_finding(full: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep deletes it and forgets its key between the list and the question."""
    listed = [*full.registry.blobs.keys(), (full.registry.blobs.new_key(), 5)]
    monkeypatch.setattr(FilesystemBlobs, "keys", lambda _: iter(listed))
    assert look(full.registry) == []


# ---------------------------------------------------------------------------------------------------------- leftovers


def test_the_second_name_of_a_committed_blob_is_found_and_dropped(full: Repository, place: Place) -> None:
    """What a crash leaves between the commit and the unlink; the blob itself stays."""
    before = place.uploads
    id = str(uuid.uuid4())
    (place.folder / "uploads" / id).hardlink_to(file_of(full.registry, b"base"))

    [finding] = look(full.registry)
    assert (finding.kind, finding.subject, finding.settled) == ("leftover", id, False)
    assert id in place.uploads

    [finding] = look(full.registry, repair=True)
    assert finding.settled
    assert place.uploads == before
    assert kinds(full.registry) == []


def test_an_upload_that_ends_while_it_is_looked_at_is_no_leftover(
    full: Repository, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was committed a moment ago and drops its own name of the file by itself."""
    path = place.folder / "uploads" / str(uuid.uuid4())
    path.hardlink_to(file_of(full.registry, b"base"))
    monkeypatch.setattr("time.sleep", lambda _: path.unlink())
    assert look(full.registry, settling=1) == []


# --------------------------------------------------------------------------------------------------------------- rows

APP = "(select id from repository where name = 'app' and deletion is null)"
OTHER = "(select id from repository where name = 'other/app' and deletion is null)"
LATEST = f"(select manifest from tag where repository = {APP} and name = 'latest')"
IN_OTHER = f"(select manifest from tag where repository = {OTHER} and name = 'restored')"
SHARED = "(select id from blob where size = 4)"

BREAKS = {
    "foreign-blob": (f"update manifest_blob set repository = {OTHER} where manifest = {LATEST} and blob = {SHARED}", 0),
    "foreign-tag": (f"update tag set manifest = {IN_OTHER} where repository = {APP} and name = '1.0'", 0),
    "foreign-child": (f"insert into manifest_child (parent, child) values ({IN_OTHER}, {LATEST})", 0),
    "leased": (f"update repository_blob set leased_until = 1 where repository = {APP} and blob = {SHARED}", 1),
    "unleased": (f"update repository_blob set leased_until = null where repository = {APP} and leased_until > 0", 1),
    "listed": ("insert into repository (name, listed, created_at) values ('empty', 1, 1)", 1),
    "unlisted": (f"update repository set listed = 0 where id = {APP}", 1),
    "copied": (f"update manifest set copied = 1 where id = {LATEST}", 1),
    "unlinked": ("insert into blob (digest, size, key) select :digest, size, key from blob where size = 4", 1),
    "doomed": ("insert into discarded (key, size, after) select key, size, 0 from stored where size = 4", 1),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_broken_relation_is_found_and_mended_where_nothing_can_be_lost(full: Repository, kind: str) -> None:
    """What foreign keys cannot say is looked at; a check alone changes nothing, a repair what is safe to."""
    Repository(full.registry, "other/app").push(image(b"base", b"restored"), "restored")
    sql, mended = BREAKS[kind]
    values = {"digest": Digest.of(b"base", "sha512").packed} if ":digest" in sql else {}
    change(full.registry, sql, **values)

    found = [finding for finding in look(full.registry) if finding.kind == kind]
    assert found
    assert not any(finding.settled for finding in found)
    assert len({finding.subject for finding in found}) == len(found)

    assert kind in kinds(full.registry, repair=True)
    assert (kind not in kinds(full.registry)) == bool(mended)
    if mended:
        assert kinds(full.registry) == []
        check_rows(full.registry.database)


def test_every_rule_has_its_test() -> None:
    """A rule that nobody breaks would never be seen to fail."""
    assert {rule.kind for rule in rows.RULES} == {*BREAKS, "unnamed", "foreign-missing"}


def test_what_a_manifest_lacks_remembered_for_another_repository_is_found(place: Place, full: Repository) -> None:
    """Nobody would ever bring it there."""
    sparse = Repository(place.open_registry(full.registry.database, blobs_required=False), "sparse")
    sparse.put(image(b"never pushed"), "latest")
    change(full.registry, f"update missing set repository = {OTHER}")
    assert "foreign-missing" in kinds(full.registry)


def test_what_a_repair_gives_a_lease_goes_when_it_is_over(full: Repository, place: Place) -> None:
    """It is kept for as long as an upload is, in which a push may still come for it."""
    change(full.registry, BREAKS["unleased"][0])
    look(full.registry, repair=True)
    until = full.registry.database.read(
        lambda tx: tx.all("select distinct leased_until - :now from repository_blob where leased_until > 0", now=tx.now)
    )
    assert until == [(full.registry.rules.upload_lease,)]


# ---------------------------------------------------------------------------------------------------------- manifests


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (f"delete from manifest_content where manifest = {LATEST}", "has no content"),
        (f"update manifest_content set content = :other where manifest = {LATEST}", "has other content than its"),
        (f"update manifest_content set content = :short where manifest = {LATEST}", "has 5 bytes and should have"),
        (f"update manifest set artifact_type = 'another' where id = {LATEST}", "another subject or artifact type"),
        (f"update manifest set subject = digest where id = {LATEST}", "another subject or artifact type"),
        (f"update manifest set media_type = 'no/such' where id = {LATEST}", "none that this version takes"),
    ],
)
def test_a_manifest_that_is_not_as_its_row_says_is_found(full: Repository, sql: str, problem: str) -> None:
    """Its bytes, their digest and number, and what the row has taken from them."""
    content = bytearray(image(b"layer", b"base").content)
    content[-1] ^= 1
    values = {name: value for name, value in (("other", bytes(content)), ("short", b"short")) if f":{name}" in sql}
    change(full.registry, sql, **values)
    [finding] = [finding for finding in look(full.registry, repair=True) if finding.kind == "manifest"]
    assert problem in finding.problem
    assert (finding.subject, finding.repositories) == (str(image(b"layer", b"base").digest), ("app",))
    assert not finding.settled


@pytest.mark.parametrize("needed", [True, False], ids=["linked", "gone"])
def test_a_manifest_that_does_not_hold_what_it_needs_is_mended(full: Repository, needed: bool) -> None:
    """It holds again what its repository has, and waits for the rest, which a push brings."""
    blob = Digest.of(b"layer").packed
    which = "(select id from blob where digest = :blob)"
    change(full.registry, f"delete from manifest_blob where manifest = {LATEST} and blob = {which}", blob=blob)
    if not needed:
        change(full.registry, f"delete from repository_blob where repository = {APP} and blob = {which}", blob=blob)
    [finding] = [each for each in look(full.registry) if each.kind == "incomplete"]
    assert finding.subject == str(image(b"layer", b"base").digest)

    assert "incomplete" in kinds(full.registry, repair=True)
    assert "incomplete" not in kinds(full.registry, repair=True)
    check_rows(full.registry.database)
    full.upload(b"layer")
    assert full.has_blob(b"layer")
    assert kinds(full.registry) == []
    check_rows(full.registry.database)


def test_a_manifest_that_waits_for_what_is_there_is_mended(full: Repository) -> None:
    """What is remembered as missing and came all the same is held."""
    blob = Digest.of(b"waits for its manifest").packed
    change(
        full.registry,
        f"insert into missing (manifest, repository, digest) values ({LATEST}, {APP}, :blob)",
        blob=blob,
    )
    assert kinds(full.registry, repair=True) == ["incomplete"]
    assert kinds(full.registry) == []


def test_a_damaged_database_is_found_and_nothing_else_is_looked_at(tmp_path: Path, clock: Clock) -> None:
    """Nothing that such a database says can be trusted."""
    before = Place(tmp_path, None, clock)
    database = before.open_database()
    Repository(before.open_registry(database)).push(image(b"layer"), "latest")
    row = database.read(lambda tx: tx.one("select rootpage from sqlite_master where name = 'blob'"))
    assert row is not None
    before.close()
    path = tmp_path / "jettison.db"
    content = bytearray(path.read_bytes())
    page = (row[0] - 1) * int.from_bytes(content[16:18], "big")
    content[page : page + 500] = os.urandom(500)
    path.write_bytes(content)

    after = Place(tmp_path, None, clock)
    found = look(after.open_registry(after.open_database(migrated=False)), read_data=True)
    after.close()

    assert {finding.kind for finding in found} == {"database"}
    assert "backup" in found[0].remedy


# ------------------------------------------------------------------------------------------------------- beside others


@pytest.mark.slow
def test_a_check_beside_everything_else_finds_nothing(place: Place, database: Database, clock: Clock) -> None:
    """Whatever is pushed, mounted, deleted, restored and swept meanwhile, files of any age included."""
    registry = place.open_registry(database, undo=1000, upload_lease=1000, touch_lease=1000, sweep_grace=0)
    one, two = Repository(registry, "one"), Repository(registry, "two")

    def push(number: int) -> None:
        drafts = [image(b"%d" % (number % 7)), index(image(b"%d" % number), image(b"base"))]
        with contextlib.suppress(RegistryError):  # what a sweep took before the manifest came
            one.push(drafts[number % 2], f"tag-{number % 3}")

    def delete(number: int) -> None:
        with contextlib.suppress(RegistryError):
            mount(registry, two.name, Digest.of(b"base"), one.name, lambda _: True)
            deleted = one.delete(None if number % 5 == 0 else f"tag-{number % 3}")
            if number % 2:
                restore.restore(registry, deleted.id)

    def clean(_: int) -> None:
        clock.advance(0.0001)
        sweep.sweep(registry, "test")

    def begin(number: int) -> None:
        session = uploads.start(registry, two.name)
        if number % 2:
            uploads.cancel(registry, two.name, session.id)
        else:
            two.upload(b"upload %d" % number)

    traffic = [Traffic(act) for act in (push, delete, clean, begin)]
    for each in traffic:
        each.start()
    try:
        for _ in range(15):
            assert look(registry, read_data=True, settling=0.3) == []
    finally:
        for each in traffic:
            each.end()
    assert all(each.rounds > 3 for each in traffic)
