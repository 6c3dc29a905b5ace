"""A manifest as a registry serves it: its exact bytes, and what they say as far as they can be read."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jettison.oci import manifest as oci
from jettison.oci.descriptor import Descriptor
from jettison.oci.digest import Digest
from jettison.oci.errors import ManifestInvalid
from jettison.oci.lenient import read_stored
from jettison.oci.media_types import INDEX_TYPES, MANIFEST_TYPES, SCHEMA1_TYPES

if TYPE_CHECKING:
    from jettison.client.answer import Answer


@dataclass(frozen=True)
class Manifest:
    """The bytes that a registry serves, the digest that they have, and the media type that it gives them."""

    content: bytes = field(repr=False)
    digest: Digest
    media_type: str

    @classmethod
    def read(cls, content: bytes, media_type: str, algorithm: str = "sha256") -> Manifest:
        """The manifest that `content` is, named by its digest of `algorithm`.

        Raises DigestInvalid for an algorithm that is unknown.
        """
        return cls(content, Digest.of(_named_bytes(content, media_type), algorithm), media_type)

    @cached_property
    def document(self) -> oci.Manifest | None:
        """What the bytes say, read when it is first asked for.

        None for a type that this client does not know (Docker's schema 1, say): such a manifest can be shown, copied
        and deleted, and names nothing else.
        """
        try:
            return read_stored(self.content, self.media_type, self.digest.algorithm)
        except ManifestInvalid:
            return None

    @property
    def is_index(self) -> bool:
        """Whether this is an index, or in Docker's words a manifest list."""
        return self.media_type in INDEX_TYPES

    @property
    def descriptor(self) -> Descriptor:
        """What an index would say of it."""
        return Descriptor(self.media_type, self.digest, len(self.content), self.artifact_type)

    @property
    def artifact_type(self) -> str | None:
        """What kind of artifact it is; for an image the media type of its config."""
        return None if self.document is None else self.document.artifact_type

    @property
    def subject(self) -> Descriptor | None:
        """The manifest that it says something of."""
        return None if self.document is None else self.document.subject

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return {} if self.document is None else self.document.annotations

    @property
    def config(self) -> Descriptor | None:
        """An image's config."""
        return None if self.document is None else self.document.config

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """What an image needs: its config and its distributable layers, each digest once."""
        return () if self.document is None else self.document.blobs

    @property
    def children(self) -> tuple[Descriptor, ...]:
        """The entries of an index, each digest once: manifests, or blobs (build caches list layers)."""
        return () if self.document is None else self.document.children

    @property
    def elsewhere(self) -> tuple[Descriptor, ...]:
        """Non-distributable layers: the registry need not have them."""
        return () if self.document is None else self.document.elsewhere


def served_type(answer: Answer) -> str:
    """The media type of a manifest that was served: the header's if it is a manifest's, else what the body says."""
    if answer.media_type in MANIFEST_TYPES | SCHEMA1_TYPES:
        return answer.media_type
    body: Any = answer.json()
    own = body.get("mediaType") if isinstance(body, dict) else None
    return own if isinstance(own, str) and own else answer.media_type


def _named_bytes(content: bytes, media_type: str) -> bytes:
    """What the digest is of: all bytes, but for a signed manifest of Docker's schema 1 what was signed.

    Docker's image manifest, version 2, schema 1, "Signed Manifests": the signatures say where they were put in.
    """
    if media_type not in SCHEMA1_TYPES:
        return content
    try:
        protected = json.loads(content)["signatures"][0]["protected"]
        told = json.loads(urlsafe_b64decode(protected + "=" * (-len(protected) % 4)))
        tail = told["formatTail"]
        return content[: int(told["formatLength"])] + urlsafe_b64decode(tail + "=" * (-len(tail) % 4))
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return content
