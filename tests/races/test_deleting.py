"""Deletions that meet each other, and what was shown before them."""

from __future__ import annotations

import itertools

import pytest

from jettison.oci.errors import DeletionEnded, ManifestUnknown, NameUnknown, PlanOutdated
from jettison.registry import deletion, restore
from jettison.registry.choice import Filter
from jettison.registry.target import Target
from jettison.registry.untagged import delete_unneeded
from jettison.selection.pattern import Pattern
from tests.races.scene import Arena, Outcome, Scene
from tests.support.content import index

pytestmark = pytest.mark.slow


class _TagAndManifest(Scene):
    """One deletes a tag, the other the manifest that it points at."""

    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "1", "2")

    def one(self) -> object:
        return self.app.delete("1")

    def two(self) -> object:
        return self.app.delete(self.draft.digest)

    def check(self, one: Outcome, two: Outcome) -> None:
        late = one.refused(ManifestUnknown)
        assert two.value.plan.tags == (2 if late else 1)
        assert not self.app.has(self.draft)
        for done in [two] if late else [one, two]:
            restore.restore(self.registry, done.value.id)
        assert self.app.tags() == ["1", "2"]
        assert self.app.has_blob(*self.draft.blobs)


class _IndexAndRepository(Scene):
    """One deletes an index, whose child another index shares, the other all of the repository."""

    def prepare(self) -> None:
        self.shared = self.image("shared")
        self.drafts = index(self.shared, self.image("own")), index(self.shared)
        for number, draft in enumerate(self.drafts):
            self.give(self.app, draft, f"{number}")

    def one(self) -> object:
        return self.app.delete(self.drafts[0].digest)

    def two(self) -> object:
        return self.app.delete()

    def check(self, one: Outcome, two: Outcome) -> None:
        late = one.refused(ManifestUnknown)
        assert two.value.plan.versions == (4 if late else 2)
        for done in [two] if late else [two, one]:
            restore.restore(self.registry, done.value.id)
        assert self.app.tags() == ["0", "1"]
        assert all(self.app.has(each) for draft in self.drafts for each in draft.closure())
        assert self.app.has_blob(*self.shared.blobs)


@pytest.mark.parametrize("scene", [_TagAndManifest, _IndexAndRepository], ids=["tag and manifest", "index and all"])
def test_deletion_meets_overlapping_deletion(arena: Arena, scene: type[Scene]) -> None:
    """The second takes what the first left, or is told that it is gone; undone, both give all back."""
    arena.play(scene)


class _Repositories(Scene):
    """Each deletes both, named in the other order."""

    alike = True

    def prepare(self) -> None:
        for repository in (self.app, self.other):
            self.give(repository, self.image(), "latest")

    def one(self) -> object:
        return deletion.delete(self.registry, Target(self.app.name), Target(self.other.name))

    def two(self) -> object:
        return deletion.delete(self.registry, Target(self.other.name), Target(self.app.name))

    def check(self, one: Outcome, two: Outcome) -> None:
        refused = [one.refused(NameUnknown), two.refused(NameUnknown)]
        assert refused.count(True) == 1
        done = two if refused[0] else one
        assert done.value.plan.versions == 2
        assert self.app.tags() is None is self.other.tags()
        restore.restore(self.registry, done.value.id)
        assert self.app.tags() == ["latest"] == self.other.tags()


def test_deletion_of_many_meets_deletion_of_many(arena: Arena) -> None:
    """Neither waits for the other forever: one does all, the other is told that nothing is left."""
    arena.play(_Repositories)


class _PlanAndPush(Scene):
    """A plan was shown; before it is confirmed, the manifest gets another tag."""

    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "old")
        self.plan = self.app.plan(self.draft.digest)

    def one(self) -> object:
        return self.app.delete(self.draft.digest, expected=self.plan)

    def two(self) -> object:
        return self.app.put(self.draft, "new")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert two.value.digest
        outdated = one.refused(PlanOutdated)
        assert self.app.tags() == (["new", "old"] if outdated else ["new"])
        assert self.app.has_blob(*self.draft.blobs)


def test_confirmed_deletion_meets_push(arena: Arena) -> None:
    """It does what was shown or nothing, and then says what is different."""
    arena.play(_PlanAndPush)


class _UnneededAndTag(Scene):
    """Garbage is collected with what has no tag; just then it gets one."""

    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft)

    def one(self) -> object:
        return delete_unneeded(self.registry, str(self.app.name), "garbage-collect")

    def two(self) -> object:
        return self.app.put(self.draft, "latest")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None
        assert two.value.digest
        assert self.app.tags() == ["latest"]
        assert self.app.has_blob(*self.draft.blobs)


class _UnneededAndIndex(_UnneededAndTag):
    """Just then comes the index that needs it."""

    def two(self) -> object:
        return self.app.put(index(self.draft), "latest")

    def check(self, one: Outcome, two: Outcome) -> None:
        super().check(one, two)
        assert self.app.has(self.draft)


@pytest.mark.parametrize("scene", [_UnneededAndTag, _UnneededAndIndex], ids=["tag", "index"])
def test_collection_of_untagged_meets_push_that_needs_it(arena: Arena, scene: type[Scene]) -> None:
    """It is chosen again where nobody can push: what is needed by then stays, and else the push brings it back."""
    arena.play(scene)


class _FilterAndPush(Scene):
    """Everything that matches is to go; one matching repository gets another tag, and another one begins to match."""

    def prepare(self) -> None:
        self.draft, self.new = self.image("old"), self.image("new")
        self.give(self.app, self.draft, "old")
        self.late = self.repository("app-late")
        self.bring(self.late, *self.new.blobs)

    def one(self) -> object:
        return deletion.delete(self.registry, choice=Filter(Pattern.parse("app*"), everything=True))

    def two(self) -> object:
        self.app.put(self.draft, "new")
        return self.late.put(self.new, "new")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert two.value.digest
        gone = one.value.plan
        assert (self.late.tags() is None) is (str(self.late.name) in gone.repositories)
        assert self.app.tags() in (None, ["new"])
        assert gone.tags == 1 + (self.app.tags() is None) + (self.late.tags() is None)
        restore.restore(self.registry, one.value.id)
        assert self.app.tags() == ["new", "old"]
        assert self.late.tags() == ["new"]


def test_deletion_by_filter_meets_push_of_what_matches(arena: Arena) -> None:
    """It takes what matched when it took the names, with all that these have by then, and counts what it takes."""
    arena.play(_FilterAndPush)


class _Ends(Scene):
    """Two deletions took an index each, and each its copy of the child that both held. Now both end."""

    ways: tuple[str, str]

    def prepare(self) -> None:
        self.shared = self.image("shared")
        self.drafts = index(self.shared, self.image("own")), index(self.shared)
        for number, draft in enumerate(self.drafts):
            self.give(self.app, draft, f"{number}")
        self.ids = [self.app.delete(draft.digest).id for draft in self.drafts]

    def one(self) -> object:
        return self._end(0)

    def two(self) -> object:
        return self._end(1)

    def _end(self, number: int) -> object:
        if self.ways[number] == "restore":
            return restore.restore(self.registry, self.ids[number])
        return restore.purge(self.registry, self.ids[number])

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value
        assert two.value
        self.later()
        self.sweep()
        back = [draft for draft, way in zip(self.drafts, self.ways, strict=True) if way == "restore"]
        there = {each.digest for draft in back for each in draft.closure()}
        for each in {each for draft in self.drafts for each in draft.closure()}:
            assert self.app.has(each) is (each.digest in there)
            assert all(self.app.has_blob(blob) is (each.digest in there) for blob in each.blobs)
        for way, id in zip(self.ways, self.ids, strict=True):
            with pytest.raises(DeletionEnded, match=way):
                restore.restore(self.registry, id)


@pytest.mark.parametrize("ways", list(itertools.product(["restore", "purge"], repeat=2)), ids="-".join)
def test_two_deletions_that_share_a_child_end_in_every_order(arena: Arena, ways: tuple[str, str]) -> None:
    """Each that is restored is whole, whatever becomes of the other, before it or after it; what is purged goes."""
    arena.play(type("Ends", (_Ends,), {"ways": ways}))
