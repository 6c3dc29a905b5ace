"""What a deletion would do: what goes and why, what breaks, what stays, how many bytes come back.

A plan only reads. Dry run is a plan printed; a deletion is the same plan, made in the transaction that carries it out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jettison.metadata import blobs, graph, manifests, repositories, tags, usage
from jettison.metadata.database import Transaction
from jettison.metadata.usage import Bytes
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, Json, ManifestUnknown, NameUnknown, Unsupported
from jettison.oci.reference import Tag
from jettison.registry.cascade import Cascade, Item
from jettison.registry.target import Target

HOLDERS_NAMED = 3


@dataclass(frozen=True, slots=True)
class Part:
    """What goes of one repository. Of a ``whole`` one the numbers are known, and nothing is listed.

    ``manifests``, ``blobs`` and ``untagged`` (tags that go alone, with their manifests, which stay) are rows, for the
    transaction that made the plan.
    """

    name: str
    whole: bool
    tags: int
    versions: int
    goes: tuple[Item, ...] = ()
    breaks: tuple[Item, ...] = ()
    stays: tuple[Item, ...] = ()
    repository: int = field(default=0, compare=False)
    manifests: tuple[int, ...] = field(default=(), compare=False)
    blobs: tuple[int, ...] = field(default=(), compare=False)
    untagged: tuple[tuple[str, int], ...] = field(default=(), compare=False)

    def summary(self) -> dict[str, Json]:
        """The part of a plan for several targets, as a JSON object."""
        numbers: dict[str, Json] = {"whole": self.whole, "tags": self.tags, "versions": self.versions}
        return {"repository": self.name, **numbers, **self.to_json()}

    def to_json(self) -> dict[str, Json]:
        """What goes, breaks and stays, as a JSON object; nothing of a whole repository."""
        if self.whole:
            return {}
        return {
            "goes": [item.to_json() for item in self.goes],
            "breaks": [item.to_json() for item in self.breaks],
            "stays": [item.to_json() for item in self.stays],
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """A decided deletion of one or many targets, one part for each repository. ``bytes`` are of all of it together."""

    targets: tuple[Target, ...]
    parts: tuple[Part, ...]
    bytes: Bytes

    @property
    def kind(self) -> str:
        """Of a single target repository, tag, manifest or blob; of several ``many``."""
        return self.targets[0].kind if len(self.targets) == 1 else "many"

    @property
    def repositories(self) -> list[str]:
        """The names of the repositories that it takes something of, sorted."""
        return [part.name for part in self.parts]

    @property
    def tags(self) -> int:
        """How many tags go."""
        return sum(part.tags for part in self.parts)

    @property
    def versions(self) -> int:
        """How many manifests go."""
        return sum(part.versions for part in self.parts)

    @property
    def goes(self) -> tuple[Item, ...]:
        """The manifests that go, of repositories that do not go as a whole."""
        return tuple(item for part in self.parts for item in part.goes)

    @property
    def breaks(self) -> tuple[Item, ...]:
        """The indexes that stay and lose a child."""
        return tuple(item for part in self.parts for item in part.breaks)

    @property
    def stays(self) -> tuple[Item, ...]:
        """The manifests that one might expect to go, and why they stay."""
        return tuple(item for part in self.parts for item in part.stays)

    @property
    def id(self) -> str:
        """The digest of what the plan says goes, breaks and stays: of two plans that say the same it is the same.

        Not of its bytes: those change with what others push elsewhere, and nothing else goes for it.
        """
        says = {key: value for key, value in self.to_json().items() if key != "bytes"}
        return str(Digest.of(json.dumps(says, sort_keys=True).encode()))

    def to_json(self) -> dict[str, Json]:
        """The plan as a JSON object; see docs/design/deletion.md."""
        numbers: dict[str, Json] = {
            "tags": self.tags,
            "versions": self.versions,
            "bytes": {"exclusive": self.bytes.exclusive, "shared": self.bytes.shared},
        }
        if len(self.targets) == 1:
            [target], [part] = self.targets, self.parts
            named: dict[str, Json] = {"kind": self.kind, "target": str(target), "repository": part.name}
            return {**named, **numbers, **part.to_json()}
        parts: list[Json] = [part.summary() for part in self.parts]
        targets: list[Json] = [str(target) for target in self.targets]
        return {"kind": self.kind, "targets": targets, **numbers, "repositories": parts}


def plan_deletion(tx: Transaction, targets: Sequence[Target]) -> Plan:
    """Decide what the deletion of ``targets`` (one at least) takes, all together.

    Raises NameUnknown, ManifestUnknown or BlobUnknown where one is not there, and Unsupported for a blob that a
    manifest which stays needs.
    """
    distinct = tuple(dict.fromkeys(targets))
    by_name: dict[str, list[Target]] = {}
    for target in distinct:
        by_name.setdefault(target.repository.value, []).append(target)
    parts = tuple(_part(tx, name, by_name[name]) for name in sorted(by_name))
    return Plan(distinct, parts, _bytes(tx, parts))


def _part(tx: Transaction, name: str, targets: list[Target]) -> Part:
    repository = repositories.find(tx, name)
    whole = [target for target in targets if target.reference is None]
    if whole:
        return _whole(tx, name, repository)
    if repository is None:
        raise _unknown(targets[0])
    tagged = {target.reference.value: target for target in targets if isinstance(target.reference, Tag)}
    pointing = _tags(tx, repository, tagged)
    cascade = Cascade(tx, repository, _nodes(tx, repository, targets), untagging=pointing)
    alone = tuple((tag, manifest) for tag, manifest in pointing.items() if manifest not in cascade.going)
    gone = _blobs(tx, repository, targets, cascade)
    stays = {node.id: cascade.item(node, reason) for node, reason in cascade.staying.values()}
    stays |= _untagged(tx, cascade, alone)
    return Part(
        name,
        whole=False,
        tags=sum(len(cascade.tags[id]) for id in cascade.going) + len(alone),
        versions=len(cascade.going),
        goes=tuple(cascade.item(node, reason) for node, reason in cascade.going.values()),
        breaks=cascade.breaks,
        stays=tuple(stays.values()),
        repository=repository,
        manifests=tuple(sorted(cascade.going)),
        blobs=gone,
        untagged=alone,
    )


def _whole(tx: Transaction, name: str, repository: int | None) -> Part:
    contents = usage.contents(tx, repository) if repository is not None else None
    if repository is None or contents is None or not (contents.manifests or contents.links):
        raise NameUnknown(f"there is no repository {name}", {"name": name})
    return Part(name, whole=True, tags=contents.tags, versions=contents.manifests, repository=repository)


def _unknown(target: Target) -> Exception:
    detail: Json = {"name": str(target.repository), "reference": str(target.reference)}
    if target.blob:
        return BlobUnknown(f"{target.repository} has no blob {target.reference}", detail)
    return ManifestUnknown(f"{target.repository} has no manifest {target.reference}", detail)


def _tags(tx: Transaction, repository: int, tagged: dict[str, Target]) -> dict[str, int]:
    pointing = tags.among(tx, repository, list(tagged))
    for tag, target in tagged.items():
        if tag not in pointing:
            raise _unknown(target)
    return pointing


def _nodes(tx: Transaction, repository: int, targets: list[Target]) -> list[graph.Node]:
    digests = {t.reference: t for t in targets if isinstance(t.reference, Digest) and not t.blob}
    nodes = graph.nodes_of(tx, repository, digests)
    found = {node.digest for node in nodes}
    for digest, target in digests.items():
        if digest not in found:
            raise _unknown(target)
    return nodes


def _untagged(tx: Transaction, cascade: Cascade, alone: Iterable[tuple[str, int]]) -> dict[int, Item]:
    """The manifests that lose a tag and stay, with the tags that they keep."""
    lost: dict[int, set[str]] = {}
    for tag, manifest in alone:
        lost.setdefault(manifest, set()).add(tag)
    items = {}
    for node in graph.nodes(tx, lost):
        kept = tuple(tag for tag in cascade.item(node, "").tags if tag not in lost[node.id])
        reason = f"other tags: {', '.join(kept[:HOLDERS_NAMED])}" if kept else "becomes untagged"
        items[node.id] = Item(node.digest, node.media_type, kept, reason)
    return items


def _blobs(tx: Transaction, repository: int, targets: list[Target], cascade: Cascade) -> tuple[int, ...]:
    """The blobs asked for; what needs them must go too."""
    gone = []
    for target in targets:
        if not (target.blob and isinstance(target.reference, Digest)):
            continue
        blob = blobs.find(tx, target.repository.value, target.reference)
        if blob is None:
            raise _unknown(target)
        holders = manifests.blob_holders(tx, repository, blob.id, besides=list(cascade.going), limit=HOLDERS_NAMED + 1)
        if holders:
            raise _needed(target.reference, holders)
        gone.append(blob.id)
    return tuple(gone)


def _needed(digest: Digest, holders: list[Digest]) -> Unsupported:
    named = ", ".join(str(holder) for holder in holders[:HOLDERS_NAMED])
    more = " and others" if len(holders) > HOLDERS_NAMED else ""
    return Unsupported(
        f"blob {digest} is needed by manifest {named}{more}: delete the manifest, and the blob goes with it",
        {"manifests": [str(holder) for holder in holders[:HOLDERS_NAMED]]},
    )


def _bytes(tx: Transaction, parts: tuple[Part, ...]) -> Bytes:
    """What comes back when all of it goes together: a blob that two of the repositories share comes back too."""
    if len(parts) == 1 and parts[0].whole:
        return usage.of_repository(tx, parts[0].repository)
    lost: list[int] = []
    touched: set[int] = set()
    for part in parts:
        if part.whole:
            links = usage.links(tx, part.repository)
        else:
            links = [*usage.links_lost(tx, part.repository, list(part.manifests)), *part.blobs]
            untagged = graph.closure(tx, [manifest for _, manifest in part.untagged])
            touched.update(usage.needed_by(tx, [*part.manifests, *untagged]))
        lost += dict.fromkeys(links)
        touched.update(links)
    return usage.of_blobs(tx, touched, lost)
