"""Pushes, deletions, undoing, purging, leases and sweeps in any order, with time moved by the test.

After each step what can be pulled is what a plain model says is live, and nothing else; the disk holds what is live,
what can be undone, what a lease keeps and what waits for its grace, and nothing else; and all rows are sound.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jettison.blobs.bucket import Bucket
from jettison.metadata import deletions
from jettison.metadata.deletions import Entry
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, DeletionEnded
from jettison.oci.reference import RepositoryName
from jettison.registry import deletion, mount, pull, restore
from jettison.registry.sweep import sweep
from jettison.registry.target import Target
from tests.registry.test_any_order import REPOSITORIES, Walk
from tests.support.bucket_place import BucketPlace
from tests.support.clock import Clock
from tests.support.place import MEMORY, Place, empty
from tests.support.repository import Repository
from tests.support.s3 import S3Engine
from tests.support.undo import Hidden, Journaled, UndoModel
from tests.support.universe import BLOBS

EXAMPLES = int(os.environ.get("JETTISON_MODEL_EXAMPLES", "200"))
STEPS = 50
MINUTES = (6, 31, 61, 12 * 60, 25 * 60)


class UndoingWalk(Walk):
    """A walk in which what was deleted can come back, until it is swept.

    With several ``replicas`` each push of a blob or of a manifest, each deletion, each look asks the next of them.
    """

    def __init__(self, place: Place, clock: Clock, replicas: int = 1) -> None:
        super().__init__(place, clock)
        self._turns = itertools.cycle([self.registry, *(place.open_registry() for _ in range(replicas - 1))])
        self.journal: dict[int, Journaled] = {}
        self.stored: set[bytes] = set()
        self.discarded: list[int] = []
        self._took: dict[str, Hidden] = {}
        self.undoing = {name: UndoModel(record=partial(self._record, name)) for name in REPOSITORIES}
        self.models = dict(self.undoing)
        self.steps |= {
            "restore": self.restore,
            "purge": self.purge,
            "delete for good": self.delete_for_good,
            "delete both": self.delete_both,
            "mount": self.mount,
            "ask": self.ask,
            "pass time": self.pass_time,
            "sweep": self.sweep,
        }

    def step(self, kind: str, pick: int) -> None:
        """One event, then a look at everything."""
        for name, model in self.undoing.items():
            model.remember(self._hidden(name))
        super().step(kind, pick)
        self._write_journal()
        self._check_journal()
        self._check_disk()

    def finish(self) -> None:
        """Let all time pass: what the live manifests need is left."""
        for _ in range(2):
            self.clock.advance(30 * 24 * 3600)
            self.sweep(0)
        self._check_disk()
        assert self.stored == {blob for model in self.undoing.values() for blob in model.links}
        assert not self.discarded

    # ----------------------------------------------------------------------------------------------------------- events

    def restore(self, pick: int) -> None:
        """A deletion is undone, or refused: it is over, or was undone, or nothing of it could come back."""
        if not self.journal:
            return
        id, entry = sorted(self.journal.items())[pick % len(self.journal)]
        if self._is_over(entry) or not self._take_back(entry):
            with pytest.raises(DeletionEnded):
                restore.restore(self.registry, id)
        else:
            restore.restore(self.registry, id)
            entry.state, entry.hidden = "restored", None

    def purge(self, pick: int) -> None:
        """A deletion is made final, or refused: it is over."""
        if not self.journal:
            return
        id, entry = sorted(self.journal.items())[pick % len(self.journal)]
        if self._is_over(entry):
            with pytest.raises(DeletionEnded):
                restore.purge(self.registry, id)
        else:
            restore.purge(self.registry, id)
            entry.state, entry.expires_at = "purged", self.clock.now + self.registry.rules.sweep_grace

    def delete_for_good(self, pick: int) -> None:
        """A repository is deleted and purged at once."""
        there = [name for name, model in self.undoing.items() if model.exists()]
        if there:
            name = there[pick % len(there)]
            self._at(name).delete(purge=True)
            self.undoing[name].delete_repository()

    def delete_both(self, _: int) -> None:
        """Both repositories are deleted as one."""
        if all(model.exists() for model in self.undoing.values()):
            targets = [Target(RepositoryName.parse(name)) for name in REPOSITORIES]
            deletion.delete(self.registry, *targets)
            for model in self.undoing.values():
                model.delete_repository()

    def mount(self, pick: int) -> None:
        """A blob is mounted, if the other repository has it."""
        name, source = REPOSITORIES[pick % 2], REPOSITORIES[1 - pick % 2]
        blob = BLOBS[pick // 2 % len(BLOBS)]
        there = blob in self.undoing[source].visible_blobs(self.clock.now)
        target, origin = RepositoryName.parse(name), RepositoryName.parse(source)
        assert mount.mount(self.registry, target, Digest.of(blob), origin, lambda _: True) is there
        if there:
            self.undoing[name].upload(blob, self.clock.now + self.registry.rules.touch_lease)

    def ask(self, pick: int) -> None:
        """A client asks for a blob by HEAD, which makes a short lease longer."""
        name, blob = REPOSITORIES[pick % 2], BLOBS[pick // 2 % len(BLOBS)]
        model, parsed, touch = self.undoing[name], RepositoryName.parse(name), self.registry.rules.touch_lease
        if blob not in model.visible_blobs(self.clock.now):
            with pytest.raises(BlobUnknown):
                pull.find_blob(self.registry, parsed, Digest.of(blob), content=False)
            return
        found = pull.find_blob(self.registry, parsed, Digest.of(blob), content=False)
        until = model.links[blob]
        short = until is not None and until - self.clock.now < touch // 2
        assert pull.needs_lease(self.registry, found) is short
        if short:
            pull.extend_lease(self.registry, parsed, found)
            model.upload(blob, self.clock.now + touch)

    def pass_time(self, pick: int) -> None:
        """Some time passes."""
        self.clock.advance(60 * MINUTES[pick % len(MINUTES)])

    def sweep(self, _: int) -> None:
        """What nothing keeps any more goes."""
        now = self.clock.now
        for entry in self.journal.values():
            if entry.state == "deleted" and entry.expires_at <= now:
                entry.state = "expired"
            if entry.state in ("expired", "purged") and entry.expires_at <= now:
                entry.hidden = None
        for links in self._links():
            for blob in [blob for blob, until in links.items() if until is not None and until <= now]:
                del links[blob]
        unlinked = self.stored - self._linked()
        self.stored -= unlinked
        self.discarded += [now + self.registry.rules.sweep_grace] * len(unlinked)
        self.discarded = [after for after in self.discarded if after > now]
        sweep(self.registry, "test")

    # ---------------------------------------------------------------------------------------------------------- helpers

    def _at(self, name: str) -> Repository:
        self.registry = next(self._turns)
        return super()._at(name)

    def _record(self, name: str, hidden: Hidden) -> None:
        self._took[name] = hidden

    def _write_journal(self) -> None:
        if self._took:
            newest = self._entries(1)[0]
            self.journal[newest.id] = Journaled(newest.state, newest.expires_at, dict(self._took))
            self._took.clear()

    def _entries(self, limit: int) -> list[Entry]:
        return self.registry.database.read(
            lambda tx: deletions.page(tx, before=2**62, limit=limit, state=None, repository=None)
        )

    def _is_over(self, entry: Journaled) -> bool:
        return entry.state != "deleted" or entry.expires_at <= self.clock.now

    def _take_back(self, entry: Journaled) -> bool:
        assert entry.hidden is not None
        parts = [(self.undoing[name], hidden) for name, hidden in entry.hidden.items()]
        # What has neither manifests nor tags (blobs alone) leaves nothing either.
        empty_or_left = all(model.nothing_comes(hidden) or not hidden.manifests for model, hidden in parts)
        if empty_or_left and any(model.stays(hidden) for model, hidden in parts):
            return False
        for model, hidden in parts:
            model.restore(hidden, self.clock.now + self.registry.rules.upload_lease)
        return True

    def _hidden(self, name: str) -> Sequence[Hidden]:
        return [each.hidden[name] for each in self.journal.values() if each.hidden and name in each.hidden]

    def _links(self) -> list[dict[bytes, int | None]]:
        live = [model.links for model in self.undoing.values()]
        return live + [each.links for name in REPOSITORIES for each in self._hidden(name)]

    def _linked(self) -> set[bytes]:
        return {blob for links in self._links() for blob in links}

    def _check_journal(self) -> None:
        states = {entry.id: entry.state for entry in self._entries(1000)}
        assert states == {id: each.state for id, each in self.journal.items()}

    def _check_disk(self) -> None:
        self.stored |= self._linked()
        rows = self.registry.database.read(lambda tx: tx.all("select digest from blob"))
        assert {Digest.unpack(row[0]) for row in rows} == {Digest.of(blob) for blob in self.stored}
        files = list(self.registry.blobs.keys())
        assert len(files) == len(self.stored) + len(self.discarded)
        assert list(self.registry.blobs.uploads()) == []


KINDS = (
    *["push all"] * 4,
    *["push alone"] * 4,
    "upload",
    "mount",
    "ask",
    *["delete tag"] * 2,
    *["delete manifest"] * 4,
    "delete blob",
    *["delete repository"] * 2,
    "delete for good",
    "delete both",
    *["restore"] * 5,
    "purge",
    *["pass time"] * 3,
    *["sweep"] * 3,
)
steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 999)), min_size=STEPS, max_size=STEPS)


def walk(url: str | None, taken: list[tuple[str, int]], bucket: Bucket | None = None) -> None:
    """Take the steps, from an empty registry on; then let all time pass. With a ``bucket``, at three replicas."""
    if url is not None:
        empty(url)
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="jettison-test-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        if bucket is not None and url is not None:
            place: Place = BucketPlace(Path(folder), url, clock, bucket)
        else:
            place = Place(Path(folder), url, clock)
        try:
            walking = UndoingWalk(place, clock, replicas=3 if bucket is not None else 1)
            for kind, pick in taken:
                walking.step(kind, pick)
            walking.finish()
        finally:
            place.close()


@pytest.mark.slow
@pytest.mark.timeout(60 + 10 * EXAMPLES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(taken=steps)
def test_undoing_and_sweeping_in_any_order(taken: list[tuple[str, int]]) -> None:
    """What is live, what the journal says and what lies on the disk, after each of 50 steps."""
    walk(None, taken)


@pytest.mark.needs("postgresql")
@pytest.mark.timeout(60 + 10 * EXAMPLES)
@settings(max_examples=max(1, EXAMPLES // 20), deadline=None, suppress_health_check=list(HealthCheck))
@given(taken=steps)
def test_undoing_and_sweeping_in_any_order_on_postgresql(shared_url: str, taken: list[tuple[str, int]]) -> None:
    """The same, with fewer examples."""
    walk(shared_url, taken)


@pytest.mark.needs("postgresql", "s3")
@pytest.mark.timeout(60 + 10 * EXAMPLES)
@settings(max_examples=max(1, EXAMPLES // 50), deadline=None, suppress_health_check=list(HealthCheck))
@given(taken=steps)
def test_undoing_and_sweeping_in_any_order_at_replicas(
    shared_url: str, s3_engine: S3Engine, taken: list[tuple[str, int]]
) -> None:
    """The same at three replicas in turn, the bytes in a bucket: none of them knows less than another."""
    walk(shared_url, taken, s3_engine.bucket())
