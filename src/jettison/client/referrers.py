"""Referrers: what says something of a manifest, listed and, where a registry does not, kept in a list of our own.

OCI distribution 1.1, "Listing Referrers", "Referrers Tag Schema" and "Pushing Manifests with Subject".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from jettison.client.errors import NotFound, Untrustworthy
from jettison.client.manifest import Manifest
from jettison.client.paging import answers
from jettison.oci.descriptor import Descriptor
from jettison.oci.digest import Digest
from jettison.oci.errors import ManifestInvalid
from jettison.oci.media_types import OCI_INDEX
from jettison.oci.reference import Tag

if TYPE_CHECKING:
    from jettison.client.answer import Answer
    from jettison.client.repository import Repository

_WITHOUT_API: Final = frozenset({400, 404, 405, 406, 501})


def list_referrers(repository: Repository, digest: Digest, artifact_type: str | None) -> Iterator[Descriptor]:
    """What has `digest` as its subject; see `Repository.referrers`."""
    for entry in _listed(repository, digest, artifact_type):
        if artifact_type is None or entry.artifact_type == artifact_type:
            yield entry


def schema_tag(digest: Digest) -> Tag:
    """The tag under which clients keep the referrers of `digest` where a registry has no API for them."""
    return Tag(f"{digest.algorithm}-{digest.hex[:64]}")


def add_to_tag(repository: Repository, manifest: Manifest, subject: Digest) -> None:
    """Add a manifest to the list that the tag schema keeps for its subject. Two at a time may lose one of them."""
    tag = schema_tag(subject)
    try:
        known = repository.manifest(tag)
        body = json.loads(known.content) if known.is_index else {}
    except NotFound:
        body = {}
    entries: list[Any] = body.get("manifests") or []
    if any(isinstance(entry, dict) and entry.get("digest") == str(manifest.digest) for entry in entries):
        return
    entry = {**manifest.descriptor.to_json()}
    if manifest.annotations:
        entry["annotations"] = dict(manifest.annotations)
    made = {**body, "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*entries, entry]}
    repository.put_manifest(json.dumps(made).encode(), OCI_INDEX, tag)


def _listed(repository: Repository, digest: Digest, artifact_type: str | None) -> Iterator[Descriptor]:
    if repository.transport.lists_no_referrers:
        yield from _kept(repository, digest)
        return
    first = repository.transport.request(
        "GET",
        f"{repository.path}/referrers/{digest}",
        params=_params(artifact_type),
        headers={"Accept": OCI_INDEX},
        scopes=repository.scopes("pull"),
    )
    if first.status in _WITHOUT_API:
        # A 404 that is no registry's is of a path that it does not know, whatever is asked for there.
        repository.transport.lists_no_referrers |= first.status == 404 and not first.errors
        yield from _kept(repository, digest)
        return
    doing = f"list the referrers of {repository}@{digest}"
    for page in _pages(repository, first, doing):
        yield from _entries(page)


def _kept(repository: Repository, digest: Digest) -> tuple[Descriptor, ...]:
    try:
        return repository.manifest(schema_tag(digest)).children
    except NotFound:
        return ()


def _pages(repository: Repository, first: Answer, doing: str) -> Iterator[Answer]:
    return answers(repository.transport, first, {"Accept": OCI_INDEX}, repository.scopes("pull"), doing)


def _entries(page: Answer) -> Iterator[Descriptor]:
    body: Any = page.json()
    listed = body.get("manifests") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise Untrustworthy(f"{page.url} answers no index of referrers")
    for position, entry in enumerate(listed):
        try:
            yield Descriptor.parse(entry, f"manifests[{position}]")
        except ManifestInvalid as error:
            raise Untrustworthy(f"{page.url}: {error.message}") from None


def _params(artifact_type: str | None) -> dict[str, str]:
    return {} if artifact_type is None else {"artifactType": artifact_type}
