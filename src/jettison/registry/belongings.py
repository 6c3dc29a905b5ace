"""What belongs to the versions on a page: tags, sizes, pulls, signatures and the like; read for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jettison.metadata import overview_versions, tags
from jettison.metadata.database import Transaction
from jettison.metadata.overview_versions import Found, Tag
from jettison.oci.digest import Digest
from jettison.oci.errors import Json
from jettison.registry.cascade import signer_tags
from jettison.registry.times import rfc3339

_KINDS = (
    ("signature", (".sig", "cosign.simplesigning", "cosign.artifact.sig", "notary", "signature")),
    ("sbom", (".sbom", "spdx", "cyclonedx", "sbom", "syft")),
    ("attestation", (".att", "in-toto", "attestation", "dsse", "slsa")),
    ("signature", ("sigstore",)),
)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag, since when it points where it does, and when it was last pulled. Microseconds since 1970."""

    name: str
    updated_at: int
    pulled_at: int | None

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "name": self.name,
            "updated_at": rfc3339(self.updated_at),
            "pulled_at": rfc3339(self.pulled_at),
        }


@dataclass(frozen=True, slots=True)
class Referring:
    """A version that says something of another: ``kind`` is `signature`, `sbom`, `attestation` or `other`.

    ``tags`` are those that it has, such as `sha256-<hex>.sig`.
    """

    digest: Digest
    kind: str
    artifact_type: str | None
    media_type: str
    size: int
    pushed_at: int
    tags: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "digest": str(self.digest),
            "kind": self.kind,
            "artifactType": self.artifact_type,
            "mediaType": self.media_type,
            "size": self.size,
            "pushed_at": rfc3339(self.pushed_at),
            "tags": list(self.tags),
        }


class Belongings:
    """What belongs to some versions of one repository, as of one moment."""

    def __init__(
        self,
        within: Mapping[int, set[int]],
        sizes: Mapping[int, Mapping[int, int]],
        heads: Mapping[int, tuple[Digest, int]],
        pulled: Mapping[int, int],
        tags: Mapping[int, list[Tag]],
        referrers: Mapping[int, list[Referring]],
    ) -> None:
        self._within = within
        self._sizes = sizes
        self._heads = heads
        self._pulled = pulled
        self._tags = tags
        self._referrers = referrers

    @classmethod
    def of(cls, tx: Transaction, repository: int, found: Iterable[Found]) -> Belongings:
        """What belongs to the versions ``found``."""
        within = _within(tx, [each.id for each in found])
        everything = set().union(*within.values()) if within else set()
        sizes: dict[int, dict[int, int]] = {}
        for manifest, blob, size in overview_versions.blobs(tx, everything):
            sizes.setdefault(manifest, {})[blob] = size
        heads = overview_versions.heads(tx, everything)
        referrers = _referrers(tx, repository, heads)
        return cls(
            within,
            sizes,
            heads,
            overview_versions.pulled(tx, everything),
            overview_versions.tags(tx, repository, within),
            referrers,
        )

    def size(self, id: int) -> int:
        """The bytes of all that it needs, manifests and blobs, each once."""
        blobs: dict[int, int] = {}
        for manifest in self._within[id]:
            blobs |= self._sizes.get(manifest, {})
        return sum(blobs.values()) + sum(self._heads[manifest][1] for manifest in self._within[id])

    def pulled_at(self, id: int) -> int | None:
        """The last pull of it, or of what it holds."""
        return max((self._pulled[each] for each in self._within[id] if each in self._pulled), default=None)

    def tags(self, id: int) -> tuple[Tagged, ...]:
        """Its tags, by name."""
        return tuple(Tagged(tag.name, tag.updated_at, tag.pulled_at) for tag in self._tags.get(id, ()))

    def referrers(self, id: int) -> tuple[Referring, ...]:
        """What says something of it or of what it holds, each once, the newest first."""
        found = {each.digest: each for held in self._within[id] for each in self._referrers.get(held, ())}
        return tuple(sorted(found.values(), key=lambda each: (-each.pushed_at, each.digest)))


def _within(tx: Transaction, ids: list[int]) -> dict[int, set[int]]:
    """Each of these with all that it holds, directly or through an index."""
    within = {id: {id} for id in ids}
    holding: dict[int, set[int]] = {}
    front = set(ids)
    while front:
        pairs = overview_versions.children(tx, front)
        for parent, child in pairs:
            holding.setdefault(parent, set()).add(child)
        front = {child for _, child in pairs} - holding.keys() - front
    for held in within.values():
        fresh = list(held)
        while fresh:
            fresh = [child for parent in fresh for child in holding.get(parent, ()) if child not in held]
            held.update(fresh)
    return within


def _referrers(tx: Transaction, repository: int, heads: Mapping[int, tuple[Digest, int]]) -> dict[int, list[Referring]]:
    """By manifest, what says something of it: by its subject, or by a tag that is made of the digest."""
    ids = {digest: id for id, (digest, _) in heads.items()}
    pairs: dict[tuple[int, int], Found] = {}
    for found in overview_versions.referring(tx, repository, ids):
        assert found.subject is not None, "it was found by its subject"
        pairs[ids[found.subject], found.id] = found
    signers = {tag: id for digest, id in ids.items() for tag in signer_tags(digest)}
    signing = tags.among(tx, repository, list(signers))
    signatures = {found.id: found for found in overview_versions.of_ids(tx, set(signing.values()))}
    for tag, id in signing.items():
        pairs[signers[tag], id] = signatures[id]
    named = overview_versions.tags(tx, repository, {found.id for found in pairs.values()})
    result: dict[int, list[Referring]] = {}
    for (about, id), found in pairs.items():
        if about != id:
            result.setdefault(about, []).append(_referring(found, [tag.name for tag in named.get(id, ())]))
    return result


def _referring(found: Found, names: list[str]) -> Referring:
    return Referring(
        found.digest,
        kind_of(found.artifact_type, names),
        found.artifact_type,
        found.media_type,
        found.size,
        found.pushed_at,
        tuple(names),
    )


def kind_of(artifact_type: str | None, tags: Iterable[str]) -> str:
    """What sort of thing says it, by the endings of its tags, else by words in its type."""
    endings = [tag[tag.rfind(".") :] for tag in tags if tag.startswith("sha256-") and "." in tag]
    said = [*endings, (artifact_type or "").lower()]
    for text in said:
        for kind, words in _KINDS:
            if any(word in text for word in words):
                return kind
    return "other"
