"""Looking whether tags that were deleted are gone, and their siblings are not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from jettison.client.errors import ClientError, Unavailable
from jettison.client.manifest import Manifest
from jettison.client.repository import Repository
from jettison.client.snapshot import Snapshot, head_or_none, listed
from jettison.oci.digest import Digest
from jettison.oci.reference import Reference, Tag

_PATIENCE = (0.0, 0.25, 1.0)
"""Seconds between looks: some registries serve what was deleted a moment longer."""


def is_there(repository: Repository, reference: Reference, digest: Digest) -> bool:
    """Whether a tag or digest still leads to the version `digest`, also when looked for again a moment later."""
    for pause in _PATIENCE:
        time.sleep(pause)
        head = head_or_none(repository, reference)
        if head is None or head.digest != digest:
            return False
    return True


def verify(repository: Repository, before: set[Tag], deleted: Mapping[Tag, Manifest]) -> dict[Tag, ClientError]:
    """What is not as it should be after each of `deleted` was deleted by one DELETE, where `before` were all the tags.

    A version that is there keeps its other tags, so that one request for each version tells, whatever their number.
    Where one is gone, so may be its siblings: tags that nobody asked to delete, and that are gone too. They are
    pushed back where it is certain what they pointed at.
    """
    now = set(listed(repository))
    probe = Snapshot(repository, {})
    wrong: dict[Tag, ClientError] = {
        tag: Unavailable(f"the registry said that {repository.name}:{tag} was deleted, and it is there")
        for tag in sorted(now & deleted.keys())
        if is_there(repository, tag, deleted[tag].digest)
    }
    others = sorted(before - deleted.keys())
    gone = _gone(repository, {manifest.digest for manifest in deleted.values()}) if others else set()
    if not gone:
        return wrong
    answering = probe.heads(others)
    lost = [tag for tag in others if tag not in answering]
    if lost:
        guilty = {tag: manifest for tag, manifest in deleted.items() if manifest.digest in gone}
        wrong |= _blame(repository, lost, guilty)
    return wrong


def _gone(repository: Repository, digests: set[Digest]) -> set[Digest]:
    names = sorted(digests)
    heads = repository.transport.gather(partial(head_or_none, repository, digest) for digest in names)
    return {digest for digest, head in zip(names, heads, strict=True) if head is None}


def _blame(repository: Repository, lost: list[Tag], guilty: Mapping[Tag, Manifest]) -> dict[Tag, ClientError]:
    named = ", ".join(map(str, lost))
    versions = {manifest.digest: manifest for manifest in guilty.values()}
    if len(versions) == 1:
        [manifest] = versions.values()
        for tag in lost:
            repository.put_manifest(manifest.content, manifest.media_type, tag)
        end = "these were pushed back"
    else:
        end = "`jettison undo` brings the versions back"
    return {
        tag: Unavailable(
            f"deleting {repository.name}:{tag} took its version {manifest.digest}, and {named} with it: {end}"
        )
        for tag, manifest in guilty.items()
    }
