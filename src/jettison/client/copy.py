"""Copying: a manifest with all that it needs and all that refers to it, from one repository to another.

The order keeps what a registry checks, and makes a copy that was broken off go on where it ended: blobs, then manifests
from the innermost outwards, the tag last. What the target has already is not sent again. Blobs of the same registry
are mounted where it allows that. Non-distributable layers are left where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from jettison.client.errors import NotFound, Unavailable, Unreachable
from jettison.client.manifest import Manifest
from jettison.oci.descriptor import Descriptor
from jettison.oci.digest import Digest
from jettison.oci.media_types import MANIFEST_TYPES
from jettison.oci.reference import Reference, RepositoryName, Tag

if TYPE_CHECKING:
    from jettison.client.repository import Repository


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did: the digest that was copied, and of manifests and blobs how many (bytes: of blobs sent)."""

    digest: Digest
    manifests: int
    """Pushed; those that the target had are not counted."""
    referrers: int
    """Of them, those that refer to another."""
    blobs_sent: int
    bytes_sent: int
    blobs_mounted: int
    blobs_there: int
    missing: tuple[Digest, ...] = ()
    """Entries of an index that the source does not have: indexes may be incomplete."""


@dataclass(slots=True)
class _Gathered:
    """All that is to be there in the end: manifests in the order of pushing, and each blob once."""

    needed: dict[Digest, Manifest] = field(default_factory=dict)
    referring: dict[Digest, Manifest] = field(default_factory=dict)
    blobs: dict[Digest, Descriptor] = field(default_factory=dict)
    missing: list[Digest] = field(default_factory=list)


def copy(
    source: Repository,
    reference: Reference,
    target: Repository,
    tag: Tag | None,
    *,
    referrers: bool = True,
    moved: Callable[[int], None] | None = None,
) -> Copied:
    """Copy what `reference` is, every platform of it, to `target` and name it `tag` there (None: by digest alone).

    With `referrers`, also what has it or a manifest in it as its subject, and so on. `moved` is told bytes as they go.
    Raises NotFound where the source does not have it, and whatever the registries refuse with.
    """
    root = source.manifest(reference)
    everything = _gather(source, root, with_referrers=referrers)
    standing = _standing(target, everything)
    wanted = _blobs_of(everything, standing)
    sent, mounted, there = _copy_blobs(source, target, wanted, moved, begun=bool(standing))
    pushed = _push(target, [each for each in everything.needed.values() if each is not root], standing)
    pushed += _push_root(target, root, tag, there=root.digest in standing)
    referring = _push(target, everything.referring.values(), standing)
    return Copied(
        digest=root.digest,
        manifests=pushed + referring,
        referrers=referring,
        blobs_sent=len(sent),
        bytes_sent=sum(sent),
        blobs_mounted=mounted,
        blobs_there=there,
        missing=tuple(everything.missing),
    )


def _gather(source: Repository, root: Manifest, *, with_referrers: bool) -> _Gathered:
    found = _Gathered()
    # While its children are read. A registry without an API for referrers is known by the time of theirs.
    ahead = source.transport.gather([partial(_list, source, root.digest)] if with_referrers else [])
    _descend(source, [root], found, found.needed)
    listed = [each for listing in ahead for each in listing]
    front = [each for each in found.needed.values() if each is not root] if with_referrers else []
    known = set(found.needed)
    while front or listed:
        # What refers to a referrer (the signature of a list of contents, say) is copied with it.
        listings = [partial(_list, source, each.digest) for each in front]
        listed += [each for listing in source.transport.gather(listings) for each in listing]
        fresh = {each.digest: each for each in listed if each.digest not in known}
        listed = []
        known.update(fresh)
        front = _read(source, fresh.values(), found)
        _descend(source, front, found, found.referring)
    return found


def _descend(source: Repository, tops: list[Manifest], found: _Gathered, into: dict[Digest, Manifest]) -> None:
    """Put these manifests and all that they hold into the list, children before those that list them."""
    levels = [tops]
    while levels[-1]:
        above = [child for parent in levels[-1] for child in parent.children]
        found.blobs.update({each.digest: each for each in above if each.media_type not in MANIFEST_TYPES})
        fresh = {each.digest: each for each in above if each.media_type in MANIFEST_TYPES}
        levels.append(_read(source, fresh.values(), found))
    for level in reversed(levels):
        for each in level:
            found.blobs.update({blob.digest: blob for blob in each.blobs})
            if each.digest not in found.needed:
                into.setdefault(each.digest, each)


def _read(source: Repository, descriptors: Iterable[Descriptor], found: _Gathered) -> list[Manifest]:
    listed = list(descriptors)
    manifests = source.transport.gather(partial(_manifest_or_none, source, each.digest) for each in listed)
    read = []
    for descriptor, manifest in zip(listed, manifests, strict=True):
        if manifest is None:
            found.missing.append(descriptor.digest)
        else:
            read.append(manifest)
    return read


def _manifest_or_none(source: Repository, digest: Digest) -> Manifest | None:
    try:
        return source.manifest(digest)
    except NotFound:
        return None


def _list(source: Repository, digest: Digest) -> list[Descriptor]:
    return list(source.referrers(digest))


def _standing(target: Repository, everything: _Gathered) -> set[Digest]:
    """The manifests that the target has: a registry that has a manifest has all that it needs.

    The first is pushed first and the last of what is needed last: where neither is there, no copy has come as far as
    to its manifests, and the others are not looked for. Pushing one that is there changes nothing.
    """
    needed = list(everything.needed)
    standing = _there(target, {needed[0], needed[-1]})
    if standing:
        standing |= _there(target, {*needed, *everything.referring} - {needed[0], needed[-1]})
    return standing


def _there(target: Repository, digests: set[Digest]) -> set[Digest]:
    looked_for = list(digests)
    there = target.transport.gather(partial(_has_manifest, target, each) for each in looked_for)
    return {digest for digest, has in zip(looked_for, there, strict=True) if has}


def _has_manifest(target: Repository, digest: Digest) -> bool:
    try:
        target.head(digest)
    except NotFound:
        return False
    return True


def _blobs_of(everything: _Gathered, standing: set[Digest]) -> list[Descriptor]:
    """Each blob once, without those that only manifests need which the target has."""
    manifests = [*everything.needed.values(), *everything.referring.values()]
    missing = [each for each in manifests if each.digest not in standing]
    wanted = {digest for each in missing for digest in (blob.digest for blob in (*each.blobs, *each.children))}
    return [blob for blob in everything.blobs.values() if blob.digest in wanted]


def _copy_blobs(
    source: Repository,
    target: Repository,
    blobs: list[Descriptor],
    moved: Callable[[int], None] | None,
    *,
    begun: bool,
) -> tuple[list[int], int, int]:
    """The sizes of those that were sent, how many were mounted, and how many were there; `begun` by another copy."""
    here = source.registry.host == target.registry.host
    origin = source.name if here and source.name != target.name else None
    # Mounting a blob that is there is as good as asking for it first.
    copy_one = _copy_blob if begun or origin is None else _mount_blob
    outcomes = target.transport.gather(partial(copy_one, source, target, origin, blob, moved) for blob in blobs)
    sent, mounted, there = [], 0, 0
    for blob, outcome in zip(blobs, outcomes, strict=True):
        if outcome is None:
            there += 1
        elif outcome:
            mounted += 1
        else:
            sent.append(blob.size)
    return sent, mounted, there


def _mount_blob(
    source: Repository,
    target: Repository,
    origin: RepositoryName | None,
    blob: Descriptor,
    moved: Callable[[int], None] | None,
) -> bool | None:
    """The same as `_copy_blob`, for a blob that the target is not expected to have."""
    assert origin is not None, "there is nothing to mount from elsewhere"
    with suppress(Unreachable, Unavailable):  # then it goes the longer way, which tries again
        if target.mount(blob.digest, origin):
            return True
        origin = None
    return _copy_blob(source, target, origin, blob, moved)


def _copy_blob(
    source: Repository,
    target: Repository,
    origin: RepositoryName | None,
    blob: Descriptor,
    moved: Callable[[int], None] | None,
) -> bool | None:
    """None where it was there; else whether it was mounted."""
    if target.has_blob(blob.digest):
        return None

    def chunks() -> Iterator[bytes]:
        for piece in source.stream_blob(blob.digest):
            yield piece
            if moved is not None:
                moved(len(piece))

    return target.put_blob(blob.digest, blob.size, chunks, source=origin)


def _push(target: Repository, manifests: Iterable[Manifest], standing: set[Digest]) -> int:
    """Push what the target does not have, in this order; how many those are.

    Images that need no other manifest go several at a time. What else there is goes one after the other: a parent
    comes after its children, and lists by the tag schema are read, extended and written.
    """
    left = [each for each in manifests if each.digest not in standing]
    for alone, several in groupby(left, lambda each: not each.is_index and each.subject is None):
        pushing = [partial(target.put_manifest, each.content, each.media_type, each.digest) for each in several]
        if alone:
            list(target.transport.gather(pushing))
        else:
            for push in pushing:
                push()
    return len(left)


def _push_root(target: Repository, root: Manifest, tag: Tag | None, *, there: bool) -> int:
    """Push it, or name it where it is `there`; how many were pushed."""
    # Under a tag, a registry gives it a digest of sha256.
    if not there and (tag is None or root.digest.algorithm != "sha256"):
        target.put_manifest(root.content, root.media_type, root.digest)
    if tag is not None:
        target.put_manifest(root.content, root.media_type, tag)
    return 0 if there else 1
