"""Sweeps that meet each other, and what they sweep."""

from __future__ import annotations

from functools import partial

from jettison.blobs.store import Key
from jettison.metadata import garbage, repositories
from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest
from jettison.registry import restore
from tests.races.scene import A_DAY, Arena, Outcome, Scene
from tests.support.content import image


class _Garbage(Scene):
    """Something of every kind that a sweep drops, and beside it what it must not."""

    def prepare(self) -> None:
        self.kept = self.image("kept")
        self.gone = image(*self.kept.blobs, config=self.content("gone"))
        self.give(self.app, self.gone, "gone")
        self.app.put(image(config=self.kept.blobs[0]), "kept")
        self.app.delete(self.gone.digest)
        self.bring(self.other, self.content("forgotten"))
        self.begin(self.content("abandoned"))
        self.later(8 * A_DAY)

    def one(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        for _ in range(2):
            self.later()
            self.sweep()
        assert self.app.tags() == ["kept"]
        assert self.app.has_blob(*self.kept.blobs)
        there = self.registry.database.read(_blobs)
        assert not there & {Digest.of(blob).packed for blob in (self.gone.blobs[0], self.content("forgotten"))}
        assert {Key(key) for key in self.registry.database.read(_keys)} == set(dict(self.registry.blobs.keys()))


def _blobs(tx: Transaction) -> set[bytes]:
    return {row[0] for row in tx.all("select digest from blob")}


def _keys(tx: Transaction) -> set[str]:
    return {row[0] for row in tx.all("select key from stored")}


class _SweepAndSweep(_Garbage):
    alike = True

    def two(self) -> object:
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value is None or two.value is None or not (one.value and two.value)
        assert one.value or two.value
        super().check(one, two)


def test_sweep_meets_sweep(arena: Arena) -> None:
    """The second leaves at once, or comes after the first and finds nothing."""
    arena.play(_SweepAndSweep)


class _SweepAfterLostLease(_Garbage):
    """One stands still for longer than its lease (or the clock jumps), so that another one begins."""

    alike = True

    def one(self) -> object:
        self.later(61)
        return self.sweep()

    two = one

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value is not None or two.value is not None
        super().check(one, two)


def test_sweep_that_lost_its_lease_meets_sweep(arena: Arena) -> None:
    """Both go on, each step checks for itself: all garbage goes, and nothing else."""
    arena.play(_SweepAfterLostLease)


class _SweepAndLaterDeletion(Scene):
    """A sweep that has lost its lease drops a deletion; another one ends that, and a new deletion begins."""

    def prepare(self) -> None:
        self.kept, self.gone = self.image("kept"), self.image("gone")
        self.give(self.app, self.gone, "gone")
        self.give(self.app, self.kept, "kept")
        self.give(self.app, self.image("rest"), "rest")
        self.app.delete(self.gone.digest)
        self.later()

    def one(self) -> object:
        return self.sweep()

    def two(self) -> object:
        self.later(61)
        self.sweep()
        return self.app.delete(self.kept.digest)

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None
        self.sweep()
        restored = restore.restore(self.registry, two.value.id)
        assert (restored.tags, restored.versions) == (1, 1)
        assert self.app.tags() == ["kept", "rest"]
        assert self.app.has_blob(*self.kept.blobs)


def test_sweep_that_lost_its_lease_meets_a_later_deletion(arena: Arena) -> None:
    """What the new deletion holds is not taken for what the old one held: it can be undone."""
    arena.play(_SweepAndLaterDeletion)


class _SharedKey(Scene):
    """Two digests whose bytes lie at one key lose their last holders, and two sweepers look at one each."""

    alike = True

    def prepare(self) -> None:
        content = self.content("layer")
        self.bring(self.app, content)
        self.bring(self.other, content, algorithm="sha512")
        self.registry.database.write(self._share)
        self.later()
        self.registry.database.write(lambda tx: garbage.drop_leased(tx, 10))

    def _share(self, tx: Transaction) -> None:
        """What adopting another registry's folder makes of one file that two digests name."""
        [(kept, _), (dropped, key)] = tx.all("select id, key from blob order by id")
        tx.run("update blob set key = (select key from blob where id = :kept) where id = :id", kept=kept, id=dropped)
        tx.run("delete from stored where key = :key", key=key)
        self.registry.blobs.delete(Key(key))

    def one(self) -> object:
        return self._drop()

    def two(self) -> object:
        return self._drop()

    def _drop(self) -> object:
        return self.registry.database.write(lambda tx: garbage.drop_unlinked(tx, tx.now, 1))

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None is two.error
        self.sweep()
        assert list(self.registry.blobs.keys()) == []
        assert self.registry.database.read(_keys) == set()
        for repository in (self.app, self.other):
            self.registry.database.write(partial(repositories.drop_empty, name=str(repository.name)))


def test_sweep_of_one_digest_meets_sweep_of_another_with_the_same_bytes(arena: Arena) -> None:
    """Whoever is second sees that the first has gone: the bytes go, once nobody names them."""
    arena.play(_SharedKey)


class _SweepAndDeletion(Scene):
    """A repository is deleted while the lease of one of its blobs ends."""

    def prepare(self) -> None:
        self.draft = self.image()
        self.give(self.app, self.draft, "latest")
        self.bring(self.app, self.content("forgotten"))
        self.later()

    def one(self) -> object:
        return self.sweep()

    def two(self) -> object:
        return self.app.delete()

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value is not None
        restore.restore(self.registry, two.value.id)
        assert self.app.tags() == ["latest"]
        assert self.app.has_blob(*self.draft.blobs)


def test_sweep_meets_deletion(arena: Arena) -> None:
    """The deletion can be undone with all that manifests need."""
    arena.play(_SweepAndDeletion)
