"""What is pushed: small repositories made from their names, and one large file."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
LAYER_BYTES = 4096
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """A small blob."""

    content: bytes
    digest: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Version:
    """A manifest and its one tag."""

    tag: str
    content: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A configuration of about 200 bytes, a layer of 4 KiB, and `versions` that differ in an annotation."""

    name: str
    blobs: tuple[Blob, ...]
    versions: tuple[Version, ...]


def repository(name: str, tags: int) -> Repository:
    """The repository `name` with `tags` versions. The same arguments make the same bytes; no two names share any."""
    chance = random.Random(name)
    config = {"architecture": "amd64", "os": "linux", "config": {"Labels": {"name": name}}}
    blobs = (
        _blob(json.dumps(config).encode(), CONFIG_TYPE),
        _blob(chance.randbytes(LAYER_BYTES), LAYER_TYPE),
    )
    return Repository(name, blobs, tuple(version(name, blobs, f"v{number}") for number in range(tags)))


def repositories(prefix: str, count: int, tags: int) -> list[Repository]:
    """`count` repositories named `prefix`/r0, `prefix`/r1 ..."""
    return [repository(f"{prefix}/r{number}", tags) for number in range(count)]


def version(name: str, blobs: tuple[Blob, ...], tag: str) -> Version:
    """An image manifest of `blobs`, a configuration and layers, of which no other tag has the bytes."""
    config, *layers = (
        {"mediaType": each.media_type, "digest": each.digest, "size": len(each.content)} for each in blobs
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config,
        "layers": layers,
        "annotations": {"org.opencontainers.image.ref.name": tag, "org.opencontainers.image.title": name},
    }
    content = json.dumps(manifest, indent=2).encode()
    return Version(tag, content, digest_of(content))


def digest_of(content: bytes) -> str:
    """The sha256 digest of `content` as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class LargeFile:
    """A file of random bytes that can change its digest: each sample pushes bytes that no registry has seen."""

    def __init__(self, path: Path, size: int) -> None:
        """Write `size` bytes to `path`."""
        self.path = path
        self.size = size
        with path.open("wb") as target:
            for piece in _random_pieces(size):
                target.write(piece)
        self.digest = _file_digest(path)

    def change(self) -> None:
        """Replace the first bytes, and with them the digest."""
        with self.path.open("r+b") as target:
            target.write(os.urandom(32))
        self.digest = _file_digest(self.path)


def _random_pieces(size: int) -> Iterator[bytes]:
    while size:
        piece = os.urandom(min(size, _PIECE))
        size -= len(piece)
        yield piece


def _file_digest(path: Path) -> str:
    with path.open("rb") as source:
        return f"sha256:{hashlib.file_digest(source, 'sha256').hexdigest()}"


def _blob(content: bytes, media_type: str) -> Blob:
    return Blob(content, digest_of(content), media_type)
