"""Deletions that are undone or made final while others push, delete, sweep and do the same."""

from __future__ import annotations

import pytest

from jettison.metadata import deletions
from jettison.oci.errors import DeletionEnded, NameUnknown
from jettison.oci.reference import Tag
from jettison.registry import deletion, restore
from jettison.registry.sweep import holder_name, sweep
from jettison.registry.target import Target
from tests.races.scene import A_DAY, Arena, Outcome, Scene

pytestmark = pytest.mark.slow


class _RestoreAndPush(Scene):
    """Someone undoes the deletion of a repository while somebody else pushes its tag again."""

    def prepare(self) -> None:
        self.old, self.new = self.image("old"), self.image("new")
        self.give(self.app, self.old, "latest", "old")
        self.deleted = self.app.delete()
        self.bring(self.app, *self.new.blobs)

    def one(self) -> object:
        return restore.restore(self.registry, self.deleted.id)

    def two(self) -> object:
        return self.app.put(self.new, "latest")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert two.value.digest
        restored = one.value
        assert [left.tag for left in restored.left] in ([], ["latest"])
        assert restored.tags + len(restored.left) == 2
        assert self.app.tags() == ["latest", "old"]
        assert self.app.digest_of("latest") == self.new.digest
        assert self.app.has(self.old)
        assert self.app.has_blob(*self.old.blobs)
        assert self.app.has_blob(*self.new.blobs)


class _RestoreAndRepush(Scene):
    """The same image is pushed again, and its tag with it."""

    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "latest")
        self.deleted = self.app.delete()

    def one(self) -> object:
        return restore.restore(self.registry, self.deleted.id)

    def two(self) -> object:
        return self.app.put(self.draft, "latest")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert two.value.digest
        assert one.value.left == ()
        assert self.app.tags() == ["latest"]
        assert self.app.has_blob(*self.draft.blobs)


@pytest.mark.parametrize("scene", [_RestoreAndPush, _RestoreAndRepush], ids=["of another image", "of the same"])
def test_restore_meets_repush(arena: Arena, scene: type[Scene]) -> None:
    """What was pushed stands, everything else comes back, and the restore names the tag that it left."""
    arena.play(scene)


class _RestoreAndExpiry(Scene):
    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "latest")
        self.deleted = self.app.delete()
        self.later(A_DAY - 1)

    def one(self) -> object:
        return restore.restore(self.registry, self.deleted.id)

    def two(self) -> object:
        self.later(2)
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        ended = one.refused(DeletionEnded)
        self.later()
        self.sweep()
        assert self.app.tags() == (None if ended else ["latest"])
        assert self.app.has_blob(*self.draft.blobs) is not ended


def test_restore_meets_expiry(arena: Arena) -> None:
    """All comes back, or the restore is told that it is too late: nothing comes back in part."""
    arena.play(_RestoreAndExpiry)


class _RestoreAndRestore(Scene):
    alike = True

    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "latest")
        self.deleted = self.app.delete()

    def one(self) -> object:
        return restore.restore(self.registry, self.deleted.id)

    def two(self) -> object:
        return restore.restore(self.registry, self.deleted.id)

    def check(self, one: Outcome, two: Outcome) -> None:
        refused = [one.refused(DeletionEnded), two.refused(DeletionEnded)]
        assert refused.count(True) == 1
        assert self.app.tags() == ["latest"]
        assert self.app.has_blob(*self.draft.blobs)


def test_restore_meets_restore(arena: Arena) -> None:
    """One brings all back, the other is told that it was done."""
    arena.play(_RestoreAndRestore)


class _RestoreAndPurge(_RestoreAndRestore):
    alike = False

    def two(self) -> object:
        return restore.purge(self.registry, self.deleted.id)

    def check(self, one: Outcome, two: Outcome) -> None:
        purged = one.refused(DeletionEnded)
        assert two.refused(DeletionEnded) is not purged
        self.later()
        self.sweep()
        assert self.app.tags() == (None if purged else ["latest"])
        assert self.app.has_blob(*self.draft.blobs) is not purged


class _RestoreAndPurgeOfAll(_RestoreAndPurge):
    """Somebody ends the undoing of all deletions, without holding any name."""

    def two(self) -> object:
        grace = self.registry.rules.sweep_grace
        return self.registry.database.write(lambda tx: deletions.end_all(tx, grace))

    def check(self, one: Outcome, two: Outcome) -> None:
        purged = one.refused(DeletionEnded)
        assert two.value == int(purged)
        self.later()
        self.sweep()
        assert self.app.tags() == (None if purged else ["latest"])
        assert self.app.has_blob(*self.draft.blobs) is not purged


@pytest.mark.parametrize("scene", [_RestoreAndPurge, _RestoreAndPurgeOfAll], ids=["of it", "of all"])
def test_restore_meets_purge(arena: Arena, scene: type[Scene]) -> None:
    """One of the two is done, and the other told which."""
    arena.play(scene)


class _RestoreAndDeletion(Scene):
    """The name has a new repository since, which somebody deletes."""

    def prepare(self) -> None:
        self.old, self.new = self.image("old"), self.image("new")
        self.give(self.app, self.old, "old")
        self.deleted = self.app.delete()
        self.give(self.app, self.new, "new")

    def one(self) -> object:
        return restore.restore(self.registry, self.deleted.id)

    def two(self) -> object:
        return self.app.delete()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.versions == 1
        together = two.value.plan.versions == 2
        assert self.app.tags() == (None if together else ["old"])
        restore.restore(self.registry, two.value.id)
        assert self.app.tags() == ["new", "old"]
        assert self.app.has_blob(*self.old.blobs)
        assert self.app.has_blob(*self.new.blobs)


def test_restore_meets_deletion_of_what_came_since(arena: Arena) -> None:
    """The restored goes with the rest, or comes after it: the deletion counts what it takes, and gives it back."""
    arena.play(_RestoreAndDeletion)


class _RestoreAndUpload(Scene):
    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "latest")
        self.deleted = self.app.delete()
        self.blob = self.content("layer")
        self.id = self.begin(self.blob)

    def one(self) -> object:
        return restore.restore(self.registry, self.deleted.id)

    def two(self) -> None:
        self.finish(self.id, self.blob)

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.tags == 1
        assert two.error is None
        assert self.app.tags() == ["latest"]
        assert self.app.has_blob(self.blob)
        assert self.app.has_blob(*self.draft.blobs)


def test_restore_meets_upload(arena: Arena) -> None:
    """The repository comes back as it was, with the blob in it."""
    arena.play(_RestoreAndUpload)


class _RestoreAndSweep(Scene):
    """Nobody but the deletion has a blob, which another purge has made a candidate, and the restore leaves it."""

    def prepare(self) -> None:
        self.left, self.back = self.image("left"), self.image("back")
        self.give(self.app, self.left, "left")
        self.give(self.app, self.back, "back")
        tags = [Target(self.app.name, Tag.parse(tag)) for tag in ("left", "back")]
        self.deleted = deletion.delete(self.registry, *tags)
        self.app.delete(self.left.digest, purge=True)
        self.give(self.app, self.image("new"), "left")
        self.later(600)
        # As far as this, and no further: the links are gone, and nobody has looked at the blobs.
        with pytest.raises(_Enough):
            sweep(self.registry, holder_name(), _enough)

    def one(self) -> object:
        return restore.restore(self.registry, self.deleted.id)

    def two(self) -> object:
        self.later(61)
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert [left.tag for left in one.value.left] == ["left"]
        assert two.value is not None
        assert self.app.tags() == ["back", "left"]
        assert self.app.has_blob(*self.back.blobs)


class _Enough(Exception):
    pass


def _enough(so_far: object) -> None:
    raise _Enough


def test_restore_meets_sweep(arena: Arena) -> None:
    """A blob that loses its last holder while a sweep looks at it is looked at again: no byte is forgotten."""
    arena.play(_RestoreAndSweep)


class _PurgeAndPush(Scene):
    """Everything is pushed anew while the same content is purged."""

    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "latest")
        self.deleted = self.app.delete()

    def one(self) -> object:
        restore.purge(self.registry, self.deleted.id)
        self.later(600)
        return self.sweep()

    def two(self) -> object:
        return self.app.push(self.draft, "latest")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value is not None
        assert two.value.digest
        self.later()
        self.sweep()
        assert self.app.tags() == ["latest"]
        assert self.app.has_blob(*self.draft.blobs)


def test_purge_meets_repush(arena: Arena) -> None:
    """The push shares the bytes or brings them anew: what it was told is stored stays stored."""
    arena.play(_PurgeAndPush)


class _PurgeAndPushInFlight(Scene):
    """The blobs were seen before; only the manifest is still to come."""

    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "latest")
        self.deleted = self.app.delete()

    def one(self) -> object:
        restore.purge(self.registry, self.deleted.id)
        return self.sweep()

    def two(self) -> object:
        return self.app.put(self.draft, "latest")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value is not None
        assert two.value.digest
        self.later()
        self.sweep()
        assert self.app.has_blob(*self.draft.blobs)


def test_purge_meets_push_in_flight(arena: Arena) -> None:
    """The grace of a purge lets it end well."""
    arena.play(_PurgeAndPushInFlight)


class _PurgeAndPurge(Scene):
    """Two purged deletions of two repositories hold the same blob, and two sweepers drop them at once."""

    alike = True

    def prepare(self) -> None:
        self.draft = self.image()
        for repository in (self.app, self.other):
            self.give(repository, self.draft, "latest")
        self.ids = [repository.delete().id for repository in (self.app, self.other)]

    def one(self) -> object:
        return self._purge(self.ids[0])

    def two(self) -> object:
        return self._purge(self.ids[1])

    def _purge(self, id: int) -> object:
        restore.purge(self.registry, id)
        # Longer than the grace, and than the lease of a sweep that has stopped in the middle.
        self.later(600)
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None is two.error
        self.later()
        self.sweep()
        self.later()
        self.sweep()
        with pytest.raises(NameUnknown):
            self.app.plan()
        assert list(self.registry.blobs.keys()) == [], "the bytes are still there"


def test_purge_meets_purge_of_the_same_bytes(arena: Arena) -> None:
    """The bytes go when both are gone, and are not forgotten between the two."""
    arena.play(_PurgeAndPurge)
