"""Manifests to begin from: valid ones of each kind, as objects that a test may change before it writes them."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import strategies

from jettison.oci.digest import Digest
from jettison.oci.media_types import (
    DOCKER_CONFIG,
    DOCKER_IMAGE,
    DOCKER_INDEX,
    DOCKER_LAYER_GZIP,
    OCI_ARTIFACT,
    OCI_CONFIG,
    OCI_IMAGE,
    OCI_INDEX,
    OCI_LAYER_GZIP,
)

Body = dict[str, Any]

KINDS: Final = (OCI_IMAGE, OCI_INDEX, DOCKER_IMAGE, DOCKER_INDEX, OCI_ARTIFACT)

hexadecimal = strategies.text("0123456789abcdef", min_size=64, max_size=64)
digests = strategies.one_of(
    hexadecimal.map(lambda text: Digest("sha256", text)),
    strategies.tuples(hexadecimal, hexadecimal).map(lambda halves: Digest("sha512", "".join(halves))),
)


def entry(name: str, media_type: str = OCI_LAYER_GZIP, **more: Any) -> Body:
    """A descriptor of the content `name`."""
    content = name.encode()
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content), **more}


def body(media_type: str) -> Body:
    """A valid manifest of this type with two layers, blobs or entries."""
    if media_type in (OCI_INDEX, DOCKER_INDEX):
        child = OCI_IMAGE if media_type == OCI_INDEX else DOCKER_IMAGE
        platform = {"architecture": "amd64", "os": "linux"}
        entries = [entry("first child", child, platform=platform), entry("second child", child)]
        return {"schemaVersion": 2, "mediaType": media_type, "manifests": entries}
    if media_type == OCI_ARTIFACT:
        blobs = [entry("first blob"), entry("second blob")]
        return {"mediaType": media_type, "artifactType": "application/vnd.example", "blobs": blobs}
    layer, config = (OCI_LAYER_GZIP, OCI_CONFIG) if media_type == OCI_IMAGE else (DOCKER_LAYER_GZIP, DOCKER_CONFIG)
    layers = [entry("first layer", layer), entry("second layer", layer)]
    return {"schemaVersion": 2, "mediaType": media_type, "config": entry("config", config), "layers": layers}


def written(manifest: Body) -> bytes:
    """The manifest as a client sends it."""
    return json.dumps(manifest).encode()
