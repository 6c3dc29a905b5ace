"""Pushing a manifest: everything that it needs is there and held before anybody can see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from jettison.metadata import blobs, graph, hidden, manifests, missing, repositories, tags
from jettison.metadata.database import Lock, Transaction
from jettison.oci.digest import Digest
from jettison.oci.errors import DigestInvalid, ManifestBlobUnknown, TagInvalid, TooLarge
from jettison.oci.manifest import Manifest
from jettison.oci.reference import Reference, RepositoryName, Tag
from jettison.registry import audit
from jettison.registry.access import EVERYONE, Caller
from jettison.registry.audit import Deed
from jettison.registry.origin import NOBODY, Origin
from jettison.registry.points import reach
from jettison.registry.registry import Registry

NAMED_AT_MOST = 100
"""Missing digests that an error names: a manifest may have thousands."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push answers: its digest, the tags that were asked for as parameters, the subject that was understood."""

    digest: Digest
    tags: tuple[Tag, ...]
    subject: Digest | None


def push_manifest(
    registry: Registry,
    name: RepositoryName,
    reference: Reference,
    content: bytes,
    media_type: str | None,
    also: Sequence[Tag] = (),
    origin: Origin = NOBODY,
    caller: Caller = EVERYONE,
) -> Pushed:
    """Store a manifest under its digest and point tags at it: the one of ``reference``, and those of ``also``.

    Raises ManifestInvalid, DigestInvalid, TooLarge, TagInvalid, Denied, ManifestBlobUnknown with every missing digest,
    and NoSpace.
    """
    manifest = _parse(registry, reference, content, media_type, also)
    registry.blobs.require_room()
    asked = tuple(dict.fromkeys(also))
    pointing = asked if isinstance(reference, Digest) else (reference, *asked)

    def work(tx: Transaction, *, alone: bool) -> None:
        repository = repositories.find_or_create(tx, name.value)
        id = _store(tx, registry, name, repository, manifest, alone=alone)
        for tag in sorted(set(pointing)):
            tags.point(tx, repository, tag.value, id)
        repositories.list_it(tx, repository)
        registry.events.manifest_pushed(tx, origin, name, manifest, pointing)
        said = {"digest": str(manifest.digest), "tags": [tag.value for tag in pointing]}
        target = str(pointing[0] if pointing else manifest.digest)
        audit.note(tx, origin, caller, Deed.PUSH, target, repositories=[name.value], detail=said)

    reach("push.store")
    try:
        registry.database.write(partial(work, alone=False), Lock.shared(name.value))
    except _Incomplete:
        reach("push.alone")
        registry.database.write(partial(work, alone=True), Lock.alone(name.value))
    return Pushed(manifest.digest, asked, manifest.subject.digest if manifest.subject else None)


def _parse(
    registry: Registry, reference: Reference, content: bytes, media_type: str | None, also: Sequence[Tag]
) -> Manifest:
    if len(content) > registry.rules.manifest_limit:
        raise TooLarge(f"the manifest has {len(content)} bytes: at most {registry.rules.manifest_limit} are accepted")
    if len(also) > registry.rules.tag_limit:
        most = registry.rules.tag_limit
        raise TagInvalid(f"{len(also)} tags at once: at most {most} are accepted, push again for the others")
    algorithm = reference.algorithm if isinstance(reference, Digest) else "sha256"
    manifest = Manifest.parse(content, media_type, algorithm)
    if isinstance(reference, Digest) and manifest.digest != reference:
        raise DigestInvalid(
            f"the manifest received has the digest {manifest.digest}, not {reference}", {"digest": str(reference)}
        )
    registry.rules.policy.check(manifest)
    return manifest


class _Incomplete(Exception):
    """Something is missing, which is accepted. It must not arrive beside this push: neither would see the other."""


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a manifest names, as far as the repository has it (rows by their ids), and what it lacks."""

    blobs: Iterable[int]
    children: Iterable[int]
    missing: list[Digest]


def _store(
    tx: Transaction, registry: Registry, name: RepositoryName, repository: int, manifest: Manifest, *, alone: bool
) -> int:
    """The manifest with all that it holds, written if it is not there, under the name's lock.

    What is found here is there at the commit. A manifest that is there and lacks something is completed or refused as
    a new one is. Raises _Incomplete unless it runs ``alone``.
    """
    id = manifests.id_of(tx, repository, manifest.digest)
    if id is not None and not missing.is_waiting(tx, id):
        return id
    needs = _look(tx, name, repository, manifest)
    _check(registry, name, manifest, needs.missing)
    if needs.missing and not alone:
        raise _Incomplete
    if id is not None:
        missing.forget(tx, id)
    else:
        id = manifests.add(tx, repository, manifest)
    if id is None:
        return _existing(tx, repository, manifest)
    manifests.hold_blobs(tx, repository, id, needs.blobs)
    manifests.hold_children(tx, id, needs.children)
    missing.remember(tx, repository, id, needs.missing)
    missing.settle(tx, repository, [manifest.digest])
    return id


def _look(tx: Transaction, name: RepositoryName, repository: int, manifest: Manifest) -> _Needs:
    needed = {descriptor.digest for descriptor in manifest.blobs}
    entries = {descriptor.digest for descriptor in manifest.children}
    children = _children(tx, name, repository, entries)
    # Layers that need not be here are held all the same where they are.
    elsewhere = {descriptor.digest for descriptor in manifest.elsewhere}
    held = _blobs(tx, name, repository, needed | elsewhere | (entries - children.keys()))
    return _Needs(held.values(), children.values(), sorted((needed | entries) - held.keys() - children.keys()))


def _existing(tx: Transaction, repository: int, manifest: Manifest) -> int:
    id = manifests.id_of(tx, repository, manifest.digest)
    assert id is not None, "a conflicting insert has committed, and deletions wait for our lock"
    return id


def _children(tx: Transaction, name: RepositoryName, repository: int, digests: set[Digest]) -> dict[Digest, int]:
    """The index entries that are manifests: live ones, or taken back from a deletion that this push is across.

    What is taken back had lost some of its own children, perhaps, to other deletions: these come back too.
    """
    if not digests:
        return {}
    found = manifests.ids_of(tx, repository, digests)
    lacks: Iterable[Digest] = digests - found.keys()
    while gone := hidden.find_manifests(tx, name.value, lacks):
        copies = hidden.copy_manifests(tx, repository, gone, copied=False)
        lacks = missing.lacked_by(tx, graph.closure(tx, copies))
        found = manifests.ids_of(tx, repository, digests)
    return found


def _blobs(tx: Transaction, name: RepositoryName, repository: int, digests: set[Digest]) -> dict[Digest, int]:
    """The blobs that the repository has, or that a deletion of its name still holds for a push in flight across it."""
    if not digests:
        return {}
    found = blobs.linked(tx, repository, digests)
    gone = blobs.linked_in_hidden(tx, name.value, digests - found.keys())
    for blob in gone.values():
        blobs.link(tx, repository, blob, None)
    return found | gone


def _check(registry: Registry, name: RepositoryName, manifest: Manifest, lacks: Iterable[Digest]) -> None:
    required = registry.rules.children_required if manifest.is_index else registry.rules.blobs_required
    named = [str(digest) for digest in (registry.rules.policy.needed(manifest, lacks) if manifest.is_index else lacks)]
    if not required or not named:
        return
    kind = "an index needs its manifests" if manifest.is_index else "a manifest needs its blobs"
    shown = ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
    raise ManifestBlobUnknown(
        f"{name} does not have {shown}: {kind} pushed first",
        [{"digest": digest} for digest in named[:NAMED_AT_MOST]],
    )
