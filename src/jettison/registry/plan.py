"""What a deletion would do: what goes and why, what breaks, what stays, how many bytes come back.

A plan only reads. Dry run is a plan printed; a deletion is the same plan, made in the transaction that carries it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from jettison.metadata import blobs, graph, manifests, repositories, tags, usage
from jettison.metadata.database import Transaction
from jettison.metadata.graph import Node
from jettison.metadata.usage import Bytes
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, Json, ManifestUnknown, NameUnknown, Unsupported
from jettison.oci.reference import RepositoryName, Tag

SIGNER_SUFFIXES = ("", ".sig", ".att", ".sbom")
"""Signers without the referrers API tag what they sign ``sha256-<hex>`` with one of these."""

HOLDERS_NAMED = 3


@dataclass(frozen=True, slots=True)
class Target:
    """What is to go. Without a ``reference`` the whole repository; ``blob`` tells a blob from a manifest."""

    repository: RepositoryName
    reference: Tag | Digest | None = None
    blob: bool = False

    @property
    def kind(self) -> str:
        """One of repository, tag, manifest, blob."""
        if self.reference is None:
            return "repository"
        if isinstance(self.reference, Tag):
            return "tag"
        return "blob" if self.blob else "manifest"

    def __str__(self) -> str:
        if self.reference is None:
            return str(self.repository)
        return f"{self.repository}{':' if isinstance(self.reference, Tag) else '@'}{self.reference}"


@dataclass(frozen=True, slots=True)
class Item:
    """A manifest, with its tags, and why it is named."""

    digest: Digest
    media_type: str
    tags: tuple[str, ...]
    reason: str

    def to_json(self) -> dict[str, Json]:
        """The item as a JSON object."""
        return {
            "digest": str(self.digest),
            "mediaType": self.media_type,
            "tags": list(self.tags),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """A decided deletion. ``tags`` and ``versions`` count what goes; of a whole repository nothing is listed.

    ``ids`` are the rows behind it, for the transaction that made it.
    """

    target: Target
    tags: int
    versions: int
    bytes: Bytes
    goes: tuple[Item, ...] = ()
    breaks: tuple[Item, ...] = ()
    stays: tuple[Item, ...] = ()
    repository: int = field(default=0, compare=False)
    ids: tuple[int, ...] = field(default=(), compare=False)

    def to_json(self) -> dict[str, Json]:
        """The plan as a JSON object; see docs/design/deletion.md."""
        made: dict[str, Json] = {
            "kind": self.target.kind,
            "target": str(self.target),
            "repository": str(self.target.repository),
            "tags": self.tags,
            "versions": self.versions,
            "bytes": {"exclusive": self.bytes.exclusive, "shared": self.bytes.shared},
        }
        if self.target.kind != "repository":
            made["goes"] = [item.to_json() for item in self.goes]
            made["breaks"] = [item.to_json() for item in self.breaks]
            made["stays"] = [item.to_json() for item in self.stays]
        return made


def plan_deletion(tx: Transaction, target: Target) -> Plan:
    """Decide what the deletion of ``target`` takes.

    Raises NameUnknown, ManifestUnknown or BlobUnknown where it is not there, and Unsupported for a blob that a
    manifest of the repository needs.
    """
    repository = repositories.find(tx, target.repository.value)
    if target.reference is None:
        return _whole(tx, target, repository)
    if repository is None:
        raise _unknown(target)
    if isinstance(target.reference, Tag):
        return _tag(tx, target, repository, target.reference)
    if target.blob:
        return _blob(tx, target, repository, target.reference)
    return _manifest(tx, target, repository, target.reference)


def _unknown(target: Target) -> Exception:
    detail: Json = {"name": str(target.repository), "reference": str(target.reference)}
    if target.blob:
        return BlobUnknown(f"{target.repository} has no blob {target.reference}", detail)
    return ManifestUnknown(f"{target.repository} has no manifest {target.reference}", detail)


def _whole(tx: Transaction, target: Target, repository: int | None) -> Plan:
    contents = usage.of_repository(tx, repository) if repository is not None else None
    if repository is None or contents is None or not (contents.manifests or contents.bytes.total):
        raise NameUnknown(f"there is no repository {target.repository}", {"name": str(target.repository)})
    return Plan(target, contents.tags, contents.manifests, contents.bytes, repository=repository)


def _tag(tx: Transaction, target: Target, repository: int, tag: Tag) -> Plan:
    manifest = tags.manifest_of(tx, repository, tag.value)
    if manifest is None:
        raise _unknown(target)
    [node] = graph.nodes(tx, [manifest])
    others = tuple(name for name in tags.of_manifests(tx, [manifest])[manifest] if name != tag.value)
    reason = f"other tags: {', '.join(others[:HOLDERS_NAMED])}" if others else "becomes untagged"
    stays = (Item(node.digest, node.media_type, others, reason),)
    kept = Bytes(0, usage.of_manifests(tx, repository, graph.closure(tx, [manifest])).total)
    return Plan(target, 1, 0, kept, stays=stays, repository=repository, ids=(manifest,))


def _blob(tx: Transaction, target: Target, repository: int, digest: Digest) -> Plan:
    blob = blobs.find(tx, target.repository.value, digest)
    if blob is None:
        raise _unknown(target)
    holders = manifests.blob_holders(tx, repository, blob.id, HOLDERS_NAMED + 1)
    if holders:
        named = ", ".join(str(holder) for holder in holders[:HOLDERS_NAMED])
        more = " and others" if len(holders) > HOLDERS_NAMED else ""
        raise Unsupported(
            f"blob {digest} is needed by manifest {named}{more}: delete the manifest, and the blob goes with it",
            {"manifests": [str(holder) for holder in holders[:HOLDERS_NAMED]]},
        )
    return Plan(target, 0, 0, usage.of_blob(tx, repository, blob.id), repository=repository, ids=(blob.id,))


def _manifest(tx: Transaction, target: Target, repository: int, digest: Digest) -> Plan:
    nodes = graph.nodes_of(tx, repository, [digest])
    if not nodes:
        raise _unknown(target)
    cascade = Cascade(tx, repository, nodes)
    going = sorted(cascade.going)
    breaking = {parent for id in going for parent in cascade.parents.get(id, ()) if parent not in cascade.going}
    return Plan(
        target,
        tags=sum(len(cascade.tags.get(id, ())) for id in going),
        versions=len(going),
        bytes=usage.of_manifests(tx, repository, going),
        goes=tuple(cascade.item(node, reason) for node, reason in cascade.going.values()),
        breaks=tuple(cascade.item(node, f"an index that holds {digest}") for node in graph.nodes(tx, breaking)),
        stays=tuple(cascade.item(node, reason) for node, reason in cascade.staying.values()),
        repository=repository,
        ids=tuple(going),
    )


class Cascade:
    """What goes with manifests that go: children that only they held, and referrers whose subject goes.

    Each round may release more, so it runs until nothing changes. Digests make cycles impossible.
    """

    def __init__(self, tx: Transaction, repository: int, targets: list[Node]) -> None:
        self._tx = tx
        self._repository = repository
        self.going: dict[int, tuple[Node, str]] = {node.id: (node, "asked for") for node in targets}
        self.staying: dict[int, tuple[Node, str]] = {}
        self.parents: dict[int, set[int]] = {}
        self.tags: dict[int, list[str]] = {}
        self._learn(targets)
        while self._release():
            pass

    def item(self, node: Node, reason: str) -> Item:
        """The node as a plan shows it."""
        names = self.tags.get(node.id)
        if names is None:
            names = tags.of_manifests(self._tx, [node.id]).get(node.id, [])
        return Item(node.digest, node.media_type, tuple(names), reason)

    def _release(self) -> bool:
        candidates = self._candidates()
        released = {}
        for node, reason in candidates:
            stays = self._why_it_stays(node)
            if stays is None:
                released[node.id] = (node, reason)
                self.staying.pop(node.id, None)
            else:
                self.staying[node.id] = (node, stays)
        self.going |= released
        return bool(released)

    def _candidates(self) -> list[tuple[Node, str]]:
        digests = [node.digest for node, _ in self.going.values()]
        signed = {name: digest for digest in digests for name in signer_tags(digest)}
        by_tag = tags.among(self._tx, self._repository, list(signed))
        reasons = {manifest: f"signs {signed[name]} by its tag {name}" for name, manifest in by_tag.items()}
        nodes = graph.nodes(self._tx, {*graph.children_of(self._tx, self.going), *reasons})
        found = [(node, reasons.get(node.id, "a child that no other index holds")) for node in nodes]
        found += [(n, f"refers to {n.subject}") for n in graph.referrers_of(self._tx, self._repository, digests)]
        fresh = {node.id: (node, reason) for node, reason in found if node.id not in self.going}
        self._learn(node for node, _ in fresh.values())
        return list(fresh.values())

    def _learn(self, nodes: Iterable[Node]) -> None:
        ids = [node.id for node in nodes if node.id not in self.tags]
        self.parents |= graph.parents_of(self._tx, ids)
        self.tags |= {id: [] for id in ids} | tags.of_manifests(self._tx, ids)

    def _why_it_stays(self, node: Node) -> str | None:
        digests = {going.digest for going, _ in self.going.values()}
        signing = {name for digest in digests for name in signer_tags(digest)}
        kept_by = [name for name in self.tags[node.id] if name not in signing]
        if kept_by:
            return f"tagged {kept_by[0]}"
        holders = self.parents.get(node.id, set()) - self.going.keys()
        if holders:
            [holder, *_] = graph.nodes(self._tx, holders)
            return f"held by index {holder.digest}"
        subject = node.subject if node.subject not in digests else None
        if subject is not None and graph.nodes_of(self._tx, self._repository, [subject]):
            return f"refers to {subject}"
        return None


def signer_tags(digest: Digest) -> list[str]:
    """The tags under which signers keep what they say of ``digest``."""
    return [f"{digest.algorithm}-{digest.hex}{suffix}"[:128] for suffix in SIGNER_SUFFIXES]
