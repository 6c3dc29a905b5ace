"""Bringing back what a deletion took: on the server where it can, else by pushing what the journal has kept.

Manifests and tags are pushed back. Their blobs have to be there still: no registry takes a manifest without them. A tag
that was pushed since is never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from jettison.client.errors import ClientError, NotFound, Refused, Unsupported
from jettison.client.item import Item, Kind, Stay
from jettison.client.journal import Entry, Kept
from jettison.client.manifest import Manifest
from jettison.client.outcome import Outcome, Status
from jettison.client.placeholder import is_placeholder
from jettison.client.registry import Registry
from jettison.client.repository import Repository
from jettison.client.snapshot import children, head_or_none
from jettison.client.vendors import named
from jettison.client.vendors.jettison import Jettison
from jettison.oci.digest import Digest
from jettison.oci.errors import Json, RegistryError
from jettison.oci.reference import RepositoryName, Tag


@dataclass(slots=True)
class Undone:
    """What came back, what was left as it is and why, and what could not be brought back and why."""

    back: list[str] = field(default_factory=list)
    left: list[Stay] = field(default_factory=list)
    failed: list[Stay] = field(default_factory=list)

    def to_json(self) -> dict[str, Json]:
        """The same as a JSON object."""
        return {
            "back": list(self.back),
            "left": [stay.to_json() for stay in self.left],
            "failed": [stay.to_json() for stay in self.failed],
        }


def undo(entry: Entry, registry: Registry, progress: Callable[[str], None] = lambda _: None) -> Undone:
    """Brings back what `entry` says was deleted; `progress` is told the name of each thing that is back.

    May be repeated: what is there already is left. Raises Invalid for a registry that the entry is not of.
    """
    undone = Undone()
    native = _restored(entry, registry, undone)
    for name in dict.fromkeys(kept.repository for kept in entry.kept):
        if name not in native:
            _Pushing(entry, registry.repository(name), undone).push()
    for back in undone.back:
        progress(back)
    return undone


def _restored(entry: Entry, registry: Registry, undone: Undone) -> set[RepositoryName]:
    """Asks the server to restore its own deletions; the repositories of which it did.

    Where it cannot any more (the deletion was purged, has expired or was restored), what the journal has is pushed.
    """
    numbered = [outcome for outcome in _outcomes(entry) if outcome.deletion is not None]
    vendor = named(entry.plan.vendor, registry) if numbered else None
    if not isinstance(vendor, Jettison):
        return set()
    # What has no number may have been deleted all the same: its answer was lost.
    pushed = {outcome.item.repository for outcome in _outcomes(entry) if outcome.deletion is None}
    deletions: dict[int, list[Item]] = {}
    for outcome in numbered:
        deletions.setdefault(outcome.deletion or 0, []).append(outcome.item)
    # The last first: what an earlier deletion left was what a later one found.
    for number, items in sorted(deletions.items(), reverse=True):
        names = list(dict.fromkeys(item.repository for item in items))
        try:
            left = vendor.restore([registry.repository(name) for name in names], number)
        except (Refused, NotFound, Unsupported):
            pushed.update(names)
            continue
        except ClientError as error:
            undone.failed += [Stay(item.name, error.message) for item in items]
            continue
        undone.back += [item.name for item in items if item.name not in left]
        undone.left += [Stay(name, "it was pushed since") for name in left]
    return {outcome.item.repository for outcome in numbered} - pushed


def _outcomes(entry: Entry) -> tuple[Outcome, ...]:
    return () if entry.result is None else entry.result.of(Status.DONE, Status.FAILED)


class _Pushing:
    """Pushes back what the journal has of one repository: children before what lists them, tags last."""

    def __init__(self, entry: Entry, repository: Repository, undone: Undone) -> None:
        self._entry = entry
        self._repository = repository
        self._undone = undone
        self._broken: set[Digest] = set()

    def push(self) -> None:
        """Pushes everything that the deletion may have taken."""
        kept = [each for each in self._entry.kept if each.repository == self._repository.name and self._went(each)]
        read: dict[Digest, Manifest] = {}
        for each in kept:
            try:
                read[each.digest] = each.manifest()
            except NotFound as error:
                self._fail(f"{self._repository.name}@{each.digest}", error.message)
        for level in _levels(read):
            calls = [partial(self._manifest, read[digest]) for digest in level]
            for _ in self._repository.transport.gather(calls):
                pass
        tags = [(tag, read[each.digest]) for each in kept if each.digest in read for tag in each.tags]
        for _ in self._repository.transport.gather(partial(self._tag, tag, manifest) for tag, manifest in tags):
            pass

    def _went(self, kept: Kept) -> bool:
        """Whether it may be gone: what was skipped or refused was not touched."""
        if self._entry.result is None:
            return True
        untouched = self._entry.result.of(
            Status.GONE, Status.SKIPPED, Status.UNSUPPORTED, Status.NOT_ALLOWED, Status.UNTOUCHED
        )
        touched = self._entry.result.of(Status.DONE, Status.FAILED)
        mine = [each.item for each in touched if each.item.repository == kept.repository]
        if any(item.kind is Kind.REPOSITORY for item in (*mine, *(each.item for each in untouched))):
            return True
        return any(item.digest == kept.digest for item in mine)

    def _manifest(self, manifest: Manifest) -> None:
        name = f"{self._repository.name}@{manifest.digest}"
        try:
            if head_or_none(self._repository, manifest.digest) is None:
                self._repository.put_manifest(manifest.content, manifest.media_type, manifest.digest)
                self._undone.back.append(name)
        except Refused as error:
            self._broken.add(manifest.digest)
            self._fail(name, f"the registry does not take it back, since its blobs are gone: {error.message}")
        except (ClientError, RegistryError) as error:
            self._broken.add(manifest.digest)
            self._fail(name, error.message)

    def _tag(self, tag: Tag, manifest: Manifest) -> None:
        name = f"{self._repository.name}:{tag}"
        if manifest.digest in self._broken or self._left_deleted(tag, manifest):
            return
        try:
            head = head_or_none(self._repository, tag)
            if head is not None and head.digest == manifest.digest:
                return
            if head is None or is_placeholder(self._repository.manifest(head.digest)):
                self._repository.put_manifest(manifest.content, manifest.media_type, tag)
                self._undone.back.append(name)
            else:
                self._undone.left.append(Stay(name, f"it was pushed since, and points at {head.digest}"))
        except (ClientError, RegistryError) as error:
            self._fail(name, error.message)

    def _left_deleted(self, tag: Tag, manifest: Manifest) -> bool:
        """Whether the tag was never this deletion's to take: its item was skipped."""
        if self._entry.result is None:
            return False
        skipped = self._entry.result.of(
            Status.GONE, Status.SKIPPED, Status.UNSUPPORTED, Status.NOT_ALLOWED, Status.UNTOUCHED
        )
        return any(each.item.tag == tag and each.item.digest == manifest.digest for each in skipped)

    def _fail(self, name: str, reason: str) -> None:
        self._undone.failed.append(Stay(name, reason))


def _levels(manifests: dict[Digest, Manifest]) -> Iterable[list[Digest]]:
    """Digests of manifests, those first that list and refer to none of the others, then what needs only these."""
    left = dict(manifests)
    while left:
        ready = [
            digest
            for digest, manifest in left.items()
            if not any(needed in left for needed in _needs(manifest) if needed != digest)
        ]
        yield ready
        left = {digest: manifest for digest, manifest in left.items() if digest not in ready}


def _needs(manifest: Manifest) -> list[Digest]:
    subject = [] if manifest.subject is None else [manifest.subject.digest]
    return [child.digest for child in children(manifest)] + subject
