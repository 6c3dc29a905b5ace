"""Deleting the items of a plan that are in one repository, one at a time or several."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from jettison.client.errors import ClientError, NotAllowed, NotFound, Outdated, Unavailable, Unsupported
from jettison.client.item import Item, Kind
from jettison.client.journal import Writer
from jettison.client.manifest import Manifest
from jettison.client.outcome import Outcome, Status
from jettison.client.plan import Options, Plan
from jettison.client.repository import Repository
from jettison.client.snapshot import Snapshot, children, listed, manifest_or_none
from jettison.client.tag_deletion import TagDeletion
from jettison.client.vendors.vendor import Done, Vendor
from jettison.client.verification import is_there, verify
from jettison.oci.digest import Digest
from jettison.oci.errors import RegistryError
from jettison.oci.reference import Tag

PLAN_AGAIN = "plan again, and look at what changed"


class Deleting:
    """The deletions in `repository` while a plan is carried out.

    `nested` carries a further plan out; `going` are all versions of the repository that go by this one.
    """

    def __init__(
        self,
        repository: Repository,
        vendor: Vendor,
        options: Options,
        writer: Writer | None,
        take_apart: Callable[[Repository, Vendor], Plan],
        nested: Callable[[Plan], Sequence[Outcome]],
        going: set[Digest],
    ) -> None:
        self.repository = repository
        self.vendor = vendor
        self.options = options
        self.writer = writer
        self._take_apart = take_apart
        self._nested = nested
        self._tags = TagDeletion(vendor, repository, options.placeholder, options.purge)
        self._lock = threading.Lock()
        self._going = going
        self._snapshot: Snapshot | None = None
        self._held: dict[Digest, Digest] | None = None
        self._before: set[Tag] | None = None
        self._deleted: dict[Tag, tuple[Item, Manifest, Outcome]] = {}

    def do(self, item: Item) -> Outcome:
        """Deletes one item. It raises nothing that a registry could cause."""
        try:
            if item.kind is Kind.TAG:
                return self._tag(item)
            if item.kind is Kind.VERSION:
                return self._version(item)
            return self._whole(item)
        except Outdated as error:
            return Outcome(item, Status.SKIPPED, error.message, PLAN_AGAIN)
        except NotFound as error:
            if item.part_of is not None and self.vendor.limits.cascades:
                return _with_it(item)
            return Outcome(item, Status.GONE, f"it is gone already ({error.message})")
        except NotAllowed as error:
            return Outcome(item, Status.NOT_ALLOWED, error.message, _allow(self.repository))
        except Unsupported as error:
            return Outcome(item, Status.UNSUPPORTED, error.message)
        except (ClientError, RegistryError) as error:
            return Outcome(item, Status.FAILED, error.message)

    def verify(self) -> Iterator[tuple[Item, Outcome]]:
        """The items whose tags were said to be deleted, and are there, or have taken siblings with them."""
        with self._lock:
            deleted, self._deleted = self._deleted, {}
        if not deleted:
            return
        try:
            wrong = verify(self.repository, self._before or set(), {tag: each[1] for tag, each in deleted.items()})
        except (ClientError, RegistryError) as error:
            for item, _, outcome in deleted.values():
                reason = f"it was deleted, and could not be looked for afterwards: {error.message}"
                yield item, Outcome(item, outcome.status, reason, how=outcome.how, deletion=outcome.deletion)
            return
        for tag, fault in wrong.items():
            item, _, outcome = deleted[tag]
            yield item, Outcome(item, Status.FAILED, fault.message, how=outcome.how, deletion=outcome.deletion)

    def _tag(self, item: Item) -> Outcome:
        assert item.tag is not None
        assert item.digest is not None
        with self._lock:
            if self._before is None:
                self._before = set(listed(self.repository))
        manifest = self.repository.manifest(item.tag)
        if manifest.digest != item.digest:
            raise Outdated(f"{item.name} points at {manifest.digest} now: it was pushed since this was planned")
        self._keep(manifest, (item.tag,))
        done = self._tags.delete(item.tag, manifest)
        outcome = _done(item, done)
        with self._lock:
            self._deleted[item.tag] = (item, manifest, outcome)
        return outcome

    def _version(self, item: Item) -> Outcome:
        assert item.digest is not None
        manifest = manifest_or_none(self.repository, item.digest)
        if manifest is None:
            if item.part_of is not None and self.vendor.limits.cascades:
                return _with_it(item)
            return Outcome(item, Status.GONE, "it is gone already")
        self._check_unneeded(item)
        self._keep(manifest, item.tags)
        done = self.vendor.delete_version(self.repository, item.digest, item.tags, purge=self.options.purge)
        if is_there(self.repository, item.digest, item.digest):
            raise Unavailable(f"the registry said that {item.name} was deleted, and it is there")
        return _done(item, done)

    def _check_unneeded(self, item: Item) -> None:
        """Raises Outdated where a tag points at the version, or an index lists it, that the plan does not know of."""
        assert item.digest is not None
        with self._lock:
            if self._snapshot is None:
                self._snapshot = Snapshot(self.repository)
            snapshot = self._snapshot
            new = set(snapshot.pointing_at(item.digest)) - set(item.tags)
            if new:
                named = ", ".join(map(str, sorted(new)))
                raise Outdated(f"{named} points at {item.digest} now, and did not when this was planned")
            if self._held is None:
                self._held = snapshot.held_by(set(snapshot.tags.values()) - self._going)
            holder = self._held.get(item.digest)
        if holder is not None:
            raise Outdated(f"index {holder} lists {item.digest} now, and did not when this was planned")

    def _whole(self, item: Item) -> Outcome:
        now = set(listed(self.repository))
        new = now - set(item.tags)
        if new:
            named = ", ".join(map(str, sorted(new)[:3]))
            raise Outdated(f"{item.name} has tags that it did not have when this was planned: {named}")
        if self.options.purge or not self.vendor.limits.restores:
            self._keep_all()
        try:
            done = self.vendor.delete_repository(self.repository, purge=self.options.purge)
        except Unsupported as unsupported:
            return self._apart(item, unsupported)
        return _done(item, done)

    def _apart(self, item: Item, unsupported: Unsupported) -> Outcome:
        """Deletes all tags and versions of a repository that cannot go as a whole."""
        outcomes = self._nested(self._take_apart(self.repository, self.vendor))
        wrong = [each for each in outcomes if each.status not in {Status.DONE, Status.GONE}]
        if not wrong:
            reason = f"its tags and versions were deleted one by one: {unsupported.message}"
            return Outcome(item, Status.DONE, reason, how="its tags and versions")
        first = wrong[0]
        reason = f"{len(wrong)} of {len(outcomes)} of its tags and versions stay: {first.item.name}: {first.reason}"
        return Outcome(item, first.status, reason, first.next_step)

    def _keep(self, manifest: Manifest, tags: tuple[Tag, ...]) -> None:
        if self.writer is not None:
            self.writer.keep(self.repository.name, manifest, tags)

    def _keep_all(self) -> None:
        """Writes down all manifests of the repository that can be seen."""
        if self.writer is None:
            return
        snapshot = Snapshot(self.repository)
        level = list(dict.fromkeys(snapshot.tags.values()))
        seen = set(level)
        while level:
            found = snapshot.manifests(level)
            for digest, manifest in found.items():
                self._keep(manifest, snapshot.pointing_at(digest))
            below = [child.digest for manifest in found.values() for child in children(manifest)]
            below += [digest for referring in snapshot.referrers(found).values() for digest in referring]
            level = [digest for digest in dict.fromkeys(below) if digest not in seen]
            seen |= set(level)


def _done(item: Item, done: Done) -> Outcome:
    return Outcome(item, Status.DONE, how=done.how, deletion=done.deletion)


def _with_it(item: Item) -> Outcome:
    return Outcome(item, Status.DONE, f"it goes with {item.part_of}", how="with what brings it")


def _allow(repository: Repository) -> str:
    host = repository.registry.host
    return f"use an account that may delete in {repository.name}: `jettison login {host}`"
