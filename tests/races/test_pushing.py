"""A manifest that is pushed while what it needs, what it is tagged and where it goes come and go."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import pytest

from jettison.metadata import garbage
from jettison.oci.digest import Digest
from jettison.oci.errors import ManifestBlobUnknown, Unsupported
from jettison.registry.mount import mount
from tests.races.scene import Arena, Outcome, Scene
from tests.support.content import index

pytestmark = pytest.mark.slow


class _PushAndSweep(Scene):
    """The lease of the blob that the push needs has just ended."""

    def prepare(self) -> None:
        self.draft = self.image()
        self.bring(self.app, *self.draft.blobs)
        self.later()

    def one(self) -> object:
        return self.app.put(self.draft, "latest")

    def two(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        refused = one.refused(ManifestBlobUnknown)
        assert self.app.has("latest") is not refused
        if refused:
            self.app.push(self.draft, "latest")
        assert self.app.has_blob(*self.draft.blobs)


def test_push_meets_sweep(arena: Arena) -> None:
    """A blob that the push found is there for good; one that the sweep took is refused by name, and comes again."""
    arena.play(_PushAndSweep)


class _PushAndPush(Scene):
    """The first two pushes of a repository, of the same image under two tags."""

    alike = True

    def prepare(self) -> None:
        self.draft = self.image()
        self.bring(self.app, *self.draft.blobs)

    def one(self) -> object:
        return self.app.put(self.draft, "1", "latest")

    def two(self) -> object:
        return self.app.put(self.draft, "latest", "2")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest == two.value.digest == self.draft.digest
        assert self.app.tags() == ["1", "2", "latest"]
        assert self.app.has_blob(*self.draft.blobs)
        assert self.app.delete(self.draft.digest).plan.versions == 1


def test_push_meets_push(arena: Arena) -> None:
    """Both are acknowledged, the manifest is there once, and every tag of both points at it."""
    arena.play(_PushAndPush)


class _FirstPushes(_PushAndPush):
    """Neither the repository nor anything else is there: indexes of nothing need nothing."""

    def prepare(self) -> None:
        self.draft = index(annotations={"round": str(self.number)})

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest == two.value.digest
        assert self.app.tags() == ["1", "2", "latest"]
        assert self.app.is_listed()


def test_first_push_meets_first_push(arena: Arena) -> None:
    """The repository is made once, and listed."""
    arena.play(_FirstPushes)


class _TagAndDeletionOfManifest(Scene):
    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "old")

    def one(self) -> object:
        return self.app.put(self.draft, "new")

    def two(self) -> object:
        return self.app.delete(self.draft.digest)

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest == self.draft.digest
        there = self.app.has(self.draft)
        assert self.app.has("new") is there is self.app.has_blob(*self.draft.blobs)
        assert two.value.plan.tags == (1 if there else 2)
        assert not self.app.has("old")


def test_push_of_a_tag_meets_deletion_of_its_manifest(arena: Arena) -> None:
    """Either the tag goes with the manifest, and the plan says so, or it brings the manifest back whole."""
    arena.play(_TagAndDeletionOfManifest)


class _TagAndDeletionOfTag(Scene):
    def prepare(self) -> None:
        self.old, self.new = self.image("old"), self.image("new")
        self.give(self.app, self.old, "latest")
        self.give(self.app, self.new)

    def one(self) -> object:
        return self.app.put(self.new, "latest")

    def two(self) -> object:
        return self.app.delete("latest")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest == self.new.digest
        [untagged] = two.value.plan.stays
        assert untagged.digest == (self.old.digest if self.app.has("latest") else self.new.digest)
        assert self.app.has(self.old)
        assert self.app.has(self.new)


def test_push_meets_deletion_of_its_tag(arena: Arena) -> None:
    """The deletion takes the tag as it was or as it is, and says which; no manifest goes with it."""
    arena.play(_TagAndDeletionOfTag)


class _IndexAndDeletionOfChild(Scene):
    def prepare(self) -> None:
        self.child = self.image()
        self.draft = index(self.child)
        self.give(self.app, self.child, "child")

    def one(self) -> object:
        return self.app.put(self.draft, "latest")

    def two(self) -> object:
        return self.app.delete(self.child.digest)

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest == self.draft.digest
        assert self.app.has(self.draft)
        broken = [item.digest for item in two.value.plan.breaks]
        assert broken == ([] if self.app.has(self.child) else [self.draft.digest])
        assert self.app.has(self.child) is self.app.has_blob(*self.child.blobs)


def test_index_push_meets_deletion_of_its_child(arena: Arena) -> None:
    """Either the index takes the child back, or the deletion names the index that it breaks."""
    arena.play(_IndexAndDeletionOfChild)


class _IndexAndPushOfChild(Scene):
    """An index may come before its platforms."""

    rules: ClassVar[dict[str, Any]] = {"children_required": False}

    def prepare(self) -> None:
        self.child = self.image()
        self.draft = index(self.child)
        self.bring(self.app, *self.child.blobs)

    def one(self) -> object:
        return self.app.put(self.draft, "latest")

    def two(self) -> object:
        return self.app.put(self.child)

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest, two.value.digest
        self.app.delete(self.draft.digest)
        assert not self.app.has(self.child), "the index did not hold its child"


def test_index_push_meets_push_of_its_child(arena: Arena) -> None:
    """Where children may be missing: whoever is second sees the first, and the index holds the child."""
    arena.play(_IndexAndPushOfChild)


class _PushAndUploadOfItsBlob(Scene):
    """A manifest may come before its blobs."""

    rules: ClassVar[dict[str, Any]] = {"blobs_required": False}

    def prepare(self) -> None:
        self.draft = self.image()
        [self.blob] = self.draft.blobs
        # Making the repository would itself have one wait for the other.
        self.bring(self.app, self.content("first"))
        self.id = self.begin(self.blob)

    def one(self) -> object:
        return self.app.put(self.draft, "latest")

    def two(self) -> object:
        self.finish(self.id, self.blob)
        return None

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest
        assert two.value is None
        self.later()
        self.sweep()
        assert self.app.has_blob(self.blob), "the manifest did not hold its blob"


class _PushAndMountOfItsBlob(_PushAndUploadOfItsBlob):
    def prepare(self) -> None:
        self.draft = self.image()
        [self.blob] = self.draft.blobs
        self.bring(self.app, self.content("first"))
        self.bring(self.other, self.blob)

    def two(self) -> object:
        assert mount(self.registry, self.app.name, Digest.of(self.blob), self.other.name, lambda _: True)
        return None


@pytest.mark.parametrize("scene", [_PushAndUploadOfItsBlob, _PushAndMountOfItsBlob], ids=["upload", "mount"])
def test_push_meets_arrival_of_its_blob(arena: Arena, scene: type[Scene]) -> None:
    """Where blobs may be missing: whoever is second sees the first, and the manifest holds the blob."""
    arena.play(scene)


class _PushAndDeletionOfBlob(Scene):
    def prepare(self) -> None:
        self.draft = self.image()
        [self.blob] = self.draft.blobs
        self.bring(self.app, self.blob)

    def one(self) -> object:
        return self.app.put(self.draft, "latest")

    def two(self) -> object:
        try:
            return self.app.delete(Digest.of(self.blob), blob=True)
        except Unsupported:
            return "needed"

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest
        assert two.value
        self.later()
        self.sweep()
        assert self.app.has_blob(self.blob)


def test_push_meets_deletion_of_its_blob(arena: Arena) -> None:
    """The blob is refused to the deletion, or taken back from it: an acknowledged manifest has it."""
    arena.play(_PushAndDeletionOfBlob)


class _PushAndDeletionOfRepository(Scene):
    """The client has uploaded one blob and seen another there."""

    purge = False

    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "seen")

    def one(self) -> object:
        return self.app.put(self.draft, "latest")

    def two(self) -> object:
        return self.app.delete(purge=self.purge)

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest
        there = two.value.plan.tags == 1
        self.later()
        self.sweep()
        assert self.app.tags() == (["latest"] if there else None)
        assert self.app.has_blob(*self.draft.blobs) is there


class _PushAndPurgeOfRepository(_PushAndDeletionOfRepository):
    purge = True


@pytest.mark.parametrize("scene", [_PushAndDeletionOfRepository, _PushAndPurgeOfRepository], ids=["delete", "purge"])
def test_push_in_flight_meets_deletion_of_its_repository(arena: Arena, scene: type[Scene]) -> None:
    """The push succeeds: it goes with the repository, which counts its tag, or stands in a new one, whole."""
    arena.play(scene)


class _FirstPushAndLastDeletion(Scene):
    def prepare(self) -> None:
        self.old, self.new = self.image("old"), self.image("new")
        self.give(self.app, self.old, "old")
        self.bring(self.app, *self.new.blobs)

    def one(self) -> object:
        return self.app.put(self.new, "new")

    def two(self) -> object:
        return self.app.delete(self.old.digest)

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest
        assert two.value.plan.versions == 1
        assert self.app.tags() == ["new"]
        assert self.app.is_listed()
        self.app.delete(self.new.digest)
        assert not self.app.is_listed()


def test_first_push_meets_last_deletion(arena: Arena) -> None:
    """The catalog lists the repository as long as it has a manifest, whoever brings or takes it."""
    arena.play(_FirstPushAndLastDeletion)


class _IndexAndExpiryOfChildsDeletion(Scene):
    """What the index could take back can't be undone any more, and goes row by row."""

    def prepare(self) -> None:
        self.inner = index(self.image("amd64"), self.image("arm64"))
        self.draft = index(self.inner)
        self.give(self.app, self.inner)
        self.app.delete()
        self.later()

    def one(self) -> object:
        return self.app.put(self.draft, "latest")

    def two(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        there = not one.refused(ManifestBlobUnknown)
        self.later()
        self.sweep()
        assert [self.app.has(each) for each in self.draft.closure()] == [there] * 4
        assert [self.app.has_blob(*each.blobs) for each in self.inner.children] == [there] * 2


def test_index_push_meets_expiry_of_its_childs_deletion(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index takes back its child with all that this needs, or is refused: never a part of it."""
    monkeypatch.setattr(garbage, "drop_hidden", partial(garbage.drop_hidden, limit=1))
    arena.play(_IndexAndExpiryOfChildsDeletion)


class _PushAndExpiryOfBlobsDeletion(Scene):
    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "old")
        self.app.delete()
        self.later()

    def one(self) -> object:
        return self.app.put(self.draft, "latest")

    def two(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        there = not one.refused(ManifestBlobUnknown)
        self.later()
        self.sweep()
        assert self.app.has(self.draft) is there
        assert self.app.has_blob(*self.draft.blobs) is there


def test_push_meets_expiry_of_the_deletion_that_holds_its_blobs(arena: Arena) -> None:
    """The blob is the push's, for good, or was gone before it looked."""
    arena.play(_PushAndExpiryOfBlobsDeletion)


class _PushAndDroppingOfRepository(Scene):
    """The row of a repository whose last blob's lease is over goes; just then comes a manifest that needs nothing."""

    def prepare(self) -> None:
        self.draft = index(annotations={"round": str(self.number)})
        self.bring(self.app, self.content("forgotten"))
        self.later()

    def one(self) -> object:
        return self.app.put(self.draft, "latest")

    def two(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value.digest
        assert two.value.links
        assert self.app.tags() == ["latest"]
        assert self.app.is_listed()


def test_push_meets_dropping_of_its_empty_repository(arena: Arena) -> None:
    """The push stands in the repository that was there or in a new one."""
    arena.play(_PushAndDroppingOfRepository)
