"""Placeholders: manifests that nobody else has. A tag is moved to one, so that it can be deleted without siblings."""

from __future__ import annotations

import json
import secrets

from jettison.client.answer import Answer
from jettison.client.errors import ClientError, Unavailable, Unsupported
from jettison.client.manifest import Manifest
from jettison.client.repository import Repository
from jettison.client.snapshot import head_or_none
from jettison.client.vendors.vendor import Done, Vendor
from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_INDEX
from jettison.oci.reference import Tag

ANNOTATION = "dev.jettison.placeholder"


def content() -> bytes:
    """A placeholder that was never there before: an index of nothing, which needs no blob."""
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [],
        "annotations": {ANNOTATION: secrets.token_hex(16)},
    }
    return json.dumps(body).encode()


def is_placeholder(manifest: Manifest) -> bool:
    """Whether a manifest is a placeholder, of this deletion or of another."""
    return ANNOTATION in manifest.annotations


def check_deletion_is_on(vendor: Vendor, repository: Repository) -> None:
    """Finds out whether this registry deletes by digest at all, by deleting a digest that does not exist.

    Raises Unsupported where it does not, and what any other refusal means.
    """
    nothing = Digest.of(secrets.token_bytes(32))
    answer = vendor.delete(repository, nothing)
    if answer.status in {400, 405} or (answer.status == 404 and not answer.errors):
        raise Unsupported(vendor.off, status=answer.status)
    if not answer.ok and answer.status != 404:
        raise answer.error(f"find out whether versions of {repository.name} can be deleted")


def check_placeholders_go(vendor: Vendor, repository: Repository) -> None:
    """Pushes a placeholder by its digest and deletes it. Raises what a refusal means; no tag was touched then."""
    digest = repository.put_manifest(content(), OCI_INDEX)
    answer = vendor.delete(repository, digest)
    if not answer.ok or head_or_none(repository, digest) is not None:
        raise Unsupported(
            f"a placeholder that was pushed to {repository.name} could not be deleted again: it stays as {digest}, "
            "untagged, and no tag was touched",
            status=answer.status,
        )


def delete_by_placeholder(vendor: Vendor, repository: Repository, tag: Tag, manifest: Manifest) -> Done:
    """Moves `tag` to a placeholder and deletes that. Where any step fails, the tag is put back to its `manifest`.

    Raises what the failed step raised; its message says whether the tag is back.
    """
    body = content()
    digest = Digest.of(body)
    try:
        repository.put_manifest(body, OCI_INDEX, tag)
        _check_deleted(vendor.delete(repository, digest), repository, tag)
        _check_gone(repository, tag, digest)
    except BaseException as error:
        _restore(vendor, repository, tag, manifest, digest, error)
        raise
    return Done("placeholder")


def _check_deleted(answer: Answer, repository: Repository, tag: Tag) -> None:
    """Raises what a refusal means; a 404 not as NotFound, since it is not the tag that is gone."""
    if answer.status == 404:
        raise Unavailable(f"the registry does not find the placeholder of {repository.name}:{tag} that it took")
    answer.check(f"delete the placeholder of {repository.name}:{tag}")


def _check_gone(repository: Repository, tag: Tag, placeholder: Digest) -> None:
    left = head_or_none(repository, tag)
    if left is not None and left.digest == placeholder:
        raise Unavailable(f"the placeholder of {repository.name}:{tag} was deleted, and the tag still points at it")


def _restore(
    vendor: Vendor, repository: Repository, tag: Tag, manifest: Manifest, digest: Digest, cause: BaseException
) -> None:
    """Puts the tag back, unless somebody else has moved it since, and then takes the placeholder away."""
    name = f"{repository.name}:{tag}"
    try:
        now = head_or_none(repository, tag)
        if now is not None and now.digest not in {digest, manifest.digest}:
            return
        if now is None or now.digest == digest:
            repository.put_manifest(manifest.content, manifest.media_type, tag)
    except ClientError as error:
        raise Unavailable(
            f"{name} was moved to the placeholder {digest}, then {_told(cause)}; putting it back to {manifest.digest} "
            f"failed too: {error.message}. `jettison undo` pushes it back"
        ) from cause
    try:
        vendor.delete(repository, digest)  # best effort: it has no tag any more
    except ClientError as error:
        cause.add_note(f"the placeholder {digest} stays, untagged: {error.message}")
    if isinstance(cause, ClientError):
        cause.message = f"{cause.message} ({name} is back at {manifest.digest})"


def _told(cause: BaseException) -> str:
    return cause.message if isinstance(cause, ClientError) else f"it was stopped by {type(cause).__name__}"
