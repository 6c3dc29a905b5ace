from __future__ import annotations

import random
import threading
from dataclasses import replace

import pytest

from jettison.metadata import leases
from jettison.metadata.database import Database, Transaction
from jettison.metadata.space import Returning
from jettison.oci.errors import DeletionEnded, Unavailable
from jettison.registry import collection, deletion, rehearsal, restore, sweep, uploads
from jettison.registry.collection import Collected, Order, collect, rehearse
from jettison.registry.push import Pushed
from jettison.registry.registry import Registry
from jettison.registry.sweep import Swept
from jettison.registry.target import Target
from tests.support.clock import Clock
from tests.support.content import Draft, image, index, referrer
from tests.support.invariants import check_rows
from tests.support.place import Place
from tests.support.repository import Repository

DAY = 24 * 3600 * 1_000_000
GRACE = 300 * 1_000_000
ORDERS = [Order(untagged, purge) for untagged in (False, True) for purge in (False, True)]
# Of all that a collection may change.
TABLES = ["deletion", "repository", "stored", "blob", "repository_blob", "manifest", "manifest_content"]
TABLES += ["manifest_blob", "manifest_child", "missing", "tag", "upload", "candidate", "discarded", "lease", "sweep"]


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""

    def work(tx: Transaction) -> dict[str, list[tuple[object, ...]]]:
        return {table: sorted(tx.all(f"select * from {table}"), key=repr) for table in TABLES}

    return database.read(work, snapshot=True)


def files(place: Place) -> dict[str, int]:
    """The sizes of all files of blobs and uploads."""
    found = [*place.blobs, *(place.folder / "uploads").iterdir()]
    return {file.name: file.stat().st_size for file in found}


def summary(collected: Collected) -> object:
    """All of it but the numbers of deletions: PostgreSQL does not give those of a rehearsal twice."""
    return [deleted.plan for deleted in collected.deleted], replace(collected, deleted=())


def leave_upload(repository: Repository, content: bytes) -> None:
    """An upload that nobody goes on with."""
    session = uploads.start(repository.registry, repository.name)
    incoming = uploads.resume(repository.registry, repository.name, session.id, None)
    incoming.append(content)
    incoming.pause()
    incoming.close()


def test_it_frees_at_once_what_nothing_needs(
    repository: Repository, registry: Registry, place: Place, clock: Clock
) -> None:
    """What the sweep would do by itself is done and counted, and what comes back later has its time and its reason."""
    repository.push(image(b"kept", config=b"k"), "a")
    repository.push(image(b"expired!", config=b"e"), "b")
    repository.delete("b")
    repository.delete(image(b"expired!", config=b"e").digest)
    clock.advance(24 * 3600)
    collect(registry, Order(), "test")
    clock.advance(300)
    repository.push(image(b"deleted", config=b"d"), "c")
    repository.delete(image(b"deleted", config=b"d").digest)
    repository.upload(b"leased")
    before = files(place)
    collected = collect(registry, Order(), "test")
    assert collected.swept == Swept(files=2, bytes=9)
    assert collected.returning == (
        Returning("lease", 1, 6, clock.now + DAY, clock.now + DAY),
        Returning("undo", 2, 8, clock.now + DAY, clock.now + DAY),
    )
    assert sum(before.values()) - sum(files(place).values()) == 9


def test_the_grace_is_the_last_to_end(repository: Repository, registry: Registry, clock: Clock) -> None:
    """What was swept a moment ago, and what a purge leaves to pushes in flight, comes back after the grace."""
    repository.upload(b"leased")
    clock.advance(24 * 3600)
    repository.push(image(b"purged!", config=b"p"), "a")
    repository.delete(purge=True)
    [returning] = collect(registry, Order(), "test").returning
    assert returning == Returning("grace", 3, 6 + 8, clock.now + GRACE, clock.now + GRACE)


def test_purging_ends_every_undo_window(repository: Repository, registry: Registry, clock: Clock) -> None:
    """Afterwards nothing can be restored, and what deletions held is gone but for the grace of readers."""
    repository.push(image(b"1", config=b"c"), "a")
    repository.push(image(b"2", config=b"d"), "b")
    first = repository.delete("a")
    second = repository.delete(image(b"1", config=b"c").digest)
    clock.advance(300)
    collected = collect(registry, Order(purge_deleted=True), "test")
    assert (collected.purged, collected.swept) == (2, Swept(deletions=2, blobs=2))
    assert collected.returning == (Returning("grace", 2, 2, clock.now + GRACE, clock.now + GRACE),)
    for deleted in (first, second):
        with pytest.raises(DeletionEnded, match="purged"):
            restore.restore(registry, deleted.id)
    clock.advance(300)
    assert collect(registry, Order(), "test").swept == Swept(files=2, bytes=2)


def test_purging_leaves_to_a_push_in_flight_what_was_just_deleted(
    repository: Repository, registry: Registry, clock: Clock
) -> None:
    """A push across the deletion finds its layers for the grace after the deletion, as after any purge."""
    draft = image(b"1", config=b"c")
    repository.push(draft, "a")
    repository.delete()
    clock.advance(299)
    assert collect(registry, Order(purge_deleted=True), "test").swept == Swept()
    repository.put(draft, "again")
    clock.advance(1)
    collected = collect(registry, Order(), "test")
    assert (collected.swept, collected.returning) == (Swept(deletions=1, blobs=0), ())
    assert repository.has_blob(b"1")


def test_purging_never_makes_a_deletion_last_longer(place: Place, clock: Clock) -> None:
    """Where deletions can be undone for less than the grace, purging all keeps to that."""
    registry = place.open_registry(undo=10_000_000)
    repository = Repository(registry)
    repository.push(image(b"1", config=b"c"), "a")
    repository.delete()
    [returning] = collect(registry, Order(purge_deleted=True), "test").returning
    assert returning.last == clock.now + 10_000_000


def test_untagged_versions_are_deleted_where_clients_may_not(place: Place) -> None:
    """Whoever runs the command looks after the registry: `storage.delete.enabled` is about clients."""
    registry = place.open_registry(delete_enabled=False)
    repository = Repository(registry)
    lone = image(b"1")
    repository.push(lone)
    collected = collect(registry, Order(delete_untagged=True, actor="me"), "test")
    assert [item.digest for deleted in collected.deleted for item in deleted.plan.goes] == [lone.digest]
    assert collected.versions == 1
    assert not repository.has(lone)
    assert restore.find(registry, collected.deleted[0].id).actor == "me"


def test_each_repository_has_a_deletion_of_its_own(
    repository: Repository, other: Repository, registry: Registry
) -> None:
    """One can be undone without the other."""
    for each in (repository, other):
        each.push(image(b"1"))
    first, second = collect(registry, Order(delete_untagged=True), "test").deleted
    assert (first.plan.repositories, second.plan.repositories) == (["app"], ["other/app"])
    restore.restore(registry, first.id)
    assert (repository.has(image(b"1")), other.has(image(b"1"))) == (True, False)


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_rehearsal_is_exact_and_changes_nothing(
    seed: int, order: Order, registry: Registry, place: Place, clock: Clock
) -> None:
    """After any history: no row and no file is touched, and the real thing then does that and nothing else."""
    _history(random.Random(seed), registry, clock)
    before = rows(registry.database), files(place)
    rehearsed = rehearse(registry, order, "test")
    assert (rows(registry.database), files(place)) == before
    collected = collect(registry, order, "test")
    assert summary(collected) == summary(rehearsed)
    gone = before[1].keys() - files(place).keys()
    assert sum(before[1][name] for name in gone) == rehearsed.swept.bytes
    assert len(gone) == rehearsed.swept.files + rehearsed.swept.uploads
    check_rows(registry.database)


def _history(chance: random.Random, registry: Registry, clock: Clock) -> None:
    """Pushes, deletions, abandoned uploads and sweeps over some weeks, ending with something due at every step."""
    repositories = [Repository(registry, name) for name in ("a", "b/c", "d")]
    layers = [bytes([n]) * (n + 1) for n in range(12)]
    pushed: list[Draft] = []
    for step in range(60):
        repository = chance.choice(repositories)
        act = chance.randrange(9)
        if act < 4:
            draft = _draft(chance, layers, pushed)
            pushed.append(draft)
            repository.push(draft, *chance.choice([(), (f"t{step % 7}",)]))
        elif act < 6:
            _delete(chance, repository, pushed)
        elif act == 6:
            leave_upload(repository, chance.choice(layers))
        elif act == 7:
            repository.upload(b"leased" * chance.randrange(5))
        else:
            clock.advance(chance.choice([1, 400, 7 * 3600, 2 * 24 * 3600]))
            if chance.random() < 0.3:
                sweep.sweep(registry, "test")
    leave_upload(repositories[0], b"abandoned")
    clock.advance(7 * 24 * 3600 - 200)
    sweep.sweep(registry, "test")
    last = chance.choice(repositories)
    last.push(_draft(chance, layers, []), "last")
    last.delete(purge=chance.random() < 0.7)
    clock.advance(400)


def _draft(chance: random.Random, layers: list[bytes], pushed: list[Draft]) -> Draft:
    kind = chance.randrange(4)
    if kind == 0 and pushed:
        return index(*{draft.digest: draft for draft in chance.choices(pushed, k=2)}.values())
    if kind == 1 and pushed:
        return referrer(chance.choice(pushed), payload=chance.choice(layers))
    return image(*chance.sample(layers, 2), config=b"%d" % chance.randrange(5))


def _delete(chance: random.Random, repository: Repository, pushed: list[Draft]) -> None:
    there = [draft.digest for draft in pushed if repository.has(draft)]
    tags = repository.tags()
    if tags and chance.random() < 0.4:
        repository.delete(chance.choice(tags))
    elif there and chance.random() < 0.8:
        repository.delete(chance.choice(there), purge=chance.random() < 0.3)
    elif there:
        repository.delete()


def test_a_rehearsal_raises_what_the_real_thing_would(
    repository: Repository, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in the middle arrives as it is, and nothing is changed."""
    repository.push(image(b"1"))
    before = rows(registry.database)

    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sweep, "sweep", fail)
    with pytest.raises(ZeroDivisionError):
        rehearse(registry, Order(delete_untagged=True), "test")
    assert rows(registry.database) == before


def test_who_sweeps_is_waited_for(repository: Repository, registry: Registry) -> None:
    """While another process sweeps nothing happens; when it is done, the rest is collected."""
    repository.upload(b"1")
    assert registry.database.write(lambda tx: leases.take(tx, sweep.LEASE_NAME, "other", sweep.LEASE))
    ended = threading.Event()
    found: list[Collected] = []

    def work() -> None:
        found.append(collect(registry, Order(), "test"))
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert not ended.wait(0.3)
    registry.database.write(lambda tx: leases.release(tx, sweep.LEASE_NAME, "other"))
    assert ended.wait(10)
    thread.join()
    assert [collected.swept for collected in found] == [Swept()]


@pytest.mark.parametrize("act", [collect, rehearse])
def test_who_sweeps_for_ever_is_not_waited_for_so_long(
    act: type, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a bounded time it is an error that says what may be going on; nobody's lease is taken away."""
    monkeypatch.setattr(collection, "PATIENCE", 0.1)
    registry.database.write(lambda tx: leases.take(tx, sweep.LEASE_NAME, "other", sweep.LEASE))
    before = rows(registry.database)
    with pytest.raises(Unavailable, match="another process has kept the sweep to itself"):
        act(registry, Order(), "test")
    assert rows(registry.database) == before


def test_a_rehearsal_that_others_may_wait_for_has_an_end(
    repository: Repository, registry: Registry, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL it holds rows that a push may need, so it gives way; on SQLite it works on a copy and does not."""
    monkeypatch.setattr(rehearsal, "LONGEST", -1.0)
    repository.push(image(b"1"))
    if place.dialect == "sqlite":
        assert rehearse(registry, Order(delete_untagged=True), "test").versions == 1
        return
    with pytest.raises(Unavailable, match="pushes may have to wait"):
        rehearse(registry, Order(delete_untagged=True), "test")


def test_pushes_go_on_during_a_rehearsal(repository: Repository, other: Repository, registry: Registry) -> None:
    """Somebody pushes in the middle of it, and waits for nothing."""
    repository.push(image(b"1"))
    pushed: list[Pushed] = []

    def push(collected: Collected) -> None:
        if not pushed:
            thread = threading.Thread(target=lambda: pushed.append(other.push(image(b"2"), "a")))
            thread.start()
            thread.join(10)

    assert rehearse(registry, Order(delete_untagged=True), "test", push).versions == 1
    assert len(pushed) == 1
    assert other.has("a")


def test_progress_tells_what_is_done_so_far(repository: Repository, registry: Registry) -> None:
    """Each call tells at least as much as the one before, the last one all of it."""
    for number in range(3):
        Repository(registry, f"r{number}").push(image(b"%d" % number))
    told: list[Collected] = []
    collect(registry, Order(delete_untagged=True, purge_deleted=True), "test", told.append)
    assert [collected.versions for collected in told][:3] == [1, 2, 3]
    assert told[-1].purged == 3


def test_a_plan_stays_what_it_was_after_a_rehearsal(repository: Repository, registry: Registry) -> None:
    """What a person was shown can still be carried out: looking is not changing."""
    draft = image(b"1")
    repository.push(draft)
    plan = repository.plan(draft.digest)
    rehearse(registry, Order(delete_untagged=True, purge_deleted=True), "test")
    assert deletion.plan(registry, Target(repository.name, draft.digest)) == plan
