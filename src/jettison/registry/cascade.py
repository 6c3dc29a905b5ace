"""What goes with manifests that go, and why other manifests stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata import graph, tags
from jettison.metadata.database import Transaction
from jettison.metadata.graph import Node
from jettison.oci.digest import Digest
from jettison.oci.errors import Json

SIGNER_SUFFIXES = ("", ".sig", ".att", ".sbom")
"""Signers without the referrers API tag what they sign ``sha256-<hex>`` with one of these."""


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


class Cascade:
    """What goes with ``targets``: children that only they held, and referrers whose subject goes.

    Each round may release more, so it runs until nothing changes. Digests make cycles impossible. Tags that go by
    themselves (``untagging``), and those under which signers keep what they say of what goes, keep nothing.
    """

    def __init__(self, tx: Transaction, repository: int, targets: list[Node], untagging: Iterable[str] = ()) -> None:
        self._tx = tx
        self._repository = repository
        self._idle_tags = set(untagging)
        self.going: dict[int, tuple[Node, str]] = {node.id: (node, "asked for") for node in targets}
        self.staying: dict[int, tuple[Node, str]] = {}
        self.tags: dict[int, list[str]] = {}
        self._parents: dict[int, set[int]] = {}
        self._digests: set[Digest] = set()
        self._learn(targets)
        fresh = targets
        while fresh:
            fresh = self._release(fresh)

    @property
    def breaks(self) -> tuple[Item, ...]:
        """Indexes that stay and lose a child."""
        losing = {
            parent: self.going[id][0].digest
            for id in self.going
            for parent in self._parents.get(id, ())
            if parent not in self.going
        }
        nodes = graph.nodes(self._tx, losing)
        return tuple(self.item(node, f"an index that holds {losing[node.id]}") for node in nodes)

    def item(self, node: Node, reason: str) -> Item:
        """The node as a plan shows it."""
        self._learn([node])
        return Item(node.digest, node.media_type, tuple(self.tags[node.id]), reason)

    def _release(self, fresh: list[Node]) -> list[Node]:
        """Let go of what only ``fresh``, which goes too, or what went before it kept; what goes by that."""
        self._digests |= {node.digest for node in fresh}
        signed = {name: node.digest for node in fresh for name in signer_tags(node.digest)}
        self._idle_tags |= signed.keys()
        candidates = self._candidates(fresh, signed) + list(self.staying.values())
        released = []
        for node, reason in candidates:
            stays = self._why_it_stays(node)
            if stays is None:
                self.going[node.id] = (node, self._why_it_goes(node, reason))
                self.staying.pop(node.id, None)
                released.append(node)
            else:
                self.staying[node.id] = (node, stays)
        return released

    def _candidates(self, fresh: list[Node], signed: dict[str, Digest]) -> list[tuple[Node, str]]:
        by_tag = tags.among(self._tx, self._repository, list(signed))
        reasons = {manifest: f"signs {signed[name]} by its tag {name}" for name, manifest in by_tag.items()}
        near = graph.nodes(self._tx, {*graph.children_of(self._tx, [node.id for node in fresh]), *reasons})
        near += graph.referrers_of(self._tx, self._repository, [node.digest for node in fresh])
        self._learn(near)
        new = {node.id: node for node in near if node.id not in self.going and node.id not in self.staying}
        return [(node, reasons.get(id, "")) for id, node in new.items()]

    def _learn(self, nodes: Iterable[Node]) -> None:
        ids = [node.id for node in nodes if node.id not in self.tags]
        if ids:
            self._parents |= graph.parents_of(self._tx, ids)
            self.tags |= {id: [] for id in ids} | tags.of_manifests(self._tx, ids)

    def _why_it_goes(self, node: Node, signs: str) -> str:
        if self._parents.get(node.id):
            return "a child that no other index holds"
        if node.subject in self._digests:
            return f"refers to {node.subject}"
        return signs

    def _why_it_stays(self, node: Node) -> str | None:
        kept_by = [name for name in self.tags[node.id] if name not in self._idle_tags]
        if kept_by:
            return f"tagged {kept_by[0]}"
        holders = self._parents.get(node.id, set()) - self.going.keys()
        if holders:
            [holder, *_] = graph.nodes(self._tx, holders)
            return f"held by index {holder.digest}"
        subject = node.subject if node.subject not in self._digests else None
        if subject is not None and graph.nodes_of(self._tx, self._repository, [subject]):
            return f"refers to {subject}"
        return None


def signer_tags(digest: Digest) -> list[str]:
    """The tags under which signers keep what they say of ``digest``: of 64 digits, which is all of a sha256."""
    return [f"{digest.algorithm}-{digest.hex[:64]}{suffix}" for suffix in SIGNER_SUFFIXES]
