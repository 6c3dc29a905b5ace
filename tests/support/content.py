"""Tiny images, indexes and referrers, as a client has them before it pushes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_ARTIFACT, OCI_CONFIG, OCI_EMPTY, OCI_IMAGE, OCI_INDEX, OCI_LAYER

FOREIGN_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar"
CACHE_LAYER = "application/vnd.buildkit.cacheconfig.v0"


@dataclass(frozen=True, slots=True)
class Draft:
    """A manifest that is to be pushed: its bytes, and what has to be there before it."""

    content: bytes
    media_type: str
    blobs: tuple[bytes, ...] = ()
    children: tuple[Draft, ...] = ()

    @property
    def digest(self) -> Digest:
        """Its sha256 digest."""
        return Digest.of(self.content)

    @property
    def blob_digests(self) -> set[Digest]:
        """The digests of its own blobs."""
        return {Digest.of(blob) for blob in self.blobs}

    def closure(self) -> list[Draft]:
        """All that it holds and itself, children first."""
        return [held for child in self.children for held in child.closure()] + [self]

    def __repr__(self) -> str:
        return f"<{self.media_type.split('.')[-2]} {str(self.digest)[:15]}>"


def descriptor(content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    """What a manifest says of ``content``."""
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content), **more}


def image(
    *layers: bytes,
    config: bytes | None = None,
    foreign: tuple[bytes, ...] = (),
    subject: Draft | Digest | None = None,
    artifact_type: str | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Draft:
    """An image of these layers, with a config of its own unless one is given; ``foreign`` layers need not be there."""
    config = json.dumps({"of": [str(Digest.of(layer)) for layer in layers]}).encode() if config is None else config
    body: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE,
        "config": descriptor(config, OCI_CONFIG),
        "layers": [descriptor(layer, OCI_LAYER) for layer in layers]
        + [descriptor(layer, FOREIGN_LAYER, urls=["https://elsewhere.example/layer"]) for layer in foreign],
    }
    _extend(body, subject, artifact_type, annotations)
    return Draft(json.dumps(body).encode(), OCI_IMAGE, (config, *layers))


def referrer(
    subject: Draft | Digest,
    artifact_type: str = "application/vnd.example.sbom",
    payload: bytes = b"a bill of materials",
    annotations: Mapping[str, str] | None = None,
) -> Draft:
    """An artifact that says something of ``subject``, in the shape of OCI image 1.1."""
    body: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE,
        "config": descriptor(b"{}", OCI_EMPTY),
        "layers": [descriptor(payload, "application/octet-stream")],
    }
    _extend(body, subject, artifact_type, annotations)
    return Draft(json.dumps(body).encode(), OCI_IMAGE, (b"{}", payload))


def artifact(*blobs: bytes, artifact_type: str = "application/vnd.example.thing") -> Draft:
    """An artifact manifest of the release candidates of OCI image 1.1."""
    body = {
        "mediaType": OCI_ARTIFACT,
        "artifactType": artifact_type,
        "blobs": [descriptor(blob, "application/octet-stream") for blob in blobs],
    }
    return Draft(json.dumps(body).encode(), OCI_ARTIFACT, blobs)


def index(
    *children: Draft,
    blobs: tuple[bytes, ...] = (),
    subject: Draft | Digest | None = None,
    artifact_type: str | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Draft:
    """An index of these manifests, and as build caches have them, of blobs."""
    entries = [descriptor(child.content, child.media_type) for child in children]
    entries += [descriptor(blob, CACHE_LAYER) for blob in blobs]
    body: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    _extend(body, subject, artifact_type, annotations)
    return Draft(json.dumps(body).encode(), OCI_INDEX, blobs, children)


def referrers_index(*entries: tuple[Draft, str]) -> Draft:
    """What clients without the referrers API keep under ``sha256-<hex>``: referrers with their artifact types."""
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor(each.content, each.media_type, artifactType=kind) for each, kind in entries],
    }
    return Draft(json.dumps(body).encode(), OCI_INDEX, (), tuple(each for each, _ in entries))


def _extend(
    body: dict[str, Any],
    subject: Draft | Digest | None,
    artifact_type: str | None,
    annotations: Mapping[str, str] | None,
) -> None:
    if isinstance(subject, Draft):
        body["subject"] = descriptor(subject.content, subject.media_type)
    elif subject is not None:
        body["subject"] = {"mediaType": OCI_IMAGE, "digest": str(subject), "size": 1}
    if artifact_type is not None:
        body["artifactType"] = artifact_type
    if annotations is not None:
        body["annotations"] = dict(annotations)
