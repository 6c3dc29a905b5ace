"""Telling endpoints what was pushed, mounted, pulled and deleted, through a queue in the database."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from jettison.metadata import manifests, notifications
from jettison.metadata.database import Database, Transaction
from jettison.metadata.manifests import StoredManifest
from jettison.oci.digest import Digest
from jettison.oci.manifest import Manifest
from jettison.oci.reference import Reference, RepositoryName, Tag
from jettison.registry.endpoint import ACTIONS, Endpoint
from jettison.registry.event import BLOB, Event, Source, Target
from jettison.registry.origin import Origin
from jettison.registry.plan import Part, Plan

MOST_PULLS = 100_000
"""Pulls that are kept in memory where the database takes no writes; later ones are not told of."""

_STEP = 1000
"""Events that are put into words at once: a deletion may tell of a hundred thousand."""


class Events:
    """Queues events for ``endpoints``: of changes in the transactions that make them, of pulls by :meth:`flush`.

    Without endpoints nothing is queued, and nothing costs anything. With ``includes_references`` the events of
    manifests tell what these name. ``wanted`` is whether anything is told to anybody.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint] = (),
        source: Source | None = None,
        *,
        includes_references: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.endpoints = tuple(endpoints)
        self._source = source or Source()
        self._references = includes_references
        self._clock = clock
        self._wanted = {action for action in ACTIONS if any(action not in each.ignored_actions for each in endpoints)}
        self.wanted = bool(self._wanted)
        self._wakes: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._pulls: deque[_Pull] = deque()
        self._untold = 0

    def when_queued(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when something was queued, perhaps some time before that is committed."""
        self._wakes.append(wake)

    def manifest_pushed(
        self, tx: Transaction, origin: Origin, name: RepositoryName, manifest: Manifest, tags: Iterable[Tag]
    ) -> None:
        """Tell of a push: once for each of ``tags``, or once without a tag."""
        if "push" not in self._wanted:
            return
        target = Target(
            name.value,
            manifest.digest,
            manifest.media_type,
            len(manifest.content),
            "manifests",
            content=manifest.content if self._references else None,
        )
        targets = [replace(target, tag=tag.value) for tag in tags] or [target]
        self._queue(tx, (Event("push", each, origin, tx.now) for each in targets))

    def blob_pushed(self, tx: Transaction, origin: Origin, name: str, digest: Digest, size: int) -> None:
        """Tell of an upload that has become a blob."""
        if "push" in self._wanted:
            self._queue(tx, [Event("push", _blob(name, digest, size), origin, tx.now)])

    def blob_mounted(self, tx: Transaction, origin: Origin, name: str, source: str, digest: Digest, size: int) -> None:
        """Tell of a mount from the repository ``source``."""
        if "mount" in self._wanted:
            self._queue(tx, [Event("mount", replace(_blob(name, digest, size), source=source), origin, tx.now)])

    def deleted(self, tx: Transaction, origin: Origin, plan: Plan) -> None:
        """Tell of all that a deletion takes: each manifest, its tags after it, each tag or blob that goes alone, and
        last the repository if it goes as a whole. It must not have gone yet.
        """
        if "delete" in self._wanted:
            gone = (target for part in plan.parts for target in (*_gone(tx, part), *_blobs_asked(plan, part.name)))
            self._queue(tx, (Event("delete", target, origin, tx.now) for target in gone))

    def restored(
        self,
        tx: Transaction,
        origin: Origin,
        name: str,
        repository: int,
        taken: Collection[int] | None = None,
        tags: Collection[str] | None = None,
    ) -> None:
        """Tell of what comes back of a hidden ``repository``, as of pushes: a manifest once for each tag that comes
        with it, or once without one. It must not have come yet.

        None is all; else manifests (by id) that were ``taken``, and the ``tags`` that nobody has pushed again.
        """
        if "push" not in self._wanted:
            return
        for each in manifests.named(tx, repository):
            coming = [tag for tag in each.tags if tags is None or tag in tags]
            if coming or taken is None or each.id in taken:
                content = manifests.content_of(tx, each.id) if self._references else None
                target = Target(name, each.digest, each.media_type, each.size, "manifests", content=content)
                targets = [replace(target, tag=tag) for tag in coming] or [target]
                self._queue(tx, [Event("push", one, origin, tx.now) for one in targets])

    def manifest_pulled(
        self, origin: Origin, name: RepositoryName, reference: Reference, manifest: StoredManifest
    ) -> None:
        """Note a pull, by GET or HEAD, for the next :meth:`flush`."""
        if "pull" in self._wanted:
            tag = reference.value if isinstance(reference, Tag) else ""
            target = Target(name.value, manifest.digest, manifest.media_type, manifest.size, "manifests", tag)
            self._note(_Pull(target, origin, self._clock(), manifest.id))

    def blob_pulled(self, origin: Origin, name: RepositoryName, digest: Digest, size: int) -> None:
        """Note a pull, by GET or HEAD, whole or in part, for the next :meth:`flush`."""
        if "pull" in self._wanted:
            self._note(_Pull(_blob(name.value, digest, size), origin, self._clock()))

    def flush(self, database: Database) -> int:
        """Queue the pulls that were noted; how many more there were, of which nothing will be told (MOST_PULLS).

        Raises Unavailable, the notes then being kept for the next time.
        """
        if not self._pulls:
            return 0
        with self._lock:
            pulls, self._pulls = self._pulls, deque()
        flushed_at = self._clock()

        def work(tx: Transaction) -> None:
            self._queue(tx, (pull.event(tx, flushed_at, references=self._references) for pull in pulls))

        try:
            database.write(work, durable=False)
        except Exception:
            with self._lock:
                self._pulls.extendleft(reversed(pulls))
            raise
        with self._lock:
            untold, self._untold = self._untold, 0
        return untold

    def _note(self, pull: _Pull) -> None:
        with self._lock:
            if len(self._pulls) < MOST_PULLS:
                self._pulls.append(pull)
            else:
                self._untold += 1

    def _queue(self, tx: Transaction, events: Iterable[Event]) -> None:
        rows = self._rows(events)
        while step := list(islice(rows, _STEP)):
            notifications.add(tx, step)
        for wake in self._wakes:
            wake()

    def _rows(self, events: Iterable[Event]) -> Iterator[tuple[str, str]]:
        for event in events:
            names = [each.name for each in self.endpoints if each.wants(event.action, event.target.media_type)]
            if names:
                encoded = event.encode(self._source)
                yield from ((name, encoded) for name in names)


@dataclass(frozen=True, slots=True)
class _Pull:
    """A pull at a time of the clock; of a manifest also its id."""

    target: Target
    origin: Origin
    at: float
    manifest: int | None = None

    def event(self, tx: Transaction, now: float, *, references: bool) -> Event:
        target = self.target
        if references and self.manifest is not None:
            target = replace(target, content=manifests.content_of(tx, self.manifest))
        return Event("pull", target, self.origin, tx.now - int((now - self.at) * 1_000_000))


def _blob(name: str, digest: Digest, size: int) -> Target:
    return Target(name, digest, BLOB, size, "blobs")


def _gone(tx: Transaction, part: Part) -> Iterator[Target]:
    """What a deletion takes of one repository, with no more said than distribution does."""
    items = manifests.named(tx, part.repository) if part.whole else part.goes
    for item in items:
        yield Target(part.name, item.digest)
        yield from (Target(part.name, tag=tag) for tag in item.tags)
    yield from (Target(part.name, tag=tag) for tag, _ in part.untagged)
    if part.whole:
        yield Target(part.name)


def _blobs_asked(plan: Plan, name: str) -> Iterator[Target]:
    for target in plan.targets:
        if target.blob and target.repository.value == name and isinstance(target.reference, Digest):
            yield Target(name, target.reference)
