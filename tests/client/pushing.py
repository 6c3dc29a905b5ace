"""Pushing what a test needs, through the client itself."""

from __future__ import annotations

from jettison.client import Repository
from jettison.oci.digest import Digest
from tests.support.content import Draft


def push(repository: Repository, draft: Draft, *tags: str) -> Digest:
    """Push a manifest after all that it needs, and tag it; its digest."""
    for each in draft.closure():
        for blob in each.blobs:
            put(repository, blob)
        if each is not draft:
            repository.put_manifest(each.content, each.media_type)
    for tag in tags:
        repository.put_manifest(draft.content, draft.media_type, tag)
    return repository.put_manifest(draft.content, draft.media_type) if not tags else draft.digest


def put(repository: Repository, content: bytes) -> Digest:
    """Upload a blob; its digest."""
    digest = Digest.of(content)
    repository.put_blob(digest, len(content), lambda: [content])
    return digest
