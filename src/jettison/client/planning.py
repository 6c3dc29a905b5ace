"""Making a plan: what goes, what goes with it, what stays and why, read from the registry concurrently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from jettison.client.cascade import Cascade, Going, cascade
from jettison.client.errors import ClientError, NotFound
from jettison.client.execution import Execution
from jettison.client.item import Item, Kind, Stay
from jettison.client.manifest import Manifest
from jettison.client.plan import Plan
from jettison.client.registry import Registry
from jettison.client.repository import Repository
from jettison.client.snapshot import Snapshot, head_or_none
from jettison.client.vendors import Vendor, named, recognised
from jettison.client.vendors.jettison import Jettison
from jettison.oci.digest import Digest
from jettison.oci.reference import Reference, Tag, parse_reference

ASKED = "asked for"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be planned in one repository.

    - `targets`: tags go alone; digests go with all their tags and with what only they hold.
    - `whole`: the whole repository, in place of targets.
    - `reasons`: why a target goes, for those that go for another reason than that somebody asked.
    - `tags`: what all tags of the repository point at, from whoever has just read it; else they are read where needed.
    """

    targets: tuple[Reference, ...] = ()
    whole: bool = False
    reasons: Mapping[Reference, str] = field(default_factory=dict)
    tags: Mapping[Tag, Digest] | None = None


def plan_deletion(
    repository: Repository,
    targets: Sequence[Reference | str] = (),
    *,
    whole: bool = False,
    reasons: Mapping[Reference, str] | None = None,
    tags: Mapping[Tag, Digest] | None = None,
    vendor: Vendor | str | None = None,
) -> Plan:
    """The plan of a deletion in `repository`: see `Request` for what the arguments mean. It changes nothing.

    `vendor` overrides what the registry is recognised as. What is not there is in the plan's `missing`. Raises NotFound
    for a whole repository that is not there, Invalid for what cannot be read, and what a request raises.
    """
    parsed = tuple(parse_reference(each) if isinstance(each, str) else each for each in targets)
    request = Request(parsed, whole, reasons or {}, tags)
    chosen = vendor_of(repository.registry, vendor)
    made = _plan_whole(repository, chosen) if whole else _plan_targets(repository, chosen, request)
    return bind(made, repository.registry, chosen)


def bind(plan: Plan, registry: Registry, vendor: Vendor | str | None = None) -> Plan:
    """The plan with what carries it out: after reading one back. Raises Invalid for a vendor that is none."""
    chosen = vendor_of(registry, plan.vendor if vendor is None else vendor)
    return replace(plan, executor=Execution(registry, chosen, taken_apart))


def vendor_of(registry: Registry, vendor: Vendor | str | None) -> Vendor:
    """The vendor itself, the one of that name, or (None) the one that the registry is recognised as."""
    if vendor is None:
        return recognised(registry)
    if isinstance(vendor, Vendor):
        return vendor
    return Vendor(registry) if vendor == Vendor.name else named(vendor, registry)


def taken_apart(repository: Repository, vendor: Vendor) -> Plan:
    """The plan of deleting all tags and versions of a repository, for a registry that cannot delete it as a whole."""
    snapshot = Snapshot(repository)
    if not snapshot.tags:
        raise NotFound(f"{repository.name} has no tags: nothing of it can be seen, and nothing deleted", status=404)
    request = Request(tuple(dict.fromkeys(snapshot.tags.values())), tags=snapshot.tags)
    made = _plan_targets(repository, vendor, request, snapshot)
    notes = [f"untagged versions of {repository.name} that no index lists cannot be seen, and stay"]
    if vendor.limits.keeps_names:
        notes.append(f"{vendor.title} will go on listing the name {repository.name}, without tags")
    return replace(made, notes=(*notes, *made.notes))


def _plan_whole(repository: Repository, vendor: Vendor) -> Plan:
    if not vendor.limits.deletes_repositories:
        return taken_apart(repository, vendor)
    # A repository without tags may still hold untagged versions, which the vendor deletes with it.
    names = tuple(sorted(repository.tags()))
    foreseen = vendor.foresee(repository, []) if isinstance(vendor, Jettison) else None
    item = Item(
        Kind.REPOSITORY,
        repository.name,
        ASKED,
        tags=names,
        versions=None if foreseen is None else foreseen.versions,
        freed=None if foreseen is None else foreseen.exclusive,
    )
    freed = None if foreseen is None else foreseen.exclusive
    return Plan(str(repository.registry.host), vendor.name, (item,), notes=vendor.limits.notes, freed=freed)


def _plan_targets(repository: Repository, vendor: Vendor, request: Request, snapshot: Snapshot | None = None) -> Plan:
    digests = [target for target in request.targets if isinstance(target, Digest)]
    missing: list[str] = []
    found = Cascade({}, ())
    if digests:
        snapshot = Snapshot(repository, request.tags) if snapshot is None else snapshot
        there = snapshot.manifests(digests)
        missing += [f"{repository.name}@{digest}" for digest in dict.fromkeys(digests) if digest not in there]
        reasons = {digest: request.reasons.get(digest, ASKED) for digest in there}
        found = cascade(snapshot, list(there), reasons)
    versions = [_version(repository, digest, going, snapshot) for digest, going in found.going.items()]
    alone = _tags(repository, request, set(found.going), missing)
    if not vendor.limits.deletes_versions:
        alone += [tag for item in versions for tag in _in_place(item)]
        versions = []
    return Plan(
        str(repository.registry.host),
        vendor.name,
        tuple(alone + versions),
        stays=found.stays,
        missing=tuple(missing),
        notes=vendor.limits.notes,
        freed=_freed(vendor, repository, alone, versions),
        at_most=_at_most(found) if versions else None,
    )


def _tags(repository: Repository, request: Request, going: set[Digest], missing: list[str]) -> list[Item]:
    """The items of tags that go alone: not those of versions that go. What is not there is added to `missing`."""
    names = list(dict.fromkeys(target for target in request.targets if isinstance(target, Tag)))
    if request.tags is None:
        heads = repository.transport.gather(partial(head_or_none, repository, name) for name in names)
        known = {name: head.digest for name, head in zip(names, heads, strict=True) if head is not None}
    else:
        known = {name: request.tags[name] for name in names if name in request.tags}
    missing += [f"{repository.name}:{name}" for name in names if name not in known]
    siblings: dict[Digest, list[Tag]] = {}
    for tag, digest in (request.tags or known).items():
        if tag not in known:
            siblings.setdefault(digest, []).append(tag)
    return [
        Item(
            Kind.TAG,
            repository.name,
            request.reasons.get(tag, ASKED),
            tag=tag,
            digest=digest,
            stays=tuple(Stay(f"tag {other}", "has the same digest") for other in sorted(siblings.get(digest, []))),
        )
        for tag, digest in known.items()
        if digest not in going
    ]


def _version(repository: Repository, digest: Digest, going: Going, snapshot: Snapshot | None) -> Item:
    return Item(
        Kind.VERSION,
        repository.name,
        going.reason,
        digest=digest,
        media_type=going.manifest.media_type,
        part_of=going.part_of,
        tags=() if snapshot is None else snapshot.pointing_at(digest),
        children=tuple(going.children),
        referrers=tuple(going.referrers),
        stays=tuple(going.stays),
        size=_size(going.manifest),
    )


def _in_place(version: Item) -> list[Item]:
    """The tags of a version, for a registry that deletes no version but lets one go with its last tag."""
    return [Item(Kind.TAG, version.repository, version.reason, tag=tag, digest=version.digest) for tag in version.tags]


def _size(manifest: Manifest) -> int:
    return len(manifest.content) + sum(blob.size for blob in manifest.blobs)


def _freed(vendor: Vendor, repository: Repository, tags: list[Item], versions: list[Item]) -> int | None:
    """Bytes that come back. A registry that can foresee a deletion is asked; for others a guess would be one."""
    if not isinstance(vendor, Jettison):
        return None
    if not versions:
        return 0
    roots = [item.digest for item in versions if item.digest is not None and item.part_of is None]
    try:
        foreseen = vendor.foresee(repository, [*roots, *(item.tag for item in tags if item.tag is not None)])
    except ClientError:
        return None
    return None if foreseen is None else foreseen.exclusive


def _at_most(found: Cascade) -> int:
    """Bytes of the distinct blobs and manifests of what goes: no more can come back."""
    sizes: dict[Digest, int] = {}
    for digest, going in found.going.items():
        sizes[digest] = len(going.manifest.content)
        sizes |= {blob.digest: blob.size for blob in going.manifest.blobs}
    return sum(sizes.values())
