"""Looking whether tags that were deleted are gone, and their siblings are not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jettison.client.errors import ClientError, Unavailable
from jettison.client.manifest import Manifest
from jettison.client.repository import Repository
from jettison.client.snapshot import Snapshot, head_or_none, listed
from jettison.oci.digest import Digest
from jettison.oci.reference import Reference, Tag

_PATIENCE = (0.0, 0.25, 1.0)
"""Seconds between looks: some registries serve what was deleted a moment longer."""


@dataclass(frozen=True, slots=True)
class Before:
    """The tags of a repository before any was deleted, and what those pointed at that were to stay.

    `others` is empty where the registry is known to take a tag alone.
    """

    tags: frozenset[Tag]
    others: Mapping[Tag, Digest] = field(default_factory=dict)

    @classmethod
    def read(cls, repository: Repository, going: Iterable[Tag], *, alone: bool) -> Before:
        """The tags that are listed; `going` are to be deleted, `alone` says that nothing can go with them."""
        tags = frozenset(listed(repository))
        others = {} if alone else Snapshot(repository, {}).heads(sorted(tags - set(going)))
        return cls(tags, {tag: head.digest for tag, head in others.items()})


def is_there(repository: Repository, reference: Reference, digest: Digest) -> bool:
    """Whether a tag or digest still leads to the version `digest`, also when looked for again a moment later."""
    for pause in _PATIENCE:
        time.sleep(pause)
        head = head_or_none(repository, reference)
        if head is None or head.digest != digest:
            return False
    return True


def still_listed(repository: Repository, tags: Iterable[Tag]) -> list[Tag]:
    """Which of these tags a repository that was deleted still lists, also when asked again a moment later."""
    left: list[Tag] = []
    for pause in _PATIENCE:
        time.sleep(pause)
        left = sorted(set(tags) & set(listed(repository)))
        if not left:
            break
    return left


def verify(repository: Repository, before: Before, deleted: Mapping[Tag, Manifest]) -> dict[Tag, ClientError]:
    """What is not as it should be after each of `deleted` was deleted.

    A tag that the registry's list did not have before is looked for itself. Siblings that are gone are pushed back.
    """
    now = set(listed(repository))
    wrong: dict[Tag, ClientError] = {
        tag: Unavailable(f"the registry said that {repository.name}:{tag} was deleted, and it is there")
        for tag in sorted(deleted)
        if (tag in now or tag not in before.tags) and is_there(repository, tag, deleted[tag].digest)
    }
    versions = {manifest.digest: manifest for manifest in deleted.values()}
    siblings = {tag: digest for tag, digest in before.others.items() if digest in versions}
    answering = Snapshot(repository, {}).heads(siblings)
    lost: dict[Digest, list[Tag]] = {}
    for tag, digest in siblings.items():
        if tag not in answering:
            lost.setdefault(digest, []).append(tag)
    for digest, tags in lost.items():
        for tag in tags:
            repository.put_manifest(versions[digest].content, versions[digest].media_type, tag)
        named = ", ".join(map(str, tags))
        wrong |= {
            tag: Unavailable(f"deleting {repository.name}:{tag} took {named} with it: these were pushed back")
            for tag, manifest in deleted.items()
            if manifest.digest == digest
        }
    return wrong
