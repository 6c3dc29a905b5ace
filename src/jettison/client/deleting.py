"""Deleting the items of a plan that are in one repository, one at a time or several."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from jettison.client.errors import (
    ClientError,
    NotAllowed,
    NotFound,
    Outdated,
    Unavailable,
    Unsupported,
)
from jettison.client.item import Item, Kind
from jettison.client.journal import Writer
from jettison.client.look import Look
from jettison.client.manifest import Manifest
from jettison.client.outcome import Outcome, Status
from jettison.client.plan import Options, Plan
from jettison.client.repository import Repository
from jettison.client.snapshot import Snapshot, children, head_or_none, listed
from jettison.client.tag_deletion import TagDeletion
from jettison.client.vendors.vendor import Done, Vendor
from jettison.client.verification import Before, is_there, still_listed, verify
from jettison.oci.errors import RegistryError
from jettison.oci.reference import Tag

PLAN_AGAIN = "plan again, and look at what changed"


class Deleting:
    """The deletions in `repository` while a plan is carried out.

    `nested` carries a further plan out; `items` are all that go by this one in the repository.
    """

    def __init__(
        self,
        repository: Repository,
        vendor: Vendor,
        options: Options,
        writer: Writer | None,
        take_apart: Callable[[Repository, Vendor], Plan],
        nested: Callable[[Plan], Sequence[Outcome]],
        items: Iterable[Item],
    ) -> None:
        self.repository = repository
        self.vendor = vendor
        self.options = options
        self.writer = writer
        self._take_apart = take_apart
        self._nested = nested
        self._tags = TagDeletion(vendor, repository, options.placeholder, options.purge)
        self._lock = threading.Lock()
        self._tags_going = {item.tag for item in items if item.kind is Kind.TAG}
        self._versions_going = {item.digest for item in items if item.kind is Kind.VERSION}
        self._look: Look | None = None
        self._before: Before | None = None
        self._read: dict[Tag, Manifest] = {}
        self._deleted: dict[Tag, Outcome] = {}

    def do(self, item: Item) -> Outcome:
        """Deletes one item. It raises nothing that a registry could cause."""
        return self._outcome(item, lambda: self._delete(item))

    def is_as_planned(self, item: Item) -> bool:
        """Whether an item can go as it was planned; what goes is in the journal then. Raises nothing, as `do`."""
        try:
            self._check(item)
        except (ClientError, RegistryError):
            return False
        return True

    def confirm(self, item: Item, done: Done) -> Outcome:
        """What became of an item that the registry says it has deleted. Raises nothing, as `do`."""
        return self._outcome(item, lambda: self._confirm(item, done))

    def _outcome(self, item: Item, act: Callable[[], Outcome]) -> Outcome:
        try:
            return act()
        except Outdated as error:
            return Outcome(item, Status.SKIPPED, error.message, PLAN_AGAIN)
        except NotFound as error:
            return self._not_found(item, error)
        except NotAllowed as error:
            return Outcome(item, Status.NOT_ALLOWED, error.message, _allow(self.repository))
        except Unsupported as error:
            return Outcome(item, Status.UNSUPPORTED, error.message)
        except (ClientError, RegistryError) as error:
            return Outcome(item, Status.FAILED, error.message)

    def verify(self) -> Iterator[Outcome]:
        """The items whose tags were said to be deleted, and are there, or have taken siblings with them."""
        with self._lock:
            deleted, self._deleted = self._deleted, {}
        if not deleted:
            return
        assert self._before is not None, "it was read before the first was deleted"
        try:
            wrong = verify(self.repository, self._before, {tag: self._read[tag] for tag in deleted})
            reasons = {tag: fault.message for tag, fault in wrong.items()}
        except (ClientError, RegistryError) as error:
            said = f"the registry said that it was deleted, and it could not be looked for afterwards: {error.message}"
            reasons = dict.fromkeys(deleted, said)
        for tag, reason in reasons.items():
            yield replace(deleted[tag], status=Status.FAILED, reason=reason)

    def _not_found(self, item: Item, error: NotFound) -> Outcome:
        """What a 404 means: that it is gone, if it is not there when looked for. APIs hide what one may not see."""
        if item.part_of is not None and self.vendor.limits.cascades:
            return _with_it(item)
        try:
            if item.reference is None:
                there = bool(still_listed(self.repository, item.tags))
            else:
                there = head_or_none(self.repository, item.reference) is not None
        except (ClientError, RegistryError) as unseen:
            return Outcome(item, Status.FAILED, f"{error.message}; and it cannot be looked for: {unseen.message}")
        if there:
            return Outcome(item, Status.FAILED, f"{error.message}; but it is there", _allow(self.repository))
        return Outcome(item, Status.GONE, f"it is gone already ({error.message})")

    def _delete(self, item: Item) -> Outcome:
        self._check(item)
        purge = self.options.purge
        if item.kind is Kind.REPOSITORY:
            try:
                return self._confirm(item, self.vendor.delete_repository(self.repository, purge=purge))
            except Unsupported as unsupported:
                return self._apart(item, unsupported)
        assert item.digest is not None
        if item.tag is not None:
            return self._confirm(item, self._tags.delete(item.tag, self._read[item.tag]))
        return self._confirm(item, self.vendor.delete_version(self.repository, item.digest, item.tags, purge=purge))

    def _check(self, item: Item) -> None:
        """Raises Outdated or NotFound where an item is not as it was planned; writes down what goes."""
        if item.kind is Kind.TAG:
            self._check_tag(item)
        elif item.kind is Kind.VERSION:
            self._check_version(item)
        else:
            self._check_whole(item)

    def _check_tag(self, item: Item) -> None:
        assert item.tag is not None
        with self._lock:
            if self._before is None:
                going = [tag for tag in self._tags_going if tag is not None]
                self._before = Before.read(self.repository, going, alone=self.vendor.limits.tags_alone)
        manifest = self.repository.manifest(item.tag)
        if manifest.digest != item.digest:
            raise Outdated(f"{item.name} points at {manifest.digest} now: it was pushed since this was planned")
        self._read[item.tag] = manifest
        self._keep(manifest, (item.tag,))

    def _check_version(self, item: Item) -> None:
        assert item.digest is not None
        manifest = self.repository.manifest(item.digest)
        with self._lock:
            if self._look is None or not self._look.is_fresh:
                self._look = Look.take(self.repository, self._versions_going)
            look = self._look
        look.check_unneeded(item.digest, item.tags)
        self._keep(manifest, item.tags)

    def _check_whole(self, item: Item) -> None:
        new = set(listed(self.repository)) - set(item.tags)
        if new:
            named = ", ".join(map(str, sorted(new)[:3]))
            raise Outdated(f"{item.name} has tags that it did not have when this was planned: {named}")
        if self.options.purge or not self.vendor.limits.restores:
            self._keep_all()

    def _confirm(self, item: Item, done: Done) -> Outcome:
        """Raises Unavailable where the item is there. Tags are looked for by `verify`, all at once."""
        outcome = Outcome(item, Status.DONE, how=done.how, deletion=done.deletion)
        if item.tag is not None:
            with self._lock:
                self._deleted[item.tag] = outcome
        elif item.digest is not None:
            if is_there(self.repository, item.digest, item.digest):
                raise Unavailable(f"the registry said that {item.name} was deleted, and it is there")
        elif not done.later and (left := self._left(item)):
            named = ", ".join(map(str, left[:3]))
            raise Unavailable(f"the registry said that {item.name} was deleted, and it lists {named}")
        return outcome

    def _left(self, item: Item) -> list[Tag]:
        try:
            return still_listed(self.repository, item.tags)
        except NotAllowed:
            return []  # so do some answer of what is not there

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


def _with_it(item: Item) -> Outcome:
    return Outcome(item, Status.DONE, f"it goes with {item.part_of}", how="with what brings it")


def _allow(repository: Repository) -> str:
    host = repository.registry.host
    return f"use an account that may delete in {repository.name}: `jettison login {host}`"
