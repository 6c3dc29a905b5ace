"""OCI image layouts, written by the tests themselves: no image comes from anywhere else."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

MIB = 1024 * 1024
Descriptor = dict[str, Any]
"""``mediaType``, ``digest`` and ``size``, as in the specification."""


def sha256(content: bytes) -> str:
    """The digest of ``content``."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Layout:
    """A folder that is an OCI image layout (image specification, "OCI Image Layout"), and what is written into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tagged: list[Descriptor] = []
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self._write_index()

    def image(self, tag: str | None = None, platform: str = "linux/amd64", size: int = 2000) -> Descriptor:
        """Write an image with one layer, of a file of ``size`` random bytes; return its descriptor."""
        layer, uncompressed = self._layer(size)
        operating_system, architecture = platform.split("/")
        config = {
            "os": operating_system,
            "architecture": architecture,
            "rootfs": {"type": "layers", "diff_ids": [uncompressed]},
            "history": [{"created_by": "tests"}],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": self._json(config, CONFIG),
            "layers": [layer],
        }
        written = self._json(manifest, IMAGE)
        written["platform"] = {"os": operating_system, "architecture": architecture}
        return self._tag(written, tag)

    def index(self, tag: str | None, images: Sequence[Descriptor]) -> Descriptor:
        """Write an index of ``images``; return its descriptor."""
        return self._tag(self._json({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(images)}, INDEX), tag)

    def content(self, descriptor: Descriptor) -> bytes:
        """The bytes behind a descriptor."""
        return self._path(descriptor["digest"]).read_bytes()

    def archive(self, file: Path) -> Path:
        """Write the layout as a tar archive; return its path."""
        with tarfile.open(file, "w") as tar:
            tar.add(self.folder, arcname=".")
        return file

    def _layer(self, size: int) -> tuple[Descriptor, str]:
        """A layer, and the digest of its tar archive before it was compressed. Random bytes do not compress."""
        partial = self.folder / "layer"
        with partial.open("wb") as file:
            outside = _Hashing(file)
            with gzip.GzipFile(fileobj=outside, mode="wb", compresslevel=0, mtime=0) as compressed:
                inside = _Hashing(compressed)
                with tarfile.open(fileobj=inside, mode="w|") as tar:
                    entry = tarfile.TarInfo("content")
                    entry.size = size
                    tar.addfile(entry, _Random())
        partial.rename(self._path(outside.digest))
        return {"mediaType": LAYER, "digest": outside.digest, "size": outside.size}, inside.digest

    def _json(self, document: dict[str, Any], media_type: str) -> Descriptor:
        content = json.dumps(document).encode()
        self._path(sha256(content)).write_bytes(content)
        return {"mediaType": media_type, "digest": sha256(content), "size": len(content)}

    def _tag(self, descriptor: Descriptor, tag: str | None) -> Descriptor:
        if tag is not None:
            self._tagged.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": tag}})
            self._write_index()
        return descriptor

    def _write_index(self) -> None:
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self._tagged}
        (self.folder / "index.json").write_text(json.dumps(index))

    def _path(self, digest: str) -> Path:
        return self.folder / "blobs" / Path(*digest.split(":"))


class _Hashing(io.RawIOBase):
    """Passes what is written on, and knows its digest and size."""

    def __init__(self, target: IO[bytes] | gzip.GzipFile) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, content: Any) -> int:
        self._hash.update(content)
        self.size += len(content)
        return self._target.write(content)

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


class _Random(io.RawIOBase):
    """Random bytes without end."""

    def read(self, size: int = -1) -> bytes:
        return os.urandom(size)


def two_platforms(folder: Path, tag: str = "1") -> tuple[Layout, Descriptor, list[Descriptor]]:
    """A layout with an index of two images, linux/amd64 and linux/arm64; the index and the images."""
    layout = Layout(folder)
    images = [layout.image(platform=platform) for platform in ("linux/amd64", "linux/arm64")]
    return layout, layout.index(tag, images), images


def build_context(folder: Path, size: int = 2000) -> Path:
    """Write a Dockerfile that copies a file of random bytes into nothing; return the folder to build from."""
    with (folder / "content").open("wb") as file:
        for start in range(0, size, MIB):
            file.write(os.urandom(min(MIB, size - start)))
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY content /content\n")
    return folder
