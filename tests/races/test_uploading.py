"""Bytes that come in while others bring the same ones, or what they would be held by goes."""

from __future__ import annotations

import pytest

from jettison.metadata import blobs
from jettison.metadata.blobs import Damage
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, BlobUploadInvalid, BlobUploadUnknown, RangeInvalid
from jettison.registry import pull, uploads
from jettison.registry.mount import mount
from tests.races.scene import A_DAY, Arena, Outcome, Scene
from tests.support.content import Draft, image

pytestmark = pytest.mark.slow


class _UploadAndUpload(Scene):
    """The same bytes, which nobody has yet, by two sessions."""

    alike = True
    crossing = True

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.ids = self.begin(self.blob), self.begin(self.blob)

    def one(self) -> None:
        self.finish(self.ids[0], self.blob)

    def two(self) -> object:
        self.finish(self.ids[1], self.blob)
        return None

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None is two.error
        assert self.app.has_blob(self.blob)


def test_upload_meets_upload(arena: Arena) -> None:
    """Both are acknowledged, and the bytes are there once."""
    arena.play(_UploadAndUpload)


class _UploadAndSweep(Scene):
    """Another repository had the same bytes until its lease ended."""

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.bring(self.other, self.blob)
        self.later()
        self.id = self.begin(self.blob)

    def one(self) -> None:
        self.finish(self.id, self.blob)

    def two(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None
        assert two.value.links
        self.later(A_DAY / 2)
        self.sweep()
        assert self.app.has_blob(self.blob)


def test_upload_meets_sweep_of_the_same_bytes(arena: Arena) -> None:
    """The upload links the bytes that are there, or brings its own: it never links what the sweep takes."""
    arena.play(_UploadAndSweep)


class _UploadAndFileDeletion(Scene):
    """The row of the same bytes is gone already, and the time for their file has come."""

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.bring(self.app, self.blob)
        self.later()
        self.sweep()
        self.later()
        self.id = self.begin(self.blob)

    def one(self) -> None:
        self.finish(self.id, self.blob)

    def two(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None
        assert two.value.files
        assert self.app.has_blob(self.blob)


def test_repush_meets_file_deletion(arena: Arena) -> None:
    """The file that goes has another key than the one that came: the blob can be pulled."""
    arena.play(_UploadAndFileDeletion)


class _UploadAndPurge(Scene):
    """A session that nobody has touched for a week; its client comes back just when it is dropped."""

    crossing = True

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.id = self.begin(self.blob[:5])
        self.later(8 * A_DAY)

    def one(self) -> None:
        self.finish(self.id, self.blob, rest=self.blob[5:], start=5)

    def two(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        refused = one.refused(BlobUploadUnknown, BlobUploadInvalid)
        assert self.app.has_blob(self.blob) is not refused


class _PatchAndPurge(_UploadAndPurge):
    """It comes back with more bytes, and not with the last."""

    def one(self) -> None:
        self.send(self.id, self.blob[5:], 5)

    def check(self, one: Outcome, two: Outcome) -> None:
        if not one.refused(BlobUploadUnknown, BlobUploadInvalid):
            self.finish(self.id, self.blob)
            assert self.app.has_blob(self.blob)


@pytest.mark.parametrize("scene", [_UploadAndPurge, _PatchAndPurge], ids=["PUT", "PATCH"])
def test_upload_meets_purge_of_its_session(arena: Arena, scene: type[Scene]) -> None:
    """It goes on, and what is acknowledged stays, or it is refused and leaves nothing behind."""
    arena.play(scene)


class _UploadAndCancel(Scene):
    crossing = True

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.id = self.begin(self.blob[:5])

    def one(self) -> None:
        self.finish(self.id, self.blob, rest=self.blob[5:], start=5)

    def two(self) -> None:
        uploads.cancel(self.registry, self.app.name, self.id)

    def check(self, one: Outcome, two: Outcome) -> None:
        refused = one.refused(BlobUploadUnknown, BlobUploadInvalid)
        assert two.refused(BlobUploadUnknown) is not refused
        assert self.app.has_blob(self.blob) is not refused


def test_upload_meets_its_cancelling(arena: Arena) -> None:
    """One of the two is refused: what was acknowledged as a blob is there, what was cancelled leaves nothing."""
    arena.play(_UploadAndCancel)


class _PatchAndTwin(Scene):
    """Two requests of one client that believes nothing of the first has come; to tell them apart their bytes differ."""

    alike = True
    crossing = True

    def prepare(self) -> None:
        self.contents = self.content("once"), self.content("next")
        self.id = self.begin()

    def one(self) -> None:
        self.send(self.id, self.contents[0], 0)

    def two(self) -> None:
        self.send(self.id, self.contents[1], 0)

    def check(self, one: Outcome, two: Outcome) -> None:
        refused = [outcome.refused(BlobUploadInvalid, RangeInvalid) for outcome in (one, two)]
        assert any(refused), "both were acknowledged"
        if all(refused):
            assert uploads.status(self.registry, self.app.name, self.id).received == 0
            self.send(self.id, self.contents[0], 0)
        kept = self.contents[refused.index(False) if False in refused else 0]
        assert uploads.status(self.registry, self.app.name, self.id).received == len(kept)
        self.finish(self.id, kept)
        assert self.app.has_blob(kept)


def test_patch_meets_its_stalled_twin(arena: Arena) -> None:
    """At most one of them is acknowledged, and its bytes are what is stored, whole."""
    arena.play(_PatchAndTwin)


class _PutAndTwin(Scene):
    """Two requests that end the upload, each with all its bytes."""

    alike = True
    crossing = True

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.id = self.begin()

    def one(self) -> None:
        self.finish(self.id, self.blob, rest=self.blob, start=0)

    def two(self) -> None:
        self.one()

    def check(self, one: Outcome, two: Outcome) -> None:
        refused = [each.refused(BlobUploadInvalid, BlobUploadUnknown, RangeInvalid) for each in (one, two)]
        assert any(refused)
        assert self.app.has_blob(self.blob) is not all(refused)
        if all(refused):
            self.app.upload(self.blob)


class _EmptyPutAndTwin(_PutAndTwin):
    """All bytes came before."""

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.id = self.begin(self.blob)

    def one(self) -> None:
        self.finish(self.id, self.blob)

    def check(self, one: Outcome, two: Outcome) -> None:
        refused = [each.refused(BlobUploadInvalid, BlobUploadUnknown) for each in (one, two)]
        assert refused.count(True) == 1
        assert self.app.has_blob(self.blob)


@pytest.mark.parametrize("scene", [_PutAndTwin, _EmptyPutAndTwin], ids=["with a body", "without one"])
def test_put_meets_its_stalled_twin(arena: Arena, scene: type[Scene]) -> None:
    """The blob is there if either is acknowledged; bytes that came before are never lost between the two."""
    arena.play(scene)


class _UploadAndDeletionOfRepository(Scene):
    def prepare(self) -> None:
        self.give(self.app, self.image("old"), "old")
        self.blob = self.content("layer")
        self.id = self.begin(self.blob)

    def one(self) -> None:
        self.finish(self.id, self.blob)

    def two(self) -> object:
        return self.app.delete()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None
        assert two.value.plan.versions == 1
        assert self.app.tags() is None
        self.app.put(image(config=self.blob), "latest")
        assert self.app.has_blob(self.blob)


def test_upload_meets_deletion_of_its_repository(arena: Arena) -> None:
    """The blob is in the repository or in a new one, or went with the old; the manifest that follows has it."""
    arena.play(_UploadAndDeletionOfRepository)


class _UploadAndDroppingOfRepository(Scene):
    """The last thing that the repository had was a blob whose lease is over."""

    def prepare(self) -> None:
        self.bring(self.app, self.content("forgotten"))
        self.later()
        self.blob = self.content("layer")
        self.id = self.begin(self.blob)

    def one(self) -> None:
        self.finish(self.id, self.blob)

    def two(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None
        assert two.value.links
        assert self.app.has_blob(self.blob)
        self.app.put(image(config=self.blob), "latest")
        assert self.app.is_listed()


def test_upload_meets_dropping_of_its_empty_repository(arena: Arena) -> None:
    """The blob is in the repository that was there or in a new one."""
    arena.play(_UploadAndDroppingOfRepository)


class _MountAndSweep(Scene):
    """The lease of the source's blob ends in the middle."""

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.bring(self.other, self.blob)
        self.later(A_DAY - 1)

    def one(self) -> object:
        return mount(self.registry, self.app.name, Digest.of(self.blob), self.other.name, lambda _: True)

    def two(self) -> object:
        self.later(2)
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        mounted = one.value
        self.sweep()
        assert self.app.has_blob(self.blob) is mounted
        if mounted:
            self.app.put(image(config=self.blob), "latest")


class _AnonymousMountAndSweep(_MountAndSweep):
    """From whatever repository has it."""

    def one(self) -> object:
        return mount(self.registry, self.app.name, Digest.of(self.blob), None, lambda _: True)


@pytest.mark.parametrize("scene", [_MountAndSweep, _AnonymousMountAndSweep], ids=["from a repository", "from any"])
def test_mount_meets_sweep(arena: Arena, scene: type[Scene]) -> None:
    """A mounted blob is there for its lease; else the client is told to upload it."""
    arena.play(scene)


class _MountAndDeletionOfSource(Scene):
    def prepare(self) -> None:
        self.draft = self.image()
        [self.blob] = self.draft.blobs
        self.give(self.other, self.draft, "latest")

    def one(self) -> object:
        return mount(self.registry, self.app.name, Digest.of(self.blob), self.other.name, lambda _: True)

    def two(self) -> object:
        self.other.delete(purge=True)
        self.later(600)
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        mounted = one.value
        self.later(600)
        self.sweep()
        assert not self.other.has(self.draft)
        assert self.app.has_blob(self.blob) is mounted


def test_mount_meets_deletion_of_its_source(arena: Arena) -> None:
    """Even if all of the source is swept meanwhile: what was mounted is there."""
    arena.play(_MountAndDeletionOfSource)


class _MountAndUpload(Scene):
    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.bring(self.other, self.blob)
        self.id = self.begin(self.blob)

    def one(self) -> object:
        return mount(self.registry, self.app.name, Digest.of(self.blob), self.other.name, lambda _: True)

    def two(self) -> None:
        self.finish(self.id, self.blob)

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value is True
        assert two.error is None
        found = pull.find_blob(self.registry, self.app.name, Digest.of(self.blob))
        assert found.leased_until == self.clock.now + self.registry.rules.upload_lease


def test_mount_meets_upload(arena: Arena) -> None:
    """The blob has the longer lease of the two."""
    arena.play(_MountAndUpload)


class _Head(Scene):
    """Someone asks for a blob whose lease is about to end, as clients do before they push."""

    def prepare(self) -> None:
        self.draft: Draft = self.image()
        [self.blob] = self.draft.blobs
        self.bring(self.app, self.blob)
        self.later(A_DAY - 1)

    def one(self) -> object:
        found = pull.find_blob(self.registry, self.app.name, Digest.of(self.blob), content=False)
        if pull.needs_lease(self.registry, found):
            pull.extend_lease(self.registry, self.app.name, found)
        return True


class _HeadAndSweep(_Head):
    def two(self) -> object:
        self.later(2)
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        if not one.refused(BlobUnknown):
            self.later(600)
            self.sweep()
            self.app.put(self.draft, "latest")
            assert self.app.has_blob(self.blob)


def test_head_meets_sweep(arena: Arena) -> None:
    """A blob that was said to be there is there for the manifest that follows."""
    arena.play(_HeadAndSweep)


class _HeadAndPush(_Head):
    def two(self) -> object:
        return self.app.put(self.draft, "latest")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value is True
        assert two.value.digest
        assert pull.find_blob(self.registry, self.app.name, Digest.of(self.blob)).leased_until is None


def test_head_meets_push(arena: Arena) -> None:
    """A blob that a manifest needs by now gets no lease."""
    arena.play(_HeadAndPush)


class _HeadAndDeletion(_Head):
    def two(self) -> object:
        return self.app.delete()

    def check(self, one: Outcome, two: Outcome) -> None:
        one.refused(BlobUnknown)
        assert two.value.id
        self.app.put(self.draft, "latest")
        assert self.app.has_blob(self.blob)


def test_head_meets_deletion_of_its_repository(arena: Arena) -> None:
    """Whatever it was told, the client's manifest finds the blob."""
    arena.play(_HeadAndDeletion)


class _Mending(Scene):
    """Bytes are known to be damaged, and two clients bring them again at once."""

    alike = True

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.give(self.app, image(config=self.blob), "latest")
        self.ids = self.begin(self.blob), self.begin(self.blob)
        self.damage()

    def damage(self) -> None:
        """Have all stored bytes of the blob known as damaged."""
        key = pull.find_blob(self.registry, self.app.name, Digest.of(self.blob)).key
        self.registry.database.write(lambda tx: blobs.mark(tx, key, Damage.MISSING))

    def one(self) -> None:
        self.finish(self.ids[0], self.blob)

    def two(self) -> object:
        self.finish(self.ids[1], self.blob)
        return None

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None is two.error
        found = pull.find_blob(self.registry, self.app.name, Digest.of(self.blob))
        assert found.damage is Damage.NONE
        self.later(A_DAY / 2)
        self.sweep()
        assert self.app.has_blob(self.blob)


def test_mending_meets_mending(arena: Arena) -> None:
    """The blob has new bytes once, and the damaged ones go."""
    arena.play(_Mending)


class _MendingAndSweep(_Mending):
    """The last link of the blob has lost its lease."""

    alike = False

    def prepare(self) -> None:
        self.blob = self.content("layer")
        self.bring(self.app, self.blob)
        self.damage()
        self.later()
        self.ids = self.begin(self.blob), ""

    def two(self) -> object:
        return self.sweep()


def test_mending_meets_sweep(arena: Arena) -> None:
    """The blob is mended or made anew: the sweep takes what was damaged and nothing else."""
    arena.play(_MendingAndSweep)
