"""What a repository holds at one moment, as far as a registry tells: tags, manifests, who lists and refers to whom.

Untagged manifests that no index lists and that refer to nothing cannot be seen in any registry of OCI distribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from jettison.client.errors import NotFound
from jettison.client.manifest import Manifest
from jettison.client.repository import Repository
from jettison.oci.descriptor import Descriptor
from jettison.oci.digest import Digest
from jettison.oci.media_types import INDEX_TYPES, MANIFEST_TYPES, SCHEMA1_TYPES
from jettison.oci.reference import Reference, Tag

_LISTED = MANIFEST_TYPES | SCHEMA1_TYPES


class Snapshot:
    """The tags of a repository and the manifests that were read of it, each once.

    `tags` may be given, by whoever has just read them; else all tags are listed, and each is asked for its digest.
    """

    def __init__(self, repository: Repository, tags: Mapping[Tag, Digest] | None = None) -> None:
        self.repository = repository
        self._indexes: set[Digest] | None = None
        self._read: dict[Digest, Manifest | None] = {}
        self._referrers: dict[Digest, tuple[Digest, ...]] = {}
        if tags is None:
            heads = self.heads(listed(repository))
            self.tags: dict[Tag, Digest] = {tag: head.digest for tag, head in heads.items()}
            self._indexes = {head.digest for head in heads.values() if head.media_type in INDEX_TYPES}
        else:
            self.tags = dict(tags)

    def heads(self, tags: Iterable[Tag]) -> dict[Tag, Descriptor]:
        """What each tag points at; without those that are gone."""
        names = list(tags)
        found = self.repository.transport.gather(partial(head_or_none, self.repository, tag) for tag in names)
        return {tag: head for tag, head in zip(names, found, strict=True) if head is not None}

    def refresh(self) -> list[Tag]:
        """Lists the tags again; takes in those that are new and drops those that are gone. All that are listed."""
        now = listed(self.repository)
        fresh = self.heads(tag for tag in now if tag not in self.tags)
        self.tags = {tag: self.tags[tag] for tag in now if tag in self.tags}
        self.tags |= {tag: head.digest for tag, head in fresh.items()}
        if self._indexes is not None:
            self._indexes |= {head.digest for head in fresh.values() if head.media_type in INDEX_TYPES}
        return now

    def pointing_at(self, digest: Digest) -> tuple[Tag, ...]:
        """The tags of a version, in order."""
        return tuple(sorted(tag for tag, found in self.tags.items() if found == digest))

    def manifests(self, digests: Iterable[Digest]) -> dict[Digest, Manifest]:
        """The manifests of these digests that are there, each read once."""
        wanted = list(dict.fromkeys(digests))
        unread = [digest for digest in wanted if digest not in self._read]
        found = self.repository.transport.gather(
            partial(manifest_or_none, self.repository, digest) for digest in unread
        )
        self._read |= dict(zip(unread, found, strict=True))
        return {digest: manifest for digest in wanted if (manifest := self._read[digest]) is not None}

    def referrers(self, digests: Iterable[Digest]) -> dict[Digest, tuple[Digest, ...]]:
        """What refers to each of these, by the referrers API or the tags that stand for it."""
        wanted = list(dict.fromkeys(digests))
        unread = [digest for digest in wanted if digest not in self._referrers]
        found = self.repository.transport.gather(partial(_referrers, self.repository, digest) for digest in unread)
        self._referrers |= dict(zip(unread, found, strict=True))
        return {digest: self._referrers[digest] for digest in wanted}

    def held_by(self, roots: Iterable[Digest]) -> dict[Digest, Digest]:
        """What the indexes among `roots` list, and the indexes in them, down to the last: each with the index."""
        held: dict[Digest, Digest] = {}
        level = [digest for digest in dict.fromkeys(roots) if self._may_be_index(digest)]
        while level:
            below: list[Digest] = []
            for index in self.manifests(level).values():
                for child in children(index):
                    if child.digest not in held:
                        held[child.digest] = index.digest
                        if child.media_type in INDEX_TYPES:
                            below.append(child.digest)
            level = below
        return held

    def holder(self, digest: Digest) -> Digest | None:
        """An index that lists the version, which a tag keeps; None where there is none."""
        return self.held_by(self.tags.values()).get(digest)

    def _may_be_index(self, digest: Digest) -> bool:
        if self._indexes is None:
            digests = list(dict.fromkeys(self.tags.values()))
            heads = self.repository.transport.gather(partial(head_or_none, self.repository, each) for each in digests)
            self._indexes = {head.digest for head in heads if head is not None and head.media_type in INDEX_TYPES}
        return digest in self._indexes


def children(manifest: Manifest) -> list[Descriptor]:
    """The manifests that an index lists; build caches list blobs too, which are none."""
    return [child for child in manifest.children if child.media_type in _LISTED]


def listed(repository: Repository) -> list[Tag]:
    """All tags that the registry lists; none where there is no such repository."""
    try:
        return list(repository.tags())
    except NotFound:
        return []


def head_or_none(repository: Repository, reference: Reference) -> Descriptor | None:
    """What a tag or digest points at; None where it is not there."""
    try:
        return repository.head(reference)
    except NotFound:
        return None


def manifest_or_none(repository: Repository, reference: Reference) -> Manifest | None:
    """The manifest under a tag or digest; None where it is not there."""
    try:
        return repository.manifest(reference)
    except NotFound:
        return None


def _referrers(repository: Repository, digest: Digest) -> tuple[Digest, ...]:
    return tuple(each.digest for each in repository.referrers(digest))
