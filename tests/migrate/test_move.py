"""Moving a registry: between both databases and both kinds of storage, interrupted anywhere, and back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jettison.blobs.store import Key
from jettison.metadata.moves import HalfMoved
from jettison.metadata.present import require_registry
from jettison.metadata.tables import moving
from jettison.metadata.transfer import checksum, counted
from jettison.migrate.adopt import adopt
from jettison.migrate.folder_tree import FolderTree
from jettison.migrate.move import CannotMove, Damaged, End, Wishes, cancel, move
from jettison.migrate.rows import Unequal
from jettison.oci.digest import Digest
from jettison.oci.errors import Unavailable
from jettison.registry import points, restore, users
from jettison.registry.access import EVERYONE
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from tests.migrate.plant import Plant
from tests.migrate.yard import KINDS, PARTS, Yard, yard
from tests.support.content import image, index, referrer
from tests.support.invariants import check_rows
from tests.support.repository import Repository

__all__ = ["yard"]
pytestmark = pytest.mark.slow

BASE = image(b"base layer", b"shared layer")
APP = image(b"shared layer", b"app layer" * 5000)
MULTI = index(image(b"linux"), image(b"arm"))
POINTS = [
    ("move.noted", 1), ("move.noted", 3), ("move.kept", 1), ("move.kept", 3), ("move.frozen", 1), ("move.rows", 1),
    ("move.rows", 4), ("move.rows", 8), ("move.late", 1), ("move.ended", 1),
]  # fmt: skip


class Interrupted(Exception):
    """As if the process had been killed: whatever was not committed is not there."""


@pytest.fixture
def interrupt() -> Iterator[Callable[[str, int], None]]:
    """Has whatever reaches a point for the n-th time end there, once."""

    def at(point: str, times: int) -> None:
        left = itertools.count(times, -1)

        def watch(reached: str) -> None:
            if reached == point and next(left) == 1:
                raise Interrupted(point)

        points.watch(watch)

    yield at
    points.watch(None)


def fill(registry: Registry) -> None:
    """A bit of everything: tags, an index, a referrer, deletions that can be undone, accounts, garbage."""
    app, other, hidden = (Repository(registry, name) for name in ("team/app", "other", "hidden"))
    app.push(BASE, "base")
    app.push(APP, "1", "latest")
    app.push(MULTI, "multi")
    app.push(referrer(APP))
    other.push(APP, "copy")
    other.push(BASE, "gone")
    other.delete("gone")
    other.upload(b"a blob alone")
    hidden.push(image(b"hidden layer"), "v1")
    hidden.delete()
    users.add(registry, EVERYONE, NOBODY, "ada", "correct horse battery", admin=True)


def sums(end: End) -> dict[str, tuple[int, str]]:
    """What each table that moves has, but those with keys of bytes."""
    chosen = [*moving(late=False), *moving(late=True)]
    return {each.name: checksum(end.registry.database, each) for each in chosen if each.name not in ("stored", "blob")}


def is_whole(end: End) -> None:
    """All that `fill` has pushed can be pulled, and what it has deleted can be brought back."""
    registry = end.registry
    check_rows(registry.database)
    app, other, hidden = (Repository(registry, name) for name in ("team/app", "other", "hidden"))
    assert [tag for tag in ("base", "1", "latest", "multi") if not app.has(tag)] == []
    assert [blob for blob in (*BASE.blobs, *APP.blobs) if not app.has_blob(blob)] == []
    assert other.has("copy")
    assert not other.has("gone")
    assert not hidden.has("v1")
    assert [user.name for user in users.everyone(registry, EVERYONE)] == ["ada"]
    for id in registry.database.read(lambda tx: tx.all("select id from deletion order by id")):
        restore.restore(registry, id[0])
    assert hidden.has("v1")
    assert hidden.has_blob(b"hidden layer")
    assert other.has("gone")
    check_rows(registry.database)


def keys(end: End) -> set[str]:
    """The keys that its storage has."""
    return set(dict(end.registry.blobs.keys()))


def inode(end: End, key: str) -> int:
    """The file that the bytes at a key are."""
    path = end.registry.blobs.path(Key(key))
    assert path is not None
    return path.stat().st_ino


def named(end: End) -> set[str]:
    """The keys that its rows name."""
    return {row[0] for row in end.registry.database.read(lambda tx: tx.all("select key from stored"))}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(one, other, id="-".join((*one, "to", *other)), marks=pytest.mark.needs(*parts) if parts else ())
        for one, other in itertools.product(KINDS, KINDS)
        for parts in [sorted({part for name in (*one, *other) for part in PARTS[name]})]
    ],
)
def test_all_of_a_registry_moves(yard: Yard, one: tuple[str, str], other: tuple[str, str]) -> None:
    """Every row and every byte comes, ids go on where they were, and the target is a registry like any other."""
    source, target = yard.make(*one)(), yard.make(*other)()
    fill(source.registry)
    before = sums(source)
    made = move(source, target, Wishes())
    assert (made.ended, made.lost, made.dropped) == (True, [], 0)
    assert sums(target) == before == sums(source)
    assert keys(target) == named(target) == named(source)
    for table in (each for each in (*moving(late=False), *moving(late=True)) if each.numbered):
        there = source.registry.database.read(lambda tx, table=table: counted(tx, table, source.dialect))  # type: ignore[misc]
        came = target.registry.database.read(lambda tx, table=table: counted(tx, table, target.dialect))  # type: ignore[misc]
        assert (table.name, came) == (table.name, there)
    is_whole(target)
    Repository(target.registry, "new").push(APP, "1")


@pytest.mark.parametrize("kind", [KINDS[0], pytest.param(KINDS[1], marks=pytest.mark.needs("postgresql"))])
def test_what_has_moved_is_read_only(yard: Yard, kind: tuple[str, str]) -> None:
    """Its database refuses pushes, deletions and sweeps, also to a server that was open before; pulls go on."""
    opened = yard.make(*kind)
    source, server = opened(), opened()
    fill(source.registry)
    move(source, yard.make("sqlite", "folder")(), Wishes())
    app = Repository(server.registry, "team/app")
    for write in (lambda: app.put(BASE, "new"), lambda: app.delete("base"), lambda: app.upload(b"new"), app.delete):
        with pytest.raises(Unavailable, match="moved"):
            write()
    assert app.has("base")
    assert app.has_blob(b"base layer")
    assert keys(source) >= named(source)


@pytest.mark.parametrize(("point", "times"), POINTS)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(KINDS[0], KINDS[0], id="sqlite"),
        pytest.param(KINDS[1], KINDS[1], id="postgres", marks=pytest.mark.needs("postgresql")),
    ],
)
def test_a_move_goes_on_where_it_was_interrupted(
    yard: Yard,
    interrupt: Callable[[str, int], None],
    point: str,
    times: int,
    one: tuple[str, str],
    other: tuple[str, str],
) -> None:
    """Interrupted at any step, the target is not served; the next attempt carries no blob again and ends it."""
    left, right = yard.make(*one), yard.make(*other)
    source, target = left(), right()
    fill(source.registry)
    interrupt(point, times)
    with pytest.raises(Interrupted):
        move(source, target, Wishes())
    points.watch(None)
    if point != "move.ended":
        with pytest.raises(HalfMoved, match="jettison move"):
            require_registry(target.registry.database, target.dialect)
    there = {key: inode(target, key) for key in keys(target)}
    again = move(left(), right(), Wishes())
    assert again.ended
    assert {key: inode(target, key) for key in there} == there
    assert again.blobs == (0 if point == "move.ended" else len(named(source)) - len(there))
    assert sums(target) == sums(source)
    assert keys(target) == named(target)
    require_registry(target.registry.database, target.dialect)
    is_whole(right())


def test_what_is_pushed_while_bytes_are_carried_comes_too(yard: Yard) -> None:
    """The source is served until only little is left, and what was deleted meanwhile does not stay at the target."""
    source, target = yard.make("sqlite", "folder")(), yard.make("sqlite", "folder")()
    fill(source.registry)
    move(source, target, Wishes(prepare=True))
    app = Repository(source.registry, "team/app")
    app.push(image(b"pushed meanwhile"), "late")
    gone = source.registry.database.read(lambda tx: tx.one("select id, key from blob where digest = :digest",
                                                           digest=Digest.of(b"a blob alone").packed))  # fmt: skip
    assert gone is not None
    drop(source.registry, *gone)
    made = move(source, target, Wishes())
    assert (made.ended, made.dropped) == (True, 1)
    assert Repository(target.registry, "team/app").has("late")
    assert keys(target) == named(target) == named(source)
    assert sums(target) == sums(source)


def drop(registry: Registry, blob: int, key: str) -> None:
    """What a sweep does to a blob that nothing needs."""

    def work(tx: Any) -> None:
        tx.run("delete from repository_blob where blob = :blob", blob=blob)
        tx.run("delete from candidate where blob = :blob", blob=blob)
        tx.run("delete from blob where id = :blob", blob=blob)
        tx.run("delete from stored where key = :key", key=key)

    registry.database.write(work)
    registry.blobs.delete(Key(key))


def test_prepared_bytes_disturb_nobody(yard: Yard) -> None:
    """Only bytes are carried; the source takes pushes as ever, and the target is not served."""
    source, target = yard.make("sqlite", "folder")(), yard.make("sqlite", "folder")()
    fill(source.registry)
    made = move(source, target, Wishes(prepare=True))
    assert (made.ended, made.rows) == (False, 0)
    assert keys(target) == named(source)
    Repository(source.registry, "team/app").push(BASE, "again")
    with pytest.raises(HalfMoved):
        require_registry(target.registry.database, target.dialect)


def test_a_move_back_loses_nothing_and_carries_only_what_is_new(yard: Yard) -> None:
    """What was pushed at the target comes, what was there is only looked at, and what is gone goes with a sweep."""
    one, other = yard.make("sqlite", "folder")(), yard.make("sqlite", "folder")()
    fill(one.registry)
    move(one, other, Wishes())
    Repository(other.registry, "team/app").push(image(b"pushed there"), "new")
    made = move(other, one, Wishes())
    assert (made.ended, made.blobs) == (True, 2)
    assert sums(one) == sums(other)
    assert Repository(one.registry, "team/app").has("new")
    with pytest.raises(Unavailable):
        Repository(other.registry, "team/app").push(image(b"too late"), "late")
    is_whole(one)
    third = yard.make("sqlite", "folder")()
    assert move(one, third, Wishes()).ended


@pytest.mark.parametrize("kind", [KINDS[0], pytest.param(KINDS[1], marks=pytest.mark.needs("postgresql"))])
def test_a_move_can_be_given_up(yard: Yard, interrupt: Callable[[str, int], None], kind: tuple[str, str]) -> None:
    """The source can be written again, and a later attempt brings what was written; bytes are not carried again."""
    source, target = yard.make(*kind)(), yard.make("sqlite", "folder")()
    fill(source.registry)
    interrupt("move.late", 1)
    with pytest.raises(Interrupted):
        move(source, target, Wishes())
    points.watch(None)
    app = Repository(source.registry, "team/app")
    with pytest.raises(Unavailable):
        app.push(image(b"refused"), "refused")
    assert cancel(source)
    app.push(image(b"taken"), "taken")
    app.delete("base")
    made = move(source, target, Wishes())
    assert (made.ended, made.blobs) == (True, 2)
    assert sums(target) == sums(source)
    with pytest.raises(CannotMove, match="--force"):
        cancel(source)
    assert cancel(source, force=True)
    app.push(image(b"taken again"), "again")
    assert not cancel(source)


def test_a_registry_is_never_moved_over_another(yard: Yard) -> None:
    """What the target holds stays, and nothing is done to the source."""
    source, target = yard.make("sqlite", "folder")(), yard.make("sqlite", "folder")()
    fill(source.registry)
    Repository(target.registry, "precious").push(BASE, "v1")
    with pytest.raises(CannotMove, match="has a registry already"):
        move(source, target, Wishes())
    assert Repository(target.registry, "precious").has("v1")
    Repository(source.registry, "team/app").push(BASE, "still")
    half = yard.make("sqlite", "folder")()
    move(source, half, Wishes(prepare=True))
    stranger = yard.make("sqlite", "folder")()
    with pytest.raises(CannotMove, match="another move"):
        move(stranger, half, Wishes())
    move(source, half, Wishes())
    with pytest.raises(CannotMove, match="it has moved to"):
        move(source, yard.make("sqlite", "folder")(), Wishes())


def test_bytes_that_are_not_right_stop_it(yard: Yard) -> None:
    """It does not end by itself without them; told to, it marks what is missing or wrong, and all else is served."""
    source, target = yard.make("sqlite", "folder")(), yard.make("sqlite", "folder")()
    fill(source.registry)
    wrong, missing = _key(source, b"base layer"), _key(source, b"linux")
    path = source.registry.blobs.path(Key(wrong))
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(b"BASE layer")
    source.registry.blobs.delete(Key(missing))
    with pytest.raises(Damaged, match="2 blobs") as raised:
        move(source, target, Wishes())
    assert set(raised.value.keys) == {wrong, missing}
    made = move(source, target, Wishes(damaged=True))
    assert made.ended
    rows = target.registry.database.read(lambda tx: tx.all("select key, damaged from stored where damaged <> 0"))
    assert dict(rows) == {wrong: 2, missing: 1}
    assert Repository(target.registry, "team/app").has_blob(b"shared layer")


def _key(end: End, content: bytes) -> str:
    digest = Digest.of(content).packed
    row = end.registry.database.read(lambda tx: tx.one("select key from blob where digest = :digest", digest=digest))
    assert row is not None
    return str(row[0])


def test_rows_that_somebody_else_wrote_are_found(yard: Yard, interrupt: Callable[[str, int], None]) -> None:
    """A server on the target is noticed by the comparison; the next attempt begins the rows anew."""
    source, target = yard.make("sqlite", "folder")(), yard.make("sqlite", "folder")()
    fill(source.registry)
    interrupt("move.late", 1)
    with pytest.raises(Interrupted):
        move(source, target, Wishes())
    points.watch(None)
    target.registry.database.write(lambda tx: tx.run("update tag set name = 'other' where name = 'base'"))
    with pytest.raises(Unequal, match="the table tag"):
        move(source, target, Wishes())
    assert move(source, target, Wishes()).ended
    assert sums(target) == sums(source)


def test_adopted_bytes_get_keys_of_their_own(yard: Yard, interrupt: Callable[[str, int], None]) -> None:
    """A tree of distribution moves into ordinary storage: under new keys, the same in each attempt."""
    source, target = yard.make("sqlite", "folder")(), yard.make("sqlite", "folder")()
    plant = Plant(yard.folder(1))
    plant.push("app", APP, "v1")
    plant.push("app", MULTI, "multi")
    adopt(source.registry, FolderTree(yard.folder(1)))
    interrupt("move.kept", 3)
    with pytest.raises(Interrupted):
        move(source, target, Wishes())
    points.watch(None)
    made = move(source, target, Wishes())
    assert made.ended
    assert keys(target) == named(target)
    assert not any(":" in key for key in named(target))
    assert not (yard.folder(2) / "docker").exists()
    check_rows(target.registry.database)
    app = Repository(target.registry, "app")
    assert app.has("v1")
    assert [blob for blob in APP.blobs if not app.has_blob(blob)] == []


def test_bytes_stay_where_both_have_one_storage(yard: Yard) -> None:
    """Only the database changes: no byte is copied or deleted, adopted keys stay, and the way back is open."""
    one = yard.make("sqlite", "folder")
    plant = Plant(yard.folder(1))
    plant.push("adopted", APP, "v1")
    source = one()
    adopt(source.registry, FolderTree(yard.folder(1)))
    Repository(source.registry, "own").push(BASE, "v1")
    elsewhere = yard.make("sqlite", "folder")
    other = End(Registry(elsewhere().registry.database, source.registry.blobs), "the same folder")
    before = keys(source)
    made = move(source, other, Wishes(same_bytes=True))
    assert (made.ended, made.blobs) == (True, 0)
    assert keys(source) == before
    assert named(other) == named(source)
    assert Repository(other.registry, "adopted").has_blob(b"shared layer")
